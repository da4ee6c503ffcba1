// Package device keeps the requests of devices without a browser until a person
// with one has come:
//
//	waiting -> allowed -> redeemed
//	waiting -> declined
package device

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/entra/internal/demand"
	"latchkey/emulator/entra/internal/session"
	"latchkey/emulator/registry"
)

// How long a request waits, and what its codes look like.
const (
	Life = 15 * time.Minute
	// Interval is how often a client may ask whether the person has come.
	Interval = 5 * time.Second
	// userCodeLength and its letters make codes that people can copy by hand.
	userCodeLength  = 9
	userCodeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
)

// state is how far a device's request has come.
type state uint8

const (
	waiting state = iota
	allowed
	declined
	redeemed
)

// Request is a client without a browser that waits for a person with one.
type Request struct {
	Code, UserCode string
	Client         registry.ClientID
	At             address.Authority
	Demand         demand.Demand
	Session        session.Session // the person, once allowed
	Into           csp.TenantID
	state          state
	until          time.Time
	asked          time.Time // when the client last asked
}

// Requests are the requests that wait.
type Requests struct {
	now func() time.Time

	mu     sync.Mutex
	byCode map[string]*Request
	byUser map[string]*Request
}

// New keeps requests by the clock.
func New(now func() time.Time) *Requests {
	return &Requests{now: now, byCode: make(map[string]*Request), byUser: make(map[string]*Request)}
}

// Begin keeps the request under two codes: one for the client, one for the person.
func (d *Requests) Begin(r Request) Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	for code, old := range d.byCode {
		if now.After(old.until.Add(Life)) { // till then it is said to have expired
			delete(d.byCode, code)
			delete(d.byUser, old.UserCode)
		}
	}
	r.Code, r.until = rand.Text(), now.Add(Life)
	for r.UserCode == "" || d.byUser[r.UserCode] != nil {
		r.UserCode = newUserCode()
	}
	kept := r
	d.byCode[r.Code], d.byUser[r.UserCode] = &kept, &kept
	return r
}

func newUserCode() string {
	raw := make([]byte, userCodeLength)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = userCodeLetters[int(b)%len(userCodeLetters)]
	}
	return string(raw)
}

// ForPerson finds the request that waits under a person's code.
func (d *Requests) ForPerson(userCode string) (Request, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, waits := d.waiting(strings.ToUpper(strings.TrimSpace(userCode)))
	if !waits {
		return Request{}, false
	}
	return *r, true
}

// Allow ends the person's part: the device may have tokens for him in the tenant.
// It says whether the request still waited.
func (d *Requests) Allow(userCode string, s session.Session, into csp.TenantID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, waits := d.waiting(userCode)
	if waits {
		r.state, r.Session, r.Into = allowed, s, into
	}
	return waits
}

// Decline ends the person's part with a no.
func (d *Requests) Decline(userCode string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, waits := d.waiting(userCode); waits {
		r.state = declined
	}
}

func (d *Requests) waiting(userCode string) (*Request, bool) {
	r := d.byUser[userCode]
	return r, r != nil && r.state == waiting && d.now().Before(r.until)
}

// Ask is the client's question whether the person has come. A client that asks
// sooner than it was told to is told to slow down; a clock that stands still
// hurries nobody.
func (d *Requests) Ask(code string, client registry.ClientID) (Request, *aadsts.Problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.byCode[code]
	if r == nil || r.Client != client || r.state == redeemed {
		return Request{}, aadsts.Refuse("bad_verification_code", 70018, "The verification code is not valid, or was used before.")
	}
	now := d.now()
	since := now.Sub(r.asked)
	r.asked = now
	switch {
	case r.state == declined:
		return Request{}, aadsts.Refuse("authorization_declined", 70017, "The user declined the request.")
	case !now.Before(r.until):
		return Request{}, aadsts.Refuse("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
	case r.state == waiting && since > 0 && since < Interval-time.Second:
		return Request{}, aadsts.Refuse("slow_down", 70016, "OAuth 2.0 device flow error. The client polls faster than every %s.", Interval)
	case r.state == waiting:
		return Request{}, aadsts.Refuse("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
	}
	r.state = redeemed
	return *r, nil
}
