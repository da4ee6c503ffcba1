package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Why is the verdict with every path to it, and with what is missing (M1-M9). It
// never fails: what is wrong with the question or missing in the facts is in the
// answer.
func (x *Index) Why(question Question) Answer {
	q, gaps := x.open(question)
	if len(gaps) > 0 {
		return Answer{Question: question, Gaps: gaps}
	}
	t := telling{asking: q, answer: Answer{Question: question}}
	t.tell()
	return t.answer
}

// telling is a question on its way to an answer.
type telling struct {
	*asking
	answer Answer
	told   map[csp.DenyAssignmentID]bool
	// other: the paths told are those of another account, as which he can act (M7).
	other bool
	// filling: how groups can be filled is told already.
	filling bool
	// surely is how sure it is that the account whose paths are told can be acted as,
	// and perhaps what that hangs on.
	surely  truth
	perhaps csp.Gap
}

func (t *telling) tell() {
	t.told, t.surely = map[csp.DenyAssignmentID]bool{}, yes
	t.answer.Verdict = t.verdict()
	t.ownPaths(t.principal, nil)
	if t.taken == nil {
		t.become()
	}
	t.takenPaths()
	t.sortPaths()
	t.notes()
	t.contexts()
	switch t.answer.Verdict {
	case Unknown:
		t.gaps()
	case HasNot:
		t.misses()
	}
}

// gaps are those of the paths that hang on one, and those of the facts.
func (t *telling) gaps() {
	var gaps []csp.Gap
	for _, p := range t.answer.Paths {
		if p.Gives == Unknown {
			gaps = append(gaps, p.Gap)
		}
	}
	gaps = slices.Concat(gaps, t.gapsForHas(), t.gapsAgainst(), t.gapsForGet())
	for _, g := range gaps {
		if !slices.Contains(t.answer.Gaps, g) {
			t.answer.Gaps = append(t.answer.Gaps, g)
		}
	}
}

// sortPaths puts the firmest first, then the shortest.
func (t *telling) sortPaths() {
	rank := func(p Path) int { return -int(p.Gives) }
	slices.SortStableFunc(t.answer.Paths, func(a, b Path) int {
		if a.Gives == b.Gives {
			return cmp.Compare(len(a.Hops), len(b.Hops))
		}
		if a.Gives == Unknown || b.Gives == Unknown { // after CanGet, before what is denied
			ra, rb := order(a.Gives), order(b.Gives)
			return cmp.Compare(ra, rb)
		}
		return cmp.Compare(rank(a), rank(b))
	})
	told := map[string]bool{}
	t.answer.Paths = slices.DeleteFunc(t.answer.Paths, func(p Path) bool {
		key := p.key()
		defer func() { told[key] = true }()
		return told[key]
	})
	if len(t.answer.Paths) > mostPaths {
		t.answer.Paths, t.answer.More = t.answer.Paths[:mostPaths], true
	}
}

// key is the same for paths that read the same, which those of an account and of
// a new one beside it may.
func (p Path) key() string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Gives, p.Entry.Kind, p.Gap)
	for _, h := range p.Hops {
		fmt.Fprintf(&b, "%d %d %q %d %q %s\n", h.Kind, h.From.Kind, h.From.ID, h.To.Kind, h.To.ID, h.To.Scope)
	}
	return b.String()
}

func order(v Verdict) int {
	switch v {
	case Has:
		return 0
	case CanGet:
		return 1
	case Unknown:
		return 2
	}
	return 3
}

// ownPaths are the ways by which an account has the action, can activate it, or
// can assign it to itself. prefix leads to the account. One that has still
// to be made has nothing of its own.
func (t *telling) ownPaths(a account, prefix []Hop) {
	if a.isNew() {
		return
	}
	if t.isDirectory() {
		t.directoryPaths(a, prefix)
		return
	}
	taken := t.taken
	t.taken = nil // of groups that he could be put into later
	defer func() { t.taken = taken }()
	for _, steps := range []bool{false, true} {
		for _, w := range t.ways(a, steps) {
			t.rights(w, t.row, steps, func(r right) {
				freed := steps && t.isFreed(w, r)
				t.chainPaths(w, r, steps, freed, prefix, t.roleHops(w, r, t.row.action), func(hops []Hop) { t.addRight(w, r, steps, freed, hops) })
			})
		}
	}
	t.writes(a, func(w *way, r right, sure truth) {
		if t.givesItself(r) {
			return
		}
		hops := append(t.roleHops(w, r, writeAssignments), t.assignsHop(r))
		t.chainPaths(w, r, true, false, prefix, hops, func(hops []Hop) { t.addStep(w, sure, hops, t.rightGap(r)) })
		t.chainPaths(w, r, false, false, prefix, hops, func(hops []Hop) { t.addStep(w, sure, hops, t.rightGap(r)) })
	})
}

// givesItself says whether a right to write assignments gives the action that was
// asked for as well, which is told already.
func (t *telling) givesItself(r right) bool {
	return t.row.role(r.role) == yes && holds(t.x.condition(t.x.AssignmentCondition[r.assignment]), t.row.action) == yes
}

func (t *telling) assignsHop(r right) Hop {
	from := t.actionStop()
	from.ID, from.Name = writeAssignments.name, writeAssignments.text
	return Hop{Kind: AssignsHimself, From: from, To: t.actionStop(), Rule: "R26", Detail: "at " + t.x.Scope(r.node).String() + " or below"}
}

// chainPaths puts each chain from the one who acts to the holder of the right
// before the hops. With steps, only paths that need a step are made: the others
// come without, unless it takes a step to be freed of a denial.
func (t *telling) chainPaths(w *way, r right, steps, freed bool, prefix, hops []Hop, add func([]Hop)) {
	chains, more := t.chains(w.who(), r.holder, steps)
	t.answer.More = t.answer.More || more
	for _, chain := range chains {
		if steps && !freed && !t.isEligible(chain) && !t.term(r.term).Eligible {
			continue
		}
		whole := slices.Concat(prefix, t.guestHop(w), t.memberHops(chain, "R18"), hops)
		add(whole)
	}
}

// isFreed says whether a right that he holds takes a step all the same: to sign in
// to the tenant, or to be in a group that a denial excludes (M8).
func (t *telling) isFreed(w *way, r right) bool {
	if w.delegated() {
		if _, sure := t.signsIn(w.by, t.firm(w.by)); sure == no {
			return true
		}
	}
	now := *w
	now.could = w.firm
	bound, _ := t.deniedTo(&now, r)
	free, _ := t.deniedTo(w, r)
	return bound > free
}

// guestHop leads from an account to its guest.
func (t *telling) guestHop(w *way) []Hop {
	if w.kind != ByGuest {
		return nil
	}
	return []Hop{{Kind: IsGuest, From: t.x.accountStop(w.by), To: t.x.stop(w.actor), Rule: "R2"}}
}

// addRight adds a path that ends in a right to the action itself.
func (t *telling) addRight(w *way, r right, steps, freed bool, hops []Hop) {
	p := Path{Gives: Has, Entry: t.entry(w, steps), Hops: hops}
	if steps || stepped(hops) {
		p.Gives = CanGet
	}
	if min(r.sure(), w.sure) == maybe {
		p.Gives, p.Gap = Unknown, t.rightGap(r)
	}
	if freed {
		p.Entry.Hops = append(p.Entry.Hops, t.freeingHops(w, r)...)
	}
	worst, by := t.deniedTo(w, r)
	t.add(p, worst, by)
}

// freeingHops are the memberships to activate so that a denial spares him (M8).
func (t *telling) freeingHops(w *way, r right) []Hop {
	now := *w
	now.could = w.firm
	_, by := t.deniedTo(&now, r)
	var hops []Hop
	for _, d := range by {
		for _, p := range d.Excluded {
			if w.could[p] == no {
				continue
			}
			chains, _ := t.chains(w.who(), p, true)
			more := t.memberHops(chains[0], "R19")
			more[len(more)-1].Detail = fmt.Sprintf("which the deny assignment %q spares", d.Name)
			hops = append(hops, more...)
			break
		}
	}
	return hops
}

func (t *telling) deniedTo(w *way, r right) (truth, []*denial) {
	return t.asking.denied(t.row.action, spot{t.node, t.below}, w, r.holder)
}

// add notes what denials do to a path, and keeps it.
func (t *telling) add(p Path, worst truth, by []*denial) {
	for _, d := range by {
		if !t.told[d.ID] {
			t.told[d.ID] = true
			t.answer.Denied = append(t.answer.Denied, d.DenyAssignment)
		}
	}
	switch {
	case worst == yes:
		p.Gives, p.Gap, p.Blocked = HasNot, csp.Gap{}, by[0].ID
		for _, d := range by {
			if d.Condition == "" {
				p.Blocked = d.ID
				break
			}
		}
	case worst == maybe:
		p.Gives = Unknown
		p.Gap = csp.Gap{Fact: csp.MissingCondition, Tenant: t.x.TenantID[t.target], Scope: by[0].Scope, Why: fmt.Sprintf("the deny assignment %q has a condition", by[0].Name)}
	}
	t.keep(p)
}

// addStep adds a path that ends in a step of his own.
func (t *telling) addStep(w *way, sure truth, hops []Hop, gap csp.Gap) {
	p := Path{Gives: CanGet, Hops: hops}
	if w != nil {
		p.Entry = t.entry(w, true)
	}
	if sure == maybe {
		p.Gives, p.Gap = Unknown, gap
	}
	t.keep(p)
}

// keep adds a path, which hangs on what its account hangs on.
func (t *telling) keep(p Path) {
	if t.other && p.Gives == Has {
		p.Gives = CanGet
	}
	if t.surely == maybe && p.Gives >= CanGet {
		p.Gives, p.Gap = Unknown, t.perhaps
	}
	t.answer.Paths = append(t.answer.Paths, p)
}

// stepped says whether one of the hops is a step that somebody must take first.
func stepped(hops []Hop) bool {
	return slices.ContainsFunc(hops, func(h Hop) bool { return h.Kind.ByHimself() || h.Term.Eligible })
}

func (t *telling) rightGap(r right) csp.Gap {
	if t.x.RoleListed[r.role] == 0 {
		return csp.Gap{Fact: csp.MissingRoles, Tenant: t.x.TenantID[t.target], Why: "the definition of role " + t.x.Roles[r.role].ID.String() + " was not collected"}
	}
	return t.conditionGap(r)
}

func (t *telling) conditionGap(r right) csp.Gap {
	why := "the role " + t.x.Roles[r.role].Name + " allows it under a condition"
	if !r.projected {
		if c := t.x.condition(t.x.AssignmentCondition[r.assignment]); c != nil {
			why = "the assignment there has a condition on who may be assigned what"
			if parts := c.NotUnderstood(); len(parts) > 0 {
				why = "the assignment's condition cannot be judged: " + parts[0]
			}
		}
	}
	return csp.Gap{Fact: csp.MissingCondition, Tenant: t.x.TenantID[t.target], Scope: t.x.Scope(r.node), Why: why}
}

// directoryPaths are the directory roles of an account that allow the action.
func (t *telling) directoryPaths(a account, prefix []Hop) {
	for _, who := range t.inDirectory(a) {
		before := prefix
		if who != a {
			before = append(slices.Clip(prefix), Hop{Kind: IsGuest, From: t.x.accountStop(a), To: t.x.accountStop(who), Rule: "R2"})
		}
		for _, steps := range []bool{false, true} {
			for _, g := range t.grants(who, t.target, t.stand(who, steps), steps) {
				t.grantPaths(who, g, steps, before)
			}
		}
	}
}

func (t *telling) grantPaths(who account, g grant, steps bool, prefix []Hop) {
	allowed := t.allowsInDirectory(g, t.row)
	if allowed == no {
		return
	}
	hops := t.grantHops(g, t.target)
	hops = append(hops, Hop{Kind: Allows, From: hops[len(hops)-1].To, To: t.actionStop(), Rule: "R14"})
	for _, chain := range t.grantChains(who, g, steps) {
		if steps && !t.isEligible(chain) && !t.term(g.term).Eligible {
			continue
		}
		p := Path{Gives: Has, Entry: Entry{Kind: g.kind, Tenant: t.x.Tenant(t.target)}, Hops: slices.Concat(prefix, t.memberHops(chain, g.memberRule()), hops)}
		if g.kind == ByHome && t.x.PrincipalKind[who]&estate.IsGuest != 0 {
			p.Entry.Kind = ByGuest
		}
		if steps || stepped(p.Hops) {
			p.Gives = CanGet
		}
		if min(allowed, g.sure) == maybe {
			p.Gives, p.Gap = Unknown, t.roleGap(g, t.target)
		}
		t.keep(p)
	}
}

// grantChains are the memberships by which an account has a directory role: one
// at most where nesting gives nothing (R10, R14).
func (t *telling) grantChains(who account, g grant, steps bool) [][]link {
	if g.kind == ByGDAP || account(g.holder) == who {
		chains, more := t.chains(estate.Principal(who), g.holder, steps)
		t.answer.More = t.answer.More || more
		return chains
	}
	var found [][]link
	t.eachGroup(estate.Principal(who), steps, func(group estate.Principal, term estate.TermNo) {
		if group == g.holder {
			found = append(found, []link{{estate.Principal(who), group, term}})
		}
	})
	return found
}
