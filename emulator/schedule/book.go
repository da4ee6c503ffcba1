package schedule

import (
	"slices"
	"time"

	"latchkey/csp"
)

const (
	// floor is the least time for which something is active.
	floor = 5 * time.Minute
	// patience is how long a request waits for a decision.
	patience = 24 * time.Hour
	// slack is how much of an activation's maximum may be lost on the way.
	slack = time.Second
)

// Book holds the requests and schedules of one service in one tenant. The zero
// Book is empty and ready. It is not safe for concurrent use.
type Book struct {
	requests  []*Request
	schedules []*Schedule
	past      []*Schedule // ended, for renewal
	// next is when time has something to do, zero never; it counts while fresh.
	next  time.Time
	fresh bool
}

// Submit takes a request or refuses it with a *Refusal. The changes are those
// that are due now; call Advance first, so that the Book is up to date. With
// validateOnly everything is asked and nothing is kept.
func (b *Book) Submit(now time.Time, p Policy, r Request, validateOnly bool) (Request, []Change, error) {
	start, end, err := r.period(now)
	if err != nil {
		return Request{}, nil, err
	}
	r.Created, r.Status = now, Provisioned
	if r.ID.IsZero() {
		r.ID = NewID()
	}
	step, err := b.judge(now, p, &r, start, end)
	if err != nil {
		return Request{}, nil, err
	}
	if validateOnly {
		return r, nil, nil
	}
	kept := &r
	b.fresh = false
	b.requests = append(b.requests, kept)
	if kept.Status.IsPending() {
		kept.Approval = NewID()
		return *kept, nil, nil
	}
	changes := step(kept)
	return *kept, changes, nil
}

// step carries a request out.
type step func(*Request) []Change

// judge finds what a request would do, or why it may not. It sets the status of
// one that somebody has to decide.
func (b *Book) judge(now time.Time, p Policy, r *Request, start, end time.Time) (step, error) {
	if b.findRequest(r.ID) != nil {
		return nil, refuse(Invalid, "A request with the id %s exists.", r.ID)
	}
	if r.Kind != Active && r.Kind != Eligible || r.Principal.IsZero() || r.Role == "" {
		return nil, refuse(Invalid, "The request needs a principal, a role and a kind.")
	}
	if r.Action.IsSelf() && r.By != r.Principal {
		return nil, refuse(Invalid, "The principal of a %s request must be the one who asks.", r.Action)
	}
	if b.waiting(r.Kind, r.Target) {
		return nil, refuse(Pending, "There is already an existing pending Role assignment request.")
	}
	switch r.Action {
	case AdminAssign:
		return b.judgeAssign(now, p, r, start, end)
	case AdminUpdate, AdminExtend, AdminRenew, SelfExtend, SelfRenew:
		return b.judgeUpdate(now, p, r, start, end)
	case AdminRemove, SelfDeactivate:
		return b.judgeRemove(now, r)
	case SelfActivate:
		return b.judgeActivate(now, p, r, start, end)
	}
	return nil, refuse(Invalid, "The action %q is not known.", r.Action)
}

func (b *Book) judgeAssign(now time.Time, p Policy, r *Request, start, end time.Time) (step, error) {
	if b.find(r.Kind, r.Target, Assigned, now) != nil {
		return nil, refuse(Exists, "The Role assignment already exists.")
	}
	if err := p.checkAdmin(r, start, end); err != nil {
		return nil, err
	}
	return func(r *Request) []Change { return b.add(now, r, Assigned, nil, start, end) }, nil
}

func (b *Book) judgeUpdate(now time.Time, p Policy, r *Request, start, end time.Time) (step, error) {
	s := b.find(r.Kind, r.Target, Assigned, now)
	if s == nil && (r.Action == AdminRenew || r.Action == SelfRenew) && b.findEnded(r.Kind, r.Target) != nil {
		if r.Action == SelfRenew {
			r.Status = PendingAdminDecision
		}
		return func(r *Request) []Change { return b.add(now, r, Assigned, nil, start, end) }, nil
	}
	if s == nil {
		return nil, refuse(DoesNotExist, "The Role assignment does not exist.")
	}
	if err := p.checkAdmin(r, start, end); err != nil && !r.Action.IsSelf() {
		return nil, err
	}
	if r.Action == SelfExtend || r.Action == SelfRenew {
		r.Status = PendingAdminDecision
	}
	return func(r *Request) []Change {
		if !s.begun {
			s.Start = start
		}
		s.End, s.Updated, s.Request = end, now, r.ID
		b.fresh = false
		b.confine(s, now)
		r.Schedule, r.Completed = s.ID, now
		return b.Advance(now)
	}, nil
}

func (b *Book) judgeRemove(now time.Time, r *Request) (step, error) {
	kind := Assigned
	if r.Action == SelfDeactivate {
		kind = Activated
	}
	s := b.find(r.Kind, r.Target, kind, now)
	if s == nil && r.Action == AdminRemove { // an administrator may end an activation too
		s = b.find(r.Kind, r.Target, Activated, now)
	}
	if s == nil {
		return nil, refuse(DoesNotExist, "The Role assignment does not exist.")
	}
	if s.Kind == Active && s.begun && !s.Request.IsZero() && now.Before(s.Start.Add(floor)) {
		return nil, tooShort()
	}
	r.Status = Revoked
	return func(r *Request) []Change {
		r.Schedule, r.Completed = s.ID, now
		return b.remove(now, s)
	}, nil
}

func tooShort() *Refusal {
	return refuse(TooShort, "The Role assignment active duration is too short. Miniumum Required is 5 minutes.") // Microsoft's own spelling
}

func (b *Book) judgeActivate(now time.Time, p Policy, r *Request, start, end time.Time) (step, error) {
	if r.Kind != Active {
		return nil, refuse(Invalid, "What is activated is an active assignment.")
	}
	if b.find(Active, r.Target, Activated, now) != nil || b.find(Active, r.Target, Assigned, now) != nil {
		return nil, refuse(Exists, "The Role assignment already exists.")
	}
	eligible := b.eligibility(now, start, *r)
	if failed := p.checkActivation(r, eligible != nil, start, end); len(failed) > 0 {
		return nil, againstRules(failed)
	}
	if end.Sub(start) < floor {
		return nil, tooShort()
	}
	if !eligible.End.IsZero() && end.After(eligible.End) {
		end = eligible.End
	}
	if len(p.Approvers) > 0 {
		r.Status = PendingApproval
	}
	r.Linked = eligible.ID
	return func(r *Request) []Change { return b.add(now, r, Activated, eligible, start, end) }, nil
}

// eligibility finds what an activation would rest on: the person's own
// eligibility, or that of a group he is in.
func (b *Book) eligibility(now, start time.Time, r Request) *Schedule {
	for _, s := range b.schedules {
		if s.Kind != Eligible || s.Role != r.Role || s.Scope != r.Scope || !s.Holds(now) || !s.Holds(start) {
			continue
		}
		if !r.Linked.IsZero() && r.Linked != s.ID && r.Linked != s.Instance {
			continue
		}
		if s.Principal == r.Principal || slices.Contains(r.Groups, s.Principal) {
			return s
		}
	}
	return nil
}

// period is when what is asked for begins and ends; a zero end is never.
func (r Request) period(now time.Time) (start, end time.Time, err error) {
	start = r.Start
	if start.Before(now) {
		start = now
	}
	switch r.Expiration.Kind {
	case "", NoExpiration:
		return start, time.Time{}, nil
	case AfterDateTime:
		end = r.Expiration.End
	case AfterDuration:
		end = start.Add(r.Expiration.Duration)
	default:
		return start, end, refuse(Invalid, "The expiration type %q is not known.", r.Expiration.Kind)
	}
	if r.takesAway() {
		return start, end, nil
	}
	if !end.After(start) {
		return start, end, againstRules([]string{ExpirationRule})
	}
	return start, end, nil
}

func (r Request) takesAway() bool { return r.Action == AdminRemove || r.Action == SelfDeactivate }

func (p Policy) checkAdmin(r *Request, start, end time.Time) error {
	most := p.MaxActive
	if r.Kind == Eligible {
		most = p.MaxEligible
	}
	var failed []string
	if most > 0 && (end.IsZero() || end.Sub(start) > most) {
		failed = append(failed, ExpirationRule)
	}
	if r.Kind == Active && p.AdminJustification && r.Justification == "" {
		failed = append(failed, JustificationRule)
	}
	if r.Kind == Active && p.AdminMFA && !r.MFA {
		failed = append(failed, MFARule)
	}
	if len(failed) > 0 {
		return againstRules(failed)
	}
	if r.Kind == Active && !end.IsZero() && end.Sub(start) < floor {
		return tooShort()
	}
	return nil
}

func (p Policy) checkActivation(r *Request, eligible bool, start, end time.Time) []string {
	var failed []string
	if !eligible {
		failed = append(failed, EligibilityRule)
	}
	if end.IsZero() || p.MaxActivation > 0 && end.Sub(start) > p.MaxActivation+slack {
		failed = append(failed, ExpirationRule)
	}
	if p.Justification && r.Justification == "" {
		failed = append(failed, JustificationRule)
	}
	if p.MFA && !r.MFA {
		failed = append(failed, MFARule)
	}
	if p.Ticket && r.Ticket.Number == "" {
		failed = append(failed, TicketingRule)
	}
	return failed
}

// add makes the schedule a request asks for.
func (b *Book) add(now time.Time, r *Request, kind AssignmentType, eligible *Schedule, start, end time.Time) []Change {
	s := &Schedule{
		ID: NewID(), Kind: r.Kind, Target: r.Target, Start: start, End: end, Type: kind, Instance: NewID(),
		Condition: r.Condition, By: r.By, Request: r.ID, Created: now, Updated: now,
	}
	if eligible != nil {
		s.Linked = eligible.ID
	}
	b.schedules, b.fresh = append(b.schedules, s), false
	r.Schedule, r.Completed, r.Status = s.ID, now, Provisioned
	if start.After(now) {
		r.Status = Granted
	}
	return b.Advance(now)
}

// confine cuts the activations that rest on an eligibility to its end.
func (b *Book) confine(eligible *Schedule, now time.Time) {
	if eligible.Kind != Eligible || eligible.End.IsZero() {
		return
	}
	for _, s := range b.schedules {
		if s.Linked == eligible.ID && (s.End.IsZero() || s.End.After(eligible.End)) {
			s.End, s.Updated = eligible.End, now
		}
	}
}

// remove ends a schedule, and the activations that rest on it.
func (b *Book) remove(now time.Time, gone *Schedule) []Change {
	b.fresh = false
	for _, s := range b.schedules {
		if s == gone || s.Linked == gone.ID && gone.Kind == Eligible {
			if !s.begun && s.Start.After(now) {
				s.Start = now // it never stood
			}
			s.End, s.Updated = now, now
		}
	}
	return b.Advance(now)
}

// Adopt puts in what stands already, such as what a world was loaded with, and
// what was assigned past privileged identity management. Ids and instances that
// are set are kept. The five minutes do not count for what was adopted.
func (b *Book) Adopt(now time.Time, list ...Schedule) []Change {
	for _, s := range list {
		if s.ID.IsZero() {
			s.ID = NewID()
		}
		if s.Instance.IsZero() {
			s.Instance = NewID()
		}
		if s.Type == "" {
			s.Type = Assigned
		}
		if s.Created.IsZero() {
			s.Created = now
		}
		s.Updated = s.Created
		b.schedules = append(b.schedules, &s)
	}
	b.fresh = false
	return b.Advance(now)
}

// Advance lets time pass until now, and says what began and what ended since.
func (b *Book) Advance(now time.Time) []Change {
	if b.fresh && (b.next.IsZero() || now.Before(b.next)) {
		return nil
	}
	var changes []Change
	for _, r := range b.requests {
		if r.Status.IsPending() && !now.Before(r.Created.Add(patience)) {
			r.Status, r.Completed = TimedOut, r.Created.Add(patience)
		}
	}
	b.schedules = slices.DeleteFunc(b.schedules, func(s *Schedule) bool {
		if !s.begun && !now.Before(s.Start) && (s.End.IsZero() || s.Start.Before(s.End)) {
			s.begun = true
			changes = append(changes, Change{Begins: true, Schedule: *s, At: s.Start})
			if r := b.findRequest(s.Request); r != nil && r.Status == Granted {
				r.Status = Provisioned
			}
		}
		ended := !s.End.IsZero() && !now.Before(s.End)
		if ended && s.begun {
			changes = append(changes, Change{Schedule: *s, At: s.End})
		}
		if ended {
			b.ended(s)
		}
		return ended
	})
	slices.SortStableFunc(changes, func(a, c Change) int { return a.At.Compare(c.At) })
	b.next, b.fresh = b.Due(), true
	return changes
}

// keptEnded bounds how many ended schedules a Book remembers for renewal.
const keptEnded = 1000

func (b *Book) ended(s *Schedule) {
	if len(b.past) == keptEnded {
		b.past = b.past[1:]
	}
	b.past = append(b.past, s)
}

// Due is when Advance has something to do next, or zero.
func (b *Book) Due() time.Time {
	var due time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	for _, s := range b.schedules {
		if !s.begun {
			sooner(s.Start)
		}
		sooner(s.End)
	}
	for _, r := range b.requests {
		if r.Status.IsPending() {
			sooner(r.Created.Add(patience))
		}
	}
	return due
}

// Decide lets somebody approve or deny the request that waits. Nobody decides
// his own, and with approvers named in the policy only they do.
func (b *Book) Decide(now time.Time, p Policy, id ID, by csp.ObjectID, approve bool) (Request, []Change, error) {
	r := b.findRequest(id)
	if r == nil {
		return Request{}, nil, refuse(NoSuch, "No request has the id %s.", id)
	}
	if !r.Status.IsPending() {
		return Request{}, nil, refuse(Invalid, "The request does not wait for a decision: it is %s.", r.Status)
	}
	if by == r.By || r.Status == PendingApproval && !slices.Contains(p.Approvers, by) {
		return Request{}, nil, refuse(Invalid, "Whoever asks cannot decide, and only the approvers of the policy can.")
	}
	if !approve {
		r.Status, r.Completed = Denied, now
		return *r, nil, nil
	}
	start, end, err := r.period(now)
	if err != nil {
		return Request{}, nil, err
	}
	again := *r
	again.ID, again.Status = NewID(), Provisioned
	waiting := r.Status
	r.Status = Provisioned // so that it does not stand in its own way
	step, err := b.judge(now, p, &again, start, end)
	if err != nil {
		r.Status = waiting
		return Request{}, nil, err
	}
	r.Completed, r.Linked = now, again.Linked
	changes := step(r)
	return *r, changes, nil
}

// Cancel withdraws a request that waits, or one that has not begun.
func (b *Book) Cancel(now time.Time, id ID) ([]Change, error) {
	r := b.findRequest(id)
	if r == nil {
		return nil, refuse(NoSuch, "No request has the id %s.", id)
	}
	if !r.Status.IsPending() && r.Status != Granted {
		return nil, refuse(Invalid, "A request that is %s cannot be cancelled.", r.Status)
	}
	var changes []Change
	if s := b.findSchedule(r.Schedule); s != nil && r.Status == Granted {
		changes = b.remove(now, s)
	}
	r.Status, r.Completed = Canceled, now
	return changes, nil
}

// Forget removes what stands or is to stand for whatever matches, such as
// everything of a deleted principal or an assignment that was taken away past
// privileged identity management. The five minutes do not count here.
func (b *Book) Forget(now time.Time, matches func(Schedule) bool) []Change {
	var changes []Change
	for _, s := range slices.Clone(b.schedules) {
		if matches(*s) {
			changes = append(changes, b.remove(now, s)...)
		}
	}
	return changes
}

// Requests lists the requests of the kind, oldest first.
func (b *Book) Requests(kind Kind) []Request {
	var list []Request
	for _, r := range b.requests {
		if r.Kind == kind {
			list = append(list, *r)
		}
	}
	return list
}

// Request finds a request.
func (b *Book) Request(id ID) (Request, bool) {
	if r := b.findRequest(id); r != nil {
		return *r, true
	}
	return Request{}, false
}

// Schedules lists what stands and what is to stand, oldest first.
func (b *Book) Schedules(kind Kind) []Schedule {
	var list []Schedule
	for _, s := range b.schedules {
		if s.Kind == kind {
			list = append(list, *s)
		}
	}
	return list
}

// Instances lists what stands at the instant, oldest first.
func (b *Book) Instances(kind Kind, at time.Time) []Schedule {
	return slices.DeleteFunc(b.Schedules(kind), func(s Schedule) bool { return !s.Holds(at) })
}

func (b *Book) findRequest(id ID) *Request {
	for _, r := range b.requests {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (b *Book) findSchedule(id ID) *Schedule {
	for _, s := range b.schedules {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// find gives what stands or is to stand for the target.
func (b *Book) find(kind Kind, t Target, how AssignmentType, now time.Time) *Schedule {
	for _, s := range b.schedules {
		if s.Kind == kind && s.Target == t && s.Type == how && (s.End.IsZero() || now.Before(s.End)) {
			return s
		}
	}
	return nil
}

func (b *Book) findEnded(kind Kind, t Target) *Schedule {
	for _, s := range b.past {
		if s.Kind == kind && s.Target == t && s.Type == Assigned {
			return s
		}
	}
	return nil
}

func (b *Book) waiting(kind Kind, t Target) bool {
	return slices.ContainsFunc(b.requests, func(r *Request) bool { return r.Kind == kind && r.Target == t && r.Status.IsPending() })
}
