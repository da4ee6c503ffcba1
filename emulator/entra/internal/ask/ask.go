// Package ask reads what begins a conversation with a person: an authorization
// request, or one for an administrator's consent.
package ask

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Purpose is what a conversation with a person is to end in.
type Purpose uint8

// The purposes.
const (
	ForClient Purpose = iota // an authorization response to a client's redirect URI
	ForDevice                // tokens for a device that waits
	ForTenant                // an administrator's consent
	ForPage                  // a page of this origin that wants to know who is there
)

// Ask is a conversation's beginning: an authorization request that may be
// answered, because its client is known and its redirect URI is one of that
// client's; or a device's request; or one for an administrator's consent.
type Ask struct {
	Purpose   Purpose
	At        address.Authority
	App       registry.App
	Redirect  *url.URL // nil for a device
	SPA       bool
	UserCode  string // for a device
	Back      string // for a page: its path
	State     string
	Nonce     string
	Types     []string // of the response: "code", "id_token"
	Mode      string   // of the response: "query", "fragment", "form_post"
	challenge string
	plain     bool
	Prompt    []string
	LoginHint string
	MaxAge    time.Duration // negative: not asked for
	ACRS      []string
	Demand    demand.Demand
	Old       bool // version 1.0
}

// Reader reads requests in the light of one world.
type Reader struct {
	World   *world.World
	Demands demand.Reader
}

// Read reads an authorization request. A problem with toClient set goes back
// to the redirect URI; any other is shown to the person, because the address
// cannot be trusted.
func (rd Reader) Read(r *http.Request, at address.Authority) (a Ask, p *aadsts.Problem, toClient bool) {
	q := r.URL.Query()
	a = Ask{At: at, State: q.Get("state"), Nonce: q.Get("nonce"), LoginHint: q.Get("login_hint"), MaxAge: -1, Mode: q.Get("response_mode"), Old: !strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/")}
	if q.Get("client_id") == "" {
		return a, aadsts.Missing("client_id"), false
	}
	if a.App, p = gate.App(rd.World, q.Get("client_id")); p != nil {
		return a, p, false
	}
	if a.Redirect, a.SPA, p = registered(a.App, q.Get("redirect_uri")); p != nil {
		return a, p, false
	}
	a.Types = strings.Fields(q.Get("response_type"))
	if a.Mode == "" && slices.Contains(a.Types, "id_token") {
		a.Mode = "fragment"
	}
	p = rd.details(&a, q)
	return a, p, true
}

// registered finds the redirect URI among the application's, and says whether it
// is a single-page application's.
func registered(app registry.App, redirect string) (*url.URL, bool, *aadsts.Problem) {
	if redirect == "" {
		return nil, false, aadsts.Missing("redirect_uri")
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
	return nil, false, aadsts.Refuse(aadsts.InvalidRequest, 50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.", wire.Clip(redirect), app.ID)
}

// sameLoopback: a native application listens on whatever port is free, so that
// the port of a registered http://localhost does not count.
func sameLoopback(kept string, asked *url.URL) bool {
	k, err := url.Parse(kept)
	if err != nil || asked == nil || k.Scheme != "http" || asked.Scheme != "http" || k.Port() != "" || k.Hostname() != asked.Hostname() {
		return false
	}
	if ip, err := netip.ParseAddr(k.Hostname()); k.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return false
	}
	return strings.TrimSuffix(k.Path, "/") == strings.TrimSuffix(asked.Path, "/") && k.RawQuery == asked.RawQuery && asked.User == nil
}

func (rd Reader) details(a *Ask, q url.Values) *aadsts.Problem {
	if p := a.checkResponse(); p != nil {
		return p
	}
	if p := a.readChallenge(q); p != nil {
		return p
	}
	a.Prompt = strings.Fields(q.Get("prompt"))
	for _, p := range a.Prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account", "admin_consent"}, p) {
			return aadsts.Refuse(aadsts.InvalidRequest, 90023, "Unsupported 'prompt' value.")
		}
	}
	if text := q.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return aadsts.Refuse(aadsts.InvalidRequest, 90014, "The max_age is not a number of seconds.")
		}
		a.MaxAge = time.Duration(seconds) * time.Second
	}
	if p := gate.SharedUse(a.At, a.App); p != nil {
		return p
	}
	asked, p := demand.ReadClaims(q.Get("claims"))
	if p != nil {
		return p
	}
	a.ACRS = asked.IDToken.ACRS.All()
	scope := q.Get("scope")
	if resource := q.Get("resource"); resource != "" && a.Old && !strings.Contains(resource, " ") {
		scope = demand.OpenIDOnly(scope) + " " + resource + "/.default"
	}
	if a.Demand, p = rd.Demands.Scope(scope); p != nil {
		return p
	}
	a.Demand.Take(asked)
	a.Demand.OpenID = a.Demand.OpenID || a.Old
	return nil
}

// checkResponse checks what the client wants back, and how.
func (a *Ask) checkResponse() *aadsts.Problem {
	if len(a.Types) == 0 {
		return aadsts.Missing("response_type")
	}
	for _, kind := range a.Types {
		switch {
		case kind == "code":
		case kind == "id_token" && a.App.IDTokens:
			if a.Nonce == "" {
				return aadsts.Refuse(aadsts.InvalidRequest, 900144, "The request must contain the following parameter: 'nonce'.")
			}
		case kind == "id_token":
			return aadsts.Refuse("unsupported_response_type", 700054, "response_type 'id_token' is not enabled for the application.")
		case kind == "token":
			return aadsts.Refuse("unsupported_response_type", 700051, "response_type 'token' is not enabled for the application.")
		default:
			return aadsts.Refuse("unsupported_response_type", 70005, "response_type '%s' is not supported.", wire.Clip(kind))
		}
	}
	switch a.Mode {
	case "", "query", "form_post", "fragment":
	default:
		return aadsts.Refuse(aadsts.InvalidRequest, 900144, "response_mode '%s' is not supported; use query, fragment or form_post.", wire.Clip(a.Mode))
	}
	if a.Mode == "query" && slices.Contains(a.Types, "id_token") {
		return aadsts.Refuse(aadsts.InvalidRequest, 70007, "'query' is not a supported value of 'response_mode' when requesting a token.")
	}
	return nil
}

func (a *Ask) readChallenge(q url.Values) *aadsts.Problem {
	a.challenge = q.Get("code_challenge")
	method := q.Get("code_challenge_method")
	switch {
	case a.challenge == "" && a.SPA:
		return aadsts.Refuse(aadsts.InvalidRequest, 9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption.")
	case a.challenge == "":
		return nil
	case method == "" || method == "plain":
		a.plain = true
	case method != "S256":
		return aadsts.Refuse(aadsts.InvalidRequest, 501491, "The code_challenge_method '%s' is not supported: want S256 or plain.", wire.Clip(method))
	}
	if len(a.challenge) < 43 || len(a.challenge) > 128 || (!a.plain && len(a.challenge) != 43) {
		return aadsts.Refuse(aadsts.InvalidRequest, 501491, "The size of the code_challenge parameter is not valid: want the base64url form of a SHA-256 hash.")
	}
	return nil
}

// Wants says whether the client asked for the prompt.
func (a Ask) Wants(prompt string) bool { return slices.Contains(a.Prompt, prompt) }

// Contexts says whether the client demands more than the password.
func (a Ask) Contexts() bool { return len(a.ACRS) > 0 || len(a.Demand.Contexts) > 0 || a.Demand.Policy }

// SatisfiedBy says whether the session is fresh enough to be used.
func (a Ask) SatisfiedBy(s session.Session, now time.Time) bool {
	return !a.Wants("login") && (a.MaxAge < 0 || now.Sub(s.AuthTime) <= a.MaxAge)
}

// ReadConsent reads a request for an administrator's consent.
func (rd Reader) ReadConsent(r *http.Request, at address.Authority) (Ask, *aadsts.Problem) {
	q := r.URL.Query()
	a := Ask{At: at, State: q.Get("state"), MaxAge: -1, Purpose: ForTenant}
	if q.Get("client_id") == "" {
		return a, aadsts.Missing("client_id")
	}
	var p *aadsts.Problem
	if a.App, p = gate.App(rd.World, q.Get("client_id")); p != nil {
		return a, p
	}
	redirect := q.Get("redirect_uri")
	if redirect == "" && len(a.App.RedirectURIs) > 0 {
		redirect = a.App.RedirectURIs[0]
	}
	if a.Redirect, _, p = registered(a.App, redirect); p != nil {
		return a, p
	}
	if at.Shared == "" && !a.App.MultiTenant && a.App.Home != at.Tenant.ID {
		return a, gate.NotInDirectory(a.App, at.Tenant)
	}
	if strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/") {
		if q.Get("scope") == "" {
			return a, aadsts.Refuse(aadsts.InvalidRequest, 900144, "The request must contain the following parameter: 'scope'.")
		}
		a.Demand, p = rd.Demands.Scope(q.Get("scope"))
		return a, p
	}
	a.Demand, p = rd.Demands.Scope("")
	return a, p
}

// Agreed is what an authorization code stands for.
type Agreed struct {
	Ask
	Tenant  csp.TenantID
	Session session.Session
}

// CheckVerifier checks the proof key, where the code was asked for with one.
func (a Ask) CheckVerifier(verifier string) *aadsts.Problem {
	switch {
	case a.challenge == "" && verifier == "":
		return nil
	case a.challenge == "":
		return aadsts.Refuse(aadsts.InvalidGrant, 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request: there was none.")
	case len(verifier) < 43 || len(verifier) > 128:
		return aadsts.Refuse(aadsts.InvalidGrant, 50147, "The size of the code verifier parameter is not valid: want 43 to 128 characters.")
	}
	if !a.plain {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(verifier), []byte(a.challenge)) == 0 {
		return aadsts.Refuse(aadsts.InvalidGrant, 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	return nil
}
