package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/world"
	"latchkey/internal/clock"
	"latchkey/internal/demo/board"
	"latchkey/internal/mail/sink"
)

// Stage is everything around the portal: the emulated cloud with the made-up
// world, the mail sink, the board, one clock for all, and the configuration that
// points a portal at them.
type Stage struct {
	Clock    *clock.Movable
	World    *world.World
	Cloud    *emulator.Server
	Ends     *emulator.Endpoints
	Mails    *sink.Sink
	Portal   string // the portal's address
	Listen   string // where the portal listens
	Board    string // the address of the mails and the clock
	Settings string // path of the configuration file

	board *http.Server
}

// Preferred are the addresses a person may like to find again; an occupied one
// is replaced by a free one. Empty means a free one at once.
type Preferred struct{ Portal, Pages, Board string }

// Open sets the stage in a folder.
func Open(ctx context.Context, folder string, preferred Preferred) (*Stage, error) {
	s := &Stage{Clock: &clock.Movable{}}
	var err error
	if s.Listen, err = freeAddress(ctx, preferred.Portal); err != nil {
		return nil, err
	}
	s.Portal = "http://" + s.Listen
	if err := s.raiseCloud(ctx, preferred.Pages); err != nil {
		return nil, err
	}
	if s.Mails, err = sink.Start(ctx, sink.Options{Clock: s.Clock}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.raiseBoard(ctx, preferred.Board); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.writeSettings(folder); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// raiseCloud starts the emulated endpoints over the made-up world.
func (s *Stage) raiseCloud(ctx context.Context, pages string) error {
	s.World = world.New(world.Options{Now: s.Clock.Now, Roles: builtin.AzureRoles()})
	if err := fillWorld(s.World, s.Portal+"/sign-in/callback"); err != nil {
		return fmt.Errorf("composing the made-up world: %w", err)
	}
	address, err := freeAddress(ctx, pages)
	if err != nil {
		return err
	}
	if s.Cloud, err = emulator.New(emulator.Options{World: s.World, BrowserAddr: address, EasySignIn: true}); err != nil {
		return err
	}
	s.Ends, err = s.Cloud.Start(ctx)
	return err
}

// raiseBoard serves the demo's own pages.
func (s *Stage) raiseBoard(ctx context.Context, preferred string) error {
	address, err := freeAddress(ctx, preferred)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening for the demo's board: %w", err)
	}
	s.Board = "http://" + listener.Addr().String()
	b := &board.Board{
		Mails: s.Mails, Clock: s.Clock, Portal: s.Portal, World: s.Ends.Browser + "/",
		Trials: s.trials(),
	}
	s.board = &http.Server{Handler: b.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.board.Serve(listener) }() // ends with ErrServerClosed
	return nil
}

// trials are what the engineer can try with his own token, on the board.
func (s *Stage) trials() []board.Trial {
	return []board.Trial{
		{Key: "restart", Label: "Restart vm-booking-1", Try: func(ctx context.Context) (int, string, error) {
			answer, err := s.Shell().Restart(ctx, brightwater, BookingMachine)
			return answer.Status, answer.said(), err
		}},
		{Key: "command", Label: "Run a command on vm-booking-1", Try: func(ctx context.Context) (int, string, error) {
			answer, err := s.Shell().RunCommand(ctx, brightwater, BookingMachine)
			return answer.Status, answer.said(), err
		}},
	}
}

// Shell is James's command line, with a browser of its own.
func (s *Stage) Shell() *Shell {
	return &Shell{
		Browser: NewVisitor("James's command line"), Account: JamesAccount, Client: s.Ends.Client(),
		Pages: s.Ends.Browser, Login: s.Ends.Login, ARM: s.Ends.ARM,
	}
}

// writeSettings writes the configuration and the certificate authority it names.
func (s *Stage) writeSettings(folder string) error {
	authority := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(authority, s.Ends.CAPEM, 0o600); err != nil {
		return err
	}
	text, err := Settings{
		Listen: s.Listen, BaseURL: s.Portal,
		Database: filepath.Join(folder, "latchkey.db"), Secret: filepath.Join(folder, "secret"),
		Checkpoints: filepath.Join(folder, "checkpoints.txt"), CA: authority,
		Authority: s.Ends.Login + "/", ARM: s.Ends.ARM, Relay: s.Mails.Addr().String(),
	}.File()
	if err != nil {
		return err
	}
	s.Settings = filepath.Join(folder, "latchkey.yaml")
	return os.WriteFile(s.Settings, []byte(text), 0o600)
}

// Environment is what the configuration leaves to the environment.
func Environment(name string) string {
	if name == "LATCHKEY_APP_CLIENT_SECRET" {
		return AppSecret
	}
	return ""
}

// Close takes the stage down.
func (s *Stage) Close() error {
	var failed []error
	if s.board != nil {
		failed = append(failed, s.board.Close())
	}
	if s.Mails != nil {
		failed = append(failed, s.Mails.Close())
	}
	if s.Ends != nil {
		failed = append(failed, s.Ends.Close())
	}
	return errors.Join(failed...)
}

// freeAddress is the preferred loopback address if it is free, else a free one.
func freeAddress(ctx context.Context, preferred string) (string, error) {
	for _, address := range []string{preferred, "127.0.0.1:0"} {
		if address == "" {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			continue
		}
		return listener.Addr().String(), listener.Close()
	}
	return "", errors.New("no loopback port is free")
}
