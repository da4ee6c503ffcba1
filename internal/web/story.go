package web

import (
	"time"

	"latchkey/internal/jit"
)

// storyView is a request with what came of it, ready to be shown.
type storyView struct {
	Number   string
	Href     string
	Engineer string
	Holder   string // the engineer again, where it is not he who looks
	Partner  string
	Customer string
	Tenant   string
	Role     string
	Class    badge
	Place    place
	Duration string
	Reason   string
	Mixed    bool // the reason mixes alphabets within a word
	State    badge
	Filed    *moment
	AnswerBy *moment
	Proof    string
	Allows   []string
	Note     string // the approver's words
	Grant    *grantView
}

// grantView is the access itself.
type grantView struct {
	State   badge
	Begins  *moment
	Ends    *moment
	Ended   *moment
	Length  string
	Left    string // "1 hour 20 minutes left", while it is active
	Percent int    // of the time that is gone
	Open    bool
	Active  bool
	Why     string
	// Still is until when Azure may honour it although it was removed; nil when
	// that is over.
	Still *moment
	End   *form // the button that ends it now
	Stuck bool
}

func (v *visit) story(s jit.Story) storyView {
	estate := v.portal.options.Estate
	view := storyView{
		Number:   requestNumber(s.Request.Number),
		Href:     "/requests/" + string(s.Request.ID),
		Engineer: line(s.Engineer.Name),
		Partner:  line(estate.Partner.Name),
		Customer: line(s.Customer.Tenant.Name),
		Tenant:   s.Customer.Tenant.ID.String(),
		Role:     line(s.Request.RoleName),
		Class:    classBadge(s.Request.Class),
		Place:    placeOf(s.Request.Scope, s.Customer),
		Duration: jit.Spell(s.Request.Duration),
		Reason:   words(s.Request.Reason),
		Mixed:    mixesAlphabets(s.Request.Reason),
		State:    standing(s),
		Filed:    v.moment(s.Request.FiledAt),
		AnswerBy: v.moment(s.Request.AnswerBy),
		Proof:    proofSentence(s.Request.Tier),
	}
	for _, sentence := range s.Allows {
		view.Allows = append(view.Allows, line(sentence))
	}
	if s.Decision != nil {
		view.Note = words(s.Decision.Note)
	}
	if s.Grant != nil {
		view.Grant = v.grant(s)
	}
	return view
}

func (v *visit) grant(s jit.Story) *grantView {
	g := s.Grant
	stuck := s.Episode != nil && s.Episode.Stuck
	view := &grantView{
		State:  grantBadge(g.State, stuck),
		Begins: v.moment(g.Begins), Ends: v.moment(g.Ends), Ended: v.moment(g.EndedAt),
		Length: jit.Spell(g.Ends.Sub(g.Begins)),
		Open:   g.State.Open(), Active: g.State == jit.Active,
		Why: line(g.Why), Stuck: stuck,
	}
	if whole := g.Ends.Sub(g.Begins); whole > 0 {
		view.Percent = int(100 * min(max(v.now.Sub(g.Begins), 0), whole) / whole)
	}
	if left := g.Ends.Sub(v.now); view.Active {
		view.Left = "less than a minute left"
		if left >= time.Minute {
			view.Left = span(left) + " left"
		}
	}
	if until := g.EndedAt.Add(platformDelay); g.State == jit.Ended && until.After(v.now) {
		view.Still = v.moment(until)
	}
	if view.Open && g.State != jit.Revoking {
		end := v.form("/grants/" + string(g.ID) + "/end")
		view.End = &end
	}
	return view
}

// step is one line of a request's story.
type step struct {
	Icon, Tone, Title, Text string
	At                      *moment
}

// steps tells what happened and what is still to come, in order.
func (v *visit) steps(s jit.Story) []step {
	steps := []step{{"check", "good", "Asked", line(s.Engineer.Name) + " asked for access.", v.moment(s.Request.FiledAt)}}
	steps = append(steps, v.answerStep(s))
	if s.Request.State != jit.Approved && s.Request.State != jit.Pending {
		return steps
	}
	return append(steps, v.accessSteps(s)...)
}

func (v *visit) answerStep(s jit.Story) step {
	by := "The customer"
	if s.Approver != nil {
		by = line(s.Approver.Name)
	}
	var at *moment
	how := ""
	if s.Decision != nil {
		at, how = v.moment(s.Decision.At), ", "+proofGiven(s.Decision.Tier)
		if s.Decision.Verdict == jit.Approve && s.Decision.Duration > 0 && s.Decision.Duration < s.Request.Duration {
			how += ", for " + jit.Spell(s.Decision.Duration) + " only"
		}
	}
	switch s.Request.State {
	case jit.Pending:
		return step{"clock", "wait", "Waiting for an answer", "The customer's approvers were mailed. Without an answer the request lapses; silence is a no.", v.moment(s.Request.AnswerBy)}
	case jit.Approved:
		return step{"check", "good", "Approved", by + " approved" + how + ".", at}
	case jit.Declined:
		return step{"cross", "alert", "Declined", by + " declined" + how + ". Nothing was granted.", at}
	case jit.Withdrawn:
		return step{"minus", "quiet", "Withdrawn", line(s.Engineer.Name) + " took the request back. Nothing was granted.", at}
	case jit.Lapsed:
		return step{"minus", "quiet", "Lapsed", "Nobody answered in time. Nothing was granted.", v.moment(s.Request.AnswerBy)}
	}
	return step{"cross", "alert", "Refused after approval", "It was approved, but by then the rules no longer allowed it. Nothing was granted.", at}
}

func (v *visit) accessSteps(s jit.Story) []step {
	if s.Grant == nil {
		return []step{
			{Icon: "dot", Tone: "todo", Title: "Access given"},
			{Icon: "dot", Tone: "todo", Title: "Access removed"},
			{Icon: "dot", Tone: "todo", Title: "Removal verified"},
		}
	}
	g := s.Grant
	if g.State == jit.FailedGrant {
		return []step{{"cross", "alert", "Not given", orElse(line(g.Why), "It could not be set up. Nothing was granted."), v.moment(g.EndedAt)}}
	}
	return []step{v.givenStep(g), v.removedStep(s), v.verifiedStep(s)}
}

func (v *visit) givenStep(g *jit.Grant) step {
	if g.ActiveAt.IsZero() && (g.State == jit.Scheduled || g.State == jit.Granting) {
		return step{"clock", "wait", "Being set up", "Latchkey is asking Azure for the role and will read it back.", nil}
	}
	return step{"check", "good", "Access given", "The role was given and read back.", v.moment(g.ActiveAt)}
}

func (v *visit) removedStep(s jit.Story) step {
	g := s.Grant
	switch {
	case g.State == jit.Ended:
		text := "The role was removed and read back as absent. " + line(g.Why)
		if until := g.EndedAt.Add(platformDelay); until.After(v.now) {
			text += " Azure itself may still honour it until " + v.moment(until).Clock + "."
		}
		return step{"check", "good", "Access removed", text, v.moment(g.EndedAt)}
	case g.State == jit.Revoking && s.Episode != nil && s.Episode.Stuck:
		return step{"warn", "alert", "Removal is late", "Azure has not let go of the role yet. Latchkey keeps trying, and its operators were told. " + line(s.Episode.LastWhy), v.moment(g.Ends)}
	case g.State == jit.Revoking:
		return step{"clock", "wait", "Being removed", "Latchkey is removing the role and will read back that it is gone.", v.moment(g.Ends)}
	}
	return step{"dot", "todo", "Access removed", "Latchkey removes the role by itself.", v.moment(g.Ends)}
}

func (v *visit) verifiedStep(s jit.Story) step {
	const title = "Removal verified"
	if s.Grant.State != jit.Ended || s.Episode == nil {
		return step{Icon: "dot", Tone: "todo", Title: title, Text: "For an hour after the end Latchkey looks again that it stays gone."}
	}
	switch s.Episode.Phase {
	case jit.Closed:
		return step{"check", "good", title, "The role was looked for over the hour after the end and stayed gone.", nil}
	case jit.Verifying:
		return step{"clock", "wait", "Verifying the removal", "Latchkey looks again over the hour after the end; done " + plural(s.Episode.Checked, "time") + " so far.", nil}
	}
	return step{"clock", "wait", title, "The same role is still held for another approved request, until that one ends.", v.moment(s.Episode.Until)}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
