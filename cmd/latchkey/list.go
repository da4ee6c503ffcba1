package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"latchkey/access/naming"
)

// lists are what can be listed, by what people call it.
var lists = map[string]func(*world) []string{
	"tenants":       func(w *world) []string { return w.names.ListTenants() },
	"people":        func(w *world) []string { return w.names.ListPrincipals(naming.Account, w.in) },
	"groups":        func(w *world) []string { return w.names.ListPrincipals(naming.Group, w.in) },
	"subscriptions": func(w *world) []string { return w.names.ListSubscriptions(w.in) },
}

func listCommand(s streams) *cobra.Command {
	var q question
	c := &cobra.Command{
		Use: "list tenants|people|groups|subscriptions --world FILE", Short: "List whom and what can be asked about", Args: cobra.ArbitraryArgs,
		Long: "Lists the tenants, the users and service principals, the groups or the subscriptions of a\nworld, or of one tenant with --tenant, a line each: the name, and what tells it from others.\nA guest is listed as the account that is his home.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || lists[args[0]] == nil {
				return usage(c, errors.New("say what to list: tenants, people, groups or subscriptions"))
			}
			w, err := q.open(c, s)
			if err != nil {
				return err
			}
			names := lists[args[0]](w)
			return q.write(s, func(out io.Writer) error {
				if q.form == "json" {
					return printJSON(out, append([]string{}, names...))
				}
				for _, name := range names {
					fmt.Fprintln(out, name)
				}
				return nil
			})
		},
	}
	q.flags(c, true, "text", "json")
	return c
}
