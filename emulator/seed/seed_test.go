package seed_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator"
	"latchkey/emulator/seed"
	"latchkey/emulator/world"
	"latchkey/examples"
)

func planted(t *testing.T, facts csp.Facts) *world.World {
	t.Helper()
	w := world.New(world.Options{Roles: builtin.AzureRoles()})
	ok(t, w.Load(facts))
	ok(t, seed.Plant(w, seed.Clients(""), seed.DefaultSecret))
	return w
}

func contoso(t *testing.T) csp.Facts {
	t.Helper()
	facts, err := worldfile.Parse("contoso.yaml", examples.Contoso)
	ok(t, err)
	return facts
}

// token asks the world's sign-in service for a token.
func token(t *testing.T, w *world.World, tenant string, form url.Values) string {
	t.Helper()
	server, err := emulator.New(emulator.Options{World: w})
	ok(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	ok(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := server.Transport().RoundTrip(r)
	ok(t, err)
	body, err := io.ReadAll(response.Body)
	ok(t, err)
	var got struct {
		Token string `json:"access_token"`
		Said  string `json:"error_description"`
	}
	ok(t, json.Unmarshal(body, &got))
	if got.Token == "" {
		t.Errorf("%v in %s: %s", form, tenant, got.Said)
	}
	return got.Token
}

// TestClientsSignIn: the reader's own application, its public sister, the tools
// of Microsoft's, and a service principal of the file all get tokens.
func TestClientsSignIn(t *testing.T) {
	w := planted(t, contoso(t))
	const arm = "https://management.azure.com/.default"
	for _, tenant := range []string{"contoso.example", "alder.example", "fabrikam.example"} {
		token(t, w, tenant, url.Values{"grant_type": {"client_credentials"}, "client_id": {seed.OwnClient.String()}, "client_secret": {seed.DefaultSecret}, "scope": {arm}})
	}
	for _, client := range []string{seed.PublicClient.String(), "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "1950a258-227b-4e31-a9cf-717495945fc2"} {
		token(t, w, "contoso.example", url.Values{"grant_type": {"password"}, "client_id": {client}, "username": {"gita@contoso.example"}, "password": {world.DefaultPassword}, "scope": {arm}})
	}
	tenant, _ := w.TenantNamed("contoso.example")
	at := slices.IndexFunc(tenant.ServicePrincipals(), func(sp world.ServicePrincipal) bool { return sp.Name == "pipeline" })
	pipeline := tenant.ServicePrincipals()[at]
	token(t, w, "contoso.example", url.Values{"grant_type": {"client_credentials"}, "client_id": {world.AppOf(pipeline.ID).String()}, "client_secret": {seed.DefaultSecret}, "scope": {arm}})
}

// TestEverybodyIsAskedForASecondStep: a password alone is no longer enough.
func TestEverybodyIsAskedForASecondStep(t *testing.T) {
	w := planted(t, contoso(t))
	ok(t, seed.AskForSecondStep(w))
	for _, tenant := range w.Tenants() {
		for _, u := range tenant.Users() {
			if u.MFA == u.IsGuest() {
				t.Errorf("%s: %v", u.UPN, u.MFA)
			}
		}
	}
}

// TestSavedWorldsLeaveTheClientsOut: saving and loading again gives the same
// world, and what was given to a client meanwhile is kept with him.
func TestSavedWorldsLeaveTheClientsOut(t *testing.T) {
	facts := contoso(t)
	w := planted(t, facts)
	plain := world.New(world.Options{Roles: builtin.AzureRoles()})
	ok(t, plain.Load(facts))
	saved, err := worldfile.Format(seed.Without(w.Facts(), seed.Clients("")))
	ok(t, err)
	want, err := worldfile.Format(plain.Facts())
	ok(t, err)
	if string(saved) != string(want) {
		t.Errorf("the saved world differs:\n%s\nwant\n%s", saved, want)
	}

	tenant, _ := w.TenantNamed("contoso.example")
	reader, _ := builtin.AzureRoleNamed("Reader")
	own := seed.PrincipalID(tenant.ID, seed.OwnClient)
	_, err = tenant.Assign(csp.RoleAssignment{Scope: tenant.Subscriptions()[0].Scope(), Role: reader.ID, Principal: own})
	ok(t, err)
	saved, err = worldfile.Format(seed.Without(w.Facts(), seed.Clients("")))
	ok(t, err)
	if !strings.Contains(string(saved), "Emulator client") || strings.Contains(string(saved), "Emulator public client") {
		t.Errorf("want the client that holds something and not the other:\n%s", saved)
	}
	facts, err = worldfile.Parse("saved.yaml", saved)
	ok(t, err)
	again := planted(t, facts)
	tenant, _ = again.TenantNamed("contoso.example")
	if sp, known := tenant.ServicePrincipal(seed.OwnClient); !known || sp.ID != own {
		t.Errorf("after loading again the client is %v", sp.ID)
	}
	token(t, again, "contoso.example", url.Values{"grant_type": {"client_credentials"}, "client_id": {seed.OwnClient.String()}, "client_secret": {seed.DefaultSecret}, "scope": {"https://management.azure.com/.default"}})
}

func TestWhatCannotBePlantedIsSaid(t *testing.T) {
	empty := world.New(world.Options{})
	if err := seed.Plant(empty, seed.Clients(""), "x"); err == nil || !strings.Contains(err.Error(), "without a tenant") {
		t.Errorf("an empty world: %v", err)
	}
	w := planted(t, contoso(t))
	if err := seed.Plant(w, seed.Clients(""), "x"); err == nil || !strings.Contains(err.Error(), "Emulator client") {
		t.Errorf("planted twice: %v", err)
	}
	lone := world.New(world.Options{})
	_, err := lone.AddTenant(csp.Tenant{Name: "Lone", DefaultDomain: "lone.example"})
	ok(t, err)
	ok(t, seed.Plant(lone, seed.Clients("mine"), "mine"))
	if app, known := lone.App(seed.OwnClient); !known || app.Secret != "mine" {
		t.Errorf("a world without a partner: %v", app)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
