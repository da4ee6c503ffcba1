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
// gate: entry into the tenant, its policy, the second step, consent. Both have
// their tokens made by one issuer.
//
//	discovery     conversation ------------ codes, devices -----> redeem
//	              ask, pages                                      assertion
//	                    \                                      /
//	                      gate, demand, session, issue ---------
//	                              address, aadsts
//
// Differences from Microsoft, on purpose: a browser that is signed in still shows
// the account picker, with the known account one click away; a button stands for
// the phone of the second step. The others are in docs/emulator.md.
package entra

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/ask"
	"latchkey/emulator/entra/internal/assertion"
	"latchkey/emulator/entra/internal/box"
	"latchkey/emulator/entra/internal/conversation"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/device"
	"latchkey/emulator/entra/internal/discovery"
	"latchkey/emulator/entra/internal/issue"
	"latchkey/emulator/entra/internal/pages"
	"latchkey/emulator/entra/internal/redeem"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
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
	world     *world.World
	documents discovery.Documents
	tokens    *redeem.Endpoint
	people    *conversation.Handler
	pages     pages.Pages
	life      atomic.Int64 // of access tokens, in nanoseconds
}

const codeLife = 10 * time.Minute

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
	shown, err := pages.Load()
	if err != nil {
		return nil, fmt.Errorf("entra: %w", err)
	}
	h := &Handler{world: o.World, pages: shown}
	h.SetAccessTokenLife(o.AccessTokenLife)
	hosts := address.Hosts{Login: o.LoginOrigin, Pages: o.BrowserOrigin}
	demands := demand.Reader{World: o.World, ARM: o.ARMAudiences, Graph: o.GraphAudiences, PartnerCenter: o.PartnerCenterAudiences}
	issuer := issue.Issuer{World: o.World, Key: o.Key, Life: h.tokenLife, Seals: session.Seals{World: o.World, Key: o.Key}}
	codes, devices := box.New[ask.Agreed](o.World.Now, codeLife), device.New(o.World.Now)
	h.documents = discovery.Documents{World: o.World, Key: o.Key, Hosts: hosts}
	h.tokens = &redeem.Endpoint{
		World: o.World, Hosts: hosts, Demands: demands, Issuer: issuer, Codes: codes, Devices: devices,
		Assertions: assertion.Checker{World: o.World, Key: o.Key, Hosts: hosts, ClientNow: o.ClientNow},
	}
	h.people = conversation.New(conversation.Options{
		World: o.World, Hosts: hosts, Asks: ask.Reader{World: o.World, Demands: demands}, Issuer: issuer,
		Pages: shown, Codes: codes, Devices: devices, EasySignIn: o.EasySignIn,
	})
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

// Visitor is who has signed in with the browser that sent the request, for other
// pages of the same origin.
func (h *Handler) Visitor(r *http.Request) (world.Account, bool) { return h.people.Visitor(r) }

// SignInAt is the address at which a person signs in to come back to a path of
// the same origin, with its query.
func SignInAt(back string) string {
	return "/" + address.Organizations + "/" + conversation.SignInPath + "?" + url.Values{"back": {back}}.Encode()
}

// WriteError answers with a failure of the service itself, in Entra's shape: what
// clients get while it is down.
func WriteError(w http.ResponseWriter, now time.Time, status int, code string) {
	aadsts.Write(w, now, world.NewID[csp.Tenant]().String(), aadsts.Problem{Status: status, Code: code, Number: 90033, Text: "A transient error has occurred. Please try again."})
}

type endpoint func(w http.ResponseWriter, r *http.Request, at address.Authority)

// serve splits /{tenant}/{rest}, finds the tenant and hands over.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, find func(rest string) endpoint) {
	wire.Mark(w.Header())
	if r.URL.Path == pages.StylePath {
		h.pages.ServeStyle(w, r)
		return
	}
	segments := strings.FieldsFunc(strings.ToLower(r.URL.Path), func(c rune) bool { return c == '/' })
	var serve endpoint
	if len(segments) > 1 {
		serve = find(strings.Join(segments[1:], "/"))
	}
	if serve == nil {
		p := aadsts.Refuse(aadsts.InvalidRequest, 900561, "There is no such endpoint on this emulator.")
		p.Status = http.StatusNotFound
		aadsts.Write(w, h.world.Now(), aadsts.Correlation(r), *p)
		return
	}
	at, p := address.Find(h.world, segments[0])
	if p != nil {
		aadsts.Write(w, h.world.Now(), aadsts.Correlation(r), *p)
		return
	}
	serve(w, r, at)
}

func (h *Handler) endpoint(rest string) endpoint {
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		return h.documents.V2
	case ".well-known/openid-configuration":
		return h.documents.V1
	case "discovery/v2.0/keys", "discovery/keys":
		return h.documents.Keys
	case "discovery/instance":
		return h.documents.Instance
	case "oauth2/v2.0/token", "oauth2/token":
		return h.tokens.Token
	case "oauth2/v2.0/devicecode", "oauth2/devicecode":
		return h.tokens.DeviceCode
	}
	if name, ok := strings.CutPrefix(rest, "userrealm"); ok && (name == "" || name[0] == '/') {
		return func(w http.ResponseWriter, r *http.Request, _ address.Authority) {
			h.documents.UserRealm(w, r, strings.TrimPrefix(name, "/"))
		}
	}
	return h.pageEndpoint(rest)
}

func (h *Handler) pageEndpoint(rest string) endpoint {
	switch rest {
	case "oauth2/v2.0/authorize", "oauth2/authorize":
		return h.people.Authorize
	case "oauth2/v2.0/logout", "oauth2/logout":
		return h.people.Logout
	case "oauth2/deviceauth", "oauth2/v2.0/deviceauth":
		return h.people.DeviceAuth
	case "adminconsent", "v2.0/adminconsent":
		return h.people.AdminConsent
	case conversation.SignInPath:
		return h.people.Visit
	}
	return nil
}
