package condition

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/access/pattern"
)

const (
	maxLength = 8 << 10 // bytes; Azure takes no longer condition
	maxDepth  = 64      // parentheses and negations in each other
)

// Parse reads a condition. It never fails: a text whose structure cannot be made
// out, that is longer than 8 KiB or that nests deeper than 64 levels is Unknown as
// a whole, and NotUnderstood says why. A text of nothing but space is no condition.
func Parse(text string) Condition {
	text = strings.TrimSpace(text)
	if text == "" {
		return Condition{}
	}
	root, err := parse(text)
	if err != nil {
		root = unread{text: text, why: err.Error()}
	}
	return Condition{text: text, root: root}
}

func parse(text string) (expression, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("it is %d bytes long, and no more than %d are read", len(text), maxLength)
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := parser{text: text, tokens: tokens}
	root, err := p.chain()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.tokens) {
		return nil, fmt.Errorf("the parenthesis at character %d closes nothing", p.tokens[p.at].from+1)
	}
	return root, nil
}

// parser is a recursive descent over
//
//	chain = term { ("AND" | "OR") term }
//	term  = "NOT" term | "(" chain ")" | leaf
//
// where a leaf is whatever stands between two of these words.
type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
}

// boundary says whether a term may end here.
func (p *parser) boundary() bool {
	return p.at == len(p.tokens) || slices.Contains([]kind{and, or, closeRound}, p.tokens[p.at].kind)
}

func (p *parser) chain() (expression, error) {
	from := p.at
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	parts, joints := []expression{first}, []kind{}
	for p.at < len(p.tokens) && p.tokens[p.at].kind != closeRound {
		joints = append(joints, p.tokens[p.at].kind)
		p.at++
		part, err := p.term()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	andFirst := grouped(parts, joints, and)
	if !slices.Contains(joints, and) || !slices.Contains(joints, or) {
		return andFirst, nil
	}
	return ambiguous{andFirst: andFirst, orFirst: grouped(parts, joints, or), text: p.textFrom(from)}, nil
}

// grouped joins the parts so that one kind of joint binds before the other.
func grouped(parts []expression, joints []kind, first kind) expression {
	var groups []expression
	from := 0
	for i := range parts {
		if i == len(joints) || joints[i] != first {
			groups = append(groups, join(parts[from:i+1], first == or))
			from = i + 1
		}
	}
	return join(groups, first != or)
}

func join(parts []expression, or bool) expression {
	if len(parts) == 1 {
		return parts[0]
	}
	return joined{parts: parts, or: or}
}

func (p *parser) term() (expression, error) {
	if p.boundary() {
		return nil, p.missing()
	}
	switch from := p.at; p.tokens[p.at].kind {
	case negation:
		return p.nested(func() (expression, error) {
			of, err := p.term()
			return not{of}, err
		})
	case openRound:
		group, err := p.nested(p.group)
		if err != nil || p.boundary() {
			return group, err
		}
		// What follows makes something else of the group.
		if _, err := p.run(); err != nil {
			return nil, err
		}
		return unread{text: p.textFrom(from), why: notComparison}, nil
	}
	return p.leaf()
}

func (p *parser) missing() error {
	if p.at == len(p.tokens) {
		return errors.New("it ends where a comparison should stand")
	}
	return fmt.Errorf("a comparison is missing before character %d", p.tokens[p.at].from+1)
}

// nested reads what follows the token here, one level deeper.
func (p *parser) nested(read func() (expression, error)) (expression, error) {
	if p.depth == maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	p.at++
	p.depth++
	e, err := read()
	p.depth--
	return e, err
}

func (p *parser) group() (expression, error) {
	opened := p.tokens[p.at-1]
	e, err := p.chain()
	if err != nil {
		return nil, err
	}
	if p.at == len(p.tokens) {
		return nil, unclosed(opened)
	}
	p.at++
	return e, nil
}

func unclosed(opened token) error {
	return fmt.Errorf("the bracket at character %d is not closed", opened.from+1)
}

// run takes all tokens up to the next boundary that is not in brackets.
func (p *parser) run() ([]token, error) {
	from := p.at
	var open []token
	for ; p.at < len(p.tokens) && (len(open) > 0 || !p.boundary()); p.at++ {
		switch t := p.tokens[p.at]; t.kind {
		case openRound, openCurly:
			open = append(open, t)
		case closeRound, closeCurly:
			if len(open) == 0 || open[len(open)-1].kind+1 != t.kind { // the kinds come in pairs
				return nil, fmt.Errorf("the bracket at character %d closes nothing", t.from+1)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return nil, unclosed(open[len(open)-1])
	}
	return p.tokens[from:p.at], nil
}

// textFrom is the text from that token to here.
func (p *parser) textFrom(from int) string {
	return p.text[p.tokens[from].from:p.tokens[p.at-1].to]
}

func (p *parser) leaf() (expression, error) {
	from := p.at
	run, err := p.run()
	if err != nil {
		return nil, err
	}
	text := p.textFrom(from)
	leaf, why := readLeaf(run)
	if why != "" {
		return unread{text: text, why: why}, nil
	}
	if c, ok := leaf.(comparison); ok {
		c.text = text
		return c, nil
	}
	return leaf, nil
}

const notComparison = "it is neither ActionMatches with one action nor a comparison of an attribute"

// readLeaf makes sense of one leaf, or says why there is none.
func readLeaf(run []token) (e expression, why string) {
	if len(run) == 4 && run[0].kind == word && strings.EqualFold(run[0].value, "ActionMatches") &&
		run[1].kind == openCurly && run[2].kind == quoted && run[3].kind == closeCurly {
		return actionMatches{pattern.Fold(run[2].value)}, ""
	}
	if len(run) < 3 || run[0].kind != named || run[1].kind != word {
		return nil, notComparison
	}
	from, attr, ok := readAttribute(run[0].value)
	if !ok {
		return nil, fmt.Sprintf("@%s is no attribute of a role assignment that is asked for or removed", clip(run[0].value))
	}
	op, ok := readOperator(run[1].value, attr)
	if !ok {
		return nil, fmt.Sprintf("%s is not known as a comparison of this attribute", clip(run[1].value))
	}
	values, why := readValues(run[2:], attr)
	if why != "" {
		return nil, why
	}
	if len(values) > 1 && !strings.Contains(run[1].value, ":") {
		return nil, "several values need a quantifier such as ForAnyOfAnyValues"
	}
	return comparison{from: from, attribute: attr, operator: op, values: values}, ""
}

// names of the attributes as they stand in brackets, folded.
var (
	sourceNames    = map[string]source{"request": ofRequest, "resource": ofResource}
	attributeNames = map[string]attribute{
		"microsoft.authorization/roleassignments:roledefinitionid": roleDefinitionID,
		"microsoft.authorization/roleassignments:principalid":      principalID,
		"microsoft.authorization/roleassignments:principaltype":    principalType,
	}
)

func readAttribute(text string) (source, attribute, bool) {
	from, name, _ := strings.Cut(strings.TrimSuffix(pattern.Fold(text), "]"), "[")
	s, known := sourceNames[from]
	attr, listed := attributeNames[strings.TrimSpace(name)]
	return s, attr, known && listed
}

// quantifiers stand before an operator, folded.
var quantifiers = map[string]operator{
	"foranyofanyvalues": {},
	"foranyofallvalues": {everyRight: true},
	"forallofanyvalues": {everyLeft: true},
	"forallofallvalues": {everyLeft: true, everyRight: true},
}

// readOperator reads an operator that Azure documents for the attribute: ids are
// compared as GUIDs, types as texts. Its case does not matter; built-in roles
// have it in more than one.
func readOperator(text string, attr attribute) (operator, bool) {
	name := pattern.Fold(text)
	var op operator
	if before, after, found := strings.Cut(name, ":"); found {
		quantifier, ok := quantifiers[before]
		if !ok {
			return operator{}, false
		}
		op, name = quantifier, after
	}
	family := "guid"
	if attr == principalType {
		family = "string"
		name, op.ignoreCase = strings.CutSuffix(name, "ignorecase")
	}
	name, ok := strings.CutPrefix(name, family)
	op.unequal = name == "notequals"
	return op, ok && (name == "equals" || op.unequal)
}

// readValues reads one value, or a set of them in curly brackets.
func readValues(run []token, attr attribute) (list []value, why string) {
	if run[0].kind == openCurly {
		run = run[1 : len(run)-1]
	} else if len(run) != 1 {
		return nil, "more follows than one value"
	}
	if len(run)%2 == 0 {
		return nil, "its values are not listed as {a, b, c}"
	}
	for i, t := range run {
		if i%2 == 1 {
			if t.kind != comma {
				return nil, "its values are not listed as {a, b, c}"
			}
			continue
		}
		v, why := readValue(t, attr)
		if why != "" {
			return nil, why
		}
		list = append(list, v)
	}
	return list, ""
}

func readValue(t token, attr attribute) (v value, why string) {
	switch {
	case attr == principalType && t.kind == quoted:
		return value{text: t.value}, ""
	case attr == principalType:
		return value{}, "a principal type stands in quotes, as 'User'"
	case t.kind != word && t.kind != quoted:
		return value{}, "its values are not GUIDs"
	}
	guid, ok := readGUID(t.value)
	if !ok {
		return value{}, fmt.Sprintf("%q is no GUID", clip(t.value))
	}
	return value{guid: guid}, ""
}

// readGUID reads a GUID with its dashes or, as some built-in roles have it,
// without. The zero GUID may stand there and equals nothing.
func readGUID(s string) (guid [16]byte, ok bool) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != hex.EncodedLen(len(guid)) {
		return guid, false
	}
	_, err := hex.Decode(guid[:], []byte(s))
	return guid, err == nil
}
