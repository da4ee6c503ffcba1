package scenario

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/csp"
)

// wanted is the expected answer to who or reach: by verdict, what is listed.
type wanted struct {
	listed map[access.Verdict][][]word
	// because are texts that gaps must hold.
	because []string
}

// gives is the best verdict that somebody or some place has.
func (w wanted) gives() access.Verdict {
	switch {
	case len(w.listed[access.Has])+len(w.listed[access.CanGet]) > 0:
		return access.Has
	case len(w.listed[access.Unknown]) > 0:
		return access.Unknown
	}
	return access.HasNot
}

// readLists reads "has ann, bob; can get carl", or the word for nothing at all.
func readLists(clauses [][]word, nothing string) (wanted, error) {
	w := wanted{listed: map[access.Verdict][][]word{}}
	for i, clause := range clauses {
		if clause[0].is("because") && len(clause) > 1 {
			w.because = append(w.because, joined(clause[1:]))
			continue
		}
		if i == 0 && clause[0].is(nothing) && len(clause) == 1 {
			continue
		}
		verdict, rest, ok := takeVerdict(clause)
		items := parted(rest, ",")
		if !ok || verdict == access.HasNot || len(items) == 0 {
			return w, fmt.Errorf("%q is no answer: write has, can get or unknown and a list, or %s", joined(clause), nothing)
		}
		w.listed[verdict] = append(w.listed[verdict], items...)
	}
	if len(clauses) == 0 {
		return w, fmt.Errorf("no answer stands behind the colon: write has, can get or unknown and a list, or %s", nothing)
	}
	if len(w.because) > 0 && len(w.listed[access.Unknown]) == 0 {
		return w, fmt.Errorf("\"because\" says why something is unknown, and nothing is said to be")
	}
	return w, nil
}

// listedVerdicts are those that answers list, the firmest first.
var listedVerdicts = []access.Verdict{access.Has, access.CanGet, access.Unknown}

// who reads "who ACTION at PLACE: has ann; can get bob".
func (p *parser) who(words []word, clauses [][]word) (func(asked) []string, access.Verdict, error) {
	if len(words) == 0 || !p.isAction(words[0]) {
		return nil, 0, fmt.Errorf("%q names no action behind \"who\"", joined(words))
	}
	action, rest, err := p.action(words)
	if err != nil {
		return nil, 0, err
	}
	p.asking(action)
	place, err := p.place(rest)
	if err != nil {
		return nil, 0, err
	}
	want, err := readLists(clauses, "nobody")
	if err != nil {
		return nil, 0, err
	}
	expected := map[csp.ObjectID]access.Verdict{}
	for _, verdict := range listedVerdicts {
		for _, item := range want.listed[verdict] {
			id, err := p.names.Principal(joined(item))
			if err != nil {
				return nil, 0, err
			}
			if _, twice := expected[id]; twice {
				return nil, 0, fmt.Errorf("%s is listed twice", joined(item))
			}
			expected[id] = verdict
		}
	}
	return func(a asked) []string {
		holders := a.Who(action, place, a.at)
		wrong := compare(expected, a.names.withoutGuests(verdicts(holders), expected), a.names.PrincipalName)
		for _, text := range want.because {
			if text := gapHolding(holders.Gaps, text); text != "" {
				wrong = append(wrong, text)
			}
		}
		return wrong
	}, want.gives(), nil
}

// verdicts are the holders, one by one.
func verdicts(h access.Holders) map[csp.ObjectID]access.Verdict {
	found := map[csp.ObjectID]access.Verdict{}
	for _, list := range []struct {
		verdict access.Verdict
		ids     []csp.ObjectID
	}{{access.Has, h.Has}, {access.CanGet, h.CanGet}, {access.Unknown, h.Unknown}} {
		for _, id := range list.ids {
			found[id] = list.verdict
		}
	}
	return found
}

// compare says, by verdict, what is missing from an answer and what is too much.
func compare[K comparable](want, got map[K]access.Verdict, name func(K) string) []string {
	var wrong []string
	for _, verdict := range listedVerdicts {
		for _, side := range []struct {
			these, those map[K]access.Verdict
			text         string
		}{{want, got, "want %s, and not among them: %s"}, {got, want, "got %s, and not wanted: %s"}} {
			var names []string
			for key, v := range side.these {
				if other, ok := side.those[key]; v == verdict && (!ok || other != verdict) {
					names = append(names, name(key))
				}
			}
			if len(names) > 0 {
				slices.Sort(names)
				wrong = append(wrong, fmt.Sprintf(side.text, verdict, strings.Join(names, ", ")))
			}
		}
	}
	return wrong
}

// region is a place with everything in it, but for some places in it.
type region struct {
	place  access.Place
	except []access.Place
}

// reach reads "reach WHO ACTION: has shop except shop/vault; can get root of
// contoso". A tenant's name means its directory.
func (p *parser) reach(words []word, clauses [][]word) (func(asked) []string, access.Verdict, error) {
	name, action, rest, err := p.actor(words)
	if err != nil {
		return nil, 0, err
	}
	if len(rest) > 0 {
		return nil, 0, fmt.Errorf("%q stands behind the action: reach asks about all places, so write the colon there", joined(rest))
	}
	principal, err := p.names.Principal(name)
	if err != nil {
		return nil, 0, err
	}
	want, err := readLists(clauses, "nowhere")
	if err != nil {
		return nil, 0, err
	}
	regions := map[access.Verdict][]region{}
	for _, verdict := range listedVerdicts {
		for _, item := range want.listed[verdict] {
			r, err := p.region(item)
			if err != nil {
				return nil, 0, err
			}
			regions[verdict] = append(regions[verdict], r)
		}
	}
	return func(a asked) []string {
		known := a.places
		expected, wrong := known.expand(regions, a.names)
		territory := a.Reach(principal, action, a.at)
		got, odd := known.cover(territory, a.names)
		wrong = append(append(wrong, odd...), compare(expected, got, func(k placeKey) string { return a.names.PlaceName(known.place[k]) })...)
		for _, text := range want.because {
			if text := gapHolding(territory.Gaps, text); text != "" {
				wrong = append(wrong, text)
			}
		}
		return wrong
	}, want.gives(), nil
}

// region reads "shop", "in contoso" or "shop except shop/vault and shop/safe".
func (p *parser) region(words []word) (region, error) {
	if words[0].is("in") {
		tenant, err := p.names.Tenant(joined(words[1:]))
		return region{place: access.DirectoryOf(tenant)}, err
	}
	at := slices.IndexFunc(words, func(w word) bool { return w.is("except") })
	if at < 0 {
		place, err := p.names.Place(joined(words))
		return region{place: place}, err
	}
	place, err := p.names.Place(joined(words[:at]))
	r := region{place: place}
	for rest := words[at+1:]; err == nil && len(rest) > 0; {
		end := slices.IndexFunc(rest, func(w word) bool { return w.is("and") })
		if end < 0 {
			end = len(rest)
		}
		if place, err = p.names.Place(joined(rest[:end])); err == nil {
			r.except = append(r.except, place)
		}
		rest = rest[min(end+1, len(rest)):]
	}
	return r, err
}
