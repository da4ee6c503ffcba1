package emulator_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator"
	"latchkey/emulator/world"
)

// step is one call and what is expected of it.
type step struct {
	token, method, path, body string
	status                    int
	contains                  string // somewhere in the answer
}

// raw sends a call to ARM as it is, with an api-version if it has none.
func (v *town) raw(tb testing.TB, token, method, path, body string) answer {
	tb.Helper()
	if !strings.Contains(path, "api-version=") {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "api-version=" + versionFor(path[:len(path)-len(path[strings.IndexByte(path+"?", '?'):])])
	}
	if !strings.HasPrefix(path, "https://") {
		path = arm + path
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return v.send(tb, r)
}

func (v *town) take(t *testing.T, steps ...step) {
	t.Helper()
	for i, s := range steps {
		got := v.raw(t, s.token, s.method, s.path, s.body)
		if got.status != s.status || !bytes.Contains(got.body, []byte(s.contains)) {
			t.Errorf("step %d, %s %s: %d %s, want %d with %q", i+1, s.method, s.path, got.status, got.body, s.status, s.contains)
		}
	}
}

// annaOwns makes Anna Owner of everything in her tenant, and gives her token.
func (v *town) annaOwns(tb testing.TB) string {
	tb.Helper()
	must(v.customer.Assign(csp.RoleAssignment{Scope: csp.Root(), Role: owner.ID, Principal: v.anna.ID}))(tb)
	return v.userToken(tb, v.customer, "Anna Berg", "conto")
}

const groupsPath = "/providers/Microsoft.Management/managementGroups"

func TestManagementGroups(t *testing.T) {
	v := newTown(t)
	anna, james := v.annaOwns(t), v.userToken(t, v.customer, "James Holt", "raven")
	tenant := v.customer.ID.String()
	in := func(parent string) string {
		return `{"properties":{"displayName":"One","details":{"parent":{"id":"` + groupsPath + "/" + parent + `"}}}}`
	}
	v.take(t,
		step{anna, "GET", groupsPath, "", 200, `"displayName":"Tenant Root Group"`},
		step{james, "GET", groupsPath, "", 200, `"value":[]`},
		step{james, "PUT", groupsPath + "/mg-1", in(tenant), 403, "AuthorizationFailed"},
		step{anna, "PUT", groupsPath + "/mg-1", in(tenant), 200, `"name":"mg-1"`},
		step{anna, "PUT", groupsPath + "/mg-2", in("mg-1"), 200, `"managementGroupAncestors":["mg-1","` + tenant + `"]`},
		step{anna, "PUT", groupsPath + "/mg-3", in("nowhere"), 404, "not found"},
		step{anna, "PATCH", groupsPath + "/mg-1", `{"parentGroupId":"` + groupsPath + `/mg-2"}`, 400, "would lie in itself"},
		step{anna, "PATCH", groupsPath + "/MG-1", `{"displayName":"First"}`, 200, `"displayName":"First"`},
		step{anna, "PUT", groupsPath + "/mg-2/subscriptions/" + v.sub.ID.String(), "", 200, `"parent":{"id":"` + groupsPath + `/mg-2"}`},
		step{anna, "GET", groupsPath + "/mg-2/subscriptions", "", 200, v.sub.ID.String()},
		step{anna, "GET", groupsPath + "/mg-1/subscriptions", "", 200, `"value":[]`},
		step{anna, "GET", groupsPath + "/mg-1/descendants", "", 200, `/subscriptions/` + v.sub.ID.String()},
		step{anna, "GET", groupsPath + "/mg-1?$expand=children&$recurse=true", "", 200, v.sub.ID.String()},
		step{anna, "POST", "/providers/Microsoft.Management/getEntities", "", 200, "mg-2"},
		step{anna, "DELETE", groupsPath + "/mg-2", "", 400, "something lies in it"},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 403, "AuthorizationFailed"},
		step{anna, "PUT", v.assignmentPath(csp.MustParseScope(groupsPath+"/mg-1"), newName()), put(vmContrib, v.guest.ID, "User"), 201, "/managementGroups/mg-1/providers"},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 200, ""}, // R17: inherited through mg-2
		step{james, "GET", "/subscriptions", "", 200, v.sub.ID.String()},
		step{anna, "GET", v.assignmentPath(v.group.Scope, "") + "?$filter=atScope()", "", 200, "/managementGroups/mg-1/"},
		step{anna, "DELETE", groupsPath + "/mg-2/subscriptions/" + v.sub.ID.String(), "", 204, ""},
		step{james, "POST", v.vm.Scope.String() + "/restart", "", 403, "AuthorizationFailed"},
		step{anna, "DELETE", groupsPath + "/mg-2", "", 200, ""},
		step{anna, "DELETE", groupsPath + "/mg-2", "", 204, ""},
		step{anna, "GET", groupsPath + "/mg-2", "", 404, "NotFound"},
	)
	t.Run("the root group holds everything", func(t *testing.T) {
		root := csp.MustParseScope(groupsPath + "/" + tenant)
		v.take(t, step{anna, "PUT", v.assignmentPath(root, newName()), put(reader, v.guest.ID, "User"), 201, ""},
			step{james, "GET", v.vm.Scope.String(), "", 200, ""})
		w := world.New(world.Options{})
		if err := w.Load(v.world.Facts()); err != nil {
			t.Fatal(err)
		}
		c, _ := w.Tenant(v.customer.ID)
		if !c.Contains(root, v.vm.Scope) {
			t.Error("facts lose what lies in the root group")
		}
	})
}

func TestResourcesOfEveryKind(t *testing.T) {
	v := newTown(t)
	anna, james := v.annaOwns(t), v.userToken(t, v.customer, "James Holt", "raven")
	in := v.group.Scope.String() + "/providers/"
	account, vault, site := in+"Microsoft.Storage/storageAccounts/contosodata", in+"Microsoft.KeyVault/vaults/kv-1", in+"Microsoft.Web/sites/shop"
	must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: reader.ID, Principal: v.guest.ID}))(t)
	at := func(location string) string {
		return `{"location":"` + location + `","sku":{"name":"Standard_LRS"},"kind":"StorageV2"}`
	}
	v.take(t,
		step{anna, "PUT", in + "Microsoft.Storage/storageAccounts/Not-Valid", at("westeurope"), 400, "AccountNameInvalid"},
		step{anna, "PUT", account, `{}`, 400, "LocationRequired"},
		step{anna, "PUT", account, at("atlantis"), 400, "LocationNotAvailableForResourceType"},
		step{anna, "PUT", account, at("westeurope"), 201, `"provisioningState":"Succeeded"`},
		step{anna, "PUT", account, at("westeurope"), 200, `"sku":{"name":"Standard_LRS"}`},
		step{james, "GET", account, "", 200, "blob.core.windows.net"},
		step{james, "POST", account + "/listKeys", "", 403, "Microsoft.Storage/storageAccounts/listKeys/action"},
		step{anna, "POST", account + "/listKeys", "", 200, `"keyName":"key1"`},
		step{anna, "POST", account + "/regenerateKey", `{"keyName":"key3"}`, 400, "InvalidValuesForRequestParameters"},
		step{anna, "PUT", vault, `{"location":"westeurope","properties":{"sku":{"name":"standard"}}}`, 201, "https://kv-1.vault.azure.net/"},
		step{anna, "PUT", site, `{"location":"westeurope"}`, 201, `"type":"Microsoft.Web/sites"`},
		step{anna, "PATCH", site, `{"tags":{"team":"shop"}}`, 200, `"team":"shop"`},
		step{james, "GET", v.sub.Scope().String() + "/resources?$filter=resourceType+eq+'Microsoft.Web/sites'", "", 200, `"name":"shop"`},
		step{james, "GET", v.sub.Scope().String() + "/resources?$filter=name+eq+'shop'", "", 400, "InvalidFilterInQueryString"},
		step{james, "GET", v.group.Scope.String() + "/resources", "", 200, "vm-desktop-1"},
		step{james, "GET", v.sub.Scope().String() + "/providers/Microsoft.Web/sites", "", 200, "shop"},
		step{james, "DELETE", site, "", 403, "Microsoft.Web/sites/delete"},
		step{anna, "PUT", v.assignmentPath(csp.MustParseScope(site), newName()), put(reader, v.guest.ID, "User"), 201, ""},
		step{anna, "DELETE", site, "", 200, ""},
		step{anna, "DELETE", site, "", 204, ""},
		step{anna, "GET", site, "", 404, "ResourceNotFound"},
		step{anna, "GET", in + "Microsoft.Web/sites/shop/slots/blue", "", 404, "ResourceNotFound"},
		step{anna, "GET", v.sub.Scope().String() + "/providers/Microsoft.Storage?api-version=2021-04-01", "", 200, `"registrationState":"Registered"`},
		step{anna, "GET", v.sub.Scope().String() + "/providers", "", 200, "Microsoft.KeyVault"},
		step{anna, "GET", v.sub.Scope().String() + "/providers/Nobody.Here", "", 404, "InvalidResourceNamespace"},
		step{anna, "POST", v.sub.Scope().String() + "/providers/Microsoft.Storage/register?api-version=2021-04-01", "", 200, `"registrationState":"Registered"`},
		step{james, "POST", v.sub.Scope().String() + "/providers/Microsoft.Storage/register?api-version=2021-04-01", "", 403, "Microsoft.Storage/register/action"},
		step{anna, "GET", v.sub.Scope().String() + "/locations", "", 200, "switzerlandnorth"},
	)
	for _, a := range v.customer.AssignmentsBelow(v.group.Scope) {
		if strings.Contains(a.Scope.String(), "shop") {
			t.Errorf("an assignment outlived its resource: %s", a.Scope)
		}
	}
	t.Run("keys change one by one", func(t *testing.T) {
		before := v.raw(t, anna, "POST", account+"/listKeys", "").body
		after := v.raw(t, anna, "POST", account+"/regenerateKey", `{"keyName":"KEY2"}`).body
		if again := v.raw(t, anna, "POST", account+"/listKeys", "").body; !bytes.Equal(after, again) || bytes.Equal(before, after) {
			t.Errorf("%s, then %s, then %s", before, after, again)
		}
	})
}

func TestTags(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	tags := "/providers/Microsoft.Resources/tags/default"
	for _, at := range []csp.Scope{v.sub.Scope(), v.group.Scope, v.vm.Scope} {
		path := at.String() + tags
		v.take(t,
			step{anna, "GET", path, "", 200, `"tags":{}`},
			step{anna, "PUT", path, `{"properties":{"tags":{"a":"1","b":"2"}}}`, 200, `{"a":"1","b":"2"}`},
			step{anna, "PATCH", path, `{"operation":"Merge","properties":{"tags":{"c":"3"}}}`, 200, `{"a":"1","b":"2","c":"3"}`},
			step{anna, "PATCH", path, `{"operation":"Delete","properties":{"tags":{"a":"1","b":"x"}}}`, 200, `{"b":"2","c":"3"}`},
			step{anna, "PATCH", path, `{"operation":"Replace","properties":{"tags":{"d":"4"}}}`, 200, `"tags":{"d":"4"}`},
		)
	}
	v.take(t,
		step{anna, "GET", v.sub.Scope().String() + "/tagNames", "", 200, `"value":3`},
		step{anna, "DELETE", v.vm.Scope.String() + tags, "", 200, ""},
		step{anna, "GET", v.vm.Scope.String(), "", 200, `"name":"vm-desktop-1"`},
		step{v.portalToken(t), "PUT", v.vm.Scope.String() + tags, `{"properties":{"tags":{}}}`, 403, "Microsoft.Resources/tags/write"},
	)
}

func TestLongRunningOperations(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.LongRunning = time.Minute })
	anna := v.annaOwns(t)
	poll := func(t *testing.T, at string, status int, contains string) {
		t.Helper()
		if got := v.raw(t, anna, "GET", at, ""); got.status != status || !bytes.Contains(got.body, []byte(contains)) {
			t.Errorf("%s: %d %s, want %d %s", at, got.status, got.body, status, contains)
		}
	}
	t.Run("a machine", func(t *testing.T) {
		got := v.raw(t, anna, "POST", v.vm.Scope.String()+"/deallocate", "")
		at, location := got.header.Get("Azure-AsyncOperation"), got.header.Get("Location")
		if got.status != 202 || at == "" || got.header.Get("Retry-After") != "15" {
			t.Fatalf("%d %v", got.status, got.header)
		}
		poll(t, at, 200, "InProgress")
		poll(t, location, 202, "")
		v.clock.Move(time.Minute)
		poll(t, at, 200, "Succeeded")
		poll(t, location, 200, "")
		poll(t, v.vm.Scope.String()+"/instanceView", 200, "PowerState/deallocated")
		v.take(t,
			step{anna, "POST", v.vm.Scope.String() + "/runCommand", `{"commandId":"RunShellScript"}`, 409, "OperationNotAllowed"},
			step{anna, "POST", v.vm.Scope.String() + "/start", "", 202, ""},
			step{anna, "GET", v.vm.Scope.String() + "/instanceView", "", 200, "PowerState/running"},
			step{anna, "POST", v.vm.Scope.String() + "/powerOff", "", 202, ""},
		)
	})
	t.Run("what a command said comes with the operation", func(t *testing.T) {
		v.take(t, step{anna, "POST", v.vm.Scope.String() + "/start", "", 202, ""})
		got := v.raw(t, anna, "POST", v.vm.Scope.String()+"/runCommand", `{"commandId":"RunShellScript","script":["uptime"]}`)
		v.clock.Move(time.Minute)
		poll(t, got.header.Get("Location"), 200, "1 lines would have run")
		poll(t, got.header.Get("Azure-AsyncOperation"), 200, "1 lines would have run")
	})
	t.Run("a resource group", func(t *testing.T) {
		got := v.raw(t, anna, "DELETE", v.group.Scope.String(), "")
		if got.status != 202 || got.header.Get("Location") == "" {
			t.Fatalf("%d %v", got.status, got.header)
		}
		poll(t, got.header.Get("Location"), 202, "")
		v.clock.Move(time.Minute)
		poll(t, got.header.Get("Location"), 200, "")
		poll(t, v.vm.Scope.String(), 404, "ResourceGroupNotFound")
	})
	poll(t, v.sub.Scope().String()+"/operationresults/nothing", 404, "NotFound")
}

func TestApiVersionsPerType(t *testing.T) {
	v := newTown(t)
	anna := v.annaOwns(t)
	v.take(t,
		step{anna, "GET", "/subscriptions?api-version=2020-05-20", "", 400, "InvalidApiVersionParameter"},
		step{anna, "GET", v.assignmentPath(v.sub.Scope(), "") + "?api-version=2018-06-01", "", 404, "The resource type 'roleAssignments' could not be found in the namespace 'Microsoft.Authorization' for api version '2018-06-01'"},
		step{anna, "GET", v.vm.Scope.String() + "?api-version=2010-01-01", "", 400, "NoRegisteredProviderFound"},
		step{anna, "GET", v.group.Scope.String() + "/providers/Microsoft.Web/sites/x?api-version=soon", "", 400, "InvalidApiVersionParameter"},
		step{anna, "GET", v.group.Scope.String() + "/providers/Microsoft.Web/sites/x?api-version=2024-04-01-preview", "", 404, "ResourceNotFound"},
	)
}

func TestMetadataInThreeShapes(t *testing.T) {
	v := newTown(t)
	for version, contains := range map[string]string{
		"2015-01-01": `"galleryEndpoint":"https://management.emulator.test/"`,
		"2019-05-01": `[{"`,
		"2022-09-01": `"resourceManager":"https://management.emulator.test"`,
	} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, arm+"/metadata/endpoints?api-version="+version, nil))(t)
		if got := v.send(t, r); got.status != 200 || !bytes.Contains(got.body, []byte(contains)) || !bytes.Contains(got.body, []byte(`"loginEndpoint":"https://login.emulator.test`)) {
			t.Errorf("%s: %d %s", version, got.status, got.body)
		}
	}
}

func TestListsPage(t *testing.T) {
	v := newTown(t, func(o *emulator.Options) { o.PageSize = 7 })
	anna := v.annaOwns(t)
	want := map[string]bool{}
	for i := range 40 {
		g := must(v.customer.AddGroup(world.Group{Name: fmt.Sprint("g", i)}))(t)
		a := must(v.customer.Assign(csp.RoleAssignment{Scope: v.group.Scope, Role: reader.ID, Principal: g.ID}))(t)
		want[a.Name.String()] = true
	}
	next, pages := v.assignmentPath(v.group.Scope, "")+"?$filter=atScope()", 0
	for ; next != ""; pages++ {
		var page struct {
			Value    []struct{ Name string }
			NextLink string `json:"nextLink"`
		}
		got := v.raw(t, anna, "GET", next, "")
		unmarshal(t, got.body, &page)
		if len(page.Value) > 7 {
			t.Fatalf("a page has %d entries", len(page.Value))
		}
		for _, a := range page.Value {
			delete(want, a.Name)
		}
		next = page.NextLink
	}
	if len(want) > 0 || pages != 6 { // 40 and the portal's and Anna's
		t.Errorf("%d assignments never came, in %d pages", len(want), pages)
	}
	if got := v.raw(t, anna, "GET", v.assignmentPath(v.group.Scope, "")+"?$skipToken=%25", ""); got.status != 400 {
		t.Errorf("a token that is none: %d", got.status)
	}
}
