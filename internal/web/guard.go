package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"strings"

	"latchkey/internal/fault"
)

// contentPolicy lets a page use this portal's own files and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard sets the headers every answer has.
func (p *Portal) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if p.https() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// onlyOurHost turns away requests for any other name than the base URL's, so
// that nothing downstream can be led astray by a Host header (TH-T6).
func (p *Portal) onlyOurHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Host, p.options.BaseURL.Host) {
			w.WriteHeader(http.StatusMisdirectedRequest)
			text(w, "This is not the address of this portal.\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

const (
	maxForm   = 64 << 10
	formField = "_form"
)

// enter checks what every route asks for before its handler runs.
func (v *visit) enter(r route) error {
	const op = "web.enter"
	if r.method == http.MethodPost {
		if err := v.checkForm(); err != nil {
			return fault.In(op, err)
		}
	}
	if r.entrance == signedIn && !v.caller.SignedIn() {
		return errSignInFirst
	}
	return nil
}

var errSignInFirst = fault.New("web.enter", fault.Unauthenticated, "Please sign in to see this page. If you were signed in, your session has ended; nothing was changed.")

// checkForm reads the form and makes sure that one of our own pages, shown to
// this very visitor, sent it to this very address.
func (v *visit) checkForm() error {
	const op = "web.checkForm"
	if err := http.NewCrossOriginProtection().Check(v.r); err != nil {
		return fault.Wrap(op, fault.Denied, err, "This form was sent from another site, so nothing was done.")
	}
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return fault.New(op, fault.Invalid, "This address only takes the form of its page; nothing was done.")
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return fault.Wrap(op, fault.Invalid, err, "The form is damaged or too large; nothing was done.")
	}
	if !hmac.Equal([]byte(v.r.PostForm.Get(formField)), []byte(v.tokenFor(v.r.URL.Path))) {
		return fault.New(op, fault.Denied, "This form is too old, or was opened before you signed in, so nothing was done. Go back, reload the page and send it again.")
	}
	return nil
}

// form is where a form goes and the token that lets it through.
type form struct{ Action, Token string }

// form makes one for an address of ours.
func (v *visit) form(action string) form {
	v.knowVisitor()
	return form{Action: action, Token: v.tokenFor(action)}
}

// tokenFor binds an address to the visitor: to his session, or while he has none
// to a cookie that says nothing but that it is the same browser. A visitor
// without either has no token.
func (v *visit) tokenFor(action string) string {
	visitor := "session " + v.caller.Session
	if !v.caller.SignedIn() {
		visitor = "browser " + v.browser
	}
	if !v.caller.SignedIn() && v.browser == "" {
		return "none " + rand.Text()
	}
	mac := hmac.New(sha256.New, v.portal.options.FormKey[:])
	mac.Write([]byte(visitor + "\x00" + action))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (p *Portal) browserCookie() string {
	if p.https() {
		return "__Host-latchkey-form"
	}
	return "latchkey-form"
}

// knowVisitor gives a browser without a session a cookie to bind forms to.
func (v *visit) knowVisitor() {
	if v.caller.SignedIn() || v.browser != "" {
		return
	}
	v.browser = rand.Text()
	http.SetCookie(v.w, &http.Cookie{
		Name: v.portal.browserCookie(), Value: v.browser, Path: "/",
		Secure: v.portal.https(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
