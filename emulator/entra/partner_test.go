package entra_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// refreshIn redeems a refresh token of the confidential application in a tenant.
func (v *town) refreshIn(tb testing.TB, in world.Tenant, app registry.App, refresh, scope string) body {
	tb.Helper()
	return v.token(tb, in.ID.String(), "grant_type", "refresh_token", "client_id", app.ID.String(), "client_secret", secret, "refresh_token", refresh, "scope", scope)
}

// TestPartnerRefreshToken is the Secure Application Model: a partner user's
// refresh token becomes an access token for the customer's tenant, if GDAP
// reaches him there and the application was let in.
func TestPartnerRefreshToken(t *testing.T) {
	const mine = "openid offline_access"
	t.Run("a member of the GDAP group comes in with its roles and keeps his id", func(t *testing.T) {
		v := newTown(t)
		got := v.refreshIn(t, v.customer, v.app, v.signedIn(t, v.grace, mine).RefreshToken, graph+"/.default")
		c := v.claims(t, got.AccessToken)
		if c.Tenant != v.customer.ID.String() || c.Object != v.grace.ID.String() || !slices.Equal(c.WIDs, []string{userAdmin.String()}) {
			t.Errorf("%s in %s with %v: %s", c.Object, c.Tenant, c.WIDs, got.Description)
		}
		if c.IdentityProvider != "https://sts.windows.net/"+v.partner.ID.String()+"/" || c.Audience != graph || got.RefreshToken == "" {
			t.Errorf("idp %s, aud %s", c.IdentityProvider, c.Audience)
		}
		if h, err := c.Holder(); err != nil || h.Home != v.partner.ID || v.world.TokenHolds(h.Tenant, h.Object, h.Home, h.Issued) != nil {
			t.Errorf("holder %+v, %v", h, err)
		}
	})
	t.Run("the first refresh token goes on working", func(t *testing.T) {
		v := newTown(t)
		first := v.signedIn(t, v.grace, mine).RefreshToken
		for range 2 {
			if got := v.refreshIn(t, v.customer, v.app, first, armScope); got.AccessToken == "" {
				t.Error(got.Description)
			}
		}
	})

	asked := registry.App{Name: "Asks", Secret: secret, RedirectURIs: []string{callback}, MultiTenant: true, Asks: []registry.Access{{Resource: registry.MicrosoftGraph, Scopes: []string{"User.Read.All"}}}}
	for _, test := range []struct {
		name    string
		who     func(*town) world.User
		app     func(testing.TB, *town) registry.App
		prepare func(testing.TB, *town)
		scope   string
		want    int
		error   string
		sub     string
	}{
		{name: "nobody consented to the permissions", want: 65001, error: "invalid_grant", sub: "consent_required", app: func(tb testing.TB, v *town) registry.App {
			a := must(v.partner.AddApp(asked))(tb)
			must(v.partner.AddServicePrincipal(a.ID, csp.ObjectID{}))(tb)
			must(v.customer.Install(world.Actor{}, a.ID))(tb)
			return a
		}},
		{name: "a permission beyond those consented to", want: 65001, error: "invalid_grant", sub: "consent_required", scope: graph + "/Group.Read.All", app: func(tb testing.TB, v *town) registry.App {
			a := must(v.partner.AddApp(asked))(tb)
			must(v.partner.AddServicePrincipal(a.ID, csp.ObjectID{}))(tb)
			must(v.customer.AddServicePrincipal(a.ID, csp.ObjectID{}))(tb)
			return a
		}},
		{name: "the application was not let in", want: 90099, error: "invalid_grant", app: func(tb testing.TB, v *town) registry.App {
			a := must(v.partner.AddApp(asked))(tb)
			must(v.partner.AddServicePrincipal(a.ID, csp.ObjectID{}))(tb)
			return a
		}},
		{name: "he is in no GDAP group", want: 50020, error: "invalid_grant", who: func(v *town) world.User { return v.ned }},
		{name: "he was taken out of the group since", want: 50020, error: "invalid_grant", prepare: func(tb testing.TB, v *town) {
			check(tb, v.partner.RemoveMember(v.team.ID, v.grace.ID))
		}},
		{name: "the account demands a second step now", want: 50076, error: "invalid_grant", sub: "basic_action", prepare: func(tb testing.TB, v *town) {
			u := v.grace
			u.MFA = true
			check(tb, v.world.SetUser(u))
		}},
		{name: "the customer demands a second step of a passthrough user", want: 50177, error: "invalid_grant", sub: "basic_action", prepare: func(_ testing.TB, v *town) {
			v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		}},
		{name: "the customer demands one of a guest, who has none", want: 50079, error: "invalid_grant", sub: "basic_action", prepare: func(tb testing.TB, v *town) {
			must(v.customer.InviteGuest(v.grace, csp.ObjectID{}))(tb)
			v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		}},
		{name: "the customer keeps service providers out", want: 53003, error: "interaction_required", sub: "message_only", prepare: func(_ testing.TB, v *town) {
			v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{BlockServiceProviders: true})
		}},
		{name: "the refresh token idled for ninety days", want: 700082, error: "invalid_grant", prepare: func(_ testing.TB, v *town) { v.clock.Move(91 * 24 * time.Hour) }},
		{name: "his sessions were revoked", want: 50173, error: "invalid_grant", prepare: func(tb testing.TB, v *town) {
			v.clock.Move(time.Millisecond)
			check(tb, v.world.RevokeSessions(v.grace.Account()))
		}},
		{name: "he got a new password", want: 50173, error: "invalid_grant", prepare: func(tb testing.TB, v *town) {
			v.clock.Move(time.Millisecond)
			u := v.grace
			u.Password = "new"
			check(tb, v.world.SetUser(u))
		}},
		{name: "he is disabled", want: 50057, error: "invalid_grant", prepare: func(tb testing.TB, v *town) {
			u := v.grace
			u.Disabled = true
			check(tb, v.world.SetUser(u))
		}},
		{name: "an invitation that he has not redeemed is in the way", want: 50020, error: "invalid_grant", prepare: func(tb testing.TB, v *town) {
			must(v.customer.InvitePending(v.grace, csp.ObjectID{}))(tb)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newTown(t)
			who, app, scope := v.grace, v.app, graph+"/.default"
			if test.who != nil {
				who = test.who(v)
			}
			var refresh string
			if test.app != nil {
				app = test.app(t, v)
				b := v.browser(t).open(t, v.authorizeURL(v.partner.ID.String(), app, "scope", graph+"/User.Read.All offline_access")).signIn(t, who)
				refresh = v.token(t, v.partner.ID.String(), "grant_type", "authorization_code", "client_id", app.ID.String(), "client_secret", secret, "code", b.values(t).Get("code"), "redirect_uri", callback).RefreshToken
			} else {
				refresh = v.signedIn(t, who, mine).RefreshToken
			}
			if test.scope != "" {
				scope = test.scope
			}
			if test.prepare != nil {
				test.prepare(t, v)
			}
			got := v.refreshIn(t, v.customer, app, refresh, scope)
			if got.code() != test.want || got.Error != test.error || got.Suberror != test.sub || got.status != 400 || got.AccessToken != "" {
				t.Errorf("answered %d %s %s %v: %s", got.status, got.Error, got.Suberror, got.Codes, got.Description)
			}
			if demandsPolicy := slices.Contains([]int{53003, 50177, 50079}, test.want); demandsPolicy != strings.Contains(got.Claims, "capolids") {
				t.Errorf("claims %q", got.Claims)
			}
		})
	}
	t.Run("with the second step taken at home the customer's policy is met", func(t *testing.T) {
		v := newTown(t)
		v.customer.SetSignInPolicy(world.Actor{}, world.SignInPolicy{RequireMFA: true})
		got := v.refreshIn(t, v.customer, v.app, v.signedIn(t, v.maya, mine).RefreshToken, armScope)
		if got.AccessToken == "" || !slices.Equal(v.claims(t, got.AccessToken).AMR, []string{"pwd", "mfa"}) {
			t.Error(got.Description)
		}
	})
	t.Run("a guest account wins over GDAP", func(t *testing.T) {
		v := newTown(t)
		guest := must(v.customer.InviteGuest(v.grace, csp.ObjectID{}))(t)
		c := v.claims(t, v.refreshIn(t, v.customer, v.app, v.signedIn(t, v.grace, mine).RefreshToken, armScope).AccessToken)
		if c.Object != guest.ID.String() || len(c.WIDs) != 0 || c.Acct == nil || *c.Acct != 1 {
			t.Errorf("oid %s, wids %v", c.Object, c.WIDs)
		}
	})
	t.Run("a legacy agent comes in by DAP", func(t *testing.T) {
		v := newTown(t)
		agents, ok := v.partner.AgentGroup(csp.AdminAgents)
		if !ok {
			t.Fatal("the partner has no AdminAgents")
		}
		check(t, v.partner.AddMember(agents.ID, v.ned.ID))
		check(t, v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true, DAP: true}))
		c := v.claims(t, v.refreshIn(t, v.customer, v.app, v.signedIn(t, v.ned, mine).RefreshToken, armScope).AccessToken)
		if !slices.Equal(c.WIDs, []string{globalAdmin.String()}) || !slices.Contains(c.Groups, agents.ID.String()) {
			t.Errorf("wids %v, groups %v", c.WIDs, c.Groups)
		}
	})
	t.Run("another client cannot use the refresh token", func(t *testing.T) {
		v := newTown(t)
		got := v.token(t, v.customer.ID.String(), "grant_type", "refresh_token", "client_id", v.public.ID.String(), "refresh_token", v.signedIn(t, v.grace, mine).RefreshToken)
		if got.code() != 70000 {
			t.Errorf("answered %v", got.Codes)
		}
	})
}

// TestRefreshWithoutAScope: a client that asks for nothing gets what it asked for
// at first (RFC 6749, section 6).
func TestRefreshWithoutAScope(t *testing.T) {
	v := newTown(t)
	first := v.signedIn(t, v.grace, "openid offline_access "+armScope)
	again := v.refreshIn(t, v.partner, v.app, first.RefreshToken, "")
	if again.AccessToken == "" || again.IDToken == "" || again.RefreshToken == "" {
		t.Fatalf("it gets %+v", again)
	}
	if c := v.claims(t, again.AccessToken); c.Audience != v.claims(t, first.AccessToken).Audience {
		t.Errorf("the token is for %s", c.Audience)
	}
	if plain := v.refreshIn(t, v.partner, v.app, v.signedIn(t, v.grace, "offline_access "+armScope).RefreshToken, ""); plain.IDToken != "" {
		t.Error("an identity token that nobody asked for")
	}
}
