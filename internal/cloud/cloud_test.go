package cloud_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/cloud"
	"latchkey/internal/fault"
)

func endpoints(t *testing.T, authority, arm string) cloud.Endpoints {
	t.Helper()
	e := cloud.Endpoints{Audience: "https://management.cloud.example"}
	var err error
	if e.Authority, err = url.Parse(authority); err != nil {
		t.Fatal(err)
	}
	if e.ResourceManager, err = url.Parse(arm); err != nil {
		t.Fatal(err)
	}
	return e
}

const (
	authority  = "https://login.cloud.example/"
	management = "https://management.cloud.example"
)

func TestEndpointsAreChecked(t *testing.T) {
	for _, bad := range []string{
		"", "login.cloud.example", "http://login.cloud.example", "https://", "https://login.cloud.example/tenant", "https://u:p@login.cloud.example",
		"https://login.cloud.example?x=1", "https://login.cloud.example#x", "ftp://login.cloud.example",
	} {
		if _, err := cloud.New(endpoints(t, bad, management)); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
			t.Errorf("authority %q: %v", bad, err)
		}
		if _, err := cloud.New(endpoints(t, authority, bad)); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
			t.Errorf("resource manager %q: %v", bad, err)
		}
	}
	if _, err := cloud.New(cloud.Endpoints{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("nothing at all: %v", err)
	}
	noAudience := endpoints(t, authority, management)
	noAudience.Audience = ""
	if _, err := cloud.New(noAudience); !fault.Is(err, fault.Invalid) {
		t.Errorf("no audience: %v", err)
	}
	if _, err := cloud.New(endpoints(t, authority, management+"/")); err != nil {
		t.Error(err)
	}
}

func TestServingRefusesLoopback(t *testing.T) {
	for _, local := range []string{
		"https://127.0.0.1:8443", "https://127.8.9.10", "https://[::1]:8443", "https://localhost", "https://LOCALHOST:1", "https://localhost.",
		"https://login.localhost", "https://[::ffff:127.0.0.1]", "https://0.0.0.0:8443", "https://[::]:8443",
	} {
		for _, e := range []cloud.Endpoints{endpoints(t, local, management), endpoints(t, authority, local)} {
			c, err := cloud.New(e)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.RefuseLoopback(); !fault.Is(err, fault.Invalid) || fault.PublicOf(err) == "" {
				t.Errorf("%s: %v", local, err)
			}
		}
	}
	for _, good := range []string{management, "https://192.0.2.7", "https://localhost.cloud.example", "https://127.0.0.1.cloud.example"} {
		c, err := cloud.New(endpoints(t, good, good))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.RefuseLoopback(); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	public, err := cloud.New(endpoints(t, "https://login.microsoftonline.com/", "https://management.azure.com"))
	if err != nil {
		t.Fatal(err)
	}
	if err := public.RefuseLoopback(); err != nil {
		t.Error(err)
	}
	if got := public.ResourceManager(); got != "https://management.azure.com" {
		t.Errorf("the real cloud is %s", got)
	}
}

var (
	tenantID       = csp.MustParseID[csp.Tenant]("fab00000-0000-4000-8000-00000000c001")
	subscriptionID = csp.MustParseID[csp.Subscription]("5ab1c0de-0000-4000-8000-00000000f001")
	clientID       = csp.MustParseID[cloud.Application]("a99c0000-0000-4000-8000-0000000000a1")
)

func TestApplicationsAreChecked(t *testing.T) {
	key, certificate := pair(t)
	other, _ := pair(t)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificates := []*x509.Certificate{certificate}
	for name, c := range map[string]struct {
		app  cloud.Application
		good bool
	}{
		"a secret":                      {cloud.Application{ClientID: clientID, Secret: "canary"}, true},
		"a certificate":                 {cloud.Application{ClientID: clientID, Certificates: certificates, Key: key}, true},
		"nothing":                       {cloud.Application{}, false},
		"no id":                         {cloud.Application{Secret: "canary"}, false},
		"no proof":                      {cloud.Application{ClientID: clientID}, false},
		"both":                          {cloud.Application{ClientID: clientID, Secret: "canary", Certificates: certificates, Key: key}, false},
		"a key without a certificate":   {cloud.Application{ClientID: clientID, Key: key}, false},
		"another certificate's key":     {cloud.Application{ClientID: clientID, Certificates: certificates, Key: other}, false},
		"a key of a kind Entra has not": {cloud.Application{ClientID: clientID, Certificates: certificates, Key: elliptical}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.app.Check()
			if (err == nil) != c.good {
				t.Errorf("Check = %v", err)
			}
			if err != nil && (fault.PublicOf(err) == "" || strings.Contains(err.Error(), "canary")) {
				t.Errorf("Check = %v", err)
			}
			for _, text := range []string{fmt.Sprint(c.app), fmt.Sprintf("%+v %#v %s", c.app, c.app, &c.app)} {
				if strings.Contains(text, "canary") {
					t.Errorf("printing tells the secret: %s", text)
				}
			}
		})
	}
}

func pair(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, certificate
}

func TestOwns(t *testing.T) {
	c, err := cloud.New(endpoints(t, authority, management))
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := c.Tenant(tenantID, cloud.Application{ClientID: clientID, Secret: "x"}, []csp.SubscriptionID{subscriptionID})
	if err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[csp.Scope]bool{
		{}:                                      false,
		csp.Root():                              true,
		csp.SubscriptionScopeOf(subscriptionID): true,
		csp.MustParseScope("/subscriptions/5AB1C0DE-0000-4000-8000-00000000F001/resourceGroups/x"): true,
		csp.MustParseScope("/subscriptions/5ab1c0de-0000-4000-8000-00000000f002/resourceGroups/x"): false,
		csp.MustParseScope("/providers/Microsoft.Management/managementGroups/x"):                   true,
	} {
		if got := tenant.Owns(scope); got != want {
			t.Errorf("Owns(%q) = %t", scope, got)
		}
	}
}
