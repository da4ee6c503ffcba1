package arm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// authenticate reads the bearer token and finds out who is asking.
func (h *Handler) authenticate(c *call, r *http.Request) *failure {
	now := h.World.Now()
	claims, err := h.Key.Bearer(r, now, h.isForUs)
	if claims.Issuer != "" && claims.Issuer != "https://sts.windows.net/"+claims.Tenant+"/" && !errors.Is(err, token.ErrAudience) {
		return h.unauthorized("InvalidAuthenticationToken", "The access token is from an unknown issuer '"+wire.Clip(claims.Issuer)+"'.", "")
	}
	switch {
	case err == nil:
		return h.identify(r.Context(), c, claims)
	case errors.Is(err, token.ErrMissing):
		return h.unauthorized("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or has an invalid scheme.", "")
	case errors.Is(err, token.ErrMalformed):
		return h.unauthorized("InvalidAuthenticationToken", "The access token is invalid.", "")
	case errors.Is(err, token.ErrAudience):
		return h.unauthorized("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource '"+wire.Clip(claims.Audience)+"'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.", "")
	case errors.Is(err, token.ErrExpired):
		return h.expired(claims, time.Unix(claims.Expires, 0), now)
	case errors.Is(err, token.ErrNotYetValid):
		return h.unauthorized("InvalidAuthenticationToken", "The access token is not yet valid.", "")
	}
	return h.unauthorized("InvalidAuthenticationToken", "The access token has an invalid signature or an unknown key.", "")
}

func (h *Handler) isForUs(audience string) bool {
	return token.IsForResourceManager(audience) || slices.Contains(h.Audiences(), strings.TrimSuffix(audience, "/"))
}

// expired refuses a token whose time is over. A client that handles claims
// challenges is told to fetch a new one, because it cannot know that this
// world's clock has moved away from its own; the real service leaves that to
// the client's clock.
func (h *Handler) expired(claims token.Claims, expires, now time.Time) *failure {
	challenge := ""
	if slices.Contains(claims.XMSCC, "CP1") {
		ask := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now.Unix())
		challenge = base64.StdEncoding.EncodeToString([]byte(ask))
	}
	const layout = "1/2/2006 3:04:05 PM"
	return h.unauthorized("ExpiredAuthenticationToken", "The access token expiry UTC time '"+expires.UTC().Format(layout)+"' is earlier than current UTC time '"+now.Format(layout)+"'.", challenge)
}

// revoked refuses a token whose session has ended before the token did, and
// sends its client, which knows what that means, for a new one.
func (h *Handler) revoked() *failure {
	f := h.unauthorized("InvalidAuthenticationToken", "The access token was revoked: its session ended, or the account was disabled or got a new password. A new token is needed.", "")
	f.headers["WWW-Authenticate"] = token.Challenge(h.LoginOrigin()+"/common/oauth2/authorize", h.World.Now())
	return f
}

func (h *Handler) unauthorized(code, message, claims string) *failure {
	challenge := `Bearer error="invalid_token", error_description="` + code + `"`
	if claims != "" {
		challenge = `Bearer error="insufficient_claims", claims="` + claims + `"`
	}
	if origin := h.LoginOrigin(); origin != "" {
		challenge += `, authorization_uri="` + origin + `/common"`
	}
	return &failure{status: http.StatusUnauthorized, code: code, message: message, headers: map[string]string{"WWW-Authenticate": challenge}}
}

// identify turns the claims into a caller. The token is ours, so its ids are
// well formed unless the world has changed under it.
func (h *Handler) identify(ctx context.Context, c *call, claims token.Claims) *failure {
	tenant, err1 := csp.ParseID[csp.Tenant](claims.Tenant)
	object, err2 := csp.ParseID[csp.Principal](claims.Object)
	t, known := h.World.Tenant(tenant)
	holder, err3 := claims.Holder()
	if err1 != nil || err2 != nil || err3 != nil || !known {
		return h.unauthorized("InvalidAuthenticationToken", "The access token names a tenant or an object that does not exist.", "")
	}
	if claims.HandlesChallenges() {
		if err := h.World.TokenHolds(tenant, object, holder.Home, holder.Issued); err != nil {
			return h.revoked()
		}
	}
	c.claims, c.tenant = claims, t
	c.caller = world.Caller{Tenant: tenant, Object: object, App: claims.ForApp()}
	for _, role := range claims.WIDs {
		if id, err := csp.ParseID[csp.DirectoryRole](role); err == nil {
			c.caller.Roles = append(c.caller.Roles, id)
		}
	}
	for _, g := range claims.Groups {
		if id, err := csp.ParseID[csp.Principal](g); err == nil {
			c.caller.Groups = append(c.caller.Groups, id)
		}
	}
	if claims.GroupsElsewhere() {
		c.caller.Groups = h.World.GroupsNow(tenant, object, holder.Home)
	}
	name := claims.UPN
	if claims.IDType == "app" {
		name = claims.AppID
	}
	client, _ := csp.ParseID[registry.App](claims.AppID) // absent from no token of ours; zero is harmless here
	c.actor = h.World.Acting(ctx, world.Actor{Tenant: tenant, Object: object, Client: client, Name: name, GlobalAdministrator: world.IsGlobalAdministrator(c.caller)})
	return nil
}

// checkTenant asks that the scope's subscription exists and trusts the tenant
// that the token is from.
func (h *Handler) checkTenant(c *call) *failure {
	id := c.route.scope.Subscription()
	if id.IsZero() {
		return nil
	}
	s, known := h.World.Subscription(id)
	if !known {
		return missingScope(csp.SubscriptionScopeOf(id))
	}
	if s.Tenant == c.tenant.ID || h.World.Sees(c.caller, csp.SubscriptionScopeOf(id)) { // by Lighthouse (R28)
		return nil
	}
	return h.unauthorized("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer '"+c.claims.Issuer+"'. It must match the tenant 'https://sts.windows.net/"+s.Tenant.String()+
		"/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/"+s.Tenant.String()+"' to get the token.", "")
}

// may asks the world, and answers as Azure does when it says no.
func (h *Handler) may(c *call, action string, scope csp.Scope) *failure {
	return h.mayAct(c, world.Act{Action: action, Scope: scope})
}

func (h *Handler) mayAct(c *call, act world.Act) *failure {
	if v := h.World.May(c.caller, act); !v.Allowed {
		return c.notAllowed(act.Action, act.Scope, v)
	}
	return nil
}
