package world

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
)

// Secret is a client secret with an end. Only the registration's owner ever sees
// Value again, because this is an emulator.
type Secret struct {
	ID    csp.ID[Secret]
	Name  string
	Value string
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

// secretLife is how long a secret lives that was given no end: two years, as in
// the portal.
const secretLife = 2 * 365 * 24 * time.Hour

// AddSecret gives the application one more secret. An empty Value becomes a
// random one, a zero Expires two years from now.
func (w *World) AddSecret(by Actor, client ClientID, s Secret) (Secret, error) {
	guid.Fill(&s.ID)
	if s.Value == "" {
		s.Value = rand.Text()
	}
	if s.Expires.IsZero() {
		s.Expires = w.Now().Add(secretLife)
	}
	return s, w.changeApp(by, client, "secret added", func(a *App) error {
		a.Secrets = append(a.Secrets, s)
		return nil
	})
}

// RemoveSecret takes a secret away.
func (w *World) RemoveSecret(by Actor, client ClientID, id csp.ID[Secret]) error {
	return w.changeApp(by, client, "secret removed", func(a *App) error {
		left := slices.DeleteFunc(slices.Clone(a.Secrets), func(s Secret) bool { return s.ID == id })
		if len(left) == len(a.Secrets) {
			return refuse(BadName, "%s has no secret %s", a.Name, id)
		}
		a.Secrets = left
		return nil
	})
}

// AddCertificate lets the application prove itself with a certificate's key. The
// certificate holds an RSA key: Entra takes no other.
func (w *World) AddCertificate(by Actor, client ClientID, der []byte) error {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return refuse(BadName, "that is no certificate: %v", err)
	}
	if parsed.PublicKeyAlgorithm != x509.RSA {
		return refuse(BadName, "the certificate has a key of kind %s: want RSA", parsed.PublicKeyAlgorithm)
	}
	return w.changeApp(by, client, "certificate added", func(a *App) error {
		a.Certificates = append(a.Certificates, Certificate{DER: slices.Clone(der)})
		return nil
	})
}

// AddFederation lets another issuer's tokens stand for the application.
func (w *World) AddFederation(by Actor, client ClientID, f Federation) error {
	if f.Issuer == "" || f.Subject == "" {
		return refuse(BadName, "a federated credential names an issuer and a subject")
	}
	if f.Audience == "" {
		f.Audience = TokenExchangeAudience
	}
	return w.changeApp(by, client, "federated credential added", func(a *App) error {
		a.Federations = append(a.Federations, f)
		return nil
	})
}

func (w *World) changeApp(by Actor, client ClientID, what string, change func(*App) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.apps[client]
	if !ok {
		return refuse(NoSuchApp, "no application has the id %s", client)
	}
	if err := change(a); err != nil {
		return err
	}
	w.record(Event{Kind: AppChanged, Tenant: a.Home, By: by, Subject: a.Name + ": " + what})
	return nil
}
