package sqlite_test

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/store/sqlite"
)

// refused opens what must not open, and returns the sentence.
func refused(t *testing.T, path string, kind fault.Kind) string {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err == nil {
		t.Error(s.Close())
		t.Fatal("it opened")
	}
	if !fault.Is(err, kind) || fault.PublicOf(err) == "" {
		t.Fatalf("answered %v (%v), want %v and a sentence", err, fault.KindOf(err), kind)
	}
	return fault.PublicOf(err)
}

// rawly changes a database behind the store's back.
func rawly(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func closed(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpen(t *testing.T) {
	t.Run("only the owner can read any of its files", func(t *testing.T) {
		folder := t.TempDir()
		s := open(t, filepath.Join(folder, "a.db"))
		if err := s.Update(t.Context(), func(jit.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		seen := 0
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", entry.Name(), info.Mode())
			}
			seen++
			return err
		})
		if err != nil || seen < 3 {
			t.Errorf("%d files (%v), want the database, its log and its index", seen, err)
		}
	})
	t.Run("a file that others may read is refused", func(t *testing.T) {
		path := closed(t)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if got := refused(t, path, fault.Invalid); !strings.Contains(got, "chmod 600") {
			t.Errorf("the sentence is %q", got)
		}
	})
	t.Run("a folder that is not there is refused", func(t *testing.T) {
		refused(t, filepath.Join(t.TempDir(), "nowhere", "a.db"), fault.Invalid)
	})
	t.Run("a database of a newer program is refused", func(t *testing.T) {
		path := closed(t)
		rawly(t, path, "insert into schema_versions values (999)")
		if got := refused(t, path, fault.Invalid); !strings.Contains(got, "version 999") {
			t.Errorf("the sentence is %q", got)
		}
	})
	t.Run("a file that is no database is refused", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("no database at all\n", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, path, fault.Invalid)
	})
	t.Run("after a clean stop nothing is left but the database", func(t *testing.T) {
		path := closed(t)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 1 {
			t.Errorf("%v (%v), want one file", entries, err)
		}
	})
}

// TestKilled has another process acknowledge a change and be killed, and finds
// the change; then the same with the file damaged meanwhile.
func TestKilled(t *testing.T) {
	if path := os.Getenv("LATCHKEY_TEST_VICTIM"); path != "" {
		beKilled(t, path)
		return
	}
	for name, c := range map[string]struct {
		damage func(t *testing.T, path string)
		check  func(t *testing.T, path string)
	}{
		"what was acknowledged is there": {
			damage: func(*testing.T, string) {},
			check: func(t *testing.T, path string) {
				t.Helper()
				body, err := open(t, path).Session(t.Context(), "acknowledged", time.Unix(0, 0))
				if err != nil || string(body) != "yes" {
					t.Errorf("found %q, %v", body, err)
				}
			},
		},
		"a file damaged meanwhile is refused": {
			damage: func(t *testing.T, path string) {
				t.Helper()
				rows, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = rows.Close() }()
				const page = 4096 // past the first, which holds the schema
				if _, err := rows.WriteAt(make([]byte, 3*page), 4*page); err != nil {
					t.Fatal(err)
				}
			},
			check: func(t *testing.T, path string) {
				t.Helper()
				if got := refused(t, path, fault.Internal); !strings.Contains(got, "damaged") {
					t.Errorf("the sentence is %q", got)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := closed(t)
			victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
			victim.Env = append(os.Environ(), "LATCHKEY_TEST_VICTIM="+path)
			if err := victim.Run(); err == nil || victim.ProcessState.Exited() {
				t.Fatalf("the victim was not killed: %v", victim.ProcessState)
			}
			if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
				t.Fatalf("no log was left behind: %v", err)
			}
			c.damage(t, path)
			c.check(t, path)
		})
	}
}

func beKilled(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSession(t.Context(), "acknowledged", []byte("yes"), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Kill(); err != nil {
		t.Fatal(err)
	}
	select {}
}

// TestInBubble has the store work where time is virtual, as tests of the life
// cycle need it.
func TestInBubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Update(ctx, func(jit.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestBusy(t *testing.T) {
	// The other process holds the file for as long as this test likes.
	path := closed(t)
	s := open(t, path)
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	other, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = s.Update(ctx, func(jit.Tx) error { return nil })
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("while another writes: %v, want unavailable", err)
	}
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(jit.Tx) error { return nil }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
