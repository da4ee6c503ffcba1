package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"latchkey/emulator/connect"
	"latchkey/emulator/control"
)

// Endpoints is where a started server is reached, and whom to trust for it.
type Endpoints struct {
	// Login, ARM, Graph and PartnerCenter are https origins, Browser is a plain
	// http one or empty.
	Login         string
	ARM           string
	Graph         string
	PartnerCenter string
	Browser       string
	// Proxy is the CONNECT proxy through which clients reach all of them by
	// Microsoft's own names: the value of HTTPS_PROXY.
	Proxy string
	// Control is the origin of the control API, and ControlToken what it wants to
	// see; both are empty without one.
	Control      string
	ControlToken string
	// CAPEM is the certificate authority of the https origins; Pool holds only it.
	CAPEM []byte
	Pool  *x509.CertPool

	close func() error
}

// Of is the address of an origin.
func (e *Endpoints) Of(at Origin) string {
	switch at {
	case Login:
		return e.Login
	case ARM:
		return e.ARM
	case Graph:
		return e.Graph
	case PartnerCenter:
		return e.PartnerCenter
	case Browser:
		return e.Browser
	}
	return ""
}

// CAFile writes the certificate authority to a file that only its owner reads,
// for clients that are told of it by a file's name.
func (e *Endpoints) CAFile(name string) error {
	if err := os.WriteFile(name, e.CAPEM, 0o600); err != nil {
		return fmt.Errorf("emulator: writing the certificate authority: %w", err)
	}
	return nil
}

// Client is an http.Client that trusts the emulator's certificate authority and
// nothing else.
func (e *Endpoints) Client() *http.Client { return e.client(nil) }

// ProxiedClient is like Client and goes through the proxy, so that it reaches the
// emulator by Microsoft's own names and nothing else by any.
func (e *Endpoints) ProxiedClient() *http.Client {
	return e.client(func(*http.Request) (*url.URL, error) { return url.Parse(e.Proxy) })
}

func (e *Endpoints) client(proxy func(*http.Request) (*url.URL, error)) *http.Client {
	transport := &http.Transport{
		Proxy:               proxy,
		TLSClientConfig:     &tls.Config{RootCAs: e.Pool, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
	}
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// Close stops listening, cuts what is open and waits for the end.
func (e *Endpoints) Close() error { return e.close() }

// Start listens on every origin and serves until ctx ends or Close is called. A
// server is started once.
func (s *Server) Start(ctx context.Context) (*Endpoints, error) {
	if s.endpoints.Load() != nil {
		return nil, errors.New("emulator: the server has been started before")
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	var open listeners
	e := &Endpoints{CAPEM: ca.pem, Pool: ca.pool, close: sync.OnceValue(open.close)}
	if err := s.open(ctx, e, &open, ca); err != nil {
		return nil, errors.Join(err, e.close())
	}
	s.endpoints.Store(e)
	context.AfterFunc(ctx, func() { _ = e.close() })
	// The first token would wait for the key; make it meanwhile. A failure is
	// met again, and told, when a token is asked for.
	open.wait.Go(func() { _ = s.key.Prepare() })
	return e, nil
}

// open listens everywhere and begins to serve.
func (s *Server) open(ctx context.Context, e *Endpoints, open *listeners, ca *authority) error {
	targets := make(map[string]string)
	for _, place := range []struct {
		at   Origin
		addr string
		put  *string
	}{
		{Login, s.options.LoginAddr, &e.Login},
		{ARM, s.options.ARMAddr, &e.ARM},
		{Graph, s.options.GraphAddr, &e.Graph},
		{PartnerCenter, s.options.PartnerCenterAddr, &e.PartnerCenter},
		{Browser, s.options.BrowserAddr, &e.Browser},
	} {
		if place.at == Browser {
			if s.options.NoBrowserOrigin {
				continue
			}
			l, err := s.listen(ctx, open, place.addr, nil)
			if err != nil {
				return err
			}
			*place.put = "http://" + l.Addr().String()
			open.serve(l, s.served[Browser])
			continue
		}
		l, err := s.listen(ctx, open, place.addr, ca)
		if err != nil {
			return err
		}
		*place.put = "https://" + l.Addr().String()
		open.serve(l, s.served[place.at])
		aim(targets, place.at, l.Addr())
	}
	// A browser that goes through the proxy opens admin centers with TLS. The
	// sign-in service's port tells by the name what is meant.
	for _, name := range Browser.Names() {
		targets[name+":443"] = targets[Login.Names()[0]+":443"]
	}
	if err := s.openProxy(ctx, e, open, targets); err != nil || !s.options.Control {
		return err
	}
	return s.openControl(ctx, e, open)
}

func (s *Server) openControl(ctx context.Context, e *Endpoints, open *listeners) error {
	l, err := s.listen(ctx, open, s.options.ControlAddr, nil)
	if err != nil {
		return err
	}
	s.World().MarkSeed()
	e.Control, e.ControlToken = "http://"+l.Addr().String(), control.NewToken()
	open.serve(l, control.New(control.Options{Cloud: s, Clock: s.options.Clock, Make: s.options.Compose, Token: e.ControlToken}))
	return nil
}

// aim leads Microsoft's names for the origin, and the origin's own address, to
// its listener.
func aim(targets map[string]string, at Origin, listening net.Addr) {
	_, port, _ := net.SplitHostPort(listening.String()) // as net prints it
	inside := listening.String()
	if address, err := netip.ParseAddrPort(inside); err == nil && address.Addr().IsUnspecified() {
		inside = net.JoinHostPort("127.0.0.1", port)
	}
	for _, name := range at.Names() {
		targets[name+":443"] = inside
	}
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
		targets[name+":"+port] = inside
	}
}

func (s *Server) openProxy(ctx context.Context, e *Endpoints, open *listeners, targets map[string]string) error {
	l, err := s.listen(ctx, open, s.options.ProxyAddr, nil)
	if err != nil {
		return err
	}
	e.Proxy = "http://" + l.Addr().String()
	proxy := connect.New(connect.Options{Targets: targets, Note: s.refused.note})
	open.proxies = append(open.proxies, proxy)
	open.wait.Go(func() { _ = proxy.Serve(l) }) // ends with Close
	return nil
}

// listen opens a loopback listener, with TLS if there is an authority to vouch.
func (s *Server) listen(ctx context.Context, open *listeners, addr string, ca *authority) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if !s.options.AllowRemote && !isLoopback(addr) {
		return nil, fmt.Errorf("emulator: %q is not a loopback address, and whoever reaches the emulator can be anybody in it; use 127.0.0.1, or set AllowRemote knowing that", addr)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("emulator: listening on %s: %w", addr, err)
	}
	if ca != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{ca.leaf}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	open.opened = append(open.opened, l)
	return l, nil
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// listeners are what Close has to close.
type listeners struct {
	opened  []net.Listener
	servers []*http.Server
	proxies []*connect.Proxy
	wait    sync.WaitGroup
}

func (o *listeners) serve(l net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // clients that hang up in the middle are its daily bread
	}
	o.servers = append(o.servers, server)
	o.wait.Go(func() { _ = server.Serve(l) }) // ends with ErrServerClosed
}

func (o *listeners) close() error {
	var failed []error
	for _, proxy := range o.proxies {
		failed = append(failed, proxy.Close())
	}
	for _, server := range o.servers {
		failed = append(failed, server.Close())
	}
	for _, l := range o.opened {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			failed = append(failed, err)
		}
	}
	o.wait.Wait()
	return errors.Join(failed...)
}

// refusals are what clients last wanted the proxy to lead to, and it did not.
type refusals struct {
	mu   sync.Mutex
	last []string
}

const keptRefusals = 20

func (r *refusals) note(authority string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, known := range r.last {
		if strings.EqualFold(known, authority) {
			r.last = append(r.last[:i], r.last[i+1:]...)
			break
		}
	}
	r.last = append(r.last, authority)
	if len(r.last) > keptRefusals {
		r.last = r.last[1:]
	}
}

// Refused lists what clients wanted the proxy to lead to and it did not, such as
// their telemetry; the latest comes last.
func (s *Server) Refused() []string {
	s.refused.mu.Lock()
	defer s.refused.mu.Unlock()
	return append([]string(nil), s.refused.last...)
}
