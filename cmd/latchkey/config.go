package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/internal/config"
)

func configCommand(s streams, getenv func(string) string) *cobra.Command {
	command := &cobra.Command{Use: "config", Short: "Check a configuration file, or print an example", Args: cobra.NoArgs}
	command.AddCommand(
		&cobra.Command{
			Use: "example", Short: "Print a complete, commented configuration file", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := fmt.Fprint(s.out, config.Example())
				return err
			},
		},
		configCheckCommand(s, getenv),
	)
	return command
}

func configCheckCommand(s streams, getenv func(string) string) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "check FILE", Short: "Find every mistake in a configuration file", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			loaded, err := config.Load(args[0], getenv)
			problems, isProblems := errors.AsType[*config.Problems](err)
			if err != nil && (!isProblems || !asJSON) {
				return err
			}
			if asJSON {
				return printCheckJSON(s, problems)
			}
			e := loaded.Estate
			fmt.Fprintf(s.out, "%s is fine: %s, %d people, %d customers.\n", args[0], e.Partner.Name, len(e.People), len(e.Customers))
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

func printCheckJSON(s streams, problems *config.Problems) error {
	result := struct {
		Fine     bool             `json:"fine"`
		Problems []config.Problem `json:"problems"`
	}{Fine: problems == nil, Problems: []config.Problem{}}
	if problems != nil {
		result.Problems = problems.List
	}
	if err := json.NewEncoder(s.out).Encode(result); err != nil {
		return err
	}
	if problems != nil {
		return fmt.Errorf("%w: %w", errSaid, problems)
	}
	return nil
}
