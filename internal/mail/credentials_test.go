package mail_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

// TestCredentialsStayOutOfErrors speaks to a relay that repeats what it was sent
// when it refuses the credentials.
func TestCredentialsStayOutOfErrors(t *testing.T) {
	config, roots := certificate(t)
	const password = "secret-canary"
	port, heard := echoingRelay(t, config)
	s := sender(t, mail.Relay{
		Host: "127.0.0.1", Port: port, TLS: mail.TLSImplicit, Roots: roots,
		Username: "latchkey", Password: password, Timeout: 10 * time.Second,
	})
	err := s.Send(t.Context(), composed(t, notice(jit.NoticeAsk)))
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.PublicOf(err), "credentials") {
		t.Errorf("Send = %v", err)
	}
	sent := <-heard
	if !strings.Contains(sent, password) {
		t.Fatalf("the relay was sent %q: the test proves nothing", sent)
	}
	if encoded := base64.StdEncoding.EncodeToString([]byte(sent)); strings.Contains(err.Error(), password) || strings.Contains(err.Error(), encoded) {
		t.Errorf("the fault tells the password: %v", err)
	}
}

// echoingRelay plays the beginning of one SMTP conversation over TLS, answers
// AUTH with a refusal that repeats it, and gives what it was sent, decoded.
func echoingRelay(t *testing.T, config *tls.Config) (port int, heard <-chan string) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	answers := make(chan string, 1)
	go func() {
		defer close(answers)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		lines := bufio.NewScanner(conn)
		_, _ = fmt.Fprint(conn, "220 echo\r\n")
		for lines.Scan() {
			verb, rest, _ := strings.Cut(lines.Text(), " ")
			switch strings.ToUpper(verb) {
			case "EHLO":
				_, _ = fmt.Fprint(conn, "250-echo\r\n250 AUTH PLAIN\r\n")
			case "AUTH":
				_, secret, _ := strings.Cut(rest, " ")
				_, _ = fmt.Fprintf(conn, "535 5.7.8 refused: %s\r\n", secret)
				decoded, _ := base64.StdEncoding.DecodeString(secret)
				answers <- string(decoded)
			default:
				_, _ = fmt.Fprint(conn, "221 bye\r\n")
				return
			}
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, answers
}
