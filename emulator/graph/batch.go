package graph

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

func (h *Handler) batchRoutes() []route {
	return []route{{"POST", "/$batch", "", "", h.batch}}
}

func queryEscape(s string) string { return url.QueryEscape(s) }

const maxBatch = 20

// batchPart is one request of a batch.
type batchPart struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// batchReply is what became of it.
type batchReply struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body,omitempty"`
}

// batch does up to twenty requests, each with an answer of its own. One that
// depends on others waits for them, and fails when they did.
func (h *Handler) batch(c *call) (reply, *failure) {
	var body struct {
		Requests []batchPart `json:"requests"`
	}
	if f := c.decode(&body); f != nil {
		return reply{}, f
	}
	if f := checkBatch(body.Requests); f != nil {
		return reply{}, f
	}
	status := make(map[string]int)
	answers := []batchReply{}
	for _, part := range inOrder(body.Requests) {
		answer := batchReply{ID: part.ID, Headers: map[string]string{"Content-Type": "application/json"}}
		if slices.ContainsFunc(part.DependsOn, func(id string) bool { return status[id] >= http.StatusBadRequest }) {
			f := &failure{status: http.StatusFailedDependency, code: "FailedDependency", message: "A request that this one depends on has failed."}
			answer.Status, answer.Body = f.status, f.body(h.newIdentifiers(c))
		} else {
			h.doPart(c, part, &answer)
		}
		status[part.ID] = answer.Status
		answers = append(answers, answer)
	}
	return ok(map[string]any{"responses": answers})
}

func checkBatch(parts []batchPart) *failure {
	if len(parts) == 0 {
		return badRequest("Invalid batch payload format.").coded("BadRequest")
	}
	if len(parts) > maxBatch {
		return badRequest("Number of batch request steps exceeds the maximum value of 20.").coded("BadRequest")
	}
	seen := make(map[string]bool)
	for _, p := range parts {
		if p.ID == "" || seen[p.ID] {
			return badRequest("Invalid batch: every request needs an id of its own.").coded("BadRequest")
		}
		seen[p.ID] = true
	}
	for _, p := range parts {
		for _, id := range p.DependsOn {
			if !seen[id] || id == p.ID {
				return badRequest("Invalid batch: the request '" + wire.Clip(p.ID) + "' depends on '" + wire.Clip(id) + "', which is not in the batch or itself.").coded("BadRequest")
			}
		}
	}
	if len(inOrder(parts)) != len(parts) {
		return badRequest("Invalid batch: its requests depend on each other in a ring.").coded("BadRequest")
	}
	return nil
}

// inOrder puts each request behind those it depends on, and leaves out those in
// a ring.
func inOrder(parts []batchPart) []batchPart {
	var ordered []batchPart
	done := make(map[string]bool)
	for range parts {
		for _, p := range parts {
			if !done[p.ID] && !slices.ContainsFunc(p.DependsOn, func(id string) bool { return !done[id] }) {
				done[p.ID] = true
				ordered = append(ordered, p)
			}
		}
	}
	return ordered
}

func (h *Handler) doPart(c *call, part batchPart, into *batchReply) {
	path, query, _ := strings.Cut(part.URL, "?")
	origin, version := cutVersion(c.base)
	header := make(http.Header)
	for name, value := range part.Headers {
		header.Set(name, value)
	}
	f := h.checkPart(part, header)
	var got reply
	if f == nil {
		body := bytes.TrimSpace(part.Body)
		if bytes.Equal(body, []byte("null")) {
			body = nil
		}
		got, f = h.answer(c.ctx, c.identity, origin, request{strings.ToUpper(part.Method), "/" + version + "/" + strings.TrimLeft(path, "/"), query, header, body})
	}
	if f != nil {
		into.Status, into.Body = f.status, f.body(h.newIdentifiers(c))
		maps.Copy(into.Headers, f.headers)
		return
	}
	into.Status, into.Body = got.status, got.body
	maps.Copy(into.Headers, got.headers)
	if got.body == nil {
		delete(into.Headers, "Content-Type")
	}
	if text, isText := got.body.(plain); isText {
		into.Headers["Content-Type"] = "text/plain"
		if n, err := strconv.Atoi(string(text)); err == nil {
			into.Body = n
		}
	}
}

func (h *Handler) checkPart(part batchPart, header http.Header) *failure {
	bare, _, _ := strings.Cut(strings.TrimLeft(part.URL, "/"), "?")
	switch {
	case strings.Contains(bare, "://") || bare == "":
		return badRequest("Invalid batch: the url of a request is relative.").coded("BadRequest")
	case strings.HasPrefix(strings.ToLower(bare), "$batch"):
		return badRequest("Invalid batch: a batch holds no batch.").coded("BadRequest")
	case len(part.Body) > 0 && string(part.Body) != "null" && header.Get("Content-Type") == "":
		return badRequest("Write request id : " + wire.Clip(part.ID) + " does not contain Content-Type header or body.").coded("BadRequest")
	}
	return nil
}

// newIdentifiers are those of one part of a batch.
func (h *Handler) newIdentifiers(c *call) identifiers {
	id := world.NewID[csp.Tenant]().String()
	client := c.header.Get("client-request-id")
	if _, err := csp.ParseID[csp.Tenant](client); err != nil {
		client = id
	}
	return identifiers{id, client, h.World.Now().Format("2006-01-02T15:04:05")}
}
