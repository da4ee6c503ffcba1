package csp

// DirectoryRoleID is the template id of an Entra directory role, the same in every tenant.
type DirectoryRoleID = ID[DirectoryRole]

// DirectoryRole is a role of the Entra directory, as opposed to a role on Azure
// resources: it is given at the tenant, not at a scope. Built-in ones are data
// in package builtin.
type DirectoryRole struct {
	ID   DirectoryRoleID
	Name string
	// Privileged is Microsoft's own label on the role, taken over as published.
	Privileged bool
	// GDAP says whether the role may be part of a GDAP relationship (R11).
	GDAP GDAPSupport
	// Actions as published. An empty list means that none are published, not
	// that the role allows nothing.
	Actions []string
}

// Noun names the thing in error sentences.
func (DirectoryRole) Noun() string { return "directory role" }

// GDAPSupport says whether a directory role may be lent through GDAP.
type GDAPSupport string

// The values of GDAPSupport. Unknown is not a refusal.
const (
	GDAPUnknown     GDAPSupport = "unknown"
	GDAPSupported   GDAPSupport = "supported"
	GDAPUnsupported GDAPSupport = "unsupported"
)
