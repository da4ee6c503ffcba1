// Package assertion checks what clients sign to prove themselves: with the key of
// one of their certificates, or a token of an issuer that they federate with.
package assertion

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/entra/internal/address"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// maxAssertion is far above any assertion a client makes.
	maxAssertion = 32 << 10
)

// Checker checks the assertions made for one sign-in service.
type Checker struct {
	World *world.World
	Key   *token.Key // checks the tokens of issuers whose key is not given
	Hosts address.Hosts
	// ClientNow is the clock by which clients sign their assertions. The world's is
	// always accepted too.
	ClientNow func() time.Time
}

// signedClaims are the claims of an assertion that are looked at.
type signedClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   *numeric `json:"exp"`
	NotBefore *numeric `json:"nbf"`
	IssuedAt  *numeric `json:"iat"`
}

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON takes both forms.
func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// numeric is a point in time as seconds since 1970, with or without a fraction.
type numeric float64

func (n *numeric) time() time.Time {
	return time.Unix(0, 0).Add(time.Duration(float64(*n) * float64(time.Second)))
}

// SubjectOf is the client id that an assertion claims to be of; nothing is
// checked yet.
func SubjectOf(raw string) string {
	_, rest, _ := strings.Cut(raw, ".")
	body, _, _ := strings.Cut(rest, ".")
	plain, err := base64.RawURLEncoding.DecodeString(body)
	var c signedClaims
	if len(raw) > maxAssertion || err != nil || json.Unmarshal(plain, &c) != nil {
		return ""
	}
	return c.Subject
}

// Check checks a client's signed assertion: signed with the key of one
// of its certificates, or a token of an issuer that it federates with.
func (k Checker) Check(r *http.Request, at address.Authority, app registry.App, kind, raw string) *aadsts.Problem {
	if kind != assertionType {
		return aadsts.Refuse(aadsts.InvalidRequest, 90023, "The 'client_assertion_type' must be '%s'.", assertionType)
	}
	if len(raw) > maxAssertion {
		return aadsts.BadClient(50027, "JWT token is invalid or malformed.")
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256})
	if err != nil || len(signed.Signatures) != 1 {
		return aadsts.BadClient(50027, "JWT token is invalid or malformed.")
	}
	var c signedClaims
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &c); err != nil {
		return aadsts.BadClient(50027, "JWT token is invalid or malformed.")
	}
	if c.Issuer != c.Subject {
		return k.checkFederated(app, signed, c)
	}
	if p := checkOwnSignature(app, signed); p != nil {
		return p
	}
	switch {
	case !strings.EqualFold(c.Subject, app.ID.String()):
		return aadsts.BadClient(700021, "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://aka.ms/aadjwt.")
	case !slices.ContainsFunc(c.Audience, func(a string) bool { return k.isOurs(a, r, at) }):
		return aadsts.BadClient(700023, "Client assertion audience claim does not match Realm issuer. Review the documentation at https://aka.ms/aadjwt.")
	}
	return k.checkTimes(c)
}

// checkOwnSignature finds the certificate that the assertion names by x5t,
// x5t#S256 or kid, and checks the signature with its key.
func checkOwnSignature(app registry.App, signed *jose.JSONWebSignature) *aadsts.Problem {
	header := signed.Signatures[0].Protected
	for _, kept := range app.Certificates {
		if !names(header, kept) {
			continue
		}
		cert, err := kept.Parse()
		if err != nil {
			continue
		}
		if _, err := signed.Verify(cert.PublicKey); err != nil {
			return aadsts.BadClient(700027, "The certificate with identifier used to sign the client assertion is registered on application '%s', but the signature does not fit. [Reason - The key was found, but signature verification failed.]", app.ID)
		}
		return nil
	}
	return aadsts.BadClient(700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.] Please visit the Azure portal to confirm the certificates of application '%s'.", app.ID)
}

// names says whether the header of an assertion names the certificate. Clients
// write thumbprints in every kind of base64.
func names(header jose.Header, c registry.Certificate) bool {
	x5t, s256 := c.Thumbprints()
	for name, value := range header.ExtraHeaders {
		text, ok := value.(string)
		if !ok {
			continue
		}
		switch name {
		case "x5t":
			if bytes.Equal(anyBase64(text), x5t[:]) {
				return true
			}
		case "x5t#S256":
			if bytes.Equal(anyBase64(text), s256[:]) {
				return true
			}
		}
	}
	return strings.EqualFold(header.KeyID, hex.EncodeToString(x5t[:])) || (header.KeyID != "" && bytes.Equal(anyBase64(header.KeyID), x5t[:]))
}

func anyBase64(text string) []byte {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return plain
}

// isOurs says whether an assertion's audience is this sign-in service and this
// tenant: the token endpoint, in either version, or the issuer.
func (k Checker) isOurs(aud string, r *http.Request, at address.Authority) bool {
	u, err := url.Parse(aud)
	if err != nil || u.Scheme != "https" || u.RawQuery != "" {
		return false
	}
	if !slices.ContainsFunc(k.Hosts.All(r), func(host string) bool { return strings.EqualFold(host, u.Host) }) {
		return false
	}
	segments := strings.FieldsFunc(u.Path, func(c rune) bool { return c == '/' })
	if len(segments) == 0 {
		return false
	}
	switch strings.ToLower(strings.Join(segments[1:], "/")) {
	case "", "v2.0", "oauth2/token", "oauth2/v2.0/token":
	default:
		return false
	}
	meant, p := address.Find(k.World, segments[0])
	return p == nil && (meant.Shared != "" || meant.Tenant.ID == at.Tenant.ID)
}

// checkTimes judges an assertion by the world's clock or by the clients' own: a
// client signs by its machine's clock and cannot know how the world's stands.
func (k Checker) checkTimes(c signedClaims) *aadsts.Problem {
	const skew = 5 * time.Minute
	if c.Expires == nil {
		return aadsts.BadClient(50027, "JWT token is invalid or malformed. It has no 'exp'.")
	}
	for _, now := range []time.Time{k.World.Now(), k.ClientNow()} {
		if now.Before(c.Expires.time().Add(skew)) && (c.NotBefore == nil || !now.Add(skew).Before(c.NotBefore.time())) {
			return nil
		}
	}
	return aadsts.BadClient(700024, "Client assertion is not within its valid time range. Current time: %s, expiry time of assertion %s. Review the documentation at https://aka.ms/aadjwt.", k.World.Now().Format(time.RFC3339), c.Expires.time().UTC().Format(time.RFC3339))
}

// checkFederated checks another issuer's token against the application's
// federated credentials, and says which part did not fit.
func (k Checker) checkFederated(app registry.App, signed *jose.JSONWebSignature, c signedClaims) *aadsts.Problem {
	number, what := 700211, "issuer '"+wire.Clip(c.Issuer)+"'"
	for _, f := range app.Federations {
		switch {
		case f.Issuer != c.Issuer:
			continue
		case f.Subject != c.Subject:
			if number == 700211 {
				number, what = 700213, "subject '"+wire.Clip(c.Subject)+"'"
			}
			continue
		case !slices.Contains(c.Audience, f.Audience):
			number, what = 700212, "audience '"+wire.Clip(strings.Join(c.Audience, " "))+"'"
			continue
		}
		if err := k.verifyForeign(signed, f.Key); err != nil {
			return aadsts.BadClient(7000272, "The signature of the presented assertion of issuer '%s' could not be verified.", wire.Clip(c.Issuer))
		}
		return k.checkTimes(c)
	}
	return aadsts.BadClient(number, "No matching federated identity record found for presented assertion %s. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.", what)
}

func (k Checker) verifyForeign(signed *jose.JSONWebSignature, key crypto.PublicKey) error {
	if key != nil {
		_, err := signed.Verify(key)
		return err
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		return err
	}
	_, err = k.Key.Verify(raw)
	return err
}
