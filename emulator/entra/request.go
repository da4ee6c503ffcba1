package entra

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// ask is an authorization request that may be answered: its client is known and
// its redirect URI is one of that client's.
type ask struct {
	at        authority
	app       world.App
	redirect  *url.URL
	state     string
	nonce     string
	formPost  bool
	challenge string
	prompt    []string
	loginHint string
	maxAge    time.Duration // negative: not asked for
	acrs      []string
	demand    demand
}

// readAsk reads an authorization request. A problem with toClient set goes back
// to the redirect URI; any other is shown to the person, because the address
// cannot be trusted.
func (h *Handler) readAsk(at authority, q url.Values) (a ask, p *problem, toClient bool) {
	a = ask{at: at, state: q.Get("state"), nonce: q.Get("nonce"), loginHint: q.Get("login_hint"), maxAge: -1}
	if q.Get("client_id") == "" {
		absent := missing("client_id")
		return a, &absent, false
	}
	if a.app, p = h.app(q.Get("client_id")); p != nil {
		return a, p, false
	}
	if a.redirect, p = registered(a.app, q.Get("redirect_uri")); p != nil {
		return a, p, false
	}
	a.formPost = q.Get("response_mode") == "form_post"
	p = h.readDetails(&a, q)
	return a, p, true
}

func registered(app world.App, redirect string) (*url.URL, *problem) {
	if redirect == "" {
		p := missing("redirect_uri")
		return nil, &p
	}
	u, err := url.Parse(redirect)
	if err != nil || !slices.Contains(app.RedirectURIs, redirect) {
		return nil, &problem{code: "invalid_request", number: 50011, text: "The redirect URI '" + clip(redirect) + "' specified in the request does not match the redirect URIs configured for the application '" + app.ID.String() + "'."}
	}
	return u, nil
}

func (h *Handler) readDetails(a *ask, q url.Values) *problem {
	if got := q.Get("response_type"); got != "code" {
		return &problem{code: "unsupported_response_type", number: 700054, text: "response_type '" + clip(got) + "' is not enabled for the application."}
	}
	if mode := q.Get("response_mode"); mode != "" && mode != "query" && mode != "form_post" {
		return &problem{code: "invalid_request", number: 900144, text: "response_mode '" + clip(mode) + "' is not supported by this emulator; use query or form_post."}
	}
	if a.challenge = q.Get("code_challenge"); a.challenge == "" || q.Get("code_challenge_method") != "S256" {
		return &problem{code: "invalid_request", number: 9002325, text: "Proof Key for Code Exchange is required: send code_challenge and code_challenge_method=S256."}
	}
	if len(a.challenge) != 43 {
		return &problem{code: "invalid_request", number: 501491, text: "The code_challenge is not the base64url form of a SHA-256 hash."}
	}
	a.prompt = strings.Fields(q.Get("prompt"))
	for _, p := range a.prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, p) {
			return &problem{code: "invalid_request", number: 90023, text: "Unsupported 'prompt' value."}
		}
	}
	if text := q.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return &problem{code: "invalid_request", number: 90014, text: "The max_age is not a number of seconds."}
		}
		a.maxAge = time.Duration(seconds) * time.Second
	}
	if a.at.shared != "" && !a.app.MultiTenant {
		return &problem{code: "invalid_request", number: 50194, text: "Application '" + a.app.ID.String() + "' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps."}
	}
	asked, p := readClaims(q.Get("claims"))
	if p != nil {
		return p
	}
	a.acrs = asked.IDToken.ACRS.all()
	a.demand, p = h.readScope(q.Get("scope"))
	return p
}

func (a ask) wants(prompt string) bool { return slices.Contains(a.prompt, prompt) }

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

// answerClient sends the values to the redirect URI, as a query or as a form.
func (h *Handler) answerClient(w http.ResponseWriter, r *http.Request, a ask, values url.Values) {
	if a.state != "" {
		values.Set("state", a.state)
	}
	if a.formPost {
		h.pages.showPost(w, a, values)
		return
	}
	target := *a.redirect
	q := target.Query()
	for name := range values {
		q.Set(name, values.Get(name))
	}
	target.RawQuery = q.Encode()
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	http.Redirect(w, r, target.String(), status)
}

func (h *Handler) refuseClient(w http.ResponseWriter, r *http.Request, a ask, p problem) {
	h.answerClient(w, r, a, url.Values{
		"error":             {p.code},
		"error_description": {p.description() + " Timestamp: " + h.World.Now().Format("2006-01-02 15:04:05Z")},
	})
}

// newCode keeps what was agreed until the client comes for it.
func (h *Handler) newCode(a ask, tenant csp.TenantID, s session) string {
	return h.codes.put(grant{
		client: a.app.ID, tenant: tenant, redirect: a.redirect.String(), challenge: a.challenge,
		nonce: a.nonce, acrs: a.acrs, demand: a.demand, session: s,
	})
}
