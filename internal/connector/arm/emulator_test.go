package arm_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
	"latchkey/internal/clock"
	"latchkey/internal/cloud"
	"latchkey/internal/connector/arm"
	"latchkey/internal/connector/connectortest"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// signingKey is made once for all tests; making one takes longer than most of them.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// onlyThisRole is the ceiling that the platform itself puts on the portal: its
// service principal can assign and remove one role, to users, and nothing else.
func onlyThisRole(role csp.RoleDefinitionID) string {
	return `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` +
		role.String() + `} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User')) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` +
		role.String() + `}))`
}

// emulated is the emulator's world with a connector in it.
type emulated struct {
	t         *testing.T
	world     *world.World
	server    *emulator.Server
	tenant    world.Tenant
	app       registry.App
	target    jit.Target
	role      csp.RoleDefinition
	elsewhere connectortest.Elsewhere
	faults    *connectortest.Faults
	connector *arm.Connector
	clock     *clock.Movable
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

const emulatedSecret = "emulated secret & more"

// newEmulated makes the world and a connector that reaches the emulator over TLS
// sockets, or without any.
func newEmulated(t *testing.T, overTLS bool) *emulated {
	t.Helper()
	w := furnished(t)
	endpoints := cloud.Endpoints{
		Authority:       &url.URL{Scheme: "https", Host: emulator.LoginHost},
		ResourceManager: &url.URL{Scheme: "https", Host: emulator.ARMHost},
	}
	w.faults = &connectortest.Faults{Base: w.server.Transport()}
	if overTLS {
		var client *http.Client
		endpoints, client = w.start()
		w.faults.Base = client.Transport
	}
	endpoints.Transport = w.faults
	w.connector = w.connect(endpoints)
	return w
}

// start serves over TLS.
func (w *emulated) start() (cloud.Endpoints, *http.Client) {
	started := must(w.server.Start(w.t.Context()))(w.t)
	w.t.Cleanup(func() {
		if err := started.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return cloud.Endpoints{
		Authority:       must(url.Parse(started.Login))(w.t),
		ResourceManager: must(url.Parse(started.ARM))(w.t),
		Roots:           started.Pool,
	}, started.Client()
}

func (w *emulated) connect(e cloud.Endpoints) *arm.Connector {
	e.Audience = "https://management.azure.com"
	app := cloud.Application{ClientID: cloud.ClientID(w.app.ID), Secret: emulatedSecret}
	return must(arm.New(must(cloud.New(e))(w.t), app, w.estate(), w.clock))(w.t)
}

// furnished is a partner with James, and a customer with what a grant needs.
func furnished(t *testing.T) *emulated {
	t.Helper()
	w := &emulated{t: t, clock: &clock.Movable{}}
	w.world = world.New(world.Options{Now: w.clock.Now, Roles: builtin.AzureRoles()})
	partner := must(w.world.AddTenant(csp.Tenant{Name: "Alder", DefaultDomain: "alder.example"}))(t)
	w.tenant = must(w.world.AddTenant(csp.Tenant{Name: "Birch", DefaultDomain: "birch.example"}))(t)
	w.app = must(partner.AddApp(registry.App{Name: "Latchkey", Secret: emulatedSecret, MultiTenant: true}))(t)
	portal := must(w.tenant.AddServicePrincipal(w.app.ID, csp.ObjectID{}))(t)

	sub := must(w.tenant.AddSubscription(csp.Subscription{Name: "Birch production"}))(t)
	group := must(sub.AddResourceGroup("rg-desktops", "westeurope"))(t)
	beside := must(sub.AddResourceGroup("rg-desktops2", "westeurope"))(t)
	machine := must(group.AddVM("vm-1"))(t)
	james := must(partner.AddUser(world.User{Name: "James", UPN: "james", Mail: "james@alder.example"}))(t)
	guest := must(w.tenant.InviteGuest(james, csp.ObjectID{}))(t)
	anna := must(w.tenant.AddUser(world.User{Name: "Anna", UPN: "anna", Mail: "anna@birch.example"}))(t)

	w.role = builtinRole(t, "Desktop Virtualization Power On Off Contributor")
	admin := builtinRole(t, "Role Based Access Control Administrator")
	must(w.tenant.Assign(csp.RoleAssignment{Scope: sub.Scope(), Role: admin.ID, Principal: portal.ID, Condition: onlyThisRole(w.role.ID)}))(t)
	w.target = jit.Target{
		Service: jit.Azure, Tenant: w.tenant.ID, Scope: group.Scope, Role: w.role.ID,
		Principal: guest.ID, PrincipalType: csp.User,
	}
	w.elsewhere = connectortest.Elsewhere{Principal: anna.ID, Below: machine.Scope, Beside: beside.Scope}
	w.server = must(emulator.New(emulator.Options{World: w.world, SigningKey: must(signingKey())(t)}))(t)
	return w
}

func builtinRole(t *testing.T, name string) csp.RoleDefinition {
	t.Helper()
	role, ok := builtin.AzureRoleNamed(name)
	if !ok {
		t.Fatalf("no built-in role %s", name)
	}
	return role
}

func (w *emulated) estate() *jit.Estate {
	customer := jit.Customer{Tenant: csp.Tenant{ID: w.tenant.ID}}
	for _, s := range w.tenant.Subscriptions() {
		customer.Subscriptions = append(customer.Subscriptions, csp.Subscription{ID: s.ID, Tenant: w.tenant.ID})
	}
	return &jit.Estate{Customers: []jit.Customer{customer}}
}

func (w *emulated) Connector() jit.Connector           { return w.connector }
func (w *emulated) Target() jit.Target                 { return w.target }
func (w *emulated) Role() csp.RoleDefinition           { return w.role }
func (w *emulated) Elsewhere() connectortest.Elsewhere { return w.elsewhere }
func (w *emulated) Now() time.Time                     { return w.clock.Now() }
func (w *emulated) Faults() *connectortest.Faults      { return w.faults }

func (w *emulated) Assignments() []csp.RoleAssignment {
	var all []csp.RoleAssignment
	for _, s := range w.tenant.Subscriptions() {
		for _, a := range w.tenant.AssignmentsAbove(csp.SubscriptionScopeOf(s.ID)) {
			all = append(all, a.RoleAssignment)
		}
		for _, a := range w.tenant.AssignmentsBelow(csp.SubscriptionScopeOf(s.ID)) {
			all = append(all, a.RoleAssignment)
		}
	}
	return all
}

func (w *emulated) Put(a csp.RoleAssignment) {
	must(w.tenant.Assign(a))(w.t)
}

func (w *emulated) Take(a csp.RoleAssignment) {
	must(w.tenant.DeleteAssignment(world.Actor{}, a.Scope, a.Name))(w.t)
}

func (w *emulated) Lock(at csp.Scope, name string) {
	if err := w.world.AddLock(world.Lock{Scope: at, Name: name, Level: world.CanNotDelete}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *emulated) Unlock(at csp.Scope, name string) {
	if err := w.world.RemoveLock(at, name); err != nil {
		w.t.Fatal(err)
	}
}

// TestAgainstTheEmulator runs the suite against the emulator, whose rules are
// Azure's as the documents tell them.
func TestAgainstTheEmulator(t *testing.T) {
	t.Run("over TLS", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) connectortest.World { return newEmulated(t, true) })
	})
	t.Run("without a socket", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) connectortest.World { return newEmulated(t, false) })
	})
}

// TestOwnTransport goes through the product's own transport, without any seam.
func TestOwnTransport(t *testing.T) {
	w := furnished(t)
	endpoints, _ := w.start()
	o := order(w.target, w.clock.Now())
	t.Run("an authority nobody vouches for is not spoken to", func(t *testing.T) {
		strangers := endpoints
		strangers.Roots = x509.NewCertPool()
		if out := w.connect(strangers).Grant(t.Context(), o); out.Result != jit.NotDone || !out.Retry {
			t.Errorf("Grant = %d, %v", out.Result, out.Err)
		}
	})
	t.Run("the configured one is", func(t *testing.T) {
		c := w.connect(endpoints)
		if out := c.Grant(t.Context(), o); out.Result != jit.Done {
			t.Fatal(out.Err)
		}
		// Two hours pass for the emulator, not for the SDK's cache of tokens.
		w.clock.Move(2 * time.Hour)
		if out := c.Revoke(t.Context(), o); out.Result != jit.Done {
			t.Fatal(out.Err)
		}
		if seen, err := c.Observe(t.Context(), o); seen != jit.SeenAbsent {
			t.Errorf("Observe = %d, %v", seen, err)
		}
	})
}

// TestCeiling shows that the platform's own condition holds whatever the portal
// asks for, and that the refusal is final.
func TestCeiling(t *testing.T) {
	w := newEmulated(t, false)
	target := w.target
	target.Role = builtinRole(t, "Owner").ID
	o := order(target, w.clock.Now())
	if out := w.connector.Grant(t.Context(), o); out.Result != jit.NotDone || out.Retry || fault.PublicOf(out.Err) == "" {
		t.Errorf("Grant of Owner = %d, retry %t, %v", out.Result, out.Retry, out.Err)
	}
}

// order is for a fresh episode.
func order(t jit.Target, now time.Time) jit.Order {
	episode := world.NewID[jit.Episode]()
	m := jit.Marker{Instance: instance, Episode: episode, Ends: now.Add(2 * time.Hour).Truncate(time.Second)}
	return jit.Order{Target: t, Name: jit.ObjectName(instance, t, episode), Marker: m, StartBefore: now.Add(time.Hour)}
}

var instance = csp.MustParseID[csp.Tenant]("1a7c4be1-0000-4000-8000-000000000001")
