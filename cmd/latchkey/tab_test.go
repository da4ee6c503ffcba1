package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// tab is a person's own browser, headless, with nothing in it.
type tab struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // chromedp keeps the browser in its context
	scheme  string
	mu      sync.Mutex
	console []string
}

// chromium finds Debian's browser; without one the test fails in CI and is
// skipped aloud elsewhere.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Chromium is installed; `make test` installs it on Debian as root")
	}
	t.Skip("SKIPPED: no Chromium is installed, so the pages are not looked at; on Debian: apt-get install chromium")
	return ""
}

// openTab starts a browser that prefers the colour scheme.
func openTab(t *testing.T, scheme string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1200, 900),
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, scheme: scheme}
	ok(t, chromedp.Do(ctx, chromedp.Navigate("about:blank"))) // unbounded: the browser lives as long as its first context
	messages := chromedp.Console(ctx)
	go b.listen(messages)
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	ok(t, err)
	return b
}

func (b *tab) listen(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	messages(func(m chromedp.ConsoleMessage, err error) bool {
		if err != nil {
			return false
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.console = append(b.console, m.String())
		return true
	})
}

// bound limits one action, so that a page that never comes fails the test by name.
const bound = 20 * time.Second

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\non the page: %s", err, b.text())
	}
}

// text is what stands on the page, for messages; empty if it cannot be had.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return ""
	}
	return text
}

func (b *tab) open(address string) { b.t.Helper(); b.do(chromedp.Navigate(address)) }

// click clicks something that leads to another page and waits for it.
func (b *tab) click(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector)); err != nil {
		b.t.Fatalf("clicking %s: %v\non the page: %s", selector, err, b.text())
	}
}

func (b *tab) follow(words string) {
	b.t.Helper()
	b.click(fmt.Sprintf(`//a[contains(normalize-space(.), %q)]`, words))
}

func (b *tab) press(words string) {
	b.t.Helper()
	b.click(fmt.Sprintf(`//button[contains(normalize-space(.), %q)]`, words))
}

func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(selector, value))
}

// clickOn clicks something that leads nowhere, such as a choice in a form.
func clickOn(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(selector) }

// set chooses a value in a list.
func (b *tab) set(selector, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(selector, value))
}

// value is what stands in a field.
func (b *tab) value(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Value(selector))
	ok(b.t, err)
	return value
}

// sees wants the words on the page, now or after it refreshed itself.
func (b *tab) sees(words string) {
	b.t.Helper()
	deadline := time.Now().Add(bound)
	for !strings.Contains(strings.Join(strings.Fields(b.text()), " "), words) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%q does not stand on the page: %s", words, b.text())
		}
		b.do(chromedp.Sleep(50 * time.Millisecond))
	}
}

// fit wants accessibility rules to find nothing on the page, and takes a picture
// of it under the name.
func (b *tab) fit(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](axe+";true"))
	ok(b.t, err)
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`axe.run(document).then(r => JSON.stringify(r.violations.map(v => ({rule: v.id, help: v.help, where: v.nodes.map(n => n.html + " " + (n.failureSummary || ""))}))))`,
		chromedp.EvalAwaitPromise))
	ok(b.t, err)
	var violations []any
	ok(b.t, json.Unmarshal([]byte(found), &violations))
	if len(violations) > 0 {
		b.t.Errorf("%s in %s: %s", name, b.scheme, found)
	}
	b.picture(name)
}

func (b *tab) picture(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	ok(b.t, err)
	file := name + "-" + b.scheme + ".png"
	ok(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), file), png, 0o600))
	if os.Getenv("LATCHKEY_PICTURES") != "" && shown[file] {
		ok(b.t, os.WriteFile(filepath.Join("..", "..", "docs", "pictures", file), png, 0o600))
	}
}

// shown are the pictures that the documents show; `make golden` makes them anew.
var shown = map[string]bool{"request-light.png": true, "decision-light.png": true, "decision-dark.png": true, "access-dark.png": true}

// silent wants nothing to have been said on the console: no error, and no
// report that a page broke its own content security policy.
func (b *tab) silent() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.console {
		b.t.Errorf("in %s the console said: %s", b.scheme, line)
	}
}
