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
	// second. The conditions stand twice, since PostgreSQL judges the outer ones
	// again on a row that another claim changed while this one waited for it.
	dueEpisodes = selectEpisodes + ` as e
		join (
			select id as due_id, row_number() over (partition by lane, tenant order by due, id) as turn
			from episodes
			where phase <> 'closed' and due <= $1 and (lease is null or lease <= $1)
		) as ranked on due_id = id
		where phase <> 'closed' and due <= $1 and (lease is null or lease <= $1)
		order by lane, turn, due, id
		limit $2`

	leaseEpisodes = `update episodes set owner = $2, lease = $3, epoch = epoch + 1
		where id in (select value from `

	// A leased episode can be claimed once its lease is over: its holder may have died.
	nextDue = `select min(due) from (
			select min(due) as due from episodes where phase <> 'closed' and lease is null
			union all
			select min(case when lease > due then lease else due end)
			from episodes where phase <> 'closed' and lease is not null
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
		claimed, err = list(t, op, dueEpisodes+s.dialect.SkipLocked, episodeFields, moment(&at), count(&most))
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
