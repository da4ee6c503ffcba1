// Package signintest has what tests of signing in need: a place for sessions
// that forgets everything at the end.
package signintest

import (
	"context"
	"slices"
	"sync"
	"time"

	"latchkey/internal/fault"
)

// Sessions keeps sessions in memory. The zero value is ready.
type Sessions struct {
	mu   sync.Mutex
	rows map[string]row
	// Puts counts writes.
	puts int
	// fail, once set, is what every call answers.
	fail error
}

type row struct {
	body    []byte
	expires time.Time
}

// PutSession inserts or replaces the session.
func (s *Sessions) PutSession(_ context.Context, digest string, body []byte, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if s.rows == nil {
		s.rows = make(map[string]row)
	}
	s.rows[digest] = row{slices.Clone(body), expires}
	s.puts++
	return nil
}

// Session finds a live session.
func (s *Sessions) Session(_ context.Context, digest string, now time.Time) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	r, ok := s.rows[digest]
	if !ok || !now.Before(r.expires) {
		return nil, fault.New("signintest.Session", fault.NotFound, "There is no such session.")
	}
	return slices.Clone(r.body), nil
}

// DropSession removes the session.
func (s *Sessions) DropSession(_ context.Context, digest string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	delete(s.rows, digest)
	return nil
}

// Fail makes every later call answer err; nil ends that.
func (s *Sessions) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Puts is how often a session was written.
func (s *Sessions) Puts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts
}

// Rows is a copy of everything kept: digest to body.
func (s *Sessions) Rows() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make(map[string][]byte, len(s.rows))
	for digest, r := range s.rows {
		rows[digest] = slices.Clone(r.body)
	}
	return rows
}

// Swap exchanges the bodies of two sessions, as a tampering hand in the database would.
func (s *Sessions) Swap(a, b string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[a], s.rows[b] = s.rows[b], s.rows[a]
}
