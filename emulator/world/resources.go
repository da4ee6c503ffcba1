package world

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/policy"
)

// Resource is something in a resource group, or right in a subscription: what
// every kind has, and its properties as they were given.
type Resource struct {
	Scope      csp.Scope
	Location   string
	Kind       string
	SKU        string
	Tags       map[string]string
	Properties map[string]any
	// Identity is the service principal it runs as (R26); zero: none.
	Identity csp.ObjectID
}

// Type is the kind of resource, such as Microsoft.Compute/virtualMachines.
func (r Resource) Type() string { return TypeOf(r.Scope) }

// TypeOf is the resource type that a resource's id says.
func TypeOf(scope csp.Scope) string {
	segments := strings.Split(scope.String(), "/")
	at := len(segments) - 1
	for at >= 0 && segments[at] != "providers" {
		at--
	}
	if at < 0 || at+2 >= len(segments) {
		return ""
	}
	parts := []string{segments[at+1]}
	for i := at + 2; i < len(segments); i += 2 {
		parts = append(parts, segments[i])
	}
	return strings.Join(parts, "/")
}

// Machine is a virtual machine, the resource on which rights can be tried.
type Machine struct {
	Scope    csp.Scope
	Location string
	// Stopped says that it does not run: it was deallocated or powered off.
	Stopped bool
	// Restarts counts how often it was restarted through the API.
	Restarts int
	// Commands counts how often a command was run on it.
	Commands int
}

type resource struct {
	Resource
	stopped  bool
	restarts int
	commands int
	keys     [2]string // of a storage account, made when they are first asked for
	implied  bool      // no fact lists it
}

func (r *resource) machine() Machine {
	return Machine{Scope: r.Scope, Location: r.Location, Stopped: r.stopped, Restarts: r.restarts, Commands: r.commands}
}

// AddResource puts a place into the world as its author: a resource group, or a
// resource, whose group is made along with it if need be. One that is there
// already is left as it is.
func (w *World) AddResource(r Resource) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[r.Scope.Subscription()]
	if !ok || (r.Scope.Kind() != csp.ResourceGroupScope && r.Scope.Kind() != csp.ResourceScope) {
		return refuse(NoSuchScope, "%s is no place in a subscription that exists", r.Scope)
	}
	known := w.existsBelow(r.Scope)
	s.ensure(w, r.Scope, false)
	if known || r.Scope.Kind() != csp.ResourceScope {
		return nil
	}
	if r.Location == "" {
		r.Location = somewhere
	}
	w.putResource(s, Actor{}, r)
	return nil
}

// PutResource makes a resource, or changes the one that is there. Whether the
// actor may is not asked here; locks and policies are.
func (w *World) PutResource(by Actor, r Resource) (put Resource, created bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.subscriptions[r.Scope.Subscription()]
	if !ok || r.Scope.Kind() != csp.ResourceScope {
		return Resource{}, false, refuse(NoSuchScope, "%s is no resource in a subscription that exists", r.Scope)
	}
	if group := r.Scope.ResourceGroup(); group != "" && s.groups[strings.ToLower(group)] == nil {
		return Resource{}, false, refuse(NoSuchScope, "there is no resource group %s", group)
	}
	if !by.IsAuthor() {
		if err := w.checkWrite(r.Scope, placeFields(r.Type(), r.Scope, r.Location, r.Tags)); err != nil {
			return Resource{}, false, err
		}
	}
	kept, known := s.resources[r.Scope.Key()]
	if known && r.Identity.IsZero() {
		r.Identity = kept.Identity
	}
	return w.putResource(s, by, r), !known, nil
}

func (w *World) putResource(s *subscription, by Actor, r Resource) Resource {
	kept, known := s.resources[r.Scope.Key()]
	if known {
		r.Scope = kept.Scope // as it was spelt first
	} else {
		kept = new(resource)
		s.resources[r.Scope.Key()] = kept
	}
	r.Tags, r.Properties = maps.Clone(r.Tags), maps.Clone(r.Properties)
	kept.Resource, kept.implied = r, false
	kind := ResourcePut
	if isMachine(r.Scope) && !known {
		kind = MachineAdded
	}
	w.record(Event{Kind: kind, Tenant: s.Tenant, By: by, Subject: r.Scope.Name(), Scope: r.Scope})
	return r
}

// checkWrite asks whether a lock or a policy refuses a change at the place.
func (w *World) checkWrite(scope csp.Scope, fields policy.Fields) error {
	if locked := w.lockedAt(scope, ReadOnly); len(locked) > 0 {
		return &Refusal{Law: ScopeLocked, Detail: "a read-only lock stands at or above " + scope.String(), Locked: locked}
	}
	return w.checkPolicies(w.tenants[w.subscriptions[scope.Subscription()].Tenant], scope, fields)
}

// placeFields are the fields a policy sees of a resource group or resource.
func placeFields(kind string, scope csp.Scope, location string, tags map[string]string) policy.Fields {
	f := policy.Fields{}
	f.Set("type", kind)
	f.Set("name", scope.Name())
	f.Set("id", scope.String())
	if location != "" {
		f.Set("location", location)
	}
	for name, value := range tags {
		f.Set("tags."+name, value)
		f.Set("tags['"+name+"']", value)
	}
	return f
}

// DeleteResource removes a resource, what lies in it, and every role assignment
// there. A lock at, in or above it refuses that.
func (w *World) DeleteResource(by Actor, scope csp.Scope) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone, err := w.resourceAt(scope)
	if err != nil {
		return err
	}
	if locked := w.lockedAround(scope, CanNotDelete, ReadOnly); len(locked) > 0 && !by.IsAuthor() {
		return &Refusal{Law: ScopeLocked, Detail: "a lock stands at " + scope.String() + " or above it", Locked: locked}
	}
	s := w.subscriptions[scope.Subscription()]
	for key, r := range s.resources {
		if scope.Contains(r.Scope) {
			delete(s.resources, key)
		}
	}
	w.clearPlace(w.tenants[s.Tenant], by, scope)
	w.record(Event{Kind: ResourceRemoved, Tenant: s.Tenant, By: by, Subject: gone.Scope.Name(), Scope: gone.Scope})
	return nil
}

func (w *World) resourceAt(scope csp.Scope) (*resource, error) {
	if s, ok := w.subscriptions[scope.Subscription()]; ok {
		if r, ok := s.resources[scope.Key()]; ok {
			return r, nil
		}
	}
	return nil, refuse(NoSuchScope, "there is no resource %s", scope)
}

// ResourceAt finds a resource.
func (w *World) ResourceAt(scope csp.Scope) (Resource, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, err := w.resourceAt(scope)
	if err != nil {
		return Resource{}, false
	}
	return r.Resource, true
}

// Resources lists the resources at or below the scope, by id.
func (w *World) Resources(below csp.Scope) []Resource {
	var list []Resource
	w.eachResource(below, func(r *resource) { list = append(list, r.Resource) })
	slices.SortFunc(list, func(a, b Resource) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

func (w *World) eachResource(below csp.Scope, do func(*resource)) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.subscriptions[below.Subscription()]
	if !ok {
		return
	}
	for _, r := range s.resources {
		if below.Contains(r.Scope) {
			do(r)
		}
	}
}

// SetTags replaces the tags of a subscription, a resource group or a resource.
func (w *World) SetTags(by Actor, scope csp.Scope, tags map[string]string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.existsBelow(scope) {
		return refuse(NoSuchScope, "there is no %s", scope)
	}
	if locked := w.lockedAt(scope, ReadOnly); len(locked) > 0 && !by.IsAuthor() {
		return &Refusal{Law: ScopeLocked, Detail: "a read-only lock stands at or above " + scope.String(), Locked: locked}
	}
	s := w.subscriptions[scope.Subscription()]
	kept := maps.Clone(tags)
	switch scope.Kind() {
	case csp.ResourceGroupScope:
		s.groups[strings.ToLower(scope.ResourceGroup())].Tags = kept
	case csp.ResourceScope:
		s.resources[scope.Key()].Tags = kept
	default:
		s.tags = kept
	}
	w.record(Event{Kind: TagsSet, Tenant: s.Tenant, By: by, Subject: scope.Name(), Scope: scope})
	return nil
}

const (
	machineType = "Microsoft.Compute/virtualMachines"
	storageType = "Microsoft.Storage/storageAccounts"
)

// somewhere is where things are of which nobody says where.
const somewhere = "westeurope"

func isMachine(scope csp.Scope) bool { return strings.EqualFold(TypeOf(scope), machineType) }

// AddVM adds a virtual machine to the resource group.
func (g ResourceGroup) AddVM(name string) (Machine, error) {
	scope, err := csp.ParseScope(g.Scope.String() + "/providers/" + machineType + "/" + name)
	if err != nil {
		return Machine{}, refuse(BadName, "%v", err)
	}
	if g.w.Exists(scope) {
		return Machine{}, refuse(NameTaken, "the virtual machine %s exists", name)
	}
	put, _, err := g.w.PutResource(Actor{}, Resource{Scope: scope, Location: g.Location})
	return Machine{Scope: put.Scope, Location: put.Location}, err
}

// VM finds a virtual machine.
func (w *World) VM(scope csp.Scope) (Machine, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, err := w.resourceAt(scope)
	if err != nil || !isMachine(scope) {
		return Machine{}, false
	}
	return r.machine(), true
}

// VMs lists the virtual machines at or below the scope.
func (w *World) VMs(below csp.Scope) []Machine {
	var list []Machine
	w.eachResource(below, func(r *resource) {
		if isMachine(r.Scope) {
			list = append(list, r.machine())
		}
	})
	slices.SortFunc(list, func(a, b Machine) int { return strings.Compare(a.Scope.Key(), b.Scope.Key()) })
	return list
}

// Restart restarts the machine. Whether the actor may is not asked here.
func (w *World) Restart(by Actor, scope csp.Scope) error {
	return w.touch(by, scope, machineType, MachineRestarted, func(r *resource) { r.restarts++; r.stopped = false })
}

// Power starts the machine or stops it.
func (w *World) Power(by Actor, scope csp.Scope, on bool) error {
	kind := MachineStopped
	if on {
		kind = MachineStarted
	}
	return w.touch(by, scope, machineType, kind, func(r *resource) { r.stopped = !on })
}

// RunCommand runs a command on the machine, as its own identity would.
func (w *World) RunCommand(by Actor, scope csp.Scope) error {
	return w.touch(by, scope, machineType, CommandRun, func(r *resource) { r.commands++ })
}

// StorageKeys tells the two keys of a storage account, which open its data to
// whoever has them. A read-only lock refuses that, since telling is a POST.
func (w *World) StorageKeys(by Actor, scope csp.Scope) (keys [2]string, err error) {
	err = w.touch(by, scope, storageType, KeysListed, func(r *resource) {
		for i := range r.keys {
			if r.keys[i] == "" {
				r.keys[i] = newStorageKey()
			}
		}
		keys = r.keys
	})
	return keys, err
}

// RegenerateKey makes key 0 or 1 of a storage account anew.
func (w *World) RegenerateKey(by Actor, scope csp.Scope, number int) (keys [2]string, err error) {
	err = w.touch(by, scope, storageType, KeyRegenerated, func(r *resource) {
		for i := range r.keys {
			if i == number || r.keys[i] == "" {
				r.keys[i] = newStorageKey()
			}
		}
		keys = r.keys
	})
	return keys, err
}

// newStorageKey looks like a storage account's key and opens nothing.
func newStorageKey() string {
	var raw [64]byte
	_, _ = rand.Read(raw[:]) // never fails
	return base64.StdEncoding.EncodeToString(raw[:])
}

// touch does something to a resource of the type.
func (w *World) touch(by Actor, scope csp.Scope, of string, kind EventKind, change func(*resource)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.resourceAt(scope)
	if err != nil {
		return err
	}
	if !strings.EqualFold(r.Type(), of) {
		return refuse(NoSuchScope, "%s is no %s", scope, of)
	}
	if locked := w.lockedAt(scope, ReadOnly); len(locked) > 0 {
		return &Refusal{Law: ScopeLocked, Detail: "a read-only lock stands at or above " + scope.String(), Locked: locked}
	}
	change(r)
	w.record(Event{Kind: kind, Tenant: w.subscriptions[scope.Subscription()].Tenant, By: by, Subject: r.Scope.Name(), Scope: r.Scope})
	return nil
}
