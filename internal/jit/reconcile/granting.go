package reconcile

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/jit"
)

// uphold looks after an episode that should be there, or begins its removal
// when no grant needs it any more.
func (v *visit) uphold(ctx context.Context) error {
	live := living(v.grants, v.now())
	if len(live) == 0 {
		return v.beginRemoval(ctx, "removal", "Its time is over, or it was ended early; it is being removed.")
	}
	for _, g := range live {
		if g.State != jit.Active {
			return v.give(ctx)
		}
	}
	return v.write(ctx, change{
		verb: "episode.keep", text: "A grant on it ended; another still needs it.",
		apply: func(_ jit.Tx, w *writing) error {
			if err := w.settleShared(); err != nil {
				return err
			}
			w.episode.Until = jit.LatestEnd(w.grants, w.at)
			w.release(jit.RevokeLane, nextEnd(w.grants, w.at))
			return nil
		},
	})
}

// give tries to make real what was approved. That it is about to try is on disk
// before anything is sent (I5, I16).
func (v *visit) give(ctx context.Context) error {
	attempt := v.episode.Attempts + 1
	err := v.write(ctx, change{
		verb: "grant.granting", text: "The access is about to be given.", detail: map[string]string{"attempt": strconv.Itoa(attempt)},
		apply: func(_ jit.Tx, w *writing) error {
			w.episode.Attempts = attempt
			for _, g := range living(w.grants, w.at) {
				if g.State != jit.Scheduled {
					continue
				}
				g.State = jit.Granting
				if err := w.save(g, jit.Scheduled); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	found, err := v.connector.Preflight(ctx, v.episode.Target)
	if err != nil {
		return v.tryAgain(ctx, "The tenant did not answer: "+err.Error(), 0)
	}
	if why := v.unfit(found); why != "" {
		return v.giveUp(ctx, why)
	}
	sighting, err := v.connector.Observe(ctx, v.order())
	switch {
	case err != nil || sighting == jit.Unseen:
		return v.tryAgain(ctx, "The tenant could not be read: "+said(err), 0)
	case sighting == jit.SeenForeign:
		return v.giveUp(ctx, "Something that is not ours stands under the name this access would have.")
	case sighting == jit.SeenOurs:
		return v.refresh(ctx)
	case found.Existing:
		return v.meetExisting(ctx)
	}
	return v.send(ctx)
}

// unfit says why the tenant as it is now does not allow the grant (I2, TH-T3).
func (v *visit) unfit(found jit.Preflight) string {
	switch {
	case found.Role.Content() != v.episode.RoleContent:
		return "The role allows something else now than what was approved."
	case len(found.Locks) > 0:
		return fmt.Sprintf("A delete lock (%s) stands on the scope or above it: the access could be given but not taken back.", strings.Join(found.Locks, ", "))
	}
	return ""
}

// refresh meets an object of ours that is there already: an earlier try got
// through, or another grant holds it. One that was made for an earlier end gets
// its marker written anew; that is a courtesy to the reaper, and its failure
// changes nothing about the access.
func (v *visit) refresh(ctx context.Context) error {
	if v.episode.Phase == jit.Present && v.inTime() {
		if out := v.grant(ctx); out.Result != jit.Done {
			v.log.WarnContext(ctx, "the marker could not be renewed; with an empty database the access would end early", "episode", v.episode.ID, "error", out.Err)
		}
	}
	return v.activate(ctx)
}

// inTime says whether a grant may still be sent: not in the stretch before the
// end, where a delayed one could arrive after the removal (I6).
func (v *visit) inTime() bool { return v.now().Before(v.order().StartBefore) }

// grant sends the grant, with no more time than is safe.
func (v *visit) grant(ctx context.Context) jit.Outcome {
	ctx, cancel := context.WithTimeout(ctx, v.order().StartBefore.Sub(v.now()))
	defer cancel()
	v.sent = true
	return v.connector.Grant(ctx, v.order())
}

func (v *visit) send(ctx context.Context) error {
	if !v.inTime() {
		return v.giveUp(ctx, "It could not be given in time: "+whyOr(v.episode.LastWhy, "too little of its time was left."))
	}
	out := v.grant(ctx)
	switch out.Result {
	case jit.Preexisting:
		return v.meetExisting(ctx)
	case jit.NotDone:
		if out.Retry {
			return v.tryAgain(ctx, "The tenant did not take the grant: "+said(out.Err), out.After)
		}
		return v.giveUp(ctx, "The tenant refused the grant: "+said(out.Err))
	}
	// Done is believed once it is seen; unknown may have happened.
	sighting, err := v.connector.Observe(ctx, v.order())
	switch {
	case err == nil && sighting == jit.SeenOurs:
		return v.activate(ctx)
	case err == nil && sighting == jit.SeenForeign:
		return v.giveUp(ctx, "Something that is not ours stands under the name this access would have.")
	case out.Result == jit.Done:
		return v.tryAgain(ctx, "The grant was taken, but cannot be seen yet.", out.After)
	}
	return v.tryAgain(ctx, "It is not known whether the grant was taken: "+said(out.Err), out.After)
}

// meetExisting finds the same access under another name. If that is the object
// of an earlier episode of ours, its removal is only not through yet; otherwise
// it was there before us, and is neither taken over nor ever removed (I7).
func (v *visit) meetExisting(ctx context.Context) error {
	t := v.episode.Target
	marked, err := v.connector.Marked(ctx, jit.Place{Tenant: t.Tenant, Scope: t.Scope})
	if err != nil {
		return v.tryAgain(ctx, "The tenant could not be read: "+err.Error(), 0)
	}
	for _, m := range marked {
		if o := m.Order; m.Owns(v.instance()) && o.Name != v.episode.Name && o.Target.Role == t.Role && o.Target.Principal == t.Principal {
			return v.tryAgain(ctx, "The access of an earlier request is still being removed.", 0)
		}
	}
	return v.giveUp(ctx, "The engineer already has this role on exactly this scope, not through Latchkey; that is neither taken over nor removed.")
}

// activate writes down that the access was seen, and tells both sides.
func (v *visit) activate(ctx context.Context) error {
	if len(living(v.grants, v.now())) == 0 {
		return v.beginRemoval(ctx, "removal", "It was given only after its time was over; it is being removed.")
	}
	return v.write(ctx, change{
		verb: "grant.active", text: "The access was given and read back.",
		apply: func(_ jit.Tx, w *writing) error {
			if err := w.settleShared(); err != nil {
				return err
			}
			for _, g := range living(w.grants, w.at) {
				if g.State == jit.Active {
					continue
				}
				from := g.State
				g.State, g.ActiveAt = jit.Active, w.at
				if err := w.save(g, from); err != nil {
					return err
				}
				if err := w.tell(g, jit.NoticeGranted); err != nil {
					return err
				}
			}
			w.episode.Phase, w.episode.Attempts, w.episode.LastWhy = jit.Present, 0, ""
			w.episode.Until = jit.LatestEnd(w.grants, w.at)
			w.release(jit.RevokeLane, dueOr(nextEnd(w.grants, w.at), w.at))
			return nil
		},
	})
}

// tryAgain comes back to a grant later, if one may still be sent then.
func (v *visit) tryAgain(ctx context.Context, why string, after time.Duration) error {
	if !v.inTime() {
		return v.giveUp(ctx, "It could not be given in time. "+why)
	}
	return v.write(ctx, change{
		verb: "grant.retry", text: why, outcome: audit.Failed,
		apply: func(_ jit.Tx, w *writing) error {
			if err := w.settleShared(); err != nil {
				return err
			}
			w.episode.LastWhy = why
			due := w.at.Add(wait(w.episode.Attempts, slowestGrant, after))
			// The last look is at the last safe moment, and none is past an end.
			for _, bound := range []time.Time{jit.LastSafe(w.episode.Until), dueOr(nextEnd(w.grants, w.at), w.at)} {
				if due.After(bound) {
					due = bound
				}
			}
			w.release(jit.GrantLane, due)
			return nil
		},
	})
}

// giveUp ends the try for good. Nothing was granted as far as is known, and that
// is proven next: the tenant is read until our object is seen absent, and over
// the quarantine; should it be there after all, it is removed.
//
// Where another grant already holds the object, only those fail that were to
// join it.
func (v *visit) giveUp(ctx context.Context, why string) error {
	err := v.write(ctx, change{
		verb: "grant.giveup", text: why, outcome: audit.Failed,
		apply: func(_ jit.Tx, w *writing) error {
			if err := w.failWaiting(why); err != nil {
				return err
			}
			w.episode.LastWhy = why
			if w.episode.Phase == jit.Present && len(living(w.grants, w.at)) > 0 {
				if err := w.settleShared(); err != nil {
					return err
				}
				w.episode.Until, w.episode.Attempts = jit.LatestEnd(w.grants, w.at), 0
				w.release(jit.RevokeLane, nextEnd(w.grants, w.at))
				return nil
			}
			w.toVerify()
			w.release(jit.RevokeLane, w.at)
			return nil
		},
	})
	if err != nil {
		return err
	}
	v.Poke()
	return nil
}

// failWaiting gives every grant that waits to begin its reason. Those that join
// an object held by others fail at once; the rest only when absence is proven.
func (w *writing) failWaiting(why string) error {
	for _, g := range w.grants {
		if !g.State.Open() || g.State == jit.Active || g.State == jit.Revoking {
			continue
		}
		from := g.State
		g.Why = why
		if w.episode.Phase == jit.Present {
			g.State, g.EndedAt = jit.FailedGrant, w.at
		}
		if err := w.save(g, from); err != nil {
			return err
		}
		if g.State == jit.FailedGrant {
			if err := w.tell(g, jit.NoticeFailed); err != nil {
				return err
			}
		}
	}
	return nil
}

// said is an error for a sentence; connectors' errors are for operators and the
// log, and carry no secret.
func said(err error) string {
	if err == nil {
		return "it gave no answer."
	}
	return err.Error()
}

func whyOr(why, otherwise string) string {
	if why != "" {
		return why
	}
	return otherwise
}

func dueOr(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}
