package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Statements about what is due and who works on it.
const (
	// Tenants take turns within a lane: everybody's first, then everybody's
	// second. Ranking all that is due again with every claim would make ten
	// thousand claims out of a burst of ten thousand cost a hundred million rows,
	// so an episode is given its turn once, when it falls due, and keeps it until
	// it is claimed. It stands behind its tenant's others, and a tenant that
	// comes new to the line begins with the turn being served, not before it.
	//
	// The order makes PostgreSQL find all the places before it writes the first;
	// else it would wade through what it has just written for every next one.
	lineUpBegin = `update episodes set turn = placed.turn from (
			select ripe.id as placed_id, row_number() over (partition by lane, tenant order by due, ripe.id) + (
				select coalesce(max(before), 0) from (
					select max(turn) as before from episodes as o
					where o.lane = ripe.lane and o.tenant = ripe.tenant and o.turn is not null
					union all
					select min(turn) - 1 from episodes as o where o.lane = ripe.lane and o.turn is not null
				) as line
			) as turn
			from (
				select id, lane, tenant, due from episodes as e
				where phase <> 'closed' and turn is null and ready <= $1`
	lineUpEnd = `
			) as ripe
			order by turn
		) as placed
		where id = placed_id`

	// The clock may have gone back since an episode fell due.
	nextInLine = selectEpisodes + ` as e where turn is not null and ready <= $1
		order by lane, turn, due, id limit $2`

	leaseEpisodes = `update episodes set owner = $2, lease = $3, epoch = epoch + 1, turn = null
		where id in (select value from `

	releaseEpisodes = `update episodes set owner = '', lease = null, epoch = epoch + 1 where lease is not null`
	releaseNotices  = `update notices set owner = '', lease = null where lease is not null and sent_at is null`

	nextDue = `select min(moment) from (
			select min(ready) as moment from episodes where phase <> 'closed'
			union all
			select min(answer_by) from requests where state = 'pending'
		) as waiting`
)

// Claim leases due episodes, in the order in which they should be worked on.
func (s *Store) Claim(ctx context.Context, owner string, now time.Time, lease time.Duration, most int) ([]jit.Episode, error) {
	const op = "store.Claim"
	var claimed []jit.Episode
	err := s.claim(ctx, func(t *tx) error {
		at, err := s.now(t, now)
		if err != nil {
			return err
		}
		if _, err := t.exec(op, lineUpBegin+s.dialect.SkipLocked+lineUpEnd, moment(&at)); err != nil {
			return err
		}
		claimed, err = list(t, op, nextInLine+s.dialect.SkipLocked, episodeFields, moment(&at), count(&most))
		if err != nil || len(claimed) == 0 {
			return err
		}
		until := at.Add(lease)
		ids := make([]string, len(claimed))
		for i := range claimed {
			e := &claimed[i]
			e.Owner, e.Lease, e.Epoch = owner, until, e.Epoch+1
			ids[i] = e.ID.String()
		}
		elements, err := elementsOf(ids)
		if err != nil {
			return err
		}
		_, err = t.exec(op, leaseEpisodes+s.dialect.Elements+`)`, elements, text(&owner), moment(&until))
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// ReleaseLeases frees all that was claimed, for a program that starts on a
// database which no other process works on: whoever held the leases is dead, and
// what he left must not wait for them to run out. Should he live after all, his
// writes are refused like those of any holder who was overtaken.
func (s *Store) ReleaseLeases(ctx context.Context) error {
	const op = "store.ReleaseLeases"
	return s.claim(ctx, func(t *tx) error {
		if _, err := t.exec(op, releaseEpisodes); err != nil {
			return err
		}
		_, err := t.exec(op, releaseNotices)
		return err
	})
}

// NextDue is when there may be something to claim or to let lapse.
func (s *Store) NextDue(ctx context.Context) (due time.Time, ok bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		return t.row("store.NextDue", nextDue, []field{moment(&due)})
	})
	return due, err == nil && !due.IsZero(), err
}

// elementsOf is a list as the parameter that Dialect.Elements unfolds.
func elementsOf[T string | int64](items []T) (field, error) {
	b, err := json.Marshal(items)
	if err != nil {
		return nil, fault.Wrap("store.elements", fault.Internal, err, "")
	}
	s := string(b)
	return text(&s), nil
}
