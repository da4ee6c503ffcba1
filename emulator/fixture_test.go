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
	"latchkey/emulator/registry"
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
	appID      = csp.MustParseID[registry.App]("a1000000-0000-4000-8000-000000000001")
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
	app               registry.App
	portal            world.ServicePrincipal
}

// onlyPowerOn lets its holder assign and remove the power role to users, nothing else.
var onlyPowerOn = `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + powerOn.ID.String() + `} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User')) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + powerOn.ID.String() + `}))`

func newTown(tb testing.TB, change ...func(*emulator.Options)) *town {
	tb.Helper()
	v := &town{clock: &movable{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}}
	v.world = world.New(world.Options{Now: v.clock.Now, Roles: builtin.AzureRoles()})
	v.partner = must(v.world.AddTenant(csp.Tenant{ID: partnerID, Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	v.customer = must(v.world.AddTenant(csp.Tenant{ID: customerID, Name: "Contoso", DefaultDomain: "contoso.example"}))(tb)
	v.james = must(v.partner.AddUser(world.User{Name: "James Holt", UPN: "james", Mail: "james@ravenhill.example", Password: "raven"}))(tb)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna", Mail: "anna@contoso.example", Password: "conto", MFA: true}))(tb)
	v.guest = must(v.customer.InviteGuest(v.james, csp.ObjectID{}))(tb)
	v.agents = must(v.partner.AddGroup(world.Group{Name: world.AdminAgents}))(tb)
	v.sub = must(v.customer.AddSubscription(csp.Subscription{ID: subID, Name: "Contoso production"}))(tb)
	v.group = must(v.sub.AddResourceGroup("rg-desktops", "westeurope"))(tb)
	v.vm = must(v.group.AddVM("vm-desktop-1"))(tb)
	v.app = must(v.partner.AddApp(registry.App{ID: appID, Name: "Latchkey", Secret: appSecret, RedirectURIs: []string{callback}, MultiTenant: true}))(tb)
	must(v.partner.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(tb)
	v.portal = must(v.customer.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(tb)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: rbacAdmin.ID, Principal: v.portal.ID, Condition: onlyPowerOn}))(tb)

	options := emulator.Options{World: v.world, SigningKey: signingKey}
	for _, f := range change {
		f(&options)
	}
	var err error
	if v.server, err = emulator.New(options); err != nil {
		tb.Fatal(err)
	}
	return v
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

// answer is a response whose body has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// try sends a request over the transport, and may get no answer.
func (v *town) try(r *http.Request) (answer, error) {
	response, err := v.server.Transport().RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// send sends a request over the transport.
func (v *town) send(tb testing.TB, r *http.Request) answer {
	tb.Helper()
	got, err := v.try(r)
	if err != nil {
		tb.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return got
}

// call sends a request to ARM and gives the status and the body, of which an
// error's code and message can be read.
func (v *town) call(tb testing.TB, token, method, path, body string) (int, armBody) {
	tb.Helper()
	if !strings.Contains(path, "api-version=") {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "api-version=" + versionFor(path)
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, arm+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := v.send(tb, r)
	var parsed armBody
	if len(got.body) > 0 {
		if err := json.Unmarshal(got.body, &parsed); err != nil {
			tb.Fatalf("%s %s: %v in %s", method, path, err, got.body)
		}
	}
	parsed.header = got.header
	return got.status, parsed
}

// versionFor is an api-version that the thing at the path has.
func versionFor(path string) string {
	lower := strings.ToLower(path)
	_, kind, _ := strings.Cut(lower[max(0, strings.LastIndex(lower, "/providers/")):], "/providers/")
	for _, of := range [][2]string{
		{"microsoft.authorization/locks", "2020-05-01"},
		{"microsoft.authorization/policy", "2023-04-01"},
		{"microsoft.authorization/role", "2022-04-01"},
		{"microsoft.authorization/elevate", "2016-07-01"},
		{"microsoft.authorization/classic", "2015-07-01"},
		{"microsoft.authorization/eligible", "2020-10-01"},
		{"microsoft.authorization", "2022-04-01"},
		{"microsoft.management/", "2021-04-01"},
		{"microsoft.managedservices", "2022-10-01"},
		{"microsoft.compute", "2024-07-01"},
		{"microsoft.storage", "2023-05-01"},
		{"microsoft.keyvault", "2023-07-01"},
	} {
		if strings.HasPrefix(kind, of[0]) {
			if strings.Contains(kind, "schedule") || strings.Contains(kind, "rolemanagement") || strings.Contains(kind, "approvals") {
				return "2020-10-01"
			}
			return of[1]
		}
	}
	return "2021-04-01"
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

func (v *town) token(tb testing.TB, tenant string, form url.Values) (int, tokenBody) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, login+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := v.send(tb, r)
	var body tokenBody
	if err := json.Unmarshal(got.body, &body); err != nil {
		tb.Fatalf("%v in %s", err, got.body)
	}
	return got.status, body
}

// portalToken is the portal's own ARM token in the customer's tenant.
func (v *town) portalToken(tb testing.TB) string {
	tb.Helper()
	return v.appToken(tb, v.customer, v.app)
}

func (v *town) appToken(tb testing.TB, in world.Tenant, app registry.App) string {
	tb.Helper()
	_, body := v.token(tb, in.ID.String(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app.ID.String()},
		"client_secret": {app.Secret}, "scope": {audience + "/.default"},
	})
	if body.AccessToken == "" {
		tb.Fatalf("no token: %s", body.Description)
	}
	return body.AccessToken
}

// claimsOf reads a token with the key it was signed with.
func claimsOf(tb testing.TB, _ *town, raw string) token.Claims {
	tb.Helper()
	c, err := token.NewKey(signingKey).Verify(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func unmarshal(tb testing.TB, raw []byte, into any) {
	tb.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		tb.Fatalf("%v in %s", err, raw)
	}
}
