package emulator_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// userToken signs a person in at the tenant and gives his ARM token.
func (v *town) userToken(tb testing.TB, at world.Tenant, account, password string) string {
	tb.Helper()
	back := newBrowser(tb, v.server.Transport()).signIn(tb, v.authorizeURL(at.ID.String(), "scope", "openid "+audience+"/.default"), account, password)
	_, body := v.token(tb, at.ID.String(), v.codeForm(back.Get("code")))
	if body.AccessToken == "" {
		tb.Fatalf("no token: %s", body.Description)
	}
	return body.AccessToken
}

// forged signs any claims with the emulator's key, for tokens Entra would not issue.
func forged(tb testing.TB, c token.Claims) string {
	tb.Helper()
	raw, err := token.NewKey(signingKey).Sign(c)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func (v *town) assignmentPath(scope csp.Scope, name string) string {
	return strings.TrimSuffix(scope.String(), "/") + "/providers/Microsoft.Authorization/roleAssignments/" + name
}

func put(role csp.RoleDefinition, principal csp.ObjectID, kind string, more ...string) string {
	properties := map[string]string{"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + role.ID.String(), "principalId": principal.String()}
	if kind != "" {
		properties["principalType"] = kind
	}
	for i := 0; i+1 < len(more); i += 2 {
		properties[more[i]] = more[i+1]
	}
	raw, err := json.Marshal(map[string]any{"properties": properties})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func newName() string { return world.NewID[csp.RoleAssignment]().String() }

// TestStory is what the product is for, by hand: refused, granted, done,
// taken away, refused again.
func TestStory(t *testing.T) {
	v := newTown(t)
	james, portal := v.userToken(t, v.customer, "James Holt", "raven"), v.portalToken(t)
	restart, name := v.vm.Scope.String()+"/restart", newName()
	expect := func(what string, status int, body armBody, wantStatus int, wantCode string) {
		t.Helper()
		if status != wantStatus || body.Error.Code != wantCode {
			t.Fatalf("%s: %d %s %s, want %d %s", what, status, body.Error.Code, body.Error.Message, wantStatus, wantCode)
		}
	}
	status, body := v.call(t, james, http.MethodPost, restart, "")
	expect("restart without a right", status, body, 403, "AuthorizationFailed")
	status, body = v.call(t, portal, http.MethodPut, v.assignmentPath(v.group.Scope, name), put(powerOn, v.guest.ID, "User", "description", "note"))
	expect("the portal grants", status, body, 201, "")
	status, body = v.call(t, james, http.MethodPost, restart, "")
	expect("restart with the right", status, body, 200, "")
	status, body = v.call(t, james, http.MethodPost, v.vm.Scope.String()+"/runCommand", `{"commandId":"RunShellScript"}`)
	expect("run a command, which the role does not allow", status, body, 403, "AuthorizationFailed")
	status, body = v.call(t, portal, http.MethodDelete, v.assignmentPath(v.group.Scope, name), "")
	expect("the portal revokes", status, body, 200, "")
	status, body = v.call(t, james, http.MethodPost, restart, "")
	expect("restart without the right again", status, body, 403, "AuthorizationFailed")

	if vm, _ := v.world.VM(v.vm.Scope); vm.Restarts != 1 {
		t.Errorf("restarted %d times, want once", vm.Restarts)
	}
	held := world.Intervals(v.world.History())
	last := held[len(held)-1]
	if last.Assignment.Principal != v.guest.ID || last.To.IsZero() || last.Assignment.Description != "note" {
		t.Errorf("the history has %+v", last)
	}
}

func TestRunCommandNeedsItsOwnAction(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: vmContrib.ID, Principal: v.guest.ID}))(t)
	james := v.userToken(t, v.customer, "James Holt", "raven")
	status, body := v.call(t, james, http.MethodPost, v.vm.Scope.String()+"/runCommand", `{"commandId":"RunShellScript","script":["id"]}`)
	if status != 200 {
		t.Fatalf("%d %s", status, body.Error.Message)
	}
	if vm, _ := v.world.VM(v.vm.Scope); vm.Commands != 1 {
		t.Errorf("%d commands, want one", vm.Commands)
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	v := newTown(t)
	good := v.portalToken(t)
	claims := claimsOf(t, v, good)
	change := func(f func(*token.Claims)) string {
		c := claims
		f(&c)
		return forged(t, c)
	}
	parts := strings.Split(good, ".")
	for _, test := range []struct {
		name, token, code string
	}{
		{"none", "", "AuthenticationFailed"},
		{"no token at all", "nonsense", "InvalidAuthenticationToken"},
		{"one with its signature cut off", parts[0] + "." + parts[1] + ".", "InvalidAuthenticationToken"},
		{"one that says it needs no signature", "eyJhbGciOiJub25lIn0." + parts[1] + ".", "InvalidAuthenticationToken"},
		{"one with other claims under the same signature", parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], "InvalidAuthenticationToken"},
		{"one of the size of a book", strings.Repeat("a", 80<<10) + ".b.c", "InvalidAuthenticationToken"},
		{"one for Graph", change(func(c *token.Claims) { c.Audience = "https://graph.microsoft.com" }), "InvalidAuthenticationTokenAudience"},
		{"an identity token's issuer", change(func(c *token.Claims) { c.Issuer = login + "/" + c.Tenant + "/v2.0" }), "InvalidAuthenticationToken"},
		{"one from tomorrow", change(func(c *token.Claims) { c.NotBefore += 86400; c.Expires += 86400 }), "InvalidAuthenticationToken"},
		{"an expired one", change(func(c *token.Claims) { c.Expires = v.clock.Now().Unix() }), "ExpiredAuthenticationToken"},
		{"one of the partner's tenant", v.appToken(t, v.partner, v.app), "InvalidAuthenticationTokenTenant"},
		{"one of a tenant that is not there", change(func(c *token.Claims) {
			c.Tenant = newName()
			c.Issuer = "https://sts.windows.net/" + c.Tenant + "/"
		}), "InvalidAuthenticationToken"},
		{"one without an object", change(func(c *token.Claims) { c.Object = "" }), "InvalidAuthenticationToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := v.call(t, test.token, http.MethodGet, v.group.Scope.String(), "")
			if status != 401 || body.Error.Code != test.code || body.header.Get("WWW-Authenticate") == "" {
				t.Errorf("answered %d %s %q", status, body.Error.Code, body.Error.Message)
			}
		})
	}
	t.Run("a good one, for comparison", func(t *testing.T) {
		if status, body := v.call(t, good, http.MethodGet, v.group.Scope.String(), ""); status != 200 {
			t.Errorf("answered %d %s", status, body.Error.Message)
		}
	})
	t.Run("a good one an hour later", func(t *testing.T) {
		v.clock.Move(time.Hour)
		if status, body := v.call(t, good, http.MethodGet, v.group.Scope.String(), ""); status != 401 || body.Error.Code != "ExpiredAuthenticationToken" {
			t.Errorf("answered %d %s", status, body.Error.Code)
		}
	})
}

func TestWhoSeesWhat(t *testing.T) {
	v := newTown(t)
	other := must(v.customer.AddSubscription(csp.Subscription{Name: "Contoso test"}))(t)
	list := func(t *testing.T, token, path string) []string {
		t.Helper()
		status, body := v.call(t, token, http.MethodGet, path, "")
		if status != 200 {
			t.Fatalf("%d %s", status, body.Error.Message)
		}
		got := []string{}
		for _, one := range body.Value {
			got = append(got, one.ID)
		}
		return got
	}
	james := v.userToken(t, v.customer, "James Holt", "raven")
	t.Run("a guest without a role sees no subscription", func(t *testing.T) {
		if got := list(t, james, "/subscriptions"); len(got) != 0 {
			t.Errorf("sees %v", got)
		}
		if status, body := v.call(t, james, http.MethodGet, v.sub.Scope().String(), ""); status != 404 || body.Error.Code != "SubscriptionNotFound" {
			t.Errorf("%d %s", status, body.Error.Code)
		}
	})
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.vm.Scope, Role: reader.ID, Principal: v.guest.ID}))(t)
	t.Run("a role on one machine shows its subscription, and only that one (R30)", func(t *testing.T) {
		if got := list(t, james, "/subscriptions"); len(got) != 1 || !strings.Contains(got[0], v.sub.ID.String()) {
			t.Errorf("sees %v, and not %s", got, other.ID)
		}
	})
	t.Run("a token of the home tenant shows nothing of the customer's (R30)", func(t *testing.T) {
		if got := list(t, v.userToken(t, v.partner, "James Holt", "raven"), "/subscriptions"); len(got) != 0 {
			t.Errorf("sees %v", got)
		}
	})
	t.Run("tenants are the home and those one is a guest of", func(t *testing.T) {
		if got := list(t, james, "/tenants"); len(got) != 2 || !strings.Contains(got[0], v.partner.ID.String()) || !strings.Contains(got[1], v.customer.ID.String()) {
			t.Errorf("sees %v", got)
		}
		if got := list(t, v.portalToken(t), "/tenants"); len(got) != 1 {
			t.Errorf("an application sees %v", got)
		}
	})
	t.Run("groups and machines are listed as far as they may be read", func(t *testing.T) {
		if got := list(t, james, v.sub.Scope().String()+"/resourcegroups"); len(got) != 0 {
			t.Errorf("groups %v", got)
		}
		if got := list(t, james, v.sub.Scope().String()+"/providers/Microsoft.Compute/virtualMachines"); len(got) != 1 {
			t.Errorf("machines %v", got)
		}
		if got := list(t, v.portalToken(t), v.sub.Scope().String()+"/resourceGroups"); len(got) != 1 {
			t.Errorf("the portal's groups %v", got)
		}
	})
	t.Run("permissions are the caller's own", func(t *testing.T) {
		_, body := v.call(t, james, http.MethodGet, v.vm.Scope.String()+"/providers/Microsoft.Authorization/permissions", "")
		if len(body.Value) != 1 || !slices.Equal(body.Value[0].Actions, []string{"*/read"}) {
			t.Errorf("%+v", body.Value)
		}
		if _, body := v.call(t, james, http.MethodGet, v.group.Scope.String()+"/providers/Microsoft.Authorization/permissions", ""); len(body.Value) != 0 {
			t.Errorf("above the machine: %+v", body.Value)
		}
	})
	t.Run("locks are listed with the inherited ones", func(t *testing.T) {
		for name, scope := range map[string]csp.Scope{"above": v.sub.Scope(), "here": v.group.Scope, "below": v.vm.Scope} {
			if err := v.world.AddLock(world.Lock{Name: name, Scope: scope, Level: world.CanNotDelete}); err != nil {
				t.Fatal(err)
			}
		}
		path := v.group.Scope.String() + "/providers/Microsoft.Authorization/locks"
		if got := list(t, v.portalToken(t), path); len(got) != 3 {
			t.Errorf("all: %v", got)
		}
		if got := list(t, v.portalToken(t), path+"?$filter=atScope()"); len(got) != 2 {
			t.Errorf("at the scope: %v", got)
		}
	})
}

func TestRoleDefinitions(t *testing.T) {
	v := newTown(t)
	portal := v.portalToken(t)
	must(v.customer.AddRole(csp.RoleDefinition{Name: "Restarter", Permissions: []csp.Permission{{Actions: []string{"Microsoft.Compute/virtualMachines/restart/action"}}}}))(t)
	base := v.group.Scope.String() + "/providers/Microsoft.Authorization/roleDefinitions"
	t.Run("all of them", func(t *testing.T) {
		if _, body := v.call(t, portal, http.MethodGet, base, ""); len(body.Value) != 929 {
			t.Errorf("%d definitions, want the 928 built-in ones and one more", len(body.Value))
		}
	})
	t.Run("by name, with the subscription in the id", func(t *testing.T) {
		_, body := v.call(t, portal, http.MethodGet, base+"?$filter=roleName+eq+'owner'", "")
		if len(body.Value) != 1 || body.Value[0].ID != v.sub.Scope().String()+"/providers/Microsoft.Authorization/roleDefinitions/"+owner.ID.String() {
			t.Errorf("%+v", body.Value)
		}
	})
	t.Run("the custom ones", func(t *testing.T) {
		if _, body := v.call(t, portal, http.MethodGet, base+"?$filter=type+eq+'CustomRole'", ""); len(body.Value) != 1 || body.Value[0].Properties.RoleName != "Restarter" {
			t.Errorf("%+v", body.Value)
		}
	})
	t.Run("one, and one that is not there", func(t *testing.T) {
		if status, body := v.call(t, portal, http.MethodGet, base+"/"+reader.ID.String(), ""); status != 200 || body.Name != reader.ID.String() {
			t.Errorf("%d %s", status, body.Error.Message)
		}
		if status, body := v.call(t, portal, http.MethodGet, base+"/"+newName(), ""); status != 404 || body.Error.Code != "RoleDefinitionDoesNotExist" {
			t.Errorf("%d %s", status, body.Error.Code)
		}
	})
	t.Run("not for everybody", func(t *testing.T) {
		if status, _ := v.call(t, v.userToken(t, v.customer, "James Holt", "raven"), http.MethodGet, base, ""); status != 403 {
			t.Errorf("answered %d", status)
		}
	})
}

func TestResourceGroups(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.anna.ID}))(t)
	anna, path := v.userToken(t, v.customer, "Anna Berg", "conto"), v.sub.Scope().String()+"/resourcegroups/rg-new"
	for i, step := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{http.MethodGet, path, "", 404, "ResourceGroupNotFound"},
		{http.MethodHead, path, "", 404, ""},
		{http.MethodPut, path, `{}`, 400, "LocationRequired"},
		{http.MethodPut, path, `{"location":"northeurope"}`, 201, ""},
		{http.MethodPut, strings.ToUpper(path), `{"location":"northeurope","tags":{"a":"b"}}`, 200, ""},
		{http.MethodHead, path, "", 204, ""},
		{http.MethodGet, path, "", 200, ""},
		{http.MethodPatch, path, `{"tags":{"a":"c"}}`, 200, ""},
		{http.MethodPut, path, `{"location":"westeurope"}`, 409, "InvalidResourceGroupLocation"},
		{http.MethodPut, path + "2", `{"location":"atlantis"}`, 400, "LocationNotAvailableForResourceGroup"},
		{http.MethodPost, path, "", 405, "HttpMethodNotSupported"},
		{http.MethodDelete, path, "", 200, ""},
		{http.MethodDelete, path, "", 404, "ResourceGroupNotFound"},
		{http.MethodPut, path + ".", `{"location":"northeurope"}`, 400, "BadRequest"},
	} {
		r := must(http.NewRequestWithContext(t.Context(), step.method, arm+step.path+"?api-version=2021-04-01", strings.NewReader(step.body)))(t)
		r.Header.Set("Authorization", "Bearer "+anna)
		got := v.send(t, r)
		if got.status != step.status || (step.code != "" && !strings.Contains(string(got.body), `"`+step.code+`"`)) {
			t.Errorf("step %d, %s: %d %s", i+1, step.method, got.status, got.body)
		}
	}
	if status, _ := v.call(t, v.portalToken(t), http.MethodPut, path, `{"location":"northeurope"}`); status != 403 {
		t.Errorf("the portal may write groups: %d", status)
	}
}

func TestPaths(t *testing.T) {
	v := newTown(t)
	portal := v.portalToken(t)
	sub := v.sub.Scope().String()
	for _, test := range []struct {
		name, path string
		status     int
		code       string
	}{
		{"as it is", sub + "/resourceGroups/rg-desktops", 200, ""},
		{"in capitals", strings.ToUpper(sub + "/resourceGroups/rg-desktops"), 200, ""},
		{"with doubled slashes", "/" + strings.ReplaceAll(sub, "/", "//") + "//resourcegroups//rg-desktops/", 200, ""},
		{"with quotes around the id", "/subscriptions/'" + v.sub.ID.String() + "'/resourceGroups/rg-desktops", 400, "InvalidSubscriptionId"},
		{"with an encoded slash", sub + "/resourceGroups/rg%2Fdesktops", 400, "InvalidRequestUri"},
		{"climbing", sub + "/resourceGroups/../x", 400, "InvalidRequestUri"},
		{"climbing in disguise", sub + "/resourceGroups/%2e%2e/x", 400, "InvalidRequestUri"},
		{"with too many segments", sub + strings.Repeat("/a", 100), 400, "InvalidRequestUri"},
		{"too long", sub + "/" + strings.Repeat("a", 5000), 414, "RequestUriTooLong"},
		{"of a provider that is not Microsoft's", sub + "/providers/Nobody.Here/things", 404, "InvalidResourceNamespace"},
		{"of a type that its provider does not have", sub + "/providers/Microsoft.Authorization/things", 404, "InvalidResourceType"},
		{"of a type that is only kept", sub + "/providers/Microsoft.Web/sites", 200, ""},
		{"of a subscription that is not there", "/subscriptions/" + newName() + "/resourceGroups/rg", 404, "SubscriptionNotFound"},
		{"of a scope that is none", "/nowhere/providers/Microsoft.Authorization/roleAssignments", 400, "BadRequest"},
		{"the root", "/", 404, "InvalidResourceType"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := v.call(t, portal, http.MethodGet, test.path, "")
			if status != test.status || body.Error.Code != test.code {
				t.Errorf("answered %d %s %q", status, body.Error.Code, body.Error.Message)
			}
		})
	}
	for version, want := range map[string]string{"": "MissingApiVersionParameter", "1999-01-01": "InvalidApiVersionParameter", "2021-04-01 2022-04-01": "InvalidApiVersionParameter"} {
		t.Run("api-version "+version, func(t *testing.T) {
			status, body := v.call(t, portal, http.MethodGet, sub+"?api-version="+url.QueryEscape(version), "")
			if status != 400 || body.Error.Code != want {
				t.Errorf("answered %d %s", status, body.Error.Code)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	v := newTown(t)
	correlation := newName()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, arm+v.group.Scope.String()+"?api-version=2021-04-01", nil))(t)
	r.Header.Set("Authorization", "Bearer "+v.portalToken(t))
	r.Header.Set("x-ms-correlation-request-id", correlation)
	header := v.send(t, r).header
	if date := header.Get("Date"); date != "Mon, 02 Nov 2026 09:00:00 GMT" {
		t.Errorf("Date is %s: not the world's", date)
	}
	if header.Get("x-ms-correlation-request-id") != correlation || header.Get("x-ms-request-id") == "" || header.Get("x-emulator") != "latchkey" {
		t.Errorf("headers %v", header)
	}
	if left := header.Get("x-ms-ratelimit-remaining-subscription-reads"); left != "249" {
		t.Errorf("%s reads remain, want 249", left)
	}
}

func TestThrottling(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.Throttle = true })
	portal := v.portalToken(t)
	for range 250 {
		if status, body := v.call(t, portal, http.MethodGet, v.group.Scope.String(), ""); status != 200 {
			t.Fatalf("%d %s", status, body.Error.Message)
		}
	}
	status, body := v.call(t, portal, http.MethodGet, v.group.Scope.String(), "")
	if status != 429 || body.Error.Code != "SubscriptionRequestsThrottled" || body.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s, Retry-After %q", status, body.Error.Code, body.header.Get("Retry-After"))
	}
	v.clock.Move(time.Second)
	if status, _ = v.call(t, portal, http.MethodGet, v.group.Scope.String(), ""); status != 200 {
		t.Errorf("a second later: %d", status)
	}
}

func TestGroupsAreFrozenInTheToken(t *testing.T) {
	v := newTown(t)
	helpers := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: powerOn.ID, Principal: helpers.ID}))(t)
	if err := v.customer.AddMember(helpers.ID, v.guest.ID); err != nil {
		t.Fatal(err)
	}
	token, restart := v.userToken(t, v.customer, "James Holt", "raven"), v.vm.Scope.String()+"/restart"
	if err := v.customer.RemoveMember(helpers.ID, v.guest.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := v.call(t, token, http.MethodPost, restart, ""); status != 200 {
		t.Errorf("with the old token: %d, want 200: a token outlives a membership", status)
	}
	if status, _ := v.call(t, v.userToken(t, v.customer, "James Holt", "raven"), http.MethodPost, restart, ""); status != 403 {
		t.Errorf("with a new token: %d, want 403", status)
	}
}

func TestPackedBodies(t *testing.T) {
	v := newTown(t)
	portal, path := v.portalToken(t), arm+v.assignmentPath(v.group.Scope, newName())+"?api-version=2022-04-01"
	send := func(t *testing.T, body []byte) answer {
		t.Helper()
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPut, path, bytes.NewReader(body)))(t)
		r.Header.Set("Authorization", "Bearer "+portal)
		r.Header.Set("Content-Encoding", "gzip")
		return v.send(t, r)
	}
	pack := func(t *testing.T, plain string) []byte {
		t.Helper()
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if got := send(t, []byte("not packed at all")); got.status != 400 {
		t.Errorf("a body that only says it is gzip: %d %s", got.status, got.body)
	}
	if got := send(t, pack(t, strings.Repeat(" ", 64<<20))); got.status != 413 {
		t.Errorf("a small body that unpacks to 64 MiB: %d", got.status)
	}
	if got := send(t, pack(t, put(powerOn, v.guest.ID, "User"))); got.status != 201 {
		t.Errorf("a packed body: %d %s", got.status, got.body)
	}
}
