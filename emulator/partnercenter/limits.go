package partnercenter

import (
	"sync"
	"time"

	"latchkey/csp"
)

// perMinute is how many requests a partner has; the real service allows about
// that many on customers.
const perMinute = 500

// limits counts the requests of each partner within the minute of the world's clock.
type limits struct {
	now    func() time.Time
	mu     sync.Mutex
	minute time.Time
	spent  map[csp.TenantID]int
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, spent: make(map[csp.TenantID]int)}
}

func (l *limits) spend(partner csp.TenantID) *failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	minute := now.Truncate(time.Minute)
	if !minute.Equal(l.minute) {
		l.minute = minute
		clear(l.spent)
	}
	l.spent[partner]++
	if l.spent[partner] > perMinute {
		return &failure{status: 429, wait: int((minute.Add(time.Minute).Sub(now) + time.Second - 1) / time.Second)}
	}
	return nil
}
