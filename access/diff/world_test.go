package diff_test

import (
	"fmt"
	"math/rand/v2"

	"latchkey/csp"
	"latchkey/csp/builtin"
)

// crowd makes small worlds in which nearly everybody has something: a partner
// with agents, a customer with guests, one tree of scopes, few roles.
type crowd struct {
	*rand.Rand
	csp.Facts
	partner, customer csp.TenantID
	people, groups    []csp.ObjectID // of the partner
	locals, rooms     []csp.ObjectID // of the customer: users and service principals, groups
	scopes            []csp.Scope
	roles             []csp.RoleDefinitionID
	directory         []csp.DirectoryRoleID
}

func id[T csp.Named](n int) csp.ID[T] { return csp.ID[T]{1, byte(n >> 8), byte(n), 1} }

func random(r *rand.Rand) csp.Facts {
	c := &crowd{Rand: r, partner: id[csp.Tenant](1), customer: id[csp.Tenant](2)}
	c.tenants()
	c.tree()
	c.relations()
	c.rights()
	return c.Facts
}

func pick[T any](c *crowd, list []T) T { return list[c.IntN(len(list))] }

func (c *crowd) one(n int) bool { return c.IntN(n) == 0 }

func (c *crowd) principal(n int, tenant csp.TenantID, kind csp.PrincipalType, name string) *csp.Principal {
	c.Principals = append(c.Principals, csp.Principal{ID: id[csp.Principal](n), Tenant: tenant, Type: kind, Name: name})
	return &c.Principals[len(c.Principals)-1]
}

func (c *crowd) tenants() {
	c.Tenants = []csp.Tenant{
		{ID: c.partner, Name: "Alder", DefaultDomain: "alder.example"},
		{ID: c.customer, Name: "Contoso", DefaultDomain: "contoso.example", OldRules: c.one(4)},
	}
	for n := range 3 {
		c.people = append(c.people, c.principal(10+n, c.partner, csp.User, fmt.Sprint("p", n)).ID)
		c.locals = append(c.locals, c.principal(20+n, c.customer, csp.User, fmt.Sprint("c", n)).ID)
	}
	c.locals = append(c.locals, c.principal(25, c.customer, csp.ServicePrincipal, "robot").ID)
	for n, role := range []csp.AgentRole{csp.AdminAgents, csp.HelpdeskAgents, ""} {
		g := c.principal(30+n, c.partner, csp.Group, fmt.Sprint("g", n))
		g.Agents = role
		c.groups = append(c.groups, g.ID)
		room := c.principal(40+n, c.customer, csp.Group, fmt.Sprint("r", n))
		room.RoleAssignable = n == 0
		c.rooms = append(c.rooms, room.ID)
	}
	if c.one(3) {
		g := c.principal(50, c.customer, csp.User, "guest")
		g.Source, g.Home, g.HomeTenant = csp.Guest, c.people[0], c.partner
		c.locals = append(c.locals, g.ID)
	}
	for range 4 {
		c.join(pick(c, c.groups), pick(c, append(c.groups, c.people...)))
		c.join(pick(c, c.rooms), pick(c, append(c.rooms, c.locals...)))
	}
}

func (c *crowd) term() (t csp.Term) {
	switch c.IntN(8) {
	case 0:
		t.Eligible = true
	case 1:
		t.Until = noon.AddDate(0, c.IntN(6)-1, 0)
	}
	return t
}

func (c *crowd) join(group, member csp.ObjectID) {
	c.Memberships = append(c.Memberships, csp.Membership{Group: group, Member: member, Term: c.term()})
}

func (c *crowd) tree() {
	sub := id[csp.Subscription](7)
	c.Subscriptions = []csp.Subscription{{ID: sub, Tenant: c.customer, Name: "shop"}}
	at := "/subscriptions/" + sub.String()
	mg := csp.MustParseScope("/providers/Microsoft.Management/managementGroups/all")
	for _, text := range []string{at, at + "/resourceGroups/a", at + "/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/m", at + "/resourceGroups/b"} {
		c.scopes = append(c.scopes, csp.MustParseScope(text))
		if scope := csp.MustParseScope(text); scope.Kind() != csp.SubscriptionScope {
			c.Resources = append(c.Resources, csp.Resource{Scope: scope})
		}
	}
	c.scopes = append(c.scopes, mg, csp.Root())
	if c.one(2) {
		c.Placements = append(c.Placements, csp.Placement{Tenant: c.customer, Child: c.scopes[0], Parent: mg})
	}
}

func (c *crowd) relations() {
	for _, role := range builtin.EntraRoles() {
		switch role.Name {
		case "Global Administrator", "Helpdesk Administrator", "Directory Readers", "Groups Administrator":
			c.DirectoryRoles = append(c.DirectoryRoles, role)
			c.directory = append(c.directory, role.ID)
		}
	}
	if c.one(2) {
		c.DAPs = append(c.DAPs, csp.DAPRelationship{Partner: c.partner, Customer: c.customer, Period: c.term().Period})
	}
	if c.one(2) {
		c.GDAPs = append(c.GDAPs, csp.GDAPRelationship{
			ID: id[csp.GDAPRelationship](1), Name: "support", Partner: c.partner, Customer: c.customer, Status: csp.GDAPActive, Period: c.term().Period,
			Roles:       c.directory,
			Assignments: []csp.AccessAssignment{{Group: pick(c, c.groups), Roles: []csp.DirectoryRoleID{pick(c, c.directory)}, Status: csp.GDAPActive}},
		})
	}
	if c.one(3) {
		c.Resellers = append(c.Resellers, csp.ResellerRelationship{Partner: c.partner, Customer: c.customer, Kind: csp.DirectPartner})
	}
}

func (c *crowd) rights() {
	for _, name := range []string{"Owner", "Reader", "Contributor", "Storage Blob Data Reader", "Role Based Access Control Administrator"} {
		role, _ := builtin.AzureRoleNamed(name)
		c.Roles = append(c.Roles, role)
	}
	c.Roles = append(c.Roles, csp.RoleDefinition{ID: id[csp.RoleDefinition](1), Name: "Operator", Custom: true, Permissions: []csp.Permission{
		{Actions: []string{"Microsoft.Compute/*", "*/read"}, NotActions: []string{"Microsoft.Compute/virtualMachines/delete"}},
		{Actions: []string{"Microsoft.Compute/virtualMachines/*/action"}, DataActions: []string{"Microsoft.Storage/*/read"}},
	}})
	c.Roles = append(c.Roles, csp.RoleDefinition{ID: id[csp.RoleDefinition](2), Name: "Picky", Custom: true, Permissions: []csp.Permission{
		{Actions: []string{"Microsoft.Compute/*"}},
		{Actions: []string{"Microsoft.Storage/*"}, Condition: "((!(ActionMatches{'Microsoft.Storage/storageAccounts/read'})))"},
	}})
	for _, role := range c.Roles {
		c.roles = append(c.roles, role.ID)
	}
	for n := range 5 {
		a := csp.Assignment{Tenant: c.customer, Term: c.term()}
		a.Name, a.Scope, a.Role = id[csp.RoleAssignment](n), pick(c, c.scopes), pick(c, c.roles)
		a.Principal, a.PrincipalType = pick(c, append(c.rooms, c.locals...)), csp.User
		if c.one(2) {
			a.Principal, a.PrincipalType = pick(c, c.groups), csp.ForeignGroup
		}
		if c.one(8) {
			a.Condition = "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})))"
		}
		c.Assignments = append(c.Assignments, a)
	}
	for n := range c.IntN(3) {
		c.deny(n)
	}
	for range c.IntN(3) {
		c.DirectoryAssignments = append(c.DirectoryAssignments, csp.DirectoryAssignment{
			Tenant: c.customer, Principal: pick(c, append(c.locals, c.rooms[0])), Role: pick(c, c.directory), Term: c.term(),
		})
	}
	if c.one(3) {
		c.Lighthouses = append(c.Lighthouses, csp.LighthouseDelegation{
			Manager: c.partner, Principal: pick(c, append(c.people, c.groups...)), Role: pick(c, c.roles), Scope: pick(c, c.scopes[:2]), Term: c.term(),
		})
	}
	if c.one(5) {
		g := csp.Gap{Fact: pick(c, []csp.FactKind{csp.MissingDenials, csp.MissingMemberships, csp.MissingTenant, csp.MissingAssignments}), Tenant: pick(c, []csp.TenantID{c.partner, c.customer}), Why: "not read"}
		if g.Fact == csp.MissingDenials && c.one(2) {
			g.Tenant, g.Scope = c.customer, pick(c, c.scopes[:4])
		}
		c.Gaps = append(c.Gaps, g)
	}
}

func (c *crowd) deny(n int) {
	d := csp.Denial{Tenant: c.customer}
	d.ID, d.Name, d.Scope = id[csp.DenyAssignment](n), fmt.Sprint("d", n), pick(c, c.scopes[:4])
	d.Permissions = []csp.Permission{{Actions: []string{pick(c, []string{"*", "*/delete", "Microsoft.Compute/*"})}}}
	d.ThisScopeOnly, d.AuditOnly, d.Everyone = c.one(3), c.one(5), c.one(2)
	all := append(append(c.groups, c.rooms...), c.locals...)
	if !d.Everyone {
		d.Principals = []csp.ObjectID{pick(c, all)}
	}
	if c.one(2) {
		d.Excluded = []csp.ObjectID{pick(c, all)}
	}
	c.Denials = append(c.Denials, d)
}
