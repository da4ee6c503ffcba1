package world

import (
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
)

// Privileged identity management of Azure roles. What is to stand is kept in the
// tenant's book, what stands as role assignments, bounded in time or eligible;
// each instance of the book has the name of its assignment. What comes about past
// the book, by plain role assignments, is adopted before the book is asked.

// RequestActivation takes a request in the name of the handle's actor. Its scope
// is the id of a place, its role a role definition's. The error is a
// *schedule.Refusal, or a *Refusal where the place, the role or the principal is
// not there, or a policy or lock refuses. With validateOnly nothing happens.
func (t Tenant) RequestActivation(r schedule.Request, validateOnly bool) (schedule.Request, error) {
	w, d, unlock := t.openBook()
	defer unlock()
	target, err := w.checkActivation(d, r)
	if err != nil {
		return schedule.Request{}, err
	}
	r.Target, r.By, r.Groups = target, t.by.Object, w.groupsOf(d, t.by.Object)
	kept, changes, err := d.activations.Submit(w.instant(), d.demanded(r.Target), r, validateOnly)
	if err != nil || validateOnly {
		return kept, err
	}
	w.record(Event{Kind: ActivationRequested, Tenant: d.ID, By: t.by, Subject: string(kept.Action) + " " + string(kept.Status) + ": " + r.Role + " for " + r.Principal.String()})
	w.carryActivations(d, t.by, changes)
	return kept, nil
}

// checkActivation asks for what a request names, and for what hinders a grant.
func (w *World) checkActivation(d *tenant, r schedule.Request) (schedule.Target, error) {
	scope, err := csp.ParseScope(r.Scope)
	if err != nil {
		return r.Target, refuse(NoSuchScope, "%v", err)
	}
	role, err := csp.ParseID[csp.RoleDefinition](r.Role)
	if err != nil {
		return r.Target, refuse(NoSuchRole, "%v", err)
	}
	if err := w.checkPlace(d, scope); err != nil {
		return r.Target, err
	}
	a := csp.RoleAssignment{Scope: w.canonical(d, scope), Role: role, Principal: r.Principal, Condition: r.Condition}
	if err := w.checkRole(d, a); err != nil {
		return r.Target, err
	}
	kind, known := w.resolve(d, r.Principal)
	if !known {
		return r.Target, refuse(NoSuchPrincipal, "%s names no principal of %s", r.Principal, d.Name)
	}
	a.PrincipalType = kind
	target := schedule.Target{Principal: r.Principal, Role: role.String(), Scope: a.Scope.String()}
	if r.Action == schedule.AdminRemove || r.Action == schedule.SelfDeactivate {
		if locked := w.lockedAt(a.Scope, CanNotDelete, ReadOnly); len(locked) > 0 && r.Kind == schedule.Active {
			return target, &Refusal{Law: ScopeLocked, Detail: "a lock stands at or above " + a.Scope.String(), Locked: locked}
		}
		return target, nil
	}
	return target, w.checkHindrances(d, a)
}

// canonical is the place as it was spelt first.
func (w *World) canonical(d *tenant, scope csp.Scope) csp.Scope {
	switch s := w.subscriptions[scope.Subscription()]; scope.Kind() {
	case csp.ManagementGroupScope:
		if g, ok := d.managementGroup(scope); ok {
			return g.Scope
		}
	case csp.ResourceGroupScope:
		return s.groups[strings.ToLower(scope.ResourceGroup())].Scope
	case csp.ResourceScope:
		return s.resources[scope.Key()].Scope
	}
	return scope
}

// DecideActivation approves or denies a request that waits.
func (t Tenant) DecideActivation(id schedule.ID, approve bool) (schedule.Request, error) {
	w, d, unlock := t.openBook()
	defer unlock()
	asked, _ := d.activations.Request(id)
	r, changes, err := d.activations.Decide(w.instant(), d.demanded(asked.Target), id, t.by.Object, approve)
	if err != nil {
		return r, err
	}
	w.record(Event{Kind: ActivationChanged, Tenant: d.ID, By: t.by, Subject: string(r.Action) + " " + string(r.Status) + ": " + r.Role + " for " + r.Principal.String()})
	w.carryActivations(d, t.by, changes)
	return r, nil
}

// CancelActivation withdraws a request that waits or that has not begun.
func (t Tenant) CancelActivation(id schedule.ID) error {
	w, d, unlock := t.openBook()
	defer unlock()
	changes, err := d.activations.Cancel(w.instant(), id)
	if err != nil {
		return err
	}
	w.record(Event{Kind: ActivationChanged, Tenant: d.ID, By: t.by, Subject: "request " + id.String() + " cancelled"})
	w.carryActivations(d, t.by, changes)
	return nil
}

// ActivationRequests lists the requests of the kind, oldest first.
func (t Tenant) ActivationRequests(kind schedule.Kind) []schedule.Request {
	_, d, unlock := t.openBook()
	defer unlock()
	return d.activations.Requests(kind)
}

// ActivationRequest finds a request.
func (t Tenant) ActivationRequest(id schedule.ID) (schedule.Request, bool) {
	_, d, unlock := t.openBook()
	defer unlock()
	return d.activations.Request(id)
}

// ActivationSchedules lists what stands and what is to stand, plain role
// assignments among it.
func (t Tenant) ActivationSchedules(kind schedule.Kind) []schedule.Schedule {
	_, d, unlock := t.openBook()
	defer unlock()
	return d.activations.Schedules(kind)
}

// ActivationInstances lists what stands now.
func (t Tenant) ActivationInstances(kind schedule.Kind) []schedule.Schedule {
	w, d, unlock := t.openBook()
	defer unlock()
	return d.activations.Instances(kind, w.instant())
}

// Demands is the policy that requests for the role at the scope are held against.
func (t Tenant) Demands(scope csp.Scope, role csp.RoleDefinitionID) schedule.Policy {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].demanded(schedule.Target{Scope: scope.String(), Role: role.String()})
}

// SetDemands changes it.
func (t Tenant) SetDemands(scope csp.Scope, role csp.RoleDefinitionID, p schedule.Policy) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p.Approvers = slices.Clone(p.Approvers)
	w.tenants[t.ID].demands[demandKey(scope, role.String())] = p
	w.record(Event{Kind: ActivationChanged, Tenant: t.ID, By: t.by, Subject: "policy of " + role.String(), Scope: scope})
}

func demandKey(scope csp.Scope, role string) string { return scope.Key() + " " + role }

func (d *tenant) demanded(of schedule.Target) schedule.Policy {
	if scope, err := csp.ParseScope(of.Scope); err == nil {
		if p, ok := d.demands[demandKey(scope, of.Role)]; ok {
			return p
		}
	}
	return schedule.AzurePolicy()
}

// openBook locks the world and brings the book up to date.
func (t Tenant) openBook() (*World, *tenant, func()) {
	w := t.w
	w.mu.Lock()
	d := w.tenants[t.ID]
	w.reconcileActivations(d)
	return w, d, w.mu.Unlock
}

// reconcileActivations adopts assignments that the book does not know, and lets
// it forget those that are gone.
func (w *World) reconcileActivations(d *tenant) {
	now := w.instant()
	w.carryActivations(d, Actor{}, d.activations.Advance(now))
	known := make(map[csp.RoleAssignmentID]bool)
	gone := make(map[schedule.ID]bool)
	for _, kind := range []schedule.Kind{schedule.Active, schedule.Eligible} {
		for _, s := range d.activations.Schedules(kind) {
			name := csp.RoleAssignmentID(s.Instance)
			known[name] = true
			gone[s.ID] = d.assignments[name] == nil && s.Holds(now)
		}
	}
	w.carryActivations(d, Actor{}, d.activations.Forget(now, func(s schedule.Schedule) bool { return gone[s.ID] }))
	var adopted []schedule.Schedule
	for name, a := range d.assignments {
		if !known[name] && (a.Term.Until.IsZero() || now.Before(a.Term.Until)) {
			adopted = append(adopted, adoptedFrom(a))
		}
	}
	slices.SortFunc(adopted, func(a, b schedule.Schedule) int { return a.Instance.Compare(b.Instance) })
	if len(adopted) > 0 {
		w.carryActivations(d, Actor{}, d.activations.Adopt(now, adopted...))
	}
}

func adoptedFrom(a *assignment) schedule.Schedule {
	s := schedule.Schedule{
		ID: schedule.ID(a.Name), Instance: schedule.ID(a.Name), Kind: schedule.Active, Type: schedule.Assigned,
		Target: schedule.Target{Principal: a.Principal, Role: a.Role.String(), Scope: a.Scope.String()},
		Start:  a.Term.From, End: a.Term.Until, Condition: a.Condition, By: a.CreatedBy, Created: a.Created, Updated: a.Updated,
	}
	if a.Term.Eligible {
		s.Kind = schedule.Eligible
	}
	if s.Start.IsZero() {
		s.Start = a.Created
	}
	return s
}

// carryActivations does what has come about, and comes back when the next is due.
func (w *World) carryActivations(d *tenant, by Actor, changes []schedule.Change) {
	for _, c := range changes {
		if c.Begins {
			w.begin(d, by, c.Schedule)
		} else if a := d.assignments[csp.RoleAssignmentID(c.Schedule.Instance)]; a != nil {
			w.unlistAssignment(d, a)
			d.dropAssignments(holding{a.Scope.Key(), a.Principal}, a.Name)
			if !a.Term.Eligible {
				w.record(Event{Kind: AssignmentDeleted, Tenant: d.ID, By: by, Subject: a.Name.String(), Scope: a.Scope, Assignment: a.RoleAssignment})
			}
		}
	}
	for _, kind := range []schedule.Kind{schedule.Active, schedule.Eligible} {
		for _, s := range d.activations.Schedules(kind) { // an end may have moved
			if a := d.assignments[csp.RoleAssignmentID(s.Instance)]; a != nil && a.Term.Until != s.End {
				a.Term.Until = s.End
			}
		}
	}
	w.watchActivations(d)
}

func (w *World) begin(d *tenant, by Actor, s schedule.Schedule) {
	name := csp.RoleAssignmentID(s.Instance)
	scope, err := csp.ParseScope(s.Scope)
	kind, known := w.resolve(d, s.Principal)
	if d.assignments[name] != nil || err != nil || !known || !w.exists(d, scope) {
		return
	}
	role, err := csp.ParseID[csp.RoleDefinition](s.Role)
	if err != nil {
		return
	}
	a := &assignment{Assignment: Assignment{
		RoleAssignment: csp.RoleAssignment{Name: name, Scope: scope, Role: role, Principal: s.Principal, PrincipalType: kind, Condition: s.Condition},
		Tenant:         d.ID, Created: s.Start, Updated: s.Start, CreatedBy: s.By, UpdatedBy: s.By,
		Term: csp.Term{Period: csp.Period{From: s.Start, Until: s.End}, Eligible: s.Kind == schedule.Eligible},
	}}
	a.readCondition()
	w.keepAssignment(d, a)
	if !a.Term.Eligible {
		w.record(Event{Kind: AssignmentPut, Tenant: d.ID, By: by, Subject: name.String(), Scope: scope, Assignment: a.RoleAssignment})
	}
}

// watchActivations comes back when the book has something to do.
func (w *World) watchActivations(d *tenant) {
	due := d.activations.Due()
	if due.IsZero() || due.Equal(d.watching) {
		return
	}
	d.watching = due
	id := d.ID
	w.later(max(due.Sub(w.instant()), time.Nanosecond), func() {
		if d, ok := w.tenants[id]; ok && d.watching.Equal(due) {
			d.watching = time.Time{}
			w.carryActivations(d, Actor{}, d.activations.Advance(w.instant()))
		}
	})
}
