package arm

import (
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
)

// filter is a $filter of the forms that authorization lists take, joined by "and".
type filter struct {
	atScope    bool
	exactly    bool // atExactScope()
	below      bool // atScopeAndBelow()
	target     bool // asTarget()
	principal  csp.ObjectID
	assignedTo csp.ObjectID
	roleName   string
	kind       string
	name       string // denyAssignmentName
	role       string // roleDefinitionId
	status     string
}

// plain says whether nothing is asked for.
func (f filter) plain() bool { return f == filter{} }

// grammar is which terms a list takes, and what it says of others.
type grammar struct {
	terms     []string
	supported string
}

// The grammars.
var (
	definitionFilter = grammar{
		[]string{"atScope()", "atExactScope()", "atScopeAndBelow()", "roleName", "type"},
		"'roleName eq '{value}'', 'type eq '{value}'', 'atScopeAndBelow()'",
	}
	assignmentFilter = grammar{
		[]string{"atScope()", "principalId", "assignedTo()"},
		"either 'atScope()' or 'principalId eq '{value}'' or 'assignedTo('{value}')'",
	}
	denialFilter = grammar{
		[]string{"atScope()", "principalId", "assignedTo()", "denyAssignmentName", "gdprExportPrincipalId"},
		"'atScope()', 'denyAssignmentName eq '{value}'', 'principalId eq '{value}'', 'gdprExportPrincipalId eq '{value}''",
	}
	lockFilter       = grammar{[]string{"atScope()"}, "'atScope()'"}
	policyFilter     = grammar{[]string{"atScope()", "atExactScope()", "policyType", "policyDefinitionId"}, "'atScope()', 'atExactScope()', 'policyDefinitionId eq '{value}''"}
	activationFilter = grammar{
		[]string{"atScope()", "principalId", "assignedTo()", "asTarget()", "roleDefinitionId", "status"},
		"'atScope()', 'principalId eq '{value}'', 'assignedTo('{value}')', 'asTarget()'",
	}
)

const maxFilter = 2048

func (g grammar) parse(text string) (filter, *failure) {
	var f filter
	if len(text) > maxFilter {
		return f, g.refuse(text)
	}
	rest := strings.TrimSpace(text)
	for rest != "" {
		after, taken := g.readTerm(&f, rest)
		if !taken {
			return filter{}, g.refuse(text)
		}
		if after == "" {
			break
		}
		word, next, found := strings.Cut(after, " ")
		if rest = strings.TrimSpace(next); !found || !strings.EqualFold(word, "and") || rest == "" {
			return filter{}, g.refuse(text)
		}
	}
	return f, nil
}

// readTerm reads one term off the front and gives what is left.
func (g grammar) readTerm(f *filter, s string) (string, bool) {
	for _, term := range g.terms {
		if name, isFunction := strings.CutSuffix(term, "()"); isFunction {
			value, rest, ok := readCall(s, name)
			if ok {
				return rest, f.take(term, value)
			}
			continue
		}
		value, rest, ok := readEquals(s, term)
		if ok {
			return rest, f.take(term, value)
		}
	}
	return "", false
}

// take enters a term; false means that its value is none.
func (f *filter) take(term, value string) bool {
	switch term {
	case "atScope()":
		f.atScope = true
	case "atExactScope()":
		f.exactly = true
	case "atScopeAndBelow()":
		f.below = true
	case "asTarget()":
		f.target = true
	case "assignedTo()":
		return parseInto(&f.assignedTo, value)
	case "principalId", "gdprExportPrincipalId":
		return parseInto(&f.principal, value)
	case "roleName":
		f.roleName = value
	case "type", "policyType", "policyDefinitionId":
		f.kind = value
	case "denyAssignmentName":
		f.name = value
	case "roleDefinitionId":
		f.role = value
	case "status":
		f.status = value
	}
	return strings.HasSuffix(term, "()") == (value == "")
}

// readCall reads name() or name('value') off the front.
func readCall(s, name string) (value, rest string, ok bool) {
	rest, ok = cutFold(s, name)
	if !ok {
		return "", "", false
	}
	if rest, ok = cutFold(strings.TrimLeft(rest, " "), "("); !ok {
		return "", "", false
	}
	if plain, closed := cutFold(strings.TrimLeft(rest, " "), ")"); closed {
		return "", strings.TrimSpace(plain), true
	}
	if value, rest, ok = readText(strings.TrimLeft(rest, " ")); !ok {
		return "", "", false
	}
	rest, ok = cutFold(strings.TrimLeft(rest, " "), ")")
	return value, strings.TrimSpace(rest), ok
}

// readEquals reads name eq 'value' off the front.
func readEquals(s, name string) (value, rest string, ok bool) {
	rest, ok = cutFold(s, name)
	if !ok || !strings.HasPrefix(rest, " ") {
		return "", "", false
	}
	if rest, ok = cutFold(strings.TrimLeft(rest, " "), "eq "); !ok {
		return "", "", false
	}
	value, rest, ok = readText(strings.TrimLeft(rest, " "))
	return value, strings.TrimSpace(rest), ok
}

// readText reads a text in single quotes, in which a doubled one is one.
func readText(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", "", false
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func parseInto(id *csp.ObjectID, text string) bool {
	parsed, err := csp.ParseID[csp.Principal](text)
	*id = parsed
	return err == nil
}

func (g grammar) refuse(text string) *failure {
	return badRequest("UnsupportedQuery", "The filter '"+wire.Clip(text)+"' is not supported. Supported filters are "+g.supported+".")
}
