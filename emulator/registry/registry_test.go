package registry_test

import (
	"net/url"
	"testing"

	"latchkey/emulator/registry"
)

func TestARegistrationsAddressesAndNamesHaveTheirForm(t *testing.T) {
	fine := registry.App{RedirectURIs: []string{"https://a.example/back", "com.example:/back"}, BrowserURIs: []string{"http://localhost"}, URIs: []string{"api://orders"}}
	if err := fine.CheckURIs(); err != nil {
		t.Error(err)
	}
	for _, bad := range []registry.App{
		{RedirectURIs: []string{"/back"}},
		{BrowserURIs: []string{"https://a.example/#part"}},
		{RedirectURIs: []string{"%zz"}},
		{URIs: []string{"orders"}},
		{URIs: []string{"api:orders"}},
	} {
		if bad.CheckURIs() == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestAnAudienceNamesAnApplication(t *testing.T) {
	for audience, want := range map[string]registry.ClientID{
		"https://graph.microsoft.com": registry.MicrosoftGraph, "https://Graph.microsoft.com/": registry.MicrosoftGraph, "https://management.core.windows.net/": registry.AzureManagement,
	} {
		if a, ok := registry.MicrosoftNamed(audience); !ok || a.ID != want {
			t.Errorf("%s names %v", audience, a)
		}
	}
	if a, ok := registry.MicrosoftNamed("https://elsewhere.example"); ok {
		t.Errorf("a stranger's address names %s", a.Name)
	}
	for _, audience := range []string{registry.AzureCLI.String(), "api://" + registry.AzureCLI.String() + "/"} {
		if id, ok := registry.IDIn(audience); !ok || id != registry.AzureCLI {
			t.Errorf("%s is %s", audience, id)
		}
	}
	if _, ok := registry.IDIn("api://orders"); ok {
		t.Error("a name was taken for an id")
	}
}

func TestAResourcePublishesItsPermissionsAndGraphAllOfTheirForm(t *testing.T) {
	graph, _ := registry.Microsoft(registry.MicrosoftGraph)
	own := registry.App{Scopes: []string{"Orders.Read"}, AppRoles: []string{"Orders.Write.All"}}
	for _, c := range []struct {
		what      string
		got, want bool
	}{
		{"Graph's scope", graph.PublishesScope("User.Read"), true},
		{"Graph's openid", graph.PublishesScope("openid"), true},
		{"a word on Graph", graph.PublishesScope("everything"), false},
		{"a trick on Graph", graph.PublishesScope("User..Read"), false},
		{"Graph's role", graph.PublishesRole("Directory.Read.All"), true},
		{"one's own scope", own.PublishesScope("orders.read"), true},
		{"another's scope", own.PublishesScope("User.Read"), false},
		{"one's own role", own.PublishesRole("orders.write.all"), true},
		{"a scope as a role", own.PublishesRole("Orders.Read"), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", c.what, c.got)
		}
	}
}

func TestOnlyMicrosoftsOwnClientsNeedNobodysConsent(t *testing.T) {
	if registry.Preauthorized(registry.AzureCLI, registry.AzureManagement) == nil || registry.Preauthorized(registry.AzureCLI, registry.MicrosoftGraph) == nil {
		t.Error("the Azure CLI has to ask")
	}
	if got := registry.Preauthorized(registry.GraphCommandLine, registry.MicrosoftGraph); got != nil {
		t.Errorf("the Graph command line has %v", got)
	}
}

func TestACopyOfARegistrationIsItsOwn(t *testing.T) {
	a := registry.App{RedirectURIs: []string{"https://a.example"}, Asks: []registry.Access{{Scopes: []string{"User.Read"}}}}
	b := a.Clone()
	b.RedirectURIs[0], b.Asks[0].Scopes[0] = "https://b.example", "User.Write"
	if a.RedirectURIs[0] != "https://a.example" || a.Asks[0].Scopes[0] != "User.Read" {
		t.Errorf("%+v", a)
	}
	if a.Confidential() || !(registry.App{Secret: "x"}).Confidential() {
		t.Error("one with a secret is confidential, one without is not")
	}
	for address, want := range map[string]bool{"https://a.example/elsewhere": true, "http://a.example": false, "https://a.example:8443": false} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if a.Returns(u) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}
