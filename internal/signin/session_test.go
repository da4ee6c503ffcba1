package signin_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/signin"
)

func TestSessionsEnd(t *testing.T) {
	t.Run("after a quarter of an hour without use", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		s.clock.Move(14*time.Minute + 59*time.Second)
		if !s.caller().SignedIn() {
			t.Fatal("ended too early")
		}
		s.clock.Move(15 * time.Minute)
		if s.caller().SignedIn() {
			t.Error("still signed in")
		}
	})
	t.Run("after eight hours however busy", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		for range 47 {
			s.clock.Move(10 * time.Minute)
			if !s.caller().SignedIn() {
				t.Fatal("ended too early")
			}
		}
		s.clock.Move(10*time.Minute + time.Second)
		if s.caller().SignedIn() {
			t.Error("still signed in")
		}
	})
	t.Run("although a page keeps refreshing itself", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		for range 8 {
			s.clock.Move(2 * time.Minute)
			r := s.request("/")
			r.Header.Set(signin.BackgroundHeader, "1")
			if _, err := s.door.Caller(r); err != nil {
				t.Fatal(err)
			}
		}
		if s.caller().SignedIn() {
			t.Error("still signed in")
		}
	})
	t.Run("with signing out, for whoever kept the cookie too", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		stolen := maps.Clone(s.jar)
		cookies, err := s.door.Leave(s.request("/"))
		if err != nil {
			t.Fatal(err)
		}
		s.keep(cookies...)
		if len(s.jar) != 0 {
			t.Error("the browser keeps a cookie")
		}
		s.jar = stolen
		if s.caller().SignedIn() {
			t.Error("still signed in")
		}
		if len(s.sessions.Rows()) != 0 {
			t.Error("the store keeps a row")
		}
	})
	t.Run("when the same browser signs in again", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		before := maps.Clone(s.jar)
		s.signIn(otherCustomer, nil)
		if after := s.caller(); after.Account.Tenant.String() != otherCustomer {
			t.Errorf("signed in at %v", after.Account.Tenant)
		}
		s.jar = before
		if s.caller().SignedIn() {
			t.Error("the session before still works")
		}
	})
	t.Run("when the clock is set back before their beginning", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		s.clock.Move(-time.Hour)
		if s.caller().SignedIn() {
			t.Error("still signed in")
		}
	})
}

func TestSessionsAreNotWrittenAtEveryLook(t *testing.T) {
	s := newScene(t)
	s.signIn(customerTenant, nil)
	before := s.sessions.Puts()
	for range 10 {
		s.caller()
	}
	if n := s.sessions.Puts() - before; n != 0 {
		t.Errorf("%d writes for looks within a minute", n)
	}
	s.clock.Move(2 * time.Minute)
	s.caller()
	s.caller()
	if n := s.sessions.Puts() - before; n != 1 {
		t.Errorf("%d writes after two minutes, want 1", n)
	}
}

func TestASessionCannotBeGuessedFixedOrForged(t *testing.T) {
	t.Run("an id brought along is not taken over", func(t *testing.T) {
		s := newScene(t)
		fixed := strings.Repeat("A", 43)
		s.jar["__Host-latchkey"] = fixed
		s.signIn(customerTenant, nil)
		if s.jar["__Host-latchkey"] == fixed {
			t.Error("the session has the id the browser brought")
		}
	})
	t.Run("the store holds neither the id nor the name", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		for digest, body := range s.sessions.Rows() {
			if digest == s.jar["__Host-latchkey"] || len(digest) != 64 {
				t.Errorf("key %q", digest)
			}
			if bytes.Contains(body, []byte("James")) || bytes.Contains(body, []byte(jamesObject)) {
				t.Errorf("the body is readable: %s", body)
			}
		}
	})
	t.Run("bodies swapped in the store open for nobody", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		first := maps.Clone(s.jar)
		digest := s.caller().Session
		clear(s.jar)
		s.signIn(otherCustomer, nil)
		s.sessions.Swap(digest, s.caller().Session)
		if s.caller().SignedIn() {
			t.Error("the second session reads the first one's body")
		}
		s.jar = first
		if s.caller().SignedIn() {
			t.Error("the first session reads the second one's body")
		}
	})
	t.Run("cookies of another shape are nobody", func(t *testing.T) {
		s := newScene(t)
		for _, value := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 100_000), "../../etc", strings.Repeat("é", 43)} {
			s.jar["__Host-latchkey"] = value
			if s.caller().SignedIn() {
				t.Errorf("%.20q is signed in", value)
			}
		}
	})
	t.Run("a session of a tenant no longer served is nobody's", func(t *testing.T) {
		s := newScene(t)
		s.signIn(customerTenant, nil)
		jar := s.jar
		without := newScene(t, func(o *signin.Options) {
			o.Sessions = s.sessions
			o.Estate.Customers = slices.DeleteFunc(o.Estate.Customers, func(c jit.Customer) bool { return c.Tenant.ID.String() == customerTenant })
		})
		without.jar = jar
		if without.caller().SignedIn() {
			t.Error("still signed in")
		}
	})
}

func TestAStoreThatCannotBeAskedIsNotTakenForNobody(t *testing.T) {
	s := newScene(t)
	s.signIn(customerTenant, nil)
	broken := errors.New("disk on fire")
	s.sessions.Fail(broken)
	if _, err := s.door.Caller(s.request("/")); !errors.Is(err, broken) {
		t.Errorf("Caller: %v", err)
	}
	if _, err := s.door.Leave(s.request("/")); !errors.Is(err, broken) {
		t.Errorf("Leave: %v", err)
	}
	back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
	if _, err := s.arrive(back); !errors.Is(err, broken) {
		t.Errorf("Complete: %v", err)
	}
}

func TestCookiesAreAsStrictAsTheyCanBe(t *testing.T) {
	look := func(t *testing.T, s *scene, prefix string, secure bool) {
		address, flow, err := s.door.Begin(t.Context(), csp.MustParseID[csp.Tenant](customerTenant), "/", false)
		if err != nil {
			t.Fatal(err)
		}
		s.keep(flow)
		_, cookies, err := s.door.Complete(s.request(s.authority.authorize(address, nil).String()))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(cookies, flow) {
			if !strings.HasPrefix(c.Name, prefix) || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie %s", c)
			}
			if len(c.String()) > 4000 {
				t.Errorf("cookie of %d bytes", len(c.String()))
			}
		}
	}
	t.Run("https", func(t *testing.T) { look(t, newScene(t), "__Host-latchkey", true) })
	t.Run("plain http on loopback", func(t *testing.T) {
		look(t, newScene(t, func(o *signin.Options) { o.BaseURL = &url.URL{Scheme: "http", Host: "127.0.0.1:8080"} }), "latchkey", false)
	})
}

// openRedirects are addresses that some browser reads as another host.
var openRedirects = []string{
	"https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
	"/\t/evil.example", "/\n/evil.example", "/%0d%0aLocation:%20https://evil.example", "/%09/evil.example", "/%5cevil.example", "/%2f/evil.example", "/%2f%2fevil.example",
	"javascript:alert(1)", "data:text/html,x", "http:evil.example", "@evil.example", "/@evil.example//", "/..//evil.example", "/./evil", "/a/../../b",
	"?x", "#x", "/a#b", "evil", " /a", "/a b", "/a\x00", "/é", "/\u202egpj", "/;x", strings.Repeat("/a", 300),
}

func TestReturningGoesToThisPortalOnly(t *testing.T) {
	s := newScene(t)
	for _, target := range openRedirects {
		if _, _, err := s.door.Begin(t.Context(), csp.MustParseID[csp.Tenant](customerTenant), target, false); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
			t.Errorf("%.40q: error %v", target, err)
		}
	}
	for target, want := range map[string]string{
		"": "/", "/": "/", "/decide/ABC": "/decide/ABC", "/audit?verb=a&q=b%20c": "/audit?verb=a&q=b%20c",
		"/sign-in?tenant=x": "/", "/sign-in/callback": "/", "/sign-out": "/",
	} {
		if got, ok := signin.LocalPath(target); !ok || got != want {
			t.Errorf("LocalPath(%q) = %q, %v", target, got, ok)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range append(openRedirects, "/", "/decide/ABC?x=1") {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "latchkey.example"}
	f.Fuzz(func(t *testing.T, s string) {
		path, ok := signin.LocalPath(s)
		if !ok {
			return
		}
		u, err := base.Parse(path)
		if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || strings.ContainsAny(path, "\\\r\n\t\x00 ") || strings.HasPrefix(u.Path, "//") {
			t.Errorf("%q leads to %v (%v)", s, u, err)
		}
		// Browsers drop tabs and line breaks and read backslashes as slashes.
		if unescaped, err := url.PathUnescape(path); err == nil && strings.HasPrefix(strings.ReplaceAll(unescaped, "\\", "/"), "//") {
			t.Errorf("%q is another host once unescaped", s)
		}
	})
}
