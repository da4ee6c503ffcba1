package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"latchkey/emulator/world"
)

// BenchmarkUsers asks a directory of two thousand people for one page, and for
// one of them by name.
func BenchmarkUsers(b *testing.B) {
	v := newTown(b)
	for i := range 2000 {
		must(v.customer.AddUser(world.User{Name: fmt.Sprintf("User %04d", i), UPN: fmt.Sprintf("u%04d", i)}))(b)
	}
	bearer := v.asUser(v.anna, everything)
	for _, path := range []string{"/v1.0/users?$top=100", "/v1.0/users?$filter=userPrincipalName%20eq%20'u0100@contoso.example'", "/v1.0/me"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, origin+path, http.NoBody)
				r.Header.Set("Authorization", "Bearer "+bearer)
				w := httptest.NewRecorder()
				v.handler.ServeHTTP(w, r)
				if _, err := io.Copy(io.Discard, w.Body); err != nil || w.Code != http.StatusOK {
					b.Fatal(w.Code, err)
				}
			}
		})
	}
}
