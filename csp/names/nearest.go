package names

import (
	"cmp"
	"slices"
	"strings"
)

// Near collects, of the names it is offered, those most like a text: with a few
// letters changed, left out, put in or exchanged with their neighbour, and those
// that begin with it. Case makes no difference.
type Near struct {
	want  string // folded
	found []nearName
	rows  [3][longestNear + 2]int // of the table of distances
}

type nearName struct {
	distance int
	say      string
}

// longestNear is how many bytes a text may have that is compared letter by letter.
const longestNear = 120

// NearTo collects names like the text.
func NearTo(text string) *Near { return &Near{want: fold(text)} }

// reach is how many letters may be wrong: a third of them, and at most four.
func (n *Near) reach() int { return min(4, max(1, len(n.want)/3)) }

// Offer takes a name into account; say is what would be told of it, and is called
// only if the name is near.
func (n *Near) Offer(name string, say func() string) {
	if n.want == "" || name == "" || len(n.want) > longestNear || len(name) > longestNear {
		return
	}
	folded := fold(name)
	distance := n.distance(folded)
	if distance > n.reach() && len(n.want) > 2 && strings.HasPrefix(folded, n.want) {
		distance = n.reach() // the rest of the name was left out
	}
	if distance <= n.reach() {
		n.found = append(n.found, nearName{distance, say()})
	}
}

// Names are at most so many of what there is to tell, the nearest first and
// otherwise sorted.
func (n *Near) Names(most int) []string {
	slices.SortFunc(n.found, func(a, b nearName) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.say, b.say))
	})
	var names []string
	for _, f := range n.found {
		if !slices.Contains(names, f.say) {
			names = append(names, f.say)
		}
		if len(names) == most {
			break
		}
	}
	return names
}

// distance is how many letters, in bytes, must be put in, left out, changed or
// exchanged with their neighbour to make the name of the wanted text; one more
// than the reach if it is more than that. Only the part of the table about its
// diagonal is worked out, since the rest is beyond the reach.
func (n *Near) distance(name string) int {
	a, b, reach := n.want, name, n.reach()
	if len(a)-len(b) > reach || len(b)-len(a) > reach {
		return reach + 1
	}
	before, above, row := &n.rows[0], &n.rows[1], &n.rows[2]
	for j := range reach + 2 { // the row of no letters
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		first, last := max(1, i-reach), min(len(b), i+reach)
		row[first-1] = reach + 1
		if first == 1 {
			row[0] = i
		}
		least := row[first-1]
		for j := first; j <= last; j++ {
			changed := above[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			row[j] = min(above[j]+1, row[j-1]+1, changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		row[last+1] = reach + 1 // which the next row looks at
		if least > reach {
			return reach + 1
		}
		before, above, row = above, row, before
	}
	return min(above[len(b)], reach+1)
}

// mostNear is how many nearest names an error offers, mostCompared how many names
// are compared for it: an error about a file must not take longer than the file.
const (
	mostNear     = 3
	mostCompared = 20_000
)

// Nearest are up to three of the names that are most like the text, best first.
func Nearest(text string, all []string) []string {
	if len(all) > mostCompared {
		return nil
	}
	near := NearTo(text)
	for _, name := range all {
		near.Offer(name, func() string { return name })
	}
	return near.Names(mostNear)
}

// Suggestion ends an error sentence with the nearest names, or with nothing.
func Suggestion(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(near, ", ")
}
