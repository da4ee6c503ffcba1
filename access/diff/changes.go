package diff

import (
	"cmp"
	"runtime"
	"slices"
	"sync"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// Changes are all differences of two sides, in numbers: who gained and who lost
// what, and where. They take no names and no texts; those come with the methods,
// for as many as one wants to tell.
type Changes struct {
	// Accounts is how many accounts gained or lost anything.
	Accounts int
	// Gained and Lost are how many grants came to be effective and ceased to be: an
	// account, and a place or directory where it has actions that it does not have
	// at the place above.
	Gained, Lost int

	p                *pair
	azure, directory []set
	records          []record // of places, by account
	inDirectories    []record // by account
	accounts         []accountRecords
}

// Change is one difference of one account. It is about its place and everything in
// it, but for parts of it that another change of the account is about.
type Change struct {
	Who csp.ObjectID
	// Before and After are the tenant or place in the estates of the two sides; None
	// where a side does not list it.
	Before, After Where
	// Lost and Gained are what he could do before only and can do after only.
	Lost, Gained ActionSet
	// Causes are the facts that differ and touch him there, by numbers for Cause.
	Causes []int32
}

// Where is a directory, if Node is None, or a place.
type Where struct {
	Directory estate.Tenant
	Node      estate.Node
}

// ActionSet is the number of a set of actions, for Actions and Roles; 0 is none.
type ActionSet struct {
	number    int32
	directory bool
}

// IsEmpty says whether there are no actions in the set.
func (a ActionSet) IsEmpty() bool { return a.number == 0 }

// FindChanges finds who gained and who lost access from one side to the other.
// Becoming, Otherwise and Examples of the options are about lines and do not count.
func FindChanges(before, after Side, options Options) *Changes {
	p := newPair(before, after)
	p.findTouches()
	return p.changes(options)
}

// jobs are the touched accounts that are to be told, with what touches them.
func (p *pair) jobs(options Options) []job {
	accounts := len(p.new.e.PrincipalID) + len(p.old.e.PrincipalID)
	var directoriesFrom []int32
	var directories []directoryTouch
	var wait sync.WaitGroup
	wait.Go(func() {
		directories, directoriesFrom = byAccount(p.directories, accounts, func(t *directoryTouch) int32 { return t.account })
	})
	places, placesFrom := byAccount(p.places, accounts, func(t *placeTouch) int32 { return t.account })
	wait.Wait()
	var list []job
	for n := range int32(accounts) {
		one := job{n, places[placesFrom[n]:placesFrom[n+1]], directories[directoriesFrom[n]:directoriesFrom[n+1]]}
		if len(one.places)+len(one.directories) > 0 && (len(options.Only) == 0 || slices.Contains(options.Only, p.objectID(n))) && p.isTold(n) {
			list = append(list, one)
		}
	}
	return list
}

// byAccount sorts touches by account, in time that grows with their number.
func byAccount[T any](touches []T, accounts int, of func(*T) int32) (list []T, from []int32) {
	from = make([]int32, accounts+2)
	for i := range touches {
		from[of(&touches[i])+2]++
	}
	for n := range accounts + 1 {
		from[n+1] += from[n]
	}
	list = make([]T, len(touches))
	for i := range touches {
		n := of(&touches[i]) + 1
		list[from[n]] = touches[i]
		from[n]++
	}
	return list, from
}

// sort puts what touches an account in order of place.
func (j job) sort(p *pair) {
	slices.SortFunc(j.places, p.comparePlaces)
	slices.SortFunc(j.directories, func(a, b directoryTouch) int {
		if c := compareTenants(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.cause, b.cause)
	})
}

func (p *pair) comparePlaces(a, b placeTouch) int {
	if c := p.order(a.at, b.at); c != 0 {
		return c
	}
	return cmp.Compare(a.cause, b.cause)
}

// job is an account with what touches it.
type job struct {
	account     int32
	places      []placeTouch
	directories []directoryTouch
}

func (p *pair) objectID(account int32) csp.ObjectID {
	s, n := p.whose(account, len(p.new.e.PrincipalID))
	return s.e.PrincipalID[n]
}

// isTold says whether an account is told by itself: it is listed after, or before
// and not after, and no guest of an account that is listed.
func (p *pair) isTold(account int32) bool {
	b := p.account(account)
	if b.new != none && p.new.e.PrincipalTenant[b.new] != none {
		return p.new.account(b.new) == b.new
	}
	return b.old != none && p.old.account(b.old) == b.old
}

// changes weighs all that is touched, on as many cores as there are.
func (p *pair) changes(options Options) *Changes {
	list := p.jobs(options)
	workers := make([]*weigher, min(runtime.GOMAXPROCS(0), len(list)/perWorker+1))
	var wait sync.WaitGroup
	var progress meter
	progress.tell, progress.total = options.Progress, len(list)
	bounds := split(list, len(workers))
	for i := range workers {
		workers[i] = newWeigher(p)
		wait.Go(func() {
			for _, one := range list[bounds[i]:bounds[i+1]] {
				progress.step()
				b := p.account(one.account)
				one.sort(p)
				workers[i].weigh(one, p.subject(0, b.old), p.subject(1, b.new))
			}
		})
	}
	wait.Wait()
	progress.end()
	return p.collect(workers)
}

// perWorker is how many accounts make a further goroutine worth it.
const perWorker = 64

// split divides the work into parts of about as many touches.
func split(list []job, parts int) []int {
	total := 0
	for _, one := range list {
		total += one.weight()
	}
	bounds, done := make([]int, 1, parts+1), 0
	for i, one := range list {
		if len(bounds) < parts && done >= total*len(bounds)/parts {
			bounds = append(bounds, i)
		}
		done += one.weight()
	}
	for len(bounds) <= parts {
		bounds = append(bounds, len(list))
	}
	return bounds
}

func (j job) weight() int { return 1 + len(j.places) + len(j.directories) }

// meter tells how much is done. Several goroutines may tell it.
type meter struct {
	mutex sync.Mutex
	tell  func(done, total int)
	done  int
	total int
}

func (m *meter) step() {
	if m.tell != nil {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.tell(m.done, m.total)
		m.done++
	}
}

func (m *meter) end() {
	if m.tell != nil {
		m.tell(m.total, m.total)
	}
}

// collect puts what the workers found together, with numbers of sets of its own.
func (p *pair) collect(workers []*weigher) *Changes {
	c := &Changes{p: p}
	azure, directory := newSetNumbers(len(p.kinds.azure.first)), newSetNumbers(len(p.kinds.directory.first))
	for _, w := range workers {
		c.records = renumbered(c.records, w.records, w.azure, azure)
		c.inDirectories = renumbered(c.inDirectories, w.inDirectories, w.directory, directory)
	}
	c.azure, c.directory = azure.sets, directory.sets
	c.count()
	return c
}

func renumbered(list, more []record, from, to *setNumbers) []record {
	number := make([]int32, len(from.sets))
	for n, s := range from.sets {
		number[n] = to.of(s)
	}
	list = slices.Grow(list, len(more))
	for _, r := range more {
		r.lost, r.gained = number[r.lost], number[r.gained]
		list = append(list, r)
	}
	return list
}

// count finds the records of each account, and counts grants.
func (c *Changes) count() {
	for places, directories := c.records, c.inDirectories; len(places) > 0 || len(directories) > 0; {
		one := accountRecords{}
		switch {
		case len(directories) == 0 || len(places) > 0 && places[0].account < directories[0].account:
			one.account = places[0].account
		default:
			one.account = directories[0].account
		}
		one.places, places = recordsOf(one.account, places)
		one.directories, directories = recordsOf(one.account, directories)
		c.accounts = append(c.accounts, one)
		c.countGrants(one)
	}
	c.Accounts = len(c.accounts)
}

func (c *Changes) countGrants(account accountRecords) {
	for _, r := range account.places {
		lost, gained := c.azure[0], c.azure[0]
		if r.above >= 0 {
			above := account.places[r.above]
			lost, gained = c.azure[above.lost], c.azure[above.gained]
		}
		c.Lost += int(flag(!isWithin(c.azure[r.lost], lost)))
		c.Gained += int(flag(!isWithin(c.azure[r.gained], gained)))
	}
	for _, r := range account.directories {
		c.Lost += int(flag(r.lost != 0))
		c.Gained += int(flag(r.gained != 0))
	}
}

// recordsOf cuts off the first records, as long as they are of an account.
func recordsOf(account int32, records []record) (own, rest []record) {
	n := 0
	for n < len(records) && records[n].account == account {
		n++
	}
	return records[:n], records[n:]
}

// accountRecords are the records of one account.
type accountRecords struct {
	account     int32
	places      []record
	directories []record
}

// Len is how many changes there are.
func (c *Changes) Len() int { return len(c.records) + len(c.inDirectories) }

// All yields all changes, account by account, places from the top down and then
// directories.
func (c *Changes) All() func(func(Change) bool) {
	return func(yield func(Change) bool) {
		for _, account := range c.accounts {
			who := c.p.objectID(account.account)
			for _, r := range account.places {
				one := Change{Who: who, Before: Where{none, r.at.old}, After: Where{none, r.at.new}, Causes: r.causes}
				one.Lost, one.Gained = ActionSet{number: r.lost}, ActionSet{number: r.gained}
				if !yield(one) {
					return
				}
			}
			for _, r := range account.directories {
				one := Change{Who: who, Before: Where{estate.Tenant(r.at.old), none}, After: Where{estate.Tenant(r.at.new), none}, Causes: r.causes}
				one.Lost, one.Gained = ActionSet{r.lost, true}, ActionSet{r.gained, true}
				if !yield(one) {
					return
				}
			}
		}
	}
}

// Actions are the actions of a set, of those that the comparison knows of: those
// that roles in use name, and for a pattern one that it matches. Actions that all
// roles, denials and conditions of both sides treat alike are told by one.
func (c *Changes) Actions(a ActionSet) []access.Action {
	t, sets := c.table(a)
	var list []access.Action
	for n, first := range t.first {
		if sets[a.number].has(n) {
			list = append(list, t.candidates[first].Action)
		}
	}
	return list
}

func (c *Changes) table(a ActionSet) (*kindTable, []set) {
	if a.directory {
		return &c.p.kinds.directory, c.directory
	}
	return &c.p.kinds.azure, c.azure
}

// Cause is the fact that a number stands for.
func (c *Changes) Cause(n int32) Cause { return c.p.say(c.p.facts[n]) }

// Has says whether an action of those that the comparison knows of is in a set.
func (c *Changes) Has(a ActionSet, action access.Action) bool {
	t, sets := c.table(a)
	for i, candidate := range t.candidates {
		if candidate.Equal(action) {
			return sets[a.number].has(t.kindOf[i])
		}
	}
	return false
}
