package diff_test

import (
	"flag"
	"math/rand/v2"
	"sync"
	"testing"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/access/estate"
	"latchkey/access/estate/largeworld"
	"latchkey/csp"
)

var large = flag.Bool("large", false, "measure at the size that performance is promised for")

// made is a made-up partner with a hundredth of its role assignments gone, and a
// hundred memberships.
var made = sync.OnceValues(func() (before, after *access.Index) {
	size := largeworld.Large
	if !*large {
		size = size.Over(100)
	}
	r := rand.New(rand.NewPCG(1, 2))
	whole, part := estate.NewBuilder(), estate.NewBuilder()
	memberships := 0
	err := largeworld.Generate(size, 1, func(f csp.Facts) error {
		whole.Add(f)
		f.Assignments = thinned(f.Assignments, func(int) bool { return r.IntN(100) == 0 })
		f.Memberships = thinned(f.Memberships, func(int) bool {
			if memberships < 100 && r.IntN(20) == 0 {
				memberships++
				return true
			}
			return false
		})
		part.Add(f)
		return nil
	}, nil)
	if err != nil {
		panic(err)
	}
	var list []*access.Index
	for _, builder := range []*estate.Builder{whole, part} {
		e, err := builder.Build()
		if err != nil {
			panic(err)
		}
		list = append(list, access.New(e))
	}
	return list[0], list[1]
})

// thinned is a copy without the rows that are to go.
func thinned[T any](list []T, goes func(int) bool) []T {
	var kept []T
	for i, row := range list {
		if !goes(i) {
			kept = append(kept, row)
		}
	}
	return kept
}

// BenchmarkChanges is the comparison alone, from two indexes to all that anybody
// gained or lost, counted.
func BenchmarkChanges(b *testing.B) {
	before, after := made()
	for b.Loop() {
		c := diff.FindChanges(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, diff.Options{})
		if c.Len() == 0 {
			b.Fatal("nothing differs")
		}
		b.ReportMetric(float64(c.Gained), "gained")
		b.ReportMetric(float64(c.Lost), "lost")
		b.ReportMetric(float64(c.Accounts), "accounts")
	}
}

// BenchmarkDiff is the same with lines for people: labels and causes.
func BenchmarkDiff(b *testing.B) {
	before, after := made()
	for b.Loop() {
		r := diff.Diff(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, diff.Options{Examples: 20})
		if len(r.Lines) == 0 {
			b.Fatal("nothing differs")
		}
		b.ReportMetric(float64(len(r.Lines)), "lines")
		b.ReportMetric(float64(r.Accounts), "accounts")
	}
}

// BenchmarkNoDifference lays two estates side by side that say the same.
func BenchmarkNoDifference(b *testing.B) {
	before, _ := made()
	for b.Loop() {
		if c := diff.FindChanges(diff.Side{Index: before, At: noon}, diff.Side{Index: before, At: noon}, diff.Options{}); c.Len() != 0 {
			b.Fatal(c.Len(), " changes")
		}
	}
}
