// Package builtin holds the roles that Microsoft ships: every Azure built-in
// role definition and every Entra built-in directory role, as data.
//
// The catalogues are facts of one day; README.md beside this file says which
// and where they come from. A tenant may already have a newer edition of a role,
// so what is granted is always compared with what the tenant answers.
//
// They are read on first use, in a few milliseconds, and never written after.
// The lists inside the returned roles are shared between callers: read them,
// never write into them.
package builtin

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"latchkey/csp"
	"latchkey/csp/builtin/internal/catalogue"
)

//go:generate go run ./generate $AZURE_ROLES $ENTRA_ROLES

var (
	//go:embed azure.txt
	azureText string
	//go:embed entra.txt
	entraText string
)

type azureCatalogue struct {
	roles  []csp.RoleDefinition // by name
	byID   map[csp.RoleDefinitionID]int
	byName map[string]int // in lower case
}

var azure = sync.OnceValue(func() azureCatalogue {
	c := azureCatalogue{roles: must(catalogue.DecodeAzure(azureText))}
	c.byID = make(map[csp.RoleDefinitionID]int, len(c.roles))
	c.byName = make(map[string]int, len(c.roles))
	for i, role := range c.roles {
		c.byID[role.ID] = i
		c.byName[strings.ToLower(role.Name)] = i
	}
	return c
})

var entra = sync.OnceValue(func() []csp.DirectoryRole { return must(catalogue.DecodeEntra(entraText)) })

// must is for the embedded text only: it is part of the program, like a
// constant, and a test reads the whole of it.
func must[T any](value T, err error) T {
	if err != nil {
		panic("builtin: " + err.Error())
	}
	return value
}

// AzureRoles are all built-in roles for Azure resources, sorted by name.
func AzureRoles() []csp.RoleDefinition { return slices.Clone(azure().roles) }

// AzureRole finds an Azure built-in role by its id.
func AzureRole(id csp.RoleDefinitionID) (csp.RoleDefinition, bool) {
	c := azure()
	i, ok := c.byID[id]
	if !ok {
		return csp.RoleDefinition{}, false
	}
	return c.roles[i], true
}

// AzureRoleNamed finds an Azure built-in role by its name in any case.
func AzureRoleNamed(name string) (csp.RoleDefinition, bool) {
	c := azure()
	i, ok := c.byName[strings.ToLower(name)]
	if !ok {
		return csp.RoleDefinition{}, false
	}
	return c.roles[i], true
}

// EntraRoles are all built-in roles of the Entra directory, sorted by name.
func EntraRoles() []csp.DirectoryRole { return slices.Clone(entra()) }
