// Package pattern holds the names of operations and the patterns that stand for
// many of them, as Azure roles and directory roles use them.
package pattern

import "strings"

// An action names one operation ("Microsoft.Compute/virtualMachines/start/action").
// A pattern is an action in which * stands for any text, slashes included; case
// does not matter in either (R18). Everything below works on folded text.

// Fold puts an action or pattern into the form that the functions below compare.
// Only ASCII letters are folded: no action has others, and folding them would
// make look-alikes equal.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// Matches says whether the folded pattern matches the folded action. An asterisk
// in the action is a character like any other, which only an asterisk of the
// pattern can match; so Matches also says whether one pattern covers another:
// whether everything that the second matches is matched by the first.
func Matches(pattern, action string) bool {
	star, resume := -1, 0 // the last asterisk, and where its text ends in the action
	p, a := 0, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, a
			p++
		case p < len(pattern) && pattern[p] == action[a]:
			p++
			a++
		case star >= 0:
			resume++
			p, a = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Overlap says whether some action is matched by both folded patterns.
func Overlap(a, b string) bool {
	switch {
	case !strings.Contains(b, "*"):
		return Matches(a, b)
	case !strings.Contains(a, "*"):
		return Matches(b, a)
	}
	// Both have asterisks. Whatever stands between the first and the last can be
	// put side by side, so only the ends must agree.
	headA, tailA := ends(a)
	headB, tailB := ends(b)
	return (strings.HasPrefix(headA, headB) || strings.HasPrefix(headB, headA)) &&
		(strings.HasSuffix(tailA, tailB) || strings.HasSuffix(tailB, tailA))
}

func ends(pattern string) (head, tail string) {
	return pattern[:strings.IndexByte(pattern, '*')], pattern[strings.LastIndexByte(pattern, '*')+1:]
}

// Set is one list of actions with what is subtracted from it: the actions of
// a permission entry, or its data actions. The texts are folded.
type Set struct {
	Actions []string
	Except  []string
}

// NewSet folds the two lists.
func NewSet(actions, except []string) Set {
	return Set{Actions: FoldAll(actions), Except: FoldAll(except)}
}

// FoldAll folds each of the list.
func FoldAll(list []string) []string {
	folded := make([]string, len(list))
	for i, s := range list {
		folded[i] = Fold(s)
	}
	return folded
}

// Has says whether the action itself is allowed (R18).
func (l Set) Has(action string) bool {
	return Any(l.Actions, action) && !Any(l.Except, action)
}

// May says whether something that the pattern matches may be allowed. It errs on
// the side of yes: a subtraction counts only if it takes away the whole pattern,
// or the whole of the action that overlaps it.
func (l Set) May(pattern string) bool {
	if Any(l.Except, pattern) {
		return false
	}
	for _, action := range l.Actions {
		if Overlap(action, pattern) && !Any(l.Except, action) {
			return true
		}
	}
	return false
}

// Any says whether one of the folded patterns matches the folded action.
func Any(patterns []string, action string) bool {
	for _, pattern := range patterns {
		if Matches(pattern, action) {
			return true
		}
	}
	return false
}

// MatchesDirectory says whether a folded pattern of a directory role matches a
// folded action. Patterns of directory roles have words for wildcards, each a
// whole segment: allTasks stands for any last word, allEntities for any one word,
// and allProperties for one word or none.
func MatchesDirectory(pattern, action string) bool {
	return matchesWords(words{pattern, false}, words{action, false})
}

// words are what is left of a text: its words, between slashes, or none.
type words struct {
	text string
	none bool
}

// cut is the first word and those after it. There must be one.
func (w words) cut() (first string, rest words) {
	first, text, more := strings.Cut(w.text, "/")
	return first, words{text, !more}
}

func matchesWords(pattern, action words) bool {
	if pattern.none {
		return action.none
	}
	word, rest := pattern.cut()
	if word == "allproperties" && matchesWords(rest, action) {
		return true
	}
	if action.none {
		return false
	}
	first, others := action.cut()
	switch {
	case word == "alltasks" && rest.none:
		return others.none
	case word == "allentities", word == "allproperties", word == first:
		return matchesWords(rest, others)
	}
	return false
}

// Matches says whether the i-th of the set's actions matches the folded action,
// exceptions aside.
func (l Set) Matches(i int, action string) bool { return Matches(l.Actions[i], action) }
