package world_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// directory is a tenant with one person and an application that asks for
// something of Microsoft Graph.
func directory(t *testing.T) (*world.World, world.Tenant, world.User, registry.App) {
	t.Helper()
	w := world.New(world.Options{})
	d := must(w.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(t)
	u := must(d.AddUser(world.User{Name: "Bob", UPN: "bob", Password: "x"}))(t)
	app := must(d.AddApp(registry.App{Name: "Reader", Asks: []registry.Access{{Resource: registry.MicrosoftGraph, Scopes: []string{"User.Read"}, Roles: []string{"Group.Read.All"}}}}))(t)
	return w, d, u, app
}

func TestConsent(t *testing.T) {
	w, d, bob, app := directory(t)
	allowed := func(asked ...string) world.Law {
		_, err := d.Delegated(app.ID, registry.MicrosoftGraph, bob.ID, asked)
		return world.LawOf(err)
	}
	if got := allowed("User.Read"); got != world.NotInstalled {
		t.Errorf("before it has an account: %q", got)
	}
	sp := must(d.Install(world.Actor{}, app.ID))(t)
	if got := allowed("User.Read"); got != world.NotConsented {
		t.Errorf("before anybody consented: %q", got)
	}
	seed := w.Snapshot()
	if _, err := d.ConsentToAll(world.Actor{}, app.ID); err != nil {
		t.Fatal(err)
	}
	if got := allowed("user.read"); got != "" {
		t.Errorf("after consent: %q", got)
	}
	if got := allowed("User.Read", "Mail.Read"); got != world.NotConsented {
		t.Errorf("more than was consented to: %q", got)
	}
	if got := d.RolesAt(registry.MicrosoftGraph, sp.ID); !slices.Equal(got, []string{"Group.Read.All"}) {
		t.Errorf("application permissions: %v", got)
	}
	mine := must(d.Consent(world.Actor{}, app.ID, registry.MicrosoftGraph, bob.ID, "Mail.Read"))(t)
	if got := allowed("Mail.Read"); got != "" {
		t.Errorf("for himself: %q", got)
	}
	if _, err := d.Delegated(app.ID, registry.MicrosoftGraph, sp.ID, []string{"Mail.Read"}); world.LawOf(err) != world.NotConsented {
		t.Errorf("for somebody else: %v", err)
	}
	if err := d.Revoke(world.Actor{}, mine.ID); err != nil {
		t.Fatal(err)
	}
	if got := allowed("Mail.Read"); got != world.NotConsented {
		t.Errorf("after it was taken back: %q", got)
	}
	if err := d.Revoke(world.Actor{}, mine.ID); world.LawOf(err) != world.NoSuchConsent {
		t.Errorf("taken back twice: %v", err)
	}
	if err := d.RemoveServicePrincipal(world.Actor{}, sp.ID); err != nil {
		t.Fatal(err)
	}
	if len(d.Grants())+len(d.RoleGrants()) != 0 {
		t.Error("consents outlive the account")
	}
	w.Restore(seed)
	if _, there := d.ServicePrincipal(app.ID); !there || len(d.Grants()) != 0 {
		t.Error("the snapshot does not keep applications and consents apart")
	}
}

func TestAnApplicationThatAsksForNothingByNameIsTrusted(t *testing.T) {
	_, d, bob, _ := directory(t)
	app := must(d.AddApp(registry.App{Name: "Portal"}))(t)
	sp := must(d.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
	got, err := d.Delegated(app.ID, registry.AzureManagement, bob.ID, []string{".default"})
	if err != nil || !slices.Equal(got, []string{"user_impersonation"}) {
		t.Errorf("%v, %v", got, err)
	}
	sp.Trusted = false
	if err := d.SetServicePrincipal(world.Actor{}, sp); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Delegated(app.ID, registry.AzureManagement, bob.ID, []string{".default"}); world.LawOf(err) != world.NotConsented {
		t.Errorf("no longer trusted: %v", err)
	}
}

func TestTokenHolds(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	w := world.New(world.Options{Now: func() time.Time { return now }})
	d := must(w.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(t)
	other := must(w.AddTenant(csp.Tenant{Name: "Fabrikam", DefaultDomain: "fabrikam.example"}))(t)
	bob := must(d.AddUser(world.User{Name: "Bob", UPN: "bob", Password: "x"}))(t)
	guest := must(other.InviteGuest(bob, csp.ObjectID{}))(t)
	app := must(d.AddApp(registry.App{Name: "Portal"}))(t)
	sp := must(d.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)

	issued := now
	now = now.Add(time.Millisecond)
	if err := w.RevokeSessions(bob.Account()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tenant csp.TenantID
		object csp.ObjectID
		home   csp.TenantID
		issued time.Time
		want   world.Law
	}{
		"a member's old token":          {d.ID, bob.ID, d.ID, issued, world.SessionRevoked},
		"his new one":                   {d.ID, bob.ID, d.ID, now, ""},
		"a guest's, by his home":        {other.ID, guest.ID, d.ID, issued, world.SessionRevoked},
		"a delegated administrator's":   {other.ID, bob.ID, d.ID, issued, world.SessionRevoked},
		"an application's":              {d.ID, sp.ID, d.ID, issued, ""},
		"somebody's who is gone":        {d.ID, world.NewID[csp.Principal](), d.ID, now, world.NoSuchPrincipal},
		"one for a tenant that is gone": {world.NewID[csp.Tenant](), bob.ID, d.ID, now, world.NoSuchTenant},
	} {
		t.Run(name, func(t *testing.T) {
			if got := world.LawOf(w.TokenHolds(test.tenant, test.object, test.home, test.issued)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestApplicationsAreRefused(t *testing.T) {
	w, d, bob, app := directory(t)
	named := must(d.AddApp(registry.App{Name: "API", URIs: []string{"api://orders"}, Scopes: []string{"Orders.Read"}, AppRoles: []string{"Boss"}}))(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptical := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, curve.Public(), curve))(t)
	for name, test := range map[string]struct {
		err  error
		want world.Law
	}{
		"an identifier that is taken":        {second(d.AddApp(registry.App{Name: "X", URIs: []string{"API://orders/"}})), world.NameTaken},
		"Microsoft's identifier":             {second(d.AddApp(registry.App{Name: "X", URIs: []string{"https://graph.microsoft.com"}})), world.NameTaken},
		"an identifier that is none":         {second(d.AddApp(registry.App{Name: "X", URIs: []string{"orders"}})), world.BadName},
		"Microsoft's client id":              {second(d.AddApp(registry.App{ID: registry.AzureCLI, Name: "X"})), world.IDTaken},
		"a permission nobody publishes":      {second(d.Consent(world.Actor{}, must(d.AddServicePrincipal(named.ID, csp.ObjectID{}))(t).App, named.ID, csp.ObjectID{}, "Orders.Write")), world.BadName},
		"a role nobody publishes":            {second(d.GrantRole(world.Actor{}, bob.ID, named.ID, "Clerk")), world.NoSuchApp},
		"a role for nobody":                  {second(d.GrantRole(world.Actor{}, world.NewID[csp.Principal](), named.ID, "Boss")), world.NoSuchPrincipal},
		"consent without an account":         {second(d.Consent(world.Actor{}, app.ID, registry.MicrosoftGraph, csp.ObjectID{}, "User.Read")), world.NotInstalled},
		"an account of nobody's application": {second(d.Install(world.Actor{}, world.NewID[registry.App]())), world.NoSuchApp},
		"a secret for Microsoft's client":    {second(w.AddSecret(world.Actor{}, registry.AzureCLI, registry.Secret{})), world.NoSuchApp},
		"a certificate that is none":         {w.AddCertificate(world.Actor{}, app.ID, []byte("x")), world.BadName},
		"a certificate without RSA":          {w.AddCertificate(world.Actor{}, app.ID, elliptical), world.BadName},
		"a federation with nobody":           {w.AddFederation(world.Actor{}, app.ID, registry.Federation{}), world.BadName},
		"a secret that is not there":         {w.RemoveSecret(world.Actor{}, app.ID, world.NewID[registry.Secret]()), world.BadName},
		"an account that is not there":       {d.SetServicePrincipal(world.Actor{}, world.ServicePrincipal{}), world.NoSuchPrincipal},
		"to remove one that is not there":    {d.RemoveServicePrincipal(world.Actor{}, bob.ID), world.NoSuchPrincipal},
	} {
		if got := world.LawOf(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if got, ok := w.Resource("API://ORDERS/"); !ok || got.ID != named.ID {
		t.Error("a resource is not found by its identifier")
	}
	if got, ok := w.Resource("api://" + named.ID.String()); !ok || got.ID != named.ID {
		t.Error("a resource is not found by its client id")
	}
	if len(d.Apps()) != 2 || !slices.ContainsFunc(d.Apps(), func(a registry.App) bool { return a.Name == "API" }) {
		t.Errorf("the tenant's registrations are %v", d.Apps())
	}
}
