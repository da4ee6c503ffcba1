package scenario_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/access/scenario"
)

var update = flag.Bool("update", false, "write docs/scenarios.md anew")

const (
	model    = "../../docs/model.md"
	document = "../../docs/scenarios.md"
)

var ruleHeading = regexp.MustCompile(`(?m)^\*\*([RM][1-9][0-9]?) ([^*]+?)\.?\*\*`)

// rule is one of docs/model.md, or one of those by which they are read together.
type rule struct{ number, title string }

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, match := range ruleHeading.FindAllStringSubmatch(string(text), -1) {
		all = append(all, rule{match[1], strings.Trim(match[2], "\".")})
	}
	if len(all) != 46 {
		t.Fatalf("%s has %d rules, want 37 and the 9 by which they are read together", model, len(all))
	}
	return all
}

// showing are the scenarios that show the rule giving access, or giving none.
func showing(all []*scenario.Scenario, rule string, gives bool) []*scenario.Scenario {
	var found []*scenario.Scenario
	for _, s := range all {
		if slices.ContainsFunc(s.Questions, func(q scenario.Question) bool {
			return slices.Contains(q.Shows, scenario.Show{Rule: rule, Gives: gives})
		}) {
			found = append(found, s)
		}
	}
	return found
}

func TestEveryRuleHasAScenarioThatGivesAndOneThatDoesNot(t *testing.T) {
	all := files(t)
	told := map[string]bool{}
	for _, r := range rules(t) {
		told[r.number] = true
		for _, gives := range []bool{true, false} {
			if len(showing(all, r.number, gives)) == 0 {
				t.Errorf("no scenario shows %s (%s) with gives = %t", r.number, r.title, gives)
			}
		}
	}
	for _, s := range all {
		for _, q := range s.Questions {
			for _, show := range q.Shows {
				if !told[show.Rule] {
					t.Errorf("%s:%d shows %s, which %s does not tell", s.Name, q.Line, show.Rule, model)
				}
			}
		}
	}
}

func TestAScenarioNamedAfterARuleShowsIt(t *testing.T) {
	named := regexp.MustCompile(`^(r\d\d|m\d)-`)
	for _, s := range files(t) {
		match := named.FindStringSubmatch(filepath.Base(s.Name))
		if match == nil {
			continue
		}
		number := strings.Replace(strings.ToUpper(match[1]), "R0", "R", 1)
		if len(showing([]*scenario.Scenario{s}, number, true))+len(showing([]*scenario.Scenario{s}, number, false)) == 0 {
			t.Errorf("%s is named after %s and does not show it", s.Name, number)
		}
	}
}

func TestEveryQuestionThatWasAskedIsAnswered(t *testing.T) {
	asked, james := 0, 0
	for _, s := range files(t) {
		base := filepath.Base(s.Name)
		if strings.HasPrefix(base, "asked-") != (s.Remark("Asked") != "") {
			t.Errorf("%s: a file called asked-... says where it was asked, and no other does", base)
		}
		if s.Remark("Asked") != "" {
			asked++
			if s.Remark("Article") == "" || s.Remark("Today") == "" {
				t.Errorf("%s does not say what the article answers and what holds today", base)
			}
		}
		if strings.HasPrefix(base, "james-") {
			james++
			if s.Remark("Too much") == "" || s.Remark("Instead") == "" {
				t.Errorf("%s does not say what is too much and what to do instead", base)
			}
		}
	}
	if asked < 10 || james != 5 {
		t.Errorf("got %d questions that were asked and %d cases of James, want at least 10 and 5", asked, james)
	}
}

func TestTheDocumentShowsTheScenarios(t *testing.T) {
	got := documentOf(rules(t), files(t))
	if *update {
		if err := os.WriteFile(document, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the scenarios say: go test ./access/scenario -run TheDocument -update", document)
	}
}

func documentOf(all []rule, scenarios []*scenario.Scenario) string {
	var b strings.Builder
	b.WriteString(`# The rules, shown

This page is written from the files in [access/scenario/testdata](../access/scenario/testdata). Each is a small world with questions and the answers it must give; a test runs them all against the engine,
another writes this page. The rules are in [model.md](model.md).

- [Questions people ask](#questions-people-ask)
- [James, five times](#james-five-times)
- [Every rule, both ways](#every-rule-both-ways)
- [Writing one](#writing-one)

## Questions people ask

*Article* is the answer that the article on identity and rights in CSP, or its author in the comments, gives, in our words; *today* is what holds now.
`)
	for _, s := range scenarios {
		if s.Remark("Asked") != "" {
			writeAnswer(&b, s, "Asked", "Article", "Today")
		}
	}
	b.WriteString("\n## James, five times\n\nThe five ways to let an engineer work (R33), what each gives too much, and the modern way.\n")
	for _, s := range scenarios {
		if s.Remark("Too much") != "" {
			writeAnswer(&b, s, "Article", "Too much", "Instead", "Today")
		}
	}
	b.WriteString("\n## Every rule, both ways\n\nA rule *gives* where it gives access or names a danger, and *gives not* where what it asks for is not there. R1 to R37 are the rules of the world, M1 to M9 say how they are read together.\n\n| rule | shown by | gives | gives not |\n| --- | --- | --- | --- |\n")
	for _, r := range all {
		name := fmt.Sprintf("**%s** %s", r.number, r.title)
		gives, not := showing(scenarios, r.number, true), showing(scenarios, r.number, false)
		for _, s := range scenarios {
			if slices.Contains(gives, s) || slices.Contains(not, s) {
				fmt.Fprintf(&b, "| %s | [%s](%s) | %s | %s |\n", name, s.Title, address(s), yes(slices.Contains(gives, s)), yes(slices.Contains(not, s)))
				name = ""
			}
		}
	}
	writeHowTo(&b)
	return b.String()
}

// worked is the scenario that the page shows in full.
const worked = "r24-the-global-administrators-second-step.txtar"

const howTo = `
## Writing one

A scenario has three parts: paragraphs of which the first is the question in words, a world as in [worldfile.md](worldfile.md), and questions. This is one in full:

~~~
%s~~~

A question is a line, continued by the indented lines below it:

| line | asks |
| --- | --- |
| ~on 2026-12-01~, ~on 2026-12-01T10:30:00Z~ | nothing; it sets the instant of all that follows. Before the first, it is the first instant of 2026 |
| ~restart means Microsoft.Compute/virtualMachines/restart/action~ | nothing; it makes a word for an action. ~data~ behind it makes it a data action |
| ~can ann restart at shop/web: has~ | whether she may; the answers are ~has~, ~can get~, ~has not~ and ~unknown~ |
| ~can ann microsoft.directory/users/create in Contoso: has~ | the same of the directory of a tenant |
| ~who restart at shop: has ann, bob; can get carl~ | who may; ~nobody~ if nobody may. Nobody else may, except by the guest account of somebody who is listed |
| ~reach ann restart: has shop except shop/vault, in Contoso~ | where she may; ~nowhere~ if nowhere |

A place is a subscription (~shop~), a resource group (~shop/web~), a resource (~shop/web/vm1~, or with its type ~shop/web/Microsoft.Compute/virtualMachines/vm1~), ~management group europe of Contoso~, ~root of Contoso~, or an id in full.
~james~ is James at home, ~james @ Contoso~ his guest account there.

Behind the answer to ~can~ may stand evidence, parted by semicolons or line ends:

| evidence | the answer shows |
| --- | --- |
| ~by R21, GDAP, "Foreign Principal"~ | one path that follows the rule, comes in that way (home, guest, GDAP, DAP, direct link, Lighthouse) and has the text in it |
| ~not by DAP~ | no such path |
| ~partner-wide~, ~not partner-wide~ | a path that the partner cannot limit to one customer, or none |
| ~because sign-in~, ~because "a text"~ | what is missing: denied, sign-in, guest, term, role, scope, assignment or entry; of what is unknown, which fact |
| ~denied by "a name"~ | that deny assignment |
| ~note R16~, ~no note R16~ | a note on the rule, or none |
| ~sign in to Contoso by GDAP~ | where to sign in, and how |
| ~shows R21~ | that the question is there for this rule, and puts it on this page |

Besides what it asks, everybody in its world is asked about every place in it in each of the engine's ways of asking, and all must agree.
`

func writeHowTo(b *strings.Builder) {
	text, err := os.ReadFile("testdata/" + worked)
	if err != nil {
		panic(err) // a file of the repository
	}
	fmt.Fprintf(b, strings.ReplaceAll(strings.ReplaceAll(howTo, "~~~", "```"), "~", "`"), text)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func writeAnswer(b *strings.Builder, s *scenario.Scenario, labels ...string) {
	fmt.Fprintf(b, "\n### %s\n\n", s.Title)
	for _, label := range labels {
		if text := s.Remark(label); text != "" {
			fmt.Fprintf(b, "*%s:* %s\n\n", label, text)
		}
	}
	fmt.Fprintf(b, "Shown by [%s](%s).\n", filepath.Base(s.Name), address(s))
}

func address(s *scenario.Scenario) string {
	return "../access/scenario/testdata/" + filepath.Base(s.Name)
}
