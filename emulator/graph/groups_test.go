package graph_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

func ref(id csp.ObjectID) string {
	return `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/` + id.String() + `"}`
}

// TestGroupsAsAzureCLIUsesThem sends what "az ad group" sends.
func TestGroupsAsAzureCLIUsesThem(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("gus", "Groups Administrator")
	got := v.call(admin, "POST", "/v1.0/groups", `{"displayName":"Helpers","mailNickname":"helpers","mailEnabled":false,"securityEnabled":true,"description":"who help"}`)
	if got.status != 201 || got.text("description") != "who help" || got.body["isAssignableToRole"] != nil {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	id := got.text("id")
	at := "/v1.0/groups/" + id
	if got := v.call(admin, "GET", "/v1.0/groups?$filter=displayName eq 'Helpers'", ""); !slices.Equal(got.names("id"), []string{id}) {
		t.Errorf("%s", got.raw)
	}
	if got := v.call(admin, "GET", "/v1.0/groups?$filter=startswith(displayName,'Help')", ""); !slices.Equal(got.names("id"), []string{id}) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(admin, "POST", at+"/members/$ref", ref(v.anna.ID)), 204, "")
	got = v.call(admin, "POST", at+"/members/$ref", ref(v.anna.ID))
	v.want(got, 400, "Request_BadRequest")
	if got.message() != "One or more added object references already exist for the following modified properties: 'members'." {
		t.Error(got.message())
	}
	if got := v.call(admin, "GET", at+"/members", ""); !slices.Equal(got.names("@odata.type"), []string{"#microsoft.graph.user"}) || !slices.Equal(got.names("displayName"), []string{"Anna Berg"}) {
		t.Errorf("%s", got.raw)
	}
	got = v.call(admin, "POST", "/v1.0/directoryObjects/"+v.anna.ID.String()+"/checkMemberGroups", `{"groupIds":["`+id+`","`+v.agents.ID.String()+`"]}`)
	if values, _ := got.body["value"].([]any); len(values) != 1 || values[0] != id {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(admin, "DELETE", at+"/members/"+v.anna.ID.String()+"/$ref", ""), 204, "")
	v.want(v.call(admin, "DELETE", at+"/members/"+v.anna.ID.String()+"/$ref", ""), 404, "Request_ResourceNotFound")
	v.want(v.call(admin, "POST", at+"/members/$ref", ref(v.james.ID)), 404, "Request_ResourceNotFound") // of another tenant (R20)
	v.want(v.call(admin, "POST", at+"/members/$ref", ref(v.agents.ID)), 404, "Request_ResourceNotFound")
	v.want(v.call(admin, "POST", at+"/members/$ref", `{"@odata.id":"nonsense"}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "PATCH", at, `{"displayName":"Aides"}`), 204, "")
	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	v.want(v.call(admin, "GET", at, ""), 404, "Request_ResourceNotFound")
	v.want(v.call(admin, "GET", "/v1.0/groups/nonsense", ""), 400, "Request_BadRequest")
}

func TestReferencesMayNameAnyHost(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	_, admin := v.admin("gus", "Groups Administrator")
	for _, address := range []string{
		"https://graph.microsoft.com/v1.0/directoryObjects/ID", "http://127.0.0.1:8443/beta/users/ID", "https://graph.microsoft.com/v1.0/users('ID')",
		"/directoryObjects/ID", "https://graph.windows.net/contoso.example/directoryObjects/ID/",
	} {
		body := `{"@odata.id":"` + strings.Replace(address, "ID", v.anna.ID.String(), 1) + `"}`
		v.want(v.call(admin, "POST", "/v1.0/groups/"+g.ID.String()+"/members/$ref", body), 204, "")
		v.want(v.call(admin, "DELETE", "/v1.0/groups/"+g.ID.String()+"/members/"+v.anna.ID.String()+"/$ref", ""), 204, "")
	}
}

func TestMembersAreBoundAllOrNone(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	_, admin := v.admin("gus", "Groups Administrator")
	bind := func(ids ...csp.ObjectID) string {
		var list []string
		for _, id := range ids {
			list = append(list, `"https://graph.microsoft.com/v1.0/directoryObjects/`+id.String()+`"`)
		}
		return `{"members@odata.bind":[` + strings.Join(list, ",") + `]}`
	}
	at := "/v1.0/groups/" + g.ID.String()
	v.want(v.call(admin, "PATCH", at, bind(v.anna.ID, v.james.ID)), 404, "Request_ResourceNotFound")
	if members := v.customer.Members(g.ID); len(members) != 0 {
		t.Errorf("half of it was done: %v", members)
	}
	v.want(v.call(admin, "PATCH", at, bind(v.anna.ID, v.guest.ID)), 204, "")
	if members := v.customer.Members(g.ID); len(members) != 2 {
		t.Errorf("%v", members)
	}
	v.want(v.call(admin, "PATCH", at, bind(make([]csp.ObjectID, 21)...)), 400, "BadRequest")
	ids := make([]csp.ObjectID, 21)
	for i := range ids {
		ids[i] = world.NewID[csp.Principal]()
	}
	v.want(v.call(admin, "PATCH", at, bind(ids...)), 400, "Request_BadRequest")
}

func TestNestedMembership(t *testing.T) {
	v := newTown(t)
	outer := must(v.customer.AddGroup(world.Group{Name: "Outer"}))(t)
	inner := must(v.customer.AddGroup(world.Group{Name: "Inner"}))(t)
	_, admin := v.admin("gus", "Groups Administrator")
	for _, pair := range [][2]csp.ObjectID{{outer.ID, inner.ID}, {inner.ID, v.anna.ID}, {inner.ID, outer.ID}} {
		v.want(v.call(admin, "POST", "/v1.0/groups/"+pair[0].String()+"/members/$ref", ref(pair[1])), 204, "")
	}
	anna := v.asUser(v.anna, everything)
	for path, want := range map[string][]string{
		"/groups/" + outer.ID.String() + "/members":                                {"Inner"},
		"/groups/" + outer.ID.String() + "/transitiveMembers":                      {"Anna Berg", "Inner"},
		"/groups/" + outer.ID.String() + "/transitiveMembers/microsoft.graph.user": {"Anna Berg"},
		"/groups/" + inner.ID.String() + "/members/microsoft.graph.group":          {"Outer"},
		"/me/memberOf":           {"Inner"},
		"/me/transitiveMemberOf": {"Inner", "Outer"},
		"/users/" + v.anna.ID.String() + "/transitiveMemberOf/microsoft.graph.group":    {"Inner", "Outer"},
		"/groups/" + inner.ID.String() + "/memberOf":                                    {"Outer"},
		"/groups/" + inner.ID.String() + "/members?$filter=startswith(displayName,'A')": {"Anna Berg"},
	} {
		got := v.call(anna, "GET", "/v1.0"+path, "")
		names := got.names("displayName")
		slices.Sort(names)
		if got.status != 200 || !slices.Equal(names, want) {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	got := v.call(anna, "POST", "/v1.0/me/getMemberGroups", `{"securityEnabledOnly":true}`)
	if values, _ := got.body["value"].([]any); len(values) != 2 {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "POST", "/v1.0/me/getMemberGroups", `{}`), 400, "Request_BadRequest")
	v.want(v.call(anna, "POST", "/v1.0/me/checkMemberGroups", `{"groupIds":[]}`), 400, "Request_BadRequest")
	v.want(v.call(anna, "GET", "/v1.0/groups/"+inner.ID.String()+"/members/microsoft.graph.shoe", ""), 400, "BadRequest")
	got = v.call(anna, "GET", "/v1.0/groups?$filter=displayName eq 'Inner'&$expand=members($select=id,displayName)", "")
	if values, _ := got.body["value"].([]any); len(values) != 1 || !strings.Contains(got.raw, `"displayName":"Anna Berg"`) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(v.asUser(v.guest, everything), "GET", "/v1.0/groups/"+inner.ID.String()+"/members", ""), 403, "Authorization_RequestDenied")
}

// TestRoleAssignableGroups is R14.
func TestRoleAssignableGroups(t *testing.T) {
	v := newTown(t)
	wanted := `{"displayName":"Keepers","mailNickname":"keepers","mailEnabled":false,"securityEnabled":true,"isAssignableToRole":true}`
	_, groups := v.admin("gus", "Groups Administrator")
	_, roles := v.admin("rosa", "Privileged Role Administrator")
	v.want(v.call(groups, "POST", "/v1.0/groups", wanted), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asApp("Group.ReadWrite.All"), "POST", "/v1.0/groups", wanted), 403, "Authorization_RequestDenied")
	got := v.call(roles, "POST", "/v1.0/groups", wanted)
	if got.status != 201 || got.body["isAssignableToRole"] != true {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	at := "/v1.0/groups/" + got.text("id")
	v.want(v.call(groups, "POST", at+"/members/$ref", ref(v.anna.ID)), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asApp("Group.ReadWrite.All"), "POST", at+"/members/$ref", ref(v.anna.ID)), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asApp("Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"), "POST", at+"/members/$ref", ref(v.anna.ID)), 204, "")
	inner := must(v.customer.AddGroup(world.Group{Name: "Inner"}))(t)
	v.want(v.call(roles, "POST", at+"/members/$ref", ref(inner.ID)), 400, "Request_BadRequest")
	v.want(v.call(roles, "PATCH", at, `{"isAssignableToRole":false}`), 400, "Request_BadRequest")
	v.want(v.call(groups, "DELETE", at, ""), 403, "Authorization_RequestDenied")
	v.want(v.call(roles, "POST", at+"/owners/$ref", ref(v.anna.ID)), 204, "")
	v.want(v.call(v.asUser(v.anna, everything), "DELETE", at+"/members/"+v.anna.ID.String()+"/$ref", ""), 204, "")
}

func TestOwners(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	got := v.call(anna, "POST", "/v1.0/groups", `{"displayName":"Mine","mailNickname":"mine","mailEnabled":false,"securityEnabled":true}`)
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	at := "/v1.0/groups/" + got.text("id")
	if got := v.call(anna, "GET", at+"/owners", ""); !slices.Equal(got.names("id"), []string{v.anna.ID.String()}) {
		t.Errorf("whoever makes it owns it: %s", got.raw)
	}
	v.want(v.call(anna, "POST", at+"/members/$ref", ref(v.guest.ID)), 204, "")
	v.want(v.call(anna, "POST", at+"/owners/$ref", ref(v.guest.ID)), 204, "")
	v.want(v.call(anna, "POST", at+"/owners/$ref", ref(v.guest.ID)), 400, "Request_BadRequest")
	v.want(v.call(v.asUser(v.guest, everything), "DELETE", at+"/owners/"+v.anna.ID.String()+"/$ref", ""), 204, "")
	v.want(v.call(v.asUser(v.guest, everything), "DELETE", at+"/owners/"+v.guest.ID.String()+"/$ref", ""), 400, "Request_BadRequest")
	v.want(v.call(anna, "POST", at+"/members/$ref", ref(v.anna.ID)), 403, "Authorization_RequestDenied")
}

func TestAgentGroupsStay(t *testing.T) {
	v := newTown(t)
	must(v.partner.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.james.ID, Role: csp.MustParseID[csp.DirectoryRole](entraRole("Global Administrator"))}))(t)
	boss := v.asRole(v.james, everything, "Global Administrator")
	at := "/v1.0/groups/" + v.agents.ID.String()
	v.want(v.call(boss, "DELETE", at, ""), 400, "Request_BadRequest")
	v.want(v.call(boss, "PATCH", at, `{"displayName":"Others"}`), 400, "Request_BadRequest")
	v.want(v.call(boss, "POST", at+"/members/$ref", ref(v.james.ID)), 204, "")
	if roles := v.partner.AgentRolesOf(v.james.ID); !slices.Equal(roles, []csp.AgentRole{csp.AdminAgents}) {
		t.Errorf("membership is the agent role (R7): %v", roles)
	}
}

func TestForgottenRefDeletesTheMember(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	if err := v.customer.AddMember(g.ID, v.anna.ID); err != nil {
		t.Fatal(err)
	}
	at := "/v1.0/groups/" + g.ID.String() + "/members/" + v.anna.ID.String()
	_, groups := v.admin("gus", "Groups Administrator")
	_, users := v.admin("ursula", "User Administrator")
	v.want(v.call(groups, "DELETE", at, ""), 403, "Authorization_RequestDenied")
	v.want(v.call(users, "DELETE", at, ""), 204, "")
	if _, there := v.world.User(v.customer.ID, v.anna.ID); there {
		t.Error("the user is there")
	}
}
