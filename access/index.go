package access

import (
	"slices"

	"latchkey/access/condition"
	"latchkey/access/estate"
	"latchkey/access/pattern"
	"latchkey/csp"
)

// Index is a set of facts, arranged for asking. It is never changed once
// compiled, so any number of goroutines may ask it at once.
type Index struct {
	*estate.Estate

	roles      [][]entry  // by role
	directory  [][]string // by directory role: its actions, folded
	powers     []powers   // by directory role
	conditions []*condition.Condition
	denials    []denial // as Estate.Denials

	// foreignAt has the foreign groups, with the tenants in which they are assigned.
	foreignAt []holderIn

	// leads has, by tenant, the other tenants from which one can come into it.
	leads [][]estate.Tenant
	// gaps says, by tenant, whether something was not collected there.
	gaps []bool

	quick quick
	rows  rows
}

// Compile arranges facts. It fails as estate.Builder.Build does, on facts that
// contradict each other or name nothing.
func Compile(f csp.Facts) (*Index, error) {
	b := estate.NewBuilder()
	b.Add(f)
	e, err := b.Build()
	if err != nil {
		return nil, err
	}
	return New(e), nil
}

// New arranges an estate for asking.
func New(e *estate.Estate) *Index {
	x := &Index{
		Estate:     e,
		roles:      make([][]entry, len(e.Roles)),
		directory:  make([][]string, len(e.DirectoryRoles)),
		powers:     make([]powers, len(e.DirectoryRoles)),
		conditions: make([]*condition.Condition, e.Conditions.Len()),
		denials:    make([]denial, len(e.Denials)),
		leads:      make([][]estate.Tenant, len(e.TenantID)),
		gaps:       make([]bool, len(e.TenantID)),
	}
	for n, role := range e.Roles {
		x.roles[n] = entriesOf(role.Permissions)
	}
	for n, role := range e.DirectoryRoles {
		x.directory[n] = pattern.FoldAll(role.Actions)
		if e.DirectoryListed[n] == 0 {
			x.directory[n] = published()[role.ID]
		}
	}
	for n := range e.DirectoryRoles {
		x.powers[n] = powersOf(e.DirectoryRoles[n].ID, x.directory[n])
	}
	for n := 1; n < len(x.conditions); n++ {
		c := condition.Parse(e.Conditions.At(n))
		x.conditions[n] = &c
	}
	for n, d := range e.Denials {
		x.denials[n] = denial{Denial: d, entries: entriesOf(d.Permissions)}
	}
	for _, g := range e.Gaps {
		if g.Tenant != estate.None {
			x.gaps[g.Tenant] = true
		}
	}
	x.findForeign()
	x.findLeads()
	x.makeQuick()
	return x
}

// findForeign notes where foreign groups are assigned (R21).
func (x *Index) findForeign() {
	for i, foreign := range x.AssignmentForeign {
		if foreign != 0 {
			x.foreignAt = append(x.foreignAt, holderIn{x.AssignmentPrincipal[i], x.NodeTenant[x.AssignmentNode(uint32(i))]})
		}
	}
}

// heldIn yields the assignments of a holder in a part of the tree, and their nodes.
func (x *Index) heldIn(holder estate.Principal, from, to estate.Node) func(func(uint32, estate.Node) bool) {
	return func(yield func(uint32, estate.Node) bool) {
		first, last := x.HeldFrom[holder], x.HeldFrom[holder+1]
		nodes := x.HeldNode[first:last]
		j, _ := slices.BinarySearch(nodes, from)
		for j < len(nodes) && nodes[j] <= to && yield(x.Held[int(first)+j], nodes[j]) {
			j++
		}
	}
}

// heldInTenant yields the assignments of a holder in a tenant.
func (x *Index) heldInTenant(holder estate.Principal, t estate.Tenant) func(func(uint32, estate.Node) bool) {
	root := x.TenantRoot[t]
	return x.heldIn(holder, root, x.NodeLast[root])
}

// findLeads collects the tenants from which somebody can come into another: the
// homes of its guests, its partners, whoever manages it by Lighthouse, and the
// homes of groups that are assigned as foreign groups.
func (x *Index) findLeads() {
	lead := func(from, to estate.Tenant) {
		if from != estate.None && to != estate.None && from != to && !slices.Contains(x.leads[to], from) {
			x.leads[to] = append(x.leads[to], from)
		}
	}
	for p, home := range x.PrincipalHomeIn {
		lead(home, x.PrincipalTenant[p])
	}
	for _, list := range [][]estate.Relationship{x.Resellers, x.DAPs} {
		for _, r := range list {
			lead(r.Partner, r.Customer)
		}
	}
	for _, g := range x.GDAPs {
		lead(g.Partner, g.Customer)
	}
	for _, l := range x.Lighthouses {
		lead(l.Manager, x.NodeTenant[l.Node])
		lead(x.PrincipalTenant[l.Principal], x.NodeTenant[l.Node])
	}
	for _, f := range x.foreignAt {
		lead(x.PrincipalTenant[f.holder], f.tenant)
	}
	for _, list := range x.leads {
		slices.Sort(list)
	}
}

// leading are all tenants from which somebody can come into a tenant, by however
// many others, itself among them.
func (x *Index) leading(to estate.Tenant) []estate.Tenant {
	list := []estate.Tenant{to}
	for next := 0; next < len(list); next++ {
		for _, from := range x.leads[list[next]] {
			if !slices.Contains(list, from) {
				list = append(list, from)
			}
		}
	}
	return list
}

func (x *Index) condition(n estate.ConditionNo) *condition.Condition { return x.conditions[n] }
