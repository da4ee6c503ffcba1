package sqlite

import (
	"database/sql"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"latchkey/internal/fault"
	"latchkey/internal/store/sqlstore"
)

func dialect() sqlstore.Dialect {
	return sqlstore.Dialect{
		// The writer's connections begin with "begin immediate", which waits for
		// any other writer; a read-only transaction begins deferred.
		Viewing:  sql.TxOptions{ReadOnly: true},
		Elements: `json_each($1)`,
		Classify: classify,
		LostRace: busy,
	}
}

// busy says that a program on another handle held the file for all of
// busy_timeout.
func busy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&primary == sqlite3.SQLITE_BUSY
}

// primary masks what a result code says beside its kind.
const primary = 0xff

// classify looks at SQLite's primary result code, and at the extended one where
// that says more.
func classify(err error) (fault.Kind, string) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return fault.Internal, ""
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fault.Conflict, "This exists already; look at it again."
	}
	switch e.Code() & primary {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Unavailable, "The database is busy; try again in a moment."
	case sqlite3.SQLITE_FULL:
		return fault.Unavailable, "The disk is full and nothing was changed; whoever runs Latchkey must make room."
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return fault.Unavailable, "The database cannot be written and nothing was changed; whoever runs Latchkey must look at its folder."
	case sqlite3.SQLITE_NOTADB:
		return fault.Invalid, "The file is no SQLite database; name another, or one that does not exist yet."
	case sqlite3.SQLITE_CORRUPT:
		return fault.Internal, "The database is damaged; whoever runs Latchkey must keep a copy of it and restore the last backup."
	case sqlite3.SQLITE_IOERR:
		return fault.Unavailable, "The disk reports errors; whoever runs Latchkey must look at it before anything else."
	}
	return fault.Internal, ""
}
