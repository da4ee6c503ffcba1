package columns_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"latchkey/access/picture/internal/columns"
)

// draw makes a graph without a circle: arrows lead from lower to higher numbers.
func draw(t *rapid.T) columns.Graph {
	g := columns.Graph{Width: rapid.IntRange(60, 200).Draw(t, "width")}
	for range rapid.IntRange(0, 14).Draw(t, "boxes") {
		g.Boxes = append(g.Boxes, columns.Box{Height: rapid.IntRange(20, 90).Draw(t, "height"), Late: rapid.Bool().Draw(t, "late")})
	}
	if len(g.Boxes) < 2 {
		return g
	}
	for range rapid.IntRange(0, 24).Draw(t, "arrows") {
		to := rapid.IntRange(1, len(g.Boxes)-1).Draw(t, "to")
		from := rapid.SliceOfNDistinct(rapid.IntRange(0, to-1), 1, min(to, 4), func(n int) int { return n }).Draw(t, "from")
		g.Arrows = append(g.Arrows, columns.Arrow{
			From: from, To: to, Label: rapid.IntRange(0, 100).Draw(t, "label"),
			Above: rapid.IntRange(4, 40).Draw(t, "above"), Below: rapid.IntRange(4, 30).Draw(t, "below"),
		})
	}
	return g
}

func overlap(a, b columns.Rect) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

// pieces are all parts of a route.
func pieces(r columns.Route) []columns.Curve {
	return slices.Concat(r.Tails, r.Links, r.Lanes, []columns.Curve{r.Head})
}

// at is a point of a curve as it is drawn: a cubic, level at both ends.
func at(c columns.Curve, s float64) (x, y float64) {
	mid := float64(c.X1+c.X2) / 2
	a, b, d, e := (1-s)*(1-s)*(1-s), 3*(1-s)*(1-s)*s, 3*(1-s)*s*s, s*s*s
	return a*float64(c.X1) + b*mid + d*mid + e*float64(c.X2), (a+b)*float64(c.Y1) + (d+e)*float64(c.Y2)
}

func TestNoTwoBoxesOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := columns.Lay(draw(t))
		for i, a := range p.Boxes {
			for _, b := range p.Boxes[:i] {
				if overlap(a, b) {
					t.Fatalf("%v and %v overlap", a, b)
				}
			}
		}
	})
}

func TestEveryPieceOfAnArrowLeadsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for n, r := range columns.Lay(draw(t)).Routes {
			for _, c := range pieces(r) {
				if c.X1 >= c.X2 {
					t.Fatalf("arrow %d has %v, which does not lead right", n, c)
				}
			}
		}
	})
}

func TestNoArrowRunsThroughABox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := columns.Lay(draw(t))
		for n, r := range p.Routes {
			for _, c := range pieces(r) {
				for step := range 41 {
					x, y := at(c, float64(step)/40)
					for _, b := range p.Boxes {
						if x > float64(b.X) && x < float64(b.X+b.W) && y > float64(b.Y) && y < float64(b.Y+b.H) {
							t.Fatalf("arrow %d runs through %v at %.1f, %.1f", n, b, x, y)
						}
					}
				}
			}
		}
	})
}

// Whoever follows an arrow from any of its boxes comes to its head without a jump.
func TestArrowsHangTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t)
		p := columns.Lay(g)
		for n, r := range p.Routes {
			starts := map[[2]int]bool{}
			for _, c := range pieces(r) {
				starts[[2]int{c.X1, c.Y1}] = true
			}
			for _, c := range slices.Concat(r.Tails, r.Links, r.Lanes) {
				if !starts[[2]int{c.X2, c.Y2}] {
					t.Fatalf("arrow %d ends in the air, with %v", n, c)
				}
			}
			if len(r.Tails) != len(g.Arrows[n].From) {
				t.Fatalf("arrow %d has %d tails for %d boxes", n, len(r.Tails), len(g.Arrows[n].From))
			}
			for _, from := range g.Arrows[n].From {
				b := p.Boxes[from]
				if !slices.ContainsFunc(r.Tails, func(c columns.Curve) bool { return c.X1 == b.X+b.W && c.Y1 >= b.Y && c.Y1 <= b.Y+b.H }) {
					t.Fatalf("arrow %d has no tail at box %d, %v", n, from, b)
				}
			}
			if b := p.Boxes[g.Arrows[n].To]; r.Head.X2 != b.X || r.Head.Y2 < b.Y || r.Head.Y2 > b.Y+b.H {
				t.Fatalf("arrow %d ends at %v, and not at the side of %v", n, r.Head, b)
			}
		}
	})
}

// label is the room of an arrow's label.
func label(a columns.Arrow, r columns.Route) columns.Rect {
	return columns.Rect{X: r.Head.X1, Y: r.Head.Y1 - a.Above, W: a.Label, H: a.Above + a.Below}
}

func TestLabelsHaveRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t)
		p := columns.Lay(g)
		for n, a := range g.Arrows {
			room := label(a, p.Routes[n])
			if p.Routes[n].Head.X2-p.Routes[n].Head.X1 < a.Label {
				t.Fatalf("the head of arrow %d is shorter than its label", n)
			}
			for _, b := range p.Boxes {
				if overlap(room, b) {
					t.Fatalf("the label of arrow %d at %v overlaps the box %v", n, room, b)
				}
			}
			for m := range n {
				if other := label(g.Arrows[m], p.Routes[m]); overlap(room, other) {
					t.Fatalf("the labels of arrows %d and %d overlap: %v, %v", m, n, other, room)
				}
			}
			for m, r := range p.Routes {
				for _, lane := range r.Lanes {
					if overlap(room, columns.Rect{X: lane.X1, Y: lane.Y1, W: lane.X2 - lane.X1, H: 1}) {
						t.Fatalf("the lane %v of arrow %d runs through the label of arrow %d at %v", lane, m, n, room)
					}
				}
			}
		}
	})
}

func TestAllIsInsideThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := columns.Lay(draw(t))
		for _, b := range p.Boxes {
			if b.X < 0 || b.Y < 0 || b.X+b.W > p.Width || b.Y+b.H > p.Height {
				t.Fatalf("%v is not inside %d by %d", b, p.Width, p.Height)
			}
		}
		for _, r := range p.Routes {
			for _, c := range pieces(r) {
				if c.X1 < 0 || c.X2 > p.Width || min(c.Y1, c.Y2) < 0 || max(c.Y1, c.Y2) > p.Height {
					t.Fatalf("%v is not inside %d by %d", c, p.Width, p.Height)
				}
			}
		}
	})
}

func TestTheSameGraphIsTheSamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t)
		if a, b := columns.Lay(g), columns.Lay(g); !reflect.DeepEqual(a, b) {
			t.Fatalf("first %v, then %v", a, b)
		}
	})
}

func TestBoxesStandInTheirColumns(t *testing.T) {
	arrow := func(to int, from ...int) columns.Arrow {
		return columns.Arrow{From: from, To: to, Above: 10, Below: 10}
	}
	g := columns.Graph{
		Width:  100,
		Boxes:  []columns.Box{{Height: 40}, {Height: 40}, {Height: 40}, {Height: 40, Late: true}, {Height: 40}, {Height: 40, Late: true}},
		Arrows: []columns.Arrow{arrow(1, 0), arrow(2, 1), arrow(3, 0), arrow(4, 2, 3), arrow(5, 0)},
	}
	p := columns.Lay(g)
	x := func(b int) int { return p.Boxes[b].X }
	if !(x(0) < x(1) && x(1) < x(2) && x(2) < x(4)) {
		t.Errorf("the long way is not in a row: %v", p.Boxes)
	}
	if x(3) != x(2) {
		t.Errorf("the late box is at %d, and could be at %d", x(3), x(2))
	}
	if x(5) != x(1) {
		t.Errorf("a late box that leads nowhere is at %d, and could be at %d", x(5), x(1))
	}
}

func TestAStraightWayIsStraight(t *testing.T) {
	g := columns.Graph{Width: 100}
	for n := range 5 {
		g.Boxes = append(g.Boxes, columns.Box{Height: 40})
		if n > 0 {
			g.Arrows = append(g.Arrows, columns.Arrow{From: []int{n - 1}, To: n, Above: 20, Below: 8})
		}
	}
	for _, r := range columns.Lay(g).Routes {
		if r.Head.Y1 != 20 || r.Tails[0].Y1 != 20 {
			t.Errorf("the arrow %v is not level", r)
		}
	}
}

// Two boxes, each joined with the one across, are exchanged rather than crossed.
func TestCrossingsAreAvoided(t *testing.T) {
	g := columns.Graph{Width: 100, Boxes: []columns.Box{{Height: 40}, {Height: 40}, {Height: 40}, {Height: 40}}}
	g.Arrows = []columns.Arrow{{From: []int{0}, To: 3}, {From: []int{1}, To: 2}}
	p := columns.Lay(g)
	if (p.Boxes[0].Y < p.Boxes[1].Y) != (p.Boxes[3].Y < p.Boxes[2].Y) {
		t.Errorf("the arrows cross: %v", p.Boxes)
	}
}

func TestAGraphWithACircleIsRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a circle was laid out")
		}
	}()
	columns.Lay(columns.Graph{Boxes: make([]columns.Box, 2), Arrows: []columns.Arrow{{From: []int{0}, To: 1}, {From: []int{1}, To: 0}}})
}
