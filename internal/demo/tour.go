package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/emulator/world"
	"latchkey/internal/mail/sink"
)

// Process is a portal that runs as a process of its own, so that it can be
// killed as a power cut would.
type Process interface {
	// Move sets its clock forward.
	Move(ctx context.Context, by time.Duration) error
	// Kill ends it at once, without a word.
	Kill() error
	// Stop ends it as an operator would, and waits.
	Stop(ctx context.Context) error
}

// House is what the tour needs of the program around it.
type House struct {
	// Start runs a portal on the stage's configuration, its clock ahead of the
	// machine's by the stage's distance, and waits until it answers.
	Start func(ctx context.Context, s *Stage) (Process, error)
	// Verify runs `latchkey audit verify` and gives its sentence.
	Verify func(ctx context.Context, s *Stage) (string, error)
}

// Tour plays the whole story: every step speaks to the portal and to the
// emulated cloud as people and programs do, and proves what it claims against
// the cloud's own record.
type Tour struct {
	stage  *Stage
	house  House
	portal Process
	tell   *Teller

	james, casey, olga *Visitor
	shell              *Shell
	seen               int // mails read so far, by number
}

// NewTour sets the stage in the folder and starts the portal.
func NewTour(ctx context.Context, folder string, house House, tell *Teller) (*Tour, error) {
	stage, err := Open(ctx, folder, Preferred{})
	if err != nil {
		return nil, err
	}
	t := &Tour{stage: stage, house: house, tell: tell, james: NewVisitor("James"), casey: NewVisitor("Casey"), olga: NewVisitor("Olga"), shell: stage.Shell()}
	if err := t.Start(ctx); err != nil {
		return nil, errors.Join(err, stage.Close())
	}
	return t, nil
}

// Play plays every chapter. The error names the step that did not hold.
func (t *Tour) Play(ctx context.Context) error {
	for _, chapter := range []func(context.Context) error{
		t.Enrol, t.standardRole, t.privilegedRole, t.refusals, t.mistakes, t.powerCut, t.theft, t.books,
	} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stage is what the tour plays on.
func (t *Tour) Stage() *Stage { return t.stage }

// Lend plays asking, approving from the mail and granting of a standard role
// for two hours, without telling.
func (t *Tour) Lend(ctx context.Context) error {
	if err := t.AskAndApprove(ctx); err != nil {
		return err
	}
	return t.granted(ctx, silent, powerRole)
}

// AskAndApprove is Lend up to the approval: nothing need be granted yet.
func (t *Tour) AskAndApprove(ctx context.Context) error {
	t.mailsRead()
	if err := t.ask(ctx, silent, powerRole, "120", "The booking server needs another restart, ticket 4714.", "Standard"); err != nil {
		return err
	}
	return t.approveFromMail(ctx, silent)
}

func silent(string, ...any) {}

// Held is how many role assignments James holds at the booking machine, by the
// cloud's own record.
func (t *Tour) Held() int { return len(t.held()) }

// Kill ends the portal's process at once, as a power cut would.
func (t *Tour) Kill() error { return t.portal.Kill() }

// Stop ends the portal as an operator would, and waits for it.
func (t *Tour) Stop(ctx context.Context) error { return t.portal.Stop(ctx) }

// Start starts the portal on the stage's files, at the stage's time.
func (t *Tour) Start(ctx context.Context) (err error) {
	t.portal, err = t.house.Start(ctx, t.stage)
	return err
}

// Close stops the portal and takes the stage down.
func (t *Tour) Close(ctx context.Context) error {
	return errors.Join(t.portal.Stop(context.WithoutCancel(ctx)), t.stage.Close())
}

// Move sets every clock forward: the cloud's, the mail's and the portal's.
func (t *Tour) Move(ctx context.Context, by time.Duration) error {
	t.stage.Clock.Move(by)
	return t.portal.Move(ctx, by)
}

// How long the tour waits for something to come about, and how often it looks.
const (
	patience = 15 * time.Second
	glance   = 15 * time.Millisecond
)

// Until looks until the condition holds, or patience ends.
func Until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s in vain for %s", patience, what)
		case <-time.After(glance):
		}
	}
}

// mail waits for the next mail to the address whose subject holds the words.
func (t *Tour) mail(ctx context.Context, to, subject string) (sink.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := t.stage.Mails.Wait(ctx, func(m sink.Message) bool {
		return m.Number > t.seen && m.To.Address == to && contains(m.Subject, subject)
	})
	if err != nil {
		return sink.Message{}, fmt.Errorf("no mail about %q came to %s: %w", subject, to, err)
	}
	return m, nil
}

// mailsRead forgets every mail that has come so far.
func (t *Tour) mailsRead() {
	for _, m := range t.stage.Mails.Messages() {
		t.seen = max(t.seen, m.Number)
	}
}

// held lists what James's guest account holds directly at the booking group, by
// the cloud's own record.
func (t *Tour) held() []world.Assignment {
	tenant, ok := t.stage.World.Tenant(brightwater)
	if !ok {
		return nil
	}
	var list []world.Assignment
	for _, a := range tenant.AssignmentsAbove(BookingMachine) {
		if a.Principal == jamesBrightwater {
			list = append(list, a)
		}
	}
	return list
}

// restarts counts how often the machine was restarted, by the cloud's own record.
func (t *Tour) restarts() int {
	machine, _ := t.stage.World.VM(BookingMachine)
	return machine.Restarts
}

// as opens a page of the portal as the visitor, signing in first if the portal
// asks for it.
func (t *Tour) as(ctx context.Context, v *Visitor, account, path string) (*Page, error) {
	page, err := v.Open(ctx, t.stage.Portal+path)
	if err != nil {
		return nil, err
	}
	if page.HasLink("Sign in at Alder Cloud") {
		if page, err = v.Follow(ctx, page, "Sign in at Alder Cloud"); err != nil {
			return nil, err
		}
		return SignIn(ctx, v, page, account)
	}
	return page, nil
}

// claim is an error unless the condition holds.
func claim(holds bool, format string, args ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf("it does not hold that "+format, args...)
}
