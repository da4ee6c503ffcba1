package sqlstore

import (
	"database/sql"
	"errors"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Statements about requests and the decisions on them.
const (
	requestColumns = `id, engineer, customer, service, scope, role, role_name, role_content, class,
		principal, duration, reason, tier, filed_at, answer_by, state, digest`

	insertRequest = `insert into requests (` + requestColumns + `)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)` + orNothing + ` returning number`

	selectRequests = `select ` + requestColumns + `, number from requests`

	moveRequest  = `update requests set state = $3 where id = $1 and state = $2`
	countRequest = `select count(*) from requests where id = $1`

	pendingBefore = selectRequests + ` where state = 'pending' and answer_by <= $1
		order by answer_by, number limit $2`

	decisionColumns = `id, request, digest, approver, verdict, tier, account_tenant, account_object,
		duration, note, decided_at`

	insertDecision = `insert into decisions (` + decisionColumns + `)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	decisionOf = `select ` + decisionColumns + ` from decisions where request = $1`
)

// newRequestFields are the columns that an insert sets; the database chooses
// the number.
func newRequestFields(r *jit.Request) []field {
	return []field{
		text(&r.ID), text(&r.Engineer), spelled(&r.Customer), text(&r.Service), spelled(&r.Scope),
		spelled(&r.Role), text(&r.RoleName), text(&r.RoleContent), count(&r.Class),
		spelled(&r.Principal), count(&r.Duration), text(&r.Reason), count(&r.Tier),
		moment(&r.FiledAt), moment(&r.AnswerBy), text(&r.State), text(&r.Digest),
	}
}

func requestFields(r *jit.Request) []field { return append(newRequestFields(r), count(&r.Number)) }

func decisionFields(d *jit.Decision) []field {
	return []field{
		text(&d.ID), text(&d.Request), text(&d.Digest), text(&d.Approver), text(&d.Verdict),
		count(&d.Tier), spelled(&d.Account.Tenant), spelled(&d.Account.Object),
		count(&d.Duration), text(&d.Note), moment(&d.At),
	}
}

func (t *tx) InsertRequest(r *jit.Request) error {
	const op = "store.InsertRequest"
	err := t.row(op, insertRequest, []field{count(&r.Number)}, newRequestFields(r)...)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(op, fault.Conflict, "This request was filed already.")
	}
	return err
}

func (t *tx) Request(id jit.RequestID) (jit.Request, error) {
	return find(t, "store.Request", "request", selectRequests+` where id = $1`, requestFields, text(&id))
}

func (t *tx) MoveRequest(id jit.RequestID, from, to jit.RequestState) error {
	const op = "store.MoveRequest"
	touched, err := t.exec(op, moveRequest, text(&id), text(&from), text(&to))
	if err != nil {
		return err
	}
	return t.changed(op, "request", "The request was answered, withdrawn or lapsed meanwhile; look at it again.",
		touched, countRequest, text(&id))
}

func (t *tx) Requests(q jit.RequestQuery) ([]jit.Request, error) {
	var f filter
	if q.Engineer != "" {
		f.add("engineer = %s", text(&q.Engineer))
	}
	if !q.Customer.IsZero() {
		f.add("customer = %s", spelled(&q.Customer))
	}
	if q.State != "" {
		f.add("state = %s", text(&q.State))
	}
	most := atMost(q.Most)
	query := selectRequests + f.where() + ` order by number desc limit ` + f.parameter(count(&most))
	return list(t, "store.Requests", query, requestFields, f.fields...)
}

func (t *tx) PendingBefore(at time.Time, most int) ([]jit.Request, error) {
	return list(t, "store.PendingBefore", pendingBefore, requestFields, moment(&at), count(&most))
}

func (t *tx) InsertDecision(d jit.Decision) error {
	return t.insert("store.InsertDecision", "This request has been answered already.", insertDecision, decisionFields(&d)...)
}

func (t *tx) DecisionOf(id jit.RequestID) (jit.Decision, error) {
	return find(t, "store.DecisionOf", "decision", decisionOf, decisionFields, text(&id))
}
