package scenario

import (
	"fmt"
	"slices"

	"latchkey/access"
)

// placeKey tells a place from all others of a world: its scope in lower case,
// and its tenant where the scope alone does not say it.
type placeKey struct{ tenant, scope string }

func keyOf(place access.Place) placeKey {
	if !place.Scope.Subscription().IsZero() {
		return placeKey{scope: place.Scope.Key()}
	}
	return placeKey{tenant: place.Tenant.String(), scope: place.Scope.Key()}
}

// places are all known places of an index and the directories of its tenants.
type places struct {
	all    []placeKey // a place is followed by what is in it; directories are last
	place  map[placeKey]access.Place
	number map[placeKey]int // in all
	last   map[placeKey]int // the number of the last place at or below it
}

// placesOf reads the places off the index's own columns: no list of the facts
// knows of those that only an assignment names.
func placesOf(x *access.Index) places {
	p := places{place: map[placeKey]access.Place{}, number: map[placeKey]int{}, last: map[placeKey]int{}}
	for t, root := range x.TenantRoot {
		first := len(p.all)
		for n := root; n <= x.NodeLast[root]; n++ {
			p.add(access.Place{Tenant: x.TenantID[t], Scope: x.Scope(n)}, first+int(x.NodeLast[n]-root))
		}
	}
	for _, tenant := range x.TenantID {
		p.add(access.DirectoryOf(tenant), len(p.all))
	}
	return p
}

func (p *places) add(place access.Place, last int) {
	key := keyOf(place)
	p.number[key], p.last[key], p.place[key] = len(p.all), last, place
	p.all = append(p.all, key)
}

// in are all places at or below the place; none if it is not known.
func (p *places) in(place access.Place) []placeKey {
	key := keyOf(place)
	first, ok := p.number[key]
	if !ok {
		return nil
	}
	return p.all[first : p.last[key]+1]
}

// parts are the places of a region; unknown are those of its places that are not
// known.
func (p *places) parts(r region) (parts []placeKey, unknown []access.Place) {
	out := map[placeKey]bool{}
	for _, except := range r.except {
		keys := p.in(except)
		if keys == nil {
			unknown = append(unknown, except)
		}
		for _, key := range keys {
			out[key] = true
		}
	}
	keys := p.in(r.place)
	if keys == nil {
		unknown = append(unknown, r.place)
	}
	for _, key := range keys {
		if !out[key] {
			parts = append(parts, key)
		}
	}
	return parts, unknown
}

// expand is what a scenario wants of each place.
func (p *places) expand(regions map[access.Verdict][]region, names Names) (want map[placeKey]access.Verdict, wrong []string) {
	want = map[placeKey]access.Verdict{}
	for _, verdict := range listedVerdicts {
		for _, r := range regions[verdict] {
			parts, unknown := p.parts(r)
			for _, place := range unknown {
				wrong = append(wrong, fmt.Sprintf("the world does not list %s, and reach is about listed places", names.PlaceName(place)))
			}
			wrong = append(wrong, mark(want, parts, verdict, "the scenario", func(k placeKey) string { return names.PlaceName(p.place[k]) })...)
		}
	}
	return want, wrong
}

// cover is what a territory says of each place, and what is odd about it.
func (p *places) cover(t access.Territory, names Names) (got map[placeKey]access.Verdict, wrong []string) {
	got = map[placeKey]access.Verdict{}
	for _, span := range slices.Concat(t.Spans, t.Directories) {
		parts, unknown := p.parts(region{span.Place, span.Except})
		for _, place := range unknown {
			wrong = append(wrong, fmt.Sprintf("reach names %s, which the world does not list", names.PlaceName(place)))
		}
		wrong = append(wrong, mark(got, parts, span.Verdict, "reach", func(k placeKey) string { return names.PlaceName(p.place[k]) })...)
		if span.Known != len(parts) && !span.Place.IsDirectory() {
			wrong = append(wrong, fmt.Sprintf("reach counts %d places in %s, and there are %d", span.Known, names.PlaceName(span.Place), len(parts)))
		}
	}
	return got, append(wrong, miscounted(t.Counts, got)...)
}

// miscounted says where the counts of a territory are not those of its places.
func miscounted(counts map[access.Verdict]access.Count, got map[placeKey]access.Verdict) (wrong []string) {
	for _, verdict := range listedVerdicts {
		found := 0
		for key, v := range got {
			if v == verdict && key.scope != "" {
				found++
			}
		}
		if counts[verdict].Places != found {
			wrong = append(wrong, fmt.Sprintf("reach counts %d places with %s, and its spans have %d", counts[verdict].Places, verdict, found))
		}
	}
	return wrong
}

// mark gives places their verdict and says which had another one already.
func mark(verdicts map[placeKey]access.Verdict, parts []placeKey, verdict access.Verdict, who string, name func(placeKey) string) (wrong []string) {
	for _, key := range parts {
		if earlier, twice := verdicts[key]; twice && earlier != verdict {
			wrong = append(wrong, fmt.Sprintf("%s says both %s and %s of %s", who, earlier, verdict, name(key)))
		}
		verdicts[key] = verdict
	}
	return wrong
}
