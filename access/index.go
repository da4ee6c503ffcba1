package access

import (
	"cmp"
	"fmt"
	"slices"

	"latchkey/csp"
)

// Index is a set of facts, arranged for asking. It is never changed once
// compiled, so any number of goroutines may ask it at once.
type Index struct {
	tenants    map[csp.TenantID]csp.Tenant
	principals map[csp.ObjectID]csp.Principal
	groupsOf   map[csp.ObjectID][]Membership // by member, sorted by group
	home       map[csp.SubscriptionID]csp.TenantID
	placed     map[place]place // child to parent, both above resource groups
	roles      map[csp.RoleDefinitionID]compiledRole
	assigned   map[place][]Assignment        // sorted
	held       map[csp.ObjectID][]Assignment // by principal, sorted
	denials    map[place][]compiledDenial    // sorted
	directory  map[csp.ObjectID][]DirectoryAssignment
	dirRoles   map[csp.DirectoryRoleID]csp.DirectoryRole
	gaps       map[csp.TenantID][]Gap
	// deniedAbove has the tenants with a deny assignment at a management group.
	deniedAbove map[csp.TenantID]bool
}

// place is a scope in a tenant.
type place struct {
	tenant csp.TenantID
	scope  string // csp.Scope.Key
}

type compiledRole struct {
	name    string
	entries []entry
	class   Class
}

type compiledDenial struct {
	csp.DenyAssignment
	compiledRole // what is denied, where a role says what is allowed
}

// Compile arranges facts. The lists inside roles and deny assignments are shared
// with the index from then on and may not be written. It fails on facts that
// contradict each other or name nothing; facts that merely point to something
// unlisted are kept, and make answers Unknown where they matter.
func Compile(f Facts) (*Index, error) {
	x := &Index{
		groupsOf:  make(map[csp.ObjectID][]Membership),
		placed:    make(map[place]place, len(f.Placements)),
		assigned:  make(map[place][]Assignment),
		held:      make(map[csp.ObjectID][]Assignment),
		denials:   make(map[place][]compiledDenial),
		directory: make(map[csp.ObjectID][]DirectoryAssignment),
		gaps:      make(map[csp.TenantID][]Gap),

		deniedAbove: make(map[csp.TenantID]bool),
	}
	steps := []func(Facts) error{
		x.addTenants, x.addPrincipals, x.addMemberships, x.addSubscriptions, x.addPlacements,
		x.addRoles, x.addAssignments, x.addDenials, x.addDirectory, x.addGaps,
	}
	for _, step := range steps {
		if err := step(f); err != nil {
			return nil, err
		}
	}
	x.sort()
	return x, nil
}

// byKey makes a map and refuses two different values of one key.
func byKey[K comparable, V any](list []V, key func(V) K, same func(V, V) bool, noun string) (map[K]V, error) {
	var zero K
	values := make(map[K]V, len(list))
	for i, v := range list {
		k := key(v)
		if k == zero {
			return nil, fmt.Errorf("%s %d of the facts has no id", noun, i)
		}
		if other, ok := values[k]; ok && !same(other, v) {
			return nil, fmt.Errorf("the facts tell two different things about %s %v", noun, k)
		}
		values[k] = v
	}
	return values, nil
}

func equal[T comparable](a, b T) bool { return a == b }

func (x *Index) addTenants(f Facts) (err error) {
	x.tenants, err = byKey(f.Tenants, func(t csp.Tenant) csp.TenantID { return t.ID }, equal, "tenant")
	return err
}

func (x *Index) addPrincipals(f Facts) (err error) {
	x.principals, err = byKey(f.Principals, func(p csp.Principal) csp.ObjectID { return p.ID }, equal, "principal")
	return err
}

// addMemberships leaves out what Entra does not allow and what could therefore
// only be a mistake: a member from another tenant (R20).
func (x *Index) addMemberships(f Facts) error {
	for i, m := range f.Memberships {
		if m.Group.IsZero() || m.Member.IsZero() {
			return fmt.Errorf("membership %d of the facts lacks its group or its member", i)
		}
		group, known := x.principals[m.Group]
		member, alsoKnown := x.principals[m.Member]
		if known && alsoKnown && group.Tenant != member.Tenant {
			continue
		}
		x.groupsOf[m.Member] = append(x.groupsOf[m.Member], m)
	}
	return nil
}

func (x *Index) addSubscriptions(f Facts) error {
	subscriptions, err := byKey(f.Subscriptions, func(s csp.Subscription) csp.SubscriptionID { return s.ID }, equal, "subscription")
	x.home = make(map[csp.SubscriptionID]csp.TenantID, len(subscriptions))
	for id, s := range subscriptions {
		x.home[id] = s.Tenant
	}
	return err
}

func (x *Index) addPlacements(f Facts) error {
	for _, p := range f.Placements {
		if p.Parent.Kind() != csp.ManagementGroupScope || p.Child.Kind() != csp.ManagementGroupScope && p.Child.Kind() != csp.SubscriptionScope {
			return fmt.Errorf("%q cannot lie in %q: only subscriptions and management groups lie in management groups", p.Child, p.Parent)
		}
		child, err := x.placeOf(p.Tenant, p.Child)
		if err != nil {
			return err
		}
		parent := place{p.Tenant, p.Parent.Key()}
		if other, ok := x.placed[child]; ok && other != parent {
			return fmt.Errorf("the facts place %q in two management groups", p.Child)
		}
		x.placed[child] = parent
	}
	return nil
}

// placeOf checks that a scope belongs to the tenant a fact names for it.
func (x *Index) placeOf(tenant csp.TenantID, scope csp.Scope) (place, error) {
	if tenant.IsZero() || scope.IsZero() {
		return place{}, fmt.Errorf("a fact at %q lacks its tenant or its scope", scope)
	}
	if home, ok := x.home[scope.Subscription()]; ok && home != tenant {
		return place{}, fmt.Errorf("the facts put %q into tenant %s and into tenant %s", scope, home, tenant)
	}
	return place{tenant, scope.Key()}, nil
}

func (x *Index) addRoles(f Facts) error {
	same := func(a, b csp.RoleDefinition) bool { return a.Content() == b.Content() }
	roles, err := byKey(f.Roles, func(r csp.RoleDefinition) csp.RoleDefinitionID { return r.ID }, same, "role definition")
	x.roles = make(map[csp.RoleDefinitionID]compiledRole, len(roles))
	for id, role := range roles {
		x.roles[id] = compiledRole{name: role.Name, entries: entriesOf(role), class: ClassOf(role)}
	}
	return err
}

func (x *Index) addAssignments(f Facts) error {
	assignments, err := byKey(f.Assignments, func(a Assignment) csp.RoleAssignmentID { return a.Name }, sameAssignment, "role assignment")
	if err != nil {
		return err
	}
	for _, a := range assignments {
		at, err := x.placeOf(a.Tenant, a.Scope)
		if err != nil {
			return err
		}
		if a.Principal.IsZero() || a.Role.IsZero() {
			return fmt.Errorf("role assignment %s lacks its principal or its role", a.Name)
		}
		x.assigned[at] = append(x.assigned[at], a)
		x.held[a.Principal] = append(x.held[a.Principal], a)
	}
	return nil
}

func sameAssignment(a, b Assignment) bool {
	sameTerm, sameScope := a.compare(b.Term) == 0, a.Scope.Equal(b.Scope)
	a.Term, a.Scope = b.Term, b.Scope
	return a == b && sameTerm && sameScope
}

func (x *Index) addDenials(f Facts) error {
	for _, d := range f.Denials {
		at, err := x.placeOf(d.Tenant, d.Scope)
		if err != nil {
			return err
		}
		c := compiledDenial{d.DenyAssignment, compiledRole{entries: entriesOf(csp.RoleDefinition{Permissions: d.Permissions})}}
		x.denials[at] = append(x.denials[at], c)
		x.deniedAbove[d.Tenant] = x.deniedAbove[d.Tenant] || d.Scope.Kind() == csp.ManagementGroupScope
	}
	return nil
}

func (x *Index) addDirectory(f Facts) (err error) {
	same := func(a, b csp.DirectoryRole) bool {
		return a.Name == b.Name && a.Privileged == b.Privileged && a.GDAP == b.GDAP && slices.Equal(a.Actions, b.Actions)
	}
	x.dirRoles, err = byKey(f.DirectoryRoles, func(r csp.DirectoryRole) csp.DirectoryRoleID { return r.ID }, same, "directory role")
	for i, a := range f.DirectoryAssignments {
		if a.Tenant.IsZero() || a.Principal.IsZero() || a.Role.IsZero() {
			return fmt.Errorf("directory assignment %d of the facts lacks its tenant, its principal or its role", i)
		}
		x.directory[a.Principal] = append(x.directory[a.Principal], a)
	}
	return err
}

func (x *Index) addGaps(f Facts) error {
	for i, g := range f.Gaps {
		if g.Tenant.IsZero() {
			return fmt.Errorf("gap %d of the facts (%s) names no tenant", i, g.Fact)
		}
		x.gaps[g.Tenant] = append(x.gaps[g.Tenant], g)
	}
	return nil
}

// sort makes answers independent of the order of the facts.
func (x *Index) sort() {
	for _, list := range x.groupsOf {
		slices.SortFunc(list, func(a, b Membership) int { return cmp.Or(a.Group.Compare(b.Group), a.compare(b.Term)) })
	}
	for _, list := range x.assigned {
		slices.SortFunc(list, compareAssignments)
	}
	for _, list := range x.held {
		slices.SortFunc(list, compareAssignments)
	}
	for _, list := range x.denials {
		slices.SortFunc(list, func(a, b compiledDenial) int { return cmp.Or(a.ID.Compare(b.ID), cmp.Compare(a.Name, b.Name)) })
	}
	for _, list := range x.directory {
		slices.SortFunc(list, func(a, b DirectoryAssignment) int { return cmp.Or(a.Role.Compare(b.Role), a.compare(b.Term)) })
	}
	for _, list := range x.gaps {
		slices.SortFunc(list, compareGaps)
	}
}

func compareGaps(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.Fact, b.Fact), a.Tenant.Compare(b.Tenant), cmp.Compare(a.Scope.String(), b.Scope.String()), cmp.Compare(a.Why, b.Why))
}

func compareMisses(a, b Miss) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), compareAssignments(a.Assignment, b.Assignment), cmp.Compare(a.Text, b.Text))
}

func compareAssignments(a, b Assignment) int { return a.Name.Compare(b.Name) }

func (t Term) compare(other Term) int {
	eligible := 0
	if t.Eligible != other.Eligible {
		eligible = 1
		if other.Eligible {
			eligible = -1
		}
	}
	return cmp.Or(eligible, t.From.Compare(other.From), t.Until.Compare(other.Until))
}
