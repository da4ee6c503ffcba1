package access

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"latchkey/access/estate"
)

// misses say what a HasNot is short of, nearest first.
func (t *telling) misses() {
	t.missDenied()
	if t.isDirectory() {
		t.missInDirectory()
	} else {
		t.missSignIn()
		t.missRights()
		t.missProjected()
		t.missWriting()
	}
	list := t.answer.Misses
	if len(list) == 0 {
		list = append(list, t.missAtAll())
	}
	slices.SortStableFunc(list, func(a, b Miss) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text)) })
	list = slices.CompactFunc(list, func(a, b Miss) bool { return a.Kind == b.Kind && a.Text == b.Text })
	t.answer.Misses = list
}

// undeny is how one gets rid of a deny assignment, which nobody can delete by hand.
const undeny = "a deny assignment goes when what made it goes: a deployment stack, a managed application or a blueprint"

func (t *telling) missDenied() {
	for _, p := range t.answer.Paths {
		for _, d := range t.answer.Denied {
			if p.Blocked == d.ID {
				t.answer.Misses = append(t.answer.Misses, Miss{
					Kind: MissDenied, There: p.Hops,
					Text: fmt.Sprintf("the deny assignment %q at %s takes it away (R19)", d.Name, d.Scope), Next: undeny,
				})
			}
		}
	}
}

// missSignIn: a foreign principal has the right, and the way into the tenant is
// missing or shut (R13, R22).
func (t *telling) missSignIn() {
	if t.home == t.target || !t.x.isUser(t.principal) {
		return
	}
	s := t.stand(t.principal, true)
	guests := t.x.guests(t.principal, t.target)
	_, signs := t.signsIn(t.principal, s)
	if signs > no && len(guests) == 0 {
		return
	}
	w := &way{kind: ByDirectLink, by: t.principal, actor: estate.None, sure: yes, ids: groupsOf(t.principal, s.in)}
	t.rights(w, t.row, true, func(r right) {
		chains, _ := t.chains(estate.Principal(t.principal), r.holder, true)
		hops := t.roleHops(w, r, t.row.action)
		m := Miss{Kind: MissSignIn, There: append(t.memberHops(chains[0], "R18"), hops...)}
		m.Text = fmt.Sprintf("%s has %s at %s, and he has no way to sign in to %s: %s (R22)", hops[0].To.Name, hops[1].To.Name, hops[1].To.Scope, t.x.tenantName(t.target), t.noSignIn())
		m.Next = "a GDAP role for one of his groups, such as Directory Readers, would let him in"
		if len(guests) > 0 && signs > no {
			m.Kind = MissGuest
			m.Text = fmt.Sprintf("%s has %s at %s, and his guest account in %s shuts the delegated sign-in (R13)", hops[0].To.Name, hops[1].To.Name, hops[1].To.Scope, t.x.tenantName(t.target))
			m.Next = "removing the guest account would open it; so would a role for the guest himself"
		}
		t.answer.Misses = append(t.answer.Misses, m)
	})
}

// noSignIn says why neither DAP nor GDAP lets him in.
func (t *telling) noSignIn() string {
	if t.isNestedAgent() {
		return "DAP counts for direct members of the agent groups only, and no GDAP role is his"
	}
	return "neither DAP nor a GDAP role"
}

// isNestedAgent says whether DAP would be his if he were a direct member of an
// agent group (R10).
func (t *telling) isNestedAgent() bool {
	return t.lists(t.home) && slices.ContainsFunc(sortedGroups(t.stand(t.principal, true).in), func(g estate.Principal) bool {
		return t.x.PrincipalKind[g]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0
	})
}

// missRights looks through everything that is assigned to him.
func (t *telling) missRights() {
	for _, w := range t.ways(t.principal, true) {
		if w.kind == ByLighthouse {
			continue
		}
		for _, holder := range sortedGroups(w.ids) {
			for i, n := range t.x.heldInTenant(holder, t.target) {
				if t.fits(w, i) {
					t.missRight(i, n)
				}
			}
		}
	}
}

// mostMisses keeps an answer about somebody with thousands of assignments short.
const mostMisses = 64

func (t *telling) missRight(i uint32, n estate.Node) {
	if len(t.answer.Misses) >= mostMisses {
		return
	}
	role, above := t.x.AssignmentRole[i], t.lies(n)
	allowed, live := t.row.role(role) > no, t.live(t.x.AssignmentTerm[i], true)
	name, at := t.x.roleName(role), t.x.Scope(n)
	m := Miss{}
	switch {
	case above && !allowed:
		m.Kind, m.Text = MissRole, fmt.Sprintf("%s is assigned at %s and does not allow %s", name, at, t.row.action)
	case above && !live:
		m.Kind, m.Text = MissTerm, fmt.Sprintf("%s at %s would allow it and %s (R29)", name, at, t.bounds(t.x.AssignmentTerm[i]))
	case above && judgedNo(holds(t.x.condition(t.x.AssignmentCondition[i]), t.row.action)):
		m.Kind, m.Text = MissRole, fmt.Sprintf("%s at %s would allow it, but for its condition", name, at)
	case !above && live && allowed:
		m.Kind, m.Text = MissScope, fmt.Sprintf("%s %s it and is assigned at %s, which does not contain the place", name, mayAllow(t.row.role(role)), at)
	default:
		return
	}
	holder := t.x.stop(t.x.AssignmentPrincipal[i])
	m.There = []Hop{{Kind: Holds, From: holder, To: t.roleStop(right{role: role, node: n}), Rule: "R18", Term: t.term(t.x.AssignmentTerm[i])}}
	t.answer.Misses = append(t.answer.Misses, m)
}

// bounds says of a term that does not hold when it did or will.
func (t *telling) bounds(n estate.TermNo) string {
	if term := t.term(n); t.at.Before(term.From) {
		return "begins only on " + instant(term.From)
	}
	return "ended on " + instant(t.term(n).Until)
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// missProjected looks through what Lighthouse projects to him (R28).
func (t *telling) missProjected() {
	root, in := t.x.TenantRoot[t.target], t.stand(t.principal, true).in
	for _, l := range between(t.x.Lighthouses, root, t.x.NodeLast[root], func(l *estate.Lighthouse) estate.Node { return l.Node }) {
		if in[l.Principal] == no || l.Manager != t.home {
			continue
		}
		role, at, above := t.x.roleName(l.Role), t.x.Scope(l.Node), t.lies(l.Node)
		m := Miss{Kind: MissRole}
		switch {
		case above && t.isOwner(l.Role):
			m.Text = fmt.Sprintf("Lighthouse cannot project Owner, so that its delegation at %s gives nothing (R28)", at)
		case above && t.row.action.data:
			m.Text = fmt.Sprintf("Lighthouse projects %s at %s, and no data actions with it (R28)", role, at)
		case above && t.row.role(l.Role) == no:
			m.Text = fmt.Sprintf("Lighthouse projects %s at %s, which does not allow %s (R28)", role, at, t.row.action)
		case above && !t.live(l.Term, true):
			m.Kind, m.Text = MissTerm, fmt.Sprintf("Lighthouse projects %s at %s, which would allow it and %s (R29)", role, at, t.bounds(l.Term))
		case !above && t.live(l.Term, true) && t.row.role(l.Role) > no && !t.isOwner(l.Role) && !t.row.action.data:
			m.Kind, m.Text = MissScope, fmt.Sprintf("Lighthouse projects %s at %s, which does not contain the place (R28)", role, at)
		default:
			continue
		}
		m.There = []Hop{{Kind: Projects, From: t.x.stop(l.Principal), To: t.roleStop(right{role: l.Role, node: l.Node}), Rule: "R28", Term: t.term(l.Term)}}
		t.answer.Misses = append(t.answer.Misses, m)
	}
}

// missWriting: he may assign roles, and what he would assign himself is denied to
// him (R26).
func (t *telling) missWriting() {
	for _, w := range t.ways(t.principal, true) {
		if w.kind == ByLighthouse {
			continue
		}
		t.rights(w, t.x.row(writeAssignments), true, func(r right) {
			if t.lets(w, r) == no {
				return
			}
			hops := t.roleHops(w, r, writeAssignments)
			m := Miss{Kind: MissDenied, There: hops, Next: undeny}
			lets := fmt.Sprintf("%s at %s lets him assign himself a role", t.x.roleName(r.role), t.x.Scope(r.node))
			if denied, by := t.deniedTo(w, r); denied == yes {
				m.Text = fmt.Sprintf("%s, and the deny assignment %q at %s takes the action away (R19)", lets, by[0].Name, by[0].Scope)
			} else {
				m.Text = lets + ", and a deny assignment takes that away (R19)"
			}
			t.answer.Misses = append(t.answer.Misses, m)
		})
	}
}

// mayAllow is as sure as the role, of which nothing may be known.
func mayAllow(allowed truth) string {
	if allowed == maybe {
		return "may allow"
	}
	return "allows"
}

func judgedNo(t truth) bool { return t == no }

// missInDirectory: roles that do not allow it, and GDAP that a guest account shuts.
func (t *telling) missInDirectory() {
	s := t.stand(t.principal, true)
	for _, who := range t.inDirectory(t.principal) {
		for _, g := range t.grants(who, t.target, t.stand(who, true), true) {
			hops := t.grantHops(g, t.target)
			t.answer.Misses = append(t.answer.Misses, Miss{
				Kind: MissRole, There: hops,
				Text: fmt.Sprintf("he has the directory role %s in %s, which does not allow %s", hops[len(hops)-1].To.Name, t.x.tenantName(t.target), t.row.action),
			})
		}
	}
	t.missDirectoryTerms()
	if t.home == t.target || len(t.x.guests(t.principal, t.target)) == 0 {
		return
	}
	for _, group := range sortedGroups(s.in) {
		for _, lent := range t.x.GDAPGrantsOf(group) {
			if lent.Customer != t.target || !t.live(lent.Term, false) || t.row.directory[lent.Role] == no {
				continue
			}
			hops := t.grantHops(grant{kind: ByGDAP, role: t.x.DirectoryRoles[lent.Role].ID, number: lent.Role, holder: group, gdap: lent.GDAP, term: lent.Term}, t.target)
			t.answer.Misses = append(t.answer.Misses, Miss{
				Kind: MissGuest, There: hops,
				Text: fmt.Sprintf("GDAP gives %s the role %s in %s, and his guest account there shuts GDAP for him (R13)", hops[0].From.Name, hops[1].To.Name, t.x.tenantName(t.target)),
				Next: "removing the guest account would open it; so would a directory role for the guest himself",
			})
		}
	}
}

// missDirectoryTerms: directory roles that would allow it, and do not hold now (R29).
func (t *telling) missDirectoryTerms() {
	late := func(g grant, term estate.TermNo) {
		if t.row.directory[g.number] == no || t.live(term, true) {
			return
		}
		hops := t.grantHops(g, t.target)
		role := hops[len(hops)-1].To.Name
		t.answer.Misses = append(t.answer.Misses, Miss{
			Kind: MissTerm, There: hops, Text: fmt.Sprintf("the directory role %s would allow it and %s (R29)", role, t.bounds(term)),
		})
	}
	for _, who := range t.inDirectory(t.principal) {
		s := t.stand(who, true)
		for _, p := range append(sortedGroups(s.direct), estate.Principal(who)) {
			for _, d := range t.x.DirectoryAssignmentsOf(p) {
				if d.Tenant == t.target {
					late(grant{kind: ByHome, role: t.x.DirectoryRoles[d.Role].ID, number: d.Role, holder: p, term: d.Term}, d.Term)
				}
			}
		}
		for _, g := range sortedGroups(s.in) {
			for _, lent := range t.x.GDAPGrantsOf(g) {
				if lent.Customer == t.target {
					late(grant{kind: ByGDAP, role: t.x.DirectoryRoles[lent.Role].ID, number: lent.Role, holder: g, gdap: lent.GDAP, term: lent.Term}, lent.Term)
				}
			}
		}
	}
}

// missAtAll: there is nothing that falls short, because there is nothing.
func (t *telling) missAtAll() Miss {
	here := t.x.tenantName(t.target)
	next := "access can be lent to him for a time, after the customer said yes"
	if t.home == t.target {
		next = "somebody who may assign roles there can give him one, for a time"
	}
	if t.home != t.target && len(t.x.guests(t.principal, t.target)) == 0 {
		if _, signs := t.signsIn(t.principal, t.stand(t.principal, true)); signs == no {
			m := Miss{Kind: MissEntry, Next: next, Text: fmt.Sprintf("he has no way into %s: no account, no guest account, no delegated administration, and nothing projected by Lighthouse", here)}
			if t.isNestedAgent() {
				m.Text = fmt.Sprintf("he has no way into %s: %s (R10)", here, t.noSignIn())
			}
			return m
		}
	}
	if t.isDirectory() {
		return Miss{Kind: MissAssignment, Text: "he has no role in the directory of " + here, Next: next}
	}
	return Miss{
		Kind: MissAssignment, Text: "he can sign in to " + here + ", and no role is assigned to him, or to a group he is in, at the place or above it",
		Next: next,
	}
}

// sortedGroups are the principals of the set in order.
func sortedGroups(in map[estate.Principal]truth) []estate.Principal {
	list := make([]estate.Principal, 0, len(in))
	for p := range in {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}
