package demo

import (
	"errors"
	"fmt"
	"strings"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// Password is everybody's in the made-up world.
const Password = "demo"

// Ids are fixed, so that the demo looks the same each time.
var (
	instanceID = csp.MustParseID[csp.Tenant]("1a7c8e00-0000-4000-8000-00000000de30")
	portalApp  = csp.MustParseID[registry.App]("a1000000-0000-4000-8000-000000000001")
	shellApp   = csp.MustParseID[registry.App]("a1000000-0000-4000-8000-000000000002")

	alder       = tenantID("0a")
	brightwater = tenantID("0b")
	kestrel     = tenantID("0c")

	brightwaterProduction = csp.MustParseID[csp.Subscription]("5b000000-0000-4000-8000-00000000000b")
	kestrelDepots         = csp.MustParseID[csp.Subscription]("5b000000-0000-4000-8000-00000000000c")

	james            = objectID("01")
	jamesBrightwater = objectID("0b01")
	jamesKestrel     = objectID("0c01")
	olga             = objectID("02")
	casey            = objectID("0b02")
	devi             = objectID("0b03")
	kim              = objectID("0c02")
	portalAlder      = objectID("a0a0")
	portalBright     = objectID("a00b")
	portalKestrel    = objectID("a00c")
	adminAgents      = objectID("aa01")
	helpdeskAgents   = objectID("aa02")
)

// BookingMachine is the virtual machine the story turns on.
var BookingMachine = csp.MustParseScope("/subscriptions/5b000000-0000-4000-8000-00000000000b/resourceGroups/rg-booking/providers/Microsoft.Compute/virtualMachines/vm-booking-1")

func tenantID(end string) csp.TenantID {
	return csp.MustParseID[csp.Tenant]("7e000000-0000-4000-8000-" + zeros(end))
}

func objectID(end string) csp.ObjectID {
	return csp.MustParseID[csp.Principal]("0b000000-0000-4000-8000-" + zeros(end))
}

func zeros(end string) string { return strings.Repeat("0", 12-len(end)) + end }

// The roles the demo's customers offer, and the one their conditions keep out.
const (
	powerRole   = "Desktop Virtualization Power On Off Contributor" // class standard: may restart
	machineRole = "Virtual Machine Contributor"                     // class privileged: may run commands as the machine
	readerRole  = "Reader"
	ownerRole   = "Owner"
)

// shellRedirect is where the engineer's command line waits for its code.
const shellRedirect = "http://localhost:8400/"

// author composes the world; the first mistake ends it.
type author struct {
	w   *world.World
	err error
}

// fillWorld puts the made-up partner and his customers into the world.
func fillWorld(w *world.World, portalRedirect string) error {
	a := &author{w: w}
	partner := a.tenant(alder, "Alder Cloud", "alder-cloud.example")
	one := a.tenant(brightwater, "Brightwater Clinics", "brightwater.example")
	two := a.tenant(kestrel, "Kestrel Logistics", "kestrel.example")
	if a.err != nil {
		return a.err
	}
	a.apps(partner, portalRedirect)
	a.partnerPeople(partner)
	a.customer(one, brightwaterProduction, "Brightwater production", portalBright, map[string]string{"rg-booking": "vm-booking-1", "rg-archive": "vm-archive-1"})
	a.customer(two, kestrelDepots, "Kestrel depots", portalKestrel, map[string]string{"rg-depot": "vm-depot-1"})
	a.user(one, world.User{ID: casey, Name: "Casey Miller", UPN: "casey", Mail: "casey@brightwater.example", MFA: true})
	a.user(one, world.User{ID: devi, Name: "Devi Anand", UPN: "devi", Mail: "devi@brightwater.example", MFA: true})
	a.user(two, world.User{ID: kim, Name: "Kim Sato", UPN: "kim", Mail: "kim@kestrel.example", MFA: true})
	a.guest(one, jamesBrightwater)
	a.guest(two, jamesKestrel)
	return a.err
}

func (a *author) note(err error) {
	if a.err == nil && err != nil {
		a.err = err
	}
}

func (a *author) tenant(id csp.TenantID, name, domain string) world.Tenant {
	t, err := a.w.AddTenant(csp.Tenant{ID: id, Name: name, DefaultDomain: csp.Domain(domain)})
	a.note(err)
	return t
}

func (a *author) user(t world.Tenant, u world.User) {
	u.Password = Password
	_, err := t.AddUser(u)
	a.note(err)
}

// apps registers the portal's application and the engineer's command line.
func (a *author) apps(partner world.Tenant, portalRedirect string) {
	_, err := partner.AddApp(registry.App{ID: portalApp, Name: "Latchkey", Secret: AppSecret, RedirectURIs: []string{portalRedirect}, MultiTenant: true})
	a.note(err)
	_, err = partner.AddServicePrincipal(portalApp, portalAlder)
	a.note(err)
	_, err = partner.AddApp(registry.App{ID: shellApp, Name: "Alder command line", RedirectURIs: []string{shellRedirect}, MultiTenant: true})
	a.note(err)
	_, err = partner.AddServicePrincipal(shellApp, csp.ObjectID{})
	a.note(err)
}

// partnerPeople: James is a helpdesk agent, Olga an admin agent (R7, R9).
func (a *author) partnerPeople(partner world.Tenant) {
	a.user(partner, world.User{ID: james, Name: "James Rivera", UPN: "james", Mail: "james@alder-cloud.example", MFA: true})
	a.user(partner, world.User{ID: olga, Name: "Olga Brandt", UPN: "olga", Mail: "olga@alder-cloud.example", MFA: true})
	a.group(partner, world.Group{ID: adminAgents, Name: world.AdminAgents}, olga)
	a.group(partner, world.Group{ID: helpdeskAgents, Name: world.HelpdeskAgents}, james)
}

func (a *author) group(t world.Tenant, g world.Group, members ...csp.ObjectID) {
	_, err := t.AddGroup(g)
	a.note(err)
	for _, member := range members {
		a.note(t.AddMember(g.ID, member))
	}
}

// guest invites James; the invitation gives him no right to anything (R2).
func (a *author) guest(t world.Tenant, id csp.ObjectID) {
	home, ok := a.w.User(alder, james)
	if !ok {
		a.note(errors.New("James is missing"))
		return
	}
	_, err := t.InviteGuest(home, id)
	a.note(err)
}

// customer gives a tenant its subscription as a partner creates one: the
// partner's admin agents own it as a foreign group (R21), and Latchkey's service
// principal may hand out the offered roles and nothing else.
func (a *author) customer(t world.Tenant, id csp.SubscriptionID, name string, portal csp.ObjectID, machines map[string]string) {
	s, err := t.AddSubscription(csp.Subscription{ID: id, Name: name})
	a.note(err)
	if a.err != nil {
		return
	}
	for group, machine := range machines {
		g, err := s.AddResourceGroup(group, "westeurope")
		a.note(err)
		if a.err != nil {
			return
		}
		_, err = g.AddVM(machine)
		a.note(err)
	}
	a.note(a.w.SetPartnership(world.Partnership{Partner: alder, Customer: t.ID, Reseller: true, DAP: false}))
	for _, client := range []registry.ClientID{portalApp, shellApp} {
		principal := csp.ObjectID{}
		if client == portalApp {
			principal = portal
		}
		_, err := t.AddServicePrincipal(client, principal)
		a.note(err)
	}
	a.assign(t, csp.RoleAssignment{Scope: s.Scope(), Principal: adminAgents, PrincipalType: csp.ForeignGroup}, ownerRole)
	a.assign(t, csp.RoleAssignment{Scope: s.Scope(), Principal: portal, PrincipalType: csp.ServicePrincipal, Condition: ceiling(readerRole, powerRole, machineRole)}, "Role Based Access Control Administrator")
}

func (a *author) assign(t world.Tenant, assignment csp.RoleAssignment, roleName string) {
	role, ok := builtin.AzureRoleNamed(roleName)
	if !ok {
		a.note(fmt.Errorf("%s is no built-in role", roleName))
		return
	}
	assignment.Role = role.ID
	_, err := t.Assign(assignment)
	a.note(err)
}

// ceiling is the condition under which the portal may write and delete role
// assignments: only of the named roles (docs/operations.md explains it).
func ceiling(roleNames ...string) string {
	var ids []string
	for _, name := range roleNames {
		if role, ok := builtin.AzureRoleNamed(name); ok {
			ids = append(ids, role.ID.String())
		}
	}
	set := "{" + strings.Join(ids, ", ") + "}"
	return "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
		"(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals " + set + ")) AND " +
		"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR " +
		"(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals " + set + "))"
}
