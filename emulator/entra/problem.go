package entra

import (
	"fmt"
	"net/http"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// problem is an answer that says no, with Microsoft's number for it.
type problem struct {
	status   int // zero means 400
	code     string
	suberror string
	number   int
	text     string
}

func (p problem) description() string { return fmt.Sprintf("AADSTS%d: %s", p.number, p.text) }

type problemBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
	Suberror      string `json:"suberror,omitempty"`
}

// WriteError answers with a failure of the service itself, in Entra's shape: what
// clients get while it is down.
func WriteError(w http.ResponseWriter, now time.Time, status int, code string) {
	writeProblem(w, now, problem{status: status, code: code, number: 90033, text: "A transient error has occurred. Please try again."})
}

// fail answers a program.
func (h *Handler) fail(w http.ResponseWriter, p problem) { writeProblem(w, h.World.Now(), p) }

func writeProblem(w http.ResponseWriter, now time.Time, p problem) {
	if p.status == 0 {
		p.status = http.StatusBadRequest
	}
	trace, correlation := world.NewID[csp.Tenant](), world.NewID[csp.Tenant]()
	at := now.Format("2006-01-02 15:04:05Z")
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, p.status, problemBody{
		Error:       p.code,
		Description: fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", p.description(), trace, correlation, at),
		Codes:       []int{p.number},
		Timestamp:   at, TraceID: trace.String(), CorrelationID: correlation.String(),
		URI:      fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", p.number),
		Suberror: p.suberror,
	})
}

// refusalProblem says in Entra's words why an account does not get into a tenant.
func refusalProblem(err error) problem {
	switch world.LawOf(err) {
	case world.NotInTenant:
		return problem{code: "invalid_grant", number: 50020, text: "User account from an external tenant does not exist in this tenant and cannot access the application in it. The account needs to be added as an external user in the tenant first."}
	case world.AccountDisabled:
		return problem{code: "invalid_grant", number: 50057, text: "The user account is disabled."}
	}
	return problem{code: "invalid_grant", number: 50034, text: "The user account does not exist in the directory."}
}

func missing(field string) problem {
	return problem{code: "invalid_request", number: 900144, text: "The request body must contain the following parameter: '" + field + "'."}
}
