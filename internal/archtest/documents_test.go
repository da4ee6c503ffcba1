package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	madeTest  = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]*)\(`)
	localLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
)

// texts reads every file of the repository with the suffix, by path from its top.
func texts(t *testing.T, suffix string) map[string]string {
	t.Helper()
	top := filepath.Join("..", "..")
	found := map[string]string{}
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDocumentsNameTestsThatExist(t *testing.T) {
	made := map[string]bool{}
	for _, text := range texts(t, "_test.go") {
		for _, match := range madeTest.FindAllStringSubmatch(text, -1) {
			made[match[1]] = true
		}
	}
	named := 0
	for path, text := range texts(t, ".md") {
		for _, match := range namedTest.FindAllStringSubmatch(text, -1) {
			named++
			if !made[match[1]] {
				t.Errorf("%s names %s, and there is no such test", path, match[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("the documents name only %d tests", named)
	}
}

func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	for path, text := range texts(t, ".md") {
		for _, match := range localLink.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, match[1])
			}
		}
	}
}
