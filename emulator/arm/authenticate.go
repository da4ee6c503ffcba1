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
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// authenticate reads the bearer token and finds out who is asking.
func (h *Handler) authenticate(c *call, r *http.Request) *failure {
	header := r.Header.Get("Authorization")
	scheme, raw, _ := strings.Cut(header, " ")
	if header == "" || !strings.EqualFold(scheme, "Bearer") {
		return h.unauthorized("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or has an invalid scheme.", "")
	}
	claims, err := h.Key.Verify(strings.TrimSpace(raw))
	switch {
	case errors.Is(err, token.ErrMalformed):
		return h.unauthorized("InvalidAuthenticationToken", "The access token is invalid.", "")
	case err != nil:
		return h.unauthorized("InvalidAuthenticationToken", "The access token has an invalid signature or an unknown key.", "")
	}
	if f := h.checkClaims(claims); f != nil {
		return f
	}
	return h.identify(r.Context(), c, claims)
}

func (h *Handler) checkClaims(claims token.Claims) *failure {
	now := h.World.Now()
	if !token.IsForResourceManager(claims.Audience) && !slices.Contains(h.Audiences(), strings.TrimSuffix(claims.Audience, "/")) {
		return h.unauthorized("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource '"+clip(claims.Audience)+"'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.", "")
	}
	if claims.Issuer != "https://sts.windows.net/"+claims.Tenant+"/" {
		return h.unauthorized("InvalidAuthenticationToken", "The access token is from an unknown issuer '"+clip(claims.Issuer)+"'.", "")
	}
	if expires := time.Unix(claims.Expires, 0); !now.Before(expires) {
		return h.expired(claims, expires, now)
	}
	if now.Before(time.Unix(claims.NotBefore, 0)) {
		return h.unauthorized("InvalidAuthenticationToken", "The access token is not yet valid.", "")
	}
	return nil
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
	if err1 != nil || err2 != nil || !known {
		return h.unauthorized("InvalidAuthenticationToken", "The access token names a tenant or an object that does not exist.", "")
	}
	c.claims, c.tenant = claims, t
	c.caller = world.Caller{Tenant: tenant, Object: object}
	for _, g := range claims.Groups {
		if id, err := csp.ParseID[csp.Principal](g); err == nil {
			c.caller.Groups = append(c.caller.Groups, id)
		}
	}
	name := claims.UPN
	if claims.IDType == "app" {
		name = claims.AppID
	}
	client, _ := csp.ParseID[world.App](claims.AppID) // absent from no token of ours; zero is harmless here
	c.actor = h.World.Acting(ctx, world.Actor{Tenant: tenant, Object: object, Client: client, Name: name})
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
	if s.Tenant == c.tenant.ID {
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
