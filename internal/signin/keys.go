package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"latchkey/internal/clock"
)

// keysLife is how long a tenant's keys are believed without asking again, so
// that a withdrawn key stops working.
const keysLife = time.Hour

// keySet holds the signing keys of one tenant. It differs from go-oidc's own in
// three ways that matter with many tenants behind one authority: a key whose
// issuer is another tenant's is left out, a token must name its key, and keys
// grow old.
type keySet struct {
	address string
	issuer  string
	tenant  string
	client  *http.Client
	clock   clock.Clock

	mu     sync.Mutex
	keys   map[string]jose.JSONWebKey
	loaded time.Time
}

// VerifySignature checks the token's signature with a key that refresh has
// loaded, and returns its payload.
func (k *keySet) VerifySignature(_ context.Context, token string) ([]byte, error) {
	signed, err := parseSigned(token)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.current(signed.Signatures[0].Header.KeyID)
	if !ok {
		return nil, fmt.Errorf("the tenant has no key %q", signed.Signatures[0].Header.KeyID)
	}
	return signed.Verify(key)
}

// refresh asks the tenant for its keys when the set is old or lacks the key the
// token names: keys roll without notice. It stands apart from VerifySignature
// because a key set that cannot be read is no judgement on the token. Only
// tokens fetched from the token endpoint come here, so nobody outside can make
// it ask in a loop.
func (k *keySet) refresh(ctx context.Context, token string) error {
	signed, err := parseSigned(token)
	if err != nil {
		return nil // a malformed token needs no keys; verifying it says why
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.current(signed.Signatures[0].Header.KeyID); ok {
		return nil
	}
	return k.load(ctx)
}

// parseSigned reads a token with exactly one RS256 signature.
func parseSigned(token string) (*jose.JSONWebSignature, error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	if len(signed.Signatures) != 1 {
		return nil, errors.New("the token has not exactly one signature")
	}
	return signed, nil
}

// current finds the key in a set that is not too old.
func (k *keySet) current(id string) (jose.JSONWebKey, bool) {
	age := k.clock.Now().Sub(k.loaded)
	if id == "" || age < 0 || age >= keysLife {
		return jose.JSONWebKey{}, false
	}
	key, ok := k.keys[id]
	return key, ok
}

func (k *keySet) load(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.address, nil)
	if err != nil {
		return err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the key set answered %s", response.Status)
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		return err
	}
	keys := make(map[string]jose.JSONWebKey)
	for _, raw := range document.Keys {
		if key, ok := k.usable(raw); ok {
			keys[key.KeyID] = key
		}
	}
	if len(keys) == 0 {
		return errors.New("the key set has no key this tenant signs with")
	}
	k.keys, k.loaded = keys, k.clock.Now()
	return nil
}

// usable reads one entry: a public RSA signing key with an id. Entra writes the
// issuer into each entry, with a placeholder where the key serves every tenant.
func (k *keySet) usable(raw json.RawMessage) (jose.JSONWebKey, bool) {
	var entry struct {
		Type   string `json:"kty"`
		Issuer string `json:"issuer"`
	}
	var key jose.JSONWebKey
	if json.Unmarshal(raw, &entry) != nil || entry.Type != "RSA" || key.UnmarshalJSON(raw) != nil {
		return key, false
	}
	if entry.Issuer != "" && strings.ReplaceAll(entry.Issuer, "{tenantid}", k.tenant) != k.issuer {
		return key, false
	}
	return key, key.Valid() && key.IsPublic() && key.KeyID != "" && (key.Use == "sig" || key.Use == "")
}
