package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the outputs in docs/asking.md anew")

// The manual's examples are run, and what they print stands below them.
func TestTheManualsExamplesPrintWhatItSays(t *testing.T) {
	manual := filepath.Join("..", "..", "docs", "asking.md")
	text, err := os.ReadFile(manual)
	ok(t, err)
	t.Chdir(filepath.Join("..", ".."))
	var fresh strings.Builder
	inExample := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "```console"):
			inExample = true
		case strings.HasPrefix(line, "```"):
			inExample = false
		case inExample && !strings.HasPrefix(line, "$ "):
			continue // what an example printed before
		}
		fresh.WriteString(line)
		if inExample && strings.HasPrefix(line, "$ ") {
			fresh.WriteString(example(t, line))
		}
	}
	if fresh.String() == string(text) {
		return
	}
	if *update {
		ok(t, os.WriteFile(filepath.Join("docs", "asking.md"), []byte(fresh.String()), 0o644))
		return
	}
	t.Errorf("docs/asking.md does not say what is printed; run with -update and look at the difference. First: %s", firstDifference(string(text), fresh.String()))
}

// example runs a line such as `$ latchkey can ann ... $WORLD`.
func example(t *testing.T, line string) string {
	t.Helper()
	args := words(strings.ReplaceAll(strings.TrimSpace(line), "$WORLD", "--world examples/contoso.yaml --at 2026-11-22"))
	got := command(t, args[2:]...)
	said := strings.TrimRight(got.out+got.err, "\n")
	var lines []string
	for l := range strings.SplitSeq(said, "\n") {
		lines = append(lines, strings.TrimRight(l, " "))
	}
	text := strings.Join(lines, "\n") + "\n"
	if said == "" {
		text = ""
	}
	if got.code != 0 {
		text += "[exit " + string(rune('0'+got.code)) + "]\n"
	}
	return text + "\n"
}

// words splits a command line at blanks outside quotation marks.
func words(line string) []string {
	var list []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

func firstDifference(old, fresh string) string {
	a, b := strings.Split(old, "\n"), strings.Split(fresh, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\n- " + a[i] + "\n+ " + b[i]
		}
	}
	return "one is longer"
}

func TestQuestionsThatCannotBeAskedSayWhatToDo(t *testing.T) {
	world := filepath.Join("..", "..", "examples", "contoso.yaml")
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	ok(t, os.WriteFile(bad, []byte("partners:\n  Alder: {doman: x}\n"), 0o600))
	const restart = "Microsoft.Compute/virtualMachines/restart/action"
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no world", []string{"can", "ann", restart, "Files"}, 2, "--world FILE"},
		{"too few arguments", []string{"can", "ann", "--world", world}, 2, "3 arguments, not 1"},
		{"no such file", []string{"can", "ann", restart, "Files", "--world", "none.yaml"}, 1, "none.yaml"},
		{"a bad world", []string{"can", "ann", restart, "Files", "--world", bad}, 1, "doman"},
		{"no time", []string{"can", "ann", restart, "Files", "--world", world, "--at", "soon"}, 2, "2026-12-24"},
		{"no tenant", []string{"can", "ann", restart, "Files", "--world", world, "--tenant", "contosso"}, 2, "nearest: Contoso"},
		{"a pattern", []string{"can", "ann", "*/read", "Files", "--world", world}, 2, "name one action"},
		{"a pattern of who", []string{"who", "*/read", "Files", "--world", world}, 2, "name one action"},
		{"a pattern of reach", []string{"reach", "ann", "*/read", "--world", world}, 2, "name one action"},
		{"an unknown place", []string{"who", restart, "Filse", "--world", world}, 2, "nearest: Files"},
		{"an unknown person", []string{"reach", "hans", restart, "--world", world}, 2, `no user or service principal "hans"`},
		{"the first of two unknown", []string{"compare", "hans", "ann", "--world", world}, 2, "hans"},
		{"the second of two unknown", []string{"compare", "ann", "hans", "--world", world}, 2, "hans"},
		{"no change", []string{"what-if", "--world", world}, 2, "say what should change"},
		{"one world only", []string{"diff", world}, 2, "2 arguments"},
		{"a diff with no file", []string{"diff", world, "none.yaml"}, 1, "none.yaml"},
		{"a diff at no time", []string{"diff", world, world, "--at", "x"}, 2, "is no time"},
		{"a data action without --data", []string{"can", "gita", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "shopdata", "--world", world}, 0, "ask with --data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := command(t, test.args...)
			if got.code != test.code || !strings.Contains(got.out+got.err, test.says) {
				t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
			}
		})
	}
}

func TestAnAnswerIsWrittenToAFile(t *testing.T) {
	world := filepath.Join("..", "..", "examples", "contoso.yaml")
	file := filepath.Join(t.TempDir(), "answer.json")
	for _, args := range [][]string{
		{"why", "ann", "Microsoft.Compute/virtualMachines/restart/action", "Files"},
		{"who", "Microsoft.Compute/virtualMachines/restart/action", "Files"},
		{"reach", "ann", "Microsoft.Compute/virtualMachines/restart/action"},
		{"compare", "ann", "bob"},
		{"what-if", "add carl to AdminAgents", "--become"},
	} {
		got := command(t, append(args, "--world", world, "--at", "2026-11-22T12:00:00Z", "--json", "-o", file)...)
		text, err := os.ReadFile(file)
		if got.code != 0 || got.out != "" || err != nil || !strings.HasPrefix(string(text), "{") {
			t.Errorf("%v: exit %d: %s%s\n%s, %v", args, got.code, got.out, got.err, text, err)
		}
	}
}

func TestADifferenceIsFoundBetweenFiles(t *testing.T) {
	world := filepath.Join("..", "..", "examples", "contoso.yaml")
	text, err := os.ReadFile(world)
	ok(t, err)
	after := filepath.Join(t.TempDir(), "after.yaml")
	ok(t, os.WriteFile(after, []byte(strings.Replace(string(text), "AdminAgents: [ann, Night shift]", "AdminAgents: [Night shift]", 1)), 0o600))
	got := command(t, "diff", world, after, "--at", "2026-11-22", "--check")
	if got.code != exitNo || !strings.Contains(got.out, "because ann left AdminAgents") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	got = command(t, "diff", after, world, "--at", "2026-11-22", "--become")
	if got.code != 0 || !strings.Contains(got.out, "ann joined AdminAgents") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
}

func TestFactsAreTheSameInEveryForm(t *testing.T) {
	folder := t.TempDir()
	from := filepath.Join("..", "..", "examples", "contoso.yaml")
	ask := func(file string) string {
		got := command(t, "reach", "ann", "Microsoft.Compute/virtualMachines/restart/action", "--world", file, "--at", "2026-11-22")
		if got.code != 0 {
			t.Fatalf("%s: exit %d: %s", file, got.code, got.err)
		}
		return got.out + command(t, "snapshot", "show", file).out
	}
	want := ask(from)
	for _, name := range []string{"a.lks", "b.jsonl", "c.yaml"} {
		to := filepath.Join(folder, name)
		if got := command(t, "snapshot", "convert", from, to); got.code != 0 {
			t.Fatalf("%s: exit %d: %s", name, got.code, got.err)
		}
		if got := command(t, "snapshot", "verify", to); got.code != 0 || !strings.Contains(got.out, "is whole") {
			t.Errorf("%s: exit %d: %s", name, got.code, got.err)
		}
		if got := ask(to); got != want {
			t.Errorf("%s says something else:\n%s\n%s", name, got, want)
		}
		from = to
	}
	if got := command(t, "snapshot", "show", from, "--json"); !strings.Contains(got.out, `"of": "GDAP relationships"`) {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	whole := filepath.Join(folder, "a.lks")
	twice := command(t, "can", "ann", "Microsoft.Compute/virtualMachines/restart/action", "Files", "--world", whole, "--world", from, "--at", "2026-11-22")
	if twice.code != 0 || !strings.Contains(twice.out, " has ") {
		t.Errorf("facts told twice: exit %d: %s%s", twice.code, twice.out, twice.err)
	}
}

func TestDamagedSnapshotsAreRefused(t *testing.T) {
	folder := t.TempDir()
	whole, damaged := filepath.Join(folder, "whole.lks"), filepath.Join(folder, "damaged.lks")
	world := filepath.Join("..", "..", "examples", "contoso.yaml")
	if got := command(t, "snapshot", "convert", world, whole); got.code != 0 {
		t.Fatal(got.err)
	}
	text, err := os.ReadFile(whole)
	ok(t, err)
	text[len(text)/2] ^= 1
	ok(t, os.WriteFile(damaged, text, 0o600))
	for _, args := range [][]string{
		{"snapshot", "verify", damaged},
		{"snapshot", "show", damaged},
		{"snapshot", "convert", damaged, filepath.Join(folder, "x.yaml")},
		{"snapshot", "convert", world, filepath.Join(folder, "x.txt")},
		{"can", "ann", "a/b", "Files", "--world", world, "--world", damaged},
	} {
		if got := command(t, args...); got.code != 1 || got.err == "" {
			t.Errorf("%v: exit %d: %s", args, got.code, got.err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "x.txt")); !os.IsNotExist(err) {
		t.Error("something was written in a form that there is not")
	}
}

func TestScenariosAreRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "access", "scenario", "testdata", "r18-*.txtar"))
	ok(t, err)
	if len(files) == 0 {
		t.Fatal("there are no scenarios of R18")
	}
	if got := command(t, append([]string{"scenario"}, files...)...); got.code != 0 || !strings.Contains(got.out, "every answer is as written") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	text, err := os.ReadFile(files[0])
	ok(t, err)
	wrong := filepath.Join(t.TempDir(), "wrong.txtar")
	ok(t, os.WriteFile(wrong, []byte(strings.Replace(string(text), ": has not", ": can get", 1)), 0o600))
	if got := command(t, "scenario", files[0], wrong); got.code != 1 || !strings.Contains(got.out, "wrong.txtar:") || !strings.Contains(got.out, "1 of 2 scenarios") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	for _, args := range [][]string{{"scenario"}, {"scenario", "none.txtar"}, {"scenario", filepath.Join("..", "..", "go.mod")}} {
		if got := command(t, args...); got.code == 0 || got.err == "" {
			t.Errorf("%v: exit %d: %s", args, got.code, got.err)
		}
	}
}
