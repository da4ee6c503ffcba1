package change_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/access/change"
	"latchkey/access/estate"
	"latchkey/access/naming"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

const world = `
partners:
  Alder Cloud:
    domain: alder.example
    users: [ann, bob, eve]
    agents:
      AdminAgents: [ann, {who: bob, eligible: yes}]
    groups:
      Night shift: [bob]
      "Going to Mars": [ann]
  Birch:
    domain: birch.example
    users: [bob]
    agents: {AdminAgents: bob}
customers:
  Contoso:
    domain: contoso.example
    users: [cleo, dave]
    guests: [ann@alder.example]
    groups:
      Ops: {members: [cleo, ann@alder.example]}
      Rule: {dynamic: yes}
      Tier: {role assignable: yes}
    reseller: [Alder Cloud]
    dap: [Alder Cloud]
    gdap:
      Help: {partner: Alder Cloud, groups: {Night shift: Directory Readers}}
      Gone: {partner: Alder Cloud, status: expired, groups: {Night shift: Directory Readers}}
      Twice: {partner: Alder Cloud, groups: {Night shift: Directory Readers}}
    directory roles:
      Directory Readers: [cleo, ann@alder.example]
      Global Reader: {who: cleo, eligible: yes}
    subscriptions:
      Shop:
        created by: Alder Cloud
        access:
          Reader: [cleo]
          Contributor: {who: cleo, eligible: yes}
        resource groups: {web: {}}
      Shared:
        access:
          Owner: [AdminAgents @ Alder Cloud, AdminAgents @ Birch]
  Contrast:
    domain: contrast.example
    users: [cleo]
    reseller: Birch
    gdap:
      Twice: {partner: Birch, groups: {AdminAgents: Directory Readers}}
  Third:
    domain: third.example
    dap: Birch
people:
  Ann: [ann@alder.example]
`

type scene struct {
	facts csp.Facts
	e     *estate.Estate
	names *naming.Names
}

func build(t *testing.T, f csp.Facts) scene {
	t.Helper()
	b := estate.NewBuilder()
	b.Add(f)
	e, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return scene{f, e, naming.New(e)}
}

func read(t *testing.T) scene {
	t.Helper()
	f, err := worldfile.Parse("world", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	return build(t, f)
}

// rows says which rows of which lists two facts differ in: "-Memberships 1".
func rows(before, after csp.Facts) string {
	var said []string
	a, b := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		switch n := b.Field(i).Len() - a.Field(i).Len(); {
		case n > 0:
			said = append(said, "+"+strings.Repeat(name, n))
		case n < 0:
			said = append(said, "-"+strings.Repeat(name, -n))
		case !cmp.Equal(a.Field(i).Interface(), b.Field(i).Interface(), cmpopts.EquateComparable(csp.Scope{})):
			said = append(said, "~"+name)
		}
	}
	return strings.Join(said, " ")
}

func TestChangesAreReadAndMade(t *testing.T) {
	s := read(t)
	tests := []struct{ sentence, said, rows string }{
		{"add eve to AdminAgents", "add eve to AdminAgents @ Alder Cloud", "+Memberships"},
		{"Add EVE to \"night shift\".", "add eve to Night shift", "+Memberships"},
		{"add eve to going to mars", "add eve to Going to Mars", "+Memberships"},
		{"add Ops to Tier", "add Ops to Tier", "+Memberships"},
		{"add bob to going to mars", "add bob@alder.example to Going to Mars", "+Memberships"},
		{"remove bob from AdminAgents @ Birch", "remove bob@birch.example from AdminAgents @ Birch", "-Memberships"},
		{"remove ann from AdminAgents", "remove ann from AdminAgents @ Alder Cloud", "-Memberships"},
		{"remove ann from ops", "", "-Memberships"},
		{"activate bob in AdminAgents @ alder", "activate bob@alder.example in AdminAgents @ Alder Cloud", "+Memberships"},
		{"remove partner alder from contoso's partners", "remove partner Alder Cloud from Contoso's partners", "-DAPs"},
		{"remove partner alder from contoso", "remove partner Alder Cloud from Contoso's partners", "-DAPs"},
		{"end gdap help", "end gdap Help", "~GDAPs"},
		{"end reseller alder cloud contoso", "end reseller Alder Cloud of Contoso", "-Resellers"},
		{"end reseller alder of contoso", "end reseller Alder Cloud of Contoso", "-Resellers"},
		{"delete the foreign principal's assignment at shop", "delete the foreign principal's assignment at Shop", "-Assignments"},
		{"delete the foreign principal's assignment of birch at shared", "delete the foreign principal's assignment of Birch at Shared", "-Assignments"},
		{"assign owner to cleo at shop", "assign Owner to cleo@contoso.example at Shop", "+Assignments"},
		{"assign Virtual Machine Contributor to dave at shop/web", "assign Virtual Machine Contributor to dave at Shop/web", "+Roles +Assignments"},
		{"assign reader to ann at shop", "", "+Assignments"},
		{"assign reader to night shift at shop", "assign Reader to Night shift at Shop", "+Assignments"},
		{"remove cleo's reader at shop", "remove cleo@contoso.example's Reader at Shop", "-Assignments"},
		{"activate cleo's contributor at shop", "activate cleo@contoso.example's Contributor at Shop", "+Assignments"},
		{"invite eve to contoso", "invite eve to Contoso", "+Principals"},
		{"remove guest ann from contoso", "", "-Principals -Memberships -DirectoryAssignments"},
		{"remove guest ann@alder.example from contoso", "", "-Principals -Memberships -DirectoryAssignments"},
		{"give directory role user administrator to dave in contoso", "give directory role User Administrator to dave in Contoso", "+DirectoryRoles +DirectoryAssignments"},
		{"give directory role directory readers to tier in contoso", "give directory role Directory Readers to Tier in Contoso", "+DirectoryAssignments"},
		{"take directory role directory readers from cleo in contoso", "take directory role Directory Readers from cleo@contoso.example in Contoso", "-DirectoryAssignments"},
		{"activate directory role global reader of cleo in contoso", "activate directory role Global Reader of cleo@contoso.example in Contoso", "+DirectoryAssignments"},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			whole, err := worldfile.Parse("world", []byte(world))
			if err != nil {
				t.Fatal(err)
			}
			c, err := change.Parse(test.sentence, s.e)
			if err != nil {
				t.Fatal(err)
			}
			said := c.Sentence(s.names)
			if test.said != "" && said != test.said {
				t.Errorf("said %q, want %q", said, test.said)
			}
			if again, err := change.Parse(said, s.e); err != nil || !cmp.Equal(again, c, cmpopts.EquateComparable(csp.Scope{})) {
				t.Errorf("%q reads as %v, %v", said, again, err)
			}
			after, err := change.All(s.facts, c)
			if err != nil {
				t.Fatal(err)
			}
			if got := rows(s.facts, after); got != test.rows {
				t.Errorf("changed %q, want %q", got, test.rows)
			}
			if got := rows(whole, s.facts); got != "" {
				t.Errorf("the facts themselves were changed: %s", got)
			}
			build(t, after)
		})
	}
}

func TestChangesThatCannotBeMadeSayWhy(t *testing.T) {
	s := read(t)
	tests := []struct{ sentence, says string }{
		{"add ann to AdminAgents @ alder", "ann is a member of AdminAgents already"},
		{"add cleo@contoso.example to AdminAgents @ alder", "cleo is of Contoso and AdminAgents of Alder Cloud: a group has members of its own tenant only (R20)"},
		{"add cleo@contoso.example to rule", "the members of Rule follow a rule"},
		{"add ops to ops", "Ops cannot be a member of itself"},
		{"remove eve from AdminAgents @ alder", "eve is no direct member of AdminAgents"},
		{"activate eve in night shift", "eve is not eligible for Night shift"},
		{"remove partner birch from contoso's partners", "the two have no relationship at all"},
		{"remove partner birch from contrast", `between them there is the GDAP relationship "Twice", a reseller relationship`},
		{"end gdap gone", `the GDAP relationship "Gone" is not active but expired`},
		{"end gdap hulp", `there is no GDAP relationship "hulp"; nearest: Help`},
		{"end gdap twice", `2 GDAP relationships are called "twice": write the id of one`},
		{"end reseller birch of contoso", "Birch is no reseller of Contoso"},
		{"end reseller birch of third", "there is delegated administration (DAP)"},
		{"end reseller brich of contoso", `there is no tenant "brich"; nearest: Birch`},
		{"end reseller birch of contosso", `there is no tenant "contosso"`},
		{"delete the foreign principal's assignment at shop/web", "no foreign principal has a role assigned at"},
		{"delete the foreign principal's assignment at shared", "the foreign principals of 2 partners"},
		{"delete the foreign principal's assignment at nowhere", `there is no place "nowhere"`},
		{"delete the foreign principal's assignment of contrast at shop", "no foreign principal has"},
		{"delete the foreign principal's assignment of nobody at shop", `there is no tenant "nobody"`},
		{"delete the foreign principal's assignment of birch at nowhere", `there is no place "nowhere"`},
		{"assign reader to cleo at shop", "cleo holds Reader at /subscriptions/"},
		{"assign reader to eve at shop", "eve is of Alder Cloud, and roles at"},
		{"assign reader to AdminAgents @ birch at shop", "which is no partner of Contoso"},
		{"assign reeder to cleo at shop", `there is no role "reeder"; nearest: Reader`},
		{"assign reader to nobody at shop", `there is no user, group or service principal "nobody"`},
		{"assign reader to cleo at nowhere", `there is no place "nowhere"`},
		{"remove cleo's owner at shop", "cleo holds no Owner at"},
		{"remove cleo's reader at shop/web", "it is inherited from /subscriptions/"},
		{"activate cleo's reader at shop", "cleo is not eligible for Reader"},
		{"invite cleo@contoso.example to contoso", "cleo is of Contoso already"},
		{"invite ann@alder.example to contoso", "ann is a guest of Contoso already"},
		{"invite nobody to contoso", `"nobody"`},
		{"invite eve to nowhere", `there is no tenant "nowhere"`},
		{"remove guest eve from contoso", "eve is no guest of Contoso"},
		{"remove guest nobody from contoso", `"nobody"`},
		{"remove guest ann from nowhere", `there is no tenant "nowhere"`},
		{"give directory role global reader to eve in contoso", "eve is of Alder Cloud and can hold no directory role in Contoso"},
		{"give directory role global reader to ops in contoso", "Ops was not made for directory roles"},
		{"give directory role directory readers to cleo in contoso", "cleo holds Directory Readers in Contoso already"},
		{"give directory role global raeder to cleo in contoso", `nearest: Global Reader`},
		{"give directory role global reader to cleo in nowhere", `there is no tenant "nowhere"`},
		{"give directory role global reader to nobody in contoso", `"nobody"`},
		{"take directory role global reader from dave in contoso", "dave is not given Global Reader in Contoso himself"},
		{"activate directory role directory readers of dave in contoso", "dave is not eligible for Directory Readers"},
		{"add nobody to ops", `"nobody"`},
		{"add eve to nothing", `there is no group "nothing"`},
		{"add bob to AdminAgents", `"bob" may mean`},
		{"add cleo@contoso.example to AdminAgents", `"AdminAgents" may mean`},
		{"give directory role global reader to bob in contoso", `"bob" may mean`},
		{"make ann an admin", "write one of:\n  remove partner {partner}"},
		{"add  to ", "write one of:"},
		{"invite", "write one of:"},
		{strings.Repeat("add ", 1000), "at most 2000 characters"},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			c, err := change.Parse(test.sentence, s.e)
			if err == nil {
				_, err = change.All(s.facts, c)
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want %q", err, test.says)
			}
		})
	}
}

func TestRolesAreAssignedAtPlacesThatNoFactNames(t *testing.T) {
	s := read(t)
	shop, err := s.names.Place("shop", naming.InAzure, estate.None)
	if err != nil {
		t.Fatal(err)
	}
	c, err := change.Parse("assign Reader to dave at "+shop.Scope.String()+"/resourceGroups/new", s.e)
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.Apply(s.facts)
	if err != nil || rows(s.facts, after) != "+Assignments" {
		t.Errorf("%s, %v", rows(s.facts, after), err)
	}
}

func TestOfSeveralChangesTheOneThatFailsIsNamed(t *testing.T) {
	s := read(t)
	c, err := change.Parse("remove ann from AdminAgents", s.e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := change.All(s.facts, c, c); err == nil || !strings.HasPrefix(err.Error(), "change 2: ann is no direct member") {
		t.Error(err)
	}
}

func TestChangesOfWhatNobodyListsAreRefusedOrMade(t *testing.T) {
	s := read(t)
	stranger, nowhere := csp.ObjectID{1}, csp.TenantID{1}
	ann, _ := s.names.Principal("ann@alder.example", naming.Account, estate.None)
	sub := csp.SubscriptionScopeOf(csp.SubscriptionID{1})
	tests := []struct {
		change change.Change
		says   string
	}{
		{change.Join{Group: s.e.PrincipalID[ann], Member: stranger}, "ann is no group"},
		{change.Join{Group: stranger, Member: s.e.PrincipalID[ann]}, ""},
		{change.EndGDAP{ID: csp.GDAPID{1}}, "there is no GDAP relationship 01000000-"},
		{change.EndDAP{Partner: nowhere, Customer: nowhere}, "01000000-0000-0000-0000-000000000000 does not list"},
		{change.Invite{Account: stranger, Tenant: nowhere}, "is no user that the facts list"},
		{change.Invite{Account: s.e.PrincipalID[ann], Tenant: nowhere}, ""},
		{change.RemoveGuest{Account: stranger, Tenant: nowhere}, "is no guest of"},
		{change.Assign{Scope: sub, Principal: stranger}, ""},
		{change.Assign{Scope: csp.Root(), Tenant: nowhere, Principal: stranger}, ""},
	}
	for _, test := range tests {
		after, err := test.change.Apply(s.facts)
		if test.says == "" && (err != nil || rows(s.facts, after) == "") || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%T: %v, want %q", test.change, err, test.says)
		}
	}
}
