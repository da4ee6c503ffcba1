package signin_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/signin"
)

// certificate makes a certificate for a test's key.
func certificate(t *testing.T, name string) *signin.Certificate {
	t.Helper()
	key := signingKey(t, name, 0)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(4e9, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signin.Certificate{Leaf: leaf, Key: key}
}

func TestACertificateServesInPlaceOfASecret(t *testing.T) {
	own := certificate(t, "latchkey")
	s := newScene(t, func(o *signin.Options) { o.Certificate = own })
	s.authority.certificate = own.Leaf
	s.signIn(customerTenant, nil)
	s.signIn(customerTenant, nil)
	if n := len(s.authority.assertions); n != 2 {
		t.Errorf("%d assertions for 2 sign-ins", n)
	}
	t.Run("another certificate does not", func(t *testing.T) {
		s.authority.certificate = certificate(t, "somebody").Leaf
		clear(s.jar)
		_, err := s.arrive(s.authority.authorize(s.leave(customerTenant, "/", false), nil))
		s.refused(t, err, fault.Upstream)
	})
	t.Run("a key that is not the certificate's is refused at once", func(t *testing.T) {
		options := s.options
		options.Certificate = &signin.Certificate{Leaf: own.Leaf, Key: certificate(t, "somebody").Key}
		if _, err := signin.New(options); !fault.Is(err, fault.Invalid) {
			t.Errorf("error %v", err)
		}
	})
}
