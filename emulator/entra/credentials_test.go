package entra_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/csp"
	"latchkey/emulator/entra"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertion signs claims the way a client does, naming its certificate in the header.
func assertion(tb testing.TB, key *rsa.PrivateKey, alg jose.SignatureAlgorithm, header map[jose.HeaderKey]any, claims map[string]any) string {
	tb.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options = options.WithHeader(name, value)
	}
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options))(tb)
	payload := must(json.Marshal(claims))(tb)
	return must(must(signer.Sign(payload))(tb).CompactSerialize())(tb)
}

func TestClientCertificate(t *testing.T) {
	v := newTown(t)
	cert := newCertificate(t, clientKey)
	check(t, v.world.AddCertificate(world.Actor{}, v.app.ID, cert.Raw))
	short, long := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw)
	x5t := map[jose.HeaderKey]any{"x5t": base64.RawURLEncoding.EncodeToString(short[:])}
	id, tenant, now := v.app.ID.String(), v.customer.ID.String(), v.clock.Now()
	endpoint := origin + "/" + tenant + "/oauth2/v2.0/token"
	for _, test := range []struct {
		name   string
		alg    jose.SignatureAlgorithm
		key    *rsa.PrivateKey
		header map[jose.HeaderKey]any
		change map[string]any // nil takes a claim away
		kind   string
		want   int
	}{
		{name: "RS256 with x5t"},
		{name: "PS256 with x5t#S256 in padded base64", alg: jose.PS256, header: map[jose.HeaderKey]any{"x5t#S256": base64.StdEncoding.EncodeToString(long[:])}},
		{name: "a kid in hexadecimal", header: map[jose.HeaderKey]any{"kid": strings.ToUpper(hex.EncodeToString(short[:]))}},
		{name: "made for the endpoint of version 1.0", change: map[string]any{"aud": origin + "/" + tenant + "/oauth2/token"}},
		{name: "made for the issuer", change: map[string]any{"aud": origin + "/" + tenant + "/v2.0"}},
		{name: "made for the tenant by its domain at Microsoft's name", change: map[string]any{"aud": "https://login.microsoftonline.com/Contoso.example/oauth2/v2.0/token"}},
		{name: "made for a list of audiences", change: map[string]any{"aud": []string{"x", endpoint}}},
		{name: "a certificate nobody registered", header: map[jose.HeaderKey]any{"x5t": "AAAA"}, want: 700027},
		{name: "no certificate named", header: map[jose.HeaderKey]any{}, want: 700027},
		{name: "signed with another key", key: otherKey, want: 700027},
		{name: "made for another tenant", change: map[string]any{"aud": origin + "/" + v.partner.ID.String() + "/oauth2/v2.0/token"}, want: 700023},
		{name: "made for another service", change: map[string]any{"aud": "https://evil.example/" + tenant + "/oauth2/v2.0/token"}, want: 700023},
		{name: "made for no endpoint", change: map[string]any{"aud": origin + "/" + tenant + "/me"}, want: 700023},
		{name: "made for nobody", change: map[string]any{"aud": nil}, want: 700023},
		{name: "of another application", change: map[string]any{"sub": v.public.ID.String(), "iss": v.public.ID.String()}, want: 700021},
		{name: "too old", change: map[string]any{"exp": now.Add(-6 * time.Minute).Unix()}, want: 700024},
		{name: "too young", change: map[string]any{"nbf": now.Add(6 * time.Minute).Unix()}, want: 700024},
		{name: "without an end", change: map[string]any{"exp": nil}, want: 50027},
		{name: "with an end in words", change: map[string]any{"exp": "soon"}, want: 50027},
		{name: "of an unknown kind", kind: "urn:saml", want: 90023},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims := map[string]any{"iss": id, "sub": id, "aud": endpoint, "jti": "1", "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()}
			for name, value := range test.change {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			alg, key, header, kind := test.alg, test.key, test.header, test.kind
			if alg == "" {
				alg = jose.RS256
			}
			if key == nil {
				key = clientKey
			}
			if header == nil {
				header = x5t
			}
			if kind == "" {
				kind = jwtBearer
			}
			got := v.token(t, tenant, "grant_type", "client_credentials", "client_id", id, "scope", armScope, "client_assertion_type", kind, "client_assertion", assertion(t, key, alg, header, claims))
			if got.code() != test.want {
				t.Fatalf("answered %v, want %d: %s", got.Codes, test.want, got.Description)
			}
			if test.want == 0 && v.claims(t, got.AccessToken).AppIDACR != "2" {
				t.Errorf("appidacr %q", v.claims(t, got.AccessToken).AppIDACR)
			}
			if wantStatus := map[bool]int{true: 400, false: 401}[test.want == 90023]; test.want != 0 && got.status != wantStatus {
				t.Errorf("status %d", got.status)
			}
		})
	}
	t.Run("broken ones", func(t *testing.T) {
		good := assertion(t, clientKey, jose.RS256, x5t, map[string]any{"iss": id, "sub": id, "aud": endpoint, "exp": now.Add(time.Minute).Unix()})
		for _, raw := range []string{"x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", good[:len(good)-20], strings.Repeat("A", 40_000)} {
			if got := v.token(t, tenant, "grant_type", "client_credentials", "client_id", id, "scope", armScope, "client_assertion_type", jwtBearer, "client_assertion", raw); got.code() != 50027 && got.code() != 700027 {
				t.Errorf("%.30q: answered %v", raw, got.Codes)
			}
		}
	})
	t.Run("the client id may be the assertion's", func(t *testing.T) {
		raw := assertion(t, clientKey, jose.RS256, x5t, map[string]any{"iss": id, "sub": id, "aud": endpoint, "exp": now.Add(time.Minute).Unix()})
		if got := v.token(t, tenant, "grant_type", "client_credentials", "scope", armScope, "client_assertion_type", jwtBearer, "client_assertion", raw); got.AccessToken == "" {
			t.Error(got.Description)
		}
	})
}

// TestAssertionByTheClientsClock: the world's clock may stand anywhere, and
// clients sign by their own.
func TestAssertionByTheClientsClock(t *testing.T) {
	elsewhere := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	v := newTown(t, func(o *entra.Options) { o.ClientNow = func() time.Time { return elsewhere } })
	cert := newCertificate(t, clientKey)
	check(t, v.world.AddCertificate(world.Actor{}, v.app.ID, cert.Raw))
	long := sha256.Sum256(cert.Raw)
	for at, want := range map[time.Time]int{elsewhere: 0, v.clock.Now(): 0, elsewhere.Add(time.Hour): 700024} {
		raw := assertion(t, clientKey, jose.PS256, map[jose.HeaderKey]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(long[:])}, map[string]any{
			"iss": v.app.ID, "sub": v.app.ID, "aud": origin + "/" + v.customer.ID.String() + "/v2.0", "nbf": at.Unix(), "exp": at.Add(time.Minute).Unix(),
		})
		if got := v.token(t, v.customer.ID.String(), "grant_type", "client_credentials", "client_id", v.app.ID.String(), "scope", armScope, "client_assertion_type", jwtBearer, "client_assertion", raw); got.code() != want {
			t.Errorf("at %s: answered %v, want %d", at, got.Codes, want)
		}
	}
}

func TestClientSecrets(t *testing.T) {
	v := newTown(t)
	first := must(v.world.AddSecret(world.Actor{}, v.app.ID, registry.Secret{Name: "first", Value: "one", Expires: v.clock.Now().Add(time.Hour)}))(t)
	second := must(v.world.AddSecret(world.Actor{}, v.app.ID, registry.Secret{Name: "second"}))(t)
	if second.Value == "" || second.Expires.Before(v.clock.Now()) {
		t.Errorf("a secret without a value or an end is %+v", second)
	}
	try := func(secret string) int {
		return v.token(t, v.customer.ID.String(), "grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", secret, "scope", armScope).code()
	}
	for _, good := range []string{secret, first.Value, second.Value} {
		if got := try(good); got != 0 {
			t.Errorf("%q: answered %d", good, got)
		}
	}
	if got := try(first.ID.String()); got != 7000215 {
		t.Errorf("the secret's id instead of its value: answered %d", got)
	}
	v.clock.Move(time.Hour)
	if got := try(first.Value); got != 7000222 {
		t.Errorf("at its end: answered %d", got)
	}
	check(t, v.world.RemoveSecret(world.Actor{}, v.app.ID, second.ID))
	if got := try(second.Value); got != 7000215 {
		t.Errorf("after its removal: answered %d", got)
	}
	if got := len(v.events(world.AppChanged)); got != 3 {
		t.Errorf("the history knows of %d changes", got)
	}
}

func TestFederatedCredential(t *testing.T) {
	v := newTown(t)
	const issuer, subject = "https://token.actions.example", "repo:latchkey:ref:main"
	check(t, v.world.AddFederation(world.Actor{}, v.app.ID, registry.Federation{Issuer: issuer, Subject: subject, Key: otherKey.Public()}))
	// A managed identity of the customer stands for the application as well.
	identity := must(v.customer.AddApp(registry.App{Name: "Runner", Secret: "r"}))(t)
	runner := must(v.customer.AddServicePrincipal(identity.ID, csp.ObjectID{}))(t)
	check(t, v.world.AddFederation(world.Actor{}, v.app.ID, registry.Federation{Issuer: origin + "/" + v.customer.ID.String() + "/v2.0", Subject: runner.ID.String()}))

	try := func(raw string) body {
		return v.token(t, v.customer.ID.String(), "grant_type", "client_credentials", "client_id", v.app.ID.String(), "scope", armScope, "client_assertion_type", jwtBearer, "client_assertion", raw)
	}
	foreign := func(key *rsa.PrivateKey, iss, sub, aud string, lasts time.Duration) string {
		return assertion(t, key, jose.RS256, nil, map[string]any{"iss": iss, "sub": sub, "aud": aud, "exp": v.clock.Now().Add(lasts).Unix()})
	}
	own := v.token(t, v.customer.ID.String(), "grant_type", "client_credentials", "client_id", identity.ID.String(), "client_secret", "r", "scope", registry.TokenExchangeAudience+"/.default").AccessToken
	for name, test := range map[string]struct {
		raw  string
		want int
	}{
		"a foreign issuer's token":    {foreign(otherKey, issuer, subject, registry.TokenExchangeAudience, time.Minute), 0},
		"a token of this very cloud":  {own, 0},
		"an issuer nobody trusts":     {foreign(otherKey, "https://evil.example", subject, registry.TokenExchangeAudience, time.Minute), 700211},
		"another subject":             {foreign(otherKey, issuer, "repo:evil", registry.TokenExchangeAudience, time.Minute), 700213},
		"another audience":            {foreign(otherKey, issuer, subject, "api://else", time.Minute), 700212},
		"a signature that is made up": {foreign(clientKey, issuer, subject, registry.TokenExchangeAudience, time.Minute), 7000272},
		"a token past its end":        {foreign(otherKey, issuer, subject, registry.TokenExchangeAudience, -time.Hour), 700024},
	} {
		t.Run(name, func(t *testing.T) {
			if got := try(test.raw); got.code() != test.want {
				t.Errorf("answered %v, want %d: %s", got.Codes, test.want, got.Description)
			}
		})
	}
}

func TestClientAuthenticationRefuses(t *testing.T) {
	v := newTown(t)
	disabled := must(v.customer.AddApp(registry.App{Name: "Off", Secret: "x"}))(t)
	sp := must(v.customer.AddServicePrincipal(disabled.ID, csp.ObjectID{}))(t)
	sp.Disabled = true
	check(t, v.customer.SetServicePrincipal(world.Actor{}, sp))
	for name, test := range map[string]struct {
		pairs []string
		want  int
	}{
		"a public client with a secret":     {[]string{"client_id", v.public.ID.String(), "client_secret", "x"}, 700025},
		"a public client with an assertion": {[]string{"client_id", v.public.ID.String(), "client_assertion", "x", "client_assertion_type", jwtBearer}, 700025},
		"a public client with nothing":      {[]string{"client_id", v.public.ID.String()}, 7000218},
		"a disabled application":            {[]string{"client_id", disabled.ID.String(), "client_secret", "x"}, 7000112},
		"no client":                         {nil, 900144},
	} {
		t.Run(name, func(t *testing.T) {
			if got := v.token(t, v.customer.ID.String(), append([]string{"grant_type", "client_credentials", "scope", armScope}, test.pairs...)...); got.code() != test.want {
				t.Errorf("answered %v, want %d", got.Codes, test.want)
			}
		})
	}
	t.Run("a password in Basic that is not form-encoded", func(t *testing.T) {
		got := v.post(t, "/"+v.customer.ID.String()+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "scope", armScope), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(v.app.ID.String()+":%zz")))
		if got.code() != 7000215 || got.status != 401 || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("answered %d %v", got.status, got.Codes)
		}
	})
}
