package emulator_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// signingKey is made once for all tests; making one takes longer than most of them.
var signingKey *rsa.PrivateKey

func TestMain(m *testing.M) {
	var err error
	if signingKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

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

const (
	arm       = "https://" + emulator.ARMHost
	login     = "https://" + emulator.LoginHost
	pages     = "http://" + emulator.BrowserHost
	audience  = "https://management.azure.com"
	appSecret = "portal secret & more"
	callback  = "http://127.0.0.1:4180/signin/callback"
)

// The roles the tests use.
var (
	owner     = roleNamed("Owner")
	reader    = roleNamed("Reader")
	rbacAdmin = roleNamed("Role Based Access Control Administrator")
	powerOn   = roleNamed("Desktop Virtualization Power On Off Contributor")
	vmContrib = roleNamed("Virtual Machine Contributor")
)

func roleNamed(name string) csp.RoleDefinition {
	role, ok := builtin.AzureRoleNamed(name)
	if !ok {
		panic("no built-in role " + name)
	}
	return role
}

// Fixed ids, so that what a fuzzer learns of one town holds in the next.
var (
	partnerID  = csp.MustParseID[csp.Tenant]("7e000000-0000-4000-8000-00000000000a")
	customerID = csp.MustParseID[csp.Tenant]("7e000000-0000-4000-8000-00000000000b")
	subID      = csp.MustParseID[csp.Subscription]("5b000000-0000-4000-8000-00000000000b")
	appID      = csp.MustParseID[world.App]("a1000000-0000-4000-8000-000000000001")
)

// town is a small world: a partner with James, a customer with Anna and a
// guest account of James, a subscription with one machine, and a portal whose
// service principal may hand out one role only.
type town struct {
	clock             *movable
	server            *emulator.Server
	world             *world.World
	partner, customer world.Tenant
	james, anna       world.User
	guest             world.User
	agents            world.Group
	sub               world.Subscription
	group             world.ResourceGroup
	vm                world.Machine
	app               world.App
	portal            world.ServicePrincipal
}

// onlyPowerOn lets its holder assign and remove the power role to users, nothing else.
var onlyPowerOn = `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + powerOn.ID.String() + `} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User')) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + powerOn.ID.String() + `}))`

func newTown(t testing.TB, change ...func(*emulator.Options)) *town {
	t.Helper()
	v := &town{clock: &movable{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}}
	v.world = world.New(world.Options{Now: v.clock.Now, Roles: builtin.AzureRoles()})
	v.partner = must(v.world.AddTenant(csp.Tenant{ID: partnerID, Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(t)
	v.customer = must(v.world.AddTenant(csp.Tenant{ID: customerID, Name: "Contoso", DefaultDomain: "contoso.example"}))(t)
	v.james = must(v.partner.AddUser(world.User{Name: "James Holt", UPN: "james", Mail: "james@ravenhill.example", Password: "raven"}))(t)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna", Mail: "anna@contoso.example", Password: "conto", MFA: true}))(t)
	v.guest = must(v.customer.InviteGuest(v.james, csp.ObjectID{}))(t)
	v.agents = must(v.partner.AddGroup(world.Group{Name: world.AdminAgents}))(t)
	v.sub = must(v.customer.AddSubscription(csp.Subscription{ID: subID, Name: "Contoso production"}))(t)
	v.group = must(v.sub.AddResourceGroup("rg-desktops", "westeurope"))(t)
	v.vm = must(v.group.AddVM("vm-desktop-1"))(t)
	v.app = must(v.partner.AddApp(world.App{ID: appID, Name: "Latchkey", Secret: appSecret, RedirectURIs: []string{callback}, MultiTenant: true}))(t)
	must(v.partner.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(t)
	v.portal = must(v.customer.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: rbacAdmin.ID, Principal: v.portal.ID, Condition: onlyPowerOn}))(t)

	options := emulator.Options{World: v.world, SigningKey: signingKey}
	for _, f := range change {
		f(&options)
	}
	var err error
	if v.server, err = emulator.New(options); err != nil {
		t.Fatal(err)
	}
	return v
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// send sends a request over the transport and gives status, headers and body.
func (v *town) send(t testing.TB, r *http.Request) (*http.Response, []byte) {
	t.Helper()
	response, err := v.server.Transport().RoundTrip(r.WithContext(t.Context()))
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// call sends a request to ARM and gives the status and the body, of which an
// error's code and message can be read.
func (v *town) call(t testing.TB, token, method, path, body string) (int, armBody) {
	t.Helper()
	if !strings.Contains(path, "api-version=") {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "api-version=2022-04-01"
	}
	r, err := http.NewRequest(method, arm+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, raw := v.send(t, r)
	var parsed armBody
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &parsed); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	parsed.header = response.Header
	return response.StatusCode, parsed
}

type armBody struct {
	Error struct{ Code, Message string } `json:"error"`
	ID    string                         `json:"id"`
	Name  string                         `json:"name"`
	Value []struct {
		ID         string `json:"id"`
		Properties struct {
			RoleName    string `json:"roleName"`
			PrincipalID string `json:"principalId"`
		} `json:"properties"`
		Actions []string `json:"actions"`
	} `json:"value"`
	Properties struct {
		RoleDefinitionID string  `json:"roleDefinitionId"`
		PrincipalType    string  `json:"principalType"`
		Description      *string `json:"description"`
		CreatedBy        *string `json:"createdBy"`
	} `json:"properties"`
	header http.Header
}

// tokenBody is what the token endpoint answers, good or bad.
type tokenBody struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ExpiresIn    any    `json:"expires_in"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
	Codes        []int  `json:"error_codes"`
}

func (v *town) token(t testing.TB, tenant string, form url.Values) (int, tokenBody) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, login+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, raw := v.send(t, r)
	var body tokenBody
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return response.StatusCode, body
}

// portalToken is the portal's own ARM token in the customer's tenant.
func (v *town) portalToken(t testing.TB) string {
	t.Helper()
	return v.appToken(t, v.customer, v.app)
}

func (v *town) appToken(t testing.TB, in world.Tenant, app world.App) string {
	t.Helper()
	_, body := v.token(t, in.ID.String(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app.ID.String()},
		"client_secret": {app.Secret}, "scope": {audience + "/.default"},
	})
	if body.AccessToken == "" {
		t.Fatalf("no token: %s", body.Description)
	}
	return body.AccessToken
}

// claimsOf reads a token with the key it was signed with.
func claimsOf(t testing.TB, _ *town, raw string) token.Claims {
	t.Helper()
	c, err := token.NewKey(signingKey).Verify(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
