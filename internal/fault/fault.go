// Package fault is the one error type that crosses Latchkey's rooms: what kind
// of thing went wrong, in which operation, and a sentence a person can act on.
//
// The Public sentence may be shown to whoever made the call; everything below
// it goes to the log only. A Public sentence never holds a secret, and never
// anything of another customer's.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what a caller can do about an error. The list is closed.
type Kind uint8

// The kinds. Web pages, the API and the command line each map them in one table.
const (
	// Internal is our own defect, or something nobody classed; the default.
	Internal Kind = iota
	// Invalid input: the caller must say something else.
	Invalid
	// Unauthenticated: nobody, or nobody we know, is asking.
	Unauthenticated
	// Denied: known, but not entitled.
	Denied
	// NotFound covers both missing and not yours, with the same words.
	NotFound
	// Conflict: the thing has changed, or was already decided.
	Conflict
	// Gone: lapsed, expired or ended; it will not come back.
	Gone
	// Unavailable: try the same again later.
	Unavailable
	// Upstream: Microsoft said no.
	Upstream
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "denied", "not found", "conflict", "gone", "unavailable", "upstream"}

// String names the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// Error is an error with a kind, the operation that met it and, where a person
// can do something about it, a sentence that says what.
type Error struct {
	Kind   Kind
	Op     string // "jit.File"
	Public string // a whole sentence, or empty
	Err    error  // the cause, for the log; may be nil
}

// New makes an error that is its own cause.
func New(op string, kind Kind, public string) *Error {
	return &Error{Kind: kind, Op: op, Public: public}
}

// Newf is New with a formatted sentence.
func Newf(op string, kind Kind, format string, args ...any) *Error {
	return New(op, kind, fmt.Sprintf(format, args...))
}

// Wrap gives err a kind and, if public is not empty, a sentence. A nil err stays nil.
func Wrap(op string, kind Kind, err error, public string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Public: public, Err: err}
}

// In names the operation err passed through and keeps its kind and sentence. A
// nil err stays nil.
func In(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err}
}

// Error is the whole story, for the log.
func (e *Error) Error() string {
	switch {
	case e.Err != nil && e.Public != "":
		return fmt.Sprintf("%s: %s: %s", e.Op, e.Public, e.Err)
	case e.Err != nil:
		return fmt.Sprintf("%s: %s", e.Op, e.Err)
	case e.Public != "":
		return fmt.Sprintf("%s: %s", e.Op, e.Public)
	}
	return fmt.Sprintf("%s: %s", e.Op, e.Kind)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the outermost classed error in err's chain; Internal
// for an error nobody classed.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// PublicOf is the first sentence in err's chain that may be shown, or empty.
// Joined errors are searched in their order.
func PublicOf(err error) string {
	if e, ok := err.(*Error); ok && e.Public != "" { //nolint:errorlint // each link of the chain is looked at in turn
		return e.Public
	}
	switch e := err.(type) { //nolint:errorlint // unwrapping by hand, as errors.As does
	case interface{ Unwrap() error }:
		return PublicOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if public := PublicOf(one); public != "" {
				return public
			}
		}
	}
	return ""
}

// Is says whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
