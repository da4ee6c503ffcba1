package graph

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
func (h *Handler) authenticate(r *http.Request) (*identity, *failure) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if raw = strings.TrimSpace(raw); raw == "" || !strings.EqualFold(scheme, "Bearer") {
		return nil, h.unauthorized("Access token is empty.", "")
	}
	claims, err := h.Key.Verify(raw)
	switch {
	case errors.Is(err, token.ErrMalformed):
		return nil, h.unauthorized("IDX14100: JWT is not well formed, there are no dots (.).", "")
	case err != nil:
		return nil, h.unauthorized("Access token validation failure. Invalid signature.", "")
	}
	if f := h.checkClaims(claims); f != nil {
		return nil, f
	}
	return h.identify(r.Context(), claims)
}

func isForGraph(audience string) bool {
	switch strings.TrimSuffix(audience, "/") {
	case "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000":
		return true
	}
	return false
}

func (h *Handler) checkClaims(claims token.Claims) *failure {
	now := h.World.Now()
	if !isForGraph(claims.Audience) && !slices.Contains(h.Audiences(), strings.TrimSuffix(claims.Audience, "/")) {
		return h.unauthorized("Access token validation failure. Invalid audience.", "")
	}
	if !now.Before(time.Unix(claims.Expires, 0)) {
		challenge := ""
		if slices.Contains(claims.XMSCC, "CP1") { // see package arm: such a client cannot know that this world's clock has moved
			challenge = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now.Unix()))
		}
		return h.unauthorized("Lifetime validation failed, the token is expired.", challenge)
	}
	if now.Before(time.Unix(claims.NotBefore, 0)) {
		return h.unauthorized("Lifetime validation failed, the token is not yet valid.", "")
	}
	return nil
}

func (h *Handler) unauthorized(message, claims string) *failure {
	challenge := `Bearer realm=""`
	if origin := h.LoginOrigin(); origin != "" {
		challenge += `, authorization_uri="` + origin + `/common/oauth2/authorize"`
	}
	challenge += `, client_id="00000003-0000-0000-c000-000000000000"`
	if claims != "" {
		challenge += `, error="insufficient_claims", claims="` + claims + `"`
	}
	return &failure{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message, headers: map[string]string{"WWW-Authenticate": challenge}}
}

// identify turns the claims into a caller. The token is ours, so its ids are
// well formed unless the world has changed under it.
func (h *Handler) identify(ctx context.Context, claims token.Claims) (*identity, *failure) {
	tenant, err1 := csp.ParseID[csp.Tenant](claims.Tenant)
	object, err2 := csp.ParseID[csp.Principal](claims.Object)
	t, known := h.World.Tenant(tenant)
	if err1 != nil || err2 != nil || !known {
		return nil, h.unauthorized("Access token validation failure. The token names a tenant or an object that does not exist.", "")
	}
	who := &identity{claims: claims, tenant: t, caller: world.Caller{Tenant: tenant, Object: object}}
	for _, g := range claims.Groups {
		if id, err := csp.ParseID[csp.Principal](g); err == nil {
			who.caller.Groups = append(who.caller.Groups, id)
		}
	}
	name := claims.UPN
	if who.isApp() {
		name = claims.AppID
	}
	client, _ := csp.ParseID[world.App](claims.AppID) // absent from no token of ours; zero is harmless here
	who.actor = h.World.Acting(ctx, world.Actor{Tenant: tenant, Object: object, Client: client, Name: name})
	return who, nil
}

// mayTake asks for the permission in the token and for the person's own right.
func (h *Handler) mayTake(c *call, row *route) *failure {
	if row.permissions != "" && !c.hasPermission(row.permissions) {
		return denied()
	}
	if row.action != "" && !h.mayInDirectory(c, row.action) {
		return denied()
	}
	return nil
}

// hasPermission says whether the token has one of the permissions.
func (c *call) hasPermission(oneOf string) bool {
	return containsAny(strings.Fields(c.claims.Scopes), oneOf)
}

func containsAny(have []string, oneOf string) bool {
	return slices.ContainsFunc(have, func(p string) bool { return slices.Contains(strings.Fields(oneOf), p) })
}

func (h *Handler) mayInDirectory(c *call, action string) bool {
	u, known := h.World.User(c.tenant.ID, c.caller.Object)
	return known && !u.IsGuest() && strings.HasSuffix(action, "/read")
}
