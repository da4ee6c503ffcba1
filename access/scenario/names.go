package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/names"
)

// Names finds the people, tenants and places of a small world by what a scenario
// calls them: as package names says, and places besides. Case never matters (R1,
// R17).
type Names struct {
	*names.Directory
	facts csp.Facts
}

// NamesOf are the names of the facts.
func NamesOf(facts csp.Facts) Names { return Names{names.New(facts), facts} }

// Principal finds a user or service principal. A name without a tenant means no
// guest if anybody else has it, so that "james" is James at home, and "james @
// Contoso" his guest account there.
func (n Names) Principal(asked string) (csp.ObjectID, error) {
	text, found := asked, n.called(asked)
	if notGuests := slices.DeleteFunc(slices.Clone(found), isGuest); len(notGuests) > 0 {
		found = notGuests
	}
	if len(found) == 1 {
		text = found[0].ID.String()
	}
	id, err := n.Directory.Principal(csp.TenantID{}, text)
	if err != nil {
		return id, err
	}
	if slices.ContainsFunc(n.facts.Principals, func(p csp.Principal) bool { return p.ID == id && p.Type == csp.Group }) {
		return csp.ObjectID{}, fmt.Errorf("%q is a group: ask about one of its members", asked)
	}
	return id, nil
}

// called finds principals by name or sign-in name.
func (n Names) called(text string) []csp.Principal {
	var found []csp.Principal
	for _, p := range n.facts.Principals {
		if text != "" && (strings.EqualFold(p.Name, text) || strings.EqualFold(p.SignInName, text)) {
			found = append(found, p)
		}
	}
	return found
}

func isGuest(p csp.Principal) bool { return p.Source == csp.Guest }

// withoutGuests leaves out of an answer the guest accounts of those who are in it
// by their account at home, but for those that are wanted: James is listed once.
func (n Names) withoutGuests(got, wanted map[csp.ObjectID]access.Verdict) map[csp.ObjectID]access.Verdict {
	people := maps.Clone(got)
	for _, p := range n.facts.Principals {
		_, asked := wanted[p.ID]
		if _, listed := got[p.Home]; isGuest(p) && listed && !asked {
			delete(people, p.ID)
		}
	}
	return people
}

// PrincipalName is how a scenario would call the principal.
func (n Names) PrincipalName(id csp.ObjectID) string {
	name := n.Directory.PrincipalName(csp.TenantID{}, id)
	for _, p := range n.facts.Principals {
		if found, err := n.Principal(p.Name); p.ID == id && err == nil && found == id {
			return p.Name
		}
	}
	return name
}

// Place finds a scope by what people call it:
//
//	shop                                            a subscription, by name or id
//	shop/web                                        a resource group
//	shop/web/vm1                                    a resource that the world lists
//	shop/web/Microsoft.Compute/virtualMachines/vm1  any resource
//	shop/providers/Microsoft.Security/pricings/x    one right below the subscription
//	management group it of contoso
//	root of contoso
//	/subscriptions/...                              the whole id
func (n Names) Place(text string) (access.Place, error) {
	if name, ok := cutWord(text, "root of"); ok {
		tenant, err := n.Tenant(name)
		return access.Place{Tenant: tenant, Scope: csp.Root()}, err
	}
	if rest, ok := cutWord(text, "management group"); ok {
		return n.managementGroup(rest)
	}
	if strings.HasPrefix(text, "/") {
		scope, err := csp.ParseScope(text)
		if err == nil && scope.Subscription().IsZero() {
			err = fmt.Errorf("%s is there in every tenant: write \"root of\" or \"management group ... of\" and the tenant", text)
		}
		return access.At(scope), err
	}
	head, rest, below := strings.Cut(text, "/")
	subscription, err := n.Subscription(csp.TenantID{}, head)
	if err != nil {
		return access.Place{}, err
	}
	scope := csp.SubscriptionScopeOf(subscription)
	if below {
		scope, err = n.below(scope, rest)
	}
	return access.At(scope), err
}

func (n Names) managementGroup(text string) (access.Place, error) {
	name, of, ok := cutLast(text, " of ")
	if !ok {
		return access.Place{}, fmt.Errorf("management group %q: write \"of\" and the tenant after its name", text)
	}
	tenant, err := n.Tenant(of)
	if err != nil {
		return access.Place{}, err
	}
	scope, err := csp.ParseScope("/providers/Microsoft.Management/managementGroups/" + name)
	return access.Place{Tenant: tenant, Scope: scope}, err
}

// below reads what follows the subscription's name.
func (n Names) below(subscription csp.Scope, rest string) (csp.Scope, error) {
	if strings.HasPrefix(rest, "providers/") {
		return csp.ParseScope(subscription.String() + "/" + rest)
	}
	group, resource, deeper := strings.Cut(rest, "/")
	scope, err := csp.ResourceGroupScopeOf(subscription.Subscription(), group)
	if err != nil || !deeper {
		return scope, err
	}
	if strings.Contains(resource, "/") {
		return csp.ParseScope(scope.String() + "/providers/" + resource)
	}
	var found []csp.Scope
	for _, r := range n.facts.Resources {
		if scope.Contains(r.Scope) && !scope.Equal(r.Scope) && strings.EqualFold(r.Scope.Name(), resource) {
			found = append(found, r.Scope)
		}
	}
	if len(found) != 1 {
		return csp.Scope{}, fmt.Errorf("the world lists %d resources called %q in %s: write its type, as in %s/Microsoft.Compute/virtualMachines/%s",
			len(found), resource, group, group, resource)
	}
	return found[0], nil
}

// PlaceName is how a scenario would call the place.
func (n Names) PlaceName(place access.Place) string {
	switch {
	case place.IsDirectory():
		return n.TenantName(place.Tenant)
	case place.Scope.Kind() == csp.RootScope:
		return "root of " + n.TenantName(place.Tenant)
	case place.Scope.Kind() == csp.ManagementGroupScope:
		return "management group " + place.Scope.Name() + " of " + n.TenantName(place.Tenant)
	}
	text := place.Scope.String()
	for _, s := range n.facts.Subscriptions {
		if s.ID == place.Scope.Subscription() {
			text = n.subscriptionName(s) + strings.TrimPrefix(text, csp.SubscriptionScopeOf(s.ID).String())
		}
	}
	if place.Scope.ResourceGroup() == "" {
		return text
	}
	return strings.Replace(strings.Replace(text, "/resourceGroups/", "/", 1), "/providers/", "/", 1)
}

// cutWord cuts leading words off, with the blank behind them.
func cutWord(text, words string) (rest string, ok bool) {
	if len(text) <= len(words) || !strings.EqualFold(text[:len(words)+1], words+" ") {
		return "", false
	}
	return strings.TrimSpace(text[len(words)+1:]), true
}

// cutLast cuts around the last occurrence.
func cutLast(text, mark string) (before, after string, ok bool) {
	i := strings.LastIndex(text, mark)
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+len(mark):], true
}

// subscriptionName is the subscription's name, or its id if the name means several.
func (n Names) subscriptionName(s csp.Subscription) string {
	if id, err := n.Subscription(csp.TenantID{}, s.Name); err == nil && id == s.ID {
		return s.Name
	}
	return s.ID.String()
}

// isAlias says whether the principal is a guest whose home account is listed, by
// which he is told among the holders.
func (n Names) isAlias(p csp.Principal) bool {
	return slices.ContainsFunc(n.facts.Principals, func(home csp.Principal) bool { return home.ID == p.Home })
}
