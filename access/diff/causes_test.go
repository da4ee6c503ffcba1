package diff_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/access"
	"latchkey/access/diff"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

const contoso = `
partners:
  Alder:
    domain: alder.example
    users: [ann, bob]
    agents: {AdminAgents: ann, HelpdeskAgents: bob}
    groups: {Night: bob}
customers:
  Contoso:
    domain: contoso.example
    users: [cleo, dave]
    groups: {Ops: [cleo]}
    directory roles: {Directory Readers: dave}
    dap: Alder
    reseller: Alder
    subscriptions:
      Shop:
        created by: Alder
        access: {Reader: [Ops, dave]}
        resource groups: {web: {}, data: {}}
directory role definitions:
  Global Administrator:
  Helpdesk Administrator:
role definitions:
  Operator: {actions: Microsoft.Compute/virtualMachines/start/action}
`

// edit replaces texts in contoso, in pairs.
func edit(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(contoso) }

func TestLinesSayWhoLostWhatWhereAndWhy(t *testing.T) {
	tests := []struct{ name, after, want string }{
		{"nothing", contoso, ""},
		{"a member left", edit("Ops: [cleo]", "Ops: []"), "cleo lost Reader at Shop (Contoso) because cleo left Ops R18"},
		{"a member may only activate", edit("Ops: [cleo]", "Ops: [{who: cleo, eligible: yes}]"), "cleo lost Reader at Shop (Contoso) because cleo is only eligible for Ops R18"},
		{"an agent left", edit("AdminAgents: ann, ", ""), "ann lost Owner at Shop (Contoso) because ann left AdminAgents R7\nann lost Global Administrator in the directory of Contoso because ann left AdminAgents R7"},
		{"an assignment went", edit("Reader: [Ops, dave]", "Reader: [Ops]"), "dave lost Reader at Shop (Contoso) because Reader at Shop (Contoso) was taken from dave R18"},
		{"an assignment came", edit("Reader: [Ops, dave]", "Reader: [Ops, dave], Contributor: dave"), "dave gained parts of Contributor at Shop (Contoso) because Contributor at Shop (Contoso) was given to dave R18"},
		{"it is on a part only", edit("{web: {}, data: {}}", "{web: {}, data: {denials: {Stop: {actions: '*', who: dave}}}}"), "dave lost Reader at Shop/data (Contoso) because the deny assignment \"Stop\" at Shop/data (Contoso) is new, or another one R19"},
		{"a directory role went", edit("Directory Readers: dave", "Directory Readers: []"), "dave lost Directory Readers in the directory of Contoso because Directory Readers in Contoso was taken from dave R14"},
		{"a directory role is only eligible", edit("Directory Readers: dave", "Directory Readers: {who: dave, eligible: yes}"), "dave lost Directory Readers in the directory of Contoso because Directory Readers in Contoso has to be activated now by dave R14"},
		{"a directory role came", edit("Directory Readers: dave", "Directory Readers: [dave, cleo]"), "cleo gained Directory Readers in the directory of Contoso because Directory Readers in Contoso was given to cleo R14"},
		{"the partner was removed", edit("    dap: Alder\n", ""), "ann lost Owner at Shop (Contoso) because Contoso lists Alder no more as its delegated administrator R10\n" +
			"ann lost Global Administrator in the directory of Contoso because Contoso lists Alder no more as its delegated administrator R10\n" +
			"bob lost Helpdesk Administrator in the directory of Contoso because Contoso lists Alder no more as its delegated administrator R10"},
		{
			"GDAP began", edit("    reseller:", "    gdap: {Help: {partner: Alder, groups: {Night: Directory Readers}}}\n    reseller:"),
			"bob lost Helpdesk Administrator in the directory of Contoso because the GDAP relationship \"Help\" of Alder with Contoso began R11\n" +
				"bob gained Directory Readers in the directory of Contoso because the GDAP relationship \"Help\" of Alder with Contoso began R11",
		},
		{"somebody became a guest", edit("users: [cleo, dave]", "users: [cleo, dave]\n    guests: [ann@alder.example]"), "ann lost Owner at Shop (Contoso) because ann of Alder became a guest of Contoso R13"},
		{"a role was projected", edit("      Shop:\n", "      Shop:\n        lighthouse: {Reader: bob @ Alder}\n"), "bob gained Reader at Shop (Contoso) because Reader at Shop (Contoso) is projected to bob by Lighthouse R28"},
		{
			"somebody is gone", edit("cleo, dave", "cleo", "Reader: [Ops, dave]", "Reader: [Ops]", "Directory Readers: dave", "Directory Readers: []"),
			"dave lost Reader at Shop (Contoso) because dave is gone from Contoso R2; Reader at Shop (Contoso) was taken from dave R18\n" +
				"dave lost Directory Readers in the directory of Contoso because dave is gone from Contoso R2; Directory Readers in Contoso was taken from dave R14",
		},
		{"somebody is new", edit("cleo, dave", "cleo, dave, eve", "Reader: [Ops, dave]", "Reader: [Ops, dave, eve]"), "eve gained Reader at Shop (Contoso) because eve is new in Contoso R2; Reader at Shop (Contoso) was given to eve R18"},
		{"denials are not collected any more", edit("    dap: Alder\n", "    dap: Alder\n    gaps: {deny assignments: not allowed}\n"), "cleo, dave lost Reader at Shop (Contoso) because deny assignments of Contoso were collected only before M9\n" +
			"ann lost Owner at Shop (Contoso) because deny assignments of Contoso were collected only before M9"},
		{"the reseller is gone, which changes nothing", edit("    reseller: Alder\n", ""), ""},
		{"a group became another kind of group", edit("Ops: [cleo]", "Ops: {members: [cleo], dynamic: yes}"), ""},
		{"the old rules came", edit("    dap: Alder\n", "    dap: Alder\n    old rules: yes\n"), ""},
		{
			"a subscription was moved", edit("      Shop:\n", "      Shop:\n        in: all\n", "    subscriptions:", "    management groups: {all: {access: {Operator: cleo}}}\n    subscriptions:"),
			"cleo gained Operator at all (Contoso) because Operator at all (Contoso) was given to cleo R18; Shop (Contoso) was moved R17; all (Contoso) is new R17",
		},
		{"a subscription is new", edit("      Shop:\n", "      Blog: {created by: Alder}\n      Shop:\n"), "ann gained Owner at Blog (Contoso) because Owner at Blog (Contoso) was given to AdminAgents of Alder R21; Blog (Contoso) is new R17"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := diff.Side{Index: world(t, contoso), At: noon}, diff.Side{Index: world(t, test.after), At: noon}
			r := diff.Diff(before, after, diff.Options{Otherwise: 1})
			if got := said(r); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			back := diff.Diff(after, before, diff.Options{})
			if len(back.Lines) != len(r.Lines) || back.Accounts != r.Accounts {
				t.Errorf("the way back has %d lines and not %d:\n%s", len(back.Lines), len(r.Lines), said(back))
			}
		})
	}
}

func TestAGDAPRelationshipThatLendsOtherRolesSaysSo(t *testing.T) {
	gdap := func(roles string) *access.Index {
		return world(t, edit("    dap: Alder\n", "    gdap: {Help: {partner: Alder, groups: {Night: "+roles+"}}}\n"))
	}
	before, after := gdap("Directory Readers"), gdap("Helpdesk Administrator")
	r := diff.Diff(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, diff.Options{})
	const why = `because the GDAP relationship "Help" of Alder with Contoso lends other roles, or to other groups R11`
	want := "bob lost Directory Readers in the directory of Contoso " + why + "\nbob gained Helpdesk Administrator in the directory of Contoso " + why
	if got := said(r); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestATenantThatIsGoneTakesAllWithIt(t *testing.T) {
	alone, _, _ := strings.Cut(contoso, "customers:")
	before, after := diff.Side{Index: world(t, contoso), At: noon}, diff.Side{Index: world(t, alone), At: noon}
	check(t, "gone", before, after)
	check(t, "new", after, before)
	if r := diff.Diff(before, after, diff.Options{}); r.Accounts != 4 || !strings.Contains(said(r), "dave is gone from Contoso") {
		t.Errorf("%d accounts:\n%s", r.Accounts, said(r))
	}
}

func TestTheStandingQuestionsCanBeAsked(t *testing.T) {
	for _, a := range diff.Standing {
		if a.IsZero() || a.Words == "" {
			t.Errorf("%+v", a)
		}
	}
}

// nameless facts: a tenant that both sides have, one that only one has, people
// and things without names, and names in capitals.
func nameless(all bool) csp.Facts {
	shared, own := id[csp.Tenant](5), id[csp.Tenant](2)
	sub := csp.SubscriptionScopeOf(id[csp.Subscription](1))
	role := csp.RoleDefinition{ID: id[csp.RoleDefinition](1), Permissions: []csp.Permission{{Actions: []string{"*"}}}}
	f := csp.Facts{
		Tenants: []csp.Tenant{{ID: shared}}, Roles: []csp.RoleDefinition{role},
		DirectoryRoles: []csp.DirectoryRole{{ID: id[csp.DirectoryRole](1), Actions: []string{"microsoft.directory/users/create"}}},
		Principals:     []csp.Principal{{ID: id[csp.Principal](1), Tenant: shared, Type: csp.User}, {ID: id[csp.Principal](2), Tenant: shared, Type: csp.Group}},
		Memberships:    []csp.Membership{{Group: id[csp.Principal](2), Member: id[csp.Principal](1)}},
		Subscriptions:  []csp.Subscription{{ID: id[csp.Subscription](1), Tenant: shared}},
		Resources:      []csp.Resource{{Scope: csp.MustParseScope(sub.String() + "/resourceGroups/WEB")}},
	}
	a := csp.Assignment{Tenant: shared}
	a.Name, a.Scope, a.Role, a.Principal = id[csp.RoleAssignment](1), sub, role.ID, id[csp.Principal](1)
	lost := a
	lost.Name, lost.Principal = id[csp.RoleAssignment](2), id[csp.Principal](99) // of nobody
	f.Assignments = []csp.Assignment{lost}
	if !all {
		f.Resources = append(f.Resources, csp.Resource{Scope: csp.MustParseScope(sub.String() + "/resourceGroups/web/providers/A.B/c/d")})
		return f
	}
	f.Assignments = append(f.Assignments, a)
	f.Tenants = append(f.Tenants, csp.Tenant{ID: own}, csp.Tenant{ID: id[csp.Tenant](9)})
	f.Principals = append(f.Principals, csp.Principal{ID: id[csp.Principal](3), Tenant: own, Type: csp.User}, csp.Principal{ID: id[csp.Principal](4), Tenant: id[csp.Tenant](9), Type: csp.User})
	f.DirectoryAssignments = []csp.DirectoryAssignment{
		{Tenant: shared, Principal: id[csp.Principal](1), Role: id[csp.DirectoryRole](1)},
		{Tenant: own, Principal: id[csp.Principal](3), Role: id[csp.DirectoryRole](1)},
	}
	f.Placements = []csp.Placement{{Tenant: own, Child: csp.MustParseScope("/providers/Microsoft.Management/managementGroups/a"), Parent: csp.Root()}}
	f.Resources = append(f.Resources, csp.Resource{Scope: csp.MustParseScope(sub.String() + "/resourceGroups/web/providers/A.B/other/d")}, csp.Resource{Scope: csp.MustParseScope("/subscriptions/77777777-0000-0000-0000-000000000000/resourceGroups/x")})
	d := csp.Denial{Tenant: shared}
	d.ID, d.Scope, d.Permissions, d.Principals = id[csp.DenyAssignment](1), csp.MustParseScope(sub.String()+"/resourceGroups/web"), []csp.Permission{{Actions: []string{"*"}}}, []csp.ObjectID{id[csp.Principal](1)}
	f.Denials = []csp.Denial{d}
	f.GDAPs = []csp.GDAPRelationship{{
		ID: id[csp.GDAPRelationship](1), Partner: shared, Customer: own, Status: csp.GDAPActive, Roles: []csp.DirectoryRoleID{id[csp.DirectoryRole](1)},
		Assignments: []csp.AccessAssignment{{Group: id[csp.Principal](2), Roles: []csp.DirectoryRoleID{id[csp.DirectoryRole](1)}, Status: csp.GDAPActive}},
	}}
	return f
}

func TestThingsWithoutNamesAreToldByTheirIDs(t *testing.T) {
	before, after := diff.Side{Index: compile(t, nameless(true)), At: noon}, diff.Side{Index: compile(t, nameless(false)), At: noon}
	check(t, "gone", before, after)
	check(t, "new", after, before)
	text := said(diff.Diff(before, after, diff.Options{}))
	for _, want := range []string{
		"01000101-0000-0000-0000-000000000000 lost", "role 01000101-0000-0000-0000-000000000000 at /subscriptions/",
		`GDAP relationship "01000101-0000-0000-0000-000000000000" of`, "directory role 01000101-0000-0000-0000-000000000000 in",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, sides := range [][2]diff.Side{{before, after}, {after, before}} {
		if r := diff.Diff(sides[0], sides[1], diff.Options{Becoming: true}); len(r.Lines) == 0 {
			t.Error("nothing becomes")
		}
	}
}

func world(t *testing.T, text string) *access.Index {
	t.Helper()
	f, err := worldfile.Parse("world", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, f)
}

func said(r diff.Result) string {
	var lines []string
	for _, l := range r.Lines {
		var who, where, why []string
		for _, p := range l.Who {
			who = append(who, p.Name)
		}
		for _, s := range l.Spans {
			where = append(where, s.Label)
		}
		for _, c := range l.Because {
			why = append(why, c.Text+" "+c.Rule)
		}
		verb, preposition, what := "lost", "at", strings.Join(l.Roles, " and ")
		if l.Gained() {
			verb = "gained"
		}
		if l.Spans[0].Place.IsDirectory() {
			preposition = "in"
		}
		if what == "" {
			what = "parts of " + l.PartOf
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s because %s", strings.Join(who, ", "), verb, what, preposition, strings.Join(where, ", "), strings.Join(why, "; ")))
	}
	return strings.Join(lines, "\n")
}

func TestOnlySomeAreAskedAbout(t *testing.T) {
	before, after := world(t, contoso), world(t, edit("Reader: [Ops, dave]", "Reader: []"))
	dave := csp.ObjectID{}
	for p, id := range before.PrincipalID {
		if before.PrincipalName.At(p) == "dave" {
			dave = id
		}
	}
	steps := 0
	options := diff.Options{Only: []csp.ObjectID{dave}, Progress: func(int, int) { steps++ }}
	r := diff.Diff(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, options)
	if len(r.Lines) != 1 || r.Lines[0].Who[0].Name != "dave" || steps != 2 {
		t.Errorf("%s; %d steps", said(r), steps)
	}
}
