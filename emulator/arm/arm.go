// Package arm is the emulated Azure Resource Manager: subscriptions, resource
// groups, role definitions, role assignments, locks and a virtual machine on
// which rights can be tried, with the answers and the errors of the real one.
//
// It has a router of its own, because the paths are no fixed patterns: any scope
// may stand in front of an authorization resource, letters compare in either
// case, doubled slashes count as one, and nothing is ever redirected. What a
// path cannot say is refused in Microsoft's shape.
//
// Whether a caller may do something is judged by package world from the token's
// object and the groups written into it; see there for the rules.
package arm

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"latchkey/csp"
	"latchkey/emulator/bucket"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Options are what the resource manager needs.
type Options struct {
	World *world.World
	Key   *token.Key
	// Audiences gives resource names, besides Azure's own, that a token may be for.
	Audiences func() []string
	// LoginOrigin gives the address of the sign-in service, for the challenge
	// that tells a client where to get a token; "" leaves it out.
	LoginOrigin func() string
	// GraphOrigin gives the address of Microsoft Graph, for the metadata document.
	GraphOrigin func() string
	// Throttle makes exhausted rate limits answer 429. The headers that show
	// what remains are always sent.
	Throttle bool
	// LongRunning makes what takes Azure a while answer 202 and be asked again
	// until so much of the world's time has passed; zero: done at once.
	LongRunning time.Duration
	// PageSize is how many entries a list shows at once; zero means 500.
	PageSize int
}

// Handler serves Azure Resource Manager. Make it with New.
type Handler struct {
	Options
	table      map[string]endpoint
	buckets    *bucket.Buckets[bucketKey]
	operations *operations
}

// New makes the resource manager.
func New(o Options) *Handler {
	if o.Audiences == nil {
		o.Audiences = func() []string { return nil }
	}
	if o.LoginOrigin == nil {
		o.LoginOrigin = func() string { return "" }
	}
	if o.GraphOrigin == nil {
		o.GraphOrigin = func() string { return "https://graph.microsoft.com" }
	}
	if o.PageSize <= 0 {
		o.PageSize = 500
	}
	h := &Handler{Options: o, buckets: bucket.New[bucketKey](o.World.Now), operations: newOperations()}
	h.table = h.endpoints()
	return h
}

const maxBody = 1 << 20

// call is one request on its way through.
type call struct {
	method string
	origin string // under which the client reached us
	header http.Header
	query  url.Values
	body   []byte
	route  route
	claims token.Claims
	caller world.Caller
	actor  world.Actor
	tenant world.Tenant
}

// reply is what an operation answers; a nil body sends none.
type reply struct {
	status  int
	body    any
	headers map[string]string
}

func ok(body any) (reply, *failure) { return reply{status: http.StatusOK, body: body}, nil }

func done() (reply, *failure) { return reply{status: http.StatusOK}, nil }

func noContent() (reply, *failure) { return reply{status: http.StatusNoContent}, nil }

// put answers a PUT: 201 for what is new, 200 for what was changed.
func putReply(created bool, body any) (reply, *failure) {
	if created {
		return reply{status: http.StatusCreated, body: body}, nil
	}
	return ok(body)
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.stamp(w, r)
	got, f := h.serve(w, r)
	if f != nil {
		f.write(w)
		return
	}
	for name, value := range got.headers {
		w.Header().Set(name, value)
	}
	if got.body == nil {
		w.WriteHeader(got.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(got.status)
	if r.Method != http.MethodHead {
		// A client that hangs up while being answered is its own problem.
		_ = json.NewEncoder(w).Encode(got.body)
	}
}

// stamp sets the headers every answer has. The date is the world's.
func (h *Handler) stamp(w http.ResponseWriter, r *http.Request) {
	id := world.NewID[csp.Tenant]().String()
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if _, err := csp.ParseID[csp.Tenant](correlation); err != nil {
		correlation = id
	}
	now := h.World.Now()
	header := w.Header()
	wire.Stamp(header, now)
	header.Set("Cache-Control", "no-cache")
	header.Set("x-ms-request-id", id)
	header.Set("x-ms-correlation-request-id", correlation)
	header.Set("x-ms-routing-request-id", "EMULATOR:"+now.Format("20060102T150405Z")+":"+id)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (reply, *failure) {
	c := &call{method: r.Method, origin: "https://" + r.Host, header: r.Header}
	var f *failure
	if c.route, f = parseRoute(r.URL.EscapedPath()); f != nil {
		return reply{}, f
	}
	if c.query, f = readQuery(r.URL.RawQuery); f != nil {
		return reply{}, f
	}
	e, f := h.find(c)
	if f != nil {
		return reply{}, f
	}
	operate, f := e.operation(c)
	if f != nil {
		return reply{}, f
	}
	if f = e.check(c); f != nil {
		return reply{}, f
	}
	if e.open {
		return operate(c)
	}
	if f = h.authenticate(c, r); f != nil {
		return reply{}, f
	}
	if f = h.checkTenant(c); f != nil {
		return reply{}, f
	}
	if f = h.spend(w, c); f != nil {
		return reply{}, f
	}
	if c.body, f = readBody(w, r); f != nil {
		return reply{}, f
	}
	return operate(c)
}

// readBody reads the body, unpacked and of bounded size.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *failure) {
	body, err := wire.Body(w, r, maxBody)
	switch {
	case errors.Is(err, wire.ErrNotGzip):
		return nil, badRequest("InvalidRequestContent", "The request content says it is gzip and is not.")
	case err != nil:
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLarge", message: "The request content is larger than " + strconv.Itoa(maxBody) + " bytes, or could not be read."}
	}
	return body, nil
}

func decode(body []byte, into any) *failure {
	if len(body) == 0 {
		return badRequest("MissingRequestBody", "A request body is required.")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return badRequest("InvalidRequestContent", "The request content was invalid and could not be deserialized: '"+wire.Clip(err.Error())+"'.")
	}
	return nil
}
