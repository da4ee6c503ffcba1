package emulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/csp"
	"latchkey/emulator/world"
)

func TestAssignmentErrors(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.anna.ID}))(t)
	existing := must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: reader.ID, Principal: v.guest.ID}))(t)
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	anna, portal, nobody := v.userToken(t, v.customer, "Anna Berg", "conto"), v.portalToken(t), csp.MustParseID[csp.Principal]("11111111-2222-4333-8444-555555555555")
	at := func(name string) string { return v.assignmentPath(v.group.Scope, name) }
	for _, test := range []struct {
		name, token, path, body string
		status                  int
		code, message           string
	}{
		{"without the right", v.userToken(t, v.customer, "James Holt", "raven"), at(newName()), put(reader, v.anna.ID, "User"), 403, "AuthorizationFailed", "'james@ravenhill.example' with object id '" + v.guest.ID.String() + "'"},
		{"a role the condition does not list", portal, at(newName()), put(owner, v.guest.ID, "User"), 403, "AuthorizationFailed", "roleAssignments/write"},
		{"a principal type the condition does not list", portal, at(newName()), put(powerOn, v.portal.ID, "ServicePrincipal"), 403, "AuthorizationFailed", ""},
		{"a type that is only claimed", portal, at(newName()), put(powerOn, v.portal.ID, "User"), 403, "AuthorizationFailed", ""},
		{"the same under another name", anna, at(newName()), put(reader, v.guest.ID, "User"), 409, "RoleAssignmentExists", "existing role assignment is " + strings.ReplaceAll(existing.Name.String(), "-", "") + "."},
		{"a name that stands for another principal", anna, at(existing.Name.String()), put(reader, v.anna.ID, "User"), 400, "RoleAssignmentUpdateNotPermitted", "not allowed to be updated"},
		{"a name that stands for another role", anna, at(existing.Name.String()), put(owner, v.guest.ID, "User"), 400, "RoleAssignmentUpdateNotPermitted", ""},
		{"a name that stands at another scope", anna, v.assignmentPath(v.sub.Scope(), existing.Name.String()), put(reader, v.guest.ID, "User"), 400, "RoleAssignmentUpdateNotPermitted", ""},
		{"a principal nobody knows", anna, at(newName()), put(reader, nobody, "User"), 400, "PrincipalNotFound", "Principal 11111111222243338444555555555555 does not exist in the directory " + v.customer.ID.String()},
		{"another tenant's user", anna, at(newName()), put(reader, v.james.ID, "User"), 400, "PrincipalNotFound", ""},
		{"a group of a partner, called a group", anna, at(newName()), put(reader, v.agents.ID, "Group"), 400, "UnmatchedPrincipalType", "has type 'ForeignGroup' , which is different from specified PrinciaplType 'Group'"},
		{"a user, called a service principal", anna, at(newName()), put(owner, v.guest.ID, "ServicePrincipal"), 400, "UnmatchedPrincipalType", "'User'"},
		{"a type that is none", anna, at(newName()), put(reader, v.anna.ID, "Robot"), 400, "PrincipalTypeNotSupported", ""},
		{"a principal id that is none", anna, at(newName()), `{"properties":{"principalId":"james","roleDefinitionId":"` + reader.ID.String() + `"}}`, 400, "InvalidPrincipalId", ""},
		{"a role that does not exist", anna, at(newName()), put(csp.RoleDefinition{ID: world.NewID[csp.RoleDefinition]()}, v.anna.ID, "User"), 400, "RoleDefinitionDoesNotExist", ""},
		{"a role id that is none", anna, at(newName()), `{"properties":{"principalId":"` + v.anna.ID.String() + `","roleDefinitionId":"Owner"}}`, 400, "InvalidRoleDefinitionId", ""},
		{"a name that is no GUID", anna, at("james"), put(reader, v.anna.ID, "User"), 400, "InvalidRoleAssignmentId", ""},
		{"no body", anna, at(newName()), "", 400, "MissingRequestBody", ""},
		{"a body that is no JSON", anna, at(newName()), "{", 400, "InvalidRequestContent", ""},
		{"no properties", anna, at(newName()), "{}", 400, "InvalidCreateRoleAssignmentRequest", ""},
		{"an old condition version", anna, at(newName()), put(reader, v.anna.ID, "User", "condition", "ActionMatches{'*'}", "conditionVersion", "1.0"), 400, "InvalidConditionVersion", ""},
		{"a resource group that is not there", anna, v.assignmentPath(csp.MustParseScope(v.sub.Scope().String()+"/resourceGroups/nowhere"), newName()), put(reader, v.anna.ID, "User"), 404, "ResourceGroupNotFound", "'nowhere'"},
		{"a resource that is not there", anna, v.assignmentPath(csp.MustParseScope(v.group.Scope.String()+"/providers/Microsoft.Compute/virtualMachines/nowhere"), newName()), put(reader, v.anna.ID, "User"), 404, "ResourceNotFound", "Microsoft.Compute/virtualMachines/nowhere"},
		{"a body larger than a mebibyte", anna, at(newName()), strings.Repeat(" ", 1<<20+1), 413, "RequestEntityTooLarge", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(v.world.History())
			status, body := v.call(t, test.token, http.MethodPut, test.path, test.body)
			if status != test.status || body.Error.Code != test.code || !strings.Contains(body.Error.Message, test.message) {
				t.Errorf("answered %d %s %q, want %d %s %q", status, body.Error.Code, body.Error.Message, test.status, test.code, test.message)
			}
			if after := len(v.world.History()); after != before {
				t.Error("something was changed")
			}
		})
	}
}

func TestForeignGroup(t *testing.T) {
	v := newTown(t)
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.anna.ID}))(t)
	anna := v.userToken(t, v.customer, "Anna Berg", "conto")
	path := v.assignmentPath(v.sub.Scope(), newName())

	t.Run("before there is a relationship the group does not exist", func(t *testing.T) {
		if status, body := v.call(t, anna, http.MethodPut, path, put(owner, v.agents.ID, "ForeignGroup")); status != 400 || body.Error.Code != "PrincipalNotFound" {
			t.Errorf("%d %s", status, body.Error.Code)
		}
	})
	if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true, DAP: true}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"ForeignGroup", ""} {
		t.Run("then it is assigned, with the type "+kind, func(t *testing.T) {
			status, body := v.call(t, anna, http.MethodPut, path, put(owner, v.agents.ID, kind))
			if status > 201 || body.Properties.PrincipalType != "ForeignGroup" {
				t.Errorf("%d %s, type %q", status, body.Error.Message, body.Properties.PrincipalType)
			}
		})
	}
	restart := v.vm.Scope.String() + "/restart"
	ian := must(v.partner.AddUser(world.User{Name: "Ian Frost", UPN: "ian", Password: "x"}))(t)
	t.Run("an agent who may enter the tenant is Owner (R22)", func(t *testing.T) {
		if err := v.partner.AddMember(v.agents.ID, ian.ID); err != nil {
			t.Fatal(err)
		}
		if status, body := v.call(t, v.delegatedToken(t, ian), http.MethodPost, restart, ""); status != 200 {
			t.Errorf("%d %s", status, body.Error.Message)
		}
	})
	t.Run("an agent who is a guest there is only the guest (R13)", func(t *testing.T) {
		if err := v.partner.AddMember(v.agents.ID, v.james.ID); err != nil {
			t.Fatal(err)
		}
		if status, _ := v.call(t, v.userToken(t, v.customer, "James Holt", "raven"), http.MethodPost, restart, ""); status != 403 {
			t.Errorf("answered %d", status)
		}
	})
	t.Run("without delegated administration the agent does not enter, and the assignment stays (R23)", func(t *testing.T) {
		if err := v.world.SetPartnership(world.Partnership{Partner: v.partner.ID, Customer: v.customer.ID, Reseller: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := v.world.Enter(ian.Account(), v.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("enter: %v", err)
		}
		if len(v.customer.AssignmentsAbove(v.sub.Scope())) != 3 {
			t.Error("an assignment has gone")
		}
	})
}

// delegatedToken takes a partner user who is no guest into the customer's tenant.
func (v *town) delegatedToken(tb testing.TB, u world.User) string {
	tb.Helper()
	b := newBrowser(tb, v.server.Transport())
	p := b.press(tb, b.open(tb, v.authorizeURL(v.customer.ID.String(), "scope", audience+"/.default")), "Next", url.Values{"account": {u.UPN}})
	p = b.press(tb, p, "Sign in", url.Values{"password": {u.Password}})
	if p.sentTo == nil {
		tb.Fatal(p.text)
	}
	_, body := v.token(tb, v.customer.ID.String(), v.codeForm(p.sentTo.Query().Get("code")))
	return body.AccessToken
}

func TestDelete(t *testing.T) {
	v := newTown(t)
	portal := v.portalToken(t)
	give := func(t *testing.T, scope csp.Scope, role csp.RoleDefinition, principal csp.ObjectID) world.Assignment {
		t.Helper()
		return must(v.customer.Assign(csp.RoleAssignment{Scope: scope, Role: role.ID, Principal: principal}))(t)
	}
	remove := func(t *testing.T, token string, a world.Assignment) (int, armBody) {
		t.Helper()
		return v.call(t, token, http.MethodDelete, v.assignmentPath(a.Scope, a.Name.String()), "")
	}
	t.Run("answers with what was removed, and then that nothing is there", func(t *testing.T) {
		a := give(t, v.group.Scope, powerOn, v.guest.ID)
		if status, body := remove(t, portal, a); status != 200 || body.Name != a.Name.String() {
			t.Errorf("first %d %s", status, body.Error.Message)
		}
		if status, _ := remove(t, portal, a); status != 204 {
			t.Errorf("then %d", status)
		}
	})
	t.Run("is refused for a role the condition does not list", func(t *testing.T) {
		if status, body := remove(t, portal, give(t, v.group.Scope, reader, v.guest.ID)); status != 403 || body.Error.Code != "AuthorizationFailed" {
			t.Errorf("%d %s", status, body.Error.Code)
		}
	})
	t.Run("does not find an assignment from another scope", func(t *testing.T) {
		a := give(t, v.sub.Scope(), powerOn, v.guest.ID)
		a.Scope = v.group.Scope
		if status, _ := remove(t, portal, a); status != 204 {
			t.Errorf("answered %d", status)
		}
		if _, err := v.customer.Assignment(v.sub.Scope(), a.Name); err != nil {
			t.Error("it was removed all the same")
		}
	})
	t.Run("is refused under a delete lock, while a grant is not (R27)", func(t *testing.T) {
		if err := v.world.AddLock(world.Lock{Name: "keep", Scope: v.sub.Scope(), Level: world.CanNotDelete}); err != nil {
			t.Fatal(err)
		}
		name := newName()
		if status, body := v.call(t, portal, http.MethodPut, v.assignmentPath(v.vm.Scope, name), put(powerOn, v.guest.ID, "User")); status != 201 {
			t.Fatalf("grant: %d %s", status, body.Error.Message)
		}
		status, body := v.call(t, portal, http.MethodDelete, v.assignmentPath(v.vm.Scope, name), "")
		if status != 409 || body.Error.Code != "ScopeLocked" || !strings.Contains(body.Error.Message, "'"+v.sub.Scope().String()+"'. Please remove the lock") {
			t.Errorf("%d %s %q", status, body.Error.Code, body.Error.Message)
		}
		if err := v.world.RemoveLock(v.sub.Scope(), "KEEP"); err != nil {
			t.Fatal(err)
		}
		if status, _ = v.call(t, portal, http.MethodDelete, v.assignmentPath(v.vm.Scope, name), ""); status != 200 {
			t.Errorf("after the lock: %d", status)
		}
	})
	t.Run("a read-only lock refuses both, and the machine's restart", func(t *testing.T) {
		a := give(t, v.vm.Scope, powerOn, v.guest.ID)
		if err := v.world.AddLock(world.Lock{Name: "freeze", Scope: v.group.Scope, Level: world.ReadOnly}); err != nil {
			t.Fatal(err)
		}
		for _, call := range [][3]string{
			{http.MethodPut, v.assignmentPath(v.vm.Scope, newName()), put(powerOn, v.anna.ID, "User")},
			{http.MethodDelete, v.assignmentPath(v.vm.Scope, a.Name.String()), ""},
		} {
			if status, body := v.call(t, portal, call[0], call[1], call[2]); status != 409 || body.Error.Code != "ScopeLocked" {
				t.Errorf("%s: %d %s", call[0], status, body.Error.Code)
			}
		}
		if status, body := v.call(t, v.userToken(t, v.customer, "James Holt", "raven"), http.MethodPost, v.vm.Scope.String()+"/restart", ""); status != 409 || body.Error.Code != "ScopeLocked" {
			t.Errorf("restart: %d %s", status, body.Error.Code)
		}
	})
	t.Run("the last Owner stays", func(t *testing.T) {
		last := give(t, v.sub.Scope(), owner, v.anna.ID)
		anna := v.userToken(t, v.customer, "Anna Berg", "conto")
		if err := v.world.RemoveLock(v.group.Scope, "freeze"); err != nil {
			t.Fatal(err)
		}
		if status, body := remove(t, anna, last); status != 400 || !strings.Contains(body.Error.Message, "last RBAC admin") {
			t.Errorf("%d %s", status, body.Error.Message)
		}
		give(t, v.sub.Scope(), owner, v.guest.ID)
		if status, body := remove(t, anna, last); status != 200 {
			t.Errorf("with another Owner: %d %s", status, body.Error.Message)
		}
	})
}

func TestUpdateChangesDescriptionAndCondition(t *testing.T) {
	v := newTown(t)
	portal, path := v.portalToken(t), v.assignmentPath(v.group.Scope, newName())
	for i, want := range []int{201, 200, 200} {
		description := []string{"one", "one", "two"}[i]
		status, body := v.call(t, portal, http.MethodPut, path, put(powerOn, v.guest.ID, "User", "description", description))
		if status != want || body.Properties.Description == nil || *body.Properties.Description != description {
			t.Errorf("put %d: %d %s", i+1, status, body.Error.Message)
		}
	}
}

func TestListAssignments(t *testing.T) {
	v := newTown(t)
	helpers := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	inner := must(v.customer.AddGroup(world.Group{Name: "Inner helpers"}))(t)
	for _, pair := range [][2]csp.ObjectID{{helpers.ID, inner.ID}, {inner.ID, v.guest.ID}} {
		if err := v.customer.AddMember(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []csp.RoleAssignment{
		{Scope: v.sub.Scope(), Role: owner.ID, Principal: v.anna.ID},
		{Scope: v.group.Scope, Role: reader.ID, Principal: helpers.ID},
		{Scope: v.vm.Scope, Role: powerOn.ID, Principal: v.guest.ID},
	} {
		must(v.customer.Assign(a))(t)
	}
	portal := v.portalToken(t)
	for _, test := range []struct {
		name   string
		scope  csp.Scope
		filter string
		want   []csp.ObjectID
	}{
		{"everything in the subscription", v.sub.Scope(), "", []csp.ObjectID{v.anna.ID, v.portal.ID, helpers.ID, v.guest.ID}},
		{"at, above and below the group", v.group.Scope, "", []csp.ObjectID{v.anna.ID, v.portal.ID, helpers.ID, v.guest.ID}},
		{"at and above the group", v.group.Scope, "$filter=atScope()", []csp.ObjectID{v.anna.ID, v.portal.ID, helpers.ID}},
		{"at and above, percent-encoded", v.group.Scope, "%24filter=atScope%28%29", []csp.ObjectID{v.anna.ID, v.portal.ID, helpers.ID}},
		{"one principal, spaces as plus", v.sub.Scope(), "$filter=principalId+eq+'" + v.guest.ID.String() + "'", []csp.ObjectID{v.guest.ID}},
		{"one principal, spaces as %20", v.sub.Scope(), "$filter=principalId%20eq%20'" + v.guest.ID.String() + "'", []csp.ObjectID{v.guest.ID}},
		{"one principal with all his groups", v.sub.Scope(), "$filter=assignedTo('" + v.guest.ID.String() + "')", []csp.ObjectID{v.guest.ID, helpers.ID}},
		{"the same, not below", v.group.Scope, "$filter=atScope()+and+assignedTo('" + v.guest.ID.String() + "')", []csp.ObjectID{helpers.ID}},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := v.call(t, portal, http.MethodGet, v.assignmentPath(test.scope, "")+"?"+test.filter, "")
			var got []string
			for _, a := range body.Value {
				got = append(got, a.Properties.PrincipalID)
			}
			var want []string
			for _, id := range test.want {
				want = append(want, id.String())
			}
			slices.Sort(got)
			slices.Sort(want)
			if status != 200 || !slices.Equal(got, want) {
				t.Errorf("%d %s: %v, want %v", status, body.Error.Message, got, want)
			}
		})
	}
	for name, query := range map[string]string{
		"atScope with principalId": "$filter=atScope()+and+principalId+eq+'" + v.guest.ID.String() + "'",
		"an unknown function":      "$filter=inMood('good')",
		"a principal that is none": "$filter=principalId+eq+'james'",
		"a filter that ends early": "$filter=atScope()+and",
		"a filter never closed":    "$filter=assignedTo('",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if status, body := v.call(t, portal, http.MethodGet, v.assignmentPath(v.sub.Scope(), "")+"?"+query, ""); status != 400 || body.Error.Code != "UnsupportedQuery" {
				t.Errorf("%d %s", status, body.Error.Code)
			}
		})
	}
}
