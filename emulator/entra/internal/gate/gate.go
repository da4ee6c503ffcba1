// Package gate is whom a tenant lets in, by which application, and who may
// consent to more.
package gate

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/registry"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Entry finds out who the account is in the tenant, and whether the tenant lets
// somebody in who comes that way.
func Entry(w *world.World, account world.Account, t world.Tenant) (world.Identity, *aadsts.Problem) {
	who, err := w.Enter(account, t.ID)
	if err != nil {
		return world.Identity{}, refusalProblem(w, err, account, t)
	}
	if who.Delegated && t.SignInPolicy().BlockServiceProviders {
		return world.Identity{}, &aadsts.Problem{
			Code: aadsts.InteractionRequired, Suberror: "message_only", Number: 53003, Claims: policyClaims(t),
			Text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		}
	}
	return who, nil
}

// refusalProblem says in Entra's words why an account does not get into a tenant.
func refusalProblem(w *world.World, err error, account world.Account, t world.Tenant) *aadsts.Problem {
	switch world.LawOf(err) {
	case world.NotInTenant:
		name := account.Object.String()
		if u, ok := w.User(account.Tenant, account.Object); ok {
			name = u.UPN
		}
		return aadsts.Refuse(aadsts.InvalidGrant, 50020, "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the application in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.", name, issue.STS(account.Tenant), t.Name)
	case world.InvitationPending:
		return aadsts.Refuse(aadsts.InvalidGrant, 50020, "The invitation of the user account to tenant '%s' has not been redeemed. Open the link of the invitation first.", t.Name)
	case world.AccountDisabled:
		return aadsts.Refuse(aadsts.InvalidGrant, 50057, "The user account is disabled.")
	}
	return aadsts.Refuse(aadsts.InvalidGrant, 50034, "The user account does not exist in the %s directory. To sign into this application, the account must be added to the directory.", t.ID)
}

// MissingStep is what keeps a session out for want of a second step: the
// account's own switch, the tenant's policy, or the client's demand for an
// authentication context, which stands for it here.
func MissingStep(s session.Session, who world.Identity, t world.Tenant, contexts bool) *aadsts.Problem {
	policy := t.SignInPolicy().RequireMFA
	if s.MFA || !(who.MFA || policy || contexts) {
		return nil
	}
	p := &aadsts.Problem{Code: aadsts.InteractionRequired, Suberror: "basic_action", Number: 50079, Text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication."}
	switch {
	case who.MFA:
		p.Number, p.Text = 50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the application."
	case who.Delegated:
		p.Number, p.Text = 50177, "An external challenge is not supported for passthrough users: the tenant demands multi-factor authentication, which the account has to bring from its home tenant."
	}
	if policy {
		p.Claims = policyClaims(t)
	}
	return p
}

// policyClaims are what a client hands back to the authorization endpoint to
// have the tenant's policy satisfied.
func policyClaims(t world.Tenant) string {
	return fmt.Sprintf(`{"access_token":{"capolids":{"essential":true,"values":["%s"]}}}`, t.ID)
}

// Permitted asks whether the application may be used by this person in the
// tenant for what it demands, and lists the delegated permissions it gets.
func Permitted(app registry.App, who world.Identity, t world.Tenant, d demand.Demand) ([]string, *aadsts.Problem) {
	if p := ResourceIn(t, d); p != nil {
		return nil, p
	}
	sp, installed := t.ServicePrincipal(app.ID)
	switch {
	case installed && sp.Disabled:
		return nil, aadsts.Refuse(aadsts.UnauthorizedClient, 7000112, "Application '%s'(%s) is disabled.", app.ID, app.Name)
	case installed && sp.AssignmentRequired && len(t.RolesAt(app.ID, who.Object)) == 0:
		return nil, aadsts.Refuse(aadsts.AccessDenied, 50105, "Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.", app.Name, app.ID, who.UPN)
	}
	for _, s := range d.Scopes {
		if s != ".default" && !d.Resource.PublishesScope(s) {
			return nil, aadsts.Refuse(aadsts.InvalidClient, 650053, "The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor.", app.Name, wire.Clip(s), d.Resource.ID)
		}
	}
	scopes, err := t.Delegated(app.ID, d.Resource.ID, who.Object, d.Scopes)
	if err != nil {
		return nil, consentProblem(world.LawOf(err), app, who, t)
	}
	return scopes, nil
}

func consentProblem(law world.Law, app registry.App, who world.Identity, t world.Tenant) *aadsts.Problem {
	switch {
	case law == world.NotInstalled && !app.MultiTenant && app.Home != t.ID:
		return NotInDirectory(app, t)
	case law == world.NotInstalled && who.Delegated:
		return aadsts.Refuse(aadsts.InvalidGrant, 90099, "The application '%s' (%s) has not been authorized in the tenant '%s'. Applications must be authorized to access the customer tenant before partner delegated administrators can use them. See https://aka.ms/AADSTS90099.", app.ID, app.Name, t.ID)
	}
	p := aadsts.Refuse(aadsts.InvalidGrant, 65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", app.ID, app.Name)
	p.Suberror = "consent_required"
	return p
}

// NotInDirectory is what an application gets that the tenant does not know.
func NotInDirectory(app registry.App, t world.Tenant) *aadsts.Problem {
	return aadsts.Refuse(aadsts.UnauthorizedClient, 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", app.ID, t.Name)
}

// ResourceIn asks that the resource is known in the tenant. Microsoft's own are
// known everywhere.
func ResourceIn(t world.Tenant, d demand.Demand) *aadsts.Problem {
	if d.Resource.OfMicrosoft() {
		return nil
	}
	if _, ok := t.ServicePrincipal(d.Resource.ID); !ok {
		return aadsts.Refuse(aadsts.InvalidResource, 500011, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", wire.Clip(d.Audience), t.Name)
	}
	return nil
}

// consenters are the directory roles that may consent for everybody.
var consenters = []csp.DirectoryRoleID{
	csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10"), // Global Administrator
	csp.MustParseID[csp.DirectoryRole]("e8611ab8-c189-46e8-94e1-60213ab1f814"), // Privileged Role Administrator
}

// appConsenters may do so as well, but not to application permissions of
// Microsoft Graph.
var appConsenters = []csp.DirectoryRoleID{
	csp.MustParseID[csp.DirectoryRole]("158c047a-c907-4556-b7ef-446551a6b5f7"), // Cloud Application Administrator
	csp.MustParseID[csp.DirectoryRole]("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"), // Application Administrator
}

func holdsAny(who world.Identity, roles []csp.DirectoryRoleID) bool {
	return slices.ContainsFunc(who.Roles, func(r csp.DirectoryRoleID) bool { return slices.Contains(roles, r) })
}

// MayConsentForAll says whether the person may consent for the whole tenant to
// what the application asks for.
func MayConsentForAll(who world.Identity, app registry.App) bool {
	if holdsAny(who, consenters) {
		return true
	}
	graphRoles := slices.ContainsFunc(app.Asks, func(a registry.Access) bool {
		return a.Resource == registry.MicrosoftGraph && len(a.Roles) > 0
	})
	return !graphRoles && holdsAny(who, appConsenters)
}

// MayConsentForSelf says whether the person may let the application have these
// permissions in his own name: only such as show who he is.
func MayConsentForSelf(who world.Identity, t world.Tenant, d demand.Demand) bool {
	if t.SignInPolicy().AdminConsentOnly || who.Delegated || !d.Resource.OfMicrosoft() || d.Resource.ID != registry.MicrosoftGraph {
		return false
	}
	return !slices.ContainsFunc(d.Scopes, func(s string) bool {
		return !slices.Contains([]string{"openid", "profile", "email", "offline_access", "user.read"}, strings.ToLower(s))
	})
}

// App finds an application by its id.
func App(w *world.World, name string) (registry.App, *aadsts.Problem) {
	id, err := csp.ParseID[registry.App](name)
	if err == nil {
		if app, ok := w.App(id); ok {
			return app, nil
		}
	}
	return registry.App{}, aadsts.Refuse(aadsts.UnauthorizedClient, 700016, "Application with identifier '%s' was not found in the directory. You may have sent your authentication request to the wrong tenant.", wire.Clip(name))
}

// Member finds an account at its home by its sign-in name.
func Member(w *world.World, name string) (world.User, bool) {
	_, domain, _ := strings.Cut(name, "@")
	home, ok := w.TenantNamed(domain)
	if !ok {
		return world.User{}, false
	}
	u, ok := home.UserNamed(name)
	if !ok || u.IsGuest() {
		return world.User{}, false
	}
	return u, true
}

// PasswordFits says whether the account has that password.
func PasswordFits(u world.User, given string) bool {
	return u.Password != "" && subtle.ConstantTimeCompare([]byte(u.Password), []byte(given)) == 1
}

// SharedUse refuses the shared authorities to an application of one tenant.
func SharedUse(at address.Authority, app registry.App) *aadsts.Problem {
	switch {
	case at.Shared == address.Consumers:
		return &aadsts.Problem{Code: aadsts.UnauthorizedClient, Text: "The client does not exist or is not enabled for consumers. If you are the application developer, configure a new application through the App Registrations in the Azure Portal."}
	case (at.Shared == address.Common || at.Shared == address.Organizations) && !app.MultiTenant:
		return aadsts.Refuse(aadsts.InvalidRequest, 50194, "Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be multi-tenant.", app.ID, app.Name)
	}
	return nil
}
