package mail_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

// outbox is a working outbox in memory.
type outbox struct {
	mu      sync.Mutex
	waiting map[jit.NoticeID]*entry
	sent    []jit.NoticeID
	broken  int // how many more calls fail
}

type entry struct {
	notice jit.Notice
	due    time.Time
	tries  []time.Time
	whys   []string
}

var errBroken = errors.New("the database is away")

func (o *outbox) trouble() error {
	if o.broken == 0 {
		return nil
	}
	o.broken--
	return errBroken
}

func (o *outbox) put(n jit.Notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		o.waiting = map[jit.NoticeID]*entry{}
	}
	o.waiting[n.ID] = &entry{notice: n, due: n.At}
}

func (o *outbox) ClaimNotices(_ context.Context, _ string, now time.Time, lease time.Duration, most int) ([]jit.Notice, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.trouble(); err != nil {
		return nil, err
	}
	var due []*entry
	for _, e := range o.waiting {
		if !e.due.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *entry) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.notice.ID, b.notice.ID)) })
	var claimed []jit.Notice
	for _, e := range due[:min(most, len(due))] {
		e.due = now.Add(lease)
		e.tries = append(e.tries, now)
		claimed = append(claimed, e.notice)
	}
	return claimed, nil
}

func (o *outbox) NoticeSent(_ context.Context, id jit.NoticeID, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.trouble(); err != nil {
		return err
	}
	delete(o.waiting, id)
	o.sent = append(o.sent, id)
	return nil
}

func (o *outbox) NoticeFailed(_ context.Context, id jit.NoticeID, retryAt time.Time, why string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.trouble(); err != nil {
		return err
	}
	o.waiting[id].due = retryAt
	o.waiting[id].whys = append(o.waiting[id].whys, why)
	return nil
}

func (o *outbox) NextNotice(context.Context) (time.Time, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.trouble(); err != nil {
		return time.Time{}, false, err
	}
	var next time.Time
	for _, e := range o.waiting {
		if next.IsZero() || e.due.Before(next) {
			next = e.due
		}
	}
	return next, !next.IsZero(), nil
}

func (o *outbox) entry(id jit.NoticeID) entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	return *o.waiting[id]
}

// carrier takes mails unless told to fail.
type carrier struct {
	mu       sync.Mutex
	fail     error
	carried  []mail.Message
	inFlight chan struct{} // if set, Send waits on it
}

func (c *carrier) Send(ctx context.Context, m mail.Message) error {
	if c.inFlight != nil {
		select {
		case <-c.inFlight:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail == nil {
		c.carried = append(c.carried, m)
	}
	return c.fail
}

func (c *carrier) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

// freshNotice is a notice written now.
func freshNotice(id jit.NoticeID) jit.Notice {
	n := notice(jit.NoticeGranted)
	n.ID, n.At = id, clock.System().Now()
	return n
}

// dispatched runs a dispatcher in a bubble of virtual time while the story goes on.
func dispatched(t *testing.T, story func(t *testing.T, o *outbox, c *carrier, d *mail.Dispatcher)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o, c := &outbox{}, &carrier{}
		d := mail.NewDispatcher("test", o, composer(t), c, clock.System(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { d.Run(ctx) })
		synctest.Wait()
		story(t, o, c, d)
		cancel()
		running.Wait()
	})
}

const (
	one = jit.NoticeID("AAAAAAAAAAAAAAAAAAAAAAAAAA")
	two = jit.NoticeID("BBBBBBBBBBBBBBBBBBBBBBBBBB")
)

func TestDispatcher(t *testing.T) {
	t.Run("a poke sends at once", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, _ *carrier, d *mail.Dispatcher) {
			o.put(freshNotice(one))
			d.Poke()
			d.Poke() // and a second one does not block
			synctest.Wait()
			if !slices.Equal(o.sent, []jit.NoticeID{one}) {
				t.Errorf("sent %v", o.sent)
			}
		})
	})
	t.Run("a notice stored by another process leaves without a poke", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, _ *carrier, _ *mail.Dispatcher) {
			o.put(freshNotice(one))
			time.Sleep(31 * time.Second)
			synctest.Wait()
			if !slices.Equal(o.sent, []jit.NoticeID{one}) {
				t.Errorf("sent %v", o.sent)
			}
		})
	})
	t.Run("trouble is retried with growing pauses until the relay is back", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, c *carrier, d *mail.Dispatcher) {
			c.set(fault.New("test", fault.Unavailable, "The relay is away."))
			o.put(freshNotice(one))
			d.Poke()
			time.Sleep(2 * time.Hour)
			synctest.Wait()
			e := o.entry(one)
			if len(e.tries) < 15 || len(e.tries) > 60 {
				t.Errorf("%d tries in two hours", len(e.tries))
			}
			for i := 1; i < len(e.tries); i++ {
				if gap := e.tries[i].Sub(e.tries[i-1]); gap < 2*time.Second || gap > 10*time.Minute+time.Second {
					t.Errorf("pause %d was %s", i, gap)
				}
			}
			if e.whys[0] != "The relay is away." {
				t.Errorf("why = %q", e.whys[0])
			}
			c.set(nil)
			time.Sleep(11 * time.Minute)
			synctest.Wait()
			if !slices.Equal(o.sent, []jit.NoticeID{one}) {
				t.Errorf("sent %v after the relay came back", o.sent)
			}
		})
	})
	t.Run("a mail refused for good is tried rarely", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, c *carrier, d *mail.Dispatcher) {
			c.set(fault.New("test", fault.Upstream, "No such mailbox."))
			o.put(freshNotice(one))
			d.Poke()
			time.Sleep(10 * 24 * time.Hour)
			synctest.Wait()
			tries := o.entry(one).tries
			if last := tries[len(tries)-1].Sub(tries[len(tries)-2]); last < 3*time.Hour-time.Second {
				t.Errorf("after ten days the pause is only %s (%d tries)", last, len(tries))
			}
		})
	})
	t.Run("a notice that cannot be written does not hold up the others", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, _ *carrier, d *mail.Dispatcher) {
			bad := freshNotice(one)
			bad.ToAddress = "nobody"
			o.put(bad)
			o.put(freshNotice(two))
			d.Poke()
			synctest.Wait()
			if !slices.Equal(o.sent, []jit.NoticeID{two}) || len(o.entry(one).whys) != 1 {
				t.Errorf("sent %v, trouble with the bad one: %q", o.sent, o.entry(one).whys)
			}
		})
	})
	t.Run("trouble with the outbox is waited out", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, c *carrier, d *mail.Dispatcher) {
			o.put(freshNotice(one))
			o.mu.Lock()
			o.broken = 5
			o.mu.Unlock()
			d.Poke()
			time.Sleep(time.Minute)
			synctest.Wait()
			if !slices.Equal(o.sent, []jit.NoticeID{one}) {
				t.Errorf("sent %v", o.sent)
			}
		})
	})
	t.Run("a mail whose sending could not be recorded goes again under the same id", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, c *carrier, d *mail.Dispatcher) {
			c.inFlight = make(chan struct{})
			o.put(freshNotice(one))
			d.Poke()
			synctest.Wait()
			o.mu.Lock()
			o.broken = 1
			o.mu.Unlock()
			close(c.inFlight)
			time.Sleep(4 * time.Minute)
			synctest.Wait()
			if len(c.carried) != 2 || c.carried[0].ID != c.carried[1].ID || !slices.Equal(o.sent, []jit.NoticeID{one}) {
				t.Errorf("carried %d mails, sent %v", len(c.carried), o.sent)
			}
		})
	})
	t.Run("a full outbox is emptied", func(t *testing.T) {
		dispatched(t, func(t *testing.T, o *outbox, _ *carrier, d *mail.Dispatcher) {
			const many = 50
			for i := range many {
				n := freshNotice(jit.NoticeID("AAAAAAAAAAAAAAAAAAAAAAAA" + string(rune('A'+i/26)) + string(rune('A'+i%26))))
				o.put(n)
			}
			d.Poke()
			synctest.Wait()
			if len(o.sent) != many {
				t.Errorf("sent %d of %d", len(o.sent), many)
			}
		})
	})
	t.Run("being stopped while sending gives the notice back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o, c := &outbox{}, &carrier{inFlight: make(chan struct{})}
			d := mail.NewDispatcher("test", o, composer(t), c, clock.System(), slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { d.Run(ctx) })
			o.put(freshNotice(one))
			d.Poke()
			synctest.Wait()
			cancel()
			running.Wait()
			if e := o.entry(one); len(e.whys) != 1 || len(o.sent) != 0 {
				t.Errorf("sent %v, given back %d times", o.sent, len(e.whys))
			}
		})
	})
}

func TestDispatcherFollowsAMovedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, c, moved := &outbox{}, &carrier{}, &clock.Movable{}
		d := mail.NewDispatcher("test", o, composer(t), c, moved, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { d.Run(ctx) })
		synctest.Wait()
		n := notice(jit.NoticeEnded)
		n.ID, n.At = one, moved.Now()
		o.put(n)
		moved.Move(2 * time.Hour)
		synctest.Wait()
		if !slices.Equal(o.sent, []jit.NoticeID{one}) {
			t.Errorf("sent %v", o.sent)
		}
		cancel()
		running.Wait()
	})
}
