package access

import "strings"

// An action names one operation ("Microsoft.Compute/virtualMachines/start/action").
// A pattern is an action in which * stands for any text, slashes included; case
// does not matter in either (R18). Everything below works on folded text.

// fold puts an action or pattern into the form that the functions below compare.
// Only ASCII letters are folded: no action has others, and folding them would
// make look-alikes equal.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// matches says whether the folded pattern matches the folded action. An asterisk
// in the action is a character like any other, which only an asterisk of the
// pattern can match; so matches also says whether one pattern covers another:
// whether everything that the second matches is matched by the first.
func matches(pattern, action string) bool {
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

// overlap says whether some action is matched by both folded patterns.
func overlap(a, b string) bool {
	switch {
	case !strings.Contains(b, "*"):
		return matches(a, b)
	case !strings.Contains(a, "*"):
		return matches(b, a)
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

// allowed is one list of actions with what is subtracted from it: the actions of
// a permission entry, or its data actions. The texts are folded.
type allowed struct {
	actions []string
	except  []string
}

func allow(actions, except []string) allowed {
	return allowed{actions: foldAll(actions), except: foldAll(except)}
}

func foldAll(list []string) []string {
	folded := make([]string, len(list))
	for i, s := range list {
		folded[i] = fold(s)
	}
	return folded
}

// has says whether the action itself is allowed (R18).
func (l allowed) has(action string) bool {
	return anyMatches(l.actions, action) && !anyMatches(l.except, action)
}

// may says whether something that the pattern matches may be allowed. It errs on
// the side of yes: a subtraction counts only if it takes away the whole pattern,
// or the whole of the action that overlaps it.
func (l allowed) may(pattern string) bool {
	if anyMatches(l.except, pattern) {
		return false
	}
	for _, action := range l.actions {
		if overlap(action, pattern) && !anyMatches(l.except, action) {
			return true
		}
	}
	return false
}

func anyMatches(patterns []string, action string) bool {
	for _, pattern := range patterns {
		if matches(pattern, action) {
			return true
		}
	}
	return false
}
