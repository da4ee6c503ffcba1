package address

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Microsoft are the names under which clients know Microsoft's sign-in service;
// the first is the usual one.
var Microsoft = []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}

// Hosts are the names of the emulated service, besides the one a request used.
type Hosts struct {
	// Login gives the origin that API clients reach, or "" when that is whatever
	// host a request names; Pages that of the sign-in pages, or "" when they are on
	// the login origin only.
	Login, Pages func() string
}

// own is the login origin's host, or "".
func (h Hosts) own() string {
	if u, err := url.Parse(h.Login()); err == nil {
		return u.Host
	}
	return ""
}

// All are the names under which this sign-in service is known.
func (h Hosts) All(r *http.Request) []string {
	list := append([]string{r.Host}, Microsoft...)
	if own := h.own(); own != "" {
		list = append(list, own)
	}
	return list
}

// PageOrigin is where the pages are that people open.
func (h Hosts) PageOrigin(r *http.Request) string {
	if pages := h.Pages(); pages != "" {
		return pages
	}
	return "https://" + r.Host
}

// Issuer is the host that issuers name, where a request came to the pages.
func (h Hosts) Issuer(r *http.Request) string {
	if own := h.own(); own != "" && r.TLS == nil {
		return own
	}
	return r.Host
}

// Meant finds the host whose tenant is asked for: with its port where that is
// this emulator's, and Microsoft's name where that was used.
func (h Hosts) Meant(r *http.Request, asked string) (string, bool) {
	if asked == "" {
		return r.Host, true
	}
	bare := withoutPort(asked)
	for _, known := range h.All(r) {
		if strings.EqualFold(asked, known) {
			return known, true
		}
	}
	for _, known := range []string{h.own(), r.Host} {
		if known != "" && (strings.EqualFold(bare, withoutPort(known)) || (isLoopback(bare) && isLoopback(withoutPort(known)))) {
			return known, true
		}
	}
	return "", false
}

func withoutPort(host string) string {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		return bare
	}
	return host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
