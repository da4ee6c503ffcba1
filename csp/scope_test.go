package csp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"latchkey/csp"
)

const (
	sub   = "/subscriptions/" + guid
	group = sub + "/resourceGroups/shop-rg"
	vm    = group + "/providers/Microsoft.Compute/virtualMachines/web-1"
	ext   = vm + "/extensions/agent"
	// onVM is an extension resource: its own provider stands behind the machine's.
	onVM = vm + "/providers/Microsoft.Insights/diagnosticSettings/all"
	// inSub is a resource that lies in no group.
	inSub = sub + "/providers/Microsoft.Authorization/policyAssignments/tags"
	mg    = "/providers/Microsoft.Management/managementGroups/Landing-Zones"
)

func TestScopesAreReadAndPlaced(t *testing.T) {
	tests := []struct {
		text   string
		kind   csp.ScopeKind
		parent string
		group  string
		name   string
	}{
		{"/", csp.RootScope, "", "", "/"},
		{mg, csp.ManagementGroupScope, "/", "", "Landing-Zones"},
		{sub, csp.SubscriptionScope, "/", "", guid},
		{group, csp.ResourceGroupScope, sub, "shop-rg", "shop-rg"},
		{vm, csp.ResourceScope, group, "shop-rg", "web-1"},
		{ext, csp.ResourceScope, vm, "shop-rg", "agent"},
		{onVM, csp.ResourceScope, vm, "shop-rg", "all"},
		{inSub, csp.ResourceScope, sub, "", "tags"},
		{sub + "/resourceGroups/providers", csp.ResourceGroupScope, sub, "providers", "providers"},
		{sub + "/resourceGroups/providers/providers/A.B/c/d", csp.ResourceScope, sub + "/resourceGroups/providers", "providers", "d"},
		{group + "/providers/A.B/resourceGroups/d", csp.ResourceScope, group, "shop-rg", "d"},
		{sub + "/providers/A.B/resourceGroups/d", csp.ResourceScope, sub, "", "d"},
		{group + "/providers/A.B/c/providers/e/f", csp.ResourceScope, group + "/providers/A.B/c/providers", "shop-rg", "f"},
		{sub + "/resourceGroups/with(brackets)_and.dots-1", csp.ResourceGroupScope, sub, "with(brackets)_and.dots-1", "with(brackets)_and.dots-1"},
		{sub + "/resourceGroups/.hidden", csp.ResourceGroupScope, sub, ".hidden", ".hidden"},
		{sub + "/resourceGroups/" + strings.Repeat("g", 90), csp.ResourceGroupScope, sub, strings.Repeat("g", 90), strings.Repeat("g", 90)},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			scope, err := csp.ParseScope(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if scope.String() != test.text || scope.Kind() != test.kind || scope.IsZero() {
				t.Errorf("read as %s %q", scope.Kind(), scope)
			}
			if parent := scope.Parent(); parent.String() != test.parent {
				t.Errorf("its parent is %q, want %q", parent, test.parent)
			}
			if scope.ResourceGroup() != test.group || scope.Name() != test.name {
				t.Errorf("group %q and name %q, want %q and %q", scope.ResourceGroup(), scope.Name(), test.group, test.name)
			}
			if below := strings.HasPrefix(test.text, "/subscriptions/"); below == scope.Subscription().IsZero() {
				t.Errorf("its subscription is %q", scope.Subscription())
			}
		})
	}
}

func TestScopesAreSpeltAsAzureDoesAndNamesAreKept(t *testing.T) {
	tests := []struct{ text, want string }{
		{strings.ToUpper(sub), sub},
		{"/SUBSCRIPTIONS/" + guid + "/RESOURCEGROUPS/Shop-RG", sub + "/resourceGroups/Shop-RG"},
		{strings.ToLower(mg), "/providers/Microsoft.Management/managementGroups/landing-zones"},
		{group + "/PROVIDERS/Microsoft.Compute/virtualMachines/WEB/Providers/A.B/c/d", group + "/providers/Microsoft.Compute/virtualMachines/WEB/providers/A.B/c/d"},
	}
	for _, test := range tests {
		scope, err := csp.ParseScope(test.text)
		if err != nil || scope.String() != test.want {
			t.Errorf("%q prints as %q (%v), want %q", test.text, scope, err, test.want)
		}
	}
}

// Every text here has been seen in a ticket, in a printed command, or in a list
// of ways to make a server read a path differently from its gatekeeper.
func TestHostileScopesAreRefusedWithAHint(t *testing.T) {
	const (
		chars   = "may not stand in it"
		climbs  = "climbs with dots"
		doubled = "two slashes follow each other"
		query   = "starts a query or a fragment"
		percent = "percent sign"
		quote   = "leave out the quotation marks"
		holder  = "replace the placeholder"
		begin   = "must begin with"
		noGUID  = "no subscription id"
		shape   = "a resource is /providers/"
	)
	tests := []struct{ text, hint string }{
		{"", "the scope is empty"},
		{" ", begin},
		{"subscriptions/" + guid, begin},
		{"https://management.azure.com" + sub, begin},
		{"." + sub, begin},
		{"//", doubled},
		{"/" + sub, doubled},
		{sub + "/", doubled},
		{sub + "//", doubled},
		{"/subscriptions//" + guid, doubled},
		{sub + "//resourceGroups/a", doubled},
		{group + "//providers/A.B/c/d", doubled},
		{group + "/", doubled},
		{vm + "/", doubled},
		{mg + "/", doubled},
		{"/.", climbs},
		{"/..", climbs},
		{sub + "/..", climbs},
		{sub + "/../../subscriptions/" + guid, climbs},
		{sub + "/./resourceGroups/a", climbs},
		{sub + "/resourceGroups/..", climbs},
		{sub + "/resourceGroups/../resourceGroups/b", climbs},
		{sub + "/resourceGroups/a.", "ends in a dot"},
		{sub + "/resourceGroups/...", "ends in a dot"},
		{vm + "/../web-2", climbs},
		{sub + "?", query},
		{sub + "?x=/resourceGroups/a", query},
		{sub + "/resourceGroups/a?api-version=2022-04-01", query},
		{sub + "#", query},
		{sub + "#/resourceGroups/a", query},
		{"/?", query},
		{sub + "/resourceGroups/a%2fb", percent},
		{sub + "/resourceGroups/%2e%2e", percent},
		{sub + "%2f..", percent},
		{sub + "/resourceGroups/a%00", percent},
		{sub + "/resourceGroups/a%", percent},
		{"%2fsubscriptions/" + guid, begin},
		{sub + `\resourceGroups\a`, "not by a backslash"},
		{`\subscriptions\` + guid, begin},
		{sub + `/resourceGroups/a\..\b`, "not by a backslash"},
		{"/subscriptions/'" + guid + "'", quote},
		{`/subscriptions/"` + guid + `"`, quote},
		{"/subscriptions/`" + guid + "`", quote},
		{"'" + sub + "'", begin},
		{"/subscriptions/" + guid + "'", quote},
		{"/subscriptions/<id>", holder},
		{"/subscriptions/{subscriptionId}", holder},
		{"/subscriptions/[id]", holder},
		{sub + "/resourceGroups/a\x00", chars},
		{sub + "/resourceGroups/a\n", chars},
		{sub + "\r\nHost: evil", chars},
		{sub + "/resourceGroups/a\tb", chars},
		{sub + "/resourceGroups/a\x7f", chars},
		{sub + "/resourceGroups/a b", chars},
		{sub + " ", chars},
		{sub + "/resourceGroups/\xff\xfe", chars},
		{sub + "/resourceGroups/a\u00a0", chars},
		{sub + "/resourceGroups/a\u200bb", chars},
		{sub + "/resourceGroups/a\u202eb", chars},
		{"/ѕubscriptions/" + guid, chars},       // Cyrillic dze
		{"/\u017fubscriptions/" + guid, chars},  // long s, which folds to s
		{sub + "/resourceGroups/\u212a", chars}, // Kelvin sign, which folds to k
		{sub + "\u2044resourceGroups\u2044a", chars},
		{sub + "/resourceGroups/ａ", chars},
		{sub + "\uff0fresourceGroups", chars},
		{sub + "/resourceGroups/a;b", chars},
		{sub + "/resourceGroups/*", chars},
		{"/subscriptions/*", chars},
		{sub + "/resourceGroups/a:b", chars},
		{sub + "/resourceGroups/a@b", chars},
		{sub + "/resourceGroups/$a", chars},
		{sub + "/resourceGroups/a&b=c", chars},
		{sub + "/resourceGroups/a|b", chars},
		{sub + "/resourceGroups/~", chars},
		{"/subscriptions", "id is missing"},
		{"/subscriptions/", doubled},
		{"/subscriptions/mine", noGUID},
		{"/subscriptions/00000000-0000-0000-0000-000000000000", "zero GUID"},
		{"/subscriptions/" + guid[:35], noGUID},
		{"/tenants/" + guid, begin},
		{"/providers", "only /providers/Microsoft.Management"},
		{"/providers/Microsoft.Management/managementGroups", "only /providers/Microsoft.Management"},
		{mg + "/subscriptions/" + guid, "only /providers/Microsoft.Management"},
		{"/providers/Microsoft.Compute/virtualMachines/a", "only /providers/Microsoft.Management"},
		{"/providers/Microsoft.Management/managementGroups/" + strings.Repeat("m", 91), "at most 90"},
		{sub + "/resourceGroups", "name is missing"},
		{sub + "/resourceGroups/" + strings.Repeat("g", 91), "at most 90"},
		{sub + "/groups/a", "only /providers/... can follow"},
		{group + "/virtualMachines/web-1", "only /providers/... can follow"},
		{group + "/providers", shape},
		{group + "/providers/Microsoft.Compute", shape},
		{group + "/providers/Microsoft.Compute/virtualMachines", shape},
		{vm + "/extensions", shape},
		{vm + "/providers/Microsoft.Insights", shape},
		{group + "/providers/A.B/providers/C.D", shape},
		{group + "/providers/Compute/virtualMachines/web-1", "no resource provider"},
		{vm + "/providers/Insights/a/b", "no resource provider"},
		{group + "/providers/A.B/" + strings.Repeat("n", 261) + "/c", "longer than 260"},
		{sub + "/resourceGroups/" + strings.Repeat("a/", 600), "longer than 1024"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			scope, err := csp.ParseScope(test.text)
			if err == nil || !strings.Contains(err.Error(), test.hint) {
				t.Errorf("got %v, want an error with %q", err, test.hint)
			}
			if !scope.IsZero() {
				t.Errorf("a scope came out: %s", scope)
			}
			if err != nil && len(err.Error()) > 700 {
				t.Errorf("the sentence has %d characters", len(err.Error()))
			}
		})
	}
	if len(tests) < 60 {
		t.Errorf("only %d texts are tried", len(tests))
	}
}

func TestAGroupsNameCannotReachFurtherThanItsGroup(t *testing.T) {
	id := csp.MustParseID[csp.Subscription](guid)
	scope, err := csp.ResourceGroupScopeOf(id, "shop-rg")
	if err != nil || scope.String() != group {
		t.Errorf("got %q, %v", scope, err)
	}
	for _, name := range []string{"", "..", "a/b", "a/providers/A.B/c/d", "a?", "a/../b"} {
		if scope, err := csp.ResourceGroupScopeOf(id, name); err == nil {
			t.Errorf("%q gave %q", name, scope)
		}
	}
	if scope, err := csp.ResourceGroupScopeOf(csp.SubscriptionID{}, "a"); err == nil {
		t.Errorf("a group of no subscription gave %q", scope)
	}
	if scope := csp.SubscriptionScopeOf(csp.SubscriptionID{}); !scope.IsZero() {
		t.Errorf("no subscription gave %q", scope)
	}
}

func TestContainmentGoesByWholeSegmentsAndIgnoresCase(t *testing.T) { // R17
	tests := []struct {
		name         string
		outer, inner string
		want         bool
	}{
		{"itself", group, group, true},
		{"itself in other letters", group, strings.ToUpper(group), true},
		{"the root holds a subscription", "/", sub, true},
		{"the root holds itself", "/", "/", true},
		{"the root holds a management group", "/", mg, true},
		{"a subscription holds its group", sub, group, true},
		{"a group holds its machine", group, vm, true},
		{"a group holds its machine in other letters", strings.ToUpper(group), vm, true},
		{"a machine holds its extension", vm, ext, true},
		{"a machine holds what extends it", vm, onVM, true},
		{"a subscription holds a resource outside groups", sub, inSub, true},
		{"rg is not rg2", sub + "/resourceGroups/rg", sub + "/resourceGroups/rg2", false},
		{"rg2 is not rg", sub + "/resourceGroups/rg2", sub + "/resourceGroups/rg", false},
		{"a machine does not hold its group", vm, group, false},
		{"another group", sub + "/resourceGroups/other", vm, false},
		{"a group does not hold the resource outside groups", group, inSub, false},
		{"the text does not say what a management group holds", mg, sub, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			outer, inner := csp.MustParseScope(test.outer), csp.MustParseScope(test.inner)
			if got := outer.Contains(inner); got != test.want {
				t.Errorf("%q contains %q: %t, want %t", outer, inner, got, test.want)
			}
			if both := outer.Contains(inner) && inner.Contains(outer); both != outer.Equal(inner) || both != (outer.Key() == inner.Key()) {
				t.Error("containing each other, being equal and having one key differ")
			}
		})
	}
}

func TestTheZeroScopeIsNoPlace(t *testing.T) {
	var none csp.Scope
	if !none.IsZero() || none.String() != "" || none.Name() != "" || none.ResourceGroup() != "" || !none.Parent().IsZero() {
		t.Errorf("it is %q", none)
	}
	if none.Contains(none) || csp.Root().Contains(none) || none.Contains(csp.Root()) {
		t.Error("it lies somewhere or holds something")
	}
}

func TestKindsHaveNames(t *testing.T) {
	want := map[csp.ScopeKind]string{
		csp.NoScope: "no scope", csp.RootScope: "root", csp.ManagementGroupScope: "management group",
		csp.SubscriptionScope: "subscription", csp.ResourceGroupScope: "resource group", csp.ResourceScope: "resource",
	}
	for kind, name := range want {
		if kind.String() != name {
			t.Errorf("%d is called %q, want %q", kind, kind, name)
		}
	}
}

func TestAScopeGoesThroughJSON(t *testing.T) {
	type holder struct {
		Scope csp.Scope `json:"scope"`
	}
	for _, text := range []string{`{"scope":"` + vm + `"}`, `{"scope":""}`} {
		var h holder
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			t.Fatal(err)
		}
		if back, err := json.Marshal(h); err != nil || string(back) != text {
			t.Errorf("%s came back as %s (%v)", text, back, err)
		}
	}
	h := holder{Scope: csp.MustParseScope(vm)}
	if err := json.Unmarshal([]byte(`{"scope":"/subscriptions/.."}`), &h); err == nil || h.Scope.String() != vm {
		t.Errorf("a bad scope was read: %v, %s", err, h.Scope)
	}
}

func TestMustParseScopePanicsOnAMalformedConstant(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
	}()
	csp.MustParseScope("nonsense")
}

func FuzzParseScope(f *testing.F) {
	for _, seed := range []string{"/", mg, sub, group, vm, ext, onVM, inSub, strings.ToUpper(vm), sub + "/..", "/" + sub, sub + "?", group + "/providers/A.B/c/providers/e/f", group + "/providers/A.B/providers/C.D"} {
		f.Add(seed, vm)
		f.Add(seed, sub)
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		scope, err := csp.ParseScope(text)
		if err != nil {
			if !scope.IsZero() {
				t.Fatalf("%q: an error and a scope", text)
			}
			return
		}
		checkPrints(t, text, scope)
		checkParents(t, scope)
		if second, err := csp.ParseScope(other); err == nil {
			if got, want := scope.Contains(second), containsBySegments(scope, second); got != want {
				t.Errorf("%q contains %q: %t, by segments %t", scope, second, got, want)
			}
		}
	})
}

func checkPrints(t *testing.T, text string, scope csp.Scope) {
	t.Helper()
	again, err := csp.ParseScope(scope.String())
	if err != nil || again != scope {
		t.Errorf("%q prints as %q, which reads as %q (%v)", text, scope, again, err)
	}
	if !strings.EqualFold(text, scope.String()) {
		t.Errorf("%q prints as %q", text, scope)
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.-_()"
	if strings.Trim(scope.String(), allowed) != "" || strings.Contains(scope.String(), "//") || strings.Contains(scope.String()+"/", "./") {
		t.Errorf("%q has something in it that no scope has", scope)
	}
}

// checkParents climbs to the root; it must get there, each step a scope that
// holds the one below and reads back as itself.
func checkParents(t *testing.T, scope csp.Scope) {
	t.Helper()
	for steps := 0; scope.Kind() != csp.RootScope; steps++ {
		parent := scope.Parent()
		if !parent.Contains(scope) || scope.Contains(parent) {
			t.Fatalf("%q is the parent of %q and does not hold it", parent, scope)
		}
		if again, err := csp.ParseScope(parent.String()); err != nil || again != parent {
			t.Fatalf("the parent of %q is %q (%s), which reads as %q (%s, %v)", scope, parent, parent.Kind(), again, again.Kind(), err)
		}
		if steps > 1024 {
			t.Fatal("the way up does not end")
		}
		scope = parent
	}
}

func containsBySegments(outer, inner csp.Scope) bool {
	if outer.Kind() == csp.RootScope {
		return true
	}
	a, b := strings.Split(outer.String(), "/"), strings.Split(inner.String(), "/")
	if len(a) > len(b) {
		return false
	}
	for i := range a {
		if !strings.EqualFold(a[i], b[i]) {
			return false
		}
	}
	return true
}

func TestReadingAScopeSpeltAsAzureDoesAllocatesNothing(t *testing.T) {
	for _, text := range []string{sub, group, ext, onVM} {
		if n := testing.AllocsPerRun(100, func() { csp.MustParseScope(text) }); n != 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func BenchmarkParseScope(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		csp.MustParseScope(vm)
	}
}
