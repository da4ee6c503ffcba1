// Package session is that somebody has signed in, and how it goes on: inside
// refresh tokens and the tokens of applications that call on in his name. The
// emulator keeps no list of its tokens; what they carry is sealed.
package session

import (
	"encoding/json"
	"time"

	"latchkey/csp"
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// Session is an account that has signed in.
type Session struct {
	Account  world.Account
	AuthTime time.Time
	MFA      bool
}

// AMR is how he signed in, as the claim says it.
func (s Session) AMR() []string {
	if s.MFA {
		return []string{"pwd", "mfa"}
	}
	return []string{"pwd"}
}

// Person is a person whose tokens are to be made for one tenant.
type Person struct {
	Session Session
	Into    csp.TenantID
	Nonce   string
	ACRS    []string
	SPA     bool  // the session began in a single-page application
	Until   int64 // when its refresh tokens end at the latest, in nanoseconds since 1970; zero: they go on
	// Asked is the scope that a refresh token was given for.
	Asked string
}

// How long refresh tokens live.
const (
	refreshLife = 90 * 24 * time.Hour
	browserLife = 24 * time.Hour // of single-page applications
)

// Seals close and open what tokens carry.
type Seals struct {
	World *world.World
	Key   *token.Key
}

// refresh is what a refresh token holds: the person and the client, bound to
// neither tenant nor resource. Scope is what was asked for with it, for clients
// that ask for nothing when they redeem it (RFC 6749, section 6).
type refresh struct {
	Tenant   csp.TenantID      `json:"t"`
	Object   csp.ObjectID      `json:"o"`
	Client   registry.ClientID `json:"c"`
	AuthTime int64             `json:"a"`
	MFA      bool              `json:"m"`
	Issued   int64             `json:"i"`           // nanoseconds since 1970
	Until    int64             `json:"u,omitempty"` // the same; only of single-page applications
	Scope    string            `json:"s,omitempty"`
}

// Refresh makes a refresh token for the client, which asked for the scope.
func (x Seals) Refresh(client registry.ClientID, s Person, scope string) (string, error) {
	now := x.World.Now()
	if s.SPA && s.Until == 0 {
		s.Until = now.Add(browserLife).UnixNano()
	}
	account := s.Session.Account
	plain, err := json.Marshal(refresh{account.Tenant, account.Object, client, s.Session.AuthTime.Unix(), s.Session.MFA, now.UnixNano(), s.Until, scope})
	if err != nil {
		return "", err
	}
	return x.Key.Seal(plain)
}

// OpenRefresh gives the session a refresh token continues.
func (x Seals) OpenRefresh(sealed string, client registry.ClientID) (Person, *aadsts.Problem) {
	plain, err := x.Key.Open(sealed)
	var r refresh
	if err != nil || json.Unmarshal(plain, &r) != nil || r.Client.IsZero() {
		return Person{}, aadsts.Refuse(aadsts.InvalidGrant, 9002313, "Invalid request. The refresh token is malformed.")
	}
	if r.Client != client {
		return Person{}, aadsts.Refuse(aadsts.InvalidGrant, 70000, "Provided grant is invalid or malformed: the refresh token was issued to another client.")
	}
	now, issued := x.World.Now(), time.Unix(0, r.Issued)
	switch {
	case r.Until != 0 && now.UnixNano() > r.Until:
		return Person{}, aadsts.Refuse(aadsts.InvalidGrant, 700084, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page.")
	case now.After(issued.Add(refreshLife)):
		return Person{}, aadsts.Refuse(aadsts.InvalidGrant, 700082, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", issued.UTC().Format(time.RFC3339Nano))
	}
	s := Person{Session: Session{Account: world.Account{Tenant: r.Tenant, Object: r.Object}, AuthTime: time.Unix(r.AuthTime, 0), MFA: r.MFA}, SPA: r.Until != 0, Until: r.Until, Asked: r.Scope}
	if u, ok := x.World.User(r.Tenant, r.Object); ok && issued.Before(u.ValidFrom) {
		return Person{}, Revoked()
	}
	return s, nil
}

// Carry is the session inside an access token for an application that may
// call on in the person's name.
func (x Seals) Carry(s Session) (string, error) {
	plain, err := json.Marshal(refresh{Tenant: s.Account.Tenant, Object: s.Account.Object, AuthTime: s.AuthTime.Unix(), MFA: s.MFA})
	if err != nil {
		return "", err
	}
	return x.Key.Seal(plain)
}

// OpenCarried gives the session that Carry put into a token.
func (x Seals) OpenCarried(sealed string) (Session, bool) {
	plain, err := x.Key.Open(sealed)
	var r refresh
	if err != nil || json.Unmarshal(plain, &r) != nil {
		return Session{}, false
	}
	return Session{Account: world.Account{Tenant: r.Tenant, Object: r.Object}, AuthTime: time.Unix(r.AuthTime, 0), MFA: r.MFA}, true
}

// Revoked is what a session gets that was ended for its person.
func Revoked() *aadsts.Problem {
	return aadsts.Refuse(aadsts.InvalidGrant, 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.")
}
