package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the outputs in the documents, docs/pictures and testdata anew")

// manuals are the documents whose examples are run.
var manuals = []string{"README.md", "docs/asking.md"}

// The examples of the documents are run, and what they print stands below them.
func TestTheManualsExamplesPrintWhatItSays(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for _, manual := range manuals {
		text, err := os.ReadFile(manual)
		ok(t, err)
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
		golden(t, manual, fresh.String())
	}
}

// golden compares what came out with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		ok(t, os.MkdirAll(filepath.Dir(file), 0o755))
		ok(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	ok(t, err)
	if got != string(want) {
		t.Errorf("%s has something else; run with -update and look at the difference. First: %s", file, firstDifference(string(want), got))
	}
}

// example runs a line such as `$ latchkey can ann ... $WORLD`. A picture that it
// writes is compared with the one that the document shows.
func example(t *testing.T, line string) string {
	t.Helper()
	args := words(strings.ReplaceAll(strings.TrimSpace(line), "$WORLD", "--world examples/contoso.yaml --at 2026-11-22"))[2:]
	picture := ""
	if at := slices.Index(args, "-o"); at >= 0 {
		picture, args[at+1] = args[at+1], filepath.Join(t.TempDir(), filepath.Base(args[at+1]))
		defer func() {
			drawn, err := os.ReadFile(args[at+1])
			ok(t, err)
			golden(t, picture, string(drawn))
		}()
	}
	got := command(t, args...)
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

func TestAnswersForProgramsAreStable(t *testing.T) {
	const restart = "Microsoft.Compute/virtualMachines/restart/action"
	for name, args := range map[string][]string{
		"can":            {"can", "ann", "Microsoft.Compute/virtualMachine/restart/action", "Files"},
		"why-has":        {"why", "erik", restart, "Files"},
		"why-can-get":    {"why", "dora", restart, "Web shop"},
		"why-has-not":    {"why", "chris", restart, "Web shop"},
		"why-unknown":    {"why", "chris", restart, "Plant control"},
		"why-directory":  {"why", "bob", "microsoft.directory/users/password/update", "Contoso"},
		"who":            {"who", restart, "Web shop/web"},
		"who-nobody":     {"who", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "Laboratory", "--data"},
		"reach":          {"reach", "ann", restart},
		"reach-nowhere":  {"reach", "zoe", restart},
		"reach-all":      {"reach", "finn"},
		"reach-nothing":  {"reach", "zoe"},
		"compare":        {"compare", "dora", "ann"},
		"compare-no-one": {"compare", "zoe", "zoe"},
		"what-if":        {"what-if", "remove Night shift from AdminAgents", "add carl to AdminAgents"},
		"list":           {"list", "people", "--tenant", "contoso"},
	} {
		got := command(t, append(args, "--json", "--world", exampleWorld, "--at", "2026-11-22")...)
		if got.code != 0 || got.err != "" || !json.Valid([]byte(got.out)) {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.err)
		}
		if strings.Contains(got.out, ": null") {
			t.Errorf("%s has a null: %s", name, got.out)
		}
		golden(t, filepath.Join("testdata", "answers", name+".json"), got.out)
	}
}

func TestAnswersAreDrawnInEveryForm(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct{ form, file, begins string }{
		{"svg", "a.svg", "<svg "},
		{"dot", "a.dot", "digraph "},
		{"dot", "a.gv", "digraph "},
		{"mermaid", "a.mmd", "flowchart "},
		{"json", "a.json", "{"},
		{"text", "a.txt", "ann has "},
		{"text", "a.log", "ann has "},
	} {
		for _, asked := range []string{"can", "why"} {
			args := []string{asked, "ann", "Microsoft.Compute/virtualMachines/restart/action", "Files", "--world", exampleWorld, "--at", "2026-11-22"}
			printed := command(t, append(args, "--format", test.form)...)
			file := filepath.Join(folder, test.file)
			written := command(t, append(args, "-o", file)...)
			text, err := os.ReadFile(file)
			if err != nil || written.code != 0 || !strings.HasPrefix(string(text), test.begins) {
				t.Errorf("%s into %s: exit %d, %v: %s%s", asked, test.file, written.code, err, text, written.err)
			}
			if printed.code != 0 || printed.out != string(text) {
				t.Errorf("%s as %s prints something else than it writes: exit %d: %s", asked, test.form, printed.code, printed.out)
			}
		}
	}
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
		{"an unknown form", []string{"why", "ann", restart, "Files", "--world", world, "--format", "png"}, 2, `there is no form "png" of this: want text, json, svg, dot or mermaid`},
		{"a form that the question has not", []string{"who", restart, "Files", "--world", world, "-o", "who.svg"}, 2, `there is no form "svg" of this: want text or json`},
		{"a form of differences", []string{"diff", world, world, "--format", "dot"}, 2, `want text or json`},
		{"a form of an inventory", []string{"snapshot", "show", world, "--format", "dot"}, 2, `want text or json`},
		{"two forms", []string{"why", "ann", restart, "Files", "--world", world, "--json", "--format", "svg"}, 2, "--json and --format svg are two forms: leave one of them out"},
		{"nothing to list", []string{"list", "--world", world}, 2, "say what to list: tenants, people, groups or subscriptions"},
		{"what cannot be listed", []string{"list", "roles", "--world", world}, 2, "say what to list"},
		{"a list of no world", []string{"list", "people"}, 2, "--world FILE"},
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

func TestNamesThatMeanNothingOrTooMuchAreAnswered(t *testing.T) {
	world := filepath.Join(t.TempDir(), "world.yaml")
	ok(t, os.WriteFile(world, []byte(`
partners:
  Alder: {domain: alder.example, users: [ann, Jim Beam, Jim Bond], groups: {Night shift: ann}}
customers:
  Contoso: {domain: contoso.example, users: [cleo], subscriptions: {Files: {}, Web shop: {}}}
  Fabrikam: {domain: fabrikam.example, users: [], subscriptions: {Files: {}}}
`), 0o600))
	many := filepath.Join(t.TempDir(), "many.yaml")
	ok(t, os.WriteFile(many, []byte(`
customers:
  Contoso: {domain: contoso.example, users: [u1, u2, u3, u4, u5, u6, u7, u8, u9, u10], subscriptions: {s1: {}, s2: {}, s3: {}, s4: {}, s5: {}, s6: {}, s7: {}, s8: {}, s9: {}, s10: {}}}
  `+strings.Join(words("C1 C2 C3 C4 C5 C6 C7 C8 C9"), ": {}\n  ")+": {}\n"), 0o600))
	const restart = "Microsoft.Compute/virtualMachines/restart/action"
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"can", "anne", restart, "web shop", "--world", world}, `there is no user or service principal "anne"; nearest: ann (ann@alder.example, Alder)`},
		{[]string{"can", "hans", restart, "web shop", "--world", world}, `there is no user or service principal "hans"; the world has the users and service principals: Jim Beam, Jim Bond, ann, cleo`},
		{[]string{"can", "hans", restart, "web shop", "--world", world, "--tenant", "contoso"}, `there is no user or service principal "hans" in Contoso, which has the users and service principals: cleo`},
		{[]string{"can", "hans", restart, "web shop", "--world", world, "--tenant", "fabrikam"}, `there is no user or service principal "hans" in Fabrikam, which has no users and service principals`},
		{[]string{"can", "jim", restart, "web shop", "--world", world}, `"jim" may mean Jim Beam (jim.beam@alder.example, Alder), or Jim Bond (jim.bond@alder.example, Alder): write which`},
		{[]string{"can", "night shift", restart, "web shop", "--world", world}, `there is no user or service principal "night shift"; it is a group: ask about one of its members`},
		{[]string{"can", "ann", restart, "web shpo", "--world", world}, `there is no place "web shpo"; nearest: Web shop (Contoso)`},
		{[]string{"can", "ann", restart, "Prod", "--world", world}, `there is no place "Prod"; the world has the subscriptions: Files, Web shop`},
		{[]string{"can", "ann", restart, "files", "--world", world}, `"files" may mean Files (Contoso), or Files (Fabrikam): write which`},
		{[]string{"can", "ann", "microsoft.directory/users/create", "Nordwind", "--world", world}, `there is no tenant "Nordwind"; the world has the tenants: Alder, Contoso, Fabrikam`},
		{[]string{"can", "ann", restart, "files", "--world", world, "--tenant", "Contosso"}, `there is no tenant "Contosso"; nearest: Contoso (contoso.example)`},
		{[]string{"can", "hans", restart, "s1", "--world", many}, "there is no user or service principal \"hans\"; the world has the users and service principals: u1, u10, u2, u3, u4, u5, u6, u7, and 2 more; `latchkey list people --world FILE` lists them all"},
		{[]string{"can", "u1", restart, "Prod", "--world", many}, "there is no place \"Prod\"; the world has the subscriptions: s1, s10, s2, s3, s4, s5, s6, s7, and 2 more; `latchkey list subscriptions --world FILE` lists them all"},
		{[]string{"who", restart, "directory of Nordwind", "--world", many}, "there is no tenant \"Nordwind\"; the world has the tenants: C1, C2, C3, C4, C5, C6, C7, C8, and 2 more; `latchkey list tenants --world FILE` lists them all"},
	} {
		got := command(t, append(test.args, "--at", "2026-11-22")...)
		if want := test.says + "\nSee `latchkey " + test.args[0] + " --help`.\n"; got.code != exitUsage || got.out != "" || got.err != want {
			t.Errorf("%v: exit %d: %s%s\nwant %s", test.args, got.code, got.out, got.err, want)
		}
	}
}

func TestAGuestIsToldAsHisAccountAtHome(t *testing.T) {
	world := filepath.Join(t.TempDir(), "world.yaml")
	ok(t, os.WriteFile(world, []byte(`
partners:
  Alder: {domain: alder.example, users: [ann]}
customers:
  Contoso: {domain: contoso.example, guests: [ann@alder.example], subscriptions: {Files: {access: {Owner: ann@alder.example}}}}
`), 0o600))
	args := []string{"who", "Microsoft.Compute/virtualMachines/restart/action", "Files", "--world", world, "--at", "2026-11-22"}
	got := command(t, args...)
	if want := "1 principal has Microsoft.Compute/virtualMachines/restart/action at Files (Contoso).\n\nHas it:\n  - ann (ann@alder.example, Alder)\n"; got.code != 0 || got.out != want {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
}
