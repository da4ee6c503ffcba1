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
	Clock  *clock.Movable
	World  *world.World
	Cloud  *emulator.Server
	Ends   *emulator.Endpoints
	Mails  *sink.Sink
	Portal string // the portal's address
	// Door is where the portal is to answer. The stage holds it open, so that the
	// address stays the same however often the portal starts anew.
	Door     net.Listener
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
	if s.Door, err = listenAt(ctx, preferred.Portal); err != nil {
		return nil, err
	}
	s.Portal = "http://" + s.Door.Addr().String()
	if err := s.raiseCloud(ctx, preferred.Pages); err != nil {
		return nil, errors.Join(err, s.Close())
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
	var err error
	if s.Cloud, err = emulator.New(emulator.Options{World: s.World, BrowserAddr: ifFree(ctx, pages), EasySignIn: true}); err != nil {
		return err
	}
	s.Ends, err = s.Cloud.Start(ctx)
	return err
}

// raiseBoard serves the demo's own pages.
func (s *Stage) raiseBoard(ctx context.Context, preferred string) error {
	listener, err := listenAt(ctx, preferred)
	if err != nil {
		return err
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
		Listen: s.Door.Addr().String(), BaseURL: s.Portal,
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
	if err := s.Door.Close(); !errors.Is(err, net.ErrClosed) {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// listenAt listens at the preferred loopback address if it is free, else at a
// free one.
func listenAt(ctx context.Context, preferred string) (net.Listener, error) {
	if preferred != "" {
		if listener, err := new(net.ListenConfig).Listen(ctx, "tcp", preferred); err == nil {
			return listener, nil
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no loopback port is free: %w", err)
	}
	return listener, nil
}

// ifFree is the address if nobody listens there, else empty.
func ifFree(ctx context.Context, address string) string {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if address == "" || err != nil {
		return ""
	}
	_ = listener.Close() // it was opened to see whether it can be
	return address
}
