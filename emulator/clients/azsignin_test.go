package clients_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// certificateFile makes a certificate for the robot, tells the world of it, and
// writes both halves into one file, as az and the libraries want it.
func (v *town) certificateFile(tb testing.TB) string {
	tb.Helper()
	key := must(rsa.GenerateKey(rand.Reader, 2048))(tb)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "robot"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(tb)
	if err := v.world.AddCertificate(world.Actor{}, v.robot.ID, der); err != nil {
		tb.Fatal(err)
	}
	both := append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))(tb)}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	file := filepath.Join(tb.TempDir(), "robot.pem")
	if err := os.WriteFile(file, both, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// federatedToken makes a token of another issuer that stands for the robot, as
// pipelines and clusters have one.
func (v *town) federatedToken(tb testing.TB) string {
	tb.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(tb)
	const issuer, subject = "https://pipelines.example", "repo:contoso/deploy"
	if err := v.world.AddFederation(world.Actor{}, v.robot.ID, registry.Federation{
		Name: "pipeline", Issuer: issuer, Subject: subject, Audience: registry.TokenExchangeAudience, Key: key.Public(),
	}); err != nil {
		tb.Fatal(err)
	}
	now := time.Now().Unix()
	claims := fmt.Appendf(nil, `{"iss":%q,"sub":%q,"aud":%q,"iat":%d,"nbf":%[4]d,"exp":%d}`, issuer, subject, registry.TokenExchangeAudience, now, now+3600)
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil))(tb)
	return must(must(signer.Sign(claims))(tb).CompactSerialize())(tb)
}

func TestAzureCLISignsInAServicePrincipal(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	login := []string{"login", "--service-principal", "--tenant", "contoso.example", "--username", v.robot.ID.String()}
	az.refused(t, []string{"AADSTS7000215"}, append(login, "--password", "wrong")...)

	for name, proof := range map[string][]string{
		"secret":      {"--password", robotSecret},
		"certificate": {"--password", v.certificateFile(t)},
		"federation":  {"--federated-token", v.federatedToken(t)},
	} {
		var accounts []account
		az.read(t, &accounts, append(login, proof...)...)
		if len(accounts) != 1 || accounts[0].ID != v.sub.ID.String() || accounts[0].User.Name != v.robot.ID.String() || accounts[0].User.Type != "servicePrincipal" {
			t.Errorf("%s: %+v", name, accounts)
		}
	}

	var accounts []account
	az.read(t, &accounts, "account", "list")
	if len(accounts) != 1 || accounts[0].Name != "Contoso production" || accounts[0].State != "Enabled" || accounts[0].Cloud != "AzureCloud" {
		t.Errorf("accounts: %+v", accounts)
	}
	az.run(t, "account", "set", "--subscription", "contoso PRODUCTION")
	var shown account
	az.read(t, &shown, "account", "show")
	if shown.ID != v.sub.ID.String() || shown.TenantID != v.customer.ID.String() || !shown.IsDefault {
		t.Errorf("shown: %+v", shown)
	}
	az.run(t, "logout")
	az.refused(t, []string{"az login"}, "account", "show")
}

// TestAzureCLISignsInWithADeviceCode: James signs in once and sees the
// subscriptions of every tenant he belongs to.
func TestAzureCLISignsInWithADeviceCode(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.byDevice(t, v.person(t, jamesUPN, jamesPassword), "--allow-no-subscriptions")
	var accounts []account
	az.read(t, &accounts, "account", "list", "--all")
	seen := map[string]account{}
	for _, a := range accounts {
		seen[a.Name] = a
		if a.User.Name != jamesUPN || a.User.Type != "user" {
			t.Errorf("%+v", a)
		}
	}
	if len(accounts) != 2 || seen["Contoso production"].TenantID != v.customer.ID.String() || seen["N/A(tenant level account)"].TenantID != v.partner.ID.String() {
		t.Errorf("accounts: %+v", accounts)
	}

	// The partner's own tenant is chosen: what is asked of the customer's
	// subscription then carries a token of the wrong tenant.
	az.run(t, "account", "set", "--subscription", v.partner.ID.String())
	az.refused(t, []string{"InvalidAuthenticationTokenTenant"}, "role", "assignment", "list", "--scope", v.sub.Scope().String())
	az.run(t, "account", "set", "--subscription", v.sub.ID.String())
	var groups []struct{ Name string }
	az.read(t, &groups, "group", "list")
	if len(groups) != 1 || groups[0].Name != "rg-desktops" {
		t.Errorf("groups: %+v", groups)
	}
}

func TestAzureCLISignsInWithAPassword(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.refused(t, []string{"AADSTS50126"}, "login", "--username", annaUPN, "--password", "wrong")
	var accounts []account
	az.read(t, &accounts, "login", "--username", annaUPN, "--password", annaPassword)
	if len(accounts) != 1 || accounts[0].ID != v.sub.ID.String() || accounts[0].User.Name != annaUPN {
		t.Errorf("accounts: %+v", accounts)
	}
}

// TestAzureCLISignsInWithABrowser: az opens a browser and listens for its return.
func TestAzureCLISignsInWithABrowser(t *testing.T) {
	need(t, "az")
	need(t, "curl")
	t.Parallel()
	v := newTown(t)
	anna := v.person(t, annaUPN, annaPassword)
	came := make(chan error, 1)
	desk := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		address := r.FormValue("address")
		go func() {
			at, err := anna.signIn(address)
			if err == nil && !strings.HasPrefix(at.url.Host, "localhost:") {
				err = fmt.Errorf("the sign-in ends at %s:\n%s", at.url, at.text)
			}
			came <- err
		}()
	}))
	t.Cleanup(desk.Close)
	opener := filepath.Join(t.TempDir(), "browser")
	script := "#!/bin/sh\nexec curl --silent --max-time 10 --data-urlencode \"address=$1\" " + desk.URL + "\n"
	if err := os.WriteFile(opener, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	// Without the ampersand az would wait for the browser to end, and the browser for az.
	az := v.azWith(t, append(v.proxied(), "BROWSER="+opener+" %s &", "DISPLAY=:99")...)
	var accounts []account
	az.read(t, &accounts, "login", "--tenant", v.customer.ID.String())
	if err := <-came; err != nil {
		t.Error(err)
	}
	if len(accounts) != 1 || accounts[0].ID != v.sub.ID.String() || accounts[0].User.Name != annaUPN {
		t.Errorf("accounts: %+v", accounts)
	}
}

// TestAzureCLIInACloudOfItsOwn: az is told the emulator's addresses. Only the
// name it asks about unknown sign-in services goes through the proxy.
func TestAzureCLIInACloudOfItsOwn(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t, func(o *emulator.Options) { o.NoBrowserOrigin = true })
	local := func(origin string) string { return strings.Replace(origin, "127.0.0.1", "localhost", 1) }
	az := v.az(t)
	cloud := fmt.Sprintf(`{"endpoints":{"resourceManager":%q,"management":%[1]q,"activeDirectory":%q,"activeDirectoryResourceId":"https://management.azure.com","activeDirectoryGraphResourceId":"https://graph.windows.net","microsoftGraphResourceId":%q},"profile":"latest"}`,
		local(v.at.ARM), local(v.at.Login), local(v.at.Graph))
	az.run(t, "cloud", "register", "--name", "Latchkey", "--cloud-config", cloud)
	az.run(t, "cloud", "set", "--name", "Latchkey")
	az.asRobot(t)
	var shown account
	az.read(t, &shown, "account", "show")
	if shown.ID != v.sub.ID.String() || shown.InCloud != "Latchkey" {
		t.Errorf("shown: %+v", shown)
	}
	var groups []struct{ Name string }
	az.read(t, &groups, "group", "list")
	if len(groups) != 1 || groups[0].Name != "rg-desktops" {
		t.Errorf("groups: %+v", groups)
	}
	var directory []struct{ DisplayName string }
	az.read(t, &directory, "ad", "group", "list")
	if len(directory) != 1 || directory[0].DisplayName != "Desktop operators" {
		t.Errorf("groups of the directory: %+v", directory)
	}
	az.byDevice(t, v.person(t, annaUPN, annaPassword), "--tenant", v.customer.ID.String())
}

// TestAzureCLILearnsTheCloudFromTheResourceManager: one address, or none of az's
// own commands, tells az the rest.
func TestAzureCLILearnsTheCloudFromTheResourceManager(t *testing.T) {
	need(t, "az")
	t.Parallel()
	v := newTown(t)
	az := v.az(t)
	az.run(t, "cloud", "register", "--name", "Latchkey", "--endpoint-resource-manager", v.at.ARM)
	var cloud struct {
		Endpoints struct{ ActiveDirectory, ActiveDirectoryResourceID, ResourceManager string } `json:"endpoints"`
	}
	az.read(t, &cloud, "cloud", "show", "--name", "Latchkey")
	if strings.TrimSuffix(cloud.Endpoints.ActiveDirectory, "/") != v.at.Login || cloud.Endpoints.ResourceManager != v.at.ARM {
		t.Errorf("by its address: %+v", cloud)
	}
	told := v.azWith(t, append(v.proxied(), "ARM_CLOUD_METADATA_URL="+v.at.ARM+"/metadata/endpoints?api-version=2019-05-01")...)
	var clouds []struct {
		Name      string
		Endpoints struct{ ResourceManager, MicrosoftGraphResourceID string }
	}
	told.read(t, &clouds, "cloud", "list")
	if len(clouds) != 1 || strings.TrimSuffix(clouds[0].Endpoints.ResourceManager, "/") != v.at.ARM || strings.TrimSuffix(clouds[0].Endpoints.MicrosoftGraphResourceID, "/") != v.at.Graph {
		t.Errorf("by ARM_CLOUD_METADATA_URL: %+v", clouds)
	}
	told.asRobot(t)
}
