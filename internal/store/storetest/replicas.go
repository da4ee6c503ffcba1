package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// racers is how many goroutines race, half of them through each of two handles.
const racers = 8

// RunReplicas tests what holds when several handles, as of several processes,
// work on one database at once.
func RunReplicas(t *testing.T, fresh Fresh) {
	t.Run("of racing decisions exactly one wins", func(t *testing.T) { testRacingDecisions(t, fresh(t)) })
	t.Run("what one handle claimed the other does not", func(t *testing.T) { testTwoClaimers(t, fresh(t)) })
	t.Run("racing claims hand out each episode once", func(t *testing.T) { testRacingClaims(t, fresh(t)) })
	t.Run("a lapsed lease is claimed anew and its old holder refused", func(t *testing.T) { testOldHolder(t, fresh(t)) })
	t.Run("claims and updates of the same rows lose nothing", func(t *testing.T) { testClaimsBesideUpdates(t, fresh(t)) })
	t.Run("racing writers leave no gap and no fork in the log", func(t *testing.T) { testRacingLog(t, fresh(t)) })
	t.Run("racing requests get numbers of their own", func(t *testing.T) { testRacingNumbers(t, fresh(t)) })
	t.Run("racing mail workers take each notice once", func(t *testing.T) { testRacingNotices(t, fresh(t)) })
}

// race runs f for every racer at once, on handles that take turns, and returns
// what each answered.
func race(open func() Store, f func(s Store, racer int) error) []error {
	handles := [2]Store{open(), open()}
	return atOnce(racers, func(racer int) error { return f(handles[racer%len(handles)], racer) })
}

// mustRace is race for what every racer must manage.
func mustRace(tb testing.TB, open func() Store, f func(s Store, racer int) error) {
	tb.Helper()
	if err := errors.Join(race(open, f)...); err != nil {
		tb.Error(err)
	}
}

// atOnce starts many runs of f together and returns what each answered.
func atOnce(many int, f func(i int) error) []error {
	answers := make([]error, many)
	var start, wg sync.WaitGroup
	start.Add(1)
	for i := range many {
		wg.Go(func() {
			start.Wait()
			answers[i] = f(i)
		})
	}
	start.Done()
	wg.Wait()
	return answers
}

func testRacingDecisions(t *testing.T, open func() Store) {
	const rounds = 5
	s := open()
	for range rounds {
		told := aStory(t)
		update(t, s, func(tx jit.Tx) error {
			if err := tx.SaveApprover(told.approver); err != nil {
				return err
			}
			return tx.InsertRequest(&told.request)
		})
		answers := race(open, func(s Store, racer int) error {
			return s.Update(t.Context(), func(tx jit.Tx) error { return decide(tx, told, racer) })
		})
		winner := -1
		for i, err := range answers {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("racers %d and %d both won", winner, i)
			default:
				wantKind(t, err, fault.Conflict)
			}
		}
		if winner < 0 {
			t.Fatal("nobody won")
		}
		d := mustRead(t, s, func(tx jit.Tx) (jit.Decision, error) { return tx.DecisionOf(told.request.ID) })
		if want := fmt.Sprint("racer ", winner); d.Note != want {
			t.Errorf("the decision kept is that of %q, the winner was %q", d.Note, want)
		}
		grants := mustRead(t, s, func(tx jit.Tx) ([]jit.Grant, error) {
			return tx.Grants(jit.GrantQuery{Customer: told.request.Customer})
		})
		if len(grants) != 1 {
			t.Errorf("%d grants came of it, want 1", len(grants))
		}
	}
	if size, err := s.AuditSize(t.Context()); err != nil || size != rounds {
		t.Errorf("the log has %d entries (%v), want %d", size, err, rounds)
	}
}

// decide is what the heart does when an approval is used, in short.
func decide(tx jit.Tx, told story, racer int) error {
	request, err := tx.Request(told.request.ID)
	if err != nil {
		return err
	}
	decision := aDecision(request, told.approver)
	decision.Note = fmt.Sprint("racer ", racer)
	episode := told.episode
	episode.ID, episode.Name = newGUID[jit.Episode](), newGUID[csp.RoleAssignment]()
	for _, step := range []func() error{
		func() error { return tx.MoveRequest(request.ID, jit.Pending, jit.Approved) },
		func() error { return tx.InsertDecision(decision) },
		func() error { return tx.InsertEpisode(episode) },
		func() error { return tx.InsertGrant(aGrant(request, episode)) },
		func() error { return appendLeaf(tx, decision.Note, request.Customer) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func testTwoClaimers(t *testing.T, open func() Store) {
	one, other := open(), open()
	e := waiting(t, jit.RevokeLane, noon)
	update(t, one, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	if got := claim(t, one, "one", noon, 5); len(got) != 1 {
		t.Fatalf("the first claimed %d, want 1", len(got))
	}
	if got := claim(t, other, "other", noon, 5); len(got) != 0 {
		t.Errorf("the other claimed %d, want none", len(got))
	}
}

func testRacingClaims(t *testing.T, open func() Store) {
	const many, batch = 200, 7
	update(t, open(), func(tx jit.Tx) error {
		for range many {
			if err := tx.InsertEpisode(waiting(t, jit.RevokeLane, noon)); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	holders := map[jit.EpisodeID]int{}
	mustRace(t, open, func(s Store, racer int) error {
		for range many { // each round takes at least one, unless all are taken
			got, err := s.Claim(t.Context(), fmt.Sprint("racer ", racer), noon, time.Minute, batch)
			if err != nil || len(got) == 0 {
				return err
			}
			mu.Lock()
			for _, e := range got {
				holders[e.ID]++
				if e.Epoch != 1 {
					t.Errorf("claimed at epoch %d, want 1", e.Epoch)
				}
			}
			mu.Unlock()
		}
		return nil
	})
	for id, times := range holders {
		if times != 1 {
			t.Errorf("%s was handed out %d times", id, times)
		}
	}
	if len(holders) != many {
		t.Errorf("%d of %d were handed out", len(holders), many)
	}
}

func testOldHolder(t *testing.T, open func() Store) {
	one, other := open(), open()
	e := waiting(t, jit.GrantLane, noon)
	update(t, one, func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	old := claim(t, one, "one", noon, 1)[0]
	taken := claim(t, other, "other", old.Lease, 1)
	if len(taken) != 1 || taken[0].Epoch != old.Epoch+1 {
		t.Fatalf("after the lease the other claimed %v", taken)
	}
	old.Phase = jit.Present
	err := one.Update(t.Context(), func(tx jit.Tx) error { return tx.SaveEpisode(old) })
	wantKind(t, err, fault.Conflict)
	same(t, mustRead(t, one, func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) }), taken[0])

	taken[0].Phase = jit.Present
	update(t, other, func(tx jit.Tx) error { return tx.SaveEpisode(taken[0]) })
}

// testClaimsBesideUpdates has half of the racers claim an episode over and over
// while the others hurry it: each claim and each hurry raises the epoch by one.
func testClaimsBesideUpdates(t *testing.T, open func() Store) {
	const rounds = 20
	e := waiting(t, jit.RevokeLane, noon)
	update(t, open(), func(tx jit.Tx) error { return tx.InsertEpisode(e) })
	var mu sync.Mutex
	raised := int64(0)
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		raised += int64(n)
	}
	mustRace(t, open, func(s Store, racer int) error {
		for range rounds {
			if racer%4 < 2 {
				got, err := s.Claim(t.Context(), "claimer", noon, time.Minute, 1)
				if err != nil {
					return err
				}
				count(len(got))
				continue
			}
			err := s.Update(t.Context(), func(tx jit.Tx) error {
				if _, err := tx.Episode(e.ID); err != nil {
					return err
				}
				return tx.HurryEpisode(e.ID, jit.RevokeLane, noon)
			})
			if err != nil {
				return err
			}
			count(1)
		}
		return nil
	})
	got := mustRead(t, open(), func(tx jit.Tx) (jit.Episode, error) { return tx.Episode(e.ID) })
	if got.Epoch != raised {
		t.Errorf("the epoch is %d after %d claims and hurries", got.Epoch, raised)
	}
}

func testRacingLog(t *testing.T, open func() Store) {
	const each = 15
	mustRace(t, open, func(s Store, racer int) error {
		for i := range each {
			err := s.Update(t.Context(), func(tx jit.Tx) error {
				return appendLeaf(tx, fmt.Sprintf("racer %d, %d", racer, i), csp.TenantID{})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	s := open()
	size, err := s.AuditSize(t.Context())
	if err != nil || size != racers*each {
		t.Fatalf("the log has %d entries (%v), want %d", size, err, racers*each)
	}
	checkTree(t, s, size)
}

func testRacingNumbers(t *testing.T, open func() Store) {
	const each = 10
	var mu sync.Mutex
	owners := map[int64]jit.RequestID{}
	mustRace(t, open, func(s Store, _ int) error {
		for range each {
			r := aRequest(t)
			if err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.InsertRequest(&r) }); err != nil {
				return err
			}
			mu.Lock()
			if other, taken := owners[r.Number]; taken {
				t.Errorf("%s and %s both have number %d", r.ID, other, r.Number)
			}
			owners[r.Number] = r.ID
			mu.Unlock()
		}
		return nil
	})
}

func testRacingNotices(t *testing.T, open func() Store) {
	const many = 60
	update(t, open(), func(tx jit.Tx) error {
		for range many {
			if err := tx.Enqueue(aNotice(noon)); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	senders := map[jit.NoticeID]int{}
	mustRace(t, open, func(s Store, racer int) error {
		for range many {
			got, err := s.ClaimNotices(t.Context(), fmt.Sprint("racer ", racer), noon, time.Minute, 3)
			if err != nil || len(got) == 0 {
				return err
			}
			for _, n := range got {
				if err := s.NoticeSent(t.Context(), n.ID, noon); err != nil {
					return err
				}
				mu.Lock()
				senders[n.ID]++
				mu.Unlock()
			}
		}
		return nil
	})
	for id, times := range senders {
		if times != 1 {
			t.Errorf("notice %s was taken %d times", id, times)
		}
	}
	if len(senders) != many {
		t.Errorf("%d of %d notices were taken", len(senders), many)
	}
}
