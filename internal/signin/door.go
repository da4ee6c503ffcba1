package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// CallbackPath is where the tenants' sign-in pages send the browser back to. The
// application registration must list exactly this path of the base URL.
const CallbackPath = "/sign-in/callback"

// DefaultContext is the authentication context asked for by a fresh sign-in: the
// first of the ids a tenant can bind a conditional access policy to.
const DefaultContext = "c1"

const (
	flowLife       = 10 * time.Minute // from leaving to coming back
	skew           = 2 * time.Minute  // between a tenant's clock and ours
	defaultIdle    = 15 * time.Minute
	defaultLongest = 8 * time.Hour
	outgoingLimit  = 10 * time.Second
)

// Options make a Door. All but Context, Idle and Longest are required, and one of
// ClientSecret and Certificate.
type Options struct {
	// BaseURL is the portal's own address: https, or plain http on loopback for
	// the demo.
	BaseURL *url.URL
	// Authority is the https address of Entra's sign-in service without a tenant,
	// such as https://login.microsoftonline.com.
	Authority    string
	ClientID     string
	ClientSecret string
	// Certificate is used instead of ClientSecret when it is set.
	Certificate *Certificate
	// Estate names the tenants people may sign in at: the partner's and his
	// customers'.
	Estate *jit.Estate
	// Context is the id of the authentication context a fresh sign-in demands.
	Context string
	// Key seals cookies and session bodies. Replicas must share it; changing it
	// signs everybody out.
	Key [32]byte
	// Client speaks to the authority. Redirects are refused and answers cut off
	// at a megabyte whatever it allows.
	Client   *http.Client
	Sessions Sessions
	Clock    clock.Clock
	// Idle is how long a session lasts without use, Longest how long at most;
	// zero means 15 minutes and 8 hours.
	Idle    time.Duration
	Longest time.Duration
}

// Door lets people in.
type Door struct {
	options   Options
	authority *url.URL
	client    *http.Client
	flowSeal  sealer
	bodySeal  sealer

	mu      sync.Mutex
	tenants map[csp.TenantID]*tenant
}

// New checks the options. It speaks to nobody: a tenant's sign-in service is
// looked up when the first person wants to sign in there.
func New(o Options) (*Door, error) {
	const op = "signin.New"
	authority, err := url.Parse(o.Authority)
	if err != nil || authority.Scheme != "https" || authority.Host == "" || strings.Trim(authority.Path, "/") != "" {
		return nil, fault.Newf(op, fault.Invalid, "The sign-in authority must be an https address without a path, such as https://login.microsoftonline.com; %q is not.", o.Authority)
	}
	switch {
	case o.BaseURL == nil || o.BaseURL.Host == "":
		return nil, fault.New(op, fault.Invalid, "The portal's base URL is missing.")
	case o.BaseURL.Scheme != "https" && !(o.BaseURL.Scheme == "http" && isLoopback(o.BaseURL)):
		return nil, fault.New(op, fault.Invalid, "The portal's base URL must be https; plain http is possible on a loopback address only.")
	case o.ClientID == "":
		return nil, fault.New(op, fault.Invalid, "The client id of Latchkey's application registration is missing.")
	case o.ClientSecret == "" && o.Certificate == nil:
		return nil, fault.New(op, fault.Invalid, "Latchkey's application registration needs a client secret or a certificate to redeem sign-ins with.")
	case o.Estate == nil || o.Client == nil || o.Sessions == nil || o.Clock == nil:
		return nil, fault.New(op, fault.Internal, "")
	case o.Key == [32]byte{}:
		return nil, fault.New(op, fault.Invalid, "The key that seals cookies is missing.")
	}
	if o.Certificate != nil {
		if err := o.Certificate.check(); err != nil {
			return nil, err
		}
		o.ClientSecret = ""
	}
	if o.Context == "" {
		o.Context = DefaultContext
	}
	if o.Idle == 0 {
		o.Idle = defaultIdle
	}
	if o.Longest == 0 {
		o.Longest = defaultLongest
	}
	authority.Path = ""
	d := &Door{options: o, authority: authority, client: guarded(o.Client), tenants: make(map[csp.TenantID]*tenant)}
	if d.flowSeal, err = newSealer(o.Key, "latchkey sign-in flow"); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	if d.bodySeal, err = newSealer(o.Key, "latchkey session body"); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	return d, nil
}

// flow is one sign-in on its way, carried by the browser under our seal.
type flow struct {
	State    string       `json:"state"`
	Nonce    string       `json:"nonce"`
	Verifier string       `json:"verifier"`
	Tenant   csp.TenantID `json:"tenant"`
	Return   string       `json:"return"`
	Fresh    bool         `json:"fresh"`
	Begun    time.Time    `json:"begun"`
}

// Begin starts a sign-in at the tenant: the address to send the browser to and
// the cookie it must bring back. returnTo is the page to come back to, a path of
// this portal with its query. fresh demands that the person proves himself now
// and with a second factor, whatever session Entra still has of him.
func (d *Door) Begin(ctx context.Context, at csp.TenantID, returnTo string, fresh bool) (redirect string, cookie *http.Cookie, err error) {
	const op = "signin.Begin"
	if !d.serves(at) {
		return "", nil, fault.New(op, fault.NotFound, "No organization by that name signs in here. Check the name, or open the link in the mail you were sent.")
	}
	path, ok := localPath(returnTo)
	if !ok {
		return "", nil, fault.New(op, fault.Invalid, "The page to return to after signing in must be a page of this portal. Start again from the portal's first page.")
	}
	t, err := d.tenant(ctx, at)
	if err != nil {
		return "", nil, fault.In(op, err)
	}
	f := flow{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Tenant: at, Return: path, Fresh: fresh, Begun: d.options.Clock.Now(),
	}
	sealed, err := d.flowSeal.sealJSON(f, "")
	if err != nil {
		return "", nil, fault.Wrap(op, fault.Internal, err, "")
	}
	return t.oauth.AuthCodeURL(f.State, d.authorizeParameters(f)...), d.cookie(flowCookie, sealed, int(flowLife/time.Second)), nil
}

func (d *Door) authorizeParameters(f flow) []oauth2.AuthCodeOption {
	parameters := []oauth2.AuthCodeOption{
		oidc.Nonce(f.Nonce),
		oauth2.S256ChallengeOption(f.Verifier),
		oauth2.SetAuthURLParam("response_mode", "query"),
	}
	if f.Fresh {
		parameters = append(parameters,
			oauth2.SetAuthURLParam("prompt", "login"),
			oauth2.SetAuthURLParam("max_age", "0"),
			oauth2.SetAuthURLParam("claims", contextClaim(d.options.Context)),
		)
	}
	return parameters
}

// Complete takes the browser's return from the sign-in page. The cookies are to
// be set in any case: they end the sign-in on its way, and after a good one they
// carry the new session.
func (d *Door) Complete(r *http.Request) (returnTo string, cookies []*http.Cookie, err error) {
	const op = "signin.Complete"
	cookies = []*http.Cookie{d.cookie(flowCookie, "", -1)}
	f, err := d.flowOf(r)
	if err != nil {
		return "", cookies, fault.In(op, err)
	}
	proven, err := d.redeem(r.Context(), f, r.URL.Query())
	if err != nil {
		return "", cookies, fault.In(op, err)
	}
	session, err := d.open(r, proven)
	if err != nil {
		return "", cookies, fault.In(op, err)
	}
	return f.Return, append(cookies, session), nil
}

// flowOf reads the sign-in this browser began and checks that the answer in the
// address belongs to it (TH-S4).
func (d *Door) flowOf(r *http.Request) (flow, error) {
	const op = "signin.flow"
	const lost = "This sign-in was not started in this browser, or it was started more than ten minutes ago. Please sign in again."
	var f flow
	cookie, err := r.Cookie(d.cookieName(flowCookie))
	if err != nil {
		return f, fault.Wrap(op, fault.Unauthenticated, err, lost)
	}
	if err := d.flowSeal.openJSON(cookie.Value, "", &f); err != nil {
		return f, fault.Wrap(op, fault.Unauthenticated, err, lost)
	}
	if age := d.options.Clock.Now().Sub(f.Begun); age < -skew || age > flowLife {
		return f, fault.New(op, fault.Unauthenticated, lost)
	}
	if subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(f.State)) != 1 {
		return f, fault.New(op, fault.Unauthenticated, "The answer from the sign-in page belongs to another sign-in than the one this browser started. Please sign in again, in one tab.")
	}
	return f, nil
}

// redeem turns the sign-in page's answer into a proven account.
func (d *Door) redeem(ctx context.Context, f flow, answer url.Values) (proven, error) {
	const op = "signin.redeem"
	t, err := d.tenant(ctx, f.Tenant)
	if err != nil {
		return proven{}, err
	}
	if iss := answer.Get("iss"); iss != "" && iss != t.issuer {
		return proven{}, fault.New(op, fault.Unauthenticated, "The answer came from another sign-in service than the one you were sent to. Please sign in again.")
	}
	if code := answer.Get("error"); code != "" {
		return proven{}, declined(code, answer.Get("error_description"))
	}
	if answer.Get("code") == "" {
		return proven{}, fault.New(op, fault.Unauthenticated, "The sign-in page sent no answer. Please sign in again.")
	}
	parameters, err := d.credential(t.oauth.Endpoint.TokenURL)
	if err != nil {
		return proven{}, err
	}
	parameters = append(parameters, oauth2.VerifierOption(f.Verifier))
	token, err := t.oauth.Exchange(oidc.ClientContext(ctx, d.client), answer.Get("code"), parameters...)
	if err != nil {
		return proven{}, exchangeFailed(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return proven{}, fault.New(op, fault.Unauthenticated, refusedToken)
	}
	return d.judge(ctx, t, f, raw)
}

// serves says whether people may sign in at the tenant.
func (d *Door) serves(at csp.TenantID) bool {
	if at.IsZero() {
		return false
	}
	if at == d.options.Estate.Partner.ID {
		return true
	}
	_, ok := d.options.Estate.CustomerByTenant(at)
	return ok
}
