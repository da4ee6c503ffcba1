package suggest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/access/suggest"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// bench is a world to suggest things in.
type bench struct {
	t     testing.TB
	facts csp.Facts
	x     *access.Index
	names *naming.Names
}

func world(t testing.TB, edits ...string) bench {
	t.Helper()
	raw, err := os.ReadFile("testdata/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) != 1 {
			t.Fatalf("%q stands %d times in the world, want once", edits[i], strings.Count(text, edits[i]))
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	facts, err := worldfile.Parse("world.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	return bench{t, facts, x, naming.New(x.Estate)}
}

func (b bench) person(name string) csp.ObjectID {
	b.t.Helper()
	p, err := b.names.Principal(name, naming.Anybody, estate.None)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.x.PrincipalID[p]
}

// task reads a task from words: "james, jill: action, action at place, place".
func (b bench) task(text string) suggest.Task {
	b.t.Helper()
	people, rest, _ := strings.Cut(text, ": ")
	actions, places, _ := strings.Cut(rest, " at ")
	task := suggest.Task{At: noon}
	for name := range strings.SplitSeq(people, ", ") {
		task.People = append(task.People, b.person(name))
	}
	for name := range strings.SplitSeq(actions, ", ") {
		parse := access.ParseAction
		if strings.Contains(name, "blobs/") {
			parse = access.ParseDataAction
		}
		a, err := parse(name)
		if err != nil {
			b.t.Fatal(err)
		}
		task.Actions = append(task.Actions, a)
	}
	for name := range strings.SplitSeq(places, ", ") {
		where := naming.InAzure
		if strings.Contains(name, "directory") {
			where = naming.InDirectory
		}
		place, err := b.names.Place(name, where, estate.None)
		if err != nil {
			b.t.Fatal(err)
		}
		task.Places = append(task.Places, place)
	}
	return task
}

func (b bench) suggest(task suggest.Task) suggest.Result {
	b.t.Helper()
	result, err := suggest.For(b.x, b.facts, task, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

func TestShow(t *testing.T) {
	b := world(t)
	for _, text := range []string{
		"james: Microsoft.Compute/virtualMachines/restart/action at Production/web",
		"james, jill: Microsoft.Compute/virtualMachines/restart/action at Production, Production of Brightwater",
		"james: microsoft.directory/users/password/update at directory of Contoso",
		"james: microsoft.directory/users/password/update at directory of Delta",
		"james: microsoft.directory/users/password/update, Microsoft.Compute/virtualMachines/restart/action at directory of Contoso, Production",
	} {
		fmt.Println("=====", text)
		r := b.suggest(b.task(text))
		for _, s := range r.Suggestions {
			fmt.Println(" +", s.Name(), "|", s.Over)
		}
		for _, s := range r.Refusals {
			fmt.Println(" -", s.Name, "|", s.Why)
		}
	}
}
