package differential_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// signingKey is made once: making one takes longer than a world.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// TestTheOfficialClientMayWhatTheEngineSays goes the whole way: the account signs
// in over HTTP, and the official client tries the act with its token.
func TestTheOfficialClientMayWhatTheEngineSays(t *testing.T) {
	counts := map[access.Verdict]int{}
	checkWorlds(t, max(10, *worlds/10), func(w *draws) {
		x, err := access.Compile(w.f)
		if err != nil {
			w.Fatalf("%v\n%s", err, w.describe())
		}
		s := w.serve()
		for range 4 {
			q := w.drawQuestion()
			act, ok := acts[q.action]
			if !ok || !strings.Contains(q.place, "/vm") {
				q.action, act = restart, tryRestart
				q.data, q.tenant, q.place = false, "contoso", pick(w, []string{"shop/rg/vm", "shop/RG/vm", "shop/rg/vm2", "shop/rg2/vm"})
			}
			verdict := x.Can(q.access())
			counts[verdict]++
			w.compare(q, verdict, s.may(q, act))
		}
	})
	t.Logf("has %d, can get %d, has not %d, unknown %d", counts[access.Has], counts[access.CanGet], counts[access.HasNot], counts[access.Unknown])
}

// served is a world behind the emulator's endpoints.
type served struct {
	*draws
	world  *world.World
	client azcore.ClientOptions
}

func (w *draws) serve() *served {
	key, err := signingKey()
	if err != nil {
		w.Fatal(err)
	}
	s := &served{draws: w, world: emulated(w)}
	server, err := emulator.New(emulator.Options{World: s.world, SigningKey: key})
	if err != nil {
		w.Fatal(err)
	}
	s.client = azcore.ClientOptions{
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: "https://" + emulator.LoginHost + "/",
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: "https://" + emulator.ARMHost, Audience: "https://management.azure.com"},
			},
		},
		Transport: &http.Client{Transport: server.Transport()},
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
	return s
}

// may tries the act with a token for the tenant of the place, and with one for the
// account's home, which Lighthouse asks for (R30).
func (s *served) may(q question, try func(*served, azcore.TokenCredential, csp.Scope) error) bool {
	home, _ := s.world.OwnerOf(idOf[csp.Principal](q.who))
	for _, into := range []csp.TenantID{idOf[csp.Tenant](q.tenant), home} {
		err := try(s, s.credential(q.who, home, into), scopeOf(q.place))
		if err == nil {
			return true
		}
		if !refused(err) {
			s.Fatalf("%s: %v: %+v\n%s", into, err, q, s.describe())
		}
	}
	return false
}

// refused says whether the error is Azure's or Entra's no.
func refused(err error) bool {
	var signIn *azidentity.AuthenticationFailedError
	var answer *azcore.ResponseError
	switch {
	case errors.As(err, &signIn):
		return true
	case errors.As(err, &answer):
		return answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized
	}
	return false
}

// credential is the account's own, for a tenant.
func (s *served) credential(who string, home, into csp.TenantID) azcore.TokenCredential {
	id := idOf[csp.Principal](who)
	var credential azcore.TokenCredential
	u, isUser := s.world.User(home, id)
	var err error
	if isUser {
		credential, err = azidentity.NewUsernamePasswordCredential(into.String(), registry.AzureCLI.String(), u.UPN, u.Password,
			&azidentity.UsernamePasswordCredentialOptions{ClientOptions: s.client, DisableInstanceDiscovery: true}) //nolint:staticcheck // these people have no second factor, and nobody to type it
	} else {
		secret, failed := s.world.AddSecret(world.Actor{}, world.AppOf(id), registry.Secret{})
		if failed != nil {
			s.Fatal(failed)
		}
		credential, err = azidentity.NewClientSecretCredential(into.String(), world.AppOf(id).String(), secret.Value,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: s.client, DisableInstanceDiscovery: true})
	}
	if err != nil {
		s.Fatal(err)
	}
	return credential
}

// acts are those that leave the question as it was.
var acts = map[string]func(*served, azcore.TokenCredential, csp.Scope) error{
	restart: tryRestart,
	readVM: func(s *served, c azcore.TokenCredential, scope csp.Scope) error {
		return s.send(c, http.MethodGet, scope.String()+"?api-version=2024-07-01")
	},
	listRoles: func(s *served, c azcore.TokenCredential, scope csp.Scope) error {
		client, err := armauthorization.NewRoleAssignmentsClient(scope.Subscription().String(), c, &arm.ClientOptions{ClientOptions: s.client})
		if err != nil {
			return err
		}
		for pages := client.NewListForScopePager(strings.TrimPrefix(scope.String(), "/"), nil); pages.More(); {
			if _, err := pages.NextPage(s.context()); err != nil {
				return err
			}
		}
		return nil
	},
}

func tryRestart(s *served, c azcore.TokenCredential, scope csp.Scope) error {
	return s.send(c, http.MethodPost, scope.String()+"/restart?api-version=2024-07-01")
}

// send goes through the official client's pipeline.
func (s *served) send(c azcore.TokenCredential, method, path string) error {
	client, err := arm.NewClient("differential", "v1.0.0", c, &arm.ClientOptions{ClientOptions: s.client})
	if err != nil {
		return err
	}
	request, err := runtime.NewRequest(s.context(), method, "https://"+emulator.ARMHost+path)
	if err != nil {
		return err
	}
	response, err := client.Pipeline().Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if !runtime.HasStatusCode(response, http.StatusOK, http.StatusAccepted) {
		return runtime.NewResponseError(response)
	}
	return nil
}

func (s *served) context() context.Context { return s.Context() }
