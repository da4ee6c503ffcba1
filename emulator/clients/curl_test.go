package clients_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"latchkey/emulator/registry"
)

// curl asks with curl, through the proxy, by Microsoft's names, and reads the
// answer, of whatever status.
func (v *town) curl(t *testing.T, into any, args ...string) {
	t.Helper()
	env := append(append(v.bareEnvironment(t), v.proxied()...), "CURL_CA_BUNDLE="+v.ca)
	got := process{name: "curl", args: append([]string{"--silent", "--show-error", "--max-time", "20"}, args...), env: env}.run(t)
	if got.code != 0 {
		t.Fatalf("curl %s: exit code %d\n%s", strings.Join(args, " "), got.code, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), into); err != nil {
		t.Fatalf("curl %s: %v in %q", strings.Join(args, " "), err, got.stdout)
	}
}

// posted is a form as curl's arguments.
func posted(form map[string]string) []string {
	var args []string
	for name, value := range form {
		args = append(args, "--data", name+"="+url.QueryEscape(value))
	}
	return args
}

// TestCurl goes the way of a person with a shell: discovery, a token, and one
// question to each service.
func TestCurl(t *testing.T) {
	need(t, "curl")
	t.Parallel()
	v := newTown(t)
	var discovery struct {
		Issuer   string `json:"issuer"`
		Token    string `json:"token_endpoint"`
		Devices  string `json:"device_authorization_endpoint"`
		Keys     string `json:"jwks_uri"`
		UserInfo string `json:"userinfo_endpoint"`
	}
	v.curl(t, &discovery, "https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration")
	if discovery.Issuer != "https://login.microsoftonline.com/"+v.customer.ID.String()+"/v2.0" {
		t.Errorf("issuer %s", discovery.Issuer)
	}
	var keys struct{ Keys []struct{ Kid, Kty string } }
	v.curl(t, &keys, discovery.Keys)
	if len(keys.Keys) == 0 || keys.Keys[0].Kty != "RSA" {
		t.Errorf("keys %+v", keys)
	}

	// Terraform and others ask where everything is; by this way, at Microsoft's names.
	var cloud struct {
		Authentication struct{ LoginEndpoint string }
		Graph          string `json:"microsoftGraphResourceId"`
	}
	v.curl(t, &cloud, "https://management.azure.com/metadata/endpoints?api-version=2022-09-01")
	if cloud.Authentication.LoginEndpoint != "https://login.microsoftonline.com" || cloud.Graph != "https://graph.microsoft.com/" {
		t.Errorf("cloud %+v", cloud)
	}

	type tokens struct {
		Access      string `json:"access_token"`
		Refresh     string `json:"refresh_token"`
		Description string `json:"error_description"`
	}
	bearer := func(resource string) []string {
		var got tokens
		v.curl(t, &got, append(posted(map[string]string{
			"grant_type": "client_credentials", "client_id": v.robot.ID.String(), "client_secret": robotSecret, "scope": resource + "/.default",
		}), discovery.Token)...)
		if got.Access == "" {
			t.Fatal(got.Description)
		}
		return []string{"--header", "Authorization: Bearer " + got.Access}
	}
	var subscriptions struct {
		Value []struct{ SubscriptionID string }
	}
	v.curl(t, &subscriptions, append(bearer("https://management.azure.com"), "https://management.azure.com/subscriptions?api-version=2022-12-01")...)
	if len(subscriptions.Value) != 1 || subscriptions.Value[0].SubscriptionID != v.sub.ID.String() {
		t.Errorf("subscriptions %+v", subscriptions)
	}
	var groups struct{ Value []struct{ ID string } }
	v.curl(t, &groups, append(bearer("https://graph.microsoft.com"), "--get", "--data-urlencode", "$filter=displayName eq 'Desktop operators'", "https://graph.microsoft.com/v1.0/groups")...)
	if len(groups.Value) != 1 || groups.Value[0].ID != v.operators.ID.String() {
		t.Errorf("groups %+v", groups)
	}

	// Partner Center wants a person with a second step: by device code.
	var device struct {
		Code    string `json:"device_code"`
		User    string `json:"user_code"`
		Address string `json:"verification_uri"`
	}
	partner := "https://login.microsoftonline.com/" + v.partner.ID.String() + "/oauth2/v2.0/"
	v.curl(t, &device, append(posted(map[string]string{"client_id": registry.AzureCLI.String(), "scope": "https://api.partnercenter.microsoft.com/.default offline_access"}), partner+"devicecode")...)
	if err := v.person(t, sueUPN, suePassword).enterCode(device.Address, device.User); err != nil {
		t.Fatal(err)
	}
	var sue tokens
	v.curl(t, &sue, append(posted(map[string]string{"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": registry.AzureCLI.String(), "device_code": device.Code}), partner+"token")...)
	var customers struct {
		Items []struct{ ID string } `json:"items"`
	}
	v.curl(t, &customers, "--header", "Authorization: Bearer "+sue.Access, "https://api.partnercenter.microsoft.com/v1/customers")
	if len(customers.Items) != 1 || customers.Items[0].ID != v.customer.ID.String() || sue.Refresh == "" {
		t.Errorf("customers %+v, %s", customers, sue.Description)
	}

	// Everything else has no way out.
	got := process{
		name: "curl", args: []string{"--silent", "--show-error", "--max-time", "20", "https://example.com/"},
		env: append(append(v.bareEnvironment(t), v.proxied()...), "CURL_CA_BUNDLE="+v.ca),
	}.run(t)
	if got.code == 0 || !strings.Contains(got.stderr, "403") {
		t.Errorf("another host: exit code %d, %s", got.code, got.stderr)
	}
}
