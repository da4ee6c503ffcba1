package clients_test

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

// person is somebody with a browser of his own, who reads the sign-in pages and
// presses their buttons.
type person struct {
	account, password string
	browser           *http.Client
}

func (v *town) person(tb testing.TB, account, password string) *person {
	tb.Helper()
	jar := must(cookiejar.New(nil))(tb)
	transport := v.at.ProxiedClient().Transport.(*http.Transport) //nolint:forcetypeassert // the emulator makes it
	through := transport.Proxy
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" {
			return nil, nil //nolint:nilnil // net/http's way to say: no proxy
		}
		return through(r)
	}
	// A redirect to the application is as far as a test looks: it may have nobody listening.
	stop := func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &person{account, password, &http.Client{Transport: transport, Jar: jar, CheckRedirect: stop}}
}

// page is what the browser shows, or where the application is called back.
type page struct {
	url    *url.URL
	root   *html.Node
	text   string
	sentTo *url.URL
}

// signIn opens the address, signs in and agrees to everything. Where it ends is
// told by the page: a message, or an application's callback.
func (p *person) signIn(address string) (page, error) {
	at, err := p.open(address)
	if err != nil {
		return page{}, err
	}
	for range 8 { // picker, password, second step, consent; each once
		var next string
		switch {
		case at.sentTo != nil:
			return at, nil
		case at.offers("Pick an account"):
			next = "Next"
		case at.offers("Enter password"):
			next = "Sign in"
		case at.offers("Approve the sign-in"):
			next = "it is me"
		case at.offers("Permissions requested"):
			next = "Accept"
		default:
			return at, nil
		}
		if at, err = p.press(at, next); err != nil {
			return page{}, err
		}
	}
	return page{}, fmt.Errorf("signing in leads nowhere:\n%s", at.text)
}

// enterCode goes to the device page and signs in for the device with the code.
func (p *person) enterCode(address, code string) error {
	at, err := p.signIn(address + "?otc=" + url.QueryEscape(code))
	if err != nil {
		return err
	}
	if strings.Contains(at.text, "AADSTS") || strings.Contains(at.text, "did not work") {
		return fmt.Errorf("the device page says:\n%s", at.text)
	}
	return nil
}

func (p *person) open(address string) (page, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil) //nolint:noctx // the client has a timeout
	if err != nil {
		return page{}, err
	}
	return p.do(r)
}

func (p *person) do(r *http.Request) (page, error) {
	response, err := p.browser.Do(r)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return page{}, err
	}
	at := page{url: response.Request.URL, text: string(body)}
	if location := response.Header.Get("Location"); location != "" {
		at.sentTo, err = url.Parse(location)
		return at, err
	}
	at.root, err = html.Parse(strings.NewReader(at.text))
	return at, err
}

// offers says whether the page has the heading.
func (p page) offers(heading string) bool {
	if p.root == nil {
		return false
	}
	return slices.ContainsFunc(cascadia.QueryAll(p.root, cascadia.MustCompile("h1")), func(n *html.Node) bool {
		return strings.HasPrefix(textOf(n), heading)
	})
}

// press finds the button by its words and sends its form, account and password
// filled in.
func (p *person) press(at page, label string) (page, error) {
	for _, form := range cascadia.QueryAll(at.root, cascadia.MustCompile("form")) {
		for _, button := range cascadia.QueryAll(form, cascadia.MustCompile("button")) {
			if strings.Contains(textOf(button), label) {
				return p.send(at, form, button)
			}
		}
	}
	return page{}, fmt.Errorf("no button %q on the page:\n%s", label, at.text)
}

func (p *person) send(at page, form, button *html.Node) (page, error) {
	sent := url.Values{}
	for _, input := range append(cascadia.QueryAll(form, cascadia.MustCompile("input")), button) {
		if name := attribute(input, "name"); name != "" {
			sent.Set(name, attribute(input, "value"))
		}
	}
	for name, value := range map[string]string{"account": p.account, "password": p.password} {
		if sent.Has(name) {
			sent.Set(name, value)
		}
	}
	target, err := at.url.Parse(attribute(form, "action"))
	if err != nil {
		return page{}, err
	}
	r, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(sent.Encode())) //nolint:noctx // the client has a timeout
	if err != nil {
		return page{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(r)
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
