package entra

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// purpose is what a conversation with a person is to end in.
type purpose uint8

const (
	forClient purpose = iota // an authorization response to a client's redirect URI
	forDevice                // tokens for a device that waits
	forTenant                // an administrator's consent
	forPage                  // a page of this origin that wants to know who is there
)

// ask is a conversation's beginning: an authorization request that may be
// answered, because its client is known and its redirect URI is one of that
// client's; or a device's request; or one for an administrator's consent.
type ask struct {
	purpose   purpose
	at        authority
	app       world.App
	redirect  *url.URL // nil for a device
	spa       bool
	userCode  string // for a device
	back      string // for a page: its path
	state     string
	nonce     string
	types     []string // of the response: "code", "id_token"
	mode      string   // of the response: "query", "fragment", "form_post"
	challenge string
	plain     bool
	prompt    []string
	loginHint string
	maxAge    time.Duration // negative: not asked for
	acrs      []string
	demand    demand
	old       bool // version 1.0
}

// readAsk reads an authorization request. A problem with toClient set goes back
// to the redirect URI; any other is shown to the person, because the address
// cannot be trusted.
func (h *Handler) readAsk(r *http.Request, at authority) (a ask, p *problem, toClient bool) {
	q := r.URL.Query()
	a = ask{at: at, state: q.Get("state"), nonce: q.Get("nonce"), loginHint: q.Get("login_hint"), maxAge: -1, mode: q.Get("response_mode"), old: !strings.Contains(lower(r.URL.Path), "/v2.0/")}
	if q.Get("client_id") == "" {
		return a, missing("client_id"), false
	}
	if a.app, p = h.app(q.Get("client_id")); p != nil {
		return a, p, false
	}
	if a.redirect, a.spa, p = registered(a.app, q.Get("redirect_uri")); p != nil {
		return a, p, false
	}
	a.types = strings.Fields(q.Get("response_type"))
	if a.mode == "" && slices.Contains(a.types, "id_token") {
		a.mode = "fragment"
	}
	p = h.readDetails(&a, q)
	return a, p, true
}

// registered finds the redirect URI among the application's, and says whether it
// is a single-page application's.
func registered(app world.App, redirect string) (*url.URL, bool, *problem) {
	if redirect == "" {
		return nil, false, missing("redirect_uri")
	}
	u, err := url.Parse(redirect)
	same := func(kept string) bool { return kept == redirect || sameLoopback(kept, u) }
	if err == nil && u.Fragment == "" {
		if slices.ContainsFunc(app.RedirectURIs, same) {
			return u, false, nil
		}
		if slices.ContainsFunc(app.BrowserURIs, same) {
			return u, true, nil
		}
	}
	return nil, false, refuse(invalidRequest, 50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.", clip(redirect), app.ID)
}

// sameLoopback: a native application listens on whatever port is free, so that
// the port of a registered http://localhost does not count.
func sameLoopback(kept string, asked *url.URL) bool {
	k, err := url.Parse(kept)
	if err != nil || asked == nil || k.Scheme != "http" || asked.Scheme != "http" || k.Port() != "" || k.Hostname() != asked.Hostname() {
		return false
	}
	if address, err := netip.ParseAddr(k.Hostname()); k.Hostname() != "localhost" && (err != nil || !address.IsLoopback()) {
		return false
	}
	return strings.TrimSuffix(k.Path, "/") == strings.TrimSuffix(asked.Path, "/") && k.RawQuery == asked.RawQuery && asked.User == nil
}

func (h *Handler) readDetails(a *ask, q url.Values) *problem {
	if p := a.checkResponse(); p != nil {
		return p
	}
	if p := a.readChallenge(q); p != nil {
		return p
	}
	a.prompt = strings.Fields(q.Get("prompt"))
	for _, p := range a.prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account", "admin_consent"}, p) {
			return refuse(invalidRequest, 90023, "Unsupported 'prompt' value.")
		}
	}
	if text := q.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return refuse(invalidRequest, 90014, "The max_age is not a number of seconds.")
		}
		a.maxAge = time.Duration(seconds) * time.Second
	}
	if p := sharedUse(a.at, a.app); p != nil {
		return p
	}
	asked, p := readClaims(q.Get("claims"))
	if p != nil {
		return p
	}
	a.acrs = asked.IDToken.ACRS.all()
	scope := q.Get("scope")
	if resource := q.Get("resource"); resource != "" && a.old && !strings.Contains(resource, " ") {
		scope = oidcOnly(scope) + " " + resource + "/.default"
	}
	if a.demand, p = h.readScope(scope); p != nil {
		return p
	}
	a.demand.take(asked)
	a.demand.openID = a.demand.openID || a.old
	return nil
}

// sharedUse refuses the shared authorities to an application of one tenant.
func sharedUse(at authority, app world.App) *problem {
	switch {
	case at.shared == consumers:
		return &problem{code: unauthorizedClient, text: "The client does not exist or is not enabled for consumers. If you are the application developer, configure a new application through the App Registrations in the Azure Portal."}
	case (at.shared == common || at.shared == organizations) && !app.MultiTenant:
		return refuse(invalidRequest, 50194, "Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be multi-tenant.", app.ID, app.Name)
	}
	return nil
}

// checkResponse checks what the client wants back, and how.
func (a *ask) checkResponse() *problem {
	if len(a.types) == 0 {
		return missing("response_type")
	}
	for _, kind := range a.types {
		switch {
		case kind == "code":
		case kind == "id_token" && a.app.IDTokens:
			if a.nonce == "" {
				return refuse(invalidRequest, 900144, "The request must contain the following parameter: 'nonce'.")
			}
		case kind == "id_token":
			return refuse("unsupported_response_type", 700054, "response_type 'id_token' is not enabled for the application.")
		case kind == "token":
			return refuse("unsupported_response_type", 700051, "response_type 'token' is not enabled for the application.")
		default:
			return refuse("unsupported_response_type", 70005, "response_type '%s' is not supported.", clip(kind))
		}
	}
	switch a.mode {
	case "", "query", "form_post", "fragment":
	default:
		return refuse(invalidRequest, 900144, "response_mode '%s' is not supported; use query, fragment or form_post.", clip(a.mode))
	}
	if a.mode == "query" && slices.Contains(a.types, "id_token") {
		return refuse(invalidRequest, 70007, "'query' is not a supported value of 'response_mode' when requesting a token.")
	}
	return nil
}

func (a *ask) readChallenge(q url.Values) *problem {
	a.challenge = q.Get("code_challenge")
	method := q.Get("code_challenge_method")
	switch {
	case a.challenge == "" && a.spa:
		return refuse(invalidRequest, 9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption.")
	case a.challenge == "":
		return nil
	case method == "" || method == "plain":
		a.plain = true
	case method != "S256":
		return refuse(invalidRequest, 501491, "The code_challenge_method '%s' is not supported: want S256 or plain.", clip(method))
	}
	if len(a.challenge) < 43 || len(a.challenge) > 128 || (!a.plain && len(a.challenge) != 43) {
		return refuse(invalidRequest, 501491, "The size of the code_challenge parameter is not valid: want the base64url form of a SHA-256 hash.")
	}
	return nil
}

func (a ask) wants(prompt string) bool { return slices.Contains(a.prompt, prompt) }

// contexts says whether the client demands more than the password.
func (a ask) contexts() bool { return len(a.acrs) > 0 || len(a.demand.contexts) > 0 || a.demand.policy }

// satisfiedBy says whether the session is fresh enough to be used.
func (a ask) satisfiedBy(s session, now time.Time) bool {
	return !a.wants("login") && (a.maxAge < 0 || now.Sub(s.authTime) <= a.maxAge)
}

// tenantFor is the tenant an account signs in to by this request.
func (h *Handler) tenantFor(a ask, account world.Account) (world.Tenant, bool) {
	if a.at.shared == "" {
		return a.at.tenant, true
	}
	return h.World.Tenant(account.Tenant)
}

// answerClient sends the values to the redirect URI, as a query, as a fragment
// or as a form.
func (h *Handler) answerClient(w http.ResponseWriter, r *http.Request, a ask, values url.Values) {
	if a.state != "" {
		values.Set("state", a.state)
	}
	if a.mode == "form_post" {
		h.pages.showPost(w, a, values)
		return
	}
	target := *a.redirect
	address := target.String() + "#" + values.Encode()
	if a.mode != "fragment" {
		q := target.Query()
		for name := range values {
			q.Set(name, values.Get(name))
		}
		target.RawQuery = q.Encode()
		address = target.String()
	}
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	http.Redirect(w, r, address, status)
}

// refuseClient tells whoever waits for the conversation's end that it failed.
func (h *Handler) refuseClient(w http.ResponseWriter, r *http.Request, a ask, p *problem) {
	if a.purpose == forPage {
		h.pages.showProblem(w, *p)
		return
	}
	if a.purpose == forDevice {
		if p.number == 65004 {
			h.devices.settle(a.userCode, declined, session{}, csp.TenantID{})
			h.pages.showMessage(w, messageView{Title: "You have declined", Text: "The device gets nothing. You can close this window."})
			return
		}
		h.pages.showProblem(w, *p)
		return
	}
	values := url.Values{
		"error":             {p.code},
		"error_description": {p.description() + " Trace ID: " + world.NewID[csp.Tenant]().String() + " Correlation ID: " + correlation(r) + " Timestamp: " + h.World.Now().Format(stampLayout)},
	}
	if p.number != 0 {
		values.Set("error_uri", errorURI(p.number))
	}
	if p.suberror != "" {
		values.Set("error_subcode", p.suberror)
	}
	h.answerClient(w, r, a, values)
}

// newCode keeps what was agreed until the client comes for it.
func (h *Handler) newCode(a ask, tenant csp.TenantID, s session) string {
	return h.codes.put(grant{
		client: a.app.ID, tenant: tenant, redirect: a.redirect.String(), challenge: a.challenge, plain: a.plain, spa: a.spa,
		nonce: a.nonce, acrs: a.acrs, demand: a.demand, session: s,
	})
}

// response is what the client gets at the end: a code, an identity token, or both.
func (h *Handler) response(r *http.Request, a ask, s session, who world.Identity, t world.Tenant) (url.Values, *problem) {
	values := url.Values{"session_state": {world.NewID[csp.Tenant]().String()}}
	if slices.Contains(a.types, "code") {
		values.Set("code", h.newCode(a, who.Tenant, s))
	}
	if slices.Contains(a.types, "id_token") {
		c := h.idToken(h.issuerHost(r), a.app, speaking{session: s, into: who.Tenant, nonce: a.nonce, acrs: a.acrs}, who, t, a.demand, a.old)
		c.CodeHash = token.Half(values.Get("code"))
		raw, p := h.sign(c)
		if p != nil {
			return nil, p
		}
		values.Set("id_token", raw)
	}
	return values, nil
}
