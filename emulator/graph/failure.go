package graph

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// failure is an error answer in Graph's envelope.
type failure struct {
	status  int
	code    string
	message string
	details []detail
	headers map[string]string
}

type detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

// coded changes the code.
func (f *failure) coded(code string) *failure { f.code = code; return f }

func badRequest(message string) *failure {
	return &failure{status: http.StatusBadRequest, code: "Request_BadRequest", message: message}
}

func notFound(id string) *failure {
	return &failure{status: http.StatusNotFound, code: "Request_ResourceNotFound", message: "Resource '" + wire.Clip(id) + "' does not exist or one of its queried reference-property objects are not present."}
}

func denied() *failure {
	return &failure{status: http.StatusForbidden, code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation."}
}

type envelope struct {
	Error envelopeError `json:"error"`
}

type envelopeError struct {
	Code       string     `json:"code"`
	Message    string     `json:"message"`
	Details    []detail   `json:"details,omitempty"`
	InnerError innerError `json:"innerError"`
}

type innerError struct {
	Date      string `json:"date"`
	RequestID string `json:"request-id"`
	ClientID  string `json:"client-request-id"`
}

func (f *failure) body(ids identifiers) envelope {
	return envelope{envelopeError{f.code, f.message, f.details, innerError{ids.date, ids.request, ids.client}}}
}

func (f *failure) write(w http.ResponseWriter, ids identifiers) {
	for name, value := range f.headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(f.body(ids))
}

// WriteError answers with an error in Graph's envelope.
func WriteError(w http.ResponseWriter, status int, code, message string) {
	f := failure{status: status, code: code, message: message}
	header := w.Header()
	f.write(w, identifiers{request: header.Get("request-id"), client: header.Get("client-request-id")})
}

func (f *failure) with(headers map[string]string) *failure {
	if f.headers == nil {
		f.headers = map[string]string{}
	}
	maps.Copy(f.headers, headers)
	return f
}

// refusalFailure answers with the code that belongs to the law. What the id
// names is said in the sentence.
func refusalFailure(err error, id string) *failure {
	refusal, isRefusal := errors.AsType[*world.Refusal](err)
	if !isRefusal {
		return &failure{status: http.StatusInternalServerError, code: "unexpectedError", message: "An unexpected error occurred in the server: " + err.Error()}
	}
	switch refusal.Law {
	case world.NoSuchPrincipal, world.ForeignMember, world.NoSuchTenant, world.NoSuchApp:
		return notFound(id)
	case world.NameTaken, world.IDTaken:
		return badRequest("Another object with the same value for property userPrincipalName already exists.")
	}
	return badRequest(refusal.Detail)
}
