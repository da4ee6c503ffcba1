package jit

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"latchkey/csp"
)

// mostSentences bounds how much a page says about one role.
const mostSentences = 8

// Allows says in plain sentences what a role lets its holder do. It reads the
// permissions, never the name, and says so when it leaves something out.
func Allows(role csp.RoleDefinition) []string {
	var things []string            // in the order of first mention
	verbs := map[string][]string{} // what may be done with each
	for _, p := range role.Permissions {
		for _, list := range []struct {
			actions []string
			kind    string
		}{{p.Actions, ""}, {p.DataActions, "the data in "}} {
			for _, action := range list.actions {
				verb, thing := readAction(action)
				thing = list.kind + thing
				if _, ok := verbs[thing]; !ok {
					things = append(things, thing)
				}
				if !slices.Contains(verbs[thing], verb) {
					verbs[thing] = append(verbs[thing], verb)
				}
			}
		}
	}
	var said []string
	for i, thing := range things {
		if i == mostSentences {
			said = append(said, fmt.Sprintf("And %d more kinds of thing.", len(things)-i))
			break
		}
		said = append(said, sentence(verbs[thing], thing))
	}
	if subtracts(role) {
		said = append(said, "Some of this is taken away again by exceptions in the role.")
	}
	return said
}

func subtracts(role csp.RoleDefinition) bool {
	for _, p := range role.Permissions {
		if len(p.NotActions)+len(p.NotDataActions) > 0 {
			return true
		}
	}
	return false
}

func sentence(verbs []string, thing string) string {
	s := verbs[0]
	if n := len(verbs); n > 1 {
		s = strings.Join(verbs[:n-1], ", ") + " and " + verbs[n-1]
	}
	s += " " + thing + "."
	return strings.ToUpper(s[:1]) + s[1:]
}

// readAction turns "Microsoft.Compute/virtualMachines/restart/action" into what
// is done ("restart") and with what ("virtual machines").
func readAction(action string) (verb, thing string) {
	segments := strings.Split(action, "/")
	last := len(segments) - 1
	switch strings.ToLower(segments[last]) {
	case "read":
		verb = "look at"
	case "write":
		verb = "create and change"
	case "delete":
		verb = "delete"
	case "action":
		if last > 0 && segments[last-1] != "*" {
			last--
			verb = spaced(segments[last])
		} else {
			verb = "run every operation on"
		}
	default: // "*", or an action that does not end in a verb
		verb = "do everything with"
		if segments[last] != "*" {
			last++
		}
	}
	return verb, things(segments[:max(0, last)])
}

// things names a resource type: the words after the provider's name.
func things(segments []string) string {
	var words []string
	for i, s := range segments {
		if s != "*" && (i > 0 || !strings.Contains(s, ".")) {
			words = append(words, spaced(s))
		}
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, " ")
	case len(segments) > 0 && segments[0] != "*":
		return "everything of " + segments[0]
	}
	return "everything there"
}

// spaced parts words written together: "virtualMachines" is "virtual machines".
func spaced(s string) string {
	var b strings.Builder
	var before rune
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		before = r
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
