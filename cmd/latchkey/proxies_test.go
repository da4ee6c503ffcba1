package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestOnlyAConfiguredProxySaysWhoTheVisitorIs(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"a stranger is himself", "203.0.113.9:4711", []string{"192.0.2.1"}, "203.0.113.9:4711"},
		{"a proxy names the visitor", "10.1.2.3:80", []string{"192.0.2.1"}, "192.0.2.1:0"},
		{"a chain of proxies", "127.0.0.1:80", []string{"192.0.2.1, 10.9.9.9"}, "192.0.2.1:0"},
		{"what the visitor claims of himself does not count", "10.1.2.3:80", []string{"8.8.8.8, 192.0.2.1"}, "192.0.2.1:0"},
		{"two headers are one chain", "10.1.2.3:80", []string{"8.8.8.8", "192.0.2.1"}, "192.0.2.1:0"},
		{"IPv6", "10.1.2.3:80", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"nothing said", "10.1.2.3:80", nil, "10.1.2.3:80"},
		{"nonsense", "10.1.2.3:80", []string{"<script>"}, "10.1.2.3:80"},
		{"only proxies", "10.1.2.3:80", []string{"10.4.4.4"}, "10.1.2.3:80"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			handler := behindProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			r.Header["X-Forwarded-For"] = test.forwarded
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
