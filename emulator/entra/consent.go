package entra

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// adminConsent is the page on which an administrator lets an application into
// the tenant: /{tenant}/adminconsent for everything it asks for by its
// registration, /{tenant}/v2.0/adminconsent for the scopes of the request.
func (h *Handler) adminConsent(w http.ResponseWriter, r *http.Request, at authority) {
	a, p := h.readConsent(r, at)
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	h.converse(w, r, a)
}

func (h *Handler) readConsent(r *http.Request, at authority) (ask, *problem) {
	q := r.URL.Query()
	a := ask{at: at, state: q.Get("state"), maxAge: -1, purpose: forTenant}
	if q.Get("client_id") == "" {
		return a, missing("client_id")
	}
	var p *problem
	if a.app, p = h.app(q.Get("client_id")); p != nil {
		return a, p
	}
	redirect := q.Get("redirect_uri")
	if redirect == "" && len(a.app.RedirectURIs) > 0 {
		redirect = a.app.RedirectURIs[0]
	}
	if a.redirect, _, p = registered(a.app, redirect); p != nil {
		return a, p
	}
	if at.shared == "" && !a.app.MultiTenant && a.app.Home != at.tenant.ID {
		return a, notInDirectory(a.app, at.tenant)
	}
	if strings.Contains(lower(r.URL.Path), "/v2.0/") {
		if q.Get("scope") == "" {
			return a, refuse(invalidRequest, 900144, "The request must contain the following parameter: 'scope'.")
		}
		a.demand, p = h.readScope(q.Get("scope"))
		return a, p
	}
	a.demand, p = h.readScope("")
	return a, p
}

// consentNeeded says whether the conversation has to ask before it can end: an
// administrator's consent page always, otherwise where permissions are missing.
func (h *Handler) consentNeeded(a ask, t world.Tenant, who world.Identity) (bool, *problem) {
	if a.purpose == forTenant {
		return true, nil
	}
	_, p := h.permitted(a.app, who, t, a.demand)
	switch {
	case p == nil:
		return a.wants("consent"), nil
	case p.number != 65001:
		return false, p
	}
	return true, nil
}

// permission is one line of the consent page.
type permission struct{ Resource, Name string }

// wanted lists what the person is asked to consent to.
func (h *Handler) wanted(a ask) []permission {
	var list []permission
	for _, s := range a.demand.scopes {
		if s != ".default" {
			list = append(list, permission{a.demand.resource.Name, s})
		}
	}
	for _, s := range a.demand.identityScopes() {
		list = append(list, permission{"Microsoft Graph", s})
	}
	if a.purpose == forTenant && len(a.demand.scopes) == 0 || a.demand.all() {
		for _, ask := range a.app.Asks {
			resource, _ := h.World.App(ask.Resource)
			for _, s := range ask.Scopes {
				list = append(list, permission{resource.Name, s})
			}
			for _, role := range ask.Roles {
				list = append(list, permission{resource.Name, role + " (as the application itself)"})
			}
		}
	}
	return list
}

// all says whether the demand is for everything that was consented to.
func (d demand) all() bool { return len(d.scopes) == 1 && d.scopes[0] == ".default" }

// askConsent shows the consent page to those who may answer it.
func (h *Handler) askConsent(w http.ResponseWriter, r *http.Request, a ask, who world.Identity, t world.Tenant) {
	forAll := mayConsentForAll(who, a.app)
	forSelf := a.purpose != forTenant && mayConsentForSelf(who, t, a.demand)
	if !forAll && !forSelf {
		h.refuseClient(w, r, a, refuse(accessDenied, 90094, "An administrator of %s has set a policy that prevents you from granting %s the permissions it is requesting. Contact an administrator of %s, who can grant permissions to this app on your behalf.", t.Name, a.app.Name, t.Name))
		return
	}
	publisher, _ := h.World.Tenant(a.app.Home)
	h.pages.showConsent(w, a, consentView{
		App: a.app.Name, Publisher: publisher.Name, Tenant: t.Name, UPN: who.UPN,
		Permissions: h.wanted(a), ForAll: forAll, OnlyForAll: !forSelf,
	})
}

// consentGiven takes the answer of the consent page and ends the conversation.
func (h *Handler) consentGiven(w http.ResponseWriter, r *http.Request, a ask, s session) {
	who, t, p := h.enter(a, s.account)
	if p == nil {
		p = missingStep(s, who, t, a.contexts())
	}
	if p != nil {
		h.refuseClient(w, r, a, p)
		return
	}
	forAll := r.PostForm.Get("for") == "all" || a.purpose == forTenant
	if (forAll && !mayConsentForAll(who, a.app)) || (!forAll && !mayConsentForSelf(who, t, a.demand)) {
		h.askConsent(w, r, a, who, t)
		return
	}
	by := h.World.Acting(r.Context(), world.Actor{Tenant: who.Tenant, Object: who.Object, Client: a.app.ID, Name: who.UPN})
	if err := h.consentTo(t, by, a, who, forAll); err != nil {
		h.refuseClient(w, r, a, refuse(invalidRequest, 90023, "%v", err))
		return
	}
	a.prompt = nil // it was asked
	h.finish(w, r, a, s, who, t)
}

func (h *Handler) consentTo(t world.Tenant, by world.Actor, a ask, who world.Identity, forAll bool) error {
	if forAll && (len(a.demand.scopes) == 0 || a.demand.all()) {
		_, err := t.ConsentToAll(by, a.app.ID)
		return err
	}
	if _, installed := t.ServicePrincipal(a.app.ID); !installed {
		if _, err := t.Install(by, a.app.ID); err != nil {
			return err
		}
	}
	user := who.Object
	if forAll {
		user = csp.ObjectID{}
	}
	scopes := a.demand.scopes
	if len(scopes) == 0 || a.demand.all() {
		scopes = append(a.demand.identityScopes(), "User.Read")
	}
	_, err := t.Consent(by, a.app.ID, a.demand.resource.ID, user, scopes...)
	return err
}

// consentDone sends the administrator back to the application.
func (h *Handler) consentDone(w http.ResponseWriter, r *http.Request, a ask, t world.Tenant) {
	values := url.Values{"admin_consent": {"True"}, "tenant": {t.ID.String()}}
	if len(a.demand.scopes) > 0 {
		values.Set("scope", spelledScope(a.demand, nil))
	}
	h.answerClient(w, r, a, values)
}
