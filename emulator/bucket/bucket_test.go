package bucket_test

import (
	"testing"
	"time"

	"latchkey/emulator/bucket"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func takes(t *testing.T, b *bucket.Buckets[string], key string, amount float64, l bucket.Limit, want float64) {
	t.Helper()
	if got := b.Take(key, amount, l); got != want {
		t.Errorf("of %s %v are left, want %v", key, got, want)
	}
}

func TestABucketEmptiesAndFillsAgain(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	b, l := bucket.New[string](c.now), bucket.Limit{Most: 2, Refill: 0.5}
	takes(t, b, "a", 1, l, 1)
	takes(t, b, "a", 1, l, 0)
	takes(t, b, "a", 1, l, -1)
	takes(t, b, "a", 1, l, -1) // nothing was taken
	takes(t, b, "b", 1, l, 1)  // each key has its own
	c.at = c.at.Add(2 * time.Second)
	takes(t, b, "a", 1, l, 0)
	c.at = c.at.Add(time.Hour)
	takes(t, b, "a", 1, l, 1) // never more than it holds
}

func TestAClockThatGoesBackTakesNothing(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	b, l := bucket.New[string](c.now), bucket.Limit{Most: 5, Refill: 1}
	takes(t, b, "a", 3, l, 2)
	c.at = c.at.Add(-time.Hour)
	takes(t, b, "a", 1, l, 1)
}

func TestADebtHasABottom(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	b, l := bucket.New[string](c.now), bucket.Limit{Most: 2, Refill: 1, Debt: 2}
	takes(t, b, "a", 3, l, -1)
	takes(t, b, "a", 1, l, -2)
	takes(t, b, "a", 5, l, -7) // not taken
	c.at = c.at.Add(time.Second)
	takes(t, b, "a", 1, l, -2)
}

func TestTooManyBucketsAreForgotten(t *testing.T) {
	b, l := bucket.New[int](time.Now), bucket.Limit{Most: 1}
	for key := range 10_001 {
		b.Take(key, 1, l)
	}
	if left := b.Take(0, 1, l); left != 0 {
		t.Errorf("of the first bucket %v are left: it was kept", left)
	}
}
