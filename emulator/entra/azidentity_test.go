package entra_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"latchkey/csp"
	"latchkey/emulator/entra"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// nowOfClients leaves the clients on the machine's clock, as real ones are.
func nowOfClients(o *entra.Options) { o.ClientNow = nil }

// options are what a credential of the Azure SDK needs to meet the emulator.
func (v *town) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: origin + "/"},
		Transport: v.client(),
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

// TestCredentialsOfTheAzureSDK runs every kind of credential of azidentity, and
// under it MSAL for Go, unmodified.
func TestCredentialsOfTheAzureSDK(t *testing.T) {
	v := newTown(t, nowOfClients)
	tenant, id := v.customer.ID.String(), v.app.ID.String()
	cert := newCertificate(t, clientKey)
	check(t, v.world.AddCertificate(world.Actor{}, v.app.ID, cert.Raw))
	desk := v.api(t, 1)
	must(v.customer.AddServicePrincipal(desk.ID, csp.ObjectID{}))(t)
	check(t, v.world.AddCertificate(world.Actor{}, desk.ID, cert.Raw))
	calling := v.token(t, tenant, "grant_type", "password", "client_id", v.public.ID.String(), "username", v.bob.UPN, "password", v.bob.Password, "scope", "api://desk/Orders.Read").AccessToken
	check(t, v.world.AddFederation(world.Actor{}, v.app.ID, registry.Federation{Issuer: origin + "/" + v.partner.ID.String() + "/v2.0", Subject: must(spOf(v.partner, v.app))(t).ID.String()}))
	federated := func(context.Context) (string, error) {
		return v.token(t, v.partner.ID.String(), "grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", registry.TokenExchangeAudience+"/.default").AccessToken, nil
	}

	for _, test := range []struct {
		name string
		make func() (azcore.TokenCredential, error)
		app  bool // the token is an application's own
		acr  string
	}{
		{"a client secret", func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(tenant, id, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, true, "1"},
		{"a client certificate", func() (azcore.TokenCredential, error) {
			return azidentity.NewClientCertificateCredential(tenant, id, []*x509.Certificate{cert}, crypto.PrivateKey(clientKey), &azidentity.ClientCertificateCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, true, "2"},
		{"a client certificate with its chain", func() (azcore.TokenCredential, error) {
			return azidentity.NewClientCertificateCredential(tenant, id, []*x509.Certificate{cert}, crypto.PrivateKey(clientKey), &azidentity.ClientCertificateCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true, SendCertificateChain: true})
		}, true, "2"},
		{"a federated assertion", func() (azcore.TokenCredential, error) {
			return azidentity.NewClientAssertionCredential(tenant, id, federated, &azidentity.ClientAssertionCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, true, "2"},
		{"a password", func() (azcore.TokenCredential, error) {
			//nolint:staticcheck // deprecated, and still what scripts use
			return azidentity.NewUsernamePasswordCredential(tenant, v.public.ID.String(), v.bob.UPN, v.bob.Password, &azidentity.UsernamePasswordCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, false, "0"},
		{"on behalf of, with a secret", func() (azcore.TokenCredential, error) {
			return azidentity.NewOnBehalfOfCredentialWithSecret(tenant, desk.ID.String(), calling, "desk", &azidentity.OnBehalfOfCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, false, "1"},
		{"on behalf of, with a certificate", func() (azcore.TokenCredential, error) {
			return azidentity.NewOnBehalfOfCredentialWithCertificate(tenant, desk.ID.String(), calling, []*x509.Certificate{cert}, clientKey, &azidentity.OnBehalfOfCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		}, false, "2"},
		{"a device code", func() (azcore.TokenCredential, error) {
			return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
				ClientOptions: v.options(), DisableInstanceDiscovery: true, TenantID: tenant, ClientID: v.public.ID.String(),
				UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
					v.browser(t).open(t, m.VerificationURL+"?otc="+m.UserCode).signIn(t, v.bob)
					return nil
				},
			})
		}, false, "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			credential, err := test.make()
			check(t, err)
			got, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{armScope}, EnableCAE: true})
			check(t, err)
			c := v.claims(t, got.Token)
			if c.Tenant != tenant || c.ForApp() != test.app || c.AppIDACR != test.acr || !c.HandlesChallenges() {
				t.Errorf("the token says %+v", c)
			}
			if !test.app && c.Object != v.bob.ID.String() {
				t.Errorf("it is %s's", c.UPN)
			}
		})
	}
	t.Run("one credential for two tenants", func(t *testing.T) {
		credential, err := azidentity.NewClientSecretCredential(tenant, id, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true, AdditionallyAllowedTenants: []string{"*"}})
		check(t, err)
		got, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graph + "/.default"}, TenantID: v.partner.ID.String()})
		check(t, err)
		if c := v.claims(t, got.Token); c.Tenant != v.partner.ID.String() {
			t.Errorf("the token is for %s", c.Tenant)
		}
	})
	t.Run("a refusal is told in Entra's words", func(t *testing.T) {
		credential, err := azidentity.NewClientSecretCredential(tenant, id, "wrong", &azidentity.ClientSecretCredentialOptions{ClientOptions: v.options(), DisableInstanceDiscovery: true})
		check(t, err)
		if _, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{armScope}}); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
			t.Errorf("got %v", err)
		}
	})
}

func spOf(t world.Tenant, app registry.App) (world.ServicePrincipal, error) {
	sp, ok := t.ServicePrincipal(app.ID)
	if !ok {
		return sp, os.ErrNotExist
	}
	return sp, nil
}

// TestInteractiveBrowserCredential puts a program in the way of the desktop's
// browser, which hands the address over a pipe, and plays the person.
func TestInteractiveBrowserCredential(t *testing.T) {
	v := newTown(t, nowOfClients)
	folder := t.TempDir()
	pipe := filepath.Join(folder, "address")
	check(t, syscall.Mkfifo(pipe, 0o600))
	check(t, os.WriteFile(filepath.Join(folder, "xdg-open"), []byte("#!/bin/sh\nprintf '%s' \"$1\" > '"+pipe+"'\n"), 0o700)) //nolint:gosec // a program has to be executable
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))

	credential, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: v.options(), DisableInstanceDiscovery: true, TenantID: v.customer.ID.String(), ClientID: v.public.ID.String(),
	})
	check(t, err)
	type result struct {
		token azcore.AccessToken
		err   error
	}
	done := make(chan result, 1)
	go func() {
		token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{armScope}})
		done <- result{token, err}
	}()
	address := string(must(os.ReadFile(pipe))(t))
	b := v.browser(t).open(t, address).signIn(t, v.bob)
	// The client asked for a form, which goes to the port that it listens on.
	target := regexp.MustCompile(`action="(http://localhost:\d+)"`).FindStringSubmatch(b.page)
	if target == nil {
		t.Fatalf("the browser ended at %v:\n%s", b.sentTo, b.page)
	}
	values := url.Values{}
	for _, field := range regexp.MustCompile(`name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(b.page, -1) {
		values.Set(field[1], field[2])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target[1], strings.NewReader(values.Encode()))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	check(t, response.Body.Close())
	got := <-done
	check(t, got.err)
	if c := v.claims(t, got.token.Token); c.Object != v.bob.ID.String() || c.Scopes != "user_impersonation" {
		t.Errorf("the token says %+v", c)
	}
}
