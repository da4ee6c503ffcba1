package arm

import (
	"errors"
	"net/http"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
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
	CreatedOn        string           `json:"createdOn,omitempty"`
	UpdatedOn        string           `json:"updatedOn,omitempty"`
	CreatedBy        *string          `json:"createdBy"`
	UpdatedBy        *string          `json:"updatedBy"`
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

func (h *Handler) definitionOf(c *call, t world.Tenant, r csp.RoleDefinition) definitionBody {
	b := definitionBody{
		ID: definitionID(c.route.scope, r.ID), Name: r.ID.String(), Type: "Microsoft.Authorization/roleDefinitions",
		Properties: definitionProperties{RoleName: r.Name, Type: builtInRole, AssignableScopes: []string{"/"}},
	}
	if r.Custom {
		b.Properties.Type, b.Properties.AssignableScopes = customRole, []string{}
		custom, _ := t.CustomRole(r.ID)
		b.Properties.Description = custom.Description
		for _, scope := range custom.Scopes {
			b.Properties.AssignableScopes = append(b.Properties.AssignableScopes, scope.String())
		}
		if len(custom.Scopes) == 0 { // made for the whole tenant
			b.Properties.AssignableScopes = append(b.Properties.AssignableScopes, t.RootGroup().Scope.String())
		}
		b.Properties.stamp(custom)
	}
	for _, p := range r.Permissions {
		b.Properties.Permissions = append(b.Properties.Permissions, permissionOf(p))
	}
	return b
}

const builtInRole, customRole = "BuiltInRole", "CustomRole"

func (p *definitionProperties) stamp(r world.CustomRole) {
	if r.Created.IsZero() {
		return
	}
	p.CreatedOn, p.UpdatedOn = r.Created.Format(dateLayout), r.Updated.Format(dateLayout)
	p.CreatedBy, p.UpdatedBy = orNull(r.CreatedBy.String()), orNull(r.UpdatedBy.String())
}

// mayReadDefinitions: at the root, where only built-in roles and one's own
// tenant's are found, every token will do.
func (h *Handler) mayReadDefinitions(c *call) *failure {
	if c.route.scope.Kind() == csp.RootScope {
		return nil
	}
	return h.may(c, "Microsoft.Authorization/roleDefinitions/read", c.route.scope)
}

// listRoleDefinitions shows what can be assigned at the scope, all at once:
// clients that look for a role by name read one page only.
func (h *Handler) listRoleDefinitions(c *call) (reply, *failure) {
	if f := h.mayReadDefinitions(c); f != nil {
		return reply{}, f
	}
	want, f := definitionFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	t := c.tenantOf(h)
	if want.plain() && c.route.scope.Kind() == csp.RootScope {
		want.below = true
	}
	var bodies []definitionBody
	for _, r := range t.AssignableRoles(c.route.scope, want.below) {
		kind := builtInRole
		if r.Custom {
			kind = customRole
		}
		if (want.roleName == "" || strings.EqualFold(want.roleName, r.Name)) && (want.kind == "" || strings.EqualFold(want.kind, kind)) {
			bodies = append(bodies, h.definitionOf(c, t, r))
		}
	}
	return listOf(bodies)
}

func definitionName(c *call) (csp.RoleDefinitionID, *failure) {
	id, err := csp.ParseID[csp.RoleDefinition](c.route.name())
	if err != nil {
		return id, badRequest("InvalidRoleDefinitionId", "The role definition ID '"+wire.Clip(c.route.name())+"' is not valid. The role definition ID must be a GUID.")
	}
	return id, nil
}

func noSuchDefinition(id csp.RoleDefinitionID) *failure {
	return notFound("RoleDefinitionDoesNotExist", "The specified role definition with ID '"+bare(id.String())+"' does not exist.")
}

func (h *Handler) getRoleDefinition(c *call) (reply, *failure) {
	if f := h.mayReadDefinitions(c); f != nil {
		return reply{}, f
	}
	id, f := definitionName(c)
	if f != nil {
		return reply{}, f
	}
	t := c.tenantOf(h)
	r, known := t.Role(id)
	if !known {
		return reply{}, noSuchDefinition(id)
	}
	return ok(h.definitionOf(c, t, r))
}

type definitionRequest struct {
	Properties *struct {
		RoleName         string           `json:"roleName"`
		Description      string           `json:"description"`
		Type             string           `json:"type"`
		AssignableScopes []string         `json:"assignableScopes"`
		Permissions      []permissionBody `json:"permissions"`
	} `json:"properties"`
}

func (r definitionRequest) read(id csp.RoleDefinitionID) (world.CustomRole, *failure) {
	p := r.Properties
	if p == nil {
		return world.CustomRole{}, badRequest("InvalidRoleDefinitionRequest", "The request to create a role definition is not valid. The 'properties' are required.")
	}
	if p.Type != "" && !strings.EqualFold(p.Type, customRole) {
		return world.CustomRole{}, badRequest("RoleDefinitionTypeNotSupported", "The role definition type '"+wire.Clip(p.Type)+"' is not supported: only CustomRole is.")
	}
	role := world.CustomRole{RoleDefinition: csp.RoleDefinition{ID: id, Name: p.RoleName}, Description: p.Description}
	for _, e := range p.Permissions {
		role.Permissions = append(role.Permissions, csp.Permission{Actions: e.Actions, NotActions: e.NotActions, DataActions: e.DataActions, NotDataActions: e.NotDataActions})
	}
	for _, text := range p.AssignableScopes {
		scope, err := csp.ParseScope(text)
		if err != nil {
			return world.CustomRole{}, badRequest("InvalidAssignableScope", "The assignable scope '"+wire.Clip(text)+"' is not valid.")
		}
		role.Scopes = append(role.Scopes, scope)
	}
	return role, nil
}

// putRoleDefinition makes or changes a custom role, for which the caller needs
// the right at every scope where the role can be assigned.
func (h *Handler) putRoleDefinition(c *call) (reply, *failure) {
	id, f := definitionName(c)
	if f != nil {
		return reply{}, f
	}
	var body definitionRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	role, f := body.read(id)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayAtAll(c, "Microsoft.Authorization/roleDefinitions/write", role.Scopes); f != nil {
		return reply{}, f
	}
	made, err := c.tenant.PutRole(c.actor, role)
	if err != nil {
		return reply{}, definitionRefusal(err, id)
	}
	return reply{status: http.StatusCreated, body: h.definitionOf(c, c.tenant, made.RoleDefinition)}, nil
}

func (h *Handler) mayAtAll(c *call, action string, scopes []csp.Scope) *failure {
	if f := h.may(c, action, c.route.scope); f != nil {
		return f
	}
	for _, scope := range scopes {
		if !h.World.May(c.caller, world.Act{Action: action, Scope: scope}).Allowed {
			return &failure{status: http.StatusForbidden, code: "LinkedAuthorizationFailed", message: "The client '" + c.actor.Name + "' with object id '" + c.caller.Object.String() + "' has permission to perform action '" + action +
				"' on scope '" + c.route.scope.String() + "'; however, it does not have permission to perform action on the linked scope(s) '" + scope.String() + "' or the linked scope(s) are invalid."}
		}
	}
	return nil
}

func definitionRefusal(err error, id csp.RoleDefinitionID) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.NameTaken:
		return conflict("RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name.")
	case world.RoleInUse:
		return badRequest("RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).")
	case world.BuiltIn:
		return &failure{status: http.StatusForbidden, code: "RoleDefinitionIsBuiltIn", message: "The built-in role definition '" + bare(id.String()) + "' cannot be changed or deleted."}
	case world.BadAction:
		return badRequest("InvalidActionOrNotAction", refusal.Detail+" does not match any of the actions supported by the providers.")
	case world.BadScope, world.NoSuchScope:
		return badRequest("InvalidAssignableScope", "The assignable scopes are not valid: "+refusal.Detail+".")
	case world.TooMany:
		return badRequest("RoleDefinitionLimitExceeded", "Role definition limit exceeded. No more role definitions can be created.")
	case world.NoSuchRole:
		return noSuchDefinition(id)
	}
	return badRequest("InvalidRoleDefinitionRequest", refusal.Detail)
}

// deleteRoleDefinition answers 200 with what was removed, or 204.
func (h *Handler) deleteRoleDefinition(c *call) (reply, *failure) {
	id, f := definitionName(c)
	if f != nil {
		return reply{}, f
	}
	standing, known := c.tenant.CustomRole(id)
	if f := h.mayAtAll(c, "Microsoft.Authorization/roleDefinitions/delete", standing.Scopes); f != nil {
		return reply{}, f
	}
	body := h.definitionOf(c, c.tenant, standing.RoleDefinition)
	if _, err := c.tenant.DeleteRole(c.actor, id); err != nil {
		if !known && world.LawOf(err) == world.NoSuchRole {
			return noContent()
		}
		return reply{}, definitionRefusal(err, id)
	}
	return ok(body)
}

// listPermissions shows the token's holder what he has at the scope.
func (h *Handler) listPermissions(c *call) (reply, *failure) {
	var bodies []permissionBody
	for _, p := range h.World.Permissions(c.caller, c.route.scope) {
		bodies = append(bodies, permissionOf(p))
	}
	return listOf(bodies)
}
