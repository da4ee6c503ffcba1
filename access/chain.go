package access

import (
	"slices"

	"latchkey/access/estate"
)

// link is one membership of a chain.
type link struct {
	member estate.Principal
	group  estate.Principal
	term   estate.TermNo
}

// Limits on what is written out of an answer; verdicts know no limit.
const (
	mostChains = 64
	mostSteps  = 1 << 12
	mostPaths  = 512
)

// chains are the ways from a principal into a group, none through a group twice,
// the shortest first. Unless eligible memberships count, none has one. more says
// that not all are there.
func (q *asking) chains(from, to estate.Principal, eligible bool) (found [][]link, more bool) {
	if from == to {
		return [][]link{nil}, false
	}
	leads := q.leadsTo(to, from, eligible)
	var chain []link
	steps := 0
	var walk func(at estate.Principal)
	walk = func(at estate.Principal) {
		q.eachGroup(at, eligible, func(g estate.Principal, term estate.TermNo) {
			switch {
			case g == from, !leads[g], slices.ContainsFunc(chain, func(l link) bool { return l.group == g }):
				return
			case len(found) >= mostChains || steps >= mostSteps:
				more = true
				return
			}
			steps++
			chain = append(chain, link{at, g, term})
			if g == to {
				found = append(found, slices.Clone(chain))
			} else {
				walk(g)
			}
			chain = chain[:len(chain)-1]
		})
	}
	walk(from)
	if len(found) == 0 && more {
		found = append(found, q.shortest(from, to, eligible))
	}
	slices.SortStableFunc(found, func(a, b []link) int { return len(a) - len(b) })
	return found, more
}

// leadsTo are the groups at or above from, of those that a chain to the group can
// go through.
func (q *asking) leadsTo(to, from estate.Principal, eligible bool) map[estate.Principal]bool {
	above := map[estate.Principal]truth{}
	q.climb(above, from, yes, eligible)
	leads := map[estate.Principal]bool{to: true}
	for grown := true; grown; {
		grown = false
		for p := range above {
			if leads[p] {
				continue
			}
			q.eachGroup(p, eligible, func(g estate.Principal, _ estate.TermNo) {
				if leads[g] && !leads[p] {
					leads[p], grown = true, true
				}
			})
		}
	}
	return leads
}

// shortest is one shortest chain; there must be one.
func (q *asking) shortest(from, to estate.Principal, eligible bool) []link {
	by := map[estate.Principal]link{}
	reached := []estate.Principal{from}
	for next := 0; next < len(reached); next++ {
		q.eachGroup(reached[next], eligible, func(g estate.Principal, term estate.TermNo) {
			if _, known := by[g]; !known && g != from {
				by[g] = link{reached[next], g, term}
				reached = append(reached, g)
			}
		})
	}
	var chain []link
	for at := to; at != from; at = by[at].member {
		chain = append(chain, by[at])
	}
	slices.Reverse(chain)
	return chain
}

// isEligible says whether a link of the chain must be activated first.
func (q *asking) isEligible(chain []link) bool {
	return slices.ContainsFunc(chain, func(l link) bool { return q.term(l.term).Eligible })
}
