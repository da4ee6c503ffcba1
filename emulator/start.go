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
	"sync"
	"time"
)

// Endpoints is where a started server is reached, and whom to trust for it.
type Endpoints struct {
	// Login and ARM are https origins, Browser is a plain http one or empty.
	Login   string
	ARM     string
	Browser string
	// CAPEM is the certificate authority of the https origins; Pool holds only it.
	CAPEM []byte
	Pool  *x509.CertPool

	close func() error
}

// Client is an http.Client that trusts the emulator's certificate authority and
// nothing else.
func (e *Endpoints) Client() *http.Client {
	transport := &http.Transport{
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
	login, err := s.listen(ctx, &open, s.options.LoginAddr, ca)
	if err != nil {
		return nil, err
	}
	resources, err := s.listen(ctx, &open, s.options.ARMAddr, ca)
	if err != nil {
		return nil, errors.Join(err, open.close())
	}
	e := &Endpoints{Login: "https://" + login.Addr().String(), ARM: "https://" + resources.Addr().String(), CAPEM: ca.pem, Pool: ca.pool}
	open.serve(login, s.login)
	open.serve(resources, s.arm)
	if !s.options.NoBrowserOrigin {
		pages, err := s.listen(ctx, &open, s.options.BrowserAddr, nil)
		if err != nil {
			return nil, errors.Join(err, open.close())
		}
		e.Browser = "http://" + pages.Addr().String()
		open.serve(pages, s.browser)
	}
	e.close = sync.OnceValue(open.close)
	s.endpoints.Store(e)
	context.AfterFunc(ctx, func() { _ = e.close() })
	// The first token would wait for the key; make it meanwhile. A failure is
	// met again, and told, when a token is asked for.
	open.wait.Go(func() { _ = s.key.Prepare() })
	return e, nil
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
