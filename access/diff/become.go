package diff

import (
	"cmp"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// become compares whole verdicts of everybody for the standing questions. What
// somebody can become depends on what others have, so no row says whom it
// touches.
func (p *pair) become(options Options) Result {
	causes := p.causesByAccount() // there may be none: what others lost he can take over no more
	var accounts []int32
	for n := range int32(len(p.new.e.PrincipalID) + len(p.old.e.PrincipalID)) {
		if p.isFirst(n) && p.isTold(n) && (len(options.Only) == 0 || slices.Contains(options.Only, p.objectID(n))) {
			accounts = append(accounts, n)
		}
	}
	progress := meter{tell: options.Progress, total: len(accounts)}
	var found []change
	told := 0
	for _, n := range accounts {
		progress.step()
		c := becoming{p: p, account: n, id: p.objectID(n), on: p.account(n)}
		list := c.everywhere()
		for i := range list {
			list[i].causes = sorted(causes[n])
		}
		told += int(flag(len(list) > 0))
		found = append(found, list...)
	}
	progress.end()
	return p.lines(found, told, options, func(*kindTable, both) []int { return nil })
}

// isFirst says whether a common number is in use: who is on the new side has its
// number there.
func (p *pair) isFirst(n int32) bool {
	s, m := p.whose(n, len(p.new.e.PrincipalID))
	return !s.isBefore || p.toNew.principals[m] == none
}

func (p *pair) causesByAccount() map[int32][]int32 {
	causes := map[int32][]int32{}
	for _, t := range p.places {
		causes[t.account] = append(causes[t.account], t.cause)
	}
	for _, t := range p.directories {
		causes[t.account] = append(causes[t.account], t.cause)
	}
	return causes
}

// becoming asks about one account.
type becoming struct {
	p       *pair
	account int32
	id      csp.ObjectID
	on      both
}

// outcome is a verdict on both sides; the zero outcome stands for no difference.
type outcome struct{ before, after access.Verdict }

// everywhere asks the standing questions wherever he reaches anything on one of
// the sides.
func (c *becoming) everywhere() []change {
	var found []change
	for _, action := range Standing {
		places, directories := c.reached(action)
		found = append(found, c.inAzure(places, action)...)
		found = append(found, c.inDirectories(directories, action)...)
	}
	return c.merged(found)
}

// reached are the places and directories where the verdict on one of the sides may
// begin or cease to be another one.
func (c *becoming) reached(action Action) ([]spot, []tenant) {
	places, directories := slices.Clone(c.p.moved), []tenant(nil)
	for _, s := range c.p.sides() {
		n := c.on.new
		if s.isBefore {
			n = c.on.old
		}
		if n == none || s.e.PrincipalTenant[n] == none {
			continue
		}
		t := s.Index.Reach(c.id, action.Action, s.At)
		for _, d := range t.Directories {
			directories = append(directories, s.tenant(s.find(d.Place.Tenant)))
		}
		for _, span := range t.Spans {
			for _, place := range append(span.Except, span.Place) {
				places = append(places, s.spot(s.node(place)))
			}
		}
	}
	slices.SortFunc(places, c.p.order)
	slices.SortFunc(directories, compareTenants)
	return slices.Compact(places), slices.Compact(directories)
}

func compareTenants(a, b tenant) int {
	return cmp.Or(cmp.Compare(a.new, b.new), cmp.Compare(a.old, b.old))
}

// inAzure asks one question at places, which come in order.
func (c *becoming) inAzure(places []spot, action Action) []change {
	t := &c.p.kinds.azure
	number := t.number(action)
	if number < 0 {
		return nil
	}
	results := make([]outcome, len(places))
	records := make([]record, len(places))
	var outcomes []outcome
	for i, at := range places {
		results[i] = c.ask(action, func(s side) access.Place { return c.p.placeOn(s, at) })
		records[i] = record{at: at, above: c.above(places[:i], at)}
		if results[i] != (outcome{}) && !slices.Contains(outcomes, results[i]) {
			outcomes = append(outcomes, results[i])
		}
	}
	var found []change
	var l layout
	for i, o := range outcomes {
		found = append(found, c.change(t, number, o))
		l.with = append(l.with, []int32{int32(i)})
	}
	for _, result := range results {
		l.of = append(l.of, int32(slices.Index(outcomes, result)))
	}
	l.places(found, records)
	return found
}

// above is the nearest of some places above another, or -1.
func (c *becoming) above(places []spot, at spot) int32 {
	for up, ok := c.p.up(at); ok; up, ok = c.p.up(up) {
		if n, is := slices.BinarySearchFunc(places, up, c.p.order); is {
			return int32(n)
		}
	}
	return -1
}

func (c *becoming) inDirectories(directories []tenant, action Action) []change {
	t := &c.p.kinds.directory
	number := t.number(action)
	if number < 0 {
		return nil
	}
	var found []change
	at := map[outcome]int{}
	for _, d := range directories {
		o := c.ask(action, func(side) access.Place { return access.DirectoryOf(c.p.tenantID(d)) })
		if o == (outcome{}) {
			continue
		}
		n, known := at[o]
		if !known {
			n = len(found)
			at[o] = n
			found = append(found, c.change(t, number, o))
		}
		found[n].directories = append(found[n].directories, d)
	}
	return found
}

func (c *becoming) change(t *kindTable, number int, o outcome) change {
	only := t.newSet(func(i int) bool { return i == number })
	return change{account: c.account, before: o.before, after: o.after, table: t, set: only}
}

// number is the candidate that is an action, or -1.
func (t *kindTable) number(a Action) int {
	return slices.IndexFunc(t.candidates, func(b Action) bool { return a.Equal(b.Action) })
}

// ask is the verdict on both sides, if they differ.
func (c *becoming) ask(action Action, place func(side) access.Place) outcome {
	var verdicts [2]access.Verdict
	for i, s := range c.p.sides() {
		verdicts[i] = s.verdict(c.id, action.Action, place(s))
	}
	if verdicts[0] == verdicts[1] {
		return outcome{}
	}
	return outcome{verdicts[0], verdicts[1]}
}

// merged puts actions together that changed alike at the same places.
func (c *becoming) merged(list []change) []change {
	var merged []change
	for _, one := range list {
		n := slices.IndexFunc(merged, func(m change) bool {
			m.set = one.set // whatever its actions
			return m.isLike(&one)
		})
		if n < 0 {
			merged = append(merged, one)
			continue
		}
		both, other := merged[n].set.on, one.set.on
		merged[n].set = one.table.newSet(func(i int) bool { return set(both).has(i) || set(other).has(i) })
	}
	return merged
}

// verdict asks the engine. Of who is not there, or where is not there, it is no:
// that is what a difference is about, and nothing is unknown in it.
func (w *world) verdict(who csp.ObjectID, action access.Action, place access.Place) access.Verdict {
	verdict := w.Index.Can(access.Question{Principal: who, Action: action, Place: place, At: w.At})
	if verdict != access.Unknown {
		return verdict
	}
	if n, ok := w.e.FindPrincipal(who); !ok || w.e.PrincipalTenant[n] == none || !w.knows(place) {
		return access.HasNot
	}
	return verdict
}

// knows says whether the place lies in a tenant that is there.
func (w *world) knows(place access.Place) bool {
	t := estate.Tenant(none)
	if !place.Tenant.IsZero() {
		t = w.find(place.Tenant)
	}
	if !place.IsDirectory() && (t != none || place.Tenant.IsZero()) {
		n, _ := w.e.FindNode(t, place.Scope.String())
		if n == none {
			return false
		}
		t = w.e.NodeTenant[n]
	}
	return t != none && w.e.TenantListed[t] != 0
}

// placeOn is a place as a question to one side names it: by its text where that
// side does not know it.
func (p *pair) placeOn(s side, at spot) access.Place {
	n := at.new
	if s.isBefore {
		n = at.old
	}
	if n != none {
		return s.placeOf(n)
	}
	w, n := p.here(at)
	return w.placeOf(n)
}

// placeOf is the place of a node, with the tenant only above subscriptions.
func (w *world) placeOf(n estate.Node) access.Place {
	place := access.At(w.e.Scope(n))
	if t := w.e.NodeTenant[n]; t != none && place.Scope.Subscription().IsZero() {
		place.Tenant = w.e.TenantID[t]
	}
	return place
}

func (w *world) find(id csp.TenantID) estate.Tenant {
	if t, ok := w.e.FindTenant(id); ok {
		return t
	}
	return none
}

// node is the node of a known place.
func (w *world) node(place access.Place) estate.Node {
	t := estate.Tenant(none)
	if !place.Tenant.IsZero() {
		t = w.find(place.Tenant)
	}
	n, _ := w.e.FindNode(t, place.Scope.String())
	return n
}
