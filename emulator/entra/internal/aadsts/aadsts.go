// Package aadsts is how Microsoft Entra says no: the codes of OAuth 2.0 with
// Microsoft's numbers and sentences, as JSON for programs or as words for a page.
package aadsts

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// Problem is an answer that says no, with Microsoft's number for it.
type Problem struct {
	Status   int // zero means 400
	Code     string
	Suberror string
	Number   int // zero where Microsoft gives none
	Text     string
	Claims   string // what to ask for interactively, as JSON
}

// Description is the sentence with its number.
func (p Problem) Description() string {
	if p.Number == 0 {
		return p.Text
	}
	return fmt.Sprintf("AADSTS%d: %s", p.Number, p.Text)
}

// The codes of OAuth 2.0 that problems carry.
const (
	InvalidRequest      = "invalid_request"
	InvalidClient       = "invalid_client"
	InvalidGrant        = "invalid_grant"
	InvalidScope        = "invalid_scope"
	InvalidResource     = "invalid_resource"
	UnauthorizedClient  = "unauthorized_client"
	AccessDenied        = "access_denied"
	InteractionRequired = "interaction_required"
)

// Refuse is a problem that needs no more than these three.
func Refuse(code string, number int, format string, args ...any) *Problem {
	return &Problem{Code: code, Number: number, Text: fmt.Sprintf(format, args...)}
}

// BadClient is Refuse for a client that has not proved itself.
func BadClient(number int, format string, args ...any) *Problem {
	p := Refuse(InvalidClient, number, format, args...)
	p.Status = http.StatusUnauthorized
	return p
}

// Missing is what a request without the field gets.
func Missing(field string) *Problem {
	return Refuse(InvalidRequest, 900144, "The request body must contain the following parameter: '%s'.", field)
}

// ServerError is a failure of the emulator itself.
func ServerError(err error) *Problem {
	return &Problem{Status: http.StatusInternalServerError, Code: "server_error", Number: 90033, Text: "A transient error has occurred: " + err.Error()}
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

// Correlation is the id under which the client wants to find the request again,
// from a header or from the query; without one it is made up.
func Correlation(r *http.Request) string {
	for _, asked := range []string{r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id")} {
		if id, err := csp.ParseID[csp.Tenant](asked); err == nil {
			return id.String()
		}
	}
	return world.NewID[csp.Tenant]().String()
}

// StampLayout is how sentences and bodies give the time.
const StampLayout = "2006-01-02 15:04:05Z"

// Write answers a program.
func Write(w http.ResponseWriter, now time.Time, correlation string, p Problem) {
	if p.Status == 0 {
		p.Status = http.StatusBadRequest
	}
	trace := world.NewID[csp.Tenant]()
	at := now.Format(StampLayout)
	body := problemBody{
		Error:       p.Code,
		Description: fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", p.Description(), trace, correlation, at),
		Timestamp:   at, TraceID: trace.String(), CorrelationID: correlation,
		Suberror: p.Suberror, Claims: p.Claims,
	}
	if p.Number != 0 {
		body.Codes, body.URI = []int{p.Number}, ErrorURI(p.Number)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("x-ms-request-id", trace.String())
	if strings.HasPrefix(body.Error, "invalid_client") && p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="latchkey emulator"`)
	}
	wire.JSON(w, p.Status, body)
}

// ErrorURI is where Microsoft explains a number.
func ErrorURI(number int) string {
	return fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", number)
}
