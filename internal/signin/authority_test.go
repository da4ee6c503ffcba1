package signin_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"latchkey/internal/clock"
)

// authority is a sign-in service of the test's own: many tenants behind one TLS
// host, each with a key of its own, that does what it is told and counts what it
// is asked.
type authority struct {
	t     *testing.T
	clock clock.Clock
	*httptest.Server

	mu     sync.Mutex
	rolled map[string]int // how often each tenant has changed its key
	codes  map[string]*grant
	asked  map[string]int // requests by path

	// What it does wrong, when told to.
	down      bool
	redirect  string
	document  func(map[string]any)
	keyEntry  func(map[string]any)
	tokenFail string // error code of the token endpoint

	certificate *x509.Certificate // what the client must sign with, in place of its secret
	assertions  []string          // ids of those it was shown
}

// grant is a code that was handed out.
type grant struct {
	tenant    string
	nonce     string
	challenge string
	forge     func(*token)
}

// token is an ID token about to be signed.
type token struct {
	header map[string]any
	claims map[string]any
	sign   func(input string) []byte
}

const (
	clientID     = "5b0c0f6e-0000-4000-8000-00000000c11e"
	clientSecret = "the portal's secret"
)

func newAuthority(t *testing.T, c clock.Clock) *authority {
	t.Helper()
	a := &authority{t: t, clock: c, rolled: map[string]int{}, codes: map[string]*grant{}, asked: map[string]int{}}
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(a.Close)
	return a
}

// ServeHTTP answers discovery, keys and the token endpoint of every tenant.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[r.URL.Path]++
	if a.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if a.redirect != "" {
		http.Redirect(w, r, a.redirect, http.StatusFound)
		return
	}
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		a.write(w, a.discovery(tenant))
	case "discovery/v2.0/keys":
		a.write(w, map[string]any{"keys": []any{a.publicKey(tenant)}})
	case "oauth2/v2.0/token":
		a.token(w, r, tenant)
	default:
		http.NotFound(w, r)
	}
}

func (a *authority) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		a.t.Error(err)
	}
}

func (a *authority) issuer(tenant string) string { return a.URL + "/" + tenant + "/v2.0" }

func (a *authority) discovery(tenant string) map[string]any {
	d := map[string]any{
		"issuer":                                a.issuer(tenant),
		"authorization_endpoint":                a.URL + "/" + tenant + "/oauth2/v2.0/authorize",
		"token_endpoint":                        a.URL + "/" + tenant + "/oauth2/v2.0/token",
		"jwks_uri":                              a.URL + "/" + tenant + "/discovery/v2.0/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256"},
	}
	if a.document != nil {
		a.document(d)
	}
	return d
}

// key is the tenant's signing key; roll gives it another.
func (a *authority) key(tenant string) *rsa.PrivateKey {
	return signingKey(a.t, tenant, a.rolled[tenant])
}

func (a *authority) roll(tenant string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rolled[tenant]++
}

// signingKeys are made once for all tests: making them is most of their time.
var signingKeys sync.Map

func signingKey(t *testing.T, tenant string, generation int) *rsa.PrivateKey {
	name := fmt.Sprint(tenant, generation)
	if key, ok := signingKeys.Load(name); ok {
		return key.(*rsa.PrivateKey)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := signingKeys.LoadOrStore(name, key)
	return kept.(*rsa.PrivateKey)
}

func (a *authority) keyID(tenant string) string {
	sum := sha256.Sum256(a.key(tenant).N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

func (a *authority) publicKey(tenant string) map[string]any {
	key := a.key(tenant)
	entry := map[string]any{
		"kty": "RSA", "use": "sig", "kid": a.keyID(tenant), "issuer": a.URL + "/{tenantid}/v2.0",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
	if a.keyEntry != nil {
		a.keyEntry(entry)
	}
	return entry
}

// authorize plays the person at the sign-in page: it reads the address the
// browser was sent to and answers with the address the browser comes back to.
func (a *authority) authorize(address string, forge func(*token)) *url.URL {
	a.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		a.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("client_id") != clientID || q.Get("response_type") != "code" || q.Get("nonce") == "" {
		a.t.Fatalf("not an authorization request with PKCE and a nonce: %s", address)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	code := rand.Text()
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	a.codes[code] = &grant{tenant: tenant, nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), forge: forge}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		a.t.Fatal(err)
	}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "session_state": {"x"}}.Encode()
	return back
}

func (a *authority) token(w http.ResponseWriter, r *http.Request, tenant string) {
	fail := func(code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		a.write(w, map[string]any{"error": code, "error_description": "AADSTS70000: no. Trace ID: secret-canary"})
	}
	if a.tokenFail != "" {
		fail(a.tokenFail)
		return
	}
	g := a.codes[r.PostFormValue("code")]
	delete(a.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case g == nil || g.tenant != tenant:
		fail("invalid_grant")
		return
	case base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge:
		fail("invalid_grant")
		return
	case r.PostFormValue("client_id") != clientID || !a.knows(r):
		fail("invalid_client")
		return
	}
	a.write(w, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": "opaque", "id_token": a.idToken(tenant, g)})
}

// knows says whether the client proved that it is the one.
func (a *authority) knows(r *http.Request) bool {
	if a.certificate == nil {
		return r.PostFormValue("client_secret") == clientSecret
	}
	signed, err := jose.ParseSignedCompact(r.PostFormValue("client_assertion"), []jose.SignatureAlgorithm{jose.PS256})
	if err != nil || r.PostForm.Has("client_secret") || r.PostFormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return false
	}
	payload, err := signed.Verify(a.certificate.PublicKey)
	if err != nil {
		return false
	}
	var c struct {
		Iss, Sub, Aud, Jti string
		Exp                int64
	}
	if json.Unmarshal(payload, &c) != nil || slices.Contains(a.assertions, c.Jti) {
		return false
	}
	a.assertions = append(a.assertions, c.Jti)
	sum := sha256.Sum256(a.certificate.Raw)
	thumbprint := signed.Signatures[0].Header.ExtraHeaders["x5t#S256"]
	return c.Iss == clientID && c.Sub == clientID && c.Aud == a.URL+r.URL.Path && time.Unix(c.Exp, 0).After(a.clock.Now()) &&
		thumbprint == base64.RawURLEncoding.EncodeToString(sum[:])
}

// idToken makes the token the tenant would, then lets the forger at it.
func (a *authority) idToken(tenant string, g *grant) string {
	key := a.key(tenant)
	now := a.clock.Now()
	tok := &token{
		header: map[string]any{"alg": "RS256", "typ": "JWT", "kid": a.keyID(tenant)},
		claims: map[string]any{
			"iss": a.issuer(tenant), "aud": clientID, "tid": tenant, "oid": jamesObject, "ver": "2.0",
			"sub": "pairwise", "nonce": g.nonce, "name": "James Okoro", "acct": 0, "preferred_username": "james@partner.example",
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(), "amr": []string{"pwd"},
		},
		sign: rs256(a.t, key),
	}
	if g.forge != nil {
		g.forge(tok)
	}
	return tok.String()
}

func (tok *token) String() string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	input := part(tok.header) + "." + part(tok.claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(tok.sign(input))
}

func rs256(t *testing.T, key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Error(err)
		}
		return signature
	}
}

// hs256WithPublicKey signs with the public key as if it were a shared secret.
func hs256WithPublicKey(t *testing.T, key *rsa.PublicKey) func(string) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return func(input string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
}
