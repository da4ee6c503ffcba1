package worldfile_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/csp/worldfile"
)

// large are texts just inside the bounds that ask for much work.
func large() map[string]string {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return map[string]string{
		"users and members": "customers: {C: {users: [" + many(100_000, "u%d, ") + "], groups: {G: [" + many(100_000, "u%d, ") + "]}}}",
		"unknown members":   "customers: {C: {users: [" + many(15_000, "user%d, ") + "], groups: {G: [" + many(100_000, "usr%d, ") + "]}}}",
		"unknown keys":      "customers: {" + many(60_000, "t%d: {x: y}, ") + "}",
		"one name for all":  "customers: {C: {users: {" + many(40_000, "5f3759df-0000-4000-8000-0000000%05d: {name: u}, ") + "}, groups: {G: [" + many(40_000, "u%.0d, ") + "]}}}",
		"subscriptions":     "customers: {C: {subscriptions: {" + many(90_000, "s%d: , ") + "}}}",
	}
}

// BenchmarkLargeWorlds measures reading them, or refusing to.
func BenchmarkLargeWorlds(b *testing.B) {
	for name, text := range large() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, err := worldfile.Parse("w.yaml", []byte(text))
				if err != nil && len(err.Error()) > 20_000 {
					b.Fatal(err)
				}
			}
		})
	}
}
