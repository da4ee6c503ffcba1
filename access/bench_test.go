package access_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey/access"
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

// bench is the partner that is asked about, made once for all benchmarks.
var bench = sync.OnceValue(func() *access.Index {
	b := estate.NewBuilder()
	add := func(f csp.Facts) error { b.Add(f); return nil }
	if err := largeworld.Generate(benchSize(), 1, add, tellProgress); err != nil {
		panic(err)
	}
	e, err := b.Build()
	if err != nil {
		panic(err)
	}
	return access.New(e)
})

// tellProgress shows on a terminal how far the making up is.
func tellProgress(done, total int) {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	fmt.Fprintf(os.Stderr, "\rmaking up customers: %d of %d", done, total)
	if done == total {
		fmt.Fprintln(os.Stderr)
	}
}

// textQuestion is one question as it comes from outside.
type textQuestion struct{ principal, action, scope string }

var benchActions = []string{
	"Microsoft.Compute/virtualMachines/restart/action", "Microsoft.Compute/virtualMachines/read",
	"Microsoft.Storage/storageAccounts/listKeys/action", "Microsoft.Resources/subscriptions/resourceGroups/delete",
	"Microsoft.Authorization/roleAssignments/write",
}

// questionsOf draws questions: a third about anybody, a third about the partner's
// engineers, a third about people of the tenant itself; places are resources,
// resource groups and subscriptions as often as there are.
func questionsOf(x *access.Index, n int) []textQuestion {
	rng := rand.New(rand.NewPCG(7, 7))
	partner := partnerOf(x)
	member := func(t estate.Tenant) estate.Principal {
		return x.TenantFirst[t] + estate.Principal(rng.IntN(int(x.TenantFirst[t+1]-x.TenantFirst[t])))
	}
	list := make([]textQuestion, 0, n)
	for len(list) < n {
		node := estate.Node(rng.IntN(x.Nodes()))
		scope := x.Scope(node)
		if scope.Subscription().IsZero() {
			continue
		}
		of := []estate.Tenant{estate.Tenant(rng.IntN(x.Tenants())), partner, x.NodeTenant[node]}[len(list)%3]
		list = append(list, textQuestion{x.PrincipalID[member(of)].String(), benchActions[rng.IntN(len(benchActions))], scope.String()})
	}
	return list
}

// partnerOf is the tenant with the most customers.
func partnerOf(x *access.Index) estate.Tenant {
	count := map[estate.Tenant]int{}
	best := estate.Tenant(0)
	for _, g := range x.GDAPs {
		if count[g.Partner]++; count[g.Partner] > count[best] {
			best = g.Partner
		}
	}
	return best
}

// percentiles reports the middle and the slowest hundredth beside the mean.
func percentiles(b *testing.B, times []time.Duration) {
	b.Helper()
	slices.Sort(times)
	if len(times) == 0 {
		return
	}
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds()), "p99-ns")
}

// mostTimes is as many single times as are kept.
const mostTimes = 1 << 20

// each measures single calls.
func each(b *testing.B, call func(i int)) {
	b.Helper()
	b.ReportAllocs()
	times := make([]time.Duration, 0, mostTimes)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		call(i)
		if len(times) < mostTimes {
			times = append(times, time.Since(start))
		}
	}
	percentiles(b, times)
}

func BenchmarkIndex(b *testing.B) {
	e := bench().Estate
	for b.Loop() {
		access.New(e)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB")
	b.ReportMetric(float64(e.Nodes()), "places")
	b.ReportMetric(float64(e.Assignments()), "assignments")
}

// BenchmarkCan asks on texts, by what comes out. What cannot be said at once - who
// has powers in a directory, who could run code as an identity - takes the long
// way, and is measured as such.
func BenchmarkCan(b *testing.B) {
	x := bench()
	questions := questionsOf(x, 1<<15)
	byVerdict := map[access.Verdict][]textQuestion{}
	for _, q := range questions {
		v, err := x.CanText(q.principal, q.action, q.scope, largeworld.Noon)
		if err != nil {
			b.Fatal(err)
		}
		byVerdict[v] = append(byVerdict[v], q)
	}
	ask := func(list []textQuestion) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportMetric(100*float64(len(list))/float64(len(questions)), "%")
			each(b, func(i int) {
				q := &list[i%len(list)]
				if _, err := x.CanText(q.principal, q.action, q.scope, largeworld.Noon); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
	b.Run("all", ask(questions))
	for _, v := range []access.Verdict{access.Has, access.HasNot, access.CanGet, access.Unknown} {
		if list := byVerdict[v]; len(list) > 0 {
			b.Run(v.String(), ask(list))
		}
	}
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(len(questions)); pb.Next(); i++ {
				q := &questions[i%len(questions)]
				if _, err := x.CanText(q.principal, q.action, q.scope, largeworld.Noon); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

func BenchmarkWhy(b *testing.B) {
	x := bench()
	var questions []access.Question
	for _, q := range questionsOf(x, 1<<10) {
		questions = append(questions, access.Question{
			Principal: csp.MustParseID[csp.Principal](q.principal), Action: access.MustParseAction(q.action),
			Place: access.At(csp.MustParseScope(q.scope)), At: largeworld.Noon,
		})
	}
	each(b, func(i int) { x.Why(questions[i%len(questions)]) })
}

func BenchmarkWho(b *testing.B) {
	x := bench()
	rng := rand.New(rand.NewPCG(8, 8))
	var nodes []estate.Node
	for len(nodes) < 1<<13 {
		nodes = append(nodes, estate.Node(rng.IntN(x.Nodes())))
	}
	action := access.MustParseAction(benchActions[0])
	var list []estate.Principal
	b.Run("ids", func(b *testing.B) {
		sure, holders := 0, 0
		each(b, func(i int) {
			var certain bool
			if list, certain = x.AppendHolders(list[:0], action, nodes[i%len(nodes)], largeworld.Noon); certain {
				sure++
			}
			holders += len(list)
		})
		b.ReportMetric(100*float64(sure)/float64(b.N), "%at-once")
		b.ReportMetric(float64(holders)/float64(b.N), "holders")
	})
	b.Run("names", func(b *testing.B) {
		var people []csp.Principal
		each(b, func(i int) {
			list, _ = x.AppendHolders(list[:0], action, nodes[i%len(nodes)], largeworld.Noon)
			people = people[:0]
			for _, p := range list {
				people = append(people, x.Principal(p))
			}
		})
	})
	b.Run("whole", func(b *testing.B) {
		each(b, func(i int) {
			n := nodes[i%64]
			place := access.Place{Tenant: x.Tenant(x.NodeTenant[n]).ID, Scope: x.Scope(n)}
			x.Who(action, place, largeworld.Noon)
		})
	})
}

func BenchmarkReach(b *testing.B) {
	x := bench()
	action := access.MustParseAction(benchActions[0])
	rng := rand.New(rand.NewPCG(9, 9))
	partner := partnerOf(x)
	var engineers, users []csp.ObjectID
	for p := x.TenantFirst[partner]; p < x.TenantFirst[partner+1]; p++ {
		if x.PrincipalKind[p].Type() == estate.KindUser {
			engineers = append(engineers, x.PrincipalID[p])
		}
	}
	for len(users) < 1<<12 {
		users = append(users, x.PrincipalID[rng.IntN(x.Principals())])
	}
	worst, most := csp.ObjectID{}, 0
	for _, id := range engineers {
		places := 0
		for _, i := range x.Intervals(id, action, largeworld.Noon) {
			places += int(i.To-i.From) + 1
		}
		if places > most {
			worst, most = id, places
		}
	}
	b.Run("engineers", func(b *testing.B) {
		each(b, func(i int) { x.Intervals(engineers[i%len(engineers)], action, largeworld.Noon) })
	})
	b.Run("anybody", func(b *testing.B) {
		each(b, func(i int) { x.Intervals(users[i%len(users)], action, largeworld.Noon) })
	})
	b.Run("worst", func(b *testing.B) {
		each(b, func(int) { x.Intervals(worst, action, largeworld.Noon) })
		b.ReportMetric(float64(most), "places")
	})
}
