package emulator

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

//go:embed page/world.html
var worldTemplate string

// worldPage shows the world to people who learn or look for a mistake: reload
// it to see it move.
type worldPage struct {
	world    *world.World
	template *template.Template
}

func newWorldPage(w *world.World) (*worldPage, error) {
	t, err := template.New("world").Parse(worldTemplate)
	if err != nil {
		return nil, fmt.Errorf("emulator: world page: %w", err)
	}
	return &worldPage{w, t}, nil
}

// inFrontOf shows the page at / and leaves everything else to next.
func (p *worldPage) inFrontOf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			next.ServeHTTP(w, r)
			return
		}
		p.show(w)
	})
}

type worldView struct {
	Now     string
	Tenants []tenantView
	Events  []eventView
	Calls   []world.Call
}

type tenantView struct {
	Name, ID, Domain string
	Partners         []string
	Users            []world.User
	Holdings         []holdingView
	Machines         []world.Machine
	Locks            []lockView
}

type holdingView struct {
	Who, Type, Role, Scope, Since, Note string
	Limited                             bool
}

type lockView struct{ Name, Level, Where string }

type eventView struct {
	At, Kind, Subject, By, Scope string
	Unanswered                   bool
}

const shownEvents = 40

func (p *worldPage) show(w http.ResponseWriter) {
	view := worldView{Now: stamp(p.world.Now()), Calls: p.world.Calls()}
	view.Calls = view.Calls[:min(len(view.Calls), shownEvents)]
	for _, t := range p.world.Tenants() {
		view.Tenants = append(view.Tenants, p.tenant(t))
	}
	history := p.world.History()
	for i := len(history) - 1; i >= 0 && len(view.Events) < shownEvents; i-- {
		e := history[i]
		by := e.By.Name
		if e.By.IsAuthor() {
			by = "the world's author"
		}
		view.Events = append(view.Events, eventView{stamp(e.Effect), string(e.Kind), p.subject(e), by, p.place(e.Scope), e.Answered.IsZero()})
	}
	var b bytes.Buffer
	if err := p.template.Execute(&b, view); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("x-emulator", "latchkey")
	_, _ = w.Write(b.Bytes())
}

func (p *worldPage) tenant(t world.Tenant) tenantView {
	view := tenantView{Name: t.Name, ID: t.ID.String(), Domain: t.DefaultDomain.String(), Users: t.Users()}
	for _, ship := range p.world.Partnerships() {
		if ship.Customer != t.ID {
			continue
		}
		if partner, ok := p.world.Tenant(ship.Partner); ok {
			view.Partners = append(view.Partners, partner.Name)
		}
	}
	for _, s := range t.Subscriptions() {
		view.Machines = append(view.Machines, p.world.VMs(s.Scope())...)
		for _, l := range p.world.Locks(s.Scope()) {
			view.Locks = append(view.Locks, lockView{l.Name, string(l.Level), p.place(l.Scope)})
		}
	}
	all := append(t.AssignmentsAbove(csp.Root()), t.AssignmentsBelow(csp.Root())...)
	for _, a := range all {
		role, _ := t.Role(a.Role)
		view.Holdings = append(view.Holdings, holdingView{
			Who: t.NameOf(a.Principal), Type: string(a.PrincipalType), Role: role.Name, Scope: p.place(a.Scope),
			Since: stamp(a.Created), Note: a.Description, Limited: a.Condition != "",
		})
	}
	return view
}

// subject says what an event is about; of an assignment, who has which role.
func (p *worldPage) subject(e world.Event) string {
	t, known := p.world.Tenant(e.Tenant)
	if e.Assignment.Name.IsZero() || !known {
		return e.Subject
	}
	role, _ := t.Role(e.Assignment.Role)
	return role.Name + " for " + t.NameOf(e.Assignment.Principal)
}

// place is a scope in the words of people: the subscription by its name, and the
// names below it.
func (p *worldPage) place(s csp.Scope) string {
	if s.Kind() == csp.RootScope {
		return "everywhere"
	}
	sub, known := p.world.Subscription(s.Subscription())
	if !known {
		return s.String()
	}
	words := []string{sub.Name}
	if group := s.ResourceGroup(); group != "" {
		words = append(words, group)
	}
	if s.Kind() == csp.ResourceScope {
		words = append(words, s.Name())
	}
	return strings.Join(words, " / ")
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05") }
