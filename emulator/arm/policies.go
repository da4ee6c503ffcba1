package arm

import (
	"encoding/json"
	"errors"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type policyDefinitionBody struct {
	ID         string                     `json:"id"`
	Name       string                     `json:"name"`
	Type       string                     `json:"type"`
	Properties policyDefinitionProperties `json:"properties"`
}

type policyDefinitionProperties struct {
	DisplayName string          `json:"displayName,omitempty"`
	PolicyType  string          `json:"policyType"`
	Mode        string          `json:"mode"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	PolicyRule  json.RawMessage `json:"policyRule"`
}

func policyDefinitionOf(p world.PolicyDefinition) policyDefinitionBody {
	b := policyDefinitionBody{
		ID: p.ID(), Name: p.Name, Type: "Microsoft.Authorization/policyDefinitions",
		Properties: policyDefinitionProperties{DisplayName: p.DisplayName, PolicyType: "Custom", Mode: p.Mode, Parameters: p.Parameters, PolicyRule: p.Rule},
	}
	if p.Scope.IsZero() {
		b.Properties.PolicyType = "BuiltIn"
	}
	return b
}

const (
	definitionsAction       = "Microsoft.Authorization/policyDefinitions/"
	policyAssignmentsAction = "Microsoft.Authorization/policyAssignments/"
)

// mayPolicy: the built-in definitions at the top can be read with every token.
func (h *Handler) mayPolicy(c *call, action string) *failure {
	if c.route.scope.Kind() == csp.RootScope && action == definitionsAction+"read" {
		return nil
	}
	return h.may(c, action, c.route.scope)
}

func (h *Handler) listPolicyDefinitions(c *call) (reply, *failure) {
	if f := h.mayPolicy(c, definitionsAction+"read"); f != nil {
		return reply{}, f
	}
	return pageOf(h, c, c.tenantOf(h).PolicyDefinitions(c.route.scope), world.PolicyDefinition.ID, policyDefinitionOf)
}

// policyID is the id of the definition or assignment the path names.
func policyID(c *call, collection string) string {
	return strings.TrimSuffix(c.route.scope.String(), "/") + "/providers/Microsoft.Authorization/" + collection + "/" + c.route.name()
}

func (h *Handler) getPolicyDefinition(c *call) (reply, *failure) {
	if f := h.mayPolicy(c, definitionsAction+"read"); f != nil {
		return reply{}, f
	}
	p, known := c.tenantOf(h).PolicyDefinition(policyID(c, "policyDefinitions"))
	if !known {
		return reply{}, notFound("PolicyDefinitionNotFound", "The policy definition '"+wire.Clip(c.route.name())+"' could not be found.")
	}
	return ok(policyDefinitionOf(p))
}

func (h *Handler) putPolicyDefinition(c *call) (reply, *failure) {
	if f := h.may(c, definitionsAction+"write", c.route.scope); f != nil {
		return reply{}, f
	}
	var body struct {
		Properties struct {
			DisplayName string          `json:"displayName"`
			Mode        string          `json:"mode"`
			Parameters  json.RawMessage `json:"parameters"`
			PolicyRule  json.RawMessage `json:"policyRule"`
		} `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if !hasName(c.route.name()) {
		return reply{}, badRequest("InvalidPolicyDefinitionName", "The policy definition name '"+wire.Clip(c.route.name())+"' is not valid.")
	}
	given := body.Properties
	p := world.PolicyDefinition{Name: c.route.name(), Scope: c.route.scope, DisplayName: given.DisplayName, Mode: given.Mode, Parameters: given.Parameters, Rule: given.PolicyRule}
	if p.Mode == "" {
		p.Mode = "Indexed"
	}
	if _, err := c.tenant.PutPolicyDefinition(c.actor, p); err != nil {
		return reply{}, policyRefusal(c, err)
	}
	return putReply(true, policyDefinitionOf(p)) // 201 also for a change
}

func policyRefusal(c *call, err error) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.BadPolicy:
		return badRequest("InvalidPolicyRule", "Failed to parse policy rule: '"+wire.Clip(refusal.Detail)+"'.")
	case world.NoSuchPolicy:
		return notFound("PolicyDefinitionNotFound", refusal.Detail+".")
	case world.NotEmpty:
		return badRequest("PolicyDefinitionInUse", refusal.Detail+".")
	case world.NoSuchScope:
		return missingScope(c.route.scope)
	}
	return badRequest("BadRequest", refusal.Detail)
}

func (h *Handler) deletePolicyDefinition(c *call) (reply, *failure) {
	if f := h.may(c, definitionsAction+"delete", c.route.scope); f != nil {
		return reply{}, f
	}
	if _, err := c.tenant.DeletePolicyDefinition(c.actor, policyID(c, "policyDefinitions")); err != nil {
		if world.LawOf(err) == world.NoSuchPolicy {
			return noContent()
		}
		return reply{}, policyRefusal(c, err)
	}
	return done()
}

type policyAssignmentBody struct {
	ID         string                     `json:"id"`
	Name       string                     `json:"name"`
	Type       string                     `json:"type"`
	Properties policyAssignmentProperties `json:"properties"`
}

type policyAssignmentProperties struct {
	DisplayName     string                    `json:"displayName,omitempty"`
	DefinitionID    string                    `json:"policyDefinitionId"`
	Scope           string                    `json:"scope"`
	NotScopes       []string                  `json:"notScopes"`
	Parameters      map[string]parameterValue `json:"parameters,omitempty"`
	EnforcementMode string                    `json:"enforcementMode"`
}

type parameterValue struct {
	Value any `json:"value"`
}

const lenient = "DoNotEnforce"

func policyAssignmentOf(p world.PolicyAssignment) policyAssignmentBody {
	b := policyAssignmentBody{
		ID: p.ID(), Name: p.Name, Type: "Microsoft.Authorization/policyAssignments",
		Properties: policyAssignmentProperties{DisplayName: p.DisplayName, DefinitionID: p.Definition, Scope: p.Scope.String(), NotScopes: []string{}, EnforcementMode: "Default"},
	}
	if p.Lenient {
		b.Properties.EnforcementMode = lenient
	}
	for _, s := range p.NotScopes {
		b.Properties.NotScopes = append(b.Properties.NotScopes, s.String())
	}
	for name, value := range p.Parameters {
		if b.Properties.Parameters == nil {
			b.Properties.Parameters = make(map[string]parameterValue)
		}
		b.Properties.Parameters[name] = parameterValue{value}
	}
	return b
}

// listPolicyAssignments shows what is at work at the scope, and below it unless
// the filter is atScope(); atExactScope() leaves out what is inherited.
func (h *Handler) listPolicyAssignments(c *call) (reply, *failure) {
	if f := h.may(c, policyAssignmentsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	want, f := policyFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	var list []world.PolicyAssignment
	for _, p := range c.tenantOf(h).PolicyAssignments(c.route.scope, !want.atScope) {
		if (want.kind == "" || strings.EqualFold(want.kind, p.Definition)) && (!want.exactly || p.Scope.Equal(c.route.scope)) {
			list = append(list, p)
		}
	}
	return pageOf(h, c, list, world.PolicyAssignment.ID, policyAssignmentOf)
}

func (h *Handler) getPolicyAssignment(c *call) (reply, *failure) {
	if f := h.may(c, policyAssignmentsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	p, known := c.tenantOf(h).PolicyAssignment(policyID(c, "policyAssignments"))
	if !known {
		return reply{}, notFound("PolicyAssignmentNotFound", "The policy assignment '"+wire.Clip(c.route.name())+"' is not found.")
	}
	return ok(policyAssignmentOf(p))
}

func (h *Handler) putPolicyAssignment(c *call) (reply, *failure) {
	if f := h.may(c, policyAssignmentsAction+"write", c.route.scope); f != nil {
		return reply{}, f
	}
	var body struct {
		Properties policyAssignmentProperties `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	if !hasName(c.route.name()) || len(c.route.name()) > 128 {
		return reply{}, badRequest("InvalidPolicyAssignmentName", "The policy assignment name '"+wire.Clip(c.route.name())+"' is not valid.")
	}
	given := body.Properties
	p := world.PolicyAssignment{Name: c.route.name(), Scope: c.route.scope, DisplayName: given.DisplayName, Definition: given.DefinitionID, Lenient: strings.EqualFold(given.EnforcementMode, lenient), Parameters: make(map[string]any)}
	for name, value := range given.Parameters {
		p.Parameters[name] = value.Value
	}
	for _, text := range given.NotScopes {
		scope, err := csp.ParseScope(text)
		if err != nil {
			return reply{}, badRequest("InvalidPolicyAssignmentNotScopes", "The excluded scope '"+wire.Clip(text)+"' is not valid.")
		}
		p.NotScopes = append(p.NotScopes, scope)
	}
	if _, err := c.tenant.PutPolicyAssignment(c.actor, p); err != nil {
		return reply{}, policyRefusal(c, err)
	}
	return putReply(true, policyAssignmentOf(p)) // 201 also for a change
}

// deletePolicyAssignment answers 200 with what was removed, or 204.
func (h *Handler) deletePolicyAssignment(c *call) (reply, *failure) {
	if f := h.may(c, policyAssignmentsAction+"delete", c.route.scope); f != nil {
		return reply{}, f
	}
	gone, err := c.tenant.DeletePolicyAssignment(c.actor, policyID(c, "policyAssignments"))
	if err != nil {
		return noContent()
	}
	return ok(policyAssignmentOf(gone))
}
