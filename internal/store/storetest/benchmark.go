package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/jit"
)

// Benchmark measures what DESIGN.md sets bars for: durable writes, alone and
// side by side, and how soon ten thousand episodes that fall due in the same
// second are all in workers' hands.
func Benchmark(b *testing.B, fresh Fresh) {
	b.Run("file and decide", func(b *testing.B) {
		s := fresh(b)()
		approver := benchmarkApprover(b, s)
		for b.Loop() {
			fileAndDecide(b, s, approver)
		}
		b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "writes/s")
	})
	b.Run("file and decide, 8 at once", func(b *testing.B) {
		s := fresh(b)()
		approver := benchmarkApprover(b, s)
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				fileAndDecide(b, s, approver)
			}
		})
		b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "writes/s")
	})
	b.Run("claim 10000 due", func(b *testing.B) { benchmarkClaims(b, fresh) })
	b.Run("read a request", func(b *testing.B) {
		s := fresh(b)()
		r := aRequest(b)
		update(b, s, func(tx jit.Tx) error { return tx.InsertRequest(&r) })
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				mustRead(b, s, func(tx jit.Tx) (jit.Request, error) { return tx.Request(r.ID) })
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
	})
}

func benchmarkApprover(b *testing.B, s Store) jit.Approver {
	b.Helper()
	approver := anApprover(newGUID[csp.Tenant]())
	update(b, s, func(tx jit.Tx) error { return tx.SaveApprover(approver) })
	return approver
}

// fileAndDecide is two Updates, each with its entry in the log.
func fileAndDecide(b *testing.B, s Store, approver jit.Approver) {
	told := aStory(b)
	told.approver = approver
	for _, step := range []func(jit.Tx) error{
		func(tx jit.Tx) error {
			if err := tx.InsertRequest(&told.request); err != nil {
				return err
			}
			return appendLeaf(tx, "filed", told.request.Customer)
		},
		func(tx jit.Tx) error { return decide(tx, told, 0) },
	} {
		if err := s.Update(b.Context(), step); err != nil {
			b.Error(err)
		}
	}
}

func benchmarkClaims(b *testing.B, fresh Fresh) {
	const many, tenants, batch, workers = 10_000, 500, 16, 4
	s := fresh(b)()
	customers := make([]csp.TenantID, tenants)
	for i := range customers {
		customers[i] = newGUID[csp.Tenant]()
	}
	update(b, s, func(tx jit.Tx) error {
		for i := range many {
			e := waiting(b, jit.RevokeLane, noon)
			e.Target.Tenant = customers[i%tenants]
			if err := tx.InsertEpisode(e); err != nil {
				return err
			}
		}
		return nil
	})
	now := noon
	for b.Loop() {
		now = now.Add(time.Hour) // all of them are due again
		var claimed atomic.Int64
		answers := atOnce(workers, func(worker int) error {
			for range many {
				n, err := claimAndSave(b, s, fmt.Sprint("worker ", worker), now, batch)
				if err != nil || n == 0 {
					return err
				}
				claimed.Add(int64(n))
			}
			return nil
		})
		if err := errors.Join(answers...); err != nil || claimed.Load() != many {
			b.Fatalf("%d of %d were claimed (%v)", claimed.Load(), many, err)
		}
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}

// claimAndSave claims a few episodes and writes them back, to be looked at again
// in an hour.
func claimAndSave(b *testing.B, s Store, owner string, now time.Time, most int) (int, error) {
	claimed, err := s.Claim(b.Context(), owner, now, time.Minute, most)
	if err != nil || len(claimed) == 0 {
		return 0, err
	}
	return len(claimed), s.Update(b.Context(), func(tx jit.Tx) error {
		for _, e := range claimed {
			e.Lease, e.Due = time.Time{}, now.Add(time.Hour)
			if err := tx.SaveEpisode(e); err != nil {
				return err
			}
		}
		return nil
	})
}
