package world

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/guid"
)

// The life of a GDAP relationship is package gdap's. Here is when its states come
// about, who may bring them about, and what it has to do with everything else.

// CreateRelationship proposes a relationship; a zero ID is replaced by a random
// one. Partner, Name, Days and Roles must be given, Customer may be.
func (w *World) CreateRelationship(by Actor, r gdap.Relationship) (gdap.Relationship, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	guid.Fill(&r.ID)
	if _, ok := w.tenants[r.Partner]; !ok {
		return gdap.Relationship{}, refuse(NoSuchTenant, "no tenant has the id %s", r.Partner)
	}
	if _, ok := w.relationships[r.ID]; ok {
		return gdap.Relationship{}, refuse(IDTaken, "a relationship with the id %s exists", r.ID)
	}
	kept := gdap.Propose(r, w.instant())
	if err := w.checkRelationship(kept); err != nil {
		return gdap.Relationship{}, err
	}
	w.ensureAgents(r.Partner)
	w.keepRelationship(kept)
	w.recordRelationship(by, kept, RelationshipCreated)
	return kept.Copied(), nil
}

func (w *World) keepRelationship(r *gdap.Relationship) {
	w.relationships[r.ID] = r
	between := pairing{r.Partner, r.Customer}
	w.between[between] = append(w.between[between], r.ID)
}

func (w *World) dropRelationship(r *gdap.Relationship) {
	between := pairing{r.Partner, r.Customer}
	w.between[between] = slices.DeleteFunc(w.between[between], func(id csp.GDAPID) bool { return id == r.ID })
	delete(w.relationships, r.ID)
}

func (w *World) recordRelationship(by Actor, r *gdap.Relationship, kind EventKind) {
	tenant := r.Customer
	if tenant.IsZero() {
		tenant = r.Partner
	}
	w.record(Event{Kind: kind, Tenant: tenant, By: by, Subject: r.Name + ": " + string(r.Status), Partner: r.Partner})
}

// checkRelationship holds what a partner proposes against the laws.
func (w *World) checkRelationship(r *gdap.Relationship) error {
	if _, known := w.tenants[r.Customer]; !r.Customer.IsZero() && !known {
		return refuse(NoSuchTenant, "no tenant has the id %s", r.Customer)
	}
	if r.Customer == r.Partner {
		return refuse(NoSuchTenant, "a relationship joins two tenants, and %s is one", w.nameOf(r.Partner))
	}
	for _, other := range w.relationships {
		if other.Partner == r.Partner && other.ID != r.ID && strings.EqualFold(other.Name, r.Name) {
			return refuse(NameTaken, "%s has a relationship named %q", w.nameOf(r.Partner), r.Name)
		}
	}
	return lawful(r.Check(w.directoryRole))
}

// UpdateRelationship changes a relationship of the version that the etag names;
// an empty etag names any. While it is created everything may be changed; while
// it is active only whether it extends itself, and Global Administrator may be
// taken out, which is done later: then an operation is given.
func (w *World) UpdateRelationship(by Actor, id csp.GDAPID, etag string, c gdap.Change) (gdap.Relationship, *gdap.Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, etag)
	if err != nil {
		return gdap.Relationship{}, nil, err
	}
	next := r.With(c)
	switch r.Status {
	case csp.GDAPCreated:
		if err := w.checkRelationship(&next); err != nil {
			return gdap.Relationship{}, nil, err
		}
		w.dropRelationship(r)
		*r = next
		w.keepRelationship(r)
	case csp.GDAPActive:
		return w.updateActive(by, r, next)
	default:
		return gdap.Relationship{}, nil, refuse(WrongStatus, "%q is %s: it can be changed while it is created or active", r.Name, r.Status)
	}
	w.changed(by, r)
	return r.Copied(), nil, nil
}

// changed makes a new version of the relationship, and says so.
func (w *World) changed(by Actor, r *gdap.Relationship) {
	r.Touch(w.instant())
	w.recordRelationship(by, r, RelationshipChanged)
}

func (w *World) updateActive(by Actor, r *gdap.Relationship, next gdap.Relationship) (gdap.Relationship, *gdap.Operation, error) {
	withdrawal, err := r.CheckActive(next)
	if err != nil {
		return gdap.Relationship{}, nil, lawful(err)
	}
	if next.ExtendDays != r.ExtendDays {
		r.ExtendDays = next.ExtendDays
		w.changed(by, r)
	}
	if !withdrawal {
		return r.Copied(), nil, nil
	}
	op := w.operate(r, gdap.RelationshipUpdate, w.delays.Relationship, func(r *gdap.Relationship) {
		r.Withdraw(w.instant())
		w.recordRelationship(by, r, RelationshipChanged)
	})
	return r.Copied(), &op, nil
}

// operate starts an operation that changes an active relationship later. One that
// is not active any more by then makes it fail.
func (w *World) operate(r *gdap.Relationship, kind string, after time.Duration, do func(*gdap.Relationship)) gdap.Operation {
	id, op := r.ID, r.Begin(kind, w.instant())
	advance := func(status string, then func(*gdap.Relationship)) func() {
		return func() {
			if r, ok := w.relationships[id]; ok && r.Advance(op.ID, status, w.instant()) {
				then(r)
			}
		}
	}
	w.later(after/2, advance("running", func(*gdap.Relationship) {}))
	w.later(after, advance("succeeded", do))
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
func (w *World) relationshipAt(id csp.GDAPID, etag string) (*gdap.Relationship, error) {
	r, ok := w.relationships[id]
	if !ok {
		return nil, refuse(NoSuchRelationship, "no relationship has the id %s", id)
	}
	return r, lawful(r.At(etag))
}

// LockForApproval finishes a proposal, so that a customer may approve it.
func (w *World) LockForApproval(by Actor, id csp.GDAPID) (gdap.Request, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return gdap.Request{}, err
	}
	q, err := r.Lock(w.instant())
	if err != nil {
		return gdap.Request{}, lawful(err)
	}
	w.recordRelationship(by, r, RelationshipChanged)
	w.forgetUnanswered(id)
	return q, nil
}

func (w *World) forgetUnanswered(id csp.GDAPID) {
	w.later(gdap.UnansweredFor, func() {
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
func (w *World) ApproveRelationship(by Actor, id csp.GDAPID, customer csp.TenantID) (gdap.Relationship, error) {
	return w.answer(by, id, customer, "approve", func(r *gdap.Relationship) {
		w.dropRelationship(r)
		r.Customer, r.Status = customer, csp.GDAPApproved
		w.keepRelationship(r)
		w.activate(id)
	})
}

// RejectRelationship is the customer's no. It ends the proposal.
func (w *World) RejectRelationship(by Actor, id csp.GDAPID, customer csp.TenantID) (gdap.Relationship, error) {
	return w.answer(by, id, customer, "reject", func(r *gdap.Relationship) {
		w.dropRelationship(r)
		r.Status = csp.GDAPExpired
	})
}

func (w *World) answer(by Actor, id csp.GDAPID, customer csp.TenantID, action string, do func(*gdap.Relationship)) (gdap.Relationship, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return gdap.Relationship{}, err
	}
	d, known := w.tenants[customer]
	switch {
	case !known:
		return gdap.Relationship{}, refuse(NoSuchTenant, "no tenant has the id %s", customer)
	case customer == r.Partner, !r.Customer.IsZero() && r.Customer != customer:
		return gdap.Relationship{}, refuse(NotYours, "%q is not for %s to answer", r.Name, d.Name)
	case r.In(csp.GDAPApprovalPending) != nil:
		return gdap.Relationship{}, lawful(r.In(csp.GDAPApprovalPending))
	case !by.IsAuthor() && !w.answersFor(by, d):
		return gdap.Relationship{}, refuse(NotYours, "%s is no administrator of %s who may answer for it", by.Name, d.Name)
	}
	r.Ask(action, "succeeded", w.instant())
	do(r)
	w.changed(by, r)
	return r.Copied(), nil
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

// activate has an approved relationship become active.
func (w *World) activate(id csp.GDAPID) {
	w.pass(id, w.delays.Relationship/2, csp.GDAPApproved, csp.GDAPActivating, func(*gdap.Relationship) {})
	w.pass(id, w.delays.Relationship, csp.GDAPActivating, csp.GDAPActive, w.watchEnd)
}

// pass takes a relationship from one state into another, later, if it is still in
// the first by then.
func (w *World) pass(id csp.GDAPID, after time.Duration, from, to csp.GDAPStatus, then func(*gdap.Relationship)) {
	w.later(after, func() {
		if r, ok := w.relationships[id]; ok && r.Pass(from, to, w.instant()) {
			w.recordRelationship(Actor{}, r, kindOf(to))
			then(r)
		}
	})
}

// kindOf is what history calls it when a relationship comes into the state.
func kindOf(status csp.GDAPStatus) EventKind {
	if status == csp.GDAPExpired || status == csp.GDAPTerminated {
		return RelationshipEnded
	}
	return RelationshipChanged
}

// watchEnd has the relationship end, or extend itself, at its end.
func (w *World) watchEnd(r *gdap.Relationship) {
	if r.Ends.IsZero() {
		return
	}
	id := r.ID
	w.later(r.Ends.Sub(w.instant()), func() {
		r, ok := w.relationships[id]
		if !ok || r.Status != csp.GDAPActive || r.Ends.After(w.instant()) {
			return
		}
		extended := r.ReachEnd(w.instant())
		w.recordRelationship(Actor{}, r, RelationshipChanged)
		if extended {
			w.watchEnd(r)
			return
		}
		w.finish(r, csp.GDAPExpired)
	})
}

// finish takes a relationship out of a state that does not last into its last one,
// in which it is remembered for a year.
func (w *World) finish(r *gdap.Relationship, last csp.GDAPStatus) {
	id := r.ID
	w.pass(id, w.delays.Relationship/2, r.Status, last, func(*gdap.Relationship) {
		w.later(gdap.RememberedFor, func() {
			if r, ok := w.relationships[id]; ok && r.Status == last {
				w.dropRelationship(r)
			}
		})
	})
}

// TerminateRelationship ends an active relationship from either side: the actor
// must be of the partner, or an administrator of the customer. Whether he may at
// the partner's side is not asked here.
func (w *World) TerminateRelationship(by Actor, id csp.GDAPID) (gdap.Request, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.relationshipAt(id, "")
	if err != nil {
		return gdap.Request{}, err
	}
	customer := w.tenants[r.Customer]
	if !by.IsAuthor() && by.Tenant != r.Partner && (customer == nil || !w.answersFor(by, customer)) {
		return gdap.Request{}, refuse(NotYours, "%q is not for %s to end", r.Name, by.Name)
	}
	q, err := r.Terminate(w.instant())
	if err != nil {
		return gdap.Request{}, lawful(err)
	}
	w.recordRelationship(by, r, RelationshipChanged)
	w.pass(id, w.delays.Relationship/2, gdap.TerminationRequested, csp.GDAPTerminating, func(r *gdap.Relationship) {
		w.finish(r, csp.GDAPTerminated)
	})
	return q, nil
}

// Relationship finds a relationship by its id.
func (w *World) Relationship(id csp.GDAPID) (gdap.Relationship, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.relationships[id]
	if !ok {
		return gdap.Relationship{}, false
	}
	return r.Copied(), true
}

// Relationships lists the partner's relationships, the oldest first.
func (w *World) Relationships(partner csp.TenantID) []gdap.Relationship {
	return w.relationshipsThat(func(r *gdap.Relationship) bool { return r.Partner == partner })
}

// RelationshipsOf lists the relationships that a customer has, or has been asked for.
func (w *World) RelationshipsOf(customer csp.TenantID) []gdap.Relationship {
	return w.relationshipsThat(func(r *gdap.Relationship) bool { return r.Customer == customer })
}

func (w *World) relationshipsThat(fit func(*gdap.Relationship) bool) []gdap.Relationship {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []gdap.Relationship
	for _, r := range w.relationships {
		if fit(r) {
			list = append(list, r.Copied())
		}
	}
	slices.SortFunc(list, func(a, b gdap.Relationship) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return a.ID.Compare(b.ID)
	})
	return list
}
