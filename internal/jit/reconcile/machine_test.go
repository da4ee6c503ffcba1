package reconcile_test

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"latchkey/csp"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

// TestAnyOrderOfEvents lets James, the contacts, the cloud and the clock do
// anything in any order, and holds everything to the invariants after each
// step. In the end the cloud calms down, and everything must have come to rest.
func TestAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.SliceOfN(rapid.IntRange(0, 999), 5, 25).Draw(rt, "events")
		failed := false
		// A failure must be told to rapid outside of the bubble, so that it can
		// shrink the events.
		synctest.Test(t, func(t *testing.T) {
			h := jittest.Build(&quiet{TB: t, failed: &failed}, func(e *jit.Estate) { e.Policy.PendingEach = 50 })
			stop := h.Start()
			m := &machine{h: h}
			for _, event := range seed {
				m.do(event)
				settle()
				h.CheckInvariants()
			}
			m.rest()
			stop()
		})
		if failed {
			rt.Fatalf("an invariant broke under %v", seed)
		}
	})
}

// quiet notes a failure without failing the whole test at once.
type quiet struct {
	testing.TB
	failed *bool
}

func (q *quiet) Errorf(format string, args ...any) { *q.failed = true; q.TB.Logf(format, args...) }
func (q *quiet) Error(args ...any)                 { *q.failed = true; q.TB.Log(args...) }

// machine plays events, each made from a number.
type machine struct {
	h        *jittest.House
	requests []jit.Request
}

func (m *machine) do(n int) {
	h, detail := m.h, n/10
	switch n % 10 {
	case 0, 1:
		m.file(detail)
	case 2, 3:
		m.decide(detail, jit.Approve)
	case 4:
		m.decide(detail, jit.Decline)
	case 5:
		if r, ok := m.pick(detail); ok {
			_ = h.Service.Withdraw(h.Context(), h.James(), r.ID) // refused where it must be
		}
	case 6:
		m.endNow(detail)
	case 7:
		ops := jittest.Ops()
		kinds := []jittest.Trouble{jittest.Down, jittest.Lost, jittest.Busy, jittest.Held}
		h.Cloud.Trouble(ops[detail%len(ops)], kinds[detail/5%len(kinds)])
	case 8:
		time.Sleep(time.Duration(detail) * 2 * time.Minute)
	case 9:
		if detail%3 == 0 {
			h.Cloud.Always(jittest.Down)
		} else {
			h.Cloud.Calm()
		}
	}
}

func (m *machine) file(detail int) {
	roles := []csp.RoleDefinition{jittest.Reader, jittest.Restarter}
	ask := m.h.AskFor(roles[detail%2])
	ask.Duration = time.Duration(15+detail) * time.Minute
	// A cloud that does not answer files nothing, and that is right.
	if r, err := m.h.Service.File(m.h.Context(), m.h.James(), ask); err == nil {
		m.requests = append(m.requests, r)
	}
}

func (m *machine) pick(detail int) (jit.Request, bool) {
	if len(m.requests) == 0 {
		return jit.Request{}, false
	}
	return m.requests[detail%len(m.requests)], true
}

func (m *machine) decide(detail int, verdict jit.Verdict) {
	if r, ok := m.pick(detail); ok {
		who := []string{"Anna", "Bert"}[detail%2]
		_, _ = m.h.Service.Decide(m.h.Context(), jit.Caller{}, m.h.Answer(who, r, verdict)) // a second one is refused
	}
}

func (m *machine) endNow(detail int) {
	r, ok := m.pick(detail)
	if !ok || m.h.Request(r.ID).State != jit.Approved {
		return
	}
	_ = m.h.Service.EndNow(m.h.Context(), m.h.James(), m.h.GrantOf(r).ID) // refused once it has ended
}

// rest lets everything come to an end.
func (m *machine) rest() {
	h := m.h
	h.Cloud.Calm()
	time.Sleep(10 * time.Hour)
	h.CheckInvariants()
	if left := h.Cloud.Assignments(); len(left) != 0 {
		h.Errorf("left in the cloud: %+v", left)
	}
	for _, r := range m.requests {
		if h.Request(r.ID).State == jit.Pending {
			h.Errorf("LK-%d never came to an end", r.Number)
		}
		if h.Request(r.ID).State != jit.Approved {
			continue
		}
		g := h.GrantOf(r)
		if e := h.EpisodeOf(g); g.State.Open() || e.Phase != jit.Closed {
			h.Errorf("LK-%d rests as %s, %s (%s)", r.Number, g.State, e.Phase, e.LastWhy)
		}
	}
}
