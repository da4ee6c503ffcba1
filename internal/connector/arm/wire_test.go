package arm_test

import (
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/csp"
	"latchkey/internal/connector/connectortest"
	"latchkey/internal/jit"
)

// hostileScopes are texts that have walked, or tried to walk, to another place.
var hostileScopes = []string{
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/../../subscriptions/0badc0de-0000-4000-8000-00000000beef",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/../../../0badc0de-0000-4000-8000-00000000beef",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/shop/..", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/.",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001?x=", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001#",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/a%2f..%2f..", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001//resourceGroups/x",
	"//evil.example/subscriptions/5ab1c0de-0000-4000-8000-00000000f001", "https://evil.example/", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/",
	`/subscriptions/5ab1c0de-0000-4000-8000-00000000f001\..\x`, "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/a b",
	"/subscriptions/'5ab1c0de-0000-4000-8000-00000000f001'", "/subscriptions/{id}", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001;x",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/x\r\nHost: evil.example", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/x\x00",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/ｓhop", "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/..;/x",
	"/subscriptions/5ab1c0de-0000-4000-8000-00000000f001@evil.example/x", "", "/", "//", "/..", "subscriptions/5ab1c0de-0000-4000-8000-00000000f001",
	"/providers/Microsoft.Management/managementGroups/../../subscriptions/0badc0de-0000-4000-8000-00000000beef",
}

// TestNothingLeavesButWhatWasOrdered gives the connector every order there can be
// with a scope that came from text, hostile or not, and compares what left with
// what the typed order means: method, host and path, letter by letter.
func TestNothingLeavesButWhatWasOrdered(t *testing.T) {
	w := newFakeWorld(t)
	const alphabet = `abcXYZ019-_.()/ %?#\;@:&=+'"` + "\r\n\x00é"
	rapid.Check(t, func(t *rapid.T) {
		tail := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 40, -1)
		text := rapid.OneOf(
			rapid.SampledFrom(hostileScopes),
			rapid.Map(tail, func(s string) string { return shop.String() + s }),
			rapid.Map(tail, func(s string) string { return shop.String() + "/providers/Microsoft.Compute/virtualMachines/" + s }),
			rapid.Map(tail, func(s string) string { return "/subscriptions/" + s }),
			rapid.Map(tail, func(s string) string { return "/providers/Microsoft.Management/managementGroups/" + s }),
		).Draw(t, "scope")
		scope, err := csp.ParseScope(text)
		if err != nil {
			scope = csp.Scope{} // what is left of a refused text
		}
		target := w.Target()
		target.Scope = scope
		o := order(target, w.Now())
		before := len(w.faults.Sent())
		_ = w.connector.Grant(t.Context(), o)
		_, _ = w.connector.Observe(t.Context(), o)
		_ = w.connector.Revoke(t.Context(), o)
		_, _ = w.connector.Preflight(t.Context(), target)
		_, _ = w.connector.Marked(t.Context(), jit.Place{Tenant: tenantID, Scope: scope})
		for _, sent := range w.faults.Sent()[before:] {
			if sent.Host != authorityHost && !ordered(sent, o) {
				t.Fatalf("scope %q led to %s %s%s?%s", text, sent.Method, sent.Host, sent.Path, sent.Query)
			}
		}
	})
}

// ordered says whether the request is one of those that the order means. It is
// written down here once more, apart from the product's own reckoning.
func ordered(sent connectortest.Sent, o jit.Order) bool {
	base := o.Target.Scope.String() + "/providers/Microsoft.Authorization"
	if sent.Host != armHost || o.Target.Scope.IsZero() {
		return false
	}
	switch sent.Path {
	case base + "/roleAssignments/" + o.Name.String():
		return sent.Query == "api-version=2022-04-01" && (sent.Method == http.MethodGet || sent.Method == http.MethodPut || sent.Method == http.MethodDelete)
	case base + "/roleAssignments":
		return sent.Method == http.MethodGet && (sent.Query == "api-version=2022-04-01" || sent.Query == "api-version=2022-04-01&$filter=atScope()")
	case base + "/roleDefinitions/" + o.Target.Role.String():
		return sent.Method == http.MethodGet && sent.Query == "api-version=2022-04-01"
	case base + "/locks":
		return sent.Method == http.MethodGet && strings.HasSuffix(sent.Query, "api-version=2020-05-01")
	}
	return false
}

// TestHostileNextLinks: a page's link to the next one can say where to go on,
// and nothing else.
func TestHostileNextLinks(t *testing.T) {
	for _, next := range []string{
		"https://evil.example/steal?$skipToken=1", "http://" + armHost + "/subscriptions?$skipToken=1",
		"https://" + armHost + "/subscriptions/0badc0de-0000-4000-8000-00000000beef/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$skipToken=1",
		"https://" + armHost + shop.String() + "/providers/Microsoft.Authorization/roleAssignments/../locks?api-version=2022-04-01&$skipToken=1",
		"https://" + armHost + shop.String() + "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&tenantId=0badc0de-0000-4000-8000-00000000cafe",
		"https://user@" + armHost + shop.String() + "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01", "%%%", "/relative",
	} {
		t.Run(next, func(t *testing.T) {
			w := newFakeWorld(t)
			w.cloud.refusal = func(r *http.Request) *http.Response {
				if strings.HasSuffix(r.URL.Path, "/roleAssignments") || strings.HasSuffix(r.URL.Path, "/locks") {
					return answer(r, http.StatusOK, map[string]any{"value": []any{}, "nextLink": next})
				}
				return nil
			}
			if found, err := w.connector.Marked(t.Context(), jit.Place{Tenant: tenantID, Scope: shop}); err == nil {
				t.Errorf("Marked = %v without an error", found)
			}
			if found, err := w.connector.Preflight(t.Context(), w.Target()); err == nil {
				t.Errorf("Preflight = %v without an error", found)
			}
			o := order(w.Target(), w.Now())
			for _, sent := range w.faults.Sent() {
				o.Name = csp.RoleAssignmentID{1}
				if sent.Host != authorityHost && !ordered(connectortest.Sent{Method: sent.Method, Host: sent.Host, Path: sent.Path, Query: withoutSkip(sent.Query)}, o) {
					t.Errorf("%s %s%s?%s left", sent.Method, sent.Host, sent.Path, sent.Query)
				}
			}
		})
	}
}

// withoutSkip drops the one parameter that a next page adds.
func withoutSkip(query string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if !strings.Contains(strings.ToLower(part), "skiptoken=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}
