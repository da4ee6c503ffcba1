package access_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/csp"
)

// The laws hold of every true reading of the model, so both readings are tried.
func bothCan(w *randomWorld, f csp.Facts, q access.Question) map[string]access.Verdict {
	engine, model, err := bothSay(f, q)
	if err != nil {
		w.Fatalf("%v\n%s", err, describe(f))
	}
	return map[string]access.Verdict{"the engine": engine, "the model": model}
}

// checkLaw tries a law: of the verdicts about facts and about changed facts.
func checkLaw(w *randomWorld, f, changed csp.Facts, q, asked access.Question, holds func(before, after access.Verdict) bool) {
	w.Helper()
	before, after := bothCan(w, f, q), bothCan(w, changed, asked)
	for who, verdict := range before {
		if !holds(verdict, after[who]) {
			w.Fatalf("%s says first %s, then %s: %s\n%s\nthen:\n%s", who, verdict, after[who], describeQuestion(f, q), describe(f), describe(changed))
		}
	}
}

func same(before, after access.Verdict) bool { return before == after }

// noMore: what is certain afterwards is no more than what was certain before.
func noMore(before, after access.Verdict) bool {
	return before == access.Unknown || after == access.Unknown || after <= before
}

func TestOrderChangesNothing(t *testing.T) {
	checkWorlds(t, 300, func(w *randomWorld) {
		q := w.drawQuestion()
		changed := shuffled(w.f, func(n int) int { return fair(n).Draw(w.T, "place in the list") })
		checkLaw(w, w.f, changed, q, q, same)
	})
}

func TestNamesChangeNothing(t *testing.T) {
	checkWorlds(t, 300, func(w *randomWorld) {
		q := w.drawQuestion()
		other := newRenaming(rapid.Uint64().Draw(w.T, "letters"))
		checkLaw(w, w.f, other.facts(w.f), q, other.question(q), same)
	})
}

// TestAGapTurnsNothingCertainIntoItsContrary: what was certain stays so or becomes
// Unknown, and what was Unknown stays so.
func TestAGapTurnsNothingCertainIntoItsContrary(t *testing.T) {
	checkWorlds(t, 300, func(w *randomWorld) {
		q, gap := w.drawQuestion(), sketch(w.drawGap())
		checkLaw(w, w.f, joined(w.f, gap), q, q, func(before, after access.Verdict) bool {
			return after == before || after == access.Unknown
		})
	})
}

// TestLessNeverGivesMore: taking away what gives and never overrides.
func TestLessNeverGivesMore(t *testing.T) {
	var gives []int
	for _, name := range []string{"Assignments", "DAPs", "Lighthouses", "Resellers"} {
		gives = append(gives, listNamed(name))
	}
	checkWorlds(t, 300, func(w *randomWorld) {
		q := w.drawQuestion()
		for _, list := range gives {
			if n := rows(w.f, list); n > 0 {
				checkLaw(w, w.f, without(w.f, list, w.upTo(n-1, "row")), q, q, noMore)
			}
		}
	})
}

// TestLessNeverGivesMoreWhereNothingOverrides: other facts can take as well as
// give: a membership may be what a denial names (R19), what replaces DAP (R12) or
// what protects somebody from a reset (R15); a role makes a group role-assignable,
// an identity makes a service principal one that nobody can make a secret for
// (M7). Where none of this is, they only give.
func TestLessNeverGivesMoreWhereNothingOverrides(t *testing.T) {
	var gives []int
	for _, name := range []string{"Memberships", "DirectoryAssignments", "Identities", "Placements", "Assignments"} {
		gives = append(gives, listNamed(name))
	}
	checkWorlds(t, 300, func(w *randomWorld) {
		f, q := bare(w.f), w.drawQuestion()
		for _, list := range gives {
			if n := rows(f, list); n > 0 {
				checkLaw(w, f, without(f, list, w.upTo(n-1, "row")), q, q, noMore)
			}
		}
	})
}

// bare is the facts without what overrides.
func bare(f csp.Facts) csp.Facts {
	f.Denials, f.DAPs = nil, nil
	f.DirectoryRoles = slices.Clone(f.DirectoryRoles)
	f.DirectoryRoles = append(f.DirectoryRoles, csp.DirectoryRole{ID: directoryRoleID(unheard), Name: unheard})
	for i, role := range f.DirectoryRoles {
		harmless := []string{"microsoft.directory/nothing/read"}
		for _, action := range role.Actions {
			if !slices.ContainsFunc([]access.Action{updatePassword, addSecret, addAppSecret}, func(a access.Action) bool { return words.match(action, a) }) {
				harmless = append(harmless, action)
			}
		}
		f.DirectoryRoles[i].Actions = harmless
	}
	f.Principals = slices.Clone(f.Principals)
	for i, p := range f.Principals {
		f.Principals[i].RoleAssignable = p.RoleAssignable || slices.ContainsFunc(f.DirectoryAssignments, func(a csp.DirectoryAssignment) bool { return a.Principal == p.ID })
	}
	return f
}

// TestPathsGiveWhatTheySay: a verdict has the paths that it needs, a path is a
// chain of facts from him to the action, and without one of the facts it is gone.
func TestPathsGiveWhatTheySay(t *testing.T) {
	n := tally{}
	const worlds = 1000
	checkWorlds(t, worlds, func(w *randomWorld) {
		x := compile(w)
		for range 4 {
			checkPaths(w, n, x, w.drawQuestion())
		}
	})
	n.check(t, worlds, kindsOfAnswers())
}

// kindsOfAnswers are all entries, hops and misses, by what a tally calls them.
func kindsOfAnswers() []string {
	var list []string
	for kind := access.ByHome; kind <= access.ByLighthouse; kind++ {
		list = append(list, "entry "+kind.String())
	}
	for kind := access.MemberOf; kind <= access.Takes; kind++ {
		list = append(list, "hop "+strconv.Itoa(int(kind))+" "+kind.String())
	}
	for kind := access.MissDenied; kind <= access.MissEntry; kind++ {
		list = append(list, "miss "+strconv.Itoa(int(kind)))
	}
	return list
}

var ruleNumber = regexp.MustCompile(`^R([1-9]|[12][0-9]|3[0-7])$`)

// checkPaths shows the smallest facts in which the same is wrong.
func checkPaths(w *randomWorld, n tally, x *access.Index, q access.Question) {
	a := x.Why(q)
	for _, p := range a.Paths {
		n.saw("entry " + p.Entry.Kind.String())
		for _, hop := range p.Hops {
			n.saw("hop " + strconv.Itoa(int(hop.Kind)) + " " + hop.Kind.String())
		}
	}
	for _, miss := range a.Misses {
		n.saw("miss " + strconv.Itoa(int(miss.Kind)))
	}
	what, detail := wrongWithPaths(w.f, q, a)
	if what == "" {
		return
	}
	f := smallest(w.f, func(f csp.Facts) bool {
		x, err := access.Compile(f)
		if err != nil {
			return false
		}
		again, _ := wrongWithPaths(f, q, x.Why(q))
		return again == what
	})
	w.Fatalf("%s (%s): %s\n%s", what, detail, describeQuestion(f, q), describe(f))
}

// wrongWithPaths is what is wrong with an answer, and in which path.
func wrongWithPaths(f csp.Facts, q access.Question, a access.Answer) (what, detail string) {
	gives := map[access.Verdict]int{}
	for _, p := range a.Paths {
		gives[p.Gives]++
		if why := brokenChain(p, q); why != "" {
			return why, p.String()
		}
		if p.Blocked != (csp.DenyAssignmentID{}) && p.Gives != access.HasNot && p.Gives != access.Unknown {
			return "a blocked path gives something", p.String()
		}
	}
	switch {
	case a.Verdict == access.Has && gives[access.Has] == 0:
		what = "he has it, and no path gives it"
	case a.Verdict == access.CanGet && gives[access.CanGet] == 0:
		what = "he can get it, and no path gives it"
	case a.Verdict == access.CanGet && gives[access.Has] > 0:
		what = "he can get it, and a path gives more"
	case a.Verdict == access.HasNot && gives[access.Has]+gives[access.CanGet]+gives[access.Unknown] > 0:
		what = "he has it not, and a path gives it"
	case a.Verdict == access.HasNot && len(a.Misses) == 0:
		what = "he has it not, and nothing is said of why"
	case a.Verdict == access.Unknown && len(a.Gaps) == 0:
		what = "it is unknown, and nothing is missing"
	default:
		return wrongWithFacts(f, q, a)
	}
	return what, ""
}

// brokenChain says what is wrong with a path by itself.
func brokenChain(p access.Path, q access.Question) string {
	if len(p.Hops) == 0 {
		return "a path without hops"
	}
	if p.Hops[0].From.ID != q.Principal.String() {
		return "it does not begin with him"
	}
	if p.Hops[len(p.Hops)-1].To.Kind != access.ActionStop {
		return "it does not end with the action"
	}
	for i, hop := range p.Hops {
		if i > 0 && p.Hops[i-1].To != hop.From {
			return "it breaks off before hop " + strconv.Itoa(i+1)
		}
		if !ruleNumber.MatchString(hop.Rule) {
			return strconv.Quote(hop.Rule) + " is no rule"
		}
		if !hop.Term.Holds(q.At) {
			return "hop " + strconv.Itoa(i+1) + " does not hold at the instant"
		}
		if p.Gives == access.Has && (hop.Kind.ByHimself() || hop.Term.Eligible) {
			return "it gives Has by a step that he must take himself"
		}
	}
	return ""
}

// wrongWithFacts takes the facts of each hop away, which must be there, and looks
// whether the path is gone.
func wrongWithFacts(f csp.Facts, q access.Question, a access.Answer) (what, detail string) {
	for _, p := range a.Paths {
		if p.Gives != access.Has {
			continue
		}
		for _, hop := range p.Hops {
			less, told := withoutFactOf(f, hop)
			if !told {
				continue
			}
			if describe(less) == describe(f) {
				return "no fact says what a hop says", hop.String() + ": " + p.String()
			}
			x, err := access.Compile(less)
			if err != nil {
				return "with a fact less it does not compile: " + err.Error(), hop.String()
			}
			if slices.ContainsFunc(x.Why(q).Paths, func(again access.Path) bool { return samePath(again, p) }) {
				return "without a fact of the path it stays", hop.String() + ": " + p.String()
			}
		}
	}
	return "", ""
}

func samePath(a, b access.Path) bool {
	return a.Gives == b.Gives && a.Entry.Kind == b.Entry.Kind && slices.EqualFunc(a.Hops, b.Hops, func(a, b access.Hop) bool {
		return a.Kind == b.Kind && a.From == b.From && a.To == b.To
	})
}

// withoutFactOf is the facts without those that a hop tells; false if a hop of its
// kind tells none.
func withoutFactOf(f csp.Facts, hop access.Hop) (csp.Facts, bool) {
	between := func(from, to interface{ String() string }) bool {
		return from.String() == hop.From.ID && to.String() == hop.To.ID
	}
	switch hop.Kind {
	case access.MemberOf:
		f.Memberships = slices.DeleteFunc(slices.Clone(f.Memberships), func(m csp.Membership) bool { return between(m.Member, m.Group) })
	case access.Holds:
		f.Assignments = slices.DeleteFunc(slices.Clone(f.Assignments), func(a csp.Assignment) bool {
			return between(a.Principal, a.Role) && a.Scope.Equal(hop.To.Scope)
		})
	case access.Projects:
		f.Lighthouses = slices.DeleteFunc(slices.Clone(f.Lighthouses), func(l csp.LighthouseDelegation) bool {
			return between(l.Principal, l.Role) && l.Scope.Equal(hop.To.Scope)
		})
	case access.HoldsDirectory:
		f.DirectoryAssignments = slices.DeleteFunc(slices.Clone(f.DirectoryAssignments), func(a csp.DirectoryAssignment) bool { return between(a.Principal, a.Role) })
	case access.Reaches:
		f.GDAPs = slices.DeleteFunc(slices.Clone(f.GDAPs), func(g csp.GDAPRelationship) bool {
			return g.ID.String() == hop.To.ID && slices.ContainsFunc(g.Assignments, func(a csp.AccessAssignment) bool { return a.Group.String() == hop.From.ID })
		})
	default:
		return f, false
	}
	return f, true
}

func FuzzCanText(f *testing.F) {
	facts := sketch(basics(), in("ann", "AdminAgents"), foreign("AdminAgents", "Owner", "shop"), dap("alder", "contoso"), assigned("carl", "Reader", "mg:all"), in("cora", "ops", "eligible"), assigned("ops", "Contributor", "shop/rg"))
	x, err := access.Compile(facts)
	if err != nil {
		f.Fatal(err)
	}
	for _, q := range []access.Question{ask("ann", restartVM, "shop/rg/vm"), ask("carl", readVM, "shop"), ask("cora", restartVM, "shop/rg2"), ask("nobody", readVM, "moon/rg")} {
		f.Add(q.Principal.String(), q.Action.String(), q.Place.Scope.String())
		f.Add(strings.ToUpper(q.Principal.String()), strings.ToUpper(q.Action.String()), strings.ToUpper(q.Place.Scope.String()))
	}
	for _, scope := range []string{"", "/", "//", "/subscriptions/", "/subscriptions/x", ask("ann", readVM, "shop").Place.Scope.String() + "/", "/providers/Microsoft.Management/managementGroups/all"} {
		f.Add(idFor[csp.Principal]("ann").String(), readVM, scope)
	}
	f.Add("", "", "")
	f.Add(idFor[csp.Principal]("ann").String(), "*/read", scopeOf("shop").String())
	f.Add(idFor[csp.Principal]("ann").String(), resetUser, scopeOf("shop").String())
	f.Fuzz(func(t *testing.T, principal, action, scope string) {
		got, err := x.CanText(principal, action, scope, noon)
		q := access.Question{At: noon}
		var problems [3]error
		q.Principal, problems[0] = csp.ParseID[csp.Principal](principal)
		q.Action, problems[1] = access.ParseAction(action)
		q.Place.Scope, problems[2] = csp.ParseScope(scope)
		good := problems == [3]error{} && !q.Place.Scope.Subscription().IsZero()
		if !good && err == nil {
			t.Fatalf("%q, %q, %q is no question, and was answered: %s", principal, action, scope, got)
		}
		if err == nil {
			if want := x.Can(q); got != want {
				t.Fatalf("CanText says %s, Can %s: %q, %q, %q", got, want, principal, action, scope)
			}
		} else if good && x.Can(q) != access.Unknown {
			t.Fatalf("%v, and Can says %s", err, x.Can(q))
		}
	})
}

func FuzzParseAction(f *testing.F) {
	for _, seed := range []string{restartVM, strings.ToUpper(readBlob), resetUser, "", "/", "a/", "/a", "a//b", "a/b", "*", "a/*", "a b/c", "a/\x00", "ä/b", "a/\u212a", strings.Repeat("a/", 500) + "a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (access.Action, error){access.ParseAction, access.ParseDataAction} {
			a, err := parse(s)
			if err != nil {
				if !a.IsZero() || err.Error() == "" {
					t.Fatalf("%q is refused with %q, and yet it is %q", s, err, a)
				}
				continue
			}
			again, err := parse(a.String())
			if err != nil || again != a || a.IsZero() {
				t.Fatalf("%q reads as %q, which reads as %q, %v", s, a, again, err)
			}
			if upper, err := parse(strings.ToUpper(s)); err != nil || !strings.EqualFold(upper.String(), a.String()) {
				t.Fatalf("%q and its capitals are two actions: %q, %q, %v", s, a, upper, err)
			}
		}
	})
}
