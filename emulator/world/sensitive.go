package world

import (
	"slices"

	"latchkey/csp"
)

// The actions of the directory that could take an account over, or shut its owner
// out. Beside the role that allows them they ask for one that may do so to that
// very account (R15).
const (
	ResetPassword = "microsoft.directory/users/password/update"
	RevokeUser    = "microsoft.directory/users/invalidateAllRefreshTokens"
	DisableUser   = "microsoft.directory/users/disable"
	EnableUser    = "microsoft.directory/users/enable"
	DeleteUser    = "microsoft.directory/users/delete"
	UpdateUser    = "microsoft.directory/users/basic/update" // for phones and other mail addresses
)

var (
	privilegedAuthentication = csp.MustParseID[csp.DirectoryRole]("7be44c8a-adaf-4e2a-84d6-ab2649e08a13")
	partnerTier2             = csp.MustParseID[csp.DirectoryRole]("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8")
)

// subdues says which roles an account may hold for a holder of the key to do such
// things to it. It is Microsoft's published table; the roles that are not in it
// reach accounts without any role.
var subdues = subduedBy()

func subduedBy() map[csp.DirectoryRoleID][]csp.DirectoryRoleID {
	id := csp.MustParseID[csp.DirectoryRole]
	var (
		passwordAdministrator = id("966707d0-3269-4727-9be2-8c3a10f19b9d")
		helpdeskAdministrator = id("729827e3-9c14-49f7-bb1b-9608f156bbb8")
		authentication        = id("c4e39bd9-1100-46d3-8c65-fb160da0071f")
		userAdministrator     = id("fe930be7-5e62-47db-91af-98c3a49a38b1")
		groupsAdministrator   = id("fdd7a751-b60b-444a-984c-02652fe8fa1c")
	)
	least := []csp.DirectoryRoleID{
		id("88d8e3e3-8f55-4a1e-953a-9b9898b8876b"), // Directory Readers
		id("95e79109-95c0-4d8e-aee3-d01accf2d47b"), // Guest Inviter
		passwordAdministrator,
	}
	readers := append(slices.Clone(least),
		id("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"), // Message Center Reader
		id("4a5d8f65-41da-4de4-8968-e035b65339cf"), // Reports Reader
		id("75934031-6c7e-415a-99d7-48dbd49e875e"), // Usage Summary Reports Reader
		id("27460883-1df1-4691-b032-3b79643e5e63"), // User Experience Success Manager
	)
	return map[csp.DirectoryRoleID][]csp.DirectoryRoleID{
		passwordAdministrator: least,
		helpdeskAdministrator: append(slices.Clone(readers), helpdeskAdministrator),
		authentication:        append(slices.Clone(readers), authentication),
		userAdministrator:     append(slices.Clone(readers), helpdeskAdministrator, groupsAdministrator, userAdministrator),
	}
}

// MayTouch judges an act, one of the above, on an account of the caller's tenant:
// one of his directory roles must allow it in general and reach that account
// (R15). Roles and groups that the account's owner could activate do not protect
// it (R29).
func (w *World) MayTouch(c Caller, action string, target csp.ObjectID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok {
		return false
	}
	held, grouped := w.ownRoles(d, target), w.isInRoleGroup(d, target)
	return slices.ContainsFunc(c.Roles, func(id csp.DirectoryRoleID) bool {
		role, _ := w.directoryRole(id)
		if !slices.ContainsFunc(role.Actions, func(pattern string) bool { return matchesInDirectory(pattern, action) }) {
			return false
		}
		switch {
		case id == globalAdministrator, id == privilegedAuthentication, id == partnerTier2 && (action == ResetPassword || action == RevokeUser):
			return true
		case grouped:
			return false
		}
		return !slices.ContainsFunc(held, func(other csp.DirectoryRoleID) bool { return !slices.Contains(subdues[id], other) })
	})
}

// IsProtected says whether an account holds a directory role, or is a member or
// owner of a group for directory roles: permissions of an application alone do
// not reach it (R15).
func (w *World) IsProtected(tenant csp.TenantID, target csp.ObjectID) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[tenant]
	return ok && (len(w.ownRoles(d, target)) > 0 || w.isInRoleGroup(d, target))
}

func (w *World) isInRoleGroup(d *tenant, target csp.ObjectID) bool {
	forRoles := func(id csp.ObjectID) bool {
		g, ok := d.groups[id]
		return ok && (g.RoleAssignable || len(d.given[id]) > 0)
	}
	if slices.ContainsFunc(w.directGroupsOf(d, target), forRoles) {
		return true
	}
	for id, owners := range d.extras.owners {
		if slices.Contains(owners, target) && forRoles(id) {
			return true
		}
	}
	return false
}
