// Package connect is the emulator's CONNECT proxy: with it, clients that know
// only Microsoft's host names reach the emulator under these names, with nothing
// changed but two environment variables (HTTPS_PROXY, and one that names the
// emulator's certificate authority).
//
//	client ── CONNECT login.microsoftonline.com:443 ──► proxy ──► the emulator's own TLS listener
//	client ── CONNECT anything.else:443 ──────────────► 403, and why
//
// It compares what a client asks for with a fixed table, letter by letter, and
// dials what the table says. It resolves no name and never leaves loopback, so
// that whatever a client sends by itself, telemetry included, ends here.
//
// Tunnels are bounded in number, and one that is silent for too long is cut.
package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/emulator/wire"
)

// Options are what a proxy is made with.
type Options struct {
	// Targets says for each authority a client may ask for, as it stands in the
	// request ("login.microsoftonline.com:443"), where to dial. Letters compare
	// in either case.
	Targets map[string]string
	// MaxTunnels is how many may be open at once; zero means 512.
	MaxTunnels int
	// IdleTimeout is how long a tunnel may be silent in both directions; zero
	// means five minutes.
	IdleTimeout time.Duration
	// Note, if set, is told of every authority that was refused. It may be called
	// by many goroutines at once.
	Note func(authority string)
}

const (
	defaultTunnels = 512
	defaultIdle    = 5 * time.Minute
	headerTimeout  = 10 * time.Second
	dialTimeout    = 5 * time.Second
	maxHeader      = 16 << 10
)

// Proxy is the proxy. Make it with New, and serve it on a loopback listener.
type Proxy struct {
	targets map[string]string
	idle    time.Duration
	note    func(string)
	free    chan struct{} // holds a token for each further tunnel
	server  *http.Server

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
	wait   sync.WaitGroup
}

// New makes a proxy. It does not listen yet.
func New(o Options) *Proxy {
	p := &Proxy{
		targets: make(map[string]string, len(o.Targets)),
		idle:    o.IdleTimeout,
		note:    o.Note,
		open:    make(map[net.Conn]struct{}),
	}
	for authority, address := range o.Targets {
		p.targets[strings.ToLower(authority)] = address
	}
	if p.idle == 0 {
		p.idle = defaultIdle
	}
	if p.note == nil {
		p.note = func(string) {}
	}
	most := o.MaxTunnels
	if most == 0 {
		most = defaultTunnels
	}
	p.free = make(chan struct{}, most)
	for range most {
		p.free <- struct{}{}
	}
	p.server = &http.Server{
		Handler:           p,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       headerTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // what strangers send is no news
	}
	return p
}

// Serve takes requests from l until Close.
func (p *Proxy) Serve(l net.Listener) error {
	if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// Close stops listening, cuts every tunnel and waits for their end.
func (p *Proxy) Close() error {
	err := p.server.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		_ = c.Close() // its copying ends with an error that says so
	}
	p.mu.Unlock()
	p.wait.Wait()
	return err
}

// Targets lists what clients may ask for.
func (p *Proxy) Targets() []string { return slices.Sorted(maps.Keys(p.targets)) }

// ServeHTTP answers one request: a tunnel, or a refusal in a sentence.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Mark(w.Header())
	// What a client asks for is compared whole and never taken apart. The request
	// line is what counts; a Host header beside it may say anything.
	authority := r.RequestURI
	if r.Method != http.MethodConnect {
		p.note(wire.Clip(r.Method + " " + authority))
		refuse(w, http.StatusForbidden, "This is the proxy of the Latchkey emulator. It takes CONNECT only: use it as HTTPS_PROXY, not as HTTP_PROXY.")
		return
	}
	address, ok := p.targets[strings.ToLower(authority)]
	if !ok {
		p.note(wire.Clip(authority))
		refuse(w, http.StatusForbidden, fmt.Sprintf("The Latchkey emulator's proxy does not lead to %q: it knows the host names of Microsoft's that the emulator answers for, on port 443, and nothing else.", wire.Clip(authority)))
		return
	}
	select {
	case <-p.free:
		defer func() { p.free <- struct{}{} }()
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("The Latchkey emulator's proxy has %d tunnels open, which is as many as it takes. Close some.", cap(p.free)))
		return
	}
	p.tunnel(w, r, address)
}

// tunnel dials the emulator and copies until both sides have said all.
func (p *Proxy) tunnel(w http.ResponseWriter, r *http.Request, address string) {
	ctx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	defer cancel()
	inner, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		refuse(w, http.StatusBadGateway, "The Latchkey emulator does not answer behind its proxy.")
		return
	}
	outer, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = inner.Close()
		refuse(w, http.StatusInternalServerError, "The Latchkey emulator's proxy cannot take over the connection.")
		return
	}
	if !p.keep(outer, inner) {
		return // closing: both are cut
	}
	defer p.drop(outer, inner)
	// The server's deadline for reading the header is over.
	_ = outer.SetDeadline(time.Time{})
	if _, err := io.WriteString(outer, "HTTP/1.1 200 Connection established\r\nx-emulator: latchkey\r\n\r\n"); err != nil {
		return
	}
	watch := newWatch(p.idle, outer, inner)
	defer watch.stop()
	var both sync.WaitGroup
	// What the client sent right behind its request lies in the buffer already.
	both.Go(func() { pipe(inner, buffered.Reader, watch) })
	both.Go(func() { pipe(outer, inner, watch) })
	both.Wait()
}

// keep notes a tunnel's connections, so that Close can cut them; it says no when
// the proxy is closed already.
func (p *Proxy) keep(outer, inner net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = outer.Close()
		_ = inner.Close()
		return false
	}
	p.open[outer], p.open[inner] = struct{}{}, struct{}{}
	p.wait.Add(1)
	return true
}

func (p *Proxy) drop(outer, inner net.Conn) {
	_ = outer.Close()
	_ = inner.Close()
	p.mu.Lock()
	delete(p.open, outer)
	delete(p.open, inner)
	p.mu.Unlock()
	p.wait.Done()
}

// pipe copies one direction and then tells the other end that no more comes.
// When it ends otherwise, both directions are of no use any more.
func pipe(to net.Conn, from io.Reader, w *watch) {
	_, err := io.Copy(to, watched{from, w})
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		w.cut()
	}
}

// watch cuts a tunnel that has been silent for too long.
type watch struct {
	idle  time.Duration
	timer *time.Timer
	ends  []net.Conn
}

func newWatch(idle time.Duration, ends ...net.Conn) *watch {
	w := &watch{idle: idle, ends: ends}
	w.timer = time.AfterFunc(idle, w.cut)
	return w
}

func (w *watch) cut() {
	for _, c := range w.ends {
		_ = c.Close()
	}
}

func (w *watch) stop() { w.timer.Stop() }

// watched is a reader whose every read shows that its tunnel is alive.
type watched struct {
	io.Reader

	watch *watch
}

func (r watched) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.watch.timer.Reset(r.watch.idle)
	}
	return n, err
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentence+"\n")
}

// clip keeps what is told of a hostile request short.
