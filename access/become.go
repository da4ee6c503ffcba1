package access

import (
	"slices"

	"latchkey/access/estate"
	"latchkey/access/pattern"
	"latchkey/csp"
)

// powers are what a directory role lets its holder take (M7, R8, R15).
type powers struct {
	commands    truth
	makesUsers  truth
	resets      truth
	credentials truth
	fillsGroups truth
}

func (p powers) any() bool { return p != powers{} }

// The actions behind the powers.
const (
	createUsers     = "microsoft.directory/users/create"
	resetPasswords  = "microsoft.directory/users/password/update"
	appCredentials  = "microsoft.directory/applications/credentials/update"
	spCredentials   = "microsoft.directory/serviceprincipals/credentials/update"
	changeGroups    = "microsoft.directory/groups/members/update"
	mostStepsBefore = 64 // a bound on the rounds of becoming; each adds something
)

// powersOf are those of a role with the given folded actions.
func powersOf(id csp.DirectoryRoleID, actions []string) powers {
	return powers{
		commands:    truthOf(id == globalAdministrator || id == privilegedRoleAdministrator),
		makesUsers:  allowsAction(actions, createUsers),
		resets:      allowsAction(actions, resetPasswords),
		credentials: max(allowsAction(actions, appCredentials), allowsAction(actions, spCredentials)),
		fillsGroups: allowsAction(actions, changeGroups),
	}
}

// powersOfGrant are those of a grant's role, also where no fact names it, as DAP
// gives roles by rule.
func (q *asking) powersOfGrant(g grant) powers {
	if g.number != estate.None {
		return q.x.powers[g.number]
	}
	return powersOf(g.role, published()[g.role])
}

// taken is what an account can take over, step by step (M7).
type taken struct {
	accounts    map[account]truth
	order       []account
	how         map[account]step
	commands    map[estate.Tenant]truth
	commandBy   map[estate.Tenant]step
	fillsGroups map[estate.Tenant]truth
	fillsBy     map[estate.Tenant]step
	// more: accounts that add nothing were left out.
	more bool
	// standings are kept until a group opens.
	standings map[account]standing
}

// step says how something was taken: by which account, and with what.
type step struct {
	kind  HopKind
	by    account
	grant grant // the directory role that lets him, if in is a tenant
	in    estate.Tenant
	// right and node are, for RunsCodeAs, where he can run code and by what.
	node estate.Node
}

// become finds everybody the principal can act as, as far as it leads to the
// target. It goes round until a round adds nothing; in haste, until it is settled
// that he commands the target and gets what is asked.
func (q *asking) become() {
	q.taken = &taken{
		accounts: map[account]truth{}, how: map[account]step{},
		commands: map[estate.Tenant]truth{}, commandBy: map[estate.Tenant]step{},
		fillsGroups: map[estate.Tenant]truth{}, fillsBy: map[estate.Tenant]step{},
		standings: map[account]standing{},
	}
	q.take(q.principal, yes, step{})
	for changed := true; changed; {
		changed = false
		for _, a := range q.taken.order {
			if q.stepsOf(a) {
				changed = true
			}
			if q.hasty && q.taken.commands[q.target] == yes && q.weigh(q.getsByCommand(), nil) == yes {
				return
			}
		}
	}
}

// take notes that an account can be acted as, and its guests with it.
func (q *asking) take(a account, sure truth, how step) bool {
	if q.taken.accounts[a] >= sure {
		return false
	}
	if q.taken.accounts[a] == no {
		q.taken.order = append(q.taken.order, a)
	}
	q.taken.accounts[a], q.taken.how[a] = sure, how
	if a.isNew() {
		return true
	}
	for _, g := range q.x.Guest[q.x.GuestsFrom[a]:q.x.GuestsFrom[a+1]] {
		if slices.Contains(q.leads(), q.x.PrincipalTenant[g]) {
			q.take(account(g), sure, step{kind: IsGuest, by: a})
		}
	}
	return true
}

// stepsOf takes what one account lets take, and says whether that was anything new.
func (q *asking) stepsOf(a account) bool {
	s, sure, changed := q.potential(a), q.taken.accounts[a], false
	for _, in := range q.leads() {
		for _, g := range q.grants(a, in, s, true) {
			p := q.powersOfGrant(g)
			if p.any() && q.use(step{by: a, grant: g, in: in}, min(sure, g.sure), p) {
				changed = true
			}
		}
	}
	return q.runCode(a, sure) || changed
}

// use takes what a directory role gives.
func (q *asking) use(s step, sure truth, p powers) bool {
	changed := false
	with := func(power truth, kind HopKind, take func(truth, step) bool) {
		if t := min(power, sure); t > no {
			by := s
			by.kind = kind
			changed = take(t, by) || changed
		}
	}
	with(p.commands, Commands, q.command)
	with(max(p.makesUsers, p.commands), MakesAccount, func(t truth, by step) bool { return q.take(newcomer(s.in), t, by) })
	// Before the others: a new account in all groups outdoes most of them.
	with(p.fillsGroups, AddsHimself, q.fillGroups)
	with(p.resets, Resets, q.reset)
	with(p.credentials, AddsCredential, q.addCredentials)
	return changed
}

// fillGroups notes that anybody can be put into the groups of a tenant.
func (q *asking) fillGroups(sure truth, by step) bool {
	if q.taken.fillsGroups[by.in] >= sure {
		return false
	}
	q.taken.fillsGroups[by.in], q.taken.fillsBy[by.in] = sure, by
	clear(q.taken.standings)
	return true
}

// command takes a whole tenant. Of its accounts only those are taken one by one
// that are more than any new account could be made: guests elsewhere, and those
// to whom something is projected; whatever else they have is in the tenant itself.
func (q *asking) command(sure truth, by step) bool {
	if q.taken.commands[by.in] >= sure {
		return false
	}
	q.taken.commands[by.in], q.taken.commandBy[by.in] = sure, by
	clear(q.taken.standings)
	by.kind = Resets
	for p := q.x.TenantFirst[by.in]; p < q.x.TenantFirst[by.in+1]; p++ {
		if q.x.PrincipalKind[p].Type() != estate.KindGroup && (by.in == q.target || q.isMore(p)) {
			q.take(account(p), sure, by)
		}
	}
	return true
}

// isMore says whether an account of a commanded tenant is more than a new one.
func (q *asking) isMore(p estate.Principal) bool {
	return q.x.quick.projectedTo.has(p) || slices.ContainsFunc(q.x.Guest[q.x.GuestsFrom[p]:q.x.GuestsFrom[p+1]], func(g estate.Principal) bool {
		return slices.Contains(q.leads(), q.x.PrincipalTenant[g])
	})
}

// reset takes the users whose password the role may reset (R15).
func (q *asking) reset(sure truth, by step) bool {
	changed := false
	weak, everyone := resettable(by.grant.role)
	for p := q.x.TenantFirst[by.in]; p < q.x.TenantFirst[by.in+1]; p++ {
		kind := q.x.PrincipalKind[p]
		if kind.Type() == estate.KindUser && kind&estate.IsGuest == 0 && q.taken.accounts[account(p)] < sure && !q.isOutdone(p, by.in, sure) && (everyone || q.isWeak(p, weak)) {
			changed = q.take(account(p), sure, by) || changed
		}
	}
	return changed
}

// fewAccounts are as many principals of a tenant as are taken one by one, so that
// every path is told; of larger tenants those that add nothing are left out.
const fewAccounts = 64

// isOutdone says whether an account of another tenant than the target is no more
// than a new account of its tenant would be, which can be made and be put into
// every group that this one is in. It keeps those who may reset the passwords of
// thousands from being thousands.
func (q *asking) isOutdone(p estate.Principal, in estate.Tenant, sure truth) bool {
	if !q.hasty && q.x.TenantFirst[in+1]-q.x.TenantFirst[in] <= fewAccounts || in == q.target || q.taken.accounts[newcomer(in)] < sure || max(q.taken.fillsGroups[in], q.taken.commands[in]) < sure || q.isMore(p) {
		return false
	}
	if q.taken.commands[in] >= sure {
		q.taken.more = true
		return true
	}
	outdone := !q.x.holdsRoles(p) && !q.isInGroup(p, true, func(g estate.Principal) bool { return !q.isOpen(g) })
	q.taken.more = q.taken.more || outdone
	return outdone
}

// isInGroup says whether the principal is in a group of some kind, or, if eligible
// memberships count, could be.
func (q *asking) isInGroup(p estate.Principal, eligible bool, is func(estate.Principal) bool) bool {
	k := &q.x.quick
	if !k.unsteady[p] {
		return slices.ContainsFunc(k.groups(p), is)
	}
	for g := range q.stand(account(p), eligible).in {
		if g != p && is(g) {
			return true
		}
	}
	return false
}

// isWeak says whether a user holds no directory role but the given ones, and is in
// no role-assignable group, which protects its members.
func (q *asking) isWeak(p estate.Principal, weak []csp.DirectoryRoleID) bool {
	if q.isInGroup(p, false, q.x.isRoleAssignable) {
		return false
	}
	if !q.x.holdsRoles(p) {
		return true // nor does a group of his, which would be role-assignable
	}
	in := q.x.PrincipalTenant[p]
	return !slices.ContainsFunc(q.x.DirectoryAssignmentsOf(p), func(d estate.DirectoryAssignment) bool {
		return d.Tenant == in && q.live(d.Term, false) && !slices.Contains(weak, q.x.DirectoryRoles[d.Role].ID)
	})
}

// addCredentials takes the service principals that are no managed identity.
func (q *asking) addCredentials(sure truth, by step) bool {
	changed := false
	for p := q.x.TenantFirst[by.in]; p < q.x.TenantFirst[by.in+1]; p++ {
		kind := q.x.PrincipalKind[p]
		if kind.Type() == estate.KindServicePrincipal && kind&estate.IsManaged == 0 {
			changed = q.take(account(p), sure, by) || changed
		}
	}
	return changed
}

// runCode takes the identities of resources in which the account can run code (R26).
func (q *asking) runCode(a account, sure truth) bool {
	changed := false
	for _, in := range q.leads() {
		if !q.isCoder(a, in) {
			continue
		}
		for _, id := range q.x.identitiesOf(in) {
			if q.taken.accounts[account(id.Principal)] >= sure {
				continue
			}
			t := min(sure, q.codeIn(a, id.Node))
			if t > no && q.take(account(id.Principal), t, step{kind: RunsCodeAs, by: a, in: in, node: id.Node}) {
				changed = true
			}
		}
	}
	return changed
}

// isCoder says whether the account could run code as any identity of the tenant,
// going by the roles that its groups hold there.
func (q *asking) isCoder(a account, in estate.Tenant) bool {
	coders := &q.x.quick.coders
	if !coders.any {
		return false
	}
	for p := range q.potential(a).in {
		if coders.has(q.x, p, in) {
			return true
		}
	}
	return false
}

// identitiesOf are the identities of resources of a tenant.
func (x *Index) identitiesOf(t estate.Tenant) []estate.Identity {
	root := x.TenantRoot[t]
	return between(x.Identities, root, x.NodeLast[root], func(i *estate.Identity) estate.Node { return i.Node })
}

// codeIn says whether the account can run code in the resource.
func (q *asking) codeIn(a account, node estate.Node) truth {
	best := no
	for _, r := range q.x.quick.codeRows[node] {
		there := *q
		there.target, there.node, there.below, there.row = q.x.NodeTenant[node], node, false, r
		best = max(best, there.getsAs(a))
	}
	return best
}

// resourceType is the folded type of a resource, such as
// microsoft.compute/virtualmachines; of what is no resource it is empty.
func (x *Index) resourceType(n estate.Node) string {
	return typeOf(pattern.Fold(x.Scope(n).String()))
}
