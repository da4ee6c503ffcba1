package differential_test

import (
	"encoding/json"
	"flag"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/builtin"
	"latchkey/emulator/abac"
	"latchkey/emulator/world"
)

var worlds = flag.Int("worlds", 150, "how many random worlds to hold the two readings against each other in")

// checkWorlds tries a property in as many worlds.
func checkWorlds(t *testing.T, count int, property func(*draws)) {
	t.Helper()
	if testing.Short() {
		count = max(1, count/5)
	}
	defer setFlag(t, "rapid.checks", strconv.Itoa(count))()
	defer setFlag(t, "rapid.seed", "1")() // the same worlds in every run; -rapid.seed draws others
	rapid.Check(t, func(t *rapid.T) { property(drawWorld(t)) })
}

// setFlag sets a flag that is not on the command line, and returns what sets it back.
func setFlag(t *testing.T, name, value string) (back func()) {
	t.Helper()
	f := flag.Lookup(name)
	old := f.Value.String()
	if old != f.DefValue {
		return func() {}
	}
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	return func() { _ = f.Value.Set(old) }
}

// emulated loads the facts into a world of the emulator's.
func emulated(w *draws) *world.World {
	e := world.New(world.Options{
		Now: func() time.Time { return noon }, Roles: builtin.AzureRoles(),
		// What is on its way stays so, as it does in the facts that the engine reads.
		Delays: world.Delays{Relationship: time.Hour, AccessAssignment: time.Hour},
	})
	if err := e.Load(w.f); err != nil {
		w.Fatalf("the emulator does not load the world: %v\n%s", err, w.describe())
	}
	return e
}

// TestTheEmulatorEnforcesWhatTheEngineSays is the differential test: in each world
// many questions, the emulator's judgement called directly.
func TestTheEmulatorEnforcesWhatTheEngineSays(t *testing.T) {
	counts := map[access.Verdict]int{}
	checkWorlds(t, *worlds, func(w *draws) {
		x, err := access.Compile(w.f)
		if err != nil {
			w.Fatalf("%v\n%s", err, w.describe())
		}
		e := emulated(w)
		for range 12 {
			q := w.drawQuestion()
			verdict := x.Can(q.access())
			counts[verdict]++
			w.compare(q, verdict, allowed(w, e, q))
		}
	})
	t.Logf("has %d, can get %d, has not %d, unknown %d", counts[access.Has], counts[access.CanGet], counts[access.HasNot], counts[access.Unknown])
	total := 0
	for _, n := range counts {
		total += n
	}
	if total > 500 && (counts[access.Has] < total/50 || counts[access.CanGet] < total/50 || counts[access.Unknown] > total/20) {
		t.Errorf("of %d answers %v: the worlds say too little", total, counts)
	}
}

// compare is the law.
func (w *draws) compare(q question, verdict access.Verdict, allowed bool) {
	w.Helper()
	switch {
	case verdict == access.Unknown && !w.doubt:
		w.Fatalf("the engine does not know, and nothing is missing: %+v\n%s", q, w.describe())
	case verdict != access.Unknown && (verdict == access.Has) != allowed:
		w.Fatalf("the engine says %q, the emulator %s: %+v\n%s", verdict, map[bool]string{true: "allows", false: "refuses"}[allowed], q, w.describe())
	}
}

// allowed is the emulator's judgement: over every token that the account can get
// for the tenant, and for Lighthouse over the one for its home (R28, R30).
func allowed(w *draws, e *world.World, q question) bool {
	id := idOf[csp.Principal](q.who)
	home, ok := e.OwnerOf(id)
	if !ok {
		w.Fatalf("%s is not in the emulator's world", q.who)
	}
	for _, c := range callers(e, world.Account{Tenant: home, Object: id}, idOf[csp.Tenant](q.tenant)) {
		if mayDo(e, c, q) {
			return true
		}
	}
	return false
}

// callers are what the account's tokens for the tenant and for its home say.
func callers(e *world.World, home world.Account, tenant csp.TenantID) []world.Caller {
	var list []world.Caller
	if t, ok := e.Tenant(home.Tenant); ok && slices.ContainsFunc(t.ServicePrincipals(), func(sp world.ServicePrincipal) bool { return sp.ID == home.Object }) {
		return []world.Caller{{Tenant: home.Tenant, Object: home.Object, App: true, Groups: t.GroupsOf(home.Object), Roles: e.RolesOf(home, home.Tenant)}}
	}
	for _, into := range []csp.TenantID{tenant, home.Tenant} {
		if who, err := e.Enter(home, into); err == nil {
			list = append(list, world.Caller{Tenant: into, Object: who.Object, Groups: who.Groups, Roles: who.Roles})
		}
	}
	// What the administration portals take beside tokens (R13).
	if roles := e.PortalRolesOf(home, tenant); len(roles) > 0 {
		list = append(list, world.Caller{Tenant: tenant, Object: home.Object, Roles: roles})
	}
	return list
}

func mayDo(e *world.World, c world.Caller, q question) bool {
	if q.place == "" {
		return c.Tenant == idOf[csp.Tenant](q.tenant) && e.MayInDirectory(c, q.action)
	}
	scope := scopeOf(q.place)
	if scope.Subscription().IsZero() && c.Tenant != idOf[csp.Tenant](q.tenant) {
		return false // a root and management groups are each tenant's own
	}
	request := abac.Attributes{}
	request.Set(world.RoleDefinitionAttribute, roleID("Reader").String())
	request.Set(world.PrincipalAttribute, idOf[csp.Principal]("contoso.u0").String())
	request.Set(world.PrincipalTypeAttribute, "User")
	return e.May(c, world.Act{Action: q.action, Data: q.data, Scope: scope, Request: request}).Allowed
}

// describe prints the facts, small enough to read.
func (w *draws) describe() string {
	names := map[string]string{}
	for _, p := range w.f.Principals {
		names[p.ID.String()] = p.Name
	}
	f := w.f
	f.Roles = slices.DeleteFunc(slices.Clone(f.Roles), func(r csp.RoleDefinition) bool { return !r.Custom })
	f.DirectoryRoles = slices.DeleteFunc(slices.Clone(f.DirectoryRoles), func(r csp.DirectoryRole) bool { return r.Name != "hands" && r.Name != "mixed" })
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err.Error()
	}
	return readable(string(text), w.f)
}
