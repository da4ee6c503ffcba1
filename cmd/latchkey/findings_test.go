package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const exampleWorld = "../../examples/contoso.yaml"

func TestFindingsComeInEveryForm(t *testing.T) {
	for form, says := range map[string]string{
		"text": "LK001 Standing admin agent", "json": `"kind": "LK001"`, "csv": "LK001,standing-admin-agent", "sarif": `"version": "2.1.0"`, "html": "<h1>Findings</h1>",
	} {
		got := command(t, "findings", "--world", exampleWorld, "--at", "2026-11-22", "--format", form)
		if got.code != 0 || !strings.Contains(got.out, says) {
			t.Errorf("as %s: exit %d, %s", form, got.code, got.err)
		}
	}
	page := filepath.Join(t.TempDir(), "findings.html")
	drawn := command(t, "findings", "--world", exampleWorld, "--at", "2026-11-22", "-o", page)
	html, err := os.ReadFile(page)
	if drawn.code != 0 || err != nil || !strings.Contains(string(html), "<figure><svg ") {
		t.Errorf("the page has no pictures: exit %d, %v, %s", drawn.code, err, drawn.err)
	}
	file := filepath.Join(t.TempDir(), "findings.json")
	got := command(t, "findings", "--world", exampleWorld, "--at", "2026-11-22", "--json", "-o", file, "--kind", "dap-in-force", "--kind", "LK001")
	text, err := os.ReadFile(file)
	if got.code != 0 || err != nil || !json.Valid(text) || strings.Contains(string(text), "LK003") {
		t.Errorf("into a file: exit %d, %v, %s", got.code, err, got.err)
	}
}

func TestFindingsAreCheckedByExitCode(t *testing.T) {
	for severity, want := range map[string]int{"high": 3, "HIGH": 3, "info": 3} {
		if got := command(t, "findings", "--world", exampleWorld, "--at", "2026-11-22", "--check", severity); got.code != want {
			t.Errorf("--check %s exits with %d, want %d: %s", severity, got.code, want, got.err)
		}
	}
	if got := command(t, "findings", "--world", exampleWorld, "--at", "2026-11-22", "--check", "high", "--kind", "artefact"); got.code != 0 {
		t.Errorf("without a finding of that severity it exits with %d: %s", got.code, got.err)
	}
}

func TestAKindIsExplained(t *testing.T) {
	got := command(t, "findings", "--explain", "lk013")
	if got.code != 0 || !strings.Contains(got.out, "Subscription in one hand (sole-owner, rule R35)") || !strings.Contains(got.out, "What to do:") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
}

func TestWrongFlagsOfFindingsAreSaid(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--explain", "LK999"}, "no kind of finding"},
		{[]string{"--kind", "LK999"}, "no kind of finding"},
		{[]string{"--format", "pdf"}, "no form"},
		{[]string{"--check", "worst"}, "no severity"},
		{[]string{"--owners", "0"}, "--owners 0 makes no sense"},
		{[]string{"--at", "tomorrow"}, "no time"},
	} {
		got := command(t, append([]string{"findings", "--world", exampleWorld}, c.args...)...)
		if got.code != 2 || !strings.Contains(got.err, c.says) {
			t.Errorf("%v: exit %d, %q; want 2, %q", c.args, got.code, got.err, c.says)
		}
	}
	if got := command(t, "findings", "--world", "nowhere.yaml"); got.code != 1 || !strings.Contains(got.err, "cannot be read") {
		t.Errorf("a missing world: exit %d, %q", got.code, got.err)
	}
}

func TestASuggestionIsToldAndProved(t *testing.T) {
	args := []string{
		"suggest", "--world", exampleWorld, "--at", "2026-11-22", "--person", "bob", "--action", "Microsoft.Compute/virtualMachines/restart/action",
		"--place", "files",
	}
	got := command(t, args...)
	for _, want := range []string{"1. grant through Latchkey", "Too much: 0 customers and 0 subscriptions", "Proved:", "What will not do:"} {
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("exit %d; it does not say %q:\n%s%s", got.code, want, got.out, got.err)
		}
	}
	got = command(t, append(args, "--json", "--keep-out", "contoso", "--data-action", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "--for", "2h")...)
	var read struct {
		Suggestions []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(got.out), &read); err != nil || got.code != 0 || len(read.Suggestions) == 0 {
		t.Errorf("as JSON: exit %d, %v: %s", got.code, err, got.err)
	}
}

func TestWrongWishesAreSaid(t *testing.T) {
	good := map[string]string{"--person": "bob", "--action": "Microsoft.Compute/virtualMachines/restart/action", "--place": "files", "--keep-out": "contoso"}
	for _, c := range []struct{ flag, value, says string }{
		{"--person", "anne", "nearest: ann"},
		{"--action", "restart", "is no action"},
		{"--place", "fyles", "nearest"},
		{"--keep-out", "contosso", "nearest"},
		{"--action", "microsoft.directory/users/create", "name an action of Azure that is needed"},
	} {
		args := []string{"suggest", "--world", exampleWorld, "--at", "2026-11-22"}
		for flag, value := range good {
			if flag == c.flag {
				value = c.value
			}
			args = append(args, flag, value)
		}
		got := command(t, args...)
		if got.code != 2 || !strings.Contains(got.err, c.says) {
			t.Errorf("%s %s: exit %d, %q; want 2, %q", c.flag, c.value, got.code, got.err, c.says)
		}
	}
	got := command(t, "suggest", "--world", exampleWorld, "--at", "2026-11-22", "--person", "bob", "--action", "Microsoft.Compute/virtualMachine/restart/action", "--place", "files")
	if got.code != 0 || !strings.Contains(got.out, "may be misspelt") {
		t.Errorf("a misspelt action: exit %d: %s%s", got.code, got.out, got.err)
	}
}
