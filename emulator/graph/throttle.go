package graph

import (
	"net/http"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/bucket"
	"latchkey/emulator/registry"
)

// The token buckets of identity and access services: resource units of an
// application in a tenant that is small, and its writes. What is refused counts,
// but does not pile up without end.
var (
	unitLimit  = bucket.Limit{Most: 3500, Refill: 3500 / 10.0, Debt: 3500}
	writeLimit = bucket.Limit{Most: 3000, Refill: 3000 / 150.0, Debt: 3000}
)

// warnFrom is the part of a limit from which on a header tells of it.
const warnFrom = 0.8

type bucketKey struct {
	tenant csp.TenantID
	client registry.ClientID
	writes bool
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
	client, _ := csp.ParseID[registry.App](c.claims.Client())
	cost := costOf(c, row)
	key := bucketKey{tenant: c.tenant.ID, client: client}
	limit := unitLimit
	part := 1 - h.buckets.Take(key, float64(cost), limit)/limit.Most // of the limit, used
	if c.method != http.MethodGet && c.method != http.MethodHead {
		key.writes = true
		limit = writeLimit
		part = max(part, 1-h.buckets.Take(key, 1, limit)/limit.Most)
	}
	headers := map[string]string{"x-ms-resource-unit": strconv.Itoa(cost)}
	if part >= warnFrom {
		headers["x-ms-throttle-limit-percentage"] = strconv.FormatFloat(min(part, 1.8), 'f', 1, 64)
	}
	if !h.Throttle || part <= 1 {
		return headers, nil
	}
	wait := int((part-1)*limit.Most/limit.Refill) + 1 // seconds
	headers["Retry-After"] = strconv.Itoa(wait)
	headers["x-ms-throttle-scope"] = "Tenant_Application/ReadWrite/" + client.String() + "/" + c.tenant.ID.String()
	headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
	return nil, &failure{status: http.StatusTooManyRequests, code: "TooManyRequests", message: "Too many requests. Retry after " + strconv.Itoa(wait) + " seconds.", headers: headers}
}
