package access

import (
	"latchkey/access/estate"
	"latchkey/csp"
)

// account is somebody whom one can act as: a principal, or, below -1, an account
// that has still to be made in a tenant (M7).
type account int32

// newcomer is an account that can be made in the tenant.
func newcomer(t estate.Tenant) account { return account(-2 - t) }

func (a account) isNew() bool { return a < -1 }

// tenantOf is the tenant of an account; None for a principal that is not listed.
func (x *Index) tenantOf(a account) estate.Tenant {
	if a.isNew() {
		return estate.Tenant(-2 - a)
	}
	return x.PrincipalTenant[a]
}

// isUser says whether the account is one that can enter another tenant by
// delegation: a user who is no guest.
func (x *Index) isUser(a account) bool {
	if a.isNew() {
		return true
	}
	kind := x.PrincipalKind[a]
	return kind.Type() == estate.KindUser && kind&estate.IsGuest == 0
}

// standing is an account with all groups it is in or could be in.
type standing struct {
	// in has the groups by however long a chain, and the account itself; direct has
	// those of which it is, or could be, a direct member.
	in     map[estate.Principal]truth
	direct map[estate.Principal]truth
}

// live says whether the term holds at the instant; an eligible one counts only if
// eligible do.
func (q *asking) live(n estate.TermNo, eligible bool) bool {
	if n == 0 {
		return true
	}
	t := q.x.Terms[n]
	return t.Holds(q.at) && (eligible || !t.Eligible)
}

func (q *asking) term(n estate.TermNo) csp.Term {
	if n == 0 {
		return csp.Term{}
	}
	return q.x.Terms[n]
}

// firm is the standing by memberships that hold (M1).
func (q *asking) firm(a account) standing {
	if s, ok := q.firmly[a]; ok {
		return s
	}
	s := q.stand(a, false)
	q.firmly[a] = s
	return s
}

// stand follows memberships from the account upwards.
func (q *asking) stand(a account, eligible bool) standing {
	s := standing{in: map[estate.Principal]truth{}, direct: map[estate.Principal]truth{}}
	if a.isNew() {
		return s
	}
	s.in[estate.Principal(a)] = yes
	q.eachGroup(estate.Principal(a), eligible, func(g estate.Principal, _ estate.TermNo) {
		s.direct[g] = yes
		q.climb(s.in, g, yes, eligible)
	})
	return s
}

// climb puts a group and all groups it is in into the set.
func (q *asking) climb(in map[estate.Principal]truth, group estate.Principal, sure truth, eligible bool) {
	if in[group] >= sure {
		return
	}
	in[group] = sure
	q.eachGroup(group, eligible, func(g estate.Principal, _ estate.TermNo) { q.climb(in, g, sure, eligible) })
}

// eachGroup calls do with each group of which the principal is a direct member.
func (q *asking) eachGroup(p estate.Principal, eligible bool, do func(estate.Principal, estate.TermNo)) {
	for i := q.x.GroupsFrom[p]; i < q.x.GroupsFrom[p+1]; i++ {
		if q.live(q.x.GroupTerm[i], eligible) {
			do(q.x.GroupOf[i], q.x.GroupTerm[i])
		}
	}
}

// potential is the standing that counts eligible memberships, and the groups that
// the account may be put into by what has been taken so far (M8).
func (q *asking) potential(a account) standing {
	if q.taken == nil {
		return q.stand(a, true)
	}
	s, known := q.taken.standings[a]
	if !known {
		s = q.couldStand(a)
		q.taken.standings[a] = s
	}
	return s
}

func (q *asking) couldStand(a account) standing {
	s := q.stand(a, true)
	tenant := q.x.tenantOf(a)
	if tenant == estate.None {
		return s
	}
	all, open := q.taken.commands[tenant], q.taken.fillsGroups[tenant]
	if all == no && open == no {
		return s
	}
	for g := q.x.TenantFirst[tenant]; g < q.x.TenantFirst[tenant+1]; g++ {
		if q.x.PrincipalKind[g].Type() != estate.KindGroup {
			continue
		}
		sure := all
		if q.isOpen(g) {
			sure = max(sure, open)
		}
		if sure == no {
			continue
		}
		s.direct[g] = max(s.direct[g], sure)
		q.climb(s.in, g, sure, true)
	}
	return s
}

// isOpen says whether whoever may change the members of ordinary groups may
// change those of this one (M7).
func (q *asking) isOpen(g estate.Principal) bool {
	return q.x.PrincipalKind[g]&estate.IsDynamic == 0 && !q.x.isRoleAssignable(g)
}

// isRoleAssignable: a group that holds a directory role is one as well (M7).
func (x *Index) isRoleAssignable(g estate.Principal) bool {
	return x.PrincipalKind[g]&estate.IsRoleAssignable != 0 || x.holdsRoles(g)
}

// holdsRoles says whether a fact gives the principal itself a directory role.
func (x *Index) holdsRoles(p estate.Principal) bool {
	return x.quick.holdsRoles.has(p)
}
