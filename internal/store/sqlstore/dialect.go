package sqlstore

import (
	"database/sql"

	"latchkey/internal/fault"
)

// Dialect is what SQLite and PostgreSQL do differently. Statements are shared:
// both read $1, $2 and so on as parameters.
type Dialect struct {
	// Updating, Viewing and Claiming are how the three kinds of transaction begin.
	Updating, Viewing, Claiming sql.TxOptions
	// Turn is the first statement of every Update and waits until no other
	// Update runs. Empty where beginning the transaction already does.
	Turn string
	// SkipLocked ends a claim's select of the rows named e: it locks them and
	// leaves out those another claim holds.
	SkipLocked string
	// Elements is a table of the elements, in its column "value", of the JSON
	// array in parameter $1.
	Elements string
	// Now is a statement that reads the database's clock in nanoseconds since
	// 1970. If set, claims compare due times with it and not with the caller's
	// clock, so that replicas whose clocks differ agree on what is due.
	Now string
	// MigrationLock is the first statement of a migration's transaction and
	// waits until no other process migrates. Empty as for Turn.
	MigrationLock string
	// Classify says what kind of fault one of the driver's errors is, and gives
	// a sentence for people, or none.
	Classify func(error) (fault.Kind, string)
	// LostRace says whether the transaction failed only because another one
	// was quicker, so that running it again may succeed.
	LostRace func(error) bool
}
