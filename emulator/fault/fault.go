// Package fault is what goes wrong in an emulated cloud because it was asked to:
// which calls are struck, and in what way. It decides and counts; package
// emulator serves the calls and makes them suffer.
//
//	            Delay            AfterEffect             AnswerDelay
//	request ──────────► [ before its effect ] ──► effect ──────────► answer
//	                      Status, Cut               twice: Duplicate    Status, Cut, Truncate
//	                                                none, and an old answer: Stale
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/origin"
)

// Fault is something that goes wrong with chosen calls. Empty fields of the
// first part match every call.
type Fault struct {
	Origin origin.Origin
	Method string
	// Path is a pattern in which each * stands for any text, slashes included;
	// letters compare in either case.
	Path string
	// Tenant is the tenant that the call is about: the one its path names, or else
	// the one its token is for.
	Tenant csp.TenantID
	// First is the number of the first matching call that fails, from 1; zero
	// means 1. Times is how many fail in a row; zero means one, below zero all.
	First, Times int

	// Delay makes the call wait before anything else happens.
	Delay time.Duration
	// AfterEffect lets the call do its work before it fails; otherwise it
	// never begins.
	AfterEffect bool
	// Duplicate lets the call do its work twice, as when something on the way
	// repeats a request. The client gets the second answer.
	Duplicate bool
	// AnswerDelay makes the answer wait after the work was done.
	AnswerDelay time.Duration
	// Cut drops the connection instead of answering.
	Cut bool
	// Truncate does the work, and drops the connection in the middle of the true
	// answer's body.
	Truncate bool
	// Status and Code are answered instead of the true answer. With neither Cut,
	// Truncate nor Status the call is only slow.
	Status int
	Code   string
	// RetryAfter is sent along with Status, in whole seconds.
	RetryAfter time.Duration
	// Stale answers a read as it was answered before the last change, as by a
	// replica that lags behind. It knows what was read, or written, while it was
	// at work; a read it knows nothing older for gets the true answer. First and
	// Times count the reads that could be answered with something old. Nothing
	// else can be asked for beside it but the choice of calls.
	Stale bool
}

// Check says what about the fault cannot be meant.
func (f Fault) Check() error {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if f.Origin != "" && !slices.Contains(origin.All(), f.Origin) {
		complain("there is no origin %q: want one of %v", f.Origin, origin.All())
	}
	if f.First < 0 {
		complain("calls are counted from 1: %d cannot be the first that fails", f.First)
	}
	if f.Delay < 0 || f.AnswerDelay < 0 || f.RetryAfter < 0 {
		complain("a time to wait cannot be negative")
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		complain("a failure's status is from 400 to 599, not %d", f.Status)
	}
	ends := 0
	for _, on := range []bool{f.Cut, f.Truncate, f.Status != 0, f.Stale} {
		if on {
			ends++
		}
	}
	if ends > 1 {
		complain("a call is cut, truncated, answered with a status or answered with something stale: only one of them")
	}
	if f.Stale && (f.Delay != 0 || f.AnswerDelay != 0 || f.AfterEffect || f.Duplicate) {
		complain("a stale answer comes at once and has no effect: ask for delays and duplicates with a fault of their own")
	}
	if (f.Code != "" || f.RetryAfter != 0) && f.Status == 0 {
		complain("a code and a time to retry after go with a status")
	}
	return errors.Join(wrong...)
}

// String tells the fault as a sentence: "PUT arm */roleAssignments/*: the answer
// is lost after the effect."
func (f Fault) String() string {
	of := "any"
	if f.Origin != "" {
		of = string(f.Origin)
	}
	calls := strings.TrimSpace(strings.ToUpper(f.Method) + " " + of + " " + f.Path)
	var what string
	switch {
	case f.Stale:
		what = "reads are answered as before the last change"
	case f.Truncate:
		what = "the answer ends in the middle"
	case f.Cut && f.AfterEffect:
		what = "the answer is lost after the effect"
	case f.Cut:
		what = "the connection is cut"
	case f.Status != 0:
		what = fmt.Sprintf("answered with %d", f.Status)
		if f.AfterEffect {
			what += " after the effect"
		}
	default:
		what = "answered as usual"
	}
	if f.Duplicate {
		what += ", having taken effect twice"
	}
	if wait := f.Delay + f.AnswerDelay; wait > 0 {
		what += fmt.Sprintf(", %v late", wait)
	}
	return calls + ": " + what + "."
}

// Call is one request, as far as faults care.
type Call struct {
	At      origin.Origin
	Request *http.Request
	// Tenant gives the tenant the call is about, or zero. It is asked only if
	// some fault wants to know.
	Tenant func() csp.TenantID
}

func (f Fault) matches(c Call, method string) bool {
	return (f.Origin == "" || f.Origin == c.At) &&
		(f.Method == "" || strings.EqualFold(f.Method, method)) &&
		(f.Path == "" || abac.Match(f.Path, c.Request.URL.Path)) &&
		(f.Tenant.IsZero() || f.Tenant == c.Tenant())
}

// due says whether the n-th matching call is one that fails.
func (f Fault) due(n int) bool {
	first, times := max(f.First, 1), f.Times
	if times == 0 {
		times = 1
	}
	return n >= first && (times < 0 || n < first+times)
}

// Injected is a fault at work.
type Injected struct {
	number int
	fault  Fault
	owner  *Set
	seen   int
	hits   int
	memory map[string]memory // of a stale one
}

// Number tells it from the other faults of its set.
func (i *Injected) Number() int { return i.number }

// Fault is what was asked for.
func (i *Injected) Fault() Fault { return i.fault }

// Hits is how many calls it has struck.
func (i *Injected) Hits() int {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return i.hits
}

// Remove ends the fault.
func (i *Injected) Remove() { i.owner.remove(i) }

// strike counts a matching call and says whether it fails.
func (i *Injected) strike() bool {
	i.seen++
	if !i.fault.due(i.seen) {
		return false
	}
	i.hits++
	return true
}

// Set is all faults at work. The zero value is empty and ready.
type Set struct {
	mu      sync.Mutex
	last    int
	active  []*Injected
	outages map[csp.TenantID]bool
}

// Add puts a fault to work. When several match a call the oldest strikes.
func (s *Set) Add(f Fault) *Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	i := &Injected{number: s.last, fault: f, owner: s}
	if f.Stale {
		i.memory = make(map[string]memory)
	}
	s.active = append(s.active, i)
	return i
}

// List gives the faults at work, oldest first.
func (s *Set) List() []*Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.active)
}

// Clear ends every fault and every outage.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active, s.outages = nil, nil
}

func (s *Set) remove(gone *Injected) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = slices.DeleteFunc(slices.Clone(s.active), func(i *Injected) bool { return i == gone })
}

// SetOutage takes everything of the tenant away, or gives it back.
func (s *Set) SetOutage(t csp.TenantID, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !on {
		delete(s.outages, t)
		return
	}
	if s.outages == nil {
		s.outages = make(map[csp.TenantID]bool)
	}
	s.outages[t] = true
}

// Outages lists the tenants of which everything is away.
func (s *Set) Outages() []csp.TenantID {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]csp.TenantID, 0, len(s.outages))
	for t := range s.outages {
		list = append(list, t)
	}
	slices.SortFunc(list, csp.TenantID.Compare)
	return list
}

// Strike finds what is wrong with this call, if anything; stale answers aside.
func (s *Set) Strike(c Call) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.outages) > 0 && s.outages[c.Tenant()] {
		return Fault{Status: http.StatusServiceUnavailable}, true
	}
	for _, i := range s.active {
		if !i.fault.Stale && i.fault.matches(c, c.Request.Method) && i.strike() {
			return i.fault, true
		}
	}
	return Fault{}, false
}
