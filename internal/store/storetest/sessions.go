package storetest

import (
	"testing"
	"time"

	"latchkey/internal/fault"
)

// RunSessions tests that a session is found until it expires or is dropped.
func RunSessions(t *testing.T, fresh Fresh) {
	s := fresh(t)()
	put := func(digest string, body []byte, expires time.Time) {
		t.Helper()
		if err := s.PutSession(t.Context(), digest, body, expires); err != nil {
			t.Fatal(err)
		}
	}
	found := func(digest string, want []byte) {
		t.Helper()
		body, err := s.Session(t.Context(), digest, noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, body, want)
	}
	lost := func(digest string, now time.Time) {
		t.Helper()
		_, err := s.Session(t.Context(), digest, now)
		wantKind(t, err, fault.NotFound)
	}
	later := noon.Add(time.Hour)

	t.Run("a session is read as it was put, to the byte", func(t *testing.T) {
		for _, body := range [][]byte{[]byte(`{"a":1}`), {0, 255, 0}, {}} {
			put("bytes", body, later)
			found("bytes", body)
		}
	})
	t.Run("putting it again replaces it", func(t *testing.T) {
		put("again", []byte("old"), noon)
		put("again", []byte("new"), later)
		found("again", []byte("new"))
	})
	t.Run("it is gone at the moment it expires", func(t *testing.T) {
		put("short", []byte("x"), noon.Add(time.Nanosecond))
		found("short", []byte("x"))
		lost("short", noon.Add(time.Nanosecond))
	})
	t.Run("it is gone when dropped, and dropping it again is no error", func(t *testing.T) {
		put("drop", []byte("x"), later)
		for range 2 {
			if err := s.DropSession(t.Context(), "drop"); err != nil {
				t.Fatal(err)
			}
		}
		lost("drop", noon)
	})
	t.Run("those that expired are dropped and the others stay", func(t *testing.T) {
		put("old", []byte("x"), noon.Add(time.Minute))
		put("young", []byte("x"), later)
		if err := s.DropSessionsBefore(t.Context(), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		lost("old", noon)
		found("young", []byte("x"))
	})
}
