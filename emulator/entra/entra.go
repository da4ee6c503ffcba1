// Package entra is the emulated sign-in service: OpenID Connect and OAuth 2.0 as
// Microsoft Entra speaks them, for every tenant of a world.
//
// It has two faces. [Handler.Login] is what API clients talk to over TLS:
// discovery documents, keys, the token endpoint, and the sign-in pages as well.
// [Handler.Browser] is the pages alone, for a plain loopback origin, so that a
// newcomer's browser meets no certificate warning. Issuers are always
// https and name the host the client used; codes issued on one face are redeemed
// on the other.
//
// Differences from Microsoft, on purpose: a code is only issued against a PKCE
// challenge; a browser that is signed in still shows the account picker, with the
// known account one click away; consent is given by adding a service principal
// to the world.
package entra

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// Options are what the sign-in service needs.
type Options struct {
	World *world.World
	Key   *token.Key
	// BrowserOrigin gives the plain origin of the sign-in pages, or "" when
	// they are on the login origin only.
	BrowserOrigin func() string
	// ARMAudiences gives resource names, besides Azure's own, that mean the
	// emulated Azure Resource Manager.
	ARMAudiences func() []string
	// EasySignIn lets the account picker sign people in without a password.
	EasySignIn bool
	// AccessTokenLife is how long an access token lives that is issued now; nil
	// means an hour.
	AccessTokenLife func() time.Duration
}

// Handler serves the sign-in service. Make it with New.
type Handler struct {
	Options
	pages    *pages
	sessions *box[session]
	pending  *box[session]
	codes    *box[grant]
}

const (
	codeLife    = 10 * time.Minute
	pendingLife = 10 * time.Minute
	sessionLife = 24 * time.Hour
	refreshLife = 90 * 24 * time.Hour
)

// New makes the sign-in service. It fails only if its own pages are broken.
func New(o Options) (*Handler, error) {
	if o.BrowserOrigin == nil {
		o.BrowserOrigin = func() string { return "" }
	}
	if o.ARMAudiences == nil {
		o.ARMAudiences = func() []string { return nil }
	}
	if o.AccessTokenLife == nil {
		o.AccessTokenLife = func() time.Duration { return time.Hour }
	}
	p, err := loadPages()
	if err != nil {
		return nil, err
	}
	return &Handler{
		Options:  o,
		pages:    p,
		sessions: newBox[session](o.World.Now, sessionLife),
		pending:  newBox[session](o.World.Now, pendingLife),
		codes:    newBox[grant](o.World.Now, codeLife),
	}, nil
}

// Login serves everything, for the TLS origin.
func (h *Handler) Login() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.endpoint) })
}

// Browser serves the pages that people open, for a plain loopback origin.
func (h *Handler) Browser() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.pageEndpoint) })
}

type endpoint func(w http.ResponseWriter, r *http.Request, at authority)

// serve splits /{tenant}/{rest}, finds the tenant and hands over.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, find func(rest string) endpoint) {
	w.Header().Set("x-emulator", "latchkey")
	if r.URL.Path == stylePath {
		h.pages.serveStyle(w, r)
		return
	}
	segments := strings.FieldsFunc(strings.ToLower(r.URL.Path), func(c rune) bool { return c == '/' })
	if len(segments) < 2 {
		h.fail(w, problem{status: http.StatusNotFound, code: "invalid_request", number: 900561, text: "there is no such endpoint on this emulator"})
		return
	}
	serve := find(strings.Join(segments[1:], "/"))
	if serve == nil {
		h.fail(w, problem{status: http.StatusNotFound, code: "invalid_request", number: 900561, text: "there is no such endpoint on this emulator"})
		return
	}
	at, p := h.authority(segments[0])
	if p != nil {
		h.fail(w, *p)
		return
	}
	serve(w, r, at)
}

func (h *Handler) endpoint(rest string) endpoint {
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		return h.discoverV2
	case ".well-known/openid-configuration":
		return h.discoverV1
	case "discovery/v2.0/keys", "discovery/keys":
		return h.keys
	case "discovery/instance":
		return h.instance
	case "oauth2/v2.0/token", "oauth2/token":
		return h.token
	}
	return h.pageEndpoint(rest)
}

func (h *Handler) pageEndpoint(rest string) endpoint {
	switch rest {
	case "oauth2/v2.0/authorize", "oauth2/authorize":
		return h.authorize
	case "oauth2/v2.0/logout", "oauth2/logout":
		return h.logout
	}
	return nil
}

// authority is the first segment of a path: one tenant, or any.
type authority struct {
	tenant world.Tenant // zero for common and organizations
	shared string       // "common", "organizations" or ""
}

func (a authority) segment() string {
	if a.shared != "" {
		return a.shared
	}
	return a.tenant.ID.String()
}

// issuerSegment is what stands for the tenant in an issuer; the shared documents
// have a template that no strict client takes for an issuer.
func (a authority) issuerSegment() string {
	if a.shared != "" {
		return "{tenantid}"
	}
	return a.tenant.ID.String()
}

func (h *Handler) authority(segment string) (authority, *problem) {
	if segment == "common" || segment == "organizations" {
		return authority{shared: segment}, nil
	}
	t, ok := h.World.TenantNamed(segment)
	if !ok {
		return authority{}, &problem{code: "invalid_request", number: 90002, text: "Tenant '" + clip(segment) + "' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."}
	}
	return authority{tenant: t}, nil
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// A client that hangs up while being answered is its own problem.
	_ = json.NewEncoder(w).Encode(body)
}
