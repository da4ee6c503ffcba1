package graph

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/bucket"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Options are what the service needs.
type Options struct {
	World *world.World
	Key   *token.Key
	// Audiences gives resource names, besides Microsoft's own, that a token may be for.
	Audiences func() []string
	// Origin is the address under which clients reach this service, for the
	// links in answers; "" means the host they asked.
	Origin func() string
	// LoginOrigin gives the address of the sign-in service, for the challenge
	// that tells a client where to get a token, and for the links of invitations.
	LoginOrigin func() string
	// Throttle makes exhausted rate limits answer 429. The headers that show
	// what was used are always sent.
	Throttle bool
}

// Handler serves Microsoft Graph. Make it with New.
type Handler struct {
	Options
	table   *node
	buckets *bucket.Buckets[bucketKey]
	deltas  deltas
}

// New makes the service.
func New(o Options) *Handler {
	if o.Audiences == nil {
		o.Audiences = func() []string { return nil }
	}
	if o.Origin == nil {
		o.Origin = func() string { return "" }
	}
	if o.LoginOrigin == nil {
		o.LoginOrigin = func() string { return "" }
	}
	h := &Handler{Options: o, buckets: bucket.New[bucketKey](o.World.Now)}
	h.table = plant(h.routes())
	return h
}

// maxBody is what the real service takes in one request, in bytes.
const maxBody = 4 << 20

// request is what is asked for, over the wire or as a part of a batch.
type request struct {
	method string
	path   string // escaped, with the version in front
	query  string // raw
	header http.Header
	body   []byte
}

// identity is who is asking, as the bearer token says.
type identity struct {
	claims token.Claims
	caller world.Caller
	actor  world.Actor
	tenant world.Tenant
	home   csp.TenantID // of the account; a partner's where it is delegated
}

// isApp says whether an application acts as itself.
func (i *identity) isApp() bool { return i.caller.App }

// as is the tenant, for what the caller changes there.
func (i *identity) as() world.Tenant { return i.tenant.As(i.actor) }

// call is one request on its way through.
type call struct {
	*identity
	request
	ctx    context.Context //nolint:containedctx // a call lives as long as its request
	base   string          // origin and version: "https://graph.microsoft.com/v1.0"
	beta   bool
	params map[string]string
	values url.Values // the query; names in lower case
}

// reply is what an operation answers; a nil body sends none.
type reply struct {
	status  int
	body    any
	headers map[string]string
}

func ok(body any) (reply, *failure) { return reply{status: http.StatusOK, body: body}, nil }

func noContent() (reply, *failure) { return reply{status: http.StatusNoContent}, nil }

func created(body any) (reply, *failure) { return reply{status: http.StatusCreated, body: body}, nil }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ids := h.stamp(w, r)
	if strings.TrimRight(r.URL.Path, "/") == redeemPath {
		h.serveRedeem(w, r)
		return
	}
	got, f := h.serve(w, r)
	if f != nil {
		f.write(w, ids)
		return
	}
	for name, value := range got.headers {
		w.Header().Set(name, value)
	}
	if got.body == nil {
		w.WriteHeader(got.status)
		return
	}
	text, isText := got.body.(plain)
	w.Header().Set("Content-Type", contentType)
	if isText {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(got.status)
	switch {
	case r.Method == http.MethodHead:
	case isText:
		_, _ = io.WriteString(w, string(text))
	default:
		// A client that hangs up while being answered is its own problem.
		_ = json.NewEncoder(w).Encode(got.body)
	}
}

const contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (reply, *failure) {
	who, f := h.authenticate(r)
	if f != nil {
		return reply{}, f
	}
	body, f := readBody(w, r)
	if f != nil {
		return reply{}, f
	}
	origin := h.Origin()
	if origin == "" {
		origin = "https://" + r.Host
	}
	return h.answer(r.Context(), who, origin, request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, body})
}

// answer finds the route, asks whether the caller may take it, and takes it.
func (h *Handler) answer(ctx context.Context, who *identity, origin string, rq request) (reply, *failure) {
	segments, f := splitPath(rq.path)
	if f != nil {
		return reply{}, f
	}
	if len(segments) == 0 || !strings.EqualFold(segments[0], "v1.0") && !strings.EqualFold(segments[0], "beta") {
		return reply{}, badRequest("Invalid version: " + wire.Clip(strings.Join(segments[:min(len(segments), 1)], ""))).coded("BadRequest")
	}
	c := &call{identity: who, request: rq, ctx: ctx, beta: strings.EqualFold(segments[0], "beta"), params: map[string]string{}}
	c.base = origin + "/" + strings.ToLower(segments[0])
	if c.values, f = readQuery(rq.query); f != nil {
		return reply{}, f
	}
	if segments, f = c.expandMe(segments[1:]); f != nil {
		return reply{}, f
	}
	row, f := h.table.find(c, segments)
	if f != nil {
		return reply{}, f
	}
	if f := h.mayTake(c, row); f != nil {
		return reply{}, f
	}
	headers, f := h.throttle(c, row)
	if f != nil {
		return reply{}, f
	}
	got, f := row.do(c)
	if f != nil {
		return reply{}, f.with(headers)
	}
	if got.headers == nil {
		got.headers = headers
	} else {
		maps.Copy(got.headers, headers)
	}
	return got, nil
}

// identifiers are what every answer carries so that it can be found again.
type identifiers struct {
	request, client, date string
}

// stamp sets the headers every answer has. The date is the world's.
func (h *Handler) stamp(w http.ResponseWriter, r *http.Request) identifiers {
	id := world.NewID[csp.Tenant]().String()
	client := r.Header.Get("client-request-id")
	if _, err := csp.ParseID[csp.Tenant](client); err != nil {
		client = id
	}
	now := h.World.Now()
	header := w.Header()
	wire.Stamp(header, now)
	header.Set("Cache-Control", "no-cache")
	header.Set("request-id", id)
	header.Set("client-request-id", client)
	header.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"latchkey"}}`)
	header.Set("OData-Version", "4.0")
	return identifiers{id, client, now.Format("2006-01-02T15:04:05")}
}

// readQuery decodes a query: a plus or %20 for a space, names in either case,
// with or without the dollar sign, as Graph takes them.
func readQuery(raw string) (url.Values, *failure) {
	parsed, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("The query string could not be read.").coded("BadRequest")
	}
	q := make(url.Values, len(parsed))
	for name, values := range parsed {
		name = strings.ToLower(name)
		switch name {
		case "filter", "select", "expand", "top", "skip", "count", "orderby", "search", "skiptoken", "deltatoken":
			name = "$" + name
		}
		q[name] = values
	}
	return q, nil
}

// readBody reads the body, unpacked and of bounded size.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *failure) {
	body, err := wire.Body(w, r, maxBody)
	switch {
	case errors.Is(err, wire.ErrNotGzip):
		return nil, badRequest("The request content says it is gzip and is not.").coded("BadRequest")
	case err != nil:
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: "RequestBodyTooLarge", message: "The request body is too large, or could not be read."}
	}
	return body, nil
}

// decode reads the call's JSON body. Unknown properties are left alone, as many
// clients send more than is asked for.
func (c *call) decode(into any) *failure {
	if len(c.body) == 0 {
		return badRequest("Empty Payload. JSON content expected.").coded("BadRequest")
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.").coded("BadRequest")
	}
	return nil
}

// context is the address of the metadata that describes an answer.
func (c *call) context(of string) string { return c.base + "/$metadata#" + of }
