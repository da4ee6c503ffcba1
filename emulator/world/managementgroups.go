package world

import (
	"slices"
	"strings"

	"latchkey/csp"
)

// Every tenant has a root group, named as the tenant's id: all other management
// groups and all subscriptions lie in it, whether somebody placed them or not.

func managementScope(name string) (csp.Scope, error) {
	return csp.ParseScope("/providers/Microsoft.Management/managementGroups/" + name)
}

func (d *tenant) rootScope() csp.Scope {
	scope, _ := managementScope(d.ID.String()) // a GUID is a name
	return scope
}

func (d *tenant) rootGroup() ManagementGroup {
	if g, ok := d.managed[d.rootScope().Key()]; ok {
		return *g
	}
	return ManagementGroup{Scope: d.rootScope(), Name: "Tenant Root Group"}
}

func (d *tenant) managementGroup(scope csp.Scope) (ManagementGroup, bool) {
	if g, ok := d.managed[scope.Key()]; ok {
		return *g, true
	}
	return d.rootGroup(), scope.Equal(d.rootScope())
}

// chain lists the management groups that a subscription or group lies in, the
// nearest first and the root group last; of a group, itself first.
func (d *tenant) chain(scope csp.Scope) []ManagementGroup {
	var list []ManagementGroup
	if scope.Kind() != csp.ManagementGroupScope {
		scope = d.parentOf(csp.SubscriptionScopeOf(scope.Subscription()))
	}
	for ; scope.Kind() == csp.ManagementGroupScope && !scope.Equal(d.rootScope()); scope = d.parentOf(scope) {
		if g, ok := d.managed[scope.Key()]; ok {
			list = append(list, *g)
		}
	}
	return append(list, d.rootGroup())
}

// RootGroup is the tenant's root management group.
func (t Tenant) RootGroup() ManagementGroup {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].rootGroup()
}

// AllManagementGroups lists the management groups by id, the root group first.
func (t Tenant) AllManagementGroups() []ManagementGroup {
	root := t.RootGroup()
	list := slices.DeleteFunc(t.ManagementGroups(), func(g ManagementGroup) bool { return g.Scope.Equal(root.Scope) })
	return slices.Insert(list, 0, root)
}

// ManagementGroup finds a management group by its id, in either case.
func (t Tenant) ManagementGroup(id string) (ManagementGroup, bool) {
	scope, err := managementScope(id)
	if err != nil {
		return ManagementGroup{}, false
	}
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].managementGroup(scope)
}

// Chain lists the management groups that a scope lies in, the nearest first and
// the root group last; of a management group, itself first.
func (t Tenant) Chain(scope csp.Scope) []ManagementGroup {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].chain(scope)
}

// Children lists what lies directly in a management group, by id.
func (t Tenant) Children(of csp.Scope) (groups []ManagementGroup, subscriptions []Subscription) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.children(t.w.tenants[t.ID], of)
}

func (w *World) children(d *tenant, of csp.Scope) (groups []ManagementGroup, subscriptions []Subscription) {
	for _, g := range d.managed {
		if above := d.chain(g.Scope); len(above) > 1 && above[1].Scope.Equal(of) {
			groups = append(groups, *g)
		}
	}
	for _, s := range d.trusting {
		if d.chain(csp.SubscriptionScopeOf(s.ID))[0].Scope.Equal(of) {
			subscriptions = append(subscriptions, Subscription{s.Subscription, w})
		}
	}
	slices.SortFunc(groups, func(a, b ManagementGroup) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	slices.SortFunc(subscriptions, func(a, b Subscription) int { return a.ID.Compare(b.ID) })
	return groups, subscriptions
}

// maxManagementDepth is how deep management groups lie in each other, the root
// group left out.
const maxManagementDepth = 6

// PutManagementGroup makes a management group, or gives one another name for
// people and another parent; what is empty stays, or is the root group.
func (t Tenant) PutManagementGroup(by Actor, id, name string, parent csp.Scope) (g ManagementGroup, created bool, err error) {
	scope, err := managementScope(id)
	if err != nil || scope.Kind() != csp.ManagementGroupScope {
		return g, false, refuse(BadName, "%q is no id of a management group", id)
	}
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	kept, known := d.managementGroup(scope)
	if !known {
		kept = ManagementGroup{Scope: scope, Name: id}
	}
	if name != "" {
		kept.Name = name
	}
	if !parent.IsZero() {
		if err := w.checkManagementPlace(d, scope, parent); err != nil {
			return g, false, err
		}
	}
	d.managed[kept.Scope.Key()] = &kept
	switch {
	case !parent.IsZero():
		d.parents[kept.Scope.Key()] = parent
	case !known:
		d.parents[kept.Scope.Key()] = csp.Root()
	}
	kind := ManagementGroupPut
	if !known {
		kind = ManagementGroupAdded
	}
	w.record(Event{Kind: kind, Tenant: t.ID, By: by, Subject: kept.Name, Scope: kept.Scope})
	return kept, !known, nil
}

func (w *World) checkManagementPlace(d *tenant, child, parent csp.Scope) error {
	if err := w.checkPlace(d, parent); err != nil {
		return err
	}
	above := d.chain(parent)
	switch {
	case child.Equal(d.rootScope()):
		return refuse(BadPlacement, "the root group lies in nothing")
	case parent.Kind() != csp.ManagementGroupScope:
		return refuse(BadPlacement, "%s is no management group", parent)
	case slices.ContainsFunc(above, func(g ManagementGroup) bool { return g.Scope.Equal(child) }):
		return refuse(BadPlacement, "%s would lie in itself", child.Name())
	case len(above) > maxManagementDepth:
		return refuse(BadPlacement, "management groups lie at most %d deep", maxManagementDepth)
	}
	return nil
}

// DeleteManagementGroup removes a management group in which nothing lies, with
// the role assignments at it.
func (t Tenant) DeleteManagementGroup(by Actor, id string) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	scope, err := managementScope(id)
	if err != nil || !w.exists(d, scope) {
		return refuse(NoSuchScope, "there is no management group %s", id)
	}
	if groups, subscriptions := w.children(d, scope); scope.Equal(d.rootScope()) || len(groups)+len(subscriptions) > 0 {
		return refuse(NotEmpty, "%s is the root group, or something lies in it", id)
	}
	for _, a := range slices.Clone(d.at[scope.Key()]) {
		w.unassign(d, by, a)
	}
	delete(d.managed, scope.Key())
	delete(d.parents, scope.Key())
	w.record(Event{Kind: ManagementGroupGone, Tenant: t.ID, By: by, Subject: id, Scope: scope})
	return nil
}

// rootPlacements say what lies in the root group, if something stands there that
// would be lost otherwise: facts know no root group.
func (w *World) rootPlacements(d *tenant) []csp.Placement {
	root := d.rootScope()
	if !w.usesRootGroup(d) {
		return nil
	}
	var list []csp.Placement
	groups, subscriptions := w.children(d, root)
	for _, g := range groups {
		if _, placed := d.parents[g.Scope.Key()]; !placed {
			list = append(list, csp.Placement{Tenant: d.ID, Child: g.Scope, Parent: root})
		}
	}
	for _, s := range subscriptions {
		if _, placed := d.parents[s.Scope().Key()]; !placed {
			list = append(list, csp.Placement{Tenant: d.ID, Child: s.Scope(), Parent: root})
		}
	}
	return list
}

// usesRootGroup says whether something stands at the root group itself.
func (w *World) usesRootGroup(d *tenant) bool {
	root := d.rootScope()
	return len(d.at[root.Key()]) > 0 || slices.ContainsFunc(d.denials, func(denial csp.Denial) bool { return denial.Scope.Equal(root) })
}

// enclosing is the key of the next place up inside the subscription. A place is
// named by two segments, and a resource by its provider as well.
func enclosing(key string) string {
	up := cutTwo(key)
	if at := strings.LastIndexByte(up, '/'); at > 0 && strings.HasSuffix(up[:at], "/providers") {
		up = cutTwo(up)
	}
	return up
}

func cutTwo(key string) string {
	for range 2 {
		if at := strings.LastIndexByte(key, '/'); at >= 0 {
			key = key[:at]
		}
	}
	return key
}
