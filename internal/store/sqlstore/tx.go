package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

var _ jit.Tx = (*tx)(nil)

// tx is one transaction. It carries its context because jit.Tx, a thing of
// one call only, asks for none.
type tx struct {
	ctx   context.Context //nolint:containedctx // lives exactly as long as the call that made it
	inner *sql.Tx
	store *Store
}

// exec runs a statement and says how many rows it touched.
func (t *tx) exec(op, query string, fields ...field) (int64, error) {
	args, err := values(fields)
	if err != nil {
		return 0, fault.In(op, err)
	}
	result, err := t.inner.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, t.store.fault(t.ctx, op, err)
	}
	n, err := result.RowsAffected()
	return n, t.store.fault(t.ctx, op, err)
}

// row reads the one row of a query into dest; sql.ErrNoRows stays visible.
func (t *tx) row(op, query string, dest []field, fields ...field) error {
	args, err := values(fields)
	if err != nil {
		return fault.In(op, err)
	}
	err = t.inner.QueryRowContext(t.ctx, query, args...).Scan(targets(dest)...)
	if errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.store.fault(t.ctx, op, err)
}

// insert runs an insert that leaves out what a unique index forbids, and answers
// Conflict with the sentence exists for it. Unlike a violation, that does not
// break the rest of a PostgreSQL transaction.
func (t *tx) insert(op, exists, query string, fields ...field) error {
	touched, err := t.exec(op, query+orNothing, fields...)
	if err == nil && touched == 0 {
		err = fault.New(op, fault.Conflict, exists)
	}
	return err
}

const orNothing = ` on conflict do nothing`

// find reads the one T a query names; noun is what people call it.
func find[T any](t *tx, op, noun string, query string, columns func(*T) []field, fields ...field) (T, error) {
	var found T
	err := t.row(op, query, columns(&found), fields...)
	if errors.Is(err, sql.ErrNoRows) {
		return found, missing(op, noun)
	}
	return found, err
}

// list reads every T a query names.
func list[T any](t *tx, op, query string, columns func(*T) []field, fields ...field) ([]T, error) {
	args, err := values(fields)
	if err != nil {
		return nil, fault.In(op, err)
	}
	rows, err := t.inner.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, t.store.fault(t.ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	var found []T
	for rows.Next() {
		var item T
		if err := rows.Scan(targets(columns(&item))...); err != nil {
			return nil, t.store.fault(t.ctx, op, err)
		}
		found = append(found, item)
	}
	return found, t.store.fault(t.ctx, op, rows.Err())
}

// changed turns the outcome of an update that must touch exactly one row into
// an error: NotFound if query, which counts the row by its id, finds none, and
// Conflict with the sentence stale otherwise.
func (t *tx) changed(op, noun, stale string, touched int64, query string, id field) error {
	if touched == 1 {
		return nil
	}
	var n int64
	if err := t.row(op, query, []field{count(&n)}, id); err != nil {
		return err
	}
	if n == 0 {
		return missing(op, noun)
	}
	return fault.New(op, fault.Conflict, stale)
}

func missing(op, noun string) error {
	return fault.Newf(op, fault.NotFound, "There is no such %s.", noun)
}

// filter collects the conditions of a query and their parameters.
type filter struct {
	conditions []string
	fields     []field
}

// add takes a condition in which %s stands for the parameter.
func (f *filter) add(condition string, parameter field) {
	f.conditions = append(f.conditions, fmt.Sprintf(condition, f.parameter(parameter)))
}

// parameter adds a parameter and gives its place.
func (f *filter) parameter(p field) string {
	f.fields = append(f.fields, p)
	return fmt.Sprintf("$%d", len(f.fields))
}

// where is the conditions as a clause, empty if there are none.
func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " where " + strings.Join(f.conditions, " and ")
}

// usualMost is how many rows a list has if the query names no number.
const usualMost = 100

func atMost(n int) int {
	if n <= 0 {
		return usualMost
	}
	return n
}
