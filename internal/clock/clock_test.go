package clock_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/clock"
)

func fired(timer *clock.Timer) bool {
	synctest.Wait()
	select {
	case <-timer.C:
		return true
	default:
		return false
	}
}

func clocks() map[string]func() clock.Clock {
	return map[string]func() clock.Clock{
		"system":  clock.System,
		"movable": func() clock.Clock { return new(clock.Movable) },
	}
}

func TestNowIsPlainUTC(t *testing.T) {
	for name, open := range clocks() {
		t.Run(name, func(t *testing.T) {
			now := open().Now()
			if now.Location() != time.UTC {
				t.Errorf("Now() is in %v, want UTC", now.Location())
			}
			if now != now.Round(0) {
				t.Error("Now() carries a monotonic reading, which no database keeps")
			}
		})
	}
}

func TestTimers(t *testing.T) {
	for name, open := range clocks() {
		t.Run(name+" fires exactly at its moment", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open()
				at := c.Now().Add(2 * time.Hour)
				timer := c.TimerAt(at)
				defer timer.Stop()
				time.Sleep(2*time.Hour - 1)
				if fired(timer) {
					t.Fatal("fired a nanosecond early")
				}
				<-timer.C
				if got := c.Now(); !got.Equal(at) {
					t.Errorf("fired at %v, want %v", got, at)
				}
			})
		})
		t.Run(name+" fires at once for a moment gone by", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open()
				for _, at := range []time.Time{{}, c.Now(), c.Now().Add(-time.Hour)} {
					timer := c.TimerAt(at)
					if !fired(timer) {
						t.Errorf("the timer for %v did not fire", at)
					}
					timer.Stop()
				}
			})
		})
		t.Run(name+" stopped never fires and may be stopped again", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open()
				timer := c.TimerAt(c.Now().Add(time.Minute))
				timer.Stop()
				timer.Stop()
				time.Sleep(time.Hour)
				if fired(timer) {
					t.Error("a stopped timer fired")
				}
			})
		})
	}
}

func TestMove(t *testing.T) {
	t.Run("forward past the moment fires at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Movable
			began := time.Now()
			timer := c.TimerAt(c.Now().Add(2 * time.Hour))
			defer timer.Stop()
			c.Move(2*time.Hour - 1)
			if fired(timer) {
				t.Fatal("fired a nanosecond early")
			}
			c.Move(1)
			if !fired(timer) {
				t.Fatal("did not fire")
			}
			if waited := time.Since(began); waited != 0 {
				t.Errorf("waited %v of the machine's time", waited)
			}
			if got := c.Ahead(); got != 2*time.Hour {
				t.Errorf("Ahead() = %v, want 2h", got)
			}
		})
	})
	t.Run("part of the way shortens the wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Movable
			began := time.Now()
			timer := c.TimerAt(c.Now().Add(2 * time.Hour))
			defer timer.Stop()
			c.Move(90 * time.Minute)
			<-timer.C
			if waited := time.Since(began); waited != 30*time.Minute {
				t.Errorf("waited %v, want 30m", waited)
			}
		})
	})
	t.Run("back lengthens the wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Movable
			at := c.Now().Add(time.Hour)
			timer := c.TimerAt(at)
			defer timer.Stop()
			c.Move(-time.Hour)
			time.Sleep(2*time.Hour - 1)
			if fired(timer) {
				t.Fatal("fired before the moved clock showed its moment")
			}
			<-timer.C
			if got := c.Now(); !got.Equal(at) {
				t.Errorf("fired at %v, want %v", got, at)
			}
		})
	})
	t.Run("back after it fired changes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Movable
			timer := c.TimerAt(c.Now().Add(time.Minute))
			c.Move(time.Minute)
			if !fired(timer) {
				t.Fatal("did not fire")
			}
			c.Move(-time.Hour)
			time.Sleep(3 * time.Hour) // a second firing would close a closed channel
			if !fired(timer) {
				t.Error("a fired timer must stay fired")
			}
		})
	})
	t.Run("many goroutines may wait and move", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Movable
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					timer := c.TimerAt(c.Now().Add(time.Duration(i) * time.Minute))
					defer timer.Stop()
					<-timer.C
				})
				wg.Go(func() { c.Move(time.Minute) })
			}
			wg.Wait()
			if got := c.Ahead(); got != 50*time.Minute {
				t.Errorf("Ahead() = %v, want 50m", got)
			}
		})
	})
}
