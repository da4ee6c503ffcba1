package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

func testEpisodes(t *testing.T, s Store) {
	t.Run("a claimed episode is saved by its holder", func(t *testing.T) {
		e := anEpisode(aTarget(t))
		update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
		e.Phase, e.Until, e.RoleContent = jit.Verifying, noon.Add(3*time.Hour), "sha256:other"
		e.Lane, e.Due, e.Attempts, e.Checked = jit.VerifyLane, noon.Add(time.Minute), 4, 2
		e.AbsentAt, e.Stuck, e.LastWhy = noon.Add(2*time.Hour), false, ""
		e.Owner, e.Lease = "worker-1", noon.Add(time.Minute)
		update(t, s, func(tx jit.Tx) error { return tx.SaveEpisode(e) })
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), e)

		e.Lease = time.Time{}
		update(t, s, func(tx jit.Tx) error { return tx.SaveEpisode(e) })
		e.Owner = "" // nobody's lease
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), e)
	})
	t.Run("a save with another epoch is refused and changes nothing", func(t *testing.T) {
		e := anEpisode(aTarget(t))
		update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
		for _, epoch := range []int64{e.Epoch - 1, e.Epoch + 1} {
			late := e
			late.Epoch, late.Phase = epoch, jit.Closed
			err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.SaveEpisode(late) })
			wantKind(t, err, fault.Conflict)
		}
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), e)
	})
	t.Run("hurrying makes it due in the lane and puts its holder off", func(t *testing.T) {
		e := anEpisode(aTarget(t))
		e.Lease = noon.Add(time.Hour)
		update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
		update(t, s, func(tx jit.Tx) error { return tx.HurryEpisode(e.ID, jit.RevokeLane, noon) })
		want := e
		want.Lane, want.Due, want.Owner, want.Lease, want.Epoch = jit.RevokeLane, noon, "", time.Time{}, e.Epoch+1
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), want)
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.SaveEpisode(e) })
		wantKind(t, err, fault.Conflict)
	})
	t.Run("the live episode is found by its target, in any spelling of the scope", func(t *testing.T) { testLiveEpisode(t, s) })
	t.Run("every place that had an episode is remembered once", func(t *testing.T) {
		e := anEpisode(aTarget(t))
		e.Phase = jit.Closed
		again := e
		again.ID, again.Name = newGUID[jit.Episode](), newGUID[csp.RoleAssignment]()
		again.Target.Scope = csp.MustParseScope(strings.ToUpper(e.Target.Scope.String()))
		update(t, s, func(tx jit.Tx) error {
			if err := tx.InsertEpisode(e); err != nil {
				return err
			}
			return tx.InsertEpisode(again)
		})
		times := 0
		for _, p := range mustRead(t, s, jit.Tx.ScopesTouched) {
			if p.Tenant == e.Target.Tenant && p.Scope.Equal(e.Target.Scope) {
				times++
			}
		}
		if times != 1 {
			t.Errorf("the place is listed %d times, want once", times)
		}
	})
}

func testLiveEpisode(t *testing.T, s Store) {
	e := anEpisode(aTarget(t))
	update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	live := func(target jit.Target) (jit.Episode, error) {
		t.Helper()
		return read(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.LiveEpisode(target) })
	}
	spelt := e.Target
	spelt.Scope = csp.MustParseScope(strings.ToUpper(e.Target.Scope.String()))
	expect(t, e)(live(spelt))

	twin := e
	twin.ID, twin.Name, twin.Target = newGUID[jit.Episode](), newGUID[csp.RoleAssignment](), spelt
	err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertEpisode(twin) })
	wantKind(t, err, fault.Conflict)

	for _, other := range []func(*jit.Target){
		func(o *jit.Target) { o.Tenant = newGUID[csp.Tenant]() },
		func(o *jit.Target) { o.Scope = o.Scope.Parent() },
		func(o *jit.Target) { o.Role = newGUID[csp.RoleDefinition]() },
		func(o *jit.Target) { o.Principal = newGUID[csp.Principal]() },
		func(o *jit.Target) { o.Service = "directory" },
	} {
		target := e.Target
		other(&target)
		_, err := live(target)
		wantKind(t, err, fault.NotFound)
	}
	for phase, alive := range map[jit.Phase]bool{
		jit.Present: true, jit.Intended: true, jit.Removing: false, jit.Verifying: false, jit.Closed: false,
	} {
		e.Phase = phase
		update(t, s, func(tx jit.Tx) error { return tx.SaveEpisode(e) })
		if _, err := live(e.Target); (err == nil) != alive {
			t.Errorf("in phase %s: %v, want found: %v", phase, err, alive)
		}
	}
	e.Phase = jit.Verifying // while the old one is watched, a new one may live
	update(t, s, func(tx jit.Tx) error { return tx.SaveEpisode(e) })
	update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(twin) })
	expect(t, twin)(live(e.Target))
}

func runClaims(t *testing.T, fresh Fresh) {
	t.Run("what is due is leased, and its epoch rises", func(t *testing.T) { testClaim(t, fresh(t)()) })
	t.Run("removals come first, and tenants take turns", func(t *testing.T) { testClaimOrder(t, fresh(t)()) })
	t.Run("a newcomer takes his turn at once and not every turn", func(t *testing.T) { testNewcomer(t, fresh(t)()) })
	t.Run("what a tenant adds stands behind what it has in line", func(t *testing.T) { testSteadyTenant(t, fresh(t)()) })
	t.Run("what is hurried begins anew in its lane", func(t *testing.T) { testHurriedInLine(t, fresh(t)()) })
	t.Run("what changes while it waits in line is claimed as it is then", func(t *testing.T) { testLineKeepsUp(t, fresh(t)()) })
	t.Run("when the clock goes back, what is no longer due waits", func(t *testing.T) { testClockBack(t, fresh(t)()) })
	t.Run("what is leased, closed or not yet due is left alone", func(t *testing.T) { testClaimSkips(t, fresh(t)()) })
	t.Run("the next due moment counts leases and pending requests", func(t *testing.T) { testNextDue(t, fresh(t)()) })
}

func testClaim(t *testing.T, s Store) {
	e := waiting(t, jit.GrantLane, noon)
	update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	for round := range int64(3) {
		now := noon.Add(time.Duration(round) * time.Minute) // each time exactly when the lease is over
		claimed := claim(t, s, "worker-1", now, 10)
		e.Owner, e.Lease, e.Epoch = "worker-1", now.Add(time.Minute), round+1
		same(t, claimed, []jit.Episode{e})
		same(t, mustRead(t, s, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), e)
	}
}

// claim leases for a minute.
func claim(tb testing.TB, s Store, owner string, now time.Time, most int) []jit.Episode {
	tb.Helper()
	claimed, err := s.Claim(tb.Context(), owner, now, time.Minute, most)
	if err != nil {
		tb.Fatalf("Claim: %v", err)
	}
	return claimed
}

func testClaimOrder(t *testing.T, s Store) {
	big, small := newGUID[csp.Tenant](), newGUID[csp.Tenant]()
	grant := placed(t, s, small, jit.GrantLane, 9*time.Hour)
	verify := placed(t, s, small, jit.VerifyLane, 8*time.Hour)
	big1 := placed(t, s, big, jit.RevokeLane, 5*time.Hour)
	big2 := placed(t, s, big, jit.RevokeLane, 4*time.Hour)
	big3 := placed(t, s, big, jit.RevokeLane, 3*time.Hour)
	small1 := placed(t, s, small, jit.RevokeLane, 2*time.Hour)
	small2 := placed(t, s, small, jit.RevokeLane, 1*time.Hour)

	same(t, idsOf(claim(t, s, "worker-1", noon, 3)), []jit.EpisodeID{big1, small1, big2})
	same(t, idsOf(claim(t, s, "worker-1", noon, 10)), []jit.EpisodeID{small2, big3, verify, grant})
}

func idsOf(episodes []jit.Episode) []jit.EpisodeID {
	var ids []jit.EpisodeID
	for _, e := range episodes {
		ids = append(ids, e.ID)
	}
	return ids
}

// placed inserts an untouched episode of the tenant, due so long before noon.
func placed(tb testing.TB, s Store, tenant csp.TenantID, lane jit.Lane, overdue time.Duration) jit.EpisodeID {
	tb.Helper()
	e := waiting(tb, lane, noon.Add(-overdue))
	e.Target.Tenant = tenant
	update(tb, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	return e.ID
}

// testNewcomer has a tenant come to the line when another one has been waiting
// there with much: neither waits for all of the other.
func testNewcomer(t *testing.T, s Store) {
	old, young := newGUID[csp.Tenant](), newGUID[csp.Tenant]()
	var olds, youngs []jit.EpisodeID
	for i := range 4 {
		olds = append(olds, placed(t, s, old, jit.RevokeLane, time.Hour-time.Duration(i)*time.Minute))
	}
	same(t, idsOf(claim(t, s, "worker-1", noon, 2)), olds[:2])
	for i := range 3 {
		youngs = append(youngs, placed(t, s, young, jit.RevokeLane, time.Minute-time.Duration(i)*time.Second))
	}
	want := []jit.EpisodeID{olds[2], youngs[0], olds[3], youngs[1], youngs[2]}
	same(t, idsOf(claim(t, s, "worker-1", noon, 10)), want)
}

// testSteadyTenant has one tenant add work all the time: what it adds stands
// behind what it has in line, and so keeps nobody else waiting.
func testSteadyTenant(t *testing.T, s Store) {
	steady, other := newGUID[csp.Tenant](), newGUID[csp.Tenant]()
	var mine, theirs []jit.EpisodeID
	for i := range 3 {
		mine = append(mine, placed(t, s, steady, jit.RevokeLane, time.Hour-time.Duration(i)*time.Minute))
		theirs = append(theirs, placed(t, s, other, jit.RevokeLane, time.Minute-time.Duration(i)*time.Second))
	}
	same(t, idsOf(claim(t, s, "worker-1", noon, 2)), []jit.EpisodeID{mine[0], theirs[0]})
	added := placed(t, s, steady, jit.RevokeLane, 0)
	want := []jit.EpisodeID{mine[1], theirs[1], mine[2], theirs[2], added}
	same(t, idsOf(claim(t, s, "worker-1", noon, 10)), want)
}

// testHurriedInLine has an episode far back in one lane's line be hurried into
// another lane, where it is its tenant's first.
func testHurriedInLine(t *testing.T, s Store) {
	tenant, other := newGUID[csp.Tenant](), newGUID[csp.Tenant]()
	first := placed(t, s, other, jit.RevokeLane, time.Hour)
	second := placed(t, s, other, jit.RevokeLane, time.Minute)
	var grants []jit.EpisodeID
	for i := range 4 {
		grants = append(grants, placed(t, s, tenant, jit.GrantLane, time.Hour-time.Duration(i)*time.Minute))
	}
	same(t, idsOf(claim(t, s, "worker-1", noon, 1)), []jit.EpisodeID{first}) // the others stand in line now
	update(t, s, func(tx jit.Tx) error { return tx.HurryEpisode(grants[3], jit.RevokeLane, noon.Add(-30*time.Minute)) })
	want := []jit.EpisodeID{grants[3], second, grants[0], grants[1], grants[2]}
	same(t, idsOf(claim(t, s, "worker-1", noon, 10)), want)
}

// testLineKeepsUp has what stands in the line change before it is claimed.
func testLineKeepsUp(t *testing.T, s Store) {
	put := func(lane jit.Lane, overdue time.Duration) jit.Episode {
		e := waiting(t, lane, noon.Add(-overdue))
		update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
		return e
	}
	first := put(jit.RevokeLane, 5*time.Hour)
	later, hurried, closed := put(jit.RevokeLane, 4*time.Hour), put(jit.GrantLane, 3*time.Hour), put(jit.RevokeLane, 2*time.Hour)
	same(t, idsOf(claim(t, s, "worker-1", noon, 1)), []jit.EpisodeID{first.ID}) // the others stand in line now

	later.Due = noon.Add(time.Hour)
	closed.Phase = jit.Closed
	update(t, s, func(tx jit.Tx) error {
		return errors.Join(tx.SaveEpisode(later), tx.SaveEpisode(closed), tx.HurryEpisode(hurried.ID, jit.RevokeLane, noon.Add(-time.Hour)))
	})
	claimed := claim(t, s, "worker-1", noon, 10)
	same(t, idsOf(claimed), []jit.EpisodeID{hurried.ID})
	if len(claimed) == 1 && claimed[0].Lane != jit.RevokeLane {
		t.Errorf("it was claimed in lane %d", claimed[0].Lane)
	}
	same(t, idsOf(claim(t, s, "worker-1", noon.Add(30*time.Second), 10)), []jit.EpisodeID(nil))
}

func testClockBack(t *testing.T, s Store) {
	one, other := waiting(t, jit.RevokeLane, noon), waiting(t, jit.RevokeLane, noon.Add(time.Nanosecond))
	update(t, s, func(tx jit.Tx) error { return errors.Join(tx.InsertEpisode(one), tx.InsertEpisode(other)) })
	same(t, idsOf(claim(t, s, "worker-1", noon.Add(time.Hour), 1)), []jit.EpisodeID{one.ID})
	same(t, idsOf(claim(t, s, "worker-1", noon, 1)), []jit.EpisodeID(nil))
	same(t, idsOf(claim(t, s, "worker-1", noon.Add(time.Nanosecond), 1)), []jit.EpisodeID{other.ID})
}

func testClaimSkips(t *testing.T, s Store) {
	leased := waiting(t, jit.RevokeLane, noon.Add(-time.Hour))
	leased.Owner, leased.Lease = "worker-0", noon.Add(time.Nanosecond)
	closed := waiting(t, jit.RevokeLane, noon.Add(-time.Hour))
	closed.Phase = jit.Closed
	early := waiting(t, jit.RevokeLane, noon.Add(time.Nanosecond))
	due := waiting(t, jit.RevokeLane, noon)
	update(t, s, func(tx jit.Tx) error {
		for _, e := range []jit.Episode{leased, closed, early, due} {
			if err := tx.InsertEpisode(e); err != nil {
				return err
			}
		}
		return nil
	})
	claimed := claim(t, s, "worker-1", noon, 10)
	if len(claimed) != 1 || claimed[0].ID != due.ID {
		t.Errorf("claimed %v, want only %v", claimed, due.ID)
	}
	if again := claim(t, s, "worker-1", noon, 10); len(again) != 0 {
		t.Errorf("claimed again: %v", again)
	}
}

func testNextDue(t *testing.T, s Store) {
	next := func(want time.Time) {
		t.Helper()
		due, ok, err := s.NextDue(t.Context())
		if err != nil || !ok || !due.Equal(want) {
			t.Errorf("next due %v (%v, %v), want %v", due, ok, err, want)
		}
	}
	request := aRequest(t)
	request.AnswerBy = noon.Add(5 * time.Hour)
	update(t, s, func(tx jit.Tx) error { return tx.InsertRequest(&request) })
	next(request.AnswerBy)

	e := waiting(t, jit.GrantLane, noon)
	update(t, s, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	next(noon)

	held := claim(t, s, "worker-1", noon, 1)[0]
	next(held.Lease) // its holder may die

	held.Due, held.Lease = noon.Add(3*time.Hour), time.Time{}
	update(t, s, func(tx jit.Tx) error { return tx.SaveEpisode(held) })
	next(held.Due)

	held.Phase = jit.Closed
	update(t, s, func(tx jit.Tx) error {
		if err := tx.MoveRequest(request.ID, jit.Pending, jit.Lapsed); err != nil {
			return err
		}
		return tx.SaveEpisode(held)
	})
	if due, ok, err := s.NextDue(t.Context()); ok || err != nil {
		t.Errorf("with nothing open, next due is %v, %v, %v", due, ok, err)
	}
}
