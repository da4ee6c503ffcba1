package world

import (
	"slices"

	"latchkey/csp"
)

// IsGlobalAdministrator says whether the caller's token says so.
func IsGlobalAdministrator(c Caller) bool { return slices.Contains(c.Roles, globalAdministrator) }

// ElevateAccess makes a Global Administrator of the tenant its User Access
// Administrator at the root (R24), which the token's directory roles say he is.
// Who is Global Administrator by delegation has no object in the tenant to which
// a role could be given (R11, R20): he is refused, and takes the way by an
// account of the tenant instead. Asking twice changes nothing.
func (t Tenant) ElevateAccess(by Actor, c Caller) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if c.App || c.Tenant != t.ID || !IsGlobalAdministrator(c) {
		return refuse(NotGlobal, "%s is no Global Administrator of %s", by.Name, d.Name)
	}
	if d.typeOf(c.Object) != csp.User {
		return refuse(NoSuchPrincipal, "%s has no account in %s", by.Name, d.Name)
	}
	root := csp.Root()
	for _, a := range d.held[holding{root.Key(), c.Object}] {
		if a.Role == userAccessRole && a.Term == (csp.Term{}) {
			return nil
		}
	}
	now := w.instant()
	kept := &assignment{Assignment: Assignment{
		RoleAssignment: csp.RoleAssignment{Name: NewID[csp.RoleAssignment](), Scope: root, Role: userAccessRole, Principal: c.Object, PrincipalType: csp.User},
		Tenant:         t.ID, Created: now, Updated: now, CreatedBy: c.Object, UpdatedBy: c.Object,
	}}
	w.keepAssignment(d, kept)
	w.record(Event{Kind: AccessElevated, Tenant: t.ID, By: by, Subject: by.Name, Scope: root})
	w.record(Event{Kind: AssignmentPut, Tenant: t.ID, By: by, Subject: kept.Name.String(), Scope: root, Assignment: kept.RoleAssignment})
	return nil
}
