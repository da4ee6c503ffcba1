package emulator_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// relyingParty is a portal as go-oidc makes one.
type relyingParty struct {
	client   *http.Client
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func (v *town) relyingParty(tb testing.TB, loginOrigin string, tenant world.Tenant, client *http.Client) relyingParty {
	tb.Helper()
	ctx := oidc.ClientContext(tb.Context(), client)
	provider, err := oidc.NewProvider(ctx, loginOrigin+"/"+tenant.ID.String()+"/v2.0")
	if err != nil {
		tb.Fatal(err)
	}
	return relyingParty{
		client: client,
		config: oauth2.Config{
			ClientID: v.app.ID.String(), ClientSecret: appSecret, RedirectURL: callback, Endpoint: provider.Endpoint(),
			Scopes: []string{oidc.ScopeOpenID, "profile", "email", "offline_access"},
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: v.app.ID.String(), Now: v.clock.Now}),
	}
}

func (p relyingParty) context(tb testing.TB) context.Context {
	tb.Helper()
	return oidc.ClientContext(tb.Context(), p.client)
}

// said is what an identity token says, as far as the tests look.
type said struct {
	Tenant   string   `json:"tid"`
	Object   string   `json:"oid"`
	Subject  string   `json:"sub"`
	Acct     *int     `json:"acct"`
	Nonce    string   `json:"nonce"`
	AMR      []string `json:"amr"`
	ACRS     []string `json:"acrs"`
	AuthTime int64    `json:"auth_time"`
	Name     string   `json:"name"`
	Username string   `json:"preferred_username"`
	Version  string   `json:"ver"`
	Email    string   `json:"email"`
}

func (p relyingParty) redeem(tb testing.TB, code, verifier string) (said, *oauth2.Token) {
	tb.Helper()
	tokens, err := p.config.Exchange(p.context(tb), code, oauth2.VerifierOption(verifier))
	if err != nil {
		tb.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	checked, err := p.verifier.Verify(p.context(tb), raw)
	if err != nil {
		tb.Fatal(err)
	}
	var s said
	if err := checked.Claims(&s); err != nil {
		tb.Fatal(err)
	}
	return s, tokens
}

func TestSignInWithGoOIDC(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	person := newBrowser(t, http.DefaultTransport.(*http.Transport).Clone())
	party := v.relyingParty(t, e.Login, v.customer, e.Client())
	if !strings.HasPrefix(party.config.Endpoint.AuthURL, e.Browser+"/") || !strings.HasPrefix(party.config.Endpoint.TokenURL, e.Login+"/") {
		t.Fatalf("a browser is sent to %s and codes are redeemed at %s", party.config.Endpoint.AuthURL, party.config.Endpoint.TokenURL)
	}

	verifier := oauth2.GenerateVerifier()
	back := person.signIn(t, party.config.AuthCodeURL("the state", oidc.Nonce("the nonce"), oauth2.S256ChallengeOption(verifier)), "Anna Berg", "conto")
	if back.Get("state") != "the state" {
		t.Errorf("state came back as %q", back.Get("state"))
	}
	got, tokens := party.redeem(t, back.Get("code"), verifier)
	if got.Tenant != v.customer.ID.String() || got.Object != v.anna.ID.String() || got.Acct == nil || *got.Acct != 0 || got.Nonce != "the nonce" ||
		got.Name != "Anna Berg" || got.Username != "anna@contoso.example" || got.Email != "anna@contoso.example" || got.Version != "2.0" {
		t.Errorf("the identity token says %+v", got)
	}
	if !slices.Equal(got.AMR, []string{"pwd", "mfa"}) || got.AuthTime != v.clock.Now().Unix() {
		t.Errorf("amr %v, auth_time %d", got.AMR, got.AuthTime)
	}
	if tokens.RefreshToken == "" {
		t.Error("no refresh token, though offline_access was asked for")
	}

	_, err := party.config.Exchange(party.context(t), back.Get("code"), oauth2.VerifierOption(verifier))
	if err == nil || !strings.Contains(err.Error(), "AADSTS54005") {
		t.Errorf("redeeming the code again: %v", err)
	}
}

func TestGuestIsTheHostTenantsObject(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.BrowserOrigin = pages })
	party := v.relyingParty(t, login, v.customer, &http.Client{Transport: v.server.Transport()})
	verifier := oauth2.GenerateVerifier()
	back := newBrowser(t, v.server.Transport()).signIn(t, party.config.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), "James Holt", "raven")
	got, _ := party.redeem(t, back.Get("code"), verifier)
	if got.Tenant != v.customer.ID.String() || got.Object != v.guest.ID.String() || got.Object == v.james.ID.String() {
		t.Errorf("the guest is %s in %s, want %s in the customer's", got.Object, got.Tenant, v.guest.ID)
	}
	if got.Acct == nil || *got.Acct != 1 {
		t.Errorf("acct is %v, want 1 for a guest", got.Acct)
	}
	if !slices.Equal(got.AMR, []string{"pwd"}) {
		t.Errorf("amr is %v", got.AMR)
	}
}

// authorizeURL is a plain authorization request at the customer's authority.
func (v *town) authorizeURL(segment string, change ...string) string {
	q := url.Values{
		"client_id": {v.app.ID.String()}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid profile"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {oauth2.S256ChallengeFromVerifier(testVerifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == "" {
			q.Del(change[i])
		} else {
			q.Set(change[i], change[i+1])
		}
	}
	return pages + "/" + segment + "/oauth2/v2.0/authorize?" + q.Encode()
}

const testVerifier = "a-verifier-of-forty-three-or-more-characters-0123456789"

func TestAuthorizeRefuses(t *testing.T) {
	v := newTown(t)
	single := must(v.customer.AddApp(registry.App{Name: "Inventory", Secret: "x", RedirectURIs: []string{callback}}))(t)
	absent := must(v.partner.AddApp(registry.App{Name: "Not consented", Secret: "x", RedirectURIs: []string{callback}, MultiTenant: true}))(t)
	foreign := must(v.partner.AddApp(registry.App{Name: "Inside", Secret: "x", RedirectURIs: []string{callback}}))(t)
	for _, test := range []struct {
		name     string
		segment  string
		change   []string
		want     string
		onPage   bool // not sent back to the client
		signedIn bool
	}{
		{name: "a tenant nobody has", segment: "nowhere.example", want: "AADSTS90002", onPage: true},
		{name: "an application nobody has", change: []string{"client_id", world.NewID[registry.App]().String()}, want: "AADSTS700016", onPage: true},
		{name: "no application", change: []string{"client_id", ""}, want: "AADSTS900144", onPage: true},
		{name: "a redirect URI that is longer than the registered one", change: []string{"redirect_uri", callback + "/more"}, want: "AADSTS50011", onPage: true},
		{name: "no redirect URI", change: []string{"redirect_uri", ""}, want: "AADSTS900144", onPage: true},
		{name: "the implicit flow", change: []string{"response_type", "token"}, want: "AADSTS700051"},
		{name: "identity tokens without leave", change: []string{"response_type", "id_token", "response_mode", "form_post"}, want: "AADSTS700054", onPage: true},
		{name: "no response type", change: []string{"response_type", ""}, want: "AADSTS900144"},
		{name: "an unknown response mode", change: []string{"response_mode", "pigeon"}, want: "AADSTS900144"},
		{name: "an unknown kind of PKCE", change: []string{"code_challenge_method", "S512"}, want: "AADSTS501491"},
		{name: "a challenge that is no hash", change: []string{"code_challenge", "short"}, want: "AADSTS501491"},
		{name: "an unknown prompt", change: []string{"prompt", "please"}, want: "AADSTS90023"},
		{name: "a max_age that is no number", change: []string{"max_age", "-1"}, want: "AADSTS90014"},
		{name: "two resources", change: []string{"scope", "https://management.azure.com/.default https://graph.microsoft.com/.default"}, want: "AADSTS28000"},
		{name: "an unknown resource", change: []string{"scope", "https://vault.example/.default"}, want: "AADSTS500011"},
		{name: "claims that are no JSON", change: []string{"claims", "{"}, want: "AADSTS1400000"},
		{name: "an application of one tenant, by the shared authority", segment: "organizations", change: []string{"client_id", single.ID.String()}, want: "AADSTS50194"},
		{name: "nobody signed in and no page wanted", change: []string{"prompt", "none"}, want: "AADSTS50058"},
	} {
		t.Run(test.name, func(t *testing.T) {
			segment := test.segment
			if segment == "" {
				segment = v.customer.ID.String()
			}
			got := newBrowser(t, v.server.Transport()).open(t, v.authorizeURL(segment, test.change...))
			if got.refusal() != test.want || (got.sentTo == nil) != test.onPage {
				t.Errorf("refused with %s (back to the client: %v), want %s", got.refusal(), got.sentTo, test.want)
			}
			if got.sentTo != nil && got.sentTo.Query().Get("state") != "s" {
				t.Error("the state was not sent back")
			}
		})
	}
	t.Run("an application of another tenant only", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String(), "client_id", foreign.ID.String())), "James Holt", nil)
		if p = b.press(t, p, "Sign in", url.Values{"password": {"raven"}}); p.refusal() != "AADSTS700016" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
	t.Run("an application that only an administrator can let in", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String(), "client_id", absent.ID.String(), "scope", "Group.Read.All")), "James Holt", nil)
		if p = b.press(t, p, "Sign in", url.Values{"password": {"raven"}}); p.refusal() != "AADSTS90094" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
	t.Run("a wrong password", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String())), "Anna Berg", nil)
		if p = b.press(t, p, "Sign in", url.Values{"password": {"raven"}}); p.refusal() != "AADSTS50126" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
	t.Run("an account that is neither member nor guest", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.partner.ID.String())), "Next", url.Values{"account": {"anna@contoso.example"}})
		if p = b.press(t, p, "Sign in", url.Values{"password": {"conto"}}); p.refusal() != "AADSTS50020" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
	t.Run("a disabled account", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String())), "James Holt", nil)
		james := v.james
		james.Disabled = true
		if err := v.world.SetUser(james); err != nil {
			t.Fatal(err)
		}
		if p = b.press(t, p, "Sign in", url.Values{"password": {"raven"}}); p.refusal() != "AADSTS50057" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
	t.Run("a person who presses Cancel", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		if p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String())), "Cancel", nil); p.refusal() != "AADSTS65004" {
			t.Errorf("refused with %s", p.refusal())
		}
	})
}

func TestBrowserSession(t *testing.T) {
	v := newTown(t)
	b := newBrowser(t, v.server.Transport())
	at := func(change ...string) string { return v.authorizeURL(v.customer.ID.String(), change...) }
	b.signIn(t, at(), "Anna Berg", "conto")

	t.Run("a second sign-in is one click", func(t *testing.T) {
		if p := b.press(t, b.open(t, at()), "Continue as Anna Berg", nil); p.sentTo == nil || p.sentTo.Query().Get("code") == "" {
			t.Errorf("ended at %v", p.sentTo)
		}
	})
	t.Run("or none, when the client wants no page", func(t *testing.T) {
		if p := b.open(t, at("prompt", "none")); p.sentTo == nil || p.sentTo.Query().Get("code") == "" {
			t.Errorf("ended at %v", p.sentTo)
		}
	})
	t.Run("prompt=login asks for the password again, and auth_time is new", func(t *testing.T) {
		v.clock.Move(time.Minute)
		if p := b.open(t, at("prompt", "login")); strings.Contains(p.text, "Continue as") {
			t.Error("the page offers to go on without a password")
		}
		back := b.signIn(t, at("prompt", "login"), "Anna Berg", "conto")
		if got := v.redeemCode(t, back.Get("code")); got.AuthTime != v.clock.Now().Unix() {
			t.Errorf("auth_time is %d, want %d", got.AuthTime, v.clock.Now().Unix())
		}
	})
	t.Run("max_age does so when the sign-in is older", func(t *testing.T) {
		v.clock.Move(5 * time.Minute)
		if p := b.open(t, at("max_age", "400")); !strings.Contains(p.text, "Continue as") {
			t.Error("five minutes are older than 400 seconds")
		}
		if p := b.open(t, at("max_age", "200")); strings.Contains(p.text, "Continue as") {
			t.Error("five minutes are not older than 200 seconds")
		}
	})
	t.Run("a continued session keeps its auth_time", func(t *testing.T) {
		p := b.press(t, b.open(t, at()), "Continue as Anna Berg", nil)
		want := v.clock.Now().Add(-5 * time.Minute).Unix()
		if got := v.redeemCode(t, p.sentTo.Query().Get("code")); got.AuthTime != want {
			t.Errorf("auth_time is %d, want %d", got.AuthTime, want)
		}
	})
	t.Run("the cookie is the emulator's own and out of reach of scripts", func(t *testing.T) {
		address, _ := url.Parse(pages)
		if cookies := b.client.Jar.Cookies(address); len(cookies) != 1 || cookies[0].Name != "emulator_session" {
			t.Errorf("cookies: %v", cookies)
		}
	})
	t.Run("revoked sessions are gone", func(t *testing.T) {
		v.clock.Move(time.Second)
		if err := v.world.RevokeSessions(v.anna.Account()); err != nil {
			t.Fatal(err)
		}
		if p := b.open(t, at("prompt", "none")); p.refusal() != "AADSTS50058" {
			t.Errorf("got %s", p.refusal())
		}
	})
	t.Run("logout ends the session and goes only where an application lives", func(t *testing.T) {
		b.signIn(t, at(), "Anna Berg", "conto")
		if p := b.open(t, pages+"/common/oauth2/v2.0/logout?post_logout_redirect_uri="+url.QueryEscape("https://evil.example/")); p.sentTo != nil {
			t.Errorf("sent to %v", p.sentTo)
		}
		if p := b.open(t, at("prompt", "none")); p.refusal() != "AADSTS50058" {
			t.Errorf("got %s", p.refusal())
		}
	})
}

// redeemCode redeems a code of an authorizeURL request at the customer's authority.
func (v *town) redeemCode(tb testing.TB, code string) said {
	tb.Helper()
	_, body := v.token(tb, v.customer.ID.String(), v.codeForm(code))
	party := v.relyingParty(tb, login, v.customer, &http.Client{Transport: v.server.Transport()})
	checked, err := party.verifier.Verify(party.context(tb), body.IDToken)
	if err != nil {
		tb.Fatalf("%v, %s", err, body.Description)
	}
	var s said
	if err := checked.Claims(&s); err != nil {
		tb.Fatal(err)
	}
	return s
}

func (v *town) codeForm(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {v.app.ID.String()}, "client_secret": {appSecret},
		"code": {code}, "redirect_uri": {callback}, "code_verifier": {testVerifier},
	}
}

func TestStepUp(t *testing.T) {
	v := newTown(t)
	claims := `{"id_token":{"acrs":{"essential":true,"value":"c1"}}}`
	t.Run("an account with two steps gets the authentication context", func(t *testing.T) {
		back := newBrowser(t, v.server.Transport()).signIn(t, v.authorizeURL(v.customer.ID.String(), "claims", claims), "Anna Berg", "conto")
		if got := v.redeemCode(t, back.Get("code")); !slices.Equal(got.ACRS, []string{"c1"}) || !slices.Contains(got.AMR, "mfa") {
			t.Errorf("acrs %v, amr %v", got.ACRS, got.AMR)
		}
	})
	t.Run("an account with one is refused", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String(), "claims", claims)), "James Holt", nil)
		if p = b.press(t, p, "Sign in", url.Values{"password": {"raven"}}); p.refusal() != "AADSTS50079" {
			t.Errorf("got %s", p.refusal())
		}
	})
	t.Run("a second step that was not taken gives nothing", func(t *testing.T) {
		b := newBrowser(t, v.server.Transport())
		p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String())), "Anna Berg", nil)
		p = b.press(t, p, "Sign in", url.Values{"password": {"conto"}})
		if p = b.press(t, p, "it is me", url.Values{"pending": {"made up"}}); p.sentTo != nil {
			t.Errorf("sent to %v", p.sentTo)
		}
		if p := b.open(t, v.authorizeURL(v.customer.ID.String(), "prompt", "none")); p.refusal() != "AADSTS50058" {
			t.Errorf("the password alone made a session: %s", p.refusal())
		}
	})
}

func TestEasySignIn(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.EasySignIn = true })
	b := newBrowser(t, v.server.Transport())
	p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String())), "Sign in as Anna Berg", nil)
	p = b.press(t, p, "it is me", nil)
	if got := v.redeemCode(t, p.sentTo.Query().Get("code")); got.Object != v.anna.ID.String() {
		t.Errorf("signed in as %s", got.Object)
	}
}

func TestFormPost(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.EasySignIn = true })
	b := newBrowser(t, v.server.Transport())
	p := b.press(t, b.open(t, v.authorizeURL(v.customer.ID.String(), "response_mode", "form_post")), "James Holt", nil)
	if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://127.0.0.1:4180") {
		t.Errorf("the page's policy does not let its form reach the client: %s", policy)
	}
	if p = b.press(t, p, "Continue", nil); p.sentTo.Query().Get("code") == "" || p.sentTo.Query().Get("state") != "s" {
		t.Errorf("posted %v", p.sentTo)
	}
}

func TestSharedAuthority(t *testing.T) {
	v := newTown(t)
	for _, shared := range []string{"common", "organizations", "Organizations"} {
		t.Run(shared, func(t *testing.T) {
			back := newBrowser(t, v.server.Transport()).signIn(t, v.authorizeURL(shared), "Anna Berg", "conto")
			got := v.redeemCode(t, back.Get("code"))
			if got.Tenant != v.customer.ID.String() {
				t.Errorf("signed in to %s, want the account's home", got.Tenant)
			}
			_, err := oidc.NewProvider(oidc.ClientContext(t.Context(), &http.Client{Transport: v.server.Transport()}), login+"/"+shared+"/v2.0")
			if err == nil || !strings.Contains(err.Error(), "{tenantid}") {
				t.Errorf("a strict client takes the shared document for an issuer: %v", err)
			}
		})
	}
}

func TestCodeIsBound(t *testing.T) {
	v := newTown(t)
	other := must(v.customer.AddApp(registry.App{Name: "Other", Secret: "other", RedirectURIs: []string{callback}}))(t)
	must(v.customer.AddServicePrincipal(other.ID, csp.ObjectID{}))(t)
	for _, test := range []struct {
		name   string
		tenant string
		change func(url.Values)
		wait   time.Duration
		want   int
	}{
		{name: "to its verifier", change: func(f url.Values) { f.Set("code_verifier", testVerifier+"x") }, want: 501481},
		{name: "to a verifier of legal size", change: func(f url.Values) { f.Del("code_verifier") }, want: 50147},
		{name: "to its redirect URI", change: func(f url.Values) { f.Set("redirect_uri", callback+"/") }, want: 500112},
		{name: "to its client", change: func(f url.Values) { f.Set("client_id", other.ID.String()); f.Set("client_secret", "other") }, want: 9002313},
		{name: "to its tenant", tenant: v.partner.ID.String(), change: func(url.Values) {}, want: 700005},
		{name: "to ten minutes", wait: 11 * time.Minute, change: func(url.Values) {}, want: 70008},
		{name: "to the client's secret", change: func(f url.Values) { f.Set("client_secret", "guess") }, want: 7000215},
		{name: "to there being a secret", change: func(f url.Values) { f.Del("client_secret") }, want: 7000218},
	} {
		t.Run(test.name, func(t *testing.T) {
			back := newBrowser(t, v.server.Transport()).signIn(t, v.authorizeURL(v.customer.ID.String()), "James Holt", "raven")
			v.clock.Move(test.wait)
			form := v.codeForm(back.Get("code"))
			test.change(form)
			tenant := test.tenant
			if tenant == "" {
				tenant = v.customer.ID.String()
			}
			if status, body := v.token(t, tenant, form); len(body.Codes) != 1 || body.Codes[0] != test.want || body.AccessToken != "" || status < 400 {
				t.Errorf("answered %d %v, want %d", status, body.Codes, test.want)
			}
		})
	}
}

func TestRefreshToken(t *testing.T) {
	v := newTown(t)
	signIn := func(t *testing.T, at world.Tenant, account, password string) string {
		t.Helper()
		back := newBrowser(t, v.server.Transport()).signIn(t, v.authorizeURL(at.ID.String(), "scope", "openid offline_access"), account, password)
		_, body := v.token(t, at.ID.String(), v.codeForm(back.Get("code")))
		if body.RefreshToken == "" {
			t.Fatal(body.Description)
		}
		return body.RefreshToken
	}
	renew := func(t *testing.T, in world.Tenant, refresh string) (int, tokenBody) {
		t.Helper()
		return v.token(t, in.ID.String(), url.Values{
			"grant_type": {"refresh_token"}, "client_id": {v.app.ID.String()}, "client_secret": {appSecret},
			"refresh_token": {refresh}, "scope": {audience + "/.default openid"},
		})
	}
	t.Run("serves another tenant where the person is a guest", func(t *testing.T) {
		_, body := renew(t, v.customer, signIn(t, v.partner, "James Holt", "raven"))
		if got := claimsOf(t, v, body.AccessToken); got.Tenant != v.customer.ID.String() || got.Object != v.guest.ID.String() || got.Audience != audience {
			t.Errorf("the token is for %s in %s", got.Object, got.Tenant)
		}
	})
	t.Run("but none where he is nobody", func(t *testing.T) {
		if _, body := renew(t, v.partner, signIn(t, v.customer, "Anna Berg", "conto")); len(body.Codes) != 1 || body.Codes[0] != 50020 {
			t.Errorf("answered %v", body.Codes)
		}
	})
	t.Run("ends after ninety days", func(t *testing.T) {
		refresh := signIn(t, v.partner, "James Holt", "raven")
		v.clock.Move(91 * 24 * time.Hour)
		if _, body := renew(t, v.partner, refresh); len(body.Codes) != 1 || body.Codes[0] != 700082 {
			t.Errorf("answered %v", body.Codes)
		}
	})
	t.Run("ends when sessions are revoked at home", func(t *testing.T) {
		refresh := signIn(t, v.partner, "James Holt", "raven")
		v.clock.Move(time.Second)
		if err := v.world.RevokeSessions(v.james.Account()); err != nil {
			t.Fatal(err)
		}
		if _, body := renew(t, v.customer, refresh); len(body.Codes) != 1 || body.Codes[0] != 50173 {
			t.Errorf("answered %v", body.Codes)
		}
	})
	t.Run("cannot be made up", func(t *testing.T) {
		for _, made := range []string{"x", "AAAA", strings.Repeat("A", 400)} {
			if _, body := renew(t, v.partner, made); len(body.Codes) != 1 || body.Codes[0] != 9002313 {
				t.Errorf("answered %v", body.Codes)
			}
		}
	})
}

func TestClientCredentialsRefuse(t *testing.T) {
	v := newTown(t)
	public := must(v.customer.AddApp(registry.App{Name: "Public"}))(t)
	single := must(v.customer.AddApp(registry.App{Name: "Inventory", Secret: appSecret}))(t)
	good := url.Values{"grant_type": {"client_credentials"}, "client_id": {v.app.ID.String()}, "client_secret": {appSecret}, "scope": {audience + "/.default"}}
	stranger := must(v.world.AddTenant(csp.Tenant{Name: "Fabrikam", DefaultDomain: "fabrikam.example"}))(t)
	for _, test := range []struct {
		name, tenant, field, value string
		status, want               int
	}{
		{"a wrong secret", v.customer.ID.String(), "client_secret", "guess", 401, 7000215},
		{"no secret", v.customer.ID.String(), "client_secret", "", 401, 7000218},
		{"a public client", v.customer.ID.String(), "client_id", public.ID.String(), 401, 700025},
		{"an unknown application", v.customer.ID.String(), "client_id", "latchkey", 400, 700016},
		{"a tenant without the application", stranger.ID.String(), "", "", 400, 700016},
		{"a tenant nobody has", "nowhere.example", "", "", 400, 90002},
		{"the shared authority", "common", "", "", 400, 50059},
		{"a delegated scope", v.customer.ID.String(), "scope", audience + "/user_impersonation", 400, 1002012},
		{"no scope", v.customer.ID.String(), "scope", "", 400, 1002012},
		{"a registration without an account in its own tenant", v.customer.ID.String(), "client_id", single.ID.String(), 400, 7000229},
		{"an unknown resource", v.customer.ID.String(), "scope", "https://vault.example/.default", 400, 500011},
		{"no grant type", v.customer.ID.String(), "grant_type", "", 400, 900144},
		{"an unknown grant type", v.customer.ID.String(), "grant_type", "magic", 400, 70003},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{}
			for name := range good {
				form.Set(name, good.Get(name))
			}
			if test.field != "" {
				form.Set(test.field, test.value)
			}
			status, body := v.token(t, test.tenant, form)
			if status != test.status || len(body.Codes) != 1 || body.Codes[0] != test.want || body.AccessToken != "" {
				t.Errorf("answered %d %v, want %d %d", status, body.Codes, test.status, test.want)
			}
		})
	}
}
