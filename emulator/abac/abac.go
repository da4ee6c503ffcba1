// Package abac reads and judges the conditions that Azure attaches to role
// assignments and to some entries of role definitions: version 2.0 of the
// attribute based access control language, in the part that limits what somebody
// may assign or remove ("delegation conditions").
//
//	condition  = term { OR term }
//	term       = factor { AND factor }
//	factor     = ! factor | comparison | ( condition ) | ActionMatches{ 'pattern' }
//	comparison = source[attribute] [quantifier:]operator values
//	source     = @Request | @Resource
//	values     = one | { one, one ... }, where one is 'text', true or a GUID
//
// An attribute that the act does not have makes a comparison neither true nor
// false, and a condition holds only if it is true. So a condition that speaks of
// the wrong side (@Resource while assigning) never lets anything through, and
// negating it does not either.
package abac

import "strings"

// Facts is what a condition is judged on: the action, and the attributes of
// what is asked for and of what is there already. Attribute names compare
// case-insensitively; store them with Attributes.Set.
type Facts struct {
	Action   string
	Request  Attributes
	Resource Attributes
}

// Attributes are named values, such as the role that is being assigned.
type Attributes map[string][]string

// Set gives the attribute its values.
func (a Attributes) Set(name string, values ...string) { a[strings.ToLower(name)] = values }

// Condition is a condition that could be read. The zero Condition holds always,
// as an assignment without one does.
type Condition struct {
	root expression
}

// Holds says whether the condition is true of the facts.
func (c Condition) Holds(f Facts) bool { return c.root == nil || c.root.judge(f) == yes }

// truth is Kleene's: unknown and no is no, unknown or yes is yes.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

type expression interface{ judge(f Facts) truth }

type (
	both   struct{ left, right expression }
	either struct{ left, right expression }
	negate struct{ inner expression }
)

func (e both) judge(f Facts) truth   { return min(e.left.judge(f), e.right.judge(f)) }
func (e either) judge(f Facts) truth { return max(e.left.judge(f), e.right.judge(f)) }
func (e negate) judge(f Facts) truth { return -e.inner.judge(f) }

type actionMatches struct{ pattern string }

func (e actionMatches) judge(f Facts) truth { return truthOf(Match(e.pattern, f.Action)) }

// comparison holds the attribute against values. The quantifiers say over which
// of the attribute's values and over which of the given ones it must be true.
type comparison struct {
	ofRequest  bool
	attribute  string
	allLeft    bool
	allRight   bool
	quantified bool
	same       func(left, right string) bool
	negated    bool
	values     []string
}

func (e comparison) judge(f Facts) truth {
	from := f.Resource
	if e.ofRequest {
		from = f.Request
	}
	have := from[e.attribute]
	if len(have) == 0 || (!e.quantified && len(have) != 1) {
		return unknown
	}
	for _, left := range have {
		if e.judgeOne(left) != e.allLeft {
			return truthOf(!e.allLeft)
		}
	}
	return truthOf(e.allLeft)
}

func (e comparison) judgeOne(left string) bool {
	for _, right := range e.values {
		if (e.same(left, right) != e.negated) != e.allRight {
			return !e.allRight
		}
	}
	return e.allRight
}

// Match says whether an action fits a pattern, in which each * stands for any
// text, slashes included. Letters compare case-insensitively (R18).
func Match(pattern, action string) bool {
	p, a := 0, 0
	star, taken := -1, 0 // the last *, and up to where it has taken the action
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, a
			p++
		case p < len(pattern) && lower(pattern[p]) == lower(action[a]):
			p++
			a++
		case star >= 0:
			taken++
			p, a = star+1, taken
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
