package world_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/registry"
	"latchkey/emulator/world"
)

func TestASnapshotIsTheWholeWorldAndRestoresIt(t *testing.T) {
	l := newLoan(t, world.Delays{Relationship: time.Hour, AccessAssignment: time.Hour})
	app := must(l.partner.AddApp(registry.App{Name: "Portal", Secret: "s", RedirectURIs: []string{"https://x.example/"}}))(t)
	must(l.customer.AddServicePrincipal(app.ID, csp.ObjectID{}))(t)
	give("Reader", subscriptionScope)(t, l.scene)
	r := l.propose(t)
	must(l.w.LockForApproval(world.Actor{}, r.ID))(t)
	must(l.w.ApproveRelationship(world.Actor{}, r.ID, l.customer.ID))(t)
	l.w.MarkSeed()
	before, events := sorted(l.w.Facts()), len(l.w.History())

	for range 2 { // it can be restored any number of times
		if err := l.w.Restart(world.Actor{}, l.vm.Scope); err != nil {
			t.Fatal(err)
		}
		if err := l.w.RemoveUser(l.partner.ID, l.james.ID); err != nil {
			t.Fatal(err)
		}
		for _, a := range l.customer.AssignmentsAbove(l.sub.Scope()) {
			if _, err := l.customer.DeleteAssignment(world.Actor{}, a.Scope, a.Name); err != nil {
				t.Fatal(err)
			}
		}
		must(l.sub.AddResourceGroup("more", "x"))(t)
		l.move(2 * time.Hour)
		l.status(t, r.ID, csp.GDAPActive)
		last := l.w.History()
		l.w.Reset()
		if diff := gocmp.Diff(before, sorted(l.w.Facts()), sameScope); diff != "" {
			t.Fatal(diff)
		}
		h := l.w.History()
		if len(h) != events+1 || h[events].Kind != world.WorldRestored || h[events].Number <= last[len(last)-1].Number {
			t.Errorf("the history ends with %+v", h[events])
		}
		if m, ok := l.w.VM(l.vm.Scope); !ok || m.Restarts != 0 {
			t.Errorf("the machine is %+v", m)
		}
		if a, ok := l.w.App(app.ID); !ok || a.Secret != "s" {
			t.Errorf("the application is %+v", a)
		}
		l.status(t, r.ID, csp.GDAPApproved)
	}
	l.w.Settle() // what had become due in the meantime
	l.status(t, r.ID, csp.GDAPActive)
	must(l.customer.Assign(csp.RoleAssignment{Scope: l.scene.group.Scope, Role: role(t, "Reader").ID, Principal: l.anna.ID}))(t)
	if next, ok := l.w.NextDue(); !ok || !next.After(l.now) {
		t.Errorf("next due: %v, %t", next, ok)
	}
}

func TestResetWithoutASeedEmptiesTheWorld(t *testing.T) {
	s := newScene(t)
	s.w.Reset()
	if len(s.w.Tenants()) != 0 || len(s.w.History()) != 1 {
		t.Errorf("left are %v", s.w.Tenants())
	}
	if _, ok := s.w.NextDue(); ok {
		t.Error("something is still to happen")
	}
	must(s.w.AddTenant(csp.Tenant{Name: "New", DefaultDomain: "contoso.example"}))(t)
}

func TestTheHistoryIsBounded(t *testing.T) {
	w := world.New(world.Options{Roles: builtin.AzureRoles(), KeepEvents: 100})
	c := must(w.AddTenant(csp.Tenant{Name: "Contoso", DefaultDomain: "contoso.example"}))(t)
	for range 1000 {
		must(c.AddGroup(world.Group{Name: "g"}))(t)
	}
	h := w.History()
	if len(h) < 90 || len(h) > 100 || h[len(h)-1].Number != 1001 || w.Dropped() != 1001-int64(len(h)) {
		t.Errorf("%d events, the last is number %d, %d were dropped", len(h), h[len(h)-1].Number, w.Dropped())
	}
	if got := w.Since(998, 2); len(got) != 2 || got[0].Number != 999 {
		t.Errorf("since 998: %+v", got)
	}
	if got := w.Since(0, 1); len(got) != 1 || got[0].Number != h[0].Number {
		t.Errorf("since the beginning: %+v", got)
	}
}

// TestASnapshotSharesNothingThatChanges walks the types of the state. What stands
// behind an interface, in a function or in a channel cannot be copied, so it must
// be one of those that nobody changes.
func TestASnapshotSharesNothingThatChanges(t *testing.T) {
	harmless := []string{
		"abac.expression", "policy.condition", // conditions are read once and never written
		"func()", // what is due finds what it changes by id
		"crypto.PublicKey", "time.Location", "world.World",
	}
	state, _ := reflect.TypeFor[world.World]().FieldByName("state")
	seen := map[reflect.Type]bool{}
	var walk func(of reflect.Type, path string)
	walk = func(of reflect.Type, path string) {
		if seen[of] || slices.Contains(harmless, of.String()) {
			return
		}
		seen[of] = true
		switch of.Kind() {
		case reflect.Interface:
			if of.NumMethod() > 0 {
				t.Errorf("%s is a %s, which a snapshot shares with the world", path, of)
			}
		case reflect.Func, reflect.Chan, reflect.UnsafePointer:
			t.Errorf("%s is a %s, which a snapshot shares with the world", path, of)
		case reflect.Map:
			walk(of.Key(), path+" (key)")
			walk(of.Elem(), path+"[]")
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(of.Elem(), path)
		case reflect.Struct:
			if strings.HasPrefix(of.PkgPath(), "sync") {
				t.Errorf("%s is a %s, which must not be copied", path, of)
			}
			for field := range of.Fields() {
				walk(field.Type, path+"."+field.Name)
			}
		}
	}
	walk(state.Type, "state")
	if len(seen) < 40 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}
