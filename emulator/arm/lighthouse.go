package arm

import (
	"errors"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

type registrationBody struct {
	ID         string                 `json:"id"`
	Name       string                 `json:"name"`
	Type       string                 `json:"type"`
	Properties registrationProperties `json:"properties"`
}

type registrationProperties struct {
	Description       string              `json:"description,omitempty"`
	Name              string              `json:"registrationDefinitionName,omitempty"`
	ManagedBy         string              `json:"managedByTenantId"`
	ManagedByName     string              `json:"managedByTenantName,omitempty"`
	ManageeTenant     string              `json:"manageeTenantId,omitempty"`
	Authorizations    []authorizationBody `json:"authorizations"`
	Eligible          []authorizationBody `json:"eligibleAuthorizations,omitempty"`
	ProvisioningState string              `json:"provisioningState,omitempty"`
}

type authorizationBody struct {
	PrincipalID string   `json:"principalId"`
	DisplayName string   `json:"principalIdDisplayName,omitempty"`
	Role        string   `json:"roleDefinitionId"`
	Delegated   []string `json:"delegatedRoleDefinitionIds,omitempty"`
}

const (
	registrationsAction           = "Microsoft.ManagedServices/registrationDefinitions/"
	registrationAssignmentsAction = "Microsoft.ManagedServices/registrationAssignments/"
)

func (h *Handler) registrationOf(r world.Registration) registrationBody {
	at := csp.SubscriptionScopeOf(r.At)
	b := registrationBody{
		ID: at.String() + "/providers/" + registrationsAction + r.ID.String(), Name: r.ID.String(), Type: strings.TrimSuffix(registrationsAction, "/"),
		Properties: registrationProperties{Description: r.Description, Name: r.Name, ManagedBy: r.Manager.String(), Authorizations: []authorizationBody{}, ProvisioningState: "Succeeded"},
	}
	if t, known := h.World.Tenant(r.Manager); known {
		b.Properties.ManagedByName = t.Name
	}
	if s, known := h.World.Subscription(r.At); known {
		b.Properties.ManageeTenant = s.Tenant.String()
	}
	for _, a := range r.Authorizations {
		body := authorizationBody{PrincipalID: a.Principal.String(), DisplayName: a.Name, Role: a.Role.String()}
		for _, id := range a.Delegated {
			body.Delegated = append(body.Delegated, id.String())
		}
		if a.Eligible {
			b.Properties.Eligible = append(b.Properties.Eligible, body)
		} else {
			b.Properties.Authorizations = append(b.Properties.Authorizations, body)
		}
	}
	return b
}

// onSubscription refuses places at which no offer can stand.
func onSubscription(c *call) *failure {
	if c.route.scope.Kind() != csp.SubscriptionScope {
		return badRequest("InvalidScope", "A registration definition stands at a subscription.")
	}
	return nil
}

func (h *Handler) listRegistrations(c *call) (reply, *failure) {
	if f := h.may(c, registrationsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	return pageOf(h, c, h.World.Registrations(c.route.scope.Subscription()), func(r world.Registration) string { return r.ID.String() }, h.registrationOf)
}

func registrationName(c *call) (world.RegistrationID, *failure) {
	id, err := csp.ParseID[world.Registration](c.route.name())
	if err != nil {
		return id, badRequest("InvalidRegistrationDefinitionId", "The name '"+wire.Clip(c.route.name())+"' is not a GUID.")
	}
	return id, nil
}

func (h *Handler) findRegistration(c *call) (world.Registration, bool) {
	for _, r := range h.World.Registrations(c.route.scope.Subscription()) {
		if strings.EqualFold(r.ID.String(), c.route.name()) {
			return r, true
		}
	}
	return world.Registration{}, false
}

func (h *Handler) getRegistration(c *call) (reply, *failure) {
	if f := h.may(c, registrationsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	r, known := h.findRegistration(c)
	if !known {
		return reply{}, notFound("RegistrationDefinitionNotFound", "The registration definition '"+wire.Clip(c.route.name())+"' is not found.")
	}
	return ok(h.registrationOf(r))
}

// putRegistration takes an offer. It is the customer's to do: somebody of his
// tenant, with the right to write role assignments as well.
func (h *Handler) putRegistration(c *call) (reply, *failure) {
	if f := onSubscription(c); f != nil {
		return reply{}, f
	}
	if f := h.mayDelegate(c, registrationsAction+"write"); f != nil {
		return reply{}, f
	}
	id, f := registrationName(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Properties registrationProperties `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	r, f := body.Properties.read()
	if f != nil {
		return reply{}, f
	}
	r.ID, r.At = id, c.route.scope.Subscription()
	created, err := h.World.PutRegistration(c.actor, r)
	if err != nil {
		return reply{}, h.registrationRefusal(c, err)
	}
	return putReply(created, h.registrationOf(r))
}

// mayDelegate: whoever comes by Lighthouse himself may not hand it on.
func (h *Handler) mayDelegate(c *call, action string) *failure {
	if f := h.may(c, action, c.route.scope); f != nil {
		return f
	}
	if c.tenantOf(h).ID != c.tenant.ID {
		return c.notAllowed(action, c.route.scope, world.Verdict{})
	}
	return h.mayAct(c, world.Act{Action: writeAssignments, Scope: c.route.scope})
}

func (p registrationProperties) read() (world.Registration, *failure) {
	r := world.Registration{Name: p.Name, Description: p.Description}
	var err error
	if r.Manager, err = csp.ParseID[csp.Tenant](p.ManagedBy); err != nil {
		return r, badRequest("InvalidRegistrationDefinition", "The managedByTenantId '"+wire.Clip(p.ManagedBy)+"' is not valid.")
	}
	for i, list := range [][]authorizationBody{p.Authorizations, p.Eligible} {
		for _, a := range list {
			read := world.Authorization{Name: a.DisplayName, Eligible: i == 1}
			var err1, err2 error
			read.Principal, err1 = csp.ParseID[csp.Principal](a.PrincipalID)
			read.Role, err2 = csp.ParseID[csp.RoleDefinition](last(a.Role))
			if err1 != nil || err2 != nil {
				return r, badRequest("InvalidRegistrationDefinition", "The authorization of '"+wire.Clip(a.PrincipalID)+"' for '"+wire.Clip(a.Role)+"' is not valid.")
			}
			for _, text := range a.Delegated {
				id, err := csp.ParseID[csp.RoleDefinition](last(text))
				if err != nil {
					return r, badRequest("InvalidRegistrationDefinition", "The delegated role '"+wire.Clip(text)+"' is not valid.")
				}
				read.Delegated = append(read.Delegated, id)
			}
			r.Authorizations = append(r.Authorizations, read)
		}
	}
	return r, nil
}

func (h *Handler) registrationRefusal(c *call, err error) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return internal(err)
	}
	switch refusal.Law {
	case world.NoSuchScope:
		return missingScope(c.route.scope)
	case world.NoSuchRequest:
		return notFound("RegistrationDefinitionNotFound", refusal.Detail+".")
	case world.NotEmpty:
		return conflict("RegistrationDefinitionInUse", "The registration definition cannot be deleted: "+refusal.Detail+".")
	}
	return badRequest("InvalidRegistrationDefinition", "The registration is not valid: "+refusal.Detail+".")
}

func (h *Handler) deleteRegistration(c *call) (reply, *failure) {
	if f := onSubscription(c); f != nil {
		return reply{}, f
	}
	if f := h.may(c, registrationsAction+"delete", c.route.scope); f != nil {
		return reply{}, f
	}
	id, f := registrationName(c)
	if f != nil {
		return reply{}, f
	}
	if err := h.World.DeleteRegistration(c.actor, c.route.scope.Subscription(), id); err != nil {
		if world.LawOf(err) == world.NoSuchRequest {
			return noContent()
		}
		return reply{}, h.registrationRefusal(c, err)
	}
	return done()
}

// accepted is a registration assignment: an offer and one place it was taken for.
type accepted struct {
	id world.RegistrationID
	at csp.Scope
	of world.Registration
}

func (h *Handler) acceptedOf(c *call) func(accepted) any {
	return func(a accepted) any {
		properties := map[string]any{"registrationDefinitionId": h.registrationOf(a.of).ID, "provisioningState": "Succeeded"}
		if strings.EqualFold(c.query.Get("$expandregistrationdefinition"), "true") {
			properties["registrationDefinition"] = h.registrationOf(a.of)
		}
		return map[string]any{
			"id": a.at.String() + "/providers/" + registrationAssignmentsAction + a.id.String(), "name": a.id.String(),
			"type": strings.TrimSuffix(registrationAssignmentsAction, "/"), "properties": properties,
		}
	}
}

// acceptedAt lists what was accepted at the scope and below it.
func (h *Handler) acceptedAt(c *call) []accepted {
	var list []accepted
	for _, r := range h.World.Registrations(c.route.scope.Subscription()) {
		for id, at := range r.Accepted {
			if c.route.scope.Contains(at) {
				list = append(list, accepted{id, at, r})
			}
		}
	}
	return list
}

func (h *Handler) listRegistrationAssignments(c *call) (reply, *failure) {
	if f := h.may(c, registrationAssignmentsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	return pageOf(h, c, h.acceptedAt(c), func(a accepted) string { return a.at.Key() + a.id.String() }, h.acceptedOf(c))
}

func (h *Handler) getRegistrationAssignment(c *call) (reply, *failure) {
	if f := h.may(c, registrationAssignmentsAction+"read", c.route.scope); f != nil {
		return reply{}, f
	}
	for _, a := range h.acceptedAt(c) {
		if strings.EqualFold(a.id.String(), c.route.name()) && a.at.Equal(c.route.scope) {
			return ok(h.acceptedOf(c)(a))
		}
	}
	return reply{}, notFound("RegistrationAssignmentNotFound", "The registration assignment '"+wire.Clip(c.route.name())+"' is not found.")
}

func (h *Handler) putRegistrationAssignment(c *call) (reply, *failure) {
	if f := h.mayDelegate(c, registrationAssignmentsAction+"write"); f != nil {
		return reply{}, f
	}
	id, f := registrationName(c)
	if f != nil {
		return reply{}, f
	}
	var body struct {
		Properties struct {
			Definition string `json:"registrationDefinitionId"`
		} `json:"properties"`
	}
	if f := decode(c.body, &body); f != nil {
		return reply{}, f
	}
	definition, err := csp.ParseID[world.Registration](last(body.Properties.Definition))
	if err != nil {
		return reply{}, badRequest("InvalidRegistrationAssignment", "The registration definition '"+wire.Clip(body.Properties.Definition)+"' is not valid.")
	}
	created, err := h.World.AcceptRegistration(c.actor, definition, id, c.route.scope)
	if err != nil {
		return reply{}, h.registrationRefusal(c, err)
	}
	for _, a := range h.acceptedAt(c) {
		if a.id == id {
			return putReply(created, h.acceptedOf(c)(a))
		}
	}
	return done()
}

// deleteRegistrationAssignment ends a delegation: the customer may, and so may
// the managing tenant if its role for that was projected as well.
func (h *Handler) deleteRegistrationAssignment(c *call) (reply, *failure) {
	if f := h.may(c, registrationAssignmentsAction+"delete", c.route.scope); f != nil {
		return reply{}, f
	}
	id, f := registrationName(c)
	if f != nil {
		return reply{}, f
	}
	if err := h.World.EndRegistration(c.actor, id, c.route.scope); err != nil {
		return noContent()
	}
	return done()
}

// elevateAccess makes a Global Administrator the User Access Administrator of
// everything (R24).
func (h *Handler) elevateAccess(c *call) (reply, *failure) {
	if c.route.scope.Kind() != csp.RootScope {
		return reply{}, noSuchType(c.route.path)
	}
	if err := c.tenant.ElevateAccess(c.actor, c.caller); err != nil {
		return reply{}, c.notAllowed("Microsoft.Authorization/elevateAccess/action", c.route.scope, world.Verdict{})
	}
	return done()
}
