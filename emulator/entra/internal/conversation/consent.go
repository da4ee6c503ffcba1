package conversation

import (
	"net/http"
	"net/url"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/pages"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/world"
)

// AdminConsent is the page on which an administrator lets an application into
// the tenant: /{tenant}/adminconsent for everything it asks for by its
// registration, /{tenant}/v2.0/adminconsent for the scopes of the request.
func (h *Handler) AdminConsent(w http.ResponseWriter, r *http.Request, at address.Authority) {
	a, p := h.Asks.ReadConsent(r, at)
	if p != nil {
		h.Pages.ShowProblem(w, *p)
		return
	}
	h.converse(w, r, a)
}

// consentNeeded says whether the conversation has to ask before it can end: an
// administrator's consent page always, otherwise where permissions are missing.
func (h *Handler) consentNeeded(a ask.Ask, t world.Tenant, who world.Identity) (bool, *aadsts.Problem) {
	if a.Purpose == ask.ForTenant {
		return true, nil
	}
	_, p := gate.Permitted(a.App, who, t, a.Demand)
	switch {
	case p == nil:
		return a.Wants("consent"), nil
	case p.Number != 65001:
		return false, p
	}
	return true, nil
}

// wanted lists what the person is asked to consent to.
func (h *Handler) wanted(a ask.Ask) []pages.Permission {
	var list []pages.Permission
	for _, s := range a.Demand.Scopes {
		if s != ".default" {
			list = append(list, pages.Permission{Resource: a.Demand.Resource.Name, Name: s})
		}
	}
	for _, s := range a.Demand.IdentityScopes() {
		list = append(list, pages.Permission{Resource: "Microsoft Graph", Name: s})
	}
	if a.Purpose == ask.ForTenant && len(a.Demand.Scopes) == 0 || a.Demand.Everything() {
		for _, wish := range a.App.Asks {
			resource, _ := h.World.App(wish.Resource)
			for _, s := range wish.Scopes {
				list = append(list, pages.Permission{Resource: resource.Name, Name: s})
			}
			for _, role := range wish.Roles {
				list = append(list, pages.Permission{Resource: resource.Name, Name: role + " (as the application itself)"})
			}
		}
	}
	return list
}

// askConsent shows the consent page to those who may answer it.
func (h *Handler) askConsent(w http.ResponseWriter, r *http.Request, a ask.Ask, who world.Identity, t world.Tenant) {
	forAll := gate.MayConsentForAll(who, a.App)
	forSelf := a.Purpose != ask.ForTenant && gate.MayConsentForSelf(who, t, a.Demand)
	if !forAll && !forSelf {
		h.refuseClient(w, r, a, aadsts.Refuse(aadsts.AccessDenied, 90094, "An administrator of %s has set a policy that prevents you from granting %s the permissions it is requesting. Contact an administrator of %s, who can grant permissions to this app on your behalf.", t.Name, a.App.Name, t.Name))
		return
	}
	publisher, _ := h.World.Tenant(a.App.Home)
	h.Pages.ShowConsent(w, a.Redirect, pages.Consent{
		App: a.App.Name, Publisher: publisher.Name, Tenant: t.Name, UPN: who.UPN,
		Permissions: h.wanted(a), ForAll: forAll, OnlyForAll: !forSelf,
	})
}

// consentGiven takes the answer of the consent page and ends the conversation.
func (h *Handler) consentGiven(w http.ResponseWriter, r *http.Request, a ask.Ask, s session.Session) {
	who, t, p := h.enter(a, s.Account)
	if p == nil {
		p = gate.MissingStep(s, who, t, a.Contexts())
	}
	if p != nil {
		h.refuseClient(w, r, a, p)
		return
	}
	forAll := r.PostForm.Get("for") == "all" || a.Purpose == ask.ForTenant
	if (forAll && !gate.MayConsentForAll(who, a.App)) || (!forAll && !gate.MayConsentForSelf(who, t, a.Demand)) {
		h.askConsent(w, r, a, who, t)
		return
	}
	by := h.World.Acting(r.Context(), world.Actor{Tenant: who.Tenant, Object: who.Object, Client: a.App.ID, Name: who.UPN})
	if err := h.consentTo(t, by, a, who, forAll); err != nil {
		h.refuseClient(w, r, a, aadsts.Refuse(aadsts.InvalidRequest, 90023, "%v", err))
		return
	}
	a.Prompt = nil // it was asked
	h.finish(w, r, a, s, who, t)
}

func (h *Handler) consentTo(t world.Tenant, by world.Actor, a ask.Ask, who world.Identity, forAll bool) error {
	if forAll && (len(a.Demand.Scopes) == 0 || a.Demand.Everything()) {
		_, err := t.ConsentToAll(by, a.App.ID)
		return err
	}
	if _, installed := t.ServicePrincipal(a.App.ID); !installed {
		if _, err := t.Install(by, a.App.ID); err != nil {
			return err
		}
	}
	user := who.Object
	if forAll {
		user = csp.ObjectID{}
	}
	scopes := a.Demand.Scopes
	if len(scopes) == 0 || a.Demand.Everything() {
		scopes = append(a.Demand.IdentityScopes(), "User.Read")
	}
	_, err := t.Consent(by, a.App.ID, a.Demand.Resource.ID, user, scopes...)
	return err
}

// consentDone sends the administrator back to the application.
func (h *Handler) consentDone(w http.ResponseWriter, r *http.Request, a ask.Ask, t world.Tenant) {
	values := url.Values{"admin_consent": {"True"}, "tenant": {t.ID.String()}}
	if len(a.Demand.Scopes) > 0 {
		values.Set("scope", a.Demand.Spelled(nil))
	}
	h.answerClient(w, r, a, values)
}
