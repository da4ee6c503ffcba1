package entra

import (
	"net/http"
	"strings"

	"latchkey/emulator/world"
)

// cookieName differs from the portal's: browsers share cookies between the ports
// of one host.
const cookieName = "emulator_session"

// authorize is the page a browser is sent to. The request stays in the address
// through all steps; forms post back to the same address.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request, at authority) {
	a, p, toClient := h.readAsk(r, at)
	switch {
	case p != nil && toClient:
		h.refuseClient(w, r, a, p)
	case p != nil:
		h.pages.showProblem(w, *p)
	default:
		h.converse(w, r, a)
	}
}

// converse takes the conversation one page on.
func (h *Handler) converse(w http.ResponseWriter, r *http.Request, a ask) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.begin(w, r, a)
	case http.MethodPost:
		h.step(w, r, a)
	default:
		w.Header().Set("Allow", "GET, POST")
		h.pages.showProblem(w, problem{status: http.StatusMethodNotAllowed, code: invalidRequest, number: 900561, text: "The page is opened with GET."})
	}
}

// begin shows who could sign in, or answers at once when the client wants no page.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, a ask) {
	s, known := h.currentSession(r)
	usable := known && a.satisfiedBy(s, h.World.Now())
	if !a.wants("none") {
		h.showPicker(w, a, s, usable, "")
		return
	}
	if !usable {
		h.refuseClient(w, r, a, refuse("login_required", 50058, "A silent sign-in request was sent but no user is signed in."))
		return
	}
	who, t, p := h.enter(a, s.account)
	if p == nil {
		p = missingStep(s, who, t, a.contexts())
	}
	if p == nil {
		_, p = h.permitted(a.app, who, t, a.demand)
	}
	if p != nil {
		p.code = interactionRequired
		h.refuseClient(w, r, a, p)
		return
	}
	h.finish(w, r, a, s, who, t)
}

// step takes one posted form.
func (h *Handler) step(w http.ResponseWriter, r *http.Request, a ask) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.pages.showProblem(w, problem{code: invalidRequest, number: 9002313, text: "The form could not be read."})
		return
	}
	switch r.PostForm.Get("step") {
	case "continue", "consent":
		s, known := h.currentSession(r)
		if !known || (!a.satisfiedBy(s, h.World.Now()) && r.PostForm.Get("step") == "continue") {
			h.showPicker(w, a, session{}, false, "You have to sign in again.")
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
		s, result := h.pending.take(r.PostForm.Get("pending"))
		if result != takenNow {
			h.showPicker(w, a, session{}, false, "That took too long. Sign in again.")
			return
		}
		s.mfa = true
		h.secondStepDone(w, r, a, s)
	case "cancel":
		h.refuseClient(w, r, a, refuse(accessDenied, 65004, "User declined to consent to access the app."))
	default:
		h.showPicker(w, a, session{}, false, "")
	}
}

func (h *Handler) picked(w http.ResponseWriter, r *http.Request, a ask) {
	u, ok := h.findAccount(a, r.PostForm.Get("account"))
	switch {
	case !ok:
		h.showPicker(w, a, session{}, false, "We could not find an account with that name here.")
	case h.EasySignIn:
		h.firstStepDone(w, r, a, session{account: u.Account(), authTime: h.World.Now()})
	default:
		h.pages.showPassword(w, a, u, "")
	}
}

func (h *Handler) passwordGiven(w http.ResponseWriter, r *http.Request, a ask) {
	u, ok := h.findAccount(a, r.PostForm.Get("account"))
	if !ok {
		h.showPicker(w, a, session{}, false, "We could not find an account with that name here.")
		return
	}
	home, ok := h.World.User(u.Account().Tenant, u.Account().Object)
	if !ok || home.Password == "" || !equal(home.Password, r.PostForm.Get("password")) {
		h.pages.showPassword(w, a, u, "AADSTS50126: That password is not right.")
		return
	}
	h.firstStepDone(w, r, a, session{account: u.Account(), authTime: h.World.Now()})
}

// firstStepDone goes on after the password, to the second step if one is needed.
func (h *Handler) firstStepDone(w http.ResponseWriter, r *http.Request, a ask, s session) {
	who, t, p := h.enter(a, s.account)
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	switch p := missingStep(s, who, t, a.contexts()); {
	case p == nil:
		h.signedIn(w, r, a, s, who, t)
	case who.MFA:
		h.pages.showConfirm(w, a, who, h.pending.put(s))
	default:
		h.refuseClient(w, r, a, p)
	}
}

func (h *Handler) secondStepDone(w http.ResponseWriter, r *http.Request, a ask, s session) {
	who, t, p := h.enter(a, s.account)
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	h.signedIn(w, r, a, s, who, t)
}

// signedIn begins the browser's session, and asks for consent where it is missing.
func (h *Handler) signedIn(w http.ResponseWriter, r *http.Request, a ask, s session, who world.Identity, t world.Tenant) {
	h.remember(w, r, s)
	if a.purpose == forPage {
		h.finish(w, r, a, s, who, t)
		return
	}
	ask, p := h.consentNeeded(a, t, who)
	switch {
	case p != nil:
		h.refuseClient(w, r, a, p)
	case ask:
		h.askConsent(w, r, a, who, t)
	default:
		h.finish(w, r, a, s, who, t)
	}
}

// finish ends the conversation with what it was begun for.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, a ask, s session, who world.Identity, t world.Tenant) {
	by := h.World.Acting(r.Context(), world.Actor{Tenant: who.Tenant, Object: who.Object, Client: a.app.ID, Name: who.UPN})
	h.World.NoteSignIn(by, strings.Join(s.amr(), "+"))
	switch a.purpose {
	case forTenant:
		h.consentDone(w, r, a, t)
	case forPage:
		http.Redirect(w, r, a.back, http.StatusSeeOther)
	case forDevice:
		if !h.devices.settle(a.userCode, allowed, s, who.Tenant) {
			h.pages.showDevice(w, "That code did not work. Check the code and try again.")
			return
		}
		h.pages.showMessage(w, messageView{Title: a.app.Name, Text: "You have signed in to the " + a.app.Name + " application on your device. You may now close this window."})
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
func (h *Handler) enter(a ask, account world.Account) (world.Identity, world.Tenant, *problem) {
	t, ok := h.tenantFor(a, account)
	if !ok {
		return world.Identity{}, t, refuse(invalidRequest, 90002, "Tenant not found.")
	}
	who, p := h.entry(account, t)
	return who, t, p
}

// findAccount finds the account a form names: by its sign-in name, in any tenant.
func (h *Handler) findAccount(a ask, name string) (world.User, bool) {
	name = strings.TrimSpace(name)
	for _, t := range h.candidates(a) {
		if u, ok := t.UserNamed(name); ok {
			return h.World.User(u.Account().Tenant, u.Account().Object)
		}
	}
	return h.memberNamed(name)
}

// candidates are the tenants whose people the picker offers.
func (h *Handler) candidates(a ask) []world.Tenant {
	if a.at.shared == "" {
		return []world.Tenant{a.at.tenant}
	}
	return h.World.Tenants()
}

// mostAccounts is how many accounts the picker offers; others are typed.
const mostAccounts = 100

func (h *Handler) showPicker(w http.ResponseWriter, a ask, s session, usable bool, message string) {
	view := pickerView{App: a.app.Name, Message: message, Easy: h.EasySignIn, Hint: a.loginHint, Tenant: a.at.segment()}
	if a.at.shared == "" {
		view.Tenant = a.at.tenant.Name
	}
	if u, ok := h.World.User(s.account.Tenant, s.account.Object); ok && usable {
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
			if !ok || home.Disabled || (a.at.shared != "" && u.IsGuest()) {
				continue
			}
			view.Accounts = append(view.Accounts, accountView{
				Name: home.Name, UPN: home.UPN, Guest: u.IsGuest(), MFA: home.MFA,
				Hinted: a.loginHint != "" && strings.EqualFold(a.loginHint, home.UPN),
			})
		}
	}
	h.pages.showPicker(w, a, view)
}

func (h *Handler) currentSession(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	s, ok := h.sessions.find(cookie.Value)
	if !ok {
		return session{}, false
	}
	u, ok := h.World.User(s.account.Tenant, s.account.Object)
	if !ok || u.Disabled || s.authTime.Before(u.ValidFrom) {
		return session{}, false
	}
	return s, true
}

// remember starts a new browser session; the old one, if any, is forgotten.
func (h *Handler) remember(w http.ResponseWriter, r *http.Request, s session) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		h.sessions.drop(cookie.Value)
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: h.sessions.put(s), Path: "/", HttpOnly: true,
		Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// logout ends the browser session, and goes where the client wants if that is a
// redirect URI of any application known here.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, _ authority) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		h.sessions.drop(cookie.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	if target := r.URL.Query().Get("post_logout_redirect_uri"); target != "" && h.World.KnowsRedirect(target) {
		http.Redirect(w, r, target, http.StatusFound)
		return
	}
	h.pages.showMessage(w, messageView{Title: "You are signed out", Text: "This browser has no session with the emulator any more."})
}
