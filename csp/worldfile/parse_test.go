package worldfile_test

import (
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
)

// The ids of the small worlds below.
var (
	alder   = worldfile.DeriveID[csp.Tenant]("tenant", "Alder")
	contoso = worldfile.DeriveID[csp.Tenant]("tenant", "Contoso")
	prod    = worldfile.DeriveID[csp.Subscription]("subscription", contoso.String(), "Prod")

	owner, _  = builtin.AzureRoleNamed("Owner")
	reader, _ = builtin.AzureRoleNamed("Reader")
)

func principalID(kind string, tenant csp.TenantID, name string) csp.ObjectID {
	return worldfile.DeriveID[csp.Principal](kind, tenant.String(), name)
}

func user(tenant csp.TenantID, name, signIn string) csp.Principal {
	return csp.Principal{ID: principalID("user", tenant, name), Tenant: tenant, Type: csp.User, Name: name, SignInName: signIn}
}

func group(tenant csp.TenantID, name string, agents csp.AgentRole) csp.Principal {
	return csp.Principal{ID: principalID("group", tenant, name), Tenant: tenant, Type: csp.Group, Name: name, Agents: agents}
}

func day(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func TestWorldsAreReadAsTheyAreMeant(t *testing.T) {
	scope := csp.SubscriptionScopeOf(prod)
	anyID := csp.MustParseID[csp.Principal]("5f3759df-0000-4000-8000-000000000001")
	for _, test := range []struct {
		name, text string
		want       csp.Facts // but for the definitions of roles
	}{
		{"nothing", "", csp.Facts{}},
		{"a tenant with its domains", "customers: {Contoso: {domain: contoso.example, other domains: [c.example], old rules: true}}", csp.Facts{
			Tenants: []csp.Tenant{{ID: contoso, Name: "Contoso", DefaultDomain: "contoso.example", OldRules: true}},
			Domains: []csp.TenantDomain{{Tenant: contoso, Domain: "c.example"}},
		}},
		{"a partner has its three groups", "partners: {Alder: {users: ann, agents: {AdminAgents: ann}}}", csp.Facts{
			Tenants: []csp.Tenant{{ID: alder, Name: "Alder"}},
			Principals: []csp.Principal{
				user(alder, "ann", ""), group(alder, "AdminAgents", csp.AdminAgents), group(alder, "HelpdeskAgents", csp.HelpdeskAgents), group(alder, "SalesAgents", csp.SalesAgents),
			},
			Memberships: []csp.Membership{{Group: principalID("group", alder, "AdminAgents"), Member: principalID("user", alder, "ann")}},
		}},
		{"a customer has none", "customers: {Contoso: {agents: {HelpdeskAgents: }}}", csp.Facts{
			Tenants:    []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Principals: []csp.Principal{group(contoso, "HelpdeskAgents", csp.HelpdeskAgents)},
		}},
		{"sign-in names follow from names", "customers: {Contoso: {domain: c.example, users: {Ann Alder: , Bo+b: , cleo: {sign in: ''}, dan: {sign in: d@x.example, source: synced}}}}", csp.Facts{
			Tenants: []csp.Tenant{{ID: contoso, Name: "Contoso", DefaultDomain: "c.example"}},
			Principals: []csp.Principal{
				user(contoso, "Ann Alder", "ann.alder@c.example"), user(contoso, "Bo+b", ""), user(contoso, "cleo", ""),
				{ID: principalID("user", contoso, "dan"), Tenant: contoso, Type: csp.User, Name: "dan", SignInName: "d@x.example", Source: csp.Synced},
			},
		}},
		{"a guest is found by the account at home", "partners: {Alder: {domain: alder.example, users: ann, agents: {AdminAgents: no, HelpdeskAgents: no, SalesAgents: no}}}\n" +
			"customers: {Contoso: {guests: ann@alder.example, directory roles: {Global Reader: {who: ann@alder.example, eligible: yes, until: 2026-12-24}}}}", csp.Facts{
			Tenants: []csp.Tenant{{ID: alder, Name: "Alder", DefaultDomain: "alder.example"}, {ID: contoso, Name: "Contoso"}},
			Principals: []csp.Principal{
				user(alder, "ann", "ann@alder.example"),
				{ID: principalID("guest", contoso, "ann"), Tenant: contoso, Type: csp.User, Name: "ann", Source: csp.Guest, Home: principalID("user", alder, "ann"), HomeTenant: alder},
			},
			DirectoryAssignments: []csp.DirectoryAssignment{{
				Tenant: contoso, Principal: principalID("guest", contoso, "ann"), Role: csp.MustParseID[csp.DirectoryRole]("f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
				Term: csp.Term{Eligible: true, Period: csp.Period{Until: day(12, 24)}},
			}},
		}},
		{"one member of whom more is said", "customers: {Contoso: {users: ann, groups: {Ops: {who: ann, from: 2026-11-22T13:00:00+01:00}}}}", csp.Facts{
			Tenants:    []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Principals: []csp.Principal{user(contoso, "ann", ""), group(contoso, "Ops", "")},
			Memberships: []csp.Membership{{
				Group: principalID("group", contoso, "Ops"), Member: principalID("user", contoso, "ann"), Term: csp.Term{Period: csp.Period{From: day(11, 22).Add(12 * time.Hour)}},
			}},
		}},
		{"a subscription of the customer's own", "customers: {Contoso: {users: ann, subscriptions: {Prod: {access: {Reader: ann}, resource groups: {web: }}}}}", csp.Facts{
			Tenants:       []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Principals:    []csp.Principal{user(contoso, "ann", "")},
			Subscriptions: []csp.Subscription{{ID: prod, Tenant: contoso, Name: "Prod"}},
			Resources:     []csp.Resource{{Scope: csp.MustParseScope(scope.String() + "/resourceGroups/web")}},
			Assignments: []csp.Assignment{{Tenant: contoso, RoleAssignment: csp.RoleAssignment{
				Name:  worldfile.DeriveID[csp.RoleAssignment]("role assignment", contoso.String(), scope.Key(), reader.ID.String(), principalID("user", contoso, "ann").String(), "false", "", "", ""),
				Scope: scope, Role: reader.ID, Principal: principalID("user", contoso, "ann"), PrincipalType: csp.User,
			}}},
		}},
		{"a subscription that a partner created has a foreign principal", "partners: {Alder: {agents: {HelpdeskAgents: no, SalesAgents: no}}}\ncustomers: {Contoso: {subscriptions: {Prod: {created by: Alder}}}}", csp.Facts{
			Tenants:       []csp.Tenant{{ID: alder, Name: "Alder"}, {ID: contoso, Name: "Contoso"}},
			Principals:    []csp.Principal{group(alder, "AdminAgents", csp.AdminAgents)},
			Subscriptions: []csp.Subscription{{ID: prod, Tenant: contoso, Name: "Prod", Creator: alder}},
			Assignments: []csp.Assignment{{Tenant: contoso, RoleAssignment: csp.RoleAssignment{
				Name:  worldfile.DeriveID[csp.RoleAssignment]("role assignment", contoso.String(), scope.Key(), owner.ID.String(), principalID("group", alder, "AdminAgents").String(), "false", "", "", ""),
				Scope: scope, Role: owner.ID, Principal: principalID("group", alder, "AdminAgents"), PrincipalType: csp.ForeignGroup,
			}}},
		}},
		{"unless it was deleted", "customers: {Contoso: {subscriptions: {Prod: {created by: 5f3759df-0000-4000-8000-000000000002, foreign principal: false}}}}", csp.Facts{
			Tenants:       []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Subscriptions: []csp.Subscription{{ID: prod, Tenant: contoso, Name: "Prod", Creator: csp.MustParseID[csp.Tenant]("5f3759df-0000-4000-8000-000000000002")}},
		}},
		{"GDAP agrees to the roles it gives", "partners: {Alder: {groups: {Ops: }, agents: {AdminAgents: no, HelpdeskAgents: no, SalesAgents: no}}}\n" +
			"customers: {Contoso: {reseller: Alder, dap: {Alder: {until: 2026-07-01}}, gdap: {G: {partner: Alder, groups: {Ops: Global Reader}}}}}", csp.Facts{
			Tenants:    []csp.Tenant{{ID: alder, Name: "Alder"}, {ID: contoso, Name: "Contoso"}},
			Principals: []csp.Principal{group(alder, "Ops", "")},
			Resellers:  []csp.ResellerRelationship{{Partner: alder, Customer: contoso, Kind: csp.DirectPartner}},
			DAPs:       []csp.DAPRelationship{{Partner: alder, Customer: contoso, Period: csp.Period{Until: day(7, 1)}}},
			GDAPs: []csp.GDAPRelationship{{
				ID: worldfile.DeriveID[csp.GDAPRelationship]("GDAP relationship", contoso.String(), "G"), Name: "G", Partner: alder, Customer: contoso, Status: csp.GDAPActive,
				Roles: []csp.DirectoryRoleID{csp.MustParseID[csp.DirectoryRole]("f2ef992c-3afb-46b9-b7cf-a126ee74c451")},
				Assignments: []csp.AccessAssignment{{
					Group: principalID("group", alder, "Ops"), Roles: []csp.DirectoryRoleID{csp.MustParseID[csp.DirectoryRole]("f2ef992c-3afb-46b9-b7cf-a126ee74c451")}, Status: csp.GDAPActive,
				}},
			}},
		}},
		{"gaps need no reason", "customers: {Contoso: {gaps: {everything: , role definitions: [a, b]}}}", csp.Facts{
			Tenants: []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Gaps: []csp.Gap{
				{Fact: csp.MissingTenant, Tenant: contoso}, {Fact: csp.MissingRoles, Tenant: contoso, Why: "a"}, {Fact: csp.MissingRoles, Tenant: contoso, Why: "b"},
			},
		}},
		{"a place of which nobody is known", "places: {/subscriptions/" + prod.String() + ": {exists: no, artefacts: Subscription Admins, identity: " + anyID.String() + "}}", csp.Facts{
			Artefacts:  []csp.Artefact{{Scope: scope, Name: "Subscription Admins"}},
			Identities: []csp.ManagedIdentity{{Resource: scope, Principal: anyID}},
		}},
		{"usage of which no time is known", "customers: {Contoso: {subscriptions: {Prod: {usage: {" + anyID.String() + ": {a/read: {data: yes}}}}}}}", csp.Facts{
			Tenants:       []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Subscriptions: []csp.Subscription{{ID: prod, Tenant: contoso, Name: "Prod"}},
			Usage:         []csp.Usage{{Principal: anyID, Action: "a/read", Data: true, Scope: scope}},
		}},
		{"management groups lie below the root", "customers: {Contoso: {management groups: {a: , b: {in: A}}, subscriptions: {Prod: {in: b}}}}", csp.Facts{
			Tenants:       []csp.Tenant{{ID: contoso, Name: "Contoso"}},
			Subscriptions: []csp.Subscription{{ID: prod, Tenant: contoso, Name: "Prod"}},
			Placements: []csp.Placement{
				{Tenant: contoso, Child: managementGroup("a"), Parent: csp.Root()},
				{Tenant: contoso, Child: managementGroup("b"), Parent: managementGroup("a")},
				{Tenant: contoso, Child: scope, Parent: managementGroup("b")},
			},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := mustParse(t, test.text)
			got.Roles, got.DirectoryRoles = nil, nil
			if diff := different(test.want, got); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRolesThatAreNamedBecomeKnown(t *testing.T) {
	f := mustParse(t, `
customers:
  Contoso:
    users: ann
    subscriptions:
      P: {access: {Owner: ann, acdd72a7-3385-48ef-bd42-f606fba81ae7: ann, Operator: ann}}
    directory roles: {Global Reader: ann, 62e90394-69f5-4237-9190-012177145e10: ann}
role definitions:
  Contributor:
  Operator: {actions: a/read, not actions: [b, c], condition: x}
`)
	operator := csp.RoleDefinition{
		ID: worldfile.DeriveID[csp.RoleDefinition]("role definition", "Operator"), Name: "Operator", Custom: true,
		Permissions: []csp.Permission{{Actions: []string{"a/read"}, NotActions: []string{"b", "c"}, Condition: "x"}},
	}
	contributor, _ := builtin.AzureRoleNamed("Contributor")
	if diff := different(csp.Facts{Roles: []csp.RoleDefinition{owner, contributor, operator}}, csp.Facts{Roles: f.Roles}); diff != "" {
		t.Errorf("roles differ (-want +got):\n%s", diff)
	}
	if len(f.DirectoryRoles) != 1 || f.DirectoryRoles[0].Name != "Global Reader" || len(f.DirectoryRoles[0].Actions) == 0 {
		t.Errorf("directory roles are %v", f.DirectoryRoles)
	}
}

// TestDerivedIDsStayAsTheyAre: they stand in answers that people keep.
func TestDerivedIDsStayAsTheyAre(t *testing.T) {
	if got, want := contoso.String(), "91d36ab4-c99b-86b8-b532-aabded847872"; got != want {
		t.Errorf("Contoso is %s, want %s", got, want)
	}
	if upper := worldfile.DeriveID[csp.Tenant]("tenant", "CONTOSO"); upper != contoso {
		t.Errorf("CONTOSO is %s", upper)
	}
	if a, b := worldfile.DeriveID[csp.Tenant]("x", "ab", "c"), worldfile.DeriveID[csp.Tenant]("x", "a", "bc"); a == b {
		t.Error("two paths have one id")
	}
}
