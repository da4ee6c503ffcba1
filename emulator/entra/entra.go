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
// A person's tokens come of a conversation (an ask, taken page by page to its
// end) or of a grant at the token endpoint (a redemption). Both pass the same
// gate: entry into the tenant, its policy, the second step, consent.
//
//	authorize ----\                                     /---> code, id_token
//	deviceauth ----+--> picker > password > second step +----> device's tokens
//	adminconsent -/             > consent page           \---> consent
//
// Differences from Microsoft, on purpose: a browser that is signed in still shows
// the account picker, with the known account one click away; a button stands for
// the phone of the second step. The others are in docs/emulator.md.
package entra

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
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
	// LoginOrigin gives the origin that API clients reach, or "" when that is
	// whatever host a request names. Assertions may be made for it, and a client
	// that lost its port on the way is led back there.
	LoginOrigin func() string
	// ARMAudiences, GraphAudiences and PartnerCenterAudiences give resource
	// names, besides Microsoft's own, that mean the emulated services.
	ARMAudiences           func() []string
	GraphAudiences         func() []string
	PartnerCenterAudiences func() []string
	// EasySignIn lets the account picker sign people in without a password.
	EasySignIn bool
	// AccessTokenLife is how long an access token lives; zero means an hour.
	AccessTokenLife time.Duration
	// ClientNow is the clock by which clients sign their assertions; nil means
	// the machine's. The world's is always accepted too.
	ClientNow func() time.Time
}

// Handler serves the sign-in service. Make it with New.
type Handler struct {
	Options
	pages    *pages
	sessions *box[session]
	pending  *box[session]
	codes    *box[grant]
	devices  *devices
	life     atomic.Int64 // of access tokens, in nanoseconds
}

const (
	codeLife    = 10 * time.Minute
	pendingLife = 10 * time.Minute
	sessionLife = 24 * time.Hour
	refreshLife = 90 * 24 * time.Hour
	browserLife = 24 * time.Hour // of the refresh tokens of single-page applications
)

// New makes the sign-in service. It fails only if its own pages are broken.
func New(o Options) (*Handler, error) {
	if o.BrowserOrigin == nil {
		o.BrowserOrigin = func() string { return "" }
	}
	if o.LoginOrigin == nil {
		o.LoginOrigin = func() string { return "" }
	}
	if o.ClientNow == nil {
		o.ClientNow = time.Now
	}
	if o.AccessTokenLife == 0 {
		o.AccessTokenLife = time.Hour
	}
	p, err := loadPages()
	if err != nil {
		return nil, err
	}
	h := &Handler{
		Options:  o,
		pages:    p,
		sessions: newBox[session](o.World.Now, sessionLife),
		pending:  newBox[session](o.World.Now, pendingLife),
		codes:    newBox[grant](o.World.Now, codeLife),
		devices:  newDevices(o.World.Now),
	}
	h.SetAccessTokenLife(o.AccessTokenLife)
	return h, nil
}

// SetAccessTokenLife changes how long the access tokens live that are issued from
// now on.
func (h *Handler) SetAccessTokenLife(d time.Duration) { h.life.Store(int64(d)) }

func (h *Handler) tokenLife() time.Duration { return time.Duration(h.life.Load()) }

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
	segments := strings.FieldsFunc(lower(r.URL.Path), func(c rune) bool { return c == '/' })
	var serve endpoint
	if len(segments) > 1 {
		serve = find(strings.Join(segments[1:], "/"))
	}
	if serve == nil {
		p := refuse(invalidRequest, 900561, "There is no such endpoint on this emulator.")
		p.status = http.StatusNotFound
		h.fail(w, r, *p)
		return
	}
	at, p := h.authority(segments[0])
	if p != nil {
		h.fail(w, r, *p)
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
	case "oauth2/v2.0/devicecode", "oauth2/devicecode":
		return h.deviceCode
	}
	if name, ok := strings.CutPrefix(rest, "userrealm"); ok && (name == "" || name[0] == '/') {
		return func(w http.ResponseWriter, r *http.Request, _ authority) {
			h.userRealm(w, r, strings.TrimPrefix(name, "/"))
		}
	}
	return h.pageEndpoint(rest)
}

func (h *Handler) pageEndpoint(rest string) endpoint {
	switch rest {
	case "oauth2/v2.0/authorize", "oauth2/authorize":
		return h.authorize
	case "oauth2/v2.0/logout", "oauth2/logout":
		return h.logout
	case "oauth2/deviceauth", "oauth2/v2.0/deviceauth":
		return h.deviceAuth
	case "adminconsent", "v2.0/adminconsent":
		return h.adminConsent
	case signInPath:
		return h.visit
	}
	return nil
}

// The authorities that are no tenant.
const (
	common        = "common"
	organizations = "organizations"
	consumers     = "consumers"
	// adfs is how clients address an AD FS server, which has one tenant and does
	// not name it: the account's home, or the application's.
	adfs = "adfs"
)

// consumersID is the tenant of personal accounts. This world has none of those.
const consumersID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// authority is the first segment of a path: one tenant, or any.
type authority struct {
	tenant world.Tenant // zero for the shared ones
	shared string       // common, organizations, consumers, adfs or ""
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
	switch a.shared {
	case "":
		return a.tenant.ID.String()
	case consumers:
		return consumersID
	}
	return "{tenantid}"
}

func (h *Handler) authority(segment string) (authority, *problem) {
	switch segment {
	case common, organizations, adfs, consumers:
		return authority{shared: segment}, nil
	case consumersID:
		return authority{shared: consumers}, nil
	}
	t, ok := h.World.TenantNamed(segment)
	if !ok {
		return authority{}, refuse(invalidRequest, 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", clip(segment))
	}
	return authority{tenant: t}, nil
}

func lower(s string) string { return strings.ToLower(s) }

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
