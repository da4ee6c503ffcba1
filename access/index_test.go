package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

func TestFactsThatContradictThemselvesAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*world)
		want  string
	}{
		{"a tenant without an id", func(w *world) { w.facts.Tenants = append(w.facts.Tenants, csp.Tenant{}) }, "has no id"},
		{"a tenant told twice", func(w *world) {
			w.facts.Tenants = append(w.facts.Tenants, csp.Tenant{ID: idOf[csp.Tenant]("contoso"), Name: "other"})
		}, "two different things about tenant"},
		{"a principal in two tenants", func(w *world) { w.principal(csp.User, "partner", "ann") }, "two different things about principal"},
		{"a membership of nobody", func(w *world) { w.facts.Memberships = append(w.facts.Memberships, access.Membership{}) }, "lacks its group"},
		{"a subscription in two tenants", func(w *world) {
			s := w.facts.Subscriptions[0]
			s.Tenant = idOf[csp.Tenant]("partner")
			w.facts.Subscriptions = append(w.facts.Subscriptions, s)
		}, "two different things about subscription"},
		{"a subscription in two management groups", func(w *world) { w.place("shop", "mg:a").place("shop", "mg:b") }, "two management groups"},
		{"a group placed in a subscription", func(w *world) { w.place("mg:a", "shop") }, "cannot lie in"},
		{"a resource group placed", func(w *world) { w.place("shop/rg", "mg:a") }, "cannot lie in"},
		{"a placement without a tenant", func(w *world) { w.place("shop", "mg:a").facts.Placements[0].Tenant = csp.TenantID{} }, "lacks its tenant"},
		{"a placement in another tenant", func(w *world) { w.place("shop", "mg:a").facts.Placements[0].Tenant = idOf[csp.Tenant]("partner") }, "into tenant"},
		{"a role told twice", func(w *world) { w.role("r", actions("A/b")).role("r", actions("A/c")) }, "two different things about role definition"},
		{"an assignment told twice", func(w *world) { w.assign("ann", "Reader", "shop").assign("ann", "Reader", "shop", conditioned) }, "two different things about role assignment"},
		{"an assignment with two ends", func(w *world) { w.assign("ann", "Reader", "shop").assign("ann", "Reader", "shop", until(noon)) }, "two different things about role assignment"},
		{"an assignment to nobody", func(w *world) {
			w.assign("ann", "Reader", "shop", func(a *access.Assignment) { a.Principal = csp.ObjectID{} })
		}, "lacks its principal"},
		{"an assignment in the wrong tenant", func(w *world) {
			w.assign("ann", "Reader", "shop", func(a *access.Assignment) { a.Tenant = idOf[csp.Tenant]("partner") })
		}, "into tenant"},
		{"a denial nowhere", func(w *world) { w.deny("d", "shop", csp.DenyAssignment{}).facts.Denials[0].Scope = csp.Scope{} }, "lacks its tenant or its scope"},
		{"a directory assignment of nothing", func(w *world) {
			w.facts.DirectoryAssignments = append(w.facts.DirectoryAssignments, access.DirectoryAssignment{})
		}, "directory assignment 0"},
		{"a directory role told twice", func(w *world) {
			r := w.facts.DirectoryRoles[0]
			r.Name = "other"
			w.facts.DirectoryRoles = append(w.facts.DirectoryRoles, r)
		}, "two different things about directory role"},
		{"a gap of no tenant", func(w *world) { w.facts.Gaps = append(w.facts.Gaps, access.Gap{Fact: access.MissingDenials}) }, "names no tenant"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t).users("ann")
			test.spoil(w)
			x, err := access.Compile(w.facts)
			if err == nil || !strings.Contains(err.Error(), test.want) || x != nil {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestTheSameFactToldTwiceIsOneFact(t *testing.T) {
	w := newWorld(t).users("ann", "ann").groups("ops").member("ops", "ann", "ann")
	w.place("shop", "mg:a").place("shop", "mg:a")
	w.role("r", actions("A.B/read", restart)).role("r", actions(restart, "a.b/READ"))
	ends := noon.Add(time.Hour)
	w.assign("ops", "r", "shop", until(ends)).assign("ops", "r", "shop", until(ends.In(time.FixedZone("there", 3600))))
	w.facts.DirectoryRoles = append(w.facts.DirectoryRoles, w.facts.DirectoryRoles...)
	answer := w.ask(restart, "shop")
	if answer.Verdict != access.Has || len(answer.Paths) != 1 {
		t.Error(dump(answer))
	}
}

func TestAnIndexAnswersManyAtOnce(t *testing.T) {
	w := newWorld(t).users("ann", "bob").groups("ops", "night").member("ops", "night").member("night", "ann")
	w.assign("ops", powerRole, "shop").assign("bob", "Owner", "shop", eligible)
	x := w.compile()
	questions := []access.Question{question(t, "ann", restart, "shop/rg/vm"), question(t, "bob", restart, "shop/rg/vm")}
	want := []access.Verdict{access.Has, access.CanGet}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				for i, q := range questions {
					if got := x.Can(q).Verdict; got != want[i] {
						t.Errorf("got %s, want %s", got, want[i])
						return
					}
				}
			}
		})
	}
	wait.Wait()
}

func TestLaterChangesOfTheFactsDoNotReachTheIndex(t *testing.T) {
	w := newWorld(t).users("ann").groups("ops").member("ops", "ann").assign("ops", powerRole, "shop")
	x := w.compile()
	w.facts.Memberships[0].Group = csp.ObjectID{}
	w.facts.Assignments[0].Principal = csp.ObjectID{}
	clear(w.facts.Principals)
	if answer := x.Can(question(t, "ann", restart, "shop")); answer.Verdict != access.Has {
		t.Error(dump(answer))
	}
}
