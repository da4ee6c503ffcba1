package naming

import (
	"cmp"

	"latchkey/access"
	"latchkey/csp"
)

// PrincipalName is the name of a principal, or else its sign-in name, or else its
// id. Others may have the same: [Names.Say] and [Names.PrincipalLabel] tell it from
// them.
func (n *Names) PrincipalName(id csp.ObjectID) string {
	p, ok := n.e.FindPrincipal(id)
	if !ok {
		return id.String()
	}
	return Clean(cmp.Or(n.e.PrincipalName.At(int(p)), n.e.PrincipalSignIn.At(int(p)), id.String()))
}

// TenantName is the name of a tenant, or else its domain, or else its id.
func (n *Names) TenantName(id csp.TenantID) string {
	t, ok := n.e.FindTenant(id)
	if !ok {
		return id.String()
	}
	return n.tenantName(t)
}

// PlaceName is what leads to a place in its tenant: "shop/shop-web/vm-1". It is the
// scope's id where there are no names, and of a directory the tenant's name.
func (n *Names) PlaceName(place access.Place) string {
	if place.IsDirectory() {
		return n.TenantName(place.Tenant)
	}
	if node, exact := n.e.FindNode(n.TenantOf(place), place.Scope.String()); exact {
		if path, ok := n.path(node); ok {
			return Clean(path)
		}
	}
	return place.Scope.String()
}
