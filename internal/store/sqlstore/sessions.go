package sqlstore

import (
	"context"
	"time"
)

// Statements about sessions.
const (
	putSession = `insert into sessions (digest, body, expires) values ($1, $2, $3)
		on conflict (digest) do update set body = excluded.body, expires = excluded.expires`

	liveSession = `select body from sessions where digest = $1 and expires > $2`

	dropSession        = `delete from sessions where digest = $1`
	dropSessionsBefore = `delete from sessions where expires <= $1`
)

// PutSession stores or replaces what is known under a session's digest. The
// session's own id never comes here.
func (s *Store) PutSession(ctx context.Context, digest string, body []byte, expires time.Time) error {
	return s.claim(ctx, func(t *tx) error {
		_, err := t.exec("store.PutSession", putSession, text(&digest), raw(&body), moment(&expires))
		return err
	})
}

// Session reads what PutSession stored; one that expires at or before now is
// not found.
func (s *Store) Session(ctx context.Context, digest string, now time.Time) ([]byte, error) {
	var body []byte
	err := s.view(ctx, func(t *tx) error {
		var err error
		body, err = find(t, "store.Session", "session", liveSession,
			func(b *[]byte) []field { return []field{raw(b)} }, text(&digest), moment(&now))
		return err
	})
	return body, err
}

// DropSession forgets a session; one that is not there is forgotten already.
func (s *Store) DropSession(ctx context.Context, digest string) error {
	return s.claim(ctx, func(t *tx) error {
		_, err := t.exec("store.DropSession", dropSession, text(&digest))
		return err
	})
}

// DropSessionsBefore forgets the sessions that expire at t or earlier.
func (s *Store) DropSessionsBefore(ctx context.Context, at time.Time) error {
	return s.claim(ctx, func(t *tx) error {
		_, err := t.exec("store.DropSessionsBefore", dropSessionsBefore, moment(&at))
		return err
	})
}
