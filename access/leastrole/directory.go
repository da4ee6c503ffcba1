package leastrole

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/pattern"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// Directory is a catalogue of directory roles to choose from.
type Directory struct {
	roles []csp.DirectoryRole // by name
}

// DirectoryCover is the least set of directory roles.
type DirectoryCover struct {
	Roles []csp.DirectoryRole // by name
	Class roleclass.Class
	// Rights is how many published operations and patterns the roles allow.
	Rights int
	Beyond int
}

// NewDirectory makes a catalogue of the roles. Roles whose actions are not
// published are in no cover.
func NewDirectory(roles []csp.DirectoryRole) *Directory {
	d := &Directory{roles: slices.Clone(roles)}
	slices.SortFunc(d.roles, func(x, y csp.DirectoryRole) int { return strings.Compare(x.Name, y.Name) })
	return d
}

// Cover finds the least roles that together allow all the actions, as
// [Azure.Cover] does.
func (d *Directory) Cover(actions []access.Action, except func(csp.DirectoryRole) bool) (found DirectoryCover, ok bool, err error) {
	if err := checkCount(len(actions)); err != nil {
		return DirectoryCover{}, false, err
	}
	var candidates []candidate
	for i, role := range d.roles {
		allows := allowedBy(actions, func(action access.Action) bool { return DirectoryAllows(role, action.String()) })
		if allows == 0 || except != nil && except(role) {
			continue
		}
		candidates = append(candidates, candidate{allows: allows, class: DirectoryClass(role), rights: len(role.Actions), index: i})
	}
	best, ok := least(candidates, len(actions))
	if !ok {
		return DirectoryCover{}, false, nil
	}
	found = DirectoryCover{Class: roleclass.Read, Rights: best.rights}
	allowed := make(map[string]bool)
	for _, i := range best.indexes {
		role := d.roles[i]
		found.Roles = append(found.Roles, role)
		found.Class = min(found.Class, DirectoryClass(role))
		for _, action := range role.Actions {
			allowed[pattern.Fold(action)] = true
		}
	}
	for _, action := range actions {
		delete(allowed, pattern.Fold(action.String()))
	}
	found.Beyond = len(allowed)
	return found, true, nil
}

// DirectoryClass is the class of a directory role: privileged if Microsoft labels
// it so or publishes nothing of it, read if all it does is read.
func DirectoryClass(role csp.DirectoryRole) roleclass.Class {
	if role.Privileged || len(role.Actions) == 0 {
		return roleclass.Privileged
	}
	for _, action := range role.Actions {
		if !strings.HasSuffix(pattern.Fold(action), "/read") {
			return roleclass.Standard
		}
	}
	return roleclass.Read
}

// DirectoryAllows says whether the directory role allows the action, by the
// wildcards that directory roles are published with.
func DirectoryAllows(role csp.DirectoryRole, action string) bool {
	return slices.ContainsFunc(role.Actions, func(published string) bool {
		return pattern.MatchesDirectory(pattern.Fold(published), pattern.Fold(action))
	})
}
