package access

import (
	"slices"
	"sort"

	"latchkey/access/estate"
)

// codes says whether the principal or a group of his may run code as an identity
// in the tenant.
func (s *scan) codes(p estate.Principal, in estate.Tenant) bool {
	k := &s.x.quick
	return k.coders.any && (k.coders.has(s.x, p, in) ||
		slices.ContainsFunc(k.groups(p), func(g estate.Principal) bool { return k.coders.has(s.x, g, in) }))
}

// codesAnywhere says whether the principal may run code as an identity in the
// target or at home, or as a guest in the target.
func (s *scan) codesAnywhere(p estate.Principal, home estate.Tenant) bool {
	x := s.x
	return s.codes(p, s.target) || home != s.target && (s.codes(p, home) ||
		slices.ContainsFunc(x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]], func(g estate.Principal) bool {
			return x.PrincipalTenant[g] == s.target && s.codes(g, s.target)
		}))
}

// mostActors bounds the work of identityHelps.
const mostActors = 64

// actors are as whom somebody may act, as far as it takes running code.
type actors struct {
	who   [mostActors]estate.Principal
	sure  [mostActors]bool
	count int
	full  bool // there may be more
}

func (a *actors) add(p estate.Principal, sure bool) {
	at := slices.Index(a.who[:a.count], p)
	switch {
	case at >= 0:
		a.sure[at] = a.sure[at] || sure
	case a.count == mostActors:
		a.full = true
	default:
		a.who[a.count], a.sure[a.count] = p, sure
		a.count++
	}
}

// truth is how sure it is that he may act as one of them.
func (a *actors) truth(i int) truth {
	if a.sure[i] {
		return yes
	}
	return maybe
}

// identityHelps says whether running code as identities of the target gives the
// action at the node (R26): whether one that the principal comes to by them has
// something assigned at or above the node that allows the action. It may, if one of
// them has more than what is assigned to it. Identities at his home come into no
// other tenant but by what is projected to them, and those to whom something is
// make their tenant a busy one.
func (s *scan) identityHelps(p estate.Principal, home estate.Tenant, node estate.Node) truth {
	x, k := s.x, &s.x.quick
	if k.busy.has(home) || k.busy.has(s.target) {
		return maybe
	}
	var a actors
	a.add(p, true)
	for _, g := range x.Guest[x.GuestsFrom[p]:x.GuestsFrom[p+1]] {
		a.add(g, true)
	}
	if k.projectedIn.has(s.target) && slices.ContainsFunc(a.who[:a.count], x.isProjectedTo) {
		return maybe
	}
	if !s.anyHelps(node) {
		return no
	}
	own := a.count
	best := no
	for next := 0; next < a.count; { // each may add some
		if next >= own {
			best = max(best, min(a.truth(next), s.helps(a.who[next], node)))
		}
		s.runCode(&a, next)
		next++
	}
	if a.full {
		return max(best, maybe)
	}
	return best
}

// anyHelps says whether anything at or above the node that may give the action, or
// lets assign it, is held by an identity or a group of one.
func (s *scan) anyHelps(node estate.Node) bool {
	for n := node; n != estate.None; n = s.x.Rungs[n].Parent {
		for i := s.x.Rungs[n].Assignments; i < s.x.Rungs[n+1].Assignments; i++ {
			if s.x.quick.helpers.has(s.x.AssignmentPrincipal[i]) && s.gives(i, s.r) > no {
				return true
			}
		}
	}
	return false
}

// helps says whether the identity has something at or above the node that gives
// the action or lets it assign it to itself.
func (s *scan) helps(id estate.Principal, node estate.Node) truth {
	x, groups, best := s.x, s.x.quick.groups(id), no
	for n := node; n != estate.None; n = x.Rungs[n].Parent {
		for i := x.Rungs[n].Assignments; i < x.Rungs[n+1].Assignments; i++ {
			if holder := x.AssignmentPrincipal[i]; holder == id || contains(groups, holder) {
				best = max(best, s.gives(i, s.r))
			}
		}
	}
	return best
}

// gives says whether an assignment gives its holder an action of the row, or lets
// him assign it to himself, if need be after activation (M8).
func (s *scan) gives(i uint32, r *row) truth {
	x, role := s.x, s.x.AssignmentRole[i]
	t := max(r.role(role), x.quick.write.role(role))
	switch {
	case t == no || !s.live(x.AssignmentTerm[i]):
		return no
	case x.AssignmentCondition[i] != 0 || x.quick.conditional.has(role) || x.quick.deniedIn.has(s.target):
		return maybe
	}
	return t
}

// runCode adds the identities of the target as which one of the actors can run code,
// by what he and his groups hold there (M3).
func (s *scan) runCode(a *actors, by int) {
	p := a.who[by]
	foreign := s.x.PrincipalTenant[p] != s.target
	if foreign && !s.delegated {
		return
	}
	if !foreign {
		s.runCodeBy(a, by, p, false)
	}
	for _, g := range s.x.quick.groups(p) {
		s.runCodeBy(a, by, g, foreign)
	}
}

func (s *scan) runCodeBy(a *actors, by int, holder estate.Principal, foreign bool) {
	x, k, sure := s.x, &s.x.quick, a.sure[by]
	if !k.coders.has(x, holder, s.target) {
		return
	}
	for i, n := range x.heldInTenant(holder, s.target) {
		if k.coder.role(x.AssignmentRole[i]) == no || foreign && x.AssignmentForeign[i] == 0 {
			continue
		}
		from := sort.Search(len(x.Identities), func(j int) bool { return x.Identities[j].Node >= n })
		for j := from; j < len(x.Identities) && x.Identities[j].Node <= x.NodeLast[n]; j++ {
			if t := s.gives(i, k.codeRow[j]); t > no {
				a.add(x.Identities[j].Principal, sure && t == yes)
			}
		}
	}
}
