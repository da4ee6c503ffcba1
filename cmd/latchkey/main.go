// Command latchkey lends a partner's engineer exactly the key he needs to a
// customer's cloud, after the customer said yes, and takes it back on time.
//
// This package is the front door: it parses flags, wires the rooms together
// and knows all of them. Nothing imports it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"latchkey/internal/config"
	"latchkey/internal/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes: 0 done, 1 something failed, 2 the caller asked for something that cannot be.
const (
	exitFailed = 1
	exitUsage  = 2
	exitNo     = 3 // only with --check: answered, and the answer is not what was hoped for
)

// errSaid marks a failure that the command has already told in full.
var errSaid = errors.New("said")

// errNo marks an answer that --check does not let pass.
var errNo = errors.New("not what was hoped for")

// run is the whole program; tests call it.
func run(ctx context.Context, args []string, s streams, getenv func(string) string) int {
	root := rootCommand(s, getenv)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(s.err, sentence(err))
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(s.err, "See `%s --help`.\n", usage.command)
		return exitUsage
	}
	if _, ok := errors.AsType[*config.Problems](err); ok || fault.Is(err, fault.Invalid) {
		return exitUsage
	}
	return exitFailed
}

// sentence is what a person reads of an error.
func sentence(err error) string {
	if public := fault.PublicOf(err); public != "" {
		return public
	}
	return err.Error()
}

// usageError is a wrong flag or argument.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func rootCommand(s streams, getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:           "latchkey",
		Short:         "Lends a partner's engineer the key he needs to a customer's cloud, and takes it back on time",
		Long:          "Latchkey lends a partner's engineer exactly the key he needs to a customer's cloud,\nafter the customer said yes, and takes it back on time, provably.\n\nNew here? `latchkey demo` shows it at work, with no cloud.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		Version:       version(),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{command: c.CommandPath(), err: err}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		demoCommand(s),
		serveCommand(s, getenv),
		auditCommand(s, getenv),
		reapCommand(s, getenv),
		configCommand(s, getenv),
		canCommand(s), whyCommand(s), whoCommand(s), reachCommand(s),
		compareCommand(s), diffCommand(s), whatIfCommand(s), scenarioCommand(s), listCommand(s),
		findingsCommand(s), suggestCommand(s), snapshotCommand(s),
		emulateCommand(s, getenv),
	)
	return root
}

// version is the module's, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unversioned)"
	}
	return info.Main.Version
}
