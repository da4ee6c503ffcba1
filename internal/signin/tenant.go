package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/csp"
	"latchkey/internal/fault"
)

// documentLife is how long what a tenant publishes about its sign-in is believed.
const documentLife = 24 * time.Hour

// tenant is the sign-in service of one tenant, as its discovery document
// describes it.
type tenant struct {
	mu     sync.Mutex
	loaded time.Time // zero until the document was read

	issuer   string
	oauth    *oauth2.Config
	keys     *keySet
	verifier *oidc.IDTokenVerifier
}

// tenant finds the tenant's sign-in service, reading its discovery document when
// there is none yet or it is too old. A failure is not remembered: the next
// person tries again.
func (d *Door) tenant(ctx context.Context, id csp.TenantID) (*tenant, error) {
	const op = "signin.tenant"
	d.mu.Lock()
	t, ok := d.tenants[id]
	if !ok {
		t = new(tenant)
		d.tenants[id] = t
	}
	d.mu.Unlock()

	t.mu.Lock()
	defer t.mu.Unlock()
	now := d.options.Clock.Now()
	if age := now.Sub(t.loaded); !t.loaded.IsZero() && age >= 0 && age < documentLife {
		return t.copy(), nil
	}
	if err := d.discover(ctx, id, t); err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "The organization's sign-in service cannot be reached, or its answer is not what it should be. Nothing was changed. Please try again in a minute.")
	}
	t.loaded = now
	return t.copy(), nil
}

// copy is what a caller may use without the lock.
func (t *tenant) copy() *tenant {
	return &tenant{issuer: t.issuer, oauth: t.oauth, keys: t.keys, verifier: t.verifier}
}

func (d *Door) discover(ctx context.Context, id csp.TenantID, t *tenant) error {
	issuer := d.authority.String() + "/" + id.String() + "/v2.0"
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, d.client), issuer)
	if err != nil {
		return err
	}
	var more struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&more); err != nil {
		return err
	}
	endpoint := provider.Endpoint()
	if err := d.checkEndpoints(endpoint, more.Keys); err != nil {
		return err
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	t.issuer = issuer
	t.oauth = &oauth2.Config{
		ClientID:     d.options.ClientID,
		ClientSecret: d.options.ClientSecret,
		Endpoint:     endpoint,
		RedirectURL:  d.options.BaseURL.Scheme + "://" + d.options.BaseURL.Host + CallbackPath,
		Scopes:       []string{oidc.ScopeOpenID, oidc.ScopeProfile},
	}
	t.keys = &keySet{address: more.Keys, issuer: issuer, tenant: id.String(), client: d.client, clock: d.options.Clock}
	t.verifier = oidc.NewVerifier(issuer, t.keys, &oidc.Config{
		ClientID:             d.options.ClientID,
		SupportedSigningAlgs: []string{oidc.RS256},
		Now:                  d.options.Clock.Now,
	})
	return nil
}

// checkEndpoints pins where codes are redeemed and keys come from to the
// authority's own host. The page the browser goes to may also be on plain
// loopback if the authority is: that is the emulator of the demo.
func (d *Door) checkEndpoints(e oauth2.Endpoint, keys string) error {
	for name, address := range map[string]string{"token endpoint": e.TokenURL, "key set": keys} {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host != d.authority.Host || u.User != nil {
			return fmt.Errorf("the %s %q is not at the authority %s", name, address, d.authority)
		}
	}
	u, err := url.Parse(e.AuthURL)
	switch {
	case err != nil || u.User != nil:
	case u.Scheme == "https" && u.Host == d.authority.Host:
		return nil
	case isLoopback(d.authority) && isLoopback(u) && u.Scheme == "http":
		return nil
	}
	return fmt.Errorf("the authorization endpoint %q is not at the authority %s", e.AuthURL, d.authority)
}

func isLoopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

var errRedirected = errors.New("the sign-in service answered with a redirect, which is never followed")

// guarded is the client with our limits on top: no redirects (TH-I5), bounded
// time and bounded answers.
func guarded(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirected }
	own.Jar = nil
	if own.Timeout == 0 || own.Timeout > outgoingLimit {
		own.Timeout = outgoingLimit
	}
	own.Transport = bounded{client.Transport}
	return &own
}

// bounded cuts answers off at a megabyte.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	const most = 1 << 20
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, most), response.Body}
	return response, nil
}
