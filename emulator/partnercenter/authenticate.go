package partnercenter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// visitor is who a token says is asking.
type visitor struct {
	claims  token.Claims
	partner world.Tenant
	account world.Account
	actor   world.Actor
	// app: an application by itself, nobody signed in.
	app bool
	// agents are the agent roles the person has now, roles his directory roles
	// in the partner's tenant.
	agents []csp.AgentRole
	roles  []csp.DirectoryRoleID
}

const realm = `Bearer realm="urn:cpsvc", error="invalid_token"`

func unauthorized(code, description string) *failure {
	return &failure{status: http.StatusUnauthorized, code: code, description: description, challenge: realm + `, error_description="` + description + `"`}
}

// authenticate reads the bearer token and finds out who is asking.
func (h *Handler) authenticate(c *call, w http.ResponseWriter, r *http.Request) *failure {
	claims, err := h.Key.Bearer(r, h.World.Now(), h.isForUs)
	switch {
	case errors.Is(err, token.ErrMissing):
		return unauthorized("800001", "Partner Token missing in request context.")
	case errors.Is(err, token.ErrAudience):
		return unauthorized("900420", "The token is for the audience "+strings.ReplaceAll(wire.Clip(claims.Audience), `"`, "'")+" and not for https://api.partnercenter.microsoft.com.")
	case errors.Is(err, token.ErrExpired):
		return unauthorized("400", "Access denied. The token has expired.")
	case err != nil:
		return unauthorized("400", "Access denied. The token is not valid.")
	}
	isCompliant := slices.Contains(claims.AMR, "mfa")
	if strings.EqualFold(r.Header.Get("ValidateMfa"), "true") && !claims.ForApp() {
		w.Header().Set("isMfaCompliant", map[bool]string{true: "true", false: "false"}[isCompliant])
	}
	if !claims.ForApp() && !isCompliant {
		return unauthorized("900421", "MFA required.")
	}
	return h.identify(r.Context(), c, claims)
}

func (h *Handler) isForUs(audience string) bool {
	return token.IsForPartnerCenter(audience) || slices.Contains(h.Audiences(), strings.TrimSuffix(audience, "/"))
}

// identify turns the claims into a visitor. The token is ours, so its ids are
// well formed unless the world has changed under it.
func (h *Handler) identify(ctx context.Context, c *call, claims token.Claims) *failure {
	holder, err := claims.Holder()
	t, known := h.World.Tenant(holder.Tenant)
	if err != nil || !known {
		return unauthorized("400", "Access denied. The token names a tenant or an object that does not exist.")
	}
	c.visitor = visitor{claims: claims, partner: t, app: claims.ForApp(), account: world.Account{Tenant: holder.Tenant, Object: holder.Object}}
	client, _ := csp.ParseID[registry.App](claims.Client()) // absent from no token of ours; zero is harmless here
	name := claims.UPN
	if c.app {
		name = claims.Client()
	}
	c.actor = h.World.Acting(ctx, world.Actor{Tenant: holder.Tenant, Object: holder.Object, Client: client, Name: name})
	if !h.World.IsPartner(t.ID) {
		return accessDenied("The tenant " + t.ID.String() + " is no partner.")
	}
	if c.app {
		app, known := h.World.App(client)
		if !known || app.Home != t.ID {
			return accessDenied("The application is not registered in the partner's tenant.")
		}
		return nil
	}
	u, known := h.World.User(holder.Tenant, holder.Object)
	if !known || u.Disabled || u.IsGuest() {
		return unauthorized("400", "Access denied. The account is not a member of the partner's tenant.")
	}
	c.agents = h.World.EffectiveAgentRoles(c.account)
	c.roles = h.World.RolesOf(c.account, t.ID)
	return nil
}

// admitToDirectory asks whether the customer's delegation lets the visitor do
// this in the customer's directory (R10-R13).
func (h *Handler) admitToDirectory(c *call, action string) *failure {
	caller, delegated := h.delegate(c)
	if !delegated || !h.World.MayInDirectory(caller, action) {
		return insufficient()
	}
	return nil
}

// admitToUser asks whether it lets him do to the customer's user what could take
// the account over or shut its owner out (R15).
func (h *Handler) admitToUser(c *call, action string, u world.User) *failure {
	caller, delegated := h.delegate(c)
	if !delegated || !h.World.MayTouch(caller, action, u.ID) {
		return insufficient()
	}
	return nil
}

// delegate is who the visitor is in the customer's directory by delegation.
func (h *Handler) delegate(c *call) (world.Caller, bool) {
	who, err := h.World.Enter(c.account, c.customer.ID)
	if err != nil || !who.Delegated {
		return world.Caller{}, false
	}
	caller := world.Caller{Tenant: who.Tenant, Object: who.Object, Groups: who.Groups, Roles: who.Roles}
	if len(who.Roles) > 0 {
		caller.Roles = append(slices.Clone(who.Roles), directoryReaders)
	}
	return caller, true
}

// directoryReaders is the role whose rights every other one includes.
var directoryReaders = csp.MustParseID[csp.DirectoryRole]("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")

func insufficient() *failure {
	return &failure{status: http.StatusForbidden, code: "900308", description: "Insufficient privileges to complete the operation: the user has no delegated role for it in the customer's tenant."}
}
