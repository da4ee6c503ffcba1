package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const keyBits = 2048

// pair is one RSA key with what hangs on it.
type pair struct {
	private *rsa.PrivateKey
	id      string
	cert    []byte // DER, self-signed
	signer  jose.Signer
}

// maker makes a pair when it is first called, since that takes longer than
// everything else at start, and gives the same one ever after.
type maker func() (*pair, error)

func newMaker(private *rsa.PrivateKey) maker {
	return sync.OnceValues(func() (*pair, error) { return makePair(private) })
}

func makePair(private *rsa.PrivateKey) (*pair, error) {
	if private == nil {
		var err error
		if private, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
			return nil, fmt.Errorf("token: making the signing key: %w", err)
		}
	}
	p := &pair{private: private}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Latchkey emulator token signing"},
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	var err error
	if p.cert, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private); err != nil {
		return nil, fmt.Errorf("token: certificate of the signing key: %w", err)
	}
	thumbprint := sha1.Sum(p.cert) // what x5t is defined as; nothing rests on it
	p.id = base64.RawURLEncoding.EncodeToString(thumbprint[:])
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", p.id).WithHeader("x5t", p.id).WithHeader("x-emulator", "latchkey")
	if p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: private}, options); err != nil {
		return nil, fmt.Errorf("token: signer: %w", err)
	}
	return p, nil
}

// PublicKey is one entry of a key set document, as Entra publishes it.
type PublicKey struct {
	KeyType     string   `json:"kty"`
	Use         string   `json:"use"`
	ID          string   `json:"kid"`
	Thumbprint  string   `json:"x5t"`
	Modulus     string   `json:"n"`
	Exponent    string   `json:"e"`
	Certificate []string `json:"x5c"`
	Issuer      string   `json:"issuer,omitempty"`
}

func (p *pair) public() PublicKey {
	exponent := big.NewInt(int64(p.private.E))
	return PublicKey{
		KeyType: "RSA", Use: "sig", ID: p.id, Thumbprint: p.id,
		Modulus:     base64.RawURLEncoding.EncodeToString(p.private.N.Bytes()),
		Exponent:    base64.RawURLEncoding.EncodeToString(exponent.Bytes()),
		Certificate: []string{base64.StdEncoding.EncodeToString(p.cert)},
	}
}
