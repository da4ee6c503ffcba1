package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

// TestEveryCallMayFail is the table of what can go wrong on the way: every call
// to the cloud, failing with and without having happened, while the access is
// given, while it is taken away, and while its absence is proven. Whatever goes
// wrong, the story has one of two ends, and the cloud is clean after it.
func TestEveryCallMayFail(t *testing.T) {
	troubles := map[string]jittest.Trouble{
		"fails and did not happen": jittest.Down, "fails but happened": jittest.Lost,
		"is put off": jittest.Busy, "is refused": jittest.Refused, "arrives late": jittest.Held,
	}
	moments := []struct {
		name string
		ops  []jittest.Op
		// after is how long after the approval the trouble is asked for.
		after time.Duration
	}{
		{"while it is given", []jittest.Op{jittest.Preflight, jittest.Observe, jittest.Grant}, 0},
		{"while it is taken away", []jittest.Op{jittest.Observe, jittest.Revoke}, time.Hour},
		{"while its absence is proven", []jittest.Op{jittest.Observe}, 2*time.Hour + 30*time.Second},
	}
	repeats := []int{1, 3}
	if testing.Short() { // under the race detector, which makes a database twenty times slower: the two that matter most
		repeats = []int{1}
		troubles = map[string]jittest.Trouble{"fails but happened": jittest.Lost, "arrives late": jittest.Held}
	}
	for _, m := range moments {
		for _, op := range m.ops {
			for what, trouble := range troubles {
				for _, times := range repeats {
					t.Run(fmt.Sprintf("%s a %s %s %d times", m.name, op, what, times), func(t *testing.T) {
						story(t, func(h *jittest.House) {
							r := h.File(jittest.Restarter)
							begin := func() {
								for range times {
									h.Cloud.Trouble(op, trouble)
								}
							}
							if m.after == 0 {
								begin()
							}
							h.Approve(r)
							if m.after > 0 {
								time.Sleep(m.after)
								begin()
							}
							h.CheckInvariants()
							time.Sleep(2*time.Hour + jittest.Slack - m.after)
							h.CheckInvariants()
							if h.Cloud.Has(r.Target()) && trouble != jittest.Refused {
								h.Errorf("the access is still there a minute after its end")
							}
							time.Sleep(80 * time.Minute)
							want := jit.Ended
							if op == jittest.Grant && trouble == jittest.Refused {
								want = jit.FailedGrant
							}
							wantState(h, r, want)
							wantPhase(h, r, jit.Closed)
							if h.Cloud.Has(r.Target()) {
								h.Error("the access is still there")
							}
						})
					})
				}
			}
		}
	}
}

func TestNothingAnswersForTheWholeTime(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Cloud.Always(jittest.Down)
		h.Approve(r)
		time.Sleep(4 * time.Hour)
		g := h.GrantOf(r)
		if !g.State.Open() {
			h.Errorf("the grant is %s although nobody knows whether anything was given (I11)", g.State)
		}
		h.CheckInvariants()
		h.Cloud.Calm()
		time.Sleep(2 * time.Minute)
		wantState(h, r, jit.FailedGrant)
	})
}

func TestAnAnswerLostForGoodIsTakenForThere(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Cloud.Trouble(jittest.Grant, jittest.Lost)
		g := h.Approve(r)
		h.Cloud.OnCall(func(op jittest.Op) {
			if op == jittest.Grant { // and from then on the cloud is gone
				h.Cloud.Always(jittest.Down, jittest.Preflight, jittest.Observe, jittest.Revoke, jittest.Marked)
			}
		})
		settle()
		if !h.Cloud.Has(r.Target()) {
			h.Fatal("the grant did not happen; the test tests nothing")
		}
		time.Sleep(g.Ends.Sub(h.Clock.Now()) + time.Hour)
		h.CheckInvariants()
		if g := h.GrantOf(r); !g.State.Open() {
			h.Errorf("the grant is %s although its object is there", g.State)
		}
		h.Cloud.OnCall(nil)
		h.Cloud.Calm()
		time.Sleep(time.Minute)
		if h.Cloud.Has(r.Target()) {
			h.Error("it is still there a minute after the cloud came back (I1)")
		}
	})
}

func TestASickTenantDoesNotHoldUpAnother(t *testing.T) {
	// The sick tenant's calls hang; the other's removals must not wait (I21).
	story(t, func(h *jittest.House) {
		var sick []jit.Request
		for i := range 24 { // more than there are workers
			ask := h.AskFor(jittest.Reader)
			ask.Scope = resource(h, i)
			sick = append(sick, h.FileAsk(h.James(), ask))
		}
		for _, r := range sick {
			h.Approve(r)
		}
		time.Sleep(10 * time.Second) // the well tenant's falls due when all the others are under way
		well := h.FileAsk(h.James(), jit.Ask{
			Customer: jittest.Wingtip.ID, Service: jit.Azure, Scope: jittest.Shop, Role: jittest.Restarter.ID,
			Duration: 2 * time.Hour, Reason: "The shop does not answer.",
		})
		answer := h.Answer("Carla", well, jit.Approve)
		if _, err := h.Service.Decide(h.Context(), h.Carla(), answer); err != nil {
			h.Fatal(err)
		}
		settle()
		g := wantState(h, well, jit.Active)
		h.Cloud.Hang(jittest.Contoso.ID, 25*time.Second)
		time.Sleep(g.Ends.Sub(h.Clock.Now()) + 5*time.Second)
		if h.Cloud.Has(well.Target()) {
			h.Error("the well tenant's access was not removed within 5 s")
		}
		h.Cloud.Calm()
		time.Sleep(2 * time.Minute)
		for _, r := range sick {
			wantState(h, r, jit.Ended)
		}
	}, func(e *jit.Estate) { e.Policy.PendingEach = 50 })
}
