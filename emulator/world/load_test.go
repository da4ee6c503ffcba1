package world_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator/world"
)

// contoso is the world of examples/contoso.yaml.
func contoso(tb testing.TB) csp.Facts {
	tb.Helper()
	text, err := os.ReadFile("../../examples/contoso.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	f, err := worldfile.Parse("contoso.yaml", text)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func loaded(tb testing.TB, f csp.Facts) *world.World {
	tb.Helper()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	w := world.New(world.Options{Now: func() time.Time { return now }, Roles: builtin.AzureRoles()})
	if err := w.Load(f); err != nil {
		tb.Fatal(err)
	}
	return w
}

// sorted is the facts with every list in one order, and each row once.
func sorted(f csp.Facts) csp.Facts {
	order(&f.Tenants)
	order(&f.Domains)
	order(&f.Principals)
	order(&f.People)
	order(&f.Memberships)
	order(&f.Resellers)
	order(&f.DAPs)
	f.GDAPs = slices.Clone(f.GDAPs)
	for i := range f.GDAPs {
		order(&f.GDAPs[i].Roles)
		order(&f.GDAPs[i].Assignments)
	}
	order(&f.GDAPs)
	order(&f.Lighthouses)
	order(&f.Subscriptions)
	order(&f.Placements)
	order(&f.Resources)
	order(&f.Identities)
	order(&f.Roles)
	order(&f.Assignments)
	order(&f.Denials)
	order(&f.DirectoryRoles)
	order(&f.DirectoryAssignments)
	order(&f.Locks)
	order(&f.Policies)
	order(&f.Artefacts)
	order(&f.Usage)
	order(&f.Gaps)
	return f
}

func order[T any](list *[]T) {
	text := func(v T) string { return strings.ToLower(fmt.Sprintf("%+v", v)) }
	*list = slices.Clone(*list)
	slices.SortFunc(*list, func(a, b T) int { return cmp.Compare(text(a), text(b)) })
	*list = slices.CompactFunc(*list, func(a, b T) bool { return text(a) == text(b) })
	if len(*list) == 0 {
		*list = nil
	}
}

var sameScope = gocmp.Comparer(func(a, b csp.Scope) bool { return a.Equal(b) })

func TestFactsGiveBackWhatWasLoaded(t *testing.T) {
	f := contoso(t)
	if diff := gocmp.Diff(sorted(f), sorted(loaded(t, f).Facts()), sameScope); diff != "" {
		t.Error(diff)
	}
}
