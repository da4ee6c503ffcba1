package graph

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) groupRoutes() []route {
	return []route{
		{"GET", "/groups", readGroups, actionReadGroups, h.listGroups},
		{"GET", "/groups/$count", readGroups, actionReadGroups, h.countGroups},
		{"GET", "/groups/delta", readGroups, actionReadGroups, h.deltaGroups},
		{"POST", "/groups", "Group.Create " + writeGroups, "", h.createGroup},
		{"GET", "/groups/{group}", readGroups, actionReadGroups, h.getGroup},
		{"PATCH", "/groups/{group}", writeMembers, "", h.patchGroup},
		{"DELETE", "/groups/{group}", writeGroups, "", h.deleteGroup},
		{"GET", "/groups/{group}/members", readGroups, actionReadMembers, h.listMembers},
		{"GET", "/groups/{group}/members/{cast}", readGroups, actionReadMembers, h.listMembers},
		{"GET", "/groups/{group}/transitiveMembers", readGroups, actionReadMembers, h.listTransitiveMembers},
		{"GET", "/groups/{group}/transitiveMembers/{cast}", readGroups, actionReadMembers, h.listTransitiveMembers},
		{"POST", "/groups/{group}/members/$ref", writeMembers, "", h.addMember},
		{"DELETE", "/groups/{group}/members/{member}/$ref", writeMembers, "", h.removeMember},
		{"DELETE", "/groups/{group}/members/{member}", writeDirectory + " User.ReadWrite.All Group.ReadWrite.All", "", h.deleteMember},
		{"GET", "/groups/{group}/owners", readGroups, actionReadOwners, h.listOwners},
		{"POST", "/groups/{group}/owners/$ref", writeGroups, "", h.addOwner},
		{"DELETE", "/groups/{group}/owners/{owner}/$ref", writeGroups, "", h.removeOwner},
		{"GET", "/groups/{group}/memberOf", readGroups, actionReadGroups, h.groupMemberOf},
		{"GET", "/groups/{group}/transitiveMemberOf", readGroups, actionReadGroups, h.groupMemberOf},
		{"POST", "/groups/{group}/checkMemberGroups", readGroups, actionReadGroups, h.groupCheckMemberGroups},
		{"POST", "/groups/{group}/getMemberGroups", readGroups, actionReadGroups, h.groupMemberGroups},
	}
}

func (h *Handler) groupEntity(t world.Tenant, g world.Group) odata.Entity {
	e := blank(groupType)
	types := []string{}
	if g.Dynamic {
		types = append(types, "DynamicMembership")
		e["membershipRule"], e["membershipRuleProcessingState"] = "(user.accountEnabled -eq true)", "On"
	}
	var assignable any
	if g.RoleAssignable {
		assignable = true
	}
	maps.Copy(e, odata.Entity{
		"id": g.ID.String(), "displayName": g.Name, "mailNickname": strings.ReplaceAll(g.Name, " ", ""), "mailEnabled": false, "securityEnabled": true,
		"isAssignableToRole": assignable, "groupTypes": types, "createdDateTime": odata.Moment(g.Created), "renewedDateTime": odata.Moment(g.Created),
		"onPremisesProvisioningErrors": []odata.Entity{}, "serviceProvisioningErrors": []odata.Entity{},
	})
	maps.Copy(e, t.Details(g.ID))
	return e
}

func (h *Handler) groups(c *call) collection {
	l := collection{on: groupType, context: "groups", expand: h.expandObject(c)}
	for _, g := range c.tenant.Groups() {
		if h.isVisible(g.Created) {
			l.all = append(l.all, h.groupEntity(c.tenant, g))
		}
	}
	return l
}

func (h *Handler) listGroups(c *call) (reply, *failure)  { return c.list(h.groups(c)) }
func (h *Handler) countGroups(c *call) (reply, *failure) { return c.count(h.groups(c)) }

func (c *call) findGroup() (world.Group, *failure) {
	id, err := csp.ParseID[csp.Principal](c.params["group"])
	if err != nil {
		return world.Group{}, badRequest("Invalid object identifier '" + wire.Clip(c.params["group"]) + "'.")
	}
	g, known := c.tenant.Group(id)
	if !known {
		return g, notFound(id.String())
	}
	return g, nil
}

func (h *Handler) getGroup(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: groupType, context: "groups", expand: h.expandObject(c)}, h.groupEntity(c.tenant, g))
}

// mayChangeGroup asks for the right to do something with a group. Its owners may;
// a group for directory roles asks for more than any other (R14): of an
// application the permission to manage roles, of a person a role that may.
func (h *Handler) mayChangeGroup(c *call, g world.Group, permissions, what string) *failure {
	if g.RoleAssignable {
		action := "microsoft.directory/groupsAssignableToRoles/" + strings.NewReplacer("members/update", "allProperties/update", "owners/update", "allProperties/update", "basic/update", "allProperties/update").Replace(what)
		if c.isApp() && !c.hasPermission("RoleManagement.ReadWrite.Directory") && !h.mayInDirectory(c, action) {
			return denied()
		}
		if !c.isApp() && !h.mayInDirectory(c, action) && !slices.Contains(c.tenant.Owners(g.ID), c.caller.Object) {
			return denied()
		}
		return nil
	}
	owns := slices.Contains(c.tenant.Owners(g.ID), c.caller.Object)
	if !h.may(c, permissions, "microsoft.directory/groups/"+what) && !h.may(c, permissions, "microsoft.directory/groups.security/"+what) && (!owns || !c.isApp() && !c.hasPermission(permissions)) {
		return denied()
	}
	return nil
}

// bindings are the ids behind "members@odata.bind" and its like.
type bindings []csp.ObjectID

// UnmarshalJSON reads a list of addresses.
func (b *bindings) UnmarshalJSON(raw []byte) error {
	var addresses []string
	if err := json.Unmarshal(raw, &addresses); err != nil {
		return err
	}
	for _, address := range addresses {
		id, err := referencedID(address)
		if err != nil {
			return err
		}
		*b = append(*b, id)
	}
	return nil
}

// referencedID is the id at the end of an @odata.id; whatever host and version
// stand before it, as with the real service.
func referencedID(address string) (csp.ObjectID, error) {
	address = strings.TrimRight(address, "/")
	last := address[strings.LastIndexAny(address, "/(")+1:]
	return csp.ParseID[csp.Principal](strings.Trim(last, "')"))
}

const maxBound = 20

func (h *Handler) createGroup(c *call) (reply, *failure) {
	var body struct {
		DisplayName     string   `json:"displayName"`
		MailEnabled     *bool    `json:"mailEnabled"`
		MailNickname    string   `json:"mailNickname"`
		SecurityEnabled *bool    `json:"securityEnabled"`
		Assignable      bool     `json:"isAssignableToRole"`
		GroupTypes      []string `json:"groupTypes"`
		Members         bindings `json:"members@odata.bind"`
		Owners          bindings `json:"owners@odata.bind"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	switch {
	case body.DisplayName == "":
		return reply{}, badRequest("A value is required for property 'displayName' of resource 'Group'.")
	case body.MailEnabled == nil:
		return reply{}, badRequest("A value is required for property 'mailEnabled' of resource 'Group'.")
	case body.MailNickname == "" || strings.ContainsAny(body.MailNickname, "@()\\[]\";:.<>, "):
		return reply{}, badRequest("Invalid value specified for property 'mailNickname' of resource 'Group'.")
	case body.SecurityEnabled == nil:
		return reply{}, badRequest("A value is required for property 'securityEnabled' of resource 'Group'.")
	case *body.MailEnabled || !*body.SecurityEnabled || slices.Contains(body.GroupTypes, "Unified"):
		return reply{}, badRequest("The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	case len(body.Members)+len(body.Owners) > maxBound:
		return reply{}, badRequest("Too many references: at most 20 can be bound in one request.")
	}
	if f := h.mayCreateGroup(c, body.Assignable); f != nil {
		return reply{}, f
	}
	details, f := c.details(groupType, "displayName", "mailEnabled", "securityEnabled", "isAssignableToRole", "groupTypes")
	if f != nil {
		return reply{}, f
	}
	for _, id := range slices.Concat(body.Members, body.Owners) {
		if _, known := h.objectEntity(c.tenant, id); !known {
			return reply{}, notFound(id.String())
		}
	}
	g, err := c.as().AddGroup(world.Group{Name: body.DisplayName, RoleAssignable: body.Assignable, Dynamic: slices.Contains(body.GroupTypes, "DynamicMembership")})
	if err != nil {
		return reply{}, refusalFailure(err, body.DisplayName)
	}
	owners := body.Owners
	if !c.isApp() && h.isMember(c) && !slices.Contains(owners, c.caller.Object) {
		owners = append(owners, c.caller.Object) // whoever makes a group owns it
	}
	if err := c.as().SetDetails(g.ID, details); err != nil {
		return reply{}, refusalFailure(err, g.ID.String())
	}
	for _, id := range owners {
		if err := c.as().AddOwner(g.ID, id); err != nil && world.LawOf(err) != world.NameTaken {
			return reply{}, memberFailure(err, "owners", id)
		}
	}
	for _, id := range body.Members {
		if err := c.as().AddMember(g.ID, id); err != nil {
			return reply{}, memberFailure(err, "members", id)
		}
	}
	return c.createdOne(collection{on: groupType, context: "groups"}, h.groupEntity(c.tenant, g), "/groups/"+g.ID.String())
}

func (h *Handler) mayCreateGroup(c *call, assignable bool) *failure {
	if assignable {
		if c.isApp() && c.hasPermission("RoleManagement.ReadWrite.Directory") || h.mayInDirectory(c, "microsoft.directory/groupsAssignableToRoles/create") {
			return nil
		}
		return denied()
	}
	permissions := "Group.Create " + writeGroups
	for _, action := range []string{"microsoft.directory/groups/create", "microsoft.directory/groups.security/create", "microsoft.directory/groups.security/createAsOwner", "microsoft.directory/groups/createAsOwner"} {
		if h.may(c, permissions, action) {
			return nil
		}
	}
	// Members of a directory may make security groups unless it was switched off.
	if !c.isApp() && c.hasPermission(permissions) && h.isMember(c) {
		return nil
	}
	return denied()
}

func (h *Handler) patchGroup(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	var body struct {
		DisplayName *string         `json:"displayName"`
		Assignable  json.RawMessage `json:"isAssignableToRole"`
		Members     bindings        `json:"members@odata.bind"`
		Owners      bindings        `json:"owners@odata.bind"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if body.Assignable != nil {
		return reply{}, badRequest("Property 'isAssignableToRole' is immutable and cannot be updated.")
	}
	details, f := c.details(groupType, "displayName")
	if f != nil {
		return reply{}, f
	}
	if f := h.mayPatchGroup(c, g, body.DisplayName != nil || len(details) > 0, len(body.Members) > 0, len(body.Owners) > 0); f != nil {
		return reply{}, f
	}
	if f := h.bind(c, g, "members", body.Members); f != nil {
		return reply{}, f
	}
	if f := h.bind(c, g, "owners", body.Owners); f != nil {
		return reply{}, f
	}
	if body.DisplayName != nil {
		g.Name = *body.DisplayName
		if err := c.as().SetGroup(g); err != nil {
			return reply{}, refusalFailure(err, g.ID.String())
		}
	}
	if err := c.as().SetDetails(g.ID, details); err != nil {
		return reply{}, refusalFailure(err, g.ID.String())
	}
	return noContent()
}

func (h *Handler) mayPatchGroup(c *call, g world.Group, basic, members, owners bool) *failure {
	for _, ask := range []struct {
		asked             bool
		permissions, what string
	}{{basic, writeGroups, "basic/update"}, {members, writeMembers, "members/update"}, {owners, writeGroups, "owners/update"}} {
		if ask.asked {
			if f := h.mayChangeGroup(c, g, ask.permissions, ask.what); f != nil {
				return f
			}
		}
	}
	return nil
}

// bind adds all of the members or owners, or none.
func (h *Handler) bind(c *call, g world.Group, relation string, ids []csp.ObjectID) *failure {
	if len(ids) > maxBound {
		return badRequest("Too many references: at most 20 can be bound in one request.")
	}
	add, remove := world.Tenant.AddMember, world.Tenant.RemoveMember
	if relation == "owners" {
		add, remove = world.Tenant.AddOwner, world.Tenant.RemoveOwner
	}
	for i, id := range ids {
		if err := add(c.as(), g.ID, id); err != nil {
			for _, done := range ids[:i] {
				if undo := remove(c.as(), g.ID, done); undo != nil {
					return refusalFailure(undo, done.String())
				}
			}
			return memberFailure(err, relation, id)
		}
	}
	return nil
}

// memberFailure is refusalFailure for a reference that cannot be added.
func memberFailure(err error, relation string, id csp.ObjectID) *failure {
	switch world.LawOf(err) {
	case world.NameTaken:
		return badRequest("One or more added object references already exist for the following modified properties: '" + relation + "'.")
	case world.NoNesting:
		return badRequest("Nesting is currently not supported for groups that can be assigned to a role.")
	case world.DynamicMembers:
		return badRequest("Insufficient privileges to complete the operation: the membership of a dynamic group cannot be changed.")
	}
	return refusalFailure(err, id.String())
}

func (h *Handler) deleteGroup(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayChangeGroup(c, g, writeGroups, "delete"); f != nil {
		return reply{}, f
	}
	if err := c.as().RemoveGroup(g.ID); err != nil {
		return reply{}, refusalFailure(err, g.ID.String())
	}
	return noContent()
}

// cast keeps the entities of the type that a path ends with, as in
// members/microsoft.graph.user, or counts them at members/$count.
func (h *Handler) cast(c *call, l collection) (reply, *failure) {
	switch name := strings.ToLower(c.params["cast"]); name {
	case "":
		return c.list(l)
	case "$count":
		return c.count(l)
	case "$ref":
		return reply{}, badRequest("Reading references alone is not supported.").coded("BadRequest")
	case "microsoft.graph.user", "microsoft.graph.group", "microsoft.graph.serviceprincipal", "microsoft.graph.directoryrole":
		for _, t := range []*odata.Type{userType, groupType, principalType, directoryRoleType} {
			if strings.EqualFold(t.Name, name) {
				l.on, l.typed = t, false
				l.context = strings.TrimPrefix(t.Name, "microsoft.graph.") + "s"
			}
		}
		l.all = slices.DeleteFunc(l.all, func(e odata.Entity) bool {
			of, _ := e["@odata.type"].(string)
			return !strings.EqualFold(of, "#"+name)
		})
		return c.list(l)
	}
	return reply{}, badRequest("Resource not found for the segment '" + wire.Clip(c.params["cast"]) + "'.").coded("BadRequest")
}

func (h *Handler) listMembers(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return h.cast(c, collection{on: objectType, context: "directoryObjects", all: h.objects(c.tenant, c.tenant.ListedMembers(g.ID)), typed: true})
}

func (h *Handler) listTransitiveMembers(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return h.cast(c, collection{on: objectType, context: "directoryObjects", all: h.objects(c.tenant, h.transitiveMembers(c.tenant, g.ID)), typed: true})
}

// transitiveMembers are all that are in a group, also through groups, which are
// members themselves.
func (h *Handler) transitiveMembers(t world.Tenant, group csp.ObjectID) []csp.ObjectID {
	var found []csp.ObjectID
	seen := map[csp.ObjectID]bool{group: true}
	look := t.ListedMembers(group)
	for len(look) > 0 {
		id := look[0]
		look = look[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		found = append(found, id)
		look = append(look, t.ListedMembers(id)...)
	}
	return found
}

// reference is the body of a request to a /$ref.
func (c *call) reference() (csp.ObjectID, *failure) {
	var body struct {
		ID string `json:"@odata.id"`
	}
	if f := c.decode(&body); f != nil {
		return csp.ObjectID{}, f
	}
	id, err := referencedID(body.ID)
	if err != nil {
		return id, badRequest("Invalid URL format specified in @odata.id: '" + wire.Clip(body.ID) + "'.")
	}
	return id, nil
}

func (h *Handler) addMember(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayChangeGroup(c, g, writeMembers, "members/update"); f != nil {
		return reply{}, f
	}
	id, f := c.reference()
	if f != nil {
		return reply{}, f
	}
	if err := c.as().AddMember(g.ID, id); err != nil {
		return reply{}, memberFailure(err, "members", id)
	}
	return noContent()
}

func (c *call) id(param string) (csp.ObjectID, *failure) {
	id, err := csp.ParseID[csp.Principal](c.params[param])
	if err != nil {
		return id, badRequest("Invalid object identifier '" + wire.Clip(c.params[param]) + "'.")
	}
	return id, nil
}

func (h *Handler) removeMember(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayChangeGroup(c, g, writeMembers, "members/update"); f != nil {
		return reply{}, f
	}
	id, f := c.id("member")
	if f != nil {
		return reply{}, f
	}
	if err := c.as().RemoveMember(g.ID, id); err != nil {
		return reply{}, memberFailure(err, "members", id)
	}
	return noContent()
}

// deleteMember is the path without its /$ref: it deletes the object, for whoever
// may, as it does at the real service.
func (h *Handler) deleteMember(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	id, f := c.id("member")
	if f != nil {
		return reply{}, f
	}
	if !slices.Contains(c.tenant.Members(g.ID), id) {
		return reply{}, notFound(id.String())
	}
	return h.deleteByID(c, id)
}

func (h *Handler) listOwners(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return c.list(collection{on: objectType, context: "directoryObjects", all: h.objects(c.tenant, c.tenant.Owners(g.ID)), typed: true})
}

func (h *Handler) addOwner(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayChangeGroup(c, g, writeGroups, "owners/update"); f != nil {
		return reply{}, f
	}
	id, f := c.reference()
	if f != nil {
		return reply{}, f
	}
	if err := c.as().AddOwner(g.ID, id); err != nil {
		return reply{}, memberFailure(err, "owners", id)
	}
	return noContent()
}

func (h *Handler) removeOwner(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	if f := h.mayChangeGroup(c, g, writeGroups, "owners/update"); f != nil {
		return reply{}, f
	}
	id, f := c.id("owner")
	if f != nil {
		return reply{}, f
	}
	owners := c.tenant.Owners(g.ID)
	if len(owners) == 1 && owners[0] == id && !c.isApp() && !h.mayInDirectory(c, "microsoft.directory/groups/owners/update") {
		return reply{}, badRequest("The group must have at least one owner, hence this owner cannot be removed.")
	}
	if err := c.as().RemoveOwner(g.ID, id); err != nil {
		return reply{}, memberFailure(err, "owners", id)
	}
	return noContent()
}

// memberOf lists the groups and directory roles of a principal: direct ones, or
// all where the path says transitiveMemberOf.
func (h *Handler) memberOf(c *call, id csp.ObjectID) (reply, *failure) {
	ids := c.tenant.DirectGroupsOf(id)
	if strings.Contains(strings.ToLower(c.path), "/transitivememberof") {
		ids = c.tenant.GroupsOf(id)
	}
	slices.SortFunc(ids, csp.ObjectID.Compare)
	list := h.objects(c.tenant, ids)
	for _, a := range c.tenant.DirectoryAssignments() {
		if a.Principal == id && !a.Eligible && a.Holds(h.World.Now()) {
			list = append(list, h.directoryRoleEntity(c.tenant, a.Role))
		}
	}
	return h.cast(c, collection{on: objectType, context: "directoryObjects", all: list, typed: true})
}

func (h *Handler) groupMemberOf(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return h.memberOf(c, g.ID)
}

// memberGroups lists the ids of all groups, also through groups.
func (h *Handler) memberGroups(c *call, id csp.ObjectID) (reply, *failure) {
	var body struct {
		SecurityEnabledOnly *bool `json:"securityEnabledOnly"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if body.SecurityEnabledOnly == nil {
		return reply{}, badRequest("A value is required for parameter 'securityEnabledOnly'.")
	}
	return c.texts(idTexts(c.tenant.GroupsOf(id)))
}

func (h *Handler) groupMemberGroups(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return h.memberGroups(c, g.ID)
}

func idTexts(ids []csp.ObjectID) []string {
	list := []string{}
	for _, id := range ids {
		list = append(list, id.String())
	}
	slices.Sort(list)
	return list
}

func (c *call) texts(list []string) (reply, *failure) {
	return ok(map[string]any{"@odata.context": c.context("Collection(Edm.String)"), "value": list})
}

// checkMemberGroups says which of the groups the principal is in, also through
// groups.
func (h *Handler) checkMemberGroups(c *call, id csp.ObjectID) (reply, *failure) {
	var body struct {
		GroupIDs []string `json:"groupIds"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if len(body.GroupIDs) == 0 || len(body.GroupIDs) > maxCheckedGroup {
		return reply{}, badRequest("The number of groupIds must be between 1 and 20.")
	}
	in := c.tenant.GroupsOf(id)
	list := []string{}
	for _, text := range body.GroupIDs {
		group, err := csp.ParseID[csp.Principal](text)
		if err != nil {
			return reply{}, badRequest("Invalid GUID: '" + wire.Clip(text) + "'.")
		}
		if slices.Contains(in, group) {
			list = append(list, group.String())
		}
	}
	return c.texts(list)
}

func (h *Handler) groupCheckMemberGroups(c *call) (reply, *failure) {
	g, f := c.findGroup()
	if f != nil {
		return reply{}, f
	}
	return h.checkMemberGroups(c, g.ID)
}
