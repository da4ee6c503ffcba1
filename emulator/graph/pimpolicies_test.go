package graph_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/emulator/schedule"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

const everythingOfPolicies = everything + " RoleManagementPolicy.ReadWrite.Directory RoleManagementPolicy.ReadWrite.AzureADGroup PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"

// policyOf finds the id of the policy as clients do: by its assignment.
func (v *town) policyOf(bearer, filter string) string {
	v.tb.Helper()
	got := v.call(bearer, "GET", "/v1.0/policies/roleManagementPolicyAssignments?$filter="+url.QueryEscape(filter)+"&$expand=policy($expand=rules)", "")
	ids := got.names("policyId")
	if len(ids) != 1 || !strings.Contains(got.raw, `"id":"Expiration_EndUser_Assignment"`) {
		v.tb.Fatalf("%s: %d %s", filter, got.status, got.raw)
	}
	return "/v1.0/policies/roleManagementPolicies/" + ids[0]
}

func TestPolicyOfARoleIsChangedAndApplies(t *testing.T) {
	v := newTown(t)
	rosa, _ := v.admin("rosa", "Privileged Role Administrator")
	admin := v.asRole(rosa, everythingOfPolicies, "Privileged Role Administrator")
	at := v.policyOf(admin, "scopeId eq '/' and scopeType eq 'DirectoryRole' and roleDefinitionId eq '"+entraRole("Exchange Administrator")+"'")
	got := v.call(admin, "GET", at+"?$expand=rules", "")
	if rules, _ := got.body["rules"].([]any); len(rules) != 8 || got.text("scopeType") != "DirectoryRole" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(admin, "GET", at+"/rules", ""); !slices.Contains(got.names("@odata.type"), "#microsoft.graph.unifiedRoleManagementPolicyApprovalRule") {
		t.Errorf("%s", got.raw)
	}
	must(v.customer.PIM(world.RolePIM).Submit(schedule.Request{Kind: schedule.Eligible, Action: schedule.AdminAssign, Target: schedule.Target{Principal: v.anna.ID, Role: entraRole("Exchange Administrator"), Scope: "/"}}, false))(t)
	anna := v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: v.anna.ID.String(), IDType: "user", Scopes: everything, AMR: []string{"pwd", "mfa"}})
	activate := func(body string) answer {
		return v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", body)
	}
	asked := roleRequest("selfActivate", v.anna.ID, "Exchange Administrator", twoHours)
	got = v.call(admin, "PATCH", at+"/rules/Expiration_EndUser_Assignment", `{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyExpirationRule","id":"Expiration_EndUser_Assignment","isExpirationRequired":true,"maximumDuration":"PT1H"}`)
	if got.status != 200 || got.text("maximumDuration") != "PT1H" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := activate(asked); got.status != 400 || !strings.Contains(got.message(), `["ExpirationRule"]`) {
		t.Errorf("two hours of one: %d %s", got.status, got.raw)
	}
	asked = strings.Replace(asked, "PT2H", "PT1H", 1)
	v.want(v.call(admin, "PATCH", at+"/rules/Enablement_EndUser_Assignment", `{"enabledRules":["Justification","Ticketing"]}`), 200, "")
	if got := activate(strings.Replace(asked, `"ticketNumber":"LK-1042",`, "", 1)); !strings.Contains(got.message(), `["TicketingRule"]`) {
		t.Errorf("without a ticket: %d %s", got.status, got.raw)
	}
	v.want(v.call(admin, "PATCH", at+"/rules/Approval_EndUser_Assignment", `{"setting":{"isApprovalRequired":true,"approvalStages":[{"primaryApprovers":[{"@odata.type":"#microsoft.graph.singleUser","userId":"`+rosa.ID.String()+`"}]}]}}`), 200, "")
	got = activate(asked)
	if got.text("status") != "PendingApproval" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	approval := "/beta/roleManagement/directory/roleAssignmentApprovals/" + got.text("approvalId")
	stage := approval + "/steps/" + got.text("approvalId")
	mine := v.call(admin, "GET", directory+"roleAssignmentScheduleRequests/filterByCurrentUser(on='approver')", "")
	if !slices.Equal(mine.names("approvalId"), []string{got.text("approvalId")}) {
		t.Errorf("what waits for rosa: %s", mine.raw)
	}
	const yes = `{"reviewResult":"Approve","justification":"go on"}`
	v.want(v.call(anna, "PATCH", stage, yes), 400, "InvalidRoleAssignmentRequest") // her own
	v.want(v.call(admin, "PATCH", stage, `{"reviewResult":"Perhaps","justification":"x"}`), 400, "InvalidRoleAssignmentRequest")
	v.want(v.call(admin, "PATCH", stage, `{"reviewResult":"Approve"}`), 400, "InvalidRoleAssignmentRequest")
	v.want(v.call(admin, "PATCH", approval+"/steps/x", yes), 404, "ResourceNotFound")
	v.want(v.call(admin, "PATCH", stage, yes), 204, "")
	if !v.holds(v.anna, "Exchange Administrator") {
		t.Error("approved, and she does not have it")
	}
	if got := v.call(admin, "GET", stage, ""); got.text("reviewResult") != "Approve" || got.text("status") != "Completed" {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(admin, "PATCH", stage, yes), 400, "InvalidRoleAssignmentRequest") // decided
	v.move(2 * time.Hour)
	if v.holds(v.anna, "Exchange Administrator") {
		t.Error("an hour has passed, and she still has it")
	}
}

func TestPolicyOfAGroup(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Deployers"}))(t)
	approvers := must(v.customer.AddGroup(world.Group{Name: "Deciders"}))(t)
	bo := must(v.customer.AddUser(world.User{Name: "Bo", UPN: "bo"}))(t)
	if err := v.customer.AddMember(approvers.ID, bo.ID); err != nil {
		t.Fatal(err)
	}
	gus, _ := v.admin("gus", "Groups Administrator")
	admin := v.asRole(gus, everythingOfPolicies, "Groups Administrator")
	in := "scopeId eq '" + g.ID.String() + "' and scopeType eq 'Group'"
	at := v.policyOf(admin, in+" and roleDefinitionId eq 'member'")
	if at == v.policyOf(admin, in+" and roleDefinitionId eq 'owner'") {
		t.Error("members and owners have one policy")
	}
	got := v.call(admin, "PATCH", at, fmt.Sprintf(`{"rules":[
		{"id":"Expiration_Admin_Eligibility","@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyExpirationRule","isExpirationRequired":true,"maximumDuration":"P30D"},
		{"id":"Enablement_EndUser_Assignment","enabledRules":[]},
		{"id":"Approval_EndUser_Assignment","setting":{"isApprovalRequired":true,"approvalStages":[{"primaryApprovers":[{"@odata.type":"#microsoft.graph.groupMembers","groupId":%q}]}]}}]}`, approvers.ID))
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	pim := v.customer.PIM(world.GroupPIM)
	target := schedule.Target{Principal: v.anna.ID, Role: world.GroupMember, Scope: g.ID.String()}
	if _, err := pim.Submit(schedule.Request{Kind: schedule.Eligible, Action: schedule.AdminAssign, Target: target}, false); err == nil {
		t.Error("eligible for ever, where 30 days are the most")
	}
	must(pim.Submit(schedule.Request{Kind: schedule.Eligible, Action: schedule.AdminAssign, Target: target, Expiration: schedule.Expiration{Kind: schedule.AfterDuration, Duration: 24 * time.Hour}}, false))(t)
	anna := v.asUser(v.anna, everything)
	got = v.call(anna, "POST", "/v1.0/identityGovernance/privilegedAccess/group/assignmentScheduleRequests", fmt.Sprintf(`{"action":"selfActivate","accessId":"member","groupId":%q,"principalId":%q,"scheduleInfo":{"expiration":%s}}`, g.ID, v.anna.ID, twoHours))
	if got.text("status") != "PendingApproval" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	stage := "/v1.0/identityGovernance/privilegedAccess/group/assignmentApprovals/" + got.text("approvalId") + "/stages/" + got.text("approvalId")
	v.want(v.call(v.asUser(bo, everythingOfPolicies), "PATCH", stage, `{"reviewResult":"Deny","justification":"not today"}`), 204, "")
	if got := v.call(v.asUser(v.anna, everythingOfPolicies), "GET", stage, ""); got.text("reviewResult") != "Deny" {
		t.Errorf("%s", got.raw)
	}
	if slices.Contains(v.customer.Members(g.ID), v.anna.ID) {
		t.Error("denied, and she is in it")
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Admins", RoleAssignable: true}))(t)
	rosa, _ := v.admin("rosa", "Privileged Role Administrator")
	admin := v.asRole(rosa, everythingOfPolicies, "Privileged Role Administrator")
	at := v.policyOf(admin, "scopeId eq '/' and scopeType eq 'DirectoryRole' and roleDefinitionId eq '"+entraRole("Exchange Administrator")+"'")
	ofGroup := v.policyOf(admin, "scopeId eq '"+g.ID.String()+"' and scopeType eq 'Group' and roleDefinitionId eq 'member'")
	for name, test := range map[string]struct {
		path, body, code string
		status           int
	}{
		"a rule there is not":         {at + "/rules/Nothing", `{}`, "ResourceNotFound", 404},
		"a rule of another type":      {at + "/rules/Expiration_EndUser_Assignment", `{"@odata.type":"#microsoft.graph.unifiedRoleManagementPolicyApprovalRule"}`, "InvalidPolicy", 400},
		"another rule's id":           {at + "/rules/Expiration_EndUser_Assignment", `{"id":"Expiration_Admin_Assignment"}`, "InvalidPolicy", 400},
		"a duration that is none":     {at + "/rules/Expiration_Admin_Assignment", `{"maximumDuration":"soon"}`, "InvalidPolicy", 400},
		"two days of activation":      {at + "/rules/Expiration_EndUser_Assignment", `{"maximumDuration":"P2D"}`, "InvalidPolicy", 400},
		"endless activation":          {at + "/rules/Expiration_EndUser_Assignment", `{"isExpirationRequired":false}`, "InvalidPolicy", 400},
		"an unknown demand":           {at + "/rules/Enablement_EndUser_Assignment", `{"enabledRules":["Luck"]}`, "InvalidPolicy", 400},
		"approval by nobody":          {at + "/rules/Approval_EndUser_Assignment", `{"setting":{"isApprovalRequired":true}}`, "InvalidPolicy", 400},
		"an approver of elsewhere":    {at + "/rules/Approval_EndUser_Assignment", `{"setting":{"isApprovalRequired":true,"approvalStages":[{"primaryApprovers":[{"userId":"` + v.james.ID.String() + `"}]}]}}`, "InvalidPolicy", 400},
		"a context without a name":    {at + "/rules/AuthenticationContext_EndUser_Assignment", `{"isEnabled":true}`, "InvalidPolicy", 400},
		"a policy there is not":       {"/v1.0/policies/roleManagementPolicies/DirectoryRole_x_y/rules/x", `{}`, "ResourceNotFound", 404},
		"half of a change of several": {at, `{"rules":[{"id":"Expiration_Admin_Assignment","isExpirationRequired":true},{"id":"Nothing"}]}`, "ResourceNotFound", 404},
	} {
		t.Run(name, func(t *testing.T) {
			v.tb = t
			v.want(v.call(admin, "PATCH", test.path, test.body), test.status, test.code)
		})
	}
	v.tb = t
	if p := v.customer.PIM(world.RolePIM).Policy(entraRole("Exchange Administrator"), "/"); p.MaxActive != 0 {
		t.Errorf("half of a change was kept: %+v", p)
	}
	anna := v.asUser(v.anna, everythingOfPolicies)
	gus, _ := v.admin("gus", "Groups Administrator")
	groups := v.asRole(gus, everythingOfPolicies, "Groups Administrator")
	v.want(v.call(anna, "PATCH", at+"/rules/Enablement_EndUser_Assignment", `{"enabledRules":[]}`), 403, "Authorization_RequestDenied")
	v.want(v.call(groups, "PATCH", ofGroup+"/rules/Enablement_EndUser_Assignment", `{"enabledRules":[]}`), 403, "Authorization_RequestDenied") // R14
	v.want(v.call(v.asApp("Directory.Read.All"), "GET", at, ""), 403, "Authorization_RequestDenied")
	v.want(v.call(admin, "GET", "/v1.0/policies/roleManagementPolicies", ""), 400, "MissingParameters")
	if got := v.call(v.asApp("RoleManagementPolicy.Read.Directory"), "GET", "/v1.0/policies/roleManagementPolicies?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'", ""); len(got.names("id")) != len(v.world.DirectoryRoles()) {
		t.Errorf("%d %.300s", got.status, got.raw)
	}
}
