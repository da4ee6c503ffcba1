package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"latchkey/access/estate"
	"latchkey/csp"
)

// relationshipRows compares DAP, GDAP and reseller relationships, and under which
// rules a tenant is (R10, R11, R22).
func (p *pair) relationshipRows() {
	p.dapRows()
	p.gdapRows()
	p.linkRows()
}

// dapRows compares who is whose delegated administrator.
func (p *pair) dapRows() {
	listed := [2]map[[2]csp.TenantID]term{}
	for i, s := range p.sides() {
		listed[i] = relations(s, s.e.DAPs)
	}
	for _, s := range p.sides() {
		if maps.Equal(listed[0], listed[1]) {
			return
		}
		agents := s.agents()
		for _, d := range s.e.DAPs {
			key := [2]csp.TenantID{s.e.TenantID[d.Partner], s.e.TenantID[d.Customer]}
			if listed[0][key] == listed[1][key] {
				continue
			}
			f := fact{kind: dapFact, state: flag(listed[1][key] != over), a: p.tenantNumber(s, d.Partner), b: p.tenantNumber(s, d.Customer)}
			for _, g := range agents[d.Partner] {
				p.touchAll(s, s.acting(g), area{wholly: []tenant{s.tenant(d.Customer)}}, f)
			}
		}
	}
}

// relations has how firm a relationship is, by partner and customer.
func relations(s side, list []estate.Relationship) map[[2]csp.TenantID]term {
	rows := map[[2]csp.TenantID]term{}
	for _, r := range list {
		key := [2]csp.TenantID{s.e.TenantID[r.Partner], s.e.TenantID[r.Customer]}
		rows[key] = max(rows[key], s.term(r.Term))
	}
	return rows
}

// gdapRows compares GDAP relationships with their access assignments. One that
// differs in anything touches all its groups.
func (p *pair) gdapRows() {
	a, b := p.old.e, p.new.e
	toNew, toOld := match[int32](len(a.GDAPs), len(b.GDAPs), func(i, j int) int {
		x, y := &a.GDAPs[i], &b.GDAPs[j]
		return cmp.Or(a.TenantID[x.Customer].Compare(b.TenantID[y.Customer]), x.ID.Compare(y.ID))
	})
	rows := [2][]uint32{accessRows(a), accessRows(b)}
	for n, to := range toNew {
		gave, gives := p.old.lends(int32(n)), p.new.lends(to)
		if gave == gives && (!gave || p.sameGDAP(rows, int32(n), to)) {
			continue
		}
		p.touchGDAP(rows, int32(n), to, gave, gives)
	}
	for n, from := range toOld {
		if from == none && p.new.lends(int32(n)) {
			p.touchGDAP(rows, none, int32(n), false, true)
		}
	}
}

// accessRows says where each relationship's access assignments begin.
func accessRows(e *estate.Estate) []uint32 {
	from := make([]uint32, len(e.GDAPs)+1)
	for _, a := range e.AccessAssignments {
		from[a.GDAP+1]++
	}
	for n := range e.GDAPs {
		from[n+1] += from[n]
	}
	return from
}

// lends says whether a relationship gives anything at the instant (R11).
func (w *world) lends(n int32) bool {
	return n != none && w.e.GDAPs[n].Status == csp.GDAPActive && w.term(w.e.GDAPs[n].Term) != over
}

// sameGDAP compares what two relationships lend, and to whom.
func (p *pair) sameGDAP(rows [2][]uint32, n, to int32) bool {
	x, y := p.old.e.GDAPs[n], p.new.e.GDAPs[to]
	if p.toNew.tenants[x.Partner] != y.Partner || !p.sameRoles(x.Roles, y.Roles) {
		return false
	}
	active := func(a estate.AccessAssignment) bool { return a.Status == csp.GDAPActive }
	list := gathered(p.old.e.AccessAssignments[rows[0][n]:rows[0][n+1]], active)
	other := gathered(p.new.e.AccessAssignments[rows[1][to]:rows[1][to+1]], active)
	return slices.EqualFunc(list, other, func(a, b estate.AccessAssignment) bool {
		return p.toNew.principals[a.Group] == b.Group && p.sameRoles(a.Roles, b.Roles)
	})
}

// gathered are the rows that are of a kind.
func gathered[T any](rows []T, is func(T) bool) []T {
	if !slices.ContainsFunc(rows, func(row T) bool { return !is(row) }) {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row T) bool { return !is(row) })
}

func (p *pair) sameRoles(a, b []estate.DirectoryRole) bool {
	return slices.EqualFunc(a, b, func(a, b estate.DirectoryRole) bool { return p.toNew.directory[a] == b })
}

func (p *pair) touchGDAP(rows [2][]uint32, n, to int32, gave, gives bool) {
	f := fact{kind: gdapFact, state: flag(gave) | flag(gives)<<1, a: n, b: to}
	for i, s := range p.sides() {
		g := [2]int32{n, to}[i]
		if g == none {
			continue
		}
		for _, a := range s.e.AccessAssignments[rows[i][g]:rows[i][g+1]] {
			p.touchAll(s, s.acting(a.Group), area{wholly: []tenant{s.tenant(s.e.GDAPs[g].Customer)}}, f)
		}
	}
}

// linkRows compares what the direct link depends on (R22): the rules of the
// customer, and whether the partner has a relationship.
func (p *pair) linkRows() {
	for n, to := range p.toNew.tenants {
		if to != none && p.old.e.TenantRules[n] != p.new.e.TenantRules[to] {
			p.touchStrangers(tenant{estate.Tenant(n), to}, fact{kind: rulesFact, state: p.new.e.TenantRules[to], a: int32(to)})
		}
	}
	resellers := [2]map[[2]csp.TenantID]term{}
	for i, s := range p.sides() {
		resellers[i] = relations(s, s.e.Resellers)
	}
	for _, s := range p.sides() {
		for _, r := range s.e.Resellers {
			key := [2]csp.TenantID{s.e.TenantID[r.Partner], s.e.TenantID[r.Customer]}
			if resellers[0][key] != resellers[1][key] {
				f := fact{kind: resellerFact, state: flag(resellers[1][key] != over), a: p.tenantNumber(s, r.Partner), b: p.tenantNumber(s, r.Customer)}
				p.touchStrangers(s.tenant(r.Customer), f)
			}
		}
	}
}

// touchStrangers notes that everybody who has a role in a tenant by a group of
// another tenant is touched there.
func (p *pair) touchStrangers(at tenant, f fact) {
	for _, s := range p.sides() {
		t := at.new
		if s.isBefore {
			t = at.old
		}
		if t == none {
			continue
		}
		root := s.e.TenantRoot[t]
		var accounts []estate.Principal
		for i := s.e.AssignmentsFrom[root]; i < s.e.AssignmentsFrom[s.e.NodeLast[root]+1]; i++ {
			if s.e.AssignmentForeign[i] != 0 {
				accounts = append(accounts, s.acting(s.e.AssignmentPrincipal[i])...)
			}
		}
		slices.Sort(accounts)
		p.touchAll(s, slices.Compact(accounts), area{wholly: []tenant{at}}, f)
	}
}

// denialRows compares deny assignments (R19). One that differs in anything
// touches all who hold anything near it.
func (p *pair) denialRows() {
	texts := [2]map[string]bool{{}, {}}
	for i, s := range p.sides() {
		for _, d := range s.e.Denials {
			texts[i][s.denialText(d)] = true
		}
	}
	for i, s := range p.sides() {
		for n, d := range s.e.Denials {
			if !texts[1-i][s.denialText(d)] {
				p.touchHolders(s, d.Node, area{spots: []spot{s.spot(d.Node)}}, fact{kind: denialFact, side: s.number(), a: int32(n)})
			}
		}
	}
}

// denialText is all of a denial that matters.
func (s side) denialText(d estate.Denial) string {
	tenant := csp.TenantID{}
	if t := s.e.NodeTenant[d.Node]; t != none {
		tenant = s.e.TenantID[t]
	}
	list := func(ids []csp.ObjectID) []string {
		texts := make([]string, len(ids))
		for i, id := range ids {
			texts[i] = id.String()
		}
		slices.Sort(texts)
		return texts
	}
	return fmt.Sprintf("%s %s %s %q %v %v %v %v %v %q", tenant, d.Scope.Key(), csp.RoleDefinition{Permissions: d.Permissions}.Content(),
		list(d.DenyAssignment.Principals), d.Everyone, list(d.DenyAssignment.Excluded), d.ThisScopeOnly, d.AuditOnly, d.ID, d.Condition)
}

// lighthouseRows compares projected roles (R28).
func (p *pair) lighthouseRows() {
	type row struct {
		who     csp.ObjectID
		at      spot
		role    csp.RoleDefinitionID
		manager csp.TenantID
	}
	rows := [2]map[row]term{{}, {}}
	rowOf := func(s side, l estate.Lighthouse) row {
		return row{s.e.PrincipalID[l.Principal], s.spot(l.Node), s.e.Roles[l.Role].ID, s.e.TenantID[l.Manager]}
	}
	for i, s := range p.sides() {
		for _, l := range s.e.Lighthouses {
			rows[i][rowOf(s, l)] = max(rows[i][rowOf(s, l)], s.term(l.Term))
		}
	}
	for _, s := range p.sides() {
		for _, l := range s.e.Lighthouses {
			r := rowOf(s, l)
			if rows[0][r] != rows[1][r] {
				f := fact{kind: lighthouseFact, state: uint8(rows[1][r]), a: p.roleNumber(s, l.Role), b: p.nodeNumber(s, l.Node), c: p.principal(s, l.Principal)}
				p.touchAll(s, s.acting(l.Principal), area{spots: []spot{r.at}}, f)
			}
		}
	}
}

// gapRows finds gaps that only one side has and that can take a Has away: about
// denials, and about memberships where a denial asks for them (M9).
func (p *pair) gapRows() {
	type row struct {
		tenant csp.TenantID
		fact   csp.FactKind
		scope  string
	}
	rows := [2]map[row]bool{{}, {}}
	rowOf := func(g estate.Gap) row { return row{g.Gap.Tenant, g.Fact, g.Scope.Key()} }
	for i, s := range p.sides() {
		for _, g := range s.e.Gaps {
			rows[i][rowOf(g)] = true
		}
	}
	for i, s := range p.sides() {
		for _, g := range s.e.Gaps {
			if rows[1-i][rowOf(g)] || g.Tenant == none {
				continue
			}
			switch g.Fact {
			case csp.MissingDenials, csp.MissingMemberships, csp.MissingTenant:
				p.touchGap(s, g)
			default: // the others cannot take anything away
			}
		}
	}
}

func (p *pair) touchGap(s side, g estate.Gap) {
	f := fact{kind: gapFact, side: s.number(), a: int32(g.Tenant), b: int32(g.Fact)}
	node := s.e.TenantRoot[g.Tenant]
	if g.Node != none {
		node = g.Node
	}
	at := s.spot(node)
	p.touchHolders(s, node, area{spots: []spot{at}}, f)
	for _, other := range p.sides() { // who holds something there on the other side only
		there := at.new
		if other.isBefore {
			there = at.old
		}
		if other.isBefore != s.isBefore && there != none {
			p.touchHolders(other, there, area{spots: []spot{at}}, f)
		}
	}
	if g.Fact == csp.MissingDenials {
		return
	}
	for who := s.e.TenantFirst[g.Tenant]; who < s.e.TenantFirst[g.Tenant+1]; who++ {
		if account := s.account(who); account != none {
			p.touchAll(s, []estate.Principal{account}, p.everywhere(s, who), f)
		}
	}
}
