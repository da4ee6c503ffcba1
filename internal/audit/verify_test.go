package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
)

// signedLog is a log of 20 entries with checkpoints at 5, 12 and 17.
func signedLog(t *testing.T) (*memory, *shelf, *audit.Signer) {
	t.Helper()
	m, archive, key := &memory{}, &shelf{}, signer(t, 1)
	keeper := audit.NewKeeper(m.View, archive, key, clock.System())
	for _, more := range []int{5, 7, 5} {
		appendEntries(t, m, more)
		if signed, err := keeper.Keep(t.Context()); err != nil || !signed {
			t.Fatalf("Keep = %v, %v", signed, err)
		}
	}
	appendEntries(t, m, 3)
	return m, archive, key
}

// rewrite replaces an entry's text and every hash that follows from it, as a
// forger with full access to the database would.
func rewrite(t *testing.T, m *memory, n int, body string) {
	t.Helper()
	bodies := m.bodies
	*m = memory{}
	for i, b := range bodies {
		if i == n {
			b = []byte(body)
		}
		hashes, err := tlog.StoredHashes(int64(i), b, tlog.HashReaderFunc(m.AuditHashes))
		if err != nil {
			t.Fatal(err)
		}
		m.bodies, m.hashes = append(m.bodies, b), append(m.hashes, hashes...)
	}
}

func TestVerify(t *testing.T) {
	const forged = `{"at":"2026-11-03T09:00:00Z","verb":"test.done","outcome":"allowed","actor":{"kind":"latchkey"},"text":"Forged."}`
	tests := []struct {
		name     string
		harm     func(t *testing.T, m *memory, s *shelf)
		want     audit.FindingKind // empty: the log is whole
		from, to int64
		sentence string
	}{
		{"a log left alone is whole", func(*testing.T, *memory, *shelf) {}, "", 0, 0, "17 entries match 3 signed checkpoints; the last 3 entries are not signed yet"},
		{"an edited text is named", func(_ *testing.T, m *memory, _ *shelf) { m.bodies[7] = []byte(forged) }, audit.Edited, 7, 8, "Entry 7 was changed"},
		{"the first of two edits is named", func(_ *testing.T, m *memory, _ *shelf) {
			m.bodies[9], m.bodies[14] = []byte(forged), []byte(forged)
		}, audit.Edited, 9, 10, "Entry 9 was changed"},
		{"an edited text after the last checkpoint is still named", func(_ *testing.T, m *memory, _ *shelf) { m.bodies[18] = []byte(forged) }, audit.Edited, 18, 19, "Entry 18 was changed"},
		{"a text that is no entry", func(_ *testing.T, m *memory, _ *shelf) { m.bodies[2] = []byte("{") }, audit.Edited, 2, 3, "Entry 2"},
		{"text and hashes rewritten together", func(t *testing.T, m *memory, _ *shelf) { rewrite(t, m, 7, forged) }, audit.Rewritten, 5, 12, "among entries 5 to 11"},
		{"two entries swapped", func(_ *testing.T, m *memory, _ *shelf) { m.bodies[3], m.bodies[4] = m.bodies[4], m.bodies[3] }, audit.Edited, 3, 4, "Entry 3 was changed"},
		{"two entries swapped with their hashes", func(t *testing.T, m *memory, _ *shelf) {
			m.bodies[13], m.bodies[14] = m.bodies[14], m.bodies[13]
			rewrite(t, m, -1, "")
		}, audit.Rewritten, 12, 17, "among entries 12 to 16"},
		{"an entry dropped and the rest moved up", func(t *testing.T, m *memory, _ *shelf) {
			m.bodies = slices.Delete(m.bodies, 1, 2)
			rewrite(t, m, -1, "")
		}, audit.Rewritten, 0, 5, "among entries 0 to 4"},
		{"an old copy put back", func(t *testing.T, m *memory, _ *shelf) {
			m.bodies = m.bodies[:10]
			rewrite(t, m, -1, "")
		}, audit.RolledBack, 10, 17, "Entries 10 to 16 are gone"},
		{"the whole log emptied", func(_ *testing.T, m *memory, _ *shelf) { *m = memory{} }, audit.RolledBack, 0, 17, "Entries 0 to 16 are gone"},
		{"an old copy put back and signed on", func(t *testing.T, m *memory, s *shelf) {
			m.bodies = m.bodies[:10]
			rewrite(t, m, -1, "")
			root, err := audit.Root(m, 10)
			if err != nil {
				t.Fatal(err)
			}
			note, err := signer(t, 1).Sign(10, root, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			s.notes = append(s.notes, note)
		}, audit.BadCheckpoint, 10, 17, "rolled back in between"},
		{"a checkpoint by another key", func(t *testing.T, m *memory, s *shelf) {
			root, err := audit.Root(m, 20)
			if err != nil {
				t.Fatal(err)
			}
			note, err := signer(t, 2).Sign(20, root, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			s.notes = append(s.notes, note)
		}, audit.BadCheckpoint, -1, -1, "Checkpoint 4 is not signed by this key"},
		{"a checkpoint altered", func(_ *testing.T, _ *memory, s *shelf) {
			s.notes[1] = bytes.Replace(s.notes[1], []byte("\n12\n"), []byte("\n11\n"), 1)
		}, audit.BadCheckpoint, -1, -1, "Checkpoint 2 is not signed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, archive, key := signedLog(t)
			tt.harm(t, m, archive)
			report, err := audit.Verify(m.records(), archive.notes, key.PublicKey())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(report.Sentence(), tt.sentence) {
				t.Errorf("it says %q, want %q in it", report.Sentence(), tt.sentence)
			}
			if tt.want == "" {
				if !report.Whole() {
					t.Errorf("found %+v", report.Findings)
				}
				return
			}
			if report.Whole() {
				t.Fatal("nothing was found")
			}
			if f := report.Findings[0]; f.Kind != tt.want || f.From != tt.from || f.To != tt.to {
				t.Errorf("found %+v, want %s in [%d,%d)", f, tt.want, tt.from, tt.to)
			}
		})
	}
	t.Run("a gap in the numbers is named", func(t *testing.T) {
		m, archive, key := signedLog(t)
		var gapped iter.Seq2[audit.Record, error] = func(yield func(audit.Record, error) bool) {
			for r, err := range m.records() {
				if r.N != 6 && !yield(r, err) {
					return
				}
			}
		}
		report, err := audit.Verify(gapped, archive.notes, key.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if want := "Entry 6 is missing"; !strings.Contains(report.Sentence(), want) {
			t.Errorf("it says %q, want %q in it", report.Sentence(), want)
		}
	})
	t.Run("every single edit is found, with and without the hashes", func(t *testing.T) {
		for n := range 17 {
			for _, withHashes := range []bool{false, true} {
				m, archive, key := signedLog(t)
				if withHashes {
					rewrite(t, m, n, forged)
				} else {
					m.bodies[n] = []byte(forged)
				}
				report, err := audit.Verify(m.records(), archive.notes, key.PublicKey())
				if err != nil {
					t.Fatal(err)
				}
				if report.Whole() || report.Findings[0].From > int64(n) || report.Findings[0].To <= int64(n) {
					t.Errorf("entry %d edited (hashes too: %v): found %+v", n, withHashes, report.Findings)
				}
			}
		}
	})
	t.Run("no checkpoint vouches for nothing", func(t *testing.T) {
		m := &memory{}
		appendEntries(t, m, 3)
		report, err := audit.Verify(m.records(), nil, signer(t, 1).PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if report.Unsigned != 3 || !strings.Contains(report.Sentence(), "no signed checkpoint yet") {
			t.Errorf("report = %+v", report)
		}
	})
}

func TestKeeper(t *testing.T) {
	t.Run("signs only what grew", func(t *testing.T) {
		m, archive, key := signedLog(t)
		keeper := audit.NewKeeper(m.View, archive, key, clock.System()) // as after a restart
		for _, want := range []bool{true, false, false} {
			if signed, err := keeper.Keep(t.Context()); err != nil || signed != want {
				t.Errorf("Keep = %v, %v, want %v", signed, err, want)
			}
		}
		if len(archive.notes) != 4 {
			t.Errorf("%d checkpoints, want 4", len(archive.notes))
		}
	})
	t.Run("an empty log is not signed", func(t *testing.T) {
		archive := &shelf{}
		keeper := audit.NewKeeper((&memory{}).View, archive, signer(t, 1), clock.System())
		if signed, err := keeper.Keep(t.Context()); err != nil || signed || len(archive.notes) != 0 {
			t.Errorf("Keep = %v, %v", signed, err)
		}
	})
	for name, harm := range map[string]func(t *testing.T, m *memory){
		"a log that became shorter is not signed": func(t *testing.T, m *memory) { m.bodies = m.bodies[:10]; rewrite(t, m, -1, "") },
		"a rewritten log is not signed":           func(t *testing.T, m *memory) { rewrite(t, m, 4, `{"verb":"forged"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			m, archive, key := signedLog(t)
			harm(t, m)
			keeper := audit.NewKeeper(m.View, archive, key, clock.System())
			_, err := keeper.Keep(t.Context())
			broken, ok := errors.AsType[*audit.RolledBackError](err)
			if !ok || broken.Signed.Size != 17 {
				t.Errorf("Keep = %v", err)
			}
			if len(archive.notes) != 3 {
				t.Errorf("%d checkpoints, want still 3", len(archive.notes))
			}
		})
	}
}

func TestCheckpointSaysWhenItWasSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := signer(t, 1)
		now := clock.System().Now()
		note, err := key.Sign(3, tlog.Hash{1}, now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := audit.OpenCheckpoint(note, key.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if want := (audit.Checkpoint{Origin: audit.Origin(instance), Size: 3, Root: tlog.Hash{1}, At: now}); got != want {
			t.Errorf("read back %+v, want %+v", got, want)
		}
	})
}

func TestProof(t *testing.T) {
	m, archive, key := signedLog(t)
	for n := range int64(17) {
		proof, err := audit.Prove(m, audit.Record{N: n, Body: m.bodies[n]}, archive.notes[2], key.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(proof)
		if err != nil {
			t.Fatal(err)
		}
		var sent audit.Proof
		if err := json.Unmarshal(text, &sent); err != nil {
			t.Fatal(err)
		}
		if c, err := sent.Check(key.PublicKey()); err != nil || c.Size != 17 {
			t.Errorf("entry %d: Check = %+v, %v", n, c, err)
		}
		sent.Body = bytes.Replace(sent.Body, []byte("Number"), []byte("Nimber"), 1)
		if _, err := sent.Check(key.PublicKey()); err == nil {
			t.Errorf("entry %d: a forged text passes", n)
		}
	}
	if _, err := audit.Prove(m, audit.Record{N: 18, Body: m.bodies[18]}, archive.notes[2], key.PublicKey()); err == nil {
		t.Error("an entry after the checkpoint was proven by it")
	}
}
