package arm

import (
	"net/http"
	"strconv"
	"time"

	"latchkey/csp"
	"latchkey/emulator/bucket"
)

// Azure's token buckets, per principal and kind of operation: so many at once,
// so many more each second.
var (
	readLimit   = bucket.Limit{Most: 250, Refill: 25}
	changeLimit = bucket.Limit{Most: 200, Refill: 10}
)

type bucketKey struct {
	subscription csp.SubscriptionID // zero: the tenant's bucket
	principal    csp.ObjectID
	operation    string // "reads", "writes" or "deletes"
}

// spend takes one token, shows in a header what remains, and refuses when there
// is none and throttling is on.
func (h *Handler) spend(w http.ResponseWriter, c *call) *failure {
	key := bucketKey{c.route.scope.Subscription(), c.caller.Object, "writes"}
	limit := changeLimit
	switch c.method {
	case http.MethodGet, http.MethodHead:
		key.operation, limit = "reads", readLimit
	case http.MethodDelete:
		key.operation = "deletes"
	}
	left := h.buckets.Take(key, 1, limit)
	level := "subscription"
	if key.subscription.IsZero() {
		level = "tenant"
	}
	w.Header().Set("x-ms-ratelimit-remaining-"+level+"-"+key.operation, strconv.Itoa(int(max(left, 0))))
	if h.Throttle && left < 0 {
		wait := strconv.Itoa(int(-left/limit.Refill) + 1)
		return &failure{
			status: http.StatusTooManyRequests, code: "SubscriptionRequestsThrottled",
			message: "Number of requests for subscription '" + key.subscription.String() + "' exceeded the limit. Please try again after '" + wait + "' seconds.",
			headers: map[string]string{"Retry-After": wait},
		}
	}
	return nil
}

// seconds is a Retry-After, rounded up.
func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }
