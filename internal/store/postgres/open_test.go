package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/store/pgtest"
	"latchkey/internal/store/postgres"
)

// rawly runs statements behind the store's back.
func rawly(t *testing.T, address string, statements ...string) {
	t.Helper()
	ctx := context.Background() // also in a cleanup, when the test's own is over
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// refused opens what must not open, and returns the sentence.
func refused(t *testing.T, address string, kind fault.Kind) string {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, postgres.Options{})
	if err == nil {
		t.Error(s.Close())
		t.Fatal("it opened")
	}
	if !fault.Is(err, kind) || fault.PublicOf(err) == "" {
		t.Fatalf("answered %v (%v), want %v and a sentence", err, fault.KindOf(err), kind)
	}
	return fault.PublicOf(err)
}

func TestOpen(t *testing.T) {
	t.Run("a server that may lose what it acknowledged is refused", func(t *testing.T) {
		address := pgtest.Database(t)
		for _, setting := range []string{"fsync", "full_page_writes"} {
			rawly(t, address, "alter system set "+setting+" = off", "select pg_reload_conf()")
			got := refusedSoon(t, address)
			rawly(t, address, "alter system reset "+setting, "select pg_reload_conf()")
			if !strings.Contains(got, setting+"=off") {
				t.Errorf("%s: the sentence is %q", setting, got)
			}
		}
		if got := refused(t, address+" options='-c synchronous_commit=off'", fault.Invalid); !strings.Contains(got, "synchronous_commit=off") {
			t.Errorf("the sentence is %q", got)
		}
	})
	t.Run("a database of a newer program is refused", func(t *testing.T) {
		address := pgtest.Database(t)
		rawly(t, address, "insert into schema_versions values (999)")
		if got := refused(t, address, fault.Invalid); !strings.Contains(got, "version 999") {
			t.Errorf("the sentence is %q", got)
		}
	})
	t.Run("replicas that start together migrate once", func(t *testing.T) {
		address := pgtest.Database(t)
		rawly(t, address, "drop schema public cascade", "create schema public")
		var failed [6]error
		var wg sync.WaitGroup
		for i := range failed {
			wg.Go(func() {
				s, err := postgres.Open(t.Context(), address, postgres.Options{})
				if err == nil {
					err = s.Close()
				}
				failed[i] = err
			})
		}
		wg.Wait()
		if err := errors.Join(failed[:]...); err != nil {
			t.Error(err)
		}
	})
	t.Run("an address that cannot be read is refused without repeating its password", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), "postgres://latchkey:s3cret@host:port/db", postgres.Options{})
		if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("answered %v", err)
		}
	})
	t.Run("a server that is not there is unavailable, without repeating the password", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), "host="+t.TempDir()+" user=latchkey password=s3cret", postgres.Options{})
		if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("answered %v (%v)", err, fault.KindOf(err))
		}
	})
}

// refusedSoon opens until the server has read its settings again, which it
// does in its own time.
func refusedSoon(t *testing.T, address string) string {
	t.Helper()
	const tries = 1000
	for range tries {
		s, err := postgres.Open(t.Context(), address, postgres.Options{})
		if err != nil {
			return fault.PublicOf(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("it opened every time")
	return ""
}

func TestDatabaseTime(t *testing.T) {
	address := pgtest.Database(t)
	trusting := open(t, address, postgres.Options{})
	strict := open(t, address, postgres.Options{DatabaseTime: true})
	put := func(due time.Time) {
		t.Helper()
		e := jit.Episode{
			ID: jit.EpisodeID{1}, Name: csp.RoleAssignmentID{1}, Phase: jit.Present, Until: due, Due: due, Lane: jit.RevokeLane,
			Target: jit.Target{Scope: csp.Root()},
		}
		err := trusting.Update(t.Context(), func(tx jit.Tx) error {
			return errors.Join(tx.InsertEpisode(e), tx.Enqueue(jit.Notice{ID: "notice", At: due}))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	claim := func(s *postgres.Store, now time.Time) (episodes, notices int) {
		t.Helper()
		e, err := s.Claim(t.Context(), "me", now, time.Minute, 10)
		n, err2 := s.ClaimNotices(t.Context(), "me", now, time.Minute, 10)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return len(e), len(n)
	}
	future := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	put(future)
	if e, n := claim(strict, future); e+n != 0 {
		t.Errorf("a clock that runs ahead claimed %d episodes and %d notices", e, n)
	}
	if e, n := claim(trusting, future); e != 1 || n != 1 {
		t.Errorf("without the option it claimed %d episodes and %d notices, want 1 and 1", e, n)
	}
	rawly(t, address, "update episodes set due = 1, lease = null", "update notices set due = 1, lease = null")
	past := time.Unix(0, 0)
	if e, n := claim(trusting, past); e+n != 0 {
		t.Errorf("a clock that lags behind claimed %d episodes and %d notices", e, n)
	}
	if e, n := claim(strict, past); e != 1 || n != 1 {
		t.Errorf("by the database's clock it claimed %d episodes and %d notices, want 1 and 1", e, n)
	}
}

func TestConnectionLost(t *testing.T) {
	address := pgtest.Database(t)
	s := open(t, address, postgres.Options{})
	err := s.Update(t.Context(), func(tx jit.Tx) error {
		if err := tx.SaveApprover(jit.Approver{ID: "lost"}); err != nil {
			return err
		}
		rawly(t, address, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey'")
		_, err := tx.Approver("lost")
		return err
	})
	if !fault.Is(err, fault.Unavailable) || fault.PublicOf(err) == "" {
		t.Errorf("answered %v (%v), want unavailable and a sentence", err, fault.KindOf(err))
	}
	err = s.View(t.Context(), func(tx jit.Tx) error {
		_, err := tx.Approver("lost")
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("afterwards: %v, want not found on a new connection", err)
	}
}

// TestClaimWaitsForNobody claims while an Update holds one of the rows.
func TestClaimWaitsForNobody(t *testing.T) {
	address := pgtest.Database(t)
	s, other := open(t, address, postgres.Options{}), open(t, address, postgres.Options{})
	now := time.Unix(1_800_000_000, 0)
	var held, free jit.Episode
	for i, e := range []*jit.Episode{&held, &free} {
		*e = jit.Episode{
			ID: jit.EpisodeID{byte(i + 1)}, Name: csp.RoleAssignmentID{byte(i + 1)}, Phase: jit.Present, Until: now, Due: now,
			Lane: jit.RevokeLane, Target: jit.Target{Scope: csp.Root(), Principal: csp.ObjectID{byte(i + 1)}},
		}
	}
	insert := func(tx jit.Tx) error { return errors.Join(tx.InsertEpisode(held), tx.InsertEpisode(free)) }
	if err := s.Update(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	claim := func() (ids []jit.EpisodeID) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		claimed, err := other.Claim(ctx, "me", now, time.Minute, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range claimed {
			ids = append(ids, e.ID)
		}
		return ids
	}
	err := s.Update(t.Context(), func(tx jit.Tx) error {
		if err := tx.HurryEpisode(held.ID, jit.RevokeLane, now); err != nil {
			return err
		}
		if got := claim(); len(got) != 1 || got[0] != free.ID {
			t.Errorf("meanwhile %v was claimed, want %v", got, free.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := claim(); len(got) != 1 || got[0] != held.ID {
		t.Errorf("afterwards %v was claimed, want %v", got, held.ID)
	}
}
