package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/andybalholm/cascadia"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/net/html"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/jit"
	"latchkey/internal/web"
)

var (
	now       = time.Date(2026, time.November, 24, 14, 5, 0, 0, time.UTC)
	partnerID = csp.MustParseID[csp.Tenant]("11111111-0000-4000-8000-000000000001")
	contosoID = csp.MustParseID[csp.Tenant]("22222222-0000-4000-8000-000000000002")
	otherID   = csp.MustParseID[csp.Tenant]("33333333-0000-4000-8000-000000000003")
	subID     = csp.MustParseID[csp.Subscription]("44444444-0000-4000-8000-000000000004")
	roleID    = csp.MustParseID[csp.RoleDefinition]("55555555-0000-4000-8000-000000000005")
)

func object(n string) csp.ObjectID {
	return csp.MustParseID[csp.Principal]("aaaaaaaa-0000-4000-8000-00000000000" + n)
}

// stopped is a clock that stands still.
type stopped struct{ clock.Clock }

func (stopped) Now() time.Time { return now }

// scene is a portal with its fakes, listening on loopback.
type scene struct {
	t       *testing.T
	service *service
	signIn  *signIn
	log     *auditLog
	logged  *bytes.Buffer
	server  *httptest.Server
	options web.Options
}

func newScene(t *testing.T, change ...func(*web.Options)) *scene {
	t.Helper()
	estate := &jit.Estate{
		Partner: csp.Tenant{ID: partnerID, Name: "Northwind Cloud", DefaultDomain: "northwind.example"},
		People: []jit.Person{
			{ID: "james", Name: "James Okoro", Home: jit.Account{Tenant: partnerID, Object: object("1")}, Accounts: []jit.Account{{Tenant: contosoID, Object: object("2")}}},
			{ID: "priya", Name: "Priya Raman", Home: jit.Account{Tenant: partnerID, Object: object("3")}, Operator: true},
			{ID: "kim", Name: "Kim Larsen", Home: jit.Account{Tenant: partnerID, Object: object("7")}},
		},
		Customers: []jit.Customer{
			{Tenant: csp.Tenant{ID: contosoID, Name: "Contoso", DefaultDomain: "contoso.example"}, Subscriptions: []csp.Subscription{{ID: subID, Tenant: contosoID, Name: "Production"}}},
			{Tenant: csp.Tenant{ID: otherID, Name: "Adatum", DefaultDomain: "adatum.example"}},
		},
		Policy: jit.Policy{Shortest: 15 * time.Minute, Longest: 8 * time.Hour, AnswerWithin: 4 * time.Hour},
	}
	s := &scene{t: t, logged: new(bytes.Buffer), log: new(auditLog)}
	dana := jit.Account{Tenant: contosoID, Object: object("4")}
	s.signIn = &signIn{people: map[string]jit.Caller{
		"james":  {Account: estate.People[0].Home, Name: "James Okoro"},
		"kim":    {Account: estate.People[2].Home, Name: "Kim Larsen"},
		"priya":  {Account: estate.People[1].Home, Name: "Priya Raman"},
		"dana":   {Account: dana, Name: "Dana Reyes", SecondFactor: true},
		"guest":  {Account: estate.People[0].Accounts[0], Name: "James (guest)", Guest: true},
		"member": {Account: jit.Account{Tenant: contosoID, Object: object("5")}, Name: "Sam Member"},
		"other":  {Account: jit.Account{Tenant: otherID, Object: object("6")}, Name: "Olga Other"},
	}}
	enrolLink := jit.Link{ID: jit.LinkID(text26("ENROL", 0)), Kind: jit.EnrolLink, Approver: "approver-dana", Expires: now.Add(time.Hour)}
	s.service = &service{
		t: t, estate: estate, decisions: map[jit.RequestID]jit.Decision{}, grants: map[jit.RequestID]jit.Grant{},
		links: map[jit.LinkID]jit.Link{enrolLink.ID: enrolLink},
		approvers: []jit.Approver{
			{ID: "approver-dana", Tenant: contosoID, Name: "Dana Reyes", Account: dana},
			{ID: "approver-olga", Tenant: otherID, Name: "Olga Other", Account: jit.Account{Tenant: otherID, Object: object("6")}},
		},
	}
	s.server = httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: s.server.Listener.Addr().String()}
	s.options = web.Options{
		BaseURL: base, Estate: estate, Service: s.service, SignIn: s.signIn, Log: logReader{s.log},
		LastCheckpoint: func(context.Context) (audit.Checkpoint, bool, error) {
			return audit.Checkpoint{Size: 2, Root: tlog.Hash{1}, At: now.Add(-time.Minute)}, true, nil
		},
		PublicKey: "latchkey.audit/key", FormKey: [32]byte{7}, Clock: stopped{clock.System()}, Logger: slog.New(slog.NewTextHandler(s.logged, nil)),
		Storybook: true,
	}
	for _, c := range change {
		c(&s.options)
	}
	portal, err := web.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	s.server.Config.Handler = portal
	s.server.Start()
	t.Cleanup(s.server.Close)
	return s
}

// logReader reads the scene's log as it is at the moment of reading.
type logReader struct{ log *auditLog }

func (l logReader) AuditSize(ctx context.Context) (int64, error) { return l.log.AuditSize(ctx) }
func (l logReader) AuditEntries(ctx context.Context, q audit.Query) ([]audit.Row, error) {
	return l.log.AuditEntries(ctx, q)
}

// ask puts a pending request of James's into the service.
func (s *scene) ask(change ...func(*jit.Request)) jit.Request {
	s.service.mu.Lock()
	defer s.service.mu.Unlock()
	scope, err := csp.ResourceGroupScopeOf(subID, "rg-avd")
	if err != nil {
		s.t.Fatal(err)
	}
	s.service.add("james", jit.Ask{Customer: contosoID, Service: jit.Azure, Scope: scope, Role: roleID, Duration: 2 * time.Hour, Reason: "Session hosts hang."})
	r := &s.service.requests[len(s.service.requests)-1]
	for _, c := range change {
		c(r)
	}
	return *r
}

func (s *scene) linkOf(r jit.Request) string {
	for id, l := range s.service.links {
		if l.Request == r.ID {
			return string(id)
		}
	}
	s.t.Fatal("the request has no link")
	return ""
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

// as is a browser in which somebody is signed in; "" is nobody.
func (s *scene) as(who string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	b := &browser{t: s.t, base: s.server.URL, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if who != "" {
		u, _ := url.Parse(s.server.URL)
		jar.SetCookies(u, []*http.Cookie{{Name: whoCookie, Value: who}})
	}
	return b
}

// page is an answer with its parsed body.
type page struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	root   *html.Node
}

func (b *browser) do(r *http.Request) *page {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return &page{b.t, response.StatusCode, response.Header, string(body), root}
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *browser) get(path string) *page {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

func (b *browser) post(path string, fields url.Values, change ...func(*http.Request)) *page {
	b.t.Helper()
	r := b.request(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	return b.do(r)
}

// submit sends the page's form that goes to an address, with its own fields and
// what was typed, as a browser without a script does.
func (b *browser) submit(p *page, action string, typed url.Values) *page {
	b.t.Helper()
	form := p.find(`form[action="` + action + `"][method="post"]`)
	if form == nil {
		b.t.Fatalf("the page has no form to %s:\n%s", action, p.body)
	}
	fields := url.Values{}
	for _, in := range cascadia.QueryAll(form, cascadia.MustCompile(`input[type="hidden"]`)) {
		fields.Set(attribute(in, "name"), attribute(in, "value"))
	}
	for _, in := range cascadia.QueryAll(form, cascadia.MustCompile("select option[selected]")) {
		fields.Set(attribute(in.Parent, "name"), attribute(in, "value"))
	}
	maps.Copy(fields, typed)
	return b.post(action, fields)
}

func (p *page) find(selector string) *html.Node {
	return cascadia.Query(p.root, cascadia.MustCompile(selector))
}

func (p *page) all(selector string) []*html.Node {
	return cascadia.QueryAll(p.root, cascadia.MustCompile(selector))
}

// says checks the status and that the page's text holds all of the sentences.
func (p *page) says(status int, sentences ...string) {
	p.t.Helper()
	if p.status != status {
		p.t.Errorf("status %d, want %d", p.status, status)
	}
	shown := textOf(p.root)
	for _, s := range sentences {
		if !strings.Contains(shown, s) {
			p.t.Errorf("the page does not say %q; it says:\n%s", s, shown)
		}
	}
}

// leads checks that the answer is a redirect to a page of ours.
func (p *page) leads(base, path string) {
	p.t.Helper()
	if got := p.header.Get("Location"); p.status != http.StatusSeeOther || got != base+path {
		p.t.Errorf("status %d to %q, want a redirect to %q; page:\n%s", p.status, got, base+path, textOf(p.root))
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// textOf is what a page reads like: blocks on lines of their own, spaces folded.
func textOf(root *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.TextNode:
			b.WriteString(strings.Map(func(r rune) rune {
				if unicode.IsSpace(r) {
					return ' '
				}
				return r
			}, n.Data))
			return
		case html.ElementNode:
			if n.Data == "script" || n.Data == "style" || n.Data == "head" {
				return
			}
			if blocks[n.Data] {
				b.WriteString("\n")
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && blocks[n.Data] {
			b.WriteString("\n")
		}
	}
	walk(root)
	var lines []string
	for l := range strings.Lines(b.String()) {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

var blocks = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "li": true, "div": true, "section": true, "article": true, "header": true, "footer": true, "main": true,
	"dt": true, "dd": true, "tr": true, "th": true, "td": true, "option": true, "label": true, "button": true, "legend": true, "summary": true, "blockquote": true, "figcaption": true, "pre": true, "form": true, "fieldset": true,
}
