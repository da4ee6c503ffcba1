package access

import (
	"slices"

	"latchkey/access/condition"
	"latchkey/access/estate"
)

// right is a role assignment, or a role projected by Lighthouse, that allows an
// action at the place if everything about it holds.
type right struct {
	assignment uint32 // into the estate's assignments; for Lighthouse into Lighthouses
	projected  bool
	holder     estate.Principal
	role       estate.Role
	node       estate.Node
	term       estate.TermNo
	allowed    truth // by the role
	met        truth // its condition
	held       truth // the holder is one of the way's identities
}

func (r right) sure() truth { return min(r.allowed, r.met, r.held) }

// rights yields the rights of a way to the row's action at or above the place
// (M3, R18, R28): the customer's own people (R32) like everybody else. With steps,
// eligible assignments count.
func (q *asking) rights(w *way, r *row, steps bool, do func(right)) {
	for n := q.node; n != estate.None; n = q.x.NodeParent[n] {
		if w.kind == ByLighthouse {
			q.projected(w, r, n, steps, do)
		} else {
			q.assigned(w, r, n, steps, do)
		}
	}
}

func (q *asking) assigned(w *way, r *row, n estate.Node, steps bool, do func(right)) {
	for i := q.x.AssignmentsFrom[n]; i < q.x.AssignmentsFrom[n+1]; i++ {
		role, holder := q.x.AssignmentRole[i], q.x.AssignmentPrincipal[i]
		allowed, held := r.role(role), w.ids[holder]
		if allowed == no || held == no || !q.live(q.x.AssignmentTerm[i], steps) || !q.fits(w, i) {
			continue
		}
		met := holds(q.x.condition(q.x.AssignmentCondition[i]), r.action)
		if met == no {
			continue
		}
		do(right{assignment: i, holder: holder, role: role, node: n, term: q.x.AssignmentTerm[i], allowed: allowed, met: met, held: held})
	}
}

// projected: Lighthouse gives no data actions and never the role Owner.
func (q *asking) projected(w *way, r *row, n estate.Node, steps bool, do func(right)) {
	if r.action.data {
		return
	}
	all := q.x.LighthousesAt(n)
	for i, l := range all {
		allowed, held := r.role(l.Role), w.ids[l.Principal]
		if allowed == no || held == no || q.isOwner(l.Role) || !q.live(l.Term, steps) || l.Manager != q.x.tenantOf(w.by) {
			continue
		}
		do(right{assignment: uint32(i), projected: true, holder: l.Principal, role: l.Role, node: n, term: l.Term, allowed: allowed, met: yes, held: held})
	}
}

// lets says whether the holder of a right to write role assignments may assign a
// role that allows the action to whoever acts by the way (M8, R26): any role if
// nothing is conditional, else a listed one that the conditions of the assignment
// and of its role let through.
func (q *asking) lets(w *way, r right) truth {
	c := q.x.condition(q.x.AssignmentCondition[r.assignment])
	if c == nil && !q.x.isConditional(r.role) {
		return r.allowed
	}
	request := condition.Request{}
	request.Principal, request.Type = q.assignee(w, r)
	best := no
	for n := range q.x.Roles {
		allowed := q.row.role(estate.Role(n))
		if allowed <= best || q.x.RoleListed[n] == 0 {
			continue
		}
		request.Role = q.x.Roles[n].ID
		met := q.x.roleLets(r.role, request)
		if c != nil {
			met = min(met, judged(c.Holds(writeAssignments.name, request)))
		}
		best = max(best, min(allowed, met))
	}
	return best
}

// isConditional says whether an entry of the role has a condition.
func (x *Index) isConditional(r estate.Role) bool {
	return slices.ContainsFunc(x.roles[r], func(e entry) bool { return e.condition != nil })
}

// roleLets says whether the role allows writing the requested assignment.
func (x *Index) roleLets(r estate.Role, request condition.Request) truth {
	if x.RoleListed[r] == 0 {
		return maybe
	}
	best := no
	for _, e := range x.roles[r] {
		switch {
		case !e.control.Has(writeAssignments.name):
		case e.condition == nil:
			return yes
		default:
			best = max(best, judged(e.condition.Holds(writeAssignments.name, request)))
		}
	}
	return best
}
