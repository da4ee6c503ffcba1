// Package conversation is what a person goes through in a browser: an ask, taken
// page by page to its end.
//
//	authorize ----\                                     /---> code, id_token
//	deviceauth ----+--> picker > password > second step +----> device's tokens
//	adminconsent -/             > consent page           \---> consent
//
// The request stays in the address through all steps; forms post back to the same
// address.
package conversation

import (
	"net/http"
	"strings"
	"time"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/box"
	"latchkey/emulator/entra/internal/device"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/pages"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/world"
)

// cookieName differs from the portal's: browsers share cookies between the ports
// of one host.
const cookieName = "emulator_session"

// Handler holds the conversations of one sign-in service. Make it with New.
type Handler struct {
	Options
	sessions *box.Box[session.Session]
	pending  *box.Box[session.Session]
}

// Options are what conversations need.
type Options struct {
	World   *world.World
	Hosts   address.Hosts
	Asks    ask.Reader
	Issuer  issue.Issuer
	Pages   pages.Pages
	Codes   *box.Box[ask.Agreed]
	Devices *device.Requests
	// EasySignIn lets the account picker sign people in without a password.
	EasySignIn bool
}

const (
	pendingLife = 10 * time.Minute
	sessionLife = 24 * time.Hour
	// maxForm is far above any form of the pages.
	maxForm = 256 << 10
)

// New begins with no browser signed in.
func New(o Options) *Handler {
	return &Handler{Options: o, sessions: box.New[session.Session](o.World.Now, sessionLife), pending: box.New[session.Session](o.World.Now, pendingLife)}
}

// Authorize is the page a browser is sent to. The request stays in the address
// through all steps; forms post back to the same address.
func (h *Handler) Authorize(w http.ResponseWriter, r *http.Request, at address.Authority) {
	a, p, toClient := h.Asks.Read(r, at)
	switch {
	case p != nil && toClient:
		h.refuseClient(w, r, a, p)
	case p != nil:
		h.Pages.ShowProblem(w, *p)
	default:
		h.converse(w, r, a)
	}
}

// converse takes the conversation one page on.
func (h *Handler) converse(w http.ResponseWriter, r *http.Request, a ask.Ask) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.begin(w, r, a)
	case http.MethodPost:
		h.step(w, r, a)
	default:
		w.Header().Set("Allow", "GET, POST")
		h.Pages.ShowProblem(w, aadsts.Problem{Status: http.StatusMethodNotAllowed, Code: aadsts.InvalidRequest, Number: 900561, Text: "The page is opened with GET."})
	}
}

// begin shows who could sign in, or answers at once when the client wants no page.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, a ask.Ask) {
	s, known := h.currentSession(r)
	usable := known && a.SatisfiedBy(s, h.World.Now())
	if !a.Wants("none") {
		h.showPicker(w, a, s, usable, "")
		return
	}
	if !usable {
		h.refuseClient(w, r, a, aadsts.Refuse("login_required", 50058, "A silent sign-in request was sent but no user is signed in."))
		return
	}
	who, t, p := h.enter(a, s.Account)
	if p == nil {
		p = gate.MissingStep(s, who, t, a.Contexts())
	}
	if p == nil {
		_, p = gate.Permitted(a.App, who, t, a.Demand)
	}
	if p != nil {
		p.Code = aadsts.InteractionRequired
		h.refuseClient(w, r, a, p)
		return
	}
	h.finish(w, r, a, s, who, t)
}

// step takes one posted form.
func (h *Handler) step(w http.ResponseWriter, r *http.Request, a ask.Ask) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.Pages.ShowProblem(w, aadsts.Problem{Code: aadsts.InvalidRequest, Number: 9002313, Text: "The form could not be read."})
		return
	}
	switch r.PostForm.Get("step") {
	case "continue", "consent":
		s, known := h.currentSession(r)
		if !known || (!a.SatisfiedBy(s, h.World.Now()) && r.PostForm.Get("step") == "continue") {
			h.showPicker(w, a, session.Session{}, false, "You have to sign in again.")
			return
		}
		if r.PostForm.Get("step") == "consent" {
			h.consentGiven(w, r, a, s)
			return
		}
		h.firstStepDone(w, r, a, s)
	case "pick":
		h.picked(w, r, a)
	case "password":
		h.passwordGiven(w, r, a)
	case "confirm":
		s, result := h.pending.Take(r.PostForm.Get("pending"))
		if result != box.Taken {
			h.showPicker(w, a, session.Session{}, false, "That took too long. Sign in again.")
			return
		}
		s.MFA = true
		h.secondStepDone(w, r, a, s)
	case "cancel":
		h.refuseClient(w, r, a, aadsts.Refuse(aadsts.AccessDenied, 65004, "User declined to consent to access the app."))
	default:
		h.showPicker(w, a, session.Session{}, false, "")
	}
}

func (h *Handler) picked(w http.ResponseWriter, r *http.Request, a ask.Ask) {
	u, ok := h.findAccount(a, r.PostForm.Get("account"))
	switch {
	case !ok:
		h.showPicker(w, a, session.Session{}, false, "We could not find an account with that name here.")
	case h.EasySignIn:
		h.firstStepDone(w, r, a, session.Session{Account: u.Account(), AuthTime: h.World.Now()})
	default:
		h.Pages.ShowPassword(w, a.App.Name, a.Redirect, u, "")
	}
}

func (h *Handler) passwordGiven(w http.ResponseWriter, r *http.Request, a ask.Ask) {
	u, ok := h.findAccount(a, r.PostForm.Get("account"))
	if !ok {
		h.showPicker(w, a, session.Session{}, false, "We could not find an account with that name here.")
		return
	}
	home, ok := h.World.User(u.Account().Tenant, u.Account().Object)
	if !ok || !gate.PasswordFits(home, r.PostForm.Get("password")) {
		h.Pages.ShowPassword(w, a.App.Name, a.Redirect, u, "AADSTS50126: That password is not right.")
		return
	}
	h.firstStepDone(w, r, a, session.Session{Account: u.Account(), AuthTime: h.World.Now()})
}

// firstStepDone goes on after the password, to the second step if one is needed.
func (h *Handler) firstStepDone(w http.ResponseWriter, r *http.Request, a ask.Ask, s session.Session) {
	who, t, p := h.enter(a, s.Account)
	if p != nil {
		h.Pages.ShowProblem(w, *p)
		return
	}
	switch p := gate.MissingStep(s, who, t, a.Contexts()); {
	case p == nil:
		h.signedIn(w, r, a, s, who, t)
	case who.MFA:
		h.Pages.ShowConfirm(w, a.App.Name, a.Redirect, who, h.pending.Put(s))
	default:
		h.refuseClient(w, r, a, p)
	}
}

func (h *Handler) secondStepDone(w http.ResponseWriter, r *http.Request, a ask.Ask, s session.Session) {
	who, t, p := h.enter(a, s.Account)
	if p != nil {
		h.Pages.ShowProblem(w, *p)
		return
	}
	h.signedIn(w, r, a, s, who, t)
}

// signedIn begins the browser's session, and asks for consent where it is missing.
func (h *Handler) signedIn(w http.ResponseWriter, r *http.Request, a ask.Ask, s session.Session, who world.Identity, t world.Tenant) {
	h.remember(w, r, s)
	if a.Purpose == ask.ForPage {
		h.finish(w, r, a, s, who, t)
		return
	}
	needed, p := h.consentNeeded(a, t, who)
	switch {
	case p != nil:
		h.refuseClient(w, r, a, p)
	case needed:
		h.askConsent(w, r, a, who, t)
	default:
		h.finish(w, r, a, s, who, t)
	}
}

// finish ends the conversation with what it was begun for.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, a ask.Ask, s session.Session, who world.Identity, t world.Tenant) {
	by := h.World.Acting(r.Context(), world.Actor{Tenant: who.Tenant, Object: who.Object, Client: a.App.ID, Name: who.UPN})
	h.World.NoteSignIn(by, strings.Join(s.AMR(), "+"))
	switch a.Purpose {
	case ask.ForTenant:
		h.consentDone(w, r, a, t)
	case ask.ForPage:
		http.Redirect(w, r, a.Back, http.StatusSeeOther)
	case ask.ForDevice:
		if !h.Devices.Allow(a.UserCode, s, who.Tenant) {
			h.Pages.ShowDevice(w, "That code did not work. Check the code and try again.")
			return
		}
		h.Pages.ShowMessage(w, pages.Message{Title: a.App.Name, Text: "You have signed in to the " + a.App.Name + " application on your device. You may now close this window."})
	default:
		values, p := h.response(r, a, s, who, t)
		if p != nil {
			h.refuseClient(w, r, a, p)
			return
		}
		h.answerClient(w, r, a, values)
	}
}

// enter finds out who the account is in the tenant asked for.
func (h *Handler) enter(a ask.Ask, account world.Account) (world.Identity, world.Tenant, *aadsts.Problem) {
	t, ok := h.tenantFor(a, account)
	if !ok {
		return world.Identity{}, t, aadsts.Refuse(aadsts.InvalidRequest, 90002, "Tenant not found.")
	}
	who, p := gate.Entry(h.World, account, t)
	return who, t, p
}

// findAccount finds the account a form names: by its sign-in name, in any tenant.
func (h *Handler) findAccount(a ask.Ask, name string) (world.User, bool) {
	name = strings.TrimSpace(name)
	for _, t := range h.candidates(a) {
		if u, ok := t.UserNamed(name); ok {
			return h.World.User(u.Account().Tenant, u.Account().Object)
		}
	}
	return gate.Member(h.World, name)
}

// candidates are the tenants whose people the picker offers.
func (h *Handler) candidates(a ask.Ask) []world.Tenant {
	if a.At.Shared == "" {
		return []world.Tenant{a.At.Tenant}
	}
	return h.World.Tenants()
}

// mostAccounts is how many accounts the picker offers; others are typed.
const mostAccounts = 100

func (h *Handler) showPicker(w http.ResponseWriter, a ask.Ask, s session.Session, usable bool, message string) {
	view := pages.Picker{App: a.App.Name, Message: message, Easy: h.EasySignIn, Hint: a.LoginHint, Tenant: a.At.Segment()}
	if a.At.Shared == "" {
		view.Tenant = a.At.Tenant.Name
	}
	if u, ok := h.World.User(s.Account.Tenant, s.Account.Object); ok && usable {
		view.Current, view.CurrentName = u.UPN, u.Name
	}
	for _, t := range h.candidates(a) {
		if view.More = len(view.Accounts) >= mostAccounts; view.More {
			break
		}
		for _, u := range t.Users() {
			if u.Disabled {
				continue
			}
			if view.More = len(view.Accounts) >= mostAccounts; view.More {
				break
			}
			home, ok := h.World.User(u.Account().Tenant, u.Account().Object)
			if !ok || home.Disabled || (a.At.Shared != "" && u.IsGuest()) {
				continue
			}
			view.Accounts = append(view.Accounts, pages.Account{
				Name: home.Name, UPN: home.UPN, Guest: u.IsGuest(), MFA: home.MFA,
				Hinted: a.LoginHint != "" && strings.EqualFold(a.LoginHint, home.UPN),
			})
		}
	}
	h.Pages.ShowPicker(w, a.Redirect, view)
}

func (h *Handler) currentSession(r *http.Request) (session.Session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return session.Session{}, false
	}
	s, ok := h.sessions.Find(cookie.Value)
	if !ok {
		return session.Session{}, false
	}
	u, ok := h.World.User(s.Account.Tenant, s.Account.Object)
	if !ok || u.Disabled || s.AuthTime.Before(u.ValidFrom) {
		return session.Session{}, false
	}
	return s, true
}

// remember starts a new browser session; the old one, if any, is forgotten.
func (h *Handler) remember(w http.ResponseWriter, r *http.Request, s session.Session) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		h.sessions.Drop(cookie.Value)
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: h.sessions.Put(s), Path: "/", HttpOnly: true,
		Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// Logout ends the browser session, and goes where the client wants if that is a
// redirect URI of any application known here.
func (h *Handler) Logout(w http.ResponseWriter, r *http.Request, _ address.Authority) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		h.sessions.Drop(cookie.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	if target := r.URL.Query().Get("post_logout_redirect_uri"); target != "" && h.World.KnowsRedirect(target) {
		http.Redirect(w, r, target, http.StatusFound)
		return
	}
	h.Pages.ShowMessage(w, pages.Message{Title: "You are signed out", Text: "This browser has no session with the emulator any more."})
}
