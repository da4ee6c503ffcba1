package arm

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"latchkey/internal/cloud"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Azure's words, where they matter more than the status.
const (
	codeExists          = "RoleAssignmentExists"
	codeUpdateForbidden = "RoleAssignmentUpdateNotPermitted"
	codeNoPrincipal     = "PrincipalNotFound"
	codeOtherType       = "UnmatchedPrincipalType"
	codeNoRole          = "RoleDefinitionDoesNotExist"
	codeTooMany         = "RoleAssignmentLimitExceeded"
	codeScopeLocked     = "ScopeLocked"
	codeForbidden       = "AuthorizationFailed"
	codePolicy          = "RequestDisallowedByPolicy"
	codeDenied          = "DenyAssignmentAuthorizationFailed"
	codeNoSubscription  = "SubscriptionNotFound"
)

// absentCodes are the answers that say that an assignment is not there: it is
// missing itself, or what it was on is gone and took it along. Any other 404,
// above all that of a subscription that cannot be seen, says nothing of the kind.
var absentCodes = []string{"RoleAssignmentNotFound", "ResourceGroupNotFound", "ResourceNotFound", "ParentResourceNotFound"}

// answer is what came back for a request, as far as it is an answer at all.
type answer struct {
	status int    // 0 for none
	code   string // error.code of the body
	body   string
	header http.Header
}

func answerOf(err error) answer {
	refused, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return answer{}
	}
	a := answer{status: refused.StatusCode, code: refused.ErrorCode}
	if refused.RawResponse != nil {
		a.header = refused.RawResponse.Header
		if body, err := runtime.Payload(refused.RawResponse); err == nil {
			a.body = string(body)
		}
	}
	return a
}

func (a answer) meansAbsent() bool {
	if a.status != http.StatusNotFound {
		return false
	}
	for _, code := range absentCodes {
		if strings.EqualFold(a.code, code) {
			return true
		}
	}
	return false
}

// lastAdmin says whether Azure refused to leave a subscription without anybody
// who may assign roles. The refusal has no code of its own.
func (a answer) lastAdmin() bool { return strings.Contains(a.body, "last RBAC admin") }

// outcome classes what came of a PUT or a DELETE by method, status, code and
// kind of error. A nil err is a 200, 201 or 204. Preexisting stands for "exists
// already", which the caller has still to look into.
func (c *Connector) outcome(op, method string, err error) jit.Outcome {
	if err == nil {
		return jit.Outcome{Result: jit.Done}
	}
	a := answerOf(err)
	out := jit.Outcome{Err: faultOf(op, method, err), After: retryAfter(a.header, c.clock.Now())}
	switch {
	case a.status == 0:
		out.Result, out.Retry = withoutAnswer(err)
	case method == http.MethodDelete && a.meansAbsent():
		return jit.Outcome{Result: jit.Done}
	case method == http.MethodPut && a.code == codeExists:
		out.Result = jit.Preexisting
	case a.status == http.StatusTooManyRequests, a.status == http.StatusUnauthorized, a.code == codeNoPrincipal:
		out.Result, out.Retry = jit.NotDone, true
	case a.status == http.StatusRequestTimeout || a.status < 400 || a.status >= 500:
		out.Result = jit.UnknownResult
	case a.status == http.StatusConflict || a.status == http.StatusPreconditionFailed:
		out.Result, out.Retry = jit.NotDone, a.code != codeUpdateForbidden && a.code != codeScopeLocked
	default:
		out.Result = jit.NotDone
	}
	if method == http.MethodDelete && out.Result == jit.NotDone {
		out.Retry = true // a removal is always worth trying again
	}
	return out
}

// withoutAnswer classes an error that is no answer. Only what certainly never
// left counts as not done.
func withoutAnswer(err error) (result jit.Result, retry bool) {
	if _, ok := errors.AsType[*cloud.Refusal](err); ok {
		return jit.NotDone, false
	}
	if _, ok := errors.AsType[*cloud.TokenError](err); ok {
		return jit.NotDone, true
	}
	if neverConnected(err) {
		return jit.NotDone, true
	}
	return jit.UnknownResult, false
}

// neverConnected says whether there was no connection to send anything over.
func neverConnected(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return true
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// notSent is the outcome of a change that was given up because looking at the
// object failed: nothing was sent, and it may be tried again where that helps.
func notSent(err error, now time.Time) jit.Outcome {
	a := answerOf(err)
	helps := a.status == 0 || a.status >= 500 || a.status == http.StatusTooManyRequests ||
		a.status == http.StatusUnauthorized || a.status == http.StatusRequestTimeout
	_, stopped := errors.AsType[*cloud.Refusal](err)
	return jit.Outcome{Result: jit.NotDone, Retry: helps && !stopped, Err: err, After: retryAfter(a.header, now)}
}

// longestAfter bounds what a provider may ask us to wait. A removal that a
// header could put off for days would be none.
const longestAfter = 10 * time.Minute

// retryAfter reads how long the provider asks to wait: in milliseconds, in
// seconds, or until a date by its own clock.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, key := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.ParseInt(h.Get(key), 10, 32); err == nil {
			return bounded(time.Duration(ms) * time.Millisecond)
		}
	}
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return bounded(time.Duration(seconds) * time.Second)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return bounded(until.Sub(now))
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), longestAfter) }

// words are an error's kind and a sentence for people.
func words(method string, err error) (fault.Kind, string) {
	a := answerOf(err)
	switch {
	case a.status == 0:
		return wordsWithoutAnswer(err)
	case a.lastAdmin():
		return fault.Upstream, "Azure does not remove the last one who may assign roles in this subscription. Give that right to somebody else first; the removal is tried again until then."
	}
	if w, ok := codeWords[a.code]; ok {
		return w.kind, w.sentence
	}
	switch {
	case a.status == http.StatusUnauthorized:
		return fault.Upstream, "Azure did not accept Latchkey's sign-in to the customer's tenant. Check the application's certificate or secret, and that the tenant still trusts it."
	case a.status == http.StatusForbidden && method != http.MethodGet:
		return fault.Upstream, "Azure does not let Latchkey change access here."
	case a.status == http.StatusForbidden:
		return fault.Upstream, "Azure does not let Latchkey look at access here."
	case a.status == http.StatusNotFound:
		return fault.Upstream, "Azure says that the place is not there, or that Latchkey may not see it. That is no proof that the access is gone."
	case a.status == http.StatusTooManyRequests:
		return fault.Unavailable, "Azure asks to slow down; it is tried again."
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		return fault.Unavailable, "Azure has trouble of its own at the moment; it is tried again."
	}
	return fault.Upstream, "Azure refused the request (" + strconv.Itoa(a.status) + ")."
}

// codeWords say what a code means and what helps.
var codeWords = map[string]struct {
	kind     fault.Kind
	sentence string
}{
	codeExists:          {fault.Conflict, "The engineer already has this role at exactly this place, and not through Latchkey. It was left as it is, and will not be removed."},
	codeUpdateForbidden: {fault.Conflict, "An assignment for somebody else stands under the name chosen for this grant. It was left alone, and nothing was granted."},
	codeNoPrincipal:     {fault.Upstream, "Azure does not know the engineer's account in this tenant yet. A new guest takes some minutes; it is tried again."},
	codeOtherType:       {fault.Upstream, "Azure knows the engineer's account as another kind of principal than Latchkey does. Correct it in the configuration."},
	codeNoRole:          {fault.NotFound, "The role does not exist in this tenant any more."},
	codeTooMany:         {fault.Upstream, "The subscription has no room for another role assignment. Its administrator must remove some first."},
	codeScopeLocked:     {fault.Upstream, "A lock stands in the way. Somebody who may remove locks must lift it."},
	codeForbidden:       {fault.Upstream, "Azure does not let Latchkey do this here: the customer gave its application no such right at this place, or only for other roles."},
	codePolicy:          {fault.Upstream, "A policy of the customer forbids this role assignment."},
	codeDenied:          {fault.Upstream, "A deny assignment at this place keeps Latchkey out."},
	codeNoSubscription:  {fault.Upstream, "Latchkey cannot see the subscription any more. That is no proof that the access is gone: the customer must check, or let Latchkey in again."},
}

func wordsWithoutAnswer(err error) (fault.Kind, string) {
	if _, ok := errors.AsType[*cloud.Refusal](err); ok {
		return fault.Internal, ""
	}
	if _, ok := errors.AsType[*cloud.TokenError](err); ok {
		return fault.Unavailable, "Latchkey could not sign in to the customer's tenant; it is tried again."
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Unavailable, "Azure did not answer in time; it is asked again."
	}
	return fault.Unavailable, "Azure could not be reached, or its answer was lost; it is asked again."
}
