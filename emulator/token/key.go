package token

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxTokenLength is far above any token this package makes and stops a hostile
// one before it is decoded.
const maxTokenLength = 64 << 10

// Why a token is refused before its claims are looked at.
var (
	ErrMalformed = errors.New("token: not a signed JSON Web Token")
	ErrSignature = errors.New("token: the signature does not fit")
	// ErrUnknownKey is a kind of ErrSignature.
	ErrUnknownKey = fmt.Errorf("%w: signed with a key nobody here has", ErrSignature)
)

// Key signs tokens with RS256 and checks them. It rolls over as Entra's keys do:
// at any time there is one key that signs and one that is published and will
// sign next; keys that signed before are published, and their tokens accepted,
// until the last of those tokens has expired.
type Key struct {
	first maker // never changes: what is sealed stays readable over rollovers

	seen seen

	mu      sync.Mutex
	current maker
	next    maker
	retired []retired
	last    int64         // the latest expiry signed with current
	since   int64         // when current first signed, zero before
	life    time.Duration // how long a key signs; zero means until Rotate
}

// retired is a key that signs no more.
type retired struct {
	key  maker
	last int64 // when the last of its tokens expires
}

// NewKey is a Key that signs with private or, when that is nil, with one of
// 2048 bits that it makes itself.
func NewKey(private *rsa.PrivateKey) *Key {
	first := newMaker(private)
	return &Key{first: first, current: first, next: newMaker(nil)}
}

// Prepare makes the keys now if that has not been done: the one that signs
// first, then the one that is published beside it.
func (k *Key) Prepare() error {
	k.mu.Lock()
	current, next := k.current, k.next
	k.mu.Unlock()
	_, err1 := current()
	_, err2 := next()
	return errors.Join(err1, err2)
}

// RotateAfter makes each key sign for so long and no longer, counted by the
// times written into the tokens; zero leaves rollover to Rotate.
func (k *Key) RotateAfter(life time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.life = life
}

// Rotate lets the next key sign from now on. Tokens of the one before are
// accepted until they expire.
func (k *Key) Rotate(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rotate(now.Unix())
}

func (k *Key) rotate(now int64) {
	k.seen.forget()
	k.retired = append(k.retired, retired{k.current, k.last})
	k.retired = slices.DeleteFunc(k.retired, func(r retired) bool { return r.last <= now })
	k.current, k.next, k.last, k.since = k.next, newMaker(nil), 0, 0
}

// signing is the key for a token with these times.
func (k *Key) signing(issued, expires int64) maker {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.life > 0 && k.since != 0 && issued-k.since >= int64(k.life.Seconds()) {
		k.rotate(issued)
	}
	if k.since == 0 {
		k.since = issued
	}
	k.last = max(k.last, expires)
	return k.current
}

// Sign makes the token that says c.
func (k *Key) Sign(c Claims) (string, error) {
	p, err := k.signing(c.IssuedAt, c.Expires)()
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("token: signing: %w", err)
	}
	return signed.CompactSerialize()
}

// Verify checks the signature of a token and gives what it says. Whether it has
// expired, and whether it is meant for the reader, is for the reader to judge:
// see [Key.Bearer].
func (k *Key) Verify(raw string) (Claims, error) {
	if len(raw) > maxTokenLength {
		return Claims{}, ErrMalformed
	}
	if c, ok := k.seen.find(raw); ok {
		return c, nil
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(signed.Signatures) != 1 {
		return Claims{}, ErrMalformed
	}
	p, err := k.named(signed.Signatures[0].Protected.KeyID)
	if err != nil {
		return Claims{}, err
	}
	payload, err := signed.Verify(&p.private.PublicKey)
	if err != nil {
		return Claims{}, ErrSignature
	}
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, ErrMalformed
	}
	k.seen.keep(raw, c)
	return c, nil
}

// named finds a key that has signed. The next one has not, so nothing makes it
// be made here.
func (k *Key) named(id string) (*pair, error) {
	k.mu.Lock()
	candidates := []maker{k.current}
	for _, r := range slices.Backward(k.retired) {
		candidates = append(candidates, r.key)
	}
	k.mu.Unlock()
	for _, made := range candidates {
		p, err := made()
		if err != nil {
			return nil, err
		}
		if p.id == id {
			return p, nil
		}
	}
	return nil, ErrUnknownKey
}

// Published are the keys as a key set shows them at that time: the one that
// signs, the one that will sign next, and those whose tokens have not all
// expired. The caller fills in Issuer.
func (k *Key) Published(now time.Time) ([]PublicKey, error) {
	k.mu.Lock()
	shown := []maker{k.current, k.next}
	for _, r := range slices.Backward(k.retired) {
		if r.last > now.Unix() {
			shown = append(shown, r.key)
		}
	}
	k.mu.Unlock()
	list := make([]PublicKey, 0, len(shown))
	for _, made := range shown {
		p, err := made()
		if err != nil {
			return nil, err
		}
		list = append(list, p.public())
	}
	return list, nil
}
