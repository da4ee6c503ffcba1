// Package postgres opens a PostgreSQL database (15 or later) as a store, for
// more than one replica of Latchkey.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"latchkey/internal/fault"
	"latchkey/internal/store/sqlstore"
)

// Store is a PostgreSQL database of Latchkey's.
type Store = sqlstore.Store

// Options say how to use the database. The zero value is for tests.
type Options struct {
	// DatabaseTime compares due times with the database's clock, so that
	// replicas whose clocks differ agree on what is due; the caller's time is
	// then ignored. Leave it off only where the caller's clock is being moved.
	DatabaseTime bool
	// Connections is the most to hold open; 0 means 16.
	Connections int
}

//go:embed migrations/*.sql
var migrations embed.FS

const (
	oldestServer     = 150000 // server_version_num of 15.0
	usualConnections = 16
)

// limits keep one replica that was paused, or whose network broke, from holding
// the others up: its transaction is ended and its locks with it. In milliseconds.
var limits = map[string]string{
	"lock_timeout":                        "10000",
	"idle_in_transaction_session_timeout": "30000",
}

// Open connects to the database named by a URL or a key=value string, brings it
// to this program's version and refuses to run, with a sentence that says what
// to do, on a server that is too old or does not keep what it acknowledged.
func Open(ctx context.Context, address string, options Options) (*Store, error) {
	const op = "postgres.Open"
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The parser's words may repeat parts of the address, and so a password.
		return nil, fault.New(op, fault.Invalid,
			"The PostgreSQL address cannot be read; write postgres://user@host:5432/database?sslmode=verify-full.")
	}
	maps.Copy(config.RuntimeParams, limits)
	config.RuntimeParams["application_name"] = "latchkey"
	// Parameters always travel apart from the statement.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement

	db := stdlib.OpenDB(*config)
	most := options.Connections
	if most <= 0 {
		most = usualConnections
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	if err := prepare(ctx, db, options); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return sqlstore.New(db, db, dialect(options)), nil
}

func prepare(ctx context.Context, db *sql.DB, options Options) error {
	if err := checkServer(ctx, db); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fault.Wrap("postgres.Open", fault.Internal, err, "")
	}
	return sqlstore.Migrate(ctx, db, migrating(options), files)
}

// durability lists the settings that must not be off: an intent has to be on
// disk before Latchkey calls out,
// or a crash leaves access that nobody knows of (I5).
var durability = [...]string{"fsync", "full_page_writes", "synchronous_commit"}

func checkServer(ctx context.Context, db *sql.DB) error {
	const op = "postgres.Open"
	version, err := show(ctx, db, "server_version_num")
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(version); err != nil || n < oldestServer {
		return fault.Newf(op, fault.Invalid, "The PostgreSQL server is of version %s; Latchkey needs 15 or later.", version)
	}
	for _, name := range durability {
		value, err := show(ctx, db, name)
		if err != nil {
			return err
		}
		if value == "off" {
			return fault.Newf(op, fault.Invalid,
				"PostgreSQL runs with %s=off and may lose what it acknowledged, so Latchkey does not start; set %s=on for the server, the database and the user.", name, name)
		}
	}
	return nil
}

func show(ctx context.Context, db *sql.DB, setting string) (string, error) {
	var value string
	err := db.QueryRowContext(ctx, "select current_setting($1)", setting).Scan(&value)
	if err != nil {
		kind, public := classify(err)
		return "", fault.Wrap("postgres.Open", kind, fmt.Errorf("show %s: %w", setting, err), public)
	}
	return value, nil
}
