package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
	"latchkey/internal/mail/sink"
)

func startSink(t *testing.T, o sink.Options) *sink.Sink {
	t.Helper()
	s, err := sink.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func relayTo(s *sink.Sink) mail.Relay {
	return mail.Relay{Host: "127.0.0.1", Port: s.Addr().Port, TLS: mail.TLSNone, Timeout: 10 * time.Second}
}

func sender(t *testing.T, r mail.Relay) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func composed(t *testing.T, n jit.Notice) mail.Message {
	t.Helper()
	m, err := composer(t).Compose(n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryKindArrivesAsItWasWritten(t *testing.T) {
	box := startSink(t, sink.Options{})
	post := sender(t, relayTo(box))
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			sent := composed(t, notice(kind))
			if err := post.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			arrived(t, box, sent)
		})
	}
}

// TestHostileTextThroughSMTP sends the hostile corpus over the wire; the sink
// reads strictly, so a second header, recipient or part would have been refused.
func TestHostileTextThroughSMTP(t *testing.T) {
	box := startSink(t, sink.Options{})
	post := sender(t, relayTo(box))
	for _, evil := range hostile {
		sent := composed(t, evilNotice(jit.NoticeAsk, evil))
		if err := post.Send(t.Context(), sent); err != nil {
			t.Errorf("%.40q: %v", evil, err)
			continue
		}
		arrived(t, box, sent)
	}
}

// arrived compares the newest mail in the box with what was sent.
func arrived(t *testing.T, box *sink.Sink, sent mail.Message) {
	t.Helper()
	all := box.Messages()
	if len(all) == 0 {
		t.Fatal("nothing arrived")
	}
	got := all[len(all)-1]
	want := sink.Message{
		ID: sent.ID, Thread: sent.Thread, Sender: sent.From.String(), Recipient: sent.To.String(),
		From:    sink.Mailbox{Name: sent.FromName, Address: sent.From.String()},
		To:      sink.Mailbox{Name: sent.ToName, Address: sent.To.String()},
		Subject: sent.Subject, Text: sent.Text, HTML: sent.HTML,
	}
	facts := sink.Message{
		ID: got.ID, Thread: got.Thread, Sender: got.Sender, Recipient: got.Recipient, From: got.From, To: got.To,
		Subject: got.Subject, Text: got.Text, HTML: got.HTML,
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("sent and received differ (-sent +received):\n%s", diff)
	}
	if !got.Date.Equal(sent.Date) {
		t.Errorf("date %s, want %s", got.Date, sent.Date)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply, RN, NRN, DR", "Mime-Version": "1.0",
	} {
		if diff := cmp.Diff([]string{want}, got.Header[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for line := range bytes.SplitSeq(got.Raw, []byte("\r\n")) {
		// An id cannot be folded; everything else can.
		if len(line) > 76 && !bytes.Contains(line, []byte("<"+sent.Thread+">")) && !bytes.Contains(line, []byte("<"+sent.ID+">")) {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		if bytes.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
			t.Errorf("a line that is not plain ASCII: %q", line)
		}
	}
}

func TestTLS(t *testing.T) {
	config, roots := certificate(t)
	message := composed(t, notice(jit.NoticeAsk))
	trusted := func(s *sink.Sink, p mail.TLSPolicy) mail.Relay {
		r := relayTo(s)
		r.TLS, r.Roots = p, roots
		return r
	}
	t.Run("STARTTLS with a certificate we trust delivers", func(t *testing.T) {
		box := startSink(t, sink.Options{TLS: config})
		if err := sender(t, trusted(box, "")).Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		arrived(t, box, message)
	})
	t.Run("TLS from the first byte delivers", func(t *testing.T) {
		box := startSink(t, sink.Options{TLS: config, Implicit: true})
		if err := sender(t, trusted(box, mail.TLSImplicit)).Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		arrived(t, box, message)
	})
	refusals := map[string]struct {
		options sink.Options
		policy  mail.TLSPolicy
		roots   *x509.CertPool
	}{
		"a relay without STARTTLS gets nothing":                           {sink.Options{}, mail.TLSMandatory, roots},
		"a certificate nobody vouches for gets nothing":                   {sink.Options{TLS: config}, mail.TLSMandatory, x509.NewCertPool()},
		"a certificate nobody vouches for gets nothing with implicit TLS": {sink.Options{TLS: config, Implicit: true}, mail.TLSImplicit, x509.NewCertPool()},
	}
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			box := startSink(t, c.options)
			r := trusted(box, c.policy)
			r.Roots = c.roots
			err := sender(t, r).Send(t.Context(), message)
			if !fault.Is(err, fault.Unavailable) || fault.PublicOf(err) == "" {
				t.Errorf("Send = %v", err)
			}
			if got := box.Messages(); len(got) != 0 {
				t.Errorf("%d mails arrived", len(got))
			}
		})
	}
}

// certificate makes one for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func TestRelaySettings(t *testing.T) {
	good := mail.Relay{Host: "smtp.contoso.example", Port: 587}
	for name, change := range map[string]func(*mail.Relay){
		"no host":                                func(r *mail.Relay) { r.Host = "" },
		"a host with a port in it":               func(r *mail.Relay) { r.Host = "smtp.contoso.example:587" },
		"an address with a scheme":               func(r *mail.Relay) { r.Host = "smtp://contoso.example" },
		"no port":                                func(r *mail.Relay) { r.Port = 0 },
		"a port too high":                        func(r *mail.Relay) { r.Port = 70000 },
		"a policy that falls back":               func(r *mail.Relay) { r.TLS = "opportunistic" },
		"no TLS to another machine":              func(r *mail.Relay) { r.TLS = mail.TLSNone },
		"no TLS to a name that only looks local": func(r *mail.Relay) { r.TLS, r.Host = mail.TLSNone, "localhost.evil.example" },
		"credentials without TLS": func(r *mail.Relay) {
			r.TLS, r.Host, r.Username, r.Password = mail.TLSNone, "127.0.0.1", "u", "secret-canary"
		},
		"a user without a password": func(r *mail.Relay) { r.Username = "u" },
		"a password without a user": func(r *mail.Relay) { r.Password = "secret-canary" },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			r := good
			change(&r)
			_, err := mail.NewSender(r)
			if !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
				t.Errorf("NewSender = %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret-canary") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	if _, err := mail.NewSender(good); err != nil {
		t.Error(err)
	}
}

func TestSendFaults(t *testing.T) {
	message := composed(t, notice(jit.NoticeAsk))
	t.Run("a recipient refused for good is a fault of the upstream", func(t *testing.T) {
		box := startSink(t, sink.Options{})
		box.RefuseRecipients(func(string) error { return &smtp.SMTPError{Code: 550, Message: "no such mailbox ada@fabrikam.example"} })
		checkFault(t, sender(t, relayTo(box)).Send(t.Context(), message), fault.Upstream)
	})
	t.Run("a recipient refused for now may be tried again", func(t *testing.T) {
		box := startSink(t, sink.Options{})
		box.RefuseRecipients(func(string) error { return &smtp.SMTPError{Code: 451, Message: "ada@fabrikam.example is greylisted"} })
		checkFault(t, sender(t, relayTo(box)).Send(t.Context(), message), fault.Unavailable)
	})
	t.Run("a relay that is not there may be tried again", func(t *testing.T) {
		box := startSink(t, sink.Options{})
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
		checkFault(t, sender(t, relayTo(box)).Send(t.Context(), message), fault.Unavailable)
	})
	t.Run("a relay that never speaks is left when the caller has had enough", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		silent := silentRelay(t, cancel)
		checkFault(t, sender(t, silent).Send(ctx, message), fault.Unavailable)
	})
	t.Run("a message without a recipient is our defect", func(t *testing.T) {
		box := startSink(t, sink.Options{})
		m := message
		m.To = mail.Address{}
		if err := sender(t, relayTo(box)).Send(t.Context(), m); !fault.Is(err, fault.Internal) {
			t.Errorf("Send = %v", err)
		}
	})
}

func checkFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) || fault.PublicOf(err) == "" {
		t.Fatalf("Send = %v; want a fault of kind %s with a sentence", err, kind)
	}
	if strings.Contains(err.Error(), "ada@") {
		t.Errorf("the fault names the recipient: %v", err)
	}
}

// silentRelay accepts a connection, tells whoever waits, and says nothing.
func silentRelay(t *testing.T, accepted func()) mail.Relay {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		accepted()
		_, _ = conn.Read(make([]byte, 1)) // until the other side hangs up
		_ = conn.Close()
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return mail.Relay{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: mail.TLSNone, Timeout: time.Minute}
}
