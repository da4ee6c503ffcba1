package graph

import (
	"encoding/base64"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) roleRoutes() []route {
	const definitions, assignments = "/roleManagement/directory/roleDefinitions", "/roleManagement/directory/roleAssignments"
	readDefinition := "microsoft.directory/roleDefinitions/standard/read"
	readLegacy, membersLegacy := "microsoft.directory/directoryRoles/standard/read", "microsoft.directory/directoryRoles/members/read"
	return []route{
		{"GET", definitions, readRoles, readDefinition, h.listDefinitions},
		{"GET", definitions + "/{role}", readRoles, readDefinition, h.getDefinition},
		{"GET", assignments, readRoles, actionReadRoles, h.listRoleAssignments},
		{"POST", assignments, writeRoles, actionWriteRoles, h.createRoleAssignment},
		{"GET", assignments + "/{assignment}", readRoles, actionReadRoles, h.getRoleAssignment},
		{"DELETE", assignments + "/{assignment}", writeRoles, actionWriteRoles, h.deleteRoleAssignment},
		{"GET", "/directoryRoleTemplates", readRoles, readLegacy, h.listTemplates},
		{"GET", "/directoryRoles", readRoles, readLegacy, h.listDirectoryRoles},
		{"POST", "/directoryRoles", writeRoles, actionWriteRoles, h.activateDirectoryRole},
		{"GET", "/directoryRoles/{role}", readRoles, readLegacy, h.getDirectoryRole},
		{"GET", "/directoryRoles/{roleTemplateId=template}", readRoles, readLegacy, h.getDirectoryRole},
		{"GET", "/directoryRoles/{role}/members", readRoles, membersLegacy, h.listRoleMembers},
		{"GET", "/directoryRoles/{roleTemplateId=template}/members", readRoles, membersLegacy, h.listRoleMembers},
		{"POST", "/directoryRoles/{role}/members/$ref", writeRoles, actionWriteRoles, h.addRoleMember},
		{"POST", "/directoryRoles/{roleTemplateId=template}/members/$ref", writeRoles, actionWriteRoles, h.addRoleMember},
		{"DELETE", "/directoryRoles/{role}/members/{member}/$ref", writeRoles, actionWriteRoles, h.removeRoleMember},
		{"DELETE", "/directoryRoles/{roleTemplateId=template}/members/{member}/$ref", writeRoles, actionWriteRoles, h.removeRoleMember},
	}
}

func definitionEntity(r csp.DirectoryRole) odata.Entity {
	actions := slices.Concat([]string{}, r.Actions)
	return odata.Entity{
		"id": r.ID.String(), "templateId": r.ID.String(), "displayName": r.Name, "description": nil, "isBuiltIn": true, "isEnabled": true, "isPrivileged": r.Privileged, "version": "1",
		"resourceScopes": []string{"/"}, "rolePermissions": []odata.Entity{{"allowedResourceActions": actions, "condition": nil}}, "inheritsPermissionsFrom": []odata.Entity{},
	}
}

func (h *Handler) listDefinitions(c *call) (reply, *failure) {
	l := collection{on: roleDefinitionType, context: "roleManagement/directory/roleDefinitions", limits: odata.Limits{Default: odata.MaxTop, Most: odata.MaxTop}}
	for _, r := range h.World.DirectoryRoles() {
		l.all = append(l.all, definitionEntity(r))
	}
	return c.list(l)
}

func (h *Handler) getDefinition(c *call) (reply, *failure) {
	id, err := csp.ParseID[csp.DirectoryRole](c.params["role"])
	r, known := h.World.DirectoryRole(id)
	if err != nil || !known {
		return reply{}, notFound(c.params["role"])
	}
	return c.one(collection{on: roleDefinitionType, context: "roleManagement/directory/roleDefinitions"}, definitionEntity(r))
}

// wireID is the id of a role assignment as Graph writes it.
func wireID(id world.DirectoryAssignmentID) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{0, 'r', 'a'}, id[:]...))
}

func parseWireID(text string) (world.DirectoryAssignmentID, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var id world.DirectoryAssignmentID
	if err != nil || len(raw) != len(id)+3 {
		return id, false
	}
	copy(id[:], raw[3:])
	return id, true
}

// roleAssignments are the active ones, those that GDAP brings into a customer's
// directory among them (R11): their principal is a group of the partner.
func (h *Handler) roleAssignments(c *call) collection {
	l := collection{on: roleAssignmentType, context: "roleManagement/directory/roleAssignments", expand: h.expandRole(c)}
	now := h.World.Now()
	for _, a := range c.tenant.DirectoryAssignments() {
		if !a.Eligible && a.Holds(now) {
			l.all = append(l.all, assignmentEntity(wireID(a.ID), a.Principal, a.Role, c.tenant.ID))
		}
	}
	for _, r := range h.World.RelationshipsOf(c.tenant.ID) {
		if r.Status != csp.GDAPActive {
			continue
		}
		for _, access := range r.Access {
			if access.Status != csp.GDAPActive {
				continue
			}
			for _, role := range access.Roles {
				id := base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("gdap"), access.ID[:], role[:]))
				l.all = append(l.all, assignmentEntity(id, access.Group, role, r.Partner))
			}
		}
	}
	return l
}

func assignmentEntity(id string, principal csp.ObjectID, role csp.DirectoryRoleID, organization csp.TenantID) odata.Entity {
	return odata.Entity{
		"id": id, "principalId": principal.String(), "roleDefinitionId": role.String(), "principalOrganizationId": organization.String(),
		"directoryScopeId": "/", "appScopeId": nil, "condition": nil, "resourceScope": "/",
	}
}

// expandRole gives the principal and the role definition of whatever has both.
func (h *Handler) expandRole(c *call) func(odata.Entity, string) any {
	return func(of odata.Entity, relation string) any {
		switch relation {
		case "principal":
			text, _ := of["principalId"].(string)
			id, _ := csp.ParseID[csp.Principal](text)
			return h.anyPrincipal(c, id)
		case "group":
			text, _ := of["groupId"].(string)
			id, _ := csp.ParseID[csp.Principal](text)
			return h.anyPrincipal(c, id)
		case "roleDefinition":
			text, _ := of["roleDefinitionId"].(string)
			id, _ := csp.ParseID[csp.DirectoryRole](text)
			if r, known := h.World.DirectoryRole(id); known {
				return definitionEntity(r)
			}
		}
		return nil
	}
}

// anyPrincipal is a principal of this directory, or of a partner that has one
// here by GDAP; organizationId says whose it is.
func (h *Handler) anyPrincipal(c *call, id csp.ObjectID) any {
	owner, known := h.World.OwnerOf(id)
	t, isTenant := h.World.Tenant(owner)
	if !known || !isTenant {
		return nil
	}
	e, known := h.objectEntity(t, id)
	if !known {
		return nil
	}
	if owner != c.tenant.ID {
		e = odata.Entity{"@odata.type": e["@odata.type"], "id": id.String(), "displayName": e["displayName"]}
	}
	e["organizationId"] = owner.String()
	return e
}

func (h *Handler) listRoleAssignments(c *call) (reply, *failure) { return c.list(h.roleAssignments(c)) }

func (h *Handler) getRoleAssignment(c *call) (reply, *failure) {
	l := h.roleAssignments(c)
	for _, e := range l.all { // the ids are in base64, where a letter's case matters
		if e["id"] == c.params["assignment"] {
			return c.one(l, e)
		}
	}
	return reply{}, notFound(c.params["assignment"])
}

func (h *Handler) createRoleAssignment(c *call) (reply, *failure) {
	var body struct {
		Principal      string `json:"principalId"`
		Role           string `json:"roleDefinitionId"`
		DirectoryScope string `json:"directoryScopeId"`
		AppScope       string `json:"appScopeId"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	principal, err1 := csp.ParseID[csp.Principal](body.Principal)
	role, err2 := csp.ParseID[csp.DirectoryRole](body.Role)
	switch {
	case err1 != nil:
		return reply{}, badRequest("The principalId '" + wire.Clip(body.Principal) + "' is not valid.")
	case err2 != nil:
		return reply{}, badRequest("The roleDefinitionId '" + wire.Clip(body.Role) + "' is not valid.")
	case body.DirectoryScope == "" && body.AppScope == "":
		return reply{}, badRequest("Either directoryScopeId or appScopeId must be set.")
	case body.DirectoryScope != "/":
		return reply{}, badRequest("This emulator has no administrative units: the directoryScopeId must be '/'.")
	}
	if f := h.mayGiveRole(role); f != nil {
		return reply{}, f
	}
	made, err := c.as().AssignDirectoryRole(world.DirectoryAssignment{Principal: principal, Role: role})
	if err != nil {
		return reply{}, roleFailure(err, principal.String(), role.String())
	}
	l := collection{on: roleAssignmentType, context: "roleManagement/directory/roleAssignments", expand: h.expandRole(c)}
	return c.createdOne(l, assignmentEntity(wireID(made.ID), principal, role, c.tenant.ID), "/roleManagement/directory/roleAssignments/"+wireID(made.ID))
}

// mayGiveRole refuses the roles that nobody can be given by hand. Whoever may
// manage roles may give every other, also those stronger than his own (R15).
func (h *Handler) mayGiveRole(role csp.DirectoryRoleID) *failure {
	if r, known := h.World.DirectoryRole(role); known && r.GDAP == csp.GDAPUnsupported {
		return badRequest("The role '" + r.Name + "' cannot be assigned.")
	}
	return nil
}

// roleFailure is refusalFailure for a role that cannot be given or taken away.
func roleFailure(err error, principal, role string) *failure {
	switch world.LawOf(err) {
	case world.AlreadyAssigned:
		f := badRequest("A conflicting object with one or more of the specified property values is present in the directory.")
		f.details = []detail{{Code: "ConflictingObjects", Message: "A conflicting object with one or more of the specified property values is present in the directory."}}
		return f
	case world.NoSuchRole:
		return notFound(role)
	case world.NotRoleAssignable:
		return badRequest("The group must be created with the isAssignableToRole property set to true to be assigned to a role.")
	case world.LastGlobalAdministrator:
		return badRequest("Operation not permitted: removing the last Global Administrator of the organization.")
	case world.NoSuchAssignment:
		return notFound(principal)
	}
	return refusalFailure(err, principal)
}

func (h *Handler) deleteRoleAssignment(c *call) (reply, *failure) {
	if raw, err := base64.RawURLEncoding.DecodeString(c.params["assignment"]); err == nil && strings.HasPrefix(string(raw), "gdap") && len(raw) == 36 {
		return reply{}, denied() // the partner's relationship gives it, not the directory
	}
	id, known := parseWireID(c.params["assignment"])
	if !known {
		return reply{}, notFound(c.params["assignment"])
	}
	if err := c.as().RemoveDirectoryRole(id); err != nil {
		return reply{}, roleFailure(err, c.params["assignment"], "")
	}
	return noContent()
}

// directoryRoleID is the id a role has in the old interface, where it differs
// from the template's and from tenant to tenant.
func directoryRoleID(t csp.TenantID, role csp.DirectoryRoleID) string {
	id := role
	for i := range id {
		id[i] ^= t[i]
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

func (h *Handler) directoryRoleEntity(t world.Tenant, role csp.DirectoryRoleID) odata.Entity {
	r, _ := h.World.DirectoryRole(role)
	return odata.Entity{
		"@odata.type": "#" + directoryRoleType.Name, "id": directoryRoleID(t.ID, role), "roleTemplateId": role.String(), "displayName": r.Name, "description": nil, "deletedDateTime": nil,
	}
}

func (h *Handler) listTemplates(c *call) (reply, *failure) {
	l := collection{on: directoryRoleType, context: "directoryRoleTemplates", limits: odata.Limits{Default: odata.MaxTop, Most: odata.MaxTop}}
	for _, r := range h.World.DirectoryRoles() {
		l.all = append(l.all, odata.Entity{"id": r.ID.String(), "displayName": r.Name, "description": nil, "deletedDateTime": nil})
	}
	return c.list(l)
}

func (h *Handler) directoryRoles(c *call) collection {
	l := collection{on: directoryRoleType, context: "directoryRoles", limits: odata.Limits{Default: odata.MaxTop, Most: odata.MaxTop}}
	for _, id := range c.tenant.ActivatedRoles() {
		l.all = append(l.all, h.directoryRoleEntity(c.tenant, id))
	}
	l.expand = func(of odata.Entity, _ string) any {
		text, _ := of["roleTemplateId"].(string)
		id, _ := csp.ParseID[csp.DirectoryRole](text)
		return h.objects(c.tenant, h.roleHolders(c, id))
	}
	return l
}

func (h *Handler) listDirectoryRoles(c *call) (reply, *failure) { return c.list(h.directoryRoles(c)) }

// activateDirectoryRole makes the old interface show a role.
func (h *Handler) activateDirectoryRole(c *call) (reply, *failure) {
	var body struct {
		Template string `json:"roleTemplateId"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	id, err := csp.ParseID[csp.DirectoryRole](body.Template)
	if err != nil {
		return reply{}, badRequest("Invalid value specified for property 'roleTemplateId' of resource 'DirectoryRole'.")
	}
	if slices.Contains(c.tenant.ActivatedRoles(), id) {
		return reply{}, badRequest("A conflicting object with one or more of the specified property values is present in the directory.")
	}
	if err := c.as().ActivateRole(id); err != nil {
		return reply{}, roleFailure(err, body.Template, body.Template)
	}
	return c.createdOne(collection{on: directoryRoleType, context: "directoryRoles"}, h.directoryRoleEntity(c.tenant, id), "/directoryRoles/"+directoryRoleID(c.tenant.ID, id))
}

// legacyRole finds the activated role that the path names, by its own id or its
// template's.
func (h *Handler) legacyRole(c *call) (csp.DirectoryRoleID, *failure) {
	for _, id := range c.tenant.ActivatedRoles() {
		if strings.EqualFold(c.params["template"], id.String()) || strings.EqualFold(c.params["role"], directoryRoleID(c.tenant.ID, id)) {
			return id, nil
		}
	}
	return csp.DirectoryRoleID{}, notFound(c.params["role"] + c.params["template"])
}

func (h *Handler) getDirectoryRole(c *call) (reply, *failure) {
	id, f := h.legacyRole(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(h.directoryRoles(c), h.directoryRoleEntity(c.tenant, id))
}

// roleHolders have the role in the directory now, themselves.
func (h *Handler) roleHolders(c *call, role csp.DirectoryRoleID) []csp.ObjectID {
	var list []csp.ObjectID
	for _, a := range c.tenant.DirectoryAssignments() {
		if a.Role == role && !a.Eligible && a.Holds(h.World.Now()) && !slices.Contains(list, a.Principal) {
			list = append(list, a.Principal)
		}
	}
	return list
}

func (h *Handler) listRoleMembers(c *call) (reply, *failure) {
	id, f := h.legacyRole(c)
	if f != nil {
		return reply{}, f
	}
	return c.list(collection{on: objectType, context: "directoryObjects", all: h.objects(c.tenant, h.roleHolders(c, id)), typed: true})
}

func (h *Handler) addRoleMember(c *call) (reply, *failure) {
	role, f := h.legacyRole(c)
	if f != nil {
		return reply{}, f
	}
	id, f := c.reference()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayGiveRole(role); f != nil {
		return reply{}, f
	}
	_, err := c.as().AssignDirectoryRole(world.DirectoryAssignment{Principal: id, Role: role})
	if world.LawOf(err) == world.AlreadyAssigned {
		return reply{}, badRequest("One or more added object references already exist for the following modified properties: 'members'.")
	}
	if err != nil {
		return reply{}, roleFailure(err, id.String(), role.String())
	}
	return noContent()
}

func (h *Handler) removeRoleMember(c *call) (reply, *failure) {
	role, f := h.legacyRole(c)
	if f != nil {
		return reply{}, f
	}
	id, f := c.id("member")
	if f != nil {
		return reply{}, f
	}
	for _, a := range c.tenant.DirectoryAssignments() {
		if a.Role == role && a.Principal == id && !a.Eligible {
			if err := c.as().RemoveDirectoryRole(a.ID); err != nil {
				return reply{}, roleFailure(err, id.String(), role.String())
			}
			return noContent()
		}
	}
	return reply{}, notFound(id.String())
}
