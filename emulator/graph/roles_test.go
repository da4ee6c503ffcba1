package graph_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

const assignments = "/v1.0/roleManagement/directory/roleAssignments"

func assignment(principal csp.ObjectID, role string) string {
	return `{"principalId":"` + principal.String() + `","roleDefinitionId":"` + entraRole(role) + `","directoryScopeId":"/"}`
}

func TestRoleAssignments(t *testing.T) {
	v := newTown(t)
	rosa, roles := v.admin("rosa", "Privileged Role Administrator")
	got := v.call(roles, "POST", assignments, assignment(v.guest.ID, "Helpdesk Administrator"))
	if got.status != 201 || got.text("principalOrganizationId") != v.customer.ID.String() || got.text("directoryScopeId") != "/" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	id := got.text("id")
	if held := v.world.RolesOf(v.james.Account(), v.customer.ID); len(held) != 1 || held[0].String() != entraRole("Helpdesk Administrator") {
		t.Errorf("the guest holds %v", held)
	}
	v.want(v.call(roles, "POST", assignments, assignment(v.guest.ID, "Helpdesk Administrator")), 400, "Request_BadRequest")
	for query, want := range map[string][]string{
		"?$filter=principalId eq '" + v.guest.ID.String() + "'":                             {v.guest.ID.String()},
		"?$filter=roleDefinitionId eq '" + entraRole("Privileged Role Administrator") + "'": {rosa.ID.String()},
		"": {rosa.ID.String(), v.guest.ID.String()},
	} {
		if got := v.call(roles, "GET", assignments+query, ""); !slices.Equal(got.names("principalId"), want) {
			t.Errorf("%s: %s", query, got.raw)
		}
	}
	got = v.call(roles, "GET", assignments+"/"+id+"?$expand=principal", "")
	if principal, _ := got.body["principal"].(map[string]any); principal["displayName"] != "James Holt" || principal["organizationId"] != v.customer.ID.String() {
		t.Errorf("%s", got.raw)
	}
	if got = v.call(roles, "GET", assignments+"/"+id+"?$expand=roleDefinition($select=displayName)", ""); !strings.Contains(got.raw, `"roleDefinition":{"displayName":"Helpdesk Administrator"}`) {
		t.Errorf("%s", got.raw)
	}
	for _, body := range []string{`{}`, assignment(v.guest.ID, "Guest User"), strings.Replace(assignment(v.guest.ID, "Helpdesk Administrator"), `"/"`, `"/administrativeUnits/x"`, 1)} {
		v.want(v.call(roles, "POST", assignments, body), 400, "Request_BadRequest")
	}
	v.want(v.call(roles, "POST", assignments, assignment(v.james.ID, "Helpdesk Administrator")), 404, "Request_ResourceNotFound")
	plain := must(v.customer.AddGroup(world.Group{Name: "Plain"}))(t)
	v.want(v.call(roles, "POST", assignments, assignment(plain.ID, "Helpdesk Administrator")), 400, "Request_BadRequest")
	v.want(v.call(v.asUser(v.anna, everything), "POST", assignments, assignment(v.anna.ID, "Global Administrator")), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asApp("RoleManagement.Read.Directory"), "POST", assignments, assignment(v.anna.ID, "Global Administrator")), 403, "Authorization_RequestDenied")
	v.want(v.call(roles, "DELETE", assignments+"/"+id, ""), 204, "")
	v.want(v.call(roles, "DELETE", assignments+"/"+id, ""), 404, "Request_ResourceNotFound")
	v.want(v.call(roles, "GET", assignments+"/"+strings.ToUpper(id), ""), 404, "Request_ResourceNotFound")
}

func TestLastGlobalAdministratorStays(t *testing.T) {
	v := newTown(t)
	greta, global := v.admin("greta", "Global Administrator")
	got := v.call(global, "GET", assignments+"?$filter=principalId eq '"+greta.ID.String()+"'", "")
	v.want(v.call(global, "DELETE", assignments+"/"+got.names("id")[0], ""), 400, "Request_BadRequest")
}

func TestRoleDefinitions(t *testing.T) {
	v := newTown(t)
	reader := v.asApp("RoleManagement.Read.Directory")
	got := v.call(reader, "GET", "/v1.0/roleManagement/directory/roleDefinitions?$filter=displayName eq 'User Administrator'&$select=id,templateId,isBuiltIn", "")
	if !slices.Equal(got.names("id"), []string{"fe930be7-5e62-47db-91af-98c3a49a38b1"}) || !slices.Equal(got.names("templateId"), got.names("id")) {
		t.Errorf("%s", got.raw)
	}
	if got = v.call(reader, "GET", "/v1.0/roleManagement/directory/roleDefinitions/fe930be7-5e62-47db-91af-98c3a49a38b1", ""); !strings.Contains(got.raw, "microsoft.directory/users/create") {
		t.Errorf("%.300s", got.raw)
	}
	if got = v.call(reader, "GET", "/v1.0/roleManagement/directory/roleDefinitions", ""); len(got.names("id")) < 100 {
		t.Errorf("%d", len(got.names("id")))
	}
	v.want(v.call(reader, "GET", "/v1.0/roleManagement/directory/roleDefinitions/x", ""), 404, "Request_ResourceNotFound")
}

// TestGDAPShowsInTheCustomersDirectory is how one proves which roles are lent.
func TestGDAPShowsInTheCustomersDirectory(t *testing.T) {
	v := newAlliance(t)
	at := v.agree("LK", "User Administrator") + "/accessAssignments"
	_, roles := v.admin("rosa", "Privileged Role Administrator")
	query := assignments + "?$filter=roleDefinitionId eq '" + entraRole("User Administrator") + "'&$expand=principal"
	if got := v.call(roles, "GET", query, ""); len(got.names("id")) != 0 {
		t.Errorf("without an access assignment: %s", got.raw)
	}
	v.call(v.agent, "POST", at, v.access(v.night, "User Administrator"))
	v.world.Settle()
	got := v.call(roles, "GET", query, "")
	if !slices.Equal(got.names("principalOrganizationId"), []string{v.partner.ID.String()}) || !slices.Equal(got.names("principalId"), []string{v.night.ID.String()}) ||
		!strings.Contains(got.raw, `"organizationId":"`+v.partner.ID.String()+`"`) {
		t.Fatalf("%s", got.raw)
	}
	v.want(v.call(roles, "DELETE", assignments+"/"+got.names("id")[0], ""), 403, "Authorization_RequestDenied")
}

// TestPartnersUserActsWithHisGDAPRoles is R11, R13 and R16 through the API.
func TestPartnersUserActsWithHisGDAPRoles(t *testing.T) {
	v := newAlliance(t)
	at := v.agree("LK", "User Administrator") + "/accessAssignments"
	v.call(v.agent, "POST", at, v.access(v.night, "User Administrator"))
	v.world.Settle()
	who, err := v.world.Enter(v.ada.Account(), v.customer.ID)
	if err != nil || !who.Delegated || len(who.Roles) != 1 {
		t.Fatalf("%+v %v", who, err)
	}
	ada := world.User{ID: who.Object, Tenant: v.customer.ID, UPN: who.UPN}
	bearer := v.asRole(ada, everything, "User Administrator")
	v.want(v.call(bearer, "PATCH", "/v1.0/users/"+v.anna.ID.String(), `{"accountEnabled":false}`), 204, "")
	v.want(v.call(bearer, "GET", "/v1.0/users", ""), 200, "")
	v.want(v.call(bearer, "POST", assignments, assignment(v.anna.ID, "Helpdesk Administrator")), 403, "Authorization_RequestDenied")
	v.want(v.call(bearer, "GET", "/v1.0/me", ""), 404, "Request_ResourceNotFound") // there is no object in the tenant
	v.want(v.call(v.asUser(ada, everything), "GET", "/v1.0/users", ""), 403, "Authorization_RequestDenied")
	if e := v.world.History(); e[len(e)-1].By.Object != v.ada.ID {
		t.Errorf("the history says %+v", e[len(e)-1])
	}
}

func TestLegacyDirectoryRoles(t *testing.T) {
	v := newTown(t)
	_, global := v.admin("greta", "Global Administrator")
	helpdesk := entraRole("Helpdesk Administrator")
	got := v.call(global, "GET", "/v1.0/directoryRoles", "")
	if !slices.Equal(got.names("displayName"), []string{"Global Administrator"}) || got.names("id")[0] == got.names("roleTemplateId")[0] {
		t.Errorf("only active ones: %s", got.raw)
	}
	v.want(v.call(global, "GET", "/v1.0/directoryRoles/roleTemplateId="+helpdesk, ""), 404, "Request_ResourceNotFound")
	got = v.call(global, "POST", "/v1.0/directoryRoles", `{"roleTemplateId":"`+helpdesk+`"}`)
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	own := "/v1.0/directoryRoles/" + got.text("id")
	v.want(v.call(global, "POST", "/v1.0/directoryRoles", `{"roleTemplateId":"`+helpdesk+`"}`), 400, "Request_BadRequest")
	v.want(v.call(global, "POST", own+"/members/$ref", ref(v.anna.ID)), 204, "")
	v.want(v.call(global, "POST", own+"/members/$ref", ref(v.anna.ID)), 400, "Request_BadRequest")
	for _, at := range []string{own, "/v1.0/directoryRoles/roleTemplateId=" + helpdesk, "/v1.0/directoryRoles(roleTemplateId='" + helpdesk + "')"} {
		if got := v.call(global, "GET", at+"/members", ""); !slices.Equal(got.names("id"), []string{v.anna.ID.String()}) {
			t.Errorf("%s: %s", at, got.raw)
		}
	}
	if got := v.call(global, "GET", "/v1.0/directoryRoles?$expand=members", ""); !strings.Contains(got.raw, "anna@contoso.example") {
		t.Errorf("%s", got.raw)
	}
	if got := v.call(global, "GET", "/v1.0/users/"+v.anna.ID.String()+"/memberOf/microsoft.graph.directoryRole", ""); !slices.Equal(got.names("displayName"), []string{"Helpdesk Administrator"}) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(global, "DELETE", own+"/members/"+v.anna.ID.String()+"/$ref", ""), 204, "")
	v.want(v.call(global, "DELETE", own+"/members/"+v.anna.ID.String()+"/$ref", ""), 404, "Request_ResourceNotFound")
	if got := v.call(global, "GET", "/v1.0/directoryRoleTemplates", ""); len(got.names("id")) < 100 {
		t.Errorf("%d templates", len(got.names("id")))
	}
}
