package world_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

// scene is a partner, a customer with a subscription, and a user on each side.
type scene struct {
	w                 *world.World
	now               time.Time
	partner, customer world.Tenant
	james, anna       world.User
	sub               world.Subscription
	group             world.ResourceGroup
	vm                world.Machine
}

func newScene(tb testing.TB) *scene {
	tb.Helper()
	return newSceneWith(tb, world.Delays{})
}

func newSceneWith(tb testing.TB, delays world.Delays) *scene {
	tb.Helper()
	s := &scene{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	s.w = world.New(world.Options{Now: func() time.Time { return s.now }, Roles: builtin.AzureRoles(), Delays: delays})
	s.partner = must(s.w.AddTenant(csp.Tenant{Name: "Ravenhill IT", DefaultDomain: "ravenhill.example"}))(tb)
	s.customer = must(s.w.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(tb)
	s.james = must(s.partner.AddUser(world.User{Name: "James", UPN: "james"}))(tb)
	s.anna = must(s.customer.AddUser(world.User{Name: "Anna", UPN: "anna"}))(tb)
	s.sub = must(s.customer.AddSubscription(csp.Subscription{Name: "Production"}))(tb)
	s.group = must(s.sub.AddResourceGroup("rg", "westeurope"))(tb)
	s.vm = must(s.group.AddVM("vm"))(tb)
	return s
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return value
	}
}

func role(tb testing.TB, name string) csp.RoleDefinition {
	tb.Helper()
	r, ok := builtin.AzureRoleNamed(name)
	if !ok {
		tb.Fatalf("no built-in role %q", name)
	}
	return r
}

func second[T any](_ T, err error) error { return err }

func TestLaws(t *testing.T) {
	s := newScene(t)
	reader := role(t, "Reader")
	foreign := must(s.partner.AddGroup(world.Group{Name: world.AdminAgents}))(t)
	own := must(s.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	app := must(s.partner.AddApp(registry.App{Name: "Portal"}))(t)
	guest := must(s.customer.InviteGuest(s.james, csp.ObjectID{}))(t)
	standing := must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: s.anna.ID}))(t)
	assign := func(a csp.RoleAssignment) func() error {
		return func() error { return second(s.customer.Assign(a)) }
	}
	nowhere := csp.MustParseScope(s.sub.Scope().String() + "/resourceGroups/nowhere")
	for _, test := range []struct {
		name string
		try  func() error
		want world.Law
	}{
		{"a domain belongs to one tenant, in any case of letters (R1)", func() error {
			return second(s.w.AddTenant(csp.Tenant{Name: "Thief", DefaultDomain: "CONTOSO.example"}))
		}, world.DomainTaken},
		{"a further domain does too (R1)", func() error { return s.partner.AddDomain("contoso.example") }, world.DomainTaken},
		{"a domain is a name with a dot", func() error { return second(s.w.AddTenant(csp.Tenant{Name: "X", DefaultDomain: "contoso"})) }, world.BadDomain},
		{"a tenant's id is its own", func() error {
			return second(s.w.AddTenant(csp.Tenant{ID: s.customer.ID, Name: "X", DefaultDomain: "x.example"}))
		}, world.IDTaken},
		{"a sign-in name lies in a domain of the tenant", func() error { return second(s.customer.AddUser(world.User{UPN: "eve@ravenhill.example"})) }, world.BadName},
		{"a sign-in name is unique", func() error { return second(s.customer.AddUser(world.User{UPN: "ANNA"})) }, world.NameTaken},
		{"an object's id is its own", func() error { return second(s.customer.AddUser(world.User{ID: own.ID, UPN: "eve"})) }, world.IDTaken},
		{"a guest is invited once", func() error { return second(s.customer.InviteGuest(s.james, csp.ObjectID{})) }, world.NameTaken},
		{"a guest is not invited onwards", func() error { return second(s.partner.InviteGuest(guest, csp.ObjectID{})) }, world.BadName},
		{"nobody is a guest at home", func() error { return second(s.customer.InviteGuest(s.anna, csp.ObjectID{})) }, world.BadName},
		{"a group does not take another tenant's user (R20)", func() error { return s.customer.AddMember(own.ID, s.james.ID) }, world.ForeignMember},
		{"a group does not take another tenant's group (R20)", func() error { return s.customer.AddMember(own.ID, foreign.ID) }, world.ForeignMember},
		{"a group is not its own member", func() error { return s.customer.AddMember(own.ID, own.ID) }, world.NameTaken},
		{"a member leaves once", func() error { return s.customer.RemoveMember(own.ID, s.anna.ID) }, world.NoSuchPrincipal},
		{"an application has one service principal in a tenant", func() error {
			must(s.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
			return second(s.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))
		}, world.NameTaken},
		{"a service principal is of an application that exists", func() error {
			return second(s.customer.AddServicePrincipal(world.NewID[registry.App](), csp.ObjectID{}))
		}, world.NoSuchApp},
		{"a redirect URI is absolute", func() error {
			return second(s.partner.AddApp(registry.App{Name: "X", RedirectURIs: []string{"/callback"}}))
		}, world.BadName},
		{"a subscription's id is its own", func() error { return second(s.partner.AddSubscription(csp.Subscription{ID: s.sub.ID})) }, world.IDTaken},
		{"a resource group's name is unique, in any case of letters", func() error { return second(s.sub.AddResourceGroup("RG", "x")) }, world.NameTaken},
		{"a resource group has a legal name", func() error { return second(s.sub.AddResourceGroup("../x", "x")) }, world.BadName},
		{"a machine's name is unique", func() error { return second(s.group.AddVM("VM")) }, world.NameTaken},
		{"a lock stands at a place", func() error { return s.w.AddLock(world.Lock{Name: "x", Level: world.ReadOnly, Scope: nowhere}) }, world.NoSuchScope},
		{"a lock has a level", func() error { return s.w.AddLock(world.Lock{Name: "x", Scope: s.sub.Scope()}) }, world.BadName},
		{"a partner exists", func() error {
			return s.w.SetPartnership(world.Partnership{Partner: world.NewID[csp.Tenant](), Customer: s.customer.ID, DAP: true})
		}, world.NoSuchTenant},
		{"a custom role has a name of its own", func() error { return second(s.customer.AddRole(csp.RoleDefinition{Name: "owner"})) }, world.NameTaken},
		{"assignments go to principals of the subscription's tenant (R20)", assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: s.james.ID}), world.NoSuchPrincipal},
		{"a partner's group needs a relationship (R21)", assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: foreign.ID}), world.NoSuchPrincipal},
		{"the type must be the principal's", assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: guest.ID, PrincipalType: csp.Group}), world.TypeDiffers},
		{"the role exists", assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: world.NewID[csp.RoleDefinition](), Principal: guest.ID}), world.NoSuchRole},
		{"the scope exists", assign(csp.RoleAssignment{Scope: nowhere, Role: reader.ID, Principal: guest.ID}), world.NoSuchScope},
		{"the scope trusts the tenant", func() error {
			return second(s.partner.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: s.james.ID}))
		}, world.NoSuchScope},
		{"the same is not written twice (R37)", assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: s.anna.ID}), world.AssignmentExists},
		{"a name is unique in the tenant", assign(csp.RoleAssignment{Name: standing.Name, Scope: s.group.Scope, Role: reader.ID, Principal: s.anna.ID}), world.UpdateForbidden},
		{"what is not there cannot be removed", func() error {
			return second(s.customer.DeleteAssignment(world.Actor{}, s.group.Scope, standing.Name))
		}, world.NoSuchAssignment},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.w.History())
			err := test.try()
			if !errors.Is(err, &world.Refusal{Law: test.want}) {
				t.Errorf("got %v, want the law %q", err, test.want)
			}
			if test.name != "an application has one service principal in a tenant" && len(s.w.History()) != before {
				t.Error("something was written into the history")
			}
		})
	}
}

func TestAssignmentLimit(t *testing.T) {
	s := newScene(t)
	reader := role(t, "Reader")
	for i := range 4000 {
		g := must(s.customer.AddGroup(world.Group{Name: "g"}))(t)
		if _, err := s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: reader.ID, Principal: g.ID}); err != nil {
			t.Fatalf("assignment %d: %v", i+1, err)
		}
	}
	full := csp.RoleAssignment{Scope: s.group.Scope, Role: reader.ID, Principal: s.anna.ID}
	if _, err := s.customer.Assign(full); world.LawOf(err) != world.TooMany {
		t.Errorf("the 4001st: %v", err)
	}
	last := s.customer.AssignmentsAbove(s.sub.Scope())[0]
	if _, err := s.customer.DeleteAssignment(world.Actor{}, last.Scope, last.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.customer.Assign(full); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestJudgement reads R17 to R21 as examples.
func TestJudgement(t *testing.T) {
	const restart, read, write = "Microsoft.Compute/virtualMachines/restart/action", "Microsoft.Compute/virtualMachines/read", "Microsoft.Authorization/roleAssignments/write"
	for _, test := range []struct {
		name    string
		compose func(*testing.T, *scene)
		scope   func(*scene) csp.Scope
		action  string
		groups  bool // ask with the groups the person is in
		want    bool
	}{
		{name: "nobody has anything by default", action: read},
		{name: "R17: a role at the subscription holds at the machine", compose: give("Reader", subscriptionScope), action: read, want: true},
		{name: "R17: a role at the root holds everywhere", compose: give("Reader", func(*scene) csp.Scope { return csp.Root() }), action: read, want: true},
		{name: "R17: a role at the machine does not hold at its group", compose: give("Reader", machineScope), scope: groupScope, action: read},
		{name: "R17: rg is not rg2", compose: func(t *testing.T, s *scene) {
			must(s.sub.AddResourceGroup("rg2", "x"))(t)
			give("Reader", groupScope)(t, s)
		}, scope: func(s *scene) csp.Scope { return csp.MustParseScope(s.sub.Scope().String() + "/resourceGroups/rg2") }, action: read},
		{name: "R17: letters compare in either case", compose: give("Reader", groupScope), scope: func(s *scene) csp.Scope { return csp.MustParseScope(strings.ToUpper(s.vm.Scope.String())) }, action: read, want: true},
		{name: "R18: a role that does not have the action gives nothing", compose: give("Reader", subscriptionScope), action: restart},
		{name: "R18: what notActions take out is not there", compose: give("Contributor", subscriptionScope), action: write},
		{name: "R18: but another role may give it", compose: func(t *testing.T, s *scene) {
			give("Contributor", subscriptionScope)(t, s)
			give("User Access Administrator", subscriptionScope)(t, s)
		}, action: write, want: true},
		{name: "R18: notActions subtract within their own entry only", compose: func(t *testing.T, s *scene) {
			r := must(s.customer.AddRole(csp.RoleDefinition{Name: "Two entries", Permissions: []csp.Permission{
				{Actions: []string{"*"}, NotActions: []string{restart}}, {Actions: []string{restart}},
			}}))(t)
			must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: r.ID, Principal: s.anna.ID}))(t)
		}, action: restart, want: true},
		{name: "R18: a group within a group carries the right, if the token has it", compose: giveNested, action: restart, groups: true, want: true},
		{name: "R18: and does not, if it has not", compose: giveNested, action: restart},
		{name: "R18: a condition that does not hold gives nothing", compose: conditioned("ActionMatches{'x/y'}"), action: restart},
		{name: "R18: a condition that holds does", compose: conditioned("ActionMatches{'*/restart/action'}"), action: restart, want: true},
		{name: "R18: a condition nobody can read gives nothing", compose: conditioned("when the moon is full"), action: restart},
		{name: "R19: a deny assignment wins", compose: denied(csp.DenyAssignment{Everyone: true, Permissions: everything}), action: restart},
		{name: "R19: not over those it excludes", compose: deniedExcept, action: restart, want: true},
		{name: "R19: not over others than its principals", compose: denied(csp.DenyAssignment{Permissions: everything, Principals: []csp.ObjectID{world.NewID[csp.Principal]()}}), action: restart, want: true},
		{name: "R19: not over what its notActions take out", compose: denied(csp.DenyAssignment{Everyone: true, Permissions: []csp.Permission{{Actions: []string{"*"}, NotActions: []string{restart}}}}), action: restart, want: true},
		{name: "R19: not below, if it says so", compose: denied(csp.DenyAssignment{Everyone: true, Permissions: everything, ThisScopeOnly: true}), action: restart, want: true},
		{name: "R19: not at all, if it only audits", compose: denied(csp.DenyAssignment{Everyone: true, Permissions: everything, AuditOnly: true}), action: restart, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			if test.compose != nil {
				test.compose(t, s)
			}
			caller := world.Caller{Tenant: s.customer.ID, Object: s.anna.ID}
			if test.groups {
				caller.Groups = s.customer.GroupsOf(s.anna.ID)
			}
			scope := s.vm.Scope
			if test.scope != nil {
				scope = test.scope(s)
			}
			if got := s.w.May(caller, world.Act{Action: test.action, Scope: scope}); got.Allowed != test.want {
				t.Errorf("allowed = %v, want %v", got.Allowed, test.want)
			}
			stranger := world.Caller{Tenant: s.partner.ID, Object: s.anna.ID}
			if s.w.May(stranger, world.Act{Action: test.action, Scope: scope}).Allowed {
				t.Error("the same id with another tenant's token is let in")
			}
		})
	}
}

func subscriptionScope(s *scene) csp.Scope { return s.sub.Scope() }
func groupScope(s *scene) csp.Scope        { return s.group.Scope }
func machineScope(s *scene) csp.Scope      { return s.vm.Scope }

func give(name string, at func(*scene) csp.Scope) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		must(s.customer.Assign(csp.RoleAssignment{Scope: at(s), Role: role(t, name).ID, Principal: s.anna.ID}))(t)
	}
}

// giveNested gives Owner to a group around the group Anna is in, with a ring.
func giveNested(t *testing.T, s *scene) {
	t.Helper()
	outer := must(s.customer.AddGroup(world.Group{Name: "Outer"}))(t)
	inner := must(s.customer.AddGroup(world.Group{Name: "Inner"}))(t)
	for _, pair := range [][2]csp.ObjectID{{outer.ID, inner.ID}, {inner.ID, outer.ID}, {inner.ID, s.anna.ID}} {
		if err := s.customer.AddMember(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: role(t, "Owner").ID, Principal: outer.ID}))(t)
}

func conditioned(condition string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: role(t, "Owner").ID, Principal: s.anna.ID, Condition: condition}))(t)
	}
}

var everything = []csp.Permission{{Actions: []string{"*"}}}

func denied(d csp.DenyAssignment) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		give("Owner", subscriptionScope)(t, s)
		d.Scope = s.sub.Scope()
		if _, err := s.customer.AddDenial(d); err != nil {
			t.Fatal(err)
		}
	}
}

func deniedExcept(t *testing.T, s *scene) {
	t.Helper()
	denied(csp.DenyAssignment{Everyone: true, Permissions: everything, Excluded: []csp.ObjectID{s.anna.ID}})(t, s)
}

func TestEnter(t *testing.T) {
	s := newScene(t)
	agents := must(s.partner.AddGroup(world.Group{Name: world.AdminAgents}))(t)
	inner := must(s.partner.AddGroup(world.Group{Name: "Night shift"}))(t)
	direct := must(s.partner.AddUser(world.User{Name: "Direct", UPN: "direct"}))(t)
	nested := must(s.partner.AddUser(world.User{Name: "Nested", UPN: "nested"}))(t)
	for _, pair := range [][2]csp.ObjectID{{agents.ID, direct.ID}, {agents.ID, inner.ID}, {inner.ID, nested.ID}} {
		if err := s.partner.AddMember(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	partnership := world.Partnership{Partner: s.partner.ID, Customer: s.customer.ID, DAP: true}
	enter := func(u world.User) (world.Identity, world.Law) {
		who, err := s.w.Enter(u.Account(), s.customer.ID)
		return who, world.LawOf(err)
	}
	if who, law := enter(s.anna); law != "" || who.Guest || who.Delegated || who.Object != s.anna.ID {
		t.Errorf("a member: %+v, %s", who, law)
	}
	if _, law := enter(direct); law != world.NotInTenant {
		t.Errorf("an agent without a relationship: %s", law)
	}
	if err := s.w.SetPartnership(partnership); err != nil {
		t.Fatal(err)
	}
	if who, law := enter(direct); law != "" || !who.Delegated || who.Object != direct.ID || !slices.Contains(who.Groups, agents.ID) {
		t.Errorf("a direct agent (R10): %+v, %s", who, law)
	}
	if _, law := enter(nested); law != world.NotInTenant {
		t.Errorf("an agent through a nested group (R10): %s", law)
	}
	guest := must(s.customer.InviteGuest(direct, csp.ObjectID{}))(t)
	if who, law := enter(direct); law != "" || !who.Guest || who.Delegated || who.Object != guest.ID || len(who.Groups) != 0 {
		t.Errorf("an agent who is a guest is the guest (R13): %+v, %s", who, law)
	}
	guest.Disabled = true
	if err := s.w.SetUser(guest); err != nil {
		t.Fatal(err)
	}
	if _, law := enter(direct); law != world.AccountDisabled {
		t.Errorf("a disabled guest: %s", law)
	}
	if err := s.w.RemoveUser(s.customer.ID, guest.ID); err != nil {
		t.Fatal(err)
	}
	if who, law := enter(direct); law != "" || !who.Delegated {
		t.Errorf("a removed guest: %+v, %s", who, law)
	}
	if err := s.w.SetPartnership(world.Partnership{Partner: s.partner.ID, Customer: s.customer.ID}); err != nil {
		t.Fatal(err)
	}
	if _, law := enter(direct); law != world.NotInTenant {
		t.Errorf("after the end of the relationship: %s", law)
	}
}

func TestRemovedUserLeavesHisAssignmentsBehind(t *testing.T) {
	s := newScene(t)
	give("Reader", subscriptionScope)(t, s)
	helpers := must(s.customer.AddGroup(world.Group{Name: "Helpers"}))(t)
	if err := s.customer.AddMember(helpers.ID, s.anna.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.w.RemoveUser(s.customer.ID, s.anna.ID); err != nil {
		t.Fatal(err)
	}
	if len(s.customer.AssignmentsAbove(s.sub.Scope())) != 1 || s.customer.NameOf(s.anna.ID) != "Identity not found" || len(s.customer.GroupsOf(s.anna.ID)) != 0 {
		t.Error("want the assignment there, with nobody behind it")
	}
}

func TestHistory(t *testing.T) {
	s := newScene(t)
	reader := role(t, "Reader")
	ctx := s.w.BeginCall(t.Context(), "PUT", "arm", "/x")
	by := s.w.Acting(ctx, world.Actor{Tenant: s.customer.ID, Object: s.anna.ID, Name: "anna@contoso.example"})
	a := csp.RoleAssignment{Name: world.NewID[csp.RoleAssignment](), Scope: s.sub.Scope(), Role: reader.ID, Principal: s.anna.ID}
	if _, created, err := s.customer.PutAssignment(by, a); err != nil || !created {
		t.Fatal(created, err)
	}
	put := func() world.Event { h := s.w.History(); return h[len(h)-1] }
	if e := put(); !e.Answered.IsZero() || e.By.Name != "anna@contoso.example" || e.Assignment.Role != reader.ID || e.Assignment.PrincipalType != csp.User {
		t.Errorf("before the answer: %+v", e)
	}
	began := s.now
	s.now = s.now.Add(time.Second)
	s.w.EndCall(ctx, 201, false)
	if e := put(); !e.Effect.Equal(began) || !e.Answered.Equal(s.now) {
		t.Errorf("after the answer: effect %v, answered %v", e.Effect, e.Answered)
	}
	s.now = s.now.Add(time.Hour)
	ctx = s.w.BeginCall(t.Context(), "DELETE", "arm", "/x")
	by = s.w.Acting(ctx, world.Actor{Tenant: s.customer.ID, Object: s.anna.ID})
	if _, err := s.customer.DeleteAssignment(by, a.Scope, a.Name); err != nil {
		t.Fatal(err)
	}
	s.w.EndCall(ctx, 0, true)
	if e := put(); e.Kind != world.AssignmentDeleted || !e.Answered.IsZero() {
		t.Errorf("a lost answer: %+v", e)
	}
	got := world.Intervals(s.w.History())
	if len(got) != 1 || !got[0].From.Equal(began) || !got[0].To.Equal(s.now) {
		t.Errorf("intervals %+v", got)
	}
	if calls := s.w.Calls(); len(calls) != 2 || calls[0].Method != "DELETE" || !calls[0].Lost || calls[1].Status != 201 {
		t.Errorf("calls %+v", calls)
	}
}

func TestCallsAreForgottenInTime(t *testing.T) {
	s := newScene(t)
	for range 1000 {
		s.w.BeginCall(t.Context(), "GET", "arm", "/x")
	}
	if calls := s.w.Calls(); len(calls) != 200 || calls[0].Number != 1000 {
		t.Errorf("%d calls are kept, the newest is %d", len(calls), calls[0].Number)
	}
}

// TestConcurrentUse is for the race detector; it also counts.
func TestConcurrentUse(t *testing.T) {
	s := newScene(t)
	reader := role(t, "Reader")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				g, err := s.customer.AddGroup(world.Group{Name: "g"})
				if err != nil {
					t.Error(err)
					return
				}
				a, err := s.customer.Assign(csp.RoleAssignment{Scope: s.group.Scope, Role: reader.ID, Principal: g.ID})
				if err != nil {
					t.Error(err)
					return
				}
				s.w.May(world.Caller{Tenant: s.customer.ID, Object: s.anna.ID, Groups: []csp.ObjectID{g.ID}}, world.Act{Action: "x/read", Scope: s.vm.Scope})
				s.customer.Users()
				s.w.History()
				if _, err := s.customer.DeleteAssignment(world.Actor{}, a.Scope, a.Name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if got := world.Intervals(s.w.History()); len(got) != 400 || got[399].To.IsZero() {
		t.Errorf("%d intervals", len(got))
	}
}
