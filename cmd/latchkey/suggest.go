package main

import (
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"latchkey/access"
	"latchkey/access/suggest"
)

// wish is what the suggest command is told by flags.
type wish struct {
	question
	people, actions, dataActions, places, keepOut []string
	duration                                      time.Duration
	most                                          int
}

func suggestCommand(s streams) *cobra.Command {
	var q wish
	c := &cobra.Command{
		Use: "suggest --person PRINCIPAL --action ACTION --place PLACE --world FILE", Short: "Find the least right for a task, with a proof that nobody else comes into reach", Args: exactly(0),
		Long: "Finds the ways to let people do something at customers, the one that gives least too much\nfirst: through Latchkey, by Lighthouse, by a foreign principal, a nested group, GDAP, guests,\nor as helpdesk agents. Each is tried on a copy of the facts and proved; those that would\nbring other customers into reach are not suggested. docs/suggest.md tells the measure.\n" + namesHelp,
		RunE: func(c *cobra.Command, _ []string) error { return q.run(c, s) },
	}
	q.flags(c, true, "text", "json")
	f := c.Flags()
	f.StringArrayVar(&q.people, "person", nil, "a `principal` of the partner who needs it; may be given several times")
	f.StringArrayVar(&q.actions, "action", nil, "an `action` that is needed; may be given several times")
	f.StringArrayVar(&q.dataActions, "data-action", nil, "a data `action` that is needed; may be given several times")
	f.StringArrayVar(&q.places, "place", nil, "a `place` where it is needed, a scope or a tenant's directory; may be given several times")
	f.StringArrayVar(&q.keepOut, "keep-out", nil, "a `tenant` that must stay out of reach; by default all others")
	f.DurationVar(&q.duration, "for", suggest.DefaultFor, "how long it is needed, such as 2h")
	f.IntVar(&q.most, "most", 3, "how many suggestions are told in full; 0 means all")
	return c
}

func (q *wish) run(c *cobra.Command, s streams) error {
	w, err := q.open(c, s)
	if err != nil {
		return err
	}
	task, notes, err := q.task(c, w)
	if err != nil {
		return err
	}
	var tell func(suggest.Progress)
	if show := progress(s, "trying ways"); show != nil {
		tell = func(p suggest.Progress) { show(p.Done, p.Of) }
	}
	result, err := suggest.For(w.x, w.x.Facts(), task, tell)
	if err != nil {
		return usage(c, err)
	}
	return q.write(s, func(out io.Writer) error {
		if q.form == "json" {
			return result.JSON(out)
		}
		for _, note := range notes {
			if _, err := io.WriteString(out, note+"\n"); err != nil {
				return err
			}
		}
		return result.Text(out, q.most)
	})
}

// task reads the flags. Notes are about actions that nobody knows.
func (q *wish) task(c *cobra.Command, w *world) (task suggest.Task, notes []string, err error) {
	task = suggest.Task{At: w.at, For: q.duration}
	for _, text := range q.people {
		id, err := w.principal(c, text)
		if err != nil {
			return task, nil, err
		}
		task.People = append(task.People, id)
	}
	for i, text := range slices.Concat(q.actions, q.dataActions) {
		a, note, err := w.action(c, text, i >= len(q.actions))
		if err != nil {
			return task, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
		task.Actions = append(task.Actions, a)
	}
	for _, text := range q.places {
		place, err := w.place(c, text, access.Action{})
		if err != nil {
			return task, nil, err
		}
		task.Places = append(task.Places, place)
	}
	for _, text := range q.keepOut {
		t, err := w.names.Tenant(text)
		if err != nil {
			return task, nil, usage(c, listing("tenants", err))
		}
		task.KeepOut = append(task.KeepOut, w.x.TenantID[t])
	}
	return task, notes, nil
}
