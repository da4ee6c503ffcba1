package entra

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

// problem is an answer that says no, with Microsoft's number for it.
type problem struct {
	status   int // zero means 400
	code     string
	suberror string
	number   int // zero where Microsoft gives none
	text     string
	claims   string // what to ask for interactively, as JSON
}

func (p problem) description() string {
	if p.number == 0 {
		return p.text
	}
	return fmt.Sprintf("AADSTS%d: %s", p.number, p.text)
}

// The codes of OAuth 2.0 that problems carry.
const (
	invalidRequest      = "invalid_request"
	invalidClient       = "invalid_client"
	invalidGrant        = "invalid_grant"
	invalidScope        = "invalid_scope"
	invalidResource     = "invalid_resource"
	unauthorizedClient  = "unauthorized_client"
	accessDenied        = "access_denied"
	interactionRequired = "interaction_required"
)

// refuse is a problem that needs no more than these three.
func refuse(code string, number int, format string, args ...any) *problem {
	return &problem{code: code, number: number, text: fmt.Sprintf(format, args...)}
}

// badClient is refuse for a client that has not proved itself.
func badClient(number int, format string, args ...any) *problem {
	p := refuse(invalidClient, number, format, args...)
	p.status = http.StatusUnauthorized
	return p
}

func missing(field string) *problem {
	return refuse(invalidRequest, 900144, "The request body must contain the following parameter: '%s'.", field)
}

func serverError(err error) *problem {
	return &problem{status: http.StatusInternalServerError, code: "server_error", number: 90033, text: "A transient error has occurred: " + err.Error()}
}

type problemBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes,omitempty"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
}

// WriteError answers with a failure of the service itself, in Entra's shape: what
// clients get while it is down.
func WriteError(w http.ResponseWriter, now time.Time, status int, code string) {
	writeProblem(w, now, world.NewID[csp.Tenant]().String(), problem{status: status, code: code, number: 90033, text: "A transient error has occurred. Please try again."})
}

// fail answers a program.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, p problem) {
	writeProblem(w, h.World.Now(), correlation(r), p)
}

// correlation is the id under which the client wants to find the request again,
// from a header or from the query; without one it is made up.
func correlation(r *http.Request) string {
	for _, asked := range []string{r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id")} {
		if id, err := csp.ParseID[csp.Tenant](asked); err == nil {
			return id.String()
		}
	}
	return world.NewID[csp.Tenant]().String()
}

const stampLayout = "2006-01-02 15:04:05Z"

func writeProblem(w http.ResponseWriter, now time.Time, correlation string, p problem) {
	if p.status == 0 {
		p.status = http.StatusBadRequest
	}
	trace := world.NewID[csp.Tenant]()
	at := now.Format(stampLayout)
	body := problemBody{
		Error:       p.code,
		Description: fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", p.description(), trace, correlation, at),
		Timestamp:   at, TraceID: trace.String(), CorrelationID: correlation,
		Suberror: p.suberror, Claims: p.claims,
	}
	if p.number != 0 {
		body.Codes, body.URI = []int{p.number}, errorURI(p.number)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("x-ms-request-id", trace.String())
	if strings.HasPrefix(body.Error, "invalid_client") && p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="latchkey emulator"`)
	}
	writeJSON(w, p.status, body)
}

func errorURI(number int) string {
	return fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", number)
}
