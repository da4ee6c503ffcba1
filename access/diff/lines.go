package diff

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// lines puts changes together that several people share, and says them.
func (p *pair) lines(found []change, otherwise int) Result {
	groups := map[string]int{}
	var shared [][]change
	accounts := map[csp.ObjectID]bool{}
	for _, c := range found {
		accounts[c.who] = true
		key := fmt.Sprint(c.key(), c.members(), c.causes, c.table == &p.kinds.azure)
		n, known := groups[key]
		if !known {
			n = len(shared)
			groups[key] = n
			shared = append(shared, nil)
		}
		shared[n] = append(shared[n], c)
	}
	r := Result{Accounts: len(accounts)}
	for _, same := range shared {
		r.Lines = append(r.Lines, p.line(same))
	}
	slices.SortStableFunc(r.Lines, compareLines)
	for i := range r.Lines[:min(otherwise, len(r.Lines))] {
		p.otherwise(&r.Lines[i])
	}
	return r
}

// otherwise finds the verdict beside Has, of the first person in the first place.
func (p *pair) otherwise(l *Line) {
	side, verdict := 1, &l.After
	if l.After == access.Has {
		side, verdict = 0, &l.Before
	}
	c := comparison{p: p, became: true}
	*verdict = c.verdict(p.view(side, l.Who[0].ID), l.Actions[0].Action, l.Spans[0].Place)
}

// compareLines puts losses before gains, then what concerns more places first.
func compareLines(a, b Line) int {
	if a.Gained() != b.Gained() {
		if b.Gained() {
			return -1
		}
		return 1
	}
	c := cmp.Or(
		cmp.Compare(b.Count.Tenants, a.Count.Tenants),
		cmp.Compare(b.Count.Subscriptions, a.Count.Subscriptions),
		cmp.Compare(b.Count.Places, a.Count.Places),
		cmp.Compare(len(b.Who), len(a.Who)),
		strings.Compare(a.Who[0].Name, b.Who[0].Name),
		a.Who[0].ID.Compare(b.Who[0].ID),
		cmp.Compare(len(b.Actions), len(a.Actions)),
	)
	if c != 0 {
		return c
	}
	return strings.Compare(fmt.Sprint(a.Roles, a.Actions, a.Spans), fmt.Sprint(b.Roles, b.Actions, b.Spans))
}

// members are the candidates of all kinds of the change, sorted.
func (c change) members() []int {
	var list []int
	for _, k := range c.kinds {
		list = append(list, k.members...)
	}
	return sorted(list)
}

func (p *pair) line(same []change) Line {
	c := same[0]
	l := Line{Before: c.before, After: c.after, Roles: c.roles(), Actions: c.actions()}
	if l.Roles == nil {
		l.PartOf = c.partOf()
	}
	for _, n := range c.members() {
		l.all = append(l.all, c.table.candidates[n])
	}
	for _, one := range same {
		l.Who = append(l.Who, p.person(one.who))
	}
	slices.SortFunc(l.Who, func(a, b Person) int { return cmp.Or(strings.Compare(a.Name, b.Name), a.ID.Compare(b.ID)) })
	p.placeLine(&l, c)
	for _, n := range c.causes {
		l.Because = append(l.Because, p.causes[n])
	}
	return l
}

// placeLine fills in where the change is.
func (p *pair) placeLine(l *Line, c change) {
	tenants := map[string]bool{}
	for _, at := range c.directories {
		l.Spans = append(l.Spans, Span{Place: access.DirectoryOf(p.tenantID(at)), Label: "the directory of " + p.tenantLabel(at)})
		tenants[p.tenantLabel(at)] = true
		l.Count.Tenants++
	}
	for _, r := range c.spans {
		l.Spans = append(l.Spans, p.span(r))
		p.count(&l.Count, r)
		tenants[p.ownerLabel(r.at)] = true
	}
	for name := range tenants {
		l.Tenants = append(l.Tenants, name)
	}
	slices.Sort(l.Tenants)
	if len(c.spans) > 0 {
		l.Count.Tenants = len(tenants)
	}
}

// on are the actions of the change as bits.
func (c change) on() []uint64 {
	on := make([]uint64, len(c.table.candidates)/64+1)
	for _, i := range c.members() {
		on[i/64] |= 1 << (i % 64)
	}
	return on
}

// partOf is the smallest role with all actions of the change, of those that the
// account has; empty if there is none.
func (c change) partOf() string {
	on, best, least := c.on(), "", 0
	for _, u := range c.units {
		size := 0
		for _, word := range c.table.bits(u) {
			size += bits.OnesCount64(word)
		}
		name := naming.Clean(c.table.units[u].name)
		if name != "" && isWithin(on, c.table.bits(u)) && (best == "" || size < least || size == least && name < best) {
			best, least = name, size
		}
	}
	return best
}

// roles are the roles of which everything changed, without those that others of
// them contain.
func (c change) roles() []string {
	on := c.on()
	var whole []int
	for _, u := range c.units {
		if all := c.table.bits(u); c.table.units[u].name != "" && !isEmpty(all) && isWithin(all, on) {
			whole = append(whole, u)
		}
	}
	var names []string
	for _, u := range whole {
		inOther := slices.ContainsFunc(whole, func(v int) bool {
			return isWithin(c.table.bits(u), c.table.bits(v)) && !isWithin(c.table.bits(v), c.table.bits(u))
		})
		if !inOther {
			names = append(names, naming.Clean(c.table.units[u].name))
		}
	}
	// What is left must be of these roles, or they do not tell all.
	for _, u := range whole {
		for i, word := range c.table.bits(u) {
			on[i] &^= word
		}
	}
	if !isEmpty(on) {
		return nil
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func isEmpty(set []uint64) bool {
	return !slices.ContainsFunc(set, func(word uint64) bool { return word != 0 })
}

func isWithin(part, whole []uint64) bool {
	for i, word := range part {
		if word&^whole[i] != 0 {
			return false
		}
	}
	return true
}

// actions are one action of each kind, those that people know first.
func (c change) actions() []Action {
	first := make([]int, len(c.kinds))
	for i, k := range c.kinds {
		first[i] = k.members[0]
	}
	slices.Sort(first)
	list := make([]Action, len(first))
	for i, n := range first {
		list[i] = c.table.candidates[n]
	}
	return list
}

func (p *pair) person(id csp.ObjectID) Person {
	w, n := p.there(id)
	return Person{ID: id, Name: w.nameOf(n), Tenant: w.tenantName(w.e.PrincipalTenant[n])}
}

// nameOf is what people call a principal.
func (w *world) nameOf(n estate.Principal) string {
	if name := naming.Clean(w.e.PrincipalName.At(int(n))); name != "" {
		return name
	}
	return w.e.PrincipalID[n].String()
}

// tenantName is what people call a tenant.
func (w *world) tenantName(t estate.Tenant) string {
	if t == none {
		return "an unknown tenant"
	}
	if name := naming.Clean(w.e.TenantName.At(int(t))); name != "" {
		return name
	}
	return w.e.TenantID[t].String()
}

func (p *pair) tenantLabel(at tenant) string {
	if at.new != none {
		return p.new.tenantName(at.new)
	}
	return p.old.tenantName(at.old)
}

// here is the side that knows a place, the new one if both do, and its number there.
func (p *pair) here(at spot) (*world, estate.Node) {
	if at.new != none {
		return p.new, at.new
	}
	return p.old, at.old
}

func (p *pair) ownerLabel(at spot) string {
	w, n := p.here(at)
	return w.tenantName(w.e.NodeTenant[n])
}

func (p *pair) span(r region) Span {
	w, n := p.here(r.at)
	s := Span{Place: w.placeOf(n), Label: w.names.PlaceLabel(n)}
	for _, at := range r.except {
		s.Except = append(s.Except, p.span(region{at: at}))
	}
	return s
}

// count adds the known places of a region.
func (p *pair) count(c *access.Count, r region) {
	add := func(at spot, sign int) {
		w, n := p.here(at)
		c.Places += sign * int(w.e.NodeLast[n]-n+1)
		c.Subscriptions += sign * w.subscriptionsIn(n)
	}
	add(r.at, 1)
	for _, at := range r.except {
		add(at, -1)
	}
}

// subscriptionsIn is how many subscriptions are at or below a place; a place
// inside a subscription is in none.
func (w *world) subscriptionsIn(n estate.Node) int {
	switch w.e.NodeType[n] {
	case estate.TypeSubscription:
		return 1
	case estate.TypeRoot, estate.TypeManagementGroup:
		count := 0
		for m := n; m <= w.e.NodeLast[n]; {
			if w.e.NodeType[m] == estate.TypeSubscription {
				count++
				m = w.e.NodeLast[m] + 1
			} else {
				m++
			}
		}
		return count
	}
	return 0
}
