// Package estate holds the facts of a whole partner in columns: people, places
// and roles are small numbers, and what is true of them stands in arrays of
// numbers. Ten thousand customers with three million resources fit into a few
// hundred megabytes that way, are read from a file in less than a second, and
// are asked in about a microsecond.
//
// An Estate says what is so. It judges nothing: who may do what is read off it
// by package access.
//
// An Estate is made by a Builder from facts, one at a time, or read from a
// snapshot file. It is never changed afterwards, so any number of goroutines may
// read it at once.
//
// # Numbers
//
// A Tenant, Principal, Node, Role or DirectoryRole is an index into the columns
// of its kind and means nothing outside its Estate. Principals are numbered
// tenant by tenant, by object id inside a tenant, so that the principals of a
// tenant are an interval; principals that facts name and do not list come last.
// Nodes are numbered in pre-order, so that "at or below" is an interval too.
package estate

import (
	"latchkey/csp"
)

// The numbers of things. None is -1.
type (
	Tenant        int32
	Principal     int32
	Node          int32
	Role          int32
	DirectoryRole int32
)

// None is the number of nothing, of whatever kind.
const None = -1

// Columns are the facts. They are what a snapshot file holds, and are exported
// for reading only: writing into a column of a finished Estate breaks it.
//
// A column "of" something is indexed by its number. A column that ends in From
// has one entry more than there are things and says where each thing's part of
// another column begins: part i is [From[i], From[i+1]).
type Columns struct {
	// Tenants, sorted by id. Those that facts name and do not list have
	// TenantListed[t] == 0, no name, and the gap MissingTenant: nothing was collected
	// from them.
	TenantID     []csp.TenantID
	TenantListed []uint8
	TenantName   Strings
	TenantDomain Strings // the default domain
	TenantRules  []uint8 // 1: the old rules still hold there (R22)
	TenantRoot   []Node  // the root of its tree of scopes
	// TenantFirst has one entry more than there are tenants: the principals of
	// tenant t are [TenantFirst[t], TenantFirst[t+1]).
	TenantFirst []Principal

	DomainName   Strings // further verified domains, sorted
	DomainTenant []Tenant

	// Principals.
	PrincipalID     []csp.ObjectID
	PrincipalTenant []Tenant // None: named by a fact and not listed
	PrincipalKind   []PrincipalKind
	PrincipalName   Strings
	PrincipalSignIn Strings
	PrincipalHome   []Principal // of guests: the account they are the guest of, else None
	PrincipalHomeIn []Tenant    // of guests: its tenant; None if unknown

	// Memberships, by member and then by group.
	GroupsFrom []uint32 // of principals, into the next two
	GroupOf    []Principal
	GroupTerm  []TermNo

	// Places: all that any fact names, with everything above them. The first node of
	// each tenant's tree is its root; the trees stand in order of tenant. After them
	// stand subscriptions of which no fact says whose they are: their parent and
	// their tenant are None. Siblings stand in order of type and name.
	NodeParent []Node // None for a root
	NodeLast   []Node // the last node at or below it
	NodeTenant []Tenant
	NodeType   []uint16 // into TypeName
	NodeName   Strings  // the last segment: a name, or a subscription's id in lower case
	// TypeName says what a node is: "/" a root, "managementGroups", "subscriptions",
	// "resourceGroups", or a resource type as written below its parent, such as
	// "providers/Microsoft.Compute/virtualMachines" or, inside another resource of
	// the same provider, "extensions". The first four are TypeRoot and its fellows,
	// the others are sorted without regard to case.
	TypeName Strings

	// Subscriptions that the facts list, sorted by id.
	SubscriptionID      []csp.SubscriptionID
	SubscriptionNode    []Node
	SubscriptionName    Strings
	SubscriptionCreator []Tenant // None: the customer itself, or unknown

	// Roles, sorted by id. Those that facts name and do not list have Listed[i] == 0.
	Roles           []csp.RoleDefinition
	RoleListed      []uint8
	DirectoryRoles  []csp.DirectoryRole
	DirectoryListed []uint8

	// Terms, each once and in UTC; number 0 is "always".
	Terms []csp.Term
	// Conditions, each once; number 0 is none.
	Conditions Strings

	// Role assignments, by node and then by principal, role and name.
	AssignmentsFrom     []uint32 // of nodes
	AssignmentPrincipal []Principal
	AssignmentRole      []Role
	AssignmentTerm      []TermNo
	AssignmentCondition []ConditionNo
	AssignmentType      []uint8 // the type it names: AssignedToUser and its fellows
	AssignmentName      []csp.RoleAssignmentID
	Described           []uint32 // the assignments that have a description, in order
	Description         Strings  // theirs

	// What there is little of stands in rows.
	Denials              []Denial              // sorted by node, then id, then name
	DirectoryAssignments []DirectoryAssignment // sorted by principal
	Resellers            []Relationship        // sorted by customer
	DAPs                 []Relationship        // sorted by customer
	GDAPs                []GDAP                // sorted by customer, then id
	AccessAssignments    []AccessAssignment    // sorted by relationship, then group
	Lighthouses          []Lighthouse          // sorted by node
	Identities           []Identity            // sorted by node
	People               []csp.Person          // sorted by id
	Locks                []csp.Lock
	Policies             []csp.PolicyDenial
	Artefacts            []csp.Artefact
	Usage                []csp.Usage
	Gaps                 []Gap // sorted by tenant
}

// TermNo is the number of a term; 0 holds always.
type TermNo uint32

// ConditionNo is the number of a condition; 0 is none.
type ConditionNo uint32

// Denial is a deny assignment at a node.
type Denial struct {
	csp.DenyAssignment
	Node       Node
	Principals []Principal
	Excluded   []Principal
}

// DirectoryAssignment is a role in a tenant's directory.
type DirectoryAssignment struct {
	Principal Principal
	Tenant    Tenant
	Role      DirectoryRole
	Term      TermNo
}

// Relationship is a reseller relationship or a DAP relationship.
type Relationship struct {
	Customer Tenant
	Partner  Tenant
	Kind     csp.ResellerKind // empty for DAP
	Term     TermNo
}

// GDAP is a GDAP relationship, whatever its state.
type GDAP struct {
	Customer  Tenant
	Partner   Tenant
	ID        csp.GDAPID
	Name      string
	Status    csp.GDAPStatus
	Term      TermNo
	ExtendsBy int32
	Roles     []DirectoryRole
}

// AccessAssignment gives a group roles in a GDAP relationship, as the facts say;
// what it comes to is in GDAPGrants.
type AccessAssignment struct {
	GDAP   int32 // into GDAPs
	Group  Principal
	Status csp.GDAPStatus
	Roles  []DirectoryRole
}

// GDAPGrant is one role that an active access assignment of an active
// relationship gives a group. A role that its relationship does not list is left
// out: the assignment cannot give it (R11).
type GDAPGrant struct {
	Group    Principal
	Customer Tenant
	Role     DirectoryRole
	Term     TermNo // of the relationship
	GDAP     int32  // into GDAPs
}

// Lighthouse is a projected role.
type Lighthouse struct {
	Node      Node
	Manager   Tenant
	Principal Principal
	Role      Role
	Term      TermNo
}

// Identity is a service principal as which code in a place can act.
type Identity struct {
	Node      Node
	Principal Principal
}

// Gap is something that was not collected.
type Gap struct {
	Tenant Tenant
	Node   Node // None: of the whole tenant
	csp.Gap
}
