// Package wire reads what clients send, in the cautious way that every API of
// the emulator needs: bodies of bounded size, paths that can't play tricks, and
// input that is shown in an error. What a refusal looks like is each API's own.
package wire

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// What can be wrong with a body or a path.
var (
	ErrNotGzip         = errors.New("the body says it is gzip and is not")
	ErrBody            = errors.New("the body is too large, or could not be read")
	ErrPathTooLong     = errors.New("the path is too long")
	ErrPath            = errors.New("the path is not a plain one")
	ErrTooManySegments = errors.New("the path has too many segments")
)

// Body reads a body that is no larger than limit, as sent and unpacked: some
// clients send gzip. The errors are ErrNotGzip and ErrBody.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, limit)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(from)
		if err != nil {
			return nil, ErrNotGzip
		}
		from = io.LimitReader(unpacked, limit+1)
	}
	body, err := io.ReadAll(from)
	if err != nil || int64(len(body)) > limit {
		return nil, ErrBody
	}
	return body, nil
}

// PathLimits are how long a path may be, in bytes and in segments.
type PathLimits struct{ Bytes, Segments int }

// Segments takes an escaped path apart. Empty segments are dropped, which
// collapses doubled slashes; a segment that hides a slash, a way up or a zero byte
// is ErrPath, and the other errors tell which limit was passed.
func Segments(escaped string, limits PathLimits) ([]string, error) {
	if len(escaped) > limits.Bytes {
		return nil, ErrPathTooLong
	}
	segments := make([]string, 0, 16)
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		plain, err := url.PathUnescape(s)
		if err != nil || strings.ContainsAny(plain, "/\\\x00") || plain == "." || plain == ".." {
			return nil, ErrPath
		}
		if len(segments) == limits.Segments {
			return nil, ErrTooManySegments
		}
		segments = append(segments, plain)
	}
	return segments, nil
}

// mostShown is how many bytes of a client's input an answer repeats.
const mostShown = 200

// Clip shortens what a client sent, to be shown in an answer. It cuts between
// characters.
func Clip(s string) string {
	if len(s) <= mostShown {
		return s
	}
	cut := mostShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// Stamp sets the headers that every answer of an API has. The date is the world's.
func Stamp(header http.Header, now time.Time) {
	header.Set("Date", now.Format(http.TimeFormat))
	header.Set("X-Content-Type-Options", "nosniff")
	Mark(header)
}

// Mark says that the answer is an emulator's.
func Mark(header http.Header) { header.Set("x-emulator", "latchkey") }

// JSON answers with a body of JSON.
func JSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// A client that hangs up while being answered is its own problem.
	_ = json.NewEncoder(w).Encode(body)
}
