package pgtest_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestDatabasesAreApart(t *testing.T) {
	one, other := pgtest.Database(t), pgtest.Database(t)
	if one == other {
		t.Fatalf("both are %s", one)
	}
	for _, address := range []string{one, other} {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		err = conn.QueryRow(t.Context(), "select count(*) from approvers").Scan(&rows)
		if err != nil || rows != 0 {
			t.Errorf("it has %d approvers (%v), want a migrated and empty database", rows, err)
		}
		if _, err := conn.Exec(t.Context(), "insert into approvers values ('a', '', '', '', '', '')"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestServerDiesWithTests has another test binary start its server and be
// killed, and waits on a connection to that server until it is gone.
func TestServerDiesWithTests(t *testing.T) {
	if os.Getenv("LATCHKEY_TEST_VICTIM") != "" {
		if _, err := fmt.Fprintln(os.Stdout, "address:", pgtest.Database(t)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	if runtime.GOOS != "linux" {
		if os.Getenv("CI") == "true" {
			t.Fatal("only Linux ends a server with the process that started it, and CI skips nothing")
		}
		t.Skip("SKIPPED: only Linux ends a server with the process that started it")
	}
	pgtest.Database(t) // skips where there is no PostgreSQL
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerDiesWithTests$")
	victim.Env = append(os.Environ(), "LATCHKEY_TEST_VICTIM=yes")
	if _, err := victim.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "address: ")
	if err != nil || !ok {
		t.Fatalf("the victim said %q (%v)", line, err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	folder := conn.Config().Host
	t.Cleanup(func() { // which nobody is left to remove
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	if _, err := conn.WaitForNotification(t.Context()); err == nil {
		t.Error("a notification came, which nobody sent")
	}
	if _, err := pgx.Connect(t.Context(), address); err == nil {
		t.Error("the server still takes connections")
	}
}
