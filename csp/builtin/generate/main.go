// Command generate makes the catalogues of package builtin from two files of
// role facts. It is run by hand when a new edition of the facts is at hand; the
// product itself needs only what it wrote.
//
//	generate azure-roles.json entra-roles.json
//
// It writes azure.txt and entra.txt into the working directory.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin/internal/catalogue"
)

func main() {
	if err := run(os.Args[1:], ".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string, folder string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("want two files: the Azure roles and the Entra roles, both JSON")
	}
	azure, err := convert(args[0], azureRole, catalogue.EncodeAzure)
	if err != nil {
		return err
	}
	entra, err := convert(args[1], entraRole, catalogue.EncodeEntra)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "azure.txt"), "Azure", azure); err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "entra.txt"), "Entra", entra); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "wrote %d Azure roles and %d Entra roles\n", countRoles(azure), countRoles(entra))
	return err
}

func countRoles(text string) int { return strings.Count("\n"+text, "\nrole ") }

func write(path, cloud, text string) error {
	heading := "# Built-in " + cloud + " roles. Generated from published facts, see README.md; do not edit.\n"
	return os.WriteFile(path, []byte(heading+text), 0o644)
}

// source is one role in either input file; fields that only one of them has are
// empty for the other. Unknown fields are refused: they might be facts we lose.
type source struct {
	ID          string
	Name        string
	Privileged  bool
	Constrained bool // computed by the source for Azure roles; not kept
	GDAP        string
	Actions     []string
	Permissions []csp.Permission
}

// convert reads one JSON file and encodes its roles.
func convert[T any](path string, role func(source) (T, error), encode func([]T) (string, error)) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var sources []source
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sources); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	roles := make([]T, 0, len(sources))
	seen := make(map[string]bool, 2*len(sources))
	for _, s := range sources {
		r, err := role(s)
		if err != nil {
			return "", fmt.Errorf("%s: role %q: %w", path, s.Name, err)
		}
		for _, key := range []string{strings.ToLower(s.ID), strings.ToLower(strings.TrimSpace(s.Name))} {
			if seen[key] {
				return "", fmt.Errorf("%s: role %q: %s occurs twice", path, s.Name, key)
			}
			seen[key] = true
		}
		roles = append(roles, r)
	}
	encoded, err := encode(roles)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return encoded, nil
}

func azureRole(s source) (csp.RoleDefinition, error) {
	id, err := csp.ParseID[csp.RoleDefinition](s.ID)
	role := csp.RoleDefinition{ID: id, Name: strings.TrimSpace(s.Name)}
	for _, p := range s.Permissions {
		role.Permissions = append(role.Permissions, csp.Permission{
			Actions:        trimmed(p.Actions),
			NotActions:     trimmed(p.NotActions),
			DataActions:    trimmed(p.DataActions),
			NotDataActions: trimmed(p.NotDataActions),
			Condition:      p.Condition,
		})
	}
	return role, err
}

func entraRole(s source) (csp.DirectoryRole, error) {
	id, err := csp.ParseID[csp.DirectoryRole](s.ID)
	role := csp.DirectoryRole{
		ID:         id,
		Name:       strings.TrimSpace(s.Name),
		Privileged: s.Privileged,
		GDAP:       csp.GDAPSupport(s.GDAP),
		Actions:    trimmed(s.Actions),
	}
	switch role.GDAP {
	case csp.GDAPUnknown, csp.GDAPSupported, csp.GDAPUnsupported:
		return role, err
	}
	return role, errors.Join(err, fmt.Errorf("gdap is %q; want unknown, supported or unsupported", s.GDAP))
}

// trimmed takes away the blanks that a few published texts carry around them.
func trimmed(texts []string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, strings.TrimSpace(text))
	}
	return all
}
