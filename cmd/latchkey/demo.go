package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"latchkey/internal/config"
	"latchkey/internal/demo"
	"latchkey/internal/web"
)

func demoCommand(s streams) *cobra.Command {
	var tour, asJSON bool
	command := &cobra.Command{
		Use: "demo", Short: "Watch the whole thing work, with no cloud", Args: cobra.NoArgs,
		Long: "Starts a made-up partner with customers on this machine: an emulated Microsoft cloud,\nthe portal, a page with the mails it sends, and a clock that can be moved. Nothing\nleaves the machine, and everything is gone when it stops.\n\nWith --tour it plays the whole story by itself and proves each step.",
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := os.MkdirTemp("", "latchkey-demo-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(folder) }() // a temporary folder; the system clears what is left
			if tour {
				return playTour(c.Context(), folder, s, asJSON)
			}
			return runDemo(c.Context(), folder, s, asJSON)
		},
	}
	command.Flags().BoolVar(&tour, "tour", false, "play the whole story in the terminal, and exit 0 only if all of it held")
	command.Flags().BoolVar(&asJSON, "json", false, "print addresses, or the tour's steps, as JSON")
	command.AddCommand(demoPortalCommand(s))
	return command
}

// The addresses a person may like to find again.
var preferred = demo.Preferred{Portal: "127.0.0.1:7080", Pages: "127.0.0.1:7081", Board: "127.0.0.1:7082"}

// runDemo serves portal, cloud and board in this process until it is stopped.
func runDemo(ctx context.Context, folder string, s streams, asJSON bool) (err error) {
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	stage, p, err := openDemo(ctx, folder, preferred, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	if err := greet(s, stage, asJSON); err != nil {
		return errors.Join(err, p.store.Close())
	}
	return p.run(ctx, stage.Door)
}

// openDemo sets the stage in the folder and opens a portal on it, by the stage's clock.
func openDemo(ctx context.Context, folder string, at demo.Preferred, log *slog.Logger) (*demo.Stage, *portal, error) {
	stage, err := demo.Open(ctx, folder, at)
	if err != nil {
		return nil, nil, err
	}
	c, err := config.Load(stage.Settings, demo.Environment)
	if err != nil {
		return nil, nil, errors.Join(err, stage.Close())
	}
	p, err := openPortal(ctx, c, stage.Clock, log, demoTrimmings(stage))
	if err != nil {
		return nil, nil, errors.Join(err, stage.Close())
	}
	return stage, p, nil
}

func demoTrimmings(stage *demo.Stage) trimmings {
	return trimmings{
		notice: "Demo: everything here is made up and runs on this machine only.",
		links: []web.Link{
			{Label: "Mail", Href: stage.Board + "/"},
			{Label: "James’s command line", Href: stage.Board + "/try"},
			{Label: "Clock", Href: stage.Board + "/clock"},
			{Label: "Microsoft’s side", Href: stage.Ends.Browser + "/"},
		},
	}
}

// greet says where to go and what to do.
func greet(s streams, stage *demo.Stage, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(s.out).Encode(map[string]string{
			"portal": stage.Portal, "mail": stage.Board + "/", "try": stage.Board + "/try",
			"clock": stage.Board + "/clock", "cloud": stage.Ends.Browser + "/",
		})
	}
	_, err := fmt.Fprintf(s.out, `Latchkey is running, with a made-up partner and customers.

  Portal           %[1]s
  Mail             %[2]s/        what Latchkey sends
  Command line     %[2]s/try     what James can do at Azure himself
  Clock            %[2]s/clock   two hours pass at the press of a button
  Microsoft's side %[3]s/        the emulated tenants and who holds what

Try this:
  1. Open Mail. Casey Miller of Brightwater Clinics was asked to answer for her organization:
     follow the link, sign in as Casey, type the number.
  2. Open the portal in another browser profile (or sign out), sign in at Alder Cloud as
     James Rivera, ask for a role on rg-booking at Brightwater Clinics.
  3. Open Mail again: approve with the number. See James's access appear, and try his
     command line. Move the clock two hours, and it is gone.

Signing in needs no password here. Stop with Ctrl-C; everything is then gone.
See it played by itself: latchkey demo --tour
`, stage.Portal, stage.Board, stage.Ends.Browser)
	return err
}

// playTour plays the story, with the portal as a process of its own.
func playTour(ctx context.Context, folder string, s streams, asJSON bool) error {
	began := time.Now()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	tell := demo.NewTeller(s.out, asJSON)
	if !asJSON {
		fmt.Fprintln(s.out, "The whole story, played against an emulated Microsoft cloud on this machine.")
	}
	t, err := demo.NewTour(ctx, folder, houseOf(program, s.err), tell)
	if err != nil {
		return err
	}
	if err := errors.Join(t.Play(ctx), t.Close(ctx)); err != nil {
		return err
	}
	if !asJSON {
		steps, proofs := tell.Counts()
		fmt.Fprintf(s.out, "\nAll of it held: %d steps, %d things proven, in %s.\n", steps, proofs, time.Since(began).Round(100*time.Millisecond))
	}
	return nil
}

// houseOf starts portals as processes of the program.
func houseOf(program string, stderr io.Writer) demo.House {
	return demo.House{
		Start: func(ctx context.Context, stage *demo.Stage) (demo.Process, error) {
			return startChild(ctx, program, stage, stderr)
		},
		Verify: verifyStage,
	}
}

// verifyStage does what `latchkey audit verify` does, on the stage's files.
func verifyStage(ctx context.Context, stage *demo.Stage) (string, error) {
	c, err := config.Load(stage.Settings, demo.Environment)
	if err != nil {
		return "", err
	}
	key, err := ownPublicKey(c)
	if err != nil {
		return "", err
	}
	report, err := verifyLog(ctx, c, key)
	if err != nil {
		return "", err
	}
	if !report.Whole() {
		return "", errors.New(report.Sentence())
	}
	return report.Sentence(), nil
}
