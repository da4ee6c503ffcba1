package finding_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"latchkey/access/finding"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a reviewed file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as reviewed; run with -update and look at the difference. Now it is:\n%s", path, got)
	}
}

func TestAMessyWorldIsToldAsReviewed(t *testing.T) {
	x := compile(t, read(t, "messy.yaml"))
	golden(t, "testdata/messy.txt", told(finding.Find(x, noon, finding.Options{MostExamples: 4})))
}

// told is findings in a few lines each. Of what the engine was asked, the verdict is
// enough: its paths have tests of their own.
func told(found []finding.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s %s %s: %s\n  %+v\n", f.Kind, f.Severity, f.Subject.Name, f.Text, f.Count)
		for _, e := range f.Examples {
			fmt.Fprintf(&b, "  - %s\n", e.Text)
		}
		if f.More > 0 {
			fmt.Fprintf(&b, "  - and %d more\n", f.More)
		}
		if q := f.Answer.Question; !q.Principal.IsZero() {
			fmt.Fprintf(&b, "  the engine: %s %s at %s\n", f.Answer.Verdict, q.Action, q.Place)
		} else {
			for _, p := range f.Paths {
				fmt.Fprintf(&b, "  %s\n", p)
			}
		}
		for _, c := range f.Change.Commands {
			fmt.Fprintf(&b, "  $ %s\n", c.Line)
		}
	}
	return b.String()
}
