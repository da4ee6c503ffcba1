package names_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/csp"
	"latchkey/csp/names"
)

func id[T csp.Named](n int) csp.ID[T] {
	return csp.MustParseID[T](fmt.Sprintf("00000000-0000-4000-8000-%012x", n))
}

var (
	alder   = id[csp.Tenant](1)
	contoso = id[csp.Tenant](2)
	nobody  csp.TenantID
)

// world: Alder Cloud has ann, two named bob and the group Ops; Contoso has cleo,
// a group Ops, and ann as a guest.
func world() csp.Facts {
	user := func(n int, tenant csp.TenantID, name, signIn string) csp.Principal {
		return csp.Principal{ID: id[csp.Principal](n), Tenant: tenant, Type: csp.User, Name: name, SignInName: signIn}
	}
	f := csp.Facts{
		Tenants: []csp.Tenant{
			{ID: alder, Name: "Alder Cloud", DefaultDomain: "alder.example"},
			{ID: contoso, Name: "Contoso", DefaultDomain: "contoso.example"},
			{ID: id[csp.Tenant](3), Name: "Twin", DefaultDomain: "one.example"},
			{ID: id[csp.Tenant](4), Name: "Twin"},
		},
		Domains: []csp.TenantDomain{{Tenant: contoso, Domain: "contoso.onmicrosoft.example"}},
		Principals: []csp.Principal{
			user(10, alder, "ann", "ann@alder.example"),
			user(11, alder, "bob", "bob@alder.example"),
			user(12, alder, "bob", "bob2@alder.example"),
			{ID: id[csp.Principal](13), Tenant: alder, Type: csp.Group, Name: "Ops"},
			user(20, contoso, "cleo", "cleo@contoso.example"),
			{ID: id[csp.Principal](21), Tenant: contoso, Type: csp.Group, Name: "Ops"},
			{ID: id[csp.Principal](22), Tenant: contoso, Type: csp.User, Name: "Ann of Alder", Source: csp.Guest, Home: id[csp.Principal](10), HomeTenant: alder},
			user(23, contoso, "mia", "mia@hotmail.example"),
			{ID: id[csp.Principal](24), Tenant: contoso, Type: csp.ServicePrincipal, Name: "mia"},
			{ID: id[csp.Principal](25), Tenant: contoso, Type: csp.User, Name: "zed", Source: csp.Guest},
			{ID: id[csp.Principal](26), Tenant: contoso, Type: csp.Group, Name: "zed"},
			user(27, contoso, " odd", ""),
		},
		Subscriptions: []csp.Subscription{
			{ID: id[csp.Subscription](30), Tenant: contoso, Name: "Production"},
			{ID: id[csp.Subscription](31), Tenant: alder, Name: "Production"},
			{ID: id[csp.Subscription](32), Tenant: alder, Name: "Laboratory"},
		},
		Roles:          []csp.RoleDefinition{{ID: id[csp.RoleDefinition](40), Name: "Machine operator"}, {ID: id[csp.RoleDefinition](41), Name: "Reader"}},
		DirectoryRoles: []csp.DirectoryRole{{ID: id[csp.DirectoryRole](50), Name: "Licence clerk"}},
	}
	for i := range 7 {
		f.Principals = append(f.Principals, csp.Principal{ID: id[csp.Principal](60 + i), Tenant: alder, Type: csp.Group, Name: "Team"})
	}
	return f
}

func TestPrincipalsAreFoundByWhatPeopleWrite(t *testing.T) {
	d := names.New(world())
	for _, test := range []struct {
		in   csp.TenantID
		text string
		want int // the last digits of the id
		err  string
	}{
		{alder, "ann", 10, ""},
		{alder, "ANN", 10, ""},
		{alder, "ann@alder.example", 10, ""},
		{alder, "bob2@alder.example", 12, ""},
		{alder, "Ops", 13, ""},
		{contoso, "Ops", 21, ""},
		{contoso, "Ops @ Alder Cloud", 13, ""},
		{contoso, "ops@ALDER.example", 13, ""},
		{contoso, "Ops @ " + alder.String(), 13, ""},
		{alder, "Ops @ contoso.onmicrosoft.example", 21, ""},
		{contoso, "ann@alder.example", 22, ""}, // the guest
		{contoso, "ann @ Alder Cloud", 22, ""},
		{nobody, "ann@alder.example", 10, ""},
		{nobody, "ann", 10, ""},
		{nobody, "mia@hotmail.example", 23, ""},
		{alder, "mia@hotmail.example", 23, ""},
		{contoso, id[csp.Principal](99).String(), 99, ""},
		{contoso, "ann", 0, `no principal "ann" in Contoso; nearest: Ann of Alder, ann @ Alder Cloud`},
		{contoso, "cloe", 0, `no principal "cloe" in Contoso; nearest: cleo`},
		{contoso, "cle", 0, `no principal "cle" in Contoso; nearest: cleo, cleo@contoso.example`},
		{contoso, "laboratory", 0, `no principal "laboratory" in Contoso`},
		{contoso, "an", 0, `no principal "an" in Contoso; nearest: ann`},
		{alder, "bob", 0, `"bob" in Alder Cloud may be the user 00000000-0000-4000-8000-00000000000b (bob@alder.example) of Alder Cloud or ` +
			`the user 00000000-0000-4000-8000-00000000000c (bob2@alder.example) of Alder Cloud; write the id of the one you mean`},
		{contoso, "mia", 0, `"mia" in Contoso may be the user 00000000-0000-4000-8000-000000000017 (mia@hotmail.example) of Contoso or ` +
			`the service principal 00000000-0000-4000-8000-000000000018 of Contoso; write the id of the one you mean`},
		{contoso, "zed", 0, `"zed" in Contoso may be the guest 00000000-0000-4000-8000-000000000019 of Contoso or ` +
			`the group 00000000-0000-4000-8000-00000000001a of Contoso; write the id of the one you mean`},
		{nobody, "Ops", 0, `"Ops" may be the group 00000000-0000-4000-8000-00000000000d of Alder Cloud or ` +
			`the group 00000000-0000-4000-8000-000000000015 of Contoso; write the id of the one you mean`},
		{contoso, "x @ Nowhere", 0, `no tenant "Nowhere"`},
		{contoso, "x @ Twin", 0, `"Twin" may be the tenant 00000000-0000-4000-8000-000000000003 (one.example) or ` +
			`the tenant 00000000-0000-4000-8000-000000000004; write the id of the one you mean`},
		{contoso, "x @ Contosso", 0, `no tenant "Contosso"; nearest: Contoso`},
		{nobody, strings.Repeat("x", 100), 0, `no principal "` + strings.Repeat("x", 80) + `..."`},
	} {
		got, err := d.Principal(test.in, test.text)
		switch {
		case test.err != "" && (err == nil || err.Error() != test.err):
			t.Errorf("%q in %s:\ngot  %v\nwant %s", test.text, test.in, err, test.err)
		case test.err == "" && (err != nil || got != id[csp.Principal](test.want)):
			t.Errorf("%q in %s: got %s, %v", test.text, test.in, got, err)
		}
	}
	if _, err := d.Principal(alder, "Team"); err == nil || !strings.HasSuffix(err.Error(), " or one of 2 more; write the id of the one you mean") {
		t.Errorf("of seven meanings not five are shown: %v", err)
	}
}

func TestNamesAreTheShortestThatMeanOneThing(t *testing.T) {
	d := names.New(world())
	for _, test := range []struct {
		in   csp.TenantID
		id   int
		want string
	}{
		{alder, 10, "ann"},
		{alder, 11, "bob@alder.example"},
		{contoso, 13, "Ops @ Alder Cloud"},
		{contoso, 21, "Ops"},
		{contoso, 22, "Ann of Alder"},
		{contoso, 10, id[csp.Principal](10).String()}, // ann@alder.example is the guest
		{contoso, 24, id[csp.Principal](24).String()},
		{contoso, 27, id[csp.Principal](27).String()}, // blanks at an end
		{contoso, 99, id[csp.Principal](99).String()},
		{nobody, 20, "cleo"},
	} {
		if got := d.PrincipalName(test.in, id[csp.Principal](test.id)); got != test.want {
			t.Errorf("%d in %s is %q, want %q", test.id, test.in, got, test.want)
		}
	}
	for tenant, want := range map[csp.TenantID]string{alder: "Alder Cloud", id[csp.Tenant](3): "one.example", id[csp.Tenant](4): id[csp.Tenant](4).String(), id[csp.Tenant](9): id[csp.Tenant](9).String()} {
		if got := d.TenantName(tenant); got != want {
			t.Errorf("tenant %s is %q, want %q", tenant, got, want)
		}
	}
}

func TestSubscriptionsAndRolesAreFoundByName(t *testing.T) {
	d := names.New(world())
	if got, err := d.Subscription(contoso, "production"); err != nil || got != id[csp.Subscription](30) {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := d.Subscription(nobody, "Laboratory"); err != nil || got != id[csp.Subscription](32) {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := d.Subscription(nobody, id[csp.Subscription](77).String()); err != nil || got != id[csp.Subscription](77) {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := d.Subscription(nobody, "Production"); err == nil || !strings.Contains(err.Error(), "Production\" may be the subscription 00000000-") {
		t.Errorf("got %v", err)
	}
	if _, err := d.Subscription(contoso, "Prod"); err == nil || err.Error() != `no subscription "Prod" in Contoso; nearest: Production` {
		t.Errorf("got %v", err)
	}
	owner := csp.MustParseID[csp.RoleDefinition]("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
	for text, want := range map[string]csp.RoleDefinitionID{
		"owner": owner, "Machine Operator": id[csp.RoleDefinition](40), "Reader": id[csp.RoleDefinition](41), owner.String(): owner,
	} {
		if got, err := d.Role(text); err != nil || got != want {
			t.Errorf("the role %q is %s, %v; want %s", text, got, err, want)
		}
	}
	if _, err := d.Role("Machine oper"); err == nil || err.Error() != `no Azure role "Machine oper"; nearest: Machine operator` {
		t.Errorf("got %v", err)
	}
	global := csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	for text, want := range map[string]csp.DirectoryRoleID{
		"global administrator": global, "Licence clerk": id[csp.DirectoryRole](50), global.String(): global,
	} {
		if got, err := d.DirectoryRole(text); err != nil || got != want {
			t.Errorf("the directory role %q is %s, %v; want %s", text, got, err, want)
		}
	}
	if _, err := d.DirectoryRole("Global Admin"); err == nil || err.Error() != `no directory role "Global Admin"; nearest: Global Administrator` {
		t.Errorf("got %v", err)
	}
	if got := []string{d.RoleName(owner), d.RoleName(id[csp.RoleDefinition](41)), d.RoleName(id[csp.RoleDefinition](99)), d.DirectoryRoleName(global), d.DirectoryRoleName(id[csp.DirectoryRole](99))}; !slices.Equal(got,
		[]string{"Owner", "Reader", id[csp.RoleDefinition](99).String(), "Global Administrator", id[csp.DirectoryRole](99).String()}) {
		t.Errorf("the roles are called %q", got)
	}
}

func TestTwoRolesOfOneNameAreRefused(t *testing.T) {
	f := csp.Facts{
		Roles:          []csp.RoleDefinition{{ID: id[csp.RoleDefinition](1), Name: "A"}, {ID: id[csp.RoleDefinition](2), Name: "a"}},
		DirectoryRoles: []csp.DirectoryRole{{ID: id[csp.DirectoryRole](1), Name: "A"}, {ID: id[csp.DirectoryRole](2), Name: "a"}},
	}
	d := names.New(f)
	if _, err := d.Role("A"); err == nil || !strings.HasPrefix(err.Error(), `"A" may be the role 00000000-`) {
		t.Errorf("got %v", err)
	}
	if _, err := d.DirectoryRole("A"); err == nil || !strings.HasPrefix(err.Error(), `"A" may be the role 00000000-`) {
		t.Errorf("got %v", err)
	}
}

func TestNearestIsBounded(t *testing.T) {
	many := make([]string, 30_000)
	if got := names.Nearest("a", many); got != nil {
		t.Errorf("%d names were compared", len(many))
	}
	long := strings.Repeat("x", 200)
	if got := names.Nearest(long, []string{long}); got != nil {
		t.Error("a long text was compared")
	}
	if got := names.Nearest("xxx", []string{long, "xxy", "yxx", "xyz", "xx", "xxxx"}); !slices.Equal(got, []string{"xx", "xxxx", "xxy"}) {
		t.Errorf("got %q", got)
	}
}

func TestDistancesAreThoseOfThePlainDefinition(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("abé")), 1, 14, -1)
	rapid.Check(t, func(t *rapid.T) {
		text, name := letters.Draw(t, "text"), letters.Draw(t, "name")
		reach := min(4, max(1, len(text)/3))
		want := edits(text, name) <= reach || len(text) > 2 && strings.HasPrefix(name, text)
		if got := names.Nearest(text, []string{name}) != nil; got != want {
			t.Errorf("%q is near %q: %v, want %v", name, text, got, want)
		}
	})
}

// edits counts the bytes to change, leave out, put in, or exchange with their
// neighbour, by the whole table.
func edits(a, b string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0 || j == 0:
				table[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1]
			default:
				table[i][j] = table[i-1][j-1] + 1
			}
			table[i][j] = min(table[i][j], table[i-1][j]+1, table[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				table[i][j] = min(table[i][j], table[i-2][j-2]+1)
			}
		}
	}
	return table[len(a)][len(b)]
}
