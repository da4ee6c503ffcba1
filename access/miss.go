package access

import (
	"cmp"
	"fmt"
	"slices"

	"latchkey/access/estate"
	"latchkey/csp"
)

// misses say what a HasNot is short of, nearest first.
func (t *telling) misses() {
	t.missDenied()
	if t.isDirectory() {
		t.missInDirectory()
	} else {
		t.missSignIn()
		t.missRights()
	}
	list := t.answer.Misses
	if len(list) == 0 {
		list = append(list, t.missAtAll())
	}
	slices.SortStableFunc(list, func(a, b Miss) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text)) })
	list = slices.CompactFunc(list, func(a, b Miss) bool { return a.Kind == b.Kind && a.Text == b.Text })
	t.answer.Misses = list
}

func (t *telling) missDenied() {
	for _, p := range t.answer.Paths {
		for _, d := range t.answer.Denied {
			if p.Blocked == d.ID {
				t.answer.Misses = append(t.answer.Misses, Miss{
					Kind: MissDenied, There: p.Hops,
					Text: fmt.Sprintf("the deny assignment %q at %s takes it away", d.Name, d.Scope),
					Next: "a deny assignment goes when what made it goes: a deployment stack, a managed application or a blueprint",
				})
			}
		}
	}
}

// missSignIn: a foreign principal has the right, and the way into the tenant is
// missing or shut (R13, R22).
func (t *telling) missSignIn() {
	if t.home == t.target || !t.x.isUser(t.principal) {
		return
	}
	s := t.stand(t.principal, true)
	guests := t.x.guests(t.principal, t.target)
	_, signs := t.signsIn(t.principal, s)
	if signs > no && len(guests) == 0 {
		return
	}
	w := &way{kind: ByDirectLink, by: t.principal, actor: estate.None, sure: yes, ids: groupsOf(t.principal, s.in)}
	t.rights(w, t.row, true, func(r right) {
		chains, _ := t.chains(estate.Principal(t.principal), r.holder, true)
		if len(chains) == 0 {
			return
		}
		hops := t.roleHops(w, r, t.row.action)
		m := Miss{Kind: MissSignIn, There: append(t.memberHops(chains[0]), hops...)}
		m.Text = fmt.Sprintf("%s has %s at %s, and he has no way to sign in to %s: neither DAP nor a GDAP role (R22)", hops[0].To.Name, hops[1].To.Name, hops[1].To.Scope, t.x.tenantName(t.target))
		m.Next = "a GDAP role for one of his groups, such as Directory Readers, would let him in"
		if len(guests) > 0 && signs > no {
			m.Kind = MissGuest
			m.Text = fmt.Sprintf("%s has %s at %s, and his guest account in %s shuts the delegated sign-in (R13)", hops[0].To.Name, hops[1].To.Name, hops[1].To.Scope, t.x.tenantName(t.target))
			m.Next = "removing the guest account would open it; so would a role for the guest himself"
		}
		t.answer.Misses = append(t.answer.Misses, m)
	})
}

// missRights looks through everything that is assigned to him.
func (t *telling) missRights() {
	for _, w := range t.ways(t.principal, true) {
		if w.kind == ByLighthouse {
			continue
		}
		for _, holder := range sortedGroups(w.ids) {
			for i, n := range t.x.heldInTenant(holder, t.target) {
				if t.fits(w, i) {
					t.missRight(i, n)
				}
			}
		}
	}
}

// mostMisses keeps an answer about somebody with thousands of assignments short.
const mostMisses = 64

func (t *telling) missRight(i uint32, n estate.Node) {
	if len(t.answer.Misses) >= mostMisses {
		return
	}
	role, above := t.x.AssignmentRole[i], t.lies(n)
	allowed, live := t.row.role(role) > no, t.live(t.x.AssignmentTerm[i], true)
	name, at := t.x.Roles[role].Name, t.x.Scope(n)
	m := Miss{}
	switch {
	case above && !allowed:
		m.Kind, m.Text = MissRole, fmt.Sprintf("%s is assigned at %s and does not allow %s", name, at, t.row.action)
	case above && !live:
		m.Kind, m.Text = MissTerm, fmt.Sprintf("%s at %s would allow it and does not hold at that time", name, at)
	case above && judgedNo(holds(t.x.condition(t.x.AssignmentCondition[i]), t.row.action)):
		m.Kind, m.Text = MissRole, fmt.Sprintf("%s at %s would allow it, but for its condition", name, at)
	case !above && live && allowed:
		m.Kind, m.Text = MissScope, fmt.Sprintf("%s allows it and is assigned at %s, which does not contain the place", name, at)
	default:
		return
	}
	holder := t.x.stop(t.x.AssignmentPrincipal[i])
	m.There = []Hop{{Kind: Holds, From: holder, To: t.roleStop(right{role: role, node: n}), Rule: "R18", Term: t.term(t.x.AssignmentTerm[i])}}
	t.answer.Misses = append(t.answer.Misses, m)
}

func judgedNo(t truth) bool { return t == no }

// missInDirectory: roles that do not allow it, and GDAP that a guest account shuts.
func (t *telling) missInDirectory() {
	s := t.stand(t.principal, true)
	for _, who := range t.inDirectory(t.principal) {
		for _, g := range t.grants(who, t.target, t.stand(who, true), true) {
			hops := t.grantHops(g, t.target)
			t.answer.Misses = append(t.answer.Misses, Miss{
				Kind: MissRole, There: hops,
				Text: fmt.Sprintf("he has the directory role %s in %s, which does not allow %s", hops[len(hops)-1].To.Name, t.x.tenantName(t.target), t.row.action),
			})
		}
	}
	if t.home == t.target || len(t.x.guests(t.principal, t.target)) == 0 {
		return
	}
	for _, group := range sortedGroups(s.in) {
		for _, lent := range t.x.GDAPGrantsOf(group) {
			if lent.Customer != t.target || !t.live(lent.Term, false) || t.row.directory[lent.Role] == no {
				continue
			}
			hops := t.grantHops(grant{kind: ByGDAP, role: t.x.DirectoryRoles[lent.Role].ID, number: lent.Role, holder: group, gdap: lent.GDAP, term: lent.Term}, t.target)
			t.answer.Misses = append(t.answer.Misses, Miss{
				Kind: MissGuest, There: hops,
				Text: fmt.Sprintf("GDAP gives %s the role %s in %s, and his guest account there shuts GDAP for him (R13)", hops[0].From.Name, hops[1].To.Name, t.x.tenantName(t.target)),
				Next: "removing the guest account would open it; so would a directory role for the guest himself",
			})
		}
	}
}

// missAtAll: there is nothing that falls short, because there is nothing.
func (t *telling) missAtAll() Miss {
	here := t.x.tenantName(t.target)
	if t.home != t.target && len(t.x.guests(t.principal, t.target)) == 0 {
		if _, signs := t.signsIn(t.principal, t.stand(t.principal, true)); signs == no {
			return Miss{
				Kind: MissEntry, Text: fmt.Sprintf("he has no way into %s: no account, no guest account, no delegated administration, and nothing projected by Lighthouse", here),
				Next: "access can be lent to him for a time, after the customer said yes",
			}
		}
	}
	if t.isDirectory() {
		return Miss{Kind: MissAssignment, Text: "he has no role in the directory of " + here, Next: "access can be lent to him for a time, after the customer said yes"}
	}
	return Miss{
		Kind: MissAssignment, Text: "he can sign in to " + here + ", and no role is assigned to him, or to a group he is in, at the place or above it",
		Next: "access can be lent to him for a time, after the customer said yes",
	}
}

// sortedGroups are the principals of the set in order.
func sortedGroups(in map[estate.Principal]truth) []estate.Principal {
	list := make([]estate.Principal, 0, len(in))
	for p := range in {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// notes say what one should know beside the answer.
func (t *telling) notes() {
	t.noteGuest()
	t.noteBlind()
	t.noteLocks()
}

// noteGuest: two identities in one tenant (R13).
func (t *telling) noteGuest() {
	guests := t.x.guests(t.principal, t.target)
	if t.home == t.target || len(guests) == 0 {
		return
	}
	here := t.x.tenantName(t.target)
	s := t.stand(t.principal, true)
	for _, g := range sortedGroups(s.in) {
		if t.grantsTo(g) {
			t.note("R13", fmt.Sprintf("he is a guest in %s, so that GDAP is shut to him there", here))
			break
		}
	}
	if admin, helpdesk := t.listedAs(t.principal, s); max(admin, helpdesk) > no {
		t.note("R13", fmt.Sprintf("he is a guest in %s and an agent under DAP: in the administration portals he is the agent, on Azure he is the guest", here))
	}
}

// noteBlind: who may assign and cannot choose to whom (R16).
func (t *telling) noteBlind() {
	if !t.row.action.Equal(writeAssignments) {
		return
	}
	for _, p := range t.answer.Paths {
		blind := p.Entry.Kind == ByGuest || p.Entry.Kind == ByDirectLink
		if p.Gives != Has || !blind || t.readsDirectory() {
			continue
		}
		t.note("R16", fmt.Sprintf("he may not read the directory of %s, so that access control lists no users to choose from; principals must be named by their object id", t.x.tenantName(t.target)))
		return
	}
}

// readsDirectory says whether any directory role of the target is his.
func (t *telling) readsDirectory() bool {
	return slices.ContainsFunc(t.inDirectory(t.principal), func(who account) bool {
		return len(t.grants(who, t.target, t.firm(who), false)) > 0
	})
}

// noteLocks: what he assigns there, nobody can remove, or not even assign (R27).
func (t *telling) noteLocks() {
	if t.isDirectory() || t.answer.Verdict < CanGet {
		return
	}
	for _, l := range t.x.Locks {
		node, exact := t.x.FindNode(t.target, l.Scope.String())
		if exact && t.lies(node) && t.row.action.Equal(writeAssignments) {
			t.note("R27", fmt.Sprintf("the lock %q (%s) at %s refuses the removal of role assignments there", l.Name, l.Level, l.Scope))
		}
	}
	for _, p := range t.x.Policies {
		node, exact := t.x.FindNode(t.target, p.Scope.String())
		if exact && t.x.NodeTenant[node] == t.target && t.lies(node) && t.row.action.Equal(writeAssignments) {
			t.note("R27", fmt.Sprintf("the policy %q at %s refuses role assignments but those it spares", p.Name, p.Scope))
		}
	}
}

func (t *telling) note(rule, text string) {
	if n := (Note{rule, text}); !slices.Contains(t.answer.Notes, n) {
		t.answer.Notes = append(t.answer.Notes, n)
	}
}

// contexts say, for each way in that gives something, where to sign in (R30).
func (t *telling) contexts() {
	for _, p := range t.answer.Paths {
		if p.Gives < CanGet {
			continue
		}
		tenant := p.Entry.Tenant
		if p.Entry.Kind == ByLighthouse {
			tenant = t.x.Tenant(t.home)
		}
		c := t.context(p.Entry.Kind, tenant)
		if !slices.Contains(t.answer.Contexts, c) {
			t.answer.Contexts = append(t.answer.Contexts, c)
		}
	}
}

func (t *telling) context(kind EntryKind, tenant csp.Tenant) Context {
	c := Context{Entry: kind, Tenant: tenant}
	if t.isDirectory() {
		c.Portal = "https://entra.microsoft.com/" + tenant.ID.String()
		c.PowerShell = "Connect-MgGraph -TenantId " + tenant.ID.String()
		c.CLI = "az login --allow-no-subscriptions --tenant " + tenant.ID.String()
		return c
	}
	c.Portal = "https://portal.azure.com/" + tenant.ID.String()
	c.PowerShell = "Connect-AzAccount -Tenant " + tenant.ID.String()
	c.CLI = "az login --tenant " + tenant.ID.String()
	if id := t.answer.Question.Place.Scope.Subscription(); !id.IsZero() {
		c.PowerShell += " -Subscription " + id.String()
		c.CLI += " && az account set --subscription " + id.String()
	}
	return c
}
