package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Why a request's token is refused. Beside these there are ErrMalformed and
// ErrSignature.
var (
	ErrMissing     = errors.New("token: no bearer token was sent")
	ErrAudience    = errors.New("token: meant for another resource")
	ErrExpired     = errors.New("token: expired")
	ErrNotYetValid = errors.New("token: not yet valid")
)

// Bearer reads the token a request was sent with and checks its signature, its
// audience and its time. With ErrAudience, ErrExpired and ErrNotYetValid the
// claims are given as well, for the answer that refuses them.
func (k *Key) Bearer(r *http.Request, now time.Time, isFor func(audience string) bool) (Claims, error) {
	scheme, raw, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if raw = strings.TrimSpace(raw); !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return Claims{}, ErrMissing
	}
	c, err := k.Verify(raw)
	if err != nil {
		return Claims{}, err
	}
	switch {
	case !isFor(c.Audience):
		return c, fmt.Errorf("%w: %.200q", ErrAudience, c.Audience)
	case now.Unix() >= c.Expires:
		return c, fmt.Errorf("%w at %s", ErrExpired, time.Unix(c.Expires, 0).UTC().Format(time.RFC3339))
	case now.Unix() < c.NotBefore:
		return c, fmt.Errorf("%w: not before %s", ErrNotYetValid, time.Unix(c.NotBefore, 0).UTC().Format(time.RFC3339))
	}
	return c, nil
}

// Challenge is the value of a WWW-Authenticate header that sends a client which
// handles claims challenges back to the sign-in service at authorizationURI, for
// a token issued after now.
func Challenge(authorizationURI string, now time.Time) string {
	ask := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now.Unix())
	return fmt.Sprintf(`Bearer realm="", authorization_uri=%q, error="insufficient_claims", claims=%q`,
		authorizationURI, base64.StdEncoding.EncodeToString([]byte(ask)))
}
