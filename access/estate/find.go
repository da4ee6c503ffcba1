package estate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"latchkey/access/estate/internal/lookup"
	"latchkey/csp"
)

// Estate is Columns with the aids to find things in them.
type Estate struct {
	Columns

	// MembersFrom and MemberOf are the memberships once more, by group.
	MembersFrom []uint32
	MemberOf    []Principal
	MemberTerm  []TermNo

	// HeldFrom and Held are the role assignments by principal, in order of node: the
	// numbers of assignments. HeldNode has the node of each.
	HeldFrom []uint32
	Held     []uint32
	HeldNode []Node

	// GuestsFrom and Guest are the guests by the account that is their home.
	GuestsFrom []uint32
	Guest      []Principal

	// AssignmentForeign: 1 for role assignments of type ForeignGroup (R21).
	AssignmentForeign []uint8

	// GDAPGrants are what active access assignments of active relationships give
	// (R11), sorted by group, then customer, role and relationship.
	GDAPGrants []GDAPGrant

	// Rungs has one entry more than there are places.
	Rungs []Rung

	principals *lookup.IDs[csp.Principal]
	nodes      lookup.Slots
	domains    []domain // all of them, sorted
}

// Rung is what it takes of a place to walk up the tree, all in one piece of
// memory: the columns have it as well, each in another place, and among millions
// of places every look at one is a wait.
type Rung struct {
	Parent      Node
	Assignments uint32 // as AssignmentsFrom: up to those of the next rung
	name        uint32 // as NodeName.From
	kind        uint16 // as NodeType
}

// FindTenant finds a tenant by its id, listed or not.
func (e *Estate) FindTenant(id csp.TenantID) (Tenant, bool) {
	i, ok := slices.BinarySearchFunc(e.TenantID, id, csp.TenantID.Compare)
	if !ok {
		return None, false
	}
	return Tenant(i), true
}

// FindTenantText finds a tenant by its id or by any of its domains, in whatever
// case (R1).
func (e *Estate) FindTenantText(text string) (Tenant, bool) {
	if id, err := csp.ParseID[csp.Tenant](text); err == nil {
		return e.FindTenant(id)
	}
	d, err := csp.ParseDomain(text)
	if err != nil {
		return None, false
	}
	return e.FindDomain(d)
}

// FindDomain finds the tenant that a domain names (R1).
func (e *Estate) FindDomain(name csp.Domain) (Tenant, bool) {
	i, ok := slices.BinarySearchFunc(e.domains, name, func(d domain, name csp.Domain) int { return strings.Compare(d.name, string(name)) })
	if !ok {
		return None, false
	}
	return e.domains[i].tenant, true
}

// FindPrincipal finds a principal by its object id, listed or not.
func (e *Estate) FindPrincipal(id csp.ObjectID) (Principal, bool) {
	n := e.principals.Find(id)
	return Principal(n), n != lookup.None
}

// FindPrincipalText finds a principal by its object id as text, without
// allocating if there is such a principal.
func (e *Estate) FindPrincipalText(id string) (Principal, bool) {
	parsed, err := csp.ParseID[csp.Principal](id)
	if err != nil {
		return None, false
	}
	return e.FindPrincipal(parsed)
}

// Listed says whether the facts list the principal, and do not merely name it.
func (e *Estate) Listed(p Principal) bool { return e.PrincipalTenant[p] != None }

// FindRole finds an Azure role definition by its id, listed or not.
func (e *Estate) FindRole(id csp.RoleDefinitionID) (Role, bool) {
	i, ok := slices.BinarySearchFunc(e.Roles, id, func(r csp.RoleDefinition, id csp.RoleDefinitionID) int { return r.ID.Compare(id) })
	if !ok {
		return None, false
	}
	return Role(i), true
}

// FindDirectoryRole finds a directory role by its template id, listed or not.
func (e *Estate) FindDirectoryRole(id csp.DirectoryRoleID) (DirectoryRole, bool) {
	i, ok := slices.BinarySearchFunc(e.DirectoryRoles, id, func(r csp.DirectoryRole, id csp.DirectoryRoleID) int { return r.ID.Compare(id) })
	if !ok {
		return None, false
	}
	return DirectoryRole(i), true
}

// FindSubscription is the index of a listed subscription in the columns of
// subscriptions.
func (e *Estate) FindSubscription(id csp.SubscriptionID) (int, bool) {
	return slices.BinarySearchFunc(e.SubscriptionID, id, csp.SubscriptionID.Compare)
}

// FindNode finds a place by the text of its scope in the given tenant, in any
// case, without allocating (R17). Below subscriptions the tenant is not needed
// and may be None. exact is false if the place itself is not listed; node is then
// the nearest listed place above it, or None if there is none, as below an
// unknown subscription.
//
// The text need not be a well-formed scope: if it is not, exact is false, and
// node is how far it could be followed.
func (e *Estate) FindNode(tenant Tenant, scope string) (node Node, exact bool) {
	root := Node(None)
	if 0 <= tenant && int(tenant) < len(e.TenantRoot) {
		root = e.TenantRoot[tenant]
	}
	if scope == "/" {
		return root, root != None
	}
	var buffer nodeKey
	const longest = len(buffer) - tenantBytes
	fits := scope[:min(len(scope), longest)]
	key := buffer.write(tenant, fits)
	switch {
	case bytes.HasPrefix(key[tenantBytes:], lowSubscriptions):
		buffer.setTenant(None)
		root = None
	case root == None || !bytes.HasPrefix(key[tenantBytes:], lowManagementGroups):
		return None, false
	}
	for whole := len(scope) <= longest; ; whole = false {
		if node = e.at(key); node != None {
			return node, whole
		}
		slash := bytes.LastIndexByte(key[tenantBytes:], '/')
		if slash <= 0 {
			return root, false
		}
		key = key[:tenantBytes+slash]
	}
}

// nodeKey is what places below the roots are hashed by: the tenant of management
// groups, or None, and the text of the scope in lower case.
type nodeKey [tenantBytes + maxScopeLength]byte

const tenantBytes = 4

var (
	lowSubscriptions    = bytes.ToLower([]byte(subscriptionsPath))
	lowManagementGroups = bytes.ToLower([]byte(managementGroupsPath))
)

func (k *nodeKey) setTenant(t Tenant) { binary.LittleEndian.PutUint32(k[:tenantBytes], uint32(t)) }

func (k *nodeKey) write(tenant Tenant, scope string) []byte {
	k.setTenant(tenant)
	return k[:tenantBytes+len(lookup.Lower(k[tenantBytes:], scope))]
}

// at is the place with the key. The hash only says where to look.
func (e *Estate) at(key []byte) Node {
	hash := e.nodes.Hash(key)
	for step := 0; ; step++ {
		var n int32
		if n, step = e.nodes.Next(hash, step); n == None || e.fetch(Node(n)) && e.isAt(Node(n), key) {
			return Node(n)
		}
	}
}

// fetch reads a letter of each name that isAt is about to read, up to the top. Every
// one is a wait for memory; asked for in a row, without looking at what comes, they
// are waited for all at once. It is true: there is no name without letters.
func (e *Estate) fetch(n Node) bool {
	letters := byte(0)
	for {
		r := &e.Rungs[n]
		letters |= e.NodeName.Text[r.name]
		if r.kind <= TypeSubscription {
			return letters != 0
		}
		n = r.Parent
	}
}

// isAt compares the key with the names of the place and of those above it, from
// the last segment up.
func (e *Estate) isAt(n Node, key []byte) bool {
	for {
		r := &e.Rungs[n]
		name := e.NodeName.Text[r.name:e.Rungs[n+1].name]
		at := len(key) - len(name) - 1
		if at < tenantBytes || key[at] != '/' || !lookup.EqualLower(name, key[at+1:]) {
			return false
		}
		key = key[:at+1]
		switch r.kind {
		case TypeSubscription:
			return bytes.Equal(key[tenantBytes:], lowSubscriptions)
		case TypeManagementGroup:
			return bytes.Equal(key[tenantBytes:], lowManagementGroups) && binary.LittleEndian.Uint32(key) == uint32(e.NodeTenant[n])
		}
		typeName := e.TypeName.Bytes(int(r.kind))
		at = len(key) - len(typeName) - 2
		if at < tenantBytes || key[at] != '/' || !lookup.EqualLower(typeName, key[at+1:len(key)-1]) {
			return false
		}
		key, n = key[:at], r.Parent
	}
}

// Scope is the place as people and Azure write it, and the zero Scope of None.
// It allocates.
func (e *Estate) Scope(n Node) csp.Scope {
	if n == None {
		return csp.Scope{}
	}
	return csp.MustParseScope(string(e.appendScope(nil, n))) // every name was checked when it came in
}

func (e *Estate) appendScope(text []byte, n Node) []byte {
	switch e.NodeType[n] {
	case TypeRoot:
		return append(text, '/')
	case TypeManagementGroup:
		text = append(text, managementGroupsPath...)
	case TypeSubscription:
		text = append(text, subscriptionsPath...)
	default:
		text = append(e.appendScope(text, e.NodeParent[n]), '/')
		text = append(append(text, e.TypeName.Bytes(int(e.NodeType[n]))...), '/')
	}
	return append(text, e.NodeName.Bytes(int(n))...)
}

// Principal is the principal as a row; of one that is not listed, just the id,
// and of None the zero Principal.
func (e *Estate) Principal(p Principal) csp.Principal {
	if p == None {
		return csp.Principal{}
	}
	row := csp.Principal{ID: e.PrincipalID[p]}
	if !e.Listed(p) {
		return row
	}
	kind := e.PrincipalKind[p]
	row.Tenant = e.TenantID[e.PrincipalTenant[p]]
	row.Type = kind.principalType()
	row.Name = e.PrincipalName.At(int(p))
	row.SignInName = e.PrincipalSignIn.At(int(p))
	row.Source = kind.source()
	row.Agents = kind.Agents()
	row.RoleAssignable = kind&IsRoleAssignable != 0
	row.Dynamic = kind&IsDynamic != 0
	if home := e.PrincipalHome[p]; home != None {
		row.Home = e.PrincipalID[home]
	}
	row.HomeTenant = e.Tenant(e.PrincipalHomeIn[p]).ID
	return row
}

// Tenant is the tenant as a row; of one that is not listed, just the id, and of
// None the zero Tenant.
func (e *Estate) Tenant(t Tenant) csp.Tenant {
	if t == None {
		return csp.Tenant{}
	}
	return csp.Tenant{
		ID:            e.TenantID[t],
		Name:          e.TenantName.At(int(t)),
		DefaultDomain: csp.Domain(e.TenantDomain.At(int(t))),
		OldRules:      e.TenantRules[t] != 0,
	}
}

// Assignment is a role assignment as a row.
func (e *Estate) Assignment(i uint32) csp.Assignment {
	n := e.AssignmentNode(i)
	row := csp.Assignment{Tenant: e.TenantID[e.NodeTenant[n]], Term: e.Terms[e.AssignmentTerm[i]]}
	row.RoleAssignment = csp.RoleAssignment{
		Name:          e.AssignmentName[i],
		Scope:         e.Scope(n),
		Role:          e.Roles[e.AssignmentRole[i]].ID,
		Principal:     e.PrincipalID[e.AssignmentPrincipal[i]],
		PrincipalType: assignedTypes[e.AssignmentType[i]],
		Condition:     e.Conditions.At(int(e.AssignmentCondition[i])),
	}
	if at, ok := slices.BinarySearch(e.Described, i); ok {
		row.Description = e.Description.At(at)
	}
	return row
}

// AssignmentNode is the place of an assignment.
func (e *Estate) AssignmentNode(i uint32) Node {
	return Node(sort.Search(e.Nodes(), func(n int) bool { return e.AssignmentsFrom[n+1] > i }))
}

// Tenants, Principals, Nodes and Assignments are how many there are.
func (e *Estate) Tenants() int { return len(e.TenantID) }

// Principals is how many principals there are, listed or not.
func (e *Estate) Principals() int { return len(e.PrincipalID) }

// Nodes is how many places there are.
func (e *Estate) Nodes() int { return len(e.NodeParent) }

// Assignments is how many role assignments there are.
func (e *Estate) Assignments() int { return len(e.AssignmentRole) }

// ResellersOf are the reseller relationships of a customer.
func (e *Estate) ResellersOf(customer Tenant) []Relationship {
	return span(e.Resellers, customer, func(r *Relationship) Tenant { return r.Customer })
}

// DAPsOf are the DAP relationships of a customer (R10).
func (e *Estate) DAPsOf(customer Tenant) []Relationship {
	return span(e.DAPs, customer, func(r *Relationship) Tenant { return r.Customer })
}

// GDAPsOf are the GDAP relationships of a customer, whatever their state (R11).
func (e *Estate) GDAPsOf(customer Tenant) []GDAP {
	return span(e.GDAPs, customer, func(r *GDAP) Tenant { return r.Customer })
}

// GDAPGrantsOf are the roles that GDAP gives a group's members, by customer (R11).
func (e *Estate) GDAPGrantsOf(group Principal) []GDAPGrant {
	return span(e.GDAPGrants, group, func(g *GDAPGrant) Principal { return g.Group })
}

// DirectoryAssignmentsOf are a principal's roles in directories (R14).
func (e *Estate) DirectoryAssignmentsOf(p Principal) []DirectoryAssignment {
	return span(e.DirectoryAssignments, p, func(a *DirectoryAssignment) Principal { return a.Principal })
}

// DenialsAt are the deny assignments at a place itself (R19).
func (e *Estate) DenialsAt(n Node) []Denial {
	return span(e.Denials, n, func(d *Denial) Node { return d.Node })
}

// LighthousesAt are the roles projected onto a place itself (R28).
func (e *Estate) LighthousesAt(n Node) []Lighthouse {
	return span(e.Lighthouses, n, func(l *Lighthouse) Node { return l.Node })
}

// IdentitiesAt are the service principals that code in a place itself can act as (R26).
func (e *Estate) IdentitiesAt(n Node) []Identity {
	return span(e.Identities, n, func(i *Identity) Node { return i.Node })
}

// GapsOf are what was not collected of a tenant. A tenant that is not listed has
// the gap MissingTenant, whether or not the facts say so: nothing was collected
// from it.
func (e *Estate) GapsOf(t Tenant) []Gap {
	return span(e.Gaps, t, func(g *Gap) Tenant { return g.Tenant })
}

// span is the part of sorted rows that has the key.
func span[K cmp.Ordered, R any](rows []R, key K, of func(*R) K) []R {
	from := sort.Search(len(rows), func(i int) bool { return of(&rows[i]) >= key })
	rows = rows[from:]
	return rows[:sort.Search(len(rows), func(i int) bool { return of(&rows[i]) > key })]
}
