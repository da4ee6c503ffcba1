package estate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// order says where the things of a Builder stand in the columns: by the number
// the Builder gave, the number in the Estate.
type order struct {
	tenant, principal, node, role, directory []int32
	term, condition                          []int32
}

// Build arranges the facts. It fails on facts that contradict each other or name
// nothing, such as one id with two names or a scope in two tenants; a fact told
// twice in the same words is one fact. Facts that merely point to something
// unlisted are kept. The Builder cannot be used afterwards.
func (b *Builder) Build() (*Estate, error) {
	if b.problem != nil {
		return nil, b.problem()
	}
	var c Columns
	var to order
	for _, step := range []func(*Columns, *order) error{
		b.arrangeTenants, b.arrangeDomains, b.arrangePlaces, b.arrangePrincipals, b.arrangeHomes,
		b.refuseStrangers, b.arrangeRoles, b.arrangeTerms, b.arrangeMemberships, b.arrangeSubscriptions, b.arrangeAssignments,
		b.arrangeDenials, b.arrangeRelationships, b.arrangeRows, b.arrangePeople, b.arrangeGaps,
	} {
		if err := step(&c, &to); err != nil {
			return nil, err
		}
	}
	b.problem = func() error { return errors.New("this Builder has built its Estate already; make a new one") }
	*b = Builder{problem: b.problem}
	return index(c), nil
}

func (b *Builder) arrangeTenants(c *Columns, to *order) (err error) {
	var order []int32
	order, to.tenant = b.tenants.sorted()
	rows := b.tenants.rows
	for _, n := range order {
		c.TenantID = append(c.TenantID, b.tenants.id(n))
		c.TenantListed = append(c.TenantListed, flag(b.tenants.listed[n]))
		c.TenantRules = append(c.TenantRules, flag(rows[n].OldRules))
		b.places.root(n)
	}
	if c.TenantName, err = gather(b.most, len(order), func(i int) string { return rows[order[i]].Name }); err != nil {
		return err
	}
	c.TenantDomain, err = gather(b.most, len(order), func(i int) string { return string(rows[order[i]].DefaultDomain) })
	return err
}

func flag(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}

// arrangeDomains puts the further domains in order (R1).
func (b *Builder) arrangeDomains(c *Columns, to *order) (err error) {
	for i := range b.domains {
		b.domains[i].tenant = renumber[Tenant](to.tenant, int32(b.domains[i].tenant))
	}
	slices.SortFunc(b.domains, compareDomains)
	b.domains = slices.Compact(b.domains)
	for _, d := range b.domains {
		c.DomainTenant = append(c.DomainTenant, d.tenant)
	}
	if c.DomainName, err = gather(b.most, len(b.domains), func(i int) string { return b.domains[i].name }); err != nil {
		return err
	}
	return checkDomains(c)
}

// checkDomains sees to it that a domain names one tenant (R1).
func checkDomains(c *Columns) error {
	all := allDomains(c)
	for i := 1; i < len(all); i++ {
		if all[i-1].name == all[i].name {
			return fmt.Errorf("the facts give the domain %q to tenant %s and to tenant %s; a domain names one tenant",
				all[i].name, nameOfTenant(c, all[i-1].tenant), nameOfTenant(c, all[i].tenant))
		}
	}
	return nil
}

func nameOfTenant(c *Columns, t Tenant) string {
	if name := c.TenantName.At(int(t)); name != "" {
		return fmt.Sprintf("%q (%s)", name, c.TenantID[t])
	}
	return c.TenantID[t].String()
}

func compareDomains(a, b domain) int {
	return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.tenant, b.tenant))
}

// allDomains are the default domains and the further ones, sorted, each pair of
// domain and tenant once.
func allDomains(c *Columns) []domain {
	var all []domain
	for t := range c.TenantID {
		if name := c.TenantDomain.At(t); name != "" {
			all = append(all, domain{name, Tenant(t)})
		}
	}
	for i, t := range c.DomainTenant {
		all = append(all, domain{c.DomainName.At(i), t})
	}
	slices.SortFunc(all, compareDomains)
	return slices.Compact(all)
}

func (b *Builder) arrangePrincipals(c *Columns, to *order) (err error) {
	rows, ids := b.principals.rows, b.principals.ids.List()
	order := identity(len(rows))
	tenant := func(n int32) int32 {
		if !b.principals.listed[n] {
			return math.MaxInt32 // they come last
		}
		return to.tenant[rows[n].tenant]
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(tenant(x), tenant(y)), ids[x].Compare(ids[y]))
	})
	to.principal = inverse(order)
	c.TenantFirst = make([]Principal, len(c.TenantID)+1)
	c.PrincipalID = make([]csp.ObjectID, len(order))
	c.PrincipalTenant = make([]Tenant, len(order))
	c.PrincipalKind = make([]PrincipalKind, len(order))
	c.PrincipalHome = make([]Principal, len(order))
	c.PrincipalHomeIn = make([]Tenant, len(order))
	for i, n := range order {
		c.PrincipalID[i], c.PrincipalKind[i] = ids[n], rows[n].kind
		c.PrincipalTenant[i], c.PrincipalHome[i], c.PrincipalHomeIn[i] = None, None, None
		if b.principals.listed[n] {
			c.PrincipalTenant[i] = Tenant(tenant(n))
			c.PrincipalHome[i] = renumber[Principal](to.principal, rows[n].home)
			c.PrincipalHomeIn[i] = renumber[Tenant](to.tenant, rows[n].homeIn)
			c.TenantFirst[tenant(n)+1]++
		}
	}
	for t := range c.TenantID {
		c.TenantFirst[t+1] += c.TenantFirst[t]
	}
	for _, i := range b.identities {
		c.PrincipalKind[to.principal[i.principal]] |= IsManaged
	}
	if c.PrincipalName, err = gather(b.most, len(order), func(i int) string { return rows[order[i]].name }); err != nil {
		return err
	}
	c.PrincipalSignIn, err = gather(b.most, len(order), func(i int) string { return rows[order[i]].signIn })
	return err
}

// arrangeHomes fills in the tenant of guests' homes from the accounts themselves (R2).
func (b *Builder) arrangeHomes(c *Columns, _ *order) error {
	for p, home := range c.PrincipalHome {
		if home == None || c.PrincipalTenant[home] == None {
			continue
		}
		in := c.PrincipalTenant[home]
		if told := c.PrincipalHomeIn[p]; told != None && told != in {
			return fmt.Errorf("the home of %q (%s) is in tenant %s by its own fact, and in tenant %s by that of the guest",
				c.PrincipalName.At(p), c.PrincipalID[p], nameOfTenant(c, in), nameOfTenant(c, told))
		}
		c.PrincipalHomeIn[p] = in
	}
	return nil
}

func (b *Builder) arrangeRoles(c *Columns, to *order) error {
	var order []int32
	order, to.role = b.roles.sorted()
	for _, n := range order {
		row := b.roles.rows[n]
		row.ID = b.roles.id(n)
		c.Roles = append(c.Roles, row)
		c.RoleListed = append(c.RoleListed, flag(b.roles.listed[n]))
	}
	order, to.directory = b.directory.sorted()
	for _, n := range order {
		row := b.directory.rows[n]
		row.ID = b.directory.id(n)
		c.DirectoryRoles = append(c.DirectoryRoles, row)
		c.DirectoryListed = append(c.DirectoryListed, flag(b.directory.listed[n]))
	}
	return nil
}

func (b *Builder) arrangeTerms(c *Columns, to *order) (err error) {
	b.terms.keep(b.usedTerms())
	c.Terms, to.term = b.terms.sorted(compareTerms)
	var conditions []string
	conditions, to.condition = b.conditions.sorted(strings.Compare)
	c.Conditions, err = gather(b.most, len(conditions), func(i int) string { return conditions[i] })
	return err
}

// usedTerms says of every term whether a fact that was not left out has it.
func (b *Builder) usedTerms() []bool {
	used := make([]bool, len(b.terms.list))
	used[0] = true
	for i := range b.memberships {
		used[b.memberships[i].term] = true
	}
	for i := range b.assignments {
		used[b.assignments[i].term] = true
	}
	for _, r := range slices.Concat(b.resellers, b.daps) {
		used[r.term] = true
	}
	for i := range b.gdaps.rows {
		used[b.terms.number(csp.Term{Period: b.gdaps.rows[i].Period})] = true
	}
	for _, l := range b.lighthouses {
		used[l.term] = true
	}
	for _, h := range b.holders {
		used[h.term] = true
	}
	return used
}

// refuseStrangers leaves out what Entra does not allow and what could therefore
// only be a mistake: a member of another tenant (R20).
func (b *Builder) refuseStrangers(c *Columns, to *order) error {
	rows := b.memberships[:0]
	for _, m := range b.memberships {
		in, of := c.PrincipalTenant[to.principal[m.group]], c.PrincipalTenant[to.principal[m.member]]
		if in == of || in == None || of == None {
			rows = append(rows, m)
		}
	}
	b.memberships = rows
	return nil
}

func (b *Builder) arrangeMemberships(c *Columns, to *order) error {
	rows := b.memberships
	for i, m := range rows {
		rows[i] = membershipRow{to.principal[m.group], to.principal[m.member], uint32(to.term[m.term])}
	}
	slices.SortFunc(rows, func(a, b membershipRow) int {
		return cmp.Or(cmp.Compare(a.member, b.member), cmp.Compare(a.group, b.group), cmp.Compare(a.term, b.term))
	})
	rows = slices.Compact(rows)
	c.GroupsFrom = make([]uint32, len(c.PrincipalID)+1)
	c.GroupOf, c.GroupTerm = make([]Principal, len(rows)), make([]TermNo, len(rows))
	for i, m := range rows {
		c.GroupsFrom[m.member+1]++
		c.GroupOf[i], c.GroupTerm[i] = Principal(m.group), TermNo(m.term)
	}
	accumulate(c.GroupsFrom)
	b.memberships = nil
	return nil
}

// accumulate makes beginnings of counts that stand one place late.
func accumulate(from []uint32) {
	for i := 1; i < len(from); i++ {
		from[i] += from[i-1]
	}
}

func (b *Builder) arrangeSubscriptions(c *Columns, to *order) (err error) {
	order, _ := b.subscriptions.sorted()
	for _, n := range order {
		row := b.subscriptions.rows[n]
		node, _ := b.places.at(lookup.None, csp.SubscriptionScopeOf(row.ID))
		c.SubscriptionID = append(c.SubscriptionID, row.ID)
		c.SubscriptionNode = append(c.SubscriptionNode, Node(to.node[node]))
		c.SubscriptionCreator = append(c.SubscriptionCreator, renumber[Tenant](to.tenant, b.tenants.number(row.Creator)))
	}
	c.SubscriptionName, err = gather(b.most, len(order), func(i int) string { return b.subscriptions.rows[order[i]].Name })
	return err
}

// arrangeAssignments counts one role assignment once. Its name is its own within
// a tenant; a template that spells it out makes the same one in many tenants.
func (b *Builder) arrangeAssignments(c *Columns, to *order) (err error) {
	rows, err := b.singleAssignments()
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		r.node, r.principal, r.role = to.node[r.node], to.principal[r.principal], to.role[r.role]
		r.term, r.condition = uint32(to.term[r.term]), uint32(to.condition[r.condition])
	}
	n := len(rows)
	c.AssignmentsFrom = make([]uint32, len(c.NodeParent)+1)
	for i := range rows {
		c.AssignmentsFrom[rows[i].node+1]++
	}
	accumulate(c.AssignmentsFrom)
	order := orderAssignments(rows, c.AssignmentsFrom)
	c.AssignmentPrincipal, c.AssignmentRole = make([]Principal, n), make([]Role, n)
	c.AssignmentTerm, c.AssignmentCondition = make([]TermNo, n), make([]ConditionNo, n)
	c.AssignmentType, c.AssignmentName = make([]uint8, n), make([]csp.RoleAssignmentID, n)
	var described []string
	for i, at := range order {
		r := &rows[at]
		c.AssignmentPrincipal[i], c.AssignmentRole[i] = Principal(r.principal), Role(r.role)
		c.AssignmentTerm[i], c.AssignmentCondition[i] = TermNo(r.term), ConditionNo(r.condition)
		c.AssignmentType[i], c.AssignmentName[i] = r.kind, r.name
		if r.description != 0 {
			c.Described = append(c.Described, uint32(i))
			described = append(described, b.descriptions[r.description])
		}
	}
	b.assignments = nil
	c.Description, err = gather(b.most, len(described), func(i int) string { return described[i] })
	return err
}

// orderAssignments is the order of rows by node, principal, role and name; from is
// where those of each node begin.
func orderAssignments(rows []assignmentRow, from []uint32) []int32 {
	order, free := make([]int32, len(rows)), slices.Clone(from)
	for i := range rows {
		at := &free[rows[i].node]
		order[*at] = int32(i)
		*at++
	}
	for n := range len(from) - 1 {
		if from[n+1]-from[n] < 2 {
			continue
		}
		slices.SortFunc(order[from[n]:from[n+1]], func(i, j int32) int {
			a, b := &rows[i], &rows[j]
			if a.principal != b.principal {
				return cmp.Compare(a.principal, b.principal)
			}
			return cmp.Or(cmp.Compare(a.role, b.role), a.name.Compare(b.name))
		})
	}
	return order
}

// singleAssignments are the rows without those told twice.
func (b *Builder) singleAssignments() ([]assignmentRow, error) {
	seen := lookup.MakeSlots(len(b.assignments))
	rows := b.assignments[:0]
	for i := range b.assignments {
		row := b.assignments[i]
		hash := seen.Hash(row.name[:])
		for step := 0; ; step++ {
			var at int32
			if at, step = seen.Next(hash, step); at == lookup.None {
				seen.Put(hash, step, int32(len(rows)))
				rows = append(rows, row)
				break
			}
			if first := &rows[at]; first.name == row.name && first.tenant == row.tenant {
				if !b.sameAssignment(*first, row) {
					return nil, fmt.Errorf("the facts tell two different things about role assignment %s in tenant %s", row.name, b.tenantOf(row.tenant))
				}
				break
			}
		}
	}
	return rows, nil
}

func (b *Builder) sameAssignment(x, y assignmentRow) bool {
	same := b.descriptions[x.description] == b.descriptions[y.description]
	x.description = y.description
	return same && x == y
}
