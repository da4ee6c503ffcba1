package archive_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/audit/archive"
)

var instance = csp.MustParseID[csp.Tenant]("5ba9ce1e-31a8-4f5b-9d0c-7d8f2a5d4e11")

func note(t *testing.T, size int64) ([]byte, string) {
	t.Helper()
	s, err := audit.NewSigner(audit.Origin(instance), [32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(size, tlog.Hash{byte(size)}, time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	return signed, s.PublicKey()
}

func sizes(t *testing.T, f *archive.File) []int64 {
	t.Helper()
	all, err := f.All()
	if err != nil {
		t.Fatal(err)
	}
	var out []int64
	for _, signed := range all {
		_, key := note(t, 0)
		c, err := audit.OpenCheckpoint(signed, key)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c.Size)
	}
	return out
}

func appendNote(t *testing.T, f *archive.File, size int64) {
	t.Helper()
	signed, _ := note(t, size)
	if err := f.Append(signed); err != nil {
		t.Fatal(err)
	}
}

func TestTheLastIsTheNewestHoweverLongTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoints")
	f := archive.New(path)
	if _, ok, err := f.Last(); ok || err != nil {
		t.Errorf("of no file: %v, %v", ok, err)
	}
	_, key := note(t, 0)
	for size := int64(1); size <= 400; size++ { // more than is read from the end
		appendNote(t, f, size)
		if size > 3 && size < 398 {
			continue
		}
		signed, ok, err := f.Last()
		if !ok || err != nil {
			t.Fatalf("after %d: %v, %v", size, ok, err)
		}
		if c, err := audit.OpenCheckpoint(signed, key); err != nil || c.Size != size {
			t.Errorf("after %d: %+v, %v", size, c, err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-5], 0o600); err != nil { // a crash in the last one
		t.Fatal(err)
	}
	signed, ok, err := f.Last()
	if c, openErr := audit.OpenCheckpoint(signed, key); !ok || err != nil || openErr != nil || c.Size != 399 {
		t.Errorf("after a crash: %+v, %v, %v, %v", c, ok, err, openErr)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoints")
	f := archive.New(path)
	if got := sizes(t, f); len(got) != 0 {
		t.Fatalf("a file that is not there holds %v", got)
	}
	for _, size := range []int64{1, 2, 3} {
		appendNote(t, f, size)
	}
	if got := sizes(t, archive.New(path)); len(got) != 3 || got[0] != 1 || got[2] != 3 {
		t.Errorf("read back %v, want 1 2 3", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, want 0600", info.Mode())
	}
}

func TestACheckpointCutShortByACrashIsNone(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "checkpoints")
	appendNote(t, archive.New(whole), 1)
	first, err := os.Stat(whole)
	if err != nil {
		t.Fatal(err)
	}
	appendNote(t, archive.New(whole), 2)
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for cut := int(first.Size()); cut < len(text); cut++ {
		path := filepath.Join(t.TempDir(), "checkpoints")
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f := archive.New(path)
		if got := sizes(t, f); len(got) != 1 {
			t.Fatalf("cut at %d: read %v, want only the first", cut, got)
		}
		appendNote(t, f, 3)
		if got := sizes(t, f); len(got) != 2 || got[1] != 3 {
			t.Fatalf("cut at %d: after the next one read %v, want 1 3", cut, got)
		}
	}
}
