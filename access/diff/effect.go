package diff

import (
	"cmp"
	"encoding/binary"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
)

// record is that an account lost and gained sets of actions at a place and at
// everything in it, as far as no record of a part of it says otherwise. In a
// directory at holds the numbers of the tenant.
type record struct {
	account int32
	at      spot
	// lost and gained are numbers of sets; 0 is the empty one.
	lost   int32
	gained int32
	above  int32 // the account's record about the nearest place above, or -1
	causes []int32
}

// setNumbers gives sets numbers; 0 is the empty one.
type setNumbers struct {
	sets   []set
	number map[string]int32
	key    []byte
}

func newSetNumbers(kinds int) *setNumbers {
	return &setNumbers{sets: []set{make(set, kinds/64+1)}, number: map[string]int32{}}
}

func (s *setNumbers) of(one set) int32 {
	if one.isEmpty() {
		return 0
	}
	s.key = s.key[:0]
	for _, word := range one {
		s.key = binary.LittleEndian.AppendUint64(s.key, word)
	}
	n, known := s.number[string(s.key)]
	if !known {
		n = int32(len(s.sets))
		s.sets = append(s.sets, slices.Clone(one))
		s.number[string(s.key)] = n
	}
	return n
}

// weigher compares what accounts have before and after, one account after the
// other. Each goroutine has its own.
type weigher struct {
	p                *pair
	azure, directory *setNumbers
	records          []record // of places, by account, from the top down
	inDirectories    []record

	had, has, lost []uint64
	grants         []access.EffectiveGrant
	roles          []estate.DirectoryRole
	spots          []spot // the candidates
	steps          []step // what they came to
	entered        []placeTouch
}

func newWeigher(p *pair) *weigher {
	a, d := len(p.kinds.azure.first), len(p.kinds.directory.first)
	words := max(a, d)/64 + 1
	return &weigher{
		p: p, azure: newSetNumbers(a), directory: newSetNumbers(d),
		had: make([]uint64, words), has: make([]uint64, words), lost: make([]uint64, words),
	}
}

// subject is an account on one side.
type subject struct {
	side
	i         int
	n         estate.Principal
	effective *access.Effective
	// holding are its identities that have a role anywhere.
	holding []estate.Principal
	found   []int // of each, where something of it was found last
	turned  int   // and of the places where the answer may turn
}

func (p *pair) subject(i int, n estate.Principal) subject {
	s := subject{side: p.sides()[i], i: i, n: n}
	s.effective = s.Index.Effective(n, s.At)
	if n != none {
		s.holding = s.holdingOf(n)
		s.found = make([]int, len(s.holding))
	}
	return s
}

// comesAs says how an account stands to a tenant: at home, a guest, by delegation,
// or in no such way.
type comesAs uint8

const (
	asNobody comesAs = iota
	atHome
	asGuest
	delegated
)

func (s *subject) comesAs(t estate.Tenant) comesAs {
	switch {
	case s.n == none || t == none:
		return asNobody
	case s.e.PrincipalTenant[s.n] == t:
		return atHome
	case slices.ContainsFunc(s.e.Guest[s.e.GuestsFrom[s.n]:s.e.GuestsFrom[s.n+1]], func(g estate.Principal) bool { return s.e.PrincipalTenant[g] == t }):
		return asGuest
	case s.effective.Enters(t):
		return delegated
	}
	return asNobody
}

// weigh compares one account, or two, in all that is touched. Touches come in
// order of place.
func (w *weigher) weigh(j job, before, after subject) {
	w.entered = w.entered[:0]
	for rest := j.directories; len(rest) > 0; {
		at, n := rest[0].at, 1
		for n < len(rest) && rest[n].at == at {
			n++
		}
		w.inDirectory(j.account, before, after, at, rest[:n])
		w.enter(&before, &after, rest[:n])
		rest = rest[n:]
	}
	places := j.places
	if len(w.entered) > 0 {
		places = append(w.entered, places...)
		slices.SortFunc(places, w.p.comparePlaces)
	}
	w.inAzure(j.account, before, after, places)
}

// enter notes the places that are touched because the account comes into a tenant
// on one side only, or as somebody else.
func (w *weigher) enter(before, after *subject, touched []directoryTouch) {
	at := touched[0].at
	wholly := slices.ContainsFunc(touched, func(t directoryTouch) bool { return t.wholly })
	if !wholly || before.comesAs(at.old) == after.comesAs(at.new) {
		return
	}
	for _, s := range []*subject{before, after} {
		t := at.new
		if s.isBefore {
			t = at.old
		}
		if t == none {
			continue
		}
		first := s.e.TenantRoot[t]
		for i, identity := range s.holding {
			s.eachHeldFrom(&s.found[i], identity, first, s.e.NodeLast[first], func(n estate.Node) {
				for _, t := range touched {
					if t.wholly {
						w.entered = append(w.entered, placeTouch{t.account, t.cause, s.spot(n)})
					}
				}
			})
		}
	}
}

func (w *weigher) inAzure(account int32, before, after subject, touched []placeTouch) {
	if len(touched) == 0 {
		return
	}
	w.candidates(before, after, touched)
	first := len(w.records)
	above := make([]step, 0, 8) // the candidates above, the nearest last
	causesOf := func(at spot) (causes []int32) {
		for len(touched) > 0 && w.p.order(touched[0].at, at) < 0 {
			touched = touched[1:]
		}
		for len(touched) > 0 && touched[0].at == at {
			if n := len(causes); n == 0 || causes[n-1] != touched[0].cause {
				causes = append(causes, touched[0].cause)
			}
			touched = touched[1:]
		}
		return causes
	}
	w.steps = w.steps[:0]
	for _, at := range w.spots {
		up := step{record: -1}
		if at.new == none {
			up = w.aboveGone(at)
		} else {
			for len(above) > 0 && w.p.new.e.NodeLast[above[len(above)-1].at.new] < at.new {
				above = above[:len(above)-1]
			}
			if len(above) > 0 {
				up = above[len(above)-1]
			}
		}
		one := w.judge(account, before, after, at, up, causesOf(at), first)
		w.steps = append(w.steps, one)
		if at.new != none {
			above = append(above, one)
		}
	}
}

// step is what a candidate came to.
type step struct {
	at           spot
	lost, gained int32
	causes       []int32
	record       int32 // that says so, relative to the account's first; -1: none
}

// judge compares at one place, and makes a record unless the one above says it all.
func (w *weigher) judge(account int32, before, after subject, at spot, up step, own []int32, first int) step {
	words := len(w.p.kinds.control)
	had, has := set(w.had[:words]), set(w.has[:words])
	w.at(before, at, had)
	w.at(after, at, has)
	one := step{at: at, causes: up.causes, record: up.record}
	one.lost, one.gained = w.differ(w.azure, had, has)
	switch {
	case len(own) > 0 && len(up.causes) == 0:
		one.causes = own
	case len(own) > 0:
		one.causes = sorted(slices.Concat(up.causes, own))
	}
	changes := one.lost != 0 || one.gained != 0
	if one.lost != up.lost || one.gained != up.gained || changes && len(own) > 0 {
		one.record = int32(len(w.records) - first)
		w.records = append(w.records, record{account: account, at: at, lost: one.lost, gained: one.gained, above: up.record, causes: one.causes})
	}
	return one
}

// aboveGone finds what the nearest candidate above came to, of a place that only
// the old side has. It is one before it in order.
func (w *weigher) aboveGone(at spot) step {
	for up, ok := w.p.up(at); ok; up, ok = w.p.up(up) {
		if n, is := slices.BinarySearchFunc(w.spots, up, w.p.order); is {
			return w.steps[n]
		}
	}
	return step{record: -1}
}

// differ are the sets of what is only in the one and only in the other. It takes
// both apart.
func (w *weigher) differ(numbers *setNumbers, had, has set) (lost, gained int32) {
	if slices.Equal(had, has) {
		return 0, 0
	}
	only := set(w.lost[:len(had)])
	copy(only, had)
	only.remove(has)
	has.remove(had)
	return numbers.of(only), numbers.of(has)
}

// at is what somebody has at a place.
func (w *weigher) at(s subject, at spot, into set) {
	clear(into)
	n, below := w.p.nodeOn(s.i, at)
	if n == none {
		return
	}
	k := w.p.kinds
	w.grants = s.effective.At(w.grants[:0], n, below)
	for i := range w.grants {
		g := &w.grants[i]
		given := k.given[s.i][g.Role]
		if g.Condition == 0 && !g.Projected && len(g.Denials) == 0 {
			into.add(given)
			continue
		}
		given = slices.Clone(given)
		if g.Condition != 0 {
			given.keep(k.let[s.i][g.Condition])
		}
		if g.Projected {
			given.keep(k.control)
		}
		for _, d := range g.Denials {
			given.remove(k.denied[s.i][d])
		}
		into.add(given)
	}
}

// nodeOn is a place on one side: the node, or, where that side does not list it,
// the nearest one above by its text; none where it is not known at all.
func (p *pair) nodeOn(i int, at spot) (n estate.Node, below bool) {
	from, to, other := at.old, at.new, p.old.e
	back := p.toNew
	if i == 0 {
		from, to, other, back = at.new, at.old, p.new.e, p.toOld
	}
	if to != none {
		return to, false
	}
	for {
		switch kind := other.NodeType[from]; kind {
		case estate.TypeRoot, estate.TypeSubscription:
			return none, false
		case estate.TypeManagementGroup:
			if t := back.tenants[other.NodeTenant[from]]; t != none {
				return p.sides()[i].e.TenantRoot[t], true
			}
			return none, false
		default:
			from = other.NodeParent[from]
			if back.nodes[from] != none {
				return back.nodes[from], true
			}
		}
	}
}

// candidates are the touched places, and the places below them where the account
// holds something, where something is denied, and where something was not
// collected, on either side.
func (w *weigher) candidates(before, after subject, touched []placeTouch) {
	w.spots = w.spots[:0]
	for i, t := range touched {
		if i > 0 && t.at == touched[i-1].at {
			continue
		}
		w.spots = append(w.spots, t.at)
		for _, s := range []*subject{&before, &after} {
			n := t.at.new
			if s.isBefore {
				n = t.at.old
			}
			if n != none {
				w.turns(s, n)
			}
		}
	}
	slices.SortFunc(w.spots, w.p.order)
	w.spots = slices.Compact(w.spots)
}

// turns adds the places below a node where the answer may be another one.
func (w *weigher) turns(s *subject, n estate.Node) {
	last := s.e.NodeLast[n]
	if last > n {
		for i, identity := range s.holding {
			s.eachHeldFrom(&s.found[i], identity, n+1, last, func(m estate.Node) { w.spots = append(w.spots, s.spot(m)) })
		}
	}
	s.turned = leap(s.world.turns, s.turned, n)
	for i := s.turned; i < len(s.world.turns) && s.world.turns[i] <= last; i++ {
		w.spots = append(w.spots, s.spot(s.world.turns[i]))
	}
}

func (w *weigher) inDirectory(account int32, before, after subject, at tenant, touched []directoryTouch) {
	words := len(w.directory.sets[0])
	had, has := set(w.had[:words]), set(w.has[:words])
	w.lent(before, at.old, had)
	w.lent(after, at.new, has)
	lost, gained := w.differ(w.directory, had, has)
	if lost == 0 && gained == 0 {
		return
	}
	causes := make([]int32, len(touched))
	for i, t := range touched {
		causes[i] = t.cause
	}
	w.inDirectories = append(w.inDirectories, record{account: account, at: spot{estate.Node(at.old), estate.Node(at.new)}, lost: lost, gained: gained, above: -1, causes: sorted(causes)})
}

// lent is what somebody has in a directory.
func (w *weigher) lent(s subject, t estate.Tenant, into set) {
	clear(into)
	if t == none {
		return
	}
	w.roles = s.effective.InDirectory(w.roles[:0], t)
	for _, role := range w.roles {
		into.add(w.p.kinds.lent[s.i][role])
	}
}

// up is the place above another, on the new side if it is there.
func (p *pair) up(at spot) (spot, bool) {
	if at.new != none {
		n := p.new.e.NodeParent[at.new]
		if n == none {
			return spot{}, false
		}
		return p.newSpot(n), true
	}
	n := p.old.e.NodeParent[at.old]
	if n == none {
		return spot{}, false
	}
	return p.oldSpot(n), true
}

// order sorts places from the top down: those of the new side in their order, and
// then those that are gone.
func (p *pair) order(a, b spot) int {
	switch {
	case a.new != none && b.new != none:
		return cmp.Compare(a.new, b.new)
	case a.new != none:
		return -1
	case b.new != none:
		return 1
	}
	return cmp.Compare(a.old, b.old)
}
