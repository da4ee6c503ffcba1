package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is a file of which the system would say that somebody types at it.
type terminal struct{ bytes.Buffer }

func (*terminal) Stat() (fs.FileInfo, error) { return device{}, nil }

type device struct{}

func (device) Name() string       { return "tty" }
func (device) Size() int64        { return 0 }
func (device) Mode() fs.FileMode  { return fs.ModeDevice | fs.ModeCharDevice | 0o620 }
func (device) ModTime() time.Time { return time.Time{} }
func (device) IsDir() bool        { return false }
func (device) Sys() any           { return nil }

// statusTexts are the texts that stood on the status line, one after the other. The last
// must be none.
func statusTexts(t *testing.T, written string) []string {
	t.Helper()
	var texts []string
	for part := range strings.SplitSeq(written, "\r") {
		text, ended := strings.CutSuffix(part, "\x1b[K")
		if !ended && part != "" {
			t.Errorf("the line is not wiped behind %q", part)
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	if !strings.HasSuffix(written, "\r\x1b[K") {
		t.Errorf("the line is not taken away at the end: %q", written[max(0, len(written)-80):])
	}
	return texts
}

// manyLines writes facts as JSON lines, about 13 MB of them.
func manyLines(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "many.jsonl")
	const tenant = "11111111-1111-4111-8111-111111111111"
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"tenant":{"id":%q,"name":"Contoso","domain":"contoso.example"}}`+"\n", tenant)
	for i := range 60_000 {
		fmt.Fprintf(&b, `{"principal":{"id":"22222222-2222-4222-8222-%012d","tenant":%q,"type":"User","name":"user %d","signIn":"user%d@contoso.example"}}`+"\n", i, tenant, i, i)
	}
	ok(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

func TestOnATerminalItIsToldHowFarReadingIs(t *testing.T) {
	file := manyLines(t)
	args := []string{"can", "user 7", "Microsoft.Compute/virtualMachines/restart/action", "directory of contoso", "--world", file, "--at", "2026-11-22"}
	var out bytes.Buffer
	var err terminal
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &err}, os.Getenv); code != 0 {
		t.Fatalf("exit %d: %s", code, err.String())
	}
	texts := statusTexts(t, err.String())
	if len(texts) < 3 || !strings.HasPrefix(texts[0], "reading many.jsonl: ") || !strings.HasSuffix(texts[0], ",000 lines") || texts[len(texts)-1] != "arranging the facts" {
		t.Errorf("the line said %q", texts)
	}
	if got := command(t, args...); got.code != 0 || got.err != "" || got.out != out.String() {
		t.Errorf("in a pipe: exit %d: %q, %s", got.code, got.err, got.out)
	}
}

func TestSmallWorldsAreReadWithoutAWord(t *testing.T) {
	var out bytes.Buffer
	var err terminal
	args := []string{"who", "Microsoft.Compute/virtualMachines/restart/action", "files", "--world", exampleWorld, "--at", "2026-11-22"}
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &err}, os.Getenv); code != 0 || err.Len() != 0 {
		t.Errorf("exit %d: %q", code, err.String())
	}
}

// sized is a file of a size that holds nothing.
type sized struct {
	device

	size int64
}

func (s sized) Size() int64                { return s.size }
func (s sized) Mode() fs.FileMode          { return 0o600 }
func (s sized) Stat() (fs.FileInfo, error) { return s, nil }
func (sized) Close() error                 { return nil }
func (sized) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// stream is a pipe of nothing.
type stream struct{ sized }

func (s stream) Stat() (fs.FileInfo, error) { return device{}, nil }

func TestSnapshotsAndStreamsAreToldInMegabytes(t *testing.T) {
	for _, test := range []struct {
		file  fs.File
		count bool
		want  []string
	}{
		{sized{size: 100 << 20}, false, []string{"reading a.lks: 8 % of 100 MB", "reading a.lks: 12 % of 100 MB", "reading a.lks: 16 % of 100 MB"}},
		{stream{}, false, []string{"reading a.lks: 8 MB", "reading a.lks: 12 MB", "reading a.lks: 16 MB"}},
		{stream{}, true, []string{"reading a.lks: 0 lines"}},
	} {
		var out terminal
		load := loading{line: statusLine(streams{err: &out})}
		m := load.meter(test.file, "/tmp/a.lks")
		m.count = test.count
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{io.LimitReader(m, 16<<20)}, make([]byte, 4<<20)); err != nil {
			t.Fatal(err)
		}
		load.line.clear()
		if got := statusTexts(t, out.String()); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("the line said %q, want %q", got, test.want)
		}
	}
}

func TestTextIsAsWideAsATerminal(t *testing.T) {
	var out, err terminal
	args := []string{"why", "erik", "Microsoft.Compute/virtualMachines/restart/action", "files", "--world", exampleWorld, "--at", "2026-11-22"}
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &err}, os.Getenv); code != 0 {
		t.Fatalf("exit %d: %s", code, err.String())
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 81 && !strings.HasPrefix(line, "   PowerShell ") && !strings.HasPrefix(line, "   az ") {
			t.Errorf("a line has %d characters: %s", len(line), line)
		}
	}
}
