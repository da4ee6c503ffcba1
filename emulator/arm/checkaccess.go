package arm

import (
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type accessRequest struct {
	Subject struct {
		Attributes struct {
			ObjectID string   `json:"ObjectId"`
			Groups   []string `json:"Groups"`
			Retrieve bool     `json:"xms-pasrp-retrievegroupmemberships"`
		} `json:"Attributes"`
	} `json:"Subject"`
	Actions []struct {
		ID           string `json:"Id"`
		IsDataAction bool   `json:"IsDataAction"`
	} `json:"Actions"`
	Resource struct {
		ID string `json:"Id"`
	} `json:"Resource"`
}

type accessBody struct {
	ActionID       string    `json:"actionId"`
	IsDataAction   bool      `json:"isDataAction"`
	AccessDecision string    `json:"accessDecision"`
	RoleAssignment *accessBy `json:"roleAssignment,omitempty"`
	DenyAssignment *deniedBy `json:"denyAssignment,omitempty"`
	TimeToLive     int       `json:"timeToLiveInMs"`
}

type accessBy struct {
	ID               string `json:"id"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	PrincipalID      string `json:"principalId"`
	PrincipalType    string `json:"principalType"`
	Scope            string `json:"scope"`
	Condition        string `json:"condition,omitempty"`
}

type deniedBy struct {
	ID    string `json:"id"`
	Name  string `json:"denyAssignmentName"`
	Scope string `json:"scope"`
}

const maxActions = 500

// checkAccess judges for somebody else, in front of whoever may ask.
func (h *Handler) checkAccess(c *call) (reply, *failure) {
	if f := h.may(c, "Microsoft.Authorization/checkAccess/action", c.route.scope); f != nil {
		return reply{}, f
	}
	var body accessRequest
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	subject, f := h.subjectOf(c, body)
	if f != nil {
		return reply{}, f
	}
	scope := c.route.scope
	if body.Resource.ID != "" {
		asked, err := csp.ParseScope(body.Resource.ID)
		if err != nil || !c.tenantOf(h).Contains(scope, asked) {
			return reply{}, badRequest("InvalidResourceId", "The resource '"+wire.Clip(body.Resource.ID)+"' is not at the scope of the request or below it.")
		}
		scope = asked
	}
	if len(body.Actions) == 0 || len(body.Actions) > maxActions {
		return reply{}, badRequest("InvalidActions", "Between 1 and 500 actions can be asked for at once.")
	}
	answers := make([]accessBody, 0, len(body.Actions))
	for _, a := range body.Actions {
		answers = append(answers, judged(a.ID, a.IsDataAction, h.World.May(subject, world.Act{Action: a.ID, Data: a.IsDataAction, Scope: scope})))
	}
	return ok(answers)
}

func judged(action string, data bool, v world.Verdict) accessBody {
	b := accessBody{ActionID: action, IsDataAction: data, AccessDecision: "NotAllowed", TimeToLive: 300_000}
	switch {
	case v.Denied != nil:
		b.AccessDecision = "Denied"
		b.DenyAssignment = &deniedBy{denialID(*v.Denied), v.Denied.Name, v.Denied.Scope.String()}
	case v.Allowed:
		b.AccessDecision = "Allowed"
		if a := v.By; a != nil {
			b.RoleAssignment = &accessBy{assignmentID(a.Scope, a.Name), definitionID(a.Scope, a.Role), a.Principal.String(), string(a.PrincipalType), a.Scope.String(), a.Condition}
		}
	}
	return b
}

// subjectOf is the caller that is judged: with the groups that are given, or
// with those he is in now.
func (h *Handler) subjectOf(c *call, body accessRequest) (world.Caller, *failure) {
	given := body.Subject.Attributes
	id, err := csp.ParseID[csp.Principal](given.ObjectID)
	if err != nil {
		return world.Caller{}, badRequest("InvalidSubject", "The subject's ObjectId '"+wire.Clip(given.ObjectID)+"' is not valid.")
	}
	t := c.tenantOf(h)
	subject := world.Caller{Tenant: t.ID, Object: id}
	for _, g := range given.Groups {
		group, err := csp.ParseID[csp.Principal](strings.TrimSpace(g))
		if err != nil {
			return subject, badRequest("InvalidSubject", "The group '"+wire.Clip(g)+"' is not valid.")
		}
		subject.Groups = append(subject.Groups, group)
	}
	if given.Retrieve || len(given.Groups) == 0 {
		subject.Groups = append(subject.Groups, t.GroupsOf(id)...)
	}
	return subject, nil
}
