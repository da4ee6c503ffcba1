package access

import (
	"cmp"
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
	// denied are the nodes at which a deny assignment is in force (R19), and
	// projectedAt those at which Lighthouse projects a role (R28).
	denied, projectedAt set[estate.Node]
	// projectedIn are the tenants of those.
	projectedIn set[estate.Tenant]
	projectedTo set[estate.Principal]
	// projectedBy are the indexes of Lighthouses by principal.
	projectedBy []int32
	// holdsRoles are those to whom a directory role is assigned.
	holdsRoles set[estate.Principal]
	coders     coders
	// coder are the roles by which code may be run as some identity.
	coder *row
	// busy are the tenants with an identity that can do more than what is assigned to
	// it: that has powers in the directory, guests, or memberships that come and go.
	busy set[estate.Tenant]
	// codeRows are, by a resource that has an identity, the actions that run code in it,
	// and codeRow, by identity, says which roles allow any of them.
	codeRows map[estate.Node][]*row
	codeRow  []*row
	// helpers are the identities of resources and the groups they are in.
	helpers set[estate.Principal]
	// deniedIn are the tenants with a deny assignment.
	deniedIn set[estate.Tenant]
	write    *row
	// oldRules are the tenants under them (R22).
	oldRules set[estate.Tenant]
	// conditional are the roles with a condition in them.
	conditional set[estate.Role]

	members members
}

// set is a set of numbers, a bit for each.
type set[N ~int32] []uint64

func newSet[N ~int32](count int) set[N] { return make(set[N], count/64+1) }

func (s set[N]) has(n N) bool { return s[n>>6]&(1<<(n&63)) != 0 }
func (s set[N]) add(n N)      { s[n>>6] |= 1 << (n & 63) }
func (s set[N]) remove(n N)   { s[n>>6] &^= 1 << (n & 63) }

type holderIn struct {
	holder estate.Principal
	tenant estate.Tenant
}

func compareHolders(a, b holderIn) int {
	return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.holder, b.holder))
}

// coders are the holders who may run code as an identity of a tenant (R26).
type coders struct {
	any     bool
	here    set[estate.Principal] // in their own tenant
	foreign []holderIn            // in another, in order
}

func (c *coders) has(x *Index, p estate.Principal, in estate.Tenant) bool {
	if x.PrincipalTenant[p] == in {
		return c.here.has(p)
	}
	_, found := slices.BinarySearchFunc(c.foreign, holderIn{p, in}, compareHolders)
	return found
}

func (x *Index) makeQuick() {
	k := &x.quick
	k.write = x.row(writeAssignments)
	x.makeUp()
	x.makeLeaps()
	x.makeLent()
	x.makePlain()
	x.makeSets()
	x.makeCoders()
	x.makeMembers()
}

// makeSets marks where something is denied or projected, and the like.
func (x *Index) makeSets() {
	k, nodes, tenants := &x.quick, x.Nodes(), x.Tenants()
	k.denied, k.deniedIn = newSet[estate.Node](nodes), newSet[estate.Tenant](tenants)
	for _, d := range x.denials {
		k.denied.add(d.Node)
		k.deniedIn.add(x.NodeTenant[d.Node])
	}
	k.projectedAt, k.projectedIn = newSet[estate.Node](nodes), newSet[estate.Tenant](tenants)
	k.projectedTo = newSet[estate.Principal](x.Principals())
	for _, l := range x.Lighthouses {
		k.projectedAt.add(l.Node)
		k.projectedTo.add(l.Principal)
		if t := x.NodeTenant[l.Node]; t != estate.None {
			k.projectedIn.add(t)
		}
	}
	k.projectedBy = make([]int32, len(x.Lighthouses))
	for i := range k.projectedBy {
		k.projectedBy[i] = int32(i)
	}
	slices.SortStableFunc(k.projectedBy, func(i, j int32) int { return cmp.Compare(x.Lighthouses[i].Principal, x.Lighthouses[j].Principal) })
	k.oldRules = newSet[estate.Tenant](tenants)
	for t, old := range x.TenantRules {
		if old != 0 {
			k.oldRules.add(estate.Tenant(t))
		}
	}
	k.holdsRoles = newSet[estate.Principal](x.Principals())
	for _, d := range x.DirectoryAssignments {
		k.holdsRoles.add(d.Principal)
	}
	k.conditional = newSet[estate.Role](len(x.Roles))
	for n := range x.Roles {
		if role := estate.Role(n); x.isConditional(role) {
			k.conditional.add(role)
		}
	}
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
	for _, g := range x.GDAPGrants {
		k.lentFrom[g.Customer+1]++
	}
	for t := range x.TenantID {
		k.lentFrom[t+1] += k.lentFrom[t]
	}
	k.lent = make([]estate.GDAPGrant, len(x.GDAPGrants))
	next := slices.Clone(k.lentFrom)
	for _, g := range x.GDAPGrants {
		k.lent[next[g.Customer]] = g
		next[g.Customer]++
	}
}

// lentIn are the roles that GDAP gives groups in a tenant.
func (k *quick) lentIn(t estate.Tenant) []estate.GDAPGrant {
	return k.lent[k.lentFrom[t]:k.lentFrom[t+1]]
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
	k.coders.here = newSet[estate.Principal](x.Principals())
	if k.coders.any = len(x.Identities) > 0; !k.coders.any {
		return
	}
	x.makeBusy()
	x.makeHelpers()
	coder := x.coderRow()
	k.coder = coder
	holds := func(holder estate.Principal, role estate.Role, in estate.Tenant) {
		switch {
		case coder.role(role) == no:
		case x.PrincipalTenant[holder] == in:
			k.coders.here.add(holder)
		default:
			k.coders.foreign = append(k.coders.foreign, holderIn{holder, in})
		}
	}
	// The nodes with an identity at or below them, in order.
	next := 0
	for n := range estate.Node(x.Nodes()) {
		for next < len(x.Identities) && x.Identities[next].Node < n {
			next++
		}
		if next == len(x.Identities) {
			break
		}
		if x.Identities[next].Node > x.NodeLast[n] {
			continue
		}
		for i := x.AssignmentsFrom[n]; i < x.AssignmentsFrom[n+1]; i++ {
			holds(x.AssignmentPrincipal[i], x.AssignmentRole[i], x.NodeTenant[n])
		}
		for _, l := range x.lighthousesAt(n) {
			holds(l.Principal, l.Role, x.NodeTenant[n])
		}
	}
	slices.SortFunc(k.coders.foreign, compareHolders)
	k.coders.foreign = slices.Clip(slices.Compact(k.coders.foreign))
}

// makeBusy marks where identities are more than what is assigned to them.
func (x *Index) makeBusy() {
	k := &x.quick
	k.busy = newSet[estate.Tenant](x.Tenants())
	for _, id := range x.Identities {
		p, in := id.Principal, x.NodeTenant[id.Node]
		if in != estate.None && (x.PrincipalTenant[p] != in || k.unsteady[p] || k.leaps[p] || x.GuestsFrom[p] < x.GuestsFrom[p+1] || x.isProjectedTo(p)) {
			k.busy.add(in)
		}
	}
}

// isProjectedTo says whether Lighthouse projects a role to the principal or a group
// of its (R28).
func (x *Index) isProjectedTo(p estate.Principal) bool {
	k := &x.quick
	return k.projectedTo.has(p) || slices.ContainsFunc(k.groups(p), k.projectedTo.has)
}

// makeHelpers marks the holders whose assignments are those of identities.
func (x *Index) makeHelpers() {
	k := &x.quick
	k.helpers = newSet[estate.Principal](x.Principals())
	for _, id := range x.Identities {
		k.helpers.add(id.Principal)
		for _, g := range k.groups(id.Principal) {
			k.helpers.add(g)
		}
	}
}

// coderRow has the roles that allow any action by which code is run as one of the
// identities, or to assign such a role. It makes the rows of those actions.
func (x *Index) coderRow() *row {
	k := &x.quick
	may := slices.Clone(k.write.may)
	k.codeRows = make(map[estate.Node][]*row, len(x.Identities))
	type codes struct {
		rows []*row
		any  *row // of them
	}
	byType := map[uint16]codes{}
	for _, id := range x.Identities {
		c, known := byType[x.NodeType[id.Node]]
		if !known || !x.isWholeType(id.Node) {
			c.rows = x.rowsOf(CodeActions(x.resourceType(id.Node)))
			c.any = anyOf(c.rows, len(may))
			for word, bits := range c.any.may {
				may[word] |= bits
			}
			byType[x.NodeType[id.Node]] = c
		}
		k.codeRows[id.Node] = c.rows
		k.codeRow = append(k.codeRow, c.any)
	}
	return &row{may: may, sure: may}
}

// anyOf says which roles allow any action of some rows.
func anyOf(rows []*row, words int) *row {
	either := &row{may: make([]uint64, words), sure: make([]uint64, words)}
	for _, r := range rows {
		for word := range words {
			either.may[word] |= r.may[word]
			either.sure[word] |= r.sure[word]
		}
	}
	return either
}

// isWholeType says whether the type of the node is told by its own type alone: it
// is no part of another resource.
func (x *Index) isWholeType(n estate.Node) bool {
	up := x.NodeParent[n]
	return up != estate.None && x.NodeType[up] == estate.TypeResourceGroup
}

// lighthousesAt are the roles projected onto a node, found fast where there are none.
func (x *Index) lighthousesAt(n estate.Node) []estate.Lighthouse {
	if !x.quick.projectedAt.has(n) {
		return nil
	}
	return x.LighthousesAt(n)
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

// codes says whether the principal or a group of his may run code as an identity
// in the tenant.
func (s *scan) codes(p estate.Principal, in estate.Tenant) bool {
	k := &s.x.quick
	return k.coders.any && (k.coders.has(s.x, p, in) ||
		slices.ContainsFunc(k.groups(p), func(g estate.Principal) bool { return k.coders.has(s.x, g, in) }))
}

// codesAnywhere says whether the principal may run code as an identity in the
// target or at home, or as a guest in the target.
func (s *scan) codesAnywhere(p estate.Principal, home estate.Tenant) bool {
	x := s.x
	return s.codes(p, s.target) || home != s.target && (s.codes(p, home) ||
		slices.ContainsFunc(x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]], func(g estate.Principal) bool {
			return x.PrincipalTenant[g] == s.target && s.codes(g, s.target)
		}))
}

// mostActors bounds the work of identityHelps.
const mostActors = 64

// actors are as whom somebody may act, as far as it takes running code.
type actors struct {
	who   [mostActors]estate.Principal
	sure  [mostActors]bool
	count int
	full  bool // there may be more
}

func (a *actors) add(p estate.Principal, sure bool) {
	at := slices.Index(a.who[:a.count], p)
	switch {
	case at >= 0:
		a.sure[at] = a.sure[at] || sure
	case a.count == mostActors:
		a.full = true
	default:
		a.who[a.count], a.sure[a.count] = p, sure
		a.count++
	}
}

// truth is how sure it is that he may act as one of them.
func (a *actors) truth(i int) truth {
	if a.sure[i] {
		return yes
	}
	return maybe
}

// identityHelps says whether running code as identities of the target gives the
// action at the node (R26): whether one that the principal comes to by them has
// something assigned at or above the node that allows the action. It may, if one of
// them has more than what is assigned to it. Identities at his home come into no
// other tenant but by what is projected to them, and those to whom something is
// make their tenant a busy one.
func (s *scan) identityHelps(p estate.Principal, home estate.Tenant, node estate.Node) truth {
	x, k := s.x, &s.x.quick
	if k.busy.has(home) || k.busy.has(s.target) {
		return maybe
	}
	var a actors
	a.add(p, true)
	for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		a.add(g, true)
	}
	if k.projectedIn.has(s.target) && slices.ContainsFunc(a.who[:a.count], x.isProjectedTo) {
		return maybe
	}
	if !s.anyHelps(node) {
		return no
	}
	own := a.count
	best := no
	for next := 0; next < a.count; { // each may add some
		if next >= own {
			best = max(best, min(a.truth(next), s.helps(a.who[next], node)))
		}
		s.runCode(&a, next)
		next++
	}
	if a.full {
		return max(best, maybe)
	}
	return best
}

// anyHelps says whether anything at or above the node that may give the action, or
// lets assign it, is held by an identity or a group of one.
func (s *scan) anyHelps(node estate.Node) bool {
	for n := node; n != estate.None; n = s.x.Rungs[n].Parent {
		for i := s.x.Rungs[n].Assignments; i < s.x.Rungs[n+1].Assignments; i++ {
			if s.x.quick.helpers.has(s.x.AssignmentPrincipal[i]) && s.gives(i, s.r) > no {
				return true
			}
		}
	}
	return false
}

// helps says whether the identity has something at or above the node that gives
// the action or lets it assign it to itself.
func (s *scan) helps(id estate.Principal, node estate.Node) truth {
	x, groups, best := s.x, s.x.quick.groups(id), no
	for n := node; n != estate.None; n = x.Rungs[n].Parent {
		for i := x.Rungs[n].Assignments; i < x.Rungs[n+1].Assignments; i++ {
			if holder := x.AssignmentPrincipal[i]; holder == id || contains(groups, holder) {
				best = max(best, s.gives(i, s.r))
			}
		}
	}
	return best
}

// gives says whether an assignment gives its holder an action of the row, or lets
// him assign it to himself, if need be after activation (M8).
func (s *scan) gives(i uint32, r *row) truth {
	x, role := s.x, s.x.AssignmentRole[i]
	t := max(r.role(role), x.quick.write.role(role))
	switch {
	case t == no || !s.live(x.AssignmentTerm[i]):
		return no
	case x.AssignmentCondition[i] != 0 || x.quick.conditional.has(role) || x.quick.deniedIn.has(s.target):
		return maybe
	}
	return t
}

// runCode adds the identities of the target as which one of the actors can run code,
// by what he and his groups hold there (M3).
func (s *scan) runCode(a *actors, by int) {
	p := a.who[by]
	foreign := s.x.PrincipalTenant[p] != s.target
	if foreign && !s.delegated {
		return
	}
	if !foreign {
		s.runCodeBy(a, by, p, false)
	}
	for _, g := range s.x.quick.groups(p) {
		s.runCodeBy(a, by, g, foreign)
	}
}

func (s *scan) runCodeBy(a *actors, by int, holder estate.Principal, foreign bool) {
	x, k, sure := s.x, &s.x.quick, a.sure[by]
	if !k.coders.has(x, holder, s.target) {
		return
	}
	for i, n := range x.heldInTenant(holder, s.target) {
		if k.coder.role(x.AssignmentRole[i]) == no || foreign && x.AssignmentForeign[i] == 0 {
			continue
		}
		from := sort.Search(len(x.Identities), func(j int) bool { return x.Identities[j].Node >= n })
		for j := from; j < len(x.Identities) && x.Identities[j].Node <= x.NodeLast[n]; j++ {
			if t := s.gives(i, k.codeRow[j]); t > no {
				a.add(x.Identities[j].Principal, sure && t == yes)
			}
		}
	}
}

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
