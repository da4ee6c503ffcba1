package audit

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/clock"
	"latchkey/internal/fault"
)

// Gate is the one door through which state changes: it runs a change in a
// transaction and writes the entry that tells of it into the same transaction,
// so that neither can exist without the other (I16). T is the store's
// transaction.
type Gate[T Leaves] struct {
	update func(context.Context, func(T) error) error
	clock  clock.Clock
}

// NewGate makes a gate over a store's Update.
func NewGate[T Leaves](update func(context.Context, func(T) error) error, clk clock.Clock) *Gate[T] {
	return &Gate[T]{update: update, clock: clk}
}

// Act is what somebody is about to do, as far as it is known beforehand.
type Act struct {
	Verb  string // "request.file"
	Actor Actor
}

// ErrUnchanged is what a change answers that found nothing to do: it is rolled
// back and nothing is written down. Do then returns nil.
var ErrUnchanged = errors.New("audit: nothing to change")

// keep marks a refusal whose writes must stay.
type keep struct{ err error }

func (k keep) Error() string { return k.err.Error() }
func (k keep) Unwrap() error { return k.err }

// Keep wraps a refusal that must leave something behind, such as a counter of
// wrong numbers: what the change wrote is committed, together with the entry of
// the refusal, and Do returns err. A nil err stays nil.
func Keep(err error) error {
	if err == nil {
		return nil
	}
	return keep{err}
}

// Do runs f in one transaction. f fills in the note: whom and what it
// concerned, a sentence, further facts; its Outcome is Allowed unless f says
// Failed.
//
//   - f answers nil: everything f wrote and the entry are committed together.
//   - f answers a refusal (a fault of kind Invalid, Unauthenticated, Denied,
//     NotFound, Conflict or Gone): everything is rolled back, and an entry of
//     outcome Refused with the refusal's public sentence is committed by itself.
//   - f answers a refusal in Keep: both are committed together.
//   - f answers ErrUnchanged: nothing is committed and nothing written down.
//   - f answers anything else: nothing is committed, since nothing was decided.
//
// An entry that cannot be written is an error, whatever f answered. The store
// may run f more than once, each time with a fresh note.
func (g *Gate[T]) Do(ctx context.Context, act Act, f func(tx T, note *Entry) error) error {
	var note Entry
	var kept error
	err := g.update(ctx, func(tx T) error {
		note, kept = g.entry(act), nil
		err := f(tx, &note)
		if k, ok := errors.AsType[keep](err); ok {
			kept = k.err
			g.refuse(&note, kept)
			err = nil
		}
		if err != nil {
			return err
		}
		_, err = Append(tx, note)
		return err
	})
	switch {
	case err == nil:
		return kept
	case errors.Is(err, ErrUnchanged):
		return nil
	case !isRefusal(err):
		return err
	}
	if lost := g.recordRefusal(ctx, note, err); lost != nil {
		return lost
	}
	return err
}

// Refuse writes down a refusal that was reached before any transaction began,
// and returns it. An error that is no refusal is returned as it is.
func (g *Gate[T]) Refuse(ctx context.Context, act Act, concerning func(*Entry), refusal error) error {
	if refusal == nil || !isRefusal(refusal) {
		return refusal
	}
	note := g.entry(act)
	if concerning != nil {
		concerning(&note)
	}
	if lost := g.recordRefusal(ctx, note, refusal); lost != nil {
		return lost
	}
	return refusal
}

func (g *Gate[T]) recordRefusal(ctx context.Context, note Entry, refusal error) error {
	g.refuse(&note, refusal)
	err := g.update(ctx, func(tx T) error {
		_, err := Append(tx, note)
		return err
	})
	if err != nil {
		// The refusal is told to the log only: unrecorded, it counts as a defect.
		return fmt.Errorf("audit: a refusal could not be written down: %w (refused because: %s)", err, refusal.Error())
	}
	return nil
}

func (g *Gate[T]) entry(act Act) Entry {
	return Entry{At: g.clock.Now(), Verb: act.Verb, Outcome: Allowed, Actor: act.Actor}
}

// refuse turns a note into that of a refusal. What f noted about the change is
// dropped, since the change did not happen; whom it concerned stays.
func (g *Gate[T]) refuse(note *Entry, refusal error) {
	note.Outcome = Refused
	note.Text = fault.PublicOf(refusal)
	note.Detail = map[string]string{"refusal": fault.KindOf(refusal).String()}
}

func isRefusal(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Unauthenticated, fault.Denied, fault.NotFound, fault.Conflict, fault.Gone:
		return true
	}
	return false
}
