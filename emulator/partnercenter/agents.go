package partnercenter

import (
	"encoding/json"
	"net/http"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

type roleBody struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Category   string     `json:"category,omitempty"`
	Attributes attributes `json:"attributes"`
}

type memberBody struct {
	ID                string     `json:"id"`
	DisplayName       string     `json:"displayName"`
	UserPrincipalName string     `json:"userPrincipalName"`
	RoleID            string     `json:"roleId"`
	Attributes        attributes `json:"attributes"`
}

// listAgentRoles lists the partner's agent roles; each is the group of that name,
// and has its id (R7).
func (h *Handler) listAgentRoles(c *call) (reply, *failure) {
	items := []roleBody{}
	for _, g := range h.World.AgentGroups(c.partner.ID) {
		items = append(items, roleBody{g.ID.String(), g.Name, "Agent", isA("PartnerRole")})
	}
	return all(c, items)
}

// agentGroup finds the agent group that the path names, by its id or its name.
func (h *Handler) agentGroup(c *call) (world.Group, *failure) {
	for _, g := range h.World.AgentGroups(c.partner.ID) {
		if strings.EqualFold(g.ID.String(), c.names[0]) || strings.EqualFold(g.Name, c.names[0]) {
			return g, nil
		}
	}
	return world.Group{}, notFound("The role")
}

func (h *Handler) listAgents(c *call) (reply, *failure) {
	g, f := h.agentGroup(c)
	if f != nil {
		return reply{}, f
	}
	items := []memberBody{}
	for _, id := range c.partner.Members(g.ID) {
		if u, isUser := h.World.User(c.partner.ID, id); isUser {
			items = append(items, memberOf(u, g.ID.String()))
		}
	}
	return all(c, items)
}

func memberOf(u world.User, role string) memberBody {
	return memberBody{u.ID.String(), u.Name, u.UPN, role, isA("UserMember")}
}

// readMember reads the user that the body of a new membership names.
func (h *Handler) readMember(c *call, in world.Tenant) (world.User, *failure) {
	var ask struct{ ID string }
	if f := c.decode(&ask); f != nil {
		return world.User{}, f
	}
	return h.findUser(in, ask.ID)
}

func (h *Handler) findUser(in world.Tenant, raw string) (world.User, *failure) {
	id, err := csp.ParseID[csp.Principal](raw)
	if err != nil {
		return world.User{}, noSuchUser()
	}
	u, known := h.World.User(in.ID, id)
	if !known {
		return world.User{}, noSuchUser()
	}
	return u, nil
}

// addAgent makes somebody an agent: whoever administers the partner's users can
// do it for himself, too (R8).
func (h *Handler) addAgent(c *call) (reply, *failure) {
	g, f := h.agentGroup(c)
	if f != nil {
		return reply{}, f
	}
	u, f := h.readMember(c, c.partner)
	if f != nil {
		return reply{}, f
	}
	if err := h.World.SetAgent(c.actor, c.partner.ID, g.ID, u.ID, true); err != nil && world.LawOf(err) != world.NameTaken {
		return reply{}, refusalFailure(err)
	}
	return created(memberOf(u, g.ID.String()))
}

func (h *Handler) removeAgent(c *call) (reply, *failure) {
	g, f := h.agentGroup(c)
	if f != nil {
		return reply{}, f
	}
	u, f := h.findUser(c.partner, c.names[1])
	if f != nil {
		return reply{}, f
	}
	if err := h.World.SetAgent(c.actor, c.partner.ID, g.ID, u.ID, false); err != nil {
		return reply{}, refusalFailure(err)
	}
	return done()
}

type relationshipBody struct {
	ID               string     `json:"id"`
	Name             string     `json:"name"`
	RelationshipType string     `json:"relationshipType"`
	State            string     `json:"state"`
	MpnID            string     `json:"mpnId"`
	Location         string     `json:"location"`
	Attributes       attributes `json:"attributes"`
}

// The two ends of a relationship between partners.
const (
	isProvider = "IsIndirectCloudSolutionProviderOf"
	isReseller = "IsIndirectResellerOf"
)

// listRelationships lists a provider's resellers, or a reseller's providers.
func (h *Handler) listRelationships(c *call) (reply, *failure) {
	items := []relationshipBody{}
	ask := c.query.Get("relationship_type")
	switch {
	case strings.EqualFold(ask, isProvider):
		for _, t := range h.World.ResellersOf(c.partner.ID) {
			items = append(items, related(t, isProvider))
		}
	case strings.EqualFold(ask, isReseller):
		for _, t := range h.World.ProvidersOf(c.partner.ID) {
			items = append(items, related(t, isReseller))
		}
	default:
		return reply{}, invalidInput("relationship_type must be " + isProvider + " or " + isReseller + ".")
	}
	return all(c, items)
}

// customerRelationships lists the resellers of the calling provider through whom
// the customer buys.
func (h *Handler) customerRelationships(c *call) (reply, *failure) {
	items := []relationshipBody{}
	for _, t := range h.World.ResellersOf(c.partner.ID) {
		if h.World.IsReseller(t.ID, c.customer.ID) {
			items = append(items, related(t, isProvider))
		}
	}
	return all(c, items)
}

func related(t world.Tenant, kind string) relationshipBody {
	return relationshipBody{ID: t.ID.String(), Name: t.Name, RelationshipType: kind, State: "active", Attributes: isA("PartnerRelationship")}
}

type requestBody struct {
	ID           string     `json:"id"`
	Title        string     `json:"title"`
	Severity     string     `json:"severity"`
	Status       string     `json:"status"`
	Organization orgBody    `json:"organization"`
	CreatedDate  string     `json:"createdDate"`
	Attributes   attributes `json:"attributes"`
}

type orgBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func requestOf(r world.ServiceRequest, customer string) requestBody {
	return requestBody{r.ID.String(), r.Title, "moderate", r.Status, orgBody{r.Customer.String(), customer}, stamp(r.Created), isA("ServiceRequest")}
}

func (h *Handler) listServiceRequests(c *call) (reply, *failure) {
	items := []requestBody{}
	for _, r := range h.World.ServiceRequestsOf(c.partner.ID) {
		if c.customer.ID.IsZero() || c.customer.ID == r.Customer {
			t, _ := h.World.Tenant(r.Customer)
			items = append(items, requestOf(r, t.Name))
		}
	}
	return all(c, items)
}

func (h *Handler) serviceRequest(c *call) (world.ServiceRequest, *failure) {
	for _, r := range h.World.ServiceRequestsOf(c.partner.ID) {
		if strings.EqualFold(r.ID.String(), c.names[0]) {
			return r, nil
		}
	}
	return world.ServiceRequest{}, notFound("The service request")
}

func (h *Handler) getServiceRequest(c *call) (reply, *failure) {
	r, f := h.serviceRequest(c)
	if f != nil {
		return reply{}, f
	}
	t, _ := h.World.Tenant(r.Customer)
	return ok(requestOf(r, t.Name))
}

func (h *Handler) patchServiceRequest(c *call) (reply, *failure) {
	r, f := h.serviceRequest(c)
	if f != nil {
		return reply{}, f
	}
	var ask struct{ Status json.RawMessage }
	if f := c.decode(&ask); f != nil {
		return reply{}, f
	}
	switch status := strings.ToLower(strings.Trim(string(ask.Status), `"`)); status {
	case "open", "closed", "attention_needed":
		r.Status = status
	default:
		return reply{}, invalidProperty("status")
	}
	if err := h.World.SetServiceRequest(c.actor, r); err != nil {
		return reply{}, &failure{status: http.StatusNotFound, code: "1000", description: err.Error()}
	}
	t, _ := h.World.Tenant(r.Customer)
	return ok(requestOf(r, t.Name))
}
