package mail_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"latchkey/csp"
	"latchkey/internal/fault"
	"latchkey/internal/jit"
	"latchkey/internal/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestWords holds every kind of mail against its golden files, so that a change
// of wording is seen and reviewed.
func TestWords(t *testing.T) {
	cases := map[string]jit.Notice{}
	for _, kind := range kinds {
		cases[string(kind)] = notice(kind)
	}
	byMail, fresh := notice(jit.NoticeAsk), notice(jit.NoticeAsk)
	byMail.Tier, fresh.Tier = jit.MailTier, jit.FreshTier
	cases["ask-mail-tier"], cases["ask-fresh-tier"] = byMail, fresh

	for name, n := range cases {
		t.Run(name, func(t *testing.T) {
			m, err := composer(t).Compose(n)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
			golden(t, name+".html", m.HTML)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), run with -update if that is meant:\n%s", name, diff)
	}
}

func TestLinks(t *testing.T) {
	want := map[jit.NoticeKind][]string{
		jit.NoticeAsk:   {base + "/decide/" + string(link) + "#approve", base + "/decide/" + string(link) + "#decline"},
		jit.NoticeEnrol: {base + "/enrol/" + string(link)},
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			m, err := composer(t).Compose(notice(kind))
			if err != nil {
				t.Fatal(err)
			}
			expected := want[kind]
			if expected == nil {
				expected = []string{base + "/requests/" + string(request)}
			}
			doc := parse(t, m.HTML)
			if diff := cmp.Diff(expected, doc.links); diff != "" {
				t.Errorf("links of the HTML part (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(expected, addresses(m.Text)); diff != "" {
				t.Errorf("addresses in the text part (-want +got):\n%s", diff)
			}
			if len(doc.remote) > 0 {
				t.Errorf("the mail fetches %v", doc.remote)
			}
		})
	}
	t.Run("a mail about a request has one page to go to, whichever button is pressed", func(t *testing.T) {
		m, err := composer(t).Compose(notice(jit.NoticeAsk))
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]bool{}
		for _, l := range parse(t, m.HTML).links {
			page, _, _ := strings.Cut(l, "#")
			pages[page] = true
		}
		if len(pages) != 1 {
			t.Errorf("the buttons lead to %v", pages)
		}
	})
	t.Run("a base URL with a path keeps it", func(t *testing.T) {
		c, err := mail.NewComposer(options(t, base+"/jit/"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Compose(notice(jit.NoticeEnrol))
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, m.HTML).links; len(got) != 1 || got[0] != base+"/jit/enrol/"+string(link) {
			t.Errorf("links = %v", got)
		}
	})
}

func TestNumberIsOnlyInMailsThatNeedIt(t *testing.T) {
	number := numbers{}.For(link)
	for _, kind := range kinds {
		for tier := jit.MailTier; tier <= jit.FreshTier; tier++ {
			n := notice(kind)
			n.Tier = tier
			m, err := composer(t).Compose(n)
			if err != nil {
				t.Fatal(err)
			}
			want := kind == jit.NoticeEnrol || kind == jit.NoticeAsk && tier == jit.MailTier
			if got := strings.Contains(m.Text, number); got != want {
				t.Errorf("%s, %s tier: number in text: %t, want %t", kind, tier, got, want)
			}
			if got := strings.Contains(m.HTML, number); got != want {
				t.Errorf("%s, %s tier: number in HTML: %t, want %t", kind, tier, got, want)
			}
		}
	}
}

func TestMessageIDs(t *testing.T) {
	compose := func(base string, n jit.Notice) mail.Message {
		t.Helper()
		c, err := mail.NewComposer(options(t, base))
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Compose(n)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	ask := notice(jit.NoticeAsk)
	t.Run("composing twice gives the same id, so that duplicates collapse", func(t *testing.T) {
		first, second := compose(base, ask), compose(base, ask)
		if first.ID != second.ID || first.ID != "NOTICENOTICENOTICENOTICENO.REQUESTREQUESTREQUESTREQUE@latchkey.contoso.example" {
			t.Errorf("ids %q and %q", first.ID, second.ID)
		}
	})
	t.Run("mails about one request share a thread that is no mail's id", func(t *testing.T) {
		granted := notice(jit.NoticeGranted)
		granted.ID = "ANOTHERANOTHERANOTHERANOTH"
		a, b := compose(base, ask), compose(base, granted)
		if a.Thread != b.Thread || a.Thread == "" || a.ID == b.ID || a.ID == a.Thread {
			t.Errorf("threads %q, %q; ids %q, %q", a.Thread, b.Thread, a.ID, b.ID)
		}
	})
	t.Run("an enrolment has no thread", func(t *testing.T) {
		if m := compose(base, notice(jit.NoticeEnrol)); m.Thread != "" {
			t.Errorf("thread %q", m.Thread)
		}
	})
	t.Run("a portal without a name puts its address as a literal", func(t *testing.T) {
		if m := compose("http://127.0.0.1:8080", ask); !strings.HasSuffix(m.ID, "@[127.0.0.1]") {
			t.Errorf("id %q", m.ID)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, bad := range []string{
		"", "/relative", "latchkey.contoso.example", "ftp://contoso.example", "http://latchkey.contoso.example",
		"https://user@contoso.example", "https://contoso.example?x=1", "https://contoso.example/#x", "http://127.0.0.1.evil.example",
	} {
		if _, err := mail.NewComposer(options(t, bad)); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
			t.Errorf("base URL %q: %v", bad, err)
		}
	}
	noSender := options(t, base)
	noSender.From = mail.Address{}
	if _, err := mail.NewComposer(noSender); !fault.Is(err, fault.Invalid) {
		t.Errorf("no sender: %v", err)
	}
	for _, good := range []string{base, base + "/", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"} {
		if _, err := mail.NewComposer(options(t, good)); err != nil {
			t.Errorf("base URL %q: %v", good, err)
		}
	}
}

func TestBrokenNotices(t *testing.T) {
	broken := map[string]struct {
		change func(*jit.Notice)
		kind   fault.Kind
	}{
		"a recipient that is none":            {func(n *jit.Notice) { n.ToAddress = "ada@evil@fabrikam.example" }, fault.Invalid},
		"no recipient":                        {func(n *jit.Notice) { n.ToAddress = "" }, fault.Invalid},
		"a kind nobody knows":                 {func(n *jit.Notice) { n.Kind = "gossip" }, fault.Internal},
		"an asking mail without a link":       {func(n *jit.Notice) { n.Link = "" }, fault.Internal},
		"an asking mail with a foreign link":  {func(n *jit.Notice) { n.Link = "../../evil" }, fault.Internal},
		"an asking mail without a tier":       {func(n *jit.Notice) { n.Tier = 0 }, fault.Internal},
		"an enrolling mail without a link":    {func(n *jit.Notice) { n.Kind, n.Link = jit.NoticeEnrol, "" }, fault.Internal},
		"a request's id that is none of ours": {func(n *jit.Notice) { n.Request = "x> <y" }, fault.Internal},
		"a notice's id that is none of ours":  {func(n *jit.Notice) { n.ID = "x\r\nBcc: eve@evil.example" }, fault.Internal},
		"a notice's id with nothing in it":    {func(n *jit.Notice) { n.ID = "" }, fault.Internal},
	}
	for name, b := range broken {
		t.Run(name+" makes no mail", func(t *testing.T) {
			n := notice(jit.NoticeAsk)
			b.change(&n)
			m, err := composer(t).Compose(n)
			if !fault.Is(err, b.kind) || m != (mail.Message{}) {
				t.Errorf("Compose = %v, %v; want a fault of kind %s", m, err, b.kind)
			}
		})
	}
}

// hostile is text that has hurt somebody somewhere.
var hostile = []string{
	"x\r\nBcc: eve@evil.example", "x\nSubject: you won", "x\r\n\r\n<h1>body</h1>", "x\x00y\x07z\x1b[31m",
	"<script>alert(1)</script>", `"><img src=//evil.example/x.png>`, "</blockquote></td></tr></table><a href=https://evil.example>Approve</a>",
	"{{.Number}} {{template \"x\"}}", "javascript:alert(1)", "https://evil.example/login", "http://evil.example", "evil.example/approve", "www.evil.example",
	"eve@evil.example", "mailto:eve@evil.example", "tel:+4912345", `\\evil.example\share`, "file://evil/share", "evil。example", "evil．example", "HTTPS://EVIL.EXAMPLE",
	"http:evil.example", "//evil.example/x", "1.evil.example", "xn--evil.example", "bücher.example",
	"\u202egnp.exe", "\u2066abc\u2069", "a\u200bb\u200cc\u200dd\ufeffe", "\u00ad\u00ad", "\u2028line\u2029para", "\u3164\u115f\u2800", "\U000e0041\U000e0042",
	"Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035aa", "\u0301\u0302start", "\xff\xfe invalid \xc0\xaf", "\ufffd",
	"=?utf-8?q?evil?=", "=?utf-8?b?" + "ZXZpbA==" + "?=", "-- \nsignature", ".\r\n.\r\nMAIL FROM:<x>", ".", "..", "\t \t", "",
	strings.Repeat("A", 100_000), strings.Repeat("ab ", 40_000), strings.Repeat("\u0301", 50_000), "%s%n%d", "$(id) `id`", "👩‍👩‍👧‍👦 ok", "שלום abc",
}

func TestHostileText(t *testing.T) {
	for _, kind := range kinds {
		for i, evil := range hostile {
			t.Run(fmt.Sprintf("%s/%d", kind, i), func(t *testing.T) {
				m := harmless(t, evilNotice(kind, evil))
				plain, err := composer(t).Compose(notice(kind))
				if err != nil {
					t.Fatal(err)
				}
				if got, want := parse(t, m.HTML), parse(t, plain.HTML); !sameShape(got, want, m, plain) {
					t.Errorf("the document's shape changed: %v", got.tags)
				}
			})
		}
	}
}

func FuzzHostileText(f *testing.F) {
	for _, evil := range hostile {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		for _, kind := range kinds {
			harmless(t, evilNotice(kind, evil))
		}
	})
}

// evilNotice has the text wherever people or their configuration wrote something.
func evilNotice(kind jit.NoticeKind, evil string) jit.Notice {
	n := notice(kind)
	n.ToName, n.CustomerName, n.PartnerName, n.EngineerName = evil, evil, evil, evil
	n.RoleName, n.Reason, n.Why = evil, evil, evil
	return n
}

// harmless composes the notice and checks what must hold for any text in it.
func harmless(t *testing.T, n jit.Notice) mail.Message {
	t.Helper()
	m, err := composer(t).Compose(n)
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{"subject": m.Subject, "from": m.FromName, "to": m.ToName} {
		if strings.ContainsFunc(line, unseen) || strings.Contains(line, "\n") {
			t.Errorf("%s %q holds what cannot be seen", name, line)
		}
		if len([]rune(line)) > 400 {
			t.Errorf("%s has %d characters", name, len([]rune(line)))
		}
	}
	if strings.ContainsFunc(m.Text, unseen) {
		t.Errorf("the text holds what cannot be seen: %q", m.Text)
	}
	doc := parse(t, m.HTML)
	if strings.ContainsFunc(doc.text, unseen) {
		t.Errorf("the HTML shows what cannot be seen: %q", doc.text)
	}
	for _, address := range append(doc.links, addresses(m.Text)...) {
		if !strings.HasPrefix(address, base+"/") {
			t.Errorf("it leads to %q", address)
		}
	}
	if len(doc.remote) > 0 {
		t.Errorf("it fetches %v", doc.remote)
	}
	if len(m.Text) > 16<<10 || len(m.HTML) > 32<<10 {
		t.Errorf("%d bytes of text, %d of HTML", len(m.Text), len(m.HTML))
	}
	for _, shown := range []string{m.Text, doc.text} {
		shown = strings.ReplaceAll(strings.ReplaceAll(shown, base, ""), place.String(), "")
		if found := clickable(shown); found != "" {
			t.Errorf("a mail program would make a link of %q", found)
		}
	}
	return m
}

func unseen(r rune) bool {
	return r != '\n' && !unicode.IsGraphic(r) || r == '\u2028' || r == '\u2029'
}

// clickable finds what mail programs turn into links by themselves: a scheme, a
// name with a dot and letters after it, an address.
func clickable(s string) string {
	for word := range strings.FieldsSeq(s) {
		runes := []rune(word)
		for i, r := range runes {
			before, after := i > 0, i+1 < len(runes)
			switch {
			case strings.ContainsRune(".。．｡", r) && before && after && unicode.IsLetter(runes[i-1]) && unicode.IsLetter(runes[i+1]),
				r == '@' && before && after && runes[i-1] != '[' && (unicode.IsLetter(runes[i+1]) || unicode.IsDigit(runes[i+1])),
				r == '\\' && after && runes[i+1] == '\\':
				return word
			case r == ':' && before && after && unicode.IsLetter(runes[i-1]) && (unicode.IsLetter(runes[i+1]) || unicode.IsDigit(runes[i+1]) || runes[i+1] == '/'):
				return word
			}
		}
	}
	return ""
}

// addresses are the absolute web addresses in plain text, each once.
func addresses(text string) []string {
	var found []string
	for word := range strings.FieldsSeq(text) {
		if strings.Contains(word, "://") {
			found = append(found, word)
		}
	}
	return found
}

// document is an HTML part taken apart.
type document struct {
	tags   []string
	links  []string
	remote []string // whatever a mail program would fetch
	text   string
}

func parse(t *testing.T, s string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	for node := range root.Descendants() {
		switch node.Type {
		case html.ElementNode:
			d.element(node)
		case html.TextNode:
			if node.Parent.Data != "style" {
				d.text += node.Data + "\n"
			}
		}
	}
	return d
}

func (d *document) element(node *html.Node) {
	d.tags = append(d.tags, node.Data)
	switch node.Data {
	case "img", "script", "iframe", "object", "embed", "form", "input", "link", "base", "svg", "video", "audio":
		d.remote = append(d.remote, node.Data)
	}
	for _, a := range node.Attr {
		switch {
		case a.Key == "href" && node.Data == "a":
			d.links = append(d.links, a.Val)
		case a.Key == "href", a.Key == "src", a.Key == "background", a.Key == "style", strings.HasPrefix(a.Key, "on"):
			d.remote = append(d.remote, node.Data+" "+a.Key)
		}
	}
}

// sameShape says whether text changed only text. A quote or a cause that cleaned
// to nothing leaves its paragraph out, which is no change of shape.
func sameShape(got, want document, m, plain mail.Message) bool {
	if strings.Count(m.HTML, "<p") != strings.Count(plain.HTML, "<p") || strings.Contains(m.HTML, "<blockquote") != strings.Contains(plain.HTML, "<blockquote") {
		return len(got.tags) < len(want.tags)
	}
	return cmp.Equal(got.tags, want.tags)
}

func TestScopesAndTimesInWords(t *testing.T) {
	in := func(scope string, d time.Duration) string {
		t.Helper()
		n := notice(jit.NoticeAsk)
		n.Scope, n.Duration = csp.MustParseScope(scope), d
		m, err := composer(t).Compose(n)
		if err != nil {
			t.Fatal(err)
		}
		return m.Text
	}
	const subscription = "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001"
	for _, c := range []struct {
		scope    string
		duration time.Duration
		want     []string
	}{
		{subscription, time.Hour, []string{"a whole subscription", "1 hour from"}},
		{subscription + "/resourceGroups/shop", 90 * time.Minute, []string{"resource group shop", "1 hour 30 minutes from"}},
		{subscription + "/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/web1", time.Minute, []string{"web1 in resource group shop", "1 minute from"}},
		{"/providers/Microsoft.Management/managementGroups/prod", 2 * time.Minute, []string{"management group prod", "2 minutes from"}},
		{"/", 25 * time.Hour, []string{"everything in the tenant", "25 hours from"}},
	} {
		text := in(c.scope, c.duration)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", c.scope, want, text)
			}
		}
	}
}
