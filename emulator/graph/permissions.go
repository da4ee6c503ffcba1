package graph

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// The permissions of which one must be in the token, by what is done.
const (
	asUser = " Directory.AccessAsUser.All" // delegated: whatever the person may

	readDirectory  = "Directory.Read.All Directory.ReadWrite.All" + asUser
	writeDirectory = "Directory.ReadWrite.All" + asUser

	readUsers  = "User.Read.All User.ReadWrite.All User.ManageIdentities.All " + readDirectory
	writeUsers = "User.ReadWrite.All " + writeDirectory

	readGroups   = "Group.Read.All Group.ReadWrite.All GroupMember.Read.All GroupMember.ReadWrite.All " + readDirectory
	writeGroups  = "Group.ReadWrite.All " + writeDirectory
	writeMembers = "GroupMember.ReadWrite.All " + writeGroups

	readApps = "Application.Read.All Application.ReadWrite.All Application.ReadWrite.OwnedBy " + readDirectory

	readRoles  = "RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory RoleManagement.Read.All " + readDirectory
	writeRoles = "RoleManagement.ReadWrite.Directory" + asUser

	readActive    = "RoleAssignmentSchedule.Read.Directory RoleAssignmentSchedule.ReadWrite.Directory RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory RoleManagement.Read.All"
	writeActive   = "RoleAssignmentSchedule.ReadWrite.Directory RoleManagement.ReadWrite.Directory"
	readEligible  = "RoleEligibilitySchedule.Read.Directory RoleEligibilitySchedule.ReadWrite.Directory RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory RoleManagement.Read.All"
	writeEligible = "RoleEligibilitySchedule.ReadWrite.Directory RoleManagement.ReadWrite.Directory"

	readGroupActive    = "PrivilegedAssignmentSchedule.Read.AzureADGroup PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup PrivilegedAccess.Read.AzureADGroup PrivilegedAccess.ReadWrite.AzureADGroup"
	writeGroupActive   = "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup PrivilegedAccess.ReadWrite.AzureADGroup"
	readGroupEligible  = "PrivilegedEligibilitySchedule.Read.AzureADGroup PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup PrivilegedAccess.Read.AzureADGroup PrivilegedAccess.ReadWrite.AzureADGroup"
	readPolicies       = "RoleManagementPolicy.Read.Directory RoleManagementPolicy.ReadWrite.Directory RoleManagementPolicy.Read.AzureADGroup RoleManagementPolicy.ReadWrite.AzureADGroup RoleManagement.Read.All RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory"
	writeRolePolicies  = "RoleManagementPolicy.ReadWrite.Directory RoleManagement.ReadWrite.Directory"
	writeGroupPolicies = "RoleManagementPolicy.ReadWrite.AzureADGroup"
	writeGroupEligible = "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup PrivilegedAccess.ReadWrite.AzureADGroup"
)

// The actions of the directory that operations ask for.
const (
	actionReadUsers   = "microsoft.directory/users/standard/read"
	actionReadMember  = "microsoft.directory/users/memberOf/read"
	actionReadGroups  = "microsoft.directory/groups/standard/read"
	actionReadMembers = "microsoft.directory/groups/members/read"
	actionReadOwners  = "microsoft.directory/groups/owners/read"
	actionReadApps    = "microsoft.directory/applications/standard/read"
	actionReadSPs     = "microsoft.directory/servicePrincipals/standard/read"
	actionReadRoles   = "microsoft.directory/roleAssignments/standard/read"
	actionWriteRoles  = "microsoft.directory/roleAssignments/allProperties/update"
)

// directoryReaders is the role whose rights every other one includes.
var directoryReaders = csp.MustParseID[csp.DirectoryRole]("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")

// mayTake asks for the permission in the token and for the caller's own right.
// An application needs the one or the other; a person needs both.
func (h *Handler) mayTake(c *call, row *route) *failure {
	permitted := row.permissions == "" || c.hasPermission(row.permissions)
	if c.isApp() {
		if permitted || row.action != "" && h.mayInDirectory(c, row.action) {
			return nil
		}
		return denied()
	}
	if !permitted || row.action != "" && !h.mayInDirectory(c, row.action) {
		return denied()
	}
	return nil
}

// hasPermission says whether the token has one of the permissions: as roles of
// an application, as scopes of a person's token.
func (c *call) hasPermission(oneOf string) bool {
	have := c.caller.Scopes
	if c.isApp() {
		have = c.caller.Permissions
	}
	for want := range strings.FieldsSeq(oneOf) {
		if slices.ContainsFunc(have, func(p string) bool { return strings.EqualFold(p, want) }) {
			return true
		}
	}
	return false
}

// mayInDirectory asks the world. Whoever has any directory role may also read
// what Directory Readers may.
func (h *Handler) mayInDirectory(c *call, action string) bool {
	if h.World.MayInDirectory(c.caller, action) {
		return true
	}
	if len(c.caller.Roles) == 0 {
		return false
	}
	reader := c.caller
	reader.Roles = []csp.DirectoryRoleID{directoryReaders}
	return h.World.MayInDirectory(reader, action)
}

// may is for an operation that asks for itself: the permission for an
// application, the right for a person whose token's scopes were asked before.
func (h *Handler) may(c *call, permissions, action string) bool {
	if c.isApp() {
		return c.hasPermission(permissions) || h.mayInDirectory(c, action)
	}
	return c.hasPermission(permissions) && h.mayInDirectory(c, action)
}

// mayTouch asks for the right to do something to an account that could take it
// over or shut its owner out (R15). The permissions of an application reach
// accounts without roles; a password it resets by a directory role of its own only.
func (h *Handler) mayTouch(c *call, permissions, action string, target world.User) bool {
	byRole := h.World.MayTouch(c.caller, action, target.ID)
	if !c.hasPermission(permissions) {
		return c.isApp() && byRole
	}
	return byRole || c.isApp() && action != world.ResetPassword && !h.World.IsProtected(target.Tenant, target.ID)
}
