package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The model's rules are cited in code as R and a number; model.md tells each of
// them once and names the packages that apply it.
var (
	citation = regexp.MustCompile(`\bR([1-9][0-9]?)\b`)
	heading  = regexp.MustCompile(`(?m)^\*\*R([1-9][0-9]?) `)
	applied  = regexp.MustCompile(`(?m)^\*Applied in:\* (.*)$`)
	quoted   = regexp.MustCompile("`([a-z0-9/]+)`")
)

const (
	root      = "../.."
	lastRule  = 37
	noPackage = "not yet applied."
)

// rules reads docs/model.md: what is said under each number.
func rules(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "model.md"))
	if err != nil {
		t.Fatal(err)
	}
	body := string(text)
	told := make(map[int]string)
	starts := heading.FindAllStringSubmatchIndex(body, -1)
	for i, at := range starts {
		end := len(body)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		number, err := strconv.Atoi(body[at[2]:at[3]])
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := told[number]; twice {
			t.Errorf("R%d is told twice", number)
		}
		told[number] = body[at[0]:end]
	}
	return told
}

// citations reads all Go files: which rules each package cites, tests apart.
func citations(t *testing.T) (code, all map[string][]int) {
	t.Helper()
	code, all = make(map[string][]int), make(map[string][]int)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, match := range citation.FindAllStringSubmatch(string(text), -1) {
			number, err := strconv.Atoi(match[1])
			if err != nil {
				return err
			}
			all[filepath.ToSlash(folder)] = append(all[filepath.ToSlash(folder)], number)
			if !strings.HasSuffix(path, "_test.go") {
				code[filepath.ToSlash(folder)] = append(code[filepath.ToSlash(folder)], number)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return code, all
}

func TestTheModelTellsEveryRuleOnce(t *testing.T) {
	told := rules(t)
	for number := 1; number <= lastRule; number++ {
		if _, ok := told[number]; !ok {
			t.Errorf("docs/model.md does not tell R%d", number)
		}
	}
	if len(told) != lastRule {
		t.Errorf("docs/model.md tells %d rules, want %d", len(told), lastRule)
	}
}

func TestEveryRuleThatCodeCitesIsTold(t *testing.T) {
	told := rules(t)
	_, all := citations(t)
	if len(all) == 0 {
		t.Fatal("no package cites a rule; are the files read at all?")
	}
	for folder, numbers := range all {
		for _, number := range numbers {
			if _, ok := told[number]; !ok {
				t.Errorf("%s cites R%d, which docs/model.md does not tell", folder, number)
			}
		}
	}
}

func TestEveryPackageNamedWithARuleCitesIt(t *testing.T) {
	code, _ := citations(t)
	for number, text := range rules(t) {
		line := applied.FindStringSubmatch(text)
		if line == nil {
			t.Errorf("R%d does not say where it is applied", number)
			continue
		}
		packages := quoted.FindAllStringSubmatch(line[1], -1)
		if (len(packages) == 0) != (line[1] == noPackage) {
			t.Errorf("R%d is applied in %q: want packages, or %q", number, line[1], noPackage)
		}
		for _, name := range packages {
			if !slices.Contains(code[name[1]], number) {
				t.Errorf("R%d is said to be applied in %s, whose code does not cite it", number, name[1])
			}
		}
	}
}
