package sqlstore

import "latchkey/internal/jit"

// Statements about grants.
const (
	grantColumns = `id, request, episode, engineer, customer, state, begins, ends, active_at, ended_at,
		end_now_by, why`

	insertGrant = `insert into grants (` + grantColumns + `)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

	selectGrants = `select ` + grantColumns + ` from grants`

	// What a grant is for was fixed with its approval; only how it fares changes.
	saveGrant = `update grants set state = $3, begins = $4, ends = $5, active_at = $6, ended_at = $7,
		end_now_by = $8, why = $9 where id = $1 and state = $2`
	countGrant = `select count(*) from grants where id = $1`
)

func grantFields(g *jit.Grant) []field {
	return []field{
		text(&g.ID), text(&g.Request), spelled(&g.Episode), text(&g.Engineer), spelled(&g.Customer),
		text(&g.State), moment(&g.Begins), moment(&g.Ends), moment(&g.ActiveAt), moment(&g.EndedAt),
		text(&g.EndNowBy), text(&g.Why),
	}
}

func (t *tx) InsertGrant(g jit.Grant) error {
	return t.insert("store.InsertGrant", "This request has its grant already.", insertGrant, grantFields(&g)...)
}

func (t *tx) SaveGrant(g jit.Grant, from jit.GrantState) error {
	const op = "store.SaveGrant"
	touched, err := t.exec(op, saveGrant, text(&g.ID), text(&from), text(&g.State), moment(&g.Begins), moment(&g.Ends),
		moment(&g.ActiveAt), moment(&g.EndedAt), text(&g.EndNowBy), text(&g.Why))
	if err != nil {
		return err
	}
	return t.changed(op, "grant", "The grant has moved on meanwhile; look at it again.",
		touched, countGrant, text(&g.ID))
}

func (t *tx) Grant(id jit.GrantID) (jit.Grant, error) {
	return find(t, "store.Grant", "grant", selectGrants+` where id = $1`, grantFields, text(&id))
}

func (t *tx) GrantOf(id jit.RequestID) (jit.Grant, error) {
	return find(t, "store.GrantOf", "grant", selectGrants+` where request = $1`, grantFields, text(&id))
}

func (t *tx) GrantsOfEpisode(id jit.EpisodeID) ([]jit.Grant, error) {
	return list(t, "store.GrantsOfEpisode", selectGrants+` where episode = $1 order by begins, id`, grantFields, spelled(&id))
}

func (t *tx) Grants(q jit.GrantQuery) ([]jit.Grant, error) {
	var f filter
	if q.Engineer != "" {
		f.add("engineer = %s", text(&q.Engineer))
	}
	if !q.Customer.IsZero() {
		f.add("customer = %s", spelled(&q.Customer))
	}
	if q.Open {
		f.conditions = append(f.conditions, "state not in ('ended', 'failed')")
	}
	most := atMost(q.Most)
	query := selectGrants + f.where() + ` order by begins desc, id limit ` + f.parameter(count(&most))
	return list(t, "store.Grants", query, grantFields, f.fields...)
}
