package entra

import (
	"crypto/rand"
	"sync"
	"time"
)

// box keeps things under secrets it makes up, for a while: browser sessions,
// half-done sign-ins, authorization codes.
type box[T any] struct {
	now  func() time.Time
	life time.Duration

	mu    sync.Mutex
	kept  map[string]boxed[T]
	sweep time.Time // the next time everything old is thrown out
}

type boxed[T any] struct {
	thing T
	until time.Time
	taken bool
}

func newBox[T any](now func() time.Time, life time.Duration) *box[T] {
	return &box[T]{now: now, life: life, kept: make(map[string]boxed[T])}
}

// put keeps the thing and gives the secret it is found under.
func (b *box[T]) put(thing T) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.After(b.sweep) {
		for secret, k := range b.kept {
			if now.After(k.until) {
				delete(b.kept, secret)
			}
		}
		b.sweep = now.Add(b.life)
	}
	secret := rand.Text()
	b.kept[secret] = boxed[T]{thing: thing, until: now.Add(b.life)}
	return secret
}

// find gives what is kept under the secret and not too old.
func (b *box[T]) find(secret string) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.kept[secret]
	if !ok || b.now().After(k.until) {
		var zero T
		return zero, false
	}
	return k.thing, true
}

type takeResult uint8

const (
	takenNow takeResult = iota
	takenBefore
	takenTooLate
	neverKept
)

// take is find for things that are good once; it remembers that they were taken.
func (b *box[T]) take(secret string) (T, takeResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.kept[secret]
	var zero T
	switch {
	case !ok:
		return zero, neverKept
	case k.taken:
		return zero, takenBefore
	case b.now().After(k.until):
		return zero, takenTooLate
	}
	k.taken = true
	b.kept[secret] = k
	return k.thing, takenNow
}

func (b *box[T]) drop(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.kept, secret)
}
