package reconcile_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain plays fewer random stories than rapid would by default; each takes a
// database and hours of made-up time. -rapid.checks asks for more.
func TestMain(m *testing.M) {
	flag.Parse()
	checks, asked := "25", false
	if testing.Short() { // as the race detector asks: it makes a database twenty times slower
		checks = "4"
	}
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
