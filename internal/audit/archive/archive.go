// Package archive keeps the audit log's signed checkpoints in a file beside,
// not inside, the database: a file that only grows, readable by its owner only,
// and on disk before a checkpoint counts as kept. Copy it elsewhere, and the log
// cannot be rolled back unseen.
package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// File is an archive in one file: signed notes, each followed by an empty line.
type File struct {
	mu   sync.Mutex
	path string
}

// New names the file; it is made with the first checkpoint.
func New(path string) *File { return &File{path: path} }

// separator stands between notes. A note holds one empty line of its own, above
// its signature, and ends in a signature line; so the three bytes below part two
// notes without doubt.
var separator = []byte("\n\n\n")

// Append adds one signed checkpoint and syncs the file.
func (f *File) Append(signed []byte) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, missing := os.Stat(f.path)
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := wholeEnd(file)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	text := append(bytes.TrimRight(signed, "\n"), separator...)
	if _, err := file.WriteAt(text, end); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if errors.Is(missing, fs.ErrNotExist) {
		return syncFolder(filepath.Dir(f.path))
	}
	return nil
}

// wholeEnd is where the next checkpoint goes: the end of the file, once a
// checkpoint cut short by a crash, which never counted as kept, is cut off.
func wholeEnd(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	tail := make([]byte, len(separator))
	if size >= int64(len(tail)) {
		if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil {
			return 0, err
		}
	}
	if bytes.Equal(tail, separator) {
		return size, nil
	}
	text := make([]byte, size)
	if _, err := file.ReadAt(text, 0); err != nil {
		return 0, err
	}
	end := int64(0)
	if i := bytes.LastIndex(text, separator); i >= 0 {
		end = int64(i + len(separator))
	}
	return end, file.Truncate(end)
}

// syncFolder makes a new file's name durable.
func syncFolder(path string) (err error) {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// window is how much of the file's end Last reads: a checkpoint has some hundred
// bytes, so it holds the newest one and what a crash may have left after it.
const window = 64 << 10

// Last is the newest signed checkpoint, read from the file's end however long
// the file has grown; ok is false when there is none.
func (f *File) Last() (signed []byte, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false, fmt.Errorf("archive: %w", err)
	}
	tail := make([]byte, min(size, window))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, false, fmt.Errorf("archive: %w", err)
	}
	end := bytes.LastIndex(tail, separator)
	if end < 0 {
		return nil, false, nil
	}
	begin := 0 // of the file, or else a separator stands before it
	if i := bytes.LastIndex(tail[:end], separator); i >= 0 {
		begin = i + len(separator)
	}
	return append(bytes.Clone(tail[begin:end]), '\n'), true, nil
}

// All lists every signed checkpoint, the oldest first. A file that is not there
// holds none. A last checkpoint cut short by a crash is left out, since it was
// never reported as kept.
func (f *File) All() ([][]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	var all [][]byte
	for {
		one, rest, whole := bytes.Cut(text, separator)
		if !whole {
			return all, nil
		}
		all = append(all, append(bytes.Clone(one), '\n'))
		text = rest
	}
}
