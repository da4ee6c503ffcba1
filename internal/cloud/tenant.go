package cloud

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"latchkey/csp"
	"latchkey/internal/fault"
)

// Application is the portal's own multi-tenant app registration. It proves
// itself with a certificate or, where that is not to be had, with a secret.
type Application struct {
	ClientID ClientID
	Secret   string
	// Certificates begin with the one Key belongs to.
	Certificates []*x509.Certificate
	Key          crypto.PrivateKey
}

// ClientID names the application in every tenant.
type ClientID = csp.ID[Application]

// Noun names the thing in error sentences.
func (Application) Noun() string { return "application" }

// String hides what proves the application.
func (a Application) String() string { return "application " + a.ClientID.String() }

// GoString hides it from %#v.
func (a Application) GoString() string { return a.String() }

// Check says what keeps the application from ever signing in: a missing id,
// nothing to prove itself with, or a certificate and a key that do not fit.
func (a Application) Check() error {
	const op = "cloud.Application.Check"
	switch {
	case a.ClientID.IsZero():
		return fault.New(op, fault.Invalid, "The portal's application needs its application (client) id.")
	case (a.Secret == "") == (a.Key == nil):
		return fault.New(op, fault.Invalid, "The portal's application needs either a certificate with its key or a client secret.")
	case a.Key == nil:
		return nil
	}
	// The SDK checks the pair; the tenant makes no difference to that.
	if _, err := azidentity.NewClientCertificateCredential(a.ClientID.String(), a.ClientID.String(), a.Certificates, a.Key, nil); err != nil {
		return fault.New(op, fault.Invalid, "The portal's certificate and key do not fit each other.")
	}
	return nil
}

// Tenant is the way into one customer's tenant. It is safe for concurrent use.
type Tenant struct {
	id         csp.TenantID
	cloud      *Cloud
	guard      *guard
	credential *credential
}

// Tenant makes the way into a tenant for the application; subscriptions are
// those that trust it, and no other one is ever touched through it.
func (c *Cloud) Tenant(id csp.TenantID, app Application, subscriptions []csp.SubscriptionID) (*Tenant, error) {
	const op = "cloud.Tenant"
	if err := app.Check(); err != nil {
		return nil, fault.In(op, err)
	}
	if id.IsZero() {
		return nil, fault.New(op, fault.Invalid, "The customer's tenant needs an id.")
	}
	t := &Tenant{
		id:         id,
		cloud:      c,
		guard:      &guard{cloud: c, tenant: id, subscriptions: make(map[csp.SubscriptionID]bool, len(subscriptions))},
		credential: &credential{cloud: c, tenant: id, app: app},
	}
	for _, s := range subscriptions {
		t.guard.subscriptions[s] = true
	}
	return t, nil
}

// ID is the tenant's id.
func (t *Tenant) ID() csp.TenantID { return t.id }

// Owns says whether the scope can be in this tenant: a management group, which
// only the tenant's token tells, or something in one of its subscriptions.
func (t *Tenant) Owns(s csp.Scope) bool {
	switch s.Kind() {
	case csp.NoScope:
		return false
	case csp.RootScope, csp.ManagementGroupScope:
		return true
	}
	return t.guard.subscriptions[s.Subscription()]
}

// Credential gives tokens of this tenant and of no other.
func (t *Tenant) Credential() azcore.TokenCredential { return t.credential }

// Endpoint is where the tenant's resource manager answers.
func (t *Tenant) Endpoint() string { return t.cloud.arm.String() }

// ClientOptions are for clients of Azure Resource Manager made with Credential.
func (t *Tenant) ClientOptions() *arm.ClientOptions {
	return &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud:           t.cloud.configuration(),
			Transport:       t.guard,
			Retry:           policy.RetryOptions{MaxRetries: -1}, // see the package comment
			PerCallPolicies: []policy.Policy{&renewal{t.credential}},
			Telemetry:       policy.TelemetryOptions{ApplicationID: "latchkey"},
		},
		// Registering a resource provider in a customer's subscription is
		// nothing anybody approved.
		DisableRPRegistration: true,
	}
}

// credential is an azidentity credential that remembers its tenant and can
// forget its tokens.
type credential struct {
	cloud  *Cloud
	tenant csp.TenantID
	app    Application

	mu    sync.Mutex
	inner azcore.TokenCredential
}

// TokenError says that no token was to be had, so that the request it was for
// has not been sent.
type TokenError struct{ Err error }

// Error tells the cause.
func (e *TokenError) Error() string { return "no token: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// GetToken gives a token of the credential's own tenant.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if o.TenantID != "" && o.TenantID != c.tenant.String() {
		return azcore.AccessToken{}, &TokenError{&Refusal{"a token of another tenant was asked for"}}
	}
	o.TenantID = c.tenant.String()
	inner, err := c.current()
	if err != nil {
		return azcore.AccessToken{}, &TokenError{err}
	}
	token, err := inner.GetToken(ctx, o)
	if err != nil {
		return azcore.AccessToken{}, &TokenError{err}
	}
	return token, nil
}

func (c *credential) current() (azcore.TokenCredential, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil {
		return c.inner, nil
	}
	inner, err := c.build()
	if err != nil {
		return nil, err
	}
	c.inner = inner
	return inner, nil
}

// forget drops the credential with the tokens it holds.
func (c *credential) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inner = nil
}

func (c *credential) build() (azcore.TokenCredential, error) {
	options := policy.ClientOptions{
		Cloud:     c.cloud.configuration(),
		Transport: &signInGuard{cloud: c.cloud, tenant: c.tenant},
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{ApplicationID: "latchkey"},
	}
	if c.app.Key != nil {
		return azidentity.NewClientCertificateCredential(c.tenant.String(), c.app.ClientID.String(), c.app.Certificates, c.app.Key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: c.cloud.custom})
	}
	return azidentity.NewClientSecretCredential(c.tenant.String(), c.app.ClientID.String(), c.app.Secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: c.cloud.custom})
}

// renewal repeats a call once when its token was refused although it looked
// good: revoked, or issued by a clock that has moved since (the demo's does).
// The refused request was not carried out, so repeating it is safe for any
// method. A challenge for further claims never gets here; the SDK answers it.
type renewal struct{ credential *credential }

// Do sends the request, and once more after a refusal of its token.
func (p *renewal) Do(r *policy.Request) (*http.Response, error) {
	first := r.Clone(r.Raw().Context())
	resp, err := first.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	_ = resp.Body.Close() // a refusal's words are of no further use
	p.credential.forget()
	if err := r.RewindBody(); err != nil {
		return nil, fmt.Errorf("repeat with a new token: %w", err)
	}
	return r.Next()
}
