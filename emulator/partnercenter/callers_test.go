package partnercenter_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/emulator/partnercenter"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

func TestCallersThatAreRefused(t *testing.T) {
	v := newTown(t)
	of := "/v1/customers/" + v.customer.ID.String()
	claims := token.Claims{Audience: ours, Tenant: v.partner.ID.String(), Object: v.ada.ID.String(), UPN: v.ada.UPN, IDType: "user", AppID: v.app.ID.String(), AMR: []string{"pwd", "mfa"}}
	with := func(change func(*token.Claims)) string {
		c := claims
		change(&c)
		return v.sign(c)
	}
	stale := v.as(v.ada)
	for _, test := range []struct {
		name, token, method, path string
		status                    int
		code                      string
	}{
		{"nobody", "", "GET", "/v1/customers", 401, "800001"},
		{"no token at all", "rubbish", "GET", "/v1/customers", 401, "400"},
		{"a token for the old directory API", with(func(c *token.Claims) { c.Audience = "https://graph.windows.net" }), "GET", "/v1/customers", 401, "900420"},
		{"a person without a second factor", with(func(c *token.Claims) { c.AMR = []string{"pwd"} }), "GET", "/v1/customers", 401, "900421"},
		{"somebody of a tenant that is no partner", with(func(c *token.Claims) { c.Tenant, c.Object = v.customer.ID.String(), v.anna.ID.String() }), "GET", "/v1/customers", 403, "2032"},
		{"somebody who has gone", with(func(c *token.Claims) { c.Object = v.anna.ID.String() }), "GET", "/v1/customers", 401, "400"},
		{"a person without any role", v.as(v.rita), "GET", "/v1/customers", 403, "2032"},
		{"a helpdesk agent, about subscriptions (R9)", v.as(v.hal), "GET", of + "/subscriptions", 403, "2032"},
		{"a sales agent, about removing the relationship", v.as(v.sam), "PATCH", of, 403, "2032"},
		{"an application alone, where a person is needed", v.alone(v.app), "GET", "/v1/customers/relationshiprequests", 403, "900329"},
		{"an application alone, among a customer's users", v.alone(v.app), "GET", of + "/users", 403, "900329"},
		{"an application of another tenant", v.alone(must(v.customer.AddApp(registry.App{Name: "Thief", Secret: "x"}))(t)), "GET", "/v1/customers", 403, "2032"},
		{"somebody else's customer", v.as(v.ada), "GET", "/v1/customers/" + v.stranger.ID.String(), 403, "20002"},
		{"a customer who does not exist", v.as(v.ada), "GET", "/v1/customers/11111111-2222-4333-8444-555555555555", 404, "60003"},
		{"a customer id that is none", v.as(v.ada), "GET", "/v1/customers/contoso", 400, "800002"},
		{"an address that is none", v.as(v.ada), "GET", "/v1/nothing", 404, "1000"},
		{"no version", v.as(v.ada), "GET", "/customers", 404, "1000"},
		{"a path that climbs", v.as(v.ada), "GET", "/v1/customers/%2e%2e", 400, "800002"},
		{"a method that is not served", v.as(v.ada), "PUT", "/v1/customers", 405, "0"},
		{"users of a customer who gave no role (R11)", v.as(v.ada), "GET", of + "/users", 403, "900308"},
		{"a partner's agent who cancels without being Global Administrator", v.as(v.ada), "POST", of + "/subscriptions/x/azureEntitlements/y/cancel", 403, "2032"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(v.world.History())
			got := v.call(test.token, test.method, test.path, "{}")
			if got.status != test.status || got.text("code") != test.code || got.text("description") == "" || got.text("source") == "" {
				t.Errorf("answered %d %s, want %d %s", got.status, got.raw, test.status, test.code)
			}
			if test.status == 401 && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
			}
			if len(v.world.History()) != before {
				t.Error("something was changed")
			}
		})
	}
	v.move(2 * time.Hour)
	if got := v.call(stale, "GET", "/v1/customers", ""); got.status != 401 || got.text("code") != "400" {
		t.Errorf("an expired token: %d %s", got.status, got.raw)
	}
}

func TestCallersWhoMay(t *testing.T) {
	v := newTown(t)
	for name, bearer := range map[string]string{"admin agent": v.as(v.ada), "helpdesk agent": v.as(v.hal), "sales agent": v.as(v.sam), "application": v.alone(v.app)} {
		if got := v.call(bearer, "GET", "//V1//Customers", ""); got.status != 200 || !slices.Equal(got.items("id"), []string{v.customer.ID.String()}) {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	nested := must(v.partner.AddUser(world.User{Name: "Nell", UPN: "nell"}))(t)
	shift := must(v.partner.AddGroup(world.Group{Name: "Night shift"}))(t)
	check(t, v.partner.AddMember(shift.ID, nested.ID))
	check(t, v.partner.AddMember(v.admins.ID, shift.ID))
	if got := v.call(v.as(nested), "GET", "/v1/customers", ""); got.status != 200 {
		t.Errorf("an admin agent through a nested group: %d %s", got.status, got.raw)
	}
}

func TestHeaders(t *testing.T) {
	v := newTown(t)
	const id = "3b5a0a9c-8f7e-4a61-9c2d-0e1f2a3b4c5d"
	got := v.call(v.as(v.ada), "GET", "/v1/customers", "", "MS-RequestId", id, "MS-CorrelationId", id, "ValidateMfa", "true", "MS-CV", "abc")
	for name, want := range map[string]string{"MS-RequestId": id, "MS-CorrelationId": id, "isMfaCompliant": "true", "x-emulator": "latchkey", "MS-CV": "abc.0"} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	got = v.call("", "GET", "/v1/customers", "", "MS-RequestId", "x\r\ny")
	if v := got.header.Get("MS-RequestId"); len(v) != 36 || got.header.Get("MS-CorrelationId") == "" || got.header.Get("MS-ServerId") == "" {
		t.Errorf("headers of a refusal: %v", got.header)
	}
	lone := v.sign(token.Claims{Audience: ours, Tenant: v.partner.ID.String(), Object: v.ada.ID.String(), IDType: "user", AMR: []string{"pwd"}})
	if got := v.call(lone, "GET", "/v1/customers", "", "ValidateMfa", "true"); got.status != 401 || got.header.Get("isMfaCompliant") != "false" {
		t.Errorf("without a second factor: %d %v", got.status, got.header)
	}
}

func TestThrottling(t *testing.T) {
	v := newTown(t, func(o *partnercenter.Options) { o.Throttle = true })
	ada := v.as(v.ada)
	for range 500 {
		if got := v.call(ada, "GET", "/v1/customers", ""); got.status != 200 {
			t.Fatal(got.status)
		}
	}
	got := v.call(ada, "GET", "/v1/customers", "")
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" || got.body["statusCode"] != float64(429) || !strings.HasPrefix(got.text("message"), "Rate limit is exceeded. Try again in 60 seconds") {
		t.Errorf("%d %v %s", got.status, got.header, got.raw)
	}
	v.move(time.Minute)
	if got := v.call(ada, "GET", "/v1/customers", ""); got.status != 200 {
		t.Errorf("a minute later: %d", got.status)
	}
}

// TestTokensOutliveTheirSessions: Partner Center is none of the services that
// evaluate access continuously.
func TestTokensOutliveTheirSessions(t *testing.T) {
	v := newTown(t)
	ada := v.sign(token.Claims{
		Audience: ours, Tenant: v.partner.ID.String(), Object: v.ada.ID.String(), IDType: "user", AppID: v.app.ID.String(), AMR: []string{"pwd", "mfa"}, XMSCC: []string{"CP1"},
	})
	v.move(time.Second)
	check(t, v.world.RevokeSessions(v.ada.Account()))
	if got := v.call(ada, "GET", "/v1/customers", ""); got.status != 200 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	v.move(2 * time.Hour)
	if got := v.call(ada, "GET", "/v1/customers", ""); got.status != 401 {
		t.Errorf("expired: %d %s", got.status, got.raw)
	}
}
