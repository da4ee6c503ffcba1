package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

// cliToken is an ARM token of the Azure CLI for James as the customer's guest.
func (v *town) cliToken(tb testing.TB, capabilities string) string {
	tb.Helper()
	_, body := v.token(tb, v.customer.ID.String(), url.Values{
		"grant_type": {"password"}, "client_id": {registry.AzureCLI.String()}, "username": {v.james.UPN}, "password": {"raven"},
		"scope": {audience + "/.default"}, "claims": {capabilities},
	})
	if body.AccessToken == "" {
		tb.Fatal(body.Description)
	}
	return body.AccessToken
}

const handlesChallenges = `{"access_token":{"xms_cc":{"values":["CP1"]}}}`

// TestRevokedSessionsEndTokens is continuous access evaluation: a token of a
// client that handles challenges ends with its session.
func TestRevokedSessionsEndTokens(t *testing.T) {
	reads := func(tb testing.TB, v *town, raw string) (int, armBody) {
		tb.Helper()
		return v.call(tb, raw, http.MethodGet, v.sub.Scope().String(), "")
	}
	prepare := func(tb testing.TB) *town {
		tb.Helper()
		v := newTown(tb)
		must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: reader.ID, Principal: v.guest.ID}))(tb)
		return v
	}
	for name, end := range map[string]func(*town) error{
		"sessions revoked": func(v *town) error { return v.world.RevokeSessions(v.james.Account()) },
		"a new password": func(v *town) error {
			u := v.james
			u.Password = "new"
			return v.world.SetUser(u)
		},
		"disabled at home": func(v *town) error {
			u := v.james
			u.Disabled = true
			return v.world.SetUser(u)
		},
		"disabled as a guest": func(v *town) error {
			u := v.guest
			u.Disabled = true
			return v.world.SetUser(u)
		},
		"removed as a guest": func(v *town) error { return v.world.RemoveUser(v.customer.ID, v.guest.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			v := prepare(t)
			able, unable := v.cliToken(t, handlesChallenges), v.cliToken(t, "")
			if status, _ := reads(t, v, able); status != http.StatusOK {
				t.Fatalf("before: %d", status)
			}
			v.clock.Move(time.Millisecond)
			if err := end(v); err != nil {
				t.Fatal(err)
			}
			status, body := reads(t, v, able)
			if challenge := body.header.Get("WWW-Authenticate"); status != http.StatusUnauthorized || !strings.Contains(challenge, `error="insufficient_claims"`) || !strings.Contains(challenge, `claims="ey`) {
				t.Errorf("after: %d %q", status, challenge)
			}
			if status, _ := reads(t, v, unable); status == http.StatusUnauthorized {
				t.Error("a client that knows nothing of challenges is challenged")
			}
			v.world.SetContinuousEvaluation(false)
			if status, _ := reads(t, v, able); status == http.StatusUnauthorized {
				t.Error("the token ends although continuous evaluation is off")
			}
		})
	}
	t.Run("the official client comes back with a new token", func(t *testing.T) {
		v := prepare(t)
		client := v.assignmentsAs(t)
		list := func() error {
			_, err := client.NewListForScopePager(v.group.Scope.String(), nil).NextPage(t.Context())
			return err
		}
		if err := list(); err != nil {
			t.Fatal(err)
		}
		issued := v.tokens()
		v.clock.Move(time.Second)
		if err := v.world.RevokeSessions(v.james.Account()); err != nil {
			t.Fatal(err)
		}
		if err := list(); err != nil || v.tokens() == issued {
			t.Errorf("after its session was revoked: %v, %d tokens more", err, v.tokens()-issued)
		}
		james := v.james
		james.Disabled = true
		if err := v.world.SetUser(james); err != nil {
			t.Fatal(err)
		}
		if err := list(); err == nil || !strings.Contains(err.Error(), "AADSTS50057") {
			t.Errorf("after he was disabled: %v", err)
		}
	})
}

// tokens counts the tokens that were ever issued.
func (v *town) tokens() int {
	n := 0
	for _, e := range v.world.History() {
		if e.Kind == world.TokenIssued {
			n++
		}
	}
	return n
}

// assignmentsAs is the official client as James by his password.
func (v *town) assignmentsAs(tb testing.TB) *armauthorization.RoleAssignmentsClient {
	tb.Helper()
	options := azcore.ClientOptions{
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: login + "/",
			Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: arm, Audience: audience}},
		},
		Transport: &http.Client{Transport: v.server.Transport()},
		Retry:     azpolicy.RetryOptions{MaxRetries: -1},
	}
	//nolint:staticcheck // deprecated, and the only kind for people that needs none
	credential, err := azidentity.NewUsernamePasswordCredential(v.customer.ID.String(), registry.AzureCLI.String(), v.james.UPN, "raven",
		&azidentity.UsernamePasswordCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		tb.Fatal(err)
	}
	client, err := armauthorization.NewRoleAssignmentsClient(v.sub.ID.String(), credential, &policy.ClientOptions{ClientOptions: options})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// TestResourceAsksForGroupsThatDidNotFit: above 200 groups a token names none,
// and Azure Resource Manager asks the directory.
func TestResourceAsksForGroupsThatDidNotFit(t *testing.T) {
	v := newTown(t)
	for i := range 201 {
		g := must(v.customer.AddGroup(world.Group{Name: "Group " + strings.Repeat("x", i)}))(t)
		if err := v.customer.AddMember(g.ID, v.guest.ID); err != nil {
			t.Fatal(err)
		}
		if i == 200 {
			must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: reader.ID, Principal: g.ID}))(t)
		}
	}
	raw := v.cliToken(t, "")
	if c := claimsOf(t, v, raw); !c.GroupsElsewhere() {
		t.Fatalf("the token names %d groups", len(c.Groups))
	}
	if status, body := v.call(t, raw, http.MethodGet, v.sub.Scope().String(), ""); status != http.StatusOK {
		t.Errorf("answered %d %s", status, body.Error.Message)
	}
}

// TestRollover: tokens of the key before are accepted, and relying parties find
// the new key where they look for keys.
func TestRollover(t *testing.T) {
	for name, rotate := range map[string]func(*town){
		"by hand": func(v *town) { v.server.RotateKey() },
		"by age":  func(v *town) { v.clock.Move(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			v := newTown(t, func(o *emulator.Options) { o.KeyLife = 10 * time.Minute })
			old := v.portalToken(t)
			rotate(v)
			fresh := v.portalToken(t)
			if head, _, _ := strings.Cut(old, "."); strings.HasPrefix(fresh, head) {
				t.Error("the key is still the same")
			}
			for _, raw := range []string{old, fresh} {
				if status, body := v.call(t, raw, http.MethodGet, v.sub.Scope().String(), ""); status != http.StatusOK {
					t.Errorf("answered %d %s", status, body.Error.Message)
				}
			}
		})
	}
}

// TestTokensForTheOriginsThatWereStarted: the addresses that a server listens on
// are audiences of the services behind them.
func TestTokensForTheOriginsThatWereStarted(t *testing.T) {
	v := newTown(t)
	for of, microsofts := range map[emulator.Origin]func(string) bool{
		emulator.ARM: token.IsForResourceManager, emulator.Graph: token.IsForGraph, emulator.PartnerCenter: token.IsForPartnerCenter,
	} {
		_, body := v.token(t, v.customer.ID.String(), url.Values{
			"grant_type": {"client_credentials"}, "client_id": {v.app.ID.String()}, "client_secret": {appSecret}, "scope": {of.Address() + "/.default"},
		})
		if c := claimsOf(t, v, body.AccessToken); c.Audience != of.Address() || microsofts(c.Audience) {
			t.Errorf("%s: aud %s", of, c.Audience)
		}
	}
}
