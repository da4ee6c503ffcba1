package reconcile_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
	"latchkey/internal/jit/reconcile"
)

func resource(h *jittest.House, i int) csp.Scope {
	h.Helper()
	s, err := csp.ResourceGroupScopeOf(jittest.ContosoProd, fmt.Sprintf("group%d", i))
	if err != nil {
		h.Fatal(err)
	}
	return s
}

// ours is an object as Latchkey would make it, for an episode.
func ours(target jit.Target, instance csp.TenantID, episode jit.EpisodeID, ends time.Time) jittest.Assignment {
	return jittest.Assignment{
		Target: target, Name: jit.ObjectName(instance, target, episode),
		Description: jit.Marker{Instance: instance, Episode: episode, Ends: ends}.String(),
	}
}

var (
	lostEpisode = csp.MustParseID[jit.Episode]("77777777-0000-4000-8000-000000000001")
	neighbour   = csp.MustParseID[csp.Tenant]("88888888-0000-4000-8000-000000000001")
)

func TestSweep(t *testing.T) {
	tests := []struct {
		name    string
		object  func(h *jittest.House, r jit.Request) jittest.Assignment
		removed bool
	}{
		{"an object whose episode was closed is removed", func(h *jittest.House, r jit.Request) jittest.Assignment {
			return ours(r.Target(), jittest.Instance, h.GrantOf(r).Episode, h.Clock.Now())
		}, true},
		{"an object of which the database knows nothing is removed", func(h *jittest.House, r jit.Request) jittest.Assignment {
			return ours(r.Target(), jittest.Instance, lostEpisode, h.Clock.Now().Add(time.Hour))
		}, true},
		{"another installation's object is left alone", func(h *jittest.House, r jit.Request) jittest.Assignment {
			return ours(r.Target(), neighbour, lostEpisode, h.Clock.Now())
		}, false},
		{"a copy of our marker on somebody else's object is left alone", func(h *jittest.House, r jit.Request) jittest.Assignment {
			a := ours(r.Target(), jittest.Instance, lostEpisode, h.Clock.Now())
			a.Name = csp.MustParseID[csp.RoleAssignment]("99999999-0000-4000-8000-000000000009")
			return a
		}, false},
		{"a marker that cannot be read is left alone", func(h *jittest.House, r jit.Request) jittest.Assignment {
			a := ours(r.Target(), jittest.Instance, lostEpisode, h.Clock.Now())
			a.Description += " and more"
			return a
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := jittest.Build(t)
				stop := h.Start()
				r := h.File(jittest.Restarter)
				h.Approve(r)
				time.Sleep(4 * time.Hour)
				wantPhase(h, r, jit.Closed)
				before := len(h.Log())
				h.Cloud.Assign(tt.object(h, r))
				time.Sleep(16 * time.Minute)
				if got := !h.Cloud.Has(r.Target()); got != tt.removed {
					h.Errorf("removed: %v, want %v", got, tt.removed)
				}
				found := 0
				for _, e := range h.Log()[before:] {
					if e.Verb == "sweep.found" && e.Outcome == audit.Failed {
						found++
					}
				}
				if (found == 1) != tt.removed || found > 1 {
					h.Errorf("the log tells of %d finds", found)
				}
				time.Sleep(2 * time.Hour)
				stop()
			})
		})
	}
	t.Run("a live grant is left alone", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r := h.File(jittest.Restarter)
			h.Approve(r)
			settle()
			if err := h.Reconciler.Sweep(h.Context()); err != nil {
				h.Fatal(err)
			}
			time.Sleep(time.Minute)
			wantState(h, r, jit.Active)
		})
	})
	t.Run("a place that cannot be read is reported", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r := h.File(jittest.Restarter)
			h.Approve(r)
			settle()
			h.Cloud.Trouble(jittest.Marked, jittest.Down)
			if err := h.Reconciler.Sweep(h.Context()); err == nil {
				h.Error("it passes for swept")
			}
		})
	})
}

func TestReapWithAnEmptyDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t)
		target := jit.Target{
			Service: jit.Azure, Tenant: jittest.Contoso.ID, Scope: jittest.Desktops, Role: jittest.Restarter.ID,
			Principal: h.James().Account.Object, PrincipalType: csp.User,
		}
		other := target
		other.Role = jittest.Reader.ID
		third := target
		third.Role = jittest.Machinist.ID
		now := h.Clock.Now()
		h.Cloud.Assign(ours(target, jittest.Instance, lostEpisode, now.Add(-time.Minute)))
		h.Cloud.Assign(ours(other, jittest.Instance, lostEpisode, now.Add(time.Minute)))
		h.Cloud.Assign(ours(third, neighbour, lostEpisode, now.Add(-time.Minute)))
		places := []jit.Place{{Tenant: jittest.Contoso.ID, Scope: jittest.Desktops}}
		report, err := reconcile.Reap(h.Context(), h.Cloud, reconcile.Reaping{Instance: jittest.Instance, Service: jit.Azure, Places: places, Now: now})
		if err != nil {
			h.Fatal(err)
		}
		if len(report) != 2 || !report[0].Gone || report[0].Kept || report[1].Gone || !report[1].Kept {
			h.Errorf("report: %+v", report)
		}
		if h.Cloud.Has(target) || !h.Cloud.Has(other) || !h.Cloud.Has(third) {
			h.Error("not exactly what had ended was removed")
		}
		h.Cloud.Lock(jittest.Desktops, "keep")
		report, err = reconcile.Reap(h.Context(), h.Cloud, reconcile.Reaping{Instance: jittest.Instance, Service: jit.Azure, Places: places, Now: now.Add(time.Hour)})
		if err != nil || len(report) != 1 || report[0].Gone || report[0].Err == nil {
			h.Errorf("under a lock: %+v, %v", report, err)
		}
	})
}
