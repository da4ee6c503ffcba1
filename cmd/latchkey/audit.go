package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"latchkey/internal/audit"
	"latchkey/internal/audit/archive"
	"latchkey/internal/config"
	"latchkey/internal/secret"
)

func auditCommand(s streams, getenv func(string) string) *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Prove that the audit log is whole", Args: cobra.NoArgs}
	command.AddCommand(auditVerifyCommand(s, getenv))
	return command
}

func auditVerifyCommand(s streams, getenv func(string) string) *cobra.Command {
	var file, key string
	var asJSON bool
	command := &cobra.Command{
		Use: "verify --config FILE", Short: "Recompute the log and hold it against every signed checkpoint", Args: cobra.NoArgs,
		Long: "Recomputes the whole audit log and holds it against every signed checkpoint.\nExits 0 if the log is whole, 1 if anything was edited, dropped, reordered or rolled back.\nWith --key, the public key a customer was given, the installation's secret is not read.",
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := config.Load(file, getenv)
			if err != nil {
				return err
			}
			if key == "" {
				if key, err = ownPublicKey(loaded); err != nil {
					return err
				}
			}
			report, err := verifyLog(c.Context(), loaded, key)
			if err != nil {
				return err
			}
			return printReport(s, report, asJSON)
		},
	}
	requireConfig(command, &file)
	command.Flags().StringVar(&key, "key", "", "the log's public key; by default derived from the installation's secret")
	command.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return command
}

// ownPublicKey derives the key the installation signs with.
func ownPublicKey(c *config.Config) (string, error) {
	keys, err := readSecret(c.SecretFile)
	if err != nil {
		return "", err
	}
	signer, err := audit.NewSigner(audit.Origin(c.Estate.Instance), keys.Key(secret.AuditSigning))
	if err != nil {
		return "", err
	}
	return signer.PublicKey(), nil
}

func verifyLog(ctx context.Context, c *config.Config, key string) (report audit.Report, err error) {
	if path := c.Database.SQLite; path != "" {
		if _, err := os.Stat(path); err != nil {
			return audit.Report{}, fmt.Errorf("there is no log to verify: %w", err)
		}
	}
	db, err := openStore(ctx, c.Database)
	if err != nil {
		return audit.Report{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	signed, err := archive.New(c.CheckpointFile).All()
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(db.AuditRecords(ctx), signed, key)
}

// printReport tells the result; a log that is not whole is a failure.
func printReport(s streams, report audit.Report, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(struct {
			Whole    bool   `json:"whole"`
			Sentence string `json:"sentence"`
			audit.Report
		}{report.Whole(), report.Sentence(), report}); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(s.out, report.Sentence())
		for i, finding := range report.Findings {
			if i > 0 { // the first is the sentence
				fmt.Fprintln(s.out, finding.Sentence)
			}
		}
	}
	if !report.Whole() {
		return fmt.Errorf("%w: the log is not whole", errSaid)
	}
	return nil
}
