package access

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/access/estate"
	"latchkey/csp"
)

// notes say what one should know beside the answer.
func (t *telling) notes() {
	t.noteGuest()
	t.noteReplaced()
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
	if slices.ContainsFunc(sortedGroups(s.in), t.grantsTo) {
		t.note("R13", fmt.Sprintf("he is a guest in %s, so that GDAP is shut to him there", here))
	}
	if admin, helpdesk := t.listedAs(t.principal, s); max(admin, helpdesk) > no {
		t.note("R13", fmt.Sprintf("he is a guest in %s and an agent under DAP: in the administration portals he is the agent, on Azure he is the guest", here))
	}
}

// noteReplaced: an agent whom GDAP reaches has nothing by DAP (R12).
func (t *telling) noteReplaced() {
	if t.home == t.target || !t.x.isUser(t.principal) || !t.lists(t.home) || !t.reached(t.principal) {
		return
	}
	for g := range t.firm(t.principal).direct {
		if t.x.PrincipalKind[g]&(estate.IsAdminAgents|estate.IsHelpdeskAgents) != 0 {
			t.note("R12", fmt.Sprintf("GDAP reaches him in %s, so that DAP counts no more for him there, even where it would give more", t.x.tenantName(t.target)))
		}
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
		t.note("R16", fmt.Sprintf("he may not read the directory of %s, so that access control (IAM) lists no users there; he can assign a role only to an object id that he knows", t.x.tenantName(t.target)))
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
	if t.isDirectory() || t.answer.Verdict < CanGet || !t.row.action.Equal(writeAssignments) {
		return
	}
	for _, l := range t.x.Locks {
		if !t.isAbove(l.Scope) {
			continue
		}
		refuses := "an assignment made there cannot be removed while it stands"
		if l.Level == csp.ReadOnly {
			refuses = "no assignment can be made or removed there while it stands"
		}
		t.note("R27", fmt.Sprintf("the lock %q (%s) is at %s: %s", l.Name, l.Level, l.Scope, refuses))
	}
	for _, p := range t.x.Policies {
		if p.Tenant != t.x.TenantID[t.target] || !t.isAbove(p.Scope) {
			continue
		}
		refuses := "all role assignments"
		if len(p.Spares) > 0 {
			refuses += " but those of " + t.roleNames(p.Spares)
		}
		t.note("R27", fmt.Sprintf("the policy %q at %s refuses %s", p.Name, p.Scope, refuses))
	}
}

// isAbove says whether the scope is a known one of the target at or above the place.
func (t *telling) isAbove(s csp.Scope) bool {
	node, exact := t.x.FindNode(t.target, s.String())
	return exact && t.x.NodeTenant[node] == t.target && t.lies(node)
}

// roleNames are the names of roles, or the ids of those that are not listed.
func (t *telling) roleNames(ids []csp.RoleDefinitionID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
		if r, found := t.x.FindRole(id); found && t.x.Roles[r].Name != "" {
			names[i] = t.x.Roles[r].Name
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
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
			tenant = t.manager(p)
		}
		c := t.context(p.Entry.Kind, tenant)
		if !slices.Contains(t.answer.Contexts, c) {
			t.answer.Contexts = append(t.answer.Contexts, c)
		}
	}
}

// manager is the managing tenant of a path by Lighthouse, which need not be his
// own: he may be a guest there.
func (t *telling) manager(p Path) csp.Tenant {
	projects := p.Hops[slices.IndexFunc(p.Hops, func(h Hop) bool { return h.Kind == Projects })]
	root := t.x.TenantRoot[t.target]
	all := between(t.x.Lighthouses, root, t.x.NodeLast[root], func(l *estate.Lighthouse) estate.Node { return l.Node })
	l := all[slices.IndexFunc(all, func(l estate.Lighthouse) bool {
		return t.x.PrincipalID[l.Principal].String() == projects.From.ID && t.x.Scope(l.Node).Equal(projects.To.Scope)
	})]
	return t.x.Tenant(l.Manager)
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
