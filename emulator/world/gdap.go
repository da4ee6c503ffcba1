package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	MaxRelationshipDays = 730
	ExtensionDays       = 180
	maxRelationshipName = 50
	unansweredFor       = 90 * day
	rememberedFor       = 365 * day
	day                 = 24 * time.Hour
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
	Requests   []RelationshipRequest
}

type relationship struct{ Relationship }

// AccessAssignment gives a security group of the partner some of the
// relationship's roles: pending -> active -> deleting -> deleted. A deleted one
// stays listed.
type AccessAssignment struct {
	ID       AccessAssignmentID
	Group    csp.ObjectID
	Roles    []csp.DirectoryRoleID
	Status   csp.GDAPStatus
	Version  int
	Created  time.Time
	Modified time.Time
}

// AccessAssignmentID names an access assignment.
type AccessAssignmentID = csp.ID[AccessAssignment]

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

// RelationshipRequest is what was asked of a relationship.
type RelationshipRequest struct {
	ID       RequestID
	Action   string // lockForApproval, approve, reject or terminate
	Status   string // created, pending, succeeded or failed
	Created  time.Time
	Modified time.Time
}

// RequestID names a request.
type RequestID = csp.ID[RelationshipRequest]

// Noun names the thing in error sentences.
func (RelationshipRequest) Noun() string { return "relationship request" }

// ETag is the version as HTTP wants it.
func (r Relationship) ETag() string { return etag(r.ID.String(), r.Version) }

// ETag is the version as HTTP wants it.
func (a AccessAssignment) ETag() string { return etag(a.ID.String(), a.Version) }

func etag(id string, version int) string { return fmt.Sprintf(`W/"%s-%d"`, id[:8], version) }

// WireID is the relationship's id as Microsoft Graph writes it: of two GUIDs.
func (r Relationship) WireID() string { return r.ID.String() + "-" + r.Partner.String() }

// ParseRelationshipID reads an id that WireID wrote, or its first half.
func ParseRelationshipID(s string) (csp.GDAPID, error) {
	const guid = 36
	if len(s) == 2*guid+1 && s[guid] == '-' {
		if _, err := csp.ParseID[csp.Tenant](s[guid+1:]); err != nil {
			return csp.GDAPID{}, err
		}
		s = s[:guid]
	}
	return csp.ParseID[csp.GDAPRelationship](s)
}

// gives says whether its access assignments count at the instant.
func (r *relationship) gives(at time.Time) bool {
	return r.Status == csp.GDAPActive && !at.Before(r.Activated) && (r.Ends.IsZero() || at.Before(r.Ends))
}

func (r *relationship) copied() Relationship {
	c := r.Relationship
	c.Roles, c.Operations, c.Requests = slices.Clone(r.Roles), slices.Clone(r.Operations), slices.Clone(r.Requests)
	c.Access = slices.Clone(r.Access)
	for i := range c.Access {
		c.Access[i].Roles = slices.Clone(c.Access[i].Roles)
	}
	return c
}

func (r *relationship) changed(at time.Time) {
	r.Version++
	r.Modified = at
}

// CreateRelationship proposes a relationship; a zero ID is replaced by a random
// one. Partner, Name, Days and Roles must be given, Customer may be.
func (w *World) CreateRelationship(by Actor, r Relationship) (Relationship, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fillID(&r.ID)
	if _, ok := w.tenants[r.Partner]; !ok {
		return Relationship{}, refuse(NoSuchTenant, "no tenant has the id %s", r.Partner)
	}
	if _, ok := w.relationships[r.ID]; ok {
		return Relationship{}, refuse(IDTaken, "a relationship with the id %s exists", r.ID)
	}
	r.Roles = distinct(slices.Clone(r.Roles))
	if err := w.checkRelationship(r); err != nil {
		return Relationship{}, err
	}
	now := w.instant()
	kept := &relationship{Relationship{
		ID: r.ID, Partner: r.Partner, Customer: r.Customer, Name: r.Name, Days: r.Days, ExtendDays: r.ExtendDays, Roles: r.Roles,
		Status: csp.GDAPCreated, Version: 1, Created: now, Modified: now,
	}}
	w.ensureAgents(r.Partner)
	w.keepRelationship(kept)
	w.recordRelationship(by, kept, RelationshipCreated)
	return kept.copied(), nil
}

func (w *World) keepRelationship(r *relationship) {
	w.relationships[r.ID] = r
	between := pairing{r.Partner, r.Customer}
	w.between[between] = append(w.between[between], r.ID)
}

func (w *World) dropRelationship(r *relationship) {
	between := pairing{r.Partner, r.Customer}
	w.between[between] = slices.DeleteFunc(w.between[between], func(id csp.GDAPID) bool { return id == r.ID })
	delete(w.relationships, r.ID)
}

func (w *World) recordRelationship(by Actor, r *relationship, kind EventKind) {
	tenant := r.Customer
	if tenant.IsZero() {
		tenant = r.Partner
	}
	w.record(Event{Kind: kind, Tenant: tenant, By: by, Subject: r.Name + ": " + string(r.Status), Partner: r.Partner})
}

// checkRelationship holds what a partner proposes against the laws.
func (w *World) checkRelationship(r Relationship) error {
	if _, known := w.tenants[r.Customer]; !r.Customer.IsZero() && !known {
		return refuse(NoSuchTenant, "no tenant has the id %s", r.Customer)
	}
	if r.Customer == r.Partner {
		return refuse(NoSuchTenant, "a relationship joins two tenants, and %s is one", w.nameOf(r.Partner))
	}
	if n := utf8.RuneCountInString(r.Name); n == 0 || n > maxRelationshipName {
		return refuse(BadName, "a relationship's name has 1 to %d characters, not %d", maxRelationshipName, n)
	}
	for _, other := range w.relationships {
		if other.Partner == r.Partner && other.ID != r.ID && strings.EqualFold(other.Name, r.Name) {
			return refuse(NameTaken, "%s has a relationship named %q", w.nameOf(r.Partner), r.Name)
		}
	}
	if r.Days < 1 || r.Days > MaxRelationshipDays {
		return refuse(BadDuration, "%d days", r.Days)
	}
	if len(r.Roles) == 0 {
		return refuse(NoSuchRole, "a relationship needs a role")
	}
	for _, role := range r.Roles {
		known, ok := w.directoryRole(role)
		if !ok {
			return refuse(NoSuchRole, "no directory role has the id %s", role)
		}
		if known.GDAP == csp.GDAPUnsupported {
			return refuse(RoleNotLent, "%s", known.Name)
		}
	}
	return checkExtension(r)
}

func checkExtension(r Relationship) error {
	if r.ExtendDays != 0 && r.ExtendDays != ExtensionDays {
		return refuse(BadDuration, "a relationship extends itself by %d days or not at all, not by %d", ExtensionDays, r.ExtendDays)
	}
	if r.ExtendDays != 0 && slices.Contains(r.Roles, globalAdministrator) {
		return refuse(NoExtension, "Global Administrator is among the roles of %q", r.Name)
	}
	return nil
}

// RelationshipChange is what to change; what is nil stays.
type RelationshipChange struct {
	Customer   *csp.TenantID
	Name       *string
	Days       *int
	ExtendDays *int
	Roles      []csp.DirectoryRoleID
}

// UpdateRelationship changes a relationship of the version that the etag names;
// an empty etag names any. While it is created everything may be changed; while
// it is active only whether it extends itself, and Global Administrator may be
// taken out, which is done later: then an operation is given.
func (w *World) UpdateRelationship(by Actor, id csp.GDAPID, etag string, c RelationshipChange) (Relationship, *Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, etag)
	if err != nil {
		return Relationship{}, nil, err
	}
	next := r.copied()
	next.apply(c)
	switch r.Status {
	case csp.GDAPCreated:
		if err := w.checkRelationship(next); err != nil {
			return Relationship{}, nil, err
		}
		w.dropRelationship(r)
		*r = relationship{next}
		w.keepRelationship(r)
	case csp.GDAPActive:
		return w.updateActive(by, r, next)
	default:
		return Relationship{}, nil, refuse(WrongStatus, "%q is %s: it can be changed while it is created or active", r.Name, r.Status)
	}
	r.changed(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
	return r.copied(), nil, nil
}

func (r *Relationship) apply(c RelationshipChange) {
	if c.Customer != nil {
		r.Customer = *c.Customer
	}
	if c.Name != nil {
		r.Name = *c.Name
	}
	if c.Days != nil {
		r.Days = *c.Days
	}
	if c.ExtendDays != nil {
		r.ExtendDays = *c.ExtendDays
	}
	if c.Roles != nil {
		r.Roles = distinct(slices.Clone(c.Roles))
	}
}

func (w *World) updateActive(by Actor, r *relationship, next Relationship) (Relationship, *Operation, error) {
	without := slices.DeleteFunc(slices.Clone(r.Roles), func(role csp.DirectoryRoleID) bool { return role == globalAdministrator })
	same := slices.Equal(next.Roles, r.Roles)
	if next.Customer != r.Customer || next.Name != r.Name || next.Days != r.Days || (!same && !slices.Equal(next.Roles, without)) {
		return Relationship{}, nil, refuse(WrongStatus, "of an active relationship only the extension can be changed, and Global Administrator taken out")
	}
	if err := checkExtension(next); err != nil {
		return Relationship{}, nil, err
	}
	if len(next.Roles) == 0 {
		return Relationship{}, nil, refuse(NoSuchRole, "a relationship keeps a role; terminate it instead")
	}
	if next.ExtendDays != r.ExtendDays {
		r.ExtendDays = next.ExtendDays
		r.changed(w.instant())
		w.recordRelationship(by, r, RelationshipChanged)
	}
	if same {
		return r.copied(), nil, nil
	}
	op := w.operate(r.ID, RelationshipUpdate, w.delays.Relationship, func(r *relationship) {
		r.Roles = without
		for i := range r.Access {
			a := &r.Access[i]
			a.Roles = slices.DeleteFunc(slices.Clone(a.Roles), func(role csp.DirectoryRoleID) bool { return role == globalAdministrator })
		}
		r.changed(w.instant())
		w.recordRelationship(by, r, RelationshipChanged)
	})
	return r.copied(), &op, nil
}

// operate starts an operation that changes an active relationship later. One that
// is not active any more by then makes it fail.
func (w *World) operate(id csp.GDAPID, kind string, after time.Duration, do func(*relationship)) Operation {
	now := w.instant()
	op := Operation{ID: NewID[Operation](), Type: kind, Status: "notStarted", Created: now, Modified: now}
	r := w.relationships[id]
	r.Operations = append(r.Operations, op)
	advance := func(status string) *relationship {
		r, ok := w.relationships[id]
		if !ok {
			return nil
		}
		if r.Status != csp.GDAPActive {
			status = "failed"
		}
		for i := range r.Operations {
			if r.Operations[i].ID == op.ID {
				r.Operations[i].Status, r.Operations[i].Modified = status, w.instant()
			}
		}
		return r
	}
	w.later(after/2, func() { advance("running") })
	w.later(after, func() {
		if r := advance("succeeded"); r != nil && r.Status == csp.GDAPActive {
			do(r)
		}
	})
	return op
}

// DeleteRelationship takes back a proposal that nobody was shown.
func (w *World) DeleteRelationship(by Actor, id csp.GDAPID, etag string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, etag)
	if err != nil {
		return err
	}
	if r.Status != csp.GDAPCreated {
		return refuse(WrongStatus, "%q is %s: only one that is created can be deleted", r.Name, r.Status)
	}
	w.dropRelationship(r)
	r.Status = csp.GDAPDeleted
	w.recordRelationship(by, r, RelationshipEnded)
	return nil
}

// relationshipAt finds a relationship of the version that the etag names.
func (w *World) relationshipAt(id csp.GDAPID, etag string) (*relationship, error) {
	r, ok := w.relationships[id]
	if !ok {
		return nil, refuse(NoSuchRelationship, "no relationship has the id %s", id)
	}
	if etag != "" && etag != "*" && etag != r.ETag() {
		return nil, refuse(VersionDiffers, "%q is at %s, not %s", r.Name, r.ETag(), etag)
	}
	return r, nil
}

func (w *World) request(r *relationship, action, status string) RelationshipRequest {
	now := w.instant()
	q := RelationshipRequest{ID: NewID[RelationshipRequest](), Action: action, Status: status, Created: now, Modified: now}
	r.Requests = append(r.Requests, q)
	return q
}

// LockForApproval finishes a proposal, so that a customer may approve it.
func (w *World) LockForApproval(by Actor, id csp.GDAPID) (RelationshipRequest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return RelationshipRequest{}, err
	}
	if r.Status != csp.GDAPCreated {
		return RelationshipRequest{}, refuse(WrongStatus, "%q is %s, not created", r.Name, r.Status)
	}
	q := w.request(r, "lockForApproval", "created")
	r.Status = csp.GDAPApprovalPending
	r.changed(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
	w.forgetUnanswered(id)
	return q, nil
}

func (w *World) forgetUnanswered(id csp.GDAPID) {
	w.later(unansweredFor, func() {
		if r, ok := w.relationships[id]; ok && r.Status == csp.GDAPApprovalPending {
			w.dropRelationship(r)
			r.Status = csp.GDAPExpired
			w.recordRelationship(Actor{}, r, RelationshipEnded)
		}
	})
}

// ApproveRelationship is the customer's yes. The actor must be an administrator
// of the customer who may give it; the world's author always may. A relationship
// that was proposed to anybody is the customer's from then on.
func (w *World) ApproveRelationship(by Actor, id csp.GDAPID, customer csp.TenantID) (Relationship, error) {
	return w.answer(by, id, customer, "approve", func(r *relationship) {
		w.dropRelationship(r)
		r.Customer, r.Status = customer, csp.GDAPApproved
		w.keepRelationship(r)
		w.activate(id)
	})
}

// RejectRelationship is the customer's no. It ends the proposal.
func (w *World) RejectRelationship(by Actor, id csp.GDAPID, customer csp.TenantID) (Relationship, error) {
	return w.answer(by, id, customer, "reject", func(r *relationship) {
		w.dropRelationship(r)
		r.Status = csp.GDAPExpired
	})
}

func (w *World) answer(by Actor, id csp.GDAPID, customer csp.TenantID, action string, do func(*relationship)) (Relationship, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return Relationship{}, err
	}
	d, known := w.tenants[customer]
	switch {
	case !known:
		return Relationship{}, refuse(NoSuchTenant, "no tenant has the id %s", customer)
	case customer == r.Partner, !r.Customer.IsZero() && r.Customer != customer:
		return Relationship{}, refuse(NotYours, "%q is not for %s to answer", r.Name, d.Name)
	case r.Status != csp.GDAPApprovalPending:
		return Relationship{}, refuse(WrongStatus, "%q is %s, not approvalPending", r.Name, r.Status)
	case !by.IsAuthor() && !w.answersFor(by, d):
		return Relationship{}, refuse(NotYours, "%s is no administrator of %s who may answer for it", by.Name, d.Name)
	}
	w.request(r, action, "succeeded")
	do(r)
	r.changed(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
	return r.copied(), nil
}

// relationshipAdministrator may also answer for its tenant, and is never lent.
const relationshipAdministrator = "Customer Delegated Admin Relationship Administrator"

// answersFor says whether the actor administers the customer's relationships: as
// one of its own people.
func (w *World) answersFor(by Actor, d *tenant) bool {
	if by.Tenant != d.ID || d.typeOf(by.Object) == "" {
		return false
	}
	return slices.ContainsFunc(w.ownRoles(d, by.Object), func(id csp.DirectoryRoleID) bool {
		role, _ := w.directoryRole(id)
		return id == globalAdministrator || role.Name == relationshipAdministrator
	})
}

func (w *World) activate(id csp.GDAPID) {
	step := func(from, to csp.GDAPStatus, and func(*relationship)) func() {
		return func() {
			if r, ok := w.relationships[id]; ok && r.Status == from {
				r.Status = to
				and(r)
				r.changed(w.instant())
				w.recordRelationship(Actor{}, r, RelationshipChanged)
			}
		}
	}
	w.later(w.delays.Relationship/2, step(csp.GDAPApproved, csp.GDAPActivating, func(*relationship) {}))
	w.later(w.delays.Relationship, step(csp.GDAPActivating, csp.GDAPActive, func(r *relationship) {
		r.Activated = w.instant()
		r.Ends = r.Activated.Add(time.Duration(r.Days) * day)
		w.watchEnd(r)
	}))
}

// watchEnd has the relationship end, or extend itself, at its end.
func (w *World) watchEnd(r *relationship) {
	if r.Ends.IsZero() {
		return
	}
	id := r.ID
	w.later(r.Ends.Sub(w.instant()), func() {
		r, ok := w.relationships[id]
		if !ok || r.Status != csp.GDAPActive || r.Ends.After(w.instant()) {
			return
		}
		if r.ExtendDays > 0 && !slices.Contains(r.Roles, globalAdministrator) {
			r.Ends = r.Ends.Add(time.Duration(r.ExtendDays) * day)
			r.changed(w.instant())
			w.recordRelationship(Actor{}, r, RelationshipChanged)
			w.watchEnd(r)
			return
		}
		w.end(Actor{}, r, csp.GDAPExpiring, csp.GDAPExpired)
	})
}

// end takes the relationship through a state that does not last into its last
// one, in which it is remembered for a year.
func (w *World) end(by Actor, r *relationship, passing, last csp.GDAPStatus) {
	r.Status = passing
	r.changed(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
	w.finish(r, last)
}

func (w *World) finish(r *relationship, last csp.GDAPStatus) {
	id, passing := r.ID, r.Status
	w.later(w.delays.Relationship/2, func() {
		r, ok := w.relationships[id]
		if !ok || r.Status != passing {
			return
		}
		r.Status = last
		r.changed(w.instant())
		w.recordRelationship(Actor{}, r, RelationshipEnded)
		w.later(rememberedFor, func() {
			if r, ok := w.relationships[id]; ok && r.Status == last {
				w.dropRelationship(r)
			}
		})
	})
}

// TerminateRelationship ends an active relationship from either side: the actor
// must be of the partner, or an administrator of the customer. Whether he may at
// the partner's side is not asked here.
func (w *World) TerminateRelationship(by Actor, id csp.GDAPID) (RelationshipRequest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return RelationshipRequest{}, err
	}
	customer := w.tenants[r.Customer]
	if !by.IsAuthor() && by.Tenant != r.Partner && (customer == nil || !w.answersFor(by, customer)) {
		return RelationshipRequest{}, refuse(NotYours, "%q is not for %s to end", r.Name, by.Name)
	}
	if r.Status != csp.GDAPActive {
		return RelationshipRequest{}, refuse(WrongStatus, "%q is %s, not active", r.Name, r.Status)
	}
	q := w.request(r, "terminate", "created")
	r.Status = TerminationRequested
	r.changed(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
	w.later(w.delays.Relationship/2, func() {
		if r, ok := w.relationships[id]; ok && r.Status == TerminationRequested {
			w.end(Actor{}, r, csp.GDAPTerminating, csp.GDAPTerminated)
		}
	})
	return q, nil
}

// Relationship finds a relationship by its id.
func (w *World) Relationship(id csp.GDAPID) (Relationship, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.relationships[id]
	if !ok {
		return Relationship{}, false
	}
	return r.copied(), true
}

// Relationships lists the partner's relationships, the oldest first.
func (w *World) Relationships(partner csp.TenantID) []Relationship {
	return w.relationshipsThat(func(r *relationship) bool { return r.Partner == partner })
}

// RelationshipsOf lists the relationships that a customer has, or has been asked for.
func (w *World) RelationshipsOf(customer csp.TenantID) []Relationship {
	return w.relationshipsThat(func(r *relationship) bool { return r.Customer == customer })
}

func (w *World) relationshipsThat(fit func(*relationship) bool) []Relationship {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Relationship
	for _, r := range w.relationships {
		if fit(r) {
			list = append(list, r.copied())
		}
	}
	slices.SortFunc(list, func(a, b Relationship) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return a.ID.Compare(b.ID)
	})
	return list
}
