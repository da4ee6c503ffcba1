package main

import (
	"errors"
	"fmt"
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
	output
}

// flags adds the flags to a command that prints in one of the forms. Those of its
// world are left out where the command names its worlds as arguments.
func (q *question) flags(c *cobra.Command, worlds bool, forms ...string) {
	if worlds {
		c.Flags().StringArrayVar(&q.worlds, "world", nil, "a `file` with facts; may be given several times")
		c.Flags().StringVar(&q.tenant, "tenant", "", "the `tenant` in which names are looked for, by name, domain or id")
	}
	c.Flags().StringVar(&q.at, "at", "", "the `time` to ask about, such as 2026-12-24 or 2026-12-24T18:30:00Z; by default now")
	q.output.flags(c, forms...)
}

// world is a world that is ready to be asked.
type world struct {
	x     *access.Index
	names *naming.Names
	at    time.Time
	in    estate.Tenant
}

// open reads the worlds that the flags name.
func (q *question) open(c *cobra.Command, s streams) (*world, error) {
	if err := q.settle(); err != nil {
		return nil, usage(c, err)
	}
	if len(q.worlds) == 0 {
		return nil, usage(c, errors.New("name the facts to ask about: --world FILE"))
	}
	at, err := q.instant(c)
	if err != nil {
		return nil, err
	}
	w, err := openWorld(s, q.worlds...)
	if err != nil {
		return nil, err
	}
	w.at, w.in = at, estate.None
	if q.tenant != "" {
		if w.in, err = w.names.Tenant(q.tenant); err != nil {
			return nil, usage(c, listing("tenants", err))
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
func openWorld(s streams, files ...string) (*world, error) {
	load := &loading{line: statusLine(s)}
	defer load.line.clear()
	if len(files) == 1 {
		e, err := load.snapshot(files[0])
		if err != nil {
			return nil, err
		}
		if e != nil {
			load.arranging()
			return worldOf(e), nil
		}
	}
	builder := estate.NewBuilder()
	for _, file := range files {
		if err := load.facts(file, builder.Add); err != nil {
			return nil, err
		}
	}
	load.arranging()
	e, err := builder.Build()
	if err != nil {
		return nil, fmt.Errorf("the facts contradict each other: %w", err)
	}
	return worldOf(e), nil
}

// worldOf arranges an estate for asking.
func worldOf(e *estate.Estate) *world {
	return &world{x: access.New(e), names: naming.New(e), in: estate.None}
}

// side is the world as one of two that are compared.
func (w *world) side() diff.Side { return diff.Side{Index: w.x, At: w.at} }

// principal finds who is asked about.
func (w *world) principal(c *cobra.Command, text string) (csp.ObjectID, error) {
	p, err := w.names.Principal(text, naming.Account, w.in)
	if err != nil {
		return csp.ObjectID{}, usage(c, listing("people", err))
	}
	return w.x.PrincipalID[p], nil
}

// listing says how to list what there is, if an error about a name cannot tell all
// of it.
func listing(what string, err error) error {
	if unknown, ok := errors.AsType[*naming.Error](err); ok && unknown.KnownMore > 0 {
		if unknown.Noun == "tenant" {
			what = "tenants"
		}
		unknown.Hint = "`latchkey list " + what + " --world FILE` lists them all"
	}
	return err
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
		return place, usage(c, listing("subscriptions", err))
	}
	return place, nil
}
