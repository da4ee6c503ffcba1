package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/schedule"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

const directory = "/v1.0/roleManagement/directory/"

// roleRequest is the body of a request for a directory role.
func roleRequest(action string, principal csp.ObjectID, role, expiration string) string {
	return fmt.Sprintf(`{"action":%q,"principalId":%q,"roleDefinitionId":%q,"directoryScopeId":"/","justification":"LK-1042",
		"scheduleInfo":{"startDateTime":"2026-11-02T08:00:00Z","expiration":%s},"ticketInfo":{"ticketNumber":"LK-1042","ticketSystem":"Latchkey"}}`,
		action, principal, entraRole(role), expiration)
}

const (
	forever  = `{"type":"noExpiration"}`
	twoHours = `{"type":"afterDuration","duration":"PT2H"}`
)

// holds says whether somebody has the directory role now.
func (v *town) holds(u world.User, role string) bool {
	return slices.ContainsFunc(v.world.RolesOf(world.Account{Tenant: u.Tenant, Object: u.ID}, u.Tenant), func(id csp.DirectoryRoleID) bool { return id.String() == entraRole(role) })
}

func TestRoleForTwoHours(t *testing.T) {
	v := newTown(t)
	_, roles := v.admin("rosa", "Privileged Role Administrator")
	got := v.call(roles, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", twoHours))
	if got.status != 201 || got.text("status") != "Provisioned" || got.text("targetScheduleId") == "" || !strings.Contains(got.raw, `"ticketNumber":"LK-1042"`) || !strings.Contains(got.raw, `"duration":"PT2H"`) {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if !v.holds(v.anna, "Exchange Administrator") {
		t.Error("she does not have it")
	}
	mine := "?$filter=principalId eq '" + v.anna.ID.String() + "'"
	instances := v.call(roles, "GET", directory+"roleAssignmentScheduleInstances"+mine, "")
	if !slices.Equal(instances.names("endDateTime"), []string{"2026-11-02T11:00:00Z"}) || !slices.Equal(instances.names("startDateTime"), []string{"2026-11-02T09:00:00Z"}) || !slices.Equal(instances.names("assignmentType"), []string{"Assigned"}) {
		t.Errorf("a past beginning is set to now: %s", instances.raw)
	}
	if got := v.call(roles, "GET", assignments+mine, ""); !slices.Equal(got.names("id"), instances.names("roleAssignmentOriginId")) {
		t.Errorf("as a plain assignment: %s", got.raw)
	}
	if got := v.call(roles, "GET", directory+"roleAssignmentSchedules"+mine+"&$expand=roleDefinition($select=displayName)", ""); !strings.Contains(got.raw, `{"displayName":"Exchange Administrator"}`) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(roles, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", twoHours)), 400, "RoleAssignmentExists")
	remove := roleRequest("adminRemove", v.anna.ID, "Exchange Administrator", forever)
	v.move(4 * time.Minute)
	got = v.call(roles, "POST", directory+"roleAssignmentScheduleRequests", remove)
	v.want(got, 400, "ActiveDurationTooShort")
	if !strings.Contains(got.message(), "Miniumum Required is 5 minutes") {
		t.Error(got.message())
	}
	v.move(2 * time.Hour)
	roles = v.asApp("RoleAssignmentSchedule.ReadWrite.Directory")
	if got := v.call(roles, "GET", directory+"roleAssignmentScheduleInstances"+mine, ""); len(got.names("id")) != 0 || v.holds(v.anna, "Exchange Administrator") {
		t.Errorf("after its end: %s", got.raw)
	}
	v.want(v.call(roles, "POST", directory+"roleAssignmentScheduleRequests", remove), 400, "RoleAssignmentDoesNotExist")
	var ended bool
	for _, e := range v.world.History() {
		ended = ended || e.Kind == world.DirectoryRoleRemoved && e.Effect.Equal(time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC))
	}
	if !ended {
		t.Error("the history does not say that it ended at eleven")
	}
}

func TestRoleIsTakenAwayEarly(t *testing.T) {
	v := newTown(t)
	admin := v.asApp("RoleAssignmentSchedule.ReadWrite.Directory")
	v.call(admin, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", `{"type":"afterDateTime","endDateTime":"2026-11-02T12:00:00Z"}`))
	v.move(5 * time.Minute)
	got := v.call(admin, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("adminRemove", v.anna.ID, "Exchange Administrator", forever))
	if got.status != 201 || got.text("status") != "Revoked" || v.holds(v.anna, "Exchange Administrator") {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// TestEligibleRoleIsActivated is R29.
func TestEligibleRoleIsActivated(t *testing.T) {
	v := newTown(t)
	_, roles := v.admin("rosa", "Privileged Role Administrator")
	activate := roleRequest("selfActivate", v.anna.ID, "Exchange Administrator", twoHours)
	anna := v.asRole(v.anna, everything)
	got := v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", activate)
	v.want(got, 400, "RoleAssignmentRequestPolicyValidationFailed")
	if got.message() != `The following policy rules failed: ["EligibilityRule"]` {
		t.Error(got.message())
	}
	v.want(v.call(roles, "POST", directory+"roleEligibilityScheduleRequests", roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", forever)), 201, "")
	if v.holds(v.anna, "Exchange Administrator") {
		t.Error("eligible is not active")
	}
	if got := v.call(anna, "GET", directory+"roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')", ""); !slices.Equal(got.names("roleDefinitionId"), []string{entraRole("Exchange Administrator")}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	v.want(v.call(anna, "GET", directory+"roleEligibilityScheduleInstances", ""), 403, "Authorization_RequestDenied")
	withoutMFA := v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: v.anna.ID.String(), IDType: "user", Scopes: everything, AMR: []string{"pwd"}})
	if got := v.call(withoutMFA, "POST", directory+"roleAssignmentScheduleRequests", activate); !strings.Contains(got.message(), `["MfaRule"]`) {
		t.Errorf("%s", got.raw)
	}
	if got := v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", strings.Replace(activate, "PT2H", "PT9H", 1)); !strings.Contains(got.message(), `["ExpirationRule"]`) {
		t.Errorf("%s", got.raw)
	}
	dry := v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", strings.Replace(activate, "{", `{"isValidationOnly":true,`, 1))
	if dry.status != 201 || dry.body["isValidationOnly"] != true || v.holds(v.anna, "Exchange Administrator") {
		t.Errorf("only validating: %d %s", dry.status, dry.raw)
	}
	got = v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", activate)
	if got.status != 201 || got.text("status") != "Provisioned" || !v.holds(v.anna, "Exchange Administrator") {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(anna, "GET", directory+"roleAssignmentScheduleInstances/filterByCurrentUser(on='principal')", ""); !slices.Equal(got.names("assignmentType"), []string{"Activated"}) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", activate), 400, "RoleAssignmentExists")
	v.want(v.call(anna, "GET", directory+"roleAssignmentScheduleRequests/"+got.text("id"), ""), 200, "")
	v.move(6 * time.Minute)
	if got := v.call(anna, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("selfDeactivate", v.anna.ID, "Exchange Administrator", forever)); got.status != 201 || v.holds(v.anna, "Exchange Administrator") {
		t.Errorf("%d %s", got.status, got.raw)
	}
	v.want(v.call(v.asApp("RoleAssignmentSchedule.ReadWrite.Directory"), "POST", directory+"roleAssignmentScheduleRequests", activate), 400, "InvalidRoleAssignmentRequest")
}

func TestActivationThatNeedsApprovalOrStepUp(t *testing.T) {
	v := newTown(t)
	boss, _ := v.admin("rosa", "Privileged Role Administrator")
	eligible := schedule.Request{Kind: schedule.Eligible, Action: schedule.AdminAssign, Target: schedule.Target{Principal: v.anna.ID, Role: entraRole("Exchange Administrator"), Scope: "/"}}
	pim := v.customer.PIM(world.RolePIM)
	must(pim.Submit(eligible, false))(t)
	policy := schedule.DirectoryPolicy()
	policy.Approvers, policy.AuthenticationContext = []csp.ObjectID{boss.ID}, "c1"
	pim.SetPolicy(entraRole("Exchange Administrator"), "/", policy)
	activate := roleRequest("selfActivate", v.anna.ID, "Exchange Administrator", twoHours)
	got := v.call(v.asRole(v.anna, everything), "POST", directory+"roleAssignmentScheduleRequests", activate)
	v.want(got, 403, "RoleAssignmentRequestAcrsValidationFailed")
	if !strings.HasPrefix(got.message(), "&claims=%7B%22access_token%22") {
		t.Error(got.message())
	}
	stepped := v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: v.anna.ID.String(), IDType: "user", Scopes: everything, AMR: []string{"pwd", "mfa"}, ACRS: []string{"c1"}})
	got = v.call(stepped, "POST", directory+"roleAssignmentScheduleRequests", activate)
	if got.text("status") != "PendingApproval" || got.text("approvalId") == "" || v.holds(v.anna, "Exchange Administrator") {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	v.want(v.call(stepped, "POST", directory+"roleAssignmentScheduleRequests", activate), 400, "PendingRoleAssignmentRequest")
	id := csp.MustParseID[schedule.Schedule](got.text("id"))
	by := v.customer.As(world.Actor{Tenant: v.customer.ID, Object: boss.ID, Name: "rosa"})
	must(by.PIM(world.RolePIM).Decide(id, true))(t)
	if !v.holds(v.anna, "Exchange Administrator") {
		t.Error("approved, and she does not have it")
	}
	v.move(3 * time.Hour)
	again := v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: v.anna.ID.String(), IDType: "user", Scopes: everything, AMR: []string{"pwd", "mfa"}, ACRS: []string{"c1"}})
	got = v.call(again, "POST", directory+"roleAssignmentScheduleRequests", activate)
	v.want(v.call(again, "POST", directory+"roleAssignmentScheduleRequests/"+got.text("id")+"/cancel", ""), 204, "")
	if got := v.call(again, "GET", directory+"roleAssignmentScheduleRequests/"+got.text("id"), ""); got.text("status") != "Canceled" {
		t.Errorf("%s", got.raw)
	}
}

func TestRoleRequestsThatAreRefused(t *testing.T) {
	v := newTown(t)
	admin := v.asApp("RoleAssignmentSchedule.ReadWrite.Directory")
	good := roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", twoHours)
	for name, test := range map[string]struct {
		body, code string
		status     int
	}{
		"no such action":             {strings.Replace(good, "adminAssign", "wish", 1), "InvalidRoleAssignmentRequest", 400},
		"no such principal":          {strings.Replace(good, v.anna.ID.String(), v.james.ID.String(), 1), "SubjectNotFound", 404},
		"no such role":               {strings.Replace(good, entraRole("Exchange Administrator"), v.anna.ID.String(), 1), "RoleNotFound", 404},
		"an administrative unit":     {strings.Replace(good, `"directoryScopeId":"/"`, `"directoryScopeId":"/administrativeUnits/x"`, 1), "InvalidRoleAssignmentRequest", 400},
		"four minutes":               {strings.Replace(good, "PT2H", "PT4M", 1), "ActiveDurationTooShort", 400},
		"a duration that is none":    {strings.Replace(good, "PT2H", "2 hours", 1), "InvalidRoleAssignmentRequest", 400},
		"an expiration of no kind":   {strings.Replace(good, "afterDuration", "sometime", 1), "InvalidRoleAssignmentRequest", 400},
		"an end in the past":         {strings.Replace(good, twoHours, `{"type":"afterDateTime","endDateTime":"2020-01-01T00:00:00Z"}`, 1), "RoleAssignmentRequestPolicyValidationFailed", 400},
		"no reason":                  {strings.Replace(good, `"justification":"LK-1042",`, "", 1), "RoleAssignmentRequestPolicyValidationFailed", 400},
		"no body":                    {"", "BadRequest", 400},
		"removing what is not there": {strings.Replace(good, "adminAssign", "adminRemove", 1), "RoleAssignmentDoesNotExist", 400},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(v.world.History())
			v.tb = t
			v.want(v.call(admin, "POST", directory+"roleAssignmentScheduleRequests", test.body), test.status, test.code)
			if len(v.world.History()) != before {
				t.Error("something was changed")
			}
		})
	}
	v.tb = t
	v.want(v.call(v.asUser(v.anna, everything), "POST", directory+"roleAssignmentScheduleRequests", good), 403, "UnauthorizedAccessException")
	v.want(v.call(v.asApp("RoleAssignmentSchedule.Read.Directory"), "POST", directory+"roleAssignmentScheduleRequests", good), 403, "Authorization_RequestDenied")
}

func TestGroupForTwoHours(t *testing.T) {
	v := newTown(t)
	const base = "/v1.0/identityGovernance/privilegedAccess/group/"
	night := must(v.partner.AddGroup(world.Group{Name: "Night shift"}))(t)
	owner := must(v.partner.AddUser(world.User{Name: "Ada", UPN: "ada"}))(t)
	if err := v.partner.AddOwner(night.ID, owner.ID); err != nil {
		t.Fatal(err)
	}
	ask := func(action string, expiration string) string {
		return fmt.Sprintf(`{"accessId":"member","groupId":%q,"principalId":%q,"action":%q,"justification":"LK-7","scheduleInfo":{"expiration":%s}}`, night.ID, v.james.ID, action, expiration)
	}
	ada, james := v.asRole(owner, everything), v.asRole(v.james, everything)
	v.want(v.call(james, "POST", base+"assignmentScheduleRequests", ask("adminAssign", twoHours)), 403, "Authorization_RequestDenied")
	got := v.call(ada, "POST", base+"assignmentScheduleRequests", ask("adminAssign", twoHours))
	if got.status != 201 || got.text("status") != "Provisioned" || !slices.Equal(v.partner.Members(night.ID), []csp.ObjectID{v.james.ID}) {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	filter := "?$filter=groupId eq '" + night.ID.String() + "'"
	if got := v.call(ada, "GET", base+"assignmentScheduleInstances"+filter, ""); !slices.Equal(got.names("endDateTime"), []string{"", "2026-11-02T11:00:00Z"}) || !slices.Equal(got.names("accessId"), []string{"owner", "member"}) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(ada, "GET", base+"assignmentScheduleInstances", ""), 400, "MissingParameters")
	v.move(2 * time.Hour)
	ada, james = v.asRole(owner, everything), v.asRole(v.james, everything)
	if v.world.Settle(); len(v.partner.Members(night.ID)) != 0 || len(v.partner.Memberships(night.ID)) != 0 {
		t.Errorf("after its end: %v", v.partner.Memberships(night.ID))
	}
	v.want(v.call(ada, "POST", base+"eligibilityScheduleRequests", ask("adminAssign", forever)), 201, "")
	if got := v.call(james, "GET", base+"eligibilitySchedules/filterByCurrentUser(on='principal')", ""); !slices.Equal(got.names("groupId"), []string{night.ID.String()}) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(james, "POST", base+"assignmentScheduleRequests", ask("selfActivate", twoHours)), 201, "")
	if !slices.Equal(v.partner.Members(night.ID), []csp.ObjectID{v.james.ID}) {
		t.Error("activated, and he is no member")
	}
	v.want(v.call(ada, "POST", base+"eligibilityScheduleRequests", ask("adminRemove", forever)), 201, "")
	if len(v.partner.Members(night.ID)) != 0 {
		t.Error("with the eligibility goes the activation")
	}
}

// TestBookFollowsTheDirectory: what is assigned and removed past privileged
// identity management is seen there.
func TestBookFollowsTheDirectory(t *testing.T) {
	v := newTown(t)
	role := csp.MustParseID[csp.DirectoryRole](entraRole("Exchange Administrator"))
	given := must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.anna.ID, Role: role, Term: csp.Term{Eligible: true}}))(t)
	pim := v.customer.PIM(world.RolePIM)
	if got := pim.Instances(schedule.Eligible); len(got) != 1 || got[0].Principal != v.anna.ID {
		t.Fatalf("%+v", got)
	}
	v.want(v.call(v.asRole(v.anna, everything), "POST", directory+"roleAssignmentScheduleRequests", roleRequest("selfActivate", v.anna.ID, "Exchange Administrator", twoHours)), 201, "")
	if err := v.customer.RemoveDirectoryRole(given.ID); err != nil {
		t.Fatal(err)
	}
	if got := pim.Instances(schedule.Eligible); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := pim.Instances(schedule.Active); len(got) != 0 || v.holds(v.anna, "Exchange Administrator") {
		t.Errorf("the activation outlives it: %+v", got)
	}
}

func TestSnapshotKeepsWhatIsScheduled(t *testing.T) {
	v := newTown(t)
	admin := v.asApp("RoleAssignmentSchedule.ReadWrite.Directory")
	v.want(v.call(admin, "POST", directory+"roleAssignmentScheduleRequests", roleRequest("adminAssign", v.anna.ID, "Exchange Administrator", twoHours)), 201, "")
	s := v.world.Snapshot()
	v.move(3 * time.Hour)
	v.world.Settle()
	if v.holds(v.anna, "Exchange Administrator") {
		t.Fatal("it did not end")
	}
	v.move(-3 * time.Hour)
	v.world.Restore(s)
	if !v.holds(v.anna, "Exchange Administrator") {
		t.Fatal("it was not restored")
	}
	v.move(3 * time.Hour)
	v.world.Settle()
	if v.holds(v.anna, "Exchange Administrator") || len(v.customer.DirectoryAssignments()) != 0 {
		t.Error("restored, it does not end")
	}
}
