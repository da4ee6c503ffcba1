package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"html/template"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/access/finding/report"
	"latchkey/csp/worldfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// found is what is found in the world of testdata, whose names are hostile.
func found(t testing.TB, o finding.Options) report.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	facts, err := worldfile.Parse("world.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	return report.Report{At: noon, Findings: finding.Find(x, noon, o)}
}

// picture stands for the drawing of an answer.
func picture(a access.Answer) template.HTML {
	return template.HTML(`<svg role="img" aria-label="paths"><title>` + a.Verdict.String() + `</title></svg>`)
}

var forms = []struct {
	name  string
	write func(io.Writer, report.Report) error
}{
	{"findings.txt", report.Text},
	{"findings.json", report.JSON},
	{"findings.csv", report.CSV},
	{"findings.sarif", report.SARIF},
	{"findings.html", func(w io.Writer, r report.Report) error { return report.HTML(w, r, picture) }},
}

func TestEveryFormIsAsReviewed(t *testing.T) {
	r := found(t, finding.Options{MostExamples: 2, MostFindings: 3})
	for _, form := range forms {
		var out bytes.Buffer
		if err := form.write(&out, r); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + form.name
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s is not as reviewed; run with -update and look at the difference", form.name)
		}
	}
}

func TestNothingFoundIsSaidInEveryForm(t *testing.T) {
	for _, form := range forms {
		var out bytes.Buffer
		if err := form.write(&out, report.Report{At: noon}); err != nil {
			t.Fatal(err)
		}
		says := map[string]string{
			"findings.txt": "Nothing was found.", "findings.json": `"findings": []`, "findings.csv": "kind,name,severity",
			"findings.sarif": `"results": []`, "findings.html": "Nothing was found.",
		}[form.name]
		if !strings.Contains(out.String(), says) {
			t.Errorf("%s does not say %q:\n%s", form.name, says, out.String())
		}
	}
}

func TestManyPathsAndExamplesAreCounted(t *testing.T) {
	hop := access.Path{Gives: access.Has, Hops: []access.Hop{{Kind: access.MemberOf, From: access.Stop{Name: "ann"}, To: access.Stop{Name: "Ops"}}}}
	f := finding.Finding{
		Kind: finding.EligibleWithoutEnd, Severity: finding.Low, Text: "Something.", Count: finding.Count{Items: 7}, More: 6,
		Examples: []finding.Example{{Text: "one"}}, Paths: []access.Path{hop, hop, hop, hop, hop},
	}
	other := f
	other.Kind = finding.StrongerIdentity
	other.Count.Items = 1
	entry := f
	entry.Kind = finding.Artefact
	var out bytes.Buffer
	if err := report.Text(&out, report.Report{At: noon, Findings: []finding.Finding{f, other, entry}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"7 assignments and memberships", "1 operator", "7 entries", "and 6 more", "and 2 further paths", "3 findings: 3 low."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskIsAnError(t *testing.T) {
	r := found(t, finding.Options{})
	for _, form := range forms {
		if form.write(full{}, r) == nil {
			t.Errorf("%s was written to a full disk", form.name)
		}
	}
}

func TestJSONSaysEverything(t *testing.T) {
	r := found(t, finding.Options{})
	var out bytes.Buffer
	if err := report.JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Findings []struct {
			Kind, Severity, Text string
			Subject              struct{ Name string }
			Count                finding.Count
		}
	}
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Findings) != len(r.Findings) || len(r.Findings) < 8 {
		t.Fatalf("JSON has %d findings of %d", len(read.Findings), len(r.Findings))
	}
	for i, f := range r.Findings {
		got := read.Findings[i]
		if got.Kind != string(f.Kind) || got.Text != f.Text || got.Subject.Name != f.Subject.Name || got.Count != f.Count || got.Severity != f.Severity.String() {
			t.Errorf("finding %d came back as %+v", i, got)
		}
	}
}

func TestNoCellIsAFormulaOrHidesAnything(t *testing.T) {
	var out bytes.Buffer
	if err := report.CSV(&out, found(t, finding.Options{})); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	quoted := 0
	for _, line := range lines {
		for _, cell := range line {
			if strings.ContainsAny(strings.TrimLeft(cell, " ")[:min(1, len(strings.TrimLeft(cell, " ")))], "=+-@|%") {
				t.Errorf("the cell %q is a formula", cell)
			}
			if strings.ContainsAny(cell, "\u202e\u200b\n\r\t\x1b") {
				t.Errorf("the cell %q hides something", cell)
			}
			if strings.HasPrefix(cell, "'") {
				quoted++
			}
		}
	}
	if quoted == 0 {
		t.Error("no hostile name of the world reached a cell")
	}
}

func TestTextHasNoEscapeSequences(t *testing.T) {
	var out bytes.Buffer
	if err := report.Text(&out, found(t, finding.Options{})); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e\u200b") {
		t.Error("a name's control characters reached the terminal")
	}
	if !strings.Contains(out.String(), "<U+202E>") {
		t.Error("what a name hides is not shown")
	}
}

func TestSARIFHasTheShapeThatToolsRead(t *testing.T) {
	r := found(t, finding.Options{})
	var out bytes.Buffer
	if err := report.SARIF(&out, r); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					LogicalLocations []struct{ Name, FullyQualifiedName, Kind string }
				}
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-2.1.0") || len(log.Runs) != 1 || len(log.Runs[0].Tool.Driver.Rules) != len(finding.Kinds()) {
		t.Fatalf("the log is %+v", log)
	}
	run := log.Runs[0]
	prints := make(map[string]bool)
	for i, result := range run.Results {
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID || result.RuleID != string(r.Findings[i].Kind) {
			t.Errorf("result %d is of rule %s at %d", i, result.RuleID, result.RuleIndex)
		}
		if !slices.Contains([]string{"error", "warning", "note"}, result.Level) || result.Message.Text == "" {
			t.Errorf("result %d has the level %q and the message %q", i, result.Level, result.Message.Text)
		}
		for _, seal := range result.PartialFingerprints {
			if prints[seal] {
				t.Errorf("two results have the fingerprint %s", seal)
			}
			prints[seal] = true
		}
		if len(result.Locations) != 1 {
			t.Errorf("result %d has %d locations", i, len(result.Locations))
			continue
		}
		for _, l := range result.Locations[0].LogicalLocations {
			if l.Name == "" || !strings.HasPrefix(l.FullyQualifiedName, "/") || l.Kind == "" {
				t.Errorf("result %d has the location %+v", i, l)
			}
		}
	}
}

func TestThePageHasNoScriptAndNothingFromOutside(t *testing.T) {
	var out bytes.Buffer
	if err := report.HTML(&out, found(t, finding.Options{}), nil); err != nil {
		t.Fatal(err)
	}
	page, err := html.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	ids, tables, heads := make(map[string]bool), 0, 0
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "link", "img", "form", "base"}, n.Data) {
			t.Errorf("the page has an element %s", n.Data)
		}
		switch n.Data {
		case "table":
			tables++
		case "caption":
			heads++
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("the element %s has %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("two elements have the id %s", a.Val)
				}
				ids[a.Val] = true
			}
		}
	}
	if tables == 0 || tables != heads {
		t.Errorf("the page has %d tables and %d captions", tables, heads)
	}
	for n := range page.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" && !ids[strings.TrimPrefix(a.Val, "#")] {
				t.Errorf("the page links to %s, which is not there", a.Val)
			}
		}
	}
}
