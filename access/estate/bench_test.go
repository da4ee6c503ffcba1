package estate_test

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"latchkey/access/estate"
	"latchkey/access/estate/largeworld"
	"latchkey/csp"
)

var large = flag.Bool("large", false, "measure at the full size: ten thousand customers, three million resources")

// benchSize is what is measured: the hundredth part, or all with -large.
func benchSize() largeworld.Size {
	if *large {
		return largeworld.Large
	}
	return largeworld.Large.Over(100)
}

func buildLarge(tb testing.TB, size largeworld.Size) *estate.Estate {
	tb.Helper()
	b := estate.NewBuilder()
	add := func(f csp.Facts) error { b.Add(f); return nil }
	if err := largeworld.Generate(size, 1, add, nil); err != nil {
		tb.Fatal(err)
	}
	e, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// heapMiB is what is in use after collection.
func heapMiB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkBuild includes making the facts up; see BenchmarkGenerate of package
// largeworld for that part.
func BenchmarkBuild(b *testing.B) {
	before := heapMiB()
	var e *estate.Estate
	for b.Loop() {
		e = buildLarge(b, benchSize())
	}
	b.ReportMetric(heapMiB()-before, "MiB")
	b.ReportMetric(float64(e.Nodes()), "places")
	b.ReportMetric(float64(e.Principals()), "principals")
	b.ReportMetric(float64(e.Assignments()), "assignments")
}

func BenchmarkFind(b *testing.B) {
	e := buildLarge(b, benchSize())
	r := rand.New(rand.NewPCG(1, 1))
	const many = 1 << 16
	scopes, ids := make([]string, many), make([]string, many)
	for i := range many {
		scopes[i] = e.Scope(estate.Node(r.IntN(e.Nodes()))).String()
		ids[i] = e.PrincipalID[r.IntN(e.Principals())].String()
	}
	upper := make([]string, many)
	for i, scope := range scopes {
		upper[i] = strings.ToUpper(scope)
	}
	b.Run("Node", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.FindNode(estate.None, scopes[i%many])
		}
	})
	b.Run("NodeInUpperCase", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.FindNode(estate.None, upper[i%many])
		}
	})
	b.Run("PrincipalText", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.FindPrincipalText(ids[i%many])
		}
	})
	b.Run("Tenant", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.FindTenant(e.TenantID[i%e.Tenants()])
		}
	})
}
