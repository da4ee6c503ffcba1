package gdap

import (
	"slices"
	"time"
	"unicode/utf8"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// globalAdministrator is the role that keeps a relationship from extending itself,
// and that can be taken out of an active one.
var globalAdministrator = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")

func isGlobalAdministrator(role csp.DirectoryRoleID) bool { return role == globalAdministrator }

// Propose makes a new relationship of what a partner asks for. Whether it may be
// is asked with Check.
func Propose(r Relationship, now time.Time) *Relationship {
	return &Relationship{
		ID: r.ID, Partner: r.Partner, Customer: r.Customer, Name: r.Name, Days: r.Days, ExtendDays: r.ExtendDays, Roles: distinct(r.Roles),
		Status: csp.GDAPCreated, Version: 1, Created: now, Modified: now,
	}
}

// Check holds what a partner proposes against the laws. The function finds the
// directory roles that there are.
func (r *Relationship) Check(find func(csp.DirectoryRoleID) (csp.DirectoryRole, bool)) error {
	if n := utf8.RuneCountInString(r.Name); n == 0 || n > maxName {
		return refuse(BadName, "a relationship's name has 1 to %d characters, not %d", maxName, n)
	}
	if r.Days < 1 || r.Days > MaxDays {
		return refuse(BadDuration, "%d days", r.Days)
	}
	if len(r.Roles) == 0 {
		return refuse(NoSuchRole, "a relationship needs a role")
	}
	for _, role := range r.Roles {
		known, ok := find(role)
		if !ok {
			return refuse(NoSuchRole, "no directory role has the id %s", role)
		}
		if known.GDAP == csp.GDAPUnsupported {
			return refuse(RoleNotLent, "%s", known.Name)
		}
	}
	return CheckExtension(r.Name, r.ExtendDays, r.Roles)
}

// CheckExtension asks whether a relationship with the roles may extend itself by
// so many days.
func CheckExtension(name string, days int, roles []csp.DirectoryRoleID) error {
	if days != 0 && days != ExtensionDays {
		return refuse(BadDuration, "a relationship extends itself by %d days or not at all, not by %d", ExtensionDays, days)
	}
	if days != 0 && slices.ContainsFunc(roles, isGlobalAdministrator) {
		return refuse(NoExtension, "Global Administrator is among the roles of %q", name)
	}
	return nil
}

// At asks that the relationship is of the version that the etag names; an empty
// etag or an asterisk names any.
func (r *Relationship) At(etag string) error {
	if etag != "" && etag != "*" && etag != r.ETag() {
		return refuse(VersionDiffers, "%q is at %s, not %s", r.Name, r.ETag(), etag)
	}
	return nil
}

// In asks that the relationship is in the state.
func (r *Relationship) In(status csp.GDAPStatus) error {
	if r.Status != status {
		return refuse(WrongStatus, "%q is %s, not %s", r.Name, r.Status, status)
	}
	return nil
}

// Touch makes a new version of it.
func (r *Relationship) Touch(now time.Time) {
	r.Version++
	r.Modified = now
}

// Change is what to change; what is nil stays.
type Change struct {
	Customer   *csp.TenantID
	Name       *string
	Days       *int
	ExtendDays *int
	Roles      []csp.DirectoryRoleID
}

// With is what the relationship would be with the change.
func (r *Relationship) With(c Change) Relationship {
	next := r.Copied()
	if c.Customer != nil {
		next.Customer = *c.Customer
	}
	if c.Name != nil {
		next.Name = *c.Name
	}
	if c.Days != nil {
		next.Days = *c.Days
	}
	if c.ExtendDays != nil {
		next.ExtendDays = *c.ExtendDays
	}
	if c.Roles != nil {
		next.Roles = distinct(c.Roles)
	}
	return next
}

// CheckActive holds a change of an active relationship against the laws: whether
// it extends itself may change, and Global Administrator may be taken out, which
// is an operation of its own.
func (r *Relationship) CheckActive(next Relationship) (withdrawal bool, err error) {
	withdrawal = !slices.Equal(next.Roles, r.Roles)
	without := slices.DeleteFunc(slices.Clone(r.Roles), isGlobalAdministrator)
	if next.Customer != r.Customer || next.Name != r.Name || next.Days != r.Days || (withdrawal && !slices.Equal(next.Roles, without)) {
		return false, refuse(WrongStatus, "of an active relationship only the extension can be changed, and Global Administrator taken out")
	}
	if err := CheckExtension(next.Name, next.ExtendDays, next.Roles); err != nil {
		return false, err
	}
	if len(next.Roles) == 0 {
		return false, refuse(NoSuchRole, "a relationship keeps a role; terminate it instead")
	}
	return withdrawal, nil
}

// Withdraw takes Global Administrator out of it and of its access assignments.
func (r *Relationship) Withdraw(now time.Time) {
	r.Roles = slices.DeleteFunc(slices.Clone(r.Roles), isGlobalAdministrator)
	for i := range r.Access {
		a := &r.Access[i]
		a.Roles = slices.DeleteFunc(slices.Clone(a.Roles), isGlobalAdministrator)
	}
	r.Touch(now)
}

// Ask notes what was asked of the relationship.
func (r *Relationship) Ask(action, status string, now time.Time) Request {
	q := Request{ID: guid.New[Request](), Action: action, Status: status, Created: now, Modified: now}
	r.Requests = append(r.Requests, q)
	return q
}

// Lock finishes a proposal, so that a customer may approve it.
func (r *Relationship) Lock(now time.Time) (Request, error) {
	if err := r.In(csp.GDAPCreated); err != nil {
		return Request{}, err
	}
	q := r.Ask("lockForApproval", "created", now)
	r.Status = csp.GDAPApprovalPending
	r.Touch(now)
	return q, nil
}

// Terminate begins the end that a side wants.
func (r *Relationship) Terminate(now time.Time) (Request, error) {
	if err := r.In(csp.GDAPActive); err != nil {
		return Request{}, err
	}
	q := r.Ask("terminate", "created", now)
	r.Status = TerminationRequested
	r.Touch(now)
	return q, nil
}

// Pass takes it from one state into another, and says whether it was in the first.
// One that becomes active lasts from then on.
func (r *Relationship) Pass(from, to csp.GDAPStatus, now time.Time) bool {
	if r.Status != from {
		return false
	}
	if r.Status = to; to == csp.GDAPActive {
		r.Activated = now
		r.Ends = now.Add(time.Duration(r.Days) * day)
	}
	r.Touch(now)
	return true
}

// ReachEnd is its end: it extends itself if that was agreed, or expires.
func (r *Relationship) ReachEnd(now time.Time) (extended bool) {
	if r.ExtendDays > 0 && !slices.ContainsFunc(r.Roles, isGlobalAdministrator) {
		r.Ends = r.Ends.Add(time.Duration(r.ExtendDays) * day)
		r.Touch(now)
		return true
	}
	r.Pass(csp.GDAPActive, csp.GDAPExpiring, now)
	return false
}

// Begin notes an operation that changes it later.
func (r *Relationship) Begin(kind string, now time.Time) Operation {
	op := Operation{ID: guid.New[Operation](), Type: kind, Status: "notStarted", Created: now, Modified: now}
	r.Operations = append(r.Operations, op)
	return op
}

// Advance takes an operation on. On a relationship that is not active any more it
// fails; Advance says whether it did not.
func (r *Relationship) Advance(id OperationID, status string, now time.Time) bool {
	going := r.Status == csp.GDAPActive
	if !going {
		status = "failed"
	}
	for i := range r.Operations {
		if r.Operations[i].ID == id {
			r.Operations[i].Status, r.Operations[i].Modified = status, now
		}
	}
	return going
}

func distinct(roles []csp.DirectoryRoleID) []csp.DirectoryRoleID {
	roles = slices.Clone(roles)
	slices.SortFunc(roles, csp.DirectoryRoleID.Compare)
	return slices.Compact(roles)
}
