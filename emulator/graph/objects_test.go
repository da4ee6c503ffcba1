package graph_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/emulator/world"
)

// TestGetByIDs is how az names principals, and how it learns of a partner's group.
func TestGetByIDs(t *testing.T) {
	v := newTown(t)
	v.asApp()
	sp := v.customer.ServicePrincipals()[0]
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	anna := v.asUser(v.anna, everything)
	ask := func(types string, ids ...string) answer {
		return v.call(anna, "POST", "/v1.0/directoryObjects/getByIds", `{"ids":["`+strings.Join(ids, `","`)+`"],"types":[`+types+`]}`)
	}
	all := `"user","group","servicePrincipal","directoryObjectPartnerReference"`
	ids := []string{v.anna.ID.String(), g.ID.String(), sp.ID.String(), v.agents.ID.String()}
	if got := ask(all, ids...); !slices.Equal(got.names("@odata.type"), []string{"#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.servicePrincipal"}) {
		t.Errorf("without a relationship: %s", got.raw)
	}
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	got := ask(all, ids...)
	if !slices.Contains(got.names("@odata.type"), "#microsoft.graph.directoryObjectPartnerReference") ||
		!slices.Contains(got.names("displayName"), "Foreign Principal for 'Ravenhill IT' in role 'TenantAdmins' (Contoso)") || !slices.Contains(got.names("externalPartnerTenantId"), v.partner.ID.String()) {
		t.Errorf("with one: %s", got.raw)
	}
	if got := ask(`"group"`, ids...); len(got.names("id")) != 1 {
		t.Errorf("groups only: %s", got.raw)
	}
	if got := ask("", v.james.ID.String()); got.status != 200 || len(got.names("id")) != 0 {
		t.Errorf("somebody else's: %s", got.raw)
	}
	v.want(ask("", "x"), 400, "Request_BadRequest")
	v.want(v.call(anna, "POST", "/v1.0/directoryObjects/getByIds", `{"ids":[]}`), 400, "Request_BadRequest")
	v.want(v.call(v.asUser(v.guest, everything), "POST", "/v1.0/directoryObjects/getByIds", `{"ids":["`+v.anna.ID.String()+`"]}`), 403, "Authorization_RequestDenied")
	if got := v.call(anna, "GET", "/v1.0/directoryObjects/"+v.agents.ID.String(), ""); got.text("@odata.type") != "#microsoft.graph.directoryObjectPartnerReference" {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "GET", "/v1.0/directoryObjects/"+v.james.ID.String(), ""), 404, "Request_ResourceNotFound")
	v.want(v.call(anna, "GET", "/v1.0/groups/"+v.agents.ID.String(), ""), 404, "Request_ResourceNotFound") // absent from the directory's lists (R21)
}

func TestServicePrincipalsAndApplications(t *testing.T) {
	v := newTown(t)
	v.asApp()
	app := v.customer.Apps()[0]
	anna := v.asUser(v.anna, everything)
	id := app.ID.String()
	for _, path := range []string{
		"/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '" + id + "')", "/servicePrincipals?$filter=appId eq '" + id + "'",
		"/applications?$filter=appId eq '" + id + "'", "/applications?$filter=startswith(displayName,'Rob')",
	} {
		if got := v.call(anna, "GET", "/v1.0"+path, ""); got.status != 200 || !slices.Equal(got.names("appId"), []string{id}) {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	if got := v.call(anna, "GET", "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq 'anna')", ""); got.status != 200 || len(got.names("id")) != 0 {
		t.Errorf("%s", got.raw)
	}
	for _, path := range []string{"/servicePrincipals(appId='" + id + "')", "/applications(appId='" + id + "')", "/servicePrincipals/appId=" + id} {
		if got := v.call(anna, "GET", "/v1.0"+path, ""); got.text("appId") != id || got.text("id") == id {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	v.want(v.call(anna, "GET", "/v1.0/servicePrincipals/11111111-2222-4333-8444-555555555555", ""), 404, "Request_ResourceNotFound")
}

func TestOrganizationAndDomains(t *testing.T) {
	v := newTown(t)
	if err := v.customer.AddDomain("contoso.test"); err != nil {
		t.Fatal(err)
	}
	anna := v.asUser(v.anna, everything)
	if got := v.call(anna, "GET", "/v1.0/organization", ""); !slices.Equal(got.names("id"), []string{v.customer.ID.String()}) || !strings.Contains(got.raw, `"contoso.test"`) {
		t.Errorf("%s", got.raw)
	}
	if got := v.call(anna, "GET", "/v1.0/domains", ""); !slices.Equal(got.names("id"), []string{"contoso.example", "contoso.test"}) {
		t.Errorf("%s", got.raw)
	}
	if got := v.call(anna, "GET", "/v1.0/domains/Contoso.Test", ""); got.body["isVerified"] != true {
		t.Errorf("%s", got.raw)
	}
	v.want(v.call(anna, "GET", "/v1.0/organization/"+v.partner.ID.String(), ""), 404, "Request_ResourceNotFound")
}
