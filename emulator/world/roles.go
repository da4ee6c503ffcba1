package world

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// maxRoles is Azure's limit on custom roles in one directory.
const maxRoles = 5000

// CustomRole is a role definition of a tenant's own, with what Azure keeps beside it.
type CustomRole struct {
	csp.RoleDefinition
	Description string
	// Scopes are where it can be assigned, and below; none: everywhere in the tenant.
	Scopes    []csp.Scope
	Created   time.Time
	Updated   time.Time
	CreatedBy csp.ObjectID
	UpdatedBy csp.ObjectID
}

// AddRole adds a custom role definition to the tenant, assignable everywhere in
// it. A zero ID is replaced by a random one.
func (t Tenant) AddRole(r csp.RoleDefinition) (csp.RoleDefinition, error) {
	guid.Fill(&r.ID)
	if _, ok := t.Role(r.ID); ok {
		return csp.RoleDefinition{}, refuse(NameTaken, "a role with the id %s exists", r.ID)
	}
	put, err := t.PutRole(Actor{}, CustomRole{RoleDefinition: r})
	return put.RoleDefinition, err
}

// PutRole makes a custom role, or changes the one with the same id. Whether the
// actor may, at all its scopes, is not asked here.
func (t Tenant) PutRole(by Actor, r CustomRole) (CustomRole, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if err := w.checkCustomRole(d, by, r); err != nil {
		return CustomRole{}, err
	}
	now := w.Now()
	kept, known := d.custom[r.ID]
	if !known {
		kept = CustomRole{Created: now, CreatedBy: by.Object}
	}
	r.Custom, r.Created, r.CreatedBy, r.Updated, r.UpdatedBy = true, kept.Created, kept.CreatedBy, now, by.Object
	d.roles[r.ID], d.custom[r.ID] = r.RoleDefinition, r
	kind := RoleAdded
	if known {
		kind = RoleChanged
	}
	w.record(Event{Kind: kind, Tenant: t.ID, By: by, Subject: r.Name})
	return r, nil
}

func (w *World) checkCustomRole(d *tenant, by Actor, r CustomRole) error {
	if _, builtIn := w.roles[r.ID]; builtIn {
		return refuse(BuiltIn, "%s is a built-in role", r.ID)
	}
	if strings.TrimSpace(r.Name) == "" {
		return refuse(BadName, "a role needs a name")
	}
	if _, known := d.roles[r.ID]; !known && len(d.roles) >= maxRoles {
		return refuse(TooMany, "%s has %d custom roles", d.Name, maxRoles)
	}
	for _, other := range w.definitions(d) {
		if other.ID != r.ID && strings.EqualFold(other.Name, r.Name) {
			return refuse(NameTaken, "a role with the name %q exists", r.Name)
		}
	}
	if by.IsAuthor() {
		return nil
	}
	return w.checkRoleContent(d, r)
}

var actionPattern = regexp.MustCompile(`^(\*|[\w.*-]+(/[\w.*-]+)+)$`)

func (w *World) checkRoleContent(d *tenant, r CustomRole) error {
	data := false
	for _, p := range r.Permissions {
		for _, action := range slices.Concat(p.Actions, p.NotActions, p.DataActions, p.NotDataActions) {
			if !actionPattern.MatchString(action) {
				return refuse(BadAction, "%q", action)
			}
		}
		data = data || len(p.DataActions) > 0
	}
	groups := 0
	for _, scope := range r.Scopes {
		switch scope.Kind() {
		case csp.RootScope:
			return refuse(BadScope, "a custom role cannot be assignable at the root")
		case csp.ManagementGroupScope:
			groups++
		}
		if err := w.checkPlace(d, scope); err != nil {
			return err
		}
	}
	switch {
	case len(r.Scopes) == 0:
		return refuse(BadScope, "a custom role needs a scope at which it can be assigned")
	case groups > 1:
		return refuse(BadScope, "a custom role can name one management group only")
	case groups > 0 && data:
		return refuse(BadScope, "a custom role with data actions cannot name a management group")
	}
	return nil
}

// DeleteRole removes a custom role that nothing assigns.
func (t Tenant) DeleteRole(by Actor, id csp.RoleDefinitionID) (CustomRole, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	if _, ok := w.roles[id]; ok {
		return CustomRole{}, refuse(BuiltIn, "%s is a built-in role", id)
	}
	r, ok := d.custom[id]
	if !ok {
		return CustomRole{}, refuse(NoSuchRole, "no role definition has the id %s", id)
	}
	for _, a := range d.assignments {
		if a.Role == id {
			return CustomRole{}, refuse(RoleInUse, "%s is assigned at %s", r.Name, a.Scope)
		}
	}
	delete(d.roles, id)
	delete(d.custom, id)
	w.record(Event{Kind: RoleRemoved, Tenant: t.ID, By: by, Subject: r.Name})
	return r, nil
}

// CustomRole finds a role definition of the tenant's own.
func (t Tenant) CustomRole(id csp.RoleDefinitionID) (CustomRole, bool) {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return t.w.tenants[t.ID].customRole(id)
}

func (d *tenant) customRole(id csp.RoleDefinitionID) (CustomRole, bool) {
	r, ok := d.custom[id]
	return r, ok
}

func (d *tenant) assignable(r CustomRole, at csp.Scope) bool {
	return len(r.Scopes) == 0 || slices.ContainsFunc(r.Scopes, func(s csp.Scope) bool { return d.contains(s, at) })
}

// AssignableRoles lists the role definitions that can be assigned at the scope,
// by name; with below, also those assignable only further down.
func (t Tenant) AssignableRoles(at csp.Scope, below bool) []csp.RoleDefinition {
	list := t.Roles()
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	d := t.w.tenants[t.ID]
	return slices.DeleteFunc(list, func(r csp.RoleDefinition) bool {
		custom, ok := d.customRole(r.ID)
		if !ok || d.assignable(custom, at) {
			return false
		}
		return !below || !slices.ContainsFunc(custom.Scopes, func(s csp.Scope) bool { return d.contains(at, s) })
	})
}
