package token

import "sync"

// keptSeen bounds how many tokens a Key remembers as good.
const keptSeen = 2000

// seen remembers tokens whose signature was found good, since clients send the
// same one again and again and checking it costs more than answering. What it
// says is not kept from expiring: readers judge the times at each call. A token
// that is not letter by letter the same is checked anew.
type seen struct {
	mu   sync.Mutex
	good map[string]Claims
}

func (s *seen) find(raw string) (Claims, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.good[raw]
	return c, ok
}

func (s *seen) keep(raw string, c Claims) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.good == nil || len(s.good) >= keptSeen {
		s.good = make(map[string]Claims)
	}
	s.good[raw] = c
}

// forget is for when keys change: what an old one signed may count no more.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = nil
}
