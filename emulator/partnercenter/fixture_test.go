package partnercenter_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/partnercenter"
	"latchkey/emulator/registry"
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

// town is a partner with one of each kind of agent, a customer of its with an
// Azure subscription that the partner made, and a tenant that is nobody's customer.
type town struct {
	tb                          testing.TB
	mu                          sync.Mutex
	now                         time.Time
	world                       *world.World
	partner, customer, stranger world.Tenant
	ada, hal, sam, rita         world.User // admin, helpdesk and sales agent; user administrator
	anna                        world.User // of the customer
	admins                      world.Group
	sub                         world.Subscription
	app                         registry.App
	handler                     *partnercenter.Handler
}

func newTown(tb testing.TB, change ...func(*partnercenter.Options)) *town {
	tb.Helper()
	v := &town{tb: tb, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	v.world = world.New(world.Options{Now: v.Now, Roles: builtin.AzureRoles()})
	v.partner = must(v.world.AddTenant(csp.Tenant{Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	v.customer = must(v.world.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.onmicrosoft.com"}))(tb)
	v.stranger = must(v.world.AddTenant(csp.Tenant{Name: "Fabrikam", DefaultDomain: "fabrikam.onmicrosoft.com"}))(tb)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna"}))(tb)
	for _, one := range []struct {
		user        *world.User
		name, agent string
	}{{&v.ada, "Ada Stone", world.AdminAgents}, {&v.hal, "Hal Reed", world.HelpdeskAgents}, {&v.sam, "Sam Bell", world.SalesAgents}, {&v.rita, "Rita Cole", ""}} {
		first, _, _ := strings.Cut(one.name, " ")
		*one.user = must(v.partner.AddUser(world.User{Name: one.name, UPN: strings.ToLower(first)}))(tb)
		if one.agent == "" {
			continue
		}
		g := must(v.partner.AddGroup(world.Group{Name: one.agent}))(tb)
		check(tb, v.partner.AddMember(g.ID, one.user.ID))
		if one.agent == world.AdminAgents {
			v.admins = g
		}
	}
	check(tb, v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}))
	v.sub = must(v.customer.AddSubscription(csp.Subscription{Name: "Contoso production", Creator: v.partner.ID}))(tb)
	v.app = must(v.partner.AddApp(registry.App{Name: "Billing robot", Secret: "x"}))(tb)
	options := partnercenter.Options{World: v.world, Key: signingKey, AdminCenter: func() string { return "http://pages.emulator.test" }}
	for _, f := range change {
		f(&options)
	}
	v.handler = partnercenter.New(options)
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

const ours = "https://api.partnercenter.microsoft.com"

// as is a token of somebody who signed in with a second factor.
func (v *town) as(u world.User) string {
	return v.sign(token.Claims{Audience: ours, Tenant: u.Tenant.String(), Object: u.ID.String(), UPN: u.UPN, IDType: "user", AppID: v.app.ID.String(), AMR: []string{"pwd", "mfa"}})
}

// alone is a token of an application by itself.
func (v *town) alone(app registry.App) string {
	return v.sign(token.Claims{Audience: ours, Tenant: v.partner.ID.String(), Object: world.NewID[csp.Principal]().String(), AppID: app.ID.String(), IDType: "app"})
}

func (v *town) sign(c token.Claims) string {
	v.tb.Helper()
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
	r := httptest.NewRequestWithContext(v.tb.Context(), method, "https://partnercenter.emulator.test"+strings.ReplaceAll(path, " ", "%20"), strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r = r.WithContext(v.world.BeginCall(r.Context(), r.Method, "partnercenter", r.URL.Path))
	v.handler.ServeHTTP(w, r)
	v.world.EndCall(r.Context(), w.Code, false)
	got := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if len(strings.TrimSpace(got.raw)) > 0 {
		if err := json.Unmarshal([]byte(got.raw), &got.body); err != nil {
			v.tb.Fatalf("%s %s: %v in %s", method, path, err, got.raw)
		}
	}
	return got
}

// text is the string at the keys, one below the other, or "".
func (a answer) text(keys ...string) string {
	at := any(a.body)
	for _, key := range keys {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	s, _ := at.(string)
	return s
}

// items lists one property of the items of a collection.
func (a answer) items(property string) []string {
	list := []string{}
	values, _ := a.body["items"].([]any)
	for _, value := range values {
		one, _ := value.(map[string]any)
		s, _ := one[property].(string)
		list = append(list, s)
	}
	return list
}
