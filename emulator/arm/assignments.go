package arm

import (
	"errors"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/wire"
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

const dateLayout = "2006-01-02T15:04:05.0000000Z"

func assignmentOf(a world.Assignment) assignmentBody {
	b := assignmentBody{
		ID: assignmentID(a.Scope, a.Name), Name: a.Name.String(), Type: "Microsoft.Authorization/roleAssignments",
		Properties: assignmentProperties{
			RoleDefinitionID: definitionID(a.Scope, a.Role), PrincipalID: a.Principal.String(), PrincipalType: string(a.PrincipalType),
			Scope: a.Scope.String(), CreatedOn: a.Created.Format(dateLayout), UpdatedOn: a.Updated.Format(dateLayout),
			Description: orNull(a.Description), Condition: orNull(a.Condition),
			CreatedBy: orNull(a.CreatedBy.String()), UpdatedBy: orNull(a.UpdatedBy.String()), DelegatedManaged: orNull(a.Delegated),
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
	want, f := assignmentFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	if want.atScope && !want.principal.IsZero() {
		return reply{}, badRequest("UnsupportedQuery", "The filter atScope() cannot be combined with principalId.")
	}
	if c.route.scope.Kind() == csp.RootScope && !want.atScope {
		return reply{}, badRequest("UnsupportedQuery", "At the scope '/' the filter atScope() is required.")
	}
	if f := h.mayAskAcross(c); f != nil {
		return reply{}, f
	}
	if f := h.may(c, readAssignments, c.route.scope); f != nil {
		return reply{}, f
	}
	return pageOf(h, c, h.assignmentsAt(c, want), func(a world.Assignment) string { return assignmentID(a.Scope, a.Name) }, assignmentOf)
}

// mayAskAcross refuses a tenantId that is not the token's: it is for requests
// across tenants, and nothing is shared here.
func (h *Handler) mayAskAcross(c *call) *failure {
	if asked := c.query.Get("tenantid"); asked != "" && !strings.EqualFold(asked, c.tenantOf(h).ID.String()) {
		return badRequest("InvalidTenantId", "The tenant ID '"+wire.Clip(asked)+"' is not the one that the scope belongs to.")
	}
	return nil
}

// assignmentsAt finds what a filter asks for. A list that looks by principal is
// the one that hears late of what is new.
func (h *Handler) assignmentsAt(c *call, want filter) []world.Assignment {
	found, now := h.everyAssignmentAt(c, want), h.World.Now()
	return slices.DeleteFunc(found, func(a world.Assignment) bool { return a.Term.Eligible || !a.Term.Holds(now) })
}

func (h *Handler) everyAssignmentAt(c *call, want filter) []world.Assignment {
	t, scope := c.tenantOf(h), c.route.scope
	var by []csp.ObjectID
	switch {
	case !want.principal.IsZero():
		by = []csp.ObjectID{want.principal}
	case !want.assignedTo.IsZero():
		by = append(t.GroupsOf(want.assignedTo), want.assignedTo)
	case want.atScope:
		return t.AssignmentsAbove(scope)
	default:
		return append(t.AssignmentsAbove(scope), t.AssignmentsBelow(scope)...)
	}
	return slices.DeleteFunc(t.AssignmentsTo(by), func(a world.Assignment) bool {
		return !t.Contains(a.Scope, scope) && (want.atScope || !t.Contains(scope, a.Scope))
	})
}

func assignmentName(c *call) (csp.RoleAssignmentID, *failure) {
	name, err := csp.ParseID[csp.RoleAssignment](c.route.name())
	if err != nil {
		return name, badRequest("InvalidRoleAssignmentId", "The role assignment ID '"+wire.Clip(c.route.name())+"' is not valid. The role assignment ID must be a GUID.")
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
	a, err := c.tenantOf(h).Assignment(c.route.scope, name)
	if err != nil || a.Term.Eligible || !a.Term.Holds(h.World.Now()) {
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
	asked, delegated, f := readAssignment(c.body)
	if f != nil {
		return reply{}, f
	}
	asked.Name, asked.Scope = name, c.route.scope
	if f := h.mayWrite(c, asked); f != nil {
		return reply{}, f
	}
	if f := h.oldClients(c, asked); f != nil {
		return reply{}, f
	}
	made, created, err := c.tenant.PutAssignment(c.actor, asked)
	if err != nil {
		return reply{}, h.putRefusal(c, err, asked)
	}
	if delegated != "" {
		made.Delegated = delegated
		c.tenant.Delegate(name, delegated)
	}
	return putReply(created, assignmentOf(made))
}

// oldClients refuses a foreign group to versions that knew no principal type:
// they took it for a group and found that it was none (R36).
func (h *Handler) oldClients(c *call, asked csp.RoleAssignment) *failure {
	if version := c.query.Get("api-version"); version >= "2018-09" || asked.PrincipalType != "" {
		return nil
	}
	if kind, known := c.tenant.Resolve(asked.Principal); !known || kind != csp.ForeignGroup {
		return nil
	}
	asked.PrincipalType = csp.Group
	return refusalFailure(&world.Refusal{Law: world.TypeDiffers, Actual: csp.ForeignGroup}, asked, c.tenant)
}

func (h *Handler) putRefusal(c *call, err error, asked csp.RoleAssignment) *failure {
	if refusal, isRefusal := errors.AsType[*world.Refusal](err); isRefusal && refusal.Law == world.ScopeLocked {
		return locked(assignmentID(asked.Scope, asked.Name), "write", refusal)
	}
	return refusalFailure(err, asked, c.tenant)
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

const maxDescription = 2048

func readAssignment(raw []byte) (asked csp.RoleAssignment, delegated string, f *failure) {
	var body struct {
		Properties *struct {
			RoleDefinitionID string `json:"roleDefinitionId"`
			PrincipalID      string `json:"principalId"`
			PrincipalType    string `json:"principalType"`
			Description      string `json:"description"`
			Condition        string `json:"condition"`
			ConditionVersion string `json:"conditionVersion"`
			Delegated        string `json:"delegatedManagedIdentityResourceId"`
		} `json:"properties"`
	}
	if f := decode(raw, &body); f != nil {
		return asked, "", f
	}
	p := body.Properties
	if p == nil {
		return asked, "", badRequest("InvalidCreateRoleAssignmentRequest", "The request to create a role assignment is not valid. The 'properties' are required.")
	}
	role, err := csp.ParseID[csp.RoleDefinition](p.RoleDefinitionID[strings.LastIndexByte(p.RoleDefinitionID, '/')+1:])
	if err != nil {
		return asked, "", badRequest("InvalidRoleDefinitionId", "The role definition ID '"+wire.Clip(p.RoleDefinitionID)+"' is not valid.")
	}
	principal, err := csp.ParseID[csp.Principal](p.PrincipalID)
	if err != nil {
		return asked, "", badRequest("InvalidPrincipalId", "The principal ID '"+wire.Clip(p.PrincipalID)+"' is not valid. The principal ID must be a GUID.")
	}
	kind, f := readPrincipalType(p.PrincipalType)
	if f != nil {
		return asked, "", f
	}
	if p.Condition != "" && p.ConditionVersion != "2.0" {
		return asked, "", badRequest("InvalidConditionVersion", "The condition version '"+wire.Clip(p.ConditionVersion)+"' is not valid; this emulator takes 2.0.")
	}
	if _, err := abac.Parse(p.Condition); err != nil {
		return asked, "", badRequest("InvalidCondition", "The condition is not valid, or says what this emulator cannot read: "+wire.Clip(err.Error())+".")
	}
	if len(p.Description) > maxDescription {
		return asked, "", badRequest("InvalidCreateRoleAssignmentRequest", "The description is longer than 2048 characters.")
	}
	return csp.RoleAssignment{Role: role, Principal: principal, PrincipalType: kind, Description: p.Description, Condition: p.Condition}, p.Delegated, nil
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
	return "", badRequest("PrincipalTypeNotSupported", "Principals of type '"+wire.Clip(text)+"' cannot validly be used in role assignments.")
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
		return noContent()
	case isRefusal && refusal.Law == world.ScopeLocked:
		return reply{}, locked(assignmentID(c.route.scope, name), "delete", refusal)
	}
	return reply{}, refusalFailure(err, csp.RoleAssignment{Scope: c.route.scope, Name: name}, c.tenant)
}
