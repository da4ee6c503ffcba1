package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"latchkey/internal/fault"
)

const (
	createVersions = `create table if not exists schema_versions (version bigint primary key)`
	selectVersion  = `select coalesce(max(version), 0) from schema_versions`
	insertVersion  = `insert into schema_versions (version) values ($1)`
)

// Migrate brings the database to the newest version that files know. They are
// named 0001_what.sql, 0002_what.sql and so on without a gap; each runs once, in
// one transaction, and there is no way back. A statement ends with a semicolon
// at the end of a line.
//
// A database newer than the files is refused: an older program must not write
// where it does not know the rules.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect, files fs.FS) error {
	const op = "store.Migrate"
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "")
	}
	for i, name := range names {
		if !strings.HasPrefix(name, fmt.Sprintf("%04d_", i+1)) {
			return fault.Wrap(op, fault.Internal, fmt.Errorf("migration %d is named %q", i+1, name), "")
		}
	}
	s := New(db, db, dialect)
	for done := false; !done && err == nil; {
		err = s.run(ctx, db, &dialect.Updating, func(t *tx) error {
			var err error
			done, err = migrateOnce(t, files, names)
			return err
		})
	}
	return err
}

// migrateOnce runs the next migration, or says that there is none left.
func migrateOnce(t *tx, files fs.FS, names []string) (done bool, err error) {
	const op = "store.Migrate"
	version, err := lockVersion(t)
	if err != nil {
		return false, err
	}
	newest := int64(len(names))
	switch {
	case version == newest:
		return true, nil
	case version > newest:
		return false, fault.Newf(op, fault.Invalid,
			"The database is at version %d and this program knows only versions up to %d; start the newer program that made it, or restore a backup from before.",
			version, newest)
	}
	script, err := fs.ReadFile(files, names[version])
	if err != nil {
		return false, fault.Wrap(op, fault.Internal, err, "")
	}
	for statement := range strings.SplitSeq(string(script), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := t.exec(op, statement); err != nil {
			return false, fmt.Errorf("migration %s: %w", names[version], err)
		}
	}
	version++
	_, err = t.exec(op, insertVersion, count(&version))
	return false, err
}

// lockVersion waits for other processes' migrations and reads the version.
func lockVersion(t *tx) (int64, error) {
	const op = "store.Migrate"
	if lock := t.store.dialect.MigrationLock; lock != "" {
		if _, err := t.exec(op, lock); err != nil {
			return 0, err
		}
	}
	if _, err := t.exec(op, createVersions); err != nil {
		return 0, err
	}
	var version int64
	err := t.row(op, selectVersion, []field{count(&version)})
	return version, err
}
