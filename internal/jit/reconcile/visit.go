package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Waiting between tries: doubling from the first to the last, and anywhere
// between nothing and that, so that what failed together does not come back
// together. A provider that is silent is asked again within quietest, so that a
// removal is sent within a minute of its return (I1); one that answers and
// refuses is asked again within slowest, for ever (I20).
const (
	firstWait    = 5 * time.Second
	leastWait    = time.Second
	quietest     = 45 * time.Second
	slowest      = 5 * time.Minute
	slowestGrant = time.Minute
	longestAfter = 10 * time.Minute // the most a provider can make us wait by asking
	stuckAfter   = 5 * time.Minute  // a removal that late needs a person to look (I20)
)

// errLost says that somebody else has taken the episode over: an early end, or
// another replica after the lease ran out.
var errLost = errors.New("reconcile: the episode was taken over")

// visit is one look at one claimed episode.
type visit struct {
	*Reconciler
	connector jit.Connector
	episode   jit.Episode
	grants    []jit.Grant
	sent      bool // a grant was sent to the provider in this visit
}

// visit brings an episode one step closer to what it should be. What a provider
// answers is always written down, also when the program is being stopped.
func (r *Reconciler) visit(ctx context.Context, e jit.Episode) {
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	v := &visit{Reconciler: r, connector: r.connectors[e.Target.Service], episode: e}
	log := r.log.With("episode", e.ID, "tenant", e.Target.Tenant, "phase", e.Phase)
	err := v.run(ctx)
	if errors.Is(err, errLost) {
		log.InfoContext(ctx, "the episode was taken over by an early end or another worker")
		err = v.handOver(ctx)
	}
	if err != nil {
		// The lease runs out, and whoever claims it next starts from what is.
		log.ErrorContext(ctx, "the episode could not be brought forward", "error", err)
	}
}

func (v *visit) run(ctx context.Context) error {
	err := v.store.View(ctx, func(tx jit.Tx) error {
		var err error
		v.grants, err = tx.GrantsOfEpisode(v.episode.ID)
		return err
	})
	if err != nil {
		return err
	}
	if v.connector == nil {
		return v.late(ctx, fmt.Sprintf("No connector for the service %q is configured.", v.episode.Target.Service), quietest, 0)
	}
	switch v.episode.Phase {
	case jit.Intended, jit.Present:
		return v.uphold(ctx)
	case jit.Removing:
		return v.remove(ctx)
	case jit.Verifying:
		return v.verify(ctx)
	}
	return fmt.Errorf("reconcile: episode %s is in phase %q and should not be due", v.episode.ID, v.episode.Phase)
}

func (v *visit) order() jit.Order { return v.episode.Order(v.instance()) }

// change is one state change of the episode and its grants, with its entry.
type change struct {
	verb    string
	text    string
	outcome audit.Outcome // zero means Allowed
	detail  map[string]string
	// apply changes the episode and its grants; it may run more than once.
	apply func(tx jit.Tx, w *writing) error
}

// writing is a change under way: copies that replace the visit's own once the
// change is on disk.
type writing struct {
	*visit
	tx      jit.Tx
	episode jit.Episode
	grants  []jit.Grant
	at      time.Time
}

// write commits a change through the gate, if the episode is still this
// visit's. It does so even while the program is being stopped: an answer that
// was read must not be lost.
func (v *visit) write(ctx context.Context, c change) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	var done writing
	act := audit.Act{Verb: c.verb, Actor: jit.Latchkey()}
	err := v.gate.Do(ctx, act, func(tx jit.Tx, note *audit.Entry) error {
		grants, err := tx.GrantsOfEpisode(v.episode.ID)
		if err != nil {
			return notARefusal(err)
		}
		w := writing{visit: v, tx: tx, episode: v.episode, grants: grants, at: v.now()}
		v.note(note, c, w)
		if err := c.apply(tx, &w); err != nil {
			return notARefusal(err)
		}
		if err := tx.SaveEpisode(w.episode); err != nil {
			return notARefusal(err)
		}
		done = w
		return nil
	})
	if err != nil {
		return err
	}
	v.episode, v.grants = done.episode, done.grants
	v.wake()
	return nil
}

func (v *visit) note(note *audit.Entry, c change, w writing) {
	note.Tenant, note.Episode, note.Text = w.episode.Target.Tenant, w.episode.ID.String(), c.text
	if c.outcome != "" {
		note.Outcome = c.outcome
	}
	var open []jit.Grant
	for _, g := range w.grants {
		if g.State.Open() {
			open = append(open, g)
		}
	}
	if len(open) == 1 {
		note.Grant, note.Request = string(open[0].ID), string(open[0].Request)
	}
	note.Detail = map[string]string{"object": w.episode.Name.String()}
	for i, g := range open {
		if len(open) > 1 {
			note.Detail[fmt.Sprintf("grant%d", i+1)] = string(g.ID)
		}
	}
	maps.Copy(note.Detail, c.detail)
}

// notARefusal keeps the gate from writing down as somebody's refusal what is a
// lost race or a defect of ours.
func notARefusal(err error) error {
	if fault.Is(err, fault.Conflict) {
		return errors.Join(errLost, errors.New(err.Error()))
	}
	if fault.KindOf(err) == fault.Unavailable {
		return err
	}
	return fault.Wrap("reconcile.write", fault.Internal, err, "")
}

// handOver makes whoever has the episode now look at the tenant once more, if
// this visit may have put something there behind his back (I6).
func (v *visit) handOver(ctx context.Context) error {
	if !v.sent {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	act := audit.Act{Verb: "episode.recheck", Actor: jit.Latchkey()}
	err := v.gate.Do(ctx, act, func(tx jit.Tx, note *audit.Entry) error {
		now, err := tx.Episode(v.episode.ID)
		if err != nil {
			return notARefusal(err)
		}
		note.Tenant, note.Episode = now.Target.Tenant, now.ID.String()
		note.Text = "A grant that was on its way when the end came may have arrived; the tenant is looked at again."
		switch now.Phase {
		case jit.Closed:
			now.Phase, now.AbsentAt, now.Checked = jit.Verifying, time.Time{}, 0
			if err := tx.SaveEpisode(now); err != nil {
				return notARefusal(err)
			}
		case jit.Removing:
			return audit.ErrUnchanged // it will be read back anyway
		}
		return tx.HurryEpisode(now.ID, jit.RevokeLane, v.now())
	})
	v.Poke()
	return err
}

// release ends the lease, with the episode due again in the lane.
func (w *writing) release(lane jit.Lane, due time.Time) {
	w.episode.Lane, w.episode.Due, w.episode.Lease = lane, due.Truncate(audit.Precision), time.Time{}
}

// save writes a grant back, if it is still in the state it was read in.
func (w *writing) save(g jit.Grant, from jit.GrantState) error {
	if err := w.tx.SaveGrant(g, from); err != nil {
		return err
	}
	for i := range w.grants {
		if w.grants[i].ID == g.ID {
			w.grants[i] = g
		}
	}
	return nil
}

// tell puts notices about a grant into the outbox.
func (w *writing) tell(g jit.Grant, kind jit.NoticeKind) error {
	request, err := w.tx.Request(g.Request)
	if err != nil {
		return err
	}
	telling := w.estate.Tell(request, w.at)
	telling.Begins, telling.Ends, telling.Why, telling.Granted = g.Begins, g.Ends, g.Why, g.Ends.Sub(g.Begins)
	return telling.BothSides(w.tx, kind)
}

// conclude ends every open grant, now that the object is proven absent: those
// that were active have ended, the others came to nothing.
func (w *writing) conclude() error {
	for _, g := range w.grants {
		if !g.State.Open() {
			continue
		}
		from, kind := g.State, jit.NoticeEnded
		g.State, g.EndedAt = jit.Ended, w.at
		if g.ActiveAt.IsZero() {
			g.State, kind = jit.FailedGrant, jit.NoticeFailed
			if g.Why == "" {
				g.Why = "It ended before it could be given."
			}
		} else if g.Why == "" {
			g.Why = w.whyEnded(g)
		}
		if err := w.save(g, from); err != nil {
			return err
		}
		if err := w.tell(g, kind); err != nil {
			return err
		}
	}
	return nil
}

// whyEnded says in a sentence what ended a grant early; nothing if its time did.
func (w *writing) whyEnded(g jit.Grant) string {
	switch p, ok := w.estate.PersonByID(jit.PersonID(g.EndNowBy)); {
	case g.EndNowBy == "":
		return ""
	case ok:
		return fmt.Sprintf("%s ended it early.", p.Name)
	case g.EndNowBy == "approver":
		return "The customer ended it early."
	}
	return "It was ended early."
}

// settleShared ends the grants whose time is over or that were ended early,
// while others still need the access (I8).
func (w *writing) settleShared() error {
	for _, g := range w.grants {
		if !g.State.Open() || g.Lives(w.at) {
			continue
		}
		from, kind := g.State, jit.NoticeEnded
		g.State, g.EndedAt = jit.Ended, w.at
		g.Why = "Another approved request still needs the same access, so it stays until that one ends."
		if g.ActiveAt.IsZero() {
			g.State, kind = jit.FailedGrant, jit.NoticeFailed
			g.Why = "It ended before it could be given."
		}
		if err := w.save(g, from); err != nil {
			return err
		}
		if err := w.tell(g, kind); err != nil {
			return err
		}
	}
	return nil
}

// living are the grants that still ask for the access.
func living(grants []jit.Grant, at time.Time) []jit.Grant {
	var live []jit.Grant
	for _, g := range grants {
		if g.Lives(at) {
			live = append(live, g)
		}
	}
	return live
}

// nextEnd is when the first living grant ends.
func nextEnd(grants []jit.Grant, at time.Time) time.Time {
	var next time.Time
	for _, g := range living(grants, at) {
		if next.IsZero() || g.Ends.Before(next) {
			next = g.Ends
		}
	}
	return next
}

// wait is how long to wait after so many failed tries: at least what the
// provider asked for, within reason.
func wait(attempts int, most, after time.Duration) time.Duration {
	ceiling := most
	if attempts < 10 {
		ceiling = min(most, firstWait<<max(0, attempts-1))
	}
	random := leastWait + rand.N(max(1, ceiling-leastWait)) //nolint:gosec // spreads load, protects nothing
	return max(random, min(after, longestAfter))
}
