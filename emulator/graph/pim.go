package graph

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/schedule"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// pimRoutes are those of privileged identity management for directory roles.
// Whoever is asked about himself needs no role to read (filterByCurrentUser) or
// to activate what he is eligible for.
func (h *Handler) pimRoutes() []route {
	const base = "/roleManagement/directory/"
	var table []route
	for _, kind := range []struct {
		kind        schedule.Kind
		name        string
		read, write string
	}{
		{schedule.Active, "roleAssignmentSchedule", readActive, writeActive},
		{schedule.Eligible, "roleEligibilitySchedule", readEligible, writeEligible},
	} {
		s := pimService{h: h, of: world.RolePIM, kind: kind.kind, name: kind.name, context: "roleManagement/directory/" + kind.name, write: kind.write}
		self := kind.read + " RoleAssignmentSchedule.Read.Directory RoleEligibilitySchedule.Read.Directory"
		table = append(table, s.routes(base+kind.name, kind.read, self, actionReadRoles)...)
	}
	return table
}

// groupPIMRoutes are those of privileged identity management for groups.
func (h *Handler) groupPIMRoutes() []route {
	const base = "/identityGovernance/privilegedAccess/group/"
	var table []route
	for _, kind := range []struct {
		kind        schedule.Kind
		name        string
		read, write string
	}{
		{schedule.Active, "assignmentSchedule", readGroupActive, writeGroupActive},
		{schedule.Eligible, "eligibilitySchedule", readGroupEligible, writeGroupEligible},
	} {
		s := pimService{h: h, of: world.GroupPIM, kind: kind.kind, name: kind.name, context: "identityGovernance/privilegedAccess/group/" + kind.name, write: kind.write}
		table = append(table, s.routes(base+kind.name, kind.read, kind.read, "")...)
	}
	return table
}

// pimService is one kind of schedules of one service.
type pimService struct {
	h       *Handler
	of      world.PIMService
	kind    schedule.Kind
	name    string // "roleAssignmentSchedule": with s and Requests and Instances behind it
	context string
	write   string
}

func (s pimService) routes(base, read, self, action string) []route {
	return []route{
		{"GET", base + "Requests", read, action, s.listRequests},
		{"POST", base + "Requests", s.write, "", s.submit},
		{"GET", base + "Requests/filterByCurrentUser/{on=whom}", self, "", s.listRequests},
		{"GET", base + "Requests/{id}", self, "", s.getRequest},
		{"POST", base + "Requests/{id}/cancel", s.write, "", s.cancel},
		{"GET", base + "s", read, action, s.listSchedules},
		{"GET", base + "s/filterByCurrentUser/{on=whom}", self, "", s.listSchedules},
		{"GET", base + "s/{id}", read, action, s.getSchedule},
		{"GET", base + "Instances", read, action, s.listInstances},
		{"GET", base + "Instances/filterByCurrentUser/{on=whom}", self, "", s.listInstances},
		{"GET", base + "Instances/{id}", read, action, s.getInstance},
	}
}

func (s pimService) pim(c *call) world.PIM { return c.as().PIM(s.of) }

// scheduleInfo is when something is to stand, as it goes over the wire.
type scheduleInfo struct {
	Start      *time.Time `json:"startDateTime"`
	Expiration struct {
		Type     string     `json:"type"`
		End      *time.Time `json:"endDateTime"`
		Duration string     `json:"duration"`
	} `json:"expiration"`
}

func (i scheduleInfo) read() (start time.Time, e schedule.Expiration, f *failure) {
	if i.Start != nil {
		start = *i.Start
	}
	for _, kind := range []schedule.ExpirationKind{schedule.NoExpiration, schedule.AfterDateTime, schedule.AfterDuration} {
		if strings.EqualFold(i.Expiration.Type, string(kind)) {
			e.Kind = kind
		}
	}
	if e.Kind == "" && i.Expiration.Type != "" {
		return start, e, badRequest("The expiration type '" + wire.Clip(i.Expiration.Type) + "' is not valid.").coded(string(schedule.Invalid))
	}
	if i.Expiration.End != nil {
		e.End = *i.Expiration.End
	}
	if i.Expiration.Duration != "" {
		d, err := odata.ParseDuration(i.Expiration.Duration)
		if err != nil {
			return start, e, badRequest("The duration '" + wire.Clip(i.Expiration.Duration) + "' is not valid.").coded(string(schedule.Invalid))
		}
		e.Duration = d
	}
	return start, e, nil
}

// pimRequest is the body of a request for a role or a group.
type pimRequest struct {
	Action        string        `json:"action"`
	Principal     string        `json:"principalId"`
	Role          string        `json:"roleDefinitionId"`
	Scope         string        `json:"directoryScopeId"`
	AppScope      string        `json:"appScopeId"`
	Access        string        `json:"accessId"`
	Group         string        `json:"groupId"`
	Justification string        `json:"justification"`
	Target        string        `json:"targetScheduleId"`
	Validate      bool          `json:"isValidationOnly"`
	Schedule      *scheduleInfo `json:"scheduleInfo"`
	Ticket        *struct {
		Number string `json:"ticketNumber"`
		System string `json:"ticketSystem"`
	} `json:"ticketInfo"`
}

func (s pimService) read(c *call, body pimRequest) (schedule.Request, *failure) {
	r := schedule.Request{Kind: s.kind, Justification: body.Justification, MFA: slices.Contains(c.claims.AMR, "mfa") || slices.Contains(c.claims.AMR, "ngcmfa")}
	action, known := schedule.ParseAction(body.Action)
	if !known {
		return r, badRequest("The action '" + wire.Clip(body.Action) + "' is not valid.").coded(string(schedule.Invalid))
	}
	r.Action = action
	principal, err := csp.ParseID[csp.Principal](body.Principal)
	if err != nil {
		return r, badRequest("The principalId '" + wire.Clip(body.Principal) + "' is not valid.").coded(string(schedule.Invalid))
	}
	r.Principal = principal
	if s.of == world.GroupPIM {
		group, err := csp.ParseID[csp.Principal](body.Group)
		if err != nil {
			return r, badRequest("The groupId '" + wire.Clip(body.Group) + "' is not valid.").coded(string(schedule.Invalid))
		}
		r.Role, r.Scope = strings.ToLower(body.Access), group.String()
	} else {
		role, err := csp.ParseID[csp.DirectoryRole](body.Role)
		if err != nil || body.Scope != "/" {
			return r, badRequest("The roleDefinitionId must be the id of a role and the directoryScopeId must be '/': this emulator has no administrative units.").coded(string(schedule.Invalid))
		}
		r.Role, r.Scope = role.String(), "/"
	}
	if body.Target != "" {
		if r.Linked, err = csp.ParseID[schedule.Schedule](body.Target); err != nil {
			return r, badRequest("The targetScheduleId '" + wire.Clip(body.Target) + "' is not valid.").coded(string(schedule.Invalid))
		}
	}
	if body.Ticket != nil {
		r.Ticket = schedule.Ticket{Number: body.Ticket.Number, System: body.Ticket.System}
	}
	if body.Schedule != nil {
		var f *failure
		if r.Start, r.Expiration, f = body.Schedule.read(); f != nil {
			return r, f
		}
	}
	return r, nil
}

// submit takes a request. What an administrator asks for needs the right to give
// roles, or to change the group; what somebody asks for himself needs only the
// permission in the token, and a person.
func (s pimService) submit(c *call) (reply, *failure) {
	var body pimRequest
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	r, f := s.read(c, body)
	if f != nil {
		return reply{}, f
	}
	if f := s.maySubmit(c, r); f != nil {
		return reply{}, f
	}
	if acrs := s.pim(c).Policy(r.Role, r.Scope).AuthenticationContext; acrs != "" && r.Action == schedule.SelfActivate && !slices.Contains(c.claims.ACRS, acrs) {
		ask, _ := json.Marshal(map[string]any{"access_token": map[string]any{"acrs": map[string]any{"essential": true, "value": acrs}}}) // cannot fail
		return reply{}, &failure{status: http.StatusForbidden, code: string(schedule.StepUp), message: "&claims=" + queryEscape(string(ask))}
	}
	made, err := s.pim(c).Submit(r, body.Validate)
	if err != nil {
		return reply{}, pimFailure(err, r)
	}
	l := collection{on: s.requestType(), context: s.context + "Requests", expand: s.h.expandRole(c)}
	e := s.requestEntity(made)
	e["isValidationOnly"] = body.Validate
	return c.createdOne(l, e, "/"+s.context+"Requests/"+made.ID.String())
}

func (s pimService) maySubmit(c *call, r schedule.Request) *failure {
	if r.Action.IsSelf() {
		if c.isApp() {
			return badRequest("A " + string(r.Action) + " request needs a signed-in user.").coded(string(schedule.Invalid))
		}
		return nil
	}
	if s.of == world.RolePIM {
		if s.h.may(c, s.write, actionWriteRoles) {
			return nil
		}
		return denied().coded("UnauthorizedAccessException")
	}
	id, _ := csp.ParseID[csp.Principal](r.Scope)
	g, known := c.tenant.Group(id)
	if !known {
		return notFound(r.Scope)
	}
	if c.isApp() {
		return nil // its permission was asked for already
	}
	return s.h.mayChangeGroup(c, g, s.write, "members/update")
}

func pimFailure(err error, r schedule.Request) *failure {
	if refused, ok := errors.AsType[*schedule.Refusal](err); ok {
		f := badRequest(refused.Detail).coded(string(refused.Code))
		if refused.Code == schedule.NoSuch {
			f.status = http.StatusNotFound
		}
		return f
	}
	switch world.LawOf(err) {
	case world.NoSuchPrincipal:
		return &failure{status: http.StatusNotFound, code: "SubjectNotFound", message: "The subject is not found."}
	case world.NoSuchRole:
		return &failure{status: http.StatusNotFound, code: "RoleNotFound", message: "The role is not found."}
	case world.NotRoleAssignable, world.NoNesting, world.DynamicMembers, world.BadName:
		return badRequest(err.Error()).coded(string(schedule.Invalid))
	}
	return refusalFailure(err, r.Principal.String())
}

func (s pimService) requestType() *odata.Type {
	if s.of == world.GroupPIM {
		return groupScheduleType
	}
	return roleRequestType
}

// put writes what is given, to whom and where.
func (s pimService) put(e odata.Entity, t schedule.Target) {
	e["principalId"] = t.Principal.String()
	if s.of == world.GroupPIM {
		e["accessId"], e["groupId"] = t.Role, t.Scope
		return
	}
	e["roleDefinitionId"], e["directoryScopeId"], e["appScopeId"] = t.Role, t.Scope, nil
}

func infoEntity(start, end time.Time) odata.Entity {
	expiration := odata.Entity{"type": string(schedule.NoExpiration), "endDateTime": nil, "duration": nil}
	if !end.IsZero() {
		expiration["type"], expiration["endDateTime"] = string(schedule.AfterDateTime), odata.Moment(end)
	}
	return odata.Entity{"startDateTime": odata.Moment(start), "recurrence": nil, "expiration": expiration}
}

func (s pimService) requestEntity(r schedule.Request) odata.Entity {
	expiration := odata.Entity{"type": string(schedule.NoExpiration), "endDateTime": odata.Moment(r.Expiration.End), "duration": nil}
	if r.Expiration.Kind != "" {
		expiration["type"] = string(r.Expiration.Kind)
	}
	if r.Expiration.Kind == schedule.AfterDuration {
		expiration["duration"] = odata.FormatDuration(r.Expiration.Duration)
	}
	start := r.Start
	if start.Before(r.Created) {
		start = r.Created
	}
	e := odata.Entity{
		"id": r.ID.String(), "status": string(r.Status), "action": string(r.Action), "targetScheduleId": odata.OrNull(r.Schedule.String()), "justification": odata.OrNull(r.Justification),
		"approvalId": odata.OrNull(r.Approval.String()), "customData": nil, "isValidationOnly": false, "createdDateTime": odata.Moment(r.Created), "completedDateTime": odata.Moment(r.Completed),
		"scheduleInfo": odata.Entity{"startDateTime": odata.Moment(start), "recurrence": nil, "expiration": expiration},
		"ticketInfo":   odata.Entity{"ticketNumber": odata.OrNull(r.Ticket.Number), "ticketSystem": odata.OrNull(r.Ticket.System)},
		"createdBy":    odata.Entity{"application": nil, "device": nil, "user": odata.Entity{"displayName": nil, "id": r.By.String()}},
	}
	s.put(e, r.Target)
	return e
}

func (s pimService) scheduleEntity(one schedule.Schedule) odata.Entity {
	e := odata.Entity{
		"id": one.ID.String(), "createdUsing": one.Request.String(), "createdDateTime": odata.Moment(one.Created), "modifiedDateTime": odata.Moment(one.Updated), "status": string(schedule.Provisioned),
		"scheduleInfo": infoEntity(one.Start, one.End), "memberType": "Direct", "assignmentType": string(one.Type),
	}
	if s.kind == schedule.Eligible {
		delete(e, "assignmentType")
	}
	if s.of == world.GroupPIM {
		e["memberType"], e["assignmentType"] = "direct", strings.ToLower(string(one.Type))
	}
	s.put(e, one.Target)
	return e
}

func (s pimService) instanceEntity(one schedule.Schedule) odata.Entity {
	e := odata.Entity{"id": one.Instance.String(), "startDateTime": odata.Moment(one.Start), "endDateTime": odata.Moment(one.End), "memberType": "Direct", "assignmentType": string(one.Type)}
	s.put(e, one.Target)
	switch {
	case s.of == world.GroupPIM && s.kind == schedule.Active:
		e["memberType"], e["assignmentType"], e["assignmentScheduleId"] = "direct", strings.ToLower(string(one.Type)), one.ID.String()
	case s.of == world.GroupPIM:
		e["memberType"], e["eligibilityScheduleId"] = "direct", one.ID.String()
		delete(e, "assignmentType")
	case s.kind == schedule.Active:
		e["roleAssignmentScheduleId"], e["roleAssignmentOriginId"] = one.ID.String(), wireID(world.DirectoryAssignmentID(one.Instance))
	default:
		e["roleEligibilityScheduleId"] = one.ID.String()
		delete(e, "assignmentType")
	}
	return e
}

// answer lists entities: all, or those of the caller himself at
// filterByCurrentUser. Lists of group schedules must say of which group or whom.
func (s pimService) answer(c *call, on *odata.Type, context string, all []odata.Entity) (reply, *failure) {
	l := collection{on: on, context: context, all: all, expand: s.h.expandRole(c)}
	whom, own := c.params["whom"]
	if own {
		mine := []string{c.caller.Object.String()}
		if strings.EqualFold(whom, "principal") {
			mine = append(mine, idTexts(c.tenant.GroupsOf(c.caller.Object))...)
		}
		l.all = slices.DeleteFunc(l.all, func(e odata.Entity) bool {
			who := e["principalId"]
			if by, isRequest := e["createdBy"].(odata.Entity); isRequest && strings.EqualFold(whom, "createdBy") {
				user, _ := by["user"].(odata.Entity)
				who = user["id"]
			}
			text, _ := who.(string)
			return !slices.Contains(mine, text)
		})
		return c.list(l)
	}
	if filter := strings.ToLower(c.values.Get("$filter")); s.of == world.GroupPIM && !strings.Contains(filter, "groupid") && !strings.Contains(filter, "principalid") {
		return reply{}, badRequest("The filter must name a groupId or a principalId.").coded("MissingParameters")
	}
	return c.list(l)
}

func (s pimService) listRequests(c *call) (reply, *failure) {
	all := []odata.Entity{}
	forApprover := strings.EqualFold(c.params["whom"], "approver")
	for _, r := range s.pim(c).Requests(s.kind) {
		if !forApprover || r.Status == schedule.PendingApproval && approves(c, s.of, r) {
			all = append(all, s.requestEntity(r))
		}
	}
	if forApprover {
		return c.list(collection{on: s.requestType(), context: s.context + "Requests", all: all, expand: s.h.expandRole(c)})
	}
	return s.answer(c, s.requestType(), s.context+"Requests", all)
}

func (s pimService) listSchedules(c *call) (reply, *failure) {
	all := []odata.Entity{}
	for _, one := range s.pim(c).Schedules(s.kind) {
		all = append(all, s.scheduleEntity(one))
	}
	return s.answer(c, s.typeOf(roleScheduleType), s.context+"s", all)
}

func (s pimService) listInstances(c *call) (reply, *failure) {
	all := []odata.Entity{}
	for _, one := range s.pim(c).Instances(s.kind) {
		all = append(all, s.instanceEntity(one))
	}
	return s.answer(c, s.typeOf(roleInstanceType), s.context+"Instances", all)
}

func (s pimService) typeOf(role *odata.Type) *odata.Type {
	if s.of == world.GroupPIM {
		return groupScheduleType
	}
	return role
}

func (s pimService) getRequest(c *call) (reply, *failure) {
	id, err := csp.ParseID[schedule.Schedule](c.params["id"])
	r, known := s.pim(c).Request(id)
	if err != nil || !known || r.Kind != s.kind {
		return reply{}, notFound(c.params["id"])
	}
	if r.By != c.caller.Object && r.Principal != c.caller.Object && s.of == world.RolePIM && !c.isApp() && !s.h.mayInDirectory(c, actionReadRoles) {
		return reply{}, denied()
	}
	return c.one(collection{on: s.requestType(), context: s.context + "Requests", expand: s.h.expandRole(c)}, s.requestEntity(r))
}

func (s pimService) getSchedule(c *call) (reply, *failure) {
	for _, one := range s.pim(c).Schedules(s.kind) {
		if strings.EqualFold(one.ID.String(), c.params["id"]) {
			return c.one(collection{on: s.typeOf(roleScheduleType), context: s.context + "s", expand: s.h.expandRole(c)}, s.scheduleEntity(one))
		}
	}
	return reply{}, notFound(c.params["id"])
}

func (s pimService) getInstance(c *call) (reply, *failure) {
	for _, one := range s.pim(c).Instances(s.kind) {
		if strings.EqualFold(one.Instance.String(), c.params["id"]) {
			return c.one(collection{on: s.typeOf(roleInstanceType), context: s.context + "Instances", expand: s.h.expandRole(c)}, s.instanceEntity(one))
		}
	}
	return reply{}, notFound(c.params["id"])
}

// cancel withdraws a request: its author may, and who may give roles.
func (s pimService) cancel(c *call) (reply, *failure) {
	id, err := csp.ParseID[schedule.Schedule](c.params["id"])
	r, known := s.pim(c).Request(id)
	if err != nil || !known || r.Kind != s.kind {
		return reply{}, notFound(c.params["id"])
	}
	if r.By != c.caller.Object && !s.h.may(c, s.write, actionWriteRoles) {
		return reply{}, denied()
	}
	if err := s.pim(c).Cancel(id); err != nil {
		return reply{}, pimFailure(err, r)
	}
	return noContent()
}
