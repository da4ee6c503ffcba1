package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"latchkey/internal/fault"
	"latchkey/internal/store/sqlstore"
)

// scripts are the first n migrations of a made-up history.
func scripts(n int) fstest.MapFS {
	all := []struct{ name, text string }{
		{"0001_people.sql", "-- who\ncreate table people (name text);\ninsert into people values ('mary');\n"},
		{"0002_age.sql", "alter table people add column age integer;\nupdate people set age = 40;\n"},
		{"0003_broken.sql", "insert into people values ('adam', 1);\ninsert into nobody values (1);\n"},
	}
	files := fstest.MapFS{"readme.txt": {Data: []byte("not a migration")}}
	for _, s := range all[:n] {
		files[s.name] = &fstest.MapFile{Data: []byte(s.text)}
	}
	return files
}

func database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var plain = sqlstore.Dialect{
	Classify: func(error) (fault.Kind, string) { return fault.Internal, "" },
	LostRace: func(error) bool { return false },
}

func ask(t *testing.T, db *sql.DB, query string) (answer string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

const (
	people  = "select group_concat(name) from people"
	version = "select max(version) from schema_versions"
)

func migrate(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	if err := sqlstore.Migrate(t.Context(), db, plain, scripts(n)); err != nil {
		t.Fatal(err)
	}
}

func TestMigrate(t *testing.T) {
	t.Run("a database of the version before keeps its data", func(t *testing.T) {
		db := database(t)
		migrate(t, db, 1)
		if _, err := db.ExecContext(t.Context(), "insert into people values ('zoe')"); err != nil {
			t.Fatal(err)
		}
		migrate(t, db, 2)
		if got := ask(t, db, people); got != "mary,zoe" {
			t.Errorf("people are %s", got)
		}
		if got := ask(t, db, "select age from people where name = 'zoe'"); got != "40" {
			t.Errorf("zoe is %s", got)
		}
	})
	t.Run("migrating again does nothing", func(t *testing.T) {
		db := database(t)
		migrate(t, db, 2)
		migrate(t, db, 2)
		if got := ask(t, db, people); got != "mary" {
			t.Errorf("people are %s", got)
		}
	})
	t.Run("a newer database is refused and left as it is", func(t *testing.T) {
		db := database(t)
		migrate(t, db, 2)
		err := sqlstore.Migrate(t.Context(), db, plain, scripts(1))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.PublicOf(err), "version 2") {
			t.Errorf("answered %v", err)
		}
		if got := ask(t, db, version); got != "2" {
			t.Errorf("the version is %s", got)
		}
	})
	t.Run("a migration that fails leaves nothing of itself", func(t *testing.T) {
		db := database(t)
		err := sqlstore.Migrate(t.Context(), db, plain, scripts(3))
		if err == nil || !strings.Contains(err.Error(), "0003_broken.sql") {
			t.Errorf("answered %v", err)
		}
		if got := ask(t, db, people) + " " + ask(t, db, version); got != "mary 2" {
			t.Errorf("people and version are %s", got)
		}
	})
	t.Run("a gap in the numbers is an error", func(t *testing.T) {
		files := scripts(2)
		delete(files, "0001_people.sql")
		if err := sqlstore.Migrate(t.Context(), database(t), plain, files); err == nil {
			t.Error("it went through")
		}
	})
}
