package picture

import (
	"strings"

	"latchkey/access"
	"latchkey/csp"
)

// Names tell what people call the things of which an answer has no more than an
// id. Of what it does not know, it returns the id.
type Names interface {
	PrincipalName(csp.ObjectID) string
	TenantName(csp.TenantID) string
	PlaceName(access.Place) string
}

// NamesIn are the names that the facts behind the index have.
func NamesIn(x *access.Index) Names { return indexNames{x} }

type indexNames struct{ *access.Index }

func (n indexNames) PrincipalName(id csp.ObjectID) string {
	if p, ok := n.FindPrincipal(id); ok {
		row := n.Principal(p)
		if name := firstOf(row.Name, row.SignInName); name != "" {
			return name
		}
	}
	return id.String()
}

func (n indexNames) TenantName(id csp.TenantID) string {
	if t, ok := n.FindTenant(id); ok {
		row := n.Tenant(t)
		if name := firstOf(row.Name, row.DefaultDomain.String()); name != "" {
			return name
		}
	}
	return id.String()
}

// PlaceName is the subscription's name, followed by resource group and resource,
// as "shop/web/Microsoft.Compute/virtualMachines/vm1".
func (n indexNames) PlaceName(place access.Place) string {
	scope := place.Scope
	switch {
	case place.IsDirectory():
		return n.TenantName(place.Tenant)
	case scope.Subscription().IsZero():
		return above(scope, n.TenantName(place.Tenant))
	}
	i, ok := n.FindSubscription(scope.Subscription())
	if !ok || n.SubscriptionName.At(i) == "" {
		return scope.String()
	}
	rest := strings.TrimPrefix(scope.String(), csp.SubscriptionScopeOf(scope.Subscription()).String())
	if scope.ResourceGroup() != "" {
		rest = strings.Replace(strings.Replace(rest, "/resourceGroups/", "/", 1), "/providers/", "/", 1)
	}
	return n.SubscriptionName.At(i) + rest
}

// above names a scope above the subscriptions, of which every tenant has its own.
func above(scope csp.Scope, tenant string) string {
	text := "the root"
	if scope.Kind() != csp.RootScope {
		text = scope.Kind().String() + " " + scope.Name()
	}
	if tenant != "" {
		text += " of " + tenant
	}
	return text
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// Option changes how an answer is shown.
type Option func(*options)

type options struct {
	names      Names
	standAlone bool
}

// Named gives the names of what an answer has only the id of: above all the
// subscription, and who was asked about if there is no path.
func Named(names Names) Option { return func(o *options) { o.names = names } }

// StandAlone makes an SVG that is a file of its own, with a ground of its own and
// a style sheet inside that follows the reader's choice of light or dark. Other
// forms take no notice.
func StandAlone() Option { return func(o *options) { o.standAlone = true } }

func optionsOf(list []Option) options {
	var o options
	for _, option := range list {
		option(&o)
	}
	return o
}

func (o options) principal(id csp.ObjectID) string {
	if o.names == nil {
		return id.String()
	}
	return o.names.PrincipalName(id)
}

func (o options) tenant(id csp.TenantID) string {
	if o.names == nil {
		return id.String()
	}
	return o.names.TenantName(id)
}

// place says where something is, as it stands behind "at" or "in".
func (o options) place(place access.Place) string {
	switch {
	case place.IsDirectory():
		return "the directory of " + o.tenant(place.Tenant)
	case place.Scope.Subscription().IsZero():
		tenant := ""
		if !place.Tenant.IsZero() {
			tenant = o.tenant(place.Tenant)
		}
		return above(place.Scope, tenant)
	case o.names == nil:
		return place.Scope.String()
	}
	return o.names.PlaceName(place)
}

// where is the place with its preposition.
func (o options) where(place access.Place) string {
	if place.IsDirectory() {
		return "in " + o.place(place)
	}
	return "at " + o.place(place)
}

// readable puts names in the place of the scopes in a sentence of the engine's.
func (o options) readable(text string) string {
	if o.names == nil || !strings.Contains(text, "/subscriptions/") {
		return text
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		bare := strings.TrimRight(word, ",.;:")
		if scope, err := csp.ParseScope(bare); err == nil && !scope.Subscription().IsZero() {
			words[i] = o.place(access.At(scope)) + word[len(bare):]
		}
	}
	return strings.Join(words, " ")
}

// scope is a scope in a tenant known by name.
func (o options) scope(scope csp.Scope, tenant string) string {
	if scope.Subscription().IsZero() {
		return above(scope, tenant)
	}
	return o.place(access.At(scope))
}
