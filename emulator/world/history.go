package world

import (
	"context"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	TenantAdded             EventKind = "tenant added"
	DomainAdded             EventKind = "domain added"
	UserAdded               EventKind = "user added"
	UserChanged             EventKind = "user changed"
	UserRemoved             EventKind = "user removed"
	GuestInvited            EventKind = "guest invited"
	GroupAdded              EventKind = "group added"
	MemberAdded             EventKind = "member added"
	MemberRemoved           EventKind = "member removed"
	AppAdded                EventKind = "application registered"
	AppChanged              EventKind = "application changed"
	ServicePrincipalAdded   EventKind = "service principal added"
	ServicePrincipalChanged EventKind = "service principal changed"
	ServicePrincipalRemoved EventKind = "service principal removed"
	ConsentGiven            EventKind = "consent given"
	ConsentRevoked          EventKind = "consent revoked"
	PolicySet               EventKind = "sign-in policy set"
	PartnershipSet          EventKind = "partner relationship set"
	PartnershipEnded        EventKind = "partner relationship ended"
	SubscriptionAdded       EventKind = "subscription added"
	ResourceGroupPut        EventKind = "resource group put"
	MachineAdded            EventKind = "virtual machine added"
	MachineRestarted        EventKind = "virtual machine restarted"
	CommandRun              EventKind = "command run on virtual machine"
	LockAdded               EventKind = "lock added"
	LockRemoved             EventKind = "lock removed"
	RoleAdded               EventKind = "custom role added"
	AssignmentPut           EventKind = "role assignment put"
	AssignmentDeleted       EventKind = "role assignment deleted"
	DenialAdded             EventKind = "deny assignment added"
	DenialRemoved           EventKind = "deny assignment removed"
	GuestRedeemed           EventKind = "invitation redeemed"
	GroupChanged            EventKind = "group changed"
	GroupRemoved            EventKind = "group removed"
	DirectoryRoleAssigned   EventKind = "directory role assigned"
	DirectoryRoleRemoved    EventKind = "directory role removed"
	RelationshipCreated     EventKind = "GDAP relationship created"
	RelationshipChanged     EventKind = "GDAP relationship changed"
	RelationshipEnded       EventKind = "GDAP relationship ended"
	AccessChanged           EventKind = "GDAP access assignment changed"
	ManagementGroupAdded    EventKind = "management group added"
	PlaceMoved              EventKind = "place moved"
	ManagementGroupPut      EventKind = "management group changed"
	ManagementGroupGone     EventKind = "management group removed"
	ResourceGroupRemoved    EventKind = "resource group removed"
	ResourcePut             EventKind = "resource put"
	ResourceRemoved         EventKind = "resource removed"
	TagsSet                 EventKind = "tags set"
	MachineStarted          EventKind = "virtual machine started"
	MachineStopped          EventKind = "virtual machine stopped"
	KeysListed              EventKind = "storage account keys told"
	KeyRegenerated          EventKind = "storage account key made anew"
	RoleChanged             EventKind = "custom role changed"
	RoleRemoved             EventKind = "custom role removed"
	PolicyPut               EventKind = "policy put"
	PolicyRemoved           EventKind = "policy removed"
	RegistrationPut         EventKind = "Lighthouse registration put"
	RegistrationEnded       EventKind = "Lighthouse registration ended"
	AccessElevated          EventKind = "access elevated"
	ActivationRequested     EventKind = "Azure role requested"
	ActivationChanged       EventKind = "Azure role request changed"
	WorldLoaded             EventKind = "world loaded"
	WorldRestored           EventKind = "world restored"
	SignedIn                EventKind = "signed in"
	TokenIssued             EventKind = "token issued"
)

// Event is one change of the world. Effect is when it became true. Answered is
// when whoever asked for it was told so; it is zero as long as that has not
// happened, and stays zero when the answer was lost on the way.
type Event struct {
	Number   int64
	Effect   time.Time
	Answered time.Time
	Kind     EventKind
	Tenant   csp.TenantID
	By       Actor
	// Subject says in words what was changed.
	Subject string
	Scope   csp.Scope
	// Partner is whose relationship with the tenant it is about, if it is about one.
	Partner csp.TenantID
	// Assignment is the whole assignment, as put or as it was when deleted.
	Assignment csp.RoleAssignment
}

// Actor is on whose behalf something was done. The zero Actor is the author of
// the world: whoever composes it, or what happens outside of the emulated APIs.
type Actor struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	Client registry.ClientID
	Name   string
	// GlobalAdministrator: he may remove the last who may assign roles.
	GlobalAdministrator bool

	call *Call
}

// IsAuthor says whether nobody acted through an API.
func (a Actor) IsAuthor() bool { return a.Object.IsZero() }

// Call is one request that came in over the wire.
type Call struct {
	Number   int64
	Received time.Time
	Method   string
	Host     string
	Path     string
	// By is who asked, as far as the endpoint could tell.
	By string
	// Status is what was answered, zero while at work.
	Status   int
	Answered time.Time
	// Lost is set when the answer was withheld on purpose.
	Lost bool
}

// keptCalls is how many calls the world remembers for its page.
const keptCalls = 200

type callKey struct{}

// BeginCall notes a request and gives the context under which its events point
// back to it. The world is settled first.
func (w *World) BeginCall(ctx context.Context, method, host, path string) context.Context {
	w.Settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastCall++
	c := &Call{Number: w.lastCall, Received: w.Now(), Method: method, Host: host, Path: path}
	if len(w.calls) == keptCalls {
		copy(w.calls, w.calls[1:])
		w.calls = w.calls[:keptCalls-1]
	}
	w.calls = append(w.calls, c)
	return context.WithValue(ctx, callKey{}, c)
}

// EndCall notes that the request of ctx was answered, or that its answer was lost.
func (w *World) EndCall(ctx context.Context, status int, lost bool) {
	c, ok := ctx.Value(callKey{}).(*Call)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Status, c.Lost = status, lost
	if !lost {
		c.Answered = w.Now()
	}
}

// Acting ties the actor to the request of ctx, so that events he causes know
// when they were answered.
func (w *World) Acting(ctx context.Context, a Actor) Actor {
	c, ok := ctx.Value(callKey{}).(*Call)
	if !ok {
		return a
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c.By = a.Name
	a.call = c
	return a
}

// record appends an event under the mutex held by the caller.
func (w *World) record(e Event) {
	w.lastEvent++
	e.Number = w.lastEvent
	e.Effect = w.instant()
	if w.keepEvents > 0 && len(w.events) >= w.keepEvents {
		// A tenth at a time, so that an event costs little however many there are.
		gone := max(1, w.keepEvents/10)
		w.dropped += int64(gone)
		w.events = append(make([]Event, 0, w.keepEvents), w.events[gone:]...)
	}
	w.events = append(w.events, e)
}

// Dropped is how many events the history has lost because there were too many.
func (w *World) Dropped() int64 {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.dropped
}

// NoteSignIn records that the actor signed in to a tenant.
func (w *World) NoteSignIn(by Actor, how string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record(Event{Kind: SignedIn, Tenant: by.Tenant, By: by, Subject: how})
}

// NoteToken records that a token for the audience was handed to the actor.
func (w *World) NoteToken(by Actor, audience string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record(Event{Kind: TokenIssued, Tenant: by.Tenant, By: by, Subject: audience})
}

// History lists everything that ever happened, oldest first, as far as it is
// kept; Since lists a part.
func (w *World) History() []Event {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return told(w.events)
}

// Calls lists the latest requests, newest first.
func (w *World) Calls() []Call {
	w.mu.RLock()
	defer w.mu.RUnlock()
	list := make([]Call, 0, len(w.calls))
	for _, c := range slices.Backward(w.calls) {
		list = append(list, *c)
	}
	return list
}

// Interval is a stretch of time in which an assignment stood.
type Interval struct {
	Tenant     csp.TenantID
	Assignment csp.RoleAssignment
	From       time.Time // zero: before the history begins, as what was loaded
	To         time.Time // zero: it still stands
}

// Intervals reads off the history which assignment stood from when to when, in
// the order they began.
func Intervals(history []Event) []Interval {
	type key struct {
		tenant csp.TenantID
		name   csp.RoleAssignmentID
	}
	var list []Interval
	open := make(map[key]int)
	for _, e := range history {
		k := key{e.Tenant, e.Assignment.Name}
		at, standing := open[k]
		switch {
		case e.Kind == AssignmentPut && !standing:
			open[k] = len(list)
			list = append(list, Interval{Tenant: e.Tenant, Assignment: e.Assignment, From: e.Effect})
		case e.Kind == AssignmentDeleted && standing:
			list[at].To = e.Effect
			delete(open, k)
		case e.Kind == AssignmentDeleted: // it was there before the history begins
			list = append(list, Interval{Tenant: e.Tenant, Assignment: e.Assignment, To: e.Effect})
		}
	}
	return list
}
