package naming

import (
	"cmp"
	"slices"

	"latchkey/access/estate"
)

// ListTenants are all tenants as people read them, sorted.
func (n *Names) ListTenants() []string {
	all := make([]string, len(n.e.TenantID))
	for t := range all {
		all[t] = n.TenantLabel(estate.Tenant(t))
	}
	return sorted(all)
}

// ListPrincipals are all listed principals of a sort as people read them, sorted.
// A guest is left out where the account that is his home is listed too (R2).
func (n *Names) ListPrincipals(sort Sort, in estate.Tenant) []string {
	var all []string
	for _, p := range n.where(sort, in, everyone) {
		all = append(all, n.PrincipalLabel(p))
	}
	return sorted(all)
}

// ListSubscriptions are all subscriptions as people read them, sorted.
func (n *Names) ListSubscriptions(in estate.Tenant) []string {
	var all []string
	for _, node := range n.e.SubscriptionNode {
		if n.inTenant(node, in) {
			all = append(all, n.PlaceLabel(node))
		}
	}
	return sorted(all)
}

func everyone(estate.Principal) bool { return true }

// What an error lists has the short names of things.

func (n *Names) tenantNames() []string {
	all := make([]string, len(n.e.TenantID))
	for t := range all {
		all[t] = n.tenantName(estate.Tenant(t))
	}
	return sorted(all)
}

func (n *Names) principalNames(sort Sort, in estate.Tenant) []string {
	var all []string
	for _, p := range n.where(sort, in, everyone) {
		name, signIn := n.e.PrincipalName.At(int(p)), n.e.PrincipalSignIn.At(int(p))
		all = append(all, Clean(cmp.Or(name, signIn, n.e.PrincipalID[p].String())))
	}
	return sorted(all)
}

func (n *Names) subscriptionNames(in estate.Tenant) []string {
	var all []string
	for i, node := range n.e.SubscriptionNode {
		if n.inTenant(node, in) {
			all = append(all, Clean(cmp.Or(n.e.SubscriptionName.At(i), n.e.SubscriptionID[i].String())))
		}
	}
	return sorted(all)
}

// sorted sorts names and leaves out repetitions.
func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
