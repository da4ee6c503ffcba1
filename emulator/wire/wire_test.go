package wire_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"latchkey/emulator/wire"
)

func packed(t *testing.T, plain string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABodyIsReadUnpackedAndBounded(t *testing.T) {
	for _, c := range []struct {
		name, sent, encoding, want string
		err                        error
	}{
		{name: "plain", sent: "0123456789", want: "0123456789"},
		{name: "none", sent: "", want: ""},
		{name: "one too many", sent: "0123456789x", err: wire.ErrBody},
		{name: "gzip", sent: packed(t, "0123"), encoding: "GZIP", err: wire.ErrBody}, // packed it is longer than ten bytes
		{name: "not gzip", sent: "0123456789", encoding: "gzip", err: wire.ErrNotGzip},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.sent))
		r.Header.Set("Content-Encoding", c.encoding)
		got, err := wire.Body(httptest.NewRecorder(), r, 10)
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestABombOfGzipIsStoppedAtTheLimit(t *testing.T) {
	for _, size := range []int{4096, 4097, 1 << 20} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(packed(t, strings.Repeat("x", size))))
		r.Header.Set("Content-Encoding", "gzip")
		got, err := wire.Body(httptest.NewRecorder(), r, 4096)
		if fits := size <= 4096; fits != (err == nil) || fits != (len(got) == size) {
			t.Errorf("%d bytes: %d were read, %v", size, len(got), err)
		}
	}
}

func TestAPathIsTakenApart(t *testing.T) {
	limits := wire.PathLimits{Bytes: 40, Segments: 3}
	for path, want := range map[string][]string{
		"":                {},
		"//a///b%20c/":    {"a", "b c"},
		"/a/b/c":          {"a", "b", "c"},
		"/Grüße%2Bx/%3Fy": {"Grüße+x", "?y"},
	} {
		if got, err := wire.Segments(path, limits); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]error{
		"/a/b/c/d":                    wire.ErrTooManySegments,
		"/a%2fb":                      wire.ErrPath,
		"/a%5cb":                      wire.ErrPath,
		"/a/../b":                     wire.ErrPath,
		"/%2e":                        wire.ErrPath,
		"/a%00":                       wire.ErrPath,
		"/%zz":                        wire.ErrPath,
		"/" + strings.Repeat("a", 40): wire.ErrPathTooLong,
	} {
		if got, err := wire.Segments(path, limits); !errors.Is(err, want) {
			t.Errorf("%q: %q, %v; want %v", path, got, err, want)
		}
	}
}

func TestInputIsShownShortAndWhole(t *testing.T) {
	if got := wire.Clip("short"); got != "short" {
		t.Errorf("%q", got)
	}
	if got := wire.Clip(strings.Repeat("a", 201)); got != strings.Repeat("a", 200)+"..." {
		t.Errorf("%q", got)
	}
	if got := wire.Clip("a" + strings.Repeat("ü", 200)); !utf8.ValidString(got) || len(got) != 199+3 {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func TestAnswersBearTheWorldsDateAndTheEmulatorsName(t *testing.T) {
	header := http.Header{}
	wire.Stamp(header, time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC))
	if header.Get("Date") != "Mon, 03 Feb 2031 04:05:06 GMT" || header.Get("x-emulator") != "latchkey" {
		t.Errorf("%v", header)
	}
}
