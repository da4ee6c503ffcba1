package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/csp"
)

// Expectation is the one request a call may lead to.
type Expectation struct {
	Method string
	// Path is the path as it goes over the wire, built from typed parts.
	Path string
	// Query has every parameter with its decoded value. A list's later pages add
	// $skipToken, which is not named here.
	Query map[string]string
}

type expectationKey struct{}

// Expect announces the request that the call made with the returned context is
// to send. A call without an announcement sends nothing.
func Expect(ctx context.Context, e Expectation) context.Context {
	return context.WithValue(ctx, expectationKey{}, e)
}

// Refusal says that a request was stopped before it left. It is always a defect
// or an attack, never the provider's answer.
type Refusal struct{ Why string } //nolint:errname // what it is, before that it is an error

// Error is why, without the request's text: that could be an attacker's.
func (r *Refusal) Error() string { return "request stopped before it left: " + r.Why }

// maxAnswer is the most of an answer that is read, in bytes. A page of role
// assignments is a tenth of it.
const maxAnswer = 8 << 20

// guard is the last thing a request to Resource Manager passes before it leaves.
type guard struct {
	cloud         *Cloud
	tenant        csp.TenantID
	subscriptions map[csp.SubscriptionID]bool
}

// Do sends the request if it is the announced one and within the tenant.
func (g *guard) Do(r *http.Request) (*http.Response, error) {
	if err := g.check(r); err != nil {
		return nil, err
	}
	return g.cloud.send(r)
}

func (g *guard) check(r *http.Request) error {
	expected, ok := r.Context().Value(expectationKey{}).(Expectation)
	if !ok {
		return &Refusal{"nothing announced it"}
	}
	switch u := r.URL; {
	case u.Scheme != "https" || u.Host != g.cloud.arm.Host || r.Host != "" && r.Host != u.Host:
		return &Refusal{"it goes to another host than the cloud's resource manager"}
	case u.User != nil || u.Fragment != "" || u.Opaque != "":
		return &Refusal{"its address has parts that none of ours has"}
	case r.Method != expected.Method:
		return &Refusal{"its method is not the announced one"}
	case u.EscapedPath() != expected.Path:
		return &Refusal{"its path is not the announced one"}
	}
	if err := g.checkPath(expected.Path); err != nil {
		return err
	}
	return checkQuery(r.URL.RawQuery, expected.Query)
}

// checkPath reads the path anew, apart from what was announced: no step up, no
// empty step, and a subscription of this tenant if there is one.
func (g *guard) checkPath(path string) error {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, s := range segments {
		if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "%?#\\") {
			return &Refusal{"its path holds a step no scope has"}
		}
	}
	if !strings.EqualFold(segments[0], "subscriptions") {
		return nil // above subscriptions the token's tenant is all there is
	}
	if len(segments) < 2 {
		return &Refusal{"its path names no subscription"}
	}
	id, err := csp.ParseID[csp.Subscription](segments[1])
	if err != nil || !g.subscriptions[id] {
		return &Refusal{fmt.Sprintf("its subscription is none of tenant %s", g.tenant)}
	}
	return nil
}

func checkQuery(raw string, expected map[string]string) error {
	// ParseQuery takes no semicolons and no broken escapes.
	values, err := url.ParseQuery(raw)
	if err != nil {
		return &Refusal{"its query cannot be read"}
	}
	for key, got := range values {
		want, ok := expected[key]
		switch {
		case strings.EqualFold(key, "$skipToken") && len(got) == 1:
		case !ok || len(got) != 1 || got[0] != want:
			return &Refusal{"its query is not the announced one"}
		}
	}
	for _, key := range slices.Collect(maps.Keys(expected)) {
		if !values.Has(key) {
			return &Refusal{"its query lacks what was announced"}
		}
	}
	return nil
}

// signInGuard is the same for requests to the authority: only this tenant's
// endpoints, and the public cloud's directory of authorities.
type signInGuard struct {
	cloud  *Cloud
	tenant csp.TenantID
}

// Do sends the request if it goes to the tenant's own sign-in endpoints.
func (g *signInGuard) Do(r *http.Request) (*http.Response, error) {
	u := r.URL
	ours := u.Host == g.cloud.authority.Host && strings.HasPrefix(strings.ToLower(u.EscapedPath()), "/"+g.tenant.String()+"/")
	directory := !g.cloud.custom && u.Host == g.cloud.authority.Host && u.Path == "/common/discovery/instance"
	if u.Scheme != "https" || !ours && !directory || strings.Contains(u.EscapedPath(), "..") {
		return nil, &Refusal{"a sign-in request goes elsewhere than to its tenant"}
	}
	return g.cloud.send(r)
}

// send carries the request and caps the answer.
func (c *Cloud) send(r *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &capped{body: resp.Body, left: maxAnswer}
	return resp, nil
}

// errTooLarge is met by whoever reads an answer to its end.
var errTooLarge = errors.New("the answer is larger than any of this kind")

// capped is a body that breaks off, loudly, after so many bytes: an answer cut
// short in silence could be mistaken for a whole one.
type capped struct {
	body io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		var one [1]byte
		if n, err := c.body.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errTooLarge
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.body.Read(p)
	c.left -= int64(n)
	return n, err
}

func (c *capped) Close() error { return c.body.Close() }
