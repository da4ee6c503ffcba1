package audit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/csp"
	"latchkey/internal/audit"
)

// memory is a store that keeps the log in slices, one transaction at a time.
type memory struct {
	bodies [][]byte
	hashes []tlog.Hash
	notes  []string // what changes wrote beside the log
	fail   error    // the next InsertAuditLeaf fails with it
	reruns int      // each Update runs its function so many times more
}

func (m *memory) AuditSize() (int64, error) { return int64(len(m.bodies)), nil }

func (m *memory) AuditHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = m.hashes[x]
	}
	return out, nil
}

func (m *memory) InsertAuditLeaf(n int64, _ audit.Entry, body []byte, hashes []tlog.Hash) error {
	if m.fail != nil {
		return m.fail
	}
	if n != int64(len(m.bodies)) || tlog.StoredHashIndex(0, n) != int64(len(m.hashes)) {
		return errors.New("the leaf is not the next one")
	}
	m.bodies = append(m.bodies, body)
	m.hashes = append(m.hashes, hashes...)
	return nil
}

// Write stands for a change of state.
func (m *memory) Write(note string) { m.notes = append(m.notes, note) }

func (m *memory) Update(_ context.Context, f func(*memory) error) error {
	for i := 0; ; i++ {
		bodies, hashes, notes := len(m.bodies), len(m.hashes), len(m.notes)
		err := f(m)
		if err == nil && i == m.reruns {
			return nil
		}
		m.bodies, m.hashes, m.notes = m.bodies[:bodies], m.hashes[:hashes], m.notes[:notes]
		if err != nil {
			return err
		}
	}
}

func (m *memory) View(_ context.Context, f func(audit.Tree) error) error { return f(m) }

func (m *memory) records() iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for n, body := range m.bodies {
			r := audit.Record{N: int64(n), Body: body, Leaf: m.hashes[tlog.StoredHashIndex(0, int64(n))]}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// shelf is an archive in memory.
type shelf struct{ notes [][]byte }

func (s *shelf) Append(signed []byte) error { s.notes = append(s.notes, signed); return nil }
func (s *shelf) All() ([][]byte, error)     { return s.notes, nil }

var instance = csp.MustParseID[csp.Tenant]("5ba9ce1e-31a8-4f5b-9d0c-7d8f2a5d4e11")

func signer(t *testing.T, seed byte) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(audit.Origin(instance), [32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func appendEntries(t *testing.T, m *memory, most int) {
	t.Helper()
	for range most {
		entry := audit.Entry{
			At:   time.Date(2026, 11, 3, 9, 0, len(m.bodies), 0, time.UTC),
			Verb: "test.done", Outcome: audit.Allowed, Actor: audit.Actor{Kind: "latchkey"},
			Text: fmt.Sprintf("Number %d.", len(m.bodies)),
		}
		if _, err := audit.Append(m, entry); err != nil {
			t.Fatal(err)
		}
	}
}
