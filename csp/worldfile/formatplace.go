package worldfile

import (
	"cmp"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/csp/worldfile/internal/yamltree"
)

// putAzure writes a tenant's part of Azure.
func (w *writer) putAzure(body *node, rows *tenantRows) {
	id := rows.tenant.ID
	put(body, "root", w.placeBody(placeKey{id, csp.Root().Key()}))
	put(body, "management groups", w.managementGroups(id))
	subscriptions, taken := &node{}, map[string]bool{}
	slices.SortStableFunc(rows.subscriptions, func(a, b csp.Subscription) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range rows.subscriptions {
		n := w.subscription(s)
		w.entry(subscriptions, taken, s.Name, s.ID.String(), DeriveID[csp.Subscription]("subscription", s.Tenant.String(), s.Name).String(), n)
	}
	put(body, "subscriptions", subscriptions)
	put(body, "places", w.leftPlaces(id))
}

// managementGroups are those that are placed somewhere.
func (w *writer) managementGroups(tenant csp.TenantID) *node {
	var scopes []csp.Scope
	for key := range w.placed {
		if p := w.places[key]; key.tenant == tenant && p.scope.Kind() == csp.ManagementGroupScope {
			scopes = append(scopes, p.scope)
		}
	}
	slices.SortFunc(scopes, func(a, b csp.Scope) int { return strings.Compare(a.Key(), b.Key()) })
	n := &node{}
	for _, scope := range scopes {
		key := placeKey{tenant, scope.Key()}
		body := &node{}
		w.putParent(body, key, true)
		w.putHolding(body, key)
		n.Put(scope.Name(), body)
	}
	return n
}

// putParent writes what the place lies in; rootIsPlain: nothing needs to be
// written for the root.
func (w *writer) putParent(body *node, key placeKey, rootIsPlain bool) {
	parent, ok := w.placed[key]
	delete(w.placed, key)
	if !ok || rootIsPlain && parent.Kind() == csp.RootScope {
		return
	}
	name := parent.String()
	if w.described[placeKey{key.tenant, parent.Key()}] {
		name = parent.Name()
	}
	body.Put("in", w.text(name))
}

func (w *writer) subscription(s csp.Subscription) *node {
	n := &node{}
	scope := csp.SubscriptionScopeOf(s.ID)
	key := placeKey{s.Tenant, scope.Key()}
	w.putParent(n, key, false)
	if !s.Creator.IsZero() {
		n.Put("created by", w.tenantName(s.Creator))
		if !w.takeCreatorsOwner(s) {
			n.Put("foreign principal", no())
		}
	}
	w.putHolding(n, key)
	put(n, "resources", w.resources(s.Tenant, scope))
	groups := &node{}
	for _, group := range w.below(scope, csp.ResourceGroupScope) {
		body := &node{}
		w.putHolding(body, placeKey{s.Tenant, group.Key()})
		put(body, "resources", w.resources(s.Tenant, group))
		groups.Put(group.Name(), body)
	}
	put(n, "resource groups", groups)
	return n
}

// takeCreatorsOwner leaves out the assignment that reading "created by" makes,
// and says whether there is one.
func (w *writer) takeCreatorsOwner(s csp.Subscription) bool {
	agents := w.adminAgents[s.Creator]
	if len(agents) != 1 || !w.roles[owner().ID] {
		return false
	}
	expected := creatorsOwner(s, agents[0])
	rows := w.places[placeKey{s.Tenant, expected.Scope.Key()}]
	if rows == nil {
		return false
	}
	at := slices.Index(rows.assignments, expected)
	if at < 0 {
		return false
	}
	rows.assignments = slices.Delete(rows.assignments, at, at+1)
	w.namedRoles[owner().ID] = true
	return true
}

// below are the places of a kind in a subscription that exist.
func (w *writer) below(scope csp.Scope, kind csp.ScopeKind) []csp.Scope {
	return w.existing[parentKey{scope.Key(), kind}]
}

// resources are those directly in a subscription or resource group that exist.
func (w *writer) resources(tenant csp.TenantID, in csp.Scope) *node {
	n := &node{}
	for _, scope := range w.below(in, csp.ResourceScope) {
		body := &node{}
		w.putHolding(body, placeKey{tenant, scope.Key()})
		n.Put(scope.String()[len(in.String()+"/providers/"):], body)
	}
	return n
}

// leftPlaces are the places of a tenant that stand nowhere else.
func (w *writer) leftPlaces(tenant csp.TenantID) *node {
	var keys []placeKey
	for key, rows := range w.places {
		if key.tenant == tenant && !rows.written && !rows.scope.IsZero() {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b placeKey) int { return strings.Compare(a.scope, b.scope) })
	n := &node{}
	for _, key := range keys {
		body := &node{}
		rows := w.places[key]
		if scope, ok := w.exists[key.scope]; ok && w.tenantOf[scope.Subscription()] == tenant {
			putYes(body, "exists", true)
		}
		w.putParent(body, key, false)
		w.putHolding(body, key)
		n.Put(rows.scope.String(), body)
	}
	return n
}

func (w *writer) placeBody(key placeKey) *node {
	n := &node{}
	w.putHolding(n, key)
	return n
}

// putHolding writes what holds at a place.
func (w *writer) putHolding(n *node, key placeKey) {
	rows := w.places[key]
	if rows == nil {
		return
	}
	rows.written = true
	w.putAccess(n, key.tenant, rows)
	w.putDenials(n, key, rows)
	var locks, policies byKey
	for _, l := range rows.locks {
		if l.Level != csp.CanNotDelete && l.Level != csp.ReadOnly {
			w.problem("the lock %q is %q; want CanNotDelete or ReadOnly", l.Name, l.Level)
		}
		locks.add(w.text(l.Name).Text, w.text(string(l.Level)))
	}
	put(n, "locks", locks.node())
	for _, p := range rows.policies {
		body := &node{}
		spares := yamltree.NewList()
		for _, role := range p.Spares {
			spares.Items = append(spares.Items, w.roleName(role))
		}
		put(body, "spares", fewest(spares.Items))
		policies.add(w.text(p.Name).Text, body)
	}
	put(n, "policies", policies.node())
	artefacts := yamltree.NewList()
	for _, a := range rows.artefacts {
		artefacts.Items = append(artefacts.Items, w.text(a.Name))
	}
	put(n, "artefacts", fewest(artefacts.Items))
	var identities []*node
	for _, m := range rows.identities {
		identities = append(identities, w.identity(key.tenant, m))
	}
	put(n, "identity", fewest(identities))
	w.putUsage(n, key.tenant, rows)
	w.putGaps(n, rows.gaps)
}

// identity names an identity. A service principal that is called what stands for
// an identity of the system's is written by its id.
func (w *writer) identity(tenant csp.TenantID, m csp.ManagedIdentity) *node {
	if at, ok := w.system[m.Principal]; ok && at.Equal(m.Resource) {
		return yamltree.NewText(systemAssigned)
	}
	name := w.who(tenant, m.Principal)
	if name.Text == systemAssigned {
		name.Text = m.Principal.String()
	}
	return name
}

func (w *writer) putAccess(n *node, tenant csp.TenantID, rows *placeRows) {
	var access, lighthouse byKey
	for _, a := range rows.assignments {
		item := &node{}
		item.Put("who", w.who(tenant, a.Principal))
		switch seen := seenFrom(tenant, w.principals[a.Principal]); {
		case a.PrincipalType == seen:
		case a.PrincipalType == "":
			item.Put("type", w.text(unknownWord))
		case !slices.Contains(principalTypes, string(a.PrincipalType)):
			w.problem("the role assignment %s is to a %q, which is no type of principal", a.Name, a.PrincipalType)
		default:
			item.Put("type", w.text(string(a.PrincipalType)))
		}
		w.term(item, a.Term)
		w.putText(item, "condition", a.Condition)
		w.putText(item, "description", a.Description)
		if a.Name.IsZero() {
			item.Put("id", w.text(unknownWord))
		} else if a.Name != assignmentID(a) {
			item.Put("id", w.text(a.Name.String()))
		}
		access.add(w.roleName(a.Role).Text, short(item, "who"))
	}
	for _, l := range rows.lighthouses {
		item := &node{}
		item.Put("who", w.who(csp.TenantID{}, l.Principal))
		if w.principals[l.Principal].Tenant != l.Manager {
			item.Put("manager", w.tenantName(l.Manager))
		}
		if l.Manager.IsZero() {
			w.problem("the Lighthouse delegation to %s has no managing tenant", l.Principal)
		}
		w.term(item, l.Term)
		lighthouse.add(w.roleName(l.Role).Text, short(item, "who"))
	}
	put(n, "access", access.node())
	put(n, "lighthouse", lighthouse.node())
}

func (w *writer) putDenials(n *node, at placeKey, rows *placeRows) {
	denials, taken := &node{}, map[string]bool{}
	for _, d := range rows.denials {
		body := &node{}
		put(body, "who", w.everybody(at.tenant, d.Principals))
		putYes(body, "everyone", d.Everyone)
		put(body, "except", w.everybody(at.tenant, d.Excluded))
		putYes(body, "only here", d.ThisScopeOnly)
		putYes(body, "audit only", d.AuditOnly)
		w.putText(body, "condition", d.Condition)
		w.putPermissions(body, d.Permissions, false)
		derived := DeriveID[csp.DenyAssignment]("denial", at.tenant.String(), at.scope, d.Name)
		w.entry(denials, taken, d.Name, d.ID.String(), derived.String(), body)
	}
	put(n, "denials", denials)
}

func (w *writer) everybody(tenant csp.TenantID, ids []csp.ObjectID) *node {
	list := yamltree.NewList()
	for _, id := range ids {
		list.Items = append(list.Items, w.who(tenant, id))
	}
	return fewest(list.Items)
}

func (w *writer) putUsage(n *node, tenant csp.TenantID, rows *placeRows) {
	users, actions := &node{}, map[string]*byKey{}
	for _, u := range rows.usage {
		item := &node{Kind: yamltree.Map}
		if !u.Last.IsZero() {
			item.Put("last", w.at(u.Last))
		}
		putYes(item, "data", u.Data)
		name := w.who(tenant, u.Principal).Text
		if actions[name] == nil {
			actions[name] = &byKey{}
			users.Put(name, nil)
		}
		actions[name].add(w.text(u.Action).Text, short(item, "last"))
	}
	for i, p := range users.Pairs {
		users.Pairs[i].Value = actions[p.Key.Text].node()
	}
	put(n, "usage", users)
}

func (w *writer) putGaps(n *node, rows []csp.Gap) {
	var gaps byKey
	for _, g := range rows {
		gaps.add(g.Fact.String(), w.text(g.Why))
	}
	put(n, "gaps", gaps.node())
}
