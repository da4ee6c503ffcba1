package leastrole

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"latchkey/access/roleclass"
)

// MostActions is how many actions can be covered at once.
const MostActions = 14

// candidate is a role that allows some of the actions asked for.
type candidate struct {
	allows uint32 // a bit for each action
	class  roleclass.Class
	rights int
	index  int // in the catalogue, which is sorted by name
}

// cover is a set of candidates, by index, with what it costs.
type cover struct {
	rights  int
	indexes []int // sorted
}

// compare orders covers of one class from the least up.
func (c cover) compare(other cover) int {
	return cmp.Or(
		cmp.Compare(c.rights, other.rights),
		cmp.Compare(len(c.indexes), len(other.indexes)),
		slices.Compare(c.indexes, other.indexes),
	)
}

// with is the cover and one candidate more.
func (c cover) with(one candidate) cover {
	indexes := append(slices.Clone(c.indexes), one.index)
	slices.Sort(indexes)
	return cover{rights: c.rights + one.rights, indexes: slices.Compact(indexes)}
}

// checkCount refuses what would take too long, and what asks nothing.
func checkCount(actions int) error {
	switch {
	case actions == 0:
		return fmt.Errorf("name at least one action that a role should allow")
	case actions > MostActions:
		return fmt.Errorf("%d actions are too many to find the least roles for: name at most %d, or several tasks", actions, MostActions)
	}
	return nil
}

// least finds the least cover of n actions, trying the classes from the harmless up.
func least(candidates []candidate, n int) (cover, bool) {
	for _, worst := range []roleclass.Class{roleclass.Read, roleclass.Standard, roleclass.Privileged} {
		allowed := slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool { return c.class < worst })
		if found, ok := leastOf(cheapest(allowed), n); ok {
			return found, true
		}
	}
	return cover{}, false
}

// cheapest keeps for each set of actions the least candidate that allows just it.
func cheapest(candidates []candidate) []candidate {
	best := make(map[uint32]candidate)
	for _, c := range candidates {
		old, ok := best[c.allows]
		if !ok || c.rights < old.rights || c.rights == old.rights && c.index < old.index {
			best[c.allows] = c
		}
	}
	kept := make([]candidate, 0, len(best))
	for _, c := range best {
		kept = append(kept, c)
	}
	slices.SortFunc(kept, func(a, b candidate) int { return cmp.Compare(a.index, b.index) })
	return kept
}

// leastOf works up from the empty set: the least cover of some actions is a
// candidate that allows the first of them, with the least cover of what it leaves.
func leastOf(candidates []candidate, n int) (cover, bool) {
	covers := make([]cover, 1<<n)
	found := make([]bool, 1<<n)
	found[0] = true
	for want := uint32(1); want < 1<<n; want++ {
		first := uint32(1) << bits.TrailingZeros32(want)
		for _, c := range candidates {
			rest := want &^ c.allows
			if c.allows&first == 0 || !found[rest] {
				continue
			}
			if next := covers[rest].with(c); !found[want] || next.compare(covers[want]) < 0 {
				covers[want], found[want] = next, true
			}
		}
	}
	return covers[1<<n-1], found[1<<n-1]
}
