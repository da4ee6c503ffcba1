package sqlite_test

import (
	"path/filepath"
	"testing"

	"latchkey/internal/store/sqlite"
	"latchkey/internal/store/storetest"
)

func fresh(tb testing.TB) func() storetest.Store {
	tb.Helper()
	// A path that a careless URL would misread.
	path := filepath.Join(tb.TempDir(), "100%25 of #1?_pragma=synchronous(off).db")
	return func() storetest.Store { return open(tb, path) }
}

func open(tb testing.TB, path string) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestRows(t *testing.T)         { storetest.Run(t, fresh) }
func TestTransactions(t *testing.T) { storetest.RunTransactions(t, fresh) }
func TestReplicas(t *testing.T)     { storetest.RunReplicas(t, fresh) }
func TestAudit(t *testing.T)        { storetest.RunAudit(t, fresh) }
func TestOutbox(t *testing.T)       { storetest.RunOutbox(t, fresh) }
func TestSessions(t *testing.T)     { storetest.RunSessions(t, fresh) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, fresh) }
