package postgres_test

import (
	"os"
	"testing"

	"latchkey/internal/store/pgtest"
	"latchkey/internal/store/postgres"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func fresh(t testing.TB) func() storetest.Store {
	t.Helper()
	address := pgtest.Database(t)
	return func() storetest.Store { return open(t, address, postgres.Options{}) }
}

func open(t testing.TB, address string, options postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
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
