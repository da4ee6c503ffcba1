package clients_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// reads says whether what the credential gives lets its holder read the
// subscription.
func (v *town) reads(t *testing.T, credential azcore.TokenCredential) {
	t.Helper()
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err != nil {
		t.Error(err)
		return
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://management.azure.com"+v.sub.Scope().String()+"?api-version=2022-12-01", nil))(t)
	r.Header.Set("Authorization", "Bearer "+token.Token)
	response, err := v.at.ProxiedClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body := must(io.ReadAll(response.Body))(t); response.StatusCode != http.StatusOK || !strings.Contains(string(body), "Contoso production") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestAzureIdentityForGo tries the credentials that read where they run: from the
// environment, from a file that a cluster writes, from a pipeline's service. Those
// that are told everything are tried in package entra.
func TestAzureIdentityForGo(t *testing.T) {
	v := newTown(t)
	client := v.person(t, "", "").browser // through the proxy, but for plain http
	t.Setenv("AZURE_TENANT_ID", v.customer.ID.String())
	t.Setenv("AZURE_CLIENT_ID", v.robot.ID.String())
	federated := v.federatedToken(t)

	t.Run("workload identity", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(federated), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
		v.reads(t, must(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: client}}))(t))
	})
	t.Run("pipeline", func(t *testing.T) {
		pipeline := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]string{"oidcToken": federated})
		}))
		defer pipeline.Close()
		t.Setenv("SYSTEM_OIDCREQUESTURI", pipeline.URL)
		v.reads(t, must(azidentity.NewAzurePipelinesCredential(v.customer.ID.String(), v.robot.ID.String(), "connection", "system token",
			&azidentity.AzurePipelinesCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: client}}))(t))
	})
	t.Run("environment", func(t *testing.T) {
		t.Setenv("AZURE_CLIENT_SECRET", robotSecret)
		v.reads(t, must(azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: client}}))(t))
		t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential") // else it would look for a machine's own identity too
		v.reads(t, must(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: client}}))(t))
	})
}

// TestAzureIdentityForGoAsksTheAzureCLI: the credential that developers use.
func TestAzureIdentityForGoAsksTheAzureCLI(t *testing.T) {
	need(t, "az")
	v := newTown(t)
	for _, setting := range v.az(t).asRobot(t).env {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	v.reads(t, must(azidentity.NewAzureCLICredential(nil))(t))
}
