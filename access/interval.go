package access

import (
	"slices"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Interval is a part of the tree of scopes by node numbers: from a node to the
// last one of it, both included.
type Interval struct {
	From estate.Node
	To   estate.Node
}

// Intervals are all known places at which the principal has the action now, in
// order and without overlap: Reach for those who count places by the million. An
// unknown principal has none.
func (x *Index) Intervals(principal csp.ObjectID, action Action, at time.Time) []Interval {
	p, found := x.FindPrincipal(principal)
	if !found || x.PrincipalTenant[p] == estate.None {
		return nil
	}
	g := gathering{x: x, at: at, row: x.row(action), home: x.PrincipalTenant[p]}
	g.gather(p)
	return g.merged()
}

// gathering collects what a principal holds, tenant by tenant.
type gathering struct {
	x    *Index
	at   time.Time
	row  *row
	home estate.Tenant
	// enters has the tenants that he signs in to by delegation.
	enters []bool
	// slow has the tenants in which it takes a judgement: where something is denied,
	// conditional or not collected.
	slow  []bool
	found []Interval
}

func (g *gathering) live(n estate.TermNo) bool {
	return n == 0 || g.x.Terms[n].Holds(g.at) && !g.x.Terms[n].Eligible
}

func (g *gathering) gather(p estate.Principal) {
	x := g.x
	g.slow = slices.Clone(x.quick.slow)
	groups := g.groups(p)
	g.held(p, func(i uint32) bool { return x.NodeTenant[x.AssignmentNode(i)] == g.home })
	for _, group := range groups {
		g.held(group, func(i uint32) bool { return x.NodeTenant[x.AssignmentNode(i)] == g.home })
	}
	if x.isUser(account(p)) {
		g.enter(p, groups)
		for _, group := range groups {
			g.held(group, func(i uint32) bool {
				t := x.NodeTenant[x.AssignmentNode(i)]
				return t != g.home && t != estate.None && x.AssignmentForeign[i] != 0 && g.enters[t]
			})
		}
	}
	for _, guest := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		in := x.PrincipalTenant[guest]
		mine := func(i uint32) bool { return x.NodeTenant[x.AssignmentNode(i)] == in }
		g.held(guest, mine)
		for _, group := range g.groups(guest) {
			g.held(group, mine)
		}
	}
	g.projected(p, groups)
	g.judge(p)
}

// groups are the groups that the principal is firmly in.
func (g *gathering) groups(p estate.Principal) []estate.Principal {
	if !g.x.quick.unsteady[p] {
		return g.x.quick.groups(p)
	}
	q := asking{x: g.x, at: g.at, firmly: map[account]standing{}}
	all := sortedGroups(q.firm(account(p)).in)
	return slices.DeleteFunc(all, func(o estate.Principal) bool { return o == p })
}

// enter marks the tenants that a user signs in to by GDAP, DAP or a direct link,
// but for those where he has a guest account (M2).
func (g *gathering) enter(p estate.Principal, groups []estate.Principal) {
	x := g.x
	g.enters = make([]bool, len(x.TenantID))
	for _, group := range groups {
		for _, lent := range x.GDAPGrantsOf(group) {
			if g.live(lent.Term) {
				g.enters[lent.Customer] = true
			}
		}
	}
	if g.isAgent(p) {
		for _, r := range x.DAPs {
			if r.Partner == g.home && g.live(r.Term) {
				g.enters[r.Customer] = true
			}
		}
	}
	for t, old := range x.TenantRules {
		g.enters[t] = g.enters[t] || old != 0
	}
	for _, guest := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		g.enters[x.PrincipalTenant[guest]] = false
	}
}

func (g *gathering) isAgent(p estate.Principal) bool {
	for i := g.x.GroupsFrom[p]; i < g.x.GroupsFrom[p+1]; i++ {
		if g.live(g.x.GroupTerm[i]) && g.x.PrincipalKind[g.x.GroupOf[i]]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
			return true
		}
	}
	return false
}

// held adds the places of the holder's assignments that fit.
func (g *gathering) held(holder estate.Principal, fits func(uint32) bool) {
	x := g.x
	for _, i := range x.Held[x.HeldFrom[holder]:x.HeldFrom[holder+1]] {
		allowed := g.row.role(x.AssignmentRole[i])
		if allowed == no || !g.live(x.AssignmentTerm[i]) || !fits(i) {
			continue
		}
		n := x.AssignmentNode(i)
		switch t := x.NodeTenant[n]; {
		case g.slow[t]:
		case allowed == maybe || x.AssignmentCondition[i] != 0:
			g.slow[t] = true
		default:
			g.found = append(g.found, Interval{n, x.NodeLast[n]})
		}
	}
}

func (g *gathering) projected(p estate.Principal, groups []estate.Principal) {
	for _, l := range g.x.Lighthouses {
		_, in := slices.BinarySearch(groups, l.Principal)
		if (in || l.Principal == p) && g.row.role(l.Role) > no {
			g.slow[g.x.NodeTenant[l.Node]] = true // rare enough to be judged
		}
	}
}

// judge goes through the tenants that take a judgement, instead of what was found
// there.
func (g *gathering) judge(p estate.Principal) {
	g.found = slices.DeleteFunc(g.found, func(i Interval) bool { return g.slow[g.x.NodeTenant[i.From]] })
	for t, slow := range g.slow {
		if !slow || !slices.Contains(g.x.leading(estate.Tenant(t)), g.home) {
			continue
		}
		q := &asking{x: g.x, at: g.at, principal: account(p), home: g.home, target: estate.Tenant(t), row: g.row, firmly: map[account]standing{}}
		q.node = g.x.TenantRoot[t]
		g.between(q)
	}
}

// between makes intervals of a tenant's tree by judging where the verdict can turn.
func (g *gathering) between(q *asking) {
	nodes := q.turns()
	for i, n := range nodes {
		q.node, q.taken = n, nil
		if q.weigh(q.has(q.principal, false), nil) != yes {
			continue
		}
		last := g.x.NodeLast[n]
		from := n
		for _, inner := range nodes[i+1:] {
			if inner > last {
				break
			}
			if inner < from {
				continue
			}
			if inner > from {
				g.found = append(g.found, Interval{from, inner - 1})
			}
			from = g.x.NodeLast[inner] + 1
		}
		if from <= last {
			g.found = append(g.found, Interval{from, last})
		}
	}
}

// merged are the intervals in order, joined where they touch or overlap.
func (g *gathering) merged() []Interval {
	slices.SortFunc(g.found, func(a, b Interval) int { return int(a.From) - int(b.From) })
	list := g.found[:0]
	for _, i := range g.found {
		if n := len(list); n > 0 && i.From <= list[n-1].To+1 {
			list[n-1].To = max(list[n-1].To, i.To)
			continue
		}
		list = append(list, i)
	}
	return list
}
