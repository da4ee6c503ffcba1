package diff

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/csp"
)

// view is an account in a world, as one of the two that are compared.
type view struct {
	*world
	i   int // 0 before, 1 after
	who csp.ObjectID
	n   estate.Principal // none: not there
}

// comparison is one comparison: of one account before and after, or of two accounts.
type comparison struct {
	p             *pair
	before, after view
	// became compares whole verdicts.
	became bool
}

// judge asks about all that was touched.
func (p *pair) judge(options Options) Result {
	ids := p.touched(options.Only)
	var found []change
	for i, id := range ids {
		if options.Progress != nil {
			options.Progress(i, len(ids))
		}
		c := comparison{p: p, before: p.view(0, id), after: p.view(1, id)}
		found = append(found, c.changes(p.touches[id])...)
	}
	if options.Progress != nil {
		options.Progress(len(ids), len(ids))
	}
	return p.lines(found, options.Otherwise)
}

// touched are the accounts to ask about, in order.
func (p *pair) touched(only []csp.ObjectID) []csp.ObjectID {
	var ids []csp.ObjectID
	for id := range p.touches {
		if (len(only) == 0 || slices.Contains(only, id)) && p.isTold(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, csp.ObjectID.Compare)
	return ids
}

// isTold says whether an account is told by itself: it is listed after, or before
// and not after, and no guest of an account that is listed.
func (p *pair) isTold(id csp.ObjectID) bool {
	w, n := p.there(id)
	return w.account(n) == n
}

// there is the side that lists an account, the new one if both do, and its number.
func (p *pair) there(id csp.ObjectID) (*world, estate.Principal) {
	if n, ok := p.new.e.FindPrincipal(id); ok && p.new.e.PrincipalTenant[n] != none {
		return p.new, n
	}
	n, _ := p.old.e.FindPrincipal(id)
	return p.old, n
}

func (p *pair) view(i int, id csp.ObjectID) view {
	w := p.sides()[i].world
	n, ok := w.e.FindPrincipal(id)
	if !ok {
		n = none
	}
	return view{w, i, id, n}
}

// change is what changed for one account and one kind of actions.
type change struct {
	who           csp.ObjectID
	before, after access.Verdict
	table         *kindTable
	kinds         []kind
	units         []int // that allow something, of those that the account has
	spans         []region
	directories   []tenant
	causes        []int
}

// region is a place with everything in it but some parts.
type region struct {
	at     spot
	except []spot
}

// changes compares one account in all that is touched.
func (c comparison) changes(t *touch) []change {
	return append(c.inAzure(t.places), c.inDirectories(t.directories)...)
}

// candidate is a place whose answer may differ from that of the place above it.
type candidate struct {
	at     spot
	causes []int
	above  int // the nearest candidate above, or -1
}

// inAzure asks at each touched place, and at each place below it where the answer
// may be another one.
func (c comparison) inAzure(touched []placeTouch) []change {
	if len(touched) == 0 {
		return nil
	}
	places, denials := c.candidates(touched)
	allowing := append(c.unitsHeld(c.before), c.unitsHeld(c.after)...)
	others := append(denials, c.p.kinds.conditions[0]...)
	others = append(others, c.p.kinds.conditions[1]...)
	list := c.p.kinds.azure.of(allowing, others)
	var found []change
	for _, k := range list {
		found = append(found, c.ofKind(places, k, sorted(allowing))...)
	}
	return merge(found)
}

func (c comparison) unitsHeld(v view) []int {
	if v.n == none {
		return nil
	}
	return c.p.kinds.unitsHeld(v.i, v.world, v.n)
}

// ofKind asks for one kind of actions at all candidates.
func (c comparison) ofKind(places []candidate, k kind, units []int) []change {
	type outcome struct{ before, after access.Verdict }
	results := make([]outcome, len(places))
	groups := map[outcome]*change{}
	var order []outcome
	for i, place := range places {
		o := outcome{c.ask(c.before, k.ask.Action, place.at), c.ask(c.after, k.ask.Action, place.at)}
		if o.before == o.after {
			continue
		}
		results[i] = o
	}
	regions := make([]int, len(places)) // of the candidate's region in its change
	for i, place := range places {
		o := results[i]
		above := place.above
		if above >= 0 && results[above] != (outcome{}) && results[above] != o {
			top := groups[results[above]]
			r := &top.spans[regions[above]]
			r.except = append(r.except, place.at)
		}
		if o == (outcome{}) {
			continue
		}
		g := groups[o]
		if g == nil {
			g = &change{who: c.after.who, before: o.before, after: o.after, table: &c.p.kinds.azure, kinds: []kind{k}, units: units}
			groups[o] = g
			order = append(order, o)
		}
		g.causes = append(g.causes, place.causes...)
		if above >= 0 && results[above] == o {
			regions[i] = regions[above]
			continue
		}
		regions[i] = len(g.spans)
		g.spans = append(g.spans, region{at: place.at})
	}
	var found []change
	for _, o := range order {
		g := groups[o]
		g.causes = sorted(g.causes)
		found = append(found, *g)
	}
	return found
}

// ask asks the engine at a place. Of who is not there, or where is not there, the
// verdict is no: that is what a difference is about, and nothing is unknown in it.
func (c comparison) ask(v view, action access.Action, at spot) access.Verdict {
	return c.verdict(v, action, c.p.placeFor(v, at))
}

func (c comparison) verdict(v view, action access.Action, place access.Place) access.Verdict {
	question := access.Question{Principal: v.who, Action: action, Place: place, At: v.At}
	if !c.became {
		if v.Index.Has(question) {
			return access.Has
		}
		return access.HasNot
	}
	verdict := v.Index.Can(question)
	if verdict == access.Unknown && !(v.isListed() && v.knows(place)) {
		return access.HasNot
	}
	return verdict
}

// isListed says whether the account is there at all.
func (v view) isListed() bool { return v.n != none && v.e.PrincipalTenant[v.n] != none }

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

// placeFor is a place as a question names it: with the tenant only above
// subscriptions, and by its text where this side does not know it.
func (p *pair) placeFor(v view, at spot) access.Place {
	key := placeOn{at, v.i}
	place, known := p.places[key]
	if !known {
		place = p.makePlace(v, at)
		p.places[key] = place
	}
	return place
}

// placeOn is a place on one side.
type placeOn struct {
	at spot
	i  int
}

func (p *pair) makePlace(v view, at spot) access.Place {
	s := p.sides()[v.i]
	n := at.new
	if s.isBefore {
		n = at.old
	}
	if n == none {
		s, n = p.sides()[1-v.i], at.new
		if s.isBefore {
			n = at.old
		}
	}
	return s.placeOf(n)
}

// placeOf is the place of a node.
func (w *world) placeOf(n estate.Node) access.Place {
	place := access.At(w.e.Scope(n))
	if t := w.e.NodeTenant[n]; t != none && place.Scope.Subscription().IsZero() {
		place.Tenant = w.e.TenantID[t]
	}
	return place
}

// candidates are the touched places, and the places below them where the account
// holds something, where something is denied, and where something was not
// collected, on either side. They come with the units of the denials around.
func (c comparison) candidates(touched []placeTouch) (list []candidate, denials []int) {
	causes := map[spot][]int{}
	for _, t := range touched {
		causes[t.at] = append(causes[t.at], t.cause)
	}
	tops := make([]spot, 0, len(causes))
	for at := range causes {
		tops = append(tops, at)
	}
	at := map[spot]bool{}
	for _, top := range tops {
		at[top] = true
		for _, v := range []view{c.before, c.after} {
			s := c.p.sides()[v.i]
			n := top.new
			if s.isBefore {
				n = top.old
			}
			if n == none {
				continue
			}
			if v.n != none {
				for _, identity := range v.identities(v.n) {
					v.eachHeld(identity, n, s.e.NodeLast[n], func(m estate.Node) { at[s.spot(m)] = true })
				}
			}
			denials = append(denials, c.breaks(s, n, at)...)
		}
	}
	for place := range at {
		list = append(list, candidate{at: place})
	}
	slices.SortFunc(list, func(a, b candidate) int { return c.p.order(a.at, b.at) })
	c.nest(list, causes)
	return list, denials
}

// breaks notes the places at or below a node where denials and gaps may change the
// answer, and finds the units of the denials at, above and below it.
func (c comparison) breaks(s side, n estate.Node, at map[spot]bool) (units []int) {
	i := 1
	if s.isBefore {
		i = 0
	}
	for number, d := range s.e.Denials {
		below := n <= d.Node && d.Node <= s.e.NodeLast[n]
		if !below && (d.Node > n || n > s.e.NodeLast[d.Node]) {
			continue
		}
		units = append(units, c.p.kinds.denials[i][number])
		if !below {
			continue
		}
		at[s.spot(d.Node)] = true
		if d.ThisScopeOnly {
			for child := d.Node + 1; child <= s.e.NodeLast[d.Node]; child = s.e.NodeLast[child] + 1 {
				at[s.spot(child)] = true
			}
		}
	}
	for _, g := range s.e.Gaps {
		if g.Node != none && n <= g.Node && g.Node <= s.e.NodeLast[n] {
			at[s.spot(g.Node)] = true
		}
	}
	for child := n + 1; child <= s.e.NodeLast[n] && s.denialsOnlyAt(n); child = s.e.NodeLast[child] + 1 {
		at[s.spot(child)] = true
	}
	return units
}

// denialsOnlyAt says whether some denial is about just this place (R19).
func (w *world) denialsOnlyAt(n estate.Node) bool {
	return slices.ContainsFunc(w.e.DenialsAt(n), func(d estate.Denial) bool { return d.ThisScopeOnly })
}

// nest finds the nearest candidate above each, and hands causes down: what touches
// a place touches everything in it.
func (c comparison) nest(list []candidate, causes map[spot][]int) {
	number := make(map[spot]int, len(list))
	for i := range list {
		number[list[i].at] = i
	}
	for i := range list {
		list[i].above = -1
		list[i].causes = causes[list[i].at]
		for up, ok := c.p.up(list[i].at); ok; up, ok = c.p.up(up) {
			if n, is := number[up]; is {
				list[i].above = n
				list[i].causes = slices.Concat(list[i].causes, list[n].causes)
				break
			}
		}
	}
}

// up is the place above another, on the new side if it is there.
func (p *pair) up(at spot) (spot, bool) {
	if at.new != none {
		n := p.new.e.NodeParent[at.new]
		if n == none {
			return spot{}, false
		}
		return p.newSpot(n), true
	}
	n := p.old.e.NodeParent[at.old]
	if n == none {
		return spot{}, false
	}
	return p.oldSpot(n), true
}

// order sorts places from the top down: those of the new side in their order, and
// then those that are gone.
func (p *pair) order(a, b spot) int {
	switch {
	case a.new != none && b.new != none:
		return cmp.Compare(a.new, b.new)
	case a.new != none:
		return -1
	case b.new != none:
		return 1
	}
	return cmp.Compare(a.old, b.old)
}

// inDirectories asks in each touched directory.
func (c comparison) inDirectories(touched []directoryTouch) []change {
	causes := map[tenant][]int{}
	for _, t := range touched {
		causes[t.at] = append(causes[t.at], t.cause)
	}
	if len(causes) == 0 {
		return nil
	}
	units := sorted(append(c.directoryUnits(c.before), c.directoryUnits(c.after)...))
	list := c.p.kinds.directory.of(units, nil)
	at := map[tenant]bool{}
	for t := range causes {
		at[t] = true
	}
	var found []change
	for _, k := range list {
		for _, one := range c.inDirectoriesOfKind(at, k) {
			one.units = units
			for _, t := range one.directories {
				one.causes = append(one.causes, causes[t]...)
			}
			one.causes = sorted(one.causes)
			found = append(found, one)
		}
	}
	return merge(found)
}

// inDirectoriesOfKind asks for one kind of actions in directories.
func (c comparison) inDirectoriesOfKind(at map[tenant]bool, k kind) []change {
	groups := map[[2]access.Verdict]*change{}
	for t := range at {
		before, after := c.askDirectory(c.before, k.ask.Action, t), c.askDirectory(c.after, k.ask.Action, t)
		if before == after {
			continue
		}
		g := groups[[2]access.Verdict{before, after}]
		if g == nil {
			g = &change{who: c.after.who, before: before, after: after, table: &c.p.kinds.directory, kinds: []kind{k}}
			groups[[2]access.Verdict{before, after}] = g
		}
		g.directories = append(g.directories, t)
	}
	var found []change
	for _, g := range groups {
		slices.SortFunc(g.directories, func(a, b tenant) int { return cmp.Or(cmp.Compare(a.new, b.new), cmp.Compare(a.old, b.old)) })
		found = append(found, *g)
	}
	slices.SortFunc(found, func(a, b change) int { return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.before, b.before)) })
	return found
}

// directoryUnits are the units of the directory roles that an account may have
// anywhere: given, lent by GDAP, or those of DAP (M4).
func (c comparison) directoryUnits(v view) []int {
	if v.n == none {
		return nil
	}
	of := c.p.kinds.directories[v.i]
	var units []int
	for _, identity := range v.identities(v.n) {
		for _, d := range v.e.DirectoryAssignmentsOf(identity) {
			units = append(units, of[d.Role])
		}
		for _, g := range v.e.GDAPGrantsOf(identity) {
			units = append(units, of[g.Role])
		}
		if v.e.PrincipalKind[identity]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
			units = append(units, c.p.kinds.agentUnits(v)...)
		}
	}
	return units
}

// agentUnits are the units of the two roles that DAP gives, as far as the facts
// list them. Of a role that they do not list nothing is known.
func (k *kinds) agentUnits(v view) []int {
	var units []int
	for _, id := range []csp.DirectoryRoleID{globalAdministrator, helpdeskAdministrator} {
		if n, ok := v.e.FindDirectoryRole(id); ok {
			units = append(units, k.directories[v.i][n])
		}
	}
	return units
}

var (
	globalAdministrator   = csp.MustParseID[csp.DirectoryRole]("62e90394-69f5-4237-9190-012177145e10")
	helpdeskAdministrator = csp.MustParseID[csp.DirectoryRole]("729827e3-9c14-49f7-bb1b-9608f156bbb8")
)

func (c comparison) askDirectory(v view, action access.Action, at tenant) access.Verdict {
	return c.verdict(v, action, access.DirectoryOf(c.p.tenantID(at)))
}

func (p *pair) tenantID(at tenant) csp.TenantID {
	if at.new != none {
		return p.new.e.TenantID[at.new]
	}
	return p.old.e.TenantID[at.old]
}

// merge puts kinds of actions together that changed alike at the same places.
func merge(list []change) []change {
	var merged []change
	at := map[string]int{}
	for _, c := range list {
		key := c.key()
		n, known := at[key]
		if !known {
			at[key] = len(merged)
			merged = append(merged, c)
			continue
		}
		merged[n].kinds = append(merged[n].kinds, c.kinds...)
		merged[n].causes = sorted(append(merged[n].causes, c.causes...))
	}
	return merged
}

// key tells what changed and where, apart from who and which actions.
func (c change) key() string {
	var b bytes.Buffer
	fmt.Fprint(&b, c.before, c.after, len(c.directories), c.directories)
	for _, r := range c.spans {
		fmt.Fprint(&b, r.at, r.except)
	}
	return b.String()
}
