package finding

import (
	"fmt"
	"maps"

	"latchkey/access/estate"
	"latchkey/csp"
)

// signInMissing finds customers where a partner's group holds roles and none of
// its members can sign in (R22). Where no relationship is left at all, that is
// another kind of finding.
func signInMissing(s *survey) {
	for _, group := range s.presences {
		partner, members := s.PrincipalTenant[group], s.membersOf(group)
		if partner == estate.None || len(members) == 0 || s.blind(partner, csp.MissingMemberships, csp.MissingPrincipals) {
			continue
		}
		doors, delegated := newSet(s.Tenants()), false
		for _, m := range members {
			doors.join(s.opens(m))
			delegated = delegated || s.isAgent(m)
		}
		var shut []share
		for _, x := range s.presence[group].shares {
			both := pair{partner, x.customer}
			open := doors.has(x.customer) || s.TenantRules[x.customer] != 0 || delegated && s.dap[both]
			if !open && s.related[both] && !s.blind(x.customer, csp.MissingRelationships) {
				shut = append(shut, x)
			}
		}
		if len(shut) > 0 {
			s.emit(s.uselessGroup(group, members[0], shut))
		}
	}
}

// isAgent says whether the account is a direct member of a group to which DAP
// gives roles (R10).
func (s *survey) isAgent(p estate.Principal) bool {
	for i := s.GroupsFrom[p]; i < s.GroupsFrom[p+1]; i++ {
		if s.terms[s.GroupTerm[i]] == firm && s.PrincipalKind[s.GroupOf[i]]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
			return true
		}
	}
	return false
}

func (s *survey) uselessGroup(group, member estate.Principal, shut []share) Finding {
	f := Finding{Subject: s.stop(group), Count: countOf(shut)}
	f.Text = fmt.Sprintf("%s of %s holds roles on %s of %s where none of its members can sign in.", f.Subject.Name,
		s.tenantName(s.PrincipalTenant[group]), plural(f.Count.Subscriptions, "subscription"), plural(len(shut), "customer"))
	list(s, &f, shut, func(x share) Example { return s.tenantExample(x.customer) })
	f.Paths = append(f.Paths, s.heldPath(shut[0].assignments[0]))
	if shut[0].owned != estate.None {
		f.ask = s.question(member, shut[0].owned)
	}
	return f
}

// foreignPrincipalMissing finds subscriptions that a partner created and on which
// no group of his holds anything (R21).
func foreignPrincipalMissing(s *survey) {
	bare := make(map[pair][]estate.Node)
	for i, n := range s.SubscriptionNode {
		both := pair{s.SubscriptionCreator[i], s.NodeTenant[n]}
		if both.partner == estate.None || both.partner == both.customer || s.blind(both.customer, csp.MissingAssignments) {
			continue
		}
		if !s.hasGroupOf(both.partner, n) {
			bare[both] = append(bare[both], n)
		}
	}
	for both, nodes := range bare {
		s.emit(s.bareSubscriptions(both, nodes))
	}
}

// hasGroupOf says whether a group of the partner is assigned at the place or above,
// or one of which it is not known whose it is.
func (s *survey) hasGroupOf(partner estate.Tenant, n estate.Node) bool {
	unknown := s.blind(partner, csp.MissingPrincipals)
	found := false
	s.holdsAt(n, func(i uint32) {
		of := s.PrincipalTenant[s.AssignmentPrincipal[i]]
		found = found || s.AssignmentType[i] == estate.AssignedToForeignGroup && (of == partner || of == estate.None && unknown)
	})
	return found
}

func (s *survey) bareSubscriptions(both pair, nodes []estate.Node) Finding {
	f := Finding{Subject: s.tenantStop(both.customer), Count: Count{Customers: 1, Subscriptions: len(nodes), Items: len(nodes)}}
	f.Text = fmt.Sprintf("%s created %s of %s, and no group of it holds a role there.", s.tenantName(both.partner),
		plural(len(nodes), "subscription"), f.Subject.Name)
	list(s, &f, nodes, s.here)
	for _, group := range s.agentGroups(estate.IsAdminAgents) {
		if s.PrincipalTenant[group] != both.partner {
			continue
		}
		for _, n := range nodes[:min(len(nodes), s.opt.MostExamples)] {
			f.Change.Commands = append(f.Change.Commands, Command{
				Tenant: s.TenantID[both.customer],
				Line: fmt.Sprintf("az role assignment create --assignee-object-id '%s' --assignee-principal-type ForeignGroup --role 'Owner' --scope '%s'",
					s.PrincipalID[group], s.Scope(n)),
			})
		}
	}
	return f
}

// leftOverPartner finds roles of partners that have no relationship with the
// customer any more (R23).
func leftOverPartner(s *survey) {
	left := make(map[estate.Tenant][]share)
	groups := make(map[estate.Tenant][]estate.Principal)
	for _, group := range s.presences {
		for _, x := range s.presence[group].shares {
			if s.isStranger(group, x.customer) {
				left[x.customer] = append(left[x.customer], x)
				groups[x.customer] = append(groups[x.customer], group)
			}
		}
	}
	for customer, shares := range left {
		f := Finding{Subject: s.tenantStop(customer), Count: Count{Customers: 1}}
		marked := make(map[estate.Node]bool)
		var all []uint32
		for _, x := range shares {
			all = append(all, x.assignments...)
			maps.Copy(marked, x.subscriptions)
		}
		f.Count.Subscriptions, f.Count.Items = len(marked), len(all)
		f.Text = fmt.Sprintf("%s holds %s of partners without a relationship, on %s.", f.Subject.Name,
			plural(len(all), "role assignment"), plural(len(marked), "subscription"))
		list(s, &f, all, s.held)
		f.Paths = append(f.Paths, s.heldPath(all[0]))
		f.Change.Commands = s.removals(all)
		s.emit(f)
	}
}

// isStranger says whether the group's partner surely has no relationship with the
// customer. Of a group that no tenant lists, that is sure only if all partners
// of the customer are known with their groups.
func (s *survey) isStranger(group estate.Principal, customer estate.Tenant) bool {
	if s.blind(customer, csp.MissingRelationships) {
		return false
	}
	if partner := s.PrincipalTenant[group]; partner != estate.None {
		return partner != customer && !s.related[pair{partner, customer}]
	}
	return !s.obscure[customer]
}
