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

func (x *Index) powersOf(n estate.DirectoryRole) powers {
	id := x.DirectoryRoles[n].ID
	return powers{
		commands:    truthOf(id == globalAdministrator || id == privilegedRoleAdministrator),
		makesUsers:  x.directoryAllows(n, createUsers),
		resets:      x.directoryAllows(n, resetPasswords),
		credentials: max(x.directoryAllows(n, appCredentials), x.directoryAllows(n, spCredentials)),
		fillsGroups: x.directoryAllows(n, changeGroups),
	}
}

// powersOfGrant knows those of Global Administrator and Helpdesk Administrator
// even where no list has the role, since DAP gives them by rule.
func (q *asking) powersOfGrant(g grant) powers {
	if g.number != estate.None {
		return q.x.powers[g.number]
	}
	if g.role == globalAdministrator {
		return powers{commands: yes, makesUsers: maybe, resets: maybe, credentials: maybe, fillsGroups: maybe}
	}
	return powers{makesUsers: maybe, resets: maybe, credentials: maybe, fillsGroups: maybe}
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
// target. It goes round until a round adds nothing.
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
		for next := 0; next < len(q.taken.order); next++ { //nolint:intrange // it grows on the way
			if q.stepsOf(q.taken.order[next]) {
				changed = true
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
	with(p.resets, Resets, q.reset)
	with(p.credentials, AddsCredential, q.addCredentials)
	with(p.fillsGroups, AddsHimself, func(t truth, by step) bool {
		if q.taken.fillsGroups[s.in] >= t {
			return false
		}
		q.taken.fillsGroups[s.in], q.taken.fillsBy[s.in] = t, by
		clear(q.taken.standings)
		return true
	})
	return changed
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
	return q.x.quick.projectedTo[p] || slices.ContainsFunc(q.x.Guest[q.x.GuestsFrom[p]:q.x.GuestsFrom[p+1]], func(g estate.Principal) bool {
		return slices.Contains(q.leads(), q.x.PrincipalTenant[g])
	})
}

// reset takes the users whose password the role may reset (R15).
func (q *asking) reset(sure truth, by step) bool {
	changed := false
	weak, everyone := resettable(by.grant.role)
	for p := q.x.TenantFirst[by.in]; p < q.x.TenantFirst[by.in+1]; p++ {
		kind := q.x.PrincipalKind[p]
		if kind.Type() == estate.KindUser && kind&estate.IsGuest == 0 && !q.isOutdone(p, by.in, sure) && (everyone || q.isWeak(p, weak)) {
			changed = q.take(account(p), sure, by) || changed
		}
	}
	return changed
}

// isOutdone says whether an account of another tenant than the target is no more
// than a new account of its tenant would be, which can be made and be put into
// every group that this one is in. It keeps those who may reset the passwords of
// thousands from being thousands.
func (q *asking) isOutdone(p estate.Principal, in estate.Tenant, sure truth) bool {
	if in == q.target || q.taken.accounts[newcomer(in)] < sure || max(q.taken.fillsGroups[in], q.taken.commands[in]) < sure || q.isMore(p) {
		return false
	}
	if q.taken.commands[in] >= sure {
		return true
	}
	if len(q.x.DirectoryAssignmentsOf(p)) > 0 {
		return false
	}
	for g := range q.stand(account(p), true).in {
		if g != p && !q.isOpen(g) {
			return false
		}
	}
	return true
}

// isWeak says whether a user holds no directory role but the given ones, and is in
// no role-assignable group, which protects its members.
func (q *asking) isWeak(p estate.Principal, weak []csp.DirectoryRoleID) bool {
	s := q.firm(account(p))
	for g := range s.in {
		if g != p && q.x.isRoleAssignable(g) {
			return false
		}
	}
	for _, g := range q.ownGrants(account(p), q.x.PrincipalTenant[p], s, false) {
		if !slices.Contains(weak, g.role) {
			return false
		}
	}
	return true
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
	coders := q.x.quick.coders
	if len(coders) == 0 {
		return false
	}
	for p := range q.potential(a).in {
		if coders[holderIn{p, in}] {
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
