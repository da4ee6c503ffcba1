package access_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/csp"
)

var (
	somePatterns = []string{
		restart, restart, restart, restart, readVM, "*/read", "*/restart/action", "Microsoft.*/restart/action", "Microsoft.Compute/*/restart/*",
		"*", "*/read", "*/action", "Microsoft.Compute/*", "Microsoft.Compute/virtualMachines/*",
		"Microsoft.Authorization/*", "Microsoft.Authorization/*/write", "Microsoft.Support/*",
		"Microsoft.Compute/virtualMachines/restart", "Microsoft.Computer/*",
	}
	someActions = []string{restart, restart, restart, readVM, writeAssign, "Microsoft.Support/tickets/write"}
	someScopes  = []string{"/", "mg:all", "mg:online", "shop", "shop", "shop", "shop/rg", "shop/RG", "shop/rg2", "shop/rg/vm", "shop/rg/vm2", "spare", "spare/rg"}
	someTerms   = []access.Term{
		{}, {}, {}, {}, {Eligible: true}, {Until: noon}, {From: noon}, {From: noon.Add(time.Hour)}, {Until: noon.Add(time.Hour), Eligible: true},
	}
	somePeople = []string{"ann", "bob"}
	someGroups = []string{"ops", "night", "all", "few"}
)

// drawWorld makes a small world in which everything touches everything.
func drawWorld(tb testing.TB, t *rapid.T) *world {
	tb.Helper()
	w := newWorld(tb).users(somePeople...).groups(someGroups...)
	w.facts.Subscriptions = append(w.facts.Subscriptions, csp.Subscription{ID: idOf[csp.Subscription]("spare"), Tenant: idOf[csp.Tenant]("contoso")})
	w.facts.DirectoryRoles = nil
	pick := func(from []string, label string) string { return rapid.SampledFrom(from).Draw(t, label) }
	several := func(from []string, most int, label string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(from), 0, most).Draw(t, label)
	}
	condition := func() string { return rapid.SampledFrom([]string{"", "", "", "@x"}).Draw(t, "condition") }

	for _, child := range []string{"shop", "spare", "mg:online", "mg:all"} {
		if parent := pick([]string{"", "mg:all", "mg:online"}, "parent of "+child); parent != "" {
			w.place(child, parent)
		}
	}
	for range rapid.IntRange(2, 8).Draw(t, "memberships") {
		w.memberFor(pick(someGroups, "group"), pick(slices.Concat(somePeople, somePeople, someGroups), "member"), rapid.SampledFrom(someTerms).Draw(t, "term"))
	}
	roles := []string{"r0", "r1", "r2"}
	for _, name := range roles {
		var entries []csp.Permission
		for range rapid.IntRange(1, 2).Draw(t, "entries") {
			entries = append(entries, csp.Permission{Actions: rapid.SliceOfN(rapid.SampledFrom(somePatterns), 1, 3).Draw(t, "actions"), NotActions: several(somePatterns, 1, "notActions"), Condition: condition()})
		}
		w.role(name, entries...)
	}
	for i := range rapid.IntRange(2, 6).Draw(t, "assignments") {
		w.assign(pick(slices.Concat(somePeople, somePeople, someGroups), "who"), pick(roles, "role"), pick(someScopes, "where"), func(a *access.Assignment) {
			a.Name = idOf[csp.RoleAssignment](fmt.Sprint("assignment", i))
			a.Term, a.Condition = rapid.SampledFrom(someTerms).Draw(t, "term"), condition()
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "denials") {
		everybody := slices.Concat(somePeople, someGroups)
		w.deny(fmt.Sprint("denial", i), pick(someScopes, "where"), csp.DenyAssignment{
			Permissions:   []csp.Permission{{Actions: rapid.SliceOfN(rapid.SampledFrom(somePatterns), 1, 2).Draw(t, "denied"), NotActions: several(somePatterns, 1, "not denied")}},
			Principals:    ids(several(everybody, 2, "principals")...),
			Everyone:      rapid.Bool().Draw(t, "everyone"),
			Excluded:      ids(several(everybody, 2, "excluded")...),
			ThisScopeOnly: rapid.Bool().Draw(t, "this scope only"),
			AuditOnly:     rapid.IntRange(0, 4).Draw(t, "audit") == 0,
			Condition:     condition(),
		})
	}
	return w
}

func drawQuestion(tb testing.TB, t *rapid.T) access.Question {
	tb.Helper()
	return question(tb, rapid.SampledFrom(somePeople).Draw(t, "asked about"), rapid.SampledFrom(someActions).Draw(t, "action"),
		rapid.SampledFrom([]string{"shop/rg/vm", "shop/rg/vm", "shop/rg", "spare/rg/vm"}).Draw(t, "scope"))
}

// TestMain raises rapid's own number of random worlds, unless a number is asked
// for with -rapid.checks.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "1000"); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// checkWorlds tries a property on random worlds.
func checkWorlds(t *testing.T, property func(*rapid.T, *world, access.Question)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) { property(rt, drawWorld(t, rt), drawQuestion(t, rt)) })
}

func TestCanAgreesWithTheReference(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, q access.Question) {
		answer, want := w.compile().Can(q), referenceVerdict(w.facts, q)
		if answer.Verdict == want {
			return
		}
		// The one thing the engine does not work out, and says so.
		if answer.Verdict == access.Unknown && slices.ContainsFunc(answer.Gaps, func(g access.Gap) bool { return g.Fact == access.MissingActivation }) {
			return
		}
		rt.Fatalf("want %s, got %s\n%s", want, dump(answer), cmp.Diff(access.Facts{}, w.facts))
	})
}

func TestRemovingAnAssignmentNeverAddsAccess(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, q access.Question) {
		before := w.compile().Can(q)
		if len(w.facts.Assignments) == 0 {
			return
		}
		i := rapid.IntRange(0, len(w.facts.Assignments)-1).Draw(rt, "removed")
		w.facts.Assignments = slices.Delete(slices.Clone(w.facts.Assignments), i, i+1)
		after := w.compile().Can(q)
		if after.Verdict == access.Has && before.Verdict != access.Has {
			rt.Fatalf("it was %s\nand is %s", dump(before), dump(after))
		}
		if after.Verdict == access.CanGet && before.Verdict == access.HasNot {
			rt.Fatalf("it was %s\nand is %s", dump(before), dump(after))
		}
		for _, path := range after.Paths {
			if !slices.ContainsFunc(before.Paths, func(p access.Path) bool { return p.String() == path.String() }) {
				rt.Fatalf("a new path: %s", path)
			}
		}
	})
}

func TestTheOrderOfFactsChangesNothing(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, q access.Question) {
		before := dump(w.compile().Can(q))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		shuffle(r, w.facts.Principals)
		shuffle(r, w.facts.Memberships)
		shuffle(r, w.facts.Placements)
		shuffle(r, w.facts.Roles)
		shuffle(r, w.facts.Assignments)
		shuffle(r, w.facts.Denials)
		if after := dump(w.compile().Can(q)); after != before {
			rt.Fatal(cmp.Diff(before, after))
		}
	})
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestRenamingChangesNothing(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, q access.Question) {
		before := w.compile().Can(q)
		for i := range w.facts.Principals {
			w.facts.Principals[i].Name = fmt.Sprint("p", len(w.facts.Principals)-i)
		}
		for i := range w.facts.Roles {
			w.facts.Roles[i].Name = "Reader"
		}
		for i := range w.facts.Denials {
			w.facts.Denials[i].Name = "x"
		}
		w.facts.Tenants[0].Name = "y"
		after := w.compile().Can(q)
		if before.Verdict != after.Verdict || len(before.Paths) != len(after.Paths) || !slices.Equal(before.Denied, after.Denied) {
			rt.Fatalf("it was %s\nand is %s", dump(before), dump(after))
		}
	})
}

func TestAnswersHoldTogether(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, q access.Question) {
		a := w.compile().Can(q)
		gives := func(v access.Verdict) bool {
			return slices.ContainsFunc(a.Paths, func(p access.Path) bool { return p.Gives == v })
		}
		switch {
		case a.Verdict == access.Has && !gives(access.Has),
			a.Verdict == access.CanGet && !gives(access.CanGet),
			a.Verdict == access.CanGet && gives(access.Has),
			a.Verdict == access.HasNot && (gives(access.Has) || gives(access.CanGet)) && len(a.Denied) == 0,
			(a.Verdict == access.Unknown) != (len(a.Gaps) > 0),
			(a.Verdict == access.HasNot) != (len(a.Misses) > 0),
			a.More:
			rt.Fatal(dump(a))
		}
		for _, path := range a.Paths {
			if (path.Gives == access.Unknown) != (path.Gap != access.Gap{}) || len(path.Hops) == 0 {
				rt.Fatal(path)
			}
		}
	})
}
