package naming

import (
	"cmp"
	"slices"
	"strings"
)

// nearest collects the names most like a text.
type nearest struct {
	want  string // folded
	found []near
	rows  [3][]int // of the table of distances
}

type near struct {
	distance int
	say      string
}

// mostCompared bounds the length of texts that are compared letter by letter.
const mostCompared = 120

func nearestTo(text string) *nearest { return &nearest{want: strings.ToLower(text)} }

// reach is how many letters may be wrong: a third of them, and at most four.
func (n *nearest) reach() int { return min(4, 1+len(n.want)/4) }

// offer takes a name into account; say is what would be told of it.
func (n *nearest) offer(name string, say func() string) {
	if n.want == "" || name == "" || len(n.want) > mostCompared || len(name) > mostCompared {
		return
	}
	folded := strings.ToLower(name)
	distance := n.distance(folded)
	if distance > n.reach() && len(n.want) > 2 && strings.HasPrefix(folded, n.want) {
		distance = n.reach() // the rest of the name was left out
	}
	if distance <= n.reach() {
		n.found = append(n.found, near{distance, say()})
	}
}

// names are the nearest ones, best first and otherwise sorted.
func (n *nearest) names() []string {
	slices.SortFunc(n.found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.say, b.say))
	})
	var names []string
	for _, f := range n.found {
		if !slices.Contains(names, f.say) {
			names = append(names, f.say)
		}
		if len(names) == 5 {
			break
		}
	}
	return names
}

// distance is how many letters must be put in, left out, changed or swapped with
// their neighbour to make the name of the wanted text; one more than the reach if
// it is more than that.
func (n *nearest) distance(name string) int {
	a, b, reach := n.want, name, n.reach()
	if len(a)-len(b) > reach || len(b)-len(a) > reach {
		return reach + 1
	}
	for i := range n.rows {
		if len(n.rows[i]) < len(b)+1 {
			n.rows[i] = make([]int, mostCompared+1)
		}
	}
	before, above, row := n.rows[0], n.rows[1], n.rows[2]
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > reach {
			return reach + 1
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
