package demo

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"latchkey/internal/mail/sink"
)

// privilegedRole: the mail alone opens nothing, others are refused, the enrolled
// contact signs in afresh; James ends it himself.
func (t *Tour) privilegedRole(ctx context.Context) error {
	t.tell.Chapter("A privileged role, approved by the enrolled contact only")
	var m sink.Message
	steps := []struct {
		title string
		play  func(context.Context, func(string, ...any)) error
	}{
		{"James asks for a role that can run commands as the machine", func(ctx context.Context, p func(string, ...any)) error {
			return t.ask(ctx, p, machineRole, "60", "The agent on the booking server must be reinstalled, ticket 4712.", "Privileged")
		}},
		{"The mail tier is refused: the link shows nothing, and there is no number", func(ctx context.Context, p func(string, ...any)) (err error) {
			m, err = t.mail(ctx, "casey@brightwater.example", "asks for access")
			if err != nil {
				return err
			}
			return t.mailIsNotEnough(ctx, m, p)
		}},
		{"James's own guest account, and a colleague of Casey's, are refused", func(ctx context.Context, p func(string, ...any)) error {
			return t.othersAreRefused(ctx, m, p)
		}},
		{"Casey signs in to Brightwater's tenant afresh, with her second factor, and approves", func(ctx context.Context, p func(string, ...any)) error {
			return t.approveSignedIn(ctx, m, p)
		}},
		{"Latchkey makes the role assignment, reads it back and tells both sides", func(ctx context.Context, p func(string, ...any)) error { return t.granted(ctx, p, machineRole) }},
		{"James runs his command, and ends the access himself", t.useAndEnd},
	}
	for _, step := range steps {
		if err := t.tell.Step(ctx, step.title, step.play); err != nil {
			return err
		}
	}
	return nil
}

// link is the page a mail points to, without the part that only a browser sees.
func link(m sink.Message) string {
	address, _, _ := strings.Cut(m.Links[0], "#")
	return address
}

func (t *Tour) mailIsNotEnough(ctx context.Context, m sink.Message, proven func(string, ...any)) error {
	if _, err := numberIn(m); err == nil {
		return errors.New("the mail for a privileged role shows a number")
	}
	page, err := NewVisitor("whoever has the mail").Open(ctx, link(m))
	if err != nil {
		return err
	}
	if err := claim(!page.Has("reinstalled") && !page.Has("James Rivera") && page.HasLink("Sign in to Brightwater"), "the page tells nothing: %s", page.Excerpt()); err != nil {
		return err
	}
	proven("without a sign-in the page neither tells what is asked nor takes an answer")
	return nil
}

func (t *Tour) othersAreRefused(ctx context.Context, m sink.Message, proven func(string, ...any)) error {
	for _, other := range []struct{ name, account string }{
		{"James as guest", JamesAccount}, {"Devi", "devi@brightwater.example"},
	} {
		v := NewVisitor(other.name)
		page, err := openSignedIn(ctx, v, link(m), other.account)
		if err != nil {
			return err
		}
		if _, button := page.formWithButton("Approve"); button != nil {
			return errors.New(other.name + " may press Approve")
		}
		if err := claim(!page.Has("reinstalled"), "%s is told nothing: %s", other.name, page.Excerpt()); err != nil {
			return err
		}
		proven("%s signed in to Brightwater, and is told: %s", other.name, page.Warning())
	}
	return nil
}

func (t *Tour) approveSignedIn(ctx context.Context, m sink.Message, proven func(string, ...any)) error {
	page, err := openSignedIn(ctx, t.casey, link(m), CaseyAccount)
	if err != nil {
		return err
	}
	if err := claim(page.Has("reinstalled"), "Casey reads what is asked: %s", page.Excerpt()); err != nil {
		return err
	}
	proven("signed in as the enrolled contact: %s", page.Title())
	if page, err = t.casey.Press(ctx, page, "Approve", map[string]string{"note": "Thank you for the call before."}); err != nil {
		return err
	}
	return claim(page.Title() == "Approved", "the approval was taken: %s (%d) %s", page.Title(), page.Status, page.Excerpt())
}

func (t *Tour) useAndEnd(ctx context.Context, proven func(string, ...any)) error {
	answer, err := t.shell.RunCommand(ctx, brightwater, BookingMachine)
	if err != nil {
		return err
	}
	if err := claim(answer.Status < http.StatusMultipleChoices, "the command ran: %d %s", answer.Status, answer.said()); err != nil {
		return err
	}
	proven("%d from Azure: the command ran", answer.Status)
	page, err := t.as(ctx, t.james, JamesAccount, "/")
	if err != nil {
		return err
	}
	if page, err = t.james.Press(ctx, page, "End now", nil); err != nil {
		return err
	}
	if err := claim(page.Status == http.StatusOK, "ending was taken: %d %s", page.Status, page.Excerpt()); err != nil {
		return err
	}
	if err := t.gone(ctx); err != nil {
		return err
	}
	if _, err := t.mail(ctx, "casey@brightwater.example", "no longer has"); err != nil {
		return err
	}
	answer, err = t.shell.RunCommand(ctx, brightwater, BookingMachine)
	if err != nil {
		return err
	}
	if err := claim(answer.Code == "AuthorizationFailed", "Azure refuses again: %d %s", answer.Status, answer.said()); err != nil {
		return err
	}
	proven("ended by James with most of the hour left: removed, read back absent, refused again, Casey told")
	t.mailsRead()
	return nil
}
