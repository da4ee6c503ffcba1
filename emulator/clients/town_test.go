package clients_test

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"testing"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// signingKey is made once for all tests.
var signingKey *rsa.PrivateKey

func TestMain(m *testing.M) {
	var err error
	if signingKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const (
	jamesUPN, jamesPassword = "james@ravenhill.example", "raven & co"
	sueUPN, suePassword     = "sue@ravenhill.example", "sue's"
	annaUPN, annaPassword   = "anna@contoso.example", "conto=so"
	robotSecret             = "robot's secret + more"
	portalSecret            = "portal secret & more"
	boUPN, boPassword       = "bo@contoso.example", "bo's"
	portalURI               = "api://portal.ravenhill.example"
	callback                = "http://127.0.0.1:4180/signin/callback"
)

// town is a small world behind a started emulator: a partner with Sue and James
// in AdminAgents, of whom James is also a guest of the customer; the customer
// with Anna, who administers it and owns its one subscription; a robot with
// rights of its own there, and a portal for people. The customer lists the
// partner as delegated administrator, and AdminAgents hold nothing in the
// subscription: somebody has removed them. The clock is the machine's, as the
// clients' is.
type town struct {
	world             *world.World
	server            *emulator.Server
	at                *emulator.Endpoints
	ca                string // the file of the emulator's certificate authority
	partner, customer world.Tenant
	james, sue, anna  world.User
	guest             world.User // James in the customer's tenant
	bo                world.User // somebody of the customer's
	agents            world.Group
	operators         world.Group // of the customer's, empty
	sub               world.Subscription
	robot, portal     registry.App
	robotThere        world.ServicePrincipal
}

func roleNamed(tb testing.TB, name string) csp.RoleDefinition {
	tb.Helper()
	role, ok := builtin.AzureRoleNamed(name)
	if !ok {
		tb.Fatalf("no built-in role %s", name)
	}
	return role
}

func newTown(tb testing.TB, change ...func(*emulator.Options)) *town {
	tb.Helper()
	v := &town{world: world.New(world.Options{Roles: builtin.AzureRoles()})}
	v.people(tb)
	v.places(tb)
	v.applications(tb)

	options := emulator.Options{World: v.world, SigningKey: signingKey}
	for _, f := range change {
		f(&options)
	}
	v.server = must(emulator.New(options))(tb)
	v.at = must(v.server.Start(tb.Context()))(tb)
	tb.Cleanup(func() {
		if err := v.at.Close(); err != nil {
			tb.Error(err)
		}
	})
	v.ca = filepath.Join(tb.TempDir(), "ca.pem")
	if err := v.at.CAFile(v.ca); err != nil {
		tb.Fatal(err)
	}
	return v
}

func (v *town) people(tb testing.TB) {
	tb.Helper()
	v.partner = must(v.world.AddTenant(csp.Tenant{Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	v.customer = must(v.world.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(tb)
	v.james = must(v.partner.AddUser(world.User{Name: "James Holt", UPN: "james", Mail: jamesUPN, Password: jamesPassword, MFA: true}))(tb)
	v.sue = must(v.partner.AddUser(world.User{Name: "Sue Park", UPN: "sue", Mail: sueUPN, Password: suePassword, MFA: true}))(tb)
	v.anna = must(v.customer.AddUser(world.User{Name: "Anna Berg", UPN: "anna", Mail: annaUPN, Password: annaPassword}))(tb)
	v.bo = must(v.customer.AddUser(world.User{Name: "Bo Lind", UPN: "bo", Password: boPassword}))(tb)
	v.guest = must(v.customer.InviteGuest(v.james, csp.ObjectID{}))(tb)
	v.operators = must(v.customer.AddGroup(world.Group{Name: "Desktop operators"}))(tb)
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true, DAP: true}); err != nil {
		tb.Fatal(err)
	}
	var ok bool
	if v.agents, ok = v.partner.AgentGroup(csp.AdminAgents); !ok {
		tb.Fatal("the partner has no AdminAgents")
	}
	for _, agent := range []world.User{v.james, v.sue} {
		if err := v.partner.AddMember(v.agents.ID, agent.ID); err != nil {
			tb.Fatal(err)
		}
	}
	for t, u := range map[world.Tenant]world.User{v.customer: v.anna, v.partner: v.james} {
		must(t.AssignDirectoryRole(world.DirectoryAssignment{Principal: u.ID, Role: globalAdministrator(tb)}))(tb)
	}
}

func globalAdministrator(tb testing.TB) csp.DirectoryRoleID {
	tb.Helper()
	for _, role := range builtin.EntraRoles() {
		if role.Name == "Global Administrator" {
			return role.ID
		}
	}
	tb.Fatal("no Global Administrator among the built-in roles")
	return csp.DirectoryRoleID{}
}

func (v *town) places(tb testing.TB) {
	tb.Helper()
	v.sub = must(v.customer.AddSubscription(csp.Subscription{Name: "Contoso production"}))(tb)
	desktops := must(v.sub.AddResourceGroup("rg-desktops", "westeurope"))(tb)
	must(desktops.AddVM("vm-desktop-1"))(tb)
	v.give(tb, v.anna.ID, "Owner")
	v.give(tb, v.guest.ID, "Reader")
}

func (v *town) applications(tb testing.TB) {
	tb.Helper()
	v.robot = must(v.customer.AddApp(registry.App{Name: "Robot", Secret: robotSecret}))(tb)
	v.robotThere = must(v.customer.AddServicePrincipal(v.robot.ID, csp.ObjectID{}))(tb)
	for _, role := range []string{"Directory.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All"} {
		must(v.customer.GrantRole(world.Actor{}, v.robotThere.ID, registry.MicrosoftGraph, role))(tb)
	}
	v.give(tb, v.robotThere.ID, "Owner")
	v.portal = must(v.partner.AddApp(registry.App{
		Name: "Portal", Secret: portalSecret, RedirectURIs: []string{callback}, MultiTenant: true,
		URIs: []string{portalURI}, Scopes: []string{"user_impersonation"},
	}))(tb)
	for _, t := range []world.Tenant{v.partner, v.customer} {
		must(t.AddServicePrincipal(v.portal.ID, csp.ObjectID{}))(tb)
	}
}

// give assigns the role at the subscription.
func (v *town) give(tb testing.TB, to csp.ObjectID, role string) {
	tb.Helper()
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: roleNamed(tb, role).ID, Principal: to}))(tb)
}

// holds says whether the principal is assigned the role exactly there, as the
// world knows it.
func (v *town) holds(tb testing.TB, who csp.ObjectID, role string, at csp.Scope) bool {
	tb.Helper()
	id := roleNamed(tb, role).ID
	for _, a := range v.customer.AssignmentsAbove(at) {
		if a.Principal == who && a.Role == id && a.Scope == at {
			return true
		}
	}
	return false
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
