package web

import (
	"net/http"
	"strings"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// welcomeView is the first page for somebody who is not signed in.
type welcomeView struct {
	frame
	SignIn *signInChoice
}

// accessView is an engineer's first page.
type accessView struct {
	frame
	Open       []storyView
	JustEnded  []storyView // removed, yet Azure may still honour it
	Waiting    []storyView
	Past       []storyView
	Afterwards string
	Live       bool
}

// home is the first page: what this is, or what is the visitor's.
func (p *Portal) home(v *visit) error {
	switch {
	case !v.caller.SignedIn():
		return render(v, http.StatusOK, p.pages.welcome, welcomeView{frame: v.frame("Access that ends", ""), SignIn: p.signInTo("/")})
	case v.person != nil:
		return p.myAccess(v)
	case v.approver != nil:
		return v.seeOther("/inbox")
	}
	return p.stranger(v)
}

func (p *Portal) myAccess(v *visit) error {
	stories, err := p.options.Service.Mine(v.r.Context(), v.caller)
	if err != nil {
		return fault.In("web.myAccess", err)
	}
	return render(v, http.StatusOK, p.pages.access, v.accessPage(stories))
}

func (v *visit) accessPage(stories []jit.Story) accessView {
	page := accessView{frame: v.frame("My access", "/"), Afterwards: afterwards}
	for _, s := range stories {
		view := v.story(s)
		switch {
		case s.Grant != nil && s.Grant.State.Open():
			page.Open = append(page.Open, view)
		case s.Grant != nil && view.Grant.Still != nil:
			page.JustEnded = append(page.JustEnded, view)
		case s.Request.State == jit.Pending:
			page.Waiting = append(page.Waiting, view)
		default:
			page.Past = append(page.Past, view)
		}
	}
	page.Live = len(page.Open)+len(page.JustEnded)+len(page.Waiting) > 0
	return page
}

// stranger tells somebody who signed in well, but is nobody here, what to do.
func (p *Portal) stranger(v *visit) error {
	text := "You are signed in, but you have no part in this portal: you are neither one of " + line(p.options.Estate.Partner.Name) +
		"'s engineers nor an enrolled approver. If you were asked to approve something, open the link in the mail you were sent."
	if v.caller.Guest {
		text = "You are signed in with a guest account of " + v.organization() + ". Guests neither ask nor approve here: engineers sign in with their own organization's account, approvers with the customer's own."
	}
	return render(v, http.StatusOK, p.pages.message, messageView{
		frame: v.frame("Signed in", ""), Text: text, SignIn: p.signInTo("/"),
	})
}

// signIn sends the browser to the sign-in page of a tenant, named by its id or
// its domain.
func (p *Portal) signIn(v *visit) error {
	const op = "web.signIn"
	q := v.r.URL.Query()
	address, cookie, err := p.options.SignIn.Begin(v.r.Context(), p.tenantNamed(q.Get("tenant")), q.Get("return"), q.Get("fresh") == "1")
	if err != nil {
		return fault.In(op, err)
	}
	http.SetCookie(v.w, cookie)
	v.w.Header().Set("Location", address)
	v.w.WriteHeader(http.StatusFound)
	return nil
}

// tenantNamed finds a tenant by id or domain (R1). Zero when there is none; the
// sign-in answers for that as for any tenant that is not served.
func (p *Portal) tenantNamed(name string) csp.TenantID {
	name = strings.TrimSpace(name)
	if id, err := csp.ParseID[csp.Tenant](name); err == nil {
		return id
	}
	domain, err := csp.ParseDomain(name)
	if err != nil {
		return csp.TenantID{}
	}
	if domain == p.options.Estate.Partner.DefaultDomain {
		return p.options.Estate.Partner.ID
	}
	for _, c := range p.options.Estate.Customers {
		if domain == c.Tenant.DefaultDomain {
			return c.Tenant.ID
		}
	}
	return csp.TenantID{}
}

func (p *Portal) signInCallback(v *visit) error {
	returnTo, cookies, err := p.options.SignIn.Complete(v.r)
	for _, c := range cookies {
		http.SetCookie(v.w, c)
	}
	if err != nil {
		return fault.In("web.signInCallback", err)
	}
	return v.seeOther(returnTo)
}

func (p *Portal) signOut(v *visit) error {
	cookies, err := p.options.SignIn.Leave(v.r)
	for _, c := range cookies {
		http.SetCookie(v.w, c)
	}
	if err != nil {
		return fault.In("web.signOut", err)
	}
	return v.seeOther("/?done=signed-out")
}
