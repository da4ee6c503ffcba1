package finding_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"latchkey/access"
	"latchkey/access/finding"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

func idOf[T csp.Named](format string, args ...any) csp.ID[T] {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return csp.ID[T](sum[:16])
}

// largeWorld is the reference partner, or a part of it: so many customers with
// three subscriptions each, thirty resource groups and 150 role assignments.
func largeWorld(customers int) csp.Facts {
	var f csp.Facts
	f.Roles, f.DirectoryRoles = builtin.AzureRoles(), builtin.EntraRoles()
	owner, _ := builtin.AzureRoleNamed("Owner")
	reader, _ := builtin.AzureRoleNamed("Reader")
	operator, _ := builtin.AzureRoleNamed("Virtual Machine Contributor")
	readers := csp.MustParseID[csp.DirectoryRole]("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")
	administrator := csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	partner := idOf[csp.Tenant]("partner")
	f.Tenants = append(f.Tenants, csp.Tenant{ID: partner, Name: "Partner"})
	agents := idOf[csp.Principal]("agents")
	f.Principals = append(f.Principals, csp.Principal{ID: agents, Tenant: partner, Type: csp.Group, Name: "AdminAgents", Agents: csp.AdminAgents})
	for i := range 2000 {
		id := idOf[csp.Principal]("engineer %d", i)
		f.Principals = append(f.Principals, csp.Principal{ID: id, Tenant: partner, Type: csp.User, Name: fmt.Sprintf("engineer %d", i)})
		group := idOf[csp.Principal]("group %d", i%500)
		if i < 500 {
			f.Principals = append(f.Principals, csp.Principal{ID: group, Tenant: partner, Type: csp.Group, Name: fmt.Sprintf("group %d", i)})
		}
		f.Memberships = append(f.Memberships, csp.Membership{Group: group, Member: id})
		if i%10 == 0 {
			f.Memberships = append(f.Memberships, csp.Membership{Group: agents, Member: id})
		}
		if i%50 == 1 {
			f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: partner, Principal: id, Role: administrator})
		}
	}
	for c := range customers {
		t := idOf[csp.Tenant]("customer %d", c)
		f.Tenants = append(f.Tenants, csp.Tenant{ID: t, Name: fmt.Sprintf("Customer %d", c)})
		f.Resellers = append(f.Resellers, csp.ResellerRelationship{Partner: partner, Customer: t, Kind: csp.DirectPartner})
		g := csp.GDAPRelationship{
			ID: idOf[csp.GDAPRelationship]("gdap %d", c), Name: "Work", Partner: partner, Customer: t, Status: csp.GDAPActive,
			Period: csp.Period{Until: noon.AddDate(0, 0, 5+c%700)}, Roles: []csp.DirectoryRoleID{readers},
		}
		for i := range 5 {
			g.Assignments = append(g.Assignments, csp.AccessAssignment{
				Group: idOf[csp.Principal]("group %d", (c+i*100)%500), Roles: g.Roles, Status: csp.GDAPActive,
			})
		}
		f.GDAPs = append(f.GDAPs, g)
		var users []csp.ObjectID
		for u := range 20 {
			id := idOf[csp.Principal]("user %d %d", c, u)
			users = append(users, id)
			f.Principals = append(f.Principals, csp.Principal{ID: id, Tenant: t, Type: csp.User, Name: fmt.Sprintf("user %d", u)})
		}
		f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: t, Principal: users[0], Role: administrator})
		assign := func(scope csp.Scope, who csp.ObjectID, kind csp.PrincipalType, role csp.RoleDefinitionID, n int) {
			f.Assignments = append(f.Assignments, csp.Assignment{Tenant: t, RoleAssignment: csp.RoleAssignment{
				Name: idOf[csp.RoleAssignment]("%s %d", scope, n), Scope: scope, Role: role, Principal: who, PrincipalType: kind,
			}})
		}
		for s := range 3 {
			id := idOf[csp.Subscription]("subscription %d %d", c, s)
			f.Subscriptions = append(f.Subscriptions, csp.Subscription{ID: id, Tenant: t, Name: fmt.Sprintf("sub %d", s), Creator: partner})
			assign(csp.SubscriptionScopeOf(id), agents, csp.ForeignGroup, owner.ID, 0)
			for g := range 10 {
				scope := csp.MustParseScope(fmt.Sprintf("/subscriptions/%s/resourceGroups/rg%d", id, g))
				f.Resources = append(f.Resources, csp.Resource{Scope: scope})
				for n := range 5 {
					role := reader.ID
					if n == 0 {
						role = operator.ID
					}
					assign(scope, users[(g+n)%20], csp.User, role, n+1)
				}
			}
		}
	}
	return f
}

func BenchmarkFindAtTheLargeSize(b *testing.B) {
	x, err := access.Compile(largeWorld(10_000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		found := finding.Find(x, noon, finding.Options{})
		b.ReportMetric(float64(len(found)), "findings")
	}
}
