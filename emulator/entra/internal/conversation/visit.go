package conversation

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/gate"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// SignInPath is where a page of the same origin sends a person whom it does not
// know.
const SignInPath = "signin"

// Visitor is who has signed in with the browser that sent the request, for other
// pages of the same origin.
func (h *Handler) Visitor(r *http.Request) (world.Account, bool) {
	s, known := h.currentSession(r)
	return s.Account, known
}

// Visit signs somebody in for a page of this origin. Nothing is issued: what the
// page asks afterwards is the browser's session.
func (h *Handler) Visit(w http.ResponseWriter, r *http.Request, at address.Authority) {
	app, p := gate.App(h.World, registry.AdminCenter.String())
	if p != nil {
		h.Pages.ShowProblem(w, *p)
		return
	}
	h.converse(w, r, ask.Ask{At: at, App: app, Purpose: ask.ForPage, Back: localPath(r.URL.Query().Get("back")), MaxAge: -1})
}

// localPath lets only a path of this origin through: nobody is sent elsewhere.
func localPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(back, "//") || strings.ContainsRune(back, '\\') {
		return "/"
	}
	return u.RequestURI()
}
