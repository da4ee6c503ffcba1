package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/token"
)

// serve sends a request whose parts may be anything, as a hostile client can,
// and checks that the answer has the shape of one.
func (v *town) serve(t *testing.T, to emulator.Origin, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	v.server.Handler(to).ServeHTTP(w, r.WithContext(t.Context()))
	if w.Code >= 500 {
		t.Errorf("%s %q answered %d: %s", r.Method, r.URL, w.Code, w.Body)
	}
	if w.Header().Get("x-emulator") != "latchkey" {
		t.Errorf("%s %q does not say that it is an emulator", r.Method, r.URL)
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && r.Method != http.MethodHead && !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s %q answered broken JSON: %s", r.Method, r.URL, w.Body)
	}
	return w
}

func hostileRequest(method, path, query string) *http.Request {
	u := &url.URL{Path: "/" + path, RawQuery: query}
	if plain, err := url.PathUnescape("/" + path); err == nil {
		u.Path, u.RawPath = plain, "/"+path
	}
	return &http.Request{Method: method, URL: u, Host: "evil.example", Header: http.Header{}, Body: http.NoBody, Proto: "HTTP/1.1"}
}

func FuzzResourceManager(f *testing.F) {
	v := newTown(f)
	// An Owner sends it, so that nothing is stopped before it is read.
	if _, err := v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.portal.ID}); err != nil {
		f.Fatal(err)
	}
	bearer := v.portalToken(f)
	sub := strings.TrimPrefix(v.sub.Scope().String(), "/")
	for _, seed := range [][4]string{
		{"GET", sub, "api-version=2022-12-01", ""},
		{"GET", sub + "//resourceGroups/rg-desktops", "api-version=2022-12-01", ""},
		{"PUT", sub + "/providers/Microsoft.Authorization/roleAssignments/x", "api-version=2022-04-01", "{}"},
		{"PUT", sub + "/providers/A.B/providers/n/t/x/providers/Microsoft.Authorization/roleAssignments/" + newName(), "api-version=2022-04-01", put(reader, v.anna.ID, "User")},
		{"DELETE", "providers/Microsoft.Authorization/roleAssignments/" + newName(), "api-version=2022-04-01", ""},
		{"GET", "providers/Microsoft.Management/managementGroups/x/providers/Microsoft.Authorization/roleDefinitions", "api-version=2022-04-01&$filter=a", ""},
		{"POST", sub + "/resourceGroups/rg-desktops/providers/Microsoft.Compute/virtualMachines/vm-desktop-1/runCommand", "api-version=2024-03-01", `{"commandId":1}`},
		{"PUT", sub + "/providers/Microsoft.Authorization/roleDefinitions/" + newName(), "api-version=2022-04-01", `{"properties":{"roleName":"x","assignableScopes":["/"],"permissions":[{"actions":["*"]}]}}`},
		{"PUT", sub + "/providers/Microsoft.Authorization/policyDefinitions/p", "api-version=2023-04-01", `{"properties":{"policyRule":{"if":{"field":"type","like":"*"},"then":{"effect":"audit"}}}}`},
		{"PUT", sub + "/providers/Microsoft.Authorization/policyAssignments/p", "api-version=2023-04-01", `{"properties":{"policyDefinitionId":"` + sub + `/providers/Microsoft.Authorization/policyDefinitions/p","notScopes":["/"],"parameters":{"x":{"value":[]}}}}`},
		{"PUT", sub + "/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/" + newName(), "api-version=2020-10-01", asking("AdminAssign", reader, v.anna.ID, "P1DT2H3M")},
		{"POST", sub + "/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/x/validate", "api-version=2020-10-01", `{"properties":{"requestType":"SelfRenew"}}`},
		{"PATCH", sub + "/providers/Microsoft.Authorization/roleManagementPolicies/" + reader.ID.String() + "_x", "api-version=2020-10-01", `{"properties":{"rules":[{"id":"Approval_EndUser_Assignment","setting":{"isApprovalRequired":true}}]}}`},
		{"PUT", sub + "/providers/Microsoft.ManagedServices/registrationDefinitions/" + newName(), "api-version=2022-10-01", `{"properties":{"managedByTenantId":"` + v.partner.ID.String() + `","authorizations":[{}]}}`},
		{"POST", sub + "/providers/Microsoft.Authorization/checkAccess", "api-version=2018-09-01-preview", `{"Subject":{"Attributes":{"ObjectId":"` + v.anna.ID.String() + `"}},"Actions":[{"Id":"*"}]}`},
		{"PUT", "providers/Microsoft.Management/managementGroups/x", "api-version=2021-04-01", `{"properties":{"details":{"parent":{"id":"x"}}}}`},
		{"PUT", "providers/Microsoft.Management/managementGroups/" + v.customer.ID.String() + "/subscriptions/" + v.sub.ID.String(), "api-version=2021-04-01", ""},
		{"PATCH", sub + "/providers/Microsoft.Resources/tags/default", "api-version=2021-04-01", `{"operation":"Delete","properties":{"tags":{"a":"b"}}}`},
		{"PUT", sub + "/resourceGroups/rg-desktops/providers/Microsoft.Web/sites/x/slots/y", "api-version=2021-04-01", `{"properties":{"a":[1]},"tags":{}}`},
		{"DELETE", sub + "/resourceGroups/rg-desktops", "api-version=2021-04-01", ""},
		{"GET", "metadata/endpoints", "api-version=2019-05-01", ""},
		{"GET", sub + "/resources", "api-version=2021-04-01&$filter=resourceType+eq+'&$skiptoken=AA", ""},
		{"GET", "%2f%2e%2e/%00", "api-version=2022-04-01&%zz", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := hostileRequest(method, path, query)
		r.Header.Set("Authorization", "Bearer "+bearer)
		if body != "" {
			r.Body = io.NopCloser(strings.NewReader(body))
		}
		v.serve(t, emulator.ARM, r)
	})
}

func FuzzBearerToken(f *testing.F) {
	v := newTown(f)
	good := v.portalToken(f)
	claims := claimsOf(f, v, good)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(`{"payload":"e30","signatures":[]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		r := hostileRequest(http.MethodGet, strings.TrimPrefix(v.group.Scope.String(), "/"), "api-version=2021-04-01")
		r.Header["Authorization"] = []string{"Bearer " + raw}
		w := v.serve(t, emulator.ARM, r)
		if w.Code == http.StatusUnauthorized {
			return
		}
		// The same bytes can be spelt in base64 in more than one way.
		if c, err := token.NewKey(signingKey).Verify(strings.TrimSpace(raw)); err != nil || c.TokenID != claims.TokenID {
			t.Errorf("%q was let in with %d", raw, w.Code)
		}
	})
}

func FuzzSignIn(f *testing.F) {
	v := newTown(f)
	good, err := url.Parse(v.authorizeURL(v.customer.ID.String()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", v.customer.ID.String()+"/oauth2/v2.0/authorize", good.RawQuery, "")
	f.Add("POST", "common/oauth2/v2.0/authorize", good.RawQuery, "step=pick&account=anna@contoso.example")
	f.Add("POST", v.customer.ID.String()+"/oauth2/v2.0/token", "", "grant_type=refresh_token&refresh_token=x&client_id="+v.app.ID.String())
	f.Add("GET", "contoso.example/v2.0/.well-known/openid-configuration", "", "")
	f.Add("GET", "organizations/signin", "back=//evil.example", "")
	f.Add("GET", "AdminPortal/Home", "invType=ResellerRelationship&partnerId=x", "")
	f.Add("POST", "AdminPortal/Home/partners", "", "switch=reseller&partner=x")
	f.Add("GET", "common/oauth2/v2.0/logout", "post_logout_redirect_uri=javascript:alert(1)", "")
	f.Fuzz(func(t *testing.T, method, path, query, form string) {
		for _, to := range []emulator.Origin{emulator.Login, emulator.Browser} {
			r := hostileRequest(method, path, query)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = io.NopCloser(strings.NewReader(form))
			w := v.serve(t, to, r)
			if location := w.Header().Get("Location"); location != "" && !strings.HasPrefix(location, "http://127.0.0.1:4180/") && !(strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//")) {
				t.Errorf("%q sends the browser to %q", r.URL, location)
			}
		}
	})
}
