package web_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/web"
)

// routeCase fills in one line of the inventory: where it is called, by whom, with
// what, and what comes of it.
type routeCase struct {
	path   string
	who    string
	fields url.Values
	status int
	form   string // page that shows the form of a POST
}

// cases has one case per route. The test below fails for a route without one.
func cases(s *scene) map[string]routeCase {
	r := s.ask()
	second := s.ask()
	granted := s.ask(func(r *jit.Request) { r.State = jit.Approved })
	s.service.grants[granted.ID] = jit.Grant{ID: jit.GrantID(text26("GRANT", 9)), Request: granted.ID, Engineer: "james", Customer: contosoID, State: jit.Active, Begins: now, Ends: now.Add(3600e9)}
	link, other := "/decide/"+s.linkOf(r), "/decide/"+s.linkOf(second)
	request, ask := "/requests/"+string(r.ID), "/ask/"+contosoID.String()
	enrol := "/enrol/" + text26("ENROL", 0)
	return map[string]routeCase{
		"GET /{$}":                          {path: "/", status: 200},
		"GET /":                             {path: "/no/such/page", status: 404},
		"GET /sign-in":                      {path: "/sign-in?tenant=" + partnerID.String(), status: 302},
		"GET /sign-in/callback":             {path: "/sign-in/callback?code=dana", status: 303},
		"POST /sign-out":                    {path: "/sign-out", who: "james", status: 303, form: "/"},
		"GET /ask":                          {path: "/ask", who: "james", status: 200},
		"GET /ask/{tenant}":                 {path: ask, who: "james", status: 200},
		"POST /ask/{tenant}":                {path: ask, who: "james", status: 303, form: ask, fields: url.Values{"group": {"rg-avd"}, "role": {roleID.String()}, "reason": {"Session hosts hang."}}},
		"GET /requests/{request}":           {path: request, who: "james", status: 200},
		"POST /requests/{request}/withdraw": {path: request + "/withdraw", who: "james", status: 303, form: request},
		"POST /grants/{grant}/end":          {path: "/grants/" + text26("GRANT", 9) + "/end", who: "james", status: 303, form: "/requests/" + string(granted.ID)},
		"GET /inbox":                        {path: "/inbox", who: "dana", status: 200},
		"GET /decide/{link}":                {path: link, status: 200},
		"POST /decide/{link}/approve":       {path: link + "/approve", status: 200, form: link, fields: url.Values{"number": {" 314 159 "}}},
		"POST /decide/{link}/decline":       {path: other + "/decline", status: 200, form: other, fields: url.Values{"number": {theNumber}}},
		"GET /enrol/{link}":                 {path: enrol, status: 200},
		"POST /enrol/{link}":                {path: enrol, who: "member", status: 303, form: enrol, fields: url.Values{"number": {theNumber}}},
		"GET /log":                          {path: "/log", who: "priya", status: 200},
	}
}

func TestEveryRouteHasItsCaseAndWorks(t *testing.T) {
	s := newScene(t)
	all := cases(s)
	// The link's answer and the withdrawal are about the same request; the answer
	// goes last.
	for _, r := range append(web.Routes(), web.Route{}) {
		name := r.Method + " " + r.Path
		c, ok := all[name]
		if r.Method == "" || name == "POST /requests/{request}/withdraw" {
			continue
		}
		if !ok {
			t.Errorf("route %s has no case", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := s.as(c.who)
			b.t = t
			var got *page
			if r.Method == http.MethodGet {
				got = b.get(c.path)
			} else {
				got = b.submit(b.get(c.form), c.path, c.fields)
			}
			if got.status != c.status {
				t.Errorf("status %d, want %d:\n%s", got.status, c.status, textOf(got.root))
			}
		})
	}
	t.Run("POST /requests/{request}/withdraw", func(t *testing.T) {
		fresh := newScene(t)
		c := cases(fresh)["POST /requests/{request}/withdraw"]
		b := fresh.as(c.who)
		b.submit(b.get(c.form), c.path, nil).leads(fresh.server.URL, strings.TrimSuffix(c.path, "/withdraw")+"?done=withdrawn")
	})
}

// TestNothingButAFormChangesAnything calls every address with GET and HEAD, as
// everybody, against a heart that fails the test when it is written to (C2.6).
func TestNothingButAFormChangesAnything(t *testing.T) {
	s := newScene(t)
	all := cases(s)
	s.service.frozen = true
	for _, who := range []string{"", "james", "priya", "dana", "guest", "member", "other"} {
		b := s.as(who)
		for name, c := range all {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				p := b.do(b.request(method, c.path, nil))
				if p.status >= 500 {
					t.Errorf("%s %s as %q: status %d", method, c.path, who, p.status)
				}
				if strings.HasPrefix(name, "POST") && method == http.MethodGet && !strings.HasPrefix(name, "POST /ask") && !strings.HasPrefix(name, "POST /enrol") {
					p.says(http.StatusMethodNotAllowed, "Nothing was changed")
					if p.header.Get("Allow") != http.MethodPost {
						t.Errorf("%s: Allow is %q", c.path, p.header.Get("Allow"))
					}
				}
			}
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		if p := s.as("james").do(s.as("james").request(method, "/ask", nil)); p.status != http.StatusNotFound && p.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, p.status)
		}
	}
}

// TestFormsPassOnlyFromOurOwnPages covers TH-E4 for every POST of the inventory.
func TestFormsPassOnlyFromOurOwnPages(t *testing.T) {
	for _, r := range web.Routes() {
		if r.Method != http.MethodPost {
			continue
		}
		t.Run(r.Path, func(t *testing.T) {
			s := newScene(t)
			c := cases(s)["POST "+r.Path]
			b := s.as(c.who)
			shown := b.get(c.form)
			input := shown.find(`form[action="` + c.path + `"] input[name="_form"]`)
			if input == nil {
				t.Fatalf("no form to %s:\n%s", c.path, shown.body)
			}
			fields := url.Values{"_form": {attribute(input, "value")}}
			maps.Copy(fields, c.fields)
			s.service.frozen = true
			refused := func(what string, status int, p *page) {
				t.Helper()
				if p.status != status {
					t.Errorf("%s: status %d, want %d", what, p.status, status)
				}
			}
			refused("no token", 403, b.post(c.path, url.Values{}))
			refused("a made-up token", 403, b.post(c.path, url.Values{"_form": {"x"}}))
			for _, f := range shown.all(`form[method="post"]`) {
				if attribute(f, "action") != c.path {
					other := (&page{root: f}).find(`input[name="_form"]`)
					refused("the token of another form on the page", 403, b.post(c.path, url.Values{"_form": {attribute(other, "value")}}))
				}
			}
			refused("another visitor", 403, s.as("kim").post(c.path, fields))
			refused("another site by Sec-Fetch-Site", 403, b.post(c.path, fields, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }))
			refused("another site by Origin", 403, b.post(c.path, fields, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }))
			refused("JSON", 422, b.post(c.path, fields, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }))
			refused("multipart", 422, b.post(c.path, fields, func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }))
			large := url.Values{"_form": fields["_form"], "note": {strings.Repeat("x", 100_000)}}
			refused("100 kB", 422, b.post(c.path, large))
			query := b.request(http.MethodPost, c.path+"?"+fields.Encode(), nil)
			query.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			refused("the token in the address", 403, b.do(query))
		})
	}
}

func TestPagesForWhoIsSignedInAskOthersToSignIn(t *testing.T) {
	s := newScene(t)
	all := cases(s)
	for _, r := range web.Routes() {
		if !r.SignedIn || r.Method != http.MethodGet {
			continue
		}
		p := s.as("").get(all["GET "+r.Path].path)
		p.says(http.StatusUnauthorized, "Please sign in")
		if a := p.find(`a[href^="/sign-in?"]`); a == nil || !strings.Contains(attribute(a, "href"), url.QueryEscape(all["GET "+r.Path].path)) {
			t.Errorf("%s: no way to sign in and come back", r.Path)
		}
	}
}

// TestNobodySeesWhatIsNotHis asks for everything of James's as everybody else;
// what is foreign looks the same as what is missing (TH-I4).
func TestNobodySeesWhatIsNotHis(t *testing.T) {
	s := newScene(t)
	r := s.ask()
	missing := "/requests/" + text26("NONE", 0)
	for _, who := range []string{"kim", "guest", "member", "other"} {
		b := s.as(who)
		foreign, none := b.get("/requests/"+string(r.ID)), b.get(missing)
		if foreign.status != http.StatusNotFound || none.status != http.StatusNotFound {
			t.Errorf("%s: status %d and %d", who, foreign.status, none.status)
		}
		clean := func(p *page) string { return incident.ReplaceAllString(textOf(p.root), "") }
		if clean(foreign) != clean(none) {
			t.Errorf("%s can tell a foreign request from a missing one", who)
		}
	}
	for _, path := range []string{"/requests/x", "/requests/" + strings.ToLower(string(r.ID)), "/requests/..%2f..", "/ask/" + jitNothing, "/ask/nobody", "/decide/x", "/enrol/%00"} {
		if p := s.as("james").get(path); p.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
	for _, who := range []string{"guest", "member", "dana", "other"} {
		s.as(who).get("/ask").says(http.StatusForbidden, "Only the partner's engineers")
	}
}

const jitNothing = "99999999-0000-4000-8000-000000000009"

func TestFaultsAreShownByTheirKind(t *testing.T) {
	for kind, status := range map[fault.Kind]int{
		fault.Invalid: 422, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Gone: 410, fault.Unavailable: 503, fault.Upstream: 502,
	} {
		s := newScene(t)
		s.service.broken = fault.Wrap("op", kind, errors.New("the-canary"), "This is what happened.")
		p := s.as("james").get("/")
		p.says(status, "This is what happened.")
		if strings.Contains(p.body, "canary") || !strings.Contains(s.logged.String(), "the-canary") {
			t.Errorf("kind %v: the cause belongs into the log, and nowhere else", kind)
		}
		if (kind == fault.Unavailable) != (p.header.Get("Retry-After") != "") {
			t.Errorf("kind %v: Retry-After %q", kind, p.header.Get("Retry-After"))
		}
	}
	t.Run("an unclassed error is ours, and says nothing but a code", func(t *testing.T) {
		s := newScene(t)
		s.service.broken = errors.New("the-canary")
		p := s.as("james").get("/")
		p.says(http.StatusInternalServerError, "Something went wrong on our side", "name the code")
		if strings.Contains(p.body, "canary") || strings.Contains(p.body, "INCIDENT") {
			t.Error("the page tells too much, or not its code")
		}
		code := textOf(p.find(".incident code"))
		if len(code) != 8 || !strings.Contains(s.logged.String(), code) {
			t.Errorf("code %q is not in the log", code)
		}
	})
	t.Run("a session store that is down keeps everybody out", func(t *testing.T) {
		s := newScene(t)
		s.signIn.err = fault.New("signin", fault.Unavailable, "The session store is resting.")
		s.as("james").get("/ask").says(http.StatusServiceUnavailable, "resting")
	})
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newScene(t)
	for _, path := range []string{"/", "/no-such", "/ask", "/healthz", "/static/x/y.css"} {
		h := s.as("").get(path).header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Strict-Transport-Security": "",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
	}
	t.Run("https is to stay https", func(t *testing.T) {
		s := newScene(t, func(o *web.Options) { o.BaseURL.Scheme = "https" })
		p := s.as("").get("/")
		if !strings.HasPrefix(p.header.Get("Strict-Transport-Security"), "max-age=63072000") {
			t.Error("no HSTS")
		}
		link := "/decide/" + s.linkOf(s.ask())
		if c := s.as("").get(link).header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-latchkey-form=") || !strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
			t.Errorf("cookie %q", c)
		}
	})
	t.Run("assets may be kept for ever", func(t *testing.T) {
		b := s.as("")
		shown := b.get("/")
		for _, selector := range []string{`link[rel="stylesheet"]`, "script", `link[rel="icon"]`} {
			n := shown.find(selector)
			p := b.get(attribute(n, "href") + attribute(n, "src"))
			if p.status != 200 || p.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || p.header.Get("Content-Type") == "" {
				t.Errorf("%s: %d %v", selector, p.status, p.header)
			}
		}
	})
}

func TestOnlyOurOwnHostIsAnswered(t *testing.T) {
	s := newScene(t)
	for _, host := range []string{"evil.example", "localhost", s.options.BaseURL.Host + ".evil.example", ""} {
		b := s.as("")
		r := b.request(http.MethodGet, "/", nil)
		r.Host = host
		if host == "" {
			r.Host = "127.0.0.1"
		}
		r.Header.Set("X-Forwarded-Host", s.options.BaseURL.Host)
		if p := b.do(r); p.status != http.StatusMisdirectedRequest || strings.Contains(p.body, "Northwind") {
			t.Errorf("host %q: status %d", host, p.status)
		}
		r = b.request(http.MethodGet, "/healthz", nil)
		r.Host = "10.0.0.7"
		if p := b.do(r); p.status != 200 || p.body != "ok\n" {
			t.Errorf("healthz: %d %q", p.status, p.body)
		}
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	good := newScene(t).options
	for name, change := range map[string]func(*web.Options){
		"no base URL":   func(o *web.Options) { o.BaseURL = nil },
		"ftp":           func(o *web.Options) { o.BaseURL = &url.URL{Scheme: "ftp", Host: "x"} },
		"a path":        func(o *web.Options) { o.BaseURL = &url.URL{Scheme: "https", Host: "x", Path: "/latchkey"} },
		"no form key":   func(o *web.Options) { o.FormKey = [32]byte{} },
		"no service":    func(o *web.Options) { o.Service = nil },
		"no way to log": func(o *web.Options) { o.Logger = nil },
	} {
		o := good
		change(&o)
		if _, err := web.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
