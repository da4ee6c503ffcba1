package postgres_test

import (
	"os"
	"testing"

	"latchkey/internal/store/pgtest"
	"latchkey/internal/store/postgres"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func fresh(tb testing.TB) func() storetest.Store {
	tb.Helper()
	address := pgtest.Database(tb)
	return func() storetest.Store { return open(tb, address, postgres.Options{}) }
}

func open(tb testing.TB, address string, options postgres.Options) *postgres.Store {
	tb.Helper()
	s, err := postgres.Open(tb.Context(), address, options)
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
