package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// sweepers is how many places are swept at once.
const sweepers = 4

// sweepTime is how long one place may take.
const sweepTime = 30 * time.Second

// sweepFromTimeToTime sweeps at once and then every sweepEvery, until the
// context ends.
func (r *Reconciler) sweepFromTimeToTime(ctx context.Context) {
	for ctx.Err() == nil {
		next := r.now().Add(sweepEvery)
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "sweeping for marked objects without a live grant", "error", err)
		}
		timer := r.clock.TimerAt(next)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Sweep looks at every place that ever had an episode for objects that carry
// our marker and have no live grant, and hands each to the ordinary removal
// (I24). A place that cannot be read is reported and does not keep the others
// from being swept. Objects marked for another installation are left alone.
func (r *Reconciler) Sweep(ctx context.Context) error {
	var places []jit.Place
	err := r.store.View(ctx, func(tx jit.Tx) error {
		var err error
		places, err = tx.ScopesTouched()
		return err
	})
	if err != nil {
		return err
	}
	todo := make(chan jit.Place)
	problems := make([]error, sweepers)
	var work sync.WaitGroup
	for i := range sweepers {
		work.Go(func() {
			for place := range todo {
				problems[i] = errors.Join(problems[i], r.sweepPlace(ctx, place))
			}
		})
	}
	for _, place := range places {
		todo <- place
	}
	close(todo)
	work.Wait()
	return errors.Join(problems...)
}

func (r *Reconciler) sweepPlace(ctx context.Context, place jit.Place) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	for service, connector := range r.connectors {
		marked, err := connector.Marked(ctx, place)
		if err != nil {
			return fmt.Errorf("reading %s in tenant %s: %w", place.Scope, place.Tenant, err)
		}
		for _, m := range marked {
			m.Order.Target.Service, m.Order.Target.Tenant = service, place.Tenant
			if !m.Owns(r.instance()) {
				continue
			}
			if err := r.adopt(ctx, m.Order); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt makes sure that an object of ours belongs to an episode that is open,
// so that it is removed in its time. An object whose episode the database lost
// gets it back, due for removal at once; one whose episode was closed has it
// opened again.
func (r *Reconciler) adopt(ctx context.Context, o jit.Order) error {
	act := audit.Act{Verb: "sweep.found", Actor: jit.Latchkey()}
	err := r.gate.Do(ctx, act, func(tx jit.Tx, note *audit.Entry) error {
		now := r.now()
		note.Outcome = audit.Failed
		note.Tenant, note.Episode = o.Target.Tenant, o.Marker.Episode.String()
		note.Text = "An object of ours was found without a live grant; it is being removed."
		note.Detail = map[string]string{"object": o.Name.String(), "scope": o.Target.Scope.String(), "role": o.Target.Role.String(), "principal": o.Target.Principal.String()}
		e, err := tx.Episode(o.Marker.Episode)
		if fault.Is(err, fault.NotFound) {
			return tx.InsertEpisode(jit.Episode{
				ID: o.Marker.Episode, Target: o.Target, Name: o.Name, Phase: jit.Removing,
				Until: now, Lane: jit.RevokeLane, Due: now,
			})
		}
		if err != nil {
			return err
		}
		switch e.Phase {
		case jit.Closed:
			e.Phase, e.AbsentAt, e.Checked, e.Attempts = jit.Removing, time.Time{}, 0, 0
			if err := tx.SaveEpisode(e); err != nil {
				return err
			}
		case jit.Verifying: // whoever verifies it next removes it
		default:
			return audit.ErrUnchanged
		}
		return tx.HurryEpisode(e.ID, jit.RevokeLane, now)
	})
	if err == nil {
		r.Poke()
	}
	return err
}

// Reaped is what Reap found of one object of the installation.
type Reaped struct {
	Order jit.Order
	// Kept: its end has not come yet.
	Kept bool
	// Gone: it was removed and read back absent.
	Gone bool
	// Err says why it is not gone.
	Err error
}

// Reaping says whose objects Reap looks for, and where.
type Reaping struct {
	Instance csp.TenantID
	Service  jit.CloudService
	Places   []jit.Place
	Now      time.Time
	// DryRun looks and removes nothing.
	DryRun bool
}

// Reap removes what an installation left behind, without its database: every
// object at the places that carries the instance's marker, under the name that
// follows from it, and whose end has passed. Whatever else stands there is left
// alone. A place that cannot be read is an error; the others are reaped all the
// same.
func Reap(ctx context.Context, connector jit.Connector, what Reaping) ([]Reaped, error) {
	var report []Reaped
	var problems []error
	for _, place := range what.Places {
		marked, err := connector.Marked(ctx, place)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading %s in tenant %s: %w", place.Scope, place.Tenant, err))
			continue
		}
		for _, m := range marked {
			m.Order.Target.Service, m.Order.Target.Tenant = what.Service, place.Tenant
			switch {
			case !m.Owns(what.Instance):
			case m.Order.Marker.Ends.After(what.Now):
				report = append(report, Reaped{Order: m.Order, Kept: true})
			case what.DryRun:
				report = append(report, Reaped{Order: m.Order})
			default:
				report = append(report, reapOne(ctx, connector, m.Order))
			}
		}
	}
	return report, errors.Join(problems...)
}

func reapOne(ctx context.Context, connector jit.Connector, o jit.Order) Reaped {
	out := connector.Revoke(ctx, o)
	sighting, err := connector.Observe(ctx, o)
	reaped := Reaped{Order: o, Gone: err == nil && sighting == jit.SeenAbsent}
	switch {
	case reaped.Gone:
	case err != nil:
		reaped.Err = err
	case out.Err != nil:
		reaped.Err = out.Err
	default:
		reaped.Err = errors.New("the removal was taken, but the object can still be seen")
	}
	return reaped
}
