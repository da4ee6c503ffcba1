// Package pgtest gives tests a PostgreSQL of their own. The first test that
// asks starts a cluster in a temporary folder, reached through a socket in that
// folder and by nothing else; every test gets a database cloned from a migrated
// template; the end of the test binary stops and removes it all. If the binary
// dies, the kernel stops the server (on Linux).
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		store, err := postgres.Open(t.Context(), pgtest.Database(t), postgres.Options{})
//
// PostgreSQL refuses to run as root; there the server runs as the system's user
// "postgres", or "nobody".
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/store/postgres"
)

const template = "latchkey_template"

// errMissing says that there is no PostgreSQL on this machine.
var errMissing = errors.New("PostgreSQL is not installed; install version 15 or later (Debian: apt-get install postgresql), " +
	"with its programs in PATH or in /usr/lib/postgresql")

// shared is the test binary's cluster, nil outside of Main.
var shared *cluster

// Main runs a package's tests and takes down what Database started. It returns
// the exit code.
func Main(m *testing.M) int {
	shared = &cluster{}
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// Database makes an empty, migrated database for the test, drops it with the
// test's end, and gives its address. Without a PostgreSQL on the machine it skips
// the test and says what to install; where CI=true it fails instead.
func Database(tb testing.TB) string {
	tb.Helper()
	if shared == nil {
		tb.Fatal("pgtest.Database needs a TestMain that calls pgtest.Main")
	}
	err := shared.started()
	switch {
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		tb.Skip("SKIPPED: ", err)
	case err != nil:
		tb.Fatal(err)
	}
	name, err := shared.clone(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's own context is over by now.
		if err := shared.drop(context.Background(), name); err != nil {
			tb.Error(err)
		}
	})
	return shared.address(name)
}

// cluster is a PostgreSQL server with its folder.
type cluster struct {
	start  sync.Once
	failed error
	folder string
	server *server

	mu     sync.Mutex // one clone of the template at a time
	clones int
}

// started starts the cluster, the first time.
func (c *cluster) started() error {
	c.start.Do(func() { c.failed = c.bringUp() })
	return c.failed
}

func (c *cluster) bringUp() error {
	programs, err := find()
	if err != nil {
		return err
	}
	if c.folder, err = os.MkdirTemp("", "latchkey-pg-"); err != nil {
		return err
	}
	ctx := context.Background() // the cluster outlives the test that asked first
	if c.server, err = programs.run(ctx, c.folder); err != nil {
		return err
	}
	if err := c.admin(ctx, "create database "+template); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, c.address(template), postgres.Options{})
	if err != nil {
		return err
	}
	return store.Close()
}

func (c *cluster) stop() error {
	var err error
	if c.server != nil {
		err = c.server.stop()
	}
	if c.folder != "" {
		err = errors.Join(err, os.RemoveAll(c.folder))
	}
	return err
}

// address is how to reach one of the cluster's databases.
func (c *cluster) address(database string) string {
	return fmt.Sprintf("host=%s user=%s database=%s sslmode=disable", c.folder, superuser, database)
}

func (c *cluster) clone(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clones++
	name := fmt.Sprintf("test_%d", c.clones)
	return name, c.admin(ctx, "create database "+name+" template "+template)
}

func (c *cluster) drop(ctx context.Context, name string) error {
	return c.admin(ctx, "drop database "+name+" with (force)")
}

// admin runs a statement as the cluster's owner. The names in it are our own.
func (c *cluster) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
