package demo

import (
	"context"
	"net/http"
	"strings"

	"latchkey/csp/builtin"
)

// mistakes: what cannot be asked for or answered is refused in a sentence and
// written down, and changes nothing.
func (t *Tour) mistakes(ctx context.Context) error {
	t.tell.Chapter("What cannot be is refused, in a sentence, and written down")
	if err := t.tell.Step(ctx, "James asks for what cannot be asked for", t.badAsks); err != nil {
		return err
	}
	return t.tell.Step(ctx, "Five wrong numbers, and the link is void", t.fiveWrongNumbers)
}

func (t *Tour) badAsks(ctx context.Context, proven func(string, ...any)) error {
	owner, _ := builtin.AzureRoleNamed(ownerRole)
	for _, bad := range []struct {
		what, field, value, says string
		entries                  int // a text that is no scope never becomes a request that could be refused
	}{
		{"a role that is not offered", "role", owner.ID.String(), "does not offer this role", 1},
		{"another customer's subscription", "scope", "/subscriptions/" + kestrelDepots.String(), "lies in no subscription of Brightwater", 1},
		{"a scope that climbs", "scope", "/subscriptions/" + brightwaterProduction.String() + "/../" + kestrelDepots.String(), "climbs", 0},
		{"a scope with a query in it", "scope", "/subscriptions/" + brightwaterProduction.String() + "?x=y", "query", 0},
		{"ten hours", "minutes", "600", "at most", 1},
	} {
		before, err := t.refused(ctx)
		if err != nil {
			return err
		}
		page, err := t.askForm(ctx, powerRole, "60", "The booking server hangs again, ticket 4715.", map[string]string{bad.field: bad.value})
		if err != nil {
			return err
		}
		if err := claim(page.Status >= http.StatusBadRequest && contains(page.Text(), bad.says), "%s is refused: %d %s", bad.what, page.Status, page.Excerpt()); err != nil {
			return err
		}
		after, err := t.refused(ctx)
		if err != nil {
			return err
		}
		if err := claim(after-before == bad.entries, "the log has %d more refusals after %s, not %d", bad.entries, bad.what, after-before); err != nil {
			return err
		}
		proven("%s: refused in a sentence with the words %q; refusals in the log: +%d", bad.what, bad.says, bad.entries)
	}
	return nil
}

// refused counts the refusals that the operator reads in the log.
func (t *Tour) refused(ctx context.Context) (int, error) {
	page, err := t.as(ctx, t.olga, OlgaAccount, "/log?outcome=refused")
	if err != nil {
		return 0, err
	}
	return strings.Count(page.Text(), "request."), nil
}

func (t *Tour) fiveWrongNumbers(ctx context.Context, proven func(string, ...any)) error {
	t.mailsRead()
	if err := t.ask(ctx, silent, powerRole, "30", "The booking server hangs again, ticket 4716.", "Standard"); err != nil {
		return err
	}
	m, typed, err := t.numberedMail(ctx, "asks for access")
	if err != nil {
		return err
	}
	guesser := NewVisitor("somebody with the link only")
	page, err := guesser.Open(ctx, link(m))
	if err != nil {
		return err
	}
	for range 5 {
		answer, err := guesser.Press(ctx, page, "Approve", map[string]string{"number": wrong(typed)})
		if err != nil {
			return err
		}
		if err := claim(answer.Status >= http.StatusBadRequest, "a wrong number is refused: %s", answer.Excerpt()); err != nil {
			return err
		}
	}
	answer, err := guesser.Press(ctx, page, "Approve", map[string]string{"number": typed})
	if err != nil {
		return err
	}
	if err := claim(answer.Status >= http.StatusBadRequest && len(t.held()) == 0, "the right number comes too late: %d %s", answer.Status, answer.Excerpt()); err != nil {
		return err
	}
	proven("after five wrong numbers the right one is refused too: %s", answer.Warning())
	page, err = t.as(ctx, t.james, JamesAccount, "/")
	if err != nil {
		return err
	}
	if page, err = t.james.Follow(ctx, page, "LK-"); err != nil {
		return err
	}
	if page, err = t.james.Press(ctx, page, "Withdraw", nil); err != nil {
		return err
	}
	if err := claim(page.Status == http.StatusOK && page.Has("ithdrawn"), "James withdrew it: %d %s", page.Status, page.Excerpt()); err != nil {
		return err
	}
	proven("James withdrew the request; nothing was granted")
	t.mailsRead()
	return nil
}
