// Package clock says what time it is and wakes whoever waits for a moment.
//
// Production uses System. Movable is the same with a distance that can be
// changed while others wait on it: the demo's clock button, and tests that need
// a clock that jumps or runs ahead. Nothing else in the product reads the time.
package clock

import (
	"sync"
	"time"
)

// Clock tells wall time and makes timers against it.
type Clock interface {
	// Now is the wall time, in UTC and without a monotonic reading.
	Now() time.Time
	// TimerAt fires once Now reaches t, at once if it has.
	TimerAt(t time.Time) *Timer
}

// Timer fires once by closing C, never before its moment. It may be late after
// the machine slept or its wall clock was set forward, so whoever must not miss
// a moment also looks again every few seconds. Stop releases what it holds; it
// may be called at any time and more than once.
type Timer struct {
	C    <-chan struct{}
	stop func()
}

// Stop releases the timer. C is not closed by it.
func (t *Timer) Stop() { t.stop() }

// System is the machine's clock.
func System() Clock { return system{new(Movable)} }

// system is a Movable that nobody can move: its timers, too, look at the wall
// clock again before they fire, since the machine's own timers follow the
// monotonic clock and would be early after the wall clock was set back.
type system struct{ wall *Movable }

func (s system) Now() time.Time { return s.wall.Now() }

func (s system) TimerAt(t time.Time) *Timer { return s.wall.TimerAt(t) }

// Movable is the machine's clock plus a distance that Move changes. The zero
// value is ready and shows the machine's time. It may be used by many
// goroutines at once, and inside a testing/synctest bubble.
type Movable struct {
	mu      sync.Mutex
	ahead   time.Duration
	waiting map[*waiter]struct{}
}

type waiter struct {
	at    time.Time
	done  chan struct{}
	timer *time.Timer
}

// Now is the machine's time plus the distance moved so far.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now()
}

func (m *Movable) now() time.Time { return time.Now().UTC().Round(0).Add(m.ahead) }

// Ahead is how far the clock stands from the machine's.
func (m *Movable) Ahead() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ahead
}

// Move sets the clock forward by d, or back if d is negative, and fires the
// timers whose moment has come.
func (m *Movable) Move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead += d
	for w := range m.waiting {
		w.timer.Reset(w.at.Sub(m.now()))
	}
}

// TimerAt fires once the moved clock reaches t.
func (m *Movable) TimerAt(t time.Time) *Timer {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting == nil {
		m.waiting = make(map[*waiter]struct{})
	}
	w := &waiter{at: t, done: make(chan struct{})}
	w.timer = time.AfterFunc(t.Sub(m.now()), func() { m.fire(w) })
	m.waiting[w] = struct{}{}
	return &Timer{C: w.done, stop: func() { m.forget(w) }}
}

// fire closes the waiter's channel, unless the clock was moved back meanwhile.
func (m *Movable) fire(w *waiter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.waiting[w]; !ok {
		return
	}
	if left := w.at.Sub(m.now()); left > 0 {
		w.timer.Reset(left)
		return
	}
	delete(m.waiting, w)
	close(w.done)
}

func (m *Movable) forget(w *waiter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.timer.Stop()
	delete(m.waiting, w)
}
