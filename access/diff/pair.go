package diff

import (
	"bytes"
	"cmp"
	"sync"

	"latchkey/access/estate"
	"latchkey/access/naming"
)

// world is one side with what has been worked out about it.
type world struct {
	Side
	e     *estate.Estate
	names *naming.Names
	// holders caches, by principal, the accounts that act as it.
	holders map[estate.Principal][]estate.Principal

	// By principal: the places where it has projected roles, the tenants that DAP
	// and GDAP let it into, and the places of the denials that name it.
	projected map[estate.Principal][]estate.Node
	opened    map[estate.Principal][]estate.Tenant
	denies    map[estate.Principal][]estate.Node
	// turns are the places at which denials and gaps may make the answer another one
	// than above, and those that lie elsewhere on the other side. In order, once all
	// rows have been gone through.
	turns []estate.Node

	projectedRoles map[estate.Principal][]estate.Role
	// The units of the roles of each principal, once found.
	unitsOf          map[estate.Principal][]int
	directoryUnitsOf map[estate.Principal][]int
}

func newWorld(s Side) *world {
	w := &world{
		Side: s, e: s.Index.Estate, names: naming.New(s.Index.Estate),
		holders:   map[estate.Principal][]estate.Principal{},
		projected: map[estate.Principal][]estate.Node{}, opened: map[estate.Principal][]estate.Tenant{}, denies: map[estate.Principal][]estate.Node{},
		projectedRoles: map[estate.Principal][]estate.Role{}, unitsOf: map[estate.Principal][]int{}, directoryUnitsOf: map[estate.Principal][]int{},
	}
	w.index()
	return w
}

// pair is the two sides with what is the same in both.
type pair struct {
	old, new *world
	each     [2]side // old and new
	// The number on the other side of what has a number on this one; none if it is
	// not there.
	toNew, toOld translation

	// What rows that differ touch, as they come.
	places      []placeTouch
	directories []directoryTouch
	facts       []fact
	factNumber  map[fact]int32
	moved       []spot // subscriptions and management groups that are elsewhere, or on one side only
	kinds       *kinds
}

// translation has the numbers of the other side.
type translation struct {
	tenants    []estate.Tenant
	principals []estate.Principal
	nodes      []estate.Node
	roles      []estate.Role
	directory  []estate.DirectoryRole
}

func newPair(before, after Side) *pair {
	p := &pair{old: newWorld(before), new: newWorld(after), factNumber: map[fact]int32{}}
	p.each = [2]side{{p.old, p.oldSpot, p.oldTenant, true}, {p.new, p.newSpot, p.newTenant, false}}
	a, b := p.old.e, p.new.e
	p.toNew.tenants, p.toOld.tenants = match[estate.Tenant](len(a.TenantID), len(b.TenantID), func(i, j int) int { return a.TenantID[i].Compare(b.TenantID[j]) })
	p.toNew.roles, p.toOld.roles = match[estate.Role](len(a.Roles), len(b.Roles), func(i, j int) int { return a.Roles[i].ID.Compare(b.Roles[j].ID) })
	p.toNew.directory, p.toOld.directory = match[estate.DirectoryRole](len(a.DirectoryRoles), len(b.DirectoryRoles), func(i, j int) int {
		return a.DirectoryRoles[i].ID.Compare(b.DirectoryRoles[j].ID)
	})
	var wait sync.WaitGroup
	wait.Go(p.matchNodes)
	p.matchPrincipals()
	p.kinds = newKinds(p)
	wait.Wait()
	return p
}

// common is one number for what both sides have: the number on the new side, or
// behind all of those the number on the old side of what only that has.
func common[T ~int32](isBefore bool, n T, toNew []T, news int) int32 {
	switch {
	case n == none || !isBefore:
		return int32(n)
	case toNew[n] != none:
		return int32(toNew[n])
	}
	return int32(news) + int32(n)
}

func (p *pair) principal(s side, n estate.Principal) int32 {
	return common(s.isBefore, n, p.toNew.principals, len(p.new.e.PrincipalID))
}

func (p *pair) tenantNumber(s side, n estate.Tenant) int32 {
	return common(s.isBefore, n, p.toNew.tenants, len(p.new.e.TenantID))
}

func (p *pair) roleNumber(s side, n estate.Role) int32 {
	return common(s.isBefore, n, p.toNew.roles, len(p.new.e.Roles))
}

func (p *pair) directoryRoleNumber(s side, n estate.DirectoryRole) int32 {
	return common(s.isBefore, n, p.toNew.directory, len(p.new.e.DirectoryRoles))
}

func (p *pair) nodeNumber(s side, n estate.Node) int32 {
	return common(s.isBefore, n, p.toNew.nodes, len(p.new.e.NodeParent))
}

// whose is the side that a common number is told by, and the number there.
func (p *pair) whose(n int32, news int) (side, int32) {
	if int(n) < news {
		return p.sides()[1], n
	}
	return p.sides()[0], n - int32(news)
}

// account is an account by its common number, on both sides; none where it is not.
func (p *pair) account(n int32) both {
	if s, m := p.whose(n, len(p.new.e.PrincipalID)); s.isBefore {
		return both{estate.Principal(m), none}
	}
	return both{p.toOld.principals[n], estate.Principal(n)}
}

// match lays two sorted lists side by side.
func match[T ~int32](n, m int, compare func(i, j int) int) (to, back []T) {
	to, back = nobody[T](n), nobody[T](m)
	for i, j := 0, 0; i < n && j < m; {
		switch c := compare(i, j); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			to[i], back[j] = T(j), T(i)
			i, j = i+1, j+1
		}
	}
	return to, back
}

// nobody is a list of as many numbers of nothing.
func nobody[T ~int32](n int) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = none
	}
	return list
}

// matchPrincipals goes through both lists tenant by tenant, and looks for those
// that changed their tenant by their id.
func (p *pair) matchPrincipals() {
	a, b := p.old.e, p.new.e
	p.toNew.principals, p.toOld.principals = match[estate.Principal](len(a.PrincipalID), len(b.PrincipalID), func(i, j int) int {
		return cmp.Or(cmp.Compare(p.tenantOrder(a, i, p.toNew.tenants), p.tenantOrder(b, j, nil)), a.PrincipalID[i].Compare(b.PrincipalID[j]))
	})
	for i, j := range p.toNew.principals {
		if j != none {
			continue
		}
		if found, ok := b.FindPrincipal(a.PrincipalID[i]); ok {
			p.toNew.principals[i], p.toOld.principals[found] = found, estate.Principal(i)
		}
	}
}

// tenantOrder is by what the principals of both sides are sorted: the number of
// their tenant on the new side. One that is not there stands where it would.
func (p *pair) tenantOrder(e *estate.Estate, i int, to []estate.Tenant) int64 {
	t := e.PrincipalTenant[i]
	switch {
	case t == none:
		return 1 << 40
	case to == nil:
		return int64(t) << 1
	case to[t] != none:
		return int64(to[t]) << 1
	}
	return int64(p.tenantRank(t))<<1 - 1
}

// tenantRank is where an old tenant that is gone would stand on the new side.
func (p *pair) tenantRank(t estate.Tenant) int {
	for ; int(t) < len(p.toNew.tenants); t++ {
		if p.toNew.tenants[t] != none {
			return int(p.toNew.tenants[t])
		}
	}
	return len(p.new.e.TenantID)
}

// matchNodes walks down both trees at once. Siblings stand in the same order on
// both sides. What lies elsewhere now - subscriptions and management groups can be
// moved - is looked for by its scope.
func (p *pair) matchNodes() {
	a, b := p.old.e, p.new.e
	p.toNew.nodes, p.toOld.nodes = nobody[estate.Node](len(a.NodeParent)), nobody[estate.Node](len(b.NodeParent))
	types := p.matchTypes()
	half := 0 // of the places
	for half < len(a.TenantRoot) && int(a.TenantRoot[half]) < len(a.NodeParent)/2 {
		half++
	}
	trees := func(from, to int) {
		for t := from; t < to; t++ {
			if also := p.toNew.tenants[t]; also != none {
				p.matchBelow(a.TenantRoot[t], b.TenantRoot[also], types)
			}
		}
	}
	var wait sync.WaitGroup
	wait.Go(func() { trees(0, half) })
	trees(half, len(a.TenantRoot))
	wait.Wait()
	for n := range a.NodeParent {
		node := estate.Node(n)
		if p.toNew.nodes[n] != none || a.NodeType[n] != estate.TypeSubscription && a.NodeType[n] != estate.TypeManagementGroup {
			continue
		}
		tenant := estate.Tenant(none)
		if t := a.NodeTenant[n]; t != none {
			tenant = p.toNew.tenants[t]
		}
		if a.NodeType[n] == estate.TypeSubscription {
			tenant = none
		} else if tenant == none {
			continue
		}
		if found, exact := b.FindNode(tenant, a.Scope(node).String()); exact && p.toOld.nodes[found] == none {
			p.matchBelow(node, found, types)
		}
	}
}

// matchTypes has the new numbers of the old types, in the order of both.
func (p *pair) matchTypes() []int {
	a, b := p.old.e.TypeName, p.new.e.TypeName
	byName := make(map[string]int, b.Len())
	for i := int(estate.TypeResourceGroup) + 1; i < b.Len(); i++ {
		byName[fold(b.Bytes(i))] = i
	}
	types := make([]int, a.Len())
	for i := range types {
		types[i] = i
		if i > int(estate.TypeResourceGroup) {
			to, ok := byName[fold(a.Bytes(i))]
			if !ok {
				to = -1
			}
			types[i] = to
		}
	}
	return types
}

func fold(text []byte) string { return string(bytes.ToLower(text)) }

// matchBelow matches two nodes that are the same place, and what lies below them.
func (p *pair) matchBelow(x, y estate.Node, types []int) {
	a, b := p.old.e, p.new.e
	p.toNew.nodes[x], p.toOld.nodes[y] = y, x
	i, j := x+1, y+1
	for i <= a.NodeLast[x] && j <= b.NodeLast[y] {
		to := types[a.NodeType[i]]
		c := cmp.Compare(to, int(b.NodeType[j]))
		if c == 0 {
			c = compareFold(a.NodeName.Bytes(int(i)), b.NodeName.Bytes(int(j)))
		}
		switch {
		case c < 0:
			i = a.NodeLast[i] + 1
		case c > 0:
			j = b.NodeLast[j] + 1
		default:
			nextA, nextB := a.NodeLast[i]+1, b.NodeLast[j]+1
			p.matchBelow(i, j, types)
			i, j = nextA, nextB
		}
	}
}

// compareFold compares two texts without regard to the case of ASCII letters.
func compareFold(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// spot is a place on both sides; none where it is not known.
type spot struct{ old, new estate.Node }

func (p *pair) oldSpot(n estate.Node) spot { return spot{n, p.toNew.nodes[n]} }
func (p *pair) newSpot(n estate.Node) spot { return spot{p.toOld.nodes[n], n} }

// tenant is a tenant on both sides.
type tenant struct{ old, new estate.Tenant }

func (p *pair) oldTenant(t estate.Tenant) tenant { return tenant{t, p.toNew.tenants[t]} }
func (p *pair) newTenant(t estate.Tenant) tenant { return tenant{p.toOld.tenants[t], t} }

// side is one of the two worlds, with how to get from its numbers to both.
type side struct {
	*world
	spot     func(estate.Node) spot
	tenant   func(estate.Tenant) tenant
	isBefore bool
}

func (p *pair) sides() [2]side { return p.each }
