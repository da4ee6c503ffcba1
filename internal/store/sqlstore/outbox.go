package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Statements about the outbox.
const (
	enqueueNotice = `insert into notices (id, body, due) values ($1, $2, $3)`

	dueNotices = `select id, body from notices as e
		where sent_at is null and ready <= $1
		order by due, number limit $2`

	leaseNotices = `update notices set owner = $2, lease = $3 where id in (select value from `

	// The first time it was sent counts; a second worker's word changes nothing.
	noticeSent = `update notices set sent_at = coalesce(sent_at, $2), owner = '', lease = null where id = $1`

	noticeFailed = `update notices set tries = tries + 1, due = $2, last_why = $3, owner = '', lease = null
		where id = $1 and sent_at is null`
	countNotice = `select count(*) from notices where id = $1`

	nextNotice = `select min(ready) from notices where sent_at is null`
)

// storedNotice is a notice as its row holds it: the facts as JSON, since only
// the mail room reads them.
type storedNotice struct {
	id   jit.NoticeID
	body string
}

func storedNoticeFields(n *storedNotice) []field { return []field{text(&n.id), text(&n.body)} }

func (t *tx) Enqueue(n jit.Notice) error {
	const op = "store.Enqueue"
	body, err := json.Marshal(n)
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "")
	}
	stored := storedNotice{id: n.ID, body: string(body)}
	return t.insert(op, "This notice is in the outbox already.", enqueueNotice, append(storedNoticeFields(&stored), moment(&n.At))...)
}

// ClaimNotices leases up to most unsent notices that are due to owner until
// now+lease, the longest due first. A notice whose sender died is handed out
// again when its lease is over, so a mail may go out twice but never not at all.
func (s *Store) ClaimNotices(ctx context.Context, owner string, now time.Time, lease time.Duration, most int) ([]jit.Notice, error) {
	const op = "store.ClaimNotices"
	var stored []storedNotice
	err := s.claim(ctx, func(t *tx) error {
		at, err := s.now(t, now)
		if err != nil {
			return err
		}
		stored, err = list(t, op, dueNotices+s.dialect.SkipLocked, storedNoticeFields, moment(&at), count(&most))
		if err != nil || len(stored) == 0 {
			return err
		}
		until := at.Add(lease)
		ids := make([]string, len(stored))
		for i := range stored {
			ids[i] = string(stored[i].id)
		}
		elements, err := elementsOf(ids)
		if err != nil {
			return err
		}
		_, err = t.exec(op, leaseNotices+s.dialect.Elements+`)`, elements, text(&owner), moment(&until))
		return err
	})
	if err != nil {
		return nil, err
	}
	notices := make([]jit.Notice, len(stored))
	for i := range stored {
		if err := json.Unmarshal([]byte(stored[i].body), &notices[i]); err != nil {
			return nil, fault.Wrap(op, fault.Internal, err, "")
		}
	}
	return notices, nil
}

// NoticeSent records that the mail left. Repeating it changes nothing.
func (s *Store) NoticeSent(ctx context.Context, id jit.NoticeID, at time.Time) error {
	const op = "store.NoticeSent"
	return s.claim(ctx, func(t *tx) error {
		touched, err := t.exec(op, noticeSent, text(&id), moment(&at))
		if err == nil && touched == 0 {
			err = missing(op, "notice")
		}
		return err
	})
}

// NoticeFailed hands the notice back to be tried again at retryAt; why is one
// sentence. It answers Conflict if the mail left meanwhile by another hand.
func (s *Store) NoticeFailed(ctx context.Context, id jit.NoticeID, retryAt time.Time, why string) error {
	const op = "store.NoticeFailed"
	return s.claim(ctx, func(t *tx) error {
		touched, err := t.exec(op, noticeFailed, text(&id), moment(&retryAt), text(&why))
		if err != nil {
			return err
		}
		return t.changed(op, "notice", "The mail was sent meanwhile.", touched, countNotice, text(&id))
	})
}

// NextNotice is when the next notice can be claimed; ok is false when none waits.
func (s *Store) NextNotice(ctx context.Context) (due time.Time, ok bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		return t.row("store.NextNotice", nextNotice, []field{moment(&due)})
	})
	return due, err == nil && !due.IsZero(), err
}
