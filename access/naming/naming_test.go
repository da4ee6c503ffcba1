package naming_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

const world = `
partners:
  Alder Cloud:
    domain: alder.example
    users: [ann, bob, Jim Beam, Jim Bond]
    agents:
      AdminAgents: [ann]
    groups:
      Night shift: [bob]
  Birch:
    domain: birch.example
    users: [ann]
    agents: {AdminAgents: ann}
customers:
  Contoso:
    domain: contoso.example
    other domains: [contoso.com]
    users:
      cleo:
      "": {id: 5f3759df-0000-4000-8000-000000000001, sign in: nameless@contoso.example}
    guests: [bob@alder.example]
    reseller: Alder Cloud
    gdap:
      Help: {partner: Alder Cloud, groups: {Night shift: Directory Readers}}
      Twice: {partner: Alder Cloud, groups: {Night shift: Directory Readers}}
    management groups:
      all:
      shared: {in: all}
    subscriptions:
      Shop:
        in: all
        created by: Alder Cloud
        resource groups:
          web:
            resources:
              Microsoft.Compute/virtualMachines/m1:
              Microsoft.Compute/disks/m1:
          data: {access: {Odd role: cleo}}
  Contrast:
    domain: contrast.example
    gdap:
      Twice: {partner: Alder Cloud, groups: {Night shift: Directory Readers}}
    management groups: {shared: {}}
    subscriptions:
      Shop: {resource groups: {web: {}, odd: {}}}
role definitions:
  Odd role: {actions: Contoso.Odd/things/do/action, data actions: Contoso.Odd/things/see/action}
`

func names(t *testing.T) (*naming.Names, *access.Index) {
	t.Helper()
	facts, err := worldfile.Parse("world", []byte(strings.Replace(world, `      "": {id: 5f3759df-0000-4000-8000-000000000001, sign in: nameless@contoso.example}`, "      5f3759df-0000-4000-8000-000000000001: {name: '', sign in: nameless@contoso.example}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	// One subscription without a name, two roles of one name, and an assignment to nobody.
	contoso := facts.Tenants[0].ID
	for _, tenant := range facts.Tenants {
		if tenant.Name == "Contoso" {
			contoso = tenant.ID
		}
	}
	facts.Subscriptions = append(facts.Subscriptions, csp.Subscription{ID: csp.SubscriptionID{7}, Tenant: contoso})
	facts.Tenants = append(facts.Tenants, csp.Tenant{ID: csp.TenantID{9}}, csp.Tenant{ID: csp.TenantID{8}, Name: "Domainless"}, csp.Tenant{ID: csp.TenantID{7}, DefaultDomain: "nameless.example"})
	for n := range 10 {
		facts.Principals = append(facts.Principals, csp.Principal{ID: csp.ObjectID{1, byte(n)}, Tenant: contoso, Type: csp.ServicePrincipal, Name: "robot"})
	}
	facts.Roles = append(facts.Roles, csp.RoleDefinition{ID: csp.RoleDefinitionID{1}, Name: "Twin"}, csp.RoleDefinition{ID: csp.RoleDefinitionID{2}, Name: "Twin"})
	a := csp.Assignment{Tenant: contoso}
	a.Scope, a.Role, a.Principal, a.Name = csp.SubscriptionScopeOf(csp.SubscriptionID{7}), csp.RoleDefinitionID{1}, csp.ObjectID{99}, csp.RoleAssignmentID{1}
	facts.Assignments = append(facts.Assignments, a)
	facts.Resources = append(facts.Resources, csp.Resource{Scope: csp.MustParseScope("/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/lost")})
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	return naming.New(x.Estate), x
}

func TestTenantsAreFoundByWhatPeopleType(t *testing.T) {
	n, x := names(t)
	tests := []struct{ text, want string }{
		{"Contoso", "Contoso (contoso.example)"},
		{" contoso.COM ", "Contoso (contoso.example)"},
		{"contoso.example", "Contoso (contoso.example)"},
		{"alder", "Alder Cloud (alder.example)"},
		{"ALDER CLOUD", "Alder Cloud (alder.example)"},
		{"domainless", "Domainless (08000000-0000-0000-0000-000000000000)"},
		{"nameless", "nameless.example"},
		{"09000000-0000-0000-0000-000000000000", "09000000-0000-0000-0000-000000000000"},
		{"contosso", `there is no tenant "contosso"; nearest: Contoso (contoso.example)`},
		{"con", `there is no tenant "con"; nearest: Contoso (contoso.example), Contrast (contrast.example)`},
		{"nobody at all", `there is no tenant "nobody at all"; the world has the tenants: 09000000-0000-0000-0000-000000000000, Alder Cloud, Birch, Contoso, Contrast, Domainless, nameless.example`},
		{"", `there is no tenant ""; the world has the tenants: 09000000-0000-0000-0000-000000000000, Alder Cloud, Birch, Contoso, Contrast, Domainless, nameless.example`},
		{"11111111-0000-0000-0000-000000000000", `there is no tenant "11111111-0000-0000-0000-000000000000"`},
	}
	for _, test := range tests {
		tenant, err := n.Tenant(test.text)
		got := n.TenantLabel(tenant)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.text, got, test.want)
		}
	}
	if got := n.TenantLabel(estate.None); got != "an unknown tenant" {
		t.Error(got)
	}
	_ = x
}

func TestSeveralTenantsOfANameAreAllTold(t *testing.T) {
	x, err := access.Compile(csp.Facts{Tenants: []csp.Tenant{{ID: csp.TenantID{1}, Name: "Twin", DefaultDomain: "a.example"}, {ID: csp.TenantID{2}, Name: "twin", DefaultDomain: "b.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	n := naming.New(x.Estate)
	if _, err = n.Tenant("TWIN"); err == nil || err.Error() != `"TWIN" may mean Twin (a.example), or twin (b.example): write which` {
		t.Error(err)
	}
	if got := n.SayTenant(csp.TenantID{1}); got != "a.example" {
		t.Error(got)
	}
}

func TestPrincipalsAreFoundByWhatPeopleType(t *testing.T) {
	n, _ := names(t)
	tests := []struct {
		text string
		sort naming.Sort
		in   string
		want string
	}{
		{"ann@alder.example", naming.Account, "", "ann (ann@alder.example, Alder Cloud)"},
		{"ann @ Birch", naming.Account, "", "ann (ann@birch.example, Birch)"},
		{"ANN", naming.Account, "birch", "ann (ann@birch.example, Birch)"},
		{"bob", naming.Account, "", "bob (bob@alder.example, Alder Cloud)"},
		{"cleo", naming.Account, "", "cleo (cleo@contoso.example, Contoso)"},
		{"jim.beam", naming.Account, "", "Jim Beam (jim.beam@alder.example, Alder Cloud)"},
		{"nameless", naming.Account, "", "5f3759df-0000-4000-8000-000000000001 (nameless@contoso.example, Contoso)"},
		{"night", naming.Group, "", "Night shift (c8a4d9b2, Alder Cloud)"},
		{"AdminAgents @ alder", naming.Anybody, "", "AdminAgents (x, Alder Cloud)"},
		{"63000000-0000-0000-0000-000000000000", naming.Account, "", "63000000-0000-0000-0000-000000000000"},
		{"ann", naming.Account, "", `"ann" may mean ann (ann@alder.example, Alder Cloud), or ann (ann@birch.example, Birch): write which`},
		{"ann", naming.Account, "contoso", `there is no user or service principal "ann" in Contoso, which has the users and service principals: bob, cleo, nameless@contoso.example, robot`},
		{"jim", naming.Account, "", `"jim" may mean Jim Beam (jim.beam@alder.example, Alder Cloud), or Jim Bond (jim.bond@alder.example, Alder Cloud): write which`},
		{"clea", naming.Account, "", `there is no user or service principal "clea"; nearest: cleo (cleo@contoso.example, Contoso)`},
		{"cloe", naming.Account, "", `there is no user or service principal "cloe"; nearest: cleo (cleo@contoso.example, Contoso)`},
		{"clea@contoso.com", naming.Anybody, "", `there is no user, group or service principal "clea" in Contoso; nearest: cleo (cleo@contoso.example, Contoso)`},
		{"night shift", naming.Account, "", `there is no user or service principal "night shift"; it is a group: ask about one of its members`},
		{"cleo", naming.Group, "", `there is no group "cleo"; the world has the groups: AdminAgents, HelpdeskAgents, Night shift, SalesAgents`},
		{"63000000-0000-0000-0000-000000000001", naming.Group, "", `there is no group "63000000-0000-0000-0000-000000000001"`},
		{strings.Repeat("x", 300), naming.Group, "", `there is no group "` + strings.Repeat("x", 80) + `..."; the world has the groups: AdminAgents, HelpdeskAgents, Night shift, SalesAgents`},
		{"evil\x1b[31m\u202e", naming.Group, "", "there is no group \"evil\ufffd[31m\ufffd\"; the world has the groups: AdminAgents, HelpdeskAgents, Night shift, SalesAgents"},
	}
	for _, test := range tests {
		in := estate.Tenant(estate.None)
		if test.in != "" {
			in, _ = n.Tenant(test.in)
		}
		p, err := n.Principal(test.text, test.sort, in)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = n.PrincipalLabel(p)
		}
		if strings.Contains(got, "Night shift (") || strings.Contains(got, "AdminAgents (") { // their ids are derived
			got, test.want = got[:strings.Index(got, " (")], test.want[:strings.Index(test.want, " (")]
		}
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.text, got, test.want)
		}
	}
	var tooMany *naming.Error
	if _, err := n.Principal("robot", naming.Account, estate.None); !errors.As(err, &tooMany) || !tooMany.More || len(tooMany.Candidates) != 8 || !strings.Contains(err.Error(), ", or others: write which") {
		t.Error(err)
	}
	x, _ := access.Compile(csp.Facts{})
	if _, err := naming.New(x.Estate).Principal("ann", naming.Anybody, estate.None); err == nil {
		t.Error("somebody was found in no facts")
	}
}

func TestPlacesAreFoundByWhatPeopleType(t *testing.T) {
	n, x := names(t)
	contoso, _ := n.Tenant("contoso")
	shop := ""
	for i, node := range x.SubscriptionNode {
		if x.NodeTenant[node] == contoso && x.SubscriptionName.At(i) == "Shop" {
			shop = x.Scope(node).String()
		}
	}
	id := strings.TrimPrefix(shop, "/subscriptions/")
	tests := []struct {
		text  string
		where naming.Where
		in    string
		want  string
	}{
		{"shop", naming.InAzure, "contoso", shop},
		{"Shop/WEB", naming.Anywhere, "contoso", shop + "/resourceGroups/web"},
		{"shop/data", naming.InAzure, "", shop + "/resourceGroups/data"},
		{"data", naming.InAzure, "", shop + "/resourceGroups/data"},
		{"all/shop/data", naming.InAzure, "", shop + "/resourceGroups/data"},
		{"shared", naming.InAzure, "contoso", "/providers/Microsoft.Management/managementGroups/shared"},
		{id, naming.InAzure, "", shop},
		{shop + "/resourceGroups/new", naming.InAzure, "", shop + "/resourceGroups/new"},
		{"/", naming.InAzure, "contoso", "/"},
		{"/providers/Microsoft.Management/managementGroups/all", naming.InAzure, "", "/providers/Microsoft.Management/managementGroups/all"},
		{"contrast", naming.InDirectory, "", "directory of Contrast"},
		{"contrast", naming.Anywhere, "", "directory of Contrast"},
		{"the directory of tenant contrast", naming.Anywhere, "", "directory of Contrast"},
		{"directory of contrast", naming.Anywhere, "", "directory of Contrast"},
		{"shop", naming.InAzure, "", `"shop" may mean Shop (Contoso), or Shop (Contrast): write which`},
		{"shop/web/m1", naming.InAzure, "", `"shop/web/m1" may mean Shop/web/m1 (Contoso): write which`},
		{"shared", naming.InAzure, "", `"shared" may mean shared (Contoso), or shared (Contrast): write which`},
		{"/providers/Microsoft.Management/managementGroups/shared", naming.InAzure, "", `may mean shared (Contoso), or shared (Contrast): write which; every tenant has`},
		{"/providers/Microsoft.Management/managementGroups/none", naming.InAzure, "", `there is no place "/providers`},
		{"/subscriptions/x", naming.InAzure, "", "is no subscription id"},
		{"shpo", naming.InAzure, "contoso", `there is no place "shpo" in Contoso; nearest: Shop (Contoso)`},
		{"shop/wen", naming.Anywhere, "contoso", `there is no place "shop/wen" in Contoso; nearest: shop/web`},
		{"shared services", naming.InAzure, "", `there is no place "shared services"; the world has the subscriptions: 07000000-0000-0000-0000-000000000000, Shop`},
		{"nothing", naming.Anywhere, "contrast", `there is no place "nothing" in Contrast, which has the subscriptions: Shop`},
		{"nothing", naming.Anywhere, "alder", `there is no place "nothing" in Alder Cloud, which has no subscriptions`},
		{"cont", naming.Anywhere, "", `there is no place "cont"; nearest: Contoso (contoso.example), Contrast (contrast.example)`},
		{"share", naming.InAzure, "contoso", `there is no place "share" in Contoso; nearest: shared (Contoso)`},
		{"directory of nowhere", naming.Anywhere, "", `there is no tenant "nowhere"`},
		{"directory", naming.InAzure, "", `there is no place "directory"`},
	}
	for _, test := range tests {
		in := estate.Tenant(estate.None)
		if test.in != "" {
			in, _ = n.Tenant(test.in)
		}
		place, err := n.Place(test.text, test.where, in)
		var got string
		switch {
		case err != nil:
			got = err.Error()
		case place.IsDirectory():
			got = n.SayPlace(place)
		default:
			got = place.Scope.String()
		}
		if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
			t.Errorf("%q: %s, want %s", test.text, got, test.want)
		}
	}
}

func TestWhatIsSaidIsFoundAgain(t *testing.T) {
	n, x := names(t)
	for p, id := range x.PrincipalID {
		said := n.Say(id)
		found, err := n.Principal(said, naming.Anybody, estate.None)
		guest := x.PrincipalKind[p]&estate.IsGuest != 0
		if err != nil || found != estate.Principal(p) && !guest {
			t.Errorf("%s: %v", said, err)
		}
	}
	for node := range x.NodeParent {
		scope := x.Scope(estate.Node(node))
		tenant := csp.TenantID{}
		if of := x.NodeTenant[node]; of != estate.None {
			tenant = x.TenantID[of]
		}
		place := access.Place{Tenant: tenant, Scope: scope}
		said := n.SayPlace(place)
		in := n.TenantOf(place)
		found, err := n.Place(said, naming.InAzure, in)
		if err != nil || !found.Scope.Equal(scope) {
			t.Errorf("%s is said as %s, which is %v, %v", scope, said, found, err)
		}
		if n.PlaceLabel(estate.Node(node)) == "" {
			t.Errorf("%s has no label", scope)
		}
	}
	for _, id := range x.TenantID {
		if found, err := n.Tenant(n.SayTenant(id)); err != nil || x.TenantID[found] != id {
			t.Errorf("%s: %v", n.SayTenant(id), err)
		}
	}
	said := map[string]int{}
	for _, g := range x.GDAPs {
		said[n.SayGDAP(g.ID)]++
	}
	if said["Help"] != 1 || said["Twice"] != 0 {
		t.Error(said)
	}
	for got, want := range map[string]string{
		n.Say(csp.ObjectID{77}):                  "4d000000-0000-0000-0000-000000000000",
		n.SayTenant(csp.TenantID{77}):            "4d000000-0000-0000-0000-000000000000",
		n.SayScope(csp.TenantID{77}, csp.Root()): "/",
		n.SayPlace(access.At(csp.MustParseScope("/subscriptions/4d000000-0000-0000-0000-000000000000"))): "/subscriptions/4d000000-0000-0000-0000-000000000000",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRolesAreFoundByNameOrID(t *testing.T) {
	n, _ := names(t)
	for text, want := range map[string]string{
		"odd ROLE": "Odd role", "owner": "Owner", "monitoring READER": "Monitoring Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader", "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
		"01000000-0000-0000-0000-000000000000": "Twin",
		"Twin":                                 `"Twin" may mean Twin (01000000-0000-0000-0000-000000000000), or Twin (02000000-0000-0000-0000-000000000000): write which`,
		"Ownr":                                 `there is no role "Ownr"; nearest: Owner`,
		"77000000-0000-0000-0000-000000000000": `there is no role "77000000-0000-0000-0000-000000000000"`,
	} {
		role, err := n.Role(text)
		if got := role.Name; got != want && (err == nil || err.Error() != want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"directory readers": "Directory Readers", "user administrator": "User Administrator",
		"62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
		"User Administratur":                   `there is no directory role "User Administratur"; nearest: User Administrator`,
	} {
		role, err := n.DirectoryRole(text)
		if got := role.Name; got != want && (err == nil || err.Error() != want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	if err := n.UnknownAmong("thing", "aaaa", []string{"aaaf", "aaae", "aaad", "aaac", "aaab", "aaag", "aaab"}); err.Error() != `there is no thing "aaaa"; nearest: aaab, aaac, aaad, aaae, aaaf` {
		t.Error(err)
	}
	if err := n.UnknownAmong("thing", "hlep", []string{"Help"}); err.Error() != `there is no thing "hlep"; nearest: Help` {
		t.Error(err)
	}
}

func TestActionsThatNobodyKnowsHaveNearestOnes(t *testing.T) {
	n, _ := names(t)
	tests := []struct {
		text  string
		data  bool
		known bool
		named bool
		where naming.Where
	}{
		{"Microsoft.Compute/virtualMachines/restart/action", false, true, true, naming.Anywhere},
		{"Contoso.Odd/things/do/action", false, true, true, naming.Anywhere},
		{"Contoso.Odd/things/see/action", true, true, true, naming.InAzure},
		{"Microsoft.Compute/virtualMachines/extensions/what/ever", false, true, false, naming.Anywhere},
		{"microsoft.directory/users/password/update", false, true, true, naming.InDirectory},
		{"Microsoft.Computer/virtualMachine/restart/action", false, false, false, naming.Anywhere},
	}
	for _, test := range tests {
		parse := access.ParseAction
		if test.data {
			parse = access.ParseDataAction
		}
		a, err := parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		near, known := n.NearActions(a)
		if known != test.known || n.IsNamed(a) != test.named || naming.WhereIs(a) != test.where {
			t.Errorf("%s: known %v, named %v, %v", test.text, known, n.IsNamed(a), naming.WhereIs(a))
		}
		if !known && (len(near) == 0 || near[0] != "Microsoft.Compute/virtualMachines/restart/action") {
			t.Errorf("%s: %v", test.text, near)
		}
	}
}

func TestWhatThereIsIsListed(t *testing.T) {
	n, _ := names(t)
	contoso, _ := n.Tenant("contoso")
	for _, test := range []struct {
		what string
		got  []string
		want []string
	}{
		{"tenants", n.ListTenants(), []string{
			"09000000-0000-0000-0000-000000000000", "Alder Cloud (alder.example)", "Birch (birch.example)", "Contoso (contoso.example)",
			"Contrast (contrast.example)", "Domainless (08000000-0000-0000-0000-000000000000)", "nameless.example",
		}},
		{"people", n.ListPrincipals(naming.Account, estate.None)[3:7], []string{
			"ann (ann@alder.example, Alder Cloud)", "ann (ann@birch.example, Birch)", "bob (bob@alder.example, Alder Cloud)",
			"cleo (cleo@contoso.example, Contoso)",
		}},
		{"subscriptions", n.ListSubscriptions(estate.None), []string{"/subscriptions/07000000-0000-0000-0000-000000000000 (Contoso)", "Shop (Contoso)", "Shop (Contrast)"}},
		{"subscriptions of Contoso", n.ListSubscriptions(contoso), []string{"/subscriptions/07000000-0000-0000-0000-000000000000 (Contoso)", "Shop (Contoso)"}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("%s: %q, want %q", test.what, test.got, test.want)
		}
	}
}

func TestOfManyNamesTheFirstAreListed(t *testing.T) {
	facts := csp.Facts{Tenants: []csp.Tenant{{ID: csp.TenantID{1}, Name: "Contoso"}}}
	for i := range 30 {
		facts.Subscriptions = append(facts.Subscriptions, csp.Subscription{ID: csp.SubscriptionID{byte(i + 1)}, Tenant: csp.TenantID{1}, Name: fmt.Sprintf("s%02d", i)})
	}
	x, err := access.Compile(facts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = naming.New(x.Estate).Place("elsewhere", naming.InAzure, estate.None)
	if err == nil || err.Error() != `there is no place "elsewhere"; the world has the subscriptions: s00, s01, s02, s03, s04, s05, s06, s07, and 22 more` {
		t.Error(err)
	}
}

func TestNamesAreShortAndNeedNotBeTheirOwn(t *testing.T) {
	n, x := names(t)
	contoso, _ := n.Tenant("contoso")
	web, err := n.Place("shop/web", naming.InAzure, contoso)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ got, want string }{
		{n.PrincipalName(csp.ObjectID{1, 3}), "robot"},
		{n.PrincipalName(csp.MustParseID[csp.Principal]("5f3759df-0000-4000-8000-000000000001")), "nameless@contoso.example"},
		{n.PrincipalName(csp.ObjectID{77}), "4d000000-0000-0000-0000-000000000000"},
		{n.TenantName(x.TenantID[contoso]), "Contoso"},
		{n.TenantName(csp.TenantID{77}), "4d000000-0000-0000-0000-000000000000"},
		{n.PlaceName(web), "Shop/web"},
		{n.PlaceName(access.DirectoryOf(x.TenantID[contoso])), "Contoso"},
		{n.PlaceName(access.Place{Tenant: x.TenantID[contoso], Scope: csp.Root()}), "/"},
		{n.PlaceName(access.At(csp.MustParseScope("/subscriptions/4d000000-0000-0000-0000-000000000000"))), "/subscriptions/4d000000-0000-0000-0000-000000000000"},
	} {
		if test.got != test.want {
			t.Errorf("%s, want %s", test.got, test.want)
		}
	}
}
