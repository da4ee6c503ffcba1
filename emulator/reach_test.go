package emulator_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/origin"
	"latchkey/emulator/world"
)

// fetch reads an address with a client.
func fetch(t *testing.T, client *http.Client, address string) answer {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return answer{response.StatusCode, response.Header, must(io.ReadAll(response.Body))(t)}
}

// TestMicrosoftsNamesThroughTheProxy: the names lead to the right origins, and
// documents name the host the client used.
func TestMicrosoftsNamesThroughTheProxy(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	client := e.ProxiedClient()
	for _, host := range origin.Login.Names() {
		var document struct {
			Issuer        string `json:"issuer"`
			TokenEndpoint string `json:"token_endpoint"`
		}
		got := fetch(t, client, "https://"+host+"/contoso.example/v2.0/.well-known/openid-configuration")
		if err := json.Unmarshal(got.body, &document); err != nil {
			t.Fatalf("%s: %v in %s", host, err, got.body)
		}
		if want := "https://" + host + "/" + v.customer.ID.String() + "/v2.0"; document.Issuer != want || !strings.HasPrefix(document.TokenEndpoint, "https://"+host+"/") {
			t.Errorf("%s: issuer %s, token endpoint %s", host, document.Issuer, document.TokenEndpoint)
		}
	}
	got := fetch(t, client, "https://management.azure.com//subscriptions?api-version=2022-12-01")
	challenge := got.header.Get("WWW-Authenticate")
	if got.status != http.StatusUnauthorized || !strings.Contains(challenge, "https://login.microsoftonline.com/") {
		t.Errorf("ARM without a token: %d, challenge %q", got.status, challenge)
	}
	if got := fetch(t, client, "https://admin.microsoft.com/"); got.status != http.StatusOK || !strings.Contains(string(got.body), "This is not Microsoft") {
		t.Errorf("the pages: %d", got.status)
	}
	if got := fetch(t, client, strings.Replace(e.ARM, "127.0.0.1", "localhost", 1)+"/subscriptions?api-version=2022-12-01"); got.status != http.StatusUnauthorized {
		t.Errorf("its own port through the proxy: %d", got.status)
	}
	for _, host := range []string{"azure.microsoft.com", "example.com", "x.graph.microsoft.com"} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/", nil))(t)
		if response, err := client.Do(r); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s answers %d", host, response.StatusCode)
		}
	}
	if refused := strings.Join(v.server.Refused(), " "); refused != "azure.microsoft.com:443 example.com:443 x.graph.microsoft.com:443" {
		t.Errorf("refused %s", refused)
	}
}

// TestSDKThroughTheProxy: Microsoft's own library with no cloud configured,
// instance discovery included, gets a token and reads a subscription.
func TestSDKThroughTheProxy(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	client := e.ProxiedClient()
	options := azidentity.ClientSecretCredentialOptions{}
	options.Transport = client
	credential := must(azidentity.NewClientSecretCredential(v.customer.ID.String(), v.app.ID.String(), appSecret, &options))(t)
	token := must(credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}}))(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://management.azure.com"+v.sub.Scope().String()+"?api-version=2022-12-01", nil))(t)
	r.Header.Set("Authorization", "Bearer "+token.Token)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body := must(io.ReadAll(response.Body))(t); response.StatusCode != http.StatusOK || !strings.Contains(string(body), v.sub.ID.String()) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestAuthorityVouchesForTheFixedNamesAlone holds the certificate authority's
// constraints against names it may and may not vouch for.
func TestAuthorityVouchesForTheFixedNamesAlone(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	block, _ := pem.Decode(e.CAPEM)
	root := must(x509.ParseCertificate(block.Bytes))(t)
	permitted := strings.Join(root.PermittedDNSDomains, " ")
	if want := "localhost " + strings.Join(origin.Names(), " "); permitted != want || !root.PermittedDNSDomainsCritical {
		t.Errorf("permitted: %s, want %s", permitted, want)
	}
	if len(root.ExcludedDNSDomains) != len(root.PermittedDNSDomains) || root.ExcludedDNSDomains[0] != ".localhost" {
		t.Errorf("excluded: %v", root.ExcludedDNSDomains)
	}
	for _, network := range root.PermittedIPRanges {
		if !network.IP.IsLoopback() {
			t.Errorf("permitted: %v", network)
		}
	}
	if !root.IsCA || !root.MaxPathLenZero {
		t.Error("it could make further authorities")
	}
}

// TestCurlAcceptsTheAuthority: the constraints do not keep other
// TLS libraries from trusting it: OpenSSL by curl, and Node's.
func TestCurlAcceptsTheAuthority(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := e.CAFile(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	const address = "https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration"
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("curl is not installed, and CI skips nothing")
		}
		t.Skip("curl is not installed")
	}
	c := exec.CommandContext(t.Context(), "curl", "--silent", "--show-error", "--max-time", "20", "--proxy", e.Proxy, "--cacert", file, address)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), `"token_endpoint"`) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTransportAnswersForMicrosoftsNames(t *testing.T) {
	v := newTown(t)
	client := &http.Client{Transport: v.server.Transport()}
	if got := fetch(t, client, "https://LOGIN.microsoftonline.com/common/discovery/instance?api-version=1.1"); !strings.Contains(strings.ToLower(string(got.body)), "https://login.microsoftonline.com/") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := fetch(t, client, "https://management.azure.com:443/subscriptions?api-version=2022-12-01"); got.status != http.StatusUnauthorized {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, address := range []string{"http://management.azure.com/", "https://example.com/", "https://management.azure.com:8443/"} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
		if response, err := v.server.Transport().RoundTrip(r); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s answers %d", address, response.StatusCode)
		} else if !strings.Contains(err.Error(), emulator.LoginHost) {
			t.Errorf("the error does not say what there is: %v", err)
		}
	}
}

// TestPlainOriginAnswersToLoopbackNamesOnly: a page on the internet whose name
// was made to lead to loopback reads nothing.
func TestPlainOriginAnswersToLoopbackNamesOnly(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	for host, want := range map[string]int{"": 200, "localhost:1": 200, "[::1]": 200, "rebound.example": 421, "127.0.0.1.rebound.example:80": 421} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, e.Browser+"/", nil))(t)
		r.Host = host
		response, err := e.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("as %q: %d, want %d", host, response.StatusCode, want)
		}
	}
}

func TestReplaceServesAnotherWorld(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	address := e.Login + "/other.example/v2.0/.well-known/openid-configuration"
	if got := fetch(t, e.Client(), address); got.status == http.StatusOK {
		t.Errorf("before: %d", got.status)
	}
	other := world.New(world.Options{Now: v.clock.Now})
	must(other.AddTenant(csp.Tenant{Name: "Other", DefaultDomain: "other.example"}))(t)
	if err := v.server.Replace(other); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, e.Client(), address); got.status != http.StatusOK || v.server.World() != other || v.server.Generation() != 2 {
		t.Errorf("after: %d, generation %d", got.status, v.server.Generation())
	}
	if calls := other.Calls(); len(calls) != 1 {
		t.Errorf("the other world knows of %d calls", len(calls))
	}
}

func TestLatencyIsWaitedByOrigin(t *testing.T) {
	v := newTown(t)
	v.server.SetLatency(emulator.Login, 30*time.Millisecond)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, login+"/common/discovery/instance", nil))(t)
	began := time.Now()
	v.send(t, r)
	if took := time.Since(began); took < 30*time.Millisecond || v.server.Latency(emulator.Login) != 30*time.Millisecond || v.server.Latency(emulator.ARM) != 0 {
		t.Errorf("it took %v", took)
	}
}

func TestProxyAddressIsAnAddress(t *testing.T) {
	v := newTown(t)
	e := v.start(t)
	proxy, err := url.Parse(e.Proxy)
	if err != nil || proxy.Scheme != "http" || proxy.Hostname() != "127.0.0.1" {
		t.Errorf("%s, %v", e.Proxy, err)
	}
	seen := map[string]bool{}
	for _, at := range origin.All() {
		if address := e.Of(at); address == "" || seen[address] {
			t.Errorf("%s is at %q", at, address)
		} else {
			seen[address] = true
		}
	}
}
