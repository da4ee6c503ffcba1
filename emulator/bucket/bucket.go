// Package bucket is token buckets, by which the emulated services say how much
// may still be asked of them: so much at once, and so much more each second.
package bucket

import (
	"sync"
	"time"
)

// Limit is what a bucket holds and how it fills again.
type Limit struct {
	Most   float64
	Refill float64 // per second
	// Debt is how far below empty the bucket may be taken. With none, what is not
	// there is not taken.
	Debt float64
}

// most buckets are kept; then all are forgotten, which is generous, and bounded.
const most = 10_000

type level struct {
	left float64
	at   time.Time
}

// Buckets are one bucket for each key, all of them full at first.
type Buckets[K comparable] struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[K]level
}

// New makes buckets that fill by the clock.
func New[K comparable](now func() time.Time) *Buckets[K] {
	return &Buckets[K]{now: now, kept: make(map[K]level)}
}

// Take takes so much and gives what is left. Below zero there was too little, and
// what the limit's debt does not cover was not taken. A bucket is asked for with
// the same limit each time.
func (b *Buckets[K]) Take(key K, amount float64, limit Limit) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	k, ok := b.kept[key]
	if !ok {
		if len(b.kept) >= most {
			clear(b.kept)
		}
		k = level{left: limit.Most, at: now}
	}
	k.left = min(limit.Most, k.left+max(0, now.Sub(k.at).Seconds())*limit.Refill)
	k.at = now
	left := k.left - amount
	if left >= -limit.Debt {
		k.left = left
	}
	b.kept[key] = k
	return left
}
