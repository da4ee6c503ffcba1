package world

import (
	"maps"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// Subscription is a handle on one Azure subscription: methods on it change the world.
type Subscription struct {
	csp.Subscription
	w *World
}

type subscription struct {
	csp.Subscription
	groups    map[string]*ResourceGroup // by lower-case name
	resources map[string]*resource      // by scope key
	locks     []Lock
	tags      map[string]string
	// assignments are those at the subscription and below it.
	assignments map[csp.RoleAssignmentID]*assignment
}

// ResourceGroup is a place for resources.
type ResourceGroup struct {
	Scope    csp.Scope
	Location string
	Tags     map[string]string
	w        *World
	implied  bool // no fact lists it; something that was loaded stands there
}

// LockLevel is what a lock forbids.
type LockLevel string

// The lock levels.
const (
	CanNotDelete LockLevel = "CanNotDelete"
	ReadOnly     LockLevel = "ReadOnly"
)

// Lock holds at its scope and everywhere below (R27).
type Lock struct {
	Name  string
	Scope csp.Scope
	Level LockLevel
	Notes string
}

// AddSubscription adds a subscription that trusts this tenant. A zero ID is
// replaced by a random one.
func (t Tenant) AddSubscription(s csp.Subscription) (Subscription, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	guid.Fill(&s.ID)
	s.Tenant = t.ID
	if _, ok := w.subscriptions[s.ID]; ok {
		return Subscription{}, refuse(IDTaken, "a subscription with the id %s exists", s.ID)
	}
	w.addSubscription(w.tenants[t.ID], s)
	w.record(Event{Kind: SubscriptionAdded, Tenant: t.ID, By: t.by, Subject: s.Name, Scope: csp.SubscriptionScopeOf(s.ID)})
	return Subscription{s, w}, nil
}

func (w *World) addSubscription(d *tenant, s csp.Subscription) {
	kept := &subscription{
		Subscription: s,
		groups:       make(map[string]*ResourceGroup),
		resources:    make(map[string]*resource),
		assignments:  make(map[csp.RoleAssignmentID]*assignment),
	}
	w.subscriptions[s.ID] = kept
	d.trusting[s.ID] = kept
}

// Subscription finds a subscription by its id.
func (w *World) Subscription(id csp.SubscriptionID) (Subscription, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.subscriptions[id]
	if !ok {
		return Subscription{}, false
	}
	return Subscription{s.Subscription, w}, true
}

// Subscriptions lists the subscriptions that trust the tenant, by name.
func (t Tenant) Subscriptions() []Subscription {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []Subscription
	for _, s := range t.w.tenants[t.ID].trusting {
		list = append(list, Subscription{s.Subscription, t.w})
	}
	slices.SortFunc(list, func(a, b Subscription) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// Scope is the whole subscription as a scope.
func (s Subscription) Scope() csp.Scope { return csp.SubscriptionScopeOf(s.ID) }

// AddResourceGroup adds an empty resource group; a name that exists is refused.
func (s Subscription) AddResourceGroup(name, location string) (ResourceGroup, error) {
	if _, ok := s.ResourceGroup(name); ok {
		return ResourceGroup{}, refuse(NameTaken, "the resource group %s exists", name)
	}
	g, _, err := s.PutResourceGroup(Actor{}, name, location, nil)
	return g, err
}

// PutResourceGroup adds a resource group, or gives an existing one other tags.
func (s Subscription) PutResourceGroup(by Actor, name, location string, tags map[string]string) (g ResourceGroup, created bool, err error) {
	scope, err := csp.ResourceGroupScopeOf(s.ID, name)
	if err != nil {
		return ResourceGroup{}, false, refuse(BadName, "%v", err)
	}
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	there, ok := w.subscriptions[s.ID]
	if !ok {
		return ResourceGroup{}, false, refuse(NoSuchScope, "there is no subscription %s", s.ID)
	}
	groups := there.groups
	kept, ok := groups[strings.ToLower(name)]
	if !by.IsAuthor() {
		if ok {
			location = kept.Location
		}
		if err := w.checkWrite(scope, placeFields("Microsoft.Resources/subscriptions/resourceGroups", scope, location, tags)); err != nil {
			return ResourceGroup{}, false, err
		}
	}
	if !ok {
		kept = &ResourceGroup{Scope: scope, Location: location, w: w}
		groups[strings.ToLower(name)] = kept
	}
	kept.Tags, kept.implied = tags, false
	w.record(Event{Kind: ResourceGroupPut, Tenant: s.Tenant, By: by, Subject: name, Scope: kept.Scope})
	return *kept, !ok, nil
}

// ResourceGroup finds a resource group by its name, in either case of letters.
func (s Subscription) ResourceGroup(name string) (ResourceGroup, bool) {
	s.w.mu.RLock()
	defer s.w.mu.RUnlock()
	there, ok := s.w.subscriptions[s.ID]
	if !ok {
		return ResourceGroup{}, false
	}
	g, ok := there.groups[strings.ToLower(name)]
	if !ok {
		return ResourceGroup{}, false
	}
	return *g, true
}

// ResourceGroups lists the subscription's resource groups by name.
func (s Subscription) ResourceGroups() []ResourceGroup {
	s.w.mu.RLock()
	defer s.w.mu.RUnlock()
	var list []ResourceGroup
	there, ok := s.w.subscriptions[s.ID]
	if !ok {
		return nil
	}
	for _, g := range there.groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b ResourceGroup) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

// DeleteResourceGroup removes the group with everything in it, and every role
// assignment at it and below. A lock anywhere in it or above it refuses that.
func (s Subscription) DeleteResourceGroup(by Actor, name string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, ok := w.subscriptions[s.ID]
	if !ok {
		return refuse(NoSuchScope, "there is no subscription %s", s.ID)
	}
	g, ok := kept.groups[strings.ToLower(name)]
	if !ok {
		return refuse(NoSuchScope, "there is no resource group %s", name)
	}
	if locked := w.lockedAround(g.Scope, CanNotDelete, ReadOnly); len(locked) > 0 && !by.IsAuthor() {
		return &Refusal{Law: ScopeLocked, Detail: "a lock stands in " + g.Scope.String() + " or above it", Locked: locked}
	}
	for key, r := range kept.resources {
		if g.Scope.Contains(r.Scope) {
			delete(kept.resources, key)
		}
	}
	w.clearPlace(w.tenants[s.Tenant], by, g.Scope)
	delete(kept.groups, strings.ToLower(name))
	w.record(Event{Kind: ResourceGroupRemoved, Tenant: s.Tenant, By: by, Subject: name, Scope: g.Scope})
	return nil
}

// clearPlace takes everything of authorization off a place that goes away.
func (w *World) clearPlace(d *tenant, by Actor, place csp.Scope) {
	var gone []*assignment
	for _, there := range d.at {
		if place.Contains(there[0].Scope) {
			gone = append(gone, there...)
		}
	}
	for _, a := range gone {
		w.unassign(d, by, a)
	}
	kept := w.subscriptions[place.Subscription()]
	kept.locks = slices.DeleteFunc(kept.locks, func(l Lock) bool { return place.Contains(l.Scope) })
	w.endRegistrations(place)
}

// Tags are the tags of the subscription itself.
func (s Subscription) Tags() map[string]string {
	s.w.mu.RLock()
	defer s.w.mu.RUnlock()
	if kept, ok := s.w.subscriptions[s.ID]; ok {
		return maps.Clone(kept.tags)
	}
	return nil
}

// Exists says whether the scope is a place in the world. What a management group
// is, each tenant says for itself: Tenant.Exists.
func (w *World) Exists(scope csp.Scope) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.exists(nil, scope)
}

// Exists says whether the scope is a place of this tenant.
func (t Tenant) Exists(scope csp.Scope) bool {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.checkPlace(t.w.tenants[t.ID], scope) == nil
}

func (w *World) exists(d *tenant, scope csp.Scope) bool {
	switch scope.Kind() {
	case csp.RootScope:
		return true
	case csp.ManagementGroupScope:
		if d == nil {
			return false
		}
		_, ok := d.managementGroup(scope)
		return ok
	}
	return w.existsBelow(scope)
}

// existsBelow says whether a subscription or something in one is there.
func (w *World) existsBelow(scope csp.Scope) bool {
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return false
	}
	switch scope.Kind() {
	case csp.SubscriptionScope:
		return true
	case csp.ResourceGroupScope:
		_, ok = s.groups[strings.ToLower(scope.ResourceGroup())]
		return ok
	case csp.ResourceScope:
		_, ok = s.resources[scope.Key()]
		return ok
	}
	return false
}

// AddLock puts a lock on a scope that exists.
func (w *World) AddLock(l Lock) error {
	_, err := w.PutLock(Actor{}, l)
	return err
}

// PutLock puts a lock on a scope, or changes the one of that name there.
func (w *World) PutLock(by Actor, l Lock) (created bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.existsBelow(l.Scope) {
		return false, refuse(NoSuchScope, "there is no %s to lock", l.Scope)
	}
	if l.Name == "" || (l.Level != CanNotDelete && l.Level != ReadOnly) {
		return false, refuse(BadName, "a lock needs a name and the level %s or %s", CanNotDelete, ReadOnly)
	}
	s := w.subscriptions[l.Scope.Subscription()]
	if at := slices.IndexFunc(s.locks, func(k Lock) bool { return k.Scope.Equal(l.Scope) && strings.EqualFold(k.Name, l.Name) }); at >= 0 {
		s.locks[at] = l
	} else {
		s.locks = append(s.locks, l)
		created = true
	}
	w.record(Event{Kind: LockAdded, Tenant: s.Tenant, By: by, Subject: l.Name, Scope: l.Scope})
	return created, nil
}

// RemoveLock takes the lock off the scope.
func (w *World) RemoveLock(scope csp.Scope, name string) error {
	return w.DeleteLock(Actor{}, scope, name)
}

// DeleteLock takes the lock off the scope. No other lock prevents that.
func (w *World) DeleteLock(by Actor, scope csp.Scope, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return refuse(NoSuchScope, "there is no %s", scope)
	}
	for i, l := range s.locks {
		if l.Scope.Equal(scope) && strings.EqualFold(l.Name, name) {
			s.locks = slices.Delete(s.locks, i, i+1)
			w.record(Event{Kind: LockRemoved, Tenant: s.Tenant, By: by, Subject: name, Scope: scope})
			return nil
		}
	}
	return refuse(NoSuchScope, "no lock %s stands at %s", name, scope)
}

// Locks lists the locks of the scope's subscription, in the order they were set.
func (w *World) Locks(scope csp.Scope) []Lock {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return nil
	}
	return slices.Clone(s.locks)
}

// lockedAt lists where locks of one of the levels stand at or above the scope.
func (w *World) lockedAt(scope csp.Scope, levels ...LockLevel) []csp.Scope {
	return w.locked(levels, func(at csp.Scope) bool { return at.Contains(scope) }, scope)
}

// lockedAround lists those at, above or below the scope: each of them keeps the
// whole place.
func (w *World) lockedAround(scope csp.Scope, levels ...LockLevel) []csp.Scope {
	return w.locked(levels, func(at csp.Scope) bool { return at.Contains(scope) || scope.Contains(at) }, scope)
}

func (w *World) locked(levels []LockLevel, counts func(csp.Scope) bool, scope csp.Scope) []csp.Scope {
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return nil
	}
	var list []csp.Scope
	for _, l := range s.locks {
		if counts(l.Scope) && slices.Contains(levels, l.Level) {
			list = append(list, l.Scope)
		}
	}
	return list
}
