package main

import (
	"context"
	"iter"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/config"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
	"latchkey/internal/signin"
	"latchkey/internal/store/postgres"
	"latchkey/internal/store/sqlite"
	"latchkey/internal/web"
)

// store is what all rooms together need of a database; both kinds have it.
type store interface {
	jit.Store
	mail.Outbox
	signin.Sessions
	web.Log
	AuditRecords(ctx context.Context) iter.Seq2[audit.Record, error]
	ReleaseLeases(ctx context.Context) error
	DropSessionsBefore(ctx context.Context, at time.Time) error
	Close() error
}

var (
	_ store = (*sqlite.Store)(nil)
	_ store = (*postgres.Store)(nil)
)

// openStore opens the configured database. Several processes may share a
// PostgreSQL one, so there due times go by the database's clock.
func openStore(ctx context.Context, d config.Database) (store, error) {
	if d.SQLite != "" {
		return sqlite.Open(ctx, d.SQLite)
	}
	return postgres.Open(ctx, d.PostgreSQL.Reveal(), postgres.Options{DatabaseTime: true})
}

// tree reads the log's tree inside one transaction, for the keeper of checkpoints.
func tree(s jit.Store) func(context.Context, func(audit.Tree) error) error {
	return func(ctx context.Context, f func(audit.Tree) error) error {
		return s.View(ctx, func(tx jit.Tx) error { return f(tx) })
	}
}
