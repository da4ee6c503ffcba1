package reconcile_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain plays fewer random stories than rapid would by default; each takes a
// database and hours of made-up time. -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	flag.Parse() // what the command line says comes after, and wins
	os.Exit(m.Run())
}
