package finding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/leastrole"
	"latchkey/access/pattern"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// privilegedApplications finds service principals with privileged roles, managed
// identities apart (R26).
func privilegedApplications(s *survey) {
	for p, kind := range s.PrincipalKind {
		if kind.Type() != estate.KindServicePrincipal || kind&estate.IsManaged != 0 {
			continue
		}
		if f, ok := s.application(estate.Principal(p)); ok {
			s.emit(f)
		}
	}
}

func (s *survey) application(p estate.Principal) (Finding, bool) {
	f := Finding{Subject: s.stop(p)}
	t := newTally()
	var all []Example
	hands := false
	for _, i := range s.heldBy(p) {
		facts, n := s.roles[s.AssignmentRole[i]], s.AssignmentNode(i)
		if facts.class != roleclass.Privileged || s.NodeType[n] > estate.TypeSubscription {
			continue
		}
		t.add(s, n)
		all = append(all, s.held(i))
		if facts.handsOut && !hands {
			f.ask = s.question(p, n)
			hands = true
		}
	}
	for _, a := range s.directoryRolesOf(p) {
		if role := s.DirectoryRoles[a.Role]; role.Privileged {
			t.items, t.customers[a.Tenant] = t.items+1, true
			hands = hands || slices.ContainsFunc([]string{changesMembers, resetsAUser, addsSecrets}, func(action string) bool { return allowsInDirectory(role, action) })
			all = append(all, Example{Text: s.directoryRoleName(a.Role) + " in the directory", Tenant: s.Tenant(a.Tenant)})
		}
	}
	f.Count, f.Severity = t.count(), Medium
	f.Text = fmt.Sprintf("The application %s holds %s.", f.Subject.Name, plural(len(all), "privileged role"))
	if hands {
		f.Severity = High
		f.Text = fmt.Sprintf("The application %s holds %s, with which it can give access to others.", f.Subject.Name, plural(len(all), "privileged role"))
	}
	list(s, &f, all, func(e Example) Example { return e })
	return f, len(all) > 0
}

// heldBy are the assignments of a principal and its groups that hold or can be
// activated. What a group holds as foreign principal counts for users only (M2).
func (s *survey) heldBy(p estate.Principal) []uint32 {
	var all []uint32
	for _, holder := range append([]estate.Principal{p}, s.groupsOf(p)...) {
		for _, i := range s.Held[s.HeldFrom[holder]:s.HeldFrom[holder+1]] {
			foreign := s.AssignmentType[i] == estate.AssignedToForeignGroup
			if s.terms[s.AssignmentTerm[i]] != never && (!foreign || s.isOwnUser(p)) {
				all = append(all, i)
			}
		}
	}
	return all
}

// directoryRolesOf are the directory roles of a principal, directly or by a group
// it is a direct member of (R14).
func (s *survey) directoryRolesOf(p estate.Principal) []estate.DirectoryAssignment {
	all := slices.Clone(s.DirectoryAssignmentsOf(p))
	for i := s.GroupsFrom[p]; i < s.GroupsFrom[p+1]; i++ {
		if s.terms[s.GroupTerm[i]] != never {
			all = append(all, s.DirectoryAssignmentsOf(s.GroupOf[i])...)
		}
	}
	return slices.DeleteFunc(all, func(a estate.DirectoryAssignment) bool { return s.terms[a.Term] == never })
}

// strongerIdentities finds identities that hold what those who can run code in
// their resource do not hold themselves (R26).
func strongerIdentities(s *survey) {
	runners := make(map[string][]bool)
	for _, identity := range s.Identities {
		kind := s.resourceType(identity.Node)
		if runners[kind] == nil {
			runners[kind] = s.runnersOf(kind)
		}
		operators := s.operators(identity, runners[kind])
		for _, i := range s.heldBy(identity.Principal) {
			if s.roles[s.AssignmentRole[i]].class == roleclass.Read {
				continue
			}
			lacking := slices.DeleteFunc(slices.Clone(operators), func(p estate.Principal) bool { return s.hasAsMuch(p, i) })
			if len(lacking) > 0 {
				s.emit(s.strongerIdentity(identity, i, lacking))
				break
			}
		}
	}
}

// resourceType is a resource's whole type, such as
// "microsoft.compute/virtualmachines/extensions"; of what is no resource, empty.
func (s *survey) resourceType(n estate.Node) string {
	var parts []string
	for ; n != estate.None && s.NodeType[n] > estate.TypeResourceGroup; n = s.NodeParent[n] {
		kind, provider := strings.CutPrefix(pattern.Fold(s.TypeName.At(int(s.NodeType[n]))), "providers/")
		parts = append([]string{kind}, parts...)
		if provider {
			break
		}
	}
	return strings.Join(parts, "/")
}

// runnersOf says of each role whether it lets its holder run code in a resource of
// the type.
func (s *survey) runnersOf(kind string) []bool {
	runs := make([]bool, len(s.Roles))
	for r, role := range s.Roles {
		runs[r] = kind != "" && slices.ContainsFunc(access.CodeActions(kind), func(name string) bool { return mayAtAll(role, name, false) })
	}
	return runs
}

// mayAtAll says whether the role allows the action, perhaps on a condition.
func mayAtAll(role csp.RoleDefinition, action string, data bool) bool {
	return slices.ContainsFunc(role.Permissions, func(p csp.Permission) bool {
		set := pattern.NewSet(p.Actions, p.NotActions)
		if data {
			set = pattern.NewSet(p.DataActions, p.NotDataActions)
		}
		return set.Has(pattern.Fold(action))
	})
}

// operators are the accounts that can run code in an identity's resource, sorted,
// without the identity itself.
func (s *survey) operators(identity estate.Identity, runs []bool) []estate.Principal {
	found := make(map[estate.Principal]bool)
	s.holdsAt(identity.Node, func(i uint32) {
		if !runs[s.AssignmentRole[i]] || s.PrincipalTenant[s.AssignmentPrincipal[i]] == estate.None {
			return
		}
		foreign := s.AssignmentType[i] == estate.AssignedToForeignGroup
		for _, p := range s.peopleOf(s.AssignmentPrincipal[i]) {
			if !foreign || s.doorsOf(p)(s.NodeTenant[identity.Node]) {
				found[p] = true
			}
		}
	})
	delete(found, identity.Principal)
	return slices.Sorted(maps.Keys(found))
}

// hasAsMuch says whether the account holds, at the place of the assignment or above
// it, a role that covers the assignment's, or one with which it can give itself
// anything there (R26).
func (s *survey) hasAsMuch(p estate.Principal, assignment uint32) bool {
	n := s.AssignmentNode(assignment)
	return slices.ContainsFunc(s.heldBy(p), func(i uint32) bool {
		at := s.AssignmentNode(i)
		role := s.AssignmentRole[i]
		return at <= n && n <= s.NodeLast[at] && (s.roles[role].handsOut || covers(s.Roles[role], s.Roles[s.AssignmentRole[assignment]]))
	})
}

// covers says whether one role allows all that another allows, each entry of which
// must be covered by one entry.
func covers(one, other csp.RoleDefinition) bool {
	if one.ID == other.ID {
		return true
	}
	for _, q := range other.Permissions {
		covered := slices.ContainsFunc(one.Permissions, func(p csp.Permission) bool {
			return (p.Condition == "" || p.Condition == q.Condition) &&
				coversSet(pattern.NewSet(p.Actions, p.NotActions), pattern.NewSet(q.Actions, q.NotActions)) &&
				coversSet(pattern.NewSet(p.DataActions, p.NotDataActions), pattern.NewSet(q.DataActions, q.NotDataActions))
		})
		if !covered {
			return false
		}
	}
	return true
}

func coversSet(one, other pattern.Set) bool {
	for _, action := range other.Actions {
		if !pattern.Any(one.Actions, action) {
			return false
		}
		for _, except := range one.Except {
			if pattern.Overlap(except, action) && !pattern.Any(other.Except, except) {
				return false
			}
		}
	}
	return true
}

func (s *survey) strongerIdentity(identity estate.Identity, assignment uint32, lacking []estate.Principal) Finding {
	role, n := s.AssignmentRole[assignment], s.AssignmentNode(assignment)
	t := newTally()
	t.add(s, n)
	f := Finding{Subject: s.stop(identity.Principal), Count: t.count(), Severity: Medium}
	f.Count.Items = len(lacking)
	if s.roles[role].class == roleclass.Privileged {
		f.Severity = High
	}
	f.Text = fmt.Sprintf("%s at %s acts as %s, which is %s at %s. %s run code there without holding that role.", s.Scope(identity.Node).Name(),
		s.placeName(s.NodeParent[identity.Node]), f.Subject.Name, s.roleName(role), s.placeName(n), plural(len(lacking), "account")+" can")
	list(s, &f, lacking, s.person)
	f.ask = s.lackingQuestion(lacking[0], role, n)
	return f
}

// lackingQuestion asks for something that the role allows at the place and that the
// account does not simply have.
func (s *survey) lackingQuestion(p estate.Principal, role estate.Role, n estate.Node) access.Question {
	if s.isMighty(p) {
		return access.Question{}
	}
	for _, action := range sampleActions(s.Roles[role]) {
		q := access.Question{Principal: s.PrincipalID[p], Action: action, Place: s.placeOf(n), At: s.at}
		if s.Can(q) != access.Has {
			return q
		}
	}
	return access.Question{}
}

// sampleQuestion asks for something that the role allows at the place.
func (s *survey) sampleQuestion(p estate.Principal, role estate.Role, n estate.Node) access.Question {
	for _, action := range sampleActions(s.Roles[role]) {
		return access.Question{Principal: s.PrincipalID[p], Action: action, Place: s.placeOf(n), At: s.at}
	}
	return access.Question{}
}

// samples are actions that stand for what roles with wildcards allow.
var samples = []access.Action{
	writesAssignments,
	access.MustParseAction("Microsoft.Resources/subscriptions/resourceGroups/write"),
	access.MustParseAction("Microsoft.Resources/subscriptions/resourceGroups/read"),
}

// sampleActions are some actions that the role allows, the most telling first.
func sampleActions(role csp.RoleDefinition) []access.Action {
	list := slices.Clone(samples)
	for _, p := range role.Permissions {
		for _, name := range p.DataActions {
			if action, err := access.ParseDataAction(name); err == nil {
				list = append(list, action)
			}
		}
		for _, name := range p.Actions {
			if action, err := access.ParseAction(name); err == nil {
				list = append(list, action)
			}
		}
	}
	return slices.DeleteFunc(list, func(action access.Action) bool { return !leastrole.Allows(role, action) })
}
