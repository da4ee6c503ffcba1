// Package policy judges Azure Policy rules, as far as they refuse: given the
// fields of a resource that somebody wants to make, a rule says whether it is
// denied. It knows the logic (allOf, anyOf, not), the usual comparisons,
// references to parameters, and the effects deny, audit and disabled.
//
//	{"if": {"allOf": [{"field": "type", "equals": "Microsoft.Authorization/roleAssignments"},
//	                  {"not": {"field": "...", "in": "[parameters('roles')]"}}]},
//	 "then": {"effect": "deny"}}
//
// It is pure: it keeps nothing and asks nobody.
package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fields are what is known of a resource, by lower-case field name or alias.
// What is not there does not exist, which is different from being empty.
type Fields map[string]any

// Set enters a field; names compare case-insensitively.
func (f Fields) Set(name string, value any) { f[strings.ToLower(name)] = value }

// Parameters are the values a policy is assigned with, by lower-case name.
type Parameters map[string]any

// Rule is a policy rule that could be read.
type Rule struct {
	condition condition
	effect    any
}

const (
	maxDepth = 30
	maxRule  = 256 << 10
)

// Parse reads a policy rule.
func Parse(raw json.RawMessage) (Rule, error) {
	if len(raw) > maxRule {
		return Rule{}, fmt.Errorf("policy: the rule is longer than %d bytes", maxRule)
	}
	var body struct {
		If   map[string]any `json:"if"`
		Then struct {
			Effect any `json:"effect"`
		} `json:"then"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return Rule{}, fmt.Errorf("policy: the rule is no JSON object with if and then: %w", err)
	}
	if body.If == nil || body.Then.Effect == nil {
		return Rule{}, errors.New("policy: the rule needs an if and a then with an effect")
	}
	c, err := parse(body.If, 0)
	if err != nil {
		return Rule{}, err
	}
	return Rule{condition: c, effect: body.Then.Effect}, nil
}

// Effect is what happens to a resource that the rule is about, in lower case:
// "deny", "audit", "disabled" and so on.
func (r Rule) Effect(p Parameters) string {
	text, _ := resolve(r.effect, p).(string)
	return strings.ToLower(text)
}

// Denies says whether a resource with the fields is refused.
func (r Rule) Denies(f Fields, p Parameters) bool {
	return r.condition != nil && r.Effect(p) == "deny" && r.condition.holds(f, p)
}

type condition interface{ holds(Fields, Parameters) bool }

type (
	allOf []condition
	anyOf []condition
	not   struct{ inner condition }
	field struct {
		name    string
		compare func(have any, known bool, want any) bool
		want    any
	}
)

func (c allOf) holds(f Fields, p Parameters) bool {
	return !slices.ContainsFunc(c, func(one condition) bool { return !one.holds(f, p) })
}

func (c anyOf) holds(f Fields, p Parameters) bool {
	return slices.ContainsFunc(c, func(one condition) bool { return one.holds(f, p) })
}

func (c not) holds(f Fields, p Parameters) bool { return !c.inner.holds(f, p) }

func (c field) holds(f Fields, p Parameters) bool {
	have, known := f[c.name]
	return c.compare(have, known, resolve(c.want, p))
}

func parse(raw map[string]any, depth int) (condition, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("policy: nested deeper than %d", maxDepth)
	}
	for name, value := range raw {
		switch strings.ToLower(name) {
		case "allof":
			list, err := parseList(value, depth)
			return allOf(list), err
		case "anyof":
			list, err := parseList(value, depth)
			return anyOf(list), err
		case "not":
			inner, ok := value.(map[string]any)
			if !ok {
				return nil, errors.New("policy: not takes one condition")
			}
			c, err := parse(inner, depth+1)
			return not{c}, err
		}
	}
	return parseField(raw)
}

func parseList(value any, depth int) ([]condition, error) {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, errors.New("policy: allOf and anyOf take a list of conditions")
	}
	read := make([]condition, 0, len(list))
	for _, one := range list {
		raw, ok := one.(map[string]any)
		if !ok {
			return nil, errors.New("policy: allOf and anyOf take a list of conditions")
		}
		c, err := parse(raw, depth+1)
		if err != nil {
			return nil, err
		}
		read = append(read, c)
	}
	return read, nil
}

func parseField(raw map[string]any) (condition, error) {
	var c field
	for name, value := range raw {
		if strings.EqualFold(name, "field") {
			text, ok := value.(string)
			if !ok || text == "" {
				return nil, errors.New("policy: field names a field")
			}
			c.name = strings.ToLower(text)
			continue
		}
		compare, ok := comparisons[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("policy: %q is no condition known here", name)
		}
		if c.compare != nil {
			return nil, errors.New("policy: a condition compares once")
		}
		c.compare, c.want = compare, value
	}
	if c.name == "" || c.compare == nil {
		return nil, errors.New("policy: a condition names a field and compares it")
	}
	return c, nil
}

// resolve reads a value, which may be a reference to a parameter.
func resolve(value any, p Parameters) any {
	text, ok := value.(string)
	if !ok || !strings.HasPrefix(text, "[") || strings.HasPrefix(text, "[[") {
		return value
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(text, "]"), "[parameters('")
	if !ok {
		return value
	}
	return p[strings.ToLower(strings.TrimSuffix(name, "')"))]
}

// comparisons are judged without case, as Azure Policy does. One that says what
// a field is not also holds when the field is missing.
var comparisons = map[string]func(have any, known bool, want any) bool{
	"equals":      func(have any, known bool, want any) bool { return known && same(have, want) },
	"notequals":   func(have any, known bool, want any) bool { return !known || !same(have, want) },
	"in":          func(have any, known bool, want any) bool { return known && within(have, want) },
	"notin":       func(have any, known bool, want any) bool { return !known || !within(have, want) },
	"like":        func(have any, known bool, want any) bool { return known && like(have, want) },
	"notlike":     func(have any, known bool, want any) bool { return !known || !like(have, want) },
	"contains":    func(have any, known bool, want any) bool { return known && holds(have, want) },
	"notcontains": func(have any, known bool, want any) bool { return !known || !holds(have, want) },
	"exists":      func(_ any, known bool, want any) bool { return known == strings.EqualFold(text(want), "true") },
}

// text is how a value is compared. A role definition is its bare id, since rules
// in use name it with and without the path in front.
func text(v any) string {
	t := fmt.Sprint(v)
	const path = "/providers/microsoft.authorization/roledefinitions/"
	if at := strings.LastIndex(strings.ToLower(t), path); at >= 0 {
		return t[at+len(path):]
	}
	return t
}

func same(a, b any) bool { return strings.EqualFold(text(a), text(b)) }

func within(have, want any) bool {
	list, ok := want.([]any)
	return ok && slices.ContainsFunc(list, func(one any) bool { return same(have, one) })
}

// like knows one * for any text.
func like(have, want any) bool {
	before, after, starred := strings.Cut(strings.ToLower(text(want)), "*")
	value := strings.ToLower(text(have))
	if !starred {
		return value == before
	}
	return len(value) >= len(before)+len(after) && strings.HasPrefix(value, before) && strings.HasSuffix(value, after)
}

func holds(have, want any) bool {
	return strings.Contains(strings.ToLower(text(have)), strings.ToLower(text(want)))
}
