package entra_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// newcomer is an application that nobody let in yet.
func (v *town) newcomer(tb testing.TB, asks ...registry.Access) registry.App {
	tb.Helper()
	return must(v.partner.AddApp(registry.App{Name: "Newcomer", Secret: secret, RedirectURIs: []string{callback}, MultiTenant: true, Asks: asks}))(tb)
}

func TestAdminConsent(t *testing.T) {
	asks := registry.Access{Resource: registry.MicrosoftGraph, Scopes: []string{"User.Read.All"}, Roles: []string{"Group.Read.All"}}
	address := func(v *town, app registry.App, version, scope string) string {
		q := form("client_id", app.ID.String(), "redirect_uri", callback, "state", "st")
		if scope != "" {
			q.Set("scope", scope)
		}
		return pages + "/" + v.customer.ID.String() + version + "/adminconsent?" + q.Encode()
	}
	t.Run("to everything that the registration asks for", func(t *testing.T) {
		v := newTown(t)
		app := v.newcomer(t, asks)
		b := v.browser(t).open(t, address(v, app, "", "")).signIn(t, v.anna)
		if !strings.Contains(b.page, "User.Read.All") || !strings.Contains(b.page, "Group.Read.All (as the application itself)") {
			t.Fatalf("the page asks %s", b.page)
		}
		if got := b.submit(t, "step", "consent").values(t); got.Get("admin_consent") != "True" || got.Get("tenant") != v.customer.ID.String() || got.Get("state") != "st" {
			t.Errorf("brought back %v", got)
		}
		own := v.token(t, v.customer.ID.String(), "grant_type", "client_credentials", "client_id", app.ID.String(), "client_secret", secret, "scope", graph+"/.default")
		if c := v.claims(t, own.AccessToken); !slices.Equal(c.Roles, []string{"Group.Read.All"}) || c.Scopes != "" {
			t.Errorf("roles %v, scp %q", c.Roles, c.Scopes)
		}
		given := v.events(world.ConsentGiven)
		if last := given[len(given)-1]; last.By.Object != v.anna.ID {
			t.Errorf("the history says %q did it", last.By.Name)
		}
		// The person's tokens now have the delegated permission.
		b = v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", graph+"/.default offline_access")).signIn(t, v.bob)
		got := v.token(t, v.customer.ID.String(), "grant_type", "authorization_code", "client_id", app.ID.String(), "client_secret", secret, "code", b.values(t).Get("code"), "redirect_uri", callback)
		if c := v.claims(t, got.AccessToken); c.Scopes != "User.Read.All" {
			t.Errorf("scp %q", c.Scopes)
		}
		// What was given can be taken back.
		for _, g := range v.customer.Grants() {
			check(t, v.customer.Revoke(world.Actor{}, g.ID))
		}
		if got := v.refreshIn(t, v.customer, app, got.RefreshToken, graph+"/.default"); got.code() != 65001 {
			t.Errorf("after it was taken back: %v", got.Codes)
		}
	})
	t.Run("to the scopes of the request, by version 2.0", func(t *testing.T) {
		v := newTown(t)
		app := v.newcomer(t, asks)
		b := v.browser(t).open(t, address(v, app, "/v2.0", graph+"/Mail.Read")).signIn(t, v.anna)
		if got := b.submit(t, "step", "consent").values(t); got.Get("admin_consent") != "True" || got.Get("scope") != graph+"/Mail.Read" {
			t.Errorf("brought back %v", got)
		}
		if grants := v.customer.Grants(); !slices.ContainsFunc(grants, func(g world.Grant) bool { return slices.Equal(g.Scopes, []string{"Mail.Read"}) && g.User.IsZero() }) {
			t.Errorf("granted %+v", grants)
		}
	})
	for name, test := range map[string]struct {
		who  func(*town) world.User
		do   func(*testing.T, *browser)
		want string
	}{
		"by somebody who is no administrator": {func(v *town) world.User { return v.bob }, func(*testing.T, *browser) {}, "AADSTS90094"},
		"by one who only posts the answer":    {func(v *town) world.User { return v.bob }, func(t *testing.T, b *browser) { t.Helper(); b.submit(t, "step", "consent") }, "AADSTS90094"},
		"cancelled":                           {func(v *town) world.User { return v.anna }, func(t *testing.T, b *browser) { t.Helper(); b.submit(t, "step", "cancel") }, "AADSTS65004"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newTown(t)
			app := v.newcomer(t, asks)
			b := v.browser(t).open(t, address(v, app, "", "")).signIn(t, test.who(v))
			test.do(t, b)
			if b.refusal() != test.want || b.values(t).Get("error") != "access_denied" {
				t.Errorf("ended with %s at %v", b.refusal(), b.sentTo)
			}
			if _, installed := v.customer.ServicePrincipal(app.ID); installed {
				t.Error("the application was let in all the same")
			}
		})
	}
	t.Run("refuses what it cannot trust", func(t *testing.T) {
		v := newTown(t)
		app := v.newcomer(t, asks)
		inside := must(v.partner.AddApp(registry.App{Name: "Inside", RedirectURIs: []string{callback}}))(t)
		for query, want := range map[string]string{
			"": "AADSTS900144", "client_id=x": "AADSTS700016",
			"client_id=" + app.ID.String() + "&redirect_uri=" + url.QueryEscape("https://evil.example/"): "AADSTS50011",
			"client_id=" + inside.ID.String(): "AADSTS700016",
		} {
			if b := v.browser(t).open(t, pages+"/"+v.customer.ID.String()+"/adminconsent?"+query); b.sentTo != nil || b.refusal() != want {
				t.Errorf("%s: %s, sent to %v", query, b.refusal(), b.sentTo)
			}
		}
		if b := v.browser(t).open(t, address(v, app, "/v2.0", "")); b.refusal() != "AADSTS900144" {
			t.Errorf("version 2.0 without a scope: %s", b.refusal())
		}
	})
}

func TestConsentAtSignIn(t *testing.T) {
	t.Run("a person consents to showing who he is, for himself", func(t *testing.T) {
		v := newTown(t)
		app := v.newcomer(t)
		b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", "openid User.Read")).signIn(t, v.bob)
		if !strings.Contains(b.page, "Permissions requested") || strings.Contains(b.page, "everybody") {
			t.Fatalf("the page is %s", b.page)
		}
		if b.submit(t, "step", "consent", "for", "me").values(t).Get("code") == "" {
			t.Fatalf("ended with %s", b.refusal())
		}
		if g := v.customer.Grants(); len(g) != 1 || g[0].User != v.bob.ID || !slices.Equal(g[0].Scopes, []string{"User.Read"}) {
			t.Errorf("granted %+v", g)
		}
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", "openid User.Read")).signIn(t, v.bob); b.sentTo == nil {
			t.Error("asked again")
		}
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", "openid User.Read", "prompt", "consent")).signIn(t, v.bob); b.sentTo != nil {
			t.Error("prompt=consent was not heard")
		}
	})
	t.Run("but not for everybody, whatever he posts", func(t *testing.T) {
		v := newTown(t)
		b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.newcomer(t), "scope", "openid User.Read")).signIn(t, v.bob)
		if b.submit(t, "step", "consent", "for", "all"); b.sentTo != nil || len(v.customer.Grants()) != 0 {
			t.Errorf("granted %+v", v.customer.Grants())
		}
	})
	t.Run("and not where only administrators may", func(t *testing.T) {
		v := newTown(t)
		v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{AdminConsentOnly: true})
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.newcomer(t), "scope", "openid User.Read")).signIn(t, v.bob); b.refusal() != "AADSTS90094" {
			t.Errorf("ended with %s", b.refusal())
		}
	})
	t.Run("an administrator lets it in for everybody", func(t *testing.T) {
		v := newTown(t)
		app := v.newcomer(t, registry.Access{Resource: registry.AzureManagement, Scopes: []string{"user_impersonation"}})
		b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", armScope)).signIn(t, v.anna)
		if b.submit(t, "step", "consent", "for", "all").values(t).Get("code") == "" {
			t.Fatalf("ended with %s", b.refusal())
		}
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), app, "scope", armScope)).signIn(t, v.bob); b.sentTo == nil {
			t.Error("Bob is asked, though Anna spoke for everybody")
		}
	})
	t.Run("a silent request is told to ask", func(t *testing.T) {
		v := newTown(t)
		b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.app)).signIn(t, v.bob)
		if b.open(t, v.authorizeURL(v.customer.ID.String(), v.newcomer(t), "prompt", "none", "scope", "openid User.Read")); b.refusal() != "AADSTS65001" || b.values(t).Get("error") != "interaction_required" {
			t.Errorf("answered %v", b.sentTo)
		}
	})
	t.Run("a resource's permission that does not exist", func(t *testing.T) {
		v := newTown(t)
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.app, "scope", "https://management.azure.com/Fly")).signIn(t, v.bob); b.refusal() != "AADSTS650053" {
			t.Errorf("answered %s", b.refusal())
		}
	})
	t.Run("a resource that is not in the tenant", func(t *testing.T) {
		v := newTown(t)
		v.api(t, 2)
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.app, "scope", "api://desk/Orders.Read")).signIn(t, v.bob); b.refusal() != "AADSTS500011" {
			t.Errorf("answered %s", b.refusal())
		}
	})
	t.Run("an application that demands an assignment", func(t *testing.T) {
		v := newTown(t)
		sp, _ := v.customer.ServicePrincipal(v.app.ID)
		sp.AssignmentRequired = true
		check(t, v.customer.SetServicePrincipal(world.Actor{}, sp))
		if b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), v.app)).signIn(t, v.bob); b.refusal() != "AADSTS50105" {
			t.Errorf("answered %s", b.refusal())
		}
	})
}

// TestMicrosoftsOwnClients: the Azure CLI is known in every tenant, asks nobody
// and listens on whatever port is free.
func TestMicrosoftsOwnClients(t *testing.T) {
	v := newTown(t)
	cli, _ := v.world.App(registry.AzureCLI)
	redirect := "http://localhost:41873"
	b := v.browser(t).open(t, v.authorizeURL("organizations", cli, "redirect_uri", redirect, "scope", "https://management.core.windows.net//.default offline_access openid profile")).signIn(t, v.bob)
	if b.sentTo == nil || b.sentTo.Host != "localhost:41873" {
		t.Fatalf("sent to %v", b.sentTo)
	}
	got := v.token(t, "organizations", "grant_type", "authorization_code", "client_id", cli.ID.String(), "code", b.values(t).Get("code"), "redirect_uri", redirect)
	if c := v.claims(t, got.AccessToken); c.Audience != "https://management.core.windows.net/" || c.Scopes != "user_impersonation" || c.AppID != cli.ID.String() {
		t.Errorf("%+v", c)
	}
	if !strings.Contains(got.Scope, "https://management.core.windows.net//.default") {
		t.Errorf("scope %q lacks what was asked for", got.Scope)
	}
	renewed := v.token(t, v.customer.ID.String(), "grant_type", "refresh_token", "client_id", cli.ID.String(), "refresh_token", got.RefreshToken, "scope", graph+"//.default")
	if c := v.claims(t, renewed.AccessToken); !c.HasScope("Directory.AccessAsUser.All") || c.Audience != graph+"/" {
		t.Errorf("for Graph: %q for %s", c.Scopes, c.Audience)
	}
	for _, other := range []string{"https://localhost:1", "http://localhost:1/path", "http://localhost.evil.example", "http://user@localhost:1", "http://127.0.0.2:1", "http://localhost:1/?x=y"} {
		if b := v.browser(t).open(t, v.authorizeURL("organizations", cli, "redirect_uri", other)); b.refusal() != "AADSTS50011" {
			t.Errorf("%s: %s", other, b.refusal())
		}
	}
}
