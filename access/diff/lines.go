package diff

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

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
		list = c.alike(list, one.places, &c.p.kinds.azure, c.azure)
		list = c.alike(list, one.directories, &c.p.kinds.directory, c.directory)
	}
	return list
}

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

// alike appends the changes of one account that its records say: what it lost, and
// what it gained.
func (c *Changes) alike(list []change, records []record, t *kindTable, sets []set) []change {
	if len(records) == 0 {
		return list
	}
	for _, gained := range []bool{false, true} {
		number := func(r *record) int32 { return r.lost }
		one := change{account: records[0].account, before: access.Has, after: access.HasNot, table: t}
		if gained {
			number = func(r *record) int32 { return r.gained }
			one.before, one.after = access.HasNot, access.Has
		}
		if len(records) == 1 { // of nearly all
			if n := number(&records[0]); n != 0 {
				one.set = t.setOf(sets[n])
				one.at(&records[0], t == &c.p.kinds.directory)
				one.causes = records[0].causes
				list = append(list, one)
			}
			continue
		}
		first := len(list)
		all := parts(numbersOf(records, number), sets)
		for _, part := range all {
			one.set = t.setOf(part.kinds)
			list = append(list, one)
		}
		where(list[first:], all, records, number, t == &c.p.kinds.directory)
	}
	return list
}

// numbersOf are the different sets of records, but for the empty one.
func numbersOf(records []record, number func(*record) int32) []int32 {
	var numbers []int32
	for i := range records {
		if n := number(&records[i]); n != 0 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// part is a set of kinds of actions that are in the same numbered sets.
type part struct {
	kinds set
	in    []int32
}

// parts takes sets apart into kinds of actions that are in the same ones.
func parts(numbers []int32, sets []set) []part {
	if len(numbers) == 1 {
		return []part{{sets[numbers[0]], numbers}}
	}
	var list []part
	for _, n := range numbers {
		rest := slices.Clone(sets[n])
		for i := range list { // those so far
			both := slices.Clone(list[i].kinds)
			both.keep(sets[n])
			if both.isEmpty() {
				continue
			}
			rest.remove(both)
			list[i].kinds.remove(both)
			if list[i].kinds.isEmpty() {
				list[i].kinds = both
				list[i].in = append(list[i].in, n)
				continue
			}
			list = append(list, part{both, append(slices.Clone(list[i].in), n)})
		}
		if !rest.isEmpty() {
			list = append(list, part{rest, []int32{n}})
		}
	}
	return list
}

// at adds the place of a record, or its directory.
func (c *change) at(r *record, directory bool) {
	if directory {
		c.directories = append(c.directories, tenant{estate.Tenant(r.at.old), estate.Tenant(r.at.new)})
		return
	}
	c.spans = append(c.spans, region{at: r.at})
}

// where fills in where changes are, of as many parts of what the records are about.
func where(changes []change, all []part, records []record, number func(*record) int32, directories bool) {
	with := map[int32][]int{} // the parts by number
	for i, part := range all {
		for _, n := range part.in {
			with[n] = append(with[n], i)
		}
	}
	type of struct{ part, record int32 }
	regions := map[of]int{} // where the part is, at and below the record; only of those above others
	isAbove := make([]bool, len(records))
	for i := range records {
		if above := records[i].above; above >= 0 {
			isAbove[above] = true
		}
	}
	for i := range records {
		r := &records[i]
		own := with[number(r)]
		for _, n := range own {
			c := &changes[n]
			c.causes = append(c.causes, r.causes...)
			if directories {
				c.at(r, true)
				continue
			}
			in, inside := 0, false
			if r.above >= 0 {
				in, inside = regions[of{int32(n), r.above}]
			}
			if !inside {
				in = len(c.spans)
				c.at(r, false)
			}
			if isAbove[i] {
				regions[of{int32(n), int32(i)}] = in
			}
		}
		if r.above < 0 {
			continue
		}
		for _, n := range with[number(&records[r.above])] {
			if !slices.Contains(own, n) {
				top := &changes[n].spans[regions[of{int32(n), r.above}]]
				top.except = append(top.except, r.at)
			}
		}
	}
	for i := range changes {
		slices.Sort(changes[i].causes)
		changes[i].causes = slices.Compact(changes[i].causes)
	}
}

// shared is one change of several accounts.
type shared struct {
	change
	who   []int32 // by name
	count access.Count
	name  []byte // of the first
}

// lines puts changes together that several people share, and says them. units
// names what an account has of a kind.
func (p *pair) lines(found []change, accounts int, options Options, units func(*kindTable, both) []int) Result {
	list := p.share(found)
	for _, one := range list {
		p.measure(one)
	}
	slices.SortFunc(list, p.compareShared)
	r := Result{Accounts: accounts}
	if options.Lines > 0 && options.Lines < len(list) {
		r.More = len(list) - options.Lines
		list = list[:options.Lines]
	}
	for _, one := range list {
		r.Lines = append(r.Lines, p.line(one, units(one.table, p.account(one.who[0])), options.examples()))
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

func (p *pair) share(found []change) []*shared {
	at := make(map[string]*shared, len(found))
	var list []*shared
	var key []byte
	for i := range found {
		c := &found[i]
		key = c.key(key[:0], c.table == &p.kinds.azure)
		one := at[string(key)]
		if one == nil {
			one = &shared{change: *c}
			list = append(list, one)
			at[string(key)] = one
		}
		one.who = append(one.who, c.account)
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
		slices.Compare(a.set.members, b.set.members),
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
	l := Line{Before: c.before, After: c.after, Roles: c.table.roles(c.set, units), Count: s.count, People: len(s.who), Places: len(c.spans) + len(c.directories)}
	if l.Roles == nil {
		l.PartOf = c.table.partOf(c.set, units)
	}
	for _, n := range c.table.firsts(c.set, units) {
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
