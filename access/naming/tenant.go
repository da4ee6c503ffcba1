package naming

import (
	"strings"

	"latchkey/access/estate"
	"latchkey/csp"
	"latchkey/csp/names"
)

// Tenant finds a tenant by its id, a verified domain (R1), its name, the first
// label of its default domain, or the first words of its name, in that order and
// in any case.
func (n *Names) Tenant(text string) (estate.Tenant, error) {
	text = strings.TrimSpace(text)
	if id, err := csp.ParseID[csp.Tenant](text); err == nil {
		if t, ok := n.e.FindTenant(id); ok {
			return t, nil
		}
		return estate.None, &Error{Noun: "tenant", Text: text}
	}
	for _, step := range []func(estate.Tenant) bool{
		func(t estate.Tenant) bool { return same(n.e.TenantDomain.Bytes(int(t)), text) || n.hasDomain(t, text) },
		func(t estate.Tenant) bool { return same(n.e.TenantName.Bytes(int(t)), text) },
		func(t estate.Tenant) bool {
			label, _, _ := strings.Cut(n.e.TenantDomain.At(int(t)), ".")
			return label != "" && strings.EqualFold(label, text)
		},
		func(t estate.Tenant) bool { return beginsWithWords(n.e.TenantName.Bytes(int(t)), text) },
	} {
		var found []estate.Tenant
		for t := range estate.Tenant(len(n.e.TenantID)) {
			if step(t) {
				found = append(found, t)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return estate.None, n.tenantAmbiguous(text, found)
		}
	}
	return estate.None, n.tenantUnknown(text)
}

func (n *Names) hasDomain(t estate.Tenant, text string) bool {
	for i, owner := range n.e.DomainTenant {
		if owner == t && same(n.e.DomainName.Bytes(i), text) {
			return true
		}
	}
	return false
}

func (n *Names) tenantAmbiguous(text string, found []estate.Tenant) error {
	candidates := make([]string, len(found))
	for i, t := range found {
		candidates[i] = n.TenantLabel(t)
	}
	return ambiguous("tenant", text, "", candidates)
}

func (n *Names) tenantUnknown(text string) error {
	near := names.NearTo(text)
	n.offerTenants(near)
	return unknown("tenant", text, "", near).orKnown("tenants", n.tenantNames)
}

// offerTenants takes all tenants into account.
func (n *Names) offerTenants(near *names.Near) {
	for t := range estate.Tenant(len(n.e.TenantID)) {
		say := func() string { return n.TenantLabel(t) }
		name, domain := n.e.TenantName.At(int(t)), n.e.TenantDomain.At(int(t))
		label, _, _ := strings.Cut(domain, ".")
		near.Offer(name, say)
		near.Offer(domain, say)
		near.Offer(label, say)
	}
}

// TenantLabel is a tenant as people and Tenant read it: "Contoso
// (contoso.example)".
func (n *Names) TenantLabel(t estate.Tenant) string {
	if t == estate.None {
		return "an unknown tenant"
	}
	name, domain := Clean(n.e.TenantName.At(int(t))), Clean(n.e.TenantDomain.At(int(t)))
	switch {
	case name == "" && domain == "":
		return n.e.TenantID[t].String()
	case domain == "":
		return name + " (" + n.e.TenantID[t].String() + ")"
	case name == "":
		return domain
	}
	return name + " (" + domain + ")"
}

// tenantName is the short name of a tenant, empty for none.
func (n *Names) tenantName(t estate.Tenant) string {
	if t == estate.None {
		return ""
	}
	if name := Clean(n.e.TenantName.At(int(t))); name != "" {
		return name
	}
	return n.TenantLabel(t)
}
