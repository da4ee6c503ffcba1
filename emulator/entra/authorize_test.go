package entra_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// redeem ends the code flow of the confidential application in the customer's tenant.
func (v *town) redeem(tb testing.TB, app registry.App, code string, pairs ...string) body {
	tb.Helper()
	form := []string{"grant_type", "authorization_code", "client_id", app.ID.String(), "code", code, "redirect_uri", callback}
	if app.Secret != "" {
		form = append(form, "client_secret", app.Secret)
	}
	return v.token(tb, v.customer.ID.String(), append(form, pairs...)...)
}

func TestProofKey(t *testing.T) {
	v := newTown(t)
	at := v.customer.ID.String()
	hashed := oauth2.S256ChallengeFromVerifier(verifier)
	for name, test := range map[string]struct {
		ask    []string
		redeem []string
		want   int
	}{
		"hashed":                            {[]string{"code_challenge", hashed, "code_challenge_method", "S256"}, []string{"code_verifier", verifier}, 0},
		"plain":                             {[]string{"code_challenge", verifier, "code_challenge_method", "plain"}, []string{"code_verifier", verifier}, 0},
		"plain by default":                  {[]string{"code_challenge", verifier}, []string{"code_verifier", verifier}, 0},
		"none at all":                       {nil, nil, 0},
		"asked for and not given":           {[]string{"code_challenge", hashed, "code_challenge_method", "S256"}, nil, 50147},
		"another verifier":                  {[]string{"code_challenge", hashed, "code_challenge_method", "S256"}, []string{"code_verifier", verifier + "x"}, 501481},
		"the hash given as plain":           {[]string{"code_challenge", hashed, "code_challenge_method", "plain"}, []string{"code_verifier", verifier}, 501481},
		"given though it was not asked for": {nil, []string{"code_verifier", verifier}, 501481},
	} {
		t.Run(name, func(t *testing.T) {
			b := v.browser(t).open(t, v.authorizeURL(at, v.app, test.ask...)).signIn(t, v.bob)
			if got := v.redeem(t, v.app, b.values(t).Get("code"), test.redeem...); got.code() != test.want || (got.AccessToken == "") != (test.want != 0) {
				t.Errorf("answered %v: %s", got.Codes, got.Description)
			}
		})
	}
}

func TestSinglePageApplication(t *testing.T) {
	v := newTown(t)
	app := must(v.customer.AddApp(registry.App{Name: "Page", BrowserURIs: []string{callback}}))(t)
	must(v.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
	at := v.customer.ID.String()
	if b := v.browser(t).open(t, v.authorizeURL(at, app)); b.refusal() != "AADSTS9002325" {
		t.Errorf("without a proof key: %s", b.refusal())
	}
	b := v.browser(t).open(t, v.authorizeURL(at, app, "code_challenge", oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method", "S256")).signIn(t, v.bob)
	got := v.redeem(t, app, b.values(t).Get("code"), "code_verifier", verifier)
	renew := func(refresh string) body {
		return v.token(t, at, "grant_type", "refresh_token", "client_id", app.ID.String(), "refresh_token", refresh, "scope", "openid")
	}
	v.clock.Move(23 * time.Hour)
	next := renew(got.RefreshToken)
	if next.RefreshToken == "" {
		t.Fatal(next.Description)
	}
	v.clock.Move(2 * time.Hour)
	if got := renew(next.RefreshToken); got.code() != 700084 {
		t.Errorf("the day is not prolonged by renewing: answered %v", got.Codes)
	}
}

func TestResponseTypesAndModes(t *testing.T) {
	v := newTown(t)
	app := must(v.customer.AddApp(registry.App{Name: "Hybrid", Secret: "h", RedirectURIs: []string{callback}, IDTokens: true}))(t)
	must(v.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
	at := v.customer.ID.String()
	t.Run("a code in the fragment", func(t *testing.T) {
		b := v.browser(t).open(t, v.authorizeURL(at, v.app, "response_mode", "fragment")).signIn(t, v.bob)
		if b.sentTo.RawQuery != "" || b.values(t).Get("code") == "" || b.values(t).Get("state") != "s" {
			t.Errorf("sent to %v", b.sentTo)
		}
	})
	t.Run("an identity token at once", func(t *testing.T) {
		b := v.browser(t).open(t, v.authorizeURL(at, app, "response_type", "id_token")).signIn(t, v.bob)
		c := v.claims(t, b.values(t).Get("id_token"))
		if c.Audience != app.ID.String() || c.Nonce != "n" || c.CodeHash != "" || c.Issuer != origin+"/"+at+"/v2.0" || b.values(t).Get("code") != "" {
			t.Errorf("%+v at %v", c, b.sentTo)
		}
	})
	t.Run("a code and an identity token that vouches for it", func(t *testing.T) {
		b := v.browser(t).open(t, v.authorizeURL(at, app, "response_type", "code id_token")).signIn(t, v.bob)
		code := b.values(t).Get("code")
		if c := v.claims(t, b.values(t).Get("id_token")); c.CodeHash != token.Half(code) || code == "" {
			t.Errorf("c_hash %q", c.CodeHash)
		}
		if got := v.redeem(t, app, code); got.AccessToken == "" {
			t.Error(got.Description)
		}
	})
	t.Run("both by form", func(t *testing.T) {
		b := v.browser(t).open(t, v.authorizeURL(at, app, "response_type", "code id_token", "response_mode", "form_post")).signIn(t, v.bob)
		if b.sentTo != nil || !strings.Contains(b.page, `name="id_token"`) || !strings.Contains(b.page, `name="code"`) {
			t.Errorf("the page is %s", b.page)
		}
	})
	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"no nonce":             {[]string{"response_type", "id_token", "nonce", ""}, "AADSTS900144"},
		"a query for tokens":   {[]string{"response_type", "id_token", "response_mode", "query"}, "AADSTS70007"},
		"an unknown type":      {[]string{"response_type", "pigeon"}, "AADSTS70005"},
		"tokens by this page":  {[]string{"response_type", "code token"}, "AADSTS700051"},
		"a scope with no name": {[]string{"scope", "https://management.azure.com/"}, "AADSTS70011"},
		"all and some":         {[]string{"scope", "https://graph.microsoft.com/.default https://graph.microsoft.com/User.Read"}, "AADSTS70011"},
	} {
		t.Run(name, func(t *testing.T) {
			if b := v.browser(t).open(t, v.authorizeURL(at, app, test.change...)); b.refusal() != test.want || b.sentTo == nil {
				t.Errorf("answered %s at %v", b.refusal(), b.sentTo)
			}
		})
	}
}

func TestConditionalAccessAtSignIn(t *testing.T) {
	v := newTown(t)
	at := v.customer.ID.String()
	t.Run("a tenant that demands a second step sends one without to enrol", func(t *testing.T) {
		v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		if b := v.browser(t).open(t, v.authorizeURL(at, v.app)).signIn(t, v.bob); b.refusal() != "AADSTS50079" || b.values(t).Get("error") != "interaction_required" {
			t.Errorf("ended with %s", b.refusal())
		}
		if b := v.browser(t).open(t, v.authorizeURL(at, v.app)).signIn(t, v.maya); b.values(t).Get("code") == "" {
			t.Errorf("a delegated administrator with two steps: %s", b.refusal())
		}
	})
	t.Run("one that blocks service providers says so on the page", func(t *testing.T) {
		v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{BlockServiceProviders: true})
		if b := v.browser(t).open(t, v.authorizeURL(at, v.app)).signIn(t, v.grace); b.refusal() != "AADSTS53003" || b.sentTo != nil {
			t.Errorf("ended with %s", b.refusal())
		}
		if b := v.browser(t).open(t, v.authorizeURL(at, v.app)).signIn(t, v.bob); b.sentTo == nil {
			t.Errorf("a member: %s", b.refusal())
		}
		v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{})
	})
	t.Run("the claims of a refusal, handed back, ask for the second step", func(t *testing.T) {
		claims := `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`
		if b := v.browser(t).open(t, v.authorizeURL(at, v.app, "claims", claims)).signIn(t, v.bob); b.refusal() != "AADSTS50079" {
			t.Errorf("ended with %s", b.refusal())
		}
	})
	t.Run("an authentication context asked for the access token is in it", func(t *testing.T) {
		claims := `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["CP1"]}}}`
		b := v.browser(t).open(t, v.authorizeURL(v.partner.ID.String(), v.app, "claims", claims, "scope", armScope)).signIn(t, v.maya)
		got := v.token(t, v.partner.ID.String(), "grant_type", "authorization_code", "client_id", v.app.ID.String(), "client_secret", secret, "code", b.values(t).Get("code"), "redirect_uri", callback)
		if c := v.claims(t, got.AccessToken); !slices.Equal(c.ACRS, []string{"c1"}) || !c.HandlesChallenges() {
			t.Errorf("acrs %v, xms_cc %v", c.ACRS, c.XMSCC)
		}
		plain := v.signedIn(t, v.grace, "openid offline_access")
		if got := v.token(t, v.partner.ID.String(), "grant_type", "refresh_token", "client_id", v.app.ID.String(), "client_secret", secret, "refresh_token", plain.RefreshToken, "scope", armScope, "claims", claims); got.code() != 50079 {
			t.Errorf("without a second step: %v", got.Codes)
		}
	})
	t.Run("claims that are no JSON", func(t *testing.T) {
		if got := v.token(t, at, "grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", secret, "scope", armScope, "claims", "{"); got.code() != 1400000 {
			t.Errorf("answered %v", got.Codes)
		}
	})
}

func TestAccessTokenClaims(t *testing.T) {
	v := newTown(t)
	desk1, home := v.api(t, 1), v.partner.ID.String()
	t.Run("a version 1.0 token of an API has the audience as asked for", func(t *testing.T) {
		c := v.claims(t, v.signedIn(t, v.maya, "api://desk/Orders.Read").AccessToken)
		if c.Version != "1.0" || c.Audience != "api://desk" || c.Issuer != "https://sts.windows.net/"+home+"/" || c.Scopes != "Orders.Read" || c.AppID != v.app.ID.String() || c.AppIDACR != "1" || c.UPN == "" || c.ACR != "1" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("application roles, given directly and through a group", func(t *testing.T) {
		must(v.partner.GrantRole(world.Actor{}, v.team.ID, desk1.ID, "Desk.Approver"))(t)
		if c := v.claims(t, v.signedIn(t, v.grace, "api://desk/Orders.Read").AccessToken); !slices.Equal(c.Roles, []string{"Desk.Approver"}) {
			t.Errorf("roles %v", c.Roles)
		}
		if c := v.claims(t, v.signedIn(t, v.ned, "api://desk/Orders.Read").AccessToken); len(c.Roles) != 0 {
			t.Errorf("roles of one without: %v", c.Roles)
		}
		if _, err := v.partner.GrantRole(world.Actor{}, v.team.ID, desk1.ID, "Desk.Boss"); err == nil {
			t.Error("a role that does not exist was given")
		}
	})
	t.Run("a version 2.0 token names the API by its id and the client as azp", func(t *testing.T) {
		v := newTown(t)
		desk := v.api(t, 2)
		c := v.claims(t, v.signedIn(t, v.maya, "api://desk/Orders.Read").AccessToken)
		if c.Version != "2.0" || c.Audience != desk.ID.String() || c.Issuer != origin+"/"+v.partner.ID.String()+"/v2.0" || c.AZP != v.app.ID.String() || c.AZPACR != "1" {
			t.Errorf("%+v", c)
		}
		if c.UPN != "" || c.ACR != "" || c.AMR != nil || c.AppID != "" || c.PreferredUsername != v.maya.UPN {
			t.Errorf("claims of version 1.0 in it: %+v", c)
		}
	})
	t.Run("audiences of Microsoft's services, as they were spelt", func(t *testing.T) {
		for audience, isFor := range map[string]func(string) bool{
			"https://graph.microsoft.com":             token.IsForGraph,
			"https://graph.microsoft.com/":            token.IsForGraph,
			"00000003-0000-0000-c000-000000000000":    token.IsForGraph,
			"https://management.core.windows.net/":    token.IsForResourceManager,
			"https://api.partnercenter.microsoft.com": token.IsForPartnerCenter,
			"fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd":    token.IsForPartnerCenter,
		} {
			c := v.claims(t, v.signedIn(t, v.maya, audience+"/.default").AccessToken)
			if c.Audience != audience || !isFor(c.Audience) || c.Version != "1.0" {
				t.Errorf("%s: aud %s", audience, c.Audience)
			}
		}
	})
	t.Run("the directory roles of a member", func(t *testing.T) {
		c := v.claims(t, v.signedIn(t, v.anna, armScope).AccessToken)
		if !slices.Equal(c.WIDs, []string{globalAdmin.String()}) || c.Acct == nil || *c.Acct != 0 || c.IdentityProvider != "" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("token ids differ and say when", func(t *testing.T) {
		a, b := v.claims(t, v.signedIn(t, v.anna, armScope).AccessToken), v.claims(t, v.signedIn(t, v.anna, armScope).AccessToken)
		if a.TokenID == b.TokenID || !a.Issued().Equal(v.clock.Now()) {
			t.Errorf("%s, %s, issued %s", a.TokenID, b.TokenID, a.Issued())
		}
	})
	t.Run("version 1.0 of the identity token", func(t *testing.T) {
		b := v.browser(t).open(t, strings.Replace(v.authorizeURL(home, v.app, "resource", "https://graph.microsoft.com", "scope", "openid"), "/v2.0/", "/", 1)).signIn(t, v.grace)
		got := v.post(t, "/"+home+"/oauth2/token", form("grant_type", "authorization_code", "client_id", v.app.ID.String(), "client_secret", secret, "code", b.values(t).Get("code"), "redirect_uri", callback, "resource", "https://graph.microsoft.com"))
		c := v.claims(t, got.IDToken)
		if c.Version != "1.0" || c.Issuer != "https://sts.windows.net/"+home+"/" || c.UPN != v.grace.UPN || got.ExpiresIn != "3600" || got.Resource != "https://graph.microsoft.com" || got.RefreshToken == "" {
			t.Errorf("%+v, %+v", c, got.raw)
		}
	})
	t.Run("a life that was changed", func(t *testing.T) {
		v.handler.SetAccessTokenLife(5 * time.Minute)
		got := v.signedIn(t, v.anna, armScope)
		if c := v.claims(t, got.AccessToken); c.Expires-c.IssuedAt != 300 || got.ExpiresIn != 300.0 {
			t.Errorf("lives %d s", c.Expires-c.IssuedAt)
		}
	})
}

func TestGroupsOverage(t *testing.T) {
	v := newTown(t)
	must(v.customer.AddServicePrincipal(must(v.partner.AddApp(registry.App{Name: "Shows groups", Secret: secret, RedirectURIs: []string{callback}, MultiTenant: true, GroupClaims: true}))(t).ID, csp.ObjectID{}))(t)
	app := v.customer.ServicePrincipals()
	shows, _ := v.world.App(app[slices.IndexFunc(app, func(sp world.ServicePrincipal) bool { return sp.Name == "Shows groups" })].App)
	ask := func() (access, id token.Claims) {
		b := v.browser(t).open(t, v.authorizeURL(v.customer.ID.String(), shows, "scope", "openid "+armScope)).signIn(t, v.bob)
		got := v.redeem(t, shows, b.values(t).Get("code"))
		return v.claims(t, got.AccessToken), v.claims(t, got.IDToken)
	}
	join := func(n int) {
		for range n {
			g := must(v.customer.AddGroup(world.Group{Name: "g" + world.NewID[registry.App]().String()}))(t)
			check(t, v.customer.AddMember(g.ID, v.bob.ID))
		}
	}
	join(200)
	if access, id := ask(); len(access.Groups) != 200 || len(id.Groups) != 200 || access.GroupsElsewhere() {
		t.Errorf("200 groups: %d in the access token, %d in the identity token", len(access.Groups), len(id.Groups))
	}
	join(1)
	access, id := ask()
	if len(access.Groups)+len(id.Groups) != 0 || !access.GroupsElsewhere() || !id.GroupsElsewhere() {
		t.Errorf("201 groups: %d in the token", len(access.Groups))
	}
	if want := "/users/" + v.bob.ID.String() + "/getMemberObjects"; !strings.HasSuffix(access.ClaimSources["src1"].Endpoint, want) {
		t.Errorf("to be asked for at %v", access.ClaimSources)
	}
	h, err := access.Holder()
	check(t, err)
	if got := v.world.GroupsNow(h.Tenant, h.Object, h.Home); len(got) != 201 {
		t.Errorf("the resource finds %d groups", len(got))
	}
}
