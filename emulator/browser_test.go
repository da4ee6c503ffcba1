package emulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// browser is a person at the sign-in pages: it keeps cookies, follows redirects
// within the emulator and stops at the application's callback.
type browser struct {
	client *http.Client
}

func newBrowser(tb testing.TB, transport http.RoundTripper) *browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &browser{&http.Client{Transport: transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// page is what the browser shows.
type page struct {
	url    *url.URL
	status int
	header http.Header
	root   *html.Node
	text   string
	// sentTo is the callback the browser was sent to, instead of a page.
	sentTo *url.URL
}

func (b *browser) open(tb testing.TB, address string) page {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b.do(tb, r)
}

func (b *browser) do(tb testing.TB, r *http.Request) page {
	tb.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	p := page{url: response.Request.URL, status: response.StatusCode, header: response.Header, text: string(body)}
	if location := response.Header.Get("Location"); location != "" {
		if p.sentTo, err = url.Parse(location); err != nil {
			tb.Fatal(err)
		}
		return p
	}
	if p.root, err = html.Parse(strings.NewReader(p.text)); err != nil {
		tb.Fatal(err)
	}
	return p
}

// press fills in the inputs named in values and presses the button whose text
// contains label, sending everything its form holds.
func (b *browser) press(tb testing.TB, p page, label string, values url.Values) page {
	tb.Helper()
	if p.root == nil {
		tb.Fatalf("no page to press %q on; the browser was sent to %v", label, p.sentTo)
	}
	for _, form := range cascadia.QueryAll(p.root, cascadia.MustCompile("form")) {
		for _, button := range cascadia.QueryAll(form, cascadia.MustCompile("button")) {
			if strings.Contains(textOf(button), label) {
				return b.submit(tb, p, form, button, values)
			}
		}
	}
	tb.Fatalf("no button %q on the page:\n%s", label, p.text)
	return page{}
}

func (b *browser) submit(tb testing.TB, p page, form, button *html.Node, values url.Values) page {
	tb.Helper()
	sent := url.Values{}
	for _, input := range cascadia.QueryAll(form, cascadia.MustCompile("input")) {
		name := attribute(input, "name")
		sent.Set(name, attribute(input, "value"))
		if values.Has(name) {
			sent.Set(name, values.Get(name))
		}
	}
	if name := attribute(button, "name"); name != "" {
		sent.Set(name, attribute(button, "value"))
	}
	target := p.url
	if action := attribute(form, "action"); action != "" {
		var err error
		if target, err = p.url.Parse(action); err != nil {
			tb.Fatal(err)
		}
	}
	if strings.HasPrefix(target.String(), callback) {
		target.RawQuery = sent.Encode()
		return page{sentTo: target}
	}
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, target.String(), strings.NewReader(sent.Encode()))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(tb, r)
}

func attribute(n *html.Node, name string) string {
	at := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if at < 0 {
		return ""
	}
	return n.Attr[at].Val
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(textOf(child))
	}
	return b.String()
}

// signIn goes through the pages as the account, second step included, and gives
// the callback's values.
func (b *browser) signIn(tb testing.TB, address, account, password string) url.Values {
	tb.Helper()
	p := b.open(tb, address)
	p = b.press(tb, p, account, nil)
	p = b.press(tb, p, "Sign in", url.Values{"password": {password}})
	if p.sentTo == nil && strings.Contains(p.text, "second step") {
		p = b.press(tb, p, "it is me", nil)
	}
	if p.sentTo == nil {
		tb.Fatalf("signing in as %s ended on a page:\n%s", account, p.text)
	}
	return p.sentTo.Query()
}

// refusal gives the AADSTS number a page or a callback shows.
func (p page) refusal() string {
	text := p.text
	if p.sentTo != nil {
		text = p.sentTo.Query().Get("error_description")
	}
	at := strings.Index(text, "AADSTS")
	if at < 0 {
		return fmt.Sprintf("no refusal (%d, %v)", p.status, p.sentTo)
	}
	number, _, _ := strings.Cut(text[at:], ":")
	return number
}
