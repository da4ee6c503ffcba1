package reconcile

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/jit"
)

// quarantine is when absence is read again, counted from when it was first
// read: late enough for slow replication and for a grant that was held up on
// its way (I6).
var quarantine = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// toVerify makes the episode's absence to be read next, with nothing known yet.
func (w *writing) toVerify() {
	w.episode.Phase, w.episode.AbsentAt, w.episode.Checked, w.episode.Attempts = jit.Verifying, time.Time{}, 0, 0
	if w.episode.Until.After(w.at) {
		w.episode.Until = w.at
	}
}

// beginRemoval writes down that the object goes, and removes it.
func (v *visit) beginRemoval(ctx context.Context, verb, text string) error {
	err := v.write(ctx, change{
		verb: "episode." + verb, text: text,
		apply: func(_ jit.Tx, w *writing) error {
			w.episode.Phase, w.episode.Attempts, w.episode.LastWhy = jit.Removing, 0, ""
			w.episode.AbsentAt, w.episode.Checked, w.episode.Lane = time.Time{}, 0, jit.RevokeLane
			if w.episode.Until.After(w.at) {
				w.episode.Until = w.at
			}
			for _, g := range w.grants {
				if g.State != jit.Active {
					continue
				}
				g.State = jit.Revoking
				if err := w.save(g, jit.Active); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	return v.remove(ctx)
}

// remove takes the object away and believes nothing but what it then reads. It
// is repeated for ever, whatever the provider says (I20).
func (v *visit) remove(ctx context.Context) error {
	out := v.connector.Revoke(ctx, v.order())
	sighting, err := v.connector.Observe(ctx, v.order())
	switch {
	case err != nil || sighting == jit.Unseen:
		why := "It is not known whether the access is gone: " + said(err)
		if out.Result != jit.Done && out.Err != nil {
			why = "It is not known whether the access is gone: " + out.Err.Error()
		}
		return v.late(ctx, why, quietest, out.After)
	case sighting == jit.SeenAbsent, sighting == jit.SeenForeign:
		return v.absent(ctx)
	}
	switch out.Result {
	case jit.Done:
		return v.late(ctx, "The removal was taken, but the access can still be seen.", quietest, out.After)
	case jit.NotDone:
		return v.late(ctx, "The tenant did not take the removal: "+said(out.Err), slowest, out.After)
	}
	return v.late(ctx, "The access is still there: "+said(out.Err), quietest, out.After)
}

// absent writes down that the object was read absent: its grants have ended,
// both sides are told, and the quarantine begins.
func (v *visit) absent(ctx context.Context) error {
	return v.write(ctx, change{
		verb: "episode.absent", text: "The access was removed and read back as absent.",
		apply: func(_ jit.Tx, w *writing) error {
			if err := w.conclude(); err != nil {
				return err
			}
			w.toVerify()
			w.episode.AbsentAt, w.episode.Stuck, w.episode.LastWhy = w.at, false, ""
			w.release(jit.VerifyLane, w.at.Add(quarantine[0]))
			return nil
		},
	})
}

// late comes back to a removal, or to a reading, that did not work. Late enough
// it is stuck: the operators are told, once, and it goes on all the same.
func (v *visit) late(ctx context.Context, why string, most, after time.Duration) error {
	return v.write(ctx, change{
		verb: "episode.retry", text: why, outcome: audit.Failed,
		apply: func(_ jit.Tx, w *writing) error {
			w.episode.Attempts++
			w.episode.LastWhy = why
			if w.isStuck() {
				w.episode.Stuck = true
				if err := w.alarm(why); err != nil {
					return err
				}
			}
			w.release(w.episode.Lane, w.at.Add(wait(w.episode.Attempts, most, after)))
			return nil
		},
	})
}

// isStuck says whether the object should have been gone for so long that a
// person must look, and nobody was told yet.
func (w *writing) isStuck() bool {
	e := w.episode
	return !e.Stuck && e.AbsentAt.IsZero() && w.at.Sub(e.Until) >= stuckAfter
}

// alarm tells the operators, and writes an entry of its own into the log.
func (w *writing) alarm(why string) error {
	text := fmt.Sprintf("The access should have been gone since %s. %s It is tried again for ever, but a person should look.", w.episode.Until.UTC().Format(time.RFC3339), why)
	_, err := audit.Append(w.tx, audit.Entry{
		At: w.at, Verb: "episode.stuck", Outcome: audit.Failed, Actor: jit.Latchkey(),
		Tenant: w.episode.Target.Tenant, Episode: w.episode.ID.String(), Text: text,
	})
	if err != nil || len(w.grants) == 0 {
		return err // an object the sweep found has no request to tell of
	}
	last := w.grants[len(w.grants)-1]
	request, err := w.tx.Request(last.Request)
	if err != nil {
		return err
	}
	telling := w.estate.Tell(request, w.at)
	telling.Begins, telling.Ends, telling.Why = last.Begins, last.Ends, text
	for _, n := range telling.Operators(jit.NoticeStuck) {
		if err := w.tx.Enqueue(n); err != nil {
			return err
		}
	}
	return nil
}

// verify reads absence again. What came back is removed again.
func (v *visit) verify(ctx context.Context) error {
	sighting, err := v.connector.Observe(ctx, v.order())
	switch {
	case err != nil || sighting == jit.Unseen:
		return v.late(ctx, "The tenant could not be read: "+said(err), quietest, 0)
	case sighting == jit.SeenOurs && v.episode.AbsentAt.IsZero():
		return v.beginRemoval(ctx, "removal", "A grant that was given up is there after all; it is being removed.")
	case sighting == jit.SeenOurs:
		return v.beginRemoval(ctx, "returned", "The access was there again after it had been read absent; it is being removed again.")
	case v.episode.AbsentAt.IsZero():
		return v.absent(ctx)
	}
	return v.stillAbsent(ctx)
}

func (v *visit) stillAbsent(ctx context.Context) error {
	checked := v.episode.Checked
	for checked < len(quarantine) && !v.episode.AbsentAt.Add(quarantine[checked]).After(v.now()) {
		checked++ // one reading answers every moment that has gone by
	}
	c := change{verb: "episode.check", text: "The access was read absent again.", detail: map[string]string{"checks": fmt.Sprintf("%d of %d", checked, len(quarantine))}}
	if checked == len(quarantine) {
		c.verb, c.text = "episode.closed", "The access stayed absent over the whole quarantine."
	}
	c.apply = func(_ jit.Tx, w *writing) error {
		w.episode.Checked, w.episode.Attempts, w.episode.LastWhy = checked, 0, ""
		if checked == len(quarantine) {
			w.episode.Phase = jit.Closed
			w.release(jit.VerifyLane, w.at)
			return nil
		}
		w.release(jit.VerifyLane, w.episode.AbsentAt.Add(quarantine[checked]))
		return nil
	}
	return v.write(ctx, c)
}
