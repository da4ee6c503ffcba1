package cloud

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"latchkey/internal/fault"
)

// Cloud is one set of Microsoft endpoints. It is safe for concurrent use.
type Cloud struct {
	authority *url.URL // https://host/
	arm       *url.URL // https://host
	audience  string
	custom    bool
	http      *http.Client
}

// Endpoints say where Microsoft's services answer.
type Endpoints struct {
	// Authority signs in: https://login.microsoftonline.com/
	Authority *url.URL
	// ResourceManager is Azure's control plane: https://management.azure.com
	ResourceManager *url.URL
	// Audience is what tokens for ResourceManager are asked for, without a
	// trailing slash.
	Audience string
	// Roots verify the endpoints' certificates; nil means the system's.
	Roots *x509.CertPool
	// Transport carries requests in place of a TLS connection, for tests that
	// speak to an emulator in the same process. Nil in the product.
	Transport http.RoundTripper
}

// Microsoft's public cloud.
const (
	publicAuthority = "https://login.microsoftonline.com/"
	publicARM       = "https://management.azure.com"
	publicAudience  = "https://management.azure.com"
)

// New is the cloud behind the endpoints: Microsoft's public one, a sovereign one,
// or the emulator. Both endpoints must be https addresses of a host alone.
func New(e Endpoints) (*Cloud, error) {
	const op = "cloud.New"
	authority, err := hostOnly("authority", e.Authority)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, err.Error())
	}
	arm, err := hostOnly("resource manager", e.ResourceManager)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, err.Error())
	}
	if e.Audience == "" {
		return nil, fault.Newf(op, fault.Invalid, "The audience of tokens is missing; in the public cloud it is %s.", publicAudience)
	}
	transport := e.Transport
	if transport == nil {
		transport = secured(e.Roots)
	}
	authority.Path = "/"
	return &Cloud{
		authority: authority,
		arm:       arm,
		audience:  strings.TrimRight(e.Audience, "/"),
		custom:    authority.String() != publicAuthority || arm.String() != publicARM,
		http: &http.Client{
			Transport: transport,
			// A redirect could carry a token to another host, or a removal to
			// another object. It is an answer like any other, and not a good one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// hostOnly copies an https address that is nothing but a host.
func hostOnly(what string, u *url.URL) (*url.URL, error) {
	switch {
	case u == nil || u.Host == "":
		return nil, fmt.Errorf("The %s's address is missing; in the public cloud the two are %s and %s.", what, publicAuthority, publicARM)
	case u.Scheme != "https":
		return nil, fmt.Errorf("The %s's address must begin with https://.", what)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("The %s's address must be a host alone, such as %s.", what, publicARM)
	}
	return &url.URL{Scheme: "https", Host: strings.ToLower(u.Host)}, nil
}

// How long the parts of an exchange may take. The whole is bounded by the
// caller's context.
const (
	dialTimeout   = 10 * time.Second
	headerTimeout = 30 * time.Second
	idleTimeout   = 90 * time.Second
	idlePerHost   = 32
)

func secured(roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

// RefuseLoopback fails if an endpoint is on this machine: a portal that serves
// people must never take an emulator for Microsoft (TH-S8).
func (c *Cloud) RefuseLoopback() error {
	for what, u := range map[string]*url.URL{"authority": c.authority, "resource manager": c.arm} {
		if isLoopback(u.Hostname()) {
			return fault.Newf("cloud.RefuseLoopback", fault.Invalid,
				"The %s is set to %s, which is on this machine. Only the demo and the emulator's own commands speak to an emulator; set Microsoft's address.", what, u.Host)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLoopback() || addr.IsUnspecified())
}

// ResourceManager is where Azure's control plane answers.
func (c *Cloud) ResourceManager() string { return c.arm.String() }

// configuration is the same in the SDK's words.
func (c *Cloud) configuration() azcloud.Configuration {
	return azcloud.Configuration{
		ActiveDirectoryAuthorityHost: c.authority.String(),
		Services: map[azcloud.ServiceName]azcloud.ServiceConfiguration{
			azcloud.ResourceManager: {Endpoint: c.arm.String(), Audience: c.audience},
		},
	}
}
