package registry

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"time"

	"latchkey/csp"
)

// Secret is a client secret with an end. Only the registration's owner ever sees
// Value again, because this is an emulator.
type Secret struct {
	ID    csp.ID[Secret]
	Name  string
	Value string
	// Created is when it was made; zero for one that was always there.
	Created time.Time
	// Expires is when it ends; zero means never.
	Expires time.Time
}

// Noun names the thing in error sentences.
func (Secret) Noun() string { return "client secret" }

// Certificate is a certificate whose key an application proves itself with. It
// ends when the certificate does.
type Certificate struct {
	DER []byte
}

// Parse reads the certificate.
func (c Certificate) Parse() (*x509.Certificate, error) { return x509.ParseCertificate(c.DER) }

// Thumbprints are the SHA-1 and the SHA-256 of the certificate: what the headers
// x5t and x5t#S256 of an assertion name it by.
func (c Certificate) Thumbprints() (x5t [sha1.Size]byte, s256 [sha256.Size]byte) {
	return sha1.Sum(c.DER), sha256.Sum256(c.DER)
}

// Federation lets tokens of another issuer stand for the application.
type Federation struct {
	Name string
	// Issuer, Subject and Audience have to be in the token, letter by letter.
	Issuer, Subject, Audience string
	// Key checks the token; nil means that this very emulator signed it. An
	// emulator calls nobody, so it cannot fetch an issuer's keys.
	Key crypto.PublicKey
}

// TokenExchangeAudience is what federated tokens are usually made for.
const TokenExchangeAudience = "api://AzureADTokenExchange"
