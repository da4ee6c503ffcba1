package arm

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
)

type denialBody struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	Properties denialProperties `json:"properties"`
}

type denialProperties struct {
	Name              string           `json:"denyAssignmentName"`
	Description       string           `json:"description"`
	Permissions       []permissionBody `json:"permissions"`
	Scope             string           `json:"scope"`
	ThisScopeOnly     bool             `json:"doNotApplyToChildScopes"`
	Principals        []principalBody  `json:"principals"`
	ExcludePrincipals []principalBody  `json:"excludePrincipals"`
	IsSystemProtected bool             `json:"isSystemProtected"`
	Effect            string           `json:"denyAssignmentEffect"`
	Condition         *string          `json:"condition"`
	ConditionVersion  *string          `json:"conditionVersion"`
}

type principalBody struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	DisplayName string `json:"displayName,omitempty"`
}

// everyone is how Azure writes all principals.
var everyone = principalBody{"00000000-0000-0000-0000-000000000000", "SystemDefined", "All Principals"}

func (h *Handler) denialOf(c *call, d csp.DenyAssignment) denialBody {
	t := c.tenantOf(h)
	named := func(ids []csp.ObjectID) []principalBody {
		list := make([]principalBody, 0, len(ids))
		for _, id := range ids {
			kind, _ := t.Resolve(id)
			list = append(list, principalBody{id.String(), string(kind), t.NameOf(id)})
		}
		return list
	}
	b := denialBody{
		ID: denialID(d), Name: d.ID.String(), Type: "Microsoft.Authorization/denyAssignments",
		Properties: denialProperties{
			Name: d.Name, Permissions: []permissionBody{}, Scope: d.Scope.String(), ThisScopeOnly: d.ThisScopeOnly, IsSystemProtected: true,
			Principals: named(d.Principals), ExcludePrincipals: named(d.Excluded), Effect: "enforced", Condition: orNull(d.Condition),
		},
	}
	if d.Everyone {
		b.Properties.Principals = []principalBody{everyone}
	}
	if d.AuditOnly {
		b.Properties.Effect = "audit"
	}
	if d.Condition != "" {
		b.Properties.ConditionVersion = new("2.0")
	}
	for _, p := range d.Permissions {
		b.Properties.Permissions = append(b.Properties.Permissions, permissionOf(p))
	}
	return b
}

func denialID(d csp.DenyAssignment) string {
	return strings.TrimSuffix(d.Scope.String(), "/") + "/providers/Microsoft.Authorization/denyAssignments/" + d.ID.String()
}

const readDenials = "Microsoft.Authorization/denyAssignments/read"

// listDenials shows deny assignments as listAssignments shows role assignments.
func (h *Handler) listDenials(c *call) (reply, *failure) {
	want, f := denialFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	if f := h.may(c, readDenials, c.route.scope); f != nil {
		return reply{}, f
	}
	t := c.tenantOf(h)
	var list []csp.DenyAssignment
	for _, d := range t.Denials() {
		here := t.Contains(d.Scope, c.route.scope) || !want.atScope && t.Contains(c.route.scope, d.Scope)
		if here && (want.name == "" || strings.EqualFold(want.name, d.Name)) && (want.plain() || names(d, want, t.GroupsOf)) {
			list = append(list, d)
		}
	}
	return pageOf(h, c, list, denialID, func(d csp.DenyAssignment) denialBody { return h.denialOf(c, d) })
}

// names says whether the denial is about the principal that is asked for.
func names(d csp.DenyAssignment, want filter, groupsOf func(csp.ObjectID) []csp.ObjectID) bool {
	ids := []csp.ObjectID{want.principal}
	if !want.assignedTo.IsZero() {
		ids = append(groupsOf(want.assignedTo), want.assignedTo)
	}
	if ids[0].IsZero() && len(ids) == 1 {
		return true
	}
	for _, id := range ids {
		if slices.Contains(d.Principals, id) {
			return true
		}
	}
	return d.Everyone && want.principal.IsZero()
}

func (h *Handler) getDenial(c *call) (reply, *failure) {
	id, err := csp.ParseID[csp.DenyAssignment](c.route.name())
	if err != nil {
		return reply{}, badRequest("InvalidDenyAssignmentId", "The deny assignment ID '"+wire.Clip(c.route.name())+"' is not valid. The deny assignment ID must be a GUID.")
	}
	if f := h.may(c, readDenials, c.route.scope); f != nil {
		return reply{}, f
	}
	for _, d := range c.tenantOf(h).Denials() {
		if d.ID == id && d.Scope.Equal(c.route.scope) {
			return ok(h.denialOf(c, d))
		}
	}
	return reply{}, notFound("DenyAssignmentNotFound", "The deny assignment '"+bare(id.String())+"' is not found.")
}
