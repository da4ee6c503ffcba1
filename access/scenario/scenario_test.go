package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/access"
	"latchkey/access/scenario"
)

// read reads every scenario of testdata, once for all tests.
var read = sync.OnceValues(func() ([]*scenario.Scenario, error) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []*scenario.Scenario
	var errs []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s, err := scenario.Parse(filepath.ToSlash(path), string(text))
		errs = append(errs, err)
		all = append(all, s)
	}
	return all, errors.Join(errs...)
})

func files(t *testing.T) []*scenario.Scenario {
	t.Helper()
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Fatalf("testdata has only %d scenarios; are the files read at all?", len(all))
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
