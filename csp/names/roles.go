package names

import (
	"cmp"
	"sync"

	"latchkey/csp"
	"latchkey/csp/builtin"
)

// catalogue finds roles by name: those of the facts, and those Microsoft ships. A
// role of the facts goes before a built-in one of the same name.
type catalogue[T comparable] struct {
	index[T]
	builtin *catalogue[T]
	names   map[T]string
}

func (c *catalogue[T]) add(name string, id T) {
	if c.names == nil {
		c.names = make(map[T]string)
	}
	c.index.add(name, id)
	c.names[id] = name
}

func (c *catalogue[T]) find(name string) []T {
	if found := c.index.find(name); len(found) > 0 || c.builtin == nil {
		return found
	}
	return c.builtin.find(name)
}

func (c *catalogue[T]) name(id T) string { return cmp.Or(c.names[id], c.builtin.names[id]) }

func (c *catalogue[T]) nearest(text string) []string {
	own, shipped := c.index.nearest(text), c.builtin.index.nearest(text)
	return Nearest(text, append(own, shipped...))
}

// The built-in roles are the same for every Directory and made once.
var (
	azureRoles = sync.OnceValue(func() *catalogue[csp.RoleDefinitionID] {
		c := &catalogue[csp.RoleDefinitionID]{}
		for _, r := range builtin.AzureRoles() {
			c.add(r.Name, r.ID)
		}
		return c
	})
	entraRoles = sync.OnceValue(func() *catalogue[csp.DirectoryRoleID] {
		c := &catalogue[csp.DirectoryRoleID]{}
		for _, r := range builtin.EntraRoles() {
			c.add(r.Name, r.ID)
		}
		return c
	})
)
