package diff_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/access/estate"
	"latchkey/csp"
)

// place names a place in both worlds.
type place struct {
	tenant csp.TenantID // above subscriptions, and of directories
	scope  string       // in lower case; empty: the directory
}

// gain is that somebody has an action somewhere in one of two worlds only.
type gain struct {
	who    csp.ObjectID
	action access.Action
	at     place
	gained bool
}

func placeOf(e *estate.Estate, n estate.Node) (place, access.Place) {
	at := access.At(e.Scope(n))
	if at.Scope.Subscription().IsZero() {
		at.Tenant = e.TenantID[e.NodeTenant[n]]
	}
	return place{at.Tenant, at.Scope.Key()}, at
}

// placesOf are all places of a world, with the one above each.
func placesOf(e *estate.Estate) (all map[place]access.Place, above map[place]place) {
	all, above = map[place]access.Place{}, map[place]place{}
	for n, parent := range e.NodeParent {
		key, at := placeOf(e, estate.Node(n))
		all[key] = at
		if parent != estate.None {
			above[key], _ = placeOf(e, parent)
		}
	}
	for _, id := range e.TenantID {
		all[place{tenant: id}] = access.DirectoryOf(id)
	}
	return all, above
}

// told are the accounts that a comparison tells by themselves.
func told(before, after *access.Index) []csp.ObjectID {
	listed := func(x *access.Index, p estate.Principal) bool { return x.PrincipalTenant[p] != estate.None }
	account := func(x *access.Index, p estate.Principal) bool {
		home := x.PrincipalHome[p]
		return x.PrincipalKind[p].Type() != estate.KindGroup && (home == estate.None || !listed(x, home))
	}
	var ids []csp.ObjectID
	for p, id := range after.PrincipalID {
		if listed(after, estate.Principal(p)) && account(after, estate.Principal(p)) {
			ids = append(ids, id)
		}
	}
	for p, id := range before.PrincipalID {
		if also, ok := after.FindPrincipal(id); ok && listed(after, also) {
			continue
		}
		if listed(before, estate.Principal(p)) && account(before, estate.Principal(p)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// bruteForce asks about everybody and everything.
func bruteForce(before, after diff.Side) map[gain]bool {
	azure, directory := diff.Candidates(before, after)
	found := map[gain]bool{}
	places, _ := placesOf(before.Index.Estate)
	more, _ := placesOf(after.Index.Estate)
	maps.Copy(places, more)
	for _, who := range told(before.Index, after.Index) {
		for key, at := range places {
			actions := azure
			if at.IsDirectory() {
				actions = directory
			}
			for _, action := range actions {
				q := access.Question{Principal: who, Action: action, Place: at, At: before.At}
				had := before.Index.Can(q) == access.Has
				q.At = after.At
				if has := after.Index.Can(q) == access.Has; has != had {
					found[gain{who, action, key, has}] = true
				}
			}
		}
	}
	return found
}

// expand is what the lines say, one thing at a time.
func expand(before, after diff.Side, r diff.Result) map[gain]bool {
	found := map[gain]bool{}
	oldPlaces, oldAbove := placesOf(before.Index.Estate)
	newPlaces, newAbove := placesOf(after.Index.Estate)
	for _, line := range r.Lines {
		in := map[place]bool{}
		for _, span := range line.Spans {
			in[keyOf(span.Place)] = true
			for _, except := range span.Except {
				in[keyOf(except.Place)] = false
			}
		}
		note := func(key place) {
			for _, who := range line.Who {
				for _, action := range line.All() {
					found[gain{who.ID, action.Action, key, line.Gained()}] = true
				}
			}
		}
		for key, at := range newPlaces {
			if at.IsDirectory() && in[key] || !at.IsDirectory() && inside(in, key, newAbove) {
				note(key)
			}
		}
		for key, at := range oldPlaces {
			if _, both := newPlaces[key]; !both && (at.IsDirectory() && in[key] || !at.IsDirectory() && inside(in, key, oldAbove)) {
				note(key)
			}
		}
	}
	return found
}

func keyOf(at access.Place) place {
	if at.IsDirectory() {
		return place{tenant: at.Tenant}
	}
	return place{at.Tenant, at.Scope.Key()}
}

// inside says what the nearest named place at or above a place is.
func inside(in map[place]bool, key place, above map[place]place) bool {
	for {
		if is, named := in[key]; named {
			return is
		}
		up, ok := above[key]
		if !ok {
			return false
		}
		key = up
	}
}

// spoil takes rows out of facts at random, and now and then changes one.
func spoil(r *rand.Rand, f csp.Facts) csp.Facts {
	drop := func(n int) int { return r.IntN(n) }
	for range 1 + r.IntN(3) {
		switch r.IntN(18) {
		case 0:
			f.Memberships = without(f.Memberships, drop)
		case 1, 2:
			f.Assignments = without(f.Assignments, drop)
		case 3:
			f.Denials = without(f.Denials, drop)
		case 4:
			f.DAPs = without(f.DAPs, drop)
		case 5:
			f.GDAPs = without(f.GDAPs, drop)
		case 6:
			f.DirectoryAssignments = without(f.DirectoryAssignments, drop)
		case 7:
			f.Lighthouses = without(f.Lighthouses, drop)
		case 8:
			f.Principals = without(f.Principals, drop)
		case 9:
			f.Gaps = without(f.Gaps, drop)
		case 10:
			f.Placements = without(f.Placements, drop)
		case 11:
			f.Roles = without(f.Roles, drop)
		case 12:
			f.Tenants = slices.Clone(f.Tenants)
			f.Tenants[len(f.Tenants)-1].OldRules = r.IntN(2) == 0
		case 14:
			f.Resellers = without(f.Resellers, drop)
		case 15:
			f.Subscriptions = without(f.Subscriptions, drop)
		case 16:
			f.Tenants = without(f.Tenants, drop)
		case 17:
			f.Gaps = append(slices.Clone(f.Gaps), csp.Gap{Fact: csp.FactKind(1 + r.IntN(12)), Tenant: id[csp.Tenant](1 + r.IntN(2)), Why: "not read"})
		case 13:
			f.DirectoryRoles = without(f.DirectoryRoles, drop)
		}
	}
	return f
}

func without[T any](list []T, at func(int) int) []T {
	if len(list) == 0 {
		return list
	}
	i := at(len(list))
	return slices.Delete(slices.Clone(list), i, i+1)
}

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func compile(t *testing.T, f csp.Facts) *access.Index {
	t.Helper()
	x, err := access.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// worlds is how many pairs of random worlds are compared; some thousands passed.
var worlds = flag.Int("worlds", 25, "compare `n` pairs of random worlds")

func TestTheDifferenceIsWhatAskingEverythingFinds(t *testing.T) {
	worlds := *worlds
	differences := 0
	for seed := range worlds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		f := random(r)
		x, err := access.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		other := spoil(r, f)
		if seed%5 == 4 {
			other = random(r) // a world in which the same ids stand for something else
		}
		y, err := access.Compile(other)
		if err != nil {
			continue // what was taken away contradicts the rest
		}
		before, after := diff.Side{Index: x, At: noon}, diff.Side{Index: y, At: noon}
		switch seed % 4 {
		case 1:
			before, after = after, before
		case 2:
			after = diff.Side{Index: x, At: noon.AddDate(0, r.IntN(24), 0)}
		}
		differences += check(t, fmt.Sprint("world ", seed), before, after)
		if t.Failed() {
			return
		}
	}
	if differences < 20*worlds {
		t.Errorf("only %d differences in %d worlds: the worlds are too dull", differences, worlds)
	}
}

// check compares a difference with asking everything.
func check(t *testing.T, name string, before, after diff.Side) int {
	t.Helper()
	got := diff.Diff(before, after, diff.Options{})
	want := bruteForce(before, after)
	lines := expand(before, after, got)
	complain := func(problem string, g gain) {
		t.Errorf("%s: %s: %s %s at %v (gained: %v)", name, problem, g.who, g.action, g.at, g.gained)
	}
	said := 0
	for g := range want {
		if !lines[g] && said < 5 {
			said++
			complain("not told", g)
		}
	}
	for g := range lines {
		if !want[g] && said < 10 {
			said++
			complain("told and not so", g)
		}
	}
	return len(want)
}

func TestBecomingComparesWholeVerdicts(t *testing.T) {
	differences := 0
	for seed := range uint64(max(30, *worlds/4)) {
		r := rand.New(rand.NewPCG(seed, 8))
		f := random(r)
		x, err := access.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		y, err := access.Compile(spoil(r, f))
		if err != nil {
			continue
		}
		before, after := diff.Side{Index: x, At: noon}, diff.Side{Index: y, At: noon}
		lines := map[string]bool{}
		steps := 0
		result := diff.Diff(before, after, diff.Options{Becoming: true, Progress: func(int, int) { steps++ }})
		for _, l := range result.Lines {
			for g := range expand(before, after, diff.Result{Lines: []diff.Line{l}}) {
				lines[fmt.Sprint(g.who, g.action, g.at, l.Before, l.After)] = true
			}
		}
		want := verdicts(before, after)
		differences += len(want)
		for key := range want {
			if !lines[key] {
				t.Errorf("world %d: not told: %s", seed, key)
			}
		}
		for key := range lines {
			if !want[key] {
				t.Errorf("world %d: told and not so: %s", seed, key)
			}
		}
		if steps == 0 || t.Failed() {
			t.Fatalf("%d steps were told", steps)
		}
	}
	if differences < 100 {
		t.Errorf("only %d differences", differences)
	}
}

// verdicts asks the standing questions of everybody and everywhere.
func verdicts(before, after diff.Side) map[string]bool {
	found := map[string]bool{}
	places, _ := placesOf(before.Index.Estate)
	more, _ := placesOf(after.Index.Estate)
	maps.Copy(places, more)
	for _, who := range told(before.Index, after.Index) {
		for key, at := range places {
			for _, a := range diff.Standing {
				if at.IsDirectory() != strings.HasPrefix(a.String(), "microsoft.directory/") {
					continue
				}
				q := access.Question{Principal: who, Action: a.Action, Place: at, At: before.At}
				was, is := verdict(before.Index, q), verdict(after.Index, q)
				if was != is {
					found[fmt.Sprint(who, a.Action, key, was, is)] = true
				}
			}
		}
	}
	return found
}

// verdict is no of whom and what is not there.
func verdict(x *access.Index, q access.Question) access.Verdict {
	v := x.Can(q)
	if v != access.Unknown {
		return v
	}
	if p, ok := x.FindPrincipal(q.Principal); !ok || x.PrincipalTenant[p] == estate.None {
		return access.HasNot
	}
	t, ok := x.FindTenant(q.Place.Tenant)
	if !ok {
		t = estate.None
	}
	if !q.Place.IsDirectory() && (ok || q.Place.Tenant.IsZero()) {
		n, _ := x.FindNode(t, q.Place.Scope.String())
		if n == estate.None {
			return access.HasNot
		}
		t = x.NodeTenant[n]
	}
	if t == estate.None || x.TenantListed[t] == 0 {
		return access.HasNot
	}
	return v
}

func TestComparingTwoIsAskingBothEverything(t *testing.T) {
	differences := 0
	for seed := range uint64(12) {
		x := compile(t, random(rand.New(rand.NewPCG(seed, 9))))
		side := diff.Side{Index: x, At: noon}
		azure, directory := diff.Candidates(side, side)
		places, _ := placesOf(x.Estate)
		people := told(x, x)
		for _, a := range people {
			b := people[len(people)-1]
			want := map[gain]bool{}
			for key, at := range places {
				actions := azure
				if at.IsDirectory() {
					actions = directory
				}
				for _, action := range actions {
					had := x.Can(access.Question{Principal: a, Action: action, Place: at, At: noon}) == access.Has
					has := x.Can(access.Question{Principal: b, Action: action, Place: at, At: noon}) == access.Has
					switch {
					case had && !has:
						want[gain{a, action, key, false}] = true
					case has && !had:
						want[gain{b, action, key, true}] = true
					}
				}
			}
			differences += len(want)
			got := expand(side, side, diff.Compare(x, noon, a, b))
			if len(got) != len(want) {
				t.Fatalf("world %d: %s and %s differ in %d things, not in %d", seed, a, b, len(want), len(got))
			}
			for g := range got {
				if !want[g] {
					t.Fatalf("world %d: told and not so: %v", seed, g)
				}
			}
		}
	}
	if differences < 1000 {
		t.Errorf("only %d differences", differences)
	}
	if r := diff.Compare(compile(t, csp.Facts{}), noon, csp.ObjectID{1}, csp.ObjectID{2}); len(r.Lines) != 0 {
		t.Error("people whom nobody knows differ")
	}
}

func TestHoldingsAreWhateverSomebodyHas(t *testing.T) {
	held := 0
	for seed := range uint64(12) {
		x := compile(t, random(rand.New(rand.NewPCG(seed, 10))))
		side := diff.Side{Index: x, At: noon}
		azure, directory := diff.Candidates(side, side)
		places, _ := placesOf(x.Estate)
		for _, who := range told(x, x) {
			want := map[gain]bool{}
			for key, at := range places {
				actions := azure
				if at.IsDirectory() {
					actions = directory
				}
				for _, action := range actions {
					if x.Can(access.Question{Principal: who, Action: action, Place: at, At: noon}) == access.Has {
						want[gain{who, action, key, true}] = true
					}
				}
			}
			held += len(want)
			if got := expand(side, side, diff.Holdings(x, noon, who)); !maps.Equal(got, want) {
				t.Fatalf("world %d: %s holds %d things, told %d: %v, want %v", seed, who, len(want), len(got), got, want)
			}
		}
	}
	if held < 1000 {
		t.Errorf("only %d things held", held)
	}
	if r := diff.Holdings(compile(t, csp.Facts{}), noon, csp.ObjectID{1}); len(r.Lines) != 0 {
		t.Error("somebody whom nobody knows holds something")
	}
}
