package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// RunTransactions tests that a transaction happens as a whole or not at all.
func RunTransactions(t *testing.T, fresh Fresh) {
	t.Run("an error undoes everything and comes back as it was", func(t *testing.T) {
		s, told := fresh(t)(), aStory(t)
		err := s.Update(t.Context(), func(tx jit.Tx) error {
			if err := told.tell(tx); err != nil {
				return err
			}
			return errRefused
		})
		if !errors.Is(err, errRefused) {
			t.Errorf("Update answered %v, want the function's own error", err)
		}
		wantNothing(t, s, told)
	})
	t.Run("a panic undoes everything, and the store still works", func(t *testing.T) {
		s, told := fresh(t)(), aStory(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not come through")
				}
			}()
			_ = s.Update(t.Context(), func(tx jit.Tx) error {
				if err := told.tell(tx); err != nil {
					return err
				}
				panic("the test's own")
			})
		}()
		wantNothing(t, s, told)
		update(t, s, told.tell)
	})
	t.Run("a context cancelled on the way undoes everything", func(t *testing.T) {
		s, told := fresh(t)(), aStory(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Update(ctx, func(tx jit.Tx) error {
			if err := told.tell(tx); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Unavailable) {
			t.Errorf("Update answered %v (%v), want unavailable because it was cancelled", err, fault.KindOf(err))
		}
		wantNothing(t, s, told)
		update(t, s, told.tell)
	})
	t.Run("a View cannot write", func(t *testing.T) {
		s, told := fresh(t)(), aStory(t)
		if err := s.View(t.Context(), told.tell); err == nil {
			t.Error("it wrote")
		}
		wantNothing(t, s, told)
	})
	t.Run("a View sees one picture, whatever happens beside it", func(t *testing.T) { testStillPicture(t, fresh(t)()) })
	t.Run("what was acknowledged is there for the next handle", func(t *testing.T) {
		open, told := fresh(t), aStory(t)
		update(t, open(), told.tell)
		expect(t, told.grant)(read(t, open(), func(tx jit.Tx) (jit.Grant, error) { return tx.Grant(told.grant.ID) }))
	})
}

// wantNothing fails the test if anything of the story was kept.
func wantNothing(tb testing.TB, s Store, told story) {
	tb.Helper()
	gone := func(_ any, err error) {
		tb.Helper()
		wantKind(tb, err, fault.NotFound)
	}
	view(tb, s, func(tx jit.Tx) error {
		gone(tx.Request(told.request.ID))
		gone(tx.Approver(told.approver.ID))
		gone(tx.Link(told.link.ID))
		gone(tx.DecisionOf(told.request.ID))
		gone(tx.Episode(told.episode.ID))
		gone(tx.Grant(told.grant.ID))
		expect(tb, int64(0))(tx.AuditSize())
		return nil
	})
	if _, ok, err := s.NextNotice(tb.Context()); ok || err != nil {
		tb.Errorf("a notice waits: %v, %v", ok, err)
	}
}

func testStillPicture(t *testing.T, s Store) {
	request := aRequest(t)
	update(t, s, func(tx jit.Tx) error { return tx.InsertRequest(&request) })
	view(t, s, func(tx jit.Tx) error {
		expect(t, request)(tx.Request(request.ID))
		update(t, s, func(tx jit.Tx) error { return tx.MoveRequest(request.ID, jit.Pending, jit.Withdrawn) })
		expect(t, request)(tx.Request(request.ID))
		found, err := tx.Requests(jit.RequestQuery{State: jit.Withdrawn})
		if err != nil || len(found) != 0 {
			return fmt.Errorf("the picture moved: %v, %w", found, err)
		}
		return nil
	})
	got := mustRead(t, s, func(tx jit.Tx) (jit.Request, error) { return tx.Request(request.ID) })
	if got.State != jit.Withdrawn {
		t.Errorf("afterwards the request is %s, want withdrawn", got.State)
	}
}
