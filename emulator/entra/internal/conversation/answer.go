package conversation

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/pages"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// tenantFor is the tenant an account signs in to by this request.
func (h *Handler) tenantFor(a ask.Ask, account world.Account) (world.Tenant, bool) {
	if a.At.Shared == "" {
		return a.At.Tenant, true
	}
	return h.World.Tenant(account.Tenant)
}

// answerClient sends the values to the redirect URI, as a query, as a fragment
// or as a form.
func (h *Handler) answerClient(w http.ResponseWriter, r *http.Request, a ask.Ask, values url.Values) {
	if a.State != "" {
		values.Set("state", a.State)
	}
	if a.Mode == "form_post" {
		h.Pages.ShowPost(w, a.App.Name, a.Redirect, values)
		return
	}
	target := *a.Redirect
	address := target.String() + "#" + values.Encode()
	if a.Mode != "fragment" {
		q := target.Query()
		for name := range values {
			q.Set(name, values.Get(name))
		}
		target.RawQuery = q.Encode()
		address = target.String()
	}
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	http.Redirect(w, r, address, status)
}

// refuseClient tells whoever waits for the conversation's end that it failed.
func (h *Handler) refuseClient(w http.ResponseWriter, r *http.Request, a ask.Ask, p *aadsts.Problem) {
	if a.Purpose == ask.ForPage {
		h.Pages.ShowProblem(w, *p)
		return
	}
	if a.Purpose == ask.ForDevice {
		if p.Number == 65004 {
			h.Devices.Decline(a.UserCode)
			h.Pages.ShowMessage(w, pages.Message{Title: "You have declined", Text: "The device gets nothing. You can close this window."})
			return
		}
		h.Pages.ShowProblem(w, *p)
		return
	}
	values := url.Values{
		"error":             {p.Code},
		"error_description": {p.Description() + " Trace ID: " + world.NewID[csp.Tenant]().String() + " Correlation ID: " + aadsts.Correlation(r) + " Timestamp: " + h.World.Now().Format(aadsts.StampLayout)},
	}
	if p.Number != 0 {
		values.Set("error_uri", aadsts.ErrorURI(p.Number))
	}
	if p.Suberror != "" {
		values.Set("error_subcode", p.Suberror)
	}
	h.answerClient(w, r, a, values)
}

// response is what the client gets at the end: a code, an identity token, or both.
func (h *Handler) response(r *http.Request, a ask.Ask, s session.Session, who world.Identity, t world.Tenant) (url.Values, *aadsts.Problem) {
	values := url.Values{"session_state": {world.NewID[csp.Tenant]().String()}}
	if slices.Contains(a.Types, "code") {
		values.Set("code", h.Codes.Put(ask.Agreed{Ask: a, Tenant: who.Tenant, Session: s}))
	}
	if slices.Contains(a.Types, "id_token") {
		c := h.Issuer.IDToken(issue.Order{Host: h.Hosts.Issuer(r), App: a.App, Demand: a.Demand, Old: a.Old}, session.Person{Session: s, Into: who.Tenant, Nonce: a.Nonce, ACRS: a.ACRS}, who, t)
		c.CodeHash = token.Half(values.Get("code"))
		raw, p := h.Issuer.Sign(c)
		if p != nil {
			return nil, p
		}
		values.Set("id_token", raw)
	}
	return values, nil
}
