// Package origin names the places at which the emulator is reached: what each of
// them stands for, and which of Microsoft's host names lead there.
//
// The list of Microsoft's names is fixed. The certificate authority may vouch
// for them and for loopback, the CONNECT proxy opens tunnels to them and to
// loopback, and for nothing else.
package origin

import (
	"net"
	"slices"
	"strings"
)

// Origin is one of the places. Each has a port of its own, because clients such
// as the Azure CLI tell services apart by the beginning of the address.
type Origin string

// The origins.
const (
	Login         Origin = "login"         // sign-in service, TLS
	ARM           Origin = "arm"           // Azure Resource Manager, TLS
	Graph         Origin = "graph"         // Microsoft Graph, TLS
	PartnerCenter Origin = "partnercenter" // Partner Center, TLS
	Browser       Origin = "browser"       // sign-in pages and the world's page, plain
)

// facts are what is known of each origin.
type facts struct {
	of    Origin
	title string
	host  string   // under which a transport without sockets finds it
	names []string // Microsoft's
}

// table holds the origins in the order people read them in. The names of the
// Browser origin are those of admin centers, where links in mails to customers
// lead.
var table = []facts{
	{Login, "Sign-in", "login.emulator.test", []string{"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"}},
	{ARM, "Azure Resource Manager", "management.emulator.test", []string{"management.azure.com", "management.core.windows.net"}},
	{Graph, "Microsoft Graph", "graph.emulator.test", []string{"graph.microsoft.com", "graph.windows.net"}},
	{PartnerCenter, "Partner Center", "partnercenter.emulator.test", []string{"api.partnercenter.microsoft.com"}},
	{Browser, "Pages", "pages.emulator.test", []string{"admin.microsoft.com"}},
}

// All lists the origins.
func All() []Origin {
	list := make([]Origin, 0, len(table))
	for _, f := range table {
		list = append(list, f.of)
	}
	return list
}

// Title is what people call the service.
func (o Origin) Title() string { return o.facts().title }

// Host is the name under which a transport without sockets finds the origin.
func (o Origin) Host() string { return o.facts().host }

// Address is the origin as the start of an address, for a transport without
// sockets.
func (o Origin) Address() string {
	if o == Browser {
		return "http://" + o.Host()
	}
	return "https://" + o.Host()
}

// Names lists Microsoft's host names for the origin, the usual one first.
func (o Origin) Names() []string { return slices.Clone(o.facts().names) }

func (o Origin) facts() facts {
	for _, f := range table {
		if f.of == o {
			return f
		}
	}
	return facts{}
}

// Names lists all of Microsoft's host names that lead to the emulator.
func Names() []string {
	var list []string
	for _, f := range table {
		list = append(list, f.names...)
	}
	return list
}

// Of finds the origin that one of Microsoft's host names stands for, in any case
// of letters, with or without the port 443.
func Of(host string) (Origin, bool) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		if port != "443" {
			return "", false
		}
		host = name
	}
	for _, f := range table {
		if slices.Contains(f.names, strings.ToLower(host)) {
			return f.of, true
		}
	}
	return "", false
}
