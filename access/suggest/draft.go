package suggest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/roleclass"
	"latchkey/csp"
)

// draft is a suggestion in the making.
type draft struct {
	Suggestion
	*job
	adds  csp.Facts
	gdaps []csp.GDAPRelationship    // the relationships, changed
	teams map[csp.Term]csp.ObjectID // the partner's groups for the task, by the term of membership
	seen  map[string]bool           // conflicts and needs that are said already
	// activates are the facts after activating what is eligible.
	activates csp.Facts
	standing  Standing
	rights    int
}

func newDraft(j *job, p plan) *draft {
	d := &draft{job: j, gdaps: slices.Clone(j.facts.GDAPs), seen: make(map[string]bool), teams: make(map[csp.Term]csp.ObjectID)}
	d.Mechanisms, d.Custom = p.mechanisms, p.custom
	return d
}

// idOf makes an id for a thing that does not exist yet, the same each time.
func idOf[T csp.Named](parts ...string) csp.ID[T] {
	sum := sha256.Sum256([]byte("latchkey suggestion\n" + strings.Join(parts, "\n")))
	return csp.ID[T](sum[:16])
}

func (d *draft) step(who, command, format string, args ...any) {
	d.Steps = append(d.Steps, Step{Who: who, Text: fmt.Sprintf(format, args...), Command: command})
}

func (d *draft) need(met bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !d.seen[text] {
		d.seen[text] = true
		d.Needs = append(d.Needs, Need{text, met})
	}
}

func (d *draft) conflict(rule, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !d.seen[text] {
		d.seen[text] = true
		d.Conflicts = append(d.Conflicts, Conflict{rule, text})
	}
}

// guest is the person's guest account in a tenant; if there is none, it is made.
func (d *draft) guest(person csp.ObjectID, tenant csp.TenantID) csp.ObjectID {
	for _, p := range slices.Concat(d.facts.Principals, d.adds.Principals) {
		if p.Tenant == tenant && p.Home == person {
			return p.ID
		}
	}
	home := d.person(person)
	g := csp.Principal{
		ID: idOf[csp.Principal]("guest", person.String(), tenant.String()), Tenant: tenant, Type: csp.User, Source: csp.Guest,
		Name: home.Name, Home: person, HomeTenant: d.partnerID(),
	}
	d.adds.Principals = append(d.adds.Principals, g)
	d.step("somebody of "+d.tenantName(tenant)+" who may invite guests", "", "Invite %s (%s) as a guest to %s.", home.Name, home.SignInName, d.tenantName(tenant))
	d.conflict("R13", "A guest account of %s in %s shuts GDAP and the partner's foreign principal for him there, for as long as it exists.", home.Name, d.tenantName(tenant))
	return g.ID
}

// group is the partner's group for the task, with the people in it.
func (d *draft) group(term csp.Term) csp.ObjectID {
	if group, made := d.teams[term]; made {
		return group
	}
	partner := d.partnerID()
	group := idOf[csp.Principal]("group", partner.String(), fmt.Sprint(d.People, d.Actions, d.Places, term))
	d.teams[term] = group
	d.adds.Principals = append(d.adds.Principals, csp.Principal{ID: group, Tenant: partner, Type: csp.Group, Name: "the task's group"})
	var names []string
	for _, person := range d.People {
		d.adds.Memberships = append(d.adds.Memberships, csp.Membership{Group: group, Member: person, Term: term})
		names = append(names, d.person(person).Name)
	}
	who := "a User Administrator of " + d.tenantName(partner)
	if term.Until.IsZero() {
		d.step(who, "", "Make a security group for the task and put %s into it.", strings.Join(names, ", "))
	} else {
		d.step(who, "", "Make a security group for the task, and leave it empty.")
	}
	return group
}

// signIn lets a group of the partner sign in to a tenant with the smallest GDAP
// role, unless everybody of the task can already (R22).
func (d *draft) signIn(group csp.ObjectID, tenant csp.TenantID) {
	if d.allHaveGDAP(tenant) {
		d.need(true, "Everybody can sign in to %s by GDAP already.", d.tenantName(tenant))
		return
	}
	d.lend(group, tenant, []csp.DirectoryRole{directoryReaders})
}

func (d *draft) allHaveGDAP(tenant csp.TenantID) bool {
	return !slices.ContainsFunc(d.People, func(person csp.ObjectID) bool { return !d.hasGDAP(person, tenant) })
}

// hasGDAP says whether GDAP gives one of the person's groups anything in the tenant.
func (d *draft) hasGDAP(person csp.ObjectID, tenant csp.TenantID) bool {
	p, _ := d.x.FindPrincipal(person)
	t, _ := d.x.FindTenant(tenant)
	queue := []estate.Principal{p}
	for at := 0; at < len(queue); at++ {
		one := queue[at]
		for _, g := range d.x.GDAPGrantsOf(one) {
			if g.Customer == t && d.x.Terms[g.Term].Holds(d.At) {
				return true
			}
		}
		for i := d.x.GroupsFrom[one]; i < d.x.GroupsFrom[one+1]; i++ {
			term := d.x.Terms[d.x.GroupTerm[i]]
			if term.Holds(d.At) && !term.Eligible && !slices.Contains(queue, d.x.GroupOf[i]) {
				queue = append(queue, d.x.GroupOf[i])
			}
		}
	}
	return false
}

// lend makes an access assignment in a relationship that has the roles; if there is
// none, a new relationship (R11).
func (d *draft) lend(group csp.ObjectID, tenant csp.TenantID, roles []csp.DirectoryRole) {
	var ids []csp.DirectoryRoleID
	var names []string
	for _, role := range roles {
		d.addDirectoryRole(role)
		ids = append(ids, role.ID)
		names = append(names, role.Name)
	}
	given := csp.AccessAssignment{Group: group, Roles: ids, Status: csp.GDAPActive}
	i := slices.IndexFunc(d.gdaps, func(g csp.GDAPRelationship) bool { return d.canLend(g, tenant, ids) })
	if i >= 0 {
		g := d.gdaps[i]
		g.Assignments = append(slices.Clone(g.Assignments), given)
		d.gdaps[i] = g
		d.need(true, "There is an active GDAP relationship with %s that has %s.", d.tenantName(tenant), strings.Join(names, ", "))
	} else {
		d.gdaps = append(d.gdaps, csp.GDAPRelationship{
			ID: idOf[csp.GDAPRelationship](d.partnerID().String(), tenant.String(), fmt.Sprint(ids)), Name: "Latchkey task",
			Partner: d.partnerID(), Customer: tenant, Status: csp.GDAPActive, Roles: ids, Assignments: []csp.AccessAssignment{given},
			Period: csp.Period{From: d.At, Until: d.At.AddDate(0, 0, mostGDAPDays)},
		})
		d.need(false, "There is no active GDAP relationship with %s that has %s: it must be requested, and the customer must accept it.", d.tenantName(tenant), strings.Join(names, ", "))
		d.step("an administrator of "+d.tenantName(tenant), "", "Accept the GDAP relationship with %s that the partner requests.", strings.Join(names, ", "))
	}
	d.step("an admin agent of "+d.tenantName(d.partnerID()), "", "Give the task's group %s in the GDAP relationship with %s.", strings.Join(names, ", "), d.tenantName(tenant))
}

// mostGDAPDays is how long a relationship can last (R11).
const mostGDAPDays = 730

// canLend says whether the relationship is of the task's partner with the tenant,
// in force for as long as the task, and has all the roles.
func (d *draft) canLend(g csp.GDAPRelationship, tenant csp.TenantID, roles []csp.DirectoryRoleID) bool {
	return g.Partner == d.partnerID() && g.Customer == tenant && g.Status == csp.GDAPActive && g.Holds(d.At) && g.Holds(d.ends()) &&
		!slices.ContainsFunc(roles, func(r csp.DirectoryRoleID) bool { return !slices.Contains(g.Roles, r) })
}

func (d *draft) addDirectoryRole(role csp.DirectoryRole) {
	same := func(r csp.DirectoryRole) bool { return r.ID == role.ID }
	if !slices.ContainsFunc(d.facts.DirectoryRoles, same) && !slices.ContainsFunc(d.adds.DirectoryRoles, same) {
		d.adds.DirectoryRoles = append(d.adds.DirectoryRoles, role)
	}
}

func (d *draft) addRole(role csp.RoleDefinition) {
	same := func(r csp.RoleDefinition) bool { return r.ID == role.ID }
	if !slices.ContainsFunc(d.facts.Roles, same) && !slices.ContainsFunc(d.adds.Roles, same) {
		d.adds.Roles = append(d.adds.Roles, role)
	}
}

// assign gives a principal a role at a place, unless it has it there.
func (d *draft) assign(principal csp.ObjectID, kind csp.PrincipalType, role csp.RoleDefinition, place access.Place, term csp.Term) {
	d.addRole(role)
	d.adds.Assignments = append(d.adds.Assignments, csp.Assignment{
		RoleAssignment: csp.RoleAssignment{
			Name:  idOf[csp.RoleAssignment](principal.String(), role.ID.String(), place.Scope.Key(), term.Until.String()),
			Scope: place.Scope, Role: role.ID, Principal: principal, PrincipalType: kind,
		},
		Tenant: place.Tenant, Term: term,
	})
}

// role notes a role that people would have, once for each place.
func (d *draft) role(name, id string, class roleclass.Class, place access.Place) {
	r := Role{Name: name, ID: id, Class: class, Place: place}
	if !slices.Contains(d.Roles, r) {
		d.Roles = append(d.Roles, r)
	}
}

// stand makes the suggestion at least as standing as a part of it.
func (d *draft) stand(s Standing) { d.standing = max(d.standing, s) }
