package condition_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/access/condition"
	"latchkey/csp"
)

// sample is a condition made at random: its text, and its meaning told in the
// plainest way.
type sample struct {
	text string
	// holds is the meaning in one possible world. Whatever is not known of Azure or
	// of the condition, it asks the world; negative says whether an odd number of
	// negations stands around it.
	holds func(w *world, negative bool) bool
}

// world answers questions that nobody can, one way or the other: bit by bit of a
// number that counts through all ways.
type world struct {
	answers uint64
	asked   int
}

func (w *world) says() bool {
	w.asked++
	return w.answers>>(w.asked-1)&1 == 1
}

// judge tries all worlds.
func (s sample) judge() condition.Truth {
	var first world
	s.holds(&first, false)
	yes, no := false, false
	for n := range uint64(1) << first.asked {
		if s.holds(&world{answers: n}, false) {
			yes = true
		} else {
			no = true
		}
	}
	switch {
	case yes && no:
		return condition.Unknown
	case yes:
		return condition.True
	}
	return condition.False
}

// No unknown is asked about twice, so Kleene's logic must say exactly what the
// worlds agree on.
func TestConditionsSayWhatAllPossibleWorldsAgreeOn(t *testing.T) { // R18
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuestion(rt)
		s := q.chain(rt, 7)
		if got, want := condition.Parse(s.text).Holds(q.action, q.request), s.judge(); got != want {
			rt.Fatalf("%s\nfor %s by %+v: %s, want %s", s.text, q.action, q.request, got, want)
		}
	})
}

func TestWhatHoldsRegardlessHoldsForEveryRequest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuestion(rt)
		c := condition.Parse(q.chain(rt, 7).text)
		general, special := c.Regardless(q.action), c.Holds(q.action, q.request)
		if general != condition.Unknown && general != special {
			rt.Fatalf("%s\nis %s regardless of the request, and %s for %+v", c, general, special, q.request)
		}
		if doubts := c.Doubts(q.action, q.request); (special == condition.Unknown) != (len(doubts) > 0) {
			rt.Fatalf("%s\nis %s with doubts %q", c, special, doubts)
		}
	})
}

type drawn struct {
	action  string
	request condition.Request
}

var (
	someRoles = []string{owner, reader, backup}
	someUsers = []string{someone, sales}
	someTypes = []string{"User", "Group", "ServicePrincipal", "ForeignGroup"}
)

func drawQuestion(rt *rapid.T) drawn {
	q := drawn{action: rapid.SampledFrom([]string{write, remove, start}).Draw(rt, "action")}
	if role := rapid.SampledFrom(append(someRoles, "")).Draw(rt, "role"); role != "" {
		q.request.Role = csp.MustParseID[csp.RoleDefinition](role)
	}
	if who := rapid.SampledFrom(append(someUsers, "")).Draw(rt, "principal"); who != "" {
		q.request.Principal = csp.MustParseID[csp.Principal](who)
	}
	q.request.Type = csp.PrincipalType(rapid.SampledFrom(append(someTypes, "")).Draw(rt, "type"))
	return q
}

// chain draws up to so many leaves joined in some way.
func (q drawn) chain(rt *rapid.T, leaves int) sample {
	if leaves == 1 {
		return q.leaf(rt)
	}
	var parts []sample
	var ors []bool
	var text strings.Builder
	for left := leaves; left > 0; {
		share := rapid.IntRange(1, left).Draw(rt, "share")
		left -= share
		if len(parts) > 0 {
			or := rapid.Bool().Draw(rt, "or")
			ors = append(ors, or)
			text.WriteString(rapid.SampledFrom(map[bool][]string{true: {" OR ", "||", "\n or "}, false: {" AND ", "&&", "\tand "}}[or]).Draw(rt, "joint"))
		}
		part := q.term(rt, min(share, leaves-1))
		parts = append(parts, part)
		text.WriteString(part.text)
	}
	return sample{text: text.String(), holds: func(w *world, negative bool) bool {
		values := make([]bool, len(parts))
		for i, part := range parts {
			values[i] = part.holds(w, negative)
		}
		return evaluate(values, ors, w)
	}}
}

// evaluate replaces what binds first by its value, over and over. Where both
// kinds stand in the chain, the world says which binds first.
func evaluate(values, ors []bool, w *world) bool {
	orFirst := false
	for _, or := range ors {
		if or != ors[0] {
			orFirst = w.says()
			break
		}
	}
	for _, pass := range []bool{orFirst, !orFirst} {
		for i := 0; i < len(ors); {
			if ors[i] != pass {
				i++
				continue
			}
			value := values[i] && values[i+1]
			if pass {
				value = values[i] || values[i+1]
			}
			values = append(append(append([]bool(nil), values[:i]...), value), values[i+2:]...)
			ors = append(append([]bool(nil), ors[:i]...), ors[i+1:]...)
		}
	}
	return values[0]
}

func (q drawn) term(rt *rapid.T, leaves int) sample {
	inner := q.chain(rt, leaves)
	inner.text = "( " + inner.text + ")"
	if rapid.Bool().Draw(rt, "plain") {
		return inner
	}
	return sample{
		text:  rapid.SampledFrom([]string{"!", "NOT ", "not\n"}).Draw(rt, "not") + inner.text,
		holds: func(w *world, negative bool) bool { return !inner.holds(w, !negative) },
	}
}

func (q drawn) leaf(rt *rapid.T) sample {
	switch rapid.IntRange(0, 6).Draw(rt, "leaf") {
	case 0:
		return sample{"Exists @Principal[x:y]", func(w *world, _ bool) bool { return w.says() }}
	case 1:
		return sample{"ActionMatches{'microsoft.authorization/*'}", func(*world, bool) bool { return q.action != start }}
	case 2:
		return sample{"actionmatches { '" + start + "' }", func(*world, bool) bool { return q.action == start }}
	case 3:
		return q.comparison(rt, "PrincipalId", q.request.Principal.String(), someUsers)
	case 4:
		return q.comparison(rt, "PrincipalType", string(q.request.Type), someTypes)
	default:
		return q.comparison(rt, "RoleDefinitionId", q.request.Role.String(), someRoles)
	}
}

func (q drawn) comparison(rt *rapid.T, name, actual string, among []string) sample {
	source := rapid.SampledFrom([]string{"Request", "Resource"}).Draw(rt, "source")
	if source == "Request" && q.action != write || source == "Resource" && q.action != remove {
		actual = ""
	}
	values := rapid.SliceOfNDistinct(rapid.SampledFrom(among), 1, 2, rapid.ID).Draw(rt, "values")
	left := rapid.SampledFrom([]string{"Any", "All"}).Draw(rt, "left")
	right := rapid.SampledFrom([]string{"Any", "All"}).Draw(rt, "right")
	unequal := rapid.SampledFrom([]string{"", "Not"}).Draw(rt, "unequal")
	family, suffix, list := "Guid", "", strings.Join(values, ", ")
	if name == "PrincipalType" {
		family, list = "String", "'"+strings.Join(values, "', '")+"'"
		suffix = rapid.SampledFrom([]string{"", "IgnoreCase"}).Draw(rt, "suffix")
	}
	return sample{
		text: fmt.Sprintf("@%s[Microsoft.Authorization/roleAssignments:%s] For%sOf%sValues:%s%sEquals%s {%s}", source, name, left, right, family, unequal, suffix, list),
		holds: func(w *world, negative bool) bool {
			if actual == "" {
				return (negative || left == "All" || unequal != "") && w.says()
			}
			groupToo := actual == "ForeignGroup" && strings.Contains(list, "'Group'") && w.says()
			hits := 0
			for _, v := range values {
				same := v == actual || v == "Group" && groupToo
				if same == (unequal == "") {
					hits++
				}
			}
			return hits == len(values) || right == "Any" && hits > 0
		},
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{constrainRoles, constrainTypes, constrainWho, allButPrivileged, blobs, "a AND b OR !c", "(((", "'", "@Request[", "x}", "{a,}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := condition.Parse(text)
		if again := condition.Parse(c.String()); again.String() != c.String() {
			t.Errorf("%q is read again as %q", c, again)
		}
		for _, action := range []string{write, remove, start} {
			r := asks(reader, csp.User)
			holds, general := c.Holds(action, r), c.Regardless(action)
			if general != condition.Unknown && general != holds {
				t.Errorf("%q is %s regardless of the request, and %s for one", c, general, holds)
			}
			if doubts := c.Doubts(action, r); (holds == condition.Unknown) != (len(doubts) > 0) {
				t.Errorf("%q is %s with doubts %q", c, holds, doubts)
			}
			if twice := condition.Parse("!(!("+text+"))").Holds(action, r); len(c.NotUnderstood()) == 0 && holds != condition.Unknown && twice != condition.Unknown && twice != holds {
				t.Errorf("%q is %s, and %s negated twice", c, holds, twice)
			}
		}
	})
}

func BenchmarkHolds(b *testing.B) {
	c := condition.Parse(allButPrivileged)
	r := asks(reader, csp.User)
	action := strings.ToLower(write)
	b.ReportAllocs()
	for b.Loop() {
		c.Holds(action, r)
	}
}
