package web

import (
	"net/http"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// requestView is one request and all that came of it.
type requestView struct {
	frame
	RequestID  string
	Story      storyView
	Steps      []step
	Withdraw   *form
	Mine       bool
	Afterwards string
	Live       bool
	Command    string // signs a command line in to the customer's tenant
}

func (p *Portal) request(v *visit) error {
	request, err := id[jit.RequestID](v, "request")
	if err != nil {
		return err
	}
	story, err := p.options.Service.Story(v.r.Context(), v.caller, request)
	if err != nil {
		return fault.In("web.request", err)
	}
	return render(v, http.StatusOK, p.pages.request, v.requestPage(story))
}

func (v *visit) requestPage(s jit.Story) requestView {
	page := requestView{
		frame: v.frame("Request "+requestNumber(s.Request.Number), ""), RequestID: string(s.Request.ID), Story: v.story(s), Steps: v.steps(s), Afterwards: afterwards,
		Mine: v.person != nil && v.person.ID == s.Request.Engineer,
		Live: s.Request.State == jit.Pending || s.Grant != nil && s.Grant.State.Open() ||
			s.Episode != nil && s.Episode.Phase == jit.Verifying,
	}
	if page.Mine && s.Request.State == jit.Pending {
		withdraw := v.form("/requests/" + string(s.Request.ID) + "/withdraw")
		page.Withdraw = &withdraw
	}
	if page.Mine && page.Story.Grant != nil && page.Story.Grant.Active {
		page.Command = "az login --tenant " + page.Story.Tenant
	}
	return page
}

func (p *Portal) withdraw(v *visit) error {
	request, err := id[jit.RequestID](v, "request")
	if err != nil {
		return err
	}
	if err := p.options.Service.Withdraw(v.r.Context(), v.caller, request); err != nil {
		return fault.In("web.withdraw", err)
	}
	return v.seeOther("/requests/" + string(request) + "?done=withdrawn")
}

// endNow ends a grant before its time and returns to the page it was pressed on.
func (p *Portal) endNow(v *visit) error {
	grant, err := id[jit.GrantID](v, "grant")
	if err != nil {
		return err
	}
	if err := p.options.Service.EndNow(v.r.Context(), v.caller, grant); err != nil {
		return fault.In("web.endNow", err)
	}
	if request, err := jit.ParseTextID[jit.RequestID](v.field("request")); err == nil {
		return v.seeOther("/requests/" + string(request) + "?done=ending")
	}
	return v.seeOther("/?done=ending")
}
