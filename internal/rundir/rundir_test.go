package rundir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/rundir"
)

func TestWhatIsWrittenIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	d, err := rundir.Make(path)
	ok(t, err)
	ok(t, d.Write("state.json", []byte("one")))
	ok(t, d.Write("state.json", []byte("two")))
	for name, want := range map[string]fs.FileMode{path: 0o700, d.Join("state.json"): 0o600} {
		info, err := os.Stat(name)
		ok(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
	if got, err := d.Read("state.json"); err != nil || string(got) != "two" {
		t.Errorf("%q, %v", got, err)
	}
	if files, err := os.ReadDir(path); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	ok(t, d.Remove("state.json", "never"))
	if _, err := d.Read("state.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its removal: %v", err)
	}
	if d.Path() != path {
		t.Errorf("path %s", d.Path())
	}
}

func TestDirectoriesThatOthersEnterAreRefused(t *testing.T) {
	path := t.TempDir()
	ok(t, os.Chmod(path, 0o755))
	if _, err := rundir.Make(path); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("an open directory: %v", err)
	}
	ok(t, os.Chmod(path, 0o700))
	link := filepath.Join(path, "link")
	ok(t, os.Symlink(path, link))
	if _, err := rundir.Find(link); err == nil {
		t.Error("a link was taken")
	}
	file := filepath.Join(path, "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	if _, err := rundir.Make(file); err == nil {
		t.Error("a file was taken for a directory")
	}
	if _, err := rundir.Find(filepath.Join(path, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
}

func TestFailuresNameTheFile(t *testing.T) {
	d, err := rundir.Make(filepath.Join(t.TempDir(), "x"))
	ok(t, err)
	ok(t, os.Mkdir(d.Join("taken"), 0o700))
	ok(t, os.WriteFile(d.Join("taken")+"/inside", nil, 0o600))
	if err := d.Write("taken", nil); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("over a directory: %v", err)
	}
	ok(t, os.RemoveAll(d.Path()))
	if err := d.Write("state.json", nil); err == nil {
		t.Error("it wrote into a directory that is gone")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
