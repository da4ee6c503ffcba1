// Package partnercenter is the emulated Partner Center REST API: a partner's
// customers, what they bought, who works for them, and the partner's own agents.
//
// What sets it apart from the other endpoints is how it looks at callers. A
// person must have signed in with a second factor and be an agent or
// administrator of a partner (R6, R9); an application by itself may do only
// some things; and what lies in a customer's directory is open only to those
// whom the customer's delegation gives a directory role there (R10-R13).
//
// Collections, headers, codes and the repetition of a request under one
// MS-RequestId follow the real service; docs/emulator.md says where they do not.
package partnercenter

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Options are what Partner Center needs. World and Key are required.
type Options struct {
	World *world.World
	Key   *token.Key
	// Audiences gives resource names, besides Microsoft's own, that a token may
	// be for.
	Audiences func() []string
	// AdminCenter gives the origin under which customers find the pages of the
	// admin center, for links that are mailed to them; "" means Microsoft's.
	AdminCenter func() string
	// Throttle makes an exhausted rate limit answer 429.
	Throttle bool
}

// Handler serves Partner Center. Make it with New.
type Handler struct {
	Options
	routes  []operation
	answers *answers
	limits  *limits
}

// New makes Partner Center.
func New(o Options) *Handler {
	if o.Audiences == nil {
		o.Audiences = func() []string { return nil }
	}
	if o.AdminCenter == nil {
		o.AdminCenter = func() string { return "" }
	}
	h := &Handler{Options: o, answers: newAnswers(o.World), limits: newLimits(o.World.Now)}
	h.routes = h.operations()
	return h
}

const maxBody = 1 << 20

// call is one request on its way through.
type call struct {
	method string
	path   []string // after /v1, as spelt
	names  []string // what stood in the places of the pattern's stars
	query  url.Values
	header http.Header
	body   []byte
	visitor
	// customer is who the path names, when it names one.
	customer world.Tenant
}

// reply is what an operation answers; a nil body sends none.
type reply struct {
	status int
	body   any
	header map[string]string
}

func ok(body any) (reply, *failure)      { return reply{status: http.StatusOK, body: body}, nil }
func created(body any) (reply, *failure) { return reply{status: http.StatusCreated, body: body}, nil }
func done() (reply, *failure)            { return reply{status: http.StatusNoContent}, nil }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.stamp(w, r)
	got, f := h.serve(w, r)
	if f != nil {
		f.write(w, r.Method == http.MethodHead)
		return
	}
	for name, value := range got.header {
		w.Header().Set(name, value)
	}
	if got.body == nil {
		w.WriteHeader(got.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(got.status)
	// A client that hangs up while being answered is its own problem.
	_ = json.NewEncoder(w).Encode(got.body)
}

// stamp sets the headers every answer has; the ids are those the client sent,
// if it sent any.
func (h *Handler) stamp(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for _, name := range []string{"MS-RequestId", "MS-CorrelationId"} {
		id, err := csp.ParseID[csp.Tenant](r.Header.Get(name))
		if err != nil {
			id = world.NewID[csp.Tenant]()
		}
		header.Set(name, id.String())
	}
	vector := r.Header.Get("MS-CV")
	if vector == "" || len(vector) > 128 || strings.ContainsFunc(vector, func(c rune) bool { return c <= ' ' || c > '~' }) {
		vector = strings.ReplaceAll(world.NewID[csp.Tenant]().String(), "-", "")[:22]
	}
	header.Set("MS-CV", vector+".0")
	header.Set("MS-ServerId", "EMULATOR")
	wire.Stamp(header, h.World.Now())
	header.Set("Cache-Control", "no-store")
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (reply, *failure) {
	c := &call{method: r.Method, header: r.Header}
	op, f := h.find(c, r.URL)
	if f != nil {
		return reply{}, f
	}
	if f := h.authenticate(c, w, r); f != nil {
		return reply{}, f
	}
	if h.Throttle {
		if f := h.limits.spend(c.partner.ID); f != nil {
			return reply{}, f
		}
	}
	if f := h.admit(c, op); f != nil {
		return reply{}, f
	}
	if c.body, f = readBody(w, r); f != nil {
		return reply{}, f
	}
	if c.method == http.MethodPost {
		return h.answers.once(c, op.do)
	}
	return op.do(c)
}

// readBody reads the body, unpacked and of bounded size.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *failure) {
	body, err := wire.Body(w, r, maxBody)
	switch {
	case errors.Is(err, wire.ErrNotGzip):
		return nil, invalidInput("The request says it is gzip and is not.")
	case err != nil:
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: "800002", description: "The request is larger than a mebibyte, or could not be read."}
	}
	return body, nil
}

// decode reads the body as JSON; names of properties count in either case.
func (c *call) decode(into any) *failure {
	if len(c.body) == 0 {
		return invalidInput("A request body is required.")
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return invalidInput("The request body could not be read: " + wire.Clip(err.Error()))
	}
	return nil
}
