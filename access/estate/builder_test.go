package estate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
	"latchkey/csp"
)

var (
	contoso  = estatetest.ID[csp.Tenant](1)
	fabrikam = estatetest.ID[csp.Tenant](2)
	ann      = estatetest.ID[csp.Principal](1)
	ops      = estatetest.ID[csp.Principal](2)
	bob      = estatetest.ID[csp.Principal](3)
	reader   = estatetest.ID[csp.RoleDefinition](1)
	helpdesk = estatetest.ID[csp.DirectoryRole](1)
	shop     = csp.SubscriptionScopeOf(csp.MustParseID[csp.Subscription]("11111111-1111-1111-1111-111111111111"))
	shopRG   = csp.MustParseScope(shop.String() + "/resourceGroups/Shop")
	shopVM   = csp.MustParseScope(shopRG.String() + "/providers/Microsoft.Compute/virtualMachines/web-1")
	mgA      = csp.MustParseScope("/providers/Microsoft.Management/managementGroups/A")
	mgB      = csp.MustParseScope("/providers/Microsoft.Management/managementGroups/B")
	mgC      = csp.MustParseScope("/providers/Microsoft.Management/managementGroups/C")

	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	forever = csp.Term{Period: csp.Period{Until: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}
)

// small is a world with a little of everything.
func small() csp.Facts {
	return csp.Facts{
		Tenants: []csp.Tenant{{ID: contoso, Name: "Contoso", DefaultDomain: "contoso.example"}, {ID: fabrikam, Name: "Fabrikam"}},
		Domains: []csp.TenantDomain{{Tenant: contoso, Domain: "contoso.onmicrosoft.com"}},
		Principals: []csp.Principal{
			{ID: ann, Tenant: contoso, Type: csp.User, Name: "Ann"},
			{ID: ops, Tenant: contoso, Type: csp.Group, Name: "Ops"},
			{ID: bob, Tenant: fabrikam, Type: csp.User, Source: csp.Guest, Name: "Bob", Home: ann},
		},
		People:         []csp.Person{{ID: estatetest.ID[csp.Person](1), Name: "Ann", Accounts: []csp.ObjectID{ann}}},
		Memberships:    []csp.Membership{{Group: ops, Member: ann}},
		Subscriptions:  []csp.Subscription{{ID: shop.Subscription(), Tenant: contoso, Name: "Shop"}},
		Placements:     []csp.Placement{{Tenant: contoso, Child: shop, Parent: mgA}},
		Resources:      []csp.Resource{{Scope: shopVM}},
		Identities:     []csp.ManagedIdentity{{Resource: shopVM, Principal: bob}},
		Roles:          []csp.RoleDefinition{{ID: reader, Name: "Reader", Permissions: []csp.Permission{{Actions: []string{"*/read"}}}}},
		DirectoryRoles: []csp.DirectoryRole{{ID: helpdesk, Name: "Helpdesk", Actions: []string{"a", "b"}}},
		Assignments: []csp.Assignment{{Tenant: contoso, RoleAssignment: csp.RoleAssignment{
			Name: estatetest.ID[csp.RoleAssignment](1), Scope: shop, Role: reader, Principal: ann, PrincipalType: csp.User,
		}}},
		Denials: []csp.Denial{{Tenant: contoso, DenyAssignment: csp.DenyAssignment{
			ID: estatetest.ID[csp.DenyAssignment](1), Name: "no", Scope: shopRG, Principals: []csp.ObjectID{ann, ops}, Excluded: []csp.ObjectID{bob},
			Permissions: []csp.Permission{{Actions: []string{"*/write"}}},
		}}},
		DirectoryAssignments: []csp.DirectoryAssignment{{Tenant: contoso, Principal: ann, Role: helpdesk}},
		Resellers:            []csp.ResellerRelationship{{Partner: fabrikam, Customer: contoso, Kind: csp.DirectPartner}},
		DAPs:                 []csp.DAPRelationship{{Partner: fabrikam, Customer: contoso}},
		GDAPs: []csp.GDAPRelationship{{
			ID: estatetest.ID[csp.GDAPRelationship](1), Name: "g", Partner: fabrikam, Customer: contoso, Status: csp.GDAPActive, Roles: []csp.DirectoryRoleID{helpdesk},
			Assignments: []csp.AccessAssignment{{Group: ops, Status: csp.GDAPActive, Roles: []csp.DirectoryRoleID{helpdesk}}},
		}},
		Lighthouses: []csp.LighthouseDelegation{{Manager: fabrikam, Principal: ops, Role: reader, Scope: shop}},
		Locks:       []csp.Lock{{Name: "keep", Scope: shop, Level: csp.CanNotDelete}},
		Policies:    []csp.PolicyDenial{{Name: "no owners", Tenant: contoso, Scope: shop, Spares: []csp.RoleDefinitionID{reader}}},
		Artefacts:   []csp.Artefact{{Scope: shop, Name: "Subscription Admins"}},
		Usage:       []csp.Usage{{Principal: ann, Action: "a/b", Scope: shop, Last: noon}},
		Gaps:        []csp.Gap{{Fact: csp.MissingDenials, Tenant: contoso, Scope: shop, Why: "not allowed"}},
	}
}

// again repeats the last of a list with a change.
func again[T any](list *[]T, change func(*T)) {
	last := (*list)[len(*list)-1]
	change(&last)
	*list = append(*list, last)
}

func TestFactsThatContradictThemselvesAreRefused(t *testing.T) {
	other := estatetest.ID[csp.DirectoryRole](9)
	tests := []struct {
		name  string
		spoil func(*csp.Facts)
		want  string
	}{
		{"a tenant without an id", func(f *csp.Facts) { f.Tenants[0].ID = csp.TenantID{} }, `tenant "Contoso" has no id`},
		{"a tenant with two names", func(f *csp.Facts) { again(&f.Tenants, func(t *csp.Tenant) { t.Name = "x" }) }, "two different things about tenant"},
		{"a domain of nobody", func(f *csp.Facts) { f.Domains[0].Tenant = csp.TenantID{} }, `domain "contoso.onmicrosoft.com" of tenant "" lacks`},
		{"a domain of two tenants", func(f *csp.Facts) {
			again(&f.Domains, func(d *csp.TenantDomain) { d.Tenant = estatetest.ID[csp.Tenant](9) })
		}, `the facts give the domain`},
		{"a domain of two listed tenants", func(f *csp.Facts) { f.Tenants[1].DefaultDomain = "contoso.example" }, `"Contoso" (`},
		{"a principal without a tenant", func(f *csp.Facts) { f.Principals[0].Tenant = csp.TenantID{} }, `principal "Ann" (`},
		{"a principal in two tenants", func(f *csp.Facts) { again(&f.Principals, func(p *csp.Principal) { p.Tenant = contoso }) }, `two different things about principal "Bob"`},
		{"a principal of type ForeignGroup", func(f *csp.Facts) { f.Principals[0].Type = csp.ForeignGroup }, `is of type "ForeignGroup"`},
		{"a guest whose home is elsewhere", func(f *csp.Facts) { f.Principals[2].HomeTenant = fabrikam }, `the home of "Bob"`},
		{"a person without an id", func(f *csp.Facts) { f.People[0].ID = csp.PersonID{} }, `person "Ann" has no id`},
		{"a person with half an account", func(f *csp.Facts) { f.People[0].Accounts = make([]csp.ObjectID, 1) }, `has an account without an id`},
		{"a person with two names", func(f *csp.Facts) { again(&f.People, func(p *csp.Person) { p.Name = "x" }) }, "two different things about person"},
		{"an account of two people", func(f *csp.Facts) {
			again(&f.People, func(p *csp.Person) { p.ID = estatetest.ID[csp.Person](2) })
		}, `the account "Ann" (`},
		{"an unlisted account of two people", func(f *csp.Facts) {
			f.People[0].Accounts = []csp.ObjectID{estatetest.ID[csp.Principal](9)}
			again(&f.People, func(p *csp.Person) { p.ID = estatetest.ID[csp.Person](2) })
		}, `the account ` + estatetest.ID[csp.Principal](9).String()},
		{"a membership of nobody", func(f *csp.Facts) { f.Memberships[0].Member = csp.ObjectID{} }, "lacks its group or its member"},
		{"a membership beyond the years", func(f *csp.Facts) { f.Memberships[0].Term = forever }, `the membership of "Ann" (`},
		{"a reseller of nobody", func(f *csp.Facts) { f.Resellers[0].Customer = csp.TenantID{} }, "the reseller relationship between"},
		{"a reseller of no kind", func(f *csp.Facts) { f.Resellers[0].Kind = "friend" }, `between "Fabrikam" (`},
		{"a DAP relationship of nobody", func(f *csp.Facts) { f.DAPs[0].Partner = csp.TenantID{} }, "the DAP relationship between"},
		{"a DAP relationship beyond the years", func(f *csp.Facts) { f.DAPs[0].Period = forever.Period }, "outside of the years 1 to 9999"},
		{"a GDAP relationship without an id", func(f *csp.Facts) { f.GDAPs[0].ID = csp.GDAPID{} }, `GDAP relationship "g" () has no id`},
		{"a GDAP relationship of nobody", func(f *csp.Facts) { f.GDAPs[0].Partner = csp.TenantID{} }, "lacks one of the two"},
		{"a GDAP relationship that shrinks", func(f *csp.Facts) { f.GDAPs[0].ExtendsBy = -1 }, "extends itself by -1 days"},
		{"a GDAP relationship of no role", func(f *csp.Facts) { f.GDAPs[0].Roles = make([]csp.DirectoryRoleID, 1) }, "names a role without an id"},
		{"a GDAP assignment of no group", func(f *csp.Facts) { f.GDAPs[0].Assignments[0].Group = csp.ObjectID{} }, "a group without one"},
		{"a GDAP relationship with two ends", func(f *csp.Facts) {
			again(&f.GDAPs, func(r *csp.GDAPRelationship) { r.Until = noon })
		}, "two different things about GDAP relationship"},
		{"a delegation to nobody", func(f *csp.Facts) { f.Lighthouses[0].Principal = csp.ObjectID{} }, "the Lighthouse delegation at"},
		{"a delegation beyond the years", func(f *csp.Facts) { f.Lighthouses[0].Term = forever }, "outside of the years"},
		{"a delegation of a management group", func(f *csp.Facts) { f.Lighthouses[0].Scope = mgA }, "want a subscription or something below it"},
		{"a subscription of nobody", func(f *csp.Facts) { f.Subscriptions[0].Tenant = csp.TenantID{} }, `subscription "Shop" (`},
		{"a subscription with two names", func(f *csp.Facts) { again(&f.Subscriptions, func(s *csp.Subscription) { s.Name = "x" }) }, "two different things about subscription"},
		{"a subscription in two tenants", func(f *csp.Facts) { f.Assignments[0].Tenant = fabrikam }, `into tenant "Contoso" (`},
		{"a subscription in two management groups", func(f *csp.Facts) { again(&f.Placements, func(p *csp.Placement) { p.Parent = mgB }) }, "in two management groups"},
		{"a management group in a subscription", func(f *csp.Facts) { f.Placements[0].Parent, f.Placements[0].Child = shop, mgA }, "cannot lie in"},
		{"a resource group placed", func(f *csp.Facts) { f.Placements[0].Child = shopRG }, "cannot lie in"},
		{"a placement in another tenant", func(f *csp.Facts) { f.Placements[0].Tenant = fabrikam }, "a subscription is in one"},
		{"management groups in a circle", func(f *csp.Facts) {
			for _, pair := range [][2]csp.Scope{{mgA, mgB}, {mgB, mgC}, {mgC, mgB}} {
				f.Placements = append(f.Placements, csp.Placement{Tenant: contoso, Child: pair[0], Parent: pair[1]})
			}
		}, `lie in each other in a circle: B in C in B`},
		{"a management group in itself", func(f *csp.Facts) {
			f.Placements = append(f.Placements, csp.Placement{Tenant: contoso, Child: mgA, Parent: mgA})
		}, `in a circle: A in A`},
		{"a resource that is a subscription", func(f *csp.Facts) { f.Resources[0].Scope = shop }, "want a resource group or a resource, not a subscription"},
		{"an identity of nobody", func(f *csp.Facts) { f.Identities[0].Principal = csp.ObjectID{} }, "the managed identity of"},
		{"a role without an id", func(f *csp.Facts) { f.Roles[0].ID = csp.RoleDefinitionID{} }, `role definition "Reader" has no id`},
		{"a role with two contents", func(f *csp.Facts) { again(&f.Roles, func(r *csp.RoleDefinition) { r.Permissions = nil }) }, "two different things about role definition"},
		{"a directory role without an id", func(f *csp.Facts) { f.DirectoryRoles[0].ID = csp.DirectoryRoleID{} }, `directory role "Helpdesk" has no id`},
		{"a directory role with two contents", func(f *csp.Facts) { again(&f.DirectoryRoles, func(r *csp.DirectoryRole) { r.Actions = nil }) }, "two different things about directory role"},
		{"an assignment without a name", func(f *csp.Facts) { f.Assignments[0].Name = csp.RoleAssignmentID{} }, "a role assignment at"},
		{"an assignment in no tenant", func(f *csp.Facts) { f.Assignments[0].Tenant = csp.TenantID{} }, "lacks its tenant or its scope"},
		{"an assignment to nobody", func(f *csp.Facts) { f.Assignments[0].Principal = csp.ObjectID{} }, "lacks its principal or its role"},
		{"an assignment beyond the years", func(f *csp.Facts) { f.Assignments[0].Term = forever }, "outside of the years"},
		{"an assignment to a robot", func(f *csp.Facts) { f.Assignments[0].PrincipalType = "Robot" }, `names the principal type "Robot"`},
		{"an assignment with two roles", func(f *csp.Facts) {
			again(&f.Assignments, func(a *csp.Assignment) { a.Role = estatetest.ID[csp.RoleDefinition](9) })
		}, "two different things about role assignment"},
		{"an assignment with two descriptions", func(f *csp.Facts) {
			again(&f.Assignments, func(a *csp.Assignment) { a.Description = "x" })
		}, `in tenant "Contoso"`},
		{"a denial without an id", func(f *csp.Facts) { f.Denials[0].ID = csp.DenyAssignmentID{} }, `deny assignment "no" at`},
		{"a denial nowhere", func(f *csp.Facts) { f.Denials[0].Scope = csp.Scope{} }, "lacks its tenant or its scope"},
		{"a denial of nobody", func(f *csp.Facts) { f.Denials[0].Principals = make([]csp.ObjectID, 1) }, "say Everyone"},
		{"a denial at two places", func(f *csp.Facts) { again(&f.Denials, func(d *csp.Denial) { d.Scope = shop }) }, "two different things about deny assignment"},
		{"a directory role of nobody", func(f *csp.Facts) { f.DirectoryAssignments[0].Principal = csp.ObjectID{} }, "lacks one of the three"},
		{"a directory role beyond the years", func(f *csp.Facts) {
			f.DirectoryAssignments[0].Term, f.DirectoryAssignments[0].Role = forever, other
		}, "the directory role " + other.String()},
		{"a lock of no level", func(f *csp.Facts) { f.Locks[0].Level = "Soft" }, `lock "keep" at`},
		{"a lock of a management group", func(f *csp.Facts) { f.Locks[0].Scope = mgA }, `lock "keep" is at`},
		{"a policy in no tenant", func(f *csp.Facts) { f.Policies[0].Tenant = csp.TenantID{} }, `policy "no owners": `},
		{"an artefact nowhere", func(f *csp.Facts) { f.Artefacts[0].Scope = csp.Scope{} }, "the artefact"},
		{"usage of nothing", func(f *csp.Facts) { f.Usage[0].Action = "" }, "lacks its action"},
		{"usage beyond the years", func(f *csp.Facts) { f.Usage[0].Last = forever.Until }, "outside of the years"},
		{"a gap of no tenant", func(f *csp.Facts) { f.Gaps[0].Tenant = csp.TenantID{} }, "names no tenant"},
		{"a gap of nothing", func(f *csp.Facts) { f.Gaps[0].Fact = 0 }, "does not say what is missing"},
		{"a subscription in two unlisted tenants", func(f *csp.Facts) {
			f.Tenants = nil
			f.Assignments[0].Tenant = fabrikam
		}, "into tenant " + contoso.String()},
		{"a gap in two tenants", func(f *csp.Facts) { f.Gaps[0].Tenant = fabrikam }, `gap "deny assignments`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := small()
			test.spoil(&facts)
			b := estate.NewBuilder()
			b.Add(facts)
			b.Add(facts) // facts after the first mistake change nothing
			e, err := b.Build()
			if err == nil || !strings.Contains(err.Error(), test.want) || e != nil {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestABuilderBuildsOnce(t *testing.T) {
	b := estate.NewBuilder()
	b.Add(small())
	if _, err := b.Build(); err != nil {
		t.Fatal(err)
	}
	b.Add(small())
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "make a new one") {
		t.Errorf("got %v", err)
	}
}

func TestTheSameFactInOtherWordsIsOneFact(t *testing.T) {
	facts := small()
	again(&facts.Roles, func(r *csp.RoleDefinition) { r.Permissions = []csp.Permission{{Actions: []string{"*/READ"}}} })
	again(&facts.DirectoryRoles, func(r *csp.DirectoryRole) { r.Actions = []string{"b", "a"} })
	again(&facts.Denials, func(d *csp.Denial) { d.Permissions = []csp.Permission{{Actions: []string{"*/WRITE"}}} })
	again(&facts.Usage, func(u *csp.Usage) { u.Last = noon.Add(-time.Hour) })
	again(&facts.Resources, func(r *csp.Resource) { r.Scope = csp.MustParseScope(strings.ToUpper(shopVM.String())) })
	e := build(t, facts)
	if len(e.Roles) != 1 || len(e.DirectoryRoles) != 1 || len(e.Denials) != 1 || e.Denials[0].Permissions[0].Actions[0] != "*/WRITE" {
		t.Errorf("%v, %v, %v", e.Roles, e.DirectoryRoles, e.Denials)
	}
	if len(e.Usage) != 1 || !e.Usage[0].Last.Equal(noon) {
		t.Errorf("the last usage is not what remains: %v", e.Usage)
	}
	n, exact := e.FindNode(estate.None, shopVM.String())
	if want := shop.String() + "/resourceGroups/SHOP/providers/MICROSOFT.COMPUTE/VIRTUALMACHINES/WEB-1"; !exact || e.Scope(n).String() != want {
		t.Errorf("the machine is at %s, want the spelling that sorts first, %s", e.Scope(n), want)
	}
}

func TestMembershipsThatCannotBeAreLeftOut(t *testing.T) {
	facts := small()
	facts.Memberships = append(facts.Memberships, csp.Membership{Group: ops, Member: bob}, csp.Membership{Group: ops, Member: ops})
	stranger := estatetest.ID[csp.Principal](9)
	facts.Memberships = append(facts.Memberships, csp.Membership{Group: ops, Member: stranger})
	e := build(t, facts)
	if row := e.Principal(mustFind(t, e, stranger)); row != (csp.Principal{ID: stranger}) {
		t.Errorf("of the one that is not listed is known %v", row)
	}
	group, _ := e.FindPrincipal(ops)
	var members []csp.ObjectID
	for _, m := range e.MemberOf[e.MembersFrom[group]:e.MembersFrom[group+1]] {
		members = append(members, e.PrincipalID[m])
	}
	if len(members) != 2 || members[0] != ann || members[1] != stranger {
		t.Errorf("the members of Ops are %v, want Ann and the one that is not listed", members)
	}
}

func TestOnlyWhatIsActiveAndAgreedIsGranted(t *testing.T) {
	agreed, other := helpdesk, estatetest.ID[csp.DirectoryRole](2)
	tests := []struct {
		name   string
		change func(*csp.GDAPRelationship)
		want   int
	}{
		{"all active", func(*csp.GDAPRelationship) {}, 1},
		{"the relationship has ended", func(r *csp.GDAPRelationship) { r.Status = csp.GDAPTerminated }, 0},
		{"the access assignment is being made", func(r *csp.GDAPRelationship) { r.Assignments[0].Status = csp.GDAPPending }, 0},
		{"the role was not agreed to", func(r *csp.GDAPRelationship) { r.Roles = []csp.DirectoryRoleID{other} }, 0},
		{"no role was agreed to", func(r *csp.GDAPRelationship) { r.Roles = nil }, 0},
		{"told by two access assignments", func(r *csp.GDAPRelationship) {
			r.Roles = append(r.Roles, other)
			r.Assignments = append(r.Assignments, csp.AccessAssignment{Group: ops, Status: csp.GDAPActive, Roles: []csp.DirectoryRoleID{other, agreed, agreed}})
		}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := small()
			test.change(&facts.GDAPs[0])
			e := build(t, facts)
			group, _ := e.FindPrincipal(ops)
			if got := e.GDAPGrantsOf(group); len(got) != test.want {
				t.Errorf("the group is granted %v, want %d roles", got, test.want)
			}
		})
	}
}

func TestTooManyFactsAreRefused(t *testing.T) {
	for room := range 4000 {
		b := estate.NewBuilder()
		b.SetRoom(room)
		b.Add(small())
		if _, err := b.Build(); err == nil && room < 100 || err != nil && !strings.Contains(err.Error(), "too many") {
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
	}
	// Every column by itself: the longest name decides.
	long := strings.Repeat("x", 4000)
	for name, lengthen := range map[string]func(*csp.Facts){
		"tenant":       func(f *csp.Facts) { f.Tenants[0].Name = long },
		"domain":       func(f *csp.Facts) { f.Tenants[0].DefaultDomain = csp.Domain(long) },
		"more domains": func(f *csp.Facts) { f.Domains[0].Domain = csp.Domain(long) },
		"principal":    func(f *csp.Facts) { f.Principals[0].Name = long },
		"sign-in":      func(f *csp.Facts) { f.Principals[0].SignInName = long },
		"subscription": func(f *csp.Facts) { f.Subscriptions[0].Name = long },
		"condition":    func(f *csp.Facts) { f.Assignments[0].Condition = long },
		"description":  func(f *csp.Facts) { f.Assignments[0].Description = long },
	} {
		facts := small()
		lengthen(&facts)
		b := estate.NewBuilder()
		b.SetRoom(3999)
		b.Add(facts)
		if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "too many names") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTooManyTypesAreRefused(t *testing.T) {
	b := estate.NewBuilder()
	for i := range estate.Types {
		b.Add(csp.Facts{Resources: []csp.Resource{{Scope: csp.MustParseScope(fmt.Sprintf("%s/providers/A.B/t%d/x", shopRG, i))}}})
	}
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "types of resources") {
		t.Errorf("got %v", err)
	}
}

func TestRowsOfOneThingAreFound(t *testing.T) {
	facts := small()
	facts.GDAPs = append(facts.GDAPs, csp.GDAPRelationship{ID: estatetest.ID[csp.GDAPRelationship](2), Partner: contoso, Customer: fabrikam})
	e := build(t, facts)
	customer, _ := e.FindTenantText("CONTOSO.example")
	partner, _ := e.FindTenantText(strings.ToUpper(fabrikam.String()))
	annNo, _ := e.FindPrincipalText(ann.String())
	opsNo, _ := e.FindPrincipal(ops)
	sub, _ := e.FindNode(estate.None, shop.String())
	group, _ := e.FindNode(estate.None, shopRG.String())
	machine, _ := e.FindNode(estate.None, shopVM.String())
	counts := []struct {
		name      string
		got, want int
	}{
		{"ResellersOf", len(e.ResellersOf(customer)), 1},
		{"ResellersOf", len(e.ResellersOf(partner)), 0},
		{"DAPsOf", len(e.DAPsOf(customer)), 1},
		{"DAPsOf", len(e.DAPsOf(partner)), 0},
		{"GDAPsOf", len(e.GDAPsOf(customer)), 1},
		{"GDAPsOf", len(e.GDAPsOf(partner)), 1},
		{"GDAPGrantsOf", len(e.GDAPGrantsOf(opsNo)), 1},
		{"GDAPGrantsOf", len(e.GDAPGrantsOf(annNo)), 0},
		{"DirectoryAssignmentsOf", len(e.DirectoryAssignmentsOf(annNo)), 1},
		{"DirectoryAssignmentsOf", len(e.DirectoryAssignmentsOf(opsNo)), 0},
		{"DenialsAt", len(e.DenialsAt(group)), 1},
		{"DenialsAt", len(e.DenialsAt(sub)), 0},
		{"LighthousesAt", len(e.LighthousesAt(sub)), 1},
		{"LighthousesAt", len(e.LighthousesAt(group)), 0},
		{"IdentitiesAt", len(e.IdentitiesAt(machine)), 1},
		{"IdentitiesAt", len(e.IdentitiesAt(sub)), 0},
		{"GapsOf", len(e.GapsOf(customer)), 1},
		{"GapsOf", len(e.GapsOf(partner)), 0},
	}
	for _, c := range counts {
		if c.got != c.want {
			t.Errorf("%s finds %d rows, want %d", c.name, c.got, c.want)
		}
	}
	if node := e.AssignmentNode(0); node != sub || e.HeldNode[e.HeldFrom[annNo]] != sub {
		t.Errorf("the assignment is at node %d, want %d", node, sub)
	}
	if e.PrincipalKind[mustFind(t, e, bob)]&estate.IsManaged == 0 {
		t.Error("Bob is no managed identity")
	}
	if home := e.PrincipalHomeIn[mustFind(t, e, bob)]; home != customer {
		t.Errorf("Bob's home is tenant %d, want %d", home, customer)
	}
}

func mustFind(t *testing.T, e *estate.Estate, id csp.ObjectID) estate.Principal {
	t.Helper()
	p, ok := e.FindPrincipal(id)
	if !ok {
		t.Fatalf("%s is not found", id)
	}
	return p
}

func TestThingsAreFoundByTheirIDs(t *testing.T) {
	e := build(t, small())
	if role, ok := e.FindRole(reader); !ok || e.Roles[role].Name != "Reader" {
		t.Error("Reader is not found")
	}
	if role, ok := e.FindDirectoryRole(helpdesk); !ok || e.DirectoryRoles[role].Name != "Helpdesk" {
		t.Error("Helpdesk is not found")
	}
	if i, ok := e.FindSubscription(shop.Subscription()); !ok || e.SubscriptionName.At(i) != "Shop" {
		t.Error("the subscription is not found")
	}
	if d, ok := e.FindDomain("contoso.onmicrosoft.com"); !ok || e.TenantID[d] != contoso {
		t.Error("the further domain is not found")
	}
	nothing := []struct {
		name string
		find func() bool
	}{
		{"role", func() bool { _, ok := e.FindRole(estatetest.ID[csp.RoleDefinition](9)); return ok }},
		{"directory role", func() bool { _, ok := e.FindDirectoryRole(estatetest.ID[csp.DirectoryRole](9)); return ok }},
		{"tenant", func() bool { _, ok := e.FindTenant(estatetest.ID[csp.Tenant](9)); return ok }},
		{"domain", func() bool { _, ok := e.FindTenantText("nobody.example"); return ok }},
		{"no domain", func() bool { _, ok := e.FindTenantText("nobody"); return ok }},
		{"principal", func() bool { _, ok := e.FindPrincipal(estatetest.ID[csp.Principal](9)); return ok }},
		{"no id", func() bool { _, ok := e.FindPrincipalText("ann"); return ok }},
	}
	for _, test := range nothing {
		if test.find() {
			t.Errorf("a %s is found that there is not", test.name)
		}
	}
	if e.Principal(estate.None) != (csp.Principal{}) || e.Tenant(estate.None) != (csp.Tenant{}) || !e.Scope(estate.None).IsZero() {
		t.Error("None is something")
	}
}

// A tenant that is only named has a number, a root, and the gap that says that
// nothing is known of it.
func TestTenantsThatAreNotListedAreUnknown(t *testing.T) {
	facts := small()
	facts.Tenants = facts.Tenants[:1]
	e := build(t, facts)
	partner, ok := e.FindTenant(fabrikam)
	if !ok || e.TenantListed[partner] != 0 || e.Tenant(partner) != (csp.Tenant{ID: fabrikam}) {
		t.Fatalf("tenant %d: %v", partner, e.Tenant(partner))
	}
	if gaps := e.GapsOf(partner); len(gaps) != 1 || gaps[0].Fact != csp.MissingTenant {
		t.Errorf("its gaps are %v", gaps)
	}
	if len(e.Facts().Gaps) != len(facts.Gaps) {
		t.Errorf("the gap is told as a fact: %v", e.Facts().Gaps)
	}
}

func TestHearersMayStop(t *testing.T) {
	e := build(t, small())
	for stop := 1; ; stop++ {
		heard := 0
		e.Each(func(csp.Facts) bool { heard++; return heard < stop })
		if heard < stop {
			return
		}
		if heard != stop {
			t.Fatalf("told %d parts after the hearer had enough at %d", heard, stop)
		}
	}
}
