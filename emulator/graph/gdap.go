package graph

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/odata"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// The relationships between partners and customers: what a partner sees of its
// own GDAP relationships (R11), under its own tenant's token.

const (
	readGDAP  = "DelegatedAdminRelationship.Read.All DelegatedAdminRelationship.ReadWrite.All"
	writeGDAP = "DelegatedAdminRelationship.ReadWrite.All"
)

func (h *Handler) gdapRoutes() []route {
	const (
		all  = "/tenantRelationships/delegatedAdminRelationships"
		one  = all + "/{relationship}"
		some = one + "/accessAssignments"
	)
	return []route{
		{"GET", all, readGDAP, "", h.asPartner(h.listGDAP)},
		{"POST", all, writeGDAP, "", h.asAgent(h.createGDAP)},
		{"GET", one, readGDAP, "", h.asPartner(h.getGDAP)},
		{"PATCH", one, writeGDAP, "", h.asAgent(h.patchGDAP)},
		{"DELETE", one, writeGDAP, "", h.asAgent(h.deleteGDAP)},
		{"GET", one + "/requests", readGDAP, "", h.asPartner(h.listGDAPRequests)},
		{"POST", one + "/requests", writeGDAP, "", h.asAgent(h.requestGDAP)},
		{"GET", one + "/requests/{request}", readGDAP, "", h.asPartner(h.getGDAPRequest)},
		{"GET", one + "/operations", readGDAP, "", h.asPartner(h.listGDAPOperations)},
		{"GET", one + "/operations/{operation}", readGDAP, "", h.asPartner(h.getGDAPOperation)},
		{"GET", some, readGDAP, "", h.asPartner(h.listAccess)},
		{"POST", some, writeGDAP, "", h.asAssigner(h.addAccess)},
		{"GET", some + "/{access}", readGDAP, "", h.asPartner(h.getAccess)},
		{"PATCH", some + "/{access}", writeGDAP, "", h.asAssigner(h.patchAccess)},
		{"DELETE", some + "/{access}", writeGDAP, "", h.asAssigner(h.deleteAccess)},
		{"GET", "/tenantRelationships/delegatedAdminCustomers", readGDAP, "", h.asPartner(h.listGDAPCustomers)},
		{"GET", "/tenantRelationships/delegatedAdminCustomers/{customer}", readGDAP, "", h.asPartner(h.getGDAPCustomer)},
		{"GET", "/tenantRelationships/delegatedAdminCustomers/{customer}/serviceManagementDetails", readGDAP, "", h.asPartner(h.listServices)},
		{"GET", "/contracts", readContracts, "microsoft.directory/contracts/standard/read", h.listContracts},
		{"GET", "/contracts/{contract}", readContracts, "microsoft.directory/contracts/standard/read", h.getContract},
	}
}

// asPartner lets in who may look: an application by itself, where Microsoft's
// service is there, or an agent or user administrator with a second factor.
func (h *Handler) asPartner(do operation) operation {
	return h.among(do, []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents, csp.SalesAgents}, globalAdministrator, userAdministrator)
}

// asAgent lets admin agents in.
func (h *Handler) asAgent(do operation) operation {
	return h.among(do, []csp.AgentRole{csp.AdminAgents})
}

// asAssigner lets in who may give roles to groups.
func (h *Handler) asAssigner(do operation) operation {
	return h.among(do, []csp.AgentRole{csp.AdminAgents}, globalAdministrator, userAdministrator)
}

// The directory roles of the partner's tenant that count for GDAP.
var (
	globalAdministrator = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	userAdministrator   = csp.MustParseID[csp.DirectoryRole]("fe930be7-5e62-47db-91af-98c3a49a38b1")
)

func (h *Handler) among(do operation, agents []csp.AgentRole, roles ...csp.DirectoryRoleID) operation {
	return func(c *call) (reply, *failure) {
		if c.isApp() {
			if _, there := c.tenant.ServicePrincipal(registry.PartnerDelegation); !there { // at Microsoft, too, the error says nothing
				return reply{}, &failure{status: http.StatusInternalServerError, code: "unexpectedError", message: "An unexpected error occurred in the server."}
			}
			return do(c)
		}
		who := world.Account{Tenant: c.tenant.ID, Object: c.caller.Object}
		_, isMember := h.World.User(who.Tenant, who.Object)
		agent := slices.ContainsFunc(h.World.EffectiveAgentRoles(who), func(r csp.AgentRole) bool { return slices.Contains(agents, r) })
		staff := slices.ContainsFunc(h.World.RolesOf(who, c.tenant.ID), func(r csp.DirectoryRoleID) bool { return slices.Contains(roles, r) })
		if !isMember || !slices.Contains(c.claims.AMR, "mfa") || !agent && !staff {
			return reply{}, &failure{status: http.StatusForbidden, code: "accessDenied", message: "The user (principal) does not have the required permissions to perform the specified action on the resource."}
		}
		return do(c)
	}
}

var (
	gdapType = &odata.Type{Name: "microsoft.graph.delegatedAdminRelationship", Properties: map[string]odata.Kind{
		"id": odata.Text, "displayName": odata.Text, "duration": odata.Text, "autoExtendDuration": odata.Text, "status": odata.Text,
		"customer": odata.Complex, "accessDetails": odata.Complex,
		"createdDateTime": odata.Time, "lastModifiedDateTime": odata.Time, "activatedDateTime": odata.Time, "endDateTime": odata.Time,
	}}
	accessType = &odata.Type{Name: "microsoft.graph.delegatedAdminAccessAssignment", Properties: map[string]odata.Kind{
		"id": odata.Text, "status": odata.Text, "accessContainer": odata.Complex, "accessDetails": odata.Complex,
		"createdDateTime": odata.Time, "lastModifiedDateTime": odata.Time,
	}}
	requestType = &odata.Type{Name: "microsoft.graph.delegatedAdminRelationshipRequest", Properties: map[string]odata.Kind{
		"id": odata.Text, "action": odata.Text, "status": odata.Text, "createdDateTime": odata.Time, "lastModifiedDateTime": odata.Time,
	}}
	operationType = &odata.Type{Name: "microsoft.graph.delegatedAdminRelationshipOperation", Properties: map[string]odata.Kind{
		"id": odata.Text, "operationType": odata.Text, "status": odata.Text, "data": odata.Text, "createdDateTime": odata.Time, "lastModifiedDateTime": odata.Time,
	}}
	gdapCustomerType = &odata.Type{Name: "microsoft.graph.delegatedAdminCustomer", Properties: map[string]odata.Kind{
		"id": odata.Text, "tenantId": odata.Text, "displayName": odata.Text,
	}}
	serviceType = &odata.Type{Name: "microsoft.graph.delegatedAdminServiceManagementDetail", Properties: map[string]odata.Kind{
		"id": odata.Text, "serviceName": odata.Text, "serviceManagementUrl": odata.Text,
	}}
)

// gdapPages are as large as Microsoft's.
var gdapPages = odata.Limits{Default: 300, Most: 300}

const days = 24 * time.Hour

func (h *Handler) gdapEntity(r gdap.Relationship) odata.Entity {
	e := odata.Entity{
		"@odata.etag": r.ETag(), "id": r.WireID(), "displayName": r.Name, "status": string(r.Status),
		"duration": odata.FormatDuration(time.Duration(r.Days) * days), "autoExtendDuration": "PT0S", "customer": nil, "accessDetails": roleDetails(r.Roles),
		"createdDateTime": odata.Moment(r.Created), "lastModifiedDateTime": odata.Moment(r.Modified),
		"activatedDateTime": odata.Moment(r.Activated), "endDateTime": odata.Moment(r.Ends),
	}
	if r.ExtendDays > 0 {
		e["autoExtendDuration"] = odata.FormatDuration(time.Duration(r.ExtendDays) * days)
	}
	if !r.Customer.IsZero() {
		t, _ := h.World.Tenant(r.Customer)
		e["customer"] = odata.Entity{"tenantId": r.Customer.String(), "displayName": t.Name}
	}
	return e
}

func roleDetails(roles []csp.DirectoryRoleID) odata.Entity {
	list := []odata.Entity{}
	for _, id := range roles {
		list = append(list, odata.Entity{"roleDefinitionId": id.String()})
	}
	return odata.Entity{"unifiedRoles": list}
}

// gdapList answers a query on a list.
func (c *call) gdapList(of string, t *odata.Type, list []odata.Entity) (reply, *failure) {
	return c.list(collection{on: t, context: of, all: list, limits: gdapPages})
}

// single is one entity as it is sent.
func (c *call) single(of string, e odata.Entity) odata.Entity {
	e["@odata.context"] = c.context(of + "/$entity")
	return e
}

const gdapContext = "tenantRelationships/delegatedAdminRelationships"

func (c *call) gdapAddress(r gdap.Relationship) string {
	return c.base + "/" + gdapContext + "/" + r.WireID()
}

// gdap finds the relationship in the path; it must be one of the caller's.
func (h *Handler) gdap(c *call) (gdap.Relationship, *failure) {
	id, err := gdap.ParseID(c.params["relationship"])
	r, known := h.World.Relationship(id)
	if err != nil || !known || r.Partner != c.tenant.ID {
		return r, notFound(c.params["relationship"])
	}
	return r, nil
}

func (h *Handler) listGDAP(c *call) (reply, *failure) {
	var list []odata.Entity
	for _, r := range h.World.Relationships(c.tenant.ID) {
		list = append(list, h.gdapEntity(r))
	}
	return c.gdapList(gdapContext, gdapType, list)
}

func (h *Handler) getGDAP(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	body, f := c.shaped(collection{on: gdapType, context: gdapContext}, h.gdapEntity(r))
	if f != nil {
		return reply{}, f
	}
	return tagged(http.StatusOK, body, r.ETag())
}

func tagged(status int, body odata.Entity, etag string) (reply, *failure) {
	return reply{status: status, body: body, headers: map[string]string{"ETag": etag}}, nil
}

type gdapBody struct {
	DisplayName        *string      `json:"displayName"`
	Duration           *string      `json:"duration"`
	AutoExtendDuration *string      `json:"autoExtendDuration"`
	AccessDetails      *rolesBody   `json:"accessDetails"`
	Customer           *tenantsBody `json:"customer"`
}

type rolesBody struct {
	UnifiedRoles []struct {
		RoleDefinitionID string `json:"roleDefinitionId"`
	} `json:"unifiedRoles"`
}

type tenantsBody struct {
	TenantID string `json:"tenantId"`
}

func (b *rolesBody) ids() ([]csp.DirectoryRoleID, *failure) {
	ids := []csp.DirectoryRoleID{}
	if b == nil {
		return ids, nil
	}
	for _, r := range b.UnifiedRoles {
		id, err := csp.ParseID[csp.DirectoryRole](r.RoleDefinitionID)
		if err != nil {
			return nil, badGDAP("The role definition id '" + wire.Clip(r.RoleDefinitionID) + "' is not valid.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func badGDAP(message string) *failure { return badRequest(message).coded("badRequest") }

// change reads what the body says and leaves out what it does not.
func (b gdapBody) change() (gdap.Change, *failure) {
	change := gdap.Change{Name: b.DisplayName}
	for _, one := range []struct {
		said *string
		into **int
		name string
	}{{b.Duration, &change.Days, "duration"}, {b.AutoExtendDuration, &change.ExtendDays, "autoExtendDuration"}} {
		if one.said == nil {
			continue
		}
		d, err := odata.ParseDuration(*one.said)
		if err != nil || d%days != 0 {
			return change, badGDAP("The " + one.name + " '" + wire.Clip(*one.said) + "' is not valid: want whole days, such as P730D.")
		}
		n := int(d / days)
		*one.into = &n
	}
	if b.AccessDetails != nil {
		roles, f := b.AccessDetails.ids()
		if f != nil {
			return change, f
		}
		change.Roles = roles
	}
	if b.Customer != nil {
		id, err := csp.ParseID[csp.Tenant](b.Customer.TenantID)
		if err != nil {
			return change, badGDAP("The customer's tenantId is not valid.")
		}
		change.Customer = &id
	}
	return change, nil
}

func (h *Handler) createGDAP(c *call) (reply, *failure) {
	var b gdapBody
	if f := c.decode(&b); f != nil {
		return reply{}, f
	}
	change, f := b.change()
	if f != nil {
		return reply{}, f
	}
	ask := gdap.Relationship{Partner: c.tenant.ID, Roles: change.Roles}
	if change.Customer != nil {
		ask.Customer = *change.Customer
	}
	if change.Name != nil {
		ask.Name = *change.Name
	}
	if change.Days != nil {
		ask.Days = *change.Days
	}
	if change.ExtendDays != nil {
		ask.ExtendDays = *change.ExtendDays
	}
	r, err := h.World.CreateRelationship(c.actor, ask)
	if err != nil {
		return reply{}, gdapFailure(err)
	}
	got, _ := tagged(http.StatusCreated, c.single(gdapContext, h.gdapEntity(r)), r.ETag())
	got.headers["Location"] = c.gdapAddress(r)
	return got, nil
}

// ifMatch reads the version that a change is of, which must be said.
func (c *call) ifMatch() (string, *failure) {
	tag := strings.TrimSpace(c.header.Get("If-Match"))
	if tag == "" {
		return "", badGDAP("The If-Match header must be specified.")
	}
	return tag, nil
}

func (h *Handler) patchGDAP(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	tag, f := c.ifMatch()
	if f != nil {
		return reply{}, f
	}
	var b gdapBody
	if f := c.decode(&b); f != nil {
		return reply{}, f
	}
	change, f := b.change()
	if f != nil {
		return reply{}, f
	}
	changed, op, err := h.World.UpdateRelationship(c.actor, r.ID, tag, change)
	if err != nil {
		return reply{}, gdapFailure(err)
	}
	if op != nil {
		return c.accepted(changed, *op)
	}
	return tagged(http.StatusOK, c.single(gdapContext, h.gdapEntity(changed)), changed.ETag())
}

// accepted answers what takes its time with where to look for its end.
func (c *call) accepted(r gdap.Relationship, op gdap.Operation) (reply, *failure) {
	return reply{status: http.StatusAccepted, headers: map[string]string{
		"Location": c.gdapAddress(r) + "/operations/" + op.ID.String(), "Retry-After": "10",
	}}, nil
}

func (h *Handler) deleteGDAP(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	tag, f := c.ifMatch()
	if f != nil {
		return reply{}, f
	}
	if err := h.World.DeleteRelationship(c.actor, r.ID, tag); err != nil {
		return reply{}, gdapFailure(err)
	}
	return noContent()
}

// gdapFailure answers with the code that belongs to the law.
func gdapFailure(err error) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return refusalFailure(err, "")
	}
	switch refusal.Law {
	case world.NoSuchRelationship, world.NoSuchAccess:
		return &failure{status: http.StatusNotFound, code: "notFound", message: refusal.Detail}
	case world.NameTaken, world.AlreadyAssigned:
		return &failure{status: http.StatusConflict, code: "conflict", message: refusal.Detail}
	case world.VersionDiffers:
		return &failure{status: http.StatusPreconditionFailed, code: "preconditionFailed", message: "The ETag does not match the current version of the resource: " + refusal.Detail}
	case world.NotYours:
		return &failure{status: http.StatusForbidden, code: "accessDenied", message: refusal.Detail}
	case world.NoSuchPrincipal:
		return badGDAP("The access container does not exist: " + refusal.Detail)
	}
	return badGDAP(refusal.Detail)
}

func requestEntity(q gdap.Request) odata.Entity {
	return odata.Entity{
		"id": q.ID.String(), "action": q.Action, "status": q.Status,
		"createdDateTime": odata.Moment(q.Created), "lastModifiedDateTime": odata.Moment(q.Modified),
	}
}

// requestGDAP finishes a proposal or ends a relationship. A customer's answer is
// no request that a partner can make.
func (h *Handler) requestGDAP(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	var b struct {
		Action string `json:"action"`
	}
	if f := c.decode(&b); f != nil {
		return reply{}, f
	}
	var (
		q   gdap.Request
		err error
	)
	switch b.Action {
	case "lockForApproval":
		q, err = h.World.LockForApproval(c.actor, r.ID)
	case "terminate":
		q, err = h.World.TerminateRelationship(c.actor, r.ID)
	default:
		return reply{}, badGDAP("The action '" + wire.Clip(b.Action) + "' is not one that a partner can request: want lockForApproval or terminate.")
	}
	if err != nil {
		return reply{}, gdapFailure(err)
	}
	return reply{
		status: http.StatusCreated, body: c.single(gdapContext+"('"+r.WireID()+"')/requests", requestEntity(q)),
		headers: map[string]string{"Location": c.gdapAddress(r) + "/requests/" + q.ID.String()},
	}, nil
}

func (h *Handler) listGDAPRequests(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	var list []odata.Entity
	for _, q := range r.Requests {
		list = append(list, requestEntity(q))
	}
	return c.gdapList(gdapContext+"('"+r.WireID()+"')/requests", requestType, list)
}

func (h *Handler) getGDAPRequest(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	for _, q := range r.Requests {
		if strings.EqualFold(q.ID.String(), c.params["request"]) {
			return ok(c.single(gdapContext+"('"+r.WireID()+"')/requests", requestEntity(q)))
		}
	}
	return reply{}, notFound(c.params["request"])
}

func operationEntity(o gdap.Operation) odata.Entity {
	return odata.Entity{
		"id": o.ID.String(), "operationType": o.Type, "status": o.Status, "data": o.Data,
		"createdDateTime": odata.Moment(o.Created), "lastModifiedDateTime": odata.Moment(o.Modified),
	}
}

func (h *Handler) listGDAPOperations(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	var list []odata.Entity
	for _, o := range r.Operations {
		list = append(list, operationEntity(o))
	}
	return c.gdapList(gdapContext+"('"+r.WireID()+"')/operations", operationType, list)
}

func (h *Handler) getGDAPOperation(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	for _, o := range r.Operations {
		if strings.EqualFold(o.ID.String(), c.params["operation"]) {
			got, _ := ok(c.single(gdapContext+"('"+r.WireID()+"')/operations", operationEntity(o)))
			if o.Status == "notStarted" || o.Status == "running" {
				got.headers = map[string]string{"Retry-After": "10"}
			}
			return got, nil
		}
	}
	return reply{}, notFound(c.params["operation"])
}
