package scenario_test

import (
	"os"
	"path/filepath"
	"testing"

	"latchkey/access"
	"latchkey/access/scenario"
)

// files reads every scenario of testdata.
func files(t *testing.T) []*scenario.Scenario {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 1 {
		t.Fatalf("testdata has only %d scenarios; are the files read at all?", len(paths))
	}
	var all []*scenario.Scenario
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Parse(filepath.ToSlash(path), string(text))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		all = append(all, s)
	}
	return all
}

func TestEveryScenarioComesTrue(t *testing.T) {
	for _, s := range files(t) {
		t.Run(filepath.Base(s.Name), func(t *testing.T) {
			index, err := access.Compile(s.Facts)
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			for _, failure := range s.Run(index) {
				t.Error(failure)
			}
		})
	}
}
