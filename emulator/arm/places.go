package arm

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type subscriptionBody struct {
	ID                  string             `json:"id"`
	SubscriptionID      string             `json:"subscriptionId"`
	TenantID            string             `json:"tenantId"`
	DisplayName         string             `json:"displayName"`
	State               string             `json:"state"`
	AuthorizationSource string             `json:"authorizationSource"`
	ManagedByTenants    []managedBy        `json:"managedByTenants"`
	Tags                map[string]string  `json:"tags,omitempty"`
	Policies            subscriptionPolicy `json:"subscriptionPolicies"`
}

type subscriptionPolicy struct {
	LocationPlacementID string `json:"locationPlacementId"`
	QuotaID             string `json:"quotaId"`
	SpendingLimit       string `json:"spendingLimit"`
}

type managedBy struct {
	TenantID string `json:"tenantId"`
}

func (h *Handler) subscriptionOf(s world.Subscription) subscriptionBody {
	b := subscriptionBody{
		ID: s.Scope().String(), SubscriptionID: s.ID.String(), TenantID: s.Tenant.String(), DisplayName: s.Name,
		State: "Enabled", AuthorizationSource: "RoleBased", ManagedByTenants: []managedBy{}, Tags: s.Tags(),
		Policies: subscriptionPolicy{"Public_2014-09-01", "CSP_2015-05-01", "Off"},
	}
	for _, manager := range h.World.ManagersOf(s.ID) {
		b.ManagedByTenants = append(b.ManagedByTenants, managedBy{manager.String()})
	}
	return b
}

// listSubscriptions shows what the token's tenant has and the caller has any
// role in, and what Lighthouse projects to him (R28, R30): a token of the home
// tenant shows no other subscription of a customer.
func (h *Handler) listSubscriptions(c *call) (reply, *failure) {
	shown := c.tenant.Subscriptions()
	shown = append(shown, h.World.ManagedBy(c.tenant.ID)...)
	shown = slices.DeleteFunc(shown, func(s world.Subscription) bool { return !h.World.Sees(c.caller, s.Scope()) })
	return pageOf(h, c, shown, func(s world.Subscription) string { return s.ID.String() }, h.subscriptionOf)
}

func (h *Handler) getSubscription(c *call) (reply, *failure) {
	s, known := h.World.Subscription(c.route.scope.Subscription())
	if !known || !h.World.Sees(c.caller, c.route.scope) {
		return reply{}, missingScope(c.route.scope)
	}
	if f := h.may(c, "Microsoft.Resources/subscriptions/read", c.route.scope); f != nil {
		return reply{}, f
	}
	return ok(h.subscriptionOf(s))
}

// regions are the locations of the emulated Azure.
var regions = []struct{ name, display, geography string }{
	{"westeurope", "West Europe", "Europe"},
	{"northeurope", "North Europe", "Europe"},
	{"swedencentral", "Sweden Central", "Europe"},
	{"switzerlandnorth", "Switzerland North", "Europe"},
	{"germanywestcentral", "Germany West Central", "Europe"},
	{"uksouth", "UK South", "Europe"},
	{"eastus", "East US", "US"},
	{"westus2", "West US 2", "US"},
	{"southeastasia", "Southeast Asia", "Asia Pacific"},
	{"australiaeast", "Australia East", "Asia Pacific"},
}

func knownRegion(name string) bool {
	for _, r := range regions {
		if strings.EqualFold(strings.ReplaceAll(name, " ", ""), r.name) {
			return true
		}
	}
	return strings.EqualFold(name, "global")
}

func (h *Handler) listLocations(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Resources/subscriptions/locations/read", c.route.scope); f != nil {
		return reply{}, f
	}
	list := make([]any, 0, len(regions))
	for _, r := range regions {
		list = append(list, map[string]any{
			"id": c.route.scope.String() + "/locations/" + r.name, "name": r.name, "displayName": r.display, "regionalDisplayName": "(" + r.geography + ") " + r.display,
			"type": "Region", "metadata": map[string]any{"regionType": "Physical", "geographyGroup": r.geography},
		})
	}
	return listOf(list)
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
	g, known := s.ResourceGroup(c.route.name())
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
	return noContent()
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
	if !knownRegion(body.Location) {
		return reply{}, badRequest("LocationNotAvailableForResourceGroup", "The provided location '"+wire.Clip(body.Location)+"' is not available for resource group.")
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	if g, known := s.ResourceGroup(c.route.name()); known && !strings.EqualFold(g.Location, body.Location) {
		return reply{}, conflict("InvalidResourceGroupLocation", "Invalid resource group location '"+wire.Clip(body.Location)+"'. The Resource group already exists in location '"+g.Location+"'.")
	}
	g, created, err := s.PutResourceGroup(c.actor, c.route.name(), body.Location, body.Tags)
	if err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return putReply(created, resourceGroupOf(g))
}

// patchResourceGroup changes the tags.
func (h *Handler) patchResourceGroup(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Resources/subscriptions/resourceGroups/write", c.route.scope); f != nil {
		return reply{}, f
	}
	g, f := h.findResourceGroup(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Tags map[string]string `json:"tags"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if body.Tags != nil {
		if err := h.World.SetTags(c.actor, g.Scope, body.Tags); err != nil {
			return reply{}, h.refusal(c, err, "write")
		}
		g.Tags = body.Tags
	}
	return ok(resourceGroupOf(g))
}

// deleteResourceGroup removes the group with everything in it.
func (h *Handler) deleteResourceGroup(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Resources/subscriptions/resourceGroups/delete", c.route.scope); f != nil {
		return reply{}, f
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	if _, known := s.ResourceGroup(c.route.name()); !known {
		return reply{}, missingScope(c.route.scope)
	}
	if err := s.DeleteResourceGroup(c.actor, c.route.name()); err != nil {
		return reply{}, h.refusal(c, err, "delete")
	}
	return h.begin(c, false, "", nil)
}
