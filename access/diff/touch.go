package diff

import (
	"bytes"
	"slices"
	"sync"

	"latchkey/access/estate"
	"latchkey/csp"
)

// placeTouch is that a row touches an account at a place and everything in it, and
// directoryTouch in a directory. Accounts have their common numbers, causes are
// numbers of facts.
type placeTouch struct {
	account int32
	cause   int32
	at      spot
}

type directoryTouch struct {
	account int32
	cause   int32
	at      tenant
	// wholly: he may come in now, or no more, so that he is touched wherever he
	// holds anything.
	wholly bool
}

// area is a part of the estate that a row touches, for whomever it touches.
type area struct {
	spots       []spot
	directories []tenant
	// wholly are tenants in which the account is touched wherever it holds
	// anything, on either side.
	wholly []tenant
}

func (a *area) add(b area) {
	a.spots = append(a.spots, b.spots...)
	a.directories = append(a.directories, b.directories...)
	a.wholly = append(a.wholly, b.wholly...)
}

// touchAll notes that a row touches accounts of one side in an area.
func (p *pair) touchAll(s side, accounts []estate.Principal, a area, f fact) {
	if len(accounts) == 0 {
		return
	}
	cause := p.number(f)
	for _, who := range accounts {
		account := p.principal(s, who)
		for _, at := range a.spots {
			p.places = append(p.places, placeTouch{account, cause, at})
		}
		for _, at := range a.directories {
			p.directories = append(p.directories, directoryTouch{account: account, cause: cause, at: at})
		}
		for _, at := range a.wholly {
			p.directories = append(p.directories, directoryTouch{account: account, cause: cause, at: at, wholly: true})
		}
	}
}

func (p *pair) number(f fact) int32 {
	n, known := p.factNumber[f]
	if !known {
		n = int32(len(p.facts))
		p.facts = append(p.facts, f)
		p.factNumber[f] = n
	}
	return n
}

// both is an account on both sides; none where it is not.
type both struct{ old, new estate.Principal }

func (p *pair) both(s side, who estate.Principal) both {
	if s.isBefore {
		return both{who, p.toNew.principals[who]}
	}
	return both{p.toOld.principals[who], who}
}

// eachHeld yields the places from first to last at which a principal itself has
// a role, assigned or projected (R18, R28).
func (w *world) eachHeld(who estate.Principal, first, last estate.Node, do func(estate.Node)) {
	from := 0
	w.eachHeldFrom(&from, who, first, last, do)
}

// eachHeldFrom begins to look where it found something last: places are mostly
// asked about in order.
func (w *world) eachHeldFrom(from *int, who estate.Principal, first, last estate.Node, do func(estate.Node)) {
	held := w.e.HeldNode[w.e.HeldFrom[who]:w.e.HeldFrom[who+1]]
	*from = leap(held, *from, first)
	for _, n := range held[*from:] {
		if n > last {
			break
		}
		do(n)
	}
	for _, n := range w.projected[who] {
		if first <= n && n <= last {
			do(n)
		}
	}
}

// leap is the first of sorted nodes that is not before one, looked for from a
// place in the list in steps that double.
func leap(held []estate.Node, from int, first estate.Node) int {
	if from > 0 && held[from-1] >= first {
		from = 0
	}
	to, step := from, 1
	for to < len(held) && held[to] < first {
		from, to, step = to+1, to+step, 2*step
	}
	n, _ := slices.BinarySearch(held[from:min(to, len(held))], first)
	return from + n
}

// everywhere is where an account of a side is touched if a principal begins or
// ceases to be one of its identities: at all that the principal and its groups
// have, and in all tenants that they let it into.
func (p *pair) everywhere(s side, who estate.Principal) area {
	var a area
	for _, identity := range s.standing(who) {
		s.eachHeld(identity, 0, estate.Node(len(s.e.NodeParent)), func(n estate.Node) { a.spots = append(a.spots, s.spot(n)) })
		for _, d := range s.e.DirectoryAssignmentsOf(identity) {
			a.directories = append(a.directories, s.tenant(d.Tenant))
		}
		for _, t := range s.opened[identity] {
			a.wholly = append(a.wholly, s.tenant(t))
		}
		for _, n := range s.denies[identity] {
			a.spots = append(a.spots, s.spot(n))
		}
	}
	return a
}

// findTouches goes through all rows that differ.
func (p *pair) findTouches() {
	var places []spot
	var wait sync.WaitGroup
	wait.Go(func() { places = p.differentPlaces() })
	p.principalRows()
	p.membershipRows()
	nodes := p.differentNodes()
	wait.Wait()
	for _, at := range places {
		p.differentAssignments(at)
	}
	p.nodeRows(nodes)
	p.roleRows()
	p.directoryRows()
	p.relationshipRows()
	p.denialRows()
	p.lighthouseRows()
	p.gapRows()
	for _, at := range p.moved {
		if at.old != none {
			p.old.turns = append(p.old.turns, at.old)
		}
		if at.new != none {
			p.new.turns = append(p.new.turns, at.new)
		}
	}
	p.old.turns, p.new.turns = sorted(p.old.turns), sorted(p.new.turns)
}

// index collects what is looked up by principal.
func (w *world) index() {
	for _, l := range w.e.Lighthouses {
		w.projected[l.Principal] = append(w.projected[l.Principal], l.Node)
		w.projectedRoles[l.Principal] = append(w.projectedRoles[l.Principal], l.Role)
	}
	for _, a := range w.e.AccessAssignments {
		w.opened[a.Group] = append(w.opened[a.Group], w.e.GDAPs[a.GDAP].Customer)
	}
	agents := w.agents()
	for _, d := range w.e.DAPs {
		for _, g := range agents[d.Partner] {
			w.opened[g] = append(w.opened[g], d.Customer)
		}
	}
	for _, d := range w.e.Denials {
		for _, who := range slices.Concat(d.Principals, d.Excluded) {
			w.denies[who] = append(w.denies[who], d.Node)
		}
	}
	w.findTurns()
}

// findTurns collects the places where denials and gaps are, and those just below
// a denial that is about its own place only (R19).
func (w *world) findTurns() {
	for _, d := range w.e.Denials {
		w.turns = append(w.turns, d.Node)
		for child := d.Node + 1; d.ThisScopeOnly && child <= w.e.NodeLast[d.Node]; child = w.e.NodeLast[child] + 1 {
			w.turns = append(w.turns, child)
		}
	}
	for _, g := range w.e.Gaps {
		if g.Node != none {
			w.turns = append(w.turns, g.Node)
		}
	}
}

// agents are the groups of admin and helpdesk agents, by partner (R7, R10).
func (w *world) agents() map[estate.Tenant][]estate.Principal {
	groups := map[estate.Tenant][]estate.Principal{}
	for g, kind := range w.e.PrincipalKind {
		if kind&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
			t := w.e.PrincipalTenant[g]
			groups[t] = append(groups[t], estate.Principal(g))
		}
	}
	return groups
}

// principalRows finds accounts and groups that are new, gone or changed.
func (p *pair) principalRows() {
	for _, s := range p.sides() {
		to, other := p.toNew.principals, p.new
		if !s.isBefore {
			to, other = p.toOld.principals, p.old
		}
		for n := range s.e.PrincipalID {
			who := estate.Principal(n)
			if s.e.PrincipalTenant[n] == none || to[n] != none && p.samePrincipal(s, who, other, to[n]) {
				continue
			}
			a := p.everywhere(s, who)
			a.wholly = append(a.wholly, s.tenant(s.e.PrincipalTenant[n]))
			for _, g := range s.e.Guest[s.e.GuestsFrom[n]:s.e.GuestsFrom[n+1]] {
				a.add(p.everywhere(s, g))
			}
			only := to[n] == none || other.e.PrincipalTenant[to[n]] == none
			p.touchAll(s, s.acting(who), a, fact{kind: principalFact, side: s.number(), state: flag(only), a: int32(who)})
		}
	}
}

// samePrincipal says whether a principal is the same on both sides, as far as
// access depends on it.
func (p *pair) samePrincipal(s side, who estate.Principal, other *world, also estate.Principal) bool {
	const indifferent = estate.IsSynced | estate.IsMicrosoftAccount | estate.IsManaged | estate.IsSalesAgents
	t, home := other.e.PrincipalTenant[also], other.e.PrincipalHome[also]
	if t == none || other.e.TenantID[t] != s.e.TenantID[s.e.PrincipalTenant[who]] || s.e.PrincipalKind[who]&^indifferent != other.e.PrincipalKind[also]&^indifferent {
		return false
	}
	if own := s.e.PrincipalHome[who]; own != none && home != none {
		return s.e.PrincipalID[own] == other.e.PrincipalID[home]
	}
	return s.e.PrincipalHome[who] == home
}

// membershipRows compares the groups of each principal.
func (p *pair) membershipRows() {
	for _, s := range p.sides() {
		for n := range s.e.PrincipalID {
			member := estate.Principal(n)
			also := p.both(s, member)
			if p.sameGroups(also) {
				continue
			}
			for i := s.e.GroupsFrom[n]; i < s.e.GroupsFrom[n+1]; i++ {
				group := s.e.GroupOf[i]
				after := p.firmness(p.new, also.new, p.both(s, group).new)
				if p.firmness(p.old, also.old, p.both(s, group).old) == after {
					continue
				}
				f := fact{kind: membershipFact, state: uint8(after), a: p.principal(s, member), b: p.principal(s, group)}
				p.touchAll(s, s.acting(member), p.everywhere(s, group), f)
			}
		}
	}
}

// sameGroups is the quick look: the same groups in the same order, for always.
func (p *pair) sameGroups(member both) bool {
	if member.old == none || member.new == none {
		return false
	}
	a, b := p.old.e, p.new.e
	i, j := a.GroupsFrom[member.old], b.GroupsFrom[member.new]
	n := a.GroupsFrom[member.old+1] - i
	if b.GroupsFrom[member.new+1]-j != n {
		return false
	}
	for ; n > 0; i, j, n = i+1, j+1, n-1 {
		if a.GroupTerm[i]|b.GroupTerm[j] != 0 || p.toNew.principals[a.GroupOf[i]] != b.GroupOf[j] {
			return false
		}
	}
	return true
}

// firmness is the firmest membership of a member in a group.
func (p *pair) firmness(w *world, member, group estate.Principal) term {
	best := over
	if member == none || group == none {
		return best
	}
	from, end := w.e.GroupsFrom[member], w.e.GroupsFrom[member+1]
	for i := from; i < end; i++ {
		if w.e.GroupOf[i] == group {
			best = max(best, w.term(w.e.GroupTerm[i]))
		}
	}
	return best
}

// differentPlaces are the places of which the role assignments differ, and those
// that are on one side only.
func (p *pair) differentPlaces() []spot {
	var list []spot
	for n, to := range p.toNew.nodes {
		if to == none || !p.sameAssignments(estate.Node(n), to) {
			list = append(list, spot{estate.Node(n), to})
		}
	}
	for n, from := range p.toOld.nodes {
		if from == none {
			list = append(list, spot{none, estate.Node(n)})
		}
	}
	return list
}

// sameAssignments is the quick look: the same rows in the same order.
func (p *pair) sameAssignments(x, y estate.Node) bool {
	a, b := p.old.e, p.new.e
	i, j := a.AssignmentsFrom[x], b.AssignmentsFrom[y]
	n := a.AssignmentsFrom[x+1] - i
	if b.AssignmentsFrom[y+1]-j != n {
		return false
	}
	for ; n > 0; i, j, n = i+1, j+1, n-1 {
		if !p.sameAssignment(i, j) {
			return false
		}
	}
	return true
}

// sameAssignment says whether two assignments at the same place have the same effect.
func (p *pair) sameAssignment(i, j uint32) bool {
	a, b := p.old.e, p.new.e
	if p.toNew.principals[a.AssignmentPrincipal[i]] != b.AssignmentPrincipal[j] || p.toNew.roles[a.AssignmentRole[i]] != b.AssignmentRole[j] {
		return false
	}
	if a.AssignmentTerm[i]|b.AssignmentTerm[j] != 0 && p.old.term(a.AssignmentTerm[i]) != p.new.term(b.AssignmentTerm[j]) {
		return false
	}
	if a.AssignmentCondition[i]|b.AssignmentCondition[j] != 0 &&
		!bytes.Equal(a.Conditions.Bytes(int(a.AssignmentCondition[i])), b.Conditions.Bytes(int(b.AssignmentCondition[j]))) {
		return false
	}
	return a.AssignmentForeign[i] == b.AssignmentForeign[j]
}

// differentAssignments finds the assignments at a place that only one side has.
func (p *pair) differentAssignments(at spot) {
	var i, endI, j, endJ uint32
	if at.old != none {
		i, endI = p.old.e.AssignmentsFrom[at.old], p.old.e.AssignmentsFrom[at.old+1]
	}
	if at.new != none {
		j, endJ = p.new.e.AssignmentsFrom[at.new], p.new.e.AssignmentsFrom[at.new+1]
	}
	for n := i; n < endI; n++ {
		if !contains(j, endJ, func(m uint32) bool { return p.sameAssignment(n, m) }) {
			p.touchAssignment(p.sides()[0], n, at)
		}
	}
	for m := j; m < endJ; m++ {
		if !contains(i, endI, func(n uint32) bool { return p.sameAssignment(n, m) }) {
			p.touchAssignment(p.sides()[1], m, at)
		}
	}
}

// contains says whether something is true of a number from one to before another.
func contains(from, end uint32, is func(uint32) bool) bool {
	for ; from < end; from++ {
		if is(from) {
			return true
		}
	}
	return false
}

func (p *pair) touchAssignment(s side, n uint32, at spot) {
	node := at.new
	if s.isBefore {
		node = at.old
	}
	f := fact{kind: assignmentFact, side: s.number(), state: s.e.AssignmentForeign[n], a: int32(s.e.AssignmentRole[n]), b: int32(node), c: int32(s.e.AssignmentPrincipal[n])}
	p.touchAll(s, s.acting(s.e.AssignmentPrincipal[n]), area{spots: []spot{at}}, f)
}

// differentNodes are, by side, the places that are new or gone where that says
// something by itself - a subscription of which the other side knows nothing - and
// places that lie elsewhere in the tree.
func (p *pair) differentNodes() (list [2][]estate.Node) {
	for i, s := range p.sides() {
		to, other, back := p.toNew.nodes, p.new, p.toOld.nodes
		if !s.isBefore {
			to, other, back = p.toOld.nodes, p.old, p.toNew.nodes
		}
		for n, kind := range s.e.NodeType {
			if kind >= estate.TypeResourceGroup {
				continue
			}
			node, also := estate.Node(n), to[n]
			if also == none || !s.sameParent(other, node, also, back) || !p.sameOwner(s, other, node, also) {
				list[i] = append(list[i], node)
			}
		}
	}
	return list
}

// nodeRows notes whom places touch that are new, gone, or elsewhere.
func (p *pair) nodeRows(list [2][]estate.Node) {
	for i, s := range p.sides() {
		for _, node := range list[i] {
			at := s.spot(node)
			p.moved = append(p.moved, at)
			gone := flag(at.old == none || at.new == none)
			p.touchHolders(s, node, area{spots: []spot{at}}, fact{kind: nodeFact, side: s.number(), state: gone, a: p.nodeNumber(s, node)})
		}
	}
}

func (s side) sameParent(other *world, node, also estate.Node, back []estate.Node) bool {
	up := other.e.NodeParent[also]
	if up != none {
		up = back[up]
	}
	return up == s.e.NodeParent[node]
}

// sameOwner says whether a place is of the same tenant on both sides.
func (p *pair) sameOwner(s side, other *world, node, also estate.Node) bool {
	t, u := s.e.NodeTenant[node], other.e.NodeTenant[also]
	if t == none || u == none {
		return t == u
	}
	return s.e.TenantID[t] == other.e.TenantID[u]
}

// touchHolders notes that everybody who holds anything at, above or below a place
// is touched in the area.
func (p *pair) touchHolders(s side, node estate.Node, a area, f fact) {
	var who []estate.Principal
	for up := s.e.NodeParent[node]; up != none; up = s.e.NodeParent[up] {
		who = append(who, s.holdersIn(up, up)...)
	}
	who = append(who, s.holdersIn(node, s.e.NodeLast[node])...)
	slices.Sort(who)
	var accounts []estate.Principal
	for _, holder := range slices.Compact(who) {
		accounts = append(accounts, s.acting(holder)...)
	}
	slices.Sort(accounts)
	p.touchAll(s, slices.Compact(accounts), a, f)
}

// holdersIn are the principals that have a role at the places from first to last.
func (s side) holdersIn(first, last estate.Node) []estate.Principal {
	who := slices.Clone(s.e.AssignmentPrincipal[s.e.AssignmentsFrom[first]:s.e.AssignmentsFrom[last+1]])
	for _, l := range s.e.Lighthouses {
		if first <= l.Node && l.Node <= last {
			who = append(who, l.Principal)
		}
	}
	return who
}

// roleRows finds Azure roles that allow something else now (R31). What they allow
// is compared as text: a role in other words is a touch and may be no change.
func (p *pair) roleRows() {
	changed := map[estate.Role]bool{} // by the old number
	for n, to := range p.toNew.roles {
		if to != none && (p.old.e.RoleListed[n] != p.new.e.RoleListed[to] || p.old.e.Roles[n].Content() != p.new.e.Roles[to].Content()) {
			changed[estate.Role(n)] = true
		}
	}
	if len(changed) == 0 {
		return
	}
	for _, s := range p.sides() {
		is := func(r estate.Role) bool {
			if !s.isBefore {
				r = p.toOld.roles[r]
			}
			return changed[r]
		}
		for i, role := range s.e.AssignmentRole {
			if is(role) {
				at := s.spot(s.e.AssignmentNode(uint32(i)))
				p.touchAll(s, s.acting(s.e.AssignmentPrincipal[i]), area{spots: []spot{at}}, p.roleFact(s, role))
			}
		}
		for _, l := range s.e.Lighthouses {
			if is(l.Role) {
				p.touchAll(s, s.acting(l.Principal), area{spots: []spot{s.spot(l.Node)}}, p.roleFact(s, l.Role))
			}
		}
	}
}

func (p *pair) roleFact(s side, role estate.Role) fact {
	return fact{kind: roleFact, a: p.roleNumber(s, role)}
}

// directoryRows compares who holds directory roles, and what those allow.
func (p *pair) directoryRows() {
	type row struct {
		who    csp.ObjectID
		tenant csp.TenantID
		role   csp.DirectoryRoleID
	}
	var rows [2]map[row]term
	for i, s := range p.sides() {
		rows[i] = map[row]term{}
		for _, d := range s.e.DirectoryAssignments {
			r := row{s.e.PrincipalID[d.Principal], s.e.TenantID[d.Tenant], s.e.DirectoryRoles[d.Role].ID}
			rows[i][r] = max(rows[i][r], s.term(d.Term))
		}
	}
	for _, s := range p.sides() {
		for _, d := range s.e.DirectoryAssignments {
			r := row{s.e.PrincipalID[d.Principal], s.e.TenantID[d.Tenant], s.e.DirectoryRoles[d.Role].ID}
			if rows[0][r] != rows[1][r] {
				f := fact{kind: directoryFact, state: uint8(rows[1][r]), a: p.directoryRoleNumber(s, d.Role), b: p.tenantNumber(s, d.Tenant), c: p.principal(s, d.Principal)}
				p.touchAll(s, s.acting(d.Principal), area{directories: []tenant{s.tenant(d.Tenant)}}, f)
			}
		}
	}
	for n, to := range p.toNew.directory {
		role := p.old.e.DirectoryRoles[n]
		if to == none && isOfAgents(role.ID) ||
			to != none && (p.old.e.DirectoryListed[n] != p.new.e.DirectoryListed[to] || !slices.Equal(role.Actions, p.new.e.DirectoryRoles[to].Actions)) {
			p.touchDirectoryRole(role.ID, fact{kind: directoryRoleFact, a: p.directoryRoleNumber(p.sides()[0], estate.DirectoryRole(n))})
		}
	}
	for n, from := range p.toOld.directory {
		if role := p.new.e.DirectoryRoles[n]; from == none && isOfAgents(role.ID) {
			p.touchDirectoryRole(role.ID, fact{kind: directoryRoleFact, a: int32(n)})
		}
	}
}

// isOfAgents says whether DAP gives the role, which then no row need name: it
// counts also where only one side lists it (R10).
func isOfAgents(role csp.DirectoryRoleID) bool {
	return role == globalAdministrator || role == helpdeskAdministrator
}

// touchDirectoryRole notes that everybody who has a directory role is touched in
// the directories where he has it.
func (p *pair) touchDirectoryRole(id csp.DirectoryRoleID, f fact) {
	for _, s := range p.sides() {
		for _, d := range s.e.DirectoryAssignments {
			if s.e.DirectoryRoles[d.Role].ID == id {
				p.touchAll(s, s.acting(d.Principal), area{directories: []tenant{s.tenant(d.Tenant)}}, f)
			}
		}
		for group, customers := range s.opened { // by GDAP and DAP, whatever the role
			for _, t := range customers {
				p.touchAll(s, s.acting(group), area{directories: []tenant{s.tenant(t)}}, f)
			}
		}
	}
}
