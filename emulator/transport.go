package emulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"latchkey/emulator/fault"
	"latchkey/emulator/origin"
)

// ErrAnswerLost is what a client of Transport gets instead of an answer that is
// to be lost, where over a socket its connection would be cut.
var ErrAnswerLost = errors.New("emulator: the connection was cut before an answer came")

// Transport reaches the server without a socket: requests to the origins' own
// hosts (LoginHost and so on) and to the names of Microsoft's that stand for them
// are answered by the handlers, on the goroutine of the caller.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip answers the request, or fails where a connection would.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	handler, err := t.handlerFor(r)
	if err != nil {
		return nil, err
	}
	inside := r.Clone(r.Context())
	inside.RequestURI = r.URL.RequestURI()
	inside.RemoteAddr = "127.0.0.1:0"
	if inside.Host == "" {
		inside.Host = r.URL.Host
	}
	if inside.Body == nil {
		inside.Body = http.NoBody
	}
	if r.URL.Scheme == "https" {
		inside.TLS = &tls.ConnectionState{}
	}
	w := newRecorder()
	if serveUnlessCut(handler, w, inside) {
		if w.status == 0 {
			return nil, ErrAnswerLost
		}
		return w.truncated(r), nil
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.response(r), nil
}

func (t transport) handlerFor(r *http.Request) (http.Handler, error) {
	for _, at := range origin.All() {
		if r.URL.Scheme+"://"+r.URL.Host == at.Address() {
			return t.server.served[at], nil
		}
	}
	if at, ok := origin.Of(r.URL.Host); ok && r.URL.Scheme == "https" {
		return t.server.served[at], nil
	}
	known := make([]string, 0, len(origin.All()))
	for _, at := range origin.All() {
		known = append(known, at.Address())
	}
	return nil, fmt.Errorf("emulator: nothing is reached under %s://%s; there are %s, and https with one of %s", r.URL.Scheme, r.URL.Host, strings.Join(known, ", "), strings.Join(origin.Names(), ", "))
}

// serveUnlessCut runs the handler and says whether it cut the connection.
func serveUnlessCut(handler http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	defer func() {
		switch what := recover(); what {
		case nil:
		case http.ErrAbortHandler:
			cut = true
		default:
			panic(what)
		}
	}()
	handler.ServeHTTP(w, r)
	return false
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: make(http.Header)} }

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// answer is what was written so far.
func (w *recorder) answer() fault.Answer {
	return fault.Answer{Status: w.status, Header: w.sent, Body: w.body.Bytes()}
}

// truncated is an answer whose body ends before its time.
func (w *recorder) truncated(r *http.Request) *http.Response {
	got := w.response(r)
	got.Body = io.NopCloser(io.MultiReader(&w.body, failing{io.ErrUnexpectedEOF}))
	got.ContentLength = -1
	return got
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
