package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/jit"
)

// line makes foreign text fit to stand in a line of ours: nothing that controls,
// hides or turns the direction of writing (TH-S7), and not too long.
func line(s string) string { return clip(jit.CleanText(s), 300) }

// words does the same for what people write at length.
func words(s string) string { return clip(jit.CleanText(s), 2000) }

func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// mixesAlphabets says whether a word of the text mixes Latin with Cyrillic or
// Greek letters, as look-alike spellings do.
func mixesAlphabets(s string) bool {
	for word := range strings.FieldsSeq(s) {
		var latin, other bool
		for _, r := range word {
			latin = latin || unicode.Is(unicode.Latin, r)
			other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek)
		}
		if latin && other {
			return true
		}
	}
	return false
}

// moment is a point in time as pages show it: for machines, absolute, and as
// seen from now.
type moment struct {
	ISO, Text, Relative string
	Clock               string // the time of day alone
}

func (v *visit) moment(t time.Time) *moment { return momentOf(t, v.now) }

// momentOf is nil for a moment that has not come.
func momentOf(t, now time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &moment{ISO: t.Format(time.RFC3339), Text: t.Format("2 January 2006, 15:04 UTC"), Relative: relative(t.Sub(now)), Clock: t.Format("15:04 UTC")}
}

func relative(d time.Duration) string {
	switch {
	case d > -45*time.Second && d < 45*time.Second:
		return "now"
	case d < 0:
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

// span is a duration in its largest unit or two, rounded, for people.
func span(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case minutes < 60:
		return plural(max(minutes, 1), "minute")
	case minutes < 24*60:
		if minutes%60 == 0 {
			return plural(minutes/60, "hour")
		}
		return plural(minutes/60, "hour") + " " + plural(minutes%60, "minute")
	}
	hours := int(d.Round(time.Hour) / time.Hour)
	if hours%24 == 0 {
		return plural(hours/24, "day")
	}
	return plural(hours/24, "day") + " " + plural(hours%24, "hour")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// place is a scope in words and as the id that counts.
type place struct{ Words, ID string }

func placeOf(s csp.Scope, c jit.Customer) place {
	in := "subscription " + s.Subscription().String() // one the customer no longer lists
	for _, sub := range c.Subscriptions {
		if sub.ID == s.Subscription() {
			in = "subscription " + line(sub.Name)
		}
	}
	p := place{ID: s.String()}
	switch s.Kind() {
	case csp.ResourceGroupScope:
		p.Words = "resource group " + s.ResourceGroup() + " in " + in
	case csp.ResourceScope:
		p.Words = s.Name() + " in " + in
		if group := s.ResourceGroup(); group != "" {
			p.Words = s.Name() + " in resource group " + group + ", " + in
		}
	case csp.SubscriptionScope:
		p.Words = "the whole " + in
	default:
		p.Words = "the " + s.Kind().String() + " " + s.Name()
	}
	return p
}

// badge is a word with a colour and a sign; never the colour alone.
type badge struct{ Word, Tone, Icon string }

func classBadge(c roleclass.Class) badge {
	switch c {
	case roleclass.Read:
		return badge{"Read", "calm", "eye"}
	case roleclass.Standard:
		return badge{"Standard", "info", "wrench"}
	}
	return badge{"Privileged", "alert", "shield"}
}

// proofSentence says what an approver must do to approve in the tier.
func proofSentence(t jit.Tier) string {
	switch t {
	case jit.MailTier:
		return "The customer's approver confirms with the number in the mail."
	case jit.SignInTier:
		return "The customer's approver signs in to the customer's own tenant."
	}
	return "The customer's approver signs in anew, with a second factor."
}

// proofGiven says how a decision was proven.
func proofGiven(t jit.Tier) string {
	switch t {
	case jit.MailTier:
		return "with the number from the mail"
	case jit.SignInTier:
		return "signed in to the customer's tenant"
	}
	return "signed in anew with a second factor"
}

// standing is where a request has come to, with all that followed.
func standing(s jit.Story) badge {
	switch s.Request.State {
	case jit.Pending:
		return badge{"Waiting for an answer", "wait", "clock"}
	case jit.Declined:
		return badge{"Declined", "alert", "cross"}
	case jit.Withdrawn:
		return badge{"Withdrawn", "quiet", "minus"}
	case jit.Lapsed:
		return badge{"Lapsed, nobody answered", "quiet", "minus"}
	case jit.RefusedAtUse:
		return badge{"Refused after approval", "alert", "cross"}
	}
	if s.Grant == nil {
		return badge{"Approved", "good", "check"}
	}
	return grantBadge(s.Grant.State, s.Episode != nil && s.Episode.Stuck)
}

func grantBadge(state jit.GrantState, stuck bool) badge {
	switch state {
	case jit.Scheduled, jit.Granting:
		return badge{"Being set up", "wait", "clock"}
	case jit.Active:
		return badge{"Active", "good", "key"}
	case jit.Revoking:
		if stuck {
			return badge{"Removal is late", "alert", "warn"}
		}
		return badge{"Being removed", "wait", "clock"}
	case jit.FailedGrant:
		return badge{"Failed, nothing was granted", "alert", "cross"}
	}
	return badge{"Ended and removed", "quiet", "check"}
}

// requestNumber is how people call a request.
func requestNumber(n int64) string { return fmt.Sprintf("LK-%d", n) }

// platformDelay is how long Azure itself may honour a role that is gone.
const platformDelay = 10 * time.Minute

// afterwards says what the platform may still allow once the role is removed.
const afterwards = "After the end Azure itself can take up to 10 minutes to stop honouring the removed role."
