package redeem

import (
	"errors"
	"strings"
	"time"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/box"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// clientCredentials gives an application a token of its own.
func (h *Endpoint) clientCredentials(q *redemption) (*answer, *aadsts.Problem) {
	at, d := q.at, q.demand
	if at.Shared == address.ADFS {
		// The address names no tenant there; the application's own stands in.
		if home, ok := h.World.Tenant(q.client.Home); ok {
			at = address.Authority{Tenant: home}
		}
	}
	switch {
	case at.Shared != "":
		return nil, aadsts.Refuse(aadsts.InvalidRequest, 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	case q.client.proof == issue.NoProof:
		return nil, aadsts.BadClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case len(d.Scopes) != 1 || d.Scopes[0] != ".default":
		return nil, aadsts.Refuse(aadsts.InvalidScope, 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	}
	sp, ok := at.Tenant.ServicePrincipal(q.client.ID)
	switch {
	case !ok && q.client.Home == at.Tenant.ID:
		return nil, aadsts.Refuse(aadsts.UnauthorizedClient, 7000229, "The client application %s is missing service principal in the tenant %s. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119", q.client.ID, at.Tenant.ID)
	case !ok:
		return nil, gate.NotInDirectory(q.client.App, at.Tenant)
	case sp.Disabled:
		return nil, aadsts.Refuse(aadsts.UnauthorizedClient, 7000112, "Application '%s'(%s) is disabled.", q.client.ID, q.client.Name)
	}
	if p := gate.ResourceIn(at.Tenant, d); p != nil {
		return nil, p
	}
	access, p := h.Issuer.Sign(h.Issuer.ForApp(q.order(), sp, at.Tenant))
	if p != nil {
		return nil, p
	}
	h.noteToken(q, world.Actor{Tenant: sp.Tenant, Object: sp.ID, Client: q.client.ID, Name: q.client.Name})
	seconds := int(h.Issuer.Life().Seconds())
	return &answer{Type: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: access}, nil
}

// redeemCode ends the authorization code flow.
func (h *Endpoint) redeemCode(q *redemption) (*answer, *aadsts.Problem) {
	if q.form.Get("code") == "" {
		return nil, aadsts.Missing("code")
	}
	g, result := h.Codes.Take(q.form.Get("code"))
	switch {
	case result == box.TakenBefore:
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case result == box.TooLate:
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
	case result == box.NeverKept, g.App.ID != q.client.ID:
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 9002313, "Invalid request. The authorization code is malformed or was issued to another client.")
	case q.at.Shared == "" && q.at.Tenant.ID != g.Tenant:
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 700005, "Provided Authorization Code is intended to use against other tenant, thus rejected.")
	case q.form.Get("redirect_uri") != g.Redirect.String():
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", wire.Clip(q.form.Get("redirect_uri")), wire.Clip(g.Redirect.String()))
	}
	if p := g.CheckVerifier(q.form.Get("code_verifier")); p != nil {
		return nil, p
	}
	d := &q.demand
	if d.Audience == "" {
		d.Audience, d.Resource, d.Scopes = g.Demand.Audience, g.Demand.Resource, g.Demand.Scopes
	}
	d.OpenID, d.Profile, d.Email, d.Offline = g.Demand.OpenID, g.Demand.Profile, g.Demand.Email, g.Demand.Offline || q.old
	d.CP1 = d.CP1 || g.Demand.CP1
	if len(d.Contexts) == 0 {
		d.Contexts = g.Demand.Contexts
	}
	return h.tokensFor(q, session.Person{Session: g.Session, Into: g.Tenant, Nonce: g.Nonce, ACRS: g.ACRS, SPA: g.SPA})
}

// redeemRefresh continues a session, in the same tenant or in another one that
// the account can enter: as a member, a guest or a partner's delegated
// administrator.
func (h *Endpoint) redeemRefresh(q *redemption) (*answer, *aadsts.Problem) {
	sealed := q.form.Get("refresh_token")
	if sealed == "" {
		return nil, aadsts.Missing("refresh_token")
	}
	s, p := h.Issuer.Seals.OpenRefresh(sealed, q.client.ID)
	if p != nil {
		return nil, p
	}
	s.Into = q.at.Tenant.ID
	if q.at.Shared != "" {
		s.Into = s.Session.Account.Tenant
	}
	if q.form.Get("scope") == "" && q.form.Get("resource") == "" {
		before, p := h.Demands.Scope(s.Asked)
		if p != nil {
			return nil, p
		}
		before.CP1, before.Contexts, before.Policy = q.demand.CP1, q.demand.Contexts, q.demand.Policy
		q.demand = before
	}
	q.demand.Offline = true
	a, p := h.tokensFor(q, s)
	return a, onRefresh(p)
}

// redeemPassword signs a person in with what the client was told. It cannot take
// a second step.
func (h *Endpoint) redeemPassword(q *redemption) (*answer, *aadsts.Problem) {
	name, password := strings.TrimSpace(q.form.Get("username")), q.form.Get("password")
	switch {
	case q.at.Shared == address.Common:
		return nil, aadsts.Refuse(aadsts.InvalidRequest, 9001023, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.")
	case name == "":
		return nil, aadsts.Missing("username")
	case password == "":
		return nil, aadsts.Missing("password")
	}
	u, ok := gate.Member(h.World, name)
	if !ok {
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 50034, "The user account %s does not exist in the directory. To sign into this application, the account must be added to the directory.", wire.Clip(name))
	}
	into := u.Tenant
	if q.at.Shared == "" {
		into = q.at.Tenant.ID
	}
	switch {
	case u.Disabled:
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 50057, "The user account is disabled.")
	case !gate.PasswordFits(u, password):
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 50126, "Error validating credentials due to invalid username or password.")
	}
	a, p := h.tokensFor(q, session.Person{Session: session.Session{Account: u.Account(), AuthTime: h.World.Now()}, Into: into})
	return a, onRefresh(p)
}

// redeemAssertion is on-behalf-of: an application that was called with a
// person's token calls on in that person's name.
func (h *Endpoint) redeemAssertion(q *redemption) (*answer, *aadsts.Problem) {
	raw := q.form.Get("assertion")
	switch {
	case raw == "":
		return nil, aadsts.Missing("assertion")
	case q.form.Get("requested_token_use") != "on_behalf_of":
		return nil, aadsts.Missing("requested_token_use")
	case q.client.proof == issue.NoProof:
		return nil, aadsts.BadClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	c, p := h.callersToken(raw, q.client.App)
	if p != nil {
		return nil, p
	}
	holder, err := c.Holder()
	s, readable := h.Issuer.Seals.OpenCarried(c.Carried)
	if err != nil || !readable {
		return nil, aadsts.Refuse(aadsts.InvalidGrant, 50013, "Assertion failed signature validation. [Reason - The token carries no session of a person.]")
	}
	if u, ok := h.World.User(s.Account.Tenant, s.Account.Object); ok && c.Issued().Before(u.ValidFrom) {
		return nil, session.Revoked()
	}
	into := holder.Tenant
	if q.at.Shared == "" && q.at.Tenant.ID != into {
		into = q.at.Tenant.ID
	}
	return h.tokensFor(q, session.Person{Session: s, Into: into})
}

// callersToken checks the token that an application was called with.
func (h *Endpoint) callersToken(raw string, app registry.App) (token.Claims, *aadsts.Problem) {
	c, err := h.Issuer.Key.Verify(raw)
	now := h.World.Now().Unix()
	switch {
	case errors.Is(err, token.ErrMalformed):
		return c, aadsts.Refuse(aadsts.InvalidGrant, 50027, "JWT token is invalid or malformed.")
	case err != nil:
		return c, aadsts.Refuse(aadsts.InvalidGrant, 50013, "Assertion failed signature validation. [Reason - The key was not found, or the signature does not fit.]")
	case now >= c.Expires || now < c.NotBefore:
		return c, aadsts.Refuse(aadsts.InvalidGrant, 500133, "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: %s, expiry time of assertion %s.", h.World.Now().Format(time.RFC3339), time.Unix(c.Expires, 0).UTC().Format(time.RFC3339))
	case c.ForApp():
		return c, aadsts.Refuse(aadsts.UnauthorizedClient, 7000114, "Application '%s' is not allowed to make application on-behalf-of calls.", app.ID)
	}
	if resource, ok := h.World.Resource(c.Audience); !ok || resource.ID != app.ID || c.Carried == "" {
		return c, aadsts.Refuse(aadsts.InvalidGrant, 500131, "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '%s' and the expected audience is '%s' or one of the Application Uris of this application.", wire.Clip(c.Audience), app.ID)
	}
	return c, nil
}

// onRefresh turns a demand for interaction into what the token endpoint answers
// to a grant that was good once.
func onRefresh(p *aadsts.Problem) *aadsts.Problem {
	if p != nil && p.Code == aadsts.InteractionRequired && p.Number != 53003 {
		p.Code = aadsts.InvalidGrant
	}
	return p
}
