package naming

import (
	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
	"latchkey/csp/names"
)

// Say is the shortest text by which Principal finds the principal: its name, its
// sign-in name, its name with its tenant's behind an @, or its id.
func (n *Names) Say(id csp.ObjectID) string {
	p, ok := n.e.FindPrincipal(id)
	if !ok {
		return id.String()
	}
	name := n.e.PrincipalName.At(int(p))
	texts := []string{name, n.e.PrincipalSignIn.At(int(p))}
	if t := n.e.PrincipalTenant[p]; t != estate.None && name != "" {
		texts = append(texts, name+" @ "+n.SayTenant(n.e.TenantID[t]))
	}
	for _, text := range texts {
		if found, err := n.Principal(text, Anybody, estate.None); text != "" && err == nil && found == p {
			return Clean(text)
		}
	}
	return id.String()
}

// SayTenant is the shortest text by which Tenant finds the tenant.
func (n *Names) SayTenant(id csp.TenantID) string {
	t, ok := n.e.FindTenant(id)
	if !ok {
		return id.String()
	}
	for _, text := range []string{n.e.TenantName.At(int(t)), n.e.TenantDomain.At(int(t))} {
		if found, err := n.Tenant(text); text != "" && err == nil && found == t {
			return Clean(text)
		}
	}
	return id.String()
}

// SayGDAP is the name of a GDAP relationship, or its id if it has none of its own.
func (n *Names) SayGDAP(id csp.GDAPID) string {
	name, same := "", 0
	for _, g := range n.e.GDAPs {
		if g.ID == id {
			name = g.Name
		}
	}
	for _, g := range n.e.GDAPs {
		if g.Name == name {
			same++
		}
	}
	if name == "" || same > 1 {
		return id.String()
	}
	return Clean(name)
}

// SayPlace is the shortest text by which Place finds the place.
func (n *Names) SayPlace(place access.Place) string {
	if place.IsDirectory() {
		return "directory of " + n.SayTenant(place.Tenant)
	}
	return n.SayScope(place.Tenant, place.Scope)
}

// SayScope is the shortest text by which Place finds the scope: names parted by
// slashes, or the scope's id.
func (n *Names) SayScope(tenant csp.TenantID, scope csp.Scope) string {
	node, exact := n.e.FindNode(n.TenantOf(access.Place{Tenant: tenant, Scope: scope}), scope.String())
	if !exact {
		return scope.String()
	}
	path, ok := n.path(node)
	if !ok {
		return scope.String()
	}
	if found, err := n.scope(path, estate.None); err != nil || !found.Scope.Equal(scope) {
		return scope.String()
	}
	return Clean(path)
}

// TenantOf is the tenant of a place, None if the facts do not tell it.
func (n *Names) TenantOf(place access.Place) estate.Tenant {
	if !place.Tenant.IsZero() {
		if t, ok := n.e.FindTenant(place.Tenant); ok {
			return t
		}
		return estate.None
	}
	if node, _ := n.e.FindNode(estate.None, place.Scope.String()); node != estate.None {
		return n.e.NodeTenant[node]
	}
	return estate.None
}

// UnknownAmong is an Error about a name that is none of the given ones.
func (n *Names) UnknownAmong(noun, text string, all []string) error {
	near := names.NearTo(text)
	for _, name := range all {
		near.Offer(name, func() string { return name })
	}
	return unknown(noun, text, "", near)
}
