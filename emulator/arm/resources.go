package arm

import (
	"encoding/json"
	"maps"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type resourceBody struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location,omitempty"`
	Kind       string            `json:"kind,omitempty"`
	SKU        *skuBody          `json:"sku,omitempty"`
	Identity   *identityBody     `json:"identity,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Properties map[string]any    `json:"properties,omitempty"`
}

type skuBody struct {
	Name string `json:"name"`
}

type identityBody struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	TenantID    string `json:"tenantId"`
}

// resourceOf is a resource in full; a list of /resources leaves the properties out.
func (h *Handler) resourceOf(r world.Resource) resourceBody {
	b := briefOf(r)
	b.Properties = maps.Clone(r.Properties)
	if b.Properties == nil {
		b.Properties = make(map[string]any)
	}
	b.Properties["provisioningState"] = "Succeeded"
	s, _ := h.World.Subscription(r.Scope.Subscription())
	switch strings.ToLower(r.Type()) {
	case "microsoft.storage/storageaccounts":
		b.Properties["primaryEndpoints"] = map[string]string{"blob": "https://" + r.Scope.Name() + ".blob.core.windows.net/"}
	case "microsoft.keyvault/vaults":
		b.Properties["vaultUri"], b.Properties["tenantId"] = "https://"+r.Scope.Name()+".vault.azure.net/", s.Tenant.String()
	}
	if !r.Identity.IsZero() {
		b.Identity = &identityBody{"SystemAssigned", r.Identity.String(), s.Tenant.String()}
	}
	return b
}

func briefOf(r world.Resource) resourceBody {
	b := resourceBody{ID: r.Scope.String(), Name: r.Scope.Name(), Type: r.Type(), Location: r.Location, Kind: r.Kind, Tags: r.Tags}
	if r.SKU != "" {
		b.SKU = &skuBody{r.SKU}
	}
	return b
}

func resourceKey(r world.Resource) string { return r.Scope.Key() }

// listResources shows what of a subscription or resource group the caller may read.
func (h *Handler) listResources(c *call) (reply, *failure) {
	kind, f := resourceFilter(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	if c.route.scope.Kind() == csp.ResourceGroupScope && !c.tenantOf(h).Exists(c.route.scope) {
		return reply{}, missingScope(c.route.scope)
	}
	return pageOf(h, c, h.readable(c, kind), resourceKey, briefOf)
}

// resourceFilter reads the one filter clients send here.
func resourceFilter(text string) (kind string, f *failure) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	const start = "resourceType eq '"
	if len(text) <= len(start) || !strings.EqualFold(text[:len(start)], start) || !strings.HasSuffix(text, "'") {
		return "", badRequest("InvalidFilterInQueryString", "Invalid $filter '"+wire.Clip(text)+"' specified in the query string.")
	}
	return text[len(start) : len(text)-1], nil
}

func (h *Handler) listResourcesOfType(c *call) (reply, *failure) {
	return pageOf(h, c, h.readable(c, c.route.actions), resourceKey, h.resourceOf)
}

// readable lists the resources at or below the scope, of the type or of any,
// that the caller may read.
func (h *Handler) readable(c *call, kind string) []world.Resource {
	var list []world.Resource
	for _, r := range h.World.Resources(c.route.scope) {
		if (kind == "" || strings.EqualFold(r.Type(), kind)) && h.may(c, r.Type()+"/read", r.Scope) == nil {
			list = append(list, r)
		}
	}
	return list
}

// findResource asks for the right first: who has none learns nothing.
func (h *Handler) findResource(c *call, action string) (world.Resource, *failure) {
	if f := h.may(c, c.route.actions+"/"+action, c.route.scope); f != nil {
		return world.Resource{}, f
	}
	if name := c.route.scope.ResourceGroup(); name != "" {
		if group, err := csp.ResourceGroupScopeOf(c.route.scope.Subscription(), name); err != nil || !h.World.Exists(group) {
			return world.Resource{}, missingScope(group)
		}
	}
	r, known := h.World.ResourceAt(c.route.scope)
	if !known {
		return world.Resource{}, missingScope(c.route.scope)
	}
	return r, nil
}

func (h *Handler) getResource(c *call) (reply, *failure) {
	r, f := h.findResource(c, "read")
	if f != nil {
		return reply{}, f
	}
	return ok(h.resourceOf(r))
}

type resourceRequest struct {
	Location   string            `json:"location"`
	Kind       string            `json:"kind"`
	SKU        *skuBody          `json:"sku"`
	Tags       map[string]string `json:"tags"`
	Properties map[string]any    `json:"properties"`
}

func (h *Handler) putResource(c *call) (reply, *failure) {
	if f := h.may(c, c.route.actions+"/write", c.route.scope); f != nil {
		return reply{}, f
	}
	var body resourceRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if f := checkResource(c, body); f != nil {
		return reply{}, f
	}
	r := world.Resource{Scope: c.route.scope, Location: body.Location, Kind: body.Kind, Tags: body.Tags, Properties: body.Properties}
	if body.SKU != nil {
		r.SKU = body.SKU.Name
	}
	made, created, err := h.World.PutResource(c.actor, r)
	if err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return putReply(created, h.resourceOf(made))
}

func checkResource(c *call, body resourceRequest) *failure {
	played := []string{"microsoft.compute/virtualmachines/*", "microsoft.storage/storageaccounts/*", "microsoft.keyvault/vaults/*"}
	for _, kind := range played {
		if c.route.kind == kind && body.Location == "" {
			return badRequest("LocationRequired", "The location property is required for this definition.")
		}
	}
	if body.Location != "" && !knownRegion(body.Location) {
		return badRequest("LocationNotAvailableForResourceType", "The provided location '"+wire.Clip(body.Location)+"' is not available for resource type '"+wire.Clip(c.route.actions)+"'.")
	}
	if name := c.route.name(); c.route.kind == played[1] && (len(name) < 3 || len(name) > 24 || strings.ToLower(name) != name || strings.ContainsAny(name, "-_.()")) {
		return badRequest("AccountNameInvalid", wire.Clip(name)+" is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.")
	}
	return nil
}

func (h *Handler) patchResource(c *call) (reply, *failure) {
	r, f := h.findResource(c, "write")
	if f != nil {
		return reply{}, f
	}
	var body resourceRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if body.Tags != nil {
		r.Tags = body.Tags
	}
	merged := maps.Clone(r.Properties)
	if merged == nil {
		merged = make(map[string]any)
	}
	maps.Copy(merged, body.Properties)
	r.Properties = merged
	changed, _, err := h.World.PutResource(c.actor, r)
	if err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return ok(h.resourceOf(changed))
}

// deleteResource answers 204 when nothing is there.
func (h *Handler) deleteResource(c *call) (reply, *failure) {
	if f := h.may(c, c.route.actions+"/delete", c.route.scope); f != nil {
		return reply{}, f
	}
	if _, known := h.World.ResourceAt(c.route.scope); !known {
		return noContent()
	}
	if err := h.World.DeleteResource(c.actor, c.route.scope); err != nil {
		return reply{}, h.refusal(c, err, "delete")
	}
	return h.begin(c, c.route.kind == "microsoft.compute/virtualmachines/*", "westeurope", nil)
}

// tenantOf is the tenant that the scope lies in: the caller's own, or with
// Lighthouse a customer's.
func (c *call) tenantOf(h *Handler) world.Tenant {
	if s, known := h.World.Subscription(c.route.scope.Subscription()); known && s.Tenant != c.tenant.ID {
		if t, known := h.World.Tenant(s.Tenant); known {
			return t
		}
	}
	return c.tenant
}

// listProviders shows the providers that are played, all of them registered.
func (h *Handler) listProviders(c *call) (reply, *failure) {
	if f := h.mayReadProviders(c); f != nil {
		return reply{}, f
	}
	list := make([]any, 0, len(providers))
	for _, p := range providers {
		list = append(list, providerOf(c, p))
	}
	return listOf(list)
}

func (h *Handler) getProvider(c *call) (reply, *failure) {
	if f := h.mayReadProviders(c); f != nil {
		return reply{}, f
	}
	for _, p := range providers {
		if strings.EqualFold(p.namespace, c.route.name()) {
			return ok(providerOf(c, p))
		}
	}
	return reply{}, notFound("InvalidResourceNamespace", "The resource namespace '"+wire.Clip(c.route.name())+"' is invalid.")
}

// registerProvider is what clients ask before they first use a provider. All of
// them are registered in every subscription.
func (h *Handler) registerProvider(c *call) (reply, *failure) {
	if f := h.may(c, c.route.name()+"/register/action", c.route.scope); f != nil {
		return reply{}, f
	}
	return h.getProvider(c)
}

func (h *Handler) mayReadProviders(c *call) *failure {
	if c.route.scope.Subscription().IsZero() {
		return nil
	}
	return h.may(c, "Microsoft.Resources/subscriptions/providers/read", c.route.scope)
}

type provider struct {
	namespace string
	types     map[string]family
}

var providers = []provider{
	{"Microsoft.Authorization", map[string]family{"roleAssignments": roles, "roleDefinitions": roles, "denyAssignments": roles, "locks": locking, "policyAssignments": policing, "policyDefinitions": policing, "roleAssignmentScheduleRequests": activation}},
	{"Microsoft.Compute", map[string]family{"virtualMachines": compute}},
	{"Microsoft.KeyVault", map[string]family{"vaults": keyVault}},
	{"Microsoft.ManagedServices", map[string]family{"registrationDefinitions": managedServices, "registrationAssignments": managedServices}},
	{"Microsoft.Management", map[string]family{"managementGroups": management}},
	{"Microsoft.Resources", map[string]family{"subscriptions": core, "tenants": core, "resourceGroups": core, "tags": core}},
	{"Microsoft.Storage", map[string]family{"storageAccounts": storage}},
}

func providerOf(c *call, p provider) any {
	types := make([]any, 0, len(p.types))
	for name, f := range p.types {
		types = append(types, map[string]any{"resourceType": name, "locations": []string{"West Europe", "North Europe"}, "apiVersions": strings.Fields(f.versions), "capabilities": "None"})
	}
	return map[string]any{
		"id": strings.TrimSuffix(c.route.scope.String(), "/") + "/providers/" + p.namespace, "namespace": p.namespace,
		"registrationPolicy": "RegistrationFree", "registrationState": "Registered", "resourceTypes": types,
	}
}

type tagsBody struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties tagsProperties `json:"properties"`
}

type tagsProperties struct {
	Tags map[string]string `json:"tags"`
}

func tagsOf(scope csp.Scope, tags map[string]string) tagsBody {
	if tags == nil {
		tags = map[string]string{}
	}
	return tagsBody{scope.String() + "/providers/Microsoft.Resources/tags/default", "default", "Microsoft.Resources/tags", tagsProperties{tags}}
}

// tags are those of the place in front, which has to be there.
func (h *Handler) tags(c *call, action string) (map[string]string, *failure) {
	if f := h.may(c, "Microsoft.Resources/tags/"+action, c.route.scope); f != nil {
		return nil, f
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	switch c.route.scope.Kind() {
	case csp.SubscriptionScope:
		return s.Tags(), nil
	case csp.ResourceGroupScope:
		if g, known := s.ResourceGroup(c.route.scope.ResourceGroup()); known {
			return g.Tags, nil
		}
	case csp.ResourceScope:
		if r, known := h.World.ResourceAt(c.route.scope); known {
			return r.Tags, nil
		}
	}
	return nil, missingScope(c.route.scope)
}

func (h *Handler) getTags(c *call) (reply, *failure) {
	tags, f := h.tags(c, "read")
	if f != nil {
		return reply{}, f
	}
	return ok(tagsOf(c.route.scope, tags))
}

func (h *Handler) putTags(c *call) (reply, *failure) {
	return h.changeTags(c, func(_ map[string]string, body tagsRequest) map[string]string { return body.Properties.Tags })
}

type tagsRequest struct {
	Operation  string         `json:"operation"`
	Properties tagsProperties `json:"properties"`
}

// patchTags merges, replaces or deletes, as the body says.
func (h *Handler) patchTags(c *call) (reply, *failure) {
	return h.changeTags(c, func(tags map[string]string, body tagsRequest) map[string]string {
		changed := maps.Clone(tags)
		if changed == nil || strings.EqualFold(body.Operation, "Replace") {
			changed = make(map[string]string)
		}
		if strings.EqualFold(body.Operation, "Delete") {
			maps.DeleteFunc(changed, func(name, value string) bool { return body.Properties.Tags[name] == value })
			return changed
		}
		maps.Copy(changed, body.Properties.Tags)
		return changed
	})
}

func (h *Handler) changeTags(c *call, change func(map[string]string, tagsRequest) map[string]string) (reply, *failure) {
	tags, f := h.tags(c, "write")
	if f != nil {
		return reply{}, f
	}
	var body tagsRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	changed := change(tags, body)
	if len(changed) > maxTags {
		return reply{}, badRequest("TooManyTags", "The resource has more than 50 tags.")
	}
	if err := h.World.SetTags(c.actor, c.route.scope, changed); err != nil {
		return reply{}, h.refusal(c, err, "write")
	}
	return ok(tagsOf(c.route.scope, changed))
}

const maxTags = 50

func (h *Handler) deleteTags(c *call) (reply, *failure) {
	if _, f := h.tags(c, "delete"); f != nil {
		return reply{}, f
	}
	if err := h.World.SetTags(c.actor, c.route.scope, nil); err != nil {
		return reply{}, h.refusal(c, err, "delete")
	}
	return done()
}

// listTagNames shows the names of tags in use in the subscription.
func (h *Handler) listTagNames(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Resources/subscriptions/tagNames/read", c.route.scope); f != nil {
		return reply{}, f
	}
	s, _ := h.World.Subscription(c.route.scope.Subscription())
	count := make(map[string]int)
	note := func(tags map[string]string) {
		for name := range tags {
			count[name]++
		}
	}
	note(s.Tags())
	for _, g := range s.ResourceGroups() {
		note(g.Tags)
	}
	for _, r := range h.World.Resources(s.Scope()) {
		note(r.Tags)
	}
	names := make([]string, 0, len(count))
	for name := range count {
		names = append(names, name)
	}
	return pageOf(h, c, names, func(n string) string { return n }, func(n string) any {
		return map[string]any{"id": s.Scope().String() + "/tagNames/" + n, "tagName": n, "count": map[string]any{"type": "Total", "value": count[n]}, "values": json.RawMessage("[]")}
	})
}
