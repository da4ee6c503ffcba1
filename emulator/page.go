package emulator

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
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
	Locks            []world.Lock
}

type holdingView struct {
	Who, Type, Role, Scope, Since, Note string
	Limited                             bool
}

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
		view.Events = append(view.Events, eventView{stamp(e.Effect), string(e.Kind), e.Subject, by, e.Scope.String(), e.Answered.IsZero()})
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
		view.Locks = append(view.Locks, p.world.Locks(s.Scope())...)
	}
	all := append(t.AssignmentsAbove(csp.Root()), t.AssignmentsBelow(csp.Root())...)
	for _, a := range all {
		role, _ := t.Role(a.Role)
		view.Holdings = append(view.Holdings, holdingView{
			Who: t.NameOf(a.Principal), Type: string(a.PrincipalType), Role: role.Name, Scope: a.Scope.String(),
			Since: stamp(a.Created), Note: a.Description, Limited: a.Condition != "",
		})
	}
	return view
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 UTC") }
