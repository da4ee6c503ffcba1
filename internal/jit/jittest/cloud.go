// Package jittest is a customer's cloud in memory that works: it holds role
// assignments and locks, implements jit.Connector, keeps the truth about who had
// what and when, and can be told to misbehave as real ones do.
package jittest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/jit"
)

// Op is one of the calls a connector takes.
type Op string

// The calls.
const (
	Preflight Op = "preflight"
	Grant     Op = "grant"
	Observe   Op = "observe"
	Revoke    Op = "revoke"
	Marked    Op = "marked"
)

// Ops are all calls.
func Ops() []Op { return []Op{Preflight, Grant, Observe, Revoke, Marked} }

// Trouble is a way to misbehave.
type Trouble uint8

// The kinds of trouble.
const (
	// Down: the call does not happen, and there is no answer.
	Down Trouble = iota + 1
	// Lost: the call happens, and its answer is lost.
	Lost
	// Busy: the call does not happen; the answer asks to come back later.
	Busy
	// Refused: the call does not happen; the answer is a final no.
	Refused
	// Held: there is no answer, and the call happens only after a while, as when a
	// request hangs somewhere in the network.
	Held
)

// HeldFor is how long a held call takes to arrive.
const HeldFor = 30 * time.Second

// BusyFor is how long a busy cloud asks to wait.
const BusyFor = 7 * time.Second

// ErrDown is what a cloud in trouble answers, if it answers.
var ErrDown = errors.New("the cloud is in trouble, as it was told to be")

// Assignment is one role assignment in the cloud.
type Assignment struct {
	Target jit.Target
	Name   csp.RoleAssignmentID
	// Description is Latchkey's marker, or somebody else's words.
	Description string
}

// Stay is how long an assignment was there.
type Stay struct {
	Assignment
	From time.Time
	To   time.Time // zero while it is there
}

// Call is one call that was made, whatever became of it.
type Call struct {
	Op   Op
	At   time.Time
	Name csp.RoleAssignmentID // zero for Preflight and Marked
}

type lock struct {
	scope csp.Scope
	name  string
}

// Cloud is a customer's cloud. Use New.
type Cloud struct {
	clock clock.Clock

	mu      sync.Mutex
	roles   map[csp.RoleDefinitionID]csp.RoleDefinition
	there   []Assignment
	locks   []lock
	stays   []Stay
	calls   []Call
	trouble map[Op][]Trouble
	always  map[Op]Trouble
	hang    map[csp.TenantID]time.Duration
	onCall  func(Op)
}

// New makes a cloud in which the roles are defined.
func New(clk clock.Clock, roles ...csp.RoleDefinition) *Cloud {
	c := &Cloud{
		clock: clk, roles: make(map[csp.RoleDefinitionID]csp.RoleDefinition),
		trouble: make(map[Op][]Trouble), always: make(map[Op]Trouble), hang: make(map[csp.TenantID]time.Duration),
	}
	for _, r := range roles {
		c.roles[r.ID] = r
	}
	return c
}

// Define adds a role, or changes what one allows.
func (c *Cloud) Define(role csp.RoleDefinition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roles[role.ID] = role
}

// Lock puts a delete lock on a scope, and Unlock takes all of them away.
func (c *Cloud) Lock(scope csp.Scope, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locks = append(c.locks, lock{scope, name})
}

// Unlock takes all locks away.
func (c *Cloud) Unlock() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locks = nil
}

// Trouble makes the next call of the kind go wrong, and the ones after it by
// further entries.
func (c *Cloud) Trouble(op Op, troubles ...Trouble) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble[op] = append(c.trouble[op], troubles...)
}

// Always makes every call of the kinds go wrong until Calm; with no kinds, every
// call at all.
func (c *Cloud) Always(t Trouble, ops ...Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ops) == 0 {
		ops = Ops()
	}
	for _, op := range ops {
		c.always[op] = t
	}
}

// Hang makes every call about the tenant take that long and then fail, until
// Calm.
func (c *Cloud) Hang(tenant csp.TenantID, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hang[tenant] = d
}

// Calm ends all trouble.
func (c *Cloud) Calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.trouble)
	clear(c.always)
	clear(c.hang)
}

// OnCall has f called at the beginning of every call, before it has any effect.
func (c *Cloud) OnCall(f func(Op)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onCall = f
}

// Assign makes an assignment as somebody else would.
func (c *Cloud) Assign(a Assignment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(a)
}

// Unassign removes an assignment as somebody else would.
func (c *Cloud) Unassign(name csp.RoleAssignmentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(name)
}

// Has says whether the target's principal has its role at exactly its scope.
func (c *Cloud) Has(t jit.Target) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.there, func(a Assignment) bool { return same(a.Target, t) })
}

// Assignments are all that are there.
func (c *Cloud) Assignments() []Assignment {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.there)
}

// Stays is the truth about what was there and when, oldest first.
func (c *Cloud) Stays() []Stay {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.stays)
}

// Calls are the calls made so far; with kinds, only those.
func (c *Cloud) Calls(ops ...Op) []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ops) == 0 {
		return slices.Clone(c.calls)
	}
	var some []Call
	for _, call := range c.calls {
		if slices.Contains(ops, call.Op) {
			some = append(some, call)
		}
	}
	return some
}

func same(a, b jit.Target) bool {
	return a.Tenant == b.Tenant && a.Scope.Equal(b.Scope) && a.Role == b.Role && a.Principal == b.Principal
}

// put and remove change the truth.
func (c *Cloud) put(a Assignment) {
	c.there = append(c.there, a)
	c.stays = append(c.stays, Stay{Assignment: a, From: c.clock.Now()})
}

func (c *Cloud) remove(name csp.RoleAssignmentID) {
	c.there = slices.DeleteFunc(c.there, func(a Assignment) bool { return a.Name == name })
	for i := range c.stays {
		if c.stays[i].Name == name && c.stays[i].To.IsZero() {
			c.stays[i].To = c.clock.Now()
		}
	}
}

// begin notes a call and answers what goes wrong with it, or zero.
func (c *Cloud) begin(op Op, tenant csp.TenantID, name csp.RoleAssignmentID) Trouble {
	c.mu.Lock()
	c.calls = append(c.calls, Call{op, c.clock.Now(), name})
	hook, hang := c.onCall, c.hang[tenant]
	c.mu.Unlock()
	if hook != nil {
		hook(op)
	}
	if hang > 0 {
		timer := c.clock.TimerAt(c.clock.Now().Add(hang))
		<-timer.C
		return Down
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if next := c.trouble[op]; len(next) > 0 {
		c.trouble[op] = next[1:]
		return next[0]
	}
	return c.always[op]
}

// Preflight implements jit.Connector.
func (c *Cloud) Preflight(_ context.Context, t jit.Target) (jit.Preflight, error) {
	if c.begin(Preflight, t.Tenant, csp.RoleAssignmentID{}) != 0 {
		return jit.Preflight{}, ErrDown
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	role, ok := c.roles[t.Role]
	if !ok {
		return jit.Preflight{}, fmt.Errorf("there is no role %s", t.Role)
	}
	found := jit.Preflight{Role: role}
	for _, l := range c.locks {
		if l.scope.Contains(t.Scope) {
			found.Locks = append(found.Locks, l.name)
		}
	}
	found.Existing = slices.ContainsFunc(c.there, func(a Assignment) bool { return same(a.Target, t) })
	return found, nil
}

// Grant implements jit.Connector by the laws of Azure: a name is used once, the
// same access under another name exists already, and what exists keeps its
// target.
func (c *Cloud) Grant(ctx context.Context, o jit.Order) jit.Outcome {
	return c.change(ctx, Grant, o, func() jit.Outcome {
		for i, a := range c.there {
			switch {
			case a.Name == o.Name && same(a.Target, o.Target):
				c.there[i].Description = o.Marker.String()
				return jit.Outcome{Result: jit.Done}
			case a.Name == o.Name:
				return jit.Outcome{Result: jit.NotDone, Err: errors.New("the name is taken")}
			case same(a.Target, o.Target):
				return jit.Outcome{Result: jit.Preexisting, Err: errors.New("the role assignment already exists")}
			}
		}
		c.put(Assignment{o.Target, o.Name, o.Marker.String()})
		return jit.Outcome{Result: jit.Done}
	})
}

// Revoke implements jit.Connector. A lock refuses it.
func (c *Cloud) Revoke(ctx context.Context, o jit.Order) jit.Outcome {
	return c.change(ctx, Revoke, o, func() jit.Outcome {
		for _, a := range c.there {
			if a.Name != o.Name {
				continue
			}
			if !same(a.Target, o.Target) {
				return jit.Outcome{Result: jit.NotDone, Err: errors.New("the name belongs to something else")}
			}
			for _, l := range c.locks {
				if l.scope.Contains(o.Target.Scope) {
					return jit.Outcome{Result: jit.NotDone, Err: fmt.Errorf("the lock %q forbids it", l.name)}
				}
			}
		}
		c.remove(o.Name)
		return jit.Outcome{Result: jit.Done}
	})
}

// change runs a call that changes something, with whatever trouble is due.
func (c *Cloud) change(ctx context.Context, op Op, o jit.Order, effect func() jit.Outcome) jit.Outcome {
	trouble := c.begin(op, o.Target.Tenant, o.Name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return jit.Outcome{Err: ctx.Err()}
	}
	switch trouble {
	case Down:
		return jit.Outcome{Err: ErrDown}
	case Busy:
		return jit.Outcome{Result: jit.NotDone, Err: ErrDown, Retry: true, After: BusyFor}
	case Refused:
		return jit.Outcome{Result: jit.NotDone, Err: ErrDown}
	case Lost:
		effect()
		return jit.Outcome{Err: ErrDown}
	case Held:
		arrives := c.clock.TimerAt(c.clock.Now().Add(HeldFor))
		go func() {
			<-arrives.C
			c.mu.Lock()
			defer c.mu.Unlock()
			effect()
		}()
		return jit.Outcome{Err: ErrDown}
	}
	return effect()
}

// Observe implements jit.Connector.
func (c *Cloud) Observe(_ context.Context, o jit.Order) (jit.Sighting, error) {
	if c.begin(Observe, o.Target.Tenant, o.Name) != 0 {
		return jit.Unseen, ErrDown
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.there {
		if a.Name == o.Name {
			if same(a.Target, o.Target) {
				return jit.SeenOurs, nil
			}
			return jit.SeenForeign, nil
		}
	}
	return jit.SeenAbsent, nil
}

// Marked implements jit.Connector.
func (c *Cloud) Marked(_ context.Context, p jit.Place) ([]jit.MarkedObject, error) {
	if c.begin(Marked, p.Tenant, csp.RoleAssignmentID{}) != 0 {
		return nil, ErrDown
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []jit.MarkedObject
	for _, a := range c.there {
		if a.Target.Tenant != p.Tenant || !a.Target.Scope.Equal(p.Scope) || !strings.HasPrefix(a.Description, "latchkey/") {
			continue
		}
		marker, ok := jit.ParseMarker(a.Description)
		found = append(found, jit.MarkedObject{
			Order: jit.Order{Target: a.Target, Name: a.Name, Marker: marker}, Raw: a.Description, Parsed: ok,
		})
	}
	return found, nil
}
