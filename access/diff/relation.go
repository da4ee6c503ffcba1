package diff

import (
	"fmt"
	"slices"
	"strings"

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
		agents := s.agents()
		for _, d := range s.e.DAPs {
			key := [2]csp.TenantID{s.e.TenantID[d.Partner], s.e.TenantID[d.Customer]}
			if listed[0][key] == listed[1][key] {
				continue
			}
			for _, g := range agents[d.Partner] {
				p.touchAll(s, s.acting(g), area{wholly: []tenant{s.tenant(d.Customer)}}, s.dapCause(d, listed[1][key] != over))
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
	type key struct {
		id csp.GDAPID
		of csp.TenantID
	}
	told := [2]map[key]string{{}, {}}
	keyOf := func(s side, g estate.GDAP) key { return key{g.ID, s.e.TenantID[g.Customer]} }
	for i, s := range p.sides() {
		for n, g := range s.e.GDAPs {
			told[i][keyOf(s, g)] = s.gdapText(n)
		}
	}
	for _, s := range p.sides() {
		for _, a := range s.e.AccessAssignments {
			g := s.e.GDAPs[a.GDAP]
			before, after := told[0][keyOf(s, g)], told[1][keyOf(s, g)]
			if before != after {
				p.touchAll(s, s.acting(a.Group), area{wholly: []tenant{s.tenant(g.Customer)}}, s.gdapCause(g, before, after))
			}
		}
	}
}

// notActive is the text of a relationship that gives nothing.
const notActive = "not active"

// gdapText is all of a relationship that matters at the instant (R11); empty
// stands for one that is not there.
func (s side) gdapText(n int) string {
	g := s.e.GDAPs[n]
	if g.Status != csp.GDAPActive || s.term(g.Term) == over {
		return notActive
	}
	text := []string{fmt.Sprint(s.e.TenantID[g.Partner], ids(s, g.Roles))}
	for _, a := range s.e.AccessAssignments {
		if int(a.GDAP) == n && a.Status == csp.GDAPActive {
			text = append(text, fmt.Sprint(s.e.PrincipalID[a.Group], ids(s, a.Roles)))
		}
	}
	return strings.Join(text, " ")
}

func ids(s side, roles []estate.DirectoryRole) []string {
	list := make([]string, len(roles))
	for i, role := range roles {
		list[i] = s.e.DirectoryRoles[role].ID.String()
	}
	slices.Sort(list)
	return list
}

// linkRows compares what the direct link depends on (R22): the rules of the
// customer, and whether the partner has a relationship.
func (p *pair) linkRows() {
	for n, to := range p.toNew.tenants {
		if to != none && p.old.e.TenantRules[n] != p.new.e.TenantRules[to] {
			cause := Cause{Text: "the old rules begin to hold in " + p.old.tenantName(estate.Tenant(n)), Rule: "R22"}
			if p.new.e.TenantRules[to] == 0 {
				cause.Text = "the old rules hold no more in " + p.old.tenantName(estate.Tenant(n))
			}
			p.touchStrangers(tenant{estate.Tenant(n), to}, cause)
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
				p.touchStrangers(s.tenant(r.Customer), s.resellerCause(r, resellers[1][key] != over))
			}
		}
	}
}

// touchStrangers notes that everybody who has a role in a tenant by a group of
// another tenant is touched there.
func (p *pair) touchStrangers(at tenant, cause Cause) {
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
		p.touchAll(s, slices.Compact(accounts), area{wholly: []tenant{at}}, cause)
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
		for _, d := range s.e.Denials {
			if !texts[1-i][s.denialText(d)] {
				p.touchHolders(s, d.Node, area{spots: []spot{s.spot(d.Node)}}, s.denialCause(d))
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
				p.touchAll(s, s.acting(l.Principal), area{spots: []spot{r.at}}, s.lighthouseCause(l, rows[1][r]))
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
	cause := s.gapCause(g)
	node := s.e.TenantRoot[g.Tenant]
	if g.Node != none {
		node = g.Node
	}
	at := s.spot(node)
	p.touchHolders(s, node, area{spots: []spot{at}}, cause)
	for _, other := range p.sides() { // who holds something there on the other side only
		there := at.new
		if other.isBefore {
			there = at.old
		}
		if other.isBefore != s.isBefore && there != none {
			p.touchHolders(other, there, area{spots: []spot{at}}, cause)
		}
	}
	if g.Fact == csp.MissingDenials {
		return
	}
	for who := s.e.TenantFirst[g.Tenant]; who < s.e.TenantFirst[g.Tenant+1]; who++ {
		if account := s.account(who); account != none {
			p.touchAll(s, []estate.Principal{account}, p.everywhere(s, who), cause)
		}
	}
}
