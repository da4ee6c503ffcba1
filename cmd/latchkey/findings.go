package main

import (
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/access/finding/report"
	"latchkey/access/picture"
)

// search is what the findings command is told by flags.
type search struct {
	question
	kinds    []string
	check    string
	explain  string
	endDays  int
	useDays  int
	options  finding.Options
	severity finding.Severity // of --check; zero: none
}

// reports are the forms of output, by name.
var reports = map[string]func(io.Writer, report.Report) error{
	"text": report.Text, "json": report.JSON, "csv": report.CSV, "sarif": report.SARIF,
}

func findingsCommand(s streams) *cobra.Command {
	var q search
	c := &cobra.Command{
		Use: "findings --world FILE", Short: "Say what a person should know: standing access, dangers, and what is about to break", Args: exactly(0),
		Long: "Looks through all facts for standing access, ways to become an administrator, relationships\nabout to end, assignments that give nothing or cannot be taken away, and what was not\ncollected. The worst come first. docs/findings.md tells every kind; --explain tells one.\n\nExits 0 whatever was found, unless --check is given.",
		RunE: func(c *cobra.Command, _ []string) error { return q.run(c, s) },
	}
	q.flags(c, true, "text", "json", "csv", "sarif", "html")
	f := c.Flags()
	f.StringSliceVar(&q.kinds, "kind", nil, "look only for this `kind`, by id or name; may be given several times")
	f.StringVar(&q.check, "check", "", "exit with 3 if anything of this `severity` or worse is found: info, low, medium or high")
	f.StringVar(&q.explain, "explain", "", "tell about a `kind` of finding, and look for nothing")
	f.IntVar(&q.endDays, "ends-within", int(finding.DefaultEndsWithin/day), "report relationships that end within so many `days`")
	f.IntVar(&q.useDays, "unused-for", int(finding.DefaultUnusedFor/day), "count rights as not needed that were not used for so many `days`")
	f.IntVar(&q.options.MostOwners, "owners", finding.DefaultMostOwners, "how many `people` may hand out access to a subscription")
	f.IntVar(&q.options.MostExamples, "examples", finding.DefaultMostExamples, "how many `examples` a finding lists")
	f.IntVar(&q.options.MostFindings, "per-kind", finding.DefaultMostFindings, "how many `findings` of one kind are told; the last stands for the rest")
	return c
}

const day = 24 * time.Hour

func (q *search) run(c *cobra.Command, s streams) error {
	if q.explain != "" {
		kind, err := finding.ParseKind(q.explain)
		if err != nil {
			return usage(c, err)
		}
		return q.write(s, func(w io.Writer) error { return explain(w, kind.About()) })
	}
	if err := q.read(); err != nil {
		return usage(c, err)
	}
	w, err := q.open(c, s)
	if err != nil {
		return err
	}
	if tell := progress(s, "looking"); tell != nil {
		q.options.Progress = func(p finding.Progress) { tell(p.Done, p.Of) }
	}
	found := finding.Find(w.x, w.at, q.options)
	if err := q.write(s, func(out io.Writer) error {
		return q.report(out, w, report.Report{At: w.at, Findings: found})
	}); err != nil {
		return err
	}
	if q.severity > 0 && slices.ContainsFunc(found, func(f finding.Finding) bool { return f.Severity >= q.severity }) {
		return fmt.Errorf("%w: %w", errSaid, errNo)
	}
	return nil
}

// report writes findings in the form that was asked for. The page has pictures.
func (q *search) report(out io.Writer, w *world, r report.Report) error {
	if write := reports[q.form]; write != nil {
		return write(out, r)
	}
	return report.HTML(out, r, func(a access.Answer) template.HTML {
		return template.HTML(picture.SVG(a, picture.Named(sayNames{w}))) //nolint:gosec // picture escapes every name
	})
}

// read checks the flags.
func (q *search) read() error {
	for _, text := range q.kinds {
		kind, err := finding.ParseKind(text)
		if err != nil {
			return err
		}
		q.options.Kinds = append(q.options.Kinds, kind)
	}
	for _, n := range []struct {
		flag  string
		value int
	}{{"ends-within", q.endDays}, {"unused-for", q.useDays}, {"owners", q.options.MostOwners}, {"examples", q.options.MostExamples}, {"per-kind", q.options.MostFindings}} {
		if n.value < 1 || n.value > 1_000_000 {
			return fmt.Errorf("--%s %d makes no sense: want a number from 1 to 1000000", n.flag, n.value)
		}
	}
	q.options.EndsWithin, q.options.UnusedFor = time.Duration(min(q.endDays, mostDays))*day, time.Duration(min(q.useDays, mostDays))*day
	return q.readCheck()
}

// mostDays is about a hundred years, as many days as make no difference.
const mostDays = 36_500

func (q *search) readCheck() error {
	if q.check == "" {
		return nil
	}
	for s := finding.Info; s <= finding.High; s++ {
		if strings.EqualFold(q.check, s.String()) {
			q.severity = s
			return nil
		}
	}
	return fmt.Errorf("--check %q is no severity: want info, low, medium or high", q.check)
}

func explain(w io.Writer, a finding.About) error {
	_, err := fmt.Fprintf(w, "%s %s (%s, rule %s)\n\n%s\n\n%s\n\nWhat to do: %s\n", a.ID, a.Title, a.Name, a.Rule, a.Text, a.Reason, a.Change)
	return err
}
