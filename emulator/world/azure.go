package world

import (
	"slices"
	"strings"

	"latchkey/csp"
)

// Subscription is a handle on one Azure subscription: methods on it change the world.
type Subscription struct {
	csp.Subscription
	w *World
}

type subscription struct {
	csp.Subscription
	groups    map[string]*ResourceGroup // by lower-case name
	machines  map[string]*Machine       // by scope key
	resources map[string]*Resource      // other resources, by scope key
	locks     []Lock
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

// Machine is a virtual machine, the resource on which rights can be tried.
type Machine struct {
	Scope    csp.Scope
	Location string
	// Restarts counts how often it was restarted through the API.
	Restarts int
	// Commands counts how often a command was run on it.
	Commands int
	implied  bool
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
	fillID(&s.ID)
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
		machines:     make(map[string]*Machine),
		resources:    make(map[string]*Resource),
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
	groups := w.subscriptions[s.ID].groups
	kept, ok := groups[strings.ToLower(name)]
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
	g, ok := s.w.subscriptions[s.ID].groups[strings.ToLower(name)]
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
	for _, g := range s.w.subscriptions[s.ID].groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b ResourceGroup) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

// AddVM adds a virtual machine to the resource group.
func (g ResourceGroup) AddVM(name string) (Machine, error) {
	scope, err := csp.ParseScope(g.Scope.String() + "/providers/Microsoft.Compute/virtualMachines/" + name)
	if err != nil {
		return Machine{}, refuse(BadName, "%v", err)
	}
	w := g.w
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.subscriptions[scope.Subscription()]
	if _, ok := s.machines[scope.Key()]; ok {
		return Machine{}, refuse(NameTaken, "the virtual machine %s exists", name)
	}
	m := &Machine{Scope: scope, Location: g.Location}
	s.machines[scope.Key()] = m
	w.record(Event{Kind: MachineAdded, Tenant: s.Tenant, Subject: name, Scope: scope})
	return *m, nil
}

// VM finds a virtual machine.
func (w *World) VM(scope csp.Scope) (Machine, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	m, err := w.machine(scope)
	if err != nil {
		return Machine{}, false
	}
	return *m, true
}

func (w *World) machine(scope csp.Scope) (*Machine, error) {
	if s, ok := w.subscriptions[scope.Subscription()]; ok {
		if m, ok := s.machines[scope.Key()]; ok {
			return m, nil
		}
	}
	return nil, refuse(NoSuchScope, "there is no virtual machine %s", scope)
}

// VMs lists the virtual machines at or below the scope.
func (w *World) VMs(below csp.Scope) []Machine {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.subscriptions[below.Subscription()]
	if !ok {
		return nil
	}
	var list []Machine
	for _, m := range s.machines {
		if below.Contains(m.Scope) {
			list = append(list, *m)
		}
	}
	slices.SortFunc(list, func(a, b Machine) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

// Restart restarts the machine. Whether the actor may is not asked here.
func (w *World) Restart(by Actor, scope csp.Scope) error {
	return w.touch(by, scope, MachineRestarted, func(m *Machine) { m.Restarts++ })
}

// RunCommand runs a command on the machine, as its own identity would.
func (w *World) RunCommand(by Actor, scope csp.Scope) error {
	return w.touch(by, scope, CommandRun, func(m *Machine) { m.Commands++ })
}

func (w *World) touch(by Actor, scope csp.Scope, kind EventKind, change func(*Machine)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.machine(scope)
	if err != nil {
		return err
	}
	if locked := w.lockedAt(scope, ReadOnly); len(locked) > 0 {
		return &Refusal{Law: ScopeLocked, Detail: "a read-only lock stands at or above " + scope.String(), Locked: locked}
	}
	change(m)
	w.record(Event{Kind: kind, Tenant: w.subscriptions[scope.Subscription()].Tenant, By: by, Subject: m.Scope.Name(), Scope: m.Scope})
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
		return d != nil && d.managed[scope.Key()] != nil
	}
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
		key := scope.Key()
		return s.machines[key] != nil || s.resources[key] != nil
	}
	return false
}

// AddLock puts a lock on a scope that exists.
func (w *World) AddLock(l Lock) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.exists(nil, l.Scope) || l.Scope.Kind() == csp.RootScope {
		return refuse(NoSuchScope, "there is no %s to lock", l.Scope)
	}
	if l.Name == "" || (l.Level != CanNotDelete && l.Level != ReadOnly) {
		return refuse(BadName, "a lock needs a name and the level %s or %s", CanNotDelete, ReadOnly)
	}
	s := w.subscriptions[l.Scope.Subscription()]
	s.locks = append(s.locks, l)
	w.record(Event{Kind: LockAdded, Tenant: s.Tenant, Subject: l.Name, Scope: l.Scope})
	return nil
}

// RemoveLock takes the lock off the scope.
func (w *World) RemoveLock(scope csp.Scope, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return refuse(NoSuchScope, "there is no %s", scope)
	}
	for i, l := range s.locks {
		if l.Scope.Equal(scope) && strings.EqualFold(l.Name, name) {
			s.locks = slices.Delete(s.locks, i, i+1)
			w.record(Event{Kind: LockRemoved, Tenant: s.Tenant, Subject: name, Scope: scope})
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
	s, ok := w.subscriptions[scope.Subscription()]
	if !ok {
		return nil
	}
	var list []csp.Scope
	for _, l := range s.locks {
		if l.Scope.Contains(scope) && slices.Contains(levels, l.Level) {
			list = append(list, l.Scope)
		}
	}
	return list
}
