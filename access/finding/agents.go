package finding

import (
	"fmt"
	"maps"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
)

// resetsPasswords is what delegated administrators of either kind may do.
var resetsPasswords = access.MustParseAction("microsoft.directory/users/password/update")

// standingAdminAgents finds the members of AdminAgents, nested or not (R22).
func standingAdminAgents(s *survey) {
	for _, group := range s.agentGroups(estate.IsAdminAgents) {
		for _, member := range s.membersOf(group) {
			s.emit(s.adminAgent(group, member))
		}
	}
}

func (s *survey) adminAgent(group, member estate.Principal) Finding {
	usable, all := s.usable(group, member)
	dap := s.dapCustomers(group, member)
	f := Finding{Subject: s.stop(member), Count: countOf(usable), Severity: High}
	f.Text = fmt.Sprintf("%s is an admin agent of %s, whose foreign principal holds roles on %s of %s. He can use them now at %s.",
		f.Subject.Name, s.tenantName(s.PrincipalTenant[group]), plural(countOf(all).Subscriptions, "subscription"),
		plural(len(all), "customer"), plural(len(usable), "customer"))
	list(s, &f, usable, func(x share) Example {
		e := s.tenantExample(x.customer)
		e.Text += ", " + plural(len(x.subscriptions), "subscription")
		return e
	})
	for _, x := range usable {
		if x.owned != estate.None {
			f.ask = s.question(member, x.owned)
			break
		}
	}
	f.Paths = []access.Path{{Gives: access.Has, Hops: s.chain(member, group)}}
	if len(dap) > 0 {
		f.Text += fmt.Sprintf(" Under DAP he is Global Administrator of %s.", plural(len(dap), "customer"))
		f.Count.Customers += len(slices.DeleteFunc(slices.Clone(dap), func(t estate.Tenant) bool {
			return slices.ContainsFunc(usable, func(x share) bool { return x.customer == t })
		}))
		if f.ask == (access.Question{}) {
			f.ask = s.directoryQuestion(member, dap[0])
		}
	}
	if f.Count.Customers == 0 {
		f.Severity = Low
	}
	f.Change.Commands = s.leavings(group, member)
	return f
}

// usable are the shares of the group that a member can sign in to use (R13, R22),
// and all of them.
func (s *survey) usable(group, member estate.Principal) (usable, all []share) {
	held := s.presence[group]
	if held == nil {
		return nil, nil
	}
	enters := s.doorsOf(member)
	for _, x := range held.shares {
		if enters(x.customer) {
			usable = append(usable, x)
		}
	}
	return usable, held.shares
}

// doorsOf says at which customers an account of a partner can sign in as what it is
// at home: by GDAP, by DAP or by the old rules, and not where it is a guest (R13,
// R22). All these ways are for the partner's own users only (M2).
func (s *survey) doorsOf(member estate.Principal) func(customer estate.Tenant) bool {
	if !s.isOwnUser(member) {
		return func(estate.Tenant) bool { return false }
	}
	doors, away, agent := s.opens(member), s.guestIn(member), s.isAgent(member)
	partner := s.PrincipalTenant[member]
	return func(customer estate.Tenant) bool {
		open := doors.has(customer) || s.TenantRules[customer] != 0 || agent && s.dap[pair{partner, customer}]
		return open && !away[customer]
	}
}

// guestIn are the tenants in which the account is a guest.
func (s *survey) guestIn(p estate.Principal) map[estate.Tenant]bool {
	found := make(map[estate.Tenant]bool)
	for i := s.GuestsFrom[p]; i < s.GuestsFrom[p+1]; i++ {
		found[s.PrincipalTenant[s.Guest[i]]] = true
	}
	return found
}

func (s *survey) isDirect(group, member estate.Principal) bool {
	direct := false
	s.directMembers(group, func(p estate.Principal) { direct = direct || p == member })
	return direct
}

// isOwnUser says whether the account is a user of its tenant and no guest in it.
func (s *survey) isOwnUser(p estate.Principal) bool {
	kind := s.PrincipalKind[p]
	return kind.Type() == estate.KindUser && kind&estate.IsGuest == 0
}

// dapCustomers are the customers where DAP makes a direct member of the agent
// group administrator (R10), and GDAP does not replace it (R12).
func (s *survey) dapCustomers(group, member estate.Principal) []estate.Tenant {
	if !s.isDirect(group, member) || !s.isOwnUser(member) {
		return nil
	}
	doors := s.opens(member)
	return slices.DeleteFunc(slices.Clone(s.listedBy[s.PrincipalTenant[group]]), doors.has)
}

// directoryQuestion asks whether somebody may reset passwords in a directory.
func (s *survey) directoryQuestion(p estate.Principal, t estate.Tenant) access.Question {
	return access.Question{Principal: s.PrincipalID[p], Action: resetsPasswords, Place: access.DirectoryOf(s.TenantID[t]), At: s.at}
}

// leavings are the commands that take a member out of a group: himself if he is a
// direct member, and out of each nested group that brings him in.
func (s *survey) leavings(group, member estate.Principal) []Command {
	var lines []Command
	for i := s.GroupsFrom[member]; i < s.GroupsFrom[member+1]; i++ {
		into := s.GroupOf[i]
		if s.terms[s.GroupTerm[i]] == firm && (into == group || slices.Contains(s.groupsOf(into), group)) {
			lines = append(lines, s.leaving(into, member))
		}
	}
	return lines
}

// nestedInAdminAgents finds the groups that are members of AdminAgents (R22).
func nestedInAdminAgents(s *survey) {
	for _, group := range s.agentGroups(estate.IsAdminAgents) {
		s.directMembers(group, func(nested estate.Principal) {
			if s.PrincipalKind[nested].Type() != estate.KindGroup {
				return
			}
			f := Finding{Subject: s.stop(nested)}
			members := s.membersOf(nested)
			if held := s.presence[group]; held != nil {
				f.Count = countOf(held.shares)
			}
			f.Count.Items = len(members)
			f.Text = fmt.Sprintf("%s is nested in %s of %s and makes %s of it.", f.Subject.Name, s.nameOf(group),
				s.tenantName(s.PrincipalTenant[group]), plural(len(members), "member"))
			list(s, &f, members, s.person)
			f.Paths = []access.Path{{Gives: access.HasNot, Hops: []access.Hop{{Kind: access.MemberOf, From: f.Subject, To: s.stop(group), Rule: "R22"}}}}
			f.Change.Commands = []Command{s.leaving(group, nested)}
			s.emit(f)
		})
	}
}

// person is an account as an example.
func (s *survey) person(p estate.Principal) Example {
	return Example{Text: s.nameOf(p), Tenant: s.Tenant(s.PrincipalTenant[p])}
}

// helpdeskAgentsUnderDAP finds HelpdeskAgents groups to which DAP gives roles (R10).
func helpdeskAgentsUnderDAP(s *survey) {
	for _, group := range s.agentGroups(estate.IsHelpdeskAgents) {
		customers := s.listedBy[s.PrincipalTenant[group]]
		var agents []estate.Principal
		s.directMembers(group, func(p estate.Principal) {
			if len(s.dapCustomers(group, p)) > 0 {
				agents = append(agents, p)
			}
		})
		if len(agents) == 0 {
			continue
		}
		f := Finding{Subject: s.stop(group), Count: Count{Customers: len(customers), Items: len(agents)}}
		f.Text = fmt.Sprintf("%s of %s may reset passwords at %s under DAP.", plural(len(agents), "helpdesk agent"),
			s.tenantName(s.PrincipalTenant[group]), plural(len(customers), "customer"))
		f.ask = s.directoryQuestion(agents[0], s.dapCustomers(group, agents[0])[0])
		list(s, &f, agents, s.person)
		s.emit(f)
	}
}

// dapInForce finds partners that customers still list in the old way (R10).
func dapInForce(s *survey) {
	for _, partner := range slices.Sorted(maps.Keys(s.listedBy)) {
		customers := s.listedBy[partner]
		f := Finding{Subject: s.tenantStop(partner), Count: Count{Customers: len(customers), Items: len(customers)}}
		f.Text = fmt.Sprintf("%s still lists %s as delegated administrator under DAP.", plural(len(customers), "customer"), f.Subject.Name)
		if len(customers) > 1 {
			f.Text = fmt.Sprintf("%s still list %s as delegated administrator under DAP.", plural(len(customers), "customer"), f.Subject.Name)
		}
		list(s, &f, customers, s.tenantExample)
		f.Paths = []access.Path{{Gives: access.HasNot, Hops: []access.Hop{{
			Kind: access.IsListed, From: f.Subject, Rule: "R10", PartnerWide: true,
			To: access.Stop{Kind: access.RelationshipStop, ID: f.Subject.ID + "/" + s.TenantID[customers[0]].String(), Name: "DAP", Tenant: s.tenantName(customers[0])},
		}}}}
		s.emit(f)
	}
}
