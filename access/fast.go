package access

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// quick are tables that answer most questions without following anything. They
// only ever shorten the way: whatever they cannot say for certain is worked out
// by the judgement of verdict.go, and the two agree (a test holds them together).
type quick struct {
	// upFrom and up have, by principal, all groups it is in by memberships that hold
	// always, sorted. Principals whose memberships are bounded in time or eligible,
	// at whatever height, are unsteady and have none.
	upFrom   []uint32
	up       []estate.Principal
	unsteady []bool

	// leaps says of a principal that it might take a step in its own tenant: that it,
	// or a group it is in, holds a directory role with powers.
	leaps []bool
	// lent has, by tenant, the groups that GDAP gives a role in it.
	lentFrom []uint32
	lent     []estate.GDAPGrant
	// plain says of a tenant that nothing in it needs the long way: no gap, and
	// nobody can come into the tenants that lead to it but their own people.
	plain []bool
	// denied says of a node that a deny assignment is in force there (R19).
	denied map[estate.Node]bool
	// coders are the holders, by tenant, who may run code as an identity there (R26).
	coders map[holderIn]bool
	// codeRows are, by a resource that has an identity, the actions that run code in it.
	codeRows    map[estate.Node][]*row
	projectedAt map[estate.Node]bool
	projectedTo map[estate.Principal]bool
	write       *row

	// slow says of a tenant that something is denied, projected or not collected in it.
	slow    []bool
	members members
}

type holderIn struct {
	holder estate.Principal
	tenant estate.Tenant
}

func (x *Index) makeQuick() {
	k := &x.quick
	k.write = x.row(writeAssignments)
	x.makeUp()
	x.makeLeaps()
	x.makeLent()
	x.makePlain()
	k.denied = map[estate.Node]bool{}
	for _, d := range x.denials {
		k.denied[d.Node] = true
	}
	k.projectedAt, k.projectedTo = map[estate.Node]bool{}, map[estate.Principal]bool{}
	for _, l := range x.Lighthouses {
		k.projectedAt[l.Node], k.projectedTo[l.Principal] = true, true
	}
	x.makeCoders()
	x.makeSlow()
	x.makeMembers()
}

// makeSlow marks the tenants for which intervals and holders take a judgement.
func (x *Index) makeSlow() {
	slow := slices.Clone(x.gaps)
	for n := range x.quick.denied {
		if t := x.NodeTenant[n]; t != estate.None {
			slow[t] = true
		}
	}
	for n := range x.quick.projectedAt {
		if t := x.NodeTenant[n]; t != estate.None {
			slow[t] = true
		}
	}
	x.quick.slow = slow
}

// makeUp follows memberships once for everybody.
func (x *Index) makeUp() {
	k, n := &x.quick, len(x.PrincipalID)
	k.upFrom, k.unsteady = make([]uint32, n+1), make([]bool, n)
	seen := make([]uint32, n) // the last principal, plus one, that reached the group
	var reached []estate.Principal
	for p := range n {
		reached = append(reached[:0], estate.Principal(p))
		seen[p] = uint32(p) + 1
		for next := 0; next < len(reached); next++ {
			at := reached[next]
			for i := x.GroupsFrom[at]; i < x.GroupsFrom[at+1]; i++ {
				if x.GroupTerm[i] != 0 {
					k.unsteady[p] = true
				}
				if g := x.GroupOf[i]; seen[g] != uint32(p)+1 {
					seen[g] = uint32(p) + 1
					reached = append(reached, g)
				}
			}
		}
		if !k.unsteady[p] {
			groups := reached[1:]
			slices.Sort(groups)
			k.up = append(k.up, groups...)
		}
		k.upFrom[p+1] = uint32(len(k.up))
	}
	k.up = slices.Clip(k.up)
}

func (k *quick) groups(p estate.Principal) []estate.Principal {
	return k.up[k.upFrom[p]:k.upFrom[p+1]]
}

// makeLeaps marks who has a directory role with powers, by himself or by a group.
func (x *Index) makeLeaps() {
	k := &x.quick
	k.leaps = make([]bool, len(x.PrincipalID))
	powerful := make([]bool, len(x.PrincipalID))
	for _, d := range x.DirectoryAssignments {
		if x.powers[d.Role].any() {
			powerful[d.Principal] = true
		}
	}
	for p := range k.leaps {
		id := estate.Principal(p)
		k.leaps[p] = k.unsteady[p] || powerful[p] || slices.ContainsFunc(k.groups(id), func(g estate.Principal) bool { return powerful[g] })
	}
}

// makeLent turns the GDAP grants by customer.
func (x *Index) makeLent() {
	k := &x.quick
	k.lentFrom = make([]uint32, len(x.TenantID)+1)
	k.lent = slices.Clone(x.GDAPGrants)
	slices.SortStableFunc(k.lent, func(a, b estate.GDAPGrant) int { return int(a.Customer) - int(b.Customer) })
	for _, g := range k.lent {
		k.lentFrom[g.Customer+1]++
	}
	for t := range x.TenantID {
		k.lentFrom[t+1] += k.lentFrom[t]
	}
}

// makePlain marks the tenants whose leading tenants are led to by nobody else.
func (x *Index) makePlain() {
	x.quick.plain = make([]bool, len(x.TenantID))
	for t := range x.TenantID {
		x.quick.plain[t] = !x.gaps[t] && !slices.ContainsFunc(x.leads[t], func(from estate.Tenant) bool {
			return x.gaps[from] || len(x.leads[from]) > 0
		})
	}
}

// makeCoders marks who holds a role by which code can be run as an identity, or
// by which such a role can be assigned, where there is an identity.
func (x *Index) makeCoders() {
	k := &x.quick
	k.coders = map[holderIn]bool{}
	if len(x.Identities) == 0 {
		return
	}
	may := slices.Clone(k.write.may)
	k.codeRows = make(map[estate.Node][]*row, len(x.Identities))
	for _, id := range x.Identities {
		k.codeRows[id.Node] = x.rowsOf(CodeActions(x.resourceType(id.Node)))
		for _, r := range k.codeRows[id.Node] {
			for word, bits := range r.may {
				may[word] |= bits
			}
		}
	}
	coder := &row{may: may, sure: may}
	holds := func(holder estate.Principal, role estate.Role, n estate.Node) {
		if coder.role(role) == no {
			return
		}
		first := sort.Search(len(x.Identities), func(i int) bool { return x.Identities[i].Node >= n })
		if first < len(x.Identities) && x.Identities[first].Node <= x.NodeLast[n] {
			k.coders[holderIn{holder, x.NodeTenant[n]}] = true
		}
	}
	for holder := range x.PrincipalID {
		for j := x.HeldFrom[holder]; j < x.HeldFrom[holder+1]; j++ {
			holds(estate.Principal(holder), x.AssignmentRole[x.Held[j]], x.HeldNode[j])
		}
	}
	for _, l := range x.Lighthouses {
		holds(l.Principal, l.Role, l.Node)
	}
}

func (x *Index) rowsOf(names []string) []*row {
	list := make([]*row, len(names))
	for i, name := range names {
		list[i] = x.row(Action{name: name, text: name})
	}
	return list
}

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
		s.look(p, false, node)
		s.steps = s.steps || k.leaps[p] || s.codes(p)
		for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
			s.steps = s.steps || slices.Contains(x.leads[target], x.PrincipalTenant[g])
		}
	case !slices.Contains(x.leads[target], home):
		return HasNot, true
	default:
		s.stranger(p, node)
	}
	switch {
	case s.denied || s.doubts:
		return Unknown, false
	case s.found:
		return Has, true
	case s.steps:
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
	steps  bool // something that might become one by a step
	doubts bool // something that cannot be judged here
	denied bool // a denial on the way
}

// stranger looks for somebody of another tenant: as its guests, as an agent, and
// through Lighthouse (M2).
func (s *scan) stranger(p estate.Principal, node estate.Node) {
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
		s.steps = s.steps || k.leaps[g] || s.codes(g)
	}
	groups := k.groups(p)
	lent, powerful := s.lent(groups)
	agent := s.agent(p, lent)
	// Powers in the directory there lead on, whether or not GDAP is shut.
	s.steps = s.steps || powerful || agent || s.codes(p)
	if !guest && x.isUser(account(p)) && (lent || agent || x.TenantRules[s.target] != 0) {
		s.look(p, true, node)
	}
	s.projected(node)
}

// lent says whether GDAP gives one of the groups a role in the target now, and
// whether it is one with powers.
func (s *scan) lent(groups []estate.Principal) (lent, powerful bool) {
	k := &s.x.quick
	for _, g := range k.lent[k.lentFrom[s.target]:k.lentFrom[s.target+1]] {
		if _, in := slices.BinarySearch(groups, g.Group); in && s.live(g.Term) {
			lent = true
			powerful = powerful || s.x.powers[g.Role].any()
		}
	}
	return lent, powerful
}

// agent says whether DAP lists the principal as an agent (R10, R12).
func (s *scan) agent(p estate.Principal, lent bool) bool {
	if lent || len(s.x.DAPs) == 0 {
		return false
	}
	for _, r := range s.x.DAPsOf(s.target) {
		if r.Partner != s.x.PrincipalTenant[p] || !s.live(r.Term) {
			continue
		}
		for i := s.x.GroupsFrom[p]; i < s.x.GroupsFrom[p+1]; i++ {
			if s.x.PrincipalKind[s.x.GroupOf[i]]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
				return true
			}
		}
	}
	return false
}

func (s *scan) live(n estate.TermNo) bool { return n == 0 || s.x.Terms[n].Holds(s.at) }

// codes says whether the principal or a group of his may run code as an identity
// in the target.
func (s *scan) codes(p estate.Principal) bool {
	k := &s.x.quick
	if len(k.coders) == 0 {
		return false
	}
	if k.coders[holderIn{p, s.target}] {
		return true
	}
	for _, g := range k.groups(p) {
		if k.coders[holderIn{g, s.target}] {
			return true
		}
	}
	return false
}

// look goes through the assignments at and above the node for the principal and
// its groups; for foreign ones, for the groups alone.
func (s *scan) look(p estate.Principal, foreign bool, node estate.Node) {
	x, groups := s.x, s.x.quick.groups(p)
	for n := node; n != estate.None; n = x.NodeParent[n] {
		if len(x.denials) > 0 && x.quick.denied[n] {
			s.denied = true
		}
		for i := x.AssignmentsFrom[n]; i < x.AssignmentsFrom[n+1]; i++ {
			holder := x.AssignmentPrincipal[i]
			if foreign && x.AssignmentForeign[i] == 0 {
				continue
			}
			if holder != p || foreign {
				if _, in := slices.BinarySearch(groups, holder); !in {
					continue
				}
			}
			s.weigh(i)
		}
	}
}

// weigh judges one assignment that is his.
func (s *scan) weigh(i uint32) {
	x := s.x
	role, term := x.AssignmentRole[i], x.AssignmentTerm[i]
	if !s.live(term) {
		return
	}
	eligible := term != 0 && x.Terms[term].Eligible
	allowed := s.r.role(role)
	switch {
	case allowed == no:
	case eligible:
		s.steps = true
	case allowed == maybe, x.AssignmentCondition[i] != 0:
		s.doubts = true
	default:
		s.found = true
	}
	s.steps = s.steps || x.quick.write.role(role) > no
}

// projected looks for roles that Lighthouse projects to anybody.
func (s *scan) projected(node estate.Node) {
	x := s.x
	if len(x.Lighthouses) == 0 {
		return
	}
	for n := node; n != estate.None; n = x.NodeParent[n] {
		if x.quick.projectedAt[n] {
			s.doubts = true // rare enough for the long way
		}
	}
}
