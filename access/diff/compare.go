package diff

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
)

// compare asks what b has and a lacks, and the reverse, wherever one of them has
// anything.
func (p *pair) compare(a, b estate.Principal) Result {
	before, after := p.subject(0, a), p.subject(1, b)
	for _, s := range []subject{before, after} {
		if s.n == none {
			continue
		}
		all := p.everywhere(s.side, s.n)
		for _, g := range s.e.Guest[s.e.GuestsFrom[s.n]:s.e.GuestsFrom[s.n+1]] {
			all.add(p.everywhere(s.side, g))
		}
		for _, at := range all.spots {
			p.places = append(p.places, placeTouch{at: at})
		}
		for _, at := range slices.Concat(all.directories, all.wholly) {
			p.directories = append(p.directories, directoryTouch{at: at})
		}
	}
	slices.SortFunc(p.places, func(a, b placeTouch) int { return p.order(a.at, b.at) })
	slices.SortFunc(p.directories, func(a, b directoryTouch) int { return compareTenants(a.at, b.at) })
	p.old.turns, p.new.turns = sorted(p.old.turns), sorted(p.new.turns)
	w := newWeigher(p)
	w.weigh(job{int32(b), p.places, p.directories}, before, after)
	c := p.collect([]*weigher{w})
	found := c.told()
	for i := range found {
		found[i].causes = nil // no fact differs
	}
	r := p.lines(found, c.Accounts, Options{}, func(t *kindTable, _ both) []int { return p.units(t, both{a, b}) })
	for i := range r.Lines {
		l, who := &r.Lines[i], before // who has it
		if l.Gained() {
			who = after
		}
		l.Who = []Person{p.person(int32(who.n))}
		l.Because = through(who, *l)
	}
	return r
}

// through is how somebody comes by what a line is about, in its first place.
func through(s subject, l Line) []Cause {
	answer := s.Index.Why(access.Question{Principal: s.e.PrincipalID[s.n], Action: l.Actions[0].Action, Place: l.Spans[0].Place, At: s.At})
	for _, path := range answer.Paths {
		if path.Gives == access.Has {
			return []Cause{{Text: strings.TrimPrefix(path.String(), path.Gives.String()+": "), Rule: path.Hops[0].Rule}}
		}
	}
	return nil
}
