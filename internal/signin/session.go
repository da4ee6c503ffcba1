package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Sessions keeps sessions by the digest of their id. The store implements it; it
// can neither read a body nor make one.
type Sessions interface {
	// PutSession inserts or replaces the session.
	PutSession(ctx context.Context, digest string, body []byte, expires time.Time) error
	// Session finds a session that has not expired at now; NotFound otherwise.
	Session(ctx context.Context, digest string, now time.Time) ([]byte, error)
	// DropSession removes the session; one that is not there is no error.
	DropSession(ctx context.Context, digest string) error
}

// BackgroundHeader marks requests a page makes by itself, such as refreshing a
// countdown. They do not keep a session awake.
const BackgroundHeader = "Latchkey-Background"

// slideAfter is how much idle time passes before a session's end is moved, so
// that not every page view writes to the store.
const slideAfter = time.Minute

// A session is two rows. The first says what was proven, never changes, and goes
// when the person signs out. The second is its wakefulness and is written again
// with use. A write that keeps a session awake can so never bring back one that
// was ended at the same moment.
type session struct {
	proven
	Opened time.Time `json:"opened"`
}

// wakefulness is when a session was last used by a person.
type wakefulness struct {
	Used time.Time `json:"used"`
}

// handle is a session as the store knows it: the digests of its two rows.
type handle struct{ session, awake string }

func handleOf(id string) handle {
	return handle{session: digestOf(id), awake: digestOf("awake " + id)}
}

// Cookie names without the prefix that https adds.
const (
	sessionCookie = "latchkey"
	flowCookie    = "latchkey-sign-in"
)

// open makes a new session and ends the one the browser had (TH-E5).
func (d *Door) open(r *http.Request, p proven) (*http.Cookie, error) {
	const op = "signin.open"
	if err := d.drop(r); err != nil {
		return nil, fault.In(op, err)
	}
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "")
	}
	id := base64.RawURLEncoding.EncodeToString(raw[:])
	h, now := handleOf(id), d.options.Clock.Now()
	if err := d.put(r.Context(), h.awake, wakefulness{Used: now}, now.Add(d.options.Idle)); err != nil {
		return nil, fault.In(op, err)
	}
	if err := d.put(r.Context(), h.session, session{proven: p, Opened: now}, now.Add(d.options.Longest)); err != nil {
		return nil, fault.In(op, err)
	}
	return d.cookie(sessionCookie, id, 0), nil
}

func (d *Door) put(ctx context.Context, digest string, v any, expires time.Time) error {
	const op = "signin.put"
	body, err := d.bodySeal.sealJSON(v, digest)
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "")
	}
	return fault.In(op, d.options.Sessions.PutSession(ctx, digest, []byte(body), expires))
}

// get reads one row. A row that is missing, expired, or not sealed by us for
// this place is not there.
func (d *Door) get(ctx context.Context, digest string, now time.Time, v any) (found bool, err error) {
	body, err := d.options.Sessions.Session(ctx, digest, now)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, fault.In("signin.get", err)
	}
	return d.bodySeal.openJSON(string(body), digest, v) == nil, nil
}

// Caller says who is asking. Nobody, with his network address, is no error; a
// store that cannot be asked is.
func (d *Door) Caller(r *http.Request) (jit.Caller, error) {
	const op = "signin.Caller"
	nobody := jit.Caller{Address: addressOf(r)}
	h, ok := d.presented(r)
	if !ok {
		return nobody, nil
	}
	s, ok, err := d.live(r, h)
	if err != nil || !ok {
		return nobody, fault.In(op, err)
	}
	return jit.Caller{
		Account: s.Account, Name: s.Name, Guest: s.Guest, SignedAt: s.SignedAt, SecondFactor: s.SecondFactor,
		Session: h.session, Address: nobody.Address,
	}, nil
}

// live finds the session if it is neither over nor asleep, and keeps it awake.
func (d *Door) live(r *http.Request, h handle) (session, bool, error) {
	ctx, now := r.Context(), d.options.Clock.Now()
	var s session
	if found, err := d.get(ctx, h.session, now, &s); err != nil || !found {
		return session{}, false, err
	}
	var w wakefulness
	if found, err := d.get(ctx, h.awake, now, &w); err != nil || !found {
		return session{}, false, err
	}
	// The store judged the time too, but only what is sealed cannot be forged. A
	// clock set back does not prolong a session either.
	over := !now.Before(s.Opened.Add(d.options.Longest)) || now.Before(s.Opened.Add(-skew))
	asleep := !now.Before(w.Used.Add(d.options.Idle))
	if over || asleep || !d.serves(s.Account.Tenant) {
		return session{}, false, nil
	}
	if now.Sub(w.Used) >= slideAfter && r.Header.Get(BackgroundHeader) == "" {
		if err := d.put(ctx, h.awake, wakefulness{Used: now}, now.Add(d.options.Idle)); err != nil {
			return session{}, false, err
		}
	}
	return s, true, nil
}

// Leave ends the session. The cookies clear the browser's side of it.
func (d *Door) Leave(r *http.Request) ([]*http.Cookie, error) {
	return []*http.Cookie{d.cookie(sessionCookie, "", -1), d.cookie(flowCookie, "", -1)}, fault.In("signin.Leave", d.drop(r))
}

func (d *Door) drop(r *http.Request) error {
	h, ok := d.presented(r)
	if !ok {
		return nil
	}
	if err := d.options.Sessions.DropSession(r.Context(), h.session); err != nil {
		return err
	}
	return d.options.Sessions.DropSession(r.Context(), h.awake)
}

// presented is the session the browser shows the id of, if it shows one of the
// right shape.
func (d *Door) presented(r *http.Request) (handle, bool) {
	cookie, err := r.Cookie(d.cookieName(sessionCookie))
	if err != nil {
		return handle{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cookie.Value)
	if err != nil || len(raw) != 32 {
		return handle{}, false
	}
	return handleOf(cookie.Value), true
}

func digestOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// addressOf is the peer's own address. Forwarding headers are not believed.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// cookieName has the prefix that makes browsers insist on https, this host and
// the whole site; plain http, which is the demo's, cannot have it.
func (d *Door) cookieName(name string) string {
	if d.secure() {
		return "__Host-" + name
	}
	return name
}

func (d *Door) secure() bool { return d.options.BaseURL.Scheme == "https" }

func (d *Door) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: d.cookieName(name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: d.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
