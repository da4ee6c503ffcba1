package arm

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
	"latchkey/emulator/wire"
)

// readSchedule reads when a request shall begin and end.
func (given *activationProperties) readSchedule(r *schedule.Request) *failure {
	info := given.ScheduleInfo
	if info.Start != nil {
		r.Start = *info.Start
	}
	switch kind := info.Expiration.Type; {
	case kind == "" && info.Expiration.End == nil && info.Expiration.Duration == nil, strings.EqualFold(kind, "NoExpiration"):
		r.Expiration.Kind = schedule.NoExpiration
	case strings.EqualFold(kind, "AfterDateTime") || kind == "" && info.Expiration.End != nil:
		if info.Expiration.End == nil {
			return invalidRequest("The expiration AfterDateTime needs an endDateTime.")
		}
		r.Expiration = schedule.Expiration{Kind: schedule.AfterDateTime, End: *info.Expiration.End}
	case strings.EqualFold(kind, "AfterDuration") || kind == "":
		if info.Expiration.Duration == nil && r.Kind == schedule.Eligible { // for ever
			r.Expiration.Kind = schedule.NoExpiration
			return nil
		}
		if info.Expiration.Duration == nil {
			return againstExpiration()
		}
		length, known := parseDuration(*info.Expiration.Duration)
		if !known {
			return invalidRequest("The duration '" + wire.Clip(*info.Expiration.Duration) + "' is not valid.")
		}
		r.Expiration = schedule.Expiration{Kind: schedule.AfterDuration, Duration: length}
	default:
		return invalidRequest("The expiration type '" + wire.Clip(kind) + "' is not known.")
	}
	return nil
}

func againstExpiration() *failure {
	return badRequest(string(schedule.AgainstRules), `The following policy rules failed: ["`+schedule.ExpirationRule+`"]`)
}

var isoDuration = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// parseDuration reads an ISO 8601 duration; a month counts 30 days, a year 365.
func parseDuration(s string) (time.Duration, bool) {
	parts := isoDuration.FindStringSubmatch(strings.ToUpper(s))
	if parts == nil || strings.HasSuffix(strings.ToUpper(s), "T") || len(s) < 3 {
		return 0, false
	}
	const day = 24 * time.Hour
	var total time.Duration
	for i, unit := range []time.Duration{365 * day, 30 * day, 7 * day, day, time.Hour, time.Minute, time.Second} {
		if n, err := strconv.Atoi(parts[i+1]); err == nil {
			if total += time.Duration(n) * unit; total < 0 || total > 100*365*day {
				return 0, false
			}
		}
	}
	return total, true
}

func printDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 && d > 0 {
		return "P" + strconv.Itoa(int(d/day)) + "D"
	}
	return "PT" + strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(d.Round(time.Second).String()), "0S"), "0M")
}

// rule is one rule of a policy, as the service writes it.
type rule struct {
	ID         string         `json:"id"`
	RuleType   string         `json:"ruleType"`
	Required   *bool          `json:"isExpirationRequired,omitempty"`
	Maximum    string         `json:"maximumDuration,omitempty"`
	Enabled    []string       `json:"enabledRules,omitzero"`
	IsEnabled  *bool          `json:"isEnabled,omitempty"`
	ClaimValue string         `json:"claimValue,omitempty"`
	Setting    *setting       `json:"setting,omitempty"`
	Target     map[string]any `json:"target,omitempty"`
}

type setting struct {
	Required bool    `json:"isApprovalRequired"`
	Mode     string  `json:"approvalMode"`
	Stages   []stage `json:"approvalStages"`
}

type stage struct {
	Days      int        `json:"approvalStageTimeOutInDays"`
	Approvers []approver `json:"primaryApprovers"`
}

type approver struct {
	ID   string `json:"id"`
	Type string `json:"userType"`
}

// The ids of the rules that are played.
const (
	activationExpiration = "Expiration_EndUser_Assignment"
	activationEnablement = "Enablement_EndUser_Assignment"
	activationApproval   = "Approval_EndUser_Assignment"
	activationContext    = "AuthenticationContext_EndUser_Assignment"
	activeExpiration     = "Expiration_Admin_Assignment"
	activeEnablement     = "Enablement_Admin_Assignment"
	eligibleExpiration   = "Expiration_Admin_Eligibility"
)

func ruleTarget(caller, level string) map[string]any {
	return map[string]any{"caller": caller, "level": level, "operations": []string{"All"}}
}

func rulesOf(p schedule.Policy) []rule {
	enabled := func(justification, mfa, ticket bool) []string {
		list := []string{}
		for name, on := range map[string]bool{"Justification": justification, "MultiFactorAuthentication": mfa, "Ticketing": ticket} {
			if on {
				list = append(list, name)
			}
		}
		return list
	}
	expiration := func(id string, most time.Duration, target map[string]any) rule {
		r := rule{ID: id, RuleType: "RoleManagementPolicyExpirationRule", Required: new(most > 0), Maximum: "P365D", Target: target}
		if most > 0 {
			r.Maximum = printDuration(most)
		}
		return r
	}
	approval := &setting{Required: len(p.Approvers) > 0, Mode: "SingleStage", Stages: []stage{{Days: 1, Approvers: []approver{}}}}
	for _, id := range p.Approvers {
		approval.Stages[0].Approvers = append(approval.Stages[0].Approvers, approver{id.String(), "User"})
	}
	user, admin := ruleTarget("EndUser", "Assignment"), ruleTarget("Admin", "Assignment")
	return []rule{
		expiration(activationExpiration, p.MaxActivation, user),
		{ID: activationEnablement, RuleType: "RoleManagementPolicyEnablementRule", Enabled: enabled(p.Justification, p.MFA, p.Ticket), Target: user},
		{ID: activationApproval, RuleType: "RoleManagementPolicyApprovalRule", Setting: approval, Target: user},
		{ID: activationContext, RuleType: "RoleManagementPolicyAuthenticationContextRule", IsEnabled: new(p.AuthenticationContext != ""), ClaimValue: p.AuthenticationContext, Target: user},
		expiration(activeExpiration, p.MaxActive, admin),
		{ID: activeEnablement, RuleType: "RoleManagementPolicyEnablementRule", Enabled: enabled(p.AdminJustification, p.AdminMFA, false), Target: admin},
		expiration(eligibleExpiration, p.MaxEligible, ruleTarget("Admin", "Eligibility")),
	}
}

// apply changes the policy by one rule; what names no rule here is left aside.
func (r rule) apply(p *schedule.Policy) *failure {
	var most time.Duration
	if r.Maximum != "" {
		var known bool
		if most, known = parseDuration(r.Maximum); !known {
			return invalidRequest("The maximum duration '" + wire.Clip(r.Maximum) + "' is not valid.")
		}
	}
	if r.Required != nil && !*r.Required {
		most = 0
	}
	has := func(name string) bool { return containsFold(r.Enabled, name) }
	switch r.ID {
	case activationExpiration:
		if most > 24*time.Hour || most <= 0 {
			return badRequest("InvalidPolicy", "The maximum activation duration lies between 30 minutes and 24 hours.")
		}
		p.MaxActivation = most
	case activationEnablement:
		p.Justification, p.MFA, p.Ticket = has("Justification"), has("MultiFactorAuthentication"), has("Ticketing")
	case activationApproval:
		p.Approvers = nil
		if r.Setting == nil || !r.Setting.Required {
			return nil
		}
		for _, s := range r.Setting.Stages {
			for _, a := range s.Approvers {
				id, err := csp.ParseID[csp.Principal](a.ID)
				if err != nil {
					return badRequest("InvalidPolicy", "The approver '"+wire.Clip(a.ID)+"' is not valid.")
				}
				p.Approvers = append(p.Approvers, id)
			}
		}
	case activationContext:
		if p.AuthenticationContext = r.ClaimValue; r.IsEnabled != nil && !*r.IsEnabled {
			p.AuthenticationContext = ""
		}
	case activeExpiration:
		p.MaxActive = most
	case activeEnablement:
		p.AdminJustification, p.AdminMFA = has("Justification"), has("MultiFactorAuthentication")
	case eligibleExpiration:
		p.MaxEligible = most
	}
	return nil
}

// A policy has no id of its own here: its name is that of the role definition,
// since there is one for every role at every scope.

func (h *Handler) managementPolicyOf(c *call, r csp.RoleDefinition) any {
	scope := c.route.scope
	return map[string]any{
		"id": prefixed(scope, "roleManagementPolicies/"+r.ID.String()), "name": r.ID.String(), "type": "Microsoft.Authorization/roleManagementPolicies",
		"properties": map[string]any{
			"scope": scope.String(), "displayName": r.Name, "isOrganizationDefault": false,
			"rules": rulesOf(c.tenant.Demands(scope, r.ID)), "effectiveRules": rulesOf(c.tenant.Demands(scope, r.ID)),
		},
	}
}

func prefixed(scope csp.Scope, rest string) string {
	return strings.TrimSuffix(scope.String(), "/") + "/providers/Microsoft.Authorization/" + rest
}

func (h *Handler) policyLinkOf(c *call, r csp.RoleDefinition) any {
	scope := c.route.scope
	name := r.ID.String() + "_" + r.ID.String()
	return map[string]any{
		"id": prefixed(scope, "roleManagementPolicyAssignments/"+name), "name": name, "type": "Microsoft.Authorization/roleManagementPolicyAssignments",
		"properties": map[string]any{
			"scope": scope.String(), "roleDefinitionId": definitionID(scope, r.ID), "policyId": prefixed(scope, "roleManagementPolicies/"+r.ID.String()),
			"effectiveRules": rulesOf(c.tenant.Demands(scope, r.ID)),
		},
	}
}

const readPolicies = "Microsoft.Authorization/roleManagementPolicies/read"

func (h *Handler) listManagementPolicies(c *call) (reply, *failure) {
	return h.listRoles(c, func(r csp.RoleDefinition) any { return h.managementPolicyOf(c, r) })
}

func (h *Handler) listPolicyLinks(c *call) (reply, *failure) {
	return h.listRoles(c, func(r csp.RoleDefinition) any { return h.policyLinkOf(c, r) })
}

func (h *Handler) listRoles(c *call, body func(csp.RoleDefinition) any) (reply, *failure) {
	if f := h.may(c, readPolicies, c.route.scope); f != nil {
		return reply{}, f
	}
	want, f := activationFilter.parse(c.query.Get("$filter"))
	if f != nil {
		return reply{}, f
	}
	shown := c.tenant.AssignableRoles(c.route.scope, false)
	if want.role != "" {
		var one []csp.RoleDefinition
		for _, r := range shown {
			if strings.EqualFold(r.ID.String(), last(want.role)) {
				one = append(one, r)
			}
		}
		shown = one
	}
	return pageOf(h, c, shown, func(r csp.RoleDefinition) string { return r.ID.String() }, body)
}

// findPolicy finds the role whose policy the path names.
func (h *Handler) findPolicy(c *call, action string) (csp.RoleDefinition, *failure) {
	if f := h.may(c, action, c.route.scope); f != nil {
		return csp.RoleDefinition{}, f
	}
	name, _, _ := strings.Cut(c.route.name(), "_")
	id, err := csp.ParseID[csp.RoleDefinition](name)
	r, known := c.tenant.Role(id)
	if err != nil || !known {
		return r, notFound("RoleManagementPolicyNotFound", "The policy '"+wire.Clip(c.route.name())+"' is not found.")
	}
	return r, nil
}

func (h *Handler) getManagementPolicy(c *call) (reply, *failure) {
	r, f := h.findPolicy(c, readPolicies)
	if f != nil {
		return reply{}, f
	}
	return ok(h.managementPolicyOf(c, r))
}

func (h *Handler) getPolicyLink(c *call) (reply, *failure) {
	r, f := h.findPolicy(c, readPolicies)
	if f != nil {
		return reply{}, f
	}
	return ok(h.policyLinkOf(c, r))
}

// patchManagementPolicy changes the rules that are sent, and no others.
func (h *Handler) patchManagementPolicy(c *call) (reply, *failure) {
	r, f := h.findPolicy(c, "Microsoft.Authorization/roleManagementPolicies/write")
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Properties struct {
			Rules []json.RawMessage `json:"rules"`
		} `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	p := c.tenant.Demands(c.route.scope, r.ID)
	for _, raw := range body.Properties.Rules {
		var one rule
		if f := decode(raw, &one); f != nil {
			return reply{}, f
		}
		if f := one.apply(&p); f != nil {
			return reply{}, f
		}
	}
	c.tenant.As(c.actor).SetDemands(c.route.scope, r.ID, p)
	return ok(h.managementPolicyOf(c, r))
}
