package estate

import (
	"fmt"
	"math"
	"slices"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// Builder takes facts in any order, and makes an Estate of them. It keeps what is
// much - places, principals, memberships, role assignments - in columns from the
// beginning, and needs about as much memory as the Estate it makes, besides it.
type Builder struct {
	problem problem // the first that was met
	most    int     // bytes that the texts of one column can have

	tenants       listing[csp.Tenant, csp.Tenant]
	principals    listing[csp.Principal, principalRow]
	subscriptions listing[csp.Subscription, csp.Subscription]
	roles         listing[csp.RoleDefinition, csp.RoleDefinition]
	directory     listing[csp.DirectoryRole, csp.DirectoryRole]
	people        listing[csp.Person, csp.Person]
	gdaps         listing[csp.GDAPRelationship, csp.GDAPRelationship]
	places        *places
	terms         distinct[csp.Term]
	conditions    distinct[string]

	domains      []domain
	memberships  []membershipRow
	assignments  []assignmentRow
	descriptions []string // of assignments; the first is that of most

	denials     []denialRow
	resellers   []relationshipRow
	daps        []relationshipRow
	lighthouses []lighthouseRow
	identities  []identityRow
	holders     []holderRow
	locks       []placed[csp.Lock]
	policies    []placed[csp.PolicyDenial]
	artefacts   []placed[csp.Artefact]
	usage       []placed[csp.Usage]
	gaps        []placed[csp.Gap]
}

// The rows of a Builder. Their numbers are given in the order in which facts name
// things.
type (
	principalRow struct {
		tenant, home, homeIn int32
		kind                 PrincipalKind
		name, signIn         string
	}
	membershipRow struct {
		group, member int32
		term          uint32
	}
	assignmentRow struct {
		name                    csp.RoleAssignmentID
		tenant, node, principal int32
		role                    int32
		term, condition         uint32
		description             uint32
		kind                    uint8
	}
	denialRow struct {
		csp.DenyAssignment
		tenant, node         int32
		principals, excluded []int32
	}
	relationshipRow struct {
		customer, partner int32
		kind              csp.ResellerKind
		term              uint32
	}
	lighthouseRow struct {
		node, manager, principal, role int32
		term                           uint32
	}
	identityRow struct{ node, principal int32 }
	// holderRow is of a directory role.
	holderRow struct {
		principal, tenant, role int32
		term                    uint32
	}
	domain struct {
		name   string
		tenant Tenant
	}
	// placed is a row with its place, or None.
	placed[R any] struct {
		node, tenant int32
		row          R
	}
)

// NewBuilder is a Builder without facts.
func NewBuilder() *Builder {
	return &Builder{
		most:          maxText,
		tenants:       newListing[csp.Tenant, csp.Tenant](),
		principals:    newListing[csp.Principal, principalRow](),
		subscriptions: newListing[csp.Subscription, csp.Subscription](),
		roles:         newListing[csp.RoleDefinition, csp.RoleDefinition](),
		directory:     newListing[csp.DirectoryRole, csp.DirectoryRole](),
		people:        newListing[csp.Person, csp.Person](),
		gdaps:         newListing[csp.GDAPRelationship, csp.GDAPRelationship](),
		places:        newPlaces(),
		terms:         newDistinct[csp.Term](),
		conditions:    newDistinct[string](),
		descriptions:  []string{""},
	}
}

// Add takes facts. Their lists may be in any order, and an id may be named before
// the fact that lists it. Add may be called any number of times; Build says what
// is wrong. Slices inside rows (permissions, roles) are shared from then on and
// may not be written any more.
func (b *Builder) Add(f csp.Facts) {
	each(b, f.Tenants, b.addTenant)
	each(b, f.Domains, b.addDomain)
	each(b, f.Principals, b.addPrincipal)
	each(b, f.People, b.addPerson)
	each(b, f.Memberships, b.addMembership)
	each(b, f.Resellers, b.addReseller)
	each(b, f.DAPs, b.addDAP)
	each(b, f.GDAPs, b.addGDAP)
	each(b, f.Lighthouses, b.addLighthouse)
	each(b, f.Subscriptions, b.addSubscription)
	each(b, f.Placements, b.addPlacement)
	each(b, f.Resources, b.addResource)
	each(b, f.Identities, b.addIdentity)
	each(b, f.Roles, b.addRole)
	each(b, f.Assignments, b.addAssignment)
	each(b, f.Denials, b.addDenial)
	each(b, f.DirectoryRoles, b.addDirectoryRole)
	each(b, f.DirectoryAssignments, b.addHolder)
	each(b, f.Locks, b.addLock)
	each(b, f.Policies, b.addPolicy)
	each(b, f.Artefacts, b.addArtefact)
	each(b, f.Usage, b.addUsage)
	each(b, f.Gaps, b.addGap)
}

// each adds rows until one of them is wrong.
func each[R any](b *Builder, rows []R, add func(*R) problem) {
	for i := range rows {
		if b.problem == nil && b.places.full(b.most) {
			b.problem = wrong("the facts name too many places, or more than %d types of resources", maxTypes)
		}
		if b.problem != nil {
			return
		}
		if p := add(&rows[i]); p != nil {
			b.problem = p
		}
	}
}

// problem is what is wrong with the facts, told when all names are known.
type problem = func() error

func wrong(format string, args ...any) problem {
	return func() error { return fmt.Errorf(format, args...) }
}

func (b *Builder) addTenant(t *csp.Tenant) problem {
	if t.ID.IsZero() {
		return wrong("tenant %q has no id", t.Name)
	}
	if !b.tenants.list(t.ID, *t, same) {
		return wrong("the facts tell two different things about tenant %q (%s)", t.Name, t.ID)
	}
	return nil
}

func (b *Builder) addDomain(d *csp.TenantDomain) problem {
	if d.Tenant.IsZero() || d.Domain == "" {
		return wrong("domain %q of tenant %q lacks its name or its tenant", d.Domain, d.Tenant)
	}
	b.domains = append(b.domains, domain{string(d.Domain), Tenant(b.tenants.number(d.Tenant))})
	return nil
}

func (b *Builder) addPrincipal(p *csp.Principal) problem {
	who := func() string { return fmt.Sprintf("principal %q (%s)", p.Name, p.ID) }
	if p.ID.IsZero() || p.Tenant.IsZero() {
		return wrong("%s lacks its id or its tenant", who())
	}
	kind, ok := kindOf(p)
	if !ok {
		return wrong("%s is of type %q, source %q and agent role %q: want one of each that the model knows, such as User, guest and AdminAgents", who(), p.Type, p.Source, p.Agents)
	}
	row := principalRow{
		tenant: b.tenants.number(p.Tenant), home: b.principals.number(p.Home), homeIn: b.tenants.number(p.HomeTenant),
		kind: kind, name: p.Name, signIn: p.SignInName,
	}
	if !b.principals.list(p.ID, row, same) {
		return wrong("the facts tell two different things about %s", who())
	}
	return nil
}

// kindOf packs what a principal is; ok is false for a word the model lacks.
func kindOf(p *csp.Principal) (k PrincipalKind, ok bool) {
	kind, okKind := kindOfType[p.Type]
	source, okSource := kindOfSource[p.Source]
	agents, okAgents := kindOfAgents[p.Agents]
	kind |= source | agents
	if p.RoleAssignable {
		kind |= IsRoleAssignable
	}
	if p.Dynamic {
		kind |= IsDynamic
	}
	return kind, okKind && okSource && okAgents
}

func (b *Builder) addPerson(p *csp.Person) problem {
	if p.ID.IsZero() {
		return wrong("person %q has no id", p.Name)
	}
	row := *p
	row.Accounts = sortedIDs(p.Accounts)
	for _, id := range row.Accounts {
		if b.principals.number(id) == lookup.None {
			return wrong("person %q (%s) has an account without an id", p.Name, p.ID)
		}
	}
	agree := b.people.list(p.ID, row, func(a, b csp.Person) (csp.Person, bool) {
		return a, a.Name == b.Name && slices.Equal(a.Accounts, b.Accounts)
	})
	if !agree {
		return wrong("the facts tell two different things about person %q (%s)", p.Name, p.ID)
	}
	return nil
}

// sortedIDs are the ids in order, each once, in a list of their own.
func sortedIDs[T csp.Named](ids []csp.ID[T]) []csp.ID[T] {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, csp.ID[T].Compare)
	return slices.Clip(slices.Compact(ids))
}

// term numbers a term; ok is false if it cannot be written down.
func (b *Builder) term(t csp.Term) (number uint32, ok bool) {
	t = plain(t)
	return b.terms.number(t), hasYear(t.From) && hasYear(t.Until)
}

// addMembership leaves out a group's membership in itself, which gives nothing.
func (b *Builder) addMembership(m *csp.Membership) problem {
	if m.Group.IsZero() || m.Member.IsZero() {
		return wrong("the membership of %q in %q lacks its group or its member", m.Member, m.Group)
	}
	if m.Group == m.Member {
		return nil
	}
	row := membershipRow{group: b.principals.number(m.Group), member: b.principals.number(m.Member)}
	var ok bool
	if row.term, ok = b.term(m.Term); !ok {
		return func() error {
			return b.badTerm(fmt.Sprintf("the membership of %s in %s", b.nameOf(row.member), b.nameOf(row.group)))
		}
	}
	b.memberships = append(b.memberships, row)
	return nil
}

func (b *Builder) badTerm(what string) error {
	return fmt.Errorf("%s begins or ends outside of the years 1 to 9999", what)
}

func (b *Builder) relationship(what string, partner, customer csp.TenantID, period csp.Period) (row relationshipRow, p problem) {
	row.partner, row.customer = b.tenants.number(partner), b.tenants.number(customer)
	if row.partner == lookup.None || row.customer == lookup.None {
		return row, wrong("the %s between partner %q and customer %q lacks one of the two", what, partner, customer)
	}
	var ok bool
	if row.term, ok = b.term(csp.Term{Period: period}); !ok {
		return row, func() error {
			return b.badTerm(fmt.Sprintf("the %s between %s and %s", what, b.tenantOf(row.partner), b.tenantOf(row.customer)))
		}
	}
	return row, nil
}

func (b *Builder) addReseller(r *csp.ResellerRelationship) problem {
	row, p := b.relationship("reseller relationship", r.Partner, r.Customer, r.Period)
	if p != nil {
		return p
	}
	switch r.Kind {
	case csp.DirectPartner, csp.IndirectProvider, csp.IndirectReseller:
	default:
		return func() error {
			return fmt.Errorf("the reseller relationship between %s and %s is of kind %q: want %q, %q or %q",
				b.tenantOf(row.partner), b.tenantOf(row.customer), r.Kind, csp.DirectPartner, csp.IndirectProvider, csp.IndirectReseller)
		}
	}
	row.kind = r.Kind
	b.resellers = append(b.resellers, row)
	return nil
}

func (b *Builder) addDAP(r *csp.DAPRelationship) problem {
	row, p := b.relationship("DAP relationship", r.Partner, r.Customer, r.Period)
	if p != nil {
		return p
	}
	b.daps = append(b.daps, row)
	return nil
}

func (b *Builder) addGDAP(r *csp.GDAPRelationship) problem {
	what := fmt.Sprintf("GDAP relationship %q (%s)", r.Name, r.ID)
	if r.ID.IsZero() {
		return wrong("%s has no id", what)
	}
	if _, p := b.relationship(what, r.Partner, r.Customer, r.Period); p != nil {
		return p
	}
	if r.ExtendsBy < 0 || r.ExtendsBy > math.MaxInt32 {
		return wrong("%s extends itself by %d days", what, r.ExtendsBy)
	}
	row, ok := b.plainGDAP(r)
	if !ok {
		return wrong("%s names a role without an id, or assigns roles to a group without one", what)
	}
	if !b.gdaps.list(r.ID, row, func(a, b csp.GDAPRelationship) (csp.GDAPRelationship, bool) { return a, sameGDAP(a, b) }) {
		return wrong("the facts tell two different things about %s", what)
	}
	return nil
}

// plainGDAP is a relationship with its lists in order, each thing once.
func (b *Builder) plainGDAP(r *csp.GDAPRelationship) (row csp.GDAPRelationship, ok bool) {
	row = *r
	row.Period = plainPeriod(r.Period)
	ok = true
	roles := func(ids []csp.DirectoryRoleID) []csp.DirectoryRoleID {
		ids = sortedIDs(ids)
		for _, id := range ids {
			ok = b.directory.number(id) != lookup.None && ok
		}
		return ids
	}
	row.Roles = roles(r.Roles)
	row.Assignments = make([]csp.AccessAssignment, 0, len(r.Assignments))
	for _, a := range r.Assignments {
		ok = b.principals.number(a.Group) != lookup.None && ok
		row.Assignments = append(row.Assignments, csp.AccessAssignment{Group: a.Group, Status: a.Status, Roles: roles(a.Roles)})
	}
	slices.SortFunc(row.Assignments, compareAccess)
	row.Assignments = slices.CompactFunc(row.Assignments, func(a, b csp.AccessAssignment) bool { return compareAccess(a, b) == 0 })
	return row, ok
}

func (b *Builder) addLighthouse(l *csp.LighthouseDelegation) problem {
	row := lighthouseRow{manager: b.tenants.number(l.Manager), principal: b.principals.number(l.Principal), role: b.roles.number(l.Role)}
	if row.manager == lookup.None || row.principal == lookup.None || row.role == lookup.None {
		return wrong("the Lighthouse delegation at %q lacks its manager, its principal or its role", l.Scope)
	}
	var ok bool
	if row.term, ok = b.term(l.Term); !ok {
		return func() error { return b.badTerm(fmt.Sprintf("the Lighthouse delegation at %q", l.Scope)) }
	}
	row.node, _ = b.places.at(lookup.None, l.Scope)
	if row.node == lookup.None {
		return wrong("a Lighthouse delegation is at %q: want a subscription or something below it", l.Scope)
	}
	b.lighthouses = append(b.lighthouses, row)
	return nil
}

func (b *Builder) addSubscription(s *csp.Subscription) problem {
	if s.ID.IsZero() || s.Tenant.IsZero() {
		return wrong("subscription %q (%s) lacks its id or its tenant", s.Name, s.ID)
	}
	b.tenants.number(s.Creator)
	if !b.subscriptions.list(s.ID, *s, same) {
		return wrong("the facts tell two different things about subscription %q (%s)", s.Name, s.ID)
	}
	_, p := b.placeIn(s.Tenant, csp.SubscriptionScopeOf(s.ID))
	return p
}

// placeIn is the place of a scope that a fact puts into a tenant. A subscription
// with all that is in it is in one tenant (R20).
func (b *Builder) placeIn(tenant csp.TenantID, scope csp.Scope) (node int32, p problem) {
	if tenant.IsZero() || scope.IsZero() {
		return lookup.None, wrong("a fact at %q in tenant %q lacks its tenant or its scope", scope, tenant)
	}
	number := b.tenants.number(tenant)
	node, subscription := b.places.at(number, scope)
	if subscription == lookup.None {
		return node, nil
	}
	if before, ok := b.places.claim(subscription, number); !ok {
		return lookup.None, func() error {
			return fmt.Errorf("the facts put %q into tenant %s and into tenant %s; a subscription is in one", subscriptionsPath+b.places.name.At(int(subscription)), b.tenantOf(before), b.tenantOf(number))
		}
	}
	return node, nil
}

func (b *Builder) addPlacement(m *csp.Placement) problem {
	root := m.Parent.Kind() == csp.RootScope
	if !root && m.Parent.Kind() != csp.ManagementGroupScope || m.Child.Kind() != csp.ManagementGroupScope && m.Child.Kind() != csp.SubscriptionScope {
		return wrong("%q cannot lie in %q: only subscriptions and management groups lie in management groups", m.Child, m.Parent)
	}
	child, p := b.placeIn(m.Tenant, m.Child)
	if p != nil || root { // below the root it lies anyway
		return p
	}
	parent, _ := b.placeIn(m.Tenant, m.Parent)
	if !b.places.put(child, parent) {
		return func() error {
			return fmt.Errorf("the facts place %q of tenant %s in two management groups", m.Child, b.tenantOf(b.tenants.number(m.Tenant)))
		}
	}
	return nil
}

func (b *Builder) addResource(r *csp.Resource) problem {
	if kind := r.Scope.Kind(); kind != csp.ResourceGroupScope && kind != csp.ResourceScope {
		return wrong("%q is listed as a resource: want a resource group or a resource, not a %s", r.Scope, kind)
	}
	b.places.at(lookup.None, r.Scope)
	return nil
}

func (b *Builder) addIdentity(i *csp.ManagedIdentity) problem {
	node, _ := b.places.at(lookup.None, i.Resource)
	principal := b.principals.number(i.Principal)
	if node == lookup.None || principal == lookup.None {
		return wrong("the managed identity of %q lacks its principal or a place below a subscription", i.Resource)
	}
	b.identities = append(b.identities, identityRow{node, principal})
	return nil
}

func (b *Builder) addRole(r *csp.RoleDefinition) problem {
	if r.ID.IsZero() {
		return wrong("role definition %q has no id", r.Name)
	}
	if !b.roles.list(r.ID, *r, mergeRoles) {
		return wrong("the facts tell two different things about role definition %q (%s)", r.Name, r.ID)
	}
	return nil
}

func (b *Builder) addAssignment(a *csp.Assignment) problem {
	if a.Name.IsZero() {
		return wrong("a role assignment at %q has no name", a.Scope)
	}
	node, p := b.placeIn(a.Tenant, a.Scope)
	if p != nil {
		return func() error { return fmt.Errorf("role assignment %s: %w", a.Name, p()) }
	}
	row := assignmentRow{
		name: a.Name, node: node, tenant: b.tenants.number(a.Tenant),
		principal: b.principals.number(a.Principal), role: b.roles.number(a.Role),
		condition: b.conditions.number(a.Condition),
	}
	if row.principal == lookup.None || row.role == lookup.None {
		return wrong("role assignment %s at %q lacks its principal or its role", a.Name, a.Scope)
	}
	var ok bool
	if row.term, ok = b.term(a.Term); !ok {
		return func() error { return b.badTerm(fmt.Sprintf("role assignment %s at %q", a.Name, a.Scope)) }
	}
	kind := slices.Index(assignedTypes[:], a.PrincipalType)
	if kind < 0 {
		return wrong("role assignment %s at %q names the principal type %q: want User, Group, ServicePrincipal or ForeignGroup", a.Name, a.Scope, a.PrincipalType)
	}
	row.kind = uint8(kind)
	if a.Description != "" {
		row.description = uint32(len(b.descriptions))
		b.descriptions = append(b.descriptions, a.Description)
	}
	b.assignments = append(b.assignments, row)
	return nil
}

func (b *Builder) addDenial(d *csp.Denial) problem {
	if d.ID.IsZero() {
		return wrong("deny assignment %q at %q has no id", d.Name, d.Scope)
	}
	node, p := b.placeIn(d.Tenant, d.Scope)
	if p != nil {
		return func() error { return fmt.Errorf("deny assignment %q (%s): %w", d.Name, d.ID, p()) }
	}
	row := denialRow{DenyAssignment: d.DenyAssignment, tenant: b.tenants.number(d.Tenant), node: node}
	row.Principals, row.Excluded = sortedIDs(d.Principals), sortedIDs(d.Excluded)
	row.Scope = csp.Scope{} // told by the node
	for _, list := range []struct {
		ids     []csp.ObjectID
		numbers *[]int32
	}{{row.Principals, &row.principals}, {row.Excluded, &row.excluded}} {
		for _, id := range list.ids {
			if id.IsZero() {
				return wrong("deny assignment %q (%s) names a principal without an id; say Everyone for all principals", d.Name, d.ID)
			}
			*list.numbers = append(*list.numbers, b.principals.number(id))
		}
	}
	b.denials = append(b.denials, row)
	return nil
}

func (b *Builder) addDirectoryRole(r *csp.DirectoryRole) problem {
	if r.ID.IsZero() {
		return wrong("directory role %q has no id", r.Name)
	}
	if !b.directory.list(r.ID, *r, mergeDirectoryRoles) {
		return wrong("the facts tell two different things about directory role %q (%s)", r.Name, r.ID)
	}
	return nil
}

func (b *Builder) addHolder(a *csp.DirectoryAssignment) problem {
	row := holderRow{principal: b.principals.number(a.Principal), tenant: b.tenants.number(a.Tenant), role: b.directory.number(a.Role)}
	if row.principal == lookup.None || row.tenant == lookup.None || row.role == lookup.None {
		return wrong("the directory role %q of %q in tenant %q lacks one of the three", a.Role, a.Principal, a.Tenant)
	}
	var ok bool
	if row.term, ok = b.term(a.Term); !ok {
		return func() error {
			return b.badTerm(fmt.Sprintf("the directory role %s of %s", a.Role, b.nameOf(row.principal)))
		}
	}
	b.holders = append(b.holders, row)
	return nil
}

func (b *Builder) addLock(l *csp.Lock) problem {
	if l.Level != csp.CanNotDelete && l.Level != csp.ReadOnly {
		return wrong("lock %q at %q is of level %q: want %s or %s", l.Name, l.Scope, l.Level, csp.CanNotDelete, csp.ReadOnly)
	}
	node, _ := b.places.at(lookup.None, l.Scope)
	if node == lookup.None {
		return wrong("lock %q is at %q: want a subscription or something below it", l.Name, l.Scope)
	}
	b.locks = append(b.locks, placed[csp.Lock]{node, lookup.None, *l})
	return nil
}

func (b *Builder) addPolicy(d *csp.PolicyDenial) problem {
	node, p := b.placeIn(d.Tenant, d.Scope)
	if p != nil {
		return func() error { return fmt.Errorf("policy %q: %w", d.Name, p()) }
	}
	row := *d
	row.Spares = sortedIDs(d.Spares)
	b.policies = append(b.policies, placed[csp.PolicyDenial]{node, b.tenants.number(d.Tenant), row})
	return nil
}

func (b *Builder) addArtefact(a *csp.Artefact) problem {
	node, _ := b.places.at(lookup.None, a.Scope)
	if node == lookup.None {
		return wrong("the artefact %q is at %q: want a subscription or something below it", a.Name, a.Scope)
	}
	b.artefacts = append(b.artefacts, placed[csp.Artefact]{node, lookup.None, *a})
	return nil
}

// addUsage keeps the place of a usage if it has one without a tenant; of others
// it keeps the scope alone.
func (b *Builder) addUsage(u *csp.Usage) problem {
	if b.principals.number(u.Principal) == lookup.None || u.Action == "" || u.Scope.IsZero() {
		return wrong("the usage of %q by %q at %q lacks its action, its principal or its scope", u.Action, u.Principal, u.Scope)
	}
	row := *u
	row.Last = plainTime(u.Last)
	if !hasYear(row.Last) {
		return func() error { return b.badTerm(fmt.Sprintf("the usage of %q by %s", u.Action, u.Principal)) }
	}
	node, _ := b.places.at(lookup.None, u.Scope)
	b.usage = append(b.usage, placed[csp.Usage]{node, lookup.None, row})
	return nil
}

func (b *Builder) addGap(g *csp.Gap) problem {
	if g.Tenant.IsZero() {
		return wrong("the gap %q names no tenant", g)
	}
	if g.Fact < csp.MissingTenant || g.Fact > csp.MissingQuestion {
		return wrong("a gap of tenant %s does not say what is missing", g.Tenant)
	}
	node := int32(lookup.None)
	if !g.Scope.IsZero() {
		var p problem
		if node, p = b.placeIn(g.Tenant, g.Scope); p != nil {
			return func() error { return fmt.Errorf("gap %q: %w", g, p()) }
		}
	}
	b.gaps = append(b.gaps, placed[csp.Gap]{node, b.tenants.number(g.Tenant), *g})
	return nil
}

// nameOf is a principal in an error: its name and id, or its id.
func (b *Builder) nameOf(n int32) string {
	id := b.principals.id(n)
	if name := b.principals.rows[n].name; name != "" {
		return fmt.Sprintf("%q (%s)", name, id)
	}
	return id.String()
}

// tenantOf is a tenant in an error: its name and id, or its id.
func (b *Builder) tenantOf(n int32) string {
	id := b.tenants.id(n)
	if name := b.tenants.rows[n].Name; name != "" {
		return fmt.Sprintf("%q (%s)", name, id)
	}
	return id.String()
}
