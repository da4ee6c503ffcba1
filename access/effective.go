package access

import (
	"slices"
	"sort"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Effective is one account at one instant, prepared for asking what it has at many
// places: all that M6 counts, as rights and not action by action. What it says and
// what Has says of every action is the same. One Effective is for one goroutine.
type Effective struct {
	x    *Index
	at   time.Time
	home estate.Tenant // None: nobody lists the account, and it has nothing
	user bool
	// self and guests are as whom it acts: in its own tenant and by delegation, and
	// in the tenants that invited it.
	self   actor
	guests []actor
	// admin and helpdesk: it is a direct member of a partner's agents (R10).
	admin    bool
	helpdesk bool
	// entry is the tenant that was asked about last, since places come tenant by tenant.
	entry doorway
}

// doorway is how an account stands to a tenant that is not its own.
type doorway struct {
	tenant  estate.Tenant
	outside bool // no fact leads there; nothing below is worked out
	signsIn bool
	// admin and helpdesk: DAP makes it an agent there.
	admin, helpdesk bool
	lent            []estate.DirectoryRole // by GDAP to its groups
}

// actor is a principal with the groups it is in by memberships that hold (M1).
type actor struct {
	who    estate.Principal
	groups []estate.Principal // sorted, by however long a chain
	direct []estate.Principal
}

// EffectiveRight is a right that somebody has at a place, apart from where it
// comes from.
type EffectiveRight struct {
	Role      estate.Role
	Condition estate.ConditionNo
	// Projected: by Lighthouse, which gives no data actions (R28).
	Projected bool
}

// EffectiveGrant is a right with the deny assignments that take from it what they
// name, as numbers of the estate's Denials (R19).
type EffectiveGrant struct {
	EffectiveRight
	Denials []int32
}

// Effective prepares a principal for asking what it has. None has nothing.
func (x *Index) Effective(p estate.Principal, at time.Time) *Effective {
	e := &Effective{x: x, at: at, home: estate.None, entry: doorway{tenant: estate.None}}
	if p == estate.None || x.PrincipalTenant[p] == estate.None {
		return e
	}
	e.home, e.user = x.PrincipalTenant[p], x.isUser(account(p))
	e.self = e.actor(p)
	for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		e.guests = append(e.guests, e.actor(g))
	}
	for _, g := range e.self.direct {
		e.admin = e.admin || x.PrincipalKind[g]&estate.IsAdminAgents != 0
		e.helpdesk = e.helpdesk || x.PrincipalKind[g]&estate.IsHelpdeskAgents != 0
	}
	return e
}

func (e *Effective) live(n estate.TermNo) bool {
	return n == 0 || e.x.Terms[n].Holds(e.at) && !e.x.Terms[n].Eligible
}

func (e *Effective) actor(p estate.Principal) actor {
	x := e.x
	a := actor{who: p, direct: x.GroupOf[x.GroupsFrom[p]:x.GroupsFrom[p+1]]}
	if !x.quick.unsteady[p] {
		a.groups = x.quick.groups(p)
		return a
	}
	a.direct = e.joined(nil, p)
	list := slices.Clone(a.direct)
	for next := 0; next < len(list); next++ {
		for _, g := range e.joined(nil, list[next]) {
			if g != p && !slices.Contains(list, g) {
				list = append(list, g)
			}
		}
	}
	slices.Sort(list)
	a.groups = slices.Compact(list)
	return a
}

// joined appends the groups of which the principal is a direct member now.
func (e *Effective) joined(list []estate.Principal, p estate.Principal) []estate.Principal {
	for i := e.x.GroupsFrom[p]; i < e.x.GroupsFrom[p+1]; i++ {
		if e.live(e.x.GroupTerm[i]) {
			list = append(list, e.x.GroupOf[i])
		}
	}
	return list
}

// is says whether the actor is the principal or in it; a delegated one is nobody
// but its groups (R11).
func (a *actor) is(p estate.Principal, delegated bool) bool {
	if p == a.who {
		return !delegated
	}
	_, in := slices.BinarySearch(a.groups, p)
	return in
}

// At appends what the account has at a node; below asks about a place in the node
// that is not listed itself.
func (e *Effective) At(list []EffectiveGrant, n estate.Node, below bool) []EffectiveGrant {
	x := e.x
	target := x.NodeTenant[n]
	if e.home == estate.None || target == estate.None || e.home != target && e.door(target).outside {
		return list
	}
	before := len(list)
	s := standpoint{Effective: e, target: target, node: n, below: below}
	if e.home == target {
		list = s.assigned(list, &e.self, false)
	} else {
		list = s.fromOutside(list)
	}
	if len(list) > before && x.gaps[target] && s.mayBeDenied() {
		return list[:before]
	}
	return list
}

// door is how the account stands to a tenant that is not its own.
func (e *Effective) door(t estate.Tenant) *doorway {
	d := &e.entry
	if d.tenant == t {
		return d
	}
	*d = doorway{tenant: t, outside: e.outside(t), lent: d.lent[:0]}
	if e.user && !d.outside {
		reached := e.reached(d)
		if !reached {
			d.admin, d.helpdesk = e.listed(t)
		}
		d.signsIn = e.x.TenantRules[t] != 0 || reached || d.admin || d.helpdesk
	}
	return d
}

// Enters says whether the account comes into another tenant by delegation (M2): not
// as a guest, which shuts that way (R13), nor by Lighthouse.
func (e *Effective) Enters(t estate.Tenant) bool {
	if e.home == estate.None || e.home == t || e.isInvited(t) {
		return false
	}
	d := e.door(t)
	return d.signsIn && !d.outside
}

// isInvited says whether the account has a guest account in the tenant.
func (e *Effective) isInvited(t estate.Tenant) bool {
	return slices.ContainsFunc(e.guests, func(g actor) bool { return e.x.PrincipalTenant[g.who] == t })
}

// outside says whether no fact leads from the account's tenant to the other.
func (e *Effective) outside(t estate.Tenant) bool {
	return !slices.Contains(e.x.leads[t], e.home) && !slices.Contains(e.x.leading(t), e.home)
}

// standpoint is an account in front of a place.
type standpoint struct {
	*Effective
	target estate.Tenant
	node   estate.Node
	below  bool
}

// fromOutside is by guest accounts, by delegation and by Lighthouse (M2, M3).
func (s *standpoint) fromOutside(list []EffectiveGrant) []EffectiveGrant {
	invited := false
	for i := range s.guests {
		if g := &s.guests[i]; s.x.PrincipalTenant[g.who] == s.target {
			invited = true
			list = s.assigned(list, g, false)
		}
	}
	if !invited && s.door(s.target).signsIn {
		list = s.assigned(list, &s.self, true)
	}
	return s.projected(list)
}

// assigned appends the rights by role assignments at and above the place (R18, R21).
func (s *standpoint) assigned(list []EffectiveGrant, a *actor, delegated bool) []EffectiveGrant {
	x := s.x
	for n := s.node; n != estate.None; n = x.NodeParent[n] {
		for i := x.AssignmentsFrom[n]; i < x.AssignmentsFrom[n+1]; i++ {
			if !s.fits(i, delegated) || !a.is(x.AssignmentPrincipal[i], delegated) || !s.live(x.AssignmentTerm[i]) {
				continue
			}
			right := EffectiveRight{Role: x.AssignmentRole[i], Condition: x.AssignmentCondition[i]}
			list = append(list, EffectiveGrant{right, s.denials(a, delegated)})
		}
	}
	return list
}

// fits says whether the assignment is one for those who come this way (R20, R21).
func (s *standpoint) fits(assignment uint32, delegated bool) bool {
	if delegated {
		return s.x.AssignmentForeign[assignment] != 0
	}
	home := s.x.PrincipalTenant[s.x.AssignmentPrincipal[assignment]]
	return home == estate.None || home == s.target
}

// projected appends the rights by Lighthouse (R28).
func (s *standpoint) projected(list []EffectiveGrant) []EffectiveGrant {
	x := s.x
	if !x.quick.projectedIn.has(s.target) {
		return list
	}
	for n := s.node; n != estate.None; n = x.NodeParent[n] {
		if !x.quick.projectedAt.has(n) {
			continue
		}
		for _, l := range x.LighthousesAt(n) {
			if l.Manager == s.home && s.self.is(l.Principal, false) && s.live(l.Term) && x.Roles[l.Role].ID != ownerRole {
				list = append(list, EffectiveGrant{EffectiveRight{Role: l.Role, Projected: true}, s.denials(&s.self, false)})
			}
		}
	}
	return list
}

// denials are the deny assignments in force at the place that meet the actor, or
// of which it is not known whether they do (M5, M9).
func (s *standpoint) denials(a *actor, delegated bool) []int32 {
	x := s.x
	var list []int32
	for n := s.node; n != estate.None; n = x.NodeParent[n] {
		if !x.quick.denied.has(n) {
			continue
		}
		here := n == s.node && !s.below
		for i := sort.Search(len(x.denials), func(i int) bool { return x.denials[i].Node >= n }); i < len(x.denials) && x.denials[i].Node == n; i++ {
			d := &x.denials[i]
			if !d.AuditOnly && (here || !d.ThisScopeOnly) && (s.meets(d, a, delegated) || s.isUnsure(d)) {
				list = append(list, int32(i))
			}
		}
	}
	return list
}

func (s *standpoint) meets(d *denial, a *actor, delegated bool) bool {
	is := func(p estate.Principal) bool { return a.is(p, delegated) }
	return (d.Everyone || slices.ContainsFunc(d.Principals, is)) && !slices.ContainsFunc(d.Excluded, is)
}

// isUnsure says whether a denial that names or spares somebody meets people of whom
// not all groups were collected.
func (s *standpoint) isUnsure(d *denial) bool {
	if len(d.Principals) == 0 && len(d.Excluded) == 0 {
		return false
	}
	return s.x.lacks(s.target, gapsOfHome) || s.home != s.target && s.x.lacks(s.home, gapsOfHome)
}

// lacks says whether something of the kinds was not collected anywhere in a tenant.
func (x *Index) lacks(t estate.Tenant, kinds []csp.FactKind) bool {
	return x.gaps[t] && slices.ContainsFunc(x.GapsOf(t), func(g estate.Gap) bool { return slices.Contains(kinds, g.Fact) })
}

// mayBeDenied says whether denials at the place were not collected (M9).
func (s *standpoint) mayBeDenied() bool {
	return slices.ContainsFunc(s.x.GapsOf(s.target), func(g estate.Gap) bool {
		if g.Fact != csp.MissingTenant && g.Fact != csp.MissingDenials {
			return false
		}
		return g.Scope.IsZero() || g.Node != estate.None && g.Node <= s.node && s.node <= s.x.NodeLast[g.Node]
	})
}

// reached says whether GDAP gives the account a role in the tenant (R11), and notes
// which it gives to its groups.
func (e *Effective) reached(d *doorway) bool {
	reached, in, group := false, false, estate.Principal(estate.None)
	for _, g := range e.x.quick.lentIn(d.tenant) {
		if g.Group != group { // those of a group come together
			group, in = g.Group, e.self.is(g.Group, false)
		}
		if !in || !e.live(g.Term) {
			continue
		}
		reached = true
		if group != e.self.who {
			d.lent = append(d.lent, g.Role)
		}
	}
	return reached
}

// listed says whether DAP makes the account an agent in the tenant, if GDAP gives
// it no role there (R10, R12).
func (e *Effective) listed(t estate.Tenant) (admin, helpdesk bool) {
	if !e.admin && !e.helpdesk {
		return false, false
	}
	if !slices.ContainsFunc(e.x.DAPsOf(t), func(r estate.Relationship) bool { return r.Partner == e.home && e.live(r.Term) }) {
		return false, false
	}
	return e.admin, e.helpdesk
}

// InDirectory appends the roles that the account has in the directory of a tenant
// (M4). Of a role that no list has nothing is known, and it is left out.
func (e *Effective) InDirectory(list []estate.DirectoryRole, t estate.Tenant) []estate.DirectoryRole {
	x := e.x
	if e.home == estate.None || e.home != t && e.door(t).outside {
		return list
	}
	if e.home == t {
		list = e.ownRoles(list, &e.self, t)
	}
	invited := false
	for i := range e.guests {
		if g := &e.guests[i]; x.PrincipalTenant[g.who] == t {
			invited = true
			list = e.ownRoles(list, g, t)
		}
	}
	if e.home == t || !e.user {
		return list
	}
	d := e.door(t)
	if d.admin {
		list = x.appendListed(list, globalAdministrator)
	}
	if d.helpdesk {
		list = x.appendListed(list, helpdeskAdministrator)
	}
	if invited {
		return list // GDAP is shut to a guest; DAP is not (R13)
	}
	return append(list, d.lent...)
}

// appendListed appends a role if any fact names it.
func (x *Index) appendListed(list []estate.DirectoryRole, id csp.DirectoryRoleID) []estate.DirectoryRole {
	if n, named := x.FindDirectoryRole(id); named {
		return append(list, n)
	}
	return list
}

// ownRoles are those that an account of the tenant has by itself and by the groups
// it is a direct member of (R14).
func (e *Effective) ownRoles(list []estate.DirectoryRole, a *actor, t estate.Tenant) []estate.DirectoryRole {
	of := func(holder estate.Principal) {
		for _, d := range e.x.DirectoryAssignmentsOf(holder) {
			if d.Tenant == t && e.live(d.Term) {
				list = append(list, d.Role)
			}
		}
	}
	of(a.who)
	for _, g := range a.direct {
		of(g)
	}
	return list
}

// Gives says whether the right gives the action for certain, denials aside.
func (x *Index) Gives(r EffectiveRight, a Action) bool {
	return !(r.Projected && a.data) && x.RoleGives(r.Role, a) && x.Lets(r.Condition, a)
}

// RoleGives says whether an Azure role gives the action for certain, by an entry
// without a condition or with one that lets every request through.
func (x *Index) RoleGives(r estate.Role, a Action) bool {
	return x.RoleListed[r] != 0 && allows(x.roles[r], a) == yes
}

// Lets says whether a condition of assignments lets every request of the action
// through.
func (x *Index) Lets(n estate.ConditionNo, a Action) bool { return holds(x.condition(n), a) == yes }

// Denies says whether a deny assignment, by its number in the estate's Denials,
// names the action.
func (x *Index) Denies(n int32, a Action) bool { return names(x.denials[n].entries, a) }

// GivesInDirectory says whether a directory role gives the action for certain.
func (x *Index) GivesInDirectory(r estate.DirectoryRole, a Action) bool {
	return x.directoryAllows(r, a.name) == yes
}
