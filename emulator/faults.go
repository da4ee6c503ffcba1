package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/arm"
	"latchkey/emulator/entra"
	"latchkey/emulator/fault"
	"latchkey/emulator/graph"
	"latchkey/emulator/origin"
	"latchkey/emulator/partnercenter"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Fault is something that goes wrong with chosen calls.
type Fault = fault.Fault

// Injected is a fault at work.
type Injected = fault.Injected

// Inject puts a fault to work. When several match a call the oldest strikes.
func (s *Server) Inject(f Fault) *Injected { return s.faults.Add(f) }

// Faults lists what is at work, oldest first.
func (s *Server) Faults() []*Injected { return s.faults.List() }

// ClearFaults ends every fault and every outage.
func (s *Server) ClearFaults() { s.faults.Clear() }

// SetOutage takes everything of the tenant away, or gives it back: every call
// about it answers 503 before it takes effect.
func (s *Server) SetOutage(t csp.TenantID, on bool) { s.faults.SetOutage(t, on) }

// Outages lists the tenants of which everything is away.
func (s *Server) Outages() []csp.TenantID { return s.faults.Outages() }

// Latency is how long the calls of an origin wait before they are looked at.
func (s *Server) Latency(of Origin) time.Duration { return s.latency.of(of) }

// SetLatency makes every call of the origin wait; zero ends it.
func (s *Server) SetLatency(of Origin, d time.Duration) { s.latency.set(of, d) }

// trouble tells in words what was asked to go wrong.
func (s *Server) trouble() []string {
	var list []string
	for _, t := range s.Outages() {
		name := t.String()
		if known, ok := s.World().Tenant(t); ok {
			name = known.Name
		}
		list = append(list, "Everything of "+name+" is away.")
	}
	for _, at := range origin.All() {
		if d := s.Latency(at); d > 0 {
			list = append(list, fmt.Sprintf("Calls to %s wait %v.", at.Title(), d))
		}
	}
	for _, i := range s.Faults() {
		list = append(list, fmt.Sprintf("%s It has struck %d times.", i.Fault(), i.Hits()))
	}
	return list
}

// latency is what every call waits, by origin.
type latency struct {
	mu    sync.RWMutex
	waits map[Origin]time.Duration
}

func (l *latency) of(at Origin) time.Duration {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.waits[at]
}

func (l *latency) set(at Origin, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waits == nil {
		l.waits = make(map[Origin]time.Duration)
	}
	l.waits[at] = max(d, 0)
}

// tenantOf is the tenant a call is about: the one its path names, or else the
// one its token is for, or zero. Whether the token is any good is not asked: it
// only decides whose faults strike.
func tenantOf(w *world.World, at Origin, r *http.Request) csp.TenantID {
	segments := strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' })
	named := func(i int, keyword string) (string, bool) {
		if len(segments) <= i || (keyword != "" && !strings.EqualFold(segments[i-1], keyword)) {
			return "", false
		}
		return segments[i], true
	}
	switch at {
	case Login, Browser:
		if name, ok := named(0, ""); ok {
			t, _ := w.TenantNamed(name)
			return t.ID
		}
		return csp.TenantID{}
	case ARM:
		if name, ok := named(1, "subscriptions"); ok {
			if id, err := csp.ParseID[csp.Subscription](name); err == nil {
				if s, ok := w.Subscription(id); ok {
					return s.Tenant
				}
			}
		}
	case PartnerCenter:
		if name, ok := named(2, "customers"); ok {
			if id, err := csp.ParseID[csp.Tenant](name); err == nil {
				return id
			}
		}
	}
	return tokenTenant(r)
}

// tokenTenant reads the tenant out of a bearer token, without checking it.
func tokenTenant(r *http.Request) csp.TenantID {
	parts := strings.Split(r.Header.Get("Authorization"), ".")
	if len(parts) != 3 {
		return csp.TenantID{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return csp.TenantID{}
	}
	var claims struct {
		Tenant string `json:"tid"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return csp.TenantID{}
	}
	id, err := csp.ParseID[csp.Tenant](claims.Tenant)
	if err != nil {
		return csp.TenantID{}
	}
	return id
}

// writeFault answers as the origin's own service would.
func writeFault(w http.ResponseWriter, now time.Time, at Origin, f Fault) {
	const sentence = "The emulator was asked to fail this call."
	wire.Mark(w.Header())
	code := f.Code
	if at == Login || at == Browser {
		if code == "" {
			code = "temporarily_unavailable"
		}
		entra.WriteError(w, now, f.Status, code)
		return
	}
	if code == "" {
		code = strings.ReplaceAll(http.StatusText(f.Status), " ", "")
	}
	if at == Graph {
		graph.WriteError(w, f.Status, code, sentence)
		return
	}
	if at == PartnerCenter {
		partnercenter.WriteError(w, f.Status, code, sentence)
		return
	}
	arm.WriteError(w, f.Status, code, sentence)
}
