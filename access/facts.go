package access

import (
	"fmt"
	"time"

	"latchkey/csp"
)

// Facts are all that the engine knows. What is not in them is not so, unless a
// Gap says that it was not collected: a list may be empty, but it may not be
// silently short. A tenant that is not in Tenants was not collected at all.
//
// The order of a list never matters.
type Facts struct {
	Tenants       []csp.Tenant
	Principals    []csp.Principal
	Memberships   []Membership
	Subscriptions []csp.Subscription
	Placements    []Placement
	// Roles are the role definitions that assignments name: built-in ones and
	// custom ones alike (R31).
	Roles                []csp.RoleDefinition
	Assignments          []Assignment
	Denials              []Denial
	DirectoryRoles       []csp.DirectoryRole
	DirectoryAssignments []DirectoryAssignment
	Gaps                 []Gap
}

// Term bounds a fact in time (R29). The zero Term holds always.
type Term struct {
	From  time.Time // the first instant at which it holds; zero: since ever
	Until time.Time // the first instant at which it holds no more; zero: for ever
	// Eligible: its holder must activate it first, so it gives CanGet.
	Eligible bool
}

// Membership puts a principal into a group of the same tenant.
type Membership struct {
	Group  csp.ObjectID
	Member csp.ObjectID
	Term
}

// Placement says which management group a subscription or a management group
// lies in. One that is placed nowhere lies directly below its tenant's root.
type Placement struct {
	Tenant csp.TenantID
	Child  csp.Scope
	Parent csp.Scope
}

// Assignment is a role assignment in a tenant. The tenant matters above
// subscriptions, where the same scope text means another place in every tenant.
type Assignment struct {
	csp.RoleAssignment
	Tenant csp.TenantID
	Term
}

// Denial is a deny assignment in a tenant.
type Denial struct {
	csp.DenyAssignment
	Tenant csp.TenantID
}

// DirectoryAssignment gives a principal, or the direct members of a group, a
// role in the directory of a tenant (R14).
type DirectoryAssignment struct {
	Tenant    csp.TenantID
	Principal csp.ObjectID
	Role      csp.DirectoryRoleID
	Term
}

// FactKind is a list of Facts, or something that no list holds yet.
type FactKind uint8

// What can be missing.
const (
	// MissingTenant: nothing was collected from the tenant.
	MissingTenant FactKind = iota + 1
	MissingPrincipal
	MissingMemberships
	MissingSubscription
	MissingPlacements
	MissingRole
	MissingAssignments
	MissingDenials
	MissingDirectoryRoles
	// MissingCondition: a condition is known and cannot be judged.
	MissingCondition
	// MissingSignIn: how a principal of one tenant signs in to another is not
	// part of the facts (R10-R13, R22, R28).
	MissingSignIn
	// MissingTakeover: what a holder of a privileged role could take over by using
	// it is not part of the facts (R15, R26).
	MissingTakeover
	// MissingActivation: what activating an eligible membership would do to a deny
	// assignment that names the group is not worked out (R19, R29).
	MissingActivation
	// MissingQuestion: the question lacks its action, its scope or its instant.
	MissingQuestion
)

var factNames = map[FactKind]string{
	MissingTenant:         "everything",
	MissingPrincipal:      "the principal",
	MissingMemberships:    "group memberships",
	MissingSubscription:   "the subscription",
	MissingPlacements:     "management groups",
	MissingRole:           "a role definition",
	MissingAssignments:    "role assignments",
	MissingDenials:        "deny assignments",
	MissingDirectoryRoles: "directory roles",
	MissingCondition:      "the outcome of a condition",
	MissingSignIn:         "the sign-in to another tenant",
	MissingTakeover:       "what could be taken over",
	MissingActivation:     "the effect of an activation",
	MissingQuestion:       "a proper question",
}

// String names what is missing.
func (k FactKind) String() string {
	if name, ok := factNames[k]; ok {
		return name
	}
	return "a fact"
}

// Gap is something that is not known, and why. In Facts it says what could not be
// collected: of the tenant, and if Scope is not zero, at that scope and below it.
// In an Answer it says what the answer would depend on.
type Gap struct {
	Fact   FactKind
	Tenant csp.TenantID
	Scope  csp.Scope
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
