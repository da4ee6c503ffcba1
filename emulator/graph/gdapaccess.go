package graph

import (
	"net/http"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/odata"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func accessEntity(a gdap.AccessAssignment) odata.Entity {
	return odata.Entity{
		"@odata.etag": a.ETag(), "id": a.ID.String(), "status": string(a.Status), "accessDetails": roleDetails(a.Roles),
		"accessContainer": odata.Entity{"accessContainerId": a.Group.String(), "accessContainerType": "securityGroup"},
		"createdDateTime": odata.Moment(a.Created), "lastModifiedDateTime": odata.Moment(a.Modified),
	}
}

func accessContext(r gdap.Relationship) string {
	return gdapContext + "('" + r.WireID() + "')/accessAssignments"
}

func (h *Handler) listAccess(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return reply{}, f
	}
	var list []odata.Entity
	for _, a := range r.Access {
		list = append(list, accessEntity(a))
	}
	return c.gdapList(accessContext(r), accessType, list)
}

func (h *Handler) access(c *call) (gdap.Relationship, gdap.AccessAssignment, *failure) {
	r, f := h.gdap(c)
	if f != nil {
		return r, gdap.AccessAssignment{}, f
	}
	for _, a := range r.Access {
		if strings.EqualFold(a.ID.String(), c.params["access"]) {
			return r, a, nil
		}
	}
	return r, gdap.AccessAssignment{}, notFound(c.params["access"])
}

func (h *Handler) getAccess(c *call) (reply, *failure) {
	r, a, f := h.access(c)
	if f != nil {
		return reply{}, f
	}
	body, f := c.shaped(collection{on: accessType, context: accessContext(r)}, accessEntity(a))
	if f != nil {
		return reply{}, f
	}
	return tagged(http.StatusOK, body, a.ETag())
}

type accessBody struct {
	AccessContainer *struct {
		ID   string `json:"accessContainerId"`
		Type string `json:"accessContainerType"`
	} `json:"accessContainer"`
	AccessDetails *rolesBody `json:"accessDetails"`
}

func (h *Handler) addAccess(c *call) (reply, *failure) {
	r, f := h.gdap(c)
	if f != nil || r.Status != csp.GDAPActive {
		return reply{}, badGDAP("The passed in delegatedAdminRelationshipId is invalid.")
	}
	var b accessBody
	if f := c.decode(&b); f != nil {
		return reply{}, f
	}
	if b.AccessContainer == nil || !strings.EqualFold(b.AccessContainer.Type, "securityGroup") {
		return reply{}, badGDAP("The accessContainer must be a securityGroup.")
	}
	group, err := csp.ParseID[csp.Principal](b.AccessContainer.ID)
	if err != nil {
		return reply{}, badGDAP("The access container does not exist: '" + wire.Clip(b.AccessContainer.ID) + "' is no id.")
	}
	roles, f := b.AccessDetails.ids()
	if f != nil {
		return reply{}, f
	}
	a, err := h.World.AddAccessAssignment(c.actor, r.ID, gdap.AccessAssignment{Group: group, Roles: roles})
	if err != nil {
		return reply{}, gdapFailure(err)
	}
	got, _ := tagged(http.StatusCreated, c.single(accessContext(r), accessEntity(a)), a.ETag())
	got.headers["Location"] = c.gdapAddress(r) + "/accessAssignments/" + a.ID.String()
	return got, nil
}

// patchAccess gives a group other roles. That takes its time: the answer says
// where to look, unless nothing changes.
func (h *Handler) patchAccess(c *call) (reply, *failure) {
	r, a, f := h.access(c)
	if f != nil {
		return reply{}, f
	}
	tag, f := c.ifMatch()
	if f != nil {
		return reply{}, f
	}
	var b accessBody
	if f := c.decode(&b); f != nil {
		return reply{}, f
	}
	roles, f := b.AccessDetails.ids()
	if f != nil {
		return reply{}, f
	}
	changed, op, err := h.World.UpdateAccessAssignment(c.actor, r.ID, a.ID, tag, roles)
	if err != nil {
		return reply{}, gdapFailure(err)
	}
	if op != nil {
		return c.accepted(r, *op)
	}
	return tagged(http.StatusOK, c.single(accessContext(r), accessEntity(changed)), changed.ETag())
}

func (h *Handler) deleteAccess(c *call) (reply, *failure) {
	r, a, f := h.access(c)
	if f != nil {
		return reply{}, f
	}
	tag, f := c.ifMatch()
	if f != nil {
		return reply{}, f
	}
	if err := h.World.DeleteAccessAssignment(c.actor, r.ID, a.ID, tag); err != nil {
		return reply{}, gdapFailure(err)
	}
	return noContent()
}

// gdapCustomers lists the customers that the partner has, or had, a GDAP
// relationship with, by name.
func (h *Handler) gdapCustomers(partner csp.TenantID) []world.Tenant {
	var list []world.Tenant
	seen := make(map[csp.TenantID]bool)
	for _, r := range h.World.Relationships(partner) {
		if r.Activated.IsZero() || seen[r.Customer] {
			continue
		}
		seen[r.Customer] = true
		if t, known := h.World.Tenant(r.Customer); known {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b world.Tenant) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return a.ID.Compare(b.ID)
	})
	return list
}

const gdapCustomersContext = "tenantRelationships/delegatedAdminCustomers"

func gdapCustomerEntity(t world.Tenant) odata.Entity {
	return odata.Entity{"id": t.ID.String(), "tenantId": t.ID.String(), "displayName": t.Name}
}

func (h *Handler) listGDAPCustomers(c *call) (reply, *failure) {
	var list []odata.Entity
	for _, t := range h.gdapCustomers(c.tenant.ID) {
		list = append(list, gdapCustomerEntity(t))
	}
	return c.gdapList(gdapCustomersContext, gdapCustomerType, list)
}

func (h *Handler) gdapCustomer(c *call) (world.Tenant, *failure) {
	for _, t := range h.gdapCustomers(c.tenant.ID) {
		if strings.EqualFold(t.ID.String(), c.params["customer"]) {
			return t, nil
		}
	}
	return world.Tenant{}, notFound(c.params["customer"])
}

func (h *Handler) getGDAPCustomer(c *call) (reply, *failure) {
	t, f := h.gdapCustomer(c)
	if f != nil {
		return reply{}, f
	}
	return ok(c.single(gdapCustomersContext, gdapCustomerEntity(t)))
}

// services are the portals in which a partner works for a customer, with the
// customer's domain in the place of %.
var services = []struct{ name, address string }{
	{"Azure", "https://portal.azure.com/%"},
	{"Exchange", "https://admin.exchange.microsoft.com/?delegatedOrg=%"},
	{"Microsoft 365", "https://admin.microsoft.com/Partner/BeginClientSession.aspx?CTID=%"},
	{"Microsoft Entra ID", "https://entra.microsoft.com/%"},
}

func (h *Handler) listServices(c *call) (reply, *failure) {
	t, f := h.gdapCustomer(c)
	if f != nil {
		return reply{}, f
	}
	var list []odata.Entity
	for _, s := range services {
		list = append(list, odata.Entity{
			"id": strings.ReplaceAll(s.name, " ", ""), "serviceName": s.name,
			"serviceManagementUrl": strings.ReplaceAll(s.address, "%", t.DefaultDomain.String()),
		})
	}
	return c.gdapList(gdapCustomersContext+"('"+t.ID.String()+"')/serviceManagementDetails", serviceType, list)
}

const readContracts = "Directory.Read.All Directory.ReadWrite.All Directory.AccessAsUser.All"

var contractType = &odata.Type{Name: "microsoft.graph.contract", Directory: true, Properties: map[string]odata.Kind{
	"id": odata.Text, "contractType": odata.Text, "customerId": odata.Text, "defaultDomainName": odata.Text, "displayName": odata.Text, "deletedDateTime": odata.Time,
}}

// contracts are the reseller relationships of the caller's tenant as a partner.
func (h *Handler) contracts(c *call) []odata.Entity {
	var list []odata.Entity
	for _, t := range h.World.CustomersOf(c.tenant.ID) {
		list = append(list, odata.Entity{
			"id": h.World.ContractID(c.tenant.ID, t.ID), "contractType": "ResellerPartnerContract", "customerId": t.ID.String(),
			"defaultDomainName": t.DefaultDomain.String(), "displayName": t.Name, "deletedDateTime": nil,
		})
	}
	return list
}

func (h *Handler) listContracts(c *call) (reply, *failure) {
	return c.gdapList("contracts", contractType, h.contracts(c))
}

func (h *Handler) getContract(c *call) (reply, *failure) {
	for _, e := range h.contracts(c) {
		if id, _ := e["id"].(string); strings.EqualFold(id, c.params["contract"]) {
			return ok(c.single("contracts", e))
		}
	}
	return reply{}, notFound(c.params["contract"])
}
