package access

import (
	"cmp"
	"slices"

	"latchkey/access/estate"
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
