package access

import (
	"slices"
	"sort"

	"latchkey/access/estate"
)

// denial is a deny assignment whose permissions are folded.
type denial struct {
	estate.Denial
	entries []entry
}

// inForce yields the deny assignments that are in force for an action at a spot (R19).
func (q *asking) inForce(a Action, at spot, do func(*denial)) {
	for n := at.node; n != estate.None; n = q.x.NodeParent[n] {
		here := n == at.node && !at.below
		first := sort.Search(len(q.x.denials), func(i int) bool { return q.x.denials[i].Node >= n })
		for i := first; i < len(q.x.denials) && q.x.denials[i].Node == n; i++ {
			d := &q.x.denials[i]
			if !d.AuditOnly && (here || !d.ThisScopeOnly) && names(d.entries, a) {
				do(d)
			}
		}
	}
}

// names says whether the entries name the action, conditions aside.
func names(entries []entry, a Action) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.set(a).Has(a.name) })
}

// strikes is how sure a denial is that meets somebody: its condition, or that of
// its entry, cannot be judged (M5).
func (d *denial) strikes(a Action) truth {
	conditional := d.Condition != "" || !slices.ContainsFunc(d.entries, func(e entry) bool { return e.condition == nil && e.set(a).Has(a.name) })
	if conditional {
		return maybe
	}
	return yes
}

// blocks says whether a denial takes the action from a way that uses a right of
// the holder (M5, M8): it must meet an identity that the way has anyway or has by
// being the holder, and spare none that the way could have.
func (q *asking) blocks(d *denial, w *way, holder estate.Principal, a Action) truth {
	spared := no
	for _, p := range d.Excluded {
		spared = max(spared, w.could[p])
	}
	met := truthOf(d.Everyone)
	for _, p := range d.Principals {
		if met == yes {
			break
		}
		if p == holder || w.firm[p] == yes || q.firm(account(holder)).in[p] == yes {
			met = yes
		}
	}
	return min(met, spared.not(), d.strikes(a))
}

// denied is the surest denial of the action at a spot for a way that uses a right
// of the holder.
func (q *asking) denied(a Action, at spot, w *way, holder estate.Principal) (worst truth, by []*denial) {
	q.inForce(a, at, func(d *denial) {
		t := q.blocks(d, w, holder, a)
		if t > no {
			by = append(by, d)
		}
		worst = max(worst, t)
	})
	return worst, by
}

// deniedToAll says whether the action is denied to everyone without exception, so
// that it helps nobody to become somebody else (M8).
func (q *asking) deniedToAll() (worst truth, by []*denial) {
	q.inForce(q.row.action, spot{q.node, q.below}, func(d *denial) {
		if d.Everyone && len(d.Excluded) == 0 {
			worst = max(worst, d.strikes(q.row.action))
			by = append(by, d)
		}
	})
	return worst, by
}
