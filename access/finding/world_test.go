package finding_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, text string) csp.Facts {
	t.Helper()
	facts, err := worldfile.Parse("world.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func compile(t testing.TB, text string) *access.Index {
	t.Helper()
	x, err := access.Compile(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// edited is a world with texts replaced: old, new, old, new.
func edited(t testing.TB, world string, edits ...string) string {
	t.Helper()
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(world, edits[i]) != 1 {
			t.Fatalf("%q stands %d times in the world, want once", edits[i], strings.Count(world, edits[i]))
		}
		world = strings.Replace(world, edits[i], edits[i+1], 1)
	}
	return world
}

// of are the findings of a kind.
func of(found []finding.Finding, kind finding.Kind) []finding.Finding {
	var list []finding.Finding
	for _, f := range found {
		if f.Kind == kind {
			list = append(list, f)
		}
	}
	return list
}
