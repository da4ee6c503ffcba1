package graph

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/schedule"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// The policies of privileged identity management: what requests for a directory
// role, or for membership or ownership of a group, have to bring. There is one for
// each, so that its id is made of what it is for.

func (h *Handler) pimPolicyRoutes() []route {
	const (
		all   = "/policies/roleManagementPolicies"
		links = "/policies/roleManagementPolicyAssignments"
	)
	return []route{
		{"GET", all, readPolicies, "", h.listPolicies},
		{"GET", all + "/{policy}", readPolicies, "", h.getPolicy},
		{"PATCH", all + "/{policy}", writeRolePolicies + " " + writeGroupPolicies, "", h.patchPolicy},
		{"GET", all + "/{policy}/rules", readPolicies, "", h.listRules},
		{"GET", all + "/{policy}/effectiveRules", readPolicies, "", h.listRules},
		{"GET", all + "/{policy}/rules/{rule}", readPolicies, "", h.getRule},
		{"PATCH", all + "/{policy}/rules/{rule}", writeRolePolicies + " " + writeGroupPolicies, "", h.patchRule},
		{"GET", links, readPolicies, "", h.listPolicyLinks},
		{"GET", links + "/{policy}", readPolicies, "", h.getPolicyLink},
	}
}

// pimTarget is what a policy is for.
type pimTarget struct {
	of          world.PIMService
	role, scope string // as in schedule.Target
}

// The last part of the id of a group's policies, which is the same for all groups.
var groupPolicies = map[string]string{
	world.GroupMember: "6f2a1a52-9d0c-4c1e-8f4b-2b6c1d3e5a01",
	world.GroupOwner:  "6f2a1a52-9d0c-4c1e-8f4b-2b6c1d3e5a02",
}

func (p pimTarget) scopeType() string {
	if p.of == world.GroupPIM {
		return "Group"
	}
	return "DirectoryRole"
}

func (p pimTarget) id(t world.Tenant) string {
	if p.of == world.GroupPIM {
		return "Group_" + p.scope + "_" + groupPolicies[p.role]
	}
	return "DirectoryRole_" + t.ID.String() + "_" + p.role
}

// findPolicy reads the id of a policy, or of its assignment, which has the role
// behind it.
func (h *Handler) findPolicy(c *call) (pimTarget, *failure) {
	words := strings.Split(strings.ToLower(c.params["policy"]), "_")
	none := notFound(c.params["policy"]).coded("ResourceNotFound")
	if len(words) < 3 || len(words) > 4 {
		return pimTarget{}, none
	}
	switch words[0] {
	case "directoryrole":
		role, err := csp.ParseID[csp.DirectoryRole](words[2])
		if _, known := h.World.DirectoryRole(role); err == nil && known && words[1] == c.tenant.ID.String() {
			return pimTarget{world.RolePIM, role.String(), "/"}, nil
		}
	case "group":
		group, err := csp.ParseID[csp.Principal](words[1])
		if _, known := c.tenant.Group(group); err != nil || !known {
			return pimTarget{}, none
		}
		for access, id := range groupPolicies {
			if id == words[2] {
				return pimTarget{world.GroupPIM, access, group.String()}, nil
			}
		}
	}
	return pimTarget{}, none
}

// mayReadPolicy: roles' policies are for those who may see who holds roles; those
// of a group for everybody who may see its members.
func (h *Handler) mayReadPolicy(c *call, of world.PIMService) *failure {
	action := actionReadRoles
	if of == world.GroupPIM {
		action = actionReadMembers
	}
	if c.isApp() || h.mayInDirectory(c, action) {
		return nil
	}
	return denied()
}

func (h *Handler) mayWritePolicy(c *call, p pimTarget) *failure {
	if p.of == world.RolePIM {
		if h.may(c, writeRolePolicies, actionWriteRoles) {
			return nil
		}
		return denied()
	}
	if c.isApp() {
		if c.hasPermission(writeGroupPolicies) {
			return nil
		}
		return denied()
	}
	c.params["group"] = p.scope
	g, f := c.findGroup()
	if f != nil {
		return f
	}
	return h.mayChangeGroup(c, g, writeGroupPolicies, "members/update")
}

// policiesIn reads which policies the filter asks for: it must say the scope.
func (h *Handler) policiesIn(c *call) ([]pimTarget, *failure) {
	scope, ofGroups := "", false
	filter := c.values.Get("$filter")
	for part := range strings.SplitSeq(strings.ReplaceAll(filter, " AND ", " and "), " and ") {
		words := strings.Fields(strings.Trim(part, "() "))
		if len(words) != 3 || !strings.EqualFold(words[1], "eq") {
			continue
		}
		value := strings.Trim(words[2], "'")
		switch strings.ToLower(words[0]) {
		case "scopeid":
			scope = value
		case "scopetype":
			ofGroups = strings.EqualFold(value, "Group")
		}
	}
	var list []pimTarget
	switch {
	case scope == "":
		return nil, badRequest("The filter must name a scopeId and a scopeType.").coded("MissingParameters")
	case !ofGroups && scope == "/":
		for _, r := range h.World.DirectoryRoles() {
			list = append(list, pimTarget{world.RolePIM, r.ID.String(), "/"})
		}
		return list, h.mayReadPolicy(c, world.RolePIM)
	case !ofGroups:
		return nil, badRequest("The scopeId of directory roles must be '/': this emulator has no administrative units.").coded("InvalidScope")
	}
	c.params["group"] = scope
	g, f := c.findGroup()
	if f != nil {
		return nil, f
	}
	for _, access := range []string{world.GroupMember, world.GroupOwner} {
		list = append(list, pimTarget{world.GroupPIM, access, g.ID.String()})
	}
	return list, h.mayReadPolicy(c, world.GroupPIM)
}

func (c *call) policy(p pimTarget) schedule.Policy { return c.as().PIM(p.of).Policy(p.role, p.scope) }

func policyEntity(c *call, p pimTarget) odata.Entity {
	return odata.Entity{
		"id": p.id(c.tenant), "displayName": p.scopeType(), "description": p.scopeType(), "isOrganizationDefault": false, "scopeId": p.scope, "scopeType": p.scopeType(),
		"lastModifiedDateTime": nil, "lastModifiedBy": odata.Entity{"displayName": nil, "id": nil},
	}
}

func linkEntity(c *call, p pimTarget) odata.Entity {
	return odata.Entity{"id": p.id(c.tenant) + "_" + p.role, "policyId": p.id(c.tenant), "scopeId": p.scope, "scopeType": p.scopeType(), "roleDefinitionId": p.role}
}

// expandPolicy gives the policy of an assignment, and the rules of a policy.
func (h *Handler) expandPolicy(c *call) func(odata.Entity, string) any {
	return func(of odata.Entity, relation string) any {
		id, ofLink := of["policyId"].(string)
		if !ofLink {
			id, _ = of["id"].(string)
		}
		inner := *c
		inner.params = map[string]string{"policy": id}
		p, f := h.findPolicy(&inner)
		switch {
		case f != nil:
			return nil
		case relation == "policy":
			return policyEntity(c, p)
		}
		return ruleEntities(c.policy(p))
	}
}

func (h *Handler) listPolicies(c *call) (reply, *failure) {
	found, f := h.policiesIn(c)
	if f != nil {
		return reply{}, f
	}
	l := collection{on: policyType, context: "policies/roleManagementPolicies", expand: h.expandPolicy(c), limits: rolePages}
	for _, p := range found {
		l.all = append(l.all, policyEntity(c, p))
	}
	return c.list(l)
}

func (h *Handler) listPolicyLinks(c *call) (reply, *failure) {
	found, f := h.policiesIn(c)
	if f != nil {
		return reply{}, f
	}
	l := collection{on: policyLinkType, context: "policies/roleManagementPolicyAssignments", expand: h.expandPolicy(c), limits: rolePages}
	for _, p := range found {
		l.all = append(l.all, linkEntity(c, p))
	}
	return c.list(l)
}

// rolePages holds all roles.
var rolePages = odata.Limits{Default: 500, Most: odata.MaxTop}

func (h *Handler) readablePolicy(c *call) (pimTarget, *failure) {
	p, f := h.findPolicy(c)
	if f != nil {
		return p, f
	}
	return p, h.mayReadPolicy(c, p.of)
}

func (h *Handler) getPolicy(c *call) (reply, *failure) {
	p, f := h.readablePolicy(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: policyType, context: "policies/roleManagementPolicies", expand: h.expandPolicy(c)}, policyEntity(c, p))
}

func (h *Handler) getPolicyLink(c *call) (reply, *failure) {
	p, f := h.readablePolicy(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: policyLinkType, context: "policies/roleManagementPolicyAssignments", expand: h.expandPolicy(c)}, linkEntity(c, p))
}

func (h *Handler) listRules(c *call) (reply, *failure) {
	p, f := h.readablePolicy(c)
	if f != nil {
		return reply{}, f
	}
	return c.list(collection{on: ruleType, context: rulesOf(p, c), all: ruleEntities(c.policy(p)), typed: true})
}

func rulesOf(p pimTarget, c *call) string {
	return "policies/roleManagementPolicies('" + p.id(c.tenant) + "')/rules"
}

func (h *Handler) getRule(c *call) (reply, *failure) {
	p, f := h.readablePolicy(c)
	if f != nil {
		return reply{}, f
	}
	return c.oneRule(p)
}

func (c *call) oneRule(p pimTarget) (reply, *failure) {
	for _, e := range ruleEntities(c.policy(p)) {
		if id, _ := e["id"].(string); strings.EqualFold(id, c.params["rule"]) {
			return c.one(collection{on: ruleType, context: rulesOf(p, c), typed: true}, e)
		}
	}
	return reply{}, notFound(c.params["rule"]).coded("ResourceNotFound")
}

func (h *Handler) patchRule(c *call) (reply, *failure) {
	p, f := h.findPolicy(c)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayWritePolicy(c, p); f != nil {
		return reply{}, f
	}
	var body pimRule
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if body.ID != "" && !strings.EqualFold(body.ID, c.params["rule"]) {
		return reply{}, invalidPolicy("The id of the rule is not the one in the address.")
	}
	body.ID = c.params["rule"]
	policy := c.policy(p)
	if f := body.apply(&policy); f != nil {
		return reply{}, f
	}
	if f := h.setPolicy(c, p, policy); f != nil {
		return reply{}, f
	}
	return c.oneRule(p)
}

// patchPolicy changes several rules, all or none.
func (h *Handler) patchPolicy(c *call) (reply, *failure) {
	p, f := h.findPolicy(c)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayWritePolicy(c, p); f != nil {
		return reply{}, f
	}
	var body struct {
		Rules []pimRule `json:"rules"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	policy := c.policy(p)
	for _, rule := range body.Rules {
		if f := rule.apply(&policy); f != nil {
			return reply{}, f
		}
	}
	if f := h.setPolicy(c, p, policy); f != nil {
		return reply{}, f
	}
	return c.one(collection{on: policyType, context: "policies/roleManagementPolicies", expand: h.expandPolicy(c)}, policyEntity(c, p))
}

func (h *Handler) setPolicy(c *call, p pimTarget, policy schedule.Policy) *failure {
	for _, id := range policy.Approvers {
		if _, known := h.objectEntity(c.tenant, id); !known {
			return invalidPolicy("The approver " + id.String() + " does not exist.")
		}
	}
	c.as().PIM(p.of).SetPolicy(p.role, p.scope, policy)
	return nil
}

func invalidPolicy(message string) *failure { return badRequest(message).coded("InvalidPolicy") }

// pimRule is a rule as it comes in; which of its properties count, its id says.
type pimRule struct {
	Type    string    `json:"@odata.type"`
	ID      string    `json:"id"`
	Expires *bool     `json:"isExpirationRequired"`
	Maximum *string   `json:"maximumDuration"`
	Enabled *[]string `json:"enabledRules"`
	On      *bool     `json:"isEnabled"`
	Claim   *string   `json:"claimValue"`
	Setting *struct {
		Required *bool `json:"isApprovalRequired"`
		Stages   []struct {
			Approvers []struct {
				ID    string `json:"id"`
				User  string `json:"userId"`
				Group string `json:"groupId"`
			} `json:"primaryApprovers"`
		} `json:"approvalStages"`
	} `json:"setting"`
}

const (
	expirationRule = "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule"
	enablementRule = "#microsoft.graph.unifiedRoleManagementPolicyEnablementRule"
	approvalRule   = "#microsoft.graph.unifiedRoleManagementPolicyApprovalRule"
	contextRule    = "#microsoft.graph.unifiedRoleManagementPolicyAuthenticationContextRule"
)

// ruleKinds are the rules there are.
var ruleKinds = map[string]string{
	"Expiration_Admin_Eligibility": expirationRule, "Expiration_Admin_Assignment": expirationRule, "Expiration_EndUser_Assignment": expirationRule,
	"Enablement_Admin_Eligibility": enablementRule, "Enablement_Admin_Assignment": enablementRule, "Enablement_EndUser_Assignment": enablementRule,
	"Approval_EndUser_Assignment": approvalRule, "AuthenticationContext_EndUser_Assignment": contextRule,
}

// The words of enablement rules.
const (
	askJustification = "Justification"
	askMFA           = "MultiFactorAuthentication"
	askTicket        = "Ticketing"
)

func ruleEntities(p schedule.Policy) []odata.Entity {
	rule := func(id string, more odata.Entity) odata.Entity {
		words := strings.Split(id, "_")
		more["@odata.type"], more["id"] = ruleKinds[id], id
		more["target"] = odata.Entity{"caller": words[1], "operations": []string{"all"}, "level": words[2], "inheritableSettings": []string{}, "enforcedSettings": []string{}}
		return more
	}
	expiration := func(id string, most time.Duration) odata.Entity {
		shown := "P365D"
		if most > 0 {
			shown = odata.FormatDuration(most)
		}
		return rule(id, odata.Entity{"isExpirationRequired": most > 0, "maximumDuration": shown})
	}
	enablement := func(id string, justification, mfa, ticket bool) odata.Entity {
		enabled := []string{}
		for _, word := range []struct {
			on   bool
			name string
		}{{mfa, askMFA}, {justification, askJustification}, {ticket, askTicket}} {
			if word.on {
				enabled = append(enabled, word.name)
			}
		}
		return rule(id, odata.Entity{"enabledRules": enabled})
	}
	approvers := []odata.Entity{}
	for _, id := range p.Approvers {
		approvers = append(approvers, odata.Entity{"@odata.type": "#microsoft.graph.singleUser", "userId": id.String(), "isBackup": false})
	}
	return []odata.Entity{
		expiration("Expiration_Admin_Eligibility", p.MaxEligible),
		enablement("Enablement_Admin_Eligibility", false, false, false),
		expiration("Expiration_Admin_Assignment", p.MaxActive),
		enablement("Enablement_Admin_Assignment", p.AdminJustification, p.AdminMFA, false),
		expiration("Expiration_EndUser_Assignment", p.MaxActivation),
		enablement("Enablement_EndUser_Assignment", p.Justification, p.MFA, p.Ticket),
		rule("Approval_EndUser_Assignment", odata.Entity{"setting": odata.Entity{
			"isApprovalRequired": len(p.Approvers) > 0, "isApprovalRequiredForExtension": false, "isRequestorJustificationRequired": true, "approvalMode": "SingleStage",
			"approvalStages": []odata.Entity{{
				"approvalStageTimeOutInDays": 1, "isApproverJustificationRequired": true, "escalationTimeInMinutes": 0, "isEscalationEnabled": false,
				"primaryApprovers": approvers, "escalationApprovers": []odata.Entity{},
			}},
		}}),
		rule("AuthenticationContext_EndUser_Assignment", odata.Entity{"isEnabled": p.AuthenticationContext != "", "claimValue": p.AuthenticationContext}),
	}
}

// apply changes the policy by the rule; properties that were not sent stay.
func (r pimRule) apply(p *schedule.Policy) *failure {
	id := ""
	for name, kind := range ruleKinds {
		if strings.EqualFold(name, r.ID) {
			if id = name; r.Type != "" && !strings.EqualFold(strings.TrimPrefix(r.Type, "#"), strings.TrimPrefix(kind, "#")) {
				return invalidPolicy("The rule '" + id + "' is of the type '" + kind + "'.")
			}
		}
	}
	switch id {
	case "":
		return notFound(r.ID).coded("ResourceNotFound")
	case "Expiration_Admin_Eligibility":
		return r.bound(&p.MaxEligible)
	case "Expiration_Admin_Assignment":
		return r.bound(&p.MaxActive)
	case "Expiration_EndUser_Assignment":
		most := p.MaxActivation
		if f := r.bound(&most); f != nil {
			return f
		}
		if most < 30*time.Minute || most > 24*time.Hour {
			return invalidPolicy("The maximum duration of an activation lies between 30 minutes and 24 hours.")
		}
		p.MaxActivation = most
	case "Enablement_Admin_Eligibility": // nothing is asked for there
		var unused bool
		return r.enable(&unused, &unused, &unused)
	case "Enablement_Admin_Assignment":
		var unused bool
		return r.enable(&p.AdminJustification, &p.AdminMFA, &unused)
	case "Enablement_EndUser_Assignment":
		return r.enable(&p.Justification, &p.MFA, &p.Ticket)
	case "Approval_EndUser_Assignment":
		return r.approve(p)
	case "AuthenticationContext_EndUser_Assignment":
		if r.Claim != nil {
			p.AuthenticationContext = *r.Claim
		}
		if r.On != nil && !*r.On {
			p.AuthenticationContext = ""
		}
		if r.On != nil && *r.On && p.AuthenticationContext == "" {
			return invalidPolicy("A rule that is enabled names an authentication context in claimValue.")
		}
	}
	return nil
}

func (r pimRule) bound(most *time.Duration) *failure {
	if r.Maximum != nil {
		d, err := odata.ParseDuration(*r.Maximum)
		if err != nil || d <= 0 {
			return invalidPolicy("The maximum duration '" + wire.Clip(*r.Maximum) + "' is not valid.")
		}
		*most = d
	}
	switch {
	case r.Expires != nil && !*r.Expires:
		*most = 0
	case r.Expires != nil && *most == 0:
		*most = 365 * 24 * time.Hour // what an unbounded rule shows
	}
	return nil
}

func (r pimRule) enable(justification, mfa, ticket *bool) *failure {
	if r.Enabled == nil {
		return nil
	}
	for _, word := range *r.Enabled {
		if !slices.Contains([]string{askJustification, askMFA, askTicket}, word) {
			return invalidPolicy("The enabled rule '" + wire.Clip(word) + "' is not known.")
		}
	}
	*justification, *mfa, *ticket = slices.Contains(*r.Enabled, askJustification), slices.Contains(*r.Enabled, askMFA), slices.Contains(*r.Enabled, askTicket)
	return nil
}

func (r pimRule) approve(p *schedule.Policy) *failure {
	if r.Setting == nil {
		return nil
	}
	if r.Setting.Required != nil && !*r.Setting.Required {
		p.Approvers = nil
		return nil
	}
	var approvers []csp.ObjectID
	for _, stage := range r.Setting.Stages {
		for _, a := range stage.Approvers {
			text := a.User + a.Group
			if text == "" {
				text = a.ID
			}
			id, err := csp.ParseID[csp.Principal](text)
			if err != nil {
				return invalidPolicy("The approver '" + wire.Clip(text) + "' is not valid.")
			}
			approvers = append(approvers, id)
		}
	}
	if len(approvers) == 0 {
		return invalidPolicy("A stage of approval needs approvers: this emulator knows no default ones.")
	}
	p.Approvers = approvers
	return nil
}
