package audit_test

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
)

var act = audit.Act{Verb: "door.open", Actor: audit.Actor{Kind: "person", Person: "james"}}

func lastEntry(t *testing.T, m *memory) audit.Entry {
	t.Helper()
	var e audit.Entry
	if len(m.bodies) == 0 {
		t.Fatal("the log is empty")
	}
	if err := json.Unmarshal(m.bodies[len(m.bodies)-1], &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestGate(t *testing.T) {
	broken := errors.New("disk on fire")
	tests := []struct {
		name        string
		answer      error
		want        error
		wantNotes   int
		wantOutcome audit.Outcome // empty: no entry at all
	}{
		{"a change and its entry are committed together", nil, nil, 1, audit.Allowed},
		{"a refusal is rolled back and written down", fault.New("op", fault.Denied, "Not yours."), nil, 0, audit.Refused},
		{"a kept refusal leaves what it wrote", audit.Keep(fault.New("op", fault.Denied, "Not yours.")), nil, 1, audit.Refused},
		{"nothing to change is no entry", audit.ErrUnchanged, nil, 0, ""},
		{"a defect commits nothing", broken, broken, 0, ""},
		{"an unavailable store commits nothing", fault.Wrap("op", fault.Unavailable, broken, "Later."), broken, 0, ""},
	}
	for _, tt := range tests {
		for _, reruns := range []int{0, 2} {
			t.Run(tt.name, func(t *testing.T) {
				m := &memory{reruns: reruns}
				gate := audit.NewGate(m.Update, clock.System())
				err := gate.Do(t.Context(), act, func(tx *memory, note *audit.Entry) error {
					if note.Text != "" || note.Detail != nil || note.Request != "" {
						t.Error("the note of an earlier run was handed on")
					}
					tx.Write("opened")
					note.Request, note.Text = "R1", "It opened."
					note.Detail = map[string]string{"door": "front"}
					return tt.answer
				})
				switch {
				case tt.want != nil && !errors.Is(err, tt.want):
					t.Errorf("Do = %v, want %v", err, tt.want)
				case tt.wantOutcome == audit.Refused && !fault.Is(err, fault.Denied):
					t.Errorf("Do = %v, want the refusal itself", err)
				case tt.want == nil && tt.wantOutcome != audit.Refused && err != nil:
					t.Errorf("Do = %v", err)
				}
				if got := len(m.notes); got != tt.wantNotes {
					t.Errorf("%d changes stayed, want %d", got, tt.wantNotes)
				}
				if tt.wantOutcome == "" {
					if len(m.bodies) != 0 {
						t.Errorf("%d entries were written, want none", len(m.bodies))
					}
					return
				}
				if len(m.bodies) != 1 {
					t.Fatalf("%d entries were written, want one", len(m.bodies))
				}
				e := lastEntry(t, m)
				if e.Outcome != tt.wantOutcome || e.Verb != act.Verb || e.Actor != act.Actor || e.Request != "R1" {
					t.Errorf("entry = %+v", e)
				}
				if tt.wantOutcome == audit.Refused && (e.Text != "Not yours." || e.Detail["refusal"] != "denied" || e.Detail["door"] != "") {
					t.Errorf("the refusal's entry tells of a change that did not happen: %+v", e)
				}
			})
		}
	}
}

func TestEveryRefusalKindIsWrittenDown(t *testing.T) {
	refusals := []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Denied, fault.NotFound, fault.Conflict, fault.Gone}
	for k := fault.Internal; k <= fault.Upstream; k++ {
		m := &memory{}
		gate := audit.NewGate(m.Update, clock.System())
		err := gate.Do(t.Context(), act, func(*memory, *audit.Entry) error { return fault.New("op", k, "No.") })
		if fault.KindOf(err) != k {
			t.Errorf("%v: Do = %v", k, err)
		}
		want := 0
		for _, r := range refusals {
			if r == k {
				want = 1
			}
		}
		if len(m.bodies) != want {
			t.Errorf("%v: %d entries, want %d", k, len(m.bodies), want)
		}
	}
}

func TestAnEntryThatCannotBeWrittenIsAnError(t *testing.T) {
	full := errors.New("disk full")
	t.Run("and the change does not happen", func(t *testing.T) {
		m := &memory{fail: full}
		gate := audit.NewGate(m.Update, clock.System())
		err := gate.Do(t.Context(), act, func(tx *memory, _ *audit.Entry) error { tx.Write("opened"); return nil })
		if !errors.Is(err, full) || len(m.notes) != 0 {
			t.Errorf("Do = %v with %d changes", err, len(m.notes))
		}
	})
	t.Run("even for a refusal", func(t *testing.T) {
		m := &memory{fail: full}
		gate := audit.NewGate(m.Update, clock.System())
		err := gate.Do(t.Context(), act, func(*memory, *audit.Entry) error { return fault.New("op", fault.Denied, "No.") })
		if !errors.Is(err, full) {
			t.Errorf("Do = %v, want the trouble with the log", err)
		}
		if fault.Is(err, fault.Denied) {
			t.Error("an unrecorded refusal passes for a recorded one")
		}
	})
	t.Run("and a kept refusal keeps nothing", func(t *testing.T) {
		m := &memory{fail: full}
		gate := audit.NewGate(m.Update, clock.System())
		err := gate.Do(t.Context(), act, func(tx *memory, _ *audit.Entry) error {
			tx.Write("counted")
			return audit.Keep(fault.New("op", fault.Denied, "No."))
		})
		if !errors.Is(err, full) || len(m.notes) != 0 {
			t.Errorf("Do = %v with %d changes", err, len(m.notes))
		}
	})
}

func TestARefusalBeforeAnyTransactionIsWrittenDown(t *testing.T) {
	m := &memory{}
	gate := audit.NewGate(m.Update, clock.System())
	refusal := fault.New("op", fault.Invalid, "Say why.")
	if err := gate.Refuse(t.Context(), act, func(e *audit.Entry) { e.Tenant = instance }, refusal); !errors.Is(err, refusal) {
		t.Errorf("Refuse = %v", err)
	}
	if e := lastEntry(t, m); e.Outcome != audit.Refused || e.Tenant != instance || e.Text != "Say why." {
		t.Errorf("entry = %+v", e)
	}
	down := fault.New("op", fault.Unavailable, "Later.")
	if err := gate.Refuse(t.Context(), act, nil, down); !errors.Is(err, down) || len(m.bodies) != 1 {
		t.Errorf("Refuse = %v with %d entries; an outage is no refusal", err, len(m.bodies))
	}
}

func TestEntriesCarryTheClocksTimeInUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		c := new(clock.Movable)
		c.Move(1234567) // a fraction of a millisecond
		gate := audit.NewGate(m.Update, c)
		if err := gate.Do(t.Context(), act, func(*memory, *audit.Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got, want := lastEntry(t, m).At, c.Now().Truncate(audit.Precision); got != want {
			t.Errorf("At = %v, want %v", got, want)
		}
	})
}
