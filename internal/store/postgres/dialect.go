package postgres

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"latchkey/internal/fault"
	"latchkey/internal/store/sqlstore"
)

func dialect(options Options) sqlstore.Dialect {
	d := sqlstore.Dialect{
		Updating: sql.TxOptions{Isolation: sql.LevelSerializable},
		Viewing:  sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		// A claim must see what other claims have just taken, row by row.
		Claiming: sql.TxOptions{Isolation: sql.LevelReadCommitted},
		// Waiting for a table lock takes no snapshot yet, so the Update that
		// gets its turn sees everything of the one before. An advisory lock
		// would be taken by a select, under a snapshot that is old by then.
		Turn:       `lock table update_turn in exclusive mode`,
		SkipLocked: ` for update of e skip locked`,
		Elements:   `jsonb_array_elements_text(cast($1 as jsonb))`,
		Classify:   classify,
		LostRace:   lostRace,
	}
	if options.DatabaseTime {
		d.Now = `select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) * 1000`
	}
	return d
}

// migrating is the dialect of a migration: it runs at read committed, so that
// after waiting for another process's migration it sees what that one did.
func migrating(options Options) sqlstore.Dialect {
	d := dialect(options)
	d.Updating = sql.TxOptions{Isolation: sql.LevelReadCommitted}
	d.MigrationLock = `select pg_advisory_xact_lock(7809372)` // any number, the same for all Latchkeys
	return d
}

// Codes of PostgreSQL's appendix A.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	untranslatable       = "22021"
	lockNotAvailable     = "55P03"
	queryCanceled        = "57014"
	diskFull             = "53100"
	readOnlyTransaction  = "25006"
	idleInTransaction    = "25P03"

	connectionClass   = "08"
	resourcesClass    = "53"
	interventionClass = "57"
)

func lostRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == serializationFailure || e.Code == deadlockDetected)
}

func classify(err error) (fault.Kind, string) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyCode(e.Code)
	}
	if connectionLost(err) {
		return fault.Unavailable, "The database does not answer; try again in a moment."
	}
	return fault.Internal, ""
}

func classifyCode(code string) (fault.Kind, string) {
	switch code {
	case uniqueViolation:
		return fault.Conflict, "This exists already; look at it again."
	case untranslatable:
		return fault.Invalid, "The text holds characters that cannot be kept; write it again without them."
	case serializationFailure, deadlockDetected, lockNotAvailable, queryCanceled, idleInTransaction:
		return fault.Unavailable, "The database is busy; try again in a moment."
	case diskFull:
		return fault.Unavailable, "The database's disk is full and nothing was changed; whoever runs Latchkey must make room."
	case readOnlyTransaction:
		return fault.Internal, ""
	}
	switch {
	case strings.HasPrefix(code, connectionClass), strings.HasPrefix(code, resourcesClass), strings.HasPrefix(code, interventionClass):
		return fault.Unavailable, "The database does not answer; try again in a moment."
	}
	return fault.Internal, ""
}

func connectionLost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
