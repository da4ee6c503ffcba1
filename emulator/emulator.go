package emulator

import (
	"crypto/rsa"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"latchkey/emulator/arm"
	"latchkey/emulator/entra"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// The hosts under which Transport finds the origins.
const (
	LoginHost   = "login.emulator.test"
	ARMHost     = "management.emulator.test"
	BrowserHost = "pages.emulator.test"
)

// Options are what a server is made with. Only World is required.
type Options struct {
	World *world.World

	// LoginAddr, ARMAddr and BrowserAddr are where Start listens; empty means
	// 127.0.0.1 and a free port. They must be on loopback.
	LoginAddr   string
	ARMAddr     string
	BrowserAddr string
	// AllowRemote drops the demand for loopback. Everyone who reaches the
	// emulator can then sign in as anybody its world holds.
	AllowRemote bool

	// BrowserOrigin makes the discovery documents point browsers to this origin
	// even before Start, for tests that use Transport. Start sets its own.
	BrowserOrigin string
	// NoBrowserOrigin keeps the sign-in pages on the TLS login origin.
	NoBrowserOrigin bool

	// EasySignIn lets the account picker sign people in without a password.
	EasySignIn bool
	// SigningKey signs tokens; nil means one made when it is first needed.
	SigningKey *rsa.PrivateKey
	// AccessTokenLife is how long access tokens live; zero means an hour.
	AccessTokenLife time.Duration
	// Throttle makes exhausted rate limits answer 429.
	Throttle bool
}

// Server is the emulated cloud in front of one world.
type Server struct {
	options Options
	world   *world.World
	key     *token.Key
	login   http.Handler
	arm     http.Handler
	browser http.Handler
	faults  *faults
	// endpoints is set by Start.
	endpoints atomic.Pointer[Endpoints]
}

// New makes a server. It does not listen yet.
func New(o Options) (*Server, error) {
	if o.World == nil {
		return nil, errors.New("emulator: Options.World is missing: make one with world.New")
	}
	s := &Server{options: o, world: o.World, key: token.NewKey(o.SigningKey), faults: newFaults(o.World)}
	signIn, err := entra.New(entra.Options{
		World: o.World, Key: s.key, BrowserOrigin: s.browserOrigin, LoginOrigin: s.loginOrigin, ARMAudiences: s.armAudiences,
		EasySignIn: o.EasySignIn, AccessTokenLife: o.AccessTokenLife,
	})
	if err != nil {
		return nil, err
	}
	page, err := newWorldPage(o.World)
	if err != nil {
		return nil, err
	}
	resources := arm.New(arm.Options{World: o.World, Key: s.key, Audiences: s.armAudiences, LoginOrigin: s.loginOrigin, Throttle: o.Throttle})
	s.login = s.watched(Login, signIn.Login())
	s.arm = s.watched(ARM, resources)
	s.browser = s.watched(Browser, page.inFrontOf(signIn.Browser()))
	return s, nil
}

// World is the world behind the server.
func (s *Server) World() *world.World { return s.world }

// Origin is one of the addresses a server is reached under.
type Origin string

// The origins.
const (
	Login   Origin = "login"   // sign-in service, TLS
	ARM     Origin = "arm"     // Azure Resource Manager, TLS
	Browser Origin = "browser" // sign-in pages and the world's page, plain
)

// Handler serves one origin, for callers that bring their own listener. It
// panics with http.ErrAbortHandler where an answer is to be lost, as net/http
// asks handlers to.
func (s *Server) Handler(of Origin) http.Handler {
	switch of {
	case Login:
		return s.login
	case ARM:
		return s.arm
	case Browser:
		return s.browser
	}
	return http.NotFoundHandler()
}

func (s *Server) browserOrigin() string {
	if e := s.endpoints.Load(); e != nil {
		return e.Browser
	}
	return s.options.BrowserOrigin
}

func (s *Server) loginOrigin() string {
	if e := s.endpoints.Load(); e != nil {
		return e.Login
	}
	return "https://" + LoginHost
}

func (s *Server) armAudiences() []string {
	if e := s.endpoints.Load(); e != nil {
		return []string{e.ARM, "https://" + ARMHost}
	}
	return []string{"https://" + ARMHost}
}
