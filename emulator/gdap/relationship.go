// Package gdap is the life of a GDAP relationship (R11): its states, what moves it
// from one to the next, its versions, and the access assignments and operations
// that belong to it. It holds no lock and no clock: whoever keeps relationships
// says when, and hears what was not allowed as a [Refusal].
package gdap

import (
	"fmt"
	"slices"
	"time"

	"latchkey/csp"
)

// What the platform knows of a relationship and package csp does not name.
const (
	TerminationRequested csp.GDAPStatus = "terminationRequested"
	AccessFailed         csp.GDAPStatus = "error"
)

// Bounds of a relationship. It has one end, between a day and two years ahead
// (R11); one that nobody answers vanishes, and so does one that is long over.
const (
	MaxDays       = 730
	ExtensionDays = 180
	UnansweredFor = 90 * day
	RememberedFor = 365 * day

	maxName = 50
	day     = 24 * time.Hour
)

// Relationship is a GDAP relationship (R11):
//
//	created -> approvalPending -> approved -> activating -> active
//	active: terminationRequested -> terminating -> terminated
//	active: at its end expiring -> expired, or it is extended
//
// One that is only created can be deleted; one that waits for approval vanishes
// after 90 days, one that is over after a year.
type Relationship struct {
	ID      csp.GDAPID
	Partner csp.TenantID
	// Customer is zero as long as any customer may approve it.
	Customer csp.TenantID
	Name     string
	// Days is how long it lasts from its activation.
	Days int
	// ExtendDays is by how much it extends itself at its end: 0 or 180.
	ExtendDays int
	Roles      []csp.DirectoryRoleID
	Status     csp.GDAPStatus
	// Version rises with each change.
	Version   int
	Created   time.Time
	Modified  time.Time
	Activated time.Time // zero until it is active
	Ends      time.Time // zero until it is active, or without an end
	// Access are its access assignments, those that were deleted too.
	Access     []AccessAssignment
	Operations []Operation
	Requests   []Request
}

// AccessAssignment gives a security group of the partner some of the
// relationship's roles: pending -> active -> deleting -> deleted. A deleted one
// stays listed.
type AccessAssignment struct {
	ID       AccessID
	Group    csp.ObjectID
	Roles    []csp.DirectoryRoleID
	Status   csp.GDAPStatus
	Version  int
	Created  time.Time
	Modified time.Time
}

// AccessID names an access assignment.
type AccessID = csp.ID[AccessAssignment]

// Noun names the thing in error sentences.
func (AccessAssignment) Noun() string { return "access assignment" }

// Operation is a change of something active that takes its time.
type Operation struct {
	ID       OperationID
	Type     string // as Microsoft Graph spells it
	Status   string // notStarted, running, succeeded or failed
	Data     string
	Created  time.Time
	Modified time.Time
}

// OperationID names an operation.
type OperationID = csp.ID[Operation]

// Noun names the thing in error sentences.
func (Operation) Noun() string { return "operation" }

// The types of operations.
const (
	AccessAssignmentUpdate = "delegatedAdminAccessAssignmentUpdate"
	RelationshipUpdate     = "delegatedAdminRelationshipUpdate"
)

// Request is what was asked of a relationship.
type Request struct {
	ID       RequestID
	Action   string // lockForApproval, approve, reject or terminate
	Status   string // created, pending, succeeded or failed
	Created  time.Time
	Modified time.Time
}

// RequestID names a request.
type RequestID = csp.ID[Request]

// Noun names the thing in error sentences.
func (Request) Noun() string { return "relationship request" }

// ETag is the version as HTTP wants it.
func (r Relationship) ETag() string { return etag(r.ID.String(), r.Version) }

// ETag is the version as HTTP wants it.
func (a AccessAssignment) ETag() string { return etag(a.ID.String(), a.Version) }

func etag(id string, version int) string { return fmt.Sprintf(`W/"%s-%d"`, id[:8], version) }

// WireID is the relationship's id as Microsoft Graph writes it: of two GUIDs.
func (r Relationship) WireID() string { return r.ID.String() + "-" + r.Partner.String() }

// ParseID reads an id that WireID wrote, or its first half.
func ParseID(s string) (csp.GDAPID, error) {
	const guid = 36
	if len(s) == 2*guid+1 && s[guid] == '-' {
		if _, err := csp.ParseID[csp.Tenant](s[guid+1:]); err != nil {
			return csp.GDAPID{}, err
		}
		s = s[:guid]
	}
	return csp.ParseID[csp.GDAPRelationship](s)
}

// Gives says whether its access assignments count at the instant.
func (r *Relationship) Gives(at time.Time) bool {
	return r.Status == csp.GDAPActive && !at.Before(r.Activated) && (r.Ends.IsZero() || at.Before(r.Ends))
}

// Lent are the roles that it gives to members of the groups: those agreed with the
// customer that an active access assignment gives to one of the groups. They reach
// somebody whom an assignment names, whatever its roles.
func (r *Relationship) Lent(groups []csp.ObjectID) (roles []csp.DirectoryRoleID, reached bool) {
	for _, a := range r.Access {
		if a.Status != csp.GDAPActive || !slices.Contains(groups, a.Group) {
			continue
		}
		for _, role := range a.Roles {
			if slices.Contains(r.Roles, role) {
				reached = true
				roles = append(roles, role)
			}
		}
	}
	return roles, reached
}

// Copied shares nothing with the original.
func (r *Relationship) Copied() Relationship {
	c := *r
	c.Roles, c.Operations, c.Requests = slices.Clone(r.Roles), slices.Clone(r.Operations), slices.Clone(r.Requests)
	c.Access = slices.Clone(r.Access)
	for i := range c.Access {
		c.Access[i] = c.Access[i].Copied()
	}
	return c
}
