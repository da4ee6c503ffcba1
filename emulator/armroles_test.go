package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/world"
)

const authorization = "/providers/Microsoft.Authorization/"

func TestCustomRoles(t *testing.T) {
	v := newTown(t)
	anna, portal := v.annaOwns(t), v.portalToken(t)
	sub, name := v.sub.Scope().String(), newName()
	path := sub + authorization + "roleDefinitions/" + name
	role := func(roleName, scope, action string) string {
		return `{"properties":{"roleName":"` + roleName + `","description":"for tests","assignableScopes":["` + scope + `"],"permissions":[{"actions":["` + action + `"]}]}}`
	}
	restart := "Microsoft.Compute/virtualMachines/restart/action"
	assigned := v.assignmentPath(v.group.Scope, newName())
	v.take(t,
		step{portal, "PUT", path, role("Restarter", sub, restart), 403, "AuthorizationFailed"},
		step{anna, "PUT", path, role("Restarter", "/", restart), 400, "InvalidAssignableScope"},
		step{anna, "PUT", path, role("Restarter", "here", restart), 400, "InvalidAssignableScope"},
		step{anna, "PUT", path, role("Restarter", sub, "restart everything"), 400, "InvalidActionOrNotAction"},
		step{anna, "PUT", path, `{}`, 400, "InvalidRoleDefinitionRequest"},
		step{anna, "PUT", path, role("owner", sub, restart), 409, "RoleDefinitionWithSameNameExists"},
		step{anna, "PUT", sub + authorization + "roleDefinitions/" + reader.ID.String(), role("Reader 2", sub, restart), 403, "RoleDefinitionIsBuiltIn"},
		step{anna, "PUT", path, role("Restarter", v.group.Scope.String(), restart), 201, `"type":"CustomRole"`},
		step{anna, "PUT", path, role("Restarter 2", v.group.Scope.String(), restart), 201, `"roleName":"Restarter 2"`},
		step{anna, "GET", v.group.Scope.String() + authorization + "roleDefinitions?$filter=type+eq+'CustomRole'", "", 200, "Restarter 2"},
		step{anna, "GET", sub + authorization + "roleDefinitions?$filter=type+eq+'CustomRole'", "", 200, `"value":[]`},
		step{anna, "GET", sub + authorization + "roleDefinitions?$filter=atScopeAndBelow()+and+type+eq+'CustomRole'", "", 200, "Restarter 2"},
		step{anna, "PUT", v.assignmentPath(v.sub.Scope(), newName()), strings.ReplaceAll(put(reader, v.guest.ID, "User"), reader.ID.String(), name), 400, "RoleDefinitionNotAssignable"},
		step{anna, "PUT", assigned, strings.ReplaceAll(put(reader, v.guest.ID, "User"), reader.ID.String(), name), 201, ""},
		step{v.userToken(t, v.customer, "James Holt", "raven"), "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
		step{anna, "DELETE", path, "", 400, "RoleDefinitionHasAssignments"},
		step{anna, "DELETE", assigned, "", 200, ""},
		step{anna, "DELETE", path, "", 200, "Restarter 2"},
		step{anna, "DELETE", path, "", 204, ""},
	)
	t.Run("somebody who may write roles at one place only", func(t *testing.T) {
		other := must(v.customer.AddSubscription(csp.Subscription{Name: "Contoso other"}))(t)
		must(v.customer.Assign(csp.RoleAssignment{Scope: other.Scope(), Role: owner.ID, Principal: v.portal.ID}))(t)
		v.take(t, step{portal, "PUT", other.Scope().String() + authorization + "roleDefinitions/" + newName(), role("Both", sub, restart), 403, "LinkedAuthorizationFailed"})
	})
}

func TestDenyAssignments(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	d := must(v.customer.AddDenial(csp.DenyAssignment{Name: "hands off", Scope: v.group.Scope, Everyone: true, Excluded: []csp.ObjectID{v.portal.ID}, Permissions: []csp.Permission{{Actions: []string{"*/restart/action"}}}}))(t)
	must(v.customer.AddDenial(csp.DenyAssignment{Name: "of James", Scope: v.vm.Scope, Principals: []csp.ObjectID{v.guest.ID}, Permissions: []csp.Permission{{Actions: []string{"*"}}}}))(t)
	list := v.sub.Scope().String() + authorization + "denyAssignments"
	v.take(t,
		step{anna, "POST", v.vm.Scope.String() + "/restart", "", 403, "because of the deny assignment with name 'hands off' and Id '" + strings.ReplaceAll(d.ID.String(), "-", "") + "'"},
		step{anna, "GET", list, "", 200, "All Principals"},
		step{anna, "GET", list + "?$filter=atScope()", "", 200, `"value":[]`},
		step{anna, "GET", list + "?$filter=principalId+eq+'" + v.guest.ID.String() + "'", "", 200, "of James"},
		step{anna, "GET", list + "?$filter=denyAssignmentName+eq+'hands+off'", "", 200, d.ID.String()},
		step{anna, "GET", list + "?$filter=roleName+eq+'x'", "", 400, "UnsupportedQuery"},
		step{anna, "GET", v.group.Scope.String() + authorization + "denyAssignments/" + d.ID.String(), "", 200, `"denyAssignmentEffect":"enforced"`},
		step{anna, "GET", v.sub.Scope().String() + authorization + "denyAssignments/" + d.ID.String(), "", 404, "DenyAssignmentNotFound"},
		step{anna, "GET", list + "/x", "", 400, "InvalidDenyAssignmentId"},
	)
}

func TestCheckAccess(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	helpers := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	blobs := roleNamed("Storage Blob Data Reader")
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: vmContrib.ID, Principal: helpers.ID}))(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: blobs.ID, Principal: v.guest.ID}))(t)
	must(v.customer.AddDenial(csp.DenyAssignment{Name: "no stopping", Scope: v.group.Scope, Everyone: true, Permissions: []csp.Permission{{Actions: []string{"*/powerOff/action"}}}}))(t)
	if err := v.customer.AddMember(helpers.ID, v.guest.ID); err != nil {
		t.Fatal(err)
	}
	ask := func(subject string) string {
		return `{"Subject":{"Attributes":{` + subject + `}},"Actions":[{"Id":"Microsoft.Compute/virtualMachines/restart/action"},{"Id":"Microsoft.Compute/virtualMachines/powerOff/action"},
			{"Id":"Microsoft.Authorization/roleAssignments/write"},{"Id":"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read","IsDataAction":true}],"Resource":{"Id":"` + v.vm.Scope.String() + `"}}`
	}
	path := v.group.Scope.String() + authorization + "checkAccess?api-version=2018-09-01-preview"
	got := v.raw(t, anna, "POST", path, ask(`"ObjectId":"`+v.guest.ID.String()+`"`))
	var answers []struct {
		AccessDecision string
		RoleAssignment struct{ PrincipalID string }
	}
	unmarshal(t, got.body, &answers)
	want := []string{"Allowed", "Denied", "NotAllowed", "Allowed"}
	for i, a := range answers {
		if a.AccessDecision != want[i] {
			t.Errorf("action %d: %s, want %s", i, a.AccessDecision, want[i])
		}
	}
	if len(answers) != len(want) || answers[0].RoleAssignment.PrincipalID != helpers.ID.String() {
		t.Errorf("%s", got.body)
	}
	v.take(t,
		step{anna, "POST", path, ask(`"ObjectId":"` + v.guest.ID.String() + `","Groups":["` + newName() + `"]`), 200, `"accessDecision":"NotAllowed"`},
		step{anna, "POST", path, ask(`"ObjectId":"james"`), 400, "InvalidSubject"},
		step{anna, "POST", path, `{"Subject":{"Attributes":{"ObjectId":"` + v.guest.ID.String() + `"}}}`, 400, "InvalidActions"},
		step{anna, "POST", path, strings.ReplaceAll(ask(`"ObjectId":"`+v.guest.ID.String()+`"`), v.vm.Scope.String(), "/subscriptions/"+newName()), 400, "InvalidResourceId"},
		step{v.userToken(t, v.customer, "James Holt", "raven"), "POST", path, ask(`"ObjectId":"` + v.guest.ID.String() + `"`), 403, "checkAccess/action"},
	)
}

func TestLocks(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	lock := v.group.Scope.String() + authorization + "locks/keep"
	standing, fresh := v.assignmentPath(v.vm.Scope, newName()), v.assignmentPath(v.vm.Scope, newName())
	level := func(l string) string { return `{"properties":{"level":"` + l + `","notes":"why"}}` }
	v.take(t,
		step{anna, "PUT", standing, put(reader, v.guest.ID, "User"), 201, ""},
		step{v.portalToken(t), "PUT", lock, level("ReadOnly"), 403, "Microsoft.Authorization/locks/write"},
		step{anna, "PUT", lock, level("Forever"), 400, "InvalidLockLevel"},
		step{anna, "PUT", lock, level("CanNotDelete"), 201, `"notes":"why"`},
		step{anna, "PUT", lock, level("CanNotDelete"), 200, ""},
		step{anna, "GET", lock, "", 200, "CanNotDelete"},
		step{anna, "DELETE", standing, "", 409, "ScopeLocked"}, // R27
		step{anna, "PUT", fresh, put(powerOn, v.guest.ID, "User"), 201, ""},
		step{anna, "DELETE", v.vm.Scope.String(), "", 409, "ScopeLocked"},
		step{anna, "DELETE", v.group.Scope.String(), "", 409, "ScopeLocked"},
		step{anna, "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
		step{anna, "PUT", lock, level("ReadOnly"), 200, ""},
		step{anna, "PUT", v.assignmentPath(v.vm.Scope, newName()), put(vmContrib, v.guest.ID, "User"), 409, "ScopeLocked"},
		step{anna, "POST", v.vm.Scope.String() + "/restart", "", 409, "ScopeLocked"},
		step{anna, "PUT", v.group.Scope.String(), `{"location":"westeurope","tags":{"a":"b"}}`, 409, "ScopeLocked"},
		step{anna, "DELETE", lock, "", 200, ""},
		step{anna, "DELETE", lock, "", 204, ""},
		step{anna, "GET", lock, "", 404, "LockNotFound"},
		step{anna, "DELETE", standing, "", 200, ""},
		step{anna, "GET", v.sub.Scope().String() + authorization + "classicAdministrators", "", 200, `"value":[]`},
	)
}

func TestPoliciesThatRefuse(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	sub := v.sub.Scope().String()
	definition, assigned := sub+authorization+"policyDefinitions/no-owners", v.group.Scope.String()+authorization+"policyAssignments/no-owners"
	rule := `{"properties":{"displayName":"No owners","parameters":{"roles":{"type":"Array"}},"policyRule":{"if":{"allOf":[{"field":"type","equals":"Microsoft.Authorization/roleAssignments"},
		{"field":"Microsoft.Authorization/roleAssignments/roleDefinitionId","in":"[parameters('roles')]"}]},"then":{"effect":"deny"}}}}`
	assign := func(mode string) string {
		return `{"properties":{"displayName":"Keep owners out","policyDefinitionId":"` + definition + `","enforcementMode":"` + mode + `","parameters":{"roles":{"value":["` + owner.ID.String() + `"]}}}}`
	}
	grant := func(role csp.RoleDefinition, status int, contains string) step {
		return step{anna, "PUT", v.assignmentPath(v.group.Scope, newName()), put(role, v.guest.ID, "User"), status, contains}
	}
	locations := sub + authorization + "policyAssignments/locations"
	v.take(t,
		step{anna, "PUT", definition, `{"properties":{"policyRule":{"if":{"field":"type"}}}}`, 400, "InvalidPolicyRule"},
		step{anna, "PUT", assigned, assign("Default"), 404, "PolicyDefinitionNotFound"},
		step{anna, "PUT", definition, rule, 201, `"policyType":"Custom"`},
		step{v.portalToken(t), "PUT", assigned, assign("Default"), 403, "AuthorizationFailed"},
		step{anna, "PUT", assigned, assign("Default"), 201, `"enforcementMode":"Default"`},
		grant(owner, 403, `"type":"PolicyViolation"`),
		grant(owner, 403, `was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":{\"name\":\"Keep owners out\"`),
		grant(reader, 201, ""),
		step{anna, "GET", sub + authorization + "policyAssignments", "", 200, "Keep owners out"},
		step{anna, "GET", sub + authorization + "policyAssignments?$filter=atScope()", "", 200, `"value":[]`},
		step{anna, "GET", sub + authorization + "policyDefinitions", "", 200, "Allowed locations"},
		step{anna, "DELETE", definition, "", 400, "PolicyDefinitionInUse"},
		step{anna, "PUT", assigned, assign("DoNotEnforce"), 201, "DoNotEnforce"},
		grant(owner, 201, ""),
		step{anna, "DELETE", assigned, "", 200, "no-owners"},
		step{anna, "DELETE", assigned, "", 204, ""},
		step{anna, "DELETE", definition, "", 200, ""},
		step{anna, "PUT", locations, `{"properties":{"policyDefinitionId":"/providers/Microsoft.Authorization/policyDefinitions/` + world.AllowedLocations + `","parameters":{"listOfAllowedLocations":{"value":["westeurope"]}}}}`, 201, ""},
		step{anna, "PUT", v.group.Scope.String() + "/providers/Microsoft.Web/sites/far", `{"location":"eastus"}`, 403, "Resource 'far' was disallowed by policy"},
		step{anna, "PUT", v.group.Scope.String() + "/providers/Microsoft.Web/sites/near", `{"location":"westeurope"}`, 201, ""},
		step{anna, "GET", authorization + "policyDefinitions/" + world.AllowedLocations, "", 200, `"policyType":"BuiltIn"`},
	)
	t.Run("a policy of the facts refuses, and is a fact again", func(t *testing.T) {
		if err := v.customer.DenyAssignments(csp.PolicyDenial{Name: "readers only", Scope: v.group.Scope, Spares: []csp.RoleDefinitionID{reader.ID}}); err != nil {
			t.Fatal(err)
		}
		v.take(t, grant(vmContrib, 403, "readers only"))
		if rows := v.world.Facts().Policies; len(rows) != 1 || rows[0].Name != "readers only" {
			t.Errorf("facts say %v", rows)
		}
	})
}

func TestElevateAccess(t *testing.T) {
	v := newTown(t)
	global := csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	plain := v.userToken(t, v.customer, "Anna Berg", "conto")
	path := authorization + "elevateAccess"
	v.take(t, step{plain, "POST", path, "", 403, "Microsoft.Authorization/elevateAccess/action"})
	if _, err := v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.anna.ID, Role: global}); err != nil {
		t.Fatal(err)
	}
	anna := v.userToken(t, v.customer, "Anna Berg", "conto")
	v.take(t,
		step{anna, "PUT", v.assignmentPath(v.sub.Scope(), newName()), put(reader, v.anna.ID, "User"), 403, ""}, // R24: no right by the role
		step{anna, "POST", path, "", 200, ""},
		step{anna, "POST", path, "", 200, ""},
		step{anna, "PUT", v.assignmentPath(v.sub.Scope(), newName()), put(reader, v.anna.ID, "User"), 201, ""},
		step{anna, "GET", v.assignmentPath(csp.Root(), "") + "?$filter=atScope()", "", 200, v.anna.ID.String()},
		step{v.portalToken(t), "POST", path, "", 403, ""},
	)
	if got := len(v.customer.AssignmentsAbove(csp.Root())); got != 1 {
		t.Errorf("%d assignments at the root, want 1", got)
	}
}

func TestLighthouse(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	crew := must(v.partner.AddGroup(world.Group{Name: "Crew"}))(t)
	if err := v.partner.AddMember(crew.ID, v.james.ID); err != nil {
		t.Fatal(err)
	}
	james := v.userToken(t, v.partner, "James Holt", "raven") // of his home tenant, R28
	sub := v.sub.Scope().String()
	definition := sub + "/providers/Microsoft.ManagedServices/registrationDefinitions/" + newName()
	accepted := v.group.Scope.String() + "/providers/Microsoft.ManagedServices/registrationAssignments/" + newName()
	offer := func(role csp.RoleDefinition) string {
		return `{"properties":{"registrationDefinitionName":"Care","managedByTenantId":"` + v.partner.ID.String() + `","authorizations":[{"principalId":"` + crew.ID.String() + `","roleDefinitionId":"` + role.ID.String() + `"}]}}`
	}
	v.take(t,
		step{james, "GET", v.vm.Scope.String(), "", 401, "InvalidAuthenticationTokenTenant"},
		step{anna, "PUT", definition, offer(owner), 400, "Owner cannot be projected"},
		step{anna, "PUT", definition, offer(roleNamed("Storage Blob Data Reader")), 400, "data actions"},
		step{anna, "PUT", definition, offer(roleNamed("User Access Administrator")), 400, "hand on"},
		step{v.portalToken(t), "PUT", definition, offer(vmContrib), 403, "AuthorizationFailed"},
		step{anna, "PUT", definition, offer(vmContrib), 201, `"managedByTenantName":"Ravenhill IT"`},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 401, "InvalidAuthenticationTokenTenant"},
		step{anna, "PUT", accepted, `{"properties":{"registrationDefinitionId":"` + definition + `"}}`, 201, "Succeeded"},
		step{james, "GET", "/subscriptions", "", 200, `"managedByTenants":[{"tenantId":"` + v.partner.ID.String() + `"}]`},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
		step{james, "PUT", v.assignmentPath(v.group.Scope, newName()), put(reader, v.james.ID, "User"), 403, "AuthorizationFailed"},
		step{anna, "GET", v.assignmentPath(v.group.Scope, "") + "?$filter=principalId+eq+'" + crew.ID.String() + "'", "", 200, `"value":[]`},
		step{anna, "GET", sub + "/providers/Microsoft.ManagedServices/registrationAssignments?$expandRegistrationDefinition=true", "", 200, `"registrationDefinitionName":"Care"`},
		step{anna, "DELETE", definition, "", 409, "RegistrationDefinitionInUse"},
		step{anna, "DELETE", accepted, "", 200, ""},
		step{anna, "DELETE", accepted, "", 204, ""},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 401, "InvalidAuthenticationTokenTenant"},
		step{anna, "DELETE", definition, "", 200, ""},
		step{anna, "GET", definition, "", 404, "RegistrationDefinitionNotFound"},
	)
}

func TestReplicationDelays(t *testing.T) {
	v := newTown(t)
	slow := world.New(world.Options{Now: v.clock.Now, Roles: builtin.AzureRoles(), Delays: world.Delays{RoleAssignment: 5 * time.Minute, Principal: time.Minute}})
	if err := slow.Load(v.world.Facts()); err != nil {
		t.Fatal(err)
	}
	c, _ := slow.Tenant(v.customer.ID)
	must(c.Assign(csp.RoleAssignment{Scope: csp.Root(), Role: owner.ID, Principal: v.anna.ID}))(t)
	partner, _ := slow.Tenant(v.partner.ID)
	must(partner.AddApp(v.app))(t) // applications are no facts
	must(c.AddServicePrincipal(v.app.ID, csp.ObjectID{}))(t)
	if err := v.server.Replace(slow); err != nil {
		t.Fatal(err)
	}
	anna, james := v.userToken(t, c, "Anna Berg", world.DefaultPassword), v.userToken(t, c, "James Holt", world.DefaultPassword)
	path := v.assignmentPath(v.group.Scope, newName())
	byPrincipal := v.assignmentPath(v.group.Scope, "") + "?$filter=principalId+eq+'" + v.guest.ID.String() + "'"
	v.take(t,
		step{anna, "PUT", path, put(vmContrib, v.guest.ID, "User"), 201, ""},
		step{anna, "GET", path, "", 200, ""},
		step{anna, "GET", byPrincipal, "", 200, `"value":[]`},
		step{anna, "PUT", v.assignmentPath(v.group.Scope, newName()), put(vmContrib, v.guest.ID, "User"), 409, "RoleAssignmentExists"},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 403, "AuthorizationFailed"},
	)
	v.clock.Move(5 * time.Minute)
	v.take(t,
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 200, ""},
		step{anna, "GET", byPrincipal, "", 200, v.guest.ID.String()},
		step{anna, "DELETE", path, "", 200, ""},
		step{anna, "GET", path, "", 404, "RoleAssignmentNotFound"},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 200, ""}, // the platform has not heard of it yet
	)
	v.clock.Move(5 * time.Minute)
	v.take(t, step{james, "POST", v.vm.Scope.String() + "/restart", "", 403, "AuthorizationFailed"})

	fresh := must(c.As(world.Actor{Tenant: c.ID, Object: v.anna.ID}).AddUser(world.User{Name: "Nora New", UPN: "nora"}))(t)
	path = v.assignmentPath(v.group.Scope, newName())
	v.take(t, step{anna, "PUT", path, put(reader, fresh.ID, ""), 400, "PrincipalNotFound"},
		step{anna, "PUT", v.assignmentPath(v.group.Scope, newName()), put(powerOn, fresh.ID, "User"), 201, ""})
	v.clock.Move(time.Minute)
	v.take(t, step{anna, "PUT", path, put(reader, fresh.ID, ""), 201, `"principalType":"User"`})
}

func TestOldVersionsKnowNoForeignGroup(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	path := v.assignmentPath(v.sub.Scope(), newName())
	v.take(t,
		step{anna, "PUT", path + "?api-version=2015-07-01", put(owner, v.agents.ID, ""), 400, "has type 'ForeignGroup' , which is different from specified PrinciaplType 'Group'"},
		step{anna, "PUT", path + "?api-version=2015-07-01", put(owner, v.agents.ID, "ForeignGroup"), 201, "ForeignGroup"},
		step{anna, "PUT", v.assignmentPath(v.group.Scope, newName()), put(owner, v.agents.ID, "", "delegatedManagedIdentityResourceId", "/subscriptions/x"), 201, `"delegatedManagedIdentityResourceId":"/subscriptions/x"`},
	)
}

// factory is every client of the official SDK, with the portal's credential.
func (v *town) options() *policy.ClientOptions {
	return &policy.ClientOptions{ClientOptions: clientOptions(login, arm, &http.Client{Transport: v.server.Transport()})}
}

func TestOfficialSDKOnRoles(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.portal.ID}))(t)
	must(v.customer.AddDenial(csp.DenyAssignment{Name: "hands off", Scope: v.group.Scope, Principals: []csp.ObjectID{v.guest.ID}, Permissions: []csp.Permission{{Actions: []string{"*/delete"}}}}))(t)
	clients, err := armauthorization.NewClientFactory(v.sub.ID.String(), v.credential(t), v.options())
	if err != nil {
		t.Fatal(err)
	}
	ctx, scope, name := t.Context(), v.sub.Scope().String(), newName()
	made, err := clients.NewRoleDefinitionsClient().CreateOrUpdate(ctx, scope, name, armauthorization.RoleDefinition{Properties: &armauthorization.RoleDefinitionProperties{
		RoleName: new("Restarter"), RoleType: new("CustomRole"), AssignableScopes: []*string{&scope},
		Permissions: []*armauthorization.Permission{{Actions: []*string{new("Microsoft.Compute/virtualMachines/restart/action")}}},
	}}, nil)
	if err != nil || *made.Properties.RoleName != "Restarter" {
		t.Fatalf("%+v, %v", made.Properties, err)
	}
	if _, err := clients.NewRoleDefinitionsClient().Delete(ctx, scope, name, nil); err != nil {
		t.Error(err)
	}
	denials := 0
	for pager := clients.NewDenyAssignmentsClient().NewListForScopePager(v.group.Scope.String(), nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Value {
			if *d.Properties.Principals[0].ID == v.guest.ID.String() && *d.Properties.DenyAssignmentName == "hands off" {
				denials++
			}
		}
	}
	if denials != 1 {
		t.Errorf("%d denials", denials)
	}
	page, err := clients.NewPermissionsClient().NewListForResourceGroupPager(v.group.Scope.Name(), nil).NextPage(ctx)
	if err != nil || len(page.Value) < 2 {
		t.Errorf("permissions: %d, %v", len(page.Value), err)
	}
}
