package entra

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

const maxForm = 256 << 10

// grant is an authorization code's content.
type grant struct {
	client    world.ClientID
	tenant    csp.TenantID
	redirect  string
	challenge string
	nonce     string
	acrs      []string
	demand    demand
	session   session
}

// answer is a successful token response; version 1.0 prints its numbers as strings.
type answer struct {
	Type         string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	Resource     string `json:"resource,omitempty"`
	ExpiresIn    any    `json:"expires_in"`
	ExtExpiresIn any    `json:"ext_expires_in"`
	ExpiresOn    string `json:"expires_on,omitempty"`
	NotBefore    string `json:"not_before,omitempty"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// token is the token endpoint.
func (h *Handler) token(w http.ResponseWriter, r *http.Request, at authority) {
	got, p := h.grantToken(w, r, at)
	if p != nil {
		h.fail(w, *p)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, got)
}

func (h *Handler) grantToken(w http.ResponseWriter, r *http.Request, at authority) (*answer, *problem) {
	if r.Method != http.MethodPost {
		return nil, &problem{status: http.StatusMethodNotAllowed, code: "invalid_request", number: 900561, text: "The endpoint only accepts POST requests. Received a " + clip(r.Method) + " request."}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, &problem{code: "invalid_request", number: 9002313, text: "Invalid request. Request is malformed or invalid."}
	}
	form := r.PostForm
	if form.Get("grant_type") == "" {
		p := missing("grant_type")
		return nil, &p
	}
	app, p := h.client(r, form)
	if p != nil {
		return nil, p
	}
	d, p := h.demanded(form)
	if p != nil {
		return nil, p
	}
	var got *answer
	switch form.Get("grant_type") {
	case "client_credentials":
		got, p = h.clientCredentials(r, at, app, d)
	case "authorization_code":
		got, p = h.redeemCode(r, at, app, d)
	case "refresh_token":
		got, p = h.redeemRefresh(r, at, app, d)
	default:
		p = &problem{code: "unsupported_grant_type", number: 70003, text: "The app requested an unsupported grant type '" + clip(form.Get("grant_type")) + "'."}
	}
	if p != nil {
		return nil, p
	}
	if !strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/") {
		got.asVersion1(h, d)
	}
	return got, nil
}

func (a *answer) asVersion1(h *Handler, d demand) {
	seconds := fmt.Sprint(a.ExpiresIn)
	now := h.World.Now()
	a.Resource, a.ExpiresIn, a.ExtExpiresIn = d.audience, seconds, seconds
	a.NotBefore, a.ExpiresOn = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Add(h.AccessTokenLife()).Unix(), 10)
}

// demanded reads scope, or resource in version 1.0, and whether the client
// understands claims challenges.
func (h *Handler) demanded(form url.Values) (demand, *problem) {
	scope := form.Get("scope")
	if resource := form.Get("resource"); resource != "" {
		scope += " " + resource + "/.default"
	}
	d, p := h.readScope(scope)
	if p != nil {
		return d, p
	}
	asked, p := readClaims(form.Get("claims"))
	if p != nil {
		return d, p
	}
	d.cp1 = slices.Contains(asked.AccessToken.XMSCC.Values, "CP1")
	return d, nil
}

// claimsParameter is the part of the claims parameter that is looked at.
type claimsParameter struct {
	AccessToken struct {
		XMSCC requestedClaim `json:"xms_cc"`
	} `json:"access_token"`
	IDToken struct {
		ACRS requestedClaim `json:"acrs"`
	} `json:"id_token"`
}

type requestedClaim struct {
	Value  string   `json:"value"`
	Values []string `json:"values"`
}

func (c requestedClaim) all() []string {
	if c.Value != "" {
		return append([]string{c.Value}, c.Values...)
	}
	return c.Values
}

func readClaims(text string) (claimsParameter, *problem) {
	var c claimsParameter
	if text == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, &problem{code: "invalid_request", number: 1400000, text: "The claims parameter is not the JSON it should be."}
	}
	return c, nil
}

// client finds the application and checks its secret, from the form or from HTTP Basic.
func (h *Handler) client(r *http.Request, form url.Values) (world.App, *problem) {
	name, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		// RFC 6749 has both parts form-encoded inside Basic.
		decodedUser, err1 := url.QueryUnescape(user)
		decodedPassword, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return world.App{}, &problem{status: http.StatusUnauthorized, code: "invalid_client", number: 7000215, text: "Invalid client secret provided."}
		}
		name, secret = decodedUser, decodedPassword
	}
	if name == "" {
		p := missing("client_id")
		return world.App{}, &p
	}
	app, p := h.app(name)
	if p != nil {
		return world.App{}, p
	}
	switch {
	case app.Secret == "" && secret == "":
		return app, nil
	case secret == "":
		return world.App{}, &problem{status: http.StatusUnauthorized, code: "invalid_client", number: 7000218, text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
	case subtle.ConstantTimeCompare([]byte(app.Secret), []byte(secret)) != 1:
		return world.App{}, &problem{status: http.StatusUnauthorized, code: "invalid_client", number: 7000215, text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + app.ID.String() + "'."}
	}
	return app, nil
}

func (h *Handler) app(name string) (world.App, *problem) {
	id, err := csp.ParseID[world.App](name)
	if err == nil {
		if app, ok := h.World.App(id); ok {
			return app, nil
		}
	}
	return world.App{}, &problem{code: "unauthorized_client", number: 700016, text: "Application with identifier '" + clip(name) + "' was not found in the directory."}
}

func notConsented(app world.App, t world.Tenant) *problem {
	return &problem{code: "unauthorized_client", number: 700016, text: "Application with identifier '" + app.ID.String() + "' was not found in the directory '" + t.Name + "'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."}
}

func (h *Handler) clientCredentials(r *http.Request, at authority, app world.App, d demand) (*answer, *problem) {
	switch {
	case at.shared != "":
		return nil, &problem{code: "invalid_request", number: 50059, text: "No tenant-identifying information found in either the request or implied by any provided credentials."}
	case app.Secret == "":
		return nil, &problem{status: http.StatusUnauthorized, code: "invalid_client", number: 7000218, text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
	case len(d.scopes) != 1 || d.scopes[0] != ".default":
		return nil, &problem{code: "invalid_scope", number: 1002012, text: "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."}
	}
	sp, ok := at.tenant.ServicePrincipal(app.ID)
	if !ok {
		return nil, notConsented(app, at.tenant)
	}
	access, p := h.sign(h.appAccessToken(app, sp, at.tenant.GroupsOf(sp.ID), d))
	if p != nil {
		return nil, p
	}
	h.noteToken(r, world.Actor{Tenant: sp.Tenant, Object: sp.ID, Client: app.ID, Name: app.Name}, d)
	seconds := int(h.AccessTokenLife().Seconds())
	return &answer{Type: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: access}, nil
}

func (h *Handler) noteToken(r *http.Request, by world.Actor, d demand) {
	audience := d.audience
	if audience == "" {
		audience = graphResource
	}
	h.World.NoteToken(h.World.Acting(r.Context(), by), audience)
}

func (h *Handler) redeemCode(r *http.Request, at authority, app world.App, d demand) (*answer, *problem) {
	form := r.PostForm
	if form.Get("code") == "" {
		p := missing("code")
		return nil, &p
	}
	g, result := h.codes.take(form.Get("code"))
	switch {
	case result == takenBefore:
		return nil, &problem{code: "invalid_grant", number: 54005, text: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."}
	case result == takenTooLate:
		return nil, &problem{code: "invalid_grant", number: 70008, text: "The provided authorization code or refresh token has expired. Send a new interactive authorization request for this user and resource."}
	case result == neverKept, g.client != app.ID:
		return nil, &problem{code: "invalid_grant", number: 9002313, text: "Invalid request. The authorization code is malformed or was issued to another client."}
	case at.shared == "" && at.tenant.ID != g.tenant:
		return nil, &problem{code: "invalid_grant", number: 700005, text: "Provided Authorization Code is intended to use against other tenant, thus rejected."}
	case form.Get("redirect_uri") != g.redirect:
		return nil, &problem{code: "invalid_grant", number: 500112, text: "The reply address does not match the reply address provided when requesting Authorization code."}
	}
	if p := checkVerifier(form.Get("code_verifier"), g.challenge); p != nil {
		return nil, p
	}
	if d.audience == "" {
		d.audience, d.scopes = g.demand.audience, g.demand.scopes
	}
	d.openID, d.profile, d.email, d.offline = g.demand.openID, g.demand.profile, g.demand.email, g.demand.offline
	return h.tokensFor(r, app, g.tenant, g.session, d, g.nonce, g.acrs)
}

func checkVerifier(verifier, challenge string) *problem {
	if len(verifier) < 43 || len(verifier) > 128 {
		return &problem{code: "invalid_grant", number: 50147, text: "The size of the code verifier parameter is not valid: want 43 to 128 characters."}
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) != 1 {
		return &problem{code: "invalid_grant", number: 501481, text: "The Code_Verifier does not match the code_challenge supplied in the authorization request."}
	}
	return nil
}

// redeemRefresh continues a session, in the same tenant or in another one that
// the account can enter.
func (h *Handler) redeemRefresh(r *http.Request, at authority, app world.App, d demand) (*answer, *problem) {
	sealed := r.PostForm.Get("refresh_token")
	if sealed == "" {
		p := missing("refresh_token")
		return nil, &p
	}
	s, p := h.openRefresh(sealed, app.ID)
	if p != nil {
		return nil, p
	}
	into := at.tenant.ID
	if at.shared != "" {
		into = s.account.Tenant
	}
	d.offline = true
	return h.tokensFor(r, app, into, s, d, "", nil)
}

// tokensFor makes the tokens of a person for one tenant.
func (h *Handler) tokensFor(r *http.Request, app world.App, into csp.TenantID, s session, d demand, nonce string, acrs []string) (*answer, *problem) {
	who, err := h.World.Enter(s.account, into)
	if err != nil {
		p := refusalProblem(err)
		return nil, &p
	}
	if t, ok := h.World.Tenant(into); !ok {
		return nil, &problem{code: "invalid_request", number: 90002, text: "Tenant not found."}
	} else if _, ok := t.ServicePrincipal(app.ID); !ok {
		return nil, notConsented(app, t)
	}
	seconds := int(h.AccessTokenLife().Seconds())
	a := &answer{Type: "Bearer", Scope: spelledScope(d), ExpiresIn: seconds, ExtExpiresIn: seconds}
	var p *problem
	if a.AccessToken, p = h.sign(h.userAccessToken(app, s, who, d)); p != nil {
		return nil, p
	}
	if d.openID {
		if a.IDToken, p = h.sign(h.idToken(r.Host, app.ID, s, who, d, nonce, acrs)); p != nil {
			return nil, p
		}
	}
	if d.offline {
		if a.RefreshToken, err = h.sealRefresh(app.ID, s); err != nil {
			return nil, serverError(err)
		}
	}
	if r.PostForm.Get("client_info") == "1" {
		info := fmt.Sprintf(`{"uid":%q,"utid":%q}`, s.account.Object, s.account.Tenant)
		a.ClientInfo = base64.RawURLEncoding.EncodeToString([]byte(info))
	}
	h.noteToken(r, world.Actor{Tenant: into, Object: who.Object, Client: app.ID, Name: who.UPN}, d)
	return a, nil
}

func spelledScope(d demand) string {
	var list []string
	for _, s := range d.scopes {
		list = append(list, d.audience+"/"+s)
	}
	for _, one := range []struct {
		asked bool
		name  string
	}{{d.openID, "openid"}, {d.profile, "profile"}, {d.email, "email"}, {d.offline, "offline_access"}} {
		if one.asked {
			list = append(list, one.name)
		}
	}
	return strings.Join(list, " ")
}

func (h *Handler) sign(c token.Claims) (string, *problem) {
	raw, err := h.Key.Sign(c)
	if err != nil {
		return "", serverError(err)
	}
	return raw, nil
}

func serverError(err error) *problem {
	return &problem{status: http.StatusInternalServerError, code: "server_error", number: 90033, text: "A transient error has occurred: " + err.Error()}
}
