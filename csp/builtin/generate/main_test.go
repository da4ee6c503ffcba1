package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	goodAzure = `[{"id":"4D97B98B-1D4F-4787-A291-C67834D212E7","name":"Net ","privileged":false,"constrained":true,
		"permissions":[{"actions":["a/read "],"notActions":["a/b/read"],"dataActions":["d"],"notDataActions":["e"],"condition":"@c"}]}]`
	goodEntra = `[{"id":"5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b","name":"Dir","privileged":true,"gdap":"supported","actions":["m/read"]},
		{"id":"5ae67dd6-50cb-40e7-96ff-dc2bfa4b606c","name":"Cat","privileged":false,"gdap":"unknown","actions":null}]`
)

func generate(t *testing.T, azure, entra string) (folder, out string, err error) {
	t.Helper()
	folder = t.TempDir()
	azurePath, entraPath := filepath.Join(folder, "azure.json"), filepath.Join(folder, "entra.json")
	for path, text := range map[string]string{azurePath: azure, entraPath: entra} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	err = run([]string{azurePath, entraPath}, folder, &said)
	return folder, said.String(), err
}

func TestFactsAreWrittenAsText(t *testing.T) {
	folder, out, err := generate(t, goodAzure, goodEntra)
	if err != nil {
		t.Fatal(err)
	}
	if want := "wrote 1 Azure roles and 2 Entra roles\n"; out != want {
		t.Errorf("said %q, want %q", out, want)
	}
	const heading = " roles. Generated from published facts, see README.md; do not edit.\n"
	wantFile(t, filepath.Join(folder, "azure.txt"), "# Built-in Azure"+heading+`role 4d97b98b-1d4f-4787-a291-c67834d212e7 Net
permission
action a/read
notAction a/b/read
dataAction d
notDataAction e
condition @c
`)
	wantFile(t, filepath.Join(folder, "entra.txt"), "# Built-in Entra"+heading+`role 5ae67dd6-50cb-40e7-96ff-dc2bfa4b606c Cat
role 5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b Dir
privileged
gdap supported
action m/read
`)
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds\n%s\nwant\n%s", filepath.Base(path), got, want)
	}
}

func TestBadFactsAreRefusedByFileAndRole(t *testing.T) {
	tests := []struct{ name, azure, entra, want string }{
		{"not JSON", "nonsense", goodEntra, "azure.json"},
		{"a field nobody reads", `[{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"A","scope":"/"}]`, goodEntra, "scope"},
		{"a wrong id", `[{"id":"x","name":"A"}]`, goodEntra, `role "A"`},
		{"the same id twice", `[{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"A"},{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"B"}]`, goodEntra, "occurs twice"},
		{"the same name twice", `[{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"A"},{"id":"4d97b98b-1d4f-4787-a291-c67834d212e8","name":"a "}]`, goodEntra, "occurs twice"},
		{"a line break in an action", `[{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"A","permissions":[{"actions":["a\nb"]}]}]`, goodEntra, "line break"},
		{"an unknown gdap word", goodAzure, `[{"id":"4d97b98b-1d4f-4787-a291-c67834d212e7","name":"A","gdap":"maybe"}]`, `gdap is "maybe"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder, _, err := generate(t, test.azure, test.entra)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if written, _ := filepath.Glob(filepath.Join(folder, "*.txt")); len(written) > 0 {
				t.Errorf("%v was written all the same", written)
			}
		})
	}
}

func TestFilesThatAreMissingOrCannotBeWrittenAreErrors(t *testing.T) {
	if err := run(nil, t.TempDir(), nil); err == nil {
		t.Error("no arguments were accepted")
	}
	if err := run([]string{"missing.json", "missing.json"}, t.TempDir(), nil); err == nil {
		t.Error("a missing file was accepted")
	}
	for _, blocked := range []string{"azure.txt", "entra.txt"} {
		folder := t.TempDir()
		azure, entra := filepath.Join(folder, "a.json"), filepath.Join(folder, "e.json")
		for path, text := range map[string]string{azure: goodAzure, entra: goodEntra} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(folder, blocked), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{azure, entra}, folder, nil); err == nil {
			t.Errorf("%s could not be written and nobody heard", blocked)
		}
	}
}
