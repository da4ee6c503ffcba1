package world

import (
	"slices"
	"strings"

	"latchkey/csp"
)

// ManagementGroup is a place above subscriptions. Each tenant has its own (R17).
type ManagementGroup struct {
	Scope csp.Scope
	Name  string // what people call it
}

// AddManagementGroup adds a management group directly below the tenant's root.
func (t Tenant) AddManagementGroup(id, name string) (ManagementGroup, error) {
	scope, err := csp.ParseScope("/providers/Microsoft.Management/managementGroups/" + id)
	if err != nil {
		return ManagementGroup{}, refuse(BadName, "%v", err)
	}
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if _, ok := d.managementGroup(scope); ok {
		return ManagementGroup{}, refuse(NameTaken, "the management group %s exists", id)
	}
	if name == "" {
		name = id
	}
	g := &ManagementGroup{Scope: scope, Name: name}
	d.managed[scope.Key()] = g
	d.parents[scope.Key()] = csp.Root()
	w.record(Event{Kind: ManagementGroupAdded, Tenant: t.ID, By: t.by, Subject: name, Scope: scope})
	return *g, nil
}

// ManagementGroups lists the tenant's management groups by scope.
func (t Tenant) ManagementGroups() []ManagementGroup {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []ManagementGroup
	for _, g := range t.w.tenants[t.ID].managed {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b ManagementGroup) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

// Place puts a subscription or management group into a management group, or, if
// parent is the root, back below the root (R17).
func (t Tenant) Place(child, parent csp.Scope) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	for _, scope := range []csp.Scope{child, parent} {
		if err := w.checkPlace(d, scope); err != nil {
			return err
		}
	}
	if err := d.place(child, parent); err != nil {
		return err
	}
	w.record(Event{Kind: PlaceMoved, Tenant: t.ID, By: t.by, Subject: parent.Name(), Scope: child})
	return nil
}

func (d *tenant) place(child, parent csp.Scope) error {
	switch {
	case child.Kind() != csp.SubscriptionScope && child.Kind() != csp.ManagementGroupScope:
		return refuse(BadPlacement, "%s cannot be placed: only subscriptions and management groups can", child)
	case child.Equal(d.rootScope()):
		return refuse(BadPlacement, "the root group lies in nothing")
	case parent.Kind() != csp.RootScope && parent.Kind() != csp.ManagementGroupScope:
		return refuse(BadPlacement, "%s is no management group", parent)
	case d.contains(child, parent):
		return refuse(BadPlacement, "%s lies in %s already", parent, child)
	}
	d.parents[child.Key()] = parent
	return nil
}

// ParentOf is where a subscription or management group of the tenant is placed:
// in a management group, or below the root.
func (t Tenant) ParentOf(child csp.Scope) csp.Scope {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].parentOf(child)
}

func (d *tenant) parentOf(child csp.Scope) csp.Scope {
	if parent, ok := d.parents[child.Key()]; ok {
		return parent
	}
	return csp.Root()
}

// placesAbove lists the keys of the scope itself and of everything above it (R17):
// by cutting names off its end up to the subscription, then by where that is
// placed, through the tenant's root group to the root.
func (d *tenant) placesAbove(scope csp.Scope) []string {
	list := make([]string, 0, 8)
	if id := scope.Subscription(); !id.IsZero() {
		whole := csp.SubscriptionScopeOf(id)
		for key, least := scope.Key(), len(whole.String()); len(key) > least; key = enclosing(key) {
			list = append(list, key)
		}
		scope = whole
	}
	root := d.rootScope().Key()
	for ; scope.Kind() == csp.SubscriptionScope || scope.Kind() == csp.ManagementGroupScope; scope = d.parentOf(scope) {
		key := scope.Key()
		if list = append(list, key); key == root {
			return append(list, csp.Root().Key())
		}
	}
	if len(list) > 0 {
		list = append(list, root)
	}
	return append(list, csp.Root().Key())
}

// Contains says whether the inner scope is the outer one or lies in it, by the
// text and by where this tenant has placed its subscriptions and management
// groups (R17).
func (t Tenant) Contains(outer, inner csp.Scope) bool {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].contains(outer, inner)
}

func (d *tenant) contains(outer, inner csp.Scope) bool {
	if outer.Kind() == csp.ManagementGroupScope {
		return slices.Contains(d.placesAbove(inner), outer.Key())
	}
	return outer.Contains(inner)
}
