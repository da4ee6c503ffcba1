package sqlstore

import (
	"time"

	"latchkey/internal/jit"
)

// Statements about episodes.
const (
	episodeColumns = `id, service, tenant, scope, role, principal, principal_type, name, phase, until,
		role_content, lane, due, attempts, checked, absent_at, stuck, last_why, owner, epoch, lease`

	insertEpisode = `insert into episodes (` + episodeColumns + `)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`

	selectEpisodes = `select ` + episodeColumns + ` from episodes`

	liveEpisode = selectEpisodes + ` where tenant = $1 and scope_key = $2 and role = $3 and principal = $4
		and service = $5 and phase in ('intended', 'present')`

	// Whatever is saved leaves the line, and is put where it then belongs when it
	// is due.
	saveEpisode = `update episodes set phase = $3, until = $4, role_content = $5, lane = $6, due = $7,
		attempts = $8, checked = $9, absent_at = $10, stuck = $11, last_why = $12, owner = $13, lease = $14,
		turn = null
		where id = $1 and epoch = $2`
	countEpisode = `select count(*) from episodes where id = $1`

	hurryEpisode = `update episodes set lane = $2, due = $3, owner = '', lease = null, epoch = epoch + 1,
		turn = null where id = $1`

	// Two spellings of one place are one place.
	scopesTouched = `select tenant, min(scope) from episodes group by tenant, scope_key order by 1, 2`
)

func episodeFields(e *jit.Episode) []field {
	return []field{
		spelled(&e.ID), text(&e.Target.Service), spelled(&e.Target.Tenant), spelled(&e.Target.Scope),
		spelled(&e.Target.Role), spelled(&e.Target.Principal), text(&e.Target.PrincipalType),
		spelled(&e.Name), text(&e.Phase), moment(&e.Until), text(&e.RoleContent),
		count(&e.Lane), moment(&e.Due), count(&e.Attempts), count(&e.Checked), moment(&e.AbsentAt),
		flag(&e.Stuck), text(&e.LastWhy), text(&e.Owner), count(&e.Epoch), moment(&e.Lease),
	}
}

func placeFields(p *jit.Place) []field { return []field{spelled(&p.Tenant), spelled(&p.Scope)} }

func (t *tx) InsertEpisode(e jit.Episode) error {
	return t.insert("store.InsertEpisode", "This access is being given already.", insertEpisode, episodeFields(&e)...)
}

func (t *tx) SaveEpisode(e jit.Episode) error {
	const op = "store.SaveEpisode"
	if e.Lease.IsZero() {
		e.Owner = ""
	}
	touched, err := t.exec(op, saveEpisode, spelled(&e.ID), count(&e.Epoch), text(&e.Phase), moment(&e.Until),
		text(&e.RoleContent), count(&e.Lane), moment(&e.Due), count(&e.Attempts), count(&e.Checked),
		moment(&e.AbsentAt), flag(&e.Stuck), text(&e.LastWhy), text(&e.Owner), moment(&e.Lease))
	if err != nil {
		return err
	}
	return t.changed(op, "episode", "Another worker has taken this episode over.", touched, countEpisode, spelled(&e.ID))
}

func (t *tx) Episode(id jit.EpisodeID) (jit.Episode, error) {
	return find(t, "store.Episode", "episode", selectEpisodes+` where id = $1`, episodeFields, spelled(&id))
}

func (t *tx) LiveEpisode(target jit.Target) (jit.Episode, error) {
	key := target.Scope.Key()
	return find(t, "store.LiveEpisode", "episode", liveEpisode, episodeFields, spelled(&target.Tenant), text(&key),
		spelled(&target.Role), spelled(&target.Principal), text(&target.Service))
}

func (t *tx) HurryEpisode(id jit.EpisodeID, lane jit.Lane, at time.Time) error {
	const op = "store.HurryEpisode"
	touched, err := t.exec(op, hurryEpisode, spelled(&id), count(&lane), moment(&at))
	if err != nil {
		return err
	}
	if touched == 0 {
		return missing(op, "episode")
	}
	return nil
}

func (t *tx) ScopesTouched() ([]jit.Place, error) {
	return list(t, "store.ScopesTouched", scopesTouched, placeFields)
}
