package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp/worldfile"
)

// emulating runs `latchkey emulate` with free ports until stop is called, and
// gives what it says of itself. stop gives its exit code and what it complained of.
func emulating(tb testing.TB, state string, more ...string) (r running, stop func() ran) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	out, in := io.Pipe()
	var complaints bytes.Buffer
	ended := make(chan ran, 1)
	args := append([]string{"emulate", "--json", "--port", "0", "--state", state}, more...)
	go func() {
		code := run(ctx, args, streams{in: strings.NewReader(""), out: in, err: &complaints}, func(string) string { return "" })
		_ = in.Close()
		ended <- ran{code: code, err: complaints.String()}
	}()
	stop = sync.OnceValue(func() ran {
		cancel()
		return <-ended
	})
	tb.Cleanup(func() { stop() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		tb.Fatalf("it said %q and %q: %v", line, stop().err, err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		tb.Fatalf("%v in %s", err, line)
	}
	return r, stop
}

func answered(tb testing.TB, address, authorization string) int {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestEmulateServesUntilItIsStopped(t *testing.T) {
	folder := t.TempDir()
	state, saved := filepath.Join(folder, "state"), filepath.Join(folder, "saved.yaml")
	r, stop := emulating(t, state, "--control", "--save", saved)
	if r.PID != os.Getpid() || r.ClientSecret == "" || answered(t, r.Page, "") != http.StatusOK {
		t.Errorf("%+v", r)
	}
	if got := answered(t, r.Control+"/", "Bearer "+r.ControlToken); got != http.StatusOK {
		t.Errorf("the control API answers %d", got)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "state.json": 0o600, "ca.pem": 0o600, "azure": 0o700} {
		info, err := os.Stat(filepath.Join(state, name))
		ok(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}

	lines := command(t, "emulate", "env", "--state", state, "--shell", "bash")
	for _, want := range []string{"export HTTPS_PROXY='" + r.Proxy + "'", "export REQUESTS_CA_BUNDLE='" + r.CAFile + "'", "export AZURE_CONFIG_DIR=", "export LATCHKEY_CONTROL_TOKEN='" + r.ControlToken + "'"} {
		if lines.code != 0 || !strings.Contains(lines.out, want) {
			t.Errorf("exit %d: %s%s lacks %s", lines.code, lines.out, lines.err, want)
		}
	}
	lower := commandIn(t, func(name string) string { return map[string]string{"https_proxy": "http://other:1"}[name] }, "emulate", "env", "--state", state, "--shell", "fish")
	if !strings.Contains(lower.out, "set -gx https_proxy '"+r.Proxy+"'") || strings.Contains(lower.out, "no_proxy ") {
		t.Errorf("with a proxy in lower case: %s", lower.out)
	}
	var values map[string]string
	ok(t, json.Unmarshal([]byte(command(t, "emulate", "env", "--state", state, "--json").out), &values))
	if values["SSL_CERT_FILE"] != r.CAFile || values["NO_PROXY"] == "" {
		t.Errorf("as JSON: %v", values)
	}
	if gone := command(t, "emulate", "env", "--state", state, "--unset", "--shell", "powershell"); !strings.Contains(gone.out, "Remove-Item Env:HTTPS_PROXY") {
		t.Errorf("--unset: %s", gone.out)
	}
	if second := command(t, "emulate", "--port", "0", "--state", state); second.code == 0 || !strings.Contains(second.err, "runs already") {
		t.Errorf("a second one: exit %d: %s", second.code, second.err)
	}

	if end := stop(); end.code != 0 || end.err != "" {
		t.Errorf("stopped: exit %d: %s", end.code, end.err)
	}
	if answered(t, r.Page, "") != 0 {
		t.Error("it still answers")
	}
	for _, name := range []string{"state.json", "ca.pem"} {
		if _, err := os.Stat(filepath.Join(state, name)); !os.IsNotExist(err) {
			t.Errorf("%s was left: %v", name, err)
		}
	}
	text, err := os.ReadFile(saved)
	ok(t, err)
	facts, err := worldfile.Parse(saved, text)
	ok(t, err)
	if len(facts.Tenants) != 6 || strings.Contains(string(text), "Emulator client") {
		t.Errorf("the saved world has %d tenants", len(facts.Tenants))
	}
}

func TestEmulateReadsWorldsAndPrintsLinesInAPipe(t *testing.T) {
	folder := t.TempDir()
	one, other := filepath.Join(folder, "one.yaml"), filepath.Join(folder, "other.yaml")
	ok(t, os.WriteFile(one, []byte("customers: {One: {domain: one.example, users: [ida]}}"), 0o600))
	ok(t, os.WriteFile(other, []byte("customers: {Other: {domain: other.example}}"), 0o600))
	r, stop := emulating(t, filepath.Join(folder, "state"), "--world", one, "--world", other, "--easy-sign-in")
	for _, domain := range []string{"one.example", "other.example"} {
		if got := answered(t, r.Page+"world/tenants/"+domain, ""); got != http.StatusOK {
			t.Errorf("%s: %d", domain, got)
		}
	}
	stop()

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out, complaints bytes.Buffer
	code := run(ctx, []string{"emulate", "--port", "0", "--state", filepath.Join(folder, "state"), "--world", one}, streams{in: strings.NewReader(""), out: &out, err: &complaints}, func(string) string { return "" })
	if code != 0 || complaints.Len() > 0 {
		t.Fatalf("exit %d: %s", code, complaints.String())
	}
	for line := range strings.Lines(out.String()) {
		if name, address, found := strings.Cut(strings.TrimSpace(line), "\t"); !found || name == "" || address == "" {
			t.Errorf("the line %q is no name and address", line)
		}
	}
	if !strings.Contains(out.String(), "Proxy\thttp://127.0.0.1:") {
		t.Errorf("%s", out.String())
	}
}

func TestEmulateWelcomesPeople(t *testing.T) {
	var b strings.Builder
	e := emulateCall{state: "/somewhere"}
	ok(t, e.welcome(&b, running{Login: "https://127.0.0.1:1", Proxy: "http://127.0.0.1:7", Password: "pw", ClientID: "c1", ClientSecret: "s"}, 120*time.Millisecond))
	for _, want := range []string{"not Microsoft", "120 ms", `eval "$(latchkey emulate env --state /somewhere)"`, "Ctrl-C", "https://127.0.0.1:1", "client id c1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %q", b.String(), want)
		}
	}
}

func TestEmulateMistakesSayWhatToDo(t *testing.T) {
	folder := t.TempDir()
	open := filepath.Join(folder, "open")
	ok(t, os.Mkdir(open, 0o755))
	ok(t, os.Chmod(open, 0o755))
	bad := filepath.Join(folder, "bad.yaml")
	ok(t, os.WriteFile(bad, []byte("customers: {X: {domian: x.example}}"), 0o600))
	state := filepath.Join(folder, "state")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--listen", "0.0.0.0"}, 2, "--allow-remote"},
		{[]string{"--save", "world.txt"}, 2, ".yaml"},
		{[]string{"--port", "70000"}, 2, "--port"},
		{[]string{"--proxy-port", "-1"}, 2, "--proxy-port"},
		{[]string{"--password", ""}, 2, "cannot be empty"},
		{[]string{"--world", filepath.Join(folder, "none.yaml")}, 1, "none.yaml"},
		{[]string{"--world", bad}, 1, "domian"},
		{[]string{"--state", open}, 1, "chmod 700"},
		{[]string{"extra"}, 1, "extra"},
	} {
		got := command(t, append([]string{"emulate", "--port", "0", "--state", state}, test.args...)...)
		if got.code != test.code || !strings.Contains(got.err, test.says) {
			t.Errorf("%v: exit %d: %s, want %d and %q", test.args, got.code, got.err, test.code, test.says)
		}
	}
	for _, test := range []struct{ args, says string }{{"", "no emulator is running"}, {"--shell nu", "no shell"}} {
		got := command(t, append([]string{"emulate", "env", "--state", filepath.Join(folder, "never")}, strings.Fields(test.args)...)...)
		if got.code == 0 || !strings.Contains(got.err, test.says) {
			t.Errorf("env %s: exit %d: %s", test.args, got.code, got.err)
		}
	}
	if got := command(t, "emulate", "env", "--state", filepath.Join(folder, "never"), "--unset", "--shell", "sh"); got.code != 0 || !strings.Contains(got.out, "unset LATCHKEY_CONTROL_TOKEN\n") {
		t.Errorf("env --unset without an emulator: exit %d: %s%s", got.code, got.out, got.err)
	}
}

// TestEmulateOutlivesACrash: what a killed emulator left behind keeps nobody from
// starting, and is not taken for one that runs.
func TestEmulateOutlivesACrash(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	ok(t, os.Mkdir(state, 0o700))
	for _, left := range []string{`{"pid":1,"page":"http://127.0.0.1:1/","proxy":"http://127.0.0.1:1"}`, `{"pid"`} {
		ok(t, os.WriteFile(filepath.Join(state, "state.json"), []byte(left), 0o600))
		if got := command(t, "emulate", "env", "--state", state); got.code == 0 || !strings.Contains(got.err, "no emulator is running") {
			t.Errorf("env: exit %d: %s", got.code, got.err)
		}
	}
	r, _ := emulating(t, state)
	if got := command(t, "emulate", "env", "--state", state); !strings.Contains(got.out, r.Proxy) {
		t.Errorf("%s%s", got.out, got.err)
	}
}

func TestEmulatePortsFollowEachOther(t *testing.T) {
	e := emulateCall{listen: "127.0.0.1", port: 23450, portAsked: true}
	if list := e.addresses(); list[0] != "127.0.0.1:23450" || list[6] != "127.0.0.1:23456" {
		t.Errorf("%v", list)
	}
	e.proxyPort = 3128
	if list := e.addresses(); list[6] != "127.0.0.1:3128" {
		t.Errorf("%v", list)
	}
	e = emulateCall{listen: "127.0.0.1"}
	if list := e.addresses(); list[0] != "127.0.0.1:0" || list[6] != "127.0.0.1:0" {
		t.Errorf("%v", list)
	}
}

// TestEmulateStartsQuickly: with the made-up world it is there in 300 ms. One of
// a few must be quick: a busy machine shall not fail the test.
func TestEmulateStartsQuickly(t *testing.T) {
	quickest := time.Hour
	for n := range 8 {
		began := time.Now()
		_, stop := emulating(t, filepath.Join(t.TempDir(), strconv.Itoa(n)))
		quickest = min(quickest, time.Since(began))
		stop()
		if quickest < 300*time.Millisecond {
			return
		}
	}
	t.Errorf("the start took %v at best", quickest)
}

// BenchmarkEmulateStart starts the emulator with the made-up world, from the flags
// to the first line it prints, and stops it.
func BenchmarkEmulateStart(b *testing.B) {
	for b.Loop() {
		_, stop := emulating(b, filepath.Join(b.TempDir(), "state"))
		b.StopTimer()
		stop()
		b.StartTimer()
	}
}
