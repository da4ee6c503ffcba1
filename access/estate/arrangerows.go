package estate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// everyOf makes a row for each, sorts them and drops those that are told twice.
func everyOf[A, B any](rows []A, row func(*A) B, compare func(a, b B) int) []B {
	var list []B
	for i := range rows {
		list = append(list, row(&rows[i]))
	}
	slices.SortFunc(list, compare)
	return slices.CompactFunc(list, func(a, b B) bool { return compare(a, b) == 0 })
}

// renumberAll are the numbers in their new places, in order.
func renumberAll[N ~int32](place, numbers []int32) []N {
	var list []N
	for _, n := range numbers {
		list = append(list, renumber[N](place, n))
	}
	slices.Sort(list)
	return list
}

func (b *Builder) arrangeDenials(c *Columns, to *order) error {
	type key struct {
		tenant int32
		id     csp.DenyAssignmentID
	}
	seen := make(map[key]*denialRow, len(b.denials))
	for i := range b.denials {
		d := &b.denials[i]
		first, ok := seen[key{d.tenant, d.ID}]
		if !ok {
			seen[key{d.tenant, d.ID}] = d
			continue
		}
		if first.node != d.node || !sameDenial(&first.DenyAssignment, &d.DenyAssignment) {
			return fmt.Errorf("the facts tell two different things about deny assignment %q (%s) in tenant %s", d.Name, d.ID, b.tenantOf(d.tenant))
		}
		if comparePermissions(d.Permissions, first.Permissions) < 0 {
			first.Permissions = d.Permissions
		}
	}
	for _, d := range seen {
		row := Denial{DenyAssignment: d.DenyAssignment, Node: Node(to.node[d.node])}
		row.Principals = renumberAll[Principal](to.principal, d.principals)
		row.Excluded = renumberAll[Principal](to.principal, d.excluded)
		c.Denials = append(c.Denials, row)
	}
	slices.SortFunc(c.Denials, compareDenials)
	e := Estate{Columns: *c}
	for i := range c.Denials {
		c.Denials[i].Scope = e.Scope(c.Denials[i].Node)
	}
	return nil
}

func (b *Builder) arrangeRelationships(c *Columns, to *order) error {
	relationship := func(r *relationshipRow) Relationship {
		return Relationship{Customer: Tenant(to.tenant[r.customer]), Partner: Tenant(to.tenant[r.partner]), Kind: r.kind, Term: TermNo(to.term[r.term])}
	}
	c.Resellers = everyOf(b.resellers, relationship, compareRelationships)
	c.DAPs = everyOf(b.daps, relationship, compareRelationships)
	c.DirectoryAssignments = everyOf(b.holders, func(h *holderRow) DirectoryAssignment {
		return DirectoryAssignment{Principal(to.principal[h.principal]), Tenant(to.tenant[h.tenant]), DirectoryRole(to.directory[h.role]), TermNo(to.term[h.term])}
	}, compareHolders)
	c.Lighthouses = everyOf(b.lighthouses, func(l *lighthouseRow) Lighthouse {
		return Lighthouse{Node(to.node[l.node]), Tenant(to.tenant[l.manager]), Principal(to.principal[l.principal]), Role(to.role[l.role]), TermNo(to.term[l.term])}
	}, compareLighthouses)
	c.Identities = everyOf(b.identities, func(i *identityRow) Identity {
		return Identity{Node(to.node[i.node]), Principal(to.principal[i.principal])}
	}, compareIdentities)
	b.arrangeGDAPs(c, to)
	return nil
}

func (b *Builder) arrangeGDAPs(c *Columns, to *order) {
	tenant := func(id csp.TenantID) Tenant { return Tenant(to.tenant[b.tenants.number(id)]) }
	roles := func(ids []csp.DirectoryRoleID) (list []DirectoryRole) { // in order of id, which is that of number
		for _, id := range ids {
			list = append(list, DirectoryRole(to.directory[b.directory.number(id)]))
		}
		return list
	}
	rows := b.gdaps.rows
	slices.SortFunc(rows, func(x, y csp.GDAPRelationship) int {
		return cmp.Or(cmp.Compare(tenant(x.Customer), tenant(y.Customer)), x.ID.Compare(y.ID))
	})
	for i := range rows {
		r := &rows[i]
		c.GDAPs = append(c.GDAPs, GDAP{
			Customer: tenant(r.Customer), Partner: tenant(r.Partner), ID: r.ID, Name: r.Name, Status: r.Status,
			Term: TermNo(to.term[b.terms.number(csp.Term{Period: r.Period})]), ExtendsBy: int32(r.ExtendsBy), Roles: roles(r.Roles),
		})
		from := len(c.AccessAssignments)
		for _, a := range r.Assignments {
			c.AccessAssignments = append(c.AccessAssignments, AccessAssignment{int32(i), Principal(to.principal[b.principals.number(a.Group)]), a.Status, roles(a.Roles)})
		}
		slices.SortFunc(c.AccessAssignments[from:], compareAccessRows)
	}
}

// arrangeRows arranges what stands in the columns as the facts tell it.
func (b *Builder) arrangeRows(c *Columns, to *order) error {
	e := Estate{Columns: *c}
	scope := func(node int32, told csp.Scope) csp.Scope {
		if node == lookup.None {
			return told
		}
		return e.Scope(Node(to.node[node]))
	}
	c.Locks = everyOf(b.locks, func(p *placed[csp.Lock]) csp.Lock {
		p.row.Scope = scope(p.node, p.row.Scope)
		return p.row
	}, compareLocks)
	c.Policies = everyOf(b.policies, func(p *placed[csp.PolicyDenial]) csp.PolicyDenial {
		p.row.Scope = scope(p.node, p.row.Scope)
		return p.row
	}, comparePolicies)
	c.Artefacts = everyOf(b.artefacts, func(p *placed[csp.Artefact]) csp.Artefact {
		p.row.Scope = scope(p.node, p.row.Scope)
		return p.row
	}, compareArtefacts)
	c.Usage = everyOf(b.usage, func(p *placed[csp.Usage]) csp.Usage {
		p.row.Scope = scope(p.node, p.row.Scope)
		return p.row
	}, compareUsage)
	c.Usage = lastUsage(c.Usage)
	return nil
}

// lastUsage keeps the last of several times of the same usage.
func lastUsage(sorted []csp.Usage) []csp.Usage {
	var list []csp.Usage
	for i, u := range sorted {
		if i+1 < len(sorted) {
			next := sorted[i+1]
			next.Last = u.Last
			if compareUsage(u, next) == 0 {
				continue
			}
		}
		list = append(list, u)
	}
	return list
}

// arrangePeople sees to it that an account is one person's (R3).
func (b *Builder) arrangePeople(c *Columns, _ *order) error {
	order, _ := b.people.sorted()
	owner := make(map[csp.ObjectID]*csp.Person)
	for _, n := range order {
		person := &b.people.rows[n]
		for _, id := range person.Accounts {
			if other, ok := owner[id]; ok {
				return fmt.Errorf("the account %s belongs to %q (%s) and to %q (%s); an account is one person's",
					b.nameOf(b.principals.number(id)), other.Name, other.ID, person.Name, person.ID)
			}
			owner[id] = person
		}
		c.People = append(c.People, *person)
	}
	return nil
}

// notListedGap is the gap of a tenant that facts only name.
func notListedGap(t Tenant, id csp.TenantID) Gap {
	return Gap{Tenant: t, Node: None, Gap: csp.Gap{Fact: csp.MissingTenant, Tenant: id, Why: "the tenant is not among the facts"}}
}

// arrangeGaps adds the gaps of tenants that are not listed.
func (b *Builder) arrangeGaps(c *Columns, to *order) error {
	c.Gaps = everyOf(b.gaps, func(p *placed[csp.Gap]) Gap {
		row := Gap{Tenant: Tenant(to.tenant[p.tenant]), Node: renumber[Node](to.node, p.node), Gap: p.row}
		row.Scope = csp.Scope{} // told by the node
		return row
	}, compareGaps)
	for t, id := range c.TenantID {
		if c.TenantListed[t] == 0 {
			c.Gaps = append(c.Gaps, notListedGap(Tenant(t), id))
		}
	}
	slices.SortFunc(c.Gaps, compareGaps)
	c.Gaps = slices.CompactFunc(c.Gaps, func(a, b Gap) bool { return compareGaps(a, b) == 0 })
	e := Estate{Columns: *c}
	for i := range c.Gaps {
		c.Gaps[i].Scope = e.Scope(c.Gaps[i].Node)
	}
	return nil
}

// The orders of rows. Two rows are the same fact exactly when they compare equal.

func compareRelationships(a, b Relationship) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Term, b.Term))
}

func compareHolders(a, b DirectoryAssignment) int {
	return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Term, b.Term))
}

func compareLighthouses(a, b Lighthouse) int {
	return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Term, b.Term))
}

func compareIdentities(a, b Identity) int {
	return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Principal, b.Principal))
}

func compareDenials(a, b Denial) int {
	return cmp.Or(cmp.Compare(a.Node, b.Node), a.ID.Compare(b.ID))
}

func compareGDAPs(a, b GDAP) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), a.ID.Compare(b.ID))
}

func compareAccess(a, b csp.AccessAssignment) int {
	return cmp.Or(a.Group.Compare(b.Group), cmp.Compare(a.Status, b.Status), slices.CompareFunc(a.Roles, b.Roles, csp.DirectoryRoleID.Compare))
}

func compareAccessRows(a, b AccessAssignment) int {
	return cmp.Or(cmp.Compare(a.GDAP, b.GDAP), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Status, b.Status), slices.Compare(a.Roles, b.Roles))
}

func compareGrants(a, b GDAPGrant) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Role, b.Role), cmp.Compare(a.GDAP, b.GDAP))
}

func compareScopes(a, b csp.Scope) int { return strings.Compare(a.String(), b.String()) }

func compareLocks(a, b csp.Lock) int {
	return cmp.Or(compareScopes(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Level, b.Level))
}

func comparePolicies(a, b csp.PolicyDenial) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), compareScopes(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), slices.CompareFunc(a.Spares, b.Spares, csp.RoleDefinitionID.Compare))
}

func compareArtefacts(a, b csp.Artefact) int {
	return cmp.Or(compareScopes(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
}

func compareUsage(a, b csp.Usage) int {
	return cmp.Or(a.Principal.Compare(b.Principal), compareScopes(a.Scope, b.Scope), cmp.Compare(a.Action, b.Action), compareBools(a.Data, b.Data), a.Last.Compare(b.Last))
}

func compareGaps(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.Why, b.Why))
}

func compareBools(a, b bool) int { return cmp.Compare(flag(a), flag(b)) }

// sameGDAP compares relationships whose lists are in order.
func sameGDAP(a, b csp.GDAPRelationship) bool {
	return a.Name == b.Name && a.Partner == b.Partner && a.Customer == b.Customer && a.Status == b.Status && a.Period == b.Period &&
		a.ExtendsBy == b.ExtendsBy && slices.Equal(a.Roles, b.Roles) &&
		slices.EqualFunc(a.Assignments, b.Assignments, func(a, b csp.AccessAssignment) bool { return compareAccess(a, b) == 0 })
}

// sameDenial compares deny assignments whose principals are in order. What they
// deny may be told in different words, as in mergeRoles.
func sameDenial(a, b *csp.DenyAssignment) bool {
	return a.Name == b.Name && a.Everyone == b.Everyone && a.ThisScopeOnly == b.ThisScopeOnly && a.AuditOnly == b.AuditOnly &&
		a.Condition == b.Condition && slices.Equal(a.Principals, b.Principals) && slices.Equal(a.Excluded, b.Excluded) &&
		sameContent(a.Permissions, b.Permissions)
}

// sameContent says whether permissions allow the same, in whatever order and case.
func sameContent(a, b []csp.Permission) bool {
	return comparePermissions(a, b) == 0 || csp.RoleDefinition{Permissions: a}.Content() == csp.RoleDefinition{Permissions: b}.Content()
}

// mergeRoles keeps, of a role told twice in different words for the same thing,
// the telling that sorts first, so that their order does not matter.
func mergeRoles(a, b csp.RoleDefinition) (csp.RoleDefinition, bool) {
	agree := a.Name == b.Name && a.Custom == b.Custom && sameContent(a.Permissions, b.Permissions)
	if comparePermissions(b.Permissions, a.Permissions) < 0 {
		return b, agree
	}
	return a, agree
}

func comparePermissions(a, b []csp.Permission) int {
	return slices.CompareFunc(a, b, func(a, b csp.Permission) int {
		return cmp.Or(slices.Compare(a.Actions, b.Actions), slices.Compare(a.NotActions, b.NotActions),
			slices.Compare(a.DataActions, b.DataActions), slices.Compare(a.NotDataActions, b.NotDataActions), cmp.Compare(a.Condition, b.Condition))
	})
}

// mergeDirectoryRoles does the same for directory roles.
func mergeDirectoryRoles(a, b csp.DirectoryRole) (csp.DirectoryRole, bool) {
	x, y := slices.Sorted(slices.Values(a.Actions)), slices.Sorted(slices.Values(b.Actions))
	agree := a.Name == b.Name && a.Privileged == b.Privileged && a.GDAP == b.GDAP && slices.Equal(x, y)
	if slices.Compare(b.Actions, a.Actions) < 0 {
		return b, agree
	}
	return a, agree
}
