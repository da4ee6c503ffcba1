package change

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access/naming"
	"latchkey/csp"
)

// EndDAP removes a partner from a customer's delegated administrators: the first
// switch of R23.
type EndDAP struct{ Partner, Customer csp.TenantID }

// EndGDAP terminates a GDAP relationship: the second switch of R23.
type EndGDAP struct{ ID csp.GDAPID }

// EndReseller ends a reseller relationship, which takes no access away: the third
// switch of R23.
type EndReseller struct{ Partner, Customer csp.TenantID }

// DropForeignPrincipal deletes the assignments of a partner's groups at a place
// and not below it: the fourth switch of R23. With no partner, those of the only
// partner that has any there.
type DropForeignPrincipal struct {
	Tenant  csp.TenantID // above subscriptions
	Scope   csp.Scope
	Partner csp.TenantID
}

func (EndDAP) change()               {}
func (EndGDAP) change()              {}
func (EndReseller) change()          {}
func (DropForeignPrincipal) change() {}

// Sentence is "remove partner Alder Cloud from Contoso's partners".
func (c EndDAP) Sentence(n *naming.Names) string {
	return "remove partner " + n.SayTenant(c.Partner) + " from " + n.SayTenant(c.Customer) + "'s partners"
}

// Sentence is "end gdap Contoso helpdesk".
func (c EndGDAP) Sentence(n *naming.Names) string { return "end gdap " + n.SayGDAP(c.ID) }

// Sentence is "end reseller Alder Cloud of Contoso".
func (c EndReseller) Sentence(n *naming.Names) string {
	return "end reseller " + n.SayTenant(c.Partner) + " of " + n.SayTenant(c.Customer)
}

// Sentence is "delete the foreign principal's assignment at shop".
func (c DropForeignPrincipal) Sentence(n *naming.Names) string {
	whose := "the foreign principal's assignment"
	if !c.Partner.IsZero() {
		whose = "the foreign principal's assignment of " + n.SayTenant(c.Partner)
	}
	return "delete " + whose + " at " + n.SayScope(c.Tenant, c.Scope)
}

// Apply refuses where the customer does not list the partner.
func (c EndDAP) Apply(f csp.Facts) (csp.Facts, error) {
	kept, some := without(f.DAPs, func(d csp.DAPRelationship) bool { return d.Partner == c.Partner && d.Customer == c.Customer })
	if !some {
		return csp.Facts{}, fmt.Errorf("%s does not list %s as its delegated administrator, so there is nothing to remove%s",
			tenantName(f, c.Customer), tenantName(f, c.Partner), otherSwitches(f, c.Partner, c.Customer))
	}
	f.DAPs = kept
	return f, nil
}

// Apply refuses where there is no such relationship, or it has ended already.
func (c EndGDAP) Apply(f csp.Facts) (csp.Facts, error) {
	i := slices.IndexFunc(f.GDAPs, func(g csp.GDAPRelationship) bool { return g.ID == c.ID })
	if i < 0 {
		return csp.Facts{}, fmt.Errorf("there is no GDAP relationship %s", c.ID)
	}
	if status := f.GDAPs[i].Status; status != csp.GDAPActive {
		return csp.Facts{}, fmt.Errorf("the GDAP relationship %q is not active but %s, so it gives nothing that could end (R11)", naming.Clean(f.GDAPs[i].Name), status)
	}
	f.GDAPs = slices.Clone(f.GDAPs)
	f.GDAPs[i].Status = csp.GDAPTerminated
	return f, nil
}

// Apply refuses where there is no such relationship.
func (c EndReseller) Apply(f csp.Facts) (csp.Facts, error) {
	kept, some := without(f.Resellers, func(r csp.ResellerRelationship) bool { return r.Partner == c.Partner && r.Customer == c.Customer })
	if !some {
		return csp.Facts{}, fmt.Errorf("%s is no reseller of %s, so there is no relationship to end%s",
			tenantName(f, c.Partner), tenantName(f, c.Customer), otherSwitches(f, c.Partner, c.Customer))
	}
	f.Resellers = kept
	return f, nil
}

// Apply refuses where no foreign principal has anything at the place, and where
// those of several partners have.
func (c DropForeignPrincipal) Apply(f csp.Facts) (csp.Facts, error) {
	partners := map[csp.TenantID]bool{}
	fits := func(a csp.Assignment) bool {
		if a.PrincipalType != csp.ForeignGroup || !a.Scope.Equal(c.Scope) || tenantOf(f, a.Tenant, a.Scope) != tenantOf(f, c.Tenant, c.Scope) {
			return false
		}
		group, _ := principal(f, a.Principal)
		if !c.Partner.IsZero() && group.Tenant != c.Partner {
			return false
		}
		partners[group.Tenant] = true
		return true
	}
	kept, some := without(f.Assignments, fits)
	if !some {
		return csp.Facts{}, fmt.Errorf("no foreign principal has a role assigned at %s itself, so there is nothing to delete (R21)", c.Scope)
	}
	if len(partners) > 1 {
		names := make([]string, 0, len(partners))
		for id := range partners {
			names = append(names, tenantName(f, id))
		}
		slices.Sort(names)
		return csp.Facts{}, fmt.Errorf("the foreign principals of %d partners have roles at %s (R5): write which, as in \"delete the foreign principal's assignment of %s at ...\"", len(names), c.Scope, names[0])
	}
	f.Assignments = kept
	return f, nil
}

// otherSwitches says which relationships there are between the two instead.
func otherSwitches(f csp.Facts, partner, customer csp.TenantID) string {
	var there []string
	if slices.ContainsFunc(f.DAPs, func(d csp.DAPRelationship) bool { return d.Partner == partner && d.Customer == customer }) {
		there = append(there, "delegated administration (DAP)")
	}
	for _, g := range f.GDAPs {
		if g.Partner == partner && g.Customer == customer {
			there = append(there, fmt.Sprintf("the GDAP relationship %q", naming.Clean(g.Name)))
		}
	}
	if slices.ContainsFunc(f.Resellers, func(r csp.ResellerRelationship) bool { return r.Partner == partner && r.Customer == customer }) {
		there = append(there, "a reseller relationship")
	}
	if there == nil {
		return "; the two have no relationship at all"
	}
	return "; between them there is " + strings.Join(there, ", ")
}
