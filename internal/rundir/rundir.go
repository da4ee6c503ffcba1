// Package rundir is a private directory in which a running program leaves what
// other commands of the same person need to find it: nobody else may read it.
package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Dir is such a directory.
type Dir struct{ path string }

// Make makes the directory, or takes one that is there if nobody else can enter it.
func Make(path string) (Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Dir{}, fmt.Errorf("making a private directory: %w", err)
	}
	return Find(path)
}

// Find takes a directory that is there. If there is none, errors.Is(err, fs.ErrNotExist).
func Find(path string) (Dir, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Dir{}, err
	}
	if !info.IsDir() {
		return Dir{}, fmt.Errorf("%s is no directory (and a link to one is not taken)", path)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return Dir{}, fmt.Errorf("others may enter %s, and what is kept there lets its reader act: chmod 700 %[1]s, or name another directory", path)
	}
	return Dir{path}, nil
}

// Path is the directory's path.
func (d Dir) Path() string { return d.path }

// Join is the path of a file in it.
func (d Dir) Join(name string) string { return filepath.Join(d.path, name) }

// Write puts a file there that its owner alone reads: all of it, or nothing.
func (d Dir) Write(name string, content []byte) error {
	file, err := os.CreateTemp(d.path, "."+name+"-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", d.Join(name), err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), d.Join(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", d.Join(name), err), os.Remove(file.Name()))
	}
	return nil
}

// Read reads a file. If there is none, errors.Is(err, fs.ErrNotExist).
func (d Dir) Read(name string) ([]byte, error) { return os.ReadFile(d.Join(name)) }

// Remove takes files away; one that is gone already is no mistake.
func (d Dir) Remove(names ...string) error {
	var failed []error
	for _, name := range names {
		if err := os.Remove(d.Join(name)); !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
