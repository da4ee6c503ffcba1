package sink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"latchkey/internal/clock"
)

// Message is a mail as it was received.
type Message struct {
	// Number counts the mails received, from 1.
	Number int
	// ID and Thread are Message-ID and References without their brackets.
	ID, Thread string
	// Sender and Recipient are the envelope's.
	Sender, Recipient string
	// From and To are the header's: name and address.
	From, To Mailbox
	Subject  string
	Date     time.Time
	Text     string // lines parted by \n
	HTML     string
	// Links are the addresses the HTML part links to, in order, each once.
	Links      []string
	Header     map[string][]string
	Raw        []byte
	ReceivedAt time.Time
}

// Mailbox is a name with its address.
type Mailbox struct{ Name, Address string }

// Options change how a sink listens. The zero Options are plain SMTP on a free
// port of 127.0.0.1, with the machine's clock.
type Options struct {
	// Address is a loopback address with a port; empty means 127.0.0.1:0.
	Address string
	// TLS lets clients upgrade by STARTTLS.
	TLS *tls.Config
	// Implicit expects TLS from the first byte; it needs TLS.
	Implicit bool
	Clock    clock.Clock
	// Keep is how many mails are kept, the newest; zero means 500.
	Keep int
}

const (
	keepDefault = 500
	maxBytes    = 256 << 10
	maxLine     = 998 // RFC 5322
	ioTimeout   = 30 * time.Second
)

// Sink is a running mail server. Its methods are safe for concurrent use.
type Sink struct {
	server   *smtp.Server
	listener net.Listener
	clock    clock.Clock
	keep     int
	served   sync.WaitGroup
	stop     func() bool
	hangUp   func() error // once, whoever comes first

	mu       sync.Mutex
	messages []Message
	received int
	arrived  chan struct{} // closed and replaced with each mail
	refuse   func(recipient string) error
}

// Start listens and serves until Close or until ctx is done.
func Start(ctx context.Context, o Options) (*Sink, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Keep <= 0 {
		o.Keep = keepDefault
	}
	listener, err := listen(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Sink{listener: listener, clock: o.Clock, keep: o.Keep, arrived: make(chan struct{})}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "localhost"
	s.server.MaxRecipients = 1 // every recipient has a mail of his own
	s.server.MaxMessageBytes = maxBytes
	s.server.MaxLineLength = maxLine
	s.server.ReadTimeout, s.server.WriteTimeout = ioTimeout, ioTimeout
	s.server.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is no news
	if !o.Implicit {
		s.server.TLSConfig = o.TLS
	}
	s.served.Go(func() { _ = s.server.Serve(listener) }) // ends with Close
	s.hangUp = sync.OnceValue(s.shut)
	s.stop = context.AfterFunc(ctx, func() { _ = s.hangUp() })
	return s, nil
}

func listen(ctx context.Context, o Options) (net.Listener, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("mail sink: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("mail sink: %s is not on loopback; it takes mail from this machine only", o.Address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("mail sink: %w", err)
	}
	if !o.Implicit {
		return listener, nil
	}
	if o.TLS == nil {
		return nil, errors.Join(errors.New("mail sink: implicit TLS needs a certificate"), listener.Close())
	}
	return tls.NewListener(listener, o.TLS), nil
}

// Addr is where the sink listens.
func (s *Sink) Addr() *net.TCPAddr { return s.listener.Addr().(*net.TCPAddr) }

// Close stops listening, ends every conversation and waits for the server.
// What was received stays readable.
func (s *Sink) Close() error {
	s.stop()
	err := s.hangUp()
	s.served.Wait()
	return err
}

// shut ends the server. It closes the listener as well, since the server only
// knows of it once it has begun to serve.
func (s *Sink) shut() error {
	err := errors.Join(s.server.Close(), s.listener.Close())
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Messages are the mails kept, oldest first.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Wait returns the oldest kept mail that matches, as soon as there is one.
func (s *Sink) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		s.mu.Lock()
		messages, arrived := slices.Clone(s.messages), s.arrived
		s.mu.Unlock()
		if i := slices.IndexFunc(messages, match); i >= 0 {
			return messages[i], nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("mail sink: no such mail among %d: %w", len(messages), context.Cause(ctx))
		}
	}
}

// RefuseRecipients makes the sink ask refuse about every recipient; an
// *smtp.SMTPError it returns is answered as it is. Nil takes all.
func (s *Sink) RefuseRecipients(refuse func(recipient string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func (s *Sink) store(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received++
	m.Number, m.ReceivedAt = s.received, s.clock.Now()
	s.messages = append(s.messages, m)
	if extra := len(s.messages) - s.keep; extra > 0 {
		s.messages = slices.Delete(s.messages, 0, extra)
	}
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// session is one SMTP conversation.
type session struct {
	sink              *Sink
	sender, recipient string
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.sender = from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.sink.mu.Lock()
	refuse := c.sink.refuse
	c.sink.mu.Unlock()
	if refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	c.recipient = to
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "mail not accepted: " + err.Error()}
	}
	m.Sender, m.Recipient = c.sender, c.recipient
	c.sink.store(m)
	return nil
}

func (c *session) Reset() { c.sender, c.recipient = "", "" }

func (c *session) Logout() error { return nil }
