package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"latchkey/internal/clock"
	"latchkey/internal/config"
)

func serveCommand(s streams, getenv func(string) string) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "serve --config FILE", Short: "Run the portal against the real cloud", Args: cobra.NoArgs,
		Long: "Runs the portal: pages, grants and removals, mail, and the log's checkpoints.\nStop it with Ctrl-C or SIGTERM; what is under way is finished first, and what is due\nlater is in the database.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := config.Load(file, getenv)
			if err != nil {
				return err
			}
			return serve(c.Context(), loaded, s)
		},
	}
	requireConfig(command, &file)
	return command
}

// requireConfig adds the --config flag that every command over an installation has.
func requireConfig(command *cobra.Command, file *string) {
	command.Flags().StringVar(file, "config", "", "the installation's configuration file")
	if err := command.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag was defined one line above
	}
}

func serve(ctx context.Context, c *config.Config, s streams) error {
	log := logger(s.err)
	p, err := openPortal(ctx, c, clock.System(), log, trimmings{})
	if err != nil {
		return err
	}
	if err := p.cloud.RefuseLoopback(); err != nil {
		_ = p.store.Close() // the refusal matters more
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		_ = p.store.Close() // the address matters more
		return fmt.Errorf("listening on %s: %w", c.Listen, err)
	}
	log.Info("serving", "address", listener.Addr().String(), "base_url", c.BaseURL.String(), "customers", len(c.Estate.Customers))
	return p.run(ctx, listener)
}

// logger writes for people on a terminal and for machines elsewhere.
func logger(w io.Writer) *slog.Logger {
	if isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}
