package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"latchkey/internal/clock"
	"latchkey/internal/config"
	"latchkey/internal/demo"
)

// A portal of the tour runs as a process of its own and is led over its standard
// input, one JSON order a line; it answers each with a line. When its input ends
// it stops, so it never outlives who started it.

type order struct {
	Move time.Duration `json:"move,omitempty"`
	Stop bool          `json:"stop,omitempty"`
}

type reply struct {
	Ready string `json:"ready,omitempty"`
}

func demoPortalCommand(s streams) *cobra.Command {
	var file string
	var ahead time.Duration
	command := &cobra.Command{
		Use: "portal", Hidden: true, Args: cobra.NoArgs,
		Short: "Run the tour's portal, led over standard input",
		RunE: func(c *cobra.Command, _ []string) error {
			return runChild(c.Context(), file, ahead, s)
		},
	}
	requireConfig(command, &file)
	command.Flags().DurationVar(&ahead, "ahead", 0, "how far the clock stands ahead of this machine's")
	return command
}

// runChild is the child's side.
func runChild(ctx context.Context, file string, ahead time.Duration, s streams) error {
	c, err := config.Load(file, demo.Environment)
	if err != nil {
		return err
	}
	clk := &clock.Movable{}
	clk.Move(ahead)
	p, err := openPortal(ctx, c, clk, slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelError})), trimmings{})
	if err != nil {
		return err
	}
	listener, err := inherited()
	if err != nil {
		return errors.Join(err, p.store.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out := json.NewEncoder(s.out)
	if err := out.Encode(reply{Ready: listener.Addr().String()}); err != nil {
		return errors.Join(err, p.store.Close())
	}
	go func() {
		defer stop()
		obey(s.in, out, clk)
	}()
	return p.run(ctx, listener)
}

// inheritedFile is the number of the first file a process is given beside its
// standard streams: the stage's open door.
const inheritedFile = 3

func inherited() (net.Listener, error) {
	file := os.NewFile(inheritedFile, "door")
	if file == nil {
		return nil, errors.New("this command is started by `latchkey demo --tour` only")
	}
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("this command is started by `latchkey demo --tour` only: %w", err)
	}
	return listener, file.Close()
}

// obey follows orders until one says stop or no more come.
func obey(in io.Reader, out *json.Encoder, clk *clock.Movable) {
	for decoder := json.NewDecoder(in); ; {
		var o order
		if err := decoder.Decode(&o); err != nil || o.Stop {
			return
		}
		clk.Move(o.Move)
		if err := out.Encode(reply{}); err != nil {
			return
		}
	}
}

// child is the parent's side.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// startChild runs this program as a portal and waits until it listens.
func startChild(ctx context.Context, program string, stage *demo.Stage, stderr io.Writer) (demo.Process, error) {
	command := exec.CommandContext(context.WithoutCancel(ctx), program, "demo", "portal", "--config", stage.Settings, "--ahead", stage.Clock.Ahead().String())
	command.Stderr = stderr
	tcp, ok := stage.Door.(*net.TCPListener)
	if !ok {
		return nil, errors.New("the stage's door is no TCP listener")
	}
	door, err := tcp.File()
	if err != nil {
		return nil, fmt.Errorf("handing over the portal's address: %w", err)
	}
	defer door.Close()
	command.ExtraFiles = []*os.File{door}
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the portal's process: %w", err)
	}
	c := &child{command: command, in: in, out: bufio.NewReader(out)}
	if err := c.answer(); err != nil {
		return nil, errors.Join(fmt.Errorf("the portal's process did not start: %w", err), c.Kill())
	}
	return c, nil
}

// answer waits for the child's next line.
func (c *child) answer() error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	var r reply
	return json.Unmarshal(line, &r)
}

// Move sets the child's clock forward.
func (c *child) Move(_ context.Context, by time.Duration) error {
	if err := json.NewEncoder(c.in).Encode(order{Move: by}); err != nil {
		return fmt.Errorf("moving the portal's clock: %w", err)
	}
	if err := c.answer(); err != nil {
		return fmt.Errorf("moving the portal's clock: %w", err)
	}
	return nil
}

// Kill sends SIGKILL: the process gets to do nothing more.
func (c *child) Kill() error {
	if err := c.command.Process.Kill(); err != nil {
		return fmt.Errorf("killing the portal: %w", err)
	}
	_ = c.command.Wait() // it says that it was killed
	return nil
}

// Stop ends the process as an operator would, and waits for it.
func (c *child) Stop(context.Context) error {
	if c.command.ProcessState != nil {
		return nil // killed, and not started again
	}
	if err := c.in.Close(); err != nil {
		return err
	}
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("the portal's process ended badly: %w", err)
	}
	return nil
}
