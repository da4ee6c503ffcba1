package access_test

import (
	"fmt"
	"time"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
)

func ExampleIndex_Can() {
	tenant := csp.MustParseID[csp.Tenant]("11111111-1111-4111-8111-111111111111")
	subscription := csp.MustParseID[csp.Subscription]("22222222-2222-4222-8222-222222222222")
	james := csp.MustParseID[csp.Principal]("33333333-3333-4333-8333-333333333333")
	role, _ := builtin.AzureRoleNamed("Desktop Virtualization Power On Off Contributor")
	shop, _ := csp.ResourceGroupScopeOf(subscription, "shop")
	begins := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

	index, err := access.Compile(access.Facts{
		Tenants:       []csp.Tenant{{ID: tenant, Name: "Contoso"}},
		Subscriptions: []csp.Subscription{{ID: subscription, Tenant: tenant}},
		Principals:    []csp.Principal{{ID: james, Tenant: tenant, Type: csp.User, Name: "James"}},
		Roles:         []csp.RoleDefinition{role},
		Assignments: []access.Assignment{{
			Tenant: tenant,
			RoleAssignment: csp.RoleAssignment{
				Name: csp.RoleAssignmentID{1}, Scope: shop, Role: role.ID, Principal: james, PrincipalType: csp.User,
			},
			Term: access.Term{From: begins, Until: begins.Add(2 * time.Hour)},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	action, _ := access.ParseAction("Microsoft.Compute/virtualMachines/restart/action")
	for _, at := range []time.Time{begins, begins.Add(2 * time.Hour)} {
		answer := index.Can(access.Question{Principal: james, Action: action, Scope: shop, At: at})
		fmt.Println(at.Format(time.TimeOnly), answer.Verdict)
	}
	// Output:
	// 10:00:00 has
	// 12:00:00 has not
}

func ExamplePlain() {
	role, _ := builtin.AzureRoleNamed("Storage Blob Data Reader")
	fmt.Println(access.ClassOf(role))
	for _, sentence := range access.Plain(role) {
		fmt.Println(sentence)
	}
	// Output:
	// standard
	// Read files in storage containers
	// Share files by links as far as the other rights here go
	// Look at storage containers
}
