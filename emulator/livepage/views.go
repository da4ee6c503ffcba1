package livepage

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// tenantView is one tenant, whole.
type tenantView struct {
	Name, ID, Domain string
	OtherDomains     []string
	Partners         []string
	Agents           []agentsView
	Directory        []directoryView
	DirectoryPages   pager
	Holdings         []holdingView
	HoldingPages     pager
	People           []personView
	PeoplePages      pager
	Apps             []appView
	AppPages         pager
	Subscriptions    []string
	Machines         []string
	Locks            []string
}

// agentsView is one of the partner's agent groups (R7).
type agentsView struct {
	Name    string
	Members []string
}

// directoryView is a role in the directory, and by which way somebody has it.
type directoryView struct{ Who, Role, Way, Until string }

// holdingView is an Azure role assignment.
type holdingView struct {
	Who, Type, Role, Scope, Since, Note string
	Limited                             bool
}

// appView is an application's account in the tenant.
type appView struct{ Name, Client string }

type personView struct {
	Name, UPN string
	Notes     []string
}

func (p *Page) tenantView(t world.Tenant, r *http.Request) tenantView {
	view := tenantView{
		Name: t.Name, ID: t.ID.String(), Domain: t.DefaultDomain.String(),
		Partners: p.partnersOf(t), Agents: agents(t),
	}
	for _, d := range t.Domains() {
		if d != t.DefaultDomain {
			view.OtherDomains = append(view.OtherDomains, d.String())
		}
	}
	view.Directory, view.DirectoryPages = cut(p.directory(t), r, "roles", rowsPerPage)
	view.Holdings, view.HoldingPages = cut(p.holdings(t), r, "azure", rowsPerPage)
	people, pages := cut(t.Users(), r, "people", rowsPerPage)
	view.PeoplePages = pages
	for _, u := range people {
		view.People = append(view.People, person(u))
	}
	apps, pages := cut(t.ServicePrincipals(), r, "apps", rowsPerPage)
	view.AppPages = pages
	for _, sp := range apps {
		view.Apps = append(view.Apps, appView{sp.Name, sp.App.String()})
	}
	for _, s := range t.Subscriptions() {
		view.Subscriptions = append(view.Subscriptions, s.Name)
		for _, m := range p.World.VMs(s.Scope()) {
			view.Machines = append(view.Machines, fmt.Sprintf("%s: restarted %d times, %d commands run", m.Scope.Name(), m.Restarts, m.Commands))
		}
		for _, l := range p.World.Locks(s.Scope()) {
			view.Locks = append(view.Locks, fmt.Sprintf("%s (%s) at %s", l.Name, l.Level, p.place(l.Scope)))
		}
	}
	return view
}

// partnersOf tells which partners the tenant has, and what each may.
func (p *Page) partnersOf(t world.Tenant) []string {
	ways := make(map[csp.TenantID][]string)
	for _, ship := range p.World.PartnershipsOf(t.ID) {
		if ship.Reseller {
			ways[ship.Partner] = append(ways[ship.Partner], "reseller")
		}
		if ship.DAP {
			ways[ship.Partner] = append(ways[ship.Partner], "DAP")
		}
	}
	for _, r := range p.World.RelationshipsOf(t.ID) {
		if r.Status == csp.GDAPActive && !slices.Contains(ways[r.Partner], "GDAP") {
			ways[r.Partner] = append(ways[r.Partner], "GDAP")
		}
	}
	var list []string
	for id, has := range ways {
		list = append(list, p.nameOf(id)+" ("+strings.Join(has, ", ")+")")
	}
	slices.Sort(list)
	return list
}

func (p *Page) nameOf(id csp.TenantID) string {
	if t, ok := p.World.Tenant(id); ok {
		return t.Name
	}
	return id.String()
}

// agents lists the partner's agent groups and who is in them.
func agents(t world.Tenant) []agentsView {
	var list []agentsView
	for _, role := range []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents, csp.SalesAgents} {
		group, ok := t.AgentGroup(role)
		if !ok {
			continue
		}
		view := agentsView{Name: group.Name}
		for _, member := range t.Members(group.ID) {
			view.Members = append(view.Members, t.NameOf(member))
		}
		slices.Sort(view.Members)
		list = append(list, view)
	}
	return list
}

// directory lists who has roles in the tenant's directory: its own principals,
// and partners' groups by delegation (R10, R11).
func (p *Page) directory(t world.Tenant) []directoryView {
	var list []directoryView
	for _, a := range t.DirectoryAssignments() {
		way := "assigned"
		if a.Eligible {
			way = "eligible"
		}
		list = append(list, directoryView{t.NameOf(a.Principal), p.roleName(a.Role), way, until(a.Until)})
	}
	for _, r := range p.World.RelationshipsOf(t.ID) {
		partner, known := p.World.Tenant(r.Partner)
		for _, access := range r.Access {
			if access.Status == csp.GDAPDeleted {
				continue
			}
			who := access.Group.String()
			if known {
				who = partner.NameOf(access.Group) + " of " + partner.Name
			}
			way := "GDAP " + r.Name + " (" + string(r.Status) + ", " + string(access.Status) + ")"
			for _, role := range access.Roles {
				list = append(list, directoryView{who, p.roleName(role), way, until(r.Ends)})
			}
		}
	}
	for _, ship := range p.World.PartnershipsOf(t.ID) {
		if ship.DAP {
			list = append(list,
				directoryView{"AdminAgents of " + p.nameOf(ship.Partner), "Global Administrator", "DAP", ""},
				directoryView{"HelpdeskAgents of " + p.nameOf(ship.Partner), "Helpdesk Administrator", "DAP", ""})
		}
	}
	return list
}

func (p *Page) roleName(id csp.DirectoryRoleID) string {
	if role, ok := p.World.DirectoryRole(id); ok {
		return role.Name
	}
	return id.String()
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func (p *Page) holdings(t world.Tenant) []holdingView {
	var list []holdingView
	for _, a := range append(t.AssignmentsAbove(csp.Root()), t.AssignmentsBelow(csp.Root())...) {
		role, _ := t.Role(a.Role)
		list = append(list, holdingView{
			Who: t.NameOf(a.Principal), Type: string(a.PrincipalType), Role: role.Name, Scope: p.place(a.Scope),
			Since: stamp(a.Created), Note: a.Description, Limited: a.Condition != "",
		})
	}
	return list
}

func person(u world.User) personView {
	view := personView{Name: u.Name, UPN: u.UPN}
	for _, note := range []struct {
		holds bool
		text  string
	}{{u.IsGuest(), "guest"}, {u.MFA, "two steps"}, {u.Disabled, "disabled"}} {
		if note.holds {
			view.Notes = append(view.Notes, note.text)
		}
	}
	return view
}

// eventView is one change.
type eventView struct {
	Number                       int64
	At, Kind, Subject, By, Scope string
	Tenant, Address              string
	Unanswered                   bool
}

// events lists the newest changes that are wanted.
func (p *Page) events(limit int, wanted func(world.Event) bool) []eventView {
	var list []eventView
	for _, e := range p.World.Latest(limit, wanted) {
		by := e.By.Name
		if e.By.IsAuthor() {
			by = "the world's author"
		}
		view := eventView{
			Number: e.Number, At: stamp(e.Effect), Kind: string(e.Kind), Subject: p.subject(e), By: by, Scope: p.place(e.Scope), Unanswered: e.Answered.IsZero(),
		}
		if t, ok := p.World.Tenant(e.Tenant); ok {
			view.Tenant, view.Address = t.Name, tenantPath+t.ID.String()
		}
		list = append(list, view)
	}
	return list
}

// subject says what an event is about; of an assignment, who has which role.
func (p *Page) subject(e world.Event) string {
	t, known := p.World.Tenant(e.Tenant)
	if e.Assignment.Name.IsZero() || !known {
		return e.Subject
	}
	role, _ := t.Role(e.Assignment.Role)
	return role.Name + " for " + t.NameOf(e.Assignment.Principal)
}

// callView is one request.
type callView struct{ At, Method, Host, Path, By, Answer string }

func (p *Page) lastCalls(limit int) []callView {
	var list []callView
	for _, c := range p.World.Calls() {
		if len(list) == limit {
			break
		}
		view := callView{At: c.Received.Format("15:04:05"), Method: c.Method, Host: c.Host, Path: c.Path, By: c.By, Answer: "at work"}
		switch {
		case c.Lost:
			view.Answer = "lost"
		case c.Status != 0:
			view.Answer = strconv.Itoa(c.Status)
		}
		list = append(list, view)
	}
	return list
}

// place is a scope in the words of people: the subscription by its name, and the
// names below it.
func (p *Page) place(s csp.Scope) string {
	switch {
	case s.IsZero():
		return ""
	case s.Kind() == csp.RootScope:
		return "everywhere"
	}
	sub, known := p.World.Subscription(s.Subscription())
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
