package entra

import (
	"fmt"
	"slices"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// entry finds out who the account is in the tenant, and whether the tenant lets
// somebody in who comes that way.
func (h *Handler) entry(account world.Account, t world.Tenant) (world.Identity, *problem) {
	who, err := h.World.Enter(account, t.ID)
	if err != nil {
		return world.Identity{}, h.refusalProblem(err, account, t)
	}
	if who.Delegated && t.SignInPolicy().BlockServiceProviders {
		return world.Identity{}, &problem{
			code: interactionRequired, suberror: "message_only", number: 53003, claims: policyClaims(t),
			text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		}
	}
	return who, nil
}

// refusalProblem says in Entra's words why an account does not get into a tenant.
func (h *Handler) refusalProblem(err error, account world.Account, t world.Tenant) *problem {
	switch world.LawOf(err) {
	case world.NotInTenant:
		name := account.Object.String()
		if u, ok := h.World.User(account.Tenant, account.Object); ok {
			name = u.UPN
		}
		return refuse(invalidGrant, 50020, "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the application in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.", name, stsIssuer(account.Tenant), t.Name)
	case world.InvitationPending:
		return refuse(invalidGrant, 50020, "The invitation of the user account to tenant '%s' has not been redeemed. Open the link of the invitation first.", t.Name)
	case world.AccountDisabled:
		return refuse(invalidGrant, 50057, "The user account is disabled.")
	}
	return refuse(invalidGrant, 50034, "The user account does not exist in the %s directory. To sign into this application, the account must be added to the directory.", t.ID)
}

// missingStep is what keeps a session out for want of a second step: the
// account's own switch, the tenant's policy, or the client's demand for an
// authentication context, which stands for it here.
func missingStep(s session, who world.Identity, t world.Tenant, contexts bool) *problem {
	policy := t.SignInPolicy().RequireMFA
	if s.mfa || !(who.MFA || policy || contexts) {
		return nil
	}
	p := &problem{code: interactionRequired, suberror: "basic_action", number: 50079, text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication."}
	switch {
	case who.MFA:
		p.number, p.text = 50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the application."
	case who.Delegated:
		p.number, p.text = 50177, "An external challenge is not supported for passthrough users: the tenant demands multi-factor authentication, which the account has to bring from its home tenant."
	}
	if policy {
		p.claims = policyClaims(t)
	}
	return p
}

// policyClaims are what a client hands back to the authorization endpoint to
// have the tenant's policy satisfied.
func policyClaims(t world.Tenant) string {
	return fmt.Sprintf(`{"access_token":{"capolids":{"essential":true,"values":["%s"]}}}`, t.ID)
}

// onRefresh turns a demand for interaction into what the token endpoint answers
// to a grant that was good once.
func (p *problem) onRefresh() *problem {
	if p != nil && p.code == interactionRequired && p.number != 53003 {
		p.code = invalidGrant
	}
	return p
}

// permitted asks whether the application may be used by this person in the
// tenant for what it demands, and lists the delegated permissions it gets.
func (h *Handler) permitted(app world.App, who world.Identity, t world.Tenant, d demand) ([]string, *problem) {
	if p := resourceIn(t, d); p != nil {
		return nil, p
	}
	sp, installed := t.ServicePrincipal(app.ID)
	switch {
	case installed && sp.Disabled:
		return nil, refuse(unauthorizedClient, 7000112, "Application '%s'(%s) is disabled.", app.ID, app.Name)
	case installed && sp.AssignmentRequired && len(t.RolesAt(app.ID, who.Object)) == 0:
		return nil, refuse(accessDenied, 50105, "Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.", app.Name, app.ID, who.UPN)
	}
	for _, s := range d.scopes {
		if s != ".default" && !d.resource.PublishesScope(s) {
			return nil, refuse(invalidClient, 650053, "The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor.", app.Name, clip(s), d.resource.ID)
		}
	}
	scopes, err := t.Delegated(app.ID, d.resource.ID, who.Object, d.scopes)
	if err != nil {
		return nil, consentProblem(world.LawOf(err), app, who, t)
	}
	return scopes, nil
}

func consentProblem(law world.Law, app world.App, who world.Identity, t world.Tenant) *problem {
	switch {
	case law == world.NotInstalled && !app.MultiTenant && app.Home != t.ID:
		return notInDirectory(app, t)
	case law == world.NotInstalled && who.Delegated:
		return refuse(invalidGrant, 90099, "The application '%s' (%s) has not been authorized in the tenant '%s'. Applications must be authorized to access the customer tenant before partner delegated administrators can use them. See https://aka.ms/AADSTS90099.", app.ID, app.Name, t.ID)
	}
	p := refuse(invalidGrant, 65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", app.ID, app.Name)
	p.suberror = "consent_required"
	return p
}

func notInDirectory(app world.App, t world.Tenant) *problem {
	return refuse(unauthorizedClient, 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", app.ID, t.Name)
}

// resourceIn asks that the resource is known in the tenant. Microsoft's own are
// known everywhere.
func resourceIn(t world.Tenant, d demand) *problem {
	if d.resource.OfMicrosoft() {
		return nil
	}
	if _, ok := t.ServicePrincipal(d.resource.ID); !ok {
		return refuse(invalidResource, 500011, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", clip(d.audience), t.Name)
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

// mayConsentForAll says whether the person may consent for the whole tenant to
// what the application asks for.
func mayConsentForAll(who world.Identity, app world.App) bool {
	if holdsAny(who, consenters) {
		return true
	}
	graphRoles := slices.ContainsFunc(app.Asks, func(a world.Access) bool {
		return a.Resource == world.MicrosoftGraph && len(a.Roles) > 0
	})
	return !graphRoles && holdsAny(who, appConsenters)
}

// mayConsentForSelf says whether the person may let the application have these
// permissions in his own name: only such as show who he is.
func mayConsentForSelf(who world.Identity, t world.Tenant, d demand) bool {
	if t.SignInPolicy().AdminConsentOnly || who.Delegated || !d.resource.OfMicrosoft() || d.resource.ID != world.MicrosoftGraph {
		return false
	}
	return !slices.ContainsFunc(d.scopes, func(s string) bool {
		return !slices.Contains([]string{"openid", "profile", "email", "offline_access", "user.read"}, lower(s))
	})
}
