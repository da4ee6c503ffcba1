package connect_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/emulator/connect"
)

// echo is the emulator's own listener in these tests: it says "hello NAME" and
// then whatever is said to it.
func echo(t testing.TB, name string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wait.Go(func() {
				defer c.Close()
				if _, err := io.WriteString(c, "hello "+name+"\n"); err != nil {
					return
				}
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return l.Addr().String()
}

// start runs a proxy and gives its address.
func start(t testing.TB, o connect.Options) (*connect.Proxy, string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	p := connect.New(o)
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(l) }()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p, l.Addr().String()
}

// head is an answer without its body, which is read from the connection.
type head struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// ask sends a request as it stands and gives the connection and the answer.
func ask(t testing.TB, proxy, request string) (net.Conn, *bufio.Reader, head) {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", proxy)
	ok(t, err)
	t.Cleanup(func() { _ = c.Close() })
	ok(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(c, request)
	ok(t, err)
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	ok(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return c, r, head{response.StatusCode, response.Status, response.Header}
}

func line(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("%v after %q", err, text)
	}
	return strings.TrimSpace(text)
}

func TestTunnelsLeadToTheRightListener(t *testing.T) {
	login, arm := echo(t, "login"), echo(t, "arm")
	_, proxy := start(t, connect.Options{Targets: map[string]string{"login.microsoftonline.com:443": login, "management.azure.com:443": arm}})
	for authority, want := range map[string]string{
		"login.microsoftonline.com:443": "hello login",
		"LOGIN.microsoftonline.COM:443": "hello login",
		"management.azure.com:443":      "hello arm",
	} {
		// The Host header says something else, and the client speaks before it is answered.
		c, r, response := ask(t, proxy, "CONNECT "+authority+" HTTP/1.1\r\nHost: example.com\r\n\r\nearly\n")
		if response.StatusCode != http.StatusOK || response.Header.Get("x-emulator") == "" {
			t.Fatalf("%s: %s", authority, response.Status)
		}
		if got := line(t, r); got != want {
			t.Errorf("%s leads to %q, want %q", authority, got, want)
		}
		if got := line(t, r); got != "early" {
			t.Errorf("what was said early came back as %q", got)
		}
		fmt.Fprintf(c, "late\n")
		if got := line(t, r); got != "late" {
			t.Errorf("what was said late came back as %q", got)
		}
		ok(t, c.(*net.TCPConn).CloseWrite())
		if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
			t.Errorf("after the client's end: %q, %v", rest, err)
		}
	}
}

func TestHostileTargetsAreRefused(t *testing.T) {
	var mu sync.Mutex
	var noted []string
	_, proxy := start(t, connect.Options{
		Targets: map[string]string{"login.microsoftonline.com:443": echo(t, "login")},
		Note: func(a string) {
			mu.Lock()
			defer mu.Unlock()
			noted = append(noted, a)
		},
	})
	targets := []string{
		"azure.microsoft.com:443", "login.microsoftonline.com:80", "login.microsoftonline.com:0443", "login.microsoftonline.com:443:443",
		"login.microsoftonline.com", "login.microsoftonline.com.:443", "x.login.microsoftonline.com:443", "login.microsoftonline.com.example:443",
		"user@login.microsoftonline.com:443", "login.microsoftonline.com:443@example.com:443", "login.microsoftonline.com%00:443",
		"login.microsoftonline.com:443/", "login.microsoftonline.com:443?x", "login.microsoftonline.com:443#x", "//login.microsoftonline.com:443",
		"127.0.0.1:22", "localhost:22", "[::1]:22", "0.0.0.0:443", "169.254.169.254:80", "[::ffff:127.0.0.1]:443", "0x7f000001:443", "2130706433:443",
		"/", "*", "http://login.microsoftonline.com:443/", strings.Repeat("a", 4000) + ":443",
	}
	for _, target := range targets {
		_, r, response := ask(t, proxy, "CONNECT "+target+" HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n\r\n")
		// net/http answers 400 itself where the target is no authority at all.
		if response.StatusCode != http.StatusForbidden && response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", target, response.Status)
			continue
		}
		rest, err := io.ReadAll(r)
		if err != nil || strings.Contains(string(rest), "hello") {
			t.Errorf("%s: %q, %v", target, rest, err)
		}
		if response.StatusCode == http.StatusForbidden && !strings.Contains(string(rest), "does not lead to") {
			t.Errorf("%s: the refusal says %q", target, rest)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(noted) < 15 || noted[0] != "azure.microsoft.com:443" {
		t.Errorf("noted %q", noted)
	}
}

func TestOnlyCONNECTIsTaken(t *testing.T) {
	_, proxy := start(t, connect.Options{Targets: map[string]string{"login.microsoftonline.com:443": echo(t, "login")}})
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://login.microsoftonline.com/ HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n\r\n",
		"POST login.microsoftonline.com:443 HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\nContent-Length: 0\r\n\r\n",
		"connect login.microsoftonline.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		_, _, response := ask(t, proxy, request)
		if response.StatusCode != http.StatusForbidden && response.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %s", request, response.Status)
		}
	}
}

func TestTunnelsAreBoundedInNumber(t *testing.T) {
	_, proxy := start(t, connect.Options{Targets: map[string]string{"a:443": echo(t, "a")}, MaxTunnels: 2})
	const request = "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"
	first, _, _ := ask(t, proxy, request)
	ask(t, proxy, request)
	if _, _, response := ask(t, proxy, request); response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("the third of two: %s", response.Status)
	}
	ok(t, first.Close())
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, _, response := ask(t, proxy, request); response.StatusCode == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a closed tunnel never made room")
		}
	}
}

func TestSilentTunnelsAreCut(t *testing.T) {
	_, proxy := start(t, connect.Options{Targets: map[string]string{"a:443": echo(t, "a")}, IdleTimeout: 50 * time.Millisecond})
	_, r, _ := ask(t, proxy, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")
	line(t, r)
	if _, err := r.ReadByte(); err == nil {
		t.Error("a silent tunnel still speaks")
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // as the connection gave it
		t.Error("a silent tunnel was not cut")
	}
}

func TestCloseCutsTunnels(t *testing.T) {
	p, proxy := start(t, connect.Options{Targets: map[string]string{"a:443": echo(t, "a")}})
	_, r, _ := ask(t, proxy, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")
	line(t, r)
	ok(t, p.Close())
	if _, err := r.ReadByte(); err == nil {
		t.Error("the tunnel outlived its proxy")
	}
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", proxy); err == nil {
		t.Error("it still listens")
	}
}

func TestNothingBehindIsSaid(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	gone := l.Addr().String()
	ok(t, l.Close())
	p, proxy := start(t, connect.Options{Targets: map[string]string{"a:443": gone}})
	if _, _, response := ask(t, proxy, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"); response.StatusCode != http.StatusBadGateway {
		t.Errorf("%s", response.Status)
	}
	if got := p.Targets(); len(got) != 1 || got[0] != "a:443" {
		t.Errorf("targets %q", got)
	}
}

// FuzzRequestLine: whatever stands in the request line, a tunnel opens for the
// one target alone, and nothing panics.
func FuzzRequestLine(f *testing.F) {
	for _, seed := range []string{
		"CONNECT login.microsoftonline.com:443 HTTP/1.1", "CONNECT LOGIN.microsoftonline.com:443 HTTP/1.0", "GET / HTTP/1.1",
		"CONNECT user@login.microsoftonline.com:443 HTTP/1.1", "CONNECT [::1]:443 HTTP/1.1", "CONNECT  HTTP/1.1", "PRI * HTTP/2.0",
		"CONNECT login.microsoftonline.com:443\tHTTP/1.1", "CONNECT http://login.microsoftonline.com:443 HTTP/1.1",
	} {
		f.Add(seed)
	}
	_, proxy := start(f, connect.Options{Targets: map[string]string{"login.microsoftonline.com:443": echo(f, "login")}})
	f.Fuzz(func(t *testing.T, first string) {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", proxy)
		ok(t, err)
		defer c.Close()
		ok(t, c.SetDeadline(time.Now().Add(10*time.Second)))
		_, err = io.WriteString(c, first+"\r\nHost: login.microsoftonline.com:443\r\n\r\n")
		ok(t, err)
		ok(t, c.(*net.TCPConn).CloseWrite())
		// The server may reset the connection where it refused early.
		got, _ := io.ReadAll(c)
		target := strings.Fields(strings.SplitN(first, "\n", 2)[0])
		meant := len(target) == 3 && target[0] == http.MethodConnect && strings.EqualFold(target[1], "login.microsoftonline.com:443")
		if strings.Contains(string(got), "hello login") && !meant {
			t.Errorf("%q opened a tunnel: %q", first, got)
		}
	})
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
