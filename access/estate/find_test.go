package estate_test

import (
	"strings"
	"testing"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
	"latchkey/csp"
)

func TestEveryPlaceIsFoundByItsScopeInAnyCase(t *testing.T) {
	for seed := range uint64(100) {
		e := build(t, estatetest.Facts(random(seed)))
		for n := range estate.Node(e.Nodes()) {
			text := e.Scope(n).String()
			for _, spelling := range []string{text, strings.ToUpper(text), strings.ToLower(text)} {
				if got, exact := e.FindNode(e.NodeTenant[n], spelling); got != n || !exact {
					t.Fatalf("seed %d: %q in tenant %d is node %d (exact: %t), want %d", seed, spelling, e.NodeTenant[n], got, exact, n)
				}
			}
		}
	}
}

func TestWhatIsNotListedIsFoundAboveAndNotExactly(t *testing.T) {
	const (
		known = "/subscriptions/11111111-1111-1111-1111-111111111111"
		group = known + "/resourceGroups/Shop"
		vm    = group + "/providers/Microsoft.Compute/virtualMachines/web-1"
		mg    = "/providers/Microsoft.Management/managementGroups/Prod"
	)
	contoso := estatetest.ID[csp.Tenant](1)
	e := build(t, csp.Facts{
		Tenants:       []csp.Tenant{{ID: contoso, Name: "Contoso"}},
		Subscriptions: []csp.Subscription{{ID: csp.MustParseScope(known).Subscription(), Tenant: contoso}},
		Resources:     []csp.Resource{{Scope: csp.MustParseScope(vm)}},
		Placements:    []csp.Placement{{Tenant: contoso, Child: csp.MustParseScope(known), Parent: csp.MustParseScope(mg)}},
	})
	tenant, _ := e.FindTenant(contoso)
	tests := []struct {
		tenant estate.Tenant
		text   string
		above  string // empty: none
	}{
		{tenant, "/subscriptions/22222222-2222-2222-2222-222222222222", ""},
		{tenant, "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/Shop", ""},
		{tenant, "/subscriptions/", ""},
		{tenant, "/subscriptions", ""},
		{tenant, "subscriptions/11111111-1111-1111-1111-111111111111", ""},
		{tenant, "", ""},
		{tenant, "//", ""},
		{tenant, "/providers/Microsoft.Compute/virtualMachines/web-1", ""},
		{estate.None, "/", ""},
		{estate.None, mg, ""},
		{7, mg, ""},
		{tenant, mg + "2", "/"},
		{tenant, mg + "/", mg},
		{tenant, strings.TrimSuffix(mg, "Prod"), "/"},
		{tenant, "/providers/Microsoft.Management/managementGroups/" + strings.Repeat("a", 300), "/"},
		{tenant, known + "/", known},
		{tenant, known + "/resourceGroups", known},
		{tenant, known + "/resourceGroups/", known},
		{tenant, known + "//resourceGroups/Shop", known},
		{tenant, known + "/resourceGroups/Shop2", known},
		{tenant, known + "/resourceGroups/Sho", known},
		{tenant, known + "/re\u017fourceGroups/Shop", known},
		{tenant, group + "/providers/Micro\u017foft.Compute/virtualMachines/web-1", group},
		{tenant, known + "/groups/Shop", known},
		{tenant, known + "/providers/Microsoft.Compute/virtualMachines/web-1", known},
		{tenant, known + "/resourceGroups/" + strings.Repeat("a", 300), known},
		{tenant, known + "/" + strings.Repeat("a", 3000) + "/b", known},
		{tenant, group + "/", group},
		{tenant, group + "/providers", group},
		{tenant, group + "/providers/Microsoft.Compute", group},
		{tenant, group + "/providers/Microsoft.Compute/virtualMachines", group},
		{tenant, group + "/providers/Microsoft.Compute/virtualMachines/", group},
		{tenant, group + "/providers/Microsoft.Compute/virtualMachines/web-2", group},
		{tenant, group + "/providers/Microsoft.Compute/disks/web-1", group},
		{tenant, group + "/resourceGroups/Shop", group},
		{tenant, group + "/../Shop", group},
		{tenant, vm + "/extensions/agent", vm},
		{tenant, vm + "?x", group},
	}
	for _, test := range tests {
		node, exact := e.FindNode(test.tenant, test.text)
		if above := e.Scope(node); above.String() != test.above || exact {
			t.Errorf("%q is found at %q (exact: %t), want %q", test.text, above, exact, test.above)
		}
	}
}

func TestFindingAllocatesNothing(t *testing.T) {
	e := build(t, estatetest.Facts(random(3)))
	last := estate.Node(e.Nodes() - 1)
	text := strings.ToUpper(e.Scope(last).String())
	id := strings.ToUpper(e.PrincipalID[0].String())
	tests := map[string]func(){
		"FindNode":          func() { e.FindNode(e.NodeTenant[last], text) },
		"FindPrincipal":     func() { e.FindPrincipal(e.PrincipalID[0]) },
		"FindPrincipalText": func() { e.FindPrincipalText(id) },
		"FindTenant":        func() { e.FindTenant(e.TenantID[0]) },
	}
	for name, find := range tests {
		if n := testing.AllocsPerRun(100, find); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func TestAManagementGroupMayBePlacedBelowTheRoot(t *testing.T) {
	tenant := csp.MustParseID[csp.Tenant]("7a3c0f8e-2f0d-4d43-9d0e-1a2b3c4d5e6f")
	group := csp.MustParseScope("/providers/Microsoft.Management/managementGroups/europe")
	b := estate.NewBuilder()
	b.Add(csp.Facts{
		Tenants:    []csp.Tenant{{ID: tenant}},
		Placements: []csp.Placement{{Tenant: tenant, Child: group, Parent: csp.Root()}},
	})
	e, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	number, _ := e.FindTenant(tenant)
	node, exact := e.FindNode(number, group.String())
	if !exact || e.NodeParent[node] != e.TenantRoot[number] {
		t.Errorf("got node %d, listed %t, below %d", node, exact, e.NodeParent[node])
	}
}

// A hash says only where to look: what lies there is compared, every part of it.
func TestNoPlaceIsTakenForAnother(t *testing.T) {
	for seed := range uint64(50) {
		e := build(t, estatetest.Facts(random(seed)))
		tenantOf := func(n estate.Node) estate.Tenant {
			if e.NodeType[n] == estate.TypeManagementGroup {
				return e.NodeTenant[n]
			}
			return estate.None
		}
		for n := range estate.Node(e.Nodes()) {
			for other := range estate.Node(e.Nodes()) {
				if e.NodeType[n] == estate.TypeRoot || e.NodeType[other] == estate.TypeRoot {
					continue
				}
				if got := e.IsAt(n, tenantOf(other), e.Scope(other).Key()); got != (n == other) {
					t.Fatalf("seed %d: that %s is at the place of %s is said to be %t", seed, e.Scope(other), e.Scope(n), got)
				}
			}
		}
	}
}
