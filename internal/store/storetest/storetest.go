// Package storetest holds both databases to the same promises: the contracts of
// jit.Store and jit.Tx, of the outbox, of sessions and of the audit log. Each
// function tests one kind of promise, so that a failure says what was broken.
package storetest

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Store is everything that a database offers to the rooms above it.
type Store interface {
	jit.Store

	ReleaseLeases(ctx context.Context) error

	ClaimNotices(ctx context.Context, owner string, now time.Time, lease time.Duration, most int) ([]jit.Notice, error)
	NoticeSent(ctx context.Context, id jit.NoticeID, at time.Time) error
	NoticeFailed(ctx context.Context, id jit.NoticeID, retryAt time.Time, why string) error
	NextNotice(ctx context.Context) (time.Time, bool, error)

	PutSession(ctx context.Context, digest string, body []byte, expires time.Time) error
	Session(ctx context.Context, digest string, now time.Time) ([]byte, error)
	DropSession(ctx context.Context, digest string) error
	DropSessionsBefore(ctx context.Context, t time.Time) error

	AuditSize(ctx context.Context) (int64, error)
	AuditEntries(ctx context.Context, q audit.Query) ([]audit.Row, error)
	AuditRecords(ctx context.Context) iter.Seq2[audit.Record, error]
	AuditHashReader(ctx context.Context) tlog.HashReader
}

// Fresh makes a new, empty database and gives a function that opens one more
// handle to it, as another replica would. The handles end with the test.
type Fresh func(tb testing.TB) (open func() Store)

// update runs f in an Update that must succeed.
func update(tb testing.TB, s jit.Store, f func(jit.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), f); err != nil {
		tb.Fatalf("Update: %v", err)
	}
}

// view runs f in a View that must succeed.
func view(tb testing.TB, s jit.Store, f func(jit.Tx) error) {
	tb.Helper()
	if err := s.View(tb.Context(), f); err != nil {
		tb.Fatalf("View: %v", err)
	}
}

// read runs one finder in a View of its own.
func read[T any](tb testing.TB, s jit.Store, find func(jit.Tx) (T, error)) (T, error) {
	tb.Helper()
	var found T
	var err error
	view(tb, s, func(tx jit.Tx) error {
		found, err = find(tx)
		return nil
	})
	return found, err
}

// mustRead is read for what must be there.
func mustRead[T any](tb testing.TB, s jit.Store, find func(jit.Tx) (T, error)) T {
	tb.Helper()
	found, err := read(tb, s, find)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// same fails the test unless got is exactly want, down to the letters of a
// scope and the nanoseconds of a moment.
func same(tb testing.TB, got, want any) {
	tb.Helper()
	exactly := cmp.Comparer(func(a, b csp.Scope) bool { return a == b })
	if diff := cmp.Diff(want, got, exactly); diff != "" {
		tb.Errorf("differs (-want +got):\n%s", diff)
	}
}

// wantKind fails the test unless err is of the kind and, where a person may
// meet it, has a sentence for him that shows nothing of the database.
func wantKind(tb testing.TB, err error, kind fault.Kind) {
	tb.Helper()
	if !fault.Is(err, kind) {
		tb.Fatalf("got %v (%v), want a fault of kind %q", err, fault.KindOf(err), kind)
	}
	if kind != fault.Internal && fault.PublicOf(err) == "" {
		tb.Errorf("%v has no sentence for people", err)
	}
}

// errRefused is what a test's own function answers to have a transaction undone.
var errRefused = errors.New("refused by the test")
