package arm

import (
	"strings"

	"latchkey/csp"
)

type definitionBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties definitionProperties `json:"properties"`
}

type definitionProperties struct {
	RoleName         string           `json:"roleName"`
	Type             string           `json:"type"`
	Description      string           `json:"description"`
	AssignableScopes []string         `json:"assignableScopes"`
	Permissions      []permissionBody `json:"permissions"`
}

type permissionBody struct {
	Actions          []string `json:"actions"`
	NotActions       []string `json:"notActions"`
	DataActions      []string `json:"dataActions"`
	NotDataActions   []string `json:"notDataActions"`
	Condition        string   `json:"condition,omitempty"`
	ConditionVersion string   `json:"conditionVersion,omitempty"`
}

func permissionOf(p csp.Permission) permissionBody {
	b := permissionBody{
		Actions: orEmpty(p.Actions), NotActions: orEmpty(p.NotActions),
		DataActions: orEmpty(p.DataActions), NotDataActions: orEmpty(p.NotDataActions), Condition: p.Condition,
	}
	if p.Condition != "" {
		b.ConditionVersion = "2.0"
	}
	return b
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// definitionID is the id a role definition has when asked for at the scope:
// below a subscription it carries the subscription, above it carries nothing.
// Clients compare it letter by letter with what an assignment says.
func definitionID(scope csp.Scope, id csp.RoleDefinitionID) string {
	prefix := ""
	if s := scope.Subscription(); !s.IsZero() {
		prefix = csp.SubscriptionScopeOf(s).String()
	}
	return prefix + "/providers/Microsoft.Authorization/roleDefinitions/" + id.String()
}

func (h *Handler) definitionOf(c *call, r csp.RoleDefinition) definitionBody {
	b := definitionBody{
		ID: definitionID(c.route.scope, r.ID), Name: r.ID.String(), Type: "Microsoft.Authorization/roleDefinitions",
		Properties: definitionProperties{RoleName: r.Name, Type: "BuiltInRole", AssignableScopes: []string{"/"}},
	}
	if r.Custom {
		b.Properties.Type, b.Properties.AssignableScopes = "CustomRole", []string{}
		for _, s := range c.tenant.Subscriptions() {
			b.Properties.AssignableScopes = append(b.Properties.AssignableScopes, s.Scope().String())
		}
	}
	for _, p := range r.Permissions {
		b.Properties.Permissions = append(b.Properties.Permissions, permissionOf(p))
	}
	return b
}

// mayReadDefinitions: at the root, where only built-in roles and one's own
// tenant's are found, every token will do.
func (h *Handler) mayReadDefinitions(c *call) *failure {
	if c.route.scope.Kind() == csp.RootScope {
		return nil
	}
	return h.may(c, "Microsoft.Authorization/roleDefinitions/read", c.route.scope)
}

func (h *Handler) listRoleDefinitions(c *call) (reply, *failure) {
	if f := h.mayReadDefinitions(c); f != nil {
		return reply{}, f
	}
	want, f := parseFilter(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	var bodies []definitionBody
	for _, r := range c.tenant.Roles() {
		kind := "BuiltInRole"
		if r.Custom {
			kind = "CustomRole"
		}
		if (want.roleName == "" || strings.EqualFold(want.roleName, r.Name)) && (want.kind == "" || strings.EqualFold(want.kind, kind)) {
			bodies = append(bodies, h.definitionOf(c, r))
		}
	}
	return listOf(bodies)
}

func (h *Handler) getRoleDefinition(c *call) (reply, *failure) {
	if f := h.mayReadDefinitions(c); f != nil {
		return reply{}, f
	}
	id, err := csp.ParseID[csp.RoleDefinition](c.route.name)
	if err != nil {
		return reply{}, badRequest("InvalidRoleDefinitionId", "The role definition ID '"+clip(c.route.name)+"' is not valid. The role definition ID must be a GUID.")
	}
	r, known := c.tenant.Role(id)
	if !known {
		return reply{}, notFound("RoleDefinitionDoesNotExist", "The specified role definition with ID '"+bare(id.String())+"' does not exist.")
	}
	return ok(h.definitionOf(c, r))
}

// listPermissions shows the token's holder what he has at the scope.
func (h *Handler) listPermissions(c *call) (reply, *failure) {
	var bodies []permissionBody
	for _, p := range h.World.Permissions(c.caller, c.route.scope) {
		bodies = append(bodies, permissionOf(p))
	}
	return listOf(bodies)
}

type lockBody struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties lockProperties `json:"properties"`
}

type lockProperties struct {
	Level string `json:"level"`
	Notes string `json:"notes,omitempty"`
}

// listLocks shows the locks that hold at the scope, inherited ones included, and
// those below it unless the filter is atScope().
func (h *Handler) listLocks(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Authorization/locks/read", c.route.scope); f != nil {
		return reply{}, f
	}
	want, f := parseFilter(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	var bodies []lockBody
	for _, l := range h.World.Locks(c.route.scope) {
		below := c.route.scope.Contains(l.Scope) && !want.atScope
		if l.Scope.Contains(c.route.scope) || below {
			bodies = append(bodies, lockBody{
				ID: l.Scope.String() + "/providers/Microsoft.Authorization/locks/" + l.Name, Name: l.Name,
				Type: "Microsoft.Authorization/locks", Properties: lockProperties{string(l.Level), l.Notes},
			})
		}
	}
	return listOf(bodies)
}
