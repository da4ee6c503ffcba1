package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"latchkey/internal/demo"
)

func TestTheWholeStoryHolds(t *testing.T) {
	got := command(t, "demo", "--tour", "--json")
	if got.code != 0 {
		t.Fatalf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	var told []demo.Told
	for decoder := json.NewDecoder(strings.NewReader(got.out)); ; {
		var step demo.Told
		if err := decoder.Decode(&step); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if step.Failed != "" || len(step.Proven) == 0 && !strings.Contains(step.Title, "approves") {
			t.Errorf("step %d, %s: proven %q, failed %q", step.Step, step.Title, step.Proven, step.Failed)
		}
		told = append(told, step)
	}
	if len(told) < 20 {
		t.Errorf("only %d steps were told", len(told))
	}
	if got.err != "" {
		t.Errorf("the story is not silent on standard error: %s", got.err)
	}
}

func TestTheStoryIsToldInWords(t *testing.T) {
	got := command(t, "demo", "--tour")
	if got.code != 0 || !strings.Contains(got.out, "All of it held") {
		t.Fatalf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
}

// A portal that is killed at any moment between approval and end loses neither
// the grant nor, above all, its removal (I5, I23; crash points P2 to P11).
func TestKilledAtAnyMomentTheAccessStillComesAndGoes(t *testing.T) {
	tour := newTour(t)
	ctx := t.Context()
	ok(t, tour.Enrol(ctx))
	for _, delay := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond, 8 * time.Millisecond, 16 * time.Millisecond, 32 * time.Millisecond} {
		ok(t, tour.AskAndApprove(ctx))
		wait(t, delay)
		ok(t, tour.Kill())
		ok(t, tour.Start(ctx))
		ok(t, demo.Until(ctx, "the access to come about after a restart", func() (bool, error) { return tour.Held() == 1, nil }))

		ok(t, tour.Move(ctx, 2*time.Hour+time.Second))
		wait(t, delay)
		ok(t, tour.Kill())
		ok(t, tour.Start(ctx))
		ok(t, demo.Until(ctx, "the access to be gone after a restart", func() (bool, error) { return tour.Held() == 0, nil }))
		ok(t, tour.Move(ctx, 2*time.Hour)) // past the quarantine, before the next round
	}
	if got := command(t, "audit", "verify", "--config", tour.Stage().Settings); got.code != 0 {
		t.Errorf("after all the killing the log is not whole: %s%s", got.out, got.err)
	}
}

// wait lets real time pass for the process under test; what is being chosen is
// the moment of its death, so a clock that can be moved is of no use.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
