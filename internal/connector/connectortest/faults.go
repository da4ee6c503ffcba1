package connectortest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Trouble is a way for an exchange to go wrong.
type Trouble string

// The troubles.
const (
	ThrottledSeconds Trouble = "throttled, to wait 7 seconds"
	ThrottledDate    Trouble = "throttled, to wait until a date 7 seconds ahead"
	Broken           Trouble = "answered 500 without an effect"
	Unavailable      Trouble = "answered 503 without an effect"
	BrokenAfter      Trouble = "answered 500 after the effect"
	LostRequest      Trouble = "the request was lost"
	LostAnswer       Trouble = "the answer was lost after the effect"
	CutAnswer        Trouble = "the answer was cut short after the effect"
	Redirected       Trouble = "redirected to another host"
	Unreachable      Trouble = "no connection"
)

// Wait is how long the throttling troubles ask to wait.
const Wait = 7 * time.Second

// Faults carries requests to Base and lets some of them go wrong.
type Faults struct {
	Base http.RoundTripper

	mu    sync.Mutex
	rules []*rule
	sent  []Sent
}

type rule struct {
	trouble Trouble
	method  string // empty for all
	left    int    // negative for ever
}

// Sent is a request that was let through or broken.
type Sent struct{ Method, Host, Path, Query string }

// Break lets the next `times` matching requests go wrong; an empty method
// matches all, negative times means until Mend.
func (f *Faults) Break(trouble Trouble, method string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, &rule{trouble: trouble, method: method, left: times})
}

// Mend ends all faults.
func (f *Faults) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// Sent lists the requests made so far.
func (f *Faults) Sent() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Sent(nil), f.sent...)
}

// next is the trouble for a request, or empty. Requests for sign-in are spared
// unless there is no connection at all.
func (f *Faults) next(r *http.Request) Trouble {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, Sent{Method: r.Method, Host: r.URL.Host, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery})
	signIn := strings.Contains(r.URL.Path, "/oauth2/") || strings.Contains(r.URL.Path, "/.well-known/")
	for _, u := range f.rules {
		if u.left == 0 || u.method != "" && u.method != r.Method || signIn && u.trouble != Unreachable {
			continue
		}
		u.left--
		return u.trouble
	}
	return ""
}

// errReset is what the other side's hanging up looks like.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// RoundTrip carries the request, or lets it go wrong.
func (f *Faults) RoundTrip(r *http.Request) (*http.Response, error) {
	switch trouble := f.next(r); trouble {
	case "":
		return f.Base.RoundTrip(r)
	case Unreachable:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case LostRequest:
		return nil, errReset
	case LostAnswer, CutAnswer, BrokenAfter:
		return f.after(r, trouble)
	default:
		return reply(r, trouble), nil
	}
}

// after lets the request have its effect and spoils the answer.
func (f *Faults) after(r *http.Request, trouble Trouble) (*http.Response, error) {
	resp, err := f.Base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	switch trouble {
	case LostAnswer:
		return nil, errReset
	case BrokenAfter:
		return reply(r, Broken), nil
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body[:len(body)/2])))
	resp.ContentLength = -1
	return resp, nil
}

func reply(r *http.Request, trouble Trouble) *http.Response {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) // the provider's clock need not be ours
	header := http.Header{"Date": {now.Format(http.TimeFormat)}, "Content-Type": {"application/json"}}
	status, code := http.StatusTooManyRequests, "TooManyRequests"
	switch trouble {
	case ThrottledSeconds:
		header.Set("Retry-After", "7")
	case ThrottledDate:
		header.Set("Retry-After", now.Add(Wait).Format(http.TimeFormat))
	case Broken:
		status, code = http.StatusInternalServerError, "InternalServerError"
	case Unavailable:
		status, code = http.StatusServiceUnavailable, "ServiceUnavailable"
	case Redirected:
		status, code = http.StatusTemporaryRedirect, "Moved"
		header.Set("Location", "https://evil.example"+r.URL.Path)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: r,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"error":{"code":%q,"message":"made by a test"}}`, code))),
	}
}
