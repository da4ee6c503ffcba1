// Package control is the emulator's control API: what a test or a demonstration
// does to the emulated cloud from outside of it, over HTTP and in JSON. It moves
// the clock, makes calls fail, takes tenants away, ends relationships, puts whole
// worlds in place, and reads what really happened.
//
//	GET    /                         how things stand
//	GET    /clock                    POST: set, move, freeze, run fast
//	GET    /settings                 PATCH: latency, life of tokens, delays
//	GET    /faults                   POST: one more; DELETE: all, or /faults/{id}
//	GET    /outages                  PUT, DELETE /outages/{tenant}
//	GET    /world                    as a world file; PUT: another one
//	POST   /world/reset              as it was at the beginning
//	GET    /snapshots                PUT, DELETE /snapshots/{name}
//	POST   /snapshots/{name}/restore
//	POST   /partners/remove          what a customer does who has had enough
//	GET    /history, /calls          what really happened
//
// It listens on an origin of its own on loopback, and does nothing for whoever
// does not send the token that was made for it. The token goes in a header, so no
// page that somebody has open can make a browser do anything here; GET changes
// nothing.
package control

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/fault"
	"latchkey/emulator/origin"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
)

// Cloud is what is controlled; *emulator.Server is one.
type Cloud interface {
	World() *world.World
	Generation() int
	Replace(*world.World) error
	Inject(fault.Fault) *fault.Injected
	Faults() []*fault.Injected
	ClearFaults()
	SetOutage(t csp.TenantID, on bool)
	Outages() []csp.TenantID
	Latency(of origin.Origin) time.Duration
	SetLatency(of origin.Origin, d time.Duration)
	TokenLife() time.Duration
	SetTokenLife(d time.Duration)
	Refused() []string
}

// Options are what the API is made with. Cloud is required.
type Options struct {
	Cloud Cloud
	// Clock is the world's clock; without one the clock cannot be moved.
	Clock *worldclock.Clock
	// Make makes a world of facts; without it, no other world can be put in place.
	Make func(csp.Facts) (*world.World, error)
	// Token is what callers must send; empty means that one is made.
	Token string
}

// Handler serves the API. Make it with New.
type Handler struct {
	Options
	routes *http.ServeMux

	mu        sync.Mutex
	snapshots map[string]snapshot
}

const (
	maxBody  = 1 << 20
	maxWorld = 256 << 20
)

// New makes the API.
func New(o Options) *Handler {
	if o.Token == "" {
		o.Token = NewToken()
	}
	h := &Handler{Options: o, routes: http.NewServeMux(), snapshots: make(map[string]snapshot)}
	for pattern, do := range h.operations() {
		h.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, do) })
	}
	return h
}

// NewToken makes a token that nobody guesses.
func NewToken() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// operation does what a call asks for; its answer is sent as JSON.
type operation func(r *http.Request) (any, error)

func (h *Handler) operations() map[string]operation {
	return map[string]operation{
		"GET /{$}":                       h.overview,
		"GET /clock":                     h.clock,
		"POST /clock":                    h.moveClock,
		"GET /settings":                  h.settings,
		"PATCH /settings":                h.changeSettings,
		"GET /faults":                    h.listFaults,
		"POST /faults":                   h.addFault,
		"DELETE /faults":                 h.clearFaults,
		"GET /faults/{id}":               h.getFault,
		"DELETE /faults/{id}":            h.removeFault,
		"GET /outages":                   h.listOutages,
		"PUT /outages/{tenant}":          h.beginOutage,
		"DELETE /outages/{tenant}":       h.endOutage,
		"GET /world":                     h.readWorld,
		"PUT /world":                     h.putWorld,
		"POST /world/reset":              h.resetWorld,
		"GET /snapshots":                 h.listSnapshots,
		"PUT /snapshots/{name}":          h.takeSnapshot,
		"DELETE /snapshots/{name}":       h.dropSnapshot,
		"POST /snapshots/{name}/restore": h.restoreSnapshot,
		"POST /partners/remove":          h.removePartner,
		"GET /people/{upn}":              h.getPerson,
		"PATCH /people/{upn}":            h.changePerson,
		"GET /history":                   h.history,
		"GET /calls":                     h.calls,
	}
}

// problem is an error with the status it is answered with.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func bad(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func absent(format string, args ...any) error {
	return &problem{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &problem{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// text is an answer that is no JSON.
type text struct {
	kind string
	body []byte
}

// ServeHTTP answers one request, if it brings the token.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	wire.Mark(header)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	if !h.isTrusted(r) {
		header.Set("WWW-Authenticate", `Bearer realm="latchkey emulator control"`)
		refuse(w, &problem{http.StatusUnauthorized, "The control API wants its token, as Authorization: Bearer TOKEN. `latchkey emulate` prints it, and the Go API gives it as Endpoints.ControlToken."})
		return
	}
	_, pattern := h.routes.Handler(r)
	if pattern == "" {
		refuse(w, absent("There is no %s %s here; GET / tells how things stand, and docs/emulator.md what can be done.", wire.Clip(r.Method), wire.Clip(r.URL.Path)))
		return
	}
	h.routes.ServeHTTP(w, r)
}

func (h *Handler) isTrusted(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(h.Token)) == 1
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, do operation) {
	most := int64(maxBody)
	if r.URL.Path == "/world" {
		most = maxWorld
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	got, err := do(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if plain, ok := got.(text); ok {
		w.Header().Set("Content-Type", plain.kind)
		_, _ = w.Write(plain.body)
		return
	}
	writeJSON(w, http.StatusOK, got)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if p, ok := errors.AsType[*problem](err); ok {
		status = p.status
	} else if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// A caller who hangs up while being answered is his own problem.
	_ = encoder.Encode(body)
}

// read reads a request's body: one JSON object, and no field that nobody knows.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); errors.Is(err, io.EOF) {
		return bad("a body is wanted: a JSON object")
	} else if err != nil {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return bad("one JSON object is wanted, and there is more")
	}
	return nil
}

// tenant finds a tenant by its id or one of its domains.
func (h *Handler) tenant(name string) (world.Tenant, error) {
	t, ok := h.Cloud.World().TenantNamed(name)
	if !ok {
		return t, absent("there is no tenant %q: name it by its id or one of its domains", wire.Clip(name))
	}
	return t, nil
}

// overview is how things stand.
type overview struct {
	Emulator   string     `json:"emulator"`
	Generation int        `json:"generation"`
	Clock      clockView  `json:"clock"`
	Tenants    int        `json:"tenants"`
	LastEvent  int64      `json:"lastEvent"`
	Faults     int        `json:"faults"`
	Outages    []string   `json:"outages"`
	Refused    []string   `json:"refusedByProxy"`
	Settings   settings   `json:"settings"`
	NextDue    *time.Time `json:"nextDue,omitempty"`
}

func (h *Handler) overview(*http.Request) (any, error) {
	w := h.Cloud.World()
	view := overview{
		Emulator: "latchkey", Generation: h.Cloud.Generation(), Clock: h.clockView(), Tenants: len(w.Tenants()),
		Faults: len(h.Cloud.Faults()), Outages: h.outages(), Refused: append([]string{}, h.Cloud.Refused()...), Settings: h.settingsView(),
	}
	if last := w.Latest(1, nil); len(last) == 1 {
		view.LastEvent = last[0].Number
	}
	if at, ok := w.NextDue(); ok {
		view.NextDue = &at
	}
	return view, nil
}
