package diff

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"latchkey/access"
	"latchkey/access/estate"
)

// change is what changed for one account, of one set of actions.
type change struct {
	account       int32
	before, after access.Verdict
	table         *kindTable
	kinds         set        // of actions, where sets of kinds were compared
	set           *actionSet // the same as actions; actions makes it when it is asked for
	spans         []region
	directories   []tenant
	causes        []int32
	hash          uint64 // of all but the account
}

// region is a place with everything in it but some parts.
type region struct {
	at     spot
	except []spot
}

// actions are the actions that a change is about.
func (c *change) actions() *actionSet {
	if c.set == nil {
		c.set = c.table.setOf(c.kinds)
	}
	return c.set
}

// told are the changes by sets of actions that changed alike, instead of by places.
func (c *Changes) told() []change {
	lists := make([][]change, (len(c.accounts)+tellAtOnce-1)/tellAtOnce)
	eachPart(len(c.accounts), tellAtOnce, func() func(int, int) {
		t := newTeller(c)
		return func(from, to int) {
			t.list = nil
			for _, one := range c.accounts[from:to] {
				t.tell(one)
			}
			lists[from/tellAtOnce] = t.list
		}
	})
	return slices.Concat(lists...)
}

// tellAtOnce is how many accounts a goroutine takes at a time: few have far more
// to tell than all others.
const tellAtOnce = 256

// eachPart works on parts of as many things, on as many cores as there are. Each
// goroutine begins once, and then works on the parts that nobody has taken.
func eachPart(things, size int, begin func() (work func(from, to int))) {
	var wait sync.WaitGroup
	var taken atomic.Int64
	for range min(runtime.GOMAXPROCS(0), (things+size-1)/size) {
		wait.Go(func() {
			work := begin()
			for {
				to := int(taken.Add(int64(size)))
				if to-size >= things {
					return
				}
				work(to-size, min(to, things))
			}
		})
	}
	wait.Wait()
}

// teller makes changes of the records of accounts, one account after the other.
type teller struct {
	c    *Changes
	list []change

	layout  layout
	numbers []int32 // the different sets of an account's records
	// Where each set stands in numbers, and 1 more; 0 of those that do not.
	azure, directory []int32
}

func newTeller(c *Changes) *teller {
	return &teller{c: c, azure: make([]int32, len(c.azure)), directory: make([]int32, len(c.directory))}
}

// tell appends the changes of an account: in places and in directories, what it
// lost and what it gained.
func (t *teller) tell(one accountRecords) {
	k := t.c.p.kinds
	lost, gained := func(r *record) int32 { return r.lost }, func(r *record) int32 { return r.gained }
	for _, gains := range []bool{false, true} {
		number := lost
		like := change{account: one.account, before: access.Has, after: access.HasNot}
		if gains {
			number = gained
			like.before, like.after = access.HasNot, access.Has
		}
		like.table = &k.azure
		t.alike(like, one.places, t.c.azure, t.azure, number)
		like.table = &k.directory
		t.alike(like, one.directories, t.c.directory, t.directory, number)
	}
}

// alike appends what records say of one kind: a change like the given one for each
// part of the actions that changed alike.
func (t *teller) alike(like change, records []record, sets []set, index []int32, number func(*record) int32) {
	switch len(records) {
	case 0:
		return
	case 1: // of nearly all
		r := &records[0]
		if n := number(r); n != 0 {
			like.kinds, like.causes = sets[n], r.causes
			if like.table == &t.c.p.kinds.directory {
				like.directories = []tenant{r.directory()}
			} else {
				like.spans = []region{{at: r.at}}
			}
			t.list = append(t.list, like)
		}
		return
	}
	l := &t.layout
	t.numbers, l.of = t.numbers[:0], l.of[:0]
	for i := range records {
		n := number(&records[i])
		if n != 0 && index[n] == 0 {
			t.numbers = append(t.numbers, n)
			index[n] = int32(len(t.numbers))
		}
		l.of = append(l.of, index[n]-1)
	}
	all := parts(t.numbers, sets)
	l.with = l.with[:0]
	for _, n := range t.numbers {
		index[n] = 0
		l.with = append(l.with, partsIn(all, sets[n]))
	}
	first := len(t.list)
	for _, part := range all {
		like.kinds = part
		t.list = append(t.list, like)
	}
	if like.table == &t.c.p.kinds.directory {
		l.directories(t.list[first:], records)
	} else {
		l.places(t.list[first:], records)
	}
}

// directory is the tenant of a record that is about a directory.
func (r *record) directory() tenant { return tenant{estate.Tenant(r.at.old), estate.Tenant(r.at.new)} }

// parts takes numbered sets apart into kinds of actions that are in the same ones.
func parts(numbers []int32, sets []set) []set {
	if len(numbers) == 1 {
		return []set{sets[numbers[0]]}
	}
	var list []set
	for _, n := range numbers {
		rest := slices.Clone(sets[n])
		for i, part := range list { // those so far
			if !part.meets(sets[n]) {
				continue
			}
			rest.remove(part)
			if isWithin(part, sets[n]) {
				continue
			}
			both := slices.Clone(part)
			both.keep(sets[n])
			list[i].remove(both)
			list = append(list, both)
		}
		if !rest.isEmpty() {
			list = append(list, rest)
		}
	}
	return list
}

// partsIn are those of the parts that are in a set. Each is in it wholly or not at all.
func partsIn(all []set, in set) []int32 {
	list := make([]int32, 0, len(all))
	for i, part := range all {
		if part.meets(in) {
			list = append(list, int32(i))
		}
	}
	return list
}

// layout knows what records are about, and puts places into changes accordingly.
type layout struct {
	of   []int32   // what each record is about, as a place in with; -1: about no change
	with [][]int32 // the changes by number, in order
	// Where the changes of record i have it: regions[from[i]] of the first of them, and so on.
	from    []int
	regions []int
}

// changes are the numbers of the changes that a record is about.
func (l *layout) changes(record int32) []int32 {
	if record < 0 || l.of[record] < 0 {
		return nil
	}
	return l.with[l.of[record]]
}

// directories fills in the directories of changes.
func (l *layout) directories(changes []change, records []record) {
	sizes, total := make([]int, len(changes)), 0
	for i := range records {
		own := l.changes(int32(i))
		total += len(own)
		for _, n := range own {
			sizes[n]++
		}
	}
	room := make([]tenant, total)
	for n, size := range sizes {
		changes[n].directories, room = room[:0:size], room[size:]
	}
	for i := range records {
		at := records[i].directory()
		for _, n := range l.changes(int32(i)) {
			c := &changes[n]
			c.directories = append(c.directories, at)
			c.because(records[i].causes)
		}
	}
	orderCauses(changes)
}

// places fills in the places of changes, and the parts of those that they are not about.
func (l *layout) places(changes []change, records []record) {
	l.from, l.regions = l.from[:0], l.regions[:0]
	for i := range records {
		r := &records[i]
		above := l.changes(r.above)
		except := func(k int) {
			top := &changes[above[k]].spans[l.regions[l.from[r.above]+k]]
			top.except = append(top.except, r.at)
		}
		l.from = append(l.from, len(l.regions))
		k := 0
		for _, n := range l.changes(int32(i)) {
			for ; k < len(above) && above[k] < n; k++ {
				except(k)
			}
			c := &changes[n]
			c.because(r.causes)
			if k < len(above) && above[k] == n {
				l.regions = append(l.regions, l.regions[l.from[r.above]+k])
				k++
				continue
			}
			l.regions = append(l.regions, len(c.spans))
			c.spans = append(c.spans, region{at: r.at})
		}
		for ; k < len(above); k++ {
			except(k)
		}
	}
	orderCauses(changes)
}

// because adds causes. Those that were added last are mostly the same.
func (c *change) because(causes []int32) {
	if had := len(c.causes) - len(causes); had < 0 || !slices.Equal(c.causes[had:], causes) {
		c.causes = append(c.causes, causes...)
	}
}

func orderCauses(changes []change) {
	for i := range changes {
		slices.Sort(changes[i].causes)
		changes[i].causes = slices.Compact(changes[i].causes)
	}
}
