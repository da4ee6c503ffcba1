package finding

import (
	"fmt"
	"maps"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// hands are those who can hand out access to a subscription (R26).
type hands struct {
	accounts map[estate.Principal]bool // users and service principals
	foreign  map[estate.Principal]bool // partners' groups
}

// handsOn finds them, eligible ones too.
func (s *survey) handsOn(n estate.Node) hands {
	h := hands{accounts: make(map[estate.Principal]bool), foreign: make(map[estate.Principal]bool)}
	s.holdsAt(n, func(i uint32) {
		if !s.roles[s.AssignmentRole[i]].handsOut {
			return
		}
		p := s.AssignmentPrincipal[i]
		switch {
		case s.AssignmentType[i] == estate.AssignedToForeignGroup:
			h.foreign[p] = true
		case s.PrincipalTenant[p] != estate.None:
			for _, account := range s.peopleOf(p) {
				h.accounts[account] = true
			}
		}
	})
	return h
}

// people are the users among the hands, sorted.
func (s *survey) people(h hands) []estate.Principal {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(h.accounts)), func(p estate.Principal) bool {
		return s.PrincipalKind[p].Type() != estate.KindUser
	})
}

// eachSubscription calls yield for each listed subscription of a known tenant about
// whose assignments everything was collected, in order.
func (s *survey) eachSubscription(yield func(estate.Node, hands)) {
	for _, n := range s.subscriptions {
		t := s.NodeTenant[n]
		if t == estate.None || s.blind(t, csp.MissingAssignments, csp.MissingPrincipals, csp.MissingMemberships, csp.MissingRoles) {
			continue
		}
		yield(n, s.handsOn(n))
	}
}

// oneHand is a subscription that one principal, or none, can hand out.
type oneHand struct {
	node  estate.Node
	whose string
}

// soleOwner finds subscriptions in one hand (R35): of nobody, of one account, or of
// a partner's group alone.
func soleOwner(s *survey) {
	type key struct {
		customer estate.Tenant
		severity Severity
	}
	found := make(map[key][]oneHand)
	s.eachSubscription(func(n estate.Node, h hands) {
		if len(h.accounts)+len(h.foreign) > 1 {
			return
		}
		k, whose := key{s.NodeTenant[n], Medium}, "nobody"
		for p := range h.accounts {
			whose = s.nameOf(p)
		}
		for p := range h.foreign {
			k.severity, whose = Low, "the foreign principal "+s.nameOf(p)
		}
		found[k] = append(found[k], oneHand{n, whose})
	})
	for k, all := range found {
		f := Finding{Subject: s.tenantStop(k.customer), Severity: k.severity, Count: Count{Customers: 1, Subscriptions: len(all), Items: len(all)}}
		f.Text = fmt.Sprintf("%s of %s can be handed out by one account at most.", plural(len(all), "subscription"), f.Subject.Name)
		if k.severity == Low {
			f.Text = fmt.Sprintf("%s of %s can be handed out by a partner's foreign principal only.", plural(len(all), "subscription"), f.Subject.Name)
		}
		list(s, &f, all, func(o oneHand) Example {
			e := s.here(o.node)
			e.Text += ": " + o.whose
			return e
		})
		s.emit(f)
	}
}

// manyOwners finds subscriptions that more people than the threshold can hand out
// (R26).
func manyOwners(s *survey) {
	type crowd struct {
		node estate.Node
		size int
	}
	found := make(map[estate.Tenant][]crowd)
	first := make(map[estate.Tenant]estate.Principal)
	most := make(map[estate.Tenant]int)
	s.eachSubscription(func(n estate.Node, h hands) {
		people := s.people(h)
		size := len(people) + len(h.foreign)
		if size <= s.opt.MostOwners {
			return
		}
		t := s.NodeTenant[n]
		found[t] = append(found[t], crowd{n, size})
		most[t] = max(most[t], size)
		if _, ok := first[t]; !ok && len(people) > 0 {
			first[t] = people[0]
		}
	})
	for t, all := range found {
		f := Finding{Subject: s.tenantStop(t), Count: Count{Customers: 1, Subscriptions: len(all), Items: most[t]}}
		f.Text = fmt.Sprintf("Up to %d people and partners' groups can hand out access to %s of %s; more than %d are too many.",
			most[t], plural(len(all), "subscription"), f.Subject.Name, s.opt.MostOwners)
		slices.SortStableFunc(all, func(a, b crowd) int { return b.size - a.size })
		list(s, &f, all, func(c crowd) Example {
			e := s.here(c.node)
			e.Text += fmt.Sprintf(": %d", c.size)
			return e
		})
		if p, ok := first[t]; ok {
			f.ask = s.question(p, all[0].node)
		}
		s.emit(f)
	}
}

// elevation lists who can elevate himself in tenants that have subscriptions (R24).
func elevation(s *survey) {
	admins := make(map[estate.Tenant]map[estate.Principal]bool)
	for _, a := range s.DirectoryAssignments {
		if s.DirectoryRoles[a.Role].ID != globalAdministrator || s.terms[a.Term] == never {
			continue
		}
		if admins[a.Tenant] == nil {
			admins[a.Tenant] = make(map[estate.Principal]bool)
		}
		for _, p := range s.peopleOf(a.Principal) {
			admins[a.Tenant][p] = true
		}
	}
	for t, set := range admins {
		below := s.subscriptionsBelow(s.TenantRoot[t])
		if len(below) == 0 || len(set) == 0 {
			continue
		}
		all := slices.Sorted(maps.Keys(set))
		f := Finding{Subject: s.tenantStop(t), Count: Count{Customers: 1, Subscriptions: len(below), Items: len(all)}}
		f.Text = fmt.Sprintf("%s of %s can take %s by elevating access.", plural(len(all), "Global Administrator"), f.Subject.Name, plural(len(below), "subscription"))
		f.ask = s.question(all[0], below[0])
		f.Paths = []access.Path{{Gives: access.CanGet, Hops: []access.Hop{{Kind: access.Commands, From: s.stop(all[0]), To: f.Subject, Rule: "R24"}}}}
		list(s, &f, all, s.person)
		s.emit(f)
	}
}

// privilegedLighthouse finds privileged roles projected to a partner (R28).
func privilegedLighthouse(s *survey) {
	type key struct {
		principal estate.Principal
		severity  Severity
	}
	found := make(map[key][]estate.Lighthouse)
	for _, l := range s.Lighthouses {
		switch facts := s.roles[l.Role]; {
		case s.terms[l.Term] == never || facts.listed && facts.class != roleclass.Privileged:
		case s.terms[l.Term] == eligible:
			found[key{l.Principal, Low}] = append(found[key{l.Principal, Low}], l)
		default:
			found[key{l.Principal, High}] = append(found[key{l.Principal, High}], l)
		}
	}
	for k, all := range found {
		t := newTally()
		for _, l := range all {
			t.add(s, l.Node)
		}
		f := Finding{Subject: s.stop(k.principal), Severity: k.severity, Count: t.count()}
		f.Text = fmt.Sprintf("%s has privileged roles projected by Lighthouse on %s of %s.", f.Subject.Name,
			plural(f.Count.Subscriptions, "subscription"), plural(f.Count.Customers, "customer"))
		if k.severity == Low {
			f.Text = fmt.Sprintf("%s may activate privileged roles projected by Lighthouse on %s of %s.", f.Subject.Name,
				plural(f.Count.Subscriptions, "subscription"), plural(f.Count.Customers, "customer"))
		}
		list(s, &f, all, func(l estate.Lighthouse) Example {
			e := s.here(l.Node)
			e.Text = s.roleName(l.Role) + " at " + e.Text
			return e
		})
		if people := s.peopleOf(k.principal); len(people) > 0 {
			f.ask = s.sampleQuestion(people[0], all[0].Role, all[0].Node)
		}
		s.emit(f)
	}
}
