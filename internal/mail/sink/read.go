package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// read takes a mail apart. It wants the shape every mail of ours has: each
// identifying header once, one sender, one recipient, and the two alternatives
// text/plain then text/html.
func read(raw []byte) (Message, error) {
	if err := checkLines(raw); err != nil {
		return Message{}, err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{Header: parsed.Header, Raw: raw}
	if err := readHeader(parsed.Header, &m); err != nil {
		return Message{}, err
	}
	if err := readParts(parsed, &m); err != nil {
		return Message{}, err
	}
	m.Links = links(m.HTML)
	return m, nil
}

// checkLines wants every line to end in CR LF and neither to stand alone: a
// reader and a relay that disagree about line ends can be made to see two mails
// in one.
func checkLines(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errors.New("the mail does not end in a line end")
	}
	for line := range bytes.SplitSeq(raw[:len(raw)-2], []byte("\r\n")) {
		switch {
		case bytes.ContainsAny(line, "\r\n"):
			return errors.New("a line end of half the usual kind")
		case len(line) > maxLine:
			return fmt.Errorf("a line longer than %d bytes", maxLine)
		}
	}
	return nil
}

func readHeader(h mail.Header, m *Message) error {
	for _, once := range []string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type"} {
		if n := len(h[once]); n != 1 {
			return fmt.Errorf("%d %s headers instead of one", n, once)
		}
	}
	for _, never := range []string{"Cc", "Bcc", "Sender", "Reply-To"} {
		if len(h[never]) > 0 {
			return fmt.Errorf("a %s header", never)
		}
	}
	var err error
	if m.From, err = oneMailbox(h, "From"); err != nil {
		return err
	}
	if m.To, err = oneMailbox(h, "To"); err != nil {
		return err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(h.Get("Subject")); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	if m.Date, err = h.Date(); err != nil {
		return fmt.Errorf("date: %w", err)
	}
	m.ID, m.Thread = bare(h.Get("Message-Id")), bare(h.Get("References"))
	return nil
}

func oneMailbox(h mail.Header, name string) (Mailbox, error) {
	list, err := h.AddressList(name)
	if err != nil {
		return Mailbox{}, fmt.Errorf("%s: %w", name, err)
	}
	if len(list) != 1 {
		return Mailbox{}, fmt.Errorf("%d addresses in %s instead of one", len(list), name)
	}
	return Mailbox{Name: list[0].Name, Address: list[0].Address}, nil
}

func bare(id string) string { return strings.Trim(strings.TrimSpace(id), "<>") }

func readParts(parsed *mail.Message, m *Message) error {
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if kind != "multipart/alternative" {
		return fmt.Errorf("content type %s instead of multipart/alternative", kind)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	if m.Text, err = onePart(parts, "text/plain"); err != nil {
		return err
	}
	if m.HTML, err = onePart(parts, "text/html"); err != nil {
		return err
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return errors.New("more than two parts")
	}
	return nil
}

// onePart reads the next part, whose quoted-printable form is decoded on the way.
func onePart(parts *multipart.Reader, want string) (string, error) {
	part, err := parts.NextPart()
	if err != nil {
		return "", fmt.Errorf("%s part: %w", want, err)
	}
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || kind != want || !strings.EqualFold(params["charset"], "utf-8") {
		return "", fmt.Errorf("a part of type %q instead of %s in UTF-8", part.Header.Get("Content-Type"), want)
	}
	body, err := io.ReadAll(part)
	if err != nil {
		return "", fmt.Errorf("%s part: %w", want, err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n"), nil
}

// links are the targets of the document's anchors, each once, in order.
func links(document string) []string {
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		return nil
	}
	var found []string
	for node := range root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "a" {
			continue
		}
		for _, a := range node.Attr {
			if a.Key == "href" && !slices.Contains(found, a.Val) {
				found = append(found, a.Val)
			}
		}
	}
	return found
}
