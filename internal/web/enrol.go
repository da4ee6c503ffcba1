package web

import (
	"net/http"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// enrolView is the page on which a contact becomes an approver.
type enrolView struct {
	frame
	Approver   string
	Customer   string
	Partner    string
	Domain     string
	Expires    *moment
	SignIn     string
	SignedInAs string
	Trouble    string
	Problem    string
	Form       *form
}

func (p *Portal) enrolment(v *visit) error {
	link, err := id[jit.LinkID](v, "link")
	if err != nil {
		return err
	}
	page, err := p.options.Service.EnrolPage(v.r.Context(), v.caller, link)
	if err != nil {
		return fault.In("web.enrolment", err)
	}
	return render(v, http.StatusOK, p.pages.enrol, v.enrolPage(page, ""))
}

func (v *visit) enrolPage(e jit.EnrolPage, wrong string) enrolView {
	path := "/enrol/" + string(e.Link.ID)
	page := enrolView{
		frame:    v.frame("Become an approver for "+line(e.Customer.Tenant.Name), ""),
		Approver: line(e.Approver.Name), Customer: line(e.Customer.Tenant.Name), Domain: e.Customer.Tenant.DefaultDomain.String(),
		Partner: line(v.portal.options.Estate.Partner.Name), Expires: v.moment(e.Link.Expires),
		Trouble: line(e.Trouble), Problem: wrong,
	}
	if v.caller.SignedIn() {
		page.SignedInAs = line(v.caller.Name)
	}
	if v.caller.SignedIn() && e.Trouble == "" {
		enrol := v.form(path)
		page.Form = &enrol
		return page
	}
	page.SignIn = signInHref(e.Customer.Tenant.ID.String(), path, v.caller.SignedIn())
	return page
}

func (p *Portal) enrol(v *visit) error {
	const op = "web.enrol"
	link, err := id[jit.LinkID](v, "link")
	if err != nil {
		return err
	}
	if _, err = p.options.Service.Enrol(v.r.Context(), v.caller, link, digits(v.field("number"))); err == nil {
		return v.seeOther("/inbox?done=enrolled")
	}
	public := fault.PublicOf(err)
	if public == "" || fault.Is(err, fault.Internal) {
		return fault.In(op, err)
	}
	page, again := p.options.Service.EnrolPage(v.r.Context(), v.caller, link)
	if again != nil {
		return fault.In(op, err)
	}
	return render(v, answers[fault.KindOf(err)].status, p.pages.enrol, v.enrolPage(page, line(public)))
}
