package demo

import (
	"context"
	"time"
)

// refusals: declined, and answered by nobody.
func (t *Tour) refusals(ctx context.Context) error {
	t.tell.Chapter("No is no, and so is silence")
	err := t.tell.Step(ctx, "Casey declines", func(ctx context.Context, proven func(string, ...any)) error {
		if err := t.ask(ctx, proven, powerRole, "30", "I would like to try something on the booking server.", "Standard"); err != nil {
			return err
		}
		m, typed, err := t.numberedMail(ctx, "asks for access")
		if err != nil {
			return err
		}
		v := NewVisitor("Casey, on her phone")
		page, err := v.Open(ctx, link(m))
		if err != nil {
			return err
		}
		if page, err = v.Press(ctx, page, "Decline", map[string]string{"number": typed, "note": "Not during opening hours."}); err != nil {
			return err
		}
		if err := claim(page.Title() == "Declined", "the answer was taken: %s", page.Excerpt()); err != nil {
			return err
		}
		if _, err := t.mail(ctx, "james@alder-cloud.example", "was declined"); err != nil {
			return err
		}
		proven("declined; James was told why, and nothing was granted")
		if page, err = v.Open(ctx, link(m)); err != nil {
			return err
		}
		_, button := page.formWithButton("Approve")
		if err := claim(button == nil && len(t.held()) == 0, "a second answer is not taken: %s", page.Excerpt()); err != nil {
			return err
		}
		proven("the page takes no second answer")
		t.mailsRead()
		return nil
	})
	if err != nil {
		return err
	}
	return t.tell.Step(ctx, "Nobody answers for four hours", func(ctx context.Context, proven func(string, ...any)) error {
		if err := t.ask(ctx, proven, powerRole, "30", "The booking server hangs again, ticket 4713.", "Standard"); err != nil {
			return err
		}
		m, err := t.mail(ctx, "casey@brightwater.example", "asks for access")
		if err != nil {
			return err
		}
		if err := t.Move(ctx, 4*time.Hour+time.Second); err != nil {
			return err
		}
		if _, err := t.mail(ctx, "james@alder-cloud.example", "Nobody answered"); err != nil {
			return err
		}
		page, err := NewVisitor("Casey, too late").Open(ctx, link(m))
		if err != nil {
			return err
		}
		_, button := page.formWithButton("Approve")
		if err := claim(button == nil && len(t.held()) == 0, "the late answer is not taken: %s", page.Excerpt()); err != nil {
			return err
		}
		proven("the request lapsed, the link no longer answers, nothing was granted")
		t.mailsRead()
		return nil
	})
}
