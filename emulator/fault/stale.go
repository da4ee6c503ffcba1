package fault

import (
	"crypto/sha256"
	"net/http"
	"slices"
)

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// memory is what a stale fault remembers of a read.
type memory struct {
	answer Answer
	// change is the number of the world's latest change when it was read.
	change int64
}

// maxMemory bounds what one fault remembers; beyond it everything is forgotten
// and remembered anew.
const maxMemory = 4096

// Old finds an answer from before the latest change, whose number is given, for
// a read that a stale fault strikes. Otherwise, if there is such a fault,
// remember is to be told the true answer.
func (s *Set) Old(c Call, change int64) (old *Answer, remember func(Answer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.stale(c)
	if i == nil {
		return nil, nil
	}
	known, ok := i.memory[reader(c.Request)]
	if ok && known.change < change && i.strike() {
		return &known.answer, nil
	}
	return nil, func(a Answer) { i.remember(c.Request, a, change) }
}

// Before says whether a stale fault wants to know what a read of the path that
// this call is about to change would be answered now; remember is to be told.
func (s *Set) Before(c Call, change int64) (remember func(Answer), wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.stale(c)
	if i == nil {
		return nil, false
	}
	if _, known := i.memory[reader(c.Request)]; known {
		return nil, false
	}
	return func(a Answer) { i.remember(c.Request, a, change) }, true
}

// stale finds the stale fault that a read of the call's path would meet.
func (s *Set) stale(c Call) *Injected {
	at := slices.IndexFunc(s.active, func(i *Injected) bool { return i.fault.Stale && i.fault.matches(c, http.MethodGet) })
	if at < 0 {
		return nil
	}
	return s.active[at]
}

func (i *Injected) remember(r *http.Request, a Answer, change int64) {
	if a.Status != http.StatusOK && a.Status != http.StatusNotFound {
		return // no state of the world, but a refusal
	}
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	if len(i.memory) >= maxMemory {
		clear(i.memory)
	}
	i.memory[reader(r)] = memory{a, change}
}

// reader tells apart what is read and with whose token.
func reader(r *http.Request) string {
	token := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	return r.Host + " " + r.URL.RequestURI() + " " + string(token[:])
}
