package estate

import (
	"maps"
	"slices"
	"time"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// listing numbers things as facts name them, and keeps the row of those that
// facts list.
type listing[T csp.Named, R any] struct {
	ids    *lookup.IDs[T]
	last   csp.ID[T] // that was asked for; many facts name one tenant
	lastNo int32
	rows   []R
	listed []bool
}

func newListing[T csp.Named, R any]() listing[T, R] {
	return listing[T, R]{ids: lookup.NewIDs[T](nil)}
}

// number is the number of what has the id; None of the zero id.
func (l *listing[T, R]) number(id csp.ID[T]) int32 {
	if id.IsZero() {
		return lookup.None
	}
	if id == l.last {
		return l.lastNo
	}
	n := l.ids.Number(id)
	l.last, l.lastNo = id, n
	if int(n) == len(l.rows) {
		var none R
		l.rows, l.listed = append(l.rows, none), append(l.listed, false)
	}
	return n
}

// id is the id of a number.
func (l *listing[T, R]) id(n int32) csp.ID[T] { return l.ids.List()[n] }

// list puts a row. If there is one already, merge says what of the two remains,
// in whichever order they come, and whether they agree.
func (l *listing[T, R]) list(id csp.ID[T], row R, merge func(a, b R) (R, bool)) (agree bool) {
	n := l.number(id)
	if !l.listed[n] {
		l.rows[n], l.listed[n] = row, true
		return true
	}
	l.rows[n], agree = merge(l.rows[n], row)
	return agree
}

// same is the merge of rows that must be equal.
func same[R comparable](a, b R) (R, bool) { return a, a == b }

// sorted are the numbers in the order of their ids, and where each came to stand.
func (l *listing[T, R]) sorted() (order, place []int32) {
	order = identity(len(l.rows))
	ids := l.ids.List()
	slices.SortFunc(order, func(a, b int32) int { return ids[a].Compare(ids[b]) })
	return order, inverse(order)
}

func identity(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// inverse says where in the order each number stands.
func inverse(order []int32) []int32 {
	place := make([]int32, len(order))
	for i, n := range order {
		place[n] = int32(i)
	}
	return place
}

// renumber is a number in its new place; None stays None.
func renumber[N ~int32](place []int32, n int32) N {
	if n == lookup.None {
		return None
	}
	return N(place[n])
}

// distinct numbers values as they come; number 0 is the zero value.
type distinct[V comparable] struct {
	numbers map[V]uint32
	list    []V
}

func newDistinct[V comparable]() distinct[V] {
	var zero V
	return distinct[V]{numbers: map[V]uint32{zero: 0}, list: []V{zero}}
}

func (d *distinct[V]) number(v V) uint32 {
	var zero V
	if v == zero {
		return 0
	}
	n, ok := d.numbers[v]
	if !ok {
		n = uint32(len(d.list))
		d.numbers[v] = n
		d.list = append(d.list, v)
	}
	return n
}

// keep forgets the values that are not used. Their numbers are nobody's from then on.
func (d *distinct[V]) keep(used []bool) {
	for n, v := range d.list {
		if !used[n] {
			delete(d.numbers, v)
		}
	}
}

// sorted are the values in order, and where each number came to stand. The zero
// value must be the first in the order.
func (d *distinct[V]) sorted(compare func(a, b V) int) (list []V, place []int32) {
	list = slices.SortedFunc(maps.Keys(d.numbers), compare)
	place = make([]int32, len(d.list))
	for i, v := range list {
		place[d.numbers[v]] = int32(i)
	}
	return list, place
}

// plain is the term in UTC and without a monotonic clock, so that two terms are
// equal exactly when they hold at the same times.
func plain(t csp.Term) csp.Term { return csp.Term{Period: plainPeriod(t.Period), Eligible: t.Eligible} }

func plainPeriod(p csp.Period) csp.Period {
	return csp.Period{From: plainTime(p.From), Until: plainTime(p.Until)}
}

func plainTime(t time.Time) time.Time { return t.Round(0).UTC() }

// hasYear says whether a time can be written down: its year has four digits.
func hasYear(t time.Time) bool { return 1 <= t.Year() && t.Year() <= 9999 }

// compareTerms puts the zero term first.
func compareTerms(a, b csp.Term) int {
	if c := a.From.Compare(b.From); c != 0 {
		return c
	}
	if c := a.Until.Compare(b.Until); c != 0 {
		return c
	}
	return compareBools(a.Eligible, b.Eligible)
}
