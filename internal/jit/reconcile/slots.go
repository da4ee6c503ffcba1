package reconcile

import (
	"sync"

	"latchkey/csp"
	"latchkey/internal/jit"
)

// slots are the workers: how many visits may run at once, how many of them may
// be grants (I22), and how many may be for one tenant (I21), so that a tenant
// that does not answer cannot hold all of them.
type slots struct {
	all, grants, each int

	mu       sync.Mutex
	busy     int
	granting int
	at       map[csp.TenantID]int
}

func newSlots(all int) *slots {
	return &slots{
		all: all, grants: max(1, all*3/4), each: max(1, all/2),
		at: make(map[csp.TenantID]int),
	}
}

func (s *slots) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all - s.busy
}

// take says whether a visit may begin, and counts it.
func (s *slots) take(tenant csp.TenantID, lane jit.Lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.busy >= s.all, s.at[tenant] >= s.each, lane == jit.GrantLane && s.granting >= s.grants:
		return false
	}
	s.busy++
	s.at[tenant]++
	if lane == jit.GrantLane {
		s.granting++
	}
	return true
}

// give ends what take began.
func (s *slots) give(tenant csp.TenantID, lane jit.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	if s.at[tenant]--; s.at[tenant] == 0 {
		delete(s.at, tenant)
	}
	if lane == jit.GrantLane {
		s.granting--
	}
}
