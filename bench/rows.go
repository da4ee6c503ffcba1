package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"latchkey/access/pattern"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// rows is the data that every engine gets: who is in which group, which scope
// lies in which, and who has which role where. Numbers are places in the lists.
type rows struct {
	principals  []principal
	members     []member
	scopes      []scope // parents before children
	roles       []role
	assignments []assignment
}

type principal struct {
	id     string
	tenant int
	group  bool
}

// member says that a principal, perhaps a group itself, is in a group.
type member struct{ group, member int }

type scope struct {
	id     string
	parent int // -1 for none
	tenant int
}

// role is a built-in role. None of the peers knows Azure's wildcards and
// exceptions, so what a role allows is worked out beforehand for each action
// that is asked about.
type role struct {
	csp.RoleDefinition
	allows map[string]bool
}

type assignment struct{ principal, role, scope int }

// question asks whether a principal may do something at a scope, all told as the
// texts that an application has in its hands.
type question struct{ principal, action, scope string }

// size says how much there is of each thing. At size 1 it is the reference
// partner: 10,000 customers, 30,000 subscriptions, 300,000 resource groups, 3M
// resources, 1.5M role assignments, 200,000 users.
type size float64

const (
	customersAtOne        = 10_000
	usersPerCustomer      = 20
	groupsPerCustomer     = 6
	subscriptionsEach     = 3
	groupsPerSubscription = 10
	resourcesPerGroup     = 10
	assignmentsEach       = 50 // per subscription
)

var roleNames = []string{
	"Owner", "Contributor", "Reader", "Virtual Machine Contributor", "Network Contributor", "Storage Account Contributor",
	"Key Vault Contributor", "Monitoring Reader", "Monitoring Contributor", "Backup Contributor", "Backup Reader",
	"Website Contributor", "SQL DB Contributor", "DNS Zone Contributor", "Security Reader", "Log Analytics Reader",
	"Tag Contributor", "Cost Management Reader", "Virtual Machine Administrator Login", "Automation Operator",
}

// actions are those that are asked about.
var actions = []string{
	"Microsoft.Compute/virtualMachines/read",
	"Microsoft.Compute/virtualMachines/write",
	"Microsoft.Compute/virtualMachines/start/action",
	"Microsoft.Compute/virtualMachines/delete",
	"Microsoft.Network/virtualNetworks/read",
	"Microsoft.Network/virtualNetworks/write",
	"Microsoft.Storage/storageAccounts/read",
	"Microsoft.Storage/storageAccounts/listKeys/action",
	"Microsoft.KeyVault/vaults/read",
	"Microsoft.KeyVault/vaults/write",
	"Microsoft.Insights/metrics/read",
	"Microsoft.Resources/subscriptions/resourceGroups/read",
}

// generate makes rows from a seed; the same seed and size make the same rows.
func generate(seed uint64, s size) (*rows, error) {
	g := generator{rows: &rows{}, random: rand.New(rand.NewPCG(seed, 1))}
	if err := g.makeRoles(); err != nil {
		return nil, err
	}
	for tenant := range max(1, int(customersAtOne*float64(s))) {
		g.makeCustomer(tenant)
	}
	return g.rows, nil
}

type generator struct {
	*rows
	random *rand.Rand
	ids    uint64
}

func (g *generator) makeRoles() error {
	for _, name := range roleNames {
		definition, ok := builtin.AzureRoleNamed(name)
		if !ok {
			return fmt.Errorf("there is no built-in role %q", name)
		}
		allows := make(map[string]bool)
		for _, action := range actions {
			for _, entry := range definition.Permissions {
				if entry.Condition == "" && pattern.NewSet(entry.Actions, entry.NotActions).Has(pattern.Fold(action)) {
					allows[action] = true
				}
			}
		}
		g.roles = append(g.roles, role{definition, allows})
	}
	return nil
}

// newID makes a GUID that no other call makes.
func (g *generator) newID() string {
	g.ids++
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", g.random.Uint32(), g.random.Uint32()&0xffff, g.random.Uint32()&0xfff, g.random.Uint32()&0xfff, g.ids)
}

func (g *generator) makeCustomer(tenant int) {
	firstUser := len(g.principals)
	for range usersPerCustomer {
		g.principals = append(g.principals, principal{g.newID(), tenant, false})
	}
	firstGroup := len(g.principals)
	for n := range groupsPerCustomer {
		g.principals = append(g.principals, principal{g.newID(), tenant, true})
		// Groups lie in earlier ones, three deep and more.
		if n > 0 {
			g.members = append(g.members, member{firstGroup + g.random.IntN(n), firstGroup + n})
		}
	}
	for user := firstUser; user < firstGroup; user++ {
		first := g.random.IntN(groupsPerCustomer)
		second := (first + 1 + g.random.IntN(groupsPerCustomer-1)) % groupsPerCustomer
		g.members = append(g.members, member{firstGroup + first, user}, member{firstGroup + second, user})
	}
	top := g.addScope(fmt.Sprintf("/providers/Microsoft.Management/managementGroups/mg-%05d", tenant), -1, tenant)
	holders := firstGroup + groupsPerCustomer - firstUser
	g.assign(firstUser+g.random.IntN(holders), top)
	for range subscriptionsEach {
		g.makeSubscription(top, firstUser, holders)
	}
}

func (g *generator) makeSubscription(top, firstHolder, holders int) {
	tenant := g.scopes[top].tenant
	subscription := g.addScope("/subscriptions/"+g.newID(), top, tenant)
	var groups, resources []int
	for n := range groupsPerSubscription {
		group := g.addScope(fmt.Sprintf("%s/resourceGroups/rg-%02d", g.scopes[subscription].id, n), subscription, tenant)
		groups = append(groups, group)
		for m := range resourcesPerGroup {
			id := fmt.Sprintf("%s/providers/Microsoft.Compute/virtualMachines/vm-%02d", g.scopes[group].id, m)
			resources = append(resources, g.addScope(id, group, tenant))
		}
	}
	seen := make(map[assignment]bool)
	for n := range assignmentsEach {
		at := subscription
		switch {
		case n >= 20:
			at = resources[g.random.IntN(len(resources))]
		case n >= 5:
			at = groups[g.random.IntN(len(groups))]
		}
		// What is there twice is drawn anew: Azure refuses the second.
		for a := g.draw(firstHolder+g.random.IntN(holders), at); ; a = g.draw(firstHolder+g.random.IntN(holders), at) {
			if !seen[a] {
				seen[a] = true
				g.assignments = append(g.assignments, a)
				break
			}
		}
	}
}

func (g *generator) addScope(id string, parent, tenant int) int {
	g.scopes = append(g.scopes, scope{id, parent, tenant})
	return len(g.scopes) - 1
}

func (g *generator) draw(principal, scope int) assignment {
	return assignment{principal, g.random.IntN(len(g.roles)), scope}
}

func (g *generator) assign(principal, scope int) {
	g.assignments = append(g.assignments, g.draw(principal, scope))
}

// questions draws that many: of a user and a scope of the same customer, one in
// ten of another's. Half ask where something is assigned that may reach the user.
// None is of a management group, whose name alone does not say in which tenant.
func (r *rows) questions(seed uint64, count int) []question {
	random := rand.New(rand.NewPCG(seed, 2))
	perCustomer := usersPerCustomer + groupsPerCustomer
	held := make([][]int, len(r.principals)/perCustomer) // the assignments of each tenant
	for n, a := range r.assignments {
		tenant := r.scopes[a.scope].tenant
		held[tenant] = append(held[tenant], n)
	}
	list := make([]question, 0, count)
	for len(list) < count {
		n := random.IntN(len(r.scopes))
		tenant := r.scopes[n].tenant
		if random.IntN(10) == 0 {
			tenant = random.IntN(len(held))
		}
		who := r.principals[tenant*perCustomer+random.IntN(usersPerCustomer)]
		if random.IntN(2) == 0 {
			a := r.assignments[held[tenant][random.IntN(len(held[tenant]))]]
			n = a.scope
			if holder := r.principals[a.principal]; !holder.group {
				who = holder
			}
		}
		list = append(list, question{who.id, actions[random.IntN(len(actions))], r.scopes[r.below(n, random)].id})
	}
	return list
}

// below finds a scope that is the given one or lies in it; for a management group
// one that lies in it. Every scope is followed by those that lie in it.
func (r *rows) below(scope int, random *rand.Rand) int {
	last := scope
	for last+1 < len(r.scopes) && r.scopes[last+1].parent >= scope {
		last++
	}
	if r.scopes[scope].parent < 0 {
		scope++
	}
	return scope + random.IntN(last-scope+1)
}

// counts says how much there is, for the report.
func (r *rows) counts() string {
	return fmt.Sprintf("%s principals, %s memberships, %s scopes, %s role assignments",
		thousands(len(r.principals)), thousands(len(r.members)), thousands(len(r.scopes)), thousands(len(r.assignments)))
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
