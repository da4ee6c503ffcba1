package access

import (
	"slices"
	"sort"
	"strings"
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// Span is a part of a tenant's tree of scopes, from a place down, or a tenant's
// directory.
type Span struct {
	Verdict Verdict
	Place   Place
	// Known is how many known places it has, those in Except left out.
	Known int
	// Except are the parts of it of which the verdict does not hold. They have spans
	// of their own, unless the verdict there is HasNot.
	Except []Place
}

// Territory is everywhere that a principal reaches with an action.
type Territory struct {
	// Spans are by tenant, and there from the top down. No two overlap.
	Spans []Span
	// Directories are the tenants in whose directory it can be done.
	Directories []Span
	// Counts are how much of the estate the spans have, by verdict.
	Counts map[Verdict]Count
	// Gaps say, for Unknown, what is missing.
	Gaps []csp.Gap
}

// Count is how much of the estate something concerns.
type Count struct {
	Tenants       int
	Subscriptions int
	Places        int // known scopes: the root, management groups, subscriptions, resource groups, resources
}

// Reach finds every known place at which Can does not say HasNot.
func (x *Index) Reach(principal csp.ObjectID, action Action, at time.Time) Territory {
	r := reaching{territory: Territory{Counts: map[Verdict]Count{}}}
	question := Question{Principal: principal, Action: action, Place: Place{Scope: csp.Root()}, At: at}
	if action.onlyInDirectory() && len(x.TenantID) > 0 {
		question.Place = DirectoryOf(x.TenantID[0])
	}
	q, gaps := x.open(question)
	if len(gaps) > 0 {
		r.territory.Gaps = gaps
		return r.territory
	}
	inScopes, inDirectories := !action.onlyInDirectory(), !action.data && q.directoryKnows()
	for t := range x.TenantID {
		one := *q
		one.target, one.around, one.taken, one.below = estate.Tenant(t), nil, nil, false
		one.firmly = map[account]standing{}
		if inDirectories {
			one.node = estate.None
			r.directory(&one)
		}
		if inScopes {
			one.node, one.taken = x.TenantRoot[t], nil
			r.tree(&one)
		}
	}
	return r.territory
}

// onlyInDirectory says whether the action can be none of Azure's.
func (a Action) onlyInDirectory() bool {
	return strings.HasPrefix(a.name, directoryNamespace) || strings.HasPrefix(a.name, "microsoft.office365.")
}

// directoryKnows says whether the action is one of a directory: some listed role
// of directories allows it, or its name leaves no doubt.
func (q *asking) directoryKnows() bool {
	return q.row.action.onlyInDirectory() || slices.Contains(q.row.directory, yes)
}

// reaching collects a territory.
type reaching struct {
	territory Territory
}

func (r *reaching) directory(q *asking) {
	v := q.verdict()
	if v == HasNot {
		return
	}
	r.gaps(q, v)
	r.territory.Directories = append(r.territory.Directories, Span{Verdict: v, Place: DirectoryOf(q.x.TenantID[q.target])})
	c := r.territory.Counts[v]
	c.Tenants++
	r.territory.Counts[v] = c
}

// tree judges a tenant's tree where its verdict can change, and makes spans of
// what lies between.
func (r *reaching) tree(q *asking) {
	if !slices.Contains(q.leads(), q.home) && len(q.gapsOfStrangers()) == 0 {
		return
	}
	nodes := q.turns()
	type open struct {
		span int // into spans, or -1 for HasNot
		node estate.Node
		verd Verdict
	}
	var stack []open
	var spans []Span
	var tops []estate.Node
	for _, n := range nodes {
		for len(stack) > 0 && q.x.NodeLast[stack[len(stack)-1].node] < n {
			stack = stack[:len(stack)-1]
		}
		q.node = n
		v := q.verdict()
		if len(stack) > 0 && stack[len(stack)-1].verd == v {
			continue
		}
		here := open{span: -1, node: n, verd: v}
		place := Place{Tenant: q.x.TenantID[q.target], Scope: q.x.Scope(n)}
		size := int(q.x.NodeLast[n]-n) + 1
		if len(stack) > 0 && stack[len(stack)-1].span >= 0 {
			up := &spans[stack[len(stack)-1].span]
			up.Except = append(up.Except, place)
			up.Known -= size
		}
		if v != HasNot {
			here.span = len(spans)
			spans = append(spans, Span{Verdict: v, Place: place, Known: size})
			tops = append(tops, n)
			r.gaps(q, v)
		}
		stack = append(stack, here)
	}
	r.count(q.x, spans, tops)
	r.territory.Spans = append(r.territory.Spans, spans...)
}

func (r *reaching) gaps(q *asking, v Verdict) {
	if v == Unknown {
		one := *q
		r.territory.Gaps = appendGaps(r.territory.Gaps, &one)
	}
}

// count adds the spans of one tenant. A subscription counts where its own node
// lies.
func (r *reaching) count(x *Index, spans []Span, tops []estate.Node) {
	tenants := map[Verdict]bool{}
	for i, s := range spans {
		c := r.territory.Counts[s.Verdict]
		if !tenants[s.Verdict] {
			tenants[s.Verdict] = true
			c.Tenants++
		}
		c.Places += s.Known
		c.Subscriptions += x.subscriptionsIn(tops[i])
		for _, except := range s.Except {
			if n, exact := x.FindNode(x.NodeTenant[tops[i]], except.Scope.String()); exact {
				c.Subscriptions -= x.subscriptionsIn(n)
			}
		}
		r.territory.Counts[s.Verdict] = c
	}
}

// subscriptionsIn counts the subscriptions at or below a node.
func (x *Index) subscriptionsIn(n estate.Node) int {
	count := 0
	last := x.NodeLast[n]
	for m := n; m <= last; {
		switch x.kindOf(m) {
		case csp.SubscriptionScope:
			count++
			m = x.NodeLast[m] + 1
		case csp.RootScope, csp.ManagementGroupScope:
			m++
		default:
			m = x.NodeLast[m] + 1
		}
	}
	return count
}

func (x *Index) kindOf(n estate.Node) csp.ScopeKind {
	switch string(x.TypeName.Bytes(int(x.NodeType[n]))) {
	case "/":
		return csp.RootScope
	case "managementGroups":
		return csp.ManagementGroupScope
	case "subscriptions":
		return csp.SubscriptionScope
	case "resourceGroups":
		return csp.ResourceGroupScope
	}
	return csp.ResourceScope
}

// turns are the nodes of the target's tree, in order, at which the verdict may be
// another than above: where something is assigned to somebody he is or could be,
// where something is denied, and where something was not collected.
func (q *asking) turns() []estate.Node {
	q.become()
	var all []*way
	for _, a := range q.taken.order {
		all = append(all, q.ways(a, true)...)
	}
	return q.turnsOf(all)
}

// turnsOf are those for the given ways alone.
func (q *asking) turnsOf(ways []*way) []estate.Node {
	root := q.x.TenantRoot[q.target]
	last := q.x.NodeLast[root]
	marked := map[estate.Node]bool{root: true}
	write := q.x.quick.write
	for _, w := range ways {
		for p := range w.ids {
			q.markHeld(marked, p, write)
		}
	}
	for _, l := range between(q.x.Lighthouses, root, last, func(l *estate.Lighthouse) estate.Node { return l.Node }) {
		marked[l.Node] = true
	}
	for _, d := range between(q.x.Denials, root, last, func(d *estate.Denial) estate.Node { return d.Node }) {
		q.markDenial(marked, d.Node, d.ThisScopeOnly)
	}
	for _, g := range q.x.GapsOf(q.target) {
		if g.Node != estate.None {
			marked[g.Node] = true
		}
	}
	nodes := make([]estate.Node, 0, len(marked))
	for n := range marked {
		nodes = append(nodes, n)
	}
	slices.Sort(nodes)
	return nodes
}

func (q *asking) markHeld(marked map[estate.Node]bool, p estate.Principal, write *row) {
	for i, n := range q.x.heldInTenant(p, q.target) {
		if role := q.x.AssignmentRole[i]; max(q.row.role(role), write.role(role)) > no {
			marked[n] = true
		}
	}
}

// markDenial marks where a denial begins, and if it does not go further down, the
// places right below, where it ends.
func (q *asking) markDenial(marked map[estate.Node]bool, at estate.Node, thisScopeOnly bool) {
	marked[at] = true
	if !thisScopeOnly {
		return
	}
	for n := at + 1; n <= q.x.NodeLast[at]; n = q.x.NodeLast[n] + 1 {
		marked[n] = true
	}
}

// between are the rows, sorted by node, of which the node lies between the two.
func between[R any](rows []R, first, last estate.Node, of func(*R) estate.Node) []R {
	rows = rows[sort.Search(len(rows), func(i int) bool { return of(&rows[i]) >= first }):]
	return rows[:sort.Search(len(rows), func(i int) bool { return of(&rows[i]) > last })]
}
