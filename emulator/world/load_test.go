package world_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/csp/worldfile"
	"latchkey/emulator/world"
)

// contoso is the world of examples/contoso.yaml.
func contoso(tb testing.TB) csp.Facts {
	tb.Helper()
	text, err := os.ReadFile("../../examples/contoso.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	f, err := worldfile.Parse("contoso.yaml", text)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func loaded(tb testing.TB, f csp.Facts) *world.World {
	tb.Helper()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	w := world.New(world.Options{Now: func() time.Time { return now }, Roles: builtin.AzureRoles()})
	if err := w.Load(f); err != nil {
		tb.Fatal(err)
	}
	return w
}

// sorted is the facts with every list in one order, and each row once.
func sorted(f csp.Facts) csp.Facts {
	order(&f.Tenants)
	order(&f.Domains)
	order(&f.Principals)
	order(&f.People)
	order(&f.Memberships)
	order(&f.Resellers)
	order(&f.DAPs)
	f.GDAPs = slices.Clone(f.GDAPs)
	for i := range f.GDAPs {
		order(&f.GDAPs[i].Roles)
		order(&f.GDAPs[i].Assignments)
	}
	order(&f.GDAPs)
	order(&f.Lighthouses)
	order(&f.Subscriptions)
	order(&f.Placements)
	order(&f.Resources)
	order(&f.Identities)
	order(&f.Roles)
	order(&f.Assignments)
	order(&f.Denials)
	order(&f.DirectoryRoles)
	order(&f.DirectoryAssignments)
	order(&f.Locks)
	order(&f.Policies)
	order(&f.Artefacts)
	order(&f.Usage)
	order(&f.Gaps)
	return f
}

func order[T any](list *[]T) {
	text := func(v T) string { return strings.ToLower(fmt.Sprintf("%+v", v)) }
	*list = slices.Clone(*list)
	slices.SortFunc(*list, func(a, b T) int { return cmp.Compare(text(a), text(b)) })
	*list = slices.CompactFunc(*list, func(a, b T) bool { return text(a) == text(b) })
	if len(*list) == 0 {
		*list = nil
	}
}

var sameScope = gocmp.Comparer(func(a, b csp.Scope) bool { return a.Equal(b) })

func TestFactsGiveBackWhatWasLoaded(t *testing.T) {
	f := contoso(t)
	if diff := gocmp.Diff(sorted(f), sorted(loaded(t, f).Facts()), sameScope); diff != "" {
		t.Error(diff)
	}
}

// TestLoadRefusesWhatBreaksALaw changes the example, one law at a time.
func TestLoadRefusesWhatBreaksALaw(t *testing.T) {
	whole := contoso(t)
	find := func(name string) csp.Principal {
		for _, p := range whole.Principals {
			if p.Name == name {
				return p
			}
		}
		t.Fatalf("nobody is called %s", name)
		return csp.Principal{}
	}
	cleo, ann, support := find("cleo"), find("ann"), find("Support")
	elsewhere := csp.MustParseScope("/subscriptions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
	above := csp.MustParseScope("/providers/Microsoft.Management/managementGroups/contoso")
	for _, test := range []struct {
		name   string
		change func(*csp.Facts)
		want   world.Law
	}{
		{"two tenants of an id", func(f *csp.Facts) { f.Tenants = append(f.Tenants, f.Tenants[0]) }, world.IDTaken},
		{"a domain of two tenants (R1)", func(f *csp.Facts) {
			f.Domains = append(f.Domains, csp.TenantDomain{Tenant: f.Tenants[0].ID, Domain: f.Tenants[1].DefaultDomain})
		}, world.DomainTaken},
		{"two principals of an id", func(f *csp.Facts) { f.Principals = append(f.Principals, cleo) }, world.IDTaken},
		{"a principal without an id", func(f *csp.Facts) {
			f.Principals = append(f.Principals, csp.Principal{Tenant: cleo.Tenant, Type: csp.User})
		}, world.IDTaken},
		{"a principal of no kind", func(f *csp.Facts) {
			f.Principals = append(f.Principals, csp.Principal{ID: world.NewID[csp.Principal](), Tenant: cleo.Tenant, Type: "Robot"})
		}, world.NoSuchPrincipal},
		{"a principal of nowhere", func(f *csp.Facts) {
			f.Principals = append(f.Principals, csp.Principal{ID: world.NewID[csp.Principal](), Type: csp.User})
		}, world.NoSuchTenant},
		{"a guest at home (R2)", func(f *csp.Facts) {
			f.Principals = append(f.Principals, csp.Principal{ID: world.NewID[csp.Principal](), Tenant: cleo.Tenant, Type: csp.User, Source: csp.Guest, Home: cleo.ID})
		}, world.BadName},
		{"two groups of admin agents (R7)", func(f *csp.Facts) {
			f.Principals = append(f.Principals, csp.Principal{ID: world.NewID[csp.Principal](), Tenant: ann.Tenant, Type: csp.Group, Name: "x", Agents: csp.AdminAgents})
		}, world.NameTaken},
		{"a member of another tenant (R20)", func(f *csp.Facts) {
			f.Memberships = append(f.Memberships, csp.Membership{Group: support.ID, Member: cleo.ID})
		}, world.ForeignMember},
		{"a member of no group", func(f *csp.Facts) {
			f.Memberships = append(f.Memberships, csp.Membership{Group: ann.ID, Member: ann.ID})
		}, world.NoSuchPrincipal},
		{"a group in itself", func(f *csp.Facts) {
			f.Memberships = append(f.Memberships, csp.Membership{Group: support.ID, Member: support.ID})
		}, world.NameTaken},
		{"two subscriptions of an id", func(f *csp.Facts) { f.Subscriptions = append(f.Subscriptions, f.Subscriptions[0]) }, world.IDTaken},
		{"a resource in no subscription", func(f *csp.Facts) { f.Resources = append(f.Resources, csp.Resource{Scope: elsewhere}) }, world.NoSuchScope},
		{"a ring of management groups (R17)", func(f *csp.Facts) {
			f.Placements = append(f.Placements, csp.Placement{Tenant: cleo.Tenant, Child: above, Parent: above})
		}, world.BadPlacement},
		{"a partner of itself", func(f *csp.Facts) {
			f.DAPs = append(f.DAPs, csp.DAPRelationship{Partner: ann.Tenant, Customer: ann.Tenant})
		}, world.NoSuchTenant},
		{"two relationships of an id", func(f *csp.Facts) { f.GDAPs = append(f.GDAPs, f.GDAPs[0]) }, world.IDTaken},
		{"Global Administrator for ever (R11)", func(f *csp.Facts) {
			f.GDAPs = append(f.GDAPs, csp.GDAPRelationship{Partner: ann.Tenant, Customer: cleo.Tenant, ExtendsBy: 180, Roles: []csp.DirectoryRoleID{directoryRole(t, "Global Administrator")}})
		}, world.NoExtension},
		{"an assignment to another tenant's user (R20)", func(f *csp.Facts) { f.Assignments = append(f.Assignments, retold(f.Assignments[0], ann.ID, "")) }, world.NoSuchPrincipal},
		{"a foreign group as one's own (R36)", func(f *csp.Facts) {
			f.Assignments = append(f.Assignments, retold(f.Assignments[0], support.ID, csp.Group))
		}, world.TypeDiffers},
		{"two assignments of a name", func(f *csp.Facts) {
			a := f.Assignments[0]
			a.Description = "another"
			f.Assignments = append(f.Assignments, a)
		}, world.UpdateForbidden},
		{"an assignment of no role", func(f *csp.Facts) {
			a := retold(f.Assignments[0], cleo.ID, "")
			a.Role = world.NewID[csp.RoleDefinition]()
			f.Assignments = append(f.Assignments, a)
		}, world.NoSuchRole},
		{"a directory role that is none", func(f *csp.Facts) {
			f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: cleo.Tenant, Principal: cleo.ID, Role: world.NewID[csp.DirectoryRole]()})
		}, world.NoSuchRole},
		{"a directory role of another tenant's user", func(f *csp.Facts) {
			f.DirectoryAssignments = append(f.DirectoryAssignments, csp.DirectoryAssignment{Tenant: cleo.Tenant, Principal: ann.ID, Role: directoryRole(t, "Directory Readers")})
		}, world.NoSuchPrincipal},
		{"a lock above subscriptions", func(f *csp.Facts) { f.Locks = append(f.Locks, csp.Lock{Name: "x", Scope: above, Level: csp.ReadOnly}) }, world.NoSuchScope},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := contoso(t)
			test.change(&f)
			w := world.New(world.Options{Roles: builtin.AzureRoles()})
			if err := w.Load(f); !errors.Is(err, &world.Refusal{Law: test.want}) {
				t.Errorf("got %v, want the law %q", err, test.want)
			}
			if len(w.Tenants()) != 0 || len(w.History()) != 0 {
				t.Error("a part of it was loaded")
			}
		})
	}
}

func retold(a csp.Assignment, to csp.ObjectID, kind csp.PrincipalType) csp.Assignment {
	a.Name, a.Principal, a.PrincipalType = csp.RoleAssignmentID{}, to, kind
	return a
}

func TestLoadingFailsWholeAndLeavesWhatWasThere(t *testing.T) {
	s := newScene(t)
	before := sorted(s.w.Facts())
	f := contoso(t)
	for range 30 {
		f.Locks = append(f.Locks, csp.Lock{Name: "x", Scope: csp.Root()})
	}
	err := s.w.Load(f)
	if err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.Contains(err.Error(), "and 11 more") {
		t.Errorf("got %v", err)
	}
	if diff := gocmp.Diff(before, sorted(s.w.Facts()), sameScope); diff != "" {
		t.Error(diff)
	}
	if err := s.w.Load(contoso(t)); err == nil || world.LawOf(s.w.Load(csp.Facts{})) != "" {
		t.Errorf("the domain contoso.example is taken: %v", err)
	}
}

// TestLoadedPeopleCanComeIn: accounts have a password, service principals an
// application, and relationships go on by the clock.
func TestLoadedPeopleCanComeIn(t *testing.T) {
	w := loaded(t, contoso(t))
	alder, _ := w.TenantNamed("alder.example")
	customer, _ := w.TenantNamed("CONTOSO.onmicrosoft.example")
	bob, ok := alder.UserNamed("bob@alder.example")
	if !ok || bob.Password != world.DefaultPassword {
		t.Fatalf("bob is %+v", bob)
	}
	who, err := w.Enter(bob.Account(), customer.ID)
	if err != nil || who.Edge != world.GDAPEdge || len(who.Roles) != 2 {
		t.Errorf("bob comes in as %+v, %v", who, err)
	}
	dora, _ := alder.UserNamed("dora@alder.example")
	if who, err := w.Enter(dora.Account(), customer.ID); err != nil || !who.Guest || len(who.Roles) != 0 {
		t.Errorf("R13: dora comes in as %+v, %v", who, err)
	}
	if got := w.TenantsOf(dora.Account()); len(got) != 2 || got[0].ID != alder.ID {
		t.Errorf("dora's tenants are %v", got)
	}
	for _, u := range customer.Users() {
		if u.IsGuest() && (u.Password != "" || u.Account() != dora.Account()) {
			t.Errorf("the guest is %+v", u)
		}
		if _, err := w.Enter(world.Account{Tenant: customer.ID, Object: u.ID}, alder.ID); err == nil {
			t.Errorf("%s comes into the partner's tenant", u.Name)
		}
	}
	sps := customer.ServicePrincipals()
	if len(sps) != 2 || sps[0].App != world.AppOf(sps[0].ID) {
		t.Errorf("the service principals are %+v", sps)
	}
	if owner, ok := w.OwnerOf(bob.ID); !ok || owner != alder.ID {
		t.Errorf("bob is of %s", owner)
	}
}

// TestOnlyTheStateChanges: what a snapshot does not hold must not change while the
// world goes on.
func TestOnlyTheStateChanges(t *testing.T) {
	kept := []string{"now", "roles", "directoryRoles", "delays", "keepEvents", "password", "mu", "state", "lastCall", "lastEvent", "lastDue", "seed"}
	of := reflect.TypeFor[world.World]()
	for field := range of.Fields() {
		if name := field.Name; !slices.Contains(kept, name) {
			t.Errorf("World.%s is in no snapshot: it belongs into state", name)
		}
	}
}
