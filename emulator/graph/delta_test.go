package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/emulator/world"
)

// follow goes through the pages of a round and gives all values and the link to
// the next round.
func (v *town) follow(bearer, path string) (values []map[string]any, next string) {
	v.tb.Helper()
	for range 50 {
		got := v.call(bearer, "GET", path, "")
		if got.status != 200 {
			v.tb.Fatalf("%s: %d %s", path, got.status, got.raw)
		}
		list, _ := got.body["value"].([]any)
		for _, one := range list {
			values = append(values, one.(map[string]any))
		}
		if next = got.text("@odata.deltaLink"); next != "" {
			return values, strings.TrimPrefix(next, origin)
		}
		path = strings.TrimPrefix(got.text("@odata.nextLink"), origin)
	}
	v.tb.Fatal("the pages do not end")
	return nil, ""
}

func namesOf(values []map[string]any, property string) []string {
	list := []string{}
	for _, one := range values {
		text, _ := one[property].(string)
		list = append(list, text)
	}
	return list
}

func TestDeltaOfUsers(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("greta", "Global Administrator")
	for i := range 4 {
		must(v.customer.AddUser(world.User{Name: fmt.Sprintf("User %d", i), UPN: fmt.Sprintf("u%d", i)}))(t)
	}
	all, next := v.follow(admin, "/v1.0/users/delta?$select=displayName&$top=3")
	if len(all) != len(v.customer.Users()) || all[0]["userPrincipalName"] != nil || all[0]["id"] == nil {
		t.Fatalf("the first round: %v", all)
	}
	if again, _ := v.follow(admin, next); len(again) != 0 {
		t.Errorf("nothing has happened: %v", again)
	}
	u, _ := v.customer.UserNamed("u0@contoso.example")
	v.want(v.call(admin, "PATCH", "/v1.0/users/"+u.ID.String(), `{"jobTitle":"unseen"}`), 204, "")
	if again, _ := v.follow(admin, next); len(again) != 0 {
		t.Errorf("nothing that was selected has changed: %v", again)
	}
	v.want(v.call(admin, "PATCH", "/v1.0/users/"+u.ID.String(), `{"displayName":"Uma"}`), 204, "")
	gone, _ := v.customer.UserNamed("u1@contoso.example")
	v.want(v.call(admin, "DELETE", "/v1.0/users/"+gone.ID.String(), ""), 204, "")
	must(v.customer.AddUser(world.User{Name: "Zoe", UPN: "zoe"}))(t)
	changed, after := v.follow(admin, next)
	if got := namesOf(changed, "displayName"); !slices.Equal(got, []string{"Uma", "Zoe", ""}) || fmt.Sprint(changed[2]["@removed"]) != "map[reason:changed]" || changed[2]["id"] != gone.ID.String() {
		t.Errorf("%v", changed)
	}
	if again, _ := v.follow(admin, next); len(again) != 3 {
		t.Errorf("an old link asked once more: %v", again)
	}
	if again, _ := v.follow(admin, after); len(again) != 0 {
		t.Errorf("nothing has happened since: %v", again)
	}
	if latest, from := v.follow(admin, "/v1.0/users/delta()?$deltatoken=latest"); len(latest) != 0 || from == "" {
		t.Errorf("%v", latest)
	}
}

func TestDeltaOfGroupsTellsMembers(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("gus", "Groups Administrator")
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	if err := v.customer.AddMember(g.ID, v.guest.ID); err != nil {
		t.Fatal(err)
	}
	all, next := v.follow(admin, "/v1.0/groups/delta")
	if len(all) != 1 || !strings.Contains(fmt.Sprint(all[0]["members@delta"]), v.guest.ID.String()) {
		t.Fatalf("%v", all)
	}
	_, plain := v.follow(admin, "/v1.0/groups/delta?$select=displayName")
	at := "/v1.0/groups/" + g.ID.String()
	v.want(v.call(admin, "POST", at+"/members/$ref", ref(v.anna.ID)), 204, "")
	v.want(v.call(admin, "DELETE", at+"/members/"+v.guest.ID.String()+"/$ref", ""), 204, "")
	changed, next := v.follow(admin, next)
	if len(changed) != 1 {
		t.Fatalf("%v", changed)
	}
	members, _ := changed[0]["members@delta"].([]any)
	if len(members) != 2 || !strings.Contains(fmt.Sprint(members[0]), v.anna.ID.String()) || !strings.Contains(fmt.Sprint(members[1]), "@removed:map[reason:deleted]") {
		t.Errorf("%v", members)
	}
	if got, _ := v.follow(admin, plain); len(got) != 0 {
		t.Errorf("members were not selected: %v", got)
	}
	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	if changed, _ = v.follow(admin, next); len(changed) != 1 || fmt.Sprint(changed[0]["@removed"]) != "map[reason:deleted]" {
		t.Errorf("%v", changed)
	}
}

func TestDeltaTokensThatAreTooOld(t *testing.T) {
	v := newTown(t)
	anna := v.asUser(v.anna, everything)
	_, next := v.follow(anna, "/v1.0/users/delta")
	for _, path := range []string{"/v1.0/users/delta?$deltatoken=nonsense", "/v1.0/users/delta?$skiptoken=nonsense.0", strings.Replace(next, "users", "groups", 1)} {
		got := v.call(anna, "GET", path, "")
		v.want(got, 410, "syncStateNotFound")
		if !strings.HasSuffix(got.header.Get("Location"), "/delta?$deltatoken=") {
			t.Errorf("%s: begin again at %q", path, got.header.Get("Location"))
		}
	}
	v.want(v.call(v.asUser(v.james, everything), "GET", next, ""), 410, "syncStateNotFound") // of another tenant
	v.move(8 * 24 * time.Hour)
	v.want(v.call(v.asUser(v.anna, everything), "GET", next, ""), 410, "syncStateNotFound")
	v.want(v.call(v.asUser(v.anna, everything), "GET", "/v1.0/users/delta?$filter=x eq 1", ""), 400, "Request_BadRequest")
	v.want(v.call(v.asUser(v.anna, everything), "GET", "/v1.0/users/delta?$skiptoken=x", ""), 400, "Request_BadRequest")
	if all, _ := v.follow(v.asUser(v.anna, everything), "/v1.0/users/delta?$deltatoken="); len(all) != 2 {
		t.Errorf("from the beginning: %v", all)
	}
}

func TestDeletedUsersCanBeRestored(t *testing.T) {
	v := newTown(t)
	_, admin := v.admin("ursula", "User Administrator")
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	if err := v.customer.AddMember(g.ID, v.anna.ID); err != nil {
		t.Fatal(err)
	}
	at, bin := "/v1.0/users/"+v.anna.ID.String(), "/v1.0/directory/deletedItems/"
	v.want(v.call(admin, "PATCH", at, `{"jobTitle":"Clerk"}`), 204, "")
	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	got := v.call(admin, "GET", bin+"microsoft.graph.user", "")
	if values, _ := got.body["value"].([]any); len(values) != 1 || values[0].(map[string]any)["deletedDateTime"] == nil || !slices.Equal(got.names("id"), []string{v.anna.ID.String()}) {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	v.want(v.call(v.asUser(v.guest, everything), "POST", bin+v.anna.ID.String()+"/restore", ""), 403, "Authorization_RequestDenied")
	v.want(v.call(v.asUser(v.guest, everything), "GET", bin+"microsoft.graph.user", ""), 403, "Authorization_RequestDenied")
	if got = v.call(admin, "POST", bin+v.anna.ID.String()+"/restore", ""); got.status != 200 || got.text("userPrincipalName") != "anna@contoso.example" {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := v.call(admin, "GET", at+"?$select=jobTitle", ""); got.text("jobTitle") != "Clerk" || !slices.Contains(v.customer.Members(g.ID), v.anna.ID) {
		t.Errorf("what she had is lost: %s", got.raw)
	}
	v.want(v.call(admin, "POST", bin+v.anna.ID.String()+"/restore", ""), 404, "Request_ResourceNotFound")

	v.want(v.call(admin, "DELETE", at, ""), 204, "")
	must(v.customer.AddUser(world.User{Name: "Another Anna", UPN: "anna"}))(t)
	v.want(v.call(admin, "POST", bin+v.anna.ID.String()+"/restore", ""), 400, "Request_BadRequest") // her name is taken
	v.want(v.call(admin, "GET", bin+v.anna.ID.String(), ""), 200, "")
	v.want(v.call(admin, "DELETE", bin+v.anna.ID.String(), ""), 204, "")
	v.want(v.call(admin, "GET", bin+v.anna.ID.String(), ""), 404, "Request_ResourceNotFound")

	second, _ := v.customer.UserNamed("anna@contoso.example")
	v.want(v.call(admin, "DELETE", "/v1.0/users/"+second.ID.String(), ""), 204, "")
	v.move(31 * 24 * time.Hour)
	ursula, _ := v.customer.UserNamed("ursula@contoso.example")
	v.want(v.call(v.asRole(ursula, everything, "User Administrator"), "POST", bin+second.ID.String()+"/restore", ""), 404, "Request_ResourceNotFound")
}

func TestNewMembersReachListsLater(t *testing.T) {
	v := newTown(t, func(o *world.Options) { o.Delays.Principal = time.Minute })
	_, admin := v.admin("gus", "Groups Administrator")
	g := must(v.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	at := "/v1.0/groups/" + g.ID.String() + "/members"
	v.want(v.call(admin, "POST", at+"/$ref", ref(v.anna.ID)), 204, "")
	if got := v.call(admin, "GET", at, ""); len(got.names("id")) != 0 {
		t.Errorf("at once: %s", got.raw)
	}
	if !slices.Contains(v.customer.GroupsOf(v.anna.ID), g.ID) {
		t.Error("what the membership gives has to wait, too")
	}
	v.want(v.call(admin, "POST", at+"/$ref", ref(v.anna.ID)), 400, "Request_BadRequest") // it is there
	v.move(time.Minute)
	if got := v.call(admin, "GET", at, ""); !slices.Equal(got.names("id"), []string{v.anna.ID.String()}) {
		t.Errorf("later: %s", got.raw)
	}
}
