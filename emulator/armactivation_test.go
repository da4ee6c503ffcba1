package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// asking is the body of a request of privileged identity management.
func asking(kind string, role csp.RoleDefinition, principal csp.ObjectID, duration string, more ...string) string {
	expiration := `{"type":"AfterDuration","duration":"` + duration + `"}`
	if duration == "" {
		expiration = `{"type":"NoExpiration"}`
	}
	var extra strings.Builder
	for i := 0; i+1 < len(more); i += 2 {
		extra.WriteString(`,"` + more[i] + `":` + more[i+1])
	}
	return `{"properties":{"requestType":"` + kind + `","principalId":"` + principal.String() + `","roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/` + role.ID.String() +
		`","justification":"LK-1","scheduleInfo":{"expiration":` + expiration + `}` + extra.String() + `}}`
}

func TestActivations(t *testing.T) {
	v := newTown(t)
	anna, james := v.annaOwns(t), v.userToken(t, v.customer, "James Holt", "raven")
	at := v.group.Scope.String() + authorization
	request := func(half string) string { return at + half + "ScheduleRequests/" + newName() }
	restart := v.vm.Scope.String() + "/restart"
	v.take(t,
		step{james, "PUT", request("roleEligibility"), asking("AdminAssign", vmContrib, v.guest.ID, "P30D"), 403, "InsufficientPermissions"},
		step{james, "PUT", request("roleAssignment"), asking("SelfActivate", vmContrib, v.guest.ID, "PT1H"), 400, "EligibilityRule"},
		step{anna, "PUT", request("roleEligibility"), asking("AdminAssign", vmContrib, v.guest.ID, "P400D"), 400, "ExpirationRule"},
		step{anna, "PUT", request("roleEligibility"), asking("AdminAssign", vmContrib, v.guest.ID, "P30D"), 201, `"status":"Provisioned"`},
		step{anna, "PUT", request("roleEligibility"), asking("AdminAssign", vmContrib, v.guest.ID, "P30D"), 400, "RoleAssignmentExists"},
		step{james, "POST", restart, "", 403, "AuthorizationFailed"}, // eligible is not active, R29
		step{anna, "GET", v.assignmentPath(v.group.Scope, "") + "?$filter=principalId+eq+'" + v.guest.ID.String() + "'", "", 200, `"value":[]`},
		step{james, "GET", at + "roleEligibilityScheduleInstances?$filter=asTarget()", "", 200, v.guest.ID.String()},
		step{james, "GET", at + "roleEligibilityScheduleInstances", "", 403, "AuthorizationFailed"},
		step{james, "PUT", request("roleAssignment"), asking("SelfActivate", vmContrib, v.guest.ID, "PT1H"), 400, "MfaRule"},
	)
	policies := at + "roleManagementPolicies/" + vmContrib.ID.String()
	v.take(t,
		step{anna, "GET", at + "roleManagementPolicyAssignments?$filter=roleDefinitionId+eq+'" + vmContrib.ID.String() + "'", "", 200, `"maximumDuration":"PT8H"`},
		step{anna, "PATCH", policies, `{"properties":{"rules":[{"id":"Enablement_EndUser_Assignment","ruleType":"RoleManagementPolicyEnablementRule","enabledRules":["Ticketing"]},
			{"id":"Expiration_EndUser_Assignment","ruleType":"RoleManagementPolicyExpirationRule","maximumDuration":"PT2H"}]}}`, 200, `"maximumDuration":"PT2H"`},
		step{anna, "PATCH", policies, `{"properties":{"rules":[{"id":"Expiration_EndUser_Assignment","maximumDuration":"PT48H"}]}}`, 400, "InvalidPolicy"},
		step{james, "PUT", request("roleAssignment"), asking("SelfActivate", vmContrib, v.guest.ID, "PT1H"), 400, "TicketingRule"},
		step{james, "PUT", request("roleAssignment"), asking("SelfActivate", vmContrib, v.guest.ID, "PT3H", "ticketInfo", `{"ticketNumber":"1"}`), 400, "ExpirationRule"},
		step{james, "POST", request("roleAssignment") + "/validate", asking("SelfActivate", vmContrib, v.guest.ID, "PT1H", "ticketInfo", `{"ticketNumber":"1"}`), 200, ""},
		step{james, "POST", restart, "", 403, "AuthorizationFailed"},
		step{james, "PUT", request("roleAssignment"), asking("SelfActivate", vmContrib, v.guest.ID, "PT1H", "ticketInfo", `{"ticketNumber":"1"}`), 201, `"requestType":"SelfActivate"`},
		step{james, "POST", restart, "", 200, ""},
		step{james, "GET", at + "roleAssignmentScheduleInstances?$filter=asTarget()", "", 200, `"assignmentType":"Activated"`},
		step{james, "PUT", request("roleAssignment"), asking("SelfDeactivate", vmContrib, v.guest.ID, ""), 400, "ActiveDurationTooShort"},
		step{anna, "GET", v.assignmentPath(v.group.Scope, "") + "?$filter=principalId+eq+'" + v.guest.ID.String() + "'", "", 200, vmContrib.ID.String()},
	)
	t.Run("it ends by itself", func(t *testing.T) {
		v.clock.Move(time.Hour)
		anna, james := v.userToken(t, v.customer, "Anna Berg", "conto"), v.userToken(t, v.customer, "James Holt", "raven")
		v.take(t,
			step{james, "POST", restart, "", 403, "AuthorizationFailed"},
			step{anna, "GET", v.assignmentPath(v.group.Scope, "") + "?$filter=principalId+eq+'" + v.guest.ID.String() + "'", "", 200, `"value":[]`},
			step{james, "GET", at + "roleAssignmentScheduleInstances?$filter=asTarget()", "", 200, `"value":[]`},
		)
		ended := world.Intervals(v.world.History())
		last := ended[len(ended)-1]
		if last.Assignment.Principal != v.guest.ID || last.To.Sub(last.From) != time.Hour {
			t.Errorf("it stood from %s to %s", last.From, last.To)
		}
	})
	t.Run("an administrator assigns and removes, and a lock holds", func(t *testing.T) {
		anna := v.userToken(t, v.customer, "Anna Berg", "conto")
		v.take(t, step{anna, "PUT", request("roleAssignment"), asking("AdminAssign", powerOn, v.guest.ID, "PT2H"), 201, "Provisioned"})
		v.clock.Move(6 * time.Minute)
		if err := v.world.AddLock(world.Lock{Name: "keep", Scope: v.sub.Scope(), Level: world.CanNotDelete}); err != nil {
			t.Fatal(err)
		}
		v.take(t, step{anna, "PUT", request("roleAssignment"), asking("AdminRemove", powerOn, v.guest.ID, ""), 409, "ScopeLocked"})
		if err := v.world.RemoveLock(v.sub.Scope(), "keep"); err != nil {
			t.Fatal(err)
		}
		v.take(t,
			step{anna, "PUT", request("roleAssignment"), asking("AdminRemove", powerOn, v.guest.ID, ""), 201, "Revoked"},
			step{anna, "PUT", request("roleAssignment"), asking("AdminRemove", powerOn, v.guest.ID, ""), 400, "RoleAssignmentDoesNotExist"},
			step{anna, "PUT", request("roleAssignment"), asking("Conquer", powerOn, v.guest.ID, ""), 400, "InvalidRoleAssignmentRequest"},
			step{anna, "PUT", request("roleAssignment"), asking("AdminAssign", powerOn, v.james.ID, "PT1H"), 400, "PrincipalNotFound"},
		)
	})
}

func TestActivationsThatNeedApproval(t *testing.T) {
	v := newTown(t)
	anna, james := v.annaOwns(t), v.userToken(t, v.customer, "James Holt", "raven")
	at := v.group.Scope.String() + authorization
	waiting := at + "roleAssignmentScheduleRequests/" + newName()
	v.take(t,
		step{anna, "PATCH", at + "roleManagementPolicies/" + vmContrib.ID.String(), `{"properties":{"rules":[{"id":"Enablement_EndUser_Assignment","enabledRules":[]},
			{"id":"Approval_EndUser_Assignment","setting":{"isApprovalRequired":true,"approvalStages":[{"primaryApprovers":[{"id":"` + v.anna.ID.String() + `","userType":"User"}]}]}}]}}`, 200, v.anna.ID.String()},
		step{anna, "PUT", at + "roleEligibilityScheduleRequests/" + newName(), asking("AdminAssign", vmContrib, v.guest.ID, "P1D"), 201, ""},
		step{james, "PUT", waiting, asking("SelfActivate", vmContrib, v.guest.ID, "PT1H"), 201, "PendingApproval"},
		step{james, "PUT", at + "roleAssignmentScheduleRequests/" + newName(), asking("SelfActivate", vmContrib, v.guest.ID, "PT1H"), 400, "PendingRoleAssignmentRequest"},
	)
	var body struct{ Properties struct{ ApprovalID string } }
	unmarshal(t, v.raw(t, james, "GET", waiting, "").body, &body)
	approval := body.Properties.ApprovalID
	stage := approval + "/stages/" + approval[strings.LastIndexByte(approval, '/')+1:]
	v.take(t,
		step{anna, "GET", approval + "/stages", "", 200, "NotReviewed"},
		step{james, "PATCH", stage, `{"properties":{"reviewResult":"Approve"}}`, 400, "InvalidRoleAssignmentRequest"},
		step{anna, "PATCH", stage, `{"properties":{"reviewResult":"Perhaps"}}`, 400, "neither Approve nor Deny"},
		step{anna, "PATCH", stage, `{"properties":{"reviewResult":"Approve","justification":"fine"}}`, 200, `"reviewResult":"Approve"`},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
		step{james, "POST", waiting + "/cancel", "", 400, "InvalidRoleAssignmentRequest"},
	)
}

// TestOfficialSDKOnActivations drives the official client with the values of its
// own example.
func TestOfficialSDKOnActivations(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.portal.ID}))(t)
	clients, err := armauthorization.NewClientFactory(v.sub.ID.String(), v.credential(t), v.options())
	if err != nil {
		t.Fatal(err)
	}
	ctx, scope := t.Context(), v.group.Scope.String()
	start := v.clock.Now().Add(time.Hour)
	made, err := clients.NewRoleAssignmentScheduleRequestsClient().Create(ctx, scope, newName(), armauthorization.RoleAssignmentScheduleRequest{Properties: &armauthorization.RoleAssignmentScheduleRequestProperties{
		PrincipalID: new(v.guest.ID.String()), RequestType: new(armauthorization.RequestTypeAdminAssign), Justification: new("LK-1"),
		RoleDefinitionID: new(v.sub.Scope().String() + authorization + "roleDefinitions/" + powerOn.ID.String()),
		ScheduleInfo: &armauthorization.RoleAssignmentScheduleRequestPropertiesScheduleInfo{
			StartDateTime: &start,
			Expiration:    &armauthorization.RoleAssignmentScheduleRequestPropertiesScheduleInfoExpiration{Type: new(armauthorization.TypeAfterDuration), Duration: new("PT8H")},
		},
	}}, nil)
	if err != nil || *made.Properties.Status != armauthorization.StatusGranted || !made.Properties.ScheduleInfo.StartDateTime.Equal(start) {
		t.Fatalf("%+v, %v", made.Properties, err)
	}
	if _, err := clients.NewRoleAssignmentScheduleRequestsClient().Get(ctx, scope, *made.Name, nil); err != nil {
		t.Error(err)
	}
	count := func() (n int) {
		pager := clients.NewRoleAssignmentScheduleInstancesClient().NewListForScopePager(scope, &armauthorization.RoleAssignmentScheduleInstancesClientListForScopeOptions{Filter: new("principalId eq '" + v.guest.ID.String() + "'")})
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Value)
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d instances before it begins", n)
	}
	v.clock.Move(time.Hour)
	if n := count(); n != 1 {
		t.Errorf("%d instances once it has begun", n)
	}
	if _, err := clients.NewRoleAssignmentScheduleRequestsClient().Cancel(ctx, scope, *made.Name, nil); err == nil {
		t.Error("what has begun was cancelled")
	}
	v.clock.Move(8 * time.Hour)
	if n := count(); n != 0 {
		t.Errorf("%d instances after its end", n)
	}
	policy, err := clients.NewRoleManagementPoliciesClient().Get(ctx, scope, powerOn.ID.String(), nil)
	if err != nil || len(policy.Properties.Rules) != 7 {
		t.Errorf("the policy: %v, %v", policy.Properties, err)
	}
}
