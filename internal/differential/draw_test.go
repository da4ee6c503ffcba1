package differential_test

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// noon is the instant of every world.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// idOf gives a name the same id everywhere.
func idOf[T csp.Named](name string) csp.ID[T] {
	sum := sha256.Sum256([]byte(name))
	return csp.ID[T](sum[:16])
}

// draws makes facts, of few tenants, people, groups and places, so that they meet.
// Names are ids: "alder.u0" is the first user of alder.
type draws struct {
	*rapid.T
	f        csp.Facts
	tenants  []string
	partners []string
	users    map[string][]string // by tenant, guests too
	homes    []string            // accounts that can sign in: users at home, service principals
	groups   map[string][]string
	robots   map[string][]string
	places   map[string][]string
	roles    []string
	focus    []string // whom the world is about
	// doubt: a condition is about what is asked for, so that Unknown has a reason.
	doubt bool
}

const (
	restart    = "Microsoft.Compute/virtualMachines/restart/action"
	readVM     = "Microsoft.Compute/virtualMachines/read"
	run        = "Microsoft.Compute/virtualMachines/runCommand/action"
	writeRoles = "Microsoft.Authorization/roleAssignments/write"
	listRoles  = "Microsoft.Authorization/roleAssignments/read"
	readBlob   = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
)

var (
	actions  = []string{restart, restart, restart, readVM, run, writeRoles, listRoles, "data " + readBlob}
	patterns = []string{
		restart, restart, "*/restart/action", "Microsoft.Compute/*", "microsoft.COMPUTE/virtualMachines/*", "*/read", "*/read", run, "*/action", "*", "*",
		"Microsoft.Authorization/*", writeRoles, "Microsoft.Compute/virtualMachines", "Microsoft.Compute*/virtualMachines/re*", "Microsoft.Storage/*",
	}
	directoryActions = []string{
		"microsoft.directory/users/password/update", "microsoft.directory/users/create", "microsoft.directory/groups/members/update", "microsoft.directory/applications/credentials/update",
		"microsoft.directory/users/delete", "microsoft.directory/conditionalAccessPolicies/create", "microsoft.office365.supportTickets/allEntities/allTasks",
	}
	directoryRoles = []string{
		"Global Administrator", "Global Administrator", "Helpdesk Administrator", "Directory Readers", "Directory Readers", "User Administrator", "Groups Administrator",
		"Application Administrator", "Exchange Administrator", "Security Administrator", "hands", "mixed",
	}
	// conditions both readings understand without knowing what is asked for.
	plainConditions = []string{
		"ActionMatches{'Microsoft.Compute/*'}", "!(ActionMatches{'" + restart + "'})", "ActionMatches{'*/read'} OR ActionMatches{'*/action'}",
		"!(ActionMatches{'*/runCommand/action'}) AND ActionMatches{'Microsoft.*'}",
	}
	// delegating lets its holder assign one role only.
	delegating = "((!(ActionMatches{'" + writeRoles + "'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))"
)

// fair draws from 0 to n-1, each as often.
func (w *draws) fair(n int) int {
	number := 0
	for range bits.Len(uint(n)) + 3 {
		number <<= 1
		if rapid.Bool().Draw(w.T, "") {
			number++
		}
	}
	return number % n
}

func pick[T any](w *draws, from []T) T { return from[w.fair(len(from))] }
func (w *draws) oneIn(n int) bool      { return w.fair(n) == n-1 }
func (w *draws) some(from []string, least, most int) (list []string) {
	for range least + w.fair(most-least+1) {
		list = append(list, pick(w, from))
	}
	return list
}

func (w *draws) period() csp.Period {
	return pick(w, []csp.Period{
		{}, {}, {}, {Until: noon}, {From: noon.Add(time.Second)}, {From: noon, Until: noon.Add(time.Second)}, {From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)},
	})
}

func (w *draws) term() csp.Term {
	if w.oneIn(2) {
		return csp.Term{}
	}
	return csp.Term{Period: w.period(), Eligible: w.oneIn(3)}
}

// drawWorld makes facts that break no law, so that the emulator loads them.
func drawWorld(t *rapid.T) *draws {
	w := &draws{T: t, users: map[string][]string{}, groups: map[string][]string{}, robots: map[string][]string{}, places: map[string][]string{}}
	w.tenants = pick(w, [][]string{{"alder", "contoso"}, {"alder", "birch", "contoso"}, {"alder", "birch", "contoso", "dune"}})
	w.partners = slices.DeleteFunc(slices.Clone(w.tenants), func(t string) bool { return t != "alder" && t != "birch" })
	for _, name := range w.tenants {
		w.f.Tenants = append(w.f.Tenants, csp.Tenant{ID: idOf[csp.Tenant](name), Name: name, DefaultDomain: csp.Domain(name + ".example"), OldRules: w.oneIn(5)})
		w.drawPrincipals(name)
	}
	w.drawGuests()
	w.drawPlaces()
	w.drawRoles()
	for range 2 + w.fair(6) {
		w.drawMembership()
	}
	w.drawRelationships()
	for range 2 + w.fair(6) {
		w.drawAssignment()
	}
	for range w.fair(3) {
		w.drawDirectoryAssignment()
	}
	w.drawChain()
	for range pick(w, []int{0, 0, 1, 2}) {
		w.drawDenial()
	}
	return w
}

func (w *draws) principal(t string, p csp.Principal) string {
	p.ID, p.Tenant = idOf[csp.Principal](p.Name), idOf[csp.Tenant](t)
	w.f.Principals = append(w.f.Principals, p)
	return p.Name
}

func (w *draws) drawPrincipals(t string) {
	for i := range 1 + w.fair(2) {
		name := w.principal(t, csp.Principal{Name: fmt.Sprint(t, ".u", i), Type: csp.User, SignInName: fmt.Sprintf("u%d@%s.example", i, t)})
		w.users[t], w.homes = append(w.users[t], name), append(w.homes, name)
	}
	if slices.Contains(w.partners, t) {
		for _, role := range []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents} {
			w.groups[t] = append(w.groups[t], w.principal(t, csp.Principal{Name: t + "." + string(role), Type: csp.Group, Agents: role}))
		}
	}
	for i := range 1 + w.fair(2) {
		w.groups[t] = append(w.groups[t], w.principal(t, csp.Principal{Name: fmt.Sprint(t, ".g", i), Type: csp.Group, RoleAssignable: w.oneIn(3), Dynamic: w.oneIn(6)}))
	}
	if w.oneIn(2) {
		name := w.principal(t, csp.Principal{Name: t + ".app", Type: csp.ServicePrincipal})
		w.robots[t], w.homes = append(w.robots[t], name), append(w.homes, name)
	}
}

func (w *draws) guest(of, home, host string) string {
	name := of + "#" + host
	if host == home || slices.Contains(w.users[host], name) {
		return name
	}
	w.principal(host, csp.Principal{
		Name: name, Type: csp.User, Source: csp.Guest, Home: idOf[csp.Principal](of), HomeTenant: idOf[csp.Tenant](home), SignInName: strings.ReplaceAll(of, ".", "_") + "#EXT#@" + host + ".example",
	})
	w.users[host] = append(w.users[host], name)
	return name
}

func (w *draws) drawGuests() {
	for range w.fair(3) {
		home := pick(w, w.tenants)
		if of := pick(w, w.users[home]); !strings.Contains(of, "#") {
			if host := pick(w, w.tenants); host != home {
				w.guest(of, home, host)
			}
		}
	}
}

func (w *draws) drawPlaces() {
	subscription := func(name, t string) {
		w.f.Subscriptions = append(w.f.Subscriptions, csp.Subscription{ID: idOf[csp.Subscription](name), Tenant: idOf[csp.Tenant](t), Name: name})
	}
	subscription("shop", "contoso")
	w.places["contoso"] = []string{"/", "mg:all", "mg:online", "shop", "shop", "shop/rg", "shop/rg", "shop/RG", "shop/rg2", "shop/rg/vm", "shop/rg/vm", "shop/rg/VM", "shop/rg/vm2"}
	if w.oneIn(2) {
		subscription("spare", "contoso")
		w.places["contoso"] = append(w.places["contoso"], "spare", "spare/rg/vm")
	}
	if slices.Contains(w.tenants, "dune") {
		subscription("lab", "dune")
		w.places["dune"] = []string{"/", "mg:all", "lab", "lab/rg", "lab/rg/vm"}
	}
	place := func(t, child, parent string) {
		w.f.Placements = append(w.f.Placements, csp.Placement{Tenant: idOf[csp.Tenant](t), Child: scopeOf(child), Parent: scopeOf(parent)})
	}
	place("contoso", "mg:all", "/")
	if w.oneIn(2) {
		place("contoso", "mg:online", "mg:all")
	}
	if parent := pick(w, []string{"", "mg:all", "mg:online"}); parent != "" {
		place("contoso", "shop", parent)
	}
	for _, vm := range []string{"shop/rg/vm", "shop/rg/vm2", "shop/rg2/vm", "spare/rg/vm", "lab/rg/vm"} {
		name, _, _ := strings.Cut(vm, "/")
		if slices.ContainsFunc(w.f.Subscriptions, func(s csp.Subscription) bool { return s.Name == name }) {
			w.f.Resources = append(w.f.Resources, csp.Resource{Scope: scopeOf(vm)})
		}
	}
}

// scopeOf reads "/", "mg:all", "shop", "shop/rg" and "shop/rg/vm".
func scopeOf(place string) csp.Scope {
	if place == "/" {
		return csp.Root()
	}
	if name, ok := strings.CutPrefix(place, "mg:"); ok {
		return csp.MustParseScope("/providers/Microsoft.Management/managementGroups/" + name)
	}
	parts := strings.Split(place, "/")
	text := "/subscriptions/" + idOf[csp.Subscription](parts[0]).String()
	if len(parts) > 1 {
		text += "/resourceGroups/" + parts[1]
	}
	if len(parts) > 2 {
		text += "/providers/Microsoft.Compute/virtualMachines/" + parts[2]
	}
	return csp.MustParseScope(text)
}

func roleID(name string) csp.RoleDefinitionID {
	if r, ok := builtin.AzureRoleNamed(name); ok {
		return r.ID
	}
	return idOf[csp.RoleDefinition](name)
}

func directoryRoleID(name string) csp.DirectoryRoleID {
	for _, r := range builtin.EntraRoles() {
		if r.Name == name {
			return r.ID
		}
	}
	return idOf[csp.DirectoryRole](name)
}

func (w *draws) drawRoles() {
	for _, name := range []string{"Owner", "Reader", "Contributor", "User Access Administrator", "Virtual Machine Contributor", "Storage Blob Data Reader", "Role Based Access Control Administrator"} {
		role, _ := builtin.AzureRoleNamed(name)
		w.f.Roles = append(w.f.Roles, role)
		w.roles = append(w.roles, name)
	}
	for i := range 2 {
		name := fmt.Sprint("r", i)
		role := csp.RoleDefinition{ID: roleID(name), Name: name, Custom: true}
		for range 1 + w.fair(2) {
			role.Permissions = append(role.Permissions, w.drawEntry())
		}
		w.f.Roles = append(w.f.Roles, role)
		w.roles = append(w.roles, name, name, name)
	}
	for _, r := range builtin.EntraRoles() {
		if slices.Contains(directoryRoles, r.Name) {
			w.f.DirectoryRoles = append(w.f.DirectoryRoles, r)
		}
	}
	w.f.DirectoryRoles = append(w.f.DirectoryRoles,
		csp.DirectoryRole{ID: directoryRoleID("hands"), Name: "hands", Actions: w.some(directoryActions, 1, 2)},
		csp.DirectoryRole{ID: directoryRoleID("mixed"), Name: "mixed", Actions: []string{pick(w, []string{
			"microsoft.directory/users/allProperties/allTasks", "microsoft.directory/allEntities/allProperties/allTasks", "microsoft.directory/groups/members/allTasks",
			"microsoft.office365.supportTickets/allEntities/allTasks", "MICROSOFT.directory/users/CREATE", "microsoft.directory/allEntities/password/update",
		})}},
	)
}

func (w *draws) drawEntry() csp.Permission {
	e := csp.Permission{Actions: w.some(patterns, 1, 2), NotActions: w.some(patterns, 0, 1)}
	if w.oneIn(3) {
		e.DataActions, e.NotDataActions = w.some([]string{readBlob, "Microsoft.Storage/*", "*"}, 1, 1), w.some([]string{readBlob, "*/write"}, 0, 1)
	}
	if w.oneIn(8) {
		e.Condition = pick(w, plainConditions)
	}
	return e
}

func (w *draws) in(member, group string, term csp.Term) {
	if member != group {
		w.f.Memberships = append(w.f.Memberships, csp.Membership{Group: idOf[csp.Principal](group), Member: idOf[csp.Principal](member), Term: term})
	}
}

func (w *draws) anybody(t string) []string {
	return slices.Concat(w.users[t], w.users[t], w.groups[t], w.groups[t], w.robots[t])
}

func (w *draws) drawMembership() {
	t := pick(w, w.tenants)
	w.in(pick(w, w.anybody(t)), pick(w, w.groups[t]), w.term())
}

func (w *draws) drawRelationships() {
	for _, partner := range w.partners {
		for _, customer := range w.tenants {
			if customer == partner || customer == "alder" {
				continue
			}
			p, c := idOf[csp.Tenant](partner), idOf[csp.Tenant](customer)
			if w.oneIn(2) {
				w.f.Resellers = append(w.f.Resellers, csp.ResellerRelationship{Partner: p, Customer: c, Kind: csp.IndirectReseller, Period: w.period()})
			}
			if w.oneIn(3) {
				w.f.DAPs = append(w.f.DAPs, csp.DAPRelationship{Partner: p, Customer: c, Period: w.period()})
			}
			for range pick(w, []int{0, 0, 1, 2}) {
				w.drawGDAP(partner, customer)
			}
			if customer == "contoso" && w.oneIn(4) {
				w.lighthouse(partner, pick(w, slices.Concat(w.users[partner], w.groups[partner])), pick(w, []string{"shop", "shop/rg", "shop/RG2"}))
			}
		}
	}
}

func (w *draws) lighthouse(manager, principal, place string) {
	w.f.Lighthouses = append(w.f.Lighthouses, csp.LighthouseDelegation{
		Manager: idOf[csp.Tenant](manager), Principal: idOf[csp.Principal](principal), Role: roleID(pick(w, w.roles)), Scope: scopeOf(place), Term: w.term(),
	})
}

var (
	relationStates = []csp.GDAPStatus{csp.GDAPActive, csp.GDAPActive, csp.GDAPActive, csp.GDAPActive, csp.GDAPCreated, csp.GDAPApprovalPending, csp.GDAPActivating, csp.GDAPExpired, csp.GDAPTerminating, csp.GDAPTerminated}
	accessStates   = []csp.GDAPStatus{csp.GDAPActive, csp.GDAPActive, csp.GDAPActive, csp.GDAPActive, csp.GDAPPending, csp.GDAPDeleting, csp.GDAPDeleted}
)

func (w *draws) drawGDAP(partner, customer string) {
	g := csp.GDAPRelationship{
		ID: idOf[csp.GDAPRelationship](fmt.Sprint("gdap", len(w.f.GDAPs))), Name: fmt.Sprint("gdap", len(w.f.GDAPs)), Partner: idOf[csp.Tenant](partner), Customer: idOf[csp.Tenant](customer),
		Status: pick(w, relationStates), Period: w.period(),
	}
	for _, name := range w.some(directoryRoles, 1, 3) {
		g.Roles = append(g.Roles, directoryRoleID(name))
	}
	for range 1 + w.fair(2) {
		a := csp.AccessAssignment{Group: idOf[csp.Principal](pick(w, w.groups[partner])), Status: pick(w, accessStates), Roles: []csp.DirectoryRoleID{pick(w, g.Roles)}}
		if w.oneIn(6) {
			a.Roles = append(a.Roles, directoryRoleID(pick(w, directoryRoles))) // perhaps one that nobody agreed to
		}
		g.Assignments = append(g.Assignments, a)
	}
	w.f.GDAPs = append(w.f.GDAPs, g)
}

func (w *draws) assign(t, principal, role, place string, kind csp.PrincipalType, term csp.Term) {
	a := csp.RoleAssignment{
		Name:  idOf[csp.RoleAssignment](fmt.Sprint("a", len(w.f.Assignments))),
		Scope: scopeOf(place), Role: roleID(role), Principal: idOf[csp.Principal](principal), PrincipalType: kind,
	}
	if w.oneIn(5) {
		a.Condition = pick(w, plainConditions)
	} else if w.oneIn(12) {
		a.Condition, w.doubt = delegating, true
	}
	w.f.Assignments = append(w.f.Assignments, csp.Assignment{RoleAssignment: a, Tenant: idOf[csp.Tenant](t), Term: term})
}

func (w *draws) kindOf(name string) csp.PrincipalType {
	at := slices.IndexFunc(w.f.Principals, func(p csp.Principal) bool { return p.Name == name })
	return w.f.Principals[at].Type
}

// hosts are the tenants with subscriptions.
func (w *draws) hosts() []string {
	return slices.DeleteFunc(slices.Clone(w.tenants), func(t string) bool { return len(w.places[t]) == 0 })
}

func (w *draws) drawAssignment() {
	t := pick(w, w.hosts())
	if w.oneIn(3) {
		if partner := pick(w, w.partners); partner != t {
			w.assign(t, pick(w, w.groups[partner]), pick(w, w.roles), pick(w, w.places[t]), csp.ForeignGroup, w.term())
			return
		}
	}
	who := pick(w, w.anybody(t))
	w.assign(t, who, pick(w, w.roles), pick(w, w.places[t]), w.kindOf(who), w.term())
}

func (w *draws) drawDirectoryAssignment() {
	t := pick(w, w.tenants)
	who := pick(w, w.anybody(t))
	if w.kindOf(who) == csp.Group {
		for i, p := range w.f.Principals {
			if p.Name == who && !p.Dynamic {
				w.f.Principals[i].RoleAssignable = true
			}
		}
	}
	w.f.DirectoryAssignments = append(w.f.DirectoryAssignments, csp.DirectoryAssignment{
		Tenant: idOf[csp.Tenant](t), Principal: idOf[csp.Principal](who), Role: directoryRoleID(pick(w, directoryRoles)), Term: w.term(),
	})
}

func (w *draws) drawDenial() {
	t := pick(w, w.hosts())
	somebody := func() []csp.ObjectID {
		var list []csp.ObjectID
		for range 1 + w.fair(2) {
			who := pick(w, w.anybody(pick(w, []string{t, t, pick(w, w.tenants)})))
			if w.oneIn(2) {
				who = pick(w, w.focus)
			}
			list = append(list, idOf[csp.Principal](who))
		}
		return list
	}
	d := csp.DenyAssignment{
		ID: idOf[csp.DenyAssignment](fmt.Sprint("d", len(w.f.Denials))), Name: fmt.Sprint("d", len(w.f.Denials)), Scope: scopeOf(pick(w, w.places[t])),
		Permissions: []csp.Permission{{Actions: w.some(patterns, 1, 2), NotActions: w.some(patterns, 0, 1)}}, ThisScopeOnly: w.oneIn(4), AuditOnly: w.oneIn(6),
	}
	if w.oneIn(3) {
		d.Permissions[0].DataActions = []string{readBlob}
	}
	if d.Everyone = w.oneIn(2); !d.Everyone {
		d.Principals = somebody()
	}
	if w.oneIn(2) {
		d.Excluded = somebody()
	}
	w.f.Denials = append(w.f.Denials, csp.Denial{DenyAssignment: d, Tenant: idOf[csp.Tenant](t)})
}

// drawChain draws what hardly ever meets by chance: a way into contoso, somebody
// who takes it, and a role for him there (R22).
func (w *draws) drawChain() {
	partner := pick(w, w.partners)
	who, group := w.users[partner][0], pick(w, w.groups[partner])
	at, role := pick(w, w.places["contoso"]), pick(w, w.roles)
	defer func() { w.focus = append(w.focus, who, group) }()
	switch pick(w, []string{"gdap", "gdap", "dap", "link", "guest", "lighthouse", "home"}) {
	case "gdap":
		w.f.GDAPs = append(w.f.GDAPs, csp.GDAPRelationship{
			ID: idOf[csp.GDAPRelationship]("chain"), Name: "chain", Partner: idOf[csp.Tenant](partner), Customer: idOf[csp.Tenant]("contoso"), Status: csp.GDAPActive,
			Roles:       []csp.DirectoryRoleID{directoryRoleID("Directory Readers")},
			Assignments: []csp.AccessAssignment{{Group: idOf[csp.Principal](group), Roles: []csp.DirectoryRoleID{directoryRoleID("Directory Readers")}, Status: csp.GDAPActive}},
		})
	case "dap":
		w.f.DAPs = append(w.f.DAPs, csp.DAPRelationship{Partner: idOf[csp.Tenant](partner), Customer: idOf[csp.Tenant]("contoso")})
		group = partner + "." + string(pick(w, []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents}))
	case "link":
		for i := range w.f.Tenants {
			w.f.Tenants[i].OldRules = w.f.Tenants[i].OldRules || w.f.Tenants[i].Name == "contoso"
		}
	case "guest":
		g := w.guest(who, partner, "contoso")
		inside := pick(w, w.groups["contoso"])
		w.focus = append(w.focus, g, inside)
		w.in(g, inside, w.term())
		w.assign("contoso", inside, role, at, csp.Group, w.term())
		return
	case "lighthouse":
		w.in(who, group, w.term())
		w.lighthouse(partner, group, pick(w, []string{"shop", "shop/rg"}))
		return
	case "home":
		who = w.users["contoso"][0]
		w.assign("contoso", who, role, at, csp.User, w.term())
		return
	}
	w.in(who, group, w.term())
	w.assign("contoso", group, role, at, csp.ForeignGroup, w.term())
}

// question is what both are asked.
type question struct {
	who, tenant, action, place string // no place: the directory
	data                       bool
}

func (w *draws) drawQuestion() question {
	q := question{who: pick(w, w.homes)}
	if at := slices.IndexFunc(w.focus, func(name string) bool { return slices.Contains(w.homes, name) }); at >= 0 && w.oneIn(2) {
		q.who = w.focus[at]
	}
	if w.oneIn(4) {
		q.tenant, q.action = pick(w, w.tenants), pick(w, directoryActions)
		return q
	}
	q.tenant, q.action = pick(w, w.hosts()), pick(w, actions)
	q.action, q.data = strings.TrimPrefix(q.action, "data "), strings.HasPrefix(q.action, "data ")
	q.place = pick(w, w.places[q.tenant])
	return q
}

func (q question) access() access.Question {
	a, err := access.ParseAction(q.action)
	if q.data {
		a, err = access.ParseDataAction(q.action)
	}
	if err != nil {
		panic(err)
	}
	asked := access.Question{Principal: idOf[csp.Principal](q.who), Action: a, Place: access.DirectoryOf(idOf[csp.Tenant](q.tenant)), At: noon}
	if q.place != "" {
		asked.Place.Scope = scopeOf(q.place)
	}
	return asked
}
