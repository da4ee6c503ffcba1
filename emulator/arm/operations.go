package arm

import (
	"net/http"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// keptOperations is how many long-running operations can be asked about.
const keptOperations = 1000

// running is a long-running operation. What it does is done when it begins; only
// its answer waits.
type running struct {
	id           string
	subscription csp.SubscriptionID
	began, ends  time.Time
	result       any
}

type operations struct {
	mu     sync.Mutex
	known  map[string]running
	oldest []string
}

func newOperations() *operations { return &operations{known: make(map[string]running)} }

func (o *operations) add(r running) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.oldest) == keptOperations {
		delete(o.known, o.oldest[0])
		o.oldest = append(o.oldest[:0], o.oldest[1:]...)
	}
	o.known[r.id] = r
	o.oldest = append(o.oldest, r.id)
}

func (o *operations) find(id string, in csp.SubscriptionID) (running, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, ok := o.known[id]
	return r, ok && r.subscription == in
}

// begin answers what takes a while: at once if nothing takes a while here, else
// with 202 and where to ask. Compute's way is Azure-AsyncOperation beside Location.
func (h *Handler) begin(c *call, compute bool, location string, result any) (reply, *failure) {
	if h.LongRunning <= 0 {
		return reply{status: http.StatusOK, body: result}, nil
	}
	now := h.World.Now()
	r := running{world.NewID[csp.Tenant]().String(), c.route.scope.Subscription(), now, now.Add(h.LongRunning), result}
	h.operations.add(r)
	subscription := c.origin + csp.SubscriptionScopeOf(r.subscription).String()
	version := "?api-version=" + c.query.Get("api-version")
	headers := map[string]string{"Location": subscription + "/operationresults/" + r.id + version, "Retry-After": h.retryAfter(r)}
	if compute {
		at := subscription + "/providers/Microsoft.Compute/locations/" + location + "/operations/" + r.id + version
		headers["Azure-AsyncOperation"], headers["Location"] = at, at+"&monitor=true"
	}
	return reply{status: http.StatusAccepted, headers: headers}, nil
}

func (h *Handler) retryAfter(r running) string {
	left := r.ends.Sub(h.World.Now())
	return seconds(min(max(left, time.Second), 15*time.Second))
}

func (h *Handler) findOperation(c *call) (running, *failure) {
	r, ok := h.operations.find(c.route.name(), c.route.scope.Subscription())
	if !ok {
		return running{}, notFound("NotFound", "The operation '"+wire.Clip(c.route.name())+"' is not known, or was forgotten.")
	}
	return r, nil
}

// operationResult is what Location leads to: 202 as long as it runs, then the answer.
func (h *Handler) operationResult(c *call) (reply, *failure) {
	r, f := h.findOperation(c)
	if f != nil {
		return reply{}, f
	}
	if h.World.Now().Before(r.ends) {
		return reply{status: http.StatusAccepted, headers: map[string]string{"Location": c.origin + c.route.path + "?api-version=" + c.query.Get("api-version"), "Retry-After": h.retryAfter(r)}}, nil
	}
	return reply{status: http.StatusOK, body: r.result}, nil
}

// operationStatus is what Azure-AsyncOperation leads to.
func (h *Handler) operationStatus(c *call) (reply, *failure) {
	if c.query.Get("monitor") != "" {
		return h.operationResult(c)
	}
	r, f := h.findOperation(c)
	if f != nil {
		return reply{}, f
	}
	body := map[string]any{"name": r.id, "startTime": r.began.Format(time.RFC3339Nano), "status": "InProgress"}
	if !h.World.Now().Before(r.ends) {
		body["status"], body["endTime"] = "Succeeded", r.ends.Format(time.RFC3339Nano)
		if r.result != nil {
			body["properties"] = map[string]any{"output": r.result}
		}
		return ok(body)
	}
	return reply{status: http.StatusOK, body: body, headers: map[string]string{"Retry-After": h.retryAfter(r)}}, nil
}
