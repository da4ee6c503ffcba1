package mail_test

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

var (
	written = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	place   = csp.MustParseScope("/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/shop-prod")
	tenant  = csp.MustParseID[csp.Tenant]("fab00000-0000-4000-8000-00000000c001")
)

const (
	link    = jit.LinkID("LINKLINKLINKLINKLINKLINKLI")
	request = jit.RequestID("REQUESTREQUESTREQUESTREQUE")
	base    = "https://latchkey.contoso.example"
)

// numbers derives a number from the link's text, as predictable as a test wants.
type numbers struct{}

func (numbers) For(l jit.LinkID) string { return strconv.Itoa(100000 + len(l)*1111) }

func options(t *testing.T, baseURL string) mail.Options {
	t.Helper()
	u, err := url.Parse(baseURL)
	if err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseAddress("latchkey@contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	return mail.Options{BaseURL: u, From: from, FromName: "Latchkey at Contoso", Numbers: numbers{}}
}

func composer(t *testing.T) *mail.Composer {
	t.Helper()
	c, err := mail.NewComposer(options(t, base))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// notice is a notice of the kind with everything such a notice has.
func notice(kind jit.NoticeKind) jit.Notice {
	n := jit.Notice{
		ID: "NOTICENOTICENOTICENOTICENO", Kind: kind, At: written,
		ToName: "Ada Lovelace", ToAddress: "ada@fabrikam.example",
		Request: request, Number: 1042, Tenant: tenant,
		CustomerName: "Fabrikam", PartnerName: "Contoso Partner", EngineerName: "James Carter",
		RoleName: "Desktop Virtualization Power On Off Contributor", Scope: place,
		Duration: 2 * time.Hour, Reason: "The web shop does not answer; its machine must be restarted.",
		AnswerBy: written.Add(4 * time.Hour), Begins: written.Add(5 * time.Minute), Ends: written.Add(125 * time.Minute),
	}
	switch kind {
	case jit.NoticeAsk:
		n.Link, n.Tier = link, jit.SignInTier
	case jit.NoticeEnrol:
		n.Link, n.Request, n.Number, n.EngineerName, n.RoleName, n.Scope, n.Reason = link, "", 0, "", "", csp.Scope{}, ""
	case jit.NoticeDeclined:
		n.Why = "Not during the sale; call me on Monday."
	case jit.NoticeFailed:
		n.Why = "Azure does not know the engineer's guest account in this tenant."
	case jit.NoticeEnded:
		n.At, n.Why = written.Add(126*time.Minute), "The engineer ended it early."
	case jit.NoticeStuck:
		n.Why = "A lock named keep-it at the resource group does not let role assignments be removed."
	}
	return n
}

var kinds = []jit.NoticeKind{
	jit.NoticeAsk, jit.NoticeEnrol, jit.NoticeGranted, jit.NoticeDeclined, jit.NoticeLapsed,
	jit.NoticeWithdrawn, jit.NoticeFailed, jit.NoticeEnded, jit.NoticeStuck,
}
