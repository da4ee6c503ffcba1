package access

import (
	"slices"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Can is the verdict alone, and the fast way to it (M1-M9).
func (x *Index) Can(question Question) Verdict {
	q, gaps := x.open(question)
	if len(gaps) > 0 {
		return Unknown
	}
	if !q.isDirectory() && !q.below {
		if v, certain := x.atOnce(estate.Principal(q.principal), q.row, q.node, q.at); certain {
			return v
		}
	}
	q.hasty = true
	return q.verdict()
}

// verdict weighs what is so, what could become so, and what is not known.
func (q *asking) verdict() Verdict {
	if !slices.Contains(q.leads(), q.home) {
		if len(q.gapsOfStrangers()) > 0 {
			return Unknown
		}
		return HasNot
	}
	switch has := q.weigh(q.has(q.principal, false), q.gapsForHas()); has {
	case yes:
		return Has
	case maybe:
		return Unknown
	}
	q.become()
	switch q.weigh(q.gets(), q.gapsForGet()) {
	case yes:
		return CanGet
	case maybe:
		return Unknown
	}
	return HasNot
}

// weigh adds to a truth what gaps do to it: those that could make it true, and
// those against it.
func (q *asking) weigh(t truth, gaps []csp.Gap) truth {
	if t == yes && len(q.gapsAgainst()) > 0 {
		return maybe
	}
	if t == no && len(gaps) > 0 {
		return maybe
	}
	return t
}

// has says whether the account has the action at the place by itself: with steps,
// as far as eligible memberships, eligible assignments and groups it may be put
// into give it (M6, first line of M8).
func (q *asking) has(a account, steps bool) truth {
	if q.isDirectory() {
		return q.hasInDirectory(a, steps)
	}
	return q.hasBy(q.ways(a, steps), steps)
}

func (q *asking) hasBy(ways []*way, steps bool) truth {
	best := no
	for _, w := range ways {
		q.rights(w, q.row, steps, func(r right) {
			if t := min(w.sure, r.sure()); t > best {
				denied, _ := q.denied(q.row.action, spot{q.node, q.below}, w, r.holder)
				best = max(best, min(t, denied.not()))
			}
		})
	}
	return best
}

func (q *asking) hasInDirectory(a account, steps bool) truth {
	best := no
	for _, who := range q.inDirectory(a) {
		s := q.firm(who)
		if steps {
			s = q.potential(who)
		}
		for _, g := range q.grants(who, q.target, s, steps) {
			best = max(best, min(g.sure, q.allowsInDirectory(g, q.row)))
		}
	}
	return best
}

// inDirectory are the accounts by which somebody acts in the target's directory:
// his own, and his guests there.
func (q *asking) inDirectory(a account) []account {
	list := []account{a}
	for _, g := range q.x.guests(a, q.target) {
		list = append(list, account(g))
	}
	return list
}

// gets is M8: what becomes of all accounts that he can act as.
func (q *asking) gets() truth {
	best := no
	for _, a := range q.taken.order {
		if sure := q.taken.accounts[a]; sure > best {
			best = max(best, min(sure, q.getsAs(a)))
		}
	}
	return max(best, q.getsByCommand())
}

// getsAs says whether the account gets the action: has it with steps, or can
// assign it to itself.
func (q *asking) getsAs(a account) truth {
	best := q.has(a, true)
	if q.isDirectory() || best == yes {
		return best
	}
	return max(best, q.getsByWriting(a))
}

// getsByCommand: whoever commands the tenant can have anything in it, unless it
// is denied to everyone (R15, R24).
func (q *asking) getsByCommand() truth {
	t := q.taken.commands[q.target]
	if t == no || q.isDirectory() {
		return t
	}
	denied, _ := q.deniedToAll()
	return min(t, denied.not())
}

// getsByWriting says whether the account can write itself a role assignment that
// gives the action (R26).
func (q *asking) getsByWriting(a account) truth {
	best := no
	q.writes(a, func(_ *way, _ right, t truth) { best = max(best, t) })
	return best
}

// writes yields the rights by which the account can assign itself the action, and
// how sure each is.
func (q *asking) writes(a account, do func(*way, right, truth)) {
	write := q.x.row(writeAssignments)
	for _, w := range q.ways(a, true) {
		if w.kind == ByLighthouse {
			continue // it may hand out listed roles to managed identities only (R28)
		}
		q.rights(w, write, true, func(r right) {
			t := min(w.sure, r.held, q.lets(w, r))
			if t == no {
				return
			}
			denied, _ := q.denied(q.row.action, spot{q.node, q.below}, w, r.holder)
			if t = min(t, denied.not(), q.writable(w, r)); t > no {
				do(w, r, t)
			}
		})
	}
}

// writable says whether an assignment can be written somewhere between the place
// and the node of the right.
func (q *asking) writable(w *way, r right) truth {
	best := no
	for s := range q.upwards() {
		denied, _ := q.denied(writeAssignments, s, w, r.holder)
		best = max(best, denied.not())
		if s.node == r.node && !s.below || best == yes {
			break
		}
	}
	return best
}

// assignee is to whom an assignment would be written so that the way can use it:
// the account that acts, or the foreign group that it acts as.
func (q *asking) assignee(w *way, r right) (csp.ObjectID, csp.PrincipalType) {
	switch {
	case w.delegated():
		return q.x.PrincipalID[r.holder], csp.ForeignGroup
	case w.actor == estate.None:
		return csp.ObjectID{}, csp.User
	case q.x.PrincipalKind[w.actor].Type() == estate.KindServicePrincipal:
		return q.x.PrincipalID[w.actor], csp.ServicePrincipal
	case q.x.PrincipalKind[w.actor].Type() == estate.KindGroup:
		return q.x.PrincipalID[w.actor], csp.Group
	}
	return q.x.PrincipalID[w.actor], csp.User
}

// Kinds of gaps, by what they bear on (M9).
var (
	gapsOfAzure     = []csp.FactKind{csp.MissingTenant, csp.MissingMemberships, csp.MissingSubscriptions, csp.MissingPlacements, csp.MissingRoles, csp.MissingAssignments}
	gapsOfDirectory = []csp.FactKind{csp.MissingTenant, csp.MissingMemberships, csp.MissingDirectoryRoles}
	gapsOfStrangers = []csp.FactKind{csp.MissingPrincipals, csp.MissingRelationships, csp.MissingLighthouse}
	gapsOfEntry     = []csp.FactKind{csp.MissingTenant, csp.MissingPrincipals, csp.MissingRelationships, csp.MissingLighthouse}
	gapsOfHome      = []csp.FactKind{csp.MissingTenant, csp.MissingMemberships}
)

// gapsForHas are the gaps that could make it a Has.
func (q *asking) gapsForHas() []csp.Gap {
	kinds := gapsOfAzure
	if q.isDirectory() {
		kinds = gapsOfDirectory
	}
	if q.home == q.target {
		return q.gapsOf(q.target, kinds, true)
	}
	kinds = slices.Concat(kinds, q.entryKinds(gapsOfStrangers))
	return append(q.gapsOf(q.target, kinds, true), q.gapsOf(q.home, gapsOfHome, false)...)
}

// gapsOfStrangers are the gaps by which somebody could have a way in from a tenant
// of which no fact says that one can come from there.
func (q *asking) gapsOfStrangers() []csp.Gap {
	return q.gapsOf(q.target, q.entryKinds(gapsOfEntry), true)
}

// entryKinds are the kinds without Lighthouse where it gives nothing: in a directory.
func (q *asking) entryKinds(kinds []csp.FactKind) []csp.FactKind {
	if q.isDirectory() {
		return kinds[:len(kinds)-1]
	}
	return kinds
}

// gapsAgainst are the gaps that could take an action away.
func (q *asking) gapsAgainst() []csp.Gap {
	if q.isDirectory() {
		return nil
	}
	gaps := q.gapsOf(q.target, []csp.FactKind{csp.MissingTenant, csp.MissingDenials}, true)
	choosy := false
	q.inForce(q.row.action, spot{q.node, q.below}, func(d *denial) {
		choosy = choosy || len(d.Principals) > 0 || len(d.Excluded) > 0
	})
	if choosy {
		gaps = append(gaps, q.gapsOf(q.target, gapsOfHome, false)...)
		if q.home != q.target {
			gaps = append(gaps, q.gapsOf(q.home, gapsOfHome, false)...)
		}
	}
	return gaps
}

// gapsForGet are the gaps that could make it a CanGet: those of the tenants of
// all whom he can act as, as far as they lead to the target.
func (q *asking) gapsForGet() []csp.Gap {
	var gaps []csp.Gap
	for _, t := range q.leads() {
		if t == q.target || t == q.home || q.actsIn(t) {
			for _, g := range q.x.GapsOf(t) {
				if g.Fact != csp.MissingDenials {
					gaps = append(gaps, g.Gap)
				}
			}
		}
	}
	return gaps
}

// actsIn says whether somebody he can act as is of the tenant.
func (q *asking) actsIn(t estate.Tenant) bool {
	return slices.ContainsFunc(q.taken.order, func(a account) bool { return q.x.tenantOf(a) == t })
}

// gapsOf are the gaps of a tenant of the given kinds; if local, only those that
// are about the whole tenant or about a part that the place lies in.
func (q *asking) gapsOf(t estate.Tenant, kinds []csp.FactKind, local bool) []csp.Gap {
	var gaps []csp.Gap
	if !q.x.gaps[t] {
		return nil
	}
	for _, g := range q.x.GapsOf(t) {
		if !slices.Contains(kinds, g.Fact) {
			continue
		}
		if !local || g.Scope.IsZero() || !q.isDirectory() && g.Node != estate.None && q.lies(g.Node) {
			gaps = append(gaps, g.Gap)
		}
	}
	return gaps
}
