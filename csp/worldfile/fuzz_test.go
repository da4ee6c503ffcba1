package worldfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"latchkey/csp/worldfile"
)

// FuzzParse: any text is refused with problems that have a place, or gives facts
// that read back as they were.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "contoso.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, test := range problems {
		f.Add([]byte(test.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		facts, err := worldfile.Parse("f.yaml", text)
		if err != nil {
			all, ok := errors.AsType[*worldfile.Error](err)
			if !ok || len(all.Problems) == 0 {
				t.Fatalf("not a list of problems: %v", err)
			}
			for _, p := range all.Problems {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Fatalf("a problem without a place or a text: %#v", p)
				}
			}
			return
		}
		out, err := worldfile.Format(facts)
		if err != nil {
			t.Fatalf("facts of a world file cannot be written: %v", err)
		}
		again, err := worldfile.Parse("again.yaml", out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
		if diff := different(facts, again); diff != "" {
			t.Fatalf("facts differ after a round trip (-before +after):\n%s\n%s", diff, out)
		}
	})
}
