package finding_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/csp"
)

func TestKindsAreNamedByIDAndByName(t *testing.T) {
	seen := make(map[string]bool)
	for i, kind := range finding.Kinds() {
		a := kind.About()
		if want := fmt.Sprintf("LK%03d", i+1); string(kind) != want || seen[a.Name] {
			t.Errorf("the kind after %d others is %s, named %s", i, kind, a.Name)
		}
		seen[a.Name] = true
		for _, text := range []string{string(a.ID), strings.ToLower(string(a.ID)), a.Name, strings.ToUpper(a.Name)} {
			if got, err := finding.ParseKind(text); err != nil || got != kind {
				t.Errorf("%q is read as %q, %v", text, got, err)
			}
		}
	}
	if _, err := finding.ParseKind("LK999"); err == nil || !strings.Contains(err.Error(), "LK001") {
		t.Errorf("an unknown kind gives %v", err)
	}
	if a := finding.Kind("LK999").About(); a != (finding.About{ID: "LK999"}) {
		t.Errorf("an unknown kind is told about: %+v", a)
	}
}

func TestSeveritiesAreWords(t *testing.T) {
	text, err := json.Marshal([]finding.Severity{finding.Info, finding.Low, finding.Medium, finding.High, 9})
	if want := `["info","low","medium","high",""]`; err != nil || string(text) != want {
		t.Errorf("severities are %s, %v; want %s", text, err, want)
	}
}

// The document is written from the kinds; run with -update after a change.
func TestTheDocumentTellsEveryKind(t *testing.T) {
	var b strings.Builder
	b.WriteString(documentHead)
	b.WriteString("\n| id | kind | severity | rule |\n| --- | --- | --- | --- |\n")
	for _, kind := range finding.Kinds() {
		a := kind.About()
		fmt.Fprintf(&b, "| [%s](#%s-%s) | %s | %s | [%s](model.md) |\n", a.ID, strings.ToLower(string(a.ID)), strings.ReplaceAll(strings.ToLower(a.Title), " ", "-"), a.Title, a.Severity, a.Rule)
	}
	for _, kind := range finding.Kinds() {
		a := kind.About()
		fmt.Fprintf(&b, "\n## %s %s\n\n`%s`, %s, rule %s.\n\n%s\n\n*Severity.* %s\n\n*What to do.* %s\n", a.ID, a.Title, a.Name, a.Severity, a.Rule, a.Text, a.Reason, a.Change)
	}
	golden(t, "../../docs/findings.md", b.String())
}

const documentHead = `# Findings

` + "`latchkey findings --world FILE`" + ` looks through all facts for what a person should know. This page tells every kind; it is written from the program, and a test holds the two together.

Each finding has a subject, counts all that it is about, lists a few examples, shows the paths, and proposes a change in words and, where commands can do it, as commands. The worst come first: by severity, then by how many
customers, subscriptions and things are concerned. Of a kind with very many subjects the last finding stands for the rest.

Where a kind concludes from something's absence and a gap covers it, it says nothing; the gap itself is a finding ([LK026](#lk026-not-collected)). So the absence of a finding is only as good as what was collected.

` + "`--format`" + ` writes text, JSON, CSV, SARIF 2.1.0 or one printable page of HTML. SARIF is for tools that collect findings: SARIF viewers, the scan tab of Azure DevOps, DefectDojo and other defect trackers. Findings are about tenants and
subscriptions and not about files, so they have logical locations only; GitHub's code scanning wants files and does not take them. In CSV, a cell that a spreadsheet would compute begins with an apostrophe.
`

func TestTheOrderOfFactsChangesNothing(t *testing.T) {
	facts := parse(t, read(t, "messy.yaml"))
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	want := told(finding.Find(x, noon, finding.Options{}))
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		shuffled := facts
		for _, field := range reflect.ValueOf(&shuffled).Elem().Fields() {
			list := reflect.MakeSlice(field.Type(), field.Len(), field.Len())
			for to, from := range random.Perm(list.Len()) {
				list.Index(to).Set(field.Index(from))
			}
			field.Set(list)
		}
		y, err := access.Compile(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(finding.Find(y, noon, finding.Options{})); got != want {
			t.Fatalf("in another order it is told as\n%s\nand not as\n%s", got, want)
		}
	}
}

func TestVeryManyFindingsAreFoldedIntoOne(t *testing.T) {
	x := compile(t, read(t, "messy.yaml"))
	all := finding.Find(x, noon, finding.Options{})
	for _, most := range []int{1, 2, 3} {
		some := finding.Find(x, noon, finding.Options{MostFindings: most})
		for _, kind := range finding.Kinds() {
			full, short := of(all, kind), of(some, kind)
			if len(full) <= most {
				if len(short) != len(full) {
					t.Errorf("of %d findings of kind %s, %d are told", len(full), kind, len(short))
				}
				continue
			}
			items := 0
			for _, f := range full {
				items += f.Count.Items
			}
			for _, f := range short {
				items -= f.Count.Items
			}
			last := short[len(short)-1]
			if len(short) != most || last.Others != len(full)-most+1 || items != 0 || last.Change.Text == "" {
				t.Errorf("%d findings of kind %s became %d, the last for %d, and %d things are lost", len(full), kind, len(short), last.Others, items)
			}
		}
	}
}

func TestExamplesAreCapped(t *testing.T) {
	x := compile(t, read(t, "messy.yaml"))
	for _, f := range finding.Find(x, noon, finding.Options{MostExamples: 1}) {
		if len(f.Examples) > 1 || len(f.Paths) > 1 {
			t.Errorf("%s about %s has %d examples and %d paths", f.Kind, f.Subject.Name, len(f.Examples), len(f.Paths))
		}
	}
	full := of(finding.Find(x, noon, finding.Options{}), finding.DAPInForce)[0]
	capped := of(finding.Find(x, noon, finding.Options{MostExamples: 1}), finding.DAPInForce)[0]
	if len(full.Examples) != 2 || len(capped.Examples) != 1 || capped.More != 1 {
		t.Errorf("of %d examples %d are told, and %d more", len(full.Examples), len(capped.Examples), capped.More)
	}
}

func TestOnlyTheKindsAskedForAreLookedFor(t *testing.T) {
	x := compile(t, read(t, "messy.yaml"))
	var doing []string
	found := finding.Find(x, noon, finding.Options{
		Kinds:    []finding.Kind{finding.DAPInForce, finding.NotCollected},
		Progress: func(p finding.Progress) { doing = append(doing, fmt.Sprintf("%d/%d %s", p.Done, p.Of, p.Doing)) },
	})
	for _, f := range found {
		if f.Kind != finding.DAPInForce && f.Kind != finding.NotCollected {
			t.Errorf("found %s", f.Kind)
		}
	}
	want := "0/2 reading the estate; 0/2 DAP still in force; 1/2 Not collected; 2/2 "
	if got := strings.Join(doing, "; "); got != want {
		t.Errorf("the progress is %q, want %q", got, want)
	}
}

func TestThresholdsAreOptions(t *testing.T) {
	x := compile(t, edited(t, read(t, "clean.yaml"), "        extends by: 180\n", ""))
	if n := len(of(finding.Find(x, noon, finding.Options{EndsWithin: 365 * 24 * time.Hour}), finding.GDAPEndsSoon)); n != 1 {
		t.Errorf("found %d relationships that end within a year, want 1", n)
	}
	if n := len(of(finding.Find(x, noon, finding.Options{MostOwners: 1}), finding.ManyOwners)); n != 1 {
		t.Errorf("found %d crowds of owners with a threshold of 1, want 1", n)
	}
}

// What a gap covers is not inferred from absence (M9).
func TestNothingIsInferredFromWhatWasNotCollected(t *testing.T) {
	clean := read(t, "clean.yaml")
	gaps := func(facts string) []string { return []string{"    gaps: {}", "    gaps: {" + facts + "}"} }
	partnerGap := func(fact string) []string {
		return []string{"    groups:\n      Support: [bob]", "    gaps: {" + fact + ": not read}\n    groups:\n      Support: [bob]"}
	}
	for _, c := range []struct {
		kind  finding.Kind
		world []string
		gap   []string
	}{
		{finding.ForeignPrincipalGone, []string{"created by: Alder Cloud", "created by: Alder Cloud\n        foreign principal: no"}, gaps("role assignments: not read")},
		{finding.SoleOwner, []string{"Owners: [cleo, finn]", "Owners: []"}, gaps("group memberships: not read")},
		{finding.OrphanedAssignment, []string{"Reader: [lea]", "Reader: [lea, 5f3759df-0000-4000-8000-000000000031]"}, gaps("principals: not read")},
		{finding.LeftOverPartner, []string{"Reader: [lea]", "Reader: [lea, AdminAgents @ Birch Distribution]"}, gaps("relationships with partners: not read")},
		{finding.LeftOverPartner, []string{"Reader: [lea]", "Reader: [lea, {who: 5f3759df-0000-4000-8000-000000000031, type: ForeignGroup}]"}, partnerGap("principals")},
		{finding.SignInMissing, []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [ann]\n      HelpdeskAgents"}, gaps("relationships with partners: not read")},
		{finding.SignInMissing, []string{"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [ann]\n      HelpdeskAgents"}, partnerGap("group memberships")},
	} {
		if n := len(of(finding.Find(compile(t, edited(t, clean, c.world...)), noon, finding.Options{}), c.kind)); n != 1 {
			t.Errorf("without a gap, %s is found %d times", c.kind, n)
		}
		found := finding.Find(compile(t, edited(t, edited(t, clean, c.world...), c.gap...)), noon, finding.Options{})
		if len(of(found, c.kind)) != 0 || len(of(found, finding.NotCollected)) != 1 {
			t.Errorf("with %q, %s is found %d times, and the gap %d times", c.gap[1], c.kind, len(of(found, c.kind)), len(of(found, finding.NotCollected)))
		}
	}
}

// An account that administers a large directory is shown by its first step; asking
// the engine for all that it could become would take seconds.
func TestAdministratorsOfLargeDirectoriesAreShownByTheirFirstStep(t *testing.T) {
	var users strings.Builder
	for i := range 600 {
		fmt.Fprintf(&users, ", user%d", i)
	}
	world := edited(t, read(t, "clean.yaml"),
		"users: [ann, bob, ada, gus]", "users: [ann, bob, ada, gus"+users.String()+"]\n    directory roles: {User Administrator: ada}",
		"AdminAgents: []\n      HelpdeskAgents", "AdminAgents: [bob]\n      HelpdeskAgents",
	)
	f := of(finding.Find(compile(t, world), noon, finding.Options{}), finding.CanBecomeAdminAgent)
	if len(f) != 1 || len(f[0].Paths) != 1 || f[0].Answer.Question.Principal != (csp.ObjectID{}) {
		t.Fatalf("found %+v", f)
	}
	if got, want := f[0].Paths[0].String(), "can get: ada can add himself to AdminAgents"; got != want {
		t.Errorf("the path is %q, want %q", got, want)
	}
}

func TestOperatorsWhoAdministerALargeDirectoryAreNotAskedAbout(t *testing.T) {
	var users strings.Builder
	for i := range 600 {
		fmt.Fprintf(&users, ", user%d", i)
	}
	world := edited(t, read(t, "clean.yaml"),
		"users: [cleo, finn, kim, lea]", "users: [cleo, finn, kim, lea"+users.String()+"]",
		"Global Reader: cleo", "User Administrator: lea",
		"Reader: [lea]", "Contributor: machine",
		"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: lea}",
	)
	f := of(finding.Find(compile(t, world), noon, finding.Options{}), finding.StrongerIdentity)
	if len(f) != 1 || !f[0].Answer.Question.Principal.IsZero() {
		t.Fatalf("found %+v", f)
	}
}

func TestAnIdentityThatOnlyReadsIsNoFinding(t *testing.T) {
	world := edited(t, read(t, "clean.yaml"), "Reader: [lea]", "Reader: [lea, machine]",
		"                identity: machine\n                access: {}", "                identity: machine\n                access: {Virtual Machine Contributor: kim}")
	if f := of(finding.Find(compile(t, world), noon, finding.Options{}), finding.StrongerIdentity); len(f) != 0 {
		t.Errorf("found %+v", f)
	}
}

func TestTheCommandsNameNothingThatWasFreeText(t *testing.T) {
	text, err := os.ReadFile("report/testdata/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, f := range finding.Find(compile(t, string(text)), noon, finding.Options{}) {
		for _, c := range f.Change.Commands {
			commands++
			if strings.ContainsAny(c.Line, "<>|;&$`\\\"\n\x1b") || strings.Count(c.Line, "'")%2 != 0 {
				t.Errorf("the command %q is not plain", c.Line)
			}
		}
	}
	if commands < 5 {
		t.Errorf("only %d commands were looked at", commands)
	}
}
