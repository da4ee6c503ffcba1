package demo

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/internal/mail/sink"
)

// The resource group the story turns on.
const bookingGroup = "rg-booking"

// number is the one a mail shows.
var number = regexp.MustCompile(`Your number: ([0-9]{6})`)

func numberIn(m sink.Message) (string, error) {
	found := number.FindStringSubmatch(m.Text)
	if found == nil {
		return "", fmt.Errorf("the mail %q shows no number", m.Subject)
	}
	return found[1], nil
}

// numberedMail waits for a mail to Casey about the subject, and reads its number.
func (t *Tour) numberedMail(ctx context.Context, subject string) (m sink.Message, typed string, err error) {
	if m, err = t.mail(ctx, "casey@brightwater.example", subject); err != nil {
		return m, "", err
	}
	typed, err = numberIn(m)
	return m, typed, err
}

// Enrol binds the customer's contact to her own account.
func (t *Tour) Enrol(ctx context.Context) error {
	t.tell.Chapter("The customer's contact becomes an approver")
	return t.tell.Step(ctx, "Casey follows the enrolment mail, signs in to Brightwater and types the number", func(ctx context.Context, proven func(string, ...any)) error {
		m, typed, err := t.numberedMail(ctx, "Will you answer")
		if err != nil {
			return err
		}
		proven("a mail came to %s by SMTP, with a number and one link: %q", m.To.Address, m.Subject)
		page, err := openSignedIn(ctx, t.casey, link(m), CaseyAccount)
		if err != nil {
			return err
		}
		if page, err = t.casey.Press(ctx, page, "Enrol me", map[string]string{"number": typed}); err != nil {
			return err
		}
		if err := claim(page.Status == http.StatusOK && page.URL.Path == "/inbox", "Casey is enrolled: %s (%d) %s", page.Title(), page.Status, page.Excerpt()); err != nil {
			return err
		}
		proven("Casey is bound to her account in Brightwater's tenant, and sees her inbox")
		t.mailsRead()
		return nil
	})
}

// standardRole is the main job: asked, approved from the mail, granted, used,
// ended, proven gone.
func (t *Tour) standardRole(ctx context.Context) error {
	t.tell.Chapter("A standard role, approved from the mail")
	steps := []struct {
		title string
		play  func(context.Context, func(string, ...any)) error
	}{
		{"James signs in to the portal with his own account", t.jamesSignsIn},
		{"His own token is refused a restart in the customer's subscription", t.refusedRestart},
		{"He asks for a role that may restart, on one resource group, for two hours", func(ctx context.Context, p func(string, ...any)) error {
			return t.ask(ctx, p, powerRole, "120", "The booking server hangs since 09:40, ticket 4711; it must be restarted.", "Standard")
		}},
		{"Casey opens the link in the mail, reads what is asked, types the number and approves", t.approveFromMail},
		{"Latchkey makes the role assignment, reads it back and tells both sides", func(ctx context.Context, p func(string, ...any)) error { return t.granted(ctx, p, powerRole) }},
		{"James's own token restarts the machine", t.allowedRestart},
		{"Two hours pass, and the access is taken back", t.twoHoursPass},
		{"The audit log tells the story, and proves whole", t.verifyLog},
	}
	for _, step := range steps {
		if err := t.tell.Step(ctx, step.title, step.play); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tour) jamesSignsIn(ctx context.Context, proven func(string, ...any)) error {
	page, err := t.as(ctx, t.james, JamesAccount, "/")
	if err != nil {
		return err
	}
	if err := claim(page.Title() == "My access" && page.Has("James Rivera"), "James is signed in: %s %s", page.Title(), page.Excerpt()); err != nil {
		return err
	}
	proven("OpenID Connect, code and PKCE: the portal knows James Rivera of Alder Cloud")
	proven("he holds nothing through Latchkey")
	return nil
}

func (t *Tour) refusedRestart(ctx context.Context, proven func(string, ...any)) error {
	before := t.restarts()
	answer, err := t.shell.Restart(ctx, brightwater, BookingMachine)
	if err != nil {
		return err
	}
	if err := claim(answer.Status == http.StatusForbidden && answer.Code == "AuthorizationFailed", "Azure refuses: %d %s", answer.Status, answer.said()); err != nil {
		return err
	}
	if err := claim(t.restarts() == before, "the machine was left alone"); err != nil {
		return err
	}
	proven("403 AuthorizationFailed for James's own token; the machine was not restarted")
	return nil
}

// askForm fills in the two steps of the form and sends it; other replaces fields.
func (t *Tour) askForm(ctx context.Context, role, minutes, reason string, other map[string]string) (*Page, error) {
	page, err := t.as(ctx, t.james, JamesAccount, "/ask")
	if err != nil {
		return nil, err
	}
	if page, err = t.james.Follow(ctx, page, "Brightwater Clinics"); err != nil {
		return nil, err
	}
	definition, _ := builtin.AzureRoleNamed(role)
	fields := map[string]string{
		"subscription": brightwaterProduction.String(), "group": bookingGroup,
		"role": definition.ID.String(), "minutes": minutes, "reason": reason,
	}
	maps.Copy(fields, other)
	return t.james.Press(ctx, page, "Send the request", fields)
}

// ask sends a request that must be taken.
func (t *Tour) ask(ctx context.Context, proven func(string, ...any), role, minutes, reason, class string) error {
	page, err := t.askForm(ctx, role, minutes, reason, nil)
	if err != nil {
		return err
	}
	if err := claim(page.Status == http.StatusOK && strings.HasPrefix(page.URL.Path, "/requests/"), "the request was filed: %s (%d) %s", page.Title(), page.Status, page.Excerpt()); err != nil {
		return err
	}
	if err := claim(page.Has(class), "the class of %s is %s: %s", role, class, page.Excerpt()); err != nil {
		return err
	}
	proven("filed for %s at Brightwater, %s only; class %s by what the role allows", role, bookingGroup, strings.ToLower(class))
	return nil
}

func (t *Tour) approveFromMail(ctx context.Context, proven func(string, ...any)) error {
	m, typed, err := t.numberedMail(ctx, "asks for access")
	if err != nil {
		return err
	}
	anybody := NewVisitor("Casey, on her phone") // not signed in: the mail tier needs no account
	page, err := anybody.Open(ctx, m.Links[0])
	if err != nil {
		return err
	}
	if err := claim(page.Has("James Rivera") && page.Has("2 hours") && page.Has("booking server"), "the page says who asks for what and why: %s", page.Excerpt()); err != nil {
		return err
	}
	proven("the page says in one sentence: %s", page.Title())
	if err := t.scannerDecidesNothing(ctx, m, proven); err != nil {
		return err
	}
	refused, err := anybody.Press(ctx, page, "Approve", map[string]string{"number": wrong(typed)})
	if err != nil {
		return err
	}
	if err := claim(refused.Status >= http.StatusBadRequest && len(t.held()) == 0, "a wrong number is refused: %d %s", refused.Status, refused.Excerpt()); err != nil {
		return err
	}
	proven("a wrong number is refused, and nothing changed")
	if page, err = anybody.Press(ctx, page, "Approve", map[string]string{"number": typed}); err != nil {
		return err
	}
	return claim(page.Title() == "Approved", "the approval was taken: %s (%d) %s", page.Title(), page.Status, page.Excerpt())
}

// scannerDecidesNothing opens every link of the mail, and the addresses behind
// the buttons, as a mail scanner would.
func (t *Tour) scannerDecidesNothing(ctx context.Context, m sink.Message, proven func(string, ...any)) error {
	scanner := NewVisitor("a mail scanner")
	for _, link := range m.Links {
		address, _, _ := strings.Cut(link, "#")
		for _, suffix := range []string{"", "/approve", "/decline"} {
			if _, err := scanner.Open(ctx, address+suffix); err != nil {
				return err
			}
		}
	}
	page, err := t.as(ctx, t.james, JamesAccount, "/")
	if err != nil {
		return err
	}
	if err := claim(page.Has("Waiting for an answer") && len(t.held()) == 0, "the request still waits: %s", page.Excerpt()); err != nil {
		return err
	}
	proven("a scanner that opens every link decides nothing")
	return nil
}

// wrong is another number than the right one.
func wrong(right string) string {
	if right == "000000" {
		return "000001"
	}
	return "000000"
}

// granted waits for the assignment and holds it against what was approved.
func (t *Tour) granted(ctx context.Context, proven func(string, ...any), role string) error {
	for _, to := range []string{"james@alder-cloud.example", "casey@brightwater.example"} {
		if _, err := t.mail(ctx, to, "has access at Brightwater"); err != nil {
			return err
		}
	}
	held := t.held()
	if err := claim(len(held) == 1, "James holds exactly one assignment, not %d", len(held)); err != nil {
		return err
	}
	definition, _ := builtin.AzureRoleNamed(role)
	a := held[0]
	group := csp.MustParseScope("/subscriptions/" + brightwaterProduction.String() + "/resourceGroups/" + bookingGroup)
	if err := claim(a.Role == definition.ID && a.Scope.Equal(group) && a.CreatedBy == portalBright, "it is %s at %s, made by Latchkey: %+v", role, group, a); err != nil {
		return err
	}
	proven("the cloud's record: %s at %s, made by Latchkey's own service principal", role, a.Scope)
	if err := claim(strings.HasPrefix(a.Description, "latchkey/1 instance="+instanceID.String()), "it carries the marker: %q", a.Description); err != nil {
		return err
	}
	proven("its description says whose it is and when it ends: %s", a.Description)
	proven("it was read back, and James and Casey were told by mail")
	t.mailsRead()
	return nil
}

func (t *Tour) allowedRestart(ctx context.Context, proven func(string, ...any)) error {
	before := t.restarts()
	answer, err := t.shell.Restart(ctx, brightwater, BookingMachine)
	if err != nil {
		return err
	}
	if err := claim(answer.Status < http.StatusMultipleChoices && t.restarts() == before+1, "the machine restarted: %d %s", answer.Status, answer.said()); err != nil {
		return err
	}
	proven("%d from Azure; the machine was restarted once", answer.Status)
	answer, err = t.shell.RunCommand(ctx, brightwater, BookingMachine)
	if err != nil {
		return err
	}
	if err := claim(answer.Status == http.StatusForbidden, "running a command is refused: %d %s", answer.Status, answer.said()); err != nil {
		return err
	}
	proven("running a command as the machine is still refused: the role does not allow it")
	return nil
}

func (t *Tour) twoHoursPass(ctx context.Context, proven func(string, ...any)) error {
	due := t.stage.Clock.Now()
	if err := t.Move(ctx, 2*time.Hour); err != nil {
		return err
	}
	if err := t.gone(ctx); err != nil {
		return err
	}
	proven("the cloud's record: the assignment is gone, %s after it was due", t.since(due.Add(2*time.Hour)))
	for _, to := range []string{"james@alder-cloud.example", "casey@brightwater.example"} {
		if _, err := t.mail(ctx, to, "no longer has"); err != nil {
			return err
		}
	}
	proven("it was read back absent, and both sides were told")
	if err := t.refusedRestart(ctx, proven); err != nil {
		return err
	}
	t.mailsRead()
	return t.lookedForAgain(ctx, proven)
}

// since is how long after the moment it is now, for people.
func (t *Tour) since(moment time.Time) time.Duration {
	return max(0, t.stage.Clock.Now().Sub(moment)).Round(10 * time.Millisecond)
}

// gone waits until James holds nothing, by the cloud's own record.
func (t *Tour) gone(ctx context.Context) error {
	return Until(ctx, "the assignment to be removed", func() (bool, error) { return len(t.held()) == 0, nil })
}

// lookedForAgain moves the clock through the quarantine; the log must tell of
// each look.
func (t *Tour) lookedForAgain(ctx context.Context, proven func(string, ...any)) error {
	before, err := t.looks(ctx)
	if err != nil {
		return err
	}
	for i, by := range []time.Duration{time.Minute, 4 * time.Minute, 10 * time.Minute, 45 * time.Minute} {
		if err := t.Move(ctx, by+time.Second); err != nil {
			return err
		}
		err := Until(ctx, "the next look", func() (bool, error) {
			now, err := t.looks(ctx)
			return now == before+i+1, err
		})
		if err != nil {
			return err
		}
	}
	proven("looked for again 1, 5, 15 and 60 minutes later: still gone, says the log")
	return nil
}

// looks counts, as the operator reads it in the log, how often absence was read again.
func (t *Tour) looks(ctx context.Context) (int, error) {
	page, err := t.as(ctx, t.olga, OlgaAccount, "/log")
	if err != nil {
		return 0, err
	}
	text := page.Text()
	return strings.Count(text, "read absent again") + strings.Count(text, "over the whole quarantine"), nil
}

func (t *Tour) verifyLog(ctx context.Context, proven func(string, ...any)) error {
	said, err := t.house.Verify(ctx, t.stage)
	if err != nil {
		return err
	}
	proven("latchkey audit verify: %s", said)
	return nil
}
