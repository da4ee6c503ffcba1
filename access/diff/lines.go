package diff

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

// change is what changed for one account, of one set of actions.
type change struct {
	account       int32
	before, after access.Verdict
	table         *kindTable
	set           *actionSet
	units         []int // of the roles that the account has, by which lines name what changed
	spans         []region
	directories   []tenant
	causes        []int32
}

// region is a place with everything in it but some parts.
type region struct {
	at     spot
	except []spot
}

// told are the changes by sets of actions that changed alike, instead of by places.
func (c *Changes) told() []change {
	var list []change
	for one := range c.eachAccount() {
		if len(one.places) > 0 {
			units := c.units(one.account, c.p.kinds.unitsHeld)
			list = c.alike(list, one.places, &c.p.kinds.azure, c.azure, units)
		}
		if len(one.directories) > 0 {
			units := c.units(one.account, c.p.kinds.directoryUnits)
			list = c.alike(list, one.directories, &c.p.kinds.directory, c.directory, units)
		}
	}
	return list
}

// units are those of an account on both sides.
func (c *Changes) units(account int32, of func(int, *world, estate.Principal) []int) []int {
	var units []int
	b := c.p.account(account)
	if b.old != none {
		units = of(0, c.p.old, b.old)
	}
	if b.new != none {
		units = append(units, of(1, c.p.new, b.new)...)
	}
	return sorted(units)
}

// alike appends the changes of one account that its records say: what it lost, and
// what it gained.
func (c *Changes) alike(list []change, records []record, t *kindTable, sets []set, units []int) []change {
	for _, way := range []struct {
		before, after access.Verdict
		number        func(record) int32
	}{
		{access.Has, access.HasNot, func(r record) int32 { return r.lost }},
		{access.HasNot, access.Has, func(r record) int32 { return r.gained }},
	} {
		for _, part := range parts(records, sets, way.number) {
			one := change{account: records[0].account, before: way.before, after: way.after, table: t, set: t.setOf(part.kinds), units: units}
			one.where(records, t == &c.p.kinds.directory, func(r record) bool { return part.in[way.number(r)] })
			list = append(list, one)
		}
	}
	return list
}

// part is a set of kinds of actions that are in the same numbered sets.
type part struct {
	kinds set
	in    map[int32]bool
}

// parts takes the sets of records apart into kinds of actions that are in the same
// ones.
func parts(records []record, sets []set, number func(record) int32) []part {
	var numbers []int32
	for _, r := range records {
		if n := number(r); n != 0 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 1 {
		return []part{{sets[numbers[0]], map[int32]bool{numbers[0]: true}}}
	}
	var list []part
	at := map[string]int{}
	signature := make([]byte, len(numbers))
	for kind := range 64 * len(sets[0]) {
		some := false
		for i, n := range numbers {
			in := sets[n].has(kind)
			signature[i] = flag(in)
			some = some || in
		}
		if !some {
			continue
		}
		n, known := at[string(signature)]
		if !known {
			n = len(list)
			at[string(signature)] = n
			list = append(list, part{make(set, len(sets[0])), map[int32]bool{}})
			for i, number := range numbers {
				list[n].in[number] = signature[i] == 1
			}
		}
		list[n].kinds[kind/64] |= 1 << (kind % 64)
	}
	return list
}

// where fills in where a change is, which some of the records are about.
func (c *change) where(records []record, directories bool, about func(record) bool) {
	regions := make([]int32, len(records)) // of each record, one more than the region it is in
	for i, r := range records {
		is := about(r)
		if is {
			c.causes = append(c.causes, r.causes...)
		}
		switch {
		case directories:
			if is {
				c.directories = append(c.directories, tenant{estate.Tenant(r.at.old), estate.Tenant(r.at.new)})
			}
		case is && r.above >= 0 && regions[r.above] > 0:
			regions[i] = regions[r.above]
		case is:
			c.spans = append(c.spans, region{at: r.at})
			regions[i] = int32(len(c.spans))
		case r.above >= 0 && regions[r.above] > 0:
			top := &c.spans[regions[r.above]-1]
			top.except = append(top.except, r.at)
		}
	}
	c.causes = sorted(c.causes)
}

// shared is one change of several accounts.
type shared struct {
	change
	who   []int32
	count access.Count
	first Person
}

// lines puts changes together that several people share, and says them.
func (p *pair) lines(found []change, accounts int, options Options) Result {
	list := p.share(found)
	for i := range list {
		p.measure(&list[i])
	}
	slices.SortStableFunc(list, p.compareShared)
	r := Result{Accounts: accounts}
	for i := range list {
		r.Lines = append(r.Lines, p.line(&list[i], options.examples()))
	}
	for i := range r.Lines[:min(options.Otherwise, len(r.Lines))] {
		p.otherwise(&r.Lines[i])
	}
	return r
}

// examples is how many of a kind a line names.
func (o Options) examples() int {
	if o.Examples <= 0 {
		return math.MaxInt
	}
	return o.Examples
}

func (p *pair) share(found []change) []shared {
	at := make(map[string]int, len(found))
	var list []shared
	var key []byte
	for _, c := range found {
		key = c.key(key[:0], c.table == &p.kinds.azure)
		n, known := at[string(key)]
		if !known {
			n = len(list)
			at[string(key)] = n
			list = append(list, shared{change: c})
		}
		list[n].who = append(list[n].who, c.account)
	}
	return list
}

// key tells what changed, where, and because of what, apart from whose it is.
func (c *change) key(key []byte, azure bool) []byte {
	number := func(n int32) { key = binary.LittleEndian.AppendUint32(key, uint32(n)) }
	key = append(key, byte(c.before), byte(c.after), flag(azure))
	for _, word := range c.set.on {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	number(int32(len(c.causes)))
	for _, n := range c.causes {
		number(n)
	}
	return c.placeKey(key)
}

func (c *change) placeKey(key []byte) []byte {
	number := func(n int32) { key = binary.LittleEndian.AppendUint32(key, uint32(n)) }
	for _, d := range c.directories {
		number(int32(d.old))
		number(int32(d.new))
	}
	for _, r := range c.spans {
		number(int32(r.at.old))
		number(int32(r.at.new))
		number(int32(len(r.except)))
		for _, at := range r.except {
			number(int32(at.old))
			number(int32(at.new))
		}
	}
	return key
}

// measure finds what the order of lines needs to know.
func (p *pair) measure(s *shared) {
	people := make([]Person, len(s.who))
	for i, account := range s.who {
		people[i] = p.person(account)
	}
	order := make([]int, len(people))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(people[a].Name, people[b].Name), people[a].ID.Compare(people[b].ID))
	})
	who := make([]int32, len(order))
	for i, n := range order {
		who[i] = s.who[n]
	}
	s.who, s.first = who, people[order[0]]
	owners := map[tenant]bool{}
	for _, r := range s.spans {
		p.count(&s.count, r)
		owners[p.owner(r.at)] = true
	}
	s.count.Tenants = len(s.directories) + len(owners)
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
func (p *pair) compareShared(a, b shared) int {
	if gain, other := rank(a.after) > rank(a.before), rank(b.after) > rank(b.before); gain != other {
		if other {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(b.count.Tenants, a.count.Tenants),
		cmp.Compare(b.count.Subscriptions, a.count.Subscriptions),
		cmp.Compare(b.count.Places, a.count.Places),
		cmp.Compare(len(b.who), len(a.who)),
		strings.Compare(a.first.Name, b.first.Name),
		a.first.ID.Compare(b.first.ID),
		p.compareWhere(a, b),
		slices.Compare(a.set.members, b.set.members),
		cmp.Compare(a.before, b.before),
		cmp.Compare(a.after, b.after),
	)
}

func (p *pair) compareWhere(a, b shared) int {
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

func (p *pair) line(s *shared, examples int) Line {
	c := &s.change
	l := Line{Before: c.before, After: c.after, Roles: c.table.roles(c.set, c.units), Count: s.count, People: len(s.who), Places: len(c.spans) + len(c.directories)}
	if l.Roles == nil {
		l.PartOf = c.partOf()
	}
	for _, n := range c.table.firsts(c.set, c.units) {
		l.Actions = append(l.Actions, c.table.candidates[n])
	}
	for _, n := range c.set.members {
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

// partOf is the smallest role with all actions of the change, of those that the
// account has; empty if there is none.
func (c *change) partOf() string {
	best, least := "", 0
	for _, u := range c.units {
		size := 0
		for _, word := range c.table.units[u].on {
			size += bits.OnesCount64(word)
		}
		name := naming.Clean(c.table.units[u].name)
		if name != "" && isWithin(c.set.on, c.table.units[u].on) && (best == "" || size < least || size == least && name < best) {
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

// person is an account as the new side calls it, or the old one if only that lists it.
func (p *pair) person(account int32) Person {
	b := p.account(account)
	w, n := p.new, b.new
	if n == none || w.e.PrincipalTenant[n] == none {
		w, n = p.old, b.old
	}
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
