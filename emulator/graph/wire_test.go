package graph_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/emulator/graph"
	"latchkey/emulator/world"
)

func TestBatch(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	_, admin := v.admin("gus", "Groups Administrator")
	got := v.call(admin, "POST", "/v1.0/$batch", `{"requests":[
		{"id":"4","method":"GET","url":"/groups/`+g.ID.String()+`/members","dependsOn":["2"]},
		{"id":"1","method":"GET","url":"/users/nobody@contoso.example"},
		{"id":"2","method":"PATCH","url":"groups/`+g.ID.String()+`","headers":{"Content-Type":"application/json"},"body":{"members@odata.bind":["https://graph.microsoft.com/v1.0/directoryObjects/`+v.anna.ID.String()+`"]}},
		{"id":"3","method":"GET","url":"/me","dependsOn":["1"]},
		{"id":"5","method":"PATCH","url":"/groups/`+g.ID.String()+`","body":{"displayName":"x"}},
		{"id":"6","method":"GET","url":"/users/$count","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"7","method":"POST","url":"/$batch","headers":{"Content-Type":"application/json"},"body":{"requests":[]}}]}`)
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	want := map[string]int{"1": 404, "2": 204, "3": 424, "4": 200, "5": 400, "6": 200, "7": 400}
	responses, _ := got.body["responses"].([]any)
	for _, r := range responses {
		one, _ := r.(map[string]any)
		id, _ := one["id"].(string)
		if status, _ := one["status"].(float64); int(status) != want[id] {
			t.Errorf("%s: %v", id, one)
		}
		if id == "4" && !strings.Contains(fmt.Sprint(one["body"]), "Anna Berg") {
			t.Errorf("what it depends on was not done before: %v", one)
		}
		delete(want, id)
	}
	if len(want) != 0 {
		t.Errorf("no answer to %v", want)
	}
	var many []string
	for i := range 21 {
		many = append(many, fmt.Sprintf(`{"id":"%d","method":"GET","url":"/me"}`, i))
	}
	for _, requests := range []string{
		"", strings.Join(many, ","), `{"id":"1","method":"GET","url":"/me","dependsOn":["2"]}`, `{"id":"1","method":"GET","url":"/me"},{"id":"1","method":"GET","url":"/me"}`,
		`{"id":"1","method":"GET","url":"/me","dependsOn":["2"]},{"id":"2","method":"GET","url":"/me","dependsOn":["1"]}`,
	} {
		v.want(v.call(admin, "POST", "/v1.0/$batch", `{"requests":[`+requests+`]}`), 400, "BadRequest")
	}
}

func TestPackedRequests(t *testing.T) {
	v := newTown(t)
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	_, admin := v.admin("gus", "Groups Administrator")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(ref(v.anna.ID))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v.want(v.call(admin, "POST", "/v1.0/groups/"+g.ID.String()+"/members/$ref", packed.String(), "Content-Encoding", "gzip"), 204, "")
	v.want(v.call(admin, "POST", "/v1.0/groups/"+g.ID.String()+"/members/$ref", ref(v.guest.ID), "Content-Encoding", "gzip"), 400, "BadRequest")
	v.want(v.call(admin, "POST", "/v1.0/groups/"+g.ID.String()+"/members/$ref", strings.Repeat("x", 5<<20)), 413, "RequestBodyTooLarge")
}

func TestHeaders(t *testing.T) {
	v := newTown(t)
	id := "0c0ffee0-0000-4000-8000-000000000001"
	got := v.call(v.asUser(v.anna, everything), "GET", "/v1.0/users/nobody", "", "client-request-id", id)
	inner, _ := got.body["error"].(map[string]any)
	details, _ := inner["innerError"].(map[string]any)
	if got.header.Get("client-request-id") != id || details["client-request-id"] != id || details["request-id"] != got.header.Get("request-id") || details["date"] != "2026-11-02T09:00:00" {
		t.Errorf("%v %s", got.header, got.raw)
	}
	if got.header.Get("Date") != "Mon, 02 Nov 2026 09:00:00 GMT" || got.header.Get("x-emulator") != "latchkey" || got.header.Get("x-ms-ags-diagnostic") == "" || got.header.Get("x-ms-resource-unit") != "1" {
		t.Errorf("%v", got.header)
	}
}

func TestPaths(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	for path, want := range map[string]int{
		"/V1.0/USERS": 200, "/v1.0/users/": 200, "//v1.0///users": 200, "/beta/me": 200, "/v1.0/users('" + v.anna.ID.String() + "')": 200,
		"/v1.0/shoes": 400, "/v2.0/users": 400, "/": 400, "/v1.0": 400, "/v1.0/users/../groups": 400, "/v1.0/users%2f..": 400, "/v1.0/users%00": 400,
		"/v1.0/" + strings.Repeat("a/", 40): 400, "/v1.0/" + strings.Repeat("a", 5000): 414,
	} {
		if got := v.call(anna, "GET", path, ""); got.status != want || want != 200 && got.code() == "" {
			t.Errorf("%.60s: %d %s", path, got.status, got.raw)
		}
	}
	if got := v.call(anna, "PUT", "/v1.0/users", "{}"); got.status != 405 || got.header.Get("Allow") != "GET, POST" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := v.call(anna, "HEAD", "/v1.0/me", ""); got.status != 200 || got.raw != "" {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestThrottling(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	burst := func() (refused answer) {
		for range 1800 { // of two units each
			if got := v.call(anna, "GET", "/v1.0/users", ""); got.status != 200 {
				return got
			}
		}
		return refused
	}
	if got := burst(); got.status != 0 {
		t.Fatalf("switched off: %d %s", got.status, got.raw)
	}
	if got := v.call(anna, "GET", "/v1.0/users", ""); got.header.Get("x-ms-throttle-limit-percentage") == "" || got.header.Get("x-ms-resource-unit") != "2" {
		t.Errorf("%v", got.header)
	}
	v.handler = graph.New(graph.Options{World: v.world, Key: signingKey, Throttle: true})
	got := burst()
	if got.status != 429 || got.code() != "TooManyRequests" || got.header.Get("Retry-After") == "" || got.header.Get("x-ms-throttle-scope") == "" {
		t.Fatalf("%d %v %s", got.status, got.header, got.raw)
	}
	if got := v.call(v.asApp("User.Read.All"), "GET", "/v1.0/users", ""); got.status != 200 {
		t.Errorf("another application: %d", got.status)
	}
	v.move(10 * time.Second)
	if got := v.call(anna, "GET", "/v1.0/users", ""); got.status != 200 {
		t.Errorf("later: %d", got.status)
	}
}

// FuzzGraph: no request makes a panic, and whatever is refused is refused in
// Graph's shape. Each starts from the same world, so that what it finds can be
// found again: otherwise the fuzzing engine spends its time on trying to make
// small what never comes twice.
func FuzzGraph(f *testing.F) {
	v := newTown(f)
	greta, _ := v.admin("greta", "Global Administrator")
	bearer := v.asRole(greta, everything+" User.Invite.All", "Global Administrator")
	v.world.MarkSeed()
	for _, seed := range [][3]string{
		{"GET", "/v1.0/users?$filter=startswith(displayName,'a')&$expand=memberOf", ""},
		{"POST", "/beta/groups", `{"displayName":"x","mailNickname":"x","mailEnabled":false,"securityEnabled":true,"members@odata.bind":["x"]}`},
		{"PATCH", "/v1.0/users/anna@contoso.example", `{"accountEnabled":null,"passwordProfile":{}}`},
		{"POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/me","body":{}}]}`},
		{"POST", "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests", roleRequest("adminAssign", greta.ID, "User Administrator", twoHours)},
		{"POST", "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests", `{"accessId":"owner"}`},
		{"POST", "/v1.0/invitations", `{"invitedUserEmailAddress":"a@b.example","inviteRedirectUrl":"https://x/"}`},
		{"POST", "/v1.0/directoryObjects/getByIds", `{"ids":["` + greta.ID.String() + `"]}`},
		{"DELETE", "/v1.0/directoryRoles(roleTemplateId='x')/members/x/$ref", ""},
		{"POST", "/v1.0/tenantRelationships/delegatedAdminRelationships", `{"displayName":"x","duration":"P1D"}`},
		{"GET", "/redeem?rd=x", ""},
		{"GET", "/v1.0/groups/delta?$select=members&$skiptoken=x.1", ""},
		{"PATCH", "/v1.0/policies/roleManagementPolicies/DirectoryRole_x_y/rules/Approval_EndUser_Assignment", `{"setting":{}}`},
		{"GET", "/v1.0/policies/roleManagementPolicyAssignments?$filter=scopeId eq '/'&$expand=policy($expand=rules)", ""},
		{"POST", "/v1.0/applications", `{"displayName":"x","keyCredentials":[{"key":""}],"web":null}`},
		{"POST", "/v1.0/servicePrincipals", `{"appId":"2832473f-ec63-45fb-976f-5d45a7d4bb91"}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		at, err := url.Parse(origin + "/" + strings.TrimLeft(path, "/"))
		if err != nil || method == "" || strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			t.Skip()
		}
		v.tb = t
		v.world.Reset()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, origin, strings.NewReader(body))
		r.Method, r.URL = method, at
		r.Header.Set("Authorization", "Bearer "+bearer)
		got := v.raw(r)
		if at.Path == "/redeem" || method == http.MethodHead || got.status < 400 {
			return
		}
		if json.Unmarshal([]byte(got.raw), &got.body) != nil || got.code() == "" || got.status >= 500 {
			t.Errorf("%s %s: %d %s", method, path, got.status, got.raw)
		}
	})
}
