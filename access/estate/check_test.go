package estate_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/access/estate"
	"latchkey/csp"
)

// rename puts another text in the place of one in a column.
func rename(s *estate.Strings, i int, text string) {
	var all []string
	for n := range s.Len() {
		all = append(all, s.At(n))
	}
	all[i] = text
	*s = estate.Strings{From: []uint32{0}}
	for _, text := range all {
		s.Text = append(s.Text, text...)
		s.From = append(s.From, uint32(len(s.Text)))
	}
}

func TestColumnsThatDoNotFitTogetherAreRefused(t *testing.T) {
	// Of the small world: places 0 root of one tenant, then its management group,
	// subscription, resource group and machine, and the root of the other.
	const (
		order      = "not in order"
		thereIsNot = "names something that there is not"
		kinds      = "column TypeName"
	)
	base := build(t, small())
	node := func(scope csp.Scope) estate.Node {
		tenant, _ := base.FindTenant(contoso)
		n, exact := base.FindNode(tenant, scope.String())
		if !exact {
			t.Fatalf("no %s", scope)
		}
		return n
	}
	mg, sub, rg, vm := node(mgA), node(shop), node(shopRG), node(shopVM)
	annNo, opsNo, bobNo := mustFind(t, base, ann), mustFind(t, base, ops), mustFind(t, base, bob)
	in := base.NodeTenant[sub]
	otherRoot := base.TenantRoot[1-in]
	swap := func(c *estate.Columns) { c.TenantID[0], c.TenantID[1] = c.TenantID[1], c.TenantID[0] }

	tests := []struct {
		name  string
		spoil func(*estate.Columns)
		want  string
	}{
		{"names that overlap", func(c *estate.Columns) { c.TenantName.From[1] = 1 << 30 }, "column TenantName does not part"},
		{"a name too few", func(c *estate.Columns) { c.NodeName.From = c.NodeName.From[:3] }, "column NodeName does not part"},
		{"text without names", func(c *estate.Columns) { c.Description.Text = []byte("x") }, "column Description"},
		{"no terms", func(c *estate.Columns) { c.Terms = nil }, "column Terms"},
		{"terms out of order", func(c *estate.Columns) { c.Terms = append(c.Terms, csp.Term{}) }, "column Terms"},
		{"a term beyond the years", func(c *estate.Columns) { c.Terms = append(c.Terms, forever) }, "term 1"},
		{"no conditions", func(c *estate.Columns) { c.Conditions = estate.Strings{From: []uint32{0}} }, "column Conditions"},
		{"conditions out of order", func(c *estate.Columns) {
			c.Conditions = estate.Strings{From: []uint32{0, 0, 1, 2}, Text: []byte("ba")}
		}, "column Conditions is not in order at 2"},
		{"tenants out of order", swap, "column TenantID"},
		{"a tenant half listed", func(c *estate.Columns) { c.TenantListed[0] = 2 }, "the columns of tenants"},
		{"a tenant not listed and named", func(c *estate.Columns) { c.TenantListed[in] = 0 }, "is not listed and has a name"},
		{"a domain of no tenant", func(c *estate.Columns) { c.DomainTenant[0] = 2 }, "column DomainTenant"},
		{"a domain twice", func(c *estate.Columns) {
			c.DomainTenant = append(c.DomainTenant, c.DomainTenant[0])
			c.DomainName = estate.Strings{From: []uint32{0, 1, 2}, Text: []byte("aa")}
		}, "column DomainName"},
		{"a domain of two", func(c *estate.Columns) { rename(&c.TenantDomain, int(1-in), "contoso.example") }, "a domain names one tenant"},
		{"no types", func(c *estate.Columns) { c.TypeName = estate.Strings{From: []uint32{0}} }, kinds},
		{"another root", func(c *estate.Columns) { rename(&c.TypeName, 0, "x") }, `type 0 is "x"`},
		{"a type with a slash too many", func(c *estate.Columns) { rename(&c.TypeName, 4, "a/b/c") }, `"a/b/c", is no type`},
		{"a type that is a query", func(c *estate.Columns) { rename(&c.TypeName, 4, "a?b") }, `is no type`},
		{"a type twice", func(c *estate.Columns) {
			c.TypeName = estate.Strings{From: append(c.TypeName.From, c.TypeName.From[5]+1), Text: append(c.TypeName.Text, 'a')}
		}, kinds},
		{"a place too few", func(c *estate.Columns) { c.NodeLast = c.NodeLast[1:] }, "the columns of places"},
		{"a place in what comes later", func(c *estate.Columns) { c.NodeParent[mg] = vm }, "pre-order"},
		{"a place in no place", func(c *estate.Columns) { c.NodeParent[mg] = 99 }, "pre-order"},
		{"a place that ends too early", func(c *estate.Columns) { c.NodeLast[rg] = rg }, "pre-order"},
		{"a place that ends too late", func(c *estate.Columns) { c.NodeLast[vm] = 99 }, "pre-order"},
		{"a place that ends before itself", func(c *estate.Columns) { c.NodeLast[vm] = rg }, "pre-order"},
		{"a place of no type", func(c *estate.Columns) { c.NodeType[vm] = 99 }, "of a type that cannot stand there"},
		{"a subscription in a resource group", func(c *estate.Columns) { c.NodeType[vm] = estate.TypeSubscription }, "of a type that cannot stand there"},
		{"a resource group in a management group", func(c *estate.Columns) { c.NodeType[sub] = estate.TypeResourceGroup }, "of a type that cannot stand there"},
		{"a root in a management group", func(c *estate.Columns) { c.NodeType[sub] = estate.TypeRoot }, "of a type that cannot stand there"},
		{"a root of nobody", func(c *estate.Columns) { c.TenantRoot[in] = mg }, "the root of no tenant"},
		{"a tenant too many", func(c *estate.Columns) {
			c.TenantRoot = append(c.TenantRoot, mg)
			c.TenantID = append(c.TenantID, csp.TenantID{0: 0xff})
			c.TenantListed, c.TenantRules = append(c.TenantListed, 0), append(c.TenantRules, 0)
			for _, s := range []*estate.Strings{&c.TenantName, &c.TenantDomain} {
				s.From = append(s.From, s.From[len(s.From)-1])
			}
		}, "a tenant has no root"},
		{"a place in another tenant", func(c *estate.Columns) { c.NodeTenant[rg] = 1 - in }, "is not in the tenant of what it lies in"},
		{"a place without a name", func(c *estate.Columns) { rename(&c.NodeName, int(rg), "") }, `"" cannot be the name`},
		{"a root with a name", func(c *estate.Columns) { rename(&c.NodeName, int(otherRoot), "x") }, `"x" cannot be the name`},
		{"a place that climbs", func(c *estate.Columns) { rename(&c.NodeName, int(rg), "..") }, `".." cannot be the name`},
		{"a name with a slash", func(c *estate.Columns) { rename(&c.NodeName, int(rg), "a/b") }, `"a/b" cannot be the name`},
		{"a subscription with a name", func(c *estate.Columns) { rename(&c.NodeName, int(sub), "shop") }, `"shop" cannot be the name`},
		{"a long resource group", func(c *estate.Columns) { rename(&c.NodeName, int(rg), strings.Repeat("a", 91)) }, `cannot be the name`},
		{"a long machine", func(c *estate.Columns) { rename(&c.NodeName, int(vm), strings.Repeat("a", 261)) }, `cannot be the name`},
		{"a subscription elsewhere", func(c *estate.Columns) { c.SubscriptionNode[0] = rg }, "is not at its place"},
		{"a subscription of nobody's making", func(c *estate.Columns) { c.SubscriptionCreator[0] = 7 }, "was created by a tenant that there is not"},
		{"a subscription too few", func(c *estate.Columns) { c.SubscriptionCreator = nil }, "column SubscriptionID"},
		{"a principal too few", func(c *estate.Columns) { c.PrincipalKind = c.PrincipalKind[1:] }, "the columns of principals"},
		{"too many principals in tenants", func(c *estate.Columns) { c.TenantFirst[2] = 99 }, "the columns of principals"},
		{"an identity of nobody", func(c *estate.Columns) { c.Identities[0].Principal = 99 }, "a principal that there is not"},
		{"a principal in the wrong tenant", func(c *estate.Columns) { c.PrincipalTenant[bobNo] = in }, "does not stand in order in its tenant"},
		{"a principal without an id", func(c *estate.Columns) { c.PrincipalID[annNo] = csp.ObjectID{} }, "does not stand in order in its tenant"},
		{"a principal of two sources", func(c *estate.Columns) { c.PrincipalKind[annNo] |= estate.IsGuest | estate.IsSynced }, "is of no kind that there is"},
		{"a principal of no known kind", func(c *estate.Columns) { c.PrincipalKind[annNo] |= 1 << 15 }, "is of no kind that there is"},
		{"a managed identity of nothing", func(c *estate.Columns) { c.PrincipalKind[annNo] |= estate.IsManaged }, "is of no kind that there is"},
		{"a home elsewhere", func(c *estate.Columns) { c.PrincipalHomeIn[bobNo] = 1 - in }, "is not where it says"},
		{"something known of a stranger", func(c *estate.Columns) {
			c.TenantFirst[2]--
			last := len(c.PrincipalTenant) - 1
			c.PrincipalTenant[last] = estate.None
			if estate.Principal(last) == bobNo {
				c.PrincipalHome[last], c.PrincipalHomeIn[last] = estate.None, estate.None
				return
			}
			c.PrincipalHomeIn[bobNo] = estate.None
		}, "is not listed and something is known of it"},
		{"a group that there is not", func(c *estate.Columns) { c.GroupOf[0] = 99 }, "the columns of memberships"},
		{"a group in itself", func(c *estate.Columns) { c.GroupOf[0] = annNo }, "a group that it cannot be in"},
		{"a group of another tenant", func(c *estate.Columns) { c.GroupOf[0] = bobNo }, "a group that it cannot be in"},
		{"a membership twice", func(c *estate.Columns) {
			c.GroupOf, c.GroupTerm = append(c.GroupOf, c.GroupOf[0]), append(c.GroupTerm, 0)
			for i := int(annNo) + 1; i < len(c.GroupsFrom); i++ {
				c.GroupsFrom[i]++
			}
		}, "are not in order"},
		{"a role without an id", func(c *estate.Columns) { c.Roles[0].ID = csp.RoleDefinitionID{} }, "column Roles"},
		{"a directory role without an id", func(c *estate.Columns) { c.DirectoryRoles[0].ID = csp.DirectoryRoleID{} }, "column DirectoryRoles"},
		{"a role that there is not", func(c *estate.Columns) { c.AssignmentRole[0] = 1 }, "the columns of role assignments"},
		{"an assignment of no type", func(c *estate.Columns) { c.AssignmentType[0] = 5 }, "is not in order at its place"},
		{"an assignment in no tenant", func(c *estate.Columns) {
			c.TenantRoot, c.TenantID, c.TenantListed, c.TenantRules = nil, nil, nil, nil
			c.TenantName, c.TenantDomain, c.DomainName = estate.Strings{From: []uint32{0}}, estate.Strings{From: []uint32{0}}, estate.Strings{From: []uint32{0}}
			c.DomainTenant, c.TenantFirst = nil, []estate.Principal{0}
			c.NodeParent, c.NodeLast, c.NodeTenant = []estate.Node{estate.None}, []estate.Node{0}, []estate.Tenant{estate.None}
			c.NodeType, c.NodeName = []uint16{estate.TypeSubscription}, estate.Strings{From: []uint32{0, 36}, Text: []byte(shop.Name())}
			c.SubscriptionID, c.SubscriptionNode, c.SubscriptionCreator = nil, nil, nil
			c.SubscriptionName = estate.Strings{From: []uint32{0}}
			c.PrincipalID, c.PrincipalTenant, c.PrincipalKind = []csp.ObjectID{ann}, []estate.Tenant{estate.None}, []estate.PrincipalKind{0}
			c.PrincipalHome, c.PrincipalHomeIn = []estate.Principal{estate.None}, []estate.Tenant{estate.None}
			c.PrincipalName, c.PrincipalSignIn = estate.Strings{From: []uint32{0, 0}}, estate.Strings{From: []uint32{0, 0}}
			c.GroupsFrom, c.GroupOf, c.GroupTerm = []uint32{0, 0}, nil, nil
			c.Identities = nil
			c.AssignmentPrincipal[0], c.AssignmentsFrom = 0, []uint32{0, 1}
		}, "which is in no tenant"},
		{"a description of nothing", func(c *estate.Columns) {
			c.Described, c.Description = []uint32{7}, estate.Strings{From: []uint32{0, 1}, Text: []byte("x")}
		}, "column Described"},
		{"a reseller of no kind", func(c *estate.Columns) { c.Resellers[0].Kind = "" }, "column Resellers"},
		{"DAP of a kind", func(c *estate.Columns) { c.DAPs[0].Kind = csp.DirectPartner }, "column DAPs"},
		{"DAP of no tenant", func(c *estate.Columns) { c.DAPs[0].Partner = 9 }, "column DAPs"},
		{"a holder of no role", func(c *estate.Columns) { c.DirectoryAssignments[0].Role = 9 }, "column DirectoryAssignments"},
		{"a delegation at a management group", func(c *estate.Columns) { c.Lighthouses[0].Node = mg }, "column Lighthouses"},
		{"an identity nowhere", func(c *estate.Columns) { c.Identities[0].Node = -1 }, "column Identities"},
		{"a lock of no level", func(c *estate.Columns) { c.Locks[0].Level = "" }, "column Locks"},
		{"a lock twice", func(c *estate.Columns) { c.Locks = append(c.Locks, c.Locks[0]) }, "column Locks"},
		{"a policy nowhere", func(c *estate.Columns) { c.Policies[0].Scope = csp.Scope{} }, "column Policies"},
		{"an artefact nowhere", func(c *estate.Columns) { c.Artefacts[0].Scope = csp.Root() }, "column Artefacts"},
		{"usage of nothing", func(c *estate.Columns) { c.Usage[0].Action = "" }, "column Usage"},
		{"a denial elsewhere", func(c *estate.Columns) { c.Denials[0].Node = sub }, "column Denials"},
		{"a denial of others", func(c *estate.Columns) { c.Denials[0].Principals[0] = bobNo }, "column Denials"},
		{"a denial of more", func(c *estate.Columns) { c.Denials[0].Excluded = nil }, "column Denials"},
		{"GDAP without an id", func(c *estate.Columns) { c.GDAPs[0].ID = csp.GDAPID{} }, "column GDAPs"},
		{"GDAP of roles that there are not", func(c *estate.Columns) { c.GDAPs[0].Roles[0] = 9 }, "column GDAPs"},
		{"access in no relationship", func(c *estate.Columns) { c.AccessAssignments[0].GDAP = 1 }, "column AccessAssignments"},
		{"an account of two people", func(c *estate.Columns) {
			p := c.People[0]
			p.ID = csp.PersonID{0: 0xff}
			c.People = append(c.People, p)
		}, "column People"},
		{"a gap elsewhere", func(c *estate.Columns) { c.Gaps[0].Node = rg }, "column Gaps"},
		{"a gap of another tenant", func(c *estate.Columns) { c.Gaps[0].Gap.Tenant = fabrikam }, "column Gaps"},
		{"no gap of an unlisted tenant", func(c *estate.Columns) {
			c.TenantListed[1-in] = 0
			rename(&c.TenantName, int(1-in), "")
		}, "and no gap says so"},
		{"a principal in two tenants", func(c *estate.Columns) {
			c.PrincipalID[bobNo] = c.PrincipalID[min(annNo, opsNo)]
			c.Denials[0].DenyAssignment.Excluded[0] = c.PrincipalID[bobNo]
		}, "is there twice"},
		{"a subscription in two tenants", func(c *estate.Columns) { addPlace(c, otherRoot, estate.TypeSubscription, shop.Name()) }, "is there twice"},
		{"siblings out of order", func(c *estate.Columns) {
			addPlace(c, otherRoot, estate.TypeManagementGroup, "a")
			addPlace(c, otherRoot, estate.TypeManagementGroup, "B")
		}, "are not in order"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := build(t, small()).Columns
			test.spoil(&c)
			e, err := estate.FromColumns(c)
			if err == nil || !strings.Contains(err.Error(), test.want) || e != nil {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// addPlace puts a place in first among those in another.
func addPlace(c *estate.Columns, in estate.Node, kind uint16, name string) {
	at := in + 1
	move := func(n *estate.Node) {
		if *n >= at {
			*n++
		}
	}
	for _, list := range [][]estate.Node{c.NodeParent, c.NodeLast, c.TenantRoot, c.SubscriptionNode} {
		for i := range list {
			move(&list[i])
		}
	}
	for up := in; up != estate.None; up = c.NodeParent[up] {
		c.NodeLast[up] = max(c.NodeLast[up], at)
	}
	move(&c.Denials[0].Node)
	move(&c.Lighthouses[0].Node)
	move(&c.Identities[0].Node)
	move(&c.Gaps[0].Node)
	var names []string
	for i := range c.NodeName.Len() {
		names = append(names, c.NodeName.At(i))
	}
	names = slices.Insert(names, int(at), name)
	c.NodeName = estate.Strings{From: []uint32{0}}
	for _, text := range names {
		c.NodeName.Text = append(c.NodeName.Text, text...)
		c.NodeName.From = append(c.NodeName.From, uint32(len(c.NodeName.Text)))
	}
	c.NodeParent = slices.Insert(c.NodeParent, int(at), in)
	c.NodeLast = slices.Insert(c.NodeLast, int(at), at)
	c.NodeTenant = slices.Insert(c.NodeTenant, int(at), c.NodeTenant[in])
	c.NodeType = slices.Insert(c.NodeType, int(at), kind)
	c.AssignmentsFrom = slices.Insert(c.AssignmentsFrom, int(at), c.AssignmentsFrom[at])
}

func TestScopesThatAreTooLongAreRefused(t *testing.T) {
	facts := small()
	text := shopVM.String() + strings.Repeat("/extensions/"+strings.Repeat("a", 100), 5)
	facts.Resources = append(facts.Resources, csp.Resource{Scope: csp.MustParseScope(text)})
	c := build(t, facts).Columns
	last := c.NodeName.Len() - 1
	for c.NodeName.At(last) == "" {
		last--
	}
	for i := last; i > last-5; i-- {
		rename(&c.NodeName, i, strings.Repeat("a", 240))
	}
	if _, err := estate.FromColumns(c); err == nil || !strings.Contains(err.Error(), "is longer than 1024 characters") {
		t.Errorf("got %v", err)
	}
}

// Subscriptions that are nobody's stand behind the trees of tenants.
func TestPlacesOfNobodyStandLast(t *testing.T) {
	e := build(t, csp.Facts{
		Tenants:   []csp.Tenant{{ID: contoso}},
		Resources: []csp.Resource{{Scope: shopRG}},
	})
	n, exact := e.FindNode(estate.None, shopRG.String())
	if !exact || e.NodeTenant[n] != estate.None || e.NodeParent[n-1] != estate.None || n != 2 {
		t.Fatalf("the group is node %d of tenant %d", n, e.NodeTenant[n])
	}
	c := e.Columns
	c.NodeParent = []estate.Node{estate.None, 0, estate.None}
	c.NodeLast = []estate.Node{1, 1, 2}
	c.NodeType = []uint16{estate.TypeSubscription, estate.TypeResourceGroup, estate.TypeRoot}
	c.NodeTenant = []estate.Tenant{estate.None, estate.None, 0}
	c.NodeName = estate.Strings{From: []uint32{0, 36, 40, 40}, Text: []byte(shop.Name() + "Shop")}
	c.TenantRoot = []estate.Node{2}
	if _, err := estate.FromColumns(c); err == nil || !strings.Contains(err.Error(), "stands before those of tenants") {
		t.Errorf("got %v", err)
	}
}
