package mail

import (
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/internal/jit"
)

// letterFor says what the notice has to say, by its kind.
func (c *Composer) letterFor(n jit.Notice) (letter, error) {
	w := wordsOf(n)
	var l letter
	var err error
	switch n.Kind {
	case jit.NoticeAsk:
		l, err = c.ask(n, w)
	case jit.NoticeEnrol:
		l, err = c.enrol(n, w)
	case jit.NoticeGranted:
		l = c.granted(n, w)
	case jit.NoticeDeclined:
		l = c.declined(n, w)
	case jit.NoticeLapsed:
		l = c.lapsed(n, w)
	case jit.NoticeWithdrawn:
		l = c.withdrawn(n, w)
	case jit.NoticeFailed:
		l = c.failed(n, w)
	case jit.NoticeEnded:
		l = c.ended(n, w)
	case jit.NoticeStuck:
		l = c.stuck(n, w)
	default:
		err = fmt.Errorf("no words for a notice of kind %q", n.Kind)
	}
	if err != nil {
		return letter{}, err
	}
	l.Heading = l.Subject
	if w.number != "" {
		l.Subject = w.number + ": " + l.Subject
	}
	l.Greeting = greeting(n.ToName)
	l.Footer = []string{"Sent by Latchkey for " + w.partner + ". This mailbox does not read answers, and nobody will ever ask you for a password by mail."}
	return l, nil
}

// words are a notice's facts, cleaned and put as people say them.
type words struct {
	number, engineer, partner, customer, role, place string
}

func wordsOf(n jit.Notice) words {
	w := words{
		engineer: orElse(nameLine(n.EngineerName), "An engineer"),
		partner:  orElse(nameLine(n.PartnerName), "your partner"),
		customer: orElse(nameLine(n.CustomerName), "the customer"),
		role:     nameLine(n.RoleName),
		place:    placeWords(n.Scope),
	}
	if n.Number > 0 {
		w.number = fmt.Sprintf("LK-%d", n.Number)
	}
	return w
}

func orElse(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// The decision page is one page with two forms. The mail has a button for each,
// and what tells them apart is the address's fragment, which a browser uses to
// show the right part of the page and never sends: the portal cannot even see
// which button was pressed, so no button, and no scanner that presses it, can
// have decided anything.
const (
	approvePart = "approve"
	declinePart = "decline"
)

func (c *Composer) ask(n jit.Notice, w words) (letter, error) {
	link, err := jit.ParseTextID[jit.LinkID](string(n.Link))
	if err != nil {
		return letter{}, fmt.Errorf("an asking mail needs a link: %w", err)
	}
	approve, decline := c.page("decide", string(link)), c.page("decide", string(link))
	approve.Fragment, decline.Fragment = approvePart, declinePart
	l := letter{
		Subject: fmt.Sprintf("%s asks for access at %s", w.engineer, w.customer),
		Lead: []string{fmt.Sprintf("%s of %s asks for the role %s on %s at %s, for %s. You are asked because you answer for %s.",
			w.engineer, w.partner, w.role, w.place, w.customer, durationWords(n.Duration), w.customer)},
		Facts: append(w.access(n),
			fact{"For", durationWords(n.Duration) + " from your approval, then it is taken away"},
			fact{"Answer by", timeWords(n.AnswerBy)}),
		Quote: w.reason(n),
		Actions: []action{
			{Label: "Approve", URL: approve.String(), Main: true},
			{Label: "Decline", URL: decline.String()},
		},
		Notes: []string{
			"Both lead to the same page. Nothing is decided before you answer there.",
			fmt.Sprintf("If nobody answers by %s, the request lapses and nothing is granted.", timeWords(n.AnswerBy)),
		},
	}
	return c.proof(l, n, w)
}

// proof says what the page will want to see, by the tier the answer needs.
func (c *Composer) proof(l letter, n jit.Notice, w words) (letter, error) {
	switch n.Tier {
	case jit.MailTier:
		l.Number = c.numbers.For(n.Link)
		l.Sign = "The page asks for this number. Give it to nobody, and type it nowhere else."
		if l.Number == "" {
			return letter{}, fmt.Errorf("no number for link of notice %s", n.ID)
		}
	case jit.SignInTier:
		l.Sign = fmt.Sprintf("To answer you will be asked to sign in to %s.", w.customer)
	case jit.FreshTier:
		l.Sign = fmt.Sprintf("To answer you will be asked to sign in to %s anew, with a second factor, because this role is powerful.", w.customer)
	default:
		return letter{}, fmt.Errorf("an asking mail needs a tier, not %d", n.Tier)
	}
	return l, nil
}

func (c *Composer) enrol(n jit.Notice, w words) (letter, error) {
	link, err := jit.ParseTextID[jit.LinkID](string(n.Link))
	if err != nil {
		return letter{}, fmt.Errorf("an enrolling mail needs a link: %w", err)
	}
	number := c.numbers.For(link)
	if number == "" {
		return letter{}, fmt.Errorf("no number for link of notice %s", n.ID)
	}
	return letter{
		Subject: fmt.Sprintf("Will you answer for %s?", w.customer),
		Lead: []string{
			fmt.Sprintf("%s named you as a contact of %s. When one of its engineers needs access to your cloud for a short time, you will be asked by mail and can approve or decline.",
				w.partner, w.customer),
			fmt.Sprintf("Enrol once so that your approvals are bound to your own account: open the page, type the number, and sign in to %s.", w.customer),
		},
		Number:  number,
		Sign:    "The page asks for this number. Give it to nobody, and type it nowhere else.",
		Actions: []action{{Label: "Enrol", URL: c.page("enrol", string(link)).String(), Main: true}},
		Notes:   []string{"If you do not know this partner, leave this mail alone: nothing happens without you."},
	}, nil
}

func (c *Composer) granted(n jit.Notice, w words) letter {
	return letter{
		Subject: fmt.Sprintf("%s has access at %s", w.engineer, w.customer),
		Lead: []string{fmt.Sprintf("The request was approved and the access is there. It ends on %s; then it is taken away, and we read back that it is gone.",
			timeWords(n.Ends))},
		Facts:   append(w.access(n), fact{"From", timeWords(n.Begins)}, fact{"Until", timeWords(n.Ends)}),
		Quote:   w.reason(n),
		Actions: c.look(n, "See it, or end it now"),
		Notes:   []string{"Azure may take up to 10 minutes until the access works everywhere."},
	}
}

func (c *Composer) declined(n jit.Notice, w words) letter {
	l := letter{
		Subject: fmt.Sprintf("Your request at %s was declined", w.customer),
		Lead:    []string{"Nothing was granted. If the need remains, talk to the customer and ask anew."},
		Facts:   w.access(n),
		Actions: c.look(n, "See the request"),
	}
	if n.Why != "" {
		l.Quote = quote{By: "Written by the approver", Text: quoteLine(n.Why)}
	}
	return l
}

func (c *Composer) lapsed(n jit.Notice, w words) letter {
	return letter{
		Subject: fmt.Sprintf("Nobody answered your request at %s", w.customer),
		Lead: []string{fmt.Sprintf("No answer came by %s, so the request lapsed and nothing was granted. If the need remains, ask anew.",
			timeWords(n.AnswerBy))},
		Facts:   w.access(n),
		Actions: c.look(n, "See the request"),
	}
}

func (c *Composer) withdrawn(n jit.Notice, w words) letter {
	return letter{
		Subject: fmt.Sprintf("%s needs no answer any more", w.engineer),
		Lead:    []string{fmt.Sprintf("%s withdrew the request for access at %s. Nothing was granted, and there is nothing left for you to do.", w.engineer, w.customer)},
		Facts:   w.access(n),
		Actions: c.look(n, "See the request"),
	}
}

func (c *Composer) failed(n jit.Notice, w words) letter {
	return letter{
		Subject: fmt.Sprintf("The access at %s could not be granted", w.customer),
		Lead: []string{
			"The request was approved, but the access could not be made. Nothing was granted; we read back that nothing is there.",
			because(n.Why),
		},
		Facts:   w.access(n),
		Actions: c.look(n, "See what happened"),
	}.tidy()
}

func (c *Composer) ended(n jit.Notice, w words) letter {
	lead := fmt.Sprintf("The access was taken away, and on %s we read back from Azure that it is gone.", timeWords(n.At))
	if !n.Ends.IsZero() {
		lead += fmt.Sprintf(" Its end was due on %s.", timeWords(n.Ends))
	}
	return letter{
		Subject: fmt.Sprintf("%s no longer has this access at %s", w.engineer, w.customer),
		Lead:    []string{lead, because(n.Why)},
		Facts:   w.access(n),
		Actions: c.look(n, "See the whole story"),
		Notes: []string{
			"What Azure may still allow: a removal takes up to 10 minutes to reach every part of Azure, and a sign-in made before it stays valid for about an hour, though without this role it opens nothing once the removal has arrived.",
			"We look again over the next hour, and remove the access again should it come back.",
		},
	}.tidy()
}

func (c *Composer) stuck(n jit.Notice, w words) letter {
	return letter{
		Subject: fmt.Sprintf("Removal at %s is late: a person must look", w.customer),
		Lead: []string{
			fmt.Sprintf("The access of %s should have been gone on %s. As far as we can tell it is still there. Removal is tried again and again until it works.", w.engineer, timeWords(n.Ends)),
			because(n.Why),
		},
		Facts:   w.access(n),
		Actions: c.look(n, "See what is in the way"),
	}.tidy()
}

// access are the facts every mail about a request shows.
func (w words) access(n jit.Notice) []fact {
	facts := []fact{{"Who", w.engineer + ", " + w.partner}, {"Role", w.role}, {"Where", w.place}}
	if !n.Scope.IsZero() {
		facts = append(facts, fact{"Azure id", n.Scope.String()})
	}
	return facts
}

func (w words) reason(n jit.Notice) quote {
	return quote{By: "Why, written by the engineer", Text: quoteLine(n.Reason)}
}

// look is the one button of a mail that only tells: the request's own page.
func (c *Composer) look(n jit.Notice, label string) []action {
	return []action{{Label: label, URL: c.page("requests", string(n.Request)).String(), Main: true}}
}

// because is a cause as Latchkey put it. It may repeat what Azure answered, so
// it is cleaned like everything foreign.
func because(why string) string {
	if why = quoteLine(why); why == "" {
		return ""
	}
	return "The reason: " + why
}

// tidy drops empty paragraphs.
func (l letter) tidy() letter {
	kept := l.Lead[:0]
	for _, s := range l.Lead {
		if s != "" {
			kept = append(kept, s)
		}
	}
	l.Lead = kept
	return l
}

func greeting(name string) string {
	if name = nameLine(name); name == "" {
		return "Hello,"
	}
	return "Hello " + name + ","
}

// placeWords is the scope as people say it. The names in it are the customer's own.
func placeWords(s csp.Scope) string {
	switch s.Kind() {
	case csp.NoScope:
		return ""
	case csp.RootScope:
		return "everything in the tenant"
	case csp.SubscriptionScope:
		return "a whole subscription"
	}
	if group := s.ResourceGroup(); group != "" && s.Kind() == csp.ResourceScope {
		return fmt.Sprintf("%s in resource group %s", s.Name(), group)
	}
	return fmt.Sprintf("%s %s", s.Kind(), s.Name())
}

// timeWords is a moment in UTC: recipients sit in many zones, and a wrong guess
// would be worse than none.
func timeWords(t time.Time) string {
	if t.IsZero() {
		return "a day not yet known"
	}
	return t.UTC().Format("Mon 2 Jan 2006 at 15:04 UTC")
}

// durationWords is a duration in hours and minutes, such as "1 hour 30 minutes".
func durationWords(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	var parts []string
	if hours > 0 {
		parts = append(parts, counted(hours, "hour"))
	}
	if minutes > 0 || hours == 0 {
		parts = append(parts, counted(minutes, "minute"))
	}
	return strings.Join(parts, " ")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
