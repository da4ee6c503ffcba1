package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// clientCredentials gives an application a token of its own.
func (h *Handler) clientCredentials(q *redemption) (*answer, *problem) {
	at, d := q.at, q.demand
	if at.shared == adfs {
		// The address names no tenant there; the application's own stands in.
		if home, ok := h.World.Tenant(q.client.Home); ok {
			at = authority{tenant: home}
		}
	}
	switch {
	case at.shared != "":
		return nil, refuse(invalidRequest, 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	case q.client.proof == noProof:
		return nil, badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case len(d.scopes) != 1 || d.scopes[0] != ".default":
		return nil, refuse(invalidScope, 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	}
	sp, ok := at.tenant.ServicePrincipal(q.client.ID)
	switch {
	case !ok && q.client.Home == at.tenant.ID:
		return nil, refuse(unauthorizedClient, 7000229, "The client application %s is missing service principal in the tenant %s. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119", q.client.ID, at.tenant.ID)
	case !ok:
		return nil, notInDirectory(q.client.App, at.tenant)
	case sp.Disabled:
		return nil, refuse(unauthorizedClient, 7000112, "Application '%s'(%s) is disabled.", q.client.ID, q.client.Name)
	}
	if p := resourceIn(at.tenant, d); p != nil {
		return nil, p
	}
	access, p := h.sign(h.appAccessToken(q, sp, at.tenant))
	if p != nil {
		return nil, p
	}
	h.noteToken(q, world.Actor{Tenant: sp.Tenant, Object: sp.ID, Client: q.client.ID, Name: q.client.Name})
	seconds := int(h.tokenLife().Seconds())
	return &answer{Type: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: access}, nil
}

// grant is an authorization code's content.
type grant struct {
	client    world.ClientID
	tenant    csp.TenantID
	redirect  string
	challenge string
	plain     bool // the challenge is the verifier itself
	spa       bool
	nonce     string
	acrs      []string
	demand    demand
	session   session
}

// redeemCode ends the authorization code flow.
func (h *Handler) redeemCode(q *redemption) (*answer, *problem) {
	if q.form.Get("code") == "" {
		return nil, missing("code")
	}
	g, result := h.codes.take(q.form.Get("code"))
	switch {
	case result == takenBefore:
		return nil, refuse(invalidGrant, 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case result == takenTooLate:
		return nil, refuse(invalidGrant, 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
	case result == neverKept, g.client != q.client.ID:
		return nil, refuse(invalidGrant, 9002313, "Invalid request. The authorization code is malformed or was issued to another client.")
	case q.at.shared == "" && q.at.tenant.ID != g.tenant:
		return nil, refuse(invalidGrant, 700005, "Provided Authorization Code is intended to use against other tenant, thus rejected.")
	case q.form.Get("redirect_uri") != g.redirect:
		return nil, refuse(invalidGrant, 500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", clip(q.form.Get("redirect_uri")), clip(g.redirect))
	}
	if p := g.checkVerifier(q.form.Get("code_verifier")); p != nil {
		return nil, p
	}
	d := &q.demand
	if d.audience == "" {
		d.audience, d.resource, d.scopes = g.demand.audience, g.demand.resource, g.demand.scopes
	}
	d.openID, d.profile, d.email, d.offline = g.demand.openID, g.demand.profile, g.demand.email, g.demand.offline || q.old
	d.cp1 = d.cp1 || g.demand.cp1
	if len(d.contexts) == 0 {
		d.contexts = g.demand.contexts
	}
	return h.tokensFor(q, speaking{session: g.session, into: g.tenant, nonce: g.nonce, acrs: g.acrs, spa: g.spa})
}

// checkVerifier checks the proof key, where the code was asked for with one.
func (g grant) checkVerifier(verifier string) *problem {
	switch {
	case g.challenge == "" && verifier == "":
		return nil
	case g.challenge == "":
		return refuse(invalidGrant, 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request: there was none.")
	case len(verifier) < 43 || len(verifier) > 128:
		return refuse(invalidGrant, 50147, "The size of the code verifier parameter is not valid: want 43 to 128 characters.")
	}
	if !g.plain {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if !equal(verifier, g.challenge) {
		return refuse(invalidGrant, 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	return nil
}

// redeemRefresh continues a session, in the same tenant or in another one that
// the account can enter: as a member, a guest or a partner's delegated
// administrator.
func (h *Handler) redeemRefresh(q *redemption) (*answer, *problem) {
	sealed := q.form.Get("refresh_token")
	if sealed == "" {
		return nil, missing("refresh_token")
	}
	s, p := h.openRefresh(sealed, q.client.ID)
	if p != nil {
		return nil, p
	}
	s.into = q.at.tenant.ID
	if q.at.shared != "" {
		s.into = s.session.account.Tenant
	}
	if q.form.Get("scope") == "" && q.form.Get("resource") == "" {
		before, p := h.readScope(s.asked)
		if p != nil {
			return nil, p
		}
		before.cp1, before.contexts, before.policy = q.demand.cp1, q.demand.contexts, q.demand.policy
		q.demand = before
	}
	q.demand.offline = true
	a, p := h.tokensFor(q, s)
	return a, p.onRefresh()
}

// redeemPassword signs a person in with what the client was told. It cannot take
// a second step.
func (h *Handler) redeemPassword(q *redemption) (*answer, *problem) {
	name, password := strings.TrimSpace(q.form.Get("username")), q.form.Get("password")
	switch {
	case q.at.shared == common:
		return nil, refuse(invalidRequest, 9001023, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.")
	case name == "":
		return nil, missing("username")
	case password == "":
		return nil, missing("password")
	}
	u, ok := h.memberNamed(name)
	if !ok {
		return nil, refuse(invalidGrant, 50034, "The user account %s does not exist in the directory. To sign into this application, the account must be added to the directory.", clip(name))
	}
	into := u.Tenant
	if q.at.shared == "" {
		into = q.at.tenant.ID
	}
	switch {
	case u.Disabled:
		return nil, refuse(invalidGrant, 50057, "The user account is disabled.")
	case u.Password == "" || !equal(u.Password, password):
		return nil, refuse(invalidGrant, 50126, "Error validating credentials due to invalid username or password.")
	}
	a, p := h.tokensFor(q, speaking{session: session{account: u.Account(), authTime: h.World.Now()}, into: into})
	return a, p.onRefresh()
}

// memberNamed finds an account at its home by its sign-in name.
func (h *Handler) memberNamed(name string) (world.User, bool) {
	_, domain, _ := strings.Cut(name, "@")
	home, ok := h.World.TenantNamed(domain)
	if !ok {
		return world.User{}, false
	}
	u, ok := home.UserNamed(name)
	if !ok || u.IsGuest() {
		return world.User{}, false
	}
	return u, true
}

// redeemAssertion is on-behalf-of: an application that was called with a
// person's token calls on in that person's name.
func (h *Handler) redeemAssertion(q *redemption) (*answer, *problem) {
	raw := q.form.Get("assertion")
	switch {
	case raw == "":
		return nil, missing("assertion")
	case q.form.Get("requested_token_use") != "on_behalf_of":
		return nil, missing("requested_token_use")
	case q.client.proof == noProof:
		return nil, badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	c, p := h.callersToken(raw, q.client.App)
	if p != nil {
		return nil, p
	}
	holder, err := c.Holder()
	s, readable := h.openSession(c.Carried)
	if err != nil || !readable {
		return nil, refuse(invalidGrant, 50013, "Assertion failed signature validation. [Reason - The token carries no session of a person.]")
	}
	if u, ok := h.World.User(s.account.Tenant, s.account.Object); ok && c.Issued().Before(u.ValidFrom) {
		return nil, revokedProblem()
	}
	into := holder.Tenant
	if q.at.shared == "" && q.at.tenant.ID != into {
		into = q.at.tenant.ID
	}
	return h.tokensFor(q, speaking{session: s, into: into})
}

// callersToken checks the token that an application was called with.
func (h *Handler) callersToken(raw string, app world.App) (token.Claims, *problem) {
	c, err := h.Key.Verify(raw)
	now := h.World.Now().Unix()
	switch {
	case errors.Is(err, token.ErrMalformed):
		return c, refuse(invalidGrant, 50027, "JWT token is invalid or malformed.")
	case err != nil:
		return c, refuse(invalidGrant, 50013, "Assertion failed signature validation. [Reason - The key was not found, or the signature does not fit.]")
	case now >= c.Expires || now < c.NotBefore:
		return c, refuse(invalidGrant, 500133, "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: %s, expiry time of assertion %s.", h.World.Now().Format(time.RFC3339), time.Unix(c.Expires, 0).UTC().Format(time.RFC3339))
	case c.ForApp():
		return c, refuse(unauthorizedClient, 7000114, "Application '%s' is not allowed to make application on-behalf-of calls.", app.ID)
	}
	if resource, ok := h.World.Resource(c.Audience); !ok || resource.ID != app.ID || c.Carried == "" {
		return c, refuse(invalidGrant, 500131, "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '%s' and the expected audience is '%s' or one of the Application Uris of this application.", clip(c.Audience), app.ID)
	}
	return c, nil
}

func revokedProblem() *problem {
	return refuse(invalidGrant, 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.")
}
