package emulator_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator"
	"latchkey/emulator/world"
)

func TestListensOnLoopbackOnly(t *testing.T) {
	w := world.New(world.Options{})
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "example.com:0", "nonsense"} {
		s := must(emulator.New(emulator.Options{World: w, LoginAddr: addr}))(t)
		e, err := s.Start(t.Context())
		if err == nil {
			_ = e.Close()
			t.Errorf("it listens on %s", addr)
		} else if !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the error does not say what to use: %v", addr, err)
		}
	}
}

func TestNewNeedsAWorld(t *testing.T) {
	if _, err := emulator.New(emulator.Options{}); err == nil {
		t.Error("want an error that names Options.World")
	}
}

func TestStartIsQuickAndClosesWhole(t *testing.T) {
	// Each makes its own signing key, meanwhile. One of a few must be quick:
	// a busy machine shall not fail the test.
	quickest := time.Hour
	for range 5 {
		before := time.Now()
		s := must(emulator.New(emulator.Options{World: world.New(world.Options{Roles: builtin.AzureRoles()})}))(t)
		e := must(s.Start(t.Context()))(t)
		quickest = min(quickest, time.Since(before))
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if quickest < 300*time.Millisecond {
			break
		}
	}
	if quickest > 300*time.Millisecond {
		t.Errorf("start took %v at best", quickest)
	}
	s := must(emulator.New(emulator.Options{World: world.New(world.Options{})}))(t)
	e := must(s.Start(t.Context()))(t)
	if _, err := s.Start(t.Context()); err == nil {
		t.Error("it was started twice")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, e.Browser+"/", nil))(t)
	if response, err := e.Client().Do(r); err == nil {
		_ = response.Body.Close()
		t.Error("it still answers")
	}
}

func TestStrangersDoNotTrustIt(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	if block, _ := pem.Decode(e.CAPEM); block == nil || block.Type != "CERTIFICATE" {
		t.Error("CAPEM is no certificate")
	}
	get := func(client *http.Client) error {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, e.Login+"/common/v2.0/.well-known/openid-configuration", nil))(t)
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	if err := get(e.Client()); err != nil {
		t.Errorf("with its own certificate authority: %v", err)
	}
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	if err := get(stranger); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with the system's: %v", err)
	}
}

func TestDiscoveryByDomainAndByGUID(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	for _, path := range []string{"/" + v.customer.ID.String() + "/v2.0/.well-known/openid-configuration?", "/CONTOSO.example/v2.0/.well-known/openid-configuration", "/contoso.example/.well-known/openid-configuration"} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, e.Login+path, nil))(t)
		response, err := e.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body := string(must(io.ReadAll(response.Body))(t))
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		want := `"issuer":"` + e.Login + "/" + v.customer.ID.String() + `/v2.0"`
		if !strings.Contains(path, "v2.0") {
			want = `"issuer":"https://sts.windows.net/` + v.customer.ID.String() + `/"`
		}
		if !strings.Contains(body, want) || !strings.Contains(body, `"authorization_endpoint":"`+e.Browser+"/") {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestInstanceDiscovery(t *testing.T) {
	v := newTown(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, login+"/common/discovery/instance?api-version=1.1&authorization_endpoint=x", nil))(t)
	got := v.send(t, r)
	if want := `"aliases":["` + emulator.LoginHost + `"]`; got.status != 200 || !strings.Contains(string(got.body), want) {
		t.Errorf("%d %s, want %s", got.status, got.body, want)
	}
}

func TestVersion1TokenEndpoint(t *testing.T) {
	v := newTown(t)
	form := "grant_type=client_credentials&client_id=" + v.app.ID.String() + "&resource=https%3A%2F%2Fmanagement.core.windows.net%2F"
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, login+"/"+v.customer.ID.String()+"/oauth2/token", strings.NewReader(form)))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(v.app.ID.String(), "portal+secret+%26+more")
	got := v.send(t, r)
	if got.status != 200 || !strings.Contains(string(got.body), `"expires_in":"3600"`) || !strings.Contains(string(got.body), `"resource":"https://management.core.windows.net/"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWorldPage(t *testing.T) {
	v := newTown(t)
	if err := v.world.AddLock(world.Lock{Name: "keep <b>", Scope: v.group.Scope, Level: world.CanNotDelete}); err != nil {
		t.Fatal(err)
	}
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.agents.ID}))(t)
	v.portalToken(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, pages+"/", nil))(t)
	got := v.send(t, r)
	page := string(got.body)
	for _, want := range []string{
		"This is not Microsoft", "Contoso", "Latchkey (ServicePrincipal)", "Role Based Access Control Administrator, with a condition", "keep &lt;b&gt;",
		"Foreign Principal for &#39;Ravenhill IT&#39;", "token issued", "POST login", "vm-desktop-1", "Ravenhill IT (reseller)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"raven\"", "conto<", appSecret} {
		if strings.Contains(page, secret) {
			t.Errorf("the page shows a secret: %q", secret)
		}
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	r = must(http.NewRequestWithContext(t.Context(), http.MethodGet, pages+"/emulator.css", nil))(t)
	if style := v.send(t, r); style.status != 200 || !strings.HasPrefix(style.header.Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %s", style.status, style.header.Get("Content-Type"))
	}
}
