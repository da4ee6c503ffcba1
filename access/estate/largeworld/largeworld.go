// Package largeworld makes up the facts of a partner of any size: engineers and
// their groups, customers with users, subscriptions and resources, and all ways
// in which the one reaches the other, in about the proportions in which they are
// found. What is measured is measured on it, and what must hold for many is tried
// on it.
//
// The same size and seed give the same facts on every machine.
package largeworld

import (
	"math/rand/v2"
	"slices"

	"latchkey/csp"
)

// Size says how many there are. Customers take their share of the things by
// chance: a few have many, most have a few.
type Size struct {
	Customers int
	Engineers int // users of the partner
	Groups    int // of the partner
	// Subscriptions and so on are those of all customers together.
	Subscriptions  int
	ResourceGroups int
	Resources      int
	Assignments    int // role assignments
	CustomerUsers  int
}

// Large is the partner that performance is promised for.
var Large = Size{
	Customers: 10_000, Engineers: 2_000, Groups: 500,
	Subscriptions: 30_000, ResourceGroups: 300_000, Resources: 3_000_000,
	Assignments: 1_500_000, CustomerUsers: 200_000,
}

// Over is the n-th part of the size, with at least one of everything.
func (s Size) Over(n int) Size {
	for _, part := range []*int{
		&s.Customers, &s.Engineers, &s.Groups, &s.Subscriptions, &s.ResourceGroups, &s.Resources, &s.Assignments, &s.CustomerUsers,
	} {
		*part = max(1, *part/n)
	}
	return s
}

// Generate tells the facts in parts, the partner's first and then a few customers'
// at a time, until yield fails. After every part it says how many customers are
// told, of how many; progress may be nil.
func Generate(size Size, seed uint64, yield func(csp.Facts) error, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	p := newPartner(size, seed)
	if err := yield(p.facts); err != nil {
		return err
	}
	shares := newShares(size, seed)
	const atOnce = 16
	for from := 0; from < size.Customers; from += atOnce {
		to := min(from+atOnce, size.Customers)
		var part csp.Facts
		for i := from; i < to; i++ {
			newCustomer(p, i, seed, shares, &part)
		}
		if err := yield(part); err != nil {
			return err
		}
		progress(to, size.Customers)
	}
	return nil
}

// Streams of chance, each its own, so that one customer does not depend on another.
const (
	partnerStream = iota
	shareStream
	firstCustomerStream
)

// chance is a source of what could be otherwise.
type chance struct{ *rand.Rand }

func newChance(seed, stream uint64) chance { return chance{rand.New(rand.NewPCG(seed, stream))} }

// in says yes once in n times.
func (c chance) in(n int) bool { return c.IntN(n) == 0 }

// newID is an id that looks like a random GUID (version 4).
func newID[T csp.Named](c chance) csp.ID[T] {
	var id csp.ID[T]
	for i := 0; i < len(id); i += 8 {
		for n, bits := 0, c.Uint64(); n < 8; n++ {
			id[i+n] = byte(bits >> (8 * n))
		}
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// pick is one of a list.
func pick[E any](c chance, list []E) E { return list[c.IntN(len(list))] }

// early is one of a list, and rather one of its beginning: half of the picks come
// from the first sixth.
func early[E any](c chance, list []E) E {
	f := c.Float64()
	return list[int(f*f*f*float64(len(list)))]
}

// shares say what each customer has.
type shares struct{ subscriptions, resourceGroups, resources, assignments, users []int }

func newShares(size Size, seed uint64) shares {
	c := newChance(seed, shareStream)
	weight := make([]float64, size.Customers)
	for i := range weight {
		weight[i] = 0.3 + c.ExpFloat64()
	}
	return shares{
		subscriptions:  share(size.Subscriptions, weight),
		resourceGroups: share(size.ResourceGroups, weight),
		resources:      share(size.Resources, weight),
		assignments:    share(size.Assignments, weight),
		users:          share(size.CustomerUsers, weight),
	}
}

// share parts a total by weight. The parts add up to the total.
func share(total int, weight []float64) []int {
	var sum, so float64
	for _, w := range weight {
		sum += w
	}
	parts := make([]int, len(weight))
	given := 0
	for i, w := range weight {
		so += w
		upTo := int(so / sum * float64(total))
		if i == len(weight)-1 {
			upTo = total
		}
		parts[i], given = upTo-given, upTo
	}
	return parts
}

// evenly parts a total into n nearly equal parts.
func evenly(total, n int) []int { return share(total, slices.Repeat([]float64{1}, n)) }
