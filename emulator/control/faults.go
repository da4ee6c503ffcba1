package control

import (
	"net/http"
	"strconv"
	"time"

	"latchkey/emulator/fault"
	"latchkey/emulator/origin"
	"latchkey/emulator/wire"
)

// faultView is a fault as it is asked for and listed.
type faultView struct {
	Origin      origin.Origin `json:"origin,omitempty"`
	Method      string        `json:"method,omitempty"`
	Path        string        `json:"path,omitempty"`
	Tenant      string        `json:"tenant,omitempty"` // id or domain
	First       int           `json:"first,omitempty"`
	Times       int           `json:"times,omitempty"`
	Delay       duration      `json:"delay,omitzero"`
	AfterEffect bool          `json:"afterEffect,omitempty"`
	Duplicate   bool          `json:"duplicate,omitempty"`
	AnswerDelay duration      `json:"answerDelay,omitzero"`
	Cut         bool          `json:"cut,omitempty"`
	Truncate    bool          `json:"truncate,omitempty"`
	Status      int           `json:"status,omitempty"`
	Code        string        `json:"code,omitempty"`
	RetryAfter  duration      `json:"retryAfter,omitzero"`
	Stale       bool          `json:"stale,omitempty"`
}

// injectedView is a fault at work.
type injectedView struct {
	ID    int       `json:"id"`
	Hits  int       `json:"hits"`
	Fault faultView `json:"fault"`
}

func view(i *fault.Injected) injectedView {
	f := i.Fault()
	v := injectedView{ID: i.Number(), Hits: i.Hits(), Fault: faultView{
		Origin: f.Origin, Method: f.Method, Path: f.Path, First: f.First, Times: f.Times,
		Delay: duration(f.Delay), AfterEffect: f.AfterEffect, Duplicate: f.Duplicate, AnswerDelay: duration(f.AnswerDelay),
		Cut: f.Cut, Truncate: f.Truncate, Status: f.Status, Code: f.Code, RetryAfter: duration(f.RetryAfter), Stale: f.Stale,
	}}
	if !f.Tenant.IsZero() {
		v.Fault.Tenant = f.Tenant.String()
	}
	return v
}

func (h *Handler) listFaults(*http.Request) (any, error) {
	list := []injectedView{}
	for _, i := range h.Cloud.Faults() {
		list = append(list, view(i))
	}
	return map[string][]injectedView{"faults": list}, nil
}

// The bounds of what can be asked of a fault.
const (
	maxFaults = 1000
	maxWait   = 10 * time.Minute
)

func (h *Handler) addFault(r *http.Request) (any, error) {
	var v faultView
	if err := read(r, &v); err != nil {
		return nil, err
	}
	f := fault.Fault{
		Origin: v.Origin, Method: v.Method, Path: v.Path, First: v.First, Times: v.Times,
		Delay: time.Duration(v.Delay), AfterEffect: v.AfterEffect, Duplicate: v.Duplicate, AnswerDelay: time.Duration(v.AnswerDelay),
		Cut: v.Cut, Truncate: v.Truncate, Status: v.Status, Code: v.Code, RetryAfter: time.Duration(v.RetryAfter), Stale: v.Stale,
	}
	if v.Tenant != "" {
		t, err := h.tenant(v.Tenant)
		if err != nil {
			return nil, err
		}
		f.Tenant = t.ID
	}
	if err := f.Check(); err != nil {
		return nil, bad("no such fault: %v", err)
	}
	if f.Delay > maxWait || f.AnswerDelay > maxWait {
		return nil, bad("a call waits no longer than %v", maxWait)
	}
	if len(h.Cloud.Faults()) >= maxFaults {
		return nil, conflict("%d faults are at work, which is as many as there can be: remove some", maxFaults)
	}
	return view(h.Cloud.Inject(f)), nil
}

func (h *Handler) clearFaults(*http.Request) (any, error) {
	for _, i := range h.Cloud.Faults() {
		i.Remove()
	}
	return map[string][]injectedView{"faults": {}}, nil
}

func (h *Handler) fault(r *http.Request) (*fault.Injected, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err == nil {
		for _, i := range h.Cloud.Faults() {
			if i.Number() == id {
				return i, nil
			}
		}
	}
	return nil, absent("no fault with the id %q is at work", wire.Clip(r.PathValue("id")))
}

func (h *Handler) getFault(r *http.Request) (any, error) {
	i, err := h.fault(r)
	if err != nil {
		return nil, err
	}
	return view(i), nil
}

func (h *Handler) removeFault(r *http.Request) (any, error) {
	i, err := h.fault(r)
	if err != nil {
		return nil, err
	}
	i.Remove()
	return view(i), nil
}

func (h *Handler) outages() []string {
	list := []string{}
	for _, t := range h.Cloud.Outages() {
		list = append(list, t.String())
	}
	return list
}

func (h *Handler) listOutages(*http.Request) (any, error) {
	return map[string][]string{"outages": h.outages()}, nil
}

func (h *Handler) beginOutage(r *http.Request) (any, error) { return h.setOutage(r, true) }

func (h *Handler) endOutage(r *http.Request) (any, error) { return h.setOutage(r, false) }

func (h *Handler) setOutage(r *http.Request, on bool) (any, error) {
	t, err := h.tenant(r.PathValue("tenant"))
	if err != nil {
		return nil, err
	}
	h.Cloud.SetOutage(t.ID, on)
	return h.listOutages(r)
}
