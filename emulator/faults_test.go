package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/emulator"
	"latchkey/emulator/world"
)

// attempt grants the power role to the guest and says how that was answered.
func (v *town) attempt(t *testing.T, token, name string) (answer, error) {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPut, arm+v.assignmentPath(v.group.Scope, name)+"?api-version=2022-04-01", strings.NewReader(put(powerOn, v.guest.ID, "User"))))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	return v.try(r)
}

func (v *town) granted() bool {
	for _, a := range v.customer.AssignmentsAbove(v.group.Scope) {
		if a.Principal == v.guest.ID {
			return true
		}
	}
	return false
}

func lastPut(history []world.Event) world.Event {
	for _, e := range slices.Backward(history) {
		if e.Kind == world.AssignmentPut {
			return e
		}
	}
	return world.Event{}
}

func TestFaults(t *testing.T) {
	path := "*/resourcegroups/*/roleassignments/*"
	for _, test := range []struct {
		name    string
		fault   emulator.Fault
		status  int // 0: no answer at all
		granted bool
	}{
		{"refused before it takes effect", emulator.Fault{Status: 500}, 500, false},
		{"throttled", emulator.Fault{Status: 429, RetryAfter: 7 * time.Second, Code: "TooManyRequests"}, 429, false},
		{"cut before it takes effect", emulator.Fault{Cut: true}, 0, false},
		{"done, but the answer is lost", emulator.Fault{Cut: true, AfterEffect: true}, 0, true},
		{"done, but answered with an error", emulator.Fault{Status: 503, AfterEffect: true}, 503, true},
		{"only slow", emulator.Fault{Delay: time.Minute, AnswerDelay: time.Minute}, 201, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newTown(t)
				token := v.portalToken(t)
				test.fault.Path, test.fault.Method, test.fault.Origin, test.fault.Tenant = path, http.MethodPut, emulator.ARM, v.customer.ID
				struck := v.server.Inject(test.fault)
				before := time.Now()
				response, err := v.attempt(t, token, newName())
				switch {
				case test.status == 0 && !errors.Is(err, emulator.ErrAnswerLost):
					t.Errorf("answered %d, %v", response.status, err)
				case test.status != 0 && (err != nil || response.status != test.status):
					t.Errorf("answered %d, %v, want %d", response.status, err, test.status)
				}
				if v.granted() != test.granted || struck.Hits() != 1 {
					t.Errorf("granted: %v, want %v; struck %d times", v.granted(), test.granted, struck.Hits())
				}
				if test.fault.RetryAfter > 0 && response.header.Get("Retry-After") != "7" {
					t.Errorf("Retry-After is %q", response.header.Get("Retry-After"))
				}
				if e := lastPut(v.world.History()); test.granted && e.Answered.IsZero() != (test.status != 201) {
					t.Errorf("the history says it was answered at %v", e.Answered)
				}
				if took := time.Since(before); took != test.fault.Delay+test.fault.AnswerDelay {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestFaultStrikesTheCallsItIsMeantFor(t *testing.T) {
	v := newTown(t)
	token := v.portalToken(t)
	fault := v.server.Inject(emulator.Fault{Method: http.MethodPut, Path: "*/roleAssignments/*", First: 2, Times: 2, Status: 502})
	name := newName()
	for i, want := range []int{201, 502, 502, 200, 200} {
		response, err := v.attempt(t, token, name)
		if err != nil || response.status != want {
			t.Errorf("call %d: %d %v, want %d", i+1, response.status, err, want)
		}
	}
	fault.Remove()
	v.server.Inject(emulator.Fault{Tenant: v.partner.ID, Times: -1, Status: 500})
	if response, err := v.attempt(t, token, name); err != nil || response.status != 200 {
		t.Errorf("a fault of another tenant struck: %d %v", response.status, err)
	}
}

func TestOutageOfOneTenant(t *testing.T) {
	v := newTown(t)
	token, name := v.portalToken(t), newName()
	v.server.SetOutage(v.customer.ID, true)
	if response, err := v.attempt(t, token, name); err != nil || response.status != 503 || v.granted() {
		t.Errorf("during the outage: %d %v", response.status, err)
	}
	if status, _ := v.token(t, v.customer.ID.String(), nil); status != 503 {
		t.Errorf("the customer's token endpoint answers %d", status)
	}
	v.appToken(t, v.partner, v.app) // the partner's is not touched
	v.server.SetOutage(v.customer.ID, false)
	if response, err := v.attempt(t, token, name); err != nil || response.status != 201 {
		t.Errorf("after the outage: %d %v", response.status, err)
	}
}

// TestTruncatedAnswer: the work is done, and the answer ends in the middle.
func TestTruncatedAnswer(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	token := v.portalToken(t)
	for name, client := range map[string]*http.Client{"over a socket": e.Client(), "over the transport": {Transport: v.server.Transport()}} {
		address := e.ARM
		if name == "over the transport" {
			address = arm
		}
		v.server.Inject(emulator.Fault{Origin: emulator.ARM, Truncate: true})
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/subscriptions?api-version=2022-12-01", nil))(t)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || err == nil || len(body) == 0 || json.Valid(body) {
			t.Errorf("%s: %d %q, %v", name, response.StatusCode, body, err)
		}
		if calls := v.world.Calls(); !calls[0].Lost {
			t.Errorf("%s: the world thinks it was answered", name)
		}
	}
	v.server.Inject(emulator.Fault{Origin: emulator.ARM, Truncate: true, Method: http.MethodHead})
	r := must(http.NewRequestWithContext(t.Context(), http.MethodHead, arm+v.group.Scope.String()+"?api-version=2021-04-01", nil))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	if got, err := v.try(r); !errors.Is(err, emulator.ErrAnswerLost) {
		t.Errorf("half of nothing: %d, %v", got.status, err)
	}
}

// TestDuplicateTakesEffectTwice: what creates, creates and then meets its own work.
func TestDuplicateTakesEffectTwice(t *testing.T) {
	v := newTown(t)
	token := v.portalToken(t)
	v.server.Inject(emulator.Fault{Method: http.MethodPut, Duplicate: true})
	if response, err := v.attempt(t, token, newName()); err != nil || response.status != http.StatusOK {
		t.Errorf("the second answer of a doubled request: %d %v, want the update's 200", response.status, err)
	}
	puts := 0
	for _, e := range v.world.History() {
		if e.Kind == world.AssignmentPut && e.Assignment.Principal == v.guest.ID {
			puts++
		}
	}
	if puts != 2 {
		t.Errorf("it took effect %d times", puts)
	}
	if response, err := v.attempt(t, token, newName()); err != nil || response.status != http.StatusConflict {
		t.Errorf("afterwards: %d %v", response.status, err)
	}
}

// TestStaleReadsFollowAChange: the reader of his own write does not see it, as
// often as was asked for.
func TestStaleReadsFollowAChange(t *testing.T) {
	v := newTown(t)
	token, name := v.portalToken(t), newName()
	path := v.assignmentPath(v.group.Scope, name)
	stale := v.server.Inject(emulator.Fault{Path: path, Stale: true, Times: 2})
	if response, err := v.attempt(t, token, name); err != nil || response.status != http.StatusCreated {
		t.Fatalf("the write: %d %v", response.status, err)
	}
	for n, want := range []int{404, 404, 200, 200} {
		if status, _ := v.call(t, token, http.MethodGet, path, ""); status != want {
			t.Errorf("read %d after the write: %d, want %d", n+1, status, want)
		}
	}
	if stale.Hits() != 2 {
		t.Errorf("it struck %d times", stale.Hits())
	}
	stale.Remove()
	v.server.Inject(emulator.Fault{Method: http.MethodGet, Path: "*/roleAssignments", Stale: true})
	list := v.group.Scope.String() + "/providers/Microsoft.Authorization/roleAssignments"
	count := func() int {
		_, body := v.call(t, token, http.MethodGet, list, "")
		return len(body.Value)
	}
	before := count()
	if status, _ := v.call(t, token, http.MethodDelete, path, ""); status != http.StatusOK {
		t.Fatalf("the removal: %d", status)
	}
	if got := []int{count(), count()}; got[0] != before || got[1] != before-1 {
		t.Errorf("after the removal the list has %v, before %d", got, before)
	}
}

// TestFaultsOfATenantReachItsTokens: where a path names no tenant, the token's
// counts.
func TestFaultsOfATenantReachItsTokens(t *testing.T) {
	v := newTown(t)
	token := v.portalToken(t)
	v.server.SetOutage(v.customer.ID, true)
	if status, _ := v.call(t, token, http.MethodGet, "/subscriptions", ""); status != http.StatusServiceUnavailable {
		t.Errorf("ARM's list with the customer's token: %d", status)
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+emulator.GraphHost+"/v1.0/me", nil))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	if got := v.send(t, r); got.status != http.StatusServiceUnavailable {
		t.Errorf("Graph with the customer's token: %d", got.status)
	}
	r = must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+emulator.PartnerCenterHost+"/v1/customers/"+v.customer.ID.String()+"/users", nil))(t)
	if got := v.send(t, r); got.status != http.StatusServiceUnavailable {
		t.Errorf("Partner Center about the customer: %d", got.status)
	}
	for _, header := range []string{"Bearer a.b.c", "Bearer a.!.c", "Bearer a.bnVsbA.c", "Bearer a.e30.c"} {
		r.Header.Set("Authorization", header)
		r.URL.Path = "/v1/profiles"
		if got := v.send(t, r); got.status == http.StatusServiceUnavailable {
			t.Errorf("%s is taken for the customer's", header)
		}
	}
}

func TestLostAnswerOverASocketCutsTheConnection(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	token := v.portalToken(t)
	v.server.Inject(emulator.Fault{Method: http.MethodPut, Cut: true, AfterEffect: true})
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPut, e.ARM+v.assignmentPath(v.group.Scope, newName())+"?api-version=2022-04-01", strings.NewReader(put(powerOn, v.guest.ID, "User"))))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	if response, err := e.Client().Do(r); err == nil {
		t.Errorf("answered %d", response.StatusCode)
		_ = response.Body.Close()
	}
	if !v.granted() || !lastPut(v.world.History()).Answered.IsZero() {
		t.Error("want it done and not answered")
	}
}

func TestClientThatGivesUpIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t)
		token := v.portalToken(t)
		v.server.Inject(emulator.Fault{Method: http.MethodPut, Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := must(http.NewRequestWithContext(ctx, http.MethodPut, arm+v.assignmentPath(v.group.Scope, newName())+"?api-version=2022-04-01", strings.NewReader(put(powerOn, v.guest.ID, "User"))))(t)
		r.Header.Set("Authorization", "Bearer "+token)
		if _, err := v.try(r); err == nil || v.granted() {
			t.Errorf("answered with %v", err)
		}
	})
}
