package diff

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// units are those of the roles that an account has on either side, by which lines
// name what changed.
func (p *pair) units(t *kindTable, b both) []int {
	of := p.kinds.unitsHeld
	if t == &p.kinds.directory {
		of = p.kinds.directoryUnits
	}
	var units []int
	if b.old != none {
		units = of(0, p.old, b.old)
	}
	if b.new != none {
		units = append(units, of(1, p.new, b.new)...)
	}
	return sorted(units)
}

// shared is one change of several accounts.
type shared struct {
	change
	who   []int32 // by name
	count access.Count
	name  []byte  // of the first
	next  *shared // with the same hash
}

// lines puts changes together that several people share, and says them. units
// names what an account has of a kind.
func (p *pair) lines(found []change, accounts int, options Options, units func(*kindTable, both) []int) Result {
	all := p.share(found)
	eachPart(len(all), perWorker, func() func(int, int) {
		return func(from, to int) {
			for _, one := range all[from:to] {
				p.measure(one)
			}
		}
	})
	list := p.weightiest(all, options.Lines)
	named := p.unitsOfAll(list, units)
	r := Result{Accounts: accounts, More: len(all) - len(list)}
	r.Lines = slices.Grow(r.Lines, len(list))[:len(list)]
	eachPart(len(list), linesAtOnce, func() func(int, int) {
		return func(from, to int) {
			for i, one := range list[from:to] {
				r.Lines[from+i] = p.line(one, named[from+i], options.examples())
			}
		}
	})
	for i := range r.Lines[:min(options.Otherwise, len(r.Lines))] {
		p.otherwise(&r.Lines[i])
	}
	return r
}

// linesAtOnce is how many lines a goroutine takes at a time.
const linesAtOnce = 16

// weightiest are the first of all in order; most is how many, 0: all.
func (p *pair) weightiest(all []*shared, most int) []*shared {
	if most <= 0 || most >= len(all) {
		slices.SortFunc(all, p.compareShared)
		return all
	}
	var last *shared // so many are weightier that nothing behind it counts
	best := make([]*shared, 0, 2*most)
	for _, one := range all {
		if last != nil && p.compareShared(last, one) < 0 {
			continue
		}
		best = append(best, one)
		if len(best) == cap(best) {
			slices.SortFunc(best, p.compareShared)
			best, last = best[:most], best[most-1]
		}
	}
	slices.SortFunc(best, p.compareShared)
	return best[:most]
}

// unitsOfAll names the units for each of several lines. Many are about the same
// account.
func (p *pair) unitsOfAll(list []*shared, units func(*kindTable, both) []int) [][]int {
	type key struct {
		table   *kindTable
		account int32
	}
	found := map[key][]int{}
	named := make([][]int, len(list))
	for i, one := range list {
		one.actions() // now, since it is no work for several goroutines
		of := key{one.table, one.who[0]}
		known, is := found[of]
		if !is {
			known = units(one.table, p.account(of.account))
			found[of] = known
		}
		named[i] = known
	}
	return named
}

// examples is how many of a kind a line names.
func (o Options) examples() int {
	if o.Examples <= 0 {
		return math.MaxInt
	}
	return o.Examples
}

// share puts the changes together that differ in nothing but whose they are.
func (p *pair) share(found []change) []*shared {
	eachPart(len(found), perWorker, func() func(int, int) {
		return func(from, to int) {
			for i := range found[from:to] {
				found[from+i].hash = found[from+i].fold()
			}
		}
	})
	at := make(map[uint64]*shared, len(found)) // the first of those of a hash
	var list []*shared
	for i := range found {
		c := &found[i]
		one := at[c.hash]
		for ; one != nil && !one.isLike(c); one = one.next { // hardly ever more than one
		}
		if one == nil {
			one = &shared{change: *c, next: at[c.hash]}
			list = append(list, one)
			at[c.hash] = one
		}
		one.who = append(one.who, c.account)
	}
	return list
}

// bits are the actions of a change, in the form in which they were compared.
func (c *change) bits() []uint64 {
	if c.kinds == nil {
		return c.set.on
	}
	return c.kinds
}

// fold is a hash of what changed, where, and because of what.
func (c *change) fold() uint64 {
	h := uint64(c.before)<<16 | uint64(c.after)<<8
	add := func(word uint64) { h = bits.RotateLeft64(h^word, 29) * 0x9e3779b97f4a7c15 }
	pair := func(a, b int32) { add(uint64(uint32(a))<<32 | uint64(uint32(b))) }
	for _, word := range c.bits() {
		add(word)
	}
	for _, n := range c.causes {
		add(uint64(uint32(n)))
	}
	for _, d := range c.directories {
		pair(int32(d.old), int32(d.new))
	}
	for _, r := range c.spans {
		pair(int32(r.at.old), int32(r.at.new))
		for _, at := range r.except {
			pair(int32(at.old), int32(at.new))
		}
	}
	return h
}

// isLike says whether two changes are of the same actions, at the same places and
// because of the same facts.
func (c *change) isLike(b *change) bool {
	return c.before == b.before && c.after == b.after && c.table == b.table &&
		slices.Equal(c.bits(), b.bits()) && slices.Equal(c.causes, b.causes) && slices.Equal(c.directories, b.directories) &&
		slices.EqualFunc(c.spans, b.spans, func(a, b region) bool { return a.at == b.at && slices.Equal(a.except, b.except) })
}

// measure finds what the order of lines needs to know.
func (p *pair) measure(s *shared) {
	slices.SortFunc(s.who, p.comparePeople)
	w, first := p.called(s.who[0])
	s.name = w.e.PrincipalName.Bytes(int(first))
	owner, owners := tenant{none, none}, map[tenant]bool(nil)
	for i, r := range s.spans {
		p.count(&s.count, r)
		switch is := p.owner(r.at); {
		case i == 0:
			owner = is
		case is != owner && owners == nil:
			owners = map[tenant]bool{owner: true, is: true}
		case is != owner:
			owners[is] = true
		}
	}
	s.count.Tenants = len(s.directories) + max(len(owners), min(1, len(s.spans)))
}

// comparePeople sorts accounts by name and then by id.
func (p *pair) comparePeople(a, b int32) int {
	x, n := p.called(a)
	y, m := p.called(b)
	return cmp.Or(bytes.Compare(x.e.PrincipalName.Bytes(int(n)), y.e.PrincipalName.Bytes(int(m))), x.e.PrincipalID[n].Compare(y.e.PrincipalID[m]))
}

// owner is the tenant that a place is of.
func (p *pair) owner(at spot) tenant {
	if at.new != none {
		if t := p.new.e.NodeTenant[at.new]; t != none {
			return p.newTenant(t)
		}
		return tenant{none, none}
	}
	if t := p.old.e.NodeTenant[at.old]; t != none {
		return p.oldTenant(t)
	}
	return tenant{none, none}
}

// compareShared puts losses before gains, then what concerns more places first.
func (p *pair) compareShared(a, b *shared) int {
	if gain, other := rank(a.after) > rank(a.before), rank(b.after) > rank(b.before); gain != other {
		if other {
			return -1
		}
		return 1
	}
	first := cmp.Or( // all of cmp.Or's arguments are worked out
		cmp.Compare(b.count.Tenants, a.count.Tenants),
		cmp.Compare(b.count.Subscriptions, a.count.Subscriptions),
		cmp.Compare(b.count.Places, a.count.Places),
		cmp.Compare(len(b.who), len(a.who)),
	)
	if first != 0 {
		return first
	}
	return cmp.Or(
		bytes.Compare(a.name, b.name),
		cmp.Compare(a.who[0], b.who[0]),
		p.compareWhere(a, b),
		slices.Compare(a.actions().members, b.actions().members),
		cmp.Compare(a.before, b.before),
		cmp.Compare(a.after, b.after),
	)
}

func (p *pair) compareWhere(a, b *shared) int {
	return cmp.Or(
		slices.CompareFunc(a.directories, b.directories, compareTenants),
		slices.CompareFunc(a.spans, b.spans, func(a, b region) int { return p.order(a.at, b.at) }),
	)
}

// otherwise finds the verdict beside Has, of the first person in the first place.
func (p *pair) otherwise(l *Line) {
	w, verdict := p.new, &l.After
	if l.After == access.Has {
		w, verdict = p.old, &l.Before
	}
	*verdict = w.verdict(l.Who[0].ID, l.Actions[0].Action, l.Spans[0].Place)
}

func (p *pair) line(s *shared, units []int, examples int) Line {
	c := &s.change
	of := c.actions()
	l := Line{Before: c.before, After: c.after, Roles: c.table.roles(of, units), Count: s.count, People: len(s.who), Places: len(c.spans) + len(c.directories)}
	if l.Roles == nil {
		l.PartOf = c.table.partOf(of, units)
	}
	for _, n := range c.table.firsts(of, units) {
		l.Actions = append(l.Actions, c.table.candidates[n])
	}
	for _, n := range of.members {
		l.all = append(l.all, c.table.candidates[n])
	}
	for _, account := range first(s.who, examples) {
		l.Who = append(l.Who, p.person(account))
	}
	p.placeLine(&l, c, examples)
	for _, n := range c.causes {
		if len(l.Because) == examples {
			break
		}
		if cause := p.say(p.facts[n]); !slices.Contains(l.Because, cause) {
			l.Because = append(l.Because, cause)
		}
	}
	return l
}

func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// placeLine fills in where the change is.
func (p *pair) placeLine(l *Line, c *change, examples int) {
	var tenants []string
	for _, at := range first(c.directories, examples) {
		label := p.tenantLabel(at)
		l.Spans = append(l.Spans, Span{Place: access.DirectoryOf(p.tenantID(at)), Label: "the directory of " + label})
		tenants = append(tenants, label)
	}
	owner := tenant{none, none}
	for i, r := range c.spans {
		if len(l.Spans) < examples {
			l.Spans = append(l.Spans, p.span(r, examples))
		}
		if is := p.owner(r.at); (is != owner || i == 0) && len(tenants) < examples {
			owner = is
			tenants = append(tenants, p.ownerLabel(r.at))
		}
	}
	l.Tenants = sorted(tenants)
}

// partOf is the smallest role with all actions of a set, of the given ones; empty
// if there is none.
func (t *kindTable) partOf(a *actionSet, units []int) string {
	best, least := "", 0
	for _, u := range units {
		size := 0
		for _, word := range t.units[u].on {
			size += bits.OnesCount64(word)
		}
		name := naming.Clean(t.units[u].name)
		if name != "" && isWithin(a.on, t.units[u].on) && (best == "" || size < least || size == least && name < best) {
			best, least = name, size
		}
	}
	return best
}

// roles are the roles of which all actions are in a set, without those that others
// of them contain.
func (t *kindTable) roles(a *actionSet, units []int) []string {
	var whole []int
	for _, u := range units {
		if one := t.units[u]; one.name != "" && !isEmpty(one.on) && isWithin(one.on, a.on) {
			whole = append(whole, u)
		}
	}
	var names []string
	for _, u := range whole {
		inOther := slices.ContainsFunc(whole, func(v int) bool {
			return isWithin(t.units[u].on, t.units[v].on) && !isWithin(t.units[v].on, t.units[u].on)
		})
		if !inOther {
			names = append(names, naming.Clean(t.units[u].name))
		}
	}
	// What is left must be of these roles, or they do not tell all.
	rest := slices.Clone(a.on)
	for _, u := range whole {
		set(rest).remove(t.units[u].on)
	}
	if !isEmpty(rest) {
		return nil
	}
	return sorted(names)
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

// called is the side by which an account is told: the new one if that lists it.
func (p *pair) called(account int32) (*world, estate.Principal) {
	b := p.account(account)
	if b.new != none && (p.new.e.PrincipalTenant[b.new] != none || b.old == none) {
		return p.new, b.new
	}
	return p.old, b.old
}

func (p *pair) person(account int32) Person {
	w, n := p.called(account)
	return Person{ID: w.e.PrincipalID[n], Name: w.nameOf(n), Tenant: w.tenantName(w.e.PrincipalTenant[n])}
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

func (p *pair) tenantID(at tenant) csp.TenantID {
	if at.new != none {
		return p.new.e.TenantID[at.new]
	}
	return p.old.e.TenantID[at.old]
}

func (p *pair) span(r region, examples int) Span {
	w, n := p.here(r.at)
	s := Span{Place: w.placeOf(n), Label: w.names.PlaceLabel(n)}
	for _, at := range first(r.except, examples) {
		s.Except = append(s.Except, p.span(region{at: at}, examples))
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
