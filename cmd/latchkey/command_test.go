package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"latchkey/internal/config"
	"latchkey/internal/demo"
)

func TestVerifyNamesWhatWasTamperedWith(t *testing.T) {
	tests := []struct {
		name, tamper, says string
	}{
		{"an entry is edited", `UPDATE audit_entries SET body = CAST(replace(CAST(body AS TEXT), '"verb":"', '"verb":"x') AS BLOB) WHERE n = 3`, "Entry 3"},
		{"an entry is dropped", `DELETE FROM audit_entries WHERE n = 2`, "Entry 2"},
		{"the end is rolled back", `DELETE FROM audit_entries WHERE n > 1`, "cut off"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tour := newTour(t)
			ok(t, tour.Enrol(t.Context()))
			ok(t, tour.Lend(t.Context()))
			settings := tour.Stage().Settings
			ok(t, tour.Stop(t.Context())) // the last checkpoint is signed on the way out
			if got := command(t, "audit", "verify", "--config", settings); got.code != 0 || !strings.Contains(got.out, "whole") {
				t.Fatalf("before: exit %d %s %s", got.code, got.out, got.err)
			}
			tamper(t, filepath.Join(filepath.Dir(settings), "latchkey.db"), test.tamper)
			got := command(t, "audit", "verify", "--config", settings)
			if got.code != 1 || !strings.Contains(got.out, test.says) {
				t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
			}
			if got := command(t, "audit", "verify", "--json", "--config", settings); got.code != 1 || !strings.Contains(got.out, `"whole": false`) {
				t.Errorf("as JSON: exit %d: %s", got.code, got.out)
			}
		})
	}
}

func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	ok(t, err)
	result, err := db.ExecContext(t.Context(), statement)
	ok(t, err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("nothing was tampered with: %d rows, %v", n, err)
	}
	ok(t, db.Close())
}

func TestVerifyMakesNoDatabase(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "latchkey.yaml")
	text := strings.Replace(config.Example(), "/var/lib/latchkey/latchkey.db", folder+"/none.db", 1)
	text = strings.Replace(text, "  user: latchkey\n", "", 1)
	ok(t, os.WriteFile(file, []byte(text), 0o600))
	got := commandIn(t, func(string) string { return "" }, "audit", "verify", "--key", "x", "--config", file)
	if _, err := os.Stat(filepath.Join(folder, "none.db")); got.code == 0 || !os.IsNotExist(err) {
		t.Errorf("exit %d: %s; the file: %v", got.code, got.err, err)
	}
}

func TestReapRemovesWhatIsOverdueWithoutADatabase(t *testing.T) {
	tour := newTour(t)
	ok(t, tour.Enrol(t.Context()))
	ok(t, tour.Lend(t.Context()))
	ok(t, tour.Kill())
	settings := tour.Stage().Settings
	for _, name := range []string{"latchkey.db", "latchkey.db-wal", "latchkey.db-shm"} {
		if err := os.Remove(filepath.Join(filepath.Dir(settings), name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	c, err := config.Load(settings, demo.Environment)
	ok(t, err)

	now := tour.Stage().Clock.Now()
	found, err := reap(t.Context(), c, now, false)
	ok(t, err)
	if len(found) != 1 || !found[0].Kept || tour.Held() != 1 {
		t.Fatalf("before the end: %+v, held %d", found, tour.Held())
	}
	tour.Stage().Clock.Move(2*time.Hour + time.Second)
	now = tour.Stage().Clock.Now()
	if found, err = reap(t.Context(), c, now, true); err != nil || len(found) != 1 || tour.Held() != 1 {
		t.Fatalf("a dry run: %+v, held %d, %v", found, tour.Held(), err)
	}
	if found, err = reap(t.Context(), c, now, false); err != nil || len(found) != 1 || !found[0].Gone || tour.Held() != 0 {
		t.Fatalf("after the end: %+v, held %d, %v", found, tour.Held(), err)
	}
}

func TestServeRefusesTheEmulator(t *testing.T) {
	tour := newTour(t)
	got := command(t, "serve", "--config", tour.Stage().Settings)
	if got.code == 0 || !strings.Contains(got.err, "on this machine") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

func TestConfigCommands(t *testing.T) {
	none := func(string) string { return "" }
	example := command(t, "config", "example")
	if example.code != 0 {
		t.Fatalf("exit %d: %s", example.code, example.err)
	}
	file := filepath.Join(t.TempDir(), "latchkey.yaml")
	text := strings.Replace(example.out, "  user: latchkey\n", "", 1)
	ok(t, os.WriteFile(file, []byte(text), 0o600))
	if got := commandIn(t, none, "config", "check", file); got.code != 0 || !strings.Contains(got.out, "is fine") {
		t.Errorf("a good file: exit %d: %s%s", got.code, got.out, got.err)
	}
	ok(t, os.WriteFile(file, []byte(strings.Replace(text, "longest: 8h ", "longest: late ", 1)), 0o600))
	if got := commandIn(t, none, "config", "check", file); got.code != 2 || !strings.Contains(got.err, "policy.longest") || !strings.Contains(got.err, "late") {
		t.Errorf("a bad file: exit %d: %s%s", got.code, got.out, got.err)
	}
	if got := commandIn(t, none, "config", "check", "--json", file); got.code != 2 || !strings.Contains(got.out, `"key":"policy.longest"`) {
		t.Errorf("as JSON: exit %d: %s%s", got.code, got.out, got.err)
	}
}

func TestUsageMistakesSayWhatToDo(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"serve", "--konfig", "x"}, {"nothing"}, {"audit", "verify"}, {"config", "check"}, {"demo", "extra"}} {
		got := command(t, args...)
		if got.code == 0 || got.err == "" || strings.Contains(got.err, "panic") {
			t.Errorf("%v: exit %d: %q", args, got.code, got.err)
		}
	}
}

func TestTheSecretIsMadePrivateAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	made, err := loadSecret(path)
	ok(t, err)
	again, err := loadSecret(path)
	ok(t, err)
	if made != again {
		t.Error("the second start made another secret")
	}
	ok(t, os.Chmod(path, 0o644))
	if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret that others may read was taken: %v", err)
	}
}

// A restored backup has forgotten that an approval was used (security.md,
// finding on rollback): nothing is granted on it until an operator has looked.
func TestNothingIsGrantedOnADatabaseThatWasPutBack(t *testing.T) {
	tour := newTour(t)
	ctx := t.Context()
	ok(t, tour.Enrol(ctx))
	ok(t, tour.Stop(ctx))
	path := filepath.Join(filepath.Dir(tour.Stage().Settings), "latchkey.db")
	backup, err := os.ReadFile(path)
	ok(t, err)
	ok(t, tour.Start(ctx))
	ok(t, tour.Lend(ctx))
	ok(t, tour.Stop(ctx))
	ok(t, os.WriteFile(path, backup, 0o600))

	ok(t, tour.Start(ctx))
	err = tour.AskAndApprove(ctx)
	if err == nil || !strings.Contains(err.Error(), "grants nothing at present") {
		t.Errorf("a request on a rolled-back log: %v", err)
	}
}
