package arm

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// half is one of the two halves of privileged identity management, which have the
// same operations under different names.
type half struct {
	kind schedule.Kind
	noun string // in types and ids: roleAssignment, roleEligibility
}

var (
	activeHalf   = half{schedule.Active, "roleAssignment"}
	eligibleHalf = half{schedule.Eligible, "roleEligibility"}
)

// activationEndpoints are the table's lines of privileged identity management.
func (h *Handler) activationEndpoints() map[string]endpoint {
	table := map[string]endpoint{
		"rolemanagementpolicies":             {activation, does{get: h.listManagementPolicies}, false},
		"rolemanagementpolicies/*":           {activation, does{get: h.getManagementPolicy, edit: h.patchManagementPolicy}, false},
		"rolemanagementpolicyassignments":    {activation, does{get: h.listPolicyLinks}, false},
		"rolemanagementpolicyassignments/*":  {activation, does{get: h.getPolicyLink}, false},
		"eligiblechildresources":             {activation, does{get: h.listEligibleChildren}, false},
		"roleassignmentapprovals/*/stages":   {activation, does{get: h.listStages}, false},
		"roleassignmentapprovals/*/stages/*": {activation, does{edit: h.decideStage, put: h.decideStage}, false},
	}
	for _, p := range []half{activeHalf, eligibleHalf} {
		name := strings.ToLower(p.noun)
		table[name+"schedulerequests"] = endpoint{activation, does{get: p.list(h, p.requests)}, false}
		table[name+"schedulerequests/*"] = endpoint{activation, does{get: p.get(h, p.requests), put: p.request(h, false)}, false}
		table[name+"schedulerequests/*/cancel"] = endpoint{activation, does{post: p.cancel(h)}, false}
		table[name+"schedulerequests/*/validate"] = endpoint{activation, does{post: p.request(h, true)}, false}
		table[name+"schedules"] = endpoint{activation, does{get: p.list(h, p.schedules)}, false}
		table[name+"schedules/*"] = endpoint{activation, does{get: p.get(h, p.schedules)}, false}
		table[name+"scheduleinstances"] = endpoint{activation, does{get: p.list(h, p.instances)}, false}
		table[name+"scheduleinstances/*"] = endpoint{activation, does{get: p.get(h, p.instances)}, false}
	}
	return table
}

type activationBody struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
}

// listed is one entry of a list, whichever, with what filters look at.
type listed struct {
	schedule.Target
	name   string
	status string
	body   func() activationBody
}

func (p half) id(scope, collection, name string) string {
	return strings.TrimSuffix(scope, "/") + "/providers/Microsoft.Authorization/" + p.noun + collection + "/" + name
}

// shared are the properties that requests, schedules and instances have alike.
func (h *Handler) shared(t world.Tenant, of schedule.Target, condition string) map[string]any {
	scope, role := scopeOf(of), roleOf(of)
	kind, _ := t.Resolve(of.Principal)
	definition, _ := t.Role(role)
	properties := map[string]any{
		"scope": of.Scope, "roleDefinitionId": definitionID(scope, role), "principalId": of.Principal.String(), "principalType": string(kind),
		"condition": orNull(condition), "expandedProperties": map[string]any{
			"scope":          map[string]string{"id": of.Scope, "displayName": scope.Name(), "type": strings.ReplaceAll(scope.Kind().String(), " ", "")},
			"roleDefinition": map[string]string{"id": definitionID(scope, role), "displayName": definition.Name, "type": typeOfRole(definition)},
			"principal":      map[string]string{"id": of.Principal.String(), "displayName": t.NameOf(of.Principal), "type": string(kind)},
		},
	}
	if condition != "" {
		properties["conditionVersion"] = "2.0"
	}
	return properties
}

func typeOfRole(r csp.RoleDefinition) string {
	if r.Custom {
		return customRole
	}
	return builtInRole
}

func scopeOf(t schedule.Target) csp.Scope {
	scope, _ := csp.ParseScope(t.Scope) // the world made it of a scope
	return scope
}

func roleOf(t schedule.Target) csp.RoleDefinitionID {
	role, _ := csp.ParseID[csp.RoleDefinition](t.Role) // the world made it of an id
	return role
}

func (p half) requests(h *Handler, t world.Tenant) []listed {
	var list []listed
	for _, r := range t.ActivationRequests(p.kind) {
		list = append(list, listed{r.Target, r.ID.String(), string(r.Status), func() activationBody { return p.requestOf(h, t, r) }})
	}
	return list
}

func (p half) requestOf(h *Handler, t world.Tenant, r schedule.Request) activationBody {
	b := activationBody{p.id(r.Scope, "ScheduleRequests", r.ID.String()), r.ID.String(), "Microsoft.Authorization/" + p.noun + "ScheduleRequests", h.shared(t, r.Target, r.Condition)}
	b.Properties["requestType"], b.Properties["status"] = capital(string(r.Action)), string(r.Status)
	b.Properties["justification"], b.Properties["requestorId"] = orNull(r.Justification), r.By.String()
	b.Properties["createdOn"] = r.Created.Format(time.RFC3339Nano)
	b.Properties["ticketInfo"] = map[string]*string{"ticketNumber": orNull(r.Ticket.Number), "ticketSystem": orNull(r.Ticket.System)}
	b.Properties["scheduleInfo"] = scheduleInfoOf(r)
	b.Properties["approvalId"] = orNull(approvalID(r))
	if !r.Schedule.IsZero() {
		b.Properties["target"+capital(p.noun)+"ScheduleId"] = p.id(r.Scope, "Schedules", r.Schedule.String())
	}
	if !r.Linked.IsZero() {
		b.Properties["linkedRoleEligibilityScheduleId"] = r.Linked.String()
	}
	return b
}

func approvalID(r schedule.Request) string {
	if r.Approval.IsZero() {
		return ""
	}
	return strings.TrimSuffix(r.Scope, "/") + "/providers/Microsoft.Authorization/roleAssignmentApprovals/" + r.Approval.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func scheduleInfoOf(r schedule.Request) map[string]any {
	expiration := map[string]any{"type": "NoExpiration", "endDateTime": nil, "duration": nil}
	switch r.Expiration.Kind {
	case schedule.AfterDateTime:
		expiration["type"], expiration["endDateTime"] = "AfterDateTime", r.Expiration.End.UTC().Format(time.RFC3339Nano)
	case schedule.AfterDuration:
		expiration["type"], expiration["duration"] = "AfterDuration", printDuration(r.Expiration.Duration)
	}
	start := r.Start
	if start.IsZero() || start.Before(r.Created) {
		start = r.Created
	}
	return map[string]any{"startDateTime": start.UTC().Format(time.RFC3339Nano), "expiration": expiration}
}

func (p half) schedules(h *Handler, t world.Tenant) []listed {
	var list []listed
	for _, s := range t.ActivationSchedules(p.kind) {
		list = append(list, listed{s.Target, s.ID.String(), "Provisioned", func() activationBody {
			b := activationBody{p.id(s.Scope, "Schedules", s.ID.String()), s.ID.String(), "Microsoft.Authorization/" + p.noun + "Schedules", h.shared(t, s.Target, s.Condition)}
			b.Properties["createdOn"], b.Properties["updatedOn"] = s.Created.Format(time.RFC3339Nano), s.Updated.Format(time.RFC3339Nano)
			p.times(b.Properties, s)
			return b
		}})
	}
	return list
}

func (p half) instances(h *Handler, t world.Tenant) []listed {
	var list []listed
	for _, s := range t.ActivationInstances(p.kind) {
		list = append(list, listed{s.Target, s.Instance.String(), "Provisioned", func() activationBody {
			b := activationBody{p.id(s.Scope, "ScheduleInstances", s.Instance.String()), s.Instance.String(), "Microsoft.Authorization/" + p.noun + "ScheduleInstances", h.shared(t, s.Target, s.Condition)}
			b.Properties[p.noun+"ScheduleId"] = p.id(s.Scope, "Schedules", s.ID.String())
			b.Properties["createdOn"] = s.Created.Format(time.RFC3339Nano)
			if p.kind == schedule.Active {
				b.Properties["originRoleAssignmentId"] = strings.TrimSuffix(s.Scope, "/") + "/providers/Microsoft.Authorization/roleAssignments/" + s.Instance.String()
			}
			p.times(b.Properties, s)
			return b
		}})
	}
	return list
}

func (p half) times(properties map[string]any, s schedule.Schedule) {
	properties["status"], properties["memberType"] = "Provisioned", "Direct"
	properties["startDateTime"], properties["endDateTime"] = s.Start.UTC().Format(time.RFC3339Nano), nil
	if !s.End.IsZero() {
		properties["endDateTime"] = s.End.UTC().Format(time.RFC3339Nano)
	}
	if p.kind != schedule.Active {
		return
	}
	properties["assignmentType"] = string(s.Type)
	if !s.Linked.IsZero() {
		properties["linkedRoleEligibilityScheduleId"] = eligibleHalf.id(s.Scope, "Schedules", s.Linked.String())
	}
}

type lists func(*Handler, world.Tenant) []listed

// list shows what is at the scope and above and, unless atScope() is asked for,
// below. asTarget() is what everybody may ask: what is there for himself.
func (p half) list(h *Handler, from lists) operation {
	return func(c *call) (reply, *failure) {
		want, f := activationFilter.parse(c.query.Get("$filter"))
		if f != nil {
			return reply{}, f
		}
		if !want.target {
			if f := h.may(c, readAssignments, c.route.scope); f != nil {
				return reply{}, f
			}
		}
		var shown []listed
		for _, l := range from(h, c.tenant) {
			if h.wants(c, want, l) {
				shown = append(shown, l)
			}
		}
		return pageOf(h, c, shown, func(l listed) string { return l.Scope + " " + l.name }, func(l listed) activationBody { return l.body() })
	}
}

func (h *Handler) wants(c *call, want filter, l listed) bool {
	scope := scopeOf(l.Target)
	if !c.tenant.Contains(scope, c.route.scope) && (want.atScope || !c.tenant.Contains(c.route.scope, scope)) {
		return false
	}
	is := func(id csp.ObjectID, groups []csp.ObjectID) bool {
		if slices.Contains(groups, l.Principal) {
			return true
		}
		return l.Principal == id
	}
	switch {
	case want.target && !is(c.caller.Object, c.caller.Groups):
		return false
	case !want.principal.IsZero() && l.Principal != want.principal:
		return false
	case !want.assignedTo.IsZero() && !is(want.assignedTo, c.tenant.GroupsOf(want.assignedTo)):
		return false
	case want.role != "" && !strings.EqualFold(want.role[strings.LastIndexByte(want.role, '/')+1:], l.Role):
		return false
	}
	return want.status == "" || strings.EqualFold(want.status, l.status)
}

func (p half) get(h *Handler, from lists) operation {
	return func(c *call) (reply, *failure) {
		for _, l := range from(h, c.tenant) {
			if !strings.EqualFold(l.name, c.route.name()) {
				continue
			}
			if l.Principal != c.caller.Object {
				if f := h.may(c, readAssignments, c.route.scope); f != nil {
					return reply{}, f
				}
			}
			return ok(l.body())
		}
		if f := h.may(c, readAssignments, c.route.scope); f != nil {
			return reply{}, f
		}
		return reply{}, notFound("RoleAssignmentScheduleNotFound", "The resource '"+wire.Clip(c.route.name())+"' is not found.")
	}
}

type activationRequest struct {
	Properties *activationProperties `json:"properties"`
}

type activationProperties struct {
	PrincipalID      string `json:"principalId"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	RequestType      string `json:"requestType"`
	Justification    string `json:"justification"`
	Linked           string `json:"linkedRoleEligibilityScheduleId"`
	Condition        string `json:"condition"`
	TicketInfo       struct {
		Number string `json:"ticketNumber"`
		System string `json:"ticketSystem"`
	} `json:"ticketInfo"`
	ScheduleInfo struct {
		Start      *time.Time `json:"startDateTime"`
		Expiration struct {
			Type     string     `json:"type"`
			End      *time.Time `json:"endDateTime"`
			Duration *string    `json:"duration"`
		} `json:"expiration"`
	} `json:"scheduleInfo"`
}

func invalidRequest(message string) *failure { return badRequest(string(schedule.Invalid), message) }

func (p half) read(c *call, name string) (schedule.Request, *failure) {
	var body activationRequest
	if f := decode(c.body, &body); f != nil {
		return schedule.Request{}, f
	}
	if body.Properties == nil {
		return schedule.Request{}, invalidRequest("The 'properties' are required.")
	}
	given := body.Properties
	r := schedule.Request{Kind: p.kind, Justification: given.Justification, Condition: given.Condition, Ticket: schedule.Ticket{Number: given.TicketInfo.Number, System: given.TicketInfo.System}}
	var known bool
	if r.Action, known = schedule.ParseAction(given.RequestType); !known {
		return r, invalidRequest("The request type '" + wire.Clip(given.RequestType) + "' is not known.")
	}
	var err error
	if r.ID, err = csp.ParseID[schedule.Schedule](name); err != nil {
		return r, invalidRequest("The name '" + wire.Clip(name) + "' is not a GUID.")
	}
	if r.Principal, err = csp.ParseID[csp.Principal](given.PrincipalID); err != nil {
		return r, invalidRequest("The principal ID '" + wire.Clip(given.PrincipalID) + "' is not valid.")
	}
	role, err := csp.ParseID[csp.RoleDefinition](last(given.RoleDefinitionID))
	if err != nil {
		return r, invalidRequest("The role definition ID '" + wire.Clip(given.RoleDefinitionID) + "' is not valid.")
	}
	r.Role, r.Scope = role.String(), c.route.scope.String()
	if given.Linked != "" {
		if r.Linked, err = csp.ParseID[schedule.Schedule](last(given.Linked)); err != nil {
			return r, invalidRequest("The eligibility schedule '" + wire.Clip(given.Linked) + "' is not valid.")
		}
	}
	return r, given.readSchedule(&r)
}

func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// PUT sends a request, and POST .../validate asks what would come of it.
func (p half) request(h *Handler, validateOnly bool) operation {
	return func(c *call) (reply, *failure) {
		r, f := p.read(c, c.route.name())
		if f != nil {
			return reply{}, f
		}
		if f := h.mayRequest(c, r); f != nil {
			return reply{}, f
		}
		r.MFA = containsFold(c.claims.AMR, "mfa")
		if f := h.stepUp(c, r); f != nil {
			return reply{}, f
		}
		made, err := c.tenant.As(c.actor).RequestActivation(r, validateOnly)
		if err != nil {
			return reply{}, h.activationRefusal(c, err, r)
		}
		body := p.requestOf(h, c.tenant, made)
		if validateOnly {
			return ok(body)
		}
		return reply{status: http.StatusCreated, body: body}, nil
	}
}

func containsFold(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(s, want) {
			return true
		}
	}
	return false
}

// mayRequest: who asks for himself needs no right but what he is eligible for;
// others need the right to write or delete assignments, with what they ask for.
func (h *Handler) mayRequest(c *call, r schedule.Request) *failure {
	if r.Action.IsSelf() {
		return nil
	}
	asked := csp.RoleAssignment{Scope: c.route.scope, Role: roleOf(r.Target), Principal: r.Principal}
	if kind, known := c.tenant.Resolve(r.Principal); known {
		asked.PrincipalType = kind
	}
	act := world.Act{Action: writeAssignments, Scope: c.route.scope, Request: attributesOf(asked)}
	if r.Action == schedule.AdminRemove {
		act = world.Act{Action: deleteAssignment, Scope: c.route.scope, Resource: attributesOf(asked)}
	}
	if v := h.World.May(c.caller, act); !v.Allowed {
		f := c.notAllowed(act.Action, act.Scope, v)
		if v.Denied == nil {
			f.code = "InsufficientPermissions"
		}
		return f
	}
	return nil
}

// stepUp asks for the authentication context that the policy of the role wants.
func (h *Handler) stepUp(c *call, r schedule.Request) *failure {
	want := c.tenant.Demands(c.route.scope, roleOf(r.Target)).AuthenticationContext
	if want == "" || r.Action != schedule.SelfActivate || containsFold(c.claims.ACRS, want) {
		return nil
	}
	return &failure{status: http.StatusForbidden, code: string(schedule.StepUp), message: `&claims=%7B%22access_token%22%3A%7B%22acrs%22%3A%7B%22essential%22%3Atrue%2C%20%22value%22%3A%22` + want + `%22%7D%7D%7D`}
}

func (h *Handler) activationRefusal(c *call, err error, r schedule.Request) *failure {
	if refusal, ok := errors.AsType[*schedule.Refusal](err); ok {
		switch refusal.Code {
		case schedule.NoSuch:
			return notFound("RoleAssignmentRequestNotFound", refusal.Detail)
		default:
			return badRequest(string(refusal.Code), refusal.Detail)
		}
	}
	return refusalFailure(err, csp.RoleAssignment{Name: csp.RoleAssignmentID(r.ID), Scope: c.route.scope, Role: roleOf(r.Target), Principal: r.Principal}, c.tenant)
}

// cancel withdraws a request that waits, or has not begun.
func (p half) cancel(h *Handler) operation {
	return func(c *call) (reply, *failure) {
		id, err := csp.ParseID[schedule.Schedule](c.route.name())
		r, known := c.tenant.ActivationRequest(id)
		if err != nil || !known || r.Kind != p.kind {
			return reply{}, notFound("RoleAssignmentRequestNotFound", "The request '"+wire.Clip(c.route.name())+"' is not found.")
		}
		if r.By != c.caller.Object {
			if f := h.may(c, writeAssignments, c.route.scope); f != nil {
				return reply{}, f
			}
		}
		if err := c.tenant.As(c.actor).CancelActivation(id); err != nil {
			return reply{}, h.activationRefusal(c, err, r)
		}
		return done()
	}
}

// findApproval finds the request that an approval is about.
func (h *Handler) findApproval(c *call) (schedule.Request, *failure) {
	for _, r := range c.tenant.ActivationRequests(schedule.Active) {
		if !r.Approval.IsZero() && strings.EqualFold(r.Approval.String(), c.route.names[0]) {
			return r, nil
		}
	}
	return schedule.Request{}, notFound("RoleAssignmentApprovalNotFound", "The approval '"+wire.Clip(c.route.names[0])+"' is not found.")
}

func stageOf(r schedule.Request) activationBody {
	state, result := "Completed", "Approve"
	switch {
	case r.Status.IsPending():
		state, result = "InProgress", "NotReviewed"
	case r.Status == schedule.Denied:
		result = "Deny"
	}
	id := r.Approval.String()
	return activationBody{approvalID(r) + "/stages/" + id, id, "Microsoft.Authorization/roleAssignmentApprovals/stages", map[string]any{"status": state, "reviewResult": result, "assignedToMe": true}}
}

func (h *Handler) listStages(c *call) (reply, *failure) {
	r, f := h.findApproval(c)
	if f != nil {
		return reply{}, f
	}
	return listOf([]activationBody{stageOf(r)})
}

// decideStage approves or denies; whether the caller may, the book says.
func (h *Handler) decideStage(c *call) (reply, *failure) {
	r, f := h.findApproval(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Properties struct {
			Result string `json:"reviewResult"`
		} `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	approve := strings.EqualFold(body.Properties.Result, "Approve")
	if !approve && !strings.EqualFold(body.Properties.Result, "Deny") {
		return reply{}, invalidRequest("The review result '" + wire.Clip(body.Properties.Result) + "' is neither Approve nor Deny.")
	}
	decided, err := c.tenant.As(c.actor).DecideActivation(r.ID, approve)
	if err != nil {
		return reply{}, h.activationRefusal(c, err, r)
	}
	return ok(stageOf(decided))
}

// listEligibleChildren shows what lies right below the scope in which the caller
// may activate something.
func (h *Handler) listEligibleChildren(c *call) (reply, *failure) {
	eligible := c.tenant.ActivationInstances(schedule.Eligible)
	mine := func(scope csp.Scope) bool {
		for _, s := range eligible {
			own := s.Principal == c.caller.Object || containsID(c.caller.Groups, s.Principal)
			if at := scopeOf(s.Target); own && (c.tenant.Contains(at, scope) || c.tenant.Contains(scope, at)) {
				return true
			}
		}
		return false
	}
	var list []csp.Scope
	kinds := map[csp.ScopeKind]string{csp.ManagementGroupScope: "managementgroup", csp.SubscriptionScope: "subscription", csp.ResourceGroupScope: "resourcegroup"}
	switch c.route.scope.Kind() {
	case csp.SubscriptionScope:
		s, _ := h.World.Subscription(c.route.scope.Subscription())
		for _, g := range s.ResourceGroups() {
			list = append(list, g.Scope)
		}
	case csp.ManagementGroupScope:
		groups, subscriptions := c.tenant.Children(c.route.scope)
		for _, g := range groups {
			list = append(list, g.Scope)
		}
		for _, s := range subscriptions {
			list = append(list, s.Scope())
		}
	}
	var shown []any
	for _, scope := range list {
		if mine(scope) {
			shown = append(shown, map[string]string{"id": scope.String(), "name": scope.Name(), "type": kinds[scope.Kind()]})
		}
	}
	return listOf(shown)
}

func containsID(list []csp.ObjectID, want csp.ObjectID) bool {
	return slices.Contains(list, want)
}
