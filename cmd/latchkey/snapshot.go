package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
)

func snapshotCommand(s streams) *cobra.Command {
	command := &cobra.Command{
		Use: "snapshot", Short: "Write facts in another form, show what they are, verify them", Args: cobra.NoArgs,
		Long: "Facts come in three forms: a world file (.yaml), which people write; JSON lines (.jsonl), which\nprograms write; and a snapshot (.lks), which is read fastest. All commands read all three.",
	}
	command.AddCommand(snapshotConvertCommand(s), snapshotShowCommand(s), snapshotVerifyCommand(s))
	return command
}

func snapshotConvertCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use: "convert FROM TO", Short: "Write the facts of a file in the form that the other name ends in", Args: exactly(2),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := openWorld(s, args[0])
			if err != nil {
				return err
			}
			if err := writeFacts(args[1], w.x.Estate); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s holds the facts of %s.\n", args[1], args[0])
			return nil
		},
	}
}

func snapshotShowCommand(s streams) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "show FILE", Short: "Say how much of what a file holds, and what could not be collected", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usage(c, err)
			}
			w, err := openWorld(s, args[0])
			if err != nil {
				return err
			}
			view := w.inventory()
			return o.write(s, func(out io.Writer) error {
				if o.form == "json" {
					return printJSON(out, view)
				}
				for _, c := range view.Counts {
					fmt.Fprintf(out, "%9d %s\n", c.Number, c.Of)
				}
				if len(view.Gaps) > 0 {
					fmt.Fprintf(out, "\nNot collected:\n  - %s\n", strings.Join(view.Gaps, "\n  - "))
				}
				return nil
			})
		},
	}
	o.flags(c, "text", "json")
	return c
}

func snapshotVerifyCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "Read a whole file, with its checksums, and say whether it is whole", Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := openWorld(s, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s is whole.\n", args[0])
			return nil
		},
	}
}

type inventoryView struct {
	Counts []inventoryRow `json:"counts"`
	Gaps   []string       `json:"gaps,omitempty"`
}

type inventoryRow struct {
	Of     string `json:"of"`
	Number int    `json:"number"`
}

// inventory counts what the world holds.
func (w *world) inventory() inventoryView {
	e := w.x.Estate
	kinds := map[estate.PrincipalKind]int{}
	guests := 0
	for p, kind := range e.PrincipalKind {
		if e.PrincipalTenant[p] == estate.None {
			continue
		}
		kinds[kind.Type()]++
		if kind&estate.IsGuest != 0 {
			guests++
		}
	}
	v := inventoryView{Counts: []inventoryRow{
		{"tenants", len(e.TenantID)},
		{"users", kinds[estate.KindUser]},
		{"of them guests", guests},
		{"groups", kinds[estate.KindGroup]},
		{"service principals", kinds[estate.KindServicePrincipal]},
		{"memberships", len(e.GroupOf)},
		{"subscriptions", len(e.SubscriptionID)},
		{"places", len(e.NodeParent)},
		{"role assignments", len(e.AssignmentRole)},
		{"deny assignments", len(e.Denials)},
		{"directory role assignments", len(e.DirectoryAssignments)},
		{"reseller relationships", len(e.Resellers)},
		{"DAP relationships", len(e.DAPs)},
		{"GDAP relationships", len(e.GDAPs)},
		{"Lighthouse delegations", len(e.Lighthouses)},
		{"gaps", len(e.Gaps)},
	}}
	for _, g := range e.Gaps {
		v.Gaps = append(v.Gaps, w.gapText(csp.Gap{Fact: g.Fact, Tenant: g.Gap.Tenant, Scope: g.Scope, Why: naming.Clean(g.Why)}))
	}
	return v
}
