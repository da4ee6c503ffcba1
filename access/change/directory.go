package change

import (
	"fmt"
	"slices"

	"latchkey/access/naming"
	"latchkey/csp"
)

// GiveDirectoryRole gives a principal a role in a tenant's directory (R14).
type GiveDirectoryRole struct {
	Tenant    csp.TenantID
	Role      csp.DirectoryRole
	Principal csp.ObjectID
}

// TakeDirectoryRole takes one away.
type TakeDirectoryRole struct {
	Tenant    csp.TenantID
	Role      csp.DirectoryRole
	Principal csp.ObjectID
}

// ActivateDirectoryRole makes an eligible one count (R29).
type ActivateDirectoryRole struct {
	Tenant    csp.TenantID
	Role      csp.DirectoryRole
	Principal csp.ObjectID
}

func (GiveDirectoryRole) change()     {}
func (TakeDirectoryRole) change()     {}
func (ActivateDirectoryRole) change() {}

// Sentence is "give directory role User Administrator to bob in Contoso".
func (c GiveDirectoryRole) Sentence(n *naming.Names) string {
	return "give directory role " + naming.Clean(c.Role.Name) + " to " + n.Say(c.Principal) + " in " + n.SayTenant(c.Tenant)
}

// Sentence is "take directory role User Administrator from bob in Contoso".
func (c TakeDirectoryRole) Sentence(n *naming.Names) string {
	return "take directory role " + naming.Clean(c.Role.Name) + " from " + n.Say(c.Principal) + " in " + n.SayTenant(c.Tenant)
}

// Sentence is "activate directory role User Administrator of bob in Contoso".
func (c ActivateDirectoryRole) Sentence(n *naming.Names) string {
	return "activate directory role " + naming.Clean(c.Role.Name) + " of " + n.Say(c.Principal) + " in " + n.SayTenant(c.Tenant)
}

func (c GiveDirectoryRole) fits(a csp.DirectoryAssignment) bool {
	return a.Tenant == c.Tenant && a.Role == c.Role.ID && a.Principal == c.Principal
}

// Apply refuses a principal of another tenant, a group that was not made for
// directory roles (R14), and what is given already.
func (c GiveDirectoryRole) Apply(f csp.Facts) (csp.Facts, error) {
	p, listed := principal(f, c.Principal)
	switch {
	case listed && p.Tenant != c.Tenant:
		return csp.Facts{}, fmt.Errorf("%s is of %s and can hold no directory role in %s: invite him there first, or lend the role by GDAP (R11)",
			nameOf(f, p.ID), tenantName(f, p.Tenant), tenantName(f, c.Tenant))
	case listed && p.Type == csp.Group && !p.RoleAssignable:
		return csp.Facts{}, fmt.Errorf("%s was not made for directory roles, and only a group that was can be given one (R14)", nameOf(f, p.ID))
	case slices.ContainsFunc(f.DirectoryAssignments, func(a csp.DirectoryAssignment) bool { return c.fits(a) && a.Term == (csp.Term{}) }):
		return csp.Facts{}, fmt.Errorf("%s holds %s in %s already", nameOf(f, c.Principal), c.Role.Name, tenantName(f, c.Tenant))
	}
	if !slices.ContainsFunc(f.DirectoryRoles, func(r csp.DirectoryRole) bool { return r.ID == c.Role.ID }) {
		f.DirectoryRoles = with(f.DirectoryRoles, c.Role)
	}
	f.DirectoryAssignments = with(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: c.Tenant, Principal: c.Principal, Role: c.Role.ID})
	return f, nil
}

// Apply refuses where it was not given.
func (c TakeDirectoryRole) Apply(f csp.Facts) (csp.Facts, error) {
	kept, some := without(f.DirectoryAssignments, GiveDirectoryRole(c).fits)
	if !some {
		return csp.Facts{}, fmt.Errorf("%s is not given %s in %s himself, so there is nothing to take", nameOf(f, c.Principal), c.Role.Name, tenantName(f, c.Tenant))
	}
	f.DirectoryAssignments = kept
	return f, nil
}

// Apply refuses where he is not eligible.
func (c ActivateDirectoryRole) Apply(f csp.Facts) (csp.Facts, error) {
	for _, a := range f.DirectoryAssignments {
		if GiveDirectoryRole(c).fits(a) && a.Eligible {
			a.Eligible = false
			f.DirectoryAssignments = with(f.DirectoryAssignments, a)
			return f, nil
		}
	}
	return csp.Facts{}, fmt.Errorf("%s is not eligible for %s in %s, so there is nothing to activate (R29)", nameOf(f, c.Principal), c.Role.Name, tenantName(f, c.Tenant))
}
