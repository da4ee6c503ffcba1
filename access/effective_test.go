package access_test

import (
	"slices"
	"testing"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// has asks an Effective as one would ask the engine.
func has(x *access.Index, q access.Question) bool {
	p, ok := x.FindPrincipal(q.Principal)
	if !ok {
		p = estate.None
	}
	e := x.Effective(p, q.At)
	t, ok := x.FindTenant(q.Place.Tenant)
	if q.Place.IsDirectory() {
		return ok && slices.ContainsFunc(e.InDirectory(nil, t), func(r estate.DirectoryRole) bool { return x.GivesInDirectory(r, q.Action) })
	}
	if !ok {
		t = estate.None
	}
	n, exact := x.FindNode(t, q.Place.Scope.String())
	return n != estate.None && slices.ContainsFunc(e.At(nil, n, !exact), func(g access.EffectiveGrant) bool {
		return x.Gives(g.EffectiveRight, q.Action) && !slices.ContainsFunc(g.Denials, func(d int32) bool { return x.Denies(d, q.Action) })
	})
}

func TestEffectiveSaysWhatHasSays(t *testing.T) {
	yes := 0
	checkWorlds(t, 1500, func(w *randomWorld) {
		x := compile(w)
		for range questionsPerWorld {
			q := w.drawQuestion()
			want := x.Has(q)
			if want {
				yes++
			}
			if got := has(x, q); got != want {
				w.Fatalf("has says %v, not %v, of %v\n%s", got, want, q, describe(w.f))
			}
		}
	})
	if yes == 0 && !t.Failed() {
		t.Error("nobody has anything")
	}
}

func TestAnAccountEntersByDelegationOnly(t *testing.T) { // R10, R11, R13, R22
	f := sketch(basics(), in("ann", "AdminAgents"), dap("alder", "contoso"),
		in("abe", "team"), gdap("alder", "contoso", "team", "Directory Readers"), guest("abe.guest", "contoso", "abe", "alder"))
	x, err := access.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	contoso, _ := x.FindTenant(idFor[csp.Tenant]("contoso"))
	alder, _ := x.FindTenant(idFor[csp.Tenant]("alder"))
	birch, _ := x.FindTenant(idFor[csp.Tenant]("birch"))
	for _, c := range []struct {
		who  string
		into estate.Tenant
		want bool
		why  string
	}{
		{"ann", contoso, true, "an agent under DAP"},
		{"ann", alder, false, "at home nobody enters"},
		{"ann", birch, false, "nothing leads there"},
		{"abe", contoso, false, "a guest is only the guest"},
		{"bea", contoso, false, "another partner's agent"},
		{"nobody", contoso, false, "who is in no list"},
	} {
		p, ok := x.FindPrincipal(idFor[csp.Principal](c.who))
		if !ok {
			p = estate.None
		}
		if got := x.Effective(p, noon).Enters(c.into); got != c.want {
			t.Errorf("%s enters: %t, want %t: %s", c.who, got, c.want, c.why)
		}
	}
}

func TestADelegatedRoleThatNoFactNamesIsLeftOut(t *testing.T) { // R10
	f := sketch(basics(), in("ann", "AdminAgents"), dap("alder", "contoso"))
	f.DirectoryRoles = nil
	x, err := access.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	contoso, _ := x.FindTenant(idFor[csp.Tenant]("contoso"))
	ann, _ := x.FindPrincipal(idFor[csp.Principal]("ann"))
	if roles := x.Effective(ann, noon).InDirectory(nil, contoso); len(roles) > 0 {
		t.Errorf("roles %v, and the facts have none to number them by", roles)
	}
}
