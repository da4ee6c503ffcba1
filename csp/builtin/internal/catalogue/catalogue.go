// Package catalogue reads and writes the text form in which the built-in role
// catalogues are kept.
//
// The form is made for review and for speed. Each fact stands on a line of its
// own, so that a new edition of the catalogue is a diff people can read; and a
// fact is a piece of the file's text, so that reading copies nothing.
//
//	role 4d97b98b-1d4f-4787-a291-c67834d212e7 Network Contributor
//	permission
//	action Microsoft.Network/*
//
// Lines that begin with # are for people.
package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/csp"
)

const (
	roleKey          = "role"
	permissionKey    = "permission"
	actionKey        = "action"
	notActionKey     = "notAction"
	dataActionKey    = "dataAction"
	notDataActionKey = "notDataAction"
	conditionKey     = "condition"
	privilegedKey    = "privileged"
	gdapKey          = "gdap"
)

// EncodeAzure writes Azure roles, sorted by name. It fails on a text that would
// not survive the line-based form.
func EncodeAzure(roles []csp.RoleDefinition) (string, error) {
	var e encoder
	for _, role := range byName(roles, func(r csp.RoleDefinition) string { return r.Name }) {
		e.line(roleKey, role.ID.String()+" "+role.Name)
		for _, p := range role.Permissions {
			e.line(permissionKey, "")
			e.lines(actionKey, p.Actions)
			e.lines(notActionKey, p.NotActions)
			e.lines(dataActionKey, p.DataActions)
			e.lines(notDataActionKey, p.NotDataActions)
			if p.Condition != "" {
				e.line(conditionKey, p.Condition)
			}
		}
	}
	return e.text.String(), e.err
}

// EncodeEntra writes Entra directory roles, sorted by name. It fails on a text
// that would not survive the line-based form.
func EncodeEntra(roles []csp.DirectoryRole) (string, error) {
	var e encoder
	for _, role := range byName(roles, func(r csp.DirectoryRole) string { return r.Name }) {
		e.line(roleKey, role.ID.String()+" "+role.Name)
		if role.Privileged {
			e.line(privilegedKey, "")
		}
		if role.GDAP != csp.GDAPUnknown {
			e.line(gdapKey, string(role.GDAP))
		}
		e.lines(actionKey, role.Actions)
	}
	return e.text.String(), e.err
}

func byName[T any](roles []T, name func(T) string) []T {
	sorted := slices.Clone(roles)
	slices.SortStableFunc(sorted, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return sorted
}

// encoder keeps the first error, so that the writers above read as the form does.
type encoder struct {
	text strings.Builder
	err  error
}

func (e *encoder) lines(key string, values []string) {
	for _, value := range values {
		e.line(key, value)
	}
}

func (e *encoder) line(key, value string) {
	if value != strings.TrimSpace(value) || strings.ContainsAny(value, "\r\n") {
		if e.err == nil {
			e.err = fmt.Errorf("%s %q has spaces around it or a line break in it", key, value)
		}
		return
	}
	e.text.WriteString(key)
	if value != "" {
		e.text.WriteString(" " + value)
	}
	e.text.WriteByte('\n')
}

// DecodeAzure reads what EncodeAzure wrote. The result's texts are pieces of text.
func DecodeAzure(text string) ([]csp.RoleDefinition, error) {
	var roles []csp.RoleDefinition
	var entry *csp.Permission
	err := eachLine(text, func(key, value string) error {
		if key == roleKey {
			id, name, err := headOfRole[csp.RoleDefinition](value)
			roles, entry = append(roles, csp.RoleDefinition{ID: id, Name: name}), nil
			return err
		}
		if len(roles) == 0 {
			return fmt.Errorf("%s stands before the first role", key)
		}
		if key == permissionKey {
			role := &roles[len(roles)-1]
			role.Permissions = append(role.Permissions, csp.Permission{})
			entry = &role.Permissions[len(role.Permissions)-1]
			return nil
		}
		if entry == nil {
			return fmt.Errorf("%s stands outside a permission", key)
		}
		return addToEntry(entry, key, value)
	})
	return roles, err
}

func addToEntry(entry *csp.Permission, key, value string) error {
	switch key {
	case actionKey:
		entry.Actions = append(entry.Actions, value)
	case notActionKey:
		entry.NotActions = append(entry.NotActions, value)
	case dataActionKey:
		entry.DataActions = append(entry.DataActions, value)
	case notDataActionKey:
		entry.NotDataActions = append(entry.NotDataActions, value)
	case conditionKey:
		entry.Condition = value
	default:
		return fmt.Errorf("%q is no word of a permission", key)
	}
	return nil
}

// DecodeEntra reads what EncodeEntra wrote. The result's texts are pieces of text.
func DecodeEntra(text string) ([]csp.DirectoryRole, error) {
	var roles []csp.DirectoryRole
	err := eachLine(text, func(key, value string) error {
		if key == roleKey {
			id, name, err := headOfRole[csp.DirectoryRole](value)
			roles = append(roles, csp.DirectoryRole{ID: id, Name: name, GDAP: csp.GDAPUnknown})
			return err
		}
		if len(roles) == 0 {
			return fmt.Errorf("%s stands before the first role", key)
		}
		role := &roles[len(roles)-1]
		switch key {
		case privilegedKey:
			role.Privileged = true
		case gdapKey:
			role.GDAP = csp.GDAPSupport(value)
		case actionKey:
			role.Actions = append(role.Actions, value)
		default:
			return fmt.Errorf("%q is no word of a directory role", key)
		}
		return nil
	})
	return roles, err
}

func eachLine(text string, do func(key, value string) error) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		if err := do(key, value); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

func headOfRole[T csp.Named](value string) (csp.ID[T], string, error) {
	text, name, _ := strings.Cut(value, " ")
	id, err := csp.ParseID[T](text)
	if err == nil && name == "" {
		err = fmt.Errorf("role %s has no name", id)
	}
	return id, name, err
}
