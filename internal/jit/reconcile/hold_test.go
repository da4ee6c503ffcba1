package reconcile_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

const doubt = "its log was rolled back."

// While nothing may be granted, asking and approving are refused, what was
// approved before waits, and removals go on (I11).
func TestAHoldStopsGrantsAndNeverARemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t)
		approved, asked := h.File(jittest.Restarter), h.File(jittest.Reader)
		h.Approve(approved)

		h.Held.Store(doubt)
		wantHeld(h, "asking", func() error {
			_, err := h.Service.File(h.Context(), h.James(), h.AskFor(jittest.Machinist))
			return err
		})
		wantHeld(h, "approving", func() error {
			_, err := h.Service.Decide(h.Context(), jit.Caller{}, h.Answer("Bert", asked, jit.Approve))
			return err
		})
		if now := h.Request(asked.ID); now.State != jit.Pending {
			h.Errorf("the request is %s after a refused approval", now.State)
		}
		h.Drain()
		if h.Cloud.Has(approved.Target()) {
			h.Error("what was approved before the hold was given during it")
		}
		if _, err := h.Service.Decide(h.Context(), jit.Caller{}, h.Answer("Bert", asked, jit.Decline)); err != nil {
			h.Errorf("declining: %v", err)
		}

		h.Held.Store("")
		time.Sleep(time.Minute)
		h.Drain()
		wantState(h, approved, jit.Active)

		h.Held.Store(doubt)
		time.Sleep(2 * time.Hour)
		h.Drain()
		wantState(h, approved, jit.Ended)
		if h.Cloud.Has(approved.Target()) {
			h.Error("a hold kept a removal")
		}
		h.CheckInvariants()
	})
}

func wantHeld(h *jittest.House, what string, do func() error) {
	h.Helper()
	err := do()
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.PublicOf(err), doubt) {
		h.Errorf("%s during a hold: %v", what, err)
	}
}
