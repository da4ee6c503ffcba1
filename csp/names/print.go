package names

import (
	"strings"

	"latchkey/csp"
)

// TenantName is the shortest text that names the tenant and no other: its name,
// its default domain, or its id.
func (d *Directory) TenantName(id csp.TenantID) string {
	t := d.tenant[id]
	for _, text := range []string{t.Name, t.DefaultDomain.String()} {
		if means(text, id, d.Tenant) {
			return text
		}
	}
	return id.String()
}

// PrincipalName is the shortest text that names the principal and no other, seen
// from the tenant; of one that the facts do not list it is the id.
func (d *Directory) PrincipalName(in csp.TenantID, id csp.ObjectID) string {
	p, known := d.principal[id]
	if !known {
		return id.String()
	}
	from := func(text string) (csp.ObjectID, error) { return d.Principal(in, text) }
	for _, text := range []string{p.Name, p.SignInName, p.Name + " @ " + d.TenantName(p.Tenant)} {
		if means(text, id, from) {
			return text
		}
	}
	return id.String()
}

// RoleName is the name of an Azure role, or its id.
func (d *Directory) RoleName(id csp.RoleDefinitionID) string {
	if name := d.roles.name(id); means(name, id, d.Role) {
		return name
	}
	return id.String()
}

// DirectoryRoleName is the name of a directory role, or its id.
func (d *Directory) DirectoryRoleName(id csp.DirectoryRoleID) string {
	if name := d.directory.name(id); means(name, id, d.DirectoryRole) {
		return name
	}
	return id.String()
}

// means says whether find takes the text for this thing. Texts that would not
// survive being trimmed are left alone.
func means[T comparable](text string, id T, find func(string) (T, error)) bool {
	if text == "" || strings.TrimSpace(text) != text {
		return false
	}
	found, err := find(text)
	return err == nil && found == id
}

func (d *Directory) describeTenant(id csp.TenantID) string {
	t := d.tenant[id]
	text := "the tenant " + id.String()
	if t.DefaultDomain != "" {
		text += " (" + t.DefaultDomain.String() + ")"
	}
	return text
}

func (d *Directory) describePrincipal(id csp.ObjectID) string {
	p := d.principal[id]
	text := "the " + kindOf(p) + " " + id.String()
	if p.SignInName != "" {
		text += " (" + p.SignInName + ")"
	}
	return text + " of " + d.TenantName(p.Tenant)
}

func kindOf(p csp.Principal) string {
	switch {
	case p.Source == csp.Guest:
		return "guest"
	case p.Type == csp.Group:
		return "group"
	case p.Type == csp.ServicePrincipal:
		return "service principal"
	}
	return "user"
}
