package partnercenter_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

const newCustomer = `{"enableGDAPByDefault":%s,"CompanyProfile":{"Domain":"%s.onmicrosoft.com"},"BillingProfile":{"Culture":"EN-US","Email":"owner@wingtip.example","Language":"En",
	"CompanyName":"Wingtip Toys","firstName":"Mo","lastName":"Hart","DefaultAddress":{"FirstName":"Mo","LastName":"Hart","AddressLine1":"One Way","City":"Redmond","State":"WA","PostalCode":"98052","Country":"US","PhoneNumber":"4255550101"}}}`

func TestCustomers(t *testing.T) {
	v := newTown(t)
	ada := v.as(v.ada)
	at := "/v1/customers/" + v.customer.ID.String()
	t.Run("one customer", func(t *testing.T) {
		got := v.call(ada, "GET", at, "")
		if got.status != 200 || got.text("id") != v.customer.ID.String() || got.text("companyProfile", "domain") != "contoso.onmicrosoft.com" || got.text("relationshipToPartner") != "reseller" ||
			got.body["allowDelegatedAccess"] != false || got.text("attributes", "objectType") != "Customer" || got.text("billingProfile", "companyName") != "Contoso" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("the list says less", func(t *testing.T) {
		got := v.call(ada, "GET", "/v1/customers?size=500", "")
		if got.status != 200 || got.body["totalCount"] != float64(1) || got.text("attributes", "objectType") != "Collection" || strings.Contains(got.raw, "allowDelegatedAccess") || got.text("links", "self", "uri") != "/customers?size=500" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("the billing profile, with its etag", func(t *testing.T) {
		profile := `{"email":"boss@contoso.example","firstName":"Bo","lastName":"Ek","culture":"sv-SE","language":"sv","companyName":"Contoso AB","defaultAddress":{"country":"SE"}}`
		tag := v.call(ada, "GET", at+"/profiles/billing", "").text("attributes", "etag")
		if got := v.call(ada, "PUT", at+"/profiles/billing", profile, "If-Match", tag); got.status != 200 || got.text("email") != "boss@contoso.example" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "PUT", at+"/profiles/billing", profile, "If-Match", tag); got.status != 400 || got.text("code") != "2055" {
			t.Errorf("with the old etag: %d %s", got.status, got.raw)
		}
		if got := v.call(ada, "PUT", at+"/profiles/billing", `{"email":"x"}`); got.status != 400 || got.text("code") != "3000" || !strings.Contains(got.raw, "billingProfile.language") {
			t.Errorf("an incomplete one: %d %s", got.status, got.raw)
		}
		if got := v.world.Profile(v.customer.ID); got.Email != "boss@contoso.example" || got.Address.Country != "SE" {
			t.Errorf("the world has %+v", got)
		}
	})
	t.Run("the company profile", func(t *testing.T) {
		if got := v.call(ada, "GET", at+"/profiles/company", ""); got.status != 200 || got.text("tenantId") != v.customer.ID.String() {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
}

func TestSearchAndPages(t *testing.T) {
	v := newTown(t)
	ada := v.as(v.ada)
	want := []string{v.customer.ID.String()}
	for i := range 4 {
		c := must(v.world.AddTenant(csp.Tenant{Name: fmt.Sprintf("customer %d", i), DefaultDomain: csp.Domain(fmt.Sprintf("c%d.onmicrosoft.com", i))}))(t)
		check(t, v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: c.ID, Reseller: true}))
		want = append(want, c.ID.String())
	}
	search := func(field, value, operator string) answer {
		return v.call(ada, "GET", "/v1/customers?size=0&filter="+url.QueryEscape(fmt.Sprintf(`{"Field":%q,"Value":%q,"Operator":%q}`, field, value, operator)), "")
	}
	if got := search("CompanyName", "CUST", "starts_with"); !slices.Equal(got.items("id"), want[1:]) {
		t.Errorf("by name: %d %s", got.status, got.raw)
	}
	if got := search("Domain", "contoso", "starts_with"); !slices.Equal(got.items("id"), want[:1]) {
		t.Errorf("by domain: %d %s", got.status, got.raw)
	}
	for _, wrong := range []answer{search("Shoe", "x", "starts_with"), search("Domain", "x", "equals"), v.call(ada, "GET", "/v1/customers?filter=%7B", ""), v.call(ada, "GET", "/v1/customers?size=501", ""), v.call(ada, "GET", "/v1/customers?seekOperation=Next", "")} {
		if wrong.status != 400 || wrong.text("code") != "800002" {
			t.Errorf("%d %s", wrong.status, wrong.raw)
		}
	}
	var all []string
	got := v.call(ada, "GET", "/v1/customers?size=2", "")
	for range 5 {
		all = append(all, got.items("id")...)
		next, more := got.body["links"].(map[string]any)["next"].(map[string]any)
		if !more {
			break
		}
		header := next["headers"].([]any)[0].(map[string]any)
		if header["key"] != "MS-ContinuationToken" {
			t.Fatal(got.raw)
		}
		got = v.call(ada, "GET", "/v1"+next["uri"].(string), "", "MS-ContinuationToken", header["value"].(string))
	}
	if !slices.Equal(all, want) {
		t.Errorf("page by page: %v, want %v", all, want)
	}
}

func TestCreateCustomer(t *testing.T) {
	v := newTown(t)
	ada := v.as(v.ada)
	const request = "6d9f6a0e-2b59-4d6a-9a39-6c1b1f4d2a10"
	got := v.call(ada, "POST", "/v1/customers", fmt.Sprintf(newCustomer, "true", "wingtip"), "MS-RequestId", request)
	if got.status != 201 || got.text("userCredentials", "userName") != "admin" || got.text("userCredentials", "password") == "" || got.body["enableGDAPByDefault"] != true || got.text("companyProfile", "domain") != "wingtip.onmicrosoft.com" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	made, known := v.world.TenantNamed("wingtip.onmicrosoft.com")
	if !known || made.ID.String() != got.text("id") || made.Name != "Wingtip Toys" {
		t.Fatalf("the world has %+v", made)
	}
	t.Run("the tenant has an administrator with exactly that password (R4)", func(t *testing.T) {
		users := made.Users()
		if len(users) != 1 || users[0].UPN != "admin@wingtip.onmicrosoft.com" || users[0].Password != got.text("userCredentials", "password") {
			t.Fatalf("%+v", users)
		}
		if roles := v.world.RolesOf(users[0].Account(), made.ID); len(roles) != 1 || roles[0] != globalAdministrator {
			t.Errorf("his roles are %v", roles)
		}
	})
	t.Run("the password is in no history and in no later answer", func(t *testing.T) {
		for _, e := range v.world.History() {
			if strings.Contains(e.Subject, got.text("userCredentials", "password")) {
				t.Errorf("%+v", e)
			}
		}
		if again := v.call(ada, "GET", "/v1/customers/"+made.ID.String(), ""); strings.Contains(again.raw, "userCredentials") {
			t.Error(again.raw)
		}
	})
	t.Run("the same request id gives the same answer and makes nothing", func(t *testing.T) {
		before := len(v.world.Tenants())
		if again := v.call(ada, "POST", "/v1/customers", fmt.Sprintf(newCustomer, "true", "wingtip"), "MS-RequestId", request); again.status != 201 || again.raw != got.raw {
			t.Errorf("%d %s", again.status, again.raw)
		}
		if len(v.world.Tenants()) != before {
			t.Error("another tenant was made")
		}
	})
	t.Run("another request id meets a domain that is taken", func(t *testing.T) {
		if again := v.call(ada, "POST", "/v1/customers", fmt.Sprintf(newCustomer, "true", "wingtip")); again.status != 409 || again.text("code") != "600005" {
			t.Errorf("%d %s", again.status, again.raw)
		}
	})
	t.Run("a default GDAP without any group (R11)", func(t *testing.T) {
		list := v.world.RelationshipsOf(made.ID)
		if len(list) != 1 || list[0].Status != csp.GDAPActive || len(list[0].Roles) != 11 || len(list[0].Access) != 0 {
			t.Errorf("%+v", list)
		}
		if got := v.call(ada, "GET", "/v1/customers/"+made.ID.String(), ""); got.body["allowDelegatedAccess"] != true || got.text("companyProfile", "email") != "owner@wingtip.example" {
			t.Error(got.raw)
		}
	})
	t.Run("or none, if it is not wanted", func(t *testing.T) {
		got := v.call(ada, "POST", "/v1/customers", fmt.Sprintf(newCustomer, "false", "lamna"))
		lamna, _ := v.world.TenantNamed("lamna.onmicrosoft.com")
		if got.status != 201 || len(v.world.RelationshipsOf(lamna.ID)) != 0 {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("nothing is made of an order that is not whole", func(t *testing.T) {
		before := len(v.world.History())
		for _, body := range []string{"", "[", "{}", fmt.Sprintf(newCustomer, "true", "two.labels"), strings.Replace(fmt.Sprintf(newCustomer, "true", "x"), `"En"`, `""`, 1)} {
			if got := v.call(ada, "POST", "/v1/customers", body); got.status != 400 {
				t.Errorf("%.40q: %d %s", body, got.status, got.raw)
			}
		}
		if len(v.world.History()) != before {
			t.Error("something was made")
		}
	})
}

func TestDomains(t *testing.T) {
	v := newTown(t)
	for domain, want := range map[string]int{"contoso.onmicrosoft.com": 200, "CONTOSO.onmicrosoft.com": 200, "free.onmicrosoft.com": 404, "nonsense": 400} {
		if got := v.call(v.as(v.ada), "HEAD", "/v1/domains/"+domain, ""); got.status != want || got.raw != "" {
			t.Errorf("%s: %d %q, want %d", domain, got.status, got.raw, want)
		}
	}
}

func TestRelationshipRequestIsALinkForTheCustomer(t *testing.T) {
	v := newTown(t)
	got := v.call(v.as(v.sam), "GET", "/v1/customers/relationshiprequests", "")
	link, err := url.Parse(got.text("url"))
	if err != nil || got.status != 200 || link.Host != "pages.emulator.test" || link.Query().Get("partnerId") != v.partner.ID.String() || link.Query().Get("invType") != "ResellerRelationship" || link.Fragment != "/BillingAccounts/partner-invitation" {
		t.Errorf("%d %s %v", got.status, got.raw, err)
	}
}

// TestRemoveReseller reads R23: the end of the reseller relationship leaves
// delegation and role assignments as they are.
func TestRemoveReseller(t *testing.T) {
	v := newTown(t)
	ada, at := v.as(v.ada), "/v1/customers/"+v.customer.ID.String()
	check(t, v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true, DAP: true}))
	licences := must(v.world.Sell(world.CommerceSubscription{Partner: v.partner.ID, Customer: v.customer.ID, Offer: "Microsoft 365 Business Premium", Quantity: 5}))(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner, Principal: v.admins.ID}))(t)
	const none = `{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}`
	if got := v.call(ada, "PATCH", at, none); got.status != 400 {
		t.Errorf("while something is sold: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "PATCH", at+"/subscriptions/"+licences.ID.String(), `{"status":"suspended"}`); got.status != 200 || got.text("status") != "suspended" {
		t.Fatalf("suspending: %d %s", got.status, got.raw)
	}
	plan := v.call(ada, "GET", at+"/subscriptions", "").items("id")[0]
	if got := v.call(ada, "PATCH", at+"/subscriptions/"+plan, `{"status":"suspended"}`); got.status != 200 {
		t.Fatalf("suspending the plan: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "PATCH", at, `{"relationshipToPartner":"advisor"}`); got.status != 400 || got.text("code") != "3000" {
		t.Errorf("another kind: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "PATCH", at, none); got.status != 200 || got.text("relationshipToPartner") != "none" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", at, ""); got.status != 403 || got.text("code") != "20002" {
		t.Errorf("afterwards: %d %s", got.status, got.raw)
	}
	if _, err := v.world.Enter(v.ada.Account(), v.customer.ID); err != nil {
		t.Errorf("delegated administration has gone, too: %v", err)
	}
	if len(v.customer.AssignmentsAbove(v.sub.Scope())) != 1 {
		t.Error("the foreign group's assignment has gone, too (R21)")
	}
}

func TestCustomersAreDeletedInTheSandboxOnly(t *testing.T) {
	v := newTown(t)
	ada, at := v.as(v.ada), "/v1/customers/"+v.customer.ID.String()
	if got := v.call(ada, "DELETE", at, ""); got.status != 403 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	v.world.SetSandbox(v.partner.ID, true)
	if got := v.call(ada, "DELETE", at, ""); got.status != 204 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if _, known := v.world.Tenant(v.customer.ID); known {
		t.Error("the tenant is still there")
	}
	if _, known := v.world.Subscription(v.sub.ID); known {
		t.Error("its subscription is still there")
	}
	if got := v.call(ada, "GET", at, ""); got.status != 404 || got.text("code") != "60003" {
		t.Errorf("afterwards: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "HEAD", "/v1/domains/contoso.onmicrosoft.com", ""); got.status != 404 {
		t.Errorf("its domain: %d", got.status)
	}
}
