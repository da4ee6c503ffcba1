package reconcile_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
	"latchkey/internal/jit/reconcile"
)

// story plays in a bubble of its own, with the reconciler running.
func story(t *testing.T, play func(h *jittest.House), bends ...func(*jit.Estate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t, bends...)
		stop := h.Start()
		play(h)
		settle()
		h.CheckInvariants()
		stop()
	})
}

// settle lets the reconciler do what is due now.
func settle() { time.Sleep(time.Second) }

// kinds are the kinds of the mails to one person, in order.
func kinds(h *jittest.House, name string) string {
	var all []string
	for _, n := range h.Mail() {
		if n.ToName == name {
			all = append(all, string(n.Kind))
		}
	}
	return strings.Join(all, " ")
}

func wantState(h *jittest.House, r jit.Request, want jit.GrantState) jit.Grant {
	h.Helper()
	g := h.GrantOf(r)
	if g.State != want {
		h.Fatalf("the grant of LK-%d is %s (%s), want %s", r.Number, g.State, g.Why, want)
	}
	return g
}

func wantPhase(h *jittest.House, r jit.Request, want jit.Phase) jit.Episode {
	h.Helper()
	e := h.EpisodeOf(h.GrantOf(r))
	if e.Phase != want {
		h.Fatalf("the episode of LK-%d is %s (%s), want %s", r.Number, e.Phase, e.LastWhy, want)
	}
	return e
}

func TestApprovedAccessComesWorksAndEndsExactly(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.CheckInvariants()
		if h.Cloud.Has(r.Target()) {
			h.Fatal("the access is there before anybody approved it")
		}
		g := h.Approve(r)
		settle()
		h.CheckInvariants()
		active := wantState(h, r, jit.Active)
		if !h.Cloud.Has(r.Target()) {
			h.Fatal("the access is not there")
		}
		if got := g.Ends.Sub(g.Begins); got != 2*time.Hour {
			h.Errorf("it runs for %v, want 2h", got)
		}
		time.Sleep(g.Ends.Sub(h.Clock.Now()) - 1)
		if !h.Cloud.Has(r.Target()) {
			h.Error("the access was taken away before its end")
		}
		h.CheckInvariants()
		settle()
		if h.Cloud.Has(r.Target()) {
			h.Error("the access is still there after its end")
		}
		ended := wantState(h, r, jit.Ended)
		if late := ended.EndedAt.Sub(active.Ends); late < 0 || late > time.Second {
			h.Errorf("it was read absent %v after its end", late)
		}
		wantPhase(h, r, jit.Verifying)
		h.CheckInvariants()
		time.Sleep(61 * time.Minute)
		if e := wantPhase(h, r, jit.Closed); e.Checked != 4 {
			h.Errorf("absence was read again %d times, want 4", e.Checked)
		}
		h.CheckStays()
		if got := kinds(h, "James"); got != "granted ended" {
			h.Errorf("James was told %q", got)
		}
		if got := kinds(h, "Anna"); got != "enrol ask granted ended" {
			h.Errorf("Anna was told %q", got)
		}
		if got := kinds(h, "Bert"); got != "enrol ask" {
			h.Errorf("Bert was told %q", got)
		}
	})
}

func TestShortenedAccessEndsEarlier(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Reader)
		answer := h.Answer("Bert", r, jit.Approve)
		answer.Duration = 30 * time.Minute
		if _, err := h.Service.Decide(h.Context(), jit.Caller{}, answer); err != nil {
			h.Fatal(err)
		}
		settle()
		wantState(h, r, jit.Active)
		time.Sleep(30 * time.Minute)
		wantState(h, r, jit.Ended)
		h.CheckStays()
	})
}

func TestDeclinedNothingHappens(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		answer := h.Answer("Anna", r, jit.Decline)
		answer.Note = "Not today."
		if _, err := h.Service.Decide(h.Context(), h.Anna(), answer); err != nil {
			h.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := h.Request(r.ID).State; got != jit.Declined {
			h.Errorf("the request is %s", got)
		}
		if len(h.Cloud.Calls(jittest.Grant)) != 0 {
			h.Error("something was sent to the cloud")
		}
		if n := h.Mail(jit.NoticeDeclined); len(n) != 1 || n[0].ToName != "James" || n[0].Why != "Not today." {
			h.Errorf("told: %+v", n)
		}
	})
}

func TestSilenceIsNo(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		time.Sleep(4*time.Hour - 2*time.Second)
		if got := h.Request(r.ID).State; got != jit.Pending {
			h.Fatalf("the request is %s before its time is over", got)
		}
		time.Sleep(3 * time.Second)
		if got := h.Request(r.ID).State; got != jit.Lapsed {
			h.Errorf("the request is %s, want lapsed", got)
		}
		if got := kinds(h, "James"); got != "lapsed" {
			h.Errorf("James was told %q", got)
		}
	})
}

func TestEndNow(t *testing.T) {
	for who, by := range map[string]func(*jittest.House) jit.Caller{
		"James": (*jittest.House).James, "approver": (*jittest.House).Anna, "Mia": (*jittest.House).Mia,
	} {
		t.Run("by "+who, func(t *testing.T) {
			story(t, func(h *jittest.House) {
				r := h.File(jittest.Restarter)
				g := h.Approve(r)
				time.Sleep(10 * time.Minute)
				if err := h.Service.EndNow(h.Context(), by(h), g.ID); err != nil {
					h.Fatal(err)
				}
				settle()
				if h.Cloud.Has(r.Target()) {
					h.Error("the access is still there")
				}
				ended := wantState(h, r, jit.Ended)
				if !strings.Contains(ended.Why, "ended it early") {
					h.Errorf("why: %q", ended.Why)
				}
				time.Sleep(3 * time.Hour)
				wantPhase(h, r, jit.Closed)
				if n := len(h.Cloud.Calls(jittest.Revoke)); n != 1 {
					h.Errorf("the access was removed %d times", n)
				}
			})
		})
	}
	t.Run("before it was given, nothing is given", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			h.Cloud.Always(jittest.Down)
			h.Cloud.Calm()
			r := h.File(jittest.Restarter)
			h.Cloud.Always(jittest.Down)
			g := h.Approve(r)
			settle()
			if err := h.Service.EndNow(h.Context(), h.James(), g.ID); err != nil {
				h.Fatal(err)
			}
			h.Cloud.Calm()
			time.Sleep(5 * time.Minute)
			wantState(h, r, jit.FailedGrant)
			if len(h.Cloud.Stays()) != 0 {
				h.Error("it was given after all")
			}
		})
	})
}

func TestOverlappingGrantsShareOneObject(t *testing.T) {
	first := func(h *jittest.House) (jit.Request, jit.Grant) {
		r := h.File(jittest.Restarter)
		return r, h.Approve(r)
	}
	second := func(h *jittest.House, d time.Duration) (jit.Request, jit.Grant) {
		ask := h.AskFor(jittest.Restarter)
		ask.Duration = d
		r := h.FileAsk(h.James(), ask)
		return r, h.Approve(r)
	}
	t.Run("the later end counts, and each grant ends on its own time", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r1, g1 := first(h)
			time.Sleep(time.Hour)
			r2, g2 := second(h, 3*time.Hour)
			settle()
			if g1.Episode != g2.Episode {
				h.Fatal("the grants do not share an episode")
			}
			wantState(h, r1, jit.Active)
			wantState(h, r2, jit.Active)
			if marker, _ := jit.ParseMarker(h.Cloud.Assignments()[0].Description); marker.Ends.Before(g2.Ends) {
				h.Errorf("the object's marker says %v, before its last end %v", marker.Ends, g2.Ends)
			}
			time.Sleep(time.Hour)
			h.CheckInvariants()
			if g := wantState(h, r1, jit.Ended); !strings.Contains(g.Why, "Another approved request") {
				h.Errorf("why: %q", g.Why)
			}
			wantState(h, r2, jit.Active)
			if !h.Cloud.Has(r2.Target()) {
				h.Fatal("ending one grant cut the other (I8)")
			}
			time.Sleep(2 * time.Hour)
			wantState(h, r2, jit.Ended)
			if h.Cloud.Has(r2.Target()) {
				h.Error("the access outlived both")
			}
			h.CheckStays()
		})
	})
	t.Run("ending one early leaves the other", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r1, g1 := first(h)
			settle()
			r2, g2 := second(h, time.Hour)
			settle()
			if err := h.Service.EndNow(h.Context(), h.James(), g1.ID); err != nil {
				h.Fatal(err)
			}
			settle()
			wantState(h, r1, jit.Ended)
			wantState(h, r2, jit.Active)
			time.Sleep(g2.Ends.Sub(h.Clock.Now()) - time.Second)
			if !h.Cloud.Has(r2.Target()) {
				h.Error("the other was cut (I8)")
			}
			settle()
			settle()
			wantState(h, r2, jit.Ended)
			h.CheckStays() // and it was not prolonged to the end of the first
		})
	})
	t.Run("ending both early removes it", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r1, g1 := first(h)
			r2, g2 := second(h, time.Hour)
			settle()
			for _, g := range []jit.Grant{g1, g2} {
				if err := h.Service.EndNow(h.Context(), h.Anna(), g.ID); err != nil {
					h.Fatal(err)
				}
			}
			settle()
			wantState(h, r1, jit.Ended)
			wantState(h, r2, jit.Ended)
			if h.Cloud.Has(r1.Target()) {
				h.Error("the access is still there")
			}
		})
	})
	t.Run("a new request while the old one is being removed waits for it", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			r1, g1 := first(h)
			settle()
			r2 := h.FileAsk(h.James(), h.AskFor(jittest.Restarter))
			h.Cloud.Trouble(jittest.Revoke, jittest.Busy, jittest.Busy)
			if err := h.Service.EndNow(h.Context(), h.James(), g1.ID); err != nil {
				h.Fatal(err)
			}
			settle()
			wantState(h, r1, jit.Revoking)
			g2 := h.Approve(r2)
			if g2.Episode == g1.Episode {
				h.Fatal("a grant joined an episode that is being removed")
			}
			time.Sleep(3 * time.Minute)
			wantState(h, r1, jit.Ended)
			wantState(h, r2, jit.Active)
			time.Sleep(2 * time.Hour)
			wantState(h, r2, jit.Ended)
			h.CheckStays()
		})
	})
}

func TestWhatWasThereBeforeIsNeverTouched(t *testing.T) {
	standing := func(r jit.Target) jittest.Assignment {
		return jittest.Assignment{Target: r, Name: csp.MustParseID[csp.RoleAssignment]("99999999-0000-4000-8000-000000000001"), Description: "made by hand"}
	}
	target := func(h *jittest.House) jit.Target {
		r := jit.Request{Service: jit.Azure, Customer: jittest.Contoso.ID, Scope: jittest.Desktops, Role: jittest.Restarter.ID}
		p := h.Estate.People[0]
		own, _ := p.AccountIn(jittest.Contoso.ID)
		r.Principal = own.Object
		return r.Target()
	}
	t.Run("a request for it is refused", func(t *testing.T) {
		story(t, func(h *jittest.House) {
			h.Cloud.Assign(standing(target(h)))
			_, err := h.Service.File(h.Context(), h.James(), h.AskFor(jittest.Restarter))
			if err == nil || !strings.Contains(err.Error(), "already have") {
				h.Errorf("File = %v", err)
			}
		})
	})
	for name, appear := range map[string]func(h *jittest.House, do func()){
		"appearing before the grant": func(_ *jittest.House, do func()) { do() },
		"appearing between look and grant": func(h *jittest.House, do func()) {
			h.Cloud.OnCall(func(op jittest.Op) {
				if op == jittest.Grant {
					h.Cloud.OnCall(nil)
					do()
				}
			})
		},
	} {
		t.Run(name+" it fails the grant and stays", func(t *testing.T) {
			story(t, func(h *jittest.House) {
				r := h.File(jittest.Restarter)
				appear(h, func() { h.Cloud.Assign(standing(r.Target())) })
				h.Approve(r)
				time.Sleep(3 * time.Hour)
				g := wantState(h, r, jit.FailedGrant)
				if !strings.Contains(g.Why, "already has") {
					h.Errorf("why: %q", g.Why)
				}
				wantPhase(h, r, jit.Closed)
				if !h.Cloud.Has(r.Target()) {
					h.Error("somebody else's assignment was removed (I7)")
				}
				if sent := len(h.Cloud.Calls(jittest.Grant)); name == "appearing before the grant" && sent != 0 {
					h.Errorf("%d grants were sent although it was seen before", sent)
				}
				if got := kinds(h, "James"); got != "failed" {
					h.Errorf("James was told %q", got)
				}
			})
		})
	}
}

func TestOutageOverTheEnd(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		g := h.Approve(r)
		settle()
		time.Sleep(time.Hour)
		h.Cloud.Always(jittest.Down)
		time.Sleep(g.Ends.Sub(h.Clock.Now()) + 3*time.Minute)
		h.CheckInvariants()
		wantState(h, r, jit.Revoking)
		if e := wantPhase(h, r, jit.Removing); e.Stuck {
			h.Error("three minutes late counts as stuck already")
		}
		time.Sleep(3 * time.Minute)
		if e := wantPhase(h, r, jit.Removing); !e.Stuck {
			h.Error("six minutes late does not count as stuck")
		}
		time.Sleep(2 * time.Hour)
		if n := h.Mail(jit.NoticeStuck); len(n) != 1 || n[0].ToName != "Mia" {
			h.Errorf("the operators were told %+v, want Mia once", n)
		}
		back := h.Clock.Now()
		h.Cloud.Calm()
		time.Sleep(time.Minute)
		ended := wantState(h, r, jit.Ended)
		if late := ended.EndedAt.Sub(back); late > time.Minute {
			h.Errorf("it ended %v after the cloud was back (I1)", late)
		}
		if e := wantPhase(h, r, jit.Verifying); e.Stuck {
			h.Error("it still counts as stuck")
		}
		stuck := 0
		for _, e := range h.Log() {
			if e.Verb == "episode.stuck" {
				stuck++
			}
		}
		if stuck != 1 {
			h.Errorf("the log tells %d times that it was stuck, want once", stuck)
		}
	})
}

func TestALockPutThereLaterIsWaitedOut(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		g := h.Approve(r)
		settle()
		h.Cloud.Lock(jittest.Desktops, "keep")
		time.Sleep(g.Ends.Sub(h.Clock.Now()) + time.Hour)
		if e := wantPhase(h, r, jit.Removing); !e.Stuck || !strings.Contains(e.LastWhy, "keep") {
			h.Errorf("stuck: %v, because %q", e.Stuck, e.LastWhy)
		}
		h.Cloud.Unlock()
		time.Sleep(6 * time.Minute)
		wantState(h, r, jit.Ended)
	})
}

func TestTheTenantIsJudgedAgainBeforeTheGrant(t *testing.T) {
	for name, bend := range map[string]struct {
		do   func(h *jittest.House)
		want string
	}{
		"a role changed meanwhile": {func(h *jittest.House) {
			role := jittest.Restarter
			role.Permissions = []csp.Permission{{Actions: []string{"*"}}}
			h.Cloud.Define(role)
		}, "something else"},
		"a lock put there meanwhile": {func(h *jittest.House) { h.Cloud.Lock(jittest.Desktops, "keep") }, "could be given but not taken back"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *jittest.House) {
				r := h.File(jittest.Restarter)
				bend.do(h)
				h.Approve(r)
				settle()
				g := wantState(h, r, jit.FailedGrant)
				if !strings.Contains(g.Why, bend.want) {
					h.Errorf("why: %q", g.Why)
				}
				time.Sleep(2 * time.Hour)
				wantPhase(h, r, jit.Closed)
				if len(h.Cloud.Stays()) != 0 || len(h.Cloud.Calls(jittest.Grant)) != 0 {
					h.Error("something was given")
				}
			})
		})
	}
}

func TestNoGrantIsSentCloseToItsEnd(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Cloud.Always(jittest.Down)
		g := h.Approve(r)
		time.Sleep(g.Ends.Sub(h.Clock.Now()) - jit.Margin + time.Second)
		h.Cloud.Calm()
		time.Sleep(2 * time.Minute)
		failed := wantState(h, r, jit.FailedGrant)
		if failed.EndedAt.After(g.Ends) {
			h.Errorf("the failure was told only at %v, after the end %v", failed.EndedAt, g.Ends)
		}
		time.Sleep(2 * time.Hour)
		if len(h.Cloud.Stays()) != 0 {
			h.Error("it was given in its last minutes (I6)")
		}
		wantPhase(h, r, jit.Closed)
	})
}

func TestNoGrantIsSentByAProgramThatWakesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t)
		r := h.File(jittest.Restarter)
		g := h.Approve(r)
		time.Sleep(g.Ends.Sub(h.Clock.Now()) - jit.Margin)
		stop := h.Start()
		settle()
		if g := wantState(h, r, jit.FailedGrant); !strings.Contains(g.Why, "in time") {
			h.Errorf("why: %q", g.Why)
		}
		time.Sleep(2 * time.Hour)
		wantPhase(h, r, jit.Closed)
		if len(h.Cloud.Calls(jittest.Grant)) != 0 {
			h.Error("a grant was sent (I6)")
		}
		h.CheckInvariants()
		stop()
	})
}

func TestAWorkerThatWasOvertakenHasItsGrantRemovedAtOnce(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Cloud.OnCall(func(op jittest.Op) {
			if op == jittest.Grant {
				h.Cloud.OnCall(nil)
				time.Sleep(20 * time.Second) // on its way for so long
			}
		})
		g := h.Approve(r)
		time.Sleep(5 * time.Second)
		if err := h.Service.EndNow(h.Context(), h.James(), g.ID); err != nil {
			h.Fatal(err)
		}
		settle()
		wantState(h, r, jit.FailedGrant)
		time.Sleep(15 * time.Second)
		if stays := h.Cloud.Stays(); len(stays) != 1 {
			h.Fatalf("the late grant never arrived: %+v", stays)
		}
		if h.Cloud.Has(r.Target()) {
			h.Error("the late grant waits for the quarantine to be found")
		}
		time.Sleep(2 * time.Hour)
		wantPhase(h, r, jit.Closed)
	})
}

func TestAGrantThatArrivesAfterTheEndIsFoundAndRemoved(t *testing.T) {
	story(t, func(h *jittest.House) {
		r := h.File(jittest.Restarter)
		h.Cloud.Trouble(jittest.Grant, jittest.Held)
		g := h.Approve(r)
		settle()
		if err := h.Service.EndNow(h.Context(), h.James(), g.ID); err != nil {
			h.Fatal(err)
		}
		settle()
		wantState(h, r, jit.FailedGrant)
		wantPhase(h, r, jit.Verifying)
		time.Sleep(jittest.HeldFor - time.Second)
		if !h.Cloud.Has(r.Target()) {
			h.Fatal("the held grant has not arrived; the test tests nothing")
		}
		time.Sleep(time.Minute)
		if h.Cloud.Has(r.Target()) {
			h.Error("the late grant was not found within the quarantine")
		}
		found := false
		for _, e := range h.Log() {
			found = found || e.Verb == "episode.returned" && e.Outcome == audit.Allowed
		}
		if !found {
			h.Error("the log does not tell that it was back")
		}
		time.Sleep(2 * time.Hour)
		wantPhase(h, r, jit.Closed)
	})
}

func TestTwoReconcilersDoEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := jittest.Build(t)
		stop := h.Run(h.Reconciler, h.NewReconciler("second"), h.NewReconciler("third"))
		var all []jit.Request
		for _, role := range []csp.RoleDefinition{jittest.Reader, jittest.Restarter, jittest.Machinist} {
			r := h.File(role)
			h.Approve(r)
			all = append(all, r)
		}
		settle()
		for _, r := range all {
			wantState(h, r, jit.Active)
		}
		time.Sleep(4 * time.Hour)
		for _, r := range all {
			wantState(h, r, jit.Ended)
			wantPhase(h, r, jit.Closed)
		}
		if n := len(h.Cloud.Calls(jittest.Grant)); n != len(all) {
			h.Errorf("%d grants were sent for %d requests", n, len(all))
		}
		if n := len(h.Cloud.Calls(jittest.Revoke)); n != len(all) {
			h.Errorf("%d removals were sent for %d requests", n, len(all))
		}
		if got := kinds(h, "James"); strings.Count(got, "granted") != 3 || strings.Count(got, "ended") != 3 {
			h.Errorf("James was told %q", got)
		}
		h.CheckInvariants()
		h.CheckStays()
		stop()
	})
}

func TestAProcessThatDiesIsTakenOverFrom(t *testing.T) {
	// The process dies at each call: what it has sent may have happened, and
	// nothing it learns is written down.
	for _, op := range jittest.Ops() {
		t.Run("in "+string(op), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := jittest.Build(t)
				r := h.File(jittest.Restarter)
				dead := make(chan struct{})
				h.Cloud.OnCall(func(called jittest.Op) {
					if called == op {
						h.Cloud.OnCall(nil)
						<-dead // never answers while the test looks
					}
				})
				stopFirst := h.Start()
				g := h.Approve(r)
				time.Sleep(10 * time.Second)
				stopSecond := h.Run(h.NewReconciler("second"))
				time.Sleep(2*time.Hour + jittest.Slack - 10*time.Second)
				h.CheckInvariants()
				if h.Cloud.Has(r.Target()) {
					h.Errorf("the access is there %v after its end", h.Clock.Now().Sub(g.Ends))
				}
				close(dead) // a paused process wakes: its late grant must not stay
				time.Sleep(2 * time.Hour)
				wantPhase(h, r, jit.Closed)
				if h.Cloud.Has(r.Target()) {
					h.Error("the late grant stayed")
				}
				h.CheckInvariants()
				stopFirst()
				stopSecond()
			})
		})
	}
}

func TestWhatAnotherReplicaFiledIsFoundWithoutBeingTold(t *testing.T) {
	story(t, func(h *jittest.House) {
		r, err := reconcile.New(reconcile.Options{
			Estate: h.Estate, Store: h.Store, Connectors: map[jit.CloudService]jit.Connector{jit.Azure: h.Cloud}, Clock: h.Clock,
		})
		if err != nil {
			h.Fatal(err)
		}
		h.Run(r)
		h.Service = h.NewService(nil) // on a replica that tells nobody
		request := h.File(jittest.Restarter)
		h.Approve(request)
		time.Sleep(16 * time.Second)
		wantState(h, request, jit.Active)
	})
}
