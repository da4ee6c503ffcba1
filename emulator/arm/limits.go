package arm

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"latchkey/csp"
)

// Azure's token buckets, per principal and kind of operation: so many at once,
// so many more each second.
const (
	readTokens, readRefill     = 250, 25
	changeTokens, changeRefill = 200, 10
	keptBuckets                = 10_000
)

type bucketKey struct {
	subscription csp.SubscriptionID // zero: the tenant's bucket
	principal    csp.ObjectID
	operation    string // "reads", "writes" or "deletes"
}

type bucket struct {
	left float64
	at   time.Time
}

type buckets struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[bucketKey]bucket
}

func newBuckets(now func() time.Time) *buckets {
	return &buckets{now: now, kept: make(map[bucketKey]bucket)}
}

// spend takes one token, shows in a header what remains, and refuses when there
// is none and throttling is on.
func (b *buckets) spend(w http.ResponseWriter, c *call, throttle bool) *failure {
	key := bucketKey{c.route.scope.Subscription(), c.caller.Object, "writes"}
	most, refill := float64(changeTokens), float64(changeRefill)
	switch c.method {
	case http.MethodGet, http.MethodHead:
		key.operation, most, refill = "reads", readTokens, readRefill
	case http.MethodDelete:
		key.operation = "deletes"
	}
	left := b.take(key, most, refill)
	level := "subscription"
	if key.subscription.IsZero() {
		level = "tenant"
	}
	w.Header().Set("x-ms-ratelimit-remaining-"+level+"-"+key.operation, strconv.Itoa(int(max(left, 0))))
	if throttle && left < 0 {
		wait := strconv.Itoa(int(-left/refill) + 1)
		return &failure{
			status: http.StatusTooManyRequests, code: "SubscriptionRequestsThrottled",
			message: "Number of requests for subscription '" + key.subscription.String() + "' exceeded the limit. Please try again after '" + wait + "' seconds.",
			headers: map[string]string{"Retry-After": wait},
		}
	}
	return nil
}

// take gives how many tokens remain after this one; below zero means there was
// none, and then none is taken.
func (b *buckets) take(key bucketKey, most, refill float64) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	k, ok := b.kept[key]
	if !ok {
		if len(b.kept) >= keptBuckets {
			clear(b.kept) // forgetting is generous, and bounded
		}
		k = bucket{left: most, at: now}
	}
	k.left = min(most, k.left+max(0, now.Sub(k.at).Seconds())*refill)
	k.at = now
	left := k.left - 1
	if left >= 0 {
		k.left = left
	}
	b.kept[key] = k
	return left
}

// seconds is a Retry-After, rounded up.
func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }
