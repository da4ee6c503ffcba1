package worldfile_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/csp"
	"latchkey/csp/worldfile"
)

var scopeText = regexp.MustCompile(`/(subscriptions|providers)/[^ {}]*`)

// sorted brings every list of the facts into one order, with each row once: what
// Format and Parse promise to keep.
func sorted(f csp.Facts) csp.Facts {
	lists := reflect.ValueOf(&f).Elem()
	for _, list := range lists.Fields() {
		byText := map[string]reflect.Value{}
		var keys []string
		for j := range list.Len() {
			row := list.Index(j)
			key := scopeText.ReplaceAllStringFunc(fmt.Sprintf("%+v", row.Interface()), strings.ToLower)
			if _, twice := byText[key]; !twice {
				keys = append(keys, key)
			}
			byText[key] = row
		}
		slices.Sort(keys)
		once := reflect.MakeSlice(list.Type(), 0, len(keys))
		for _, key := range keys {
			once = reflect.Append(once, byText[key])
		}
		list.Set(once)
	}
	for i := range f.GDAPs {
		g := &f.GDAPs[i]
		g.Roles = slices.Compact(sortedRoles(g.Roles))
		g.Assignments = slices.Clone(g.Assignments)
		for j := range g.Assignments {
			g.Assignments[j].Roles = sortedRoles(g.Assignments[j].Roles)
		}
		slices.SortFunc(g.Assignments, func(a, b csp.AccessAssignment) int {
			return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
		})
	}
	return f
}

func sortedRoles(ids []csp.DirectoryRoleID) []csp.DirectoryRoleID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, csp.DirectoryRoleID.Compare)
	return ids
}

// different compares facts as sets.
func different(want, got csp.Facts) string {
	return cmp.Diff(sorted(want), sorted(got), cmpopts.EquateEmpty())
}

func mustParse(t *testing.T, text string) csp.Facts {
	t.Helper()
	f, err := worldfile.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	for name, text := range examples(t) {
		t.Run(name, func(t *testing.T) {
			f := mustParse(t, text)
			out, err := worldfile.Format(f)
			if err != nil {
				t.Fatal(err)
			}
			again, err := worldfile.Parse("again.yaml", out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if diff := different(f, again); diff != "" {
				t.Errorf("facts differ after a round trip (-before +after):\n%s\n%s", diff, out)
			}
			if testing.Verbose() {
				t.Logf("\n%s", out)
			}
		})
	}
}
