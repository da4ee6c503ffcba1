package emulator

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/fault"
	"latchkey/emulator/origin"
	"latchkey/emulator/wire"
)

// watched serves an origin: it notes every call in the world's history and lets
// faults strike. A request that names one of Microsoft's hosts goes where that
// name leads, whichever port it came in by.
func (s *Server) watched(at Origin) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := at
		named, ok := origin.Of(r.Host)
		if ok {
			at = named
		} else if at == Browser && !s.isOwnHost(r.Host) {
			refuseHost(w)
			return
		}
		g := s.now.Load()
		c := &visit{server: s, generation: g, at: at, microsoft: ok, w: w}
		c.r = r.WithContext(g.world.BeginCall(r.Context(), r.Method, string(at), r.URL.Path))
		c.serve()
	})
}

// isOwnHost says whether a plain origin may be called by the name. A page on the
// internet whose name was made to lead to loopback may not read what is here.
func (s *Server) isOwnHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return s.options.AllowRemote || strings.EqualFold(host, "localhost") || host == BrowserHost || err == nil && address.IsLoopback()
}

func refuseHost(w http.ResponseWriter) {
	wire.Mark(w.Header())
	http.Error(w, "This is the Latchkey emulator. It is called localhost or 127.0.0.1 here, and answers to no other name.", http.StatusMisdirectedRequest)
}

// visit is one call on its way through.
type visit struct {
	server     *Server
	generation *generation
	at         Origin
	microsoft  bool // the client calls it by a name of Microsoft's
	w          http.ResponseWriter
	r          *http.Request
}

func (v *visit) serve() {
	if !wait(v.r, v.server.Latency(v.at)) {
		v.cut(0)
	}
	call := fault.Call{At: v.at, Request: v.r, Tenant: func() csp.TenantID { return tenantOf(v.generation.world, v.at, v.r) }}
	if f, struck := v.server.faults.Strike(call); struck {
		v.suffer(f)
		return
	}
	if v.r.Method != http.MethodGet {
		v.rememberFirst(call)
		v.answer()
		return
	}
	old, remember := v.server.faults.Old(call, v.generation.world.LastChange())
	switch {
	case old != nil:
		v.send(*old)
		v.end(old.Status, false)
	case remember != nil:
		kept := v.perform(v.r)
		v.send(kept.answer())
		v.end(kept.status, false)
		remember(kept.answer())
	default:
		v.answer()
	}
}

// answer lets the endpoint answer the client itself, undisturbed.
func (v *visit) answer() {
	out := &statusWriter{ResponseWriter: v.w, before: v.dress}
	v.generation.serving[v.at].ServeHTTP(out, v.r)
	v.end(out.status, false)
}

// perform lets the endpoint answer and keeps what it says.
func (v *visit) perform(r *http.Request) *recorder {
	kept := newRecorder()
	v.generation.serving[v.at].ServeHTTP(kept, r)
	kept.WriteHeader(http.StatusOK)
	v.dress(kept.sent)
	return kept
}

// rememberFirst asks, for a stale fault, what a write is about to change.
func (v *visit) rememberFirst(call fault.Call) {
	remember, wanted := v.server.faults.Before(call, v.generation.world.LastChange())
	if !wanted {
		return
	}
	read := v.r.Clone(v.r.Context())
	read.Method, read.Body, read.ContentLength = http.MethodGet, http.NoBody, 0
	remember(v.perform(read).answer())
}

// suffer serves a call that a fault has struck.
func (v *visit) suffer(f Fault) {
	if !wait(v.r, f.Delay) {
		v.cut(0)
	}
	spoilt := f.Cut || f.Status != 0
	kept := newRecorder()
	if !spoilt || f.AfterEffect || f.Duplicate {
		kept = v.takeEffect(f)
	}
	if !wait(v.r, f.AnswerDelay) || f.Cut {
		v.cut(kept.status)
	}
	switch {
	case f.Status != 0:
		if f.RetryAfter > 0 {
			v.w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Round(time.Second).Seconds())))
		}
		writeFault(v.w, v.generation.world.Now(), v.at, f)
		v.end(f.Status, f.AfterEffect || f.Duplicate)
	case f.Truncate:
		v.truncate(kept.answer())
	default:
		v.send(kept.answer())
		v.end(kept.status, false)
	}
}

// maxTwice is how much of a request is kept so that it can take effect twice.
const maxTwice = 8 << 20

// takeEffect lets the endpoint do its work, once or twice; the last answer counts.
func (v *visit) takeEffect(f Fault) *recorder {
	if !f.Duplicate {
		return v.perform(v.r)
	}
	body, err := io.ReadAll(io.LimitReader(v.r.Body, maxTwice))
	if err != nil {
		v.cut(0) // the client has gone in the middle of its request
	}
	again := func() *http.Request {
		r := v.r.Clone(v.r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		return r
	}
	v.perform(again())
	return v.perform(again())
}

// truncate sends half of the answer's body and drops the connection. An answer
// without a body is lost whole.
func (v *visit) truncate(a fault.Answer) {
	if len(a.Body) == 0 {
		v.cut(a.Status)
	}
	a.Header = a.Header.Clone()
	a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	a.Body = a.Body[:len(a.Body)/2]
	v.send(a)
	_ = http.NewResponseController(v.w).Flush() // a writer that cannot has kept nothing back
	v.cut(a.Status)
}

func (v *visit) send(a fault.Answer) {
	maps.Copy(v.w.Header(), a.Header)
	v.w.WriteHeader(a.Status)
	_, _ = v.w.Write(a.Body)
}

// cut drops the connection, in the way net/http has for it.
func (v *visit) cut(status int) {
	v.end(status, true)
	panic(http.ErrAbortHandler)
}

func (v *visit) end(status int, lost bool) { v.generation.world.EndCall(v.r.Context(), status, lost) }

// dress lets a challenge name the sign-in service as the client's own world
// calls it: a client that came by Microsoft's name reaches it by Microsoft's name.
func (v *visit) dress(h http.Header) {
	if !v.microsoft {
		return
	}
	challenges := slices.Clone(h.Values("WWW-Authenticate"))
	for i, text := range challenges {
		challenges[i] = strings.ReplaceAll(text, v.server.loginOrigin()+"/", "https://"+Login.Names()[0]+"/")
	}
	if len(challenges) > 0 {
		h["Www-Authenticate"] = challenges
	}
}

// wait lets d pass; it says no when the client has gone meanwhile.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter

	before func(http.Header)
	status int
}

// WriteHeader passes the status on.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.before(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write passes the body on.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
