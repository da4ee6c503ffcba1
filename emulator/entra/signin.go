package entra

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// cookieName differs from the portal's: browsers share cookies between the ports
// of one host.
const cookieName = "emulator_session"

// authorize is the page a browser is sent to. The request stays in the address
// through all steps; forms post back to the same address.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request, at authority) {
	a, p, toClient := h.readAsk(at, r.URL.Query())
	switch {
	case p != nil && toClient:
		h.refuseClient(w, r, a, *p)
	case p != nil:
		h.pages.showProblem(w, *p)
	case r.Method == http.MethodGet:
		h.begin(w, r, a)
	case r.Method == http.MethodPost:
		h.step(w, r, a)
	default:
		w.Header().Set("Allow", "GET, POST")
		h.pages.showProblem(w, problem{status: http.StatusMethodNotAllowed, code: "invalid_request", number: 900561, text: "The page is opened with GET."})
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
		h.refuseClient(w, r, a, problem{code: "login_required", number: 50058, text: "A silent sign-in request was sent but no user is signed in."})
		return
	}
	who, p := h.enter(a, s.account)
	switch {
	case p != nil:
		h.refuseClient(w, r, a, problem{code: "interaction_required", number: p.number, text: p.text})
	case h.needsSecondStep(a, s, who):
		h.refuseClient(w, r, a, problem{code: "interaction_required", number: 50076, text: "You must use multi-factor authentication to access the application."})
	default:
		h.finish(w, r, a, s, who)
	}
}

// step takes one posted form.
func (h *Handler) step(w http.ResponseWriter, r *http.Request, a ask) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.pages.showProblem(w, problem{code: "invalid_request", number: 9002313, text: "The form could not be read."})
		return
	}
	switch r.PostForm.Get("step") {
	case "continue":
		s, known := h.currentSession(r)
		if !known || !a.satisfiedBy(s, h.World.Now()) {
			h.showPicker(w, a, session{}, false, "You have to sign in again.")
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
		h.refuseClient(w, r, a, problem{code: "access_denied", number: 65004, text: "User declined to consent to access the app."})
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
	given := r.PostForm.Get("password")
	if !ok || home.Password == "" || subtle.ConstantTimeCompare([]byte(home.Password), []byte(given)) != 1 {
		h.pages.showPassword(w, a, u, "AADSTS50126: That password is not right.")
		return
	}
	h.firstStepDone(w, r, a, session{account: u.Account(), authTime: h.World.Now()})
}

// firstStepDone goes on after the password, to the second step if one is needed.
func (h *Handler) firstStepDone(w http.ResponseWriter, r *http.Request, a ask, s session) {
	who, p := h.enter(a, s.account)
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	if h.needsSecondStep(a, s, who) {
		if !who.MFA {
			h.refuseClient(w, r, a, problem{code: "interaction_required", number: 50079, text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication."})
			return
		}
		h.pages.showConfirm(w, a, who, h.pending.put(s))
		return
	}
	h.remember(w, r, s)
	h.finish(w, r, a, s, who)
}

func (h *Handler) secondStepDone(w http.ResponseWriter, r *http.Request, a ask, s session) {
	who, p := h.enter(a, s.account)
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	h.remember(w, r, s)
	h.finish(w, r, a, s, who)
}

// needsSecondStep: the account has multi-factor authentication switched on, or
// the client asks for an authentication context, which stands for it here.
func (h *Handler) needsSecondStep(a ask, s session, who world.Identity) bool {
	return !s.mfa && (who.MFA || len(a.acrs) > 0)
}

// finish hands a code to the client.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, a ask, s session, who world.Identity) {
	by := h.World.Acting(r.Context(), world.Actor{Tenant: who.Tenant, Object: who.Object, Client: a.app.ID, Name: who.UPN})
	h.World.NoteSignIn(by, strings.Join(s.amr(), "+"))
	h.answerClient(w, r, a, url.Values{
		"code":          {h.newCode(a, who.Tenant, s)},
		"session_state": {world.NewID[csp.Tenant]().String()},
	})
}

// enter finds out who the account is in the tenant asked for, and whether the
// application may be used there.
func (h *Handler) enter(a ask, account world.Account) (world.Identity, *problem) {
	t, ok := h.tenantFor(a, account)
	if !ok {
		return world.Identity{}, &problem{code: "invalid_request", number: 90002, text: "Tenant not found."}
	}
	if _, ok := t.ServicePrincipal(a.app.ID); !ok {
		return world.Identity{}, notConsented(a.app, t)
	}
	who, err := h.World.Enter(account, t.ID)
	if err != nil {
		p := refusalProblem(err)
		return world.Identity{}, &p
	}
	return who, nil
}

// findAccount finds the account a form names: by its sign-in name, in any tenant.
func (h *Handler) findAccount(a ask, name string) (world.User, bool) {
	name = strings.TrimSpace(name)
	for _, t := range h.candidates(a) {
		for _, u := range t.Users() {
			if !strings.EqualFold(u.UPN, name) {
				continue
			}
			return h.World.User(u.Account().Tenant, u.Account().Object)
		}
	}
	_, domain, _ := strings.Cut(name, "@")
	home, ok := h.World.TenantNamed(domain)
	if !ok {
		return world.User{}, false
	}
	for _, u := range home.Users() {
		if strings.EqualFold(u.UPN, name) && !u.IsGuest() {
			return u, true
		}
	}
	return world.User{}, false
}

// candidates are the tenants whose people the picker offers.
func (h *Handler) candidates(a ask) []world.Tenant {
	if a.at.shared == "" {
		return []world.Tenant{a.at.tenant}
	}
	return h.World.Tenants()
}

func (h *Handler) showPicker(w http.ResponseWriter, a ask, s session, usable bool, message string) {
	view := pickerView{App: a.app.Name, Message: message, Easy: h.EasySignIn, Hint: a.loginHint, Tenant: a.at.segment()}
	if a.at.shared == "" {
		view.Tenant = a.at.tenant.Name
	}
	if u, ok := h.World.User(s.account.Tenant, s.account.Object); ok && usable {
		view.Current, view.CurrentName = u.UPN, u.Name
	}
	for _, t := range h.candidates(a) {
		for _, u := range t.Users() {
			if u.Disabled {
				continue
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
