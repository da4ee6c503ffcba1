package worldfile

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile/internal/yamltree"
)

// world is the whole file. Role definitions come last but one, when it is known
// which ones are named.
func (w *writer) world() *node {
	w.gather()
	sections := map[section]*node{partner: {}, customer: {}, uncollected: {}}
	taken := map[section]map[string]bool{partner: {}, customer: {}, uncollected: {}}
	for _, rows := range w.sortedTenants() {
		in := sectionOf(rows)
		body := w.tenantBody(rows, in)
		t := rows.tenant
		w.entry(sections[in], taken[in], t.Name, t.ID.String(), DeriveID[csp.Tenant]("tenant", t.Name).String(), body)
	}
	root := &node{}
	put(root, "partners", sections[partner])
	put(root, "customers", sections[customer])
	put(root, "not collected", sections[uncollected])
	put(root, "people", w.people())
	put(root, "memberships", w.looseMemberships())
	put(root, "places", w.leftPlaces(csp.TenantID{}))
	put(root, "role definitions", w.roleDefinitions())
	put(root, "directory role definitions", w.directoryRoleDefinitions())
	return root
}

func (w *writer) sortedTenants() []*tenantRows {
	var all []*tenantRows
	for id, rows := range w.tenants {
		if !id.IsZero() { // a problem that is told
			all = append(all, rows)
		}
	}
	slices.SortFunc(all, func(a, b *tenantRows) int {
		return cmp.Or(cmp.Compare(a.tenant.Name, b.tenant.Name), a.tenant.ID.Compare(b.tenant.ID))
	})
	return all
}

func sectionOf(rows *tenantRows) section {
	switch {
	case !rows.listed:
		return uncollected
	case slices.ContainsFunc(rows.principals, func(p csp.Principal) bool { return p.Agents != "" }):
		return partner
	}
	return customer
}

func (w *writer) tenantBody(rows *tenantRows, in section) *node {
	body := &node{}
	w.putText(body, "domain", rows.tenant.DefaultDomain.String())
	var others []*node
	for _, d := range rows.domains {
		others = append(others, w.text(d.String()))
	}
	put(body, "other domains", fewest(others))
	putYes(body, "old rules", rows.tenant.OldRules)
	w.putPrincipals(body, rows, in)
	w.putRelations(body, rows)
	w.putDirectoryRoles(body, rows)
	w.putAzure(body, rows)
	w.putGaps(body, rows.gaps)
	return body
}

// putPrincipals writes the principals of a tenant, each kind under its own key.
func (w *writer) putPrincipals(body *node, rows *tenantRows, in section) {
	slices.SortStableFunc(rows.principals, func(a, b csp.Principal) int { return cmp.Compare(a.Name, b.Name) })
	users, guests, groups, agents, services := &node{}, &node{}, &node{}, &node{}, &node{}
	taken := map[*node]map[string]bool{users: {}, guests: {}, groups: {}, agents: {}, services: {}}
	for _, p := range rows.principals {
		w.checkPrincipal(p)
		switch {
		case p.Agents != "" && p.Name == string(p.Agents) && !taken[agents][strings.ToLower(p.Name)]:
			w.group(agents, taken[agents], p, true)
		case p.Type == csp.Group:
			w.group(groups, taken[groups], p, false)
		case !w.system[p.ID].IsZero(): // written at its resource
		case p.Type == csp.ServicePrincipal:
			derived := DeriveID[csp.Principal]("service principal", p.Tenant.String(), p.Name)
			w.entry(services, taken[services], p.Name, p.ID.String(), derived.String(), &node{})
		case p.Source == csp.Guest:
			w.guest(guests, taken[guests], p)
		default:
			w.user(users, taken[users], p, rows.tenant.DefaultDomain)
		}
	}
	if in == partner {
		agents.Pairs = slices.DeleteFunc(agents.Pairs, func(p yamltree.Pair) bool { return p.Value.Kind == yamltree.Nothing })
	}
	for _, role := range agentRoles {
		if in == partner && !taken[agents][strings.ToLower(role)] {
			agents.Put(role, no())
		}
	}
	put(body, "users", namesOnly(users))
	put(body, "guests", guests)
	put(body, "service principals", namesOnly(services))
	put(body, "agents", agents)
	put(body, "groups", groups)
}

// namesOnly are the keys if nothing is said about any; else the map.
func namesOnly(m *node) *node {
	var keys []*node
	for _, p := range m.Pairs {
		if p.Value.Kind != yamltree.Nothing {
			return m
		}
		keys = append(keys, p.Key)
	}
	return fewest(keys)
}

// checkPrincipal refuses what only another kind of principal can have.
func (w *writer) checkPrincipal(p csp.Principal) {
	plain := csp.Principal{ID: p.ID, Tenant: p.Tenant, Type: p.Type, Name: p.Name}
	switch p.Type {
	case csp.Group:
		plain.Agents, plain.RoleAssignable, plain.Dynamic = p.Agents, p.RoleAssignable, p.Dynamic
		if p.Agents != "" && !slices.Contains(agentRoles, string(p.Agents)) {
			w.problem("the group %s is of agents %q, which are none", p.ID, p.Agents)
		}
	case csp.User:
		plain.SignInName, plain.Source = p.SignInName, p.Source
		switch p.Source {
		case "", csp.Cloud, csp.Synced, csp.MicrosoftAccount:
		case csp.Guest:
			plain.Home, plain.HomeTenant = p.Home, p.HomeTenant
		default:
			w.problem("the user %s comes from %q, which is no source", p.ID, p.Source)
		}
	case csp.ServicePrincipal:
	default:
		w.problem("the principal %s is of type %q; want User, Group or ServicePrincipal", p.ID, p.Type)
	}
	if p != plain {
		w.problem("the %s %s (%s) has what only others have: sign-in name, source and home are a user's, agents and rules a group's", p.Type, p.ID, p.Name)
	}
}

func (w *writer) user(parent *node, taken map[string]bool, p csp.Principal, domain csp.Domain) {
	body := &node{}
	if p.SignInName != signInName(p.Name, domain) {
		body.Put("sign in", w.text(p.SignInName))
	}
	w.putText(body, "source", string(p.Source))
	w.entry(parent, taken, p.Name, p.ID.String(), DeriveID[csp.Principal]("user", p.Tenant.String(), p.Name).String(), body)
}

func (w *writer) guest(parent *node, taken map[string]bool, p csp.Principal) {
	body := &node{}
	home := w.principals[p.Home]
	if !p.Home.IsZero() {
		name := w.who(csp.TenantID{}, p.Home)
		if home.Source == csp.Guest { // guests cannot be named until all are read
			name = w.text(p.Home.String())
		}
		body.Put("of", name)
	}
	switch known := home.Source != csp.Guest; {
	case p.HomeTenant.IsZero() && !home.Tenant.IsZero():
		body.Put("home tenant", w.text(unknownWord))
	case !p.HomeTenant.IsZero() && (p.HomeTenant != home.Tenant || !known):
		body.Put("home tenant", w.tenantName(p.HomeTenant))
	}
	w.putText(body, "sign in", p.SignInName)
	w.entry(parent, taken, p.Name, p.ID.String(), DeriveID[csp.Principal]("guest", p.Tenant.String(), p.Name).String(), body)
	last := &parent.Pairs[len(parent.Pairs)-1]
	last.Value = short(last.Value, "of")
}

func (w *writer) group(parent *node, taken map[string]bool, p csp.Principal, agents bool) {
	body := &node{}
	if !agents {
		w.putText(body, "agents", string(p.Agents))
	}
	putYes(body, "role assignable", p.RoleAssignable)
	putYes(body, "dynamic", p.Dynamic)
	put(body, "members", fewest(w.members(p.Tenant, w.groups[p.ID])))
	delete(w.groups, p.ID)
	w.entry(parent, taken, p.Name, p.ID.String(), DeriveID[csp.Principal]("group", p.Tenant.String(), p.Name).String(), body)
	last := &parent.Pairs[len(parent.Pairs)-1]
	last.Value = short(last.Value, "members")
}

func (w *writer) members(tenant csp.TenantID, rows []csp.Membership) []*node {
	var items []*node
	for _, m := range rows {
		item := &node{}
		item.Put("who", w.who(tenant, m.Member))
		w.term(item, m.Term)
		items = append(items, short(item, "who"))
	}
	sortByName(items)
	return items
}

// looseMemberships are those of groups that are written nowhere.
func (w *writer) looseMemberships() *node {
	n := &node{}
	for _, group := range slices.SortedFunc(maps.Keys(w.groups), csp.ObjectID.Compare) {
		n.Put(w.who(csp.TenantID{}, group).Text, fewest(w.members(w.principals[group].Tenant, w.groups[group])))
	}
	return n
}

func (w *writer) people() *node {
	n := &node{}
	taken := map[string]bool{}
	key := func(p csp.Person) string { return p.ID.String() }
	people := unique(w, w.f.People, "person", key)
	slices.SortStableFunc(people, func(a, b csp.Person) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range people {
		body := &node{}
		list := yamltree.NewList()
		for _, account := range p.Accounts {
			list.Items = append(list.Items, w.who(csp.TenantID{}, account))
		}
		put(body, "accounts", fewest(list.Items))
		w.entry(n, taken, p.Name, p.ID.String(), DeriveID[csp.Person]("person", p.Name).String(), body)
		last := &n.Pairs[len(n.Pairs)-1]
		last.Value = short(last.Value, "accounts")
	}
	return n
}

// byKey gathers values under keys; one value stands alone, several in a list.
type byKey struct {
	keys   []string
	values map[string][]*node
}

func (b *byKey) add(key string, value *node) {
	if b.values == nil {
		b.values = make(map[string][]*node)
	}
	if _, known := b.values[key]; !known {
		b.keys = append(b.keys, key)
	}
	b.values[key] = append(b.values[key], value)
}

func (b *byKey) node() *node {
	n := &node{}
	slices.Sort(b.keys)
	for _, key := range b.keys {
		values := b.values[key]
		sortByName(values)
		if len(values) == 1 {
			n.Put(key, values[0])
			continue
		}
		for _, v := range values {
			if v.Kind == yamltree.Nothing {
				v.Kind = yamltree.Map // an item of a list is not nothing
			}
		}
		n.Put(key, yamltree.NewList(values...))
	}
	return n
}

func (w *writer) putRelations(body *node, rows *tenantRows) {
	var resellers, daps byKey
	for _, r := range rows.resellers {
		if !slices.Contains([]csp.ResellerKind{csp.DirectPartner, csp.IndirectProvider, csp.IndirectReseller}, r.Kind) {
			w.problem("a reseller is of kind %q, which is none", r.Kind)
		}
		n := &node{}
		if r.Kind != csp.DirectPartner {
			n.Put("kind", w.text(string(r.Kind)))
		}
		w.period(n, r.Period)
		resellers.add(w.tenantName(r.Partner).Text, short(n, "kind"))
	}
	for _, d := range rows.daps {
		n := &node{}
		w.period(n, d.Period)
		daps.add(w.tenantName(d.Partner).Text, n)
	}
	put(body, "reseller", namesOnly(resellers.node()))
	put(body, "dap", namesOnly(daps.node()))
	w.putGDAPs(body, rows)
}

func (w *writer) putGDAPs(body *node, rows *tenantRows) {
	gdaps, taken := &node{}, map[string]bool{}
	slices.SortStableFunc(rows.gdaps, func(a, b csp.GDAPRelationship) int { return cmp.Compare(a.Name, b.Name) })
	for _, g := range rows.gdaps {
		n := &node{}
		n.Put("partner", w.tenantName(g.Partner))
		w.putStatus(n, g.Status)
		w.period(n, g.Period)
		if g.ExtendsBy != 0 {
			n.Put("extends by", w.text(strconv.Itoa(g.ExtendsBy)))
		}
		if g.ExtendsBy < 0 || g.ExtendsBy > maxDays {
			w.problem("the GDAP relationship %s extends itself by %d days", g.ID, g.ExtendsBy)
		}
		if !slices.Equal(sortedRoles(g.Roles), assigned(g.Assignments)) {
			n.Put("roles", yamltree.NewList(w.directoryRoleNames(sortedRoles(g.Roles))...))
		}
		var groups byKey
		for _, a := range g.Assignments {
			item := &node{}
			if len(a.Roles) > 0 {
				item.Put("roles", fewest(w.directoryRoleNames(a.Roles)))
			}
			w.putStatus(item, a.Status)
			groups.add(w.who(g.Partner, a.Group).Text, item)
		}
		put(n, "groups", w.shortGroups(groups))
		w.entry(gdaps, taken, g.Name, g.ID.String(), DeriveID[csp.GDAPRelationship]("GDAP relationship", g.Customer.String(), g.Name).String(), n)
	}
	put(body, "gdap", gdaps)
}

// shortGroups leaves out "roles" where nothing else is said of a group.
func (w *writer) shortGroups(groups byKey) *node {
	n := groups.node()
	for i, p := range n.Pairs {
		if p.Value.Kind == yamltree.Map {
			n.Pairs[i].Value = short(p.Value, "roles")
		}
	}
	return n
}

func (w *writer) putStatus(n *node, status csp.GDAPStatus) {
	if !slices.Contains(relationshipStates, string(status)) {
		w.problem("%q is no status of a GDAP relationship", status)
	}
	if status != csp.GDAPActive {
		n.Put("status", w.text(string(status)))
	}
}

func sortedRoles(roles []csp.DirectoryRoleID) []csp.DirectoryRoleID {
	sorted := slices.SortedFunc(slices.Values(roles), csp.DirectoryRoleID.Compare)
	return slices.Compact(sorted)
}

func (w *writer) putDirectoryRoles(body *node, rows *tenantRows) {
	var holders byKey
	for _, a := range rows.directory {
		n := &node{}
		n.Put("who", w.who(a.Tenant, a.Principal))
		w.term(n, a.Term)
		holders.add(w.directoryRoleName(a.Role).Text, short(n, "who"))
	}
	put(body, "directory roles", holders.node())
}

func (w *writer) directoryRoleNames(ids []csp.DirectoryRoleID) []*node {
	list := make([]*node, 0, len(ids))
	for _, id := range ids {
		list = append(list, w.directoryRoleName(id))
	}
	return list
}

// directoryRoleName names a role of the facts; one that is not among them stands
// as its id, which adds nothing.
func (w *writer) directoryRoleName(id csp.DirectoryRoleID) *node {
	if id.IsZero() {
		w.problem("a fact is about no directory role")
	}
	if w.directoryRoles[id] {
		if name := w.dir.DirectoryRoleName(id); name != id.String() {
			w.namedDirectoryRoles[id] = true
			return w.text(name)
		}
	}
	return w.text(id.String())
}

// roleName does the same for roles of Azure.
func (w *writer) roleName(id csp.RoleDefinitionID) *node {
	if id.IsZero() {
		w.problem("a fact is about no role")
	}
	if w.roles[id] {
		if name := w.dir.RoleName(id); name != id.String() {
			w.namedRoles[id] = true
			return w.text(name)
		}
	}
	return w.text(id.String())
}

// roleDefinitions are the roles that do not become known by being named.
func (w *writer) roleDefinitions() *node {
	n, taken := &node{}, map[string]bool{}
	key := func(r csp.RoleDefinition) string { return r.ID.String() }
	for _, r := range unique(w, w.f.Roles, "role definition", key) {
		if b, ok := builtin.AzureRole(r.ID); ok && reflect.DeepEqual(b, r) {
			if !w.namedRoles[r.ID] {
				n.Put(r.ID.String(), &node{})
			}
			continue
		}
		body := &node{}
		if !r.Custom {
			body.Put("custom", no())
		}
		w.putPermissions(body, r.Permissions, true)
		w.entry(n, taken, r.Name, r.ID.String(), DeriveID[csp.RoleDefinition]("role definition", r.Name).String(), body)
	}
	return n
}

// putPermissions writes permission entries: a single one among the keys of the
// map itself, where a condition would be taken for what the map is about if
// that can have one.
func (w *writer) putPermissions(body *node, all []csp.Permission, entryCondition bool) {
	list := w.permissions(all)
	if len(all) == 1 && len(list.Items[0].Pairs) > 0 && (all[0].Condition == "" || entryCondition) {
		for _, p := range list.Items[0].Pairs {
			body.Put(p.Key.Text, p.Value)
		}
		return
	}
	body.Put("permissions", list)
}

func (w *writer) permissions(all []csp.Permission) *node {
	list := yamltree.NewList()
	for _, p := range all {
		n := &node{Kind: yamltree.Map}
		for i, actions := range [][]string{p.Actions, p.NotActions, p.DataActions, p.NotDataActions} {
			if len(actions) > 0 {
				n.Put(actionKeys[i], w.texts(actions))
			}
		}
		w.putText(n, "condition", p.Condition)
		list.Items = append(list.Items, n)
	}
	return list
}

func (w *writer) texts(texts []string) *node {
	list := yamltree.NewList()
	for _, text := range texts {
		list.Items = append(list.Items, w.text(text))
	}
	return fewest(list.Items)
}

// directoryRoleDefinitions does the same for directory roles.
func (w *writer) directoryRoleDefinitions() *node {
	n, taken := &node{}, map[string]bool{}
	key := func(r csp.DirectoryRole) string { return r.ID.String() }
	for _, r := range unique(w, w.f.DirectoryRoles, "directory role definition", key) {
		if reflect.DeepEqual(entraRole(r.ID), r) {
			if !w.namedDirectoryRoles[r.ID] {
				n.Put(r.ID.String(), &node{})
			}
			continue
		}
		body := &node{}
		body.Put("actions", w.texts(r.Actions))
		putYes(body, "privileged", r.Privileged)
		switch r.GDAP {
		case csp.GDAPUnknown:
		case csp.GDAPSupported, csp.GDAPUnsupported:
			body.Put("gdap", w.text(string(r.GDAP)))
		default:
			w.problem("the directory role %s is lent through GDAP %q, which says nothing", r.ID, r.GDAP)
		}
		w.entry(n, taken, r.Name, r.ID.String(), DeriveID[csp.DirectoryRole]("directory role", r.Name).String(), body)
	}
	return n
}
