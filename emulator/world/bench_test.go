package world_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/world"
)

// large is a partner with so many customers, each with a subscription, people,
// groups, GDAP and role assignments: 150 of them a customer.
func large(customers int) csp.Facts {
	var f csp.Facts
	number := uint64(0)
	next := func() (id [16]byte) {
		number++
		binary.BigEndian.PutUint64(id[8:], number)
		id[0] = 1
		return id
	}
	partner := csp.Tenant{ID: next(), Name: "Partner", DefaultDomain: "partner.example"}
	f.Tenants = append(f.Tenants, partner)
	principal := func(t csp.TenantID, kind csp.PrincipalType, name string) csp.ObjectID {
		p := csp.Principal{ID: next(), Tenant: t, Type: kind, Name: name}
		f.Principals = append(f.Principals, p)
		return p.ID
	}
	var engineers []csp.ObjectID
	for i := range 100 {
		engineers = append(engineers, principal(partner.ID, csp.User, fmt.Sprint("engineer", i)))
	}
	agents := principal(partner.ID, csp.Group, "AdminAgents")
	f.Principals[len(f.Principals)-1].Agents = csp.AdminAgents
	f.Memberships = append(f.Memberships, csp.Membership{Group: agents, Member: engineers[0]})
	f.Roles = append(f.Roles, builtin.AzureRoles()[:50]...)
	reader, _ := builtin.AzureRoleNamed("Reader")
	f.Roles = append(f.Roles, reader)
	readers := builtin.EntraRoles()[0]
	f.DirectoryRoles = append(f.DirectoryRoles, readers)
	for i := range customers {
		t := csp.Tenant{ID: next(), Name: fmt.Sprint("Customer ", i), DefaultDomain: csp.Domain(fmt.Sprintf("c%d.example", i))}
		f.Tenants = append(f.Tenants, t)
		s := csp.Subscription{ID: next(), Tenant: t.ID, Name: "Production", Creator: partner.ID}
		f.Subscriptions = append(f.Subscriptions, s)
		f.Resellers = append(f.Resellers, csp.ResellerRelationship{Partner: partner.ID, Customer: t.ID, Kind: csp.DirectPartner})
		f.GDAPs = append(f.GDAPs, csp.GDAPRelationship{
			ID: next(), Name: fmt.Sprint("gdap", i), Partner: partner.ID, Customer: t.ID, Status: csp.GDAPActive, Period: csp.Period{From: begin, Until: begin.Add(365 * day)},
			Roles: []csp.DirectoryRoleID{readers.ID}, Assignments: []csp.AccessAssignment{{Group: agents, Roles: []csp.DirectoryRoleID{readers.ID}, Status: csp.GDAPActive}},
		})
		var people []csp.ObjectID
		for j := range 20 {
			people = append(people, principal(t.ID, csp.User, fmt.Sprint("user", j)))
		}
		for j := range 5 {
			g := principal(t.ID, csp.Group, fmt.Sprint("group", j))
			for k := range 4 {
				f.Memberships = append(f.Memberships, csp.Membership{Group: g, Member: people[j*4+k]})
			}
			people = append(people, g)
		}
		f.Principals = append(f.Principals, csp.Principal{
			ID: next(), Tenant: t.ID, Type: csp.User, Name: "guest", Source: csp.Guest, Home: engineers[1+i%99], HomeTenant: partner.ID,
		})
		assign := func(who csp.ObjectID, kind csp.PrincipalType, role csp.RoleDefinitionID, at csp.Scope) {
			f.Assignments = append(f.Assignments, csp.Assignment{Tenant: t.ID, RoleAssignment: csp.RoleAssignment{Name: next(), Scope: at, Role: role, Principal: who, PrincipalType: kind}})
		}
		assign(agents, csp.ForeignGroup, reader.ID, csp.SubscriptionScopeOf(s.ID))
		for j := range 149 {
			kind := csp.User
			if j%25 >= 20 {
				kind = csp.Group
			}
			at, _ := csp.ResourceGroupScopeOf(s.ID, fmt.Sprint("rg", j/25))
			assign(people[j%25], kind, f.Roles[j%50].ID, at)
		}
	}
	return f
}

var begin = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

var largeWorld = sync.OnceValues(func() (*world.World, error) {
	w := empty()
	return w, w.Load(large(1000))
})

func empty() *world.World {
	return world.New(world.Options{Now: func() time.Time { return begin }, Roles: builtin.AzureRoles()})
}

// BenchmarkLoad loads 1,000 customers with 150,000 role assignments.
func BenchmarkLoad(b *testing.B) {
	f := large(1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := empty().Load(f); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkLarge(b *testing.B, do func(w *world.World, customer, partner world.Tenant, engineer, guest world.Account, s csp.Scope)) {
	b.Helper()
	w, err := largeWorld()
	if err != nil {
		b.Fatal(err)
	}
	customer, _ := w.TenantNamed("c500.example")
	partner, _ := w.TenantNamed("partner.example")
	engineer, _ := partner.UserNamed("engineer0@partner.example")
	guest, _ := partner.UserNamed(fmt.Sprintf("engineer%d@partner.example", 1+500%99))
	s := customer.Subscriptions()[0].Scope()
	b.ReportAllocs()
	for b.Loop() {
		do(w, customer, partner, engineer.Account(), guest.Account(), s)
	}
}

func BenchmarkEnterByGDAP(b *testing.B) {
	benchmarkLarge(b, func(w *world.World, c, _ world.Tenant, engineer, _ world.Account, _ csp.Scope) {
		if who, err := w.Enter(engineer, c.ID); err != nil || who.Edge != world.GDAPEdge {
			b.Fatal(who, err)
		}
	})
}

func BenchmarkEnterAsGuest(b *testing.B) {
	benchmarkLarge(b, func(w *world.World, c, _ world.Tenant, _, guest world.Account, _ csp.Scope) {
		if who, err := w.Enter(guest, c.ID); err != nil || !who.Guest {
			b.Fatal(who, err)
		}
	})
}

func BenchmarkMay(b *testing.B) {
	w, err := largeWorld()
	if err != nil {
		b.Fatal(err)
	}
	customer, _ := w.TenantNamed("c500.example")
	u, _ := customer.UserNamed("user3@c500.example")
	s := customer.Subscriptions()[0]
	at, _ := csp.ResourceGroupScopeOf(s.ID, "rg2")
	c := world.Caller{Tenant: customer.ID, Object: u.ID, Groups: customer.GroupsOf(u.ID)}
	b.ReportAllocs()
	for b.Loop() {
		w.May(c, world.Act{Action: "Microsoft.Compute/virtualMachines/restart/action", Scope: at})
	}
}

func BenchmarkLists(b *testing.B) {
	benchmarkLarge(b, func(w *world.World, c, partner world.Tenant, engineer, _ world.Account, s csp.Scope) {
		c.Subscriptions()
		c.AssignmentsAbove(s)
		w.TenantsOf(engineer)
		w.Sees(world.Caller{Tenant: c.ID, Object: engineer.Object}, s)
		partner.UserNamed("engineer7@partner.example")
	})
}

func BenchmarkAssignAndDelete(b *testing.B) {
	reader, _ := builtin.AzureRoleNamed("Reader")
	benchmarkLarge(b, func(_ *world.World, c, partner world.Tenant, _, _ world.Account, s csp.Scope) {
		u, _ := c.UserNamed("user3@" + c.DefaultDomain.String())
		a, err := c.Assign(csp.RoleAssignment{Scope: s, Role: reader.ID, Principal: u.ID})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.DeleteAssignment(world.Actor{}, a.Scope, a.Name); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkSnapshot(b *testing.B) {
	w, err := largeWorld()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Snapshot()
	}
}
