package graph

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// The token buckets of identity and access services: resource units of an
// application in a tenant that is small, and its writes.
const (
	unitsAtOnce, unitsPeriod   = 3500, 10 * time.Second
	writesAtOnce, writesPeriod = 3000, 150 * time.Second
	keptBuckets                = 10_000
	warnFrom                   = 0.8 // of the limit: from here on a header tells
)

type bucketKey struct {
	tenant csp.TenantID
	client world.ClientID
	writes bool
}

type bucket struct {
	used float64
	at   time.Time
}

type buckets struct {
	mu   sync.Mutex
	kept map[bucketKey]bucket
}

// spend adds to what was used and gives which part of the limit that is.
func (b *buckets) spend(now time.Time, key bucketKey, cost int) float64 {
	most, period := float64(unitsAtOnce), unitsPeriod
	if key.writes {
		most, period = writesAtOnce, writesPeriod
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.kept) >= keptBuckets {
		clear(b.kept) // forgetting is generous, and bounded
	}
	k := b.kept[key]
	if passed := now.Sub(k.at); passed > 0 && !k.at.IsZero() {
		k.used = max(0, k.used-most*passed.Seconds()/period.Seconds())
	}
	k.at = now
	if k.used+float64(cost) <= 2*most { // what is refused does not pile up without end
		k.used += float64(cost)
	}
	b.kept[key] = k
	return k.used / most
}

// costOf is what a call uses, in resource units.
func costOf(c *call, row *route) int {
	cost := 1
	pattern := strings.ToLower(row.pattern)
	switch {
	case strings.HasSuffix(pattern, "/transitivemembers"):
		cost = 5
	case strings.HasSuffix(pattern, "/checkmembergroups"):
		cost = 4
	case strings.HasSuffix(pattern, "/members"), strings.HasSuffix(pattern, "/getbyids"), strings.HasSuffix(pattern, "/contracts"):
		cost = 3
	case strings.HasSuffix(pattern, "/getmembergroups"), row.method == http.MethodGet && pattern == "/users":
		cost = 2
	}
	if c.values.Get("$select") != "" {
		cost--
	}
	if c.values.Get("$expand") != "" {
		cost++
	}
	if top, err := strconv.Atoi(c.values.Get("$top")); err == nil && top < 20 {
		cost--
	}
	return max(cost, 1)
}

// throttle notes what a call uses, and refuses it when that is too much and
// throttling is on. The headers are for the answer.
func (h *Handler) throttle(c *call, row *route) (map[string]string, *failure) {
	client, _ := csp.ParseID[world.App](c.claims.Client())
	cost := costOf(c, row)
	key := bucketKey{tenant: c.tenant.ID, client: client}
	part := h.buckets.spend(h.World.Now(), key, cost)
	if c.method != http.MethodGet && c.method != http.MethodHead {
		key.writes = true
		part = max(part, h.buckets.spend(h.World.Now(), key, 1))
	}
	headers := map[string]string{"x-ms-resource-unit": strconv.Itoa(cost)}
	if part >= warnFrom {
		headers["x-ms-throttle-limit-percentage"] = strconv.FormatFloat(min(part, 1.8), 'f', 1, 64)
	}
	if !h.Throttle || part <= 1 {
		return headers, nil
	}
	wait := int((part-1)*unitsPeriod.Seconds()) + 1
	if key.writes {
		wait = int((part-1)*writesPeriod.Seconds()) + 1
	}
	headers["Retry-After"] = strconv.Itoa(wait)
	headers["x-ms-throttle-scope"] = "Tenant_Application/ReadWrite/" + client.String() + "/" + c.tenant.ID.String()
	headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
	return nil, &failure{status: http.StatusTooManyRequests, code: "TooManyRequests", message: "Too many requests. Retry after " + strconv.Itoa(wait) + " seconds.", headers: headers}
}
