package clients_test

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// assigned is a role assignment as az prints it.
type assigned struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Scope         string `json:"scope"`
	PrincipalID   string `json:"principalId"`
	PrincipalName string `json:"principalName"`
	PrincipalType string `json:"principalType"`
	Role          string `json:"roleDefinitionName"`
}

func TestAzureCLIManagesResourceGroups(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t).asRobot(t)
	var made struct {
		ID, Name, Location string
		Tags               map[string]string
		Properties         struct{ ProvisioningState string }
	}
	az.read(t, &made, "group", "create", "--name", "rg-new", "--location", "northeurope", "--tags", "owner=robot")
	if made.Name != "rg-new" || made.Location != "northeurope" || made.Tags["owner"] != "robot" || made.Properties.ProvisioningState != "Succeeded" || made.ID != v.sub.Scope().String()+"/resourceGroups/rg-new" {
		t.Errorf("made: %+v", made)
	}
	var names []string
	az.read(t, &names, "group", "list", "--query", "[].name")
	if strings.Join(names, " ") != "rg-desktops rg-new" {
		t.Errorf("listed: %v", names)
	}
	if there := strings.TrimSpace(az.run(t, "group", "exists", "--name", "RG-NEW")); there != "true" {
		t.Errorf("exists: %s", there)
	}
	// Under a lock it stays, and with the lock gone it goes.
	az.run(t, "lock", "create", "--name", "keep", "--lock-type", "CanNotDelete", "--resource-group", "rg-new")
	az.refused(t, []string{"ScopeLocked"}, "group", "delete", "--name", "rg-new", "--yes")
	az.run(t, "lock", "delete", "--name", "keep", "--resource-group", "rg-new")
	az.run(t, "group", "delete", "--name", "rg-new", "--yes")
	if _, there := v.sub.ResourceGroup("rg-new"); there {
		t.Error("it is still there")
	}
	az.refused(t, []string{"ResourceGroupNotFound"}, "group", "show", "--name", "rg-new")
	var provider struct{ RegistrationState string }
	az.run(t, "provider", "register", "--namespace", "Microsoft.Management")
	az.read(t, &provider, "provider", "show", "--namespace", "Microsoft.Management")
	if provider.RegistrationState != "Registered" {
		t.Errorf("provider: %+v", provider)
	}
}

func TestAzureCLIDefinesRoles(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t).asRobot(t)
	definition := must(json.Marshal(map[string]any{
		"Name": "Machine watcher", "Description": "Looks at machines", "Actions": []string{"Microsoft.Compute/*/read"},
		"NotActions": []string{}, "AssignableScopes": []string{v.sub.Scope().String()},
	}))(t)
	az.run(t, "role", "definition", "create", "--role-definition", string(definition))
	var defined []struct {
		RoleName, RoleType string
		AssignableScopes   []string
	}
	az.read(t, &defined, "role", "definition", "list", "--custom-role-only", "true")
	if len(defined) != 1 || defined[0].RoleName != "Machine watcher" || defined[0].RoleType != "CustomRole" || defined[0].AssignableScopes[0] != v.sub.Scope().String() {
		t.Errorf("defined: %+v", defined)
	}
	az.run(t, "role", "assignment", "create", "--role", "Machine watcher", "--assignee-object-id", v.bo.ID.String(), "--assignee-principal-type", "User", "--scope", v.sub.Scope().String())
	az.refused(t, []string{"RoleDefinitionHasAssignments"}, "role", "definition", "delete", "--name", "Machine watcher")
	az.run(t, "role", "assignment", "delete", "--role", "Machine watcher", "--assignee", v.bo.ID.String(), "--scope", v.sub.Scope().String())
	az.run(t, "role", "definition", "delete", "--name", "Machine watcher")
}

func TestAzureCLIAssignsRoles(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t).asRobot(t)
	scope := v.sub.Scope().String() + "/resourceGroups/rg-desktops"
	group := must(csp.ParseScope(scope))(t)

	var role []struct {
		RoleName, RoleType string
		Permissions        []struct{ Actions, NotActions []string }
	}
	az.read(t, &role, "role", "definition", "list", "--name", "Virtual Machine Contributor")
	if len(role) != 1 || role[0].RoleType != "BuiltInRole" || len(role[0].Permissions) != 1 || len(role[0].Permissions[0].Actions) < 20 {
		t.Errorf("role: %+v", role)
	}

	create := []string{"role", "assignment", "create", "--role", "Virtual Machine Contributor", "--scope", scope}
	var made, again assigned
	az.read(t, &made, append(create, "--assignee", "bo@contoso.example")...)
	if made.PrincipalID != v.bo.ID.String() || made.PrincipalType != "User" || made.Scope != scope || !v.holds(t, v.bo.ID, "Virtual Machine Contributor", group) {
		t.Errorf("made: %+v", made)
	}
	// az hides the conflict and shows the assignment there is.
	az.read(t, &again, append(create, "--assignee-object-id", v.bo.ID.String(), "--assignee-principal-type", "User")...)
	if again.ID != made.ID {
		t.Errorf("made again: %+v", again)
	}
	az.refused(t, []string{"PrincipalNotFound"}, append(create, "--assignee-object-id", v.sue.ID.String(), "--assignee-principal-type", "User")...)

	var all, here []assigned
	az.read(t, &all, "role", "assignment", "list", "--all")
	seen := map[string]string{}
	for _, a := range all {
		seen[a.PrincipalName] = a.Role
	}
	if len(all) != 4 || seen["bo@contoso.example"] != "Virtual Machine Contributor" || seen[annaUPN] != "Owner" || seen[v.robot.ID.String()] != "Owner" {
		t.Errorf("all: %+v", all)
	}
	az.read(t, &here, "role", "assignment", "list", "--scope", scope, "--include-inherited", "--assignee", v.bo.ID.String(), "--include-groups")
	if len(here) != 1 || here[0].ID != made.ID || here[0].Role != "Virtual Machine Contributor" {
		t.Errorf("here: %+v", here)
	}

	remove := []string{"role", "assignment", "delete", "--assignee", "bo@contoso.example", "--role", "Virtual Machine Contributor", "--scope", scope}
	az.run(t, remove...)
	if v.holds(t, v.bo.ID, "Virtual Machine Contributor", group) {
		t.Error("he still holds it")
	}
	az.refused(t, []string{"No matched assignments"}, remove...)
}

// TestAzureCLIAssignsForeignGroups: the partner's agents are given a role in the
// customer's subscription, by a client that is told what they are and by one
// that has to ask.
func TestAzureCLIAssignsForeignGroups(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t).asRobot(t)
	scope, agents := v.sub.Scope().String(), v.agents.ID.String()
	create := []string{"role", "assignment", "create", "--assignee-object-id", agents, "--scope", scope}

	var told, asked assigned
	az.read(t, &told, append(create, "--role", "Reader", "--assignee-principal-type", "ForeignGroup")...)
	before := len(v.world.Calls())
	az.read(t, &asked, append(create, "--role", "Owner")...)
	for _, made := range []assigned{told, asked} {
		if made.PrincipalType != "ForeignGroup" || made.PrincipalID != agents || made.Scope != scope {
			t.Errorf("made: %+v", made)
		}
	}
	var paths []string
	for _, c := range v.callsSince(before) {
		paths = append(paths, c.Method+" "+path.Base(c.Path))
	}
	if !strings.Contains(strings.Join(paths, ", "), http.MethodPost+" getByIds") {
		t.Errorf("it did not ask Graph what the id is: %v", paths)
	}
	az.refused(t, []string{"UnmatchedPrincipalType"}, append(create, "--role", "Contributor", "--assignee-principal-type", "Group")...)

	var listed []assigned
	az.read(t, &listed, "role", "assignment", "list", "--assignee", agents)
	if len(listed) != 2 || listed[0].PrincipalType != "ForeignGroup" {
		t.Errorf("listed: %+v", listed)
	}
	az.run(t, "role", "assignment", "delete", "--assignee", agents, "--role", "Owner", "--scope", scope)
	az.run(t, "role", "assignment", "delete", "--ids", told.ID)
	for _, role := range []string{"Owner", "Reader"} {
		if v.holds(t, v.agents.ID, role, v.sub.Scope()) {
			t.Errorf("they still hold %s", role)
		}
	}
}

// callsSince lists the calls that came after the first so many.
func (v *town) callsSince(before int) []world.Call {
	calls := v.world.Calls() // the last first
	return calls[:len(calls)-before]
}

func TestAzureCLIManagesTheDirectory(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.byDevice(t, v.person(t, annaUPN, annaPassword), "--tenant", v.customer.ID.String())

	type object struct {
		ID                string `json:"id"`
		DisplayName       string `json:"displayName"`
		UserPrincipalName string `json:"userPrincipalName"`
	}
	var me, bo, group object
	var users, groups, members []object
	az.read(t, &me, "ad", "signed-in-user", "show")
	az.read(t, &bo, "ad", "user", "show", "--id", "bo@contoso.example")
	az.read(t, &users, "ad", "user", "list", "--display-name", "Bo")
	if me.ID != v.anna.ID.String() || me.UserPrincipalName != annaUPN || bo.ID != v.bo.ID.String() || len(users) != 1 || users[0] != bo {
		t.Errorf("me %+v, bo %+v, users %+v", me, bo, users)
	}
	az.read(t, &group, "ad", "group", "show", "--group", "Desktop operators")
	az.read(t, &groups, "ad", "group", "list", "--filter", "startswith(displayName,'Desk')")
	if group.ID != v.operators.ID.String() || len(groups) != 1 || groups[0] != group {
		t.Errorf("group %+v, groups %+v", group, groups)
	}

	member := func(verb string, more ...string) []string {
		return append([]string{"ad", "group", "member", verb, "--group", "Desktop operators"}, more...)
	}
	isMember := func() bool {
		var is struct{ Value bool }
		az.read(t, &is, member("check", "--member-id", bo.ID)...)
		return is.Value
	}
	if isMember() {
		t.Error("he is a member before")
	}
	az.run(t, member("add", "--member-id", bo.ID)...)
	az.refused(t, []string{"already exist"}, member("add", "--member-id", bo.ID)...)
	az.read(t, &members, member("list")...)
	if len(members) != 1 || members[0].ID != bo.ID || !isMember() || !v.isMember(v.bo.ID) {
		t.Errorf("members: %+v", members)
	}
	az.run(t, member("remove", "--member-id", bo.ID)...)
	if v.isMember(v.bo.ID) {
		t.Error("he is still a member")
	}
	az.refused(t, []string{"does not exist"}, "ad", "user", "show", "--id", "nobody@contoso.example")

	var made object
	az.read(t, &made, "ad", "user", "create", "--display-name", "Cai Lund", "--user-principal-name", "cai@contoso.example", "--password", "Made-4-a-test")
	if u, there := v.customer.UserNamed("cai@contoso.example"); !there || made.ID != u.ID.String() {
		t.Errorf("made: %+v", made)
	}
	az.run(t, "ad", "user", "delete", "--id", made.ID)
	if _, there := v.customer.UserNamed("cai@contoso.example"); there {
		t.Error("Cai is still there")
	}
}

// isMember says whether the principal is among the customer's operators.
func (v *town) isMember(who csp.ObjectID) bool {
	return slices.Contains(v.customer.Members(v.operators.ID), who)
}

// TestAzureCLIReadsPartnerCenter: az has no command for Partner Center and can
// still ask it.
func TestAzureCLIReadsPartnerCenter(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.byDevice(t, v.person(t, sueUPN, suePassword), "--tenant", v.partner.ID.String(), "--allow-no-subscriptions")
	var customers struct {
		TotalCount int `json:"totalCount"`
		Items      []struct {
			ID             string `json:"id"`
			CompanyProfile struct {
				TenantID    string `json:"tenantId"`
				Domain      string `json:"domain"`
				CompanyName string `json:"companyName"`
			} `json:"companyProfile"`
		} `json:"items"`
	}
	az.read(t, &customers, "rest", "--url", "https://api.partnercenter.microsoft.com/v1/customers", "--resource", "https://api.partnercenter.microsoft.com")
	if customers.TotalCount != 1 || customers.Items[0].ID != v.customer.ID.String() || customers.Items[0].CompanyProfile.CompanyName != "Contoso" {
		t.Errorf("customers: %+v", customers)
	}
}
