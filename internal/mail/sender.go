package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"latchkey/internal/fault"
)

// TLSPolicy is how the way to the relay is protected.
type TLSPolicy string

// The policies. There is no "if the relay offers it": a policy that falls back
// protects from nobody who can touch the connection.
const (
	// TLSMandatory upgrades by STARTTLS and sends nothing otherwise. The default.
	TLSMandatory TLSPolicy = "mandatory"
	// TLSImplicit speaks TLS from the first byte, usually on port 465.
	TLSImplicit TLSPolicy = "implicit"
	// TLSNone is allowed for a relay on this machine only, and without credentials.
	TLSNone TLSPolicy = "none"
)

// Relay is the SMTP server that takes our mails. DKIM, SPF and DMARC are its
// business.
type Relay struct {
	Host string
	Port int
	TLS  TLSPolicy // empty means TLSMandatory
	// Username and Password sign in to the relay; both empty for one that needs
	// none.
	Username, Password string
	// Roots verify the relay's certificate; nil means the system's.
	Roots *x509.CertPool
	// Timeout bounds one sending from dialling to the relay's answer; zero means
	// 30 seconds.
	Timeout time.Duration
}

const sendTimeout = 30 * time.Second

// Sender hands mails to a relay, each over a connection of its own. It is safe
// for concurrent use.
type Sender struct{ relay Relay }

// NewSender checks the relay's settings. It does not connect.
func NewSender(r Relay) (*Sender, error) {
	const op = "mail.NewSender"
	if r.TLS == "" {
		r.TLS = TLSMandatory
	}
	if r.Timeout <= 0 {
		r.Timeout = sendTimeout
	}
	if sentence := r.trouble(); sentence != "" {
		return nil, fault.New(op, fault.Invalid, sentence)
	}
	return &Sender{relay: r}, nil
}

// trouble is a sentence about what is wrong with the settings, or empty.
func (r Relay) trouble() string {
	switch {
	case r.Host == "" || strings.ContainsAny(r.Host, "/:@ ") && net.ParseIP(r.Host) == nil:
		return "The mail relay needs a host name such as smtp.contoso.example."
	case r.Port < 1 || r.Port > 65535:
		return "The mail relay's port must be between 1 and 65535; 587 is usual."
	case r.TLS != TLSMandatory && r.TLS != TLSImplicit && r.TLS != TLSNone:
		return fmt.Sprintf("The mail relay's TLS policy must be %s, %s or %s.", TLSMandatory, TLSImplicit, TLSNone)
	case r.TLS == TLSNone && !isLoopback(r.Host):
		return "Mail without TLS is allowed only to a relay on this machine: use a policy of mandatory or implicit."
	case r.TLS == TLSNone && r.Password != "":
		return "Credentials are never sent without TLS: use a policy of mandatory or implicit, or leave them out."
	case (r.Username == "") != (r.Password == ""):
		return "The mail relay needs both a user name and a password, or neither."
	}
	return ""
}

func (r Relay) address() string { return net.JoinHostPort(r.Host, strconv.Itoa(r.Port)) }

// Send delivers the message to the relay. A nil error means that the relay took
// it, not that anybody has read it. The fault is Unavailable when the same mail
// may pass later, Upstream when the relay refused it for good, Internal when no
// relay would take it. It names neither credentials nor the recipient.
func (s *Sender) Send(ctx context.Context, m Message) error {
	const op = "mail.Send"
	msg, err := s.assemble(m)
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "")
	}
	ctx, cancel := context.WithTimeout(ctx, s.relay.Timeout)
	defer cancel()

	line := newLine(ctx)
	defer line.close()
	client, err := gomail.NewClient(s.relay.Host, s.options(line)...)
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "")
	}
	conversation, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.dialFault(op, err)
	}
	defer func() { _ = client.CloseWithSMTPClient(conversation) }() // the relay's answer to QUIT changes nothing
	if err := client.SendWithSMTPClient(conversation, msg); err != nil && !msg.IsDelivered() {
		return s.sendFault(op, err)
	}
	return nil
}

// assemble makes go-mail's message. The cleaning was done before: names and the
// subject are single lines, the addresses are of our own grammar.
func (s *Sender) assemble(m Message) (*gomail.Msg, error) {
	if m.From.IsZero() || m.To.IsZero() || m.ID == "" {
		return nil, errors.New("a message needs a sender, a recipient and an id")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&mail.Address{Name: m.FromName, Address: m.From.String()})
	msg.ToMailAddress(&mail.Address{Name: m.ToName, Address: m.To.String()})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID)
	if m.Thread != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+m.Thread+">")
		msg.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+m.Thread+">")
	}
	// No out-of-office answers and receipts, but bounces: "All" would suppress
	// those too, and then nobody would learn that a contact cannot be reached.
	msg.SetGenHeaderPreformatted("Auto-Submitted", "auto-generated")
	msg.SetGenHeaderPreformatted("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN, DR")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

func (s *Sender) options(l *line) []gomail.Option {
	config := &tls.Config{ServerName: s.relay.Host, RootCAs: s.relay.Roots, MinVersion: tls.VersionTLS12}
	o := []gomail.Option{
		gomail.WithPort(s.relay.Port),
		gomail.WithTimeout(s.relay.Timeout),
		gomail.WithTLSConfig(config),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithoutNoop(),
	}
	dial := l.dial
	switch s.relay.TLS {
	case TLSNone:
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	case TLSImplicit:
		dial = l.dialTLS(config)
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS)) // it is there already
	}
	o = append(o, gomail.WithDialContextFunc(dial))
	if s.relay.Password != "" {
		o = append(o, gomail.WithUsername(s.relay.Username), gomail.WithPassword(s.relay.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return o
}

// line owns the connection of one sending: the library honours a context only
// while it dials, and leaves the connection open when the greeting fails.
type line struct {
	closer chan net.Conn // holds the connection once there is one
	stop   func() bool
}

func newLine(ctx context.Context) *line {
	l := &line{closer: make(chan net.Conn, 1)}
	l.stop = context.AfterFunc(ctx, l.hangUp)
	return l
}

// hangUp closes the connection if there is one.
func (l *line) hangUp() {
	select {
	case conn := <-l.closer:
		_ = conn.Close()
	default:
	}
}

func (l *line) close() {
	l.stop()
	l.hangUp()
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.closer <- conn // the one place is free: a line dials once
	if ctx.Err() != nil {
		l.hangUp() // it was cut between dialling and here
	}
	return conn, nil
}

func (l *line) dialTLS(config *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := l.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return secured, nil
	}
}

// dialFault classes what went wrong before the mail was offered. All of it may
// be better later: a relay is restarted, a certificate renewed, a password set.
func (s *Sender) dialFault(op string, err error) error {
	public := fmt.Sprintf("The mail relay %s could not be reached over %s TLS; the mail is tried again.", s.relay.address(), s.relay.TLS)
	if strings.Contains(err.Error(), "SMTP AUTH") {
		// A relay may repeat in its answer what it was sent: the cause stays out.
		return fault.Newf(op, fault.Unavailable, "The mail relay %s refused the credentials; the mail is tried again.", s.relay.address())
	}
	return fault.Wrap(op, fault.Unavailable, err, public)
}

func (s *Sender) sendFault(op string, err error) error {
	refusal, ok := errors.AsType[*gomail.SendError](err)
	if !ok || refusal.ErrorCode() < 500 {
		return fault.New(op, fault.Unavailable, fmt.Sprintf("The mail relay %s did not take the mail%s; it is tried again.", s.relay.address(), stage(refusal)))
	}
	return fault.New(op, fault.Upstream, fmt.Sprintf("The mail relay %s refused the mail%s; check the recipient's address.", s.relay.address(), stage(refusal)))
}

// stage says where in the conversation a refusal came and by which code. The
// relay's own words stay out, since they repeat the recipient's address.
func stage(refusal *gomail.SendError) string {
	if refusal == nil {
		return ""
	}
	where := " (" + refusal.Reason.String()
	if refusal.ErrorCode() > 0 {
		where += ": " + strconv.Itoa(refusal.ErrorCode())
	}
	return where + ")"
}
