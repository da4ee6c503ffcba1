package access_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
)

var update = flag.Bool("update", false, "write what the engine tells into testdata/why")

// TestWhyTells holds every word of an answer against a golden file: a world,
// questions about it, and all that Why says. A question is a line
// "WHO: ACTION at PLACE" or "WHO: ACTION in TENANT", with "data" before a data
// action, and "on INSTANT" behind it if it is not about the first of December.
func TestWhyTells(t *testing.T) {
	files, err := filepath.Glob("testdata/why/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { checkGolden(t, file) })
	}
}

func checkGolden(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	asked, told, _ := strings.Cut(string(text), "-- answers --\n")
	about, rest, _ := strings.Cut(asked, "-- world --\n")
	world, questions, found := strings.Cut(rest, "-- questions --\n")
	if !found || strings.TrimSpace(about) == "" {
		t.Fatal("want a sentence, and the sections world and questions")
	}
	g := newGolden(t, file, world)
	var got strings.Builder
	for line := range strings.Lines(questions) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&got, "\n%s\n", line)
			g.answer(&got, g.index.Why(g.question(t, line)))
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(asked+"-- answers --\n"+got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(told, got.String()); diff != "" {
		t.Errorf("what is told has changed; if it should, run the test with -update (-golden +told):\n%s", diff)
	}
}

// golden is a world with the names of its ids.
type golden struct {
	index *access.Index
	names *naming.Names
	ids   map[string]string
}

func newGolden(t *testing.T, file, world string) golden {
	t.Helper()
	facts, err := worldfile.Parse(file, []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	g := golden{index: x, names: naming.New(x.Estate), ids: map[string]string{}}
	for _, one := range facts.Tenants {
		g.ids[one.ID.String()] = one.Name
	}
	for _, one := range facts.Subscriptions {
		g.ids[one.ID.String()] = one.Name
	}
	for _, one := range facts.Principals {
		g.ids[one.ID.String()] = one.Name
	}
	for _, one := range facts.Denials {
		g.ids[one.ID.String()] = one.Name
	}
	for _, one := range builtin.AzureRoles() {
		g.ids[one.ID.String()] = one.Name
	}
	return g
}

var questionLine = regexp.MustCompile(`^(.+): (data )?(\S+) (at|in) (.+?)(?: on (\S+))?$`)

func (g golden) question(t *testing.T, line string) access.Question {
	t.Helper()
	parts := questionLine.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("%q is no question", line)
	}
	q := access.Question{At: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	who, err := g.names.Principal(parts[1], naming.Anybody, estate.None)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	q.Principal = g.index.PrincipalID[who]
	read := access.ParseAction
	if parts[2] != "" {
		read = access.ParseDataAction
	}
	if q.Action, err = read(parts[3]); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	where := naming.InAzure
	if parts[4] == "in" {
		where = naming.InDirectory
	}
	if q.Place, err = g.names.Place(parts[5], where, estate.None); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if parts[6] != "" {
		if q.At, err = time.Parse(time.DateOnly, parts[6]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return q
}

// answer prints all of an answer.
func (g golden) answer(b *strings.Builder, a access.Answer) {
	say := func(depth int, format string, args ...any) {
		fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", depth), g.named(fmt.Sprintf(format, args...)))
	}
	say(1, "%s", a.Verdict)
	for _, p := range a.Paths {
		say(2, "%s%s", p, mark(p.PartnerWide(), "(partner-wide)"))
		g.hops(say, p.Hops)
		if len(p.Entry.Hops) > 0 {
			say(3, "enters:")
			g.hops(say, p.Entry.Hops)
		}
		if !p.Blocked.IsZero() {
			say(3, "blocked by %s", p.Blocked)
		}
	}
	if a.More {
		say(2, "and more")
	}
	for _, d := range a.Denied {
		say(2, "denied by %s at %s", d.Name, d.Scope)
	}
	for _, m := range a.Misses {
		say(2, "misses %s: %s", m.Kind, m.Text)
		if m.Next != "" {
			say(3, "next: %s", m.Next)
		}
		g.hops(say, m.There)
	}
	for _, gap := range a.Gaps {
		say(2, "not known: %s", gap)
	}
	for _, n := range a.Notes {
		say(2, "note %s: %s", n.Rule, n.Text)
	}
	for _, c := range a.Contexts {
		say(2, "sign in to %s by %s", c.Tenant.Name, c.Entry)
		for _, line := range []string{c.Portal, c.PowerShell, c.CLI} {
			say(3, "%s", line)
		}
	}
}

func (g golden) hops(say func(int, string, ...any), hops []access.Hop) {
	for _, h := range hops {
		detail := text("detail", h.Detail)
		say(4, "%s %s: %s > %s%s%s%s", h.Rule, h.Kind, stop(h.From), stop(h.To), during(h.Term), detail, mark(h.PartnerWide, "(partner-wide)"))
	}
}

// stop is a stop with its kind.
func stop(s access.Stop) string {
	text := fmt.Sprintf("%s %q of %s", s.Kind, s.Name, s.Tenant)
	if !s.Scope.IsZero() {
		text += " at " + s.Scope.String()
	}
	return text
}

// named replaces ids by names in braces.
func (g golden) named(text string) string {
	return guid.ReplaceAllStringFunc(text, func(id string) string {
		if name := g.ids[id]; name != "" {
			return "{" + name + "}"
		}
		return id
	})
}
