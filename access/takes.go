package access

import (
	"slices"
	"strings"

	"latchkey/access/estate"
	"latchkey/csp"
)

// takenPaths are the ways by which he gets the action as somebody else, or by
// being put into groups: one for each right of each account he can act as (M7, M8).
func (t *telling) takenPaths() {
	t.answer.More = t.answer.More || t.taken.more
	t.commandPath()
	for _, a := range t.taken.order {
		how := t.taken.how[a]
		here := t.x.tenantOf(a) == t.target
		switch {
		case a == t.principal, how.kind == IsGuest && here:
			// its paths are told already, a guest's with those of the account at home
		case here && t.taken.commands[t.target] >= t.taken.accounts[a]:
			continue // told at once by the command, which is as sure
		default:
			t.other, t.surely, t.perhaps = true, t.taken.accounts[a], t.takingGap(a)
			t.ownPaths(a, t.reaching(a))
			t.other, t.surely = false, yes
		}
		t.filledPaths(a)
	}
}

// takingGap is what it hangs on that the account can be taken, if it does.
func (t *telling) takingGap(a account) csp.Gap {
	if a == t.principal {
		return csp.Gap{}
	}
	return t.stepGap(t.taken.how[a])
}

// stepGap is what a step hangs on: the first on the way to it that is in doubt.
func (t *telling) stepGap(s step) csp.Gap {
	switch {
	case s.kind == IsGuest || t.taken.accounts[s.by] == maybe:
		return t.takingGap(s.by)
	case s.kind == RunsCodeAs:
		return csp.Gap{Fact: csp.MissingCondition, Tenant: t.x.TenantID[s.in], Scope: t.x.Scope(s.node), Why: "whether code can be run there cannot be judged"}
	}
	return t.roleGap(s.grant, s.in)
}

// commandPath is the way by which he commands the target itself.
func (t *telling) commandPath() {
	sure := t.taken.commands[t.target]
	if sure == no {
		return
	}
	by := t.taken.commandBy[t.target]
	takes := Hop{
		Kind: Takes, From: t.x.tenantStop(t.target), To: t.actionStop(), Rule: "R24",
		Detail: "as Global Administrator he elevates himself to User Access Administrator at the root",
	}
	if t.isDirectory() {
		takes.Rule, takes.Detail = "R15", "he gives himself a role that allows it"
	}
	hops := slices.Concat(t.reaching(by.by), t.grantPathTo(by), []Hop{takes})
	p := Path{Gives: CanGet, Entry: Entry{Kind: t.commandKind(by), Tenant: t.x.Tenant(t.target)}, Hops: hops}
	if sure == maybe {
		p.Gives, p.Gap = Unknown, t.stepGap(by)
	}
	worst, denials := no, []*denial(nil)
	if !t.isDirectory() {
		worst, denials = t.deniedToAll()
	}
	t.add(p, worst, denials)
}

func (t *telling) commandKind(by step) EntryKind {
	if by.grant.kind == ByHome && !by.by.isNew() && t.x.PrincipalKind[by.by]&estate.IsGuest != 0 {
		return ByGuest
	}
	return by.grant.kind
}

// reaching are the hops from the principal to an account he can act as.
func (t *telling) reaching(a account) []Hop {
	if a == t.principal {
		return nil
	}
	how := t.taken.how[a]
	before := t.reaching(how.by)
	to := t.x.accountStop(a)
	switch how.kind {
	case IsGuest:
		return append(before, Hop{Kind: IsGuest, From: t.x.accountStop(how.by), To: to, Rule: "R2"})
	case RunsCodeAs:
		return append(before, Hop{Kind: RunsCodeAs, From: t.x.accountStop(how.by), To: to, Rule: "R26", Detail: "in " + t.x.Scope(how.node).String()})
	}
	hops := append(before, t.grantPathTo(how)...)
	return append(hops, Hop{Kind: how.kind, From: hops[len(hops)-1].To, To: to, Rule: "R15"})
}

// grantPathTo are the hops from an account to the directory role that a step
// uses, and on to the tenant if it commands it.
func (t *telling) grantPathTo(s step) []Hop {
	g := s.grant
	var hops []Hop
	if g.holder != estate.None && account(g.holder) != s.by {
		hops = t.joining(s.by, g.holder, g.memberRule())
	}
	hops = append(hops, t.grantHops(g, s.in)...)
	if s.kind == Commands {
		role := hops[len(hops)-1].To
		hops = append(hops, Hop{Kind: Commands, From: role, To: t.x.tenantStop(s.in), Rule: "R15"})
	}
	return hops
}

// joining are the hops from an account into a group it is in or can be put into:
// by however many groups, but for the rules by which only direct members count
// (R10, R14).
func (t *telling) joining(a account, group estate.Principal, rule string) []Hop {
	if rule == "R10" || rule == "R14" {
		return t.joiningDirectly(a, group, rule)
	}
	if !a.isNew() {
		if chains, _ := t.chains(estate.Principal(a), group, true); len(chains) > 0 {
			return t.memberHops(chains[0], rule)
		}
	}
	for _, g := range t.doors(t.x.tenantOf(a)) {
		if chains, _ := t.chains(g, group, true); len(chains) > 0 {
			return append(t.adding(a, g), t.memberHops(chains[0], rule)...)
		}
	}
	return nil
}

func (t *telling) joiningDirectly(a account, group estate.Principal, rule string) []Hop {
	var hops []Hop
	if !a.isNew() {
		t.eachGroup(estate.Principal(a), true, func(g estate.Principal, term estate.TermNo) {
			if g == group {
				hops = t.memberHops([]link{{estate.Principal(a), g, term}}, rule)
			}
		})
	}
	if hops == nil {
		hops = t.adding(a, group)
	}
	return hops
}

// adding is the step by which an account is put into a group, after what lets it
// if that is its own and not told already.
func (t *telling) adding(a account, g estate.Principal) []Hop {
	add := Hop{Kind: AddsHimself, From: t.x.accountStop(a), To: t.x.stop(g), Rule: t.fillRule(g)}
	tenant := t.x.tenantOf(a)
	by, known := t.taken.fillsBy[tenant]
	if !known || !t.isOpen(g) {
		by, known = t.taken.commandBy[tenant]
	}
	if t.filling || !known || by.by != a {
		return []Hop{add}
	}
	t.filling = true
	defer func() { t.filling = false }()
	hops := t.grantPathTo(by)
	add.From = hops[len(hops)-1].To
	return append(hops, add)
}

// doors are the groups of a tenant that accounts may be put into, the named group
// first in order of number.
func (t *telling) doors(tenant estate.Tenant) []estate.Principal {
	var list []estate.Principal
	for g := t.x.TenantFirst[tenant]; g < t.x.TenantFirst[tenant+1]; g++ {
		if t.x.PrincipalKind[g].Type() == estate.KindGroup && (t.taken.commands[tenant] > no || t.isOpen(g)) {
			list = append(list, g)
		}
	}
	return list
}

func (t *telling) fillRule(g estate.Principal) string {
	if t.x.PrincipalKind[g]&(estate.IsAdminAgents|estate.IsHelpdeskAgents|estate.IsSalesAgents) != 0 {
		return "R8"
	}
	return "R15"
}

// filledPaths are the rights of an account by groups it can be put into.
func (t *telling) filledPaths(a account) {
	tenant := t.x.tenantOf(a)
	by, sure := t.taken.fillsBy[tenant], t.taken.fillsGroups[tenant]
	commands := t.taken.commands[tenant]
	if commands > sure {
		by, sure = t.taken.commandBy[tenant], commands
	}
	if sure == no || tenant == t.target && commands >= sure {
		return
	}
	prefix := slices.Concat(t.reaching(by.by), t.grantPathTo(by))
	t.filling = true
	defer func() { t.filling = false }()
	if t.isDirectory() {
		t.filledGrants(a, prefix, sure, by)
		return
	}
	natural := t.stand(a, true).in
	for _, w := range t.ways(a, true) {
		t.rights(w, t.row, true, func(r right) {
			if natural[r.holder] == no {
				t.addFilled(w.kind, w, a, r.holder, prefix, t.roleHops(w, r, t.row.action), min(r.sure(), w.sure, sure), t.firstGap(min(r.allowed, r.met), t.rightGap(r), by), by)
			} else if opening := t.opening(w, r, natural); len(opening) > 0 {
				t.addOpened(w, r, prefix, opening, min(r.sure(), w.sure, sure), t.firstGap(min(r.allowed, r.met), t.rightGap(r), by))
			}
		})
	}
	t.writes(a, func(w *way, r right, s truth) {
		if natural[r.holder] == no && !t.givesItself(r) {
			t.addFilled(w.kind, w, a, r.holder, prefix, append(t.roleHops(w, r, writeAssignments), t.assignsHop(r)), min(s, sure), t.firstGap(t.lets(w, r), t.rightGap(r), by), by)
		}
	})
}

// opening are the hops by which somebody puts himself into a group so that a
// right he holds already is of use: one that lets him sign in, or one that a
// denial spares (M8). Nothing if it takes none.
func (t *telling) opening(w *way, r right, natural map[estate.Principal]truth) []Hop {
	if w.delegated() {
		if _, signs := t.signsIn(w.by, t.stand(w.by, true)); signs == no {
			return t.openingSignIn(w, natural)
		}
	}
	now := *w
	now.could = natural
	_, by := t.deniedTo(&now, r)
	for _, d := range by {
		for _, p := range d.Excluded {
			if w.could[p] > no && natural[p] == no {
				return t.joining(w.by, p, "R19")
			}
		}
	}
	return nil
}

// openingSignIn leads into a group whose members can sign in to the target.
func (t *telling) openingSignIn(w *way, natural map[estate.Principal]truth) []Hop {
	all := t.grants(w.by, t.target, t.potential(w.by), true)
	g := all[slices.IndexFunc(all, func(g grant) bool { return g.kind == w.kind && (g.kind == ByDAP || natural[g.holder] == no) })]
	return append(t.joining(w.by, g.holder, g.memberRule()), t.grantHops(g, t.target)...)
}

// addOpened adds a path by a right that he holds, for which he must first put
// himself into a group.
func (t *telling) addOpened(w *way, r right, prefix, opening []Hop, sure truth, gap csp.Gap) {
	opening[0].From = prefix[len(prefix)-1].To
	entry := Entry{Kind: w.kind, Tenant: t.x.Tenant(t.target), Hops: slices.Concat(prefix, opening)}
	t.chainPaths(w, r, true, true, t.reaching(w.by), t.roleHops(w, r, t.row.action), func(hops []Hop) {
		p := Path{Gives: CanGet, Hops: hops, Entry: entry}
		if sure == maybe {
			p.Gives, p.Gap = Unknown, gap
		}
		worst, denials := t.deniedTo(w, r)
		t.add(p, worst, denials)
	})
}

// filledGrants are the directory roles of an account by groups it can be put into.
func (t *telling) filledGrants(a account, prefix []Hop, sure truth, by step) {
	natural := t.stand(a, true)
	for _, g := range t.grants(a, t.target, t.potential(a), true) {
		allowed := t.allowsInDirectory(g, t.row)
		already := natural.in
		if g.kind == ByDAP {
			already = natural.direct
		}
		if g.holder == estate.None || already[g.holder] > no || allowed == no {
			continue
		}
		hops := t.grantHops(g, t.target)
		hops = append(hops, Hop{Kind: Allows, From: hops[len(hops)-1].To, To: t.actionStop(), Rule: "R14"})
		t.addFilled(g.kind, nil, a, g.holder, prefix, hops, min(sure, allowed, g.sure), t.firstGap(allowed, t.roleGap(g, t.target), by), by)
	}
}

// firstGap is what a path into a filled group hangs on: what it leads to, if that
// is in doubt, and else that the group can be filled.
func (t *telling) firstGap(sure truth, gap csp.Gap, by step) csp.Gap {
	if sure == maybe {
		return gap
	}
	return t.stepGap(by)
}

// addFilled adds a path into a group that somebody can put himself into.
func (t *telling) addFilled(kind EntryKind, w *way, a account, holder estate.Principal, prefix, hops []Hop, sure truth, gap csp.Gap, by step) {
	rule := "R18"
	if w == nil {
		rule = grant{kind: kind}.memberRule()
	}
	joining := t.joining(a, holder, rule)
	if len(joining) == 0 {
		return
	}
	if t.taken.accounts[a] < sure {
		sure, gap = t.taken.accounts[a], t.takingGap(a)
	}
	if a.isNew() {
		if t.isFilled(kind, joining[0].To, sure) {
			return // he can do the same by himself
		}
		prefix = t.reaching(a) // it is made first, and is then put into the group
	}
	joining[0].From = prefix[len(prefix)-1].To
	if a != t.principal && !a.isNew() && by.by != a {
		joining[0].Detail = "as " + t.x.accountStop(a).Name
	}
	p := Path{Gives: CanGet, Hops: slices.Concat(prefix, joining, hops)}
	p.Entry = Entry{Kind: kind, Tenant: t.x.Tenant(t.target)}
	if sure == maybe {
		p.Gives, p.Gap = Unknown, gap
	}
	if w == nil {
		t.answer.Paths = append(t.answer.Paths, p)
		return
	}
	if w.delegated() {
		p.Entry.Hops = t.filledEntry(a, w, joining[0])
	}
	worst, denials := t.asking.denied(t.row.action, spot{t.node, t.below}, w, holder)
	t.add(p, worst, denials)
}

// isFilled says whether a path through the group is told by which somebody who is
// there already gets as much.
func (t *telling) isFilled(kind EntryKind, group Stop, sure truth) bool {
	gives := CanGet
	if sure == maybe {
		gives = Unknown
	}
	return slices.ContainsFunc(t.answer.Paths, func(p Path) bool {
		return (p.Gives == CanGet || p.Gives == gives) && p.Entry.Kind == kind && slices.ContainsFunc(p.Hops, func(h Hop) bool {
			return h.Kind == AddsHimself && h.To == group && !h.From.isNew()
		})
	})
}

// filledEntry is the group by which he signs in to the target, if he must be put
// into it as well, and it is another than the one he joins already.
func (t *telling) filledEntry(a account, w *way, joining Hop) []Hop {
	s := t.stand(a, true)
	if _, signs := t.signsIn(a, s); signs > no {
		return nil
	}
	opening := t.openingSignIn(w, s.in)
	if opening[0].To == joining.To {
		return nil
	}
	opening[0].From = joining.From
	return opening
}

// roleGap is a directory role of which it is not known what it allows.
func (t *telling) roleGap(g grant, in estate.Tenant) csp.Gap {
	gap := csp.Gap{Fact: csp.MissingDirectoryRoles, Tenant: t.x.TenantID[in]}
	name := "the directory role " + strings.TrimPrefix(t.directoryStop(g, in).Name, "role ")
	gap.Why = "what " + name + " allows was not collected"
	if g.number != estate.None && t.x.DirectoryListed[g.number] != 0 {
		gap.Why = "what " + name + " allows is not published"
	}
	return gap
}
