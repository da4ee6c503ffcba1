package reconcile

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// How long things take. A visit is over before its lease is, so that nobody else
// works on the episode meanwhile; and lease and poll together are under the 60 s
// within which a removal must be under way again after a process died (I1).
const (
	visitTime  = 30 * time.Second // all calls of one visit to an episode
	leaseTime  = 40 * time.Second
	writeTime  = 10 * time.Second // writing down what a visit found
	usualPoll  = 15 * time.Second
	pauseTime  = time.Second // after trouble with the store, and while workers are short
	sweepEvery = 15 * time.Minute
	lapseBatch = 100
)

// Options make a Reconciler. All but Log, Owner and Workers must be set.
type Options struct {
	Estate     *jit.Estate
	Store      jit.Store
	Connectors map[jit.CloudService]jit.Connector
	Clock      clock.Clock
	Log        *slog.Logger
	// Owner names this process in leases; empty means a random name.
	Owner string
	// Workers is how many episodes are visited at once; zero means 16. A quarter
	// of them never takes grants, so that removals always find a free one (I22).
	Workers int
	// Wake is called after a change that may have left mail to be sent, so that
	// it leaves at once. It must not block; nil is nobody.
	Wake func()
	// Poll is how often to look for due work without having been told, since
	// another replica may have left some; zero means 15 s, and more than that
	// breaks the promise of a minute where replicas die.
	Poll time.Duration
}

// Reconciler closes the difference between what should be and what is.
type Reconciler struct {
	estate     *jit.Estate
	store      jit.Store
	connectors map[jit.CloudService]jit.Connector
	clock      clock.Clock
	log        *slog.Logger
	owner      string
	poll       time.Duration
	gate       *audit.Gate[jit.Tx]
	poke       chan struct{}
	slots      *slots
	wake       func()
}

// New makes a Reconciler.
func New(o Options) (*Reconciler, error) {
	if o.Estate == nil || o.Store == nil || o.Clock == nil {
		return nil, errors.New("reconcile: an estate, a store and a clock are needed")
	}
	if o.Estate.Instance.IsZero() {
		return nil, errors.New("reconcile: the estate names no instance")
	}
	r := &Reconciler{
		estate: o.Estate, store: o.Store, connectors: o.Connectors, clock: o.Clock, log: o.Log, owner: o.Owner, poll: o.Poll,
		gate: audit.NewGate(o.Store.Update, o.Clock), poke: make(chan struct{}, 1), wake: o.Wake,
	}
	if r.wake == nil {
		r.wake = func() {}
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.owner == "" {
		r.owner = rand.Text()
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if r.poll <= 0 {
		r.poll = usualPoll
	}
	r.slots = newSlots(o.Workers)
	return r, nil
}

func (r *Reconciler) instance() csp.TenantID { return r.estate.Instance }

func (r *Reconciler) now() time.Time { return r.clock.Now().Truncate(audit.Precision) }

// Poke makes Run look for due work at once. It never blocks.
func (r *Reconciler) Poke() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Run works until the context ends, and returns once every visit under way has
// written down what it found. Trouble with the store or with a provider is
// logged and never ends it: nothing may stop removals (I11).
func (r *Reconciler) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { r.sweepFromTimeToTime(ctx) })
	for ctx.Err() == nil {
		claimed, err := r.turn(ctx, &work)
		if err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "looking for due work", "error", err)
		}
		r.rest(ctx, claimed, err)
	}
}

// turn lets due requests lapse and starts a visit to as many due episodes as
// there are free workers.
func (r *Reconciler) turn(ctx context.Context, work *sync.WaitGroup) (claimed int, err error) {
	if err := r.lapse(ctx); err != nil {
		return 0, err
	}
	free := r.slots.free()
	if free == 0 {
		return 0, nil
	}
	episodes, err := r.store.Claim(ctx, r.owner, r.now(), leaseTime, free)
	if err != nil {
		return 0, err
	}
	for _, e := range episodes {
		if !r.slots.take(e.Target.Tenant, e.Lane) {
			r.putBack(ctx, e)
			continue
		}
		claimed++
		work.Go(func() {
			defer r.Poke()
			defer r.slots.give(e.Target.Tenant, e.Lane)
			r.visit(ctx, e)
		})
	}
	return claimed, nil
}

// putBack returns a claimed episode for which no worker may be used just now.
func (r *Reconciler) putBack(ctx context.Context, e jit.Episode) {
	e.Lease, e.Due = time.Time{}, r.now().Add(pauseTime)
	// Nothing changed but when it is looked at next, so there is nothing to log.
	err := r.store.Update(ctx, func(tx jit.Tx) error { return tx.SaveEpisode(e) })
	if err != nil && !fault.Is(err, fault.Conflict) {
		r.log.WarnContext(ctx, "putting an episode back; its lease will run out", "episode", e.ID, "error", err)
	}
}

// rest waits until something is due, somebody pokes, or it is time to look for
// what other replicas did.
func (r *Reconciler) rest(ctx context.Context, claimed int, trouble error) {
	now := r.now()
	until := now.Add(r.poll)
	if trouble != nil {
		until = now.Add(pauseTime)
	} else if due, ok, err := r.store.NextDue(ctx); err == nil && ok && due.Before(until) {
		// A moment finer than the clock is read here is reached only after it.
		until = due.Add(audit.Precision - 1).Truncate(audit.Precision)
		// What is due and yet cannot be claimed waits for a worker, or for the
		// database's clock: asking again at once would only spin.
		if claimed == 0 && !due.After(now) {
			until = now.Add(pauseTime)
		}
	}
	timer := r.clock.TimerAt(until)
	defer timer.Stop()
	// However the wall clock is moved, look again after a while of real time.
	bounded, cancel := context.WithTimeout(ctx, r.poll)
	defer cancel()
	select {
	case <-bounded.Done():
	case <-r.poke:
	case <-timer.C:
	}
}

// Step does what is due now, waits for it, and says how many requests lapsed and
// episodes were visited.
func (r *Reconciler) Step(ctx context.Context) (int, error) {
	lapsed, err := r.lapseSome(ctx)
	if err != nil {
		return 0, err
	}
	episodes, err := r.store.Claim(ctx, r.owner, r.now(), leaseTime, r.slots.all)
	if err != nil {
		return lapsed, err
	}
	var work sync.WaitGroup
	for _, e := range episodes {
		work.Go(func() { r.visit(ctx, e) })
	}
	work.Wait()
	return lapsed + len(episodes), nil
}

// Drain steps until nothing is due any more. It is for tools and tests; a
// provider that answers at once keeps it short.
func (r *Reconciler) Drain(ctx context.Context) error {
	const mostSteps = 10_000
	for range mostSteps {
		n, err := r.Step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
	return fault.New("reconcile.Drain", fault.Internal, "")
}

// lapse lets every due request lapse.
func (r *Reconciler) lapse(ctx context.Context) error {
	for {
		n, err := r.lapseSome(ctx)
		if err != nil || n < lapseBatch {
			return err
		}
	}
}

func (r *Reconciler) lapseSome(ctx context.Context) (int, error) {
	var due []jit.Request
	now := r.now()
	err := r.store.View(ctx, func(tx jit.Tx) error {
		var err error
		due, err = tx.PendingBefore(now, lapseBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, request := range due {
		if err := r.lapseOne(ctx, request); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// lapseOne turns silence into a no (I13).
func (r *Reconciler) lapseOne(ctx context.Context, request jit.Request) error {
	act := audit.Act{Verb: "request.lapse", Actor: jit.Latchkey()}
	defer r.wake()
	return r.gate.Do(ctx, act, func(tx jit.Tx, note *audit.Entry) error {
		now := r.now()
		request, err := tx.Request(request.ID)
		if err != nil {
			return err
		}
		if request.State != jit.Pending || request.AnswerBy.After(now) {
			return audit.ErrUnchanged
		}
		note.Tenant, note.Request = request.Customer, string(request.ID)
		note.Text = "Nobody answered in time, and silence is a no."
		if err := tx.MoveRequest(request.ID, jit.Pending, jit.Lapsed); err != nil {
			return err
		}
		if err := jit.VoidLinks(tx, request.ID, now); err != nil {
			return err
		}
		if n, ok := r.estate.Tell(request, now).Engineer(jit.NoticeLapsed); ok {
			return tx.Enqueue(n)
		}
		return nil
	})
}
