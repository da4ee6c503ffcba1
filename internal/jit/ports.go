package jit

import (
	"context"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
)

// Store keeps requests, grants and episodes. Every method that takes a function
// runs it in one transaction: SQLite's immediate one, PostgreSQL's serialisable
// one. The function may be run again after a serialisation failure, so it must
// have no effect outside the transaction. When it returns an error nothing of
// it stays; when Update returns nil everything of it is on disk.
type Store interface {
	Update(ctx context.Context, f func(Tx) error) error
	View(ctx context.Context, f func(Tx) error) error
	// Claim leases up to most due episodes to owner until now+lease: revokes
	// before verifies before grants, and taking turns between tenants within a
	// lane. Each claim raises the episode's Epoch.
	Claim(ctx context.Context, owner string, now time.Time, lease time.Duration, most int) ([]Episode, error)
	// NextDue is when the earliest unleased open episode or pending request
	// falls due; ok is false when nothing waits. A leased episode counts from
	// the end of its lease, since its holder may have died.
	NextDue(ctx context.Context) (due time.Time, ok bool, err error)
}

// Tx is one transaction. Finders answer a fault of kind NotFound for what is
// not there; savers with an expected state or epoch answer Conflict when the
// row has moved on.
type Tx interface {
	audit.Leaves

	// InsertRequest stores a new request and sets its Number.
	InsertRequest(r *Request) error
	Request(id RequestID) (Request, error)
	// MoveRequest changes the state and touches exactly one row.
	MoveRequest(id RequestID, from, to RequestState) error
	// Requests lists the newest first.
	Requests(q RequestQuery) ([]Request, error)
	// PendingBefore lists pending requests whose AnswerBy is not after t.
	PendingBefore(t time.Time, most int) ([]Request, error)

	InsertDecision(d Decision) error // Conflict if the request has one
	DecisionOf(id RequestID) (Decision, error)

	InsertGrant(g Grant) error
	SaveGrant(g Grant, from GrantState) error
	Grant(id GrantID) (Grant, error)
	GrantOf(id RequestID) (Grant, error)
	GrantsOfEpisode(id EpisodeID) ([]Grant, error)
	// Grants lists by latest begin first.
	Grants(q GrantQuery) ([]Grant, error)

	InsertEpisode(e Episode) error
	// SaveEpisode writes back a claimed episode and ends its lease if
	// e.Lease is zero; Conflict if the stored epoch is not e.Epoch.
	SaveEpisode(e Episode) error
	Episode(id EpisodeID) (Episode, error)
	// LiveEpisode finds the episode on the target that is Intended or Present.
	LiveEpisode(t Target) (Episode, error)
	// HurryEpisode makes it due at t in the lane, whoever holds its lease, and
	// raises its epoch so that the holder's write is refused.
	HurryEpisode(id EpisodeID, lane Lane, t time.Time) error
	// ScopesTouched lists every (tenant, scope) that ever had an episode.
	ScopesTouched() ([]Place, error)

	SaveApprover(a Approver) error // inserts or replaces by ID
	Approver(id ApproverID) (Approver, error)
	ApproversOf(tenant csp.TenantID) ([]Approver, error)

	InsertLink(l Link) error
	Link(id LinkID) (Link, error)
	SaveLink(l Link) error
	// LinksOf lists the links of a request, one for each approver asked.
	LinksOf(id RequestID) ([]Link, error)

	Enqueue(n Notice) error
}

// Place is a scope in a tenant.
type Place struct {
	Tenant csp.TenantID
	Scope  csp.Scope
}

// RequestQuery narrows a list of requests; zero fields do not narrow.
type RequestQuery struct {
	Engineer PersonID
	Customer csp.TenantID
	State    RequestState
	Most     int // 0 means 100
}

// GrantQuery narrows a list of grants; zero fields do not narrow.
type GrantQuery struct {
	Engineer PersonID
	Customer csp.TenantID
	Open     bool // only grants that may still have an effect
	Most     int  // 0 means 100
}

// Order is one provider object to make, look at or take away.
type Order struct {
	Target Target
	Name   csp.RoleAssignmentID
	Marker Marker
	// StartBefore is the last moment at which a grant may be sent.
	StartBefore time.Time
}

// Result is what is known after asking a provider to change something.
type Result uint8

// The results. The zero value is Unknown: an unknown grant counts as maybe
// there, an unknown removal as still there.
const (
	UnknownResult Result = iota
	Done
	NotDone
	// Preexisting: the same access was there before and is not ours. It is
	// neither taken over nor ever removed.
	Preexisting
)

// Outcome is a Result with its reason.
type Outcome struct {
	Result Result
	Err    error         // why, unless Done
	Retry  bool          // for NotDone: worth trying again
	After  time.Duration // the provider asked to wait at least so long
}

// Sighting is what a provider shows of an order's object.
type Sighting uint8

// The sightings. The zero value is Unseen: the provider did not answer, which
// is never taken for absence.
const (
	Unseen Sighting = iota
	SeenOurs
	SeenAbsent
	SeenForeign // under our name, but not our target; never touched
)

// Preflight is what a connector finds before anything is granted.
type Preflight struct {
	Role     csp.RoleDefinition // as the tenant has it now
	Locks    []string           // delete locks at or above the scope: a grant could not be removed
	Existing bool               // the principal already has this role at exactly this scope
}

// Connector makes a grant real in one kind of service. Every method is safe to
// repeat. It never widens an order and never touches what the order does not name.
type Connector interface {
	Preflight(ctx context.Context, t Target) (Preflight, error)
	Grant(ctx context.Context, o Order) Outcome
	Observe(ctx context.Context, o Order) (Sighting, error)
	Revoke(ctx context.Context, o Order) Outcome
	// Marked lists objects at the place that carry a Latchkey marker.
	Marked(ctx context.Context, p Place) ([]MarkedObject, error)
}

// MarkedObject is something in a tenant that says it is ours.
type MarkedObject struct {
	Order  Order
	Raw    string // the marker's text as found
	Parsed bool   // whether Order.Marker could be read from it
}
