package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strings"
	"testing"

	"latchkey/internal/demo"
)

// TestMain lets the test binary stand in for the program: the tour starts its
// portals as processes of "this program", so when it is started with a
// sub-command it runs that instead of tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "demo" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Getenv)
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// ran is what a command did.
type ran struct {
	code     int
	out, err string
}

// command runs the program in this process, with the demo's environment.
func command(t *testing.T, args ...string) ran {
	t.Helper()
	return commandIn(t, demo.Environment, args...)
}

// commandIn is command in another environment.
func commandIn(t *testing.T, getenv func(string) string, args ...string) ran {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errors}, getenv)
	return ran{code, out.String(), errors.String()}
}

// newTour sets the stage with a portal running as a process of its own.
func newTour(t *testing.T) *demo.Tour {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tour, err := demo.NewTour(t.Context(), t.TempDir(), houseOf(program, t.Output()), demo.NewTeller(t.Output(), false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tour.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return tour
}

// ok ends the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
