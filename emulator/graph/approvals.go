package graph

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/odata"
	"latchkey/emulator/schedule"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// approvalRoutes are where approvers decide what waits for them. The parts of an
// approval are called steps for directory roles and stages for groups.
func (h *Handler) approvalRoutes() []route {
	var table []route
	for _, one := range []struct {
		path, stages, permissions string
		of                        world.PIMService
	}{
		{"/roleManagement/directory/roleAssignmentApprovals", "steps", "RoleAssignmentSchedule.ReadWrite.Directory RoleManagement.ReadWrite.Directory PrivilegedAccess.ReadWrite.AzureAD", world.RolePIM},
		{"/identityGovernance/privilegedAccess/group/assignmentApprovals", "stages", writeGroupActive, world.GroupPIM},
	} {
		s := approvalService{h: h, of: one.of, stages: one.stages, context: strings.TrimPrefix(one.path, "/")}
		table = append(table,
			route{"GET", one.path + "/{approval}", one.permissions, "", s.get},
			route{"GET", one.path + "/{approval}/" + one.stages, one.permissions, "", s.listStages},
			route{"GET", one.path + "/{approval}/" + one.stages + "/{stage}", one.permissions, "", s.getStage},
			route{"PATCH", one.path + "/{approval}/" + one.stages + "/{stage}", one.permissions, "", s.decide},
		)
	}
	return table
}

type approvalService struct {
	h       *Handler
	of      world.PIMService
	stages  string
	context string
}

var (
	stageType = &odata.Type{
		Name:       "microsoft.graph.approvalStage",
		Properties: properties([]string{"id", "displayName", "justification", "reviewResult", "status"}, []string{"assignedToMe"}, []string{"reviewedDateTime"}, nil, []string{"reviewedBy"}, nil),
	}
	approvalType = &odata.Type{Name: "microsoft.graph.approval", Properties: properties([]string{"id"}, nil, nil, nil, []string{"stages", "steps"}, nil)}
)

// find is the request that the approval in the path is about. Who asks, who
// approves and who may see the roles of others may see it.
func (s approvalService) find(c *call) (schedule.Request, *failure) {
	for _, r := range c.as().PIM(s.of).Requests(schedule.Active) {
		if r.Approval.IsZero() || !strings.EqualFold(r.Approval.String(), c.params["approval"]) {
			continue
		}
		if stage := c.params["stage"]; stage != "" && !strings.EqualFold(stage, r.Approval.String()) {
			return r, notFound(stage).coded("ResourceNotFound")
		}
		if c.isApp() || r.By == c.caller.Object || r.Principal == c.caller.Object || approves(c, s.of, r) || s.h.mayInDirectory(c, actionReadRoles) {
			return r, nil
		}
		return r, denied()
	}
	return schedule.Request{}, notFound(c.params["approval"]).coded("ResourceNotFound")
}

// approves says whether the caller may decide the request: he is an approver, or
// in a group that is one.
func approves(c *call, of world.PIMService, r schedule.Request) bool {
	approvers := c.as().PIM(of).Policy(r.Role, r.Scope).Approvers
	return slices.ContainsFunc(append(c.tenant.GroupsOf(c.caller.Object), c.caller.Object), func(id csp.ObjectID) bool { return slices.Contains(approvers, id) })
}

// stageEntity: the one stage has the id of its approval.
func (s approvalService) stageEntity(c *call, r schedule.Request) odata.Entity {
	e := odata.Entity{
		"id": r.Approval.String(), "displayName": nil, "justification": "", "reviewResult": "NotReviewed", "status": "InProgress", "reviewedBy": nil,
		"reviewedDateTime": odata.Moment(r.Completed), "assignedToMe": approves(c, s.of, r),
	}
	switch {
	case r.Status.IsPending():
		return e
	case r.Status == schedule.Denied:
		e["reviewResult"] = "Deny"
	case r.Status == schedule.Canceled, r.Status == schedule.TimedOut:
	default:
		e["reviewResult"] = "Approve"
	}
	e["status"] = "Completed"
	return e
}

func (s approvalService) get(c *call) (reply, *failure) {
	r, f := s.find(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: approvalType, context: s.context}, odata.Entity{"id": r.Approval.String(), s.stages: []odata.Entity{s.stageEntity(c, r)}})
}

func (s approvalService) listStages(c *call) (reply, *failure) {
	r, f := s.find(c)
	if f != nil {
		return reply{}, f
	}
	return c.list(collection{on: stageType, context: s.stagesOf(r), all: []odata.Entity{s.stageEntity(c, r)}})
}

func (s approvalService) stagesOf(r schedule.Request) string {
	return s.context + "('" + r.Approval.String() + "')/" + s.stages
}

func (s approvalService) getStage(c *call) (reply, *failure) {
	r, f := s.find(c)
	if f != nil {
		return reply{}, f
	}
	return c.one(collection{on: stageType, context: s.stagesOf(r)}, s.stageEntity(c, r))
}

// decide approves or denies; whether the caller may, the book says.
func (s approvalService) decide(c *call) (reply, *failure) {
	r, f := s.find(c)
	if f != nil {
		return reply{}, f
	}
	if c.isApp() {
		return reply{}, denied()
	}
	var body struct {
		Result        string `json:"reviewResult"`
		Justification string `json:"justification"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	approve := strings.EqualFold(body.Result, "Approve")
	switch {
	case !approve && !strings.EqualFold(body.Result, "Deny"):
		return reply{}, badRequest("The reviewResult '" + wire.Clip(body.Result) + "' is neither Approve nor Deny.").coded(string(schedule.Invalid))
	case strings.TrimSpace(body.Justification) == "":
		return reply{}, badRequest("The decision needs a justification.").coded(string(schedule.Invalid))
	}
	if _, err := c.as().PIM(s.of).Decide(r.ID, approve); err != nil {
		return reply{}, pimFailure(err, r)
	}
	return noContent()
}
