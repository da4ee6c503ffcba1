package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keyBits = 2048
	// maxTokenLength is far above any token this package makes and stops a
	// hostile one before it is decoded.
	maxTokenLength = 64 << 10
)

// Why a token is refused before its claims are looked at.
var (
	ErrMalformed  = errors.New("token: not a signed JSON Web Token")
	ErrUnknownKey = errors.New("token: signed with a key nobody here has")
	ErrSignature  = errors.New("token: the signature does not fit")
)

// Key signs tokens with RS256 and checks them. Its RSA key is made when it is
// first needed, since that takes longer than everything else at start.
type Key struct {
	made func() (*pair, error)
}

type pair struct {
	private *rsa.PrivateKey
	id      string
	cert    []byte // DER, self-signed
	signer  jose.Signer
}

// NewKey is a Key that signs with private or, when that is nil, with one of
// 2048 bits that it makes itself.
func NewKey(private *rsa.PrivateKey) *Key {
	return &Key{made: sync.OnceValues(func() (*pair, error) { return makePair(private) })}
}

// Prepare makes the RSA key now if that has not been done.
func (k *Key) Prepare() error {
	_, err := k.made()
	return err
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

// Sign makes the token that says c.
func (k *Key) Sign(c Claims) (string, error) {
	p, err := k.made()
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("token: signing: %w", err)
	}
	return signed.CompactSerialize()
}

// Verify checks the signature of a token and gives what it says. Whether it has
// expired, and whether it is meant for the reader, is for the reader to judge.
func (k *Key) Verify(raw string) (Claims, error) {
	if len(raw) > maxTokenLength {
		return Claims{}, ErrMalformed
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return Claims{}, ErrMalformed
	}
	p, err := k.made()
	if err != nil {
		return Claims{}, err
	}
	if len(signed.Signatures) != 1 || signed.Signatures[0].Protected.KeyID != p.id {
		return Claims{}, ErrUnknownKey
	}
	payload, err := signed.Verify(&p.private.PublicKey)
	if err != nil {
		return Claims{}, ErrSignature
	}
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, ErrMalformed
	}
	return c, nil
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

// Public is the key as a key set shows it. The caller fills in Issuer.
func (k *Key) Public() (PublicKey, error) {
	p, err := k.made()
	if err != nil {
		return PublicKey{}, err
	}
	exponent := big.NewInt(int64(p.private.E))
	return PublicKey{
		KeyType: "RSA", Use: "sig", ID: p.id, Thumbprint: p.id,
		Modulus:     base64.RawURLEncoding.EncodeToString(p.private.N.Bytes()),
		Exponent:    base64.RawURLEncoding.EncodeToString(exponent.Bytes()),
		Certificate: []string{base64.StdEncoding.EncodeToString(p.cert)},
	}, nil
}
