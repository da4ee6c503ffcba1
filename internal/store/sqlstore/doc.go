// Package sqlstore keeps requests, grants, episodes, notices, sessions and the
// audit log in a SQL database. It holds every statement and everything that
// SQLite and PostgreSQL have in common; what they do differently is a Dialect,
// made by the packages sqlite and postgres, which also open the database, check
// its settings and hold its migrations.
//
// # How values are kept
//
// One representation serves both databases, so that one suite (storetest) can
// hold both to the same promises:
//
//   - A moment is an integer, nanoseconds since 1970 in UTC, or null for "not
//     yet". What is read is exactly what was written, so a digest over a stored
//     request is the digest it was filed with; PostgreSQL's own timestamps would
//     cut it to microseconds. Comparisons need no session time zone.
//   - A duration is an integer, in nanoseconds.
//   - A GUID is text in lower case; the zero id is the empty text.
//   - A scope is text as it was given, with a generated column beside it in
//     lower case that is compared and indexed (R17).
//   - Text is valid UTF-8 without NUL. PostgreSQL can hold nothing else, so the
//     same is asked of SQLite: a fault of kind Invalid, before the statement runs.
//
// # Who waits for whom
//
// Updates run one at a time: SQLite has one writer, and on PostgreSQL every
// Update waits for its turn before it takes its snapshot. Nearly every Update
// ends by appending to the one audit log, so they would queue there anyway, but
// with a stale snapshot and a retry each. Claims, the outbox and sessions take no
// turn; where they touch a row that an Update has read, one of the two is run
// again (PostgreSQL) or waits (SQLite).
package sqlstore
