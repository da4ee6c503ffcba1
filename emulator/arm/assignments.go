package arm

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/world"
)

const (
	readAssignments  = "Microsoft.Authorization/roleAssignments/read"
	writeAssignments = "Microsoft.Authorization/roleAssignments/write"
	deleteAssignment = "Microsoft.Authorization/roleAssignments/delete"
)

type assignmentBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties assignmentProperties `json:"properties"`
}

type assignmentProperties struct {
	RoleDefinitionID string  `json:"roleDefinitionId"`
	PrincipalID      string  `json:"principalId"`
	PrincipalType    string  `json:"principalType"`
	Scope            string  `json:"scope"`
	Condition        *string `json:"condition"`
	ConditionVersion *string `json:"conditionVersion"`
	Description      *string `json:"description"`
	CreatedOn        string  `json:"createdOn"`
	UpdatedOn        string  `json:"updatedOn"`
	CreatedBy        *string `json:"createdBy"`
	UpdatedBy        *string `json:"updatedBy"`
	DelegatedManaged *string `json:"delegatedManagedIdentityResourceId"`
}

func assignmentOf(a world.Assignment) assignmentBody {
	const layout = "2006-01-02T15:04:05.0000000Z"
	b := assignmentBody{
		ID: assignmentID(a.Scope, a.Name), Name: a.Name.String(), Type: "Microsoft.Authorization/roleAssignments",
		Properties: assignmentProperties{
			RoleDefinitionID: definitionID(a.Scope, a.Role), PrincipalID: a.Principal.String(), PrincipalType: string(a.PrincipalType),
			Scope: a.Scope.String(), CreatedOn: a.Created.Format(layout), UpdatedOn: a.Updated.Format(layout),
			Description: orNull(a.Description), Condition: orNull(a.Condition),
			CreatedBy: orNull(a.CreatedBy.String()), UpdatedBy: orNull(a.UpdatedBy.String()),
		},
	}
	if a.Condition != "" {
		b.Properties.ConditionVersion = new("2.0")
	}
	return b
}

func assignmentID(scope csp.Scope, name csp.RoleAssignmentID) string {
	return strings.TrimSuffix(scope.String(), "/") + "/providers/Microsoft.Authorization/roleAssignments/" + name.String()
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// listAssignments shows, without a filter, what stands at, above and below the
// scope; atScope() leaves out what is below. principalId takes the id as it is,
// assignedTo also takes the groups the principal is in now.
func (h *Handler) listAssignments(c *call) (reply, *failure) {
	want, f := parseFilter(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	if want.atScope && !want.principal.IsZero() {
		return reply{}, badRequest("UnsupportedQuery", "The filter atScope() cannot be combined with principalId.")
	}
	if c.route.scope.Kind() == csp.RootScope && !want.atScope {
		return reply{}, badRequest("UnsupportedQuery", "At the scope '/' the filter atScope() is required.")
	}
	if f := h.may(c, readAssignments, c.route.scope); f != nil {
		return reply{}, f
	}
	found := c.tenant.AssignmentsAbove(c.route.scope)
	if !want.atScope {
		found = append(found, c.tenant.AssignmentsBelow(c.route.scope)...)
	}
	var wanted []csp.ObjectID
	switch {
	case !want.principal.IsZero():
		wanted = []csp.ObjectID{want.principal}
	case !want.assignedTo.IsZero():
		wanted = append(c.tenant.GroupsOf(want.assignedTo), want.assignedTo)
	}
	var bodies []assignmentBody
	for _, a := range found {
		if wanted == nil || slices.Contains(wanted, a.Principal) {
			bodies = append(bodies, assignmentOf(a))
		}
	}
	return listOf(bodies)
}

func assignmentName(c *call) (csp.RoleAssignmentID, *failure) {
	name, err := csp.ParseID[csp.RoleAssignment](c.route.name)
	if err != nil {
		return name, badRequest("InvalidRoleAssignmentId", "The role assignment ID '"+clip(c.route.name)+"' is not valid. The role assignment ID must be a GUID.")
	}
	return name, nil
}

func (h *Handler) getAssignment(c *call) (reply, *failure) {
	name, f := assignmentName(c)
	if f != nil {
		return reply{}, f
	}
	if f := h.may(c, readAssignments, c.route.scope); f != nil {
		return reply{}, f
	}
	a, err := c.tenant.Assignment(c.route.scope, name)
	if err != nil {
		return reply{}, notFound("RoleAssignmentNotFound", "The role assignment '"+bare(name.String())+"' is not found.")
	}
	return ok(assignmentOf(a))
}

// putAssignment creates an assignment (201), or changes the description and
// condition of the one with the same name (200).
func (h *Handler) putAssignment(c *call) (reply, *failure) {
	name, f := assignmentName(c)
	if f != nil {
		return reply{}, f
	}
	asked, f := readAssignment(c.body)
	if f != nil {
		return reply{}, f
	}
	asked.Name, asked.Scope = name, c.route.scope
	if f := h.mayWrite(c, asked); f != nil {
		return reply{}, f
	}
	made, created, err := c.tenant.PutAssignment(c.actor, asked)
	if err != nil {
		return reply{}, refusalFailure(err, asked, c.tenant)
	}
	if created {
		return reply{http.StatusCreated, assignmentOf(made)}, nil
	}
	return ok(assignmentOf(made))
}

// mayWrite judges a write with what is asked for, and with what stands there
// under the same name if something does. The principal's type is the one it
// has, not the one the caller says.
func (h *Handler) mayWrite(c *call, asked csp.RoleAssignment) *failure {
	if kind, known := c.tenant.Resolve(asked.Principal); known {
		asked.PrincipalType = kind
	}
	act := world.Act{Action: writeAssignments, Scope: c.route.scope, Request: attributesOf(asked)}
	if standing, err := c.tenant.Assignment(asked.Scope, asked.Name); err == nil {
		act.Resource = attributesOf(standing.RoleAssignment)
	}
	return h.mayAct(c, act)
}

func attributesOf(a csp.RoleAssignment) abac.Attributes {
	attributes := abac.Attributes{}
	attributes.Set(world.RoleDefinitionAttribute, a.Role.String())
	attributes.Set(world.PrincipalAttribute, a.Principal.String())
	if a.PrincipalType != "" {
		attributes.Set(world.PrincipalTypeAttribute, string(a.PrincipalType))
	}
	return attributes
}

func readAssignment(raw []byte) (csp.RoleAssignment, *failure) {
	var body struct {
		Properties *struct {
			RoleDefinitionID string `json:"roleDefinitionId"`
			PrincipalID      string `json:"principalId"`
			PrincipalType    string `json:"principalType"`
			Description      string `json:"description"`
			Condition        string `json:"condition"`
			ConditionVersion string `json:"conditionVersion"`
		} `json:"properties"`
	}
	if f := decode(raw, &body); f != nil {
		return csp.RoleAssignment{}, f
	}
	p := body.Properties
	if p == nil {
		return csp.RoleAssignment{}, badRequest("InvalidCreateRoleAssignmentRequest", "The request to create a role assignment is not valid. The 'properties' are required.")
	}
	role, err := csp.ParseID[csp.RoleDefinition](p.RoleDefinitionID[strings.LastIndexByte(p.RoleDefinitionID, '/')+1:])
	if err != nil {
		return csp.RoleAssignment{}, badRequest("InvalidRoleDefinitionId", "The role definition ID '"+clip(p.RoleDefinitionID)+"' is not valid.")
	}
	principal, err := csp.ParseID[csp.Principal](p.PrincipalID)
	if err != nil {
		return csp.RoleAssignment{}, badRequest("InvalidPrincipalId", "The principal ID '"+clip(p.PrincipalID)+"' is not valid. The principal ID must be a GUID.")
	}
	kind, f := readPrincipalType(p.PrincipalType)
	if f != nil {
		return csp.RoleAssignment{}, f
	}
	if p.Condition != "" && p.ConditionVersion != "2.0" {
		return csp.RoleAssignment{}, badRequest("InvalidConditionVersion", "The condition version '"+clip(p.ConditionVersion)+"' is not valid; this emulator takes 2.0.")
	}
	return csp.RoleAssignment{Role: role, Principal: principal, PrincipalType: kind, Description: p.Description, Condition: p.Condition}, nil
}

func readPrincipalType(text string) (csp.PrincipalType, *failure) {
	if text == "" {
		return "", nil
	}
	for _, kind := range []csp.PrincipalType{csp.User, csp.Group, csp.ServicePrincipal, csp.ForeignGroup} {
		if strings.EqualFold(text, string(kind)) {
			return kind, nil
		}
	}
	return "", badRequest("PrincipalTypeNotSupported", "Principals of type '"+clip(text)+"' cannot validly be used in role assignments.")
}

// deleteAssignment answers 200 with what was removed, or 204 when nothing stands
// there under that name.
func (h *Handler) deleteAssignment(c *call) (reply, *failure) {
	name, f := assignmentName(c)
	if f != nil {
		return reply{}, f
	}
	act := world.Act{Action: deleteAssignment, Scope: c.route.scope, Unconditioned: true}
	if standing, err := c.tenant.Assignment(c.route.scope, name); err == nil {
		act.Unconditioned, act.Resource = false, attributesOf(standing.RoleAssignment)
	}
	if f := h.mayAct(c, act); f != nil {
		return reply{}, f
	}
	gone, err := c.tenant.DeleteAssignment(c.actor, c.route.scope, name)
	if err == nil {
		return ok(assignmentOf(gone))
	}
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	switch {
	case isRefusal && refusal.Law == world.NoSuchAssignment:
		return reply{status: http.StatusNoContent}, nil
	case isRefusal && refusal.Law == world.ScopeLocked:
		return reply{}, locked(assignmentID(c.route.scope, name), "delete", refusal)
	}
	return reply{}, refusalFailure(err, csp.RoleAssignment{Scope: c.route.scope, Name: name}, c.tenant)
}
