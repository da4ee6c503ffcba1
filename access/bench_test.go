package access_test

import (
	"fmt"
	"testing"

	"latchkey/access"
	"latchkey/csp"
)

// benchWorld is a customer with many people, groups three deep, and assignments
// at every level.
func benchWorld(tb testing.TB, people, resourceGroups int) *world {
	tb.Helper()
	w := newWorld(tb)
	w.assign("seed", powerRole, "shop").assign("seed", "Reader", "shop")
	power, reader := w.facts.Assignments[0].Role, w.facts.Assignments[1].Role
	w.facts.Assignments = nil
	for i := range people {
		person, team, division := fmt.Sprint("person", i), fmt.Sprint("team", i/10), fmt.Sprint("division", i/100)
		w.users(person).member(team, person)
		if i%10 == 0 {
			w.groups(team).member(division, team)
		}
		if i%100 == 0 {
			w.groups(division)
		}
	}
	add := func(who string, role csp.RoleDefinitionID, scope csp.Scope, n int) {
		w.facts.Assignments = append(w.facts.Assignments, access.Assignment{Tenant: idOf[csp.Tenant]("contoso"), RoleAssignment: csp.RoleAssignment{
			Name: idOf[csp.RoleAssignment](fmt.Sprint("a", n)), Scope: scope, Role: role, Principal: idOf[csp.Principal](who), PrincipalType: csp.Group,
		}})
	}
	for i := range resourceGroups {
		scope := at(tb, fmt.Sprint("shop/rg", i))
		add(fmt.Sprint("team", i%(people/10)), power, scope, 3*i)
		add(fmt.Sprint("division", i%(people/100)), reader, scope, 3*i+1)
		add(fmt.Sprint("person", i%people), power, at(tb, fmt.Sprintf("shop/rg%d/vm", i)), 3*i+2)
	}
	return w
}

func BenchmarkCan(b *testing.B) {
	x := benchWorld(b, 2000, 3000).compile()
	for _, test := range []struct {
		name, who, scope string
		want             access.Verdict
	}{
		{"has", "person0", "shop/rg0/vm", access.Has},
		{"has not", "person5", "shop/rg1/vm", access.HasNot},
	} {
		b.Run(test.name, func(b *testing.B) {
			q := question(b, test.who, restart, test.scope)
			if got := x.Can(q); got.Verdict != test.want {
				b.Fatal(dump(got))
			}
			b.ReportAllocs()
			for b.Loop() {
				x.Can(q)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	facts := benchWorld(b, 2000, 3000).facts
	b.ReportAllocs()
	for b.Loop() {
		if _, err := access.Compile(facts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClassOf(b *testing.B) {
	owner := builtinRole(b, "Owner")
	for b.Loop() {
		access.ClassOf(owner)
	}
}
