package arm

import (
	"strings"

	"latchkey/csp"
)

// filter is a $filter of the forms that authorization lists take, joined by "and".
type filter struct {
	atScope    bool
	principal  csp.ObjectID
	assignedTo csp.ObjectID
	roleName   string
	kind       string
}

const maxFilter = 2048

func parseFilter(text string) (filter, *failure) {
	var f filter
	if len(text) > maxFilter {
		return f, badFilter(text)
	}
	rest := strings.TrimSpace(text)
	for rest != "" {
		var err *failure
		if rest, err = f.readTerm(rest); err != nil {
			return filter{}, badFilter(text)
		}
		if rest == "" {
			break
		}
		word, after, found := strings.Cut(rest, " ")
		if !found || !strings.EqualFold(word, "and") {
			return filter{}, badFilter(text)
		}
		if rest = strings.TrimSpace(after); rest == "" {
			return filter{}, badFilter(text)
		}
	}
	return f, nil
}

// readTerm reads one term off the front and gives what is left.
func (f *filter) readTerm(s string) (string, *failure) {
	for _, term := range []struct {
		start, end string
		take       func(value string) bool
	}{
		{"atScope()", "", func(string) bool { f.atScope = true; return true }},
		{"atScopeAndBelow()", "", func(string) bool { return true }},
		{"assignedTo('", "')", func(v string) bool { return parseInto(&f.assignedTo, v) }},
		{"principalId eq '", "'", func(v string) bool { return parseInto(&f.principal, v) }},
		{"roleName eq '", "'", func(v string) bool { f.roleName = v; return v != "" }},
		{"type eq '", "'", func(v string) bool { f.kind = v; return v != "" }},
	} {
		if len(s) < len(term.start) || !strings.EqualFold(s[:len(term.start)], term.start) {
			continue
		}
		rest, value := s[len(term.start):], ""
		if term.end != "" {
			var closed bool
			if value, rest, closed = strings.Cut(rest, term.end); !closed {
				break
			}
		}
		if !term.take(value) {
			break
		}
		return strings.TrimSpace(rest), nil
	}
	return "", badFilter(s)
}

func parseInto(id *csp.ObjectID, text string) bool {
	parsed, err := csp.ParseID[csp.Principal](text)
	*id = parsed
	return err == nil
}

func badFilter(text string) *failure {
	return badRequest("UnsupportedQuery", "The filter '"+clip(text)+"' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}'' or 'assignedTo('{value}')'.")
}
