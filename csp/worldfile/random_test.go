package worldfile_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
)

// drawing draws facts that hang together, with names that are hard to tell apart
// and hard to write.
type drawing struct {
	t          *rapid.T
	f          csp.Facts
	tenants    []csp.TenantID
	principals []csp.ObjectID
	scopes     []csp.Scope
	roles      []csp.RoleDefinitionID
	directory  []csp.DirectoryRoleID
	made       int
}

var oddNames = []string{
	"", "ann", "Ann", "ANN", "bob", "Ann Alder", "ann@alder.example", "x @ Alder", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
	"null", "~", "yes", "no", "unknown", "none", "system assigned", "everyone", "007", "1e5", ".inf", "- a", "a: b", "a #b", "#", " a", "a ", "a\nb",
	"\t", `"`, `\`, "'", "*", "&a", "!t", "%", "@", "`", "{", "}", "[a]", ",", "?", ":", "a:", "a:b", "é", "日本", "😀", "\u2028", "\u0085", "\ufeff",
	"AdminAgents", "HelpdeskAgents", "Owner", "Reader", "<<", "---", "...", "|", ">", "=", "members",
}

func (d *drawing) name() string {
	if rapid.Float64().Draw(d.t, "odd") < 0.8 {
		return rapid.SampledFrom(oddNames).Draw(d.t, "name")
	}
	return rapid.String().Draw(d.t, "text")
}

func (d *drawing) flag() bool { return rapid.Bool().Draw(d.t, "flag") }

// some draws how many rows to make.
func (d *drawing) some() int { return rapid.IntRange(0, 3).Draw(d.t, "some") }

func fresh[T csp.Named](d *drawing) csp.ID[T] {
	d.made++
	return csp.MustParseID[T](fmt.Sprintf("00000000-0000-4000-8000-%012x", d.made))
}

func pick[T any](d *drawing, from []T) T { return rapid.SampledFrom(from).Draw(d.t, "pick") }

func (d *drawing) instant() time.Time {
	days := rapid.IntRange(-1, 4).Draw(d.t, "days")
	if days < 0 {
		return time.Time{}
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days)
	return at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1_500_000_000}).Draw(d.t, "ns")))
}

func (d *drawing) period() csp.Period {
	p := csp.Period{From: d.instant(), Until: d.instant()}
	if !p.Until.IsZero() && !p.From.Before(p.Until) {
		p.Until = time.Time{}
	}
	return p
}

func (d *drawing) term() csp.Term { return csp.Term{Period: d.period(), Eligible: d.flag()} }

func drawFacts(t *rapid.T) csp.Facts {
	d := &drawing{t: t}
	d.tenantsAndRoles()
	d.people()
	d.azure()
	d.relations()
	d.holding()
	return d.f
}

func (d *drawing) tenantsAndRoles() {
	for i := range 3 {
		tenant := csp.Tenant{ID: fresh[csp.Tenant](d), Name: d.name(), OldRules: d.flag()}
		if d.flag() {
			tenant.ID = worldfile.DeriveID[csp.Tenant]("tenant", tenant.Name+"")
			if tenant.Name == "" || i > 0 {
				tenant.ID = fresh[csp.Tenant](d)
			}
		}
		if d.flag() {
			tenant.DefaultDomain = csp.MustParseDomain(fmt.Sprintf("t%d.example", i))
		}
		d.tenants = append(d.tenants, tenant.ID)
		if i < 2 || d.flag() {
			d.f.Tenants = append(d.f.Tenants, tenant)
		}
		if d.flag() {
			d.f.Domains = append(d.f.Domains, csp.TenantDomain{Tenant: tenant.ID, Domain: csp.MustParseDomain(fmt.Sprintf("%s%d.example", pick(d, []string{"o", "t"}), i))})
		}
	}
	owner, _ := builtin.AzureRoleNamed("Owner")
	reader, _ := builtin.AzureRoleNamed("Reader")
	d.roles = []csp.RoleDefinitionID{owner.ID, reader.ID, fresh[csp.RoleDefinition](d)}
	for _, role := range []csp.RoleDefinition{owner, reader} {
		if d.flag() {
			d.f.Roles = append(d.f.Roles, role)
		}
	}
	for range d.some() {
		role := csp.RoleDefinition{ID: fresh[csp.RoleDefinition](d), Name: d.name(), Custom: d.flag(), Permissions: d.permissions(true)}
		d.f.Roles = append(d.f.Roles, role)
		d.roles = append(d.roles, role.ID)
	}
	entra := builtin.EntraRoles()
	d.directory = []csp.DirectoryRoleID{entra[0].ID, entra[1].ID, fresh[csp.DirectoryRole](d)}
	for _, role := range entra[:2] {
		if d.flag() {
			d.f.DirectoryRoles = append(d.f.DirectoryRoles, role)
		}
	}
	for range d.some() {
		role := csp.DirectoryRole{
			ID: fresh[csp.DirectoryRole](d), Name: d.name(), Privileged: d.flag(), Actions: d.texts(),
			GDAP: pick(d, []csp.GDAPSupport{csp.GDAPUnknown, csp.GDAPSupported, csp.GDAPUnsupported}),
		}
		d.f.DirectoryRoles = append(d.f.DirectoryRoles, role)
		d.directory = append(d.directory, role.ID)
	}
}

func (d *drawing) texts() []string {
	var texts []string
	for range d.some() {
		texts = append(texts, pick(d, []string{"*", "*/read", "Microsoft.Compute/*", "", "a: b"}))
	}
	return texts
}

func (d *drawing) permissions(conditions bool) []csp.Permission {
	var all []csp.Permission
	for range d.some() {
		p := csp.Permission{Actions: d.texts(), NotActions: d.texts(), DataActions: d.texts(), NotDataActions: d.texts()}
		if conditions && d.flag() {
			p.Condition = d.name()
		}
		all = append(all, p)
	}
	return all
}

func (d *drawing) people() {
	for range rapid.IntRange(1, 12).Draw(d.t, "principals") {
		p := csp.Principal{ID: fresh[csp.Principal](d), Tenant: pick(d, d.tenants), Name: d.name(), Type: pick(d, []csp.PrincipalType{csp.User, csp.Group, csp.ServicePrincipal})}
		switch p.Type {
		case csp.User:
			p.SignInName = d.name()
			p.Source = pick(d, []csp.Source{"", csp.Cloud, csp.Synced, csp.MicrosoftAccount, csp.Guest})
			if p.Source == csp.Guest && d.flag() {
				p.HomeTenant = pick(d, d.tenants)
			}
			if p.Source == csp.Guest && len(d.principals) > 0 && d.flag() {
				p.Home = pick(d, d.principals)
			}
		case csp.Group:
			p.Agents = pick(d, []csp.AgentRole{"", "", csp.AdminAgents, csp.HelpdeskAgents, csp.SalesAgents})
			p.RoleAssignable, p.Dynamic = d.flag(), d.flag()
		}
		d.f.Principals = append(d.f.Principals, p)
		d.principals = append(d.principals, p.ID)
	}
	d.principals = append(d.principals, fresh[csp.Principal](d))
	for range 2 * d.some() {
		d.f.Memberships = append(d.f.Memberships, csp.Membership{Group: pick(d, d.principals), Member: pick(d, d.principals), Term: d.term()})
	}
	for range d.some() {
		p := csp.Person{ID: fresh[csp.Person](d), Name: d.name()}
		for range d.some() {
			p.Accounts = append(p.Accounts, pick(d, d.principals))
		}
		d.f.People = append(d.f.People, p)
	}
	for range d.some() {
		d.f.DirectoryAssignments = append(d.f.DirectoryAssignments,
			csp.DirectoryAssignment{Tenant: pick(d, d.tenants), Principal: pick(d, d.principals), Role: pick(d, d.directory), Term: d.term()})
	}
}

func (d *drawing) azure() {
	d.scopes = []csp.Scope{csp.Root()}
	for i := range 3 {
		id := fresh[csp.Subscription](d)
		scope := csp.SubscriptionScopeOf(id)
		d.scopes = append(d.scopes, scope)
		tenant := pick(d, d.tenants)
		if i > 0 {
			s := csp.Subscription{ID: id, Tenant: tenant, Name: d.name()}
			if d.flag() {
				s.Creator = pick(d, d.tenants)
			}
			d.f.Subscriptions = append(d.f.Subscriptions, s)
		}
		for _, below := range []string{"/resourceGroups/rg", "/resourceGroups/rg/providers/A.B/c/d", "/resourceGroups/RG/providers/A.B/c/D", "/resourceGroups/rg2/providers/A.B/c/d/e/f/providers/G.H/i/j", "/providers/A.B/c/d"} {
			s := csp.MustParseScope(scope.String() + below)
			d.scopes = append(d.scopes, s)
			if d.flag() {
				d.f.Resources = append(d.f.Resources, csp.Resource{Scope: s})
			}
		}
		if d.flag() {
			d.f.Placements = append(d.f.Placements, csp.Placement{Tenant: tenant, Child: scope, Parent: pick(d, []csp.Scope{csp.Root(), managementGroup("a"), managementGroup("b")})})
		}
	}
	for _, name := range []string{"a", "b"} {
		d.scopes = append(d.scopes, managementGroup(name))
		if d.flag() {
			d.f.Placements = append(d.f.Placements, csp.Placement{Tenant: d.tenants[0], Child: managementGroup(name), Parent: pick(d, []csp.Scope{csp.Root(), managementGroup("c")})})
		}
	}
}

func managementGroup(name string) csp.Scope {
	return csp.MustParseScope("/providers/Microsoft.Management/managementGroups/" + name)
}

func (d *drawing) relations() {
	for range d.some() {
		kind := pick(d, []csp.ResellerKind{csp.DirectPartner, csp.IndirectProvider, csp.IndirectReseller})
		d.f.Resellers = append(d.f.Resellers, csp.ResellerRelationship{Partner: pick(d, d.tenants), Customer: pick(d, d.tenants), Kind: kind, Period: d.period()})
		d.f.DAPs = append(d.f.DAPs, csp.DAPRelationship{Partner: pick(d, d.tenants), Customer: pick(d, d.tenants), Period: d.period()})
	}
	states := []csp.GDAPStatus{csp.GDAPActive, csp.GDAPActive, csp.GDAPPending, csp.GDAPTerminated}
	for range d.some() {
		g := csp.GDAPRelationship{
			ID: fresh[csp.GDAPRelationship](d), Name: d.name(), Partner: pick(d, d.tenants), Customer: pick(d, d.tenants),
			Status: pick(d, states), Period: d.period(), ExtendsBy: pick(d, []int{0, 180}), Roles: d.directoryRoles(),
		}
		for range d.some() {
			g.Assignments = append(g.Assignments, csp.AccessAssignment{Group: pick(d, d.principals), Roles: d.directoryRoles(), Status: pick(d, states)})
		}
		d.f.GDAPs = append(d.f.GDAPs, g)
	}
}

func (d *drawing) directoryRoles() []csp.DirectoryRoleID {
	var ids []csp.DirectoryRoleID
	for range d.some() {
		ids = append(ids, pick(d, d.directory))
	}
	return ids
}

func (d *drawing) holding() {
	for range 2 * d.some() {
		a := csp.Assignment{Tenant: pick(d, d.tenants), Term: d.term()}
		a.Scope, a.Role, a.Principal = pick(d, d.scopes), pick(d, d.roles), pick(d, d.principals)
		a.PrincipalType = pick(d, []csp.PrincipalType{"", csp.User, csp.Group, csp.ServicePrincipal, csp.ForeignGroup})
		a.Description, a.Condition = d.name(), d.name()
		if d.flag() {
			a.Name = fresh[csp.RoleAssignment](d)
		}
		d.f.Assignments = append(d.f.Assignments, a)
	}
	for range d.some() {
		row := csp.Denial{Tenant: pick(d, d.tenants), DenyAssignment: csp.DenyAssignment{
			ID: fresh[csp.DenyAssignment](d), Name: d.name(), Scope: pick(d, d.scopes), Permissions: d.permissions(true), Principals: d.whoever(),
			Everyone: d.flag(), Excluded: d.whoever(), ThisScopeOnly: d.flag(), AuditOnly: d.flag(), Condition: d.name(),
		}}
		d.f.Denials = append(d.f.Denials, row)
	}
	for range d.some() {
		d.f.Lighthouses = append(d.f.Lighthouses, csp.LighthouseDelegation{Manager: pick(d, d.tenants), Principal: pick(d, d.principals), Role: pick(d, d.roles), Scope: pick(d, d.scopes), Term: d.term()})
		d.f.Locks = append(d.f.Locks, csp.Lock{Name: d.name(), Scope: pick(d, d.scopes), Level: pick(d, []csp.LockLevel{csp.CanNotDelete, csp.ReadOnly})})
		d.f.Artefacts = append(d.f.Artefacts, csp.Artefact{Scope: pick(d, d.scopes), Name: d.name()})
		d.f.Identities = append(d.f.Identities, csp.ManagedIdentity{Resource: pick(d, d.scopes), Principal: pick(d, d.principals)})
		d.f.Usage = append(d.f.Usage, csp.Usage{Principal: pick(d, d.principals), Action: d.name(), Data: d.flag(), Scope: pick(d, d.scopes), Last: d.instant()})
		policy := csp.PolicyDenial{Name: d.name(), Tenant: pick(d, d.tenants), Scope: pick(d, d.scopes)}
		for range d.some() {
			policy.Spares = append(policy.Spares, pick(d, d.roles))
		}
		d.f.Policies = append(d.f.Policies, policy)
		gap := csp.Gap{Fact: csp.FactKind(rapid.IntRange(int(csp.MissingTenant), int(csp.MissingDirectoryRoles)).Draw(d.t, "gap")), Tenant: pick(d, d.tenants), Why: d.name()}
		if d.flag() {
			gap.Scope = pick(d, d.scopes)
			if d.flag() {
				gap.Tenant = csp.TenantID{}
			}
		}
		d.f.Gaps = append(d.f.Gaps, gap)
	}
}

func (d *drawing) whoever() []csp.ObjectID {
	var ids []csp.ObjectID
	for range d.some() {
		ids = append(ids, pick(d, d.principals))
	}
	return ids
}

func TestAnyFactsReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		text, err := worldfile.Format(f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := worldfile.Parse("again.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := different(f, again); diff != "" {
			t.Fatalf("facts differ after a round trip (-before +after):\n%s\n%s", diff, text)
		}
	})
}
