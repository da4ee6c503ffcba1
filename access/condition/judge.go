package condition

import (
	"fmt"
	"strings"

	"latchkey/access/pattern"
	"latchkey/csp"
)

// expression is a part of a condition. A negation is not computed from the
// outcome below it but carried down to the comparisons, because one with an
// absent attribute is less certain when it is negated.
type expression interface {
	// judge is the outcome of the expression or, if negated, of its negation.
	judge(q question, negated bool) Truth
	// doubts adds what leaves that outcome Unknown, if it is.
	doubts(q question, negated bool, list *notes)
	// visit calls f with the expression and with all below it.
	visit(f func(expression))
}

// both is AND of Kleene's logic.
func both(a, b Truth) Truth {
	switch {
	case a == False || b == False:
		return False
	case a == True && b == True:
		return True
	}
	return Unknown
}

// either is OR of Kleene's logic.
func either(a, b Truth) Truth { return opposite(both(opposite(a), opposite(b))) }

func opposite(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// not is the negation of an expression.
type not struct{ of expression }

func (n not) judge(q question, negated bool) Truth { return n.of.judge(q, !negated) }

func (n not) doubts(q question, negated bool, list *notes) { n.of.doubts(q, !negated, list) }

func (n not) visit(f func(expression)) {
	f(n)
	n.of.visit(f)
}

// joined is expressions with AND between them all, or OR.
type joined struct {
	parts []expression
	or    bool
}

func (j joined) judge(q question, negated bool) Truth {
	// The negation of an AND is the OR of the negations, and the other way round.
	join, result := both, True
	if j.or != negated {
		join, result = either, False
	}
	for _, part := range j.parts {
		result = join(result, part.judge(q, negated))
	}
	return result
}

func (j joined) doubts(q question, negated bool, list *notes) {
	if j.judge(q, negated) != Unknown {
		return
	}
	for _, part := range j.parts {
		part.doubts(q, negated, list)
	}
}

func (j joined) visit(f func(expression)) {
	f(j)
	for _, part := range j.parts {
		part.visit(f)
	}
}

// ambiguous is a chain in which AND stands beside OR without parentheses, read in
// the two ways that Azure's documentation names.
type ambiguous struct {
	andFirst, orFirst expression // of the same comparisons
	text              string
}

func (a ambiguous) judge(q question, negated bool) Truth {
	one, other := a.andFirst.judge(q, negated), a.orFirst.judge(q, negated)
	if one != other {
		return Unknown
	}
	return one
}

func (a ambiguous) doubts(q question, negated bool, list *notes) {
	one, other := a.andFirst.judge(q, negated), a.orFirst.judge(q, negated)
	if opposite(one) == other && one != Unknown {
		list.add(clip(a.text) + ": AND stands beside OR, and Azure does not say which binds first; it needs parentheses")
		return
	}
	a.andFirst.doubts(q, negated, list)
	a.orFirst.doubts(q, negated, list)
}

func (a ambiguous) visit(f func(expression)) {
	f(a)
	a.andFirst.visit(f)
}

// unread is a part that means nothing here.
type unread struct{ text, why string }

func (unread) judge(question, bool) Truth { return Unknown }

func (u unread) doubts(_ question, _ bool, list *notes) { list.add(u.String()) }

func (u unread) visit(f func(expression)) { f(u) }

func (u unread) String() string { return clip(u.text) + ": " + u.why }

// actionMatches says whether the action is one of the pattern's.
type actionMatches struct{ pattern string } // folded

func (a actionMatches) judge(q question, negated bool) Truth {
	return truth(pattern.Matches(a.pattern, q.action) != negated)
}

func (actionMatches) doubts(question, bool, *notes) {}

func (a actionMatches) visit(f func(expression)) { f(a) }

// comparison sets an attribute against one or more values.
type comparison struct {
	from      source
	attribute attribute
	operator  operator
	values    []value
	text      string
}

// attribute is a property of a role assignment.
type attribute uint8

const (
	roleDefinitionID attribute = iota
	principalID
	principalType
)

// operator is how an attribute and values are compared.
type operator struct {
	unequal    bool // NotEquals
	ignoreCase bool
	everyLeft  bool // ForAllOf: every value of the attribute, where one is enough else
	everyRight bool // AllValues: with every value listed, where one is enough else
}

// value is what stands in a condition to be compared with.
type value struct {
	guid [16]byte // for ids
	text string   // for types
}

func (c comparison) judge(q question, negated bool) Truth {
	if q.open == c.from {
		return Unknown
	}
	r := q.at[c.from]
	if c.absent(r) {
		if c.operator.unequal || c.operator.everyLeft || negated {
			return Unknown
		}
		return False
	}
	join, result := either, False
	if c.operator.everyRight {
		join, result = both, True
	}
	for _, v := range c.values {
		equal := c.equal(r, v)
		if c.operator.unequal {
			equal = opposite(equal)
		}
		result = join(result, equal)
	}
	if negated {
		return opposite(result)
	}
	return result
}

func (c comparison) absent(r Request) bool {
	switch c.attribute {
	case roleDefinitionID:
		return r.Role.IsZero()
	case principalID:
		return r.Principal.IsZero()
	default:
		return r.Type == ""
	}
}

func (c comparison) equal(r Request, v value) Truth {
	switch c.attribute {
	case roleDefinitionID:
		return truth(r.Role == v.guid)
	case principalID:
		return truth(r.Principal == v.guid)
	default:
		return c.operator.sameType(r.Type, v.text)
	}
}

func (o operator) sameType(t csp.PrincipalType, text string) Truth {
	same := func(t csp.PrincipalType) bool {
		return string(t) == text || o.ignoreCase && strings.EqualFold(string(t), text)
	}
	if t == csp.ForeignGroup && same(csp.Group) {
		return Unknown // R21; see the package's comment
	}
	return truth(same(t))
}

func (c comparison) doubts(q question, negated bool, list *notes) {
	if c.judge(q, negated) != Unknown {
		return
	}
	if c.absent(q.at[c.from]) {
		list.add(fmt.Sprintf("%s: the request has no such attribute, and what Azure makes of that here is not documented", clip(c.text)))
		return
	}
	list.add(fmt.Sprintf("%s: whether a partner's foreign group passes for a Group is not documented", clip(c.text)))
}

func (c comparison) visit(f func(expression)) { f(c) }
