package columns

// plan turns columns and rows into pixels.
func (l *layout) plan() Plan {
	p := Plan{Boxes: make([]Rect, len(l.Boxes)), Routes: make([]Route, len(l.Arrows))}
	left, turn := l.across()
	for b := range l.Boxes {
		it := l.items[b]
		p.Boxes[b] = Rect{left[it.column], l.level(b) - it.height/2, l.Width, it.height}
		p.Width = max(p.Width, left[it.column]+l.Width)
		p.Height = max(p.Height, p.Boxes[b].Y+it.height)
	}
	for i, it := range l.items {
		if it.box < 0 {
			y := l.level(i)
			p.Routes[it.arrow].Lanes = append(p.Routes[it.arrow].Lanes, Curve{turn[it.column], y, left[it.column] + l.Width, y})
			p.Height = max(p.Height, y+laneHeight)
		}
	}
	for n, a := range l.Arrows {
		c := l.column[a.To]
		y := l.level(a.To) + l.head[n]
		p.Routes[n].Head = Curve{turn[c], y, left[c], y}
	}
	for _, j := range l.joins {
		from := l.items[j.from]
		c := from.column
		curve := Curve{left[c] + l.Width, l.level(j.from), turn[c+1], l.level(j.to) + l.arrival(j)}
		r := &p.Routes[j.arrow]
		if from.box < 0 {
			r.Links = append(r.Links, curve)
		} else {
			r.Tails = append(r.Tails, curve)
		}
	}
	return p
}

// level is the middle of an item in pixels.
func (l *layout) level(i int) int { return l.items[i].y / fine }

// across finds for every column where its boxes begin, and where before them the
// curves end and the heads begin.
func (l *layout) across() (left, turn []int) {
	left, turn = make([]int, len(l.columns)), make([]int, len(l.columns))
	for c := 1; c < len(l.columns); c++ {
		label, climb := 0, 0
		for _, j := range l.joins {
			if l.items[j.to].column != c {
				continue
			}
			if l.items[j.to].box >= 0 {
				label = max(label, l.Arrows[j.arrow].Label)
			}
			up := l.level(j.from) - l.level(j.to) - l.arrival(j)
			climb = max(climb, up, -up)
		}
		turn[c] = left[c-1] + l.Width + min(mostTurn, leastTurn+climb/8)
		left[c] = turn[c] + label + headRoom
	}
	return left, turn
}
