package access

import (
	"time"

	"latchkey/access/estate"
	"latchkey/csp"
)

// asking is a question that has found its place in the facts.
type asking struct {
	x         *Index
	at        time.Time
	principal account
	home      estate.Tenant
	// target is the tenant of the place; node the nearest known place at or above
	// it, or None for the directory.
	target estate.Tenant
	node   estate.Node
	// below: the place itself is not listed and lies below node.
	below bool
	row   *row

	// hasty: only the verdict is wanted, and not everybody whom he could act as.
	hasty bool

	firmly map[account]standing
	taken  *taken
	around []estate.Tenant // the tenants that lead to target
}

// isDirectory says whether the place is the target's directory.
func (q *asking) isDirectory() bool { return q.node == estate.None }

// open finds the question's place in the facts, or says what it would need to
// know first.
func (x *Index) open(question Question) (*asking, []csp.Gap) {
	if err := question.check(); err != nil {
		return nil, []csp.Gap{{Fact: csp.MissingQuestion, Why: err.Error()}}
	}
	p, found := x.FindPrincipal(question.Principal)
	if !found || x.PrincipalTenant[p] == estate.None {
		return nil, []csp.Gap{{Fact: csp.MissingPrincipals, Why: "no list has the object id " + question.Principal.String()}}
	}
	q := &asking{x: x, at: question.At, principal: account(p), home: x.PrincipalTenant[p], node: estate.None}
	if gap := q.locate(question.Place); gap != nil {
		return nil, []csp.Gap{*gap}
	}
	q.row = x.row(question.Action)
	q.firmly = map[account]standing{}
	return q, nil
}

// locate finds the tenant and the node of the place.
func (q *asking) locate(place Place) *csp.Gap {
	q.target = estate.None
	if !place.Tenant.IsZero() {
		t, found := q.x.FindTenant(place.Tenant)
		if !found {
			return &csp.Gap{Fact: csp.MissingTenant, Tenant: place.Tenant, Why: "nothing was collected from it"}
		}
		q.target = t
	}
	if place.IsDirectory() {
		return nil
	}
	if place.Scope.Subscription().IsZero() && q.target == estate.None {
		q.target = q.home // above subscriptions a scope is one of his own tenant
	}
	node, exact := q.x.FindNode(q.target, place.Scope.String())
	if node == estate.None || q.x.NodeTenant[node] == estate.None {
		return &csp.Gap{Fact: csp.MissingSubscriptions, Scope: place.Scope, Why: "which tenant it belongs to is not known"}
	}
	if q.target != estate.None && q.x.NodeTenant[node] != q.target {
		return &csp.Gap{Fact: csp.MissingQuestion, Why: place.Scope.String() + " belongs to another tenant than the question says"}
	}
	q.target, q.node, q.below = q.x.NodeTenant[node], node, !exact
	return nil
}

// spot is a place on the way up from the question's: a node, or what lies below
// it without being listed.
type spot struct {
	node  estate.Node
	below bool
}

// upwards yields the question's place and everything above it, up to the root (R17).
func (q *asking) upwards() func(func(spot) bool) {
	return func(yield func(spot) bool) {
		if q.below && !yield(spot{q.node, true}) {
			return
		}
		for n := q.node; n != estate.None; n = q.x.NodeParent[n] {
			if !yield(spot{n, false}) {
				return
			}
		}
	}
}

// lies says whether the place lies at or below the node.
func (q *asking) lies(n estate.Node) bool { return n <= q.node && q.node <= q.x.NodeLast[n] }

// leads are the tenants from which one can come into the target.
func (q *asking) leads() []estate.Tenant {
	if q.around == nil {
		q.around = q.x.leading(q.target)
	}
	return q.around
}

// guests are the guest accounts of an account in a tenant.
func (x *Index) guests(a account, in estate.Tenant) []estate.Principal {
	if a.isNew() {
		return nil
	}
	var list []estate.Principal
	for _, g := range x.Guest[x.GuestsFrom[a]:x.GuestsFrom[a+1]] {
		if x.PrincipalTenant[g] == in {
			list = append(list, g)
		}
	}
	return list
}
