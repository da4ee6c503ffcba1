package emulator

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/arm"
	"latchkey/emulator/entra"
	"latchkey/emulator/world"
)

// Fault is something that goes wrong with chosen calls. Empty fields of the
// first part match every call.
type Fault struct {
	Origin Origin
	Method string
	// Path is a pattern in which each * stands for any text, slashes included;
	// letters compare in either case.
	Path string
	// Tenant is the tenant that the call's path is about: for the login origin
	// its first segment, for ARM the tenant its subscription trusts.
	Tenant csp.TenantID
	// First is the number of the first matching call that fails, from 1; zero
	// means 1. Times is how many fail in a row; zero means one, below zero all.
	First, Times int

	// Delay makes the call wait before anything else happens.
	Delay time.Duration
	// AfterEffect lets the call do its work before it fails; otherwise it
	// never begins.
	AfterEffect bool
	// AnswerDelay makes the answer wait after the work was done.
	AnswerDelay time.Duration
	// Cut drops the connection instead of answering.
	Cut bool
	// Status and Code are answered instead of the true answer. With neither Cut
	// nor Status the call is only slow.
	Status int
	Code   string
	// RetryAfter is sent along with Status, in whole seconds.
	RetryAfter time.Duration
}

// Injected is a fault at work.
type Injected struct {
	fault Fault
	owner *faults
	seen  int
	hit   int
}

// Hits is how many calls it has struck.
func (i *Injected) Hits() int {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return i.hit
}

// Remove ends the fault.
func (i *Injected) Remove() { i.owner.remove(i) }

// Inject puts a fault to work. When several match a call the oldest strikes.
func (s *Server) Inject(f Fault) *Injected { return s.faults.add(f) }

// SetOutage takes everything of the tenant away, or gives it back: every call
// about it answers 503 before it takes effect.
func (s *Server) SetOutage(t csp.TenantID, on bool) { s.faults.setOutage(t, on) }

type faults struct {
	world   *world.World
	mu      sync.Mutex
	active  []*Injected
	outages map[csp.TenantID]bool
}

func newFaults(w *world.World) *faults {
	return &faults{world: w, outages: make(map[csp.TenantID]bool)}
}

func (f *faults) add(fault Fault) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := &Injected{fault: fault, owner: f}
	f.active = append(f.active, i)
	return i
}

func (f *faults) remove(gone *Injected) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, i := range f.active {
		if i == gone {
			f.active = append(f.active[:at:at], f.active[at+1:]...)
			return
		}
	}
}

func (f *faults) setOutage(t csp.TenantID, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on {
		f.outages[t] = true
	} else {
		delete(f.outages, t)
	}
}

// strike finds what is wrong with this call, if anything.
func (f *faults) strike(at Origin, r *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.active) == 0 && len(f.outages) == 0 {
		return Fault{}, false
	}
	tenant := f.tenantOf(at, r.URL.Path)
	if f.outages[tenant] {
		return Fault{Status: http.StatusServiceUnavailable}, true
	}
	for _, i := range f.active {
		if !i.fault.matches(at, r, tenant) {
			continue
		}
		i.seen++
		first, times := max(i.fault.First, 1), i.fault.Times
		if times == 0 {
			times = 1
		}
		if i.seen >= first && (times < 0 || i.seen < first+times) {
			i.hit++
			return i.fault, true
		}
	}
	return Fault{}, false
}

func (f Fault) matches(at Origin, r *http.Request, tenant csp.TenantID) bool {
	return (f.Origin == "" || f.Origin == at) &&
		(f.Method == "" || strings.EqualFold(f.Method, r.Method)) &&
		(f.Path == "" || abac.Match(f.Path, r.URL.Path)) &&
		(f.Tenant.IsZero() || f.Tenant == tenant)
}

// tenantOf is the tenant a path is about, or zero.
func (f *faults) tenantOf(at Origin, path string) csp.TenantID {
	segments := strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
	if at != ARM {
		if len(segments) == 0 {
			return csp.TenantID{}
		}
		t, _ := f.world.TenantNamed(segments[0])
		return t.ID
	}
	if len(segments) < 2 || !strings.EqualFold(segments[0], "subscriptions") {
		return csp.TenantID{}
	}
	id, err := csp.ParseID[csp.Subscription](segments[1])
	if err != nil {
		return csp.TenantID{}
	}
	s, _ := f.world.Subscription(id)
	return s.Tenant
}

// watched notes every call in the world's history, and lets faults strike.
func (s *Server) watched(at Origin, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := s.world.BeginCall(r.Context(), r.Method, string(at), r.URL.Path)
		r = r.WithContext(ctx)
		if fault, struck := s.faults.strike(at, r); struck {
			s.suffer(at, fault, handler, w, r)
			return
		}
		counted := &statusWriter{ResponseWriter: w}
		handler.ServeHTTP(counted, r)
		s.world.EndCall(ctx, counted.status, false)
	})
}

// suffer serves a call that a fault has struck.
func (s *Server) suffer(at Origin, f Fault, handler http.Handler, w http.ResponseWriter, r *http.Request) {
	if !wait(r, f.Delay) {
		s.world.EndCall(r.Context(), 0, true)
		panic(http.ErrAbortHandler)
	}
	spoilt := f.Cut || f.Status != 0
	kept := newRecorder()
	if !spoilt || f.AfterEffect {
		handler.ServeHTTP(kept, r)
	}
	if !wait(r, f.AnswerDelay) || f.Cut {
		s.world.EndCall(r.Context(), kept.status, true)
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	if spoilt {
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Round(time.Second).Seconds())))
		}
		s.writeFault(w, at, f)
		s.world.EndCall(r.Context(), f.Status, f.AfterEffect)
		return
	}
	kept.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), kept.sent)
	w.WriteHeader(kept.status)
	_, _ = w.Write(kept.body.Bytes())
	s.world.EndCall(r.Context(), kept.status, false)
}

// writeFault answers as the origin's own service would.
func (s *Server) writeFault(w http.ResponseWriter, at Origin, f Fault) {
	w.Header().Set("x-emulator", "latchkey")
	code := f.Code
	if at != ARM {
		if code == "" {
			code = "temporarily_unavailable"
		}
		entra.WriteError(w, s.world.Now(), f.Status, code)
		return
	}
	if code == "" {
		code = strings.ReplaceAll(http.StatusText(f.Status), " ", "")
	}
	arm.WriteError(w, f.Status, code, "The emulator was asked to fail this call.")
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
	status int
}

// WriteHeader passes the status on.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write passes the body on.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
