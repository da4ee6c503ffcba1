// Package columns lays out pictures of ways: boxes in columns from left to right,
// and arrows between them that never turn back and never run through a box.
//
// A box stands in the column after the last of those that lead to it. An arrow
// may have several tails, which join before its head, so that its label is
// written once. Where it passes a column it has a lane there, a row of its own.
// Rows are ordered so that few arrows cross, and boxes are drawn towards those
// they are joined with. All is done in whole numbers, so that the same graph is
// the same picture on every machine.
package columns

// Box is what stands in a column. Sizes are in pixels.
type Box struct {
	Height int
	// Late: it may stand as far right as what it leads to allows, and not as far
	// left as what leads to it.
	Late bool
}

// Arrow leads from the boxes From to the box To, by their numbers. Above and Below
// are the room that its label takes over and under the head, and Label the width.
type Arrow struct {
	From         []int
	To           int
	Label        int
	Above, Below int
}

// Graph is what to lay out. It must have no circle: Lay panics on one, since
// whoever makes the graph can avoid it.
type Graph struct {
	Boxes  []Box
	Arrows []Arrow
	Width  int // of every box
}

// Rect is where a box is.
type Rect struct{ X, Y, W, H int }

// Curve leads from one point to another further right, level at both ends.
type Curve struct{ X1, Y1, X2, Y2 int }

// Route is where an arrow runs.
type Route struct {
	// Tails and Links are the curves from boxes and between lanes; Lanes are the
	// level lines through the columns that it passes.
	Tails, Links, Lanes []Curve
	// Head is the level line that ends at the box. The label has its place over and
	// under it.
	Head Curve
}

// Plan is a graph laid out, beginning at 0, 0.
type Plan struct {
	Width, Height int
	Boxes         []Rect
	Routes        []Route
}

// Distances in pixels.
const (
	betweenBoxes = 22
	betweenLanes = 12
	laneHeight   = 4
	leastTurn    = 38  // room for curves
	mostTurn     = 110 // the same, where they climb high
	headRoom     = 16  // a head beside its label
	fine         = 16  // rows are reckoned in parts of a pixel
)

// Lay lays the graph out.
func Lay(g Graph) Plan {
	l := &layout{Graph: g}
	l.findColumns()
	l.makeItems()
	l.order()
	l.stackHeads()
	l.place()
	return l.plan()
}

// item is a box or a lane in its column.
type item struct {
	box    int // or -1
	arrow  int // of a lane
	column int
	height int
	y      int // of its middle, in fine parts
}

// join leads from an item to one in the next column: to the head of an arrow in
// a box, or to a lane.
type join struct {
	from, to int // items
	arrow    int
}

type layout struct {
	Graph
	column  []int // by box
	items   []item
	columns [][]int // items, by column, from the top down
	joins   []join  // by arrow, then column
	heads   [][]int // by box: the arrows that end there, from the top down
	head    []int   // by arrow: where its head is, from the middle of its box, in pixels
}

// findColumns gives every box its column.
func (l *layout) findColumns() {
	n := len(l.Boxes)
	l.column = make([]int, n)
	sorted := l.sorted()
	last := 0
	for _, b := range sorted {
		for _, a := range l.Arrows {
			if a.To == b {
				for _, from := range a.From {
					l.column[b] = max(l.column[b], l.column[from]+1)
				}
			}
		}
		last = max(last, l.column[b])
	}
	for i := n - 1; i >= 0; i-- {
		b := sorted[i]
		if !l.Boxes[b].Late {
			continue
		}
		right, leads := last, false
		for _, a := range l.Arrows {
			for _, from := range a.From {
				if from == b {
					right, leads = min(right, l.column[a.To]-1), true
				}
			}
		}
		if leads {
			l.column[b] = right
		}
	}
}

// sorted are the boxes so that arrows lead from earlier to later ones.
func (l *layout) sorted() []int {
	waits := make([]int, len(l.Boxes))
	for _, a := range l.Arrows {
		waits[a.To] += len(a.From)
	}
	var list []int
	for b, n := range waits {
		if n == 0 {
			list = append(list, b)
		}
	}
	for next := 0; next < len(list); next++ {
		for _, a := range l.Arrows {
			for _, from := range a.From {
				if from != list[next] {
					continue
				}
				if waits[a.To]--; waits[a.To] == 0 {
					list = append(list, a.To)
				}
			}
		}
	}
	if len(list) < len(l.Boxes) {
		panic("columns: the graph has a circle")
	}
	return list
}

// makeItems makes an item for every box and for every column that an arrow
// passes, and the joins between them.
func (l *layout) makeItems() {
	columns := 0
	for b, c := range l.column {
		l.items = append(l.items, item{box: b, arrow: -1, column: c, height: l.Boxes[b].Height})
		columns = max(columns, c+1)
	}
	l.columns = make([][]int, columns)
	for i, it := range l.items {
		l.columns[it.column] = append(l.columns[it.column], i)
	}
	for n, a := range l.Arrows {
		first := l.column[a.To]
		for _, from := range a.From {
			first = min(first, l.column[from])
		}
		lane := -1
		for c := first; c < l.column[a.To]; c++ {
			to := a.To
			if c+1 < l.column[a.To] {
				to = len(l.items)
				l.items = append(l.items, item{box: -1, arrow: n, column: c + 1, height: laneHeight})
				l.columns[c+1] = append(l.columns[c+1], to)
			}
			for _, from := range a.From {
				if l.column[from] == c {
					l.joins = append(l.joins, join{from, to, n})
				}
			}
			if lane >= 0 {
				l.joins = append(l.joins, join{lane, to, n})
			}
			lane = to
		}
	}
}
