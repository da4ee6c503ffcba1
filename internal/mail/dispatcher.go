package mail

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Outbox is the store's list of notices that have not left yet. A notice enters
// it in the transaction of the change it tells of, and leaves it after the relay
// took it: at least once, and twice only when an answer was lost.
type Outbox interface {
	// ClaimNotices leases up to most notices that are due at now to owner until
	// now+lease, the longest waiting first.
	ClaimNotices(ctx context.Context, owner string, now time.Time, lease time.Duration, most int) ([]jit.Notice, error)
	// NoticeSent takes the notice out of the outbox.
	NoticeSent(ctx context.Context, id jit.NoticeID, at time.Time) error
	// NoticeFailed ends the lease and makes the notice due again at retryAt.
	NoticeFailed(ctx context.Context, id jit.NoticeID, retryAt time.Time, why string) error
	// NextNotice is when the next notice falls due or its lease ends; ok is false
	// for an empty outbox.
	NextNotice(ctx context.Context) (due time.Time, ok bool, err error)
}

// Carrier takes one mail towards its recipient; Sender is the real one.
type Carrier interface {
	Send(ctx context.Context, m Message) error
}

// How the dispatcher works through the outbox.
const (
	claimMost   = 8               // sent at the same time
	claimLease  = 3 * time.Minute // longer than any sending takes
	recordWait  = 10 * time.Second
	firstRetry  = 5 * time.Second
	longest     = 10 * time.Minute // between tries while the relay is in trouble
	longestHard = 6 * time.Hour    // between tries of a mail the relay refuses
	storePause  = 5 * time.Second  // after trouble with the outbox itself
)

// Dispatcher sends what the outbox holds until it is told to stop.
type Dispatcher struct {
	outbox   Outbox
	composer *Composer
	carrier  Carrier
	clock    clock.Clock
	log      *slog.Logger
	owner    string
	poke     chan struct{}
}

// NewDispatcher makes a dispatcher; owner names this process among those that
// share the outbox.
func NewDispatcher(owner string, o Outbox, c *Composer, by Carrier, clk clock.Clock, log *slog.Logger) *Dispatcher {
	return &Dispatcher{outbox: o, composer: c, carrier: by, clock: clk, log: log, owner: owner, poke: make(chan struct{}, 1)}
}

// Poke says that a notice was stored. It never blocks; without it the notice
// still leaves, when the outbox is next looked at.
func (d *Dispatcher) Poke() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done, and returns once nothing is being sent. Trouble
// is logged and waited out; it never ends the loop and never reaches whoever
// stored the notice.
func (d *Dispatcher) Run(ctx context.Context) {
	for ctx.Err() == nil {
		notices, err := d.outbox.ClaimNotices(ctx, d.owner, d.clock.Now(), claimLease, claimMost)
		if err != nil {
			d.troubled(ctx, "claim notices", err)
			d.rest(ctx, d.clock.Now().Add(storePause))
			continue
		}
		if len(notices) == 0 {
			d.rest(ctx, d.nextLook(ctx))
			continue
		}
		var sending sync.WaitGroup
		for _, n := range notices {
			sending.Go(func() { d.deliver(ctx, n) })
		}
		sending.Wait()
	}
}

// idleLook is how long an empty outbox is trusted to be empty without a poke:
// another process may have filled it.
const idleLook = 30 * time.Second

func (d *Dispatcher) nextLook(ctx context.Context) time.Time {
	now := d.clock.Now()
	due, ok, err := d.outbox.NextNotice(ctx)
	switch {
	case err != nil:
		d.troubled(ctx, "find the next notice", err)
		return now.Add(storePause)
	case !ok || due.After(now.Add(idleLook)):
		return now.Add(idleLook)
	case !due.After(now):
		return now.Add(time.Second) // somebody else is about to take it
	}
	return due
}

// rest waits until t, a poke, or the end.
func (d *Dispatcher) rest(ctx context.Context, t time.Time) {
	timer := d.clock.TimerAt(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.poke:
	case <-timer.C:
	}
}

// deliver sends one notice and records how it went. What was begun is recorded
// even when the program is told to stop meanwhile.
func (d *Dispatcher) deliver(ctx context.Context, n jit.Notice) {
	err := d.send(ctx, n)
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
	defer cancel()
	now := d.clock.Now()
	if err == nil {
		if err := d.outbox.NoticeSent(record, n.ID, now); err != nil {
			d.troubled(ctx, "record a sent notice", err, "notice", n.ID)
		}
		return
	}
	retryAt := now.Add(pause(now.Sub(n.At), err))
	d.log.WarnContext(ctx, "mail not sent", "notice", n.ID, "kind", n.Kind, "request", n.Request, "retry_at", retryAt, "error", err)
	if err := d.outbox.NoticeFailed(record, n.ID, retryAt, whyOf(err)); err != nil {
		d.troubled(ctx, "record an unsent notice", err, "notice", n.ID)
	}
}

func (d *Dispatcher) send(ctx context.Context, n jit.Notice) error {
	m, err := d.composer.Compose(n)
	if err != nil {
		return err
	}
	return d.carrier.Send(ctx, m)
}

// pause is how long to wait before the next try. It grows with the notice's age,
// as doubling would, and needs no counter: between half and the whole of the age,
// within bounds, so that mails held up together do not return together.
func pause(age time.Duration, err error) time.Duration {
	most := longest
	if !fault.Is(err, fault.Unavailable) {
		most = longestHard
	}
	whole := min(max(age, firstRetry), most)
	return whole/2 + rand.N(whole/2)
}

func whyOf(err error) string {
	if s := fault.PublicOf(err); s != "" {
		return s
	}
	return "The mail could not be written; the log says why."
}

// troubled logs what went wrong with the outbox, but not that we were stopped.
func (d *Dispatcher) troubled(ctx context.Context, doing string, err error, more ...any) {
	if ctx.Err() != nil {
		return
	}
	d.log.ErrorContext(ctx, "mail outbox: "+doing, append(more, "error", err)...)
}
