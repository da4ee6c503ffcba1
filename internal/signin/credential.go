package signin

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"latchkey/internal/fault"
)

// Certificate proves that it is Latchkey that redeems a code, in place of a
// client secret: its private key signs a short-lived assertion each time.
type Certificate struct {
	Leaf *x509.Certificate
	Key  crypto.PrivateKey // RSA
}

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = 5 * time.Minute
)

// credential are the parameters that prove Latchkey's own identity to a token
// endpoint; none with a client secret, which x/oauth2 sends by itself.
func (d *Door) credential(tokenURL string) ([]oauth2.AuthCodeOption, error) {
	c := d.options.Certificate
	if c == nil {
		return nil, nil
	}
	assertion, err := c.assert(d.options.ClientID, tokenURL, d.options.Clock.Now())
	if err != nil {
		return nil, fault.Wrap("signin.credential", fault.Internal, err, "")
	}
	return []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("client_assertion_type", assertionType),
		oauth2.SetAuthURLParam("client_assertion", assertion),
	}, nil
}

// assert signs that this is the client, for one endpoint, once and now.
func (c *Certificate) assert(clientID, tokenURL string, now time.Time) (string, error) {
	sum := sha256.Sum256(c.Leaf.Raw)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: c.Key}, (&jose.SignerOptions{}).
		WithType("JWT").WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum[:])))
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": clientID, "sub": clientID, "aud": tokenURL, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// check says what is wrong with the certificate before anybody needs it.
func (c *Certificate) check() error {
	const op = "signin.New"
	key, ok := c.Key.(*rsa.PrivateKey)
	if !ok || c.Leaf == nil {
		return fault.New(op, fault.Invalid, "The application's certificate must come with its RSA key.")
	}
	if !key.PublicKey.Equal(c.Leaf.PublicKey) {
		return fault.New(op, fault.Invalid, "The application's certificate and its key do not belong together.")
	}
	return nil
}
