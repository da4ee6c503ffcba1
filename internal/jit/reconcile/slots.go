package reconcile

import (
	"sync"

	"latchkey/csp"
	"latchkey/internal/jit"
)

// slots are the workers: how many visits may run at once, and how many of them
// for one tenant, so that a tenant that does not answer cannot hold all of them
// (I21). Of both, a quarter never takes a grant, so that a removal need not wait
// for grants (I22).
type slots struct {
	all, each int

	mu       sync.Mutex
	busy     int
	granting int
	at       map[csp.TenantID]int
}

func newSlots(all int) *slots {
	return &slots{
		all: all, each: max(1, all/2),
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
	each := s.each
	if lane == jit.GrantLane {
		each = forGrants(each)
		if s.granting >= forGrants(s.all) {
			return false
		}
	}
	if s.busy >= s.all || s.at[tenant] >= each {
		return false
	}
	s.busy++
	s.at[tenant]++
	if lane == jit.GrantLane {
		s.granting++
	}
	return true
}

// forGrants is how many of the workers may take grants.
func forGrants(workers int) int { return max(1, workers-workers/4) }

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
