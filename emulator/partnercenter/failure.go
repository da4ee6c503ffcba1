package partnercenter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// failure is an error answer in Partner Center's shape.
type failure struct {
	status      int
	code        string
	description string
	data        []string
	challenge   string // WWW-Authenticate
	// wait, in seconds, makes it the answer of a used-up rate limit, which has
	// another shape.
	wait int
}

const source = "PartnerAPIService"

type failureBody struct {
	Code        string   `json:"code"`
	Description string   `json:"description"`
	Data        []string `json:"data"`
	Source      string   `json:"source"`
}

type throttledBody struct {
	StatusCode int    `json:"statusCode"`
	Message    string `json:"message"`
}

func (f *failure) write(w http.ResponseWriter, head bool) {
	header := w.Header()
	if f.challenge != "" {
		header.Set("WWW-Authenticate", f.challenge)
	}
	if head {
		w.WriteHeader(f.status)
		return
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	if f.wait > 0 {
		header.Set("Retry-After", strconv.Itoa(f.wait))
		w.WriteHeader(http.StatusTooManyRequests)
		_ = json.NewEncoder(w).Encode(throttledBody{http.StatusTooManyRequests, fmt.Sprintf("Rate limit is exceeded. Try again in %d seconds.", f.wait)})
		return
	}
	body := failureBody{f.code, f.description, f.data, source}
	if body.Data == nil {
		body.Data = []string{}
	}
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(body)
}

// WriteError answers with an error in Partner Center's shape; 429 has a shape of
// its own, with the seconds to wait in Retry-After if the caller has set it.
func WriteError(w http.ResponseWriter, status int, code, description string) {
	f := &failure{status: status, code: code, description: description}
	if status == http.StatusTooManyRequests {
		f.wait = 1
		if seconds, err := strconv.Atoi(w.Header().Get("Retry-After")); err == nil && seconds > 0 {
			f.wait = seconds
		}
	}
	f.write(w, false)
}

func invalidInput(description string) *failure {
	return &failure{status: http.StatusBadRequest, code: "800002", description: description}
}

func invalidProperty(names ...string) *failure {
	return &failure{status: http.StatusBadRequest, code: "3000", description: "Invalid property: " + strings.Join(names, ", ") + ".", data: names}
}

func notFound(what string) *failure {
	return &failure{status: http.StatusNotFound, code: "1000", description: what + " was not found."}
}

func accessDenied(why string) *failure {
	return &failure{status: http.StatusForbidden, code: "2032", description: "Access denied. " + why}
}

func noSuchUser() *failure {
	return &failure{status: http.StatusNotFound, code: "60002", description: "User object Id is not found."}
}

func noSuchTenant() *failure {
	return &failure{status: http.StatusNotFound, code: "60003", description: "Tenant not found."}
}

func noRelationship(partner, customer csp.TenantID) *failure {
	return &failure{status: http.StatusForbidden, code: "20002", description: fmt.Sprintf("The partner id %s has no commerce relationship with the customer id %s.", partner, customer)}
}

func noSuchSubscription(id string) *failure {
	return &failure{status: http.StatusNotFound, code: "20003", description: "Subscription with id " + wire.Clip(id) + " not found."}
}

// refusalFailure answers with the code that belongs to the law.
func refusalFailure(err error) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return &failure{status: http.StatusInternalServerError, code: "800003", description: "Unexpected service error: " + err.Error()}
	}
	switch refusal.Law {
	case world.DomainTaken:
		return &failure{status: http.StatusConflict, code: "600005", description: "The domain is not available: " + refusal.Detail + "."}
	case world.BadDomain:
		return invalidProperty("companyProfile.domain")
	case world.NoSuchTenant:
		return noSuchTenant()
	case world.NoSuchPrincipal:
		return noSuchUser()
	case world.NameTaken, world.IDTaken:
		return &failure{status: http.StatusConflict, code: "600004", description: refusal.Detail}
	}
	return &failure{status: http.StatusBadRequest, code: "800002", description: refusal.Detail}
}
