package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/signin"
	"latchkey/internal/signin/signintest"
)

const (
	partnerTenant  = "11111111-0000-4000-8000-000000000001"
	customerTenant = "22222222-0000-4000-8000-000000000002"
	otherCustomer  = "33333333-0000-4000-8000-000000000003"
	jamesObject    = "aaaaaaaa-0000-4000-8000-00000000000a"
)

// scene is a door with an authority behind it and a browser in front of it.
type scene struct {
	t         *testing.T
	clock     *clock.Movable
	authority *authority
	sessions  *signintest.Sessions
	door      *signin.Door
	options   signin.Options
	jar       map[string]string // the browser's cookies
}

func newScene(t *testing.T, change ...func(*signin.Options)) *scene {
	t.Helper()
	s := &scene{t: t, clock: new(clock.Movable), sessions: new(signintest.Sessions), jar: map[string]string{}}
	s.authority = newAuthority(t, s.clock)
	base, err := url.Parse("https://latchkey.partner.example")
	if err != nil {
		t.Fatal(err)
	}
	options := signin.Options{
		BaseURL: base, Authority: s.authority.URL, ClientID: clientID, ClientSecret: clientSecret,
		Estate: &jit.Estate{
			Partner: csp.Tenant{ID: csp.MustParseID[csp.Tenant](partnerTenant)},
			Customers: []jit.Customer{
				{Tenant: csp.Tenant{ID: csp.MustParseID[csp.Tenant](customerTenant)}},
				{Tenant: csp.Tenant{ID: csp.MustParseID[csp.Tenant](otherCustomer)}},
			},
		},
		Key: [32]byte{1}, Client: s.authority.Client(), Sessions: s.sessions, Clock: s.clock,
	}
	for _, c := range change {
		c(&options)
	}
	s.options = options
	if s.door, err = signin.New(options); err != nil {
		t.Fatal(err)
	}
	return s
}

// request is the browser asking for a page.
func (s *scene) request(target string) *http.Request {
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, target, nil)
	for name, value := range s.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// keep is the browser obeying Set-Cookie.
func (s *scene) keep(cookies ...*http.Cookie) {
	for _, c := range cookies {
		if c.MaxAge < 0 {
			delete(s.jar, c.Name)
			continue
		}
		s.jar[c.Name] = c.Value
	}
}

// leave begins a sign-in and says where the browser was sent.
func (s *scene) leave(tenant, returnTo string, fresh bool) string {
	s.t.Helper()
	address, cookie, err := s.door.Begin(s.t.Context(), csp.MustParseID[csp.Tenant](tenant), returnTo, fresh)
	if err != nil {
		s.t.Fatal(err)
	}
	s.keep(cookie)
	return address
}

// arrive completes a sign-in.
func (s *scene) arrive(back *url.URL) (string, error) {
	returnTo, cookies, err := s.door.Complete(s.request(back.String()))
	s.keep(cookies...)
	return returnTo, err
}

// signIn does the whole round.
func (s *scene) signIn(tenant string, forge func(*token)) {
	s.t.Helper()
	if _, err := s.arrive(s.authority.authorize(s.leave(tenant, "/", false), forge)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) caller() jit.Caller {
	s.t.Helper()
	c, err := s.door.Caller(s.request("/"))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestSigningInSaysWhoIsAskingAndReturnsToThePage(t *testing.T) {
	s := newScene(t)
	if s.caller().SignedIn() {
		t.Fatal("somebody is signed in before anybody signed in")
	}
	address := s.leave(customerTenant, "/decide/ABC?x=1", false)
	if want := s.authority.URL + "/" + customerTenant + "/oauth2/v2.0/authorize?"; !strings.HasPrefix(address, want) {
		t.Errorf("sent to %s, want %s...", address, want)
	}
	q, _ := url.Parse(address)
	if got := q.Query().Get("redirect_uri"); got != "https://latchkey.partner.example/sign-in/callback" {
		t.Errorf("redirect_uri %q", got)
	}
	returnTo, err := s.arrive(s.authority.authorize(address, func(tok *token) { tok.claims["amr"] = []string{"pwd", "mfa"} }))
	if err != nil || returnTo != "/decide/ABC?x=1" {
		t.Fatalf("Complete: %q, %v", returnTo, err)
	}
	got := s.caller()
	if want := (jit.Account{Tenant: csp.MustParseID[csp.Tenant](customerTenant), Object: csp.MustParseID[csp.Principal](jamesObject)}); got.Account != want {
		t.Errorf("account %v, want %v", got.Account, want)
	}
	if got.Name != "James Okoro" || got.Guest || !got.SecondFactor || got.SignedAt.IsZero() || got.Session == "" || got.Address != "192.0.2.1" {
		t.Errorf("caller %+v", got)
	}
	if len(s.jar) != 1 {
		t.Errorf("after signing in the browser keeps %d cookies, want the session alone", len(s.jar))
	}
}

func TestWhatTheTenantSaysAboutGuestsAndFactors(t *testing.T) {
	guestOf := func(tenant string, acct any) func(*testing.T) bool {
		return func(t *testing.T) bool {
			s := newScene(t)
			s.signIn(tenant, func(tok *token) {
				delete(tok.claims, "acct")
				if acct != nil {
					tok.claims["acct"] = acct
				}
			})
			return s.caller().Guest
		}
	}
	for name, c := range map[string]struct {
		guest func(*testing.T) bool
		want  bool
	}{
		"acct 0 at a customer is a member":       {guestOf(customerTenant, 0), false},
		"acct 0 as text is a member":             {guestOf(customerTenant, "0"), false},
		"acct 1 at a customer is a guest":        {guestOf(customerTenant, 1), true},
		"acct absent at a customer is a guest":   {guestOf(customerTenant, nil), true},
		"acct of an unknown sort is a guest":     {guestOf(customerTenant, []int{0}), true},
		"acct empty is a guest":                  {guestOf(customerTenant, ""), true},
		"acct absent at the partner is a member": {guestOf(partnerTenant, nil), false},
		"acct 1 at the partner is a guest":       {guestOf(partnerTenant, 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.guest(t); got != c.want {
				t.Errorf("guest = %v, want %v", got, c.want)
			}
		})
	}
	factor := func(claim string, value any) func(t *testing.T) {
		return func(t *testing.T) {
			s := newScene(t)
			s.signIn(customerTenant, func(tok *token) { tok.claims[claim] = value })
			if !s.caller().SecondFactor {
				t.Error("the second factor was not seen")
			}
		}
	}
	t.Run("amr with mfa is a second factor", factor("amr", []string{"pwd", "mfa"}))
	t.Run("acrs with the context is a second factor", factor("acrs", []string{"c1"}))
	t.Run("acrs as a single text is read too", factor("acrs", "c1"))
	t.Run("neither is none", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, func(tok *token) { tok.claims["acrs"] = []string{"c2"} })
		if s.caller().SecondFactor {
			t.Error("a second factor out of nothing")
		}
	})
	t.Run("a mail address changes nothing", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, func(tok *token) {
			tok.claims["email"], tok.claims["upn"], tok.claims["email_verified"] = "boss@customer.example", "boss@customer.example", true
		})
		if got := s.caller().Account.Object.String(); got != jamesObject {
			t.Errorf("object %s", got)
		}
	})
}

func TestAFreshSignInDemandsProofMadeNow(t *testing.T) {
	s := newScene(t)
	address := s.leave(customerTenant, "/", true)
	u, _ := url.Parse(address)
	if q := u.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" || q.Get("claims") != `{"id_token":{"acrs":{"essential":true,"value":"c1"}}}` {
		t.Errorf("a fresh sign-in asks for %v", u.Query())
	}
	if _, err := s.arrive(s.authority.authorize(address, nil)); err != nil {
		t.Error(err)
	}
	for name, forge := range map[string]func(*token){
		"no auth_time":  func(tok *token) { delete(tok.claims, "auth_time") },
		"old auth_time": func(tok *token) { tok.claims["auth_time"] = s.clock.Now().Add(-time.Hour).Unix() },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := s.arrive(s.authority.authorize(s.leave(customerTenant, "/", true), forge)); !fault.Is(err, fault.Unauthenticated) || fault.PublicOf(err) == "" {
				t.Errorf("error %v", err)
			}
		})
		t.Run(name+" does for an ordinary sign-in", func(t *testing.T) {
			s.signIn(customerTenant, forge)
			if at := s.caller().SignedAt; s.clock.Now().Sub(at) < time.Hour {
				t.Errorf("signed in at %v counts as fresh", at)
			}
		})
	}
}

func TestAnUnreachableAuthorityIsTriedAgainByTheNextPerson(t *testing.T) {
	s := newScene(t)
	s.authority.down = true
	if _, _, err := s.door.Begin(t.Context(), csp.MustParseID[csp.Tenant](customerTenant), "/", false); !fault.Is(err, fault.Unavailable) || fault.PublicOf(err) == "" {
		t.Fatalf("error %v", err)
	}
	s.authority.down = false
	s.signIn(customerTenant, nil)
	s.signIn(customerTenant, nil)
	for path, n := range s.authority.asked {
		if strings.HasSuffix(path, "openid-configuration") && n != 2 {
			t.Errorf("the document was asked for %d times, want 2: once in vain, once to keep", n)
		}
		if strings.HasSuffix(path, "keys") && n != 1 {
			t.Errorf("the keys were asked for %d times, want 1", n)
		}
	}
	t.Run("rolled keys are read again", func(t *testing.T) {
		s.authority.roll(customerTenant)
		s.signIn(customerTenant, nil)
	})
	t.Run("keys grow old", func(t *testing.T) {
		before := s.authority.asked["/"+customerTenant+"/discovery/v2.0/keys"]
		s.clock.Move(61 * time.Minute)
		s.signIn(customerTenant, nil)
		if after := s.authority.asked["/"+customerTenant+"/discovery/v2.0/keys"]; after != before+1 {
			t.Errorf("asked %d times more, want 1", after-before)
		}
	})
}

func TestOptionsThatCannotBeSafeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*signin.Options){
		"plain authority":          func(o *signin.Options) { o.Authority = "http://login.example" },
		"authority with a tenant":  func(o *signin.Options) { o.Authority = "https://login.example/common" },
		"plain base URL elsewhere": func(o *signin.Options) { o.BaseURL = &url.URL{Scheme: "http", Host: "latchkey.example"} },
		"no key":                   func(o *signin.Options) { o.Key = [32]byte{} },
		"no credential":            func(o *signin.Options) { o.ClientSecret = "" },
		"no client id":             func(o *signin.Options) { o.ClientID = "" },
	} {
		t.Run(name, func(t *testing.T) {
			o := signin.Options{
				BaseURL: &url.URL{Scheme: "https", Host: "l.example"}, Authority: "https://login.example", ClientID: "x", ClientSecret: "s",
				Estate: &jit.Estate{}, Key: [32]byte{1}, Client: http.DefaultClient, Sessions: new(signintest.Sessions), Clock: clock.System(),
			}
			if _, err := signin.New(o); err != nil {
				t.Fatal(err)
			}
			change(&o)
			if _, err := signin.New(o); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}
