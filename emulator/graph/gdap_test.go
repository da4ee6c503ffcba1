package graph_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/gdap"
	"latchkey/emulator/graph"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

const (
	relationships = "/v1.0/tenantRelationships/delegatedAdminRelationships"
	manageGDAP    = "DelegatedAdminRelationship.ReadWrite.All"
)

func entraRole(name string) string {
	for _, role := range builtin.EntraRoles() {
		if role.Name == name {
			return role.ID.String()
		}
	}
	panic("no directory role " + name)
}

// alliance is a town in which Ada is an admin agent who is nobody's guest, and
// Carl the customer's Global Administrator.
type alliance struct {
	*town
	ada, carl world.User
	agent     string // Ada's token
	night     world.Group
}

func newAlliance(tb testing.TB, delays ...world.Delays) *alliance {
	tb.Helper()
	v := &alliance{town: newTown(tb)}
	for _, d := range delays { // the same two tenants in a world that takes its time
		v.world = world.New(world.Options{Now: v.Now, Roles: builtin.AzureRoles(), Delays: d})
		v.partner = must(v.world.AddTenant(v.partner.Tenant))(tb)
		v.customer = must(v.world.AddTenant(v.customer.Tenant))(tb)
		v.agents = must(v.partner.AddGroup(world.Group{Name: world.AdminAgents}))(tb)
		v.options.World = v.world
		v.handler = graph.New(v.options)
	}
	v.ada = must(v.partner.AddUser(world.User{Name: "Ada Stone", UPN: "ada"}))(tb)
	v.carl = must(v.customer.AddUser(world.User{Name: "Carl Ek", UPN: "carl"}))(tb)
	must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.carl.ID, Role: csp.MustParseID[csp.DirectoryRole](entraRole("Global Administrator"))}))(tb)
	v.night = must(v.partner.AddGroup(world.Group{Name: "Night shift"}))(tb)
	for _, pair := range [][2]csp.ObjectID{{v.agents.ID, v.ada.ID}, {v.night.ID, v.ada.ID}} {
		if err := v.partner.AddMember(pair[0], pair[1]); err != nil {
			tb.Fatal(err)
		}
	}
	v.agent = v.withMFA(v.ada, manageGDAP)
	return v
}

func (v *alliance) withMFA(u world.User, scopes string) string {
	return v.sign(token.Claims{Tenant: u.Tenant.String(), Object: u.ID.String(), UPN: u.UPN, IDType: "user", Scopes: scopes, AMR: []string{"pwd", "mfa"}})
}

func (v *alliance) proposal(name string, roles ...string) string {
	var list []string
	for _, role := range roles {
		list = append(list, fmt.Sprintf(`{"roleDefinitionId":%q}`, entraRole(role)))
	}
	return fmt.Sprintf(`{"displayName":%q,"duration":"P730D","customer":{"tenantId":%q,"displayName":"Contoso"},"accessDetails":{"unifiedRoles":[%s]},"autoExtendDuration":"P0D"}`, name, v.customer.ID, strings.Join(list, ","))
}

// propose makes a relationship that waits for the customer.
func (v *alliance) propose(name string, roles ...string) string {
	v.tb.Helper()
	got := v.call(v.agent, "POST", relationships, v.proposal(name, roles...))
	if got.status != 201 {
		v.tb.Fatalf("create: %d %s", got.status, got.raw)
	}
	at := relationships + "/" + got.text("id")
	if got := v.call(v.agent, "POST", at+"/requests", `{"action":"lockForApproval"}`); got.status != 201 || got.text("action") != "lockForApproval" || got.text("status") != "created" {
		v.tb.Fatalf("lock: %d %s", got.status, got.raw)
	}
	return at
}

// agree makes one that is active.
func (v *alliance) agree(name string, roles ...string) string {
	v.tb.Helper()
	at := v.propose(name, roles...)
	id, err := gdap.ParseID(at[strings.LastIndexByte(at, '/')+1:])
	if err != nil {
		v.tb.Fatal(err)
	}
	by := world.Actor{Tenant: v.customer.ID, Object: v.carl.ID, Name: v.carl.UPN}
	if _, err := v.world.ApproveRelationship(by, id, v.customer.ID); err != nil {
		v.tb.Fatal(err)
	}
	return at
}

func (v *alliance) access(group world.Group, roles ...string) string {
	var list []string
	for _, role := range roles {
		list = append(list, fmt.Sprintf(`{"roleDefinitionId":%q}`, entraRole(role)))
	}
	return fmt.Sprintf(`{"accessContainer":{"accessContainerId":%q,"accessContainerType":"securityGroup"},"accessDetails":{"unifiedRoles":[%s]}}`, group.ID, strings.Join(list, ","))
}

func TestLifeOfARelationship(t *testing.T) {
	v := newAlliance(t)
	got := v.call(v.agent, "POST", relationships, v.proposal("LK Contoso", "Directory Readers", "Helpdesk Administrator"))
	if got.status != 201 || got.text("status") != "created" || got.text("duration") != "P730D" || got.text("autoExtendDuration") != "PT0S" || got.header.Get("Location") == "" || got.text("@odata.etag") == "" ||
		got.text("@odata.etag") != got.header.Get("ETag") || got.body["activatedDateTime"] != nil || len(got.text("id")) != 73 {
		t.Fatalf("create: %d %v %s", got.status, got.header, got.raw)
	}
	at, tag := relationships+"/"+got.text("id"), got.text("@odata.etag")
	t.Run("while it is created everything may be changed, by whoever knows the version", func(t *testing.T) {
		if got := v.call(v.agent, "PATCH", at, `{"displayName":"LK Contoso 2026"}`); got.status != 400 {
			t.Errorf("without a version: %d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "PATCH", at, `{"displayName":"x"}`, "If-Match", `W/"other"`); got.status != 412 {
			t.Errorf("with another version: %d %s", got.status, got.raw)
		}
		got := v.call(v.agent, "PATCH", at, `{"displayName":"LK Contoso 2026","duration":"P1Y","autoExtendDuration":"P180D"}`, "If-Match", tag)
		if got.status != 200 || got.text("displayName") != "LK Contoso 2026" || got.text("duration") != "P365D" || got.text("autoExtendDuration") != "P180D" || got.text("@odata.etag") == tag {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("nobody gets in by a proposal", func(t *testing.T) {
		if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("enter: %v", err)
		}
		if got := v.call(v.agent, "POST", at+"/accessAssignments", v.access(v.night, "Directory Readers")); got.status != 400 || !strings.Contains(got.message(), "delegatedAdminRelationshipId is invalid") {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("locked, it waits", func(t *testing.T) {
		if got := v.call(v.agent, "POST", at+"/requests", `{"action":"approve"}`); got.status != 400 {
			t.Errorf("the partner approves it himself: %d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "POST", at+"/requests", `{"action":"lockForApproval"}`); got.status != 201 {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "GET", at, ""); got.text("status") != "approvalPending" {
			t.Errorf("%s", got.raw)
		}
		got := v.call(v.agent, "GET", at, "")
		if got := v.call(v.agent, "DELETE", at, "", "If-Match", got.text("@odata.etag")); got.status != 400 {
			t.Errorf("it is deleted: %d %s", got.status, got.raw)
		}
	})
	id, err := gdap.ParseID(at[strings.LastIndexByte(at, '/')+1:])
	if err != nil {
		t.Fatal(err)
	}
	t.Run("and only the customer's administrator may say yes", func(t *testing.T) {
		for _, by := range []world.Actor{{Tenant: v.partner.ID, Object: v.ada.ID, Name: "Ada"}, {Tenant: v.customer.ID, Object: v.anna.ID, Name: "Anna"}} {
			if _, err := v.world.ApproveRelationship(by, id, v.customer.ID); world.LawOf(err) != world.NotYours {
				t.Errorf("%s: %v", by.Name, err)
			}
		}
		if _, err := v.world.ApproveRelationship(world.Actor{Tenant: v.customer.ID, Object: v.carl.ID}, id, v.customer.ID); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("active, it gives nobody anything yet", func(t *testing.T) {
		got := v.call(v.agent, "GET", at, "")
		if got.text("status") != "active" || got.text("activatedDateTime") == "" || got.text("endDateTime") == "" {
			t.Errorf("%s", got.raw)
		}
		if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("enter: %v", err)
		}
	})
	t.Run("a group gets roles of it", func(t *testing.T) {
		got := v.call(v.agent, "POST", at+"/accessAssignments", v.access(v.night, "Directory Readers"))
		if got.status != 201 || got.text("status") != "pending" || got.header.Get("Location") == "" {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		one := at + "/accessAssignments/" + got.text("id")
		if got := v.call(v.agent, "GET", one, ""); got.text("status") != "active" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if who, err := v.world.Enter(v.ada.Account(), v.customer.ID); err != nil || !who.Delegated || len(who.Roles) != 1 {
			t.Errorf("enter: %+v, %v", who, err)
		}
	})
	t.Run("terminated, it is remembered and gives nothing", func(t *testing.T) {
		if got := v.call(v.agent, "POST", at+"/requests", `{"action":"terminate"}`); got.status != 201 {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "GET", at, ""); got.text("status") != "terminated" {
			t.Errorf("%s", got.raw)
		}
		if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("enter: %v", err)
		}
		if got := v.call(v.agent, "GET", at+"/requests", ""); !slices.Equal(got.names("action"), []string{"lockForApproval", "approve", "terminate"}) {
			t.Errorf("%s", got.raw)
		}
	})
}

func TestRelationshipIsDeletedWhileItIsCreated(t *testing.T) {
	v := newAlliance(t)
	got := v.call(v.agent, "POST", relationships, v.proposal("Short", "Directory Readers"))
	at := relationships + "/" + got.text("id")
	if got := v.call(v.agent, "DELETE", at, ""); got.status != 400 {
		t.Errorf("without a version: %d %s", got.status, got.raw)
	}
	if got := v.call(v.agent, "DELETE", at, "", "If-Match", got.text("@odata.etag")); got.status != 204 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.agent, "GET", at, ""); got.status != 404 {
		t.Errorf("afterwards: %d %s", got.status, got.raw)
	}
}

func TestRelationshipsThatAreRefused(t *testing.T) {
	v := newAlliance(t)
	v.agree("Taken", "Directory Readers")
	v.world.Settle()
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"a name that is taken":           {v.proposal("TAKEN", "Directory Readers"), 409},
		"no roles":                       {v.proposal("A"), 400},
		"a role that cannot be lent":     {v.proposal("A", "Guest User"), 400},
		"a role that is none":            {strings.Replace(v.proposal("A", "Directory Readers"), entraRole("Directory Readers"), "11111111-2222-4333-8444-555555555555", 1), 400},
		"no duration":                    {strings.Replace(v.proposal("A", "Directory Readers"), `"P730D"`, `""`, 1), 400},
		"three years":                    {strings.Replace(v.proposal("A", "Directory Readers"), "P730D", "P3Y", 1), 400},
		"hours":                          {strings.Replace(v.proposal("A", "Directory Readers"), "P730D", "PT5H", 1), 400},
		"a name of more than 50 letters": {v.proposal(strings.Repeat("x", 51), "Directory Readers"), 400},
		"Global Administrator that extends itself": {strings.Replace(v.proposal("A", "Global Administrator"), "P0D", "P180D", 1), 400},
		"a customer who does not exist":            {strings.Replace(v.proposal("A", "Directory Readers"), v.customer.ID.String(), "11111111-2222-4333-8444-555555555555", 1), 400},
		"no body":                                  {"", 400},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(v.world.History())
			if got := v.call(v.agent, "POST", relationships, test.body); got.status != test.status || got.code() == "" {
				t.Errorf("%d %s", got.status, got.raw)
			}
			if len(v.world.History()) != before {
				t.Error("something was changed")
			}
		})
	}
}

func TestWhoMayManageRelationships(t *testing.T) {
	v := newAlliance(t)
	body := v.proposal("LK", "Directory Readers")
	lone := v.sign(token.Claims{Tenant: v.partner.ID.String(), Object: v.ada.ID.String(), IDType: "user", Scopes: manageGDAP, AMR: []string{"pwd"}})
	for name, bearer := range map[string]string{
		"an agent without a second factor": lone,
		"somebody who is no agent":         v.withMFA(v.james, manageGDAP),
		"the customer's administrator":     v.withMFA(v.carl, manageGDAP),
		"without the permission":           v.withMFA(v.ada, "User.Read"),
		"with the reading permission":      v.withMFA(v.ada, "DelegatedAdminRelationship.Read.All"),
	} {
		if got := v.call(bearer, "POST", relationships, body); got.status != 403 {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	t.Run("an application needs Microsoft's service in the tenant", func(t *testing.T) {
		app := must(v.partner.AddApp(registry.App{Name: "Robot", Secret: "x"}))(t)
		sp := must(v.partner.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
		robot := v.sign(token.Claims{Tenant: v.partner.ID.String(), Object: sp.ID.String(), AppID: app.ID.String(), IDType: "app", Roles: []string{manageGDAP}})
		if got := v.call(robot, "POST", relationships, body); got.status != 500 || got.code() != "unexpectedError" {
			t.Errorf("without it: %d %s", got.status, got.raw)
		}
		must(v.partner.AddServicePrincipal(registry.PartnerDelegation, csp.ObjectID{}))(t)
		if got := v.call(robot, "POST", relationships, body); got.status != 201 {
			t.Errorf("with it: %d %s", got.status, got.raw)
		}
	})
	t.Run("another partner sees nothing of it", func(t *testing.T) {
		other := must(v.world.AddTenant(csp.Tenant{Name: "Rival", DefaultDomain: "rival.example"}))(t)
		eve := must(other.AddUser(world.User{Name: "Eve", UPN: "eve"}))(t)
		g := must(other.AddGroup(world.Group{Name: world.AdminAgents}))(t)
		if err := other.AddMember(g.ID, eve.ID); err != nil {
			t.Fatal(err)
		}
		at := v.agree("Ours", "Directory Readers")
		token := v.withMFA(eve, manageGDAP)
		if got := v.call(token, "GET", at, ""); got.status != 404 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(token, "GET", relationships, ""); got.status != 200 || len(got.names("id")) != 0 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(token, "POST", at+"/requests", `{"action":"terminate"}`); got.status != 404 {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
}

func TestListRelationships(t *testing.T) {
	v := newAlliance(t)
	v.agree("One", "Directory Readers")
	v.move(time.Second)
	v.propose("Two", "Directory Readers")
	v.move(time.Second)
	v.call(v.agent, "POST", relationships, strings.Replace(v.proposal("Three", "Directory Readers"), `"customer":{"tenantId":"`+v.customer.ID.String()+`","displayName":"Contoso"},`, "", 1))
	for query, want := range map[string][]string{
		"":                            {"One", "Two", "Three"},
		"?$filter=status eq 'active'": {"One"},
		"?$filter=status eq 'active' and customer/tenantId eq '" + v.customer.ID.String() + "'": {"One"},
		"?$filter=customer/tenantId eq '" + v.customer.ID.String() + "'":                        {"One", "Two"},
		"?$filter=startswith(displayName,'T')&$orderby=displayName":                             {"Three", "Two"},
		"?$orderby=displayName desc":                                                            {"Two", "Three", "One"},
		"?$top=1":                                                                               {"One"},
	} {
		got := v.call(v.agent, "GET", relationships+query, "")
		if got.status != 200 || !slices.Equal(got.names("displayName"), want) {
			t.Errorf("%s: %d %s", query, got.status, got.raw)
		}
	}
	if got := v.call(v.agent, "GET", relationships+"?$filter=shoe eq 1", ""); got.status != 400 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	var all []string
	next := relationships + "?$top=2"
	for range 3 {
		got := v.call(v.agent, "GET", next, "")
		all = append(all, got.names("displayName")...)
		link, err := url.Parse(got.text("@odata.nextLink"))
		if err != nil || link.Path == "" {
			break
		}
		next = link.RequestURI()
	}
	if !slices.Equal(all, []string{"One", "Two", "Three"}) {
		t.Errorf("page by page: %v", all)
	}
}

func TestAccessAssignments(t *testing.T) {
	v := newAlliance(t)
	at := v.agree("LK", "Directory Readers", "Helpdesk Administrator") + "/accessAssignments"
	for name, body := range map[string]string{
		"a group of the customer":              v.access(must(v.customer.AddGroup(world.Group{Name: "x"}))(t), "Directory Readers"),
		"a role the customer did not agree to": v.access(v.night, "User Administrator"),
		"no role":                              v.access(v.night),
		"something that is no security group":  strings.Replace(v.access(v.night, "Directory Readers"), "securityGroup", "user", 1),
		"an id that is none":                   strings.Replace(v.access(v.night, "Directory Readers"), v.night.ID.String(), "night", 1),
	} {
		if got := v.call(v.agent, "POST", at, body); got.status != 400 || got.code() != "badRequest" {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	got := v.call(v.agent, "POST", at, v.access(v.night, "Directory Readers"))
	one := at + "/" + got.text("id")
	if again := v.call(v.agent, "POST", at, v.access(v.night, "Helpdesk Administrator")); again.status != 409 {
		t.Errorf("the same group again: %d %s", again.status, again.raw)
	}
	tag := v.call(v.agent, "GET", one, "").text("@odata.etag")
	t.Run("other roles take their time", func(t *testing.T) {
		roles := `{"accessDetails":{"unifiedRoles":[{"roleDefinitionId":"` + entraRole("Helpdesk Administrator") + `"}]}}`
		if got := v.call(v.agent, "PATCH", one, roles); got.status != 400 {
			t.Errorf("without a version: %d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "PATCH", one, roles, "If-Match", `W/"old"`); got.status != 412 {
			t.Errorf("with another version: %d %s", got.status, got.raw)
		}
		got := v.call(v.agent, "PATCH", one, roles, "If-Match", tag)
		if got.status != 202 || got.header.Get("Retry-After") != "10" {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		op := strings.TrimPrefix(got.header.Get("Location"), origin)
		if got := v.call(v.agent, "GET", op, ""); got.status != 200 || got.text("operationType") != "delegatedAdminAccessAssignmentUpdate" || got.text("status") != "succeeded" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		now := v.call(v.agent, "GET", one, "")
		if !strings.Contains(now.raw, entraRole("Helpdesk Administrator")) || now.text("@odata.etag") == tag {
			t.Errorf("%s", now.raw)
		}
		tag = now.text("@odata.etag")
		if got := v.call(v.agent, "PATCH", one, roles, "If-Match", tag); got.status != 200 {
			t.Errorf("the same roles again: %d %s", got.status, got.raw)
		}
	})
	t.Run("a deleted one stays listed, and its group may have another", func(t *testing.T) {
		if got := v.call(v.agent, "DELETE", one, ""); got.status != 400 {
			t.Errorf("without a version: %d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "DELETE", one, "", "If-Match", tag); got.status != 204 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("enter: %v", err)
		}
		if got := v.call(v.agent, "GET", one, ""); got.status != 200 || got.text("status") != "deleted" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "POST", at, v.access(v.night, "Directory Readers")); got.status != 201 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(v.agent, "GET", at, ""); !slices.Equal(got.names("status"), []string{"deleted", "active"}) {
			t.Errorf("%s", got.raw)
		}
	})
}

func TestGlobalAdministratorIsTakenOutOfAnActiveRelationship(t *testing.T) {
	v := newAlliance(t)
	at := v.agree("LK", "Directory Readers", "Global Administrator")
	tag := v.call(v.agent, "GET", at, "").text("@odata.etag")
	without := `{"accessDetails":{"unifiedRoles":[{"roleDefinitionId":"` + entraRole("Directory Readers") + `"}]}}`
	if got := v.call(v.agent, "PATCH", at, `{"displayName":"Other"}`, "If-Match", tag); got.status != 400 {
		t.Errorf("another name: %d %s", got.status, got.raw)
	}
	got := v.call(v.agent, "PATCH", at, without, "If-Match", tag)
	if got.status != 202 || got.header.Get("Retry-After") == "" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if op := v.call(v.agent, "GET", strings.TrimPrefix(got.header.Get("Location"), origin), ""); op.text("operationType") != "delegatedAdminRelationshipUpdate" {
		t.Errorf("%s", op.raw)
	}
	if got := v.call(v.agent, "GET", at, ""); strings.Contains(got.raw, entraRole("Global Administrator")) {
		t.Errorf("%s", got.raw)
	}
}

func TestRelationshipsEndByTheClock(t *testing.T) {
	v := newAlliance(t)
	ends := v.agree("Ends", "Directory Readers")
	v.move(731 * 24 * time.Hour)
	v.agent = v.withMFA(v.ada, manageGDAP)
	if got := v.call(v.agent, "GET", ends, ""); got.text("status") != "expired" {
		t.Errorf("%s", got.raw)
	}
}

func TestGDAPCustomersAndContracts(t *testing.T) {
	v := newAlliance(t)
	const customers = "/v1.0/tenantRelationships/delegatedAdminCustomers"
	if got := v.call(v.agent, "GET", customers, ""); got.status != 200 || len(got.names("id")) != 0 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	v.agree("LK", "Directory Readers")
	if got := v.call(v.agent, "GET", customers, ""); !slices.Equal(got.names("tenantId"), []string{v.customer.ID.String()}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.agent, "GET", customers+"/"+v.customer.ID.String(), ""); got.text("displayName") != "Contoso" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.agent, "GET", customers+"/"+v.customer.ID.String()+"/serviceManagementDetails", ""); !slices.Contains(got.names("serviceManagementUrl"), "https://portal.azure.com/contoso.example") {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(v.agent, "GET", customers+"/"+v.partner.ID.String(), ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	reader := v.asUser(v.ada, "Directory.Read.All")
	if got := v.call(reader, "GET", "/v1.0/contracts", ""); got.status != 200 || len(got.names("customerId")) != 0 {
		t.Errorf("GDAP alone is no contract: %d %s", got.status, got.raw)
	}
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	got := v.call(reader, "GET", "/v1.0/contracts?$filter=customerId eq '"+v.customer.ID.String()+"'", "")
	if !slices.Equal(got.names("defaultDomainName"), []string{"contoso.example"}) {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(reader, "GET", "/v1.0/contracts/"+got.names("id")[0], ""); got.text("customerId") != v.customer.ID.String() {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestRelationshipStatesTakeTheirTime(t *testing.T) {
	v := newAlliance(t, world.Delays{Relationship: 10 * time.Minute, AccessAssignment: 4 * time.Minute})
	at := v.propose("LK", "Directory Readers")
	id, err := gdap.ParseID(at[strings.LastIndexByte(at, '/')+1:])
	if err != nil {
		t.Fatal(err)
	}
	must(v.world.ApproveRelationship(world.Actor{}, id, v.customer.ID))(t)
	is := func(address, want string) {
		t.Helper()
		if got := v.call(v.agent, "GET", address, ""); got.text("status") != want {
			t.Errorf("it is %s, want %s", got.text("status"), want)
		}
	}
	is(at, "approved")
	v.move(6 * time.Minute)
	is(at, "activating")
	v.move(5 * time.Minute)
	is(at, "active")
	got := v.call(v.agent, "POST", at+"/accessAssignments", v.access(v.night, "Directory Readers"))
	access := at + "/accessAssignments/" + got.text("id")
	is(access, "pending")
	if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
		t.Errorf("a pending access assignment lets in: %v", err)
	}
	v.move(5 * time.Minute)
	is(access, "active")
	if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); err != nil {
		t.Errorf("an active one does not: %v", err)
	}
	v.call(v.agent, "POST", at+"/requests", `{"action":"terminate"}`)
	is(at, "terminationRequested")
	v.move(6 * time.Minute)
	is(at, "terminating")
	v.move(15 * time.Minute)
	is(at, "terminated")
}
