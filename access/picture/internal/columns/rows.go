package columns

import (
	"cmp"
	"slices"
)

// How often rows are ordered and placed anew, left to right and back.
const (
	sweeps  = 12
	settles = 48
)

// order puts the items of each column where those they are joined with are, on
// average, until no order with fewer crossings is found.
func (l *layout) order() {
	best, least := l.copied(), l.crossings()
	for range sweeps {
		for _, forth := range []bool{true, false} {
			for i := range l.columns {
				c := i
				if !forth {
					c = len(l.columns) - 1 - i
				}
				l.orderColumn(c, forth)
			}
			if n := l.crossings(); n < least {
				best, least = l.copied(), n
			}
		}
	}
	l.columns = best
}

func (l *layout) copied() [][]int {
	list := make([][]int, len(l.columns))
	for c := range list {
		list[c] = slices.Clone(l.columns[c])
	}
	return list
}

// orderColumn orders a column by the mean row of the neighbours on its left, or
// on its right. Items without any stay where they are.
func (l *layout) orderColumn(c int, left bool) {
	row := l.rows()
	mean := make(map[int]int, len(l.columns[c]))
	for at, i := range l.columns[c] {
		sum, n := 0, 0
		for _, j := range l.joins {
			if left && j.to == i {
				sum, n = sum+row[j.from], n+1
			} else if !left && j.from == i {
				sum, n = sum+row[j.to], n+1
			}
		}
		mean[i] = at << 10
		if n > 0 {
			mean[i] = sum << 10 / n
		}
	}
	slices.SortStableFunc(l.columns[c], func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
}

// rows says for every item how far down its column it is.
func (l *layout) rows() []int {
	row := make([]int, len(l.items))
	for _, column := range l.columns {
		for at, i := range column {
			row[i] = at
		}
	}
	return row
}

// crossings counts how often joins cross.
func (l *layout) crossings() int {
	row, n := l.rows(), 0
	for x, a := range l.joins {
		for _, b := range l.joins[:x] {
			if l.items[a.from].column == l.items[b.from].column && (row[a.from]-row[b.from])*(row[a.to]-row[b.to]) < 0 {
				n++
			}
		}
	}
	return n
}

// stackHeads gives every arrow that ends in a box its place along the box's side,
// in the order in which they arrive, and makes the box higher where they need it.
func (l *layout) stackHeads() {
	row := l.rows()
	arrives := make([]int, len(l.Arrows))
	for n := range l.Arrows {
		sum, count := 0, 0
		for _, j := range l.joins {
			if j.arrow == n && l.items[j.to].box == l.Arrows[n].To {
				sum, count = sum+row[j.from]<<10, count+1
			}
		}
		arrives[n] = sum / max(count, 1)
	}
	l.heads, l.head = make([][]int, len(l.Boxes)), make([]int, len(l.Arrows))
	for n, a := range l.Arrows {
		l.heads[a.To] = append(l.heads[a.To], n)
	}
	for b, list := range l.heads {
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(arrives[a], arrives[b]) })
		room := 0
		for _, n := range list {
			room += l.Arrows[n].Above + l.Arrows[n].Below
		}
		if len(list) == 1 { // in the middle
			a := l.Arrows[list[0]]
			l.items[b].height = max(l.items[b].height, 2*a.Above, 2*a.Below)
			continue
		}
		l.items[b].height = max(l.items[b].height, room)
		at := -room / 2
		for _, n := range list {
			l.head[n] = at + l.Arrows[n].Above
			at += l.Arrows[n].Above + l.Arrows[n].Below
		}
	}
}

// arrival is where in an item a join ends, from the item's middle, in pixels.
func (l *layout) arrival(j join) int {
	if l.items[j.to].box < 0 {
		return 0
	}
	return l.head[j.arrow]
}

// place finds the rows' heights: each item wishes to be level with its
// neighbours, and the wishes of a column are met as well as its order and the
// distances in it allow.
func (l *layout) place() {
	for c := range l.columns {
		l.settle(c, func(int) (int, int) { return 0, 1 })
	}
	for n := range settles {
		for i := range l.columns {
			c := i
			if n%2 == 1 {
				c = len(l.columns) - 1 - i
			}
			l.settle(c, l.wish)
		}
	}
	top := 0
	for i, it := range l.items {
		if edge := it.y - it.height*fine/2; i == 0 || edge < top {
			top = edge
		}
	}
	for i := range l.items {
		l.items[i].y -= top
	}
}

// wish is the mean of the neighbours' rows, and how much it weighs. Lanes weigh
// more, so that they run straight.
func (l *layout) wish(i int) (y, weight int) {
	sum, n := 0, 0
	for _, j := range l.joins {
		weighs := 1
		if l.items[j.from].box < 0 || l.items[j.to].box < 0 {
			weighs = 2
		}
		switch i {
		case j.from:
			sum, n = sum+weighs*(l.items[j.to].y+l.arrival(j)*fine), n+weighs
		case j.to:
			sum, n = sum+weighs*(l.items[j.from].y-l.arrival(j)*fine), n+weighs
		}
	}
	if n == 0 {
		return l.items[i].y, 1
	}
	return sum / n, n
}

// settle places the items of a column as near to their wishes as can be, by
// squares: neighbours that would come too near become one block, which stands
// at the mean of their wishes.
func (l *layout) settle(c int, wish func(item int) (y, weight int)) {
	type block struct{ sum, weight, first int }
	column := l.columns[c]
	offset := make([]int, len(column)) // of each item from the first, packed
	var blocks []block
	for at, i := range column {
		if at > 0 {
			offset[at] = offset[at-1] + l.apart(column[at-1], i)
		}
		y, weight := wish(i)
		blocks = append(blocks, block{(y - offset[at]) * weight, weight, at})
		for n := len(blocks); n > 1 && blocks[n-2].sum*blocks[n-1].weight > blocks[n-1].sum*blocks[n-2].weight; n-- {
			blocks[n-2].sum += blocks[n-1].sum
			blocks[n-2].weight += blocks[n-1].weight
			blocks = blocks[:n-1]
		}
	}
	for n, b := range blocks {
		end := len(column)
		if n+1 < len(blocks) {
			end = blocks[n+1].first
		}
		for at := b.first; at < end; at++ {
			l.items[column[at]].y = floor(b.sum, b.weight) + offset[at]
		}
	}
}

// floor divides and rounds down, also below zero, so that order is kept.
func floor(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// apart is how far the middles of two neighbours must be apart, in fine parts.
func (l *layout) apart(a, b int) int {
	gap := betweenLanes
	if l.items[a].box >= 0 && l.items[b].box >= 0 {
		gap = betweenBoxes
	}
	return fine * ((l.items[a].height+l.items[b].height+1)/2 + gap)
}
