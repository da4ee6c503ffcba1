package main

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// behindProxies lets the configured proxies say who the visitor is, and nobody
// else: the address that is written into the log must not be a visitor's own
// invention. Of a chain of addresses the last one that is no proxy of ours counts.
func behindProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visitor, ok := visitorOf(trusted, r); ok {
			r = r.Clone(r.Context())
			r.RemoteAddr = net.JoinHostPort(visitor.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

// visitorOf is the visitor's address if a trusted proxy brought the request and
// said where it came from.
func visitorOf(trusted []netip.Prefix, r *http.Request) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !isTrusted(trusted, peer.Addr()) {
		return netip.Addr{}, false
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, link := range slices.Backward(chain) {
		address, err := netip.ParseAddr(strings.TrimSpace(link))
		if err != nil {
			return netip.Addr{}, false
		}
		if !isTrusted(trusted, address) {
			return address.Unmap(), true
		}
	}
	return netip.Addr{}, false
}

func isTrusted(trusted []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range trusted {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
