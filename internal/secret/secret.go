// Package secret holds an installation's one secret, from which every key it
// needs is derived, each for one purpose: knowing one tells nothing about another.
package secret

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
)

// Secret is 32 random bytes. It prints as nothing, wherever it is printed.
type Secret struct{ bytes [32]byte }

// Purpose names what a derived key is for. No two uses share one.
type Purpose string

// The purposes.
const (
	AuditSigning Purpose = "latchkey/1 audit checkpoint signing seed"
	MailNumbers  Purpose = "latchkey/1 numbers in mails"
	WebForms     Purpose = "latchkey/1 web form nonces"
	WebSessions  Purpose = "latchkey/1 web sessions and sign-in cookies"
)

// New makes a fresh secret.
func New() Secret {
	var s Secret
	_, _ = rand.Read(s.bytes[:]) // never fails: the runtime ends the program instead
	return s
}

// Parse reads what Reveal wrote: 32 bytes in base64.
func Parse(text string) (Secret, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 32 {
		return Secret{}, fmt.Errorf("the instance secret must be 32 random bytes in base64 (44 characters); `openssl rand -base64 32` makes one")
	}
	if [32]byte(raw) == ([32]byte{}) {
		return Secret{}, fmt.Errorf("the instance secret is all zeros; `openssl rand -base64 32` makes a random one")
	}
	return Secret{[32]byte(raw)}, nil
}

// Reveal writes the secret for a file that only its owner can read.
func (s Secret) Reveal() string { return base64.StdEncoding.EncodeToString(s.bytes[:]) }

// Key derives the key for a purpose. It is the same each time.
func (s Secret) Key(purpose Purpose) [32]byte {
	key, err := hkdf.Key(sha256.New, s.bytes[:], nil, string(purpose), 32)
	if err != nil {
		panic("secret: 32 bytes are within what HKDF can derive") // only a length over 8160 bytes fails
	}
	return [32]byte(key)
}

// String hides the secret.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }
