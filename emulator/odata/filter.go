package odata

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/emulator/wire"
)

const (
	maxFilter = 8 << 10
	maxDepth  = 32
)

// Filter is a $filter that has been read.
type Filter struct {
	root       expression
	advanced   bool
	properties []string
}

// Advanced says whether the directory answers it only as an advanced query.
func (f *Filter) Advanced() bool { return f.advanced }

// Matches says whether the entity is among those asked for.
func (f *Filter) Matches(e Entity) bool { return f.root.holds(scope{"": e}) }

// expression is a node of the tree that holds of an entity or does not.
type expression interface{ holds(in scope) bool }

// scope gives the meaning of names: the entity under "", and the variables of
// the lambdas around.
type scope map[string]any

type (
	both    struct{ left, right expression }
	either  struct{ left, right expression }
	negated struct{ of expression }
	// compared is an operand beside a literal.
	compared struct {
		what     operand
		operator string
		with     any
	}
	// oneOf is "in".
	oneOf struct {
		what operand
		list []any
	}
	// tested is a function of two texts: startswith, endswith, contains.
	tested struct {
		what     operand
		function func(s, part string) bool
		part     string
	}
	// every is any() or all() over a collection.
	every struct {
		collection operand
		variable   string
		of         expression // nil: any() without a condition
		all        bool
	}
)

// operand is a path from the entity or a variable, and what is done to the text
// there.
type operand struct {
	variable string
	path     []string
	convert  func(string) string
}

func (o operand) value(in scope) any {
	base := in[o.variable]
	if len(o.path) > 0 {
		e, ok := base.(Entity)
		if !ok {
			return nil
		}
		base = e.at(o.path)
	}
	if s, ok := base.(string); ok && o.convert != nil {
		return o.convert(s)
	}
	return base
}

func (b both) holds(in scope) bool    { return b.left.holds(in) && b.right.holds(in) }
func (e either) holds(in scope) bool  { return e.left.holds(in) || e.right.holds(in) }
func (n negated) holds(in scope) bool { return !n.of.holds(in) }

func (c compared) holds(in scope) bool {
	have := c.what.value(in)
	switch c.operator {
	case "eq":
		return same(have, c.with)
	case "ne":
		return !same(have, c.with)
	}
	order, ok := compare(have, c.with)
	if !ok {
		return false
	}
	switch c.operator {
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

func (o oneOf) holds(in scope) bool {
	have := o.what.value(in)
	return slices.ContainsFunc(o.list, func(with any) bool { return same(have, with) })
}

func (t tested) holds(in scope) bool {
	s, ok := t.what.value(in).(string)
	return ok && t.function(strings.ToLower(s), t.part)
}

func (e every) holds(in scope) bool {
	var list []any
	switch values := e.collection.value(in).(type) {
	case []string:
		for _, s := range values {
			list = append(list, s)
		}
	case []Entity:
		for _, one := range values {
			list = append(list, one)
		}
	}
	if e.of == nil {
		return len(list) > 0
	}
	inner := maps.Clone(in)
	for _, one := range list {
		inner[e.variable] = one
		if e.of.holds(inner) != e.all {
			return !e.all
		}
	}
	return e.all
}

func same(have, with any) bool {
	if have == nil || with == nil {
		return have == nil && with == nil
	}
	order, ok := compare(have, with)
	return ok && order == 0
}

// compare orders two values of one kind; ok is false when they are not.
func compare(have, with any) (int, bool) {
	switch a := have.(type) {
	case string:
		if b, ok := with.(string); ok {
			return strings.Compare(strings.ToLower(a), strings.ToLower(b)), true
		}
	case bool:
		if b, ok := with.(bool); ok {
			return strings.Compare(strconv.FormatBool(a), strconv.FormatBool(b)), true
		}
	case int:
		if b, ok := with.(float64); ok {
			return compareNumbers(float64(a), b), true
		}
		if b, ok := with.(int); ok {
			return compareNumbers(float64(a), float64(b)), true
		}
	case time.Time:
		if b, ok := with.(time.Time); ok {
			return a.Compare(b), true
		}
		if text, ok := with.(string); ok {
			b, err := time.Parse(time.RFC3339, text)
			return a.Compare(b), err == nil
		}
	}
	return 0, false
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// ParseFilter reads a $filter on entities of the type. An error is a *Refusal.
func ParseFilter(text string, t *Type) (*Filter, error) {
	if len(text) > maxFilter {
		return nil, bad("Invalid filter clause: The filter is too long.")
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, on: t, filter: new(Filter)}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.peek().kind != ending {
		return nil, p.syntax()
	}
	p.filter.root = root
	return p.filter, nil
}

type parser struct {
	text      string
	tokens    []token
	next      int
	on        *Type
	variables []string
	filter    *Filter
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != ending {
		p.next++
	}
	return t
}

// word takes the next token if it is this word.
func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == name && strings.EqualFold(t.text, w) {
		p.next++
		return true
	}
	return false
}

func (p *parser) sign(s string) bool {
	if t := p.peek(); t.kind == sign && t.text == s {
		p.next++
		return true
	}
	return false
}

// opens says whether a parenthesis opens so many tokens ahead, two at most.
func (p *parser) opens(ahead int) bool {
	t := p.tokens[min(p.next+ahead, len(p.tokens)-1)]
	return t.kind == sign && t.text == "("
}

func (p *parser) syntax() error {
	return bad(fmt.Sprintf("Invalid filter clause: Syntax error at position %d in '%s'.", p.peek().at, wire.Clip(p.text)))
}

func (p *parser) or(depth int) (expression, error) {
	left, err := p.and(depth)
	for err == nil && p.word("or") {
		var right expression
		right, err = p.and(depth)
		left = either{left, right}
	}
	return left, err
}

func (p *parser) and(depth int) (expression, error) {
	left, err := p.not(depth)
	for err == nil && p.word("and") {
		var right expression
		right, err = p.not(depth)
		left = both{left, right}
	}
	return left, err
}

func (p *parser) not(depth int) (expression, error) {
	if depth > maxDepth {
		return nil, bad("Invalid filter clause: The filter is nested too deeply.")
	}
	if p.word("not") {
		p.filter.advanced = true
		of, err := p.not(depth + 1)
		return negated{of}, err
	}
	if p.sign("(") {
		inner, err := p.or(depth + 1)
		if err == nil && !p.sign(")") {
			err = p.syntax()
		}
		return inner, err
	}
	return p.primary(depth)
}

var functions = map[string]func(s, part string) bool{
	"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "contains": strings.Contains,
}

// primary is a function, a lambda or a comparison.
func (p *parser) primary(depth int) (expression, error) {
	t := p.peek()
	if t.kind != name {
		return nil, p.syntax()
	}
	if function, ok := functions[strings.ToLower(t.text)]; ok && p.opens(1) {
		p.next += 2
		p.filter.advanced = p.filter.advanced || !strings.EqualFold(t.text, "startswith")
		return p.test(function)
	}
	what, kind, err := p.operand(0)
	if err != nil {
		return nil, err
	}
	if p.sign("/") {
		return p.lambda(what, kind, depth)
	}
	return p.comparison(what, kind)
}

// test reads what is in the parentheses of a function of two texts.
func (p *parser) test(function func(s, part string) bool) (expression, error) {
	what, kind, err := p.operand(0)
	if err != nil {
		return nil, err
	}
	if kind != Text {
		return nil, bad("Invalid filter clause: No function signature for the function matches the specified arguments.")
	}
	if !p.sign(",") {
		return nil, p.syntax()
	}
	part, err := p.literal()
	if err != nil {
		return nil, err
	}
	s, isText := part.(string)
	if !isText || !p.sign(")") {
		return nil, p.syntax()
	}
	var test expression = tested{what, function, strings.ToLower(s)}
	if p.word("eq") {
		value, err := p.literal()
		if yes, isBool := value.(bool); err != nil || !isBool {
			return nil, p.syntax()
		} else if !yes {
			test = negated{test}
		}
	}
	return test, nil
}

// operand reads a path, or tolower(path). It stops before "/any(" and "/all(".
func (p *parser) operand(depth int) (operand, Kind, error) {
	first := p.peek()
	if first.kind != name || depth > 1 {
		return operand{}, 0, p.syntax()
	}
	p.next++
	lower := strings.EqualFold(first.text, "tolower")
	if (lower || strings.EqualFold(first.text, "toupper")) && p.sign("(") {
		inner, kind, err := p.operand(depth + 1)
		if err == nil && (kind != Text || !p.sign(")")) {
			err = p.syntax()
		}
		inner.convert = strings.ToUpper
		if lower {
			inner.convert = strings.ToLower
		}
		return inner, kind, err
	}
	if slices.Contains(p.variables, first.text) {
		return p.fromVariable(first.text)
	}
	known, kind, ok := p.on.property(first.text)
	if !ok {
		return operand{}, 0, unknownProperty("Invalid filter clause", first.text, p.on)
	}
	p.filter.properties = append(p.filter.properties, known)
	path := []string{known}
	for (kind == Complex || len(path) > 1) && p.step() {
		path = append(path, p.take().text)
		kind = Text // what a complex value holds is known only when it is seen
	}
	return operand{path: path}, kind, nil
}

func (p *parser) fromVariable(variable string) (operand, Kind, error) {
	o := operand{variable: variable}
	for p.step() {
		o.path = append(o.path, p.take().text)
	}
	return o, Text, nil
}

// step takes a slash that another name follows, and not any or all.
func (p *parser) step() bool {
	if p.peek().text != "/" || p.peek().kind != sign {
		return false
	}
	after := p.tokens[min(p.next+1, len(p.tokens)-1)]
	if after.kind != name || (strings.EqualFold(after.text, "any") || strings.EqualFold(after.text, "all")) && p.opens(2) {
		return false
	}
	p.next++
	return true
}

func (p *parser) lambda(what operand, kind Kind, depth int) (expression, error) {
	all := p.word("all")
	if !all && !p.word("any") || !p.sign("(") || kind != Texts && kind != Objects {
		return nil, p.syntax()
	}
	if all {
		p.filter.advanced = true
	}
	e := every{collection: what, all: all}
	if !all && p.sign(")") {
		return e, nil
	}
	variable := p.take()
	if variable.kind != name || !p.sign(":") || slices.Contains(p.variables, variable.text) || len(p.variables) > 4 {
		return nil, p.syntax()
	}
	e.variable = variable.text
	p.variables = append(p.variables, variable.text)
	of, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	p.variables = p.variables[:len(p.variables)-1]
	if !p.sign(")") {
		return nil, p.syntax()
	}
	e.of = of
	return e, nil
}

func (p *parser) comparison(what operand, kind Kind) (expression, error) {
	if p.word("in") {
		return p.in(what)
	}
	operator := strings.ToLower(p.peek().text)
	if p.peek().kind != name || !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, operator) {
		if kind == Bool {
			return compared{what, "eq", true}, nil
		}
		return nil, p.syntax()
	}
	p.next++
	with, err := p.literal()
	if err != nil {
		return nil, err
	}
	if operator == "ne" {
		p.filter.advanced = true
	}
	if !fits(kind, with) {
		return nil, bad("Invalid filter clause: A binary operator with incompatible types was detected for operator kind '" + operator + "'.")
	}
	return compared{what, operator, with}, nil
}

// fits says whether a literal can stand beside a property of the kind.
func fits(kind Kind, literal any) bool {
	switch literal.(type) {
	case nil:
		return kind != Texts && kind != Objects
	case bool:
		return kind == Bool || kind == Text // of a complex value
	case float64:
		return kind == Number || kind == Text
	case time.Time:
		return kind == Time || kind == Text
	case string:
		return kind == Text || kind == Time
	}
	return false
}

func (p *parser) in(what operand) (expression, error) {
	if !p.sign("(") {
		return nil, p.syntax()
	}
	o := oneOf{what: what}
	for {
		one, err := p.literal()
		if err != nil {
			return nil, err
		}
		o.list = append(o.list, one)
		if p.sign(")") {
			return o, nil
		}
		if !p.sign(",") {
			return nil, p.syntax()
		}
	}
}

// literal reads a value: a text, a number, a time, a GUID, true, false or null.
func (p *parser) literal() (any, error) {
	t := p.peek()
	switch {
	case t.kind == quoted:
		p.next++
		return t.text, nil
	case t.kind != name:
		return nil, p.syntax()
	}
	p.next++
	switch strings.ToLower(t.text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if at, err := time.Parse(time.RFC3339, t.text); err == nil {
		return at, nil
	}
	if at, err := time.Parse(time.DateOnly, t.text); err == nil {
		return at, nil
	}
	if number, err := strconv.ParseFloat(t.text, 64); err == nil {
		return number, nil
	}
	if looksLikeGUID(t.text) {
		return t.text, nil
	}
	p.next--
	return nil, p.syntax()
}

func looksLikeGUID(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}
