package emulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// ErrAnswerLost is what a client of Transport gets instead of an answer that is
// to be lost, where over a socket its connection would be cut.
var ErrAnswerLost = errors.New("emulator: the connection was cut before an answer came")

// Transport reaches the server without a socket: requests to LoginHost, ARMHost
// and BrowserHost are answered by the handlers, on the goroutine of the caller.
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
		return nil, ErrAnswerLost
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.response(r), nil
}

func (t transport) handlerFor(r *http.Request) (http.Handler, error) {
	switch r.URL.Scheme + "://" + r.URL.Host {
	case "https://" + LoginHost:
		return t.server.login, nil
	case "https://" + ARMHost:
		return t.server.arm, nil
	case "http://" + BrowserHost:
		return t.server.browser, nil
	}
	return nil, fmt.Errorf("emulator: nothing is reached under %s://%s; there are https://%s, https://%s and http://%s", r.URL.Scheme, r.URL.Host, LoginHost, ARMHost, BrowserHost)
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

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
