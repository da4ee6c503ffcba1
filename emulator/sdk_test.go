package emulator_test

import (
	"errors"
	"net/http"
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
	"latchkey/emulator/world"
)

// assignments is the official client with the portal's credential.
func (v *town) assignments(tb testing.TB, loginOrigin, armOrigin string, client azpolicy.Transporter) *armauthorization.RoleAssignmentsClient {
	tb.Helper()
	options := clientOptions(loginOrigin, armOrigin, client)
	credential, err := azidentity.NewClientSecretCredential(v.customer.ID.String(), v.app.ID.String(), appSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		tb.Fatal(err)
	}
	assignments, err := armauthorization.NewRoleAssignmentsClient(v.sub.ID.String(), credential, &policy.ClientOptions{ClientOptions: options})
	if err != nil {
		tb.Fatal(err)
	}
	return assignments
}

func clientOptions(loginOrigin, armOrigin string, client azpolicy.Transporter) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: loginOrigin + "/",
			Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: armOrigin, Audience: audience}},
		},
		Transport: client,
		Retry:     azpolicy.RetryOptions{MaxRetries: -1},
	}
}

// credential is the portal's, for the transport without a socket.
func (v *town) credential(tb testing.TB) azcore.TokenCredential {
	tb.Helper()
	credential, err := azidentity.NewClientSecretCredential(v.customer.ID.String(), v.app.ID.String(), appSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: clientOptions(login, arm, &http.Client{Transport: v.server.Transport()}), DisableInstanceDiscovery: true})
	if err != nil {
		tb.Fatal(err)
	}
	return credential
}

func powerOnFor(u world.User, s csp.Scope) armauthorization.RoleAssignmentCreateParameters {
	return armauthorization.RoleAssignmentCreateParameters{Properties: &armauthorization.RoleAssignmentProperties{
		RoleDefinitionID: new("/subscriptions/" + s.Subscription().String() + "/providers/Microsoft.Authorization/roleDefinitions/" + powerOn.ID.String()),
		PrincipalID:      new(u.ID.String()),
		PrincipalType:    new(armauthorization.PrincipalTypeUser),
		Description:      new("latchkey/1 test"),
	}}
}

// TestOfficialSDK drives the official client through the life of an assignment,
// over TLS and without a socket.
func TestOfficialSDK(t *testing.T) {
	for _, way := range []string{"over TLS", "without a socket"} {
		t.Run(way, func(t *testing.T) {
			v := newTown(t)
			var client *armauthorization.RoleAssignmentsClient
			if way == "over TLS" {
				e := v.start(t)
				client = v.assignments(t, e.Login, e.ARM, e.Client())
			} else {
				client = v.assignments(t, login, arm, &http.Client{Transport: v.server.Transport()})
			}
			v.lifeOfAnAssignment(t, client)
		})
	}
}

func (v *town) start(tb testing.TB) *emulator.Endpoints {
	tb.Helper()
	e, err := v.server.Start(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func (v *town) lifeOfAnAssignment(t *testing.T, client *armauthorization.RoleAssignmentsClient) {
	t.Helper()
	ctx, scope := t.Context(), v.group.Scope.String()
	name := world.NewID[csp.RoleAssignment]().String()

	made, err := client.Create(ctx, scope, name, powerOnFor(v.guest, v.group.Scope), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *made.Name != name || *made.Properties.PrincipalID != v.guest.ID.String() || *made.Properties.Description != "latchkey/1 test" || *made.Properties.CreatedBy != v.portal.ID.String() {
		t.Errorf("created %+v", *made.Properties)
	}
	got, err := client.Get(ctx, scope, name, nil)
	if err != nil || *got.ID != *made.ID {
		t.Errorf("get: %v, %v", got.ID, err)
	}
	_, err = client.Create(ctx, scope, world.NewID[csp.RoleAssignment]().String(), powerOnFor(v.guest, v.group.Scope), nil)
	if failed, ok := errors.AsType[*azcore.ResponseError](err); !ok || failed.StatusCode != http.StatusConflict || failed.ErrorCode != "RoleAssignmentExists" {
		t.Errorf("the same under another name: %v", err)
	}
	found := 0
	for pager := client.NewListForScopePager(scope, &armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: new("principalId+eq+'" + v.guest.ID.String() + "'")}); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		found += len(page.Value)
	}
	if found != 1 {
		t.Errorf("the list shows %d assignments of the guest, want 1", found)
	}

	// Two hours pass, in the emulator only: the client still trusts its cached
	// token, is challenged, fetches another and succeeds.
	v.clock.Move(2 * time.Hour)
	if _, err := client.Delete(ctx, scope, name, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Delete(ctx, scope, name, nil); err != nil {
		t.Errorf("deleting again: %v", err)
	}
	_, err = client.Get(ctx, scope, name, nil)
	if failed, ok := errors.AsType[*azcore.ResponseError](err); !ok || failed.StatusCode != http.StatusNotFound {
		t.Errorf("get after delete: %v", err)
	}
}
