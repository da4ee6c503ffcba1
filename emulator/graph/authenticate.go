package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// authenticate reads the bearer token and finds out who is asking.
func (h *Handler) authenticate(r *http.Request) (*identity, *failure) {
	claims, err := h.Key.Bearer(r, h.World.Now(), func(audience string) bool {
		return token.IsForGraph(audience) || slices.Contains(h.Audiences(), strings.TrimSuffix(audience, "/"))
	})
	switch {
	case err == nil:
		return h.identify(r.Context(), claims)
	case errors.Is(err, token.ErrMissing):
		return nil, h.unauthorized("Access token is empty.")
	case errors.Is(err, token.ErrMalformed):
		return nil, h.unauthorized("IDX14100: JWT is not well formed, there are no dots (.).")
	case errors.Is(err, token.ErrAudience):
		return nil, h.unauthorized("Access token validation failure. Invalid audience.")
	case errors.Is(err, token.ErrExpired):
		return nil, h.challenged("Lifetime validation failed, the token is expired.", claims)
	case errors.Is(err, token.ErrNotYetValid):
		return nil, h.unauthorized("Lifetime validation failed, the token is not yet valid.")
	}
	return nil, h.unauthorized("Access token validation failure. Invalid signature.")
}

func (h *Handler) authorizationURI() string { return h.LoginOrigin() + "/common/oauth2/authorize" }

func (h *Handler) unauthorized(message string) *failure {
	challenge := `Bearer realm="", authorization_uri="` + h.authorizationURI() + `", client_id="00000003-0000-0000-c000-000000000000"`
	return &failure{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message, headers: map[string]string{"WWW-Authenticate": challenge}}
}

// challenged refuses a token that was good once. A client that handles claims
// challenges is told to fetch a new one, because it cannot know that this
// world's clock has moved away from its own.
func (h *Handler) challenged(message string, claims token.Claims) *failure {
	f := h.unauthorized(message)
	if claims.HandlesChallenges() {
		f.headers["WWW-Authenticate"] = token.Challenge(h.authorizationURI(), h.World.Now())
	}
	return f
}

// identify turns the claims into a caller. The token is ours, so its ids are
// well formed unless the world has changed under it.
func (h *Handler) identify(ctx context.Context, claims token.Claims) (*identity, *failure) {
	holder, err := claims.Holder()
	t, known := h.World.Tenant(holder.Tenant)
	if err != nil || !known {
		return nil, h.unauthorized("Access token validation failure. The token names a tenant or an object that does not exist.")
	}
	if claims.HandlesChallenges() {
		if err := h.World.TokenHolds(holder.Tenant, holder.Object, holder.Home, holder.Issued); err != nil {
			return nil, h.challenged("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp.", claims)
		}
	}
	who := &identity{claims: claims, tenant: t, home: holder.Home, caller: world.Caller{
		Tenant: holder.Tenant, Object: holder.Object, App: claims.ForApp(), Permissions: claims.Roles, Scopes: strings.Fields(claims.Scopes),
		Groups: parseIDs[csp.Principal](claims.Groups), Roles: parseIDs[csp.DirectoryRole](claims.WIDs),
	}}
	if claims.GroupsElsewhere() {
		who.caller.Groups = h.World.GroupsNow(holder.Tenant, holder.Object, holder.Home)
	}
	name := claims.UPN
	if who.isApp() {
		name = claims.Client()
	}
	client, _ := csp.ParseID[registry.App](claims.Client()) // absent from no token of ours; zero is harmless here
	who.actor = h.World.Acting(ctx, world.Actor{Tenant: holder.Tenant, Object: holder.Object, Client: client, Name: name})
	return who, nil
}

// parseIDs reads those that are ids.
func parseIDs[T csp.Named](texts []string) []csp.ID[T] {
	var list []csp.ID[T]
	for _, text := range texts {
		if id, err := csp.ParseID[T](text); err == nil {
			list = append(list, id)
		}
	}
	return list
}
