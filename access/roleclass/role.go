package roleclass

import (
	"slices"
	"strings"

	"latchkey/access/pattern"
	"latchkey/csp"
)

// Class says how dangerous a role is by what its permissions allow, never by
// its name. It decides which proof of approval a request needs.
type Class uint8

// The classes, from dangerous down. An unread class counts as Privileged.
const (
	// Privileged: may write role assignments, act as another identity, run code
	// as a stronger one, or read or reset secrets that open other things.
	Privileged Class = iota
	// Standard: changes things or reads data, none of the above.
	Standard
	// Read: looks only, and at no data and no secret.
	Read
)

// String names the class in lower case.
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Standard:
		return "standard"
	}
	return "privileged"
}

// Of computes the class of an Azure role definition from its permissions.
//
// A role is Privileged if one of its entries allows an operation of the table of
// dangers, or an action that by its own words hands out a secret. Conditions do
// not count in its favour: they narrow a danger and do not remove it. Nor does a
// role whose list of permissions is empty: of what such a role is for, nothing is
// known. A role is Read if it allows nothing but control actions that end in
// /read. All others are Standard.
func Of(role csp.RoleDefinition) Class {
	entries := entriesOf(role)
	if len(entries) == 0 || len(dangersIn(entries)) > 0 || len(secretsIn(entries)) > 0 {
		return Privileged
	}
	for _, e := range entries {
		if len(e.data.Actions) > 0 {
			return Standard
		}
		for _, action := range e.control.Actions {
			if !strings.HasSuffix(action, "/read") {
				return Standard
			}
		}
	}
	return Read
}

// entry is a permission entry, folded.
type entry struct {
	control   pattern.Set
	data      pattern.Set
	condition string
}

// entriesOf leaves out entries that allow nothing.
func entriesOf(role csp.RoleDefinition) []entry {
	entries := make([]entry, 0, len(role.Permissions))
	for _, p := range role.Permissions {
		if len(p.Actions)+len(p.DataActions) == 0 {
			continue
		}
		entries = append(entries, entry{
			control:   pattern.NewSet(p.Actions, p.NotActions),
			data:      pattern.NewSet(p.DataActions, p.NotDataActions),
			condition: p.Condition,
		})
	}
	return entries
}

// dangersIn are the indexes in the table of dangers of those that some entry
// allows, in the table's order.
func dangersIn(entries []entry) []int {
	var found []int
	for i, d := range dangers {
		for _, e := range entries {
			if e.mayAny(d) {
				found = append(found, i)
				break
			}
		}
	}
	return found
}

func (e entry) mayAny(d danger) bool {
	return slices.ContainsFunc(d.actions, e.control.May) || slices.ContainsFunc(d.data, e.data.May)
}

// secretsIn are the actions that no line of the table knows and that by their
// own words hand out or reset a secret.
func secretsIn(entries []entry) []string {
	var found []string
	for _, e := range entries {
		for _, list := range []pattern.Set{e.control, e.data} {
			for _, action := range list.Actions {
				if namesSecret(action) && !pattern.Any(list.Except, action) && !inDangers(action) {
					found = append(found, action)
				}
			}
		}
	}
	return found
}

func inDangers(action string) bool {
	for _, d := range dangers {
		if pattern.Any(d.actions, action) || pattern.Any(d.data, action) {
			return true
		}
	}
	return false
}
