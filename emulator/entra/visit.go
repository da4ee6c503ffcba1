package entra

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/emulator/world"
)

// signInPath is where a page of the same origin sends a person whom it does not
// know.
const signInPath = "signin"

// Visitor is who has signed in with the browser that sent the request, for other
// pages of the same origin.
func (h *Handler) Visitor(r *http.Request) (world.Account, bool) {
	s, known := h.currentSession(r)
	return s.account, known
}

// SignInAt is the address at which a person signs in to come back to a path of
// the same origin, with its query.
func SignInAt(back string) string {
	return "/organizations/" + signInPath + "?" + url.Values{"back": {back}}.Encode()
}

// visit signs somebody in for a page of this origin. Nothing is issued: what the
// page asks afterwards is the browser's session.
func (h *Handler) visit(w http.ResponseWriter, r *http.Request, at authority) {
	app, p := h.app(world.AdminCenter.String())
	if p != nil {
		h.pages.showProblem(w, *p)
		return
	}
	h.converse(w, r, ask{at: at, app: app, purpose: forPage, back: localPath(r.URL.Query().Get("back")), maxAge: -1})
}

// localPath lets only a path of this origin through: nobody is sent elsewhere.
func localPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(back, "//") || strings.ContainsRune(back, '\\') {
		return "/"
	}
	return u.RequestURI()
}
