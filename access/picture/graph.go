package picture

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Limits of one picture.
const (
	mostBoxes = 30
	// mergedFrom is how many equal things become one box.
	mergedFrom = 3
)

// box is one thing, or several that play the same part.
type box struct {
	things []thing
	start  bool // some trail begins here
}

func (b box) kind() kind { return b.things[0].kind }

// route is one way over boxes, or several that became the same.
type route struct {
	boxes []int // one more than legs
	legs  []leg // of the first of the ways
	ways  []int // numbers of paths
}

// graph is boxes and routes over them, without a circle.
type graph struct {
	boxes  []box
	routes []route
	left   int // ways that found no place
}

// graphOf makes a graph of trails, with equal things put together, and no more
// of them than a picture holds.
func graphOf(trails []trail) graph {
	g := unrolled(trails)
	for g.merge() {
	}
	g.cap()
	return g
}

// unrolled makes a box of every thing. Where a thing would close a circle, it
// gets another box.
func unrolled(trails []trail) graph {
	var g graph
	byThing := map[thing][]int{}
	next := map[int][]int{}
	find := func(t thing, from int) int {
		for _, b := range byThing[t] {
			if from < 0 || slices.Contains(next[from], b) || !leads(next, b, from) {
				return b
			}
		}
		g.boxes = append(g.boxes, box{things: []thing{t}})
		byThing[t] = append(byThing[t], len(g.boxes)-1)
		return len(g.boxes) - 1
	}
	for _, t := range trails {
		at := find(t.from, -1)
		g.boxes[at].start = true
		r := route{boxes: []int{at}, legs: t.legs, ways: []int{t.way}}
		for _, l := range t.legs {
			to := find(l.to, at)
			if !slices.Contains(next[at], to) {
				next[at] = append(next[at], to)
			}
			r.boxes = append(r.boxes, to)
			at = to
		}
		g.routes = append(g.routes, r)
	}
	g.unite()
	return g
}

// leads says whether one box leads to another, or is it.
func leads(next map[int][]int, from, to int) bool {
	seen := map[int]bool{from: true}
	list := []int{from}
	for len(list) > 0 {
		b := list[len(list)-1]
		if b == to {
			return true
		}
		list = list[:len(list)-1]
		for _, n := range next[b] {
			if !seen[n] {
				seen[n] = true
				list = append(list, n)
			}
		}
	}
	return false
}

// merge puts boxes together that have the same kind, place and neighbours, and
// says whether there were any.
func (g *graph) merge() bool {
	parts := g.parts()
	alike := map[string][]int{}
	var keys []string
	for b, part := range parts {
		if part == "" {
			continue
		}
		if alike[part] == nil {
			keys = append(keys, part)
		}
		alike[part] = append(alike[part], b)
	}
	into := make([]int, len(g.boxes))
	for b := range into {
		into[b] = b
	}
	merged := false
	for _, key := range keys {
		same := alike[key]
		n := 0
		for _, b := range same {
			n += len(g.boxes[b].things)
		}
		if len(same) < 2 || n < mergedFrom {
			continue
		}
		merged = true
		for _, b := range same[1:] {
			into[b] = same[0]
			for _, one := range g.boxes[b].things {
				if !slices.Contains(g.boxes[same[0]].things, one) { // a thing may have had two boxes
					g.boxes[same[0]].things = append(g.boxes[same[0]].things, one)
				}
			}
		}
	}
	for _, r := range g.routes {
		for i, b := range r.boxes {
			r.boxes[i] = into[b]
		}
	}
	g.unite()
	return merged
}

// parts say for each box what part it plays: its kind, where it is, and its
// neighbours with the links to them. It is empty for what is never put together.
func (g *graph) parts() []string {
	around := make([][]string, len(g.boxes))
	type join struct {
		from, to int
		link     link
	}
	seen, links := map[join]bool{}, map[link]int{}
	for _, r := range g.routes {
		for i, l := range r.legs {
			from, to := r.boxes[i], r.boxes[i+1]
			if seen[join{from, to, l.link}] {
				continue
			}
			seen[join{from, to, l.link}] = true
			n := numbered(links, l.link)
			around[from] = append(around[from], fmt.Sprintf("> %d %d", to, n))
			around[to] = append(around[to], fmt.Sprintf("< %d %d", from, n))
		}
	}
	parts := make([]string, len(g.boxes))
	for b, list := range around {
		first := g.boxes[b].things[0]
		if len(list) == 0 || g.boxes[b].start || first.kind == action {
			continue
		}
		slices.Sort(list)
		parts[b] = fmt.Sprintf("%d %q %q\n%s", first.kind, first.tenant, first.scope.Key(), strings.Join(list, "\n"))
	}
	return parts
}

// numbered is the number of a link, the same for equal ones.
func numbered(links map[link]int, l link) int {
	n, ok := links[l]
	if !ok {
		n = len(links)
		links[l] = n
	}
	return n
}

// unite makes one of routes over the same boxes.
func (g *graph) unite() {
	at, links := map[string]int{}, map[link]int{}
	var list []route
	var key []byte
	for _, r := range g.routes {
		key = key[:0]
		for i, l := range r.legs {
			key = binary.AppendUvarint(key, uint64(r.boxes[i]))
			key = binary.AppendUvarint(key, uint64(numbered(links, l.link)))
		}
		key = binary.AppendUvarint(key, uint64(r.boxes[len(r.legs)]))
		if n, ok := at[string(key)]; ok {
			list[n].ways = append(list[n].ways, r.ways...)
			continue
		}
		at[string(key)] = len(list)
		list = append(list, r)
	}
	g.routes = list
}

// cap keeps the first routes, and as many of the others as need no further box.
func (g *graph) cap() {
	number := make([]int, len(g.boxes))
	for b := range number {
		number[b] = -1
	}
	var boxes []box
	var routes []route
	for _, r := range g.routes {
		fresh := 0
		for _, b := range r.boxes {
			if number[b] < 0 {
				fresh++
			}
		}
		if len(routes) > 0 && len(boxes)+fresh > mostBoxes {
			g.left += len(r.ways)
			continue
		}
		for i, b := range r.boxes {
			if number[b] < 0 {
				number[b] = len(boxes)
				boxes = append(boxes, g.boxes[b])
			}
			r.boxes[i] = number[b]
		}
		routes = append(routes, r)
	}
	g.boxes, g.routes = boxes, routes
}

// arrow is all links of one look that end at one box.
type arrow struct {
	link
	from  []int
	to    int
	notes []string // rules and details
}

// arrows are the arrows of the graph, in the order of its routes.
func (g *graph) arrows() []arrow {
	type key struct {
		link
		to int
	}
	at := map[key]int{}
	var list []arrow
	for _, r := range g.routes {
		for i, l := range r.legs {
			k := key{l.link, r.boxes[i+1]}
			n, ok := at[k]
			if !ok {
				n = len(list)
				at[k] = n
				list = append(list, arrow{link: l.link, to: k.to})
			}
			if !slices.Contains(list[n].from, r.boxes[i]) {
				list[n].from = append(list[n].from, r.boxes[i])
			}
			if note := noteOf(l); note != "" && !slices.Contains(list[n].notes, note) {
				list[n].notes = append(list[n].notes, note)
			}
		}
	}
	return list
}

func noteOf(l leg) string {
	switch {
	case l.detail == "":
		return l.rule
	case l.rule == "":
		return l.detail
	}
	return l.detail + " (" + l.rule + ")"
}
