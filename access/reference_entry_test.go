package access_test

import (
	"slices"

	"latchkey/access"
	"latchkey/csp"
)

// ids is a set of principals.
type ids map[csp.ObjectID]bool

func (s ids) meets(list []csp.ObjectID) bool {
	return slices.ContainsFunc(list, func(id csp.ObjectID) bool { return s[id] })
}

// counting says which facts count: the zero value only firm ones (M6), else also
// eligible ones, and the groups that accounts may put themselves into (M8).
type counting struct {
	eligible bool
	into     map[csp.ObjectID]ids // by account
}

func (c counting) term(t csp.Term) bool { return c.eligible || !t.Eligible }

// direct are the groups of which it is a direct member.
func (r *plain) direct(id csp.ObjectID, c counting) ids {
	found := ids{}
	for _, m := range r.groups[id] {
		if c.term(m.Term) {
			found[m.Group] = true
		}
	}
	for group := range c.into[id] {
		found[group] = true
	}
	return found
}

// standing are all groups that chains of memberships lead to (M1).
func (r *plain) standing(id csp.ObjectID, c counting) ids {
	found := ids{}
	var follow func(csp.ObjectID)
	follow = func(member csp.ObjectID) {
		for group := range r.direct(member, c) {
			if !found[group] {
				found[group] = true
				follow(group)
			}
		}
	}
	follow(id)
	return found
}

// entry is a way of an account into a tenant (M2), and what it is there.
type entry struct {
	kind access.EntryKind
	// x is whose entry it is; acts is who acts: x, or its guest account there.
	x, acts csp.Principal
	// as is whom it may act as: itself and its groups, or foreign principals (M3).
	as ids
	// firm is the same by firm memberships only (M5).
	firm ids
	// directoryOnly: it gives directory roles and nothing of Azure (R13).
	directoryOnly bool
	count         counting
}

func (e entry) delegated() bool {
	return e.kind == access.ByGDAP || e.kind == access.ByDAP || e.kind == access.ByDirectLink
}

// entries are the ways into T, and Lighthouse, which needs none (M2, M3).
func (r *plain) entries(x csp.Principal, t csp.TenantID, c counting) []entry {
	var list []entry
	atHome := func(kind access.EntryKind, acts csp.Principal) {
		e := entry{kind: kind, x: x, acts: acts, as: r.standing(acts.ID, c), firm: r.standing(acts.ID, counting{}), count: c}
		e.as[acts.ID], e.firm[acts.ID] = true, true
		list = append(list, e)
	}
	delegated := func(kind access.EntryKind, directoryOnly bool) {
		list = append(list, entry{
			kind: kind, x: x, acts: x, directoryOnly: directoryOnly, count: c,
			as: r.groupsOf(x.Tenant, r.standing(x.ID, c)), firm: r.groupsOf(x.Tenant, r.standing(x.ID, counting{})),
		})
	}
	if x.Tenant == t {
		atHome(access.ByHome, x)
	}
	guest := false
	for _, g := range r.guests[x.ID] {
		if g.Tenant == t {
			guest = true
			atHome(access.ByGuest, g)
		}
	}
	if x.Tenant != t {
		atHome(access.ByLighthouse, x)
	}
	// "Users of another tenant" are here those who are at home there: to a guest of
	// P, who is a user of another tenant himself (R2), what P may do is not open.
	if x.Type != csp.User || isGuest(x) || x.Tenant == t {
		return list
	}
	if len(r.reaching(x, t, c)) > 0 {
		if guest {
			r.saw("R13 shuts GDAP")
		} else {
			delegated(access.ByGDAP, false)
		}
	}
	if r.listsPartner(t, x.Tenant) && len(r.agentRoles(x, c)) > 0 {
		if len(r.reaching(x, t, counting{})) > 0 {
			r.saw("R12 GDAP replaces DAP")
		} else {
			delegated(access.ByDAP, guest)
		}
	}
	if r.oldRules(t) && !guest {
		delegated(access.ByDirectLink, false)
	}
	return list
}

func isGuest(p csp.Principal) bool { return p.Source == csp.Guest || !p.Home.IsZero() }

// groupsOf are those of the tenant. A group that no list has is taken for one of
// the tenant of its member, since memberships do not cross tenants (M3 is silent).
func (r *plain) groupsOf(t csp.TenantID, groups ids) ids {
	of := ids{}
	for id := range groups {
		if g, listed := r.listed[id]; !listed || g.Tenant == t {
			of[id] = true
		}
	}
	return of
}

// lent is an access assignment with the roles that it really gives (R11).
type lent struct {
	roles []csp.DirectoryRoleID
}

// reaching are the active access assignments, in active relationships of x's
// tenant with T, that name a group of x (R11).
//
// M2 says "whatever its roles". One whose roles were none of them agreed gives no
// GDAP role, and so no entry either (R22).
func (r *plain) reaching(x csp.Principal, t csp.TenantID, c counting) []lent {
	var list []lent
	var standing ids
	for _, g := range r.GDAPs {
		if g.Partner != x.Tenant || g.Customer != t || g.Status != csp.GDAPActive || !g.Holds(r.at) {
			continue
		}
		for _, a := range g.Assignments {
			if a.Status != csp.GDAPActive {
				continue
			}
			if standing == nil {
				standing = r.standing(x.ID, c)
			}
			var agreed []csp.DirectoryRoleID
			for _, role := range a.Roles {
				if slices.Contains(g.Roles, role) {
					agreed = append(agreed, role)
				}
			}
			if standing[a.Group] && len(agreed) > 0 {
				list = append(list, lent{agreed})
			}
		}
	}
	return list
}

// listsPartner: T lists P as its delegated administrator (R10).
func (r *plain) listsPartner(t, p csp.TenantID) bool {
	return slices.ContainsFunc(r.DAPs, func(d csp.DAPRelationship) bool {
		return d.Customer == t && d.Partner == p && d.Holds(r.at)
	})
}

func (r *plain) oldRules(t csp.TenantID) bool {
	return slices.ContainsFunc(r.Tenants, func(x csp.Tenant) bool { return x.ID == t && x.OldRules })
}

// agentRoles are the directory roles that DAP gives him: to direct members of
// AdminAgents and HelpdeskAgents of his tenant (R10).
func (r *plain) agentRoles(x csp.Principal, c counting) []csp.DirectoryRoleID {
	var roles []csp.DirectoryRoleID
	for id := range r.direct(x.ID, c) {
		group, listed := r.listed[id]
		if !listed || group.Tenant != x.Tenant {
			continue
		}
		switch group.Agents {
		case csp.AdminAgents:
			roles = append(roles, globalAdministrator)
		case csp.HelpdeskAgents:
			roles = append(roles, helpdeskAdministrator)
		}
	}
	return roles
}

// right is a role that an entry has at a place.
type right struct {
	principal csp.ObjectID // to whom it is assigned
	role      csp.RoleDefinitionID
	at        csp.Scope
	condition string
	// projected: by Lighthouse.
	projected bool
}

// rights are the Azure roles of an entry at or above the scope (M3).
func (r *plain) rights(e entry, t csp.TenantID, scope csp.Scope) []right {
	var list []right
	if e.directoryOnly {
		return nil
	}
	if e.kind == access.ByLighthouse {
		for _, l := range r.Lighthouses {
			if e.as[l.Principal] && tenantOfSubscription(r.Facts, l.Scope.Subscription()) == t && r.contains(t, l.Scope, scope) &&
				l.Holds(r.at) && e.count.term(l.Term) && l.Role != ownerRole {
				list = append(list, right{principal: l.Principal, role: l.Role, at: l.Scope, projected: true})
			}
		}
		return list
	}
	for _, a := range r.Assignments {
		if !e.as[a.Principal] || a.Tenant != t || !r.contains(t, a.Scope, scope) || !a.Holds(r.at) || !e.count.term(a.Term) {
			continue
		}
		to, listed := r.listed[a.Principal]
		if e.delegated() {
			if a.PrincipalType != csp.ForeignGroup { // R21, R36
				r.saw("R36 not a ForeignGroup")
				continue
			}
		} else if listed && to.Tenant != t { // R20
			continue
		}
		list = append(list, right{principal: a.Principal, role: a.Role, at: a.Scope, condition: a.Condition})
	}
	return list
}

// lets: the role allows the action, and the condition holds (R18).
func (r *plain) lets(g right, action access.Action) bool {
	if g.projected && action.IsData() { // R28
		return false
	}
	holds := r.regardless(action)
	return holds(g.condition) && r.roleAllows(g.role, action, holds)
}

// directoryRoles are the roles of an entry in the directory of T (M4).
func (r *plain) directoryRoles(e entry, t csp.TenantID) []csp.DirectoryRoleID {
	var roles []csp.DirectoryRoleID
	switch e.kind {
	case access.ByHome, access.ByGuest:
		direct := r.direct(e.acts.ID, e.count)
		for _, a := range r.DirectoryAssignments {
			if a.Tenant == t && a.Holds(r.at) && e.count.term(a.Term) && (a.Principal == e.acts.ID || direct[a.Principal]) {
				roles = append(roles, a.Role)
			}
		}
	case access.ByGDAP:
		for _, a := range r.reaching(e.x, t, e.count) {
			roles = append(roles, a.roles...)
		}
	case access.ByDAP:
		roles = r.agentRoles(e.x, e.count)
	}
	return roles
}

func (r *plain) hasDirectoryRight(e entry, a asked) bool {
	return slices.ContainsFunc(r.directoryRoles(e, a.tenant), func(role csp.DirectoryRoleID) bool {
		return r.directoryRoleAllows(role, a.Action)
	})
}
