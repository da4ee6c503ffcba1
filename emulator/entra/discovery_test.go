package entra_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

func TestDiscoveryDocuments(t *testing.T) {
	v := newTown(t)
	id := v.customer.ID.String()
	for path, want := range map[string][2]string{ // issuer, token endpoint
		"/" + id + "/v2.0/.well-known/openid-configuration":                           {origin + "/" + id + "/v2.0", origin + "/" + id + "/oauth2/v2.0/token"},
		"/Contoso.example/v2.0/.well-known/openid-configuration?":                     {origin + "/" + id + "/v2.0", origin + "/" + id + "/oauth2/v2.0/token"},
		"//contoso.example//V2.0/.well-known/openid-configuration":                    {origin + "/" + id + "/v2.0", origin + "/" + id + "/oauth2/v2.0/token"},
		"/contoso.example/.well-known/openid-configuration":                           {"https://sts.windows.net/" + id + "/", origin + "/" + id + "/oauth2/token"},
		"/common/v2.0/.well-known/openid-configuration":                               {origin + "/{tenantid}/v2.0", origin + "/common/oauth2/v2.0/token"},
		"/organizations/v2.0/.well-known/openid-configuration":                        {origin + "/{tenantid}/v2.0", origin + "/organizations/oauth2/v2.0/token"},
		"/consumers/v2.0/.well-known/openid-configuration":                            {origin + "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", origin + "/consumers/oauth2/v2.0/token"},
		"/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0/.well-known/openid-configuration": {origin + "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", origin + "/consumers/oauth2/v2.0/token"},
		"/adfs/.well-known/openid-configuration":                                      {origin + "/adfs", origin + "/adfs/oauth2/token"},
	} {
		got := v.get(t, origin+path)
		if got.raw["issuer"] != want[0] || got.raw["token_endpoint"] != want[1] {
			t.Errorf("%s: issuer %v, token endpoint %v", path, got.raw["issuer"], got.raw["token_endpoint"])
		}
		if device, _ := got.raw["device_authorization_endpoint"].(string); !strings.HasSuffix(device, "/devicecode") {
			t.Errorf("%s: device endpoint %q", path, device)
		}
	}
	if got := v.get(t, origin+"/nowhere.example/v2.0/.well-known/openid-configuration"); got.code() != 90002 || got.status != 400 {
		t.Errorf("nobody's tenant: %d %v", got.status, got.Codes)
	}
	if got := v.get(t, origin+"/common/v2.0/unknown"); got.status != http.StatusNotFound {
		t.Errorf("an unknown endpoint: %d", got.status)
	}
}

func TestInstanceDiscoveryOfTenants(t *testing.T) {
	v := newTown(t)
	id := v.customer.ID.String()
	for name, test := range map[string]struct{ version, endpoint, want string }{
		"its own host":                  {"1.1", origin + "/" + id + "/oauth2/v2.0/authorize", origin + "/" + id + "/v2.0/.well-known/openid-configuration"},
		"the host without its port":     {"1.0", "https://login.emulator.test:8443/" + id + "/oauth2/v2.0/authorize", origin + "/" + id + "/v2.0/.well-known/openid-configuration"},
		"Microsoft's name":              {"1.1", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize", "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"},
		"an endpoint of version 1.0":    {"1.0", origin + "/contoso.example/oauth2/authorize", origin + "/contoso.example/.well-known/openid-configuration"},
		"no endpoint":                   {"1.1", "", origin + "/common/v2.0/.well-known/openid-configuration"},
		"a host that is somebody's own": {"1.1", "https://evil.example/common/oauth2/v2.0/authorize", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := v.get(t, origin+"/common/discovery/instance?api-version="+test.version+"&authorization_endpoint="+url.QueryEscape(test.endpoint))
			if test.want == "" {
				if got.Error != "invalid_instance" || got.code() != 50049 {
					t.Errorf("answered %+v", got.raw)
				}
				return
			}
			if got.raw["tenant_discovery_endpoint"] != test.want {
				t.Errorf("leads to %v", got.raw["tenant_discovery_endpoint"])
			}
			if _, has := got.raw["metadata"]; has != (test.version == "1.1") {
				t.Errorf("version %s: metadata %v", test.version, has)
			}
		})
	}
}

func TestUserRealm(t *testing.T) {
	v := newTown(t)
	for path, want := range map[string]string{
		"/common/userrealm/anna@contoso.example?api-version=1.0":       "Managed",
		"/common/UserRealm/Anna%40Contoso.example":                     "Managed",
		"/common/userrealm/?user=anna%40contoso.example":               "Managed",
		"/common/userrealm/zoe@nowhere.example":                        "Unknown",
		"/common/userrealm":                                            "Unknown",
		"/contoso.example/userrealm/anna@contoso.example?api-version=": "Managed",
	} {
		got := v.get(t, origin+path)
		if got.raw["account_type"] != want || got.raw["cloud_audience_urn"] == "" || got.raw["cloud_instance_name"] == "" {
			t.Errorf("%s: %v", path, got.raw)
		}
	}
}

// TestAuthorityOfADFS is how an old Azure CLI is kept from asking Microsoft
// which hosts are authorities: it takes the emulator for an AD FS server.
func TestAuthorityOfADFS(t *testing.T) {
	v := newTown(t)
	got := v.post(t, "/adfs/oauth2/token", form("grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", secret, "scope", armScope))
	if c := v.claims(t, got.AccessToken); c.Tenant != v.partner.ID.String() {
		t.Errorf("an application's token is for %s, want its home: %s", c.Tenant, got.Description)
	}
	got = v.post(t, "/adfs/oauth2/token", form("grant_type", "password", "client_id", v.public.ID.String(), "username", "bob@contoso.example", "password", "conto", "resource", "https://management.azure.com/"))
	if c := v.claims(t, got.AccessToken); c.Tenant != v.customer.ID.String() {
		t.Errorf("a person's token is for %s, want his home: %s", c.Tenant, got.Description)
	}
}

func TestConsumersHaveNobody(t *testing.T) {
	v := newTown(t)
	if got := v.token(t, "consumers", "grant_type", "refresh_token", "client_id", v.public.ID.String(), "refresh_token", "x"); got.Error != "unauthorized_client" {
		t.Errorf("answered %+v", got.raw)
	}
	if b := v.browser(t).open(t, v.authorizeURL("consumers", v.app)); b.sentTo == nil || b.values(t).Get("error") != "unauthorized_client" {
		t.Errorf("sent to %v", b.sentTo)
	}
}

func TestErrorBody(t *testing.T) {
	v := newTown(t)
	const asked = "0d3e9a2c-8a6e-4b55-a5a1-3f3c1a9a7b11"
	for name, header := range map[string][]string{"": nil, "client-request-id": {"client-request-id", asked}} {
		got := v.post(t, "/common/oauth2/v2.0/token?x=1", form("grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", "x"), header...)
		if got.status != 401 || got.Error != "invalid_client" || got.URI != "https://login.microsoftonline.com/error?code=7000215" || got.Timestamp != "2026-11-02 09:00:00Z" {
			t.Errorf("answered %d %+v", got.status, got.raw)
		}
		if !strings.HasPrefix(got.Description, "AADSTS7000215: ") || !strings.Contains(got.Description, "Trace ID: "+got.TraceID) || !strings.Contains(got.Description, "Correlation ID: "+got.CorrelationID) {
			t.Errorf("described as %q", got.Description)
		}
		if (got.CorrelationID == asked) != (name != "") {
			t.Errorf("correlation %s", got.CorrelationID)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Error("the answer may be kept")
		}
	}
	// JavaScript clients send it in the query.
	got := v.post(t, "/common/oauth2/v2.0/token?client-request-id="+asked, form("grant_type", "x", "client_id", v.public.ID.String()))
	if got.CorrelationID != asked || got.code() != 70003 {
		t.Errorf("answered %+v", got.raw)
	}
	if got := v.get(t, origin+"/common/oauth2/v2.0/token"); got.status != http.StatusMethodNotAllowed || got.code() != 900561 {
		t.Errorf("GET: %d %v", got.status, got.Codes)
	}
	big := form("grant_type", "client_credentials", "client_id", v.app.ID.String(), "client_secret", strings.Repeat("x", 300<<10))
	if got := v.post(t, "/common/oauth2/v2.0/token", big); got.code() != 9002313 {
		t.Errorf("a huge form: %v", got.Codes)
	}
}

// TestKeysRollOver: a relying party that holds the key set goes on verifying
// over a rollover, because the next key was published before.
func TestKeysRollOver(t *testing.T) {
	v := newTown(t)
	fetches := 0
	counting := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		fetches++
		return v.RoundTrip(r)
	})}
	set := oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), counting), origin+"/common/discovery/v2.0/keys")
	verifier := oidc.NewVerifier(origin+"/"+v.partner.ID.String()+"/v2.0", set, &oidc.Config{ClientID: v.app.ID.String(), Now: v.clock.Now})
	verify := func(raw string) {
		t.Helper()
		if _, err := verifier.Verify(t.Context(), raw); err != nil {
			t.Error(err)
		}
	}
	old := v.signedIn(t, v.grace, "openid offline_access")
	verify(old.IDToken)
	v.key.Rotate(v.clock.Now())
	fresh := v.refreshIn(t, v.partner, v.app, old.RefreshToken, "openid")
	verify(fresh.IDToken)
	verify(old.IDToken)
	if fetches != 1 {
		t.Errorf("the key set was fetched %d times, want once", fetches)
	}
	count := func() int {
		keys, _ := v.get(t, origin+"/"+v.partner.ID.String()+"/discovery/v2.0/keys").raw["keys"].([]any)
		for _, k := range keys {
			entry, _ := k.(map[string]any)
			if issuer := fmt.Sprint(entry["issuer"]); issuer != origin+"/"+v.partner.ID.String()+"/v2.0" || entry["x5c"] == nil || entry["kid"] == nil {
				t.Errorf("an entry says %v", entry)
			}
		}
		return len(keys)
	}
	if got := count(); got != 3 {
		t.Errorf("%d keys while old tokens live, want 3", got)
	}
	v.clock.Move(2 * time.Hour)
	if got := count(); got != 2 {
		t.Errorf("%d keys after them, want 2", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
