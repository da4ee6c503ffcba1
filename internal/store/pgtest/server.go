package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// superuser owns the cluster inside; outside it is whoever the server runs as.
const superuser = "latchkey"

// readiness is what the server writes once it takes connections.
const readiness = "database system is ready to accept connections"

// programs are the two that a cluster needs.
type programs struct{ initdb, postgres string }

// find looks in PATH, and then where Debian keeps each version's programs.
func find() (programs, error) {
	initdb, err := exec.LookPath("initdb")
	postgres, err2 := exec.LookPath("postgres")
	if err == nil && err2 == nil {
		return programs{initdb, postgres}, nil
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return programs{}, err
	}
	slices.Sort(folders)
	for _, folder := range slices.Backward(folders) { // the newest first
		p := programs{filepath.Join(folder, "initdb"), filepath.Join(folder, "postgres")}
		if isFile(p.initdb) && isFile(p.postgres) {
			return p, nil
		}
	}
	return programs{}, errMissing
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// server is a running postgres.
type server struct {
	process *os.Process
	ended   chan struct{} // closed when the process has been waited for
	err     error         // of the wait; read after ended
}

// run makes a cluster in the folder and returns when it takes connections.
func (p programs) run(ctx context.Context, folder string) (*server, error) {
	attributes, err := unprivileged(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, p.initdb, "--pgdata", data, "--username", superuser, "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = folder, attributes
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	postgres := exec.CommandContext(ctx, p.postgres, "-D", data, "-k", folder, "-c", "listen_addresses=",
		"-c", "max_connections=200", "-c", "log_min_messages=log", "-c", "lc_messages=C")
	postgres.Dir, postgres.SysProcAttr = folder, dieWithParent(attributes)
	return launch(postgres)
}

// launch starts the server and reads what it says until it is ready.
func launch(cmd *exec.Cmd) (*server, error) {
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	s := &server{ended: make(chan struct{})}
	launched := make(chan error)
	said := newTail(output)
	go func() {
		// The kernel ends the server with the thread that started it, so the
		// thread must stay for as long as the server is wanted.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			launched <- err
			return
		}
		s.process = cmd.Process
		launched <- nil
		said.drain() // the pipe ends when the server does, and Wait may come only then
		s.err = cmd.Wait()
		close(s.ended)
	}()
	if err := <-launched; err != nil {
		return nil, err
	}
	select {
	case <-said.ready:
		return s, nil
	case <-s.ended:
		return nil, fmt.Errorf("postgres ended before it was ready: %w\n%s", s.err, said.last())
	}
}

// stop ends the server and waits for it. What it holds is of no use any more.
func (s *server) stop() error {
	if err := s.process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	<-s.ended
	return s.err
}

// tail reads the server's log: it notices when the server is ready and keeps
// the last lines for an error message.
type tail struct {
	from  io.Reader
	ready chan struct{}

	mu    sync.Mutex
	lines []string
}

func newTail(from io.Reader) *tail { return &tail{from: from, ready: make(chan struct{})} }

func (l *tail) drain() {
	const most = 20
	seen := false
	scanner := bufio.NewScanner(l.from)
	for scanner.Scan() {
		line := scanner.Text()
		if !seen && strings.Contains(line, readiness) {
			seen = true
			close(l.ready)
		}
		l.mu.Lock()
		l.lines = append(l.lines, line)
		l.lines = l.lines[max(0, len(l.lines)-most):]
		l.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, l.from) // after a line too long to scan
}

func (l *tail) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
