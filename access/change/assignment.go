package change

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access/naming"
	"latchkey/csp"
)

// Assign gives a principal a role at a scope.
type Assign struct {
	Tenant    csp.TenantID // above subscriptions
	Scope     csp.Scope
	Role      csp.RoleDefinition
	Principal csp.ObjectID
}

// Unassign deletes the assignments of a role to a principal at exactly a scope.
type Unassign struct {
	Tenant    csp.TenantID // above subscriptions
	Scope     csp.Scope
	Role      csp.RoleDefinition
	Principal csp.ObjectID
}

// ActivateAssignment makes an eligible assignment count (R29).
type ActivateAssignment struct {
	Tenant    csp.TenantID // above subscriptions
	Scope     csp.Scope
	Role      csp.RoleDefinition
	Principal csp.ObjectID
}

func (Assign) change()             {}
func (Unassign) change()           {}
func (ActivateAssignment) change() {}

// Sentence is "assign Owner to bob at shop".
func (c Assign) Sentence(n *naming.Names) string {
	return "assign " + naming.Clean(c.Role.Name) + " to " + n.Say(c.Principal) + " at " + n.SayScope(c.Tenant, c.Scope)
}

// Sentence is "remove bob's Owner at shop".
func (c Unassign) Sentence(n *naming.Names) string {
	return "remove " + n.Say(c.Principal) + "'s " + naming.Clean(c.Role.Name) + " at " + n.SayScope(c.Tenant, c.Scope)
}

// Sentence is "activate bob's Owner at shop".
func (c ActivateAssignment) Sentence(n *naming.Names) string {
	return "activate " + n.Say(c.Principal) + "'s " + naming.Clean(c.Role.Name) + " at " + n.SayScope(c.Tenant, c.Scope)
}

// fits says whether the assignment is of the role to the principal at the place.
func (c Assign) fits(f csp.Facts, a csp.Assignment) bool {
	return a.Role == c.Role.ID && a.Principal == c.Principal && a.Scope.Equal(c.Scope) &&
		tenantOf(f, a.Tenant, a.Scope) == tenantOf(f, c.Tenant, c.Scope)
}

// Apply refuses who cannot be assigned a role there (R20, R21), and what is
// assigned already (R37).
func (c Assign) Apply(f csp.Facts) (csp.Facts, error) {
	tenant := tenantOf(f, c.Tenant, c.Scope)
	kind, err := c.principalType(f, tenant)
	if err != nil {
		return csp.Facts{}, err
	}
	if slices.ContainsFunc(f.Assignments, func(a csp.Assignment) bool {
		return c.fits(f, a) && a.Term == (csp.Term{}) && a.Condition == ""
	}) {
		return csp.Facts{}, fmt.Errorf("%s holds %s at %s already (R37)", nameOf(f, c.Principal), c.Role.Name, c.Scope)
	}
	if !slices.ContainsFunc(f.Roles, func(r csp.RoleDefinition) bool { return r.ID == c.Role.ID }) {
		f.Roles = with(f.Roles, c.Role)
	}
	f.Assignments = with(f.Assignments, csp.Assignment{Tenant: tenant, RoleAssignment: csp.RoleAssignment{
		Name:  madeID[csp.RoleAssignment]("assign", tenant.String(), c.Scope.Key(), c.Role.ID.String(), c.Principal.String()),
		Scope: c.Scope, Role: c.Role.ID, Principal: c.Principal, PrincipalType: kind,
	}})
	return f, nil
}

// principalType is the type that an assignment to the principal must have in the tenant.
func (c Assign) principalType(f csp.Facts, tenant csp.TenantID) (csp.PrincipalType, error) {
	p, listed := principal(f, c.Principal)
	switch {
	case !listed || tenant.IsZero() || p.Tenant == tenant:
		return p.Type, nil
	case p.Type != csp.Group:
		return "", fmt.Errorf("%s is of %s, and roles at %s go to principals of %s only (R20): invite him there first",
			nameOf(f, p.ID), tenantName(f, p.Tenant), c.Scope, tenantName(f, tenant))
	case !related(f, p.Tenant, tenant):
		return "", fmt.Errorf("%s is a group of %s, which is no partner of %s: only a partner's group can be assigned a role there (R21)",
			nameOf(f, p.ID), tenantName(f, p.Tenant), tenantName(f, tenant))
	}
	return csp.ForeignGroup, nil
}

// related says whether a partner has any relationship with a customer (R21).
func related(f csp.Facts, partner, customer csp.TenantID) bool {
	return slices.ContainsFunc(f.Resellers, func(r csp.ResellerRelationship) bool { return r.Partner == partner && r.Customer == customer }) ||
		slices.ContainsFunc(f.DAPs, func(d csp.DAPRelationship) bool { return d.Partner == partner && d.Customer == customer }) ||
		slices.ContainsFunc(f.GDAPs, func(g csp.GDAPRelationship) bool {
			return g.Partner == partner && g.Customer == customer && g.Status == csp.GDAPActive
		})
}

// Apply refuses where there is no such assignment at the scope itself, and says
// where there is one that reaches it.
func (c Unassign) Apply(f csp.Facts) (csp.Facts, error) {
	kept, some := without(f.Assignments, func(a csp.Assignment) bool { return Assign(c).fits(f, a) })
	if some {
		f.Assignments = kept
		return f, nil
	}
	err := fmt.Errorf("%s holds no %s at %s itself", nameOf(f, c.Principal), c.Role.Name, c.Scope)
	for _, a := range f.Assignments {
		if a.Role == c.Role.ID && a.Principal == c.Principal && a.Scope.Contains(c.Scope) && tenantOf(f, a.Tenant, a.Scope) == tenantOf(f, c.Tenant, c.Scope) {
			return csp.Facts{}, fmt.Errorf("%w; it is inherited from %s", err, a.Scope)
		}
	}
	return csp.Facts{}, err
}

// Apply refuses where there is no eligible assignment.
func (c ActivateAssignment) Apply(f csp.Facts) (csp.Facts, error) {
	for _, a := range f.Assignments {
		if Assign(c).fits(f, a) && a.Eligible {
			a.Eligible = false
			a.Name = madeID[csp.RoleAssignment]("activate", a.Name.String(), tenantOf(f, a.Tenant, a.Scope).String(), c.Scope.Key(), c.Role.ID.String(), c.Principal.String())
			f.Assignments = with(f.Assignments, a)
			return f, nil
		}
	}
	return csp.Facts{}, fmt.Errorf("%s is not eligible for %s at %s itself, so there is nothing to activate (R29)", nameOf(f, c.Principal), c.Role.Name, c.Scope)
}

// Invite makes a guest account for a user of another tenant (R2), which shuts
// GDAP to him there (R13).
type Invite struct {
	Account csp.ObjectID
	Tenant  csp.TenantID
}

// RemoveGuest deletes the guest account of a user of another tenant. Role
// assignments to it stay behind as assignments to nobody.
type RemoveGuest struct {
	Account csp.ObjectID // the guest, or the account that is his home
	Tenant  csp.TenantID
}

func (Invite) change()      {}
func (RemoveGuest) change() {}

// Sentence is "invite ann to Contoso".
func (c Invite) Sentence(n *naming.Names) string {
	return "invite " + n.Say(c.Account) + " to " + n.SayTenant(c.Tenant)
}

// Sentence is "remove guest ann from Contoso".
func (c RemoveGuest) Sentence(n *naming.Names) string {
	return "remove guest " + n.Say(c.Account) + " from " + n.SayTenant(c.Tenant)
}

// guest finds the guest account of an account in a tenant.
func guest(f csp.Facts, account csp.ObjectID, tenant csp.TenantID) (csp.Principal, bool) {
	i := slices.IndexFunc(f.Principals, func(p csp.Principal) bool {
		return p.Tenant == tenant && p.Source == csp.Guest && (p.Home == account || p.ID == account)
	})
	if i < 0 {
		return csp.Principal{}, false
	}
	return f.Principals[i], true
}

// Apply refuses who is no user, belongs to the tenant, or is a guest there already.
func (c Invite) Apply(f csp.Facts) (csp.Facts, error) {
	account, listed := principal(f, c.Account)
	switch {
	case !listed || account.Type != csp.User:
		return csp.Facts{}, fmt.Errorf("%s is no user that the facts list, and only users can be invited", nameOf(f, c.Account))
	case account.Tenant == c.Tenant:
		return csp.Facts{}, fmt.Errorf("%s is of %s already", nameOf(f, c.Account), tenantName(f, c.Tenant))
	}
	if _, there := guest(f, c.Account, c.Tenant); there {
		return csp.Facts{}, fmt.Errorf("%s is a guest of %s already", nameOf(f, c.Account), tenantName(f, c.Tenant))
	}
	f.Principals = with(f.Principals, csp.Principal{
		ID: madeID[csp.Principal]("guest", c.Account.String(), c.Tenant.String()), Tenant: c.Tenant, Type: csp.User,
		Name: account.Name, SignInName: guestSignIn(f, account.SignInName, c.Tenant), Source: csp.Guest, Home: account.ID, HomeTenant: account.Tenant,
	})
	return f, nil
}

// guestSignIn is the sign-in name that a directory gives a guest.
func guestSignIn(f csp.Facts, signIn string, tenant csp.TenantID) string {
	i := slices.IndexFunc(f.Tenants, func(t csp.Tenant) bool { return t.ID == tenant })
	if i < 0 || signIn == "" || f.Tenants[i].DefaultDomain == "" {
		return ""
	}
	return strings.ReplaceAll(signIn, "@", "_") + "#EXT#@" + f.Tenants[i].DefaultDomain.String()
}

// Apply refuses who is no guest there. What names the guest account as a member or
// as the holder of a directory role goes with it.
func (c RemoveGuest) Apply(f csp.Facts) (csp.Facts, error) {
	g, there := guest(f, c.Account, c.Tenant)
	if !there {
		return csp.Facts{}, fmt.Errorf("%s is no guest of %s", nameOf(f, c.Account), tenantName(f, c.Tenant))
	}
	f.Principals, _ = without(f.Principals, func(p csp.Principal) bool { return p.ID == g.ID })
	f.Memberships, _ = without(f.Memberships, func(m csp.Membership) bool { return m.Member == g.ID })
	f.DirectoryAssignments, _ = without(f.DirectoryAssignments, func(a csp.DirectoryAssignment) bool { return a.Principal == g.ID })
	f.People = slices.Clone(f.People)
	for i, person := range f.People {
		f.People[i].Accounts, _ = without(person.Accounts, func(id csp.ObjectID) bool { return id == g.ID })
	}
	return f, nil
}
