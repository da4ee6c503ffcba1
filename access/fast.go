package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// CanText is Can on texts as they come from outside: a principal's object id, a
// control action of Azure, and a scope below a subscription. It does not allocate
// if the action was asked before and the scope is known. What is no id, no action
// or no scope is an error.
func (x *Index) CanText(principal, action, scope string, at time.Time) (Verdict, error) {
	if !belowSubscription(scope) {
		return x.canSlowly(principal, action, scope, at)
	}
	r := x.rows.find(action, false)
	p, known := x.FindPrincipalText(principal)
	node, exact := x.FindNode(estate.None, scope)
	if r == nil || !known || !exact || at.IsZero() {
		return x.canSlowly(principal, action, scope, at)
	}
	if v, certain := x.atOnce(p, r, node, at); certain {
		return v, nil
	}
	return x.canSlowly(principal, action, scope, at)
}

// belowSubscription says whether the text names a subscription or something in it:
// above, a scope alone does not say whose tenant it is of.
func belowSubscription(scope string) bool {
	const prefix = "/subscriptions/"
	return len(scope) > len(prefix) && strings.EqualFold(scope[:len(prefix)], prefix)
}

// canSlowly reads the texts properly.
func (x *Index) canSlowly(principal, action, scope string, at time.Time) (Verdict, error) {
	id, err := csp.ParseID[csp.Principal](principal)
	if err != nil {
		return Unknown, err
	}
	a, err := ParseAction(action)
	if err != nil {
		return Unknown, err
	}
	s, err := csp.ParseScope(scope)
	if err != nil {
		return Unknown, err
	}
	if s.Subscription().IsZero() {
		return Unknown, fmt.Errorf("%q lies above subscriptions, where a scope alone does not say of which tenant it is", scope)
	}
	question := Question{Principal: id, Action: a, Place: At(s), At: at}
	if err := question.check(); err != nil {
		return Unknown, fmt.Errorf("this cannot be answered: %w", err)
	}
	if x.rows.find(action, false) == nil {
		x.rows.keep(action, x.row(a)) // as it was spelt, for the next time
	}
	return x.Can(question), nil
}

// atOnce answers from the tables. certain is false if they do not suffice.
func (x *Index) atOnce(p estate.Principal, r *row, node estate.Node, at time.Time) (v Verdict, certain bool) {
	k := &x.quick
	target, home := x.NodeTenant[node], x.PrincipalTenant[p]
	if target == estate.None || home == estate.None || !k.plain[target] || k.unsteady[p] {
		return Unknown, false
	}
	s := scan{x: x, r: r, at: at, target: target}
	switch {
	case home == target:
		s.native(p, node)
	case !slices.Contains(x.leads[target], home):
		return HasNot, true
	default:
		s.stranger(p, home, node)
	}
	switch {
	case s.denied || s.doubts:
		return Unknown, false
	case s.found:
		return Has, true
	case s.gets:
		return CanGet, true
	case s.steps:
		return Unknown, false
	case !s.codesAnywhere(p, home):
		return HasNot, true
	}
	switch s.identityHelps(p, home, node) {
	case yes:
		return CanGet, true
	case maybe:
		return Unknown, false
	}
	return HasNot, true
}

// scan looks for one principal up from a node.
type scan struct {
	x      *Index
	r      *row
	at     time.Time
	target estate.Tenant

	found  bool // a right that holds
	gets   bool // a step that certainly gives one, unless something is denied
	steps  bool // something that might become one by a step
	doubts bool // something that cannot be judged here
	denied bool // a denial on the way

	delegated bool // he comes from another tenant, as nobody's guest (M2)
}

// native looks for somebody of the target itself.
func (s *scan) native(p estate.Principal, node estate.Node) {
	x := s.x
	s.look(p, false, node)
	s.leap(p)
	for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		s.steps = s.steps || slices.Contains(x.leads[s.target], x.PrincipalTenant[g])
	}
}

// stranger looks for somebody of another tenant: as its guests, as an agent, and
// through Lighthouse (M2).
func (s *scan) stranger(p estate.Principal, home estate.Tenant, node estate.Node) {
	x, k := s.x, &s.x.quick
	s.steps = k.leaps[p]
	guest := false
	for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		if x.PrincipalTenant[g] != s.target {
			// A guest elsewhere leads here only if that tenant leads here.
			s.steps = s.steps || slices.Contains(x.leads[s.target], x.PrincipalTenant[g])
			continue
		}
		guest = true
		if k.unsteady[g] {
			s.doubts = true
			return
		}
		s.look(g, false, node)
		s.leap(g)
	}
	user := x.isUser(account(p))
	l := s.lent(k.groups(p))
	admin, helpdesk := s.agent(p, home, l.any)
	// Powers in the directory there lead on. GDAP is shut to a guest, DAP is not (R13).
	s.gets = s.gets || user && (admin || l.commands && !guest)
	s.steps = s.steps || l.powerful || admin || helpdesk
	s.delegated = !guest && user && (l.any || admin || helpdesk || x.TenantRules[s.target] != 0)
	if s.delegated {
		s.look(p, true, node)
	}
	s.projected(p, node)
}

// leap looks for directory roles with powers in the target. Whoever commands the
// tenant gets what is in it (R15, R24).
func (s *scan) leap(p estate.Principal) {
	x := s.x
	if !x.quick.leaps[p] {
		return
	}
	s.steps = true
	commands := func(holder estate.Principal) bool {
		return slices.ContainsFunc(x.DirectoryAssignmentsOf(holder), func(d estate.DirectoryAssignment) bool {
			return d.Tenant == s.target && x.powers[d.Role].commands == yes && x.Terms[d.Term].Holds(s.at)
		})
	}
	s.gets = s.gets || commands(p) || slices.ContainsFunc(x.GroupOf[x.GroupsFrom[p]:x.GroupsFrom[p+1]], commands)
}

// lending is what GDAP gives somebody in the target now: any role, one with
// powers, and one that commands the tenant.
type lending struct{ any, powerful, commands bool }

func (s *scan) lent(groups []estate.Principal) (l lending) {
	k := &s.x.quick
	for _, g := range k.lentIn(s.target) {
		if contains(groups, g.Group) && s.live(g.Term) {
			powers := &s.x.powers[g.Role]
			l.any = true
			l.powerful = l.powerful || powers.any()
			l.commands = l.commands || powers.commands == yes
		}
	}
	return l
}

// contains says whether a sorted list has a principal. Most do not, and most lists
// are short.
func contains(sorted []estate.Principal, p estate.Principal) bool {
	const few = 8
	n := len(sorted)
	if n == 0 || p < sorted[0] || p > sorted[n-1] {
		return false
	}
	if n <= few {
		return slices.Contains(sorted, p)
	}
	_, found := slices.BinarySearch(sorted, p)
	return found
}

// agent says whether DAP lists the principal as an agent, unless GDAP reaches it
// (R10, R12).
func (s *scan) agent(p estate.Principal, home estate.Tenant, lent bool) (admin, helpdesk bool) {
	if lent || len(s.x.DAPs) == 0 {
		return false, false
	}
	kinds := estate.PrincipalKind(0)
	for _, g := range s.x.GroupOf[s.x.GroupsFrom[p]:s.x.GroupsFrom[p+1]] {
		kinds |= s.x.PrincipalKind[g]
	}
	if kinds&(estate.IsAdminAgents|estate.IsHelpdeskAgents) == 0 || !s.lists(home) {
		return false, false
	}
	return kinds&estate.IsAdminAgents != 0, kinds&estate.IsHelpdeskAgents != 0
}

// lists says whether the target has the partner as delegated administrator now.
func (s *scan) lists(partner estate.Tenant) bool {
	return slices.ContainsFunc(s.x.DAPsOf(s.target), func(r estate.Relationship) bool { return r.Partner == partner && s.live(r.Term) })
}

func (s *scan) live(n estate.TermNo) bool { return n == 0 || s.x.Terms[n].Holds(s.at) }

// look goes through the assignments at and above the node for the principal and
// its groups; for foreign ones, for the groups alone.
func (s *scan) look(p estate.Principal, foreign bool, node estate.Node) {
	x, groups := s.x, s.x.quick.groups(p)
	denials := s.r.denied.has(s.target) || x.quick.write.denied.has(s.target)
	for n := node; n != estate.None; {
		if denials && x.quick.denied.has(n) {
			s.denied = true
		}
		rung, last := &x.Rungs[n], x.Rungs[n+1].Assignments
		for i := rung.Assignments; i < last; i++ {
			holder := x.AssignmentPrincipal[i]
			if (holder == p && !foreign || contains(groups, holder)) && (!foreign || x.AssignmentForeign[i] != 0) {
				s.weigh(i)
			}
		}
		n = rung.Parent
	}
}

// weigh judges one assignment that is his.
func (s *scan) weigh(i uint32) {
	x := s.x
	role, term := x.AssignmentRole[i], x.AssignmentTerm[i]
	if !s.live(term) {
		return
	}
	conditional := x.AssignmentCondition[i] != 0
	allowed, writes := s.r.role(role), x.quick.write.role(role)
	switch {
	case allowed == no:
	case term != 0 && x.Terms[term].Eligible:
		s.steps = true
		s.gets = s.gets || allowed == yes && !conditional // by activation (R29)
	case allowed == maybe, conditional:
		s.doubts = true
	default:
		s.found = true
	}
	if writes > no {
		s.steps = true
		s.gets = s.gets || writes == yes && !conditional && !x.quick.conditional.has(role) // by assigning it to himself (R26)
	}
}

// projected looks for roles that Lighthouse projects to the principal and its groups
// at or above the node.
func (s *scan) projected(p estate.Principal, node estate.Node) {
	x := s.x
	if !x.quick.projectedIn.has(s.target) {
		return
	}
	groups := x.quick.groups(p)
	for n := node; n != estate.None; n = x.Rungs[n].Parent {
		for _, l := range x.lighthousesAt(n) {
			if l.Principal == p || contains(groups, l.Principal) {
				s.doubts = true // rare enough for the long way
			}
		}
	}
}
