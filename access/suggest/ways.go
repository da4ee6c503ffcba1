package suggest

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/leastrole"
	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

var (
	directoryReaders = entraRole("88d8e3e3-8f55-4a1e-953a-9b9898b8876b") // the least that lets in (R22)
	helpdesk         = entraRole("729827e3-9c14-49f7-bb1b-9608f156bbb8") // what DAP gives helpdesk agents (R10)

	writesAssignments = access.MustParseAction("Microsoft.Authorization/roleAssignments/write")
)

func entraRole(id string) csp.DirectoryRole {
	roles := builtin.EntraRoles()
	return roles[slices.IndexFunc(roles, func(r csp.DirectoryRole) bool { return r.ID.String() == id })]
}

// add adds one mechanism to the draft, or says why it cannot be.
func (d *draft) add(m Mechanism) string {
	switch m {
	case Lighthouse, LighthouseEligible:
		return d.lighthouse(m == LighthouseEligible)
	case ForeignGroup:
		return d.foreignGroup()
	case NestedGroup:
		return d.nestedGroup()
	case GuestGroup:
		return d.guestGroup()
	case TimedGDAP:
		return d.gdap(csp.Term{Period: csp.Period{From: d.At, Until: d.ends()}})
	case GDAPGroup:
		return d.gdap(csp.Term{})
	case TimedGuestDirectory:
		return d.guestDirectory(csp.Term{Period: csp.Period{From: d.At, Until: d.ends()}})
	case GuestDirectory:
		return d.guestDirectory(csp.Term{})
	case HelpdeskAgent:
		return d.helpdeskAgent()
	case TimedGuest:
		return d.guestRole(csp.Term{Period: csp.Period{From: d.At, Until: d.ends()}})
	}
	return d.guestRole(csp.Term{})
}

// azureRoles are the least roles for the task's actions on Azure.
func (d *draft) azureRoles(except func(csp.RoleDefinition) bool) ([]csp.RoleDefinition, string) {
	if d.Custom {
		return []csp.RoleDefinition{d.customRole()}, ""
	}
	cover, ok, _ := d.roles.Cover(d.azure.actions, except) // plans has seen that they are not too many
	if !ok {
		return nil, "no built-in roles that can be given this way allow all the actions"
	}
	d.rights += cover.Beyond
	return cover.Roles, ""
}

// customRole allows just the task's actions.
func (d *draft) customRole() csp.RoleDefinition {
	var p csp.Permission
	var names []string
	for _, a := range d.azure.actions {
		names = append(names, a.String())
		if a.IsData() {
			p.DataActions = append(p.DataActions, a.String())
		} else {
			p.Actions = append(p.Actions, a.String())
		}
	}
	for _, tenant := range tenantsOf(d.azure.places) {
		d.step("an Owner of "+d.tenantName(tenant)+"'s subscriptions", "", "Make a custom role in %s that allows %s and nothing else.", d.tenantName(tenant), strings.Join(names, ", "))
	}
	d.conflict("R31", "A custom role is one more thing that somebody must keep in order in each customer's tenant.")
	return csp.RoleDefinition{ID: idOf[csp.RoleDefinition](fmt.Sprint(p)), Name: "a custom role", Custom: true, Permissions: []csp.Permission{p}}
}

// mustAssign says who can write the assignments at a place (R35).
func (d *draft) mustAssign(place access.Place) string {
	name := d.tenantName(place.Tenant)
	holders := d.x.Who(writesAssignments, place, d.At)
	for _, id := range holders.Has {
		if p, _ := d.x.FindPrincipal(id); d.x.Principal(p).Tenant == place.Tenant {
			d.need(true, "%s may assign roles at %s.", d.x.Principal(p).Name, d.placeName(place))
			return "somebody of " + name + " who may assign roles"
		}
	}
	if len(holders.Has) > 0 {
		d.need(true, "Of the partner's people, %s may assign roles at %s; of %s, nobody.", plural(len(holders.Has), "account"), d.placeName(place), name)
		return "one of the partner's people who may assign roles there"
	}
	d.need(false, "Nobody may assign roles at %s: a Global Administrator of %s must elevate himself, assign, and step down (R24, R35).", d.placeName(place), name)
	return "a Global Administrator of " + name
}

// assignCommand assigns a role to a principal that exists already.
func (d *draft) assignCommand(principal csp.ObjectID, kind csp.PrincipalType, role csp.RoleDefinition, place access.Place) string {
	exists := func(p csp.Principal) bool { return p.ID == principal }
	if role.Custom || slices.ContainsFunc(d.adds.Principals, exists) {
		return "" // its id is known only when it is made
	}
	return fmt.Sprintf("az role assignment create --assignee-object-id '%s' --assignee-principal-type '%s' --role '%s' --scope '%s'",
		principal, kind, role.ID, place.Scope)
}

// guestRole gives each person a guest account with the roles, with an end or not.
func (d *draft) guestRole(term csp.Term) string {
	roles, why := d.azureRoles(nil)
	if why != "" {
		return why
	}
	timed := !term.Until.IsZero()
	if !timed {
		d.stand(Permanent)
	}
	for _, place := range d.azure.places {
		who := "Latchkey"
		if !timed {
			who = d.mustAssign(place)
		}
		for _, person := range d.People {
			g := d.guest(person, place.Tenant)
			for _, role := range roles {
				d.assign(g, csp.User, role, place, term)
				d.role(role.Name, role.ID.String(), roleclass.Of(role), place)
				if timed {
					d.step(who, "", "Give %s %s at %s after the customer's approval, and take it back at the end.", d.person(person).Name, role.Name, d.placeName(place))
				} else {
					d.step(who, d.assignCommand(g, csp.User, role, place), "Assign %s %s at %s.", d.person(person).Name, role.Name, d.placeName(place))
				}
			}
		}
	}
	return ""
}

// guestGroup puts guests into a group of the customer that has the roles.
func (d *draft) guestGroup() string {
	roles, why := d.azureRoles(nil)
	if why != "" {
		return why
	}
	d.stand(Permanent)
	made := make(map[csp.TenantID]csp.ObjectID)
	for _, place := range d.azure.places {
		who := d.mustAssign(place)
		group, ok := made[place.Tenant]
		if !ok {
			group = idOf[csp.Principal]("guests", place.Tenant.String(), fmt.Sprint(d.People))
			made[place.Tenant] = group
			d.adds.Principals = append(d.adds.Principals, csp.Principal{ID: group, Tenant: place.Tenant, Type: csp.Group, Name: "the task's guests"})
			for _, person := range d.People {
				d.adds.Memberships = append(d.adds.Memberships, csp.Membership{Group: group, Member: d.guest(person, place.Tenant)})
			}
			d.step("somebody of "+d.tenantName(place.Tenant)+" who may make groups", "", "Make a security group in %s and put the guests into it.", d.tenantName(place.Tenant))
			d.conflict("R33", "A group whose members follow a rule instead needs a licence in %s (Entra ID P1).", d.tenantName(place.Tenant))
		}
		for _, role := range roles {
			d.assign(group, csp.Group, role, place, csp.Term{})
			d.role(role.Name, role.ID.String(), roleclass.Of(role), place)
			d.step(who, "", "Assign the group %s at %s.", role.Name, d.placeName(place))
		}
	}
	return ""
}

// foreignGroup assigns the roles to a group of the partner as foreign principal.
func (d *draft) foreignGroup() string {
	roles, why := d.azureRoles(nil)
	if why != "" {
		return why
	}
	d.stand(Permanent)
	group := d.group(csp.Term{})
	for _, place := range d.azure.places {
		who := d.mustAssign(place)
		for _, role := range roles {
			d.assign(group, csp.ForeignGroup, role, place, csp.Term{})
			d.role(role.Name, role.ID.String(), roleclass.Of(role), place)
			d.step(who, "", "Assign the partner's group %s at %s, with the type ForeignGroup (R36).", role.Name, d.placeName(place))
		}
	}
	for _, tenant := range tenantsOf(d.azure.places) {
		d.needRelationship(tenant)
		d.signIn(group, tenant)
	}
	return ""
}

// needRelationship says whether foreign principals are possible (R21).
func (d *draft) needRelationship(tenant csp.TenantID) {
	partner := d.partnerID()
	sold := slices.ContainsFunc(d.facts.Resellers, func(r csp.ResellerRelationship) bool {
		return r.Partner == partner && r.Customer == tenant && r.Holds(d.At)
	})
	d.need(sold, "A reseller relationship of %s with %s makes foreign principals possible (R21).", d.tenantName(partner), d.tenantName(tenant))
}

// nestedGroup puts a group into AdminAgents. What it gets is what AdminAgents has.
func (d *draft) nestedGroup() string {
	agents, ok := d.agents(csp.AdminAgents)
	if !ok {
		return d.tenantName(d.partnerID()) + " has no group AdminAgents that is known"
	}
	d.stand(Permanent)
	group := d.group(csp.Term{})
	d.adds.Memberships = append(d.adds.Memberships, csp.Membership{Group: d.x.PrincipalID[agents], Member: group})
	d.step("a Global Administrator of "+d.tenantName(d.partnerID()), "", "Put the task's group into AdminAgents.")
	d.conflict("R22", "The group owns every subscription on which AdminAgents is Owner, at each customer where one of its members has a way to sign in. Each new GDAP role widens it.")
	for _, place := range d.azure.places {
		d.agentRoles(agents, place)
	}
	for _, tenant := range tenantsOf(d.azure.places) {
		d.signIn(group, tenant)
	}
	return ""
}

// agents is the partner's group of an agent role.
func (d *draft) agents(role csp.AgentRole) (estate.Principal, bool) {
	for p := d.x.TenantFirst[d.partner]; p < d.x.TenantFirst[d.partner+1]; p++ {
		if d.x.PrincipalKind[p].Agents() == role {
			return p, true
		}
	}
	return estate.None, false
}

// agentRoles notes what AdminAgents holds at the place or above it.
func (d *draft) agentRoles(agents estate.Principal, place access.Place) {
	n, _ := d.x.FindNode(estate.None, place.Scope.String())
	for _, i := range d.x.Held[d.x.HeldFrom[agents]:d.x.HeldFrom[agents+1]] {
		at := d.x.AssignmentNode(i)
		if n < at || n > d.x.NodeLast[at] || !d.x.Terms[d.x.AssignmentTerm[i]].Holds(d.At) {
			continue
		}
		role := d.x.Roles[d.x.AssignmentRole[i]]
		if !slices.ContainsFunc(d.Roles, func(r Role) bool { return r.ID == role.ID.String() }) {
			d.rights += max(0, d.roles.Rights(role)-len(d.azure.actions))
		}
		d.role(role.Name, role.ID.String(), roleclass.Of(role), access.Place{Tenant: place.Tenant, Scope: d.x.Scope(at)})
	}
}

// lighthouse projects the roles to a group of the partner.
func (d *draft) lighthouse(eligible bool) string {
	if i := slices.IndexFunc(d.azure.actions, access.Action.IsData); i >= 0 {
		return fmt.Sprintf("Lighthouse gives no data actions, and %s is one (R28)", d.azure.actions[i])
	}
	roles, why := d.azureRoles(notProjectable)
	if why != "" {
		return why
	}
	group := d.group(csp.Term{})
	term := csp.Term{Eligible: eligible}
	if eligible {
		d.stand(Eligible)
		d.need(false, "The managing tenant has Entra ID P2, which is needed to activate; it is not among the facts.")
		d.conflict("R28", "An eligible authorization is approved by the managing tenant, not by the customer, and needs a permanent Reader beside it.")
	} else {
		d.stand(Permanent)
	}
	d.conflict("R28", "The customer's list of role assignments does not show it; it stands under the service providers.")
	for _, place := range d.azure.places {
		if place.Scope.Kind() == csp.ResourceScope {
			return fmt.Sprintf("Lighthouse projects onto a subscription or resource group, not onto the resource %s (R28)", place.Scope.Name())
		}
		who := d.mustAssign(place)
		for _, role := range roles {
			d.project(group, role, place, term)
			d.role(role.Name, role.ID.String(), roleclass.Of(role), place)
			d.step(who, "", "Deploy a Lighthouse authorization of %s for the partner's group at %s.", role.Name, d.placeName(place))
		}
		if eligible {
			reader, _ := builtin.AzureRoleNamed("Reader")
			d.project(group, reader, place, csp.Term{})
			d.role(reader.Name, reader.ID.String(), roleclass.Of(reader), place)
		}
	}
	return ""
}

// notProjectable says which roles Lighthouse refuses: Owner, User Access
// Administrator (but for a purpose of its own) and those with data actions (R28).
func notProjectable(role csp.RoleDefinition) bool {
	return leastrole.Allows(role, writesAssignments) ||
		slices.ContainsFunc(role.Permissions, func(p csp.Permission) bool { return len(p.DataActions) > 0 })
}

// project projects a role; one that is eligible is projected once more as it is
// when it has been activated.
func (d *draft) project(group csp.ObjectID, role csp.RoleDefinition, place access.Place, term csp.Term) {
	d.addRole(role)
	l := csp.LighthouseDelegation{Manager: d.partnerID(), Principal: group, Role: role.ID, Scope: place.Scope, Term: term}
	d.adds.Lighthouses = append(d.adds.Lighthouses, l)
	if term.Eligible {
		l.Term = csp.Term{Period: csp.Period{From: d.At, Until: d.ends()}}
		d.activates.Lighthouses = append(d.activates.Lighthouses, l)
	}
}

// entraRoles are the least directory roles for the task's actions.
func (d *draft) entraRoles(except func(csp.DirectoryRole) bool) ([]csp.DirectoryRole, string) {
	cover, ok, _ := d.entries.Cover(d.entra.actions, except) // plans has seen that they are not too many
	if !ok {
		return nil, "no directory roles that can be given this way allow all the actions"
	}
	d.rights += cover.Beyond
	return cover.Roles, ""
}

// gdap gives the task's group the roles in a GDAP relationship.
func (d *draft) gdap(term csp.Term) string {
	roles, why := d.entraRoles(func(r csp.DirectoryRole) bool { return r.GDAP == csp.GDAPUnsupported })
	if why != "" {
		return why
	}
	if term.Until.IsZero() {
		d.stand(Permanent)
	} else {
		d.conflict("R11", "What was signed in before the end works until its token runs out, mostly within an hour.")
	}
	group := d.group(term)
	for _, place := range d.entra.places {
		d.lend(group, place.Tenant, roles)
		for _, role := range roles {
			d.role(role.Name, role.ID.String(), leastrole.DirectoryClass(role), place)
			if role.GDAP == csp.GDAPUnknown {
				d.conflict("R11", "It is not published whether %s can be lent by GDAP.", role.Name)
			}
		}
	}
	if !term.Until.IsZero() {
		d.step("Latchkey", "", "Put the people into the group after the customer's approval, and take them out at the end.")
	}
	return ""
}

// guestDirectory gives each person a guest account with the directory roles, with
// an end or not.
func (d *draft) guestDirectory(term csp.Term) string {
	roles, why := d.entraRoles(nil)
	if why != "" {
		return why
	}
	timed := !term.Until.IsZero()
	if !timed {
		d.stand(Permanent)
	}
	for _, place := range d.entra.places {
		for _, person := range d.People {
			g := d.guest(person, place.Tenant)
			for _, role := range roles {
				d.addDirectoryRole(role)
				d.adds.DirectoryAssignments = append(d.adds.DirectoryAssignments, csp.DirectoryAssignment{Tenant: place.Tenant, Principal: g, Role: role.ID, Term: term})
				d.role(role.Name, role.ID.String(), leastrole.DirectoryClass(role), place)
				if timed {
					d.step("Latchkey", "", "Give %s the directory role %s in %s after the customer's approval, and take it back at the end.", d.person(person).Name, role.Name, d.tenantName(place.Tenant))
					continue
				}
				d.step("a Privileged Role Administrator of "+d.tenantName(place.Tenant), "", "Give the guest %s the directory role %s in %s.", d.person(person).Name, role.Name, d.tenantName(place.Tenant))
			}
		}
	}
	return ""
}

// helpdeskAgent makes the people helpdesk agents, where DAP is in force.
func (d *draft) helpdeskAgent() string {
	group, ok := d.agents(csp.HelpdeskAgents)
	if !ok {
		return d.tenantName(d.partnerID()) + " has no group HelpdeskAgents that is known"
	}
	for _, place := range d.entra.places {
		listed := slices.ContainsFunc(d.facts.DAPs, func(r csp.DAPRelationship) bool {
			return r.Partner == d.partnerID() && r.Customer == place.Tenant && r.Holds(d.At)
		})
		if !listed {
			return fmt.Sprintf("%s does not list %s as delegated administrator, so its helpdesk agents have nothing there (R10)", d.tenantName(place.Tenant), d.tenantName(d.partnerID()))
		}
		d.role(helpdesk.Name, helpdesk.ID.String(), leastrole.DirectoryClass(helpdesk), place)
	}
	d.stand(Permanent)
	d.addDirectoryRole(helpdesk)
	var names []string
	for _, person := range d.People {
		d.adds.Memberships = append(d.adds.Memberships, csp.Membership{Group: d.x.PrincipalID[group], Member: person})
		names = append(names, d.person(person).Name)
	}
	d.rights += max(0, len(helpdesk.Actions)-len(d.entra.actions))
	d.step("a User Administrator of "+d.tenantName(d.partnerID()), "", "Make %s helpdesk agents.", strings.Join(names, ", "))
	d.conflict("R10", "Under DAP a helpdesk agent resets passwords at every customer that lists the partner, now and later.")
	return ""
}

// tenantsOf are the tenants of places, each once, in order of the places.
func tenantsOf(places []access.Place) []csp.TenantID {
	var list []csp.TenantID
	for _, place := range places {
		if !slices.Contains(list, place.Tenant) {
			list = append(list, place.Tenant)
		}
	}
	return list
}
