package world

import (
	"slices"

	"latchkey/csp"
)

// Edge is the way by which somebody enters a tenant (R22).
type Edge string

// The sign-in edges.
const (
	HomeEdge  Edge = "home"
	GuestEdge Edge = "guest"
	GDAPEdge  Edge = "GDAP"
	DAPEdge   Edge = "DAP"
	// LinkEdge is the direct link of the old rules (R22).
	LinkEdge Edge = "direct link"
)

// Identity is who an account is inside one tenant: what a token for that tenant
// will say.
type Identity struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	Home   Account
	Guest  bool
	// Delegated: there is no object in the tenant; the account comes in as the
	// partner's delegated administrator and keeps its id and the groups of its own
	// directory (R10, R11).
	Delegated bool
	// Edge is how it comes in.
	Edge   Edge
	Name   string
	UPN    string
	Mail   string
	MFA    bool
	Groups []csp.ObjectID
	// Roles are the active directory roles, by their own or by delegation.
	Roles []csp.DirectoryRoleID
}

// Enter finds the sign-in edge of an account into a tenant (R22): its own
// tenant; a guest account there, which wins over delegation (R13); GDAP (R11);
// DAP, for a direct agent whom GDAP does not reach (R10, R12); or, under the old
// rules, a direct link for those whose group holds an Azure role there.
func (w *World) Enter(home Account, into csp.TenantID) (Identity, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, err := w.user(home.Tenant, home.Object)
	if err != nil {
		return Identity{}, err
	}
	d, ok := w.tenants[into]
	if !ok {
		return Identity{}, refuse(NoSuchTenant, "no tenant has the id %s", into)
	}
	if u.Disabled {
		return Identity{}, refuse(AccountDisabled, "%s is disabled", u.UPN)
	}
	who := Identity{Tenant: into, Object: u.ID, Home: home, Name: u.Name, UPN: u.UPN, Mail: u.Mail, MFA: u.MFA}
	if home.Tenant == into {
		who.Edge, who.Groups, who.Roles = HomeEdge, w.groupsOf(d, u.ID), w.ownRoles(d, u.ID)
		return who, nil
	}
	if guest := d.guestOf(w, home); guest != nil {
		switch {
		case guest.Disabled:
			return Identity{}, refuse(AccountDisabled, "the guest account of %s in %s is disabled", u.UPN, d.Name)
		case guest.Pending:
			return Identity{}, refuse(InvitationPending, "%s has not accepted the invitation to %s", u.UPN, d.Name)
		}
		who.Edge, who.Guest, who.Object = GuestEdge, true, guest.ID
		who.Groups, who.Roles = w.groupsOf(d, guest.ID), w.ownRoles(d, guest.ID)
		return who, nil
	}
	edge, roles := w.delegated(u, d)
	if edge == "" {
		return Identity{}, refuse(NotInTenant, "%s is neither a member nor a guest of %s, and no delegated administrator", u.UPN, d.Name)
	}
	who.Edge, who.Delegated, who.Roles = edge, true, roles
	who.Groups = w.groupsOf(w.tenants[home.Tenant], u.ID)
	return who, nil
}

// delegated finds the way by which a partner's user comes into the tenant without
// an object there, and his directory roles.
func (w *World) delegated(u *User, into *tenant) (Edge, []csp.DirectoryRoleID) {
	if u.IsGuest() { // for whom his partner's relationships are not
		return "", nil
	}
	partner := w.tenants[u.Tenant]
	groups := w.groupsOf(partner, u.ID)
	if roles, reached := w.lent(u.Tenant, into.ID, groups); reached {
		return GDAPEdge, roles
	}
	if roles := w.listedRoles(u, into); len(roles) > 0 {
		return DAPEdge, roles
	}
	if into.OldRules && slices.ContainsFunc(groups, func(g csp.ObjectID) bool { return into.foreign[g] > 0 }) {
		return LinkEdge, nil
	}
	return "", nil
}

// lent are the roles that GDAP gives to members of the groups (R11): of every
// active relationship, those agreed with the customer that an active access
// assignment gives to one of the groups. They reach somebody whom an assignment
// names, whatever its roles.
func (w *World) lent(partner, customer csp.TenantID, groups []csp.ObjectID) (roles []csp.DirectoryRoleID, reached bool) {
	for _, id := range w.between[pairing{partner, customer}] {
		r := w.relationships[id]
		if !r.Gives(w.instant()) {
			continue
		}
		given, reaches := r.Lent(groups)
		roles, reached = append(roles, given...), reached || reaches
	}
	return distinct(roles), reached
}

// The roles that DAP gives (R10).
var (
	globalAdministrator   = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	helpdeskAdministrator = csp.MustParseID[csp.DirectoryRole]("729827e3-9c14-49f7-bb1b-9608f156bbb8")
)

// listedRoles are those of a direct agent of a partner that the customer lists as
// delegated administrator; nested groups do not count (R10), and nothing does if
// GDAP reaches him (R12).
func (w *World) listedRoles(u *User, customer *tenant) []csp.DirectoryRoleID {
	p, ok := w.partnerships[pairing{u.Tenant, customer.ID}]
	if !ok || !p.lists(w.instant()) {
		return nil
	}
	partner := w.tenants[u.Tenant]
	if _, reached := w.lent(u.Tenant, customer.ID, w.groupsOf(partner, u.ID)); reached {
		return nil
	}
	var roles []csp.DirectoryRoleID
	for _, id := range w.directGroupsOf(partner, u.ID) {
		switch partner.groups[id].Agents {
		case csp.AdminAgents:
			roles = append(roles, globalAdministrator)
		case csp.HelpdeskAgents:
			roles = append(roles, helpdeskAdministrator)
		}
	}
	return distinct(roles)
}

// RolesOf are the active directory roles of an account in a tenant, as its token
// there says them: its own at home and those of its guest account, which shuts
// delegation (R13); else those of GDAP (R11), which replace those of DAP (R10,
// R12). A service principal has its own.
func (w *World) RolesOf(home Account, in csp.TenantID) []csp.DirectoryRoleID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[in]
	if !ok {
		return nil
	}
	if home.Tenant == in {
		return w.ownRoles(d, home.Object)
	}
	if guest := d.guestOf(w, home); guest != nil {
		return w.ownRoles(d, guest.ID)
	}
	u, err := w.user(home.Tenant, home.Object)
	if err != nil {
		return nil
	}
	_, roles := w.delegated(u, d)
	return roles
}

// PortalRolesOf are the directory roles by DAP as the administration portals used
// them: they took the delegated sign-in also for somebody who has a guest account
// in the tenant (R13). No token of ours says them.
func (w *World) PortalRolesOf(home Account, in csp.TenantID) []csp.DirectoryRoleID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, err := w.user(home.Tenant, home.Object)
	d, ok := w.tenants[in]
	if err != nil || !ok || u.IsGuest() || home.Tenant == in {
		return nil
	}
	return w.listedRoles(u, d)
}

// guestOf is the guest account of a home account in this tenant, or nil.
func (d *tenant) guestOf(w *World, home Account) *User {
	for _, a := range w.guests[home] {
		if a.Tenant == d.ID {
			return d.users[a.Object]
		}
	}
	return nil
}

// TenantsOf lists the tenants the account is a member or a guest of, its home first.
func (w *World) TenantsOf(home Account) []Tenant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Tenant
	for _, a := range w.guests[home] {
		list = append(list, w.handle(w.tenants[a.Tenant]))
	}
	slices.SortFunc(list, func(a, b Tenant) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	if d, ok := w.tenants[home.Tenant]; ok {
		list = slices.Insert(list, 0, w.handle(d))
	}
	return list
}

func distinct[T csp.Named](ids []csp.ID[T]) []csp.ID[T] {
	slices.SortFunc(ids, csp.ID[T].Compare)
	return slices.Compact(ids)
}
