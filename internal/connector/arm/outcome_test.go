package arm_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// TestOutcomes is the table of what an answer means, by method, status and code
// (section "three-valued answers" of the design of outcomes in outcome.go).
func TestOutcomes(t *testing.T) {
	put, del := http.MethodPut, http.MethodDelete
	type want struct {
		result jit.Result
		retry  bool
	}
	notDone, again, unknown := want{jit.NotDone, false}, want{jit.NotDone, true}, want{jit.UnknownResult, false}
	for _, c := range []struct {
		method string
		status int
		code   string
		want   want
	}{
		{put, 200, "", want{jit.Done, false}},
		{put, 201, "", want{jit.Done, false}},
		{put, 202, "", unknown},
		{put, 204, "", unknown},
		{put, 301, "Moved", unknown},
		{put, 307, "Moved", unknown},
		{put, 400, "BadRequest", notDone},
		{put, 400, "PrincipalNotFound", again},
		{put, 400, "UnmatchedPrincipalType", notDone},
		{put, 400, "PrincipalTypeNotSupported", notDone},
		{put, 400, "RoleDefinitionDoesNotExist", notDone},
		{put, 400, "RoleAssignmentLimitExceeded", notDone},
		{put, 400, "RoleAssignmentUpdateNotPermitted", notDone},
		{put, 401, "InvalidAuthenticationToken", again},
		{put, 401, "InvalidAuthenticationTokenTenant", again},
		{put, 403, "AuthorizationFailed", notDone},
		{put, 403, "RequestDisallowedByPolicy", notDone},
		{put, 403, "DenyAssignmentAuthorizationFailed", notDone},
		{put, 404, "SubscriptionNotFound", notDone},
		{put, 404, "ResourceGroupNotFound", notDone},
		{put, 408, "RequestTimeout", unknown},
		{put, 409, "RoleAssignmentExists", want{jit.Preexisting, false}},
		{put, 409, "RoleAssignmentUpdateNotPermitted", notDone},
		{put, 409, "ScopeLocked", notDone},
		{put, 409, "Conflict", again},
		{put, 412, "PreconditionFailed", again},
		{put, 418, "", notDone},
		{put, 429, "SubscriptionRequestsThrottled", again},
		{put, 500, "InternalServerError", unknown},
		{put, 502, "", unknown},
		{put, 503, "ServiceUnavailable", unknown},
		{put, 504, "GatewayTimeout", unknown},

		{del, 200, "", want{jit.Done, false}},
		{del, 202, "", unknown},
		{del, 204, "", want{jit.Done, false}},
		{del, 307, "Moved", unknown},
		{del, 400, "BadRequest", again},
		{del, 401, "ExpiredAuthenticationToken", again},
		{del, 403, "AuthorizationFailed", again},
		{del, 403, "DenyAssignmentAuthorizationFailed", again},
		{del, 404, "RoleAssignmentNotFound", want{jit.Done, false}},
		{del, 404, "ResourceGroupNotFound", want{jit.Done, false}},
		{del, 404, "ResourceNotFound", want{jit.Done, false}},
		{del, 404, "SubscriptionNotFound", again},
		{del, 404, "TenantNotFound", again},
		{del, 404, "", again},
		{del, 408, "RequestTimeout", unknown},
		{del, 409, "ScopeLocked", again},
		{del, 412, "BadRequest", again},
		{del, 429, "TooManyRequests", again},
		{del, 500, "InternalServerError", unknown},
		{del, 503, "ServiceUnavailable", unknown},
	} {
		t.Run(fmt.Sprintf("%s %d %s", c.method, c.status, c.code), func(t *testing.T) {
			w, o := newFakeWorld(t), order(newFakeWorld(t).Target(), time.Now())
			if c.method == del {
				w.Put(ours(o)) // else nothing would be sent
			}
			w.cloud.refusal = func(r *http.Request) *http.Response {
				if r.Method != c.method {
					return nil
				}
				if c.status < 300 {
					return answer(r, c.status, map[string]any{"name": o.Name.String()})
				}
				return problem(r, c.status, c.code)
			}
			out := change(t, w, c.method, o)
			if got := (want{out.Result, out.Retry}); got != c.want {
				t.Errorf("got %+v, want %+v (%v)", got, c.want, out.Err)
			}
			if out.Result != jit.Done && fault.PublicOf(out.Err) == "" {
				t.Errorf("no sentence for people in %v", out.Err)
			}
		})
	}
}

// TestExistsAlready: what "exists already" was about is found out by looking.
func TestExistsAlready(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*csp.RoleAssignment)
		want      jit.Result
	}{
		"our own, made by a request thought lost": {func(*csp.RoleAssignment) {}, jit.Done},
		"somebody else's under our name":          {func(a *csp.RoleAssignment) { a.Principal = colleague }, jit.NotDone},
		"somebody else's under another name": {func(a *csp.RoleAssignment) {
			a.Name = csp.MustParseID[csp.RoleAssignment]("22222222-2222-4222-8222-222222222222")
		}, jit.Preexisting},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFakeWorld(t)
			o := order(w.Target(), w.Now())
			w.cloud.refusal = func(r *http.Request) *http.Response {
				if r.Method != http.MethodPut {
					return nil
				}
				appeared := ours(o)
				c.meanwhile(&appeared)
				w.Put(appeared)
				return problem(r, http.StatusConflict, "RoleAssignmentExists")
			}
			if out := w.connector.Grant(t.Context(), o); out.Result != c.want {
				t.Errorf("Grant = %d, %v; want %d", out.Result, out.Err, c.want)
			}
		})
	}
	t.Run("unknown while nobody can look", func(t *testing.T) {
		w := newFakeWorld(t)
		asked := false
		w.cloud.refusal = func(r *http.Request) *http.Response {
			if r.Method == http.MethodPut {
				asked = true
				return problem(r, http.StatusConflict, "RoleAssignmentExists")
			}
			if asked {
				return problem(r, http.StatusServiceUnavailable, "ServiceUnavailable")
			}
			return nil
		}
		if out := w.connector.Grant(t.Context(), order(w.Target(), w.Now())); out.Result != jit.UnknownResult || out.Err == nil {
			t.Errorf("Grant = %d, %v", out.Result, out.Err)
		}
	})
}

// TestNoGrantOutlivesItsLastMoment: a provider that dawdles is left when the
// order's last moment comes, whichever request it dawdles over.
func TestNoGrantOutlivesItsLastMoment(t *testing.T) {
	for method, want := range map[string]jit.Result{http.MethodGet: jit.NotDone, http.MethodPut: jit.UnknownResult} {
		t.Run(method, func(t *testing.T) {
			w := newFakeWorld(t)
			w.faults.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == armHost && r.Method == method {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return w.cloud.RoundTrip(r)
			})
			o := order(w.Target(), w.Now())
			o.StartBefore = w.Now().Add(200 * time.Millisecond)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			out := w.connector.Grant(ctx, o)
			if out.Result != want || ctx.Err() != nil {
				t.Errorf("Grant = %d, %v, caller's patience: %v", out.Result, out.Err, ctx.Err())
			}
			for _, sent := range w.faults.Sent() {
				if method == http.MethodGet && sent.Method == http.MethodPut {
					t.Error("a PUT was sent after the last moment")
				}
			}
		})
	}
}

// change sends a grant or a removal.
func change(t *testing.T, w *fakeWorld, method string, o jit.Order) jit.Outcome {
	t.Helper()
	if method == http.MethodPut {
		return w.connector.Grant(t.Context(), o)
	}
	return w.connector.Revoke(t.Context(), o)
}

// ours is the assignment that the order asks for.
func ours(o jit.Order) csp.RoleAssignment {
	return csp.RoleAssignment{
		Name: o.Name, Scope: o.Target.Scope, Role: o.Target.Role, Principal: o.Target.Principal,
		PrincipalType: o.Target.PrincipalType, Description: o.Marker.String(),
	}
}

// breaking fails requests of one method without an answer.
type breaking struct {
	base   http.RoundTripper
	method string
	err    error
}

func (b *breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == b.method {
		return nil, b.err
	}
	return b.base.RoundTrip(r)
}

func TestErrorsWithoutAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		result jit.Result
	}{
		"refused connection":        {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, jit.NotDone},
		"unknown host":              {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}, jit.NotDone},
		"a certificate of nobody's": {&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, jit.NotDone},
		"reset":                     {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, jit.UnknownResult},
		"broken pipe":               {&net.OpError{Op: "write", Err: syscall.EPIPE}, jit.UnknownResult},
		"end of file":               {io.EOF, jit.UnknownResult},
		"half an answer":            {io.ErrUnexpectedEOF, jit.UnknownResult},
		"something else":            {errors.New("the transport is in a mood"), jit.UnknownResult},
	} {
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			t.Run(method+" "+name, func(t *testing.T) {
				w := newFakeWorld(t)
				o := order(w.Target(), w.Now())
				if method == http.MethodDelete {
					w.Put(ours(o))
				}
				w.faults.Base = &breaking{base: w.cloud, method: method, err: c.err}
				out := change(t, w, method, o)
				if out.Result != c.result || out.Err == nil || fault.PublicOf(out.Err) == "" {
					t.Errorf("got %d, %v; want %d", out.Result, out.Err, c.result)
				}
				if out.Result == jit.NotDone && !out.Retry {
					t.Error("what was never sent is worth trying again")
				}
			})
		}
	}
}

func TestNoToken(t *testing.T) {
	w := newFakeWorld(t)
	w.faults.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == authorityHost && r.Method == http.MethodPost {
			return answer(r, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000222: expired"}), nil
		}
		return w.cloud.RoundTrip(r)
	})
	o := order(w.Target(), w.Now())
	if out := w.connector.Grant(t.Context(), o); out.Result != jit.NotDone || !out.Retry || fault.PublicOf(out.Err) == "" {
		t.Errorf("Grant = %d, retry %t, %v", out.Result, out.Retry, out.Err)
	}
	if out := w.connector.Revoke(t.Context(), o); out.Result != jit.NotDone || !out.Retry {
		t.Errorf("Revoke = %d, retry %t, %v", out.Result, out.Retry, out.Err)
	}
	if seen, err := w.connector.Observe(t.Context(), o); seen != jit.Unseen || strings.Contains(err.Error(), "demo-secret") {
		t.Errorf("Observe = %d, %v", seen, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAbsence: what an answer to a look at the object proves.
func TestAbsence(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   jit.Sighting
	}{
		{404, "RoleAssignmentNotFound", jit.SeenAbsent},
		{404, "ResourceGroupNotFound", jit.SeenAbsent},
		{404, "ResourceNotFound", jit.SeenAbsent},
		{404, "ParentResourceNotFound", jit.SeenAbsent},
		{404, "SubscriptionNotFound", jit.Unseen},
		{404, "InvalidResourceType", jit.Unseen},
		{404, "", jit.Unseen},
		{403, "AuthorizationFailed", jit.Unseen},
		{410, "RoleAssignmentNotFound", jit.Unseen},
		{401, "InvalidAuthenticationTokenTenant", jit.Unseen},
		{429, "TooManyRequests", jit.Unseen},
		{500, "RoleAssignmentNotFound", jit.Unseen},
		{302, "", jit.Unseen},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.code), func(t *testing.T) {
			w := newFakeWorld(t)
			w.cloud.refusal = func(r *http.Request) *http.Response { return problem(r, c.status, c.code) }
			seen, err := w.connector.Observe(t.Context(), order(w.Target(), w.Now()))
			if seen != c.want || (err != nil) != (c.want == jit.Unseen) {
				t.Errorf("Observe = %d, %v; want %d", seen, err, c.want)
			}
			if err != nil && fault.PublicOf(err) == "" {
				t.Errorf("no sentence for people in %v", err)
			}
		})
	}
}

// TestOddAnswers: an answer that is no answer to what was asked proves nothing.
func TestOddAnswers(t *testing.T) {
	w := newFakeWorld(t)
	o := order(w.Target(), w.Now())
	other := ours(o)
	other.Name = order(w.Target(), w.Now()).Name
	good := map[string]any{
		"scope": shop.String(), "principalId": engineer.String(), "principalType": "User", "description": o.Marker.String(),
		"roleDefinitionId": csp.RoleDefinitionRefAt(shop, role.ID).String(),
	}
	for name, body := range map[string]any{
		"nothing in it":         map[string]any{},
		"no properties":         map[string]any{"name": o.Name.String()},
		"no name":               map[string]any{"properties": good},
		"another object's name": map[string]any{"name": other.Name.String(), "properties": good},
		"a list":                []any{},
		"a number":              7,
		"no scope":              map[string]any{"name": o.Name.String(), "properties": without(good, "scope")},
		"no principal":          map[string]any{"name": o.Name.String(), "properties": without(good, "principalId")},
		"no role":               map[string]any{"name": o.Name.String(), "properties": without(good, "roleDefinitionId")},
	} {
		t.Run(name, func(t *testing.T) {
			w.cloud.refusal = func(r *http.Request) *http.Response { return answer(r, http.StatusOK, body) }
			if seen, err := w.connector.Observe(t.Context(), o); seen != jit.Unseen || err == nil {
				t.Errorf("Observe = %d, %v", seen, err)
			}
			if out := w.connector.Revoke(t.Context(), o); out.Result != jit.NotDone || !out.Retry {
				t.Errorf("Revoke = %d, retry %t, %v", out.Result, out.Retry, out.Err)
			}
		})
	}
	t.Run("the object itself is ours", func(t *testing.T) {
		w.cloud.refusal = func(r *http.Request) *http.Response {
			return answer(r, http.StatusOK, map[string]any{"name": strings.ToUpper(o.Name.String()), "properties": good})
		}
		if seen, err := w.connector.Observe(t.Context(), o); seen != jit.SeenOurs || err != nil {
			t.Errorf("Observe = %d, %v", seen, err)
		}
	})
}

func without(m map[string]any, key string) map[string]any {
	rest := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			rest[k] = v
		}
	}
	return rest
}

func TestRetryAfterIsBounded(t *testing.T) {
	date := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header http.Header
		want   time.Duration
	}{
		{http.Header{}, 0},
		{http.Header{"Retry-After": {"17"}}, 17 * time.Second},
		{http.Header{"Retry-After-Ms": {"1500"}}, 1500 * time.Millisecond},
		{http.Header{"X-Ms-Retry-After-Ms": {"20"}}, 20 * time.Millisecond},
		{http.Header{"Retry-After": {"-5"}}, 0},
		{http.Header{"Retry-After": {"99999999"}}, 10 * time.Minute},
		{http.Header{"Retry-After": {"999999999999999999999"}}, 0},
		{http.Header{"Retry-After": {"soon"}}, 0},
		{http.Header{"Retry-After": {date.Add(time.Minute).Format(http.TimeFormat)}, "Date": {date.Format(http.TimeFormat)}}, time.Minute},
		{http.Header{"Retry-After": {date.Add(-time.Minute).Format(http.TimeFormat)}, "Date": {date.Format(http.TimeFormat)}}, 0},
		{http.Header{"Retry-After": {date.AddDate(10, 0, 0).Format(http.TimeFormat)}, "Date": {date.Format(http.TimeFormat)}}, 10 * time.Minute},
	} {
		w := newFakeWorld(t)
		w.cloud.refusal = func(r *http.Request) *http.Response {
			if r.Method != http.MethodPut {
				return nil
			}
			resp := problem(r, http.StatusTooManyRequests, "TooManyRequests")
			maps.Copy(resp.Header, c.header)
			return resp
		}
		if out := w.connector.Grant(t.Context(), order(w.Target(), w.Now())); out.After != c.want {
			t.Errorf("%v: after %s, want %s", c.header, out.After, c.want)
		}
	}
}

func TestLastAdministrator(t *testing.T) {
	w := newFakeWorld(t)
	o := order(w.Target(), w.Now())
	w.Put(ours(o))
	w.cloud.refusal = func(r *http.Request) *http.Response {
		if r.Method != http.MethodDelete {
			return nil
		}
		return answer(r, http.StatusBadRequest, map[string]any{"error": map[string]string{"code": "BadRequest", "message": "Cannot delete the last RBAC admin assignment."}})
	}
	out := w.connector.Revoke(t.Context(), o)
	if out.Result != jit.NotDone || !out.Retry || !strings.Contains(fault.PublicOf(out.Err), "last one who may assign roles") {
		t.Errorf("Revoke = %d, retry %t, %v", out.Result, out.Retry, out.Err)
	}
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	w := newFakeWorld(t)
	o := order(w.Target(), w.Now())
	if out := w.connector.Grant(t.Context(), o); out.Result != jit.Done {
		t.Fatal(out.Err)
	}
	w.cloud.revokeTokens()
	if out := w.connector.Revoke(t.Context(), o); out.Result != jit.Done {
		t.Errorf("Revoke with a token from before = %d, %v", out.Result, out.Err)
	}
	w.cloud.refusal = func(r *http.Request) *http.Response {
		return problem(r, http.StatusUnauthorized, "InvalidAuthenticationToken")
	}
	before := len(w.faults.Sent())
	if seen, err := w.connector.Observe(t.Context(), o); seen != jit.Unseen || err == nil {
		t.Errorf("Observe = %d, %v", seen, err)
	}
	asked := 0
	for _, sent := range w.faults.Sent()[before:] {
		if sent.Host == armHost {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times with tokens that are never taken, want 2", asked)
	}
}

func TestPagesAreReadToTheEnd(t *testing.T) {
	w := newFakeWorld(t)
	w.cloud.pages = 3
	for range 7 {
		a := ours(order(w.Target(), w.Now()))
		a.Principal = colleague
		a.Scope = w.Elsewhere().Below
		w.Put(a)
	}
	found, err := w.connector.Marked(t.Context(), jit.Place{Tenant: tenantID, Scope: shop})
	if err != nil || len(found) != 7 {
		t.Errorf("found %d of 7 over several pages, %v", len(found), err)
	}
	for _, name := range []string{"a", "b", "c"} {
		w.Lock(shop, name)
	}
	w.Lock(w.Elsewhere().Beside, "z")
	preflight, err := w.connector.Preflight(t.Context(), w.Target())
	if err != nil || len(preflight.Locks) != 3 {
		t.Errorf("locks %q, %v", preflight.Locks, err)
	}
	if preflight.Role.Permissions[0].Condition == "" {
		t.Error("the role's condition was lost")
	}
}
