package world

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// DirectoryAssignment gives a principal, or the direct members of a
// role-assignable group, a role in a directory (R14).
type DirectoryAssignment struct {
	ID        DirectoryAssignmentID
	Tenant    csp.TenantID
	Principal csp.ObjectID
	Role      csp.DirectoryRoleID
	csp.Term
}

// DirectoryAssignmentID names an assignment of a directory role.
type DirectoryAssignmentID = csp.ID[DirectoryAssignment]

// Noun names the thing in error sentences.
func (DirectoryAssignment) Noun() string { return "directory role assignment" }

// DirectoryRole finds a directory role by its id, the same in every tenant.
func (w *World) DirectoryRole(id csp.DirectoryRoleID) (csp.DirectoryRole, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.directoryRole(id)
}

func (w *World) directoryRole(id csp.DirectoryRoleID) (csp.DirectoryRole, bool) {
	if r, ok := w.loaded.directoryRoles[id]; ok {
		return r, true
	}
	r, ok := w.directoryRoles[id]
	return r, ok
}

// DirectoryRoles lists the directory roles by name.
func (w *World) DirectoryRoles() []csp.DirectoryRole {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []csp.DirectoryRole
	for id, r := range w.directoryRoles {
		if _, replaced := w.loaded.directoryRoles[id]; !replaced {
			list = append(list, r)
		}
	}
	for _, r := range w.loaded.directoryRoles {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b csp.DirectoryRole) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// AssignDirectoryRole gives a principal of this tenant a role in its directory. A
// group must have been made for that (R14). A zero ID is replaced by a random one.
func (t Tenant) AssignDirectoryRole(a DirectoryAssignment) (DirectoryAssignment, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	guid.Fill(&a.ID)
	a.Tenant = t.ID
	role, ok := w.directoryRole(a.Role)
	if !ok {
		return DirectoryAssignment{}, refuse(NoSuchRole, "no directory role has the id %s", a.Role)
	}
	kind := d.typeOf(a.Principal)
	if kind == "" {
		return DirectoryAssignment{}, refuse(NoSuchPrincipal, "%s names no principal of %s", a.Principal, d.Name)
	}
	if kind == csp.Group && !d.groups[a.Principal].RoleAssignable {
		return DirectoryAssignment{}, refuse(NotRoleAssignable, "%s is none", d.groups[a.Principal].Name)
	}
	for _, other := range d.given[a.Principal] {
		if other.Role == a.Role && other.Eligible == a.Eligible && (other.Until.IsZero() || other.Holds(w.Now())) {
			return DirectoryAssignment{}, refuse(AlreadyAssigned, "the principal has %s", role.Name)
		}
	}
	d.addDirectoryAssignment(a)
	w.record(Event{Kind: DirectoryRoleAssigned, Tenant: t.ID, By: t.by, Subject: role.Name + " to " + a.Principal.String()})
	return a, nil
}

func (d *tenant) addDirectoryAssignment(a DirectoryAssignment) {
	d.directory = append(d.directory, &a)
	d.given[a.Principal] = append(d.given[a.Principal], &a)
}

// RemoveDirectoryRole takes an assignment of a directory role away.
func (t Tenant) RemoveDirectoryRole(id DirectoryAssignmentID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	at := slices.IndexFunc(d.directory, func(a *DirectoryAssignment) bool { return a.ID == id })
	if at < 0 {
		return refuse(NoSuchAssignment, "no directory role assignment of %s has the id %s", d.Name, id)
	}
	gone := d.directory[at]
	if gone.Role == globalAdministrator && !t.by.IsAuthor() && w.isLastGlobalAdministrator(d, gone) {
		return refuse(LastGlobalAdministrator, "%s has no other", d.Name)
	}
	d.directory = slices.Delete(d.directory, at, at+1)
	d.given[gone.Principal] = slices.DeleteFunc(d.given[gone.Principal], func(a *DirectoryAssignment) bool { return a == gone })
	role, _ := w.directoryRole(gone.Role)
	w.record(Event{Kind: DirectoryRoleRemoved, Tenant: t.ID, By: t.by, Subject: role.Name + " from " + gone.Principal.String()})
	return nil
}

func (w *World) isLastGlobalAdministrator(d *tenant, a *DirectoryAssignment) bool {
	return w.counts(a.Term) && !slices.ContainsFunc(d.directory, func(other *DirectoryAssignment) bool {
		return other != a && other.Role == globalAdministrator && w.counts(other.Term) && d.typeOf(other.Principal) != ""
	})
}

// DirectoryAssignments lists who was given which role in the tenant's directory,
// in the order in which it was done; those by GDAP are not among them.
func (t Tenant) DirectoryAssignments() []DirectoryAssignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []DirectoryAssignment
	for _, a := range t.w.tenants[t.ID].directory {
		list = append(list, *a)
	}
	return list
}

// ownRoles are the active directory roles that a principal of the tenant has: his
// own, and those of groups he is a direct member of (R14).
func (w *World) ownRoles(d *tenant, principal csp.ObjectID) []csp.DirectoryRoleID {
	var roles []csp.DirectoryRoleID
	for _, holder := range append(w.directGroupsOf(d, principal), principal) {
		for _, a := range d.given[holder] {
			if w.counts(a.Term) {
				roles = append(roles, a.Role)
			}
		}
	}
	return distinct(roles)
}

// MayInDirectory judges an act in the directory of the caller's tenant: by the
// directory roles of his token (R11, R14), or by what every member may do without
// any. A guest may read nothing but himself, and a partner's user has no more
// than his roles (R16). The permissions of an application are not judged here.
func (w *World) MayInDirectory(c Caller, action string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok {
		return false
	}
	for _, id := range c.Roles {
		role, _ := w.directoryRole(id)
		if slices.ContainsFunc(role.Actions, func(pattern string) bool { return matchesInDirectory(pattern, action) }) {
			return true
		}
	}
	u, isUser := d.users[c.Object]
	return isUser && !u.IsGuest() && slices.ContainsFunc(memberActions, func(pattern string) bool { return matchesInDirectory(pattern, action) })
}

// memberActions are what every member of a directory may do there by default.
var memberActions = []string{
	"microsoft.directory/users/standard/read", "microsoft.directory/users/memberOf/read", "microsoft.directory/users/manager/read", "microsoft.directory/users/directReports/read",
	"microsoft.directory/users/inviteGuest", "microsoft.directory/users/guestBasicProfile/limitedRead",
	"microsoft.directory/groups/standard/read", "microsoft.directory/groups/members/read", "microsoft.directory/groups/memberOf/read", "microsoft.directory/groups/owners/read",
	"microsoft.directory/servicePrincipals/standard/read", "microsoft.directory/applications/standard/read", "microsoft.directory/directoryRoles/standard/read",
	"microsoft.directory/directoryRoles/members/read", "microsoft.directory/organization/standard/read", "microsoft.directory/domains/standard/read", "microsoft.directory/contracts/standard/read",
}

// matchesInDirectory says whether an action fits a published one, word by word:
// allTasks stands for any last word, allEntities for any word, allProperties for
// a word or none.
func matchesInDirectory(pattern, action string) bool {
	return matchWords(strings.Split(strings.ToLower(pattern), "/"), strings.Split(strings.ToLower(action), "/"))
}

func matchWords(pattern, action []string) bool {
	if len(pattern) == 0 {
		return len(action) == 0
	}
	first, rest := pattern[0], pattern[1:]
	if first == "allproperties" && matchWords(rest, action) {
		return true
	}
	if len(action) == 0 {
		return false
	}
	switch {
	case first == action[0], first == "allentities", first == "allproperties":
	case first == "alltasks" && len(rest) == 0 && len(action) == 1:
	default:
		return false
	}
	return matchWords(rest, action[1:])
}
