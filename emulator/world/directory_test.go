package world_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/emulator/world"
)

func TestDirectoryRoles(t *testing.T) {
	s := newScene(t)
	all, readers := directoryRole(t, "Global Administrator"), directoryRole(t, "Directory Readers")
	tier := must(s.customer.AddGroup(world.Group{Name: "Tier zero", RoleAssignable: true}))(t)
	plain := must(s.customer.AddGroup(world.Group{Name: "Plain"}))(t)
	rule := must(s.customer.AddGroup(world.Group{Name: "By rule", Dynamic: true}))(t)
	given := must(s.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: tier.ID, Role: readers}))(t)
	first := must(s.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: s.anna.ID, Role: all}))(t)
	anna := s.customer.As(world.Actor{Tenant: s.customer.ID, Object: s.anna.ID, Name: "anna"})
	give := func(a world.DirectoryAssignment) func() error {
		return func() error { return second(anna.AssignDirectoryRole(a)) }
	}
	agents := must(s.partner.AddGroup(world.Group{Name: world.HelpdeskAgents}))(t)
	for _, test := range []struct {
		name string
		try  func() error
		want world.Law
	}{
		{"a plain group holds none (R14)", give(world.DirectoryAssignment{Principal: plain.ID, Role: readers}), world.NotRoleAssignable},
		{"a stranger holds none", give(world.DirectoryAssignment{Principal: s.james.ID, Role: readers}), world.NoSuchPrincipal},
		{"the role exists", give(world.DirectoryAssignment{Principal: s.anna.ID, Role: world.NewID[csp.DirectoryRole]()}), world.NoSuchRole},
		{"the same is given once", give(world.DirectoryAssignment{Principal: s.anna.ID, Role: all}), world.AlreadyAssigned},
		{"what is not there cannot be removed", func() error { return anna.RemoveDirectoryRole(world.NewID[world.DirectoryAssignment]()) }, world.NoSuchAssignment},
		{"the last Global Administrator stays", func() error { return anna.RemoveDirectoryRole(first.ID) }, world.LastGlobalAdministrator},
		{"no group in a group for roles (R14)", func() error { return anna.AddMember(tier.ID, plain.ID) }, world.NoNesting},
		{"a rule makes no group for roles", func() error {
			return second(anna.AddGroup(world.Group{Name: "x", Dynamic: true, RoleAssignable: true}))
		}, world.BadName},
		{"and lets nobody be added (R33)", func() error { return anna.AddMember(rule.ID, s.anna.ID) }, world.DynamicMembers},
		{"what a group is for stays (R14)", func() error { return anna.SetGroup(world.Group{ID: plain.ID, Name: "Plain", RoleAssignable: true}) }, world.RoleAssignableStays},
		{"a group keeps a name", func() error { return anna.SetGroup(world.Group{ID: plain.ID}) }, world.BadName},
		{"a group exists", func() error { return anna.SetGroup(world.Group{ID: s.anna.ID, Name: "x"}) }, world.NoSuchPrincipal},
		{"an agent group stays (R7)", func() error { return s.partner.RemoveGroup(agents.ID) }, world.AgentGroupStays},
		{"under its name (R7)", func() error { return s.partner.SetGroup(world.Group{ID: agents.ID, Name: "Others"}) }, world.AgentGroupStays},
		{"there is one of each (R7)", func() error {
			return second(s.partner.AddGroup(world.Group{Name: "Again", Agents: csp.HelpdeskAgents}))
		}, world.NameTaken},
		{"a group that is gone cannot be removed", func() error { return anna.RemoveGroup(s.james.ID) }, world.NoSuchPrincipal},
		{"an invitation is accepted once", func() error {
			g := must(s.customer.InviteGuest(s.james, csp.ObjectID{}))(t)
			return s.customer.RedeemInvitation(g.ID, s.james.Account())
		}, world.NotPending},
		{"a member accepts none", func() error { return s.customer.RedeemInvitation(s.anna.ID, s.james.Account()) }, world.NoSuchPrincipal},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.try(); world.LawOf(err) != test.want {
				t.Errorf("got %v, want the law %q", err, test.want)
			}
		})
	}

	if err := s.customer.AddMember(tier.ID, s.anna.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.w.RolesOf(s.anna.Account(), s.customer.ID); len(got) != 2 {
		t.Errorf("her own and her group's: %v", got)
	}
	for _, term := range []csp.Term{{Eligible: true}, {Period: csp.Period{Until: s.now}}, {Period: csp.Period{From: s.now.Add(time.Second)}}} {
		must(s.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: s.anna.ID, Role: directoryRole(t, "Groups Administrator"), Term: term}))(t)
	}
	if got := s.w.RolesOf(s.anna.Account(), s.customer.ID); len(got) != 2 {
		t.Errorf("R29: eligible, past and future ones count: %v", got)
	}
	if err := anna.RemoveDirectoryRole(given.ID); err != nil || len(s.customer.DirectoryAssignments()) != 4 {
		t.Errorf("removed: %v, left %v", err, s.customer.DirectoryAssignments())
	}
	h := s.w.History()
	if last := h[len(h)-1]; last.Kind != world.DirectoryRoleRemoved || last.By.Name != "anna" {
		t.Errorf("the history says %+v", last)
	}
	if err := s.w.RemoveUser(s.customer.ID, s.anna.ID); err != nil || slices.ContainsFunc(s.customer.DirectoryAssignments(), func(a world.DirectoryAssignment) bool { return a.Principal == s.anna.ID }) {
		t.Errorf("a removed user keeps her roles: %v", err)
	}
}

// TestMayInDirectory reads R14 to R16 as examples.
func TestMayInDirectory(t *testing.T) {
	s := newScene(t)
	guest := must(s.customer.InviteGuest(s.james, csp.ObjectID{}))(t)
	const reset, read, ticket = "microsoft.directory/users/password/update", "microsoft.directory/users/standard/read", "microsoft.office365.supportTickets/allEntities/allTasks"
	for _, test := range []struct {
		name   string
		who    csp.ObjectID
		roles  []string
		action string
		want   bool
	}{
		{"a member reads", s.anna.ID, nil, read, true},
		{"a member does not reset", s.anna.ID, nil, reset, false},
		{"a guest does not read (R16)", guest.ID, nil, read, false},
		{"a guest with a role does", guest.ID, []string{"Directory Readers"}, read, true},
		{"a partner's user without a role does not (R16)", s.james.ID, nil, read, false},
		{"a partner's user with a role does (R11)", s.james.ID, []string{"Directory Readers"}, read, true},
		{"a role gives what it says", s.james.ID, []string{"Helpdesk Administrator"}, reset, true},
		{"and nothing else", s.james.ID, []string{"Directory Readers"}, reset, false},
		{"in any case of letters", s.james.ID, []string{"Helpdesk Administrator"}, "Microsoft.Directory/Users/Password/Update", true},
		{"allTasks stands for any last word", s.james.ID, []string{"Helpdesk Administrator"}, ticket, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := world.Caller{Tenant: s.customer.ID, Object: test.who}
			for _, name := range test.roles {
				c.Roles = append(c.Roles, directoryRole(t, name))
			}
			if got := s.w.MayInDirectory(c, test.action); got != test.want {
				t.Errorf("allowed = %t", got)
			}
			c.Tenant = world.NewID[csp.Tenant]()
			if s.w.MayInDirectory(c, test.action) {
				t.Error("allowed in a tenant that is not there")
			}
		})
	}
}

// TestAPartnerHasItsAgentGroups: they come with the relationship, and one that is
// added later under the name takes the place of an unused one (R7).
func TestAPartnerHasItsAgentGroups(t *testing.T) {
	s := newScene(t)
	if err := s.w.SetPartnership(world.Partnership{Partner: s.partner.ID, Customer: s.customer.ID, Reseller: true}); err != nil {
		t.Fatal(err)
	}
	if p, ok := s.w.Partnership(s.partner.ID, s.customer.ID); !ok || p.Kind != csp.DirectPartner || len(s.partner.Groups()) != 3 {
		t.Errorf("%+v with the groups %v", p, s.partner.Groups())
	}
	if f := s.w.Facts(); slices.ContainsFunc(f.Principals, func(p csp.Principal) bool { return p.Type == csp.Group }) {
		t.Error("unused agent groups are among the facts")
	}
	mine := must(s.partner.AddGroup(world.Group{Name: world.AdminAgents}))(t)
	if got, _ := s.partner.AgentGroup(csp.AdminAgents); got.ID != mine.ID || len(s.partner.Groups()) != 3 {
		t.Errorf("the group of admin agents is %+v", got)
	}
	helpdesk, _ := s.partner.AgentGroup(csp.HelpdeskAgents)
	must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: role(t, "Reader").ID, Principal: helpdesk.ID, PrincipalType: csp.ForeignGroup}))(t)
	if got := must(s.partner.AddGroup(world.Group{Name: world.HelpdeskAgents}))(t); got.Agents != "" {
		t.Error("a group that holds a role was replaced")
	}
	for _, step := range []struct {
		change func(group, member csp.ObjectID) error
		want   []csp.AgentRole
	}{{s.partner.AddMember, []csp.AgentRole{csp.AdminAgents}}, {s.partner.RemoveMember, nil}} {
		if err := step.change(mine.ID, s.james.ID); err != nil {
			t.Fatal(err)
		}
		if got := s.partner.AgentRolesOf(s.james.ID); !slices.Equal(got, step.want) {
			t.Errorf("his agent roles are %v, want %v", got, step.want)
		}
	}
}

func TestGroupsGoAndLeaveAssignmentsBehind(t *testing.T) {
	s := newScene(t)
	g, outer := must(s.customer.AddGroup(world.Group{Name: "Ops"}))(t), must(s.customer.AddGroup(world.Group{Name: "Outer"}))(t)
	for _, pair := range [][2]csp.ObjectID{{g.ID, s.anna.ID}, {outer.ID, g.ID}} {
		if err := s.customer.AddMember(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.customer.AddMembership(csp.Membership{Group: outer.ID, Member: s.anna.ID, Term: csp.Term{Eligible: true}}); err != nil {
		t.Fatal(err)
	}
	if got := s.customer.Members(outer.ID); !slices.Equal(got, []csp.ObjectID{g.ID}) || len(s.customer.Memberships(outer.ID)) != 2 || len(s.customer.DirectGroupsOf(s.anna.ID)) != 1 {
		t.Errorf("R29: the members are %v", got)
	}
	must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: role(t, "Reader").ID, Principal: g.ID}))(t)
	if err := s.customer.RemoveGroup(g.ID); err != nil {
		t.Fatal(err)
	}
	if len(s.customer.GroupsOf(s.anna.ID)) != 0 || len(s.customer.Members(outer.ID)) != 0 || len(s.customer.AssignmentsAbove(s.sub.Scope())) != 1 {
		t.Error("a removed group is still there, or its assignment is not")
	}
	if err := s.customer.RemoveEligibleMember(outer.ID, s.anna.ID); err != nil || len(s.customer.Memberships(outer.ID)) != 0 {
		t.Errorf("what she could activate: %v", err)
	}
	if err := s.customer.SetGroup(world.Group{ID: outer.ID, Name: "Renamed"}); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.customer.Group(outer.ID); !ok || got.Name != "Renamed" {
		t.Errorf("got %+v", got)
	}
}

// TestManagementGroups reads R17 above subscriptions.
func TestManagementGroups(t *testing.T) {
	s := newScene(t)
	all, online := must(s.customer.AddManagementGroup("all", "Everything"))(t), must(s.customer.AddManagementGroup("online", ""))(t)
	for _, pair := range [][2]csp.Scope{{online.Scope, all.Scope}, {s.sub.Scope(), online.Scope}} {
		if err := s.customer.Place(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	for name, try := range map[string]func() error{
		"a ring":                    func() error { return s.customer.Place(all.Scope, online.Scope) },
		"a place in itself":         func() error { return s.customer.Place(all.Scope, all.Scope) },
		"a resource group placed":   func() error { return s.customer.Place(s.group.Scope, all.Scope) },
		"a place in a subscription": func() error { return s.customer.Place(all.Scope, s.sub.Scope()) },
	} {
		if err := try(); world.LawOf(err) != world.BadPlacement {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.partner.Place(s.sub.Scope(), csp.Root()); world.LawOf(err) != world.NoSuchScope {
		t.Errorf("another tenant's: %v", err)
	}
	if err := second(s.customer.AddManagementGroup("ALL", "")); world.LawOf(err) != world.NameTaken {
		t.Errorf("twice: %v", err)
	}
	must(s.customer.Assign(csp.RoleAssignment{Scope: all.Scope, Role: role(t, "Reader").ID, Principal: s.anna.ID}))(t)
	c := world.Caller{Tenant: s.customer.ID, Object: s.anna.ID}
	reads := func() bool { return s.w.May(c, world.Act{Action: "x/read", Scope: s.vm.Scope}).Allowed }
	if !reads() || !s.w.Sees(c, s.sub.Scope()) || !s.customer.Contains(all.Scope, s.vm.Scope) || !s.customer.ParentOf(s.sub.Scope()).Equal(online.Scope) {
		t.Error("a role at a management group does not hold below it")
	}
	if got := s.customer.AssignmentsBelow(csp.Root()); len(got) != 1 || s.w.Exists(all.Scope) || s.partner.Exists(all.Scope) || !s.customer.Exists(all.Scope) || len(s.customer.ManagementGroups()) != 2 {
		t.Errorf("below the root are %v", got)
	}
	if err := s.customer.Place(s.sub.Scope(), csp.Root()); err != nil || reads() || s.w.Sees(c, s.sub.Scope()) {
		t.Errorf("moved out of it, she still reads: %v", err)
	}
}

// TestDataActions reads R31, and R19 for data.
func TestDataActions(t *testing.T) {
	s := newScene(t)
	const read = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
	c := world.Caller{Tenant: s.customer.ID, Object: s.anna.ID}
	reads := func() world.Verdict { return s.w.May(c, world.Act{Action: read, Data: true, Scope: s.group.Scope}) }
	give("Owner", subscriptionScope)(t, s)
	if reads().Allowed {
		t.Error("Owner reads data")
	}
	give("Storage Blob Data Reader", subscriptionScope)(t, s)
	if !reads().Allowed || s.w.May(c, world.Act{Action: read, Scope: s.group.Scope}).Denied != nil {
		t.Error("the data role does not read")
	}
	d := must(s.customer.AddDenial(csp.DenyAssignment{Name: "no", Scope: s.group.Scope, Everyone: true, Permissions: []csp.Permission{{DataActions: []string{"*"}}}}))(t)
	if v := reads(); v.Allowed || v.Denied == nil || v.Denied.ID != d.ID || len(s.customer.Denials()) != 1 {
		t.Errorf("denied, he gets %+v", v)
	}
	if err := s.customer.RemoveDenial(d.ID); err != nil || !reads().Allowed {
		t.Errorf("after the denial: %v", err)
	}
	if err := s.customer.RemoveDenial(d.ID); world.LawOf(err) != world.NoSuchAssignment {
		t.Errorf("removed twice: %v", err)
	}
	for condition, want := range map[string]bool{"ActionMatches{'*/read'}": false, "ActionMatches{'*/write'}": true, "gibberish": false} {
		d := must(s.customer.AddDenial(csp.DenyAssignment{Scope: s.group.Scope, Principals: []csp.ObjectID{s.anna.ID}, Permissions: []csp.Permission{{DataActions: []string{"*"}}}, Condition: condition}))(t)
		if reads().Allowed != want {
			t.Errorf("a denial if %s: allowed = %t", condition, !want)
		}
		if err := s.customer.RemoveDenial(d.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChangesAreHeardOfInTime(t *testing.T) {
	s := newSceneWith(t, world.Delays{RoleAssignment: time.Minute, Principal: time.Hour})
	by := world.Actor{Tenant: s.customer.ID, Object: s.anna.ID, Name: "anna"}
	bob := must(s.customer.As(by).AddUser(world.User{Name: "Bob", UPN: "bob"}))(t)
	a := csp.RoleAssignment{Name: world.NewID[csp.RoleAssignment](), Scope: s.sub.Scope(), Role: role(t, "Reader").ID, Principal: bob.ID}
	put := func() error {
		_, _, err := s.customer.PutAssignment(by, a)
		return err
	}
	reads := func() bool {
		return s.w.May(world.Caller{Tenant: s.customer.ID, Object: bob.ID}, world.Act{Action: "x/read", Scope: s.vm.Scope}).Allowed
	}
	if err := put(); world.LawOf(err) != world.NoSuchPrincipal {
		t.Errorf("at once Azure knows him: %v", err)
	}
	s.now = s.now.Add(time.Hour)
	if err := put(); err != nil || reads() {
		t.Errorf("after an hour: %v, and it counts at once: %t", err, reads())
	}
	if len(s.customer.AssignmentsAbove(s.sub.Scope())) != 1 {
		t.Error("it is not listed")
	}
	s.now = s.now.Add(time.Minute)
	if !reads() {
		t.Error("a minute later it does not count")
	}
	if _, err := s.customer.DeleteAssignment(by, a.Scope, a.Name); err != nil || !reads() || len(s.customer.AssignmentsAbove(s.sub.Scope())) != 0 {
		t.Errorf("removed: %v, reads %t", err, reads())
	}
	if err := put(); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if _, err := s.customer.DeleteAssignment(world.Actor{}, a.Scope, a.Name); err != nil {
		t.Error(err)
	}
	s.now = s.now.Add(time.Minute)
	s.w.Settle()
	if reads() {
		t.Error("a minute after its removal it counts")
	}
}
