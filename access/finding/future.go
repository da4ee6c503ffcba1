package finding

import (
	"fmt"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/pattern"
	"latchkey/csp"
)

// privilegedRoleAdministrator may give himself any directory role (R15).
var privilegedRoleAdministrator = csp.MustParseID[csp.DirectoryRole]("e8611ab8-c189-46e8-94e1-60213ab1f814")

// What a directory role must allow for a step to AdminAgents (M7).
const (
	changesMembers = "microsoft.directory/groups/members/update"
	resetsAUser    = "microsoft.directory/users/password/update"
	addsSecrets    = "microsoft.directory/applications/credentials/update"
)

// canBecomeAdminAgent finds everybody who is no admin agent and can become one, in
// one step or by way of others who can (R8, R15). It reads M7 for this one question;
// asking the engine about every administrator of a large partner would take long.
func canBecomeAdminAgent(s *survey) {
	for _, group := range s.agentGroups(estate.IsAdminAgents) {
		agents := s.membersOf(group)
		reached := make(map[estate.Principal]bool) // the agents, and who can become one
		for _, p := range agents {
			reached[p] = true
		}
		steps := make(map[estate.Principal]access.Path)
		for {
			before := len(steps)
			for _, p := range s.holdersOfDirectoryRoles(s.PrincipalTenant[group]) {
				if !s.isOwnUser(p) {
					continue // delegated ways are for the partner's own users (M2)
				}
				if path, ok := s.stepTo(group, p, reached); ok && !reached[p] {
					steps[p] = path
				}
			}
			for p := range steps {
				reached[p] = true
			}
			if len(steps) == before {
				break
			}
		}
		for p, path := range steps {
			s.emit(s.futureAgent(group, p, path))
		}
	}
}

// holdersOfDirectoryRoles are the accounts that hold a role in the tenant's
// directory, eligible ones too, each once and sorted.
func (s *survey) holdersOfDirectoryRoles(t estate.Tenant) []estate.Principal {
	var found []estate.Principal
	for _, a := range s.DirectoryAssignments {
		if a.Tenant == t && s.terms[a.Term] != never {
			found = append(found, s.peopleOf(a.Principal)...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// stepTo finds a step by which the account gets into the group, or takes over one
// of those reached.
func (s *survey) stepTo(group, p estate.Principal, reached map[estate.Principal]bool) (access.Path, bool) {
	self := s.stop(p)
	hop := func(kind access.HopKind, rule string, to access.Stop, term estate.TermNo) (access.Path, bool) {
		return access.Path{Gives: access.CanGet, Hops: []access.Hop{{Kind: kind, From: self, To: to, Rule: rule, Term: s.Terms[term]}}}, true
	}
	for _, a := range s.directoryRolesOf(p) {
		role := s.DirectoryRoles[a.Role]
		if role.ID == globalAdministrator || role.ID == privilegedRoleAdministrator || allowsInDirectory(role, changesMembers) && s.isPlain(group) {
			return hop(access.AddsHimself, "R8", s.stop(group), a.Term)
		}
		for _, other := range sorted(reached) {
			if s.mayReset(role, other) {
				return hop(access.Resets, "R15", s.stop(other), a.Term)
			}
		}
	}
	return access.Path{}, false
}

func sorted(all map[estate.Principal]bool) []estate.Principal {
	var list []estate.Principal
	for p := range all {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

func allowsInDirectory(role csp.DirectoryRole, action string) bool {
	return slices.ContainsFunc(role.Actions, func(p string) bool { return pattern.MatchesDirectory(pattern.Fold(p), action) })
}

// isPlain says whether whoever may change the members of ordinary groups may change
// this one's.
func (s *survey) isPlain(group estate.Principal) bool {
	return s.PrincipalKind[group]&(estate.IsRoleAssignable|estate.IsDynamic) == 0 && len(s.DirectoryAssignmentsOf(group)) == 0
}

// mayReset says whether the role lets its holder reset the account's password (R15).
func (s *survey) mayReset(role csp.DirectoryRole, other estate.Principal) bool {
	if !s.isOwnUser(other) || !allowsInDirectory(role, resetsAUser) {
		return false
	}
	weak, everyone := access.Resettable(role.ID)
	if everyone {
		return true
	}
	for i := s.GroupsFrom[other]; i < s.GroupsFrom[other+1]; i++ {
		if s.PrincipalKind[s.GroupOf[i]]&estate.IsRoleAssignable != 0 {
			return false
		}
	}
	return !slices.ContainsFunc(s.directoryRolesOf(other), func(a estate.DirectoryAssignment) bool {
		return !slices.Contains(weak, s.DirectoryRoles[a.Role].ID)
	})
}

func (s *survey) futureAgent(group, p estate.Principal, path access.Path) Finding {
	f := Finding{Subject: s.stop(p), Paths: []access.Path{path}}
	if held := s.presence[group]; held != nil {
		f.Count = countOf(held.shares)
		if i := slices.IndexFunc(held.shares, func(x share) bool { return x.owned != estate.None }); i >= 0 {
			f.ask = s.question(p, held.shares[i].owned)
		}
	}
	f.Count.Items = 1
	f.Text = fmt.Sprintf("%s is no admin agent of %s and can become one. Its foreign principal holds roles on %s of %s.", f.Subject.Name,
		s.tenantName(s.PrincipalTenant[group]), plural(f.Count.Subscriptions, "subscription"), plural(f.Count.Customers, "customer"))
	return f
}

// chain is how a member comes into a group, by the fewest memberships.
func (s *survey) chain(member, group estate.Principal) []access.Hop {
	from := map[estate.Principal]estate.Principal{member: estate.None}
	queue := []estate.Principal{member}
	for at := 0; at < len(queue) && queue[at] != group; at++ {
		one := queue[at]
		for i := s.GroupsFrom[one]; i < s.GroupsFrom[one+1]; i++ {
			into := s.GroupOf[i]
			if _, seen := from[into]; !seen && s.terms[s.GroupTerm[i]] == firm {
				from[into] = one
				queue = append(queue, into)
			}
		}
	}
	var hops []access.Hop
	for to := group; from[to] != estate.None; to = from[to] {
		hops = append(hops, access.Hop{Kind: access.MemberOf, From: s.stop(from[to]), To: s.stop(to), Rule: "R22"})
	}
	slices.Reverse(hops)
	return hops
}
