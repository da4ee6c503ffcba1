package livepage_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator/livepage"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
	"latchkey/examples"
)

// studio is the page in front of a world.
type studio struct {
	clock *worldclock.Clock
	world *world.World
	page  http.Handler
}

func newStudio(t *testing.T, facts csp.Facts) *studio {
	t.Helper()
	s := &studio{clock: &worldclock.Clock{}}
	ok(t, s.clock.Set(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)))
	s.clock.Freeze()
	s.world = world.New(world.Options{Now: s.clock.Now, Roles: builtin.AzureRoles()})
	ok(t, s.world.Load(facts))
	p, err := livepage.New(livepage.Options{
		World: s.world, Clock: s.clock,
		Trouble: func() []string { return []string{"Everything of <Contoso> is away."} },
		Refused: func() []string { return []string{"azure.example:443"} },
	})
	ok(t, err)
	s.page = p.InFrontOf(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	return s
}

func contoso(t *testing.T) *studio {
	t.Helper()
	facts, err := worldfile.Parse("contoso.yaml", examples.Contoso)
	ok(t, err)
	return newStudio(t, facts)
}

func (s *studio) get(t *testing.T, address string) (int, string, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	s.page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody))
	return w.Code, w.Body.String(), w.Header()
}

// shows asks that the page at the address holds all the texts.
func (s *studio) shows(t *testing.T, address string, wants ...string) string {
	t.Helper()
	status, page, header := s.get(t, address)
	if status != http.StatusOK || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") || header.Get("x-emulator") == "" {
		t.Errorf("%s: %d, policy %q", address, status, header.Get("Content-Security-Policy"))
	}
	for _, want := range append(wants, "This is not Microsoft", `<html lang="en">`, "Skip to the content") {
		if !strings.Contains(page, want) {
			t.Errorf("%s lacks %q", address, want)
		}
	}
	if strings.Contains(page, "<script") {
		t.Errorf("%s has a script", address)
	}
	return page
}

// TestWhoHoldsWhatByEveryWay: a tenant's page tells of its own roles, of GDAP, of
// DAP, of agents and of Azure.
func TestWhoHoldsWhatByEveryWay(t *testing.T) {
	s := contoso(t)
	s.shows(t, "/world/tenants/contoso.example",
		"Partners: Alder Cloud (reseller, GDAP)",
		"<td>cleo</td><td>Global Administrator</td><td>assigned</td>",
		"<td>Tier zero</td><td>Privileged Role Administrator</td><td>eligible</td>",
		"<td>Support of Alder Cloud</td><td>Helpdesk Administrator</td><td>GDAP Everyday support (active, active)</td><td class=\"time\">2027-01-15",
		"Foreign Principal for &#39;Alder Cloud&#39;",
		"Role Based Access Control Administrator, with a condition",
		"Web shop / web", "do not delete (CanNotDelete) at Web shop / web", "gita, gita@contoso.example", "guest", "pipeline, client id <code>", "All that happened here")
	s.shows(t, "/world/tenants/brightwater.example", "Alder Cloud (reseller, DAP)", "<td>AdminAgents of Alder Cloud</td><td>Global Administrator</td><td>DAP</td>")
	s.shows(t, "/world/tenants/alder.example", "<li>AdminAgents: Night shift, ann</li>")
	if status, page, _ := s.get(t, "/world/tenants/nobody.example"); status != http.StatusNotFound || !strings.Contains(page, "Show all tenants") {
		t.Errorf("a tenant nobody knows: %d", status)
	}
}

func TestOverviewTellsTheTimeAndWhatWasAskedToGoWrong(t *testing.T) {
	s := contoso(t)
	page := s.shows(t, "/", "2026-11-20 12:00:00", "frozen", "Everything of &lt;Contoso&gt; is away.", "azure.example:443", "Alder Cloud", "Fabrikam", "Nobody has called yet.", "world loaded")
	if strings.Contains(page, "http-equiv") || strings.Contains(page, "Who holds what in the directory") {
		t.Error("it reloads unasked, or shows six tenants whole")
	}
	s.shows(t, "/?q=BRIGHT", "Brightwater", "Who holds what in the directory")
	s.shows(t, "/?q=nothing", "No tenant is called that")
	ok(t, s.clock.Run(60))
	s.shows(t, "/", "running 60 times as fast")
	s.clock.Reset()
	ok(t, s.clock.Move(time.Hour))
	s.shows(t, "/", "1h0m0s ahead of this machine")
	ok(t, s.clock.Move(-2*time.Hour))
	s.shows(t, "/", "1h0m0s behind this machine")
}

func TestPagesReloadOnlyWhenAsked(t *testing.T) {
	s := contoso(t)
	s.shows(t, "/?refresh=3&q=con", `http-equiv="refresh" content="3"`, `href="/?q=con">Stop that`)
	for _, odd := range []string{"0", "-1", "x", "999999"} {
		if page := s.shows(t, "/?refresh="+odd, "Keep it up to date"); strings.Contains(page, "http-equiv") {
			t.Errorf("refresh=%s reloads", odd)
		}
	}
}

func TestLargeWorldsAreCutIntoPages(t *testing.T) {
	var facts csp.Facts
	for n := range 120 {
		facts.Tenants = append(facts.Tenants, csp.Tenant{ID: world.NewID[csp.Tenant](), Name: fmt.Sprintf("Customer %03d", n), DefaultDomain: csp.Domain(fmt.Sprintf("c%03d.example", n))})
	}
	for n := range 250 {
		facts.Principals = append(facts.Principals, csp.Principal{ID: world.NewID[csp.Principal](), Tenant: facts.Tenants[0].ID, Type: csp.User, Name: fmt.Sprintf("Person %03d", n), SignInName: fmt.Sprintf("p%03d@c000.example", n)})
	}
	s := newStudio(t, facts)
	first := s.shows(t, "/", "1 to 50 of 120", "Customer 049", "Next page")
	if strings.Contains(first, "Customer 050") || strings.Contains(first, "Previous page") {
		t.Error("the first page shows what is on the second")
	}
	s.shows(t, "/?page=3", "101 to 120 of 120", "Customer 119", "Previous page")
	s.shows(t, "/?page=99", "101 to 120 of 120")
	s.shows(t, "/?page=-1", "1 to 50 of 120")
	s.shows(t, "/world/tenants/c000.example?people=3", "201 to 250 of 250", "Person 249")
}

func TestHistoryIsFilteredByTenantAndGoesBack(t *testing.T) {
	s := contoso(t)
	of, _ := s.world.TenantNamed("contoso.example")
	other, _ := s.world.TenantNamed("fabrikam.example")
	for n := range 150 {
		_, err := of.AddGroup(world.Group{Name: fmt.Sprintf("group %03d", n)})
		ok(t, err)
	}
	_, err := other.AddGroup(world.Group{Name: "somewhere else"})
	ok(t, err)
	page := s.shows(t, "/world/history?tenant=contoso.example", "Only what concerns", "group 149", "group 050", "Older")
	if strings.Contains(page, "somewhere else") || strings.Contains(page, "group 049") {
		t.Error("it shows too much")
	}
	older := page[strings.Index(page, `<p class="pager"><a href="`)+len(`<p class="pager"><a href="`):]
	older = strings.ReplaceAll(older[:strings.Index(older, `"`)], "&amp;", "&")
	s.shows(t, older, "group 049", "group 000")
	s.shows(t, "/world/history", "somewhere else", "the world&#39;s author")
	s.shows(t, "/world/history?before=x&tenant=nobody", "somewhere else")
}

func TestCallsAreShown(t *testing.T) {
	s := contoso(t)
	ctx := s.world.BeginCall(t.Context(), "GET", "arm", "/subscriptions/<x>")
	s.shows(t, "/world/calls", "/subscriptions/&lt;x&gt;", "at work")
	s.world.EndCall(ctx, 0, true)
	s.shows(t, "/world/calls", "lost")
	s.world.EndCall(ctx, 204, false)
	s.shows(t, "/world/calls", "204")
}

func TestEverythingElseBelongsToTheSignInService(t *testing.T) {
	s := contoso(t)
	for address, want := range map[string]int{"/contoso.example/oauth2/v2.0/authorize": 418, "/emulator.css": 418, "/worldly": 418, "/world/page.css": 200, "/world/none": 404} {
		if status, _, _ := s.get(t, address); status != want {
			t.Errorf("%s: %d, want %d", address, status, want)
		}
	}
	w := httptest.NewRecorder()
	s.page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/world/history", http.NoBody))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
