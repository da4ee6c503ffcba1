package config

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"time"

	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

// Config is a whole installation, checked.
type Config struct {
	// Listen is the address the portal's server binds, host:port.
	Listen string
	// BaseURL is where browsers find the portal; links in mails begin with it.
	BaseURL *url.URL
	// TLS serves the portal's own certificate; both empty behind a proxy.
	TLS TLS
	// TrustedProxies may set X-Forwarded-For; empty trusts nobody.
	TrustedProxies []netip.Prefix
	// Database is where requests, grants and the log are kept.
	Database Database
	// SecretFile holds the installation's 32-byte secret; it is made at the
	// first start if it is missing, readable by its owner only.
	SecretFile string
	// CheckpointFile receives the log's signed checkpoints, appended. Keep it
	// on another system than the database.
	CheckpointFile string
	// Cloud says where Microsoft's services answer.
	Cloud Cloud
	// App is the portal's own application registration.
	App App
	// Mail says how mail leaves.
	Mail Mail
	// StepUpContext is the authentication context that a privileged approval
	// asks the customer's tenant for ("c1").
	StepUpContext string
	// Estate is whom the portal serves.
	Estate jit.Estate
}

// Database is a SQLite file or a PostgreSQL server.
type Database struct {
	// SQLite is the file's path, empty when PostgreSQL is used.
	SQLite string
	// PostgreSQL is the connection URL; it may hold a password.
	PostgreSQL Secret
}

// TLS names the PEM files of the portal's certificate and key.
type TLS struct{ CertificateFile, KeyFile string }

// Cloud is where the services answer. Production uses Microsoft's addresses;
// `serve` refuses loopback ones.
type Cloud struct {
	Authority       *url.URL
	ResourceManager *url.URL
	// Audience is what access tokens for Resource Manager are asked for.
	Audience string
	// Roots holds further certificate authorities, nil for the system's.
	Roots *x509.CertPool
}

// App is the portal's own application registration: it signs people in and,
// with the rights each customer gave it, makes and removes role assignments.
type App struct {
	ClientID string
	// Secret is the client secret; CertificateFile is preferred over it.
	Secret          Secret
	CertificateFile string
}

// Mail says how mail leaves.
type Mail struct {
	// Server is the relay, host:port.
	Server string
	// TLS is how the way to the relay is protected; none is for a loopback relay only.
	TLS      mail.TLSPolicy
	User     string
	Password Secret
	// FromName and FromAddress are the sender people see.
	FromName    string
	FromAddress mail.Address
}

// Secret is text that prints as "[secret]" wherever it is formatted or marshalled.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the value to the one place that uses it.
func (s Secret) Reveal() string { return s.value }

// IsZero says whether there is none.
func (s Secret) IsZero() bool { return s.value == "" }

// String hides the value.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "[secret]"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Defaults that the file may leave out.
const (
	defaultListen       = "127.0.0.1:8080"
	defaultAuthority    = "https://login.microsoftonline.com/"
	defaultARM          = "https://management.azure.com"
	defaultStepUp       = "c1"
	defaultShortest     = 15 * time.Minute
	defaultLongest      = 8 * time.Hour
	defaultAnswerWithin = 4 * time.Hour
	defaultFresh        = 5 * time.Minute
	defaultPendingEach  = 10
	defaultNumberTries  = 5
)

// DefaultPolicy is what holds where the file says nothing.
func DefaultPolicy() jit.Policy {
	return jit.Policy{
		Shortest: defaultShortest, Longest: defaultLongest, AnswerWithin: defaultAnswerWithin,
		PendingEach: defaultPendingEach, NumberTries: defaultNumberTries, FreshSignIn: defaultFresh,
	}
}
