package worldfile

import (
	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile/internal/yamltree"
)

// roleDefinition reads a custom role; without anything below its name it is the
// built-in one of that name, written down as known (R31).
func (r *reader) roleDefinition(key, body *node) {
	if body.Kind == yamltree.Nothing {
		r.builtinRole(key)
		return
	}
	f := r.fields(body, "a role definition")
	role := csp.RoleDefinition{Custom: !f.has("custom") || f.yes("custom")}
	role.ID, role.Name = named[csp.RoleDefinition](f, key, "role definition")
	role.Permissions = r.permissions(f, f.text("condition"))
	r.once(key, "role definition", role.Name, role.ID.String())
	r.facts.Roles = append(r.facts.Roles, role)
	r.roles[role.ID] = true
}

func (r *reader) builtinRole(key *node) {
	role, ok := builtin.AzureRoleNamed(key.Text)
	if id, err := csp.ParseID[csp.RoleDefinition](key.Text); err == nil {
		role, ok = builtin.AzureRole(id)
	}
	if !ok {
		r.problem(key, "%q is no built-in role; write below it what it allows: actions, not actions, data actions, not data actions", clip(key.Text))
		return
	}
	r.once(key, "role definition", role.Name, role.ID.String())
	r.facts.Roles = append(r.facts.Roles, role)
	r.roles[role.ID] = true
}

// permissions reads one entry from the keys of the map itself, and any number
// from the list under "permissions".
func (r *reader) permissions(f fields, condition string) []csp.Permission {
	var all []csp.Permission
	if p, written := permission(f, condition); written {
		all = append(all, p)
	}
	f.each("permissions", func(n *node) {
		entry := r.fields(n, "a permission")
		p, _ := permission(entry, entry.text("condition"))
		all = append(all, p)
	})
	return all
}

// permission is an entry, and whether anything of it is written.
func permission(f fields, condition string) (csp.Permission, bool) {
	p := csp.Permission{
		Actions: f.texts("actions"), NotActions: f.texts("not actions"),
		DataActions: f.texts("data actions"), NotDataActions: f.texts("not data actions"), Condition: condition,
	}
	written := condition != ""
	for _, key := range actionKeys {
		written = written || f.has(key)
	}
	return p, written
}

// role finds the Azure role that is named and adds it to the facts if it is a
// built-in one. An id is taken as it is and adds nothing: so a role can be
// assigned whose definition is not known.
func (r *reader) role(n *node) (csp.RoleDefinitionID, bool) {
	text, ok := r.text(n, "role")
	if !ok {
		return csp.RoleDefinitionID{}, false
	}
	id, err := r.dir.Role(text)
	if err != nil {
		r.problem(n, "%v", err)
		return id, false
	}
	if _, err := csp.ParseID[csp.RoleDefinition](text); err != nil {
		r.knowRole(id)
	}
	return id, true
}

// knowRole adds a built-in role to the facts.
func (r *reader) knowRole(id csp.RoleDefinitionID) {
	if role, ok := builtin.AzureRole(id); ok && !r.roles[id] {
		r.facts.Roles = append(r.facts.Roles, role)
		r.roles[id] = true
	}
}

// directoryRoleDefinition reads a custom role of Entra directories, or writes a
// built-in one down as known.
func (r *reader) directoryRoleDefinition(key, body *node) {
	if body.Kind == yamltree.Nothing {
		r.builtinDirectoryRole(key)
		return
	}
	f := r.fields(body, "a directory role definition")
	role := csp.DirectoryRole{Privileged: f.yes("privileged"), GDAP: csp.GDAPUnknown, Actions: f.texts("actions")}
	if f.has("gdap") {
		role.GDAP = csp.GDAPSupport(f.choice("gdap", string(csp.GDAPSupported), string(csp.GDAPUnsupported), string(csp.GDAPUnknown)))
	}
	role.ID, role.Name = named[csp.DirectoryRole](f, key, "directory role")
	r.addDirectoryRole(key, role)
}

func (r *reader) builtinDirectoryRole(key *node) {
	for _, role := range builtin.EntraRoles() {
		if role.Name == key.Text || role.ID.String() == key.Text {
			r.addDirectoryRole(key, role)
			return
		}
	}
	r.problem(key, "%q is no built-in directory role; write below it what it allows: actions, privileged, gdap", clip(key.Text))
}

func (r *reader) addDirectoryRole(key *node, role csp.DirectoryRole) {
	r.once(key, "directory role", role.Name, role.ID.String())
	r.facts.DirectoryRoles = append(r.facts.DirectoryRoles, role)
	r.directoryRoles[role.ID] = true
}

// directoryRoleRef finds the directory role that is named, and adds it to the
// facts as role does.
func (r *reader) directoryRoleRef(n *node) (csp.DirectoryRoleID, bool) {
	text, ok := r.text(n, "role")
	if !ok {
		return csp.DirectoryRoleID{}, false
	}
	id, err := r.dir.DirectoryRole(text)
	if err != nil {
		r.problem(n, "%v", err)
		return id, false
	}
	if _, err := csp.ParseID[csp.DirectoryRole](text); err != nil && !r.directoryRoles[id] {
		r.facts.DirectoryRoles = append(r.facts.DirectoryRoles, entraRole(id))
		r.directoryRoles[id] = true
	}
	return id, true
}

// entraRole is the built-in directory role with the id.
func entraRole(id csp.DirectoryRoleID) csp.DirectoryRole {
	for _, role := range builtin.EntraRoles() {
		if role.ID == id {
			return role
		}
	}
	return csp.DirectoryRole{}
}

// directoryRoleRefs are the directory roles under a key, one or a list.
func (r *reader) directoryRoleRefs(f fields, key string) []csp.DirectoryRoleID {
	var ids []csp.DirectoryRoleID
	f.each(key, func(n *node) {
		if id, ok := r.directoryRoleRef(n); ok {
			ids = append(ids, id)
		}
	})
	return ids
}
