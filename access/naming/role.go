package naming

import (
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/pattern"
	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/names"
)

// Role finds a role for Azure resources by its id or its name in any case: one
// that the facts list, or else a built-in one (R31).
func (n *Names) Role(text string) (csp.RoleDefinition, error) {
	text = strings.TrimSpace(text)
	var found []csp.RoleDefinition
	for i, role := range n.e.Roles {
		if n.e.RoleListed[i] != 0 && (strings.EqualFold(role.Name, text) || strings.EqualFold(role.ID.String(), text)) {
			found = append(found, role)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
	default:
		candidates := make([]string, len(found))
		for i, role := range found {
			candidates[i] = Clean(role.Name) + " (" + role.ID.String() + ")"
		}
		return csp.RoleDefinition{}, ambiguous("role", text, "", candidates)
	}
	if role, ok := builtin.AzureRoleNamed(text); ok {
		return role, nil
	}
	if id, err := csp.ParseID[csp.RoleDefinition](text); err == nil {
		if role, ok := builtin.AzureRole(id); ok {
			return role, nil
		}
	}
	near := names.NearTo(text)
	for _, role := range slices.Concat(n.e.Roles, builtin.AzureRoles()) {
		near.Offer(role.Name, func() string { return Clean(role.Name) })
	}
	return csp.RoleDefinition{}, unknown("role", text, "", near)
}

// DirectoryRole finds a role of directories by its id or its name in any case:
// one that the facts list, or else a built-in one (R14).
func (n *Names) DirectoryRole(text string) (csp.DirectoryRole, error) {
	text = strings.TrimSpace(text)
	near := names.NearTo(text)
	for _, role := range slices.Concat(n.listedDirectoryRoles(), builtin.EntraRoles()) {
		if strings.EqualFold(role.Name, text) || strings.EqualFold(role.ID.String(), text) {
			return role, nil
		}
		near.Offer(role.Name, func() string { return Clean(role.Name) })
	}
	return csp.DirectoryRole{}, unknown("directory role", text, "", near)
}

func (n *Names) listedDirectoryRoles() []csp.DirectoryRole {
	var listed []csp.DirectoryRole
	for i, role := range n.e.DirectoryRoles {
		if n.e.DirectoryListed[i] != 0 {
			listed = append(listed, role)
		}
	}
	return listed
}

// NearActions are the actions most like one that nobody knows. There are none if
// somebody does: if a role that is listed or built in names it, or has a pattern
// for it that names the provider and the resource. That a role allows everything
// says nothing about whether there is such a thing.
func (n *Names) NearActions(action access.Action) (near []string, known bool) {
	name := pattern.Fold(action.String())
	search := names.NearTo(name)
	seen := map[string]bool{}
	for _, text := range n.actionNames(action) {
		folded := pattern.Fold(text)
		switch {
		case seen[folded]:
		case strings.Contains(folded, "*"):
			seen[folded] = true
			if strings.Count(folded[:strings.IndexByte(folded, '*')], "/") >= 2 && pattern.Matches(folded, name) {
				return nil, true
			}
		case folded == name || pattern.MatchesDirectory(folded, name):
			return nil, true
		default:
			seen[folded] = true
			search.Offer(folded, func() string { return text })
		}
	}
	return search.Names(mostNear), false
}

// IsNamed says whether a role that is listed or built in names exactly the action,
// not only by a pattern.
func (n *Names) IsNamed(action access.Action) bool {
	name := pattern.Fold(action.String())
	return slices.ContainsFunc(n.actionNames(action), func(text string) bool { return pattern.Fold(text) == name })
}

// actionNames are all actions and patterns of the roles in which the action could be.
func (n *Names) actionNames(action access.Action) []string {
	var names []string
	for _, role := range slices.Concat(n.e.Roles, builtin.AzureRoles()) {
		for _, p := range role.Permissions {
			if action.IsData() {
				names = append(append(names, p.DataActions...), p.NotDataActions...)
			} else {
				names = append(append(names, p.Actions...), p.NotActions...)
			}
		}
	}
	if !action.IsData() {
		for _, role := range slices.Concat(n.e.DirectoryRoles, builtin.EntraRoles()) {
			names = append(names, role.Actions...)
		}
	}
	return names
}
