// Package worldclock is the time in an emulated world. It follows the machine's
// clock until it is told otherwise: it can be set, moved, frozen, and let run
// fast, so that two hours of access end in a test of two seconds.
//
// The emulator asks it what time it is whenever a call comes in; nothing waits
// on it.
package worldclock

import (
	"fmt"
	"sync"
	"time"
)

// MaxSpeed is how many times faster than the machine's a clock may run.
const MaxSpeed = 1_000_000

// The clock stays between these, within which dates have four digits and the
// emulator's certificates are valid.
var (
	First = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	Last  = time.Date(2098, 12, 31, 0, 0, 0, 0, time.UTC)
)

// Clock is a clock that can be moved. The zero value shows the machine's time.
// It may be used by many goroutines at once, and inside a testing/synctest
// bubble.
type Clock struct {
	mu sync.Mutex
	// From the machine's instant since, at which it showed origin, it runs at speed.
	// Zero since: it has never been touched.
	since  time.Time
	origin time.Time
	speed  float64
}

// State is how a clock stands.
type State struct {
	Now time.Time
	// Speed is how many seconds pass on it in one of the machine's: 1 usually, 0
	// when it is frozen.
	Speed float64
	// Ahead is how far it is before the machine's clock, negative when behind.
	Ahead time.Duration
}

// Frozen says whether the clock stands still.
func (s State) Frozen() bool { return s.Speed == 0 }

// Now is the time, in UTC and without a monotonic reading.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now(machine())
}

// State tells how the clock stands.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := machine()
	now := c.now(at)
	return State{Now: now, Speed: c.rate(), Ahead: now.Sub(at.UTC().Round(0))}
}

// Set makes the clock show t from now on. It goes on running as it did.
func (c *Clock) Set(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.set(machine(), t)
}

// Move sets the clock forward by d, or back if d is negative.
func (c *Clock) Move(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := machine()
	return c.set(at, c.now(at).Add(d))
}

// Freeze stops the clock where it stands; it can still be set and moved.
func (c *Clock) Freeze() { c.run(0) }

// Run lets the clock run, speed times as fast as the machine's. 1 is the usual
// speed, 0 freezes it.
func (c *Clock) Run(speed float64) error {
	if !(speed >= 0 && speed <= MaxSpeed) { // so that NaN is refused too
		return fmt.Errorf("worldclock: a clock runs at a speed from 0, frozen, to %d, not %v", MaxSpeed, speed)
	}
	c.run(speed)
	return nil
}

// Reset makes the clock follow the machine's again.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.origin, c.speed = time.Time{}, time.Time{}, 0
}

func (c *Clock) run(speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := machine()
	c.origin = c.now(at)
	c.since, c.speed = at, speed
}

func (c *Clock) set(at, t time.Time) error {
	if t.Before(First) || t.After(Last) {
		return fmt.Errorf("worldclock: %s is out of the clock's range, %s to %s", t.UTC().Format(time.RFC3339), First.Format(time.DateOnly), Last.Format(time.DateOnly))
	}
	c.speed = c.rate()
	c.since, c.origin = at, t.UTC().Round(0)
	return nil
}

func (c *Clock) rate() float64 {
	if c.since.IsZero() {
		return 1
	}
	return c.speed
}

func (c *Clock) now(at time.Time) time.Time {
	switch {
	case c.since.IsZero():
		return at.UTC().Round(0)
	case c.speed == 0:
		return c.origin
	case c.speed == 1:
		return c.within(c.origin.Add(at.Sub(c.since)))
	}
	passed := float64(at.Sub(c.since)) * c.speed
	if passed >= float64(Last.Sub(c.origin)) {
		return Last
	}
	return c.within(c.origin.Add(time.Duration(passed)))
}

// within keeps a clock that runs on from leaving its range.
func (c *Clock) within(t time.Time) time.Time {
	if t.After(Last) {
		return Last
	}
	return t
}

// machine reads the clock everything is measured by, with its monotonic reading.
func machine() time.Time { return time.Now() }
