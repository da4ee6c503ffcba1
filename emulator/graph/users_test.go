package graph_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// asRole is asUser for somebody whose token names directory roles.
func (v *town) asRole(u world.User, scopes string, roles ...string) string {
	v.tb.Helper()
	c := token.Claims{Tenant: u.Tenant.String(), Object: u.ID.String(), UPN: u.UPN, IDType: "user", Scopes: scopes, AMR: []string{"pwd", "mfa"}}
	for _, name := range roles {
		c.WIDs = append(c.WIDs, entraRole(name))
	}
	return v.sign(c)
}

// asApp is the token of an application of the customer with these permissions.
func (v *town) asApp(permissions ...string) string {
	v.tb.Helper()
	apps := v.customer.Apps()
	if len(apps) == 0 {
		app := must(v.customer.AddApp(registry.App{Name: "Robot", RedirectURIs: []string{"https://robot.example/back"}}))(v.tb)
		must(v.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(v.tb)
		apps = v.customer.Apps()
	}
	sp, _ := v.customer.ServicePrincipal(apps[0].ID)
	return v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: sp.ID.String(), AppID: apps[0].ID.String(), IDType: "app", Roles: permissions})
}

// admin makes somebody of the customer who holds a role, and his token.
func (v *town) admin(upn, role string) (world.User, string) {
	v.tb.Helper()
	u := must(v.customer.AddUser(world.User{Name: upn, UPN: upn}))(v.tb)
	must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: u.ID, Role: csp.MustParseID[csp.DirectoryRole](entraRole(role))}))(v.tb)
	return u, v.asRole(u, everything, role)
}

// everything is what Azure CLI's tokens have, and what it takes to manage roles.
const everything = "Directory.AccessAsUser.All User.ReadWrite.All Group.ReadWrite.All RoleManagement.ReadWrite.Directory RoleAssignmentSchedule.ReadWrite.Directory RoleEligibilitySchedule.ReadWrite.Directory PrivilegedAccess.ReadWrite.AzureADGroup"

func (v *town) want(got answer, status int, code string) {
	v.tb.Helper()
	if got.status != status || got.code() != code {
		v.tb.Errorf("got %d %s, want %d %q: %s", got.status, got.code(), status, code, got.raw)
	}
}

func TestUserShowsWhatIsAskedFor(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	got := v.call(anna, "GET", "/v1.0/users/anna@contoso.example", "")
	if _, shown := got.body["accountEnabled"]; shown || got.text("userPrincipalName") != "anna@contoso.example" {
		t.Errorf("by default: %s", got.raw)
	}
	got = v.call(anna, "GET", "/v1.0/users/anna@contoso.example?$select=accountEnabled,userType,displayName", "")
	if got.body["accountEnabled"] != true || got.text("userType") != "Member" || got.body["id"] != nil || got.text("@odata.context") != origin+"/v1.0/$metadata#users(accountEnabled,userType,displayName)/$entity" {
		t.Errorf("selected: %s", got.raw)
	}
	if got = v.call(anna, "GET", "/beta/users/anna@contoso.example", ""); got.body["accountEnabled"] != true {
		t.Errorf("beta: %s", got.raw)
	}
	got = v.call(anna, "GET", "/v1.0/users/"+v.guest.ID.String()+"?$select=userType,externalUserState,userPrincipalName", "")
	if got.text("userType") != "Guest" || got.text("externalUserState") != "Accepted" || got.text("userPrincipalName") != "james_ravenhill.example#EXT#@contoso.example" {
		t.Errorf("a guest: %s", got.raw)
	}
	if got = v.call(anna, "GET", "/v1.0/users/"+url.PathEscape("james_ravenhill.example#EXT#@contoso.example"), ""); got.text("id") != v.guest.ID.String() {
		t.Errorf("by the guest's name: %s", got.raw)
	}
	v.want(v.call(anna, "GET", "/v1.0/users/anna@contoso.example?$select=shoeSize", ""), 400, "BadRequest")
	v.want(v.call(v.asApp("User.Read.All"), "GET", "/v1.0/me", ""), 400, "BadRequest")
}

func TestFiltersThatClientsSend(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	for query, want := range map[string][]string{
		"?$filter=userPrincipalName eq 'anna@contoso.example'":                       {"Anna Berg"},
		"?$filter=startswith(displayName,'J')":                                       {"James Holt"},
		"?$filter=userPrincipalName eq 'x' or mail eq 'ANNA@contoso.example'":        {"Anna Berg"},
		"?$filter=userType eq 'Guest' and accountEnabled eq true":                    {"James Holt"},
		"?$filter=id in ('" + v.anna.ID.String() + "')":                              {"Anna Berg"},
		"?$orderby=displayName desc":                                                 {"James Holt", "Anna Berg"},
		"?%24filter=startswith%28displayName%2C%27anna%27%29":                        {"Anna Berg"},
		"?filter=displayName+eq+'Anna+Berg'":                                         {"Anna Berg"},
		"?$filter=createdDateTime ge 2026-11-02T00:00:00Z and displayName ge 'B'":    {"James Holt"},
		"?$filter=mail eq null":                                                      {},
		"?$filter=startswith(displayName,'A')&$select=displayName,id&$top=5&$skip=0": {"Anna Berg"},
	} {
		if got := v.call(anna, "GET", "/v1.0/users"+query, ""); got.status != 200 || !slices.Equal(got.names("displayName"), want) {
			t.Errorf("%s: %d %s", query, got.status, got.raw)
		}
	}
	for _, query := range []string{"?$filter=userType ne 'Guest'", "?$filter=endswith(mail,'contoso.example')", `?$search="displayName:anna"`} {
		v.want(v.call(anna, "GET", "/v1.0/users"+query, ""), 400, "Request_UnsupportedQuery")
		got := v.call(anna, "GET", "/v1.0/users"+query+"&$count=true", "", "ConsistencyLevel", "eventual")
		if got.status != 200 || !slices.Equal(got.names("displayName"), []string{"Anna Berg"}) || got.body["@odata.count"] != 1.0 {
			t.Errorf("%s as an advanced query: %d %s", query, got.status, got.raw)
		}
	}
	for _, query := range []string{"?$filter=displayName", "?$filter=nobody eq 1", "?$top=0", "?$top=1000", "?$expand=shoes"} {
		if got := v.call(anna, "GET", "/v1.0/users"+query, ""); got.status != 400 || got.code() == "" {
			t.Errorf("%s: %d %s", query, got.status, got.raw)
		}
	}
	v.want(v.call(anna, "GET", "/v1.0/users/$count", ""), 400, "Request_BadRequest")
}

func TestCountIsPlainText(t *testing.T) {
	v := newTown(t)
	// A number is JSON as well, but no object: the helper cannot read it.
	r := v.request(v.asUser(v.anna, everything), "GET", "/v1.0/users/$count", "")
	r.Header.Set("ConsistencyLevel", "eventual")
	if got := v.raw(r); got.raw != "2" || got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("%d %s %q", got.status, got.header, got.raw)
	}
}

func TestPagesOfUsers(t *testing.T) {
	v := newTown(t)
	for i := range 12 {
		must(v.customer.AddUser(world.User{Name: fmt.Sprintf("User %02d", i), UPN: fmt.Sprintf("u%02d", i)}))(t)
	}
	anna := v.asUser(v.anna, everything)
	seen, next := []string{}, "/v1.0/users?$top=5&$select=displayName&$filter=startswith(displayName,'User')"
	for pages := 0; next != ""; pages++ {
		got := v.call(anna, "GET", next, "")
		if got.status != 200 || pages > 3 {
			t.Fatalf("%s: %d %s", next, got.status, got.raw)
		}
		seen = append(seen, got.names("displayName")...)
		link := got.text("@odata.nextLink")
		if link != "" && !strings.HasPrefix(link, origin+"/v1.0/users?") {
			t.Fatalf("the link leads to %s", link)
		}
		next = strings.TrimPrefix(link, origin)
	}
	if len(seen) != 12 || !slices.IsSorted(seen) {
		t.Errorf("%v", seen)
	}
	v.want(v.call(anna, "GET", "/v1.0/users?$skiptoken=x", ""), 400, "Directory_ExpiredPageToken")
}

func TestLifeOfAUser(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("ursula", "User Administrator")
	got := v.call(admin, "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"Bo Lind","mailNickname":"bo","userPrincipalName":"bo@contoso.example","jobTitle":"Clerk","passwordProfile":{"password":"first","forceChangePasswordNextSignIn":false}}`)
	if got.status != 201 || got.text("jobTitle") != "Clerk" || !strings.HasSuffix(got.header.Get("Location"), "/users/"+got.text("id")) || strings.Contains(got.raw, "first") {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	at := "/v1.0/users/" + got.text("id")
	v.want(v.call(admin, "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"Bo","mailNickname":"bo","userPrincipalName":"BO@contoso.example","passwordProfile":{"password":"x"}}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"Bo","mailNickname":"bo","userPrincipalName":"bo@elsewhere.example","passwordProfile":{"password":"x"}}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "POST", "/v1.0/users", `{"displayName":"Bo"}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "PATCH", at, `{"accountEnabled":false,"department":"Sales","passwordProfile":{"password":"second"}}`), 204, "")
	bo, _ := v.customer.UserNamed("bo@contoso.example")
	if !bo.Disabled || bo.Password != "second" || v.customer.Details(bo.ID)["department"] != "Sales" {
		t.Errorf("%+v %v", bo, v.customer.Details(bo.ID))
	}
	v.want(v.call(admin, "PATCH", at, `{"shoeSize":4}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "PATCH", at, `{"jobTitle":4}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "PATCH", at, `{"id":"4"}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "PATCH", at, `{"jobTitle":`), 400, "BadRequest")
	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	v.want(v.call(admin, "GET", at, ""), 404, "Request_ResourceNotFound")
	for _, e := range v.world.History() {
		if e.Kind == world.UserRemoved && (e.By.Name != "ursula@contoso.example" || e.Answered.IsZero()) {
			t.Errorf("the history says %+v", e)
		}
	}
}

func TestRevokedSessions(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	v.move(time.Minute)
	if got := v.call(anna, "POST", "/v1.0/me/revokeSignInSessions", ""); got.status != 200 || got.body["value"] != true {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if u, _ := v.world.User(v.customer.ID, v.anna.ID); !u.ValidFrom.Equal(v.Now()) {
		t.Errorf("%+v", u)
	}
	v.want(v.call(anna, "POST", "/v1.0/users/"+v.guest.ID.String()+"/revokeSignInSessions", ""), 403, "Authorization_RequestDenied")
	_, helpdesk := v.admin("hal", "Helpdesk Administrator")
	v.want(v.call(helpdesk, "POST", "/v1.0/users/"+v.guest.ID.String()+"/revokeSignInSessions", ""), 200, "")
}

// TestWhoMayDoWhat is R16 and the two halves of a permission.
func TestWhoMayDoWhat(t *testing.T) {
	v := newTown(t)
	boss, global := v.admin("greta", "Global Administrator")
	_, helpdesk := v.admin("hal", "Helpdesk Administrator")
	_, users := v.admin("ursula", "User Administrator")
	_, auth := v.admin("pia", "Privileged Authentication Administrator")
	anna, guest := v.asUser(v.anna, everything), v.asUser(v.guest, everything)
	list, self, off := "/v1.0/users", "/v1.0/me", `{"accountEnabled":false}`
	of := func(u world.User) string { return "/v1.0/users/" + u.ID.String() }
	for _, test := range []struct {
		name, token, method, path, body string
		status                          int
	}{
		{"a member reads the directory", anna, "GET", list, "", 200},
		{"a guest does not", guest, "GET", list, "", 403},
		{"but himself", guest, "GET", self, "", 200},
		{"a guest with Directory Readers does", v.asRole(v.guest, everything, "Directory Readers"), "GET", list, "", 200},
		{"and so with any other role", v.asRole(v.guest, everything, "License Administrator"), "GET", list, "", 200},
		{"a member changes nobody", anna, "PATCH", of(v.guest), off, 403},
		{"nor makes users", anna, "POST", list, `{}`, 403},
		{"a member without the scope reads nobody", v.asUser(v.anna, "User.Read"), "GET", list, "", 403},
		{"a role without the scope does nothing", v.asRole(boss, "User.Read", "Global Administrator"), "PATCH", of(v.anna), off, 403},
		{"a user administrator disables members", users, "PATCH", of(v.anna), off, 204},
		{"a helpdesk administrator resets passwords", helpdesk, "PATCH", of(v.anna), `{"passwordProfile":{"password":"x"}}`, 204},
		{"and does not disable", helpdesk, "PATCH", of(v.anna), off, 403},
		{"nobody less touches an administrator (R15)", users, "PATCH", of(boss), off, 403},
		{"nor resets his password", helpdesk, "PATCH", of(boss), `{"passwordProfile":{"password":"x"}}`, 403},
		{"nor deletes him", users, "DELETE", of(boss), "", 403},
		{"one for privileged authentication does", auth, "PATCH", of(boss), `{"passwordProfile":{"password":"x"}}`, 204},
		{"a global administrator does all", global, "PATCH", of(v.guest), off, 204},
		{"an application with the permission reads", v.asApp("User.Read.All"), "GET", list, "", 200},
		{"one without does not", v.asApp("Group.Read.All"), "GET", list, "", 403},
		{"one that reads does not write", v.asApp("User.Read.All"), "PATCH", of(v.anna), off, 403},
		{"one that writes does", v.asApp("User.ReadWrite.All"), "PATCH", of(v.anna), off, 204},
		{"but not administrators", v.asApp("User.ReadWrite.All"), "PATCH", of(boss), off, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := v.call(test.token, test.method, test.path, test.body)
			if got.status != test.status || test.status == 403 && got.code() != "Authorization_RequestDenied" {
				t.Errorf("%d %s", got.status, got.raw)
			}
		})
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	v := newTown(t)
	good := token.Claims{Tenant: v.customer.ID.String(), Object: v.anna.ID.String(), IDType: "user", Scopes: everything}
	for name, bearer := range map[string]string{
		"none": "", "no token": "x.y.z",
		"for ARM":             v.sign(token.Claims{Audience: "https://management.azure.com", Tenant: good.Tenant, Object: good.Object}),
		"of an unknown house": v.sign(token.Claims{Tenant: "11111111-2222-4333-8444-555555555555", Object: good.Object}),
	} {
		got := v.call(bearer, "GET", "/v1.0/me", "")
		if got.status != 401 || got.code() != "InvalidAuthenticationToken" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	plain := v.sign(good)
	good.XMSCC = []string{"CP1"}
	capable := v.sign(good)
	if got := v.call(capable, "GET", "/v1.0/me", ""); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	v.move(time.Second)
	if err := v.world.RevokeSessions(v.anna.Account()); err != nil {
		t.Fatal(err)
	}
	if got := v.call(plain, "GET", "/v1.0/me", ""); got.status != 200 {
		t.Errorf("a client that knows no challenges: %d", got.status)
	}
	if got := v.call(capable, "GET", "/v1.0/me", ""); got.status != 401 || !strings.Contains(got.header.Get("WWW-Authenticate"), `error="insufficient_claims"`) {
		t.Errorf("after its session was revoked: %d %v", got.status, got.header)
	}
	v.move(2 * time.Hour)
	if got := v.call(plain, "GET", "/v1.0/me", ""); got.status != 401 || strings.Contains(got.header.Get("WWW-Authenticate"), "insufficient_claims") {
		t.Errorf("expired: %d %v", got.status, got.header)
	}
}

func TestNewObjectsReachListsLater(t *testing.T) {
	v := newTown(t, func(o *world.Options) { o.Delays.Principal = time.Minute })
	v.move(time.Hour)
	anna := v.asUser(v.anna, everything)
	bo := must(v.customer.AddUser(world.User{Name: "Bo", UPN: "bo"}))(t)
	if got := v.call(anna, "GET", "/v1.0/users?$filter=displayName eq 'Bo'", ""); len(got.names("id")) != 0 {
		t.Errorf("at once: %s", got.raw)
	}
	if got := v.call(anna, "GET", "/v1.0/users/"+bo.ID.String(), ""); got.status != 200 {
		t.Errorf("by its id: %s", got.raw)
	}
	v.move(time.Minute)
	if got := v.call(anna, "GET", "/v1.0/users?$filter=displayName eq 'Bo'", ""); len(got.names("id")) != 1 {
		t.Errorf("later: %s", got.raw)
	}
}
