package world

import (
	"crypto/rand"
	"crypto/x509"
	"slices"
	"time"

	"latchkey/csp"
	"latchkey/emulator/guid"
	"latchkey/emulator/registry"
)

// secretLife is how long a secret lives that was given no end: two years, as in
// the portal.
const secretLife = 2 * 365 * 24 * time.Hour

// AddSecret gives the application one more secret. An empty Value becomes a
// random one, a zero Expires two years from now.
func (w *World) AddSecret(by Actor, client registry.ClientID, s registry.Secret) (registry.Secret, error) {
	guid.Fill(&s.ID)
	if s.Value == "" {
		s.Value = rand.Text()
	}
	if s.Expires.IsZero() {
		s.Expires = w.Now().Add(secretLife)
	}
	s.Created = w.Now()
	return s, w.changeApp(by, client, "secret added", func(a *registry.App) error {
		a.Secrets = append(a.Secrets, s)
		return nil
	})
}

// RemoveSecret takes a secret away.
func (w *World) RemoveSecret(by Actor, client registry.ClientID, id csp.ID[registry.Secret]) error {
	return w.changeApp(by, client, "secret removed", func(a *registry.App) error {
		left := slices.DeleteFunc(slices.Clone(a.Secrets), func(s registry.Secret) bool { return s.ID == id })
		if len(left) == len(a.Secrets) {
			return refuse(BadName, "%s has no secret %s", a.Name, id)
		}
		a.Secrets = left
		return nil
	})
}

// AddCertificate lets the application prove itself with a certificate's key. The
// certificate holds an RSA key: Entra takes no other.
func (w *World) AddCertificate(by Actor, client registry.ClientID, der []byte) error {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return refuse(BadName, "that is no certificate: %v", err)
	}
	if parsed.PublicKeyAlgorithm != x509.RSA {
		return refuse(BadName, "the certificate has a key of kind %s: want RSA", parsed.PublicKeyAlgorithm)
	}
	return w.changeApp(by, client, "certificate added", func(a *registry.App) error {
		a.Certificates = append(a.Certificates, registry.Certificate{DER: slices.Clone(der)})
		return nil
	})
}

// AddFederation lets another issuer's tokens stand for the application.
func (w *World) AddFederation(by Actor, client registry.ClientID, f registry.Federation) error {
	if f.Issuer == "" || f.Subject == "" {
		return refuse(BadName, "a federated credential names an issuer and a subject")
	}
	if f.Audience == "" {
		f.Audience = registry.TokenExchangeAudience
	}
	return w.changeApp(by, client, "federated credential added", func(a *registry.App) error {
		a.Federations = append(a.Federations, f)
		return nil
	})
}

func (w *World) changeApp(by Actor, client registry.ClientID, what string, change func(*registry.App) error) error {
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
