package names

import (
	"fmt"
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

// clip shortens foreign text before it goes into an error sentence.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
