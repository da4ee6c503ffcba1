package world_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/gdap"
	"latchkey/emulator/world"
)

const day = 24 * time.Hour

func directoryRole(tb testing.TB, name string) csp.DirectoryRoleID {
	tb.Helper()
	for _, r := range builtin.EntraRoles() {
		if r.Name == name {
			return r.ID
		}
	}
	tb.Fatalf("no built-in directory role %q", name)
	return csp.DirectoryRoleID{}
}

// loan is a scene with the beginnings of GDAP: a group of the partner's with
// James in it, and Anna as Global Administrator of the customer.
type loan struct {
	*scene
	group                  world.Group
	readers, helpdesk, all csp.DirectoryRoleID
}

func newLoan(tb testing.TB, delays world.Delays) *loan {
	tb.Helper()
	l := &loan{scene: newSceneWith(tb, delays), readers: directoryRole(tb, "Directory Readers"), helpdesk: directoryRole(tb, "Helpdesk Administrator"), all: directoryRole(tb, "Global Administrator")}
	l.group = must(l.partner.AddGroup(world.Group{Name: "Contoso engineers"}))(tb)
	if err := l.partner.AddMember(l.group.ID, l.james.ID); err != nil {
		tb.Fatal(err)
	}
	must(l.customer.AssignDirectoryRole(world.DirectoryAssignment{Principal: l.anna.ID, Role: l.all}))(tb)
	return l
}

func (l *loan) propose(tb testing.TB, change ...func(*gdap.Relationship)) gdap.Relationship {
	tb.Helper()
	r := gdap.Relationship{Partner: l.partner.ID, Customer: l.customer.ID, Name: "Support", Days: 30, Roles: []csp.DirectoryRoleID{l.readers, l.helpdesk}}
	for _, f := range change {
		f(&r)
	}
	return must(l.w.CreateRelationship(world.Actor{}, r))(tb)
}

func (l *loan) active(tb testing.TB, change ...func(*gdap.Relationship)) gdap.Relationship {
	tb.Helper()
	r := l.propose(tb, change...)
	must(l.w.LockForApproval(world.Actor{}, r.ID))(tb)
	must(l.w.ApproveRelationship(l.asAnna(), r.ID, l.customer.ID))(tb)
	l.w.Settle()
	return l.look(tb, r.ID)
}

func (l *loan) look(tb testing.TB, id csp.GDAPID) gdap.Relationship {
	tb.Helper()
	r, ok := l.w.Relationship(id)
	if !ok {
		tb.Fatal("the relationship is gone")
	}
	return r
}

func (l *loan) asAnna() world.Actor {
	return world.Actor{Tenant: l.customer.ID, Object: l.anna.ID, Name: "anna"}
}

func (l *loan) asJames() world.Actor {
	return world.Actor{Tenant: l.partner.ID, Object: l.james.ID, Name: "james"}
}

func (l *loan) move(by time.Duration) {
	l.now = l.now.Add(by)
	l.w.Settle()
}

func (l *loan) status(tb testing.TB, id csp.GDAPID, want csp.GDAPStatus) {
	tb.Helper()
	if r := l.look(tb, id); r.Status != want {
		tb.Errorf("it is %s, want %s", r.Status, want)
	}
}

// TestARelationshipGoesFromStateToState walks the whole way by the clock (R11).
func TestARelationshipGoesFromStateToState(t *testing.T) {
	l := newLoan(t, world.Delays{Relationship: 10 * time.Minute, AccessAssignment: time.Minute})
	r := l.propose(t)
	if r.Status != csp.GDAPCreated || r.Version != 1 || r.ETag() == "" || !r.Ends.IsZero() {
		t.Errorf("created: %+v", r)
	}
	if id, err := gdap.ParseID(r.WireID()); err != nil || id != r.ID {
		t.Errorf("its id on the wire %s reads as %s, %v", r.WireID(), id, err)
	}
	must(l.w.LockForApproval(l.asJames(), r.ID))(t)
	l.status(t, r.ID, csp.GDAPApprovalPending)
	must(l.w.ApproveRelationship(l.asAnna(), r.ID, l.customer.ID))(t)
	l.status(t, r.ID, csp.GDAPApproved)
	l.move(5 * time.Minute)
	l.status(t, r.ID, csp.GDAPActivating)
	l.move(6 * time.Minute) // a minute late: it took effect when it was due
	active := l.look(t, r.ID)
	if active.Status != csp.GDAPActive || !active.Activated.Equal(l.now.Add(-time.Minute)) || !active.Ends.Equal(active.Activated.Add(30*day)) || active.ETag() == r.ETag() {
		t.Errorf("active: %+v", active)
	}

	a := must(l.w.AddAccessAssignment(l.asJames(), r.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
	if _, err := l.w.Enter(l.james.Account(), l.customer.ID); a.Status != csp.GDAPPending || world.LawOf(err) != world.NotInTenant {
		t.Errorf("pending: %s, %v", a.Status, err)
	}
	l.move(time.Minute)
	who, err := l.w.Enter(l.james.Account(), l.customer.ID)
	if err != nil || who.Edge != world.GDAPEdge || !who.Delegated || who.Object != l.james.ID || !slices.Equal(who.Roles, []csp.DirectoryRoleID{l.readers}) || !slices.Contains(who.Groups, l.group.ID) {
		t.Errorf("James comes in as %+v, %v", who, err)
	}

	a = l.look(t, r.ID).Access[0]
	_, op, err := l.w.UpdateAccessAssignment(l.asJames(), r.ID, a.ID, a.ETag(), []csp.DirectoryRoleID{l.helpdesk})
	if err != nil || op == nil || op.Status != "notStarted" {
		t.Fatal(op, err)
	}
	l.move(30 * time.Second)
	if got := l.look(t, r.ID).Operations[0]; got.Status != "running" || got.ID != op.ID {
		t.Errorf("the operation is %+v", got)
	}
	l.move(30 * time.Second)
	if got := l.look(t, r.ID); got.Operations[0].Status != "succeeded" || !slices.Equal(l.w.RolesOf(l.james.Account(), l.customer.ID), []csp.DirectoryRoleID{l.helpdesk}) {
		t.Errorf("after the change: %+v", got)
	}
	if err := l.w.DeleteAccessAssignment(l.asJames(), r.ID, a.ID, a.ETag()); world.LawOf(err) != world.VersionDiffers {
		t.Errorf("removed by an old version: %v", err)
	}
	if err := l.w.DeleteAccessAssignment(l.asJames(), r.ID, a.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := l.w.Enter(l.james.Account(), l.customer.ID); world.LawOf(err) != world.NotInTenant || l.look(t, r.ID).Access[0].Status != csp.GDAPDeleting {
		t.Errorf("deleting: %v", err)
	}
	l.move(time.Minute)
	if got := l.look(t, r.ID).Access; len(got) != 1 || got[0].Status != csp.GDAPDeleted {
		t.Errorf("a deleted assignment stays listed: %+v", got)
	}
	if _, err := l.w.AddAccessAssignment(l.asJames(), r.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}); err != nil {
		t.Errorf("the group again: %v", err)
	}

	must(l.w.TerminateRelationship(l.asAnna(), r.ID))(t)
	l.status(t, r.ID, gdap.TerminationRequested)
	if got := l.w.Facts().GDAPs[0].Status; got != csp.GDAPTerminating {
		t.Errorf("in facts it is %s", got)
	}
	l.move(5 * time.Minute)
	l.status(t, r.ID, csp.GDAPTerminating)
	l.move(5 * time.Minute)
	l.status(t, r.ID, csp.GDAPTerminated)
	if got := l.look(t, r.ID).Requests; len(got) != 3 {
		t.Errorf("the requests are %+v", got)
	}
	l.move(365 * day)
	if _, ok := l.w.Relationship(r.ID); ok {
		t.Error("a year later it is still remembered")
	}
}

func TestARelationshipEndsOrExtendsItselfByTheClock(t *testing.T) {
	l := newLoan(t, world.Delays{})
	once := l.active(t)
	again := l.active(t, func(r *gdap.Relationship) { r.Name, r.ExtendDays = "Again", 180 })
	l.w.Settle()
	must(l.w.AddAccessAssignment(world.Actor{}, once.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
	l.w.Settle()
	l.now = once.Ends.Add(-time.Second)
	if who, err := l.w.Enter(l.james.Account(), l.customer.ID); err != nil || len(who.Roles) != 1 {
		t.Errorf("a second before the end: %+v, %v", who, err)
	}
	l.now = once.Ends
	if _, err := l.w.Enter(l.james.Account(), l.customer.ID); world.LawOf(err) != world.NotInTenant {
		t.Errorf("at the end, before anybody looked: %v", err)
	}
	l.w.BeginCall(t.Context(), "GET", "graph", "/")
	l.status(t, once.ID, csp.GDAPExpired)
	if got := l.look(t, again.ID); got.Status != csp.GDAPActive || !got.Ends.Equal(again.Ends.Add(180*day)) {
		t.Errorf("extended: %s until %s", got.Status, got.Ends)
	}
	l.move(400 * day)
	if got := l.look(t, again.ID); got.Status != csp.GDAPActive || !got.Ends.After(l.now) {
		t.Errorf("extended again and again: %s until %s", got.Status, got.Ends)
	}
	if _, ok := l.w.Relationship(once.ID); ok {
		t.Error("the expired one is still remembered a year later")
	}
}

func TestAnActiveRelationshipLosesGlobalAdministratorLater(t *testing.T) {
	l := newLoan(t, world.Delays{Relationship: time.Hour, AccessAssignment: time.Hour})
	r := l.propose(t, func(r *gdap.Relationship) { r.Roles = append(r.Roles, l.all) })
	must(l.w.LockForApproval(world.Actor{}, r.ID))(t)
	must(l.w.ApproveRelationship(world.Actor{}, r.ID, l.customer.ID))(t)
	l.move(time.Hour)
	must(l.w.AddAccessAssignment(world.Actor{}, r.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.all, l.readers}}))(t)
	l.move(time.Hour)
	days := 180
	if _, _, err := l.w.UpdateRelationship(l.asJames(), r.ID, "", gdap.Change{ExtendDays: &days}); world.LawOf(err) != world.NoExtension {
		t.Errorf("extending with Global Administrator: %v", err)
	}
	if _, _, err := l.w.UpdateRelationship(l.asJames(), r.ID, "", gdap.Change{Roles: []csp.DirectoryRoleID{l.readers}}); world.LawOf(err) != world.WrongStatus {
		t.Errorf("taking out another role: %v", err)
	}
	got, op, err := l.w.UpdateRelationship(l.asJames(), r.ID, "", gdap.Change{Roles: []csp.DirectoryRoleID{l.readers, l.helpdesk}})
	if err != nil || op == nil || !slices.Contains(got.Roles, l.all) {
		t.Fatal(got, op, err)
	}
	l.move(time.Hour)
	if roles := l.w.RolesOf(l.james.Account(), l.customer.ID); !slices.Equal(roles, []csp.DirectoryRoleID{l.readers}) {
		t.Errorf("he keeps %v", roles)
	}
	if _, op, err = l.w.UpdateRelationship(l.asJames(), r.ID, "", gdap.Change{ExtendDays: &days}); err != nil || op != nil || l.look(t, r.ID).ExtendDays != 180 {
		t.Errorf("extending without it: %v, %v", op, err)
	}
}

func TestAnOperationFailsIfTheRelationshipEndsBefore(t *testing.T) {
	l := newLoan(t, world.Delays{})
	r := l.active(t)
	a := must(l.w.AddAccessAssignment(world.Actor{}, r.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
	l.w.Settle()
	if _, op, err := l.w.UpdateAccessAssignment(world.Actor{}, r.ID, a.ID, "*", []csp.DirectoryRoleID{l.readers}); err != nil || op != nil {
		t.Errorf("no change: %v, %v", op, err)
	}
	if _, op, err := l.w.UpdateAccessAssignment(world.Actor{}, r.ID, a.ID, "*", []csp.DirectoryRoleID{l.helpdesk}); err != nil || op == nil {
		t.Fatal(op, err)
	}
	must(l.w.TerminateRelationship(l.asJames(), r.ID))(t)
	l.w.Settle()
	if got := l.look(t, r.ID); got.Operations[0].Status != "failed" || !slices.Equal(got.Access[0].Roles, []csp.DirectoryRoleID{l.readers}) {
		t.Errorf("got %+v", got)
	}
}

func TestAProposalToAnybodyIsUsedOnce(t *testing.T) {
	l := newLoan(t, world.Delays{})
	r := l.propose(t, func(r *gdap.Relationship) { r.Customer = csp.TenantID{} })
	must(l.w.LockForApproval(world.Actor{}, r.ID))(t)
	other := must(l.w.AddTenant(csp.Tenant{Name: "Dune", DefaultDomain: "dune.example"}))(t)
	must(l.w.ApproveRelationship(world.Actor{}, r.ID, other.ID))(t)
	if _, err := l.w.ApproveRelationship(l.asAnna(), r.ID, l.customer.ID); world.LawOf(err) != world.NotYours {
		t.Errorf("a second customer: %v", err)
	}
	l.w.Settle()
	if got := l.w.RelationshipsOf(other.ID); len(got) != 1 || got[0].Status != csp.GDAPActive || len(l.w.RelationshipsOf(l.customer.ID)) != 0 || len(l.w.Relationships(l.partner.ID)) != 1 {
		t.Errorf("the first has %+v", got)
	}
}

func TestAProposalVanishesUnanswered(t *testing.T) {
	l := newLoan(t, world.Delays{})
	r, rejected, kept := l.propose(t), l.propose(t, func(r *gdap.Relationship) { r.Name = "No" }), l.propose(t, func(r *gdap.Relationship) { r.Name = "Draft" })
	for _, p := range []gdap.Relationship{r, rejected} {
		must(l.w.LockForApproval(world.Actor{}, p.ID))(t)
	}
	must(l.w.RejectRelationship(l.asAnna(), rejected.ID, l.customer.ID))(t)
	l.move(90*day - time.Second)
	l.status(t, r.ID, csp.GDAPApprovalPending)
	l.move(time.Second)
	if got := l.w.Relationships(l.partner.ID); len(got) != 1 || got[0].ID != kept.ID {
		t.Errorf("left are %+v", got)
	}
}

func TestLawsOfRelationships(t *testing.T) {
	l := newLoan(t, world.Delays{})
	draft, running := l.propose(t, func(r *gdap.Relationship) { r.Name = "Draft" }), l.active(t)
	a := must(l.w.AddAccessAssignment(world.Actor{}, running.ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
	stranger := world.Actor{Tenant: l.customer.ID, Object: must(l.customer.AddUser(world.User{Name: "Eve", UPN: "eve"}))(t).ID, Name: "eve"}
	own := must(l.customer.AddGroup(world.Group{Name: "Own"}))(t)
	propose := func(change func(*gdap.Relationship)) func() error {
		return func() error {
			r := gdap.Relationship{Partner: l.partner.ID, Customer: l.customer.ID, Name: "New", Days: 30, Roles: []csp.DirectoryRoleID{l.readers}}
			change(&r)
			return second(l.w.CreateRelationship(world.Actor{}, r))
		}
	}
	assign := func(id csp.GDAPID, group csp.ObjectID, roles ...csp.DirectoryRoleID) func() error {
		return func() error {
			return second(l.w.AddAccessAssignment(world.Actor{}, id, gdap.AccessAssignment{Group: group, Roles: roles}))
		}
	}
	name := "Support"
	for _, test := range []struct {
		name string
		try  func() error
		want world.Law
	}{
		{"it lasts a day at least", propose(func(r *gdap.Relationship) { r.Days = 0 }), world.BadDuration},
		{"and two years at most", propose(func(r *gdap.Relationship) { r.Days = 731 }), world.BadDuration},
		{"it extends itself by 180 days or not at all", propose(func(r *gdap.Relationship) { r.ExtendDays = 90 }), world.BadDuration},
		{"and not with Global Administrator (R11)", propose(func(r *gdap.Relationship) { r.ExtendDays = 180; r.Roles = []csp.DirectoryRoleID{l.all} }), world.NoExtension},
		{"its name is the partner's only one of the kind", propose(func(r *gdap.Relationship) { r.Name = "SUPPORT" }), world.NameTaken},
		{"its name is short", propose(func(r *gdap.Relationship) { r.Name = string(make([]byte, 51)) }), world.BadName},
		{"it has a role", propose(func(r *gdap.Relationship) { r.Roles = nil }), world.NoSuchRole},
		{"which exists", propose(func(r *gdap.Relationship) { r.Roles = []csp.DirectoryRoleID{world.NewID[csp.DirectoryRole]()} }), world.NoSuchRole},
		{"its partner exists", propose(func(r *gdap.Relationship) { r.Partner = world.NewID[csp.Tenant]() }), world.NoSuchTenant},
		{"its customer does", propose(func(r *gdap.Relationship) { r.Customer = world.NewID[csp.Tenant]() }), world.NoSuchTenant},
		{"and is another", propose(func(r *gdap.Relationship) { r.Customer = r.Partner }), world.NoSuchTenant},
		{"its id is its own", propose(func(r *gdap.Relationship) { r.ID = draft.ID }), world.IDTaken},
		{"a change is of what was read", func() error { return l.w.DeleteRelationship(world.Actor{}, draft.ID, `W/"old"`) }, world.VersionDiffers},
		{"an active one is not deleted", func() error { return l.w.DeleteRelationship(world.Actor{}, running.ID, "") }, world.WrongStatus},
		{"nor renamed", func() error {
			other := "Other"
			_, _, err := l.w.UpdateRelationship(world.Actor{}, running.ID, "", gdap.Change{Name: &other})
			return err
		}, world.WrongStatus},
		{"a draft keeps the laws when changed", func() error {
			_, _, err := l.w.UpdateRelationship(world.Actor{}, draft.ID, "", gdap.Change{Name: &name})
			return err
		}, world.NameTaken},
		{"a draft is not approved", func() error { return second(l.w.ApproveRelationship(l.asAnna(), draft.ID, l.customer.ID)) }, world.WrongStatus},
		{"a draft is not terminated", func() error { return second(l.w.TerminateRelationship(l.asJames(), draft.ID)) }, world.WrongStatus},
		{"an active one is not locked", func() error { return second(l.w.LockForApproval(l.asJames(), running.ID)) }, world.WrongStatus},
		{"it is ended by its own", func() error { return second(l.w.TerminateRelationship(stranger, running.ID)) }, world.NotYours},
		{"it exists", func() error { return second(l.w.LockForApproval(l.asJames(), world.NewID[csp.GDAPRelationship]())) }, world.NoSuchRelationship},
		{"access is assigned in an active one", assign(draft.ID, l.group.ID, l.readers), world.WrongStatus},
		{"to a group of the partner", assign(running.ID, own.ID, l.readers), world.NoSuchPrincipal},
		{"once", assign(running.ID, l.group.ID, l.readers), world.AlreadyAssigned},
		{"with roles that were agreed", func() error {
			g := must(l.partner.AddGroup(world.Group{Name: "More"}))(t)
			return assign(running.ID, g.ID, l.all)()
		}, world.RoleNotAgreed},
		{"an access assignment exists", func() error {
			return l.w.DeleteAccessAssignment(world.Actor{}, running.ID, world.NewID[gdap.AccessAssignment](), "")
		}, world.NoSuchAccess},
		{"and is changed once it is active", func() error {
			_, _, err := l.w.UpdateAccessAssignment(world.Actor{}, running.ID, a.ID, "", []csp.DirectoryRoleID{l.helpdesk})
			return err
		}, world.WrongStatus},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.try(); world.LawOf(err) != test.want {
				t.Errorf("got %v, want the law %q", err, test.want)
			}
		})
	}
	if _, _, err := l.w.UpdateRelationship(world.Actor{}, draft.ID, draft.ETag(), gdap.Change{Roles: []csp.DirectoryRoleID{l.all}, Customer: &csp.TenantID{}}); err != nil {
		t.Errorf("changing a draft: %v", err)
	}
	if err := l.w.DeleteRelationship(world.Actor{}, draft.ID, ""); err != nil {
		t.Errorf("deleting a draft: %v", err)
	}
	third := l.propose(t, func(r *gdap.Relationship) { r.Name = "Third" })
	must(l.w.LockForApproval(world.Actor{}, third.ID))(t)
	if err := second(l.w.ApproveRelationship(stranger, third.ID, l.customer.ID)); world.LawOf(err) != world.NotYours {
		t.Errorf("approved by somebody who is no administrator: %v", err)
	}
}

// TestDelegationOfAUser reads R10 to R13 as examples.
func TestDelegationOfAUser(t *testing.T) {
	for _, test := range []struct {
		name           string
		dap, gdap      bool
		agent, guest   bool
		pending        bool
		edge           world.Edge
		roles, portals int
		law            world.Law
	}{
		{name: "nothing", law: world.NotInTenant},
		{name: "R10: DAP for an admin agent", dap: true, agent: true, edge: world.DAPEdge, roles: 1, portals: 1},
		{name: "R10: DAP for nobody else", dap: true, law: world.NotInTenant},
		{name: "R11: GDAP", gdap: true, edge: world.GDAPEdge, roles: 1},
		{name: "R12: GDAP replaces DAP", gdap: true, dap: true, agent: true, edge: world.GDAPEdge, roles: 1},
		{name: "R13: a guest is only the guest", gdap: true, guest: true, edge: world.GuestEdge},
		{name: "R13: under DAP too, but for the portals", dap: true, agent: true, guest: true, edge: world.GuestEdge, portals: 1},
		{name: "R2: a guest who has not accepted does not enter", gdap: true, guest: true, pending: true, law: world.InvitationPending},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLoan(t, world.Delays{})
			if test.dap {
				if err := l.w.SetPartnership(world.Partnership{Partner: l.partner.ID, Customer: l.customer.ID, DAP: true}); err != nil {
					t.Fatal(err)
				}
			}
			if test.agent {
				g, _ := l.partner.AgentGroup(csp.AdminAgents)
				if err := l.partner.AddMember(g.ID, l.james.ID); err != nil {
					t.Fatal(err)
				}
				if got := l.partner.AgentRolesOf(l.james.ID); !slices.Equal(got, []csp.AgentRole{csp.AdminAgents}) {
					t.Errorf("R7: his agent roles are %v", got)
				}
			}
			if test.gdap {
				must(l.w.AddAccessAssignment(world.Actor{}, l.active(t).ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
				l.w.Settle()
			}
			var guest world.User
			if test.guest {
				guest = must(l.customer.InvitePending(l.james, csp.ObjectID{}))(t)
				if !test.pending {
					if err := l.customer.RedeemInvitation(guest.ID, l.james.Account()); err != nil {
						t.Fatal(err)
					}
				}
			}
			who, err := l.w.Enter(l.james.Account(), l.customer.ID)
			if world.LawOf(err) != test.law || who.Edge != test.edge || len(who.Roles) != test.roles || who.Guest != (test.edge == world.GuestEdge) {
				t.Errorf("he comes in as %+v, %v", who, err)
			}
			if got := l.w.RolesOf(l.james.Account(), l.customer.ID); len(got) != test.roles {
				t.Errorf("his roles are %v", got)
			}
			if got := l.w.PortalRolesOf(l.james.Account(), l.customer.ID); len(got) != test.portals {
				t.Errorf("in the portals his roles are %v", got)
			}
		})
	}
}

// TestAGuestOfThePartnerIsNoPartner: what a partner may do is not open to its
// guests, though they are in its groups.
func TestAGuestOfThePartnerIsNoPartner(t *testing.T) {
	l := newLoan(t, world.Delays{})
	must(l.w.AddAccessAssignment(world.Actor{}, l.active(t).ID, gdap.AccessAssignment{Group: l.group.ID, Roles: []csp.DirectoryRoleID{l.readers}}))(t)
	l.w.Settle()
	third := must(l.w.AddTenant(csp.Tenant{Name: "Third", DefaultDomain: "third.example"}))(t)
	eve := must(third.AddUser(world.User{Name: "Eve", UPN: "eve"}))(t)
	guest := must(l.partner.InviteGuest(eve, csp.ObjectID{}))(t)
	if err := l.partner.AddMember(l.group.ID, guest.ID); err != nil {
		t.Fatal(err)
	}
	for _, account := range []world.Account{eve.Account(), {Tenant: l.partner.ID, Object: guest.ID}} {
		if who, err := l.w.Enter(account, l.customer.ID); world.LawOf(err) != world.NotInTenant {
			t.Errorf("she comes in as %+v, %v", who, err)
		}
		if got := l.w.PortalRolesOf(account, l.customer.ID); got != nil {
			t.Errorf("in the portals she has %v", got)
		}
	}
}

// TestTheDirectLink: under the old rules an agent comes in by the foreign
// principal's assignment alone (R22).
func TestTheDirectLink(t *testing.T) {
	for _, old := range []bool{false, true} {
		w := world.New(world.Options{Roles: builtin.AzureRoles()})
		partner := must(w.AddTenant(csp.Tenant{Name: "Alder", DefaultDomain: "alder.example"}))(t)
		customer := must(w.AddTenant(csp.Tenant{Name: "Old", DefaultDomain: "old.example", OldRules: old}))(t)
		ann, bob := must(partner.AddUser(world.User{Name: "Ann", UPN: "ann"}))(t), must(partner.AddUser(world.User{Name: "Bob", UPN: "bob"}))(t)
		sub := must(customer.AddSubscription(csp.Subscription{Name: "Files"}))(t)
		if err := w.SetPartnership(world.Partnership{Partner: partner.ID, Customer: customer.ID, Reseller: true}); err != nil {
			t.Fatal(err)
		}
		agents, _ := partner.AgentGroup(csp.AdminAgents)
		if err := partner.AddMember(agents.ID, ann.ID); err != nil {
			t.Fatal(err)
		}
		must(customer.Assign(csp.RoleAssignment{Scope: sub.Scope(), Role: role(t, "Owner").ID, Principal: agents.ID, PrincipalType: csp.ForeignGroup}))(t)
		if err := w.SetPartnership(world.Partnership{Partner: partner.ID, Customer: customer.ID}); err != nil {
			t.Fatal(err)
		}
		who, err := w.Enter(ann.Account(), customer.ID)
		if old != (err == nil) || (old && (who.Edge != world.LinkEdge || len(who.Roles) != 0)) {
			t.Errorf("old rules %t: %+v, %v", old, who, err)
		}
		if old {
			c := world.Caller{Tenant: customer.ID, Object: who.Object, Groups: who.Groups}
			if !w.May(c, world.Act{Action: "x/write", Scope: sub.Scope()}).Allowed || w.MayInDirectory(c, "microsoft.directory/users/standard/read") {
				t.Error("R16, R22: she owns the subscription and does not see the directory")
			}
		}
		if _, err := w.Enter(bob.Account(), customer.ID); err == nil {
			t.Error("somebody who holds nothing there came in")
		}
	}
}
