package access_test

import (
	"fmt"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

// noon is the instant that tests ask about unless they say otherwise.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const (
	restartVM   = "Microsoft.Compute/virtualMachines/restart/action"
	runCommand  = "Microsoft.Compute/virtualMachines/runCommand/action"
	readVM      = "Microsoft.Compute/virtualMachines/read"
	writeRoles  = "Microsoft.Authorization/roleAssignments/write"
	readBlob    = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
	resetUser   = "microsoft.directory/users/password/update"
	readUser    = "microsoft.directory/users/standard/read"
	editMembers = "microsoft.directory/groups/members/update"
)

// fact adds to facts. Principals, tenants and places are told by name; a name
// means the same thing everywhere.
type fact func(*csp.Facts)

// sketch makes facts.
func sketch(facts ...fact) csp.Facts {
	var f csp.Facts
	for _, add := range facts {
		add(&f)
	}
	return f
}

// basics is the world in which most cases play: the partner alder with its agent
// groups, the customer contoso with two subscriptions, another partner birch, and
// people with nothing in their hands. Contoso's tree:
//
//	/ - mg:all - mg:online - shop - rg, rg2, rg/vm
//	  - spare
func basics() fact {
	return all(
		tenant("alder"), tenant("birch"), tenant("contoso"),
		user("ann", "alder"), user("abe", "alder"),
		agents("AdminAgents", "alder", csp.AdminAgents), agents("HelpdeskAgents", "alder", csp.HelpdeskAgents), agents("SalesAgents", "alder", csp.SalesAgents),
		group("team", "alder"), group("night", "alder"),
		user("bea", "birch"), agents("BirchAgents", "birch", csp.AdminAgents),
		user("carl", "contoso"), user("cora", "contoso"), group("ops", "contoso"), group("staff", "contoso"), robot("runner", "contoso"),
		subscription("shop", "contoso"), subscription("spare", "contoso"),
		placed("contoso", "shop", "mg:online"), placed("contoso", "mg:online", "mg:all"),
		builtinRoles(),
	)
}

func all(facts ...fact) fact {
	return func(f *csp.Facts) {
		for _, add := range facts {
			add(f)
		}
	}
}

// builtinRoles lists the roles of the catalogues that cases use.
func builtinRoles() fact {
	return func(f *csp.Facts) {
		for _, name := range []string{
			"Owner", "Contributor", "Reader", "User Access Administrator", "Role Based Access Control Administrator",
			"Virtual Machine Contributor", "Storage Blob Data Reader",
		} {
			role, _ := builtin.AzureRoleNamed(name)
			f.Roles = append(f.Roles, role)
		}
		f.DirectoryRoles = append(f.DirectoryRoles, builtin.EntraRoles()...)
	}
}

func tenant(name string) fact {
	return func(f *csp.Facts) {
		f.Tenants = append(f.Tenants, csp.Tenant{ID: idFor[csp.Tenant](name), Name: name})
	}
}

// oldRules puts the tenant under the rules of legacy delegated administration.
func oldRules(name string) fact {
	return func(f *csp.Facts) {
		for i := range f.Tenants {
			f.Tenants[i].OldRules = f.Tenants[i].OldRules || f.Tenants[i].Name == name
		}
	}
}

func principal(p csp.Principal, tenant string) fact {
	p.ID, p.Tenant = idFor[csp.Principal](p.Name), idFor[csp.Tenant](tenant)
	return func(f *csp.Facts) { f.Principals = append(f.Principals, p) }
}

func user(name, tenant string) fact {
	return principal(csp.Principal{Name: name, Type: csp.User}, tenant)
}

func robot(name, tenant string) fact {
	return principal(csp.Principal{Name: name, Type: csp.ServicePrincipal}, tenant)
}

func group(name, tenant string) fact {
	return principal(csp.Principal{Name: name, Type: csp.Group}, tenant)
}

func agents(name, tenant string, role csp.AgentRole) fact {
	return principal(csp.Principal{Name: name, Type: csp.Group, Agents: role}, tenant)
}

// guest is an account in the tenant whose home is another account.
func guest(name, tenant, home, homeTenant string) fact {
	return principal(csp.Principal{
		Name: name, Type: csp.User, Source: csp.Guest, Home: idFor[csp.Principal](home), HomeTenant: idFor[csp.Tenant](homeTenant),
	}, tenant)
}

// term makes a term of "eligible", "over", "later" or "now"; or of nothing, always.
func term(words []string) csp.Term {
	var t csp.Term
	for _, word := range words {
		switch word {
		case "eligible":
			t.Eligible = true
		case "over":
			t.Until = noon
		case "later":
			t.From = noon.Add(time.Second)
		case "now":
			t.From, t.Until = noon, noon.Add(time.Second)
		}
	}
	return t
}

func in(member, group string, words ...string) fact {
	return func(f *csp.Facts) {
		f.Memberships = append(f.Memberships, csp.Membership{Member: idFor[csp.Principal](member), Group: idFor[csp.Principal](group), Term: term(words)})
	}
}

func reseller(partner, customer string) fact {
	return func(f *csp.Facts) {
		f.Resellers = append(f.Resellers, csp.ResellerRelationship{Partner: idFor[csp.Tenant](partner), Customer: idFor[csp.Tenant](customer), Kind: csp.DirectPartner})
	}
}

func dap(partner, customer string, words ...string) fact {
	return func(f *csp.Facts) {
		f.DAPs = append(f.DAPs, csp.DAPRelationship{Partner: idFor[csp.Tenant](partner), Customer: idFor[csp.Tenant](customer), Period: term(words).Period})
	}
}

// gdap is an active relationship in which a group has the role.
func gdap(partner, customer, group, role string, change ...func(*csp.GDAPRelationship)) fact {
	return func(f *csp.Facts) {
		roles := []csp.DirectoryRoleID{directoryRoleID(role)}
		g := csp.GDAPRelationship{
			ID: idFor[csp.GDAPRelationship](fmt.Sprint("gdap ", len(f.GDAPs))), Name: fmt.Sprint("gdap ", len(f.GDAPs)),
			Partner: idFor[csp.Tenant](partner), Customer: idFor[csp.Tenant](customer), Status: csp.GDAPActive, Roles: roles,
			Assignments: []csp.AccessAssignment{{Group: idFor[csp.Principal](group), Roles: roles, Status: csp.GDAPActive}},
		}
		for _, edit := range change {
			edit(&g)
		}
		f.GDAPs = append(f.GDAPs, g)
	}
}

func lighthouse(manager, who, role, at string, words ...string) fact {
	return func(f *csp.Facts) {
		f.Lighthouses = append(f.Lighthouses, csp.LighthouseDelegation{
			Manager: idFor[csp.Tenant](manager), Principal: idFor[csp.Principal](who), Role: roleID(role), Scope: scopeOf(at), Term: term(words),
		})
	}
}

func subscription(name, tenant string) fact {
	return func(f *csp.Facts) {
		f.Subscriptions = append(f.Subscriptions, csp.Subscription{ID: idFor[csp.Subscription](name), Tenant: idFor[csp.Tenant](tenant), Name: name})
	}
}

func placed(tenant, child, parent string) fact {
	return func(f *csp.Facts) {
		f.Placements = append(f.Placements, csp.Placement{Tenant: idFor[csp.Tenant](tenant), Child: scopeOf(child), Parent: scopeOf(parent)})
	}
}

// identity says that code in the resource runs as the service principal.
func identity(resource, who string) fact {
	return func(f *csp.Facts) {
		f.Identities = append(f.Identities, csp.ManagedIdentity{Resource: scopeOf(resource), Principal: idFor[csp.Principal](who)})
	}
}

// roleID is a built-in role's, or that of a custom role of the name.
func roleID(name string) csp.RoleDefinitionID {
	if role, found := builtin.AzureRoleNamed(name); found {
		return role.ID
	}
	return idFor[csp.RoleDefinition](name)
}

func role(name string, entries ...csp.Permission) fact {
	return func(f *csp.Facts) {
		f.Roles = append(f.Roles, csp.RoleDefinition{ID: roleID(name), Name: name, Custom: true, Permissions: entries})
	}
}

// directoryRoleID is a built-in role's, or that of a custom role of the name.
func directoryRoleID(name string) csp.DirectoryRoleID {
	if id, found := builtinDirectoryIDs[name]; found {
		return id
	}
	return idFor[csp.DirectoryRole](name)
}

var builtinDirectoryIDs = func() map[string]csp.DirectoryRoleID {
	ids := map[string]csp.DirectoryRoleID{}
	for _, role := range builtin.EntraRoles() {
		ids[role.Name] = role.ID
	}
	return ids
}()

func customDirectoryRole(name string, actions ...string) fact {
	return func(f *csp.Facts) {
		f.DirectoryRoles = append(f.DirectoryRoles, csp.DirectoryRole{ID: directoryRoleID(name), Name: name, Actions: actions})
	}
}

// assigned gives a principal a role at a place of contoso.
func assigned(who, role, at string, words ...string) fact {
	return assignment(who, role, at, func(a *csp.Assignment) { a.Term = term(words) })
}

// foreign gives a role to a partner's group, as ForeignGroup (R21).
func foreign(group, role, at string, words ...string) fact {
	return assignment(group, role, at, func(a *csp.Assignment) { a.PrincipalType, a.Term = csp.ForeignGroup, term(words) })
}

func conditional(who, role, at, condition string) fact {
	return assignment(who, role, at, func(a *csp.Assignment) { a.Condition = condition })
}

func assignment(who, role, at string, edit func(*csp.Assignment)) fact {
	return func(f *csp.Facts) {
		a := csp.Assignment{Tenant: idFor[csp.Tenant]("contoso"), RoleAssignment: csp.RoleAssignment{
			Name:  idFor[csp.RoleAssignment](fmt.Sprint("assignment ", len(f.Assignments))),
			Scope: scopeOf(at), Role: roleID(role), Principal: idFor[csp.Principal](who), PrincipalType: csp.User,
		}}
		for _, p := range f.Principals {
			if p.ID == a.Principal {
				a.PrincipalType = p.Type
			}
		}
		edit(&a)
		f.Assignments = append(f.Assignments, a)
	}
}

// directory gives a principal a role in the tenant's directory.
func directory(who, role, tenant string, words ...string) fact {
	return func(f *csp.Facts) {
		f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{
			Tenant: idFor[csp.Tenant](tenant), Principal: idFor[csp.Principal](who), Role: directoryRoleID(role), Term: term(words),
		})
	}
}

// denied takes actions from principals at a place of contoso.
func denied(at string, actions []string, change ...func(*csp.Denial)) fact {
	return func(f *csp.Facts) {
		name := fmt.Sprint("denial ", len(f.Denials))
		d := csp.Denial{Tenant: idFor[csp.Tenant]("contoso"), DenyAssignment: csp.DenyAssignment{
			ID: idFor[csp.DenyAssignment](name), Name: name, Scope: scopeOf(at), Permissions: []csp.Permission{{Actions: actions}},
		}}
		for _, edit := range change {
			edit(&d)
		}
		f.Denials = append(f.Denials, d)
	}
}

func everyone(d *csp.Denial)      { d.Everyone = true }
func auditOnly(d *csp.Denial)     { d.AuditOnly = true }
func thisScopeOnly(d *csp.Denial) { d.ThisScopeOnly = true }

func from(names ...string) func(*csp.Denial) {
	return func(d *csp.Denial) { d.Principals = append(d.Principals, named(names)...) }
}

func except(names ...string) func(*csp.Denial) {
	return func(d *csp.Denial) { d.Excluded = append(d.Excluded, named(names)...) }
}

func named(names []string) []csp.ObjectID {
	var list []csp.ObjectID
	for _, name := range names {
		list = append(list, idFor[csp.Principal](name))
	}
	return list
}

func missing(kind csp.FactKind, tenant, at string) fact {
	return func(f *csp.Facts) {
		g := csp.Gap{Fact: kind, Tenant: idFor[csp.Tenant](tenant), Why: "not allowed to read them"}
		if at != "" {
			g.Scope = scopeOf(at)
		}
		f.Gaps = append(f.Gaps, g)
	}
}

// scopeOf is a scope by a short text: "/", "mg:name", "shop", "shop/rg", "shop/rg/vm",
// or "shop/rg/Microsoft.Automation/automationAccounts/desk" for what is no machine.
func scopeOf(short string) csp.Scope {
	if short == "/" {
		return csp.Root()
	}
	if name, ok := strings.CutPrefix(short, "mg:"); ok {
		return csp.MustParseScope("/providers/Microsoft.Management/managementGroups/" + name)
	}
	parts := strings.SplitN(short, "/", 3)
	text := csp.SubscriptionScopeOf(idFor[csp.Subscription](parts[0])).String()
	if len(parts) > 1 {
		text += "/resourceGroups/" + parts[1]
	}
	if len(parts) > 2 {
		if strings.Contains(parts[2], "/") {
			text += "/providers/" + parts[2]
		} else {
			text += "/providers/Microsoft.Compute/virtualMachines/" + parts[2]
		}
	}
	return csp.MustParseScope(text)
}

// ask is a question at noon. The place is a scope of contoso as scopeOf reads it,
// or "directory of" a tenant.
func ask(who, action, place string) access.Question {
	q := access.Question{Principal: idFor[csp.Principal](who), Action: access.MustParseAction(action), At: noon}
	if name, ok := strings.CutPrefix(place, "directory of "); ok {
		q.Place = access.DirectoryOf(idFor[csp.Tenant](name))
		return q
	}
	q.Place = access.At(scopeOf(place))
	if q.Place.Scope.Subscription().IsZero() {
		q.Place.Tenant = idFor[csp.Tenant]("contoso")
	}
	return q
}

// askData is ask for a data action.
func askData(who, action, place string) access.Question {
	q := ask(who, readVM, place)
	a, err := access.ParseDataAction(action)
	if err != nil {
		panic(err)
	}
	q.Action = a
	return q
}
