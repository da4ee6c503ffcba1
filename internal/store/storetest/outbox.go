package storetest

import (
	"testing"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// RunOutbox tests that a notice is handed out until it was sent, and to one
// sender at a time.
func RunOutbox(t *testing.T, fresh Fresh) {
	t.Run("a notice is handed out as it was written", func(t *testing.T) {
		s, n := fresh(t)(), aNotice(noon)
		enqueue(t, s, n)
		same(t, claimNotices(t, s, noon.Add(-time.Nanosecond), 10), []jit.Notice{})
		same(t, claimNotices(t, s, noon, 10), []jit.Notice{n})
		same(t, claimNotices(t, s, noon, 10), []jit.Notice{})
	})
	t.Run("the longest due come first, as many as asked", func(t *testing.T) {
		s := fresh(t)()
		late, early, earliest := aNotice(noon), aNotice(noon.Add(-time.Hour)), aNotice(noon.Add(-2*time.Hour))
		twin := aNotice(noon)
		enqueue(t, s, late, early, earliest, twin)
		same(t, claimNotices(t, s, noon, 2), []jit.Notice{earliest, early})
		same(t, claimNotices(t, s, noon, 10), []jit.Notice{late, twin})
	})
	t.Run("one whose sender died is handed out when the lease is over", func(t *testing.T) {
		s, n := fresh(t)(), aNotice(noon)
		enqueue(t, s, n)
		claimNotices(t, s, noon, 1)
		nextNotice(t, s, noon.Add(time.Minute))
		same(t, claimNotices(t, s, noon.Add(time.Minute-time.Nanosecond), 1), []jit.Notice{})
		same(t, claimNotices(t, s, noon.Add(time.Minute), 1), []jit.Notice{n})
	})
	t.Run("one that failed waits for its next try", func(t *testing.T) {
		s, n := fresh(t)(), aNotice(noon)
		enqueue(t, s, n)
		claimNotices(t, s, noon, 1)
		retry := noon.Add(5 * time.Second)
		if err := s.NoticeFailed(t.Context(), n.ID, retry, "the server was busy"); err != nil {
			t.Fatal(err)
		}
		nextNotice(t, s, retry)
		same(t, claimNotices(t, s, retry.Add(-time.Nanosecond), 1), []jit.Notice{})
		same(t, claimNotices(t, s, retry, 1), []jit.Notice{n})
	})
	t.Run("one that was sent is never handed out again", func(t *testing.T) {
		s, n := fresh(t)(), aNotice(noon)
		enqueue(t, s, n)
		claimNotices(t, s, noon, 1)
		for range 2 { // a second sender says the same
			if err := s.NoticeSent(t.Context(), n.ID, noon); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, s.NoticeFailed(t.Context(), n.ID, noon, "too late"), fault.Conflict)
		same(t, claimNotices(t, s, noon.Add(1000*time.Hour), 10), []jit.Notice{})
		if due, ok, err := s.NextNotice(t.Context()); ok || err != nil {
			t.Errorf("the next notice is due %v, %v, %v", due, ok, err)
		}
	})
	t.Run("the same notice twice is a conflict", func(t *testing.T) {
		s, n := fresh(t)(), aNotice(noon)
		enqueue(t, s, n)
		err := s.Update(t.Context(), func(tx jit.Tx) error { return tx.Enqueue(n) })
		wantKind(t, err, fault.Conflict)
	})
	t.Run("the next notice is the earliest", func(t *testing.T) {
		s := fresh(t)()
		enqueue(t, s, aNotice(noon.Add(time.Hour)), aNotice(noon))
		nextNotice(t, s, noon)
	})
}

func enqueue(tb testing.TB, s Store, notices ...jit.Notice) {
	tb.Helper()
	update(tb, s, func(tx jit.Tx) error {
		for _, n := range notices {
			if err := tx.Enqueue(n); err != nil {
				return err
			}
		}
		return nil
	})
}

// claimNotices leases for a minute.
func claimNotices(tb testing.TB, s Store, now time.Time, most int) []jit.Notice {
	tb.Helper()
	notices, err := s.ClaimNotices(tb.Context(), "mailer", now, time.Minute, most)
	if err != nil {
		tb.Fatal(err)
	}
	return notices
}

func nextNotice(tb testing.TB, s Store, want time.Time) {
	tb.Helper()
	due, ok, err := s.NextNotice(tb.Context())
	if err != nil || !ok || !due.Equal(want) {
		tb.Errorf("the next notice is due %v (%v, %v), want %v", due, ok, err, want)
	}
}
