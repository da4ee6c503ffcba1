package partnercenter_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/emulator/world"
)

// FuzzPartnerCenter sends anything as an agent who may do everything. Whatever it
// is, the answer is one of Partner Center's, and not a failure of the service.
func FuzzPartnerCenter(f *testing.F) {
	v := newTown(f)
	must(v.partner.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.ada.ID, Role: globalAdministrator}))(f)
	v.delegate("Global Administrator")
	ada := v.as(v.ada)
	customer := "v1/customers/" + v.customer.ID.String()
	for _, seed := range [][4]string{
		{"GET", "v1/customers", "size=5&filter=%7B%22Field%22%3A%22Domain%22%7D", ""},
		{"GET", "v1/customers", "seekOperation=Next", ""},
		{"POST", "v1/customers", "", `{"CompanyProfile":{"Domain":"x.onmicrosoft.com"},"BillingProfile":{}}`},
		{"PATCH", customer, "", `{"relationshipToPartner":"none"}`},
		{"PUT", customer + "/profiles/billing", "", `{"defaultAddress":null}`},
		{"POST", customer + "/users", "", `{"userPrincipalName":"a@b"}`},
		{"POST", customer + "/directoryroles/" + globalAdministrator.String() + "/usermembers", "", `{"id":"x"}`},
		{"POST", customer + "/applicationconsents", "", `{"applicationGrants":[{}]}`},
		{"GET", "v1/auditrecords", "startDate=2026-01-01&endDate=x", ""},
		{"HEAD", "v1/domains/%2e%2e", "", ""},
		{"GET", "%2f%2e%2e/%00", "%zz", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		u := &url.URL{Path: "/" + path, RawQuery: query}
		if plain, err := url.PathUnescape("/" + path); err == nil {
			u.Path, u.RawPath = plain, "/"+path
		}
		r := &http.Request{Method: method, URL: u, Host: "evil.example", Header: http.Header{"Authorization": {"Bearer " + ada}}, Body: io.NopCloser(strings.NewReader(body)), Proto: "HTTP/1.1"}
		w := httptest.NewRecorder()
		v.handler.ServeHTTP(w, r.WithContext(t.Context()))
		if w.Code >= 500 || w.Header().Get("x-emulator") != "latchkey" {
			t.Errorf("%s %q answered %d: %s", method, u, w.Code, w.Body)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q answered broken JSON: %s", method, u, w.Body)
		}
	})
}
