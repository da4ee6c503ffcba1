package csp

// Tenant is one Entra directory. A partner's and a customer's are the same kind
// of thing in different roles (R1).
type Tenant struct {
	ID   TenantID
	Name string
	// DefaultDomain is the domain that names the tenant in mails and sign-in
	// names, such as contoso.onmicrosoft.com.
	DefaultDomain Domain
}

// Noun names the thing in error sentences.
func (Tenant) Noun() string { return "tenant" }

// Subscription is an Azure subscription; it trusts exactly one tenant.
type Subscription struct {
	ID     SubscriptionID
	Tenant TenantID
	Name   string
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

// Principal is who can hold access in a tenant.
type Principal struct {
	ID     ObjectID
	Tenant TenantID
	Type   PrincipalType
	Name   string
}

// Noun names the thing in error sentences.
func (Principal) Noun() string { return "principal" }
