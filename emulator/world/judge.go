package world

import (
	"slices"

	"latchkey/csp"
	"latchkey/emulator/abac"
	"latchkey/emulator/guid"
)

// The attributes of a role assignment that conditions may speak of.
const (
	RoleDefinitionAttribute = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
	PrincipalAttribute      = "Microsoft.Authorization/roleAssignments:PrincipalId"
	PrincipalTypeAttribute  = "Microsoft.Authorization/roleAssignments:PrincipalType"
)

// Caller is who a token says is asking: an object with the groups and directory
// roles that were written into the token, in the tenant the token is for.
type Caller struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	Groups []csp.ObjectID
	// Roles are the directory roles (the claim wids).
	Roles []csp.DirectoryRoleID
	// App: an application asks for itself, with the Permissions it was given;
	// else a user does, through an application that may use his rights in Scopes.
	App         bool
	Permissions []string
	Scopes      []string
}

// identities are whom an assignment may name so that the caller has it: himself
// and his groups, or for a partner's user, who has no object in the tenant, the
// groups alone (R11).
func (w *World) identities(c Caller) []csp.ObjectID {
	if home, known := w.objects[c.Object]; known && home != c.Tenant {
		return c.Groups
	}
	return append([]csp.ObjectID{c.Object}, c.Groups...)
}

// Act is what a caller wants to do where.
type Act struct {
	Action string
	Scope  csp.Scope
	// Data: the action is one on what is in a resource (R31).
	Data bool
	// Request and Resource are what conditions are judged on.
	Request  abac.Attributes
	Resource abac.Attributes
	// Unconditioned asks as if every condition held: for acts on things that
	// are not there, and so have no attributes.
	Unconditioned bool
}

// AddDenial adds a deny assignment (R19), as only Microsoft's own services could
// for long. A zero ID is replaced by a random one.
func (t Tenant) AddDenial(d csp.DenyAssignment) (csp.DenyAssignment, error) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.checkPlace(w.tenants[t.ID], d.Scope); err != nil {
		return csp.DenyAssignment{}, err
	}
	guid.Fill(&d.ID)
	w.tenants[t.ID].denials = append(w.tenants[t.ID].denials, csp.Denial{DenyAssignment: d, Tenant: t.ID})
	w.record(Event{Kind: DenialAdded, Tenant: t.ID, By: t.by, Subject: d.Name, Scope: d.Scope})
	return d, nil
}

// RemoveDenial takes a deny assignment away.
func (t Tenant) RemoveDenial(id csp.DenyAssignmentID) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.tenants[t.ID]
	at := slices.IndexFunc(d.denials, func(other csp.Denial) bool { return other.ID == id })
	if at < 0 {
		return refuse(NoSuchAssignment, "no deny assignment of %s has the id %s", d.Name, id)
	}
	gone := d.denials[at]
	d.denials = slices.Delete(d.denials, at, at+1)
	w.record(Event{Kind: DenialRemoved, Tenant: t.ID, By: t.by, Subject: gone.Name, Scope: gone.Scope})
	return nil
}

// Denials lists the tenant's deny assignments.
func (t Tenant) Denials() []csp.DenyAssignment {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	var list []csp.DenyAssignment
	for _, d := range t.w.tenants[t.ID].denials {
		list = append(list, d.DenyAssignment)
	}
	return list
}

// Verdict is whether an act is allowed.
type Verdict struct {
	Allowed bool
	// Denied is the deny assignment that stood against it, if one did.
	Denied *csp.DenyAssignment
	// By is the role assignment that allows it; Lighthouse has none.
	By *Assignment
}

// May judges an act (R17, R18, R19): no deny assignment may stand against it, and
// at least one role assignment at or above the scope must allow it, to the
// caller or to a group of his. At a scope of another tenant than the caller's
// only what Lighthouse projects to him counts (R28).
func (w *World) May(c Caller, act Act) Verdict {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok {
		return Verdict{}
	}
	there := d
	if s, ok := w.subscriptions[act.Scope.Subscription()]; ok {
		there = w.tenants[s.Tenant]
	}
	who, facts := w.identities(c), abac.Facts{Action: act.Action, Request: act.Request, Resource: act.Resource}
	for _, denial := range there.denials {
		if there.standsAgainst(denial.DenyAssignment, who, act, facts) {
			return Verdict{Denied: &denial.DenyAssignment}
		}
	}
	if there != d {
		return Verdict{Allowed: w.isProjected(there, c.Tenant, who, act, facts)}
	}
	holders := d.holders(who)
	for _, place := range d.placesAbove(act.Scope) {
		for _, principal := range holders {
			for _, a := range d.held[holding{place, principal}] {
				if w.gives(a) && w.assignmentAllows(d, a, act, facts) {
					return Verdict{Allowed: true, By: &a.Assignment}
				}
			}
		}
	}
	return Verdict{}
}

// holders are those that are assigned anything: few of the groups of most.
func (d *tenant) holders(who []csp.ObjectID) []csp.ObjectID {
	list := make([]csp.ObjectID, 0, len(who))
	for _, id := range who {
		if d.holds[id] > 0 {
			list = append(list, id)
		}
	}
	return list
}

func (w *World) assignmentAllows(d *tenant, a *assignment, act Act, facts abac.Facts) bool {
	if !act.Unconditioned && (a.unread || !a.condition.Holds(facts)) {
		return false
	}
	role, ok := w.role(d, a.Role)
	return ok && allows(role, act, facts)
}

// isProjected says whether Lighthouse gives the act (R28): never by the role
// Owner, and never on data.
func (w *World) isProjected(there *tenant, manager csp.TenantID, who []csp.ObjectID, act Act, facts abac.Facts) bool {
	for _, p := range w.projections[act.Scope.Subscription()] {
		if p.Manager != manager || act.Data || p.Role == ownerRole || !p.Scope.Contains(act.Scope) || !slices.Contains(who, p.Principal) || !w.counts(p.Term) {
			continue
		}
		if role, ok := w.role(there, p.Role); ok && allows(role, act, facts) {
			return true
		}
	}
	return false
}

// checkTenant asks that the scope's subscription, if it lies in one, trusts the tenant.
func (w *World) checkTenant(d *tenant, scope csp.Scope) error {
	if s, ok := w.subscriptions[scope.Subscription()]; ok && s.Tenant != d.ID {
		return refuse(NoSuchScope, "%s trusts another tenant", scope)
	}
	return nil
}

// allows says whether one permission entry of the role covers the action and its
// own notActions do not take it out again; what another entry's notActions say
// does not matter (R18).
func allows(role csp.RoleDefinition, act Act, facts abac.Facts) bool {
	for _, entry := range role.Permissions {
		if !covers(entry, act) {
			continue
		}
		if entry.Condition == "" || act.Unconditioned {
			return true
		}
		if condition, err := abac.Parse(entry.Condition); err == nil && condition.Holds(facts) {
			return true
		}
	}
	return false
}

func covers(entry csp.Permission, act Act) bool {
	actions, except := entry.Actions, entry.NotActions
	if act.Data {
		actions, except = entry.DataActions, entry.NotDataActions
	}
	return matchesAny(actions, act.Action) && !matchesAny(except, act.Action)
}

func (d *tenant) standsAgainst(denial csp.DenyAssignment, who []csp.ObjectID, act Act, facts abac.Facts) bool {
	is := func(id csp.ObjectID) bool { return slices.Contains(who, id) }
	switch {
	case denial.AuditOnly:
		return false
	case denial.ThisScopeOnly && !denial.Scope.Equal(act.Scope):
		return false
	case !d.contains(denial.Scope, act.Scope):
		return false
	case !slices.ContainsFunc(denial.Permissions, func(entry csp.Permission) bool { return covers(entry, act) }):
		return false
	case slices.ContainsFunc(denial.Excluded, is):
		return false
	case !denial.Everyone && !slices.ContainsFunc(denial.Principals, is):
		return false
	case denial.Condition == "":
		return true
	}
	condition, err := abac.Parse(denial.Condition)
	return err != nil || condition.Holds(facts) // one that nobody can read denies, to be safe
}

func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return abac.Match(p, action) })
}

// Sees says whether the caller has any role at, above or below the scope, which
// is what makes a subscription show up in his list (R30); in another tenant than
// his token's, whether Lighthouse projects any there (R28).
func (w *World) Sees(c Caller, scope csp.Scope) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok {
		return false
	}
	who := w.identities(c)
	if w.checkTenant(d, scope) != nil {
		return slices.ContainsFunc(w.projections[scope.Subscription()], func(p csp.LighthouseDelegation) bool {
			return p.Manager == c.Tenant && w.counts(p.Term) && slices.Contains(who, p.Principal) && (p.Scope.Contains(scope) || scope.Contains(p.Scope))
		})
	}
	who = slices.DeleteFunc(slices.Clone(who), func(id csp.ObjectID) bool { return d.holds[id] == 0 })
	if len(who) == 0 {
		return false
	}
	for _, place := range d.placesAbove(scope) {
		for _, id := range who {
			if slices.ContainsFunc(d.held[holding{place, id}], w.gives) {
				return true
			}
		}
	}
	for a := range w.candidatesBelow(d, scope) {
		if slices.Contains(who, a.Principal) && w.gives(a) && d.contains(scope, a.Scope) {
			return true
		}
	}
	return false
}

// Permissions lists the permission entries that the caller has at the scope, one
// after the other, conditions left aside.
func (w *World) Permissions(c Caller, scope csp.Scope) []csp.Permission {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok || w.checkTenant(d, scope) != nil {
		return nil
	}
	var list []csp.Permission
	who := w.identities(c)
	for _, place := range d.placesAbove(scope) {
		for _, id := range who {
			for _, a := range d.held[holding{place, id}] {
				if role, ok := w.role(d, a.Role); ok && w.gives(a) {
					list = append(list, role.Permissions...)
				}
			}
		}
	}
	return list
}
