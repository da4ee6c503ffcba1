package csp

// Tenant is one Entra directory. A partner's and a customer's are the same kind
// of thing in different roles (R1).
type Tenant struct {
	ID   TenantID
	Name string
	// DefaultDomain is the domain that names the tenant in mails and sign-in
	// names, such as contoso.onmicrosoft.com.
	DefaultDomain Domain
	// OldRules: the rules of legacy delegated administration still hold there, so
	// that an agent reaches Azure through a direct link to the tenant although the
	// partner is no delegated administrator any more (R22).
	OldRules bool
}

// Noun names the thing in error sentences.
func (Tenant) Noun() string { return "tenant" }

// Subscription is an Azure subscription; it trusts exactly one tenant.
type Subscription struct {
	ID     SubscriptionID
	Tenant TenantID
	Name   string
	// Creator is the partner that created it; zero: the customer itself, or unknown (R21).
	Creator TenantID
}

// Noun names the thing in error sentences.
func (Subscription) Noun() string { return "subscription" }

// PrincipalType is what kind of thing holds access, spelt as Azure spells it.
type PrincipalType string

// The principal types an Azure role assignment may name (R20, R21).
const (
	User             PrincipalType = "User"
	Group            PrincipalType = "Group"
	ServicePrincipal PrincipalType = "ServicePrincipal"
	// ForeignGroup is a partner's agent group seen from a customer's tenant (R21).
	ForeignGroup PrincipalType = "ForeignGroup"
)

// Source is where an account comes from (R2).
type Source string

// The sources of a user account.
const (
	Cloud            Source = "cloud"
	Synced           Source = "synced" // or federated, from a directory on site
	MicrosoftAccount Source = "microsoft account"
	Guest            Source = "guest" // of another tenant; Home says whose
)

// AgentRole is what a partner's user may do for customers: membership of the
// partner's group of that name (R7, R9).
type AgentRole string

// The agent roles, by the name of their group.
const (
	AdminAgents    AgentRole = "AdminAgents"
	HelpdeskAgents AgentRole = "HelpdeskAgents"
	SalesAgents    AgentRole = "SalesAgents"
)

// Principal is who can hold access in a tenant.
type Principal struct {
	ID     ObjectID
	Tenant TenantID
	Type   PrincipalType // User, Group or ServicePrincipal: what it is at home
	Name   string
	// SignInName is a user's name at sign-in, such as ann@contoso.example.
	SignInName string
	// Source is empty for a cloud account and for what is no account.
	Source Source
	// Home is the account of which a guest is the guest; zero: none, or unknown.
	Home ObjectID
	// HomeTenant is the tenant of that account.
	HomeTenant TenantID
	// Agents: the group is the partner's group of that agent role (R7).
	Agents AgentRole
	// RoleAssignable: the group was made for directory roles (R14).
	RoleAssignable bool
	// Dynamic: the group's members follow a rule, so that nobody can be added (R33).
	Dynamic bool
}

// Noun names the thing in error sentences.
func (Principal) Noun() string { return "principal" }
