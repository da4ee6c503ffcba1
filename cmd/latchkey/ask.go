package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/access/picture"
	"latchkey/csp"
)

const namesHelp = `
PRINCIPAL is a user or service principal: a sign-in name, a name, "ann@contoso.example"
for one of that tenant, or an object id. SCOPE is "subscription", "subscription/group",
"subscription/group/resource", a full id, or a tenant for its directory. ACTION is the
full name of an operation, in any case.`

const pictureHelp = `
--format svg, dot or mermaid draws the paths; -o why.svg says the same.
`

const checkHelp = "exit with 3 unless the verdict is \"has\""

func canCommand(s streams) *cobra.Command {
	var q question
	var data, check bool
	c := &cobra.Command{
		Use: "can PRINCIPAL ACTION SCOPE --world FILE", Short: "Say whether somebody may do something somewhere", Args: exactly(3),
		Long: "Says whether somebody may do something somewhere: he has it, he can get it by a step of\nhis own, he has it not, or it is not known because a fact is missing. `why` says because\nof what. Exits 0 whatever the verdict, unless --check is given.\n" + namesHelp,
		RunE: func(c *cobra.Command, args []string) error { return q.can(c, s, args, data, check, false) },
	}
	q.flags(c, true, "text", "json", "svg", "dot", "mermaid")
	c.Flags().BoolVar(&data, "data", false, "ACTION is a data action")
	c.Flags().BoolVar(&check, "check", false, checkHelp)
	return c
}

func whyCommand(s streams) *cobra.Command {
	var q question
	var data, check bool
	c := &cobra.Command{
		Use: "why PRINCIPAL ACTION SCOPE --world FILE", Short: "Say by which paths somebody may do something, or what is missing", Args: exactly(3),
		Long: "Says the verdict with every path to it, where to sign in, and for a no what is missing.\n" + pictureHelp + namesHelp,
		RunE: func(c *cobra.Command, args []string) error { return q.can(c, s, args, data, check, true) },
	}
	q.flags(c, true, "text", "json", "svg", "dot", "mermaid")
	c.Flags().BoolVar(&data, "data", false, "ACTION is a data action")
	c.Flags().BoolVar(&check, "check", false, checkHelp)
	return c
}

// can answers can and why.
func (q *question) can(c *cobra.Command, s streams, args []string, data, check, why bool) error {
	w, err := q.open(c, s)
	if err != nil {
		return err
	}
	who, err := w.principal(c, args[0])
	if err != nil {
		return err
	}
	action, note, err := w.action(c, args[1], data)
	if err != nil {
		return err
	}
	place, err := w.place(c, args[2], action)
	if err != nil {
		return err
	}
	asked := access.Question{Principal: who, Action: action, Place: place, At: w.at}
	answer := w.x.Why(asked)
	err = q.write(s, func(out io.Writer) error { return q.say(out, w, answer, note, why, q.width(s)) })
	if err == nil && check && answer.Verdict != access.Has {
		return fmt.Errorf("%w: %w", errSaid, errNo)
	}
	return err
}

func whoCommand(s streams) *cobra.Command {
	var q question
	var data bool
	c := &cobra.Command{
		Use: "who ACTION SCOPE --world FILE", Short: "Say who may do something somewhere", Args: exactly(2),
		Long: "Lists everybody who has it, can get it, or of whom it is not known.\n" + namesHelp,
		RunE: func(c *cobra.Command, args []string) error {
			w, err := q.open(c, s)
			if err != nil {
				return err
			}
			action, note, err := w.action(c, args[0], data)
			if err != nil {
				return err
			}
			place, err := w.place(c, args[1], action)
			if err != nil {
				return err
			}
			holders := w.x.Who(action, place, w.at)
			asked := access.Question{Action: action, Place: place, At: w.at}
			return q.write(s, func(out io.Writer) error {
				if q.form == "json" {
					return printJSON(out, w.holdersView(asked, holders, note))
				}
				fmt.Fprint(out, picture.TextOfWho(asked, holders, q.width(s), picture.Named(labelNames{sayNames{w}})))
				printNote(out, note)
				return nil
			})
		},
	}
	q.flags(c, true, "text", "json")
	c.Flags().BoolVar(&data, "data", false, "ACTION is a data action")
	return c
}

func reachCommand(s streams) *cobra.Command {
	var q question
	var data bool
	c := &cobra.Command{
		Use: "reach PRINCIPAL [ACTION] --world FILE", Short: "Say where somebody may do something, or what he has anywhere", Args: oneOrTwo,
		Long: "Lists every place, with what lies in it, where somebody has it, can get it, or of which\nit is not known. Without ACTION it lists all that he has, and where;\nwhat he can get is asked with one.\n" + namesHelp,
		RunE: func(c *cobra.Command, args []string) error {
			w, err := q.open(c, s)
			if err != nil {
				return err
			}
			who, err := w.principal(c, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return q.holdings(s, w, who)
			}
			action, note, err := w.action(c, args[1], data)
			if err != nil {
				return err
			}
			territory := w.x.Reach(who, action, w.at)
			asked := access.Question{Principal: who, Action: action, At: w.at}
			return q.write(s, func(out io.Writer) error {
				if q.form == "json" {
					return printJSON(out, w.territoryView(asked, territory, note))
				}
				fmt.Fprint(out, picture.TextOfReach(asked, territory, q.width(s), picture.Named(w.names)))
				printNote(out, note)
				return nil
			})
		},
	}
	q.flags(c, true, "text", "json")
	c.Flags().BoolVar(&data, "data", false, "ACTION is a data action")
	return c
}

// holdings prints all that somebody has.
func (q *question) holdings(s streams, w *world, who csp.ObjectID) error {
	result := diff.Holdings(w.x, w.at, who)
	return q.write(s, func(out io.Writer) error {
		if q.form == "json" {
			return printJSON(out, diffViewOf(result))
		}
		if len(result.Lines) == 0 {
			fmt.Fprintf(out, "%s has nothing anywhere.\n", w.names.Say(who))
			return nil
		}
		fmt.Fprintf(out, "%s has:\n", w.names.Say(who))
		w.printHeld(out, result.Lines)
		return nil
	})
}

// oneOrTwo wants a principal, and perhaps an action.
func oneOrTwo(c *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return exactly(2)(c, args)
}

// exactly wants a number of arguments, and says what they are.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usage(c, fmt.Errorf("this takes %d arguments, not %d: latchkey %s; put a name with blanks into quotation marks", n, len(args), c.Use))
	}
}
