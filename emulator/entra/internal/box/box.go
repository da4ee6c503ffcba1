// Package box keeps things under secrets it makes up, for a while: browser
// sessions, half-done sign-ins, authorization codes.
package box

import (
	"crypto/rand"
	"sync"
	"time"
)

// Box holds things of one kind, each as long as the others.
type Box[T any] struct {
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

// New makes an empty box whose things last for life by the clock.
func New[T any](now func() time.Time, life time.Duration) *Box[T] {
	return &Box[T]{now: now, life: life, kept: make(map[string]boxed[T])}
}

// Put keeps the thing and gives the secret it is found under.
func (b *Box[T]) Put(thing T) string {
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

// Find gives what is kept under the secret and not too old.
func (b *Box[T]) Find(secret string) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.kept[secret]
	if !ok || b.now().After(k.until) {
		var zero T
		return zero, false
	}
	return k.thing, true
}

// Result is what became of taking something.
type Result uint8

// The results of Take.
const (
	Taken Result = iota
	TakenBefore
	TooLate
	NeverKept
)

// Take is Find for things that are good once; it remembers that they were taken.
func (b *Box[T]) Take(secret string) (T, Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.kept[secret]
	var zero T
	switch {
	case !ok:
		return zero, NeverKept
	case k.taken:
		return zero, TakenBefore
	case b.now().After(k.until):
		return zero, TooLate
	}
	k.taken = true
	b.kept[secret] = k
	return k.thing, Taken
}

// Drop forgets what is kept under the secret.
func (b *Box[T]) Drop(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.kept, secret)
}
