package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"latchkey/access/estate"
	"latchkey/access/estate/snapshot"
	"latchkey/access/factlines"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

// A file with facts is a snapshot, JSON lines or a world file. Which one is seen
// by how it begins, whatever its name.
const (
	snapshotBegins = "LATCHKEY ESTATE\n"
	linesBegin     = "{"
)

// factsFile is a file with facts that has been looked into.
type factsFile struct {
	*bufio.Reader

	file   *os.File
	meter  *meter
	begins string
}

// open opens a file and looks at its first bytes.
func (l *loading) open(name string) (*factsFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the world cannot be read: %w", err)
	}
	f := &factsFile{file: file, meter: l.meter(file, name)}
	f.Reader = bufio.NewReaderSize(f.meter, 1<<20)
	head, err := f.Peek(len(snapshotBegins))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the world cannot be read: %w", errors.Join(err, file.Close()))
	}
	f.begins = string(head)
	f.meter.count = f.isLines()
	return f, nil
}

func (f *factsFile) isLines() bool { return strings.HasPrefix(strings.TrimSpace(f.begins), linesBegin) }

// snapshot reads a snapshot; nil if the file is something else.
func (l *loading) snapshot(name string) (e *estate.Estate, err error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.file.Close()) }()
	if f.begins != snapshotBegins {
		return nil, nil //nolint:nilnil // no snapshot is no mistake: the caller reads it as what it is
	}
	return f.snapshot(name)
}

func (f *factsFile) snapshot(name string) (*estate.Estate, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	e, err := snapshot.Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

// facts reads facts in whatever form.
func (l *loading) facts(name string, add func(csp.Facts)) (err error) {
	f, err := l.open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.file.Close()) }()
	switch {
	case f.begins == snapshotBegins:
		e, err := f.snapshot(name)
		if err != nil {
			return err
		}
		for facts := range e.Each {
			add(facts)
		}
		return nil
	case f.isLines():
		return factlines.Read(name, f, add)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	facts, err := worldfile.Parse(name, text)
	if err == nil {
		add(facts)
	}
	return err
}

// factsForm is a form in which facts are written.
type factsForm struct {
	suffix string
	write  func(io.Writer, *estate.Estate) error
}

var factsForms = []factsForm{
	{".lks", snapshot.Write},
	{".jsonl", writeLines},
	{".yaml", writeWorldFile},
}

func writeLines(w io.Writer, e *estate.Estate) error {
	for facts := range e.Each {
		if err := factlines.Write(w, facts); err != nil {
			return err
		}
	}
	return nil
}

func writeWorldFile(w io.Writer, e *estate.Estate) error {
	text, err := worldfile.Format(e.Facts())
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(text))
	}
	return err
}

// writeFacts writes facts in the form that the file's name asks for: all of the
// file, or none of it.
func writeFacts(file string, e *estate.Estate) (err error) {
	for _, form := range factsForms {
		if filepath.Ext(file) != form.suffix {
			continue
		}
		temporary, err := os.CreateTemp(filepath.Dir(file), ".latchkey-*")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(temporary.Name()) }() // gone already if all went well
		buffer := bufio.NewWriterSize(temporary, 1<<20)
		err = form.write(buffer, e)
		if err = errors.Join(err, buffer.Flush(), temporary.Sync(), temporary.Close()); err != nil {
			return err
		}
		return os.Rename(temporary.Name(), file)
	}
	return fmt.Errorf("%s: the name must end in .lks for a snapshot, .jsonl for JSON lines or .yaml for a world file", file)
}
