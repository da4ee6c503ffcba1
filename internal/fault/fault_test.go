package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"latchkey/internal/fault"
)

func TestKindOf(t *testing.T) {
	cause := errors.New("disk on fire")
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil counts as internal", nil, fault.Internal},
		{"an error nobody classed is internal", cause, fault.Internal},
		{"a classed error keeps its kind", fault.New("op", fault.Gone, "It is over."), fault.Gone},
		{"wrapping by %w keeps the kind", fmt.Errorf("outer: %w", fault.New("op", fault.Denied, "")), fault.Denied},
		{"the outermost class wins", fault.Wrap("b", fault.Unavailable, fault.New("a", fault.NotFound, ""), ""), fault.Unavailable},
		{"In keeps the kind", fault.In("b", fault.New("a", fault.Conflict, "")), fault.Conflict},
		{"In leaves an unclassed error internal", fault.In("b", cause), fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.KindOf(tt.err); got != tt.want {
				t.Errorf("KindOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}

func TestPublicOf(t *testing.T) {
	cause := errors.New("secret detail")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nil has none", nil, ""},
		{"an unclassed error shows nothing", cause, ""},
		{"a wrapped cause stays hidden", fault.Wrap("op", fault.Internal, cause, ""), ""},
		{"the outermost sentence wins", fault.Wrap("b", fault.Conflict, fault.New("a", fault.Gone, "Inner."), "Outer."), "Outer."},
		{"an empty one lets the next speak", fault.In("b", fault.New("a", fault.Gone, "Inner.")), "Inner."},
		{"plain wrapping in between does not hide it", fault.In("c", fmt.Errorf("b: %w", fault.New("a", fault.Gone, "Inner."))), "Inner."},
		{"joined errors are searched in order", errors.Join(cause, fault.New("a", fault.Gone, "Second."), fault.New("a", fault.Gone, "Third.")), "Second."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.PublicOf(tt.err); got != tt.want {
				t.Errorf("PublicOf(%v) = %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}

func TestWrappingNothingIsNothing(t *testing.T) {
	if err := fault.Wrap("op", fault.Denied, nil, "No."); err != nil {
		t.Errorf("Wrap(nil) = %v", err)
	}
	if err := fault.In("op", nil); err != nil {
		t.Errorf("In(nil) = %v", err)
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("no error is of no kind, yet Is(nil, Internal) holds")
	}
}

func TestErrorTellsTheWholeStoryToTheLog(t *testing.T) {
	cause := errors.New("connection refused")
	tests := []struct {
		err  error
		want string
	}{
		{fault.New("jit.File", fault.Invalid, "Say why."), "jit.File: Say why."},
		{fault.New("jit.File", fault.Invalid, ""), "jit.File: invalid"},
		{fault.Wrap("jit.File", fault.Unavailable, cause, ""), "jit.File: connection refused"},
		{fault.Wrap("jit.File", fault.Unavailable, cause, "Try later."), "jit.File: Try later.: connection refused"},
		{fault.Newf("jit.File", fault.Invalid, "At most %d.", 3), "jit.File: At most 3."},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
	if !errors.Is(fault.Wrap("op", fault.Unavailable, cause, ""), cause) {
		t.Error("the cause cannot be found in the chain")
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]fault.Kind{}
	for k := fault.Internal; k <= fault.Upstream; k++ {
		if other, twice := seen[k.String()]; twice {
			t.Errorf("kinds %d and %d are both called %q", other, k, k)
		}
		seen[k.String()] = k
	}
	if got := (fault.Upstream + 1).String(); got != "internal" {
		t.Errorf("an unknown kind is called %q, want internal", got)
	}
}
