package main

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
)

// isTerminal says whether a person looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// status is a line on a terminal that says what a command is at. Elsewhere there is
// none, and nil says nothing.
type status struct {
	out   io.Writer
	shown string
}

func statusLine(s streams) *status {
	if !isTerminal(s.err) {
		return nil
	}
	return &status{out: s.err}
}

func (l *status) say(text string) {
	if l == nil || text == l.shown {
		return
	}
	l.shown = text
	fmt.Fprint(l.out, "\r"+text+"\x1b[K")
}

// clear takes the line away.
func (l *status) clear() {
	if l != nil && l.shown != "" {
		l.shown = ""
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}

// progress tells on a terminal how far a long piece of work is; nil in a pipe.
func progress(s streams, what string) func(done, total int) {
	line := statusLine(s)
	if line == nil {
		return nil
	}
	return func(done, total int) {
		if done == total {
			line.clear()
			return
		}
		line.say(fmt.Sprintf("%s: %d %%", what, 100*done/total))
	}
}

// worthTelling is how many bytes are read before anything is told of it: fewer are
// read in a blink.
const worthTelling = 8 << 20

// loading tells how far the reading of facts is.
type loading struct {
	line *status
	read int64 // bytes of all files
}

// arranging says that all is read.
func (l *loading) arranging() {
	if l.read >= worthTelling {
		l.line.say("arranging the facts")
	}
}

// meter is a file that tells how much of it was read. It is read by one goroutine.
type meter struct {
	in    io.Reader
	of    *loading
	name  string
	size  int64 // zero: not known, as of a pipe
	read  int64
	lines int  // that ended
	count bool // whether it is lines
}

func (l *loading) meter(file fs.File, name string) *meter {
	m := &meter{in: file, of: l, name: filepath.Base(name)}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		m.size = info.Size()
	}
	return m
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.read += int64(n)
	m.of.read += int64(n)
	if m.of.line == nil {
		return n, err
	}
	for _, c := range p[:n] {
		if c == '\n' {
			m.lines++
		}
	}
	if m.read >= worthTelling {
		m.of.line.say(m.text())
	}
	return n, err
}

// text is "reading world.jsonl: 42 %, 1,300,000 lines" or "reading world.lks: 42 %
// of 730 MB". Numbers go in steps that people can follow.
func (m *meter) text() string {
	text := "reading " + m.name + ": "
	if m.size > 0 {
		text += fmt.Sprintf("%d %%", 100*min(m.read, m.size)/m.size)
		if !m.count {
			return text + fmt.Sprintf(" of %s MB", grouped(int(m.size>>20)))
		}
		text += ", "
	}
	if m.count {
		return text + grouped(m.lines/10_000*10_000) + " lines"
	}
	return text + grouped(int(m.read>>20)) + " MB"
}

// grouped is a number that can be read at a glance: 1,300,000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
