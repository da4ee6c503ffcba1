package clients_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// switchedOn is the environment variable that `make clients` sets.
const switchedOn = "LATCHKEY_CLIENTS"

// need skips the test unless it was asked for, and unless its program is there.
// Whoever asks for the tests in CI gets them or a failure.
func need(t *testing.T, program string) {
	t.Helper()
	if os.Getenv(switchedOn) == "" {
		t.Skipf("this runs a real client, %s: run `make clients`, which installs it and sets %s=1", program, switchedOn)
	}
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed, and CI skips nothing", program)
		}
		t.Skipf("%s is not installed: tools/client-deps.sh does it on Debian", program)
	}
}

// patience is how long one run of a client may take.
const patience = 2 * time.Minute

// outcome is how a process ended.
type outcome struct {
	stdout, stderr string
	code           int
}

// process is a client that runs.
type process struct {
	name string
	args []string
	env  []string
	dir  string
	// stdin, if any, is what it reads.
	stdin io.Reader
	// hears, if any, is told each line that it writes to its error output, and
	// takes each line of its output.
	hears, takes func(line string)
	// hopeless, if any, ends the process with the error that it yields.
	hopeless <-chan error
}

// run waits for the process to end. An exit code is an outcome; everything else
// that goes wrong ends the test.
func (p process) run(tb testing.TB) outcome {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	go func() {
		select {
		case err := <-p.hopeless:
			give(err)
		case <-ctx.Done():
		}
	}()
	c := exec.CommandContext(ctx, p.name, p.args...)
	c.Env, c.Dir, c.Stdin, c.WaitDelay = p.env, p.dir, p.stdin, 5*time.Second
	stdout, stderr := &lines{each: p.takes}, &lines{each: p.hears}
	c.Stdout, c.Stderr = stdout, stderr
	err := c.Run()
	got := outcome{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || ctx.Err() != nil) {
		tb.Fatalf("%s %s: %v\n%s%s", p.name, strings.Join(p.args, " "), errors.Join(err, context.Cause(ctx)), got.stdout, got.stderr)
	}
	return got
}

// lines collects what a process writes, and passes on each line as it ends.
type lines struct {
	mu   sync.Mutex
	all  bytes.Buffer
	rest []byte
	each func(line string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	if l.each == nil {
		return len(p), nil
	}
	l.rest = append(l.rest, p...)
	for {
		line, rest, ended := bytes.Cut(l.rest, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		l.rest = rest
		l.each(strings.TrimSuffix(string(line), "\r"))
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// bareEnvironment is what every client gets: where programs are, a home of its
// own, and no way to anything but loopback.
func (v *town) bareEnvironment(tb testing.TB) []string {
	tb.Helper()
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + tb.TempDir(), "LANG=C.UTF-8"}
}

// proxied is what an unmodified client is told: the proxy that answers for
// Microsoft's names alone, and whom to trust.
func (v *town) proxied() []string {
	return []string{
		"HTTPS_PROXY=" + v.at.Proxy, "https_proxy=" + v.at.Proxy,
		"NO_PROXY=localhost,127.0.0.1", "no_proxy=localhost,127.0.0.1",
	}
}
