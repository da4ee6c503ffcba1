package finding

import (
	"fmt"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// byTenant is a finding for each tenant that has some assignments of a sort.
func (s *survey) byTenant(all map[estate.Tenant][]uint32, text func(f Finding) string) {
	for t, assignments := range all {
		count := newTally()
		for _, i := range assignments {
			count.add(s, s.AssignmentNode(i))
		}
		f := Finding{Subject: s.tenantStop(t), Count: count.count()}
		f.Text = text(f)
		list(s, &f, assignments, s.held)
		f.Paths = []access.Path{s.heldPath(assignments[0])}
		f.Change.Commands = s.removals(assignments)
		s.emit(f)
	}
}

// eachAssignment calls yield for every assignment of a known tenant that holds or
// can be activated.
func (s *survey) eachAssignment(yield func(t estate.Tenant, i uint32)) {
	for n := range estate.Node(s.Nodes()) {
		t := s.NodeTenant[n]
		for i := s.AssignmentsFrom[n]; i < s.AssignmentsFrom[n+1]; i++ {
			if t != estate.None && s.terms[s.AssignmentTerm[i]] != never {
				yield(t, i)
			}
		}
	}
}

// orphanedAssignments finds assignments to principals that no directory lists (R20).
func orphanedAssignments(s *survey) {
	found := make(map[estate.Tenant][]uint32)
	s.eachAssignment(func(t estate.Tenant, i uint32) {
		unlisted := s.PrincipalTenant[s.AssignmentPrincipal[i]] == estate.None
		if unlisted && s.AssignmentType[i] != estate.AssignedToForeignGroup && !s.blind(t, csp.MissingPrincipals) {
			found[t] = append(found[t], i)
		}
	})
	s.byTenant(found, func(f Finding) string {
		return fmt.Sprintf("%s of %s name principals that are not in its directory.", plural(f.Count.Items, "assignment"), f.Subject.Name)
	})
}

// impossibleAssignments finds assignments that Azure does not honour (R20, R21).
func impossibleAssignments(s *survey) {
	found := make(map[estate.Tenant][]uint32)
	s.eachAssignment(func(t estate.Tenant, i uint32) {
		p := s.AssignmentPrincipal[i]
		of := s.PrincipalTenant[p]
		wrong := of != t
		if s.AssignmentType[i] == estate.AssignedToForeignGroup {
			wrong = of == t || s.PrincipalKind[p].Type() != estate.KindGroup
		}
		if wrong && of != estate.None {
			found[t] = append(found[t], i)
		}
	})
	s.byTenant(found, func(f Finding) string {
		return fmt.Sprintf("%s in %s name principals that cannot hold a role there.", plural(f.Count.Items, "assignment"), f.Subject.Name)
	})
}

// artefacts finds entries that give nothing (R25).
func artefacts(s *survey) {
	found := make(map[estate.Tenant][]csp.Artefact)
	for _, a := range s.Artefacts {
		found[s.tenantAt(a.Scope)] = append(found[s.tenantAt(a.Scope)], a)
	}
	for t, all := range found {
		f := Finding{Subject: s.tenantStop(t), Count: Count{Customers: 1, Items: len(all)}}
		subscriptions := make(map[csp.SubscriptionID]bool)
		for _, a := range all {
			subscriptions[a.Scope.Subscription()] = true
		}
		delete(subscriptions, csp.SubscriptionID{})
		f.Count.Subscriptions = len(subscriptions)
		f.Text = fmt.Sprintf("%s in the lists of access of %s give nothing.", plural(len(all), "artefact"), f.Subject.Name)
		list(s, &f, all, func(a csp.Artefact) Example {
			return Example{Text: a.Name + " at " + a.Scope.String(), Tenant: s.Tenant(t), Scope: a.Scope}
		})
		s.emit(f)
	}
}

// nodeAt is the nearest known place of a scope below a subscription, or None.
func (s *survey) nodeAt(scope csp.Scope) estate.Node {
	n, _ := s.FindNode(estate.None, scope.String())
	return n
}

// tenantAt is the tenant of a scope that a fact names, or None. A lock or an artefact
// lies below a subscription.
func (s *survey) tenantAt(scope csp.Scope) estate.Tenant {
	return s.NodeTenant[s.nodeAt(scope)]
}

// lockTrapsRemoval finds locks below which an assignment cannot be removed (R27).
func lockTrapsRemoval(s *survey) {
	type trap struct {
		lock    csp.Lock
		trapped int
	}
	found := make(map[estate.Tenant][]trap)
	for _, l := range s.Locks {
		t := s.tenantAt(l.Scope)
		found[t] = append(found[t], trap{l, s.timedBelow(l.Scope)})
	}
	for t, all := range found {
		f := Finding{Subject: s.tenantStop(t), Severity: Low, Count: Count{Customers: 1, Items: len(all)}}
		subscriptions := make(map[csp.SubscriptionID]bool)
		trapped := 0
		for _, x := range all {
			subscriptions[x.lock.Scope.Subscription()] = true
			trapped += x.trapped
		}
		f.Count.Subscriptions = len(subscriptions)
		f.Text = fmt.Sprintf("%s of %s would keep a role assignment from being removed.", plural(len(all), "lock"), f.Subject.Name)
		if trapped > 0 {
			f.Severity = Medium
			f.Text += fmt.Sprintf(" Below them %s meant to end.", isOrAre(trapped, "assignment"))
		}
		slices.SortStableFunc(all, func(a, b trap) int { return b.trapped - a.trapped })
		list(s, &f, all, func(x trap) Example {
			text := fmt.Sprintf("%s lock %s at %s", x.lock.Level, x.lock.Name, x.lock.Scope)
			return Example{Text: text, Tenant: s.Tenant(t), Scope: x.lock.Scope}
		})
		s.emit(f)
	}
}

// timedBelow counts the assignments at the scope of a lock and below that have an
// end or must be activated.
func (s *survey) timedBelow(scope csp.Scope) int {
	n := s.nodeAt(scope) // the lock itself makes it a known place
	count := 0
	for i := s.AssignmentsFrom[n]; i < s.AssignmentsFrom[s.NodeLast[n]+1]; i++ {
		term := s.AssignmentTerm[i]
		if s.terms[term] == eligible || s.terms[term] == firm && !s.Terms[term].Until.IsZero() {
			count++
		}
	}
	return count
}

// eligibleWithoutEnd finds what must be activated and never ends (R29).
func eligibleWithoutEnd(s *survey) {
	endless := func(t estate.TermNo) bool { return s.terms[t] == eligible && s.Terms[t].Until.IsZero() }
	found := make(map[estate.Tenant][]Example)
	s.eachAssignment(func(t estate.Tenant, i uint32) {
		if endless(s.AssignmentTerm[i]) {
			found[t] = append(found[t], s.held(i))
		}
	})
	for p := range estate.Principal(s.Principals()) {
		for i := s.GroupsFrom[p]; i < s.GroupsFrom[p+1]; i++ {
			if t := s.PrincipalTenant[s.GroupOf[i]]; t != estate.None && endless(s.GroupTerm[i]) {
				found[t] = append(found[t], Example{Text: s.nameOf(p) + " in " + s.nameOf(s.GroupOf[i]), Tenant: s.Tenant(t)})
			}
		}
	}
	for _, a := range s.DirectoryAssignments {
		if endless(a.Term) {
			found[a.Tenant] = append(found[a.Tenant], Example{Text: s.directoryRoleName(a.Role) + " of " + s.nameOf(a.Principal), Tenant: s.Tenant(a.Tenant)})
		}
	}
	for t, all := range found {
		f := Finding{Subject: s.tenantStop(t), Count: Count{Customers: 1, Items: len(all)}}
		subscriptions := make(map[csp.SubscriptionID]bool)
		for _, e := range all {
			subscriptions[e.Scope.Subscription()] = true
		}
		delete(subscriptions, csp.SubscriptionID{})
		f.Count.Subscriptions = len(subscriptions)
		f.Text = fmt.Sprintf("%s eligible in %s without an end.", isOrAre(len(all), "assignment or membership"), f.Subject.Name)
		if len(all) > 1 {
			f.Text = fmt.Sprintf("%d assignments and memberships are eligible in %s without an end.", len(all), f.Subject.Name)
		}
		list(s, &f, all, func(e Example) Example { return e })
		s.emit(f)
	}
}

// notCollected finds what nothing can be said about (M9), by what is missing and why.
func notCollected(s *survey) {
	type key struct {
		fact csp.FactKind
		why  string
	}
	found := make(map[key][]estate.Gap)
	for _, g := range s.Gaps {
		k := key{g.Fact, g.Why}
		found[k] = append(found[k], g)
	}
	for k, all := range found {
		tenants := make(map[estate.Tenant]bool)
		for _, g := range all {
			tenants[g.Tenant] = true
		}
		f := Finding{Count: Count{Customers: len(tenants), Items: len(all)}}
		f.Text = fmt.Sprintf("Of %s, %s not collected", plural(len(tenants), "tenant"), wasOrWere(k.fact))
		if k.why != "" {
			f.Text += ": " + k.why
		}
		f.Text += "."
		list(s, &f, all, func(g estate.Gap) Example {
			e := s.tenantExample(g.Tenant)
			if !g.Scope.IsZero() {
				e.Text, e.Scope = e.Text+" at "+g.Scope.String(), g.Scope
			}
			return e
		})
		s.emit(f)
	}
}

func wasOrWere(k csp.FactKind) string {
	if k == csp.MissingTenant || k == csp.MissingCondition {
		return k.String() + " was"
	}
	return k.String() + " were"
}
