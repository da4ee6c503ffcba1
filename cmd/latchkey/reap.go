package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"latchkey/csp"
	"latchkey/internal/clock"
	"latchkey/internal/config"
	"latchkey/internal/jit"
	"latchkey/internal/jit/reconcile"
)

func reapCommand(s streams, getenv func(string) string) *cobra.Command {
	var file string
	var dryRun, asJSON bool
	command := &cobra.Command{
		Use: "reap --config FILE", Short: "Remove what this installation left behind, without its database", Args: cobra.NoArgs,
		Long: "Looks at every subscription of the configuration for assignments that carry this\ninstallation's marker, and removes those whose end has passed. It needs no database:\nit is for the day the database is lost. Nothing without the marker is touched.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := config.Load(file, getenv)
			if err != nil {
				return err
			}
			found, err := reap(c.Context(), loaded, clock.System().Now(), dryRun)
			if printErr := printReaped(s, found, dryRun, asJSON); printErr != nil {
				return printErr
			}
			return err
		},
	}
	requireConfig(command, &file)
	command.Flags().BoolVar(&dryRun, "dry-run", false, "only list what would be removed")
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

// reap needs the cloud and the configuration only.
func reap(ctx context.Context, c *config.Config, now time.Time, dryRun bool) ([]reconcile.Reaped, error) {
	p := &portal{config: c, clock: clock.System()}
	if err := p.wireCloud(); err != nil {
		return nil, err
	}
	azure, err := p.azure()
	if err != nil {
		return nil, err
	}
	return reconcile.Reap(ctx, azure, reconcile.Reaping{
		Instance: c.Estate.Instance, Service: jit.Azure, Places: subscriptionsOf(c.Estate), Now: now, DryRun: dryRun,
	})
}

// subscriptionsOf are the places where the installation can have left anything.
func subscriptionsOf(e jit.Estate) []jit.Place {
	var places []jit.Place
	for _, customer := range e.Customers {
		for _, s := range customer.Subscriptions {
			places = append(places, jit.Place{Tenant: customer.Tenant.ID, Scope: csp.SubscriptionScopeOf(s.ID)})
		}
	}
	return places
}

// printReaped lists each object; one that should be gone and is not is a failure.
func printReaped(s streams, found []reconcile.Reaped, dryRun, asJSON bool) error {
	type line struct {
		Tenant  csp.TenantID         `json:"tenant"`
		Scope   csp.Scope            `json:"scope"`
		Name    csp.RoleAssignmentID `json:"name"`
		Ends    time.Time            `json:"ends"`
		Outcome string               `json:"outcome"`
		Why     string               `json:"why,omitempty"`
	}
	lines := []line{}
	var failed error
	for _, r := range found {
		l := line{Tenant: r.Order.Target.Tenant, Scope: r.Order.Target.Scope, Name: r.Order.Name, Ends: r.Order.Marker.Ends, Outcome: "removed"}
		switch {
		case r.Kept:
			l.Outcome = "kept: its end has not come"
		case dryRun:
			l.Outcome = "would be removed"
		case !r.Gone:
			l.Outcome, l.Why = "still there", sentence(r.Err)
			failed = errors.New("not everything could be removed; see the list")
		}
		lines = append(lines, l)
	}
	if asJSON {
		return errors.Join(json.NewEncoder(s.out).Encode(lines), failed)
	}
	for _, l := range lines {
		fmt.Fprintf(s.out, "%s %s (ends %s): %s %s\n", l.Scope, l.Name, l.Ends.Format(time.RFC3339), l.Outcome, l.Why)
	}
	fmt.Fprintf(s.out, "%d assignments of this installation found.\n", len(lines))
	return failed
}
