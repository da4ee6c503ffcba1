package partnercenter

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
)

// operation is one thing that can be asked for, and who may.
type operation struct {
	method string
	// path is what stands after /v1; a star stands for any one segment. The star
	// after "customers" is the customer.
	path string
	do   func(*call) (reply, *failure)
	who  who
}

// who may ask.
type who struct {
	// apps: an application by itself may, too.
	apps bool
	// agents are the agent roles of which one is enough (R9).
	agents []csp.AgentRole
	// company are the directory roles in the partner's tenant of which one is
	// enough; where alsoCompany is set, one is needed beside the agent role.
	company     []csp.DirectoryRoleID
	alsoCompany bool
	// directory is what the caller must be allowed to do in the customer's
	// directory, through the customer's delegation (R10-R13).
	directory string
}

// The directory roles that count in a partner's own company (R6).
var (
	globalAdministrator  = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	userAdministrator    = csp.MustParseID[csp.DirectoryRole]("fe930be7-5e62-47db-91af-98c3a49a38b1")
	billingAdministrator = csp.MustParseID[csp.DirectoryRole]("b0f54661-2d74-4c50-afa3-1ec803f12efe")
)

func (h *Handler) operations() []operation {
	var (
		anyAgent   = []csp.AgentRole{csp.AdminAgents, csp.SalesAgents, csp.HelpdeskAgents}
		sellers    = []csp.AgentRole{csp.AdminAgents, csp.SalesAgents}
		helpers    = []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents}
		admins     = []csp.AgentRole{csp.AdminAgents}
		staff      = []csp.DirectoryRoleID{globalAdministrator, userAdministrator}
		management = []csp.DirectoryRoleID{globalAdministrator, userAdministrator, billingAdministrator}

		seeCustomers = who{apps: true, agents: anyAgent}
		sell         = who{apps: true, agents: sellers}
		sellInPerson = who{agents: sellers}
		administer   = who{agents: admins}
		support      = who{agents: helpers}
		kill         = who{agents: admins, company: []csp.DirectoryRoleID{globalAdministrator}, alsoCompany: true}
	)
	inDirectory := func(action string) who { return who{agents: anyAgent, directory: action} }
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []operation{
		{get, "customers", h.listCustomers, seeCustomers},
		{post, "customers", h.createCustomer, sell},
		{get, "customers/relationshiprequests", h.relationshipRequest, sellInPerson},
		{get, "customers/*", h.getCustomer, seeCustomers},
		{patch, "customers/*", h.patchCustomer, administer},
		{del, "customers/*", h.deleteCustomer, administer},
		{get, "customers/*/profiles/billing", h.getBillingProfile, sell},
		{put, "customers/*/profiles/billing", h.putBillingProfile, sell},
		{get, "customers/*/profiles/company", h.getCompanyProfile, seeCustomers},
		{get, "customers/*/relationships", h.customerRelationships, sell},
		{http.MethodHead, "domains/*", h.headDomain, seeCustomers},

		{get, "customers/*/subscriptions", h.listSubscriptions, sell},
		{get, "customers/*/subscriptions/*", h.getSubscription, sell},
		{patch, "customers/*/subscriptions/*", h.patchSubscription, sell},
		{get, "customers/*/subscriptions/*/azureEntitlements", h.listEntitlements, sell},
		{get, "customers/*/subscriptions/*/azureEntitlements/*", h.getEntitlement, sell},
		{patch, "customers/*/subscriptions/*/azureEntitlements/*", h.patchEntitlement, kill},
		{post, "customers/*/subscriptions/*/azureEntitlements/*/cancel", h.cancelEntitlement, kill},
		{post, "customers/*/subscriptions/*/azureEntitlements/*/reactivate", h.reactivateEntitlement, kill},

		{get, "customers/*/users", h.listUsers, inDirectory("microsoft.directory/users/standard/read")},
		{post, "customers/*/users", h.createUser, inDirectory("microsoft.directory/users/create")},
		{get, "customers/*/users/*", h.getUser, inDirectory("microsoft.directory/users/standard/read")},
		{patch, "customers/*/users/*", h.patchUser, inDirectory("microsoft.directory/users/basic/update")},
		{del, "customers/*/users/*", h.deleteUser, inDirectory("microsoft.directory/users/delete")},
		{get, "customers/*/users/*/directoryroles", h.rolesOfUser, inDirectory("microsoft.directory/roleAssignments/standard/read")},
		{get, "customers/*/directoryroles", h.listDirectoryRoles, inDirectory("microsoft.directory/roleDefinitions/standard/read")},
		{get, "customers/*/directoryroles/*/usermembers", h.listRoleMembers, inDirectory("microsoft.directory/roleAssignments/standard/read")},
		{post, "customers/*/directoryroles/*/usermembers", h.addRoleMember, inDirectory("microsoft.directory/roleAssignments/allProperties/allTasks")},
		{del, "customers/*/directoryroles/*/usermembers/*", h.removeRoleMember, inDirectory("microsoft.directory/roleAssignments/allProperties/allTasks")},
		{post, "customers/*/applicationconsents", h.consent, who{agents: admins, directory: "microsoft.directory/servicePrincipals/create"}},
		{del, "customers/*/applicationconsents/*", h.withdrawConsent, who{agents: admins, directory: "microsoft.directory/servicePrincipals/delete"}},

		{get, "relationships", h.listRelationships, sell},
		{get, "roles", h.listAgentRoles, who{agents: anyAgent, company: management}},
		{get, "roles/*/usermembers", h.listAgents, who{agents: anyAgent, company: management}},
		{post, "roles/*/usermembers", h.addAgent, who{company: staff}},
		{del, "roles/*/usermembers/*", h.removeAgent, who{company: staff}},
		{get, "auditrecords", h.listAuditRecords, who{agents: admins, company: []csp.DirectoryRoleID{globalAdministrator}}},
		{get, "servicerequests", h.listServiceRequests, support},
		{get, "servicerequests/*", h.getServiceRequest, support},
		{patch, "servicerequests/*", h.patchServiceRequest, support},
		{get, "customers/*/servicerequests", h.listServiceRequests, support},
	}
}

var pathLimits = wire.PathLimits{Bytes: 2048, Segments: 16}

// find takes the address apart and finds the operation. Empty segments are
// dropped and letters compare in either case; nothing is redirected.
func (h *Handler) find(c *call, at *url.URL) (operation, *failure) {
	segments, err := wire.Segments(at.EscapedPath(), pathLimits)
	switch {
	case errors.Is(err, wire.ErrPathTooLong):
		return operation{}, &failure{status: http.StatusRequestURITooLong, code: "800002", description: "The path is too long."}
	case errors.Is(err, wire.ErrPath):
		return operation{}, invalidInput("The path could not be read.")
	case err != nil:
		return operation{}, notFound("The address")
	}
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		return operation{}, invalidInput("The query could not be read.")
	}
	c.query = query
	if len(segments) < 2 || !strings.EqualFold(segments[0], "v1") {
		return operation{}, notFound("The address")
	}
	c.path = segments[1:]
	allowed := false
	for _, op := range h.routes {
		names, fits := match(op.path, c.path)
		if !fits {
			continue
		}
		if op.method == c.method {
			c.names = names
			return op, nil
		}
		allowed = true
	}
	if allowed {
		return operation{}, &failure{status: http.StatusMethodNotAllowed, code: "0", description: "The method " + wire.Clip(c.method) + " is not supported here."}
	}
	return operation{}, notFound("The address")
}

func match(pattern string, path []string) (names []string, fits bool) {
	want := strings.Split(pattern, "/")
	if len(want) != len(path) {
		return nil, false
	}
	for i, segment := range path {
		switch {
		case want[i] == "*":
			names = append(names, segment)
		case !strings.EqualFold(want[i], segment):
			return nil, false
		}
	}
	return names, true
}

// ofCustomer says whether the operation's first name is a customer's.
func (op operation) ofCustomer() bool { return strings.HasPrefix(op.path, "customers/*") }

// admit asks whether the caller may do what he asks for.
func (h *Handler) admit(c *call, op operation) *failure {
	if c.app && !op.who.apps {
		return &failure{status: http.StatusForbidden, code: "900329", description: "Application only authentication is not supported for this operation: it needs app and user."}
	}
	if !c.app && !c.isOneOf(op.who) {
		return accessDenied("The user has none of the roles that this operation needs.")
	}
	if !op.ofCustomer() {
		return nil
	}
	if f := h.findCustomer(c); f != nil {
		return f
	}
	if op.who.directory != "" {
		return h.admitToDirectory(c, op.who.directory)
	}
	return nil
}

func (v visitor) isOneOf(w who) bool {
	agent := slices.ContainsFunc(w.agents, func(r csp.AgentRole) bool { return slices.Contains(v.agents, r) })
	company := slices.ContainsFunc(w.company, func(r csp.DirectoryRoleID) bool { return slices.Contains(v.roles, r) })
	if w.alsoCompany {
		return agent && company
	}
	return agent || company
}

// findCustomer reads the customer in the path; it must be one of the partner's.
func (h *Handler) findCustomer(c *call) *failure {
	id, err := csp.ParseID[csp.Tenant](c.names[0])
	if err != nil {
		return invalidInput("The customer id " + wire.Clip(c.names[0]) + " is no GUID.")
	}
	t, known := h.World.Tenant(id)
	if !known {
		return noSuchTenant()
	}
	if !h.World.IsReseller(c.partner.ID, id) {
		return noRelationship(c.partner.ID, id)
	}
	c.customer = t
	return nil
}
