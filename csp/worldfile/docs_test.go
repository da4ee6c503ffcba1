package worldfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/csp/worldfile"
)

// examples are the YAML blocks of docs/worldfile.md, by the line they begin at.
func examples(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "worldfile.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	var block strings.Builder
	begin := 0
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case begin == 0 && line == "```yaml":
			begin = i + 2
		case begin != 0 && line == "```":
			found[fmt.Sprintf("line%d", begin)] = block.String()
			block.Reset()
			begin = 0
		case begin != 0:
			block.WriteString(line + "\n")
		}
	}
	if len(found) < 5 {
		t.Fatalf("found only %d examples in docs/worldfile.md", len(found))
	}
	return found
}

func TestTheManualsExamplesAreWorldFiles(t *testing.T) {
	for name, text := range examples(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := worldfile.Parse("worldfile.md", []byte(text)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestTheManualTellsEveryKey: what can be written stands in the manual, between
// backquotes or as a key of an example.
func TestTheManualTellsEveryKey(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "worldfile.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range worldfile.Keys() {
		quoted := regexp.QuoteMeta(key)
		if !regexp.MustCompile("(?m)`" + quoted + "`").Match(text) {
			t.Errorf("docs/worldfile.md does not tell the key %q", key)
		}
		if !regexp.MustCompile("(?m)[ {]"+quoted+":").Match(text) && !regexp.MustCompile("(?m)^"+quoted+":").Match(text) {
			t.Errorf("docs/worldfile.md has no example of the key %q", key)
		}
	}
}

func TestTheExampleReadsAndReadsBack(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "contoso.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	f := mustParse(t, string(text))
	out, err := worldfile.Format(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := different(f, mustParse(t, string(out))); diff != "" {
		t.Errorf("facts differ after a round trip (-before +after):\n%s", diff)
	}
	if len(f.Tenants) != 6 || len(f.Subscriptions) != 4 || len(f.GDAPs) != 3 || len(f.Denials) != 1 || len(f.Lighthouses) != 1 {
		t.Errorf("the example lost something: %d tenants, %d subscriptions, %d GDAP relationships, %d denials, %d Lighthouse delegations",
			len(f.Tenants), len(f.Subscriptions), len(f.GDAPs), len(f.Denials), len(f.Lighthouses))
	}
}
