package clients_test

import (
	"slices"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

// credential is what az prints of an application's credential.
type credential struct {
	AppID, DisplayName, Password, Tenant string
}

// TestAzureCLIMakesServicePrincipals: what people copy from instructions. A
// service principal with a role, which then signs in; an application by itself;
// new credentials; and the one that GDAP by applications asks for.
func TestAzureCLIMakesServicePrincipals(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.run(t, "login", "--username", annaUPN, "--password", annaPassword, "--tenant", v.customer.ID.String())

	var made credential
	az.read(t, &made, "ad", "sp", "create-for-rbac", "--name", "deployer", "--role", "Contributor", "--scopes", v.sub.Scope().String())
	if made.DisplayName != "deployer" || made.Password == "" || made.Tenant != v.customer.ID.String() {
		t.Fatalf("made: %+v", made)
	}
	client := must(csp.ParseID[registry.App](made.AppID))(t)
	sp, installed := v.customer.ServicePrincipal(client)
	if !installed {
		t.Fatal("it has no service principal")
	}
	signsIn := func(password string) int {
		return v.az(t).try(t, "login", "--service-principal", "--username", made.AppID, "--password", password, "--tenant", made.Tenant).code
	}
	if signsIn(made.Password) != 0 {
		t.Error("it cannot sign in")
	}

	var again credential
	az.read(t, &again, "ad", "app", "credential", "reset", "--id", made.AppID)
	if again.Password == "" || again.Password == made.Password || signsIn(made.Password) == 0 {
		t.Errorf("after the reset: %+v", again)
	}
	if signsIn(again.Password) != 0 {
		t.Error("it cannot sign in with the new password")
	}
	var cert struct{ AppID, FileWithCertAndPrivateKey string }
	az.read(t, &cert, "ad", "sp", "create-for-rbac", "--name", "certified", "--create-cert")
	if code := v.az(t).try(t, "login", "--service-principal", "--username", cert.AppID, "--password", cert.FileWithCertAndPrivateKey, "--tenant", made.Tenant, "--allow-no-subscriptions").code; code != 0 {
		t.Error("it cannot sign in with its certificate")
	}

	var app struct {
		ID, AppID      string
		SignInAudience string
	}
	az.read(t, &app, "ad", "app", "create", "--display-name", "Web shop", "--web-redirect-uris", "https://shop.example/back", "--sign-in-audience", "AzureADMultipleOrgs")
	az.run(t, "ad", "app", "update", "--id", app.AppID, "--display-name", "Shop")
	var shown struct {
		DisplayName string
		Web         struct{ RedirectUris []string }
	}
	az.read(t, &shown, "ad", "app", "show", "--id", app.ID)
	if shown.DisplayName != "Shop" || !slices.Equal(shown.Web.RedirectUris, []string{"https://shop.example/back"}) || app.SignInAudience != "AzureADMultipleOrgs" {
		t.Errorf("shown: %+v of %+v", shown, app)
	}
	az.run(t, "ad", "sp", "create", "--id", app.AppID)
	var names []string
	az.read(t, &names, "ad", "app", "list", "--display-name", "Shop", "--query", "[].appId")
	if !slices.Equal(names, []string{app.AppID}) {
		t.Errorf("listed: %v", names)
	}
	az.run(t, "ad", "app", "delete", "--id", app.AppID)
	az.refused(t, []string{"does not exist"}, "ad", "app", "show", "--id", app.ID)

	az.run(t, "ad", "sp", "create", "--id", registry.PartnerDelegation.String())
	if _, there := v.customer.ServicePrincipal(registry.PartnerDelegation); !there {
		t.Error("GDAP's application has no service principal")
	}
	az.run(t, "ad", "sp", "delete", "--id", sp.ID.String())
	if _, there := v.customer.ServicePrincipal(client); there {
		t.Error("it is still there")
	}
}
