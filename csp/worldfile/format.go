package worldfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/csp"
	"latchkey/csp/names"
	"latchkey/csp/worldfile/internal/yamltree"
)

// Format writes the facts as a world file. Parse reads the same facts from it,
// each once and in another order perhaps; of places that differ only in case, one
// spelling is kept. It fails on facts that no world file can say, with all of
// them, and on facts too many for Parse.
func Format(f csp.Facts) ([]byte, error) {
	w := newWriter(f)
	root := w.world()
	if err := errors.Join(w.problems...); err != nil {
		return nil, err
	}
	text := yamltree.Write(root)
	if len(text) > yamltree.MaxBytes || bytes.Count(text, []byte{'\n'}) > yamltree.MaxLines {
		return nil, fmt.Errorf("these facts are too many for a world file, which has at most %d bytes and %d lines", yamltree.MaxBytes, yamltree.MaxLines)
	}
	return text, nil
}

// writer makes a tree of facts.
type writer struct {
	f        csp.Facts
	dir      *names.Directory
	domains  map[csp.Domain]csp.TenantID
	problems []error

	tenantOf    map[csp.SubscriptionID]csp.TenantID
	principals  map[csp.ObjectID]csp.Principal
	groups      map[csp.ObjectID][]csp.Membership // by group
	tenants     map[csp.TenantID]*tenantRows
	places      map[placeKey]*placeRows
	placed      map[placeKey]csp.Scope     // its parent
	described   map[placeKey]bool          // management groups that have an entry
	exists      map[string]csp.Scope       // by key
	system      map[csp.ObjectID]csp.Scope // identities written as the system's, and where
	existing    map[parentKey][]csp.Scope
	adminAgents map[csp.TenantID][]csp.ObjectID

	roles               map[csp.RoleDefinitionID]bool // among the facts
	directoryRoles      map[csp.DirectoryRoleID]bool
	namedRoles          map[csp.RoleDefinitionID]bool // so that reading it makes it known
	namedDirectoryRoles map[csp.DirectoryRoleID]bool
}

// tenantRows are the facts that stand below a tenant.
type tenantRows struct {
	tenant        csp.Tenant
	listed        bool
	domains       []csp.Domain
	principals    []csp.Principal
	resellers     []csp.ResellerRelationship
	daps          []csp.DAPRelationship
	gdaps         []csp.GDAPRelationship
	directory     []csp.DirectoryAssignment
	subscriptions []csp.Subscription
	gaps          []csp.Gap
}

type placeKey struct {
	tenant csp.TenantID
	scope  string
}

// parentKey is a subscription or resource group, and the kind of what lies in it.
type parentKey struct {
	scope string
	kind  csp.ScopeKind
}

// placeRows are the facts that hold at a place.
type placeRows struct {
	scope       csp.Scope
	assignments []csp.Assignment
	lighthouses []csp.LighthouseDelegation
	denials     []csp.Denial
	locks       []csp.Lock
	policies    []csp.PolicyDenial
	artefacts   []csp.Artefact
	usage       []csp.Usage
	identities  []csp.ManagedIdentity
	gaps        []csp.Gap
	written     bool
}

func newWriter(f csp.Facts) *writer {
	f = spellAlike(f)
	return &writer{
		f: f, dir: names.New(f), domains: make(map[csp.Domain]csp.TenantID),
		tenantOf: make(map[csp.SubscriptionID]csp.TenantID), principals: make(map[csp.ObjectID]csp.Principal),
		groups: make(map[csp.ObjectID][]csp.Membership), tenants: make(map[csp.TenantID]*tenantRows),
		places: make(map[placeKey]*placeRows), placed: make(map[placeKey]csp.Scope), described: make(map[placeKey]bool),
		existing: make(map[parentKey][]csp.Scope), adminAgents: make(map[csp.TenantID][]csp.ObjectID), exists: make(map[string]csp.Scope), system: make(map[csp.ObjectID]csp.Scope),
		roles: make(map[csp.RoleDefinitionID]bool), directoryRoles: make(map[csp.DirectoryRoleID]bool),
		namedRoles: make(map[csp.RoleDefinitionID]bool), namedDirectoryRoles: make(map[csp.DirectoryRoleID]bool),
	}
}

func (w *writer) problem(format string, values ...any) {
	if len(w.problems) < mostProblems {
		w.problems = append(w.problems, fmt.Errorf(format, values...))
	}
}

// tenant is where the facts of a tenant are gathered.
func (w *writer) tenant(id csp.TenantID, what string) *tenantRows {
	if id.IsZero() {
		w.problem("%s is of no tenant", what)
	}
	if w.tenants[id] == nil {
		w.tenants[id] = &tenantRows{tenant: csp.Tenant{ID: id}}
	}
	return w.tenants[id]
}

// place is where the facts about a place are gathered. Rows that name no tenant
// belong to that of the subscription they lie in, if it is known.
func (w *writer) place(tenant csp.TenantID, scope csp.Scope, what string) *placeRows {
	if scope.IsZero() {
		w.problem("%s is at no scope", what)
	}
	key := placeKey{tenant, scope.Key()}
	if w.places[key] == nil {
		w.places[key] = &placeRows{scope: scope}
	}
	return w.places[key]
}

func (w *writer) placeAt(scope csp.Scope, what string) *placeRows {
	return w.place(w.tenantOf[scope.Subscription()], scope, what)
}

// owned is a place whose facts need a tenant.
func (w *writer) owned(tenant csp.TenantID, scope csp.Scope, what string) *placeRows {
	w.tenant(tenant, what)
	if id := scope.Subscription(); !id.IsZero() && w.tenantOf[id].IsZero() {
		w.tenantOf[id] = tenant // of a subscription that is not listed
	}
	return w.place(tenant, scope, what)
}

// spellAlike gives each place one spelling: of those the facts have, the first in
// the order of letters.
func spellAlike(f csp.Facts) csp.Facts {
	spelling := make(map[string]csp.Scope)
	f = withScopes(f, func(s csp.Scope) csp.Scope {
		if known, ok := spelling[s.Key()]; !ok || s.String() < known.String() {
			spelling[s.Key()] = s
		}
		return s
	})
	return withScopes(f, func(s csp.Scope) csp.Scope { return spelling[s.Key()] })
}

// withScopes is a copy of the facts with other scopes.
func withScopes(f csp.Facts, change func(csp.Scope) csp.Scope) csp.Facts {
	f.Resources = changed(f.Resources, func(r *csp.Resource) { r.Scope = change(r.Scope) })
	f.Placements = changed(f.Placements, func(p *csp.Placement) { p.Child, p.Parent = change(p.Child), change(p.Parent) })
	f.Identities = changed(f.Identities, func(m *csp.ManagedIdentity) { m.Resource = change(m.Resource) })
	f.Assignments = changed(f.Assignments, func(a *csp.Assignment) { a.Scope = change(a.Scope) })
	f.Denials = changed(f.Denials, func(d *csp.Denial) { d.Scope = change(d.Scope) })
	f.Lighthouses = changed(f.Lighthouses, func(l *csp.LighthouseDelegation) { l.Scope = change(l.Scope) })
	f.Locks = changed(f.Locks, func(l *csp.Lock) { l.Scope = change(l.Scope) })
	f.Policies = changed(f.Policies, func(p *csp.PolicyDenial) { p.Scope = change(p.Scope) })
	f.Artefacts = changed(f.Artefacts, func(a *csp.Artefact) { a.Scope = change(a.Scope) })
	f.Usage = changed(f.Usage, func(u *csp.Usage) { u.Scope = change(u.Scope) })
	f.Gaps = changed(f.Gaps, func(g *csp.Gap) { g.Scope = change(g.Scope) })
	return f
}

func changed[T any](rows []T, change func(*T)) []T {
	rows = slices.Clone(rows)
	for i := range rows {
		change(&rows[i])
	}
	return rows
}

// unique drops facts told twice in the same words, and sorts the rest by what
// they print as, so that one world has one text.
func unique[T any](w *writer, rows []T, noun string, key func(T) string) []T {
	type printed struct {
		row       T
		key, text string
	}
	all := make([]printed, 0, len(rows))
	for _, row := range rows {
		all = append(all, printed{row, key(row), fmt.Sprintf("%+v", row)})
	}
	slices.SortFunc(all, func(a, b printed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.text, b.text)) })
	all = slices.CompactFunc(all, func(a, b printed) bool { return a.text == b.text })
	sorted := make([]T, 0, len(all))
	for i, p := range all {
		if noun != "" && i > 0 && all[i-1].key == p.key {
			w.problem("two %ss contradict each other: %s", noun, strings.TrimSpace(strings.ReplaceAll(p.key, "\x00", " ")))
		}
		sorted = append(sorted, p.row)
	}
	return sorted
}

func noKey[T any](T) string { return "" }

// gather puts every fact where it will be written.
func (w *writer) gather() {
	for _, t := range unique(w, w.f.Tenants, "tenant", func(t csp.Tenant) string { return t.ID.String() }) {
		rows := w.tenant(t.ID, "a tenant")
		rows.tenant, rows.listed = t, true
		w.domain(t.DefaultDomain, t.ID)
	}
	for _, d := range unique(w, w.f.Domains, "", noKey[csp.TenantDomain]) {
		rows := w.tenant(d.Tenant, "a domain")
		rows.domains = append(rows.domains, d.Domain)
		w.domain(d.Domain, d.Tenant)
	}
	byName := func(p csp.Principal) string { return p.ID.String() }
	for _, p := range unique(w, w.f.Principals, "principal", byName) {
		rows := w.tenant(p.Tenant, "the principal "+p.ID.String())
		rows.principals = append(rows.principals, p)
		w.principals[p.ID] = p
		if p.Agents == csp.AdminAgents {
			w.adminAgents[p.Tenant] = append(w.adminAgents[p.Tenant], p.ID)
		}
	}
	for _, m := range unique(w, w.f.Memberships, "", noKey[csp.Membership]) {
		w.groups[m.Group] = append(w.groups[m.Group], m)
	}
	for _, s := range unique(w, w.f.Subscriptions, "subscription", func(s csp.Subscription) string { return s.ID.String() }) {
		rows := w.tenant(s.Tenant, "the subscription "+s.ID.String())
		rows.subscriptions = append(rows.subscriptions, s)
		w.tenantOf[s.ID] = s.Tenant
	}
	w.gatherRelations()
	w.gatherPlaces()
}

// domain notes whose a domain is.
func (w *writer) domain(domain csp.Domain, of csp.TenantID) {
	if owner, ok := w.domains[domain]; ok && domain != "" && owner != of {
		w.problem("the domain %s has two tenants: %s and %s", domain, owner, of)
	}
	w.domains[domain] = of
}

func (w *writer) gatherRelations() {
	for _, r := range unique(w, w.f.Resellers, "", noKey[csp.ResellerRelationship]) {
		rows := w.tenant(r.Customer, "a reseller relationship")
		rows.resellers = append(rows.resellers, r)
	}
	for _, d := range unique(w, w.f.DAPs, "", noKey[csp.DAPRelationship]) {
		rows := w.tenant(d.Customer, "a delegated administrator")
		rows.daps = append(rows.daps, d)
	}
	for _, g := range unique(w, w.f.GDAPs, "GDAP relationship", func(g csp.GDAPRelationship) string { return g.ID.String() }) {
		rows := w.tenant(g.Customer, "the GDAP relationship "+g.ID.String())
		rows.gdaps = append(rows.gdaps, g)
	}
	for _, a := range unique(w, w.f.DirectoryAssignments, "", noKey[csp.DirectoryAssignment]) {
		rows := w.tenant(a.Tenant, "a directory role assignment")
		rows.directory = append(rows.directory, a)
	}
	for _, r := range w.f.Roles {
		w.roles[r.ID] = true
	}
	for _, r := range w.f.DirectoryRoles {
		w.directoryRoles[r.ID] = true
	}
}

func (w *writer) gatherPlaces() {
	assigned := func(a csp.Assignment) string {
		return a.Tenant.String() + "\x00" + a.Scope.Key() + "\x00" + a.Name.String()
	}
	for _, a := range unique(w, w.f.Assignments, "", assigned) {
		p := w.owned(a.Tenant, a.Scope, "the role assignment "+a.Name.String())
		p.assignments = append(p.assignments, a)
	}
	denied := func(d csp.Denial) string { return d.Tenant.String() + "\x00" + d.Scope.Key() + "\x00" + d.ID.String() }
	for _, d := range unique(w, w.f.Denials, "denial", denied) {
		p := w.owned(d.Tenant, d.Scope, "the denial "+d.ID.String())
		p.denials = append(p.denials, d)
	}
	for _, row := range unique(w, w.f.Policies, "", noKey[csp.PolicyDenial]) {
		p := w.owned(row.Tenant, row.Scope, "the policy "+row.Name)
		p.policies = append(p.policies, row)
	}
	for _, p := range unique(w, w.f.Placements, "", noKey[csp.Placement]) {
		w.owned(p.Tenant, p.Child, "a placement")
		key := placeKey{p.Tenant, p.Child.Key()}
		if before, twice := w.placed[key]; twice && !before.Equal(p.Parent) || p.Parent.IsZero() {
			w.problem("%s lies in %s, and also in %s or nowhere", p.Child, before, p.Parent)
		}
		w.placed[key] = p.Parent
		w.described[key] = p.Child.Kind() == csp.ManagementGroupScope
	}
	w.gatherTenantless()
}

// gatherTenantless does so for facts that do not say whose they are: they belong
// to the tenant of their subscription, if that is known.
func (w *writer) gatherTenantless() {
	for _, r := range unique(w, w.f.Resources, "", noKey[csp.Resource]) {
		if _, twice := w.exists[r.Scope.Key()]; !twice {
			w.placeAt(r.Scope, "a resource")
			w.exists[r.Scope.Key()] = r.Scope
		}
	}
	w.nest()
	for _, l := range unique(w, w.f.Lighthouses, "", noKey[csp.LighthouseDelegation]) {
		p := w.placeAt(l.Scope, "a Lighthouse delegation")
		p.lighthouses = append(p.lighthouses, l)
	}
	for _, l := range unique(w, w.f.Locks, "", noKey[csp.Lock]) {
		p := w.placeAt(l.Scope, "the lock "+l.Name)
		p.locks = append(p.locks, l)
	}
	for _, a := range unique(w, w.f.Artefacts, "", noKey[csp.Artefact]) {
		p := w.placeAt(a.Scope, "the artefact "+a.Name)
		p.artefacts = append(p.artefacts, a)
	}
	for _, u := range unique(w, w.f.Usage, "", noKey[csp.Usage]) {
		p := w.placeAt(u.Scope, "a usage of "+u.Action)
		p.usage = append(p.usage, u)
	}
	for _, m := range unique(w, w.f.Identities, "", noKey[csp.ManagedIdentity]) {
		p := w.placeAt(m.Resource, "a managed identity")
		if w.isSystem(m) {
			w.system[m.Principal] = m.Resource
		}
		p.identities = append(p.identities, m)
	}
	for _, g := range unique(w, w.f.Gaps, "", noKey[csp.Gap]) {
		w.gatherGap(g)
	}
}

// isSystem says whether reading "system assigned" at the resource makes this very
// service principal.
func (w *writer) isSystem(m csp.ManagedIdentity) bool {
	expected := csp.Principal{
		ID: systemIdentityID(m.Resource), Tenant: w.tenantOf[m.Resource.Subscription()],
		Type: csp.ServicePrincipal, Name: m.Resource.Name(),
	}
	return !expected.Tenant.IsZero() && w.principals[m.Principal] == expected
}

// nest finds for what exists the entry that it stands below: the resource group
// it lies in, if that exists, or else the subscription.
func (w *writer) nest() {
	for _, scope := range w.exists {
		up := csp.SubscriptionScopeOf(scope.Subscription())
		if group := scope.ResourceGroup(); group != "" && scope.Kind() == csp.ResourceScope {
			in, _ := csp.ResourceGroupScopeOf(scope.Subscription(), group)
			if up = in; w.exists[in.Key()].IsZero() {
				continue // it stands among the places
			}
		}
		key := parentKey{up.Key(), scope.Kind()}
		w.existing[key] = append(w.existing[key], scope)
	}
	for _, list := range w.existing {
		slices.SortFunc(list, func(a, b csp.Scope) int { return strings.Compare(a.Key(), b.Key()) })
	}
}

func (w *writer) gatherGap(g csp.Gap) {
	switch {
	case g.Fact < csp.MissingTenant || g.Fact > csp.MissingDirectoryRoles:
		w.problem("a gap is about %s, which is never collected", g.Fact)
	case !g.Scope.IsZero():
		if !g.Tenant.IsZero() {
			w.tenant(g.Tenant, "a gap")
		}
		p := w.place(g.Tenant, g.Scope, "a gap")
		p.gaps = append(p.gaps, g)
	default:
		rows := w.tenant(g.Tenant, "a gap")
		rows.gaps = append(rows.gaps, g)
	}
}

// text is a text node; it must be UTF-8.
func (w *writer) text(text string) *node {
	if !utf8.ValidString(text) {
		w.problem("%q is not UTF-8", text)
	}
	return yamltree.NewText(text)
}

// at is an instant: a date if it is a midnight.
func (w *writer) at(t time.Time) *node {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		w.problem("the year %d is beyond what a world file can say", t.Year())
	}
	if t.Truncate(24 * time.Hour).Equal(t) {
		return yamltree.NewText(t.Format(time.DateOnly))
	}
	return yamltree.NewText(t.Format(time.RFC3339Nano))
}

func (w *writer) period(n *node, p csp.Period) {
	if !p.Until.IsZero() && !p.From.Before(p.Until) {
		w.problem("something ends at %s, before it begins", p.Until.Format(time.RFC3339))
	}
	if !p.From.IsZero() {
		n.Put("from", w.at(p.From))
	}
	if !p.Until.IsZero() {
		n.Put("until", w.at(p.Until))
	}
}

func (w *writer) term(n *node, t csp.Term) {
	if t.Eligible {
		n.Put("eligible", yes())
	}
	w.period(n, t.Period)
}

func yes() *node { return yamltree.NewText("yes") }
func no() *node  { return yamltree.NewText("no") }

// putYes says yes where it is so.
func putYes(n *node, key string, so bool) {
	if so {
		n.Put(key, yes())
	}
}

// putText writes a text where there is one.
func (w *writer) putText(n *node, key, text string) {
	if text != "" {
		n.Put(key, w.text(text))
	}
}

// put writes a value where there is anything in it.
func put(n *node, key string, value *node) {
	if value.Kind == yamltree.Text || len(value.Pairs) > 0 || len(value.Items) > 0 {
		n.Put(key, value)
	}
}

// putFirst writes a value before all others.
func putFirst(n *node, key string, value *node) {
	n.Put(key, value)
	last := len(n.Pairs) - 1
	n.Pairs = slices.Insert(n.Pairs[:last], 0, n.Pairs[last])
}

// sortByName sorts what is a name, or a map that begins with one.
func sortByName(items []*node) {
	name := func(n *node) string {
		if len(n.Pairs) > 0 {
			n = n.Pairs[0].Value
		}
		return n.Text
	}
	slices.SortStableFunc(items, func(a, b *node) int { return cmp.Compare(name(a), name(b)) })
}

// fewest is the only item of a list, or the list.
func fewest(items []*node) *node {
	if len(items) == 1 && items[0].Kind == yamltree.Text {
		return items[0]
	}
	return yamltree.NewList(items...)
}

// short is the value under the key of a map that has no other; else the map.
func short(n *node, key string) *node {
	if len(n.Pairs) == 1 && n.Pairs[0].Key.Text == key {
		return n.Pairs[0].Value
	}
	return n
}

// who names a principal, seen from the tenant.
func (w *writer) who(in csp.TenantID, id csp.ObjectID) *node {
	if id.IsZero() {
		w.problem("a fact is about nobody")
	}
	return w.text(w.dir.PrincipalName(in, id))
}

// tenantName names a tenant.
func (w *writer) tenantName(id csp.TenantID) *node {
	if id.IsZero() {
		w.problem("a fact is about no tenant")
	}
	if name := w.dir.TenantName(id); name != unknownWord {
		return w.text(name)
	}
	return w.text(id.String())
}

// entry writes a thing by its name, or by its id where the name is not fit for a
// key; siblings are the keys that are taken.
func (w *writer) entry(parent *node, siblings map[string]bool, name, id, derived string, body *node) {
	_, err := csp.ParseID[csp.Tenant](name)
	folded := strings.ToLower(name)
	if id == "" {
		w.problem("%q has no id", name)
	}
	if name == "" || err == nil || siblings[folded] || !utf8.ValidString(name) {
		if name != "" {
			putFirst(body, "name", w.text(name))
		}
		parent.Put(id, body)
		return
	}
	siblings[folded] = true
	if id != derived {
		putFirst(body, "id", yamltree.NewText(id))
	}
	parent.Put(name, body)
}
