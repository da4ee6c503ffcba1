package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/entra"
	"latchkey/emulator/gdap"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// Keys are made once for all tests; making one takes longer than most of them.
var signingKey, clientKey, otherKey *rsa.PrivateKey

func TestMain(m *testing.M) {
	for _, key := range []**rsa.PrivateKey{&signingKey, &clientKey, &otherKey} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*key = made
	}
	os.Exit(m.Run())
}

const (
	host     = "login.emulator.test"
	origin   = "https://" + host
	pages    = "http://pages.emulator.test"
	callback = "http://127.0.0.1:4180/signin/callback"
	armScope = "https://management.azure.com/.default"
	graph    = "https://graph.microsoft.com"
	secret   = "the portal's & secret"
	verifier = "a-verifier-of-forty-three-or-more-characters-0123456789"
)

// movable is a clock that stands still until it is moved.
type movable struct {
	mu  sync.Mutex
	now time.Time
}

func (c *movable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *movable) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// town is a partner with engineers, and a customer that lends one of them a role
// by GDAP: Grace is in the group that the relationship names, Ned is in none.
type town struct {
	clock             *movable
	key               *token.Key
	handler           *entra.Handler
	world             *world.World
	partner, customer world.Tenant
	grace, ned, maya  world.User // Maya has a second step, and is in Grace's group
	anna, bob         world.User // Anna is the customer's Global Administrator
	team              world.Group
	app               registry.App // confidential, installed with both, trusted in both
	public            registry.App // the same without credentials
}

var (
	globalAdmin = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	userAdmin   = csp.MustParseID[csp.DirectoryRole]("fe930be7-5e62-47db-91af-98c3a49a38b1")
)

func newTown(tb testing.TB, change ...func(*entra.Options)) *town {
	tb.Helper()
	v := &town{clock: &movable{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}, key: token.NewKey(signingKey)}
	v.world = world.New(world.Options{Now: v.clock.Now, Roles: builtin.AzureRoles()})
	v.partner = must(v.world.AddTenant(csp.Tenant{Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	v.customer = must(v.world.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(tb)
	v.grace = must(v.partner.AddUser(world.User{Name: "Grace Hall", UPN: "grace", Mail: "grace@ravenhill.example", Password: "raven"}))(tb)
	v.ned = must(v.partner.AddUser(world.User{Name: "Ned Lowe", UPN: "ned", Password: "raven"}))(tb)
	v.maya = must(v.partner.AddUser(world.User{Name: "Maya Stone", UPN: "maya", Password: "raven", MFA: true}))(tb)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna", Password: "conto"}))(tb)
	v.bob = must(v.customer.AddUser(world.User{Name: "Bob Frey", UPN: "bob", Password: "conto"}))(tb)
	must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.anna.ID, Role: globalAdmin}))(tb)
	v.team = must(v.partner.AddGroup(world.Group{Name: "Contoso user admins"}))(tb)
	for _, u := range []world.User{v.grace, v.maya} {
		check(tb, v.partner.AddMember(v.team.ID, u.ID))
	}
	v.app = must(v.partner.AddApp(registry.App{Name: "Latchkey", Secret: secret, RedirectURIs: []string{callback}, MultiTenant: true}))(tb)
	v.public = must(v.partner.AddApp(registry.App{Name: "Tool", RedirectURIs: []string{"http://localhost"}, MultiTenant: true}))(tb)
	for _, t := range []world.Tenant{v.partner, v.customer} {
		must(t.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(tb)
		must(t.AddServicePrincipal(v.public.ID, csp.ObjectID{}))(tb)
	}
	v.lend(tb)

	options := entra.Options{
		World: v.world, Key: v.key, ClientNow: v.clock.Now,
		LoginOrigin: func() string { return origin }, BrowserOrigin: func() string { return pages },
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	if v.handler, err = entra.New(options); err != nil {
		tb.Fatal(err)
	}
	return v
}

// lend makes the GDAP relationship.
func (v *town) lend(tb testing.TB) {
	tb.Helper()
	check(tb, v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}))
	r := must(v.world.CreateRelationship(world.Actor{}, gdap.Relationship{Partner: v.partner.ID, Customer: v.customer.ID, Name: "users", Days: 365, Roles: []csp.DirectoryRoleID{userAdmin}}))(tb)
	must(v.world.LockForApproval(world.Actor{}, r.ID))(tb)
	must(v.world.ApproveRelationship(world.Actor{}, r.ID, v.customer.ID))(tb)
	v.world.Settle()
	must(v.world.AddAccessAssignment(world.Actor{}, r.ID, gdap.AccessAssignment{Group: v.team.ID, Roles: []csp.DirectoryRoleID{userAdmin}}))(tb)
	v.world.Settle()
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		check(tb, err)
		return value
	}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// RoundTrip answers as the two origins of the sign-in service.
func (v *town) RoundTrip(r *http.Request) (*http.Response, error) {
	inside := r.Clone(r.Context())
	inside.Host = r.URL.Host
	if inside.Body == nil {
		inside.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	switch r.URL.Scheme + "://" + r.URL.Host {
	case pages:
		v.handler.Browser().ServeHTTP(w, inside)
	default:
		if r.URL.Scheme != "https" {
			return nil, fmt.Errorf("nothing is at %s", r.URL)
		}
		v.handler.Login().ServeHTTP(w, inside)
	}
	response := w.Result()
	response.Request = r
	if response.Header.Get("x-emulator") == "" {
		return nil, fmt.Errorf("%s does not say that it is an emulator", r.URL)
	}
	return response, nil
}

func (v *town) client() *http.Client { return &http.Client{Transport: v} }

// body is what the JSON endpoints answer, good or bad.
type body struct {
	status       int
	header       http.Header
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ClientInfo   string `json:"client_info"`
	Scope        string `json:"scope"`
	ExpiresIn    any    `json:"expires_in"`
	ExpiresOn    any    `json:"expires_on"`
	Resource     string `json:"resource"`

	Error         string `json:"error"`
	Suberror      string `json:"suberror"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
	Claims        string `json:"claims"`

	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	VerificationURL string `json:"verification_url"`
	Interval        any    `json:"interval"`
	Message         string `json:"message"`

	raw map[string]any
}

func (b body) code() int {
	if len(b.Codes) == 0 {
		return 0
	}
	return b.Codes[0]
}

// post sends a form to a path of the login origin.
func (v *town) post(tb testing.TB, path string, form url.Values, header ...string) body {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, origin+path, strings.NewReader(form.Encode()))
	check(tb, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return v.do(tb, r)
}

func (v *town) get(tb testing.TB, address string) body {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, nil)
	check(tb, err)
	return v.do(tb, r)
}

func (v *town) do(tb testing.TB, r *http.Request) body {
	tb.Helper()
	response, err := v.RoundTrip(r)
	check(tb, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	check(tb, err)
	b := body{status: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(raw, &b); err != nil {
		tb.Fatalf("%s %s: %v in %s", r.Method, r.URL, err, raw)
	}
	check(tb, json.Unmarshal(raw, &b.raw))
	return b
}

// token asks the token endpoint of a tenant; pairs are the form.
func (v *town) token(tb testing.TB, tenant string, pairs ...string) body {
	tb.Helper()
	return v.post(tb, "/"+tenant+"/oauth2/v2.0/token", form(pairs...))
}

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (v *town) claims(tb testing.TB, raw string) token.Claims {
	tb.Helper()
	c, err := v.key.Verify(raw)
	if err != nil {
		tb.Fatalf("%v: %.60q", err, raw)
	}
	return c
}

// newCertificate is a self-signed certificate of the key.
func newCertificate(tb testing.TB, key *rsa.PrivateKey) *x509.Certificate {
	tb.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "client"}, NotBefore: time.Unix(0, 0), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(tb, err)
	return must(x509.ParseCertificate(der))(tb)
}

// browser is a person at the pages. It keeps cookies and stops at a redirect
// away from them.
type browser struct {
	http   http.Client
	at     string // the address of the page that is open
	page   string
	status int
	sentTo *url.URL // where the browser was sent, instead of a page
}

func (v *town) browser(tb testing.TB) *browser {
	tb.Helper()
	b := &browser{http: http.Client{Transport: v, Jar: must(cookiejar.New(nil))(tb)}}
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

func (b *browser) open(tb testing.TB, address string) *browser {
	tb.Helper()
	b.at = address
	return b.send(tb, http.MethodGet, nil)
}

// submit posts a form to the page that is open.
func (b *browser) submit(tb testing.TB, pairs ...string) *browser {
	tb.Helper()
	return b.send(tb, http.MethodPost, form(pairs...))
}

func (b *browser) send(tb testing.TB, method string, values url.Values) *browser {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, b.at, strings.NewReader(values.Encode()))
	check(tb, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := b.http.Do(r)
	check(tb, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	check(tb, err)
	b.page, b.status, b.sentTo = string(raw), response.StatusCode, nil
	if location := response.Header.Get("Location"); location != "" {
		b.sentTo = must(url.Parse(location))(tb)
	}
	return b
}

var pendingInput = regexp.MustCompile(`name="pending" value="([^"]+)"`)

// signIn goes through picker, password and second step of the page that is open.
func (b *browser) signIn(tb testing.TB, u world.User) *browser {
	tb.Helper()
	b.submit(tb, "step", "pick", "account", u.UPN)
	b.submit(tb, "step", "password", "account", u.UPN, "password", u.Password)
	if found := pendingInput.FindStringSubmatch(b.page); found != nil {
		b.submit(tb, "step", "confirm", "pending", found[1])
	}
	return b
}

// values are what the browser brought back to the client, as a query or fragment.
func (b *browser) values(tb testing.TB) url.Values {
	tb.Helper()
	if b.sentTo == nil {
		tb.Fatalf("the browser is still on a page:\n%s", b.page)
	}
	if b.sentTo.Fragment != "" {
		return must(url.ParseQuery(b.sentTo.EscapedFragment()))(tb)
	}
	return b.sentTo.Query()
}

var numberInText = regexp.MustCompile(`AADSTS\d+`)

// refusal is the AADSTS number of a page or of what was brought back.
func (b *browser) refusal() string {
	text := b.page
	if b.sentTo != nil {
		text = b.sentTo.Query().Get("error_description") + b.sentTo.Fragment
	}
	return numberInText.FindString(text)
}

// authorizeURL is an authorization request, changed by pairs; an empty value
// takes the parameter away.
func (v *town) authorizeURL(segment string, app registry.App, pairs ...string) string {
	q := form("client_id", app.ID.String(), "response_type", "code", "redirect_uri", callback, "scope", "openid profile offline_access", "state", "s", "nonce", "n")
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return pages + "/" + segment + "/oauth2/v2.0/authorize?" + q.Encode()
}

// signedIn gives the tokens of a person who signed in at home, for the scope.
func (v *town) signedIn(tb testing.TB, u world.User, scope string) body {
	tb.Helper()
	home := u.Tenant.String()
	b := v.browser(tb).open(tb, v.authorizeURL(home, v.app, "scope", scope)).signIn(tb, u)
	got := v.token(tb, home, "grant_type", "authorization_code", "client_id", v.app.ID.String(), "client_secret", secret, "code", b.values(tb).Get("code"), "redirect_uri", callback)
	if got.AccessToken == "" {
		tb.Fatalf("%s gets no token: %s", u.Name, got.Description)
	}
	return got
}

// events lists what of a kind happened, as the history tells it.
func (v *town) events(kind world.EventKind) []world.Event {
	return slices.DeleteFunc(v.world.History(), func(e world.Event) bool { return e.Kind != kind })
}
