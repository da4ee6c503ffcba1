package entra_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/emulator/registry"
)

// device begins the device flow of the public client.
func (v *town) device(tb testing.TB, scope string) body {
	tb.Helper()
	got := v.post(tb, "/organizations/oauth2/v2.0/devicecode", form("client_id", v.public.ID.String(), "scope", scope))
	if got.DeviceCode == "" {
		tb.Fatal(got.Description)
	}
	return got
}

func (v *town) poll(tb testing.TB, code, grant string) body {
	tb.Helper()
	return v.token(tb, "organizations", "grant_type", grant, "client_id", v.public.ID.String(), "device_code", code)
}

func TestDeviceCode(t *testing.T) {
	const urn, short = "urn:ietf:params:oauth:grant-type:device_code", "device_code"
	v := newTown(t)
	begun := v.device(t, armScope+" openid offline_access")
	if !strings.Contains(begun.Message, begun.UserCode) || begun.VerificationURI != pages+"/common/oauth2/deviceauth" || begun.ExpiresIn != 900.0 || begun.Interval != 5.0 {
		t.Errorf("began with %+v", begun)
	}
	waits := func(code int, name, grant string) {
		t.Helper()
		if got := v.poll(t, begun.DeviceCode, grant); got.code() != code || got.Error != name {
			t.Errorf("answered %s %v, want %s", got.Error, got.Codes, name)
		}
	}
	waits(70016, "authorization_pending", urn)
	waits(70016, "authorization_pending", short) // a clock that stands still hurries nobody
	v.clock.Move(5 * time.Second)
	waits(70016, "authorization_pending", urn)
	v.clock.Move(time.Second)
	waits(70016, "slow_down", urn)

	b := v.browser(t).open(t, begun.VerificationURI)
	if !strings.Contains(b.page, "Enter code") {
		t.Fatalf("the page is %s", b.page)
	}
	if b.open(t, begun.VerificationURI+"?otc=WRONG"); !strings.Contains(b.page, "did not work") {
		t.Errorf("a wrong code gives %s", b.page)
	}
	if b.open(t, begun.VerificationURI+"?otc="+strings.ToLower(begun.UserCode)).signIn(t, v.maya); !strings.Contains(b.page, "You have signed in to the Tool application") {
		t.Fatalf("ended on %s", b.page)
	}
	got := v.poll(t, begun.DeviceCode, urn)
	c := v.claims(t, got.AccessToken)
	if c.Object != v.maya.ID.String() || c.Tenant != v.partner.ID.String() || c.Scopes != "user_impersonation" || got.RefreshToken == "" || got.IDToken == "" {
		t.Errorf("the device gets %+v: %s", c, got.Description)
	}
	if again := v.poll(t, begun.DeviceCode, urn); again.code() != 70018 || again.Error != "bad_verification_code" {
		t.Errorf("a second time: %s", again.Description)
	}
	if b.open(t, begun.VerificationURI+"?otc="+begun.UserCode); !strings.Contains(b.page, "did not work") {
		t.Error("the person's code works twice")
	}

	t.Run("declined", func(t *testing.T) {
		begun := v.device(t, armScope)
		v.browser(t).open(t, begun.VerificationURI+"?otc="+begun.UserCode).submit(t, "step", "cancel")
		if got := v.poll(t, begun.DeviceCode, urn); got.Error != "authorization_declined" {
			t.Errorf("answered %s", got.Description)
		}
	})
	t.Run("too late", func(t *testing.T) {
		begun := v.device(t, armScope)
		v.clock.Move(15 * time.Minute)
		if got := v.poll(t, begun.DeviceCode, urn); got.Error != "expired_token" || got.code() != 70020 {
			t.Errorf("answered %s", got.Description)
		}
		if b := v.browser(t).open(t, begun.VerificationURI+"?otc="+begun.UserCode); !strings.Contains(b.page, "did not work") {
			t.Error("the person's code outlives the device's")
		}
		v.clock.Move(time.Hour)
		v.device(t, armScope)
		if got := v.poll(t, begun.DeviceCode, urn); got.Error != "bad_verification_code" {
			t.Errorf("long after: %s", got.Description)
		}
	})
	t.Run("not for another client", func(t *testing.T) {
		begun := v.device(t, armScope)
		if got := v.token(t, "organizations", "grant_type", urn, "client_id", registry.AzureCLI.String(), "device_code", begun.DeviceCode); got.code() != 70018 {
			t.Errorf("answered %v", got.Codes)
		}
	})
	t.Run("a confidential client proves itself", func(t *testing.T) {
		if got := v.token(t, "organizations", "grant_type", urn, "client_id", v.app.ID.String(), "device_code", "x"); got.code() != 7000218 {
			t.Errorf("answered %v", got.Codes)
		}
		both := must(v.partner.AddApp(registry.App{Name: "Both", Secret: "x", PublicFlows: true, MultiTenant: true}))(t)
		if got := v.token(t, "organizations", "grant_type", urn, "client_id", both.ID.String(), "device_code", "x"); got.code() != 70018 {
			t.Errorf("unless public flows are allowed; answered %v", got.Codes)
		}
	})
	t.Run("version 1.0", func(t *testing.T) {
		begun := v.get(t, origin+"/common/oauth2/devicecode?client_id="+registry.AzurePowerShell.String()+"&resource=https%3A%2F%2Fmanagement.core.windows.net%2F")
		if begun.VerificationURL == "" || begun.ExpiresIn != "900" || begun.Interval != "5" {
			t.Fatalf("began with %+v", begun)
		}
		v.browser(t).open(t, begun.VerificationURL+"?otc="+begun.UserCode).signIn(t, v.grace)
		got := v.post(t, "/common/oauth2/token", form("grant_type", short, "client_id", registry.AzurePowerShell.String(), "code", begun.DeviceCode, "resource", "https://management.core.windows.net/"))
		if c := v.claims(t, got.AccessToken); c.Audience != "https://management.core.windows.net/" || got.ExpiresIn != "3600" || got.RefreshToken == "" {
			t.Errorf("aud %s, %+v", c.Audience, got)
		}
	})
	for name, pairs := range map[string][]string{"no client": nil, "nobody's client": {"client_id", "x"}, "an unknown resource": {"client_id", v.public.ID.String(), "scope", "https://vault.example/.default"}} {
		t.Run(name, func(t *testing.T) {
			if got := v.post(t, "/organizations/oauth2/v2.0/devicecode", form(pairs...)); got.DeviceCode != "" || got.code() == 0 {
				t.Errorf("answered %+v", got)
			}
		})
	}
}
