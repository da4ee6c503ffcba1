package access_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/csp"
)

// tally counts what random worlds brought up, so that a test that proves nothing
// does not pass for one that proves much.
type tally map[string]int

func (n tally) saw(what string) { n[what]++ }

// check fails for everything that had to come up in so many worlds and did not,
// unless fewer were tried.
func (n tally) check(t *testing.T, worlds int, wanted []string) {
	t.Helper()
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(n)) {
		lines = append(lines, fmt.Sprintf("%9d %s", n[what], what))
	}
	t.Log("what the worlds brought up:\n" + strings.Join(lines, "\n"))
	if t.Failed() || testing.Short() || worldsToTry(worlds) < worlds {
		return
	}
	for _, what := range wanted {
		if n[what] == 0 {
			t.Errorf("%q never came up", what)
		}
	}
}

// clauses are what the plain reading must have used in a run of random worlds.
var clauses = []string{
	"verdict has", "verdict can get", "verdict has not", "verdict unknown",
	"M6 Azure by home", "M6 Azure by guest", "M6 Azure by GDAP", "M6 Azure by DAP", "M6 Azure by direct link", "M6 Azure by Lighthouse",
	"M6 directory by home", "M6 directory by guest", "M6 directory by GDAP", "M6 directory by DAP",
	"M5 denied by home", "M5 denied by guest", "M5 denied by GDAP", "M5 denied by DAP", "M5 denied by direct link", "M5 denied by Lighthouse",
	"M7 guest", "M7 commands", "M7 new account", "M7 resets", "M7 adds a credential", "M7 adds himself", "M7 runs code",
	"M8 commands", "M8 blocked", "M8 writing denied", "M8 action denied to him who assigns", "M8 gives himself under a condition",
	"M8 right by home", "M8 right by GDAP", "M8 right by DAP", "M8 right by direct link", "M8 right by Lighthouse",
	"M8 assigns himself by home", "M8 assigns himself by GDAP", "M8 assigns himself by DAP", "M8 assigns himself by direct link",
	"M8 directory by home", "M8 directory by GDAP",
	"M9 gap for Has", "M9 gap against", "M9 gap about ways in", "M9 gap for CanGet", "M9 condition", "M9 denial with a condition", "M9 role not listed", "M9 directory role not known", "M9 not placed",
	"R12 GDAP replaces DAP", "R13 shuts GDAP", "R15 protected by a role", "R15 protected by a group", "R18 condition holds", "R18 condition does not hold", "R19 excluded", "R36 not a ForeignGroup",
}

const questionsPerWorld = 8

func compile(w *randomWorld) *access.Index {
	x, err := access.Compile(w.f)
	if err != nil {
		w.Fatalf("%v\n%s", err, describe(w.f))
	}
	return x
}

// TestTheEngineAgreesWithThePlainReading is what the engine rests on: two readings
// of one text, written apart, say the same about the same. Every clause of the
// text must be at work in it.
func TestTheEngineAgreesWithThePlainReading(t *testing.T) {
	n := tally{}
	const worlds = 2000
	checkWorlds(t, worlds, func(w *randomWorld) {
		x, plain := compile(w), newPlainReading(w.f, n.saw)
		for range questionsPerWorld {
			q := w.drawQuestion()
			got, want := x.Can(q), plain.Can(q)
			n.saw("verdict " + want.String())
			if got != want {
				f := smallest(w.f, func(f csp.Facts) bool {
					engine, model, err := bothSay(f, q)
					return err == nil && engine == got && model == want
				})
				w.Fatalf("the engine says %s, the model %s: %s\n%s", got, want, describeQuestion(f, q), describe(f))
			}
		}
	})
	n.check(t, worlds, clauses)
}

// bothSay is the answer of the engine, and that of the model.
func bothSay(f csp.Facts, q access.Question) (engine, model access.Verdict, err error) {
	x, err := access.Compile(f)
	if err != nil {
		return access.Unknown, access.Unknown, err
	}
	return x.Can(q), newPlainReading(f, nil).Can(q), nil
}

// TestCanAndWhyAndWhoAndReachAgree: four ways of asking, one truth.
func TestCanAndWhyAndWhoAndReachAgree(t *testing.T) {
	checkWorlds(t, 400, func(w *randomWorld) {
		x := compile(w)
		for range 3 {
			q := w.drawQuestion()
			checkWhy(w, x, q)
			checkText(w, x, q)
			checkWho(w, x, q)
			checkReach(w, x, q)
		}
	})
}

func checkWhy(w *randomWorld, x *access.Index, q access.Question) {
	if why, can := x.Why(q).Verdict, x.Can(q); why != can {
		w.Fatalf("Why says %s, Can %s: %s\n%s", why, can, describeQuestion(w.f, q), describe(w.f))
	}
}

// checkText asks on texts, in letters of another case.
func checkText(w *randomWorld, x *access.Index, q access.Question) {
	if q.Action.IsData() || q.Place.Scope.Subscription().IsZero() {
		return
	}
	got, err := x.CanText(strings.ToUpper(q.Principal.String()), strings.ToUpper(q.Action.String()), strings.ToUpper(q.Place.Scope.String()), q.At)
	if err != nil {
		w.Fatalf("CanText: %v: %s\n%s", err, describeQuestion(w.f, q), describe(w.f))
	}
	if want := x.Can(q); got != want {
		w.Fatalf("CanText says %s, Can %s: %s\n%s", got, want, describeQuestion(w.f, q), describe(w.f))
	}
}

// checkWho holds the list of holders against Can for everybody that it lists:
// users and service principals, guests only if their home account is not known.
func checkWho(w *randomWorld, x *access.Index, q access.Question) {
	holders := x.Who(q.Action, q.Place, q.At)
	said := map[csp.ObjectID][]access.Verdict{}
	for verdict, list := range map[access.Verdict][]csp.ObjectID{access.Has: holders.Has, access.CanGet: holders.CanGet, access.Unknown: holders.Unknown} {
		if !slices.IsSortedFunc(list, csp.ObjectID.Compare) {
			w.Fatalf("Who: %s is not sorted: %s\n%s", verdict, describeQuestion(w.f, q), describe(w.f))
		}
		for _, id := range list {
			said[id] = append(said[id], verdict)
		}
	}
	if _, _, placed := newPlainReading(w.f, nil).place(access.Question{Principal: anAccount(w.f), Action: q.Action, Place: q.Place, At: q.At}); !placed {
		if len(holders.Gaps) == 0 { // about nobody in particular, there is nobody to list
			w.Fatalf("Who does not say what is missing: %s\n%s", describeQuestion(w.f, q), describe(w.f))
		}
		return
	}
	for _, p := range w.f.Principals {
		homeKnown := slices.ContainsFunc(w.f.Principals, func(home csp.Principal) bool { return home.ID == p.Home })
		want := []access.Verdict{x.Can(access.Question{Principal: p.ID, Action: q.Action, Place: q.Place, At: q.At})}
		if want[0] == access.HasNot || p.Type == csp.Group || homeKnown {
			want = nil
		}
		if !slices.Equal(said[p.ID], want) {
			w.Fatalf("Who says %v about %s, Can %v: %s\n%s", said[p.ID], p.Name, want, describeQuestion(w.f, q), describe(w.f))
		}
	}
	if len(holders.Unknown) > 0 && len(holders.Gaps) == 0 {
		w.Fatalf("Who does not say what is missing: %s\n%s", describeQuestion(w.f, q), describe(w.f))
	}
}

func anAccount(f csp.Facts) csp.ObjectID {
	return f.Principals[slices.IndexFunc(f.Principals, func(p csp.Principal) bool { return p.Type == csp.User })].ID
}

// checkReach holds the territory of a principal against Can at every known place.
func checkReach(w *randomWorld, x *access.Index, q access.Question) {
	if !slices.ContainsFunc(w.f.Principals, func(p csp.Principal) bool { return p.ID == q.Principal }) {
		return
	}
	territory := x.Reach(q.Principal, q.Action, q.At)
	plain := readPlainly(w.f, q.At, false, func(string) {})
	for _, place := range knownPlaces(w) {
		if isOfDirectory(q.Action) || q.Place.IsDirectory() {
			break
		}
		var got []access.Verdict
		for _, span := range territory.Spans {
			if span.Place.Tenant != place.Tenant && !span.Place.Tenant.IsZero() {
				continue
			}
			if plain.contains(place.Tenant, span.Place.Scope, place.Scope) && tenantOfPlace(w.f, span.Place) == place.Tenant &&
				!slices.ContainsFunc(span.Except, func(e access.Place) bool { return plain.contains(place.Tenant, e.Scope, place.Scope) }) {
				got = append(got, span.Verdict)
			}
		}
		want := []access.Verdict{x.Can(access.Question{Principal: q.Principal, Action: q.Action, Place: place, At: q.At})}
		if want[0] == access.HasNot {
			want = nil
		}
		if !slices.Equal(got, want) {
			w.Fatalf("Reach says %v at %s, Can %v: %s\n%s", got, place, want, describeQuestion(w.f, q), describe(w.f))
		}
	}
	if isOfDirectory(q.Action) {
		checkDirectories(w, x, q, territory)
	}
}

func checkDirectories(w *randomWorld, x *access.Index, q access.Question, territory access.Territory) {
	for _, t := range w.f.Tenants {
		var got []access.Verdict
		for _, span := range territory.Directories {
			if span.Place == access.DirectoryOf(t.ID) {
				got = append(got, span.Verdict)
			}
		}
		want := []access.Verdict{x.Can(access.Question{Principal: q.Principal, Action: q.Action, Place: access.DirectoryOf(t.ID), At: q.At})}
		if want[0] == access.HasNot {
			want = nil
		}
		if !slices.Equal(got, want) {
			w.Fatalf("Reach says %v of the directory of %s, Can %v: %s\n%s", got, t.Name, want, describeQuestion(w.f, q), describe(w.f))
		}
	}
}

func tenantOfPlace(f csp.Facts, p access.Place) csp.TenantID {
	if id := p.Scope.Subscription(); !id.IsZero() {
		return tenantOfSubscription(f, id)
	}
	return p.Tenant
}

// knownPlaces are all places that the facts list or name.
func knownPlaces(w *randomWorld) []access.Place {
	seen := map[string]bool{}
	var list []access.Place
	add := func(t csp.TenantID, s csp.Scope) {
		for ; !s.IsZero(); s = s.Parent() {
			if key := t.String() + s.Key(); !seen[key] {
				seen[key] = true
				list = append(list, access.Place{Tenant: t, Scope: s})
			}
		}
	}
	for _, t := range w.f.Tenants {
		add(t.ID, csp.Root())
	}
	below := func(s csp.Scope) { add(tenantOfSubscription(w.f, s.Subscription()), s) }
	for _, s := range w.f.Subscriptions {
		below(csp.SubscriptionScopeOf(s.ID))
	}
	for _, r := range w.f.Resources {
		below(r.Scope)
	}
	for _, m := range w.f.Identities {
		below(m.Resource)
	}
	for _, l := range w.f.Lighthouses {
		below(l.Scope)
	}
	for _, p := range w.f.Placements {
		add(p.Tenant, p.Child)
		add(p.Tenant, p.Parent)
	}
	for _, a := range w.f.Assignments {
		add(a.Tenant, a.Scope)
	}
	for _, d := range w.f.Denials {
		add(d.Tenant, d.Scope)
	}
	return list
}
