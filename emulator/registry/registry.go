// Package registry is what an application registration says: who it is, how it
// proves itself, where its people are sent back to, what it asks of others, and
// what it offers them. Microsoft's own applications stand here as well.
package registry

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"latchkey/csp"
)

// ClientID names an application, in every tenant the same.
type ClientID = csp.ID[App]

// App is an application registration in its home tenant.
type App struct {
	ID   ClientID
	Home csp.TenantID
	Name string

	// Secret is a client secret without an end. It, or any of Secrets,
	// Certificates and Federations, makes the application a confidential client.
	Secret       string
	Secrets      []Secret
	Certificates []Certificate
	Federations  []Federation
	// PublicFlows lets a confidential client sign people in by device code and
	// by password without proving itself.
	PublicFlows bool

	// RedirectURIs are compared letter by letter, but for the port of
	// http://localhost and http://127.0.0.1, which may be any.
	RedirectURIs []string
	// BrowserURIs are redirect URIs of single-page applications: they demand
	// PKCE, and their refresh tokens live for a day.
	BrowserURIs []string
	// IDTokens lets the authorization endpoint itself answer with identity tokens.
	IDTokens bool
	// MultiTenant lets accounts of other tenants sign in, through the
	// organizations authority or their own.
	MultiTenant bool
	// GroupClaims puts the groups into its identity tokens as well.
	GroupClaims bool

	// Owners may change it and give it credentials without a directory role.
	Owners []csp.ObjectID
	// Shown are properties that are only kept and shown, under the names
	// Microsoft Graph has for them.
	Shown map[string]any

	// Asks are the permissions an administrator's consent gives it. An
	// application that asks for nothing by name is taken to ask for whatever a
	// delegated request mentions, and for no application permission.
	Asks []Access

	// URIs, Scopes, AppRoles and TokenVersion describe it as a resource that
	// others get tokens for. TokenVersion is 1, 2, or zero for 1.
	URIs         []string
	Scopes       []string
	AppRoles     []string
	TokenVersion int
}

// Noun names the thing in error sentences.
func (App) Noun() string { return "application" }

// Confidential says whether the application has anything to prove itself with.
func (a App) Confidential() bool {
	return a.Secret != "" || len(a.Secrets) > 0 || len(a.Certificates) > 0 || len(a.Federations) > 0
}

// Clone shares nothing with the original.
func (a App) Clone() App {
	a.Secrets, a.Certificates, a.Federations = slices.Clone(a.Secrets), slices.Clone(a.Certificates), slices.Clone(a.Federations)
	a.RedirectURIs, a.BrowserURIs = slices.Clone(a.RedirectURIs), slices.Clone(a.BrowserURIs)
	a.URIs, a.Scopes, a.AppRoles = slices.Clone(a.URIs), slices.Clone(a.Scopes), slices.Clone(a.AppRoles)
	a.Asks, a.Owners, a.Shown = slices.Clone(a.Asks), slices.Clone(a.Owners), maps.Clone(a.Shown)
	for i, ask := range a.Asks {
		a.Asks[i].Scopes, a.Asks[i].Roles = slices.Clone(ask.Scopes), slices.Clone(ask.Roles)
	}
	return a
}

// Access is what an application asks of a resource: delegated permissions, which
// it uses in a person's name, and application permissions, which are its own.
type Access struct {
	Resource ClientID
	Scopes   []string
	Roles    []string
}

// PublishesScope says whether the resource has the delegated permission.
// Microsoft Graph has hundreds; there, every name of their form will do.
func (a App) PublishesScope(name string) bool {
	if a.ID == MicrosoftGraph {
		return looksLikePermission(name) || HasPermission(a.Scopes, name)
	}
	return HasPermission(a.Scopes, name)
}

// PublishesRole says whether the resource has the application permission or role.
func (a App) PublishesRole(name string) bool {
	if a.ID == MicrosoftGraph {
		return looksLikePermission(name)
	}
	return HasPermission(a.AppRoles, name)
}

// looksLikePermission: two or more words with dots between, as in User.Read.All.
func looksLikePermission(name string) bool {
	words := strings.Split(name, ".")
	for _, word := range words {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return len(words) >= 2 && len(name) <= 120
}

// IDIn is the client id that an audience is, or names as api://ID.
func IDIn(audience string) (ClientID, bool) {
	id, err := csp.ParseID[App](strings.TrimPrefix(strings.TrimSuffix(audience, "/"), "api://"))
	return id, err == nil
}

// Named says whether the audience is one of the application's identifier URIs,
// with or without a slash at its end.
func (a App) Named(audience string) bool {
	bare := strings.TrimSuffix(audience, "/")
	return slices.ContainsFunc(a.URIs, func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "/"), bare) })
}

// Returns says whether the application has a redirect URI on the same origin as
// the address.
func (a App) Returns(to *url.URL) bool {
	return slices.ContainsFunc(slices.Concat(a.RedirectURIs, a.BrowserURIs), func(redirect string) bool {
		u, err := url.Parse(redirect)
		return err == nil && u.Scheme == to.Scheme && u.Host == to.Host
	})
}

// CheckURIs asks that the addresses and names of the application have their form.
func (a App) CheckURIs() error {
	for _, redirect := range slices.Concat(a.RedirectURIs, a.BrowserURIs) {
		if u, err := url.Parse(redirect); err != nil || !u.IsAbs() || u.Fragment != "" {
			return fmt.Errorf("%q is no redirect URI: want an absolute one without a fragment", redirect)
		}
	}
	for _, name := range a.URIs {
		if u, err := url.Parse(name); err != nil || !u.IsAbs() || u.Host == "" {
			return fmt.Errorf("%q is no identifier URI: want one such as api://name", name)
		}
	}
	return nil
}

// HasPermission says whether the permission is in the list, in either case.
func HasPermission(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
