package worldfile_test

import (
	"fmt"
	"os"
	"path/filepath"
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
