package access

import (
	"slices"

	"latchkey/access/estate"
	"latchkey/csp"
)

// way is how an account comes into a tenant, and as whom it acts there (M2, M3).
type way struct {
	kind EntryKind
	// by is the account that comes; actor who it is there: itself, its guest, or
	// nobody (None) but its groups.
	by    account
	actor estate.Principal
	sure  truth
	// ids are the identities that assignments may name, firm those of them that it
	// has without any step, and could those that it could have.
	ids   map[estate.Principal]truth
	firm  map[estate.Principal]truth
	could map[estate.Principal]truth
}

// delegated says whether only foreign principals count (R21).
func (w *way) delegated() bool {
	return w.kind == ByGDAP || w.kind == ByDAP || w.kind == ByDirectLink
}

// who is the principal whose memberships count on the way: the actor, or the
// account that comes; for no account that has still to be made.
func (w *way) who() estate.Principal {
	if w.actor != estate.None {
		return w.actor
	}
	return estate.Principal(w.by)
}

// ways are the ways of an account into the target for Azure; with steps, eligible
// memberships and groups that it may be put into count like others (M8).
func (q *asking) ways(a account, steps bool) []*way {
	var list []*way
	stand := q.firm
	if steps {
		stand = q.potential
	}
	whole := func(kind EntryKind, actor estate.Principal) {
		acts := account(actor)
		list = append(list, &way{kind: kind, by: a, actor: actor, sure: yes, ids: stand(acts).in, firm: q.firm(acts).in, could: q.potentialIfAsked(acts, steps)})
	}
	home := q.x.tenantOf(a)
	switch {
	case home == q.target && a.isNew():
		list = append(list, &way{kind: ByHome, by: a, actor: estate.None, sure: yes, ids: stand(a).in, firm: q.firm(a).in, could: stand(a).in})
	case home == q.target:
		whole(ByHome, estate.Principal(a))
	default:
		guests := q.x.guests(a, q.target)
		for _, g := range guests {
			whole(ByGuest, g)
		}
		if kind, sure := q.signsIn(a, stand(a)); sure > no && len(guests) == 0 {
			list = append(list, &way{kind: kind, by: a, actor: estate.None, sure: sure, ids: groupsOf(a, stand(a).in), firm: groupsOf(a, q.firm(a).in), could: groupsOf(a, stand(a).in)})
		}
		list = append(list, &way{kind: ByLighthouse, by: a, actor: estate.None, sure: yes, ids: stand(a).in, firm: q.firm(a).in, could: stand(a).in})
	}
	return list
}

func (q *asking) potentialIfAsked(a account, steps bool) map[estate.Principal]truth {
	if steps {
		return q.potential(a).in
	}
	return q.firm(a).in
}

// groupsOf is the set without the account itself: a partner's user has no object
// in the customer's tenant (R11).
func groupsOf(a account, in map[estate.Principal]truth) map[estate.Principal]truth {
	groups := make(map[estate.Principal]truth, len(in))
	for p, sure := range in {
		if account(p) != a {
			groups[p] = sure
		}
	}
	return groups
}

// signsIn finds the surest delegated way of a partner's user into the target
// (M2, R10-R12, R22). Of several partners of a customer each has its own (R5). To
// come in is one level, to hold a role on a subscription another, and either can
// be missing alone (R34).
func (q *asking) signsIn(a account, s standing) (EntryKind, truth) {
	if !q.x.isUser(a) {
		return 0, no
	}
	kind, best := EntryKind(0), no
	try := func(k EntryKind, sure truth) {
		if sure > best {
			kind, best = k, sure
		}
	}
	for _, lent := range q.x.quick.lentIn(q.target) {
		if q.live(lent.Term, false) {
			try(ByGDAP, s.in[lent.Group])
		}
	}
	if best < yes {
		admin, helpdesk := q.listedAs(a, s)
		try(ByDAP, max(admin, helpdesk))
	}
	if best < yes && q.x.TenantRules[q.target] != 0 {
		try(ByDirectLink, yes)
	}
	return kind, best
}

// grantsTo says whether a GDAP access assignment gives the group any role in the
// target (R11).
func (q *asking) grantsTo(g estate.Principal) bool {
	return slices.ContainsFunc(q.x.quick.lentIn(q.target), func(lent estate.GDAPGrant) bool {
		return lent.Group == g && q.live(lent.Term, false)
	})
}

// listedAs says whether DAP makes the account an admin agent or a helpdesk agent
// in the target: by direct membership only, and not if GDAP reaches it (R10, R12).
func (q *asking) listedAs(a account, s standing) (admin, helpdesk truth) {
	partner := q.x.tenantOf(a)
	if !q.x.isUser(a) || partner == q.target || !q.lists(partner) || q.reached(a) {
		return no, no
	}
	for g, sure := range s.direct {
		kind := q.x.PrincipalKind[g]
		if kind&estate.IsAdminAgents != 0 {
			admin = max(admin, sure)
		}
		if kind&estate.IsHelpdeskAgents != 0 {
			helpdesk = max(helpdesk, sure)
		}
	}
	return admin, helpdesk
}

// lists says whether the target has the partner as delegated administrator.
func (q *asking) lists(partner estate.Tenant) bool {
	for _, r := range q.x.DAPsOf(q.target) {
		if r.Partner == partner && q.live(r.Term, false) {
			return true
		}
	}
	return false
}

// reached says whether GDAP reaches the account by a membership that holds, so
// that DAP counts no more for it (R12).
func (q *asking) reached(a account) bool {
	lent := q.x.quick.lentIn(q.target)
	if len(lent) == 0 {
		return false
	}
	firm := q.firm(a).in
	return slices.ContainsFunc(lent, func(lent estate.GDAPGrant) bool { return firm[lent.Group] > no && q.live(lent.Term, false) })
}

// foreign says whether an assignment is one that a way can use: of a foreign
// principal for those who come by delegation, of a principal of the tenant for
// all others (R20, R21). Of principals that no list has it is believed.
func (q *asking) fits(w *way, assignment uint32) bool {
	holder := q.x.AssignmentPrincipal[assignment]
	if w.delegated() {
		return q.x.AssignmentForeign[assignment] != 0
	}
	home := q.x.PrincipalTenant[holder]
	return home == estate.None || home == q.target
}

func (q *asking) isOwner(r estate.Role) bool { return q.x.Roles[r].ID == ownerRole }

// ownerRole is the built-in role that Lighthouse cannot project (R28).
var ownerRole = csp.MustParseID[csp.RoleDefinition]("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
