package sink_test

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"strings"
	"testing"

	"latchkey/internal/mail/sink"
)

func start(t *testing.T, o sink.Options) *sink.Sink {
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

// letter is a mail of the shape the sink accepts; each test spoils one line.
const letter = `From: "Latchkey" <latchkey@contoso.example>
To: "Ada" <ada@fabrikam.example>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Date: Sat, 21 Nov 2026 09:30:00 +0000
Message-ID: <one.two@contoso.example>
References: <two@contoso.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=sep

--sep
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

Hello =C3=84da
--sep
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

<p>Hello</p><a href=3D"https://a.example/x">x</a><a href=3D"https://a.example/x">y</a><a href=3D"https://a.example/z">z</a>
--sep--
`

func send(s *sink.Sink, mail string) error {
	return smtp.SendMail(s.Addr().String(), nil, "bounce@contoso.example", []string{"ada@fabrikam.example"},
		[]byte(strings.ReplaceAll(mail, "\n", "\r\n")))
}

func TestReceives(t *testing.T) {
	s := start(t, sink.Options{})
	if err := send(s, letter); err != nil {
		t.Fatal(err)
	}
	m, err := s.Wait(t.Context(), func(m sink.Message) bool { return m.To.Address == "ada@fabrikam.example" })
	if err != nil {
		t.Fatal(err)
	}
	if m.Number != 1 || m.Sender != "bounce@contoso.example" || m.Recipient != "ada@fabrikam.example" ||
		m.From != (sink.Mailbox{Name: "Latchkey", Address: "latchkey@contoso.example"}) || m.Subject != "Grüße" ||
		m.ID != "one.two@contoso.example" || m.Thread != "two@contoso.example" || m.Text != "Hello Äda" || m.ReceivedAt.IsZero() {
		t.Errorf("received %+v", m)
	}
	if got := fmt.Sprint(m.Links); got != "[https://a.example/x https://a.example/z]" {
		t.Errorf("links %s", got)
	}
}

func TestReadsStrictly(t *testing.T) {
	s := start(t, sink.Options{})
	for name, spoilt := range map[string]string{
		"a second subject":         strings.Replace(letter, "Date:", "Subject: two\nDate:", 1),
		"a second recipient":       strings.Replace(letter, "<ada@fabrikam.example>", "<ada@fabrikam.example>, eve@evil.example", 1),
		"a second To":              strings.Replace(letter, "Date:", "To: eve@evil.example\nDate:", 1),
		"a blind copy":             strings.Replace(letter, "Date:", "Bcc: eve@evil.example\nDate:", 1),
		"another address to reply": strings.Replace(letter, "Date:", "Reply-To: eve@evil.example\nDate:", 1),
		"no date":                  strings.Replace(letter, "Date: Sat, 21 Nov 2026 09:30:00 +0000\n", "", 1),
		"a date that is none":      strings.Replace(letter, "Sat, 21 Nov", "Someday", 1),
		"no message id":            strings.Replace(letter, "Message-ID: <one.two@contoso.example>\n", "", 1),
		"one part only":            strings.Replace(letter, "multipart/alternative; boundary=sep", "text/html", 1),
		"HTML first":               strings.Replace(letter, "text/plain", "text/html", 1),
		"three parts":              strings.Replace(letter, "--sep--", "--sep\nContent-Type: text/html; charset=UTF-8\n\nx\n--sep--", 1),
		"another character set":    strings.Replace(letter, "charset=UTF-8", "charset=koi8-r", 1),
		"a line without an end":    strings.Replace(letter, "Hello", strings.Repeat("x", 999), 1),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if spoilt == letter {
				t.Fatal("the test spoilt nothing")
			}
			if err := send(s, spoilt); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("%d mails were kept", len(got))
	}
}

func TestKeepsTheNewestOnly(t *testing.T) {
	s := start(t, sink.Options{Keep: 2})
	for range 3 {
		if err := send(s, letter); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Messages()
	if len(got) != 2 || got[0].Number != 2 || got[1].Number != 3 {
		t.Errorf("kept %d mails, the first is number %d", len(got), got[0].Number)
	}
}

func TestRefusesWhatIsTooLarge(t *testing.T) {
	s := start(t, sink.Options{})
	if err := send(s, strings.Replace(letter, "Hello", strings.Repeat("line\n", 100_000), 1)); err == nil {
		t.Error("half a megabyte was accepted")
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:2525", "localhost", "example.com:25"} {
		if s, err := sink.Start(t.Context(), sink.Options{Address: address}); err == nil {
			t.Errorf("it listens on %s", s.Addr())
			_ = s.Close()
		}
	}
}

func TestWaitEnds(t *testing.T) {
	s := start(t, sink.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, func(sink.Message) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v", err)
	}
}
