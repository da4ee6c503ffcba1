package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// decisionView is the page an approver decides on. Story is nil while he has to
// sign in to see it.
type decisionView struct {
	frame
	Approver     string
	Customer     string
	Partner      string
	Expires      *moment
	Story        *storyView
	Until        *moment // the end, were it approved now
	Approve      form
	Decline      form
	Digest       string
	CanAnswer    bool
	Answered     bool
	WantsNumber  bool
	NoteMost     int
	Shorter      []choice
	Need         string
	SignIn       string // where to sign in, when that is missing
	SwitchSignIn string // where to sign in as somebody else
	SignedInAs   string
	Trouble      string
	Problem      string
	Afterwards   string
}

func (p *Portal) decision(v *visit) error {
	link, err := id[jit.LinkID](v, "link")
	if err != nil {
		return err
	}
	page, err := p.options.Service.DecisionPage(v.r.Context(), v.caller, link)
	if err != nil {
		return fault.In("web.decision", err)
	}
	return render(v, http.StatusOK, p.pages.decision, v.decisionPage(page, ""))
}

func (v *visit) decisionPage(d jit.DecisionPage, wrong string) decisionView {
	path := "/decide/" + string(d.Link.ID)
	page := decisionView{
		frame:    v.frame("A request for access to "+line(d.Customer.Tenant.Name), "/inbox"),
		Approver: line(d.Approver.Name), Customer: line(d.Customer.Tenant.Name), Partner: line(v.portal.options.Estate.Partner.Name),
		Expires: v.moment(d.Link.Expires), Need: proofSentence(d.Need), NoteMost: jit.LongestNote,
		Trouble: line(d.Trouble), Problem: wrong, Afterwards: afterwards,
	}
	// A contact who is signed in as himself has proven more than the number does.
	himself := v.approver != nil && v.approver.ID == d.Approver.ID
	page.WantsNumber = d.Need == jit.MailTier && !himself
	if v.caller.SignedIn() {
		page.SignedInAs = line(v.caller.Name)
	}
	tenant := d.Customer.Tenant.ID.String()
	switch {
	case d.Met:
	case !v.caller.SignedIn(), d.Need == jit.FreshTier:
		page.SignIn = signInHref(tenant, path, d.Need == jit.FreshTier)
	}
	if !d.Met && v.caller.SignedIn() {
		page.SwitchSignIn = signInHref(tenant, path, true)
	}
	if d.Story == nil {
		return page
	}
	story := v.story(*d.Story)
	page.Story = &story
	page.Digest = d.Story.Request.Digest
	page.Until = v.moment(v.now.Add(d.Story.Request.Duration))
	page.Answered = d.Story.Request.State != jit.Pending
	page.CanAnswer = !page.Answered && d.Met && d.Trouble == ""
	if page.CanAnswer {
		page.Approve, page.Decline = v.form(path+"/approve"), v.form(path+"/decline")
		page.Shorter = shorter(d.Story.Request.Duration, v.portal.options.Estate.Policy.Shortest)
	}
	return page
}

// shorter lists the lengths an approver may shorten to; he can never lengthen.
func shorter(asked, shortest time.Duration) []choice {
	choices := []choice{{"0", span(asked) + ", as asked", true}}
	for _, d := range []time.Duration{4 * time.Hour, 2 * time.Hour, time.Hour, 30 * time.Minute, 15 * time.Minute} {
		if d < asked && d >= shortest {
			choices = append(choices, choice{strconv.Itoa(int(d / time.Minute)), jit.Spell(d), false})
		}
	}
	return choices
}

func (p *Portal) approve(v *visit) error { return p.decide(v, jit.Approve) }
func (p *Portal) decline(v *visit) error { return p.decide(v, jit.Decline) }

// answeredView tells the approver what became of his answer.
type answeredView struct {
	frame
	Approved bool
	Number   string
	Role     string
	Length   string
	Href     string // the request's page, for who is signed in
}

func (p *Portal) decide(v *visit, verdict jit.Verdict) error {
	const op = "web.decide"
	link, err := id[jit.LinkID](v, "link")
	if err != nil {
		return err
	}
	answer := jit.Answer{Link: link, Verdict: verdict, Number: digits(v.field("number")), Digest: v.field("digest"), Note: v.field("note")}
	if verdict == jit.Approve {
		minutes, err := strconv.Atoi(v.field("minutes"))
		if err != nil || minutes < 0 || minutes > 60*24*366 {
			return p.decideAgain(v, link, fault.New(op, fault.Invalid, "Choose for how long, from the list."))
		}
		answer.Duration = time.Duration(minutes) * time.Minute
	}
	request, err := p.options.Service.Decide(v.r.Context(), v.caller, answer)
	if err != nil {
		return p.decideAgain(v, link, err)
	}
	length := request.Duration
	if answer.Duration > 0 && answer.Duration < length {
		length = answer.Duration
	}
	page := answeredView{
		frame: v.frame("Your answer was taken", ""), Approved: verdict == jit.Approve,
		Number: requestNumber(request.Number), Role: line(request.RoleName), Length: jit.Spell(length),
	}
	if v.approver != nil {
		page.Href = "/requests/" + string(request.ID)
	}
	return render(v, http.StatusOK, p.pages.answered, page)
}

// decideAgain shows the page once more with what was wrong with the answer, and
// the request as it is now. When the page itself cannot be had any more, the
// reason stands alone.
func (p *Portal) decideAgain(v *visit, link jit.LinkID, wrong error) error {
	const op = "web.decideAgain"
	public := fault.PublicOf(wrong)
	if public == "" || fault.Is(wrong, fault.Internal) {
		return fault.In(op, wrong)
	}
	d, err := p.options.Service.DecisionPage(v.r.Context(), v.caller, link)
	if err != nil {
		return fault.In(op, wrong)
	}
	return render(v, answers[fault.KindOf(wrong)].status, p.pages.decision, v.decisionPage(d, line(public)))
}

// digits drops the spaces people put into numbers; what else is in there stays
// wrong.
func digits(s string) string {
	s = strings.Join(strings.Fields(s), "")
	if len(s) > 20 {
		return s[:20]
	}
	return s
}
