package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"latchkey/access/scenario"
)

func scenarioCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use: "scenario FILE...", Short: "Ask the questions of scenario files and compare the answers", Args: cobra.ArbitraryArgs,
		Long: "A scenario is a small world, questions about it, and the answers they must get\n(docs/scenarios.md). Exits 0 if all answers are as written, and 1 if one is not.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(c, errors.New("name at least one scenario file"))
			}
			wrong := 0
			for _, file := range args {
				text, err := os.ReadFile(file)
				if err != nil {
					return fmt.Errorf("the scenario cannot be read: %w", err)
				}
				failures, err := scenario.Check(file, string(text))
				if err != nil {
					return err
				}
				for _, failure := range failures {
					fmt.Fprintln(s.out, failure)
				}
				if len(failures) > 0 {
					wrong++
				}
			}
			if wrong > 0 {
				fmt.Fprintf(s.out, "%d of %d scenarios have other answers than written.\n", wrong, len(args))
				return fmt.Errorf("%w: scenarios failed", errSaid)
			}
			fmt.Fprintf(s.out, "%d scenarios: every answer is as written.\n", len(args))
			return nil
		},
	}
}
