package graph_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/registry"
	"latchkey/emulator/token"
	"latchkey/emulator/world"
)

const everythingOfApps = everything + " Application.ReadWrite.All"

func TestRegistrationsAndTheirPasswords(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everythingOfApps)
	got := v.call(anna, "POST", "/v1.0/applications", `{"displayName":"Deployer","signInAudience":"AzureADMyOrg","identifierUris":["api://deployer"],"web":{"redirectUris":["https://deployer.example/back"]},"notes":"hers"}`)
	if got.status != 201 || got.text("appId") == "" || got.text("notes") != "hers" || got.header.Get("Location") != origin+"/v1.0/applications/"+got.text("id") {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	at, client := "/v1.0/applications/"+got.text("id"), got.text("appId")
	v.want(v.call(anna, "POST", "/v1.0/applications", `{"displayName":"Thief","identifierUris":["api://deployer"]}`), 400, "Request_BadRequest")
	if got := v.call(anna, "GET", at+"/owners", ""); !slices.Equal(got.names("id"), []string{v.anna.ID.String()}) {
		t.Errorf("who makes one owns it: %s", got.raw)
	}
	got = v.call(anna, "POST", at+"/addPassword", `{"passwordCredential":{"displayName":"rbac","endDateTime":"2027-01-01T00:00:00Z"}}`)
	secret, key := got.text("secretText"), got.text("keyId")
	if got.status != 200 || secret == "" || got.text("endDateTime") != "2027-01-01T00:00:00Z" || got.text("hint") != secret[:3] {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(anna, "GET", at, ""); strings.Contains(got.raw, secret) || !strings.Contains(got.raw, key) {
		t.Errorf("a password is shown once: %s", got.raw)
	}
	app, _ := v.world.App(csp.MustParseID[registry.App](client))
	if len(app.Secrets) != 1 || app.Secrets[0].Value != secret {
		t.Errorf("%+v", app.Secrets)
	}
	v.want(v.call(anna, "PATCH", "/v1.0/applications(appId='"+client+"')", `{"displayName":"Builder","signInAudience":"AzureADMultipleOrgs","isFallbackPublicClient":true}`), 204, "")
	if got := v.call(anna, "GET", at, ""); got.text("displayName") != "Builder" || got.text("signInAudience") != "AzureADMultipleOrgs" || got.body["isFallbackPublicClient"] != true || !strings.Contains(got.raw, "https://deployer.example/back") {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "POST", at+"/removePassword", `{"keyId":"`+key+`"}`), 204, "")
	v.want(v.call(anna, "POST", at+"/removePassword", `{"keyId":"`+key+`"}`), 400, "Request_BadRequest")
	for name, body := range map[string]string{
		"no name": `{"displayName":""}`, "an audience that is none": `{"signInAudience":"Everybody"}`, "a redirect that is none": `{"web":{"redirectUris":["/back"]}}`,
		"an unknown property": `{"colour":"red"}`, "another client id": `{"appId":"x"}`, "a key that is none": `{"keyCredentials":[{"key":"AAAA"}]}`, "a key without anything": `{"keyCredentials":[{}]}`,
	} {
		if got := v.call(anna, "PATCH", at, body); got.status != 400 || got.code() == "" {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	v.want(v.call(anna, "POST", at+"/addPassword", `{"passwordCredential":{"endDateTime":"2020-01-01T00:00:00Z"}}`), 400, "Request_BadRequest")
	v.want(v.call(anna, "DELETE", at, ""), 204, "")
	v.want(v.call(anna, "GET", at, ""), 404, "Request_ResourceNotFound")
}

func TestCertificatesOfARegistration(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everythingOfApps)
	made := func(name string) string {
		key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: v.Now(), NotAfter: v.Now().Add(time.Hour)}
		return base64.StdEncoding.EncodeToString(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t))
	}
	credential := func(cert string) string {
		return fmt.Sprintf(`{"type":"AsymmetricX509Cert","usage":"Verify","key":%q}`, cert)
	}
	got := v.call(anna, "POST", "/v1.0/applications", `{"displayName":"Deployer","keyCredentials":[`+credential(made("one"))+`]}`)
	at := "/v1.0/applications/" + got.text("id")
	keys, _ := got.body["keyCredentials"].([]any)
	if len(keys) != 1 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	id, _ := keys[0].(map[string]any)["keyId"].(string)
	v.want(v.call(anna, "PATCH", at, `{"keyCredentials":[{"keyId":"`+id+`"},`+credential(made("two"))+`]}`), 204, "")
	if got := v.call(anna, "GET", at, ""); !strings.Contains(got.raw, "CN=one") || !strings.Contains(got.raw, "CN=two") {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "PATCH", at, `{"keyCredentials":[]}`), 204, "")
	if got := v.call(anna, "GET", at, ""); strings.Contains(got.raw, "CN=") {
		t.Errorf("%s", got.raw)
	}
}

func TestWhoMayChangeApplications(t *testing.T) {
	v := newTown(t)
	app := must(v.customer.AddApp(registry.App{Name: "Payroll", Secret: "x"}))(t)
	bo := must(v.customer.AddUser(world.User{Name: "Bo", UPN: "bo"}))(t)
	_, admin := v.admin("ada", "Cloud Application Administrator")
	at := "/v1.0/applications(appId='" + app.ID.String() + "')"
	add := func(bearer string) answer { return v.call(bearer, "POST", at+"/addPassword", "") }
	const denied = "Authorization_RequestDenied"
	owner := v.asUser(bo, everythingOfApps)
	v.want(add(v.asUser(v.anna, everythingOfApps)), 403, denied)
	v.want(add(owner), 403, denied)
	v.want(v.call(v.asUser(v.guest, everythingOfApps), "POST", "/v1.0/applications", `{"displayName":"x"}`), 403, denied)
	v.want(add(admin), 200, "")
	v.want(v.call(admin, "POST", at+"/owners/$ref", ref(bo.ID)), 204, "")
	v.want(v.call(admin, "POST", at+"/owners/$ref", ref(bo.ID)), 400, "Request_BadRequest")
	v.want(add(owner), 200, "")
	v.want(add(v.asUser(bo, "User.Read")), 403, denied)
	v.want(v.call(admin, "DELETE", at+"/owners/"+bo.ID.String()+"/$ref", ""), 204, "")
	v.want(add(owner), 403, denied)

	robot := must(v.customer.AddApp(registry.App{Name: "Robot", Secret: "x"}))(t)
	sp := must(v.customer.AddServicePrincipal(robot.ID, csp.ObjectID{}))(t)
	as := func(permissions ...string) string {
		return v.sign(token.Claims{Tenant: v.customer.ID.String(), Object: sp.ID.String(), AppID: robot.ID.String(), IDType: "app", Roles: permissions})
	}
	v.want(add(as("Application.ReadWrite.OwnedBy")), 403, denied)
	v.want(add(as("Application.ReadWrite.All")), 200, "")
	if err := v.customer.AddAppOwner(app.ID, sp.ID); err != nil {
		t.Fatal(err)
	}
	v.want(add(as("Application.ReadWrite.OwnedBy")), 200, "")
}

func TestServicePrincipalsAreMadeByClientID(t *testing.T) {
	v := newTown(t)
	foreign := must(v.partner.AddApp(registry.App{Name: "Inner", Secret: "x"}))(t)
	shared := must(v.partner.AddApp(registry.App{Name: "Shared", Secret: "x", MultiTenant: true}))(t)
	_, admin := v.admin("ada", "Cloud Application Administrator")
	install := func(bearer string, client registry.ClientID) answer {
		return v.call(bearer, "POST", "/v1.0/servicePrincipals", `{"appId":"`+client.String()+`"}`)
	}
	v.want(install(v.asUser(v.anna, everythingOfApps), shared.ID), 403, "Authorization_RequestDenied")
	v.want(install(admin, foreign.ID), 403, "Authorization_RequestDenied")
	if got := install(admin, world.NewID[registry.App]()); got.status != 400 || !strings.Contains(got.message(), " does not reference ") {
		t.Errorf("%d %s", got.status, got.raw)
	}
	got := install(admin, shared.ID)
	if got.status != 201 || got.text("appOwnerOrganizationId") != v.partner.ID.String() {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	v.want(install(admin, shared.ID), 409, "Request_MultipleObjectsWithSameKeyValue")
	if _, err := v.customer.Delegated(shared.ID, registry.MicrosoftGraph, v.anna.ID, []string{"User.Read"}); world.LawOf(err) != world.NotConsented {
		t.Errorf("nobody consented to anything: %v", err)
	}
	at := "/v1.0/servicePrincipals/" + got.text("id")
	v.want(v.call(admin, "PATCH", at, `{"accountEnabled":false,"tags":["odd"],"appRoleAssignmentRequired":true}`), 204, "")
	if got := v.call(admin, "GET", at, ""); got.body["accountEnabled"] != false || got.body["appRoleAssignmentRequired"] != true || !strings.Contains(got.raw, `"tags":["odd"]`) {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(admin, "PATCH", at, `{"displayName":"Mine"}`), 400, "Request_BadRequest")
	v.want(v.call(admin, "POST", at+"/addPassword", ""), 400, "Request_BadRequest") // its registration is elsewhere
	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	v.want(v.call(admin, "GET", at, ""), 404, "Request_ResourceNotFound")
	if got := install(admin, registry.PartnerDelegation); got.status != 201 || got.text("displayName") != "Partner Customer Delegated Administration" {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestThereAreNoAdministrativeUnits(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("greta", "Global Administrator")
	for _, path := range []string{"/v1.0/directory/administrativeUnits", "/beta/administrativeUnits?$select=id,displayName"} {
		if got := v.call(admin, "GET", path, ""); got.status != 200 || len(got.names("id")) != 0 {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	v.want(v.call(admin, "GET", "/v1.0/directory/administrativeUnits/"+v.anna.ID.String(), ""), 404, "Request_ResourceNotFound")
}
