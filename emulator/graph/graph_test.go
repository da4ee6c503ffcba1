package graph_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/graph"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// signingKey is made once for all tests; making one takes longer than most of them.
var signingKey *token.Key

func TestMain(m *testing.M) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	signingKey = token.NewKey(private)
	os.Exit(m.Run())
}

// town is a small world: a partner with James, a customer with Anna, who is a
// plain member, and a guest account of James.
type town struct {
	tb                testing.TB
	mu                sync.Mutex
	now               time.Time
	world             *world.World
	partner, customer world.Tenant
	james, anna       world.User
	guest             world.User
	agents            world.Group
	handler           *graph.Handler
	options           graph.Options
}

const origin = "https://graph.emulator.test"

func newTown(tb testing.TB, change ...func(*world.Options)) *town {
	tb.Helper()
	v := &town{tb: tb, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	options := world.Options{Now: v.Now, Roles: builtin.AzureRoles()}
	for _, f := range change {
		f(&options)
	}
	v.world = world.New(options)
	v.partner = must(v.world.AddTenant(csp.Tenant{Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	v.customer = must(v.world.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(tb)
	v.james = must(v.partner.AddUser(world.User{Name: "James Holt", UPN: "james", Mail: "james@ravenhill.example", Password: "raven"}))(tb)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna", Mail: "anna@contoso.example", Password: "conto"}))(tb)
	v.guest = must(v.customer.InviteGuest(v.james, csp.ObjectID{}))(tb)
	v.agents = must(v.partner.AddGroup(world.Group{Name: world.AdminAgents}))(tb)
	v.options = graph.Options{World: v.world, Key: signingKey, Origin: func() string { return origin }}
	v.handler = graph.New(v.options)
	return v
}

func (v *town) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *town) move(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return value
	}
}

// asUser is a token with which an application that has the scopes acts for the user.
func (v *town) asUser(u world.User, scopes string) string {
	v.tb.Helper()
	return v.sign(token.Claims{Tenant: u.Tenant.String(), Object: u.ID.String(), UPN: u.UPN, IDType: "user", Scopes: scopes})
}

func (v *town) sign(c token.Claims) string {
	v.tb.Helper()
	if c.Audience == "" {
		c.Audience = "https://graph.microsoft.com"
	}
	c.Issuer = "https://sts.windows.net/" + c.Tenant + "/"
	c.NotBefore, c.Expires = v.Now().Unix(), v.Now().Add(time.Hour).Unix()
	return must(signingKey.Sign(c))(v.tb)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends one request, with a body of JSON unless it is empty.
func (v *town) call(bearer, method, path, body string, headers ...string) answer {
	v.tb.Helper()
	return v.send(v.request(bearer, method, path, body, headers...))
}

func (v *town) request(bearer, method, path, body string, headers ...string) *http.Request {
	v.tb.Helper()
	r := httptest.NewRequestWithContext(v.tb.Context(), method, origin+strings.ReplaceAll(path, " ", "%20"), strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// send sends a request whose answer is an object in JSON, or nothing.
func (v *town) send(r *http.Request) answer {
	v.tb.Helper()
	got := v.raw(r)
	if len(strings.TrimSpace(got.raw)) > 0 {
		if err := json.Unmarshal([]byte(got.raw), &got.body); err != nil {
			v.tb.Fatalf("%s %s: %v in %s", r.Method, r.URL, err, got.raw)
		}
	}
	return got
}

func (v *town) raw(r *http.Request) answer {
	v.tb.Helper()
	w := httptest.NewRecorder()
	r = r.WithContext(v.world.BeginCall(r.Context(), r.Method, "graph", r.URL.Path))
	v.handler.ServeHTTP(w, r)
	v.world.EndCall(r.Context(), w.Code, false)
	got := answer{status: w.Code, header: w.Header()}
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	got.raw = string(raw)
	return got
}

// code is the code of an error answer.
func (a answer) code() string {
	e, _ := a.body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (a answer) message() string {
	e, _ := a.body["error"].(map[string]any)
	message, _ := e["message"].(string)
	return message
}

// text is the string at the key, or "".
func (a answer) text(key string) string {
	s, _ := a.body[key].(string)
	return s
}

// names lists one property of the values of a collection.
func (a answer) names(property string) []string {
	list := []string{}
	values, _ := a.body["value"].([]any)
	for _, v := range values {
		one, _ := v.(map[string]any)
		s, _ := one[property].(string)
		list = append(list, s)
	}
	return list
}

func TestMeAndUsers(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, "User.Read User.Read.All")
	if got := v.call(anna, "GET", "/v1.0/me", ""); got.status != 200 || got.text("id") != v.anna.ID.String() || got.text("@odata.context") != origin+"/v1.0/$metadata#users/$entity" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	for _, path := range []string{"/v1.0/users/anna@contoso.example", "/beta/users/" + v.anna.ID.String(), "//v1.0//Users('ANNA@contoso.example')"} {
		if got := v.call(anna, "GET", path, ""); got.status != 200 || got.text("displayName") != "Anna Berg" {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	if got := v.call(anna, "GET", "/v1.0/users", ""); got.status != 200 || len(got.names("id")) != 2 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.asUser(v.guest, "User.Read.All"), "GET", "/v1.0/users", ""); got.status != 403 || got.code() != "Authorization_RequestDenied" {
		t.Errorf("a guest lists: %d %s", got.status, got.raw)
	}
	if got := v.call(anna, "GET", "/v1.0/users/"+v.james.ID.String(), ""); got.status != 404 || got.code() != "Request_ResourceNotFound" {
		t.Errorf("somebody of another tenant: %d %s", got.status, got.raw)
	}
}
