package pattern_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/access/pattern"
)

func TestPatternsMatchAsARegularExpressionWould(t *testing.T) { // R18
	text := rapid.StringMatching(`[ab/*]{0,8}`)
	rapid.Check(t, func(rt *rapid.T) {
		p, action := text.Draw(rt, "pattern"), strings.ReplaceAll(text.Draw(rt, "action"), "*", "c")
		if got, want := pattern.Matches(p, action), regexpOf(p).MatchString(action); got != want {
			rt.Fatalf("%q matches %q: %t, want %t", p, action, got, want)
		}
	})
}

func TestAPatternThatCoversAnotherMatchesWhateverItDoes(t *testing.T) {
	text := rapid.StringMatching(`[ab*]{0,4}`)
	rapid.Check(t, func(rt *rapid.T) {
		wide, narrow := text.Draw(rt, "wide"), text.Draw(rt, "narrow")
		byWide, byNarrow := regexpOf(wide), regexpOf(narrow)
		escapes := slices.ContainsFunc(words, func(word string) bool { return byNarrow.MatchString(word) && !byWide.MatchString(word) })
		if got := pattern.Matches(wide, narrow); got == escapes {
			rt.Fatalf("%q covers %q: %t, by trial %t", wide, narrow, got, !escapes)
		}
	})
}

func TestPatternsOverlapIfSomethingIsMatchedByBoth(t *testing.T) {
	text := rapid.StringMatching(`[ab*]{0,3}`)
	rapid.Check(t, func(rt *rapid.T) {
		a, b := text.Draw(rt, "a"), text.Draw(rt, "b")
		byA, byB := regexpOf(a), regexpOf(b)
		both := slices.ContainsFunc(words, func(word string) bool { return byA.MatchString(word) && byB.MatchString(word) })
		if got := pattern.Overlap(a, b); got != both {
			rt.Fatalf("%q and %q overlap: %t, by trial %t", a, b, got, both)
		}
	})
}

// words are all texts of up to six of the letters a, b and x, where x stands for
// whatever no pattern names.
var words = func() []string {
	list := []string{""}
	for from, length := 0, 0; length < 6; length++ {
		for until := len(list); from < until; from++ {
			list = append(list, list[from]+"a", list[from]+"b", list[from]+"x")
		}
	}
	return list
}()

// regexpOf is R18's wildcard by way of a regular expression.
func regexpOf(p string) *regexp.Regexp {
	return regexp.MustCompile("(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*") + "$")
}
