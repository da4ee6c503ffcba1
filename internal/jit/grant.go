package jit

import (
	"time"

	"latchkey/csp"
)

// GrantState is where a grant stands.
type GrantState string

// The states of a grant. Stuck is a flag of its episode, never a state.
const (
	Scheduled GrantState = "scheduled"
	Granting  GrantState = "granting"
	Active    GrantState = "active"
	Revoking  GrantState = "revoking"
	Ended     GrantState = "ended"
	// FailedGrant: nothing was granted, and that is proven.
	FailedGrant GrantState = "failed"
)

// Open says whether the grant may still have an effect in the tenant.
func (s GrantState) Open() bool { return s != Ended && s != FailedGrant }

// Grant is an approved request's right. Begins and Ends are absolute and fixed
// when the approval is used.
type Grant struct {
	ID       GrantID
	Request  RequestID
	Episode  EpisodeID
	Engineer PersonID
	Customer csp.TenantID
	State    GrantState
	Begins   time.Time
	Ends     time.Time
	ActiveAt time.Time // read back as present
	EndedAt  time.Time // read back as absent, or found to have failed
	// EndNowBy says who asked for an early end: a person's id, "approver", or empty.
	EndNowBy string
	// Why is one sentence for people about an end or a failure.
	Why string
}

// Target is the access itself: who, what, where.
type Target struct {
	Service       CloudService
	Tenant        csp.TenantID
	Scope         csp.Scope
	Role          csp.RoleDefinitionID
	Principal     csp.ObjectID
	PrincipalType csp.PrincipalType
}

// Phase is where an episode's provider object stands.
type Phase string

// The phases of an episode.
const (
	Intended  Phase = "intended"  // written down; the object may or may not be there
	Present   Phase = "present"   // read back as ours
	Removing  Phase = "removing"  // its end came; still there for all we know
	Verifying Phase = "verifying" // read absent; re-read over the quarantine
	Closed    Phase = "closed"    // absent over the whole quarantine
)

// Lane orders work: removals before everything else.
type Lane uint8

// The lanes, most urgent first.
const (
	RevokeLane Lane = iota + 1
	VerifyLane
	GrantLane
)

// Episode owns one provider object from before it is made until it is seen
// absent for good. Grants on the same target share it.
type Episode struct {
	ID     EpisodeID
	Target Target
	Name   csp.RoleAssignmentID // UUIDv5 over the target and ID
	Phase  Phase
	// Until is the latest end of its live grants; removal is due then.
	Until time.Time
	// RoleContent is the digest the role's permissions must still have at the PUT.
	RoleContent string

	Lane     Lane
	Due      time.Time
	Attempts int       // since the phase began
	Checked  int       // quarantine re-reads done
	AbsentAt time.Time // first read absent
	Stuck    bool      // late enough that a person must look; retried all the same
	LastWhy  string    // last trouble, one sentence

	Owner string    // lease
	Epoch int64     // grows with each claim; a write with an older one is refused
	Lease time.Time // end of the lease
}

// Noun names the thing in error sentences.
func (Episode) Noun() string { return "episode" }
