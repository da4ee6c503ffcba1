package access_test

import (
	"flag"
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// A random world is small, and everything in it touches everything: one or two
// partners and one or two customers, birch being both, with few people, few
// groups and few places, so that names meet. The lists to draw from repeat what
// should be met often.
type randomWorld struct {
	*rapid.T
	f         csp.Facts
	tenants   []string
	users     map[string][]string // by tenant, guests too
	groups    map[string][]string
	robots    map[string][]string
	places    map[string][]string // by tenant
	customers []string            // tenants with subscriptions
	roles     []string            // Azure roles that assignments name
	focus     []string            // whom something is about
}

var (
	someTerms = []string{"", "", "", "", "", "", "eligible", "eligible", "over", "later", "now", "eligible over", "eligible now"}
	// ghost is a principal that no list has, unheard a role.
	ghost, unheard = "ghost", "unheard"

	somePatterns = []string{
		restartVM, "*/restart/action", "Microsoft.Compute/*", "Microsoft.Compute/virtualMachines/*", "microsoft.compute/*/read", "*/read", "*/read",
		runCommand, "*/action", "Microsoft.*/restart/*", "Microsoft.Authorization/*", writeRoles, "*", "Microsoft.Compute/virtualMachines", "Microsoft.Compute*/virtualMachines/re*",
	}
	someDataPatterns = []string{readBlob, "Microsoft.Storage/*", "*/read", "*"}

	someDirectoryRoles = []string{
		"Helpdesk Administrator", "Helpdesk Administrator", "User Administrator", "Directory Readers", "Directory Readers", "Directory Readers", "Exchange Administrator", "Exchange Administrator",
		"Password Administrator", "Application Administrator", "Application Administrator", "Groups Administrator", "Privileged Authentication Administrator", "Global Administrator",
		"Privileged Role Administrator", "Partner Tier2 Support", "Authentication Administrator", "hands", "hands", "mixed", "silent", unheard,
	}

	someConditions = []string{
		"", "", "", "", "", "", "", "", "", "", "", "", aboutBlobs, delegateReader, "@gibberish",
		`!(ActionMatches{'Microsoft.Compute/virtualMachines/restart/action'})`,
		`((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'))`,
		`((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {` +
			idFor[csp.Principal]("contoso.u1").String() + `}))`,
		aboutBlobs + ` OR ActionMatches{'Microsoft.Compute/*'}`,
	}

	someActions = []string{restartVM, restartVM, readVM, readVM, runCommand, writeRoles, "data " + readBlob}
	// The directory's own, and one of a service beside it.
	someDirectoryActions = []string{
		resetUser, resetUser, readUser, editMembers, "microsoft.directory/users/create", "microsoft.directory/applications/credentials/update",
		"microsoft.office365.supportTickets/allEntities/allTasks",
	}
	someInstants = []time.Time{noon, noon, noon, noon, noon.Add(-time.Second), noon.Add(time.Second), noon.Add(time.Hour)}
)

// fair draws from 0 to n-1, each as often: rapid's own ranges and samples favour
// what is small or stands first, so that the end of a list is hardly ever met.
func fair(n int) *rapid.Generator[int] {
	return rapid.Custom(func(t *rapid.T) int {
		number := 0
		for range bits.Len(uint(n)) + 3 { // three more make up for the remainder
			number <<= 1
			if rapid.Bool().Draw(t, "") {
				number++
			}
		}
		return number % n
	})
}

func draw[T any](w *randomWorld, label string, from []T) T {
	return from[fair(len(from)).Draw(w.T, label)]
}

func (w *randomWorld) pick(label string, from []string) string { return draw(w, label, from) }

func (w *randomWorld) several(label string, from []string, least, most int) []string {
	var list []string
	for range least + w.upTo(most-least, label) {
		list = append(list, w.pick(label, from))
	}
	return list
}

// one in n, and never in the simplest world.
func (w *randomWorld) oneIn(n int, label string) bool { return fair(n).Draw(w.T, label) == n-1 }

func (w *randomWorld) upTo(n int, label string) int { return fair(n+1).Draw(w.T, label) }

func (w *randomWorld) term(label string) []string { return strings.Fields(w.pick(label, someTerms)) }

func (w *randomWorld) add(facts ...fact) {
	for _, add := range facts {
		add(&w.f)
	}
}

// drawWorld makes facts.
func drawWorld(t *rapid.T) *randomWorld {
	w := &randomWorld{T: t, users: map[string][]string{}, groups: map[string][]string{}, robots: map[string][]string{}, places: map[string][]string{}}
	w.tenants = [][]string{{"alder", "contoso"}, {"alder", "contoso"}, {"alder", "birch", "contoso"}, {"alder", "birch", "contoso", "dune"}}[w.upTo(3, "tenants")]
	for _, name := range w.tenants {
		w.add(tenant(name))
		if w.oneIn(6, "old rules") {
			w.add(oldRules(name))
		}
	}
	for _, name := range w.tenants {
		w.drawPrincipals(name)
	}
	w.drawGuests()
	w.drawPlaces()
	w.drawRoles()
	if !w.oneIn(3, "without a chain") {
		w.drawChain()
	}
	for range 2 + w.upTo(6, "memberships") {
		w.drawMembership()
	}
	for _, name := range w.tenants[1:] {
		w.drawRelationships(name)
	}
	for range 1 + w.upTo(5, "assignments") {
		w.drawAssignment()
	}
	for range w.upTo(3, "directory assignments") {
		w.drawDirectoryAssignment()
	}
	for range []int{0, 0, 1, 2, 3}[w.upTo(4, "denials")] {
		w.drawDenial()
	}
	for range []int{0, 0, 0, 1, 2}[w.upTo(4, "gaps")] {
		w.add(w.drawGap())
	}
	return w
}

func (w *randomWorld) drawPrincipals(t string) {
	for i := range 1 + w.upTo(1, "users") {
		name := fmt.Sprint(t, ".u", i)
		w.users[t] = append(w.users[t], name)
		w.add(user(name, t))
	}
	if t == "alder" || t == "birch" {
		for _, role := range []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents}[:1+w.upTo(1, "agent groups")] {
			name := t + "." + string(role)
			w.groups[t] = append(w.groups[t], name)
			w.add(principal(csp.Principal{Name: name, Type: csp.Group, Agents: role, RoleAssignable: w.oneIn(8, "role-assignable")}, t))
		}
	}
	for i := range 1 + w.upTo(1, "groups") {
		name := fmt.Sprint(t, ".g", i)
		w.groups[t] = append(w.groups[t], name)
		w.add(principal(csp.Principal{Name: name, Type: csp.Group, RoleAssignable: w.oneIn(6, "role-assignable"), Dynamic: w.oneIn(6, "dynamic")}, t))
	}
	if w.oneIn(2, "robot") {
		w.robots[t] = []string{t + ".app"}
		w.add(robot(t+".app", t))
	}
}

func (w *randomWorld) drawGuests() {
	for range w.upTo(2, "guests") {
		host := w.pick("host", w.tenants)
		if w.oneIn(10, "of a tenant that is not listed") {
			host = "fern"
		}
		home := w.pick("home tenant", w.tenants)
		of := w.pick("home", w.users[home])
		name := of + "#" + host
		if host == home || slices.Contains(w.users[host], name) || strings.Contains(of, "#") {
			continue
		}
		w.users[host] = append(w.users[host], name)
		if w.oneIn(8, "home is not known") {
			w.add(principal(csp.Principal{Name: name, Type: csp.User, Source: csp.Guest}, host))
			continue
		}
		w.add(guest(name, host, of, home))
	}
}

func (w *randomWorld) drawPlaces() {
	w.customers = []string{"contoso"}
	w.add(subscription("shop", "contoso"))
	w.places["contoso"] = []string{"/", "mg:all", "mg:online", "shop", "shop", "shop/rg", "shop/rg", "shop/RG", "shop/rg2", "shop/rg/vm", "shop/Rg/VM", "shop/rg/vm2"}
	if w.oneIn(2, "spare") {
		w.add(subscription("spare", "contoso"))
		w.places["contoso"] = append(w.places["contoso"], "spare", "spare/rg/vm")
	}
	for _, child := range []string{"shop", "mg:online"} {
		parent := w.pick("parent", []string{"", "mg:all", "mg:online"})
		if parent != "" && parent != child {
			w.add(placed("contoso", child, parent))
		}
	}
	if other := w.tenants[len(w.tenants)-1]; w.oneIn(3, "lab") {
		if other == "contoso" {
			other = "alder"
		}
		w.customers = append(w.customers, other)
		w.add(subscription("lab", other))
		w.places[other] = []string{"/", "mg:all", "lab", "lab/rg", "lab/rg/vm"}
		if w.oneIn(2, "lab is placed") {
			w.add(placed(other, "lab", "mg:all"))
		}
	}
	for _, place := range []string{"shop/rg", "shop/rg/vm", "shop/rg2/vm"} {
		if w.oneIn(2, "listed") {
			w.f.Resources = append(w.f.Resources, csp.Resource{Scope: scopeOf(place)})
		}
	}
	for range w.upTo(2, "identities") {
		of := w.pick("tenant with an identity", w.customers)
		if len(w.robots[of]) == 0 {
			continue
		}
		resource := map[string][]string{"contoso": {
			"shop/rg/vm", "shop/RG/Vm", "spare/rg/vm", "shop/rg/Microsoft.Automation/automationAccounts/desk", "shop/rg/Microsoft.ManagedIdentity/userAssignedIdentities/badge",
		}}[of]
		if of != "contoso" {
			resource = []string{"lab/rg/vm"}
		}
		place := w.pick("resource", resource)
		if strings.HasPrefix(place, "spare") && !slices.Contains(w.places[of], "spare") {
			continue
		}
		w.add(identity(place, w.pick("identity", w.robots[of])))
	}
}

func (w *randomWorld) drawRoles() {
	w.roles = []string{unheard}
	for _, name := range []string{"Owner", "Reader", "User Access Administrator", "Virtual Machine Contributor", "Storage Blob Data Reader", "Role Based Access Control Administrator"} {
		listed, _ := builtin.AzureRoleNamed(name)
		w.f.Roles = append(w.f.Roles, listed)
		w.roles = append(w.roles, name, name)
	}
	for i := range 2 {
		var entries []csp.Permission
		for range 1 + w.upTo(1, "entries") {
			e := w.drawEntry()
			if w.oneIn(10, "condition of an entry") {
				e.Condition = w.pick("condition", someConditions)
			}
			entries = append(entries, e)
		}
		name := fmt.Sprint("r", i)
		w.add(role(name, entries...))
		w.roles = append(w.roles, name, name, name, name)
	}
	w.f.DirectoryRoles = append(w.f.DirectoryRoles, shortDirectoryRoles...)
	w.add(
		customDirectoryRole("hands", w.several("hands", []string{
			resetUser, "microsoft.directory/users/create", editMembers, "microsoft.directory/servicePrincipals/credentials/update", "microsoft.directory/users/allProperties/read",
		}, 1, 2)...),
		customDirectoryRole("mixed", w.pick("mixed", []string{
			"microsoft.directory/users/allProperties/allTasks", "microsoft.directory/allEntities/allProperties/allTasks", "microsoft.directory/groups/members/allTasks",
			"microsoft.directory/allEntities/read", "microsoft.office365.supportTickets/allEntities/allTasks", "MICROSOFT.directory/users/standard/READ",
		})),
		customDirectoryRole("silent"),
	)
}

// shortDirectoryRoles are the built-in roles that worlds use, with those of their
// hundreds of actions that questions or the model ask about.
var shortDirectoryRoles = func() []csp.DirectoryRole {
	var list []csp.DirectoryRole
	about := regexp.MustCompile(`(?i)^microsoft\.(directory/(users|groups|applications|servicePrincipals)|office365\.supportTickets)/`)
	for _, role := range builtin.EntraRoles() {
		if slices.Contains(someDirectoryRoles, role.Name) {
			role.Actions = slices.DeleteFunc(slices.Clone(role.Actions), func(action string) bool { return !about.MatchString(action) })
			list = append(list, role)
		}
	}
	return list
}()

func (w *randomWorld) drawEntry() csp.Permission {
	e := csp.Permission{Actions: w.several("actions", somePatterns, 1, 2), NotActions: w.several("notActions", somePatterns, 0, 1)}
	if w.oneIn(3, "data") {
		e.DataActions, e.NotDataActions = w.several("dataActions", someDataPatterns, 1, 1), w.several("notDataActions", someDataPatterns, 0, 1)
	}
	return e
}

// drawChain draws what hardly ever meets by chance: a way into contoso, somebody
// who may take it, and a role for him there (R22). It is what the world is about.
func (w *randomWorld) drawChain() {
	partner := w.pick("partner", w.tenants[:max(1, len(w.tenants)-2)])
	way := w.pick("way in", []string{"gdap", "dap", "link", "guest", "home", "lighthouse", "secret"})
	if way == "home" || way == "secret" {
		partner = "contoso"
	}
	who, group := w.users[partner][0], w.pick("group of the chain", w.groups[partner])
	w.focus = append(w.focus, who)
	word := func(label string) []string { return strings.Fields(w.pick(label, []string{"", "", "", "eligible"})) }
	chained, at := w.pick("role", w.roles), w.pick("scope", w.places["contoso"])
	give := func(to string) { w.add(assigned(to, chained, at, word("term")...)) }
	switch way {
	case "guest":
		name := who + "#chain"
		w.users["contoso"] = append(w.users["contoso"], name)
		w.add(guest(name, "contoso", who, partner))
		group = w.pick("group of the guest", w.groups["contoso"])
		who = name
	case "gdap":
		w.add(gdap(partner, "contoso", group, w.pick("role", someDirectoryRoles)))
	case "dap":
		w.add(dap(partner, "contoso"))
		group = w.pick("agents", slices.DeleteFunc(slices.Clone(w.groups[partner]), func(s string) bool { return !strings.Contains(s, "Agents") }))
	case "link":
		w.add(oldRules("contoso"))
	case "secret":
		if len(w.robots["contoso"]) > 0 {
			w.add(directory(who, w.pick("who makes secrets", []string{"Application Administrator", "hands"}), "contoso", word("term")...))
			who = w.pick("robot", w.robots["contoso"])
		}
	}
	w.focus = append(w.focus, group)
	if (partner == "contoso" || way == "guest") && w.oneIn(2, "without the group") {
		give(who)
		return
	}
	w.add(in(who, group, word("membership")...))
	if partner != "contoso" && way != "guest" {
		give = func(to string) { w.add(foreign(to, chained, at, word("term")...)) }
	}
	if way == "lighthouse" {
		give = func(to string) {
			w.add(lighthouse(partner, to, chained, w.pick("below", []string{"shop", "shop/rg"}), word("term")...))
		}
	}
	give(group)
}

func (w *randomWorld) anybody(t string) []string {
	return slices.Concat(w.users[t], w.users[t], w.groups[t], w.groups[t], w.robots[t])
}

func (w *randomWorld) drawMembership() {
	t := w.pick("tenant", w.tenants)
	from := t
	if w.oneIn(12, "across tenants") {
		from = w.pick("tenant of the member", w.tenants)
	}
	into := w.pick("group", w.groups[t])
	if w.oneIn(12, "into a group that no list has") {
		into = ghost
	}
	if member := w.pick("member", w.anybody(from)); member != into {
		w.add(in(member, into, w.term("membership")...))
	}
}

// drawRelationships draws what partners have with a customer. Birch is both.
func (w *randomWorld) drawRelationships(customer string) {
	partners := []string{"alder"}
	if customer != "birch" && slices.Contains(w.tenants, "birch") {
		partners = append(partners, "birch")
	}
	for _, partner := range partners {
		if w.oneIn(2, "reseller") {
			w.add(reseller(partner, customer))
		}
		if w.oneIn(3, "dap") {
			w.add(dap(partner, customer, w.pick("dap", []string{"", "", "", "over", "later", "now"})))
		}
		for range []int{0, 1, 1, 2}[w.upTo(3, "gdaps")] {
			w.drawGDAP(partner, customer)
		}
	}
	if slices.Contains(w.customers, customer) && w.oneIn(3, "lighthouse") {
		partner := w.pick("manager", partners)
		below := slices.DeleteFunc(slices.Clone(w.places[customer]), func(s string) bool {
			return s == "/" || strings.HasPrefix(s, "mg:") || strings.Count(s, "/") > 1
		})
		if of := slices.Concat(w.users[partner], w.groups[partner]); partner != customer {
			w.add(lighthouse(partner, w.pick("managed by", of), w.pick("role", w.roles), w.pick("scope", below), w.term("lighthouse")...))
		}
	}
}

func (w *randomWorld) drawGDAP(partner, customer string) {
	status := func(label string, not ...csp.GDAPStatus) csp.GDAPStatus {
		if w.oneIn(5, label) {
			return draw(w, label, not)
		}
		return csp.GDAPActive
	}
	roles := w.several("gdap roles", someDirectoryRoles, 1, 3)
	g := csp.GDAPRelationship{
		ID: idFor[csp.GDAPRelationship](fmt.Sprint("gdap ", len(w.f.GDAPs))), Name: fmt.Sprint("gdap ", len(w.f.GDAPs)),
		Partner: idFor[csp.Tenant](partner), Customer: idFor[csp.Tenant](customer),
		Status: status("gdap status", csp.GDAPCreated, csp.GDAPApprovalPending, csp.GDAPApproved, csp.GDAPActivating, csp.GDAPExpiring, csp.GDAPExpired, csp.GDAPTerminating, csp.GDAPTerminated),
		Period: term([]string{w.pick("gdap period", []string{"", "", "", "", "now", "over", "later"})}).Period,
	}
	for _, name := range roles {
		if id := directoryRoleID(name); !slices.Contains(g.Roles, id) {
			g.Roles = append(g.Roles, id)
		}
	}
	taken := map[csp.ObjectID]bool{}
	for range 1 + w.upTo(1, "access assignments") {
		a := csp.AccessAssignment{
			Group:  idFor[csp.Principal](w.pick("group", w.groups[partner])),
			Roles:  []csp.DirectoryRoleID{g.Roles[w.upTo(len(g.Roles)-1, "which")]},
			Status: status("access assignment status", csp.GDAPPending, csp.GDAPDeleting, csp.GDAPDeleted),
		}
		if w.oneIn(6, "a role that was not agreed") {
			a.Roles = []csp.DirectoryRoleID{directoryRoleID(w.pick("role", someDirectoryRoles))}
		}
		if !taken[a.Group] {
			taken[a.Group] = true
			g.Assignments = append(g.Assignments, a)
		}
	}
	w.f.GDAPs = append(w.f.GDAPs, g)
}

// partnersGroups are the groups of the other tenants.
func (w *randomWorld) partnersGroups(t string) []string {
	var list []string
	for _, other := range w.tenants {
		if other != t {
			list = append(list, w.groups[other]...)
		}
	}
	return list
}

func (w *randomWorld) drawAssignment() {
	t := w.pick("tenant", w.customers)
	var who string
	var kind csp.PrincipalType
	switch how := w.upTo(11, "to whom"); {
	case how < 6:
		who = w.pick("who", w.anybody(t))
	case how < 10:
		who, kind = w.pick("foreign group", w.partnersGroups(t)), csp.ForeignGroup
	case how == 10:
		who = w.pick("foreign group as a group", w.partnersGroups(t))
	default:
		who = ghost
	}
	w.add(assignment(who, w.pick("role", w.roles), w.pick("scope", w.places[t]), func(a *csp.Assignment) {
		a.Tenant, a.Term = idFor[csp.Tenant](t), term(w.term("assignment"))
		a.Condition = w.pick("condition", someConditions)
		if kind != "" {
			a.PrincipalType = kind
		}
	}))
}

func (w *randomWorld) drawDirectoryAssignment() {
	t := w.pick("tenant", w.tenants)
	w.add(directory(w.pick("who", w.anybody(t)), w.pick("directory role", someDirectoryRoles), t, w.term("directory assignment")...))
}

func (w *randomWorld) drawDenial() {
	t := w.pick("tenant", w.customers)
	people := slices.Concat(w.anybody(t), w.partnersGroups(t), []string{ghost}, w.focus, w.focus, w.focus)
	someOf := func(label string, most int) []csp.ObjectID {
		ids := named(w.several(label, people, 0, most))
		slices.SortFunc(ids, csp.ObjectID.Compare)
		return slices.Compact(ids)
	}
	w.add(denied(w.pick("scope", w.places[t]), nil, func(d *csp.Denial) {
		d.Tenant = idFor[csp.Tenant](t)
		d.Permissions = []csp.Permission{w.drawEntry()}
		if w.oneIn(2, "much is denied") {
			d.Permissions[0].Actions = []string{w.pick("denied", []string{"*", "*/action", "*/read", "*/write"})}
		}
		d.Principals, d.Excluded = someOf("principals", 2), someOf("excluded", 1)
		d.Everyone = w.oneIn(2, "everyone")
		if d.Everyone {
			d.Principals = nil
		}
		d.ThisScopeOnly, d.AuditOnly = w.oneIn(5, "this scope only"), w.oneIn(8, "audit")
		if w.oneIn(6, "condition of the denial") {
			d.Condition = aboutBlobs
		}
	}))
}

func (w *randomWorld) drawGap() fact {
	kind := draw(w, "gap", []csp.FactKind{
		csp.MissingTenant, csp.MissingPrincipals, csp.MissingMemberships, csp.MissingRelationships, csp.MissingLighthouse, csp.MissingSubscriptions,
		csp.MissingPlacements, csp.MissingIdentities, csp.MissingRoles, csp.MissingAssignments, csp.MissingDenials, csp.MissingDenials, csp.MissingDirectoryRoles,
	})
	t := w.pick("tenant", w.tenants)
	at := ""
	if (kind == csp.MissingAssignments || kind == csp.MissingDenials) && len(w.places[t]) > 0 {
		at = w.pick("scope of the gap", append([]string{""}, w.places[t]...))
	}
	return missing(kind, t, at)
}

// drawQuestion asks something about the world; rarely something that cannot be
// answered.
func (w *randomWorld) drawQuestion() access.Question {
	var people []string
	for _, t := range w.tenants {
		people = append(people, slices.Concat(w.users[t], w.users[t], w.robots[t])...)
	}
	if len(w.focus) > 0 && w.oneIn(2, "about whom the chain is") {
		people = w.focus[:1]
	}
	if w.oneIn(60, "about whom nobody knows") {
		people = []string{ghost}
	}
	who := w.pick("asked about", people)
	var q access.Question
	if w.oneIn(3, "of a directory") {
		q = ask(who, w.pick("action", someDirectoryActions), "directory of "+w.pick("directory", w.tenants))
	} else {
		t := w.pick("tenant", append([]string{"contoso"}, w.customers...))
		below := append([]string{"shop/rg/vm", "shop/rg/vm", "shop/rg", "shop/rg2/vm"}, w.places[t]...)
		if t != "contoso" {
			below = w.places[t]
		}
		if w.oneIn(60, "somewhere unknown") {
			below = []string{"moon/rg"}
		}
		action, place := w.pick("action", someActions), w.pick("place", below)
		if name, ok := strings.CutPrefix(action, "data "); ok {
			q = askData(who, name, place)
		} else {
			q = ask(who, action, place)
		}
		if q.Place.Scope.Subscription().IsZero() {
			q = inTenant(t, q)
		}
	}
	q.At = draw(w, "instant", someInstants)
	return q
}

// checkWorlds tries a property on random worlds: as many as it is worth, unless
// -rapid.checks asks for another number.
func checkWorlds(t *testing.T, worlds int, property func(*randomWorld)) {
	t.Helper()
	defer setFlag(t, "rapid.checks", strconv.Itoa(worldsToTry(worlds)))()
	if !isAsked("rapid.seed") && !isAsked("rapid.failfile") {
		defer setFlag(t, "rapid.seed", usualSeed)()
	}
	rapid.Check(t, func(rt *rapid.T) { property(drawWorld(rt)) })
}

// usualSeed draws the same worlds in every run, so that a check of a change speaks
// of the change. `make hunt` draws others.
const usualSeed = "1"

// setFlag sets a flag of the test, and returns what sets it back.
func setFlag(t *testing.T, name, value string) (back func()) {
	t.Helper()
	old := flag.Lookup(name).Value.String()
	if err := flag.Lookup(name).Value.Set(value); err != nil {
		t.Fatal(err)
	}
	return func() { _ = flag.Lookup(name).Value.Set(old) }
}

// isAsked says whether a flag is on the command line.
func isAsked(name string) (asked bool) {
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == name })
	return asked
}

// worldsToTry is the number asked for on the command line, or else what a test is
// worth. (Of either rapid tries a fifth in a short run.)
func worldsToTry(worth int) int {
	asked := 0
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.checks" {
			asked, _ = strconv.Atoi(f.Value.String())
		}
	})
	switch {
	case asked > 0:
		return asked
	case testing.Short(): // the race detector takes its time
		return max(20, worth/10)
	}
	return worth
}
