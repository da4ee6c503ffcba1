package largeworld

import (
	"fmt"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
)

// Noon is the instant at which the facts are as told: terms have begun before it
// or after it, and end after it or have ended.
var Noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// partner is what customers need to know of the partner.
type partner struct {
	facts csp.Facts

	tenant      csp.TenantID
	distributor csp.TenantID
	engineers   []csp.ObjectID
	accounts    []csp.Principal // of the engineers
	adminAgents csp.ObjectID
	helpdesk    csp.ObjectID
	// distributorAgents is the distributor's AdminAgents group.
	distributorAgents csp.ObjectID
	teams             []csp.ObjectID // groups of engineers
	lending           []csp.ObjectID // groups of teams, for GDAP

	roles     []csp.RoleDefinitionID // in order of frequency
	directory map[string]csp.DirectoryRoleID
}

func newPartner(size Size, seed uint64) *partner {
	c := newChance(seed, partnerStream)
	p := &partner{tenant: newID[csp.Tenant](c), directory: map[string]csp.DirectoryRoleID{}}
	const domain = "alder-cloud.example"
	p.facts.Tenants = []csp.Tenant{{ID: p.tenant, Name: "Alder Cloud", DefaultDomain: domain}}
	p.addRoles()
	for i := range size.Engineers {
		engineer := c.user(p.tenant, domain, i)
		p.facts.Principals = append(p.facts.Principals, engineer)
		p.accounts = append(p.accounts, engineer)
		p.engineers = append(p.engineers, engineer.ID)
	}
	p.addGroups(c, size)
	p.addCompanyRoles(c)
	p.addDistributor(c)
	p.addPeople(c, domain)
	return p
}

func (p *partner) addRoles() {
	for _, name := range azureRoles {
		role, _ := builtin.AzureRoleNamed(name) // a test sees to it that there are these
		p.facts.Roles = append(p.facts.Roles, role)
		p.roles = append(p.roles, role.ID)
	}
	for _, role := range builtin.EntraRoles() {
		if slices.Contains(directoryRoles, role.Name) {
			p.facts.DirectoryRoles = append(p.facts.DirectoryRoles, role)
			p.directory[role.Name] = role.ID
		}
	}
}

// addGroup makes a group with some members.
func (p *partner) addGroup(group csp.Principal, members ...csp.ObjectID) csp.ObjectID {
	p.facts.Principals = append(p.facts.Principals, group)
	for _, member := range members {
		p.facts.Memberships = append(p.facts.Memberships, csp.Membership{Group: group.ID, Member: member})
	}
	return group.ID
}

// some are a few of a list, as many as asked for or nearly.
func some(c chance, list []csp.ObjectID, n int) []csp.ObjectID {
	var few []csp.ObjectID
	for range n {
		if one := pick(c, list); !slices.Contains(few, one) {
			few = append(few, one)
		}
	}
	return few
}

// addGroups makes the agent groups, teams of engineers, and groups of teams that
// roles are lent to.
func (p *partner) addGroups(c chance, size Size) {
	const agentGroups = 3
	count := max(1, (size.Groups-agentGroups)/5)
	for i := range count {
		team := c.group(p.tenant, fmt.Sprintf("Team %s %d", teams[i%len(teams)], i/len(teams)+1))
		p.teams = append(p.teams, p.addGroup(team, some(c, p.engineers, 5+c.IntN(30))...))
	}
	for i := range max(1, size.Groups-agentGroups-count) {
		group := c.group(p.tenant, fmt.Sprintf("Customers %d: %s", i/len(directoryRoles)+1, directoryRoles[i%len(directoryRoles)]))
		members := append(some(c, p.teams, 1+c.IntN(3)), some(c, p.engineers, c.IntN(4))...)
		p.lending = append(p.lending, p.addGroup(group, members...))
	}
	agents := func(role csp.AgentRole, direct, nested int) csp.ObjectID {
		group := c.group(p.tenant, string(role))
		group.Agents = role
		return p.addGroup(group, append(some(c, p.engineers, direct), some(c, p.teams, nested)...)...)
	}
	p.adminAgents = agents(csp.AdminAgents, 40, 3)
	p.helpdesk = agents(csp.HelpdeskAgents, 120, 6)
	agents(csp.SalesAgents, 60, 0)
	// A few may activate membership of AdminAgents, and one has done so.
	for _, engineer := range some(c, p.engineers, 8) {
		p.facts.Memberships = append(p.facts.Memberships, csp.Membership{Group: p.adminAgents, Member: engineer, Term: csp.Term{Eligible: true}})
	}
	activation := csp.Period{From: Noon.Add(-time.Hour), Until: Noon.Add(7 * time.Hour)}
	p.facts.Memberships = append(p.facts.Memberships, csp.Membership{Group: p.adminAgents, Member: p.engineers[0], Term: csp.Term{Period: activation}})
}

// addCompanyRoles gives some engineers roles in the partner's own directory (R6, R8).
func (p *partner) addCompanyRoles(c chance) {
	for _, role := range []struct {
		name  string
		count int
	}{{"Global Administrator", 2}, {"User Administrator", 5}, {"Billing Administrator", 3}} {
		for _, engineer := range some(c, p.engineers, role.count) {
			p.facts.DirectoryAssignments = append(p.facts.DirectoryAssignments, csp.DirectoryAssignment{
				Tenant: p.tenant, Principal: engineer, Role: p.directory[role.name],
			})
		}
	}
}

// addDistributor makes a second partner, beside the first for some customers (R5).
func (p *partner) addDistributor(c chance) {
	const domain = "harbor-distribution.example"
	p.distributor = newID[csp.Tenant](c)
	p.facts.Tenants = append(p.facts.Tenants, csp.Tenant{ID: p.distributor, Name: "Harbor Distribution", DefaultDomain: domain})
	var users []csp.ObjectID
	for i := range 30 {
		user := c.user(p.distributor, domain, i)
		p.facts.Principals = append(p.facts.Principals, user)
		users = append(users, user.ID)
	}
	agents := c.group(p.distributor, string(csp.AdminAgents))
	agents.Agents = csp.AdminAgents
	p.distributorAgents = p.addGroup(agents, users[:10]...)
}

// addPeople gives some engineers a second account for administration (R3).
func (p *partner) addPeople(c chance, domain csp.Domain) {
	for i := 0; i < len(p.accounts); i += 20 {
		engineer := p.accounts[i]
		admin := c.user(p.tenant, domain, i)
		admin.Name = engineer.Name + " (admin)"
		admin.SignInName = "admin." + engineer.SignInName
		p.facts.Principals = append(p.facts.Principals, admin)
		p.facts.People = append(p.facts.People, csp.Person{
			ID: newID[csp.Person](c), Name: engineer.Name, Accounts: []csp.ObjectID{engineer.ID, admin.ID},
		})
	}
}
