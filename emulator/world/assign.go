package world

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/guid"
)

// maxAssignments is Azure's limit per subscription, resource groups and
// resources included.
const maxAssignments = 4000

// maxGroupAssignments is the limit at one management group.
const maxGroupAssignments = 500

// The roles that may assign roles at will; one of them must stay at a
// subscription.
var (
	ownerRole      = csp.MustParseID[csp.RoleDefinition]("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
	userAccessRole = csp.MustParseID[csp.RoleDefinition]("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9")
)

// Assignment is a role assignment as the world keeps it.
type Assignment struct {
	csp.RoleAssignment
	Tenant csp.TenantID
	// Term bounds it in time (R29); one that is eligible gives nothing by itself.
	Term      csp.Term
	Created   time.Time
	Updated   time.Time
	CreatedBy csp.ObjectID
	UpdatedBy csp.ObjectID
	// Delegated is the managed identity that another tenant's service principal
	// stands for, kept as given.
	Delegated string
}

type assignment struct {
	Assignment
	condition abac.Condition
	unread    bool // the condition cannot be parsed: it never holds
	// seen is from when on everybody sees it; zero: at once.
	seen time.Time
	// gone: it was deleted, and not everybody knows.
	gone bool
}

// holding is a scope, by its key, and a principal.
type holding struct {
	scope     string
	principal csp.ObjectID
}

func (w *World) definitions(d *tenant) []csp.RoleDefinition {
	list := make([]csp.RoleDefinition, 0, len(w.roles)+len(d.roles))
	for id, r := range w.roles {
		if _, replaced := w.loaded.roles[id]; !replaced {
			list = append(list, r)
		}
	}
	for _, r := range w.loaded.roles {
		list = append(list, r)
	}
	for _, r := range d.roles {
		list = append(list, r)
	}
	return list
}

// Roles lists the built-in and custom role definitions of the tenant by name.
func (t Tenant) Roles() []csp.RoleDefinition {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	list := t.w.definitions(t.w.tenants[t.ID])
	slices.SortFunc(list, func(a, b csp.RoleDefinition) int { return orderBy(a.Name, b.Name, a.ID.Compare(b.ID)) })
	return list
}

// Role finds a role definition of the tenant.
func (t Tenant) Role(id csp.RoleDefinitionID) (csp.RoleDefinition, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.role(t.w.tenants[t.ID], id)
}

func (w *World) role(d *tenant, id csp.RoleDefinitionID) (csp.RoleDefinition, bool) {
	if r, ok := d.roles[id]; ok {
		return r, true
	}
	if r, ok := w.loaded.roles[id]; ok {
		return r, true
	}
	r, ok := w.roles[id]
	return r, ok
}

// Assign makes a role assignment as the world's author. A zero Name is replaced
// by a random one, an empty PrincipalType by the one the principal has.
func (t Tenant) Assign(a csp.RoleAssignment) (Assignment, error) {
	guid.Fill(&a.Name)
	made, _, err := t.PutAssignment(Actor{}, a)
	return made, err
}

// PutAssignment makes the assignment, or changes the description and condition
// of the one with the same name. Whether the actor may is not asked here.
func (t Tenant) PutAssignment(by Actor, a csp.RoleAssignment) (put Assignment, created bool, err error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	kind, err := w.checkAssignment(d, by, a)
	if err != nil {
		return Assignment{}, false, err
	}
	a.PrincipalType = kind
	now := w.Now()
	kept, ok := d.assignments[a.Name]
	if !ok {
		kept = &assignment{Assignment: Assignment{RoleAssignment: a, Tenant: t.ID, Created: now, CreatedBy: by.Object}}
		if !by.IsAuthor() {
			kept.seen = now.Add(w.delays.RoleAssignment)
		}
		w.keepAssignment(d, kept)
	} else {
		a.Scope = kept.Scope // as it was spelt first
	}
	kept.RoleAssignment, kept.Updated, kept.UpdatedBy = a, now, by.Object
	kept.readCondition()
	w.record(Event{Kind: AssignmentPut, Tenant: t.ID, By: by, Subject: a.Name.String(), Scope: a.Scope, Assignment: a})
	return kept.Assignment, !ok, nil
}

func (a *assignment) readCondition() {
	var unreadable error
	a.condition, unreadable = abac.Parse(a.Condition)
	a.unread = unreadable != nil
}

// keepAssignment enters a new assignment into every index.
func (w *World) keepAssignment(d *tenant, a *assignment) {
	key := a.Scope.Key()
	cell := holding{key, a.Principal}
	d.assignments[a.Name] = a
	d.at[key] = append(d.at[key], a)
	d.held[cell] = append(d.held[cell], a)
	d.holds[a.Principal]++
	if a.PrincipalType == csp.ForeignGroup {
		d.foreign[a.Principal]++
	}
	if s, ok := w.subscriptions[a.Scope.Subscription()]; ok {
		s.assignments[a.Name] = a
	}
}

// unlistAssignment takes it off the lists; it goes on giving what it gives.
func (w *World) unlistAssignment(d *tenant, a *assignment) {
	key := a.Scope.Key()
	delete(d.assignments, a.Name)
	if d.at[key] = slices.DeleteFunc(d.at[key], func(other *assignment) bool { return other == a }); len(d.at[key]) == 0 {
		delete(d.at, key)
	}
	if s, ok := w.subscriptions[a.Scope.Subscription()]; ok {
		delete(s.assignments, a.Name)
	}
	a.gone = true
}

// dropAssignments ends what unlisted assignments of the name give.
func (d *tenant) dropAssignments(cell holding, name csp.RoleAssignmentID) {
	d.held[cell] = slices.DeleteFunc(d.held[cell], func(a *assignment) bool {
		if !a.gone || a.Name != name {
			return false
		}
		if d.holds[a.Principal]--; d.holds[a.Principal] == 0 {
			delete(d.holds, a.Principal)
		}
		if a.PrincipalType == csp.ForeignGroup {
			if d.foreign[a.Principal]--; d.foreign[a.Principal] == 0 {
				delete(d.foreign, a.Principal)
			}
		}
		return true
	})
	if len(d.held[cell]) == 0 {
		delete(d.held, cell)
	}
}

// gives says whether the assignment counts now: it holds, and has been heard of
// everywhere.
func (w *World) gives(a *assignment) bool {
	return w.counts(a.Term) && !w.instant().Before(a.seen)
}

// checkAssignment holds a new or changed assignment against the laws and gives
// the type of its principal.
func (w *World) checkAssignment(d *tenant, by Actor, a csp.RoleAssignment) (csp.PrincipalType, error) {
	if err := w.checkPlace(d, a.Scope); err != nil {
		return "", err
	}
	if err := w.checkRole(d, a); err != nil {
		return "", err
	}
	kind, ok := w.resolve(d, a.Principal)
	if until, fresh := w.fresh[a.Principal]; !ok || (fresh && a.PrincipalType == "" && !by.IsAuthor() && w.instant().Before(until)) {
		return "", refuse(NoSuchPrincipal, "%s names no principal of %s, and no group of a partner with a reseller relationship", a.Principal, d.Name)
	}
	if a.PrincipalType != "" && a.PrincipalType != kind {
		return "", &Refusal{Law: TypeDiffers, Detail: string("the principal is a " + kind), Actual: kind}
	}
	a.PrincipalType = kind
	if !by.IsAuthor() {
		if err := w.checkHindrances(d, a); err != nil {
			return "", err
		}
	}
	if same, ok := d.assignments[a.Name]; ok {
		if !same.Scope.Equal(a.Scope) || same.Principal != a.Principal || same.Role != a.Role {
			return "", refuse(UpdateForbidden, "%s is the name of another assignment", a.Name)
		}
		return kind, nil
	}
	for _, other := range d.held[holding{a.Scope.Key(), a.Principal}] {
		if other.Role == a.Role && !other.Term.Eligible && !other.gone {
			return "", &Refusal{Law: AssignmentExists, Detail: "as " + other.Name.String(), Existing: other.Name}
		}
	}
	return kind, w.checkRoom(d, a.Scope)
}

// checkRole asks for a role definition that may be assigned at the scope.
func (w *World) checkRole(d *tenant, a csp.RoleAssignment) error {
	r, ok := w.role(d, a.Role)
	if !ok {
		return refuse(NoSuchRole, "no role definition has the id %s", a.Role)
	}
	if custom, ok := d.customRole(r.ID); ok && !d.assignable(custom, a.Scope) {
		return refuse(NotAssignable, "%s cannot be assigned at %s", r.Name, a.Scope)
	}
	return nil
}

// checkHindrances asks for what stands before a grant: locks and policies (R27).
func (w *World) checkHindrances(d *tenant, a csp.RoleAssignment) error {
	if locked := w.lockedAt(a.Scope, ReadOnly); len(locked) > 0 {
		return &Refusal{Law: ScopeLocked, Detail: "a read-only lock stands at or above " + a.Scope.String(), Locked: locked}
	}
	return w.checkPolicies(d, a.Scope, assignmentFields(a))
}

func (w *World) checkRoom(d *tenant, scope csp.Scope) error {
	if s, ok := w.subscriptions[scope.Subscription()]; ok && len(s.assignments) >= maxAssignments {
		return refuse(TooMany, "%s has %d", s.Name, len(s.assignments))
	}
	if scope.Kind() == csp.ManagementGroupScope && len(d.at[scope.Key()]) >= maxGroupAssignments {
		return refuse(TooMany, "%s has %d", scope.Name(), maxGroupAssignments)
	}
	return nil
}

// unassign takes the assignment out and writes it into the history. What was
// removed through the API may count for a while yet (Options.Delays).
func (w *World) unassign(d *tenant, by Actor, gone *assignment) {
	w.unlistAssignment(d, gone)
	id, name, cell := d.ID, gone.Name, holding{gone.Scope.Key(), gone.Principal}
	if by.IsAuthor() || w.delays.RoleAssignment == 0 {
		d.dropAssignments(cell, name)
	} else {
		w.later(w.delays.RoleAssignment, func() {
			if d, ok := w.tenants[id]; ok {
				d.dropAssignments(cell, name)
			}
		})
	}
	w.record(Event{Kind: AssignmentDeleted, Tenant: id, By: by, Subject: name.String(), Scope: gone.Scope, Assignment: gone.RoleAssignment})
}

// checkPlace asks that the scope exists in this tenant.
func (w *World) checkPlace(d *tenant, scope csp.Scope) error {
	if !w.exists(d, scope) {
		return refuse(NoSuchScope, "there is no %s", scope)
	}
	if s, ok := w.subscriptions[scope.Subscription()]; ok && s.Tenant != d.ID {
		return refuse(NoSuchScope, "%s trusts another tenant than %s", scope, d.Name)
	}
	return nil
}

// DeleteAssignment removes the assignment with the name at exactly the scope. A
// lock at or above it holds it fast, and the last that may assign roles at a
// subscription stays but for a Global Administrator; only the world's author is above both, standing for what
// happens outside of these APIs.
func (t Tenant) DeleteAssignment(by Actor, scope csp.Scope, name csp.RoleAssignmentID) (Assignment, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	gone, err := d.assignmentAt(scope, name)
	if err != nil {
		return Assignment{}, err
	}
	if !by.IsAuthor() {
		if locked := w.lockedAt(gone.Scope, CanNotDelete, ReadOnly); len(locked) > 0 {
			return Assignment{}, &Refusal{Law: ScopeLocked, Detail: "a lock stands at or above " + gone.Scope.String(), Locked: locked}
		}
		if !by.GlobalAdministrator && d.isLastAdministrator(gone) {
			return Assignment{}, refuse(LastAdministrator, "nobody else may assign roles at %s", gone.Scope)
		}
	}
	w.unassign(d, by, gone)
	return gone.Assignment, nil
}

func (d *tenant) assignmentAt(scope csp.Scope, name csp.RoleAssignmentID) (*assignment, error) {
	a, ok := d.assignments[name]
	if !ok || !a.Scope.Equal(scope) {
		return nil, refuse(NoSuchAssignment, "no assignment %s stands at %s", name, scope)
	}
	return a, nil
}

// isLastAdministrator says whether a is the only Owner or User Access
// Administrator at or above its subscription.
func (d *tenant) isLastAdministrator(a *assignment) bool {
	if a.Scope.Kind() != csp.SubscriptionScope || !administers(a) {
		return false
	}
	for _, key := range d.placesAbove(a.Scope) {
		for _, other := range d.at[key] {
			if other != a && administers(other) {
				return false
			}
		}
	}
	return true
}

func administers(a *assignment) bool {
	return a.Condition == "" && a.Term == (csp.Term{}) && (a.Role == ownerRole || a.Role == userAccessRole)
}

// Assignment finds the assignment with the name at exactly the scope.
func (t Tenant) Assignment(scope csp.Scope, name csp.RoleAssignmentID) (Assignment, error) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	a, err := t.w.tenants[t.ID].assignmentAt(scope, name)
	if err != nil {
		return Assignment{}, err
	}
	return a.Assignment, nil
}

// AssignmentsAbove lists the assignments at the scope and above it, those that
// hold there (R17).
func (t Tenant) AssignmentsAbove(scope csp.Scope) []Assignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []Assignment
	d := t.w.tenants[t.ID]
	for _, key := range d.placesAbove(scope) {
		for _, a := range d.at[key] {
			list = append(list, a.Assignment)
		}
	}
	return list
}

// AssignmentsBelow lists the assignments strictly below the scope, by scope and
// then name. Below the root lies everything the tenant has.
func (t Tenant) AssignmentsBelow(scope csp.Scope) []Assignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []Assignment
	d := t.w.tenants[t.ID]
	for a := range t.w.candidatesBelow(d, scope) {
		if d.contains(scope, a.Scope) && !scope.Equal(a.Scope) {
			list = append(list, a.Assignment)
		}
	}
	slices.SortFunc(list, func(a, b Assignment) int {
		return orderBy(a.Scope.Key(), b.Scope.Key(), a.Name.Compare(b.Name))
	})
	return list
}

// candidatesBelow are all assignments at or below the scope, and others.
func (w *World) candidatesBelow(d *tenant, scope csp.Scope) iter.Seq[*assignment] {
	if s, ok := w.subscriptions[scope.Subscription()]; ok {
		return maps.Values(s.assignments)
	}
	return maps.Values(d.assignments)
}

// AssignmentsTo lists the assignments to any of the principals, in no particular
// order, as far as the lists that look by principal have heard of them: a fresh
// one may be missing for a while (Options.Delays).
func (t Tenant) AssignmentsTo(principals []csp.ObjectID) []Assignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d, now := t.w.tenants[t.ID], t.w.instant()
	var list []Assignment
	for key := range d.at {
		for _, id := range principals {
			if d.holds[id] == 0 {
				continue
			}
			for _, a := range d.held[holding{key, id}] {
				if !a.gone && !now.Before(a.seen) {
					list = append(list, a.Assignment)
				}
			}
		}
	}
	return list
}

// Delegate notes which managed identity an assignment stands for.
func (t Tenant) Delegate(name csp.RoleAssignmentID, identity string) {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if a, ok := t.w.tenants[t.ID].assignments[name]; ok {
		a.Delegated = identity
	}
}

// LawOf is the law that err says was kept, or empty.
func LawOf(err error) Law {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Law
	}
	return ""
}
