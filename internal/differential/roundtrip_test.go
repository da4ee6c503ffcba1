package differential_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"latchkey/csp"
)

// TestTheEmulatorGivesTheFactsBack: what was loaded comes back, each row once, and
// what came back can be loaded again.
func TestTheEmulatorGivesTheFactsBack(t *testing.T) {
	checkWorlds(t, *worlds, func(w *draws) {
		back := emulated(w).Facts()
		if diff := gocmp.Diff(rows(w.f), rows(back)); diff != "" {
			w.Fatalf("%s\n%s", diff, w.describe())
		}
		again := &draws{T: w.T, f: back}
		if diff := gocmp.Diff(rows(back), rows(emulated(again).Facts())); diff != "" {
			w.Fatalf("loaded again: %s\n%s", diff, w.describe())
		}
	})
}

// rows are the facts as sorted lines of text, by list, each once and in lower
// case, since places may be spelt either way.
func rows(f csp.Facts) map[string][]string {
	all := map[string][]string{}
	lists := reflect.ValueOf(f)
	for i := range lists.NumField() {
		set := map[string]bool{}
		for j := range lists.Field(i).Len() {
			row := lists.Field(i).Index(j).Interface()
			if list, ok := row.(csp.RoleDefinition); ok && !list.Custom {
				row = list.ID // built-in, and long
			}
			text, err := json.Marshal(row)
			if err != nil {
				text = []byte(err.Error())
			}
			set[strings.ToLower(string(text))] = true
		}
		all[lists.Type().Field(i).Name] = slices.Sorted(maps.Keys(set))
	}
	return all
}
