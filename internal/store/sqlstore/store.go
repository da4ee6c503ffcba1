package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// mostRuns bounds how often a transaction that lost a race is run. Each loss
// means that another transaction got through, or that this one has waited for it,
// so no pause is needed.
const mostRuns = 10

// Store is a database of Latchkey's. It is safe for concurrent use, and several
// of them, in one process or in many, may share one database.
type Store struct {
	writer, reader *sql.DB
	dialect        Dialect
}

// New makes a Store of an opened and migrated database. Writer and reader may
// be the same pool.
func New(writer, reader *sql.DB, dialect Dialect) *Store {
	return &Store{writer: writer, reader: reader, dialect: dialect}
}

// Close ends the connections. What Update acknowledged is on disk already.
func (s *Store) Close() error {
	if s.reader == s.writer {
		return s.writer.Close()
	}
	// The writer goes last: SQLite tidies its log away with the last connection,
	// and only a writing one can.
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// Update runs f in a transaction that no other Update overlaps. It may run f
// again if the transaction lost a race. A fault of kind Unavailable that comes
// from a connection lost during the commit leaves open whether it was kept;
// whoever repeats f then finds what it did by its own ids.
func (s *Store) Update(ctx context.Context, f func(jit.Tx) error) error {
	return s.run(ctx, s.writer, &s.dialect.Updating, func(t *tx) error {
		if s.dialect.Turn != "" {
			if _, err := t.exec("store.Update", s.dialect.Turn); err != nil {
				return err
			}
		}
		return f(t)
	})
}

// View runs f on one unchanging picture of the database; f cannot write.
func (s *Store) View(ctx context.Context, f func(jit.Tx) error) error {
	return s.view(ctx, func(t *tx) error { return f(t) })
}

func (s *Store) view(ctx context.Context, f func(*tx) error) error {
	return s.run(ctx, s.reader, &s.dialect.Viewing, f)
}

// claim runs f in a short transaction of its own beside the Updates.
func (s *Store) claim(ctx context.Context, f func(*tx) error) error {
	return s.run(ctx, s.writer, &s.dialect.Claiming, f)
}

// run runs f in a transaction, and again while the transaction loses races.
func (s *Store) run(ctx context.Context, db *sql.DB, how *sql.TxOptions, f func(*tx) error) error {
	var err error
	for range mostRuns {
		err = s.runOnce(ctx, db, how, f)
		if err == nil || ctx.Err() != nil || !s.dialect.LostRace(err) {
			return err
		}
	}
	return err
}

func (s *Store) runOnce(ctx context.Context, db *sql.DB, how *sql.TxOptions, f func(*tx) error) error {
	inner, err := db.BeginTx(ctx, how)
	if err != nil {
		return s.fault(ctx, "store.begin", err)
	}
	defer func() { _ = inner.Rollback() }() // after a commit it does nothing
	if err := f(&tx{ctx: ctx, inner: inner, store: s}); err != nil {
		return err
	}
	return s.fault(ctx, "store.commit", inner.Commit())
}

// now is the clock that due times are compared with.
func (s *Store) now(t *tx, callers time.Time) (time.Time, error) {
	if s.dialect.Now == "" {
		return callers, nil
	}
	var now time.Time
	err := t.row("store.now", s.dialect.Now, []field{moment(&now)})
	return now, err
}

// fault classes an error of the driver. It keeps faults as they are, and a nil
// err nil.
func (s *Store) fault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if ctx.Err() != nil {
		return fault.Wrap(op, fault.Unavailable, errors.Join(context.Cause(ctx), err), "")
	}
	kind, public := s.dialect.Classify(err)
	return fault.Wrap(op, kind, err, public)
}
