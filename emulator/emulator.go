package emulator

import (
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/csp"
	"latchkey/emulator/admincenter"
	"latchkey/emulator/arm"
	"latchkey/emulator/entra"
	"latchkey/emulator/fault"
	"latchkey/emulator/graph"
	"latchkey/emulator/livepage"
	"latchkey/emulator/origin"
	"latchkey/emulator/partnercenter"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
	"latchkey/emulator/worldclock"
)

// Origin is one of the addresses a server is reached under.
type Origin = origin.Origin

// The origins.
const (
	Login         = origin.Login
	ARM           = origin.ARM
	Graph         = origin.Graph
	PartnerCenter = origin.PartnerCenter
	Browser       = origin.Browser
)

// The hosts under which Transport finds the origins, besides Microsoft's own names.
const (
	LoginHost         = "login.emulator.test"
	ARMHost           = "management.emulator.test"
	GraphHost         = "graph.emulator.test"
	PartnerCenterHost = "partnercenter.emulator.test"
	BrowserHost       = "pages.emulator.test"
)

// Options are what a server is made with. Only World is required.
type Options struct {
	World *world.World
	// Clock is the clock that the world was made with, if it is to be moved
	// through the control API.
	Clock *worldclock.Clock
	// Compose makes a world of facts, if another world is to be put in place
	// through the control API.
	Compose func(csp.Facts) (*world.World, error)

	// The addresses are where Start listens; empty means 127.0.0.1 and a free
	// port. They must be on loopback.
	LoginAddr         string
	ARMAddr           string
	GraphAddr         string
	PartnerCenterAddr string
	BrowserAddr       string
	ProxyAddr         string
	ControlAddr       string
	// AllowRemote drops the demand for loopback. Everyone who reaches the
	// emulator can then sign in as anybody its world holds.
	AllowRemote bool

	// Control starts the control API (package control) on an origin of its own,
	// guarded by a token that Start makes. What the world is at the start is then
	// what a reset goes back to.
	Control bool

	// BrowserOrigin makes the discovery documents point browsers to this origin
	// even before Start, for tests that use Transport. Start sets its own.
	BrowserOrigin string
	// NoBrowserOrigin keeps the sign-in pages on the TLS login origin.
	NoBrowserOrigin bool

	// EasySignIn lets the account picker sign people in without a password.
	EasySignIn bool
	// SigningKey signs tokens; nil means one made when it is first needed.
	SigningKey *rsa.PrivateKey
	// KeyLife is how long a signing key signs before the next one does; zero
	// means until RotateKey.
	KeyLife time.Duration
	// AccessTokenLife is how long access tokens live; zero means an hour.
	AccessTokenLife time.Duration
	// Throttle makes exhausted rate limits answer 429.
	Throttle bool
	// LongRunning makes what takes Azure a while answer 202 and be asked again
	// until so much of the world's time has passed; zero: done at once.
	LongRunning time.Duration
	// PageSize is how many entries a list of Azure's shows at once; zero means 500.
	PageSize int
}

// Server is the emulated cloud in front of one world.
type Server struct {
	options Options
	key     *token.Key
	faults  fault.Set
	latency latency
	// life is how long access tokens live.
	life atomic.Int64
	// now is what the endpoints stand on; Replace puts another there.
	now       atomic.Pointer[generation]
	replacing sync.Mutex
	served    map[Origin]http.Handler
	refused   refusals
	// endpoints is set by Start.
	endpoints atomic.Pointer[Endpoints]
}

// generation is a world and the endpoints in front of it. What endpoints keep
// themselves, such as browser sessions and rate limits, goes with it.
type generation struct {
	number       int
	world        *world.World
	serving      map[Origin]http.Handler
	setTokenLife func(time.Duration)
}

// New makes a server. It does not listen yet.
func New(o Options) (*Server, error) {
	if o.World == nil {
		return nil, errors.New("emulator: Options.World is missing: make one with world.New")
	}
	s := &Server{options: o, key: token.NewKey(o.SigningKey), served: make(map[Origin]http.Handler)}
	s.SetTokenLife(o.AccessTokenLife)
	s.key.RotateAfter(o.KeyLife)
	if err := s.Replace(o.World); err != nil {
		return nil, err
	}
	for _, at := range origin.All() {
		s.served[at] = s.watched(at)
	}
	return s, nil
}

// World is the world behind the server.
func (s *Server) World() *world.World { return s.now.Load().world }

// Generation is how often the world was replaced, from 1 for the first.
func (s *Server) Generation() int { return s.now.Load().number }

// Replace puts another world behind the endpoints. Calls that are being served
// end in the old one; browser sessions, codes and rate limits begin anew, and
// tokens hold as far as the new world knows whom they are for.
func (s *Server) Replace(w *world.World) error {
	signIn, err := entra.New(entra.Options{
		World: w, Key: s.key, BrowserOrigin: s.browserOrigin, LoginOrigin: s.loginOrigin,
		ARMAudiences: s.audiences(ARM), GraphAudiences: s.audiences(Graph), PartnerCenterAudiences: s.audiences(PartnerCenter),
		EasySignIn: s.options.EasySignIn, AccessTokenLife: s.TokenLife(),
	})
	if err != nil {
		return err
	}
	page, err := livepage.New(livepage.Options{World: w, Clock: s.options.Clock, Trouble: s.trouble, Refused: s.Refused})
	if err != nil {
		return err
	}
	customers, err := admincenter.New(admincenter.Options{World: w, Visitor: signIn.Visitor, SignIn: entra.SignInAt})
	if err != nil {
		return err
	}
	next := &generation{number: 1, world: w, setTokenLife: signIn.SetAccessTokenLife, serving: map[Origin]http.Handler{
		Login:   signIn.Login(),
		Browser: page.InFrontOf(customers.InFrontOf(signIn.Browser())),
		ARM: arm.New(arm.Options{
			World: w, Key: s.key, Audiences: s.audiences(ARM), LoginOrigin: s.loginOrigin, GraphOrigin: s.graphOrigin,
			Throttle: s.options.Throttle, LongRunning: s.options.LongRunning, PageSize: s.options.PageSize,
		}),
		Graph:         graph.New(graph.Options{World: w, Key: s.key, Audiences: s.audiences(Graph), LoginOrigin: s.loginOrigin, Throttle: s.options.Throttle}),
		PartnerCenter: partnercenter.New(partnercenter.Options{World: w, Key: s.key, Audiences: s.audiences(PartnerCenter), AdminCenter: s.pagesOrigin, Throttle: s.options.Throttle}),
	}}
	s.replacing.Lock()
	defer s.replacing.Unlock()
	next.setTokenLife(s.TokenLife())
	if last := s.now.Load(); last != nil {
		next.number = last.number + 1
	}
	s.now.Store(next)
	return nil
}

// TokenLife is how long access tokens live that are issued now.
func (s *Server) TokenLife() time.Duration { return time.Duration(s.life.Load()) }

// SetTokenLife changes how long access tokens live from now on; zero means an hour.
func (s *Server) SetTokenLife(d time.Duration) {
	if d <= 0 {
		d = time.Hour
	}
	s.replacing.Lock()
	defer s.replacing.Unlock()
	s.life.Store(int64(d))
	if g := s.now.Load(); g != nil {
		g.setTokenLife(d)
	}
}

// Handler serves one origin, for callers that bring their own listener. It
// panics with http.ErrAbortHandler where an answer is to be lost, as net/http
// asks handlers to.
func (s *Server) Handler(of Origin) http.Handler {
	if handler, ok := s.served[of]; ok {
		return handler
	}
	return http.NotFoundHandler()
}

func (s *Server) browserOrigin() string {
	if e := s.endpoints.Load(); e != nil {
		return e.Browser
	}
	return s.options.BrowserOrigin
}

// pagesOrigin is where the pages are found, also by a transport without sockets.
func (s *Server) pagesOrigin() string {
	if at := s.browserOrigin(); at != "" {
		return at
	}
	return Browser.Address()
}

func (s *Server) loginOrigin() string {
	if e := s.endpoints.Load(); e != nil {
		return e.Login
	}
	return Login.Address()
}

func (s *Server) graphOrigin() string {
	if e := s.endpoints.Load(); e != nil {
		return e.Graph
	}
	return Graph.Address()
}

// audiences gives the names under which tokens may be meant for the origin,
// besides Microsoft's own. Clients that take a service's address for its name
// may have been told either word for loopback.
func (s *Server) audiences(of Origin) func() []string {
	return func() []string {
		if e := s.endpoints.Load(); e != nil {
			return []string{e.Of(of), strings.Replace(e.Of(of), "127.0.0.1", "localhost", 1), of.Address()}
		}
		return []string{of.Address()}
	}
}
