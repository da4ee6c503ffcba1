package names

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// index finds things by name without regard to case. The nil index is empty.
type index[T comparable] struct {
	byName map[string][]T    // by folded name
	spelt  map[string]string // a name as it is written, by folded name
}

func fold(name string) string { return strings.ToLower(name) }

func (x *index[T]) add(name string, id T) {
	if name == "" {
		return
	}
	if x.byName == nil {
		x.byName, x.spelt = make(map[string][]T), make(map[string]string)
	}
	key := fold(name)
	if x.spelt[key] == "" {
		x.spelt[key] = name
	}
	if ids := x.byName[key]; len(ids) == 0 || ids[len(ids)-1] != id { // name and sign-in name may be one
		x.byName[key] = append(ids, id)
	}
}

func (x *index[T]) addAll(other *index[T]) {
	for key, ids := range other.byName {
		for _, id := range ids {
			x.add(other.spelt[key], id)
		}
	}
}

func (x *index[T]) find(name string) []T {
	if x == nil {
		return nil
	}
	return x.byName[fold(name)]
}

// mostNear is how many nearest names an error offers.
const mostNear = 3

// nearest are the names of the index that are most like the text, best first.
func (x *index[T]) nearest(text string) []string {
	if x == nil {
		return nil
	}
	all := make([]string, 0, len(x.spelt))
	for _, name := range x.spelt {
		all = append(all, name)
	}
	return Nearest(text, all)
}

// distinct joins lists without repetition.
func distinct[T comparable](lists ...[]T) []T {
	var all []T
	seen := make(map[T]bool)
	for _, list := range lists {
		for _, id := range list {
			if !seen[id] {
				all, seen[id] = append(all, id), true
			}
		}
	}
	return all
}

// one is the only thing found, or an error that says what to write instead.
func one[T comparable](noun, where, text string, found []T, describe func(T) string, nearest func(string) []string) (T, error) {
	var none T
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return none, fmt.Errorf("no %s %q%s%s", noun, clip(text), where, Suggestion(nearest(text)))
	}
	candidates := make([]string, 0, mostCandidates)
	for _, id := range found[:min(len(found), mostCandidates)] {
		candidates = append(candidates, describe(id))
	}
	more := ""
	if len(found) > mostCandidates {
		more = fmt.Sprintf(" or one of %d more", len(found)-mostCandidates)
	}
	return none, fmt.Errorf("%q%s may be %s%s; write the id of the one you mean", clip(text), where, strings.Join(candidates, " or "), more)
}

// mostCandidates is how many meanings of an ambiguous name an error lists.
const mostCandidates = 5

// Suggestion ends an error sentence with the nearest names, or with nothing.
func Suggestion(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(near, ", ")
}

// Nearest are up to three of the names that are most like the text, best first:
// those with at most a third of their letters changed, left out or put in, and
// those that begin with it. Case makes no difference.
func Nearest(text string, all []string) []string {
	text = fold(text)
	if len(text) > longestNear || len(all) > mostCompared {
		return nil
	}
	allowed := max(1, len(text)/3)
	type near struct {
		name     string
		distance int
	}
	var found []near
	for _, name := range all {
		folded := fold(name)
		begins := len(text) >= 3 && strings.HasPrefix(folded, text)
		if len(folded) > longestNear || !begins && max(len(text)-len(folded), len(folded)-len(text)) > allowed {
			continue
		}
		distance := editDistance(text, folded)
		if distance <= allowed || begins {
			found = append(found, near{name, distance})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var best []string
	for _, n := range found[:min(len(found), mostNear)] {
		best = append(best, n.name)
	}
	return best
}

// The work of comparing grows with the number of names and the product of both
// lengths, so both are bounded: longestNear in bytes.
const (
	longestNear  = 64
	mostCompared = 20_000
)

// editDistance counts the bytes to change, leave out, put in, or exchange with
// their neighbour.
func editDistance(a, b string) int {
	var before, above []int // the rows of the last two letters of a
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			changed := above[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, row[j]+1, above[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// clip shortens foreign text before it goes into an error sentence.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
