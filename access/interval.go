package access

import (
	"cmp"
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
	enters set[estate.Tenant]
	// judged has the tenants in which it takes a judgement: where he holds something,
	// and something is denied, conditional, projected or not collected.
	judged []estate.Tenant
	found  []Interval
}

func (g *gathering) live(n estate.TermNo) bool {
	return n == 0 || g.x.Terms[n].Holds(g.at) && !g.x.Terms[n].Eligible
}

func (g *gathering) gather(p estate.Principal) {
	x := g.x
	groups := g.groups(p)
	g.heldAt(p, groups, g.home)
	if x.isUser(account(p)) {
		g.enter(p, groups)
		for _, group := range groups {
			g.foreign(group)
		}
	}
	for _, guest := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		g.heldAt(guest, g.groups(guest), x.PrincipalTenant[guest])
	}
	g.projected(p, groups)
	g.judgeAll(p)
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
	g.enters = newSet[estate.Tenant](x.Tenants())
	for _, group := range groups {
		for _, lent := range x.GDAPGrantsOf(group) {
			if g.live(lent.Term) {
				g.enters.add(lent.Customer)
			}
		}
	}
	if g.isAgent(p) {
		for _, r := range x.DAPs {
			if r.Partner == g.home && g.live(r.Term) {
				g.enters.add(r.Customer)
			}
		}
	}
	for word, old := range x.quick.oldRules {
		g.enters[word] |= old
	}
	for _, guest := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		g.enters.remove(x.PrincipalTenant[guest])
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

// heldAt adds what an account and its groups hold in their tenant.
func (g *gathering) heldAt(p estate.Principal, groups []estate.Principal, in estate.Tenant) {
	for i, n := range g.x.heldInTenant(p, in) {
		g.hold(i, n, in)
	}
	for _, group := range groups {
		for i, n := range g.x.heldInTenant(group, in) {
			g.hold(i, n, in)
		}
	}
}

// foreign adds what a partner's group holds in the tenants that he signs in to.
func (g *gathering) foreign(group estate.Principal) {
	x := g.x
	for j := x.HeldFrom[group]; j < x.HeldFrom[group+1]; j++ {
		i, n := x.Held[j], x.HeldNode[j]
		if t := x.NodeTenant[n]; x.AssignmentForeign[i] != 0 && t != g.home && t != estate.None && g.enters.has(t) {
			g.hold(i, n, t)
		}
	}
}

// hold adds the place of one assignment, or has the tenant judged.
func (g *gathering) hold(i uint32, n estate.Node, t estate.Tenant) {
	x := g.x
	allowed := g.row.role(x.AssignmentRole[i])
	if allowed == no || !g.live(x.AssignmentTerm[i]) {
		return
	}
	if allowed == maybe || x.AssignmentCondition[i] != 0 || g.isHard(t) {
		g.judge(t)
		return
	}
	g.found = append(g.found, Interval{n, x.NodeLast[n]})
}

// isHard says whether the action may be denied somewhere in a tenant, or something
// was not collected there.
func (g *gathering) isHard(t estate.Tenant) bool { return g.x.gaps[t] || g.row.denied.has(t) }

// judge notes that a tenant takes a judgement. Tenants come mostly in order.
func (g *gathering) judge(t estate.Tenant) {
	if n := len(g.judged); n == 0 || g.judged[n-1] != t {
		g.judged = append(g.judged, t)
	}
}

func (g *gathering) projected(p estate.Principal, groups []estate.Principal) {
	g.projectedTo(p)
	for _, group := range groups {
		g.projectedTo(group)
	}
}

// projectedTo adds what is projected to one principal from his tenant (R28).
func (g *gathering) projectedTo(p estate.Principal) {
	x := g.x
	if !x.quick.projectedTo.has(p) {
		return
	}
	by := x.quick.projectedBy
	first, _ := slices.BinarySearchFunc(by, p, func(i int32, p estate.Principal) int { return cmp.Compare(x.Lighthouses[i].Principal, p) })
	for _, i := range by[first:] {
		l := &x.Lighthouses[i]
		if l.Principal != p {
			break
		}
		t, allowed := x.NodeTenant[l.Node], g.row.role(l.Role)
		switch {
		case allowed == no || g.row.action.data || t == estate.None || t == g.home || l.Manager != g.home || !g.live(l.Term) || x.Roles[l.Role].ID == ownerRole:
		case allowed == maybe || g.isHard(t):
			g.judge(t)
		default:
			g.found = append(g.found, Interval{l.Node, x.NodeLast[l.Node]})
		}
	}
}

// judgeAll goes through the tenants that take a judgement, instead of what was
// found there.
func (g *gathering) judgeAll(p estate.Principal) {
	if len(g.judged) == 0 {
		return
	}
	slices.Sort(g.judged)
	g.judged = slices.Compact(g.judged)
	g.found = slices.DeleteFunc(g.found, func(i Interval) bool {
		_, again := slices.BinarySearch(g.judged, g.x.NodeTenant[i.From])
		return again
	})
	firmly := map[account]standing{} // one for all: memberships do not depend on the place
	for _, t := range g.judged {
		g.between(&asking{x: g.x, at: g.at, principal: account(p), home: g.home, target: t, row: g.row, firmly: firmly})
	}
}

// between makes intervals of a tenant's tree by judging where the verdict can turn.
func (g *gathering) between(q *asking) {
	q.node = g.x.TenantRoot[q.target]
	ways := q.ways(q.principal, false)
	nodes := q.turnsOf(ways)
	for i, n := range nodes {
		q.node = n
		if q.weigh(q.hasBy(ways, false), nil) != yes {
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
