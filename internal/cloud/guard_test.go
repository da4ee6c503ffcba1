package cloud_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/internal/cloud"
)

// provider answers sign-ins, and for Resource Manager what a test tells it to.
type provider struct {
	mu     sync.Mutex
	tokens int
	sent   []*http.Request
	strays []string // hosts that nobody should have been sent to
	// elsewhere is where the discovery document sends clients for tokens.
	elsewhere string
	reply     func(r *http.Request, token string) *http.Response
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Host == "login.cloud.example" {
		return p.signIn(r), nil
	}
	if r.URL.Host != "management.cloud.example" {
		p.strays = append(p.strays, r.URL.Host)
	}
	p.sent = append(p.sent, r)
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if p.reply != nil {
		return p.reply(r, token), nil
	}
	return answer(r, http.StatusOK, `{}`, nil), nil
}

func (p *provider) signIn(r *http.Request) *http.Response {
	base := "https://login.cloud.example/" + strings.Split(r.URL.Path, "/")[1]
	if strings.HasSuffix(r.URL.Path, "openid-configuration") {
		return answer(r, http.StatusOK, fmt.Sprintf(`{"issuer":"%s/v2.0","authorization_endpoint":"%s/oauth2/v2.0/authorize","token_endpoint":"%s/oauth2/v2.0/token"}`, base, base, cmp.Or(p.elsewhere, base)), nil)
	}
	p.tokens++
	return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, p.tokens), nil)
}

func answer(r *http.Request, status int, body string, header http.Header) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Request: r, Header: header, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func (p *provider) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

func tenantOf(t *testing.T, p *provider) *cloud.Tenant {
	t.Helper()
	e := endpoints(t, authority, management)
	e.Transport = p
	c, err := cloud.New(e)
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := c.Tenant(tenantID, cloud.Application{ClientID: clientID, Secret: "secret-canary"}, []csp.SubscriptionID{subscriptionID})
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// officialClient is the SDK's own, which puts a scope into its URL as it comes.
func officialClient(t *testing.T, tenant *cloud.Tenant) *armauthorization.RoleAssignmentsClient {
	t.Helper()
	client, err := armauthorization.NewRoleAssignmentsClient("", tenant.Credential(), tenant.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

const (
	honest  = "/subscriptions/5ab1c0de-0000-4000-8000-00000000f001/resourceGroups/shop"
	foreign = "/subscriptions/0badc0de-0000-4000-8000-00000000beef"
	name    = "11111111-1111-4111-8111-111111111111"
)

func expected(path string) cloud.Expectation {
	return cloud.Expectation{
		Method: http.MethodGet, Path: path + "/providers/Microsoft.Authorization/roleAssignments/" + name,
		Query: map[string]string{"api-version": "2022-04-01"},
	}
}

// walks are scopes that make the official client send something else than they
// seem to say.
var walks = []string{
	honest + "/../../../" + foreign[1:], honest + "/../../../../" + foreign[1:], honest + "/..", honest + "/.", honest + "/./x", honest + "/", "/" + honest,
	honest + "?x=", honest + "#", honest + "?", honest + "#x", honest + "%2f..", honest + "%2F..%2F..%2F..", honest + "%00", honest + ";x", honest + "//x",
	foreign, "", "/", "..", honest + `\..\..`, honest + " ", honest + "\u00a0", honest + "/x", strings.ToUpper(honest), honest + "&api-version=1", honest + "?api-version=1",
}

func TestAScopeCannotWalk(t *testing.T) {
	for _, walk := range walks {
		t.Run(walk, func(t *testing.T) {
			p := &provider{}
			client := officialClient(t, tenantOf(t, p))
			ctx := cloud.Expect(t.Context(), expected(honest))
			_, _ = client.Get(ctx, walk, name, nil) // refused, or sent to the honest path because it means the same
			for _, r := range p.sent {
				if r.URL.EscapedPath() != expected(honest).Path || r.URL.RawQuery != "api-version=2022-04-01" {
					t.Errorf("%s left", r.URL)
				}
			}
		})
	}
	t.Run("the honest one passes", func(t *testing.T) {
		p := &provider{}
		if _, err := officialClient(t, tenantOf(t, p)).Get(cloud.Expect(t.Context(), expected(honest)), honest, name, nil); err != nil || p.left() != 1 {
			t.Errorf("%d requests left, %v", p.left(), err)
		}
	})
}

func TestGuard(t *testing.T) {
	path := expected(honest).Path
	for name, c := range map[string]struct {
		expect *cloud.Expectation
		method string
		url    string
		host   string
	}{
		"what nothing announced":           {nil, "GET", management + path + "?api-version=2022-04-01", ""},
		"another host":                     {new(expected(honest)), "GET", "https://evil.example" + path + "?api-version=2022-04-01", ""},
		"another host by its header":       {new(expected(honest)), "GET", management + path + "?api-version=2022-04-01", "evil.example"},
		"another port":                     {new(expected(honest)), "GET", management + ":444" + path + "?api-version=2022-04-01", ""},
		"no TLS":                           {new(expected(honest)), "GET", "http://management.cloud.example" + path + "?api-version=2022-04-01", ""},
		"a user in the address":            {new(expected(honest)), "GET", "https://u@management.cloud.example" + path + "?api-version=2022-04-01", ""},
		"another method":                   {new(expected(honest)), "DELETE", management + path + "?api-version=2022-04-01", ""},
		"another path":                     {new(expected(honest)), "GET", management + path + "x?api-version=2022-04-01", ""},
		"the same path otherwise encoded":  {new(expected(honest)), "GET", management + strings.Replace(path, "shop", "%73hop", 1) + "?api-version=2022-04-01", ""},
		"no version":                       {new(expected(honest)), "GET", management + path, ""},
		"another version":                  {new(expected(honest)), "GET", management + path + "?api-version=2015-07-01", ""},
		"a version twice":                  {new(expected(honest)), "GET", management + path + "?api-version=2022-04-01&api-version=2022-04-01", ""},
		"a parameter more":                 {new(expected(honest)), "GET", management + path + "?api-version=2022-04-01&tenantId=x", ""},
		"a query with a semicolon":         {new(expected(honest)), "GET", management + path + "?api-version=2022-04-01;x=1", ""},
		"another customer, even announced": {new(expected(foreign)), "GET", management + expected(foreign).Path + "?api-version=2022-04-01", ""},
		"no subscription, even announced":  {new(expected("/subscriptions")), "GET", management + expected("/subscriptions").Path + "?api-version=2022-04-01", ""},
		"a step up, even announced":        {new(expected(honest + "/../x")), "GET", management + expected(honest+"/../x").Path + "?api-version=2022-04-01", ""},
		"an escape, even announced":        {new(expected(honest + "%2fx")), "GET", management + expected(honest+"%2fx").Path + "?api-version=2022-04-01", ""},
		"an empty step, even announced":    {new(expected(honest + "//x")), "GET", management + expected(honest+"//x").Path + "?api-version=2022-04-01", ""},
	} {
		t.Run(name+" does not leave", func(t *testing.T) {
			p := &provider{}
			transport := tenantOf(t, p).ClientOptions().Transport
			ctx := t.Context()
			if c.expect != nil {
				ctx = cloud.Expect(ctx, *c.expect)
			}
			r, err := http.NewRequestWithContext(ctx, c.method, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.host != "" {
				r.Host = c.host
			}
			resp, err := transport.Do(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			if _, ok := errors.AsType[*cloud.Refusal](err); !ok || p.left() != 0 {
				t.Errorf("%d requests left, %v", p.left(), err)
			}
		})
	}
}

func TestTokensStayInTheirTenant(t *testing.T) {
	p := &provider{}
	tenant := tenantOf(t, p)
	scopes := []string{management + "/.default"}
	if _, err := tenant.Credential().GetToken(t.Context(), policy.TokenRequestOptions{Scopes: scopes, TenantID: "0badc0de-0000-4000-8000-00000000cafe"}); err == nil {
		t.Error("a token of another tenant was given")
	}
	if p.tokens != 0 {
		t.Error("a token was asked for")
	}
	if _, err := tenant.Credential().GetToken(t.Context(), policy.TokenRequestOptions{Scopes: scopes}); err != nil || p.tokens != 1 {
		t.Errorf("own token: %v after %d askings", err, p.tokens)
	}
}

func TestTheSecretGoesToTheTenantsOwnEndpointOnly(t *testing.T) {
	for _, elsewhere := range []string{
		"https://evil.example/" + tenantID.String(), "http://login.cloud.example/" + tenantID.String(),
		"https://login.cloud.example/0badc0de-0000-4000-8000-00000000cafe", "https://login.cloud.example/" + tenantID.String() + "/../0badc0de-0000-4000-8000-00000000cafe",
		"https://login.cloud.example/common", "https://login.cloud.example:444/" + tenantID.String(),
	} {
		p := &provider{elsewhere: elsewhere}
		_, err := tenantOf(t, p).Credential().GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{management + "/.default"}})
		if _, ok := errors.AsType[*cloud.TokenError](err); !ok || p.tokens != 0 || len(p.strays) != 0 {
			t.Errorf("%s: %d tokens, strays %v, %v", elsewhere, p.tokens, p.strays, err)
		}
	}
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	get := func(t *testing.T, p *provider) error {
		t.Helper()
		_, err := officialClient(t, tenantOf(t, p)).Get(cloud.Expect(t.Context(), expected(honest)), honest, name, nil)
		return err
	}
	refused := http.Header{"Www-Authenticate": {`Bearer error="invalid_token", error_description="expired"`}}
	t.Run("then the call succeeds, with its body whole", func(t *testing.T) {
		p := &provider{}
		var bodies []string
		p.reply = func(r *http.Request, token string) *http.Response {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if token == "token-1" {
				return answer(r, http.StatusUnauthorized, `{"error":{"code":"ExpiredAuthenticationToken"}}`, refused.Clone())
			}
			return answer(r, http.StatusCreated, `{}`, nil)
		}
		announced := expected(honest)
		announced.Method = http.MethodPut
		parameters := armauthorization.RoleAssignmentCreateParameters{Properties: &armauthorization.RoleAssignmentProperties{Description: new("whole")}}
		if _, err := officialClient(t, tenantOf(t, p)).Create(cloud.Expect(t.Context(), announced), honest, name, parameters, nil); err != nil {
			t.Fatal(err)
		}
		if len(bodies) != 2 || bodies[0] != bodies[1] || !strings.Contains(bodies[0], "whole") || p.tokens != 2 {
			t.Errorf("bodies %q with %d tokens", bodies, p.tokens)
		}
	})
	t.Run("and not a second time", func(t *testing.T) {
		p := &provider{reply: func(r *http.Request, _ string) *http.Response {
			return answer(r, http.StatusUnauthorized, `{"error":{"code":"InvalidAuthenticationToken"}}`, refused.Clone())
		}}
		if err := get(t, p); err == nil || p.left() != 2 {
			t.Errorf("%d tries, %v", p.left(), err)
		}
	})
	t.Run("an error of the server is not tried again", func(t *testing.T) {
		p := &provider{reply: func(r *http.Request, _ string) *http.Response {
			return answer(r, http.StatusServiceUnavailable, `{}`, nil)
		}}
		if err := get(t, p); err == nil || p.left() != 1 {
			t.Errorf("%d tries, %v", p.left(), err)
		}
	})
	t.Run("errors tell neither token nor secret", func(t *testing.T) {
		p := &provider{reply: func(r *http.Request, token string) *http.Response {
			return answer(r, http.StatusForbidden, `{"error":{"code":"AuthorizationFailed","message":"no"}}`, nil)
		}}
		err := get(t, p)
		if err == nil || strings.Contains(err.Error(), "token-1") || strings.Contains(err.Error(), "secret-canary") {
			t.Errorf("error: %v", err)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	p := &provider{reply: func(r *http.Request, _ string) *http.Response {
		return answer(r, http.StatusTemporaryRedirect, `{}`, http.Header{"Location": {"https://evil.example" + r.URL.Path}})
	}}
	if _, err := officialClient(t, tenantOf(t, p)).Get(cloud.Expect(t.Context(), expected(honest)), honest, name, nil); err == nil {
		t.Error("a redirect passed for an answer")
	}
	if p.left() != 1 || p.sent[0].URL.Host != "management.cloud.example" {
		t.Errorf("%d requests left", p.left())
	}
}

func TestAnswersAreCapped(t *testing.T) {
	p := &provider{reply: func(r *http.Request, _ string) *http.Response {
		resp := answer(r, http.StatusOK, "", nil)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"name":"`), &endless{left: 64 << 20}, strings.NewReader(`"}`)))
		return resp
	}}
	_, err := officialClient(t, tenantOf(t, p)).Get(cloud.Expect(t.Context(), expected(honest)), honest, name, nil)
	if err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("64 MiB were read: %v", err)
	}
}

// endless is much of the same letter.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, bytes.Repeat([]byte("x"), min(len(p), e.left)))
	e.left -= n
	return n, nil
}

func TestACallWithoutAnAnnouncementSendsNothing(t *testing.T) {
	p := &provider{}
	if _, err := officialClient(t, tenantOf(t, p)).Get(context.WithoutCancel(t.Context()), honest, name, nil); err == nil || p.left() != 0 {
		t.Errorf("%d requests left, %v", p.left(), err)
	}
}
