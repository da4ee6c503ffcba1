package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Visitor is a person with a browser of his own, without JavaScript: he opens
// pages, follows links, fills in forms and presses their buttons. The tour and
// the end-to-end test play their people with it, over real HTTP.
type Visitor struct {
	Name   string
	client *http.Client
	// stopAt is where a redirect is not followed: the address of a program that
	// waits for it, such as a command line for its code.
	stopAt string
}

// mostPageBytes bounds what a visitor reads of a page.
const mostPageBytes = 4 << 20

// NewVisitor makes a person with an empty cookie jar.
func NewVisitor(name string) *Visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New fails on options only
	}
	v := &Visitor{Name: name, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	v.client.CheckRedirect = v.mayFollow
	return v
}

// mayFollow lets a browser's usual number of redirects pass.
func (v *Visitor) mayFollow(next *http.Request, passed []*http.Request) error {
	if v.stopAt != "" && strings.HasPrefix(next.URL.String(), v.stopAt) {
		return http.ErrUseLastResponse
	}
	if len(passed) >= 10 {
		return errors.New("too many redirects")
	}
	return nil
}

// Page is what a visitor sees.
type Page struct {
	Status int
	URL    *url.URL
	root   *html.Node
}

// Open goes to an address.
func (v *Visitor) Open(ctx context.Context, address string) (*Page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return v.do(request)
}

func (v *Visitor) do(request *http.Request) (*Page, error) {
	request.Header.Set("Accept", "text/html")
	response, err := v.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s opening %s: %w", v.Name, request.URL.Redacted(), err)
	}
	defer response.Body.Close()
	root, err := html.Parse(io.LimitReader(response.Body, mostPageBytes))
	if err != nil {
		return nil, fmt.Errorf("%s reading %s: %w", v.Name, request.URL.Redacted(), err)
	}
	page := &Page{Status: response.StatusCode, URL: response.Request.URL, root: root}
	if target, err := response.Location(); err == nil {
		page.URL = target // a redirect that was not followed
	}
	return page, nil
}

// HasLink says whether the page has a link whose text contains the words.
func (p *Page) HasLink(words string) bool {
	for node := range p.root.Descendants() {
		if isElement(node, "a") && strings.Contains(textOf(node), words) {
			return true
		}
	}
	return false
}

// Follow opens the link whose text contains the words.
func (v *Visitor) Follow(ctx context.Context, page *Page, words string) (*Page, error) {
	for node := range page.root.Descendants() {
		if isElement(node, "a") && strings.Contains(textOf(node), words) {
			target, err := page.URL.Parse(attr(node, "href"))
			if err != nil {
				return nil, err
			}
			return v.Open(ctx, target.String())
		}
	}
	return nil, fmt.Errorf("%s finds no link %q on %q", v.Name, words, page.Title())
}

// Press fills in the form that has the button and presses it. Fields that are
// not named keep what the page put there; naming one the form lacks is an error.
func (v *Visitor) Press(ctx context.Context, page *Page, button string, fields map[string]string) (*Page, error) {
	form, pressed := page.formWithButton(button)
	if form == nil {
		return nil, fmt.Errorf("%s finds no button %q on %q (%d): %s", v.Name, button, page.Title(), page.Status, page.Excerpt())
	}
	values, err := fillIn(form, pressed, fields)
	if err != nil {
		return nil, fmt.Errorf("%s on %q: %w", v.Name, page.Title(), err)
	}
	action := attr(form, "action")
	if own := attr(pressed, "formaction"); own != "" {
		action = own
	}
	target, err := page.URL.Parse(action)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(attr(form, "method"), http.MethodPost) {
		target.RawQuery = values.Encode()
		return v.Open(ctx, target.String())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", page.URL.Scheme+"://"+page.URL.Host)
	return v.do(request)
}

// formWithButton finds the form whose submit button has the text.
func (p *Page) formWithButton(text string) (form, button *html.Node) {
	for node := range p.root.Descendants() {
		if !isElement(node, "button") || !strings.Contains(textOf(node), text) {
			continue
		}
		for up := node.Parent; up != nil; up = up.Parent {
			if isElement(up, "form") {
				return up, node
			}
		}
	}
	return nil, nil
}

// fillIn gives what a browser would send: every named field with its present
// value, then the visitor's own, then the pressed button's.
func fillIn(form, button *html.Node, fields map[string]string) (url.Values, error) {
	values, known := url.Values{}, map[string]bool{}
	for node := range form.Descendants() {
		name := attr(node, "name")
		if node.Type != html.ElementNode || name == "" || node.Data == "button" || hasAttr(node, "disabled") {
			continue
		}
		known[name] = true
		if value, ok := presentValue(node); ok {
			values.Add(name, value)
		}
	}
	for name, value := range fields {
		if !known[name] {
			return nil, fmt.Errorf("the form has no field %q", name)
		}
		values.Set(name, value)
	}
	if name := attr(button, "name"); name != "" {
		values.Set(name, attr(button, "value"))
	}
	return values, nil
}

// presentValue is what the control would send as the page stands.
func presentValue(node *html.Node) (string, bool) {
	switch node.Data {
	case "textarea":
		return textOf(node), true
	case "select":
		return chosenOption(node)
	case "input":
		switch attr(node, "type") {
		case "radio", "checkbox":
			return attr(node, "value"), hasAttr(node, "checked")
		case "submit", "button", "image", "reset", "file":
			return "", false
		}
		return attr(node, "value"), true
	}
	return "", false
}

func chosenOption(list *html.Node) (string, bool) {
	first, found := "", false
	for node := range list.Descendants() {
		if !isElement(node, "option") {
			continue
		}
		value := attr(node, "value")
		if !hasAttr(node, "value") {
			value = textOf(node)
		}
		if hasAttr(node, "selected") {
			return value, true
		}
		if !found {
			first, found = value, true
		}
	}
	return first, found
}

// Title is the page's first heading.
func (p *Page) Title() string {
	for node := range p.root.Descendants() {
		if isElement(node, "h1") {
			return textOf(node)
		}
	}
	return "a page without a heading"
}

// Has says whether the words stand on the page, however spaced.
func (p *Page) Has(words string) bool { return strings.Contains(p.Text(), words) }

// Warning is the text of the page's first warning, or its excerpt.
func (p *Page) Warning() string {
	for node := range p.root.Descendants() {
		if node.Type == html.ElementNode && strings.Contains(" "+attr(node, "class")+" ", " warn ") {
			return textOf(node)
		}
	}
	return p.Excerpt()
}

// Text is everything readable on the page, with single spaces.
func (p *Page) Text() string { return textOf(p.root) }

// Excerpt is the beginning of the main part, for error messages.
func (p *Page) Excerpt() string {
	text := p.Text()
	for node := range p.root.Descendants() {
		if isElement(node, "main") {
			text = textOf(node)
		}
	}
	return text[:min(len(text), 300)]
}

func contains(text, words string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(words))
}

func isElement(node *html.Node, name string) bool {
	return node.Type == html.ElementNode && node.Data == name
}

func attr(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(node *html.Node, key string) bool {
	for _, a := range node.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func textOf(node *html.Node) string {
	var parts []string
	if node.Type == html.TextNode {
		parts = append(parts, node.Data)
	}
	for child := range node.Descendants() {
		if child.Type == html.TextNode && !isElement(child.Parent, "style") && !isElement(child.Parent, "script") {
			parts = append(parts, child.Data)
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
