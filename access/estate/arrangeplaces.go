package estate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/access/estate/internal/lookup"
)

// arrangePlaces numbers the places in pre-order: each tenant's root, below it
// management groups and subscriptions, and so on down.
func (b *Builder) arrangePlaces(c *Columns, to *order) error {
	p := b.places
	if err := b.refuseCircles(); err != nil {
		return err
	}
	kinds := p.arrangeKinds(c)
	parent := p.parents()
	first, children := p.children(parent, kinds)

	order := make([]int32, 0, len(parent))
	var stack []int32
	visit := func(n int32) {
		for stack = append(stack, n); len(stack) > 0; {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			order = append(order, n)
			for i := first[n+1]; i > first[n]; i-- {
				stack = append(stack, children[i-1])
			}
		}
	}
	for _, tenant := range inverse(to.tenant) {
		c.TenantRoot = append(c.TenantRoot, Node(len(order)))
		visit(p.rootOf[tenant])
	}
	for _, n := range p.ofNobody(parent) {
		visit(n)
	}
	to.node = inverse(order)
	p.fill(c, to, order, parent, kinds)
	return nil
}

// refuseCircles refuses management groups that lie in themselves.
func (b *Builder) refuseCircles() error {
	p := b.places
	fine := make(map[int32]bool, len(p.group)) // false: on the way
	for _, n := range slices.Sorted(maps.Keys(p.group)) {
		var way []int32
		for placed := true; placed; n, placed = p.groupOf(n) {
			known, met := fine[n]
			if met && !known {
				return b.circleError(way[slices.Index(way, n):])
			}
			if met {
				break
			}
			fine[n] = false
			way = append(way, n)
		}
		for _, n := range way {
			fine[n] = true
		}
	}
	return nil
}

func (p *places) groupOf(n int32) (group int32, ok bool) {
	group, ok = p.group[n]
	return group, ok
}

func (b *Builder) circleError(way []int32) error {
	var names []string
	for _, n := range append(way, way[0]) {
		names = append(names, b.places.name.At(int(n)))
	}
	return fmt.Errorf("management groups of tenant %s lie in each other in a circle: %s", b.tenantOf(b.places.tenant[b.places.parent[way[0]]]), strings.Join(names, " in "))
}

// arrangeKinds sorts the types of resources, and says where each came to stand.
func (p *places) arrangeKinds(c *Columns) (kinds []int32) {
	resources := identity(len(p.kindName))[firstResourceType:]
	slices.SortFunc(resources, func(a, b int32) int {
		return lookup.CompareFold([]byte(p.kindName[a]), []byte(p.kindName[b]))
	})
	order := append(identity(int(firstResourceType)), resources...)
	c.TypeName = makeStrings(len(order))
	for _, kind := range order {
		c.TypeName.add(p.kindName[kind])
	}
	return inverse(order)
}

// parents are the places that places lie in, by facts where the text does not say.
func (p *places) parents() []int32 {
	parent := slices.Clone(p.parent)
	for n, tenant := range p.tenant {
		if p.kind[n] == TypeSubscription {
			parent[n] = p.rootOf[tenant]
		}
	}
	for n, group := range p.group {
		parent[n] = group
	}
	return parent
}

// children are the places in each place: children[first[n]:first[n+1]], in order
// of type and name.
func (p *places) children(parent, kinds []int32) (first []uint32, children []int32) {
	first = make([]uint32, len(parent)+1)
	for _, up := range parent {
		if up != lookup.None {
			first[up+1]++
		}
	}
	accumulate(first)
	free := slices.Clone(first)
	children = make([]int32, first[len(parent)])
	for n, up := range parent {
		if up != lookup.None {
			children[free[up]] = int32(n)
			free[up]++
		}
	}
	for n := range parent {
		slices.SortFunc(children[first[n]:first[n+1]], func(x, y int32) int {
			if p.kind[x] != p.kind[y] {
				return cmp.Compare(kinds[p.kind[x]], kinds[p.kind[y]])
			}
			return lookup.CompareFold(p.name.Bytes(int(x)), p.name.Bytes(int(y)))
		})
	}
	return first, children
}

// ofNobody are the subscriptions that no fact puts into a tenant, by id.
func (p *places) ofNobody(parent []int32) []int32 {
	var list []int32
	for n, up := range parent {
		if up == lookup.None && p.kind[n] == TypeSubscription {
			list = append(list, int32(n))
		}
	}
	slices.SortFunc(list, func(x, y int32) int { return lookup.CompareFold(p.name.Bytes(int(x)), p.name.Bytes(int(y))) })
	return list
}

// fill writes the columns of places.
func (p *places) fill(c *Columns, to *order, order, parent, kinds []int32) {
	n := len(order)
	c.NodeParent, c.NodeLast, c.NodeTenant, c.NodeType = make([]Node, n), make([]Node, n), make([]Tenant, n), make([]uint16, n)
	c.NodeName = makeStrings(n)
	c.NodeName.Text = make([]byte, 0, len(p.name.Text))
	for i, old := range order {
		c.NodeLast[i] = Node(i)
		c.NodeType[i] = uint16(kinds[p.kind[old]])
		c.NodeName.add(string(p.name.Bytes(int(old))))
		c.NodeParent[i] = renumber[Node](to.node, parent[old])
		switch up := c.NodeParent[i]; {
		case up != None:
			c.NodeTenant[i] = c.NodeTenant[up]
		case c.NodeType[i] == TypeRoot:
			c.NodeTenant[i] = Tenant(to.tenant[p.tenant[old]])
		default:
			c.NodeTenant[i] = None
		}
	}
	for i := n - 1; i >= 0; i-- {
		if up := c.NodeParent[i]; up != None {
			c.NodeLast[up] = max(c.NodeLast[up], c.NodeLast[i])
		}
	}
}
