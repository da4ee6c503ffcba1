package web

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// visit is one request with what is known about its sender.
type visit struct {
	portal  *Portal
	w       http.ResponseWriter
	r       *http.Request
	now     time.Time
	browser string // id a browser without a session is known by, for its forms

	caller   jit.Caller
	person   *jit.Person   // the partner's, signed in with his home account
	approver *jit.Approver // enrolled, and signed in as himself
}

// visit finds out who is asking. What it returns can be rendered on even when it
// also returns an error; then it is nobody.
func (p *Portal) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	const op = "web.visit"
	v := &visit{portal: p, w: w, r: r, now: p.options.Clock.Now()}
	if cookie, err := r.Cookie(p.browserCookie()); err == nil && len(cookie.Value) == 26 {
		v.browser = cookie.Value
	}
	caller, err := p.options.SignIn.Caller(r)
	if err != nil {
		return v, fault.In(op, err)
	}
	v.caller = caller
	if !caller.SignedIn() {
		return v, nil
	}
	if person, ok := p.options.Estate.PersonByAccount(caller.Account); ok && person.Home == caller.Account {
		v.person = &person
		return v, nil
	}
	approver, ok, err := p.options.Service.AsApprover(r.Context(), caller)
	if err != nil {
		return v, fault.In(op, err)
	}
	if ok {
		v.approver = &approver
	}
	return v, nil
}

// organization is the name of the tenant the visitor is signed in at.
func (v *visit) organization() string {
	estate := v.portal.options.Estate
	if v.caller.Account.Tenant == estate.Partner.ID {
		return line(estate.Partner.Name)
	}
	if c, ok := estate.CustomerByTenant(v.caller.Account.Tenant); ok {
		return line(c.Tenant.Name)
	}
	return ""
}

// render writes a page. A template cannot fail on its data, which was checked at
// start; should it all the same, nothing of it was sent yet.
func render[T any](v *visit, status int, p *page[T], data T) error {
	var b bytes.Buffer
	if err := p.Execute(&b, data); err != nil {
		return fault.Wrap("web.render", fault.Internal, err, "")
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = b.WriteTo(v.w) // the client has gone; there is nobody to tell
	return nil
}

// seeOther sends the browser to a page of ours after a form was taken.
func (v *visit) seeOther(path string) error {
	v.w.Header().Set("Location", v.portal.absolute(path))
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// id reads an identifier out of the address. Text of another shape is, to the
// visitor, a page that does not exist.
func id[T ~string](v *visit, name string) (T, error) {
	parsed, err := jit.ParseTextID[T](v.r.PathValue(name))
	if err != nil {
		return "", fault.Wrap("web.id", fault.NotFound, err, noPage)
	}
	return parsed, nil
}

// field is a form field, short enough to be honest.
func (v *visit) field(name string) string { return v.r.PostForm.Get(name) }

// signInHref leads to the sign-in of a tenant and back to a page.
func signInHref(tenant, returnTo string, fresh bool) string {
	q := url.Values{"tenant": {tenant}, "return": {returnTo}}
	if fresh {
		q.Set("fresh", "1")
	}
	return "/sign-in?" + q.Encode()
}
