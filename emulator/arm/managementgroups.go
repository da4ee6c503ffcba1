package arm

import (
	"errors"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

const (
	readManagement   = "Microsoft.Management/managementGroups/read"
	writeManagement  = "Microsoft.Management/managementGroups/write"
	deleteManagement = "Microsoft.Management/managementGroups/delete"
	managementType   = "Microsoft.Management/managementGroups"
)

type managementBody struct {
	ID         string               `json:"id"`
	Type       string               `json:"type"`
	Name       string               `json:"name"`
	Properties managementProperties `json:"properties"`
}

type managementProperties struct {
	TenantID    string             `json:"tenantId"`
	DisplayName string             `json:"displayName"`
	Details     *managementDetails `json:"details,omitempty"`
	Children    *[]childBody       `json:"children,omitempty"`
}

type managementDetails struct {
	Version   int         `json:"version"`
	Parent    *parentBody `json:"parent,omitempty"`
	Ancestors []string    `json:"managementGroupAncestors,omitempty"`
}

type parentBody struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

type childBody struct {
	ID          string       `json:"id"`
	Type        string       `json:"type"`
	Name        string       `json:"name"`
	DisplayName string       `json:"displayName"`
	Children    *[]childBody `json:"children,omitempty"`
}

func managementOf(c *call, g world.ManagementGroup) managementBody {
	return managementBody{
		ID: g.Scope.String(), Type: managementType, Name: g.Scope.Name(),
		Properties: managementProperties{TenantID: c.tenant.ID.String(), DisplayName: g.Name},
	}
}

// detailed adds where the group lies and, if asked for, what lies in it.
func detailed(c *call, g world.ManagementGroup) managementBody {
	b := managementOf(c, g)
	b.Properties.Details = &managementDetails{Version: 1}
	above := c.tenant.Chain(g.Scope)[1:]
	for i, a := range above {
		if i == 0 {
			b.Properties.Details.Parent = &parentBody{a.Scope.String(), a.Scope.Name(), a.Name}
		}
		b.Properties.Details.Ancestors = append(b.Properties.Details.Ancestors, a.Scope.Name())
	}
	if strings.EqualFold(c.query.Get("$expand"), "children") {
		children := childrenOf(c, g, strings.EqualFold(c.query.Get("$recurse"), "true"))
		b.Properties.Children = &children
	}
	return b
}

func childrenOf(c *call, g world.ManagementGroup, recurse bool) []childBody {
	groups, subscriptions := c.tenant.Children(g.Scope)
	list := make([]childBody, 0, len(groups)+len(subscriptions))
	for _, child := range groups {
		b := childBody{ID: child.Scope.String(), Type: managementType, Name: child.Scope.Name(), DisplayName: child.Name}
		if recurse {
			below := childrenOf(c, child, true)
			b.Children = &below
		}
		list = append(list, b)
	}
	for _, s := range subscriptions {
		list = append(list, childBody{ID: s.Scope().String(), Type: "/subscriptions", Name: s.ID.String(), DisplayName: s.Name})
	}
	return list
}

// listManagementGroups shows those the caller may read.
func (h *Handler) listManagementGroups(c *call) (reply, *failure) {
	var shown []world.ManagementGroup
	for _, g := range c.tenant.AllManagementGroups() {
		if h.may(c, readManagement, g.Scope) == nil {
			shown = append(shown, g)
		}
	}
	return pageOf(h, c, shown, func(g world.ManagementGroup) string { return g.Scope.Key() }, func(g world.ManagementGroup) managementBody { return managementOf(c, g) })
}

// getEntities shows groups and subscriptions that the caller may read, as the
// portal's tree does.
func (h *Handler) getEntities(c *call) (reply, *failure) {
	type entity struct {
		id, kind, name, display string
		parent                  csp.Scope
	}
	var list []entity
	for _, g := range c.tenant.AllManagementGroups() {
		if h.may(c, readManagement, g.Scope) == nil {
			e := entity{g.Scope.String(), managementType, g.Scope.Name(), g.Name, csp.Scope{}}
			if chain := c.tenant.Chain(g.Scope); len(chain) > 1 {
				e.parent = chain[1].Scope
			}
			list = append(list, e)
		}
	}
	for _, s := range c.tenant.Subscriptions() {
		if h.World.Sees(c.caller, s.Scope()) {
			list = append(list, entity{s.Scope().String(), "/subscriptions", s.ID.String(), s.Name, c.tenant.Chain(s.Scope())[0].Scope})
		}
	}
	return pageOf(h, c, list, func(e entity) string { return e.id }, func(e entity) any {
		return map[string]any{"id": e.id, "type": e.kind, "name": e.name, "properties": map[string]any{
			"tenantId": c.tenant.ID.String(), "displayName": e.display, "parent": map[string]string{"id": e.parent.String()}, "permissions": "view",
		}}
	})
}

// findManagementGroup asks for the right first: who has none learns nothing.
func (h *Handler) findManagementGroup(c *call, action string) (world.ManagementGroup, *failure) {
	if f := h.may(c, action, c.route.scope); f != nil {
		return world.ManagementGroup{}, f
	}
	g, known := c.tenant.ManagementGroup(c.route.names[0])
	if !known {
		return g, missingScope(c.route.scope)
	}
	return g, nil
}

func (h *Handler) getManagementGroup(c *call) (reply, *failure) {
	g, f := h.findManagementGroup(c, readManagement)
	if f != nil {
		return reply{}, f
	}
	return ok(detailed(c, g))
}

type managementRequest struct {
	Properties struct {
		DisplayName string `json:"displayName"`
		Details     struct {
			Parent struct {
				ID string `json:"id"`
			} `json:"parent"`
		} `json:"details"`
	} `json:"properties"`
	// PATCH has them at the top.
	DisplayName string `json:"displayName"`
	Parent      string `json:"parentGroupId"`
}

func (r managementRequest) parent() (csp.Scope, *failure) {
	id := r.Properties.Details.Parent.ID
	if id == "" {
		id = r.Parent
	}
	if id == "" {
		return csp.Scope{}, nil
	}
	scope, err := csp.ParseScope(id)
	if err != nil || scope.Kind() != csp.ManagementGroupScope {
		return scope, badRequest("InvalidRequestContent", "'"+wire.Clip(id)+"' is not the id of a management group.")
	}
	return scope, nil
}

// putManagementGroup makes a group, for which anybody's token will do as long as
// it lands below a group he may write; or changes one.
func (h *Handler) putManagementGroup(c *call) (reply, *failure) {
	var body managementRequest
	if len(c.body) > 0 {
		if f := decode(c.body, &body); f != nil {
			return reply{}, f
		}
	}
	display := body.Properties.DisplayName
	if display == "" {
		display = body.DisplayName
	}
	return h.writeManagementGroup(c, display, body)
}

func (h *Handler) patchManagementGroup(c *call) (reply, *failure) {
	g, f := h.findManagementGroup(c, writeManagement)
	if f != nil {
		return reply{}, f
	}
	var body managementRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if body.DisplayName == "" {
		body.DisplayName = g.Name
	}
	return h.writeManagementGroup(c, body.DisplayName, body)
}

func (h *Handler) writeManagementGroup(c *call, display string, body managementRequest) (reply, *failure) {
	parent, f := body.parent()
	if f != nil {
		return reply{}, f
	}
	asked := parent
	if parent.IsZero() {
		asked = c.tenant.RootGroup().Scope
	}
	if _, known := c.tenant.ManagementGroup(c.route.names[0]); known {
		asked = c.route.scope
	}
	if f := h.may(c, writeManagement, asked); f != nil {
		return reply{}, f
	}
	g, _, err := c.tenant.PutManagementGroup(c.actor, c.route.names[0], display, parent)
	if err != nil {
		return reply{}, managementRefusal(err, c.route.scope)
	}
	return ok(detailed(c, g))
}

func managementRefusal(err error, scope csp.Scope) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.NoSuchScope:
		return missingScope(scope)
	case world.NotEmpty:
		return badRequest("BadRequest", "Permission to delete the management group denied: "+refusal.Detail+".")
	}
	return badRequest("BadRequest", refusal.Detail)
}

func (h *Handler) deleteManagementGroup(c *call) (reply, *failure) {
	if _, known := c.tenant.ManagementGroup(c.route.names[0]); !known && h.may(c, deleteManagement, c.tenant.RootGroup().Scope) == nil {
		return noContent()
	}
	if _, f := h.findManagementGroup(c, deleteManagement); f != nil {
		return reply{}, f
	}
	if err := c.tenant.DeleteManagementGroup(c.actor, c.route.names[0]); err != nil {
		return reply{}, managementRefusal(err, c.route.scope)
	}
	return done()
}

// listDescendants shows everything below the group, groups and subscriptions.
func (h *Handler) listDescendants(c *call) (reply, *failure) {
	g, f := h.findManagementGroup(c, readManagement)
	if f != nil {
		return reply{}, f
	}
	type descendant struct{ id, kind, name, display, parent string }
	var list []descendant
	var walk func(world.ManagementGroup)
	walk = func(in world.ManagementGroup) {
		groups, subscriptions := c.tenant.Children(in.Scope)
		for _, s := range subscriptions {
			list = append(list, descendant{s.Scope().String(), managementType + "/subscriptions", s.ID.String(), s.Name, in.Scope.String()})
		}
		for _, child := range groups {
			list = append(list, descendant{child.Scope.String(), managementType, child.Scope.Name(), child.Name, in.Scope.String()})
			walk(child)
		}
	}
	walk(g)
	return pageOf(h, c, list, func(d descendant) string { return d.id }, func(d descendant) any {
		return map[string]any{"id": d.id, "type": d.kind, "name": d.name, "properties": map[string]any{"displayName": d.display, "parent": map[string]string{"id": d.parent}}}
	})
}

func (h *Handler) groupSubscriptionOf(c *call, s world.Subscription) any {
	parent := c.tenant.Chain(s.Scope())[0].Scope.String()
	return map[string]any{
		"id": parent + "/subscriptions/" + s.ID.String(), "type": managementType + "/subscriptions", "name": s.ID.String(),
		"properties": map[string]any{"tenant": c.tenant.ID.String(), "displayName": s.Name, "state": "Active", "parent": map[string]string{"id": parent}},
	}
}

func (h *Handler) listGroupSubscriptions(c *call) (reply, *failure) {
	g, f := h.findManagementGroup(c, readManagement)
	if f != nil {
		return reply{}, f
	}
	_, subscriptions := c.tenant.Children(g.Scope)
	return pageOf(h, c, subscriptions, func(s world.Subscription) string { return s.ID.String() }, func(s world.Subscription) any { return h.groupSubscriptionOf(c, s) })
}

// findGroupSubscription finds the subscription that the path names behind a group.
func (h *Handler) findGroupSubscription(c *call, action string) (world.Subscription, *failure) {
	if _, f := h.findManagementGroup(c, action); f != nil {
		return world.Subscription{}, f
	}
	id, err := csp.ParseID[csp.Subscription](c.route.names[1])
	if err != nil {
		return world.Subscription{}, badRequest("InvalidSubscriptionId", "The provided subscription identifier '"+wire.Clip(c.route.names[1])+"' is malformed or invalid.")
	}
	s, known := h.World.Subscription(id)
	if !known || s.Tenant != c.tenant.ID {
		return world.Subscription{}, missingScope(csp.SubscriptionScopeOf(id))
	}
	return s, nil
}

func (h *Handler) getGroupSubscription(c *call) (reply, *failure) {
	s, f := h.findGroupSubscription(c, readManagement)
	if f != nil {
		return reply{}, f
	}
	if !c.tenant.Chain(s.Scope())[0].Scope.Equal(c.route.scope) {
		return reply{}, missingScope(s.Scope())
	}
	return ok(h.groupSubscriptionOf(c, s))
}

// placeSubscription moves a subscription, which takes the right on it as well:
// whoever puts it elsewhere changes who has what in it.
func (h *Handler) placeSubscription(c *call) (reply, *failure) {
	return h.moveSubscription(c, c.route.scope)
}

// unplaceSubscription moves it back below the root group.
func (h *Handler) unplaceSubscription(c *call) (reply, *failure) {
	return h.moveSubscription(c, c.tenant.RootGroup().Scope)
}

func (h *Handler) moveSubscription(c *call, to csp.Scope) (reply, *failure) {
	s, f := h.findGroupSubscription(c, "Microsoft.Management/managementGroups/subscriptions/"+map[string]string{put: "write", del: "delete"}[c.method])
	if f != nil {
		return reply{}, f
	}
	if f := h.may(c, "Microsoft.Authorization/roleAssignments/write", s.Scope()); f != nil {
		return reply{}, f
	}
	if err := c.tenant.As(c.actor).Place(s.Scope(), to); err != nil {
		return reply{}, managementRefusal(err, to)
	}
	if c.method == del {
		return noContent()
	}
	return ok(h.groupSubscriptionOf(c, s))
}
