package world

import (
	"maps"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
)

// PIMService is one of the two that privileged identity management has in a
// directory; the third, for Azure resources, is kept with what it assigns.
type PIMService string

// The services.
const (
	RolePIM  PIMService = "directory roles"
	GroupPIM PIMService = "groups"
)

// What a schedule of GroupPIM gives.
const (
	GroupMember = "member"
	GroupOwner  = "owner"
)

// PIMRequested and PIMDecided are the events of requests; what they bring about
// is told by events of its own.
const (
	PIMRequested EventKind = "privileged access requested"
	PIMDecided   EventKind = "privileged access decided"
)

// PIM is a handle on privileged identity management of a directory. What stands
// by it stands in the directory: as assignments of directory roles, and as
// memberships and owners of groups, bounded in time, or eligible.
type PIM struct {
	t  Tenant
	of PIMService
}

// PIM is the directory's service of that kind.
func (t Tenant) PIM(of PIMService) PIM { return PIM{t, of} }

func (d *tenant) book(of PIMService) *schedule.Book {
	if d.extras.books == nil {
		d.extras.books = make(map[PIMService]*schedule.Book)
	}
	if d.extras.books[of] == nil {
		d.extras.books[of] = new(schedule.Book)
	}
	return d.extras.books[of]
}

// Submit takes a request, in the name of the handle's actor. The error is a
// *schedule.Refusal, or a *Refusal when the request names what is not there.
// With validateOnly nothing happens.
func (p PIM) Submit(r schedule.Request, validateOnly bool) (schedule.Request, error) {
	w, d, unlock := p.open()
	defer unlock()
	if err := w.checkPIMTarget(d, p.of, r.Target); err != nil {
		return schedule.Request{}, err
	}
	r.By = p.t.by.Object
	r.Groups = w.groupsOf(d, r.By)
	kept, changes, err := d.book(p.of).Submit(w.instant(), p.policy(d, r.Target), r, validateOnly)
	if err != nil || validateOnly {
		return kept, err
	}
	w.record(Event{Kind: PIMRequested, Tenant: d.ID, By: p.t.by, Subject: string(kept.Action) + " " + string(kept.Status) + ": " + r.Role + " for " + r.Principal.String()})
	w.carry(d, p.of, p.t.by, changes)
	w.watch(d, p.of)
	return kept, nil
}

// Decide approves or denies a request that waits. Members of a group that is an
// approver are approvers.
func (p PIM) Decide(id schedule.ID, approve bool) (schedule.Request, error) {
	w, d, unlock := p.open()
	defer unlock()
	book := d.book(p.of)
	asked, _ := book.Request(id)
	policy := p.policy(d, asked.Target)
	if slices.ContainsFunc(w.groupsOf(d, p.t.by.Object), func(g csp.ObjectID) bool { return slices.Contains(policy.Approvers, g) }) {
		policy.Approvers = append(slices.Clone(policy.Approvers), p.t.by.Object)
	}
	r, changes, err := book.Decide(w.instant(), policy, id, p.t.by.Object, approve)
	if err != nil {
		return r, err
	}
	w.record(Event{Kind: PIMDecided, Tenant: d.ID, By: p.t.by, Subject: string(r.Action) + " " + string(r.Status) + ": " + r.Role + " for " + r.Principal.String()})
	w.carry(d, p.of, p.t.by, changes)
	w.watch(d, p.of)
	return r, nil
}

// Cancel withdraws a request that waits or that has not begun.
func (p PIM) Cancel(id schedule.ID) error {
	w, d, unlock := p.open()
	defer unlock()
	changes, err := d.book(p.of).Cancel(w.instant(), id)
	if err != nil {
		return err
	}
	w.record(Event{Kind: PIMDecided, Tenant: d.ID, By: p.t.by, Subject: "request " + id.String() + " cancelled"})
	w.carry(d, p.of, p.t.by, changes)
	return nil
}

// open locks the world and brings the book up to date with the directory.
func (p PIM) open() (*World, *tenant, func()) {
	w := p.t.w
	w.mu.Lock()
	d := w.tenants[p.t.ID]
	w.reconcile(d, p.of)
	return w, d, w.mu.Unlock
}

// Requests lists the requests of the kind, oldest first.
func (p PIM) Requests(kind schedule.Kind) []schedule.Request {
	_, d, unlock := p.open()
	defer unlock()
	return d.book(p.of).Requests(kind)
}

// Request finds a request.
func (p PIM) Request(id schedule.ID) (schedule.Request, bool) {
	_, d, unlock := p.open()
	defer unlock()
	return d.book(p.of).Request(id)
}

// Schedules lists what stands and what is to stand, assignments that were made
// past privileged identity management among it.
func (p PIM) Schedules(kind schedule.Kind) []schedule.Schedule {
	_, d, unlock := p.open()
	defer unlock()
	return d.book(p.of).Schedules(kind)
}

// Instances lists what stands now.
func (p PIM) Instances(kind schedule.Kind) []schedule.Schedule {
	w, d, unlock := p.open()
	defer unlock()
	return d.book(p.of).Instances(kind, w.instant())
}

// Policy is what requests for the role are held against: of RolePIM the id of a
// directory role, of GroupPIM "member" or "owner" of the group that scope names.
func (p PIM) Policy(role, scope string) schedule.Policy {
	p.t.w.mu.RLock()
	defer p.t.w.mu.RUnlock()
	return p.policy(p.t.w.tenants[p.t.ID], schedule.Target{Role: role, Scope: scope})
}

func (p PIM) policy(d *tenant, of schedule.Target) schedule.Policy {
	if policy, ok := d.extras.policies[string(p.of)+of.Scope+" "+of.Role]; ok {
		return policy
	}
	return schedule.DirectoryPolicy()
}

// SetPolicy changes it.
func (p PIM) SetPolicy(role, scope string, policy schedule.Policy) {
	w := p.t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[p.t.ID]
	if d.extras.policies == nil {
		d.extras.policies = make(map[string]schedule.Policy)
	}
	policy.Approvers = slices.Clone(policy.Approvers)
	d.extras.policies[string(p.of)+scope+" "+role] = policy
	w.record(Event{Kind: DetailsChanged, Tenant: d.ID, By: p.t.by, Subject: "policy of " + role + " in " + scope})
}

func (w *World) checkPIMTarget(d *tenant, of PIMService, t schedule.Target) error {
	kind := d.typeOf(t.Principal)
	if kind == "" {
		return refuse(NoSuchPrincipal, "%s names no principal of %s", t.Principal, d.Name)
	}
	if of == GroupPIM {
		id, err := csp.ParseID[csp.Principal](t.Scope)
		g, known := d.groups[id]
		switch {
		case err != nil || !known:
			return refuse(NoSuchPrincipal, "no group of %s has the id %s", d.Name, t.Scope)
		case t.Role != GroupMember && t.Role != GroupOwner:
			return refuse(BadName, "%q is no access to a group: want member or owner", t.Role)
		case t.Role == GroupOwner && kind == csp.Group:
			return refuse(BadName, "a group cannot own a group")
		case g.RoleAssignable && kind == csp.Group:
			return refuse(NoNesting, "%s is for directory roles and takes no group", g.Name)
		case g.Dynamic:
			return refuse(DynamicMembers, "the members of %s follow a rule", g.Name)
		}
		return nil
	}
	id, err := csp.ParseID[csp.DirectoryRole](t.Role)
	if _, known := w.directoryRole(id); err != nil || !known {
		return refuse(NoSuchRole, "no directory role has the id %s", t.Role)
	}
	if kind == csp.Group && !d.groups[t.Principal].RoleAssignable {
		return refuse(NotRoleAssignable, "%s is none", d.groups[t.Principal].Name)
	}
	return nil
}

// standing is what stands in the directory and could stand in a book.
type standing struct {
	instance schedule.ID
	target   schedule.Target
	term     csp.Term
}

func (d *tenant) standing(of PIMService) []standing {
	var list []standing
	if of == RolePIM {
		for _, a := range d.directory {
			list = append(list, standing{schedule.ID(a.ID), schedule.Target{Principal: a.Principal, Role: a.Role.String(), Scope: "/"}, a.Term})
		}
		return list
	}
	for _, id := range slices.SortedFunc(maps.Keys(d.groups), csp.ObjectID.Compare) {
		g := d.groups[id]
		for _, m := range g.members {
			list = append(list, standing{target: schedule.Target{Principal: m.Member, Role: GroupMember, Scope: id.String()}, term: m.Term})
		}
		for _, owner := range d.extras.owners[id] {
			list = append(list, standing{target: schedule.Target{Principal: owner, Role: GroupOwner, Scope: id.String()}})
		}
	}
	return list
}

// reconcile takes over into the book what was assigned past it, and lets go of
// what was taken away past it.
func (w *World) reconcile(d *tenant, of PIMService) {
	type key struct {
		target schedule.Target
		kind   schedule.Kind
	}
	keyOf := func(s standing) key {
		if s.term.Eligible {
			return key{s.target, schedule.Eligible}
		}
		return key{s.target, schedule.Active}
	}
	now, book := w.instant(), d.book(of)
	w.carry(d, of, Actor{}, book.Advance(now))
	there, known := make(map[key]bool), make(map[key]bool)
	for _, s := range d.standing(of) {
		there[keyOf(s)] = true
	}
	for _, kind := range []schedule.Kind{schedule.Active, schedule.Eligible} {
		for _, s := range book.Schedules(kind) {
			known[key{s.Target, kind}] = true
		}
	}
	w.carry(d, of, Actor{}, book.Forget(now, func(s schedule.Schedule) bool {
		inBookAlone := s.Role == GroupOwner && s.Kind == schedule.Eligible
		return s.Holds(now) && !there[key{s.Target, s.Kind}] && !inBookAlone
	}))
	var adopted []schedule.Schedule
	for _, s := range d.standing(of) { // again: with an eligibility its activations have gone
		if known[keyOf(s)] || !s.term.Until.IsZero() && !now.Before(s.term.Until) {
			continue
		}
		adopted = append(adopted, schedule.Schedule{Instance: s.instance, Kind: keyOf(s).kind, Target: s.target, Start: s.term.From, End: s.term.Until, Created: s.term.From})
	}
	if len(adopted) > 0 {
		book.Adopt(now, adopted...)
	}
}

// carry makes the directory say what a book's changes say, each as of its time.
func (w *World) carry(d *tenant, of PIMService, by Actor, changes []schedule.Change) {
	for _, c := range changes {
		s := c.Schedule
		term := csp.Term{Period: csp.Period{From: s.Start, Until: s.End}, Eligible: s.Kind == schedule.Eligible}
		if of == RolePIM {
			w.carryRole(d, by, c.Begins, s, term)
		} else {
			w.carryGroup(d, by, c.Begins, s, term)
		}
	}
	w.bound(d, of)
}

func (w *World) carryRole(d *tenant, by Actor, begins bool, s schedule.Schedule, term csp.Term) {
	role, err := csp.ParseID[csp.DirectoryRole](s.Role)
	if err != nil {
		return
	}
	definition, _ := w.directoryRole(role)
	id := DirectoryAssignmentID(s.Instance)
	if begins {
		if d.typeOf(s.Principal) == "" {
			return // deleted meanwhile
		}
		d.addDirectoryAssignment(DirectoryAssignment{ID: id, Tenant: d.ID, Principal: s.Principal, Role: role, Term: term})
		w.record(Event{Kind: DirectoryRoleAssigned, Tenant: d.ID, By: by, Subject: definition.Name + " to " + s.Principal.String()})
		return
	}
	is := func(a *DirectoryAssignment) bool { return a.ID == id }
	if !slices.ContainsFunc(d.directory, is) {
		return
	}
	d.directory = slices.DeleteFunc(d.directory, is)
	d.given[s.Principal] = slices.DeleteFunc(d.given[s.Principal], is)
	w.record(Event{Kind: DirectoryRoleRemoved, Tenant: d.ID, By: by, Subject: definition.Name + " from " + s.Principal.String()})
}

func (w *World) carryGroup(d *tenant, by Actor, begins bool, s schedule.Schedule, term csp.Term) {
	id, err := csp.ParseID[csp.Principal](s.Scope)
	g, known := d.groups[id]
	if err != nil || !known || d.typeOf(s.Principal) == "" {
		return
	}
	if s.Role == GroupOwner {
		w.carryOwner(d, by, begins, s, g)
		return
	}
	is := func(m csp.Membership) bool {
		return m.Group == id && m.Member == s.Principal && m.Eligible == term.Eligible
	}
	switch {
	case begins:
		d.addMembership(csp.Membership{Group: id, Member: s.Principal, Term: term})
		w.record(Event{Kind: MemberAdded, Tenant: d.ID, By: by, Subject: s.Principal.String() + " in " + g.Name})
	case slices.ContainsFunc(g.members, is):
		g.members = slices.DeleteFunc(g.members, is)
		d.memberOf[s.Principal] = slices.DeleteFunc(d.memberOf[s.Principal], is)
		w.record(Event{Kind: MemberRemoved, Tenant: d.ID, By: by, Subject: s.Principal.String() + " from " + g.Name})
	}
}

// carryOwner gives and takes an ownership; an eligible owner is in the book alone.
func (w *World) carryOwner(d *tenant, by Actor, begins bool, s schedule.Schedule, g *group) {
	owns := slices.Contains(d.extras.owners[g.ID], s.Principal)
	switch {
	case s.Kind == schedule.Eligible || owns == begins:
	case begins:
		d.addOwner(g.ID, s.Principal)
		w.record(Event{Kind: OwnerAdded, Tenant: d.ID, By: by, Subject: s.Principal.String() + " of " + g.Name})
	default:
		d.extras.owners[g.ID] = slices.DeleteFunc(slices.Clone(d.extras.owners[g.ID]), func(id csp.ObjectID) bool { return id == s.Principal })
		w.record(Event{Kind: OwnerRemoved, Tenant: d.ID, By: by, Subject: s.Principal.String() + " of " + g.Name})
	}
}

// bound writes the ends that the book knows into what stands, since an extension
// is no change of what stands now.
func (w *World) bound(d *tenant, of PIMService) {
	for _, kind := range []schedule.Kind{schedule.Active, schedule.Eligible} {
		for _, s := range d.book(of).Schedules(kind) {
			if of == RolePIM {
				for _, a := range d.given[s.Principal] {
					if a.ID == DirectoryAssignmentID(s.Instance) {
						a.Until = s.End
					}
				}
				continue
			}
			id, _ := csp.ParseID[csp.Principal](s.Scope)
			g, known := d.groups[id]
			if !known || s.Role != GroupMember {
				continue
			}
			for _, list := range [][]csp.Membership{g.members, d.memberOf[s.Principal]} {
				for i, m := range list {
					if m.Group == id && m.Member == s.Principal && m.Eligible == (kind == schedule.Eligible) && !s.Start.After(w.instant()) {
						list[i].Until = s.End
					}
				}
			}
		}
	}
}

// watch looks at the book again when something in it is due.
func (w *World) watch(d *tenant, of PIMService) {
	due := d.book(of).Due()
	if watched := d.extras.watched[of]; due.IsZero() || !watched.IsZero() && !due.Before(watched) {
		return
	}
	if d.extras.watched == nil {
		d.extras.watched = make(map[PIMService]time.Time)
	}
	d.extras.watched[of] = due
	id := d.ID
	w.later(due.Sub(w.instant()), func() {
		d, ok := w.tenants[id]
		if !ok {
			return
		}
		delete(d.extras.watched, of)
		w.carry(d, of, Actor{}, d.book(of).Advance(w.instant()))
		w.watch(d, of)
	})
}
