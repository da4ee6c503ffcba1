package access

import (
	"slices"
	"time"

	"latchkey/csp"
)

// grade is how firmly a fact holds at the instant of a question. A chain of
// steps is as firm as its weakest step.
type grade uint8

const (
	never grade = iota // it does not hold
	ripe               // it does not hold yet, and its holder can make it
	firm               // it holds
)

// grade judges the term at the instant (R29).
func (t Term) grade(at time.Time) grade {
	switch {
	case at.Before(t.From), !t.Until.IsZero() && !at.Before(t.Until):
		return never
	case t.Eligible:
		return ripe
	}
	return firm
}

// standing is a principal with all groups he is in, directly or through others.
type standing struct {
	id csp.ObjectID
	at time.Time
	// grades has him and every group that a chain of live memberships leads to,
	// with the grade of the firmest chain.
	grades map[csp.ObjectID]grade
	// by has the last membership of one such firmest chain.
	by map[csp.ObjectID]Membership
}

// stand follows memberships by decreasing grade, so that the first chain to
// arrive at a group is the firmest. Cycles end where they began.
func (x *Index) stand(id csp.ObjectID, at time.Time) standing {
	s := standing{id: id, at: at, grades: map[csp.ObjectID]grade{id: firm}, by: map[csp.ObjectID]Membership{}}
	reached := []csp.ObjectID{id}
	for _, floor := range []grade{firm, ripe} {
		// Whatever was reached so far may have memberships of just this grade.
		for next := 0; next < len(reached); next++ {
			for _, m := range x.groupsOf[reached[next]] {
				if g := m.grade(at); g < floor || s.grades[m.Group] != never {
					continue
				}
				s.grades[m.Group] = floor
				s.by[m.Group] = m
				reached = append(reached, m.Group)
			}
		}
	}
	return s
}

// Limits on the chains that are written out; the grades know no limit.
const (
	mostChains = 256
	mostSteps  = 1 << 14
)

// chains are the ways from the principal into the group, each without a detour
// through a group twice, the firmest first. more says that not all are there.
func (x *Index) chains(s standing, group csp.ObjectID) (found [][]Membership, more bool) {
	if group == s.id {
		return [][]Membership{nil}, false
	}
	found = append(found, s.firmest(group))
	steps := 0
	var chain []Membership
	var walk func(from csp.ObjectID)
	walk = func(from csp.ObjectID) {
		for _, m := range x.groupsOf[from] {
			switch {
			case m.grade(s.at) == never, m.Group == s.id, slices.ContainsFunc(chain, func(c Membership) bool { return c.Group == m.Group }):
				continue
			case len(found) >= mostChains || steps >= mostSteps:
				more = true
				return
			}
			steps++
			chain = append(chain, m)
			if m.Group != group {
				walk(m.Group)
			} else if !slices.Equal(chain, found[0]) {
				found = append(found, slices.Clone(chain))
			}
			chain = chain[:len(chain)-1]
		}
	}
	walk(s.id)
	return found, more
}

// firmest is the chain by which stand reached the group.
func (s standing) firmest(group csp.ObjectID) []Membership {
	var chain []Membership
	for group != s.id {
		m := s.by[group]
		chain = append(chain, m)
		group = m.Member
	}
	slices.Reverse(chain)
	return chain
}

// atOrAbove lists the scope and everything it lies in, up to the root of its
// tenant (R17). The way through management groups is a fact; one that runs in a
// circle ends where it began.
func (x *Index) atOrAbove(tenant csp.TenantID, scope csp.Scope) []place {
	var list []place
	for s := scope; !s.IsZero(); s = s.Parent() {
		p := place{tenant, s.Key()}
		list = append(list, p)
		if s.Kind() != csp.SubscriptionScope && s.Kind() != csp.ManagementGroupScope {
			continue
		}
		for up, ok := x.placed[p]; ok && !slices.Contains(list, up); up, ok = x.placed[up] {
			list = append(list, up)
		}
	}
	return list
}
