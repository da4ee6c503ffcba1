package access_test

import (
	"slices"
	"time"

	"latchkey/access"
	"latchkey/access/condition"
	"latchkey/csp"
)

// The plain reading answers a question as docs/model.md says it, rule by rule
// and slowly: M1 to M9 stand in these files in their own words and order. It
// shares nothing with the engine and is what the engine is held against. Where
// the text leaves something open, a comment says what was chosen.
//
//	reference_test.go         M6, M8, M9: the verdict
//	reference_entry_test.go   M1 to M4: standing, ways in, rights
//	reference_become_test.go  M7: what he can become
//	reference_place_test.go   R17 to R19, M5: places, roles and denials
type plain struct {
	csp.Facts
	at time.Time
	// forHim: every doubt counts for him, else every doubt counts against him (M9).
	forHim bool
	// saw is told which clause of the model was used, for the coverage of tests.
	saw func(clause string)

	listed map[csp.ObjectID]csp.Principal
	groups map[csp.ObjectID][]csp.Membership // by member, as they are at the instant
	guests map[csp.ObjectID][]csp.Principal  // by home
	become map[csp.ObjectID]becoming
}

// readPlainly prepares the facts for one instant.
func readPlainly(f csp.Facts, at time.Time, forHim bool, saw func(string)) *plain {
	r := &plain{
		Facts: f, at: at, forHim: forHim, saw: saw,
		listed: map[csp.ObjectID]csp.Principal{}, groups: map[csp.ObjectID][]csp.Membership{},
		guests: map[csp.ObjectID][]csp.Principal{}, become: map[csp.ObjectID]becoming{},
	}
	for _, p := range f.Principals {
		r.listed[p.ID] = p
		if !p.Home.IsZero() {
			r.guests[p.Home] = append(r.guests[p.Home], p)
		}
	}
	r.Gaps = append(slices.Clip(f.Gaps), unlistedTenants(f)...)
	for _, m := range f.Memberships {
		if m.Holds(at) && !r.acrossTenants(m) {
			r.groups[m.Member] = append(r.groups[m.Member], m)
		}
	}
	return r
}

// unlistedTenants: of a tenant that is not listed nothing was collected.
func unlistedTenants(f csp.Facts) []csp.Gap {
	var gaps []csp.Gap
	for _, p := range f.Principals {
		if !slices.ContainsFunc(f.Tenants, func(t csp.Tenant) bool { return t.ID == p.Tenant }) {
			gaps = append(gaps, csp.Gap{Fact: csp.MissingTenant, Tenant: p.Tenant})
		}
	}
	return gaps
}

// acrossTenants: a group takes no members of another tenant (R20).
func (r *plain) acrossTenants(m csp.Membership) bool {
	group, listed := r.listed[m.Group]
	member, also := r.listed[m.Member]
	return listed && also && group.Tenant != member.Tenant
}

// plainReading answers questions about one set of facts.
type plainReading struct {
	facts csp.Facts
	saw   func(string)
	read  map[time.Time]*[2]*plain
}

func newPlainReading(f csp.Facts, saw func(string)) *plainReading {
	if saw == nil {
		saw = func(string) {}
	}
	return &plainReading{facts: f, saw: saw, read: map[time.Time]*[2]*plain{}}
}

// Can is the verdict (M9).
func (p *plainReading) Can(q access.Question) access.Verdict {
	where, principal, ok := p.place(q)
	if !ok {
		p.saw("M9 not placed")
		return access.Unknown
	}
	readings := p.read[q.At]
	if readings == nil {
		readings = &[2]*plain{readPlainly(p.facts, q.At, false, p.saw), readPlainly(p.facts, q.At, true, p.saw)}
		p.read[q.At] = readings
	}
	against, inFavour := readings[0], readings[1]
	a := asked{Question: q, tenant: where, who: principal}

	if !against.leadsTo(a.tenant)[a.who.Tenant] {
		if against.gapAboutWaysIn(a) {
			return access.Unknown
		}
		return access.HasNot
	}
	doubtful := against.gapAgainst(a)
	switch {
	case against.has(a) && !doubtful:
		return access.Has
	case inFavour.has(a) || inFavour.gapForHas(a):
		return access.Unknown
	case against.canGet(a) && !doubtful:
		return access.CanGet
	case inFavour.canGet(a) || inFavour.gapForCanGet(a):
		return access.Unknown
	}
	return access.HasNot
}

// asked is a question that is placed: in tenant T, about a listed account of H.
type asked struct {
	access.Question
	tenant csp.TenantID  // T
	who    csp.Principal // of H
}

// place finds T and H. Where they are not among the facts, nothing can be said.
func (p *plainReading) place(q access.Question) (csp.TenantID, csp.Principal, bool) {
	// The model asks about users and service principals only; about a group
	// nothing is said.
	i := slices.IndexFunc(p.facts.Principals, func(x csp.Principal) bool { return x.ID == q.Principal && x.Type != csp.Group })
	if i < 0 || q.At.IsZero() || q.Action.IsZero() || q.Place == (access.Place{}) {
		return csp.TenantID{}, csp.Principal{}, false
	}
	where := q.Place.Tenant
	if id := q.Place.Scope.Subscription(); !id.IsZero() {
		of := tenantOfSubscription(p.facts, id)
		if of.IsZero() || !where.IsZero() && where != of {
			return csp.TenantID{}, csp.Principal{}, false
		}
		where = of
	}
	known := func(id csp.TenantID) bool {
		return slices.ContainsFunc(p.facts.Tenants, func(t csp.Tenant) bool { return t.ID == id })
	}
	ofDirectory := isOfDirectory(q.Action)
	switch {
	case q.Place.IsDirectory() && q.Action.IsData(), !q.Place.IsDirectory() && ofDirectory:
		return csp.TenantID{}, csp.Principal{}, false
	}
	who := p.facts.Principals[i]
	return where, who, known(where) && known(who.Tenant)
}

// tenantOfSubscription is the one it trusts, by the list or else by what was
// assigned or denied in it.
func tenantOfSubscription(f csp.Facts, id csp.SubscriptionID) csp.TenantID {
	for _, s := range f.Subscriptions {
		if s.ID == id {
			return s.Tenant
		}
	}
	if id.IsZero() {
		return csp.TenantID{}
	}
	for _, a := range f.Assignments {
		if a.Scope.Subscription() == id {
			return a.Tenant
		}
	}
	for _, d := range f.Denials {
		if d.Scope.Subscription() == id {
			return d.Tenant
		}
	}
	return csp.TenantID{}
}

// has: some entry that is firm in every fact it needs has a right with a firm
// assignment, and is not denied (M6).
func (r *plain) has(a asked) bool {
	for _, e := range r.entries(a.who, a.tenant, counting{}) {
		if a.Place.IsDirectory() {
			if r.hasDirectoryRight(e, a) {
				r.saw("M6 directory by " + e.kind.String())
				return true
			}
			continue
		}
		for _, g := range r.rights(e, a.tenant, a.Place.Scope) {
			if !r.lets(g, a.Action) {
				continue
			}
			if r.denied(e, a) {
				r.saw("M5 denied by " + e.kind.String())
				continue
			}
			r.saw("M6 Azure by " + e.kind.String())
			return true
		}
	}
	return false
}

// canGet: whether he can get it (M8).
func (r *plain) canGet(a asked) bool {
	b := r.becomes(a.who)
	if b.commands[a.tenant] && !r.deniedToEveryone(a) {
		r.saw("M8 commands")
		return true
	}
	for _, x := range b.accounts {
		for _, e := range r.entries(x, a.tenant, b.counting()) {
			if a.Place.IsDirectory() {
				if r.hasDirectoryRight(e, a) {
					r.saw("M8 directory by " + e.kind.String())
					return true
				}
				continue
			}
			if r.mayBeAllowed(e, a) || r.mayAssign(e, a) {
				return true
			}
		}
	}
	return false
}

// mayBeAllowed: he has the right, by assignments that may be eligible (M8, first
// line), and nothing blocks it.
func (r *plain) mayBeAllowed(e entry, a asked) bool {
	for _, g := range r.rights(e, a.tenant, a.Place.Scope) {
		if r.lets(g, a.Action) {
			if !r.blocked(e, g, a.tenant, a.Place.Scope, a.Action) {
				r.saw("M8 right by " + e.kind.String())
				return true
			}
			r.saw("M8 blocked")
		}
	}
	return false
}

// mayAssign: he has the right to write role assignments at some place at or above
// the scope, and may so give himself a role that allows the action (M8, second
// line; R26).
func (r *plain) mayAssign(e entry, a asked) bool {
	if e.kind == access.ByLighthouse {
		return false
	}
	for _, g := range r.rights(e, a.tenant, a.Place.Scope) {
		if !r.letsGive(e, g, a.Action) {
			continue
		}
		if r.blocked(e, g, a.tenant, a.Place.Scope, a.Action) {
			r.saw("M8 action denied to him who assigns")
			continue
		}
		// A right at a place is one at every place below it, so the writing need
		// only be free at one place between the two.
		for _, place := range r.atOrAbove(a.tenant, a.Place.Scope) {
			if r.contains(a.tenant, g.at, place) && !r.blocked(e, g, a.tenant, place, writeAssignments) {
				r.saw("M8 assigns himself by " + e.kind.String())
				return true
			}
		}
		r.saw("M8 writing denied")
	}
	return false
}

var writeAssignments = access.MustParseAction("Microsoft.Authorization/roleAssignments/write")

// letsGive: the assignment lets its holder write role assignments, by one whose
// condition lets him give a listed role that allows the action, or that has no
// condition.
func (r *plain) letsGive(e entry, g right, action access.Action) bool {
	if g.condition == "" && r.roleAllows(g.role, writeAssignments, func(condition string) bool { return condition == "" }) {
		return true
	}
	// To whom he gives it (M9, before the table): to the account that acts, or by a
	// delegated entry to the group whose assignment it is.
	to, kind := e.acts.ID, e.acts.Type
	if e.delegated() {
		to, kind = g.principal, csp.ForeignGroup
	}
	for _, role := range r.Roles {
		if !r.roleAllows(role.ID, action, r.regardless(action)) {
			continue
		}
		holds := r.givingHolds(condition.Request{Role: role.ID, Principal: to, Type: kind})
		if holds(g.condition) && r.roleAllows(g.role, writeAssignments, holds) {
			r.saw("M8 gives himself under a condition")
			return true
		}
	}
	return false
}

// leadsTo are the tenants that lead to T: itself, and every one from which guests,
// partners, foreign groups or Lighthouse managers come into one that leads to T,
// in whatever state that is (M9).
func (r *plain) leadsTo(t csp.TenantID) map[csp.TenantID]bool {
	leads := map[csp.TenantID]bool{t: true}
	grown := true
	comes := func(into, from csp.TenantID) {
		if leads[into] && !leads[from] {
			leads[from] = true
			grown = true
		}
	}
	for grown {
		grown = false
		for _, p := range r.Principals {
			comes(p.Tenant, p.HomeTenant)
		}
		for _, x := range r.Resellers {
			comes(x.Customer, x.Partner)
		}
		for _, x := range r.DAPs {
			comes(x.Customer, x.Partner)
		}
		for _, x := range r.GDAPs {
			comes(x.Customer, x.Partner)
		}
		for _, x := range r.Lighthouses {
			comes(tenantOfSubscription(r.Facts, x.Scope.Subscription()), x.Manager)
		}
		for _, x := range r.Assignments {
			if x.PrincipalType == csp.ForeignGroup {
				comes(x.Tenant, r.listed[x.Principal].Tenant)
			}
		}
	}
	return leads
}

// gapAboutWaysIn: what was not collected could make H lead to T (M9).
func (r *plain) gapAboutWaysIn(a asked) bool {
	return r.anyGap(func(g csp.Gap) bool {
		if g.Tenant != a.tenant || !r.gapReaches(g, a) {
			return false
		}
		switch g.Fact {
		case csp.MissingTenant, csp.MissingPrincipals, csp.MissingRelationships:
			return true
		case csp.MissingLighthouse:
			return !a.Place.IsDirectory()
		}
		return false
	}, "M9 gap about ways in")
}

// gapForHas: something was not collected that could give it to him (M9).
func (r *plain) gapForHas(a asked) bool {
	away, atScope := a.who.Tenant != a.tenant, !a.Place.IsDirectory()
	return r.anyGap(func(g csp.Gap) bool {
		if away && g.Tenant == a.who.Tenant && (g.Fact == csp.MissingTenant || g.Fact == csp.MissingMemberships) {
			return true
		}
		if g.Tenant != a.tenant || !r.gapReaches(g, a) {
			return false
		}
		switch g.Fact {
		case csp.MissingTenant, csp.MissingMemberships:
			return true
		case csp.MissingSubscriptions, csp.MissingPlacements, csp.MissingRoles, csp.MissingAssignments:
			return atScope
		case csp.MissingDirectoryRoles:
			return !atScope
		case csp.MissingPrincipals, csp.MissingRelationships:
			return away
		case csp.MissingLighthouse:
			return away && atScope
		}
		return false
	}, "M9 gap for Has")
}

// gapAgainst: a denial was not collected that could take it from him, or whom a
// known one is about (M9). Everything of a tenant is also its denials and its
// memberships.
func (r *plain) gapAgainst(a asked) bool {
	if a.Place.IsDirectory() {
		return false // M5: denials concern Azure only
	}
	named := slices.ContainsFunc(r.Denials, func(d csp.Denial) bool {
		return len(d.Principals)+len(d.Excluded) > 0 && r.inForce(d, a.tenant, a.Place.Scope, a.Action)
	})
	return r.anyGap(func(g csp.Gap) bool {
		everything := g.Fact == csp.MissingTenant
		if (g.Fact == csp.MissingDenials || everything) && g.Tenant == a.tenant && r.gapReaches(g, a) {
			return true
		}
		return named && (g.Fact == csp.MissingMemberships || everything) && (g.Tenant == a.tenant || g.Tenant == a.who.Tenant)
	}, "M9 gap against")
}

// gapReaches: a gap at a scope counts only at or above the place (M9).
func (r *plain) gapReaches(g csp.Gap, a asked) bool {
	return g.Scope.IsZero() || !a.Place.IsDirectory() && r.contains(a.tenant, g.Scope, a.Place.Scope)
}

// gapForCanGet: something but denials was not collected of T, of H, or of the
// tenant of an account in A that leads to T (M9).
func (r *plain) gapForCanGet(a asked) bool {
	his, leads := map[csp.TenantID]bool{a.tenant: true, a.who.Tenant: true}, r.leadsTo(a.tenant)
	for _, x := range r.becomes(a.who).accounts {
		his[x.Tenant] = his[x.Tenant] || leads[x.Tenant]
	}
	return r.anyGap(func(g csp.Gap) bool { return his[g.Tenant] && g.Fact != csp.MissingDenials }, "M9 gap for CanGet")
}

func (r *plain) anyGap(counts func(csp.Gap) bool, clause string) bool {
	if slices.ContainsFunc(r.Gaps, counts) {
		r.saw(clause)
		return true
	}
	return false
}
