package world

import (
	"slices"
	"strings"

	"latchkey/csp"
	"latchkey/emulator/abac"
)

// The attributes of a role assignment that conditions may speak of.
const (
	RoleDefinitionAttribute = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
	PrincipalAttribute      = "Microsoft.Authorization/roleAssignments:PrincipalId"
	PrincipalTypeAttribute  = "Microsoft.Authorization/roleAssignments:PrincipalType"
)

// Caller is who a token says is asking: an object and the groups that were
// written into the token, in the tenant the token is for.
type Caller struct {
	Tenant csp.TenantID
	Object csp.ObjectID
	Groups []csp.ObjectID
}

func (c Caller) is(principal csp.ObjectID) bool {
	return c.Object == principal || slices.Contains(c.Groups, principal)
}

// Act is what a caller wants to do where.
type Act struct {
	Action string
	Scope  csp.Scope
	// Request and Resource are what conditions are judged on.
	Request  abac.Attributes
	Resource abac.Attributes
	// Unconditioned asks as if every condition held: for acts on things that
	// are not there, and so have no attributes.
	Unconditioned bool
}

// Denial is a deny assignment (R19).
type Denial struct {
	Name       string
	Scope      csp.Scope
	Actions    []string
	NotActions []string
	// Principals are denied, or everybody when it is empty; Excluded are not.
	Principals []csp.ObjectID
	Excluded   []csp.ObjectID
	// NotBelow confines it to exactly its scope.
	NotBelow bool
	// Audit makes it only a note: it denies nothing.
	Audit bool
}

// AddDenial adds a deny assignment, as only Microsoft's own services could for long.
func (t Tenant) AddDenial(d Denial) error {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.checkPlace(w.tenants[t.ID], d.Scope); err != nil {
		return err
	}
	w.tenants[t.ID].denials = append(w.tenants[t.ID].denials, d)
	w.record(Event{Kind: DenialAdded, Tenant: t.ID, Subject: d.Name, Scope: d.Scope})
	return nil
}

// Verdict is whether an act is allowed.
type Verdict struct {
	Allowed bool
	// Denied is the deny assignment that stood against it, if one did.
	Denied *Denial
}

// May judges an act (R17, R18, R19): no deny assignment may stand against it, and
// at least one role assignment at or above the scope must allow it, to the
// caller or to a group of his.
func (w *World) May(c Caller, act Act) Verdict {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok || w.checkTenant(d, act.Scope) != nil {
		return Verdict{}
	}
	for _, denial := range d.denials {
		if denial.standsAgainst(c, act) {
			return Verdict{Denied: &denial}
		}
	}
	facts := abac.Facts{Action: act.Action, Request: act.Request, Resource: act.Resource}
	for _, place := range placesAbove(act.Scope) {
		for _, a := range d.at[place] {
			if !c.is(a.Principal) {
				continue
			}
			if !act.Unconditioned && (a.unread || !a.condition.Holds(facts)) {
				continue
			}
			role, ok := w.role(d, a.Role)
			if ok && allows(role, act, facts) {
				return Verdict{Allowed: true}
			}
		}
	}
	return Verdict{}
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
		if !matchesAny(entry.Actions, act.Action) || matchesAny(entry.NotActions, act.Action) {
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

func (d Denial) standsAgainst(c Caller, act Act) bool {
	switch {
	case d.Audit:
		return false
	case d.NotBelow && !d.Scope.Equal(act.Scope):
		return false
	case !d.Scope.Contains(act.Scope):
		return false
	case !matchesAny(d.Actions, act.Action) || matchesAny(d.NotActions, act.Action):
		return false
	case slices.ContainsFunc(d.Excluded, c.is):
		return false
	}
	return len(d.Principals) == 0 || slices.ContainsFunc(d.Principals, c.is)
}

func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return abac.Match(p, action) })
}

// Sees says whether the caller has any role at, above or below the scope, which
// is what makes a subscription show up in his list (R30).
func (w *World) Sees(c Caller, scope csp.Scope) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.tenants[c.Tenant]
	if !ok || w.checkTenant(d, scope) != nil {
		return false
	}
	for _, place := range placesAbove(scope) {
		if slices.ContainsFunc(d.at[place], func(a *assignment) bool { return c.is(a.Principal) }) {
			return true
		}
	}
	for _, a := range d.assignments {
		if c.is(a.Principal) && scope.Contains(a.Scope) {
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
	for _, place := range placesAbove(scope) {
		for _, a := range d.at[place] {
			if role, ok := w.role(d, a.Role); ok && c.is(a.Principal) {
				list = append(list, role.Permissions...)
			}
		}
	}
	return list
}

// placesAbove lists the keys of the scope itself and of everything above it, by
// cutting whole segments off its end, down to the root (R17). Some of them are
// no scope at all ("/subscriptions"); nothing is ever assigned there.
func placesAbove(scope csp.Scope) []string {
	var list []string
	for key := scope.Key(); key != "" && key != "/"; key = key[:strings.LastIndexByte(key, '/')] {
		list = append(list, key)
	}
	return append(list, csp.Root().Key())
}
