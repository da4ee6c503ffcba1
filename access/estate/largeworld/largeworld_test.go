package largeworld_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"testing"

	"latchkey/access/estate"
	"latchkey/access/estate/largeworld"
	"latchkey/csp"
)

func build(t *testing.T, size largeworld.Size, seed uint64) *estate.Estate {
	t.Helper()
	b := estate.NewBuilder()
	if err := largeworld.Generate(size, seed, func(f csp.Facts) error { b.Add(f); return nil }, nil); err != nil {
		t.Fatal(err)
	}
	e, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestThereIsAsMuchOfEverythingAsAskedFor(t *testing.T) {
	size := largeworld.Large.Over(50)
	e := build(t, size, 1)
	count := map[uint16]int{}
	resources := 0
	for _, kind := range e.NodeType {
		count[kind]++
		if kind > estate.TypeResourceGroup {
			resources++
		}
	}
	tests := []struct {
		name      string
		got, want int
	}{
		{"tenants", e.Tenants(), size.Customers + 2},
		{"subscriptions", len(e.SubscriptionID), size.Subscriptions},
		{"resource groups", count[estate.TypeResourceGroup], size.ResourceGroups},
		{"resources", resources, size.Resources},
		{"role assignments", e.Assignments(), size.Assignments},
	}
	for _, test := range tests {
		if off := math.Abs(float64(test.got-test.want)) / float64(test.want); off > 0.05 {
			t.Errorf("%d %s, want about %d", test.got, test.name, test.want)
		}
	}
}

// Nothing of what a partner has is missing, so that what is measured on it is not
// measured on less.
func TestThereIsSomethingOfEveryKind(t *testing.T) {
	e := build(t, largeworld.Large.Over(50), 1)
	f := e.Facts()
	var conditions, eligible, bounded, descriptions, foreign int
	for _, a := range f.Assignments {
		for n, is := range map[*int]bool{
			&conditions: a.Condition != "", &eligible: a.Eligible, &bounded: !a.Until.IsZero(),
			&descriptions: a.Description != "", &foreign: a.PrincipalType == csp.ForeignGroup,
		} {
			if is {
				*n++
			}
		}
	}
	var guests, dynamic, synced, services, agents int
	for _, p := range f.Principals {
		for n, is := range map[*int]bool{
			&guests: p.Source == csp.Guest, &dynamic: p.Dynamic, &synced: p.Source == csp.Synced,
			&services: p.Type == csp.ServicePrincipal, &agents: p.Agents != "",
		} {
			if is {
				*n++
			}
		}
	}
	old := 0
	for _, t := range f.Tenants {
		if t.OldRules {
			old++
		}
	}
	for name, n := range map[string]int{
		"conditions": conditions, "eligible assignments": eligible, "bounded assignments": bounded, "descriptions": descriptions,
		"foreign principals": foreign, "guests": guests, "dynamic groups": dynamic, "synced users": synced, "service principals": services,
		"agent groups": agents, "tenants under old rules": old, "domains": len(f.Domains), "people": len(f.People), "memberships": len(f.Memberships),
		"resellers": len(f.Resellers), "DAP relationships": len(f.DAPs), "GDAP relationships": len(f.GDAPs), "GDAP grants": len(e.GDAPGrants),
		"delegations": len(f.Lighthouses), "placements": len(f.Placements), "identities": len(f.Identities), "roles": len(f.Roles),
		"denials": len(f.Denials), "directory roles": len(f.DirectoryRoles), "directory assignments": len(f.DirectoryAssignments),
		"locks": len(f.Locks), "policies": len(f.Policies), "artefacts": len(f.Artefacts), "usage": len(f.Usage),
	} {
		if n == 0 {
			t.Errorf("there are no %s", name)
		}
	}
	if len(f.Roles) < 30 || len(f.DirectoryRoles) < 20 {
		t.Errorf("%d roles and %d directory roles: some are not in the catalogue", len(f.Roles), len(f.DirectoryRoles))
	}
	for _, r := range e.Roles {
		if len(r.Permissions) == 0 {
			t.Errorf("role %s has no permissions", r.ID)
		}
	}
}

func TestTheSameSeedGivesTheSameFacts(t *testing.T) {
	sum := func(seed uint64) [32]byte {
		var text []byte
		err := largeworld.Generate(largeworld.Large.Over(1000), seed, func(f csp.Facts) error {
			text = fmt.Appendf(text, "%v", f)
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(text)
	}
	first := sum(1)
	if first != sum(1) {
		t.Error("two runs differ")
	}
	if first == sum(2) {
		t.Error("two seeds do not differ")
	}
}

func TestNamesOfManyCustomersDiffer(t *testing.T) {
	size := largeworld.Size{Customers: 12_000, Engineers: 1, Groups: 1}
	if e := build(t, size, 1); e.Tenants() != size.Customers+2 {
		t.Errorf("%d tenants", e.Tenants())
	}
}

func TestProgressIsTold(t *testing.T) {
	last, size := 0, largeworld.Large.Over(300)
	err := largeworld.Generate(size, 1, func(csp.Facts) error { return nil }, func(done, total int) {
		if done <= last || total != size.Customers {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil || last != size.Customers {
		t.Errorf("ended at %d: %v", last, err)
	}
}

func TestAHearerThatFailsEndsIt(t *testing.T) {
	full := errors.New("the disk is full")
	for fail := range 2 {
		parts := 0
		err := largeworld.Generate(largeworld.Large.Over(300), 1, func(csp.Facts) error {
			parts++
			if parts > fail {
				return full
			}
			return nil
		}, nil)
		if !errors.Is(err, full) || parts != fail+1 {
			t.Errorf("%d parts: %v", parts, err)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		if err := largeworld.Generate(largeworld.Large.Over(100), 1, func(csp.Facts) error { return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
}
