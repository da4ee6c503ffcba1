package partnercenter_test

import (
	"slices"
	"testing"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/world"
)

var (
	owner               = roleNamed("Owner")
	globalAdministrator = directoryRole("Global Administrator")
)

func roleNamed(name string) csp.RoleDefinitionID {
	role, ok := builtin.AzureRoleNamed(name)
	if !ok {
		panic("no built-in role " + name)
	}
	return role.ID
}

func directoryRole(name string) csp.DirectoryRoleID {
	for _, role := range builtin.EntraRoles() {
		if role.Name == name {
			return role.ID
		}
	}
	panic("no directory role " + name)
}

// TestKillSwitch: a partner can cancel the Azure subscriptions it made, also when
// the customer has taken away every role and every way in.
func TestKillSwitch(t *testing.T) {
	v := newTown(t)
	at := "/v1/customers/" + v.customer.ID.String() + "/subscriptions"
	must(v.customer.AddSubscription(csp.Subscription{Name: "Not from the partner"}))(t)
	must(v.partner.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.ada.ID, Role: globalAdministrator}))(t)
	ada := v.as(v.ada)

	plans := v.call(ada, "GET", at, "")
	if plans.status != 200 || !slices.Equal(plans.items("offerName"), []string{"Microsoft Azure plan"}) {
		t.Fatalf("%d %s", plans.status, plans.raw)
	}
	plan := at + "/" + plans.items("id")[0]
	if plans.items("id")[0] == v.sub.ID.String() {
		t.Error("the plan has the id of the Azure subscription")
	}
	if got := v.call(ada, "GET", plan, ""); got.status != 200 || got.text("attributes", "objectType") != "Subscription" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", plan+"/azureEntitlements", ""); !slices.Equal(got.items("subscriptionId"), []string{v.sub.ID.String()}) || !slices.Equal(got.items("status"), []string{"active"}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	one := plan + "/azureEntitlements/" + v.sub.ID.String()
	for _, step := range []struct {
		method, path, body string
		status             int
		disabled           bool
	}{
		{"POST", one + "/cancel", `{"cancellationReason":"Compromise"}`, 202, true},
		{"POST", one + "/reactivate", "", 202, false},
		{"PATCH", one, `{"status":"cancelled"}`, 200, true},
		{"PATCH", one, `{"status":"active"}`, 200, false},
		{"PATCH", one, `{"status":"purple"}`, 400, false},
	} {
		if got := v.call(ada, step.method, step.path, step.body); got.status != step.status {
			t.Errorf("%s %s: %d %s", step.method, step.body, got.status, got.raw)
		}
		if v.world.IsDisabled(v.sub.ID) != step.disabled {
			t.Errorf("after %s %s: disabled is %v", step.method, step.body, !step.disabled)
		}
	}
	for path, code := range map[string]string{at + "/x": "20003", at + "/" + v.sub.ID.String(): "20003", plan + "/azureEntitlements/x": "1000"} {
		if got := v.call(ada, "GET", path, ""); got.status != 404 || got.text("code") != code {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
}

func TestDeletedSubscriptionsStayDeleted(t *testing.T) {
	v := newTown(t)
	s := must(v.world.Sell(world.CommerceSubscription{Partner: v.partner.ID, Customer: v.customer.ID, Offer: "Exchange Online", Quantity: 1}))(t)
	at := "/v1/customers/" + v.customer.ID.String() + "/subscriptions/" + s.ID.String()
	if got := v.call(v.as(v.sam), "PATCH", at, `{"status":"deleted"}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.as(v.sam), "PATCH", at, `{"status":"active"}`); got.status != 400 || got.text("code") != "2011" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.as(v.sam), "GET", at+"/azureEntitlements", ""); got.status != 400 {
		t.Errorf("entitlements of licences: %d %s", got.status, got.raw)
	}
}

// TestAgents reads R7 and R8: the agent role is the membership of the group, and
// whoever administers the users can give it to himself.
func TestAgents(t *testing.T) {
	v := newTown(t)
	ada := v.as(v.ada)
	roles := v.call(ada, "GET", "/v1/roles", "")
	if roles.status != 200 || !slices.Equal(roles.items("name"), []string{"AdminAgents", "HelpdeskAgents", "SalesAgents"}) || roles.items("id")[0] != v.admins.ID.String() {
		t.Fatalf("%d %s", roles.status, roles.raw)
	}
	at := "/v1/roles/" + v.admins.ID.String() + "/usermembers"
	if got := v.call(ada, "GET", at, ""); !slices.Equal(got.items("displayName"), []string{"Ada Stone"}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	body := `{"Id":"` + v.rita.ID.String() + `","Attributes":{"ObjectType":"UserMember"}}`
	if got := v.call(ada, "POST", at, body); got.status != 403 {
		t.Errorf("an agent who administers no users: %d %s", got.status, got.raw)
	}
	must(v.partner.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.rita.ID, Role: directoryRole("User Administrator")}))(t)
	rita := v.as(v.rita)
	if got := v.call(rita, "GET", "/v1/customers", ""); got.status != 403 {
		t.Errorf("a user administrator is no agent: %d", got.status)
	}
	if got := v.call(rita, "POST", at, body); got.status != 201 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(rita, "GET", "/v1/customers", ""); got.status != 200 {
		t.Errorf("but can become one: %d %s", got.status, got.raw)
	}
	if !slices.Contains(v.partner.GroupsOf(v.rita.ID), v.admins.ID) {
		t.Error("she is not in the group")
	}
	if got := v.call(rita, "DELETE", at+"/"+v.ada.ID.String(), ""); got.status != 204 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", "/v1/customers", ""); got.status != 403 {
		t.Errorf("who was taken out is no agent any more: %d", got.status)
	}
	if got := v.call(rita, "DELETE", at+"/"+v.ada.ID.String(), ""); got.status != 404 {
		t.Errorf("twice: %d %s", got.status, got.raw)
	}
}

func TestIndirectModel(t *testing.T) {
	v := newTown(t)
	check(t, v.world.Supply(v.partner.ID, v.stranger.ID))
	check(t, v.world.SetPartnership(world.Partnership{Partner: v.stranger.ID, Customer: v.customer.ID, Reseller: true}))
	ada := v.as(v.ada)
	for path, want := range map[string][]string{
		"/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf":                                                        {"Fabrikam"},
		"/v1/relationships?relationship_type=IsIndirectResellerOf":                                                                     {},
		"/v1/customers/" + v.customer.ID.String() + "/relationships":                                                                   {"Fabrikam"},
		"/v1/customers?filter=" + `%7B"Field":"IndirectReseller","Value":"` + v.stranger.ID.String() + `","Operator":"starts_with"%7D`: {""},
	} {
		if got := v.call(ada, "GET", path, ""); got.status != 200 || !slices.Equal(got.items("name"), want) {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	if got := v.call(ada, "GET", "/v1/relationships", ""); got.status != 400 {
		t.Errorf("without a type: %d", got.status)
	}
}

func TestAuditRecords(t *testing.T) {
	v := newTown(t)
	ada := v.as(v.ada)
	at := "/v1/customers/" + v.customer.ID.String()
	profile := `{"email":"boss@contoso.example","culture":"sv-SE","language":"sv","companyName":"Contoso AB","defaultAddress":{"country":"SE"}}`
	if got := v.call(ada, "PUT", at+"/profiles/billing", profile); got.status != 200 {
		t.Fatal(got.raw)
	}
	got := v.call(ada, "GET", "/v1/auditrecords?startDate=2026-11-02&endDate=2026-11-02", "")
	if got.status != 200 || !slices.Equal(got.items("operationType"), []string{"update_customer_billing_profile"}) || !slices.Equal(got.items("userPrincipalName"), []string{v.ada.UPN}) || got.items("customerName")[0] != "Contoso" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", "/v1/auditrecords?startDate=11/03/2026", ""); got.status != 200 || len(got.items("customerId")) != 0 {
		t.Errorf("the day after: %s", got.raw)
	}
	if got := v.call(ada, "GET", `/v1/auditrecords?startDate=2026-11-02&filter=%7B"Field":"CustomerId","Value":"`+v.stranger.ID.String()+`","Operator":"equals"%7D`, ""); got.status != 200 || len(got.items("customerId")) != 0 {
		t.Errorf("of another: %s", got.raw)
	}
	v.delegate("User Administrator")
	v.call(ada, "DELETE", at+"/users/"+v.anna.ID.String(), "")
	if got := v.call(ada, "GET", "/v1/auditrecords?startDate=2026-11-02", ""); !slices.Equal(got.items("operationType"), []string{
		"update_customer_billing_profile", "granular_admin_relationship_created", "granular_admin_relationship_approved", "granular_admin_relationship_activated",
		"granular_admin_access_assignment_created", "granular_admin_access_assignment_activated", "delete_customer_user",
	}) {
		t.Errorf("delegation and users: %v", got.items("operationType"))
	}
	for _, wrong := range []string{"", "?startDate=yesterday", "?startDate=2026-11-02&filter=x"} {
		if got := v.call(ada, "GET", "/v1/auditrecords"+wrong, ""); got.status != 400 {
			t.Errorf("%s: %d", wrong, got.status)
		}
	}
}

func TestServiceRequests(t *testing.T) {
	v := newTown(t)
	one := v.world.AddServiceRequest(world.ServiceRequest{Partner: v.partner.ID, Customer: v.customer.ID, Title: "Mail is slow"})
	hal := v.as(v.hal)
	for _, path := range []string{"/v1/servicerequests", "/v1/customers/" + v.customer.ID.String() + "/servicerequests"} {
		if got := v.call(hal, "GET", path, ""); !slices.Equal(got.items("title"), []string{"Mail is slow"}) {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	at := "/v1/servicerequests/" + one.ID.String()
	if got := v.call(hal, "PATCH", at, `{"Status":"closed"}`); got.status != 200 || got.text("status") != "closed" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(hal, "PATCH", at, `{"Status":"lost"}`); got.status != 400 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(hal, "GET", at, ""); got.text("status") != "closed" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(hal, "GET", "/v1/servicerequests/x", ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}
