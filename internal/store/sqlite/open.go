// Package sqlite opens a SQLite database as a store: one file, one process or a
// few on one machine, every acknowledged change on disk.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"latchkey/internal/fault"
	"latchkey/internal/store/sqlstore"
)

// Store is a SQLite database of Latchkey's.
type Store = sqlstore.Store

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database at path and makes it if there is none. It refuses to
// run, with a sentence that says what to do, when the file may be read by others,
// when a setting that durability rests on does not take, when the file is damaged
// after an unclean stop, and when a newer program made it.
func Open(ctx context.Context, path string) (*Store, error) {
	const op = "sqlite.Open"
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "")
	}
	unclean := leftOpen(path)
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	writer, err := openWriter(ctx, path)
	if err != nil {
		return nil, err
	}
	reader, err := prepare(ctx, writer, path, unclean)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return sqlstore.New(writer, reader, dialect()), nil
}

// prepare makes the database ready for use through writer and opens a pool of
// readers on it.
func prepare(ctx context.Context, writer *sql.DB, path string, unclean bool) (*sql.DB, error) {
	if unclean {
		if err := checkIntegrity(ctx, writer, path); err != nil {
			return nil, err
		}
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fault.Wrap("sqlite.Open", fault.Internal, err, "")
	}
	if err := sqlstore.Migrate(ctx, writer, dialect(), files); err != nil {
		return nil, err
	}
	return openReaders(ctx, path)
}

// leftOpen says whether the last program on the file did not close it: the last
// one to do so folds the write-ahead log into the file and removes it.
func leftOpen(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// makePrivate makes the file for its owner alone, or refuses one that others
// may read. SQLite gives its side files the same mode.
func makePrivate(path string) error {
	const op = "sqlite.Open"
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault.Wrap(op, fault.Invalid, err,
			fmt.Sprintf("The database %s cannot be opened for writing; name a file in a folder that exists and belongs to the program's user.", path))
	}
	info, err := file.Stat()
	if err = errors.Join(err, file.Close()); err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "")
	}
	if !info.Mode().IsRegular() {
		return fault.Newf(op, fault.Invalid, "The database %s is no ordinary file.", path)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return fault.Newf(op, fault.Invalid,
			"The database %s may be read by others (mode %04o); run chmod 600 on it, and consider who has read it.", path, info.Mode().Perm())
	}
	return nil
}

// setting is a pragma with the value it must show.
type setting struct{ pragma, set, shows string }

// settings are what durability and consistency rest on. Full sync puts the
// write-ahead log on disk with every commit; the lesser ones lose the last
// transactions with the power.
var settings = [...]setting{
	// Before journal_mode, which may have to wait. Waiting cannot be cancelled, so
	// it is short; the store then tries again unless its caller has gone.
	{"busy_timeout", "1000", "1000"},
	{"journal_mode", "wal", "wal"},
	{"synchronous", "full", "2"},
	{"fullfsync", "on", "1"},
	{"foreign_keys", "on", "1"},
	{"trusted_schema", "off", "0"},
}

// openWriter opens the one connection that writes: its transactions begin
// immediate, so that they never find out late that another was quicker.
func openWriter(ctx context.Context, path string) (*sql.DB, error) {
	return pool(ctx, path, 1, url.Values{"_txlock": {"immediate"}})
}

// openReaders opens the connections that cannot write.
func openReaders(ctx context.Context, path string) (*sql.DB, error) {
	const most = 8
	return pool(ctx, path, most, url.Values{"_pragma": {"query_only(on)"}})
}

func pool(ctx context.Context, path string, most int, query url.Values) (*sql.DB, error) {
	query.Set("_dqs", "0") // a misspelt column name is an error, not a text
	for _, s := range settings {
		query.Add("_pragma", s.pragma+"("+s.set+")")
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fault.Wrap("sqlite.Open", fault.Internal, err, "")
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	if err := checkSettings(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func checkSettings(ctx context.Context, db *sql.DB, path string) error {
	const op = "sqlite.Open"
	for _, s := range settings {
		var shown string
		if err := db.QueryRowContext(ctx, "pragma "+s.pragma).Scan(&shown); err != nil {
			kind, public := classify(err)
			return fault.Wrap(op, kind, err, public)
		}
		if !strings.EqualFold(shown, s.shows) {
			return fault.Newf(op, fault.Invalid,
				"SQLite did not take the setting %s=%s for %s (it shows %s); put the database on a local disk.", s.pragma, s.set, path, shown)
		}
	}
	return nil
}

// checkIntegrity reads the whole file once.
func checkIntegrity(ctx context.Context, db *sql.DB, path string) error {
	const op = "sqlite.Open"
	var found string
	if err := db.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&found); err != nil {
		kind, public := classify(err)
		return fault.Wrap(op, kind, err, public)
	}
	if found != "ok" {
		return fault.Wrap(op, fault.Internal, errors.New(found),
			fmt.Sprintf("The database %s is damaged; keep a copy of it and restore the last backup.", path))
	}
	return nil
}
