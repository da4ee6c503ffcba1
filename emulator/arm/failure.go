package arm

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// failure is an error answer in Azure's envelope.
type failure struct {
	status  int
	code    string
	message string
	headers map[string]string
	target  string
	info    []additionalInfo
}

// additionalInfo is what some errors say beside their sentence.
type additionalInfo struct {
	Type string `json:"type"`
	Info any    `json:"info"`
}

func badRequest(code, message string) *failure {
	return &failure{status: http.StatusBadRequest, code: code, message: message}
}

func conflict(code, message string) *failure {
	return &failure{status: http.StatusConflict, code: code, message: message}
}

func internal(err error) *failure {
	return &failure{status: http.StatusInternalServerError, code: "InternalServerError", message: err.Error()}
}

func notFound(code, message string) *failure {
	return &failure{status: http.StatusNotFound, code: code, message: message}
}

type envelope struct {
	Error envelopeError `json:"error"`
}

type envelopeError struct {
	Code    string `json:"code"`
	Message string `json:"message"`

	Target         string           `json:"target,omitempty"`
	AdditionalInfo []additionalInfo `json:"additionalInfo,omitempty"`
}

func (f *failure) write(w http.ResponseWriter) {
	for name, value := range f.headers {
		w.Header().Set(name, value)
	}
	writeError(w, f.status, envelopeError{f.code, f.message, f.target, f.info})
}

// WriteError answers with an error in Azure's envelope.
func WriteError(w http.ResponseWriter, status int, code, message string) {
	writeError(w, status, envelopeError{Code: code, Message: message})
}

func writeError(w http.ResponseWriter, status int, e envelopeError) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-failure-cause", "gateway")
	w.Header().Set("x-ms-error-code", e.Code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(envelope{e})
}

// notAllowed is Azure's sentence for a caller without the right.
func (c *call) notAllowed(action string, scope csp.Scope, v world.Verdict) *failure {
	who := "The client '" + c.actor.Name + "' with object id '" + c.caller.Object.String() + "'"
	if v.Denied != nil {
		return &failure{status: http.StatusForbidden, code: "DenyAssignmentAuthorizationFailed", message: who + " has permission to perform action '" + action + "' on scope '" + scope.String() +
			"'; however, the access is denied because of the deny assignment with name '" + v.Denied.Name + "' and Id '" + bare(v.Denied.ID.String()) + "' at scope '" + v.Denied.Scope.String() + "'."}
	}
	return &failure{status: http.StatusForbidden, code: "AuthorizationFailed", message: who + " does not have authorization to perform action '" + action + "' over scope '" + scope.String() +
		"' or the scope is invalid. If access was recently granted, please refresh your credentials."}
}

// refusalFailure answers with the code that belongs to the law (one table for
// all operations).
func refusalFailure(err error, asked csp.RoleAssignment, tenant world.Tenant) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.AssignmentExists:
		return &failure{status: http.StatusConflict, code: "RoleAssignmentExists", message: "The role assignment already exists. The ID of the existing role assignment is " + bare(refusal.Existing.String()) + "."}
	case world.UpdateForbidden:
		return badRequest("RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
	case world.NoSuchPrincipal:
		return badRequest("PrincipalNotFound", "Principal "+bare(asked.Principal.String())+" does not exist in the directory "+tenant.ID.String()+
			". Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.")
	case world.TypeDiffers:
		return badRequest("UnmatchedPrincipalType", "The PrincipalId '"+bare(asked.Principal.String())+"' has type '"+string(refusal.Actual)+"' , which is different from specified PrinciaplType '"+string(asked.PrincipalType)+"'.")
	case world.NoSuchRole:
		return badRequest("RoleDefinitionDoesNotExist", "The specified role definition with ID '"+bare(asked.Role.String())+"' does not exist.")
	case world.TooMany:
		return badRequest("RoleAssignmentLimitExceeded", "No more role assignments can be created.")
	case world.LastAdministrator:
		return badRequest("BadRequest", "Cannot delete the last RBAC admin assignment.")
	case world.ScopeLocked:
		return locked(asked.Scope.String(), "write", refusal)
	case world.NoSuchScope:
		return missingScope(asked.Scope)
	case world.BadName:
		return badRequest("InvalidResourceName", refusal.Detail)
	case world.NotAssignable:
		return badRequest("RoleDefinitionNotAssignable", "The role definition '"+bare(asked.Role.String())+"' cannot be assigned at the scope '"+asked.Scope.String()+"'.")
	case world.Disallowed:
		return disallowed(refusal, assignmentID(asked.Scope, asked.Name), "roleAssignments")
	}
	return badRequest("BadRequest", refusal.Detail)
}

// refusal answers what the world refused about a place or a resource.
func (h *Handler) refusal(c *call, err error, verb string) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.ScopeLocked:
		return locked(c.route.scope.String(), verb, refusal)
	case world.Disallowed:
		return disallowed(refusal, c.route.scope.Name(), c.route.scope.Name())
	case world.NoSuchScope:
		if name := c.route.scope.ResourceGroup(); name != "" {
			if group, err := csp.ResourceGroupScopeOf(c.route.scope.Subscription(), name); err == nil && !h.World.Exists(group) {
				return missingScope(group)
			}
		}
		return missingScope(c.route.scope)
	case world.BadName:
		return badRequest("InvalidResourceName", refusal.Detail)
	}
	return badRequest("BadRequest", refusal.Detail)
}

type policyName struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

type policyNames struct {
	Assignment policyName `json:"policyAssignment"`
	Definition policyName `json:"policyDefinition"`
}

// disallowed is what Azure Policy answers when it denies (R27).
func disallowed(refusal *world.Refusal, what, target string) *failure {
	v := refusal.Violation
	names := []policyNames{{policyName{v.Assignment.Title(), v.Assignment.ID()}, policyName{v.Definition.Title(), v.Definition.ID()}}}
	identifiers, err := json.Marshal(names)
	if err != nil {
		return internal(err)
	}
	return &failure{
		status: http.StatusForbidden, code: "RequestDisallowedByPolicy", target: target,
		message: "Resource '" + what + "' was disallowed by policy. Policy identifiers: '" + string(identifiers) + "'.",
		info: []additionalInfo{{"PolicyViolation", map[string]string{
			"policyAssignmentName": v.Assignment.Name, "policyAssignmentId": v.Assignment.ID(), "policyAssignmentDisplayName": v.Assignment.Title(), "policyAssignmentScope": v.Assignment.Scope.String(),
			"policyDefinitionName": v.Definition.Name, "policyDefinitionId": v.Definition.ID(), "policyDefinitionDisplayName": v.Definition.Title(), "policyDefinitionEffect": "deny",
		}}},
	}
}

func locked(id, verb string, refusal *world.Refusal) *failure {
	var at []string
	for _, scope := range refusal.Locked {
		at = append(at, "'"+scope.String()+"'")
	}
	return &failure{status: http.StatusConflict, code: "ScopeLocked", message: "The scope '" + id + "' cannot perform " + verb +
		" operation because following scope(s) are locked: " + strings.Join(at, ",") + ". Please remove the lock and try again."}
}

// missingScope says which part of a scope is not there.
func missingScope(scope csp.Scope) *failure {
	switch scope.Kind() {
	case csp.SubscriptionScope:
		return notFound("SubscriptionNotFound", "The subscription '"+scope.Subscription().String()+"' could not be found.")
	case csp.ManagementGroupScope:
		return notFound("NotFound", "'"+scope.String()+"' not found")
	case csp.ResourceGroupScope:
		return notFound("ResourceGroupNotFound", "Resource group '"+scope.ResourceGroup()+"' could not be found.")
	}
	return notFound("ResourceNotFound", "The Resource '"+typedName(scope)+"' under resource group '"+scope.ResourceGroup()+"' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix")
}

// typedName is what a resource's id has after the last "providers".
func typedName(scope csp.Scope) string {
	_, name, _ := strings.Cut(scope.String(), "/providers/")
	return name
}

// bare is a GUID without its dashes, as some of Azure's sentences print it.
func bare(guid string) string { return strings.ReplaceAll(guid, "-", "") }
