package diff

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// become compares whole verdicts of everybody for the standing questions. What
// somebody can become depends on what others have, so no row says whom it
// touches.
func (p *pair) become(options Options) Result {
	p.findTouches() // for the causes
	var ids []csp.ObjectID
	for _, s := range p.sides() {
		for n, id := range s.e.PrincipalID {
			if s.account(estate.Principal(n)) == estate.Principal(n) && p.isTold(id) && (len(options.Only) == 0 || slices.Contains(options.Only, id)) {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, csp.ObjectID.Compare)
	ids = slices.Compact(ids)
	var found []change
	for i, id := range ids {
		if options.Progress != nil {
			options.Progress(i, len(ids))
		}
		c := comparison{p: p, before: p.view(0, id), after: p.view(1, id), became: true}
		found = append(found, c.everywhere()...)
	}
	if options.Progress != nil {
		options.Progress(len(ids), len(ids))
	}
	return p.lines(found, 0)
}

// everywhere asks the standing questions wherever one of the two reaches anything.
func (c comparison) everywhere() []change {
	causes := c.causes()
	var azure, directory []change
	for i := range Standing {
		action := Standing[i]
		var places []candidate
		directories := map[tenant]bool{}
		at := map[spot]bool{}
		for _, s := range c.p.sides() {
			v := c.before
			if !s.isBefore {
				v = c.after
			}
			if !v.isListed() {
				continue
			}
			t := v.Index.Reach(v.who, action.Action, v.At)
			for _, d := range t.Directories {
				directories[s.tenant(s.find(d.Place.Tenant))] = true
			}
			for _, span := range t.Spans {
				for _, place := range append(span.Except, span.Place) {
					at[s.spot(s.node(place))] = true
				}
			}
		}
		for _, place := range c.p.moved {
			at[place] = true
		}
		for place := range at {
			places = append(places, candidate{at: place})
		}
		slices.SortFunc(places, func(a, b candidate) int { return c.p.order(a.at, b.at) })
		c.nest(places, nil)
		if n := slices.IndexFunc(c.p.kinds.azure.candidates, func(a Action) bool { return a.operation() == action.operation() }); n >= 0 {
			azure = append(azure, c.ofKind(places, kind{ask: action, members: []int{n}}, nil)...)
		}
		if n := slices.IndexFunc(c.p.kinds.directory.candidates, func(a Action) bool { return a.operation() == action.operation() }); n >= 0 {
			directory = append(directory, c.inDirectoriesOfKind(directories, kind{ask: action, members: []int{n}})...)
		}
	}
	found := append(merge(azure), merge(directory)...)
	for i := range found {
		found[i].causes = causes
	}
	return found
}

// causes are what touches the account itself. There may be none: what others lost
// he can take over no more.
func (c comparison) causes() []int {
	var causes []int
	if t := c.p.touches[c.after.who]; t != nil {
		for _, place := range t.places {
			causes = append(causes, place.cause)
		}
		for _, directory := range t.directories {
			causes = append(causes, directory.cause)
		}
	}
	return sorted(causes)
}

func (w *world) find(id csp.TenantID) estate.Tenant {
	if t, ok := w.e.FindTenant(id); ok {
		return t
	}
	return none
}

// node is the node of a known place.
func (w *world) node(place access.Place) estate.Node {
	t := estate.Tenant(none)
	if !place.Tenant.IsZero() {
		t = w.find(place.Tenant)
	}
	n, _ := w.e.FindNode(t, place.Scope.String())
	return n
}

// compare asks what b has and a lacks, and the reverse.
func (p *pair) compare(a, b estate.Principal) Result {
	before, after := p.sides()[0], p.sides()[1]
	c := comparison{p: p, before: p.view(0, before.e.PrincipalID[a]), after: p.view(1, after.e.PrincipalID[b])}
	t := &touch{}
	for _, v := range []view{c.before, c.after} {
		s := p.sides()[v.i]
		list := []area{p.everywhere(s, v.n)}
		for _, g := range s.e.Guest[s.e.GuestsFrom[v.n]:s.e.GuestsFrom[v.n+1]] {
			list = append(list, p.everywhere(s, g))
		}
		for _, one := range list {
			for _, at := range one.spots {
				t.places = append(t.places, placeTouch{at: at})
			}
			for _, at := range slices.Concat(one.directories, one.wholly) {
				t.directories = append(t.directories, directoryTouch{at: at})
			}
		}
	}
	found := c.changes(t)
	for i := range found {
		found[i].causes = nil
	}
	r := p.lines(found, 0)
	for i := range r.Lines {
		l := &r.Lines[i]
		v := c.before // who has it
		if l.Gained() {
			v = c.after
		}
		l.Who = []Person{p.person(v.who)}
		l.Because = through(v, *l)
	}
	return r
}

// through is how somebody comes by what a line is about, in its first place.
func through(v view, l Line) []Cause {
	answer := v.Index.Why(access.Question{Principal: v.who, Action: l.Actions[0].Action, Place: l.Spans[0].Place, At: v.At})
	var causes []Cause
	for _, path := range answer.Paths {
		if path.Gives == access.Has && causes == nil {
			causes = []Cause{{Text: strings.TrimPrefix(path.String(), path.Gives.String()+": "), Rule: path.Hops[0].Rule}}
		}
	}
	return causes
}
