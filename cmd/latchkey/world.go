package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
	"latchkey/internal/clock"
)

// question is what all commands that ask about a world have in common.
type question struct {
	worlds []string
	at     string
	tenant string
	asJSON bool
	out    string
}

// flags adds the flags to a command. Those of its world are left out where the
// command names its worlds as arguments.
func (q *question) flags(c *cobra.Command, worlds bool) {
	if worlds {
		c.Flags().StringArrayVar(&q.worlds, "world", nil, "a `file` with facts; may be given several times")
		c.Flags().StringVar(&q.tenant, "tenant", "", "the `tenant` in which names are looked for, by name, domain or id")
	}
	c.Flags().StringVar(&q.at, "at", "", "the `time` to ask about, such as 2026-12-24 or 2026-12-24T18:30:00Z; by default now")
	c.Flags().BoolVar(&q.asJSON, "json", false, "print JSON")
	c.Flags().StringVarP(&q.out, "output", "o", "", "write to a `file` instead")
}

// world is a world that is ready to be asked.
type world struct {
	x     *access.Index
	names *naming.Names
	at    time.Time
	in    estate.Tenant
}

// open reads the worlds that the flags name.
func (q *question) open(c *cobra.Command) (*world, error) {
	if len(q.worlds) == 0 {
		return nil, usage(c, errors.New("name the facts to ask about: --world FILE"))
	}
	at, err := q.instant(c)
	if err != nil {
		return nil, err
	}
	w, err := openWorld(q.worlds...)
	if err != nil {
		return nil, err
	}
	w.at, w.in = at, estate.None
	if q.tenant != "" {
		if w.in, err = w.names.Tenant(q.tenant); err != nil {
			return nil, usage(c, err)
		}
	}
	return w, nil
}

// instant is the time to ask about.
func (q *question) instant(c *cobra.Command) (time.Time, error) {
	if q.at == "" {
		return clock.System().Now(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, q.at); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage(c, fmt.Errorf("--at %q is no time: write one such as 2026-12-24, which is its midnight UTC, or 2026-12-24T18:30:00Z", q.at))
}

// usage marks what the caller got wrong.
func usage(c *cobra.Command, err error) error { return &usageError{command: c.CommandPath(), err: err} }

// openWorld reads facts from files and arranges them as one world.
func openWorld(files ...string) (*world, error) {
	if len(files) == 1 {
		if e, err := readSnapshot(files[0]); e != nil || err != nil {
			return worldOf(e), err
		}
	}
	builder := estate.NewBuilder()
	for _, file := range files {
		if err := readFacts(file, builder.Add); err != nil {
			return nil, err
		}
	}
	e, err := builder.Build()
	if err != nil {
		return nil, fmt.Errorf("the facts contradict each other: %w", err)
	}
	return worldOf(e), nil
}

// worldOf arranges an estate for asking; of none it is none.
func worldOf(e *estate.Estate) *world {
	if e == nil {
		return nil
	}
	return &world{x: access.New(e), names: naming.New(e), in: estate.None}
}

// side is the world as one of two that are compared.
func (w *world) side() diff.Side { return diff.Side{Index: w.x, At: w.at} }

// principal finds who is asked about.
func (w *world) principal(c *cobra.Command, text string) (csp.ObjectID, error) {
	p, err := w.names.Principal(text, naming.Account, w.in)
	if err != nil {
		return csp.ObjectID{}, usage(c, err)
	}
	return w.x.PrincipalID[p], nil
}

// action reads an action; the note says so if nobody knows such a thing.
func (w *world) action(c *cobra.Command, text string, data bool) (a access.Action, note string, err error) {
	parse := access.ParseAction
	if data {
		parse = access.ParseDataAction
	}
	if a, err = parse(text); err != nil {
		return a, "", usage(c, err)
	}
	near, known := w.names.NearActions(a)
	switch {
	case known:
	case len(near) > 0:
		note = "No role names an action " + text + ", so it may be misspelt; nearest: " + list(near) + "."
	default:
		note = "No role names an action " + text + ", so it may be misspelt."
	}
	if asData, err := access.ParseDataAction(text); err == nil && !data && !w.names.IsNamed(a) && w.names.IsNamed(asData) {
		note = text + " is a data action: ask with --data."
	}
	return a, note, nil
}

// place finds where the action is done.
func (w *world) place(c *cobra.Command, text string, a access.Action) (access.Place, error) {
	place, err := w.names.Place(text, naming.WhereIs(a), w.in)
	if err != nil {
		return place, usage(c, err)
	}
	return place, nil
}

// write gives what a command says to its output: all of it, or nothing.
func (q *question) write(s streams, say func(io.Writer) error) error {
	var b bytes.Buffer
	if err := say(&b); err != nil {
		return err
	}
	if q.out == "" {
		_, err := s.out.Write(b.Bytes())
		return err
	}
	return os.WriteFile(q.out, b.Bytes(), 0o644)
}

// progress tells on a terminal how far a long comparison is, and nothing in a pipe.
func progress(s streams, what string) func(done, total int) {
	file, isFile := s.err.(*os.File)
	if !isFile {
		return nil
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	shown := -1
	return func(done, total int) {
		percent := 100
		if total > 0 {
			percent = 100 * done / total
		}
		switch {
		case done == total:
			fmt.Fprint(s.err, "\r\x1b[K")
		case percent != shown:
			shown = percent
			fmt.Fprintf(s.err, "\r%s: %d %%", what, percent)
		}
	}
}
