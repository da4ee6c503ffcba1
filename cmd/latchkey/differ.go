package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/access"
	"latchkey/access/change"
	"latchkey/access/diff"
	"latchkey/access/estate"
	"latchkey/csp"
)

const becomeHelp = "compare whole verdicts for a few standing questions: also what somebody can get now, and what is not known"

func compareCommand(s streams) *cobra.Command {
	var q question
	c := &cobra.Command{
		Use: "compare PRINCIPAL OTHER --world FILE", Short: "Say what one person has and another lacks", Args: exactly(2),
		Long: "Says what the second of two people has that the first lacks, and the reverse.\n" + namesHelp,
		RunE: func(c *cobra.Command, args []string) error {
			w, err := q.open(c, s)
			if err != nil {
				return err
			}
			a, err := w.principal(c, args[0])
			if err != nil {
				return err
			}
			b, err := w.principal(c, args[1])
			if err != nil {
				return err
			}
			result := diff.Compare(w.x, w.at, a, b)
			return q.write(s, func(out io.Writer) error {
				if q.form == "json" {
					return printJSON(out, diffViewOf(result))
				}
				w.printComparison(out, w.names.Say(a), w.names.Say(b), result)
				return nil
			})
		},
	}
	q.flags(c, true, "text", "json")
	return c
}

func diffCommand(s streams) *cobra.Command {
	var q question
	var become, check bool
	c := &cobra.Command{
		Use: "diff BEFORE AFTER", Short: "Say who gained and who lost access between two worlds", Args: exactly(2),
		Long: "Compares two files with facts, and says who gained and who lost which access, and because\nof what. What changed nothing for anybody is not told: it is no list of rows.\nExits 0 whether or not there are differences, unless --check is given.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := q.settle(); err != nil {
				return usage(c, err)
			}
			at, err := q.instant(c)
			if err != nil {
				return err
			}
			var sides [2]diff.Side
			for i, file := range args {
				w, err := openWorld(s, file)
				if err != nil {
					return err
				}
				w.at = at
				sides[i] = w.side()
			}
			result := diff.Diff(sides[0], sides[1], diff.Options{Becoming: become, Otherwise: 100, Progress: progress(s, "comparing")})
			return q.finish(s, result, check, "")
		},
	}
	q.flags(c, false, "text", "json")
	c.Flags().BoolVar(&become, "become", false, becomeHelp)
	c.Flags().BoolVar(&check, "check", false, "exit with 3 if there are differences")
	return c
}

func whatIfCommand(s streams) *cobra.Command {
	var q question
	var become, check bool
	c := &cobra.Command{
		Use: "what-if CHANGE... --world FILE", Short: "Say who would gain and lose access by a change", Args: cobra.ArbitraryArgs,
		Long: "Makes changes on a copy of the facts and says who would gain and who would lose which\naccess. Each CHANGE is a sentence in quotation marks, of one of these forms:\n\n  " +
			strings.Join(change.Forms(), "\n  ") + "\n\nNames with the words of a form in them go into quotation marks.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(c, errors.New("say what should change, such as \"add ann to AdminAgents\""))
			}
			w, err := q.open(c, s)
			if err != nil {
				return err
			}
			then, said, err := w.changed(c, args)
			if err != nil {
				return err
			}
			result := diff.Diff(w.side(), then.side(), diff.Options{Becoming: become, Otherwise: 100, Progress: progress(s, "comparing")})
			return q.finish(s, result, check, "If one were to "+strings.Join(said, ", and then ")+":\n\n")
		},
	}
	q.flags(c, true, "text", "json")
	c.Flags().BoolVar(&become, "become", false, becomeHelp)
	c.Flags().BoolVar(&check, "check", false, "exit with 3 if anybody would gain or lose anything")
	return c
}

// changed is the world after changes, and the changes as they were understood.
// Each is read in the world that the ones before it made.
func (w *world) changed(c *cobra.Command, sentences []string) (then *world, said []string, err error) {
	then = w
	facts := w.x.Facts()
	for _, sentence := range sentences {
		one, err := change.Parse(sentence, then.x.Estate)
		if err != nil {
			return nil, nil, usage(c, err)
		}
		if facts, err = one.Apply(facts); err != nil {
			return nil, nil, usage(c, err)
		}
		said = append(said, one.Sentence(then.names))
		builder := estate.NewBuilder()
		builder.Add(facts)
		e, err := builder.Build()
		if err != nil {
			return nil, nil, err
		}
		then = worldOf(e)
		then.at = w.at
	}
	return then, said, nil
}

// finish prints the differences.
func (q *question) finish(s streams, r diff.Result, check bool, lead string) error {
	err := q.write(s, func(out io.Writer) error {
		if q.form == "json" {
			return printJSON(out, diffViewOf(r))
		}
		fmt.Fprint(out, lead)
		printDiff(out, r)
		return nil
	})
	if err == nil && check && len(r.Lines) > 0 {
		return fmt.Errorf("%w: %w", errSaid, errNo)
	}
	return err
}

func printDiff(out io.Writer, r diff.Result) {
	if len(r.Lines) == 0 {
		fmt.Fprintln(out, "Nobody gains and nobody loses anything.")
		return
	}
	lost := slices.DeleteFunc(slices.Clone(r.Lines), diff.Line.Gained)
	gained := slices.DeleteFunc(slices.Clone(r.Lines), func(l diff.Line) bool { return !l.Gained() })
	for i, part := range []struct {
		title string
		lines []diff.Line
	}{{"Lost", lost}, {"Gained", gained}} {
		if len(part.lines) == 0 {
			continue
		}
		if i > 0 && len(lost) > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s:\n", part.title)
		for _, l := range part.lines {
			fmt.Fprintf(out, "  - %s: %s\n    %s\n", whoWords(l.Who), whatWords(l), whereWords(l))
			if verdict := afterWords(l); verdict != "" {
				fmt.Fprintf(out, "    %s\n", verdict)
			}
			if len(l.Because) > 0 {
				fmt.Fprintf(out, "    because %s\n", becauseWords(l.Because))
			}
		}
	}
}

func (w *world) printComparison(out io.Writer, a, b string, r diff.Result) {
	if len(r.Lines) == 0 {
		fmt.Fprintf(out, "%s and %s have the same.\n", a, b)
		return
	}
	first := true
	for _, part := range []struct {
		gained     bool
		has, lacks string
	}{{true, b, a}, {false, a, b}} {
		lines := slices.DeleteFunc(slices.Clone(r.Lines), func(l diff.Line) bool { return l.Gained() != part.gained })
		if len(lines) == 0 {
			continue
		}
		if !first {
			fmt.Fprintln(out)
		}
		first = false
		fmt.Fprintf(out, "%s has and %s lacks:\n", part.has, part.lacks)
		w.printHeld(out, lines)
	}
}

// printHeld prints what somebody has, where, and by which path.
func (w *world) printHeld(out io.Writer, lines []diff.Line) {
	for _, l := range lines {
		fmt.Fprintf(out, "  - %s\n    %s\n", whatWords(l), whereWords(l))
		for _, c := range l.Because {
			fmt.Fprintf(out, "    %s\n", w.readable(c.Text))
		}
	}
}

// readable puts the names of scopes for their ids into a sentence.
func (w *world) readable(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		bare := strings.TrimRight(word, ",.;:")
		if scope, err := csp.ParseScope(bare); err == nil && !scope.Subscription().IsZero() {
			words[i] = w.placeName(access.At(scope)) + word[len(bare):]
		}
	}
	return strings.Join(words, " ")
}

// mostNamed is how many of a kind a line names.
const mostNamed = 4

// some names the first few of a list and counts the others.
func some(names []string) string {
	if len(names) <= mostNamed+1 {
		return list(names)
	}
	return fmt.Sprintf("%s and %d more", list(names[:mostNamed]), len(names)-mostNamed)
}

func whoWords(who []diff.Person) string {
	names := make([]string, len(who))
	for i, p := range who {
		names[i] = p.Name + " (" + p.Tenant + ")"
	}
	return some(names)
}

// whatWords are the roles, or the actions if they are not all of any role.
func whatWords(l diff.Line) string {
	if len(l.Roles) > 0 {
		return strings.Join(l.Roles, " and ")
	}
	words := make([]string, len(l.Actions))
	for i, a := range l.Actions {
		if words[i] = a.Words; a.Words == "*" {
			words[i] = "anything else"
		}
	}
	if l.PartOf != "" {
		return "parts of " + l.PartOf + ": " + some(words)
	}
	return some(words)
}

func whereWords(l diff.Line) string {
	places := make([]string, len(l.Spans))
	for i, s := range l.Spans {
		places[i] = s.Label
		if len(s.Except) > 0 {
			except := make([]string, len(s.Except))
			for j, e := range s.Except {
				except[j] = e.Label
			}
			places[i] += " but for " + some(except)
		}
	}
	text := "at " + some(places)
	if l.Spans[0].Place.IsDirectory() {
		text = "in " + some(places)
	}
	if len(places) > mostNamed+1 {
		text += countWords(l.Count)
	}
	return text
}

// afterWords say what is so instead, where that is not simply no.
func afterWords(l diff.Line) string {
	switch {
	case l.Before == access.Has && l.After == access.CanGet:
		return "and can get it back"
	case l.Before == access.Has && l.After == access.Unknown:
		return "as far as is known"
	case l.After == access.Has && l.Before == access.CanGet:
		return "and could have got it before"
	case l.After == access.Has && l.Before == access.HasNot, l.After == access.HasNot:
		return ""
	}
	return "was: " + l.Before.String() + ", is: " + l.After.String()
}

func becauseWords(causes []diff.Cause) string {
	texts := make([]string, len(causes))
	for i, c := range causes {
		texts[i] = c.Text + " (" + c.Rule + ")"
	}
	if len(texts) > mostNamed {
		return strings.Join(texts[:mostNamed], ", and ") + fmt.Sprintf(", and %d other changes", len(texts)-mostNamed)
	}
	return strings.Join(texts, ", and ")
}
