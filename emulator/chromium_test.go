package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"latchkey/csp"
	"latchkey/emulator/registry"
)

// TestChromium signs in with a real browser: the content security policy lets
// the form's answer lead back to the application, nothing is written to the
// console, and axe finds no fault with any page in light and dark.
func TestChromium(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI skips nothing")
		}
		t.Skip("chromium is not installed: the sign-in pages are not tried in a real browser")
	}
	axe, err := os.ReadFile("../cmd/latchkey/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) { signInWithChromium(t, scheme, string(axe)) })
	}
}

func signInWithChromium(t *testing.T, scheme, axe string) {
	t.Helper()
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><title>App</title><link rel=icon href='data:,'><main><h1 id=back>Back with %d characters</h1></main>", len(r.FormValue("code")))
	}))
	t.Cleanup(application.Close)
	v := newTown(t)
	e := v.start(t)
	app := must(v.customer.AddApp(registry.App{Name: "Trial", Secret: "x", RedirectURIs: []string{application.URL + "/back"}}))(t)
	must(v.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
	start := strings.Replace(v.authorizeURL(v.customer.ID.String(), "client_id", app.ID.String(), "redirect_uri", application.URL+"/back"), pages, e.Browser, 1)

	ctx, console := newChromium(t, scheme)
	try := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	check := func(what string) {
		t.Helper()
		if found := axeFindings(t, ctx, axe); len(found) > 0 {
			t.Errorf("%s: axe finds %v", what, found)
		}
	}
	try("open", chromedp.Navigate(start), chromedp.WaitVisible(".accounts"))
	check("the account picker")
	try("pick Anna", chromedp.Click(`button[value="anna@contoso.example"]`), chromedp.WaitVisible("#password"))
	check("the password page")
	try("give the password", chromedp.SendKeys("#password", "conto\r"), chromedp.WaitVisible("#confirm"))
	check("the second step")
	try("confirm", chromedp.Click("#confirm"), chromedp.WaitVisible("#back"))
	if text, err := chromedp.Run(ctx, chromedp.Text("#back")); err != nil || !strings.HasPrefix(text, "Back with 26") {
		t.Errorf("the browser ended at %q, %v", text, err)
	}
	try("one click the second time, posted back", chromedp.Navigate(start+"&response_mode=form_post"), chromedp.Click("#continue"), chromedp.WaitVisible(`form[action^="http"]`))
	check("the page that posts back")
	try("post back", chromedp.Click("#continue"), chromedp.WaitVisible("#back"))
	if text, err := chromedp.Run(ctx, chromedp.Text("#back")); err != nil || !strings.HasPrefix(text, "Back with 26") {
		t.Errorf("the browser ended at %q, %v", text, err)
	}
	newcomer := must(v.partner.AddApp(registry.App{Name: "Newcomer", Secret: "x", RedirectURIs: []string{application.URL + "/back"}, MultiTenant: true}))(t)
	consent := strings.Replace(start, app.ID.String(), newcomer.ID.String(), 1) + "&scope=openid+User.Read"
	consent = strings.Replace(consent, "scope=openid+profile", "x=y", 1)
	try("an application nobody consented to", chromedp.Navigate(consent), chromedp.Click("#continue"), chromedp.WaitVisible("#accept"))
	check("the consent page")
	try("consent", chromedp.Click("#accept"), chromedp.WaitVisible("#back"))
	try("a device's code", chromedp.Navigate(e.Browser+"/common/oauth2/deviceauth"), chromedp.SendKeys("#otc", "WRONG\r"), chromedp.WaitVisible(".message"))
	check("the page for a device's code")
	try("the world", chromedp.Navigate(e.Browser+"/"), chromedp.WaitVisible(".wide"))
	check("the world's page")
	try("a tenant", chromedp.Navigate(e.Browser+"/world/tenants/contoso.example"), chromedp.WaitVisible(".wide"))
	check("a tenant's page")
	try("the history", chromedp.Navigate(e.Browser+"/world/history?tenant=contoso.example"), chromedp.WaitVisible(".wide"))
	check("the history")
	try("the calls", chromedp.Navigate(e.Browser+"/world/calls"), chromedp.WaitVisible(".wide"))
	check("the calls")
	try("a refusal", chromedp.Navigate(strings.Replace(start, "%2Fback", "%2Felsewhere", 1)), chromedp.WaitVisible(".message"))
	check("the refusal")
	// The refusal's own status is the one line a browser writes by itself.
	said := slices.DeleteFunc(console(), func(line string) bool { return strings.Contains(line, "status of 400") })
	if len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

// newChromium starts a headless browser; console gives what pages and the
// browser itself have written so far.
func newChromium(t *testing.T, scheme string) (ctx context.Context, console func() []string) {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.Flag("no-sandbox", true), chromedp.UserDataDir(t.TempDir()))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var lines []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			lines = append(lines, e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			lines = append(lines, "console."+string(e.Type))
		case *runtime.EventExceptionThrown:
			lines = append(lines, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(lines)
	}
}

func axeFindings(t *testing.T, ctx context.Context, axe string) []string {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](axe+"; true")); err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](
		`axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
