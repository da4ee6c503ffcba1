package access_test

import (
	"slices"
	"testing"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// TestIntervalsAndHoldersAgreeWithCan: the lists that are made without judging
// each place and each person say what Can says of all of them.
func TestIntervalsAndHoldersAgreeWithCan(t *testing.T) {
	checkWorlds(t, 400, func(w *randomWorld) {
		x := compile(w)
		q := w.drawQuestion()
		if q.Place.IsDirectory() {
			return
		}
		intervals := map[csp.ObjectID][]access.Interval{}
		for _, p := range w.f.Principals {
			intervals[p.ID] = x.Intervals(p.ID, q.Action, q.At)
		}
		for n := range x.Nodes() {
			checkNode(w, x, q, estate.Node(n), intervals)
		}
	})
}

func checkNode(w *randomWorld, x *access.Index, q access.Question, n estate.Node, intervals map[csp.ObjectID][]access.Interval) {
	tenant := x.Tenant(x.NodeTenant[n])
	if tenant.ID.IsZero() || !slices.ContainsFunc(w.f.Tenants, func(t csp.Tenant) bool { return t.ID == tenant.ID }) {
		return
	}
	holders, certain := x.AppendHolders(nil, q.Action, n, q.At)
	for _, p := range w.f.Principals {
		one := access.Question{Principal: p.ID, Action: q.Action, Place: access.Place{Tenant: tenant.ID, Scope: x.Scope(n)}, At: q.At}
		has := x.Can(one) == access.Has
		inside := slices.ContainsFunc(intervals[p.ID], func(i access.Interval) bool { return i.From <= n && n <= i.To })
		if p.Type != csp.Group && inside != has {
			w.Fatalf("the intervals say %t, Can says has: %t: %s\n%s", inside, has, describeQuestion(w.f, one), describe(w.f))
		}
		number, _ := x.FindPrincipal(p.ID)
		alias := slices.ContainsFunc(w.f.Principals, func(home csp.Principal) bool { return home.ID == p.Home })
		if listed := slices.Contains(holders, number); certain && p.Type != csp.Group && !alias && listed != has {
			w.Fatalf("the list of holders says %t, Can says has: %t: %s\n%s", listed, has, describeQuestion(w.f, one), describe(w.f))
		}
	}
}
