package differential_test

import (
	"regexp"
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin"
)

var empty = regexp.MustCompile(`(?m)^ *"[A-Za-z]+": (""|null|\[\]|false|0|"0001-01-01T00:00:00Z"),?\n`)

// readable puts names for ids and leaves out what says nothing.
func readable(text string, f csp.Facts) string {
	var names []string
	name := func(id, as string) {
		if id != "" {
			names = append(names, id, as)
		}
	}
	for _, p := range f.Principals {
		name(p.ID.String(), p.Name)
	}
	for _, t := range f.Tenants {
		name(t.ID.String(), t.Name)
	}
	for _, s := range f.Subscriptions {
		name(s.ID.String(), s.Name)
	}
	for _, r := range f.Roles {
		name(r.ID.String(), r.Name)
	}
	for _, r := range f.DirectoryRoles {
		name(r.ID.String(), r.Name)
	}
	for _, r := range builtin.EntraRoles() {
		name(r.ID.String(), r.Name)
	}
	return empty.ReplaceAllString(strings.NewReplacer(names...).Replace(text), "")
}
