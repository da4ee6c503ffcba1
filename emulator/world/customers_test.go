package world_test

import (
	"errors"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/gdap"
	"latchkey/emulator/world"
)

// TestLawsBetweenPartnersAndCustomers: what is refused changes nothing.
func TestLawsBetweenPartnersAndCustomers(t *testing.T) {
	s := newScene(t)
	if _, err := s.partner.AddGroup(world.Group{Name: world.AdminAgents}); err != nil {
		t.Fatal(err)
	}
	must(s.customer.AddSubscription(csp.Subscription{Name: "By the partner", Creator: s.partner.ID}))(t)
	invitation := world.Invitation{Partner: s.partner.ID}
	anna := world.Actor{Tenant: s.customer.ID, Object: s.anna.ID, Name: "anna"}
	author := world.Actor{}
	other := world.NewID[csp.Tenant]()
	for _, test := range []struct {
		name string
		try  func() error
		want world.Law
	}{
		{"a member accepts", func() error { return s.w.AcceptReseller(anna, s.customer.ID, invitation) }, world.NotForYou},
		{"a partner's agent accepts", func() error {
			return s.w.AcceptReseller(world.Actor{Tenant: s.partner.ID, Object: s.james.ID}, s.customer.ID, invitation)
		}, world.NotForYou},
		{"an invitation by nobody", func() error { return s.w.AcceptReseller(author, s.customer.ID, world.Invitation{Partner: other}) }, world.NoPartner},
		{"an invitation by a tenant without agents", func() error {
			return s.w.AcceptReseller(author, s.partner.ID, world.Invitation{Partner: s.customer.ID})
		}, world.NoPartner},
		{"an indirect reseller of somebody else", func() error {
			return s.w.AcceptReseller(author, s.customer.ID, world.Invitation{Partner: s.partner.ID, Reseller: other})
		}, world.NoRelationship},
		{"one's own partner", func() error { return s.w.AcceptReseller(author, s.partner.ID, invitation) }, world.NoRelationship},
		{"ending what is not there", func() error { return s.w.DismissReseller(author, s.partner.ID, s.customer.ID) }, world.NoRelationship},
		{"ending DAP that is not there", func() error { return s.w.RemoveDAP(author, s.partner.ID, s.customer.ID) }, world.NoRelationship},
		{"selling to a stranger", func() error {
			return second(s.w.Sell(world.CommerceSubscription{Partner: s.partner.ID, Customer: s.customer.ID, Offer: "x"}))
		}, world.NoRelationship},
		{"ending while an Azure subscription runs", func() error { return s.w.RemoveReseller(author, s.partner.ID, s.customer.ID) }, world.StillSells},
		{"a customer whose domain is taken", func() error {
			return second(s.w.CreateCustomer(author, s.partner.ID, world.NewCustomer{Domain: "contoso.example", Profile: world.Profile{CompanyName: "X"}}))
		}, world.DomainTaken},
		{"a customer of an indirect reseller one does not have", func() error {
			return second(s.w.CreateCustomer(author, s.partner.ID, world.NewCustomer{Domain: "x.example", Reseller: other}))
		}, world.NoRelationship},
		{"deleting a customer outside of the sandbox", func() error { return s.w.DeleteCustomer(author, s.partner.ID, s.customer.ID) }, world.OnlyInSandbox},
		{"a profile of nobody", func() error { return s.w.SetProfile(author, other, world.Profile{}) }, world.NoSuchTenant},
		{"cancelling nothing", func() error { return s.w.SetDisabled(author, world.NewID[csp.Subscription](), true) }, world.NoSuchScope},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.w.History())
			if err := test.try(); !errors.Is(err, &world.Refusal{Law: test.want}) {
				t.Errorf("got %v, want the law %q", err, test.want)
			}
			if len(s.w.History()) != before {
				t.Error("something was written into the history")
			}
		})
	}
}

// TestIndirectCustomer reads R5: provider and reseller each have a relationship of
// their own, and a foreign principal of their own.
func TestIndirectCustomer(t *testing.T) {
	s := newScene(t)
	reseller := must(s.w.AddTenant(csp.Tenant{Name: "Corner shop", DefaultDomain: "corner.example"}))(t)
	if err := s.w.Supply(s.partner.ID, reseller.ID); err != nil {
		t.Fatal(err)
	}
	made := must(s.w.CreateCustomer(world.Actor{}, s.partner.ID, world.NewCustomer{
		Domain: "wingtip.onmicrosoft.com", Profile: world.Profile{CompanyName: "Wingtip"}, Reseller: reseller.ID, DefaultGDAP: true,
	}))(t)
	for partner, want := range map[csp.TenantID]struct {
		kind  csp.ResellerKind
		roles int
	}{s.partner.ID: {csp.IndirectProvider, 11}, reseller.ID: {csp.IndirectReseller, 9}} {
		p, _ := s.w.Partnership(partner, made.Tenant.ID)
		if p.Kind != want.kind || !p.Reseller || p.DAP {
			t.Errorf("got %+v, want %s", p, want.kind)
		}
		if list := s.w.Relationships(partner); len(list) != 1 || len(list[0].Roles) != want.roles || list[0].Status != csp.GDAPActive {
			t.Errorf("relationships %+v", list)
		}
		groups := s.w.AgentGroups(partner)
		if len(groups) != 3 {
			t.Fatalf("the partner has %d groups of agents", len(groups))
		}
		if kind, ok := made.Tenant.Resolve(groups[0].ID); !ok || kind != csp.ForeignGroup {
			t.Errorf("its AdminAgents are %s, %v", kind, ok)
		}
	}
}

// TestRemovePartner: everything is turned off at once, and what lies in Azure stays
// (R21, R23).
func TestRemovePartner(t *testing.T) {
	s := newScene(t)
	agents := must(s.partner.AddGroup(world.Group{Name: world.AdminAgents}))(t)
	if err := s.w.SetPartnership(world.Partnership{Partner: s.partner.ID, Customer: s.customer.ID, Reseller: true, DAP: true}); err != nil {
		t.Fatal(err)
	}
	reader := builtin.EntraRoles()[0]
	for _, role := range builtin.EntraRoles() {
		if role.Name == "Directory Readers" {
			reader = role
		}
	}
	r := must(s.w.CreateRelationship(world.Actor{}, gdap.Relationship{Partner: s.partner.ID, Customer: s.customer.ID, Name: "x", Days: 5, Roles: []csp.DirectoryRoleID{reader.ID}}))(t)
	must(s.w.LockForApproval(world.Actor{}, r.ID))(t)
	must(s.w.ApproveRelationship(world.Actor{}, r.ID, s.customer.ID))(t)
	s.w.Settle()
	must(s.customer.Assign(csp.RoleAssignment{Scope: s.sub.Scope(), Role: role(t, "Owner").ID, Principal: agents.ID}))(t)
	if list := s.w.PartnersOf(s.customer.ID); len(list) != 1 || list[0].ID != s.partner.ID || !s.w.IsDelegated(s.partner.ID, s.customer.ID) {
		t.Fatalf("partners %v", list)
	}
	if ended, err := s.w.RemovePartner(s.customer.ID, s.partner.ID, world.Removal{DAP: true, GDAP: true, Reseller: true}); err != nil || ended != 3 {
		t.Fatalf("ended %d, %v", ended, err)
	}
	s.now = s.now.Add(time.Minute)
	s.w.Settle()
	after, _ := s.w.Relationship(r.ID)
	if p, has := s.w.Partnership(s.partner.ID, s.customer.ID); has || s.w.IsDelegated(s.partner.ID, s.customer.ID) || after.Status != csp.GDAPTerminated {
		t.Errorf("there is still %+v, %s", p, after.Status)
	}
	if len(s.customer.AssignmentsAbove(s.sub.Scope())) != 1 {
		t.Error("the assignment has gone, too")
	}
	if list := s.w.PartnersOf(s.customer.ID); len(list) != 1 {
		t.Error("the page of partners would not show what is left")
	}
}

// TestCustomersAreInTheSnapshot: what partners know of customers is a part of the state.
func TestCustomersAreInTheSnapshot(t *testing.T) {
	s := newScene(t)
	before := s.w.Snapshot()
	if err := s.w.SetProfile(world.Actor{}, s.customer.ID, world.Profile{CompanyName: "Other", Email: "x@y.example"}); err != nil {
		t.Fatal(err)
	}
	if err := s.w.SetDisabled(world.Actor{}, s.sub.ID, true); err != nil {
		t.Fatal(err)
	}
	s.w.Restore(before)
	if got := s.w.Profile(s.customer.ID); got.CompanyName != "Contoso" || got.Email != "" || s.w.IsDisabled(s.sub.ID) {
		t.Errorf("after going back: %+v, disabled %v", got, s.w.IsDisabled(s.sub.ID))
	}
}
