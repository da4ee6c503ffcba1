package reconcile_test

import (
	"testing"

	"latchkey/csp"
	"latchkey/internal/jit"
	"latchkey/internal/jit/reconcile"
)

func TestSlots(t *testing.T) {
	tenant := func(n byte) csp.TenantID { return csp.TenantID{n} }
	// fill takes until no more can be had, each time for the next of so many tenants.
	fill := func(s reconcile.Slots, lane jit.Lane, tenants int) int {
		for n := range 1000 {
			if !s.Take(tenant(byte(n%tenants)), lane) {
				return n
			}
		}
		return 1000
	}
	t.Run("there are only so many", func(t *testing.T) {
		if got := fill(reconcile.NewSlots(16), jit.RevokeLane, 16); got != 16 {
			t.Errorf("%d of 16 were taken", got)
		}
	})
	t.Run("one tenant gets half", func(t *testing.T) {
		s := reconcile.NewSlots(16)
		if got := fill(s, jit.RevokeLane, 1); got != 8 {
			t.Errorf("one tenant got %d of 16", got)
		}
		if !s.Take(tenant(1), jit.RevokeLane) {
			t.Error("another tenant gets none")
		}
	})
	t.Run("grants leave a quarter to removals", func(t *testing.T) {
		s := reconcile.NewSlots(16)
		if got := fill(s, jit.GrantLane, 16); got != 12 {
			t.Errorf("grants got %d of 16", got)
		}
		if got := fill(s, jit.RevokeLane, 16); got != 4 {
			t.Errorf("removals got %d besides", got)
		}
	})
	t.Run("a tenant's grants leave a quarter of its share to its removals", func(t *testing.T) {
		s := reconcile.NewSlots(16)
		if got := fill(s, jit.GrantLane, 1); got != 6 {
			t.Errorf("grants got %d of 8", got)
		}
		if got := fill(s, jit.RevokeLane, 1); got != 2 {
			t.Errorf("removals got %d besides", got)
		}
	})
	t.Run("what was given back can be taken again", func(t *testing.T) {
		s := reconcile.NewSlots(16)
		for range 100 {
			if !s.Take(tenant(1), jit.GrantLane) {
				t.Fatal("lost on the way")
			}
			s.Give(tenant(1), jit.GrantLane)
		}
	})
	t.Run("a single worker does everything", func(t *testing.T) {
		s := reconcile.NewSlots(1)
		if !s.Take(tenant(1), jit.GrantLane) {
			t.Error("not even a grant")
		}
	})
}
