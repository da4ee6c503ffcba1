package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// graphToken is what Azure CLI gets for Graph when somebody signs in with his
// password, or the error code.
func (v *town) graphToken(tb testing.TB, at world.Tenant, name, password string) (string, string) {
	tb.Helper()
	_, body := v.token(tb, at.ID.String(), url.Values{
		"grant_type": {"password"}, "client_id": {registry.AzureCLI.String()}, "username": {name}, "password": {password},
		"scope": {"https://graph.microsoft.com//.default offline_access openid profile"}, "client_info": {"1"},
	})
	return body.AccessToken, body.Error
}

// graph sends a request to Microsoft Graph.
func (v *town) graph(tb testing.TB, bearer, method, address, body string) (int, map[string]any) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, address, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	got := v.send(tb, r)
	var parsed map[string]any
	if strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(got.body, &parsed); err != nil {
			tb.Fatalf("%s %s: %v in %s", method, address, err, got.body)
		}
	}
	return got.status, parsed
}

// TestGraphWithTokensOfTheSignInService goes the whole way: sign in, ask Graph,
// give a role, sign in again, and have it.
func TestGraphWithTokensOfTheSignInService(t *testing.T) {
	v := newTown(t)
	v.anna.MFA = false
	if err := v.world.SetUser(v.anna); err != nil {
		t.Fatal(err)
	}
	anna, code := v.graphToken(t, v.customer, "anna@contoso.example", "conto")
	if anna == "" {
		t.Fatalf("no token: %s", code)
	}
	if status, me := v.graph(t, anna, "GET", graphAPI+"/me", ""); status != 200 || me["userPrincipalName"] != "anna@contoso.example" {
		t.Fatalf("%d %v", status, me)
	}
	off := `{"accountEnabled":false}`
	guest := graphAPI + "/users/" + v.guest.ID.String()
	if status, body := v.graph(t, anna, "PATCH", guest, off); status != 403 {
		t.Errorf("without a role: %d %v", status, body)
	}
	must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: v.anna.ID, Role: entraRole("User Administrator")}))(t)
	if status, body := v.graph(t, anna, "PATCH", guest, off); status != 403 {
		t.Errorf("the old token does not know of the role: %d %v", status, body)
	}
	anna, _ = v.graphToken(t, v.customer, "anna@contoso.example", "conto")
	if status, body := v.graph(t, anna, "PATCH", guest, off); status != 204 {
		t.Errorf("with a new token: %d %v", status, body)
	}
	arm, _ := v.graph(t, v.userToken(t, v.customer, "Anna Berg", "conto"), "GET", graphAPI+"/me", "")
	if arm != 401 {
		t.Errorf("a token for Resource Manager: %d", arm)
	}
}

// TestGuestEntersAfterHeAccepted is the invitation from end to end.
func TestGuestEntersAfterHeAccepted(t *testing.T) {
	v := newTown(t)
	must(v.partner.AddUser(world.User{Name: "Kim Roe", UPN: "kim", Mail: "kim@ravenhill.example", Password: "kimono"}))(t)
	v.anna.MFA = false
	if err := v.world.SetUser(v.anna); err != nil {
		t.Fatal(err)
	}
	anna, _ := v.graphToken(t, v.customer, "anna@contoso.example", "conto")
	status, made := v.graph(t, anna, "POST", graphAPI+"/invitations", `{"invitedUserEmailAddress":"kim@ravenhill.example","inviteRedirectUrl":"https://x.example/"}`)
	if status != 201 {
		t.Fatalf("%d %v", status, made)
	}
	enter := func() string {
		_, code := v.graphToken(t, v.customer, "kim@ravenhill.example", "kimono")
		return code
	}
	if enter() == "" {
		t.Error("a guest who has not accepted gets a token")
	}
	link, err := url.Parse(made["inviteRedeemUrl"].(string)) //nolint:forcetypeassert // it fails as it should
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"rd": {link.Query().Get("rd")}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+link.Host+link.Path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := v.send(t, r); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if _, code := v.graphToken(t, v.customer, "kim@ravenhill.example", "kimono"); code != "" {
		t.Errorf("after he accepted: %s", code)
	}
	invited, _ := made["invitedUser"].(map[string]any)
	id, _ := invited["id"].(string)
	if u, there := v.world.User(v.customer.ID, csp.MustParseID[csp.Principal](id)); !there || u.Pending {
		t.Errorf("%+v", u)
	}
}
