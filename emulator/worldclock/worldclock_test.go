package worldclock_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/emulator/worldclock"
)

func TestClockFollowsTheMachineUntilToldOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c worldclock.Clock
		time.Sleep(time.Hour)
		if got := c.Now(); !got.Equal(time.Now()) || got.Location() != time.UTC {
			t.Errorf("it shows %v", got)
		}
		if s := c.State(); s.Speed != 1 || s.Ahead != 0 || s.Frozen() {
			t.Errorf("state %+v", s)
		}
	})
}

func TestClockIsMovedSetFrozenAndRunFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c worldclock.Clock
		began := c.Now()
		shows := func(what string, want time.Duration) {
			t.Helper()
			if got := c.Now().Sub(began); got != want {
				t.Errorf("%s: %v after the beginning, want %v", what, got, want)
			}
		}
		ok(t, c.Move(2*time.Hour))
		shows("moved", 2*time.Hour)
		time.Sleep(time.Minute)
		shows("runs on", 2*time.Hour+time.Minute)
		c.Freeze()
		time.Sleep(time.Hour)
		shows("frozen", 2*time.Hour+time.Minute)
		ok(t, c.Move(-time.Minute))
		shows("moved while frozen", 2*time.Hour)
		if s := c.State(); !s.Frozen() || s.Ahead != time.Hour-time.Minute {
			t.Errorf("state %+v", s)
		}
		ok(t, c.Run(60))
		time.Sleep(time.Minute)
		shows("fast", 3*time.Hour)
		ok(t, c.Run(1))
		time.Sleep(time.Minute)
		shows("at the usual speed", 3*time.Hour+time.Minute)
		ok(t, c.Set(began))
		shows("set", 0)
		c.Reset()
		if !c.Now().Equal(time.Now()) {
			t.Error("it does not follow the machine again")
		}
	})
}

func TestClockStaysInItsRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c worldclock.Clock
		for _, wrong := range []error{
			c.Set(time.Time{}), c.Set(worldclock.Last.Add(time.Second)), c.Move(math.MaxInt64), c.Move(math.MinInt64),
			c.Run(-1), c.Run(math.NaN()), c.Run(math.Inf(1)), c.Run(worldclock.MaxSpeed + 1),
		} {
			if wrong == nil {
				t.Error("something out of range was taken")
			}
		}
		if !c.Now().Equal(time.Now()) {
			t.Error("a refusal moved the clock")
		}
		ok(t, c.Set(worldclock.Last.Add(-time.Minute)))
		time.Sleep(time.Hour)
		if !c.Now().Equal(worldclock.Last) {
			t.Errorf("it ran on to %v", c.Now())
		}
		ok(t, c.Run(worldclock.MaxSpeed))
		time.Sleep(1000 * time.Hour)
		if !c.Now().Equal(worldclock.Last) {
			t.Errorf("it ran on to %v", c.Now())
		}
	})
}

// TestClockIsSharedByMany is for the race detector.
func TestClockIsSharedByMany(t *testing.T) {
	var c worldclock.Clock
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 100 {
				_ = c.Move(time.Second)
				_ = c.Now()
				_ = c.Run(2)
				_ = c.State()
			}
		})
	}
	wait.Wait()
	if c.State().Ahead < 400*time.Second {
		t.Errorf("moves were lost: %v ahead", c.State().Ahead)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
