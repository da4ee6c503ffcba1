package web

import (
	"net/http"
	"strings"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/jit"
)

// storiesView lists the stories.
type storiesView struct {
	frame
	Stories []Link
}

// story is a page in one of its states, with made-up data.
type story struct {
	slug, label string
	by          jit.Caller
	show        func(*visit) error
}

// stopped is a clock that stands still, so that a story looks the same each time.
type stopped struct {
	clock.Clock
	at time.Time
}

// Now is always the same moment.
func (s stopped) Now() time.Time { return s.at }

// Storybook shows every page in every state, with made-up data and forms that
// lead nowhere. It asks neither the service nor the store.
func (p *Portal) Storybook() http.Handler {
	book := *p
	book.options.Estate = storyEstate()
	book.options.Clock = stopped{p.options.Clock, storyNow}
	all := stories()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, slug, _ := strings.Cut(r.URL.Path, "/-/storybook/")
		v := &visit{portal: &book, w: w, r: r, now: storyNow, browser: strings.Repeat("A", 26)}
		if err := v.tell(all, slug); err != nil {
			p.fail(v, err)
		}
	})
}

func (v *visit) tell(all []story, slug string) error {
	list := storiesView{frame: v.portal.plainFrame("Storybook")}
	for _, s := range all {
		if s.slug == slug {
			v.become(s.by)
			return s.show(v)
		}
		list.Stories = append(list.Stories, Link{s.label, "/-/storybook/" + s.slug})
	}
	if slug != "" {
		return errNoPage()
	}
	return render(v, http.StatusOK, v.portal.pages.stories, list)
}

// become makes the visitor one of the made-up people.
func (v *visit) become(by jit.Caller) {
	v.caller = by
	if person, ok := v.portal.options.Estate.PersonByAccount(by.Account); ok && person.Home == by.Account {
		v.person = &person
	}
	if approver := storyApprover(); approver.Account == by.Account {
		v.approver = &approver
	}
}
