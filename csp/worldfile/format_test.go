package worldfile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/worldfile"
)

func id[T csp.Named](n byte) csp.ID[T] { return csp.ID[T]{15: n} }

// TestFactsThatNoFileCanSayAreRefused: each time, what is wrong is said.
func TestFactsThatNoFileCanSayAreRefused(t *testing.T) {
	tenant := id[csp.Tenant](1)
	who := id[csp.Principal](2)
	principal := func(change func(*csp.Principal)) csp.Facts {
		p := csp.Principal{ID: who, Tenant: tenant, Type: csp.User, Name: "ann"}
		change(&p)
		return csp.Facts{Principals: []csp.Principal{p}}
	}
	assignment := func(change func(*csp.Assignment)) csp.Facts {
		a := csp.Assignment{Tenant: tenant, RoleAssignment: csp.RoleAssignment{
			Name: id[csp.RoleAssignment](3), Scope: csp.Root(), Role: id[csp.RoleDefinition](4), Principal: who, PrincipalType: csp.User,
		}}
		change(&a)
		return csp.Facts{Assignments: []csp.Assignment{a}}
	}
	gdap := func(change func(*csp.GDAPRelationship)) csp.Facts {
		g := csp.GDAPRelationship{ID: id[csp.GDAPRelationship](5), Partner: tenant, Customer: tenant, Status: csp.GDAPActive}
		change(&g)
		return csp.Facts{GDAPs: []csp.GDAPRelationship{g}}
	}
	for _, test := range []struct {
		name, want string
		f          csp.Facts
	}{
		{"a principal of no tenant", "the principal 00000000-0000-0000-0000-000000000002 is of no tenant", principal(func(p *csp.Principal) { p.Tenant = csp.TenantID{} })},
		{"a domain of two", "the domain a.example has two tenants: 00000000-0000-0000-0000-000000000001 and 00000000-0000-0000-0000-000000000009", csp.Facts{
			Tenants: []csp.Tenant{{ID: tenant, DefaultDomain: "a.example"}}, Domains: []csp.TenantDomain{{Tenant: id[csp.Tenant](9), Domain: "a.example"}},
		}},
		{"a principal without an id", `"ann" has no id`, principal(func(p *csp.Principal) { p.ID = csp.ObjectID{} })},
		{"a principal of no type", `the principal 00000000-0000-0000-0000-000000000002 is of type "ForeignGroup"; want User, Group or ServicePrincipal`, principal(func(p *csp.Principal) { p.Type = csp.ForeignGroup })},
		{"a user with a rule", "the User 00000000-0000-0000-0000-000000000002 (ann) has what only others have: sign-in name, source and home are a user's, agents and rules a group's", principal(func(p *csp.Principal) { p.Dynamic = true })},
		{"a user from nowhere", `the user 00000000-0000-0000-0000-000000000002 comes from "moon", which is no source`, principal(func(p *csp.Principal) { p.Source = "moon" })},
		{"agents of no kind", `the group 00000000-0000-0000-0000-000000000002 is of agents "secret", which are none`, principal(func(p *csp.Principal) { p.Type, p.Agents = csp.Group, "secret" })},
		{"a name that is no text", `"\xff" is not UTF-8`, principal(func(p *csp.Principal) { p.Name = "\xff" })},
		{"one id for two", "two principals contradict each other: 00000000-0000-0000-0000-000000000002", csp.Facts{Principals: []csp.Principal{
			{ID: who, Tenant: tenant, Type: csp.User, Name: "ann"}, {ID: who, Tenant: tenant, Type: csp.User, Name: "bob"},
		}}},
		{"an assignment in no tenant", "the role assignment 00000000-0000-0000-0000-000000000003 is of no tenant", assignment(func(a *csp.Assignment) { a.Tenant = csp.TenantID{} })},
		{"an assignment nowhere", "the role assignment 00000000-0000-0000-0000-000000000003 is at no scope", assignment(func(a *csp.Assignment) { a.Scope = csp.Scope{} })},
		{"an assignment to nobody", "a fact is about nobody", assignment(func(a *csp.Assignment) { a.Principal = csp.ObjectID{} })},
		{"an assignment of no role", "a fact is about no role", assignment(func(a *csp.Assignment) { a.Role = csp.RoleDefinitionID{} })},
		{"an assignment to a strange type", `the role assignment 00000000-0000-0000-0000-000000000003 is to a "Robot", which is no type of principal`, assignment(func(a *csp.Assignment) { a.PrincipalType = "Robot" })},
		{"a year beyond time", "the year 12026 is beyond what a world file can say", assignment(func(a *csp.Assignment) { a.Until = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) })},
		{"an end before the beginning", "something ends at 2026-01-01T00:00:00Z, before it begins", assignment(func(a *csp.Assignment) {
			a.From, a.Until = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		})},
		{"a GDAP relationship in no state", `"odd" is no status of a GDAP relationship`, gdap(func(g *csp.GDAPRelationship) { g.Status = "odd" })},
		{"a GDAP relationship with no partner", "a fact is about no tenant", gdap(func(g *csp.GDAPRelationship) { g.Partner = csp.TenantID{} })},
		{"a GDAP relationship for ever", "the GDAP relationship 00000000-0000-0000-0000-000000000005 extends itself by 1000 days", gdap(func(g *csp.GDAPRelationship) { g.ExtendsBy = 1000 })},
		{"a GDAP relationship with no role", "a fact is about no directory role", gdap(func(g *csp.GDAPRelationship) { g.Roles = []csp.DirectoryRoleID{{}} })},
		{"a reseller of no kind", `a reseller is of kind "friend", which is none`, csp.Facts{Resellers: []csp.ResellerRelationship{{Partner: tenant, Customer: tenant, Kind: "friend"}}}},
		{"a lock of no level", `the lock "keep" is ""; want CanNotDelete or ReadOnly`, csp.Facts{Locks: []csp.Lock{{Name: "keep", Scope: csp.Root()}}}},
		{"Lighthouse of nobody", "the Lighthouse delegation to 00000000-0000-0000-0000-000000000002 has no managing tenant", csp.Facts{Lighthouses: []csp.LighthouseDelegation{{Principal: who, Role: id[csp.RoleDefinition](4), Scope: csp.Root()}}}},
		{"a directory role of no support", `the directory role 00000000-0000-0000-0000-000000000006 is lent through GDAP "", which says nothing`, csp.Facts{DirectoryRoles: []csp.DirectoryRole{{ID: id[csp.DirectoryRole](6), Name: "x"}}}},
		{"a gap in a question", "a gap is about a proper question, which is never collected", csp.Facts{Gaps: []csp.Gap{{Fact: csp.MissingQuestion, Tenant: tenant}}}},
		{"a gap in nothing", "a gap is of no tenant", csp.Facts{Gaps: []csp.Gap{{Fact: csp.MissingRoles}}}},
		{"a place in two places", "/ lies in /providers/Microsoft.Management/managementGroups/a, and also in / or nowhere", csp.Facts{Placements: []csp.Placement{
			{Tenant: tenant, Child: csp.Root(), Parent: managementGroup("a")}, {Tenant: tenant, Child: csp.Root(), Parent: csp.Root()},
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := worldfile.Format(test.f)
			if err == nil {
				t.Fatalf("it was written:\n%s", text)
			}
			if !slices.Contains(strings.Split(err.Error(), "\n"), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestOnlySomeOfManyRefusalsAreTold(t *testing.T) {
	var f csp.Facts
	for i := range 100 {
		f.Principals = append(f.Principals, csp.Principal{ID: id[csp.Principal](byte(i + 1)), Name: "x", Type: csp.User})
	}
	_, err := worldfile.Format(f)
	if err == nil || strings.Count(err.Error(), "\n") != 19 {
		t.Errorf("got %v", err)
	}
}

func TestWorldsTooLargeForHandsAreRefused(t *testing.T) {
	f := csp.Facts{Tenants: []csp.Tenant{{ID: id[csp.Tenant](1)}}}
	f.Gaps = []csp.Gap{{Fact: csp.MissingRoles, Tenant: f.Tenants[0].ID, Why: strings.Repeat("x", 5<<20)}}
	if _, err := worldfile.Format(f); err == nil || !strings.HasPrefix(err.Error(), "these facts are too many for a world file") {
		t.Errorf("got %v", err)
	}
}

// TestTheOrderOfFactsChangesNoLetter: a world has one text.
func TestTheOrderOfFactsChangesNoLetter(t *testing.T) {
	for name, text := range examples(t) {
		f := mustParse(t, text)
		want, err := worldfile.Format(f)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(f.Tenants)
		slices.Reverse(f.Principals)
		slices.Reverse(f.Memberships)
		slices.Reverse(f.Assignments)
		slices.Reverse(f.Resources)
		slices.Reverse(f.Subscriptions)
		slices.Reverse(f.GDAPs)
		slices.Reverse(f.Roles)
		f.Assignments = append(f.Assignments, f.Assignments...)
		got, err := worldfile.Format(f)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: turned round it is\n%s\nand was\n%s", name, got, want)
		}
	}
}

// TestGuestsOfGuestsAndOfUnknownTenantsAreWritten: facts from elsewhere may say
// no more than that.
func TestGuestsOfGuestsAndOfUnknownTenantsAreWritten(t *testing.T) {
	home, host := id[csp.Tenant](1), id[csp.Tenant](2)
	guest := func(n byte, of csp.ObjectID, tenant csp.TenantID) csp.Principal {
		return csp.Principal{ID: id[csp.Principal](n), Tenant: host, Type: csp.User, Name: "ann", Source: csp.Guest, Home: of, HomeTenant: tenant}
	}
	f := csp.Facts{
		Tenants: []csp.Tenant{{ID: home, Name: "unknown"}, {ID: host, Name: "Host"}},
		Principals: []csp.Principal{
			{ID: id[csp.Principal](3), Tenant: home, Type: csp.User, Name: "ann"},
			guest(4, id[csp.Principal](3), home), guest(5, id[csp.Principal](3), csp.TenantID{}),
			guest(6, id[csp.Principal](4), host), guest(7, csp.ObjectID{}, home),
		},
	}
	text, err := worldfile.Format(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := different(f, mustParse(t, string(text))); diff != "" {
		t.Errorf("facts differ (-before +after):\n%s\n%s", diff, text)
	}
}
