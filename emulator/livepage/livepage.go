// Package livepage shows an emulated world to people who learn or look for a
// mistake: the tenants and who holds what in each of them, by every way there is;
// what was called and what happened; and what time it is there.
//
// It is plain HTML without scripts. A page that is to follow the world reloads
// itself, if it is asked to; lists are cut into pages, so that a world of a
// thousand customers can be looked at as well. It changes nothing.
package livepage

import (
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/emulator/page"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
)

//go:embed page
var files embed.FS

// Options are what the page is made with. World is required.
type Options struct {
	World *world.World
	// Clock is the world's clock, if it can be moved.
	Clock *worldclock.Clock
	// Trouble lists, in words, what was asked to go wrong: faults and outages.
	Trouble func() []string
	// Refused lists what clients wanted the proxy to lead to, and it did not.
	Refused func() []string
}

// Page serves the pages. Make it with New.
type Page struct {
	Options
	pages  *page.Set
	routes *http.ServeMux
}

// The paths of the pages. Everything else belongs to the sign-in service.
const (
	stylePath   = "/world/page.css"
	historyPath = "/world/history"
	callsPath   = "/world/calls"
	tenantPath  = "/world/tenants/"
)

// New makes the pages. It fails only if their own templates are broken.
func New(o Options) (*Page, error) {
	if o.Trouble == nil {
		o.Trouble = func() []string { return nil }
	}
	if o.Refused == nil {
		o.Refused = func() []string { return nil }
	}
	pages, err := page.Load(files, "page.css")
	if err != nil {
		return nil, fmt.Errorf("livepage: %w", err)
	}
	p := &Page{Options: o, pages: pages, routes: http.NewServeMux()}
	p.routes.HandleFunc("GET /{$}", p.overview)
	p.routes.HandleFunc("GET "+historyPath, p.history)
	p.routes.HandleFunc("GET "+callsPath, p.calls)
	p.routes.HandleFunc("GET "+tenantPath+"{id}", p.tenant)
	p.routes.HandleFunc("GET "+stylePath, pages.ServeStyle)
	return p, nil
}

// InFrontOf shows the pages, and leaves every other path to next.
func (p *Page) InFrontOf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/world/") {
			next.ServeHTTP(w, r)
			return
		}
		wire.Mark(w.Header())
		p.routes.ServeHTTP(w, r)
	})
}

// frame is what all pages have.
type frame struct {
	Title   string
	Now     string
	Clock   string // how it runs, if not as usual
	Refresh int    // seconds until the page reloads itself; zero: never
	Follow  string // the address that switches reloading on or off
	Here    string // which of the pages this is
}

// refreshes are how often a page may reload itself, in seconds.
const refreshEvery, slowestRefresh = 3, 3600

func (p *Page) frame(r *http.Request, here, title string) frame {
	f := frame{Title: title, Here: here, Now: stamp(p.World.Now())}
	q := r.URL.Query()
	if seconds, err := strconv.Atoi(q.Get("refresh")); err == nil && seconds > 0 && seconds <= slowestRefresh {
		f.Refresh = seconds
		q.Del("refresh")
	} else {
		q.Set("refresh", strconv.Itoa(refreshEvery))
	}
	f.Follow = address(r.URL.Path, q)
	if p.Clock != nil {
		f.Clock = told(p.Clock.State())
	}
	return f
}

// told says how a clock runs, if not as usual.
func told(s worldclock.State) string {
	var words []string
	switch ahead := s.Ahead.Round(time.Second); {
	case ahead > 0:
		words = append(words, ahead.String()+" ahead of this machine")
	case ahead < 0:
		words = append(words, (-ahead).String()+" behind this machine")
	}
	switch {
	case s.Frozen():
		words = append(words, "frozen")
	case s.Speed != 1:
		words = append(words, "running "+strconv.FormatFloat(s.Speed, 'g', -1, 64)+" times as fast")
	}
	return strings.Join(words, ", ")
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// pager leads through a list that is cut into pages.
type pager struct {
	From, To, Total int
	Previous, Next  string
}

// cut gives the page of the list that the request asks for by the parameter.
func cut[T any](list []T, r *http.Request, parameter string, size int) ([]T, pager) {
	last := max(0, (len(list)-1)/size)
	number, err := strconv.Atoi(r.URL.Query().Get(parameter))
	if err != nil || number < 1 {
		number = 1
	}
	at := min(number-1, last)
	shown := list[at*size : min((at+1)*size, len(list))]
	pages := pager{From: at*size + 1, To: at*size + len(shown), Total: len(list)}
	to := func(page int) string {
		q := r.URL.Query()
		q.Set(parameter, strconv.Itoa(page))
		return address(r.URL.Path, q)
	}
	if at > 0 {
		pages.Previous = to(at)
	}
	if at < last {
		pages.Next = to(at + 2)
	}
	return shown, pages
}

// The sizes of pages.
const (
	tenantsPerPage = 50
	rowsPerPage    = 100
	eventsPerPage  = 40
	// openTenants is how many tenants are shown whole on the first page.
	openTenants = 3
)

// overviewView is the first page.
type overviewView struct {
	frame
	Query   string
	Tenants []tenantRow
	Pages   pager
	Open    []tenantView
	Trouble []string
	Refused []string
	Events  []eventView
	Calls   []callView
}

// tenantRow is a tenant in the list of all.
type tenantRow struct {
	Name, Domain, Address string
	Partners              []string
	People, Subscriptions int
}

func (p *Page) overview(w http.ResponseWriter, r *http.Request) {
	view := overviewView{
		frame: p.frame(r, "world", "The emulated world"), Query: r.URL.Query().Get("q"),
		Trouble: p.Trouble(), Refused: p.Refused(),
		Events: p.events(eventsPerPage, nil), Calls: p.lastCalls(eventsPerPage),
	}
	all := p.named(view.Query)
	shown, pages := cut(all, r, "page", tenantsPerPage)
	view.Pages = pages
	for _, t := range shown {
		view.Tenants = append(view.Tenants, tenantRow{
			Name: t.Name, Domain: t.DefaultDomain.String(), Address: tenantPath + t.ID.String(),
			Partners: p.partnersOf(t), People: len(t.Users()), Subscriptions: len(t.Subscriptions()),
		})
	}
	if len(all) <= openTenants {
		for _, t := range shown {
			view.Open = append(view.Open, p.tenantView(t, r))
		}
	}
	p.show(w, http.StatusOK, "overview.html", view)
}

// named finds tenants by a part of their name, a domain or their id.
func (p *Page) named(query string) []world.Tenant {
	all := p.World.Tenants()
	query = strings.ToLower(strings.TrimSpace(query))
	if query == "" {
		return all
	}
	return slices.DeleteFunc(all, func(t world.Tenant) bool {
		return !strings.Contains(strings.ToLower(t.Name), query) && !strings.Contains(t.DefaultDomain.String(), query) && t.ID.String() != query
	})
}

func (p *Page) tenant(w http.ResponseWriter, r *http.Request) {
	t, ok := p.World.TenantNamed(r.PathValue("id"))
	if !ok {
		p.show(w, http.StatusNotFound, "missing.html", p.frame(r, "", "No such tenant"))
		return
	}
	p.show(w, http.StatusOK, "tenantpage.html", struct {
		frame
		Tenant tenantView
		Events []eventView
		More   string
	}{
		p.frame(r, "", t.Name), p.tenantView(t, r),
		p.events(eventsPerPage, func(e world.Event) bool { return e.Tenant == t.ID }),
		historyPath + "?tenant=" + t.ID.String(),
	})
}

// historyView is what happened, newest first.
type historyView struct {
	frame
	Of     string // the tenant's name, if only its events are shown
	Tenant string
	Events []eventView
	Older  string
}

func (p *Page) history(w http.ResponseWriter, r *http.Request) {
	view := historyView{frame: p.frame(r, "history", "What happened")}
	q := r.URL.Query()
	of, known := p.World.TenantNamed(q.Get("tenant"))
	if known {
		view.Of, view.Tenant = of.Name, of.ID.String()
	}
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil {
		before = 0
	}
	view.Events = p.events(rowsPerPage+1, func(e world.Event) bool {
		return (!known || e.Tenant == of.ID) && (before <= 0 || e.Number < before)
	})
	if len(view.Events) > rowsPerPage {
		view.Events = view.Events[:rowsPerPage]
		q.Set("before", strconv.FormatInt(view.Events[rowsPerPage-1].Number, 10))
		view.Older = address(r.URL.Path, q)
	}
	p.show(w, http.StatusOK, "history.html", view)
}

func (p *Page) calls(w http.ResponseWriter, r *http.Request) {
	p.show(w, http.StatusOK, "calls.html", struct {
		frame
		Calls []callView
	}{p.frame(r, "calls", "Last calls"), p.lastCalls(rowsPerPage * 2)})
}

func (p *Page) show(w http.ResponseWriter, status int, name string, view any) {
	p.pages.Show(w, status, name, view, nil)
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05") }
