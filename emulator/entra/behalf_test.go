package entra_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// api is an application that is called with tokens of its own and calls on.
func (v *town) api(tb testing.TB, version int) registry.App {
	tb.Helper()
	a := must(v.partner.AddApp(registry.App{
		Name: "Desk", Secret: "desk", MultiTenant: true, URIs: []string{"api://desk"}, Scopes: []string{"Orders.Read"}, AppRoles: []string{"Desk.Approver"}, TokenVersion: version,
		Asks: []registry.Access{{Resource: registry.MicrosoftGraph, Scopes: []string{"User.Read"}}, {Resource: registry.AzureManagement, Scopes: []string{"user_impersonation"}}},
	}))(tb)
	must(v.partner.AddServicePrincipal(a.ID, csp.ObjectID{}))(tb)
	return a
}

func TestOnBehalfOf(t *testing.T) {
	v := newTown(t)
	desk := v.api(t, 2)
	home := v.partner.ID.String()
	behalf := func(assertion, scope string, change ...string) body {
		pairs := append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id", desk.ID.String(), "client_secret", "desk", "assertion", assertion, "requested_token_use", "on_behalf_of", "scope", scope}, change...)
		return v.token(t, home, pairs...)
	}
	calling := v.signedIn(t, v.maya, "api://desk/Orders.Read openid").AccessToken
	t.Run("calls on as the person, second step included", func(t *testing.T) {
		c := v.claims(t, behalf(calling, armScope+" offline_access").AccessToken)
		if c.Object != v.maya.ID.String() || c.Client() != desk.ID.String() || c.Scopes != "user_impersonation" || c.IDType != "user" || strings.Join(c.AMR, " ") != "pwd mfa" {
			t.Errorf("the token says %+v", c)
		}
	})
	appOnly := v.token(t, home, "grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", secret, "scope", "api://desk/.default").AccessToken
	forARM := v.signedIn(t, v.maya, armScope).AccessToken
	for name, test := range map[string]struct {
		got   body
		want  int
		error string
	}{
		"permissions nobody consented to": {behalf(calling, graph+"/Mail.Read"), 65001, "invalid_grant"},
		"a token for another resource":    {behalf(forARM, armScope), 500131, "invalid_grant"},
		"an application's own token":      {behalf(appOnly, armScope), 7000114, "unauthorized_client"},
		"a token with a broken signature": {behalf(calling[:len(calling)-8]+"AAAAAAAA", armScope), 50013, "invalid_grant"},
		"no token at all":                 {behalf("x", armScope), 50027, "invalid_grant"},
		"no assertion":                    {behalf("", armScope), 900144, "invalid_request"},
		"another use":                     {behalf(calling, armScope, "requested_token_use", "fun"), 900144, "invalid_request"},
		"a wrong secret":                  {behalf(calling, armScope, "client_secret", "x"), 7000215, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.got.code() != test.want || test.got.Error != test.error || test.got.AccessToken != "" {
				t.Errorf("answered %s %v: %s", test.got.Error, test.got.Codes, test.got.Description)
			}
		})
	}
	t.Run("a second step that is demanded later sends the person back, with claims", func(t *testing.T) {
		plain := v.signedIn(t, v.grace, "api://desk/Orders.Read").AccessToken
		v.partner.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		defer v.partner.SetSignInPolicy(world.Actor{}, world.SignInPolicy{})
		if got := behalf(plain, armScope); got.Error != "interaction_required" || got.code() != 50079 || got.Suberror != "basic_action" || got.Claims == "" {
			t.Errorf("answered %s %v %q", got.Error, got.Codes, got.Claims)
		}
	})
	t.Run("sessions that were revoked", func(t *testing.T) {
		v.clock.Move(time.Millisecond)
		check(t, v.world.RevokeSessions(v.maya.Account()))
		if got := behalf(calling, armScope); got.code() != 50173 {
			t.Errorf("answered %v", got.Codes)
		}
	})
	t.Run("an expired token", func(t *testing.T) {
		v.clock.Move(time.Hour)
		if got := behalf(calling, armScope); got.code() != 500133 {
			t.Errorf("answered %v", got.Codes)
		}
	})
}

func TestPassword(t *testing.T) {
	v := newTown(t)
	ask := func(tenant string, pairs ...string) body {
		return v.token(t, tenant, append([]string{"grant_type", "password", "client_id", v.public.ID.String(), "scope", armScope + " openid offline_access", "client_info", "1"}, pairs...)...)
	}
	got := ask("organizations", "username", "Grace@ravenhill.example", "password", "raven")
	if c := v.claims(t, got.AccessToken); c.Object != v.grace.ID.String() || c.AppIDACR != "0" || got.RefreshToken == "" || got.IDToken == "" || got.ClientInfo == "" {
		t.Errorf("%+v: %s", c, got.Description)
	}
	if got := ask(v.customer.ID.String(), "username", "grace@ravenhill.example", "password", "raven"); v.claims(t, got.AccessToken).Tenant != v.customer.ID.String() {
		t.Errorf("in the customer's tenant: %s", got.Description)
	}
	off := v.bob
	off.Disabled = true
	check(t, v.world.SetUser(off))
	for name, test := range map[string]struct {
		tenant, user, password string
		want                   int
		sub                    string
	}{
		"a wrong password":              {"organizations", "grace@ravenhill.example", "guess", 50126, ""},
		"an account with a second step": {"organizations", "maya@ravenhill.example", "raven", 50076, "basic_action"},
		"nobody":                        {"organizations", "zoe@ravenhill.example", "raven", 50034, ""},
		"nobody's domain":               {"organizations", "grace@nowhere.example", "raven", 50034, ""},
		"a stranger in the tenant":      {v.customer.ID.String(), "ned@ravenhill.example", "raven", 50020, ""},
		"a disabled account":            {"organizations", "bob@contoso.example", "conto", 50057, ""},
		"the authority of everybody":    {"common", "grace@ravenhill.example", "raven", 9001023, ""},
		"no name":                       {"organizations", "", "raven", 900144, ""},
		"no password":                   {"organizations", "grace@ravenhill.example", "", 900144, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(test.tenant, "username", test.user, "password", test.password); got.code() != test.want || got.Suberror != test.sub || got.AccessToken != "" {
				t.Errorf("answered %v %s: %s", got.Codes, got.Suberror, got.Description)
			}
		})
	}
	t.Run("a tenant that demands a second step", func(t *testing.T) {
		v.partner.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		if got := ask("organizations", "username", "grace@ravenhill.example", "password", "raven"); got.code() != 50079 {
			t.Errorf("answered %v", got.Codes)
		}
	})
}
