package access_test

import (
	"slices"
	"testing"

	"latchkey/access"
	"latchkey/access/estate"
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
