package csp

import (
	"fmt"
	"time"
)

// Facts are what is known about partners and customers at one time: the rows
// that a world file holds and the engine reads. What is not in them is not so,
// unless a Gap says that it was not collected: a list may be empty, but it may
// not be silently short. A tenant that is not in Tenants was not collected at
// all.
//
// The order of a list never matters.
type Facts struct {
	Tenants     []Tenant
	Domains     []TenantDomain
	Principals  []Principal
	People      []Person
	Memberships []Membership

	Resellers   []ResellerRelationship
	DAPs        []DAPRelationship
	GDAPs       []GDAPRelationship
	Lighthouses []LighthouseDelegation

	Subscriptions []Subscription
	Placements    []Placement
	// Resources are places below subscriptions that are known to exist, resource
	// groups among them. A scope that is not listed may exist all the same; whoever
	// asks about it is answered.
	Resources  []Resource
	Identities []ManagedIdentity

	// Roles are the Azure role definitions that assignments name: built-in ones
	// and custom ones alike (R31).
	Roles       []RoleDefinition
	Assignments []Assignment
	Denials     []Denial
	// DirectoryRoles are the roles of Entra directories that assignments name.
	DirectoryRoles       []DirectoryRole
	DirectoryAssignments []DirectoryAssignment

	Locks     []Lock
	Policies  []PolicyDenial
	Artefacts []Artefact
	Usage     []Usage

	Gaps []Gap
}

// Period is the time in which a fact holds: from its beginning until the instant
// of its end, at which it holds no more. The zero Period holds always.
type Period struct {
	From  time.Time // zero: since ever
	Until time.Time // zero: for ever
}

// Holds says whether the instant lies in the period.
func (p Period) Holds(at time.Time) bool {
	return !at.Before(p.From) && (p.Until.IsZero() || at.Before(p.Until))
}

// Term bounds an assignment or membership in time (R29). The zero Term holds always.
type Term struct {
	Period
	// Eligible: its holder must activate it first. An activation is a fact of its
	// own, not eligible and with an end.
	Eligible bool
}

// TenantDomain is a further verified domain of a tenant; any of them names it (R1).
type TenantDomain struct {
	Tenant TenantID
	Domain Domain
}

// Person is all accounts of one human (R3). Guests need not be listed beside the
// account that is their home.
type Person struct {
	ID       PersonID
	Name     string
	Accounts []ObjectID
}

// PersonID names a person across tenants.
type PersonID = ID[Person]

// Noun names the thing in error sentences.
func (Person) Noun() string { return "person" }

// Membership puts a principal into a group of the same tenant.
type Membership struct {
	Group  ObjectID
	Member ObjectID
	Term
}

// ResellerKind says which part a partner plays for a customer (R5).
type ResellerKind string

// The kinds of reseller relationship.
const (
	DirectPartner    ResellerKind = "direct"
	IndirectProvider ResellerKind = "indirect provider"
	IndirectReseller ResellerKind = "indirect reseller"
)

// ResellerRelationship lets a partner sell to a customer. It gives no access by
// itself; it is what makes foreign principals possible (R21), and ending it
// takes none of them away (R23).
type ResellerRelationship struct {
	Partner  TenantID
	Customer TenantID
	Kind     ResellerKind
	Period
}

// DAPRelationship says that a customer lists a partner as its delegated
// administrator, the old way (R10).
type DAPRelationship struct {
	Partner  TenantID
	Customer TenantID
	Period
}

// GDAPStatus is the state of a GDAP relationship or of an access assignment in
// it, spelt as Microsoft Graph spells it. Only active ones give anything (R11).
type GDAPStatus string

// The states; an access assignment knows pending, active, deleting and deleted,
// a relationship the others.
const (
	GDAPCreated         GDAPStatus = "created"
	GDAPApprovalPending GDAPStatus = "approvalPending"
	GDAPApproved        GDAPStatus = "approved"
	GDAPActivating      GDAPStatus = "activating"
	GDAPPending         GDAPStatus = "pending"
	GDAPActive          GDAPStatus = "active"
	GDAPExpiring        GDAPStatus = "expiring"
	GDAPExpired         GDAPStatus = "expired"
	GDAPTerminating     GDAPStatus = "terminating"
	GDAPTerminated      GDAPStatus = "terminated"
	GDAPDeleting        GDAPStatus = "deleting"
	GDAPDeleted         GDAPStatus = "deleted"
)

// GDAPID names a GDAP relationship.
type GDAPID = ID[GDAPRelationship]

// GDAPRelationship lends roles in a customer's directory to groups of a partner (R11).
type GDAPRelationship struct {
	ID       GDAPID
	Name     string
	Partner  TenantID
	Customer TenantID
	Status   GDAPStatus
	Period   // all its roles end together
	// Roles are those the customer agreed to; an access assignment can give no other.
	Roles []DirectoryRoleID
	// ExtendsBy is how many days it extends itself by at its end; zero: not at all.
	ExtendsBy   int
	Assignments []AccessAssignment
}

// Noun names the thing in error sentences.
func (GDAPRelationship) Noun() string { return "GDAP relationship" }

// AccessAssignment gives a group of the partner roles in a GDAP relationship.
type AccessAssignment struct {
	Group  ObjectID
	Roles  []DirectoryRoleID
	Status GDAPStatus
}

// LighthouseDelegation projects a role onto a subscription or resource group for
// a principal of the managing tenant, who need not enter the other (R28).
type LighthouseDelegation struct {
	Manager   TenantID
	Principal ObjectID
	Role      RoleDefinitionID
	Scope     Scope
	Term
}

// Placement says which management group a subscription or a management group
// lies in. One that is placed nowhere lies directly below its tenant's root.
type Placement struct {
	Tenant TenantID
	Child  Scope
	Parent Scope
}

// Resource is a resource group or a resource.
type Resource struct {
	Scope Scope
}

// ManagedIdentity says that whoever runs code in the resource can act as the
// service principal (R26). The resource may also be a user-assigned identity
// itself.
type ManagedIdentity struct {
	Resource  Scope
	Principal ObjectID
}

// Assignment is a role assignment in a tenant. The tenant matters above
// subscriptions, where the same scope text means another place in every tenant.
type Assignment struct {
	RoleAssignment
	Tenant TenantID
	Term
}

// Denial is a deny assignment in a tenant.
type Denial struct {
	DenyAssignment
	Tenant TenantID
}

// DirectoryAssignment gives a principal, or the direct members of a group, a
// role in the directory of a tenant (R14).
type DirectoryAssignment struct {
	Tenant    TenantID
	Principal ObjectID
	Role      DirectoryRoleID
	Term
}

// LockLevel says what a lock forbids, spelt as Azure spells it.
type LockLevel string

// The lock levels (R27).
const (
	CanNotDelete LockLevel = "CanNotDelete"
	ReadOnly     LockLevel = "ReadOnly"
)

// Lock lets a role assignment below it be made and refuses its removal, or
// refuses both (R27).
type Lock struct {
	Name  string
	Scope Scope
	Level LockLevel
}

// PolicyDenial is an Azure Policy that refuses role assignments at its scope and
// below (R27). Roles it spares are listed; an empty list spares none.
type PolicyDenial struct {
	Name   string
	Tenant TenantID
	Scope  Scope
	Spares []RoleDefinitionID
}

// Artefact is an entry in a list of access that gives nothing, such as
// "Subscription Admins" on a partner's subscription (R25).
type Artefact struct {
	Scope Scope
	Name  string
}

// Usage is the last time a principal was seen using an action at a scope or
// below it. That some usage of a principal is listed means that all of it is.
type Usage struct {
	Principal ObjectID
	Action    string
	Data      bool
	Scope     Scope
	Last      time.Time
}

// FactKind is a list of Facts, or something that no list holds.
type FactKind uint8

// What can be missing.
const (
	// MissingTenant: nothing was collected from the tenant.
	MissingTenant FactKind = iota + 1
	MissingPrincipals
	MissingMemberships
	// MissingRelationships: resellers, DAP and GDAP of the tenant as a customer.
	MissingRelationships
	MissingLighthouse
	MissingSubscriptions
	MissingPlacements
	MissingIdentities
	MissingRoles
	MissingAssignments
	MissingDenials
	MissingDirectoryRoles
	// MissingCondition: a condition is known and cannot be judged.
	MissingCondition
	// MissingQuestion: the question lacks its principal, its action, its place or
	// its instant, or one of them means nothing.
	MissingQuestion
)

var factNames = [...]string{
	MissingTenant:         "everything",
	MissingPrincipals:     "principals",
	MissingMemberships:    "group memberships",
	MissingRelationships:  "relationships with partners",
	MissingLighthouse:     "Lighthouse delegations",
	MissingSubscriptions:  "subscriptions",
	MissingPlacements:     "management groups",
	MissingIdentities:     "managed identities",
	MissingRoles:          "role definitions",
	MissingAssignments:    "role assignments",
	MissingDenials:        "deny assignments",
	MissingDirectoryRoles: "directory roles",
	MissingCondition:      "the outcome of a condition",
	MissingQuestion:       "a proper question",
}

// String names what is missing.
func (k FactKind) String() string {
	if int(k) < len(factNames) && factNames[k] != "" {
		return factNames[k]
	}
	return "a fact"
}

// Gap is something that is not known, and why. In Facts it says what could not
// be collected: of the tenant, and if Scope is not zero, at that scope and below
// it. In an answer it says what the answer would depend on.
type Gap struct {
	Fact   FactKind
	Tenant TenantID
	Scope  Scope
	Why    string
}

// String is the gap as a sentence fragment: "role assignments at /subscriptions/...: not allowed to read them".
func (g Gap) String() string {
	text := g.Fact.String()
	if !g.Scope.IsZero() {
		text += fmt.Sprintf(" at %s", g.Scope)
	}
	if !g.Tenant.IsZero() {
		text += fmt.Sprintf(" of tenant %s", g.Tenant)
	}
	if g.Why != "" {
		text += ": " + g.Why
	}
	return text
}
