package entra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// FuzzTokenEndpoint: whatever is posted, the answer has a shape, and a token
// comes only of a proof.
func FuzzTokenEndpoint(f *testing.F) {
	v := newTown(f)
	check(f, v.world.AddCertificate(world.Actor{}, v.app.ID, newCertificate(f, clientKey).Raw))
	id := v.app.ID.String()
	for _, seed := range []string{
		"grant_type=client_credentials&client_id=" + id + "&client_secret=x&scope=" + armScope,
		"grant_type=client_credentials&client_id=" + id + "&client_assertion_type=" + jwtBearer + "&client_assertion=e30.e30.e30",
		"grant_type=client_credentials&client_assertion_type=" + jwtBearer + "&client_assertion=eyJhbGciOiJSUzI1NiIsIng1dCI6IkFBQUEifQ.eyJhdWQiOlsieCJdLCJleHAiOjFlOTksInN1YiI6IngifQ.AA",
		"grant_type=refresh_token&client_id=" + v.public.ID.String() + "&refresh_token=AAAA",
		"grant_type=password&client_id=" + v.public.ID.String() + "&username=@&password=x",
		"grant_type=device_code&client_id=" + v.public.ID.String() + "&device_code=x&claims={\"access_token\":{\"acrs\":1}}",
		"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&requested_token_use=on_behalf_of&assertion=a.b.c&client_id=" + id,
		"grant_type=authorization_code&code=%00&client_id=" + registry.AzureCLI.String(),
		"%zz=%", "scope=%2F%2F&resource=a+b", strings.Repeat("a=b&", 2000),
	} {
		f.Add("/contoso.example/oauth2/v2.0/token", seed)
		f.Add("/common/oauth2/token", seed)
	}
	f.Add("/common/oauth2/v2.0/devicecode", "client_id="+v.public.ID.String())
	f.Fuzz(func(t *testing.T, path, form string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		r := &http.Request{Method: http.MethodPost, URL: u, Host: host, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: io.NopCloser(strings.NewReader(form))}
		w := httptest.NewRecorder()
		v.handler.Login().ServeHTTP(w, r.WithContext(t.Context()))
		if w.Code >= 500 || w.Header().Get("x-emulator") == "" {
			t.Fatalf("%q answered %d: %s", form, w.Code, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			var b struct {
				Token string `json:"access_token"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
				t.Errorf("%q answered broken JSON: %s", form, w.Body)
			}
			if b.Token != "" && !strings.Contains(form, "raven") && !strings.Contains(form, "conto") {
				t.Errorf("%q was given a token", form)
			}
		}
	})
}

// TestHostilePages: what comes in the address is shown as text, if at all.
func TestHostilePages(t *testing.T) {
	v := newTown(t)
	const evil = `"><script>alert(1)</script>`
	for _, address := range []string{
		v.authorizeURL("organizations", v.app, "login_hint", evil),
		v.authorizeURL("organizations", v.app, "redirect_uri", "https://x/"+evil),
		pages + "/common/oauth2/deviceauth?otc=" + url.QueryEscape(evil),
		pages + "/common/adminconsent?client_id=" + url.QueryEscape(evil),
		pages + "/common/oauth2/v2.0/logout?post_logout_redirect_uri=" + url.QueryEscape("javascript:alert(1)"),
	} {
		b := v.browser(t).open(t, address)
		if b.sentTo != nil || strings.Contains(b.page, "<script") {
			t.Errorf("%s:\n%s", address, b.page)
		}
	}
}
