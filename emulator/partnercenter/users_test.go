package partnercenter_test

import (
	"slices"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/gdap"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// delegate gives the admin agents roles in the customer's directory by GDAP.
func (v *town) delegate(roles ...string) {
	v.tb.Helper()
	var ids []csp.DirectoryRoleID
	for _, name := range roles {
		ids = append(ids, directoryRole(name))
	}
	r := must(v.world.CreateRelationship(world.Actor{}, gdap.Relationship{Name: "Care by " + roles[0], Partner: v.partner.ID, Customer: v.customer.ID, Days: 365, Roles: ids}))(v.tb)
	must(v.world.LockForApproval(world.Actor{}, r.ID))(v.tb)
	must(v.world.ApproveRelationship(world.Actor{}, r.ID, v.customer.ID))(v.tb)
	v.world.Settle()
	must(v.world.AddAccessAssignment(world.Actor{}, r.ID, gdap.AccessAssignment{Group: v.admins.ID, Roles: ids}))(v.tb)
	v.world.Settle()
}

func TestCustomersUsers(t *testing.T) {
	v := newTown(t)
	ada, at := v.as(v.ada), "/v1/customers/"+v.customer.ID.String()+"/users"
	v.delegate("Directory Readers")
	t.Run("a reader reads", func(t *testing.T) {
		got := v.call(ada, "GET", at, "")
		if got.status != 200 || !slices.Equal(got.items("userPrincipalName"), []string{"anna@contoso.onmicrosoft.com"}) || !slices.Equal(got.items("state"), []string{"active"}) {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "GET", at+"/"+v.anna.ID.String(), ""); got.status != 200 || got.text("attributes", "objectType") != "CustomerUser" || got.text("firstName") != "Anna" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "GET", at+"/"+v.ada.ID.String(), ""); got.status != 404 || got.text("code") != "60002" {
			t.Errorf("somebody else's user: %d %s", got.status, got.raw)
		}
	})
	const karl = `{"usageLocation":"US","userPrincipalName":"karl@contoso.onmicrosoft.com","firstName":"Karl","lastName":"Ost","displayName":"Karl Ost"}`
	t.Run("and changes nothing", func(t *testing.T) {
		if got := v.call(ada, "POST", at, karl); got.status != 403 || got.text("code") != "900308" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	t.Run("a helpdesk agent whom no role reaches does not even read", func(t *testing.T) {
		if got := v.call(v.as(v.hal), "GET", at, ""); got.status != 403 || got.text("code") != "900308" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
	v.delegate("User Administrator")
	var id string
	t.Run("a user administrator makes a user with a password that is shown once", func(t *testing.T) {
		got := v.call(ada, "POST", at, karl)
		if got.status != 201 || got.text("passwordProfile", "password") == "" {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		id = got.text("id")
		if again := v.call(ada, "POST", at, karl); again.status != 409 {
			t.Errorf("again: %d %s", again.status, again.raw)
		}
		for _, body := range []string{"{}", `{"usageLocation":"US","displayName":"X","userPrincipalName":"x@elsewhere.example"}`} {
			if got := v.call(ada, "POST", at, body); got.status != 400 || got.text("code") != "3000" {
				t.Errorf("%s: %d %s", body, got.status, got.raw)
			}
		}
	})
	t.Run("changes and removes him", func(t *testing.T) {
		if got := v.call(ada, "PATCH", at+"/"+id, `{"state":"inactive","displayName":"Carl Ost"}`); got.status != 200 || got.text("state") != "inactive" || got.text("displayName") != "Carl Ost" {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "DELETE", at+"/"+id, ""); got.status != 204 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "GET", at+"/"+id, ""); got.status != 404 {
			t.Errorf("afterwards: %d", got.status)
		}
	})
	t.Run("and leaves the customer's administrators alone (R15)", func(t *testing.T) {
		boss := must(v.customer.AddUser(world.User{Name: "Boss", UPN: "boss"}))(t)
		must(v.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: boss.ID, Role: globalAdministrator}))(t)
		of := at + "/" + boss.ID.String()
		for method, body := range map[string]string{"PATCH": `{"passwordProfile":{"password":"another-1"}}`, "DELETE": ""} {
			if got := v.call(ada, method, of, body); got.status != 403 || got.text("code") != "900308" {
				t.Errorf("%s: %d %s", method, got.status, got.raw)
			}
		}
		if got := v.call(ada, "PATCH", of, `{"state":"inactive"}`); got.status != 403 {
			t.Errorf("%d %s", got.status, got.raw)
		}
		if got := v.call(ada, "PATCH", at+"/"+v.anna.ID.String(), `{"passwordProfile":{"password":"another-1"}}`); got.status != 200 {
			t.Errorf("a plain user: %d %s", got.status, got.raw)
		}
	})
	t.Run("an agent who is a guest there is only the guest (R13)", func(t *testing.T) {
		must(v.customer.InviteGuest(v.ada, csp.ObjectID{}))(t)
		if got := v.call(ada, "GET", at, ""); got.status != 403 || got.text("code") != "900308" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	})
}

func TestDirectoryRolesOfACustomer(t *testing.T) {
	v := newTown(t)
	ada, at := v.as(v.ada), "/v1/customers/"+v.customer.ID.String()
	v.delegate("Privileged Role Administrator")
	reader := directoryRole("Reports Reader").String()
	members := at + "/directoryroles/" + reader + "/usermembers"
	body := `{"Id":"` + v.anna.ID.String() + `","DisplayName":"Anna Berg","UserPrincipalName":"anna@contoso.onmicrosoft.com","Attributes":{"ObjectType":"UserMember"}}`
	for range 2 { // adding twice is no mistake
		if got := v.call(ada, "POST", members, body); got.status != 201 || got.text("roleId") != reader {
			t.Fatalf("%d %s", got.status, got.raw)
		}
	}
	if got := v.call(ada, "GET", members, ""); !slices.Equal(got.items("id"), []string{v.anna.ID.String()}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", at+"/users/"+v.anna.ID.String()+"/directoryroles", ""); !slices.Equal(got.items("name"), []string{"Reports Reader"}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", at+"/directoryroles", ""); !slices.Equal(got.items("id"), []string{reader}) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "DELETE", members+"/"+v.anna.ID.String(), ""); got.status != 204 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := v.call(ada, "DELETE", members+"/"+v.anna.ID.String(), ""); got.status != 404 {
		t.Errorf("again: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "GET", at+"/directoryroles/11111111-2222-4333-8444-555555555555/usermembers", ""); got.status != 404 {
		t.Errorf("a role that is none: %d %s", got.status, got.raw)
	}
}

func TestApplicationConsents(t *testing.T) {
	v := newTown(t)
	ada, at := v.as(v.ada), "/v1/customers/"+v.customer.ID.String()+"/applicationconsents"
	body := `{"applicationId":"` + v.app.ID.String() + `","applicationGrants":[{"enterpriseApplicationId":"00000003-0000-0000-c000-000000000000","scope":"Domain.ReadWrite.All,User.ReadWrite.All"}]}`
	if got := v.call(ada, "POST", at, body); got.status != 403 || got.text("code") != "900308" {
		t.Errorf("without a role there: %d %s", got.status, got.raw)
	}
	v.delegate("Cloud Application Administrator")
	if got := v.call(ada, "POST", at, body); got.status != 201 || got.text("displayName") != "Billing robot" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	scopes, err := v.customer.Delegated(v.app.ID, registry.MicrosoftGraph, v.ada.ID, []string{".default"})
	if err != nil || !slices.Equal(scopes, []string{"Domain.ReadWrite.All", "User.ReadWrite.All"}) {
		t.Errorf("the customer consented to %v, %v", scopes, err)
	}
	if got := v.call(ada, "POST", at, body); got.status != 409 {
		t.Errorf("again: %d %s", got.status, got.raw)
	}
	if got := v.call(ada, "DELETE", at+"/"+v.app.ID.String(), ""); got.status != 204 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if _, there := v.customer.ServicePrincipal(v.app.ID); there {
		t.Error("its account is still there")
	}
	if got := v.call(ada, "POST", at, `{"applicationId":"`+v.app.ID.String()+`","applicationGrants":[{"enterpriseApplicationId":"11111111-2222-4333-8444-555555555555","scope":"a"}]}`); got.status != 400 {
		t.Errorf("a resource that is none: %d %s", got.status, got.raw)
	}
	if _, there := v.customer.ServicePrincipal(v.app.ID); there {
		t.Error("half of a consent was kept")
	}
}
