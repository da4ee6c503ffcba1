package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"latchkey/access/estate"
	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator"
	"latchkey/emulator/origin"
	"latchkey/emulator/seed"
	emulated "latchkey/emulator/world"
	"latchkey/emulator/worldclock"
	"latchkey/examples"
	"latchkey/internal/clock"
	"latchkey/internal/rundir"
	"latchkey/internal/shellenv"
)

// emulateCall is what `latchkey emulate` is asked for.
type emulateCall struct {
	worlds      []string
	listen      string
	port        int
	proxyPort   int
	state       string
	save        string
	secret      string
	password    string
	control     bool
	easySignIn  bool
	mfa         bool
	throttle    bool
	allowRemote bool
	asJSON      bool

	portAsked bool // --port was given, and not only meant
}

// firstPort is where the emulator's ports begin unless another is asked for. If
// one of them is taken, a free one takes its place.
const firstPort = 7440

func emulateCommand(s streams, getenv func(string) string) *cobra.Command {
	var e emulateCall
	command := &cobra.Command{
		Use: "emulate", Short: "Run the emulated Microsoft cloud for real clients", Args: cobra.NoArgs,
		Long: "Starts the Microsoft cloud of a world file on this machine: sign-in, Azure Resource Manager,\nMicrosoft Graph and Partner Center, with a proxy under which unmodified clients reach them by\ntheir real names. Nothing leaves the machine.\n\nIn another shell, `eval \"$(latchkey emulate env)\"` points clients to it.",
		RunE: func(c *cobra.Command, _ []string) error {
			e.portAsked = c.Flags().Changed("port")
			return e.run(c, s)
		},
	}
	flags := command.Flags()
	flags.StringArrayVar(&e.worlds, "world", nil, "a `file` with facts; may be given several times; by default a made-up partner with three customers")
	flags.StringVar(&e.listen, "listen", "127.0.0.1", "the `address` to listen on")
	flags.IntVar(&e.port, "port", firstPort, "the first of the `ports` to listen on; 0 for free ones")
	flags.IntVar(&e.proxyPort, "proxy-port", 0, "the `port` of the proxy; by default the one after the others")
	flags.BoolVar(&e.control, "control", false, "serve the control API: clock, faults, snapshots")
	flags.BoolVar(&e.easySignIn, "easy-sign-in", false, "let people sign in on the pages without a password")
	flags.BoolVar(&e.mfa, "mfa", false, "ask everybody for a second step, as partners' people must give; a password alone is refused then")
	flags.BoolVar(&e.throttle, "throttle", false, "answer 429 once a rate limit is used up")
	flags.BoolVar(&e.allowRemote, "allow-remote", false, "allow an address to listen on that others reach, who can then be anybody in this world")
	flags.StringVar(&e.save, "save", "", "write the world to this `file` at the end: .yaml, .jsonl or .lks")
	flags.StringVar(&e.password, "password", emulated.DefaultPassword, "everybody's `password`")
	flags.StringVar(&e.secret, "secret", seed.DefaultSecret, "the `secret` of the application that stands for yours")
	flags.BoolVar(&e.asJSON, "json", false, "print addresses as JSON")
	command.PersistentFlags().StringVar(&e.state, "state", "", "a private `directory` for the certificate authority and what `emulate env` needs; by default one in the user's cache")
	command.AddCommand(emulateEnvCommand(s, getenv, &e.state))
	return command
}

func (e *emulateCall) run(c *cobra.Command, s streams) (err error) {
	began := clock.System().Now()
	if err := e.check(c); err != nil {
		return err
	}
	facts, err := e.facts(s)
	if err != nil {
		return err
	}
	dir, err := emulatorDir(e.state)
	if err != nil {
		return err
	}
	if running, ok := readRunning(c.Context(), dir); ok {
		return fmt.Errorf("an emulator runs already (process %d, page %s): stop it, or give this one a directory of its own with --state", running.PID, running.Page)
	}
	server, err := e.server(s, facts)
	if err != nil {
		return err
	}
	ends, err := server.Start(c.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ends.Close()) }()
	state := e.running(ends, dir)
	if err := state.write(dir, ends); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Remove(stateFile, caFile)) }()
	if err := e.greet(s, state, clock.System().Now().Sub(began)); err != nil {
		return err
	}
	<-c.Context().Done()
	if e.save != "" {
		return e.keep(s, server.World())
	}
	return nil
}

// check finds mistakes in the flags before anything is begun.
func (e *emulateCall) check(c *cobra.Command) error {
	if e.save != "" && !slices.ContainsFunc(factsForms, func(f factsForm) bool { return f.suffix == filepath.Ext(e.save) }) {
		return usage(c, fmt.Errorf("--save %s: the name must end in .lks for a snapshot, .jsonl for JSON lines or .yaml for a world file", e.save))
	}
	for flag, port := range map[string]int{"--port": e.port, "--proxy-port": e.proxyPort} {
		if port < 0 || port > 65535-len(origin.All())-1 {
			return usage(c, fmt.Errorf("%s %d: a port is a number from 0 to %d", flag, port, 65535-len(origin.All())-1))
		}
	}
	if address, err := netip.ParseAddr(e.listen); !e.allowRemote && e.listen != "localhost" && (err != nil || !address.IsLoopback()) {
		return usage(c, fmt.Errorf("--listen %s is not this machine's own loopback, and whoever reaches the emulator can be anybody in it: use 127.0.0.1, or add --allow-remote knowing that", e.listen))
	}
	if e.password == "" || e.secret == "" {
		return usage(c, errors.New("--password and --secret cannot be empty"))
	}
	return nil
}

// facts reads the world that is asked for.
func (e *emulateCall) facts(s streams) (csp.Facts, error) {
	if len(e.worlds) == 0 {
		return worldfile.Parse("contoso.yaml", examples.Contoso)
	}
	load := &loading{line: statusLine(s)}
	defer load.line.clear()
	var parts []csp.Facts
	for _, file := range e.worlds {
		if err := load.facts(file, func(f csp.Facts) { parts = append(parts, f) }); err != nil {
			return csp.Facts{}, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	load.arranging()
	builder := estate.NewBuilder()
	for _, part := range parts {
		builder.Add(part)
	}
	whole, err := builder.Build()
	if err != nil {
		return csp.Facts{}, fmt.Errorf("the facts contradict each other: %w", err)
	}
	return whole.Facts(), nil
}

// server puts the facts into a world and the endpoints in front of it.
func (e *emulateCall) server(s streams, facts csp.Facts) (*emulator.Server, error) {
	line := statusLine(s)
	if len(facts.Assignments) > 10_000 {
		line.say("putting " + grouped(len(facts.Assignments)) + " assignments in place")
	}
	defer line.clear()
	moved := &worldclock.Clock{}
	compose := func(facts csp.Facts) (*emulated.World, error) {
		w := emulated.New(emulated.Options{Now: moved.Now, Roles: builtin.AzureRoles(), Password: e.password})
		if err := w.Load(facts); err != nil {
			return nil, err
		}
		if err := seed.Plant(w, seed.Clients(e.secret), e.secret); err != nil {
			return nil, err
		}
		if e.mfa {
			return w, seed.AskForSecondStep(w)
		}
		return w, nil
	}
	w, err := compose(facts)
	if err != nil {
		return nil, err
	}
	address := e.addresses()
	return emulator.New(emulator.Options{
		World: w, Clock: moved, Compose: compose, Control: e.control, EasySignIn: e.easySignIn, Throttle: e.throttle, AllowRemote: e.allowRemote,
		LoginAddr: address[0], ARMAddr: address[1], GraphAddr: address[2], PartnerCenterAddr: address[3], BrowserAddr: address[4],
		ControlAddr: address[5], ProxyAddr: address[6],
	})
}

// addresses are where to listen: one after the other, where they are free.
func (e *emulateCall) addresses() [7]string {
	var list [7]string
	for i := range list {
		port := 0
		if e.port > 0 {
			port = e.port + i
		}
		if i == len(list)-1 && e.proxyPort > 0 {
			list[i] = net.JoinHostPort(e.listen, strconv.Itoa(e.proxyPort))
			continue
		}
		list[i] = net.JoinHostPort(e.listen, strconv.Itoa(port))
		if !e.portAsked && !isFree(list[i]) {
			list[i] = net.JoinHostPort(e.listen, "0")
		}
	}
	return list
}

func isFree(address string) bool {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// keep writes the world as it stands at the end.
func (e *emulateCall) keep(s streams, w *emulated.World) error {
	builder := estate.NewBuilder()
	builder.Add(seed.Without(w.Facts(), seed.Clients(e.secret)))
	whole, err := builder.Build()
	if err != nil {
		return fmt.Errorf("the world cannot be written: %w", err)
	}
	if err := writeFacts(e.save, whole); err != nil {
		return err
	}
	if isTerminal(s.err) {
		fmt.Fprintf(s.err, "\nThe world is in %s.\n", e.save)
	}
	return nil
}

// greet says where everything is: to a person in full, in a pipe line by line.
func (e *emulateCall) greet(s streams, r running, took time.Duration) error {
	switch {
	case e.asJSON:
		return json.NewEncoder(s.out).Encode(r)
	case !isTerminal(s.out):
		for _, at := range r.table() {
			if _, err := fmt.Fprintf(s.out, "%s\t%s\n", at[0], at[1]); err != nil {
				return err
			}
		}
		return nil
	}
	return e.welcome(s.out, r, took)
}

func (e *emulateCall) welcome(out io.Writer, r running, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The emulator is running (in %d ms). This is not Microsoft: nothing here reaches a cloud.\n\n", took.Milliseconds())
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, at := range r.table() {
		fmt.Fprintf(table, "  %s\t%s\n", at[0], at[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	env := "latchkey emulate env"
	if e.state != "" {
		env += " --state " + e.state
	}
	fmt.Fprintf(&b, "\nIn another shell:\n\n  %s\n  az login --username NAME --password '%s'\n\n", shellenv.Bash.Use(env), r.Password)
	fmt.Fprintf(&b, "Everybody's password is %s; the page shows who there is. An application for yours:\nclient id %s, secret %s. Stop with Ctrl-C.\n", r.Password, r.ClientID, r.ClientSecret)
	_, err := io.WriteString(out, b.String())
	return err
}

// emulatorDir is the private directory of the emulator.
func emulatorDir(path string) (rundir.Dir, error) {
	path, err := emulatorPath(path)
	if err != nil {
		return rundir.Dir{}, err
	}
	return rundir.Make(path)
}

func emulatorPath(path string) (string, error) {
	if path != "" {
		return filepath.Abs(path)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache directory to keep the emulator's state in: name one with --state: %w", err)
	}
	return filepath.Join(cache, "latchkey", "emulator"), nil
}
