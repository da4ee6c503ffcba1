package fault_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/fault"
	"latchkey/emulator/origin"
)

var (
	contoso  = csp.MustParseID[csp.Tenant]("7e000000-0000-4000-8000-00000000000a")
	fabrikam = csp.MustParseID[csp.Tenant]("7e000000-0000-4000-8000-00000000000b")
)

func call(t *testing.T, method, path string, tenant csp.TenantID) fault.Call {
	t.Helper()
	return fault.Call{At: origin.ARM, Request: httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody), Tenant: func() csp.TenantID { return tenant }}
}

func TestFaultsThatCannotBeMeantAreRefused(t *testing.T) {
	for _, test := range []struct {
		fault fault.Fault
		says  string
	}{
		{fault.Fault{Origin: "teapot"}, "no origin"},
		{fault.Fault{First: -1}, "from 1"},
		{fault.Fault{Delay: -1}, "negative"},
		{fault.Fault{Status: 200}, "400 to 599"},
		{fault.Fault{Status: 500, Cut: true}, "only one"},
		{fault.Fault{Truncate: true, Stale: true}, "only one"},
		{fault.Fault{Stale: true, Delay: time.Second}, "at once"},
		{fault.Fault{Code: "x"}, "go with a status"},
		{fault.Fault{RetryAfter: time.Second, Cut: true}, "go with a status"},
	} {
		if err := test.fault.Check(); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %q", test.fault, err, test.says)
		}
	}
	for _, f := range []fault.Fault{
		{},
		{Origin: origin.Graph, Times: -1, Status: 429, Code: "x", RetryAfter: time.Second, AfterEffect: true},
		{Duplicate: true, Truncate: true, Delay: time.Second},
		{Stale: true, Times: -1},
	} {
		if err := f.Check(); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestTheOldestFaultThatMatchesStrikes(t *testing.T) {
	var s fault.Set
	first := s.Add(fault.Fault{Method: "put", Path: "*/ROLEassignments/*", Tenant: contoso, First: 2, Times: 2, Status: 500})
	second := s.Add(fault.Fault{Times: -1, Status: 429})
	put := call(t, http.MethodPut, "/x/roleAssignments/y", contoso)
	for n, want := range []int{429, 500, 500, 429} {
		if f, struck := s.Strike(put); !struck || f.Status != want {
			t.Errorf("call %d: %d, want %d", n+1, f.Status, want)
		}
	}
	if f, _ := s.Strike(call(t, http.MethodPut, "/x/roleAssignments/y", fabrikam)); f.Status != 429 {
		t.Errorf("of another tenant: %d", f.Status)
	}
	if first.Hits() != 2 || second.Hits() != 3 || first.Number() == second.Number() || first.Fault().Status != 500 {
		t.Errorf("%d and %d hits", first.Hits(), second.Hits())
	}
	if list := s.List(); len(list) != 2 || list[0] != first {
		t.Errorf("%d faults are listed", len(list))
	}
	second.Remove()
	second.Remove()
	if _, struck := s.Strike(put); struck {
		t.Error("a fault that was removed struck")
	}
}

func TestAnOutageIsOfOneTenant(t *testing.T) {
	var s fault.Set
	s.SetOutage(fabrikam, false) // was not away
	s.SetOutage(contoso, true)
	if f, struck := s.Strike(call(t, http.MethodGet, "/", contoso)); !struck || f.Status != http.StatusServiceUnavailable {
		t.Errorf("during the outage: %v", f)
	}
	if _, struck := s.Strike(call(t, http.MethodGet, "/", fabrikam)); struck {
		t.Error("another tenant is away too")
	}
	if list := s.Outages(); len(list) != 1 || list[0] != contoso {
		t.Errorf("away: %v", list)
	}
	s.Clear()
	if _, struck := s.Strike(call(t, http.MethodGet, "/", contoso)); struck || len(s.Outages()) > 0 {
		t.Error("the outage outlived Clear")
	}
}

func TestStaleReadsAreAnsweredFromBeforeTheChange(t *testing.T) {
	var s fault.Set
	s.Add(fault.Fault{Stale: true, Path: "/thing", Times: 2})
	read := call(t, http.MethodGet, "/thing?x=1", contoso)
	answer := func(body string) fault.Answer { return fault.Answer{Status: http.StatusOK, Body: []byte(body)} }
	ask := func(change int64, truth string) string {
		t.Helper()
		old, remember := s.Old(read, change)
		if old != nil {
			return string(old.Body)
		}
		if remember == nil {
			return truth
		}
		remember(answer(truth))
		return truth
	}
	for n, step := range []struct {
		change int64
		truth  string
		want   string
	}{
		{1, "a", "a"}, // nothing older is known
		{1, "a", "a"}, // nothing has changed
		{2, "b", "a"}, // once
		{2, "b", "a"}, // twice
		{2, "b", "b"}, // and no more
		{3, "c", "c"},
	} {
		if got := ask(step.change, step.truth); got != step.want {
			t.Errorf("read %d: %q, want %q", n+1, got, step.want)
		}
	}
	if old, remember := s.Old(call(t, http.MethodGet, "/other", contoso), 9); old != nil || remember != nil {
		t.Error("another path was struck")
	}
	other := call(t, http.MethodGet, "/thing?x=1", contoso)
	other.Request.Header.Set("Authorization", "Bearer someone else")
	if old, _ := s.Old(other, 9); old != nil {
		t.Error("someone else got the first reader's answer")
	}
}

func TestWhatIsAboutToChangeIsRememberedFirst(t *testing.T) {
	var s fault.Set
	put := call(t, http.MethodPut, "/thing", contoso)
	if _, wanted := s.Before(put, 1); wanted {
		t.Error("no fault wants to know")
	}
	stale := s.Add(fault.Fault{Stale: true, Times: -1})
	remember, wanted := s.Before(put, 1)
	if !wanted {
		t.Fatal("the fault does not want to know")
	}
	remember(fault.Answer{Status: http.StatusForbidden}) // says nothing about the thing
	if remember, wanted = s.Before(put, 1); !wanted {
		t.Fatal("a refusal was remembered")
	}
	remember(fault.Answer{Status: http.StatusNotFound})
	if _, wanted := s.Before(put, 1); wanted {
		t.Error("it was told and wants to know again")
	}
	if old, _ := s.Old(call(t, http.MethodGet, "/thing", contoso), 2); old == nil || old.Status != http.StatusNotFound || stale.Hits() != 1 {
		t.Errorf("after the change: %v", old)
	}
	if _, struck := s.Strike(put); struck {
		t.Error("a stale fault struck a write")
	}
}
