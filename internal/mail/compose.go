package mail

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"latchkey/internal/fault"
	"latchkey/internal/jit"
)

// Numbers gives the number that a mail shows for the link it carries. It is
// derived when the mail is composed and never stored; jit.Numbers implements it.
type Numbers interface {
	For(link jit.LinkID) string
}

// Options make a Composer.
type Options struct {
	// BaseURL is the portal's address as configured. Links are made from it and
	// from nothing a request said about itself (TH-T6).
	BaseURL *url.URL
	// From is the sender, also of the envelope, so that what cannot be delivered
	// comes back to a mailbox somebody reads.
	From     Address
	FromName string
	Numbers  Numbers
}

// Composer writes notices as mails. It is safe for concurrent use.
type Composer struct {
	base     url.URL
	domain   string // of message ids
	from     Address
	fromName string
	numbers  Numbers
}

// NewComposer checks the options: the base URL must be absolute, and https
// unless its host is this machine.
func NewComposer(o Options) (*Composer, error) {
	const op = "mail.NewComposer"
	if err := checkBase(o.BaseURL); err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "The portal's base URL cannot be used in mails: "+err.Error()+".")
	}
	if o.From.IsZero() {
		return nil, fault.New(op, fault.Invalid, "Mails need a sender: set an address such as latchkey@contoso.example.")
	}
	if o.Numbers == nil {
		return nil, fault.New(op, fault.Internal, "")
	}
	return &Composer{
		base:     *o.BaseURL,
		domain:   idDomain(o.BaseURL.Hostname()),
		from:     o.From,
		fromName: nameLine(o.FromName),
		numbers:  o.Numbers,
	}, nil
}

func checkBase(u *url.URL) error {
	switch {
	case u == nil || u.Host == "":
		return errors.New("it must be absolute, such as https://latchkey.contoso.example")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("it must have no user, query or fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("it must begin with https:// unless it is on this machine")
}

// isLoopback says whether the host can only be this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// idDomain is the right side of a message id: the host's name, or its address
// as a literal.
func idDomain(host string) string {
	if net.ParseIP(host) != nil {
		return "[" + host + "]"
	}
	return strings.ToLower(host)
}

// Compose writes the notice. It fails with a fault of kind Invalid for an
// address no mail can go to, and Internal for a notice that lacks what its kind
// must have.
func (c *Composer) Compose(n jit.Notice) (Message, error) {
	const op = "mail.Compose"
	to, err := ParseAddress(n.ToAddress)
	if err != nil {
		return Message{}, fault.Wrap(op, fault.Invalid, err, "A mail could not be written because the recipient's address is not valid: correct it in the configuration.")
	}
	if err := checkIDs(n); err != nil {
		return Message{}, fault.Wrap(op, fault.Internal, err, "")
	}
	l, err := c.letterFor(n)
	if err != nil {
		return Message{}, fault.Wrap(op, fault.Internal, err, "")
	}
	html, err := l.html()
	if err != nil {
		return Message{}, fault.Wrap(op, fault.Internal, err, "")
	}
	return Message{
		ID:       c.messageID(n),
		Thread:   c.threadID(n),
		Date:     n.At.UTC(),
		FromName: c.fromName,
		From:     c.from,
		ToName:   nameLine(n.ToName),
		To:       to,
		Subject:  l.Subject,
		Text:     l.text(),
		HTML:     html,
	}, nil
}

// checkIDs sees to it that the ids, which go into headers and addresses, are ours.
func checkIDs(n jit.Notice) error {
	if _, err := jit.ParseTextID[jit.NoticeID](string(n.ID)); err != nil {
		return fmt.Errorf("notice id: %w", err)
	}
	if n.Request == "" {
		return nil
	}
	if _, err := jit.ParseTextID[jit.RequestID](string(n.Request)); err != nil {
		return fmt.Errorf("request id: %w", err)
	}
	return nil
}

// messageID is notice.thread@domain: the same for every sending of a notice.
func (c *Composer) messageID(n jit.Notice) string {
	thread := string(n.Request)
	if thread == "" {
		thread = string(n.Kind)
	}
	return fmt.Sprintf("%s.%s@%s", n.ID, thread, c.domain)
}

// threadID gathers the mails about one request; a mail about none stands alone.
func (c *Composer) threadID(n jit.Notice) string {
	if n.Request == "" {
		return ""
	}
	return fmt.Sprintf("%s@%s", n.Request, c.domain)
}

// page is the address of one of the portal's pages.
func (c *Composer) page(elem ...string) *url.URL { return c.base.JoinPath(elem...) }
