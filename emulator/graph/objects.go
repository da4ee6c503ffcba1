package graph

import (
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) objectRoutes() []route {
	readObjects := "User.Read.All User.ReadBasic.All Group.Read.All GroupMember.Read.All Application.Read.All " + readDirectory + " User.ReadWrite.All Group.ReadWrite.All Application.ReadWrite.All"
	member := "User.Read " + readObjects
	return []route{
		{"GET", "/directoryObjects/{object}", readObjects, actionReadUsers, h.getObject},
		{"DELETE", "/directoryObjects/{object}", writeDirectory, "", h.deleteObject},
		{"POST", "/directoryObjects/getByIds", readObjects, actionReadUsers, h.getByIDs},
		{"POST", "/directoryObjects/{object}/getMemberGroups", member, "", h.objectMemberGroups},
		{"POST", "/directoryObjects/{object}/getMemberObjects", member, "", h.objectMemberGroups},
		{"POST", "/directoryObjects/{object}/checkMemberGroups", member, "", h.objectCheckMemberGroups},
		{"GET", "/servicePrincipals", readApps, actionReadSPs, h.listPrincipals},
		{"GET", "/servicePrincipals/$count", readApps, actionReadSPs, h.countPrincipals},
		{"GET", "/servicePrincipals/{principal}", readApps, actionReadSPs, h.getPrincipal},
		{"GET", "/servicePrincipals/{appId=client}", readApps, actionReadSPs, h.getPrincipal},
		{"GET", "/servicePrincipals/{object}/memberOf", member, "", h.objectMemberOf},
		{"GET", "/servicePrincipals/{object}/transitiveMemberOf", member, "", h.objectMemberOf},
		{"POST", "/servicePrincipals/{object}/getMemberGroups", member, "", h.objectMemberGroups},
		{"POST", "/servicePrincipals/{object}/checkMemberGroups", member, "", h.objectCheckMemberGroups},
		{"GET", "/applications", readApps, actionReadApps, h.listApplications},
		{"GET", "/applications/{application}", readApps, actionReadApps, h.getApplication},
		{"GET", "/applications/{appId=client}", readApps, actionReadApps, h.getApplication},
		{"GET", "/organization", "User.Read Organization.Read.All Organization.ReadWrite.All " + readDirectory, "", h.listOrganizations},
		{"GET", "/organization/{organization}", "User.Read Organization.Read.All Organization.ReadWrite.All " + readDirectory, "", h.getOrganization},
		{"GET", "/domains", "Domain.Read.All Domain.ReadWrite.All " + readDirectory, "microsoft.directory/domains/standard/read", h.listDomains},
		{"GET", "/domains/{domain}", "Domain.Read.All Domain.ReadWrite.All " + readDirectory, "microsoft.directory/domains/standard/read", h.getDomain},
	}
}

// isVisible says whether a new object has reached the replicas that lists are
// answered from; reading it by its id does not wait for them.
func (h *Handler) isVisible(created time.Time) bool {
	return !h.World.Now().Before(created.Add(h.World.Delays().Principal))
}

// isMember says whether the caller is a member of the directory, and no guest.
func (h *Handler) isMember(c *call) bool {
	u, known := h.World.User(c.tenant.ID, c.caller.Object)
	return known && !u.IsGuest()
}

// objectEntity is the user, group or service principal with the id.
func (h *Handler) objectEntity(t world.Tenant, id csp.ObjectID) (odata.Entity, bool) {
	if u, known := h.World.User(t.ID, id); known {
		return h.userEntity(t, u), true
	}
	if g, known := t.Group(id); known {
		return h.groupEntity(t, g), true
	}
	for _, sp := range t.ServicePrincipals() {
		if sp.ID == id {
			return h.principalEntity(sp), true
		}
	}
	return nil, false
}

// objects are the entities of those ids that name something.
func (h *Handler) objects(t world.Tenant, ids []csp.ObjectID) []odata.Entity {
	list := []odata.Entity{}
	for _, id := range ids {
		if e, known := h.objectEntity(t, id); known {
			list = append(list, e)
		}
	}
	return list
}

// partnerReference is how a directory shows a partner's group (R21).
func (h *Handler) partnerReference(t world.Tenant, id csp.ObjectID) (odata.Entity, bool) {
	if kind, known := t.Resolve(id); !known || kind != csp.ForeignGroup {
		return nil, false
	}
	owner, _ := h.World.OwnerOf(id)
	return odata.Entity{
		"@odata.type": "#microsoft.graph.directoryObjectPartnerReference", "id": id.String(), "deletedDateTime": nil, "description": nil,
		"displayName": t.NameOf(id), "externalPartnerTenantId": owner.String(), "objectType": "Group",
	}, true
}

func (c *call) objectID() (csp.ObjectID, *failure) {
	id, err := csp.ParseID[csp.Principal](c.params["object"])
	if err != nil {
		return id, badRequest("Invalid object identifier '" + wire.Clip(c.params["object"]) + "'.")
	}
	return id, nil
}

func (h *Handler) getObject(c *call) (reply, *failure) {
	id, f := c.objectID()
	if f != nil {
		return reply{}, f
	}
	e, known := h.objectEntity(c.tenant, id)
	if !known {
		if e, known = h.partnerReference(c.tenant, id); !known {
			return reply{}, notFound(id.String())
		}
	}
	return c.one(collection{on: objectType, context: "directoryObjects", typed: true}, e)
}

// deleteObject deletes whatever the id names, as its own collection would.
func (h *Handler) deleteObject(c *call) (reply, *failure) {
	id, f := c.objectID()
	if f != nil {
		return reply{}, f
	}
	return h.deleteByID(c, id)
}

func (h *Handler) deleteByID(c *call, id csp.ObjectID) (reply, *failure) {
	if _, known := h.World.User(c.tenant.ID, id); known {
		c.params["user"] = id.String()
		return h.deleteUser(c)
	}
	if _, known := c.tenant.Group(id); known {
		c.params["group"] = id.String()
		return h.deleteGroup(c)
	}
	return reply{}, notFound(id.String())
}

const (
	maxIDs          = 1000
	maxCheckedGroup = 20
)

// getByIDs names principals; ids that name nothing are left out.
func (h *Handler) getByIDs(c *call) (reply, *failure) {
	var body struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if len(body.IDs) == 0 || len(body.IDs) > maxIDs {
		return reply{}, badRequest("The number of ids must be between 1 and 1000.")
	}
	list := []odata.Entity{}
	for _, text := range body.IDs {
		id, err := csp.ParseID[csp.Principal](text)
		if err != nil {
			return reply{}, badRequest("Invalid GUID: '" + wire.Clip(text) + "'.")
		}
		e, known := h.objectEntity(c.tenant, id)
		if !known {
			if e, known = h.partnerReference(c.tenant, id); !known {
				continue
			}
		}
		kind, _ := e["@odata.type"].(string)
		kind = strings.TrimPrefix(kind, "#microsoft.graph.")
		if len(body.Types) == 0 || slices.ContainsFunc(body.Types, func(t string) bool { return strings.EqualFold(t, kind) || strings.EqualFold(t, "directoryObject") }) {
			list = append(list, e)
		}
	}
	return c.list(collection{on: objectType, context: "directoryObjects", all: list, typed: true, limits: odata.Limits{Default: maxIDs, Most: maxIDs}})
}

// readableObject is the object whose memberships the caller may see.
func (h *Handler) readableObject(c *call) (csp.ObjectID, *failure) {
	id, f := c.objectID()
	if f != nil || id == c.caller.Object {
		return id, f
	}
	if !c.isApp() && !h.mayInDirectory(c, actionReadMember) {
		return id, denied()
	}
	if _, known := h.objectEntity(c.tenant, id); !known {
		return id, notFound(id.String())
	}
	return id, nil
}

func (h *Handler) objectMemberOf(c *call) (reply, *failure) {
	id, f := h.readableObject(c)
	if f != nil {
		return reply{}, f
	}
	return h.memberOf(c, id)
}

func (h *Handler) objectMemberGroups(c *call) (reply, *failure) {
	id, f := h.readableObject(c)
	if f != nil {
		return reply{}, f
	}
	return h.memberGroups(c, id)
}

func (h *Handler) objectCheckMemberGroups(c *call) (reply, *failure) {
	id, f := h.readableObject(c)
	if f != nil {
		return reply{}, f
	}
	return h.checkMemberGroups(c, id)
}

func blank(t *odata.Type) odata.Entity {
	e := odata.Entity{"@odata.type": "#" + t.Name}
	for name, kind := range t.Properties {
		e[name] = nil
		if kind == odata.Texts {
			e[name] = []string{}
		}
	}
	return e
}

func (h *Handler) principalEntity(sp world.ServicePrincipal) odata.Entity {
	app, _ := h.World.App(sp.App)
	e := blank(principalType)
	maps.Copy(e, map[string]any{
		"id": sp.ID.String(), "appId": sp.App.String(), "displayName": sp.Name, "appDisplayName": sp.Name, "appOwnerOrganizationId": odata.OrNull(app.Home.String()),
		"servicePrincipalType": "Application", "signInAudience": audienceOf(app),
		"servicePrincipalNames": append([]string{sp.App.String()}, app.URIs...), "replyUrls": slices.Concat([]string{}, app.RedirectURIs),
		"accountEnabled": !sp.Disabled, "appRoleAssignmentRequired": sp.AssignmentRequired, "createdDateTime": odata.Moment(sp.Created),
		"appRoles": []odata.Entity{}, "oauth2PermissionScopes": []odata.Entity{}, "keyCredentials": []odata.Entity{}, "passwordCredentials": []odata.Entity{},
	})
	if t, known := h.World.Tenant(sp.Tenant); known {
		maps.Copy(e, t.Details(sp.ID))
	}
	return e
}

func audienceOf(app registry.App) string {
	if app.MultiTenant {
		return "AzureADMultipleOrgs"
	}
	return "AzureADMyOrg"
}

func (h *Handler) principals(c *call) collection {
	l := collection{on: principalType, context: "servicePrincipals", expand: h.expandObject(c)}
	for _, sp := range c.tenant.ServicePrincipals() {
		l.all = append(l.all, h.principalEntity(sp))
	}
	return l
}

func (h *Handler) listPrincipals(c *call) (reply, *failure)  { return c.list(h.principals(c)) }
func (h *Handler) countPrincipals(c *call) (reply, *failure) { return c.count(h.principals(c)) }

func (h *Handler) getPrincipal(c *call) (reply, *failure) {
	return c.pick(h.principals(c), map[string]string{"id": c.params["principal"], "appId": c.params["client"]})
}

// pick answers with the entity that has one of the properties.
func (c *call) pick(l collection, by map[string]string) (reply, *failure) {
	wanted := ""
	for name, value := range by {
		if value == "" {
			continue
		}
		wanted = value
		for _, e := range l.all {
			if text, _ := e[name].(string); strings.EqualFold(text, value) {
				return c.one(l, e)
			}
		}
	}
	return reply{}, notFound(wanted)
}

func (h *Handler) applications(c *call) collection {
	l := collection{on: applicationType, context: "applications"}
	for _, app := range c.tenant.Apps() {
		l.all = append(l.all, applicationEntity(c, app))
	}
	return l
}

func registrationID(client registry.ClientID) string {
	slices.Reverse(client[:])
	return client.String()
}

func (h *Handler) listApplications(c *call) (reply, *failure) { return c.list(h.applications(c)) }

func (h *Handler) getApplication(c *call) (reply, *failure) {
	return c.pick(h.applications(c), map[string]string{"id": c.params["application"], "appId": c.params["client"]})
}

func (h *Handler) organization(c *call) collection {
	e := blank(organizationType)
	domains := []odata.Entity{}
	for _, name := range c.tenant.Domains() {
		isDefault := name == c.tenant.DefaultDomain
		domains = append(domains, odata.Entity{"name": name.String(), "isDefault": isDefault, "isInitial": isDefault, "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline"})
	}
	maps.Copy(e, map[string]any{
		"id": c.tenant.ID.String(), "displayName": c.tenant.Name, "tenantType": "AAD", "verifiedDomains": domains, "assignedPlans": []odata.Entity{}, "provisionedPlans": []odata.Entity{},
	})
	if slices.ContainsFunc(h.World.Partnerships(), func(p world.Partnership) bool { return p.Partner == c.tenant.ID }) {
		e["partnerTenantType"] = "microsoftSupport"
	}
	return collection{on: organizationType, context: "organization", all: []odata.Entity{e}}
}

func (h *Handler) listOrganizations(c *call) (reply, *failure) { return c.list(h.organization(c)) }

func (h *Handler) getOrganization(c *call) (reply, *failure) {
	return c.pick(h.organization(c), map[string]string{"id": c.params["organization"]})
}

func (h *Handler) domains(c *call) collection {
	l := collection{on: domainType, context: "domains"}
	for i, name := range c.tenant.Domains() {
		e := blank(domainType)
		maps.Copy(e, map[string]any{
			"id": name.String(), "authenticationType": "Managed", "isAdminManaged": true, "isDefault": name == c.tenant.DefaultDomain, "isInitial": i == 0, "isRoot": true, "isVerified": true,
			"supportedServices": []string{"Email", "OfficeCommunicationsOnline"},
		})
		l.all = append(l.all, e)
	}
	return l
}

func (h *Handler) listDomains(c *call) (reply, *failure) { return c.list(h.domains(c)) }

func (h *Handler) getDomain(c *call) (reply, *failure) {
	return c.pick(h.domains(c), map[string]string{"id": c.params["domain"]})
}

// expandObject gives the relations of users, groups and service principals, at
// most twenty objects of each, as the real service does.
func (h *Handler) expandObject(c *call) func(odata.Entity, string) any {
	return func(of odata.Entity, relation string) any {
		text, _ := of["id"].(string)
		id, err := csp.ParseID[csp.Principal](text)
		if err != nil {
			return nil
		}
		var ids []csp.ObjectID
		switch relation {
		case "members":
			ids = c.tenant.ListedMembers(id)
		case "transitiveMembers":
			ids = h.transitiveMembers(c.tenant, id)
		case "owners":
			ids = c.tenant.Owners(id)
		case "memberOf":
			ids = c.tenant.DirectGroupsOf(id)
		case "transitiveMemberOf":
			ids = c.tenant.GroupsOf(id)
		default:
			return nil
		}
		const most = 20
		return h.objects(c.tenant, ids[:min(len(ids), most)])
	}
}
