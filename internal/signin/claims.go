package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// refusedToken is all a browser learns about a token that was not believed; what
// was wrong with it is for the log.
const refusedToken = "The sign-in could not be verified, so you are not signed in. Please sign in again; if it happens once more, tell the operator of this portal."

// claims are the parts of an ID token that Latchkey reads. Mail addresses and
// user principal names are left out on purpose.
type claims struct {
	Version  string     `json:"ver"`
	Tenant   string     `json:"tid"`
	Object   string     `json:"oid"`
	Kind     string     `json:"idtyp"`
	Account  scalar     `json:"acct"`
	Name     string     `json:"name"`
	SignedAt *epoch     `json:"auth_time"`
	Issued   *epoch     `json:"iat"`
	Methods  stringList `json:"amr"`
	Contexts stringList `json:"acrs"`
}

// proven is an account with what the sign-in says about it.
type proven struct {
	Account      jit.Account `json:"account"`
	Name         string      `json:"name"`
	Guest        bool        `json:"guest"`
	SignedAt     time.Time   `json:"signedAt,omitzero"` // zero: the tenant did not say
	SecondFactor bool        `json:"secondFactor"`
}

// judge verifies the token and draws from it what may be believed.
func (d *Door) judge(ctx context.Context, t *tenant, f flow, raw string) (proven, error) {
	const op = "signin.judge"
	if err := t.keys.refresh(ctx, raw); err != nil {
		return proven{}, fault.Wrap(op, fault.Unavailable, err, "The organization's sign-in keys cannot be read, so the sign-in cannot be verified. Please try again in a minute.")
	}
	token, err := t.verifier.Verify(ctx, raw)
	if err != nil {
		return proven{}, fault.Wrap(op, fault.Unauthenticated, err, refusedToken)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return proven{}, refuse(op, "the nonce is not this sign-in's")
	}
	if len(token.Audience) != 1 {
		return proven{}, refuse(op, "the token is meant for others too")
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return proven{}, fault.Wrap(op, fault.Unauthenticated, err, refusedToken)
	}
	account, err := c.account(f.Tenant)
	if err != nil {
		return proven{}, err
	}
	signedAt, err := c.signedAt(f, d.options.Clock.Now())
	if err != nil {
		return proven{}, err
	}
	return proven{
		Account:      account,
		Name:         c.Name,
		Guest:        c.guest(account.Tenant == d.options.Estate.Partner.ID),
		SignedAt:     signedAt,
		SecondFactor: slices.Contains(c.Methods, "mfa") || slices.Contains(c.Contexts, d.options.Context),
	}, nil
}

func refuse(op, why string) error {
	return fault.Wrap(op, fault.Unauthenticated, errors.New(why), refusedToken)
}

// account is who signed in, by the only key that is ever compared.
func (c claims) account(expected csp.TenantID) (jit.Account, error) {
	const op = "signin.account"
	tenant, err := csp.ParseID[csp.Tenant](c.Tenant)
	switch {
	case err != nil:
		return jit.Account{}, fault.Wrap(op, fault.Unauthenticated, err, refusedToken)
	case tenant != expected:
		return jit.Account{}, refuse(op, "the token's tenant is not the one signed in at")
	case c.Version != "2.0":
		return jit.Account{}, refuse(op, "the token is not of version 2.0")
	case c.Kind != "" && c.Kind != "user":
		return jit.Account{}, fault.New(op, fault.Unauthenticated, "Only people can sign in here; this was the sign-in of an application.")
	}
	object, err := csp.ParseID[csp.Principal](c.Object)
	if err != nil {
		return jit.Account{}, fault.Wrap(op, fault.Unauthenticated, err, refusedToken)
	}
	return jit.Account{Tenant: tenant, Object: object}, nil
}

// guest says whether the account is a guest of its tenant. Silence means guest,
// except in the partner's own tenant, where being a member proves nothing an
// approval could rest on.
func (c claims) guest(atPartner bool) bool {
	if c.Account == "" {
		return !atPartner
	}
	return c.Account != "0"
}

// signedAt is when the person proved himself; zero if the tenant does not say.
// After a fresh sign-in it must be said, and lie after the asking.
func (c claims) signedAt(f flow, now time.Time) (time.Time, error) {
	const op = "signin.signedAt"
	if c.Issued == nil || c.Issued.After(now.Add(skew)) {
		return time.Time{}, refuse(op, "the token was issued in the future, or does not say when")
	}
	if c.SignedAt == nil {
		if f.Fresh {
			return time.Time{}, fault.New(op, fault.Unauthenticated, "Your organization's sign-in did not say when you signed in, so it does not count as a fresh sign-in. Its administrator can add the optional claim auth_time for this application.")
		}
		return time.Time{}, nil
	}
	if c.SignedAt.After(now.Add(skew)) {
		return time.Time{}, refuse(op, "the sign-in lies in the future")
	}
	if f.Fresh && c.SignedAt.Before(f.Begun.Add(-skew)) {
		return time.Time{}, fault.New(op, fault.Unauthenticated, "This needs a sign-in made just now, and your organization answered with an older one. Please sign in again and enter your credentials.")
	}
	return c.SignedAt.Time, nil
}

// epoch is a moment in whole seconds since 1970, as tokens write it.
type epoch struct{ time.Time }

// UnmarshalJSON reads the number; a text is no moment.
func (e *epoch) UnmarshalJSON(b []byte) error {
	seconds, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return err
	}
	e.Time = time.Unix(seconds, 0).UTC()
	return nil
}

// scalar is a claim that some tenants send as a number and some as a text.
type scalar string

// UnmarshalJSON keeps whatever it is as text, so that nothing unexpected passes
// for the one value that is looked for.
func (s *scalar) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	*s = scalar(strings.Trim(string(b), `"`))
	if *s == "" {
		*s = "unknown"
	}
	return nil
}

// stringList is a claim that is a list of texts, or a single one.
type stringList []string

// UnmarshalJSON reads either form.
func (l *stringList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = strings.Fields(one)
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// contextClaim asks for the authentication context in the ID token.
func contextClaim(id string) string {
	type demand struct {
		Essential bool   `json:"essential"`
		Value     string `json:"value"`
	}
	b, err := json.Marshal(map[string]map[string]demand{"id_token": {"acrs": {Essential: true, Value: id}}})
	if err != nil {
		return ""
	}
	return string(b)
}
