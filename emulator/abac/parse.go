package abac

import (
	"fmt"
	"strings"
)

const (
	maxLength = 8 << 10 // Azure's own limit on a condition
	maxDepth  = 50
)

// Parse reads a condition. Empty text is the condition that always holds.
func Parse(text string) (Condition, error) {
	if strings.TrimSpace(text) == "" {
		return Condition{}, nil
	}
	if len(text) > maxLength {
		return Condition{}, fmt.Errorf("abac: the condition is longer than %d characters", maxLength)
	}
	lexemes, err := scan(text)
	if err != nil {
		return Condition{}, err
	}
	p := &parser{rest: lexemes}
	root, err := p.condition(0)
	if err != nil {
		return Condition{}, err
	}
	if left := p.peek(); left.kind != end {
		return Condition{}, fmt.Errorf("abac: %q stands after the end of the condition", left.text)
	}
	return Condition{root: root}, nil
}

type parser struct{ rest []lexeme }

func (p *parser) peek() lexeme {
	if len(p.rest) == 0 {
		return lexeme{kind: end}
	}
	return p.rest[0]
}

func (p *parser) next() lexeme {
	l := p.peek()
	if len(p.rest) > 0 {
		p.rest = p.rest[1:]
	}
	return l
}

func (p *parser) want(mark string) error {
	if l := p.next(); l.kind != symbol || l.text != mark {
		return fmt.Errorf("abac: want %q, not %q", mark, l.text)
	}
	return nil
}

func (p *parser) condition(depth int) (expression, error) {
	left, err := p.term(depth)
	for err == nil && p.takes("OR", "||") {
		var right expression
		if right, err = p.term(depth); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) term(depth int) (expression, error) {
	left, err := p.factor(depth)
	for err == nil && p.takes("AND", "&&") {
		var right expression
		if right, err = p.factor(depth); err == nil {
			left = both{left, right}
		}
	}
	return left, err
}

// takes consumes the next lexeme if it is the word or the mark.
func (p *parser) takes(word, mark string) bool {
	l := p.peek()
	if (l.kind == bare && strings.EqualFold(l.text, word)) || (l.kind == symbol && l.text == mark) {
		p.next()
		return true
	}
	return false
}

func (p *parser) factor(depth int) (expression, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("abac: nested deeper than %d", maxDepth)
	}
	if p.takes("NOT", "!") {
		inner, err := p.factor(depth + 1)
		return negate{inner}, err
	}
	l := p.next()
	switch {
	case l.kind == symbol && l.text == "(":
		inner, err := p.condition(depth + 1)
		if err != nil {
			return nil, err
		}
		return inner, p.want(")")
	case l.kind == bare && strings.EqualFold(l.text, "ActionMatches"):
		return p.actionMatches()
	case l.kind == attribute:
		return p.comparison(l)
	}
	return nil, fmt.Errorf("abac: %q begins no condition", l.text)
}

func (p *parser) actionMatches() (expression, error) {
	values, err := p.values()
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("abac: ActionMatches takes one pattern, not %d", len(values))
	}
	return actionMatches{values[0]}, nil
}

func (p *parser) comparison(of lexeme) (expression, error) {
	c := comparison{attribute: strings.ToLower(of.text), ofRequest: of.request}
	word := p.next()
	if p.peek().text == ":" {
		p.next()
		q, ok := quantifiers[strings.ToLower(word.text)]
		if !ok {
			return nil, fmt.Errorf("abac: %q is no quantifier", word.text)
		}
		c.quantified, c.allLeft, c.allRight = true, q.allLeft, q.allRight
		word = p.next()
	}
	op, ok := operators[strings.ToLower(word.text)]
	if word.kind != bare || !ok {
		return nil, fmt.Errorf("abac: %q is no operator known here", word.text)
	}
	c.same, c.negated = op.same, op.negated
	var err error
	if c.values, err = p.values(); err != nil {
		return nil, err
	}
	if !c.quantified && len(c.values) != 1 {
		return nil, fmt.Errorf("abac: %s compares with one value, not %d, unless a quantifier such as ForAnyOfAnyValues stands before it", word.text, len(c.values))
	}
	return c, nil
}

// values reads one value, or a list in braces with at least one.
func (p *parser) values() ([]string, error) {
	if !p.takes("", "{") {
		v, err := p.value()
		return []string{v}, err
	}
	var list []string
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if !p.takes("", ",") {
			return list, p.want("}")
		}
	}
}

func (p *parser) value() (string, error) {
	l := p.next()
	if l.kind != quoted && l.kind != bare {
		return "", fmt.Errorf("abac: want a value, not %q", l.text)
	}
	return l.text, nil
}

type quantifier struct{ allLeft, allRight bool }

var quantifiers = map[string]quantifier{
	"foranyofanyvalues": {},
	"forallofanyvalues": {allLeft: true},
	"foranyofallvalues": {allRight: true},
	"forallofallvalues": {allLeft: true, allRight: true},
}

type operator struct {
	same    func(left, right string) bool
	negated bool
}

var operators = map[string]operator{
	"stringequals":              {same: equal},
	"stringnotequals":           {same: equal, negated: true},
	"stringequalsignorecase":    {same: strings.EqualFold},
	"stringnotequalsignorecase": {same: strings.EqualFold, negated: true},
	"guidequals":                {same: sameGUID},
	"guidnotequals":             {same: sameGUID, negated: true},
	"boolequals":                {same: strings.EqualFold},
	"boolnotequals":             {same: strings.EqualFold, negated: true},
}

func equal(left, right string) bool { return left == right }

// sameGUID takes both spellings that published conditions use, with dashes and without.
func sameGUID(left, right string) bool {
	return strings.EqualFold(strings.ReplaceAll(left, "-", ""), strings.ReplaceAll(right, "-", ""))
}
