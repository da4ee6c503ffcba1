package estate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// FromColumns makes an Estate of columns that come from elsewhere, such as a file.
// It trusts nothing about them: every number is looked at, every order and every
// name, and columns that do not fit together are refused. The columns belong to
// the Estate from then on.
func FromColumns(c Columns) (*Estate, error) {
	e := &Estate{Columns: c}
	k := checker{c: &c, view: e}
	if err := inTurn(k.texts, k.terms, k.tenants, k.types, k.nodes); err != nil {
		return nil, err
	}
	var wait sync.WaitGroup
	var hashes []uint32
	var badNames error
	wait.Go(func() { hashes, badNames = e.hashNodes(k.names) })
	err := inTurn(k.subscriptions, k.principals, k.memberships, k.roles, k.assignments)
	if err == nil {
		e.indexPrincipals()
	}
	wait.Wait()
	if err := errors.Join(badNames, err); err != nil {
		return nil, err
	}
	wait.Go(func() { e.fillNodes(hashes) })
	// These write out scopes, which is safe when names are right.
	err = inTurn(k.rows, k.denials, k.relationships, k.people, k.gaps, e.checkPrincipals)
	if err == nil {
		e.indexRows()
	}
	wait.Wait()
	if err := inTurn(func() error { return err }, e.checkPlaces); err != nil {
		return nil, err
	}
	return e, nil
}

// inTurn checks until something is wrong.
func inTurn(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	c    *Columns
	view *Estate // the columns, as long as there is no index
	path []bool  // of types: they begin with their provider
}

// within says whether a number is one of n things.
func within[N ~int32 | ~uint32](i N, n int) bool { return i >= 0 && int64(i) < int64(n) }

// orNone says the same, or that it is None.
func orNone[N ~int32](i N, n int) bool { return i == None || within(i, n) }

func allWithin[N ~int32 | ~uint32](list []N, n int) bool {
	return !slices.ContainsFunc(list, func(i N) bool { return !within(i, n) })
}

// ascending says whether each comes after the one before it, and none twice.
func ascending[R any](rows []R, compare func(a, b R) int) bool {
	for i := 1; i < len(rows); i++ {
		if compare(rows[i-1], rows[i]) >= 0 {
			return false
		}
	}
	return true
}

// beginnings says whether from parts count things among n.
func beginnings[N ~int32 | ~uint32](from []N, n, count int) bool {
	return len(from) == n+1 && from[0] == 0 && int64(from[n]) == int64(count) && slices.IsSorted(from)
}

func flags(list []uint8, n int) bool {
	return len(list) == n && !slices.ContainsFunc(list, func(f uint8) bool { return f > 1 })
}

func (k *checker) texts() error {
	c := k.c
	for _, column := range []struct {
		name  string
		texts Strings
		n     int
	}{
		{"TenantName", c.TenantName, len(c.TenantID)},
		{"TenantDomain", c.TenantDomain, len(c.TenantID)},
		{"DomainName", c.DomainName, len(c.DomainTenant)},
		{"PrincipalName", c.PrincipalName, len(c.PrincipalID)},
		{"PrincipalSignIn", c.PrincipalSignIn, len(c.PrincipalID)},
		{"NodeName", c.NodeName, len(c.NodeParent)},
		{"TypeName", c.TypeName, c.TypeName.Len()},
		{"SubscriptionName", c.SubscriptionName, len(c.SubscriptionID)},
		{"Conditions", c.Conditions, c.Conditions.Len()},
		{"Description", c.Description, len(c.Described)},
	} {
		if !beginnings(column.texts.From, column.n, len(column.texts.Text)) {
			return fmt.Errorf("column %s does not part its text into %d names", column.name, column.n)
		}
	}
	return nil
}

func (k *checker) terms() error {
	c := k.c
	if len(c.Terms) == 0 || c.Terms[0] != (csp.Term{}) || !ascending(c.Terms, compareTerms) {
		return fmt.Errorf("column Terms is not in order, or does not begin with the term that holds always")
	}
	for i, t := range c.Terms {
		if !hasYear(t.From) || !hasYear(t.Until) || t != plain(t) {
			return fmt.Errorf("term %d is not one of the years 1 to 9999 in UTC", i)
		}
	}
	if c.Conditions.Len() == 0 || len(c.Conditions.Bytes(0)) != 0 {
		return fmt.Errorf("column Conditions does not begin with the one that is none")
	}
	for i := 1; i < c.Conditions.Len(); i++ {
		if string(c.Conditions.Bytes(i-1)) >= string(c.Conditions.Bytes(i)) {
			return fmt.Errorf("column Conditions is not in order at %d", i)
		}
	}
	return nil
}

func (k *checker) tenants() error {
	c := k.c
	n := len(c.TenantID)
	if !ascending(c.TenantID, csp.TenantID.Compare) || n > 0 && c.TenantID[0].IsZero() {
		return fmt.Errorf("column TenantID is not in order")
	}
	if !flags(c.TenantListed, n) || !flags(c.TenantRules, n) || len(c.TenantRoot) != n {
		return fmt.Errorf("the columns of tenants are not about %d tenants", n)
	}
	if !allWithin(c.DomainTenant, n) {
		return fmt.Errorf("column DomainTenant names a tenant that there is not")
	}
	for i, name := range c.TenantListed {
		if name == 0 && (len(c.TenantName.Bytes(i)) > 0 || len(c.TenantDomain.Bytes(i)) > 0) {
			return fmt.Errorf("tenant %s is not listed and has a name", c.TenantID[i])
		}
	}
	further := make([]domain, len(c.DomainTenant))
	for i, t := range c.DomainTenant {
		further[i] = domain{c.DomainName.At(i), t}
	}
	if !ascending(further, compareDomains) {
		return fmt.Errorf("column DomainName is not in order")
	}
	return checkDomains(c)
}

// types says whether every type is one that csp.ParseScope reads.
func (k *checker) types() error {
	names := k.c.TypeName
	if names.Len() < int(firstResourceType) || names.Len() > maxTypes {
		return fmt.Errorf("column TypeName has %d types", names.Len())
	}
	for i, name := range placeTypes {
		if names.At(i) != name {
			return fmt.Errorf("type %d is %q instead of %q", i, names.Bytes(i), name)
		}
	}
	k.path = make([]bool, names.Len())
	for i := int(firstResourceType); i < names.Len(); i++ {
		// A type that begins with its provider can stand below a subscription or group.
		k.path[i] = strings.HasPrefix(names.At(i), providersKey+"/")
		if i > int(firstResourceType) && lookup.CompareFold(names.Bytes(i-1), names.Bytes(i)) >= 0 {
			return fmt.Errorf("column TypeName is not in order at %d", i)
		}
		slashes := 0
		if k.path[i] {
			slashes = 2 // before the namespace and the type
		}
		if _, err := csp.ParseScope(scopeOfType(names.At(i))); err != nil || strings.Count(names.At(i), "/") != slashes {
			return fmt.Errorf("type %d, %q, is no type of resources", i, names.Bytes(i))
		}
	}
	return nil
}

// scopeOfType is a scope with a resource of the type, named x.
func scopeOfType(name string) string {
	const top = "/subscriptions/11111111-1111-1111-1111-111111111111/providers/A.B/c/d/"
	return top + name + "/x"
}

// nodes checks that the places are numbered in pre-order and stand where such
// places can.
func (k *checker) nodes() error {
	c := k.c
	n := len(c.NodeParent)
	if len(c.NodeLast) != n || len(c.NodeTenant) != n || len(c.NodeType) != n {
		return fmt.Errorf("the columns of places are not about %d places", n)
	}
	var above []Node // the places that the current one lies in
	roots := 0
	for i := range Node(n) {
		for len(above) > 0 && c.NodeLast[above[len(above)-1]] < i {
			above = above[:len(above)-1]
		}
		up, last := Node(None), Node(n-1)
		if len(above) > 0 {
			up = above[len(above)-1]
			last = c.NodeLast[up]
		}
		if c.NodeParent[i] != up || c.NodeLast[i] < i || c.NodeLast[i] > last {
			return fmt.Errorf("place %d is not numbered in pre-order", i)
		}
		if int(c.NodeType[i]) >= c.TypeName.Len() || !k.canLie(c.NodeType[i], up) {
			return fmt.Errorf("place %d is of a type that cannot stand there", i)
		}
		tenant := Tenant(None)
		switch {
		case c.NodeType[i] == TypeRoot:
			if roots == len(c.TenantRoot) || c.TenantRoot[roots] != i {
				return fmt.Errorf("place %d is the root of no tenant", i)
			}
			tenant = Tenant(roots)
			roots++
		case up != None:
			tenant = c.NodeTenant[up]
		case roots < len(c.TenantRoot):
			return fmt.Errorf("place %d is nobody's and stands before those of tenants", i)
		}
		if c.NodeTenant[i] != tenant {
			return fmt.Errorf("place %d is not in the tenant of what it lies in", i)
		}
		above = append(above, i)
	}
	if roots != len(c.TenantRoot) {
		return fmt.Errorf("a tenant has no root")
	}
	return nil
}

// canLie says whether a place of the type can lie in the place, or in none.
func (k *checker) canLie(kind uint16, up Node) bool {
	if up == None {
		return kind == TypeRoot || kind == TypeSubscription
	}
	switch in := k.c.NodeType[up]; kind {
	case TypeRoot:
		return false
	case TypeManagementGroup, TypeSubscription:
		return in == TypeRoot || in == TypeManagementGroup
	case TypeResourceGroup:
		return in == TypeSubscription
	default:
		return in >= firstResourceType || in >= TypeSubscription && k.path[kind]
	}
}

// names checks that every place's text is a scope, and that siblings are in order,
// for the places of some tenants.
func (k *checker) names(from, to Node) error {
	c := k.c
	length := make([]int, 0, 64) // of the texts of the places above
	var above []Node
	for i := from; i < to; i++ {
		name, kind := c.NodeName.Bytes(int(i)), c.NodeType[i]
		if !k.canName(kind, name) {
			return fmt.Errorf("%q cannot be the name of place %d", clip(name), i)
		}
		for len(above) > 0 && above[len(above)-1] != c.NodeParent[i] {
			above, length = above[:len(above)-1], length[:len(length)-1]
		}
		size := len(c.TypeName.Bytes(int(kind))) + len(name) + 2
		if kind >= TypeResourceGroup {
			size += length[len(length)-1]
		}
		if size > maxScopeLength {
			return fmt.Errorf("the scope of place %d is longer than %d characters", i, maxScopeLength)
		}
		above, length = append(above, i), append(length, size)
		next := c.NodeLast[i] + 1
		if int(next) < len(c.NodeParent) && c.NodeParent[next] == c.NodeParent[i] && k.compareSiblings(i, next) >= 0 {
			return fmt.Errorf("places %d and %d are not in order", i, next)
		}
	}
	return nil
}

// compareSiblings orders the places in a place. Roots stand in order of tenant,
// which is checked elsewhere.
func (k *checker) compareSiblings(a, b Node) int {
	c := k.c
	if c.NodeType[a] == TypeRoot {
		return -1
	}
	return cmp.Or(cmp.Compare(c.NodeType[a], c.NodeType[b]), lookup.CompareFold(c.NodeName.Bytes(int(a)), c.NodeName.Bytes(int(b))))
}

// canName follows csp.ParseScope.
func (k *checker) canName(kind uint16, name []byte) bool {
	if kind == TypeRoot {
		return len(name) == 0
	}
	if len(name) == 0 || name[len(name)-1] == '.' || len(name) > maxSegmentLength {
		return false
	}
	for _, letter := range name {
		if !nameLetters[letter] {
			return false
		}
	}
	switch kind {
	case TypeSubscription:
		id, err := csp.ParseID[csp.Subscription](string(name))
		return err == nil && id.String() == string(name)
	case TypeManagementGroup, TypeResourceGroup:
		return len(name) <= maxGroupLength
	}
	return true
}

var nameLetters = func() (may [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_()") {
		may[c] = true
	}
	return may
}()

func clip(name []byte) []byte { return name[:min(len(name), 80)] }

func (k *checker) subscriptions() error {
	c := k.c
	if !ascending(c.SubscriptionID, csp.SubscriptionID.Compare) || len(c.SubscriptionNode) != len(c.SubscriptionID) || len(c.SubscriptionCreator) != len(c.SubscriptionID) {
		return fmt.Errorf("column SubscriptionID is not in order, or not as long as its fellows")
	}
	for i, id := range c.SubscriptionID {
		n := c.SubscriptionNode[i]
		if !within(n, len(c.NodeParent)) || c.NodeType[n] != TypeSubscription || c.NodeTenant[n] == None || c.NodeName.At(int(n)) != id.String() {
			return fmt.Errorf("subscription %s is not at its place", id)
		}
		if !orNone(c.SubscriptionCreator[i], len(c.TenantID)) {
			return fmt.Errorf("subscription %s was created by a tenant that there is not", id)
		}
	}
	return nil
}

func (k *checker) principals() error {
	c := k.c
	n := len(c.PrincipalID)
	if len(c.PrincipalTenant) != n || len(c.PrincipalKind) != n || len(c.PrincipalHome) != n || len(c.PrincipalHomeIn) != n ||
		len(c.TenantFirst) != len(c.TenantID)+1 || !within(c.TenantFirst[len(c.TenantID)], n+1) ||
		!beginnings(c.TenantFirst, len(c.TenantID), int(c.TenantFirst[len(c.TenantID)])) {
		return fmt.Errorf("the columns of principals are not about %d principals", n)
	}
	managed := make([]bool, n)
	for _, i := range c.Identities {
		if !within(i.Principal, n) {
			return fmt.Errorf("a managed identity is a principal that there is not")
		}
		managed[i.Principal] = true
	}
	tenant := Tenant(0)
	for p := range Principal(n) {
		for int(tenant) < len(c.TenantID) && p >= c.TenantFirst[tenant+1] {
			tenant++
		}
		in := tenant
		if int(in) == len(c.TenantID) {
			in = None
		}
		first := p == 0 || c.PrincipalTenant[p-1] != in
		if c.PrincipalTenant[p] != in || c.PrincipalID[p].IsZero() || !first && c.PrincipalID[p-1].Compare(c.PrincipalID[p]) >= 0 {
			return fmt.Errorf("principal %s does not stand in order in its tenant", c.PrincipalID[p])
		}
		if err := k.principal(p, managed[p]); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) principal(p Principal, managed bool) error {
	c := k.c
	kind := c.PrincipalKind[p]
	known := IsManaged<<1 - 1
	single := func(flags PrincipalKind) bool { f := kind & flags; return f&(f-1) == 0 }
	if kind&^known != 0 || !single(IsGuest|IsSynced|IsMicrosoftAccount) || !single(IsAdminAgents|IsHelpdeskAgents|IsSalesAgents) || (kind&IsManaged != 0) != managed {
		return fmt.Errorf("principal %s is of no kind that there is (%#x)", c.PrincipalID[p], uint16(kind))
	}
	home, in := c.PrincipalHome[p], c.PrincipalHomeIn[p]
	if !orNone(home, len(c.PrincipalID)) || !orNone(in, len(c.TenantID)) ||
		home != None && c.PrincipalTenant[home] != None && c.PrincipalTenant[home] != in {
		return fmt.Errorf("the home of principal %s is not where it says", c.PrincipalID[p])
	}
	if c.PrincipalTenant[p] == None && (kind&^IsManaged != 0 || home != None || in != None || len(c.PrincipalName.Bytes(int(p))) > 0 || len(c.PrincipalSignIn.Bytes(int(p))) > 0) {
		return fmt.Errorf("principal %s is not listed and something is known of it", c.PrincipalID[p])
	}
	return nil
}

func (k *checker) memberships() error {
	c := k.c
	n := len(c.PrincipalID)
	if !beginnings(c.GroupsFrom, n, len(c.GroupOf)) || len(c.GroupTerm) != len(c.GroupOf) || !allWithin(c.GroupOf, n) || !allWithin(c.GroupTerm, len(c.Terms)) {
		return fmt.Errorf("the columns of memberships are not about %d principals and their groups", n)
	}
	for p := range Principal(n) {
		for i := c.GroupsFrom[p]; i < c.GroupsFrom[p+1]; i++ {
			in, of := c.PrincipalTenant[c.GroupOf[i]], c.PrincipalTenant[p]
			if c.GroupOf[i] == p || in != of && in != None && of != None {
				return fmt.Errorf("principal %s is in a group that it cannot be in", c.PrincipalID[p])
			}
			if i > c.GroupsFrom[p] && cmp.Or(cmp.Compare(c.GroupOf[i-1], c.GroupOf[i]), cmp.Compare(c.GroupTerm[i-1], c.GroupTerm[i])) >= 0 {
				return fmt.Errorf("the groups of principal %s are not in order", c.PrincipalID[p])
			}
		}
	}
	return nil
}

func (k *checker) roles() error {
	c := k.c
	if !flags(c.RoleListed, len(c.Roles)) || !ascending(c.Roles, func(a, b csp.RoleDefinition) int { return a.ID.Compare(b.ID) }) || len(c.Roles) > 0 && c.Roles[0].ID.IsZero() {
		return fmt.Errorf("column Roles is not in order")
	}
	if !flags(c.DirectoryListed, len(c.DirectoryRoles)) || !ascending(c.DirectoryRoles, func(a, b csp.DirectoryRole) int { return a.ID.Compare(b.ID) }) ||
		len(c.DirectoryRoles) > 0 && c.DirectoryRoles[0].ID.IsZero() {
		return fmt.Errorf("column DirectoryRoles is not in order")
	}
	return nil
}

func (k *checker) assignments() error {
	c := k.c
	n := len(c.AssignmentPrincipal)
	if !beginnings(c.AssignmentsFrom, len(c.NodeParent), n) ||
		len(c.AssignmentRole) != n || len(c.AssignmentTerm) != n || len(c.AssignmentCondition) != n || len(c.AssignmentType) != n || len(c.AssignmentName) != n ||
		!allWithin(c.AssignmentPrincipal, len(c.PrincipalID)) || !allWithin(c.AssignmentRole, len(c.Roles)) ||
		!allWithin(c.AssignmentTerm, len(c.Terms)) || !allWithin(c.AssignmentCondition, c.Conditions.Len()) {
		return fmt.Errorf("the columns of role assignments are not about %d role assignments", n)
	}
	for node := range Node(len(c.NodeParent)) {
		from, to := c.AssignmentsFrom[node], c.AssignmentsFrom[node+1]
		if from < to && c.NodeTenant[node] == None {
			return fmt.Errorf("a role is assigned at place %d, which is in no tenant", node)
		}
		for i := from; i < to; i++ {
			if int(c.AssignmentType[i]) >= len(assignedTypes) || c.AssignmentName[i].IsZero() || i > from && k.compareAssignments(i-1, i) >= 0 {
				return fmt.Errorf("role assignment %s is not in order at its place", c.AssignmentName[i])
			}
		}
	}
	if !slices.IsSorted(c.Described) || len(slices.Compact(slices.Clone(c.Described))) != len(c.Described) || !allWithin(c.Described, n) {
		return fmt.Errorf("column Described is not in order")
	}
	return nil
}

func (k *checker) compareAssignments(i, j uint32) int {
	c := k.c
	if c.AssignmentPrincipal[i] != c.AssignmentPrincipal[j] {
		return cmp.Compare(c.AssignmentPrincipal[i], c.AssignmentPrincipal[j])
	}
	return cmp.Or(cmp.Compare(c.AssignmentRole[i], c.AssignmentRole[j]), c.AssignmentName[i].Compare(c.AssignmentName[j]))
}

// rows checks that rows are in order and that their numbers are those of things.
func (k *checker) rows() error {
	c := k.c
	tenants, principals, nodes, terms := len(c.TenantID), len(c.PrincipalID), len(c.NodeParent), len(c.Terms)
	relationship := func(r Relationship) bool {
		return within(r.Customer, tenants) && within(r.Partner, tenants) && within(r.Term, terms)
	}
	kind := func(r Relationship) bool {
		return r.Kind == csp.DirectPartner || r.Kind == csp.IndirectProvider || r.Kind == csp.IndirectReseller
	}
	below := func(s csp.Scope) bool { return !s.Subscription().IsZero() }
	for _, column := range []struct {
		name string
		ok   bool
	}{
		{"Resellers", all(c.Resellers, compareRelationships, func(r Relationship) bool { return relationship(r) && kind(r) })},
		{"DAPs", all(c.DAPs, compareRelationships, func(r Relationship) bool { return relationship(r) && r.Kind == "" })},
		{"DirectoryAssignments", all(c.DirectoryAssignments, compareHolders, func(a DirectoryAssignment) bool {
			return within(a.Principal, principals) && within(a.Tenant, tenants) && within(a.Role, len(c.DirectoryRoles)) && within(a.Term, terms)
		})},
		{"Lighthouses", all(c.Lighthouses, compareLighthouses, func(l Lighthouse) bool {
			return within(l.Node, nodes) && c.NodeType[l.Node] >= TypeSubscription && within(l.Manager, tenants) &&
				within(l.Principal, principals) && within(l.Role, len(c.Roles)) && within(l.Term, terms)
		})},
		{"Identities", all(c.Identities, compareIdentities, func(i Identity) bool {
			return within(i.Node, nodes) && c.NodeType[i.Node] >= TypeSubscription
		})},
		{"Locks", all(c.Locks, compareLocks, func(l csp.Lock) bool {
			return below(l.Scope) && (l.Level == csp.CanNotDelete || l.Level == csp.ReadOnly)
		})},
		{"Policies", all(c.Policies, comparePolicies, func(d csp.PolicyDenial) bool {
			return !d.Tenant.IsZero() && !d.Scope.IsZero() && ascending(d.Spares, csp.RoleDefinitionID.Compare)
		})},
		{"Artefacts", all(c.Artefacts, compareArtefacts, func(a csp.Artefact) bool { return below(a.Scope) })},
		{"Usage", all(c.Usage, compareUsage, func(u csp.Usage) bool {
			return !u.Principal.IsZero() && u.Action != "" && !u.Scope.IsZero() && hasYear(u.Last)
		})},
	} {
		if !column.ok {
			return fmt.Errorf("column %s is not in order, or names something that there is not", column.name)
		}
	}
	return nil
}

// all says whether rows are in order and right.
func all[R any](rows []R, compare func(a, b R) int, right func(R) bool) bool {
	return ascending(rows, compare) && !slices.ContainsFunc(rows, func(r R) bool { return !right(r) })
}

func (k *checker) denials() error {
	c := k.c
	same := func(ids []csp.ObjectID, numbers []Principal) bool {
		if len(ids) != len(numbers) || !allWithin(numbers, len(c.PrincipalID)) || !slices.IsSorted(numbers) || !ascending(ids, csp.ObjectID.Compare) {
			return false
		}
		told := make([]csp.ObjectID, len(numbers))
		for i, n := range numbers {
			told[i] = c.PrincipalID[n]
		}
		return slices.Equal(sortedIDs(told), ids)
	}
	right := all(c.Denials, compareDenials, func(d Denial) bool {
		return within(d.Node, len(c.NodeParent)) && c.NodeTenant[d.Node] != None && !d.ID.IsZero() &&
			d.Scope.String() == k.view.Scope(d.Node).String() && same(d.DenyAssignment.Principals, d.Principals) && same(d.DenyAssignment.Excluded, d.Excluded)
	})
	if !right {
		return fmt.Errorf("column Denials is not in order, or names something that there is not")
	}
	return nil
}

func (k *checker) relationships() error {
	c := k.c
	roles := func(list []DirectoryRole) bool {
		return allWithin(list, len(c.DirectoryRoles)) && ascending(list, cmp.Compare)
	}
	right := all(c.GDAPs, compareGDAPs, func(r GDAP) bool {
		return within(r.Customer, len(c.TenantID)) && within(r.Partner, len(c.TenantID)) && !r.ID.IsZero() && r.ExtendsBy >= 0 &&
			within(r.Term, len(c.Terms)) && roles(r.Roles)
	})
	if !right {
		return fmt.Errorf("column GDAPs is not in order, or names something that there is not")
	}
	right = all(c.AccessAssignments, compareAccessRows, func(a AccessAssignment) bool {
		return within(a.GDAP, len(c.GDAPs)) && within(a.Group, len(c.PrincipalID)) && roles(a.Roles)
	})
	if !right {
		return fmt.Errorf("column AccessAssignments is not in order, or names something that there is not")
	}
	return nil
}

func (k *checker) people() error {
	owned := make(map[csp.ObjectID]bool)
	single := func(id csp.ObjectID) bool {
		before := owned[id]
		owned[id] = true
		return !before
	}
	right := all(k.c.People, func(a, b csp.Person) int { return a.ID.Compare(b.ID) }, func(p csp.Person) bool {
		return !p.ID.IsZero() && ascending(p.Accounts, csp.ObjectID.Compare) && !slices.ContainsFunc(p.Accounts, func(id csp.ObjectID) bool { return !single(id) })
	})
	if !right {
		return fmt.Errorf("column People is not in order, or gives an account to two people")
	}
	return nil
}

func (k *checker) gaps() error {
	c := k.c
	right := all(c.Gaps, compareGaps, func(g Gap) bool {
		return within(g.Tenant, len(c.TenantID)) && orNone(g.Node, len(c.NodeParent)) && g.Gap.Tenant == c.TenantID[g.Tenant] &&
			csp.MissingTenant <= g.Fact && g.Fact <= csp.MissingQuestion && g.Scope.String() == k.view.Scope(g.Node).String() &&
			(g.Node == None || c.NodeTenant[g.Node] == g.Tenant)
	})
	if !right {
		return fmt.Errorf("column Gaps is not in order, or names something that there is not")
	}
	for t, id := range c.TenantID {
		if _, told := slices.BinarySearchFunc(c.Gaps, notListedGap(Tenant(t), id), compareGaps); c.TenantListed[t] == 0 && !told {
			return fmt.Errorf("tenant %s is not listed, and no gap says so", id)
		}
	}
	return nil
}

// checkPrincipals sees to it that no id names two principals.
func (e *Estate) checkPrincipals() error {
	for p, id := range e.PrincipalID {
		if found, _ := e.FindPrincipal(id); int(found) != p {
			return fmt.Errorf("principal %s is there twice", id)
		}
	}
	return nil
}

// checkPlaces sees to it that no place is found by the name of another: no
// subscription is in two tenants, no management group twice in one.
func (e *Estate) checkPlaces() error {
	var key nodeKey
	for n := range Node(e.Nodes()) {
		tenant, path := Tenant(None), lowSubscriptions
		switch e.NodeType[n] {
		case TypeSubscription:
		case TypeManagementGroup:
			tenant, path = e.NodeTenant[n], lowManagementGroups
		default:
			continue
		}
		key.setTenant(tenant)
		end := tenantBytes + copy(key[tenantBytes:], path)
		end += len(lookup.LowerBytes(key[end:], e.NodeName.Bytes(int(n))))
		if e.at(key[:end]) != n {
			return fmt.Errorf("%s is there twice", e.Scope(n))
		}
	}
	return nil
}
