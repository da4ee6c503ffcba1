package web

import (
	"net/http"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// inboxView is an approver's first page: what waits for him, what is open at his
// organization, and what was.
type inboxView struct {
	frame
	Organization string
	Waiting      []inboxItem
	Open         []inboxItem
	Past         []inboxItem
	Afterwards   string
	Live         bool
}

type inboxItem struct {
	Story  storyView
	Answer string // where it is answered; empty when there is nothing to answer
}

func (p *Portal) inbox(v *visit) error {
	items, err := p.options.Service.Inbox(v.r.Context(), v.caller)
	if err != nil {
		return fault.In("web.inbox", err)
	}
	return render(v, http.StatusOK, p.pages.inbox, v.inboxPage(items))
}

func (v *visit) inboxPage(items []jit.InboxItem) inboxView {
	page := inboxView{frame: v.frame("Inbox", "/inbox"), Organization: v.organization(), Afterwards: afterwards, Live: true}
	for _, item := range items {
		view := inboxItem{Story: v.story(item.Story)}
		view.Story.Holder = view.Story.Engineer
		switch {
		case item.Link != "" && item.Story.Request.State == jit.Pending:
			view.Answer = "/decide/" + string(item.Link)
			page.Waiting = append(page.Waiting, view)
		case item.Story.Grant != nil && item.Story.Grant.State.Open():
			page.Open = append(page.Open, view)
		default:
			page.Past = append(page.Past, view)
		}
	}
	return page
}
