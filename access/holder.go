package access

import (
	"slices"
	"sync"
	"time"

	"latchkey/access/estate"
)

// members are, for every group, the accounts that are in it by however long a
// chain: the tables behind AppendHolders.
type members struct {
	from []uint32
	of   []estate.Principal
	// timed: the chain has a membership that is bounded in time or eligible, so that
	// it takes a look whether it holds.
	timed []bool
}

// makeMembers turns the groups of everybody round.
func (x *Index) makeMembers() {
	n := len(x.PrincipalID)
	m := &x.quick.members
	m.from = make([]uint32, n+1)
	each := func(do func(p, g estate.Principal, timed bool)) {
		seen := make([]uint32, n)
		var reached []estate.Principal
		for p := range n {
			if x.PrincipalKind[p].Type() == estate.KindGroup {
				continue
			}
			id := estate.Principal(p)
			if !x.quick.unsteady[p] {
				for _, g := range x.quick.groups(id) {
					do(id, g, false)
				}
				continue
			}
			reached = append(reached[:0], id)
			seen[p] = uint32(p) + 1
			for next := 0; next < len(reached); next++ {
				at := reached[next]
				for i := x.GroupsFrom[at]; i < x.GroupsFrom[at+1]; i++ {
					if g := x.GroupOf[i]; seen[g] != uint32(p)+1 {
						seen[g] = uint32(p) + 1
						reached = append(reached, g)
						do(id, g, true)
					}
				}
			}
		}
	}
	each(func(_, g estate.Principal, _ bool) { m.from[g+1]++ })
	for p := range n {
		m.from[p+1] += m.from[p]
	}
	m.of, m.timed = make([]estate.Principal, m.from[n]), make([]bool, m.from[n])
	next := slices.Clone(m.from)
	each(func(p, g estate.Principal, timed bool) {
		m.of[next[g]], m.timed[next[g]] = p, timed
		next[g]++
	})
}

// scratch is room for AppendHolders, used again and again. Its sets are empty
// between uses.
type scratch struct {
	seen    set[estate.Principal]
	enters  set[estate.Principal]
	entered []estate.Principal // what is in enters
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) fit(count int) {
	if len(s.seen) <= count/64 {
		s.seen, s.enters = newSet[estate.Principal](count), newSet[estate.Principal](count)
	}
}

// AppendHolders appends everybody who has the control action at a known node now,
// each once and in no order: the first part of Who, for those who ask in a loop.
// certain is false where it takes a judgement, because something is denied,
// conditional, projected or not collected there; then nothing is appended, and Who
// answers.
func (x *Index) AppendHolders(list []estate.Principal, action Action, node estate.Node, at time.Time) (_ []estate.Principal, certain bool) {
	target := x.NodeTenant[node]
	if target == estate.None || x.gaps[target] {
		return list, false
	}
	room := scratches.Get().(*scratch)
	defer scratches.Put(room)
	room.fit(x.Principals())
	h := holding{x: x, at: at, target: target, row: x.row(action), scratch: room, list: list, first: len(list)}
	certain = h.collect(node)
	for _, p := range h.list[h.first:] {
		h.seen[p>>6] = 0
	}
	for _, p := range room.entered {
		room.enters[p>>6] = 0
	}
	room.entered = room.entered[:0]
	if !certain {
		return h.list[:h.first], false
	}
	return h.list, true
}

// holding collects holders.
type holding struct {
	x      *Index
	at     time.Time
	target estate.Tenant
	row    *row
	*scratch
	list  []estate.Principal
	first int
	// lent: enters has whom GDAP lets in.
	lent bool
}

func (h *holding) live(n estate.TermNo) bool {
	return n == 0 || h.x.Terms[n].Holds(h.at) && !h.x.Terms[n].Eligible
}

func (h *holding) collect(node estate.Node) bool {
	x, k := h.x, &h.x.quick
	denials, projections := h.row.denied.has(h.target), k.projectedIn.has(h.target)
	for n := node; n != estate.None; {
		if denials && k.denied.has(n) || projections && h.isProjected(n) {
			return false
		}
		rung, last := &x.Rungs[n], x.Rungs[n+1].Assignments
		n = rung.Parent
		for i := rung.Assignments; i < last; i++ {
			allowed := h.row.role(x.AssignmentRole[i])
			switch {
			case allowed == no || !h.live(x.AssignmentTerm[i]):
			case allowed == maybe || x.AssignmentCondition[i] != 0:
				return false
			default:
				h.holder(i)
			}
		}
	}
	return true
}

// isProjected says whether Lighthouse projects a role onto the node that may allow
// the action.
func (h *holding) isProjected(n estate.Node) bool {
	return slices.ContainsFunc(h.x.lighthousesAt(n), func(l estate.Lighthouse) bool { return h.row.role(l.Role) > no })
}

// holder adds everybody behind an assignment.
func (h *holding) holder(i uint32) {
	x, p := h.x, h.x.AssignmentPrincipal[i]
	foreign := x.AssignmentForeign[i] != 0
	switch x.PrincipalTenant[p] {
	case h.target:
		if x.PrincipalKind[p].Type() != estate.KindGroup {
			h.add(p)
			return
		}
		h.each(p, h.add)
	case estate.None: // no list has it: whoever is said to be in it counts (M3)
		h.each(p, func(member estate.Principal) {
			if x.PrincipalTenant[member] == h.target {
				h.add(member)
			}
		})
		if foreign {
			h.agents(p)
		}
	default:
		if foreign {
			h.agents(p)
		}
	}
}

// each calls do with everybody who is in the group now.
func (h *holding) each(group estate.Principal, do func(estate.Principal)) {
	m := &h.x.quick.members
	for j := m.from[group]; j < m.from[group+1]; j++ {
		if p := m.of[j]; !m.timed[j] || h.isIn(p, group) {
			do(p)
		}
	}
}

// isIn says whether the principal is in the group now, where memberships are
// bounded in time.
func (h *holding) isIn(p, group estate.Principal) bool {
	var passed [16]estate.Principal
	return h.climbs(p, group, passed[:0])
}

// climbs follows live memberships up to the group. passed are the groups gone
// through already, which a circle would lead to again.
func (h *holding) climbs(at, group estate.Principal, passed []estate.Principal) bool {
	x := h.x
	for i := x.GroupsFrom[at]; i < x.GroupsFrom[at+1]; i++ {
		if g := x.GroupOf[i]; h.live(x.GroupTerm[i]) && (g == group || !slices.Contains(passed, g) && h.climbs(g, group, append(passed, at))) {
			return true
		}
	}
	return false
}

// agents adds the members of a partner's group who can sign in to the target and
// have no guest account there (M2, M3).
func (h *holding) agents(group estate.Principal) {
	x := h.x
	h.each(group, func(p estate.Principal) {
		if h.has(p) || x.PrincipalTenant[p] == h.target || !x.isUser(account(p)) || !h.signsIn(p) {
			return
		}
		for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
			if x.PrincipalTenant[g] == h.target {
				return
			}
		}
		h.mark(p)
	})
}

func (h *holding) signsIn(p estate.Principal) bool {
	if h.x.TenantRules[h.target] != 0 {
		return true
	}
	if !h.lent {
		h.lent = true
		h.lend()
	}
	return h.enters.has(p) || h.isAgent(p)
}

// lend marks everybody who is in a group now to which GDAP gives a role in the target.
func (h *holding) lend() {
	for _, g := range h.x.quick.lentIn(h.target) {
		if h.live(g.Term) {
			h.each(g.Group, func(p estate.Principal) {
				if !h.enters.has(p) {
					h.enters.add(p)
					h.entered = append(h.entered, p)
				}
			})
		}
	}
}

// isAgent says whether the target lists the partner of somebody who is an agent by
// a membership that holds now (R10). Whom GDAP reaches signs in by that.
func (h *holding) isAgent(p estate.Principal) bool {
	x := h.x
	for i := x.GroupsFrom[p]; i < x.GroupsFrom[p+1]; i++ {
		if !h.live(x.GroupTerm[i]) || x.PrincipalKind[x.GroupOf[i]]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) == 0 {
			continue
		}
		for _, r := range x.DAPsOf(h.target) {
			if r.Partner == x.PrincipalTenant[p] && h.live(r.Term) {
				return true
			}
		}
	}
	return false
}

// add adds an account of the target, a guest by the account that is his home.
func (h *holding) add(p estate.Principal) {
	if h.x.isAlias(p) {
		p = h.x.PrincipalHome[p]
	}
	if !h.has(p) {
		h.mark(p)
	}
}

func (h *holding) has(p estate.Principal) bool { return h.seen.has(p) }

func (h *holding) mark(p estate.Principal) {
	h.seen.add(p)
	h.list = append(h.list, p)
}
