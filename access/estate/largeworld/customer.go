package largeworld

import (
	"fmt"
	"strings"
	"time"

	"latchkey/csp"
)

// customer grows into the facts of its part.
type customer struct {
	chance
	*partner
	number int
	id     csp.TenantID
	name   string
	domain csp.Domain
	out    *csp.Facts

	users, groups, services, guests []csp.ObjectID
	subscriptions                   []csp.Scope
	resourceGroups, resources       []csp.Scope
	assignments                     int // to be made
}

func newCustomer(p *partner, i int, seed uint64, of shares, out *csp.Facts) {
	c := &customer{chance: newChance(seed, firstCustomerStream+uint64(i)), partner: p, number: i, out: out, name: firm(i)}
	c.id = newID[csp.Tenant](c.chance)
	word := strings.ToLower(strings.ReplaceAll(c.name, " ", ""))
	c.domain = csp.Domain(word + ".onmicrosoft.com")
	c.assignments = of.assignments[i]
	out.Tenants = append(out.Tenants, csp.Tenant{ID: c.id, Name: c.name, DefaultDomain: c.domain, OldRules: c.in(100)})
	out.Domains = append(out.Domains, csp.TenantDomain{Tenant: c.id, Domain: csp.Domain(word + ".example")})

	c.addUsers(max(1, of.users[i]))
	c.addRelationships()
	c.addSubscriptions(max(1, of.subscriptions[i]))
	c.addResources(max(1, of.resourceGroups[i]), of.resources[i])
	c.addForeignPrincipals()
	c.addAssignments()
	c.addRest()
	if c.in(500) {
		out.Gaps = append(out.Gaps, csp.Gap{Fact: csp.MissingDirectoryRoles, Tenant: c.id, Why: "the partner may not read them there"})
	}
}

// addUsers makes the customer's own principals, its administrators, and guests
// from the partner.
func (c *customer) addUsers(count int) {
	for i := range count {
		user := c.user(c.id, c.domain, i)
		if c.in(3) {
			user.Source = csp.Synced
		}
		c.users = append(c.users, user.ID)
		c.out.Principals = append(c.out.Principals, user)
	}
	for i := range 2 + count/5 {
		group := c.group(c.id, fmt.Sprintf("sg-%s-%d", pick(c.chance, apps), i))
		group.Dynamic = c.in(20)
		c.groups = append(c.groups, group.ID)
		c.out.Principals = append(c.out.Principals, group)
		for _, member := range some(c.chance, c.users, 1+c.IntN(8)) {
			c.out.Memberships = append(c.out.Memberships, csp.Membership{Group: group.ID, Member: member})
		}
		if i > 0 && c.in(4) {
			c.out.Memberships = append(c.out.Memberships, csp.Membership{Group: c.groups[c.IntN(i)], Member: group.ID})
		}
	}
	c.giveDirectoryRole(c.users[0], "Global Administrator", csp.Term{})
	if c.in(3) {
		c.giveDirectoryRole(pick(c.chance, c.users), early(c.chance, directoryRoles), csp.Term{Eligible: c.in(3)})
	}
	if c.in(25) {
		c.addGuests()
	}
}

// addGuests invites some engineers (R2, R13).
func (c *customer) addGuests() {
	for range 1 + c.IntN(3) {
		home := pick(c.chance, c.accounts)
		guest := csp.Principal{
			ID: newID[csp.Principal](c.chance), Tenant: c.id, Type: csp.User, Source: csp.Guest, Name: home.Name,
			SignInName: strings.Replace(home.SignInName, "@", "_", 1) + "#EXT#@" + string(c.domain),
			Home:       home.ID, HomeTenant: c.partner.tenant,
		}
		c.guests = append(c.guests, guest.ID)
		c.out.Principals = append(c.out.Principals, guest)
		if c.in(4) {
			c.giveDirectoryRole(guest.ID, "Global Administrator", csp.Term{})
		}
	}
}

func (c *customer) giveDirectoryRole(to csp.ObjectID, role string, term csp.Term) {
	c.out.DirectoryAssignments = append(c.out.DirectoryAssignments, csp.DirectoryAssignment{
		Tenant: c.id, Principal: to, Role: c.directory[role], Term: term,
	})
}

// addService makes a service principal.
func (c *customer) addService(name string) csp.ObjectID {
	id := newID[csp.Principal](c.chance)
	c.services = append(c.services, id)
	c.out.Principals = append(c.out.Principals, csp.Principal{ID: id, Tenant: c.id, Type: csp.ServicePrincipal, Name: name})
	return id
}

// addRelationships makes the customer one of the partner: nine in ten lend roles
// by GDAP, one in ten is still on DAP, some have both, and some a distributor.
func (c *customer) addRelationships() {
	reseller := csp.ResellerRelationship{Partner: c.partner.tenant, Customer: c.id, Kind: csp.DirectPartner}
	if c.in(8) {
		reseller.Kind = csp.IndirectReseller
		c.out.Resellers = append(c.out.Resellers, csp.ResellerRelationship{Partner: c.distributor, Customer: c.id, Kind: csp.IndirectProvider})
	}
	c.out.Resellers = append(c.out.Resellers, reseller)
	old := c.number%10 == 9
	if old || c.in(50) {
		c.out.DAPs = append(c.out.DAPs, csp.DAPRelationship{Partner: c.partner.tenant, Customer: c.id})
	}
	if !old {
		c.addGDAP(csp.GDAPActive, Noon.AddDate(0, 0, -1-c.IntN(300)))
		if c.in(4) {
			c.addGDAP(csp.GDAPExpired, Noon.AddDate(-3, 0, 0))
		}
	}
	if c.in(30) {
		c.addLighthouse()
	}
}

func (c *customer) addGDAP(status csp.GDAPStatus, from time.Time) {
	r := csp.GDAPRelationship{
		ID: newID[csp.GDAPRelationship](c.chance), Name: "Alder Cloud for " + c.name, Partner: c.partner.tenant, Customer: c.id,
		Status: status, Period: csp.Period{From: from, Until: from.AddDate(0, 0, 365+c.IntN(365))}, ExtendsBy: 180 * c.IntN(2),
	}
	agreed := map[string]bool{"Directory Readers": true}
	for range 4 + c.IntN(6) {
		agreed[early(c.chance, directoryRoles)] = true
	}
	for _, name := range directoryRoles { // a map has no order
		if agreed[name] {
			r.Roles = append(r.Roles, c.directory[name])
		}
	}
	for range 3 + c.IntN(5) {
		a := csp.AccessAssignment{Group: pick(c.chance, c.lending), Status: csp.GDAPActive}
		for range 1 + c.IntN(3) {
			a.Roles = append(a.Roles, pick(c.chance, r.Roles))
		}
		if c.in(30) {
			a.Status = csp.GDAPDeleted
		}
		r.Assignments = append(r.Assignments, a)
	}
	if c.in(5) {
		r.Assignments = append(r.Assignments, csp.AccessAssignment{Group: c.helpdesk, Status: csp.GDAPActive, Roles: r.Roles[:1]})
	}
	if c.in(5) {
		r.Assignments = append(r.Assignments, csp.AccessAssignment{Group: c.adminAgents, Status: csp.GDAPActive, Roles: r.Roles})
	}
	c.out.GDAPs = append(c.out.GDAPs, r)
}

// addLighthouse comes before subscriptions: it is told at one that will be made.
func (c *customer) addLighthouse() {
	scope := csp.SubscriptionScopeOf(newID[csp.Subscription](c.chance))
	c.addSubscription(scope)
	for range 1 + c.IntN(3) {
		c.out.Lighthouses = append(c.out.Lighthouses, csp.LighthouseDelegation{
			Manager: c.partner.tenant, Principal: pick(c.chance, c.teams), Role: pick(c.chance, c.roles[:3]), Scope: scope,
			Term: csp.Term{Eligible: c.in(3)},
		})
	}
}

func (c *customer) addSubscription(scope csp.Scope) {
	name := fmt.Sprintf("%s %s %d", c.name, pick(c.chance, []string{"Production", "Test", "Shared", "Sandbox"}), len(c.subscriptions)+1)
	c.subscriptions = append(c.subscriptions, scope)
	c.out.Subscriptions = append(c.out.Subscriptions, csp.Subscription{ID: scope.Subscription(), Tenant: c.id, Name: name, Creator: c.partner.tenant})
}

// addSubscriptions makes subscriptions and, where there are several, management
// groups for them.
func (c *customer) addSubscriptions(count int) {
	for len(c.subscriptions) < count {
		c.addSubscription(csp.SubscriptionScopeOf(newID[csp.Subscription](c.chance)))
	}
	if len(c.subscriptions) < 5 {
		return
	}
	const path = "/providers/Microsoft.Management/managementGroups/"
	top := csp.MustParseScope(path + "mg-all")
	for i, scope := range c.subscriptions {
		group := csp.MustParseScope(path + "mg-" + stages[i%len(stages)])
		c.out.Placements = append(c.out.Placements,
			csp.Placement{Tenant: c.id, Child: scope, Parent: group},
			csp.Placement{Tenant: c.id, Child: group, Parent: top})
	}
}

func (c *customer) addResources(groups, resources int) {
	for i := range groups {
		name := fmt.Sprintf("rg-%s-%s-%s-%03d", pick(c.chance, apps), pick(c.chance, stages), pick(c.chance, regions), i)
		scope, _ := csp.ResourceGroupScopeOf(c.subscriptions[c.IntN(len(c.subscriptions))].Subscription(), name)
		c.resourceGroups = append(c.resourceGroups, scope)
		c.out.Resources = append(c.out.Resources, csp.Resource{Scope: scope})
	}
	for g, count := range evenly(resources, groups) {
		for i := range count {
			kind := early(c.chance, resourceTypes)
			name := fmt.Sprintf("%s%s%03d%02d", kind.prefix, pick(c.chance, apps), g, i)
			scope := csp.MustParseScope(c.resourceGroups[g].String() + "/providers/" + kind.kind + "/" + name)
			c.resources = append(c.resources, scope)
			c.out.Resources = append(c.out.Resources, csp.Resource{Scope: scope})
			if kind.prefix == "vm" && c.in(10) || kind.prefix == "id" || kind.prefix == "aa" && c.in(2) {
				c.out.Identities = append(c.out.Identities, csp.ManagedIdentity{Resource: scope, Principal: c.addService(name)})
			}
		}
	}
	for i := range 1 + len(c.subscriptions) {
		c.addService(fmt.Sprintf("app-%s-%d", pick(c.chance, apps), i))
	}
}

// assign makes a role assignment, as long as there are some to be made.
func (c *customer) assign(scope csp.Scope, role csp.RoleDefinitionID, to csp.ObjectID, kind csp.PrincipalType, term csp.Term, condition string) {
	if c.assignments <= 0 {
		return
	}
	c.assignments--
	a := csp.Assignment{Tenant: c.id, Term: term, RoleAssignment: csp.RoleAssignment{
		Name: newID[csp.RoleAssignment](c.chance), Scope: scope, Role: role, Principal: to, PrincipalType: kind, Condition: condition,
	}}
	if c.in(200) {
		a.Description = fmt.Sprintf("asked for in ticket %d", 10_000+c.IntN(90_000))
	}
	c.out.Assignments = append(c.out.Assignments, a)
}

// addForeignPrincipals makes the partner's AdminAgents Owner of what it created
// (R21), and its helpdesk or a distributor's agents something by hand. Here and
// there an administrator has elevated himself and not stepped down (R24).
func (c *customer) addForeignPrincipals() {
	reader, owner, userAccessAdministrator := c.roles[0], c.roles[3], c.roles[15]
	if c.in(50) {
		c.assign(csp.Root(), userAccessAdministrator, c.users[0], csp.User, csp.Term{}, "")
	}
	for _, scope := range c.subscriptions {
		if !c.in(50) { // somebody took it away: a case for reinstatement
			c.assign(scope, owner, c.adminAgents, csp.ForeignGroup, csp.Term{}, "")
		}
		if c.in(10) {
			c.assign(scope, reader, c.helpdesk, csp.ForeignGroup, csp.Term{}, "")
		}
		if c.in(20) {
			c.assign(scope, owner, c.distributorAgents, csp.ForeignGroup, csp.Term{}, "")
		}
	}
}

// conditions are told with a few assignments, each by its roles.
var conditions = []string{
	"((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'public'))",
	"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))",
}

// addAssignments makes the rest: to groups, users, service principals and guests,
// at resource groups and resources rather than at subscriptions.
func (c *customer) addAssignments() {
	for c.assignments > 0 {
		scope := pick(c.chance, c.subscriptions)
		switch n := c.IntN(10); {
		case n >= 6 && len(c.resources) > 0:
			scope = pick(c.chance, c.resources)
		case n >= 1:
			scope = pick(c.chance, c.resourceGroups)
		}
		var to csp.ObjectID
		kind := csp.User
		switch n := c.IntN(10); {
		case n < 4:
			to, kind = pick(c.chance, c.groups), csp.Group
		case n < 7:
			to, kind = pick(c.chance, c.services), csp.ServicePrincipal
		case n < 8 && len(c.guests) > 0:
			to = pick(c.chance, c.guests)
		default:
			to = pick(c.chance, c.users)
		}
		c.assign(scope, early(c.chance, c.roles), to, kind, c.term(), c.condition())
	}
}

func (c *customer) term() csp.Term {
	switch n := c.IntN(100); {
	case n < 3:
		return csp.Term{Eligible: true}
	case n < 4:
		from := Noon.Add(time.Duration(c.IntN(400)-200) * time.Hour)
		return csp.Term{Period: csp.Period{From: from, Until: from.Add(time.Duration(1+c.IntN(100)) * time.Hour)}}
	}
	return csp.Term{}
}

func (c *customer) condition() string {
	if c.in(100) {
		return pick(c.chance, conditions)
	}
	return ""
}

// addRest makes what is seldom: deny assignments, locks, policies, artefacts and
// records of use.
func (c *customer) addRest() {
	if c.in(20) {
		c.out.Denials = append(c.out.Denials, csp.Denial{Tenant: c.id, DenyAssignment: csp.DenyAssignment{
			ID: newID[csp.DenyAssignment](c.chance), Name: "Deny assignment of a managed application", Scope: pick(c.chance, c.resourceGroups),
			Permissions: []csp.Permission{{Actions: []string{"*/write", "*/delete"}}}, Everyone: true,
			Excluded: []csp.ObjectID{pick(c.chance, c.services)}, ThisScopeOnly: c.in(10), AuditOnly: c.in(10),
		}})
	}
	if c.in(10) {
		c.out.Locks = append(c.out.Locks, csp.Lock{Name: "do-not-delete", Scope: pick(c.chance, c.resourceGroups), Level: csp.CanNotDelete})
	}
	if c.in(40) {
		c.out.Policies = append(c.out.Policies, csp.PolicyDenial{
			Name: "No owners by hand", Tenant: c.id, Scope: pick(c.chance, c.subscriptions), Spares: c.roles[:3],
		})
	}
	if c.in(15) {
		c.out.Artefacts = append(c.out.Artefacts, csp.Artefact{Scope: c.subscriptions[0], Name: "Subscription Admins"})
	}
	for range c.IntN(4) {
		c.out.Usage = append(c.out.Usage, csp.Usage{
			Principal: pick(c.chance, c.users), Action: "Microsoft.Compute/virtualMachines/restart/action",
			Scope: pick(c.chance, c.resourceGroups), Last: Noon.AddDate(0, 0, -c.IntN(200)),
		})
	}
}
