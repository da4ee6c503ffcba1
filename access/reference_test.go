package access_test

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// The reference answers a question the slow way: it tries every combination of
// what cannot be known (does this condition hold? can this role be used to
// become somebody else?) and of what the principal may activate, and reads the
// rules off the facts each time. What comes out the same in every possible world
// is the verdict; what does not is Unknown.
type reference struct {
	facts access.Facts
	q     access.Question
	where csp.TenantID
}

// possible is one world: what holds of the unknown things, by name.
type possible map[string]bool

func referenceVerdict(f access.Facts, q access.Question) access.Verdict {
	r := reference{facts: f, q: q}
	for _, s := range f.Subscriptions {
		if s.ID == q.Scope.Subscription() {
			r.where = s.Tenant
		}
	}
	seen := map[access.Verdict]bool{}
	for world := range r.worlds() {
		seen[r.crisp(world)] = true
	}
	if len(seen) != 1 {
		return access.Unknown
	}
	for verdict := range seen {
		return verdict
	}
	panic("there is always a world")
}

// worlds yields every combination of the unknown things.
func (r reference) worlds() func(func(possible) bool) {
	names := r.unknowns()
	return func(yield func(possible) bool) {
		for bits := range 1 << len(names) {
			world := possible{}
			for i, name := range names {
				world[name] = bits>>i&1 == 1
			}
			if !yield(world) {
				return
			}
		}
	}
}

func (r reference) unknowns() []string {
	var names []string
	for _, a := range r.facts.Assignments {
		if a.Condition != "" {
			names = append(names, "assignment "+a.Name.String())
		}
	}
	for _, role := range r.facts.Roles {
		if slices.ContainsFunc(role.Permissions, func(p csp.Permission) bool { return p.Condition != "" }) {
			names = append(names, "role "+role.Name)
		}
	}
	for _, d := range r.facts.Denials {
		if d.Condition != "" {
			names = append(names, "denial "+d.Name)
		}
	}
	if r.takeover() {
		names = append(names, "takeover")
	}
	return names
}

// takeover: he holds, or could activate, a role in the tenant that might let him
// become somebody else (R15, R26).
func (r reference) takeover() bool {
	all := r.everybody(r.allActivations())
	for _, a := range r.facts.Assignments {
		if a.Tenant == r.where && all[a.Principal] && live(a.Term, r.q.At) && r.classOf(a.Role) == access.Privileged {
			return true
		}
	}
	return false
}

func (r reference) classOf(id csp.RoleDefinitionID) access.Class {
	for _, role := range r.facts.Roles {
		if role.ID == id {
			return access.ClassOf(role)
		}
	}
	return access.Privileged
}

func live(t access.Term, at time.Time) bool {
	return !at.Before(t.From) && (t.Until.IsZero() || at.Before(t.Until))
}

// crisp is the verdict where everything is known.
func (r reference) crisp(world possible) access.Verdict {
	if r.does(world, r.q.Action.String(), nil, false) {
		return access.Has
	}
	activations := r.allActivations()
	for bits := range 1 << len(activations) {
		var activated []access.Membership
		for i, m := range activations {
			if bits>>i&1 == 1 {
				activated = append(activated, m)
			}
		}
		if r.does(world, r.q.Action.String(), activated, true) || r.makes(world, activated) {
			return access.CanGet
		}
	}
	if world["takeover"] && !r.deniedToAll(world) {
		return access.CanGet
	}
	return access.HasNot
}

// makes says whether he could make himself a role assignment for the action, and
// then use it (R26).
func (r reference) makes(world possible, activated []access.Membership) bool {
	return r.does(world, strings.ToLower(writeAssign), activated, true) && !r.denied(world, r.q.Action.String(), activated)
}

// does is R18: no denial, and an assignment at or above that allows it.
func (r reference) does(world possible, action string, activated []access.Membership, eligible bool) bool {
	if r.denied(world, action, activated) {
		return false
	}
	in := r.everybody(activated)
	for _, a := range r.facts.Assignments {
		switch {
		case !in[a.Principal], !live(a.Term, r.q.At), a.Eligible && !eligible, !r.above(a.Tenant, a.Scope):
		case a.Condition != "" && !world["assignment "+a.Name.String()]:
		default:
			for _, role := range r.facts.Roles {
				if role.ID == a.Role && allows(role.Permissions, action, world["role "+role.Name]) {
					return true
				}
			}
		}
	}
	return false
}

// denied is R19.
func (r reference) denied(world possible, action string, activated []access.Membership) bool {
	in := r.everybody(activated)
	among := func(list []csp.ObjectID) bool {
		return slices.ContainsFunc(list, func(id csp.ObjectID) bool { return in[id] })
	}
	for _, d := range r.facts.Denials {
		here := d.Scope.Equal(r.q.Scope) || !d.ThisScopeOnly && r.above(d.Tenant, d.Scope)
		holds := d.Condition == "" || world["denial "+d.Name]
		if here && holds && !d.AuditOnly && allows(d.Permissions, action, true) && (d.Everyone || among(d.Principals)) && !among(d.Excluded) {
			return true
		}
	}
	return false
}

// deniedToAll: nobody he could become may do it either.
func (r reference) deniedToAll(world possible) bool {
	nobody := r
	nobody.facts.Denials = nil
	for _, d := range r.facts.Denials {
		if d.Everyone && len(d.Excluded) == 0 {
			nobody.facts.Denials = append(nobody.facts.Denials, d)
		}
	}
	return nobody.denied(world, r.q.Action.String(), nil)
}

func allows(entries []csp.Permission, action string, conditionHolds bool) bool {
	for _, p := range entries {
		if (p.Condition == "" || conditionHolds) && anyGlob(p.Actions, action) && !anyGlob(p.NotActions, action) {
			return true
		}
	}
	return false
}

func anyGlob(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, action) })
}

// glob is R18's wildcard by way of a regular expression.
func glob(pattern, action string) bool {
	return regexpOf(pattern).MatchString(action)
}

func regexpOf(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

// above is R17, by whole segments and by the facts about management groups.
func (r reference) above(tenant csp.TenantID, scope csp.Scope) bool {
	if tenant != r.where {
		return false
	}
	if scope.Kind() == csp.RootScope || containsSegments(scope, r.q.Scope) {
		return true
	}
	at := csp.SubscriptionScopeOf(r.q.Scope.Subscription())
	for range r.facts.Placements {
		for _, p := range r.facts.Placements {
			if p.Tenant == tenant && p.Child.Equal(at) {
				at = p.Parent
				break
			}
		}
		if at.Equal(scope) {
			return true
		}
	}
	return false
}

func containsSegments(outer, inner csp.Scope) bool {
	a, b := strings.Split(strings.ToLower(outer.String()), "/"), strings.Split(strings.ToLower(inner.String()), "/")
	return len(a) <= len(b) && slices.Equal(a, b[:len(a)])
}

// everybody is him and all groups he is in, by memberships that hold and those
// that were activated.
func (r reference) everybody(activated []access.Membership) map[csp.ObjectID]bool {
	in := map[csp.ObjectID]bool{r.q.Principal: true}
	for range r.facts.Memberships {
		for _, m := range r.facts.Memberships {
			if in[m.Member] && live(m.Term, r.q.At) && (!m.Eligible || slices.Contains(activated, m)) {
				in[m.Group] = true
			}
		}
	}
	return in
}

func (r reference) allActivations() []access.Membership {
	var list []access.Membership
	for _, m := range r.facts.Memberships {
		if m.Eligible && live(m.Term, r.q.At) {
			list = append(list, m)
		}
	}
	return list
}
