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

// openFacts opens a file and looks at its first bytes.
func openFacts(file string) (f *os.File, r *bufio.Reader, begins string, err error) {
	if f, err = os.Open(file); err != nil {
		return nil, nil, "", fmt.Errorf("the world cannot be read: %w", err)
	}
	r = bufio.NewReaderSize(f, 1<<20)
	head, err := r.Peek(len(snapshotBegins))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, "", fmt.Errorf("the world cannot be read: %w", errors.Join(err, f.Close()))
	}
	return f, r, string(head), nil
}

// readSnapshot reads a snapshot; nil if the file is something else.
func readSnapshot(file string) (e *estate.Estate, err error) {
	f, r, begins, err := openFacts(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if begins != snapshotBegins {
		return nil, nil //nolint:nilnil // no snapshot is no mistake: the caller reads it as what it is
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if e, err = snapshot.Read(r, info.Size()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return e, nil
}

// readFacts reads facts in whatever form.
func readFacts(file string, add func(csp.Facts)) (err error) {
	f, r, begins, err := openFacts(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	switch {
	case begins == snapshotBegins:
		e, err := readSnapshot(file)
		if err != nil {
			return err
		}
		for facts := range e.Each {
			add(facts)
		}
		return nil
	case strings.HasPrefix(strings.TrimSpace(begins), linesBegin):
		return factlines.Read(file, r, add)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	facts, err := worldfile.Parse(file, text)
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
