package arm

import (
	"net/http"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// list is the body of every collection.
type list[T any] struct {
	Value []T `json:"value"`
}

func listOf[T any](values []T) (reply, *failure) {
	if values == nil {
		values = []T{}
	}
	return ok(list[T]{values})
}

type subscriptionBody struct {
	ID                  string             `json:"id"`
	SubscriptionID      string             `json:"subscriptionId"`
	TenantID            string             `json:"tenantId"`
	DisplayName         string             `json:"displayName"`
	State               string             `json:"state"`
	AuthorizationSource string             `json:"authorizationSource"`
	ManagedByTenants    []any              `json:"managedByTenants"`
	Policies            subscriptionPolicy `json:"subscriptionPolicies"`
}

type subscriptionPolicy struct {
	LocationPlacementID string `json:"locationPlacementId"`
	QuotaID             string `json:"quotaId"`
	SpendingLimit       string `json:"spendingLimit"`
}

func subscriptionOf(s world.Subscription) subscriptionBody {
	return subscriptionBody{
		ID: s.Scope().String(), SubscriptionID: s.ID.String(), TenantID: s.Tenant.String(), DisplayName: s.Name,
		State: "Enabled", AuthorizationSource: "RoleBased", ManagedByTenants: []any{},
		Policies: subscriptionPolicy{"Public_2014-09-01", "CSP_2015-05-01", "Off"},
	}
}

// listSubscriptions shows what the token's tenant has and the caller has any
// role in (R30): a token of the home tenant shows no customer's subscription.
func (h *Handler) listSubscriptions(c *call) (reply, *failure) {
	var bodies []subscriptionBody
	for _, s := range c.tenant.Subscriptions() {
		if h.World.Sees(c.caller, s.Scope()) {
			bodies = append(bodies, subscriptionOf(s))
		}
	}
	return listOf(bodies)
}

func (h *Handler) getSubscription(c *call) (reply, *failure) {
	s, known := h.World.Subscription(c.route.scope.Subscription())
	if !known || !h.World.Sees(c.caller, c.route.scope) {
		return reply{}, missingScope(c.route.scope)
	}
	if f := h.may(c, "Microsoft.Resources/subscriptions/read", c.route.scope); f != nil {
		return reply{}, f
	}
	return ok(subscriptionOf(s))
}

type tenantBody struct {
	ID            string       `json:"id"`
	TenantID      string       `json:"tenantId"`
	Category      string       `json:"tenantCategory"`
	DisplayName   string       `json:"displayName"`
	DefaultDomain csp.Domain   `json:"defaultDomain"`
	Domains       []csp.Domain `json:"domains"`
	Type          string       `json:"tenantType"`
}

// listTenants shows the tenants the person is a member or a guest of; those he
// only administers for a partner are not listed. An application sees its own.
func (h *Handler) listTenants(c *call) (reply, *failure) {
	shown := []world.Tenant{c.tenant}
	if u, known := h.World.User(c.caller.Tenant, c.caller.Object); known {
		shown = h.World.TenantsOf(u.Account())
	}
	var bodies []tenantBody
	for _, t := range shown {
		bodies = append(bodies, tenantBody{
			ID: "/tenants/" + t.ID.String(), TenantID: t.ID.String(), Category: "Home", DisplayName: t.Name,
			DefaultDomain: t.DefaultDomain, Domains: t.Domains(), Type: "AAD",
		})
	}
	return listOf(bodies)
}

type resourceGroupBody struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Properties provisioned       `json:"properties"`
}

type provisioned struct {
	State string `json:"provisioningState"`
}

func resourceGroupOf(g world.ResourceGroup) resourceGroupBody {
	return resourceGroupBody{
		ID: g.Scope.String(), Name: g.Scope.Name(), Type: "Microsoft.Resources/resourceGroups",
		Location: g.Location, Tags: g.Tags, Properties: provisioned{"Succeeded"},
	}
}

const readGroups = "Microsoft.Resources/subscriptions/resourceGroups/read"

// listResourceGroups shows those the caller may read, all or some.
func (h *Handler) listResourceGroups(c *call) (reply, *failure) {
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	var bodies []resourceGroupBody
	for _, g := range s.ResourceGroups() {
		if h.may(c, readGroups, g.Scope) == nil {
			bodies = append(bodies, resourceGroupOf(g))
		}
	}
	return listOf(bodies)
}

func (h *Handler) findResourceGroup(c *call) (world.ResourceGroup, *failure) {
	if f := h.may(c, readGroups, c.route.scope); f != nil {
		return world.ResourceGroup{}, f
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	g, known := s.ResourceGroup(c.route.name)
	if !known {
		return g, missingScope(c.route.scope)
	}
	return g, nil
}

func (h *Handler) getResourceGroup(c *call) (reply, *failure) {
	g, f := h.findResourceGroup(c)
	if f != nil {
		return reply{}, f
	}
	return ok(resourceGroupOf(g))
}

func (h *Handler) headResourceGroup(c *call) (reply, *failure) {
	if _, f := h.findResourceGroup(c); f != nil {
		return reply{}, f
	}
	return reply{status: http.StatusNoContent}, nil
}

func (h *Handler) putResourceGroup(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Resources/subscriptions/resourceGroups/write", c.route.scope); f != nil {
		return reply{}, f
	}
	var body struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if body.Location == "" {
		return reply{}, badRequest("LocationRequired", "The location property is required for this definition.")
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	g, created, err := s.PutResourceGroup(c.actor, c.route.name, body.Location, body.Tags)
	if err != nil {
		return reply{}, refusalFailure(err, csp.RoleAssignment{Scope: c.route.scope}, c.tenant)
	}
	if created {
		return reply{http.StatusCreated, resourceGroupOf(g)}, nil
	}
	return ok(resourceGroupOf(g))
}
