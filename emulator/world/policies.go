package world

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/policy"
)

// AllowedLocations is the built-in policy that limits where resources may be.
const AllowedLocations = "e56962a6-4747-49cd-b67b-bf8b01975c4c"

// PolicyDefinition is a rule that can be assigned (R27). A zero Scope makes it a
// built-in one, the same in every tenant.
type PolicyDefinition struct {
	Name        string
	Scope       csp.Scope // a subscription or management group
	DisplayName string
	// Mode is "All" or "Indexed", kept as given.
	Mode       string
	Parameters json.RawMessage
	Rule       json.RawMessage
}

// ID is the definition's resource id.
func (p PolicyDefinition) ID() string {
	return strings.TrimSuffix(p.Scope.String(), "/") + "/providers/Microsoft.Authorization/policyDefinitions/" + p.Name
}

// PolicyAssignment puts a rule to work at a scope and below.
type PolicyAssignment struct {
	Name        string
	Scope       csp.Scope
	DisplayName string
	Definition  string // the definition's resource id
	// Parameters are the values for the definition's parameters.
	Parameters map[string]any
	// NotScopes are spared, with everything below them.
	NotScopes []csp.Scope
	// Lenient is enforcementMode DoNotEnforce: nothing is refused.
	Lenient bool
}

// Title is what people call it.
func (p PolicyDefinition) Title() string { return titled(p.DisplayName, p.Name) }

// Title is what people call it.
func (p PolicyAssignment) Title() string { return titled(p.DisplayName, p.Name) }

func titled(display, name string) string {
	if display != "" {
		return display
	}
	return name
}

// ID is the assignment's resource id.
func (p PolicyAssignment) ID() string {
	return strings.TrimSuffix(p.Scope.String(), "/") + "/providers/Microsoft.Authorization/policyAssignments/" + p.Name
}

type policies struct {
	definitions map[string]PolicyDefinition  // by lower-case id
	assigned    map[string]PolicyAssignment  // by lower-case id
	rules       map[string]policy.Rule       // of definitions, by lower-case id
	defaults    map[string]policy.Parameters // of definitions' parameters, by lower-case id
	rows        map[string]csp.PolicyDenial  // what was loaded or made as a fact, by lower-case id of its assignment
}

func newPolicies() policies {
	p := policies{
		definitions: make(map[string]PolicyDefinition),
		assigned:    make(map[string]PolicyAssignment),
		rules:       make(map[string]policy.Rule),
		defaults:    make(map[string]policy.Parameters),
		rows:        make(map[string]csp.PolicyDenial),
	}
	for _, d := range builtInPolicies {
		_ = p.define(d) // they are ours and can be read: TestBuiltInPolicies
	}
	return p
}

var builtInPolicies = []PolicyDefinition{{
	Name: AllowedLocations, DisplayName: "Allowed locations", Mode: "Indexed",
	Parameters: json.RawMessage(`{"listOfAllowedLocations":{"type":"Array"}}`),
	Rule: json.RawMessage(`{"if":{"allOf":[{"field":"location","exists":"true"},{"field":"location","notIn":"[parameters('listOfAllowedLocations')]"},
		{"field":"location","notEquals":"global"},{"field":"type","notEquals":"Microsoft.Resources/subscriptions/resourceGroups"}]},"then":{"effect":"deny"}}`),
}, {
	Name: "e765b5de-1225-4ba3-bd56-1ac6695af988", DisplayName: "Allowed locations for resource groups", Mode: "All",
	Parameters: json.RawMessage(`{"listOfAllowedLocations":{"type":"Array"}}`),
	Rule: json.RawMessage(`{"if":{"allOf":[{"field":"type","equals":"Microsoft.Resources/subscriptions/resourceGroups"},
		{"field":"location","notIn":"[parameters('listOfAllowedLocations')]"}]},"then":{"effect":"deny"}}`),
}, {
	Name: "6c112d4e-5bc7-47ae-a041-ea2d9dccd749", DisplayName: "Not allowed resource types", Mode: "All",
	Parameters: json.RawMessage(`{"listOfResourceTypesNotAllowed":{"type":"Array"},"effect":{"type":"String","defaultValue":"Deny"}}`),
	Rule:       json.RawMessage(`{"if":{"field":"type","in":"[parameters('listOfResourceTypesNotAllowed')]"},"then":{"effect":"[parameters('effect')]"}}`),
}}

func (p *policies) define(d PolicyDefinition) error {
	rule, err := policy.Parse(d.Rule)
	if err != nil {
		return refuse(BadPolicy, "%v", err)
	}
	var parameters map[string]struct {
		Default any `json:"defaultValue"`
	}
	if len(d.Parameters) > 0 {
		if err := json.Unmarshal(d.Parameters, &parameters); err != nil {
			return refuse(BadPolicy, "the parameters cannot be read: %v", err)
		}
	}
	key := strings.ToLower(d.ID())
	p.definitions[key], p.rules[key], p.defaults[key] = d, rule, policy.Parameters{}
	for name, parameter := range parameters {
		if parameter.Default != nil {
			p.defaults[key][strings.ToLower(name)] = parameter.Default
		}
	}
	return nil
}

// PutPolicyDefinition makes or changes a policy definition of the tenant's own.
func (t Tenant) PutPolicyDefinition(by Actor, p PolicyDefinition) (created bool, err error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if p.Scope.Kind() != csp.SubscriptionScope && p.Scope.Kind() != csp.ManagementGroupScope {
		return false, refuse(BadPlacement, "a policy definition stands at a subscription or management group")
	}
	if err := w.checkPlace(d, p.Scope); err != nil {
		return false, err
	}
	_, known := d.policies.definitions[strings.ToLower(p.ID())]
	if err := d.policies.define(p); err != nil {
		return false, err
	}
	w.record(Event{Kind: PolicyPut, Tenant: t.ID, By: by, Subject: "definition " + p.Name, Scope: p.Scope})
	return !known, nil
}

// DeletePolicyDefinition removes a definition that is not assigned.
func (t Tenant) DeletePolicyDefinition(by Actor, id string) (PolicyDefinition, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	policies := &w.tenants[t.ID].policies
	key := strings.ToLower(id)
	gone, ok := policies.definitions[key]
	if !ok || gone.Scope.IsZero() {
		return PolicyDefinition{}, refuse(NoSuchPolicy, "there is no policy definition %s of the tenant's own", id)
	}
	for _, a := range policies.assigned {
		if strings.EqualFold(a.Definition, id) {
			return PolicyDefinition{}, refuse(NotEmpty, "the policy is assigned as %s", a.ID())
		}
	}
	delete(policies.definitions, key)
	delete(policies.rules, key)
	delete(policies.defaults, key)
	w.record(Event{Kind: PolicyRemoved, Tenant: t.ID, By: by, Subject: "definition " + gone.Name, Scope: gone.Scope})
	return gone, nil
}

// PutPolicyAssignment puts a policy to work, or changes how.
func (t Tenant) PutPolicyAssignment(by Actor, a PolicyAssignment) (created bool, err error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if err := w.checkPlace(d, a.Scope); err != nil {
		return false, err
	}
	if _, ok := d.policies.definitions[strings.ToLower(a.Definition)]; !ok {
		return false, refuse(NoSuchPolicy, "there is no policy definition %s", a.Definition)
	}
	key := strings.ToLower(a.ID())
	_, known := d.policies.assigned[key]
	d.policies.assigned[key] = a
	delete(d.policies.rows, key)
	w.record(Event{Kind: PolicyPut, Tenant: t.ID, By: by, Subject: "assignment " + a.Name, Scope: a.Scope})
	return !known, nil
}

// DeletePolicyAssignment ends the work of a policy.
func (t Tenant) DeletePolicyAssignment(by Actor, id string) (PolicyAssignment, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	policies := &w.tenants[t.ID].policies
	gone, ok := policies.assigned[strings.ToLower(id)]
	if !ok {
		return PolicyAssignment{}, refuse(NoSuchPolicy, "there is no policy assignment %s", id)
	}
	delete(policies.assigned, strings.ToLower(id))
	delete(policies.rows, strings.ToLower(id))
	w.record(Event{Kind: PolicyRemoved, Tenant: t.ID, By: by, Subject: "assignment " + gone.Name, Scope: gone.Scope})
	return gone, nil
}

// DenyAssignments makes and assigns a policy that refuses role assignments at the
// scope and below, but for the roles it spares (R27).
func (t Tenant) DenyAssignments(p csp.PolicyDenial) error {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	return t.w.denyAssignments(t.w.tenants[t.ID], t.by, p)
}

func (w *World) denyAssignments(d *tenant, by Actor, p csp.PolicyDenial) error {
	at, definedAt := p.Scope, p.Scope
	if s := at.Subscription(); !s.IsZero() {
		definedAt = csp.SubscriptionScopeOf(s)
	} else if at.Kind() == csp.RootScope {
		at, definedAt = d.rootScope(), d.rootScope()
	}
	if err := w.checkPlace(d, at); err != nil {
		return err
	}
	spared := make([]string, 0, len(p.Spares))
	for _, role := range p.Spares {
		spared = append(spared, role.String())
	}
	rule, err := json.Marshal(map[string]any{
		"if": map[string]any{"allOf": []any{
			map[string]any{"field": "type", "equals": assignmentType},
			map[string]any{"field": roleField, "notIn": spared},
		}},
		"then": map[string]any{"effect": "deny"},
	})
	if err != nil {
		return err
	}
	id := derived[csp.Principal](d.ID, at.Key(), p.Name, len(d.policies.assigned)).String()
	definition := PolicyDefinition{Name: id, Scope: definedAt, DisplayName: p.Name, Mode: "All", Rule: rule}
	if err := d.policies.define(definition); err != nil {
		return err
	}
	assigned := PolicyAssignment{Name: id, Scope: at, DisplayName: p.Name, Definition: definition.ID()}
	d.policies.assigned[strings.ToLower(assigned.ID())] = assigned
	p.Tenant = d.ID
	d.policies.rows[strings.ToLower(assigned.ID())] = p
	w.record(Event{Kind: PolicyPut, Tenant: d.ID, By: by, Subject: "assignment " + p.Name, Scope: at})
	return nil
}

// policyFacts are the policies at work that refuse role assignments, as far as
// they can be told as facts: which roles each of them spares.
func (w *World) policyFacts(d *tenant) []csp.PolicyDenial {
	var list []csp.PolicyDenial
	for key, a := range d.policies.assigned {
		if row, ok := d.policies.rows[key]; ok {
			list = append(list, row)
			continue
		}
		if a.Lenient || len(a.NotScopes) > 0 {
			continue
		}
		row := csp.PolicyDenial{Name: a.Title(), Tenant: d.ID, Scope: a.Scope}
		denies := false
		for _, r := range w.definitions(d) {
			if d.policies.denies(a, assignmentFields(csp.RoleAssignment{Role: r.ID, Scope: a.Scope, PrincipalType: csp.User})) {
				denies = true
			} else {
				row.Spares = append(row.Spares, r.ID)
			}
		}
		if denies {
			list = append(list, row)
		}
	}
	return list
}

// PolicyDefinitions lists the built-in definitions and those that can be
// assigned at the scope, by id.
func (t Tenant) PolicyDefinitions(at csp.Scope) []PolicyDefinition {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	var list []PolicyDefinition
	for _, p := range d.policies.definitions {
		if p.Scope.IsZero() || d.contains(p.Scope, at) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b PolicyDefinition) int { return strings.Compare(a.ID(), b.ID()) })
	return list
}

// PolicyDefinition finds a definition by its resource id.
func (t Tenant) PolicyDefinition(id string) (PolicyDefinition, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	p, ok := t.w.tenants[t.ID].policies.definitions[strings.ToLower(id)]
	return p, ok
}

// PolicyAssignments lists what is assigned at the scope and above it, and with
// below also what is assigned further down, by id.
func (t Tenant) PolicyAssignments(at csp.Scope, below bool) []PolicyAssignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	var list []PolicyAssignment
	for _, p := range d.policies.assigned {
		if d.contains(p.Scope, at) || (below && d.contains(at, p.Scope)) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b PolicyAssignment) int { return strings.Compare(a.ID(), b.ID()) })
	return list
}

// PolicyAssignment finds an assignment by its resource id.
func (t Tenant) PolicyAssignment(id string) (PolicyAssignment, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	p, ok := t.w.tenants[t.ID].policies.assigned[strings.ToLower(id)]
	return p, ok
}

// Violation says which assigned policy refused something.
type Violation struct {
	Assignment PolicyAssignment
	Definition PolicyDefinition
}

// checkPolicies holds what somebody wants to make at the scope against every
// policy at work there.
func (w *World) checkPolicies(d *tenant, scope csp.Scope, fields policy.Fields) error {
	policies := &d.policies
	if len(policies.assigned) == 0 {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(policies.assigned)) {
		a := policies.assigned[key]
		if a.Lenient || !d.contains(a.Scope, scope) || slices.ContainsFunc(a.NotScopes, func(s csp.Scope) bool { return d.contains(s, scope) }) {
			continue
		}
		if policies.denies(a, fields) {
			v := Violation{a, policies.definitions[strings.ToLower(a.Definition)]}
			return &Refusal{Law: Disallowed, Detail: "by the policy assignment " + a.ID(), Violation: &v}
		}
	}
	return nil
}

// denies says whether the assigned policy refuses what has the fields.
func (p *policies) denies(a PolicyAssignment, fields policy.Fields) bool {
	defined := strings.ToLower(a.Definition)
	parameters := maps.Clone(p.defaults[defined])
	if parameters == nil {
		parameters = make(policy.Parameters)
	}
	for name, value := range a.Parameters {
		parameters[strings.ToLower(name)] = value
	}
	return p.rules[defined].Denies(fields, parameters)
}

const (
	assignmentType     = "Microsoft.Authorization/roleAssignments"
	roleField          = "Microsoft.Authorization/roleAssignments/roleDefinitionId"
	principalField     = "Microsoft.Authorization/roleAssignments/principalId"
	principalTypeField = "Microsoft.Authorization/roleAssignments/principalType"
)

// assignmentFields are the fields a policy sees of a role assignment. The role
// is its bare id, which published policies compare it with.
func assignmentFields(a csp.RoleAssignment) policy.Fields {
	f := policy.Fields{}
	f.Set("type", assignmentType)
	f.Set("name", a.Name.String())
	f.Set("id", strings.TrimSuffix(a.Scope.String(), "/")+"/providers/Microsoft.Authorization/roleAssignments/"+a.Name.String())
	f.Set(roleField, a.Role.String())
	f.Set(principalField, a.Principal.String())
	f.Set(principalTypeField, string(a.PrincipalType))
	return f
}
