package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
)

// consumers is the tenant of personal Microsoft accounts.
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

// TestForgedTokens covers TH-S1, TH-S3, TH-S5: a token that is wrong in any one
// way lets nobody in and ends the sign-in.
func TestForgedTokens(t *testing.T) {
	s := newScene(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(claim string, value any) func(*token) {
		return func(tok *token) { tok.claims[claim] = value }
	}
	without := func(claim string) func(*token) {
		return func(tok *token) { delete(tok.claims, claim) }
	}
	at := func(claim string, d time.Duration) func(*token) {
		return func(tok *token) { tok.claims[claim] = s.clock.Now().Add(d).Unix() }
	}
	for name, forge := range map[string]func(*token){
		"issuer of another tenant":          set("iss", s.authority.issuer(otherCustomer)),
		"issuer of another host":            set("iss", "https://evil.example/"+customerTenant+"/v2.0"),
		"issuer with a slash more":          set("iss", s.authority.issuer(customerTenant)+"/"),
		"issuer of version 1":               set("iss", "https://sts.windows.net/"+customerTenant+"/"),
		"no issuer":                         without("iss"),
		"audience of another application":   set("aud", "00000003-0000-0000-c000-000000000000"),
		"audience with others":              set("aud", []string{clientID, "somebody-else"}),
		"no audience":                       without("aud"),
		"tenant claim of another customer":  set("tid", otherCustomer),
		"tenant claim of personal accounts": set("tid", consumers),
		"no tenant claim":                   without("tid"),
		"object missing":                    without("oid"),
		"object that is no GUID":            set("oid", "james"),
		"object zero":                       set("oid", "00000000-0000-0000-0000-000000000000"),
		"version 1":                         set("ver", "1.0"),
		"version missing":                   without("ver"),
		"application token":                 set("idtyp", "app"),
		"token of an unknown kind":          set("idtyp", "device"),
		"expired":                           at("exp", -time.Second),
		"expiry missing":                    without("exp"),
		"not valid yet":                     at("nbf", time.Hour),
		"issued in the future":              at("iat", time.Hour),
		"issue time missing":                without("iat"),
		"sign-in lies in the future":        at("auth_time", time.Hour),
		"nonce of another sign-in":          set("nonce", "somebody's"),
		"nonce missing":                     without("nonce"),
		"algorithm none":                    func(tok *token) { tok.header["alg"] = "none"; tok.sign = func(string) []byte { return nil } },
		"algorithm none with a signature":   func(tok *token) { tok.header["alg"] = "none" },
		"HS256 with the public key": func(tok *token) {
			tok.header["alg"] = "HS256"
			tok.sign = hs256WithPublicKey(t, &s.authority.key(customerTenant).PublicKey)
		},
		"RS512": func(tok *token) { tok.header["alg"] = "RS512" },
		"key of another tenant under its id": func(tok *token) {
			tok.header["kid"] = s.authority.keyID(otherCustomer)
			tok.sign = rs256(t, s.authority.key(otherCustomer))
		},
		"key of another tenant under our id": func(tok *token) { tok.sign = rs256(t, s.authority.key(otherCustomer)) },
		"key of nobody":                      func(tok *token) { tok.sign = rs256(t, stranger) },
		"key brought along":                  func(tok *token) { tok.header["jku"] = "https://evil.example/keys"; tok.sign = rs256(t, stranger) },
		"key not named":                      func(tok *token) { delete(tok.header, "kid") },
		"signature missing":                  func(tok *token) { tok.sign = func(string) []byte { return nil } },
	} {
		t.Run(name, func(t *testing.T) {
			clear(s.jar)
			_, err := s.arrive(s.authority.authorize(s.leave(customerTenant, "/", false), forge))
			s.refused(t, err, fault.Unauthenticated)
			if len(s.jar) != 0 {
				t.Error("the sign-in is still on its way")
			}
		})
	}
	if rows := s.sessions.Rows(); len(rows) != 0 {
		t.Errorf("%d sessions were made", len(rows))
	}
}

// refused checks that nobody got in and that the person is told what to do,
// without what the authority or the token said.
func (s *scene) refused(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	public := fault.PublicOf(err)
	if !fault.Is(err, kind) || public == "" {
		t.Errorf("error %v, want kind %v with a sentence", err, kind)
	}
	for _, secret := range []string{"canary", jamesObject, customerTenant, clientSecret, "oidc:"} {
		if strings.Contains(public, secret) {
			t.Errorf("the sentence gives away %q: %s", secret, public)
		}
	}
	if s.caller().SignedIn() {
		t.Error("somebody is signed in")
	}
}

// TestConfusedFlows covers TH-S4: answers that belong to another sign-in.
func TestConfusedFlows(t *testing.T) {
	t.Run("a replayed answer finds no sign-in on its way", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		if _, err := s.arrive(back); err != nil {
			t.Fatal(err)
		}
		before := s.caller().Session
		if _, err := s.arrive(back); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("error %v", err)
		}
		if s.caller().Session != before {
			t.Error("the replay made a session")
		}
	})
	t.Run("a replayed answer with a kept cookie finds its code used", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		stolen := maps.Clone(s.jar)
		if _, err := s.arrive(back); err != nil {
			t.Fatal(err)
		}
		s.jar = stolen
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("a swapped state is refused", func(t *testing.T) {
		s := newScene(t)
		theirs := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		clear(s.jar) // another browser
		s.leave(customerTenant, "/", false)
		_, err := s.arrive(theirs)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("a good code under another state is refused", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		q := back.Query()
		q.Set("state", q.Get("state")+"X")
		back.RawQuery = q.Encode()
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("an answer without a cookie is refused", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		clear(s.jar)
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("another sign-in's code is refused", func(t *testing.T) {
		s := newScene(t)
		theirs := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		ours := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		q := ours.Query()
		q.Set("code", theirs.Query().Get("code"))
		ours.RawQuery = q.Encode()
		_, err := s.arrive(ours)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("another tenant's code is refused", func(t *testing.T) {
		s := newScene(t)
		theirs := s.authority.authorize(s.leave(otherCustomer, "/", false), nil)
		ours := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		q := ours.Query()
		q.Set("code", theirs.Query().Get("code"))
		ours.RawQuery = q.Encode()
		_, err := s.arrive(ours)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("an answer naming another issuer is refused", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		q := back.Query()
		q.Set("iss", s.authority.issuer(otherCustomer))
		back.RawQuery = q.Encode()
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("an answer after ten minutes is refused", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		s.clock.Move(11 * time.Minute)
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("a cookie with one bit changed is refused", func(t *testing.T) {
		s := newScene(t)
		back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
		for name, value := range s.jar {
			s.jar[name] = value[:40] + string(value[40]^1) + value[41:]
		}
		_, err := s.arrive(back)
		s.refused(t, err, fault.Unauthenticated)
	})
	t.Run("nobody signs in at a tenant that is not served", func(t *testing.T) {
		s := newScene(t)
		for _, tenant := range []csp.TenantID{{}, csp.MustParseID[csp.Tenant](consumers), csp.MustParseID[csp.Tenant](jamesObject)} {
			if _, _, err := s.door.Begin(t.Context(), tenant, "/", false); !fault.Is(err, fault.NotFound) {
				t.Errorf("%v: error %v", tenant, err)
			}
		}
	})
}

func TestWhatTheAuthorityDoesWrong(t *testing.T) {
	answer := func(code, description string) func(*url.URL) {
		return func(back *url.URL) {
			q := back.Query()
			q.Del("code")
			q.Set("error", code)
			q.Set("error_description", description)
			back.RawQuery = q.Encode()
		}
	}
	for name, c := range map[string]struct {
		before func(*authority)
		change func(*url.URL)
		kind   fault.Kind
		says   string
	}{
		"the person stops":            {change: answer("access_denied", "AADSTS65004: User declined. canary"), kind: fault.Unauthenticated, says: "You stopped"},
		"not assigned":                {change: answer("invalid_grant", "AADSTS50105: canary"), kind: fault.Denied, says: "assign you"},
		"no consent yet":              {change: answer("unauthorized_client", "AADSTS700016: canary"), kind: fault.Denied, says: "consent"},
		"a code nobody foresaw":       {change: answer("invalid_request", "AADSTS900144: canary <script>"), kind: fault.Upstream, says: "AADSTS900144"},
		"an error without a number":   {change: answer("weird<script>", "canary"), kind: fault.Upstream, says: "refused"},
		"trouble on its side":         {change: answer("server_error", "canary"), kind: fault.Unavailable, says: "try again"},
		"no code at all":              {change: func(u *url.URL) { q := u.Query(); q.Del("code"); u.RawQuery = q.Encode() }, kind: fault.Unauthenticated, says: "again"},
		"token endpoint down":         {before: func(a *authority) { a.down = true }, kind: fault.Unavailable, says: "try again"},
		"token endpoint redirects":    {before: func(a *authority) { a.redirect = "https://evil.example/" }, kind: fault.Unavailable, says: "try again"},
		"our credential not accepted": {before: func(a *authority) { a.tokenFail = "invalid_client" }, kind: fault.Upstream, says: "operator"},
		"code used up":                {before: func(a *authority) { a.tokenFail = "invalid_grant" }, kind: fault.Unauthenticated, says: "again"},
		"key published for another tenant": {before: func(a *authority) {
			a.keyEntry = func(k map[string]any) { k["issuer"] = a.issuer(otherCustomer) }
		}, kind: fault.Unavailable, says: "cannot be verified"},
		"key published for encryption": {before: func(a *authority) {
			a.keyEntry = func(k map[string]any) { k["use"] = "enc" }
		}, kind: fault.Unavailable, says: "cannot be verified"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			back := s.authority.authorize(s.leave(customerTenant, "/", false), nil)
			if c.change != nil {
				c.change(back)
			}
			if c.before != nil {
				c.before(s.authority)
			}
			_, err := s.arrive(back)
			s.refused(t, err, c.kind)
			if public := fault.PublicOf(err); !strings.Contains(public, c.says) {
				t.Errorf("says %q, want %q in it", public, c.says)
			}
		})
	}
	for name, change := range map[string]func(map[string]any){
		"a document of another issuer": func(d map[string]any) { d["issuer"] = "https://evil.example/v2.0" },
		"a document of another tenant": func(d map[string]any) {
			d["issuer"] = strings.ReplaceAll(d["issuer"].(string), customerTenant, otherCustomer)
		},
		"a token endpoint elsewhere": func(d map[string]any) { d["token_endpoint"] = "https://evil.example/token" },
		"a plain token endpoint": func(d map[string]any) {
			d["token_endpoint"] = strings.Replace(d["token_endpoint"].(string), "https", "http", 1)
		},
		"keys elsewhere":                       func(d map[string]any) { d["jwks_uri"] = "https://evil.example/keys" },
		"a sign-in page elsewhere":             func(d map[string]any) { d["authorization_endpoint"] = "https://evil.example/authorize" },
		"a sign-in page in plain http outside": func(d map[string]any) { d["authorization_endpoint"] = "http://evil.example/authorize" },
		"a sign-in page that is a script":      func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
	} {
		t.Run(name+" is not believed", func(t *testing.T) {
			s := newScene(t)
			s.authority.document = change
			_, _, err := s.door.Begin(t.Context(), csp.MustParseID[csp.Tenant](customerTenant), "/", false)
			s.refused(t, err, fault.Unavailable)
		})
	}
}
